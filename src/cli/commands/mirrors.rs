//! `mirrors`.

use std::io::Write;

use clap::builder::{PossibleValuesParser, ValueParser};
use clap::{Arg, ArgAction, Command};

use crate::cli::invocation::{Invocation, operate};
use crate::cli::mirrors;
use crate::error::{Error, ErrorKind};
use crate::ops;

const HELP: &str = "\
Ask the module proxies of GOPROXY, and those that are named, for a module, several times, and say
how long that takes: to look up the name, to connect, to agree on TLS, to the first byte; how fast
a zip comes; whether .info files, version lists, @latest and the checksum database are served; and
whether the latest version is. The best is first. Medians are shown, with the least and the most.

What is found is remembered, in the user's cache directory, for choice = \"fastest\" in
gomodfetch.toml.

Without --module, the first module that go.mod requires is asked for that is not private; the public
services of --known are asked for a public module only.";

/// The command and its flags.
pub fn define() -> Command {
    Command::new("mirrors")
        .about("Measure module proxies")
        .long_about(HELP)
        .arg(Arg::new("urls").value_name("URLS").num_args(0..).help("Proxies besides GOPROXY's"))
        .arg(
            Arg::new("known")
                .long("known")
                .action(ArgAction::SetTrue)
                .help("Ask the public services that SETTINGS.md lists, too"),
        )
        .arg(
            Arg::new("rounds")
                .long("rounds")
                .value_name("N")
                .value_parser(ValueParser::new(rounds))
                .help("How often to measure [default: 3]"),
        )
        .arg(
            Arg::new("module")
                .long("module")
                .value_name("PATH@VERSION")
                .help("Ask for this module"),
        )
        .arg(
            Arg::new("mirrors-json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Print JSON: an object for each proxy"),
        )
        .arg(
            Arg::new("write")
                .long("write")
                .value_name("HOW")
                .value_parser(PossibleValuesParser::new(["go", "shell"]))
                .conflicts_with("mirrors-json")
                .help("Print only a command that sets GOPROXY to the ranked list"),
        )
}

fn rounds(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number @ 1..=20) => Ok(number),
        _ => Err("must be a number from 1 to 20".to_owned()),
    }
}

/// Does what the command line asks for, and gives the exit code.
///
/// # Errors
/// When the program itself fails: its threads can't be started, standard output is gone.
pub fn run(call: Invocation<'_>) -> anyhow::Result<u8> {
    let args = ops::mirrors::Args {
        urls: call.matches.get_many::<String>("urls").into_iter().flatten().cloned().collect(),
        known: call.matches.get_flag("known"),
        rounds: call.matches.get_one("rounds").copied().unwrap_or(3),
        module: call.matches.get_one::<String>("module").cloned(),
    };
    let json = call.matches.get_flag("mirrors-json");
    let write = call.matches.get_one::<String>("write").cloned();
    let Invocation { ctx, reporter, printer, .. } = call;
    let result =
        operate(&ctx.clone(), move || async move { ops::mirrors::run(&ctx, &args).await })?;
    reporter.finish();
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(err) => return Ok(printer.error(&err)),
    };
    for err in outcome.mirrors.iter().filter_map(|mirror| mirror.error.as_ref()) {
        printer.error(err);
    }
    let list = ops::mirrors::goproxy(&outcome);
    let text = match (&write, &list) {
        (Some(how), Some(list)) => mirrors::line(how, list),
        (Some(_), None) => String::new(),
        (None, _) if json => mirrors::json(&outcome),
        (None, _) => mirrors::table(&outcome),
    };
    std::io::stdout().write_all(text.as_bytes())?;
    match list {
        Some(_) => Ok(0),
        None => {
            let text = "no proxy served the module";
            Ok(printer.error(&Error::message(ErrorKind::Network, text)))
        }
    }
}
