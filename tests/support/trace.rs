//! A program stopped at a chosen step: at one of its system calls that change something on disk.
//!
//! Between two such calls the disk does not change, so whoever kills a program before each of them, and
//! in the middle of each write, has tried every moment at which it can be killed. The same way each of
//! them can be made to fail, as on a full or broken disk.
//!
//! The program runs under `ptrace(2)`, all its threads included. A step is counted when the call begins;
//! in which order threads come to their steps differs from run to run.

use std::collections::HashMap;
use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::libc::{self, c_long, user_regs_struct};
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::cli::{Invocation, Output, collect};

/// A program that runs longer than this is killed and its test fails.
const LIMIT: Duration = Duration::from_secs(120);
/// Longest path that is looked at.
const MAX_PATH: usize = 4096;

/// What the system writes at once: a kill never comes within.
const PAGE: u64 = 4096;
/// Programs that only prepare for the one that is meant.
const PREPARING: [&str; 5] = ["sh", "dash", "bash", "busybox", "setpriv"];

/// What becomes of the program at the chosen step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// It is killed before the call does anything.
    Kill,
    /// If the call is a write that goes beyond a page of the file, it ends there, as a kill makes it end,
    /// and then the program is killed; any other call is done before.
    KillWithin,
    /// The call fails with this error, nothing being done.
    Fail(Errno),
    /// This call fails so, and so do all calls after it that take room on the disk.
    FailFromHere(Errno),
}

/// A call that changes something on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub call: &'static str,
    /// The file, as far as it could be found out.
    pub path: String,
}

/// Which step is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At<'a> {
    /// The nth of all, counted from 0.
    Step(usize),
    /// The nth of those on a file whose path has this in it.
    File(&'a str, usize),
}

/// What came of a run.
#[derive(Debug)]
pub struct Traced {
    /// The steps that began.
    pub steps: Vec<Step>,
    /// Whether the chosen step was reached.
    pub met: bool,
    /// How it ended, and what it said.
    pub output: Output,
}

impl Traced {
    /// The step at which it was stopped, for messages.
    pub fn last(&self) -> String {
        let last = self.steps.last();
        last.map_or("the beginning".to_owned(), |step| format!("{} {}", step.call, step.path))
    }
}

/// Whether programs can be traced here: some containers forbid it.
pub fn works() -> bool {
    let Ok(mut child) =
        std::process::Command::new("sh").args(["-c", "read x"]).stdin(Stdio::piped()).spawn()
    else {
        return false;
    };
    let seized = ptrace::seize(pid_of(child.id()), Options::PTRACE_O_EXITKILL).is_ok();
    let _ = child.kill();
    let _ = child.wait();
    seized
}

/// Runs the command, doing something to it at one of its steps.
///
/// The thread must have no other child while this runs.
#[allow(clippy::zombie_processes, reason = "the tracer waits for it")]
pub fn run(invocation: Invocation, at: Option<(At<'_>, Deed)>) -> Traced {
    // It begins when it is traced, and not earlier.
    let gate = ["sh", "-c", "read x; exec \"$@\"", "sh"];
    let invocation = invocation.through(gate);
    let mut command = invocation.command();
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("a traced program");
    let [stdout, stderr] = [collect(child.stdout.take()), collect(child.stderr.take())];
    let leader = pid_of(child.id());
    let options = Options::PTRACE_O_TRACESYSGOOD
        | Options::PTRACE_O_TRACECLONE
        | Options::PTRACE_O_TRACEFORK
        | Options::PTRACE_O_TRACEVFORK
        | Options::PTRACE_O_TRACEEXEC
        | Options::PTRACE_O_EXITKILL;
    ptrace::seize(leader, options).expect("a program that may be traced");
    ptrace::interrupt(leader).expect("a traced program");
    let _ = child.stdin.take().expect("a pipe").write_all(b"\n");
    let mut tracer = Tracer {
        leader,
        at,
        counted: 0,
        begun: false,
        met: false,
        steps: Vec::new(),
        inside: HashMap::new(),
    };
    // A program that waits for ever is killed: a net, not a measure.
    let (ended, net) = mpsc::channel::<()>();
    let net = thread::spawn(move || {
        let timed_out = net.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout);
        if timed_out {
            let _ = kill(leader, Signal::SIGKILL);
        }
        timed_out
    });
    let status = tracer.follow();
    drop(ended);
    let timed_out = net.join().expect("a thread");
    let output = invocation.output(status, &stdout, &stderr);
    assert!(!timed_out, "killed after {} s\n{output}", LIMIT.as_secs());
    Traced { steps: tracer.steps, met: tracer.met, output }
}

