//! Words that may be quoted, as in GOFLAGS and in the commands of GOAUTH.
//!
//! Words are separated by blanks (space, tab, line feed, carriage return). A word that *begins*
//! with `'` or `"` reaches to the next quote of the same kind and may hold blanks; nothing is
//! unescaped, and what follows the quote is the next word. Quotes further inside a word are part of
//! it.
//!
//! ```
//! use gomodfetch::config::quoted::split;
//!
//! assert_eq!(split(r#"-x '-tags=a b' -y='c d'"#).unwrap(), ["-x", "-tags=a b", "-y='c", "d'"]);
//! assert_eq!(split("'a").unwrap_err().to_string(), "unterminated ' string");
//! ```

use thiserror::Error;

/// A quote that is never closed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("unterminated {0} string")]
pub struct Unterminated(pub char);

/// Splits a text into its words.
pub fn split(text: &str) -> Result<Vec<String>, Unterminated> {
    let is_blank = |c| matches!(c, ' ' | '\t' | '\n' | '\r');
    let mut words = Vec::new();
    let mut rest = text.trim_start_matches(is_blank);
    while let Some(first) = rest.chars().next() {
        let (word, after) = match rest.strip_prefix(['"', '\'']) {
            Some(quoted) => quoted.split_once(first).ok_or(Unterminated(first))?,
            None => {
                let end = rest.find(is_blank).unwrap_or(rest.len());
                rest.split_at_checked(end).unwrap_or((rest, ""))
            }
        };
        words.push(word.to_owned());
        rest = after.trim_start_matches(is_blank);
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            (" \t\r\n", &[]),
            (" a  b ", &["a", "b"]),
            ("a\u{a0}b\x0bc", &["a\u{a0}b\x0bc"]),
            ("'a b'\"c d\"e", &["a b", "c d", "e"]),
            ("''", &[""]),
            ("'a\"b'", &["a\"b"]),
            ("a'b c'", &["a'b", "c'"]),
            (r"a\ b", &[r"a\", "b"]),
        ];
        for &(text, want) in cases {
            assert_eq!(split(text).unwrap(), want, "{text:?}");
        }
    }

    #[test]
    fn open_quotes() {
        assert_eq!(split("a \"b"), Err(Unterminated('"')));
        assert_eq!(split("'a\""), Err(Unterminated('\'')));
    }

    proptest! {
        #[test]
        fn quoted_words_come_back(words in prop::collection::vec("[^']*", 0..5)) {
            let text: String = words.iter().map(|word| format!("'{word}' ")).collect();
            prop_assert_eq!(split(&text), Ok(words));
        }

        #[test]
        fn words_are_parts_of_the_text(text: String) {
            for word in split(&text).unwrap_or_default() {
                prop_assert!(text.contains(&word));
            }
        }
    }
}
