//! The `h1:` hash of a module zip.
//!
//! It is computed over all entries, files and directories, by their full names; see
//! [`dirhash`](crate::spec::dirhash). A directory counts as an empty file whose name ends in a
//! slash. A name that is there more than once counts as often, each time with the content of the
//! last entry of that name (as a module such a zip is refused, unless they are directories).

use thiserror::Error;

use super::extract::Inflater;
use super::read::{Archive, Entry, ZipError};
use super::source::ReadAt;
use crate::spec::dirhash::{DirhashError, H1};

/// A zip has no hash.
#[derive(Debug, Error)]
pub enum HashError {
    /// An entry cannot be read.
    #[error(transparent)]
    Zip(#[from] ZipError),
    /// The name of an entry has no place in a hash.
    #[error(transparent)]
    Name(#[from] DirhashError),
}

impl<R: ReadAt> Archive<R> {
    /// The entries in the order in which Go hashes them, so that of several bad ones the first is
    /// the one that go names. Where a name is there more than once, its last entry stands in for
    /// all of them.
    #[must_use]
    pub fn in_hash_order(&self) -> Vec<Entry<'_>> {
        let mut entries: Vec<_> = self.entries().collect();
        entries.sort_by_key(|entry| entry.name);
        for same in entries.chunk_by_mut(|a, b| a.name == b.name) {
            if let Some(&last) = same.last() {
                same.fill(last);
            }
        }
        entries
    }
}

/// The hash of a zip, or the error that Go meets first.
///
/// All content is inflated, as much as the zip tells: call [`check_zip`](super::check_zip) before
/// to keep that within bounds.
///
/// # Errors
/// The first bad entry in the order of names.
pub fn hash_zip<R: ReadAt>(
    archive: &Archive<R>,
    inflater: &mut Inflater,
) -> Result<String, HashError> {
    let mut tree = H1::new();
    for entry in archive.in_hash_order() {
        if entry.name.contains(&b'\n') {
            return Err(DirhashError::Newline.into());
        }
        tree.add(entry.name, inflater.digest(archive, &entry)?);
    }
    Ok(tree.finish()?)
}

#[cfg(test)]
mod tests {
    use super::super::check::{CheckError, check_prefix, check_zip};
    use super::super::source::tests::Dribble;
    use super::super::testzip::{TestEntry, TestZip};
    use super::*;
    use crate::spec::module::Version;
    use proptest::prelude::*;

    fn hash<R: ReadAt>(source: R) -> Result<String, String> {
        let archive = Archive::open(source).map_err(|error| error.to_string())?;
        hash_zip(&archive, &mut Inflater::exact()).map_err(|error| error.to_string())
    }

    fn file(name: &str, content: &str) -> TestEntry {
        TestEntry::deflated(format!("example.com/m@v1.0.0/{name}"), content).described()
    }

    fn two_files() -> Vec<TestEntry> {
        vec![file("go.mod", "module example.com/m\n"), file("a.go", "package m\n")]
    }

    #[test]
    fn hashes_are_those_of_go() {
        for (more, want) in [
            (vec![], "h1:SXy42eQ/QbleX7vtuAPFnaM3tNuQnfeo7rulG/p7iOw="),
            (
                vec![file("d/", ""), file("d/", ""), file("", "")],
                "h1:yzfVpxeN85pVqgRVUR2gFVikLBUYo62YkSnJj1YbUWg=",
            ),
            // The content of the second a.go counts twice.
            (vec![file("a.go", "package n\n")], "h1:sQ1cGpCVWsL2TJdkvgtZ7/sFBfIvMPQoGSfO1yWoz5I="),
            (vec![file("\u{1b}", "x")], "h1:jW35/ZbsrtgLCWkIA//oWqbC/7lOwbHdb0md6y+uz4s="),
        ] {
            let zip = TestZip::of([two_files(), more].concat()).bytes();
            assert_eq!(hash(&zip[..]).as_deref(), Ok(want));
        }
    }

    #[test]
    fn the_first_bad_entry_in_the_order_of_names_is_told() {
        let checksum = || file("m", "").with(|entry| entry.central.crc32 = 7);
        let method = || file("k", "").told(|header| header.method = 1);
        let newline = || file("l\n", "");
        for (entries, want) in [
            ([checksum(), method(), newline()], "zip: unsupported compression algorithm"),
            (
                [checksum(), newline(), file("k", "")],
                "dirhash: filenames with newlines are not supported",
            ),
            ([checksum(), file("n", ""), file("k", "")], "zip: checksum error"),
        ] {
            let zip = TestZip::of(entries).bytes();
            assert_eq!(hash(&zip[..]), Err(want.to_owned()));
        }
    }

    /// All that can be said about a zip.
    fn judge<R: ReadAt>(source: R) -> Result<[String; 4], String> {
        let module = Version::new("example.com/m", "v1.0.0");
        let archive = Archive::open(source).map_err(|error| error.to_string())?;
        let checked = check_zip(&archive, &module);
        // What is too large is not inflated.
        let hash = match &checked {
            Err(CheckError::ContentSize) => String::new(),
            _ => format!("{:?}", hash_zip(&archive, &mut Inflater::exact())),
        };
        Ok([
            format!("{:?}", check_prefix(&archive, &module)),
            format!("{checked:?}"),
            format!("{:?}", archive.oddities()),
            hash,
        ])
    }

    proptest! {
        #[test]
        fn damaged_zips_are_judged_alike_in_memory_and_in_files(
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..5),
            cut in prop::option::of(any::<prop::sample::Index>()),
            double in prop::option::of(any::<prop::sample::Index>()),
        ) {
            let mut zip = TestZip::of([two_files(), vec![file("d/", "")]].concat()).bytes();
            for (place, to) in damage {
                let place = place.index(zip.len());
                zip[place] = to;
            }
            if let Some(place) = double {
                let place = place.index(zip.len());
                zip = [&zip[..place], &zip[place / 2..]].concat();
            }
            if let Some(place) = cut {
                zip.drain(place.index(zip.len())..);
            }
            prop_assert_eq!(judge(&zip[..]), judge(Dribble(&zip)));
        }
    }
}
