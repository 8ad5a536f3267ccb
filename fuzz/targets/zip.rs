//! Module zips: never panics; no entry gives more than it tells; unpacking and hashing agree.
#![no_main]

use gomodfetch::spec::dirhash::H1;
use gomodfetch::spec::module::Version;
use gomodfetch::spec::modzip::{
    Archive, InMemory, Inflater, ZipError, check_prefix, check_zip, hash_zip,
};
use libfuzzer_sys::fuzz_target;

/// Zips that tell of more content than this are checked, but not inflated: that would be slow, and
/// no other code would run.
const MAX_CONTENT: u64 = 1 << 20;

fuzz_target!(|data: &[u8]| {
    let Ok(archive) = Archive::open(InMemory(data)) else { return };
    let _ = archive.oddities();
    let told = archive.entries().map(|entry| entry.header.uncompressed);
    let small = told.fold(0, u64::saturating_add) <= MAX_CONTENT;
    let hashed = small.then(|| hash_zip(&archive, &mut Inflater::exact()).ok()).flatten();

    let module = Version::new("example.com/m", "v1.0.0");
    if check_prefix(&archive, &module).is_err() {
        return;
    }
    let Ok(checked) = check_zip(&archive, &module) else { return };
    if !small {
        return;
    }
    let mut inflater = Inflater::exact();
    let mut tree = H1::new();
    for file in &checked.files {
        let entry = archive.entry(file.index).expect("a file that was checked");
        let mut size = 0;
        let digest = inflater.extract(&archive, &entry, |piece| {
            size += piece.len() as u64;
            assert!(size <= entry.header.uncompressed, "more than was told");
            Ok::<(), ZipError>(())
        });
        match digest {
            Ok(digest) => {
                assert_eq!(size, entry.header.uncompressed);
                // The fast decoder takes everything that the exact one takes, to the same end.
                assert_eq!(Inflater::fast().digest(&archive, &entry).ok(), Some(digest));
                tree.add(entry.name, digest);
            }
            Err(_) => {
                assert_eq!(hashed, None, "what can be hashed can be unpacked");
                return;
            }
        }
    }
    for index in &checked.directories {
        let entry = archive.entry(*index).expect("a directory that was checked");
        let Ok(digest) = inflater.digest(&archive, &entry) else { return };
        tree.add(entry.name, digest);
    }
    assert_eq!(tree.finish().ok(), hashed, "one hash, whichever way");
});
