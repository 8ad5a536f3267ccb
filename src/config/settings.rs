//! The value of a variable and where it came from.
//!
//! Implements the order of [Environment variables](https://go.dev/ref/mod#environment-variables):
//! the environment, then the `go env` file, then the go.env of an installed Go, then what is built
//! in. (Flags come before all of them, but no flag of go sets a variable.)
//!
//! An empty value in the environment or a file counts as none, with one exception: GOPROXY, GOSUMDB
//! and GOTOOLCHAIN have their defaults in go.env, and what stands there is hidden by a
//! `go env` file that sets the variable to nothing. The variable then *is* empty.
//!
//! ```
//! use gomodfetch::config::env::MapEnv;
//! use gomodfetch::config::envfile::EnvFile;
//! use gomodfetch::config::settings::{Origin, Sources};
//! use gomodfetch::config::vars;
//!
//! let env = MapEnv::from([("GOFLAGS", "-x")]);
//! let user = EnvFile::parse("/home/me/env".as_ref(), b"GOFLAGS=-v\nGOPRIVATE=a.example\n");
//! let sources = Sources { env: &env, user, goroot: EnvFile::default() };
//! assert_eq!(sources.get(&vars::GOFLAGS).text(), "-x");
//! let private = sources.get(&vars::GOPRIVATE);
//! assert_eq!(private.origin(), &Origin::EnvFile("/home/me/env".into()));
//! ```

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use super::env::Env;
use super::envfile::EnvFile;
use super::goproxy::mask_list;
use super::vars::{Fallback, Scope, Var};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// This flag of the command line.
    Flag(&'static str),
    /// The environment.
    Environment,
    /// The `go env` file, which is here.
    EnvFile(PathBuf),
    /// The go.env of an installed Go, which is here.
    GoEnv(PathBuf),
    /// It is built in.
    Default,
    /// It was worked out from the variable of this name.
    Derived(&'static str),
    /// This line of a gomodfetch.toml.
    Line(PathBuf, usize),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag(name) => write!(f, "flag -{name}"),
            Origin::Environment => f.write_str("environment"),
            Origin::EnvFile(path) | Origin::GoEnv(path) => path.display().fmt(f),
            Origin::Default => f.write_str("default"),
            Origin::Derived(name) => write!(f, "from {name}"),
            Origin::Line(path, line) => write!(f, "{}:{line}", path.display()),
        }
    }
}

/// A variable with its value.
#[derive(Clone, PartialEq, Eq)]
pub struct Setting {
    var: &'static Var,
    value: OsString,
    origin: Origin,
}

impl Setting {
    /// The setting itself or, where it is empty, with a value worked out from the variable `from`.
    pub fn or_derived(self, value: impl Into<OsString>, from: &'static str) -> Setting {
        let value = value.into();
        if !self.is_empty() || value.is_empty() {
            return self;
        }
        Setting { var: self.var, value, origin: Origin::Derived(from) }
    }

    /// The variable.
    pub fn var(&self) -> &'static Var {
        self.var
    }

    /// The value as text; what isn't UTF-8 is replaced.
    pub fn text(&self) -> Cow<'_, str> {
        self.value.to_string_lossy()
    }

    /// The value as the system has it.
    pub fn os(&self) -> &OsStr {
        &self.value
    }

    /// The value as a path; `None` if it is empty.
    pub fn path(&self) -> Option<&Path> {
        (!self.is_empty()).then(|| Path::new(&self.value))
    }

    /// Reports whether the value is empty.
    pub fn is_empty(&self) -> bool {
        self.value.is_empty()
    }

    /// Where the value came from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The value as it may be shown, passwords masked.
    pub fn shown(&self) -> String {
        match self.var.urls {
            true => mask_list(&self.text()),
            false => self.text().into_owned(),
        }
    }
}

impl fmt::Debug for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={} ({})", self.var.name, self.shown(), self.origin)
    }
}

/// Where values are looked for, first to last; what is built in comes after them.
pub struct Sources<'a> {
    /// The environment.
    pub env: &'a dyn Env,
    /// The `go env` file.
    pub user: EnvFile,
    /// The go.env of an installed Go.
    pub goroot: EnvFile,
}

