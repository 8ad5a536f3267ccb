//! What a checksum database writes: the description of its tree, and records.
//!
//! Implements the answers to `/latest` and `/lookup/…` of
//! [Checksum database](https://go.dev/ref/mod#checksum-database) in the Go Modules Reference.
//!
//! ```text
//! tree   = "go.sum database tree\n" size "\n" base64(hash) "\n" { further lines, ignored }
//! record = number "\n" text "\n"
//! text   = lines, the last one ended too, no blank one between them
//! lookup = record signed note whose text is a tree
//! ```
//!
//! Size and number are decimal, from 0 to 2^63-1, a tree's size without superfluous zeros. Texts are
//! valid UTF-8 without control characters other than newline, and have at most
//! [`MAX_RECORD_SIZE`] bytes; a tree's text has at most 1,000,000. A lookup:
//!
//! ```text
//! 1
//! example.com/greet v1.2.0 h1:WYG23cYzY999/oNezBq8+r/1o4Fc3uCF/KnyIC9T+4E=
//! example.com/greet v1.2.0/go.mod h1:05aMz8LFNEJDShx84X77o1BSh7tykZWz4PrhcUc1zow=
//!
//! go.sum database tree
//! 2
//! Ry8yqVKNq5Dc1iECgc4Cg/+RYVohpHqaxcAC67iTZ+Y=
//!
//! — sum.example.com /NRs0quxdYHe8Tp+kDxLSfPorMyfFMA9obijV7nqFQGeTMMdoxfA3yuiciRmXU8Jolqs3TPyITTDbP3JgSLnyfr89gI=
//! ```

use super::LogHash;
use std::fmt;

/// The most bytes the text of a record may have; real ones have a few hundred.
pub const MAX_RECORD_SIZE: usize = 1_000_000;

const MAX_TREE_SIZE: usize = 1_000_000;

const TREE_MARK: &str = "go.sum database tree\n";

/// What is wrong with an answer of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Not the description of a tree.
    #[error("malformed tree note")]
    Tree,
    /// Not a record, or too long.
    #[error("malformed record data")]
    Record,
}

/// A tree head: how many records a log has, and the hash over all of them.
///
/// Its `Display` is the text that the database signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tree {
    /// The number of records, below 2^63.
    pub size: u64,
    /// The hash of the tree's root.
    pub hash: LogHash,
}

impl Tree {
    /// The tree without records, from which every log began.
    pub const EMPTY: Tree = Tree { size: 0, hash: LogHash::EMPTY_TREE };

    /// Reads the text that a database signs.
    pub fn parse(text: &str) -> Result<Tree, TextError> {
        Tree::parse_text(text).ok_or(TextError::Tree)
    }

    fn parse_text(text: &str) -> Option<Tree> {
        if text.len() > MAX_TREE_SIZE {
            return None;
        }
        let (digits, rest) = text.strip_prefix(TREE_MARK)?.split_once('\n')?;
        let (hash, _) = rest.split_once('\n')?;
        let size = parse_number(digits).filter(|size| size.to_string() == digits)?;
        Some(Tree { size, hash: LogHash::parse(hash)? })
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{TREE_MARK}{}\n{}\n", self.size, self.hash)
    }
}

/// A record at the start of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    /// The record's number in the log, below 2^63.
    pub number: u64,
    /// The record's text, with its final newline; it is what the leaf's hash is of.
    pub text: &'a str,
    /// What follows the record: in a lookup, the signed tree.
    pub rest: &'a [u8],
}

impl Record<'_> {
    /// Takes the record from the start of `data`.
    pub fn parse(data: &[u8]) -> Result<Record<'_>, TextError> {
        Record::parse_data(data).ok_or(TextError::Record)
    }

    fn parse_data(data: &[u8]) -> Option<Record<'_>> {
        let newline = data.iter().position(|b| *b == b'\n')?;
        let (digits, data) = (&data[..newline], &data[newline + 1..]);
        let number = parse_number(str::from_utf8(digits).ok()?)?;

        let blank = data.windows(2).take(MAX_RECORD_SIZE).position(|two| two == b"\n\n")?;
        let text = str::from_utf8(&data[..=blank]).ok()?;
        let record = Record { number, text, rest: &data[blank + 2..] };
        is_valid_record_text(text).then_some(record)
    }
}

/// Writes a record as a lookup begins with it.
pub fn format_record(number: u64, text: &str) -> Result<String, TextError> {
    if !is_valid_record_text(text) {
        return Err(TextError::Record);
    }
    Ok(format!("{number}\n{text}\n"))
}

