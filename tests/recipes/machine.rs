//! A machine of its own for commands: its own folders, its own users, with the programs of this system.
//!
//! It is a mount namespace and a new root: system folders are those of this machine, read-only; everything else
//! is made for it, and absolute paths are what they are in a container. The network is ours, or none at all.
//! Ordinary users are really without rights, though the tests may run as root.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::support::user::{give_to, set_mode, skipped};
use super::support::{tree, txtar};
use super::world::World;

/// Where every machine has the program under test; what is installed is a link to it.
const PROGRAM: &str = "/opt/gomodfetch";
/// Seconds after which commands are ended: a net, not a measure.
const LIMIT: &str = "300";
/// The folders of the system that hold programs and libraries.
const SYSTEM: [&str; 7] = ["usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32"];
/// What programs need of /etc.
const ETC: [&str; 6] =
    ["alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "login.defs", "nsswitch.conf"];
const PASSWD: &str = "\
root:x:0:0:root:/root:/bin/sh
runner:x:1001:1001::/home/runner:/bin/sh
";
const GROUP: &str = "root:x:0:\nrunner:x:1001:\n";
/// Stands in for the real one, which would take minutes and a network: puts the program under test in its place.
const CARGO: &str = r#"#!/bin/sh
root=${CARGO_HOME:-$HOME/.cargo} seen=
for word; do
  case $previous in --root) root=$word ;; esac
  case $word in
    install|--locked|--git|--tag|gomodfetch|https://git.example.com/gomodfetch.git) seen="$seen $word" ;;
  esac
  previous=$word
done
for word in install --locked --git https://git.example.com/gomodfetch.git --tag gomodfetch; do
  case "$seen " in *" $word "*) ;; *) echo "cargo: no $word" >&2; exit 101 ;; esac
done
mkdir -p "$root/bin" && ln -sf /opt/gomodfetch "$root/bin/gomodfetch"
echo "Installed $root/bin/gomodfetch" >&2
"#;
/// Stands in for go where there is none: makes what `-o DIR/` would.
const NO_GO: &str = r#"#!/bin/sh
for word; do
  case $previous in -o) : >"${word}hello" ;; esac
  previous=$word
done
"#;
/// Fails for somebody to whom everything is allowed.
const RIGHTS: &str = "mkdir /tmp/own && chmod 555 /tmp/own && ! touch /tmp/own/file 2>/dev/null";
/// Mounts `SOURCE TARGET MODE` thrice and more, up to `--`, then runs the rest in the new root.
const ENTER: &str = r#"
root=$1; shift
while [ "$1" != -- ]; do
  mount --bind "$1" "$root$2" || exit 99
  if [ "$3" = ro ]; then mount -o remount,bind,ro "$root$2" || exit 99; fi
  shift 3
done
shift
mount --rbind /dev "$root/dev" && mount --rbind /proc "$root/proc" || exit 99
exec chroot "$root" "$@"
"#;

/// Who runs commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The name, known to the machine.
    pub name: String,
    /// The number.
    pub uid: u32,
}

impl Account {
    pub fn root() -> Self {
        Self { name: "root".to_owned(), uid: 0 }
    }

    /// Somebody without rights.
    pub fn runner() -> Self {
        Self { name: "runner".to_owned(), uid: 1001 }
    }

    /// The home directory.
    pub fn home(&self) -> String {
        if self.uid == 0 { "/root".to_owned() } else { format!("/home/{}", self.name) }
    }
}

/// A folder of this system that a machine has, too.
#[derive(Debug, Clone)]
struct Mount {
    source: PathBuf,
    at: String,
    read_only: bool,
}

/// The machine.
pub struct Machine {
    place: TempDir,
    mounts: Vec<Mount>,
    env: BTreeMap<String, String>,
    isolated: bool,
}

/// What commands left behind.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    script: String,
}

impl Machine {
    /// Whether this system lets us make machines; if not, it says which test is skipped.
    pub fn possible(test: &str, world: &World) -> bool {
        let machine = Self::new(world);
        let ran = machine.run(&Account::runner(), "/", &BTreeMap::new(), RIGHTS);
        if ran.code != Some(0) {
            let required =
                std::env::var_os("GOMODFETCH_REQUIRE_MACHINES").is_some_and(|value| value == "1");
            assert!(!required, "{test}: GOMODFETCH_REQUIRE_MACHINES is set\n{}", ran.told());
            skipped(test, &format!("no mount namespaces here: {}", ran.stderr.trim()));
        }
        ran.code == Some(0)
    }

    /// An empty machine.
    pub fn new(world: &World) -> Self {
        let place = tempfile::Builder::new().prefix("gomodfetch-test-").tempdir();
        let mut machine = Self {
            place: place.expect("a temporary folder"),
            mounts: Vec::new(),
            env: world.env(),
            isolated: false,
        };
        set_mode(machine.place.path(), 0o755);
        machine.furnish();
        machine.finish(world);
        machine
    }

