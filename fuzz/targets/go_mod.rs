//! go.mod: never panics; what a main module may say a dependency may say too; and the standard
//! layout of a file is its own standard layout.
#![no_main]

use gomodfetch::spec::modfile::File;
use libfuzzer_sys::fuzz_target;

#[path = "quoted.rs"]
mod quoted;

fuzz_target!(|data: &[u8]| {
    let _ = gomodfetch::spec::modfile::module_path(data);
    let lax = File::parse_lax("go.mod", data, None);
    let Ok(strict) = File::parse("go.mod", data, None) else { return };
    let lax = lax.expect("what is right strictly is right laxly");
    assert_eq!(said(&lax), said(&strict));
    if quoted::has_lone_bracket(data) {
        return;
    }
    let formatted = strict.format();
    let again = File::parse("go.mod", &formatted, None).expect("the layout changes no meaning");
    assert_eq!(said(&again), said(&strict));
    assert_eq!(again.format(), formatted, "the layout is a fixed point");
});

/// What the file says of module, go and requirements, which strict and lax reading share.
fn said(file: &File) -> (Option<String>, Option<String>, Vec<(String, bool)>) {
    (
        file.module.as_ref().map(|module| module.path.to_string()),
        file.go.as_ref().map(|go| go.to_string()),
        file.require.iter().map(|r| (r.module.to_string(), r.indirect)).collect(),
    )
}
