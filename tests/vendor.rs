//! `gomodfetch vendor` where it has ways of its own: the old directory stays until the new one is
//! complete, and `--check`. What `go mod vendor` and `go mod why` do is compared in the lane `oracle.rs`.

mod support;

use std::fs;

use support::cli::Project;
use support::registry::Registry;
use support::server::Server;
use support::tree::Snapshot;

const MODULES: &str = "\
-- example.com/a@v1.0.0/go.mod --
module example.com/a

go 1.20
-- example.com/a@v1.0.0/LICENSE --
license
-- example.com/a@v1.0.0/a.go --
package a
-- example.com/a@v1.0.0/sub/s.go --
package sub

import _ \"embed\"

//go:embed data.txt
var data string
-- example.com/a@v1.0.0/sub/data.txt --
data
";

const PROJECT: &str = "\
-- go.mod --
module example.org/main

go 1.20

require example.com/a v1.0.0
-- main.go --
package main

import _ \"example.com/a/sub\"
";

/// A project whose go.sum is complete.
fn project(server: &Server) -> Project {
    let mut project = Project::new(PROJECT);
    project.use_server(server);
    project.gomodfetch(["download", "all"]).run().success();
    project
}

fn serve() -> Server {
    Server::http(Registry::from_txtar(MODULES))
}

#[test]
fn the_old_directory_stays_when_something_fails() {
    let server = serve();
    let project = project(&server);
    project.write("vendor/old.txt", "old");
    project.write("more.go", "package main\n\nimport _ \"example.com/none\"\n");
    let before = Snapshot::of(&project.dir());
    for _ in 0..2 {
        let output = project.gomodfetch(["vendor"]).run();
        output.fails_with(1).stderr_is(
            "go: example.org/main imports\n\texample.com/none: no required module provides package \
             example.com/none; to add it:\n\tgo get example.com/none\n",
        );
        assert!(before.diff(&Snapshot::of(&project.dir())).is_empty());
    }
    project.gomodfetch(["vendor", "-e"]).run().success().stderr_has("example.com/none");
    assert!(!project.has("vendor/old.txt"));
    let text = "# example.com/a v1.0.0\n## explicit; go 1.20\nexample.com/a/sub\n";
    assert_eq!(project.read("vendor/modules.txt"), text);
    let names = Snapshot::of(&project.dir().join("vendor"));
    let want = [
        "example.com/a/LICENSE",
        "example.com/a/sub/data.txt",
        "example.com/a/sub/s.go",
        "modules.txt",
    ];
    assert_eq!(names.files(), want);
    let leftovers = fs::read_dir(project.dir()).unwrap().flatten();
    assert!(
        !leftovers.into_iter().any(|entry| entry.file_name().to_string_lossy().contains(".tmp-"))
    );
}

#[cfg(unix)]
#[test]
fn a_link_is_replaced_and_not_followed() {
    let server = serve();
    let project = project(&server);
    project.write("elsewhere/kept.txt", "kept");
    std::os::unix::fs::symlink("elsewhere", project.dir().join("vendor")).unwrap();
    project.gomodfetch(["vendor"]).run().success().silent();
    assert!(project.dir().join("vendor").symlink_metadata().unwrap().is_dir());
    assert_eq!(project.read("elsewhere/kept.txt"), "kept");
    assert!(!project.has("elsewhere/modules.txt"));
}

#[test]
fn only_what_packages_come_from_is_fetched() {
    let mut registry = Registry::from_txtar(MODULES);
    registry.add("example.com/unused v1.0.0", "-- u.go --\npackage unused\n");
    let server = Server::http(registry);
    let project = project(&server);
    let text = project.read("go.mod") + "\nrequire example.com/unused v1.0.0\n";
    project.write("go.mod", &text);
    project.gomodfetch(["download", "all"]).run().success();
    support::tree::remove(&project.modcache());
    let before = server.requests().len();
    project.gomodfetch(["vendor"]).run().success().silent();
    let asked: Vec<String> =
        server.requests()[before..].iter().map(|request| request.path.clone()).collect();
    assert!(asked.iter().any(|path| path.ends_with("/example.com/a/@v/v1.0.0.zip")), "{asked:?}");
    assert!(!asked.iter().any(|path| path.contains("unused/@v/v1.0.0.zip")), "{asked:?}");
}

