//! What can be wrong with a version query, in go's words.

use thiserror::Error;

use crate::spec::quote::quote;

/// A query that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum QueryError {
    /// The current version is malformed.
    #[error("invalid previous version {path}@{current}")]
    InvalidCurrent {
        /// The module path.
        path: String,
        /// The version that was said to be the current one.
        current: String,
    },
    /// The standard library has no versions.
    #[error(
        "can't query specific version ({}) of standard-library module {}",
        quote(query),
        quote(path)
    )]
    StandardLibrary {
        /// `std` or `cmd`.
        path: String,
        /// The query.
        query: String,
    },
    /// `patch` for a module that is not required yet.
    #[error("can't query version \"patch\" of module {path}: no existing version is required")]
    NoPatchBase {
        /// The module path.
        path: String,
    },
    /// What follows the comparison sign is no version.
    #[error("invalid semantic version {} in range {}", quote(version), quote(query))]
    InvalidVersion {
        /// The text after the sign.
        version: String,
        /// The query.
        query: String,
    },
    /// `<=v1.2` and `>v1.2` could mean `v1.2.0` or all of v1.2.
    #[error("ambiguous semantic version {} in range {}", quote(version), quote(query))]
    AmbiguousVersion {
        /// The text after the sign.
        version: String,
        /// The query.
        query: String,
    },
}

/// No version of the module fits the query.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no matching versions for query {}{}", quote(query), self.current_suffix())]
pub struct NoMatchingVersionError {
    /// The query.
    pub query: String,
    /// The current version, if the query takes it into account.
    pub current: Option<String>,
}

impl NoMatchingVersionError {
    fn current_suffix(&self) -> String {
        self.current.as_ref().map_or(String::new(), |v| format!(" (current version is {v})"))
    }
}
