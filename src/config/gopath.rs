//! GOPATH and GOMODCACHE: where the module cache is.
//!
//! Implements GOPATH and GOMODCACHE in
//! [Environment variables](https://go.dev/ref/mod#environment-variables) and
//! [Module cache](https://go.dev/ref/mod#module-cache) of the Go Modules Reference.
//!
//! GOPATH is a list of directories, joined as PATH is; the default is `go` in the home directory.
//! Only its first entry matters here: it holds `pkg/mod`, which is the cache unless GOMODCACHE
//! names another place, and `pkg/sumdb`, the tree heads of checksum databases.
//!
//! An entry that begins with `~` or is relative is an error for every command, even where nothing
//! is looked up; empty entries are not. That the cache has no place, or a relative one, is told
//! when the cache is needed; so a missing home directory alone is no error.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::settings::{Setting, Sources};
use super::userdirs::{HOME_VAR, home_dir};
use super::vars;
use crate::spec::filepath::clean;
use crate::spec::quote::quote_bytes;

/// What is wrong with GOPATH or GOMODCACHE.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum GoPathError {
    /// An entry of GOPATH that begins with `~`.
    #[error("GOPATH entry cannot start with shell metacharacter '~': {}", quoted(.0))]
    Tilde(PathBuf),
    /// An entry of GOPATH that depends on the working directory.
    #[error(
        "GOPATH entry is relative; must be absolute path: {}.\n\
         For more details see: 'go help gopath'",
        quoted(.0)
    )]
    Relative(PathBuf),
    /// No place for the module cache.
    #[error("module cache not found: neither GOMODCACHE nor GOPATH is set")]
    NoCache,
    /// A place for the module cache that depends on the working directory.
    #[error("GOMODCACHE entry is relative; must be absolute path: {}.", quoted(.0))]
    RelativeCache(PathBuf),
    /// No place for the tree heads of checksum databases.
    #[error(
        "could not locate sumdb file: missing $GOPATH: {}",
        if *.home_is_set { String::new() } else { format!("{HOME_VAR} is not set") }
    )]
    NoSumDbDir {
        /// Whether there is a home directory at all.
        home_is_set: bool,
    },
}

impl GoPathError {
    /// Reports whether go ends with exit code 2.
    pub fn is_usage(&self) -> bool {
        matches!(self, GoPathError::Tilde(_) | GoPathError::Relative(_))
    }
}

fn quoted(path: &Path) -> String {
    quote_bytes(path.as_os_str().as_encoded_bytes())
}

/// GOPATH and GOMODCACHE as they are in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoPath {
    /// GOPATH.
    pub gopath: Setting,
    /// GOMODCACHE.
    pub gomodcache: Setting,
    home_is_set: bool,
}

impl GoPath {
    /// Reads both variables and checks the entries of GOPATH.
    pub fn load(sources: &Sources<'_>) -> Result<GoPath, GoPathError> {
        let home = home_dir(sources.env);
        let home_is_set = home.is_some();
        let gopath = sources.get(&vars::GOPATH);
        check(&gopath)?;
        let default = home.map(|home| clean(&home.join("go")));
        let gopath = gopath.or_derived(default.unwrap_or_default(), HOME_VAR);

        let default = first_entry(&gopath).map(|dir| below(&dir, "mod"));
        let gomodcache = sources
            .get(&vars::GOMODCACHE)
            .or_derived(default.unwrap_or_default(), vars::GOPATH.name);
        Ok(GoPath { gopath, gomodcache, home_is_set })
    }

    /// The entries of GOPATH, empty ones too.
    pub fn entries(&self) -> Vec<PathBuf> {
        split(&self.gopath)
    }

    /// The module cache, in its shortest spelling.
    pub fn cache_dir(&self) -> Result<PathBuf, GoPathError> {
        let dir = self.gomodcache.path().ok_or(GoPathError::NoCache)?;
        match dir.is_absolute() {
            true => Ok(clean(dir)),
            false => Err(GoPathError::RelativeCache(dir.to_owned())),
        }
    }

    /// The directory for the tree heads of checksum databases.
    pub fn sumdb_dir(&self) -> Result<PathBuf, GoPathError> {
        let home_is_set = self.home_is_set;
        let first = first_entry(&self.gopath).ok_or(GoPathError::NoSumDbDir { home_is_set })?;
        Ok(below(&first, "sumdb"))
    }
}

