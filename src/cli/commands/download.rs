//! `download`.

use std::ffi::OsString;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use clap::{Arg, ArgAction, Command};

use crate::cli::flags::{
    explain, ignore_missing_use, jobs, layout, mod_flags, module_args, needed, needed_args, switch,
    text, toolchains,
};
use crate::cli::invocation::{Invocation, argument, operate};
use crate::cli::print;
use crate::error::Error;
use crate::ops;

const HELP: &str = "\
Download modules, verify them against go.sum and the checksum database, and write them to the
module cache, as `go mod download` does.

Without arguments: the modules that go.mod requires (at go 1.17 or later), or all that are reachable
(at go 1.16 or earlier). An argument is `all`, a pattern with `...`, a module path that is part of
the build list, or `path@query`: a version, `latest`, `v1`, `<=v1.5.0`, a branch or a commit.

In a workspace (go.work): without arguments, all modules of the build list.

With --needed the arguments are packages, as for `go build` (without: all packages of the main
modules), and only the modules are downloaded that building them takes, and with --tests testing
them. Afterwards both work without network. Unless --os, --arch, --tags, GOOS or GOARCH name builds,
it is what they take on any system, with any build tags.

go.mod and go.sum are updated as `go mod download` updates them, unless --locked forbids it.";

/// The command and its flags.
pub fn define() -> Command {
    let command = Command::new("download")
        .about("Download modules into the module cache")
        .long_about(HELP)
        .arg(module_args("`all`, patterns, module paths, or path@query; with --needed: packages"))
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
            Arg::new("dry-run")
                .long("dry-run")
                .action(ArgAction::SetTrue)
                .help("Say what would be fetched, and how much; write nothing"),
        )
        .arg(explain())
        .arg(jobs())
        .arg(toolchains())
        .arg(layout())
        .arg(ignore_missing_use());
    mod_flags(needed(command))
}

/// Does what the command line asks for, and gives the exit code.
///
/// # Errors
/// When the program itself fails: its threads can't be started, standard output is gone.
pub fn run(call: Invocation<'_>) -> anyhow::Result<u8> {
    let config = &call.ctx.config;
    let json = config.flags.is_on("json");
    let stream = json && call.matches.get_flag("stream");
    let modules = call.matches.get_many::<OsString>("modules").into_iter().flatten();
    let modules = match modules.map(|arg| argument(arg)).collect() {
        Ok(modules) => modules,
        Err(err) => return Ok(call.printer.error(&err)),
    };
    let mut needed = needed_args(call.matches);
    let mut modules: Vec<String> = modules;
    if let Some(needed) = &mut needed {
        needed.packages = std::mem::take(&mut modules);
        needed.counts = call.reporter.has_summary();
    }
    let args = ops::download::Args {
        modules,
        needed,
        json,
        reuse: config.flags.text("reuse").map(str::to_owned),
        locked: call.matches.get_flag("locked"),
        toolchains: call.matches.get_many("toolchains").into_iter().flatten().cloned().collect(),
        untouched: false,
        ignore_missing_use: call.matches.get_flag("ignore-missing-use"),
    };
    crate::sys::limits::raise_open_files();
    let Invocation { ctx, reporter, printer, .. } = call;
    if ctx.dry {
        let result =
            operate(&ctx.clone(), move || async move { ops::dry_run::run(&ctx, &args).await })?;
        reporter.finish();
        let plan = match result {
            Ok(plan) => plan,
            Err(err) => return Ok(printer.error(&err)),
        };
        std::io::stdout().write_all(&match json {
            true => print::plan_json(&plan),
            false => print::plan_text(&plan).into_bytes(),
        })?;
        let failed = plan.modules.iter().filter_map(|planned| planned.forecast.as_ref().err());
        for err in failed.filter(|_| !json).chain(&plan.graph_error) {
            printer.error(err);
        }
        return Ok(plan.error().map_or(0, Error::exit_code));
    }
    // Shared, since what is known is told even of a run that is broken off.
    let told = Arc::new(Mutex::new(print::Results::new(json, stream)));
    let telling = Arc::clone(&told);
    let result = operate(&ctx.clone(), move || async move {
        let mut each = |module: &ops::download::Module| {
            telling.lock().unwrap_or_else(PoisonError::into_inner).module(&module.json);
        };
        ops::download::run(&ctx, &args, &mut each).await
    })?;
    reporter.finish();
    let written = told.lock().unwrap_or_else(PoisonError::into_inner).finish();
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(err) => return Ok(printer.error(&err)),
    };
    if !json {
        for err in outcome.modules.iter().filter_map(|module| module.error.as_ref()) {
            printer.error(err);
        }
    }
    for err in &outcome.errors {
        printer.error(err);
    }
    if let Some(err) = outcome.error() {
        return Ok(err.exit_code());
    }
    written?;
    Ok(0)
}
