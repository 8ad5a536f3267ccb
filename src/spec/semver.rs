//! Semantic versions as modules use them.
//!
//! Implements [Versions](https://go.dev/ref/mod#versions) of the Go Modules Reference, which is
//! Semantic Versioning 2.0.0 with two differences: the leading `v` is required, and a version
//! may stop after its major or minor number.
//!
//! ```text
//! version    = "v" major [ "." minor [ "." patch [ "-" prerelease ] [ "+" build ] ] ]
//! major …    = decimal digits of any length, no leading zero unless the number is 0
//! prerelease = identifiers joined by "."; an all-digit one has no leading zero
//! build      = identifiers joined by "."
//! identifier = one or more of 0-9 A-Z a-z -
//! ```
//!
//! `v1` and `v1.2` mean `v1.0.0` and `v1.2.0`, but only without prerelease and build. Numbers are
//! compared as digit strings, so none is too large. Build metadata never takes part in
//! comparison: `v2.0.0+incompatible` equals `v2.0.0`. A text that is no version is smaller than
//! every version, and equal to every other such text.
//!
//! The `semver` crate stays out of use here: it wants all three numbers, keeps them in 64 bits,
//! knows no `v`, and orders by build metadata. Each of these would change which version is
//! selected.
//!
//! ```
//! use gomodfetch::spec::semver;
//!
//! assert_eq!(semver::canonical("v1.2+meta"), "");
//! assert_eq!(semver::canonical("v1.2"), "v1.2.0");
//! assert!(semver::compare("v1.10.0-rc.2", "v1.10.0-rc.10").is_lt());
//! ```

use std::cmp::Ordering;

/// A version cut into its parts; `minor` and `patch` are `"0"` where the text leaves them out.
struct Parts<'a> {
    major: &'a str,
    minor: &'a str,
    patch: &'a str,
    /// With its leading `-`, or empty.
    prerelease: &'a str,
    /// With its leading `+`, or empty.
    build: &'a str,
    /// How many of the three numbers the text spells out.
    numbers: usize,
}

/// Reports whether `v` is a valid semantic version; the short forms `v1` and `v1.2` are.
pub fn is_valid(v: &str) -> bool {
    parse(v).is_some()
}

/// The canonical spelling of `v`: all three numbers, no build metadata; empty if `v` is invalid.
///
/// Two versions compare equal exactly when their canonical spellings are the same text.
pub fn canonical(v: &str) -> String {
    let Some(p) = parse(v) else {
        return String::new();
    };
    let missing = match p.numbers {
        1 => ".0.0",
        2 => ".0",
        _ => "",
    };
    let kept = v.strip_suffix(p.build).unwrap_or(v);
    format!("{kept}{missing}")
}

/// The major version with its `v`, such as `v2` of `v2.1.0`; empty if `v` is invalid.
pub fn major(v: &str) -> &str {
    parse(v).map_or("", |p| prefix(v, 1 + p.major.len()))
}

/// Major and minor version, such as `v2.1` of `v2.1.0` and `v2.0` of `v2`; empty if `v` is invalid.
pub fn major_minor(v: &str) -> String {
    parse(v).map_or(String::new(), |p| format!("v{}.{}", p.major, p.minor))
}

/// The prerelease part with its `-`, such as `-pre` of `v2.1.0-pre+meta`; empty if there is none.
pub fn prerelease(v: &str) -> &str {
    parse(v).map_or("", |p| p.prerelease)
}

/// The build metadata with its `+`, such as `+meta` of `v2.1.0+meta`; empty if there is none.
pub fn build(v: &str) -> &str {
    parse(v).map_or("", |p| p.build)
}

/// Compares by precedence: numbers, then prerelease; build metadata does not count.
pub fn compare(v: &str, w: &str) -> Ordering {
    match (parse(v), parse(w)) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(a), Some(b)) => compare_numbers(a.major, b.major)
            .then_with(|| compare_numbers(a.minor, b.minor))
            .then_with(|| compare_numbers(a.patch, b.patch))
            .then_with(|| compare_prereleases(a.prerelease, b.prerelease)),
    }
}

/// The canonical spelling of the greater of two versions (of `w` if they are equal).
pub fn max(v: &str, w: &str) -> String {
    canonical(if compare(v, w).is_gt() { v } else { w })
}

/// Sorts by precedence, and versions of equal precedence by their bytes.
pub fn sort<S: AsRef<str>>(list: &mut [S]) {
    list.sort_by(|a, b| {
        let (a, b) = (a.as_ref(), b.as_ref());
        compare(a, b).then_with(|| a.cmp(b))
    });
}

