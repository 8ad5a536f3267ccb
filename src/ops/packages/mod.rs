//! The packages of a build: which packages import which, and from which modules they come.
//!
//! [`load()`] begins with what its arguments name and goes on to everything that is imported, as
//! <https://go.dev/ref/mod#vcs-find> and <https://go.dev/ref/mod#graph-pruning> say. Modules are
//! downloaded when a package may come from them. Nothing is compiled, and no Go is needed: without
//! one, the packages of its library are known by their names alone.
//!
//! | what                                         | where        |
//! |----------------------------------------------|--------------|
//! | the passes, and the requirements after each  | `load`       |
//! | one pass                                     | [`pass`]     |
//! | what arguments name                          | [`matching`] |
//! | what was loaded, and the way to it           | [`graph`]    |
//! | trees and the files in them                  | [`trees`]    |
//! | what can be wrong                            | [`error`]    |

use std::sync::Arc;

use crate::error::Error;
use crate::spec::imports::tags::{Tags, releases};

pub mod error;
pub mod graph;
mod load;
pub mod matching;
pub mod pass;
pub mod trees;

pub use graph::{Package, Packages};
pub use load::load;
pub use matching::Matched;

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Options {
    /// The tags that the packages are built with.
    pub tags: Arc<Tags>,
    /// Those by which it is told which of the folders that a local pattern names hold packages.
    pub folder_tags: Arc<Tags>,
    /// Whether the tests of the packages that arguments name are loaded, too.
    pub tests: bool,
    /// Whether `all` is what `go mod vendor` takes it for: no tests of dependencies, whatever the go
    /// line says.
    pub vendor_all: bool,
    /// Whether go would look for modules that have missing packages; it says more of them then.
    pub resolves: bool,
    /// Whether the imports within the standard library are wanted.
    pub follow_std: bool,
    /// Which errors are told.
    pub tell: Tell,
}

/// Which errors of packages are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tell {
    /// All.
    All,
    /// All but those of packages that would belong to the standard library.
    AllButStd,
    /// None.
    Nothing,
}

/// What was loaded.
#[derive(Debug, Default)]
pub struct Loading {
    /// The packages.
    pub packages: Packages,
    /// What each argument named.
    pub matched: Vec<Matched>,
    /// What is wrong, in the order in which it is told.
    pub errors: Vec<Error>,
}

/// The tags of a build for this machine by the Go of this version.
pub fn host_tags(version: &str) -> Tags {
    let (os, arch) = host();
    Tags::of(os, arch, true, [], &releases(version))
}

/// The system and the architecture of this machine, in Go's names.
pub fn host() -> (&'static str, &'static str) {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        os => os,
    };
    let arch = match std::env::consts::ARCH {
        "x86" => "386",
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "loongarch64" => "loong64",
        "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
        "powerpc64" => "ppc64",
        arch => arch,
    };
    (os, arch)
}
