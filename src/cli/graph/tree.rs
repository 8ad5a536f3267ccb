//! `--format tree`: the graph for people.
//!
//! ```text
//! example.com/main (main module)
//! ├── example.com/a@v1.0.0 (selected)
//! │   └── example.com/b@v1.1.0 (selected)
//! └── example.com/b@v1.0.0 (v1.1.0 is selected)
//! ```
//!
//! What a module requires is shown once, where it is nearest to a main module, and there first from
//! above; elsewhere the module is marked as shown before or below. Requirements stand in the order
//! of go.mod.

use std::collections::HashMap;
use std::io::{self, Write};

use super::name;
use crate::ops::graph::{Node, Outcome};
use crate::spec::module::Version;

/// Writes the tree.
///
/// # Errors
/// When `out` can't be written to.
pub fn write(graph: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let nodes: HashMap<&Version, &Node> =
        graph.nodes.iter().map(|node| (&node.module, node)).collect();
    let parents = parents(graph);
    // Roots that nothing leads to otherwise; in a workspace there are several.
    for root in graph.nodes.iter().take(graph.roots) {
        writeln!(out, "{}", line(root, false))?;
        // For each open level, what is still to come on it; a stack, since chains may be long.
        let mut open = vec![root.requires.iter().peekable()];
        let mut indent = String::new();
        let mut of: Vec<&Version> = vec![&root.module];
        while let Some(level) = open.last_mut() {
            let Some(module) = level.next() else {
                open.pop();
                of.pop();
                // Three characters of drawing or none, and spaces: the last four.
                let end = indent.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
                indent.truncate(end);
                continue;
            };
            let is_last = level.peek().is_none();
            let branch = if is_last { "└── " } else { "├── " };
            let Some(node) = nodes.get(module) else { continue };
            let is_here = parents.get(module).copied() == of.last().copied();
            writeln!(out, "{indent}{branch}{}", line(node, !is_here && !node.requires.is_empty()))?;
            if is_here && !node.requires.is_empty() {
                indent.push_str(if is_last { "    " } else { "│   " });
                open.push(node.requires.iter().peekable());
                of.push(module);
            }
        }
    }
    Ok(())
}

/// Below which module each is shown in full: the first that requires it, breadth first.
fn parents(graph: &Outcome) -> HashMap<&Version, &Version> {
    let mut parents: HashMap<&Version, &Version> = HashMap::new();
    let roots = graph.nodes.iter().take(graph.roots);
    let is_root: std::collections::HashSet<&Version> = roots.map(|node| &node.module).collect();
    for node in &graph.nodes {
        for required in node.requires.iter().filter(|required| !is_root.contains(required)) {
            parents.entry(required).or_insert(&node.module);
        }
    }
    parents
}

fn line(node: &Node, is_elsewhere: bool) -> String {
    let mut marks = Vec::new();
    if node.module.version.is_empty() {
        marks.push("main module".to_owned());
    } else if node.is_selected() {
        marks.push("selected".to_owned());
    } else {
        marks.push(format!("{} is selected", node.selected));
    }
    if let Some(replacement) = &node.replacement {
        marks.push(format!("replaced by {}", name(replacement)));
    }
    if is_elsewhere {
        marks.push("shown elsewhere".to_owned());
    }
    format!("{} ({})", name(&node.module), marks.join(", "))
}

#[cfg(test)]
mod tests {
    use crate::cli::graph::Format;
    use crate::cli::graph::tests::{EXAMPLE, graph, shown};

    #[test]
    fn each_module_is_expanded_once() {
        let want = "\
main (main module)
├── a@v1.0.0 (selected)
│   ├── b@v1.1.0 (selected, replaced by ../b)
│   │   └── a@v1.0.0 (selected, shown elsewhere)
│   └── c@v1.0.0 (selected)
├── b@v1.0.0 (v1.1.0 is selected)
│   └── c@v1.0.0 (selected)
└── go@1.21 (selected)
    └── toolchain@go1.21 (selected)
";
        assert_eq!(shown(Format::Tree, &graph(EXAMPLE)), want);
    }

    #[test]
    fn roots_that_require_each_other() {
        let mut both = graph("m : n a@v1.0.0\nn : m\na@v1.0.0 v1.0.0:");
        both.roots = 2;
        let want = "\
m (main module)
├── n (main module, shown elsewhere)
└── a@v1.0.0 (selected)
n (main module)
└── m (main module, shown elsewhere)
";
        assert_eq!(shown(Format::Tree, &both), want);
    }

    #[test]
    fn long_chains_need_no_deep_stack() {
        let mut text = "main : m@v0.1.0".to_owned();
        for version in 1..3000 {
            text.push_str(&format!("\nm@v0.{version}.0 v0.3000.0: m@v0.{}.0", version + 1));
        }
        text.push_str("\nm@v0.3000.0 v0.3000.0:");
        let shown = shown(Format::Tree, &graph(&text));
        assert!(shown.ends_with("└── m@v0.3000.0 (selected)\n"));
        assert_eq!(shown.lines().count(), 3001);
    }
}
