//! The form of paths and versions in file names and URLs.
//!
//! Implements the escaping of [Module cache](https://go.dev/ref/mod#module-cache) and
//! [GOPROXY protocol](https://go.dev/ref/mod#goproxy-protocol) of the Go Modules Reference. Letter
//! case may get lost there, so an upper-case letter is written as `!` and its lower-case form. `!`
//! itself has no escape: a path or version that contains one is invalid. What stands in place of a
//! version may also be a branch or another revision, so it only has to be a possible file name.
//!
//! ```
//! use gomodfetch::spec::module::{escape_path, escape_version, unescape_path};
//!
//! assert_eq!(escape_path("example.com/MyLib").unwrap(), "example.com/!my!lib");
//! assert_eq!(escape_version("v1.0.0-RC1").unwrap(), "v1.0.0-!r!c1");
//! assert_eq!(unescape_path("example.com/!my!lib").unwrap(), "example.com/MyLib");
//! ```

use thiserror::Error;

use super::error::{InvalidVersionError, VersionReason};
use super::path::{InvalidPathError, PathKind, PathReason, check_element, check_path};
use crate::spec::quote::quote;

/// Escapes a module path for file names and URLs.
///
/// # Errors
/// The path is not a valid module path.
pub fn escape_path(path: &str) -> Result<String, InvalidPathError> {
    check_path(path).map(|()| escape(path))
}

/// A version that has no escaped form.
#[derive(Debug, Clone, Error)]
pub enum EscapeVersionError {
    /// It could not be a file name.
    #[error(transparent)]
    Invalid(#[from] InvalidVersionError),
    /// It contains a letter outside ASCII, for which there is no escape.
    #[error("internal error: inconsistency in EscapePath")]
    NotAscii,
}

/// Escapes a version, or another text that stands in place of one, for file names and URLs.
///
/// # Errors
/// It could not be a file name, or it contains `!` or a letter outside ASCII.
pub fn escape_version(version: &str) -> Result<String, EscapeVersionError> {
    if check_element(version, PathKind::File).is_err() || version.contains('!') {
        return Err(InvalidVersionError::new(version, VersionReason::Disallowed).into());
    }
    if !version.is_ascii() {
        return Err(EscapeVersionError::NotAscii);
    }
    Ok(escape(version))
}

/// A text that is not the escaped form of anything.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UnescapeError {
    /// A module path is escaped wrongly.
    #[error("invalid escaped module path {}", quote(.0))]
    Path(String),
    /// What was escaped is not a module path.
    #[error("invalid escaped module path {}: {reason}", quote(escaped))]
    NotPath {
        /// The escaped text.
        escaped: String,
        /// Why its meaning is no module path.
        reason: InvalidPathError,
    },
    /// A version is escaped wrongly.
    #[error("invalid escaped version {}", quote(.0))]
    Version(String),
    /// What was escaped could not be a file name.
    #[error("invalid escaped version {}: {reason}", quote(version))]
    NotVersion {
        /// The unescaped text.
        version: String,
        /// Why it could not be a file name.
        reason: PathReason,
    },
}

/// The module path that `escaped` stands for.
///
/// # Errors
/// `escaped` is no escaped form, or what it stands for is no module path.
pub fn unescape_path(escaped: &str) -> Result<String, UnescapeError> {
    let path = unescape(escaped).ok_or_else(|| UnescapeError::Path(escaped.to_owned()))?;
    check_path(&path)
        .map_err(|reason| UnescapeError::NotPath { escaped: escaped.to_owned(), reason })?;
    Ok(path)
}

/// The version that `escaped` stands for.
///
/// # Errors
/// `escaped` is no escaped form, or what it stands for could not be a file name.
pub fn unescape_version(escaped: &str) -> Result<String, UnescapeError> {
    let version = unescape(escaped).ok_or_else(|| UnescapeError::Version(escaped.to_owned()))?;
    match check_element(&version, PathKind::File) {
        Ok(()) => Ok(version),
        Err(reason) => Err(UnescapeError::NotVersion { version, reason }),
    }
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_uppercase() {
            escaped.push('!');
        }
        escaped.push(c.to_ascii_lowercase());
    }
    escaped
}

fn unescape(escaped: &str) -> Option<String> {
    let mut text = String::with_capacity(escaped.len());
    let mut chars = escaped.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '!' => chars.next().filter(char::is_ascii_lowercase)?.to_ascii_uppercase(),
            c if c.is_ascii() && !c.is_ascii_uppercase() => c,
            _ => return None,
        });
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escaping_versions() {
        let escaped = |v| match escape_version(v) {
            Ok(escaped) => escaped,
            Err(err) => err.to_string(),
        };
        assert_eq!(escaped("v1.0.0+Meta"), "v1.0.0+!meta");
        assert_eq!(escaped("Feature#1"), "!feature#1");
        assert_eq!(escaped("a!b"), r#"version "a!b" invalid: disallowed version string"#);
        assert_eq!(escaped("a/b"), r#"version "a/b" invalid: disallowed version string"#);
        assert_eq!(escaped("nul"), r#"version "nul" invalid: disallowed version string"#);
        assert_eq!(escaped("größe"), "internal error: inconsistency in EscapePath");
    }

    #[test]
    fn unescaping() {
        let text = |result: Result<String, UnescapeError>| match result {
            Ok(text) => text,
            Err(err) => err.to_string(),
        };
        assert_eq!(text(unescape_path("example.com/!my!lib")), "example.com/MyLib");
        for bad in
            ["example.com/Lib", "example.com/!", "example.com/!1", "example.com/!!a", "é.com/a"]
        {
            let wanted = format!("invalid escaped module path {}", quote(bad));
            assert_eq!(text(unescape_path(bad)), wanted);
        }
        assert_eq!(
            text(unescape_path("!a.com/b")),
            "invalid escaped module path \"!a.com/b\": malformed module path \"A.com/b\": \
             invalid char 'A' in first path element"
        );
        assert_eq!(text(unescape_version("v1.0.0-!r!c")), "v1.0.0-RC");
        assert_eq!(text(unescape_version("v1.0.0-RC")), "invalid escaped version \"v1.0.0-RC\"");
        assert_eq!(
            text(unescape_version("!a/b")),
            "invalid escaped version \"A/b\": invalid char '/'"
        );
    }

    proptest! {
        #[test]
        fn escaped_forms_come_back(
            path in "m[a-z]{0,5}\\.[a-z]{2,3}(/[A-Za-z_-]{1,6}zx){0,3}",
            version in "v[0-9]\\.[0-9]\\.[0-9]-[A-Za-z]{1,9}",
        ) {
            let escaped = escape_path(&path).unwrap();
            prop_assert!(!escaped.contains(|c: char| c.is_ascii_uppercase()));
            prop_assert_eq!(unescape_path(&escaped), Ok(path));
            prop_assert_eq!(unescape_version(&escape_version(&version).unwrap()), Ok(version));
        }

        #[test]
        fn any_text_unescapes_or_fails(text in "\\PC{0,20}") {
            if let Ok(path) = unescape_path(&text) {
                prop_assert_eq!(escape_path(&path), Ok(text.clone()));
            }
            prop_assert!(unescape_version(&text).is_err() || text.is_ascii());
        }
    }
}
