//! What is downloaded in each case, over which protocol, and what is to be left in the end.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::thread;

use super::support::cli::{Output, Project};
use super::support::modules::ModuleVersion;
use super::support::registry::Registry;
use super::support::server::{Builder, Protocol, Server};
use super::support::sumlog::SumLog;
use super::support::tree::{Kind as NodeKind, Snapshot};

/// Asks for everything that a server can be asked: a list, `@latest`, the three files, look-ups, tiles.
pub const DOWNLOAD: [&str; 3] = ["download", "example.com/a@v1", "example.com/b@latest"];
/// A module that has no version in its list.
const UNTAGGED: &str = "example.com/b v0.0.0-20260801100000-0123456789ab";
/// How many cases are run at once. They wait more than they work.
const WORKERS: usize = 6;

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Info,
    Mod,
    Zip,
    List,
    Latest,
    Lookup,
    Tile,
}

impl Kind {
    pub const ALL: [Self; 7] =
        [Self::Info, Self::Mod, Self::Zip, Self::List, Self::Latest, Self::Lookup, Self::Tile];

    /// The pattern of the paths.
    pub fn pattern(self) -> &'static str {
        match self {
            Self::Info => "/example.com/a/@v/v1.0.0.info",
            Self::Mod => "/example.com/a/@v/v1.0.0.mod",
            Self::Zip => "/example.com/a/@v/v1.0.0.zip",
            Self::List => "/example.com/a/@v/list",
            Self::Latest => "/example.com/b/@latest",
            Self::Lookup => "/sumdb/*/lookup/example.com/a@v1.0.0",
            Self::Tile => "/sumdb/*/tile/*",
        }
    }

    /// What an error that is about such a request names.
    pub fn named(self) -> &'static str {
        match self {
            Self::Lookup => "/lookup/example.com/a@v1.0.0",
            Self::Tile => "/tile/8/",
            _ => self.pattern(),
        }
    }
}

/// The version of HTTP that the server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Http {
    /// HTTP/1.1, plain.
    One,
    /// HTTP/2, with TLS.
    Two,
}

impl Http {
    pub const BOTH: [Self; 2] = [Self::One, Self::Two];

    /// A server for the registry, to be started.
    pub fn builder(self, registry: Registry) -> Builder {
        let builder = Server::builder(registry);
        match self {
            Self::One => builder.protocol(Protocol::Http1),
            Self::Two => builder.https().protocol(Protocol::Http2),
        }
    }
}

/// What is served.
pub fn registry() -> Registry {
    let mut registry = Registry::new();
    registry.insert(ModuleVersion::generated("example.com/a v1.0.0", [60_000, 300]));
    registry.add(UNTAGGED, "-- go.mod --\nmodule example.com/b\n-- b.go --\npackage b\n");
    registry
}

/// A server for it, with a checksum database of more than one tile.
pub fn server(http: Http) -> Server {
    let registry = registry();
    let mut log = SumLog::new("sum.example.com").with_history(270);
    log.add_all(&registry);
    http.builder(registry).sumdb(log).start()
}

/// A place to download to, where nothing waits long before it is tried again, as often as is said.
pub fn place(server: &Server, retries: usize) -> Project {
    let mut place = Project::new("-- go.mod --\nmodule example.org/main\n\ngo 1.21\n");
    place.use_server(server);
    place.set("GOMODFETCH_RETRY_WAIT", "1ms");
    place.set("GOMODFETCH_RETRIES", retries.to_string());
    place
}

/// What lies in GOPATH after a download without faults.
pub struct Reference {
    gopath: Snapshot,
}

impl Reference {
    pub fn new() -> Self {
        let server = server(Http::One);
        let place = place(&server, 0);
        place.gomodfetch(DOWNLOAD).run().success().silent();
        for kind in Kind::ALL {
            assert!(server.count(kind.pattern()) > 0, "{kind:?} is not asked for");
        }
        Self { gopath: Snapshot::of(&place.gopath()) }
    }

    /// How the place differs from one in which all went well.
    pub fn differences(&self, place: &Project) -> Vec<String> {
        let mut found = self.gopath.diff(&Snapshot::of(&place.gopath()));
        found.extend(leftovers(place));
        found
    }

    /// What was published and must not be: all that is not the same here. Locks hold nothing, and a list
    /// grows with the cache.
    pub fn wrongs(&self, place: &Project) -> Vec<String> {
        let harmless = |path: &str| path.ends_with("lock") || path.ends_with("/@v/list");
        let nodes = Snapshot::of(&place.gopath()).without(harmless).nodes;
        let wrong = nodes.into_iter().filter(|(path, node)| {
            let expected = self.gopath.nodes.get(path);
            let is_tree_head = path.ends_with("/latest") && node.kind != NodeKind::Dir;
            expected != Some(node) && !is_tree_head
        });
        wrong.map(|(path, node)| format!("{path}: {node}")).chain(leftovers(place)).collect()
    }
}

/// What was forgotten in TMPDIR.
fn leftovers(place: &Project) -> impl Iterator<Item = String> {
    Snapshot::of(&place.tmp()).nodes.into_keys().map(|name| format!("+ TMPDIR/{name}"))
}

/// What is to come of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The cache is as without the fault.
    Recovers,
    /// The exit code, and a text that stands in standard error.
    Fails(i32, &'static str),
}

/// Whether a run had this outcome; why not.
pub fn judge(
    reference: &Reference,
    (server, place, output): (&Server, &Project, &Output),
    outcome: Outcome,
) -> Result<(), String> {
    let complain = |what: String| Err(format!("{what}\n{output}"));
    match outcome {
        Outcome::Recovers if output.code() != Some(0) => {
            return complain("it did not recover".to_owned());
        }
        Outcome::Recovers => {
            let found = reference.differences(place);
            if !found.is_empty() {
                return complain(format!("another cache: {found:#?}"));
            }
        }
        Outcome::Fails(code, text) => {
            if output.code() != Some(code) || !output.stderr.contains(text) {
                return complain(format!("not code {code} with {text:?}"));
            }
            let found = reference.wrongs(place);
            if !found.is_empty() {
                return complain(format!("published: {found:#?}"));
            }
            server.heal();
            let output = place.gomodfetch(DOWNLOAD).run();
            let found = reference.differences(place);
            if output.code() != Some(0) || !found.is_empty() {
                return Err(format!("not completed when all is well: {found:#?}\n{output}"));
            }
        }
    }
    Ok(())
}

/// Runs all cases, some at a time, and panics with the names of all that went wrong.
#[track_caller]
pub fn run_all<C: Send>(
    cases: impl IntoIterator<Item = (String, C)>,
    run: impl Fn(C) -> Result<(), String> + Sync,
) {
    let queue: Mutex<VecDeque<_>> = Mutex::new(cases.into_iter().collect());
    let total = queue.lock().expect("no panic under the lock").len();
    let wrong = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().expect("no panic under the lock").pop_front();
                    let Some((name, case)) = next else { return };
                    if let Err(why) = run(case) {
                        let mut wrong = wrong.lock().expect("no panic under the lock");
                        wrong.push(format!("== {name}: {why}"));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no panic under the lock");
    assert!(wrong.is_empty(), "{} of {total} cases:\n{}", wrong.len(), wrong.join("\n"));
}
