//! Go templates on the description of a module: never a panic, never without end, and the same output
//! each time.

#![no_main]

use gomodfetch::spec::goproxy_json::{GoTime, ModulePublic};
use gomodfetch::spec::gotemplate::value::Value;
use gomodfetch::spec::gotemplate::{NoFunctions, Template};
use libfuzzer_sys::fuzz_target;

fn module() -> ModulePublic {
    ModulePublic {
        path: "example.com/a".to_owned(),
        version: "v1.0.0".to_owned(),
        versions: vec!["v1.0.0".to_owned(), "v1.1.0".to_owned()],
        time: GoTime::parse(b"2024-02-29T15:04:05.5+05:30").ok(),
        replace: Some(Box::new(ModulePublic { path: "../a".to_owned(), ..<_>::default() })),
        error: Some("gone".to_owned()),
        ..ModulePublic::default()
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // What counts up to a large number is bounded, but not quick.
    if text.contains("range") && text.bytes().filter(u8::is_ascii_digit).count() > 4 {
        return;
    }
    let Ok(template) = Template::parse("main", text) else { return };
    let value = Value::from(&module());
    let run = || {
        let mut out = Vec::new();
        let result = template.execute(&value, &NoFunctions, &mut out);
        (out, result)
    };
    assert_eq!(run(), run());
});
