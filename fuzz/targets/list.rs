//! Version lists: never panics; sorted; what is made of a list is that list again.
#![no_main]

use gomodfetch::spec::goproxy_json::{latest_from_list, parse_versions, render_version_list};
use gomodfetch::spec::module::canonical_version;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = latest_from_list(data);
    let mut versions = parse_versions(data, "");
    let some = parse_versions(data, "v1.");
    assert!(some.iter().all(|version| versions.contains(version)));
    versions.retain(|version| canonical_version(version) == *version);
    let list = render_version_list(&versions);
    assert_eq!(parse_versions(&list, ""), versions);
    assert_eq!(render_version_list(&versions), list);
});
