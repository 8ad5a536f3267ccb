//! A zip turned into a tree and its hash, in one pass over its entries.
//!
//! Files are created with their final bits (0444 less umask) in directories that stay writable
//! until the tree is published. The tree lies beside its final place under a name that the `go`
//! command removes when it finds it (`M@V.tmp-N`); on Windows, where virus scanners make renames
//! fail, it is unpacked in place, as go does, under the protection of `.partial`.

use std::collections::HashSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::error::{Error, ErrorKind};
use crate::spec::dirhash::{FileDigest, H1};
use crate::spec::module::Version;
use crate::spec::modzip::{
    Archive, Checked, Inflater, ModuleFile, Oddity, ReadAt, ZipError, check_prefix, check_zip,
};
use crate::sys::cores::Cores;
use crate::sys::{IoError, file, tree};

/// Whether trees are unpacked at their final place rather than renamed to it.
pub const IN_PLACE: bool = cfg!(windows);

/// How much content is unpacked in one go, in bytes, before another core may take over.
const PORTION: u64 = 1 << 20;
/// What a file costs besides its bytes, counted in bytes.
const FILE_COST: u64 = 16 << 10;

/// How a zip is unpacked.
#[derive(Debug, Clone, Copy)]
pub struct Way<'a> {
    /// The cores that large zips may be spread over.
    pub cores: &'a Cores,
    /// Whether the hash is going to be compared with one that somebody else knows. Otherwise it is
    /// trusted on first use, and the zip must be one that go reads to the last bit.
    pub is_known: bool,
}

impl Way<'_> {
    fn inflater(&self) -> Inflater {
        if self.is_known { Inflater::fast() } else { Inflater::exact() }
    }
}

/// Where a tree is to be unpacked.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The folder, which must not exist yet.
    pub path: &'a Path,
    /// The module cache: folders above `path` are made, and taken away again, only within it.
    pub cache: &'a Path,
}

/// A tree that is removed unless it is published.
#[derive(Debug)]
pub struct StagedTree {
    path: PathBuf,
    cache: PathBuf,
    directories: Vec<PathBuf>,
}

impl StagedTree {
    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Renames it to `target`, read-only unless `writable`.
    ///
    /// # Errors
    /// When the rename fails; the tree is then removed.
    pub fn publish(mut self, target: &Path, writable: bool) -> Result<(), IoError> {
        if !writable {
            // First: nobody does it later, for one who is killed in between.
            tree::make_read_only(&self.directories);
        }
        if self.path != target
            && let Err(err) = file::rename(&self.path, target)
        {
            if writable {
                return Err(err);
            }
            // Some systems rename only directories that can be written to.
            tree::make_writable(&self.path);
            file::rename(&self.path, target)?;
            tree::make_read_only(&[target.to_path_buf()]);
        }
        self.path = PathBuf::new();
        Ok(())
    }
}

impl Drop for StagedTree {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            let _ = tree::remove_all(&self.path);
            tree::remove_empty_parents(&self.path, &self.cache);
        }
    }
}

/// What unpacking found out.
#[derive(Debug)]
pub struct Unpacked {
    /// The `h1:` hash.
    pub hash: String,
    /// The tree, if one was wanted.
    pub tree: Option<StagedTree>,
    /// What go overlooks in this zip.
    pub oddities: Vec<Oddity>,
}

/// How errors about a zip are worded: go names the file once it unpacks it. It hashes a zip first,
/// without naming it, unless the hash is recorded already.
#[derive(Debug, Clone, Copy)]
pub struct Naming<'a> {
    /// The zip, or where it is going to be.
    pub zip: &'a Path,
    /// Whether the hash is recorded already.
    pub hash_is_recorded: bool,
}

impl Naming<'_> {
    fn while_hashing(&self, err: impl std::error::Error + Send + Sync + 'static) -> Error {
        match self.hash_is_recorded {
            true => self.while_unpacking(&err),
            false => Error::new(ErrorKind::Security, err),
        }
    }

    fn while_unpacking(&self, err: &dyn std::error::Error) -> Error {
        Error::message(ErrorKind::Security, format!("unzip {}: {err}", self.zip.display()))
    }
}

