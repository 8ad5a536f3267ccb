//! The program under test, and the real `go`, run in a place of their own with a cleared environment.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::diff;
use super::go::Go;
use super::server::Server;
use super::tree;
use super::txtar::{self, Archive};

/// A program that runs longer than this is killed and its test fails: a net, not a measure.
const LIMIT: Duration = Duration::from_secs(120);
/// How long the rest of the output is awaited once the program has ended.
const DRAIN: Duration = Duration::from_secs(5);

/// A temporary place with a Go project and everything that a Go command writes.
///
/// ```text
/// project/     the files of the txtar, where commands run
/// home/        HOME
/// gopath/      GOPATH, with the checksum database's head in pkg/sumdb
/// gopath/pkg/mod   GOMODCACHE
/// tmp/         TMPDIR, so that what is left behind can be seen
/// ```
///
/// Unless set otherwise: GOPROXY=off, GOSUMDB=off, GOENV=off, GOTOOLCHAIN=local, nothing else.
pub struct Project {
    root: Option<TempDir>,
    env: BTreeMap<OsString, OsString>,
}

impl Project {
    /// A project with the files of a txtar.
    pub fn new(files: &str) -> Self {
        // Programs print paths without links, and macOS has its temporary folder behind one.
        let place = std::env::temp_dir();
        let place = if cfg!(unix) { place.canonicalize().unwrap_or(place) } else { place };
        let root = tempfile::Builder::new().prefix("gomodfetch-test-").tempdir_in(place);
        let mut project =
            Self { root: Some(root.expect("a temporary folder")), env: BTreeMap::new() };
        for dir in [project.dir(), project.home(), project.gopath(), project.tmp()] {
            fs::create_dir_all(&dir).unwrap_or_else(|err| panic!("{}: {err}", dir.display()));
        }
        Archive::parse(files).write_to(&project.dir());
        project.set("HOME", project.home());
        project.set("GOPATH", project.gopath());
        project.set("GOMODCACHE", project.modcache());
        project.set("TMPDIR", project.tmp());
        for (name, value) in [
            ("GOPROXY", "off"),
            ("GOSUMDB", "off"),
            ("GOENV", "off"),
            ("GOTOOLCHAIN", "local"),
            // Most faults of tests are there to stay; see [`Project::retries`].
            ("GOMODFETCH_RETRIES", "0"),
        ] {
            project.set(name, value);
        }
        if cfg!(windows) {
            let root = std::env::var_os("SystemRoot").expect("Windows has a SystemRoot");
            project.set("SystemRoot", root);
            project.set("TMP", project.tmp());
            project.set("LocalAppData", project.home());
        }
        project
    }

    /// The folder around everything.
    pub fn root(&self) -> &Path {
        self.root.as_ref().expect("a project that is not dropped").path()
    }

    /// The folder with the project's files.
    pub fn dir(&self) -> PathBuf {
        self.root().join("project")
    }

    /// HOME.
    pub fn home(&self) -> PathBuf {
        self.root().join("home")
    }

    /// GOPATH.
    pub fn gopath(&self) -> PathBuf {
        self.root().join("gopath")
    }

    /// GOMODCACHE.
    pub fn modcache(&self) -> PathBuf {
        self.gopath().join("pkg").join("mod")
    }

    /// TMPDIR.
    pub fn tmp(&self) -> PathBuf {
        self.root().join("tmp")
    }

    /// Sets a variable for all commands from now on.
    pub fn set(&mut self, name: &str, value: impl AsRef<OsStr>) -> &mut Self {
        self.env.insert(name.into(), value.as_ref().into());
        self
    }

    /// Unsets a variable for all commands from now on.
    pub fn unset(&mut self, name: &str) -> &mut Self {
        self.env.remove(OsStr::new(name));
        self
    }

    /// GOPROXY is the server, whose certificate is trusted; GOSUMDB is its database, if it has one,
    /// reached through the proxy.
    pub fn use_server(&mut self, server: &Server) -> &mut Self {
        self.set("GOPROXY", server.url());
        if let Some(file) = server.ca_file() {
            self.set("SSL_CERT_FILE", file);
        }
        if let Some(vkey) = server.vkey() {
            self.set("GOSUMDB", vkey);
        }
        self
    }

    /// Requests are tried again as often as by default, without waiting for long.
    pub fn retries(&mut self) -> &mut Self {
        self.unset("GOMODFETCH_RETRIES").set("GOMODFETCH_RETRY_WAIT", "1ms")
    }

    /// Another place with the same files, at this moment, and the same settings.
    pub fn duplicate(&self) -> Self {
        let mut copy = Self::new("");
        let (old, new) = (self.root().to_string_lossy().into_owned(), copy.root().to_owned());
        for name in ["project", "home", "gopath"] {
            tree::copy(&self.root().join(name), &new.join(name));
        }
        for (name, value) in &self.env {
            // The certificate of a server lies elsewhere.
            let value = value.to_string_lossy().replace(&old, &new.to_string_lossy());
            copy.env.insert(name.clone(), value.into());
        }
        copy
    }

