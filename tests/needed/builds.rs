//! Which builds count: all, or exactly those that are named.

use super::{Project, Registry, Server, empty_cache, needed, plain, project, zips};

pub const REQUIRES: [&str; 16] = [
    "always", "amd64", "arm64", "cgo", "darwin", "debug", "exp", "extra", "go121", "later",
    "level", "neither", "never", "nocgo", "race", "windows",
];

/// A package with a file for each kind of constraint, which imports the module of its name.
pub fn files() -> String {
    let mut text =
        "-- main.go --\npackage main\n\nimport _ \"example.com/always\"\n\nfunc main() {}\n"
            .to_owned();
    for (name, constraint, module) in [
        ("x_windows", "", "windows"),
        ("darwin_only", "darwin", "darwin"),
        ("neither", "!linux && !windows", "neither"),
        ("x_linux_arm64", "", "arm64"),
        ("intel", "amd64 || 386", "amd64"),
        ("nocgo", "!cgo", "nocgo"),
        ("extra", "extra", "extra"),
        ("debug", "debug && !extra", "debug"),
        ("new", "go1.21", "go121"),
        ("later", "go1.999", "later"),
        ("level", "amd64.v3", "level"),
        ("exp", "goexperiment.whatever", "exp"),
        ("racing", "race", "race"),
        ("never", "ignore", "never"),
    ] {
        let line = match constraint {
            "" => String::new(),
            constraint => format!("//go:build {constraint}\n\n"),
        };
        text +=
            &format!("-- {name}.go --\n{line}package main\n\nimport _ \"example.com/{module}\"\n");
    }
    text + "-- c.go --\npackage main\n\nimport \"C\"\nimport _ \"example.com/cgo\"\n"
}

pub fn serve() -> Server {
    let mut registry = Registry::new();
    plain(&mut registry, &REQUIRES);
    Server::http(registry)
}

fn here(server: &Server) -> Project {
    let mut project = project(server, "1.21", &REQUIRES, &files());
    // Not what the machine that runs the tests has.
    project.set("GOOS", "").set("GOARCH", "");
    project
}

/// What is in the cache after a run with an empty one.
#[track_caller]
fn fetched(project: &Project, args: &[&str]) -> String {
    empty_cache(project);
    needed(project, args).success().silent();
    zips(project).join(" ")
}

#[test]
fn all_builds_unless_some_are_named() {
    let server = serve();
    let project = here(&server);
    let want = "always amd64 arm64 cgo darwin debug exp extra go121 later level neither nocgo race windows";
    assert_eq!(fetched(&project, &[]), want);
}

#[test]
fn builds_that_are_named() {
    let server = serve();
    let project = here(&server);
    for (args, want) in [
        ("--os linux --arch amd64", "always amd64 cgo exp go121 level nocgo"),
        ("--os linux --arch arm64", "always arm64 cgo exp go121 nocgo"),
        ("--os windows --arch 386", "always amd64 cgo exp go121 nocgo windows"),
        ("--os plan9 --arch arm", "always cgo exp go121 neither nocgo"),
        ("--os darwin,linux --arch arm64", "always arm64 cgo darwin exp go121 neither nocgo"),
        // Go is not built for darwin/386, and that is no error.
        (
            "--os darwin --os linux --arch 386 --arch arm64",
            "always amd64 arm64 cgo darwin exp go121 neither nocgo",
        ),
        ("--os linux --arch arm64 --tags debug", "always arm64 cgo debug exp go121 nocgo"),
        ("--os linux --arch arm64 --tags debug,extra", "always arm64 cgo exp extra go121 nocgo"),
        ("--os linux --arch arm64 --tags race", "always arm64 cgo exp go121 nocgo race"),
        ("--os android --arch arm64", "always arm64 cgo exp go121 nocgo"),
        ("--os ios --arch arm64", "always cgo darwin exp go121 neither nocgo"),
    ] {
        let args: Vec<&str> = args.split(' ').collect();
        assert_eq!(fetched(&project, &args), want, "{args:?}");
    }
}

