//! The tree of a commit in a zip, as hg, bzr and fossil write them.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use flate2::read::DeflateDecoder;

use crate::error::{Error, ErrorKind};
use crate::spec::modzip::{Archive, Entry as ZipEntry, ZipError};
use crate::sys::error::at;
use crate::sys::file::TempFile;
use crate::vcs::{Entry, EntryKind, Tree, no_file};

/// What stands in the upper half of the attributes where Unix made the zip.
const FILE_TYPE: u32 = 0o170_000;
const REGULAR: u32 = 0o100_000;
const LINK: u32 = 0o120_000;
/// Where Unix, and where macOS made it.
const UNIX: [u16; 2] = [3, 19];

/// A tree in a zip.
pub(super) struct ZipTree {
    file: TempFile,
    archive: Archive<File>,
    entries: Vec<Entry>,
    /// The place of each in the zip.
    places: Vec<usize>,
}

impl ZipTree {
    /// Reads what is in the zip below its one folder and, in that, `subdir`.
    ///
    /// # Errors
    /// When it is no zip, or has more than one folder at the top.
    pub(super) fn new(file: TempFile, subdir: &str) -> Result<ZipTree, Error> {
        let refuse = |text: &str| Err(Error::message(ErrorKind::Security, text));
        let archive = Archive::open(file.reader()?).map_err(not_a_zip)?;
        let (mut entries, mut places) = (Vec::new(), Vec::new());
        let mut top: Option<Vec<u8>> = None;
        let below = if subdir.is_empty() { String::new() } else { format!("{subdir}/") };
        for entry in archive.entries() {
            if top.is_none() {
                let Some(slash) = entry.name.iter().position(|c| *c == b'/') else {
                    return refuse("missing top-level directory prefix");
                };
                top = entry.name.get(..=slash).map(<[u8]>::to_vec);
            }
            let Some(name) = entry.name.strip_prefix(top.as_deref().unwrap_or_default()) else {
                return refuse("zip file contains more than one top-level directory");
            };
            let Some(name) = name.strip_prefix(below.as_bytes()) else { continue };
            if name.is_empty() || name.ends_with(b"/") {
                continue;
            }
            let size = entry.header.uncompressed;
            entries.push(Entry { path: name.to_vec(), kind: kind(&entry), size });
            places.push(entry.index);
        }
        Ok(ZipTree { file, archive, entries, places })
    }
}

fn kind(entry: &ZipEntry<'_>) -> EntryKind {
    let header = entry.header;
    if !UNIX.contains(&(header.creator >> 8)) {
        return EntryKind::File;
    }
    match (header.attributes >> 16) & FILE_TYPE {
        0 | REGULAR => EntryKind::File,
        LINK => EntryKind::Symlink,
        _ => EntryKind::Other,
    }
}

fn not_a_zip(err: ZipError) -> Error {
    Error::new(ErrorKind::Security, err)
}

impl Tree for ZipTree {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn open(&self, index: usize) -> Result<Box<dyn Read + '_>, Error> {
        let entry = self.places.get(index).and_then(|place| self.archive.entry(*place));
        let entry = entry.ok_or_else(no_file)?;
        let offset = self.archive.data_offset(&entry).map_err(not_a_zip)?;
        let mut file = self.file.reader()?;
        file.seek(SeekFrom::Start(offset)).map_err(at("seek", self.file.path()))?;
        let data = std::io::BufReader::new(file.take(entry.header.compressed));
        match entry.header.method {
            0 => Ok(Box::new(data)),
            // One more than its size: then it is too large, which is told.
            8 => Ok(Box::new(DeflateDecoder::new(data).take(entry.header.uncompressed + 1))),
            _ => Err(Error::message(ErrorKind::Security, "zip: unsupported compression algorithm")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::modzip::testzip::{TestEntry, TestZip};

    fn tree(entries: Vec<TestEntry>, subdir: &str) -> Result<Vec<String>, String> {
        let dir = tempfile::tempdir().unwrap();
        let mut file = TempFile::create(dir.path(), "x").unwrap();
        file.write_all(&TestZip::of(entries).bytes()).unwrap();
        let tree = ZipTree::new(file, subdir).map_err(|err| err.to_string())?;
        let files = tree.entries().iter().enumerate().map(|(index, entry)| {
            let mut content = String::new();
            tree.open(index).unwrap().read_to_string(&mut content).unwrap();
            format!("{} {:?} {content}", String::from_utf8_lossy(&entry.path), entry.kind)
        });
        Ok(files.collect())
    }

    fn unix(entry: TestEntry, mode: u32) -> TestEntry {
        entry.with(|entry| {
            entry.creator = 3 << 8;
            entry.attributes = mode << 16;
        })
    }

    #[test]
    fn files_below_one_folder() {
        let entries = || {
            vec![
                TestEntry::stored("p/", ""),
                unix(TestEntry::stored("p/a", "one"), 0o100_644),
                unix(TestEntry::deflated("p/s/b", "two"), 0o100_755),
                unix(TestEntry::stored("p/s/link", "a"), 0o120_777),
                unix(TestEntry::stored("p/s/pipe", ""), 0o010_644),
                TestEntry::stored("p/st", "x"),
            ]
        };
        assert_eq!(
            tree(entries(), "").unwrap(),
            ["a File one", "s/b File two", "s/link Symlink a", "s/pipe Other ", "st File x"]
        );
        let below = ["b File two", "link Symlink a", "pipe Other "];
        assert_eq!(tree(entries(), "s").unwrap(), below);
        assert!(tree(entries(), "t").unwrap().is_empty());
    }

    #[test]
    fn what_is_no_archive_of_a_repository() {
        let two = vec![TestEntry::stored("p/a", ""), TestEntry::stored("q/a", "")];
        let want = "zip file contains more than one top-level directory";
        assert_eq!(tree(two, "").unwrap_err(), want);
        let none = vec![TestEntry::stored("a", "")];
        assert_eq!(tree(none, "").unwrap_err(), "missing top-level directory prefix");
    }
}