    /// A machine whose own files are those of another, as they were saved by [`Machine::save`].
    pub fn restored(world: &World, saved: &Path) -> Self {
        let place = tempfile::Builder::new().prefix("gomodfetch-test-").tempdir();
        let place = place.expect("a temporary folder");
        copy_all(saved, place.path());
        let mut machine = Self { place, mounts: Vec::new(), env: world.env(), isolated: false };
        machine.finish(world);
        machine
    }

    /// Saves the machine's own files in an empty folder.
    pub fn save(&self, to: &Path) {
        copy_all(self.place.path(), to);
    }

    /// Takes the network away, the loopback as well.
    pub fn isolate(&mut self) {
        self.isolated = true;
    }

    /// Sets a variable for all commands.
    pub fn set(&mut self, name: &str, value: &str) {
        self.env.insert(name.to_owned(), value.to_owned());
    }

    /// Where a path of the machine's own is on this system.
    pub fn host(&self, path: &str) -> PathBuf {
        host(self.place.path(), path)
    }

    /// Puts cargo there.
    pub fn install_cargo(&self, dir: &str) {
        self.write_program(&format!("{dir}/cargo"), CARGO);
    }

    /// Puts the program under test there.
    pub fn install_gomodfetch(&self, dir: &str) {
        fs::create_dir_all(self.host(dir)).expect("a folder for programs");
        symlink(PROGRAM, self.host(&format!("{dir}/gomodfetch"))).expect("a link");
    }

    /// Puts go into /usr/local/go; something that does nothing if there is none.
    pub fn install_go(&mut self, world: &World) {
        match world.goroot() {
            Some(goroot) => self.mount(goroot, "/usr/local/go", true),
            None => self.write_program("/usr/local/go/bin/go", NO_GO),
        }
    }

    /// Makes a folder of this system appear in the machine.
    pub fn mount(&mut self, source: &Path, at: &str, read_only: bool) {
        let target = self.host(at);
        if source.is_dir() {
            fs::create_dir_all(target).expect("a place for a mount");
        } else if !target.exists() {
            fs::write(target, "").expect("a place for a mount");
        }
        self.mounts.push(Mount { source: source.to_owned(), at: at.to_owned(), read_only });
    }

    /// Writes a file, which is then the account's, and so are folders made for it.
    pub fn write(&self, account: &Account, path: &str, text: &str) {
        self.make_dir(account, path.rsplit_once('/').expect("an absolute path").0);
        fs::write(self.host(path), text).expect("a file");
        self.own(account, path);
    }

    /// Makes a folder, which is then the account's, and so are folders made for it.
    pub fn make_dir(&self, account: &Account, path: &str) {
        let host = self.host(path);
        if !host.exists() {
            if let Some((parent, _)) =
                path.rsplit_once('/').filter(|(parent, _)| !parent.is_empty())
            {
                self.make_dir(account, parent);
            }
            fs::create_dir(&host).unwrap_or_else(|err| panic!("{}: {err}", host.display()));
            self.own(account, path);
        }
    }

    /// Gives everything there to the account.
    pub fn own(&self, account: &Account, path: &str) {
        if is_root() {
            give_to(&self.host(path), account.uid);
        }
    }

    /// Writes files of a txtar there, which are then the account's.
    pub fn unpack(&self, account: &Account, files: &str, dir: &str) {
        self.make_dir(account, dir);
        txtar::Archive::parse(files).write_to(&self.host(dir));
        self.own(account, dir);
    }

    /// Runs commands, and gives up at the first that fails.
    pub fn run(
        &self,
        account: &Account,
        dir: &str,
        env: &BTreeMap<String, String>,
        script: &str,
    ) -> Ran {
        self.run_in(account, dir, env, &["/bin/bash", "-e", "-o", "pipefail", "-c"], script)
    }

    /// Runs commands by a shell of one's choice.
    pub fn run_in(
        &self,
        account: &Account,
        dir: &str,
        env: &BTreeMap<String, String>,
        shell: &[&str],
        script: &str,
    ) -> Ran {
        let mut command = Command::new("timeout");
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command.args(["-k", "5", LIMIT, "unshare"]);
        if !is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        command.arg("--mount").args(self.isolated.then_some("--net"));
        command.args(["/bin/sh", "-c", ENTER, "sh"]).arg(self.place.path().join("root"));
        for mount in self.system().iter().chain(&self.mounts) {
            let mode = if mount.read_only && is_root() { "ro" } else { "rw" };
            command.arg(&mount.source).arg(&mount.at).arg(mode);
        }
        command.args(["--", "/usr/bin/env", "-i", &format!("--chdir={dir}")]);
        let mut variables = self.env.clone();
        variables.insert("HOME".to_owned(), account.home());
        variables.extend(env.clone());
        command.args(variables.iter().map(|(name, value)| format!("{name}={value}")));
        if !is_root() {
            // Who made the namespace is its root, and would be allowed everything.
            if account.uid != 0 {
                command.args(["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--"]);
            }
        } else if account.uid != 0 {
            let id = account.uid.to_string();
            command.args(["setpriv", "--reuid", &id, "--regid", &id, "--clear-groups", "--"]);
        }
        command.args(shell).arg(script);
        let output = command.output().expect("timeout, of coreutils");
        Ran {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            script: script.to_owned(),
        }
    }

