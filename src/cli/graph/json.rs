//! `--format json`: the graph for programs.
//!
//! ```text
//! [
//!     {
//!         "Path": "example.com/b",      // module path
//!         "Version": "v1.0.0",          // none for a main module
//!         "Main": true,                 // is it a main module?
//!         "Selected": "v1.1.0",         // selected version of this path; none for a main module
//!         "Replace": {"Path": "../b"},  // what its requirements were taken from
//!         "Require": [{"Path": "example.com/c", "Version": "v1.0.0"}]
//!     }
//! ]
//! ```

use std::io::{self, Write};

use crate::ops::graph::Outcome;
use crate::spec::goproxy_json::JsonWriter;
use crate::spec::module::Version;

/// Writes an array with an object for each module version.
///
/// # Errors
/// When `out` can't be written to.
pub fn write(graph: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    let mut json = JsonWriter::indented().array(|list| {
        for node in &graph.nodes {
            list.object(|o| {
                version(o, &node.module);
                if node.module.version.is_empty() {
                    o.bool("Main", true);
                }
                o.string_unless_empty("Selected", &node.selected);
                if let Some(replacement) = &node.replacement {
                    o.object("Replace", |o| version(o, replacement));
                }
                if !node.requires.is_empty() {
                    o.array("Require", |list| {
                        for required in &node.requires {
                            list.object(|o| version(o, required));
                        }
                    });
                }
            });
        }
    });
    json.push(b'\n');
    out.write_all(&json)
}

fn version(object: &mut crate::spec::goproxy_json::ObjectWriter<'_>, module: &Version) {
    object.string("Path", &*module.path);
    object.string_unless_empty("Version", &*module.version);
}

#[cfg(test)]
mod tests {
    use crate::cli::graph::Format;
    use crate::cli::graph::tests::{EXAMPLE, graph, shown};

    #[test]
    fn objects() {
        let text = shown(Format::Json, &graph(EXAMPLE));
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let at = |index: usize| &value[index];
        let of = |path: &str, version: &str| serde_json::json!({"Path": path, "Version": version});
        assert_eq!(
            *at(0),
            serde_json::json!({
                "Path": "main",
                "Main": true,
                "Require": [of("a", "v1.0.0"), of("b", "v1.0.0"), of("go", "1.21")],
            })
        );
        assert_eq!(at(2)["Selected"], "v1.1.0");
        assert_eq!(at(4)["Replace"], serde_json::json!({"Path": "../b"}));
        assert_eq!(value.as_array().unwrap().len(), 7);
    }
}
