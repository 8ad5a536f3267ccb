//! go.sum: never panics, and a file that was written is read back as the same set of hashes.
#![no_main]

use gomodfetch::spec::gosum::GoSum;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(sums) = GoSum::parse("go.sum", data) else { return };
    let text = sums.serialize(|_, _| true);
    let again = GoSum::parse("go.sum", text.as_bytes()).expect("what is written can be read");
    for (key, hash) in sums.iter() {
        assert!(again.contains(key, hash), "{key} {hash}");
    }
    assert_eq!(again.serialize(|_, _| true), text, "writing is a fixed point");
});
