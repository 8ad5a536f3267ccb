//! Cases run on both sides and compared.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};

use crate::case::{self, Case, Disk, Step};
use crate::support::cli::{Invocation, Output, Project};
use crate::support::diff;
use crate::support::faults::{Fault, glob};
use crate::support::go::Go;
use crate::support::registry::file_url;
use crate::support::server::Server;
use crate::support::sumlog::SumLog;
use crate::support::tree::{self, Snapshot};
use crate::support::txtar;

/// Records of the checksum database before those of the case, so that it has several tiles.
const HISTORY: usize = 300;

/// The real go, and where it lies, so that both sides follow the same version.
pub struct Oracle {
    /// The program.
    pub go: Go,
    /// Its GOROOT.
    pub root: PathBuf,
}

impl Oracle {
    /// The oracle, or nothing, after saying what is skipped.
    pub fn find(test: &str) -> Option<Self> {
        let go = Go::find(test)?;
        let output = Project::new("").go(&go, ["env", "GOROOT"]).run();
        let root = PathBuf::from(output.success().stdout.trim_end());
        Some(Self { go, root })
    }
}

/// Runs all cases of a file, and panics in the end with all differences of all of them.
pub fn run(lane: &str, text: &str) {
    let Some(oracle) = Oracle::find(lane) else { return };
    let only = std::env::var("GOMODFETCH_ORACLE_CASE").unwrap_or_default();
    let mut failures = Vec::new();
    for case in case::parse(text) {
        if !case.name.contains(&only) {
            continue;
        }
        let differences = panic::catch_unwind(AssertUnwindSafe(|| check(&oracle, &case)));
        let differences = differences.unwrap_or_else(|_| vec!["the test panicked".to_owned()]);
        if !differences.is_empty() {
            failures.push(format!("=== {}\n{}", case.name, differences.join("\n")));
        }
    }
    assert!(
        failures.is_empty(),
        "{} cases differ (- go, + gomodfetch)\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// Runs one case; the differences.
fn check(oracle: &Oracle, case: &Case) -> Vec<String> {
    let mut pair = Pair::new(oracle, case);
    let mut differs: Vec<String> = Vec::new();
    let mut last = None;
    let mut report = Vec::new();
    for step in &case.steps {
        let before = report.len();
        match step {
            Step::Run(code, args) => {
                let outputs = pair.run(args);
                report.extend(pair.compare(&outputs, *code, &differs));
                differs.retain(|what| what != "stdout" && what != "stderr");
                last = Some(outputs);
            }
            Step::Differs(what) => differs.push(pair.expand(what)),
            Step::Says(text) => {
                let text = pair.expand(text);
                for output in last.iter().flatten() {
                    if !output.relative(&output.stderr).contains(&text) {
                        report.push(format!("not said: {text}\n{output}"));
                    }
                }
            }
            other => pair.prepare(other),
        }
        if report.len() > before {
            report.push(format!("(at the step {step:?})"));
        }
    }
    report
}

/// Two projects with the same files, one for go and one for the program under test.
struct Pair<'a> {
    oracle: &'a Oracle,
    sides: [Project; 2],
    servers: Vec<Server>,
    names: BTreeMap<&'static str, String>,
    umask: Option<String>,
    dir: String,
    _files: tempfile::TempDir,
}

impl<'a> Pair<'a> {
    fn new(oracle: &'a Oracle, case: &Case) -> Self {
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
        let sides = [(); 2].map(|()| {
            let mut project = Project::new(&expand(&names, &case.project.to_string()));
            project.use_server(&servers[0]).set("GOROOT", &oracle.root);
            project
        });
        Self { oracle, sides, servers, names, umask: None, dir: String::new(), _files: files }
    }

    fn expand(&self, text: &str) -> String {
        expand(&self.names, text)
    }

    /// Does what is no run.
    fn prepare(&mut self, step: &Step) {
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

    fn run(&self, args: &[String]) -> [Output; 2] {
        let args: Vec<String> = args.iter().map(|arg| self.expand(arg)).collect();
        let in_go = ["mod".to_owned()].into_iter().chain(args.clone());
        let commands = [self.sides[0].go(&self.oracle.go, in_go), self.sides[1].gomodfetch(args)]
            .map(|command| {
                let command = if self.dir.is_empty() { command } else { command.within(&self.dir) };
                match &self.umask {
                    Some(umask) => command.umask(umask),
                    None => command,
                }
            });
        commands.map(Invocation::run)
    }

    /// How the outcomes differ.
    fn compare(&self, [go, ours]: &[Output; 2], code: u8, differs: &[String]) -> Vec<String> {
        let mut report = Vec::new();
        if go.status.success() != (code == 0) || ours.code() != Some(i32::from(code)) {
            let same = go.status.success() == ours.status.success();
            let shown = if same { String::new() } else { format!("\n{go}\n{ours}") };
            let (go, ours) = (go.status, ours.status);
            report.push(format!("expected exit code {code}: {go} and {ours}{shown}"));
        }
        let mut compare = |what: &str, of: fn(&Output) -> &str| {
            let lines = diff::lines(&go.relative(of(go)), &ours.relative(of(ours)));
            if !lines.is_empty() {
                report.push(format!("{what}:\n{lines}"));
            }
        };
        let same = |stream: &str| !differs.iter().any(|what| what == stream);
        if same("stdout") {
            compare("standard output", |output| &output.stdout);
        }
        if same("stderr") {
            compare("standard error", |output| &output.stderr);
        }
        let [go, ours] = &self.sides;
        for dir in ["project", "gopath", "tmp"] {
            let (before, after) = (go.root().join(dir), ours.root().join(dir));
            let path = |name: &str| format!("{dir}/{name}");
            let unlike = |name: &str| differs.iter().any(|what| glob(what, &path(name)));
            report.extend(disk_differences(dir, &before, &after, unlike));
        }
        report
    }
}

/// How two folders differ, with the lines of texts that do.
///
/// An empty `V.lock` that only we have is no difference, nor are the folders made for it: it is left by a
/// zip that was fetched early and then not wanted, and removing it would pull it from under whoever waits.
pub fn disk_differences(
    name: &str,
    go: &Path,
    ours: &Path,
    unlike: impl Fn(&str) -> bool,
) -> Vec<String> {
    let before = Snapshot::of(go).without(&unlike);
    let after = Snapshot::of(ours).without(&unlike);
    let is_early_lock = |path: &str| {
        path.contains("/@v/") && path.ends_with(".lock") && !before.nodes.contains_key(path)
    };
    let rest = after.clone().without(is_early_lock);
    let locks: Vec<&String> = after.nodes.keys().filter(|path| is_early_lock(path)).collect();
    let after = rest.clone().without(|dir| {
        let below = format!("{dir}/");
        let holds_lock = locks.iter().any(|lock| lock.starts_with(&below));
        let holds_more = rest.files().iter().any(|file| file.starts_with(&below));
        holds_lock && !holds_more && !before.nodes.contains_key(dir)
    });
    let mut report: Vec<String> =
        before.diff(&after).into_iter().map(|line| format!("{name}: {line}")).collect();
    for (path, node) in &before.nodes {
        if after.nodes.get(path).is_some_and(|other| other.kind != node.kind)
            && let Ok(old) = fs::read_to_string(go.join(path))
            && let Ok(new) = fs::read_to_string(ours.join(path))
        {
            report.push(format!("{path}:\n{}", diff::lines(&old, &new)));
        }
    }
    report
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
