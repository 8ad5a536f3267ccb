//! go.sum files, the hashes that a main module has seen.
//!
//! Implements [go.sum files](https://go.dev/ref/mod#go-sum-files) of the Go Modules Reference.
//!
//! ```text
//! line = path version [ "/go.mod" ] hash
//! hash = "h1:" base64 | any other algorithm ":" anything
//! ```
//!
//! The three fields are separated by white space, of which there may be more at both ends; blank
//! lines are skipped. Nothing else is checked: a hash of an unknown algorithm is kept and written
//! back, but proves nothing. Versions with `/go.mod` stand for the go.mod file alone, the others
//! for the whole module zip. A module may have several hashes. What go writes has its lines sorted
//! by path, semantic version and hash, each line once, the fields one space apart.
//!
//! A file is read as text: bytes that aren't UTF-8, which no path, version or hash can contain, are
//! read as U+FFFD.
//!
//! ```
//! use gomodfetch::spec::{gosum::GoSum, module::Version};
//!
//! let sums = GoSum::parse("go.sum", b"example.com/b v1.0.0 h1:y\nexample.com/a  v1.0.0 h1:x")?;
//! assert_eq!(sums.recorded(&Version::new("example.com/a", "v1.0.0")), Some("h1:x"));
//! assert_eq!(sums.to_string(), "example.com/a v1.0.0 h1:x\nexample.com/b v1.0.0 h1:y\n");
//! # Ok::<(), gomodfetch::spec::gosum::MalformedGoSumError>(())
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use crate::spec::module::{self, Version};

/// The hash of an empty go.mod. Old versions of go recorded it for modules without one, where
/// it proves nothing; go drops it, and so does [`GoSum::parse`].
pub const EMPTY_GO_MOD_HASH: &str = "h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=";

/// The algorithm prefix of the hashes that prove something.
const KNOWN_ALGORITHM: &str = "h1:";

/// The most lines of a go.sum. The largest real files have some ten thousand.
const MAX_LINES: usize = 1 << 18;

/// A line of a go.sum that has not three fields, or one more than there may be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("malformed go.sum:\n{file}:{line}: {reason}")]
pub struct MalformedGoSumError {
    /// The name of the file, as it was handed over.
    pub file: String,
    /// The number of the line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: Malformation,
}

/// What is wrong with a line of a go.sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Malformation {
    /// It has so many fields.
    #[error("wrong number of fields {0}")]
    Fields(usize),
    /// So many lines with hashes are before it, and a file of use has not nearly as many.
    #[error("more than {0} lines")]
    Lines(usize),
}

/// The hashes of a go.sum or go.work.sum, by version or version with `/go.mod`.
///
/// `Display` writes the file as go would, and so does [`GoSum::serialize`] with a selection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GoSum {
    sums: BTreeMap<Version, Vec<String>>,
}

impl GoSum {
    /// Parses a file; `file` is how errors name it.
    ///
    /// # Errors
    /// The first line that is not blank and has not three fields.
    pub fn parse(file: &str, data: &[u8]) -> Result<Self, MalformedGoSumError> {
        let mut sums = Self::default();
        let mut lines = 0;
        // The lines of one module stand together, and share its path.
        let mut last: Arc<str> = Arc::default();
        for (index, line) in data.split(|&c| c == b'\n').enumerate() {
            let malformed =
                |reason| MalformedGoSumError { file: file.to_owned(), line: index + 1, reason };
            let line = String::from_utf8_lossy(line);
            let mut fields = line.split_whitespace();
            match (fields.next(), fields.next(), fields.next(), fields.count()) {
                (None, ..) | (_, _, Some(EMPTY_GO_MOD_HASH), 0) => {}
                (Some(path), Some(version), Some(hash), 0) => {
                    lines += 1;
                    if lines > MAX_LINES {
                        return Err(malformed(Malformation::Lines(MAX_LINES)));
                    }
                    if *last != *path {
                        last = path.into();
                    }
                    sums.push(Version::new(Arc::clone(&last), version), hash.to_owned());
                }
                (Some(_), second, third, more) => {
                    let known = 1 + usize::from(second.is_some()) + usize::from(third.is_some());
                    return Err(malformed(Malformation::Fields(known + more)));
                }
            }
        }
        Ok(sums)
    }

