//! `gomodfetch download` where it succeeds, and where it has ways of its own: offline, against servers on
//! 127.0.0.1, without a Go. What `go` does is compared in the lane `oracle.rs`.

mod support;

#[path = "download/codes.rs"]
mod codes;
#[path = "download/dry_run.rs"]
mod dry_run;
#[path = "download/files.rs"]
mod files;
#[path = "download/flight.rs"]
mod flight;
#[path = "download/output.rs"]
mod output;
#[path = "download/settings.rs"]
mod settings;
#[path = "download/spelling.rs"]
mod spelling;
#[cfg(unix)]
#[path = "download/stream.rs"]
mod stream;
#[cfg(unix)]
#[path = "download/toolchains.rs"]
mod toolchains;

use support::cli::Project;
use support::registry::Registry;
use support::server::Server;
use support::sumlog::SumLog;

/// Three levels of modules, the last of which only a whole graph reaches.
const GRAPH: &str = "
    a v1.0.0: b v1.1.0
    a v1.1.0
    b v1.0.0
    b v1.1.0 go 1.16: c v1.0.0
    c v1.0.0 go 1.16: d v1.0.0
    d v1.0.0 go 1.16
";

/// A main module that requires the first two.
const PROJECT: &str = "\
-- go.mod --
module example.org/main

go 1.21

require (
	example.com/a v1.0.0
	example.com/b v1.1.0 // indirect
)
";

/// The server of [`GRAPH`], without a checksum database.
fn serve() -> Server {
    Server::http(Registry::from_graph(GRAPH))
}

/// The server of [`GRAPH`] with a checksum database that knows everything.
fn serve_with_database() -> Server {
    let registry = Registry::from_graph(GRAPH);
    let mut log = SumLog::new("sum.example.com").with_history(300);
    log.add_all(&registry);
    Server::builder(registry).sumdb(log).start()
}

/// A project of these files whose GOPROXY is the server.
fn project(files: &str, server: &Server) -> Project {
    let mut project = Project::new(files);
    project.use_server(server);
    project
}
