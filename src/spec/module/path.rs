//! Which texts are module paths, import paths and file paths.
//!
//! Implements [Module paths and versions](https://go.dev/ref/mod#go-mod-file-ident) and
//! [Module zip files: file path constraints](https://go.dev/ref/mod#zip-path-size-constraints) of
//! the Go Modules Reference. All three kinds are elements joined by `/`, none of them empty,
//! none made of dots alone, none ending in a dot. Beyond that:
//!
//! | kind   | characters of an element                                 |
//! |--------|----------------------------------------------------------|
//! | module | `A-Z a-z 0-9 - . _ ~`                                    |
//! | import | the same and `+`                                         |
//! | file   | those, space, `! # $ % & ( ) , = @ [ ] ^ { }`, letters   |
//!
//! "Letters" are the code points of the general category L in Unicode 15.0, as in Go. An element
//! whose part before the first dot is a device of Windows (`con`, `Com1`, …) is refused everywhere;
//! in module and import paths also one where that part ends in `~` and digits, and a `-` in front
//! of the path. A module path further has a first element in lower case that contains a dot, no
//! element with a leading dot, and a last element that if it is `v` and a number is `v2` or higher.
//! Paths below `gopkg.in/` end in `.vN` instead (optionally `-unstable`), for N from 0 on.
//!
//! ```
//! use gomodfetch::spec::module::{check_path, split_path_version};
//!
//! assert!(check_path("example.com/lib/v2").is_ok());
//! let err = check_path("Example.com/lib").unwrap_err();
//! assert_eq!(
//!     err.to_string(),
//!     "malformed module path \"Example.com/lib\": invalid char 'E' in first path element",
//! );
//! assert_eq!(split_path_version("example.com/lib/v2"), Some(("example.com/lib", "/v2")));
//! ```

use std::fmt;

use thiserror::Error;

use crate::spec::quote::{quote, quote_bytes, quote_char};
use crate::spec::unicode;

/// The kinds of path, from the narrowest character set to the widest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathKind {
    /// The path of a module.
    Module,
    /// The path of a package.
    Import,
    /// The name of a file within a module zip.
    File,
    /// The path of a package that is a tool; the rules are those of [`PathKind::Import`].
    Tool,
}

impl fmt::Display for PathKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Module => "module",
            Self::Import => "import",
            Self::File => "file",
            Self::Tool => "tool",
        })
    }
}

/// A path breaks one of the rules of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("malformed {kind} path {}: {reason}", quote_bytes(path))]
pub struct InvalidPathError {
    /// What the path was meant to be.
    pub kind: PathKind,
    /// The path; bytes, because one of the possible reasons is that it is no text.
    pub path: Vec<u8>,
    /// The rule that it breaks.
    pub reason: PathReason,
}

/// The rule that a path breaks.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "the message of each says what it means")]
pub enum PathReason {
    #[error("invalid UTF-8")]
    InvalidUtf8,
    #[error("empty string")]
    Empty,
    #[error("leading dash")]
    LeadingDash,
    #[error("double slash")]
    DoubleSlash,
    #[error("trailing slash")]
    TrailingSlash,
    #[error("empty path element")]
    EmptyElement,
    #[error("invalid path element {}", quote(.0))]
    OnlyDots(String),
    #[error("leading dot in path element")]
    LeadingDot,
    #[error("trailing dot in path element")]
    TrailingDot,
    #[error("invalid char {}", quote_char(*.0))]
    InvalidChar(char),
    #[error("{} disallowed as path element component on Windows", quote(.0))]
    WindowsDevice(String),
    #[error("trailing tilde and digits in path element")]
    WindowsShortName,
    #[error("missing dot in first path element")]
    MissingDot,
    #[error("invalid char {} in first path element", quote_char(*.0))]
    InvalidHostChar(char),
    #[error("invalid version")]
    InvalidMajor,
}

