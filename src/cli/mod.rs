//! The command line: arguments as typed, what they mean, and what is printed in the end.
//!
//! - [`spelling`]: go's way of writing flags turned into GNU's.
//! - [`flags`]: the one definition of commands and flags, which help, completions and man pages
//!   are made from.
//! - [`mod@print`]: errors, hints and results.
//! - [`generate`]: completions and man pages.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "the command line prints, and knows the working directory"
)]

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::ArgMatches;
use tokio::sync::oneshot;

use crate::config::Config;
use crate::config::env::ProcessEnv;
use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};
use crate::event::Observer;
use crate::ops;
use crate::report::{Progress, Reporter};
use crate::spec::quote::quote_bytes;

pub mod flags;
pub mod generate;
pub mod print;
pub mod spelling;

/// How long what is under way may take to clean up behind itself once a run is over.
const GRACE: Duration = Duration::from_secs(1);
/// Exit code for a command line that can't be understood.
const USAGE: u8 = 2;

/// Runs the program with these arguments, the first being its own name.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match spelling::to_gnu(args, &flags::go_flags()) {
        Ok(args) => args,
        Err(err) => {
            eprintln!("{err}\nRun 'gomodfetch --help' for usage.");
            return ExitCode::from(USAGE);
        }
    };
    let matches = match flags::command().try_get_matches_from(args) {
        Ok(matches) => matches,
        Err(err) => {
            let _ = err.print();
            return ExitCode::from(if err.use_stderr() { USAGE } else { 0 });
        }
    };
    match dispatch(&matches) {
        Ok(code) => ExitCode::from(code),
        Err(err) => {
            eprintln!("gomodfetch: {err:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(matches: &ArgMatches) -> anyhow::Result<u8> {
    match matches.subcommand() {
        Some(("download", matches)) => with_config(matches, false, download),
        Some(("mod", matches)) => match matches.subcommand() {
            Some(("download", matches)) => with_config(matches, false, download),
            _ => Ok(USAGE),
        },
        Some(("env", matches)) => with_config(matches, true, env),
        Some(("completions", matches)) => {
            let shell = flags::shell(matches).context("no shell")?;
            std::io::stdout().write_all(&generate::completions(shell))?;
            Ok(0)
        }
        Some(("man", _)) => {
            std::io::stdout().write_all(&generate::man_page()?)?;
            Ok(0)
        }
        _ => Ok(USAGE),
    }
}

/// What a command works with, beside its own arguments.
struct Invocation<'a> {
    matches: &'a ArgMatches,
    ctx: Ctx,
    reporter: Arc<Reporter>,
    printer: print::Printer,
}

/// Applies `-C`, reads the settings, and runs `command`.
fn with_config(
    matches: &ArgMatches,
    tolerate_goflags: bool,
    command: impl FnOnce(Invocation<'_>) -> anyhow::Result<u8>,
) -> anyhow::Result<u8> {
    let hints = matches.get_flag("hints");
    let early = print::Printer::new(hints, false);
    if let Some(dir) = matches.get_one::<OsString>("C")
        && let Err(err) = std::env::set_current_dir(dir)
    {
        let err = crate::sys::IoError::new("chdir", dir.as_ref(), &err);
        return Ok(early.error(&Error::new(ErrorKind::Usage, err)));
    }
    let cwd = std::env::current_dir().context("finding the current directory")?;
    let flags = flags::given(matches, tolerate_goflags);
    let config = match Config::load(&ProcessEnv, &flags) {
        Ok(config) => config,
        Err(err) => return Ok(early.error(&ops::project::config_error(err))),
    };
    let printer = print::Printer::new(hints, config.ci);
    let progress = match matches.get_one::<String>("progress").map(String::as_str) {
        Some("plain") => Progress::Plain,
        Some("none") => Progress::None,
        Some("bar") => Progress::Bar,
        _ if matches.get_flag("verbose") => Progress::Plain,
        _ => Progress::auto(config.flags.is_on("x")),
    };
    let reporter = Arc::new(Reporter::new(progress, config.flags.is_on("x")));
    let observer: Arc<dyn Observer> = Arc::clone(&reporter) as Arc<dyn Observer>;
    let transport = ops::session::transport(&config, &observer);
    // Not every command has the flag.
    let jobs = matches.try_get_one::<usize>("jobs").ok().flatten().copied();
    let jobs = jobs.unwrap_or(flags::DEFAULT_JOBS);
    let ctx = Ctx { config, cwd, transport, observer, jobs };
    command(Invocation { matches, ctx, reporter, printer })
}

fn download(call: Invocation<'_>) -> anyhow::Result<u8> {
    let config = &call.ctx.config;
    let json = config.flags.is_on("json");
    let stream = json && call.matches.get_flag("stream");
    let modules = call.matches.get_many::<OsString>("modules").into_iter().flatten();
    let modules = match modules.map(|arg| argument(arg)).collect() {
        Ok(modules) => modules,
        Err(err) => return Ok(call.printer.error(&err)),
    };
    let args = ops::download::Args {
        modules,
        json,
        reuse: config.flags.text("reuse").map(str::to_owned),
        locked: call.matches.get_flag("locked"),
    };
    crate::sys::limits::raise_open_files();
    let Invocation { ctx, reporter, printer, .. } = call;
    let told = print::Results::new(json, stream);
    let ended = supervised(move |stopped| work(&ctx, &args, told, stopped))?;
    reporter.finish();
    let Some((result, mut told)) = ended else { return Ok(printer.error(&interrupted())) };
    let outcome = match result {
        Ok(outcome) => outcome,
        Err(err) => {
            told.finish()?;
            return Ok(printer.error(&err));
        }
    };
    told.finish()?;
    if !json {
        for module in &outcome.modules {
            if let Some(err) = &module.error {
                printer.error(err);
            }
        }
    }
    for err in &outcome.errors {
        printer.error(err);
    }
    Ok(outcome.error().map_or(0, Error::exit_code))
}

type Worked = (Result<ops::download::Outcome, Error>, print::Results);

/// Downloads, until it is done or `stopped` comes.
fn work(
    ctx: &Ctx,
    args: &ops::download::Args,
    mut told: print::Results,
    stopped: oneshot::Receiver<()>,
) -> anyhow::Result<Worked> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?;
    let result = runtime.block_on(async {
        let mut each = |module: &ops::download::Module| told.module(&module.json);
        tokio::select! {
            result = ops::download::run(ctx, args, &mut each) => result,
            _ = stopped => Err(interrupted()),
        }
    });
    // Unpacking that is under way ends by itself, and removes what it began.
    runtime.shutdown_timeout(GRACE);
    Ok((result, told))
}

/// Does `work` on a thread of its own while this one listens for signals, which it then heeds
/// however long a system call takes: another process may hold a lock for ever. `None` if the work
/// did not stop when it was told to.
fn supervised<T: Send + 'static>(
    work: impl FnOnce(oneshot::Receiver<()>) -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<Option<T>> {
    let (stop, stopped) = oneshot::channel();
    let (done, mut ended) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?;
    let signal = {
        let _context = runtime.enter();
        signalled().context("listening for signals")?
    };
    std::thread::Builder::new()
        .name("work".to_owned())
        // Nobody waits for work that did not stop in time.
        .spawn(move || drop(done.send(work(stopped))))
        .context("starting the work")?;
    runtime.block_on(async {
        tokio::select! {
            result = &mut ended => result.context("the work broke off")?.map(Some),
            () = signal => {
                // It may be just about to end.
                let _ = stop.send(());
                match tokio::time::timeout(2 * GRACE, ended).await {
                    Ok(result) => result.context("the work broke off")?.map(Some),
                    Err(_) => Ok(None),
                }
            }
        }
    })
}

fn interrupted() -> Error {
    Error::message(ErrorKind::Interrupted, "interrupted")
}

/// An argument that names modules. In no valid one is anything that is not UTF-8.
fn argument(arg: &OsStr) -> Result<String, Error> {
    if let Some(text) = arg.to_str() {
        return Ok(text.to_owned());
    }
    let shown = arg.to_string_lossy();
    let mut parts = arg.as_encoded_bytes().splitn(2, |byte| *byte == b'@');
    let text = match (parts.next().unwrap_or_default(), parts.next()) {
        (_, None) => format!("module {shown}: not a known dependency"),
        (path, Some(version)) if std::str::from_utf8(path).is_ok() => {
            let version = quote_bytes(version);
            format!(
                "{shown}: invalid version: version {version} invalid: disallowed version string"
            )
        }
        (path, Some(_)) => {
            let path = quote_bytes(path);
            format!("{shown}: malformed module path {path}: invalid UTF-8")
        }
    };
    Err(Error::message(ErrorKind::Other, text))
}

fn env(call: Invocation<'_>) -> anyhow::Result<u8> {
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

/// Listens, from now on, for Ctrl-C and for the signal that asks a process to end.
fn signalled() -> std::io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn arguments_that_are_not_text() {
        for (arg, want) in [
            (
                &b"a.b/c\xffd@v1.0.0"[..],
                "a.b/c\u{fffd}d@v1.0.0: malformed module path \"a.b/c\\xffd\": invalid UTF-8",
            ),
            (b"a.b/c\xff", "module a.b/c\u{fffd}: not a known dependency"),
            (
                b"a.b/c@\xffv1",
                "a.b/c@\u{fffd}v1: invalid version: version \"\\xffv1\" invalid: disallowed version string",
            ),
        ] {
            let err = argument(OsStr::from_bytes(arg)).unwrap_err();
            assert_eq!((err.exit_code(), err.to_string().as_str()), (1, want));
        }
        assert_eq!(argument(OsStr::new("a.b/c@v1")).unwrap(), "a.b/c@v1");
    }
}
