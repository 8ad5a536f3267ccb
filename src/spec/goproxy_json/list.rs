//! Version lists: `@v/list` of a proxy and of the cache.
//!
//! Implements the `$base/$module/@v/list` line of
//! [GOPROXY protocol](https://go.dev/ref/mod#goproxy-protocol) of the Go Modules Reference: a
//! version per line. A proxy may put more words on a line, of which only an RFC 3339 time in the
//! second place means anything, and may list pseudo-versions, which go's own list never has.
//!
//! ```text
//! v1.0.0
//! v1.1.0 2024-05-01T10:00:00Z
//! v0.0.0-20240501100000-0123456789ab
//! ```

use super::time::GoTime;
use crate::spec::module::{canonical_version, is_pseudo_version, pseudo_version_time};
use crate::spec::semver;

/// The versions of a proxy's list that begin with `prefix`, the lowest first.
///
/// Lines whose first word is no semantic version, or a pseudo-version, are passed over. A version
/// that is listed twice is there twice, and short ones such as `v1` remain.
pub fn parse_versions(data: &[u8], prefix: &str) -> Vec<String> {
    let text = String::from_utf8_lossy(data);
    let mut versions: Vec<String> = entries(&text)
        .map(|(version, _)| version)
        .filter(|version| version.starts_with(prefix) && !is_pseudo_version(version))
        .map(str::to_string)
        .collect();
    semver::sort(&mut versions);
    versions
}

/// The version to take for `@latest` from the list of a proxy that does not answer that itself
/// and lists no release: the one with the latest time, the first of several.
///
/// The time is the line's second word if it has one, else the pseudo-version's. Without either,
/// or with one that cannot be read, or none after the beginning of the year 1, the line does not
/// count.
pub fn latest_from_list(data: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(data);
    let mut latest = (GoTime::ZERO, None);
    for (version, stamp) in entries(&text) {
        let time = match stamp {
            Some(stamp) => GoTime::parse(stamp.as_bytes()).ok(),
            None => pseudo_version_time(version).ok().map(|t| GoTime::from_unix(t.unix())),
        };
        if let Some(time) = time
            && latest.0.is_before(&time)
        {
            latest = (time, Some(version));
        }
    }
    latest.1.map(str::to_string)
}

/// The content of the cache's list, made from the versions that there is a `.mod` file of.
///
/// `versions` are these files' names without the extension, in any order. Those that are not
/// canonical are left out, among them every escaped one: a `!` belongs in no version.
pub fn render_version_list<S: AsRef<str>>(versions: impl IntoIterator<Item = S>) -> Vec<u8> {
    let mut versions: Vec<S> = versions
        .into_iter()
        .filter(|v| !v.as_ref().is_empty() && canonical_version(v.as_ref()) == v.as_ref())
        .collect();
    semver::sort(&mut versions);
    versions.iter().flat_map(|v| [v.as_ref(), "\n"]).flat_map(str::bytes).collect()
}

