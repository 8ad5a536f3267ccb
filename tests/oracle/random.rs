//! Random module graphs: the same downloads, go.mod and go.sum by go and by us.
//!
//! A graph is drawn from a seed that stands in the report of a failure: `GOMODFETCH_ORACLE_SEED=N`
//! draws that one alone, and `GOMODFETCH_ORACLE_GRAPHS` another number of them.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::thread;

use crate::lane::{Oracle, disk_differences};
use crate::support::cli::Project;
use crate::support::diff;
use crate::support::registry::{Registry, file_url};

/// How many graphs are drawn unless told otherwise.
const GRAPHS: u64 = 100;
/// Go lines of dependencies: whole graphs, pruned graphs, and those that raise the main module's.
const GO_LINES: [&str; 7] = ["", "1.14", "1.16", "1.17", "1.20", "1.21", "1.22.3"];
/// Go lines of main modules.
const MAIN_GO_LINES: [&str; 6] = ["", "1.15", "1.16", "1.17", "1.21", "1.22.1"];

/// A generator of numbers (SplitMix64), which gives the same ones on every system.
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// Whether something happens that does so once in `n` times.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

/// A drawn graph: the modules and the main module's files.
struct Drawn {
    registry: Registry,
    project: String,
    /// Files that the proxy lacks, relative to its folder.
    missing: Vec<String>,
    described: String,
    /// What is run, one after the other.
    runs: Vec<Vec<String>>,
}

impl Drawn {
    fn from_seed(seed: u64) -> Self {
        let random = &mut Random(seed);
        let names = 2 + random.below(9);
        let versions: Vec<usize> = (0..names).map(|_| 1 + random.below(4)).collect();
        let any = |random: &mut Random| {
            let name = random.below(names);
            // Versions that follow from the numbers alone; some are pre-releases.
            (name, random.below(versions[name]))
        };
        let mut modules = String::new();
        for (name, &count) in versions.iter().enumerate() {
            for version in 0..count {
                let go = random.pick(&GO_LINES);
                let _ = write!(
                    modules,
                    "-- {}/go.mod --\nmodule {}\n",
                    full(name, version),
                    path(name)
                );
                if !go.is_empty() {
                    let _ = writeln!(modules, "\ngo {go}");
                }
                for _ in 0..random.below(4) {
                    let (to, version) = any(random);
                    let _ = writeln!(modules, "require {} {}", path(to), number(version));
                }
                if random.once_in(12) {
                    let _ = writeln!(modules, "require example.org/main v0.{}.0", random.below(3));
                }
                let _ = write!(modules, "-- {}/p.go --\npackage p\n", full(name, version));
            }
        }

        let mut go_mod = "module example.org/main\n".to_owned();
        let go = random.pick(&MAIN_GO_LINES);
        if !go.is_empty() {
            let _ = writeln!(go_mod, "\ngo {go}");
        }
        for _ in 0..1 + random.below(5) {
            let (name, version) = any(random);
            let comment = if random.once_in(3) { " // indirect" } else { "" };
            let _ = writeln!(go_mod, "require {} {}{comment}", path(name), number(version));
        }
        for _ in 0..random.below(3) {
            let (name, version) = any(random);
            let _ = writeln!(go_mod, "exclude {} {}", path(name), number(version));
        }
        let mut project = String::new();
        let mut replaced = Vec::new();
        for _ in 0..random.below(3) {
            let (name, version) = any(random);
            let old = match random.once_in(2) {
                true => path(name),
                false => format!("{} {}", path(name), number(version)),
            };
            if replaced.contains(&old) {
                continue;
            }
            let (to, version) = any(random);
            let new = match random.below(3) {
                0 => {
                    let dir = format!("local{}", replaced.len());
                    let _ = write!(project, "-- {dir}/go.mod --\nmodule {}\n", path(name));
                    let _ = writeln!(project, "require {} {}", path(to), number(version));
                    format!("./{dir}")
                }
                1 => format!("{} {}", path(name), number(random.below(versions[name]))),
                _ => format!("{} {}", path(to), number(version)),
            };
            let _ = writeln!(go_mod, "replace {old} => {new}");
            replaced.push(old);
        }
        if random.once_in(8) {
            go_mod.push_str("toolchain go1.22.4\n");
        }
        let _ = write!(project, "-- go.mod --\n{go_mod}");
        let registry = Registry::from_txtar(&modules);
        if random.once_in(3) {
            let lines = registry.whole_go_sum();
            let known = lines.split_inclusive('\n').filter(|_| random.once_in(2));
            let _ = write!(project, "-- go.sum --\n{}", known.collect::<String>());
        }
        let mut missing = Vec::new();
        while random.once_in(6) {
            let (name, version) = any(random);
            let kind = random.pick(&["info", "mod", "zip"]);
            missing.push(format!("{}/@v/{}.{kind}", path(name), number(version)));
        }
        // The first run settles go.mod by what it needs, the second adds the sums of all zips.
        let mut runs = vec![vec![], vec!["all".to_owned()]];
        for _ in 0..2 {
            let (name, version) = any(random);
            let number = number(version);
            let query =
                random.pick(&["latest", "upgrade", "patch", "v1", "<v1.10.0", ">v1.0.0", number]);
            runs.push(vec![format!("{}@{query}", path(name))]);
        }
        let order = random.below(runs.len());
        runs.rotate_left(order);
        let described = format!("{modules}{project}-- missing --\n{}\n", missing.join("\n"));
        Self { registry, project, missing, described, runs }
    }
}

