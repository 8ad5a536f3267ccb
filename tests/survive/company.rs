//! Two at once, on one empty cache and often one go.sum: what comes of it is what one alone leaves.
//!
//! Two of us, or go and we; in one project, or in two that share the cache; with a head start for either;
//! and with one of them killed on the way.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use super::support::cli::Project;
use super::support::user::User;
use super::world::{Dice, Leniency, Plan, Who, World};

/// Who works at the same time.
const PAIRS: [[Who; 2]; 3] = [[Who::We, Who::We], [Who::Go, Who::We], [Who::We, Who::Go]];

/// Does something with every pair that there is, many times.
fn with_pairs(test: &str, work: impl Fn(&World, [Who; 2], Dice, &str)) {
    let plan = Plan::of_environment();
    let user = User::find(test).unwrap_or_else(User::ourselves);
    let world = World::small(user, plan.go(test));
    let pairs = PAIRS.into_iter().filter(|pair| world.go.is_some() || !pair.contains(&Who::Go));
    for (number, pair) in pairs.enumerate() {
        for round in 0..plan.kills.div_ceil(16) {
            let seed = plan.seed ^ ((round as u64) << 32) ^ ((number as u64) << 48);
            let what = format!("seed {}, {pair:?}, round {round}", plan.seed);
            work(&world, pair, Dice::new(seed), &what);
        }
    }
}

#[test]
fn two_in_one_project() {
    with_pairs("two_in_one_project", |world, pair, mut dice, what| {
        let place = world.place();
        let [first, second] = pair.map(|who| world.command(&place, who));
        let first = first.spawn();
        thread::sleep(dice.part_of(world.takes(pair[0])));
        let outputs = [second.spawn().wait(), first.wait()];
        for (who, output) in [pair[1], pair[0]].into_iter().zip(outputs) {
            assert!(output.status.success(), "{what}: {output}");
            assert!(who == Who::Go || output.stderr.is_empty(), "{what}: {output}");
        }
        world.assert_finished(&place, Leniency::default(), what);
    });
}

/// go.sum is longer than a page, so that it is replaced; whoever waits for it must not add to the old one.
#[test]
fn each_adds_its_own_sums() {
    with_pairs("each_adds_its_own_sums", |world, pair, mut dice, what| {
        let place = world.place();
        let modules = ["example.com/Big v1.0.0-RC1", "example.com/data v1.0.0"];
        let [first, second] = [0, 1].map(|n| {
            let module = modules[n].replace(' ', "@");
            match (pair[n], &world.go) {
                (Who::Go, Some(go)) => world.user.go(&place, go, &["download", &module]),
                _ => world.user.gomodfetch(&place, &["download", &module]),
            }
        });
        let first = first.spawn();
        thread::sleep(dice.part_of(world.takes(pair[0])));
        for output in [second.spawn().wait(), first.wait()] {
            assert!(output.status.success(), "{what}: {output}");
        }
        let found = place.read("go.sum");
        for module in modules {
            let lines = world.server.registry().go_sum(&[module]);
            assert!(lines.lines().all(|line| found.contains(line)), "{what}: {module}:\n{found}");
        }
        assert!(found.contains(&world.old_sums()), "{what}: lines are lost:\n{found}");
    });
}

/// A second project beside the first, with the same files and the same cache.
fn neighbour(world: &World, place: &Project) -> PathBuf {
    let dir = place.root().join("neighbour");
    fs::create_dir(&dir).expect("a folder");
    for name in ["go.mod", "go.sum"] {
        fs::write(dir.join(name), place.read(name)).expect("a file");
    }
    world.user.owns(place);
    dir
}

#[track_caller]
fn assert_same_files(place: &Project, neighbour: &Path, what: &str) {
    for name in ["go.mod", "go.sum"] {
        let found = fs::read_to_string(neighbour.join(name)).expect("a file");
        assert_eq!(found, place.read(name), "{what}: {name} of the other project");
    }
}

#[test]
fn two_projects_with_one_cache() {
    with_pairs("two_projects_with_one_cache", |world, pair, mut dice, what| {
        let place = world.place();
        let neighbour = neighbour(world, &place);
        let first = world.command(&place, pair[0]).spawn();
        thread::sleep(dice.part_of(world.takes(pair[0])));
        let second = world.command(&place, pair[1]).current_dir(&neighbour).spawn();
        for output in [second.wait(), first.wait()] {
            assert!(output.status.success(), "{what}: {output}");
        }
        world.assert_finished(&place, Leniency::default(), what);
        assert_same_files(&place, &neighbour, what);
    });
}

#[test]
fn one_is_killed_and_the_other_goes_on() {
    with_pairs("one_is_killed_and_the_other_goes_on", |world, pair, mut dice, what| {
        let place = world.place();
        let neighbour = neighbour(world, &place);
        let doomed = world.command(&place, pair[0]).current_dir(&neighbour).spawn();
        let head_start = dice.part_of(world.takes(pair[0]) / 2);
        thread::sleep(head_start);
        let other = world.command(&place, pair[1]).spawn();
        thread::sleep(dice.part_of(world.takes(pair[0])));
        doomed.kill();
        let output = other.wait();
        assert!(output.status.success(), "{what}: {output}");
        let leniency = Leniency::of_killed(pair[0]);
        // What the killed one had finished is not done again, be it in the last moment.
        let output = world.command(&place, Who::We).run();
        assert!(output.status.success(), "{what}: {output}");
        world.assert_finished(&place, leniency, what);
    });
}
