//! Programs of version control systems, run as go runs them, within bounds.
//!
//! A command is told to the observer as go's `-x` shows it, and its failure is worded as go's
//! `RunError`: `git fetch … in DIR: exit status 128:` and what it printed, indented. What it is really
//! given beyond that (see [`Call::hidden`]) keeps programs of a repository's choice from running.
//!
//! A command that goes to the network may be silent for [`Settings::stall`]; then it is ended. It has no
//! limit in total. What it prints is bounded.

use std::collections::HashMap;
use std::ffi::OsString;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind};
use crate::event::{Event, Observer};
use crate::sys::file::TempFile;
use crate::sys::program::{Output, Program, ProgramError, Status, find};

/// Commands that go to the network at once.
const NETWORK: usize = 16;
/// How long a command that works on this machine alone may be silent: history can be long.
const LOCAL_STALL: Duration = Duration::from_secs(600);
/// Bytes that a command may print, unless it says otherwise.
const MAX_OUTPUT: u64 = 64 << 20;

/// Asks whether there is nothing at an address: the server says so (404 or 410).
pub type Probe = Arc<dyn Fn(String) -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

/// What programs are run with.
#[derive(Clone)]
pub struct Settings {
    /// Where repositories are kept: `cache/vcs` in the module cache.
    pub dir: PathBuf,
    /// Where archives are kept while they are read.
    pub temp_dir: PathBuf,
    /// PATH.
    pub path: OsString,
    /// Variables that are set for programs, beside those of our own environment.
    pub set: Vec<(&'static str, OsString)>,
    /// Whether a program may ask a person at the terminal.
    pub interactive: bool,
    /// How long a command that goes to the network may print nothing.
    pub stall: Duration,
    /// Whether there is nothing at an address.
    pub probe: Probe,
}

/// Runs programs.
pub struct Runner {
    settings: Settings,
    observer: Arc<dyn Observer>,
    network: Slots,
    found: Mutex<HashMap<&'static str, Result<PathBuf, ProgramError>>>,
    stop: tokio::sync::watch::Sender<bool>,
}

/// One command.
pub struct Call<'a> {
    program: &'static str,
    args: Vec<String>,
    hidden: Vec<String>,
    dir: &'a Path,
    set: Vec<(&'static str, OsString)>,
    unset: &'static [&'static str],
    limit: u64,
    network: bool,
    log: &'static [&'static str],
    /// An argument that is given after another one, and not told.
    extra: Option<(&'static str, &'static str)>,
}

/// A command failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{command} in {}: {reason}{}{}", dir.display(), indented(stderr), own_line(help))]
pub struct RunError {
    /// The command as go would have run it.
    pub command: String,
    /// Where.
    pub dir: PathBuf,
    /// How it ended: `exit status 128`.
    pub reason: String,
    /// The code that it exited with, if it did.
    pub code: Option<i32>,
    /// Whether it was ended because it printed too much.
    pub too_large: bool,
    /// What it printed to standard error, without progress.
    pub stderr: String,
    /// What a person may do about it.
    pub help: &'static str,
}

fn indented(stderr: &str) -> String {
    match stderr.trim_end_matches('\n') {
        "" => String::new(),
        text => format!(":\n\t{}", text.replace('\n', "\n\t")),
    }
}

fn own_line(help: &str) -> String {
    if help.is_empty() { String::new() } else { format!("\n{help}") }
}

impl RunError {
    /// The error of the crate for it.
    pub fn into_error(self, kind: ErrorKind) -> Error {
        Error::new(kind, self)
    }
}

impl From<Box<RunError>> for Error {
    fn from(err: Box<RunError>) -> Error {
        Error::new(ErrorKind::Other, *err)
    }
}

impl<'a> Call<'a> {
    /// `program` with `args`, in the directory `dir`.
    pub fn new<S: AsRef<str>>(
        program: &'static str,
        dir: &'a Path,
        args: impl IntoIterator<Item = S>,
    ) -> Call<'a> {
        Call {
            program,
            args: args.into_iter().map(|arg| arg.as_ref().to_owned()).collect(),
            hidden: Vec::new(),
            dir,
            set: Vec::new(),
            unset: &[],
            limit: MAX_OUTPUT,
            network: false,
            log: &[],
            extra: None,
        }
    }

    /// Arguments that come first and are not told.
    pub fn hidden(mut self, args: &[&str]) -> Self {
        self.hidden = args.iter().map(|arg| (*arg).to_owned()).collect();
        self
    }

    /// Sets a variable.
    pub fn set(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.set.push((name, value.into()));
        self
    }

    /// Takes variables away.
    pub fn unset(mut self, names: &'static [&'static str]) -> Self {
        self.unset = names;
        self
    }

    /// How many bytes it may print.
    pub fn limit(mut self, bytes: u64) -> Self {
        self.limit = bytes;
        self
    }

    /// It goes to the network: it may not be silent for long, and not too many do so at once.
    pub fn network(mut self) -> Self {
        self.network = true;
        self
    }

    /// Has `git fetch` tell how far it is, which go does not ask for.
    pub fn with_progress(mut self) -> Self {
        self.extra = Some(("fetch", "--progress"));
        self
    }

    /// How lines of standard error begin that are progress and no reason for a failure.
    pub fn progress(mut self, beginnings: &'static [&'static str]) -> Self {
        self.log = beginnings;
        self
    }

    fn command(&self) -> String {
        let words = [self.program].into_iter().chain(self.args.iter().map(String::as_str));
        mask_secrets(&words.collect::<Vec<_>>().join(" "))
    }

    /// The command as a person could type it, for `-x`.
    fn trace(&self) -> String {
        let words = [self.program].into_iter().chain(self.args.iter().map(String::as_str));
        let words: Vec<String> = words.map(quoted).collect();
        mask_secrets(&format!("cd {}; {}", self.dir.display(), words.join(" ")))
    }
}

