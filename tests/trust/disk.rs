//! Permissions, full disks, and things that lie where something else should be.
//!
//! As root nothing is forbidden, so these run as another user: by `setpriv` where the tests run as root.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::common::*;
use super::support::cli::{Invocation, Project};
use super::support::go::Go;
use super::support::modules::ModuleVersion;
use super::support::registry::Registry;
use super::support::server::Server;
use super::support::sumlog::SumLog;
use super::support::tree::{self, Kind, Snapshot};
use super::support::user::{User, set_mode, skipped};

const A: &str = "example.com/a v1.0.0";
const ARGS: [&str; 2] = ["download", "example.com/a@v1.0.0"];
const ALL: [&str; 2] = ["download", "all"];
const DOWNLOAD: &str = "pkg/mod/cache/download";
const VERSIONS: &str = "pkg/mod/cache/download/example.com/a/@v";
const SUMDB: &str = "pkg/mod/cache/download/sumdb/sum.example.com";

fn registry() -> Registry {
    let mut registry = Registry::from_graph("b v1.0.0");
    registry.add(
        A,
        "-- go.mod --\nmodule example.com/a\n\ngo 1.21\n-- a.go --\npackage a\n-- sub/deep/x.txt --\nx\n",
    );
    registry
}

fn server() -> Server {
    let registry = registry();
    let mut log = SumLog::new("sum.example.com").with_history(300);
    log.add_all(&registry);
    Server::builder(registry).sumdb(log).start()
}

fn place(server: &Server) -> Project {
    project(server, &main_module(&[A, "example.com/b v1.0.0"]), "")
}

/// Takes the write bits from everything below the folder, and from itself.
fn forbid_writing(dir: &Path) {
    let snapshot = Snapshot::of(dir);
    for (name, node) in &snapshot.nodes {
        if !matches!(node.kind, Kind::Link(_)) {
            set_mode(&dir.join(name), node.mode & !0o222);
        }
    }
    set_mode(dir, 0o555);
}

fn gopath(place: &Project, name: &str) -> PathBuf {
    match name.strip_prefix("./") {
        Some(name) => place.dir().join(name),
        None => place.gopath().join(name),
    }
}

/// The cache as an undisturbed run leaves it, without locks.
#[track_caller]
fn assert_complete(place: &Project, undisturbed: &Project) {
    let is_lock = |path: &str| path.ends_with("lock");
    tree::assert_same_without(&undisturbed.modcache(), &place.modcache(), is_lock);
}

// Permissions.

#[test]
fn a_fresh_cache_of_an_ordinary_user() {
    let Some(user) = User::find("a_fresh_cache_of_an_ordinary_user") else { return };
    let server = server();
    for umask in ["022", "077", "002"] {
        let place = place(&server);
        user.owns(&place);
        user.gomodfetch(&place, &ALL).umask(umask).run().success().silent();
        let top = place.modcache().join("example.com/a@v1.0.0");
        let umask_bits = u32::from_str_radix(umask, 8).unwrap();
        for (name, mode) in [
            ("", 0o555),
            ("sub", 0o555),
            ("sub/deep", 0o555),
            ("a.go", 0o444),
            ("sub/deep/x.txt", 0o444),
        ] {
            let found = fs::metadata(top.join(name)).unwrap().permissions().mode() & 0o777;
            assert_eq!(found, mode & !umask_bits, "{name:?}, umask {umask}");
        }
        // And the same again, with nothing to do.
        user.gomodfetch(&place, &ALL).umask(umask).run().success().silent();
        if let Some(go) = Go::find("a_fresh_cache_of_an_ordinary_user") {
            let with_go = self::place(&server);
            user.owns(&with_go);
            user.go(&with_go, &go, &ALL).umask(umask).run().success();
            tree::assert_same_without(&with_go.gopath(), &place.gopath(), |path| {
                path.ends_with("lock")
            });
            user.go(&place, &go, &ALL).umask(umask).env("GOPROXY", "off").run().success();
            user.go(&place, &go, &["verify"]).env("GOPROXY", "off").run().success();
        }
    }
}

