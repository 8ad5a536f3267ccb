//! Broken projects and modules that can't be had: told, and no harm to the others.

use crate::support::faults::Fault;
use crate::support::registry::Registry;
use crate::support::server::Server;
use crate::support::tree::Snapshot;
use crate::{each_once, module, serve, tree};

const A: &str = "example.com/a v1.0.0";
const B: &str = "example.com/b v1.0.0";

fn server() -> Server {
    serve(Registry::from_graph("a v1.0.0\nb v1.0.0\nc v1.0.0 go 1.16: none v1.0.0\n"), false)
}

#[test]
fn a_broken_project_does_not_stop_the_others() {
    let server = server();
    let files = [
        module("one", &[A]),
        "-- two/go.mod --\nmodule example.org/two\n\ngo 1.21\n\nrequire example.com/a\n".to_owned(),
        "-- three/go.mod --\nmodule example.org/three\n\ngo 1.21\n\nrequire example.com/b v1.0.0\n\
         -- three/go.sum --\nnonsense\n"
            .to_owned(),
        "-- work/go.work --\ngo 1.21\n\nuse ./missing\n".to_owned(),
        module("zero", &[B]),
    ];
    let projects = tree(&files.concat(), &server);
    let before = Snapshot::of(&projects.dir());
    let output = projects.gomodfetch(["prewarm", "."]).run();
    output.fails_with(1);
    output.stderr_has("three: malformed go.sum:\n");
    output.stderr_has("two: go: errors parsing go.mod:\ngo.mod:5:");
    output.stderr_has("work: go: cannot load module missing listed in go.work file: ");
    output.stdout_has("5 projects, 2 modules: 2 downloaded (");
    each_once(&server);
    assert_eq!(before.diff(&Snapshot::of(&projects.dir())), [""; 0]);
    let output = projects.gomodfetch(["prewarm", "-json", "."]).run();
    let told = output.fails_with(1).json();
    let errors: Vec<bool> = told.iter().map(|object| object.get("Error").is_some()).collect();
    assert_eq!(errors, [false, true, true, true, false]);
    assert_eq!(told[2]["Modules"], 0);
}

#[test]
fn a_failure_that_projects_share_is_told_once_and_not_asked_for_again() {
    let server = server();
    server.fault(Fault::on("*/b/@v/*.zip").status(403).body("not for you"));
    let mut files = String::new();
    for number in 0..12 {
        let dir = format!("p{number:02}");
        files.push_str(&module(&dir, if number % 2 == 0 { &[A, B] } else { &[A] }));
    }
    files.push_str(&module("x1", &["example.com/c v1.0.0"]));
    files.push_str(&module("x2", &["example.com/c v1.0.0"]));
    let projects = tree(&files, &server);
    let output = projects.gomodfetch(["prewarm", "."]).run();
    output.fails_with(4);
    output.stderr_has("p00 and 5 other projects: go: example.com/b@v1.0.0: ");
    output.stderr_has("403 Forbidden");
    output.stderr_has("x1 and 1 other project: go: example.com/c@v1.0.0 requires\n");
    output.stdout_has(", 1 failed\n");
    assert_eq!(output.stderr.matches("403 Forbidden").count(), 1, "{output}");
    each_once(&server);
    // The first in the order of paths decides.
    projects.gomodfetch(["prewarm", "x2", "x1"]).run().fails_with(3);
}

#[test]
fn a_go_sum_that_contradicts_fails_its_project_alone() {
    for with_database in [false, true] {
        let registry = Registry::from_graph("a v1.0.0\nb v1.0.0\n");
        let server = serve(registry, with_database);
        let good = server.registry().go_sum(&[A, B]);
        let bad = |what: &str| {
            let line = |line: &str| match line.starts_with(what) {
                true => format!("{what} h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"),
                false => format!("{line}\n"),
            };
            good.lines().map(line).collect::<String>()
        };
        let mut files = String::new();
        for number in 0..10 {
            let dir = format!("p{number}");
            let sums = match number {
                4 => bad(&format!("{A} ")),
                6 => bad(&format!("{B}/go.mod")),
                _ if number % 3 == 0 => String::new(),
                _ => good.clone(),
            };
            files.push_str(&format!("{}-- {dir}/go.sum --\n{sums}", module(&dir, &[A, B])));
        }
        let projects = tree(&files, &server);
        let before = Snapshot::of(&projects.dir());
        for round in 0..2 {
            let output = projects.gomodfetch(["prewarm", "-json", "."]).run();
            output.fails_with(5);
            output.stderr_has(&format!(
                "p4: verifying {}: checksum mismatch\n\tdownloaded: ",
                A.replace(' ', "@")
            ));
            output.stderr_has(&format!("p6: verifying {}/go.mod: ", B.replace(' ', "@")));
            let told = output.json();
            for (number, object) in told.iter().enumerate() {
                let fails = [4, 6].contains(&number);
                assert_eq!(object.get("Error").is_some(), fails, "round {round}: {object}");
                if !fails {
                    assert_eq!(object["Modules"], 2);
                }
            }
        }
        for module in ["a@v1.0.0", "b@v1.0.0"] {
            assert!(projects.modcache().join("example.com").join(module).is_dir());
        }
        // Nobody is asked for a go.mod again; a zip that one project refuses may have to come again.
        assert_eq!(server.count("*.mod"), 2);
        assert!(server.count("*.zip") <= 4, "{:?}", server.paths());
        assert_eq!(before.diff(&Snapshot::of(&projects.dir())), [""; 0]);
    }
}

#[test]
fn what_the_database_refuses_is_refused_for_all_that_do_not_know_it() {
    let server = serve(Registry::from_graph("a v1.0.0\nb v1.0.0\n"), true);
    let good = server.registry().go_sum(&[A, B]);
    let other = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let mut record = String::new();
    for line in good.lines().filter(|line| line.starts_with("example.com/b")) {
        let (key, _) = line.rsplit_once(' ').unwrap();
        let hash = if key.ends_with("/go.mod") { line.rsplit_once(' ').unwrap().1 } else { other };
        record.push_str(&format!("{key} {hash}\n"));
    }
    server.replace_sumdb(None);
    let mut log = crate::support::sumlog::SumLog::new("sum.example.com").with_history(300);
    log.add(server.registry().get(A));
    log.add_record("example.com/b@v1.0.0", record);
    let vkey = log.vkey();
    server.replace_sumdb(Some(log));
    let mut files = String::new();
    for number in 0..6 {
        let dir = format!("p{number}");
        let sums = if number == 5 { good.as_str() } else { "" };
        files.push_str(&format!("{}-- {dir}/go.sum --\n{sums}", module(&dir, &[A, B])));
    }
    let mut projects = tree(&files, &server);
    projects.set("GOSUMDB", vkey);
    let output = projects.gomodfetch(["prewarm", "-json", "."]).run();
    output.fails_with(5);
    output.stderr_has(
        "p0 and 4 other projects: go: example.com/b@v1.0.0: verifying module: checksum mismatch",
    );
    let failed: Vec<bool> =
        output.json().iter().map(|object| object.get("Error").is_some()).collect();
    // The project whose go.sum knows it is served; whether before the others or after them.
    assert_eq!(failed, [true, true, true, true, true, false]);
    assert!(server.count("*/b/@v/*.zip") <= 2, "{:?}", server.paths());
}
