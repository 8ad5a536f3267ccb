//! Versions of Go itself, as the `go` and `toolchain` lines carry them.
//!
//! Implements [Go versions](https://go.dev/doc/toolchain#version) and the version rules of the
//! two pseudo-modules `go` and `toolchain` that stand for these lines in the module graph.
//!
//! ```text
//! version   = major [ "." minor [ "." patch | kind [ number ] ] ]
//! kind      = one or more of a-z, in practice alpha, beta or rc
//! toolchain = "go" version [ ( "-" | " " | TAB ) suffix ]
//! ```
//!
//! Numbers are decimal, of any length, without leading zeros. Order:
//! `1.21 < 1.21rc1 < 1.21.0 < 1.21.1`: from Go 1.21 on, a version without patch number is the
//! language version and comes before every release of it. Before 1.21 a missing patch number is
//! 0, and `1` alone is `1.0.0`. A malformed version is smaller than every version.
//!
//! ```
//! use gomodfetch::spec::goversion;
//!
//! assert!(goversion::compare("1.21rc1", "1.21.0").is_lt());
//! assert_eq!(goversion::from_toolchain("go1.21.3-corp"), "1.21.3");
//! assert_eq!(goversion::go_mod_lookup(b"module m\ngo 1.21 // why\n", "go"), "1.21");
//! ```

use std::cmp::Ordering;
use std::fmt;

use thiserror::Error;

use crate::spec::module::Version;
use crate::spec::semver;

/// Up to the version before this one, the pattern `all` also covers the tests of dependencies.
pub const NARROW_ALL: &str = "1.16";

/// What a go.mod without a `go` line is read as: the last version before graph pruning.
pub const DEFAULT_GO_MOD: &str = "1.16";

/// What a go.work without a `go` line is read as: the version that brought workspaces.
pub const DEFAULT_GO_WORK: &str = "1.18";

/// From this version on a go.mod lists every module that its packages need, indirect ones too;
/// so its module graph can be pruned and is loaded lazily.
pub const EXPLICIT_INDIRECT: &str = "1.17";

/// From this version on `// indirect` requirements stand in a block of their own.
pub const SEPARATE_INDIRECT: &str = "1.17";

/// From this version on go.sum keeps the go.mod hashes that tests of dependencies need.
pub const TIDY_GO_MOD_SUM: &str = "1.21";

/// From this version on a go.mod that asks for a newer Go is an error, a `go` line may not be
/// older than those of the dependencies, and a `go` line without patch number names the language.
pub const GO_STRICT: &str = "1.21";

/// From this version on vendored packages must be listed in modules.txt.
pub const EXPLICIT_MODULES_TXT_IMPORT: &str = "1.23";

/// A version of Go in its parts. Absent parts are empty; the default value stands for "malformed".
#[derive(Default, PartialEq, Eq)]
struct Parts<'a> {
    major: &'a str,
    minor: &'a str,
    patch: &'a str,
    kind: &'a str,
    number: &'a str,
}

/// Compares two Go versions, such as `1.21rc1` and `1.21.0` (without the prefix `go`).
pub fn compare(x: &str, y: &str) -> Ordering {
    let (a, b) = (parse(x), parse(y));
    semver::compare_numbers(a.major, b.major)
        .then_with(|| semver::compare_numbers(a.minor, b.minor))
        .then_with(|| semver::compare_numbers(a.patch, b.patch))
        .then_with(|| a.kind.cmp(b.kind))
        .then_with(|| semver::compare_numbers(a.number, b.number))
}

/// The greater of two Go versions; the first if they are equal.
pub fn max<'a>(x: &'a str, y: &'a str) -> &'a str {
    if compare(x, y).is_lt() { y } else { x }
}

/// The toolchain name of the greater version; the first if they are equal.
pub fn toolchain_max<'a>(x: &'a str, y: &'a str) -> &'a str {
    if compare(from_toolchain(x), from_toolchain(y)).is_lt() { y } else { x }
}

/// Reports whether `x` is a well-formed Go version.
pub fn is_valid(x: &str) -> bool {
    parse(x) != Parts::default()
}

