//! `kill -9`, hundreds of times; whatever it leaves, go and we both finish.
//!
//! Moments are chosen in four ways:
//!
//! - at each call that changes something on disk, and within each write (`support::trace`);
//! - after a random time, the server being fast;
//! - after a random time while a large zip trickles in;
//! - when a certain request has come, or when so many bytes of its answer were sent.
//!
//! A part of them kills go, and we finish what go left.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::support::faults::Fault;
use super::support::user::{User, skipped};
use super::world::{Dice, LARGE, Plan, Who, World};

/// So many places are worked on at once.
const WORKERS: usize = 2;

/// A way to choose the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    Step,
    Time,
    Trickle,
    Request,
}

/// What each of twenty kills is about: who is killed, and when.
const MIX: [(Who, Moment); 20] = {
    use Moment::{Request, Step, Time, Trickle};
    use Who::{Go, We};
    [
        (We, Step),
        (Go, Step),
        (We, Step),
        (We, Request),
        (We, Step),
        (Go, Time),
        (We, Time),
        (We, Step),
        (Go, Step),
        (We, Trickle),
        (We, Step),
        (We, Step),
        (Go, Trickle),
        (We, Time),
        (We, Step),
        (Go, Step),
        (We, Request),
        (We, Step),
        (Go, Request),
        (We, Step),
    ]
};