#[test]
fn a_partial_tree_that_is_read_only_is_replaced() {
    let Some(user) = User::find("a_partial_tree_that_is_read_only_is_replaced") else { return };
    let server = server();
    let undisturbed = place(&server);
    user.owns(&undisturbed);
    user.gomodfetch(&undisturbed, &ARGS).run().success();
    let tree_dir = "pkg/mod/example.com/a@v1.0.0";
    type Damage = fn(&Project);
    let damages: [Damage; 6] = [
        // Marked as partial, with a file missing and one too many.
        |place| {
            let sub = gopath(place, "pkg/mod/example.com/a@v1.0.0/sub/deep");
            set_mode(&sub, 0o755);
            fs::rename(sub.join("x.txt"), sub.join("y.txt")).unwrap();
            set_mode(&sub, 0o555);
            fs::write(gopath(place, &format!("{VERSIONS}/v1.0.0.partial")), "").unwrap();
        },
        |place| fs::write(gopath(place, &format!("{VERSIONS}/v1.0.0.partial")), "").unwrap(),
        |place| fs::remove_file(gopath(place, &format!("{VERSIONS}/v1.0.0.ziphash"))).unwrap(),
        |place| {
            fs::write(gopath(place, &format!("{VERSIONS}/v1.0.0.ziphash")), [0; 47]).unwrap();
        },
        |place| fs::remove_file(gopath(place, &format!("{VERSIONS}/v1.0.0.zip"))).unwrap(),
        |place| tree::remove(&gopath(place, "pkg/mod/example.com/a@v1.0.0")),
    ];
    for damage in damages {
        let place = place(&server);
        user.owns(&place);
        user.gomodfetch(&place, &ARGS).run().success();
        damage(&place);
        user.owns(&place);
        assert!(
            !Snapshot::of(&gopath(&place, tree_dir)).nodes.values().any(|n| n.mode & 0o222 != 0)
        );
        user.gomodfetch(&place, &ARGS).run().success().silent();
        assert_complete(&place, &undisturbed);
    }
}

#[test]
fn leftovers_of_the_killed_are_removed() {
    let Some(user) = User::find("leftovers_of_the_killed_are_removed") else { return };
    let server = server();
    let undisturbed = place(&server);
    user.owns(&undisturbed);
    user.gomodfetch(&undisturbed, &ARGS).run().success();
    let place = place(&server);
    fs::create_dir_all(gopath(&place, VERSIONS)).unwrap();
    fs::write(gopath(&place, &format!("{VERSIONS}/v1.0.0.zip123456.tmp")), "half").unwrap();
    let tree_dir = gopath(&place, "pkg/mod/example.com/a@v1.0.0.tmp-987654/sub");
    fs::create_dir_all(&tree_dir).unwrap();
    fs::write(tree_dir.join("x"), "half").unwrap();
    set_mode(&tree_dir, 0o555);
    user.owns(&place);
    user.gomodfetch(&place, &ARGS).run().success().silent();
    assert_complete(&place, &undisturbed);
}

#[test]
fn a_link_in_the_place_of_a_tree_is_removed_and_not_followed() {
    let server = server();
    let place = place(&server);
    place.gomodfetch(ARGS).run().success();
    let outside = place.root().join("outside");
    fs::create_dir_all(outside.join("sub")).unwrap();
    fs::write(outside.join("sub/precious"), "x").unwrap();
    let tree_dir = gopath(&place, "pkg/mod/example.com/a@v1.0.0");
    tree::remove(&tree_dir);
    symlink(&outside, &tree_dir).unwrap();
    fs::write(gopath(&place, &format!("{VERSIONS}/v1.0.0.partial")), "").unwrap();
    let leftover = gopath(&place, "pkg/mod/example.com/a@v1.0.0.tmp-1");
    symlink(&outside, &leftover).unwrap();
    place.gomodfetch(ARGS).run().success().silent();
    assert!(fs::symlink_metadata(&tree_dir).unwrap().is_dir());
    assert!(fs::symlink_metadata(&leftover).is_err());
    assert_eq!(fs::read_to_string(outside.join("sub/precious")).unwrap(), "x");
    assert_published(&place, A);
}

