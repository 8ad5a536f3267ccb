//! Versions, version queries, retracted intervals and escaped paths: never panics; what is picked is
//! in the list and allowed; orders are orders; what is escaped is unescaped to the same.
#![no_main]

use std::cmp::Ordering;

use gomodfetch::spec::modfile::VersionInterval;
use gomodfetch::spec::module::{
    canonical_version, check, check_path_major, escape_path, escape_version, is_pseudo_version,
    match_prefix_patterns, pseudo_version_base, pseudo_version_rev, pseudo_version_time,
    split_path_version, unescape_path, unescape_version,
};
use gomodfetch::spec::query::Query;
use gomodfetch::spec::{goversion, semver};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = str::from_utf8(data) else { return };
    let mut lines = text.split('\n');
    let [path, query, current] = [(); 3].map(|()| lines.next().unwrap_or_default());
    let versions: Vec<&str> = lines.take(20).collect();

    for version in [query, current].iter().chain(&versions) {
        let canonical = canonical_version(version);
        assert_eq!(canonical_version(&canonical), canonical);
        assert_eq!(semver::compare(version, version), Ordering::Equal);
        let _ = check(path, version);
        let _ = goversion::is_valid(version);
        let _ = goversion::lang(version);
        let _ = goversion::from_toolchain(version);
        if is_pseudo_version(version) {
            let _ = (pseudo_version_time(version), pseudo_version_rev(version));
            let _ = pseudo_version_base(version);
        }
        if let Ok(escaped) = escape_version(version) {
            assert_eq!(unescape_version(&escaped).as_deref(), Ok(*version));
        }
        let _ = unescape_version(version);
    }
    if let Ok(escaped) = escape_path(path) {
        assert_eq!(unescape_path(&escaped).as_deref(), Ok(path));
    }
    let _ = unescape_path(path);
    let _ = match_prefix_patterns(query, path);
    if let Some((start, major)) = split_path_version(path) {
        assert_eq!(format!("{start}{major}"), path);
        let _ = check_path_major(query, major);
    }
    let order = semver::compare(query, current);
    assert_eq!(semver::compare(current, query), order.reverse());
    let interval = VersionInterval::new(query, current);
    for version in &versions {
        let inside =
            semver::compare(query, version).is_le() && semver::compare(version, current).is_le();
        assert_eq!(interval.contains(version), inside);
    }

    let Ok(parsed) = Query::parse(path, query, Some(current)) else { return };
    let _ = (parsed.is_direct(), parsed.without_metadata(), parsed.may_use_latest());
    let _ = parsed.no_match().to_string();
    let mut sorted: Vec<&str> = versions
        .into_iter()
        .filter(|version| canonical_version(version) == *version && check(path, version).is_ok())
        .collect();
    sorted.sort_by(|a, b| semver::compare(a, b));
    let candidates = parsed.candidates(&sorted, |_| true);
    for has_go_mod in [false, true] {
        if let Some(picked) = candidates.pick(has_go_mod) {
            assert!(sorted.contains(&picked) && parsed.allows(picked), "{picked}");
        }
    }
});
