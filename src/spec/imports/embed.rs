//! `//go:embed` lines: which files beside a source file belong to the build.
//!
//! Implements what <https://pkg.go.dev/embed> says of patterns, as far as text goes; which files there
//! are is the caller's to know.

use crate::spec::gotemplate::unquote;
use crate::spec::imports::Source;
use crate::spec::module;

/// The most patterns of one file.
const MAX_PATTERNS: usize = 10_000;

/// The patterns in a whole source file, in its order. There are none unless it imports `embed`.
pub fn patterns(data: &[u8]) -> Vec<String> {
    if !Source::parse(data).all_imports().iter().any(|path| path == "embed") {
        return Vec::new();
    }
    let mut patterns = Vec::new();
    for comment in (LineComments { data, at: 0 }) {
        // What is malformed is the compiler's to tell.
        patterns.extend(arguments(&String::from_utf8_lossy(comment)).unwrap_or_default());
        if patterns.len() > MAX_PATTERNS {
            break;
        }
    }
    patterns.truncate(MAX_PATTERNS);
    patterns
}

/// The comments that begin with `//`, those within texts and other comments passed over.
struct LineComments<'a> {
    data: &'a [u8],
    at: usize,
}

impl<'a> Iterator for LineComments<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        loop {
            let rest = self.data.get(self.at..)?;
            match rest {
                [] => return None,
                [b'/', b'/', ..] => {
                    let length = rest.iter().position(|c| *c == b'\n').unwrap_or(rest.len());
                    self.at += length;
                    let comment = rest.get(..length)?;
                    return Some(comment.strip_suffix(b"\r").unwrap_or(comment));
                }
                [b'/', b'*', ..] => {
                    let close = rest.get(2..)?.windows(2).position(|pair| pair == b"*/");
                    self.at += close.map_or(rest.len(), |close| close + 4);
                }
                [b'`', ..] => {
                    let close = rest.get(1..)?.iter().position(|c| *c == b'`');
                    self.at += close.map_or(rest.len(), |close| close + 2);
                }
                [quote @ (b'"' | b'\''), ..] => self.at += quoted(rest, *quote),
                _ => self.at += 1,
            }
        }
    }
}

