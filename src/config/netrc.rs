//! The netrc file: logins and passwords by machine.
//!
//! Implements what [Private modules](https://go.dev/ref/mod#private-module-proxy-auth) says of
//! netrc, as the go command reads the file. It is the one that NETRC names, else `.netrc` in the
//! home directory (on Windows `_netrc`, where that is there). No file is an empty file.
//!
//! ```text
//! machine git.corp.example login me password secret
//! machine proxy.corp.example:8443
//!     login me
//!     password other
//! macdef name         -- all lines up to an empty one are skipped
//! default login anonymous password me@example.com   -- counts for nothing
//! ```
//!
//! Words come in pairs, line by line. An entry is complete, and ends, with the last of its three
//! parts; those of an incomplete one are forgotten at the next `machine`. `default` begins no
//! entry; where it is the last word of a line and has no partner, it and all that follows is
//! ignored. Nothing is unquoted. Of two entries for a machine the first one holds.
//!
//! A machine is a host, with `:port` if the URL has one, and perhaps the beginning of a path.
//! Entries count for https alone; it is for the caller to see to that.
//!
//! ```
//! use gomodfetch::config::netrc::Netrc;
//!
//! let netrc = Netrc::parse("machine example.com login me password secret\n");
//! assert_eq!(netrc.find("example.com/some/path").unwrap().password, "secret");
//! assert!(netrc.find("example.com:8443").is_none());
//! ```

use std::fmt;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::env::Env;
use super::userdirs::home_dir;
use super::vars;
use crate::sys::{IoError, lock};

/// What a netrc file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Netrc {
    entries: Vec<Entry>,
}

/// A login and password for a machine.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Entry {
    /// The machine.
    pub machine: String,
    /// The login.
    pub login: String,
    /// The password, which `Debug` doesn't show.
    pub password: String,
}

/// Why there is no netrc file. It keeps no other way to come by credentials from being tried.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NetrcError {
    /// It would be in the home directory.
    #[error("{} is not defined", if cfg!(windows) { "%userprofile%" } else { "$HOME" })]
    NoHome,
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] IoError),
}

/// Largest netrc that is read. Real ones have some lines.
const MAX_NETRC: u64 = 1 << 20;

/// Where the file is.
pub fn path(env: &dyn Env) -> Result<PathBuf, NetrcError> {
    if let Some(path) = env.non_empty(vars::NETRC.name) {
        return Ok(path.into());
    }
    let home = home_dir(env).ok_or(NetrcError::NoHome)?;
    let windows = home.join("_netrc");
    if cfg!(windows) && windows.exists() {
        return Ok(windows);
    }
    Ok(home.join(".netrc"))
}

impl Netrc {
    /// Reads the file; one that isn't there is empty.
    pub fn read(path: &Path) -> Result<Netrc, NetrcError> {
        match lock::read_any(path, MAX_NETRC) {
            Ok(data) => Ok(Netrc::parse(&String::from_utf8_lossy(&data))),
            Err(err) if err.is_not_found() => Ok(Netrc::default()),
            Err(err) => Err(err.into()),
        }
    }

    /// Reads the text of a file.
    pub fn parse(text: &str) -> Netrc {
        let mut netrc = Netrc::default();
        let mut entry = Entry::default();
        let mut in_macro = false;
        for line in text.split('\n') {
            if in_macro {
                in_macro = !line.is_empty();
                continue;
            }
            let words: Vec<&str> = line.split_whitespace().collect();
            let pairs = words.chunks_exact(2);
            let is_end = pairs.remainder() == ["default"];
            for pair in pairs {
                match *pair {
                    ["machine", machine] => {
                        entry = Entry { machine: machine.to_owned(), ..Entry::default() };
                    }
                    ["login", login] => entry.login = login.to_owned(),
                    ["password", password] => entry.password = password.to_owned(),
                    ["macdef", _] => in_macro = true,
                    _ => {}
                }
                if entry.is_complete() {
                    netrc.entries.push(std::mem::take(&mut entry));
                }
            }
            if is_end {
                break;
            }
        }
        netrc
    }

    /// The entries in the order of the file.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry for a URL without its scheme, `host[:port][/path]`: that of the longest machine
    /// that is all of it or ends at one of its slashes.
    pub fn find(&self, address: &str) -> Option<&Entry> {
        let address = address.strip_suffix('/').unwrap_or(address);
        let ends = address.match_indices('/').map(|(at, _)| at);
        let mut ends: Vec<usize> = ends.chain([address.len()]).collect();
        ends.reverse();
        let machines = ends.iter().filter_map(|&end| address.get(..end));
        machines
            .filter_map(|machine| self.entries.iter().find(|entry| entry.is_for(machine)))
            .next()
    }
}

