//! The `go env` file and the go.env of an installed Go.
//!
//! Implements what [`go env -w`](https://go.dev/ref/mod#environment-variables) writes, as the go
//! command reads it back. A file is lines of `NAME=value`, ended by a line feed alone:
//!
//! - a line without `=`, or that does not begin with one of A to Z, says nothing: so do empty lines
//!   and comments, `name=x` and ` NAME=x`;
//! - the name reaches to the first `=`, the value to the end of the line; no blanks are taken
//!   away, nothing is unquoted, a carriage return is part of the value;
//! - the last line of a name holds; `NAME=` sets it to nothing, which hides the files below;
//! - a file that cannot be read says nothing.
//!
//! ```
//! use gomodfetch::config::envfile::EnvFile;
//!
//! let file = EnvFile::parse("env".as_ref(), b"# proxies\nGOPROXY=a\nGOPROXY=b,c\n");
//! assert_eq!(file.get("GOPROXY"), Some("b,c".as_ref()));
//! ```

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use super::env::Env;
use super::settings::{Setting, Sources};
use super::userdirs::user_config_dir;
use super::vars;
use crate::sys::lock;

/// Largest file of settings that is read. Real ones have some lines.
const MAX_ENV_FILE: u64 = 1 << 20;

/// The settings that one file holds.
#[derive(Clone, Debug, Default)]
pub struct EnvFile {
    path: PathBuf,
    values: BTreeMap<Vec<u8>, OsString>,
}

impl EnvFile {
    /// Reads the `go env` file that GOENV names.
    pub fn read_user(goenv: &Setting) -> EnvFile {
        let file = goenv.path().filter(|path| path.as_os_str() != "off");
        file.map(EnvFile::read).unwrap_or_default()
    }

    /// Reads a file; one that cannot be read holds no settings.
    pub fn read(path: &Path) -> EnvFile {
        EnvFile::parse(path, &lock::read_any(path, MAX_ENV_FILE).unwrap_or_default())
    }

    /// Reads the text of a file.
    pub fn parse(path: &Path, data: &[u8]) -> EnvFile {
        let values = data
            .split(|&byte| byte == b'\n')
            .filter(|line| line.first().is_some_and(u8::is_ascii_uppercase))
            .filter_map(|line| {
                let equals = line.iter().position(|&byte| byte == b'=')?;
                let (name, rest) = line.split_at_checked(equals)?;
                Some((name.to_vec(), os_string(rest.strip_prefix(b"=")?)))
            })
            .collect();
        EnvFile { path: path.to_owned(), values }
    }

    /// Where the file lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The value of a variable, which may be empty; `None` if the file doesn't set it.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.values.get(name.as_bytes()).map(OsString::as_os_str)
    }
}

/// GOENV as it is in force: where the `go env` file is, which is `go/env` in the user's
/// configuration directory unless told otherwise. `off` if there shall be none, empty if there is
/// no such directory.
pub fn user_file(env: &dyn Env) -> Setting {
    let sources = Sources { env, user: EnvFile::default(), goroot: EnvFile::default() };
    let (dir, from) = user_config_dir(env).unwrap_or_default();
    let file = match from {
        "" => PathBuf::new(),
        _ => dir.join("go").join("env"),
    };
    sources.get(&vars::GOENV).or_derived(file, from)
}

#[cfg(unix)]
fn os_string(bytes: &[u8]) -> OsString {
    use std::os::unix::ffi::OsStrExt;
    OsStr::from_bytes(bytes).to_owned()
}

#[cfg(not(unix))]
fn os_string(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::env::MapEnv;
    use super::*;

    #[test]
    fn lines() {
        let cases: &[(&str, &str, Option<&str>)] = &[
            ("GOX=1", "GOX", Some("1")),
            ("GOX=1\n", "GOX", Some("1")),
            ("GOX=1\nGOX=2", "GOX", Some("2")),
            ("GOX=1\nGOX=\n", "GOX", Some("")),
            ("GOX=a=b", "GOX", Some("a=b")),
            ("GOX=a\r\n", "GOX", Some("a\r")),
            ("GOX= a ", "GOX", Some(" a ")),
            ("GOX='a'", "GOX", Some("'a'")),
            ("GOX =a", "GOX", None),
            ("GOX =a", "GOX ", Some("a")),
            (" GOX=a", "GOX", None),
            ("#GOX=a", "GOX", None),
            ("gOX=a", "gOX", None),
            ("GOX", "GOX", None),
            ("=a", "", None),
            ("\n\nGOX=a\n\n", "GOX", Some("a")),
        ];
        for &(text, name, want) in cases {
            let file = EnvFile::parse(Path::new("f"), text.as_bytes());
            assert_eq!(file.get(name), want.map(OsStr::new), "{text:?}");
        }
    }

    #[test]
    fn a_missing_file_says_nothing() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(EnvFile::read(&dir.path().join("env")).get("GOX"), None);
        assert_eq!(EnvFile::read(dir.path()).get("GOX"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_value_need_not_be_utf8() {
        use std::os::unix::ffi::OsStrExt;
        let file = EnvFile::parse(Path::new("f"), b"GOX=\xff/\n");
        assert_eq!(file.get("GOX").map(OsStrExt::as_bytes), Some(&b"\xff/"[..]));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn where_the_file_is() {
        let cases: &[(&[(&str, &str)], &str)] = &[
            (&[("GOENV", "off"), ("HOME", "/h")], "GOENV=off (environment)"),
            (&[("GOENV", "/e/f"), ("HOME", "/h")], "GOENV=/e/f (environment)"),
            (&[("GOENV", "rel")], "GOENV=rel (environment)"),
            (&[("GOENV", ""), ("HOME", "/h")], "GOENV=/h/.config/go/env (from HOME)"),
            (
                &[("XDG_CONFIG_HOME", "/x"), ("HOME", "/h")],
                "GOENV=/x/go/env (from XDG_CONFIG_HOME)",
            ),
            (&[("XDG_CONFIG_HOME", "x"), ("HOME", "/h")], "GOENV= (default)"),
            (&[], "GOENV= (default)"),
        ];
        for &(vars, want) in cases {
            let env: MapEnv = vars.iter().copied().collect();
            assert_eq!(format!("{:?}", user_file(&env)), want);
        }
    }

    #[test]
    fn off_is_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("env");
        std::fs::write(&path, "GOX=1\n").unwrap();
        for (goenv, want) in [(path.as_os_str(), Some("1")), ("off".as_ref(), None)] {
            let env = MapEnv::from([("GOENV", goenv)]);
            let file = EnvFile::read_user(&user_file(&env));
            assert_eq!(file.get("GOX"), want.map(OsStr::new));
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(name in "[A-Z][A-Z0-9_]{0,8}", value in "[^\n]*") {
            let text = format!("junk\n{name}=before\n{name}={value}\n");
            let file = EnvFile::parse(Path::new("f"), text.as_bytes());
            prop_assert_eq!(file.get(&name), Some(OsStr::new(&value)));
        }

        #[test]
        fn any_bytes_are_a_file(data: Vec<u8>) {
            let file = EnvFile::parse(Path::new("f"), &data);
            let lines = data.split(|&b| b == b'\n').count();
            prop_assert!(file.values.len() <= lines);
        }
    }
}