/// A word in the quotes that go gives it in a trace.
fn quoted(word: &str) -> String {
    if word.contains('\'') {
        let escaped = word.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{}\"", escaped.replace('$', "\\$").replace('`', "\\`"))
    } else if word.contains(|c: char| "$`\\*?[\"\t\n\x0b\x0c\r \u{85}\u{a0}".contains(c)) {
        format!("'{word}'")
    } else {
        word.to_owned()
    }
}

/// `text` with the passwords of all addresses in it replaced, and tokens given in place of a user to
/// web servers.
pub fn mask_secrets(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        out.push_str(before);
        let end = after.find(|c: char| c == '/' || c.is_whitespace() || "'\"".contains(c));
        let authority = after.get(..end.unwrap_or(after.len())).unwrap_or_default();
        rest = after;
        if let Some((user, _)) = authority.rsplit_once('@') {
            let is_web = before.ends_with("http://") || before.ends_with("https://");
            match user.split_once(':') {
                Some((name, _)) => out.push_str(&format!("{name}:xxxxx")),
                None if is_web => out.push_str("xxxxx"),
                None => out.push_str(user),
            }
            rest = after.get(user.len()..).unwrap_or_default();
        }
    }
    out + rest
}

impl Runner {
    /// A runner with these settings.
    pub fn new(settings: Settings, observer: Arc<dyn Observer>) -> Runner {
        let (stop, _) = tokio::sync::watch::channel(false);
        Runner { settings, observer, network: Slots::new(NETWORK), found: Mutex::default(), stop }
    }

    /// What it was made with.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Ends what is running, and starts nothing more.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Tells a line of `-x`.
    pub fn trace(&self, line: impl Into<String>) {
        self.observer.event(&Event::Trace(line.into()));
    }

    /// Whether there is nothing at `url`, as its server says.
    pub fn is_absent(&self, url: &str) -> bool {
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => runtime.block_on((self.settings.probe)(url.to_owned())),
            Err(_) => false,
        }
    }

    /// What `call` prints to standard output.
    ///
    /// # Errors
    /// When it can't be started or exits with another code than 0.
    pub fn run(&self, call: &Call<'_>) -> Result<Vec<u8>, Box<RunError>> {
        self.finish(call, None)
    }

    /// What `call` prints to standard output, in a temporary file.
    ///
    /// # Errors
    /// As [`Runner::run`], and when the file can't be written.
    pub fn run_to_file(&self, call: &Call<'_>) -> Result<TempFile, Error> {
        let file = TempFile::create(&self.settings.temp_dir, "gomodfetch-")?;
        let file = Arc::new(Mutex::new(Some(file)));
        self.finish(call, Some(Spool(Arc::clone(&file))))?;
        // The thread that wrote it has come to its end, but may not be gone yet.
        let file = file.lock().unwrap_or_else(PoisonError::into_inner).take();
        file.ok_or_else(|| Error::message(ErrorKind::Other, "internal error: no archive"))
    }

    fn finish(&self, call: &Call<'_>, sink: Option<Spool>) -> Result<Vec<u8>, Box<RunError>> {
        let failed = |reason: String, code, stderr: &str| {
            Box::new(RunError {
                command: call.command(),
                dir: call.dir.to_path_buf(),
                reason,
                code,
                too_large: false,
                stderr: call.without_progress(&mask_secrets(stderr)),
                help: "",
            })
        };
        let slot = call.network.then(|| self.network.take());
        let line = call.trace();
        self.trace(line.clone());
        let begun = Instant::now();
        let result = self.output(call, sink);
        drop(slot);
        self.trace(format!("{:.3}s # {line}", begun.elapsed().as_secs_f64()));
        match result {
            Ok(output) if output.status.is_success() => Ok(output.stdout),
            Ok(Output { status, stderr, .. }) => {
                let code = match status {
                    Status::Exit(code) => Some(code),
                    Status::Signal(_) => None,
                };
                Err(failed(status.to_string(), code, &stderr))
            }
            Err(err) => {
                let too_large = matches!(err, ProgramError::TooLarge { .. });
                let failed = failed(err.to_string(), None, "");
                Err(Box::new(RunError { too_large, ..*failed }))
            }
        }
    }

    fn output(&self, call: &Call<'_>, sink: Option<Spool>) -> Result<Output, ProgramError> {
        let path = {
            let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
            let look = || find(call.program, &self.settings.path);
            found.entry(call.program).or_insert_with(look).clone()?
        };
        let mut program = Program::new(path);
        program.args(&call.hidden).dir(call.dir).limit(call.limit);
        for arg in &call.args {
            program.arg(arg);
            if let Some((_, extra)) = call.extra.filter(|(after, _)| after == arg) {
                program.arg(extra);
            }
        }
        for name in call.unset {
            program.unset(*name);
        }
        // What it says is looked at in places, and quoted in messages, which are in English.
        program.set("LANGUAGE", "en");
        for (name, value) in self.settings.set.iter().chain(&call.set) {
            program.set(*name, value.clone());
        }
        program.stall(if call.network { self.settings.stall } else { LOCAL_STALL });
        if call.network && self.settings.interactive {
            program.interactive();
        }
        let runtime =
            tokio::runtime::Handle::try_current().map_err(|_| ProgramError::Interrupted)?;
        let mut stopped = self.stop.subscribe();
        runtime.block_on(async {
            let run = async {
                match sink {
                    Some(sink) => program.output_to(sink).await,
                    None => program.output().await,
                }
            };
            tokio::select! {
                result = run => result,
                _ = stopped.wait_for(|stopped| *stopped) => Err(ProgramError::Interrupted),
            }
        })
    }
}