/// Reports whether `x` names the language (`1.21`) and not a release of it (`1.21.0`, `1.21rc1`).
///
/// Before 1.21 the first release had no patch number either, so there no version does.
pub fn is_lang(x: &str) -> bool {
    let p = parse(x);
    p != Parts::default() && p.patch.is_empty() && p.kind.is_empty() && p.number.is_empty()
}

/// The language version: `1.21` of `1.21.3`, `1` of `1.0`; empty if `x` is malformed.
pub fn lang(x: &str) -> String {
    let p = parse(x);
    if p.minor.is_empty() || (p.major == "1" && p.minor == "0") {
        p.major.to_owned()
    } else {
        format!("{}.{}", p.major, p.minor)
    }
}

/// Reports whether `x` is a beta, a release candidate or another prerelease.
pub fn is_prerelease(x: &str) -> bool {
    !parse(x).kind.is_empty()
}

/// The language version before that of `x`: `1.20` for `1.21.3`. It is the major version alone
/// where there is none before, and empty if `x` is malformed.
pub fn prev(x: &str) -> String {
    let p = parse(x);
    if semver::compare_numbers(p.minor, "1").is_le() {
        p.major.to_owned()
    } else {
        let minor = semver::decrement(p.minor).unwrap_or_default();
        format!("{}.{minor}", p.major)
    }
}

/// The Go version in the name of a toolchain: `1.21.3` of `go1.21.3-suffix`; empty if it has none.
///
/// A name with a path separator has none: it could never be looked up as a program name.
pub fn from_toolchain(name: &str) -> &str {
    if name.contains(['/', '\\']) {
        return "";
    }
    let Some(rest) = name.strip_prefix("go") else {
        return "";
    };
    let version = rest.split([' ', '\t', '-']).next().unwrap_or_default();
    if is_valid(version) { version } else { "" }
}

/// Reports whether `path` is one of the pseudo-modules `go` and `toolchain`, which stand for
/// those lines in the graph and cannot be downloaded.
///
/// (`golang.org/toolchain`, which contains toolchains, is an ordinary module.)
pub fn is_toolchain(path: &str) -> bool {
    path == "go" || path == "toolchain"
}

/// Compares two versions of the module `path` by the rules that hold for it.
pub fn mod_compare(path: &str, x: &str, y: &str) -> Ordering {
    match path {
        "go" => compare(x, y),
        "toolchain" => compare(bare_or_toolchain(x), bare_or_toolchain(y)),
        _ => semver::compare(x, y),
    }
}

/// Sorts by path, then by [`mod_compare`], then by bytes: `v1.0.0` before `v1.0.0/go.mod`.
pub fn mod_sort(list: &mut [Version]) {
    list.sort_by(|a, b| a.cmp_by(b, mod_compare));
}

/// Reports whether `version` is well-formed for the module `path`.
pub fn mod_is_valid(path: &str, version: &str) -> bool {
    match path {
        "go" => is_valid(version),
        "toolchain" => is_valid(from_toolchain(version)),
        _ => semver::is_valid(version),
    }
}

/// Reports whether `version`, well-formed for the module `path`, is a shorthand that as a query
/// stands for many versions, such as `v1`, `v1.2` or, for `go`, `1.21`.
pub fn mod_is_prefix(path: &str, version: &str) -> bool {
    match path {
        "go" => is_lang(version),
        "toolchain" => is_lang(from_toolchain(version)),
        _ => !version.contains(['-', '+']) && version.matches('.').count() < 2,
    }
}

/// Reports whether `version`, well-formed for the module `path`, is a prerelease.
pub fn mod_is_prerelease(path: &str, version: &str) -> bool {
    match path {
        "go" => is_prerelease(version),
        "toolchain" => is_prerelease(from_toolchain(version)),
        _ => !semver::prerelease(version).is_empty(),
    }
}

/// The part of `version` that all its patch releases share: `v1.2`, `1.21`, `go1.21`.
pub fn mod_major_minor(path: &str, version: &str) -> String {
    match path {
        "go" => lang(version),
        "toolchain" => format!("go{}", lang(from_toolchain(version))),
        _ => semver::major_minor(version),
    }
}

