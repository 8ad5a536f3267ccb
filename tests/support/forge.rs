//! A place where repositories are kept: pages with go-import tags and git over https, for host names that
//! an HTTP proxy on loopback leads to; and git over ssh.
//!
//! The proxy knows CONNECT and nothing else, and ends TLS itself, under a certificate of the test's own
//! authority. One request is answered on each connection.

use std::collections::HashMap;
use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tempfile::TempDir;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::cli::Project;
use super::tls::Authority;

/// Whether the programs of version control are there: else the test says that it is skipped, unless
/// `GOMODFETCH_REQUIRE_VCS=1` makes that a failure.
#[track_caller]
pub fn has(test: &str, programs: &[&str]) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut dirs: Vec<PathBuf> = env::split_paths(&path).collect();
    dirs.push("/usr/sbin".into());
    let missing: Vec<&&str> =
        programs.iter().filter(|name| !dirs.iter().any(|dir| dir.join(name).is_file())).collect();
    if missing.is_empty() {
        return true;
    }
    let required = env::var_os("GOMODFETCH_REQUIRE_VCS").is_some_and(|value| value == "1");
    assert!(!required, "{test}: GOMODFETCH_REQUIRE_VCS is set and there is no {missing:?}");
    let _ = writeln!(
        io::stderr().lock(),
        "SKIPPED {test}: no {missing:?} in PATH (GOMODFETCH_REQUIRE_VCS=1 demands them)"
    );
    false
}

/// A repository of the test.
pub struct Repository {
    dir: PathBuf,
}

impl Repository {
    /// Runs git in it, at a time that is always the same.
    #[track_caller]
    pub fn git(&self, args: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=Ann", "-c", "user.email=ann@example.com"])
            .args(["-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false"])
            .args(args)
            .current_dir(&self.dir)
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("HOME", &self.dir)
            .env("GIT_AUTHOR_DATE", "2024-05-01T10:00:00Z")
            .env("GIT_COMMITTER_DATE", "2024-05-01T10:00:00Z")
            .output()
            .expect("git runs");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {args:?}: {stderr}");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Commits these files, and tags the commit unless `tag` is empty; gives its hash.
    #[track_caller]
    pub fn commit(&self, files: &[(&str, &str)], tag: &str) -> String {
        for (name, text) in files {
            let path = self.dir.join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", "change"]);
        if !tag.is_empty() {
            self.git(&["tag", tag]);
        }
        self.git(&["rev-parse", "HEAD"])
    }

    /// Where it is.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

/// Who may do what at a forge.
#[derive(Default)]
struct Rules {
    /// `user:password` in base64, for pages and git, or for git alone.
    login: Option<(String, bool)>,
    /// Pages, by the path that is asked for: what stands in the tag.
    pages: HashMap<String, String>,
    asked: Vec<String>,
}

/// A forge, as long as it lives.
pub struct Forge {
    root: TempDir,
    authority: Authority,
    proxy: String,
    rules: Arc<Mutex<Rules>>,
}

impl Forge {
    /// A forge for these hosts.
    pub fn start(hosts: &[&str]) -> Forge {
        let root = tempfile::tempdir().expect("a temporary folder");
        let authority = Authority::new();
        let config = Arc::new(authority.server_config(hosts, false, &[b"http/1.1"], None));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let proxy = format!("http://{}", listener.local_addr().expect("its address"));
        let rules: Arc<Mutex<Rules>> = Arc::default();
        let forge = Forge { authority, proxy, rules: Arc::clone(&rules), root };
        let dir = forge.root.path().to_owned();
        // Ends with the process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (config, rules, dir) = (Arc::clone(&config), Arc::clone(&rules), dir.clone());
                thread::spawn(move || drop(serve(stream, config, &rules, &dir)));
            }
        });
        forge
    }

    /// A new repository: `https://HOST/NAME` is its address, whatever the host.
    pub fn repository(&self, name: &str) -> Repository {
        let dir = self.root.path().join(name);
        fs::create_dir_all(&dir).expect("a folder");
        let repository = Repository { dir };
        repository.git(&["init", "-q"]);
        repository.git(&["config", "uploadpack.allowAnySHA1InWant", "true"]);
        repository
    }

    /// Has the page of the path `HOST/PATH` say this: `PREFIX VCS ADDRESS`.
    pub fn page(&self, path: &str, tag: &str) {
        self.rules.lock().expect("no panic").pages.insert(path.to_owned(), tag.to_owned());
    }

    /// Wants this login for git, and for pages too if `pages`.
    pub fn login(&self, user: &str, password: &str, pages: bool) {
        let login = STANDARD.encode(format!("{user}:{password}"));
        self.rules.lock().expect("no panic").login = Some((login, pages));
    }

    /// What was asked for so far, each `METHOD HOST/PATH`.
    pub fn asked(&self) -> Vec<String> {
        self.rules.lock().expect("no panic").asked.clone()
    }

    /// Has a project reach the forge, and take modules from there.
    pub fn use_in(&self, project: &mut Project) {
        project.set("GOPROXY", "direct");
        project.set("PATH", env::var_os("PATH").unwrap_or_default());
        project.set("HTTPS_PROXY", &self.proxy);
        project.set("SSL_CERT_FILE", self.authority.file());
        project.set("GIT_SSL_CAINFO", self.authority.file());
        project.set("GIT_CONFIG_NOSYSTEM", "1");
    }
}

