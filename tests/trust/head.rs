//! The database's files, which a running go shares: tree head, look-ups, tiles.

use std::fs;
use std::path::PathBuf;

use super::common::*;
use super::support::cli::Project;
use super::support::faults::{Fault, Gate};
use super::support::go::Go;
use super::support::locks;
use super::support::registry::Registry;
use super::support::server::Server;
use super::support::sumlog::SumLog;
use super::support::tree;

const NAME: &str = "sum.example.com";

fn registry() -> Registry {
    Registry::from_graph("a v1.0.0\nb v1.0.0\nBig v1.0.0-RC1\nd v1.0.0")
}

/// Records 600 to 603 are those of Big, a, b and d.
fn sum_log() -> SumLog {
    let mut log = SumLog::new(NAME).with_history(600);
    log.add_all(&registry());
    log
}

fn head_file(place: &Project) -> PathBuf {
    place.gopath().join("pkg/sumdb").join(NAME).join("latest")
}

fn head(place: &Project) -> String {
    fs::read_to_string(head_file(place)).expect("a tree head")
}

#[test]
fn go_finds_what_we_wrote_and_we_what_go_wrote() {
    let Some(go) = Go::find("go_finds_what_we_wrote_and_we_what_go_wrote") else { return };
    let server = Server::builder(registry()).sumdb(sum_log()).start();
    let args = ["download", "example.com/a@v1.0.0", "example.com/Big@v1.0.0-RC1"];
    let run = |place: &Project, ours: bool, args: &[&str]| {
        let command =
            if ours { place.gomodfetch(args) } else { place.go(&go, ["mod"].iter().chain(args)) };
        command.run().success();
        fs::remove_file(place.dir().join("go.sum")).ok();
    };
    let places = [true, false].map(|ours| {
        let place = project(&server, &main_module(&[]), "");
        run(&place, ours, &args);
        place
    });
    for below in ["gopath/pkg/sumdb", "gopath/pkg/mod/cache/download/sumdb"] {
        tree::assert_same(&places[1].root().join(below), &places[0].root().join(below));
    }
    // The other one then needs nobody, and goes on where the first has stopped.
    for (place, ours) in places.iter().zip([false, true]) {
        server.forget_requests();
        run(place, ours, &args);
        assert_eq!(server.paths(), [""; 0]);
    }
    let later = registry().go_sum(&["example.com/d v1.0.0"]);
    server.sumdb(|log| {
        log.add_record("example.org/x@v1.0.0", later);
    });
    for (place, ours) in places.iter().zip([false, true]) {
        run(place, ours, &["download", "example.com/b@v1.0.0", "example.com/d@v1.0.0"]);
    }
    for below in ["gopath/pkg/sumdb", "gopath/pkg/mod/cache/download/sumdb"] {
        tree::assert_same(&places[0].root().join(below), &places[1].root().join(below));
    }
}

/// A run that has proved a head of so many records and waits for the file's lock, while another process
/// writes the head of so many records of the log that is served from then on.
fn while_the_head_is_locked(
    ours: usize,
    log: &SumLog,
    theirs: usize,
) -> (Project, super::support::cli::Output) {
    let mut at_first = sum_log();
    at_first.pin_head(Some(ours));
    let server = Server::builder(registry()).sumdb(at_first).start();
    let gate = Gate::closed();
    server.fault(Fault::on("*/tile/*").gate(&gate));
    let place = project(&server, &main_module(&[]), "");
    let mut running = place.gomodfetch(["download", "example.com/a@v1.0.0"]).spawn();
    gate.wait_for(1);
    let lock = locks::hold_exclusive(&head_file(&place));
    gate.open();
    wait_until_blocked(&mut running, &head_file(&place));
    fs::write(head_file(&place), log.head(theirs)).unwrap();
    server.replace_sumdb(Some(log.clone()));
    drop(lock);
    let output = running.wait();
    (place, output)
}

#[test]
fn a_head_that_another_process_moved_meanwhile() {
    let log = sum_log();
    for (ours, theirs, kept) in [(602, 604, 604), (602, 602, 602), (604, 602, 604), (604, 5, 604)] {
        let (place, output) = while_the_head_is_locked(ours, &log, theirs);
        output.success().silent();
        assert_published(&place, "example.com/a v1.0.0");
        assert_eq!(head(&place), log.head(kept), "{ours} {theirs}");
    }
}

