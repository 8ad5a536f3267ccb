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
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::sys::error::reason;
use crate::sys::tty::printable;

/// Between asking a program to end and ending it: long enough to remove lock files, and shorter than
/// a run that was interrupted waits.
pub const GRACE: Duration = Duration::from_millis(300);
/// How long what a program left running may go on printing without a pause.
pub const LINGER: Duration = Duration::from_secs(1);
/// Bytes of standard error that are kept: the first half and the last half.
pub const MAX_STDERR: usize = 64 << 10;
/// Bytes of standard output if nothing else is said.
const DEFAULT_LIMIT: u64 = 16 << 20;
/// How often is looked whether a program has ended whose pipes are open.
const TICK: Duration = Duration::from_millis(50);
/// Bytes read at a time.
const PIECE: usize = 64 << 10;

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

/// Tells the thread that looks after a program that nobody waits for it any more.
struct EndOnDrop(Sender<News>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        let _ = self.0.send(News::Unwanted);
    }
}

/// What the thread that looks after a program hears.
enum News {
    /// It wrote something.
    Alive,
    /// One of its pipes was closed, or could not be read on.
    Closed(Result<(), ProgramError>),
    /// Nobody waits for it any more.
    Unwanted,
}

/// Standard error, of which the middle may be missing.
#[derive(Default)]
struct Ends {
    head: Vec<u8>,
    tail: Vec<u8>,
    cut: bool,
}

/// A program at work.
struct Running {
    program: Program,
    child: Child,
    heard: Receiver<News>,
    stdout: Arc<Mutex<Vec<u8>>>,
    stderr: Arc<Mutex<Ends>>,
}

impl Running {
    fn start(
        program: Program,
        sink: Option<Box<dyn Write + Send>>,
        news: Sender<News>,
        heard: Receiver<News>,
    ) -> Result<Running, ProgramError> {
        let failed = |err: &std::io::Error| ProgramError::Start {
            path: program.path.clone(),
            text: reason(err),
        };
        let mut child = program.command().spawn().map_err(|err| failed(&err))?;
        let (stdout, stderr) = (Arc::default(), Arc::default());
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let mut running = Running { program, child, heard, stdout, stderr };
        if let Err(err) = running.listen(pipes, sink, news) {
            running.end();
            return Err(ProgramError::Copy { path: running.program.path, text: reason(&err) });
        }
        Ok(running)
    }

    /// Starts the threads that feed the program and read what it writes.
    fn listen(
        &mut self,
        (stdin, stdout, stderr): (
            Option<std::process::ChildStdin>,
            Option<std::process::ChildStdout>,
            Option<std::process::ChildStderr>,
        ),
        sink: Option<Box<dyn Write + Send>>,
        news: Sender<News>,
    ) -> std::io::Result<()> {
        let thread = |work: Box<dyn FnOnce() + Send>| {
            std::thread::Builder::new().name("pipe".to_owned()).spawn(work).map(drop)
        };
        if let Some(mut stdin) = stdin {
            let data = std::mem::take(&mut self.program.stdin);
            // It may end without having read all.
            thread(Box::new(move || drop(stdin.write_all(&data))))?;
        }
        let (path, limit) = (self.program.path.clone(), self.program.limit);
        let mut sink = sink.unwrap_or_else(|| Box::new(Shared(Arc::clone(&self.stdout))));
        if let Some(stdout) = stdout {
            let mut left = limit;
            let take = move |piece: &[u8]| {
                left = left
                    .checked_sub(piece.len() as u64)
                    .ok_or_else(|| ProgramError::TooLarge { path: path.clone(), limit })?;
                sink.write_all(piece)
                    .map_err(|err| ProgramError::Copy { path: path.clone(), text: reason(&err) })
            };
            let (path, news) = (self.program.path.clone(), news.clone());
            thread(Box::new(move || copy(&path, stdout, take, &news)))?;
        }
        if let Some(stderr) = stderr {
            let ends = Arc::clone(&self.stderr);
            let take = move |piece: &[u8]| {
                ends.lock().unwrap_or_else(PoisonError::into_inner).push(piece);
                Ok(())
            };
            let path = self.program.path.clone();
            thread(Box::new(move || copy(&path, stderr, take, &news)))?;
        }
        Ok(())
    }

