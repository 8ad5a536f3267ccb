//! Build constraints: `//go:build` lines, and the older `// +build` lines where there is none.
//!
//! A constraint is an expression of tags. go asks two different questions of it: whether it holds for
//! one set of tags, and, for [`Tags::Any`], whether it could hold for some, in which every tag but
//! `ignore` is taken for true or false as it suits.

use crate::spec::imports::tags::Tags;
use crate::spec::unicode::{is_decimal_digit, is_letter};

/// The most operators and tags of a `//go:build` expression.
const MAX_SIZE: usize = 1000;
/// The most commas and spaces of a `// +build` line.
const MAX_OLD_SIZE: usize = 100;

/// Whether a file that begins with `text` may be built with these tags.
pub fn should_build(text: &[u8], tags: &Tags) -> bool {
    let Some(header) = FileHeader::parse(text) else { return false };
    if let Some(line) = header.go_build {
        let line = String::from_utf8_lossy(line);
        return expression(&line).and_then(|text| eval(text, tags)).unwrap_or(false);
    }
    let lines = header.comments.split(|c| *c == b'\n').map(trim);
    let lines = lines.filter(|line| line.starts_with(b"//"));
    let mut result = true;
    for line in lines {
        if let Some(text) = plus_build(&String::from_utf8_lossy(line))
            && let Some(false) = eval_plus_build(text, tags)
        {
            result = false;
        }
    }
    result
}

/// The constraints of a file that begins with `text`, as they stand there; a lone `!` where there are
/// several that would each be the only one, which goes with no build.
pub fn lines(text: &[u8]) -> Vec<String> {
    let Some(header) = FileHeader::parse(text) else { return vec!["!".to_owned()] };
    if let Some(line) = header.go_build {
        return vec![String::from_utf8_lossy(line).into_owned()];
    }
    let lines = header.comments.split(|c| *c == b'\n').map(trim);
    let lines = lines.filter(|line| line.starts_with(b"//"));
    let lines = lines.map(|line| String::from_utf8_lossy(line).into_owned());
    lines.filter(|line| plus_build(line).is_some()).collect()
}

/// The comments before the package clause, as far as they can hold constraints.
struct FileHeader<'a> {
    /// What ends with a blank line; only there `// +build` counts.
    comments: &'a [u8],
    go_build: Option<&'a [u8]>,
}

impl<'a> FileHeader<'a> {
    /// `None` where there are several `//go:build` lines.
    fn parse(text: &'a [u8]) -> Option<FileHeader<'a>> {
        let (mut end, mut at) = (0, 0);
        let (mut ended, mut in_comment) = (false, false);
        let mut go_build = None;
        'lines: while at < text.len() {
            let rest = text.get(at..)?;
            let length = rest.iter().position(|c| *c == b'\n');
            let line = rest.get(..length.unwrap_or(rest.len()))?;
            at += length.map_or(rest.len(), |length| length + 1);
            let mut line = trim(line);
            if line.is_empty() && !ended {
                end = at;
                continue;
            }
            if !line.starts_with(b"//") {
                ended = true;
            }
            if !in_comment && is_go_build(line) {
                if go_build.is_some() {
                    return None;
                }
                go_build = Some(line);
            }
            while !line.is_empty() {
                if in_comment {
                    let Some(close) = line.windows(2).position(|pair| pair == b"*/") else {
                        continue 'lines;
                    };
                    in_comment = false;
                    line = trim(line.get(close + 2..)?);
                } else if line.starts_with(b"//") {
                    continue 'lines;
                } else if line.starts_with(b"/*") {
                    in_comment = true;
                    line = trim(line.get(2..)?);
                } else {
                    break 'lines;
                }
            }
        }
        Some(FileHeader { comments: text.get(..end)?, go_build })
    }
}

/// Without white space at both ends.
fn trim(line: &[u8]) -> &[u8] {
    match std::str::from_utf8(line) {
        Ok(text) => text.trim().as_bytes(),
        Err(_) => line.trim_ascii(),
    }
}

