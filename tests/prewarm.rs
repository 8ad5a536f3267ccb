//! `gomodfetch prewarm` and `gomodfetch cache-key`: which projects are found, that everything is fetched once
//! for all of them and nothing of them is changed, what becomes of those that are broken, and what a key
//! depends on.

mod support;

#[path = "prewarm/failures.rs"]
mod failures;
#[path = "prewarm/find.rs"]
mod find;
#[path = "prewarm/go.rs"]
mod go;
#[path = "prewarm/key.rs"]
mod key;
#[path = "prewarm/once.rs"]
mod once;

use std::collections::BTreeMap;

use support::cli::Project;
use support::registry::Registry;
use support::server::Server;
use support::sumlog::SumLog;

/// A go.mod at go 1.21 that requires these: `module(".", &["example.com/a v1.0.0"])`, as part of a txtar.
fn module(dir: &str, requires: &[&str]) -> String {
    let lines: String = requires.iter().map(|line| format!("\t{line}\n")).collect();
    let requires = if lines.is_empty() { lines } else { format!("\nrequire (\n{lines})\n") };
    let name = if dir == "." { "" } else { dir };
    let (file, path) = match name {
        "" => ("go.mod".to_owned(), String::new()),
        name => (format!("{dir}/go.mod"), format!("/{}", name.replace('@', "-"))),
    };
    format!("-- {file} --\nmodule example.org/tree{path}\n\ngo 1.21\n{requires}")
}

fn serve(registry: Registry, with_database: bool) -> Server {
    if !with_database {
        return Server::http(registry);
    }
    let mut log = SumLog::new("sum.example.com").with_history(300);
    log.add_all(&registry);
    Server::builder(registry).sumdb(log).start()
}

/// A folder of projects whose GOPROXY is the server.
fn tree(files: &str, server: &Server) -> Project {
    let mut project = Project::new(files);
    project.use_server(server);
    project
}

/// How often each path was asked for.
fn asked(server: &Server) -> BTreeMap<String, usize> {
    let mut asked = BTreeMap::new();
    for path in server.paths() {
        *asked.entry(path).or_default() += 1;
    }
    asked
}

/// Fails if anything was asked for twice.
#[track_caller]
fn each_once(server: &Server) {
    let twice: Vec<(String, usize)> =
        asked(server).into_iter().filter(|(_, times)| *times > 1).collect();
    assert_eq!(twice, []);
}
