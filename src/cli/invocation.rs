//! One call of a command: its settings, how it is carried out, and how it is broken off.

use std::ffi::{OsStr, OsString};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::ArgMatches;
use tokio::sync::oneshot;

use crate::cli::commands::Definition;
use crate::cli::{flags, print};
use crate::config::Config;
use crate::config::env::ProcessEnv;
use crate::ctx::{Ctx, Layout};
use crate::error::{Error, ErrorKind, Explain};
use crate::event::Observer;
use crate::ops;
use crate::report::{Progress, Reporter};
use crate::spec::quote::quote_bytes;

/// How long what is under way may take to clean up behind itself once a run is over.
const GRACE: Duration = Duration::from_secs(1);

/// What a command works with.
pub struct Invocation<'a> {
    /// The arguments.
    pub matches: &'a ArgMatches,
    /// The settings and the outside world.
    pub ctx: Ctx,
    /// Shows what goes on.
    pub reporter: Arc<Reporter>,
    /// Prints errors.
    pub printer: print::Printer,
}

/// Applies `-C`, reads the settings, and runs the command.
///
/// # Errors
/// When the program itself fails.
pub fn invoke(definition: &Definition, matches: &ArgMatches) -> anyhow::Result<u8> {
    // Not every command has these flags.
    let has = |flag| matches.try_get_one::<bool>(flag).ok().flatten().is_some_and(|on| *on);
    let (explains, dry) = (has("explain"), has("dry-run"));
    let hints = matches.get_flag("hints") || explains;
    let early = print::Printer::new(hints, false);
    if let Some(dir) = matches.get_one::<OsString>("C")
        && let Err(err) = std::env::set_current_dir(dir)
    {
        let err = crate::sys::IoError::new("chdir", dir.as_ref(), &err);
        return Ok(early.error(&Error::new(ErrorKind::Usage, err)));
    }
    let cwd = std::env::current_dir().context("finding the current directory")?;
    let mut config = match Config::load(&ProcessEnv, &flags::given(matches, definition)) {
        Ok(config) => config,
        Err(err) => return Ok(early.error(&ops::project::config_error(err))),
    };
    let folder = ops::project::folder(&config, &cwd);
    if let Err(err) = config.read_files(folder.as_deref()) {
        return Ok(early.error(&ops::project::config_error(err)));
    }
    let printer = print::Printer::new(hints, config.ci);
    // Ours too for those commands that go has no such flag for.
    let trace = config.flags.is_on("x")
        || matches.get_many::<bool>("x").and_then(Iterator::last).is_some_and(|on| *on);
    let progress = match matches.get_one::<String>("progress").map(String::as_str) {
        Some("plain") => Progress::Plain,
        Some("none") => Progress::None,
        Some("bar") => Progress::Bar,
        _ if matches.get_flag("verbose") => Progress::Plain,
        _ => Progress::auto(trace),
    };
    let summary = trace || matches.get_flag("summary");
    let reporter = Arc::new(Reporter::new(progress, trace, summary));
    let observer: Arc<dyn Observer> = Arc::clone(&reporter) as Arc<dyn Observer>;
    let network = ops::session::network(&config, &observer);
    let transport = ops::session::transport(&network, &config);
    let jobs = matches.try_get_one::<usize>("jobs").ok().flatten().copied();
    let jobs = jobs.unwrap_or(flags::DEFAULT_JOBS);
    let explain = match (explains, printer.shows_hints()) {
        (true, _) => Explain::Sources,
        (_, true) => Explain::Database,
        _ => Explain::Nothing,
    };
    let uploads = ops::session::uploads(&network, &observer);
    let shared = Arc::default();
    let layout = matches.try_get_one::<Layout>("layout").ok().flatten().copied();
    let layout = layout.unwrap_or_default();
    let ctx = Ctx {
        config,
        cwd,
        network,
        transport,
        uploads,
        shared,
        observer,
        jobs,
        dry,
        layout,
        explain,
    };
    for note in ctx.config.files.notes() {
        ctx.note(note);
    }
    (definition.run)(Invocation { matches, ctx, reporter, printer })
}

/// Carries out an operation until it is done, and what it has stored elsewhere is there; or until the
/// process is told to stop: then it is an error of that kind.
///
/// # Errors
/// When the runtime or the thread for the work can't be started, or the work panicked.
pub fn operate<T, F>(
    ctx: &Ctx,
    operation: impl FnOnce() -> F + Send + 'static,
) -> anyhow::Result<Result<T, Error>>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Error>>,
{
    let uploads = Arc::clone(&ctx.uploads);
    let ended = supervised(move |stopped| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .context("starting the runtime")?;
        let result = runtime.block_on(async {
            tokio::select! {
                result = async {
                    let result = operation().await;
                    uploads.finish().await;
                    result
                } => result,
                _ = stopped => Err(interrupted()),
            }
        });
        // Unpacking that is under way ends by itself, and removes what it began.
        runtime.shutdown_timeout(GRACE);
        Ok(result)
    })?;
    Ok(ended.unwrap_or_else(|| Err(interrupted())))
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
///
/// # Errors
/// go's, where it is none.
pub fn argument(arg: &OsStr) -> Result<String, Error> {
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

/// Listens, from now on, for Ctrl-C and for the signals that ask a process to end and that tell it that
/// its terminal is gone; not for those that it was started to ignore.
fn signalled() -> std::io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use std::task::Poll;

        use tokio::signal::unix::{SignalKind, signal};

        use crate::sys::signals::is_ignored;

        let mut heard = Vec::new();
        // Where it is not known whether it is ignored, the last one is best left alone.
        for (kind, unless_known) in [
            (SignalKind::interrupt(), false),
            (SignalKind::terminate(), false),
            (SignalKind::hangup(), true),
        ] {
            if !is_ignored(kind.as_raw_value()).unwrap_or(unless_known) {
                heard.push(signal(kind)?);
            }
        }
        Ok(std::future::poll_fn(move |cx| {
            match heard.iter_mut().any(|signal| signal.poll_recv(cx).is_ready()) {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        }))
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
