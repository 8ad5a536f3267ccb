//! Texts in double quotes, as Go writes them.
//!
//! The messages of the go command quote foreign text, and a go.mod may hold
//! [interpreted strings](https://go.dev/ref/mod#go-mod-file-lexical). Both follow the syntax of
//! string literals in Go: what can be printed stands for itself, `"` and `\` are escaped with `\`,
//! control characters are `\a \b \f \n \r \t \v` or `\x1f`, other characters `\u00a0` or
//! `\U000e0001`, and bytes that are not UTF-8 are `\xff`.
//!
//! ```
//! use gomodfetch::spec::quote::{quote, quote_bytes, quote_char};
//!
//! assert_eq!(quote("a\t\"ä\""), r#""a\t\"ä\"""#);
//! assert_eq!(quote_bytes(b"\xff"), r#""\xff""#);
//! assert_eq!(quote_char('\''), r"'\''");
//! ```

use crate::spec::unicode::is_printable;

/// A text in double quotes.
pub fn quote(text: &str) -> String {
    quote_bytes(text.as_bytes())
}

/// A text that may not be UTF-8, in double quotes.
pub fn quote_bytes(text: &[u8]) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            push_escaped(&mut quoted, c, '"');
        }
        for byte in chunk.invalid() {
            quoted.push_str(&format!("\\x{byte:02x}"));
        }
    }
    quoted.push('"');
    quoted
}

/// A character in single quotes.
pub fn quote_char(c: char) -> String {
    let mut quoted = String::from("'");
    push_escaped(&mut quoted, c, '\'');
    quoted.push('\'');
    quoted
}

fn push_escaped(out: &mut String, c: char, delimiter: char) {
    match c {
        '\\' => out.push_str("\\\\"),
        c if c == delimiter => out.extend(['\\', c]),
        c if is_printable(c) => out.push(c),
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        '\0'..='\x7f' => out.push_str(&format!("\\x{:02x}", u32::from(c))),
        '\u{80}'..='\u{ffff}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
        _ => out.push_str(&format!("\\U{:08x}", u32::from(c))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let cases: [(&[u8], &str); 8] = [
            (b"", r#""""#),
            ("it's \"ä\" \\ 日".as_bytes(), r#""it's \"ä\" \\ 日""#),
            (b"\x07\x08\x0c\n\r\t\x0b", r#""\a\b\f\n\r\t\v""#),
            (b"\0\x1b\x7f", r#""\x00\x1b\x7f""#),
            ("\u{a0}\u{2028}\u{fffd}".as_bytes(), "\"\\u00a0\\u2028\u{fffd}\""),
            ("\u{e0001}".as_bytes(), r#""\U000e0001""#),
            (b"a\xffb\xe6\x97", r#""a\xffb\xe6\x97""#),
            (b"\xed\xa0\x80", r#""\xed\xa0\x80""#),
        ];
        for (text, quoted) in cases {
            assert_eq!(quote_bytes(text), quoted);
        }
    }

    #[test]
    fn characters() {
        let cases = [
            ('a', "'a'"),
            ('\'', r"'\''"),
            ('"', "'\"'"),
            ('\\', r"'\\'"),
            ('\n', r"'\n'"),
            ('\u{ad}', r"'\u00ad'"),
            ('\u{f0000}', r"'\U000f0000'"),
            ('é', "'é'"),
        ];
        for (c, quoted) in cases {
            assert_eq!(quote_char(c), quoted);
        }
    }
}
