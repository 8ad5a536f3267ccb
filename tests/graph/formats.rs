//! `--format`.

use serde_json::json;

use crate::{PROJECT, project, serve};

#[test]
fn the_tree() {
    let server = serve();
    let project = project(PROJECT, &server);
    let want = "\
example.org/main (main module)
├── example.com/a@v1.0.0 (selected)
│   ├── example.com/b@v1.1.0 (selected, shown elsewhere)
│   └── go@1.21 (selected, shown elsewhere)
├── example.com/b@v1.1.0 (selected)
│   └── example.com/c@v1.0.0 (selected, replaced by example.com/fork@v1.0.0)
│       └── example.com/d@v1.0.0 (selected)
└── go@1.21 (selected)
    └── toolchain@go1.21 (selected)
";
    for args in [&["graph", "--format", "tree"][..], &["mod", "graph", "--format=tree"]] {
        project.gomodfetch(args).run().success().stdout_is(want).stderr_is("");
    }
}

#[test]
fn dot() {
    let server = serve();
    let project = project(PROJECT, &server);
    let output = project.gomodfetch(["graph", "--format", "dot", "-go=1.20"]).run();
    output
        .success()
        .stdout_has("digraph modules {\n")
        .stdout_has("\t\"example.org/main\" [style=bold];\n")
        .stdout_has("\t\"example.com/b@v1.0.0\" [style=dashed];\n")
        .stdout_has("[label=\"example.com/c@v1.0.0 => example.com/fork@v1.0.0\"];\n")
        .stdout_has("\t\"example.com/a@v1.0.0\" -> \"example.com/b@v1.1.0\";\n");
    assert!(output.stdout.ends_with("}\n"));
}

#[test]
fn json() {
    let server = serve();
    let project = project(PROJECT, &server);
    let output = project.gomodfetch(["graph", "--format", "json", "-go=1.20"]).run();
    let modules: serde_json::Value = serde_json::from_str(&output.success().stdout).unwrap();
    let modules = modules.as_array().unwrap();
    assert_eq!(
        modules[0],
        json!({
            "Path": "example.org/main",
            "Main": true,
            "Require": [
                {"Path": "example.com/a", "Version": "v1.0.0"},
                {"Path": "example.com/b", "Version": "v1.0.0"},
                {"Path": "go", "Version": "1.20"},
            ],
        })
    );
    let overruled =
        modules.iter().find(|m| m["Path"] == "example.com/b" && m["Version"] == "v1.0.0");
    assert_eq!(overruled.unwrap()["Selected"], "v1.1.0");
    let replaced = modules.iter().find(|m| m["Path"] == "example.com/c").unwrap();
    assert_eq!(replaced["Replace"], json!({"Path": "example.com/fork", "Version": "v1.0.0"}));
}

#[test]
fn every_format_is_the_same_each_time() {
    let server = serve();
    let project = project(PROJECT, &server);
    for format in ["go", "dot", "json", "tree"] {
        let show = || project.gomodfetch(["graph", "--format", format]).run();
        let first = show();
        assert!(!first.success().stdout.is_empty());
        for _ in 0..3 {
            show().success().stdout_is(&first.stdout);
        }
    }
}

#[test]
fn names_from_elsewhere_do_nothing_to_a_terminal() {
    // The paths of what a pruned graph leaves out are never looked at.
    let mut registry = crate::support::registry::Registry::new();
    let go_mod = "module example.com/a\ngo 1.20\nrequire \"x.y/\\u001b[2J\\\"\\n->b\" v1.0.0\n";
    registry.add("example.com/a v1.0.0", &format!("-- go.mod --\n{go_mod}"));
    let server = crate::support::server::Server::http(registry);
    let files =
        "-- go.mod --\nmodule example.org/main\n\ngo 1.20\n\nrequire example.com/a v1.0.0\n";
    let project = project(files, &server);
    for format in ["go", "dot", "tree"] {
        let output = project.gomodfetch(["graph", "--format", format]).run();
        output.success();
        assert!(!output.stdout.contains('\u{1b}'), "{}", output.stdout);
        assert!(output.stdout.contains("\\u{1b}[2J"), "{}", output.stdout);
        assert!(!output.stdout.lines().any(|line| line.starts_with("->b")));
    }
}

#[test]
fn an_unknown_format() {
    let server = serve();
    let output = project(PROJECT, &server).gomodfetch(["graph", "--format", "xml"]).run();
    output.fails_with(2).stderr_has("[possible values: go, dot, json, tree]");
    assert_eq!(server.requests().len(), 0);
}