#[test]
fn a_cache_that_may_not_be_written() {
    let Some(user) = User::find("a_cache_that_may_not_be_written") else { return };
    let server = server();
    // Empty: nothing can be done, and nothing is.
    for forbidden in ["gopath", "gopath/pkg/mod", "gopath/pkg/mod/cache/download"] {
        let place = place(&server);
        let dir = place.root().join(forbidden);
        fs::create_dir_all(&dir).unwrap();
        user.owns(&place);
        set_mode(&dir, 0o555);
        let before = [place.dir(), place.gopath()].map(|dir| Snapshot::of(&dir));
        let output = user.gomodfetch(&place, &ARGS).run();
        output.fails_with(1).stderr_has("permission denied").stderr_has("$ROOT/gopath");
        let after = [place.dir(), place.gopath()].map(|dir| Snapshot::of(&dir));
        for (before, after) in before.iter().zip(&after) {
            let added = before.diff(after);
            // The head of the database is not in the cache, and may be kept.
            let added =
                added.iter().filter(|line| !line.contains("sumdb") && !line.contains("+ pkg:"));
            assert_eq!(added.collect::<Vec<_>>(), [""; 0], "{forbidden}");
        }
        set_mode(&dir, 0o755);
    }
    // Complete: it serves as it is.
    let place = place(&server);
    user.owns(&place);
    user.gomodfetch(&place, &ALL).run().success();
    forbid_writing(&place.gopath());
    let before = Snapshot::of(&place.gopath());
    user.gomodfetch(&place, &ALL).env("GOPROXY", "off").run().success().silent();
    // Without go.sum the kept answers of the database prove it.
    fs::remove_file(place.dir().join("go.sum")).unwrap();
    user.gomodfetch(&place, &ALL).env("GOPROXY", "off").run().success().silent();
    assert_eq!(place.read("go.sum"), server.registry().go_sum(&[A, "example.com/b v1.0.0"]));
    // One module more than it has.
    let output = user
        .gomodfetch(&place, &["download", "example.com/b@v1.0.0", "example.com/c@v1.0.0"])
        .run();
    output.fails_with(3);
    tree::make_writable(&place.modcache().join("example.com"));
    tree::remove(&place.modcache().join("example.com/b@v1.0.0"));
    forbid_writing(&place.gopath());
    let output = user.gomodfetch(&place, &ALL).run();
    output.fails_with(1).stderr_has("permission denied").stderr_has("example.com/b/@v");
    tree::make_writable(&place.gopath());
    let lost = before.diff(&Snapshot::of(&place.gopath()));
    assert!(
        lost.iter().all(|line| !line.starts_with("- ") || line.contains("example.com/b")),
        "{lost:#?}"
    );
}

#[test]
fn files_of_the_project_that_may_not_be_written() {
    let Some(user) = User::find("files_of_the_project_that_may_not_be_written") else { return };
    let server = server();
    for (name, text) in [
        ("go.sum", "example.org/other v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"),
        ("go.mod", "module example.org/main\n\nrequire example.com/a v1.0.0\n"),
    ] {
        let place = place(&server);
        place.write(name, text);
        user.owns(&place);
        set_mode(&place.dir().join(name), 0o444);
        set_mode(&place.dir(), 0o555);
        let output = user.gomodfetch(&place, &ARGS).run();
        output
            .fails_with(1)
            .stderr_has(&format!("updating {name}: open $ROOT/project/{name}: permission denied"));
        assert_eq!(place.read(name), text);
        assert_published(&place, A);
        // Nor may some be read.
        set_mode(&place.dir().join(name), 0o000);
        let output = user.gomodfetch(&place, &ARGS).run();
        output.fails_with(1).stderr_has(&format!("{name}: permission denied"));
        set_mode(&place.dir(), 0o755);
        set_mode(&place.dir().join(name), 0o644);
        assert_eq!(place.read(name), text);
    }
}

