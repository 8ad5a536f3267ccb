//! The texts of tokens and comments: quoting, white space, and what is no UTF-8.
//!
//! Implements [Lexical elements](https://go.dev/ref/mod#go-mod-file-lexical) of the Go Modules
//! Reference as far as single tokens go. Files are bytes: what isn't UTF-8 stays as it is in the
//! tree and in what is printed, but the values read from it have one U+FFFD for each such byte,
//! as in Go's JSON. No module path, version or import path with such a byte is valid.
//!
//! ```
//! use gomodfetch::spec::modfile::{auto_quote, is_directory_path, must_quote};
//!
//! assert_eq!(auto_quote("example.com/a"), "example.com/a");
//! assert_eq!(auto_quote("../my module"), r#""../my module""#);
//! assert!(must_quote("a//b") && must_quote("(b)") && !must_quote("("));
//! assert!(is_directory_path(r"C:\src") && !is_directory_path("example.com/c"));
//! ```

use std::borrow::Cow;

use crate::spec::quote::{quote, quote_bytes};
use crate::spec::unicode::is_printable;

/// A token that is not the spelling of any text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StringError {
    /// A quotation mark in something that is not a `"…"` string.
    #[error("unquoted string cannot contain quote")]
    Quote,
    /// A `"…"` string with an unknown escape, or one that names no character.
    #[error("invalid syntax")]
    Syntax,
}

/// Reports whether `text` must be quoted to be one token of a go.mod.
pub fn must_quote(text: &str) -> bool {
    must_quote_bytes(text.as_bytes())
}

/// The spelling of `text` as one token of a go.mod: quoted only if it must be.
pub fn auto_quote(text: &str) -> Cow<'_, str> {
    if must_quote(text) { Cow::Owned(quote(text)) } else { Cow::Borrowed(text) }
}

/// Reports whether a path names a directory and not a module.
///
/// It does if it is rooted or begins with the element `.` or `..`. A go.mod moves from system to
/// system, so the forms of Windows count everywhere.
pub fn is_directory_path(path: &str) -> bool {
    match path.as_bytes() {
        b"." | b".." | [b'/' | b'\\', ..] => true,
        [b'.', b'/' | b'\\', ..] | [b'.', b'.', b'/' | b'\\', ..] => true,
        [drive, b':', ..] => drive.is_ascii_alphabetic(),
        _ => false,
    }
}

/// The text that a token spells.
///
/// A string in back quotes spells nothing: directives have never understood it.
pub(super) fn spelled(token: &[u8]) -> Result<Cow<'_, [u8]>, StringError> {
    if token.starts_with(b"\"") {
        return unquote(token).map(Cow::Owned).ok_or(StringError::Syntax);
    }
    match token.iter().any(|c| matches!(c, b'"' | b'\'' | b'`')) {
        true => Err(StringError::Quote),
        false => Ok(Cow::Borrowed(token)),
    }
}

/// [`auto_quote`] for texts that may not be UTF-8.
pub(super) fn spell(text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
    if must_quote_bytes(&text) { quote_bytes(&text).into_bytes().into() } else { text }
}

/// The text of a string in double or back quotes, by the rules of Go's literals.
pub(super) fn unquote(literal: &[u8]) -> Option<Vec<u8>> {
    match literal {
        [b'`', raw @ .., b'`'] if !raw.contains(&b'`') => {
            Some(raw.iter().copied().filter(|&c| c != b'\r').collect())
        }
        [b'"', escaped @ .., b'"'] => unescape(escaped),
        _ => None,
    }
}

fn unescape(escaped: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some((c, length)) = split_char(rest) {
        rest = rest.get(length..)?;
        match c {
            '"' | '\n' => return None,
            '\\' => rest = unescape_one(rest, &mut text)?,
            c => push_char(&mut text, c),
        }
    }
    Some(text)
}