#[test]
fn check_compares_modules_txt() {
    let server = serve();
    let project = project(&server);
    let output = project.gomodfetch(["vendor", "--check"]).run();
    output.fails_with(1).stderr_has("go: inconsistent vendoring in $ROOT/project:\n");
    project.gomodfetch(["vendor"]).run().success();
    let before = server.requests().len();
    project.gomodfetch(["vendor", "--check"]).run().success().silent();
    project.write("go.mod", &project.read("go.mod").replace("v1.0.0", "v1.1.0"));
    let output = project.gomodfetch(["mod", "vendor", "--check=modules"]).run();
    output.fails_with(1).stderr_has("example.com/a@v1.1.0: is explicitly required in go.mod");
    assert_eq!(server.requests().len(), before);
}

#[test]
fn check_names_files_that_were_edited() {
    let server = serve();
    let project = project(&server);
    let check = || project.gomodfetch(["vendor", "--check=content"]).run();
    check().fails_with(1).stdout_is(
        "missing: example.com/a/LICENSE\nmissing: example.com/a/sub/data.txt\n\
         missing: example.com/a/sub/s.go\nmissing: modules.txt\n",
    );
    assert!(!project.has("vendor"));
    project.gomodfetch(["vendor"]).run().success();
    check().success().silent();
    project.write("vendor/example.com/a/sub/s.go", "package sub // edited\n");
    project.write("vendor/example.com/a/more.go", "package a\n");
    fs::remove_file(project.dir().join("vendor/example.com/a/LICENSE")).unwrap();
    let before = Snapshot::of(&project.dir());
    check().fails_with(1).stderr_is("").stdout_is(
        "missing: example.com/a/LICENSE\nextra: example.com/a/more.go\n\
         changed: example.com/a/sub/s.go\n",
    );
    assert!(before.diff(&Snapshot::of(&project.dir())).is_empty());
    // Imports that came later are missing, too.
    project.gomodfetch(["vendor"]).run().success();
    project.write("more.go", "package main\n\nimport _ \"example.com/a\"\n");
    check().fails_with(1).stdout_is("missing: example.com/a/a.go\nchanged: modules.txt\n");
}

#[test]
fn check_does_not_believe_a_cache_that_was_edited() {
    let server = serve();
    let project = project(&server);
    project.gomodfetch(["vendor"]).run().success();
    support::tree::make_writable(&project.modcache());
    let file = project.modcache().join("example.com/a@v1.0.0/sub/s.go");
    let mut permissions = fs::metadata(&file).unwrap().permissions();
    #[allow(clippy::permissions_set_readonly_false)]
    permissions.set_readonly(false);
    fs::set_permissions(&file, permissions).unwrap();
    fs::write(&file, "package sub // edited\n").unwrap();
    let output = project.gomodfetch(["vendor", "--check=content", "--hints"]).run();
    output.fails_with(5).stderr_is(
        "go: example.com/a@v1.0.0: the module cache holds something else than was downloaded\n\
         hint: fetch it again: gomodfetch verify --repair\n",
    );
}

#[test]
fn files_that_stand_in_for_others_count() {
    let server = serve();
    let project = project(&server);
    project.write("stand-in", "package main\n\nimport _ \"example.com/a\"\n");
    project.write("overlay.json", r#"{"Replace": {"main.go": "", "new/n.go": "stand-in"}}"#);
    project.gomodfetch(["vendor", "-overlay=overlay.json"]).run().success().silent();
    assert_eq!(
        project.read("vendor/modules.txt"),
        "# example.com/a v1.0.0\n## explicit; go 1.20\nexample.com/a\n"
    );
}

#[test]
fn without_a_go_its_library_is_known_by_name() {
    let server = serve();
    let project = project(&server);
    project.write("std.go", "package main\n\nimport (\n\t_ \"fmt\"\n\t_ \"no/such\"\n)\n");
    project.gomodfetch(["vendor"]).run().success().silent();
    let output = project.gomodfetch(["why", "fmt", "example.com/a/sub"]).run();
    output.success().stdout_is(
        "# fmt\nexample.org/main\nfmt\n\n# example.com/a/sub\nexample.org/main\nexample.com/a/sub\n",
    );
}
