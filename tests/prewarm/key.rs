//! What a key depends on.

use crate::module;
use crate::support::cli::Project;

#[track_caller]
fn key(project: &Project, args: &[&str]) -> String {
    let output = project.gomodfetch(["cache-key"].iter().chain(args)).run();
    output.success().stderr_is("");
    let key = output.stdout.trim_end_matches('\n').to_owned();
    let digits = key.strip_prefix("gomodfetch-v1-").unwrap_or_else(|| panic!("{key}"));
    assert_eq!((digits.len(), output.stdout.lines().count()), (32, 1));
    assert!(digits.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c)), "{key}");
    key
}

const MORE: &str = "\
-- a/go.sum --
example.com/m v1.0.0 h1:x
-- w/go.work --
go 1.21

use ./c
-- w/go.work.sum --
example.com/m v1.0.0 h1:y
-- a/p.go --
// Package p.
package p

import _ \"example.com/m\"
-- README --
x
";

fn project() -> Project {
    let files = [
        module("a", &["example.com/m v1.0.0"]),
        module("b", &["example.com/m v1.0.0"]),
        module("w/c", &[]),
        MORE.to_owned(),
    ];
    Project::new(&files.concat())
}

#[test]
fn the_same_for_the_same_projects() {
    let mut project = project();
    let of = |args: &[&str]| key(&project, args);
    let first = of(&["."]);
    let absolute = project.dir().display().to_string();
    for args in [&["./"][..], &["a/.."], &[&absolute], &["./b/../", "."], &[".", "--layout=full"]] {
        assert_eq!(of(args), first, "{args:?}");
    }
    assert_eq!(of(&["a", "b"]), of(&["b", "./a/"]));
    // Another place, other users, other proxies, another cache.
    let other = project.duplicate();
    assert_eq!(key(&other, &["."]), first);
    let output = other.gomodfetch(["-C", "a", "cache-key", ".."]).run();
    assert_eq!(output.success().stdout, format!("{first}\n"));
    let (cache, home) = (project.dir().join("x"), project.dir().join("w"));
    project.set("GOPROXY", "https://proxy.example.com").set("GOMODCACHE", cache);
    project.set("GOOS", "plan9").set("HOME", home);
    assert_eq!(key(&project, &["."]), first);
    // What is none of the inputs.
    project.write("README", "y\n");
    project.write("a/p.go", "package p\n\nimport _ \"example.com/other\"\n");
    project.write("a/vendor/x/go.mod", "module x\n");
    assert_eq!(key(&project, &["."]), first);
    // Ends of lines.
    for name in ["a/go.mod", "a/go.sum", "w/go.work", "w/go.work.sum"] {
        project.write(name, &project.read(name).replace('\n', "\r\n"));
    }
    assert_eq!(key(&project, &["."]), first);
}

#[test]
fn another_for_other_inputs() {
    let mut seen = vec![key(&project(), &["."])];
    let mut differs = |project: &Project, args: &[&str]| {
        let key = key(project, args);
        assert!(!seen.contains(&key), "{args:?}");
        seen.push(key);
    };
    for name in ["a/go.mod", "a/go.sum", "b/go.mod", "w/go.work", "w/go.work.sum", "w/c/go.mod"] {
        let project = project();
        project.write(name, &format!("{}// x\n", project.read(name)));
        differs(&project, &["."]);
    }
    let project = project();
    project.write("b/go.sum", "");
    differs(&project, &["."]);
    project.write("d/go.mod", "module d\n");
    differs(&project, &["."]);
    differs(&project, &[".", "--exclude=/b"]);
    differs(&project, &[".", "--toolchains=linux/amd64"]);
    differs(&project, &[".", "--toolchains=linux/amd64,linux/arm64"]);
    differs(&project, &[".", "--layout=zips"]);
    differs(&project, &[".", "--layout=trees"]);
    differs(&project, &[".", "--needed"]);
    differs(&project, &[".", "--needed", "--os=linux"]);
    differs(&project, &[".", "--needed", "--os=linux", "--arch=arm64"]);
    differs(&project, &[".", "--needed", "--tags=x"]);
    differs(&project, &[".", "--needed", "--tests"]);
    // What a folder in place of a module requires.
    let text = project.read("b/go.mod");
    project.write("b/go.mod", &format!("{text}replace example.com/m => ./testdata/m\n"));
    differs(&project, &["."]);
    project.write("b/testdata/m/go.mod", "module example.com/m\n");
    differs(&project, &["."]);
    // GOWORK decides what is a project.
    let output = project.gomodfetch(["cache-key", "."]).env("GOWORK", "off").run();
    assert_ne!(output.success().stdout.trim(), key(&project, &["."]));
}

#[test]
fn the_order_of_flags_does_not_matter() {
    let project = project();
    let of = |args: &[&str]| key(&project, args);
    assert_eq!(
        of(&[".", "--toolchains=linux/arm64,linux/amd64"]),
        of(&["--toolchains=linux/amd64", ".", "--toolchains", "linux/arm64"])
    );
    assert_eq!(
        of(&[".", "--needed", "--os=linux,darwin", "--tags=a,b"]),
        of(&["--needed", "--tags=b,a", "--os=darwin", "--os=linux", "."])
    );
}

#[test]
fn imports_and_constraints_count_with_needed() {
    let project = project();
    let of = || key(&project, &[".", "--needed"]);
    let first = of();
    let same = [
        "// Package p, told anew.\npackage p\n\nimport _ \"example.com/m\"\n\nfunc F() {}\n",
        "package p\r\n\r\nimport _ \"example.com/m\"\r\n",
        "package p\n\nimport (\n\tx \"example.com/m\"\n)\n\nvar _ = x.Y\n",
    ];
    for text in same {
        project.write("a/p.go", text);
        assert_eq!(of(), first, "{text}");
    }
    let mut seen = vec![first];
    for text in [
        "package p\n\nimport _ \"example.com/other\"\n",
        "package p\n\nimport _ \"example.com/m\"\nimport _ \"fmt\"\n",
        "//go:build linux\n\npackage p\n\nimport _ \"example.com/m\"\n",
        "//go:build !linux\n\npackage p\n\nimport _ \"example.com/m\"\n",
        "package q\n\nimport _ \"example.com/m\"\n",
    ] {
        project.write("a/p.go", text);
        let key = of();
        assert!(!seen.contains(&key), "{text}");
        seen.push(key);
    }
    // Sources that are of no package.
    for name in ["a/_x.go", "a/testdata/x.go", "a/vendor/v/x.go", "a/_x/x.go", "a/x.txt"] {
        project.write(name, "package p\n\nimport _ \"example.com/new\"\n");
    }
    assert_eq!(of(), seen[5]);
    project.write("a/sub/x_windows.go", "package sub\n");
    let key = of();
    assert!(!seen.contains(&key));
    project.write("a/vendor/modules.txt", "# x\n");
    assert_ne!(of(), key);
}

#[test]
fn nothing_is_asked_for_and_failures_give_no_key() {
    let project = project();
    let output = project.gomodfetch(["cache-key", "a", "nowhere"]).run();
    output.fails_with(2).stdout_is("").stderr_is("nowhere: no such file or directory\n");
    let output = project.gomodfetch(["cache-key", "--exclude=[z-a]", "a"]).run();
    output.fails_with(2).stdout_is("").stderr_has("go: --exclude: invalid pattern [z-a]: ");
    // go.mod files that mean nothing have a key all the same: what is wrong is told by who needs it.
    project.write("a/go.mod", "nonsense\n");
    project.write("w/go.work", "nonsense\n");
    key(&project, &[".", "--needed"]);
}
