//! The command line: arguments as typed, what they mean, and what is printed in the end.
//!
//! - [`spelling`]: go's way of writing flags turned into GNU's.
//! - [`commands`]: the commands, one file each: how each is written and what it does.
//! - [`flags`]: the whole command line, which help, completions and man pages are made from.
//! - [`invocation`]: one call of a command: its settings, how it is carried out and broken off.
//! - [`mod@print`]: errors, hints and results.
//! - [`mirrors`]: ways to show what was found of module proxies.
//! - [`graph`]: ways to show a module graph.
//! - [`generate`]: completions and man pages.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "the command line prints, and knows the working directory"
)]

use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use clap::ArgMatches;
use clap::error::{ContextKind, ContextValue};

use crate::cli::commands::Definition;
use crate::spec::quote::quote;

pub mod commands;
pub mod flags;
pub mod generate;
pub mod graph;
pub mod invocation;
pub mod mirrors;
pub mod print;
pub mod spelling;

/// Exit code for a command line that can't be understood.
const USAGE: u8 = 2;
/// Exit code when nobody reads the results any more: what a shell tells of a program that SIGPIPE ended.
const BROKEN_PIPE: u8 = 141;

/// Runs the program with these arguments, the first being its own name.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match spelling::to_gnu(args, &flags::go_flags()) {
        Ok(args) => args,
        Err(err) => {
            complain(&format!("{err}\nRun 'gomodfetch --help' for usage."));
            return ExitCode::from(USAGE);
        }
    };
    let matches = match flags::command().try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(err) => {
            match bad_switch(&err) {
                Some(text) => complain(&format!("{text}\nRun 'gomodfetch --help' for usage.")),
                None => drop(err.print()),
            }
            return ExitCode::from(if err.use_stderr() { USAGE } else { 0 });
        }
    };
    match dispatch(&matches) {
        Ok(code) => ExitCode::from(code),
        // Whoever read the results has seen enough, as in `gomodfetch download -json | head -1`.
        Err(err) if is_broken_pipe(&err) => ExitCode::from(BROKEN_PIPE),
        Err(err) => {
            complain(&format!("gomodfetch: {err:#}"));
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(err: &anyhow::Error) -> bool {
    let cause = err.root_cause().downcast_ref::<std::io::Error>();
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}

fn complain(text: &str) {
    // Nothing is left to be done if standard error is gone.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// go's words for a switch with a value that is neither true nor false.
fn bad_switch(err: &clap::Error) -> Option<String> {
    let text = |kind| match err.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let flag = text(ContextKind::InvalidArg)?.strip_suffix("[=<BOOL>]")?.trim_start_matches('-');
    let value = quote(text(ContextKind::InvalidValue)?);
    Some(format!("invalid boolean value {value} for -{flag}: parse error"))
}

fn dispatch(matches: &ArgMatches) -> anyhow::Result<u8> {
    match matches.subcommand() {
        Some(("completions", matches)) => {
            let shell = flags::shell(matches).context("no shell")?;
            std::io::stdout().write_all(&generate::completions(shell))?;
            Ok(0)
        }
        Some(("man", _)) => {
            std::io::stdout().write_all(&generate::man_page()?)?;
            Ok(0)
        }
        Some(("mod", matches)) => named(matches, commands::ALL, |definition| definition.of_mod),
        Some(("work", matches)) => named(matches, commands::OF_WORK, |_| true),
        _ => named(matches, commands::ALL, |_| true),
    }
}

/// Carries out the subcommand, which is one of those of `all` that `among` lets through.
fn named(
    matches: &ArgMatches,
    all: &[Definition],
    among: fn(&Definition) -> bool,
) -> anyhow::Result<u8> {
    let Some((name, matches)) = matches.subcommand() else { return Ok(USAGE) };
    let definition = all.iter().filter(|definition| among(definition));
    match definition.into_iter().find(|definition| definition.name == name) {
        Some(definition) => invocation::invoke(definition, matches),
        None => Ok(USAGE),
    }
}
