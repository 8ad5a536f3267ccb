//! The command line as a whole, and the flags that several commands have.

use clap::builder::{PossibleValuesParser, TypedValueParser, ValueParser};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use clap_complete::Shell;

use crate::cli::commands::{self, Definition};
use crate::config::goflags::{self, FlagKind, FlagValue, Flags};
use crate::ctx::Layout;
use crate::ops;
use crate::ops::toolchains::Platform;

/// Zips in transfer at once, unless `--jobs` says otherwise.
pub const DEFAULT_JOBS: usize = 128;

/// Columns of the help texts.
const HELP_WIDTH: usize = 100;

const ABOUT: &str = "Download Go modules into the cache that the go command uses";

const AFTER_HELP: &str = "\
Flags may be written go's way (-json, -modfile=x.mod) or GNU's (--json, --modfile x.mod).
Settings are those of the go command: GOPROXY, GOSUMDB, GOPRIVATE, GOFLAGS, `go env -w` and so on;
`gomodfetch env` shows each with where it came from.

Exit codes: 0 success, 1 other failure, 2 usage, 3 not found, 4 not allowed (401, 403),
5 checksum or security, 6 network, 130 interrupted,
141 standard output closed.";

/// The whole program.
pub fn command() -> Command {
    let of_mod = commands::ALL.iter().filter(|definition| definition.of_mod);
    Command::new("gomodfetch")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .after_help(AFTER_HELP)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .infer_long_args(false)
        .max_term_width(HELP_WIDTH)
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
        .subcommands(commands::ALL.iter().map(define))
        .subcommand(
            Command::new("mod")
                .about("go's names for the commands: `mod download` is `download`")
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommands(of_mod.map(define)),
        )
        .subcommand(
            Command::new("work")
                .about("go's names for commands of workspaces: `work vendor`")
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommands(commands::OF_WORK.iter().map(define)),
        )
        .subcommand(Command::new("completions").about("Print a completion script for a shell").arg(
            Arg::new("shell").required(true).value_name("SHELL").value_parser(value_parser!(Shell)),
        ))
        .subcommand(Command::new("man").about("Print the man page (roff)").hide(true))
}

fn define(definition: &Definition) -> Command {
    common((definition.define)())
}

/// The flags that all of go's `mod` commands have.
pub fn mod_flags(command: Command) -> Command {
    command
        .arg(text("modfile", "FILE").help("Use this file in place of go.mod"))
        .arg(text("overlay", "FILE").help("JSON file that names stand-ins for files"))
        .arg(switch("modcacherw").help("Leave new directories in the module cache writable"))
}

/// `--explain`, for commands that check hashes.
pub fn explain() -> Arg {
    Arg::new("explain")
        .long("explain")
        .action(ArgAction::SetTrue)
        .help("Ask every source of GOPROXY about a hash that does not fit, and say which agree")
}

/// `--layout`, of the commands that fill the module cache.
pub fn layout() -> Arg {
    let names = PossibleValuesParser::new(Layout::NAMES);
    Arg::new("layout")
        .long("layout")
        .value_name("LAYOUT")
        .value_parser(names.try_map(|name| name.parse::<Layout>()))
        .help("What to leave of each module: its zip and its tree, or one of them [default: full]")
}

/// `--jobs`, of every command that downloads much.
pub fn jobs() -> Arg {
    let parse = |text: &str| match text.parse::<usize>() {
        Ok(number @ 1..=1024) => Ok(number),
        _ => Err("must be a number from 1 to 1024"),
    };
    Arg::new("jobs")
        .long("jobs")
        .value_name("N")
        .value_parser(ValueParser::new(parse))
        .help("Zips to transfer at once [default: 128]")
}

/// `--toolchains`, of every command that downloads what projects take.
pub fn toolchains() -> Arg {
    Arg::new("toolchains")
        .long("toolchains")
        .value_name("OS/ARCH,...")
        .value_delimiter(',')
        .action(ArgAction::Append)
        .value_parser(ValueParser::new(|text: &str| text.parse::<Platform>()))
        .help("Also fetch the Go that go would switch to, for these platforms")
}

/// `--ignore-missing-use`, of every command that reads go.work.
pub fn ignore_missing_use() -> Arg {
    Arg::new("ignore-missing-use")
        .long("ignore-missing-use")
        .action(ArgAction::SetTrue)
        .help("Go on without the modules that go.work uses and that are not there")
}

