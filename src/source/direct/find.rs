//! Where in the tree of a version the module is, and whether its go.mod agrees.
//!
//! Implements <https://go.dev/ref/mod#vcs-dir>.

use super::code::{CodeRepo, joined};
use crate::error::{Error, ErrorKind};
use crate::source::MAX_GO_MOD;
use crate::spec::modfile;
use crate::spec::module::{self, InvalidVersionError, ModuleError, VersionReason};
use crate::spec::quote::quote;
use crate::spec::semver;

/// Where a version of a module is.
pub(super) struct Place {
    /// Its name in the repository.
    pub(super) rev: String,
    /// The folder, empty for the root.
    pub(super) dir: String,
    /// The go.mod in it, if there is one.
    pub(super) go_mod: Option<Vec<u8>>,
}

impl CodeRepo {
    /// Finds the module's folder at `version`: the one that its path names, or one for the major version in
    /// that, but never both.
    ///
    /// # Errors
    /// When there is no such folder, or its go.mod is another module's; go's words, each.
    pub(super) fn find_dir(&self, version: &str) -> Result<Place, Error> {
        if !semver::is_valid(version) {
            let reason = VersionReason::Other("syntax error".into());
            let cause = InvalidVersionError::new(version, reason);
            let cause = ModuleError::new(self.path.as_str(), "", cause);
            return Err(Error::new(ErrorKind::Other, cause));
        }
        let rev = self.rev(version);
        let (root, major) = (&self.root, &self.path_major);
        let refuse = |text: String| Err(Error::message(ErrorKind::Other, text));

        let file = joined(&self.dir, "go.mod");
        let go_mod = self.read(&rev, &file)?;
        let path = stated(go_mod.as_deref());
        let is_here = go_mod.is_some()
            && (is_major(&path, major) || (major.is_empty() && path.starts_with("gopkg.in/")));

        let may_be_below = !major.is_empty() && *root != self.path && !major.starts_with('.');
        if may_be_below {
            let dir = joined(&self.dir, major.get(1..).unwrap_or_default());
            let file_below = joined(&dir, "go.mod");
            let below = self.read(&rev, &file_below)?;
            let path_below = stated(below.as_deref());
            let is_below = below.is_some() && is_major(&path_below, major);
            if is_here && is_below {
                let prefix = &self.path_prefix;
                return refuse(format!(
                    "{prefix}/{file} and ...{major}/go.mod both have ...{major} module paths at revision {rev}"
                ));
            }
            if is_below {
                return Ok(Place { rev, dir, go_mod: below });
            }
            if below.is_some() && path_below.is_empty() {
                return refuse(format!(
                    "{root}/{file_below} is missing module path at revision {rev}"
                ));
            }
            if below.is_some() {
                let path = quote(&path_below);
                return refuse(format!(
                    "{root}/{file_below} has non-...{major} module path {path} at revision {rev}"
                ));
            }
        }
        if is_here {
            return Ok(Place { rev, dir: self.dir.clone(), go_mod });
        }
        if go_mod.is_some() {
            let suffix = match may_be_below {
                true => format!(" (and ...{major}/go.mod does not exist)"),
                false => String::new(),
            };
            let shown = quote(&path);
            return refuse(if path.is_empty() {
                format!("{file} is missing module path{suffix} at revision {rev}")
            } else if !major.is_empty() {
                format!("{file} has non-...{major} module path {shown}{suffix} at revision {rev}")
            } else if module::split_path_version(&path).is_none() {
                format!("{file} has malformed module path {shown}{suffix} at revision {rev}")
            } else {
                let post = semver::major(version);
                format!("{file} has post-{post} module path {shown}{suffix} at revision {rev}")
            });
        }
        // Without a go.mod only a root can be a module, and only before v2.
        if self.dir.is_empty() && (major.is_empty() || major.starts_with('.')) {
            return Ok(Place { rev, dir: String::new(), go_mod: None });
        }
        let prefix = &self.path_prefix;
        refuse(if may_be_below {
            format!("missing {prefix}/go.mod and ...{major}/go.mod at revision {rev}")
        } else {
            format!("missing {prefix}/go.mod at revision {rev}")
        })
    }

    /// A file of the repository, if it is there.
    fn read(&self, rev: &str, file: &str) -> Result<Option<Vec<u8>>, Error> {
        match self.code.read_file(rev, file, MAX_GO_MOD) {
            Ok(data) => Ok(Some(data)),
            Err(err) if err.is_not_found() => Ok(None),
            Err(err) => {
                let before = format!("reading {}/{file} at revision {rev}: ", self.root);
                Err(err.context(&before))
            }
        }
    }
}

/// The module path that a go.mod states, or nothing.
fn stated(go_mod: Option<&[u8]>) -> String {
    go_mod.and_then(modfile::module_path).unwrap_or_default()
}

/// Whether the major version of the stated `path` is the one that goes with `major`, the end of the path
/// that was asked for.
fn is_major(path: &str, major: &str) -> bool {
    let Some((_, stated)) = module::split_path_version(path).filter(|_| !path.is_empty()) else {
        return false;
    };
    match (major, stated) {
        ("", stated) => matches!(module::path_major_prefix(stated), "" | "v0" | "v1"),
        (_, "") => false,
        // `/v2` and `.v2` are the same here: the module may stand in for another.
        (major, stated) => major.get(1..) == stated.get(1..),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn major_versions_of_paths() {
        for (path, major, want) in [
            ("example.com/m", "", true),
            ("gopkg.in/m.v1", "", true),
            ("gopkg.in/m.v2", "", false),
            ("example.com/m/v2", "", false),
            ("example.com/m/v2", "/v2", true),
            ("gopkg.in/m.v2", "/v2", true),
            ("example.com/m/v3", "/v2", false),
            ("example.com/m", "/v2", false),
            ("example.com/m/v1", "", false),
            ("", "", false),
        ] {
            assert_eq!(is_major(path, major), want, "{path} {major}");
        }
    }
}
