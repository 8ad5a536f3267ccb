//! docs/athens.md: the services of the compose file in their order. The proxy of the tests stands in for Athens.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::dockerfile::{Builder, Image, new_volume};
use super::machine::Machine;
use super::page::Page;
use super::support::tree::{self, Snapshot};
use super::support::txtar::Archive;
use super::world::World;
use super::yaml::{self, only, text, texts};

/// What stands for the address of Athens.
const ATHENS: &str = "http://athens:3000";

/// The machine on which compose runs.
struct Compose<'a> {
    world: &'a World,
    builder: Builder,
    source: &'a Path,
    volumes: BTreeMap<String, TempDir>,
}

impl Compose<'_> {
    /// Builds a service and runs its command.
    #[track_caller]
    fn run(&mut self, service: &Value, declared: &Value) {
        only(service, &["build", "depends_on", "environment", "volumes", "working_dir", "command"]);
        only(&service["build"], &["context", "dockerfile"]);
        let context = self.source.join(text(&service["build"]["context"]));
        let dockerfile = context.join(text(&service["build"]["dockerfile"]));
        let dockerfile = std::fs::read_to_string(&dockerfile).expect("the Dockerfile");
        let image = self.builder.build(&dockerfile, &context, self.world);
        let mut machine = image.start(self.world);
        for volume in yaml::items(&service["volumes"]) {
            self.mount(&volume, &image, &mut machine, declared);
        }
        let mut env = image.env.clone();
        for (name, value) in texts(&service["environment"]) {
            env.insert(name, value.replace(ATHENS, &self.world.server.url()));
        }
        let (dir, command) = (text(&service["working_dir"]), text(&service["command"]));
        machine.run_in(&image.account, &dir, &env, &["/bin/sh", "-c"], &command).success();
    }

    fn mount(&mut self, volume: &str, image: &Image, machine: &mut Machine, declared: &Value) {
        let parts: Vec<&str> = volume.split(':').collect();
        let read_only = match parts[2..] {
            [] => false,
            ["ro"] => true,
            _ => panic!("{volume}?"),
        };
        if parts[0].starts_with('.') {
            return machine.mount(&self.source.join(parts[0]), parts[1], read_only);
        }
        assert!(declared.get(parts[0]).is_some(), "the volume {} is not declared", parts[0]);
        let known = self.volumes.entry(parts[0].to_owned()).or_insert_with(|| {
            let dir = tempfile::tempdir().expect("a temporary folder");
            if super::machine::host(&image.files, parts[1]).exists() {
                new_volume(image, parts[1], dir.path());
            }
            dir
        });
        machine.mount(known.path(), parts[1], read_only);
    }
}

impl Drop for Compose<'_> {
    fn drop(&mut self) {
        for volume in self.volumes.values() {
            tree::make_writable(volume.path());
        }
    }
}

/// What a service waits for, and until when.
fn waits_for(service: &Value) -> BTreeMap<String, String> {
    let services = service["depends_on"].as_object().into_iter().flatten();
    services.map(|(name, how)| (name.clone(), text(&how["condition"]))).collect()
}

#[test]
fn a_volume_is_filled_from_athens_and_the_build_needs_nobody() {
    let test = "recipes::athens";
    let world = World::new(test);
    if !Machine::possible(test, &world) {
        return;
    }
    let page = Page::of("athens.md");
    let compose = yaml::parse(page.file("compose.yaml"));
    only(&compose, &["services", "volumes"]);
    let services = &compose["services"];
    only(services, &["athens", "modules", "build"]);
    only(&services["athens"], &["image", "environment", "volumes", "healthcheck"]);
    let wait = waits_for(&services["modules"]);
    assert_eq!(wait["athens"], "service_healthy");
    assert_eq!(waits_for(&services["build"])["modules"], "service_completed_successfully");
    assert_eq!(services["modules"]["environment"]["GOPROXY"], ATHENS);

    let source = tempfile::tempdir().expect("a temporary folder");
    Archive::parse(&world.project()).write_to(source.path());
    let tools = Page::of("docker.md");
    std::fs::write(source.path().join("tools.Dockerfile"), tools.file("tools.Dockerfile"))
        .expect("the Dockerfile");
    let before = Snapshot::of(source.path());
    let mut compose_run = Compose {
        world: &world,
        builder: Builder::new(),
        source: source.path(),
        volumes: BTreeMap::new(),
    };
    for round in 0..2 {
        compose_run.run(&services["modules"], &compose["volumes"]);
        assert_eq!(world.zips().len(), if round == 0 { 3 } else { 0 });
        world.server.forget_requests();
        compose_run.run(&services["build"], &compose["volumes"]);
        assert_eq!(world.requests(), 0);
    }
    assert!(before.diff(&Snapshot::of(source.path())).is_empty(), "the project was changed");
}