/// Checks a module path.
///
/// # Errors
/// The first rule that it breaks.
pub fn check_path(path: &str) -> Result<(), InvalidPathError> {
    check_elements(path, PathKind::Module)
        .and_then(|()| check_module_rules(path))
        .map_err(|reason| invalid(PathKind::Module, path.as_bytes(), reason))
}

/// Checks an import path, that is the path of a package.
///
/// # Errors
/// The first rule that it breaks.
pub fn check_import_path(path: &str) -> Result<(), InvalidPathError> {
    check_elements(path, PathKind::Import)
        .map_err(|reason| invalid(PathKind::Import, path.as_bytes(), reason))
}

/// Checks the slash-separated name of a file in a module zip.
///
/// # Errors
/// The first rule that it breaks.
pub fn check_file_path(path: &str) -> Result<(), InvalidPathError> {
    check_elements(path, PathKind::File)
        .map_err(|reason| invalid(PathKind::File, path.as_bytes(), reason))
}

/// Like [`check_file_path`], for a name that comes as bytes; hands it back as text.
///
/// # Errors
/// The first rule that it breaks, which may be that it is not UTF-8.
pub fn check_file_path_bytes(path: &[u8]) -> Result<&str, InvalidPathError> {
    let text =
        str::from_utf8(path).map_err(|_| invalid(PathKind::File, path, PathReason::InvalidUtf8))?;
    check_file_path(text).map(|()| text)
}

/// Cuts a module path into the part before its major version and the major version with its
/// mark: `/v2` and up, or `.v0` and up below `gopkg.in/`. Without a major version the second part
/// is empty; `None` says that the ending looks like one and is not allowed.
pub fn split_path_version(path: &str) -> Option<(&str, &str)> {
    if path.starts_with("gopkg.in/") {
        return split_gopkg_in(path);
    }
    let stem = path.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let number = path.strip_prefix(stem).unwrap_or_default();
    let Some(prefix) = stem.strip_suffix("/v").filter(|_| !number.is_empty()) else {
        return Some((path, ""));
    };
    let allowed = !number.contains('.') && !number.starts_with('0') && number != "1";
    allowed.then(|| path.split_at(prefix.len()))
}

/// Every path below `gopkg.in/` carries a major version, and `.v0` and `.v1` are spelled out too.
///
/// As in go, `-unstable` counts as part of the number here: `.v0-unstable` begins with a zero and
/// is refused, `.v-unstable` is not empty and passes.
fn split_gopkg_in(path: &str) -> Option<(&str, &str)> {
    let released = path.strip_suffix("-unstable").unwrap_or(path);
    let prefix = released.trim_end_matches(|c: char| c.is_ascii_digit()).strip_suffix(".v")?;
    let (prefix, major) = path.split_at_checked(prefix.len())?;
    let number = major.strip_prefix(".v")?;
    let allowed = !number.is_empty() && (!number.starts_with('0') || number == "0");
    allowed.then_some((prefix, major))
}

fn invalid(kind: PathKind, path: &[u8], reason: PathReason) -> InvalidPathError {
    InvalidPathError { kind, path: path.to_owned(), reason }
}

/// The rules for module paths alone, for a path that has passed [`check_elements`].
fn check_module_rules(path: &str) -> Result<(), PathReason> {
    let host = path.split('/').next().unwrap_or_default();
    if !host.contains('.') {
        return Err(PathReason::MissingDot);
    }
    let host_ok = |c: char| matches!(c, '-' | '.' | '0'..='9' | 'a'..='z');
    if let Some(c) = host.chars().find(|&c| !host_ok(c)) {
        return Err(PathReason::InvalidHostChar(c));
    }
    split_path_version(path).map(|_| ()).ok_or(PathReason::InvalidMajor)
}