    /// The hashes of `key`, in the order in which they were read or added.
    pub fn hashes(&self, key: &Version) -> &[String] {
        self.sums.get(key).map_or(&[], Vec::as_slice)
    }

    /// Reports whether `hash` is among the hashes of `key`.
    pub fn contains(&self, key: &Version, hash: &str) -> bool {
        self.hashes(key).iter().any(|known| known == hash)
    }

    /// Reports whether there is a line for `key`, whatever its hash.
    pub fn contains_key(&self, key: &Version) -> bool {
        self.sums.contains_key(key)
    }

    /// The hashes of `key` that prove something.
    pub fn known(&self, key: &Version) -> impl Iterator<Item = &str> {
        self.hashes(key).iter().map(String::as_str).filter(|hash| has_known_algorithm(hash))
    }

    /// The one hash of `key` that proves something; `None` if there is none, or if there are two
    /// that contradict each other.
    pub fn recorded(&self, key: &Version) -> Option<&str> {
        let mut known = self.known(key);
        let first = known.next()?;
        known.all(|other| other == first).then_some(first)
    }

    /// Adds a hash, unless it is there already.
    pub fn add(&mut self, key: Version, hash: impl Into<String>) {
        let hash = hash.into();
        if !self.contains(&key, &hash) {
            self.push(key, hash);
        }
    }

    /// Takes a hash out, if it is there.
    pub fn remove(&mut self, key: &Version, hash: &str) {
        if let Some(hashes) = self.sums.get_mut(key) {
            hashes.retain(|known| known != hash);
            if hashes.is_empty() {
                self.sums.remove(key);
            }
        }
    }

    /// All lines, in the order of [`Version`] (which is not that of the file).
    pub fn iter(&self) -> impl Iterator<Item = (&Version, &str)> {
        self.sums
            .iter()
            .flat_map(|(key, hashes)| hashes.iter().map(move |hash| (key, hash.as_str())))
    }

    /// Reports whether there are no lines.
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    /// The file as go writes it, of the lines for which `keep(version, hash)` holds.
    pub fn serialize(&self, keep: impl Fn(&Version, &str) -> bool) -> String {
        let mut keys: Vec<Version> = self.sums.keys().cloned().collect();
        module::sort(&mut keys);
        let mut text = String::new();
        for key in &keys {
            let mut hashes: Vec<&String> = self.hashes(key).iter().collect();
            hashes.sort_unstable();
            hashes.dedup();
            for hash in hashes.into_iter().filter(|hash| keep(key, hash)) {
                text.push_str(&format!("{} {} {hash}\n", key.path, key.version));
            }
        }
        text
    }

    /// Duplicates stay: the warning about unknown hashes prints what was read.
    fn push(&mut self, key: Version, hash: String) {
        // Nearly all have one hash, and a vector grows to four places at once.
        self.sums.entry(key).or_insert_with(|| Vec::with_capacity(1)).push(hash);
    }
}

impl fmt::Display for GoSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.serialize(|_, _| true))
    }
}

