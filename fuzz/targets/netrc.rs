//! netrc: never panics, and finds an entry only for a host that the file names.
#![no_main]

use gomodfetch::config::netrc::Netrc;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let netrc = Netrc::parse(&text);
    for entry in netrc.entries() {
        assert!(text.contains(&entry.machine) && text.contains(&entry.password));
        let host = bare(&entry.machine);
        if !host.is_empty() && !host.ends_with('/') {
            assert_eq!(netrc.find(host).map(|found| bare(&found.machine)), Some(host));
        }
    }
    assert!(netrc.find("nowhere.example").is_none_or(|entry| text.contains(&entry.machine)));
});

/// The host of an entry, which may be written as a URL.
fn bare(machine: &str) -> &str {
    let machine = machine.strip_prefix("https://").unwrap_or(machine);
    machine.strip_suffix('/').unwrap_or(machine)
}
