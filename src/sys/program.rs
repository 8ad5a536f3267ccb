//! Other programs, started, listened to within bounds, and ended when nobody waits for them any more.
//!
//! This is the one place that starts programs. Never a shell: a program is given its arguments as they
//! are. What it may do to us is bounded: how much it may print ([`Program::limit`]), how long it may
//! stay silent ([`Program::stall`]); it has no limit in total. It is found by [`find`], which passes
//! over directories of PATH that depend on the working directory: that may be somebody else's tree.
//!
//! A program leads a process group of its own, so that whatever it started ends with it: on a
//! time-out, when it prints too much, and when the future of [`Program::output`] is dropped, which is how
//! a run that is interrupted ends. The group is asked to end (SIGTERM) and, [`GRACE`] later, made to
//! (SIGKILL). One that must be able to ask a person is left in our group ([`Program::interactive`]): one in
//! the background is stopped when it reads from the terminal. On Windows there are no such groups, and only the
//! program itself is ended.
//!
//! What a program leaves running after it has ended, such as git's cache of credentials, is left alone.
//! If it holds on to standard output, that is read for [`LINGER`] longer and no more.
//!
//! The threads that all this takes are those of the runtime for blocking work, so a runtime must be
//! there, and it waits for them when it is shut down.
//!
//! ```no_run
//! use std::time::Duration;
//! use gomodfetch::sys::program::{Program, find};
//!
//! # async fn run() -> Result<(), gomodfetch::sys::program::ProgramError> {
//! let git = find("git", "/usr/local/bin:/usr/bin".as_ref())?;
//! let mut program = Program::new(git);
//! program.args(["cat-file", "-p", "HEAD"]).dir("/srv/repo").set("LC_ALL", "C").unset("GIT_DIR");
//! program.stall(Duration::from_secs(60)).limit(1 << 20);
//! let output = program.output().await?;
//! assert!(output.status.is_success(), "{}: {}", output.status, output.stderr);
//! # Ok(())
//! # }
//! ```

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

mod running;

use running::{EndOnDrop, Running};

/// Between asking a program to end and ending it: long enough to remove lock files, and shorter than
/// a run that was interrupted waits.
pub const GRACE: Duration = Duration::from_millis(300);
/// How long what a program left running may go on printing without a pause.
pub const LINGER: Duration = Duration::from_secs(1);
/// Bytes of standard error that are kept: the first half and the last half.
pub const MAX_STDERR: usize = 64 << 10;
/// Bytes of standard output if nothing else is said.
const DEFAULT_LIMIT: u64 = 16 << 20;

/// A program to be started.
pub struct Program {
    path: PathBuf,
    args: Vec<OsString>,
    dir: Option<PathBuf>,
    env: Vec<(OsString, Option<OsString>)>,
    stdin: Vec<u8>,
    limit: u64,
    stall: Option<Duration>,
    interactive: bool,
}

/// What a program that has ended left behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// How it ended.
    pub status: Status,
    /// What it wrote to standard output; nothing if that went elsewhere ([`Program::output_to`]).
    pub stdout: Vec<u8>,
    /// What it wrote to standard error, made fit for a terminal. Of more than [`MAX_STDERR`] bytes the
    /// middle is left out.
    pub stderr: String,
}

/// How a program ended, shown in Go's words: `exit status 1`, `signal: killed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// By itself, with this code.
    Exit(i32),
    /// By the signal of this number.
    Signal(i32),
}

/// Why there is no [`Output`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProgramError {
    /// There is no such program.
    #[error("exec: {name:?}: executable file not found in $PATH")]
    NotFound {
        /// Its name.
        name: String,
    },
    /// It could not be started.
    #[error("fork/exec {}: {text}", path.display())]
    Start {
        /// Where it is.
        path: PathBuf,
        /// Why not.
        text: String,
    },
    /// It printed nothing for too long, and was ended.
    #[error("{}: no output for {seconds} seconds", path.display())]
    Stalled {
        /// Where it is.
        path: PathBuf,
        /// How long.
        seconds: u64,
    },
    /// It printed too much, and was ended.
    #[error("{}: output is larger than {limit} bytes", path.display())]
    TooLarge {
        /// Where it is.
        path: PathBuf,
        /// The limit in bytes.
        limit: u64,
    },
    /// What it printed could not be read, or not be written to where it should go.
    #[error("{}: {text}", path.display())]
    Copy {
        /// Where it is.
        path: PathBuf,
        /// Why not.
        text: String,
    },
    /// The run is over, and nothing is started any more.
    #[error("interrupted")]
    Interrupted,
}

/// Where the program of this name is: in the first directory of `path`, a list as PATH is, that has a
/// file of the name that may be executed. A name with a slash in it is a path, and is taken as it is.
///
/// # Errors
/// [`ProgramError::NotFound`].
pub fn find(name: &str, path: &OsStr) -> Result<PathBuf, ProgramError> {
    let missing = || ProgramError::NotFound { name: name.to_owned() };
    if name.is_empty() {
        return Err(missing());
    }
    if name.contains('/') || (cfg!(windows) && name.contains('\\')) {
        return Ok(name.into());
    }
    let dirs = std::env::split_paths(path).filter(|dir| dir.is_absolute());
    let mut files = dirs.flat_map(|dir| {
        let plain = dir.join(name);
        let extended = cfg!(windows).then(|| dir.join(format!("{name}.exe")));
        extended.into_iter().chain([plain])
    });
    files.find(|file| is_executable(file)).ok_or_else(missing)
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file)
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file()
}

