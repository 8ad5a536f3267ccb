//! Projects of other shapes: workspaces, replaced modules, go.mod files of before go 1.17, vendor directories.

use super::{Project, Registry, Server, empty_cache, go_mods, needed, plain, project, zips};

/// `a` imports `b`; `a` requires `c`, too, which needs `d` for what nobody imports.
fn chain() -> Registry {
    let mut registry = Registry::from_txtar(
        "\
-- example.com/a@v1.0.0/go.mod --
module example.com/a

go 1.20

require (
	example.com/b v1.0.0
	example.com/c v1.0.0
)
-- example.com/a@v1.0.0/a.go --
package a

import _ \"example.com/b\"
-- example.com/c@v1.0.0/go.mod --
module example.com/c

go 1.20

require example.com/d v1.0.0
-- example.com/c@v1.0.0/c.go --
package c

import _ \"example.com/d\"
",
    );
    plain(&mut registry, &["b", "d", "e", "fork"]);
    registry
}

const MAIN: &str = "-- main.go --\npackage main\n\nimport _ \"example.com/a\"\n\nfunc main() {}\n";

#[test]
fn go_mod_files_before_lazy_loading() {
    let server = Server::http(chain());
    let project = project(&server, "1.16", &["a"], MAIN);
    needed(&project, &[]).success().silent();
    assert_eq!(zips(&project), ["a", "b"]);
    // go reads the whole module graph.
    assert_eq!(go_mods(&project), ["a", "b", "c", "d"]);
    let sums = project.read("go.sum");
    assert!(
        sums.contains("example.com/d v1.0.0/go.mod ") && !sums.contains("example.com/d v1.0.0 h1")
    );
}

#[test]
fn lazy_loading_reads_no_more_go_mod_files() {
    let server = Server::http(chain());
    let project = project(&server, "1.21", &["a", "b", "c"], MAIN);
    needed(&project, &[]).success().silent();
    assert_eq!(zips(&project), ["a", "b"]);
    assert_eq!(go_mods(&project), ["a", "b"]);
}