    /// Waits until the program has ended and its pipes are closed.
    fn finish(mut self) -> Result<Output, ProgramError> {
        let (mut open, mut ended, mut pause) = (2, None, Duration::from_millis(1));
        let mut last = Instant::now();
        loop {
            let wait = if open == 0 { pause } else { TICK };
            match self.heard.recv_timeout(wait) {
                Ok(News::Alive) => last = Instant::now(),
                Ok(News::Closed(Ok(()))) => open -= 1,
                Ok(News::Closed(Err(err))) => return Err(self.ended_by(ended, err)),
                Ok(News::Unwanted) => return Err(self.ended_by(ended, ProgramError::Interrupted)),
                Err(RecvTimeoutError::Timeout) => pause = (pause * 2).min(TICK),
                // The one who waits holds a sender.
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(pause),
            }
            if ended.is_none() {
                ended = self.child.try_wait().ok().flatten().map(Status::of);
            }
            let silent = last.elapsed();
            match (ended, self.program.stall) {
                (Some(status), _) if open == 0 || silent > LINGER => return Ok(self.output(status)),
                (None, Some(most)) if silent > most => {
                    let path = self.program.path.clone();
                    let err = ProgramError::Stalled { path, seconds: most.as_secs() };
                    return Err(self.ended_by(None, err));
                }
                _ => {}
            }
        }
    }

    fn output(&self, status: Status) -> Output {
        let mut stdout = self.stdout.lock().unwrap_or_else(PoisonError::into_inner);
        let stderr = self.stderr.lock().unwrap_or_else(PoisonError::into_inner);
        Output { status, stdout: std::mem::take(&mut *stdout), stderr: stderr.text() }
    }

    /// Ends the program if it has not ended, which is why it has this error.
    fn ended_by(&mut self, ended: Option<Status>, err: ProgramError) -> ProgramError {
        // Once it has been waited for, its number may be another's.
        if ended.is_none() {
            self.end();
        }
        err
    }

    /// Asks the program to end, and what it started; then sees to it. Until it is waited for, nobody
    /// else can have its number.
    fn end(&mut self) {
        #[cfg(unix)]
        {
            use rustix::process::Signal;
            self.signal(Signal::TERM);
            let begun = Instant::now();
            let mut open = 2;
            while let Some(left) = GRACE.checked_sub(begun.elapsed()) {
                match self.heard.recv_timeout(left) {
                    Ok(News::Closed(_)) => open -= 1,
                    Ok(_) => {}
                    Err(_) => break,
                }
                if open == 0 {
                    break;
                }
            }
            self.signal(Signal::KILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    #[cfg(unix)]
    fn signal(&self, signal: rustix::process::Signal) {
        use rustix::process::{Pid, kill_process, kill_process_group};
        let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) else { return };
        let _ = match self.program.interactive {
            true => kill_process(pid, signal),
            false => kill_process_group(pid, signal),
        };
    }
}

impl Ends {
    fn push(&mut self, piece: &[u8]) {
        const HALF: usize = MAX_STDERR / 2;
        let (head, rest) = piece.split_at(piece.len().min(HALF.saturating_sub(self.head.len())));
        self.head.extend_from_slice(head);
        self.tail.extend_from_slice(rest);
        if self.tail.len() > 2 * HALF {
            self.shorten(HALF);
        }
    }

    fn shorten(&mut self, most: usize) {
        self.tail.drain(..self.tail.len().saturating_sub(most));
        self.cut = true;
    }

    fn text(&self) -> String {
        let tail = self.tail.len().saturating_sub(MAX_STDERR / 2);
        let cut = self.cut || tail > 0;
        let mut text = String::from_utf8_lossy(&self.head).into_owned();
        if cut {
            text.push_str("\n[...]\n");
            text.push_str(&String::from_utf8_lossy(self.tail.get(tail..).unwrap_or_default()));
        } else {
            // A character may have been split.
            text = String::from_utf8_lossy(&[&*self.head, &*self.tail].concat()).into_owned();
        }
        printable(&text)
    }
}

/// Standard output in memory.
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, piece: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Hands what comes through a pipe to `take` until it is closed, or `take` has had enough.
fn copy(
    path: &Path,
    mut pipe: impl Read,
    mut take: impl FnMut(&[u8]) -> Result<(), ProgramError>,
    news: &Sender<News>,
) {
    let mut piece = vec![0; PIECE];
    let result = loop {
        match pipe.read(&mut piece) {
            Ok(0) => break Ok(()),
            Ok(count) => {
                let _ = news.send(News::Alive);
                if let Err(err) = take(piece.get(..count).unwrap_or_default()) {
                    break Err(err);
                }
            }
            Err(err) if err.kind() == ErrorKind::Interrupted => {}
            Err(err) => {
                break Err(ProgramError::Copy { path: path.to_path_buf(), text: reason(&err) });
            }
        }
    };
    let _ = news.send(News::Closed(result));
}

#[cfg(all(test, unix))]
mod tests;
