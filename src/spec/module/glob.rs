//! The pattern lists of GOPRIVATE, GONOPROXY, GONOSUMDB and GOINSECURE.
//!
//! Implements [Private modules](https://go.dev/ref/mod#private-modules) of the Go Modules
//! Reference. A list is patterns joined by commas. A pattern of N path elements is matched
//! against the first N elements of a module path, so it covers all that lies below. One `/` at its
//! end is ignored; an empty or malformed pattern never matches.
//!
//! ```text
//! *        any run of characters, / excepted        [a-z_]   one of these characters
//! ?        one character, / excepted                [^a-z_]  one character but these
//! \c       the character c                          c        any other character: itself
//! ```
//!
//! In a class, `\` takes away the meaning of `-`, `]` and `\`; a class is never empty.
//!
//! ```
//! use gomodfetch::spec::module::match_prefix_patterns;
//!
//! assert!(match_prefix_patterns("*.corp.example,example.org/x", "git.corp.example/team/lib"));
//! assert!(!match_prefix_patterns("*.corp.example,example.org/x", "example.org/xy"));
//! ```

use std::str::Chars;

/// Reports whether one of the comma-separated patterns matches the leading elements of `target`.
pub fn match_prefix_patterns(globs: &str, target: &str) -> bool {
    globs.split(',').map(|glob| glob.strip_suffix('/').unwrap_or(glob)).any(|glob| {
        !glob.is_empty()
            && leading_elements(target, 1 + glob.matches('/').count())
                .is_some_and(|prefix| matches(glob, prefix) == Some(true))
    })
}

/// The first `count` elements of a path; `None` if it has fewer.
fn leading_elements(path: &str, count: usize) -> Option<&str> {
    let mut ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    path.get(..ends.nth(count - 1)?)
}

/// A part of a pattern that matches exactly one byte or character.
enum Item {
    /// This byte. (Bytes, since a star may end within a character.)
    Byte(u8),
    /// Any character but `/`.
    Any,
    /// One of these ranges, or with `negated` none of them.
    Class { negated: bool, ranges: Vec<(char, char)> },
}

/// Items that match one after another; with `star`, after any run of bytes but `/`.
#[derive(Default)]
struct Segment {
    star: bool,
    items: Vec<Item>,
}

/// Reports whether `glob` matches the whole of `name`; `None` if `glob` is malformed.
fn matches(glob: &str, name: &str) -> Option<bool> {
    let segments = parse(glob)?;
    let mut at = 0;
    for (i, segment) in segments.iter().enumerate() {
        let last = i + 1 == segments.len();
        match segment.find(name, at, last) {
            Some(end) => at = end,
            None => return Some(false),
        }
    }
    Some(at == name.len())
}

impl Segment {
    /// Where in `name` this segment's match ends, which starts at `at` or, after a star, as little
    /// behind it as possible. The last segment must reach the end.
    fn find(&self, name: &str, at: usize, last: bool) -> Option<usize> {
        let rest = name.as_bytes().get(at..)?;
        let skips = if self.star { rest.iter().take_while(|&&c| c != b'/').count() } else { 0 };
        if self.star && self.items.is_empty() {
            return (skips == rest.len()).then_some(name.len());
        }
        (at..=at + skips)
            .filter_map(|start| self.match_at(name, start))
            .find(|&end| !last || end == name.len())
    }

    fn push_literal(&mut self, c: char) {
        self.items.extend(c.encode_utf8(&mut [0; 4]).bytes().map(Item::Byte));
    }

    fn match_at(&self, name: &str, start: usize) -> Option<usize> {
        let mut at = start;
        for item in &self.items {
            let byte = *name.as_bytes().get(at)?;
            let (c, len) = char_at(name, at);
            let (ok, len) = match item {
                Item::Byte(b) => (*b == byte, 1),
                Item::Any => (byte != b'/', len),
                Item::Class { negated, ranges } => {
                    (ranges.iter().any(|&(lo, hi)| lo <= c && c <= hi) != *negated, len)
                }
            };
            if !ok {
                return None;
            }
            at += len;
        }
        Some(at)
    }
}

/// The character at a byte offset and its length. An offset within a character, as a star can
/// reach it, counts as the replacement character of one byte.
fn char_at(name: &str, at: usize) -> (char, usize) {
    let c = name.get(at..).and_then(|rest| rest.chars().next());
    c.map_or((char::REPLACEMENT_CHARACTER, 1), |c| (c, c.len_utf8()))
}

