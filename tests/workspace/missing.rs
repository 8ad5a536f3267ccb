//! Modules that go.work uses and that are not there.

use std::fs;

use crate::{PROJECT, project, serve};

#[test]
fn the_error_names_the_folder_and_says_what_can_be_done() {
    let server = serve();
    let project = project(PROJECT, &server);
    fs::remove_dir_all(project.dir().join("two")).unwrap();
    for command in ["download", "graph"] {
        let output = project.gomodfetch([command, "--hints"]).run();
        output.fails_with(1).stderr_is(
            "go: cannot load module two listed in go.work file: open two/go.mod: no such file or directory\n\
             hint: put the module into two, or go on without it: --ignore-missing-use\n",
        );
    }
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn it_goes_on_without_them() {
    let server = serve();
    let project = project(PROJECT, &server);
    fs::remove_dir_all(project.dir().join("two")).unwrap();
    let note = "gomodfetch: going on without module two listed in go.work file\n";
    let output = project.gomodfetch(["graph", "--ignore-missing-use"]).run();
    output.success().stderr_is(note).stdout_has("example.org/one example.com/a@v1.0.0\n");
    output.lacks("example.org/two");
    project.gomodfetch(["download", "--ignore-missing-use"]).run().success().stderr_is(note);
    assert!(project.modcache().join("example.com/a@v1.0.0").exists());
    assert!(project.read("go.work.sum").contains("example.com/a v1.0.0 h1:"));
    // What the module that is missing would have raised.
    assert!(project.modcache().join("example.com/b@v1.0.0").exists());
}

#[test]
fn a_folder_without_go_mod_is_missing_too() {
    let server = serve();
    let project = project(PROJECT, &server);
    fs::remove_file(project.dir().join("two/go.mod")).unwrap();
    project.gomodfetch(["graph", "--ignore-missing-use"]).run().success();
}

#[test]
fn all_of_them_may_be_missing() {
    let server = serve();
    let project = project(PROJECT, &server);
    for dir in ["one", "two"] {
        fs::remove_dir_all(project.dir().join(dir)).unwrap();
    }
    let output = project.gomodfetch(["download", "--ignore-missing-use"]).run();
    output.fails_with(1).stderr_has("no modules were found in the current workspace");
    let args = ["download", "--ignore-missing-use", "example.com/a@v1.0.0"];
    project.gomodfetch(args).run().success();
}

#[test]
fn a_module_that_is_replaced_by_one_of_them_requires_nothing() {
    let server = serve();
    let project = project(PROJECT, &server);
    let more = "require example.org/two v0.0.0\nreplace example.org/two => ../two\n";
    project.write("one/go.mod", &(project.read("one/go.mod") + more));
    fs::remove_dir_all(project.dir().join("two")).unwrap();
    let output = project.gomodfetch(["graph", "--ignore-missing-use"]).run();
    output.success().stdout_has("example.org/one example.org/two@v0.0.0\n");
    project.gomodfetch(["download", "--ignore-missing-use"]).run().success();
    assert!(project.modcache().join("example.com/a@v1.0.0").exists());
}

#[test]
fn what_is_there_must_still_be_sound() {
    let server = serve();
    let project = project(PROJECT, &server);
    fs::remove_dir_all(project.dir().join("two")).unwrap();
    project.write("one/go.mod", "module example.org/one\n\nnonsense\n");
    let output = project.gomodfetch(["graph", "--ignore-missing-use"]).run();
    output.fails_with(1).stderr_has("go: cannot load module one listed in go.work file: errors");
    // Unreadable is not missing.
    project.write("one/go.mod", "module example.org/one\n\ngo 1.21\n");
    fs::create_dir_all(project.dir().join("two/go.mod")).unwrap();
    project.gomodfetch(["graph", "--ignore-missing-use"]).run().fails_with(1);
}
