//! .info: never panics; what is written can be read, and is then written the same again.
#![no_main]

use gomodfetch::spec::goproxy_json::{RevInfo, decode_reuse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = decode_reuse(data);
    let Ok(info) = RevInfo::decode(data) else { return };
    let Ok(text) = info.for_disk().encode() else { return };
    let again = RevInfo::decode(&text).expect("what is written can be read");
    assert_eq!(again.encode().expect("its time was written before"), text);
    assert_eq!(again.version, info.version);
});
