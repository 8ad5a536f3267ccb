//! A real project through a network that cuts every twentieth body: ours ends right in one run.
//!
//! `GOMODFETCH_CUT_PROJECT` is a folder with the project's go.mod and go.sum, `GOMODFETCH_CUT_PROXY` the
//! folder `cache/download` of a module cache with all that it needs. `.ci/run caddy-cut` makes both; without
//! them this test says that it is skipped, and passes.
//!
//! What `go mod download` does there is shown: how often it must be run until it ends well.

mod support;

use std::env;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use support::chaos::Chaos;
use support::cli::Project;
use support::go::Go;
use support::registry::Registry;
use support::server::Server;
use support::tree::Snapshot;

/// Of so many bodies one is cut.
const ONE_IN: u64 = 20;
/// `go mod download` is not run more often than this.
const PATIENCE: usize = 100;

fn say(text: &str) {
    // Past the capture of the test harness, which shows nothing of a test that passes.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

fn folder(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn place(server: &Server, project: &Path) -> Project {
    let mut place = Project::new("");
    for name in ["go.mod", "go.sum"] {
        std::fs::copy(project.join(name), place.dir().join(name)).expect("a copy of a file");
    }
    place.use_server(server);
    // All as it is by default.
    place.unset("GOMODFETCH_RETRIES");
    place
}

#[test]
fn a_real_project_while_every_twentieth_body_is_cut() {
    let test = "a_real_project_while_every_twentieth_body_is_cut";
    let (Some(project), Some(proxy)) =
        (folder("GOMODFETCH_CUT_PROJECT"), folder("GOMODFETCH_CUT_PROXY"))
    else {
        say(&format!("SKIPPED {test}: no GOMODFETCH_CUT_PROJECT and GOMODFETCH_CUT_PROXY"));
        return;
    };
    let server = Server::builder(Registry::new()).folder(&proxy).https().start();
    let expected = {
        let sound = place(&server, &project);
        sound.gomodfetch(["download"]).run().success();
        Snapshot::of(&sound.gopath())
    };
    let bodies = server.requests().len();
    for seed in 1..=3 {
        server.forget_requests();
        server.set_chaos(Some(Chaos::cut_one_in(ONE_IN, seed)));
        let place = place(&server, &project);
        place.gomodfetch(["download"]).run().success();
        let found = expected.diff(&Snapshot::of(&place.gopath()));
        assert!(found.is_empty(), "seed {seed}: {}", found.join("\n"));
        let asked = server.requests().len();
        assert!(asked > bodies, "seed {seed}: {asked} requests for {bodies} bodies");
        say(&format!(
            "gomodfetch, seed {seed}: right in one run, {asked} requests for {bodies} bodies"
        ));
    }

    let Some(go) = Go::find(test) else { return };
    server.forget_requests();
    server.set_chaos(Some(Chaos::cut_one_in(ONE_IN, 1)));
    let place = place(&server, &project);
    for run in 1..=PATIENCE {
        let output = place.go(&go, ["mod", "download"]).run();
        let cache = place.modcache().join("cache/download");
        let zips =
            Snapshot::of(&cache).files().iter().filter(|name| name.ends_with(".zip")).count();
        let errors = output.stderr.lines().filter(|line| line.starts_with("go: ")).count();
        let verdict = if output.status.success() { "ended well" } else { "failed" };
        say(&format!("go mod download, run {run}: {verdict}, {errors} errors, {zips} zips"));
        if output.status.success() {
            return;
        }
    }
    say(&format!("go mod download: not once in {PATIENCE} runs"));
}
