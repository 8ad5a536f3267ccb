//! Which modules count: those that imports lead to, and no others; what is written and what is told.

use super::support::faults::{Fault, Gate};
use super::{Registry, Server, empty_cache, go_mods, needed, plain, project, zips};

/// A project whose main package imports a part of `a`, which imports `b`; `t` and `onlytest` are for tests of
/// the project and of `a`.
pub const REQUIRES: [&str; 6] = ["a", "b", "inner", "onlytest", "t", "unused"];

pub const FILES: &str = "\
-- main.go --
package main

import _ \"example.com/a/sub\"

func main() {}
-- main_test.go --
package main

import _ \"example.com/t\"
-- cmd/tool/tool.go --
package main

import _ \"example.com/inner\"

func main() {}
-- testdata/x.go --
package x

import _ \"example.com/unused\"
-- old/old.go --
//go:build ignore

package main

import _ \"example.com/unused\"
";

pub fn serve() -> Server {
    let mut registry = Registry::from_txtar(
        "\
-- example.com/a@v1.0.0/go.mod --
module example.com/a

go 1.20

require (
	example.com/b v1.0.0
	example.com/onlytest v1.0.0
)
-- example.com/a@v1.0.0/a.go --
package a

import _ \"example.com/unused\"
-- example.com/a@v1.0.0/sub/s.go --
package sub

import _ \"example.com/b\"
-- example.com/a@v1.0.0/sub/s_test.go --
package sub

import _ \"example.com/onlytest\"
",
    );
    plain(&mut registry, &["b", "inner", "onlytest", "t", "unused"]);
    Server::http(registry)
}

#[test]
fn what_packages_import_and_nothing_else() {
    let server = serve();
    let project = project(&server, "1.21", &REQUIRES, FILES);
    needed(&project, &[]).success().silent();
    assert_eq!(zips(&project), ["a", "b", "inner"]);
    // The module graph had not to be loaded.
    assert_eq!(go_mods(&project), ["a", "b", "inner"]);
    let want = ["a", "b", "inner"].map(|name| format!("example.com/{name} v1.0.0"));
    let want: Vec<&str> = want.iter().map(String::as_str).collect();
    assert_eq!(project.read("go.sum"), server.registry().go_sum(&want));
    let before = (server.requests().len(), project.read("go.mod"));
    needed(&project, &["--locked"]).success().silent();
    assert_eq!((server.requests().len(), project.read("go.mod")), before);
}

#[test]
fn wherever_it_is_run() {
    let server = serve();
    let project = project(&server, "1.21", &REQUIRES, FILES);
    let run = |args: &[&str]| {
        empty_cache(&project);
        let args = ["download", "--needed"].iter().chain(args);
        project.gomodfetch(args).within("cmd/tool").run().success().silent();
        zips(&project)
    };
    assert_eq!(run(&[]), ["a", "b", "inner"]);
    assert_eq!(run(&["./..."]), ["inner"]);
    assert_eq!(run(&["../.."]), ["a", "b"]);
}

#[test]
fn packages_that_are_named() {
    let server = serve();
    let project = project(&server, "1.21", &REQUIRES, FILES);
    for (args, want) in [
        (&["."] as &[_], &["a", "b"] as &[_]),
        (&["./cmd/..."], &["inner"]),
        (&["./cmd/tool", "."], &["a", "b", "inner"]),
        (&["example.org/main/cmd/tool"], &["inner"]),
        (&["example.com/b"], &["b"]),
        (&["example.com/a"], &["a", "unused"]),
        (&["example.com/a/..."], &["a", "b", "unused"]),
        (&["work"], &["a", "b", "inner"]),
        // The tests of main modules belong to it.
        (&["all"], &["a", "b", "inner", "t"]),
        (&["fmt"], &[]),
    ] {
        empty_cache(&project);
        needed(&project, args).success().silent();
        assert_eq!(zips(&project), *want, "{args:?}");
    }
    empty_cache(&project);
    let output = needed(&project, &["./cmd", "./old/..."]);
    output.fails_with(1).stderr_is(
        "go: warning: \"./old/...\" matched no packages\n\
         go: no Go files in $ROOT/project/cmd\n",
    );
}

#[test]
fn tests_count_if_wanted() {
    let server = serve();
    let project = project(&server, "1.21", &REQUIRES, FILES);
    needed(&project, &["--tests"]).success().silent();
    assert_eq!(zips(&project), ["a", "b", "inner", "t"]);
    // Those of dependencies count where they are asked for.
    needed(&project, &["--tests", "example.com/a/sub"]).success().silent();
    assert_eq!(zips(&project), ["a", "b", "inner", "onlytest", "t"]);
}

#[test]
fn each_module_is_told_with_json() {
    let server = serve();
    let project = project(&server, "1.21", &REQUIRES, FILES);
    let output = needed(&project, &["-json"]);
    let told = output.success().json();
    let paths: Vec<&str> = told.iter().map(|module| module["Path"].as_str().unwrap()).collect();
    assert_eq!(paths, ["example.com/a", "example.com/b", "example.com/inner"]);
    // go mod download says the same.
    empty_cache(&project);
    let args = ["download", "-json", "example.com/a", "example.com/b", "example.com/inner"];
    project.gomodfetch(args).run().success().stdout_is(&output.relative(&output.stdout));
}

#[test]
fn all_files_of_a_module_are_asked_for_at_once() {
    let server = serve();
    let project = project(&server, "1.21", &REQUIRES, FILES);
    // None of the three is answered before all have been asked for.
    let together = Gate::for_company(3);
    server.fault(Fault::on("*/example.com/b/@v/v1.0.0.*").gate(&together));
    needed(&project, &[]).success().silent();
    assert!(together.is_open());
    assert_eq!(zips(&project), ["a", "b", "inner"]);
}

#[test]
fn files_that_stand_in_for_others_count() {
    let server = serve();
    let project = project(&server, "1.21", &REQUIRES, FILES);
    project.write("stand-in", "package main\n\nimport _ \"example.com/unused\"\n");
    project.write(
        "overlay.json",
        r#"{"Replace": {"main.go": "", "new/n.go": "stand-in", "cmd/tool/tool.go": "stand-in"}}"#,
    );
    needed(&project, &["-overlay=overlay.json"]).success().silent();
    assert_eq!(zips(&project), ["unused"]);
}

#[test]
fn what_was_spared_is_counted() {
    let server = serve();
    let project = project(&server, "1.21", &REQUIRES, FILES);
    let size = |names: &[&str]| {
        let zip = |name| server.registry().get(&format!("example.com/{name} v1.0.0")).zip.len();
        let bytes: usize = names.iter().map(zip).sum();
        match bytes {
            0..1000 => format!("{bytes} B"),
            _ => format!("{:.2} kB", bytes as f64 / 1000.0),
        }
    };
    let spared = size(&["onlytest", "t", "unused"]);
    let output = needed(&project, &["--summary"]);
    output.success().stderr_has(&format!("# --needed spared 3 modules: {spared}\n"));
    assert_eq!(zips(&project), ["a", "b", "inner"]);
    // What is there already is not counted.
    project.gomodfetch(["download", "example.com/t"]).run().success();
    let spared = size(&["onlytest", "unused"]);
    let output = needed(&project, &["-x"]);
    output.success().stderr_has(&format!("# --needed spared 2 modules: {spared}\n"));
    // Nobody asks for sizes that nobody is told.
    server.forget_requests();
    needed(&project, &[]).success().silent();
    assert!(server.requests().is_empty());
}
