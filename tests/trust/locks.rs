//! go's locks: each is waited for while another process holds it, and held while we work.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::common::*;
use super::support::cli::{Invocation, Project};
use super::support::faults::{Fault, Gate};
use super::support::go::Go;
use super::support::locks::{hold_exclusive, hold_shared, is_held};
use super::support::registry::Registry;
use super::support::server::Server;
use super::support::sumlog::SumLog;
use super::support::tree;

const A: &str = "example.com/a v1.0.0";
const DOWNLOAD: &str = "pkg/mod/cache/download";
const SUMDB: &str = "pkg/mod/cache/download/sumdb/sum.example.com";

fn server() -> Server {
    let registry = Registry::from_graph("a v1.0.0");
    let mut log = SumLog::new("sum.example.com").with_history(300);
    log.add_all(&registry);
    Server::builder(registry).sumdb(log).start()
}

/// A place whose go.mod lacks the go line, so that go.mod is written, and go.sum with it.
fn place(server: &Server) -> Project {
    project(server, "-- go.mod --\nmodule example.org/main\n\nrequire example.com/a v1.0.0\n", "")
}

fn run(place: &Project) -> Invocation {
    place.gomodfetch(["download", "example.com/a@v1.0.0"])
}

/// The file of a place, named relative to GOPATH or, with `./`, to the project.
fn file(place: &Project, name: &str) -> PathBuf {
    match name.strip_prefix("./") {
        Some(name) => place.dir().join(name),
        None => place.gopath().join(name),
    }
}

/// Runs while the lock is held; it must wait, then finish as if nothing had been.
#[track_caller]
fn waits(place: &Project, undisturbed: &Project, name: &str, hold: fn(&Path) -> File) {
    let path = file(place, name);
    let lock = hold(&path);
    let mut running = run(place).spawn();
    wait_until_blocked(&mut running, &path);
    drop(lock);
    running.wait().success().silent();
    let is_lock = |path: &str| path.ends_with("cache/lock");
    tree::assert_same_without(&undisturbed.gopath(), &place.gopath(), is_lock);
    tree::assert_same(&undisturbed.dir(), &place.dir());
}

#[test]
fn a_lock_that_another_process_holds_is_waited_for() {
    let server = server();
    let undisturbed = place(&server);
    run(&undisturbed).run().success().silent();
    let versions = format!("{DOWNLOAD}/example.com/a/@v");
    for name in [
        "./go.mod",
        "./go.sum",
        "pkg/mod/cache/lock",
        "pkg/sumdb/sum.example.com/latest",
        &format!("{versions}/list"),
        &format!("{versions}/v1.0.0.lock"),
        &format!("{versions}/v1.0.0.ziphash"),
        &format!("{SUMDB}/lookup/example.com/a@v1.0.0"),
        &format!("{SUMDB}/tile/8/0/001.p/45"),
        &format!("{SUMDB}/tile/8/1/000.p/1"),
    ] {
        waits(&place(&server), &undisturbed, name, hold_exclusive);
    }
}

#[test]
fn to_write_a_reader_is_waited_for() {
    let server = server();
    let undisturbed = place(&server);
    run(&undisturbed).run().success().silent();
    for name in [
        "./go.mod",
        "./go.sum",
        "pkg/mod/cache/lock",
        "pkg/sumdb/sum.example.com/latest",
        &format!("{DOWNLOAD}/example.com/a/@v/list"),
        &format!("{DOWNLOAD}/example.com/a/@v/v1.0.0.lock"),
        &format!("{DOWNLOAD}/example.com/a/@v/v1.0.0.ziphash"),
        &format!("{SUMDB}/lookup/example.com/a@v1.0.0"),
        &format!("{SUMDB}/tile/8/0/001.p/45"),
    ] {
        waits(&place(&server), &undisturbed, name, hold_shared);
    }
}

#[test]
fn readers_do_not_wait_for_each_other() {
    let server = server();
    let place = place(&server);
    run(&place).run().success();
    // As it was proved; go.sum, which would spare the database, is taken away.
    let held = |names: &[&str]| -> Vec<File> {
        names.iter().map(|name| hold_shared(&file(&place, name))).collect()
    };
    let ziphash = format!("{DOWNLOAD}/example.com/a/@v/v1.0.0.ziphash");
    let go_sum = held(&["./go.mod", "./go.sum", &ziphash]);
    run(&place).run().success().silent();
    drop(go_sum);
    let before = place.read("go.sum");
    fs::remove_file(file(&place, "./go.sum")).unwrap();
    let _database = held(&[
        "./go.mod",
        &ziphash,
        "pkg/sumdb/sum.example.com/latest",
        &format!("{SUMDB}/lookup/example.com/a@v1.0.0"),
        &format!("{SUMDB}/tile/8/0/001.p/45"),
        &format!("{SUMDB}/tile/8/1/000.p/1"),
    ]);
    server.forget_requests();
    run(&place).run().success().silent();
    assert_eq!(place.read("go.sum"), before);
    assert_eq!(server.count("*"), 0);
}