fn split(gopath: &Setting) -> Vec<PathBuf> {
    match gopath.path() {
        Some(list) => std::env::split_paths(list).collect(),
        None => Vec::new(),
    }
}

/// The first entry; `None` if the list or that entry is empty.
fn first_entry(gopath: &Setting) -> Option<PathBuf> {
    let first = split(gopath).into_iter().next();
    first.filter(|dir| !dir.as_os_str().is_empty())
}

fn below(dir: &Path, name: &str) -> PathBuf {
    clean(&dir.join("pkg").join(name))
}

fn check(gopath: &Setting) -> Result<(), GoPathError> {
    for dir in split(gopath) {
        let bytes = dir.as_os_str().as_encoded_bytes();
        if bytes.starts_with(b"~") {
            return Err(GoPathError::Tilde(dir));
        }
        if !bytes.is_empty() && !dir.is_absolute() {
            return Err(GoPathError::Relative(dir));
        }
    }
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use super::super::env::MapEnv;
    use super::super::envfile::EnvFile;
    use super::*;

    fn load(env: &[(&str, &str)]) -> Result<GoPath, GoPathError> {
        let env: MapEnv = env.iter().copied().collect();
        GoPath::load(&Sources { env: &env, user: EnvFile::default(), goroot: EnvFile::default() })
    }

    /// GOPATH, module cache and tree heads, or the first error.
    fn told(env: &[(&str, &str)]) -> String {
        let told = load(env).and_then(|paths| {
            let (cache, heads) = (paths.cache_dir()?, paths.sumdb_dir()?);
            Ok(format!("{:?}, {:?}, {:?}", paths.gopath, cache, heads))
        });
        told.unwrap_or_else(|err| format!("{}{err}", if err.is_usage() { "2: " } else { "1: " }))
    }

    #[test]
    fn places() {
        let home = ("HOME", "/h");
        for (env, want) in [
            (&[home] as &[_], r#"GOPATH=/h/go (from HOME), "/h/go/pkg/mod", "/h/go/pkg/sumdb""#),
            (
                &[home, ("GOPATH", "")],
                r#"GOPATH=/h/go (from HOME), "/h/go/pkg/mod", "/h/go/pkg/sumdb""#,
            ),
            (
                &[home, ("GOPATH", "/a/../b:/c:")],
                r#"GOPATH=/a/../b:/c: (environment), "/b/pkg/mod", "/b/pkg/sumdb""#,
            ),
            (
                &[home, ("GOMODCACHE", "/m//x/")],
                r#"GOPATH=/h/go (from HOME), "/m/x", "/h/go/pkg/sumdb""#,
            ),
        ] {
            assert_eq!(told(env), want, "{env:?}");
        }
    }

    #[test]
    fn errors() {
        let no_cache = "1: module cache not found: neither GOMODCACHE nor GOPATH is set";
        for (env, want) in [
            (&[] as &[_], no_cache),
            (&[("GOPATH", ":/a")], no_cache),
            (
                &[("GOMODCACHE", "/m")],
                "1: could not locate sumdb file: missing $GOPATH: HOME is not set",
            ),
            (
                &[("GOMODCACHE", "m")],
                r#"1: GOMODCACHE entry is relative; must be absolute path: "m"."#,
            ),
            (
                &[("HOME", "h")],
                r#"1: GOMODCACHE entry is relative; must be absolute path: "h/go/pkg/mod"."#,
            ),
            (
                &[("GOPATH", "/a::b")],
                "2: GOPATH entry is relative; must be absolute path: \"b\".\nFor more details see: 'go help gopath'",
            ),
            (
                &[("GOPATH", "~/a:b")],
                r#"2: GOPATH entry cannot start with shell metacharacter '~': "~/a""#,
            ),
        ] {
            assert_eq!(told(env), want, "{env:?}");
        }
    }

    #[test]
    fn entries() {
        let paths = load(&[("GOPATH", "/a:/b")]).unwrap();
        assert_eq!(paths.entries(), [Path::new("/a"), Path::new("/b")]);
        assert_eq!(load(&[]).unwrap().entries(), [] as [&Path; 0]);
    }
}
