//! Errors about modules and versions.
//!
//! They name what they are about as the go command does: `module PATH: …`, `PATH@VERSION: …` or
//! `version "VERSION" invalid: …`. The layers above fill in reasons of their own:
//! [`VersionReason::Other`], [`VersionReason::Failed`] and [`ModuleError::cause`].
//!
//! ```
//! use gomodfetch::spec::module::{InvalidVersionError, ModuleError, VersionReason};
//!
//! let err = InvalidVersionError::new("v9", VersionReason::Other("unknown revision v9".into()));
//! assert_eq!(err.to_string(), r#"version "v9" invalid: unknown revision v9"#);
//! let err = ModuleError::new("example.com/m", "v9", err);
//! assert_eq!(err.to_string(), "example.com/m@v9: invalid version: unknown revision v9");
//! ```

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use super::path::InvalidPathError;
use crate::spec::quote::quote;

/// A version is not acceptable, whatever the module.
#[derive(Debug, Clone, Error)]
#[error("{} {} invalid: {reason}", self.noun(), quote(version))]
pub struct InvalidVersionError {
    /// The version.
    pub version: String,
    /// Whether it was read as a pseudo-version; the text then says so.
    pub pseudo: bool,
    /// Why it is not acceptable.
    pub reason: VersionReason,
}

impl InvalidVersionError {
    /// An error about a version that was not read as a pseudo-version.
    pub fn new(version: impl Into<String>, reason: VersionReason) -> Self {
        Self { version: version.into(), pseudo: false, reason }
    }

    /// An error about a version that was read as a pseudo-version.
    pub fn pseudo(version: impl Into<String>, reason: VersionReason) -> Self {
        Self { version: version.into(), pseudo: true, reason }
    }

    fn noun(&self) -> &'static str {
        if self.pseudo { "pseudo-version" } else { "version" }
    }
}

/// Why a version is not acceptable.
#[derive(Debug, Clone, Error)]
pub enum VersionReason {
    /// It does not parse as a semantic version.
    #[error("not a semantic version")]
    NotSemantic,
    /// Its major version is not the one that the module path asks for.
    #[error("should be {wanted}, not {found}")]
    WrongMajor {
        /// What the path asks for, such as `v2` or `v0 or v1`.
        wanted: String,
        /// The major version that was found; empty if it is not a semantic version.
        found: String,
    },
    /// It could not be a file name.
    #[error("disallowed version string")]
    Disallowed,
    /// It does not parse as a pseudo-version.
    #[error("syntax error")]
    PseudoSyntax,
    /// The fourteen digits of a pseudo-version are no time.
    #[error("malformed time {}", quote(.0))]
    MalformedTime(String),
    /// A pseudo-version without base has build metadata, which only a base could account for.
    #[error("lacks base version, but has build metadata {}", quote(.0))]
    BuildWithoutBase(String),
    /// A pseudo-version whose base would come before this version, `vX.Y.0`.
    #[error("version before {0} would have negative patch number")]
    NegativePatch(String),
    /// A rule of a layer above, such as that of go.mod or of a repository, in its words.
    #[error("{0}")]
    Other(Cow<'static, str>),
    /// A failure of a layer above.
    #[error(transparent)]
    Failed(Arc<dyn Error + Send + Sync>),
}

/// An error that concerns one module, or one version of it.
#[derive(Debug, Clone)]
pub struct ModuleError {
    /// The module path.
    pub path: String,
    /// The version, or empty if the error concerns the module as such.
    pub version: String,
    /// What is wrong.
    pub cause: Arc<dyn Error + Send + Sync>,
}

impl ModuleError {
    /// An error about the module `path` at `version`, which may be empty.
    pub fn new(
        path: impl Into<String>,
        version: impl Into<String>,
        cause: impl Error + Send + Sync + 'static,
    ) -> Self {
        Self { path: path.into(), version: version.into(), cause: Arc::new(cause) }
    }
}

impl fmt::Display for ModuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, version, cause } = self;
        if let Some(v) = cause.downcast_ref::<InvalidVersionError>() {
            write!(f, "{path}@{}: invalid {}: {}", v.version, v.noun(), v.reason)
        } else if version.is_empty() {
            write!(f, "module {path}: {cause}")
        } else {
            write!(f, "{path}@{version}: {cause}")
        }
    }
}

impl Error for ModuleError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.cause)
    }
}

/// A module path and a version are not acceptable, or do not go together.
#[derive(Debug, Clone, Error)]
pub enum CheckError {
    /// The path is malformed.
    #[error(transparent)]
    Path(#[from] InvalidPathError),
    /// The version is malformed or does not go with the path.
    #[error(transparent)]
    Module(#[from] ModuleError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_errors_alone_and_in_a_module() {
        let err = InvalidVersionError::pseudo("v1.0.0-x", VersionReason::PseudoSyntax);
        assert_eq!(err.to_string(), r#"pseudo-version "v1.0.0-x" invalid: syntax error"#);
        let err = ModuleError::new("example.com/m", "v9", err);
        assert_eq!(err.to_string(), "example.com/m@v1.0.0-x: invalid pseudo-version: syntax error");
        let inner = VersionReason::Other("unknown revision v9".into());
        let err = ModuleError::new("example.com/m", "v9", inner.clone());
        assert_eq!(err.to_string(), "example.com/m@v9: unknown revision v9");
        assert_eq!(err.source().map(ToString::to_string), Some(inner.to_string()));
        assert_eq!(
            ModuleError::new("example.com/m", "", inner).to_string(),
            "module example.com/m: unknown revision v9"
        );
    }
}