#[test]
fn locks_are_held_while_we_work() {
    let server = server();
    let place = place(&server);
    let versions = place.modcache().join("cache/download/example.com/a/@v");
    let version_lock = versions.join("v1.0.0.lock");
    let gate = Gate::closed();
    server.fault(Fault::on("*.zip").gate(&gate));
    let mut running = run(&place).spawn();
    gate.wait_for(1);
    // While the zip is fetched,
    assert!(is_held(&version_lock));
    // while it is published,
    let ziphash = hold_exclusive(&versions.join("v1.0.0.ziphash"));
    gate.open();
    wait_until_blocked(&mut running, &versions.join("v1.0.0.ziphash"));
    assert!(is_held(&version_lock));
    // and while go.mod and go.sum are written.
    let go_mod = hold_shared(&file(&place, "./go.mod"));
    drop(ziphash);
    wait_until_blocked(&mut running, &file(&place, "./go.mod"));
    assert!(!is_held(&version_lock));
    assert!(is_held(&place.modcache().join("cache/lock")));
    let go_sum = hold_exclusive(&file(&place, "./go.sum"));
    drop(go_mod);
    wait_until_blocked(&mut running, &file(&place, "./go.sum"));
    assert!(is_held(&place.modcache().join("cache/lock")));
    drop(go_sum);
    running.wait().success().silent();
    for path in [version_lock, place.modcache().join("cache/lock")] {
        assert!(!is_held(&path), "{}", path.display());
    }
}

#[test]
#[cfg(unix)]
fn an_interrupt_ends_the_waiting() {
    let server = server();
    let versions = format!("{DOWNLOAD}/example.com/a/@v");
    let interrupt = |name: &str, signal: &str| {
        let place = place(&server);
        let path = file(&place, name);
        let lock = hold_exclusive(&path);
        let mut running = run(&place).limit(Duration::from_secs(60)).spawn();
        wait_until_blocked(&mut running, &path);
        let id = running.id().to_string();
        let sent = std::process::Command::new("kill").args(["-s", signal, &id]).status();
        assert!(sent.expect("kill").success());
        running.wait().fails_with(130).stderr_is("go: interrupted\n");
        // What it may have left has a name by which the next run knows it.
        drop(lock);
        run(&place).run().success().silent();
        assert_eq!(leftovers(&place), [""; 0], "{name}");
    };
    let names = [
        ("./go.mod", "TERM"),
        ("./go.sum", "INT"),
        ("pkg/sumdb/sum.example.com/latest", "TERM"),
        (&format!("{versions}/list"), "INT"),
        (&format!("{versions}/v1.0.0.lock"), "TERM"),
        (&format!("{versions}/v1.0.0.ziphash"), "INT"),
        (&format!("{SUMDB}/tile/8/0/001.p/45"), "TERM"),
    ];
    std::thread::scope(|scope| {
        for (name, signal) in names {
            scope.spawn(move || interrupt(name, signal));
        }
    });
}

#[test]
fn a_run_that_must_end_does_not_wait() {
    // What go.sum contradicts ends the run while another module waits for its lock.
    let registry = Registry::from_graph("a v1.0.0\nb v1.0.0");
    let hash = registry.get("example.com/b v1.0.0").h1.clone();
    let sums =
        registry.whole_go_sum().replace(&hash, "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    let server = Server::http(registry);
    let gate = Gate::closed();
    server.fault(Fault::on("/example.com/b/*.zip").gate(&gate));
    let place = project(&server, &main_module(&[]), &sums);
    let path = place.modcache().join("cache/download/example.com/a/@v/v1.0.0.lock");
    let _lock = hold_exclusive(&path);
    let args = ["download", "example.com/a@v1.0.0", "example.com/b@v1.0.0"];
    let mut running = place.gomodfetch(args).limit(Duration::from_secs(60)).spawn();
    wait_until_blocked(&mut running, &path);
    gate.open();
    running.wait().fails_with(5).stderr_has("verifying example.com/b@v1.0.0: checksum mismatch");
}

#[test]
fn go_waits_for_us_and_we_for_go() {
    let Some(go) = Go::find("go_waits_for_us_and_we_for_go") else { return };
    for we_are_first in [true, false] {
        let server = server();
        let place = place(&server);
        let ours = run(&place);
        let theirs = place.go(&go, ["mod", "download", "example.com/a@v1.0.0"]);
        let (first, second) = if we_are_first { (ours, theirs) } else { (theirs, ours) };
        let gate = Gate::closed();
        server.fault(Fault::on("*.zip").gate(&gate));
        let first = first.spawn();
        gate.wait_for(1);
        let mut second = second.spawn();
        let lock = place.modcache().join("cache/download/example.com/a/@v/v1.0.0.lock");
        wait_until_blocked(&mut second, &lock);
        gate.open();
        first.wait().success();
        second.wait().success();
        // The second one has found what the first one has done.
        assert_eq!(server.count("*.zip"), 1);
        assert_published(&place, A);
        place.go(&go, ["mod", "verify"]).run().success();
    }
}
