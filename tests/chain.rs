//! Several proxies: what leads from one to the next, which one is chosen, and what gomodfetch.toml says of
//! them. Against servers on 127.0.0.1.

mod support;

use std::fs;

use support::cli::Project;
use support::faults::Fault;
use support::registry::Registry;
use support::server::Server;
use support::sumlog::SumLog;

const PROJECT: &str = "\
-- go.mod --
module example.org/main

go 1.21

require (
	example.com/a v1.0.0
	example.com/b v1.0.0
	example.com/c v1.0.0
	example.com/d v1.0.0
	example.com/e v1.0.0
	example.com/f v1.0.0
)
";

/// Nothing is waited for.
const QUICK: &str = "[defaults]\nretries = 0\nretry_wait = \"1ms\"\n";

fn a_to_f() -> Registry {
    Registry::from_graph("a v1.0.0\nb v1.0.0\nc v1.0.0\nd v1.0.0\ne v1.0.0\nf v1.0.0\n")
}

fn serve() -> Server {
    Server::http(a_to_f())
}

/// A project with this gomodfetch.toml of its user.
fn project(goproxy: &str, toml: &str) -> Project {
    let mut project = Project::new(PROJECT);
    let path = project.root().join("user.toml");
    fs::write(&path, toml).unwrap();
    project.set("GOMODFETCH_CONFIG", path).set("GOPROXY", goproxy);
    project
}

/// The modules that a server was asked about, by the last element of their paths.
fn asked(server: &Server) -> String {
    let mut names: Vec<String> = server
        .paths()
        .iter()
        .filter_map(|path| Some(path.strip_prefix("/example.com/")?.split('/').next()?.to_owned()))
        .collect();
    names.sort();
    names.dedup();
    names.concat()
}

#[test]
fn a_bar_leads_on_and_the_summary_tells_it() {
    let (a, b) = (serve(), serve());
    a.fault(Fault::on("*").status(503));
    let project = project(&format!("{}|{}", a.url(), b.url()), QUICK);
    let output = project.gomodfetch(["download", "--summary"]).run();
    output.success().stdout_is("");
    output.stderr_has(&format!("# {} served 6 zips, 6 go.mod files, 6 other answers; ", b.url()));
    output.stderr_has(&format!(
        "gomodfetch: {} is skipped for 10 s after 5 failures in a row, the last one: reading ",
        a.url()
    ));
    assert_eq!(output.stderr.matches("is skipped for").count(), 1, "{output}");
}

#[test]
fn a_comma_does_not_and_the_summary_tells_that() {
    let (a, b) = (serve(), serve());
    a.fault(Fault::on("*").status(500));
    let project = project(&format!("{},{}", a.url(), b.url()), QUICK);
    let output = project.gomodfetch(["download", "-x", "example.com/a@v1.0.0"]).run();
    output.fails_with(6).stderr_has(&format!("# {} failed ", a.url()));
    output.stderr_has("and the next entry of GOPROXY was not asked: write `|` in place of `,`");
    assert_eq!(b.paths(), [""; 0]);
    // Without being asked for, there is no summary; and in no case on standard output.
    let output = project.gomodfetch(["download", "-json", "example.com/a@v1.0.0"]).run();
    output.lacks("was not asked: write");
}

#[test]
fn one_that_does_not_answer_is_left_alone() {
    let (a, b) = (serve(), serve());
    let gone = a.url();
    drop(a);
    let toml = format!("{QUICK}max_fails = 2\nfail_timeout = \"1h\"\n");
    let project = project(&format!("{gone},{}", b.url()), &toml);
    // More than are asked for at once.
    let modules = (0..400).map(|at| format!("example.com/m{at}@v1.0.0"));
    let args = ["download", "--hints"].map(str::to_owned).into_iter().chain(modules);
    let output = project.gomodfetch(args).run();
    let text =
        format!("{gone} is left alone for 3600 s after 2 failures in a row, the last one: Get ");
    output.fails_with(6).stderr_has(&text).stderr_has("or set max_fails in gomodfetch.toml");
    assert_eq!(b.paths(), [""; 0]);
}

#[test]
fn what_only_a_skipped_one_has_is_had_from_it() {
    let (a, b) = (serve(), serve());
    b.registry().remove("example.com/f v1.0.0");
    // So that it is to be left alone before anything of it has arrived.
    a.fault(Fault::on("*/a/*").status(503));
    let toml = format!("{QUICK}max_fails = 1\nfail_timeout = \"1h\"\n");
    let project = project(&format!("{}|{}", a.url(), b.url()), &toml);
    project
        .gomodfetch(["download", "example.com/a@v1.0.0", "example.com/f@v1.0.0"])
        .run()
        .success();
}

