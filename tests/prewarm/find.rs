//! Which projects there are below a folder.

use crate::module;
use crate::support::cli::{Output, Project};

/// The projects that are found, as `FILE of DIR`, from the project's folder.
fn projects(output: &Output, project: &Project) -> Vec<String> {
    let top = project.dir();
    let name = |object: &serde_json::Value| {
        let dir = object["Dir"].as_str().unwrap();
        let dir = std::path::Path::new(dir).strip_prefix(&top).map_or(dir.to_owned(), |dir| {
            if dir.as_os_str().is_empty() { ".".to_owned() } else { dir.display().to_string() }
        });
        match object["File"].as_str().unwrap() {
            "go.mod" => dir.replace('\\', "/"),
            other => format!("{} of {}", other, dir.replace('\\', "/")),
        }
    };
    output.json().iter().map(name).collect()
}

/// What `prewarm -json` with these arguments finds.
#[track_caller]
fn found(project: &Project, args: &[&str]) -> Vec<String> {
    let output = project.gomodfetch(["prewarm", "-json"].iter().chain(args)).run();
    output.success();
    projects(&output, project)
}

fn of(dirs: &[&str]) -> String {
    dirs.iter().map(|dir| module(dir, &[])).collect()
}

#[test]
fn modules_wherever_they_are() {
    let files = of(&[
        ".",
        "a",
        "a/nested",
        "b/.hidden",
        "b/_x",
        "b/vendor/m",
        "b/testdata/m",
        ".git/m",
        ".hg/m",
        "node/ignored/m",
        "node/kept",
        "out/m",
        "sub/out/m",
    ]);
    let project = Project::new(&format!(
        "{files}-- .gitignore --\n/out/\n-- node/.gitignore --\nignored\n-- c/go.mod/x --\n"
    ));
    let all = [".", "a", "a/nested", "b/.hidden", "b/_x", "node/kept", "sub/out/m"];
    assert_eq!(found(&project, &["."]), all);
    // However the folder is named, and though it would be passed over within another.
    let spelled = project.dir().join("a/../.").display().to_string();
    assert_eq!(found(&project, &[&spelled, "./", "a"]), all);
    assert_eq!(found(&project, &["b/vendor", "out"]), ["b/vendor/m", "out/m"]);
    assert_eq!(found(&project, &["a/go.mod", "b/testdata/m/go.mod"]), ["a", "b/testdata/m"]);
    assert_eq!(
        found(&project, &[".", "--exclude", "/a", "--exclude=_*", "--exclude", "m"]),
        [".", "b/.hidden", "node/kept"]
    );
    // Relative to each folder.
    assert_eq!(found(&project, &["a", "b", "--exclude=/nested"]), ["a", "b/.hidden", "b/_x"]);
}

#[test]
fn ignore_lines_of_the_go_mod_around() {
    let files = of(&["x/gen", "x/sub/gen", "x/web", "sub/web", "x/inner/deep", "x/inner/deep/web"]);
    let project = Project::new(&format!(
        "{files}-- go.mod --\nmodule example.org/tree\n\ngo 1.25\n\nignore (\n\tgen\n\t./x/web\n)\n"
    ));
    assert_eq!(found(&project, &["."]), [".", "sub/web", "x/inner/deep", "x/inner/deep/web"]);
    // It counts below the folder that is named, too.
    assert_eq!(found(&project, &["x"]), ["x/inner/deep", "x/inner/deep/web"]);
}

#[test]
fn the_module_cache_below() {
    let mut project = Project::new(&of(&["a", "cache/example.com/m@v1.0.0"]));
    project.set("GOMODCACHE", project.dir().join("cache"));
    assert_eq!(found(&project, &["."]), ["a"]);
    project.set("GOMODCACHE", project.modcache());
    assert_eq!(found(&project, &["."]), ["a", "cache/example.com/m@v1.0.0"]);
}

#[test]
fn workspaces() {
    let files = of(&["w/a", "w/b", "w/alone", "far/c", "w/deep/d"]);
    let project = Project::new(&format!(
        "{files}-- w/go.work --\ngo 1.21\n\nuse (\n\t./a\n\tb\n\t../far/c\n)\n\
         -- w/deep/go.work --\ngo 1.21\n\nuse ./d\n"
    ));
    // far/c is used, but go would not find the go.work from there.
    let all = ["far/c", "go.work of w", "w/alone", "go.work of w/deep"];
    assert_eq!(found(&project, &["."]), all);
    // A module leads to the workspace around it.
    assert_eq!(found(&project, &["w/a"]), ["go.work of w"]);
    assert_eq!(found(&project, &["w/b/go.mod", "w/alone"]), ["go.work of w", "w/alone"]);
    assert_eq!(found(&project, &["w/go.work"]), ["go.work of w"]);
    let with = |setting: &std::path::Path, args: &[&str]| {
        let args = ["prewarm", "-json"].iter().chain(args);
        let output = project.gomodfetch(args).env("GOWORK", setting).run();
        output.success();
        projects(&output, &project)
    };
    let off = std::path::Path::new("off");
    assert_eq!(with(off, &["."]), ["far/c", "w/a", "w/alone", "w/b", "w/deep/d"]);
    let one = project.dir().join("w/go.work");
    assert_eq!(with(&one, &["far", "w/deep"]), ["go.work of w", "w/deep/d"]);
    assert_eq!(with(&one, &["."]), ["go.work of w", "w/alone", "w/deep/d"]);
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let project = Project::new(&of(&["a", "b/real"]));
    let link = |to: &str, at: &str| {
        std::os::unix::fs::symlink(to, project.dir().join(at)).unwrap();
    };
    link("..", "a/up");
    link("loop", "a/loop");
    link("b", "c");
    assert_eq!(found(&project, &["."]), ["a", "b/real"]);
    // Unless it is what was named; and a go.mod may be one.
    assert_eq!(found(&project, &["c"]), ["c/real"]);
    std::fs::create_dir(project.dir().join("d")).unwrap();
    link("../a/go.mod", "d/go.mod");
    assert_eq!(found(&project, &["."]), ["a", "b/real", "d"]);
}

#[test]
fn what_is_no_project() {
    let project = Project::new(&format!("{}-- empty/x --\n", module("a", &[])));
    let output = project.gomodfetch(["prewarm", "a", "empty", "nowhere", "empty/x"]).run();
    output.fails_with(2).stderr_is(
        "empty: no go.mod or go.work here or below\n\
         nowhere: no such file or directory\n\
         empty/x: neither a folder nor a go.mod or go.work that is in use\n",
    );
    output.stdout_is("1 project, 0 modules: 0 downloaded, 0 there already\n");
    let output = project.gomodfetch(["prewarm", "a", "--exclude", "[z-a]"]).run();
    output.fails_with(2).stderr_has("go: --exclude: invalid pattern [z-a]: ").stdout_is("");
    let output = project.gomodfetch(["prewarm", "a/go.mod"]).env("GOFLAGS", "-modfile=x").run();
    output.success().stdout_has("1 project, ");
}