/// Compares decimal numbers without leading zeros, of any length; the empty text is smallest.
pub(crate) fn compare_numbers(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

/// Reports whether `s` is a decimal number without superfluous leading zeros.
pub(crate) fn is_number(s: &str) -> bool {
    all_digits(s) && (s == "0" || !s.starts_with('0'))
}

fn parse(v: &str) -> Option<Parts<'_>> {
    let text = v.strip_prefix('v')?;
    let (text, build) = text.split_at(text.find('+').unwrap_or(text.len()));
    let (core, prerelease) = text.split_at(text.find('-').unwrap_or(text.len()));

    let mut numbers = core.split('.');
    let major = numbers.next()?;
    let minor = numbers.next();
    let patch = numbers.next();
    let suffixes_allowed = patch.is_some() || (prerelease.is_empty() && build.is_empty());
    let parts = Parts {
        major,
        minor: minor.unwrap_or("0"),
        patch: patch.unwrap_or("0"),
        prerelease,
        build,
        numbers: 1 + usize::from(minor.is_some()) + usize::from(patch.is_some()),
    };
    let valid = numbers.next().is_none()
        && suffixes_allowed
        && [parts.major, parts.minor, parts.patch].into_iter().all(is_number)
        && suffix_ok(prerelease, |id| !all_digits(id) || is_number(id))
        && suffix_ok(build, |_| true);
    valid.then_some(parts)
}

/// Checks the identifiers of a prerelease or build part, which begins with its mark or is empty.
fn suffix_ok(suffix: &str, extra: impl Fn(&str) -> bool) -> bool {
    suffix.is_empty()
        || identifiers(suffix).all(|id| {
            !id.is_empty()
                && id.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
                && extra(id)
        })
}

fn compare_prereleases(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => {
            identifiers(a).map(Identifier::new).cmp(identifiers(b).map(Identifier::new))
        }
    }
}

/// The identifiers after the one-byte mark that `suffix` begins with.
fn identifiers(suffix: &str) -> impl Iterator<Item = &str> {
    suffix.get(1..).unwrap_or_default().split('.')
}

