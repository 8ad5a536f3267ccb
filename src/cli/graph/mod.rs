//! Ways to show a module graph. Each is written as it goes, whatever its size.
//!
//! - [`text`]: as `go mod graph`.
//! - [`dot`]: for Graphviz.
//! - [`json`]: for programs.
//! - [`tree`]: for people.

use std::io::{self, Write};

use crate::ops::graph::Outcome;
use crate::spec::module::Version;
use crate::sys::tty::printable;

pub mod dot;
pub mod json;
pub mod text;
pub mod tree;

/// How a graph is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// [`text`].
    Go,
    /// [`dot`].
    Dot,
    /// [`json`].
    Json,
    /// [`tree`].
    Tree,
}

impl Format {
    /// The formats by name.
    pub const ALL: [(&'static str, Format); 4] =
        [("go", Format::Go), ("dot", Format::Dot), ("json", Format::Json), ("tree", Format::Tree)];

    /// Writes `graph` to `out`.
    ///
    /// # Errors
    /// When `out` can't be written to.
    pub fn write(self, graph: &Outcome, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Format::Go => text::write(graph, out),
            Format::Dot => dot::write(graph, out),
            Format::Json => json::write(graph, out),
            Format::Tree => tree::write(graph, out),
        }
    }
}

/// A module version as go writes it. A go.mod can name paths with any character in them: those that
/// would do something to a terminal, or end a line, are shown as escapes.
fn name(module: &Version) -> String {
    printable(&module.to_string()).replace('\n', "\\n").replace('\t', "\\t")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::ops::graph::Node;

    /// Lines of `module selected: required…`.
    pub fn graph(text: &str) -> Outcome {
        let version = |word: &str| {
            let (path, version) = word.split_once('@').unwrap_or((word, ""));
            Version::new(path, version)
        };
        let nodes = text.lines().map(|line| {
            let (head, required) = line.split_once(':').unwrap();
            let (module, rest) = head.split_once(' ').unwrap_or((head, ""));
            let (selected, replacement) = match rest.split_once(" => ") {
                Some((selected, new)) => (selected, Some(version(new))),
                None => (rest, None),
            };
            Node {
                module: version(module),
                replacement,
                selected: selected.to_owned(),
                requires: required.split_whitespace().map(version).collect(),
            }
        });
        Outcome { nodes: nodes.collect(), roots: 1 }
    }

    pub fn shown(format: Format, graph: &Outcome) -> String {
        let mut out = Vec::new();
        format.write(graph, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    /// A main module, two requirements, one of them overruled; a circle; a replacement.
    pub const EXAMPLE: &str = "\
main : a@v1.0.0 b@v1.0.0 go@1.21
a@v1.0.0 v1.0.0: b@v1.1.0 c@v1.0.0
b@v1.0.0 v1.1.0: c@v1.0.0
go@1.21 1.21: toolchain@go1.21
b@v1.1.0 v1.1.0 => ../b: a@v1.0.0
c@v1.0.0 v1.0.0:
toolchain@go1.21 go1.21:";

    #[test]
    fn names_do_nothing_to_a_terminal() {
        assert_eq!(name(&Version::new("a\x1b[2J\nb", "v1.0.0")), "a\\u{1b}[2J\\nb@v1.0.0");
    }
}
