//! What is in flight at once. Gates that open for company prove it without a clock: if fewer requests
//! were under way, the program would wait for ever.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::support::cli::Project;
use crate::support::faults::{Fault, Gate};
use crate::support::registry::Registry;
use crate::support::server::Server;
use crate::support::sumlog::SumLog;

/// Far longer than anything here takes, and short enough to learn of a program that hangs.
const LIMIT: Duration = Duration::from_secs(60);
/// So many modules.
const WIDTH: usize = 60;

/// Modules with an old and a new version each, and a project that requires the old ones.
fn wide() -> (Server, Project) {
    let mut graph = String::new();
    let mut go_mod = "-- go.mod --\nmodule example.org/main\n\ngo 1.21\n\nrequire (\n".to_owned();
    for n in 0..WIDTH {
        let _ = writeln!(graph, "m{n} v1.0.0\nm{n} v1.1.0");
        let _ = writeln!(go_mod, "\texample.com/m{n} v1.0.0");
    }
    go_mod.push_str(")\n");
    let registry = Registry::from_graph(&graph);
    let _ = write!(go_mod, "-- go.sum --\n{}", registry.whole_go_sum());
    let mut log = SumLog::new("sum.example.com").with_history(300);
    log.add_all(&registry);
    let server = Server::builder(registry).sumdb(log).start();
    let mut project = Project::new(&go_mod);
    project.use_server(&server);
    (server, project)
}

#[test]
fn updates_of_all_modules_take_two_steps() {
    let (server, project) = wide();
    // First: the go.mod files of the graph, .info files and lists, all of them at once.
    let first = Gate::for_company(3 * WIDTH);
    for pattern in ["*/v1.0.0.mod", "*/v1.0.0.info", "*/@v/list"] {
        server.fault(Fault::on(pattern).gate(&first));
    }
    // Then the newest versions.
    let second = Gate::for_company(2 * WIDTH);
    for pattern in ["*/v1.1.0.mod", "*/v1.1.0.info"] {
        server.fault(Fault::on(pattern).gate(&second));
    }
    let output = project.gomodfetch(["list", "-u", "all"]).limit(LIMIT).run();
    assert!(first.is_open() && second.is_open());
    let lines: Vec<&str> = output.success().stdout.lines().collect();
    assert_eq!(lines.len(), 1 + WIDTH);
    assert!(lines.iter().skip(1).all(|line| line.ends_with(" v1.0.0 [v1.1.0]")), "{lines:?}");
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for path in server.paths() {
        *counts.entry(path).or_default() += 1;
    }
    let twice: Vec<_> = counts.into_iter().filter(|(_, count)| *count > 1).collect();
    assert!(twice.is_empty(), "asked for more than once: {twice:?}");
}

#[test]
fn what_is_asked_for_early_leaves_nothing() {
    let (server, project) = wide();
    server.fault(Fault::on("*/m7/@v/v1.0.0.mod").status(404));
    let output = project.gomodfetch(["list", "-u", "-versions", "all"]).limit(LIMIT).run();
    assert_eq!(output.code(), Some(3), "{output}");
    assert_eq!(output.stdout, "");
    let again = project.gomodfetch(["list", "-retracted", "example.com/m1"]).limit(LIMIT).run();
    assert_eq!(again.success().stdout, "example.com/m1 v1.0.0\n");
}