/// One prerelease identifier; the derived order is the specified one: numbers before words,
/// numbers by size (their length first, as they have no leading zeros), words by their bytes.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Identifier<'a> {
    Number(usize, &'a str),
    Word(&'a str),
}

impl<'a> Identifier<'a> {
    fn new(text: &'a str) -> Self {
        if all_digits(text) { Self::Number(text.len(), text) } else { Self::Word(text) }
    }
}

fn all_digits(s: &str) -> bool {
    !s.is_empty() && s.bytes().all(|c| c.is_ascii_digit())
}

fn prefix(s: &str, len: usize) -> &str {
    s.get(..len).unwrap_or(s)
}

/// A decimal number plus one.
pub(crate) fn increment(number: &str) -> String {
    let kept = number.trim_end_matches('9');
    let zeros = "0".repeat(number.len() - kept.len());
    match split_last_digit(kept) {
        Some((head, digit)) => format!("{head}{}{zeros}", digit + 1),
        None => format!("1{zeros}"),
    }
}

/// A decimal number less one; `None` if it is zero.
pub(crate) fn decrement(number: &str) -> Option<String> {
    let kept = number.trim_end_matches('0');
    let nines = "9".repeat(number.len() - kept.len());
    let (head, digit) = split_last_digit(kept)?;
    Some(match (head, digit) {
        ("", 1) if !nines.is_empty() => nines,
        _ => format!("{head}{}{nines}", digit - 1),
    })
}

fn split_last_digit(number: &str) -> Option<(&str, u32)> {
    let mut chars = number.chars();
    let digit = chars.next_back()?.to_digit(10)?;
    Some((chars.as_str(), digit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn parts() {
        // version: canonical major major.minor prerelease build; "." stands for an empty part
        let cases = "
            v3                : v3.0.0 v3 v3.0 . .
            v3.14             : v3.14.0 v3 v3.14 . .
            v0.0.0            : v0.0.0 v0 v0.0 . .
            v1.2.3-rc.1+a.-.0 : v1.2.3-rc.1 v1 v1.2 -rc.1 +a.-.0
            v1.2.3-0-9.x-     : v1.2.3-0-9.x- v1 v1.2 -0-9.x- .
            v2.0.0+incompatible : v2.0.0 v2 v2.0 . +incompatible
            v1.2.3+007        : v1.2.3 v1 v1.2 . +007
            v99999999999999999999.0 : v99999999999999999999.0.0 v99999999999999999999 v99999999999999999999.0 . .
        ";
        for line in cases.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (v, wanted) = line.split_once(" : ").unwrap();
            let v = v.trim();
            let found = [&canonical(v), major(v), &major_minor(v), prerelease(v), build(v)]
                .map(|part| if part.is_empty() { "." } else { part })
                .join(" ");
            assert!(is_valid(v), "{v}");
            assert_eq!(found, wanted, "{v}");
        }
    }

    #[test]
    fn invalid_versions_have_no_parts() {
        let cases = [
            "",
            "v",
            "1.2.3",
            "V1.2.3",
            "v01",
            "v1.02",
            "v1.2.03",
            "v1.2.3.4",
            "v1.",
            "v1..2",
            "v1-rc",
            "v1.2+x",
            "v1.2.3-",
            "v1.2.3+",
            "v1.2.3-a..b",
            "v1.2.3+a.",
            "v1.2.3-01",
            "v1.2.3-a.00",
            "v1.2.3-ä",
            "v1.2.3 ",
            "v1.2.3+a+b",
            "v-1.0.0",
            "v1.2.3-a_b",
        ];
        for v in cases {
            assert!(!is_valid(v), "{v}");
            assert_eq!(canonical(v) + major(v) + &major_minor(v) + prerelease(v) + build(v), "");
            assert!(compare(v, "v0.0.0-0").is_lt() && compare(v, "nonsense").is_eq(), "{v}");
        }
    }

    #[test]
    fn ascending_order() {
        let ascending = [
            "v0.0.0-0",
            "v0.0.0",
            "v0.9.0",
            "v0.10.0",
            "v1.0.0-0",
            "v1.0.0-2",
            "v1.0.0-10",
            "v1.0.0-10.a",
            "v1.0.0--",
            "v1.0.0-A",
            "v1.0.0-a",
            "v1.0.0-a.0",
            "v1.0.0-a.a",
            "v1.0.0-aa",
            "v1",
            "v1.0.1",
            "v1.1",
            "v9.0.0",
            "v10.0.0",
            "v99999999999999999999.0.0",
        ];
        for (i, a) in ascending.iter().enumerate() {
            for (j, b) in ascending.iter().enumerate() {
                assert_eq!(compare(a, b), i.cmp(&j), "{a} {b}");
            }
        }
        assert_eq!(compare("v1.0", "v1.0.0+x"), Ordering::Equal);
    }

    #[test]
    fn max_is_canonical() {
        assert_eq!(max("v1.2", "v1.1.9+x"), "v1.2.0");
        assert_eq!(max("v1.0.0+a", "v1.0.0+b"), "v1.0.0");
        assert_eq!(max("bad", "v0.0.0-0"), "v0.0.0-0");
        assert_eq!(max("bad", "worse"), "");
    }

    #[test]
    fn sorting_breaks_ties_by_bytes() {
        let mut list = ["v1.0.0+b", "x", "v2", "v1.0.0", "v1.0.0+a", "v1.0.0-rc"];
        sort(&mut list);
        assert_eq!(list, ["x", "v1.0.0-rc", "v1.0.0", "v1.0.0+a", "v1.0.0+b", "v2"]);
    }

    #[test]
    fn counting_by_digits() {
        for (n, next) in [("0", "1"), ("9", "10"), ("199", "200"), ("999", "1000"), ("20", "21")] {
            assert_eq!(increment(n), next);
            assert_eq!(decrement(next).as_deref(), Some(n));
        }
        assert_eq!(decrement("0"), None);
    }

    proptest! {
        #[test]
        fn any_text_is_total(a in "\\PC*", b in "v[0-9]{1,3}(\\.[0-9a.+-]{0,9})*") {
            for (v, w) in [(&a, &b), (&b, &a), (&b, &b)] {
                prop_assert_eq!(compare(v, w), compare(w, v).reverse());
                prop_assert_eq!(is_valid(v), !canonical(v).is_empty());
                prop_assert_eq!(canonical(&canonical(v)), canonical(v));
            }
        }

        #[test]
        fn numbers_compare_by_value(a: [u64; 3], b: [u64; 3]) {
            let text = |n: [u64; 3]| format!("v{}.{}.{}", n[0], n[1], n[2]);
            prop_assert_eq!(compare(&text(a), &text(b)), a.cmp(&b));
        }
    }
}
