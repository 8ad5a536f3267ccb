//! `--repair`: what is damaged is fetched again, or nobody believes it any longer.

use std::fs;
use std::path::Path;

use super::common::*;
use super::support::cli::{Output, Project};
use super::support::faults::Fault;
use super::support::go::Go;
use super::support::modules::ModuleVersion;
use super::support::server::Server;
use super::support::tree::{self, Snapshot};

fn repair(place: &Project, args: &[&str]) -> Output {
    place.gomodfetch(["verify", "--repair"].iter().chain(args)).run()
}

/// Zips, trees and recorded hashes, without the modes that the damaging took away.
fn contents(place: &Project) -> Vec<(String, Vec<u8>)> {
    let cache = place.modcache();
    let snapshot = Snapshot::of(&cache).without(|name| name.ends_with("lock"));
    let files = snapshot.files();
    files.iter().map(|name| ((*name).to_owned(), fs::read(cache.join(name)).expect(name))).collect()
}

type Damaging = fn(&Project);

const DAMAGES: &[(&str, Damaging)] = &[
    ("edited tree", |place| write(place, &format!("{TREE}/a.go"), "package evil\n")),
    ("missing file", |place| remove(&at(place, &format!("{TREE}/a.go")))),
    ("extra file", |place| write(place, &format!("{TREE}/sub/new.go"), "")),
    ("no zip", |place| write(place, &format!("{V}.zip"), "x")),
    ("other zip", |place| {
        write(place, &format!("{V}.zip"), ModuleVersion::new(A, "-- a.go --\n").zip);
    }),
    ("wrong hash", |place| write(place, &format!("{V}.ziphash"), "h1:x")),
    ("missing hash", |place| remove(&at(place, &format!("{V}.ziphash")))),
    ("zip and tree", |place| {
        write(place, &format!("{V}.zip"), "x");
        write(place, &format!("{TREE}/a.go"), "package evil\n");
    }),
    ("a folder in the place of the zip", |place| {
        remove(&at(place, &format!("{V}.zip")));
        write(place, &format!("{V}.zip/x"), "x");
    }),
];

#[test]
fn every_damage_is_repaired() {
    let server = server();
    for go_sum in [&[A, B][..], &[]] {
        for (name, damage) in DAMAGES {
            let mut place = place(&server, go_sum);
            let before = contents(&place);
            damage(&place);
            place.use_server(&server);
            let output = repair(&place, &[]);
            output.success().stdout_is("all modules verified\n");
            output.stderr_has("\trepaired\n");
            assert_eq!(contents(&place), before, "{name}: {output}");
            is_fine(&place);
            if let Some(go) = Go::find("every_damage_is_repaired") {
                place.go(&go, ["mod", "verify"]).env("GOPROXY", "off").run().success();
            }
        }
    }
}

#[test]
fn a_tree_is_repaired_from_the_zip_that_is_there() {
    let server = server();
    let place = place(&server, &[A, B]);
    write(&place, &format!("{TREE}/a.go"), "package evil\n");
    server.fault(Fault::on("*").status(500));
    repair(&place, &[]).success().stderr_is(&format!(
        "example.com/a v1.0.0: dir has been modified ($ROOT/gopath/pkg/mod/{TREE})\n\
         \tedited tree; go.sum, .ziphash and the zip agree\n\
         \tchanged: a.go\n\
         \trepaired\n"
    ));
    assert_eq!(fs::read(at(&place, &format!("{TREE}/a.go"))).expect("a file"), b"package a\n");
}

#[test]
fn changed_together_is_repaired_where_go_sum_knows() {
    let server = server();
    let mut place = place(&server, &[A, B]);
    let before = contents(&place);
    let evil = ModuleVersion::new(A, "-- go.mod --\nmodule example.com/a\n-- evil.go --\n");
    write(&place, &format!("{V}.zip"), &evil.zip);
    write(&place, &format!("{V}.ziphash"), &evil.h1);
    remove(&at(&place, TREE));
    for (name, data) in evil.entries() {
        write(&place, name, data);
    }
    place.use_server(&server);
    repair(&place, &[]).success().stderr_has("they were changed together\n\trepaired\n");
    assert_eq!(contents(&place), before);
}

/// Whatever go and we find now, it is not what was damaged.
#[track_caller]
fn nobody_believes_it(place: &Project, server: &Server, what: &str) {
    let mut trusting = place.gomodfetch(["download", "example.com/a@v1.0.0"]);
    trusting = trusting.env("GOPROXY", server.url()).env("GOFLAGS", "-modcacherw");
    trusting.run().success();
    let text = fs::read(at(place, &format!("{TREE}/a.go"))).expect("a file of the tree");
    assert_eq!(text, b"package a\n", "{what}");
    is_fine(place);
}

