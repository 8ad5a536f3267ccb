//! Headers that decide how a request is repeated, and the issuer of a certificate: never a panic, no wait
//! without bound, and no range that contradicts itself.
#![no_main]

use std::time::{Duration, SystemTime};

use gomodfetch::net::certificate::issuer;
use gomodfetch::net::headers::{content_range, retry_after};
use gomodfetch::net::patience::wait;
use gomodfetch::net::settings::MAX_WAIT;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Some(name) = issuer(data) {
        assert!(!name.is_empty() && !name.contains(char::is_control));
    }
    let text = String::from_utf8_lossy(data);
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let asked = retry_after(&text, now);
    assert!(wait(Duration::from_secs(1), 3, 0.5, asked) <= MAX_WAIT);
    if let Some(range) = content_range(&text) {
        assert!(range.first <= range.last);
        assert!(range.total.is_none_or(|total| range.last < total));
    }
});
