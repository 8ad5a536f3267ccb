//! One cache for both: what we fill go finds complete, and the other way round.

use crate::lane::Oracle;
use crate::support::cli::Project;
use crate::support::registry::Registry;
use crate::support::server::Server;
use crate::support::sumlog::SumLog;
use crate::support::tree::Snapshot;

const MODULES: &str = "\
-- example.com/a@v1.0.0/go.mod --
module example.com/a

go 1.20

require example.com/Upper v1.0.0-RC.1
-- example.com/a@v1.0.0/a.go --
package a

import _ \"example.com/Upper/sub\"
-- example.com/a@v1.0.0/testdata/größe.txt --
Umlaute
-- example.com/Upper@v1.0.0-RC.1/go.mod --
module example.com/Upper
-- example.com/Upper@v1.0.0-RC.1/sub/u.go --
package sub
-- example.com/old@v2.0.0+incompatible/old.go --
package old
";

const PROJECT: &str = "\
-- go.mod --
module example.org/main

go 1.20

require (
	example.com/a v1.0.0
	example.com/old v2.0.0+incompatible
)

require example.com/Upper v1.0.0-RC.1 // indirect
-- main.go --
package main

import (
	_ \"example.com/a\"
	_ \"example.com/old\"
)

func main() {}
";

fn server() -> Server {
    let registry = Registry::from_txtar(MODULES);
    let mut log = SumLog::new("sum.example.com").with_history(300);
    log.add_all(&registry);
    Server::builder(registry).sumdb(log).start()
}

#[test]
fn go_works_on_what_we_fill() {
    let Some(oracle) = Oracle::find("go_works_on_what_we_fill") else { return };
    let server = server();
    for flags in [&["download"][..], &["download", "all"], &["download", "-modcacherw", "all"]] {
        let mut project = Project::new(PROJECT);
        project.use_server(&server);
        project.gomodfetch(flags).run().success().silent();
        project.set("GOPROXY", "off");
        let go = |args: &[&str]| project.go(&oracle.go, args).run();
        if flags.contains(&"all") {
            go(&["list", "-deps", "./..."]).success().stdout_has("example.com/Upper/sub\n");
            go(&["vet", "./..."]).success();
        }
        go(&["mod", "verify"]).success().stdout_is("all modules verified\n");
        go(&["mod", "download", "-json", "all"]).success();
        go(&["list", "-m", "all"]).success().stdout_has("example.com/a v1.0.0\n");
        go(&["clean", "-modcache"]).success();
        assert!(!project.modcache().exists());
    }
}

#[test]
fn we_work_on_what_go_fills() {
    let Some(oracle) = Oracle::find("we_work_on_what_go_fills") else { return };
    let server = server();
    let mut project = Project::new(PROJECT);
    project.use_server(&server).set("GOROOT", &oracle.root);
    let go = project.go(&oracle.go, ["mod", "download", "-json", "all"]).run();
    go.success();
    let before = Snapshot::of(project.root()).without(|path| path.starts_with("gocache"));
    server.forget_requests();
    for (args, expected) in [
        (&["download", "-json", "all"][..], go.stdout.as_str()),
        (&["download", "--locked"], ""),
        (&["download", "example.com/a@v1.0.0"], ""),
    ] {
        let output = project.gomodfetch(args).run();
        assert_eq!(output.success().stdout, expected);
    }
    let after = Snapshot::of(project.root()).without(|path| path.starts_with("gocache"));
    assert_eq!(before.diff(&after), [""; 0]);
    assert_eq!(server.paths(), [""; 0]);
}
