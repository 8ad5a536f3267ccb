//! A module at a version, and which versions go with which path.
//!
//! Implements [Major version suffixes](https://go.dev/ref/mod#major-version-suffixes) of the Go
//! Modules Reference. A path that ends in `/vN` (or `.vN` below `gopkg.in/`) goes with versions of
//! major version N; a path without ending goes with v0, v1 and all that is marked `+incompatible`.
//!
//! ```
//! use gomodfetch::spec::module::{Version, match_path_major, sort};
//!
//! assert!(match_path_major("v2.1.0", "/v2") && match_path_major("v2.1.0+incompatible", ""));
//!
//! let mut list = ["v1.10.0", "v1.9.0"].map(|v| Version::new("example.com/a", v));
//! sort(&mut list);
//! assert_eq!(&*list[0].version, "v1.9.0");
//! ```

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use super::error::{CheckError, InvalidVersionError, ModuleError, VersionReason};
use super::path::{check_path, split_path_version};
use crate::spec::semver;

/// A module path and a version.
///
/// The version is empty for the main module and for the directory that a `replace` names, and
/// `none` where no version is to be chosen. In go.sum it may be followed by `/go.mod`.
///
/// `Ord` compares bytes, so that a `Version` can be a key; [`sort`] knows the order of versions.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version {
    /// The module path, unescaped.
    pub path: Arc<str>,
    /// The version, unescaped.
    pub version: Arc<str>,
}

impl Version {
    /// Pairs a path and a version; neither is checked.
    pub fn new(path: impl Into<Arc<str>>, version: impl Into<Arc<str>>) -> Self {
        Self { path: path.into(), version: version.into() }
    }

    /// The key under which go.sum lists the hash of this version's go.mod alone.
    #[must_use]
    pub fn go_mod(&self) -> Self {
        Self::new(Arc::clone(&self.path), format!("{}/go.mod", self.version))
    }

    /// Orders by path, then by `compare(path, version, version)`, then by bytes.
    ///
    /// The last step keeps this a total order, which sorting needs: `v1.0.0+a` and `v1.0.0+b` are
    /// equal to `compare`, and so are all versions that it cannot parse.
    pub(crate) fn cmp_by(
        &self,
        other: &Self,
        compare: impl Fn(&str, &str, &str) -> Ordering,
    ) -> Ordering {
        let (v, file) = cut_file(&self.version);
        let (w, other_file) = cut_file(&other.version);
        self.path
            .cmp(&other.path)
            .then_with(|| compare(&self.path, v, w))
            .then_with(|| (v, file).cmp(&(w, other_file)))
    }
}

/// `path@version`, or the path alone if there is no version.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.version {
            "" => f.write_str(&self.path),
            version => write!(f, "{}@{version}", self.path),
        }
    }
}

/// Sorts by path, then by semantic version, then by bytes: `v1.0.0` before `v1.0.0/go.mod`.
///
/// (Where different versions have equal precedence go leaves their order open.)
pub fn sort(list: &mut [Version]) {
    list.sort_by(|a, b| a.cmp_by(b, |_, v, w| semver::compare(v, w)));
}

fn cut_file(version: &str) -> (&str, &str) {
    version.split_at(version.find('/').unwrap_or(version.len()))
}

/// Checks that `path` is a module path, `version` a semantic version, and that they go together.
///
/// # Errors
/// The first of these that does not hold.
pub fn check(path: &str, version: &str) -> Result<(), CheckError> {
    check_path(path)?;
    let of_module = |err| ModuleError::new(path, "", err);
    if !semver::is_valid(version) {
        return Err(of_module(InvalidVersionError::new(version, VersionReason::NotSemantic)).into());
    }
    let (_, path_major) = split_path_version(path).unwrap_or_default();
    check_path_major(version, path_major).map_err(of_module)?;
    Ok(())
}

/// Reports whether `version` goes with a path that ends in `path_major`.
pub fn match_path_major(version: &str, path_major: &str) -> bool {
    check_path_major(version, path_major).is_ok()
}

/// Checks that `version` goes with a path that ends in `path_major`, the second part that
/// [`split_path_version`] yields.
///
/// # Errors
/// [`VersionReason::WrongMajor`].
pub fn check_path_major(version: &str, path_major: &str) -> Result<(), InvalidVersionError> {
    let path_major = released(path_major);
    // Old versions of go made such pseudo-versions for gopkg.in, and go.mod files still name them.
    if path_major == ".v1" && version.starts_with("v0.0.0-") {
        return Ok(());
    }
    let found = semver::major(version);
    let wanted = path_major.strip_prefix(['/', '.']);
    let matches = match wanted {
        Some(wanted) => found == wanted,
        None if path_major.is_empty() => {
            matches!(found, "v0" | "v1") || semver::build(version) == "+incompatible"
        }
        None => false,
    };
    if matches {
        return Ok(());
    }
    let wanted = if path_major.is_empty() { "v0 or v1" } else { wanted.unwrap_or(path_major) };
    let reason = VersionReason::WrongMajor { wanted: wanted.to_owned(), found: found.to_owned() };
    Err(InvalidVersionError::new(version, reason))
}

