//! Zips and trees made visible.
//!
//! Everything happens under the version's lock, `V.lock`, in the `go` command's order: `.ziphash`,
//! then `.zip`, then the tree. What the layout leaves out is left out: with zips alone the tree, with
//! trees alone `.zip`, and one that was there is removed last. Killed at any point, this leaves a cache
//! that go and we complete:
//!
//! | killed                          | what is left                       | what the next run does     |
//! |---------------------------------|------------------------------------|----------------------------|
//! | while fetching or unpacking     | `V.zipN.tmp`, `M@V.tmp-N`          | removes both, starts again |
//! | while replacing another tree    | `.partial`, and perhaps a tree     | removes the tree, unpacks  |
//! | after .ziphash                  | .ziphash without .zip              | fetches, writes it anew    |
//! | after .zip                      | .zip and .ziphash without a tree   | unpacks, unless it keeps zips alone |
//! | after the tree (trees alone)    | .ziphash, a tree, perhaps a .zip   | removes the .zip; go and we (unless we keep trees alone) fetch it |
//!
//! A tree that is there and is not that of the zip is marked as incomplete before anything else: from the
//! moment that the hash is recorded it would be believed.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, ErrorKind};
use crate::spec::module::Version;
use crate::spec::modzip::{InMemory, Oddity, ReadAt};
use crate::store::layout::Kind;
use crate::store::parts::{Layout, Parts};
use crate::store::spool::{Spool, Spooled};
use crate::store::unpack::{IN_PLACE, Naming, Place, StagedTree, Unpacked, Way, unpack};
use crate::store::{Store, TEMPORARY};
use crate::sys::error::at;
use crate::sys::file::TempFile;
use crate::sys::lock::{self, Lock};
use crate::sys::{file, tree};
use crate::verify::{Hashed, Proof, Verified};

/// The lock of a module version, held.
#[derive(Debug)]
pub struct VersionLock {
    module: Version,
    stop: Arc<AtomicBool>,
    lock: Lock,
}

impl VersionLock {
    /// The version.
    pub fn module(&self) -> &Version {
        &self.module
    }

    /// The same lock, under which unpacking ends when `stop` is set.
    pub(super) fn stopped_by(self, stop: &Arc<AtomicBool>) -> VersionLock {
        VersionLock { stop: Arc::clone(stop), ..self }
    }

    /// Whether it is that of `module`.
    pub(super) fn is_of(&self, module: &Version) -> bool {
        self.module == *module
    }

    fn new(module: &Version, lock: Lock) -> VersionLock {
        VersionLock { module: module.clone(), stop: Arc::default(), lock }
    }

    /// Ends the unpacking that goes on under this lock when it is dropped; what was written is then
    /// removed. For whoever waits for that work and may be cancelled.
    pub fn stopper(&self) -> Stopper {
        Stopper(Arc::clone(&self.stop))
    }
}

/// See [`VersionLock::stopper`].
#[derive(Debug, Default)]
pub struct Stopper(Arc<AtomicBool>);

impl Stopper {
    /// What is set when it is dropped.
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
    }
}

impl Drop for Stopper {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Where a zip comes from.
#[derive(Debug)]
pub enum ZipSource {
    /// It was just downloaded.
    Spooled(Spool),
    /// It is in the cache; the hash recorded for it, if any.
    Existing(File, Option<String>),
}

/// A zip that was checked against the rules, hashed and unpacked, but is not visible yet.
#[derive(Debug)]
pub struct StagedZip {
    lock: VersionLock,
    hash: String,
    parts: Parts,
    zip: Option<TempFile>,
    tree: Option<StagedTree>,
    /// The hash of the complete tree that is there, if there is one.
    recorded: Option<String>,
    oddities: Vec<Oddity>,
}

impl Hashed for StagedZip {
    fn key(&self) -> &Version {
        &self.lock.module
    }

    fn hash(&self) -> &str {
        &self.hash
    }
}

impl StagedZip {
    /// Refuses what nothing but first use proves, where the cache speaks against it: a zip that is not
    /// the one that the tree there was unpacked from; and a zip that can be read in two ways.
    ///
    /// # Errors
    /// Naming both hashes, or the first oddity.
    pub fn judge(&self, proof: Proof) -> Result<(), Error> {
        if proof != Proof::FirstUse {
            return Ok(());
        }
        let refused = |text: String, hint: &str| {
            Err(Error::message(ErrorKind::Security, text).of_module(&self.lock.module).hint(hint))
        };
        let hash = &self.hash;
        if let Some(recorded) = self.recorded.as_ref().filter(|recorded| *recorded != hash) {
            return refused(
                format!("checksum mismatch\n\tdownloaded: {hash}\n\t.ziphash:   {recorded}"),
                "the tree in the module cache is that of another zip; if that is the wrong one, \
                 remove it with its .ziphash",
            );
        }
        match self.oddities.first() {
            Some(oddity) => refused(
                format!("zip is ambiguous: {oddity}"),
                "such a zip is accepted only where go.sum or the checksum database knows its hash",
            ),
            None => Ok(()),
        }
    }
}

impl Store {
    /// The recorded hash of `module`, if all is in the cache that the layout asks for: its zip, and its
    /// tree, unpacked to the end.
    ///
    /// # Errors
    /// When the module has no place in the cache.
    pub fn present(&self, module: &Version) -> Result<Option<String>, Error> {
        let hash = match self.layout {
            Layout::Trees => return self.complete_tree(module),
            Layout::Full => self.complete_tree(module)?,
            Layout::Zips => {
                self.tree(module)?;
                self.read_ziphash(module)
            }
        };
        Ok(hash.filter(|_| self.file(module, Kind::Zip).is_ok_and(|zip| zip.exists())))
    }

