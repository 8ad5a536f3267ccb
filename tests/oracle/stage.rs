//! What a case is played on: its servers, and the projects that its steps change.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::case::{Case, Disk, Step};
use crate::support::cli::{Invocation, Project};
use crate::support::faults::Fault;
use crate::support::registry::file_url;
use crate::support::server::Server;
use crate::support::sumlog::SumLog;
use crate::support::{tree, txtar};

/// Records of the checksum database before those of the case, so that it has several tiles.
const HISTORY: usize = 300;

/// Projects with the same files, and the servers that they share.
pub struct Stage {
    /// The projects.
    pub sides: Vec<Project>,
    /// What the names of the language stand for, `$URL` and so on.
    pub names: BTreeMap<&'static str, String>,
    servers: Vec<Server>,
    umask: Option<String>,
    dir: String,
    _files: tempfile::TempDir,
}

impl Stage {
    /// The stage of a case, with so many projects.
    pub fn new(case: &Case, sides_count: usize) -> Self {
        let files = tempfile::tempdir().expect("a temporary folder");
        let mut names = BTreeMap::new();
        let mut log = case.sumdb.then(|| SumLog::new("sum.example.com").with_history(HISTORY));
        if let Some(log) = &mut log {
            // All at once: a log that grows has other heads on each side.
            log.add_all(&case.registry);
            names.insert("$VKEY", log.vkey());
        }
        if case.mentions("$FILE") {
            case.registry.write_proxy(files.path());
            if let Some(log) = &mut log {
                log.write_proxy(files.path());
            }
            names.insert("$FILE", file_url(files.path()));
        }
        let mut servers = Vec::new();
        for name in ["$URL", "$URL2"] {
            if name == "$URL" || case.mentions(name) {
                let builder = Server::builder(case.registry.clone());
                let builder = match &log {
                    Some(log) => builder.sumdb(log.clone()),
                    None => builder,
                };
                let server = builder.start();
                names.insert(name, server.url());
                servers.push(server);
            }
        }
        let sides = std::iter::repeat_with(|| {
            let mut project = Project::new(&expand(&names, &case.project.to_string()));
            project.use_server(&servers[0]);
            project
        });
        let sides = sides.take(sides_count).collect();
        Self { sides, servers, names, umask: None, dir: String::new(), _files: files }
    }

    /// A text with the names of the language replaced by what they stand for here.
    pub fn expand(&self, text: &str) -> String {
        expand(&self.names, text)
    }

    /// A command, run where the case is and under its umask.
    pub fn staged(&self, command: Invocation) -> Invocation {
        let command = if self.dir.is_empty() { command } else { command.within(&self.dir) };
        match &self.umask {
            Some(umask) => command.umask(umask),
            None => command,
        }
    }

    /// Does what is no run.
    pub fn prepare(&mut self, step: &Step) {
        match step {
            Step::Env(name, value) => {
                let value = self.expand(value);
                for side in &mut self.sides {
                    let value = value.replace("$ROOT", &side.root().to_string_lossy());
                    side.set(name, value);
                }
            }
            Step::Unset(name) => self.sides.iter_mut().for_each(|side| {
                side.unset(name);
            }),
            Step::Umask(umask) => self.umask = Some(umask.clone()),
            Step::Cd(dir) => self.dir.clone_from(dir),
            Step::Fault(server, pattern, status) => {
                self.servers[*server].fault(Fault::on(pattern).status(*status));
            }
            Step::Heal => self.servers.iter().for_each(Server::heal),
            Step::Disk(change) => {
                for side in &self.sides {
                    self.change(side, change);
                }
            }
            Step::Run(..) | Step::Differs(_) | Step::Says(_) => unreachable!("done elsewhere"),
        }
    }

    fn change(&self, side: &Project, change: &Disk) {
        let place = |name: &str| place(side, &self.expand(name));
        let read = |name: &str| {
            let path = place(name);
            fs::read_to_string(&path).unwrap_or_else(|err| panic!("{}: {err}", path.display()))
        };
        let write = |name: &str, text: &str| {
            let path = place(name);
            let below = path.strip_prefix(side.root()).expect("a place below the root");
            txtar::write_file(side.root(), &below.to_string_lossy(), text.as_bytes());
        };
        match change {
            Disk::Write(name, text) => write(name, &self.expand(text)),
            Disk::Append(name, text) => write(name, &(read(name) + &self.expand(text))),
            Disk::Crlf(name) => write(name, &read(name).replace('\n', "\r\n")),
            Disk::Mkdir(name) => fs::create_dir_all(place(name)).expect("a new folder"),
            Disk::Rm(name) => {
                let path = place(name);
                let found = fs::symlink_metadata(&path).expect("something to remove");
                if found.is_dir() {
                    tree::remove(&path);
                } else {
                    fs::remove_file(&path).expect("a file removed");
                }
            }
            Disk::Cat(name) => assert!(place(name).exists(), "{name}"),
        }
    }
}

/// The names of the language in place.
fn expand(names: &BTreeMap<&'static str, String>, text: &str) -> String {
    let text = text.replace("$DL", "$MOD/cache/download").replace("$MOD", "gopath/pkg/mod");
    // Longer names first: $URL begins $URL2.
    names.iter().rev().fold(text, |text, (name, value)| text.replace(name, value))
}

fn place(side: &Project, name: &str) -> PathBuf {
    side.root().join(name)
}