/// The value of the first line of a go.mod or go.work that begins with `key`, such as `go` or
/// `toolchain`; empty if there is none.
///
/// This looks at lines alone, so that it answers even where the file as a whole cannot be parsed
/// (it may use syntax that only a newer Go knows). Keys that may stand in a block won't be found.
pub fn go_mod_lookup(file: &[u8], key: &str) -> String {
    let value_of = |line: &[u8]| {
        let line = String::from_utf8_lossy(line);
        let rest = line.trim().strip_prefix(key)?;
        let value = rest.strip_prefix([' ', '\t'])?;
        Some(value.split("//").next().unwrap_or_default().trim().to_owned())
    };
    file.split(|&c| c == b'\n').find_map(value_of).unwrap_or_default()
}

/// The Go that this run stands in for, and where that was decided; part of [`TooNewError`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Running {
    /// Its version, such as `1.26.1`.
    pub version: String,
    /// The GOTOOLCHAIN setting.
    pub gotoolchain: String,
    /// The go.mod or go.work that took part in the choice, as it is to be shown; empty if none.
    pub file: String,
    /// The `go` line of that file, or empty.
    pub file_go: String,
    /// The `toolchain` line of that file, or empty.
    pub file_toolchain: String,
}

/// The version, and what keeps it from being another one.
impl fmt::Display for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, gotoolchain, file, file_go, file_toolchain } = self;
        f.write_str(version)?;
        if !gotoolchain.is_empty() && gotoolchain != "auto" {
            write!(f, "; GOTOOLCHAIN={gotoolchain}")?;
        }
        if file.is_empty() {
            Ok(())
        } else if !file_toolchain.is_empty() {
            write!(f, "; {file} sets toolchain {file_toolchain}")
        } else if !file_go.is_empty() {
            write!(f, "; {file} sets go {file_go}")
        } else {
            Ok(())
        }
    }
}

/// A module or a file needs a newer Go than the one that is running.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what} requires go >= {go_version} (running go {running})")]
pub struct TooNewError {
    /// What needs it, such as `example.com/m@v1.2.0` or `go.mod`.
    pub what: String,
    /// The Go version that it needs.
    pub go_version: String,
    /// The toolchain that it names, or empty; not part of the text.
    pub toolchain: String,
    /// The Go that is running.
    pub running: Running,
}

fn bare_or_toolchain(name: &str) -> &str {
    if is_valid(name) { name } else { from_toolchain(name) }
}

fn parse(x: &str) -> Parts<'_> {
    parse_parts(x).unwrap_or_default()
}

fn parse_parts(x: &str) -> Option<Parts<'_>> {
    let (major, rest) = leading_number(x)?;
    if rest.is_empty() {
        return Some(Parts { major, minor: "0", patch: "0", ..Parts::default() });
    }
    let (minor, rest) = leading_number(rest.strip_prefix('.')?)?;
    if rest.is_empty() {
        let old = semver::compare_numbers(minor, "21").is_lt();
        return Some(Parts { major, minor, patch: if old { "0" } else { "" }, ..Parts::default() });
    }
    if let Some(rest) = rest.strip_prefix('.') {
        // A patch release has no prereleases: nothing may follow its number.
        return semver::is_number(rest).then_some(Parts {
            major,
            minor,
            patch: rest,
            ..Parts::default()
        });
    }
    let letters = rest.bytes().take_while(u8::is_ascii_lowercase).count();
    let (kind, number) = rest.split_at_checked(letters)?;
    let valid = !kind.is_empty() && (number.is_empty() || semver::is_number(number));
    valid.then_some(Parts { major, minor, patch: "", kind, number })
}