#[test]
fn modules_that_are_replaced() {
    let server = Server::http(chain());
    let files = "\
-- main.go --
package main

import (
	_ \"example.com/a\"
	_ \"example.com/c\"
)

func main() {}
-- local/go.mod --
module example.com/c

go 1.20

require example.com/e v1.0.0
-- local/c.go --
package c

import _ \"example.com/e\"
";
    let project = project(&server, "1.21", &["a", "b", "c", "e"], files);
    let text = project.read("go.mod")
        + "\nreplace example.com/c => ./local\n\nreplace example.com/b => example.com/fork v1.0.0\n";
    project.write("go.mod", &text);
    let told = needed(&project, &["-json"]).success().json();
    let paths: Vec<&str> = told.iter().map(|module| module["Path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["example.com/a", "example.com/e", "example.com/fork"]);
    assert_eq!(zips(&project), ["a", "e", "fork"]);
}

#[test]
fn a_module_that_could_have_the_package_is_needed_too() {
    let mut registry = chain();
    registry.add(
        "example.com/a/deep v1.0.0",
        "-- go.mod --\nmodule example.com/a/deep\n\ngo 1.20\n-- other/o.go --\npackage other\n",
    );
    registry.add(
        "example.com/a v1.1.0",
        "-- go.mod --\nmodule example.com/a\n\ngo 1.20\n-- deep/sub/s.go --\npackage sub\n",
    );
    let server = Server::http(registry);
    let project = project(
        &server,
        "1.21",
        &["a/deep"],
        "-- main.go --\npackage main\n\nimport _ \"example.com/a/deep/sub\"\n\nfunc main() {}\n",
    );
    project.write("go.mod", &(project.read("go.mod") + "\nrequire example.com/a v1.1.0\n"));
    needed(&project, &[]).success().silent();
    assert_eq!(zips(&project), ["a/deep", "a@v1.1.0"]);
}

const WORKSPACE: &str = "\
-- go.work --
go 1.21

use (
	./one
	./two
)
-- one/go.mod --
module example.org/one

go 1.21

require (
	example.com/a v1.0.0
	example.com/b v1.0.0
	example.com/c v1.0.0
)
-- one/one.go --
package one

import (
	_ \"example.com/a\"
	_ \"example.org/two/sub\"
)
-- two/go.mod --
module example.org/two

go 1.21

require example.com/e v1.0.0
-- two/two_test.go --
package two

import _ \"example.com/e\"
-- two/sub/sub.go --
package sub
";

#[test]
fn workspaces() {
    let server = Server::http(chain());
    let mut project = Project::new(WORKSPACE);
    project.use_server(&server);
    let run = |args: &[&str], dir: &str| {
        empty_cache(&project);
        let args = ["download", "--needed"].iter().chain(args);
        project.gomodfetch(args).within(dir).run().success().silent();
        zips(&project).join(" ")
    };
    assert_eq!(run(&[], "two"), "a b");
    assert_eq!(run(&["--tests"], "two/sub"), "a b e");
    assert_eq!(run(&["--tests", "./..."], "two"), "e");
    assert!(!project.has("one/go.sum") && project.has("go.work.sum"));
    let before = server.requests().len();
    project.gomodfetch(["download", "--needed", "--locked", "--tests"]).run().success();
    assert!(server.requests().len() > before, "the cache had only e");
    let output = needed(&project, &["--summary", "--tests"]);
    output.success().stderr_has("# --needed spared 2 modules: ");
    // Outside of the workspace each module stands for itself.
    let alone = project.gomodfetch(["download", "--needed"]).within("two").env("GOWORK", "off");
    empty_cache(&project);
    alone.run().success().silent();
    assert!(zips(&project).is_empty());
}

#[test]
fn a_vendor_directory_makes_all_needless() {
    let server = Server::http(chain());
    let mut project = project(&server, "1.21", &["a", "b", "c"], MAIN);
    project.gomodfetch(["download", "all"]).run().success();
    project.gomodfetch(["vendor"]).run().success();
    empty_cache(&project);
    server.forget_requests();
    let note = "gomodfetch: no modules needed: go builds from the vendor directory\n";
    needed(&project, &["--summary"]).success().stderr_is(note).stdout_is("");
    project.set("GOFLAGS", "-mod=vendor");
    needed(&project, &[]).success().stderr_is(note);
    assert!(server.requests().is_empty());
    project.set("GOFLAGS", "-mod=readonly");
    needed(&project, &[]).success().silent();
    assert_eq!(zips(&project), ["a", "b"]);
    empty_cache(&project);
    project.set("GOFLAGS", "-mod=mod");
    needed(&project, &[]).success().silent();
    assert_eq!(zips(&project), ["a", "b"]);
    // It would not be used, for go would complain.
    project.unset("GOFLAGS");
    project.write("go.mod", &project.read("go.mod").replace("/a v1.0.0", "/a v1.0.1"));
    needed(&project, &[])
        .fails_with(1)
        .stderr_has("go: inconsistent vendoring in $ROOT/project:\n");
}

#[test]
fn requirements_that_go_mod_lacks() {
    let server = Server::http(chain());
    let files = "-- main.go --\npackage main\n\nimport (\n\t_ \"example.com/a\"\n\t_ \"example.com/c\"\n)\n";
    let mut project = project(&server, "1.21", &["a"], files);
    let before = project.read("go.mod");
    let output = needed(&project, &[]);
    output.fails_with(1).stderr_has("updates to go.mod needed");
    assert_eq!(project.read("go.mod"), before);
    // All that could be had is there, for whoever mends it; that d is needed is not known before.
    assert_eq!(zips(&project), ["a", "b", "c"]);
    project.set("GOFLAGS", "-mod=mod");
    needed(&project, &["--locked"]).fails_with(1).stderr_has("disabled by --locked");
    assert_eq!(project.read("go.mod"), before);
    needed(&project, &[]).success().silent();
    assert_ne!(project.read("go.mod"), before);
    project.unset("GOFLAGS");
    needed(&project, &["--locked"]).success().silent();
}
