//! A project, its modules, and what of a cache belongs to which layout.

use std::fs;
use std::path::PathBuf;

use super::support::cli::{Output, Project};
use super::support::modules::ModuleVersion;
use super::support::registry::Registry;
use super::support::server::Server;
use super::support::tree::Snapshot;

pub const LAYOUTS: [&str; 3] = ["full", "zips", "trees"];
/// The files of one of the modules below cache/download without their extension, and its tree.
pub const V: &str = "cache/download/example.com/a/@v/v1.0.0";
pub const TREE: &str = "example.com/a@v1.0.0";

pub const MODULES: [&str; 3] =
    ["example.com/a v1.0.0", "example.com/b v1.0.0", "example.com/Big v1.0.0"];

pub fn registry() -> Registry {
    let mut registry = Registry::new();
    registry.add(
        MODULES[0],
        "-- go.mod --\nmodule example.com/a\n\ngo 1.21\n\nrequire example.com/b v1.0.0\n\
         -- a.go --\npackage a\n\nimport _ \"example.com/b\"\n-- sub/deep/x.txt --\nx\n",
    );
    registry
        .add(MODULES[1], "-- go.mod --\nmodule example.com/b\n\ngo 1.21\n-- b.go --\npackage b\n");
    // Of several portions.
    registry.insert(ModuleVersion::generated(MODULES[2], [1_100_000, 10]));
    registry
}

pub fn server() -> Server {
    Server::http(registry())
}

pub fn project(server: &Server) -> Project {
    let mut project = Project::new(
        "-- go.mod --\nmodule example.org/main\n\ngo 1.21\n\nrequire (\n\texample.com/Big v1.0.0\n\t\
         example.com/a v1.0.0\n\texample.com/b v1.0.0 // indirect\n)\n\
         -- main.go --\npackage main\n\nimport _ \"example.com/a\"\n",
    );
    project.use_server(server);
    project
}

/// A project whose modules were downloaded with this layout; from here on there is no network.
pub fn filled(server: &Server, layout: &str) -> Project {
    let mut project = project(server);
    download(&project, layout).success();
    project.set("GOPROXY", "off");
    project
}

pub fn download(project: &Project, layout: &str) -> Output {
    project.gomodfetch(["download", "--layout", layout, "all"]).run()
}

pub fn cache(project: &Project) -> Snapshot {
    Snapshot::of(&project.modcache()).without(|path| path.ends_with("lock"))
}

/// What `layout` leaves of a cache that is full.
pub fn part(full: Snapshot, layout: &str) -> Snapshot {
    match layout {
        "zips" => full.without(|path| !path.starts_with("cache")),
        "trees" => full.without(|path| path.ends_with(".zip")),
        _ => full,
    }
}

pub fn at(project: &Project, name: &str) -> PathBuf {
    project.modcache().join(name)
}

pub fn remove(project: &Project, name: &str) {
    fs::remove_file(at(project, name)).unwrap_or_else(|err| panic!("{name}: {err}"));
}