fn pid_of(id: u32) -> Pid {
    Pid::from_raw(i32::try_from(id).expect("a process id"))
}

/// What is to be done when a call returns.
#[derive(Debug, Clone, Copy)]
enum AtReturn {
    Nothing,
    Kill,
    Fail(Errno),
}

struct Tracer<'a> {
    leader: Pid,
    at: Option<(At<'a>, Deed)>,
    /// How many of the steps that may be meant have begun.
    counted: usize,
    /// Whether the program itself runs, and not what prepares for it.
    begun: bool,
    met: bool,
    steps: Vec<Step>,
    /// The threads that are within a call.
    inside: HashMap<Pid, AtReturn>,
}

impl Tracer<'_> {
    /// Follows all threads until the program has ended.
    fn follow(&mut self) -> ExitStatus {
        loop {
            let flags = WaitPidFlag::__WALL | WaitPidFlag::__WNOTHREAD;
            match waitpid(None, Some(flags)) {
                Ok(WaitStatus::Exited(pid, code)) if pid == self.leader => {
                    return ExitStatus::from_raw(code << 8);
                }
                Ok(WaitStatus::Signaled(pid, signal, _)) if pid == self.leader => {
                    return ExitStatus::from_raw(signal as i32);
                }
                Ok(WaitStatus::PtraceSyscall(pid)) => {
                    self.at_call(pid);
                    resume(pid, None);
                }
                Ok(WaitStatus::PtraceEvent(pid, _, event)) => {
                    if event == libc::PTRACE_EVENT_EXEC {
                        let exe = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
                        let name = exe.file_name().unwrap_or_default().to_string_lossy();
                        self.begun = !PREPARING.contains(&&*name);
                    }
                    resume(pid, None);
                }
                Ok(WaitStatus::Stopped(pid, signal)) => resume(pid, Some(signal)),
                Ok(_) | Err(Errno::EINTR) => {}
                Err(err) => panic!("waiting for a traced program: {err}"),
            }
        }
    }

    fn at_call(&mut self, pid: Pid) {
        // What is gone since it stopped needs nothing more.
        let Ok(mut regs) = ptrace::getregs(pid) else { return };
        if let Some(then) = self.inside.remove(&pid) {
            match then {
                AtReturn::Nothing => {}
                AtReturn::Kill => self.kill(),
                AtReturn::Fail(errno) => {
                    regs.rax = (-i64::from(errno as i32)) as u64;
                    let _ = ptrace::setregs(pid, regs);
                }
            }
            return;
        }
        let then = if self.begun { self.at_entry(pid, &mut regs) } else { AtReturn::Nothing };
        self.inside.insert(pid, then);
    }

    /// What is done to a call that begins.
    fn at_entry(&mut self, pid: Pid, regs: &mut user_regs_struct) -> AtReturn {
        let Some((step, cut)) = change(pid, regs) else { return AtReturn::Nothing };
        let takes_room =
            ["open", "write", "writev", "mkdir", "link", "symlink"].contains(&step.call);
        let (counts, nth) = match self.at {
            Some((At::Step(nth), _)) => (true, nth),
            Some((At::File(name, nth), _)) => (step.path.contains(name), nth),
            None => (false, 0),
        };
        self.steps.push(step);
        let is_meant = counts && self.counted == nth;
        self.counted += usize::from(counts);
        let deed = match self.at {
            Some((_, deed)) if is_meant => deed,
            Some((_, deed @ Deed::FailFromHere(_))) if self.met && takes_room => deed,
            _ => return AtReturn::Nothing,
        };
        self.met = true;
        match deed {
            Deed::Kill => {
                self.kill();
                AtReturn::Nothing
            }
            Deed::KillWithin => {
                if let Some(len) = cut {
                    regs.rdx = len;
                    let _ = ptrace::setregs(pid, *regs);
                }
                AtReturn::Kill
            }
            Deed::Fail(errno) | Deed::FailFromHere(errno) => {
                // There is no such call, so that nothing is done.
                regs.orig_rax = u64::MAX;
                let _ = ptrace::setregs(pid, *regs);
                AtReturn::Fail(errno)
            }
        }
    }

    fn kill(&self) {
        let _ = kill(self.leader, Signal::SIGKILL);
    }
}

fn resume(pid: Pid, signal: Option<Signal>) {
    // It may be gone already.
    let _ = ptrace::syscall(pid, signal);
}