/// The lines that begin with a version, each with its second word.
///
/// Bytes that are no UTF-8 are in no version and no time, so it does not matter what the
/// conversion before this made of them.
fn entries(text: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    text.split('\n').filter_map(|line| {
        let mut words = line.split_whitespace();
        let version = words.next().filter(|word| semver::is_valid(word))?;
        Some((version, words.next()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn proxy_lists_are_sorted_and_cleaned() {
        // LIST, words separated by spaces in place of newlines; PREFIX; VERSIONS.
        let cases: &[(&str, &str, &str)] = &[
            ("", "", ""),
            ("v1.10.0 v1.9.0 v1.9.0-rc.1", "", "v1.9.0-rc.1 v1.9.0 v1.10.0"),
            ("v1.0.0 v1.0.0", "", "v1.0.0 v1.0.0"),
            ("v2.0.0+incompatible v2.0.0", "", "v2.0.0 v2.0.0+incompatible"),
            ("v1 v1.0 1.0.0 latest <html> v1.0.0.0", "", "v1 v1.0"),
            ("v1.1.0 v1.0.1-0.20240101000000-abcdefabcdef", "", "v1.1.0"),
            ("v1.2.0 v1.10.0 v2.2.0", "v1", "v1.2.0 v1.10.0"),
        ];
        for (list, prefix, want) in cases {
            let versions = parse_versions(list.replace(' ', "\n").as_bytes(), prefix);
            assert_eq!(versions.join(" "), *want, "{list}");
        }
    }

    #[test]
    fn only_the_first_word_of_a_line_is_a_version() {
        let list = "\t v1.0.0 2024-01-01T00:00:00Z extra\r\n\u{a0}v1.1.0\u{2003}x\nx v1.2.0\n";
        assert_eq!(parse_versions(list.as_bytes(), ""), ["v1.0.0", "v1.1.0"]);
        assert_eq!(parse_versions(b"v1.0.0\xff\nv1.1.0 \xff\n\xc2v1.2.0", ""), ["v1.1.0"]);
    }

    #[test]
    fn the_latest_version_is_that_with_the_latest_time() {
        // Lines are separated by `;`.
        let cases: &[(&str, Option<&str>)] = &[
            ("", None),
            ("v1.0.0;v2.0.0", None),
            (
                "v0.0.0-20240101000000-aaaaaaaaaaaa;v0.0.0-20240601000000-bbbbbbbbbbbb",
                Some("v0.0.0-20240601000000-bbbbbbbbbbbb"),
            ),
            // A release counts if the proxy dates it.
            ("v1.0.0 2024-03-01T00:00:00Z;v0.0.0-20240201000000-aaaaaaaaaaaa", Some("v1.0.0")),
            // The proxy's time is taken before the pseudo-version's, even if it is none.
            (
                "v0.0.0-20250101000000-aaaaaaaaaaaa soon;v0.0.0-20240101000000-bbbbbbbbbbbb",
                Some("v0.0.0-20240101000000-bbbbbbbbbbbb"),
            ),
            // The first of equals; offsets are seen through.
            ("v1.0.0 2024-03-01T01:00:00+01:00;v1.1.0 2024-03-01T00:00:00Z", Some("v1.0.0")),
            ("v1.0.0 2024-03-01T00:00:00Z;v1.1.0 2024-03-01T00:00:00.1Z", Some("v1.1.0")),
            // A time that is not known, and one that does not exist.
            ("v1.0.0 0001-01-01T00:00:00Z;v0.0.0-20230229000000-aaaaaaaaaaaa", None),
        ];
        for (list, want) in cases {
            let latest = latest_from_list(list.replace(';', "\n").as_bytes());
            assert_eq!(latest.as_deref(), *want, "{list}");
        }
    }

    #[test]
    fn the_cached_list_has_canonical_versions_only() {
        let stems =
            ["v1.10.0", "v1.9.0", "v1", "v1.0.0+meta", "v2.0.0+incompatible", "", "v1.0.0-!r!c"];
        let list = render_version_list(stems);
        assert_eq!(String::from_utf8(list).unwrap(), "v1.9.0\nv1.10.0\nv2.0.0+incompatible\n");
        assert!(render_version_list([""; 0]).is_empty());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_list(
            noise in proptest::collection::vec(any::<u8>(), 0..30),
            minor in 0u32..30,
        ) {
            let version = format!("v1.{minor}.0");
            let list = [&noise, b"\n".as_slice(), version.as_bytes(), b" ", &noise].concat();
            prop_assert!(parse_versions(&list, "v").contains(&version));
            if let Some(latest) = latest_from_list(&list) {
                prop_assert!(semver::is_valid(&latest));
            }
        }

        #[test]
        fn a_rendered_list_is_read_as_it_is(minors in proptest::collection::vec(0u32..30, 0..10)) {
            let list = render_version_list(minors.iter().map(|minor| format!("v1.{minor}.0")));
            let versions = parse_versions(&list, "");
            prop_assert_eq!(versions.len(), minors.len());
            prop_assert_eq!(render_version_list(versions), list);
        }
    }
}
