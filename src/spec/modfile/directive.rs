//! What the directives of go.mod and go.work files say.
//!
//! Implements the directives from [`module`](https://go.dev/ref/mod#go-mod-file-module) to
//! [`retract`](https://go.dev/ref/mod#go-mod-file-retract) of the Go Modules Reference as values,
//! and the syntax of the versions of Go that are their arguments:
//!
//! ```text
//! go        = number "." number [ "." number ] [ letters digits ]   1.26, 1.26.8, 1.27rc1
//! toolchain = "default" | "go1" [ "." anything ]                    go1.26.8, go1.26.8-corp
//! ```
//!
//! ```
//! use gomodfetch::spec::modfile::{VersionInterval, is_go_version, is_toolchain_name};
//!
//! assert!(is_go_version("1.27rc1") && !is_go_version("1") && !is_go_version("1.027"));
//! assert!(is_toolchain_name("go1.26.8-corp") && !is_toolchain_name("go2"));
//! assert!(VersionInterval::new("v1.0.0", "v1.9.9").contains("v1.2.3"));
//! ```

use std::ops::Deref;
use std::sync::Arc;

use super::error::FixError;
use super::syntax::LineId;
use crate::spec::module::Version;
use crate::spec::semver;

/// Makes a version that is not canonical, such as the name of a branch, canonical.
///
/// It is called with each module path and version of a file, be they valid or not. What it returns
/// is taken as the version.
pub type VersionFixer<'a> = &'a mut dyn FnMut(&str, &str) -> Result<String, FixError>;

/// What a directive says, together with the line that says it.
#[derive(Debug, Clone)]
pub struct Directive<T> {
    pub(super) says: T,
    pub(super) line: LineId,
}

impl<T> Directive<T> {
    /// The line, whose place [`FileSyntax::position`](super::FileSyntax::position) tells.
    pub fn line(&self) -> LineId {
        self.line
    }
}

impl<T> Deref for Directive<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.says
    }
}

/// The `module` directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Module {
    /// The module path.
    pub path: Arc<str>,
    /// Why the module should not be used any more; empty if nothing is said against it.
    pub deprecated: String,
}

/// A `require` directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Require {
    /// The module, at the least version that will do.
    pub module: Version,
    /// Whether `// indirect` stands behind it: no package of the main module imports it.
    pub indirect: bool,
}

/// A `replace` directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replace {
    /// What is replaced; without version, all versions.
    pub old: Version,
    /// What takes its place; without version, the directory of that path.
    pub new: Version,
}

/// A `retract` directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retract {
    /// The versions that are taken back.
    pub interval: VersionInterval,
    /// The comments on the directive: why they are. It may be empty.
    pub rationale: Arc<str>,
}

/// A `godebug` directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Godebug {
    /// The setting.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// All versions from one to another, both included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionInterval {
    /// The first version.
    pub low: Arc<str>,
    /// The last version; the same where a single one is meant.
    pub high: Arc<str>,
}

impl VersionInterval {
    /// The interval from `low` to `high`.
    pub fn new(low: impl Into<Arc<str>>, high: impl Into<Arc<str>>) -> Self {
        Self { low: low.into(), high: high.into() }
    }

    /// Reports whether `version` lies in the interval, in the order of semantic versions.
    pub fn contains(&self, version: &str) -> bool {
        semver::compare(&self.low, version).is_le() && semver::compare(version, &self.high).is_le()
    }
}

/// Reports whether `version` may stand in a `go` directive.
pub fn is_go_version(version: &str) -> bool {
    let parse = || {
        let (_, rest) = number(version).filter(|(major, _)| *major != "0")?;
        let (_, mut rest) = number(rest.strip_prefix('.')?)?;
        if let Some(patch) = rest.strip_prefix('.') {
            (_, rest) = number(patch)?;
        }
        let kind = rest.trim_start_matches(|c: char| c.is_ascii_lowercase());
        let digits = kind.bytes().all(|c| c.is_ascii_digit());
        Some(rest.is_empty() || (kind.len() < rest.len() && !kind.is_empty() && digits))
    };
    parse().unwrap_or(false)
}

/// The language version that a `go` directive of a dependency means though it says more, such as
/// `1.20` of `v1.20.x` or `1.20-beta`.
pub(super) fn lax_go_version(version: &str) -> Option<&str> {
    let version = version.strip_prefix('v').unwrap_or(version);
    let (_, rest) = number(version).filter(|(major, _)| *major != "0")?;
    let (_, rest) = number(rest.strip_prefix('.')?)?;
    let goes_on = rest.starts_with(|c: char| !c.is_ascii_digit());
    goes_on.then(|| version.strip_suffix(rest)).flatten()
}

/// Cuts a decimal number without superfluous zeros off the front.
fn number(text: &str) -> Option<(&str, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits)?;
    semver::is_number(number).then_some((number, rest))
}

/// Reports whether `name` may stand in a `toolchain` directive. Names of future toolchains may.
pub fn is_toolchain_name(name: &str) -> bool {
    let rest = name.strip_prefix("go1");
    name == "default" || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_versions() {
        for version in ["1.0", "1.21", "1.21.0", "1.26.8", "1.21rc1", "1.2.3rc01", "10.200", "2.0"]
        {
            assert!(is_go_version(version), "{version}");
            assert_eq!(
                lax_go_version(version).is_some(),
                version.contains("rc") || version.matches('.').count() > 1,
                "{version}"
            );
        }
        for version in [
            "", "1", "1.", ".1", "0.1", "01.2", "1.02", "1.2.", "1.2.03", "1.2.3.4", "v1.2",
            "1.2-rc1", "1.2rc", "1.2RC1", "1.2rc1x", "go1.2", "1.2 ",
        ] {
            assert!(!is_go_version(version), "{version}");
        }
    }

    #[test]
    fn lax_go_versions() {
        let cases = [
            ("1.20.x", Some("1.20")),
            ("v1.20.3", Some("1.20")),
            ("1.20-beta", Some("1.20")),
            ("v1.21rc1x", Some("1.21")),
            ("1.0x", Some("1.0")),
            ("v1.20", None),
            ("1.05", None),
            ("1.x", None),
            ("0.9x", None),
            ("vv1.2x", None),
        ];
        for (version, lax) in cases {
            assert_eq!(lax_go_version(version), lax, "{version}");
        }
    }

    #[test]
    fn toolchain_names() {
        for name in ["default", "go1", "go1.", "go1.21.0", "go1.x y"] {
            assert!(is_toolchain_name(name), "{name}");
        }
        for name in ["", "go", "go2", "go1x", "go12", "defaults", "local", "1.21", " go1"] {
            assert!(!is_toolchain_name(name), "{name}");
        }
    }

    #[test]
    fn intervals_include_their_ends() {
        let interval = VersionInterval::new("v1.2.0-rc.2", "v1.10.0");
        for version in ["v1.2.0-rc.2", "v1.2.0-rc.10", "v1.9.9", "v1.10.0", "v1.10.0+meta"] {
            assert!(interval.contains(version), "{version}");
        }
        for version in ["v1.2.0-rc.1", "v1.10.1-0", "v2.0.0", "", "1.5.0"] {
            assert!(!interval.contains(version), "{version}");
        }
    }
}