/// Whether a log may hold `text` as a record.
pub fn is_valid_record_text(text: &str) -> bool {
    text.len() <= MAX_RECORD_SIZE
        && text.ends_with('\n')
        && !text.contains("\n\n")
        && !text.bytes().any(|b| b < b' ' && b != b'\n')
}

/// A decimal number from 0 to 2^63-1, which may have a sign and superfluous zeros.
fn parse_number(digits: &str) -> Option<u64> {
    digits.parse::<i64>().ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HASH: &str = "Ub/qXbbrrPa0pumNdE8qx/hAlZOOb9bVnmVBTyxhPTQ=";

    #[test]
    fn trees() {
        let hash = LogHash::parse(HASH).unwrap();
        for size in [0, 2, 1_000_000, i64::MAX as u64] {
            let tree = Tree { size, hash };
            let text = tree.to_string();
            assert_eq!(text, format!("go.sum database tree\n{size}\n{HASH}\n"));
            assert_eq!(Tree::parse(&text), Ok(tree));
            assert_eq!(Tree::parse(&format!("{text}more\n\nto come")), Ok(tree));
        }
        let bad = [
            String::new(),
            format!("go.sum database tree v2\n2\n{HASH}\n"),
            format!("go.sum database tree\n2\n{HASH}"),
            format!("go.sum database tree\n\n{HASH}\n"),
            format!("go.sum database tree\n02\n{HASH}\n"),
            format!("go.sum database tree\n+2\n{HASH}\n"),
            format!("go.sum database tree\n-1\n{HASH}\n"),
            format!("go.sum database tree\n-0\n{HASH}\n"),
            format!("go.sum database tree\n9223372036854775808\n{HASH}\n"),
            format!("go.sum database tree\n99999999999999999999999\n{HASH}\n"),
            format!("go.sum database tree\n2\n{}\n", &HASH[1..]),
            format!("go.sum database tree\n2\n{}\n", &HASH[4..]),
            format!("go.sum database tree\n2\n{HASH}\n{}\n", "x".repeat(MAX_TREE_SIZE)),
        ];
        for text in bad {
            assert_eq!(Tree::parse(&text), Err(TextError::Tree), "{text:.80}");
        }
    }

    #[test]
    fn records() {
        let cases: [(&[u8], u64, &str, &[u8]); 6] = [
            (b"0\nline\n\n", 0, "line\n", b""),
            (b"007\na\nb\n\nrest\n\n\xff", 7, "a\nb\n", b"rest\n\n\xff"),
            (b"+1\na\n\n", 1, "a\n", b""),
            (b"1\n\n\n\n", 1, "\n", b"\n"),
            (b"1\n\na\n\n", 1, "\na\n", b""),
            (b"9223372036854775807\n\xc3\xa9\n\n", i64::MAX as u64, "é\n", b""),
        ];
        for (data, number, text, rest) in cases {
            assert_eq!(Record::parse(data), Ok(Record { number, text, rest }));
        }
        let bad: [&[u8]; 11] = [
            b"",
            b"1",
            b"1\n",
            b"1\na",
            b"1\na\n",
            b"\na\n\n",
            b"-1\na\n\n",
            b"x\na\n\n",
            b"9223372036854775808\na\n\n",
            b"1\na\tb\n\n",
            b"1\n\xff\n\n",
        ];
        for data in bad {
            assert_eq!(Record::parse(data), Err(TextError::Record), "{data:?}");
        }
    }

    #[test]
    fn a_record_has_a_limit() {
        let text = |len| format!("{}\n", "x".repeat(len - 1));
        for (len, valid) in [(MAX_RECORD_SIZE, true), (MAX_RECORD_SIZE + 1, false)] {
            let (text, data) = (text(len), format!("1\n{}\n", text(len)));
            assert_eq!(Record::parse(data.as_bytes()).is_ok(), valid);
            assert_eq!(format_record(1, &text).is_ok(), valid);
        }
    }

    proptest! {
        #[test]
        fn never_panics(data in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'1'), any::<u8>()], 0..40)) {
            let _ = Record::parse(&data);
            let _ = Tree::parse(&format!("{TREE_MARK}{}", String::from_utf8_lossy(&data)));
        }

        #[test]
        fn round_trip(number in 0..=i64::MAX as u64, text in "([^\\pC\n]{1,9}\n){1,4}", rest in any::<Vec<u8>>()) {
            let mut data = format_record(number, &text).unwrap().into_bytes();
            data.extend_from_slice(&rest);
            prop_assert_eq!(Record::parse(&data), Ok(Record { number, text: &text, rest: &rest }));
        }
    }
}