/// The length of a text or character up to its closing quote, or to the end of its line.
fn quoted(text: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while let Some(&c) = text.get(at) {
        match c {
            b'\n' => return at,
            b'\\' if text.get(at + 1) != Some(&b'\n') => at += 2,
            c if c == quote => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// The arguments of a `//go:embed` comment; `None` if it is none.
fn arguments(comment: &str) -> Option<Vec<String>> {
    let mut rest = comment.strip_prefix("//go:embed")?;
    if !rest.starts_with(char::is_whitespace) {
        return None;
    }
    let mut list = Vec::new();
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return Some(list) };
        let length = match first {
            '`' => rest.get(1..)?.find('`')? + 2,
            '"' => {
                let length = quoted(rest.as_bytes(), b'"');
                if length < 2 || !rest.get(..length)?.ends_with('"') {
                    return None;
                }
                length
            }
            _ => rest.find(char::is_whitespace).unwrap_or(rest.len()),
        };
        let (arg, after) = rest.split_at_checked(length)?;
        if matches!(first, '`' | '"') {
            if !after.is_empty() && !after.starts_with(char::is_whitespace) {
                return None;
            }
            list.push(String::from_utf8(unquote(arg)?).ok()?);
        } else {
            list.push(arg.to_owned());
        }
        rest = after;
    }
}

/// A pattern without `all:`, and whether that was there; `None` if it is malformed.
pub fn parse(pattern: &str) -> Option<(&str, bool)> {
    let (glob, all) = match pattern.strip_prefix("all:") {
        Some(glob) => (glob, true),
        None => (pattern, false),
    };
    let is_element = |part: &str| !matches!(part, "" | "." | "..");
    let is_valid = matches(glob, "").is_some() && glob.split('/').all(is_element);
    is_valid.then_some((glob, all))
}

/// Whether a file of this name can't be part of a module, and so not be embedded.
pub fn is_bad_name(name: &str) -> bool {
    module::check_file_path(name).is_err() || matches!(name, "" | ".bzr" | ".hg" | ".git" | ".svn")
}

/// Whether one element of a pattern has characters that match others.
pub fn has_meta(element: &str) -> bool {
    element.contains(['*', '?', '[', '\\'])
}

/// Whether `name` is what `pattern` describes, as [path.Match](https://pkg.go.dev/path#Match) has it;
/// `None` if the pattern is malformed.
pub fn matches(pattern: &str, name: &str) -> Option<bool> {
    // Malformed ones are so whatever they are compared with.
    let pieces = pieces(pattern)?;
    let name: Vec<char> = name.chars().collect();
    // After each piece: whether it and those before it match so much of the name.
    let mut reached = vec![false; name.len() + 1];
    if let Some(first) = reached.first_mut() {
        *first = true;
    }
    for piece in &pieces {
        let mut next = vec![false; name.len() + 1];
        for (at, is_reached) in reached.iter().enumerate() {
            if !*is_reached {
                continue;
            }
            let rest = name.get(at..).unwrap_or_default();
            let many = match piece {
                Piece::Star => rest.iter().take_while(|c| **c != '/').count(),
                Piece::One(class) if rest.first().is_some_and(|c| class.contains(*c)) => 1,
                Piece::One(_) => continue,
            };
            let from = if matches!(piece, Piece::Star) { at } else { at + many };
            for slot in next.iter_mut().take(at + many + 1).skip(from) {
                *slot = true;
            }
        }
        reached = next;
    }
    Some(reached.last().copied().unwrap_or(false))
}

enum Piece {
    Star,
    One(Class),
}

enum Class {
    Any,
    Literal(char),
    Ranges(bool, Vec<(char, char)>),
}

impl Class {
    fn contains(&self, c: char) -> bool {
        match self {
            Class::Any => c != '/',
            Class::Literal(literal) => *literal == c,
            Class::Ranges(negated, ranges) => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
        }
    }
}

/// The pattern taken apart; `None` if it is malformed.
fn pieces(pattern: &str) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        pieces.push(match c {
            '*' => Piece::Star,
            '?' => Piece::One(Class::Any),
            '\\' => Piece::One(Class::Literal(chars.next()?)),
            '[' => {
                let negated = chars.next_if_eq(&'^').is_some();
                let mut ranges = Vec::new();
                let one =
                    |chars: &mut std::iter::Peekable<std::str::Chars<'_>>| match chars.next()? {
                        '\\' => chars.next(),
                        '-' | ']' => None,
                        c => Some(c),
                    };
                loop {
                    if !ranges.is_empty() && chars.next_if_eq(&']').is_some() {
                        break;
                    }
                    let low = one(&mut chars)?;
                    let high = match chars.next_if_eq(&'-') {
                        Some(_) => one(&mut chars)?,
                        None => low,
                    };
                    ranges.push((low, high));
                }
                Piece::One(Class::Ranges(negated, ranges))
            }
            c => Piece::One(Class::Literal(c)),
        });
    }
    Some(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        let text = "package p\nimport _ \"embed\"\n\n//go:embed a b/*.txt \"c d\" `e`\nvar x string\n\
                    var s = \"//go:embed no\"\n/*\n//go:embed no\n*/\nvar r = '\"'\n  //go:embed all:f\r\n\
                    //go:embedded no\n//go:embed \"open\n// go:embed no\nvar t = `\n//go:embed no\n`\n";
        assert_eq!(patterns(text.as_bytes()), ["a", "b/*.txt", "c d", "e", "all:f"]);
        assert!(patterns(b"package p\n//go:embed a\nvar x string\n").is_empty());
    }

    #[test]
    fn malformed_patterns() {
        for pattern in
            ["", ".", "..", "a/../b", "/a", "a/", "a//b", "[", "a[", "[]a]", "[a-]", "\\", "all:"]
        {
            assert_eq!(parse(pattern), None, "{pattern}");
        }
        assert_eq!(parse("all:a/*.txt"), Some(("a/*.txt", true)));
        assert_eq!(parse("a"), Some(("a", false)));
    }

    #[test]
    fn matching() {
        for (pattern, name, want) in [
            ("abc", "abc", true),
            ("*", "abc", true),
            ("*c", "abc", true),
            ("a*", "ab/c", false),
            ("a*/b", "a/c/b", false),
            ("a*b*c*d*e*/f", "axbxcxdxe/f", true),
            ("a*b?c*x", "abxbbxdbxebxczzx", true),
            ("ab[c]", "abc", true),
            ("ab[b-d]", "abc", true),
            ("ab[^c]", "abc", false),
            ("ab[^e-g]", "abc", true),
            ("a\\*b", "a*b", true),
            ("a\\*b", "ab", false),
            ("a???b", "a\u{263a}b", false),
            ("a?b", "a\u{263a}b", true),
            ("[a-\u{3b6}]*", "\u{3b1}", true),
            ("a?b", "a/b", false),
            ("[\\]a]", "]", true),
            ("[\\-x]", "-", true),
            ("*x", "xxx", true),
        ] {
            assert_eq!(matches(pattern, name), Some(want), "{pattern} {name}");
        }
    }

    #[test]
    fn names_that_are_in_no_module() {
        for name in [".git", "a\nb", "con", "a."] {
            assert!(is_bad_name(name), "{name:?}");
        }
        assert!(!is_bad_name(".hidden") && !is_bad_name("a b"));
    }
}
