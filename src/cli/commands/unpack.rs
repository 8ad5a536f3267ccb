//! `unpack`.

use std::io::Write;

use clap::Command;

use crate::cli::flags::switch;
use crate::cli::invocation::{Invocation, operate};
use crate::cli::print;
use crate::error::Error;
use crate::ops;

const HELP: &str = "\
Unpack every zip of the module cache whose tree is missing, without a network and on all cores: what
`download --layout zips` has left becomes what `download` leaves.

Each zip is held against the hash that was recorded beside it when it was downloaded. One that has
another hash is not unpacked, and neither is one without a recorded hash; all others are.";

/// The command and its flags.
pub fn define() -> Command {
    Command::new("unpack")
        .about("Unpack the zips of the module cache")
        .long_about(HELP)
        .arg(switch("json").help("Print a JSON object for each module whose zip is in the cache"))
        .arg(switch("modcacherw").help("Leave new directories in the module cache writable"))
}

/// Does what the command line asks for, and gives the exit code.
///
/// # Errors
/// When the program itself fails: its threads can't be started, standard output is gone.
pub fn run(call: Invocation<'_>) -> anyhow::Result<u8> {
    let json = call.ctx.config.flags.is_on("json");
    let Invocation { ctx, reporter, printer, .. } = call;
    let result = operate(&ctx.clone(), move || async move { ops::unpack::run(&ctx).await })?;
    reporter.finish();
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(err) => return Ok(printer.error(&err)),
    };
    if json {
        let mut results = print::Results::new(true, false);
        outcome.modules.iter().for_each(|module| results.module(&module.json));
        results.finish()?;
    } else {
        for err in outcome.errors() {
            printer.error(err);
        }
        std::io::stdout().write_all(print::unpacked(outcome.counts()).as_bytes())?;
    }
    Ok(outcome.error().map_or(0, Error::exit_code))
}