#[test]
fn a_head_of_a_fork_that_another_process_wrote_meanwhile() {
    let mut fork = sum_log();
    fork.fork(599);
    for (ours, theirs) in [(602, 604), (602, 602), (604, 602)] {
        let (place, output) = while_the_head_is_locked(ours, &fork, theirs);
        output.fails_with(5);
        output.stderr_has("SECURITY ERROR\ngo.sum database server misbehavior detected!\n");
        assert_unpublished(&place, "example.com/a");
        assert_eq!(head(&place), fork.head(theirs), "{ours} {theirs}");
    }
}

#[test]
fn a_spoiled_head() {
    for (text, code) in [("junk\n", 5), ("go.sum database tree\n", 5)] {
        let server = Server::builder(registry()).sumdb(sum_log()).start();
        let make = || {
            let place = project(&server, &main_module(&[]), "");
            fs::create_dir_all(head_file(&place).parent().unwrap()).unwrap();
            fs::write(head_file(&place), text).unwrap();
            place
        };
        let want = format!(
            "go: example.com/a@v1.0.0: verifying go.mod: example.com/a@v1.0.0/go.mod: \
             initializing sumdb.Client: reading tree note: malformed note\nnote:\n{text}"
        );
        let args = ["download", "example.com/a@v1.0.0"];
        let (place, _) = both_say("spoiled_head", &server, &make, &args, code, &want);
        assert_unpublished(&place, "example.com/a");
        assert_eq!(head(&place), text);
    }
    // Who is told which file it is can help himself.
    let server = Server::builder(registry()).sumdb(sum_log()).start();
    let place = project(&server, &main_module(&[]), "");
    fs::create_dir_all(head_file(&place).parent().unwrap()).unwrap();
    fs::write(head_file(&place), &sum_log().head(604)[..100]).unwrap();
    let output = place.gomodfetch(["download", "--hints", "example.com/a@v1.0.0"]).run();
    output.fails_with(5).stderr_has(&format!(
        "hint: the state of the checksum database that was seen last is kept in {}: if",
        output.relative(&head_file(&place).to_string_lossy())
    ));
    // An empty one is none, as the first run of go leaves it.
    let server = Server::builder(registry()).sumdb(sum_log()).start();
    let place = project(&server, &main_module(&[]), "");
    fs::create_dir_all(head_file(&place).parent().unwrap()).unwrap();
    fs::write(head_file(&place), "").unwrap();
    place.gomodfetch(["download", "example.com/a@v1.0.0"]).run().success().silent();
    assert_eq!(head(&place), sum_log().head(604));
}

#[test]
fn without_a_gopath_there_is_no_head() {
    let server = Server::builder(registry()).sumdb(sum_log()).start();
    let make = || {
        let mut place = project(&server, &main_module(&[]), "");
        place.unset("HOME").unset("GOPATH");
        place
    };
    let args = ["download", "example.com/a@v1.0.0"];
    let place = make();
    let output = place.gomodfetch(args).run();
    output.fails_with(1).stderr_has("missing $GOPATH");
    assert_unpublished(&place, "example.com/a");
}

#[test]
fn what_is_cut_off_is_asked_for_again() {
    // A full tile has two pages: a kill or a full disk may leave one of them.
    let server = Server::builder(registry()).sumdb(sum_log()).start();
    let place = project(&server, &main_module(&[]), "");
    let args = ["download", "example.com/a@v1.0.0"];
    place.gomodfetch(args).run().success();
    let kept = place.modcache().join("cache/download/sumdb").join(NAME);
    let before = tree::Snapshot::of(&kept);
    for name in before.files() {
        let whole = fs::read(kept.join(name)).unwrap();
        for part in [1, whole.len() / 3, whole.len() / 2, whole.len() - 1] {
            fs::remove_file(place.dir().join("go.sum")).ok();
            fs::write(kept.join(name), &whole[..part]).unwrap();
            place.gomodfetch(args).run().success().silent();
            assert_eq!(before.diff(&tree::Snapshot::of(&kept)), [""; 0], "{name} {part}");
        }
    }
}

#[test]
fn empty_files_are_absent() {
    let server = Server::builder(registry()).sumdb(sum_log()).start();
    let place = project(&server, &main_module(&[]), "");
    let args = ["download", "example.com/a@v1.0.0"];
    place.gomodfetch(args).run().success();
    let kept = place.modcache().join("cache/download/sumdb").join(NAME);
    let before = tree::Snapshot::of(&kept);
    for name in before.files() {
        fs::remove_file(place.dir().join("go.sum")).ok();
        fs::write(kept.join(name), "").unwrap();
        server.forget_requests();
        place.gomodfetch(args).run().success().silent();
        assert_eq!(before.diff(&tree::Snapshot::of(&kept)), [""; 0], "{name}");
    }
}
