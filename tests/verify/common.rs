//! A cache that is complete, to be damaged.

use std::fs;
use std::path::{Path, PathBuf};

use super::support::cli::{Output, Project};
use super::support::registry::Registry;
use super::support::server::Server;
use super::support::tree::{self, Snapshot};

pub const A: &str = "example.com/a v1.0.0";
pub const B: &str = "example.com/b v1.1.0";
/// The tree of `A` in the cache, and its files below cache/download without their extension.
pub const TREE: &str = "example.com/a@v1.0.0";
pub const V: &str = "cache/download/example.com/a/@v/v1.0.0";

pub fn registry() -> Registry {
    let mut registry = Registry::new();
    registry.add(
        A,
        "-- go.mod --\nmodule example.com/a\n\ngo 1.21\n\nrequire example.com/b v1.1.0\n\
         -- a.go --\npackage a\n-- sub/deep/x.txt --\nx\n",
    );
    registry.add(B, "-- go.mod --\nmodule example.com/b\n\ngo 1.21\n-- b.go --\npackage b\n");
    registry
}

pub fn server() -> Server {
    Server::builder(registry()).start()
}

/// A project that needs both modules, with the lines of go.sum for these, and a complete cache.
pub fn place(server: &Server, go_sum: &[&str]) -> Project {
    let mut project = Project::new(
        "-- go.mod --\nmodule example.org/main\n\ngo 1.21\n\nrequire example.com/a v1.0.0\n\n\
         require example.com/b v1.1.0 // indirect\n",
    );
    project.use_server(server);
    project.gomodfetch(["download", "all"]).run().success();
    match go_sum {
        [] => fs::remove_file(project.dir().join("go.sum")).expect("go.sum removed"),
        lines => project.write("go.sum", &server.registry().go_sum(lines)),
    }
    tree::make_writable(&project.modcache());
    // From here on the network has no part in it.
    project.set("GOPROXY", "off");
    project
}

pub fn at(place: &Project, name: &str) -> PathBuf {
    place.modcache().join(name)
}

/// Writes a file of the cache in place of what is there.
pub fn write(place: &Project, name: &str, data: impl AsRef<[u8]>) {
    let path = at(place, name);
    // It may be read-only.
    remove(&path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(&path, data).expect("a file written");
}

pub fn remove(path: &Path) {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => tree::remove(path),
        Ok(_) => fs::remove_file(path).expect("a file removed"),
        Err(_) => {}
    }
}

/// Runs `verify`, which must leave the project and the cache as they are.
pub fn verify(place: &Project, args: &[&str]) -> Output {
    let places = [place.dir(), place.gopath()];
    let before = places.each_ref().map(|dir| Snapshot::of(dir));
    let output = place.gomodfetch(["verify"].iter().chain(args)).run();
    for (before, dir) in before.iter().zip(&places) {
        assert_eq!(before.diff(&Snapshot::of(dir)), [""; 0], "{output}");
    }
    output
}

/// It says exactly this, `$TREE` and `$V` standing for the paths of `A`, and ends with 5.
#[track_caller]
pub fn says(place: &Project, want: &str) {
    let cache = "$ROOT/gopath/pkg/mod";
    let want =
        want.replace("$TREE", &format!("{cache}/{TREE}")).replace("$V", &format!("{cache}/{V}"));
    verify(place, &[]).fails_with(5).stderr_is(&want).stdout_is("");
}

#[track_caller]
pub fn is_fine(place: &Project) {
    verify(place, &[]).success().stderr_is("").stdout_is("all modules verified\n");
}
