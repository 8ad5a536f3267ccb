//! Every message: what is said on standard error, which hints follow, and the exit code.
//!
//! All cases of the oracle's language, those of `oracle/cases/` and those of `messages/cases/`, are
//! played without go and with `--hints`; what each failing or talking command says is held against
//! the snapshot `messages/NAME.txt`. `GOMODFETCH_UPDATE=1 cargo test --test messages` writes them
//! anew. Where go has words of its own, `oracle` compares them with ours.
//!
//! And no message may be left out: [`every_message_is_tested`] looks for the texts in the sources.

mod support;

#[path = "oracle/case.rs"]
mod case;
#[path = "messages/literals.rs"]
mod literals;
#[path = "oracle/stage.rs"]
mod stage;

use std::cmp::Reverse;
use std::fs;
use std::path::{Path, PathBuf};

use case::{Case, Step};
use stage::Stage;
use support::cli::Output;
use support::diff;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/messages")
}

fn is_update() -> bool {
    std::env::var_os("GOMODFETCH_UPDATE").is_some_and(|value| !value.is_empty())
}

/// Plays the cases of a file and compares what is said with the snapshot.
fn check(name: &str, text: &str) {
    let said: String = case::parse(text).iter().map(play).collect();
    assert!(!said.is_empty(), "{name}: nothing is said at all");
    let path = folder().join(format!("{name}.txt"));
    if is_update() {
        fs::write(&path, &said).expect("the snapshot written");
        return;
    }
    let known = fs::read_to_string(&path).unwrap_or_default();
    let lines = diff::lines(&known, &said);
    assert!(
        lines.is_empty(),
        "{name}: other messages than in {} (- snapshot, + now); GOMODFETCH_UPDATE=1 takes them \
         over\n{lines}",
        path.display()
    );
}

/// What the commands of a case say.
fn play(case: &Case) -> String {
    let mut stage = Stage::new(case, 1);
    let mut said = String::new();
    let mut last = String::new();
    for step in &case.steps {
        match step {
            Step::Run(code, args) => {
                let args: Vec<String> = args.iter().map(|arg| stage.expand(arg)).collect();
                let command = if args.first().is_some_and(|arg| arg == "work") { 2 } else { 1 };
                let (command, rest) = args.split_at(command.min(args.len()));
                let hints = ["--hints".to_owned()];
                let words = command.iter().chain(&hints).chain(rest);
                let output = stage.staged(stage.sides[0].gomodfetch(words)).run();
                assert_eq!(output.code(), Some(i32::from(*code)), "{}\n{output}", case.name);
                said.push_str(&entry(&stage, args.join(" "), &output));
                last = output.relative(&output.stderr);
            }
            Step::Says(text) => {
                let text = stage.expand(text);
                assert!(last.contains(&text), "{}: not said: {text}\n{last}", case.name);
            }
            // What go does otherwise matters to the comparison with go.
            Step::Differs(what) => assert!(!what.is_empty(), "{}", case.name),
            other => stage.prepare(other),
        }
    }
    match said.is_empty() {
        true => said,
        false => format!("=== {}\n{said}", case.name),
    }
}

/// One command with what it says; nothing if it succeeds in silence.
fn entry(stage: &Stage, command: String, output: &Output) -> String {
    // How long requests took, and in which order they ended, differs from run to run.
    let mut stderr = output.relative(&output.stderr);
    stderr.retain(|c| c != '\r');
    let lines = stderr.split_inclusive('\n').filter(|line| !line.starts_with("# "));
    let stderr: String = lines.collect();
    if stderr.is_empty() && output.status.success() {
        return String::new();
    }
    let code = output.code().unwrap_or(-1);
    format!("$ {}\n[{code}]\n{}\n", plain(stage, &command), plain(stage, &stderr).trim_end())
}

/// A text with what differs from run to run replaced by names.
fn plain(stage: &Stage, text: &str) -> String {
    let mut names: Vec<_> = stage.names.iter().collect();
    // Longer values first, should one begin another.
    names.sort_by_key(|(_, value)| Reverse(value.len()));
    names.into_iter().fold(text.to_owned(), |text, (name, value)| {
        let text = text.replace(value.as_str(), name);
        match value.strip_prefix("http://") {
            Some(address) => text.replace(address, &format!("$ADDRESS{}", &name[4..])),
            None => text,
        }
    })
}

macro_rules! snapshots {
    ($($folder:literal: $($name:ident)*;)*) => {
        $($(
            #[test]
            fn $name() {
                let text = include_str!(concat!($folder, "/", stringify!($name), ".txt"));
                check(stringify!($name), text);
            }
        )*)*

        /// The names of all snapshots.
        const SNAPSHOTS: &[&str] = &[$($(stringify!($name)),*),*];
    };
}

snapshots! {
    "oracle/cases": no_arguments arguments queries replace settings outside go_sum proxies privacy
        cache failures info graph workspace verify list list_queries list_updates vendor vendoring why
        templates;
    "messages/cases": command_line layouts prewarm settings_and_files trouble;
}

#[test]
fn no_snapshot_is_left_over() {
    for entry in fs::read_dir(folder()).expect("the snapshots").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(name) = name.strip_suffix(".txt") else { continue };
        assert!(SNAPSHOTS.contains(&name), "tests/messages/{name}.txt is nobody's");
    }
    for dir in ["oracle/cases", "messages/cases"] {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(dir);
        for entry in fs::read_dir(&dir).expect("the cases").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let name = name.trim_end_matches(".txt");
            assert!(SNAPSHOTS.contains(&name), "{name}: its messages are not looked at");
        }
    }
}

#[test]
fn every_message_is_tested() {
    let missing = literals::untested();
    assert!(
        missing.is_empty(),
        "{} messages stand in no test and no snapshot:\n{}",
        missing.len(),
        missing.join("\n")
    );
}
