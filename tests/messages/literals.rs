//! The texts of messages in the sources, and whether any test knows them.
//!
//! A message is a string literal behind `#[error(`, `Error::message(` or `.hint(`. It counts as
//! tested where its longest piece without a placeholder stands in a snapshot, in another test, or in
//! the unit tests of a source file.

use std::fs;
use std::path::{Path, PathBuf};

/// Where a message begins.
const MARKS: [&str; 3] = ["#[error(", "Error::message(", ".hint("];
/// Pieces that are shorter say nothing.
const SHORTEST: usize = 8;
/// Messages that no case can bring about, each with the reason.
const OUT_OF_REACH: &[(&str, &str)] = &[
    ("existing contents have changed since last read", "another process must write in between"),
    ("no answer in time", "the checksum database must be silent for longer than a test may take"),
    ("disabled by GOPRIVATE/GONOPROXY", "the direct fetch before it in the list has more to say"),
    ("path does not match GOPRIVATE/GONOPROXY", "whatever follows in the list has more to say"),
    ("no commits", "told as a query that matches no version"),
    ("value contains space", "go.mod's own syntax refuses such a value"),
    ("key contains comma", "go.mod's own syntax refuses such a key"),
    ("proxy cannot check reuse", "-reuse takes any error for no, and tells none"),
    ("year outside of range", "a .info that can't be written is left out"),
    ("too many files", "half a million entries; the limits are tried in modzip::read's tests"),
    ("ambiguous key", "two keys of one name; the checksum database has one key"),
    ("indexes not in tree", "asked for by no caller; the tree's size is checked before"),
    ("invalid transparency proof", "told as an inconsistent tile or tree, see trust/database.rs"),
    ("such a zip is accepted only where", "the hint of messages that trust/zips.rs looks at"),
    ("zip entries overlap", "500 MiB of entries; modzip::check has the arithmetic in its tests"),
];

/// Every message that no test knows, with its place.
pub fn untested() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = String::new();
    for path in files(&root.join("tests")) {
        // The program of this test is no test of a message.
        if !path.ends_with("messages/literals.rs") {
            tests.push_str(&fs::read_to_string(&path).unwrap_or_default());
        }
    }
    let sources: Vec<(PathBuf, String)> = files(&root.join("src"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| (path.clone(), fs::read_to_string(&path).unwrap_or_default()))
        .collect();
    for (path, text) in &sources {
        let is_test = path.file_name().is_some_and(|name| name == "tests.rs");
        tests.push_str(if is_test { text } else { split(text).1 });
    }
    let tests = unbroken(&tests);
    let mut missing = Vec::new();
    for (path, text) in &sources {
        for message in messages(split(text).0) {
            let piece = longest_piece(&message);
            if piece.len() >= SHORTEST && !is_internal(&message) && !tests.contains(&*piece) {
                let path = path.strip_prefix(root).unwrap_or(path);
                missing.push(format!("{}: {message}", path.display()));
            }
        }
    }
    missing
}

/// What no input of a test can bring about.
fn is_internal(message: &str) -> bool {
    let out_of_reach = || OUT_OF_REACH.iter().any(|(piece, _)| message.contains(piece));
    message.starts_with("internal error") || out_of_reach()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}

/// A source without its unit tests, and those.
fn split(text: &str) -> (&str, &str) {
    let at = text.find("\n#[cfg(test)]\nmod ").or_else(|| text.find("\n#[cfg(all(test"));
    text.split_at(at.unwrap_or(text.len()))
}

/// The literals behind the marks, as the compiler reads them.
fn messages(source: &str) -> Vec<String> {
    let mut found = Vec::new();
    for mark in MARKS {
        for (at, _) in source.match_indices(mark) {
            let rest = &source[at + mark.len()..];
            // Up to the end of the statement: the text may come from elsewhere.
            let end = rest.find([';', '{', '}']).unwrap_or(rest.len());
            let Some(start) = rest.find('"').filter(|start| *start < end) else { continue };
            found.push(literal(&rest[start + 1..]));
        }
    }
    found
}

/// The string literal whose content begins here.
fn literal(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('t') => out.push('\t'),
                Some('\n') => while chars.next_if(|c| c.is_whitespace()).is_some() {},
                Some(other) => out.push(other),
                None => break,
            },
            other => out.push(other),
        }
    }
    out
}

/// The longest part of a message without placeholders and line ends.
fn longest_piece(message: &str) -> String {
    let mut pieces = vec![String::new()];
    let mut depth = 0_usize;
    for c in message.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            '\n' | '\t' => {}
            c => {
                if let Some(piece) = pieces.last_mut() {
                    piece.push(c);
                }
                continue;
            }
        }
        pieces.push(String::new());
    }
    let bare = |c: char| c.is_whitespace() || matches!(c, ':' | ',' | '"' | '(' | ')');
    let longest =
        pieces.iter().map(|piece| piece.trim_matches(bare)).max_by_key(|piece| piece.len());
    longest.unwrap_or_default().to_owned()
}

/// A text with the line breaks of its string literals mended, and its escapes undone.
fn unbroken(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\\\n") {
        out.push_str(before);
        rest = after.trim_start();
    }
    out.push_str(rest);
    out.replace("\\\"", "\"").replace("\\`", "`")
}

#[test]
fn literals_are_read_as_the_compiler_reads_them() {
    let source = r#"
        #[error("reading {file}: {text}, which is \"odd\"")]
        Error::message(kind, format!("a {} and a longer \
            piece", x));
        Error::message(kind, text);
        let other = "not a message";
    "#;
    let found = messages(source);
    assert_eq!(found, ["reading {file}: {text}, which is \"odd\"", "a {} and a longer piece"]);
    assert_eq!(longest_piece(&found[0]), "which is \"odd");
    assert_eq!(longest_piece(&found[1]), "and a longer piece");
}