fn check_elements(path: &str, kind: PathKind) -> Result<(), PathReason> {
    if path.is_empty() {
        return Err(PathReason::Empty);
    }
    if path.starts_with('-') && kind != PathKind::File {
        return Err(PathReason::LeadingDash);
    }
    if path.contains("//") {
        return Err(PathReason::DoubleSlash);
    }
    if path.ends_with('/') {
        return Err(PathReason::TrailingSlash);
    }
    path.split('/').try_for_each(|element| check_element(element, kind))
}

/// Checks one element of a path.
pub(super) fn check_element(element: &str, kind: PathKind) -> Result<(), PathReason> {
    if element.is_empty() {
        return Err(PathReason::EmptyElement);
    }
    if element.bytes().all(|c| c == b'.') {
        return Err(PathReason::OnlyDots(element.to_owned()));
    }
    if element.starts_with('.') && kind == PathKind::Module {
        return Err(PathReason::LeadingDot);
    }
    if element.ends_with('.') {
        return Err(PathReason::TrailingDot);
    }
    if let Some(c) = element.chars().find(|&c| !char_ok(c, kind)) {
        return Err(PathReason::InvalidChar(c));
    }
    let short = element.split('.').next().unwrap_or_default();
    if is_windows_device(short) {
        return Err(PathReason::WindowsDevice(short.to_owned()));
    }
    // File names may look like short names: only a directory that is looked up by its name, as
    // those of modules and packages are, could be reached under a second one.
    if kind != PathKind::File && is_windows_short_name(short) {
        return Err(PathReason::WindowsShortName);
    }
    Ok(())
}

fn char_ok(c: char, kind: PathKind) -> bool {
    let module = c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~');
    match kind {
        PathKind::Module => module,
        PathKind::Import | PathKind::Tool => module || c == '+',
        PathKind::File if c.is_ascii() => module || " !#$%&()+,=@[]^{}".contains(c),
        PathKind::File => unicode::is_letter(c),
    }
}

fn is_windows_device(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    match name.as_str() {
        "con" | "prn" | "aux" | "nul" => true,
        _ => name
            .strip_prefix("com")
            .or_else(|| name.strip_prefix("lpt"))
            .is_some_and(|n| matches!(n.as_bytes(), [b'1'..=b'9'])),
    }
}

