//! GO111MODULE and GOWORK: whether modules are in use, and in which workspace.
//!
//! Implements GO111MODULE and GOWORK in [Environment
//! variables](https://go.dev/ref/mod#environment-variables) of the Go Modules Reference. Every
//! operation here needs modules, so `auto` is as good as `on`. A relative GOWORK is refused by
//! every command, GO111MODULE when an operation begins.
//!
//! | GO111MODULE         | answer                    |
//! |---------------------|---------------------------|
//! | empty, `on`, `auto` | modules are in use        |
//! | `off`               | an error                  |
//! | anything else       | another error             |

use std::path::{Path, PathBuf};

use thiserror::Error;

/// What is wrong with GO111MODULE or GOWORK.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ModeError {
    /// GO111MODULE is `off`.
    #[error("modules disabled by GO111MODULE=off; see 'go help modules'")]
    Disabled,
    /// GO111MODULE is no word that is known.
    #[error("unknown environment setting GO111MODULE={0}")]
    Unknown(String),
    /// GOWORK depends on the working directory.
    #[error("invalid GOWORK: not an absolute path")]
    RelativeWorkspace,
}

/// Which workspace is in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Workspace {
    /// None, whatever lies about.
    Off,
    /// That of the go.work in the working directory or nearest above it, if there is one.
    Search,
    /// That of this file, which must be there.
    File(PathBuf),
}

/// Checks, by the value of GO111MODULE, that modules are in use.
pub fn require_modules(go111module: &str) -> Result<(), ModeError> {
    match go111module {
        "" | "on" | "auto" => Ok(()),
        "off" => Err(ModeError::Disabled),
        other => Err(ModeError::Unknown(other.to_owned())),
    }
}

/// The workspace that the value of GOWORK names.
pub fn workspace(gowork: Option<&Path>) -> Result<Workspace, ModeError> {
    let Some(path) = gowork else {
        return Ok(Workspace::Search);
    };
    match path.to_str() {
        Some("off") => Ok(Workspace::Off),
        Some("auto") => Ok(Workspace::Search),
        _ if path.is_absolute() => Ok(Workspace::File(path.to_owned())),
        _ => Err(ModeError::RelativeWorkspace),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules() {
        for (value, want) in [
            ("", Ok(())),
            ("on", Ok(())),
            ("auto", Ok(())),
            ("off", Err("modules disabled by GO111MODULE=off; see 'go help modules'")),
            ("ON", Err("unknown environment setting GO111MODULE=ON")),
        ] {
            let told = require_modules(value).map_err(|err| err.to_string());
            assert_eq!(told, want.map_err(str::to_owned), "{value:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn workspaces() {
        for (value, want) in [
            ("off", Ok(Workspace::Off)),
            ("auto", Ok(Workspace::Search)),
            ("/w/go.work", Ok(Workspace::File("/w/go.work".into()))),
            ("w", Err(ModeError::RelativeWorkspace)),
            ("OFF", Err(ModeError::RelativeWorkspace)),
        ] {
            assert_eq!(workspace(Some(Path::new(value))), want, "{value:?}");
        }
        assert_eq!(workspace(None), Ok(Workspace::Search));
    }
}
