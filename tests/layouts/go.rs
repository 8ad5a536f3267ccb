//! README's table of what go does with each layout, line by line.

use std::collections::BTreeSet;

use super::common::{at, cache};
use super::support::cli::{Output, Project};
use super::support::go::Go;
use super::support::registry::Registry;
use super::support::server::Server;
use super::support::tree;

/// The commands behind the words of the table, and what go.mod then looks like.
const COMMANDS: &[(&str, &[&str])] = &[
    ("go build", &["build", "./..."]),
    ("go vet", &["vet", "./..."]),
    ("go test", &["test", "./..."]),
    ("go list -deps", &["list", "-deps", "./..."]),
    ("go list -m", &["list", "-m", "-json", "all"]),
    ("go mod graph", &["mod", "graph"]),
    ("go mod why", &["mod", "why", "example.com/b"]),
    ("go mod tidy", &["mod", "tidy"]),
    ("go mod vendor", &["mod", "vendor"]),
    ("go mod verify", &["mod", "verify"]),
    ("go mod download", &["mod", "download"]),
    ("go get", &["get", "example.com/b@v1.1.0"]),
];

const WORKS: &str = "works";
const UNPACKS: &str = "works, and unpacks";
const FETCHES: &str = "fetches zips again";

/// The lines of the table: the commands, and what stands below each layout.
fn table() -> Vec<(Vec<String>, [String; 2])> {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"));
    let readme = readme.expect("README.md");
    let lines = readme.lines().skip_while(|line| !line.contains("| `--layout zips` |"));
    let lines = lines.skip(2).take_while(|line| line.starts_with('|'));
    let table: Vec<_> = lines
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            let commands = cells[0].split('`').skip(1).step_by(2).map(str::to_owned).collect();
            (commands, [cells[1].to_owned(), cells[2].to_owned()])
        })
        .collect();
    assert!(!table.is_empty(), "README.md has no such table");
    table
}

struct World {
    server: Server,
    go: Go,
    project: Project,
}

impl World {
    fn new(go: Go) -> World {
        let mut registry = Registry::new();
        registry.add(
            "example.com/a v1.0.0",
            "-- go.mod --\nmodule example.com/a\n\ngo 1.21\n\nrequire example.com/b v1.0.0\n\
             -- a.go --\npackage a\n\nimport _ \"example.com/b\"\n",
        );
        for version in ["v1.0.0", "v1.1.0"] {
            registry.add(
                &format!("example.com/b {version}"),
                "-- go.mod --\nmodule example.com/b\n\ngo 1.21\n-- b.go --\npackage b\n",
            );
        }
        let server = Server::http(registry);
        // Nothing of the standard library has to be compiled for this.
        let project = Project::new("-- p.go --\npackage p\n\nimport _ \"example.com/a\"\n");
        World { server, go, project }
    }

    /// Begins anew, with a cache of this layout.
    fn prepare(&self, layout: &str) {
        if self.project.modcache().exists() {
            tree::remove(&self.project.modcache());
        }
        let vendor = self.project.dir().join("vendor");
        if vendor.exists() {
            tree::remove(&vendor);
        }
        self.project.write(
            "go.mod",
            "module example.org/main\n\ngo 1.21\n\nrequire example.com/a v1.0.0\n\n\
             require example.com/b v1.0.0 // indirect\n",
        );
        self.project.write("go.sum", &self.server.registry().whole_go_sum());
        for module in ["all", "example.com/b@v1.1.0"] {
            let args = ["download", "--layout", layout, module];
            self.project.gomodfetch(args).env("GOPROXY", self.server.url()).run().success();
        }
        self.server.forget_requests();
    }

    fn run(&self, command: &[&str], proxy: &str) -> Output {
        self.project.go(&self.go, command).env("GOPROXY", proxy).env("GOVCS", "*:off").run()
    }

    /// Holds a command against what the table says of it.
    fn check(&self, name: &str, command: &[&str], layout: &str, says: &str) {
        let what = format!("{name} with {layout}");
        let trees = || {
            ["a@v1.0.0", "b@v1.0.0", "b@v1.1.0"]
                .map(|tree| at(&self.project, &format!("example.com/{tree}")).exists())
        };
        self.prepare(layout);
        let (before, files) = (trees(), cache(&self.project));
        let offline = self.run(command, "off");
        assert_eq!(offline.code() == Some(0), says != FETCHES, "{what}: {offline}");
        assert_eq!(trees() != before, says == UNPACKS, "{what}: {offline}");
        if says == WORKS {
            let lists = |path: &str| path.ends_with("/list") || path.ends_with("cache/lock");
            let now = cache(&self.project).without(lists);
            assert_eq!(files.without(lists).diff(&now), [""; 0], "{what}");
        }
        self.prepare(layout);
        self.run(command, &self.server.url()).success();
        let zips: BTreeSet<String> =
            self.server.paths().into_iter().filter(|path| path.ends_with(".zip")).collect();
        assert_eq!(!zips.is_empty(), says == FETCHES, "{what}: {zips:?}");
    }
}

#[test]
fn the_table_in_readme_holds() {
    let Some(go) = Go::find("the_table_in_readme_holds") else { return };
    let world = World::new(go);
    let mut told = BTreeSet::new();
    for (commands, says) in table() {
        for name in commands {
            let command = COMMANDS.iter().find(|(known, _)| *known == name);
            let (_, command) = command.unwrap_or_else(|| panic!("{name}: no such command"));
            for (layout, says) in ["zips", "trees"].into_iter().zip(&says) {
                assert!([WORKS, UNPACKS, FETCHES].contains(&&**says), "{name}: {says}");
                world.check(&name, command, layout, says);
            }
            told.insert(name);
        }
    }
    assert_eq!(told.len(), COMMANDS.len(), "README.md does not tell all: {told:?}");
}

/// A toolchain of which half is there is run without a network.
#[cfg(unix)]
#[test]
fn go_switches_to_a_toolchain_of_either_part() {
    use super::support::modules::ModuleVersion;
    use super::support::sumlog::SumLog;
    let Some(go) = Go::find("go_switches_to_a_toolchain_of_either_part") else { return };
    let os = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        arch => arch,
    };
    let mut registry = Registry::new();
    let files = "-- bin/go --\n#!/bin/sh\necho made up\n-- bin/gofmt --\n-- lib/x --\n-- pkg/tool/x/y --\n\
                 -- src/_go.mod --\nmodule std\n";
    let name = format!("golang.org/toolchain v0.0.1-go1.99.1.{os}-{arch}");
    registry.insert(ModuleVersion::new(&name, files));
    let mut log = SumLog::new("sum.example.com");
    log.add_all(&registry);
    let server = Server::builder(registry).sumdb(log).start();
    for layout in ["zips", "trees"] {
        let mut project = Project::new("");
        project.use_server(&server).set("GOTOOLCHAIN", "go1.99.1");
        let toolchains = format!("--toolchains={os}/{arch}");
        project.gomodfetch(["download", "--layout", layout, &toolchains]).run().success();
        server.forget_requests();
        project.go(&go, ["version"]).run().success().stdout_is("made up\n");
        assert_eq!(server.count("*.zip"), 0, "{layout}");
    }
}