/// Reports whether Windows could make up this name for a long one: it ends in `~` and digits.
fn is_windows_short_name(name: &str) -> bool {
    name.rsplit_once('~')
        .is_some_and(|(_, n)| !n.is_empty() && n.bytes().all(|c| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(result: Result<(), InvalidPathError>, path: &str) -> String {
        match result {
            Ok(()) => "ok".to_owned(),
            Err(err) => {
                let text = err.to_string();
                let prefix = format!("malformed {} path {}: ", err.kind, quote(path));
                text.strip_prefix(&prefix).expect("the common form").to_owned()
            }
        }
    }

    #[test]
    fn all_kinds_share_most_rules() {
        // path | as module path | as import path | as file name; "=" repeats the one before
        let cases = r#"
            example.com/a_b~c.d/Lib | ok | = | =
            | empty string | = | =
            / | trailing slash | = | =
            /a.b | empty path element | = | =
            a.b//c | double slash | = | =
            a.b/c/ | trailing slash | = | =
            -a.b/c | leading dash | = | ok
            a.b/.. | invalid path element ".." | = | =
            a.b/c. | trailing dot in path element | = | =
            a.b/.c | leading dot in path element | ok | =
            a.b/c+d | invalid char '+' | ok | =
            a.b/c d | invalid char ' ' | = | ok
            a.b/c'd | invalid char '\'' | = | =
            a.b/c:d | invalid char ':' | = | =
            a.b/straße | invalid char 'ß' | = | ok
            a.b/Ⅷ | invalid char 'Ⅷ' | = | =
            a.b/Aux.txt | "Aux" disallowed as path element component on Windows | = | =
            a.b/lpt9 | "lpt9" disallowed as path element component on Windows | = | =
            a.b/com0/com10/comx | ok | = | =
            a.b/abc~12.txt | trailing tilde and digits in path element | = | ok
            a.b/abc~/a~1b/~ | ok | = | =
            ab/c.d | missing dot in first path element | ok | =
            a.b~c/d | invalid char '~' in first path element | ok | =
            a.b/v2/v1 | invalid version | ok | =
        "#;
        for line in cases.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [path, module, import, file] = cells[..] else { panic!("{line}") };
            let import = if import == "=" { module } else { import };
            let file = if file == "=" { import } else { file };
            assert_eq!(text(check_path(path), path), module, "{line}");
            assert_eq!(text(check_import_path(path), path), import, "{line}");
            assert_eq!(text(check_file_path(path), path), file, "{line}");
        }
    }

    #[test]
    fn file_names_may_be_no_text() {
        assert_eq!(check_file_path_bytes(b"a/b c.txt"), Ok("a/b c.txt"));
        let err = check_file_path_bytes(b"a/\xc3(").unwrap_err();
        assert_eq!(err.to_string(), r#"malformed file path "a/\xc3(": invalid UTF-8"#);
    }

    #[test]
    fn ascii_of_file_names() {
        let refused: String = (' '..='~').filter(|&c| !char_ok(c, PathKind::File)).collect();
        assert_eq!(refused, "\"'*/:;<>?\\`|");
    }

    #[test]
    fn major_version_endings() {
        let cases = [
            ("example.com/m", Some(("example.com/m", ""))),
            ("example.com/m/v2", Some(("example.com/m", "/v2"))),
            ("example.com/m/v10", Some(("example.com/m", "/v10"))),
            ("example.com/v2/m", Some(("example.com/v2/m", ""))),
            ("example.com/mv2", Some(("example.com/mv2", ""))),
            ("example.com/m/v", Some(("example.com/m/v", ""))),
            ("example.com/m/2", Some(("example.com/m/2", ""))),
            ("example.com/m.v2", Some(("example.com/m.v2", ""))),
            ("example.com/m/v0", None),
            ("example.com/m/v1", None),
            ("example.com/m/v02", None),
            ("example.com/m/v2.1", None),
            ("example.com/m/v2.", None),
            ("gopkg.in/m.v0", Some(("gopkg.in/m", ".v0"))),
            ("gopkg.in/m.v1", Some(("gopkg.in/m", ".v1"))),
            ("gopkg.in/u/m.v12", Some(("gopkg.in/u/m", ".v12"))),
            ("gopkg.in/m.v2-unstable", Some(("gopkg.in/m", ".v2-unstable"))),
            ("gopkg.in/m.v-unstable", Some(("gopkg.in/m", ".v-unstable"))),
            ("gopkg.in/m.v0-unstable", None),
            ("gopkg.in/m.v01", None),
            ("gopkg.in/m.v", None),
            ("gopkg.in/m", None),
            ("gopkg.in/m/v2", None),
            ("", Some(("", ""))),
        ];
        for (path, parts) in cases {
            assert_eq!(split_path_version(path), parts, "{path}");
        }
    }

    proptest! {
        #[test]
        fn kinds_widen(path in "[ -~éß]{0,6}(/[.a-z0-9~+v-]{0,5}){0,3}") {
            prop_assert!(check_path(&path).is_err() || check_import_path(&path).is_ok());
            prop_assert!(check_import_path(&path).is_err() || check_file_path(&path).is_ok());
            prop_assert_eq!(check_file_path_bytes(path.as_bytes()).is_ok(), check_file_path(&path).is_ok());
        }

        #[test]
        fn splitting_loses_nothing(path in "(gopkg\\.in/)?\\PC{0,6}[./]?v?[0-9.]{0,3}(-unstable)?") {
            if let Some((prefix, major)) = split_path_version(&path) {
                prop_assert_eq!(format!("{prefix}{major}"), path);
            }
        }

        #[test]
        fn any_bytes_are_checked(path: Vec<u8>) {
            prop_assert!(check_file_path_bytes(&path).is_err() || !path.contains(&0));
        }
    }
}
