//! The checksum database, honest and lying, with the real `go` as judge.

use std::fs;

use crate::support::cli::Project;
use crate::support::go::Go;
use crate::support::modules::ModuleVersion;
use crate::support::registry::{Registry, file_url};
use crate::support::server::Server;
use crate::support::sumlog::{Signing, SumLog};
use crate::{MODULES, PROJECT, REQUIRED};

#[test]
fn tiles_and_look_ups_have_the_documented_form() {
    let registry = Registry::from_txtar(MODULES);
    let mut log = SumLog::new("sum.example.com").with_history(300).on_demand();
    let reply = log.respond("/lookup/example.com/!upper@v1.0.0-!r!c.1", &registry);
    let text = String::from_utf8(reply.body.to_vec()).expect("text");
    let record = registry.get(REQUIRED[0]).go_sum();
    let start = format!("300\n{record}\ngo.sum database tree\n301\n");
    assert!(text.starts_with(&start), "{text}");
    assert!(text.contains("\n\n— sum.example.com "), "{text}");
    for (path, len) in [
        ("/tile/8/0/000", Some(256 * 32)),
        ("/tile/8/0/001.p/45", Some(45 * 32)),
        ("/tile/8/0/001.p/46", None),
        ("/tile/8/0/001", None),
        ("/tile/8/1/000.p/1", Some(32)),
        ("/tile/8/1/000.p/2", None),
        ("/tile/8/0/1", None),
        ("/tile/9/0/000", None),
    ] {
        let reply = log.respond(path, &registry);
        let answered = (reply.status == 200).then_some(reply.body.len());
        assert_eq!(answered, len, "{path}");
    }
    let data = log.respond("/tile/8/data/001.p/45", &registry).body;
    assert!(String::from_utf8_lossy(&data).ends_with(&format!("\n\n{record}\n")));
}

#[test]
fn go_believes_the_log() {
    let Some(go) = Go::find("go_believes_the_log") else { return };
    let registry = Registry::from_txtar(MODULES);
    // Sizes around those at which tiles are completed, with one, two and three levels of tiles.
    for history in [0, 255, 256, 300, 256 * 256 + 3] {
        let log = SumLog::new("sum.example.com/db").with_history(history).on_demand();
        let server = Server::builder(registry.clone()).sumdb(log).https().start();
        let explicit_url = server.gosumdb();
        for gosumdb in [server.vkey().expect("a database"), explicit_url] {
            let mut project = Project::new(PROJECT);
            project.use_server(&server).set("GOSUMDB", gosumdb);
            project.go(&go, ["mod", "download", "all"]).run().success();
            assert_eq!(project.read("go.sum"), registry.go_sum(&REQUIRED));
            let head = project.gopath().join("pkg/sumdb/sum.example.com/db/latest");
            let head = fs::read_to_string(head).expect("the head that go has seen");
            let whole = server.sumdb(|log| (1..=log.len()).any(|size| log.head(size) == head));
            assert!(whole, "{history}: a head that the log has signed:\n{head}");
        }
        assert!(server.count("/sumdb/sum.example.com/db/tile/8/0/*") > 0);
    }
}

#[test]
fn go_believes_the_log_as_files() {
    let Some(go) = Go::find("go_believes_the_log_as_files") else { return };
    let registry = Registry::from_txtar(MODULES);
    let mut log = SumLog::new("sum.example.com").with_history(300);
    log.add_all(&registry);
    let files = tempfile::tempdir().expect("a temporary folder");
    registry.write_proxy(files.path());
    log.write_proxy(files.path());
    let mut project = Project::new(PROJECT);
    project.set("GOPROXY", file_url(files.path())).set("GOSUMDB", log.vkey());
    project.go(&go, ["mod", "download", "all"]).run().success();
    assert_eq!(project.read("go.sum"), registry.go_sum(&REQUIRED));
}

