//! Tests with `/bin/sh`.

use super::running::Ends;
use super::*;

fn shell(script: &str) -> Program {
    let mut program = Program::new("/bin/sh");
    program.args(["-c", script]);
    program
}

#[cfg(target_os = "linux")]
fn is_alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

#[test]
fn programs_are_found_in_absolute_directories_only() {
    let path = OsStr::new("bin:.::/nonexistent:/bin:/usr/bin");
    assert_eq!(find("sh", path), Ok("/bin/sh".into()));
    assert_eq!(find("./sh", path), Ok("./sh".into()));
    for name in ["gomodfetch-no-such-program", ""] {
        let err = find(name, path).unwrap_err().to_string();
        assert_eq!(err, format!("exec: \"{name}\": executable file not found in $PATH"));
    }
}

#[tokio::test]
async fn what_goes_in_and_comes_out() {
    let dir = tempfile::tempdir().unwrap();
    let mut program = shell("cat; pwd -P; echo \"$A${HOME-none}$1\"; echo bad >&2; exit 3");
    program.args(["sh", "x y"]).dir(dir.path()).set("A", "1").unset("HOME").stdin("in\n");
    let output = program.output().await.unwrap();
    let dir = dir.path().canonicalize().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(stdout, format!("in\n{}\n1nonex y\n", dir.display()));
    assert_eq!((output.stderr.as_str(), output.status), ("bad\n", Status::Exit(3)));
    assert_eq!(output.status.to_string(), "exit status 3");
    let killed = shell("kill -9 $$").output().await.unwrap();
    assert_eq!(killed.status.to_string(), "signal: killed");
    // Input that nobody reads holds nothing up.
    let mut program = shell("true");
    program.stdin(vec![b'x'; 1 << 20]);
    assert!(program.output().await.unwrap().status.is_success());
}

#[tokio::test]
async fn errors_in_words() {
    let err = Program::new("/nonexistent/x").output().await.unwrap_err();
    assert_eq!(err.to_string(), "fork/exec /nonexistent/x: no such file or directory");
    let mut program = shell("echo 0123456789; sleep 60");
    program.limit(10);
    let err = program.output().await.unwrap_err();
    assert_eq!(err.to_string(), "/bin/sh: output is larger than 10 bytes");
    let mut program = shell("sleep 60");
    program.stall(Duration::from_millis(10));
    let err = program.output().await.unwrap_err();
    assert_eq!(err.to_string(), "/bin/sh: no output for 0 seconds");
}

#[tokio::test]
async fn output_goes_into_a_sink_and_errors_of_it_end_the_program() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("out");
    let sink = std::fs::File::create(&file).unwrap();
    let output = shell("echo hello").output_to(sink).await.unwrap();
    assert!(output.stdout.is_empty());
    assert_eq!(std::fs::read(&file).unwrap(), b"hello\n");
    let closed = std::fs::File::open(&file).unwrap();
    let err = shell("echo x; sleep 60").output_to(closed).await.unwrap_err();
    assert_eq!(err.to_string(), "/bin/sh: bad file descriptor");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn whoever_is_dropped_takes_its_group_along() {
    // The inner one ignores being asked, and so has to be made to end.
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pids");
    let script = format!(
        "sh -c 'trap \"\" TERM; echo $$ >>{0}; while :; do sleep 1; done' & echo $$ >>{0}; wait",
        file.display()
    );
    let running = tokio::spawn(shell(&script).output());
    let pids = loop {
        let pids = std::fs::read_to_string(&file).unwrap_or_default();
        if pids.lines().count() == 2 {
            break pids;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    assert!(pids.lines().all(is_alive));
    running.abort();
    while pids.lines().any(is_alive) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_stays_behind_is_left_alone() {
    let output = shell("sleep 5 & echo $!").output().await.unwrap();
    let pid = String::from_utf8(output.stdout).unwrap();
    assert!(is_alive(pid.trim()), "{pid}");
}

#[test]
fn of_long_errors_the_ends_are_kept() {
    let mut ends = Ends::default();
    ends.push(b"\x1b[1m");
    assert_eq!(ends.text(), "\\u{1b}[1m");
    for number in 0..100_000 {
        ends.push(format!("{number}\n").as_bytes());
    }
    let text = ends.text();
    assert!(text.len() < MAX_STDERR + 100);
    assert!(text.contains("0\n1\n2\n") && text.contains("\n[...]\n"), "{}", &text[..100]);
    assert!(text.ends_with("99998\n99999\n"));
}