/// `--needed` and what it may be told, of every command that downloads what projects take.
pub fn needed(command: Command) -> Command {
    let list = |name, value: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name(value)
            .value_delimiter(',')
            .action(ArgAction::Append)
            .requires("needed")
    };
    command
        .arg(
            Arg::new("needed")
                .long("needed")
                .action(ArgAction::SetTrue)
                .help("Only the modules that building packages takes, for all systems and tags"),
        )
        .arg(list("os", "OS,...").help("With --needed: only builds for these systems"))
        .arg(list("arch", "ARCH,...").help("With --needed: only builds for these architectures"))
        .arg(list("tags", "TAG,...").help("With --needed: only builds with these tags"))
        .arg(
            Arg::new("tests")
                .long("tests")
                .action(ArgAction::SetTrue)
                .requires("needed")
                .help("With --needed: also what testing the packages takes"),
        )
}

/// What those flags ask for; `None` without `--needed`.
pub fn needed_args(matches: &ArgMatches) -> Option<ops::needed::Args> {
    let list = |name| {
        let values = matches.get_many::<String>(name)?;
        Some(values.filter(|value| !value.is_empty()).cloned().collect::<Vec<String>>())
    };
    matches.get_flag("needed").then(|| ops::needed::Args {
        os: list("os").unwrap_or_default(),
        arch: list("arch").unwrap_or_default(),
        tags: list("tags"),
        tests: matches.get_flag("tests"),
        ..ops::needed::Args::default()
    })
}

/// Arguments that name modules.
pub fn module_args(help: &'static str) -> Arg {
    Arg::new("modules")
        .value_name("MODULES")
        .num_args(0..)
        .value_parser(value_parser!(std::ffi::OsString))
        .help(help)
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
            Arg::new("summary")
                .long("summary")
                .action(ArgAction::SetTrue)
                .help("Say at the end, on stderr, which proxy served how much (so does -x)"),
        )
        .arg(
            Arg::new("hints")
                .long("hints")
                .action(ArgAction::SetTrue)
                .help("Print advice after errors even where stderr is no terminal"),
        )
}

/// A flag that is on or off, as go has it: `-json`, `-json=false`.
pub fn switch(name: &'static str) -> Arg {
    Arg::new(name)
        .long(name)
        .num_args(0..=1)
        .require_equals(true)
        .default_missing_value("true")
        .value_name("BOOL")
        .value_parser(ValueParser::new(boolean))
        .action(ArgAction::Append)
}

/// A flag with a text, as go has it: the last one holds.
pub fn text(name: &'static str, value: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).action(ArgAction::Append)
}

fn boolean(text: &str) -> Result<bool, String> {
    goflags::parse_bool(text).ok_or_else(|| "parse error".to_owned())
}

/// The names of go's flags that may be written with one dash.
pub fn go_flags() -> Vec<&'static str> {
    let all = commands::ALL.iter().flat_map(|definition| definition.go_flags);
    // Every command has -v as a flag of our own.
    let all = all.map(|flag| flag.name).filter(|name| *name != "v");
    let mut names: Vec<&str> = all.chain(["help", "x"]).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The flags of go that were given on the command line.
pub fn given(matches: &ArgMatches, definition: &Definition) -> Flags {
    let mut given = Vec::new();
    for flag in definition.go_flags {
        match flag.kind {
            FlagKind::Switch => {
                if let Ok(Some(values)) = matches.try_get_many::<bool>(flag.name) {
                    given.extend(values.map(|value| (flag.name, FlagValue::Switch(*value))));
                }
            }
            FlagKind::Text | FlagKind::Fields => {
                if let Ok(Some(values)) = matches.try_get_many::<String>(flag.name) {
                    given.extend(values.map(|value| (flag.name, FlagValue::Text(value.clone()))));
                }
            }
            FlagKind::Chdir => {}
        }
    }
    let tolerate_goflags = definition.tolerates_goflags;
    Flags { defined: definition.go_flags, given, tolerate_goflags }
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

    #[test]
    fn help_has_no_line_that_would_be_broken() {
        for definition in commands::ALL {
            let command = (definition.define)();
            let help = command.get_long_about().map(ToString::to_string).unwrap_or_default();
            for line in help.lines() {
                assert!(line.chars().count() <= HELP_WIDTH, "{}: {line}", definition.name);
            }
        }
    }

    #[test]
    fn each_command_is_defined_under_its_own_name() {
        for definition in commands::ALL {
            assert_eq!((definition.define)().get_name(), definition.name);
        }
    }
}
