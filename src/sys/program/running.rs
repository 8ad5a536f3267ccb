//! A program while it runs: its pipes emptied, and it ended if need be.

use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::process::Child;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{GRACE, LINGER, MAX_STDERR, Output, Program, ProgramError, Status};
use crate::sys::error::reason;
use crate::sys::tty::printable;

/// How often is looked whether a program has ended whose pipes are open.
const TICK: Duration = Duration::from_millis(50);
/// Bytes read at a time.
const PIECE: usize = 64 << 10;

/// Tells the thread that looks after a program that nobody waits for it any more.
pub(super) struct EndOnDrop(pub Sender<News>);

impl Drop for EndOnDrop {
    fn drop(&mut self) {
        let _ = self.0.send(News::Unwanted);
    }
}

/// What the thread that looks after a program hears.
pub(super) enum News {
    /// It wrote something.
    Alive,
    /// One of its pipes was closed, or could not be read on.
    Closed(Result<(), ProgramError>),
    /// Nobody waits for it any more.
    Unwanted,
}

/// Standard error, of which the middle may be missing.
#[derive(Default)]
pub(super) struct Ends {
    head: Vec<u8>,
    tail: Vec<u8>,
    cut: bool,
}

/// A program at work.
pub(super) struct Running {
    program: Program,
    child: Child,
    heard: Receiver<News>,
    stdout: Arc<Mutex<Vec<u8>>>,
    stderr: Arc<Mutex<Ends>>,
}

impl Running {
    pub fn start(
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
    pub fn finish(mut self) -> Result<Output, ProgramError> {
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
    pub fn push(&mut self, piece: &[u8]) {
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

    pub fn text(&self) -> String {
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