    /// The recorded hash, if the tree is there and was unpacked to the end.
    ///
    /// # Errors
    /// When the module has no place in the cache.
    pub fn complete_tree(&self, module: &Version) -> Result<Option<String>, Error> {
        if !self.tree(module)?.is_dir() || exists(&self.file(module, Kind::Partial)?) {
            return Ok(None);
        }
        Ok(self.read_ziphash(module))
    }

    /// The tree of `module`, if it is there and was unpacked to the end.
    pub fn unpacked(&self, module: &Version) -> Option<PathBuf> {
        let tree = self.tree(module).ok().filter(|tree| tree.is_dir())?;
        let is_partial = self.file(module, Kind::Partial).ok().is_none_or(|path| exists(&path));
        let has_hash = self.file(module, Kind::ZipHash).is_ok_and(|path| exists(&path));
        (!is_partial && has_hash).then_some(tree)
    }

    /// Takes the lock of `module` if nobody holds it.
    ///
    /// # Errors
    /// When the lock file can't be made.
    pub fn try_lock(&self, module: &Version) -> Result<Option<VersionLock>, Error> {
        let path = self.lock_path(module)?;
        let lock = Lock::try_exclusive(&path)?;
        Ok(lock.map(|lock| VersionLock::new(module, lock)))
    }

    /// Waits for the lock of `module`.
    ///
    /// # Errors
    /// When the lock file can't be made.
    pub fn lock(&self, module: &Version) -> Result<VersionLock, Error> {
        let path = self.lock_path(module)?;
        Ok(VersionLock::new(module, Lock::exclusive(&path)?))
    }

    fn lock_path(&self, module: &Version) -> Result<PathBuf, Error> {
        let path = self.file(module, Kind::Lock)?;
        if let Some(dir) = path.parent() {
            file::create_dir_all(dir)?;
        }
        Ok(path)
    }

    /// Removes what earlier runs, killed at work, left of this version. Their writers held the lock
    /// that we hold now, so they are gone.
    ///
    /// # Errors
    /// When the module has no place in the cache.
    pub fn clean_up(&self, lock: &VersionLock) -> Result<(), Error> {
        let zip = self.file(&lock.module, Kind::Zip)?;
        let dir = zip.parent().unwrap_or(Path::new("."));
        for path in tree::names_matching(dir, &file_name(&zip), ".tmp") {
            let _ = file::remove(&path);
        }
        for path in self.left_trees.of(&self.tree(&lock.module)?, !lock.lock.is_first()) {
            let _ = tree::remove_all(&path);
        }
        Ok(())
    }

    /// The zip that is in the cache already, if there is one.
    ///
    /// # Errors
    /// When it is there and can't be opened.
    pub fn existing_zip(&self, module: &Version) -> Result<Option<ZipSource>, Error> {
        let path = self.file(module, Kind::Zip)?;
        match std::fs::metadata(&path) {
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Ok(meta) if !meta.is_file() => {
                Err(crate::sys::IoError::other("open", &path, "not a regular file").into())
            }
            _ => {
                let file = File::open(&path).map_err(at("open", &path))?;
                Ok(Some(ZipSource::Existing(file, self.read_ziphash(module))))
            }
        }
    }

