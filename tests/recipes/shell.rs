//! docs/air-gapped.md and docs/caches.md: commands in the order in which they stand there, where there is a network and
//! where there is really none.

use std::collections::BTreeMap;
use std::fs;

use super::machine::{Account, Machine, Ran};
use super::page::Page;
use super::world::World;

const HOME: &str = "/home/runner";
const PROJECT: &str = "/home/runner/hello";

/// A machine with Go and gomodfetch, and somebody without rights who works there.
struct Desk {
    machine: Machine,
}

impl Desk {
    fn new(world: &World, files: &str) -> Self {
        let mut machine = Machine::new(world);
        machine.install_gomodfetch("/usr/local/bin");
        machine.install_go(world);
        machine.set("PATH", "/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin");
        machine.unpack(&Account::runner(), files, PROJECT);
        Self { machine }
    }

    fn try_run(&self, dir: &str, script: &str) -> Ran {
        self.machine.run(&Account::runner(), dir, &BTreeMap::new(), script)
    }

    #[track_caller]
    fn run(&self, dir: &str, script: &str) -> String {
        let ran = self.try_run(dir, script);
        ran.success();
        ran.stdout
    }

    /// A file carried from one machine to another.
    fn carry(&self, from: &str, to: &Desk, into: &str) {
        fs::copy(self.machine.host(from), to.machine.host(into)).expect("what is to be carried");
        to.machine.own(&Account::runner(), into);
    }
}

/// A machine without any network and with no project.
fn isolated(world: &World) -> Desk {
    let mut desk = Desk::new(world, "");
    // Nothing is there that could be asked.
    desk.machine.isolate();
    desk
}

#[test]
fn vendor_is_carried_to_where_there_is_no_network() {
    let test = "recipes::vendor";
    let world = World::new(test);
    if !Machine::possible(test, &world) {
        return;
    }
    let page = Page::of("air-gapped.md");
    let connected = Desk::new(&world, &world.project());
    connected.run(PROJECT, page.script("vendor-connected"));
    let isolated = isolated(&world);
    isolated.run(HOME, "rm -r hello");
    connected.carry("/home/runner/hello.tar.gz", &isolated, "/home/runner/hello.tar.gz");
    isolated.run(HOME, page.script("vendor-isolated"));

    // What was edited is found where there is a network; what is stale, without.
    connected.run(PROJECT, "echo '// edited' >>vendor/example.com/words/words.go");
    connected.try_run(PROJECT, "gomodfetch vendor --check=content").fails_with("words.go");
    isolated.run(PROJECT, "sed -i 's|example.com/check v0.3.0|example.com/check v0.4.0|' go.mod");
    isolated.try_run(PROJECT, "gomodfetch vendor --check").fails_with("inconsistent vendoring");
}

#[test]
fn zips_are_carried_to_where_there_is_no_network() {
    let test = "recipes::air_gapped";
    let world = World::new(test);
    if !Machine::possible(test, &world) {
        return;
    }
    let page = Page::of("air-gapped.md");
    let connected = Desk::new(&world, &world.project());
    connected.run(PROJECT, page.script("cache-connected"));
    let isolated = isolated(&world);
    isolated.machine.unpack(&Account::runner(), &world.project(), PROJECT);
    connected.carry("/home/runner/modules.tar", &isolated, "/home/runner/modules.tar");
    if world.goroot().is_some() {
        isolated.try_run(PROJECT, page.script("cache-build")).fails_with("GOPROXY=off");
    }
    isolated.run(HOME, page.script("cache-isolated"));
    isolated.run(PROJECT, page.script("cache-build"));
    isolated.run(PROJECT, "gomodfetch verify");
}

#[test]
fn each_layout_is_enough_to_build() {
    let test = "recipes::layouts";
    let world = World::new(test);
    if !Machine::possible(test, &world) {
        return;
    }
    let page = Page::of("caches.md");
    for (layout, zips, trees) in [("zips", true, true), ("trees", false, true)] {
        let desk = Desk::new(&world, &world.project());
        desk.run(PROJECT, page.script(layout));
        let cache = desk.machine.host("/home/runner/go/pkg/mod");
        let zip = cache.join("cache/download/example.com/greet/@v/v1.2.0.zip");
        assert_eq!(zip.exists(), zips, "{layout}");
        assert_eq!(cache.join("example.com/greet@v1.2.0").exists(), trees, "{layout}");
        // Made whole again.
        desk.run(PROJECT, "gomodfetch download && gomodfetch verify");
        assert!(zip.exists(), "{layout}");
    }
}

#[test]
fn a_key_is_the_same_everywhere() {
    let test = "recipes::key";
    let world = World::new(test);
    if !Machine::possible(test, &world) {
        return;
    }
    let page = Page::of("caches.md");
    let key = |files: &str| Desk::new(&world, files).run(PROJECT, page.script("key"));
    let one = key(&world.project());
    assert!(one.starts_with("gomodfetch-v1-") && one.ends_with('\n'), "{one}");
    assert_eq!(one, key(&world.project()));
    assert_ne!(one, key(&world.project_with("\texample.com/extra v1.0.0\n")));
    assert_eq!(world.requests(), 0);
}

#[test]
fn many_modules_in_one_repository() {
    let test = "recipes::monorepo";
    let world = World::new(test);
    if !Machine::possible(test, &world) {
        return;
    }
    let page = Page::of("caches.md");
    let project = world.project();
    let mut files = String::new();
    for (dir, project) in [
        ("a", project.clone()),
        ("b", project.clone()),
        ("examples/c", world.project_with("\texample.com/extra v1.0.0\n")),
    ] {
        for file in super::support::txtar::Archive::parse(&project).files {
            files.push_str(&format!("-- {dir}/{} --\n{}", file.name, file.text));
        }
    }
    let desk = Desk::new(&world, &files);
    desk.run(PROJECT, page.script("monorepo"));
    // Each once, and nothing for what was excluded.
    assert_eq!(world.zips(), ["check@v0.3.0", "greet@v1.2.0", "words@v1.0.0"]);
    world.server.forget_requests();
    desk.run(PROJECT, "gomodfetch unpack && cd b && GOPROXY=off go build -o /tmp/ ./...");
    assert_eq!(world.requests(), 0);
}

#[test]
fn only_what_is_needed() {
    let test = "recipes::needed";
    let world = World::new(test);
    if !Machine::possible(test, &world) {
        return;
    }
    let page = Page::of("caches.md");
    let desk = Desk::new(&world, &world.project_with("\texample.com/extra v1.0.0\n"));
    desk.run(PROJECT, page.script("needed"));
    assert_eq!(world.zips(), ["greet@v1.2.0", "words@v1.0.0"]);
}