fn path(name: usize) -> String {
    format!("example.com/m{name}")
}

fn number(version: usize) -> &'static str {
    ["v1.0.0", "v1.2.0-rc.1", "v1.2.0", "v1.10.0"][version]
}

fn full(name: usize, version: usize) -> String {
    format!("{}@{}", path(name), number(version))
}

#[test]
fn random_graphs() {
    let Some(oracle) = Oracle::find("random_graphs") else { return };
    let variable = |name: &str| env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let seeds: Vec<u64> = match variable("GOMODFETCH_ORACLE_SEED") {
        Some(seed) => vec![seed],
        None => (0..variable("GOMODFETCH_ORACLE_GRAPHS").unwrap_or(GRAPHS)).collect(),
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
            for (successes, report) in worker.join().expect("a worker that does not panic") {
                succeeded += successes;
                reports.extend(report);
            }
        }
    });
    assert!(reports.is_empty(), "{} graphs differ\n{}", reports.len(), reports.join("\n"));
    // Else nothing but errors is compared.
    assert!(seeds.len() < 10 || succeeded > 2 * seeds.len(), "only {succeeded} runs succeed");
}

/// How many of the four runs over a graph succeed with go, and how we differ.
fn check(oracle: &Oracle, seed: u64) -> (usize, Option<String>) {
    let drawn = Drawn::from_seed(seed);
    let files = tempfile::tempdir().expect("a temporary folder");
    drawn.registry.write_proxy(files.path());
    for file in &drawn.missing {
        // The same one may be drawn twice.
        let _ = fs::remove_file(files.path().join(file));
    }
    let [theirs, ours] = [(); 2].map(|()| {
        let mut project = Project::new(&drawn.project);
        project.set("GOPROXY", file_url(files.path())).set("GOROOT", &oracle.root);
        project
    });
    let mut report = String::new();
    let mut successes = 0;
    for run in &drawn.runs {
        let args: Vec<&str> =
            ["download", "-json"].into_iter().chain(run.iter().map(String::as_str)).collect();
        let go = theirs.go(&oracle.go, [&["mod"], &args[..]].concat()).run();
        let we = ours.gomodfetch(&args).run();
        successes += usize::from(go.status.success());
        if go.status.success() != we.status.success() {
            let _ = writeln!(report, "{go}\n{we}");
        }
        report += &diff::lines(&go.relative(&go.stdout), &we.relative(&we.stdout));
        report += &diff::lines(&go.relative(&go.stderr), &we.relative(&we.stderr));
        for dir in ["project", "gopath"] {
            let [theirs, ours] = [&theirs, &ours].map(|project| project.root().join(dir));
            for line in disk_differences(dir, &theirs, &ours, |_| false) {
                let _ = writeln!(report, "{line}");
            }
        }
        if !report.is_empty() {
            let _ = writeln!(report, "(at {args:?})");
            break;
        }
    }
    let differs = !report.is_empty();
    (successes, differs.then(|| format!("=== seed {seed}\n{report}{}", drawn.described)))
}
