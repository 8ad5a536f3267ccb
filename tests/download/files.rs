//! go.mod, go.sum and the cache, where we have ways of our own.

use std::fs;

use crate::support::modules::ModuleVersion;
use crate::support::registry::Registry;
use crate::support::server::Server;
use crate::support::tree::{self, Snapshot};
use crate::{PROJECT, project, serve};

/// Modules whose requirements go.mod does not fit: something must be written.
const OVERRULED: &str = "\
-- go.mod --
module example.org/main

go 1.21

require (
	example.com/a v1.0.0
	example.com/b v1.0.0
)
";

#[test]
fn locked_fails_where_a_file_would_change_and_changes_none() {
    let complete = crate::serve().registry().whole_go_sum();
    for (what, files, sums, args) in [
        ("go.mod", OVERRULED, complete.as_str(), &["download", "--locked"][..]),
        ("go.mod", OVERRULED, &complete, &["download", "--locked", "all"]),
        (
            "go.mod",
            "-- go.mod --\nmodule example.org/main\n\nrequire example.com/a v1.0.0\n",
            &complete,
            &["download", "--locked"],
        ),
        ("go.sum", PROJECT, "", &["download", "--locked"]),
        ("go.sum", PROJECT, "", &["download", "--locked", "-json"]),
        ("go.sum", PROJECT, "", &["download", "--locked", "all"]),
        ("go.sum", PROJECT, "", &["download", "--locked", "example.com/a@v1.0.0"]),
    ] {
        let server = serve();
        let project = project(files, &server);
        if !sums.is_empty() {
            project.write("go.sum", sums);
        }
        let before = Snapshot::of(&project.dir());
        let output = project.gomodfetch(args).run();
        let text = format!("updates to {what} needed, disabled by --locked\n");
        output.fails_with(1).stderr_has(&text);
        assert_eq!(before.diff(&Snapshot::of(&project.dir())), [""; 0]);
    }
}

#[test]
fn locked_succeeds_where_nothing_changes() {
    let server = serve();
    let project = project(PROJECT, &server);
    let sums = server.registry().whole_go_sum();
    project.write("go.sum", &sums);
    for args in [
        &["download", "--locked"][..],
        &["download", "--locked", "all"],
        &["download", "--locked", "example.com/a"],
        // Nothing that go.mod selects: go.sum has no place for it.
        &["download", "--locked", "example.com/a@v1.1.0"],
    ] {
        project.gomodfetch(args).run().success().silent();
        assert_eq!(project.read("go.sum"), sums);
    }
}

#[test]
fn locked_still_downloads() {
    let server = serve();
    let project = project(PROJECT, &server);
    project.write("go.sum", &server.registry().whole_go_sum());
    project.gomodfetch(["download", "--locked"]).run().success().silent();
    assert!(project.modcache().join("example.com/a@v1.0.0/p.go").exists());
}

#[test]
fn a_newer_go_is_only_noted_where_go_would_switch() {
    let graph = format!("{}\nnew v1.0.0 go 1.99: a v1.0.0\n", crate::GRAPH);
    let server = Server::http(Registry::from_graph(&graph));
    let require = "require example.com/new v1.0.0\n";
    for (go_mod, note) in [
        (format!("go 1.99\n\n{require}"), "go: go.mod requires go >= 1.99; go would switch"),
        (
            format!("go 1.21\n\n{require}"),
            "go: module example.com/new@v1.0.0 requires go >= 1.99; go would switch",
        ),
    ] {
        for (setting, code) in [
            ("auto", 0),
            ("path", 0),
            ("local+auto", 0),
            ("go1.21.3+path", 0),
            ("local", 1),
            ("go1.22.0", 1),
        ] {
            let files = format!("-- go.mod --\nmodule example.org/main\n\n{go_mod}");
            let mut project = project(&files, &server);
            project.set("GOTOOLCHAIN", setting);
            let output = project.gomodfetch(["download"]).run();
            output.fails_with(code);
            if code == 0 {
                output.stderr_has(note);
                assert!(project.modcache().join("example.com/new@v1.0.0").exists());
            } else {
                output.stderr_has("requires go >= 1.99 (running go ").stderr_has(setting);
            }
        }
    }
}

