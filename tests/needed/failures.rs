//! What goes wrong: imports that lead nowhere, modules that can't be had, and what can't go together. Whatever
//! could be had is in the cache all the same.

use super::files::{FILES, REQUIRES, serve};
use super::{Registry, Server, empty_cache, needed, plain, project, zips};

#[test]
fn imports_that_lead_nowhere() {
    let server = serve();
    let files =
        format!("{FILES}-- more.go --\npackage main\n\nimport _ \"example.com/none/sub\"\n");
    let project = project(&server, "1.21", &REQUIRES, &files);
    let text = "go: example.org/main imports\n\texample.com/none/sub: no required module provides package \
                example.com/none/sub; to add it:\n\tgo get example.com/none/sub\n";
    let hint = "hint: name the builds that matter, such as --os linux --arch amd64: all systems and build \
                tags were considered\n";
    needed(&project, &["--hints"]).fails_with(1).stderr_is(&format!("{text}{hint}"));
    // go looks for it in the whole module graph.
    assert_eq!(zips(&project), ["a", "b", "inner"]);
    let sums = project.read("go.sum");
    assert!(sums.contains("example.com/b v1.0.0 h1:"), "{sums}");
    let args = ["--hints", "--os", "linux", "--arch", "amd64"];
    needed(&project, &args).fails_with(1).stderr_is(text);
    // Other packages are not concerned.
    needed(&project, &["./cmd/..."]).success().silent();
}

#[test]
fn imports_of_some_builds_that_lead_nowhere() {
    let server = serve();
    let files =
        format!("{FILES}-- x_windows.go --\npackage main\n\nimport _ \"example.com/none\"\n");
    let project = project(&server, "1.21", &REQUIRES, &files);
    let args = ["--hints", "--arch", "amd64", "--os", "linux,windows,darwin"];
    needed(&project, &args).fails_with(1).stderr_is(
        "go: example.org/main imports\n\texample.com/none: no required module provides package \
         example.com/none; to add it:\n\tgo get example.com/none\n\
         hint: leave out windows/amd64, if no such build is wanted\n",
    );
    needed(&project, &["--os", "linux,darwin"]).success().silent();
}

#[test]
fn imports_that_lead_to_several_places() {
    let mut registry = Registry::new();
    plain(&mut registry, &["a/b"]);
    registry.add(
        "example.com/a v1.0.0",
        "-- go.mod --\nmodule example.com/a\n-- b/b.go --\npackage b\n",
    );
    let server = Server::http(registry);
    let files = "-- main.go --\npackage main\n\nimport _ \"example.com/a/b\"\n";
    let project = project(&server, "1.21", &["a", "a/b"], files);
    needed(&project, &[]).fails_with(1).stderr_is(
        "go: example.org/main imports\n\texample.com/a/b: ambiguous import: found package \
         example.com/a/b in multiple modules:\n\
         \texample.com/a v1.0.0 ($ROOT/gopath/pkg/mod/example.com/a@v1.0.0/b)\n\
         \texample.com/a/b v1.0.0 ($ROOT/gopath/pkg/mod/example.com/a/b@v1.0.0)\n",
    );
    assert_eq!(zips(&project), ["a", "a/b"]);
}

#[test]
fn modules_that_cannot_be_had() {
    let server = serve();
    let project = project(&server, "1.21", &REQUIRES, FILES);
    server.registry().remove("example.com/b v1.0.0");
    let output = needed(&project, &["-json"]);
    output
        .fails_with(3)
        .stderr_has("go: example.org/main imports\n\texample.com/a/sub imports\n\texample.com/b: ");
    let told = output.json();
    assert_eq!(told[1]["Path"], "example.com/b");
    assert!(told[1]["Error"].as_str().unwrap().contains("404"), "{told:?}");
    assert_eq!(zips(&project), ["a", "inner"]);
}

#[test]
fn modules_that_go_sum_contradicts() {
    let server = serve();
    let project = project(&server, "1.21", &REQUIRES, FILES);
    let wrong = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    project.write("go.sum", &format!("example.com/b v1.0.0 {wrong}\n"));
    needed(&project, &[]).fails_with(5).stderr_has("SECURITY ERROR");
    assert!(!zips(&project).contains(&"b".to_owned()));
    assert_eq!(project.read("go.sum"), format!("example.com/b v1.0.0 {wrong}\n"));
}

#[test]
fn sums_that_must_not_be_added() {
    let server = serve();
    let project = project(&server, "1.21", &REQUIRES, FILES);
    needed(&project, &["--locked"])
        .fails_with(1)
        .stderr_is("go: updates to go.sum needed, disabled by --locked\n");
    assert!(!project.has("go.sum"));
    assert_eq!(zips(&project), ["a", "b", "inner"]);
}

#[test]
fn what_cannot_go_together() {
    let server = serve();
    let project = project(&server, "1.21", &REQUIRES, FILES);
    let later = "what packages import is known only once their modules have been downloaded\n";
    for (args, text) in [
        (&["--dry-run"] as &[_], format!("go: --needed cannot be used with --dry-run: {later}")),
        (&["-reuse=x.json"], format!("go: --needed cannot be used with -reuse: {later}")),
        (
            &["example.com/a@v1.0.0"],
            "go: package example.com/a@v1.0.0: can only use path@version syntax with 'go get' and 'go \
             install' in module-aware mode\n"
                .to_owned(),
        ),
        (&["main.go"], "go: main.go is a file: --needed takes packages, name its folder\n".to_owned()),
    ] {
        needed(&project, args).fails_with(2).stderr_is(&text);
    }
    for flag in ["--os=linux", "--arch=amd64", "--tags=x", "--tests"] {
        let output = project.gomodfetch(["download", flag]).run();
        output.fails_with(2).stderr_has("--needed");
    }
    assert!(server.requests().is_empty());
    empty_cache(&project);
    let output = needed(&project, &["--hints", "./nope", "./nope/...", "../outside/..."]);
    output.fails_with(1).stderr_is(
        "go: stat $ROOT/project/nope: directory not found\n\
         go: pattern ./nope/...: lstat ./nope/: no such file or directory\n\
         go: directory prefix ../outside does not contain main module or its selected dependencies\n",
    );
}

#[test]
fn outside_of_any_module() {
    let server = serve();
    let mut project = super::Project::new("-- a.go --\npackage a\n");
    project.use_server(&server);
    needed(&project, &[]).fails_with(1).stderr_is(
        "go: go.mod file not found in current directory or any parent directory; see 'go help modules'\n",
    );
}