/// Answers one request.
fn serve(
    mut stream: TcpStream,
    config: Arc<ServerConfig>,
    rules: &Mutex<Rules>,
    root: &Path,
) -> io::Result<()> {
    let mut connect = Vec::new();
    while !connect.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        connect.push(byte[0]);
    }
    let connect = String::from_utf8_lossy(&connect).into_owned();
    let host = connect.split([' ', ':']).nth(1).unwrap_or_default().to_owned();
    stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut tls = BufReader::new(StreamOwned::new(connection, stream));
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if tls.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let first = lines.first().cloned().unwrap_or_default();
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let header = |name: &str| {
        let found = lines.iter().filter_map(|line| line.split_once(": "));
        let value = found.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        value.map(|(_, value)| value.to_owned()).unwrap_or_default()
    };
    let mut body = vec![0; header("content-length").parse().unwrap_or(0)];
    tls.read_exact(&mut body)?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let page = format!("{host}{path}");
    let (tag, refused) = {
        let mut rules = rules.lock().expect("no panic");
        rules.asked.push(format!("{method} {page}"));
        let is_page = query == "go-get=1";
        let wanted = rules.login.as_ref().filter(|(_, pages)| *pages || !is_page);
        let refused =
            wanted.is_some_and(|(login, _)| header("authorization") != format!("Basic {login}"));
        (rules.pages.get(&page).filter(|_| is_page).cloned(), refused)
    };
    let (head, content) = if refused {
        let head = "401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"forge\"";
        (head.to_owned(), Vec::new())
    } else if let Some(tag) = tag {
        let page = format!("<html><head><meta name=\"go-import\" content=\"{tag}\"></head></html>");
        ("200 OK\r\nContent-Type: text/html".to_owned(), page.into_bytes())
    } else if query == "go-get=1" {
        ("404 Not Found".to_owned(), b"no such page".to_vec())
    } else {
        backend(root, method, path, query, &body, &header)?
    };
    let out = tls.get_mut();
    let length = content.len();
    write!(out, "HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")?;
    out.write_all(&content)?;
    out.conn.send_close_notify();
    out.flush()
}

/// What `git http-backend` says: the status line with headers, and the content.
fn backend(
    root: &Path,
    method: &str,
    path: &str,
    query: &str,
    body: &[u8],
    header: &dyn Fn(&str) -> String,
) -> io::Result<(String, Vec<u8>)> {
    let mut child = Command::new("git")
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "safe.directory")
        .env("GIT_CONFIG_VALUE_0", "*")
        .env("REQUEST_METHOD", method)
        .env("PATH_INFO", path)
        .env("QUERY_STRING", query)
        .env("CONTENT_TYPE", header("content-type"))
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .env("GIT_PROTOCOL", header("git-protocol"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    child.stdin.take().expect("a pipe").write_all(body)?;
    let said = child.wait_with_output()?.stdout;
    let end = said.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(said.len());
    let head = String::from_utf8_lossy(&said[..end]).into_owned();
    let content = said.get(end + 4..).unwrap_or_default().to_vec();
    let status = head.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK");
    let others = head.lines().filter(|line| !line.starts_with("Status: "));
    let others: Vec<&str> = others.collect();
    Ok((format!("{status}\r\n{}", others.join("\r\n")), content))
}

/// A server for git over ssh, as long as it lives.
pub struct Ssh {
    child: Child,
    dir: TempDir,
    port: u16,
}

impl Ssh {
    /// A server that lets in whoever has the key of this test.
    pub fn start() -> Ssh {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for name in ["host", "user"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(dir.path().join(name))
                .status();
            assert!(made.expect("ssh-keygen runs").success());
        }
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port");
        let port = port.port();
        let path = |name: &str| dir.path().join(name).display().to_string();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\n\
             StrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             PermitRootLogin prohibit-password\n",
            path("host"),
            path("user.pub")
        );
        fs::write(dir.path().join("config"), config).expect("a file");
        let host_key = fs::read_to_string(dir.path().join("host.pub")).expect("a key");
        let known = format!("[127.0.0.1]:{port} {host_key}");
        fs::write(dir.path().join("known"), known).expect("a file");
        // Where it runs as root it wants this folder.
        let _ = fs::create_dir_all("/run/sshd");
        let child = Command::new("/usr/sbin/sshd")
            .args(["-D", "-e", "-f"])
            .arg(dir.path().join("config"))
            .stderr(Stdio::null())
            .spawn()
            .expect("sshd runs");
        let ssh = Ssh { child, dir, port };
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            thread::sleep(std::time::Duration::from_millis(20));
        }
        ssh
    }

    /// The address of a repository.
    pub fn url(&self, repository: &Repository) -> String {
        let user = Command::new("id").arg("-un").output().expect("id runs").stdout;
        let user = String::from_utf8_lossy(&user).trim().to_owned();
        format!("ssh://{user}@127.0.0.1:{}{}", self.port, repository.dir().display())
    }

    /// GIT_SSH_COMMAND with the key of this test.
    pub fn command(&self) -> String {
        let dir = self.dir.path().display();
        format!("ssh -F none -i {dir}/user -o UserKnownHostsFile={dir}/known -o BatchMode=yes")
    }
}

impl Drop for Ssh {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