#[test]
fn a_tree_without_zip_and_hash_is_replaced() {
    // go takes such a tree for what it just downloaded, whatever it holds.
    let server = serve();
    let project = project(PROJECT, &server);
    let tree = project.modcache().join("example.com/a@v1.0.0");
    fs::create_dir_all(&tree).expect("a folder");
    fs::write(tree.join("p.go"), "package evil\n").expect("a file");
    project.gomodfetch(["download"]).run().success().silent();
    assert_eq!(fs::read_to_string(tree.join("p.go")).expect("a file"), "package p\n");
    assert!(tree.join("go.mod").exists());
}

#[test]
fn an_info_of_another_version_is_fetched_again() {
    let server = serve();
    let project = project(PROJECT, &server);
    project.gomodfetch(["download"]).run().success();
    let info = project.modcache().join("cache/download/example.com/a/@v/v1.0.0.info");
    let text = fs::read_to_string(&info).expect("an .info");
    fs::write(&info, text.replace("v1.0.0", "v1.9.9")).expect("a file");
    project.gomodfetch(["download", "-json"]).run().success();
    assert_eq!(fs::read_to_string(&info).expect("an .info"), text);
}

#[test]
fn a_zip_whose_files_are_refused_is_not_kept() {
    let mut registry = Registry::new();
    registry.insert(ModuleVersion::new("example.com/bad v1.0.0", "-- con/x.go --\npackage con\n"));
    let server = Server::http(registry);
    let project = project("", &server);
    project.gomodfetch(["download", "example.com/bad@v1.0.0"]).run().fails_with(5);
    let left = Snapshot::of(&project.modcache());
    let zips: Vec<&str> = left.files().into_iter().filter(|file| file.contains(".zip")).collect();
    assert_eq!(zips, [""; 0]);
    tree::remove(&project.modcache());
}

#[cfg(unix)]
#[test]
fn permissions_are_those_of_the_module_cache() {
    for (umask, flag, expected) in [
        ("022", "-modcacherw=false", [0o644, 0o755, 0o444, 0o555]),
        ("027", "-modcacherw=false", [0o640, 0o750, 0o440, 0o550]),
        ("077", "-modcacherw=false", [0o600, 0o700, 0o400, 0o500]),
        ("027", "-modcacherw", [0o640, 0o750, 0o440, 0o750]),
    ] {
        let server = serve();
        let project = project(PROJECT, &server);
        project.gomodfetch(["download", flag]).umask(umask).run().success().silent();
        let cache = Snapshot::of(&project.modcache());
        let modes = [
            "cache/download/example.com/a/@v/v1.0.0.zip",
            "cache/download/example.com/a/@v",
            "example.com/a@v1.0.0/p.go",
            "example.com/a@v1.0.0",
        ]
        .map(|path| cache.nodes[path].mode);
        assert_eq!(modes, expected, "{umask} {flag}");
    }
}

#[test]
fn nothing_is_left_outside_of_the_cache() {
    let server = serve();
    let project = project(PROJECT, &server);
    project.gomodfetch(["download", "all"]).run().success().silent();
    assert_eq!(Snapshot::of(&project.tmp()).files(), [""; 0]);
    assert_eq!(Snapshot::of(&project.home()).files(), [""; 0]);
    assert_eq!(Snapshot::of(&project.dir()).files(), ["go.mod", "go.sum"]);
    let gopath = Snapshot::of(&project.gopath());
    assert!(gopath.files().iter().all(|file| file.starts_with("pkg/mod/")));
}

#[test]
fn a_cache_that_cannot_be_is_said() {
    let server = serve();
    let mut project = project(PROJECT, &server);
    project.set("GOMODCACHE", "relative");
    let output = project.gomodfetch(["download"]).run();
    output.fails_with(1).stderr_has("GOMODCACHE entry is relative");
    let place = project.dir().join("go.mod");
    project.set("GOMODCACHE", &place);
    let output = project.gomodfetch(["download"]).run();
    output
        .fails_with(1)
        .stderr_has("could not create module cache: ")
        .stderr_has("not a directory");
}
