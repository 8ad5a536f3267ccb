//! Go source files: never a panic; what more of a file says does not change what its beginning said unless
//! it was said that more is needed; embed patterns are only where `embed` is imported.

#![no_main]

use gomodfetch::spec::imports::tags::Tags;
use gomodfetch::spec::imports::{Source, embed};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let source = Source::parse(data);
    let tags = Tags::of("linux", "amd64", false, ["x"], &["go1.1".to_owned()]);
    let any = source.imports(&Tags::Any);
    // Whatever is built for one system is built for some.
    if source.imports(&tags).is_ok_and(|imports| imports.is_some()) {
        assert!(any.clone().is_ok_and(|imports| imports.is_some()));
    }
    if !source.needs_more() {
        let more = [data, b"\nmore"].concat();
        assert_eq!(Source::parse(&more).imports(&Tags::Any), any);
    }
    for pattern in embed::patterns(data) {
        if let Some((glob, _)) = embed::parse(&pattern) {
            let _ = embed::matches(glob, "a/b.txt");
        }
    }
});