    /// Reads a file of the project.
    #[track_caller]
    pub fn read(&self, name: &str) -> String {
        let path = self.dir().join(name);
        fs::read_to_string(&path).unwrap_or_else(|err| panic!("{}: {err}", path.display()))
    }

    /// Whether the project has such a file.
    pub fn has(&self, name: &str) -> bool {
        self.dir().join(name).exists()
    }

    /// Writes a file of the project.
    pub fn write(&self, name: &str, text: &str) {
        txtar::write_file(&self.dir(), name, text.as_bytes());
    }

    /// The program under test with these arguments.
    pub fn gomodfetch<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Invocation {
        self.program(Path::new(env!("CARGO_BIN_EXE_gomodfetch")), args)
    }

    /// The real `go` with these arguments, in the same environment.
    pub fn go<S: AsRef<OsStr>>(&self, go: &Go, args: impl IntoIterator<Item = S>) -> Invocation {
        // Else go leaves a process behind that writes its telemetry while the project is removed.
        for config in [".config", "Library/Application Support"] {
            let mode = format!("{config}/go/telemetry/mode");
            txtar::write_file(&self.home(), &mode, b"off");
        }
        self.program(go.program(), args).env("GOCACHE", self.root().join("gocache"))
    }

    /// Any program with these arguments, in the same environment.
    pub fn program<S: AsRef<OsStr>>(
        &self,
        program: &Path,
        args: impl IntoIterator<Item = S>,
    ) -> Invocation {
        Invocation {
            program: program.as_os_str().to_owned(),
            args: args.into_iter().map(|arg| arg.as_ref().to_owned()).collect(),
            env: self.env.clone(),
            dir: self.dir(),
            root: self.root().to_owned(),
            stdin: None,
            limit: LIMIT,
        }
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        if let Some(root) = self.root.take() {
            // The trees of a module cache are read-only.
            tree::make_writable(root.path());
            if let Err(err) = root.close()
                && !thread::panicking()
            {
                panic!("removing a project: {err}");
            }
        }
    }
}

/// A command to be run.
#[derive(Debug, Clone)]
pub struct Invocation {
    program: OsString,
    args: Vec<OsString>,
    env: BTreeMap<OsString, OsString>,
    dir: PathBuf,
    root: PathBuf,
    stdin: Option<Vec<u8>>,
    limit: Duration,
}

impl Invocation {
    /// Sets a variable for this command.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.env.insert(name.into(), value.as_ref().into());
        self
    }

    /// Unsets a variable for this command.
    pub fn without_env(mut self, name: &str) -> Self {
        self.env.remove(OsStr::new(name));
        self
    }

    /// Runs in a folder below the project's.
    pub fn within(mut self, dir: &str) -> Self {
        self.dir.push(dir);
        self
    }

    /// Runs in any folder.
    pub fn current_dir(mut self, dir: &Path) -> Self {
        self.dir = dir.to_owned();
        self
    }

    /// Writes this to the standard input, which is empty otherwise.
    pub fn stdin(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(text.into());
        self
    }

    /// Kills the program after another time.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Runs the command by another, which gets program and arguments behind its own: `setpriv`, `prlimit`.
    pub fn through<S: AsRef<OsStr>>(mut self, wrapper: impl IntoIterator<Item = S>) -> Self {
        let mut words: Vec<OsString> =
            wrapper.into_iter().map(|word| word.as_ref().to_owned()).collect();
        words.push(self.program);
        words.append(&mut self.args);
        self.program = words.remove(0);
        self.args = words;
        self
    }

    /// Runs the command under a umask, given in octal (Unix only).
    pub fn umask(self, umask: &str) -> Self {
        let script = format!("umask {umask}; exec \"$@\"");
        self.through(["/bin/sh", "-c", script.as_str(), "sh"])
    }

    /// The command as the standard library has it, with nothing said of its streams.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.args).env_clear().envs(&self.env).current_dir(&self.dir);
        command
    }

    /// What it left behind when it ended, its streams being collected.
    pub fn output(
        &self,
        status: ExitStatus,
        stdout: &Receiver<Vec<u8>>,
        stderr: &Receiver<Vec<u8>>,
    ) -> Output {
        // Something that the program started may hold the pipes open longer than it lives.
        let text = |pipe: &Receiver<Vec<u8>>| {
            let data = pipe.recv_timeout(DRAIN).unwrap_or_default();
            String::from_utf8_lossy(&data).into_owned()
        };
        Output {
            status,
            stdout: text(stdout),
            stderr: text(stderr),
            command: self.to_string(),
            root: self.root.clone(),
        }
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn run(self) -> Output {
        self.spawn().wait()
    }

    /// Starts it.
    #[track_caller]
    pub fn spawn(self) -> Running {
        let mut command = self.command();
        command
            .stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command.spawn();
        let mut child = child.unwrap_or_else(|err| panic!("starting {self}: {err}"));
        if let (Some(mut pipe), Some(text)) = (child.stdin.take(), self.stdin.clone()) {
            // A program that does not read to the end closes the pipe.
            thread::spawn(move || pipe.write_all(&text));
        }
        Running {
            stdout: collect(child.stdout.take()),
            stderr: collect(child.stderr.take()),
            started: Instant::now(),
            child,
            invocation: self,
        }
    }
}

