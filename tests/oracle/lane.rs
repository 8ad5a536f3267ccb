//! Cases run on both sides and compared.

use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};

use crate::case::{self, Case, Step};
use crate::stage::Stage;
use crate::support::cli::{Output, Project};
use crate::support::diff;
use crate::support::faults::glob;
use crate::support::go::Go;
use crate::support::tree::Snapshot;

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
            Step::Differs(what) => differs.push(pair.stage.expand(what)),
            Step::Says(text) => {
                let text = pair.stage.expand(text);
                for output in last.iter().flatten() {
                    if !output.relative(&output.stderr).contains(&text) {
                        report.push(format!("not said: {text}\n{output}"));
                    }
                }
            }
            other => pair.stage.prepare(other),
        }
        if report.len() > before {
            report.push(format!("(at the step {step:?})"));
        }
    }
    report
}

/// A case played by go and by the program under test, each in a project of its own.
struct Pair<'a> {
    oracle: &'a Oracle,
    stage: Stage,
}

impl<'a> Pair<'a> {
    fn new(oracle: &'a Oracle, case: &Case) -> Self {
        let mut stage = Stage::new(case, 2);
        for side in &mut stage.sides {
            side.set("GOROOT", &oracle.root);
        }
        Self { oracle, stage }
    }

    /// Runs both. `list` and `work` are commands of go's own, the others are those of `go mod`.
    fn run(&self, args: &[String]) -> [Output; 2] {
        let args: Vec<String> = args.iter().map(|arg| self.stage.expand(arg)).collect();
        let of_mod = args.first().is_none_or(|command| !matches!(&**command, "list" | "work"));
        let in_go = of_mod.then(|| "mod".to_owned()).into_iter().chain(args.clone());
        let [go, ours] = &self.stage.sides[..] else { unreachable!("two sides") };
        [go.go(&self.oracle.go, in_go), ours.gomodfetch(args)]
            .map(|command| self.stage.staged(command).run())
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
        let [go, ours] = &self.stage.sides[..] else { unreachable!("two sides") };
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
