//! Modules from repositories that a server on loopback keeps, over https and over ssh, held against what
//! the real go makes of them.
//!
//! Needs git, and for one test sshd; `GOMODFETCH_REQUIRE_VCS=1` demands them.

#![cfg(unix)]

mod support;

use std::fs;

use support::cli::Project;
use support::forge::{Forge, Ssh, has};
use support::go::Go;
use support::tree;

const GO_MOD: &str = "module corp.example/m\n\ngo 1.20\n";

/// A forge with a repository of several modules and versions.
fn forge() -> Forge {
    let forge = Forge::start(&["corp.example"]);
    let repository = forge.repository("m.git");
    let root = [("go.mod", GO_MOD), ("m.go", "package m\n"), ("LICENSE", "Do.\n")];
    repository.commit(&root, "v1.0.0");
    let sub = [("sub/go.mod", "module corp.example/m/sub\n"), ("sub/s.go", "package sub\n")];
    repository.commit(&sub, "sub/v0.1.0");
    let crlf = [
        (".gitattributes", "*.txt text eol=crlf\nv.go export-subst\nsecret.go export-ignore\n"),
        ("a.txt", "one\ntwo\n"),
        ("v.go", "package m // $Format:%H$\n"),
        ("secret.go", "package m\n"),
    ];
    repository.commit(&crlf, "v1.1.0");
    let second = [("v2/go.mod", "module corp.example/m/v2\n"), ("v2/m.go", "package m\n")];
    repository.commit(&second, "v2.0.0");
    repository.commit(&[("m.go", "package m // later\n")], "");
    for path in ["m", "m/sub", "m/v2"] {
        forge
            .page(&format!("corp.example/{path}"), "corp.example/m git https://corp.example/m.git");
    }
    forge
}

fn project(forge: &Forge) -> Project {
    let mut project = Project::new("-- note --\nno module here\n");
    forge.use_in(&mut project);
    project
}

/// The module cache without clones and locks.
fn is_private(path: &str) -> bool {
    path.starts_with("cache/vcs")
        || path.ends_with("lock")
        || path.starts_with("cache/download/sumdb")
}

const ALL: [&str; 7] = [
    "corp.example/m@v1.0.0",
    "corp.example/m@latest",
    "corp.example/m@main",
    "corp.example/m@v2.0.0",
    "corp.example/m/v2@v2.0.0",
    "corp.example/m/sub@latest",
    "corp.example/m@v1.9.9",
];

#[test]
fn the_cache_is_that_of_go() {
    if !has("the_cache_is_that_of_go", &["git"]) {
        return;
    }
    let Some(go) = Go::find("the_cache_is_that_of_go") else { return };
    let forge = forge();
    let (ours, theirs) = (project(&forge), project(&forge));
    for module in ALL {
        let arguments = ["mod", "download", "-json", module];
        let (our, their) = (ours.gomodfetch(arguments).run(), theirs.go(&go, arguments).run());
        let told = |text: &str, project: &Project| {
            text.replace(&project.root().display().to_string(), "ROOT")
        };
        assert_eq!(
            told(&our.stdout, &ours),
            told(&their.stdout, &theirs),
            "{module}\n{our}{their}"
        );
        assert_eq!(our.status.success(), their.status.success(), "{module}");
    }
    // go packs a zip in its own way; the trees and hashes tell that the content is the same.
    let unwanted = |path: &str| is_private(path) || path.ends_with(".zip");
    tree::assert_same_without(&theirs.modcache(), &ours.modcache(), unwanted);
}

#[test]
fn clones_are_shared_with_go() {
    if !has("clones_are_shared_with_go", &["git"]) {
        return;
    }
    let Some(go) = Go::find("clones_are_shared_with_go") else { return };
    let forge = forge();
    let tidy = |project: &Project| {
        for folder in ["corp.example", "cache/download"] {
            tree::remove(&project.modcache().join(folder));
        }
    };
    let by_us = project(&forge);
    by_us.gomodfetch(["mod", "download", "corp.example/m@v1.1.0"]).run().success();
    tidy(&by_us);
    // Both ask what tags there are, and fetch nothing.
    let output = by_us.go(&go, ["mod", "download", "-x", "corp.example/m@v1.1.0"]).run();
    assert!(output.status.success() && !output.stderr.contains(" fetch "), "{output}");

    let by_go = project(&forge);
    by_go.go(&go, ["mod", "download", "corp.example/m@v1.1.0"]).run().success();
    tidy(&by_go);
    let output = by_go.gomodfetch(["mod", "download", "-x", "corp.example/m@v1.1.0"]).run();
    assert!(output.status.success() && !output.stderr.contains(" fetch "), "{output}");
}

#[test]
fn a_netrc_line_opens_pages_and_repositories() {
    if !has("a_netrc_line_opens_pages_and_repositories", &["git"]) {
        return;
    }
    let forge = forge();
    forge.login("ann", "s3cret", true);
    let project = project(&forge);
    let denied = project.gomodfetch(["mod", "download", "corp.example/m@v1.0.0"]).run();
    assert!(!denied.status.success(), "{denied}");
    let netrc = "machine corp.example login ann password s3cret\n";
    fs::write(project.home().join(".netrc"), netrc).unwrap();
    let output = project.gomodfetch(["mod", "download", "-x", "corp.example/m@v1.0.0"]).run();
    assert!(output.status.success(), "{output}");
    assert!(!output.stderr.contains("s3cret"), "{output}");
    assert!(project.modcache().join("corp.example/m@v1.0.0/m.go").is_file());
}

