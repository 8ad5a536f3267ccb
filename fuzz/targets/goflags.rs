//! GOFLAGS and the words of GOAUTH: never panics; a word is a piece of the text, in its order.
#![no_main]

use gomodfetch::config::goflags::{GoFlags, parse_bool};
use gomodfetch::config::quoted::split;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let _ = GoFlags::parse_tolerant(&text);
    let _ = parse_bool(&text);
    if let Err(err) = GoFlags::parse(&text) {
        let _ = (err.to_string(), err.is_usage());
    }
    let Ok(words) = split(&text) else { return };
    let mut rest = &*text;
    for word in &words {
        let at = rest.find(word.as_str()).expect("a word of the text, behind the one before");
        rest = &rest[at + word.len()..];
    }
    if !text.contains(['"', '\'']) {
        let blanks = [' ', '\t', '\n', '\r'];
        assert!(text.split(blanks).filter(|word| !word.is_empty()).eq(words.iter()));
    }
});