#[test]
fn whatever_a_kill_leaves_is_finished() {
    let test = "whatever_a_kill_leaves_is_finished";
    let plan = Plan::of_environment();
    let user = User::find(test).unwrap_or_else(User::ourselves);
    let traces = can_trace(test);
    let go = plan.go(test);
    // Only what there is to be killed.
    let mix: Vec<_> = MIX
        .into_iter()
        .filter(|(who, moment)| {
            (go.is_some() || *who == Who::We) && (traces || *moment != Moment::Step)
        })
        .collect();
    let done = AtomicUsize::new(0);
    let counts: Vec<AtomicUsize> = mix.iter().map(|_| AtomicUsize::new(0)).collect();
    thread::scope(|scope| {
        for worker in 0..WORKERS {
            let (plan, user, go, mix, done, counts) = (&plan, &user, &go, &mix, &done, &counts);
            scope.spawn(move || {
                let mut killer = Killer::new(user.clone(), go.clone());
                let rounds = (worker..plan.kills).step_by(WORKERS);
                for round in rounds {
                    let turn = round % mix.len();
                    let (who, moment) = mix[turn];
                    // The first of so many of this kind, the second, …
                    let same = mix.iter().filter(|kind| **kind == (who, moment)).count();
                    let before = mix[..turn].iter().filter(|kind| **kind == (who, moment));
                    let number = (round / mix.len()) * same + before.count();
                    let of = plan.kills.div_ceil(mix.len()) * same;
                    let what = format!("seed {}, kill {round} ({who:?}, {moment:?})", plan.seed);
                    let dice = Dice::new(plan.seed ^ ((round as u64) << 32));
                    killer.kill_and_finish(who, moment, Turn { number, of }, dice, &what);
                    done.fetch_add(1, Ordering::Relaxed);
                    counts[turn].fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(done.into_inner(), plan.kills);
    let of_go = mix.iter().zip(&counts).filter(|((who, _), _)| *who == Who::Go);
    let of_go: usize = of_go.map(|(_, count)| count.load(Ordering::Relaxed)).sum();
    eprintln!("{} kills, {of_go} of them of go, seed {}", plan.kills, plan.seed);
}

/// The files that go and we write in place or rename over while others may use them.
#[test]
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn what_others_use_meanwhile_is_never_half_written() {
    use super::support::trace::{self, At, Deed};
    let test = "what_others_use_meanwhile_is_never_half_written";
    if !can_trace(test) {
        return;
    }
    let plan = Plan::of_environment();
    let world = World::small(User::find(test).unwrap_or_else(User::ourselves), plan.go(test));
    let list = "/example.com/a/@v/list";
    for file in ["project/go.mod", "project/go.sum", "/latest", "/tile/8/0/000", list] {
        for deed in [Deed::Kill, Deed::KillWithin] {
            let mut step = 0;
            loop {
                let place = world.place();
                let at = (At::File(file, step), deed);
                let traced = trace::run(world.command(&place, Who::We), Some(at));
                if !traced.met {
                    break;
                }
                let what = format!("{deed:?} at step {step} of {file}, {}", traced.last());
                world.assert_finished_after(Who::We, &place, &what);
                step += 1;
            }
            assert!(step > 0, "{file} is not written at all");
        }
    }
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn can_trace(test: &str) -> bool {
    let works = super::support::trace::works();
    if !works {
        skipped(test, "only random moments are tried: no program can be traced here");
    }
    works
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
fn can_trace(test: &str) -> bool {
    skipped(test, "only random moments are tried: programs are traced on Linux alone");
    false
}

/// The how-manieth of the kills of its kind this is: all of a run is covered evenly.
#[derive(Debug, Clone, Copy)]
struct Turn {
    number: usize,
    of: usize,
}

impl Turn {
    /// A part of the whole, between 0 and 1.
    fn share(self, dice: &mut Dice) -> f64 {
        (self.number as f64 + dice.below(1000) as f64 / 1000.0) / self.of as f64
    }

    /// One of so many, every second time the same again.
    fn one_of(self, many: usize) -> usize {
        let pairs = self.of.div_ceil(2).max(1);
        ((self.number / 2) * many / pairs).min(many - 1)
    }
}

struct Killer {
    small: World,
    /// Made when it is needed.
    large: Option<World>,
    user: User,
    go: Option<super::support::go::Go>,
    /// How many steps a run of either has.
    steps: [usize; 2],
    paths: Vec<String>,
}

impl Killer {
    fn new(user: User, go: Option<super::support::go::Go>) -> Self {
        let small = World::small(user.clone(), go.clone());
        let mut paths = small.server.paths();
        paths.sort();
        paths.dedup();
        Self { small, large: None, user, go, steps: [0, 0], paths }
    }

    fn kill_and_finish(
        &mut self,
        who: Who,
        moment: Moment,
        turn: Turn,
        mut dice: Dice,
        what: &str,
    ) {
        let share = turn.share(&mut dice);
        match moment {
            Moment::Step => self.at_step(who, turn, what),
            Moment::Time => self.at_time(who, share, what),
            Moment::Trickle => self.while_it_trickles(who, share, what),
            Moment::Request => self.at_request(who, dice, what),
        }
    }

    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    fn at_step(&mut self, who: Who, turn: Turn, what: &str) {
        use super::support::trace::{self, At, Deed};
        let world = &self.small;
        let steps = &mut self.steps[usize::from(who == Who::Go)];
        if *steps == 0 {
            let place = world.place();
            let traced = trace::run(world.command(&place, who), None);
            traced.output.success();
            *steps = traced.steps.len();
        }
        loop {
            let step = turn.one_of(*steps);
            let deed = [Deed::Kill, Deed::KillWithin][turn.number % 2];
            let place = world.place();
            let traced = trace::run(world.command(&place, who), Some((At::Step(step), deed)));
            if !traced.met {
                // It took another way to the same end, with fewer steps.
                *steps -= 1;
                continue;
            }
            let what = format!("{what} at step {step} of {steps}, {deed:?} {}", traced.last());
            return world.assert_finished_after(who, &place, &what);
        }
    }

    #[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
    fn at_step(&mut self, _: Who, _: Turn, _: &str) {
        unreachable!("no program is traced here");
    }

    fn at_time(&mut self, who: Who, share: f64, what: &str) {
        kill_after(&self.small, who, share, what, &|| {});
    }

    fn while_it_trickles(&mut self, who: Who, share: f64, what: &str) {
        let (user, go) = (self.user.clone(), self.go.clone());
        let world = self.large.get_or_insert_with(|| {
            let mut world = World::large(user, go);
            // As slow as it will be.
            trickle(&world);
            for who in [Some(Who::We), world.go.as_ref().map(|_| Who::Go)].into_iter().flatten() {
                let place = world.place();
                let started = std::time::Instant::now();
                world.command(&place, who).run().success();
                match who {
                    Who::We => world.takes = started.elapsed(),
                    Who::Go => world.go_takes = started.elapsed(),
                }
            }
            world.server.heal();
            world
        });
        kill_after(world, who, share, what, &|| trickle(world));
    }

    fn at_request(&mut self, who: Who, mut dice: Dice, what: &str) {
        let world = &self.small;
        let path = &self.paths[dice.below(self.paths.len() as u64) as usize];
        let bytes = [0, 1, 100, 4096][dice.below(4) as usize];
        world.server.forget_requests();
        world.server.fault(Fault::on(path).stall_after(bytes));
        let place = world.place();
        let mut running = world.command(&place, who).spawn();
        while world.server.count(path) == 0 && running.is_running() {
            thread::sleep(Duration::from_micros(200));
        }
        thread::sleep(dice.part_of(Duration::from_millis(20)));
        running.kill();
        world.server.heal();
        let what = format!("{what} when {path} stalls after {bytes} bytes");
        world.assert_finished_after(who, &place, &what);
    }
}

fn trickle(world: &World) {
    let (path, _) = LARGE.split_once(' ').expect("a version");
    let slow = Fault::on(&format!("/{path}/@v/*.zip")).trickle(40_000, Duration::from_millis(1));
    world.server.fault(slow);
}

/// Kills after a part of the time that a run takes; sooner, if it turns out to have ended by then.
fn kill_after(world: &World, who: Who, mut share: f64, what: &str, before: &dyn Fn()) {
    loop {
        let place = world.place();
        before();
        let delay = world.takes(who).mul_f64(share);
        let running = world.command(&place, who).spawn();
        thread::sleep(delay);
        let output = running.kill();
        world.server.heal();
        if output.status.code().is_some() && share > 0.01 {
            share *= 0.9;
            continue;
        }
        let what = format!("{what} after {} ms", delay.as_millis());
        return world.assert_finished_after(who, &place, &what);
    }
}
