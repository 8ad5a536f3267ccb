//! Signed notes and verifier keys: never panics, and only what was signed is taken for signed.
#![no_main]

use gomodfetch::spec::note::{self, Verifier};
use libfuzzer_sys::fuzz_target;

#[path = "signer.rs"]
mod signer;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = str::from_utf8(data) {
        let _ = Verifier::parse(text);
    }
    let signer = signer::Signer::new();
    let known = [Verifier::parse(&signer.key).expect("a good key")];
    if let Ok(note) = note::open(data, &known) {
        assert_eq!(note.text, signer::SIGNED, "nobody else has the key");
    }
    // The same text under a good signature, with the input in place of the other signatures.
    let mut message = signer.sign(signer::SIGNED);
    message.push_str(&String::from_utf8_lossy(data));
    if let Ok(note) = note::open(message.as_bytes(), &known) {
        assert_eq!(note.text, signer::SIGNED);
        assert_eq!(note.signatures.len(), 1);
    }
});
