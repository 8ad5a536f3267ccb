//! Thousands of random module graphs, many to one run of go: the same graph and the same build list.
//!
//! The graphs of a batch have nothing in common but the main modules that require them all, so that one
//! run answers for all of them: pruned and whole ones, with exclusions and replacements, with go and
//! toolchain lines in dependencies, in a module and in workspaces.
//!
//! A batch is drawn from a seed that stands in the report of a failure: `GOMODFETCH_ORACLE_SEED=N` draws
//! that one alone, and `GOMODFETCH_ORACLE_BATCHED` another number of graphs.

use std::env;
use std::fmt::Write as _;
use std::path::Path;
use std::thread;

use crate::lane::{Oracle, disk_differences};
use crate::random::Random;
use crate::support::cli::Project;
use crate::support::diff;
use crate::support::registry::file_url;
use crate::support::txtar;

/// How many graphs are drawn unless told otherwise.
const GRAPHS: usize = 160;
/// How many of them make a batch.
const BATCH: usize = 40;
/// Go lines of dependencies.
const GO_LINES: [&str; 8] = ["", "1.14", "1.16", "1.17", "1.20", "1.21", "1.22.3", "1.25rc1"];
/// Go lines of main modules.
const MAIN_GO_LINES: [&str; 6] = ["", "1.15", "1.16", "1.17", "1.21", "1.22.1"];
/// Go lines of workspaces.
const WORK_GO_LINES: [&str; 5] = ["", "1.18", "1.20", "1.22.1", "1.25.3"];
/// Versions of each module, from the first on.
const VERSIONS: [&str; 5] = ["v1.0.0", "v1.2.0-rc.1", "v1.2.0", "v1.10.0", "v1.10.1"];

/// The main modules of a batch as they grow, and the modules that they require.
struct Batch {
    /// Files of the proxy.
    proxy: Vec<(String, String)>,
    /// The go.mod of each main module.
    mains: Vec<String>,
    /// The go.work, in a workspace.
    work: Option<String>,
    /// Folders that replace modules.
    locals: String,
    /// A version of Go for `-go`, where there may be one.
    go: Option<&'static str>,
}

impl Batch {
    fn from_seed(seed: u64) -> Self {
        let random = &mut Random(seed);
        let in_workspace = random.once_in(3);
        let lines: Vec<&str> = (0..1 + random.below(4)).map(|_| random.pick(&GO_LINES)).collect();
        let mut batch = Self {
            proxy: Vec::new(),
            mains: Vec::new(),
            work: None,
            locals: String::new(),
            go: random.once_in(2).then(|| random.pick(&["1.11", "1.16", "1.17", "1.23", "1.26"])),
        };
        let mut work_go = "";
        if in_workspace {
            work_go = random.pick(&WORK_GO_LINES);
            let mut work = String::new();
            if !work_go.is_empty() {
                let _ = writeln!(work, "go {work_go}");
            }
            if random.once_in(4) {
                work.push_str("toolchain go1.26.1\n");
            }
            batch.work = Some(work);
        }
        for main in 0..if in_workspace { 1 + random.below(4) } else { 1 } {
            let mut text = format!("module example.org/main{main}\n");
            let go = random.pick(&MAIN_GO_LINES);
            // Only a go.work that is new enough may use a module of go 1.21.
            let is_too_new = in_workspace && go > "1.20" && work_go < "1.22.1";
            if !go.is_empty() && !is_too_new {
                let _ = writeln!(text, "go {go}");
            }
            if random.once_in(5) {
                text.push_str("toolchain go1.23.4\n");
            }
            batch.mains.push(text);
        }
        for graph in 0..BATCH {
            batch.draw(random, graph, &lines);
        }
        if let Some(work) = &mut batch.work {
            for main in 0..batch.mains.len() {
                let _ = writeln!(work, "use ./main{main}");
            }
        }
        batch
    }