    /// Checks and hashes a zip, and unpacks it under a temporary name if `parts` has a tree and none is
    /// there. Blocks.
    ///
    /// # Errors
    /// When the zip breaks a rule or the disk fails; nothing is left behind then.
    pub fn stage(
        &self,
        lock: VersionLock,
        source: ZipSource,
        way: Way<'_>,
        parts: Parts,
    ) -> Result<StagedZip, Error> {
        let module = &lock.module;
        let path = self.file(module, Kind::Zip)?;
        let there = self.complete_tree(module)?;
        let naming = Naming { zip: &path, hash_is_recorded: false };
        let work = Work { lock: &lock, naming, way, there: there.as_deref(), parts };
        let staged = match source {
            ZipSource::Existing(file, recorded) => {
                let naming = Naming { hash_is_recorded: recorded.is_some(), ..naming };
                let unpacked = self.look_into(&file, Work { naming, ..work })?;
                if recorded.is_some_and(|recorded| recorded != unpacked.hash) {
                    return Err(contradicts_ziphash(&path).of_module(module));
                }
                (unpacked, None)
            }
            ZipSource::Spooled(spool) => spool.finish(|spooled| match spooled {
                Spooled::File(temp) => {
                    let unpacked = self.look_into(&temp.reader()?, work)?;
                    Ok::<_, Error>((unpacked, parts.zip.then_some(temp)))
                }
                Spooled::Memory(data) => {
                    let unpacked = self.look_into(&InMemory(&data), work)?;
                    if !parts.zip {
                        return Ok((unpacked, None));
                    }
                    let dir = path.parent().unwrap_or(Path::new("."));
                    let mut temp = TempFile::create(dir, &file_name(&path))?;
                    temp.write_all(&data)?;
                    Ok((unpacked, Some(temp)))
                }
            })?,
        };
        let (Unpacked { hash, tree, oddities }, zip) = staged;
        Ok(StagedZip { lock, hash, parts, zip, tree, recorded: there, oddities })
    }

    /// Checks and hashes a zip, and unpacks it unless no tree is wanted or that of this very zip is there.
    fn look_into<R: ReadAt + Sync>(&self, zip: &R, work: Work<'_>) -> Result<Unpacked, Error> {
        let Work { lock, naming, way, there, parts } = work;
        let (module, stop) = (&lock.module, &*lock.stop);
        if there.is_some() || !parts.tree {
            let hashed = unpack(zip, module, naming, way, stop, None)?;
            if !parts.tree || there == Some(&*hashed.hash) {
                return Ok(hashed);
            }
        }
        let path = self.staging_path(module)?;
        let place = Place { path: &path, cache: self.root() };
        unpack(zip, module, naming, way, stop, Some(place))
    }

    /// Where the tree of `module` is unpacked.
    fn staging_path(&self, module: &Version) -> Result<PathBuf, Error> {
        let target = self.tree(module)?;
        if IN_PLACE {
            let partial = self.file(module, Kind::Partial)?;
            lock::write_empty(&partial)?;
            tree::remove_all(&target)?;
            return Ok(target);
        }
        let name = format!("{}{TEMPORARY}{}", file_name(&target), file::unique());
        Ok(target.with_file_name(name))
    }

    /// Makes a verified zip and its tree visible, as far as they are wanted. Blocks.
    ///
    /// # Errors
    /// When a file can't be written or renamed.
    pub fn publish_zip(&self, staged: Verified<StagedZip>) -> Result<(), Error> {
        let StagedZip { lock, hash, parts, zip, tree: staged_tree, recorded, .. } =
            staged.into_content();
        let module = &lock.module;
        let [zip_path, ziphash, partial] =
            [Kind::Zip, Kind::ZipHash, Kind::Partial].map(|kind| self.file(module, kind));
        let (zip_path, ziphash, partial) = (zip_path?, ziphash?, partial?);
        let target = self.tree(module)?;
        let is_in_place = staged_tree.as_ref().is_some_and(|tree| tree.path() == target);
        let is_other = recorded.as_ref() != Some(&hash) && !is_in_place && exists(&target);
        if is_other {
            // Whoever looks from here on must take the old tree for incomplete.
            lock::write_empty(&partial)?;
        }
        if zip.is_some() || self.read_ziphash(module).as_ref() != Some(&hash) {
            lock::write_zero_filled(&ziphash, hash.as_bytes())?;
        }
        if let Some(zip) = zip {
            zip.persist(&zip_path)?;
        }
        if is_other {
            tree::remove_all(&target)?;
        }
        let is_new = staged_tree.is_some();
        if let Some(tree) = staged_tree {
            tree.publish(&target, self.writable_trees)?;
        }
        if is_new || is_other {
            file::remove(&partial)?;
        }
        if !parts.zip {
            self.drop_zip(&lock)?;
        }
        Ok(())
    }
}

/// A zip that is looked into.
#[derive(Clone, Copy)]
struct Work<'a> {
    lock: &'a VersionLock,
    naming: Naming<'a>,
    way: Way<'a>,
    /// The hash of the complete tree that is there.
    there: Option<&'a str>,
    parts: Parts,
}

/// Whether anything is at `path`, be it a dangling link.
fn exists(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

pub(super) fn contradicts_ziphash(zip: &Path) -> Error {
    let text = format!("{} does not have the hash that is recorded beside it", zip.display());
    Error::message(ErrorKind::Security, text)
        .hint("remove the file and its .ziphash; it will be downloaded again")
}