fn is_go_build(line: &[u8]) -> bool {
    let rest = trim(line).strip_prefix(b"//go:build");
    rest.is_some_and(|rest| rest.is_empty() || trim(rest).len() < rest.len())
}

/// The expression of a `//go:build` line.
fn expression(line: &str) -> Option<&str> {
    let rest = line.trim().strip_prefix("//go:build")?;
    let text = rest.trim();
    (rest.is_empty() || text.len() < rest.len()).then_some(text)
}

/// The text of a `// +build` line.
fn plus_build(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("//")?.trim().strip_prefix("+build")?;
    let text = rest.trim();
    (rest.is_empty() || text.len() < rest.len()).then_some(text)
}

/// The value of an expression; `None` if it is malformed.
fn eval(text: &str, tags: &Tags) -> Option<bool> {
    let mut parser = Parser { rest: text, token: Token::End, size: 0, tags };
    let value = parser.or(true)?;
    (parser.token == Token::End).then_some(value)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token<'a> {
    End,
    Tag(&'a str),
    Not,
    And,
    Or,
    Open,
    Close,
}

/// Evaluates while it reads: what a tag counts for depends only on how often it is negated.
struct Parser<'a, 't> {
    rest: &'a str,
    token: Token<'a>,
    size: usize,
    tags: &'t Tags,
}

impl<'a> Parser<'a, '_> {
    fn or(&mut self, prefer: bool) -> Option<bool> {
        let mut value = self.and(prefer)?;
        while self.token == Token::Or {
            value |= self.and(prefer)?;
        }
        Some(value)
    }

    fn and(&mut self, prefer: bool) -> Option<bool> {
        let mut value = self.not(prefer)?;
        while self.token == Token::And {
            value &= self.not(prefer)?;
        }
        Some(value)
    }

    fn not(&mut self, prefer: bool) -> Option<bool> {
        self.size += 1;
        if self.size > MAX_SIZE {
            return None;
        }
        self.lex()?;
        if self.token != Token::Not {
            return self.atom(prefer);
        }
        self.lex()?;
        match self.token {
            Token::Not => None,
            _ => Some(!self.atom(!prefer)?),
        }
    }

    fn atom(&mut self, prefer: bool) -> Option<bool> {
        match self.token {
            Token::Open => {
                let value = self.or(prefer)?;
                if self.token != Token::Close {
                    return None;
                }
                self.lex()?;
                Some(value)
            }
            Token::Tag(name) => {
                self.lex()?;
                Some(self.tags.contains(name, prefer))
            }
            _ => None,
        }
    }

    fn lex(&mut self) -> Option<()> {
        let text: &'a str = self.rest.trim_start_matches([' ', '\t']);
        let (token, length) = match text.as_bytes() {
            [] => (Token::End, 0),
            [b'(', ..] => (Token::Open, 1),
            [b')', ..] => (Token::Close, 1),
            [b'!', ..] => (Token::Not, 1),
            [b'&', b'&', ..] => (Token::And, 2),
            [b'|', b'|', ..] => (Token::Or, 2),
            _ => {
                let length = text.find(|c| !is_tag_char(c)).unwrap_or(text.len());
                (Token::Tag(text.get(..length).filter(|tag| !tag.is_empty())?), length)
            }
        };
        self.token = token;
        self.rest = text.get(length..)?;
        Some(())
    }
}

/// Whether a tag may contain `c`.
pub(super) fn is_tag_char(c: char) -> bool {
    is_letter(c) || is_decimal_digit(c) || c == '_' || c == '.'
}

/// The value of a `// +build` line; `None` if it is too large.
fn eval_plus_build(text: &str, tags: &Tags) -> Option<bool> {
    let mut size = 0;
    let mut grow = || {
        size += 1;
        (size <= MAX_OLD_SIZE).then_some(())
    };
    let mut any = None;
    for clause in text.split_whitespace() {
        let mut all = None;
        for literal in clause.split(',') {
            let value = eval_literal(literal, tags);
            all = match all {
                None => Some(value),
                Some(all) => {
                    grow()?;
                    Some(all & value)
                }
            };
        }
        let all = all.unwrap_or(false);
        any = match any {
            None => Some(all),
            Some(any) => {
                grow()?;
                Some(any | all)
            }
        };
    }
    Some(any.unwrap_or_else(|| tags.contains("ignore", true)))
}

