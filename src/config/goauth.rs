//! GOAUTH: where credentials for https come from.
//!
//! Implements [Private modules](https://go.dev/ref/mod#private-module-proxy-auth) and `go help
//! goauth` as far as the value goes; nothing is run or read here.
//!
//! ```text
//! GOAUTH = "off" | method { ";" method }
//! method = "netrc" | "git" SP absolute-directory | command
//! ```
//!
//! Of two methods that know credentials for the same address the earlier one wins. What follows
//! `off` and `netrc` is ignored. A command is [words](super::quoted); it is taken apart when it is
//! to be run, since an error in one does not keep the others from being tried.
//!
//! ```
//! use gomodfetch::config::goauth::{AuthMethod, parse};
//!
//! assert_eq!(parse("netrc; vault -q").unwrap(), [
//!     AuthMethod::Netrc,
//!     AuthMethod::Command("vault -q".to_owned()),
//! ]);
//! assert_eq!(parse("off").unwrap(), []);
//! ```

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::quoted::{self, Unterminated};
use crate::spec::gourl::{GoUrl, UrlError, UrlErrorReason};

/// A way to come by credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthMethod {
    /// The netrc file.
    Netrc,
    /// `git credential`, run in this directory.
    Git(PathBuf),
    /// A program with its arguments.
    Command(String),
}

/// What is wrong with GOAUTH.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum GoAuthError {
    /// Nothing between two semicolons.
    #[error("GOAUTH encountered an empty command (GOAUTH={0})")]
    Empty(String),
    /// `off` beside other methods.
    #[error("GOAUTH=off cannot be combined with other authentication commands (GOAUTH={0})")]
    CombinedOff(String),
    /// `git` without a directory, or with more than one word behind it.
    #[error("GOAUTH=git dir method requires an absolute path to the git working directory")]
    GitDir,
    /// `git` with a directory that depends on the working directory.
    #[error(
        "GOAUTH=git dir method requires an absolute path to the git working directory, \
         dir is not absolute"
    )]
    RelativeGitDir,
    /// A command with a quote that is never closed.
    #[error("cannot parse GOAUTH command {command}: {source}")]
    Command {
        /// The command.
        command: String,
        /// What is wrong with it.
        source: Unterminated,
    },
}

/// Takes the value of GOAUTH apart; no method is `off`.
pub fn parse(text: &str) -> Result<Vec<AuthMethod>, GoAuthError> {
    let commands: Vec<&str> = text.split(';').map(str::trim).collect();
    let mut methods = Vec::new();
    // Of several errors go tells the last one, as it goes through them from the end.
    for command in commands.iter().rev() {
        let words: Vec<&str> = command.split_whitespace().collect();
        methods.push(match words.as_slice() {
            [] => return Err(GoAuthError::Empty(text.to_owned())),
            ["off", ..] if commands.len() == 1 => return Ok(Vec::new()),
            ["off", ..] => return Err(GoAuthError::CombinedOff(text.to_owned())),
            ["netrc", ..] => AuthMethod::Netrc,
            ["git", dir] if Path::new(dir).is_absolute() => AuthMethod::Git(dir.into()),
            ["git", _] => return Err(GoAuthError::RelativeGitDir),
            ["git", ..] => return Err(GoAuthError::GitDir),
            _ => AuthMethod::Command((*command).to_owned()),
        });
    }
    methods.reverse();
    Ok(methods)
}

/// The program and the arguments of a command.
pub fn command_words(command: &str) -> Result<Vec<String>, GoAuthError> {
    quoted::split(command)
        .map_err(|source| GoAuthError::Command { command: command.to_owned(), source })
}

/// Checks a URL that a command printed, as go does.
pub fn check_url(text: &str) -> Result<(), UrlError> {
    let url = GoUrl::parse(text)?;
    // A path alone is one, too.
    if !url.scheme().is_empty() || text.starts_with('/') {
        return Ok(());
    }
    Err(UrlError { url: text.to_owned(), reason: UrlErrorReason::NotAbsolute })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods() {
        let command = |text: &str| AuthMethod::Command(text.to_owned());
        let cases: &[(&str, &[AuthMethod])] = &[
            ("off", &[]),
            (" off", &[]),
            ("off x", &[]),
            ("netrc", &[AuthMethod::Netrc]),
            ("netrc x; a  'b c' ;d", &[AuthMethod::Netrc, command("a  'b c'"), command("d")]),
            ("\"x", &[command("\"x")]),
            ("OFF", &[command("OFF")]),
        ];
        for (text, want) in cases {
            assert_eq!(parse(text).unwrap(), *want, "{text:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn git_directory() {
        assert_eq!(parse(" git  /d ").unwrap(), [AuthMethod::Git("/d".into())]);
    }

    #[test]
    fn errors() {
        use GoAuthError::*;
        for (text, want) in [
            (" ", Empty(" ".into())),
            ("netrc;", Empty("netrc;".into())),
            ("off;netrc", CombinedOff("off;netrc".into())),
            (";off", CombinedOff(";off".into())),
            ("git", GitDir),
            ("git /a b", GitDir),
            ("git a", RelativeGitDir),
            ("git;off", CombinedOff("git;off".into())),
            ("git a;git", GitDir),
        ] {
            assert_eq!(parse(text), Err(want), "{text:?}");
        }
    }

    #[test]
    fn urls_of_credentials() {
        for text in ["https://a.example", "https://a.example:8443/x/", "http://a", "/x", "a:b"] {
            assert_eq!(check_url(text), Ok(()), "{text}");
        }
        let err = check_url("a.example").unwrap_err().to_string();
        assert_eq!(err, "parse \"a.example\": invalid URI for request");
        assert!(check_url("https://a.example:x").is_err() && check_url(" https://a").is_err());
    }

    #[test]
    fn commands_are_taken_apart() {
        assert_eq!(command_words("a 'b c' -d").unwrap(), ["a", "b c", "-d"]);
        assert_eq!(
            command_words("\"x").unwrap_err().to_string(),
            "cannot parse GOAUTH command \"x: unterminated \" string"
        );
    }
}