/// Appends what the escape behind a backslash means, and returns the text behind that.
fn unescape_one<'a>(escape: &'a [u8], text: &mut Vec<u8>) -> Option<&'a [u8]> {
    let (&letter, rest) = escape.split_first()?;
    let (digits, radix) = match letter {
        b'x' => (rest.get(..2)?, 16),
        b'u' => (rest.get(..4)?, 16),
        b'U' => (rest.get(..8)?, 16),
        b'0'..=b'7' => (escape.get(..3)?, 8),
        _ => {
            text.push(match letter {
                b'a' => 0x07,
                b'b' => 0x08,
                b'f' => 0x0c,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'v' => 0x0b,
                b'\\' | b'"' => letter,
                _ => return None,
            });
            return Some(rest);
        }
    };
    let number = digits.iter().try_fold(0u32, |number, &digit| {
        Some((number << (if radix == 16 { 4 } else { 3 })) | char::from(digit).to_digit(radix)?)
    })?;
    match letter {
        b'u' | b'U' => push_char(text, char::from_u32(number)?),
        _ => text.push(u8::try_from(number).ok()?),
    }
    let used = digits.len() + usize::from(radix == 16);
    escape.get(used..)
}

fn push_char(text: &mut Vec<u8>, c: char) {
    text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

fn must_quote_bytes(text: &[u8]) -> bool {
    let special = |c| match c {
        ' ' | '"' | '\'' | '`' => true,
        '(' | ')' | '[' | ']' | '{' | '}' | ',' => text.len() > 1,
        c => !is_printable(c),
    };
    text.is_empty()
        || text.windows(2).any(|pair| matches!(pair, b"//" | b"/*"))
        || text.utf8_chunks().any(|chunk| chunk.valid().chars().any(special))
}

/// The first character and its length in bytes; a byte that is not UTF-8 counts as U+FFFD.
pub(super) fn split_char(text: &[u8]) -> Option<(char, usize)> {
    let first = *text.first()?;
    if first.is_ascii() {
        return Some((char::from(first), 1));
    }
    let window = text.get(..4).unwrap_or(text);
    let valid = window.utf8_chunks().next().and_then(|chunk| chunk.valid().chars().next());
    Some(valid.map_or((char::REPLACEMENT_CHARACTER, 1), |c| (c, c.len_utf8())))
}

/// The text with one U+FFFD for each byte that is not UTF-8.
pub(super) fn to_string(text: &[u8]) -> String {
    let mut string = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        string.push_str(chunk.valid());
        string.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    string
}

/// The text without white space, in the sense of Unicode, at both ends.
pub(super) fn trim(text: &[u8]) -> &[u8] {
    let mut text = text;
    while let Some((_, length)) = split_char(text).filter(|(c, _)| c.is_whitespace()) {
        text = text.get(length..).unwrap_or_default();
    }
    while let Some(rest) = trim_last_space(text) {
        text = rest;
    }
    text
}

/// The text without the white space character that ends it; none has more than three bytes.
fn trim_last_space(text: &[u8]) -> Option<&[u8]> {
    (1..=3).find_map(|length| {
        let (rest, last) = text.split_at_checked(text.len().checked_sub(length)?)?;
        let last = str::from_utf8(last).ok()?;
        last.chars().all(char::is_whitespace).then_some(rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_unquoted_as_in_go() {
        let cases: [(&str, Option<&[u8]>); 24] = [
            (r#""""#, Some(b"")),
            (r#""plain""#, Some(b"plain")),
            (r#""\a\b\f\n\r\t\v\\\"""#, Some(b"\x07\x08\x0c\n\r\t\x0b\\\"")),
            (r#""\x41\xfF\0017""#, Some(b"A\xff\x017")),
            (r#""\u00e4\U0001f600""#, Some("ä😀".as_bytes())),
            ("`a\\n\r`", Some(b"a\\n")),
            ("``", Some(b"")),
            (r#"""#, None),
            ("`", None),
            ("plain", None),
            (r#""open"#, None),
            (r#""open\""#, None),
            (r#""a"b""#, None),
            ("\"a\nb\"", None),
            ("`a`b`", None),
            (r#""\q""#, None),
            (r#""\'""#, None),
            (r#""\x4""#, None),
            (r#""\xg0""#, None),
            (r#""\ud800""#, None),
            (r#""\U00110000""#, None),
            (r#""\UFFFFFFFF""#, None),
            (r#""\400""#, None),
            (r#""\08""#, None),
        ];
        for (literal, text) in cases {
            assert_eq!(unquote(literal.as_bytes()).as_deref(), text, "{literal}");
        }
        assert_eq!(unquote(b"\"\xff\"").as_deref(), Some("\u{fffd}".as_bytes()));
    }

    #[test]
    fn tokens_spell_texts() {
        let cases: [(&str, Result<&str, StringError>, &str); 8] = [
            ("plain", Ok("plain"), "plain"),
            (r#""plain""#, Ok("plain"), "plain"),
            (r#""two words""#, Ok("two words"), r#""two words""#),
            (r#""\u00a0""#, Ok("\u{a0}"), r#""\u00a0""#),
            (r#""\z""#, Err(StringError::Syntax), ""),
            ("`raw`", Err(StringError::Quote), ""),
            ("it's", Err(StringError::Quote), ""),
            (r#"a"b""#, Err(StringError::Quote), ""),
        ];
        for (token, text, spelling) in cases {
            let spelled = spelled(token.as_bytes());
            assert_eq!(spelled.as_deref(), text.map(str::as_bytes).as_ref().map(|t| *t), "{token}");
            if let Ok(text) = spelled {
                assert_eq!(spell(text), spelling.as_bytes(), "{token}");
            }
        }
    }

    #[test]
    fn quotes_where_a_token_would_end_or_change() {
        for text in
            ["", " ", "a b", "a\"", "'", "`", "(a", "a,", "[]", "a//b", "/*", "\n", "\u{a0}"]
        {
            assert!(must_quote(text), "{text:?}");
            assert_eq!(unquote(auto_quote(text).as_bytes()).as_deref(), Some(text.as_bytes()));
        }
        for text in
            ["a", "/", "a/b", "(", ")", "[", "]", "{", "}", ",", "=>", "\\", "ä", "\u{fffd}"]
        {
            assert!(!must_quote(text), "{text:?}");
            assert_eq!(auto_quote(text), text);
        }
        assert!(!must_quote_bytes(b"\xff"));
    }

    #[test]
    fn directory_paths_of_all_systems() {
        for path in
            [".", "..", "./", "../a", "/", "/a", "\\", r"\\host\a", r".\a", r"..\a", "C:", "z:/a"]
        {
            assert!(is_directory_path(path), "{path}");
        }
        for path in ["", "a", "...", ".a", "..a", "a/..", "example.com/a", "1:", "ab:/", "ä:/"] {
            assert!(!is_directory_path(path), "{path}");
        }
    }

    #[test]
    fn trims_unicode_white_space_but_no_broken_bytes() {
        let cases: [(&[u8], &[u8]); 7] = [
            (b"", b""),
            (b" \t\r\n\x0b\x0c", b""),
            (b"  a b  ", b"a b"),
            ("\u{a0}\u{3000}a\u{2003}\u{85}".as_bytes(), b"a"),
            (b"\x85a\xa0", b"\x85a\xa0"),
            (b"a\xe3\x80", b"a\xe3\x80"),
            (b"\xff \xff", b"\xff \xff"),
        ];
        for (text, trimmed) in cases {
            assert_eq!(trim(text), trimmed, "{text:?}");
        }
    }

    #[test]
    fn each_broken_byte_counts() {
        assert_eq!(to_string(b"a\xe3\x80b\xff"), "a\u{fffd}\u{fffd}b\u{fffd}");
        assert_eq!(split_char(b"\xe3\x80b"), Some(('\u{fffd}', 1)));
        assert_eq!(split_char("ä".as_bytes()), Some(('ä', 2)));
        assert_eq!(split_char(b""), None);
    }
}
