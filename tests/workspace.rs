//! Workspaces where we have ways of our own: modules that are missing by permission, `--locked`, what is
//! fetched early. What go does in workspaces is compared in the lane `oracle.rs`.

mod support;

#[path = "workspace/missing.rs"]
mod missing;
#[path = "workspace/sums.rs"]
mod sums;

use support::cli::Project;
use support::registry::Registry;
use support::server::Server;

const GRAPH: &str = "
    a v1.0.0: b v1.0.0
    b v1.0.0: c v1.0.0
    b v1.1.0: c v1.1.0
    c v1.0.0
    c v1.1.0
";

const PROJECT: &str = "\
-- go.work --
go 1.21

use (
	./one
	./two
)
-- one/go.mod --
module example.org/one

go 1.21

require example.com/a v1.0.0
-- two/go.mod --
module example.org/two

go 1.20

require example.com/b v1.1.0
";

fn serve() -> Server {
    Server::http(Registry::from_graph(GRAPH))
}

fn project(files: &str, server: &Server) -> Project {
    let mut project = Project::new(files);
    project.use_server(server);
    project
}
