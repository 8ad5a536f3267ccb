//! Servers that are started for one test, in a folder of their own, and ended with it.

use std::env;
use std::fs;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// Where servers are that are not in every PATH.
const PLACES: [&str; 2] = ["/usr/sbin", "/usr/local/sbin"];
/// Another port is tried so often, since somebody may have taken the one that was free.
const TRIES: usize = 5;

/// The program of this name; nothing, after saying which test is skipped, where there is none.
pub fn find(test: &str, name: &str, variable: Option<&str>) -> Option<PathBuf> {
    let named = variable.and_then(env::var_os).filter(|value| !value.is_empty());
    if let Some(program) = named {
        return Some(PathBuf::from(program));
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let places = env::split_paths(&path).chain(PLACES.map(PathBuf::from));
    let mut candidates = places.map(|dir| dir.join(name));
    if let Some(program) = candidates.find(|candidate| candidate.is_file()) {
        return Some(program);
    }
    let required = env::var_os("GOMODFETCH_REQUIRE_INTEROP").is_some_and(|value| value == "1");
    assert!(!required, "{test}: GOMODFETCH_REQUIRE_INTEROP is set and there is no {name}");
    let hint = variable.map(|variable| format!(" ({variable} names one)")).unwrap_or_default();
    // Past the capture of the test harness, which shows nothing of a test that passes.
    let _ = writeln!(
        std::io::stderr().lock(),
        "SKIPPED {test}: no {name}{hint}; GOMODFETCH_REQUIRE_INTEROP=1 demands it"
    );
    None
}

/// A server of others; dropping it ends it.
pub struct Daemon {
    child: Child,
    address: SocketAddr,
    dir: TempDir,
}

impl Daemon {
    /// Starts a server on a free port of 127.0.0.1, and waits until it accepts connections.
    ///
    /// `command` is told the folder, which anybody may write to, and the port, and writes what the server
    /// needs to know.
    pub fn start(name: &str, command: impl Fn(&Path, u16) -> Command) -> Self {
        let mut log = String::new();
        for _ in 0..TRIES {
            let dir = tempfile::Builder::new().prefix("gomodfetch-test-").tempdir();
            let dir = dir.expect("a temporary folder");
            // squid gives up being root.
            let all = fs::Permissions::from_mode(0o777);
            fs::set_permissions(dir.path(), all).expect("a change of mode");
            let address = free_address();
            let output = fs::File::create(dir.path().join("output")).expect("a log file");
            let mut child = command(dir.path(), address.port())
                .stdin(Stdio::null())
                .stdout(output.try_clone().expect("a log file"))
                .stderr(output)
                .spawn()
                .unwrap_or_else(|err| panic!("starting {name}: {err}"));
            for _ in 0..1000 {
                if TcpStream::connect(address).is_ok() {
                    return Self { child, address, dir };
                }
                if child.try_wait().expect("a child process").is_some() {
                    break;
                }
                thread::sleep(Duration::from_millis(20));
            }
            let _ = child.kill();
            let _ = child.wait();
            log = fs::read_to_string(dir.path().join("output")).unwrap_or_default();
        }
        panic!("{name} does not start:\n{log}");
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its folder.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// What it has written to a file of its folder.
    pub fn read(&self, name: &str) -> String {
        let data = fs::read(self.dir().join(name)).unwrap_or_default();
        String::from_utf8_lossy(&data).into_owned()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Both fail for a server that has ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port on 127.0.0.1");
    listener.local_addr().expect("the address of the socket")
}
