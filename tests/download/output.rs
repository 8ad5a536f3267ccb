//! What is printed: JSON to the byte, nothing on success, requests with `-x`, plain progress.

use std::collections::BTreeSet;

use crate::support::faults::{Fault, Gate};
use crate::support::registry::Registry;
use crate::support::server::Server;
use crate::{PROJECT, project, serve, serve_with_database};

/// The object of a module of [`crate::GRAPH`].
fn object(server: &Server, path: &str, version: &str) -> String {
    let registry = server.registry();
    let module = registry.get(&format!("{path} {version}"));
    let cache = format!("$ROOT/gopath/pkg/mod/cache/download/{path}/@v/{version}");
    format!(
        "{{\n\t\"Path\": \"{path}\",\n\t\"Version\": \"{version}\",\n\t\"Info\": \"{cache}.info\",\n\t\
         \"GoMod\": \"{cache}.mod\",\n\t\"Zip\": \"{cache}.zip\",\n\t\
         \"Dir\": \"$ROOT/gopath/pkg/mod/{path}@{version}\",\n\t\"Sum\": \"{}\",\n\t\
         \"GoModSum\": \"{}\"\n}}\n",
        module.h1, module.go_mod_h1
    )
}

#[test]
fn json_is_what_go_prints() {
    let server = serve();
    let project = project(PROJECT, &server);
    let expected =
        object(&server, "example.com/a", "v1.0.0") + &object(&server, "example.com/b", "v1.1.0");
    for _ in ["an empty cache", "a filled one"] {
        project
            .gomodfetch(["download", "-json"])
            .run()
            .success()
            .stdout_is(&expected)
            .stderr_is("");
    }
    let all = expected
        + &object(&server, "example.com/c", "v1.0.0")
        + &object(&server, "example.com/d", "v1.0.0");
    project.gomodfetch(["download", "-json", "all"]).run().success().stdout_is(&all).stderr_is("");
}

#[test]
fn json_follows_the_arguments() {
    let server = serve();
    let project = project(PROJECT, &server);
    let args =
        ["download", "-json", "example.com/d@v1.0.0", "example.com/a", "example.com/d@v1.0.0"];
    let d = object(&server, "example.com/d", "v1.0.0");
    let expected = format!("{d}{}{d}", object(&server, "example.com/a", "v1.0.0"));
    project.gomodfetch(args).run().success().stdout_is(&expected).stderr_is("");
}

#[test]
fn json_of_a_failure_has_what_is_known() {
    let server = serve();
    server.fault(Fault::on("*/a/@v/*.zip").status(404).body("no such zip\n"));
    let project = project(PROJECT, &server);
    let output = project.gomodfetch(["download", "-json"]).run();
    let go_mod_h1 = server.registry().get("example.com/a v1.0.0").go_mod_h1.clone();
    let failed = format!(
        "{{\n\t\"Path\": \"example.com/a\",\n\t\"Version\": \"v1.0.0\",\n\t\"Error\": \
         \"example.com/a@v1.0.0: reading {}/example.com/a/@v/v1.0.0.zip: 404 Not Found\\n\\tserver \
         response: no such zip\",\n\t\"Info\": \
         \"$ROOT/gopath/pkg/mod/cache/download/example.com/a/@v/v1.0.0.info\",\n\t\"GoMod\": \
         \"$ROOT/gopath/pkg/mod/cache/download/example.com/a/@v/v1.0.0.mod\",\n\t\"GoModSum\": \
         \"{go_mod_h1}\"\n}}\n",
        server.url()
    );
    let expected = failed + &object(&server, "example.com/b", "v1.1.0");
    output.fails_with(3).stdout_is(&expected).stderr_is("");
}

#[test]
fn success_is_silent() {
    let server = serve_with_database();
    let project = project(PROJECT, &server);
    for args in [
        &["download"][..],
        &["download"],
        &["download", "all"],
        &["download", "example.com/a@latest", "example.com/b"],
        &["download", "--progress=none", "all"],
        &["mod", "download"],
    ] {
        project.gomodfetch(args).run().success().silent();
    }
}

#[test]
fn failures_are_told_on_standard_error_alone() {
    let server = serve();
    server.fault(Fault::on("*.zip").status(404).body("gone\n"));
    let project = project(PROJECT, &server);
    let line = |name: &str, version: &str| {
        let url = format!("{}/example.com/{name}/@v/{version}.zip", server.url());
        format!(
            "go: example.com/{name}@{version}: reading {url}: 404 Not Found\n\tserver response: gone\n"
        )
    };
    let expected = line("a", "v1.0.0") + &line("b", "v1.1.0");
    project.gomodfetch(["download"]).run().fails_with(3).stdout_is("").stderr_is(&expected);
}

#[test]
fn hints_come_when_they_are_asked_for() {
    let server = serve();
    let project = project("-- go.mod --\nmodule example.org/main\n\ngo 1.99\n", &server);
    let output = project.gomodfetch(["download"]).run();
    output.fails_with(1).lacks("hint: ").stderr_has("go.mod requires go >= 1.99");
    let output = project.gomodfetch(["download", "--hints"]).run();
    output.fails_with(1).stderr_has("\nhint: ").stderr_has("GOTOOLCHAIN=local");
}