impl Program {
    /// The program at `path`, which is what [`find`] gave.
    pub fn new(path: impl Into<PathBuf>) -> Program {
        Program {
            path: path.into(),
            args: Vec::new(),
            dir: None,
            env: Vec::new(),
            stdin: Vec::new(),
            limit: DEFAULT_LIMIT,
            stall: None,
            interactive: false,
        }
    }

    /// One more argument.
    pub fn arg(&mut self, arg: impl Into<OsString>) -> &mut Program {
        self.args.push(arg.into());
        self
    }

    /// Some more arguments.
    pub fn args<A: Into<OsString>>(&mut self, args: impl IntoIterator<Item = A>) -> &mut Program {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// The directory that it works in; by default ours.
    pub fn dir(&mut self, dir: impl Into<PathBuf>) -> &mut Program {
        self.dir = Some(dir.into());
        self
    }

    /// Sets a variable of its environment, which is ours otherwise.
    pub fn set(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> &mut Program {
        self.env.push((name.into(), Some(value.into())));
        self
    }

    /// Takes a variable out of its environment.
    pub fn unset(&mut self, name: impl Into<OsString>) -> &mut Program {
        self.env.push((name.into(), None));
        self
    }

    /// What it reads from standard input; by default nothing. Whether it reads all is its own affair.
    pub fn stdin(&mut self, data: impl Into<Vec<u8>>) -> &mut Program {
        self.stdin = data.into();
        self
    }

    /// The most bytes that it may write to standard output; by default 16 MiB.
    pub fn limit(&mut self, bytes: u64) -> &mut Program {
        self.limit = bytes;
        self
    }

    /// How long it may write nothing to standard output and error; by default for ever.
    pub fn stall(&mut self, most: Duration) -> &mut Program {
        self.stall = Some(most);
        self
    }

    /// Leaves it in our process group, so that it can ask a person at the terminal. Then only the program
    /// itself is ended, not what it started, and Ctrl-C reaches it as it reaches us.
    pub fn interactive(&mut self) -> &mut Program {
        self.interactive = true;
        self
    }

    /// Runs it, and gives what it wrote. Any [`Status`] is `Ok`. Dropping the future ends the program.
    ///
    /// # Errors
    /// See [`ProgramError`].
    pub async fn output(self) -> Result<Output, ProgramError> {
        self.run(None).await
    }

    /// The same, with standard output going into `sink` as it comes, on a thread of its own. What was
    /// written before an error stays there.
    ///
    /// # Errors
    /// See [`ProgramError`].
    pub async fn output_to(
        self,
        sink: impl Write + Send + 'static,
    ) -> Result<Output, ProgramError> {
        self.run(Some(Box::new(sink))).await
    }

    async fn run(self, sink: Option<Box<dyn Write + Send>>) -> Result<Output, ProgramError> {
        let (news, heard) = channel();
        let ending = EndOnDrop(news.clone());
        let run = move || {
            // Nobody may be waiting any more.
            if heard.try_recv().is_ok() {
                return Err(ProgramError::Interrupted);
            }
            Running::start(self, sink, news, heard)?.finish()
        };
        let result = tokio::task::spawn_blocking(run).await;
        drop(ending);
        result.unwrap_or(Err(ProgramError::Interrupted))
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        command.args(&self.args).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.stdin(if self.stdin.is_empty() { Stdio::null() } else { Stdio::piped() });
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        for (name, value) in &self.env {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        #[cfg(unix)]
        if !self.interactive {
            use std::os::unix::process::CommandExt;
            command.process_group(0);
        }
        command
    }
}

impl fmt::Debug for Program {
    /// Arguments, environment and input may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Program({})", self.path.display())
    }
}

impl Status {
    /// Whether it ended by itself with code 0.
    pub fn is_success(self) -> bool {
        self == Status::Exit(0)
    }

    fn of(status: ExitStatus) -> Status {
        #[cfg(unix)]
        {
            use std::os::unix::process::ExitStatusExt;
            if let Some(signal) = status.signal() {
                return Status::Signal(signal);
            }
        }
        Status::Exit(status.code().unwrap_or(-1))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Status::Exit(code) => return write!(f, "exit status {code}"),
            Status::Signal(1) => "hangup",
            Status::Signal(2) => "interrupt",
            Status::Signal(6) => "aborted",
            Status::Signal(9) => "killed",
            Status::Signal(11) => "segmentation fault",
            Status::Signal(13) => "broken pipe",
            Status::Signal(15) => "terminated",
            Status::Signal(number) => return write!(f, "signal: signal {number}"),
        };
        write!(f, "signal: {name}")
    }
}

#[cfg(all(test, unix))]
mod tests;
