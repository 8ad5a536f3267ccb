//! go.work.sum and the go.sum files of the modules.

use std::time::Duration;

use crate::support::faults::{Fault, Gate};
use crate::support::tree::Snapshot;
use crate::{PROJECT, project, serve};

/// Far longer than anything here takes, and short enough to learn of a program that hangs.
const LIMIT: Duration = Duration::from_secs(60);

#[test]
fn locked_guards_go_work_sum() {
    let server = serve();
    let project = project(PROJECT, &server);
    let before = Snapshot::of(&project.dir());
    let output = project.gomodfetch(["download", "--locked"]).run();
    output.fails_with(1).stderr_has("updates to go.work.sum needed, disabled by --locked\n");
    assert_eq!(before.diff(&Snapshot::of(&project.dir())), [""; 0]);
    // The sums of the modules are enough.
    let sums = server.registry().whole_go_sum();
    project.write("one/go.sum", &sums);
    project.gomodfetch(["download", "--locked"]).run().success().silent();
    assert!(!project.has("go.work.sum"));
}

#[test]
fn go_mod_and_go_sum_of_the_modules_are_never_written() {
    let server = serve();
    let project = project(PROJECT, &server);
    project.write("one/go.mod", "module example.org/one\nrequire (\nexample.com/b v1\n)\n");
    project.gomodfetch(["download"]).run().success();
    assert_eq!(
        project.read("one/go.mod"),
        "module example.org/one\nrequire (\nexample.com/b v1\n)\n"
    );
    assert!(!project.has("one/go.sum") && !project.has("two/go.sum"));
    assert!(project.has("go.work.sum"));
}

#[test]
fn zips_that_a_go_sum_knows_do_not_wait_for_the_graph() {
    let server = serve();
    let graph = Gate::closed();
    let zips = Gate::for_company(2);
    server.fault(Fault::on("*/c/@v/*.mod").gate(&graph));
    server.fault(Fault::on("*.zip").gate(&zips));
    let project = project(PROJECT, &server);
    let sums = |module: &str| server.registry().get(module).go_sum();
    project.write("one/go.sum", &sums("example.com/a v1.0.0"));
    project.write("go.work.sum", &sums("example.com/b v1.1.0"));
    let running = project.gomodfetch(["download"]).limit(LIMIT).spawn();
    zips.wait_for(2);
    graph.wait_for(1);
    graph.open();
    running.wait().success().silent();
}
