//! `env`.

use std::io::Write;

use clap::{Arg, ArgAction, Command};

use crate::cli::invocation::Invocation;
use crate::cli::print;
use crate::ops;

/// The command and its flags.
pub fn define() -> Command {
    Command::new("env")
        .about("Show every setting and where it came from")
        .arg(Arg::new("names").value_name("NAMES").num_args(0..).help("Only these settings"))
        .arg(
            Arg::new("env-json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Print JSON: name, value, origin and meaning of each"),
        )
}

/// Does what the command line asks for, and gives the exit code.
///
/// # Errors
/// When standard output can't be written to.
pub fn run(call: Invocation<'_>) -> anyhow::Result<u8> {
    let names: Vec<String> =
        call.matches.get_many::<String>("names").into_iter().flatten().cloned().collect();
    let settings = match ops::env::run(&call.ctx, &names) {
        Ok(settings) => settings,
        Err(err) => return Ok(call.printer.error(&err)),
    };
    let text = if call.matches.get_flag("env-json") {
        print::env_json(&settings)
    } else {
        print::env_text(&settings, !names.is_empty())
    };
    std::io::stdout().write_all(&text)?;
    Ok(0)
}
