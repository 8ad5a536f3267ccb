//! The small things: txtar, versions, patterns, text differences.

use crate::support::diff;
use crate::support::faults::glob;
use crate::support::txtar::Archive;
use crate::support::versions;

#[test]
fn txtar_is_read_and_printed() {
    let text = "comment\n-- a.txt --\none\n\n--not a marker --\n-- dir/b --\n";
    let archive = Archive::parse(text);
    assert_eq!(archive.comment, "comment\n");
    assert_eq!(archive.get("a.txt"), Some("one\n\n--not a marker --\n"));
    assert_eq!(archive.get("dir/b"), Some(""));
    assert_eq!(archive.to_string(), text);
    assert_eq!(Archive::parse("-- x --\r\nno newline").get("x"), Some("no newline\n"));
}

#[test]
fn versions_are_ordered() {
    let ascending = [
        "v0.0.0-20240102030405-0123456789ab",
        "v0.9.0",
        "v1.0.0-2",
        "v1.0.0-10",
        "v1.0.0-alpha",
        "v1.0.0-alpha.1",
        "v1.0.0-beta",
        "v1.0.0",
        "v1.9.0",
        "v1.10.0",
        "v18446744073709551616.0.0",
    ];
    for pair in ascending.windows(2) {
        assert!(versions::compare(pair[0], pair[1]).is_lt(), "{pair:?}");
        assert!(versions::compare(pair[1], pair[0]).is_gt(), "{pair:?}");
    }
    assert!(versions::compare("v2.0.0", "v2.0.0+incompatible").is_eq());
}

#[test]
fn pseudo_versions_have_a_timestamp() {
    for (version, timestamp) in [
        ("v0.0.0-20240102030405-0123456789ab", Some("20240102030405")),
        ("v1.2.4-0.20240102030405-0123456789ab", Some("20240102030405")),
        ("v2.0.1-rc.1.0.20240102030405-0123456789ab+incompatible", Some("20240102030405")),
        ("v1.2.3", None),
        ("v1.2.3-rc.1", None),
        ("v1.2.3-rc-abcdefabcdef", None),
    ] {
        assert_eq!(versions::pseudo_timestamp(version), timestamp, "{version}");
    }
}

#[test]
fn upper_case_is_escaped() {
    assert_eq!(versions::escape("example.com/BurnT"), "example.com/!burn!t");
    assert_eq!(versions::unescape("example.com/!burn!t").as_deref(), Some("example.com/BurnT"));
    for wrong in ["Upper", "stray!", "double!!a", "!1"] {
        assert_eq!(versions::unescape(wrong), None, "{wrong}");
    }
}

#[test]
fn patterns_match_any_text() {
    for (pattern, text, fits) in [
        ("*", "", true),
        ("/a/*", "/a/b/c", true),
        ("*.zip", "/a/@v/v1.0.0.zip", true),
        ("*.zip", "/a/@v/v1.0.0.zip.tmp", false),
        ("/a*b*c", "/aXbYbZc", true),
        ("/a*b*c", "/aXbYbZ", false),
        ("/exact", "/exact/", false),
    ] {
        assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
    }
}

#[test]
fn differences_are_shown_with_their_context() {
    assert_eq!(diff::lines("a\nb\n", "a\nb\n"), "");
    let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
    let report = diff::lines(old, &old.replace("8\n", "eight\u{7}\n"));
    assert_eq!(report, "  …\n  5\n  6\n  7\n- 8\n+ eight\\u{7}\n  9\n");
    assert_eq!(diff::lines("a\n", "a"), "- a\n+ a\n\\ no newline at the end\n");
}
