//! Minimal version selection: which version of each module a build uses.
//!
//! Every module version lists the versions it requires; the one selected for a path is the highest
//! that is required by anything reachable from the main module. Nothing newer is ever chosen.
//!
//! Implements <https://go.dev/ref/mod#minimal-version-selection>.
//!
//! ```text
//! main: A1 B1      A1: C1      B1: C2      C2: D1
//! selected: A1 B1 C2 D1
//! ```
//!
//! - [`graph`]: requirements pushed in as they become known; selection and paths.
//! - [`require`]: the shortest list of requirements that gives the same selection.
//! - [`blame`]: the chain of requirements that led to a failure, in go's words.

pub mod blame;
pub mod graph;
pub mod require;

pub use blame::BuildListError;
pub use graph::Graph;
pub use require::minimal_requirements;

use std::cmp::Ordering;

use crate::spec::goversion;

/// The version that stands for "not selected".
pub const NONE: &str = "none";

/// Compares versions of the module `path`; the empty version, that of a main module, is the highest
/// and [`NONE`] the lowest.
pub fn compare(path: &str, a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => goversion::mod_compare(path, a, b),
    }
}
