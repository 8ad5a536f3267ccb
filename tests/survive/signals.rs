//! Asked to end, it ends soon, and leaves nothing behind; standard streams may be gone.

use std::io::pipe;
use std::process::{Command, Stdio};
use std::thread;

use super::support::cli::Running;
use super::support::faults::{Fault, Gate};
use super::support::tree::Snapshot;
use super::support::user::User;
use super::world::{Dice, Leniency, Plan, Who, World};

pub fn send(signal: &str, running: &Running) {
    let id = running.id().to_string();
    // It may have ended by itself.
    let sent = Command::new("kill").args(["-s", signal, &id]).stderr(Stdio::null()).status();
    sent.expect("kill");
}

#[test]
fn asked_to_end_it_leaves_nothing_behind() {
    let test = "asked_to_end_it_leaves_nothing_behind";
    let plan = Plan::of_environment();
    let user = User::find(test).unwrap_or_else(User::ourselves);
    let world = World::small(user, plan.go(test));
    let mut dice = Dice::new(plan.seed);
    for round in 0..plan.kills.div_ceil(8).max(6) {
        let signal = ["INT", "TERM", "HUP"][round % 3];
        if signal == "HUP" && !cfg!(target_os = "linux") {
            continue;
        }
        let what = format!("seed {}, round {round}, SIG{signal}", plan.seed);
        let place = world.place();
        // The first ones while a zip is awaited, the others at any time.
        let gate = Gate::closed();
        if round < 3 {
            world.server.fault(Fault::on("/example.com/data/*.zip").gate(&gate));
        }
        let running = world.command(&place, Who::We).spawn();
        match round {
            0..3 => gate.wait_for(1),
            _ => thread::sleep(dice.part_of(world.takes(Who::We))),
        }
        send(signal, &running);
        let output = running.wait();
        gate.open();
        world.server.heal();
        match output.code() {
            Some(130) => drop(output.stderr_is("go: interrupted\n")),
            // Before it listens it is ended as any other program is.
            None if round >= 3 => continue,
            Some(0) if round >= 3 => {}
            _ => panic!("{what}: {output}"),
        }
        let found = Snapshot::of(place.root());
        let left = found.nodes.keys().filter(|name| name.contains(".tmp"));
        assert_eq!(left.collect::<Vec<_>>(), [""; 0], "{what}: left behind\n{output}");
        world.assert_both_finish(&place, Leniency::default(), &what);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn what_it_was_started_to_ignore_is_ignored() {
    let world = World::small(User::ourselves(), None);
    let place = world.place();
    let gate = Gate::closed();
    world.server.fault(Fault::on("*.zip").gate(&gate));
    let nohup = ["sh", "-c", "trap '' HUP INT; exec \"$@\"", "sh"];
    let running = world.command(&place, Who::We).through(nohup).spawn();
    gate.wait_for(1);
    send("HUP", &running);
    send("INT", &running);
    gate.open();
    running.wait().success().silent();
    world.assert_finished(&place, Leniency::default(), "ignoring signals");
    // And what it was not started to ignore is heeded.
    let place = world.place();
    world.server.heal();
    let gate = Gate::closed();
    world.server.fault(Fault::on("*.zip").gate(&gate));
    let running = world.command(&place, Who::We).through(nohup).spawn();
    gate.wait_for(1);
    send("TERM", &running);
    running.wait().fails_with(130).stderr_is("go: interrupted\n");
}

#[test]
fn nobody_reads_the_results() {
    let world = World::small(User::ourselves(), None);
    for args in [&["download", "-json", "all"][..], &["download", "-json", "--stream", "all"]] {
        let place = world.place();
        let (reader, writer) = pipe().expect("a pipe");
        drop(reader);
        let mut command = place.gomodfetch(args).command();
        let output = command.stdout(writer).stderr(Stdio::piped()).output().expect("an output");
        assert_eq!(output.status.code(), Some(141), "{output:?}");
        assert_eq!(output.stderr, b"", "{output:?}");
        // The work itself is done.
        world.assert_finished(&place, Leniency::default(), "unread");
    }
    for args in [&["env"][..], &["graph"], &["completions", "bash"], &["man"]] {
        let place = world.place();
        let (reader, writer) = pipe().expect("a pipe");
        drop(reader);
        let mut command = place.gomodfetch(args).command();
        let output = command.stdout(writer).stderr(Stdio::piped()).output().expect("an output");
        assert_eq!(output.status.code(), Some(141), "{args:?}: {output:?}");
        assert_eq!(output.stderr, b"", "{args:?}: {output:?}");
    }
}

#[test]
fn nobody_reads_the_errors() {
    let world = World::small(User::ourselves(), None);
    for (args, code) in [
        (&["download", "example.com/none@v1.0.0"][..], 3),
        (&["download", "-json", "example.com/none@v1.0.0"], 3),
        (&["download", "--no-such-flag"], 2),
        (&["-no-such-flag"], 2),
        (&["download", "-v", "-x", "all"], 0),
    ] {
        let place = world.place();
        let (reader, writer) = pipe().expect("a pipe");
        drop(reader);
        let mut command = place.gomodfetch(args).command();
        let other = writer.try_clone().expect("the same pipe");
        let status = command.stdout(other).stderr(writer).status().expect("a status");
        assert_eq!(status.code(), Some(code), "{args:?}: {status}");
    }
}