fn leading_number(x: &str) -> Option<(&str, &str)> {
    let digits = x.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = x.split_at_checked(digits)?;
    semver::is_number(number).then_some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ascending_order() {
        let ascending = [
            "",
            "0.9",
            "1",
            "1.1",
            "1.9rc2",
            "1.9",
            "1.9.1",
            "1.20rc1",
            "1.20",
            "1.20.14",
            "1.21",
            "1.21alpha",
            "1.21beta1",
            "1.21rc",
            "1.21rc2",
            "1.21rc10",
            "1.21.0",
            "1.21.3",
            "1.21.10",
            "1.22",
            "1.99999999999999999999",
            "2",
        ];
        // A release candidate of an old version has no patch number, and so comes before 1.9.0.
        for (i, a) in ascending.iter().enumerate() {
            for (j, b) in ascending.iter().enumerate() {
                assert_eq!(compare(a, b), i.cmp(&j), "{a} {b}");
            }
        }
        for (a, b) in [("1", "1.0.0"), ("1.20", "1.20.0"), ("nonsense", "1.21.0rc1")] {
            assert_eq!(compare(a, b), Ordering::Equal, "{a} {b}");
        }
    }

    #[test]
    fn greater_of_two() {
        assert_eq!(max("1.21.0", "1.21rc3"), "1.21.0");
        assert_eq!(max("1.20", "1.20.0"), "1.20");
        assert_eq!(toolchain_max("go1.22.1-corp", "go1.22.2"), "go1.22.2");
        assert_eq!(toolchain_max("go1.22.1-corp", "go1.22.1"), "go1.22.1-corp");
        assert_eq!(toolchain_max("default", "go1"), "go1");
    }

    #[test]
    fn properties() {
        // version: language, language before; L: is language version, P: is prerelease
        let cases = "
            1.21: 1.21 1.20 L
            1.21.0: 1.21 1.20
            1.22rc1: 1.22 1.21 P
            1.20: 1.20 1.19
            1.100: 1.100 1.99 L
            1.1: 1.1 1
            1.0: 1 1
            1: 1 1
            2.0: 2.0 2
        ";
        for line in cases.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (v, wanted) = line.split_once(": ").unwrap();
            let marks = [(is_lang(v), " L"), (is_prerelease(v), " P")];
            let marks: String = marks.iter().filter(|(on, _)| *on).map(|(_, mark)| *mark).collect();
            assert_eq!(format!("{} {}{marks}", lang(v), prev(v)), wanted, "{v}");
            assert!(is_valid(v), "{v}");
        }
    }

    #[test]
    fn malformed_versions() {
        let cases = [
            "",
            "go1.21",
            "v1.21",
            "01.2",
            "1.02",
            "1.21.",
            "1.21.01",
            "1.21rc01",
            "1.21RC1",
            "1.21.0rc1",
            "1.21-rc1",
            "1.21rc1.2",
            "1.2.3.4",
            " 1.21",
            "1.é",
        ];
        for v in cases {
            assert!(!is_valid(v) && !is_lang(v) && !is_prerelease(v), "{v}");
            assert_eq!(lang(v) + &prev(v), "", "{v}");
        }
    }

    #[test]
    fn toolchain_names() {
        let cases = [
            ("go1.21.3", "1.21.3"),
            ("go1.21rc2-corp-7", "1.21rc2"),
            ("go1.22 X:nodwarf5", "1.22"),
            ("go1.22\tx", "1.22"),
            ("1.21.3", ""),
            ("go", ""),
            ("gonna", ""),
            ("go1.21+auto", ""),
            ("go1.21-a/b", ""),
            ("go1.21-a\\b", ""),
        ];
        for (name, version) in cases {
            assert_eq!(from_toolchain(name), version, "{name}");
        }
    }

    #[test]
    fn rules_follow_the_module() {
        assert!(mod_compare("go", "1.9", "1.21rc1").is_lt());
        assert!(mod_compare("toolchain", "go1.9", "1.21.0").is_lt());
        assert!(mod_compare("example.com/go", "v1.9.0", "v1.21.0-rc1").is_lt());
        // path, version: V valid, P prefix, R prerelease; major.minor
        let cases = [
            ("go", "1.21", "VP 1.21"),
            ("go", "1.21rc1", "VR 1.21"),
            ("toolchain", "go1.21", "VP go1.21"),
            ("toolchain", "go1.21.1-x", "V go1.21"),
            ("toolchain", "1.21.1", " go"),
            ("example.com/m", "v1", "VP v1.0"),
            ("example.com/m", "v1.2", "VP v1.2"),
            ("example.com/m", "v1.2.3", "V v1.2"),
            ("example.com/m", "v1.2.3-rc1", "VR v1.2"),
        ];
        for (path, v, wanted) in cases {
            let marks = [
                (mod_is_valid(path, v), 'V'),
                (mod_is_prefix(path, v), 'P'),
                (mod_is_prerelease(path, v), 'R'),
            ];
            let marks: String = marks.iter().filter(|(on, _)| *on).map(|(_, mark)| *mark).collect();
            assert_eq!(format!("{marks} {}", mod_major_minor(path, v)), wanted, "{path} {v}");
        }
        assert!(!mod_is_prefix("example.com/m", "v2.0+x"));
        assert!(is_toolchain("toolchain") && !is_toolchain("golang.org/toolchain"));
    }

    #[test]
    fn sorting_knows_go_versions() {
        let mut list = [("go", "1.21.0"), ("a", "v1.10.0"), ("go", "1.21rc1"), ("a", "v1.9.0")]
            .map(|(path, version)| Version::new(path, version));
        mod_sort(&mut list);
        let sorted = list.map(|m| m.to_string()).join(" ");
        assert_eq!(sorted, "a@v1.9.0 a@v1.10.0 go@1.21rc1 go@1.21.0");
    }

    #[test]
    fn line_look_up() {
        let cases: [(&[u8], &str, &str); 8] = [
            (b"module m\ngo 1.21.0\n", "go", "1.21.0"),
            (b"\t go\t1.22rc1 // preview\r\n go 1.9", "go", "1.22rc1"),
            (b"gopher 1\ngo\ngo1.5\n", "go", ""),
            (b"// go 1.2\n!!! unknown syntax (\ntoolchain  go1.22.0//x", "toolchain", "go1.22.0"),
            (b"go // nothing\ngo 1.3", "go", ""),
            (b"go 1.21 x", "go", "1.21 x"),
            (b"\xff\xfe\ngo 1.4", "go", "1.4"),
            (b"", "go", ""),
        ];
        for (file, key, value) in cases {
            assert_eq!(go_mod_lookup(file, key), value, "{:?}", file.escape_ascii().to_string());
        }
    }

    #[test]
    fn too_new() {
        // GOTOOLCHAIN, file, its go line, its toolchain line
        let cases = [
            ("auto", "", "", "", ""),
            ("local", "", "", "", "; GOTOOLCHAIN=local"),
            ("", "go.work", "1.22", "", "; go.work sets go 1.22"),
            ("", "go.mod", "", "", ""),
            (
                "go1.22+path",
                "go.mod",
                "1.22",
                "go1.22.9",
                "; GOTOOLCHAIN=go1.22+path; go.mod sets toolchain go1.22.9",
            ),
        ];
        for (gotoolchain, file, file_go, file_toolchain, explanation) in cases {
            let [gotoolchain, file, file_go, file_toolchain] =
                [gotoolchain, file, file_go, file_toolchain].map(str::to_owned);
            let error = TooNewError {
                what: "example.com/m@v1.2.0".to_owned(),
                go_version: "1.30.1".to_owned(),
                toolchain: "go1.30.2".to_owned(),
                running: Running {
                    version: "1.26.1".to_owned(),
                    gotoolchain,
                    file,
                    file_go,
                    file_toolchain,
                },
            };
            let wanted = format!(
                "example.com/m@v1.2.0 requires go >= 1.30.1 (running go 1.26.1{explanation})"
            );
            assert_eq!(error.to_string(), wanted);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_total(a in "\\PC*", b in "(go)?[0-9]{1,2}(\\.[0-9a-z]{0,4}){0,3}") {
            for (v, w) in [(&a, &b), (&b, &a), (&b, &b)] {
                prop_assert_eq!(compare(v, w), compare(w, v).reverse());
                prop_assert_eq!(compare(v, "").is_gt(), is_valid(v));
                prop_assert_eq!(prev(v).is_empty(), !is_valid(v));
                from_toolchain(v);
            }
        }

        #[test]
        fn look_up_takes_any_bytes(file: Vec<u8>) {
            prop_assert!(!go_mod_lookup(&file, "go").contains('\n'));
        }
    }
}