/// Checks, hashes and, where `tree_at` is given, unpacks a zip there. It is refused for the same reasons
/// whether or not it is unpacked. `stop` is set when nobody wants it any more: then no further file is
/// looked at.
///
/// # Errors
/// When this is no module zip, or the tree can't be written; nothing is left behind then.
pub fn unpack(
    source: impl ReadAt + Sync,
    module: &Version,
    naming: Naming<'_>,
    way: Way<'_>,
    stop: &AtomicBool,
    tree_at: Option<Place<'_>>,
) -> Result<Unpacked, Error> {
    let archive = Archive::open(source).map_err(|err| naming.while_hashing(err))?;
    if !naming.hash_is_recorded {
        check_prefix(&archive, module).map_err(|err| naming.while_hashing(err))?;
    }
    let checked = check_zip(&archive, module).map_err(|err| naming.while_unpacking(&err))?;
    let oddities = archive.oddities().map_err(|err| naming.while_unpacking(&err))?;
    let mut hash = H1::new();
    let tree = match tree_at {
        None => hash_only(&archive, &checked, way, stop, &mut hash).map(|()| None),
        Some(place) => write_tree(&archive, &checked, place, way, stop, &mut hash).map(Some),
    };
    let tree = tree.map_err(|failure| match failure {
        Failure::Zip(err) => naming.while_hashing(err),
        Failure::Io(err) => err.into(),
        Failure::Stopped => Error::message(ErrorKind::Interrupted, "interrupted"),
    })?;
    let hash = hash.finish().map_err(|err| naming.while_hashing(err))?;
    Ok(Unpacked { hash, tree, oddities })
}

fn hash_only<R: ReadAt + Sync>(
    archive: &Archive<R>,
    checked: &Checked<'_>,
    way: Way<'_>,
    stop: &AtomicBool,
    hash: &mut H1,
) -> Result<(), Failure> {
    each_file(archive, checked, way, stop, hash, &|file, inflater| {
        let entry = archive.entry(file.index).ok_or(ZipError::Format)?;
        Ok((entry.name, inflater.digest(archive, &entry)?))
    })
}

/// An entry that can't be read, a file that can't be written, or an end from without.
enum Failure {
    Zip(ZipError),
    Io(IoError),
    Stopped,
}

impl From<ZipError> for Failure {
    fn from(err: ZipError) -> Failure {
        Failure::Zip(err)
    }
}

impl From<IoError> for Failure {
    fn from(err: IoError) -> Failure {
        Failure::Io(err)
    }
}

fn write_tree<R: ReadAt + Sync>(
    archive: &Archive<R>,
    checked: &Checked<'_>,
    place: Place<'_>,
    way: Way<'_>,
    stop: &AtomicBool,
    hash: &mut H1,
) -> Result<StagedTree, Failure> {
    let path = place.path;
    create_top(path)?;
    let mut staged = StagedTree {
        path: path.to_path_buf(),
        cache: place.cache.to_path_buf(),
        directories: vec![path.to_path_buf()],
    };
    let mut made: HashSet<&str> = HashSet::new();
    for entry in &checked.files {
        if let Some((parent, _)) = entry.path.rsplit_once('/') {
            make_directories(path, parent, &mut made, &mut staged.directories)?;
        }
    }
    each_file(archive, checked, way, stop, hash, &|file, inflater| {
        write_file(archive, file, path, inflater)
    })?;
    Ok(staged)
}

/// Adds to `hash` what `work` makes of each file, and the entries that are directories. The files of large
/// zips are spread over the cores. Of several failures the first in the order of the zip is told: whoever
/// works on what comes after it stops.
fn each_file<'a, R: ReadAt + Sync>(
    archive: &'a Archive<R>,
    checked: &Checked<'_>,
    way: Way<'_>,
    stop: &AtomicBool,
    hash: &mut H1,
    work: &(impl Fn(&ModuleFile<'_>, &mut Inflater) -> Result<(&'a [u8], FileDigest), Failure> + Sync),
) -> Result<(), Failure> {
    let portions = portions(archive, &checked.files);
    let failed = AtomicUsize::new(usize::MAX);
    let portion = |inflater: &mut Inflater, number: usize| {
        let portion = portions.get(number).copied().unwrap_or_default();
        let mut digests = Vec::with_capacity(portion.len());
        for file in portion {
            if stop.load(Ordering::Relaxed) || failed.load(Ordering::Relaxed) < number {
                return Err(Failure::Stopped);
            }
            let digest = work(file, inflater);
            digests.push(digest.inspect_err(|_| {
                failed.fetch_min(number, Ordering::Relaxed);
            })?);
        }
        Ok(digests)
    };
    let mut inflater = way.inflater();
    let done = way.cores.map(&mut inflater, portions.len(), &|| way.inflater(), &portion);
    for (name, digest) in done.into_iter().collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
        hash.add(name, digest);
    }
    for index in &checked.directories {
        let Some(entry) = archive.entry(*index) else { continue };
        hash.add(entry.name, inflater.digest(archive, &entry)?);
    }
    Ok(())
}

