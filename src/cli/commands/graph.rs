//! `graph`.

use std::ffi::OsString;
use std::io::Write;

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, value_parser};

use crate::cli::flags::{ignore_missing_use, mod_flags, text};
use crate::cli::graph::Format;
use crate::cli::invocation::{Invocation, operate};
use crate::ops;

const HELP: &str = "\
Print the module graph, with replacements applied, as `go mod graph` does: on each line a module and
one of its requirements. go.mod and go.sum are not changed.

--format tree shows it for people: what each module requires once, where it is nearest to the main
module, with the versions marked that are selected. --format dot is for Graphviz, --format json for
programs.";

/// The command and its flags.
pub fn define() -> Command {
    let command = Command::new("graph")
        .about("Print the module graph")
        .long_about(HELP)
        .arg(text("go", "VERSION").help("Show the graph as this version of Go would load it"))
        .arg(
            Arg::new("format")
                .long("format")
                .value_name("FORMAT")
                .value_parser(PossibleValuesParser::new(Format::ALL.map(|(name, _)| name)))
                .default_value("go")
                .help("How the graph is shown"),
        )
        .arg(ignore_missing_use())
        // There may be none; go has an error of its own for them.
        .arg(Arg::new("operands").num_args(0..).hide(true).value_parser(value_parser!(OsString)));
    mod_flags(command)
}

/// Does what the command line asks for, and gives the exit code.
///
/// # Errors
/// When the program itself fails, or standard output can't be written to.
pub fn run(call: Invocation<'_>) -> anyhow::Result<u8> {
    let args = ops::graph::Args {
        operands: call.matches.get_many::<OsString>("operands").map_or(0, Iterator::count),
        ignore_missing_use: call.matches.get_flag("ignore-missing-use"),
    };
    let name = call.matches.get_one::<String>("format").map_or("go", String::as_str);
    let format = Format::ALL.iter().find(|(known, _)| *known == name);
    let format = format.map_or(Format::Go, |(_, format)| *format);
    let Invocation { ctx, reporter, printer, .. } = call;
    let result = operate(&ctx.clone(), move || async move { ops::graph::run(&ctx, &args).await })?;
    reporter.finish();
    match result {
        Err(err) => Ok(printer.error(&err)),
        Ok(graph) => {
            let mut out = std::io::BufWriter::new(std::io::stdout().lock());
            format.write(&graph, &mut out)?;
            out.flush()?;
            Ok(0)
        }
    }
}
