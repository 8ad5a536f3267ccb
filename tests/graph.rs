//! `gomodfetch graph` where it has ways of its own: its formats, its requests, what it says. What `go mod
//! graph` prints is compared in the lane `oracle.rs`.

mod support;

#[path = "graph/flight.rs"]
mod flight;
#[path = "graph/formats.rs"]
mod formats;

use support::cli::Project;
use support::registry::Registry;
use support::server::Server;

/// A version that is overruled, a replacement, and a chain that only a whole graph has.
const GRAPH: &str = "
    a v1.0.0: b v1.1.0
    b v1.0.0: c v1.0.0
    b v1.1.0 go 1.16: c v1.0.0
    c v1.0.0 go 1.16
    fork v1.0.0 go 1.16: d v1.0.0
    d v1.0.0 go 1.16
";

const PROJECT: &str = "\
-- go.mod --
module example.org/main

go 1.20

require (
	example.com/a v1.0.0
	example.com/b v1.0.0
)

replace example.com/c => example.com/fork v1.0.0
";

fn serve() -> Server {
    Server::http(Registry::from_graph(GRAPH))
}

fn project(files: &str, server: &Server) -> Project {
    let mut project = Project::new(files);
    project.use_server(server);
    project
}
