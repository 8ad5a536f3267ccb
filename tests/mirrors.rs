//! `mirrors`: proxies on 127.0.0.1, measured.

mod support;

use std::fs;

use support::cli::Project;
use support::faults::Fault;
use support::registry::Registry;
use support::server::Server;
use support::sumlog::SumLog;
use support::tls::Authority;

const PROJECT: &str = "\
-- go.mod --
module example.org/main

go 1.21

require (
	corp.example/private v1.0.0
	example.com/replaced v1.0.0
	example.com/a v1.0.0
)

replace example.com/replaced => ./other
";

fn registry() -> Registry {
    Registry::from_graph("a v1.0.0\na v1.1.0\n")
}

fn serve() -> Server {
    let registry = registry();
    let mut log = SumLog::new("sum.example.com");
    log.add_all(&registry);
    Server::builder(registry).sumdb(log).https().start()
}

/// A project whose caches are in its own place.
fn project(server: &Server) -> Project {
    let mut project = Project::new(PROJECT);
    project.use_server(server);
    let cache = project.root().join("cache");
    project.set("XDG_CACHE_HOME", &cache).set("LocalAppData", &cache);
    project.set("GOPRIVATE", "corp.example");
    project
}

fn list(servers: &[&Server]) -> String {
    servers.iter().map(|server| server.url()).collect::<Vec<_>>().join(",")
}

#[test]
fn a_table_with_what_each_can_do() {
    let server = serve();
    let project = project(&server);
    let output = project.gomodfetch(["mirrors", "--rounds", "2"]).run();
    output.success().stderr_is("");
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{output}");
    let heads: Vec<&str> = lines[0].split_whitespace().collect();
    assert_eq!(heads.join(" "), "proxy dns connect tls first byte zip .info list sumdb latest");
    let cells: Vec<&str> = lines[1].split("  ").map(str::trim).filter(|c| !c.is_empty()).collect();
    assert_eq!((cells[0], cells[1]), ("1", &*server.url()));
    assert_eq!(cells[7..], ["yes", "yes", "yes", "v1.1.0"], "{output}");
    assert!(lines[2].starts_with("example.com/a@v1.0.0, 2 rounds: medians"), "{output}");
    // Neither what is private nor what is replaced was named.
    let paths = server.paths().concat();
    assert!(!paths.contains("corp.example") && !paths.contains("replaced"), "{paths}");
    assert_eq!(server.count("*.zip"), 2);
}

#[test]
fn json_and_what_does_not_work() {
    let authority = Authority::new();
    let [good, old, bad] =
        [(); 3].map(|()| Server::builder(registry()).https_by(&authority).start());
    old.fault(Fault::on("*/list").status(500));
    bad.fault(Fault::on("*.info").status(500));
    let project = project(&good);
    let urls = [old.url(), bad.url()];
    let args = ["mirrors", "--json", "--rounds=1"].map(str::to_owned).into_iter().chain(urls);
    let output = project.gomodfetch(args).run();
    let objects = output.success().json();
    let objects = objects[0].as_array().unwrap();
    assert_eq!(objects.len(), 3);
    let of = |server: &Server| objects.iter().find(|o| o["URL"] == *server.url()).unwrap();
    assert_eq!((&of(&good)["List"], &of(&old)["List"]), (&true.into(), &false.into()));
    assert_eq!(objects[0]["Rank"], 1);
    for key in ["DNSMicros", "ConnectMicros", "TLSMicros", "FirstByteMicros", "ZipBytesPerSecond"] {
        assert!(objects[0][key]["Median"].is_number(), "{key}: {output}");
    }
    assert_eq!(objects[2]["URL"], *bad.url());
    assert!(objects[2]["Rank"].is_null() && objects[2]["Error"].is_string(), "{output}");
}

#[test]
fn the_latest_version_may_be_behind() {
    let (new, old) = (Server::http(registry()), Server::http(registry()));
    old.registry().set_latest("example.com/a", "v1.0.0");
    let mut project = project(&new);
    project.set("GOPROXY", list(&[&new, &old])).set("GOSUMDB", "off");
    let output = project.gomodfetch(["mirrors", "--rounds=1"]).run();
    output.success().stdout_has("v1.0.0 (behind)");
    // Without a database nobody is asked for it, and without TLS there is none to measure.
    assert_eq!(new.count("/sumdb/*"), 0);
}

#[test]
fn the_fastest_is_remembered() {
    let (slow, fast) = (Server::http(registry()), Server::http(registry()));
    slow.set_latency(std::time::Duration::from_millis(150));
    let mut project = project(&slow);
    project.set("GOSUMDB", "off").set("GOPROXY", format!("{}|{}", slow.url(), fast.url()));
    let output = project.gomodfetch(["mirrors", "--rounds=1", "--write=go"]).run();
    let want = format!("go env -w GOPROXY='{}|{}'\n", fast.url(), slow.url());
    output.success().stdout_is(&want).stderr_is("");
    let toml = project.root().join("user.toml");
    fs::write(&toml, "choice = \"fastest\"\n").unwrap();
    project.set("GOMODFETCH_CONFIG", toml);
    for server in [&slow, &fast] {
        server.forget_requests();
    }
    project.gomodfetch(["download", "example.com/a@v1.0.0"]).run().success();
    assert_eq!(slow.paths(), [""; 0]);
    assert!(fast.count("*.zip") == 1);
}

#[test]
fn commands_that_set_goproxy() {
    let (server, gone) = (Server::http(registry()), Server::http(registry()));
    let bad = gone.url();
    drop(gone);
    let mut project = project(&server);
    project.set("GOSUMDB", "off").set("GOPROXY", format!("{bad},{},direct", server.url()));
    let output = project.gomodfetch(["mirrors", "--rounds=1", "--write=shell"]).run();
    let want = format!("export GOPROXY='{},direct'\n", server.url());
    output
        .success()
        .stdout_is(&want)
        .stderr_has(&format!("Get \"{bad}/example.com/a/@v/v1.0.0.info\""));
    project.set("GOPROXY", &bad);
    let output = project.gomodfetch(["mirrors", "--rounds=1", "--write=shell"]).run();
    output.fails_with(6).stdout_is("").stderr_has("go: no proxy served the module");
}

#[test]
fn whom_to_ask_and_for_what() {
    let server = serve();
    let mut project = project(&server);
    for (args, want) in [
        (
            &["--module", "corp.example/private@v1.0.0"][..],
            "module corp.example/private is private, or has a route of its own: no proxy is asked about it",
        ),
        (
            &["--module", "example.com/a"],
            "example.com/a is no module with its version, such as example.com/m@v1.2.3",
        ),
        (
            &["ftp://a.example"],
            "invalid proxy URL scheme (must be https, http, file): ftp://a.example",
        ),
    ] {
        let output = project.gomodfetch(["mirrors"].iter().chain(args)).run();
        assert!(!output.status.success(), "{output}");
        output.stderr_has(want);
    }
    assert_eq!(server.paths(), [""; 0]);
    project.set("GOPROXY", "off");
    let output = project.gomodfetch(["mirrors", "--hints"]).run();
    output.fails_with(2).stderr_has("no proxies to ask: GOPROXY names none");
    output.stderr_has("hint: name some as arguments, or ask the public ones with --known");
    for rounds in ["0", "21", "x"] {
        let output = project.gomodfetch(["mirrors", "--rounds", rounds]).run();
        output.fails_with(2).stderr_has("must be a number from 1 to 20");
    }
}
