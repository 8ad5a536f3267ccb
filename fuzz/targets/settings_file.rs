//! gomodfetch.toml: read whoever wrote it, without a panic; an error names a line that there is; a project's
//! file has no route for private modules, and no address with credentials in it.

#![no_main]

use std::path::Path;

use gomodfetch::config::file::{FileError, SettingsFile, Whose};
use gomodfetch::config::goproxy::Proxy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let lines = data.iter().filter(|byte| **byte == b'\n').count() + 1;
    for whose in [Whose::User, Whose::Project] {
        match SettingsFile::parse(Path::new("F"), data, whose) {
            Err(FileError::Line { line, .. }) => assert!((1..=lines).contains(&line)),
            Err(_) => {}
            Ok(file) if whose == Whose::Project => {
                for route in &file.routes {
                    assert!(!route.private);
                    for entry in route.list.entries() {
                        if let Proxy::Url(url) = &entry.proxy {
                            let url = url.secret();
                            assert!(url.username().is_empty() && url.password().is_none());
                        }
                    }
                }
            }
            Ok(_) => {}
        }
    }
});
