//! `prewarm` and `cache-key`.

use std::io::Write;
use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, value_parser};

use crate::cli::flags::{explain, jobs, layout, needed, needed_args, switch, toolchains};
use crate::cli::invocation::{Invocation, operate};
use crate::cli::print;
use crate::ops::prewarm::{self, Args, What};

const HELP: &str = "\
Download what all Go projects below the given folders need, at once and each file once: for a CI
cache or an image in which many projects are built.

A project is a go.work with the modules that it uses, or a go.mod that no go.work uses. For each,
what `gomodfetch download` would fetch there is brought into the module cache, verified against its
own go.sum, and nothing of the project is written. What .gitignore files, `ignore` lines of go.mod
and --exclude name is passed over, and so are vendor, testdata, and the module cache itself.

A project that fails does not keep the others from being done. The exit code is that of the first
one that failed, in the order of their paths.";

const KEY_HELP: &str = "\
Print a key for a CI cache: a text that changes if, and only if, something changes of which what
`gomodfetch prewarm` fetches with the same arguments depends: the go.mod, go.sum, go.work and
go.work.sum of the projects found, and what is to be fetched. It is the same on every machine,
however the folders are named, and nothing is asked for over the network.";

/// `prewarm` and its flags.
pub fn define() -> Command {
    let command = Command::new("prewarm")
        .about("Download what all projects below some folders need")
        .long_about(HELP)
        .arg(switch("json").help("Print a JSON object for each project"))
        .arg(explain())
        .arg(jobs())
        .arg(switch("modcacherw").help("Leave new directories in the module cache writable"));
    what(command)
}

/// `cache-key` and its flags.
pub fn define_key() -> Command {
    let command = Command::new("cache-key")
        .about("Print a key of all that decides what prewarm fetches")
        .long_about(KEY_HELP);
    what(command)
}

/// What both are told: where the projects are, and what of them is wanted.
fn what(command: Command) -> Command {
    let command = command
        .arg(
            Arg::new("paths")
                .value_name("PATH")
                .required(true)
                .num_args(1..)
                .value_parser(value_parser!(PathBuf))
                .help("Folders with projects in them, go.mod and go.work files"),
        )
        .arg(
            Arg::new("exclude")
                .long("exclude")
                .value_name("GLOB")
                .action(ArgAction::Append)
                .help("Pass over what this names, in the syntax of .gitignore, from each PATH"),
        )
        .arg(toolchains())
        .arg(layout());
    needed(command)
}

fn args(call: &Invocation<'_>) -> Args {
    let list = |name| call.matches.get_many::<PathBuf>(name).into_iter().flatten().cloned();
    let excluded = call.matches.get_many::<String>("exclude").into_iter().flatten().cloned();
    Args {
        paths: list("paths").collect(),
        excluded: excluded.collect(),
        what: What {
            needed: needed_args(call.matches),
            toolchains: call
                .matches
                .get_many("toolchains")
                .into_iter()
                .flatten()
                .cloned()
                .collect(),
        },
    }
}

/// Does what the command line asks for, and gives the exit code.
///
/// # Errors
/// When the program itself fails.
pub fn run(call: Invocation<'_>) -> anyhow::Result<u8> {
    let json = call.ctx.config.flags.is_on("json");
    let args = args(&call);
    crate::sys::limits::raise_open_files();
    let Invocation { ctx, reporter, printer, .. } = call;
    let result = operate(&ctx.clone(), move || async move { prewarm::run(&ctx, &args).await })?;
    reporter.finish();
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(err) => return Ok(printer.error(&err)),
    };
    for said in &outcome.notes {
        printer.note(&format!("{}{}", print::of_projects(said), said.what));
    }
    for said in &outcome.errors {
        printer.error_of(&print::of_projects(said), &said.what);
    }
    let mut out = std::io::stdout().lock();
    out.write_all(&match json {
        true => print::projects_json(&outcome),
        false => print::projects_text(&outcome, reporter.received()).into_bytes(),
    })?;
    out.flush()?;
    Ok(outcome.exit_code)
}

/// The same for `cache-key`.
///
/// # Errors
/// When the program itself fails.
pub fn run_key(call: Invocation<'_>) -> anyhow::Result<u8> {
    let args = args(&call);
    let Invocation { ctx, reporter, printer, .. } = call;
    let key = prewarm::key::key(&ctx, &args);
    reporter.finish();
    let key = match key {
        Ok(key) => key,
        Err(err) => return Ok(printer.error(&err)),
    };
    // A key that does not stand for everything would name the wrong cache.
    if let Some((_, first)) = key.errors.first() {
        for (path, err) in &key.errors {
            printer.error_of(&format!("{}: ", path.display()), err);
        }
        return Ok(first.exit_code());
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}", key.text)?;
    out.flush()?;
    Ok(0)
}