impl Call<'_> {
    /// Standard error without the lines that only tell how far the command is.
    fn without_progress(&self, stderr: &str) -> String {
        if self.log.is_empty() {
            return stderr.to_owned();
        }
        // A carriage return has been made visible by now.
        let lines = stderr.split('\n').map(|line| line.rsplit("\\r").next().unwrap_or(line));
        let is_reason = |line: &&str| !self.log.iter().any(|start| line.starts_with(start));
        lines.filter(is_reason).collect::<Vec<_>>().join("\n")
    }
}

/// A temporary file that a program's output goes to.
struct Spool(Arc<Mutex<Option<TempFile>>>);

impl std::io::Write for Spool {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let file = file.as_mut().ok_or(std::io::ErrorKind::BrokenPipe)?;
        file.write_all(data).map_err(std::io::Error::other)?;
        Ok(data.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A number of places, for threads to wait for.
struct Slots {
    free: Mutex<usize>,
    freed: Condvar,
}

struct Slot<'a>(&'a Slots);

impl Slots {
    fn new(count: usize) -> Slots {
        Slots { free: Mutex::new(count), freed: Condvar::new() }
    }

    fn take(&self) -> Slot<'_> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = self.freed.wait_while(free, |free| *free == 0);
        *wait.unwrap_or_else(PoisonError::into_inner) -= 1;
        Slot(self)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked() {
        for (text, want) in [
            (
                "git fetch https://ann:pw@h.example/x end",
                "git fetch https://ann:xxxxx@h.example/x end",
            ),
            ("https://token@h.example", "https://xxxxx@h.example"),
            ("'ssh://git@h.example/a@b'", "'ssh://git@h.example/a@b'"),
            ("ssh://git:pw@h/ and https://t:u@h/", "ssh://git:xxxxx@h/ and https://t:xxxxx@h/"),
            ("https://h.example/a@b", "https://h.example/a@b"),
        ] {
            assert_eq!(mask_secrets(text), want);
        }
    }

    #[test]
    fn commands_are_told_as_go_tells_them() {
        let dir = Path::new("/d");
        let call = Call::new("git", dir, ["log", "--format=format:%H %ct", "it's $x", "a*"]);
        let call = call.hidden(&["-c", "x=y"]);
        let want = "cd /d; git log '--format=format:%H %ct' \"it's \\$x\" 'a*'";
        assert_eq!(call.trace(), want);
        let err = RunError {
            command: call.command(),
            dir: dir.into(),
            reason: "exit status 1".into(),
            code: Some(1),
            too_large: false,
            stderr: "one\ntwo\n".into(),
            help: "Help.",
        };
        let want =
            "git log --format=format:%H %ct it's $x a* in /d: exit status 1:\n\tone\n\ttwo\nHelp.";
        assert_eq!(err.to_string(), want);
    }

    #[test]
    fn progress_is_no_reason() {
        let call = Call::new("git", Path::new("/"), ["x"]).progress(&["Receiving"]);
        let stderr = "Receiving 1\\rReceiving 2\nfatal: no\n";
        assert_eq!(call.without_progress(stderr), "fatal: no\n");
    }
}
