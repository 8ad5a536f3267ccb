//! One resolution asks for each file once, in as few steps that depend on each other as the graph is deep.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use crate::project;
use crate::support::cli::Output;
use crate::support::faults::{Fault, Gate};
use crate::support::registry::Registry;
use crate::support::server::Server;

/// Far longer than anything here takes, and short enough to learn of a program that hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// So many modules in each level, and levels.
const WIDTH: usize = 20;
const DEPTH: usize = 5;

/// Levels of modules, each of which requires two of the level below in several versions.
fn levels() -> String {
    let mut graph = String::new();
    for level in 0..DEPTH {
        for n in 0..WIDTH {
            let _ = write!(graph, "l{level}n{n} v1.0.0 go 1.16");
            if level + 1 < DEPTH {
                let other = (n + 1) % WIDTH;
                let _ = write!(graph, ": l{0}n{n} v1.0.0, l{0}n{other} v1.0.0", level + 1);
            }
            graph.push('\n');
        }
    }
    graph
}

fn requirements() -> String {
    (0..WIDTH).fold(String::new(), |mut text, n| {
        let _ = writeln!(text, "require example.com/l0n{n} v1.0.0");
        text
    })
}

/// The longest row of requests each of which began when the one before it was answered.
fn dependent_steps(server: &Server) -> usize {
    let mut requests = server.requests();
    requests.sort_by_key(|request| request.began);
    let mut done: Vec<(usize, usize)> = Vec::new();
    for request in &requests {
        let before = done.iter().filter(|(ended, _)| *ended < request.began);
        let step = 1 + before.map(|(_, step)| *step).max().unwrap_or(0);
        done.push((request.ended.unwrap_or(usize::MAX), step));
    }
    done.into_iter().map(|(_, step)| step).max().unwrap_or(0)
}

/// That `-x` told of each request, and of none twice.
fn assert_traced(output: &Output, server: &Server) {
    let begun = output.stderr.lines().filter(|line| line.contains(&server.url()));
    let paths: Vec<String> = server.paths();
    let told: Vec<&str> = begun.collect();
    for path in &paths {
        assert!(told.iter().any(|line| line.contains(path.as_str())), "not told: {path}\n{output}");
    }
    let different: BTreeSet<&String> = paths.iter().collect();
    assert_eq!(different.len(), paths.len(), "asked for twice: {paths:?}");
}

/// Lets the requests of each level wait for each other: their number of steps is then certain.
fn gated(registry: Registry) -> Server {
    let server = Server::http(registry);
    for level in 0..DEPTH {
        let gate = Gate::for_company(WIDTH);
        server.fault(Fault::on(&format!("*/l{level}n*.mod")).gate(&gate));
    }
    server
}

#[test]
fn a_whole_graph_takes_as_many_steps_as_it_is_deep() {
    for go in ["1.16", "1.21"] {
        let server = gated(Registry::from_graph(&levels()));
        let files =
            format!("-- go.mod --\nmodule example.org/main\n\ngo {go}\n\n{}", requirements());
        let project = project(&files, &server);
        let output = project.gomodfetch(["graph", "-x"]).limit(LIMIT).run();
        assert_traced(output.success(), &server);
        assert_eq!(server.requests().len(), WIDTH * DEPTH);
        assert_eq!(dependent_steps(&server), DEPTH);
        // What is in the cache is not asked for again.
        server.forget_requests();
        project.gomodfetch(["graph", "-x"]).limit(LIMIT).run().success().stderr_is("");
        assert_eq!(server.paths(), [""; 0]);
    }
}

#[test]
fn roots_that_have_to_be_raised_cost_nothing_that_was_asked_for_before() {
    // Each round of raising meets another, and loads the graph anew.
    let graph = "
        a v1.0.0: b v1.1.0
        b v1.0.0
        b v1.1.0: c v1.1.0
        c v1.0.0
        c v1.1.0: d v1.1.0
        d v1.0.0
        d v1.1.0
    ";
    let files = "\
-- go.mod --
module example.org/main

go 1.21

require (
	example.com/a v1.0.0
	example.com/b v1.0.0
	example.com/c v1.0.0
	example.com/d v1.0.0
)
";
    let server = Server::http(Registry::from_graph(graph));
    let gate = Gate::for_company(4);
    server.fault(Fault::on("*/v1.0.0.mod").gate(&gate));
    let project = project(files, &server);
    let output = project.gomodfetch(["graph", "-x"]).limit(LIMIT).run();
    output.success().stdout_has("example.org/main example.com/d@v1.1.0\n");
    assert_traced(&output, &server);
    assert_eq!(server.requests().len(), 7);
    // The four roots; then b, c and d as the round before raised them.
    assert_eq!(dependent_steps(&server), 4);
}

#[test]
fn a_workspace_asks_for_each_file_once() {
    let server = gated(Registry::from_graph(&levels()));
    let half = |odd: usize| {
        (0..WIDTH).filter(|n| n % 2 == odd).fold(String::new(), |mut text, n| {
            let _ = writeln!(text, "require example.com/l0n{n} v1.0.0");
            text
        })
    };
    let files = format!(
        "-- go.work --\ngo 1.21\nuse ./one\nuse ./two\n\
         -- one/go.mod --\nmodule example.org/one\ngo 1.16\n{}\
         -- two/go.mod --\nmodule example.org/two\ngo 1.21\n{}",
        half(0),
        half(1)
    );
    let project = project(&files, &server);
    let output = project.gomodfetch(["graph", "-x"]).limit(LIMIT).run();
    assert_traced(output.success(), &server);
    assert_eq!(server.requests().len(), WIDTH * DEPTH);
    assert_eq!(dependent_steps(&server), DEPTH);
}

#[test]
fn download_asks_for_each_file_once() {
    let server = gated(Registry::from_graph(&levels()));
    let files = format!("-- go.mod --\nmodule example.org/main\n\ngo 1.21\n\n{}", requirements());
    let project = project(&files, &server);
    let output = project.gomodfetch(["download", "-x", "all"]).limit(LIMIT).run();
    assert_traced(output.success(), &server);
    // .info, .mod and .zip of each.
    assert_eq!(server.requests().len(), 3 * WIDTH * DEPTH);
}
