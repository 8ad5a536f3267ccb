//! `--format dot`: the graph for Graphviz.
//!
//! Main modules stand in bold, versions that are not selected are dashed.

use std::io::{self, Write};

use super::name;
use crate::ops::graph::Outcome;

/// Writes a `digraph`.
///
/// # Errors
/// When `out` can't be written to.
pub fn write(graph: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "digraph modules {{\n\tnode [shape=box];")?;
    for node in &graph.nodes {
        let mut attributes = Vec::new();
        if let Some(replacement) = &node.replacement {
            let label = format!("{} => {}", name(&node.module), name(replacement));
            attributes.push(format!("label={}", quoted(&label)));
        }
        if node.module.version.is_empty() {
            attributes.push("style=bold".to_owned());
        } else if !node.is_selected() {
            attributes.push("style=dashed".to_owned());
        }
        let module = quoted(&name(&node.module));
        match attributes.is_empty() {
            true => writeln!(out, "\t{module};")?,
            false => writeln!(out, "\t{module} [{}];", attributes.join(", "))?,
        }
    }
    for node in &graph.nodes {
        let module = quoted(&name(&node.module));
        for required in &node.requires {
            writeln!(out, "\t{module} -> {};", quoted(&name(required)))?;
        }
    }
    writeln!(out, "}}")
}

/// A double-quoted string, in which only quotes and backslashes mean something.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use crate::cli::graph::Format;
    use crate::cli::graph::tests::{EXAMPLE, graph, shown};

    #[test]
    fn a_digraph() {
        let want = r#"digraph modules {
	node [shape=box];
	"main" [style=bold];
	"a@v1.0.0";
	"b@v1.0.0" [style=dashed];
	"go@1.21";
	"b@v1.1.0" [label="b@v1.1.0 => ../b"];
	"c@v1.0.0";
	"toolchain@go1.21";
	"main" -> "a@v1.0.0";
	"main" -> "b@v1.0.0";
	"main" -> "go@1.21";
	"a@v1.0.0" -> "b@v1.1.0";
	"a@v1.0.0" -> "c@v1.0.0";
	"b@v1.0.0" -> "c@v1.0.0";
	"go@1.21" -> "toolchain@go1.21";
	"b@v1.1.0" -> "a@v1.0.0";
}
"#;
        assert_eq!(shown(Format::Dot, &graph(EXAMPLE)), want);
    }

    #[test]
    fn no_name_ends_its_quotes() {
        let hostile = graph("main : x\\\"];evil\u{7}@v1.0.0");
        let want = "\t\"main\" -> \"x\\\\\\\"];evil\\\\u{7}@v1.0.0\";\n";
        assert!(shown(Format::Dot, &hostile).contains(want));
    }
}