/// The prefix of the version tags that go with `path_major`: `v2` of `/v2`, `v3` of `.v3-unstable`.
///
/// It is empty where v0 and v1 are both allowed, and for a `path_major` that
/// [`split_path_version`] never yields.
pub fn path_major_prefix(path_major: &str) -> &str {
    let major = released(path_major).strip_prefix(['/', '.']).unwrap_or_default();
    if semver::major(major) == major { major } else { "" }
}

/// `gopkg.in/x.v3-unstable` has the versions of `.v3`.
fn released(path_major: &str) -> &str {
    match path_major.strip_suffix("-unstable") {
        Some(released) if path_major.starts_with(".v") => released,
        _ => path_major,
    }
}

/// The canonical spelling of a version like [`semver::canonical`], but keeps `+incompatible`.
pub fn canonical_version(version: &str) -> String {
    let mut canonical = semver::canonical(version);
    if semver::build(version) == "+incompatible" {
        canonical.push_str("+incompatible");
    }
    canonical
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn display() {
        assert_eq!(Version::new("example.com/m", "v1.0.0").to_string(), "example.com/m@v1.0.0");
        assert_eq!(Version::new("../dir", "").to_string(), "../dir");
        assert_eq!(&*Version::new("example.com/m", "v1.0.0").go_mod().version, "v1.0.0/go.mod");
    }

    #[test]
    fn sorting_follows_go_sum() {
        let sorted = "a v1.2.0; a v1.2.0/go.mod; a v1.10.0-rc1; a v1.10.0/go.mod; a.b v1.0.0; \
                      a/b bad; a/b v0.1.0";
        let parse = |entry: &str| {
            let (path, version) = entry.split_once(' ').unwrap();
            Version::new(path, version)
        };
        let wanted: Vec<Version> = sorted.split("; ").map(parse).collect();
        let mut list = wanted.clone();
        list.reverse();
        sort(&mut list);
        assert_eq!(list, wanted);
    }

    #[test]
    fn path_and_version_go_together() {
        let cases = [
            ("example.com/m", "v1.9.0", ""),
            ("example.com/m", "v0.0.0-20200102030405-0123456789ab", ""),
            ("example.com/m", "v2.0.0+incompatible", ""),
            ("example.com/m/v2", "v2.1.0", ""),
            ("gopkg.in/m.v3", "v3.0.0", ""),
            ("gopkg.in/m.v3-unstable", "v3.0.0", ""),
            ("gopkg.in/m.v1", "v0.0.0-20200102030405-0123456789ab", ""),
            ("gopkg.in/m.v1-unstable", "v0.0.0-x", ""),
            (
                "example.com/m",
                "v2.0.0",
                "example.com/m@v2.0.0: invalid version: should be v0 or v1, not v2",
            ),
            ("example.com/m/v2", "v2.0.0+incompatible", ""),
            (
                "example.com/m/v3",
                "v2.0.0+incompatible",
                "example.com/m/v3@v2.0.0+incompatible: invalid version: should be v3, not v2",
            ),
            (
                "gopkg.in/m.v2",
                "v0.0.0-x",
                "gopkg.in/m.v2@v0.0.0-x: invalid version: should be v2, not v0",
            ),
            (
                "example.com/m",
                "latest",
                "example.com/m@latest: invalid version: not a semantic version",
            ),
            ("m", "v1.0.0", r#"malformed module path "m": missing dot in first path element"#),
        ];
        for (path, version, wanted) in cases {
            let found = check(path, version).err().map_or(String::new(), |err| err.to_string());
            assert_eq!(found, wanted, "{path} {version}");
        }
    }

    #[test]
    fn tag_prefixes() {
        let cases = [("", ""), ("/v2", "v2"), (".v0", "v0"), (".v3-unstable", "v3"), ("v2", "")];
        for (path_major, prefix) in cases {
            assert_eq!(path_major_prefix(path_major), prefix, "{path_major}");
        }
    }

    #[test]
    fn canonical_keeps_incompatible() {
        assert_eq!(canonical_version("v2.0.0+incompatible"), "v2.0.0+incompatible");
        assert_eq!(canonical_version("v2.0.0+meta"), "v2.0.0");
        assert_eq!(canonical_version("v2"), "v2.0.0");
        assert_eq!(canonical_version("main"), "");
    }

    proptest! {
        #[test]
        fn sorting_is_total(versions in prop::collection::vec("(v[01]\\.0\\.0(\\+[ab])?|[xyz])(/go\\.mod)?", 0..60)) {
            let mut list: Vec<Version> = versions.iter().map(|v| Version::new("m", v.as_str())).collect();
            let mut reversed: Vec<Version> = list.iter().rev().cloned().collect();
            sort(&mut list);
            sort(&mut reversed);
            prop_assert_eq!(list, reversed);
        }
    }
}