fn parse(glob: &str) -> Option<Vec<Segment>> {
    let mut segments = Vec::new();
    let mut current = Segment::default();
    let mut chars = glob.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' if current.star && current.items.is_empty() => {}
            '*' => {
                let next = Segment { star: true, items: Vec::new() };
                segments.push(std::mem::replace(&mut current, next));
            }
            '?' => current.items.push(Item::Any),
            '[' => current.items.push(parse_class(&mut chars)?),
            '\\' => current.push_literal(chars.next()?),
            c => current.push_literal(c),
        }
    }
    segments.push(current);
    Some(segments)
}

/// Parses a class up to and including its `]`; the `[` has been read.
fn parse_class(chars: &mut Chars<'_>) -> Option<Item> {
    let negated = skip(chars, '^');
    let mut ranges = Vec::new();
    while ranges.is_empty() || !skip(chars, ']') {
        let lo = parse_class_char(chars)?;
        let hi = if skip(chars, '-') { parse_class_char(chars)? } else { lo };
        ranges.push((lo, hi));
    }
    Some(Item::Class { negated, ranges })
}

fn parse_class_char(chars: &mut Chars<'_>) -> Option<char> {
    match chars.next()? {
        '-' | ']' => None,
        '\\' => chars.next(),
        c => Some(c),
    }
}

/// Skips `c` if it comes next, and reports whether it did.
fn skip(chars: &mut Chars<'_>, c: char) -> bool {
    let found = chars.as_str().starts_with(c);
    if found {
        chars.next();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lists() {
        // list | target | whether it matches
        let cases = r"
            example.com | example.com | yes
            example.com | example.com/a/b | yes
            example.com | example.org | no
            example.com | example.community | no
            example.com/ | example.com/a | yes
            example.com// | example.com/a | no
            example.com/a | example.com | no
            example.com/a | example.com/ab | no
            a.b,example.com | example.com/a | yes
            ,,example.com | example.com | yes
            / | /a | no
            *.example.com | git.example.com/a | yes
            *.example.com | example.com | no
            */private | example.com/private/x | yes
            */private | example.com/x/private | no
            * | example.com/a | yes
            example.com/*/c | example.com/b/c/d | yes
            e*m*e.c*m | example.com | yes
            *a*b | xaab | yes
            *a*b | xaabc | no
            example.co? | example.com | yes
            example.com/?? | example.com/é | no
            example.com/? | example.com/é | yes
            [d-f]xample.com | example.com | yes
            [^d-f]xample.com | example.com | no
            [à-ü]x | éx | yes
            [\]\-\\]x | -x | yes
            [a^]x | ^x | yes
            \*x | *x | yes
            \*x | ax | no
            \é | é | yes
            *[^é] | é | yes
            [] | a | no
            []a] | a | no
            [a | a | no
            [-a] | a | no
            [a-] | a | no
            a\ | a | no
            [,a | a | yes
            x[,*.com | b.com | yes
        ";
        for line in cases.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let cells: Vec<&str> = line.split(" | ").collect();
            let [list, target, wanted] = cells[..] else { panic!("{line}") };
            assert_eq!(match_prefix_patterns(list, target), wanted == "yes", "{line}");
        }
    }

    #[test]
    fn nothing_matches_nothing() {
        assert!(!match_prefix_patterns("", "example.com"));
        assert!(!match_prefix_patterns("example.com", ""));
        assert!(match_prefix_patterns("*", ""));
    }

    proptest! {
        #[test]
        fn a_path_matches_itself(path in "[a-z.]{1,8}(/[a-z.]{1,5}){0,3}", below in "(/[a-z]{1,5}){0,2}") {
            let target = format!("{path}{below}");
            prop_assert!(match_prefix_patterns(&path, &target));
            let longer = format!("{target}/x");
            prop_assert!(!match_prefix_patterns(&longer, &target));
        }

        #[test]
        fn any_list_is_answered(list in "[\\[\\]^*?\\\\a-cé,/-]{0,12}", target in "[a-cé/]{0,9}") {
            let one_by_one = list.split(',').any(|glob| match_prefix_patterns(glob, &target));
            prop_assert_eq!(match_prefix_patterns(&list, &target), one_by_one);
        }
    }
}
