//! docs/docker.md: both Dockerfiles, built twice and after changes.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::dockerfile::{Builder, Image};
use super::machine::{self, Machine};
use super::page::Page;
use super::support::txtar::Archive;
use super::world::World;

const ALL: [&str; 3] = ["check@v0.3.0", "greet@v1.2.0", "words@v1.0.0"];
/// What the page advises against.
const PARTED: &str = "\
FROM rust:1.95-bookworm AS gomodfetch
RUN cargo install --locked --git https://git.example.com/gomodfetch.git --tag v0.1.0 gomodfetch
FROM golang:1.26-bookworm AS build
COPY --from=gomodfetch /usr/local/cargo/bin/gomodfetch /usr/local/bin/
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod gomodfetch download --locked
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod GOPROXY=off go build -o /out/ ./...
";

fn context(files: &str) -> TempDir {
    let dir = tempfile::tempdir().expect("a temporary folder");
    Archive::parse(files).write_to(dir.path());
    dir
}

fn edit(context: &Path) {
    let main = context.join("main.go");
    let text = std::fs::read_to_string(&main).expect("main.go") + "\n// edited\n";
    std::fs::write(main, text).expect("main.go");
}

/// The program in the image says what it should, if there was a go to build it.
fn greets(image: &Image, world: &World) {
    let program = machine::host(&image.files, "/hello");
    assert!(program.exists());
    if world.goroot().is_some() {
        let output = Command::new(program).output().expect("the program in the image");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "hello, world\n");
    }
}

#[test]
fn a_layer_is_made_anew_only_for_other_modules() {
    let test = "recipes::docker::layer";
    let world = World::new(test);
    if !Machine::possible(test, &world) {
        return;
    }
    let page = Page::of("docker.md");
    let dockerfile = page.file("Dockerfile");
    let mut builder = Builder::new();
    let source = context(&world.project());

    let image = builder.build(dockerfile, source.path(), &world);
    assert!(!image.cached("cargo install") && !image.cached("gomodfetch download"));
    assert_eq!(world.zips(), ALL);
    greets(&image, &world);

    world.server.forget_requests();
    edit(source.path());
    let image = builder.build(dockerfile, source.path(), &world);
    assert!(image.cached("cargo install") && image.cached("gomodfetch download"));
    assert!(!image.cached("go build"));
    assert_eq!(world.requests(), 0);
    greets(&image, &world);

    let source = context(&world.project_with("\texample.com/extra v1.0.0\n"));
    let image = builder.build(dockerfile, source.path(), &world);
    assert!(!image.cached("gomodfetch download"));
    assert_eq!(world.zips().len(), 4);

    // A go.sum that lacks something ends the build.
    let lacking = world.project().replace("-- go.sum --\n", "-- go.sum --\n-- unused --\n");
    let source = context(&lacking);
    let ran = builder.try_build(dockerfile, source.path(), &world).err().expect("a failure");
    ran.fails_with("go.sum");
}

#[test]
fn a_cache_mount_outlives_a_change_of_go_mod() {
    let test = "recipes::docker::mount";
    let world = World::new(test);
    if !Machine::possible(test, &world) {
        return;
    }
    let page = Page::of("docker.md");
    let dockerfile = page.file("cache-mount.Dockerfile");
    let mut builder = Builder::new();
    let source = context(&world.project());
    let image = builder.build(dockerfile, source.path(), &world);
    assert_eq!(world.zips(), ALL);
    greets(&image, &world);

    world.server.forget_requests();
    edit(source.path());
    let image = builder.build(dockerfile, source.path(), &world);
    assert!(!image.cached("gomodfetch download"));
    assert_eq!(world.requests(), 0);
    greets(&image, &world);

    let source = context(&world.project_with("\texample.com/extra v1.0.0\n"));
    builder.build(dockerfile, source.path(), &world);
    assert_eq!(world.zips(), ["extra@v1.0.0"]);

    // The mount is pruned, the layers are not.
    world.server.forget_requests();
    builder.prune_mounts();
    edit(source.path());
    builder.build(dockerfile, source.path(), &world);
    assert_eq!(world.zips().len(), 4);

    // That is why fetching and building are one RUN: as two, the first is remembered as done.
    builder.build(PARTED, source.path(), &world);
    builder.prune_mounts();
    edit(source.path());
    if world.goroot().is_some() {
        let ran = builder.try_build(PARTED, source.path(), &world).err().expect("a failure");
        ran.fails_with("GOPROXY=off");
    }
}

#[test]
fn an_image_with_go_and_gomodfetch() {
    let test = "recipes::docker::tools";
    let world = World::new(test);
    if !Machine::possible(test, &world) {
        return;
    }
    let page = Page::of("docker.md");
    let source = context(&world.project());
    let mut builder = Builder::new();
    let image = builder.build(page.file("tools.Dockerfile"), source.path(), &world);
    let machine = image.start(&world);
    let ran = machine.run(&image.account, "/", &image.env, "gomodfetch --version && go version");
    ran.success();
}
