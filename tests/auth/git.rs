//! GOAUTH with `git dir`: git's credential helpers are asked, and told what came of it.

use std::fs;
use std::process::Command;

use super::helper::*;
use super::support::cli::Project;
use super::support::faults::Fault;
use super::support::go::{self, Go};
use super::support::server::Server;
use super::support::user::skipped;

/// `ann:secret` in basic authentication.
const ANN: &str = "Basic YW5uOnNlY3JldA==";

fn is_there(test: &str) -> bool {
    let there = Command::new("git").arg("--version").output().is_ok_and(|out| out.status.success());
    assert!(there || !go::required(), "{test}: there is no git");
    if !there {
        skipped(test, "there is no git");
    }
    there
}

/// A place with a repository in `repo` whose credential helper is the program `helper`.
fn with_git(server: &Server, password: &str) -> Project {
    let script =
        format!("[ \"$1\" = get ] && printf 'username=ann\\npassword={password}\\n'; exit 0");
    let mut place = place(server, &script);
    let repo = place.root().join("repo");
    fs::create_dir(&repo).expect("a folder");
    let git = |args: &[&str]| {
        let git =
            place.program("git".as_ref(), args).current_dir(&repo).env("GIT_CONFIG_NOSYSTEM", "1");
        git.run().success();
    };
    git(&["init", "-q"]);
    let helper = place.root().join("bin/helper");
    git(&["config", "credential.helper", &helper.to_string_lossy()]);
    let goauth = format!("git {}", repo.display());
    place.set("GOAUTH", goauth).set("GIT_CONFIG_NOSYSTEM", "1");
    place
}

/// What the helper was asked to do, in order.
fn asked(place: &Project) -> Vec<String> {
    noted(place).into_iter().map(|(args, _)| args.trim().to_owned()).collect()
}

#[test]
fn what_git_knows_is_used_and_approved() {
    if !is_there("what_git_knows_is_used_and_approved") {
        return;
    }
    let server = serve();
    guard(&server, ANN);
    server.fault(Fault::on("/").status(200));
    let place = with_git(&server, "secret");
    place.gomodfetch(["download", "-x", ARGS[1]]).run().success().lacks("secret");
    // Of three requests that were refused one asked, and the others used what it learnt.
    assert_eq!(asked(&place), ["get", "store"]);
    assert!(noted(&place)[1].1.contains("password=secret\n"));
    assert_eq!(server.requests_for("/").len(), 1);
    if let Some(go) = Go::find("what git knows") {
        let place = with_git(&server, "secret");
        place.go(&go, ["mod", ARGS[0], ARGS[1]]).run().success();
    }
}

#[test]
fn what_is_wrong_is_rejected() {
    if !is_there("what_is_wrong_is_rejected") {
        return;
    }
    let server = serve();
    guard(&server, ANN);
    let place = with_git(&server, "wrong");
    place.gomodfetch(["download", "-x", ARGS[1]]).run().fails_with(4).lacks("wrong");
    let asked = asked(&place);
    assert_eq!(asked.iter().filter(|action| *action == "get").count(), 3, "{asked:?}");
    assert_eq!(asked.iter().filter(|action| *action == "erase").count(), 3, "{asked:?}");
}

#[test]
fn git_is_not_asked_without_need() {
    if !is_there("git_is_not_asked_without_need") {
        return;
    }
    let server = serve();
    let place = with_git(&server, "secret");
    place.gomodfetch(ARGS).run().success().silent();
    assert!(asked(&place).is_empty());
}

#[test]
fn git_asks_nobody_at_the_terminal() {
    if !is_there("git_asks_nobody_at_the_terminal") {
        return;
    }
    let server = serve();
    guard(&server, ANN);
    let make = || {
        let place = with_git(&server, "secret");
        let config = place.root().join("repo/.git/config");
        fs::write(config, "[core]\n\trepositoryformatversion = 0\n").expect("git's settings");
        place
    };
    let args = ["download", "-x", ARGS[1]];
    let place = make();
    let output = place.gomodfetch(args).run();
    output.fails_with(4).stderr_has(": 'git credential fill' failed (url=https://127.0.0.1:");
    output.stderr_has("): exit status 128\nfatal: could not read Username for 'https://127.0.0.1:");
    output.stderr_has("terminal prompts disabled");
    if let Some(go) = Go::find("nobody at the terminal") {
        let place = make();
        let output = place.go(&go, ["mod"].iter().chain(&args)).run();
        output.stderr_has(
            "): exit status 128\nfatal: could not read Username for 'https://127.0.0.1:",
        );
    }
}

#[test]
fn directories_in_gos_words() {
    let server = serve();
    for (dir, want) in [
        (
            "/nonexistent",
            "GOAUTH=git encountered an error; cannot stat /nonexistent: stat /nonexistent: no such file \
             or directory",
        ),
        (
            "/bin/sh",
            "GOAUTH=git dir method requires an absolute path to the git working directory, dir is not a \
             directory",
        ),
    ] {
        let make = || {
            let mut place = place(&server, "");
            place.set("GOAUTH", format!("git {dir}"));
            place
        };
        make().gomodfetch(ARGS).run().stderr_has(want).fails_with(1);
        if let Some(go) = Go::find("directories") {
            make().go(&go, ["mod", ARGS[0], ARGS[1]]).run().stderr_has(want).fails_with(1);
        }
    }
}