#[test]
fn what_cant_be_repaired_is_not_believed() {
    let server = server();
    for (name, damage) in DAMAGES {
        for with_go in [false, true] {
            let place = place(&server, &[A, B]);
            damage(&place);
            // A tree whose zip is right needs no network.
            write(&place, &format!("{V}.zip"), "damaged too");
            let output = repair(&place, &[]);
            output.stderr_has("\tnot repaired: ");
            output.stderr_has("\tit is fetched when it is needed, and not believed until then\n");
            output.fails_with(5);
            let go = if with_go { Go::find("what_cant_be_repaired_is_not_believed") } else { None };
            if let Some(go) = go {
                let command = place.go(&go, ["mod", "download", "-modcacherw", "all"]);
                command.env("GOPROXY", server.url()).run().success();
                is_fine(&place);
            }
            nobody_believes_it(&place, &server, name);
        }
    }
}

#[test]
fn what_the_proxy_sends_is_verified() {
    let mut registry = registry();
    let evil = ModuleVersion::new(A, "-- go.mod --\nmodule example.com/a\n-- evil.go --\n");
    let lie = registry.get(A).clone().tampered_zip(evil.zip.clone());
    let good = server();
    registry.insert(lie);
    let liar = Server::builder(registry).start();
    // go.sum knows better; without it, what lay there does.
    for (go_sum, want) in [
        (&[A, B][..], "\tnot repaired: verifying example.com/a@v1.0.0: checksum mismatch\n"),
        (&[], "\tnot repaired: example.com/a@v1.0.0: checksum mismatch\n"),
    ] {
        let mut place = place(&good, go_sum);
        write(&place, &format!("{V}.zip"), "x");
        write(&place, &format!("{TREE}/a.go"), "package edited\n");
        place.use_server(&liar);
        repair(&place, &[]).fails_with(5).stderr_has(want);
        assert!(!at(&place, &format!("{TREE}/evil.go")).exists());
        assert!(!at(&place, &format!("{V}.zip")).exists());
        nobody_believes_it(&place, &good, "a liar");
    }
}

#[test]
fn go_mod_files_that_go_sum_contradicts() {
    let server = server();
    let mut place = place(&server, &[A, B]);
    let before = contents(&place);
    write(&place, &format!("{V}.mod"), "module example.com/a\n");
    verify(&place, &[]).fails_with(5).stderr_has("SECURITY ERROR");
    place.use_server(&server);
    let output = repair(&place, &[]);
    output.success().stderr_is(
        "gomodfetch: example.com/a v1.0.0: go.mod in the cache contradicts go.sum, and is fetched \
         again\n",
    );
    assert_eq!(contents(&place), before);
}

#[test]
fn everything_in_the_cache() {
    let server = server();
    let mut place = place(&server, &[]);
    fs::remove_file(place.dir().join("go.mod")).expect("go.mod removed");
    let before = contents(&place);
    write(&place, &format!("{V}.mod"), "module example.com/a\n");
    write(&place, &format!("{V}.info"), "x");
    write(&place, "example.com/b@v1.1.0/b.go", "package evil\n");
    place.use_server(&server);
    let output = repair(&place, &["--cache"]);
    output.success().stdout_is("all modules verified\n");
    assert_eq!(contents(&place), before, "{output}");
}

#[test]
fn the_lock_is_respected() {
    let server = server();
    let mut place = place(&server, &[A, B]);
    write(&place, &format!("{TREE}/a.go"), "package evil\n");
    place.use_server(&server);
    let lock = super::support::locks::hold_exclusive(&at(&place, &format!("{V}.lock")));
    let mut running = place.gomodfetch(["verify", "--repair"]).spawn();
    assert!(running.still_runs_after(std::time::Duration::from_millis(500)));
    let text = fs::read(at(&place, &format!("{TREE}/a.go"))).expect("a file of the tree");
    assert_eq!(text, b"package evil\n", "nothing is touched without the lock");
    assert!(!at(&place, &format!("{V}.partial")).exists());
    drop(lock);
    running.wait().success().stderr_has("\trepaired\n");
}

#[test]
fn a_link_is_not_followed() {
    #[cfg(unix)]
    {
        let server = server();
        let place = place(&server, &[A, B]);
        let outside = place.root().join("outside");
        fs::create_dir(&outside).expect("a folder");
        fs::write(outside.join("precious"), "x").expect("a file");
        let top: &Path = &at(&place, TREE);
        tree::remove(top);
        std::os::unix::fs::symlink(&outside, top).expect("a link");
        repair(&place, &[]).success();
        assert!(fs::symlink_metadata(top).expect("a tree").is_dir());
        assert_eq!(fs::read(outside.join("precious")).expect("the file"), b"x");
    }
}