/// The step that a call is, if it changes something on disk; and how many bytes of it are written if it
/// is a write that is cut off.
fn change(pid: Pid, regs: &user_regs_struct) -> Option<(Step, Option<u64>)> {
    let number = regs.orig_rax as c_long;
    let named = |call, at| Some((Step { call, path: path_at(pid, at) }, None));
    match number {
        libc::SYS_open | libc::SYS_openat => {
            let (path, flags) = match number {
                libc::SYS_open => (regs.rdi, regs.rsi),
                _ => (regs.rsi, regs.rdx),
            };
            let flags = flags as i32;
            if flags & (libc::O_CREAT | libc::O_TRUNC) == 0 {
                return None;
            }
            let path = path_at(pid, path);
            let changes = flags & libc::O_TRUNC != 0 || fs::symlink_metadata(&path).is_err();
            (changes && !path.starts_with("/dev/")).then_some((Step { call: "open", path }, None))
        }
        libc::SYS_write => {
            let (step, _) = written(pid, regs.rdi, "write")?;
            Some((step, cut(position(pid, regs.rdi), regs.rdx)))
        }
        libc::SYS_pwrite64 => {
            let (step, _) = written(pid, regs.rdi, "write")?;
            Some((step, cut(Some(regs.r10), regs.rdx)))
        }
        libc::SYS_writev | libc::SYS_pwritev => written(pid, regs.rdi, "writev"),
        libc::SYS_copy_file_range => written(pid, regs.rdx, "copy_file_range"),
        libc::SYS_sendfile => written(pid, regs.rdi, "sendfile"),
        libc::SYS_ftruncate => written(pid, regs.rdi, "ftruncate"),
        libc::SYS_fallocate => written(pid, regs.rdi, "fallocate"),
        libc::SYS_fchmod => written(pid, regs.rdi, "fchmod"),
        libc::SYS_mkdir => named("mkdir", regs.rdi).filter(is_new),
        libc::SYS_mkdirat => named("mkdir", regs.rsi).filter(is_new),
        libc::SYS_rename => named("rename", regs.rdi),
        libc::SYS_renameat | libc::SYS_renameat2 => named("rename", regs.rsi),
        libc::SYS_unlink => named("unlink", regs.rdi),
        libc::SYS_unlinkat => named("unlink", regs.rsi),
        libc::SYS_rmdir => named("rmdir", regs.rdi),
        libc::SYS_chmod => named("chmod", regs.rdi),
        libc::SYS_fchmodat => named("chmod", regs.rsi),
        libc::SYS_truncate => named("truncate", regs.rdi),
        libc::SYS_link => named("link", regs.rsi),
        libc::SYS_linkat => named("link", regs.r10),
        libc::SYS_symlink => named("symlink", regs.rsi),
        libc::SYS_symlinkat => named("symlink", regs.rdx),
        _ => None,
    }
}

/// The bytes of a write up to the end of the file's page, if it goes beyond.
fn cut(position: Option<u64>, len: u64) -> Option<u64> {
    let room = PAGE - position? % PAGE;
    (room < len).then_some(room)
}

/// Where the next byte is written.
fn position(pid: Pid, fd: u64) -> Option<u64> {
    let info = fs::read_to_string(format!("/proc/{pid}/fdinfo/{fd}")).ok()?;
    info.lines().find_map(|line| line.strip_prefix("pos:")?.trim().parse().ok())
}

fn is_new((step, _): &(Step, Option<u64>)) -> bool {
    fs::symlink_metadata(&step.path).is_err()
}

/// A change of an open file, unless it is a pipe, a socket or a device.
fn written(pid: Pid, fd: u64, call: &'static str) -> Option<(Step, Option<u64>)> {
    let path = fs::read_link(format!("/proc/{pid}/fd/{fd}")).ok()?;
    let path = path.to_string_lossy().into_owned();
    let is_file = path.starts_with('/') && !path.starts_with("/dev/null");
    is_file.then_some((Step { call, path }, None))
}

/// The text that ends with a zero byte at an address of the program.
fn path_at(pid: Pid, address: u64) -> String {
    let mut bytes = Vec::new();
    let read = fs::File::open(format!("/proc/{pid}/mem")).and_then(|mut memory| {
        memory.seek(SeekFrom::Start(address))?;
        let mut piece = [0; 256];
        while bytes.len() < MAX_PATH {
            let read = memory.read(&mut piece)?;
            let end = piece[..read].iter().position(|byte| *byte == 0);
            bytes.extend(&piece[..end.unwrap_or(read)]);
            if end.is_some() || read == 0 {
                break;
            }
        }
        Ok(())
    });
    // The end of a page that is the last one.
    let _ = read;
    String::from_utf8_lossy(&bytes).into_owned()
}
