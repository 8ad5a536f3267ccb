//! The recipes of docs/ are carried out as they stand there: files and commands are taken out of the pages,
//! and nothing is written twice.
//!
//! Each service has a stand-in that knows as much of it as the recipes use, and refuses the rest: GitHub's
//! steps and caches, GitLab's jobs, a builder of Dockerfiles with layers and mounts, Dev Containers, compose. All
//! of them run commands in machines of their own (see [`machine`]), against a proxy on 127.0.0.1. In place of
//! `cargo install`, which would take minutes, the program under test is put where it would install to.
//!
//! What needs a real `go` says so loudly where there is none. `GOMODFETCH_TEST_CHECKERS` names a folder with
//! `actionlint` and with `check-files`, the parsers that GitHub's, Docker's and compose's own files are read by
//! elsewhere (`.ci/run recipes` builds them).

mod support;

#[path = "recipes/commands.rs"]
mod commands;
#[path = "recipes/links.rs"]
mod links;
#[path = "recipes/page.rs"]
mod page;
#[path = "recipes/yaml.rs"]
mod yaml;

#[cfg(target_os = "linux")]
#[path = "recipes/athens.rs"]
mod athens;
#[cfg(target_os = "linux")]
#[path = "recipes/checkers.rs"]
mod checkers;
#[cfg(target_os = "linux")]
#[path = "recipes/devcontainer.rs"]
mod devcontainer;
#[cfg(target_os = "linux")]
#[path = "recipes/docker.rs"]
mod docker;
#[cfg(target_os = "linux")]
#[path = "recipes/dockerfile.rs"]
mod dockerfile;
#[cfg(target_os = "linux")]
#[path = "recipes/github.rs"]
mod github;
#[cfg(target_os = "linux")]
#[path = "recipes/gitlab.rs"]
mod gitlab;
#[cfg(target_os = "linux")]
#[path = "recipes/machine.rs"]
mod machine;
#[cfg(target_os = "linux")]
#[path = "recipes/shell.rs"]
mod shell;
#[cfg(target_os = "linux")]
#[path = "recipes/world.rs"]
mod world;
