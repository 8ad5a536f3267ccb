//! `--stream`: each object as soon as it is known, in the order of the arguments.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use crate::support::cli::{Invocation, Project};
use crate::support::faults::{Fault, Gate};
use crate::{PROJECT, project, serve};

/// The command with its output in a file, which can be read while it runs.
fn into_file(command: Invocation) -> Invocation {
    command.through(["/bin/sh", "-c", "exec \"$@\" >out.json", "sh"])
}

/// Waits until the output holds so many objects; the net is the time limit of the program itself.
fn wait_for_objects(project: &Project, count: usize) -> String {
    for _ in 0..6000 {
        let text = fs::read_to_string(project.dir().join("out.json")).unwrap_or_default();
        if text.matches("\n}\n").count() >= count {
            return text;
        }
        sleep(Duration::from_millis(10));
    }
    panic!("no {count} objects after a minute");
}

#[test]
fn the_first_object_comes_while_the_second_zip_is_held() {
    let server = serve();
    let plain = project(PROJECT, &server).gomodfetch(["download", "-json"]).run();
    let expected = plain.relative(&plain.stdout);

    let gate = Gate::closed();
    server.fault(Fault::on("*/b/@v/*.zip").gate(&gate));
    let project = project(PROJECT, &server);
    let mut running = into_file(project.gomodfetch(["download", "-json", "--stream"])).spawn();
    let first = wait_for_objects(&project, 1);
    assert!(first.contains("\"example.com/a\"") && !first.contains("\"example.com/b\""), "{first}");
    assert!(!gate.is_open() && running.is_running());
    gate.open();
    let output = running.wait();
    output.success().silent();
    assert_eq!(output.relative(&project.read("out.json")), expected);
}

#[test]
fn the_second_object_waits_for_the_first() {
    let server = serve();
    let gate = Gate::closed();
    server.fault(Fault::on("*/a/@v/*.zip").gate(&gate));
    let project = project(PROJECT, &server);
    let running = into_file(project.gomodfetch(["download", "-json", "--stream"])).spawn();
    // The second is in the cache, so it is known.
    let tree = project.modcache().join("example.com/b@v1.1.0");
    for _ in 0..6000 {
        if tree.exists() {
            break;
        }
        sleep(Duration::from_millis(10));
    }
    assert!(tree.exists() && !gate.is_open());
    assert_eq!(project.read("out.json"), "");
    gate.open();
    running.wait().success().silent();
    let text = project.read("out.json");
    let place = |name: &str| text.find(&format!("\"Path\": \"example.com/{name}\""));
    assert!(place("a").is_some() && place("a") < place("b"), "{text}");
}

#[test]
fn a_failure_is_an_object_like_any_other() {
    let server = serve();
    let gate = Gate::closed();
    server.fault(Fault::on("*/a/@v/*.zip").status(404));
    server.fault(Fault::on("*/b/@v/*.zip").gate(&gate));
    let project = project(PROJECT, &server);
    let running = into_file(project.gomodfetch(["download", "-json", "--stream"])).spawn();
    let first = wait_for_objects(&project, 1);
    assert!(first.contains("\"Error\": \"example.com/a@v1.0.0: reading "), "{first}");
    gate.open();
    running.wait().fails_with(3);
    wait_for_objects(&project, 2);
}

#[test]
fn without_json_there_is_nothing_to_stream() {
    let server = serve();
    project(PROJECT, &server).gomodfetch(["download", "--stream"]).run().success().silent();
}
