//! `--format go`: one line for each requirement, as `go mod graph` has it.

use std::io::{self, Write};

use super::name;
use crate::ops::graph::Outcome;

/// Writes `module requirement` lines.
///
/// # Errors
/// When `out` can't be written to.
pub fn write(graph: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    for node in &graph.nodes {
        let module = name(&node.module);
        for required in &node.requires {
            writeln!(out, "{module} {}", name(required))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::cli::graph::Format;
    use crate::cli::graph::tests::{EXAMPLE, graph, shown};

    #[test]
    fn lines() {
        let want = "\
main a@v1.0.0
main b@v1.0.0
main go@1.21
a@v1.0.0 b@v1.1.0
a@v1.0.0 c@v1.0.0
b@v1.0.0 c@v1.0.0
go@1.21 toolchain@go1.21
b@v1.1.0 a@v1.0.0
";
        assert_eq!(shown(Format::Go, &graph(EXAMPLE)), want);
    }
}
