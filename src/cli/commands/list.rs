//! `list`.

use std::ffi::OsString;
use std::io::Write;

use clap::{Arg, ArgAction, Command};

use crate::cli::flags::{ignore_missing_use, mod_flags, module_args, switch, text};
use crate::cli::invocation::{Invocation, argument, operate};
use crate::config::goflags::parse_bool;
use crate::error::{Error, ErrorKind};
use crate::ops;
use crate::ops::list::Format;

const HELP: &str = "\
Tell what is known of modules, as `go list -m` does. -m may be left out.

Without arguments: the main module. An argument is `all`, a pattern with `...`, a module path that
is part of the build list, or `path@query`: a version, `latest`, `v1`, `<=v1.5.0`, a branch or a
commit.

A module is a line of text, a JSON object (-json), or what a Go template makes of it (-f): the dot
is a struct with the fields that -json shows, as described in `go help list`.

go.mod and go.sum are not changed, unless by -mod=mod.";

/// Flags of `go list` that say something of packages.
const FOR_PACKAGES: [&str; 5] = ["compiled", "deps", "export", "find", "test"];

/// The command and its flags.
pub fn define() -> Command {
    let command = Command::new("list")
        .about("Tell what is known of modules: versions, updates, retractions, folders")
        .long_about(HELP)
        .arg(module_args("`all`, patterns, module paths, or path@query"))
        .arg(switch("m").help("List modules, which is what this command does in any case"))
        .arg(switch("u").help("Add newer versions, retractions and deprecations"))
        .arg(switch("versions").help("Add all versions that there are"))
        .arg(switch("retracted").help("Tell of retractions, and let retracted versions count"))
        .arg(switch("e").help("Go on in spite of errors: they are part of the description"))
        .arg(
            text("json", "FIELDS")
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
                .help("Print a JSON object for each module, perhaps only with these fields"),
        )
        .arg(
            text("f", "TEMPLATE")
                .allow_hyphen_values(true)
                .help("Print what a Go template makes of each module"),
        )
        .arg(text("mod", "MODE").help("`readonly`, `mod` or `vendor`, as for go"))
        .arg(text("reuse", "FILE").help("A file with the JSON of an earlier run, as for go"))
        .arg(
            Arg::new("locked")
                .long("locked")
                .action(ArgAction::SetTrue)
                .help("With -mod=mod: fail if go.mod or go.sum would have to change"),
        );
    let command = command.arg(ignore_missing_use());
    let command = FOR_PACKAGES
        .into_iter()
        .fold(command, |command, flag| command.arg(switch(flag).hide(true)));
    mod_flags(command)
}

/// Does what the command line asks for, and gives the exit code.
///
/// # Errors
/// When the program itself fails: its threads can't be started, standard output is gone.
pub fn run(call: Invocation<'_>) -> anyhow::Result<u8> {
    let flags = &call.ctx.config.flags;
    let modules = call.matches.get_many::<OsString>("modules").into_iter().flatten();
    let modules = match modules.map(|arg| argument(arg)).collect() {
        Ok(modules) => modules,
        Err(err) => return Ok(call.printer.error(&err)),
    };
    let format = match format(&call) {
        Ok(format) => format,
        Err(err) => return Ok(call.printer.error(&err)),
    };
    let args = ops::list::Args {
        modules,
        updates: flags.is_on("u"),
        retracted: flags.is_on("retracted"),
        versions: flags.is_on("versions"),
        tolerant: flags.is_on("e"),
        build_mod: flags.text("mod").unwrap_or_default().to_owned(),
        reuse: flags.text("reuse").map(str::to_owned),
        format,
        ignore_missing_use: call.matches.get_flag("ignore-missing-use"),
        locked: call.matches.get_flag("locked"),
        for_packages: FOR_PACKAGES.into_iter().filter(|flag| flags.is_on(flag)).collect(),
    };
    crate::sys::limits::raise_open_files();
    let Invocation { ctx, reporter, printer, .. } = call;
    let result = operate(&ctx.clone(), move || async move { ops::list::run(&ctx, &args).await })?;
    reporter.finish();
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(err) => return Ok(printer.error(&err)),
    };
    let mut out = std::io::stdout().lock();
    out.write_all(&outcome.output)?;
    out.flush()?;
    for err in &outcome.errors {
        printer.error(err);
    }
    let fatal = outcome.errors.iter().find(|err| err.is_fatal());
    Ok(fatal.or(outcome.errors.first()).map_or(0, Error::exit_code))
}

/// How modules are to be written. Each `-json` with fields adds to them; the last truth value
/// decides whether it is JSON at all.
fn format(call: &Invocation<'_>) -> Result<Format, Error> {
    let flags = &call.ctx.config.flags;
    let given = call.matches.get_many::<String>("json").into_iter().flatten().cloned();
    let mut words: Vec<String> = given.collect();
    if words.is_empty() {
        words.extend(flags.text("json").map(str::to_owned));
    }
    let mut json = false;
    let mut fields: Vec<String> = Vec::new();
    for word in &words {
        match parse_bool(word) {
            Some(on) => json = on,
            None => {
                json = true;
                fields.extend(word.split(',').map(str::to_owned));
            }
        }
    }
    match (json, flags.text("f")) {
        (true, Some(_)) => {
            let text = "go list -f cannot be used with -json";
            Err(Error::message(ErrorKind::Usage, text).bare())
        }
        (true, None) => Ok(Format::Json(fields)),
        (false, Some(template)) => Ok(Format::Template(template.to_owned())),
        (false, None) => Ok(Format::Line),
    }
}
