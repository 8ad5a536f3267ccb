//! go.work: never panics, and the standard layout of a file is its own standard layout.
#![no_main]

use gomodfetch::spec::modfile::WorkFile;
use libfuzzer_sys::fuzz_target;

#[path = "quoted.rs"]
mod quoted;

fuzz_target!(|data: &[u8]| {
    let Ok(file) = WorkFile::parse("go.work", data, None) else { return };
    if quoted::has_lone_bracket(data) {
        return;
    }
    let formatted = file.format();
    let again =
        WorkFile::parse("go.work", &formatted, None).expect("the layout changes no meaning");
    assert_eq!(again.uses.len(), file.uses.len());
    assert_eq!(again.format(), formatted, "the layout is a fixed point");
});