// Something else in its place.

/// Runs with `put` having put something in the place of a name.
fn with_something_at(
    server: &Server,
    name: &str,
    put: impl Fn(&Path),
) -> (Project, super::support::cli::Output) {
    let go_mod = "-- go.mod --\nmodule example.org/main\n\nrequire example.com/a v1.0.0\n";
    let place = project(server, go_mod, "");
    let path = gopath(&place, name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    if path.is_file() {
        fs::remove_file(&path).unwrap();
    }
    put(&path);
    let output = place.gomodfetch(ARGS).limit(Duration::from_secs(20)).run();
    (place, output)
}

/// The error names the place; nothing of the module is half there, and what was in the way still is.
#[track_caller]
fn assert_clear(place: &Project, output: &super::support::cli::Output, name: &str) {
    output.fails_with(1);
    let shown = gopath(place, name);
    let named =
        shown.ancestors().take(3).any(|path| output.stderr.contains(&*path.to_string_lossy()));
    assert!(named, "{name}: {output}");
    output.lacks("panicked").lacks("internal error");
    assert_eq!(leftovers(place), [""; 0], "{name}");
}

#[test]
fn a_file_where_a_directory_should_be() {
    let server = server();
    for name in [
        "pkg/mod",
        "pkg/mod/cache",
        DOWNLOAD,
        &format!("{DOWNLOAD}/example.com"),
        VERSIONS,
        "pkg/mod/example.com",
        "pkg/sumdb",
    ] {
        let (place, output) =
            with_something_at(&server, name, |path| fs::write(path, "x").unwrap());
        assert_clear(&place, &output, name);
        assert_eq!(fs::read_to_string(gopath(&place, name)).unwrap(), "x");
    }
    // As go: a file is no tree, and what can't be kept is asked for again.
    for name in [
        "pkg/mod/example.com/a@v1.0.0",
        &format!("{DOWNLOAD}/sumdb"),
        &format!("{SUMDB}/tile"),
        &format!("{SUMDB}/lookup"),
    ] {
        let (place, output) =
            with_something_at(&server, name, |path| fs::write(path, "x").unwrap());
        output.success().silent();
        assert_published(&place, A);
    }
}

#[test]
fn a_directory_where_a_file_should_be() {
    let server = server();
    let put = |path: &Path| fs::create_dir_all(path.join("precious")).unwrap();
    for name in ["info", "mod", "zip", "ziphash", "lock", "partial"] {
        let name = format!("{VERSIONS}/v1.0.0.{name}");
        let (place, output) = with_something_at(&server, &name, put);
        assert_clear(&place, &output, &name);
        assert!(gopath(&place, &name).join("precious").exists());
    }
    for name in ["pkg/sumdb/sum.example.com/latest", "./go.sum"] {
        let (place, output) = with_something_at(&server, name, put);
        assert_clear(&place, &output, name);
        assert!(gopath(&place, name).join("precious").exists());
    }
    // As go, which does without.
    for name in [
        "pkg/mod/cache/lock",
        &format!("{VERSIONS}/list"),
        &format!("{SUMDB}/lookup/example.com/a@v1.0.0"),
        &format!("{SUMDB}/tile/8/0/001.p/45"),
    ] {
        let (place, output) = with_something_at(&server, name, put);
        output.success().silent();
        assert_published(&place, A);
    }
}

#[test]
fn a_pipe_where_a_file_should_be_is_not_waited_for() {
    let server = server();
    let put = |path: &Path| {
        let made = Command::new("mkfifo").arg(path).status().expect("mkfifo");
        assert!(made.success());
    };
    for name in ["info", "mod", "zip", "ziphash", "lock"] {
        let name = format!("{VERSIONS}/v1.0.0.{name}");
        let (place, output) = with_something_at(&server, &name, put);
        if name.ends_with("info") || name.ends_with("mod") {
            // It is replaced by one rename.
            output.success().silent();
            assert_published(&place, A);
        } else {
            assert_clear(&place, &output, &name);
        }
    }
    for name in ["pkg/sumdb/sum.example.com/latest", "./go.sum"] {
        let (place, output) = with_something_at(&server, name, put);
        assert_clear(&place, &output, name);
    }
    for name in [
        "pkg/mod/cache/lock",
        &format!("{VERSIONS}/list"),
        &format!("{SUMDB}/lookup/example.com/a@v1.0.0"),
        &format!("{SUMDB}/tile/8/0/001.p/45"),
    ] {
        let (place, output) = with_something_at(&server, name, put);
        output.success().silent();
        assert_published(&place, A);
    }
    // In place of the main module's go.mod.
    let (_, output) = with_something_at(&server, "./go.mod", put);
    output.lacks("panicked");
}

#[test]
fn a_lock_that_is_a_link() {
    let server = server();
    let name = format!("{VERSIONS}/v1.0.0.lock");
    // To a file it is as good as the file, even to one that has yet to be made.
    for target in ["elsewhere", "not-yet"] {
        let (place, output) = with_something_at(&server, &name, |path| {
            fs::write(path.with_file_name("elsewhere"), "").unwrap();
            symlink(target, path).unwrap();
        });
        output.success().silent();
        assert_published(&place, A);
    }
    for target in ["v1.0.0.lock", "/dev/null", "/nonexistent/x", "/"] {
        let (place, output) =
            with_something_at(&server, &name, |path| symlink(target, path).unwrap());
        assert_clear(&place, &output, &name);
    }
}

// A full disk.

/// A module whose zip and whose larger file both exceed 100 KiB.
fn large() -> Registry {
    let mut registry = Registry::from_graph("b v1.0.0");
    registry.insert(ModuleVersion::generated(A, [300_000, 2_000]));
    registry
}

/// Lets the command write no file larger than so many blocks of 512 bytes, and fail where it would.
fn limited(invocation: Invocation, blocks: usize, signal: bool) -> Invocation {
    let trap = if signal { "" } else { "trap '' XFSZ; " };
    let script = format!("{trap}ulimit -f {blocks}; exec \"$@\"");
    invocation.through(["/bin/sh", "-c", script.as_str(), "sh"])
}

/// The caches hold the same. Of one that was killed a tree may have been left writable, a list unwritten,
/// which is for those who use the cache as a proxy, and a small file under its temporary name, which nobody
/// can know to be nobody's; go does the same.
#[track_caller]
fn assert_same_content(place: &Project, undisturbed: &Project) {
    let [expected, actual] = [undisturbed, place].map(|place| {
        let nodes = Snapshot::of(&place.modcache()).nodes.into_iter();
        let unwanted = ["lock", "/list", ".tmp"];
        let wanted = |(name, _): &(String, _)| !unwanted.iter().any(|end| name.ends_with(end));
        nodes.filter(wanted).map(|(name, node)| (name, node.kind)).collect::<Vec<_>>()
    });
    assert_eq!(expected, actual);
}

#[test]
fn a_file_that_cannot_be_written_to_its_end() {
    let server = Server::http(large());
    let undisturbed = place(&server);
    undisturbed.gomodfetch(ALL).run().success();
    for signal in [false, true] {
        for blocks in [100, 500, 1] {
            let place = place(&server);
            let output = limited(place.gomodfetch(ALL), blocks, signal).run();
            assert_ne!(output.code(), Some(0), "{output}");
            if !signal {
                output.fails_with(1).stderr_has("file too large");
                assert_eq!(leftovers(&place), [""; 0]);
                let found = published(&place, "example.com/a");
                assert!(found.iter().all(|file| file.ends_with(".mod")), "{found:?}");
            }
            // What is there now is believed by nobody.
            place.gomodfetch(ALL).run().success().silent();
            assert_same_content(&place, &undisturbed);
            assert_eq!(place.read("go.sum"), undisturbed.read("go.sum"));
        }
    }
}

#[test]
fn a_go_sum_that_cannot_be_written_stays_as_it_was() {
    let server = Server::http(registry());
    let hash = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    // Longer than two blocks with what is added, shorter without; and lines before and after the new ones.
    let old: String = (0..14)
        .map(|n| format!("{}.org/m{n:02} v1.0.0 {hash}\n", if n < 7 { "a" } else { "z" }))
        .collect();
    assert!(old.len() < 1024 && old.len() + server.registry().go_sum(&[A]).len() > 1024);
    let place = place(&server);
    place.write("go.sum", &old);
    let output = limited(place.gomodfetch(ARGS), 2, false).run();
    output.fails_with(1).stderr_has("$ROOT/project/go.sum: file too large");
    assert_eq!(place.read("go.sum"), old);
    place.gomodfetch(ARGS).run().success();
    assert!(place.read("go.sum").contains(&server.registry().go_sum(&[A])));
}

#[test]
fn a_disk_without_space() {
    let test = "a_disk_without_space";
    let inside = |script: &str| {
        let mut command = vec!["unshare".to_owned(), "--mount".to_owned(), "sh".to_owned()];
        command.extend(["-c".to_owned(), script.to_owned()]);
        command
    };
    let dir = tempfile::tempdir().expect("a folder");
    let mount = format!("mount -t tmpfs -o size=64k none {}", dir.path().display());
    let probe = inside(&mount);
    let works = Command::new(&probe[0]).args(&probe[1..]).output();
    if !works.is_ok_and(|output| output.status.success()) {
        skipped(test, "no file system can be mounted here");
        return;
    }
    let server = Server::http(large());
    let undisturbed = place(&server);
    undisturbed.gomodfetch(ALL).run().success();
    // Too small, or with room for too few files.
    let sizes = ["4k", "16k", "64k", "200k", "400k"].map(|size| format!("size={size}"));
    let files = [3, 7, 12, 15, 18].map(|files| format!("size=64m,nr_inodes={files}"));
    for options in sizes.into_iter().chain(files) {
        let place = place(&server);
        let cache = place.modcache();
        fs::create_dir_all(&cache).unwrap();
        let saved = place.root().join("saved");
        // The disk is full, then it is not; what the first run left and the second made is told.
        let script = format!(
            "mount -t tmpfs -o {options} none '{cache}' || exit 99\n\
             \"$@\"; echo \"first $?\"; find '{cache}' -name '*.tmp*' -o -path '*/a/*.zip'\n\
             mount -o remount,size=64m,nr_inodes=10000 '{cache}'\n\
             \"$@\"; echo \"second $?\"; cp -a '{cache}' '{saved}'",
            cache = cache.display(),
            saved = saved.display()
        );
        let mut wrapper = inside(&script);
        wrapper.push("sh".to_owned());
        let output = place.gomodfetch(ALL).through(wrapper).run();
        output.success().stderr_has("no space left on device").stderr_has("$ROOT/gopath");
        output.stdout_is("first 1\nsecond 0\n");
        // The list, which is for those who use the cache as a proxy, is written with each new .mod.
        let unwanted = |path: &str| path.ends_with("lock") || path.ends_with("/list");
        tree::assert_same_without(&undisturbed.modcache(), &saved, unwanted);
        assert_eq!(place.read("go.sum"), undisturbed.read("go.sum"));
    }
}