    /// Draws one graph.
    fn draw(&mut self, random: &mut Random, graph: usize, lines: &[&str]) {
        let names = 2 + random.below(7);
        let counts: Vec<usize> = (0..names).map(|_| 1 + random.below(VERSIONS.len())).collect();
        let path = |name: usize| format!("example.com/g{graph}m{name}");
        let any = |random: &mut Random| {
            let name = random.below(names);
            (path(name), VERSIONS[random.below(counts[name])])
        };
        for (name, count) in counts.iter().enumerate() {
            let path = path(name);
            for version in &VERSIONS[..*count] {
                let mut go_mod = format!("module {path}\n");
                let go = random.pick(lines);
                if !go.is_empty() {
                    let _ = writeln!(go_mod, "go {go}");
                }
                if random.once_in(8) {
                    go_mod.push_str("toolchain go1.24.9\n");
                }
                for _ in 0..random.below(4) {
                    let (to, version) = any(random);
                    let _ = writeln!(go_mod, "require {to} {version}");
                }
                let below = |kind: &str| format!("{path}/@v/{version}.{kind}");
                let info = format!(r#"{{"Version":"{version}","Time":"2024-05-06T07:08:09Z"}}"#);
                self.proxy.push((below("mod"), go_mod));
                self.proxy.push((below("info"), info));
            }
        }
        let mains = self.mains.len();
        for _ in 0..1 + random.below(4) {
            let (to, version) = any(random);
            let comment = if random.once_in(3) { " // indirect" } else { "" };
            let main = &mut self.mains[random.below(mains)];
            let _ = writeln!(main, "require {to} {version}{comment}");
        }
        for _ in 0..random.below(3) {
            let (to, version) = any(random);
            let _ = writeln!(self.mains[random.below(mains)], "exclude {to} {version}");
        }
        // One path is replaced in one place: what contradicts itself has cases of its own.
        let mut replaced: Vec<String> = Vec::new();
        for _ in 0..random.below(3) {
            let (old, version) = any(random);
            if replaced.contains(&old) {
                continue;
            }
            replaced.push(old.clone());
            let which = if random.once_in(2) { String::new() } else { format!(" {version}") };
            let is_work = self.work.is_some() && random.once_in(2);
            let new = if random.once_in(3) {
                let dir = format!("local-g{graph}-{}", replaced.len());
                let (to, version) = any(random);
                let go = random.pick(lines);
                let go = if go.is_empty() { String::new() } else { format!("go {go}\n") };
                let _ = write!(
                    self.locals,
                    "-- {dir}/go.mod --\nmodule {old}\n{go}require {to} {version}\n"
                );
                format!("{}{dir}", if self.work.is_some() && !is_work { "../" } else { "./" })
            } else {
                let (to, version) = any(random);
                format!("{to} {version}")
            };
            let text = match &mut self.work {
                Some(work) if is_work => work,
                _ => &mut self.mains[random.below(mains)],
            };
            let _ = writeln!(text, "replace {old}{which} => {new}");
        }
    }

    fn project(&self) -> String {
        let mut files = self.locals.clone();
        match &self.work {
            Some(work) => {
                let _ = write!(files, "-- go.work --\n{work}");
                for (number, text) in self.mains.iter().enumerate() {
                    let _ = write!(files, "-- main{number}/go.mod --\n{text}");
                }
            }
            None => {
                let _ = write!(files, "-- go.mod --\n{}", self.mains[0]);
            }
        }
        files
    }

    fn write_proxy(&self, dir: &Path) {
        for (name, text) in &self.proxy {
            txtar::write_file(dir, name, text.as_bytes());
        }
    }
}

#[test]
fn random_graphs_in_batches() {
    let Some(oracle) = Oracle::find("random_graphs_in_batches") else { return };
    let variable = |name: &str| env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let seeds: Vec<u64> = match variable("GOMODFETCH_ORACLE_SEED") {
        Some(seed) => vec![seed],
        None => {
            let graphs = variable("GOMODFETCH_ORACLE_BATCHED").unwrap_or(GRAPHS as u64);
            (0..graphs.div_ceil(BATCH as u64)).collect()
        }
    };
    let workers = thread::available_parallelism().map_or(2, usize::from);
    let mut succeeded = 0;
    let mut reports = Vec::new();
    thread::scope(|scope| {
        let parts = seeds.chunks(seeds.len().div_ceil(workers));
        let workers = parts.map(|part| {
            let oracle = &oracle;
            scope.spawn(move || part.iter().map(|seed| check(oracle, *seed)).collect::<Vec<_>>())
        });
        for worker in workers.collect::<Vec<_>>() {
            for (success, report) in worker.join().expect("a worker that does not panic") {
                succeeded += usize::from(success);
                reports.extend(report);
            }
        }
    });
    assert!(reports.is_empty(), "{} batches differ\n{}", reports.len(), reports.join("\n"));
    // Else nothing but errors is compared.
    assert!(succeeded == seeds.len(), "only {succeeded} of {} batches have a graph", seeds.len());
}

/// Whether go has a graph, and how we differ.
fn check(oracle: &Oracle, seed: u64) -> (bool, Option<String>) {
    let batch = Batch::from_seed(seed);
    let files = tempfile::tempdir().expect("a temporary folder");
    batch.write_proxy(files.path());
    let [theirs, ours] = [(); 2].map(|()| {
        let mut project = Project::new(&batch.project());
        project.set("GOPROXY", file_url(files.path())).set("GOROOT", &oracle.root);
        project
    });
    let mut report = String::new();
    let mut compare = |args: &[&str]| {
        let go = theirs.go(&oracle.go, [&["mod"], args].concat()).run();
        let we = ours.gomodfetch(args).run();
        if go.status.success() != we.status.success() {
            let _ = writeln!(report, "{} and {}", go.status, we.status);
        }
        report += &diff::lines(&go.relative(&go.stdout), &we.relative(&we.stdout));
        report += &diff::lines(&go.relative(&go.stderr), &we.relative(&we.stderr));
        if !report.is_empty() {
            let _ = writeln!(report, "(at {args:?})");
        }
        go.status.success()
    };
    let has_graph = compare(&["graph"]);
    if let Some(version) = batch.go
        // go panics.
        && !(batch.work.is_some() && version < "1.17")
    {
        compare(&["graph", &format!("-go={version}")]);
    }
    for dir in ["project", "gopath"] {
        let [theirs, ours] = [&theirs, &ours].map(|project| project.root().join(dir));
        for line in disk_differences(dir, &theirs, &ours, |_| false) {
            let _ = writeln!(report, "{line}");
        }
    }
    // It changes go.mod and go.sum, and so comes last.
    let all = ["list", "-m", "-mod=mod", "all"];
    let all = all.into_iter().filter(|arg| batch.work.is_none() || *arg != "-mod=mod");
    let [go, we] = [theirs.go(&oracle.go, all.clone()).run(), ours.gomodfetch(all).run()];
    report += &diff::lines(&go.relative(&go.stdout), &we.relative(&we.stdout));
    report += &diff::lines(&go.relative(&go.stderr), &we.relative(&we.stderr));
    if !go.status.success() || !we.status.success() {
        let _ = writeln!(report, "{go}\n{we}");
    }
    let [before, after] = [&theirs, &ours].map(|project| project.dir());
    for line in disk_differences("project", &before, &after, |_| false) {
        let _ = writeln!(report, "{line} (after listing)");
    }
    let differs = !report.is_empty();
    let described = || format!("=== seed {seed}\n{report}{}", batch.project());
    (has_graph, differs.then(described))
}
