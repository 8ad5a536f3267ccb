//! The entries of a zip and the files of a tree, put together by their names.

use std::cmp::Ordering;
use std::ops::Range;

use super::work::{Done, FileFailure};
use super::{Content, Differences, finish};
use crate::spec::dirhash::{DirhashError, H1};
use crate::spec::modzip::{Archive, Entry};
use crate::sys::read::Listed;

use super::work::Source;

/// How much content is worked on in one go, in bytes, before another core may take over.
const PORTION: u64 = 2 << 20;
/// What a file costs besides its bytes, counted in bytes.
const FILE_COST: u64 = 16 << 10;

/// One name: in the zip, in the tree, or in both.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pair {
    /// Its place among the entries.
    pub(super) entry: Option<usize>,
    /// Its place among the files.
    pub(super) file: Option<usize>,
}

/// All names of a zip and a tree, sorted as their hash wants them.
pub(super) struct Pairs<'a> {
    pub(super) archive: Option<&'a Archive<Source>>,
    /// A name that the zip repeats stands for its last entry each time.
    pub(super) entries: Vec<Entry<'a>>,
    pub(super) files: &'a [Listed],
    prefix: &'a [u8],
    pub(super) pairs: Vec<Pair>,
    /// Parts of `pairs` of about the same cost.
    pub(super) portions: Vec<Range<usize>>,
}

impl<'a> Pairs<'a> {
    /// Puts a zip and the sorted files of a tree together. `prefix` is what the names in the zip
    /// begin with: `path@version/`.
    pub(super) fn new(
        archive: Option<&'a Archive<Source>>,
        files: Option<&'a [Listed]>,
        prefix: &'a [u8],
    ) -> Pairs<'a> {
        let entries = archive.map(Archive::in_hash_order).unwrap_or_default();
        let files = files.unwrap_or_default();
        let mut pairs = Vec::with_capacity(entries.len().max(files.len()));
        let (mut e, mut f) = (0, 0);
        loop {
            let order = match (entries.get(e), files.get(f)) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(entry), Some(file)) => compare(entry.name, prefix, file),
            };
            let pair = Pair { entry: order.is_le().then_some(e), file: order.is_ge().then_some(f) };
            e += usize::from(pair.entry.is_some());
            f += usize::from(pair.file.is_some());
            pairs.push(pair);
        }
        let portions = portions(&pairs, &entries);
        Pairs { archive, entries, files, prefix, pairs, portions }
    }

    /// Each pair with what was found out about it.
    fn with<'d>(&'d self, done: &'d [Vec<Done>]) -> impl Iterator<Item = (Pair, &'d Done)> {
        self.pairs.iter().copied().zip(done.iter().flatten())
    }

    fn entry(&self, pair: Pair) -> Option<&Entry<'a>> {
        self.entries.get(pair.entry?)
    }

    fn file(&self, pair: Pair) -> Option<&Listed> {
        self.files.get(pair.file?)
    }

    /// The hash of the zip, or the error that go meets first.
    pub(super) fn zip_hash(&self, done: &[Vec<Done>]) -> Content {
        let mut hash = H1::new();
        for (pair, done) in self.with(done) {
            let (Some(entry), Some(digest)) = (self.entry(pair), &done.entry) else { continue };
            if entry.name.contains(&b'\n') {
                return Content::damaged(DirhashError::Newline);
            }
            match digest {
                Ok(digest) => hash.add(entry.name, *digest),
                Err(err) => return Content::damaged(err),
            }
        }
        finish(hash)
    }

    /// The hash of the go.mod at the top of the zip.
    pub(super) fn go_mod_hash(&self, done: &[Vec<Done>]) -> Option<String> {
        let is_go_mod =
            |entry: &&Entry<'_>| entry.name.strip_prefix(self.prefix) == Some(b"go.mod".as_slice());
        let mut found =
            self.with(done).filter(|(pair, _)| self.entry(*pair).as_ref().is_some_and(is_go_mod));
        let digest = found.next()?.1.entry.as_ref()?.as_ref().ok()?;
        let mut hash = H1::new();
        hash.add("go.mod", *digest);
        hash.finish().ok()
    }

    /// The hash of the tree, or the error that go meets first.
    pub(super) fn tree_hash(&self, done: &[Vec<Done>]) -> Content {
        let mut hash = H1::new();
        let mut full = self.prefix.to_vec();
        for (pair, done) in self.with(done) {
            let (Some(file), Some(digest)) = (self.file(pair), &done.file) else { continue };
            let name = file.name.as_encoded_bytes();
            if name.contains(&b'\n') {
                return Content::damaged(DirhashError::Newline);
            }
            full.truncate(self.prefix.len());
            full.extend_from_slice(name);
            match digest {
                Ok(digest) => hash.add(&full, *digest),
                Err(FileFailure::Io(err)) => return Content::forbidden(err),
                Err(FileFailure::Oversized) => return Content::Oversized,
            }
        }
        finish(hash)
    }

    /// In what the tree differs from the zip.
    pub(super) fn differences(&self, done: &[Vec<Done>]) -> Differences {
        let mut found = Differences::default();
        for (pair, done) in self.with(done) {
            match (self.entry(pair), self.file(pair)) {
                (Some(entry), None) if entry.is_dir() => found.lists_folders = true,
                (Some(entry), None) => {
                    let name = entry.name.strip_prefix(self.prefix).unwrap_or(entry.name);
                    found.missing.add(name);
                }
                (None, Some(file)) => found.extra.add(file.name.as_encoded_bytes()),
                (Some(_), Some(file)) if !done.is_same() => {
                    found.changed.add(file.name.as_encoded_bytes());
                }
                _ => {}
            }
        }
        found
    }
}

/// Compares the name of an entry with that of a file, before which `prefix` is to be thought.
fn compare(entry: &[u8], prefix: &[u8], file: &Listed) -> Ordering {
    match entry.strip_prefix(prefix) {
        Some(name) => name.cmp(file.name.as_encoded_bytes()),
        None => entry.cmp(prefix),
    }
}

fn portions(pairs: &[Pair], entries: &[Entry<'_>]) -> Vec<Range<usize>> {
    let mut portions = Vec::new();
    let (mut start, mut cost) = (0, 0_u64);
    for (i, pair) in pairs.iter().enumerate() {
        let size = pair.entry.and_then(|e| entries.get(e)).map_or(0, |e| e.header.uncompressed);
        cost = cost.saturating_add(size).saturating_add(FILE_COST);
        if cost >= PORTION {
            portions.push(start..i + 1);
            (start, cost) = (i + 1, 0);
        }
    }
    if start < pairs.len() {
        portions.push(start..pairs.len());
    }
    portions
}
