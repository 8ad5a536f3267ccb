//! I/O errors that name what was tried, on which path.
//!
//! The text is the one Go users know from `fs.PathError`: `open NAME: permission denied`. The error
//! is a value (no `std::io::Error` inside), so that the result of shared work can be handed to
//! everyone who waited for it.

use std::io;
use std::path::{Path, PathBuf};

/// A failed operation on a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{op} {}: {text}", path.display())]
pub struct IoError {
    /// What was tried, as a verb: `open`, `rename`, `mkdir`.
    pub op: &'static str,
    /// The path it was tried on.
    pub path: PathBuf,
    /// The class of the failure.
    pub kind: io::ErrorKind,
    /// The operating system's reason, in lower case and without its number.
    pub text: String,
}

impl IoError {
    /// Wraps `err`, which `op` on `path` gave.
    pub fn new(op: &'static str, path: &Path, err: &io::Error) -> IoError {
        IoError { op, path: path.to_path_buf(), kind: err.kind(), text: reason(err) }
    }

    /// An error of our own making, such as finding a pipe where a file should be.
    pub fn other(op: &'static str, path: &Path, text: impl Into<String>) -> IoError {
        IoError { op, path: path.to_path_buf(), kind: io::ErrorKind::Other, text: text.into() }
    }

    /// The same error with the path as the user knows it.
    pub fn on(self, path: &Path) -> IoError {
        IoError { path: path.to_path_buf(), ..self }
    }

    /// Whether the path does not exist.
    pub fn is_not_found(&self) -> bool {
        self.kind == io::ErrorKind::NotFound
    }
}

/// For `map_err`: `File::open(p).map_err(at("open", p))`.
pub fn at<'a>(op: &'static str, path: &'a Path) -> impl Fn(io::Error) -> IoError + 'a {
    move |err| IoError::new(op, path, &err)
}

/// The reason alone, worded as the `go` command words it: `no such file or directory`.
pub fn reason(err: &io::Error) -> String {
    let text = err.to_string();
    let text = match text.find(" (os error ") {
        Some(end) => &text[..end],
        None => return text,
    };
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_system_without_its_number() {
        let path = Path::new("/nonexistent/file");
        let err = std::fs::File::open(path).map_err(at("open", path)).unwrap_err();
        assert_eq!(err.to_string(), "open /nonexistent/file: no such file or directory");
        assert!(err.is_not_found());
    }

    #[test]
    fn own_words_stay_as_they_are() {
        let err = io::Error::other("Something Else");
        assert_eq!(reason(&err), "Something Else");
    }
}