/// Unpacks one file; its name and the hash of its content.
fn write_file<'a, R: ReadAt>(
    archive: &'a Archive<R>,
    file: &ModuleFile<'_>,
    tree: &Path,
    inflater: &mut Inflater,
) -> Result<(&'a [u8], FileDigest), Failure> {
    let entry = archive.entry(file.index).ok_or(ZipError::Format)?;
    let target = tree.join(file.path);
    let mut file = file::create_read_only(&target)?;
    let digest = inflater.extract(archive, &entry, |piece| {
        file.write_all(piece).map_err(|err| Failure::Io(IoError::new("write", &target, &err)))
    })?;
    Ok((entry.name, digest))
}

/// The files in parts of about the same cost.
fn portions<'a, 'f, R: ReadAt>(
    archive: &Archive<R>,
    files: &'f [ModuleFile<'a>],
) -> Vec<&'f [ModuleFile<'a>]> {
    let mut left = PORTION;
    let mut parts = Vec::new();
    let (mut start, mut rest) = (0, files);
    for (i, file) in files.iter().enumerate() {
        let size = archive.entry(file.index).map_or(0, |entry| entry.header.uncompressed);
        left = left.saturating_sub(size.saturating_add(FILE_COST));
        if left == 0 {
            let (part, others) = rest.split_at_checked(i + 1 - start).unwrap_or((rest, &[]));
            parts.push(part);
            (left, start, rest) = (PORTION, i + 1, others);
        }
    }
    if !rest.is_empty() {
        parts.push(rest);
    }
    parts
}

/// Makes the folder of a tree and those above it. Whoever discards a tree beside it may take an
/// empty parent away between the two steps, so they are tried more than once.
fn create_top(path: &Path) -> Result<(), IoError> {
    let mut attempts = 0;
    loop {
        if let Some(parent) = path.parent() {
            file::create_dir_all(parent)?;
        }
        match file::create_dir(path) {
            Err(err) if err.is_not_found() && attempts < 100 => attempts += 1,
            result => return result,
        }
    }
}

/// Makes `relative` and what is above it, each once.
fn make_directories<'a>(
    top: &Path,
    relative: &'a str,
    made: &mut HashSet<&'a str>,
    in_order: &mut Vec<PathBuf>,
) -> Result<(), IoError> {
    if made.contains(relative) {
        return Ok(());
    }
    if let Some((parent, _)) = relative.rsplit_once('/') {
        make_directories(top, parent, made, in_order)?;
    }
    let path = top.join(relative);
    file::create_dir(&path)?;
    in_order.push(path);
    made.insert(relative);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::modzip::InMemory;
    use crate::spec::modzip::testzip::{TestEntry, TestZip};

    #[test]
    fn a_tree_that_nobody_wants_any_more_is_not_written_to_its_end() {
        let dir = tempfile::tempdir().unwrap();
        let module = Version::new("example.com/m", "v1.0.0");
        let files = ["a", "b/c"].map(|name| TestEntry::deflated(format!("{module}/{name}"), "x"));
        let zip = TestZip::of(files.map(TestEntry::described)).bytes();
        let naming = Naming { zip: Path::new("v1.0.0.zip"), hash_is_recorded: false };
        let path = dir.path().join("example.com/m@v1.0.0.tmp-1");
        let way = Way { cores: &Cores::new(2), is_known: true };
        for is_stopped in [true, false] {
            let stop = AtomicBool::new(is_stopped);
            let place = Place { path: &path, cache: dir.path() };
            let unpacked = unpack(InMemory(&zip), &module, naming, way, &stop, Some(place));
            let hashed = unpack(InMemory(&zip), &module, naming, way, &stop, None);
            if is_stopped {
                assert_eq!(unpacked.unwrap_err().kind(), ErrorKind::Interrupted);
                assert_eq!(hashed.unwrap_err().kind(), ErrorKind::Interrupted);
                assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
            } else {
                let unpacked = unpacked.unwrap();
                assert_eq!(hashed.unwrap().hash, unpacked.hash);
                let tree = unpacked.tree.unwrap();
                assert!(tree.path().join("b/c").is_file());
            }
        }
    }

    #[test]
    fn a_zip_is_named_where_its_hash_is_recorded() {
        let module = Version::new("example.com/m", "v1.0.0");
        let way = Way { cores: &Cores::new(2), is_known: false };
        for (hash_is_recorded, want) in [
            (false, "zip: not a valid zip file"),
            (true, "unzip v1.0.0.zip: zip: not a valid zip file"),
        ] {
            let naming = Naming { zip: Path::new("v1.0.0.zip"), hash_is_recorded };
            let stop = AtomicBool::new(false);
            let err = unpack(InMemory(b"no zip"), &module, naming, way, &stop, None).unwrap_err();
            assert!(err.is_security());
            assert_eq!(err.to_string(), want);
        }
    }
}
