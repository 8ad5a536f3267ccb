//! The commands and flags, defined once.

use clap::builder::{PossibleValuesParser, ValueParser};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use clap_complete::Shell;

use crate::config::goflags::{self, FlagKind, FlagValue, Flags, MOD_DOWNLOAD};

/// Zips in transfer at once, unless `--jobs` says otherwise.
pub const DEFAULT_JOBS: usize = 128;

const ABOUT: &str = "Download Go modules into the cache that the go command uses";

const AFTER_HELP: &str = "\
Flags may be written go's way (-json, -modfile=x.mod) or GNU's (--json, --modfile x.mod).
Settings are those of the go command: GOPROXY, GOSUMDB, GOPRIVATE, GOFLAGS, `go env -w` and so on;
`gomodfetch env` shows each with where it came from.

Exit codes: 0 success, 1 other failure, 2 usage, 3 not found, 4 not allowed (401, 403),
5 checksum or security, 6 network, 130 interrupted.";

const DOWNLOAD_HELP: &str = "\
Download modules, verify them against go.sum and the checksum database, and write them to the
module cache, as `go mod download` does.

Without arguments: the modules that go.mod requires (at go 1.17 or later), or all that are reachable
(at go 1.16 or earlier). An argument is `all`, a pattern with `...`, a module path that is part of
the build list, or `path@query`: a version, `latest`, `v1`, `<=v1.5.0`, a branch or a commit.

go.mod and go.sum are updated as `go mod download` updates them, unless --locked forbids it.";

/// The whole program.
pub fn command() -> Command {
    Command::new("gomodfetch")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .after_help(AFTER_HELP)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .infer_long_args(false)
        .max_term_width(100)
        // As with go it may stand before the command's name, and after it.
        .arg(
            Arg::new("C")
                .long("C")
                .short('C')
                .value_name("DIR")
                .global(true)
                .value_parser(value_parser!(std::ffi::OsString))
                .help("Change to this directory first"),
        )
        .subcommand(download())
        .subcommand(env())
        .subcommand(
            Command::new("mod")
                .about("go's names for the commands: `mod download` is `download`")
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommand(download()),
        )
        .subcommand(Command::new("completions").about("Print a completion script for a shell").arg(
            Arg::new("shell").required(true).value_name("SHELL").value_parser(value_parser!(Shell)),
        ))
        .subcommand(Command::new("man").about("Print the man page (roff)").hide(true))
}

fn download() -> Command {
    let command = Command::new("download")
        .about("Download modules into the module cache")
        .long_about(DOWNLOAD_HELP)
        .arg(
            Arg::new("modules")
                .value_name("MODULES")
                .num_args(0..)
                .value_parser(value_parser!(std::ffi::OsString))
                .help("`all`, patterns, module paths, or path@query"),
        )
        .arg(switch("json").help("Print a JSON object for each module, as go mod download does"))
        .arg(
            Arg::new("stream")
                .long("stream")
                .action(ArgAction::SetTrue)
                .help("With -json: print each object as soon as it is known"),
        )
        .arg(text("reuse", "FILE").help("A file with the JSON of an earlier run, as for go"))
        .arg(
            Arg::new("locked")
                .long("locked")
                .action(ArgAction::SetTrue)
                .help("Fail if go.mod or go.sum would have to change"),
        )
        .arg(
            Arg::new("jobs")
                .long("jobs")
                .value_name("N")
                .value_parser(ValueParser::new(jobs))
                .help("Zips to transfer at once [default: 128]"),
        )
        .arg(text("modfile", "FILE").help("Use this file in place of go.mod"))
        .arg(text("overlay", "FILE").help("JSON file that names stand-ins for files"))
        .arg(switch("modcacherw").help("Leave new directories in the module cache writable"));
    common(command)
}

fn env() -> Command {
    let command = Command::new("env")
        .about("Show every setting and where it came from")
        .arg(Arg::new("names").value_name("NAMES").num_args(0..).help("Only these settings"))
        .arg(
            Arg::new("env-json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Print JSON: name, value, origin and meaning of each"),
        );
    common(command)
}

/// Flags of every command.
fn common(command: Command) -> Command {
    command
        .arg(switch("x").short('x').help("Show every request with its status and time"))
        .arg(
            Arg::new("verbose")
                .long("verbose")
                .short('v')
                .action(ArgAction::SetTrue)
                .help("Say what is downloaded (the same as --progress=plain)"),
        )
        .arg(
            Arg::new("progress")
                .long("progress")
                .value_name("HOW")
                .value_parser(PossibleValuesParser::new(["auto", "bar", "plain", "none"]))
                .help("How progress is shown [default: a bar on a terminal, else nothing]"),
        )
        .arg(
            Arg::new("hints")
                .long("hints")
                .action(ArgAction::SetTrue)
                .help("Print advice after errors even where stderr is no terminal"),
        )
}

/// A flag that is on or off, as go has it: `-json`, `-json=false`.
fn switch(name: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .num_args(0..=1)
        .require_equals(true)
        .default_missing_value("true")
        .hide_possible_values(true)
        .value_parser(ValueParser::new(boolean))
        .action(ArgAction::Append)
}

fn text(name: &'static str, value: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).action(ArgAction::Append)
}

fn boolean(text: &str) -> Result<bool, String> {
    goflags::parse_bool(text).ok_or_else(|| "parse error".to_owned())
}

fn jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=1024) => Ok(number),
        _ => Err("must be a number from 1 to 1024".to_owned()),
    }
}

/// The names of go's flags that may be written with one dash.
pub fn go_flags() -> Vec<&'static str> {
    MOD_DOWNLOAD.iter().map(|flag| flag.name).chain(["help"]).collect()
}

/// The flags of go that were given on the command line.
pub fn given(matches: &ArgMatches, tolerate_goflags: bool) -> Flags {
    let mut given = Vec::new();
    for flag in MOD_DOWNLOAD {
        match flag.kind {
            FlagKind::Switch => {
                if let Ok(Some(values)) = matches.try_get_many::<bool>(flag.name) {
                    given.extend(values.map(|value| (flag.name, FlagValue::Switch(*value))));
                }
            }
            FlagKind::Text => {
                if let Ok(Some(values)) = matches.try_get_many::<String>(flag.name) {
                    given.extend(values.map(|value| (flag.name, FlagValue::Text(value.clone()))));
                }
            }
            FlagKind::Chdir => {}
        }
    }
    Flags { defined: MOD_DOWNLOAD, given, tolerate_goflags }
}

/// The shell that completions are asked for.
pub fn shell(matches: &ArgMatches) -> Option<Shell> {
    matches.get_one::<Shell>("shell").copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        command().debug_assert();
    }
}
