//! What must be fetched: the build list of the main modules, from go.mod files that are asked for in
//! batches.
//!
//! Nothing here does I/O or knows a runtime: go.mod files come through [`GoMods`], and all that are
//! known to be needed are asked for at the same time. So the number of dependent steps is the depth
//! of the graph, not its size.
//!
//! Implements <https://go.dev/ref/mod#mod-load>, <https://go.dev/ref/mod#graph-pruning> and what the
//! `go` command does to go.mod on the way (<https://go.dev/ref/mod#go-mod-file-updates>).
//!
//! - [`build_mod`]: what may change, and whether vendor/ stands in for modules.
//! - [`summary`]: what matters of a dependency's go.mod.
//! - [`main_module`]: the go.mod of one main module.
//! - [`main_modules`]: what go.work and the go.mod files of all main modules demand together.
//! - [`requirements`]: roots, pruning, and the graph loaded from them.
//! - [`update`]: roots made consistent with the graph.
//! - [`mod@write`]: the go.mod that follows, and which checksums go.sum keeps.

use std::sync::Arc;

use crate::error::Error;
use crate::spec::module::Version;

pub mod build_mod;
pub mod main_module;
pub mod main_modules;
pub mod requirements;
pub mod summary;
pub mod update;
pub mod write;

pub use build_mod::BuildMod;
pub use main_module::MainModule;
pub use main_modules::{MainModules, Workspace};
pub use requirements::{ModuleGraph, Pruning, Requirements};
pub use summary::Summary;

/// A boxed future, of whatever runtime.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Gives the go.mod files of dependencies.
pub trait GoMods: Sync {
    /// The summary of the go.mod of `module`, with replacements already applied: a `module` without
    /// a version is a directory. The same module is asked for more than once; answering again from
    /// memory is the implementor's part.
    fn go_mod<'a>(&'a self, module: &'a Version) -> BoxFuture<'a, Result<Arc<Summary>, Error>>;

    /// The same, however new a Go the file asks for.
    fn raw_go_mod<'a>(&'a self, module: &'a Version) -> BoxFuture<'a, Result<Arc<Summary>, Error>>;

    /// Whether go.sum knows a sum for `key`.
    fn has_sum(&self, key: &Version) -> bool;
}