/// Reports whether `hash` is of an algorithm that proves something.
pub fn has_known_algorithm(hash: &str) -> bool {
    hash.starts_with(KNOWN_ALGORITHM)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> GoSum {
        GoSum::parse("go.sum", text.as_bytes()).expect("well-formed")
    }

    #[test]
    fn written_sorted_and_once() {
        let sums = parse(
            "b.example/x v1.10.0 h1:c=\r\n\
             \n\
             b.example/x v1.9.0/go.mod h1:b=\n\
             b.example/x v1.9.0 h1:b=\n  \t\n\
             b.example/x v1.9.0 h1:a=\n\
             b.example/x v1.9.0 h1:b=\n\
             \t a.example/x \t v2.0.0+incompatible  zz:? ",
        );
        let written = "a.example/x v2.0.0+incompatible zz:?\n\
             b.example/x v1.9.0 h1:a=\n\
             b.example/x v1.9.0 h1:b=\n\
             b.example/x v1.9.0/go.mod h1:b=\n\
             b.example/x v1.10.0 h1:c=\n";
        assert_eq!(sums.to_string(), written);
        let only_h1 = sums.serialize(|_, hash| has_known_algorithm(hash));
        assert_eq!(only_h1, written.split_once('\n').unwrap().1);
        assert_eq!(sums.iter().count(), 6);
        assert!(parse(" \n\n").is_empty());
    }

    #[test]
    fn malformed_lines_are_named() {
        for (text, line, fields) in
            [("a v1", 1, 2), ("a v1 h1:x\n\n\nb\n", 4, 1), ("a b c d", 1, 4)]
        {
            let err = GoSum::parse("dir/go.sum", text.as_bytes()).unwrap_err();
            let wanted =
                format!("malformed go.sum:\ndir/go.sum:{line}: wrong number of fields {fields}");
            assert_eq!(err.to_string(), wanted);
        }
    }

    #[test]
    fn more_lines_than_any_file_has_are_refused() {
        let mut text = "a v1 h1:x\n".repeat(MAX_LINES);
        assert!(GoSum::parse("go.sum", text.as_bytes()).is_ok());
        text.push_str("\na v1 h1:x\n");
        let err = GoSum::parse("go.sum", text.as_bytes()).unwrap_err();
        assert_eq!(err.to_string(), "malformed go.sum:\ngo.sum:262146: more than 262144 lines");
    }

    #[test]
    fn hash_of_an_empty_go_mod_is_dropped() {
        let text = format!("a v1.0.0/go.mod {EMPTY_GO_MOD_HASH}\na v1.0.0/go.mod h1:x=\n");
        assert_eq!(parse(&text).to_string(), "a v1.0.0/go.mod h1:x=\n");
    }

    #[test]
    fn look_ups() {
        let sums = parse("a v1 h2:n\na v1 h1:x\na v1 h1:x\nb v1 h1:x\nb v1 h1:y\nc v1 h2:n\n");
        let key = |path| Version::new(path, "v1");
        assert_eq!(sums.recorded(&key("a")), Some("h1:x"));
        assert_eq!(sums.recorded(&key("b")), None);
        assert_eq!(sums.recorded(&key("c")), None);
        assert_eq!(sums.known(&key("b")).collect::<Vec<_>>(), ["h1:x", "h1:y"]);
        assert_eq!(sums.hashes(&key("a")), ["h2:n", "h1:x", "h1:x"]);
        assert!(sums.contains_key(&key("c")) && !sums.contains_key(&key("d")));
        assert!(sums.contains(&key("c"), "h2:n") && !sums.contains(&key("c"), "h1:x"));
    }

    #[test]
    fn adding() {
        let mut sums = parse("a v1.0.0 h1:x\n");
        let key = Version::new("a", "v1.0.0");
        sums.add(key.clone(), "h1:x");
        sums.add(key.go_mod(), "h1:y");
        sums.add(key, "h1:w");
        assert_eq!(sums.to_string(), "a v1.0.0 h1:w\na v1.0.0 h1:x\na v1.0.0/go.mod h1:y\n");
    }

    proptest! {
        #[test]
        fn any_bytes_parse_or_fail(data: Vec<u8>) {
            let lines = data.split(|&c| c == b'\n').count();
            match GoSum::parse("go.sum", &data) {
                Ok(sums) => prop_assert!(sums.iter().count() <= lines),
                Err(err) => {
                    prop_assert!(err.line <= lines && err.reason != Malformation::Fields(3));
                }
            }
        }

        #[test]
        fn written_form_is_stable(text in "(([ab] v[01]\\.[01]\\.0(-x)?(/go\\.mod)? h[12]:[xy])?[ \r]?\n){0,40}") {
            let written = parse(&text).to_string();
            prop_assert_eq!(parse(&written).to_string(), written);
        }
    }
}