impl Entry {
    fn is_complete(&self) -> bool {
        !self.machine.is_empty() && !self.login.is_empty() && !self.password.is_empty()
    }

    fn is_for(&self, machine: &str) -> bool {
        let named = self.machine.strip_prefix("https://");
        let named = named.unwrap_or(&self.machine);
        named.strip_suffix('/').unwrap_or(named) == machine
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (login {})", self.machine, self.login)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::env::MapEnv;
    use super::*;

    /// The entries as `machine/login/password`.
    fn told(text: &str) -> String {
        let netrc = Netrc::parse(text);
        let entries = netrc.entries().iter();
        let entries = entries.map(|e| format!("{}/{}/{}", e.machine, e.login, e.password));
        entries.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn files() {
        for (text, want) in [
            ("", ""),
            ("machine a login b password c", "a/b/c"),
            ("machine a password c login b", "a/b/c"),
            ("machine a\r\n\tlogin b\r\n\r\npassword c\r\n", "a/b/c"),
            ("machine a login b password c machine d login e password f", "a/b/c d/e/f"),
            ("machine a login b machine c login d password e", "c/d/e"),
            ("login x machine a password c login b", "a/b/c"),
            ("machine a login b account x password c", "a/b/c"),
            ("machine a login \"b c\" password d", ""),
            // A word without partner shifts nothing on the next line.
            ("machine a login b\npassword\npassword c", "a/b/c"),
            ("# machine a login b password c", ""),
            ("#x machine\nmachine a login b password c", "a/b/c"),
            // What follows the last part of an entry begins a new one.
            ("machine a login b password c\nlogin x password y", "a/b/c"),
            // default
            ("default login b password c", ""),
            ("machine a login b\ndefault\npassword c", ""),
            ("machine a login b\nx y default\npassword c", ""),
            ("machine a login b\ndefault x\npassword c", "a/b/c"),
            ("default login b password c\nmachine a login b password c", "a/b/c"),
            // macdef
            ("macdef m\nmachine a login b password c\n\nmachine d login e password f", "d/e/f"),
            ("macdef m\r\n\r\nmachine a login b password c", ""),
            ("machine a macdef m login b password c\nx", "a/b/c"),
            ("macdef\nmachine a login b password c", "a/b/c"),
        ] {
            assert_eq!(told(text), want, "{text:?}");
        }
    }

    #[test]
    fn finding() {
        let netrc = Netrc::parse(
            "machine a.example login 1 password p\n\
             machine a.example login 2 password p\n\
             machine a.example/x/y login 3 password p\n\
             machine a.example:8443 login 4 password p\n\
             machine https://b.example/ login 5 password p\n",
        );
        for (address, want) in [
            ("a.example", Some("1")),
            ("a.example/", Some("1")),
            ("a.example/z", Some("1")),
            ("a.example/x", Some("1")),
            ("a.example/x/y", Some("3")),
            ("a.example/x/y/z", Some("3")),
            ("a.example/x/yy", Some("1")),
            ("a.example:8443/z", Some("4")),
            ("a.example:443", None),
            ("b.example/q", Some("5")),
            ("example", None),
            ("", None),
        ] {
            let login = netrc.find(address).map(|entry| entry.login.as_str());
            assert_eq!(login, want, "{address:?}");
        }
    }

    #[test]
    fn passwords_are_not_shown() {
        let netrc = Netrc::parse("machine a login b password secret");
        assert!(!format!("{netrc:?}").contains("secret"));
    }

    #[cfg(unix)]
    #[test]
    fn where_the_file_is() {
        let at = |vars: &[(&str, &str)]| {
            let env: MapEnv = vars.iter().copied().collect();
            path(&env).map_err(|err| err.to_string())
        };
        assert_eq!(at(&[("HOME", "/h")]), Ok("/h/.netrc".into()));
        assert_eq!(at(&[("HOME", "/h"), ("NETRC", "n")]), Ok("n".into()));
        assert_eq!(at(&[]), Err("$HOME is not defined".into()));
    }

    #[test]
    fn reading() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("n");
        assert_eq!(Netrc::read(&file), Ok(Netrc::default()));
        std::fs::write(&file, b"machine a login b password \xff\n").unwrap();
        assert_eq!(Netrc::read(&file).unwrap().entries().len(), 1);
        assert!(Netrc::read(dir.path()).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_a_file(text in "((machine|login|password|default|macdef|[a-z]|\n|\\s) ?){0,20}|.*") {
            for entry in Netrc::parse(&text).entries() {
                prop_assert!(text.contains(&entry.password));
                prop_assert!(entry.is_complete());
            }
        }
    }
}
