//! What is in flight at once. Gates that open for company prove it without a clock: if fewer requests
//! were under way, the program would wait for ever.

use std::fmt::Write as _;
use std::time::Duration;

use crate::support::cli::Project;
use crate::support::faults::{Fault, Gate};
use crate::support::registry::Registry;
use crate::support::server::Server;
use crate::{PROJECT, project, serve, serve_with_database};

/// Far longer than anything here takes, and short enough to learn of a program that hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// So many modules in the first level, each with one below it.
const WIDTH: usize = 60;

fn wide_server() -> Server {
    let graph = (0..WIDTH).fold(String::new(), |mut text, n| {
        let _ = writeln!(text, "upper{n} v1.0.0 go 1.16: lower{n} v1.0.0\nlower{n} v1.0.0 go 1.16");
        text
    });
    Server::http(Registry::from_graph(&graph))
}

fn wide_project(server: &Server, go: &str) -> Project {
    let mut go_mod = format!("-- go.mod --\nmodule example.org/main\n\ngo {go}\n\nrequire (\n");
    for n in 0..WIDTH {
        let _ = writeln!(go_mod, "\texample.com/upper{n} v1.0.0");
    }
    go_mod.push_str(")\n");
    project(&go_mod, server)
}

#[test]
fn the_go_mods_of_a_level_are_asked_for_at_once() {
    for go in ["1.16", "1.21"] {
        let server = wide_server();
        let gates = [Gate::for_company(WIDTH), Gate::for_company(WIDTH)];
        server.fault(Fault::on("*/upper*.mod").gate(&gates[0]));
        server.fault(Fault::on("*/lower*.mod").gate(&gates[1]));
        let project = wide_project(&server, go);
        project.gomodfetch(["download"]).limit(LIMIT).run().success().silent();
        assert!(gates.iter().all(Gate::is_open));
    }
}

#[test]
fn the_zips_are_asked_for_at_once() {
    let server = wide_server();
    let gate = Gate::for_company(WIDTH);
    server.fault(Fault::on("*/upper*.zip").gate(&gate));
    let project = wide_project(&server, "1.21");
    project.gomodfetch(["download"]).limit(LIMIT).run().success().silent();
    assert!(gate.is_open());
}

#[test]
fn the_parts_of_one_module_are_asked_for_at_once() {
    let server = serve_with_database();
    let gate = Gate::for_company(4);
    for pattern in ["*.info", "*.mod", "*.zip", "*/lookup/*"] {
        server.fault(Fault::on(pattern).gate(&gate));
    }
    let project = project(PROJECT, &server);
    let args = ["download", "example.com/d@v1.0.0"];
    project.gomodfetch(args).limit(LIMIT).run().success().silent();
    assert!(gate.is_open());
}

#[test]
fn zips_do_not_wait_for_the_graph() {
    let server = serve();
    let graph = Gate::closed();
    let zips = Gate::for_company(2);
    server.fault(Fault::on("*/c/@v/*.mod").gate(&graph));
    server.fault(Fault::on("*.zip").gate(&zips));
    let project = project(PROJECT, &server);
    let running = project.gomodfetch(["download"]).limit(LIMIT).spawn();
    // Both zips are under way while a go.mod of the graph is held.
    zips.wait_for(2);
    graph.wait_for(1);
    assert!(!project.modcache().join("example.com/a@v1.0.0").exists(), "published too early");
    graph.open();
    running.wait().success().silent();
    assert!(project.modcache().join("example.com/a@v1.0.0").exists());
}

#[test]
fn zips_that_go_sum_does_not_know_are_not_fetched_early() {
    let server = serve();
    let graph = Gate::closed();
    server.fault(Fault::on("*/c/@v/*.mod").gate(&graph).status(404));
    let project = project(PROJECT, &server);
    let sums = server.registry().get("example.com/a v1.0.0").go_sum();
    project.write("go.sum", &sums);
    let running = project.gomodfetch(["download"]).limit(LIMIT).spawn();
    graph.wait_for(1);
    graph.open();
    running.wait().fails_with(3);
    assert_eq!(server.count("*/b/@v/*.zip"), 0);
}

#[test]
fn jobs_bounds_the_zips_in_flight() {
    let server = wide_server();
    // Proves that three are under way; that there are never more is seen in the record.
    let gate = Gate::for_company(3);
    server.fault(Fault::on("*.zip").gate(&gate).delay(Duration::from_millis(5)));
    let project = wide_project(&server, "1.21");
    project.gomodfetch(["download", "--jobs", "3"]).limit(LIMIT).run().success().silent();
    assert_eq!((server.peak("*.zip"), server.count("*.zip")), (3, WIDTH));
}

#[test]
fn one_job_is_enough() {
    let server = wide_server();
    let project = wide_project(&server, "1.21");
    project.gomodfetch(["download", "--jobs=1", "all"]).limit(LIMIT).run().success().silent();
    assert_eq!((server.peak("*.zip"), server.count("*.zip")), (1, 2 * WIDTH));
}

#[test]
fn queries_are_asked_at_once() {
    let server = serve();
    let gate = Gate::for_company(3);
    server.fault(Fault::on("*/@v/list").gate(&gate));
    let args = ["download", "example.com/a@latest", "example.com/b@v1", "example.com/c@<v2.0.0"];
    project(PROJECT, &server).gomodfetch(args).limit(LIMIT).run().success().silent();
    assert!(gate.is_open());
}