/// The lines of `-x` that tell of the end of a request: address and outcome.
fn answered(stderr: &str) -> Vec<(&str, &str)> {
    let lines = stderr.lines().filter_map(|line| line.strip_prefix("# get ")?.split_once(": "));
    lines.collect()
}

#[test]
fn x_shows_every_request_once() {
    let server = serve_with_database();
    let project = project(PROJECT, &server);
    let output = project.gomodfetch(["download", "-x", "all"]).run();
    output.success().stdout_is("");
    let mut asked = server.paths();
    asked.sort_unstable();
    let distinct: BTreeSet<&String> = asked.iter().collect();
    assert_eq!(distinct.len(), asked.len(), "an address was asked twice: {asked:#?}");

    let address = |url: &str| url.strip_prefix(&server.url()).expect("an address").to_owned();
    let mut answered: Vec<String> = answered(&output.stderr)
        .into_iter()
        .map(|(url, outcome)| {
            let (status, time) = outcome.split_once(" (").expect("a time");
            let seconds = time.strip_suffix("s)").expect("seconds").parse::<f64>();
            assert!(status == "200 OK" && seconds.is_ok(), "{outcome}");
            address(url)
        })
        .collect();
    let begun = output.stderr.lines().filter_map(|line| line.strip_prefix("# get "));
    let mut begun: Vec<String> = begun.filter(|l| !l.contains(": ")).map(address).collect();
    answered.sort_unstable();
    begun.sort_unstable();
    assert_eq!(answered, asked);
    assert_eq!(begun, asked);
    assert!(asked.iter().any(|path| path == "/example.com/d/@v/v1.0.0.zip"));
}

#[test]
fn x_shows_what_failed() {
    let server = serve();
    server.fault(Fault::on("*/a/@v/*.zip").status(404));
    let project = project(PROJECT, &server);
    let output = project.gomodfetch(["download", "-x"]).run();
    let url = format!("{}/example.com/a/@v/v1.0.0.zip", server.url());
    let outcome = answered(&output.stderr).into_iter().find(|(address, _)| *address == url);
    assert!(outcome.is_some_and(|(_, outcome)| outcome.starts_with("404 Not Found (")), "{output}");
}

#[test]
fn queries_ask_for_nothing_twice() {
    let server = serve_with_database();
    let project = project(PROJECT, &server);
    let queries = ["latest", "upgrade", "v1", "v1.0", "<v1.1.0", ">v1.0.0", "v1.0.0"];
    let args = queries.map(|query| format!("example.com/a@{query}"));
    let args = ["download".to_owned()].into_iter().chain(args);
    project.gomodfetch(args).run().success().silent();
    let asked = server.paths();
    let distinct: BTreeSet<&String> = asked.iter().collect();
    assert_eq!(distinct.len(), asked.len(), "an address was asked twice: {asked:#?}");
}

#[test]
fn a_filled_cache_needs_no_request() {
    let server = serve_with_database();
    let project = project(PROJECT, &server);
    project.gomodfetch(["download", "all"]).run().success();
    server.forget_requests();
    for args in [&["download"][..], &["download", "-json", "all"], &["download", "example.com/a"]] {
        project.gomodfetch(args).run().success();
    }
    assert_eq!(server.paths(), [""; 0]);
}

#[test]
fn plain_progress_has_a_line_for_each_zip() {
    let server = serve();
    for flags in [&["--progress=plain"][..], &["-v"], &["--verbose"]] {
        let project = project(PROJECT, &server);
        let args = [&["download"], flags, &["all"]].concat();
        let output = project.gomodfetch(&args).run();
        let mut lines: Vec<&str> = output.success().stdout_is("").stderr.lines().collect();
        lines.sort_unstable();
        let expected = [
            "go: downloading example.com/a v1.0.0",
            "go: downloading example.com/b v1.1.0",
            "go: downloading example.com/c v1.0.0",
            "go: downloading example.com/d v1.0.0",
        ];
        assert_eq!(lines, expected);
        // Nothing is downloaded any more.
        project.gomodfetch(&args).run().success().silent();
    }
}

#[test]
fn what_is_not_wanted_is_not_printed_before_it_is_known() {
    // The graph cannot be loaded, though the zip was there long before that was known.
    let gate = Gate::closed();
    let server = serve();
    server.fault(Fault::on("*/c/@v/*.mod").gate(&gate).status(404));
    let project = project(PROJECT, &server);
    let running = project.gomodfetch(["download", "-json", "--stream"]).spawn();
    gate.wait_for(1);
    gate.open();
    running.wait().fails_with(3).stdout_is("").stderr_has("example.com/c/@v/v1.0.0.mod: 404");
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let mut registry = Registry::new();
    registry.add("example.com/a v1.0.0", "-- a.go --\npackage a\n");
    let server = Server::http(registry);
    server.fault(Fault::on("*.info").status(404).body("\u{1b}[31mred\u{7}"));
    let project = project("", &server);
    let output = project.gomodfetch(["download", "example.com/a@v1.0.0"]).run();
    output.fails_with(3).lacks("\u{1b}").lacks("\u{7}");
}
