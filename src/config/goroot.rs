//! The installed Go, if there is one.
//!
//! Its go.env holds defaults of [Environment
//! variables](https://go.dev/ref/mod#environment-variables), and its VERSION names the version of
//! Go whose rules hold, which is what a go.mod without a `go` line gets. Nothing of it is ever run.
//!
//! GOROOT names it. Where GOROOT isn't set it is around the `go` program that PATH leads to: the
//! program lies in `bin` of it, or in `bin/OS_ARCH` where Go was built on another system, as it is
//! or after symbolic links are followed. A directory with a VERSION file is taken for a Go. Where
//! the first `go` on PATH is something else, a script that picks one of several say, there is none.

use std::path::{Path, PathBuf};

use super::env::Env;
use super::envfile::EnvFile;
use super::settings::{Setting, Sources};
use super::vars::{self, FOLLOWED_GO};
use crate::spec::filepath::clean;
use crate::spec::goversion;

/// GOROOT as it is in force, given the environment and the `go env` file; empty if there is no Go.
pub fn find(env: &dyn Env, user: &EnvFile) -> Setting {
    let sources = Sources { env, user: user.clone(), goroot: EnvFile::default() };
    let set = sources.get(&vars::GOROOT);
    if !set.is_empty() {
        return set;
    }
    set.or_derived(find_on_path(env).unwrap_or_default(), vars::PATH.name)
}

/// The version of the Go in `goroot`, such as `1.26.1`; without one, and for a Go that doesn't
/// say, that of the release that is followed.
pub fn go_version(goroot: Option<&Path>) -> String {
    let told = goroot.and_then(|dir| std::fs::read_to_string(dir.join("VERSION")).ok());
    let line = told.as_deref().and_then(|text| text.lines().next());
    match goversion::from_toolchain(line.unwrap_or_default()) {
        "" => FOLLOWED_GO.to_owned(),
        version => version.to_owned(),
    }
}

fn find_on_path(env: &dyn Env) -> Option<PathBuf> {
    let name = format!("go{}", std::env::consts::EXE_SUFFIX);
    let path = env.non_empty(vars::PATH.name)?;
    let program = std::env::split_paths(&path)
        .filter(|dir| dir.is_absolute())
        .map(|dir| dir.join(&name))
        .find(|file| is_program(file))?;
    let linked = std::fs::canonicalize(&program).ok();
    [Some(program), linked]
        .iter()
        .flatten()
        .flat_map(|program| program.ancestors().skip(2).take(2))
        .find(|dir| dir.join("VERSION").is_file())
        .map(clean)
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let is_executable = |meta: std::fs::Metadata| meta.permissions().mode() & 0o111 != 0;
    file.is_file() && file.metadata().is_ok_and(is_executable)
}

#[cfg(not(unix))]
fn is_program(file: &Path) -> bool {
    file.is_file()
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::slice;

    use super::super::env::MapEnv;
    use super::*;

    /// Makes a file that can be executed, and the directories that it is in.
    fn program(file: &Path) {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "").unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// What is found with these directories on PATH.
    fn on_path(dirs: &[PathBuf]) -> Option<PathBuf> {
        let env = MapEnv::from([("PATH", std::env::join_paths(dirs).unwrap())]);
        find(&env, &EnvFile::default()).path().map(Path::to_owned)
    }

    #[test]
    fn around_the_program_on_path() {
        let temp = tempfile::tempdir().unwrap();
        let top = fs::canonicalize(temp.path()).unwrap();
        let root = top.join("sdk/go");
        program(&root.join("bin/go"));
        program(&root.join("bin/plan9_arm/go"));
        let bin = root.join("bin");
        assert_eq!(on_path(slice::from_ref(&bin)), None, "no VERSION yet");

        fs::write(root.join("VERSION"), "go1.9.3\ntime x\n").unwrap();
        assert_eq!(on_path(slice::from_ref(&bin)), Some(root.clone()));
        assert_eq!(on_path(&[bin.join("plan9_arm")]), Some(root.clone()));
        assert_eq!(on_path(&[bin.join("."), top.clone()]), Some(root.clone()));

        let links = top.join("links");
        fs::create_dir(&links).unwrap();
        symlink(bin.join("go"), links.join("go")).unwrap();
        assert_eq!(on_path(&[top.join("absent"), links.clone()]), Some(root.clone()));

        // A file that is no program is passed by; a program that is no Go hides those behind it.
        let plain = top.join("plain");
        fs::create_dir(&plain).unwrap();
        fs::write(plain.join("go"), "").unwrap();
        assert_eq!(on_path(&[plain, bin.clone()]), Some(root));
        program(&top.join("shims/go"));
        assert_eq!(on_path(&[top.join("shims"), bin]), None);
    }

    #[test]
    fn the_variable_comes_first() {
        let user = EnvFile::parse("U".as_ref(), b"GOROOT=/u\n");
        let told = |env: &[(&str, &str)], user: &EnvFile| {
            let env: MapEnv = env.iter().copied().collect();
            format!("{:?}", find(&env, user))
        };
        assert_eq!(told(&[("GOROOT", "/e")], &user), "GOROOT=/e (environment)");
        assert_eq!(told(&[], &user), "GOROOT=/u (U)");
        assert_eq!(told(&[], &EnvFile::default()), "GOROOT= (default)");
    }

    #[test]
    fn versions() {
        let dir = tempfile::tempdir().unwrap();
        let told = |text: &str| {
            fs::write(dir.path().join("VERSION"), text).unwrap();
            go_version(Some(dir.path()))
        };
        assert_eq!(told("go1.9.3\ntime x\n"), "1.9.3");
        assert_eq!(told("go1.31rc1-corp x"), "1.31rc1");
        assert_eq!(told("devel +0123456"), FOLLOWED_GO);
        assert_eq!(told(""), FOLLOWED_GO);
        assert_eq!(go_version(Some(&dir.path().join("absent"))), FOLLOWED_GO);
        assert_eq!(go_version(None), FOLLOWED_GO);
    }
}