fn eval_literal(literal: &str, tags: &Tags) -> bool {
    let ignore = |prefer| tags.contains("ignore", prefer);
    if literal.starts_with("!!") || literal == "!" {
        return ignore(true);
    }
    let (negated, tag) = match literal.strip_prefix('!') {
        Some(tag) => (true, tag),
        None => (false, literal),
    };
    let is_valid = !tag.is_empty() && tag.chars().all(is_tag_char);
    let value = if is_valid { tags.contains(tag, !negated) } else { ignore(!negated) };
    value != negated
}

#[cfg(test)]
mod tests {
    use super::*;

    fn builds(text: &str, tags: &Tags) -> bool {
        should_build(text.as_bytes(), tags)
    }

    #[test]
    fn expressions() {
        let tags = Tags::of("linux", "amd64", true, ["x"], &["go1.1".to_owned()]);
        for (text, want) in [
            ("linux", true),
            ("windows", false),
            ("linux && amd64", true),
            ("linux&&!amd64", false),
            ("!(windows || darwin) && (x || y)", true),
            ("unix", true),
            ("cgo && go1.1", true),
            ("go1.2", false),
            ("", false),
            ("a b", false),
            ("!!linux", false),
            ("(linux", false),
            ("linux)", false),
            ("linux &", false),
            ("linux-x", false),
            ("\u{e4}", false),
        ] {
            assert_eq!(builds(&format!("//go:build {text}\n\npackage p"), &tags), want, "{text}");
        }
    }

    #[test]
    fn any_tags_but_ignore() {
        for (text, want) in [
            ("//go:build ignore", false),
            ("//go:build !ignore", true),
            ("//go:build x && !x", true),
            ("//go:build !(x && ignore)", true),
            ("//go:build x && ignore", false),
            ("// +build ignore", false),
            ("// +build !linux,windows", true),
            ("// +build", false),
            ("// +build !!x", false),
            ("// +buildx", true),
            ("//+build ignore", false),
            ("//go:build", false),
            ("//go:buildx ignore", true),
        ] {
            assert_eq!(builds(&format!("{text}\n\npackage p\n"), &Tags::Any), want, "{text}");
        }
    }

    #[test]
    fn where_constraints_count() {
        let tags = Tags::of("linux", "amd64", true, [], &[]);
        for (text, want) in [
            // Old ones need a blank line after them, new ones don't.
            ("// +build windows\npackage p\n", true),
            ("// +build windows\n\npackage p\n", false),
            ("//go:build windows\npackage p\n", false),
            ("/* x */\n//go:build windows\npackage p\n", false),
            ("/*\n//go:build windows\n*/\npackage p\n", true),
            ("/* x */\n// +build windows\n\npackage p\n", true),
            ("package p\n//go:build windows\n", true),
            ("//go:build linux\n//go:build linux\npackage p\n", false),
            // Where there is a new one, the old ones don't count.
            ("//go:build linux\n// +build windows\n\npackage p\n", true),
            ("// +build linux darwin\n// +build amd64\n\npackage p\n", true),
            ("// +build linux,arm\n\npackage p\n", false),
        ] {
            assert_eq!(builds(text, &tags), want, "{text:?}");
        }
    }

    #[test]
    fn expressions_have_a_limit() {
        let open = "(".repeat(100_000);
        assert!(!builds(&format!("//go:build {open}\n"), &Tags::Any));
        let many = vec!["a"; 2000].join(" || ");
        assert!(!builds(&format!("//go:build {many}\n"), &Tags::Any));
        // Such a line counts for nothing.
        let old = vec!["ignore"; 200].join(" ");
        assert!(builds(&format!("// +build {old}\n\npackage p\n"), &Tags::Any));
    }
}
