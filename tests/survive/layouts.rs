//! `--layout` and `unpack`, killed and failing: the same command completes what is left, and so does a
//! download of everything.

use std::fs;
use std::thread;

use super::signals::send;
use super::support::cli::Project;
use super::support::locks;
use super::support::tree::{self, Snapshot};
use super::support::user::User;
use super::world::{Dice, Plan, World, wanted};

/// What is done to which cache.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
const JOBS: [(&str, &[&str]); 4] = [
    ("", &["download", "--layout=zips", "all"]),
    ("", &["download", "--layout=trees", "all"]),
    ("full", &["download", "--layout=trees", "all"]),
    ("zips", &["unpack"]),
];

/// A place in which a layout was downloaded.
fn place(world: &World, layout: &str) -> Project {
    let place = world.place();
    if !layout.is_empty() {
        let args = ["download", "--layout", layout, "all"];
        world.user.gomodfetch(&place, &args).run().success();
    }
    place
}

fn world(test: &str) -> (Plan, World) {
    let plan = Plan::of_environment();
    let world = World::small(User::find(test).unwrap_or_else(User::ourselves), plan.go(test));
    (plan, world)
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod traced {
    use nix::errno::Errno;

    use super::super::support::trace::{self, At, Deed};
    use super::super::support::user::skipped;
    use super::super::world::Leniency;
    use super::*;

    #[test]
    fn each_layout_is_completed() {
        let test = "each_layout_is_completed";
        if !trace::works() {
            return skipped(test, "no program can be traced here");
        }
        let (plan, world) = world(test);
        for (before, args) in JOBS {
            let base = place(&world, before);
            let run = |place: &Project| world.user.gomodfetch(place, args);
            let undisturbed = world.copy(&base);
            let steps = trace::run(run(&undisturbed), None).steps.len();
            assert!(steps >= 5, "{args:?}: {steps} steps are too few: some are not seen");
            let expected = wanted(&undisturbed.gopath());
            let rounds = plan.kills.div_ceil(4);
            for round in 0..rounds {
                let at = round * steps / rounds;
                let full = Deed::FailFromHere(Errno::ENOSPC);
                let deed = [Deed::Kill, full, Deed::KillWithin][round % 3];
                let fails = matches!(deed, Deed::FailFromHere(_));
                let place = world.copy(&base);
                let traced = trace::run(run(&place), Some((At::Step(at), deed)));
                let what = format!("{args:?}, {deed:?} at step {at} of {steps}, {}", traced.last());
                if fails {
                    let output = traced.output;
                    output.lacks("panicked").lacks("internal error");
                    assert!(matches!(output.code(), Some(0 | 1)), "{what}: {output}");
                    let found = Snapshot::of(place.root());
                    let left = found.nodes.keys().filter(|name| name.contains(".tmp"));
                    assert_eq!(left.collect::<Vec<_>>(), [""; 0], "{what}: left behind\n{output}");
                }
                let again = world.copy(&place);
                run(&again).run().success();
                let leniency = match fails {
                    true => Leniency { lists: true, write_bits: true, sumdb: true, tiles: false },
                    false => Leniency::default(),
                };
                let found = leniency.apply(wanted(&again.gopath()));
                let difference = leniency.apply(expected.clone()).diff(&found);
                assert_eq!(difference, [""; 0], "{what}");
                world.assert_both_finish(&place, leniency, &what);
            }
        }
    }

    /// Once its hash is recorded, a tree is believed: one that nobody vouches for must be gone, or marked, by
    /// then.
    #[test]
    fn a_tree_without_a_hash_is_never_adopted() {
        let test = "a_tree_without_a_hash_is_never_adopted";
        if !trace::works() {
            return skipped(test, "no program can be traced here");
        }
        let (_, world) = world(test);
        let base = place(&world, "full");
        let versions = base.modcache().join("cache/download/example.com/a/@v");
        tree::make_writable(&base.modcache());
        fs::remove_file(versions.join("v1.0.0.ziphash")).expect("a hash");
        let folder = base.modcache().join("example.com/a@v1.0.0");
        fs::write(folder.join("evil.go"), "package evil\n").expect("a file");
        for zip in [true, false] {
            if !zip {
                fs::remove_file(versions.join("v1.0.0.zip")).expect("a zip");
            }
            for layout in ["full", "zips", "trees"] {
                let args = ["download", "--layout", layout, "example.com/a@v1.0.0"];
                let mut step = 0;
                loop {
                    let place = world.copy(&base);
                    let at = (At::File("/example.com/a", step), Deed::Kill);
                    let traced = trace::run(world.user.gomodfetch(&place, &args), Some(at));
                    if !traced.met {
                        break;
                    }
                    let what = format!("{layout}, killed at {}", traced.last());
                    world.user.gomodfetch(&place, &args).run().success();
                    let evil = place.modcache().join("example.com/a@v1.0.0/evil.go");
                    let mark = "cache/download/example.com/a/@v/v1.0.0.partial";
                    let is_marked = place.modcache().join(mark).exists();
                    // With zips alone nobody needs the place.
                    assert!(!evil.exists() || (is_marked && layout == "zips"), "{what}");
                    world.user.gomodfetch(&place, &["verify", "--cache"]).run().success();
                    step += 1;
                }
                assert!(step > 3, "{layout}: nothing is written");
            }
        }
    }
}

/// Asked to end, be it while it waits for a lock, `unpack` leaves nothing that is half done.
#[test]
fn unpack_ends_when_it_is_asked_to() {
    let (plan, world) = world("unpack_ends_when_it_is_asked_to");
    let base = place(&world, "zips");
    let mut dice = Dice::new(plan.seed);
    for round in 0..4 {
        let place = world.copy(&base);
        let lock = "cache/download/example.com/data/@v/v1.0.0.lock";
        let held = (round < 2).then(|| locks::hold_exclusive(&place.modcache().join(lock)));
        let running = world.user.gomodfetch(&place, &["unpack"]).spawn();
        match held {
            // All else is done by then.
            Some(_) => {
                while !place.modcache().join("example.com/a@v1.0.0/sub/deep/x.txt").exists() {
                    thread::sleep(std::time::Duration::from_millis(1));
                }
            }
            None => thread::sleep(dice.part_of(world.takes / 2)),
        }
        send(["INT", "TERM"][round % 2], &running);
        let output = running.wait();
        match output.code() {
            Some(130) => drop(output.stderr_is("go: interrupted\n")),
            // It had not begun, or was done.
            None | Some(0) if round >= 2 => {}
            _ => panic!("seed {}, round {round}: {output}", plan.seed),
        }
        drop(held);
        let found = Snapshot::of(place.root());
        let left = found.nodes.keys().filter(|name| name.contains(".tmp"));
        assert_eq!(left.collect::<Vec<_>>(), [""; 0], "left behind\n{output}");
        world.user.gomodfetch(&place, &["unpack"]).run().success();
        world.assert_both_finish(&place, Default::default(), &format!("round {round}"));
    }
}

#[test]
fn two_layouts_at_once() {
    let (plan, world) = world("two_layouts_at_once");
    let layout = |name| ["download", "--layout", name, "all"].map(str::to_owned).to_vec();
    let unpack = || vec!["unpack".to_owned()];
    let pairs = [
        ("", layout("full"), layout("trees")),
        ("", layout("zips"), layout("trees")),
        ("zips", unpack(), layout("trees")),
        ("zips", unpack(), layout("full")),
        ("full", layout("full"), layout("trees")),
    ];
    for (number, (before, first, second)) in pairs.into_iter().enumerate() {
        let base = place(&world, before);
        for round in 0..plan.kills.div_ceil(16) {
            let what = format!("seed {}, {first:?} and {second:?}, round {round}", plan.seed);
            let mut dice = Dice::new(plan.seed ^ ((round as u64) << 32) ^ ((number as u64) << 48));
            let place = world.copy(&base);
            let start = |args: &[String]| {
                let args: Vec<&str> = args.iter().map(String::as_str).collect();
                world.user.gomodfetch(&place, &args).spawn()
            };
            let one = start(&first);
            thread::sleep(dice.part_of(world.takes));
            for output in [start(&second).wait(), one.wait()] {
                assert!(output.status.success(), "{what}: {output}");
                assert!(output.stderr.is_empty(), "{what}: {output}");
            }
            let verified = world.user.gomodfetch(&place, &["verify", "--cache"]).run();
            assert!(verified.status.success(), "{what}: {verified}");
            world.assert_both_finish(&place, Default::default(), &what);
        }
    }
}