/// What go says of a log that misbehaves from the beginning.
#[test]
fn go_sees_through_each_lie() {
    let Some(go) = Go::find("go_sees_through_each_lie") else { return };
    let a = "example.com/a@v1.0.0";
    type Lie = (&'static str, fn(&mut SumLog));
    let lies: [Lie; 11] = [
        ("invalid signature for key", |log| log.set_signing(Signing::OtherKey)),
        ("note has no verifiable signatures", |log| {
            log.set_signing(Signing::OtherName("sum.example.net".into()));
        }),
        ("malformed note", |log| log.set_signing(Signing::Unsigned)),
        ("inconsistent tile", |log| log.set_wrong_root(true)),
        ("inconsistent tile", |log| log.alter_tile("0/001")),
        ("cannot validate record", |log| log.pin_head(Some(300))),
        ("cannot authenticate record data in server response", |log| {
            log.tamper("example.com/a@v1.0.0", "example.com/a v1.0.0 h1:AAAA\n");
        }),
        ("404 Not Found", |log| log.refuse("/lookup/example.com/a@*", 404, "unknown")),
        ("410 Gone", |log| log.refuse("/lookup/example.com/a@*", 410, "gone")),
        ("500 Internal Server Error", |log| log.refuse("/tile/*", 500, "broken")),
        ("SECURITY ERROR", |log| {
            // Sound in itself, but it contradicts the module that the proxy serves.
            log.rewind(300);
            let other = ModuleVersion::new("example.com/a v1.0.0", "-- evil.go --\npackage a\n");
            log.add(&other);
        }),
    ];
    for (complaint, lie) in lies {
        let registry = Registry::from_txtar(MODULES);
        let mut log = SumLog::new("sum.example.com").with_history(300);
        log.add_all(&registry);
        let server = Server::builder(registry).sumdb(log).start();
        let mut project = Project::new(PROJECT);
        project.use_server(&server);
        server.sumdb(lie);
        project.go(&go, ["mod", "download", a]).run().fails_with(1).stderr_has(complaint);
    }
}

/// What go says of a log whose answers contradict those that it gave before.
#[test]
fn go_sees_through_a_fork() {
    let Some(go) = Go::find("go_sees_through_a_fork") else { return };
    let registry = Registry::from_txtar(MODULES);
    let log = SumLog::new("sum.example.com").with_history(300).on_demand();
    let server = Server::builder(registry).sumdb(log).start();
    let mut project = Project::new(PROJECT);
    project.use_server(&server);
    project.go(&go, ["mod", "download", "example.com/a@v1.0.0"]).run().success();

    // The answer to another question, though true, proves nothing.
    let swap = |log: &mut SumLog| log.answer_with("example.com/a@v1.2.0", "example.com/a@v1.0.0");
    server.sumdb(swap);
    let other = project.go(&go, ["mod", "download", "example.com/a@v1.2.0"]).run();
    other.fails_with(1);

    // In the incomplete tile: the complete one, which go has kept, would merely no longer fit.
    server.sumdb(|log| log.fork(290));
    let forked = project.go(&go, ["mod", "download", "example.com/a@v1.10.0"]).run();
    forked.fails_with(1).stderr_has("SECURITY ERROR\ngo.sum database server misbehavior detected!");
}

#[test]
fn a_rewound_log_forgets_and_grows_again() {
    let registry = Registry::from_txtar(MODULES);
    let mut log = SumLog::new("sum.example.com").with_history(10);
    log.add_all(&registry);
    let head = log.head(10);
    let len = log.len();
    assert!(log.respond("/lookup/example.com/a@v1.0.0", &registry).status == 200);
    log.rewind(10);
    assert_eq!((log.len(), log.head(10)), (10, head));
    assert!(log.respond("/lookup/example.com/a@v1.0.0", &registry).status == 404);
    log.add_all(&registry);
    assert_eq!(log.len(), len);
}