    /// What every machine has of this system.
    fn system(&self) -> Vec<Mount> {
        let real = SYSTEM.iter().filter(|name| is_real_dir(&Path::new("/").join(name)));
        let mut mounts: Vec<Mount> = real
            .map(|name| Mount {
                source: Path::new("/").join(name),
                at: format!("/{name}"),
                read_only: true,
            })
            .collect();
        let local = self.place.path().join("local");
        mounts.push(Mount { source: local, at: "/usr/local".to_owned(), read_only: false });
        // It is large, and a layer is quickly copied without it.
        let built = PathBuf::from(env!("CARGO_BIN_EXE_gomodfetch"));
        mounts.push(Mount { source: built, at: PROGRAM.to_owned(), read_only: true });
        mounts
    }

    /// Makes the folders and files that are the machine's own.
    fn furnish(&self) {
        let place = self.place.path();
        let dirs = ["root/dev", "root/proc", "root/etc", "root/root", "root/home", "root/opt"];
        for dir in dirs.iter().chain(&["root/tmp", "root/var/tmp", "local/bin"]) {
            fs::create_dir_all(place.join(dir)).expect("a folder");
        }
        set_mode(&self.host("/tmp"), 0o1777);
        set_mode(&self.host("/root"), 0o700);
        for name in SYSTEM {
            let real = Path::new("/").join(name);
            match fs::read_link(&real) {
                Ok(target) => symlink(target, self.host(&format!("/{name}"))).expect("a link"),
                Err(_) if real.is_dir() => {
                    fs::create_dir(self.host(&format!("/{name}"))).expect("a folder");
                }
                Err(_) => {}
            }
        }
        for name in ETC.iter().map(|name| Path::new("/etc").join(name)).filter(|path| path.exists())
        {
            tree::copy(&name, &self.host(&name.to_string_lossy()));
        }
        fs::write(self.host("/etc/passwd"), PASSWD).expect("a file");
        fs::write(self.host("/etc/group"), GROUP).expect("a file");
        fs::write(self.host("/etc/hosts"), "127.0.0.1 localhost\n").expect("a file");
        fs::write(self.host(PROGRAM), "").expect("a place for the program");
        for account in [Account::root(), Account::runner()] {
            self.make_home(&account);
        }
    }

    /// Gives an account its home.
    pub fn make_home(&self, account: &Account) {
        self.make_dir(account, &account.home());
        // Else go leaves a process behind that writes its telemetry while the machine is removed.
        let mode = format!("{}/.config/go/telemetry/mode", account.home());
        self.write(account, &mode, "off");
        self.make_dir(account, &format!("{}/.cache", account.home()));
    }

    /// What is no file of the machine's own: what go built for one machine, the next need not build again.
    fn finish(&mut self, world: &World) {
        for account in [Account::root(), Account::runner()] {
            let cache = format!("{}/.cache/go-build", account.home());
            self.mount(&world.go_build(&account), &cache, false);
        }
    }

    fn write_program(&self, path: &str, text: &str) {
        let path = self.host(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder for programs");
        fs::write(&path, text).expect("a program");
        set_mode(&path, 0o755);
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // The trees of a module cache are read-only.
        tree::make_writable(self.place.path());
    }
}

impl Ran {
    /// It went well.
    #[track_caller]
    pub fn success(&self) -> &Self {
        assert_eq!(self.code, Some(0), "{}", self.told());
        self
    }

    /// It did not go well, and said this.
    #[track_caller]
    pub fn fails_with(&self, text: &str) -> &Self {
        assert_ne!(self.code, Some(0), "{}", self.told());
        let said = self.stdout.contains(text) || self.stderr.contains(text);
        assert!(said, "not said: {text}\n{}", self.told());
        self
    }

    /// All of it.
    pub fn told(&self) -> String {
        format!(
            "$ {}\n-- stdout --\n{}-- stderr --\n{}[{:?}]",
            self.script, self.stdout, self.stderr, self.code
        )
    }
}

/// Where a path of a machine is below the place of its files.
pub fn host(place: &Path, path: &str) -> PathBuf {
    let path = path.trim_start_matches('/');
    match Path::new(path).strip_prefix("usr/local") {
        Ok(rest) => place.join("local").join(rest),
        Err(_) => place.join("root").join(path),
    }
}

/// Copies a folder's content with owners, modes and links.
pub fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    let status = Command::new("cp").arg("-a").arg("--").arg(from.join(".")).arg(to).status();
    assert!(status.expect("a cp").success(), "copying {}", from.display());
}

/// Whether we may give files away.
pub fn is_root() -> bool {
    tempfile::tempfile().expect("a temporary file").metadata().expect("its owner").uid() == 0
}

/// Whether somebody may execute it.
pub fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

fn is_real_dir(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir())
}
