//! Exit codes: each class of failure has its own, and go's success is always ours.

use std::time::Duration;

use crate::support::faults::{Fault, Gate};
use crate::support::modules::ModuleVersion;
use crate::support::registry::Registry;
use crate::support::server::Server;
use crate::support::sumlog::SumLog;
use crate::{PROJECT, project, serve};

#[test]
fn statuses_of_proxies() {
    for (status, code) in [(400, 6), (401, 4), (403, 4), (404, 3), (410, 3), (500, 6), (503, 6)] {
        for pattern in ["*.info", "*.mod", "*.zip"] {
            let server = serve();
            server.fault(Fault::on(pattern).status(status));
            let project = project(PROJECT, &server);
            for args in [&["download", "example.com/a@v1.0.0"][..], &["download", "-json"]] {
                project.gomodfetch(args).run().fails_with(code);
            }
        }
    }
}

#[test]
fn the_first_failure_decides() {
    let server = serve();
    server.fault(Fault::on("*/a/@v/*.zip").status(403));
    server.fault(Fault::on("*/b/@v/*.zip").status(404));
    let project = project(PROJECT, &server);
    project.gomodfetch(["download"]).run().fails_with(4);
    project.gomodfetch(["download", "example.com/b", "example.com/a"]).run().fails_with(3);
}

#[test]
fn what_is_looked_up_nowhere_is_not_found() {
    let server = serve();
    let mut project = project(PROJECT, &server);
    project.set("GOPROXY", "off");
    let output = project.gomodfetch(["download"]).run();
    output.fails_with(3).stderr_has("module lookup disabled by GOPROXY=off");
}

#[test]
fn a_server_that_is_not_there_is_the_network() {
    let server = serve();
    let project = project(PROJECT, &server);
    drop(server);
    project.gomodfetch(["download"]).run().fails_with(6);
    project.gomodfetch(["download", "-json", "example.com/a@v1.0.0"]).run().fails_with(6);
}

#[test]
fn contradictions_are_security() {
    let wrong = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    for line in [
        format!("example.com/a v1.0.0 {wrong}\n"),
        format!("example.com/a v1.0.0/go.mod {wrong}\n"),
    ] {
        let server = serve();
        let project = project(PROJECT, &server);
        project.write("go.sum", &line);
        let output = project.gomodfetch(["download", "example.com/a@v1.0.0"]).run();
        output.fails_with(5).stderr_has("checksum mismatch").stderr_has("SECURITY ERROR");
        assert_eq!(project.read("go.sum"), line);
        assert!(!project.modcache().join("example.com/a@v1.0.0").exists());
    }
}

#[test]
fn what_the_database_contradicts_fails_alone_and_leaves_no_trace_in_go_sum() {
    let mut registry = Registry::from_graph(crate::GRAPH);
    let mut log = SumLog::new("sum.example.com").with_history(10);
    log.add_all(&registry);
    let evil = ModuleVersion::new("example.com/b v1.1.0", "-- evil.go --\npackage evil\n").zip;
    let tampered = registry.get("example.com/b v1.1.0").clone().tampered_zip(evil);
    registry.insert(tampered);
    let true_sum = registry.get("example.com/b v1.1.0").zip_line();
    let server = Server::builder(registry).sumdb(log).start();
    let project = project(PROJECT, &server);
    let output = project.gomodfetch(["download", "-json", "all"]).run();
    let objects = output.fails_with(5).json();
    let failed: Vec<_> = objects.iter().filter(|o| o["Error"].is_string()).collect();
    assert_eq!((objects.len(), failed.len()), (4, 1));
    assert_eq!(failed[0]["Path"], "example.com/b");
    // Not even with -json, where what succeeded is written.
    let sums = project.read("go.sum");
    assert!(sums.contains("example.com/a v1.0.0 h1:"), "{sums}");
    assert!(!sums.contains("example.com/b v1.1.0 h1:"), "{sums}");
    assert!(!sums.contains(&true_sum), "{sums}");
    // So the next run refuses it again.
    project.gomodfetch(["download", "all"]).run().fails_with(5);
}

#[test]
fn content_that_breaks_rules_is_security() {
    let mut registry = Registry::new();
    registry.add("example.com/twice v1.0.0", "-- a.go --\npackage a\n-- A.go --\npackage a\n");
    let entries = vec![("example.com/other@v1.0.0/x.go".to_owned(), b"package x\n".to_vec())];
    let module = "module example.com/prefix\n".as_bytes();
    registry.insert(ModuleVersion::from_entries("example.com/prefix v1.0.0", module, entries));
    let up = vec![("example.com/up@v1.0.0/../../x".to_owned(), b"out\n".to_vec())];
    let module = "module example.com/up\n".as_bytes();
    registry.insert(ModuleVersion::from_entries("example.com/up v1.0.0", module, up));
    let server = Server::http(registry);
    let project = project("", &server);
    for path in ["twice", "prefix", "up"] {
        let module = format!("example.com/{path}@v1.0.0");
        project.gomodfetch(["download", &module]).run().fails_with(5);
        assert!(!project.modcache().join(&module).exists());
    }
}

#[test]
fn what_go_refuses_for_other_reasons_is_1() {
    let server = serve();
    let project = project(PROJECT, &server);
    for (go_mod, args) in [
        ("module example.org/main\n\ngo 1.99\n", &["download"][..]),
        ("module example.org/main\n\nfrobnicate\n", &["download"]),
        ("module example.org/main\n\ngo 1.21\n", &["download", "example.com/A B@v1.0.0"]),
    ] {
        project.write("go.mod", go_mod);
        project.gomodfetch(args).run().fails_with(1);
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_is_130_and_cleans_up() {
    use crate::support::tree::Snapshot;
    use std::path::Path;

    for signal in ["-INT", "-TERM"] {
        let server = serve();
        let gate = Gate::closed();
        server.fault(Fault::on("*/b/@v/*.zip").gate(&gate));
        let project = project(PROJECT, &server);
        let running = project.gomodfetch(["download", "-json"]).spawn();
        gate.wait_for(1);
        let id = running.id().to_string();
        project.program(Path::new("/bin/kill"), [signal, &id]).run().success();
        let output = running.wait();
        output.fails_with(130).stderr_is("go: interrupted\n");
        let left = Snapshot::of(&project.modcache());
        let mut temporary = left.files().into_iter().filter(|file| file.contains("tmp"));
        assert_eq!(temporary.next(), None);
        gate.open();
        project.gomodfetch(["download", "-json"]).run().success();
    }
}

#[test]
fn a_body_that_is_cut_is_the_network() {
    let server = serve();
    server.fault(Fault::on("*/a/@v/*.zip").cut_after(50));
    let project = project(PROJECT, &server);
    let args = ["download", "example.com/a@v1.0.0"];
    project.gomodfetch(args).limit(Duration::from_secs(100)).run().fails_with(6);
    assert!(!project.modcache().join("cache/download/example.com/a/@v/v1.0.0.zip").exists());
}