#[test]
fn builds_that_settings_name() {
    let server = serve();
    let mut project = here(&server);
    project.set("GOARCH", "arm64");
    for (name, value, args, want) in [
        ("GOOS", "windows", &[] as &[_], "always cgo exp go121 nocgo windows"),
        ("GOOS", "windows", &["--os", "linux"], "always arm64 cgo exp go121 nocgo"),
        ("CGO_ENABLED", "1", &["--os", "linux"], "always arm64 cgo exp go121"),
        ("CGO_ENABLED", "0", &["--os", "linux"], "always arm64 exp go121 nocgo"),
        ("CGO_ENABLED", "yes", &["--os", "linux"], "always arm64 cgo exp go121 nocgo"),
        ("GOFLAGS", "-tags=extra", &["--os", "linux"], "always arm64 cgo exp extra go121 nocgo"),
        (
            "GOFLAGS",
            "-tags=extra",
            &["--os", "linux", "--tags", "debug"],
            "always arm64 cgo debug exp go121 nocgo",
        ),
        (
            "GOFLAGS",
            "-tags=extra",
            &["--os", "linux", "--tags="],
            "always arm64 cgo exp go121 nocgo",
        ),
        ("GOFLAGS", "-race", &["--os", "linux"], "always arm64 cgo exp go121 nocgo race"),
    ] {
        project.set(name, value);
        assert_eq!(fetched(&project, args), want, "{name}={value} {args:?}");
        project.unset(name);
    }
    // Tags alone are no build: all systems stay.
    project.unset("GOARCH").set("GOFLAGS", "-tags=extra");
    assert!(fetched(&project, &[]).contains("windows"));
    let file = project.root().join("goenv");
    std::fs::write(&file, "GOOS=plan9\nGOARCH=arm\nCGO_ENABLED=0\n").unwrap();
    project.set("GOENV", &file).unset("GOFLAGS").unset("GOOS");
    assert_eq!(fetched(&project, &[]), "always exp go121 neither nocgo");
}

#[test]
fn folders_that_hold_nothing_for_a_build_are_passed_over() {
    let server = serve();
    let files = "-- win/x_windows.go --\npackage win\n\nimport _ \"example.com/windows\"\n\
                 -- dep/x_windows.go --\npackage dep\n\
                 -- use/use.go --\npackage use\n\nimport _ \"example.org/main/dep\"\n\
                 import _ \"example.com/always\"\n";
    let project = project(&server, "1.21", &REQUIRES, files);
    assert_eq!(fetched(&project, &["./win/..."]), "windows");
    assert_eq!(fetched(&project, &["./...", "--os", "windows"]), "always windows");
    empty_cache(&project);
    // go says so of the build for Linux, and would build for Windows.
    let output = needed(&project, &["--hints", "--os", "linux,windows", "--arch", "amd64"]);
    output.fails_with(1).stderr_is(
        "go: example.org/main/use imports\n\texample.org/main/dep: build constraints exclude all Go \
         files in $ROOT/project/dep\n\
         hint: leave out linux/amd64, if no such build is wanted\n",
    );
    assert_eq!(zips(&project), ["always", "windows"]);
    let output = needed(&project, &["./win/...", "--os", "linux", "--arch", "amd64"]);
    output.success().stderr_is("go: warning: \"./win/...\" matched no packages\n");
}

#[test]
fn builds_that_go_does_not_know() {
    let server = serve();
    let project = here(&server);
    for (args, pair) in [
        ("--os linux,nosuch --arch amd64", "nosuch/amd64"),
        ("--os linux --arch nosuch", "linux/nosuch"),
        ("--os windows --arch ppc64", "windows/ppc64"),
    ] {
        let args: Vec<&str> = args.split(' ').collect();
        let text = format!("go: unsupported GOOS/GOARCH pair {pair}\n");
        needed(&project, &args).fails_with(2).stderr_is(&text);
    }
    assert!(server.requests().is_empty());
}