#[test]
fn a_credential_helper_opens_repositories() {
    if !has("a_credential_helper_opens_repositories", &["git"]) {
        return;
    }
    let forge = forge();
    forge.login("ann", "s3cret", false);
    let project = project(&forge);
    let denied = project.gomodfetch(["mod", "download", "corp.example/m@v1.0.0"]).run();
    assert!(denied.stderr.contains("could not read Username"), "{denied}");
    assert!(denied.stderr.contains("Confirm the import path was entered correctly."), "{denied}");
    let helper =
        "[credential]\n\thelper = \"!f() { echo username=ann; echo password=s3cret; }; f\"\n";
    fs::write(project.home().join(".gitconfig"), helper).unwrap();
    let output = project.gomodfetch(["mod", "download", "-x", "corp.example/m@v1.0.0"]).run();
    assert!(output.status.success(), "{output}");
    assert!(!output.stderr.contains("s3cret"), "{output}");
}

#[test]
fn a_key_opens_repositories_over_ssh() {
    if !has("a_key_opens_repositories_over_ssh", &["git", "ssh", "ssh-keygen", "sshd"]) {
        return;
    }
    let forge = forge();
    let ssh = Ssh::start();
    let repository = forge.repository("keys");
    repository
        .commit(&[("go.mod", "module corp.example/keys\n"), ("k.go", "package k\n")], "v1.0.0");
    forge.page("corp.example/keys", &format!("corp.example/keys git {}", ssh.url(&repository)));
    let mut project = project(&forge);
    project.set("GIT_SSH_COMMAND", "ssh -F none -o BatchMode=yes -o UserKnownHostsFile=/dev/null");
    let denied = project.gomodfetch(["mod", "download", "corp.example/keys@v1.0.0"]).run();
    assert!(denied.stderr.contains("Could not read from remote repository"), "{denied}");
    project.set("GIT_SSH_COMMAND", ssh.command());
    let output = project.gomodfetch(["mod", "download", "corp.example/keys@v1.0.0"]).run();
    assert!(output.status.success(), "{output}");
    assert!(project.modcache().join("corp.example/keys@v1.0.0/k.go").is_file());
}

#[test]
fn what_is_private_is_fetched_directly_and_nothing_else() {
    if !has("what_is_private_is_fetched_directly_and_nothing_else", &["git"]) {
        return;
    }
    let forge = forge();
    let mut project = project(&forge);
    project.set("GOPROXY", "off").set("GOPRIVATE", "corp.example");
    project.gomodfetch(["mod", "download", "corp.example/m@v1.0.0"]).run().success();
    let asked = forge.asked().len();
    let other = project.gomodfetch(["mod", "download", "example.org/m@v1.0.0"]).run();
    assert!(other.stderr.contains("module lookup disabled by GOPROXY=off"), "{other}");
    assert_eq!(forge.asked().len(), asked);
}

#[test]
fn nothing_of_a_repository_is_run() {
    if !has("nothing_of_a_repository_is_run", &["git"]) {
        return;
    }
    let forge = forge();
    let project = project(&forge);
    // Hooks for every clone: what a repository could want to be there.
    let mark = project.root().join("mark");
    let templates = project.home().join("templates/hooks");
    fs::create_dir_all(&templates).unwrap();
    for hook in ["reference-transaction", "post-checkout", "post-merge", "pre-auto-gc"] {
        let path = templates.join(hook);
        fs::write(&path, format!("#!/bin/sh\ntouch {}\n", mark.display())).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&path, mode).unwrap();
    }
    let config =
        format!("[init]\n\ttemplateDir = {}\n", project.home().join("templates").display());
    fs::write(project.home().join(".gitconfig"), config).unwrap();
    let evil = forge.repository("evil");
    evil.commit(&[("go.mod", "module corp.example/evil\n"), ("e.go", "package evil\n")], "");
    fs::create_dir(evil.dir().join("module")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", evil.dir().join("link")).unwrap();
    evil.git(&["add", "link"]);
    let hash = evil.git(&["rev-parse", "HEAD"]);
    evil.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{hash},module")]);
    evil.commit(
        &[(".gitmodules", "[submodule \"m\"]\n\tpath = module\n\turl = ext::sh -c id\n")],
        "",
    );
    evil.git(&["update-ref", "refs/tags/v1.0.0", "HEAD"]);
    evil.git(&["update-ref", "refs/heads/--upload-pack=touch", "HEAD"]);
    forge.page("corp.example/evil", "corp.example/evil git https://corp.example/evil");
    for bad in ["ext", "file"] {
        let url = if bad == "ext" { "ext::sh -c id" } else { "file:///srv/x" };
        forge.page(&format!("corp.example/{bad}"), &format!("corp.example/{bad} git {url}"));
        let module = format!("corp.example/{bad}@v1.0.0");
        let output = project.gomodfetch(["mod", "download", &module]).run();
        assert!(!output.status.success(), "{output}");
    }
    project.gomodfetch(["mod", "download", "corp.example/evil@v1.0.0"]).run().success();
    let tree = project.modcache().join("corp.example/evil@v1.0.0");
    assert!(tree.join("e.go").is_file() && !tree.join("link").exists());
    assert!(!tree.join("module").exists() && !mark.exists());
    let branch = "corp.example/evil@--upload-pack=touch";
    let output = project.gomodfetch(["mod", "download", branch]).run();
    assert!(output.stderr.contains("invalid module version"), "{output}");
}
