//! `-x`: we ask for what go asks for, each thing once.

use std::collections::BTreeSet;

use crate::lane::Oracle;
use crate::support::cli::{Output, Project};
use crate::support::registry::Registry;
use crate::support::server::Server;
use crate::support::sumlog::SumLog;

const GRAPH: &str = "
    a v1.0.0: b v1.1.0
    a v1.1.0
    b v1.1.0 go 1.16: c v1.0.0
    c v1.0.0 go 1.16
";

/// The addresses of a trace with the statuses that they got. Redirects apart, each is asked for once.
fn answers(output: &Output) -> BTreeSet<(String, String)> {
    let lines = output.stderr.lines().filter_map(|line| line.strip_prefix("# get "));
    let answered = lines.filter_map(|line| line.split_once(": "));
    let answered = answered.map(|(url, outcome)| {
        let (status, time) = outcome.rsplit_once(" (").expect("a time");
        assert!(time.ends_with("s)"), "{outcome}");
        (url.to_owned(), status.to_owned())
    });
    answered.collect()
}

#[test]
fn the_same_requests_with_the_same_answers() {
    let Some(oracle) = Oracle::find("the_same_requests_with_the_same_answers") else { return };
    let registry = Registry::from_graph(GRAPH);
    let mut log = SumLog::new("sum.example.com").with_history(300);
    log.add_all(&registry);
    let server = Server::builder(registry).sumdb(log).start();
    let go_mod = |go: &str| {
        format!(
            "-- go.mod --\nmodule example.org/main\n\ngo {go}\n\nrequire (\n\texample.com/a v1.0.0\n\t\
             example.com/b v1.1.0 // indirect\n)\n"
        )
    };
    for (go, args) in [
        ("1.21", &["download"][..]),
        ("1.16", &["download"]),
        ("1.21", &["download", "all"]),
        ("1.21", &["download", "example.com/c@v1.0.0"]),
        ("1.21", &["download", "example.com/a@latest"]),
        ("1.21", &["download", "example.com/a@v1.0"]),
        ("1.21", &["download", "example.com/a@v9.0.0"]),
    ] {
        let [theirs, ours] = [(); 2].map(|()| {
            let mut project = Project::new(&go_mod(go));
            project.use_server(&server).set("GOROOT", &oracle.root).set("GOFLAGS", "-x");
            project
        });
        let theirs = theirs.go(&oracle.go, [&["mod"], args].concat()).run();
        let ours = ours.gomodfetch(args).run();
        assert_eq!(theirs.status.success(), ours.status.success());
        assert_eq!(answers(&theirs), answers(&ours), "{args:?} at go {go}\n{theirs}\n{ours}");
    }
}
