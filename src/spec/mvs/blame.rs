//! Which chain of requirements led to a module that could not be loaded.

use std::fmt;
use std::sync::Arc;

use crate::spec::module::{InvalidVersionError, ModuleError, Version};

/// A failure at the end of a chain of requirements. Printed as the `go` command prints it:
///
/// ```text
/// example.com/a@v1.0.0 requires
///         example.com/b@v1.2.0: reading …: 404 Not Found
/// ```
#[derive(Debug, Clone)]
pub struct BuildListError {
    chain: Vec<Version>,
    cause: Arc<dyn std::error::Error + Send + Sync>,
}

impl BuildListError {
    /// `cause` happened at the last module of `chain`, whose first is a root.
    pub fn new(
        chain: Vec<Version>,
        cause: Arc<dyn std::error::Error + Send + Sync>,
    ) -> BuildListError {
        BuildListError { chain, cause }
    }

    /// The modules from the root to the one that failed.
    pub fn chain(&self) -> &[Version] {
        &self.chain
    }
}

impl fmt::Display for BuildListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The main module stands first, without a version: it says nothing new.
        let start = self.chain.iter().position(|m| !m.version.is_empty());
        let chain = start.and_then(|start| self.chain.get(start..)).unwrap_or_default();
        let Some((last, before)) = chain.split_last() else {
            return self.cause.fmt(f);
        };
        for module in before {
            write!(f, "{module} requires\n\t")?;
        }
        let Some(err) = self.cause.downcast_ref::<ModuleError>() else {
            return write!(f, "{last}: {}", self.cause);
        };
        let version = match err.cause.downcast_ref::<InvalidVersionError>() {
            Some(invalid) => &invalid.version,
            None => &err.version,
        };
        if err.path == *last.path && *version == *last.version {
            err.fmt(f)
        } else {
            let actual = Version::new(err.path.as_str(), version.as_str());
            write!(f, "{last} (replaced by {actual}): {}", err.cause)
        }
    }
}

impl std::error::Error for BuildListError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Text(&'static str);

    fn chain(text: &str) -> Vec<Version> {
        text.split_whitespace()
            .map(|word| {
                let (path, version) = word.split_once('@').unwrap_or((word, ""));
                Version::new(path, version)
            })
            .collect()
    }

    #[test]
    fn wording() {
        let plain = || Arc::new(Text("bad")) as Arc<dyn std::error::Error + Send + Sync>;
        let of = |path: &str, version: &str| {
            Arc::new(ModuleError::new(path, version, Text("bad")))
                as Arc<dyn std::error::Error + Send + Sync>
        };
        for (modules, cause, want) in [
            ("main a@v1 b@v2", plain(), "a@v1 requires\n\tb@v2: bad"),
            ("main a@v1 b@v2", of("b", "v2"), "a@v1 requires\n\tb@v2: bad"),
            ("main b@v2", of("fork", "v3"), "b@v2 (replaced by fork@v3): bad"),
            ("main", plain(), "bad"),
        ] {
            assert_eq!(BuildListError::new(chain(modules), cause).to_string(), want);
        }
    }
}
