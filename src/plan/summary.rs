//! What matters of the go.mod file of a dependency.

use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::plan::Pruning;
use crate::spec::goversion::{self, TooNewError};
use crate::spec::modfile;
use crate::spec::module::Version;

/// The parts of a dependency's go.mod that the module graph is made of.
#[derive(Debug, Clone)]
pub struct Summary {
    /// The path on the `module` line; empty if there is none.
    pub module_path: String,
    /// The version on the `go` line; empty if there is none.
    pub go_version: String,
    /// Whether what its requirements require may be left out of the graph.
    pub pruning: Pruning,
    /// What it requires, in the order of the file, then `go` from its go line at 1.21 and later.
    pub require: Arc<[Version]>,
    /// Why the module should not be used any more; empty if nothing is said against it.
    pub deprecated: String,
    /// Versions that it takes back.
    pub retract: Vec<modfile::Retract>,
}

impl Summary {
    /// Reads the go.mod of a dependency, laxly as go does. `name` is how errors name the file.
    ///
    /// # Errors
    /// When the file is malformed.
    pub fn parse(name: &str, data: &[u8]) -> Result<Summary, modfile::ErrorList> {
        Ok(Summary::of_file(&modfile::File::parse_lax(name, data, None)?))
    }

    /// The summary of a file that is parsed already.
    pub fn of_file(file: &modfile::File) -> Summary {
        let go_version = file.go.as_ref().map(|go| go.to_string()).unwrap_or_default();
        let mut require: Vec<Version> =
            file.require.iter().map(|require| require.module.clone()).collect();
        if is_strict(&go_version) {
            require.push(Version::new("go", go_version.as_str()));
        }
        Summary {
            module_path: file.module.as_ref().map(|m| m.path.to_string()).unwrap_or_default(),
            pruning: if go_version.is_empty() {
                Pruning::Unpruned
            } else {
                Pruning::for_go_version(&go_version)
            },
            go_version,
            require: require.into(),
            deprecated: file.module.as_ref().map(|m| m.deprecated.clone()).unwrap_or_default(),
            retract: file.retract.iter().map(|retract| (**retract).clone()).collect(),
        }
    }

    /// That of a file that says nothing.
    pub fn empty(module_path: &str, pruning: Pruning) -> Summary {
        Summary {
            module_path: module_path.to_owned(),
            go_version: String::new(),
            pruning,
            require: Arc::from([]),
            deprecated: String::new(),
            retract: Vec::new(),
        }
    }

    /// The summary of the pseudo-modules `go` and `toolchain`: from 1.21 on, a Go version requires
    /// the toolchain of the same version.
    pub fn of_toolchain(module: &Version) -> Summary {
        let require: Arc<[Version]> = if &*module.path == "go" && is_strict(&module.version) {
            Arc::from([Version::new("toolchain", format!("go{}", module.version))])
        } else {
            Arc::from([])
        };
        Summary { require, ..Summary::empty(&module.path, Pruning::Pruned) }
    }
}

fn is_strict(go_version: &str) -> bool {
    !go_version.is_empty()
        && goversion::compare(go_version, goversion::GO_STRICT) != std::cmp::Ordering::Less
}

/// The Go version whose rules are followed, and whether a newer one may be assumed instead.
#[derive(Debug, Clone)]
pub struct GoRules {
    /// The version and the settings that led to it, for messages.
    pub running: goversion::Running,
    /// Whether go would switch to a newer toolchain where one is asked for (GOTOOLCHAIN is auto,
    /// path, or ends so).
    pub may_switch: bool,
}

impl GoRules {
    /// Refuses a go line that is newer than the version followed, unless go would switch toolchains.
    ///
    /// `Ok(true)` means that it is newer, but that go would switch.
    ///
    /// # Errors
    /// go's: `WHAT requires go >= V (running go …; GOTOOLCHAIN=local)`.
    pub fn check(&self, what: &str, go_version: &str, toolchain: &str) -> Result<bool, Error> {
        if goversion::compare(go_version, &self.running.version) != std::cmp::Ordering::Greater {
            return Ok(false);
        }
        if self.may_switch {
            return Ok(true);
        }
        let err = TooNewError {
            what: what.to_owned(),
            go_version: go_version.to_owned(),
            toolchain: toolchain.to_owned(),
            running: self.running.clone(),
        };
        let setting = &self.running.gotoolchain;
        let hint = match setting.as_str() {
            setting if setting == "auto" || setting.ends_with("+auto") => {
                format!("raise the go line of the main module: go get go@{go_version}")
            }
            setting => {
                format!("GOTOOLCHAIN={setting} forbids a newer Go; unset it or use a newer Go")
            }
        };
        Err(Error::new(ErrorKind::TooNew, err).hint(hint))
    }
}
