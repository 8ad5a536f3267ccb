//! What is downloaded through the servers of others, and what is to be left.

use super::support::cli::{Output, Project};
use super::support::modules::ModuleVersion;
use super::support::registry::Registry;
use super::support::server::Server;
use super::support::sumlog::SumLog;
use super::support::tree::Snapshot;

/// Lists, queries, upper case, a module without tags, and a zip large enough to be cut.
pub const DOWNLOAD: [&str; 5] = [
    "download",
    "example.com/a@v1",
    "example.com/Upper@latest",
    "example.com/b@latest",
    "example.com/large@v1.0.0",
];
/// What the modules are called in addresses that tell which there were.
pub const LARGE_ZIP: &str = "/example.com/large/@v/v1.0.0.zip";

pub fn registry() -> Registry {
    let mut registry = Registry::from_graph("a v1.0.0: c v1.1.0\na v1.2.0: c v1.1.0\nc v1.1.0");
    registry.add(
        "example.com/Upper v1.0.0-RC.1",
        "-- go.mod --\nmodule example.com/Upper\n-- p.go --\npackage p\n",
    );
    registry.add(
        "example.com/b v0.0.0-20260801100000-0123456789ab",
        "-- go.mod --\nmodule example.com/b\n-- b.go --\npackage b\n",
    );
    registry.insert(ModuleVersion::generated("example.com/large v1.0.0", [3_000_000, 10]));
    registry
}

pub fn log() -> SumLog {
    let mut log = SumLog::new("sum.example.com").with_history(270);
    log.add_all(&registry());
    log
}

/// A place to download to.
pub fn place() -> Project {
    let mut place = Project::new("-- go.mod --\nmodule example.org/main\n\ngo 1.21\n");
    place.set("GOSUMDB", log().vkey());
    place
}

/// What a download from our own server leaves in GOPATH.
pub struct Reference(Snapshot);

impl Reference {
    pub fn new() -> Self {
        let server = Server::builder(registry()).sumdb(log()).start();
        let mut place = place();
        place.use_server(&server);
        place.gomodfetch(DOWNLOAD).run().success().silent();
        Self(Snapshot::of(&place.gopath()))
    }

    /// The download went well, and left the same.
    #[track_caller]
    pub fn holds(&self, place: &Project, output: &Output) {
        output.success();
        let found = self.0.diff(&Snapshot::of(&place.gopath()));
        assert!(found.is_empty(), "{}\n{output}", found.join("\n"));
    }
}
