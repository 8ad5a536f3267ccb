//! `gomodfetch download --needed`: exactly which modules are in the cache afterwards, for one module and for a
//! workspace, for all builds and for those that are named; and that go works with them and asks for nothing
//! more.

mod support;

#[path = "needed/builds.rs"]
mod builds;
#[path = "needed/failures.rs"]
mod failures;
#[path = "needed/files.rs"]
mod files;
#[path = "needed/go.rs"]
mod go;
#[path = "needed/projects.rs"]
mod projects;

use std::fs;
use std::path::Path;

use support::cli::{Output, Project};
use support::registry::Registry;
use support::server::Server;

/// Modules with one package each, which imports nothing: `example.com/NAME@v1.0.0`.
fn plain(registry: &mut Registry, names: &[&str]) {
    for name in names {
        registry.add(
            &format!("example.com/{name} v1.0.0"),
            &format!("-- go.mod --\nmodule example.com/{name}\n\ngo 1.20\n-- p.go --\npackage p\n"),
        );
    }
}

/// A project with a go.mod that requires these modules at v1.0.0, and more files.
fn project(server: &Server, go: &str, requires: &[&str], files: &str) -> Project {
    let lines: String =
        requires.iter().map(|name| format!("\texample.com/{name} v1.0.0\n")).collect();
    let go_mod = format!("module example.org/main\n\ngo {go}\n\nrequire (\n{lines})\n");
    let mut project = Project::new(&format!("-- go.mod --\n{go_mod}{files}"));
    project.use_server(server);
    project
}

/// Runs `download --needed` with more arguments.
fn needed(project: &Project, args: &[&str]) -> Output {
    project.gomodfetch(["download", "--needed"].iter().chain(args)).run()
}

/// The modules whose zip is in the cache, as `name@version`, `example.com/` left out and `v1.0.0` too; each
/// must be there with all that belongs to it.
fn zips(project: &Project) -> Vec<String> {
    let names = with_extension(project, "zip");
    for name in &names {
        for extension in ["info", "mod", "ziphash"] {
            assert!(with_extension(project, extension).contains(name), "{name}.{extension}");
        }
        let (path, version) = name.split_once('@').unwrap_or((name, "v1.0.0"));
        let tree = project.modcache().join(format!("example.com/{path}@{version}"));
        assert!(tree.is_dir(), "{}", tree.display());
    }
    names
}

/// The same for the go.mod files.
fn go_mods(project: &Project) -> Vec<String> {
    with_extension(project, "mod")
}

fn with_extension(project: &Project, extension: &str) -> Vec<String> {
    let top = project.modcache().join("cache/download/example.com");
    let mut found = Vec::new();
    walk(&top, &top, extension, &mut found);
    found.sort();
    found
}

fn walk(top: &Path, dir: &Path, extension: &str, found: &mut Vec<String>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(top, &path, extension, found);
        } else if path.extension().is_some_and(|ext| ext == extension) {
            let module = path.parent().and_then(Path::parent).unwrap().strip_prefix(top).unwrap();
            let version = path.file_stem().unwrap().to_string_lossy().into_owned();
            let at = if version == "v1.0.0" { String::new() } else { format!("@{version}") };
            found.push(format!("{}{at}", module.display()));
        }
    }
}

/// Removes everything from the cache.
fn empty_cache(project: &Project) {
    support::tree::remove(&project.modcache());
}
