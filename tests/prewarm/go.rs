//! What the real go finds after a prewarm: all it needs, and nothing to change.

use crate::support::cli::Project;
use crate::support::go::Go;
use crate::support::registry::Registry;
use crate::support::tree::Snapshot;
use crate::{module, serve, tree};

const GRAPH: &str = "
    a v1.0.0: b v1.1.0
    a v1.1.0
    b v1.0.0
    b v1.1.0: c v1.0.0
    c v1.0.0 go 1.16: d v1.0.0
    d v1.0.0 go 1.16
    e v2.0.0+incompatible
";

/// Projects of many kinds, brought into order by go itself.
fn projects(go: &Go, server: &crate::support::server::Server) -> (Project, Vec<String>) {
    let old =
        "-- old/go.mod --\nmodule example.org/old\n\ngo 1.15\n\nrequire example.com/c v1.0.0\n";
    let files = [
        module("one", &["example.com/a v1.0.0", "example.com/b v1.1.0", "example.com/c v1.0.0"]),
        module("one/nested", &["example.com/a v1.1.0"]),
        old.to_owned(),
        module("two", &["example.com/b v1.1.0", "example.com/c v1.0.0"]),
        "-- two/p.go --\npackage two\n\nimport _ \"example.com/b\"\n".to_owned(),
        module("w/x", &["example.com/a v1.1.0"]),
        module("w/y", &["example.com/b v1.0.0"]),
        "-- w/go.work --\ngo 1.21\n\nuse (\n\t./x\n\t./y\n)\n".to_owned(),
        module("none", &[]),
    ];
    let projects = tree(&files.concat(), server);
    let dirs = ["one", "one/nested", "old", "two", "w", "none"].map(str::to_owned).to_vec();
    // go.sum as go leaves it, made with a cache that is forgotten.
    let gopath = projects.root().join("other");
    for dir in ["one", "one/nested", "old", "two", "w/x", "w/y"] {
        for args in [&["mod", "download"][..], &["mod", "download", "all"]] {
            let run = projects.go(go, args).within(dir).env("GOMODCACHE", &gopath);
            run.env("GOWORK", "off").env("GOFLAGS", "-modcacherw").run().success();
        }
    }
    (projects, dirs)
}

#[test]
fn go_needs_nothing_more() {
    let Some(go) = Go::find("go_needs_nothing_more") else { return };
    let server = serve(Registry::from_graph(GRAPH), true);
    let (mut projects, dirs) = projects(&go, &server);
    let before = Snapshot::of(&projects.dir());
    projects.gomodfetch(["prewarm", "."]).run().success().stderr_is("");
    assert_eq!(before.diff(&Snapshot::of(&projects.dir())), [""; 0]);
    let cache = Snapshot::of(&projects.modcache());
    projects.set("GOPROXY", "off");
    for dir in &dirs {
        projects.go(&go, ["mod", "download"]).within(dir).run().success();
    }
    let lock = |path: &str| path == "cache/lock";
    let after = Snapshot::of(&projects.modcache());
    assert_eq!(cache.without(lock).diff(&after.without(lock)), [""; 0]);
}

#[test]
fn go_builds_with_what_is_needed() {
    let Some(go) = Go::find("go_builds_with_what_is_needed") else { return };
    let server = serve(Registry::from_graph(GRAPH), true);
    let (mut projects, _) = projects(&go, &server);
    let output = projects.gomodfetch(["prewarm", "--needed", "two"]).run();
    output.success().stderr_is("").stdout_has("1 project, 1 module: 1 downloaded (");
    projects.set("GOPROXY", "off");
    projects.go(&go, ["build", "./..."]).within("two").run().success();
}
