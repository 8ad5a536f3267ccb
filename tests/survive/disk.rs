//! Disks that are full or broken from a certain step on, or for just one: a clear error, nothing lost,
//! nothing half-written that anyone would believe.

use nix::errno::Errno;

use super::support::trace::{self, At, Deed};
use super::support::tree::Snapshot;
use super::support::user::{User, skipped};
use super::world::{Leniency, Plan, Who, World};

/// How a step fails, and in which words.
const FAILURES: [(Deed, &str); 4] = [
    (Deed::FailFromHere(Errno::ENOSPC), "no space left on device"),
    (Deed::Fail(Errno::EIO), "input/output error"),
    (Deed::Fail(Errno::EACCES), "permission denied"),
    (Deed::FailFromHere(Errno::EDQUOT), "disk quota exceeded"),
];

#[test]
fn each_step_may_fail() {
    let test = "each_step_may_fail";
    if !trace::works() {
        return skipped(test, "no program can be traced here");
    }
    let plan = Plan::of_environment();
    let user = User::find(test).unwrap_or_else(User::ourselves);
    let world = World::small(user, plan.go(test));
    let place = world.place();
    let steps = trace::run(world.command(&place, Who::We), None).steps.len();
    assert!(steps > 80, "{steps} steps are too few: some are not seen");
    // By default a sample, else each step in half of the ways.
    let rounds = if plan.with_go { 2 * steps } else { plan.kills };
    for round in 0..rounds {
        let at = if plan.with_go { round / 2 } else { round * steps / rounds };
        let (deed, words) = FAILURES[(round + at + plan.seed as usize) % FAILURES.len()];
        fail(&world, at, deed, words, &format!("seed {}, {deed:?} at step {at}", plan.seed));
    }
}

fn fail(world: &World, at: usize, deed: Deed, words: &str, what: &str) {
    let place = world.place();
    let traced = trace::run(world.command(&place, Who::We), Some((At::Step(at), deed)));
    if !traced.met {
        return;
    }
    let step = traced.steps[at].clone();
    let output = traced.output;
    let what = format!("{what}, {} {}", step.call, step.path);
    output.lacks("panicked").lacks("internal error");
    match output.code() {
        // What is only kept for later may fail.
        Some(0) => assert!(output.stderr.is_empty(), "{what}:\n{output}"),
        Some(1) => {
            let named = output.relative(&output.stderr).contains("$ROOT");
            assert!(named && output.stderr.contains(words), "{what}:\n{output}");
        }
        _ => panic!("{what}:\n{output}"),
    }
    world.assert_whole_files(&place, &what);
    if step.call != "unlink" && step.call != "rmdir" {
        let found = Snapshot::of(place.root());
        let left = found.nodes.keys().filter(|name| name.contains(".tmp"));
        assert_eq!(left.collect::<Vec<_>>(), [""; 0], "{what}: left behind\n{output}");
    }
    // Of a run that did not fail only what is done as well as possible may be missing.
    let from_here = matches!(deed, Deed::FailFromHere(_)) && output.code() == Some(0);
    let leniency = Leniency {
        lists: from_here || step.path.contains("/download/example.com"),
        write_bits: from_here || step.call == "chmod",
        sumdb: from_here || step.path.contains("sumdb"),
        tiles: false,
    };
    world.assert_both_finish(&place, leniency, &what);
}