impl Sources<'_> {
    /// The value of a variable. Defaults that are worked out are left to the caller: there the
    /// value is empty.
    pub fn get(&self, var: &'static Var) -> Setting {
        let (value, origin) =
            self.find(var).unwrap_or_else(|| (built_in(var).into(), Origin::Default));
        Setting { var, value, origin }
    }

    fn find(&self, var: &Var) -> Option<(OsString, Origin)> {
        let named = self.env.non_empty(var.name);
        if let Some(value) = named.or_else(|| self.env.non_empty(var.alias?)) {
            return Some((value, Origin::Environment));
        }
        if var.scope != Scope::Go {
            return None;
        }
        let (file, value) = match (self.user.get(var.name), self.goroot.get(var.name)) {
            (Some(value), _) => (Origin::EnvFile(self.user.path().to_owned()), value),
            (None, Some(value)) => (Origin::GoEnv(self.goroot.path().to_owned()), value),
            (None, None) => return None,
        };
        let empty_counts = matches!(var.fallback, Fallback::GoEnv(_));
        (empty_counts || !value.is_empty()).then(|| (value.to_owned(), file))
    }
}

fn built_in(var: &Var) -> &'static str {
    match var.fallback {
        Fallback::GoEnv(text) | Fallback::Text(text) => text,
        Fallback::Empty | Fallback::Computed(_) => "",
    }
}

#[cfg(test)]
mod tests {
    use super::super::env::MapEnv;
    use super::super::vars;
    use super::*;

    /// The value and origin of GOPROXY (which has its default in go.env) or of another variable.
    fn told(var: &'static Var, env: &[(&str, &str)], user: &str, goroot: &str) -> String {
        let env: MapEnv = env.iter().copied().collect();
        let sources = Sources {
            env: &env,
            user: EnvFile::parse("U".as_ref(), user.as_bytes()),
            goroot: EnvFile::parse("G".as_ref(), goroot.as_bytes()),
        };
        let setting = sources.get(var);
        format!("{} ({})", setting.shown(), setting.origin())
    }

    #[test]
    fn order() {
        let goproxy = |env: &[(&str, &str)], user: &str, goroot: &str| {
            told(&vars::GOPROXY, env, user, goroot)
        };
        let (user, goroot) = ("GOPROXY=u\n", "GOPROXY=g\n");
        assert_eq!(goproxy(&[("GOPROXY", "e")], user, goroot), "e (environment)");
        assert_eq!(goproxy(&[("GOPROXY", "")], user, goroot), "u (U)");
        assert_eq!(goproxy(&[], "", goroot), "g (G)");
        assert_eq!(goproxy(&[], "GOPROXY=\n", goroot), " (U)");
        assert!(goproxy(&[], "", "").ends_with(",direct (default)"));
    }

    #[test]
    fn an_empty_line_hides_nothing_but_go_env() {
        assert_eq!(told(&vars::GOAUTH, &[], "GOAUTH=\n", ""), "netrc (default)");
        assert_eq!(told(&vars::GOFLAGS, &[], "GOFLAGS=\n", ""), " (default)");
    }

    #[test]
    fn some_variables_stand_in_the_environment_only() {
        assert_eq!(told(&vars::NETRC, &[], "NETRC=x\n", "NETRC=y\n"), " (default)");
        assert_eq!(told(&vars::NETRC, &[("NETRC", "z")], "", ""), "z (environment)");
    }

    #[test]
    fn the_second_spelling_counts_where_the_first_is_empty() {
        let both = [("HTTP_PROXY", ""), ("http_proxy", "http://u:pw@p.example")];
        let told = told(&vars::HTTP_PROXY, &both, "", "");
        assert_eq!(told, "http://u:xxxxx@p.example (environment)");
    }

    #[test]
    fn debug_hides_passwords() {
        let env = MapEnv::from([("GOPROXY", "https://u:secret@a")]);
        let sources = Sources { env: &env, user: EnvFile::default(), goroot: EnvFile::default() };
        let shown = format!("{:?}", sources.get(&vars::GOPROXY));
        assert_eq!(shown, "GOPROXY=https://u:xxxxx@a (environment)");
    }
}
