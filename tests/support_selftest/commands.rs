//! Commands in their places, trees and locks.

use crate::support::cli::Project;
use crate::support::locks;

#[test]
fn the_program_can_be_run() {
    let project = Project::new("-- go.mod --\nmodule example.org/main\n");
    project.gomodfetch(["--version"]).run().success();
}

#[cfg(unix)]
mod unix {
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    use crate::support::cli::{Invocation, Project};
    use crate::support::tree::{self, Snapshot};

    fn sh(project: &Project, script: &str) -> Invocation {
        project.program(Path::new("/bin/sh"), ["-c", script])
    }

    #[test]
    fn commands_see_nothing_of_the_environment() {
        let mut project = Project::new("-- sub/file --\ntext\n");
        project.set("ADDED", "yes").unset("GOENV");
        let env = project.program(Path::new("/usr/bin/env"), [""; 0]).env("MORE", "1").run();
        let names: Vec<_> = env.stdout.lines().filter_map(|l| l.split('=').next()).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        let expected = [
            "ADDED",
            "GOMODCACHE",
            "GOMODFETCH_RETRIES",
            "GOPATH",
            "GOPROXY",
            "GOSUMDB",
            "GOTOOLCHAIN",
            "HOME",
            "MORE",
            "TMPDIR",
        ];
        assert_eq!(sorted, expected);
        env.success().stdout_has("HOME=$ROOT/home\n");
        sh(&project, "cat file; pwd").within("sub").run().stdout_is("text\n$ROOT/project/sub\n");
    }

    #[test]
    fn output_status_and_input_are_captured() {
        let project = Project::new("");
        let output = sh(&project, "cat; echo oops >&2; exit 7").stdin("in\n").run();
        output.fails_with(7).stdout_is("in\n").stderr_is("oops\n").lacks("secret");
        let shown = output.to_string();
        assert!(shown.starts_with("$ sh -c ") && shown.contains("-- stderr --\noops\n"), "{shown}");
        let json = sh(&project, "echo '{\"a\":1}{\"b\":2}'").run().json();
        assert_eq!((json.len(), json[1]["b"].as_i64()), (2, Some(2)));
        sh(&project, "true").run().success().silent();
        let umask = sh(&project, "umask").umask("027").run();
        umask.success().stdout_has("027\n");
    }

    #[test]
    #[should_panic(expected = "killed after 0 s")]
    fn what_takes_too_long_is_killed() {
        let project = Project::new("");
        sh(&project, "exec sleep 600").limit(Duration::from_millis(100)).run();
    }

    #[test]
    fn a_running_command_can_be_watched_and_killed() {
        use std::os::unix::process::ExitStatusExt as _;
        let project = Project::new("");
        let mut running = sh(&project, "echo started; exec sleep 600").spawn();
        assert!(running.still_runs_after(Duration::from_millis(300)));
        let output = running.kill();
        assert_eq!((output.code(), output.status.signal()), (None, Some(9)));
        assert_eq!(output.stdout, "started\n");
    }

    #[test]
    fn trees_are_compared_bit_for_bit() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let project = Project::new("-- a/x --\none\ntwo\n-- a/sub/y --\n-- b/x --\none\n2\n");
        let (a, b) = (project.dir().join("a"), project.dir().join("b"));
        symlink("x", b.join("link")).expect("a link");
        let before = Snapshot::of(&a);
        assert_eq!(before.files(), ["sub/y", "x"]);
        let report = before.diff(&Snapshot::of(&b)).join("\n");
        for line in ["- sub: ", "- sub/y: ", "! x: ", "+ link: 0000 link to x"] {
            assert!(report.contains(line), "{line} in {report}");
        }
        assert_eq!(Snapshot::of(&b).without(|path| path == "link").files(), ["x"]);

        let panicked = std::panic::catch_unwind(|| tree::assert_same(&a, &b));
        let message = panicked.expect_err("a difference");
        let message = message.downcast_ref::<String>().expect("a text");
        assert!(message.contains("x:\n  one\n- two\n+ 2\n"), "{message}");

        let set_mode = |name: &str, mode| {
            fs::set_permissions(a.join(name), fs::Permissions::from_mode(mode)).expect("a mode");
        };
        set_mode("x", 0o444);
        let before = Snapshot::of(&a);
        for mode in [0o445, 0o454, 0o544] {
            set_mode("x", mode);
            assert_eq!(before.diff(&Snapshot::of(&a)).len(), 1, "{mode:o}");
        }
        set_mode("sub", 0o555);
        tree::remove(&a);
        assert!(!a.exists());
        tree::remove(&a);
    }
}

#[test]
fn locks_are_held_until_they_are_dropped() {
    let project = Project::new("");
    let path = project.dir().join("cache/x.lock");
    assert!(!locks::is_held(&path));
    let lock = locks::hold_exclusive(&path);
    assert!(locks::is_held(&path));
    drop(lock);
    let shared = locks::hold_shared(&path);
    assert!(!locks::is_held(&path), "a shared lock admits others");
    drop(shared);
}