impl fmt::Display for Invocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = Path::new(&self.program);
        write!(f, "{}", program.file_name().unwrap_or_default().to_string_lossy())?;
        self.args.iter().try_for_each(|arg| write!(f, " {}", arg.to_string_lossy()))
    }
}

/// Reads a pipe to its end in a thread, so that none fills up.
pub(super) fn collect(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut data = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before an error is worth showing.
            let _ = pipe.read_to_end(&mut data);
        }
        // Nobody waits for the output of a program whose test has failed.
        let _ = sender.send(data);
    });
    receiver
}

/// A command that was started; dropping it kills it.
pub struct Running {
    child: Child,
    stdout: Receiver<Vec<u8>>,
    stderr: Receiver<Vec<u8>>,
    started: Instant,
    invocation: Invocation,
}

impl Running {
    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has not ended.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child process").is_none()
    }

    /// Whether it is still running after a while, as a program is that waits for a lock.
    pub fn still_runs_after(&mut self, pause: Duration) -> bool {
        self.ended_within(pause).is_none()
    }

    /// Kills it at once, without a chance to clean up.
    pub fn kill(mut self) -> Output {
        // It may have ended by itself just now.
        let _ = self.child.kill();
        self.wait()
    }

    /// Waits for its end; panics when that takes too long.
    #[track_caller]
    pub fn wait(mut self) -> Output {
        let limit = self.invocation.limit;
        let status = self.ended_within(limit.saturating_sub(self.started.elapsed()));
        let timed_out = status.is_none();
        let status = status.unwrap_or_else(|| {
            let _ = self.child.kill();
            self.child.wait().expect("a child process")
        });
        let output = self.invocation.output(status, &self.stdout, &self.stderr);
        assert!(!timed_out, "killed after {} s\n{output}", limit.as_secs());
        output
    }

    fn ended_within(&mut self, time: Duration) -> Option<ExitStatus> {
        let end = Instant::now() + time;
        let mut pause = Duration::from_millis(1);
        loop {
            if let Some(status) = self.child.try_wait().expect("a child process") {
                return Some(status);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            thread::sleep(pause.min(left));
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail for a process that has ended and was waited for.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a command left behind. The checks return the output itself, so that they can be chained.
#[derive(Debug, Clone)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
    command: String,
    root: PathBuf,
}

impl Output {
    /// The exit code; nothing after a signal.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// It ended with 0.
    #[track_caller]
    pub fn success(&self) -> &Self {
        assert!(self.status.success(), "{self}");
        self
    }

    /// It ended with this code.
    #[track_caller]
    pub fn fails_with(&self, code: i32) -> &Self {
        assert_eq!(self.code(), Some(code), "{self}");
        self
    }

    /// Standard output is this text, with `$ROOT` for the project's folder.
    #[track_caller]
    pub fn stdout_is(&self, expected: &str) -> &Self {
        diff::assert_same("standard output", expected, &self.relative(&self.stdout));
        self
    }

    /// Standard error is this text, with `$ROOT` for the project's folder.
    #[track_caller]
    pub fn stderr_is(&self, expected: &str) -> &Self {
        diff::assert_same("standard error", expected, &self.relative(&self.stderr));
        self
    }

    /// Standard output holds this text.
    #[track_caller]
    pub fn stdout_has(&self, text: &str) -> &Self {
        let stdout = self.relative(&self.stdout);
        assert!(stdout.contains(text), "not in standard output: {text}\n{self}");
        self
    }

    /// Standard error holds this text.
    #[track_caller]
    pub fn stderr_has(&self, text: &str) -> &Self {
        let stderr = self.relative(&self.stderr);
        assert!(stderr.contains(text), "not in standard error: {text}\n{self}");
        self
    }

    /// Neither stream holds this text.
    #[track_caller]
    pub fn lacks(&self, text: &str) -> &Self {
        let found = self.stdout.contains(text) || self.stderr.contains(text);
        assert!(!found, "found in the output: {text}\n{self}");
        self
    }

    /// Both streams are empty.
    #[track_caller]
    pub fn silent(&self) -> &Self {
        assert!(self.stdout.is_empty() && self.stderr.is_empty(), "{self}");
        self
    }

    /// Standard output as JSON values that follow each other, as the `go` command writes them.
    #[track_caller]
    pub fn json(&self) -> Vec<Value> {
        let values = serde_json::Deserializer::from_str(&self.stdout).into_iter();
        values.map(|value| value.unwrap_or_else(|err| panic!("{err}\n{self}"))).collect()
    }

    /// A text of this command with `$ROOT` in place of the project's folder, so that it can be compared
    /// with that of a command in another project.
    pub fn relative(&self, text: &str) -> String {
        text.replace(&*self.root.to_string_lossy(), "$ROOT")
    }
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "$ {}", self.relative(&self.command))?;
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                let mut shown = self.relative(text);
                if !shown.ends_with('\n') {
                    shown.push('\n');
                }
                write!(f, "-- {name} --\n{shown}")?;
            }
        }
        write!(f, "[{}]", self.status)
    }
}
