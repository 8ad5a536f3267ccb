//! go-import pages: never panics; a tag that is found has three or four words; what is chosen is a prefix.
#![no_main]

use gomodfetch::spec::goimport::{
    check_repository, check_subdirectory, choose, has_prefix, page, sites,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(path) = std::str::from_utf8(data) {
        let _ = sites::launchpad(path);
        if let Ok(Some(site)) = sites::find(path) {
            assert!(path.contains(&site.root));
        }
    }
    let Ok(tags) = page::tags(data) else { return };
    for tag in &tags {
        for word in [&tag.prefix, &tag.vcs, &tag.repository] {
            assert_eq!(word.split_whitespace().count(), 1);
        }
        let _ = check_repository(&tag.repository);
        let _ = check_subdirectory(&tag.subdirectory);
        if let Ok(chosen) = choose(&tags, &tag.prefix) {
            assert!(has_prefix(&tag.prefix, &chosen.prefix));
        }
    }
});