#[test]
fn routes_of_the_user() {
    let (a, b) = (serve(), serve());
    let route = |more: &str| {
        format!(
            "[[route]]\nmatch = \"example.com/b,example.com/c\"\ngoproxy = \"{}\"\n{more}",
            b.url()
        )
    };
    let mut project = project(&a.url(), &route(""));
    project.gomodfetch(["download"]).run().success().silent();
    assert_eq!((asked(&a), asked(&b)), ("adef".to_owned(), "bc".to_owned()));

    // A private module goes to no proxy, unless its route says that it is for such.
    let other = project.root().join("other");
    project.set("GOPRIVATE", "example.com/b").set("GOMODCACHE", other);
    b.forget_requests();
    assert!(!project.gomodfetch(["download", "example.com/b@v1.0.0"]).run().status.success());
    assert_eq!(asked(&b), "");
    fs::write(project.root().join("user.toml"), route("private = true\n")).unwrap();
    project.gomodfetch(["download", "example.com/b@v1.0.0"]).run().success();
    assert_eq!((asked(&a), asked(&b)), ("adef".to_owned(), "b".to_owned()));
}

#[test]
fn a_projects_file_leads_only_to_what_the_user_named() {
    let registry = a_to_f();
    let mut log = SumLog::new("sum.example.com");
    log.add_all(&registry);
    let (a, b, c) = (Server::builder(registry).sumdb(log).start(), serve(), serve());
    let route = |pattern: &str, server: &Server| {
        format!("[[route]]\nmatch = \"{pattern}\"\ngoproxy = \"{}\"\n", server.url())
    };
    let mut project = project(&format!("{}|{}", a.url(), b.url()), QUICK);
    project.set("GOSUMDB", a.gosumdb()).set("GONOSUMDB", "example.com/d");
    let toml = [route("example.com/b,example.com/d", &b), route("example.com/c", &c)].concat();
    project.write("gomodfetch.toml", &toml);
    let output = project.gomodfetch(["download"]).run();
    output.success().stderr_is(&format!(
        "gomodfetch: $ROOT/project/gomodfetch.toml:4: route passed over: your own settings let no \
         project lead to {}\n",
        c.url()
    ));
    // What nothing vouches for goes its usual way.
    assert_eq!([&a, &b, &c].map(asked), ["acdef", "b", ""]);

    // Nothing vouches for anything.
    let other = project.root().join("unchecked");
    project.set("GOSUMDB", "off").set("GOMODCACHE", other);
    for server in [&a, &b] {
        server.forget_requests();
    }
    fs::remove_file(project.dir().join("go.sum")).unwrap();
    project.gomodfetch(["download"]).run().success();
    assert_eq!([&a, &b, &c].map(asked), ["abcdef", "", ""]);

    // With the file off, there is neither route nor note.
    let other = project.root().join("other");
    project.set("GOMODFETCH_CONFIG", "off").set("GOMODCACHE", other);
    project.gomodfetch(["download"]).run().success().silent();
    assert_eq!(asked(&a), "abcdef");
}

#[test]
fn modules_are_spread_by_their_paths() {
    let (a, b) = (serve(), serve());
    let toml = format!("choice = \"spread\"\n[[proxy]]\nurl = \"{}\"\nweight = 1000\n", b.url());
    let project = project(&format!("{}|{}", a.url(), b.url()), &toml);
    project.gomodfetch(["download"]).run().success();
    assert_eq!((asked(&a), asked(&b)), (String::new(), "abcdef".to_owned()));
}

#[test]
fn backups_are_asked_last() {
    let (a, b) = (serve(), serve());
    let toml = format!("[[proxy]]\nurl = \"{}\"\nbackup = true\n", a.url());
    let project = project(&format!("{}|{}", a.url(), b.url()), &toml);
    project.gomodfetch(["download"]).run().success();
    assert_eq!((asked(&a), asked(&b)), (String::new(), "abcdef".to_owned()));
}

#[test]
fn env_shows_what_the_files_say() {
    let project = project("off", "choice = \"fastest\"\n");
    project.write("gomodfetch.toml", "[[proxy]]\nurl = \"https://p.example.com\"\nretries = 2\n");
    let output = project.gomodfetch(["env"]).run();
    let shown = output.success().relative(&output.stdout);
    for line in [
        "choice='fastest'  # $ROOT/user.toml:1\n",
        "proxy[https://p.example.com].retries='2'  # $ROOT/project/gomodfetch.toml:3\n",
        "GOMODFETCH_CONFIG='$ROOT/user.toml'  # environment\n",
    ] {
        assert!(shown.contains(line), "{line}{output}");
    }
    project.gomodfetch(["env", "choice"]).run().success().stdout_is("fastest\n");
}

#[test]
fn a_mistake_in_a_file_is_told_with_its_line() {
    let project = project("off", QUICK);
    project.write("gomodfetch.toml", "\n[defaults]\nretry = 3\n");
    let output = project.gomodfetch(["download"]).run();
    output.fails_with(2).stderr_is("go: $ROOT/project/gomodfetch.toml:3: unknown key retry\n");
}
