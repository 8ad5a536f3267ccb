//! `why`.

use std::ffi::OsString;
use std::io::Write;

use clap::{Arg, Command, value_parser};

use crate::cli::flags::{ignore_missing_use, mod_flags, switch};
use crate::cli::invocation::{Invocation, argument, operate};
use crate::error::Error;
use crate::ops;
use crate::ops::why::Reason;

const HELP: &str = "\
Tell why packages or modules are needed, as `go mod why` does: for each a shortest chain of imports
from the main module to it.

An argument is an import path, a folder (./x, ./...), a pattern with `...`, or `all`; with -m it is
a module of the build list, a pattern or `all`. go.mod and go.sum are not changed.";

/// The command and its flags.
pub fn define() -> Command {
    let command = Command::new("why")
        .about("Tell why packages or modules are needed")
        .long_about(HELP)
        .arg(
            Arg::new("names")
                .value_name("NAMES")
                .num_args(0..)
                .value_parser(value_parser!(OsString))
                .help("Packages; with -m modules"),
        )
        .arg(switch("m").help("The arguments are modules"))
        .arg(switch("vendor").help("Leave out tests of dependencies"))
        .arg(ignore_missing_use());
    mod_flags(command)
}

/// Does what the command line asks for, and gives the exit code.
///
/// # Errors
/// When the program itself fails, or standard output can't be written to.
pub fn run(call: Invocation<'_>) -> anyhow::Result<u8> {
    let flags = &call.ctx.config.flags;
    let names = call.matches.get_many::<OsString>("names").into_iter().flatten();
    let names = match names.map(|name| argument(name)).collect() {
        Ok(names) => names,
        Err(err) => return Ok(call.printer.error(&err)),
    };
    let args = ops::why::Args {
        names,
        modules: flags.is_on("m"),
        vendor: flags.is_on("vendor"),
        ignore_missing_use: call.matches.get_flag("ignore-missing-use"),
    };
    crate::sys::limits::raise_open_files();
    let Invocation { ctx, reporter, printer, .. } = call;
    let text = texts(&args);
    let result = operate(&ctx.clone(), move || async move { ops::why::run(&ctx, &args).await })?;
    reporter.finish();
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(err) => return Ok(printer.error(&err)),
    };
    for err in &outcome.errors {
        printer.error(err);
    }
    if !outcome.errors.is_empty() {
        return Ok(exit_code(&outcome.errors));
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for (i, Reason { name, chain }) in outcome.reasons.iter().enumerate() {
        let gap = if i > 0 { "\n" } else { "" };
        writeln!(out, "{gap}# {name}")?;
        match chain {
            Some(chain) => chain.iter().try_for_each(|line| writeln!(out, "{line}"))?,
            None => writeln!(out, "(main module does not need {text} {name})")?,
        }
    }
    out.flush()?;
    Ok(0)
}

/// What something is called that is not needed.
fn texts(args: &ops::why::Args) -> &'static str {
    match (args.vendor, args.modules) {
        (false, false) => "package",
        (false, true) => "module",
        (true, false) => "to vendor package",
        (true, true) => "to vendor module",
    }
}

/// The exit code of several errors: that of the one that ended the run, else of the first.
pub(super) fn exit_code(errors: &[Error]) -> u8 {
    errors.iter().find(|err| err.is_fatal()).or(errors.first()).map_or(0, Error::exit_code)
}
