//! `verify`.

use std::ffi::OsString;
use std::io::Write;

use clap::{Arg, ArgAction, Command, value_parser};

use crate::cli::flags::{ignore_missing_use, mod_flags};
use crate::cli::invocation::{Invocation, operate};
use crate::ops;

const HELP: &str = "\
Check that the modules of the build list, as far as they are in the module cache, are what was
downloaded, as `go mod verify` does: zips and unpacked trees are hashed anew and compared with the
hashes recorded beside them, and with go.sum.

What differs is named: an edited tree, a damaged zip, a wrong or missing hash, and the files.

--repair fetches again what is damaged, and verifies it as any download. What can't be repaired is
left so that neither gomodfetch nor go believes it.";

/// The command and its flags.
pub fn define() -> Command {
    let command = Command::new("verify")
        .about("Check that the modules in the cache are what was downloaded")
        .long_about(HELP)
        .arg(own("cache", "Check everything in the module cache, in a module or outside of any"))
        .arg(own("sumdb", "Hold the cache and go.sum against the checksum database"))
        .arg(own("repair", "Fetch again what is damaged"))
        .arg(ignore_missing_use())
        // There may be none; go has an error of its own for them.
        .arg(Arg::new("operands").num_args(0..).hide(true).value_parser(value_parser!(OsString)));
    mod_flags(command)
}

/// A flag that go does not have.
fn own(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

/// Does what the command line asks for, and gives the exit code.
///
/// # Errors
/// When the program itself fails: its threads can't be started, standard output is gone.
pub fn run(call: Invocation<'_>) -> anyhow::Result<u8> {
    let args = ops::verify::Args {
        operands: call.matches.get_many::<OsString>("operands").map_or(0, Iterator::count),
        ignore_missing_use: call.matches.get_flag("ignore-missing-use"),
        cache: call.matches.get_flag("cache"),
        sumdb: call.matches.get_flag("sumdb"),
        repair: call.matches.get_flag("repair"),
    };
    crate::sys::limits::raise_open_files();
    let Invocation { ctx, reporter, printer, .. } = call;
    let result = operate(&ctx.clone(), move || async move { ops::verify::run(&ctx, &args).await })?;
    reporter.finish();
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(err) => return Ok(printer.error(&err)),
    };
    for err in outcome.errors() {
        printer.error(&err);
    }
    match outcome.error() {
        Some(err) => Ok(err.exit_code()),
        None => {
            std::io::stdout().write_all(b"all modules verified\n")?;
            Ok(0)
        }
    }
}
