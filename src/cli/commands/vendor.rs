//! `vendor` and `work vendor`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, value_parser};

use crate::cli::commands::why::exit_code;
use crate::cli::flags::{ignore_missing_use, mod_flags, switch, text};
use crate::cli::invocation::{Invocation, operate};
use crate::cli::print;
use crate::ops;
use crate::ops::vendoring::Check;

const HELP: &str = "\
Make the vendor directory anew, as `go mod vendor` does, or `go work vendor` if it is `work vendor`:
all packages that the main module and its tests need, for every system, and vendor/modules.txt. The
new directory takes the place of the old one when it is complete; until then nothing changes.

--check tells within milliseconds whether vendor/modules.txt agrees with go.mod. --check=content
makes the vendor directory in thought and names the files that differ from it. Neither of them
changes the vendor directory.";

/// The command and its flags.
pub fn define() -> Command {
    let command = Command::new("vendor")
        .about("Make the vendor directory anew, or check it")
        .long_about(HELP)
        .arg(switch("e").help("Go on in spite of packages that can't be loaded"))
        .arg(
            text("o", "DIR")
                .value_parser(value_parser!(String))
                .help("Make this directory in place of vendor"),
        )
        .arg(
            Arg::new("check")
                .long("check")
                .value_name("WHAT")
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("modules")
                .value_parser(PossibleValuesParser::new(["modules", "content"]))
                .help("Only compare the vendor directory with what it should be"),
        )
        .arg(ignore_missing_use())
        // There may be none; go has an error of its own for them.
        .arg(Arg::new("operands").num_args(0..).hide(true).value_parser(value_parser!(OsString)));
    mod_flags(command)
}

/// Does what the command line asks for, and gives the exit code.
///
/// # Errors
/// When the program itself fails.
pub fn run(call: Invocation<'_>) -> anyhow::Result<u8> {
    vendor(call, false)
}

/// The same for `work vendor`.
///
/// # Errors
/// When the program itself fails.
pub fn run_of_work(call: Invocation<'_>) -> anyhow::Result<u8> {
    vendor(call, true)
}

fn vendor(call: Invocation<'_>, of_work: bool) -> anyhow::Result<u8> {
    let flags = &call.ctx.config.flags;
    let args = ops::vendoring::Args {
        operands: call.matches.get_many::<OsString>("operands").map_or(0, Iterator::count),
        tolerant: flags.is_on("e"),
        verbose: call.matches.get_flag("verbose") || flags.is_on("v"),
        out: flags.text("o").map(PathBuf::from),
        of_work,
        check: call.matches.get_one::<String>("check").map(|what| match what.as_str() {
            "content" => Check::Content,
            _ => Check::Modules,
        }),
        ignore_missing_use: call.matches.get_flag("ignore-missing-use"),
    };
    crate::sys::limits::raise_open_files();
    let Invocation { ctx, reporter, printer, .. } = call;
    let result =
        operate(&ctx.clone(), move || async move { ops::vendoring::run(&ctx, &args).await })?;
    reporter.finish();
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(err) => return Ok(printer.error(&err)),
    };
    for err in &outcome.errors {
        printer.error(err);
    }
    print::differences(&outcome.differences)?;
    Ok(match (outcome.failed, exit_code(&outcome.errors)) {
        (false, _) => 0,
        (true, 0) => 1,
        (true, code) => code,
    })
}
