//! docs/dev-container.md: a container made, started again, and rebuilt on the same volume.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::dockerfile::{Builder, Image, new_volume};
use super::machine::{Machine, is_root};
use super::page::Page;
use super::support::tree::{self, Snapshot};
use super::support::txtar::Archive;
use super::support::user::skipped;
use super::world::World;
use super::yaml::{items, only, text};

const WORKSPACE: &str = "/workspaces/hello";

/// Runs the commands of one moment of a container's life.
#[track_caller]
fn command(machine: &Machine, image: &Image, container: &Value, name: &str) {
    assert_eq!(text(&container["remoteUser"]), image.account.name);
    let script = text(&container[name]);
    machine.run_in(&image.account, WORKSPACE, &image.env, &["/bin/sh", "-c"], &script).success();
}

/// A new container of the image, with the workspace and the volume.
fn container(image: &Image, at: &str, workspace: &Path, volume: &Path, world: &World) -> Machine {
    let mut machine = image.start(world);
    machine.make_home(&image.account);
    machine.mount(
        &world.go_build(&image.account),
        &format!("{}/.cache/go-build", image.account.home()),
        false,
    );
    machine.mount(workspace, WORKSPACE, false);
    machine.mount(volume, at, false);
    machine
}

#[test]
fn modules_outlive_the_container() {
    let test = "recipes::devcontainer";
    let world = World::new(test);
    if !is_root() {
        return skipped(test, "only root can make users and give files to them");
    }
    if !Machine::possible(test, &world) {
        return;
    }
    let page = Page::of("dev-container.md");
    let json = page.file(".devcontainer/devcontainer.json");
    let json: Value = serde_json::from_str(json).expect("JSON");
    only(
        &json,
        &["name", "build", "remoteUser", "mounts", "updateContentCommand", "postStartCommand"],
    );
    assert_eq!(json["build"], serde_json::json!({"dockerfile": "Dockerfile"}));
    let source = tempfile::tempdir().expect("a temporary folder");
    let workspace = source.path().join("hello");
    Archive::parse(&world.project()).write_to(&workspace);
    let empty = source.path().join("context");
    std::fs::create_dir(&empty).expect("a folder");
    let mut builder = Builder::new();
    let image = builder.build(page.file(".devcontainer/Dockerfile"), &empty, &world);

    let mounts = items(&json["mounts"]);
    let mount: BTreeMap<&str, &str> =
        mounts[0].split(',').map(|option| option.split_once('=').expect("name=value")).collect();
    assert!(mounts.len() == 1 && mount["type"] == "volume" && !mount["source"].is_empty());
    let at = mount["target"];
    let volume = source.path().join("volume");
    new_volume(&image, at, &volume);

    let before = Snapshot::of(&workspace);
    let machine = container(&image, at, &workspace, &volume, &world);
    command(&machine, &image, &json, "updateContentCommand");
    assert_eq!(world.zips().len(), 3);
    world.server.forget_requests();
    command(&machine, &image, &json, "postStartCommand");
    let build = "GOPROXY=off go build -o /tmp/ ./... && GOPROXY=off go test ./...";
    machine.run(&image.account, WORKSPACE, &image.env, build).success();

    // Rebuilt: all is on the volume.
    let machine = container(&image, at, &workspace, &volume, &world);
    command(&machine, &image, &json, "updateContentCommand");
    machine.run(&image.account, WORKSPACE, &image.env, build).success();
    assert_eq!(world.requests(), 0);
    assert!(before.diff(&Snapshot::of(&workspace)).is_empty(), "the project was changed");

    // Without the owner that the image has for it, the volume belongs to root.
    let roots = source.path().join("roots");
    std::fs::create_dir(&roots).expect("a folder");
    let machine = container(&image, at, &workspace, &roots, &world);
    let ran = machine.run(&image.account, WORKSPACE, &image.env, "gomodfetch download");
    ran.fails_with("permission denied");
    drop(machine);
    tree::make_writable(source.path());
}
