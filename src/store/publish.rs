//! Zips and trees made visible.
//!
//! Everything happens under the version's lock, `V.lock`, in the `go` command's order: `.ziphash`,
//! then `.zip`, then the tree. Killed at any point, this leaves a cache that go and we complete:
//!
//! | killed                          | what is left                       | what the next run does     |
//! |---------------------------------|------------------------------------|----------------------------|
//! | while fetching or unpacking     | `V.zipN.tmp`, `M@V.tmp-N`          | removes both, starts again |
//! | after .ziphash                  | .ziphash without .zip              | fetches, writes it anew    |
//! | after .zip                      | .zip and .ziphash without a tree   | unpacks                    |
//! | while replacing a partial tree  | `.partial`, and perhaps a tree     | removes the tree, unpacks  |

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, ErrorKind};
use crate::spec::module::Version;
use crate::spec::modzip::{InMemory, Oddity};
use crate::store::layout::Kind;
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
    _lock: Lock,
}

impl VersionLock {
    /// Whether it is that of `module`.
    pub(super) fn is_of(&self, module: &Version) -> bool {
        self.module == *module
    }

    fn new(module: &Version, lock: Lock) -> VersionLock {
        VersionLock { module: module.clone(), stop: Arc::default(), _lock: lock }
    }

    /// Ends the unpacking that goes on under this lock when it is dropped; what was written is then
    /// removed. For whoever waits for that work and may be cancelled.
    pub fn stopper(&self) -> Stopper {
        Stopper(Arc::clone(&self.stop))
    }
}

/// See [`VersionLock::stopper`].
#[derive(Debug)]
pub struct Stopper(Arc<AtomicBool>);

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
    zip: Option<TempFile>,
    tree: Option<StagedTree>,
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
    /// Refuses a zip that can be read in two ways where nothing but first use proves its hash.
    ///
    /// # Errors
    /// Naming the first oddity.
    pub fn judge(&self, proof: Proof) -> Result<(), Error> {
        match (proof, self.oddities.first()) {
            (Proof::FirstUse, Some(oddity)) => Err(Error::message(
                ErrorKind::Security,
                format!("zip is ambiguous: {oddity}"),
            )
            .of_module(&self.lock.module)
            .hint(
                "such a zip is accepted only where go.sum or the checksum database knows its hash",
            )),
            _ => Ok(()),
        }
    }
}

impl Store {
    /// The recorded hash of `module`, if its zip is in the cache as well as its tree, unpacked to the end.
    ///
    /// # Errors
    /// When the module has no place in the cache.
    pub fn present(&self, module: &Version) -> Result<Option<String>, Error> {
        let hash = self.complete_tree(module)?;
        Ok(hash.filter(|_| self.file(module, Kind::Zip).is_ok_and(|zip| zip.exists())))
    }

    /// The recorded hash, if the tree is there and was unpacked to the end.
    fn complete_tree(&self, module: &Version) -> Result<Option<String>, Error> {
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
        for path in self.left_trees.of(&self.tree(&lock.module)?) {
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

    /// Checks, hashes and unpacks a zip under a temporary name. Blocks.
    ///
    /// # Errors
    /// When the zip breaks a rule or the disk fails; nothing is left behind then.
    pub fn stage(
        &self,
        lock: VersionLock,
        source: ZipSource,
        way: Way<'_>,
    ) -> Result<StagedZip, Error> {
        let module = lock.module.clone();
        let zip_path = self.file(&module, Kind::Zip)?;
        let tree_path = self.staging_path(&module)?;
        let stop = Arc::clone(&lock.stop);
        let place = Place { path: &tree_path, cache: self.root(), stop: &stop };
        let tree_at = self.complete_tree(&module)?.is_none().then_some(place);
        let naming = Naming { zip: &zip_path, hash_is_recorded: false };
        let staged = match source {
            ZipSource::Existing(file, recorded) => {
                let naming = Naming { hash_is_recorded: recorded.is_some(), ..naming };
                let unpacked = unpack(file, &module, naming, way, tree_at)?;
                if recorded.is_some_and(|recorded| recorded != unpacked.hash) {
                    return Err(contradicts_ziphash(&zip_path).of_module(&module));
                }
                (unpacked, None)
            }
            ZipSource::Spooled(spool) => spool.finish(|spooled| match spooled {
                Spooled::File(temp) => {
                    let unpacked = unpack(temp.reader()?, &module, naming, way, tree_at)?;
                    Ok::<_, Error>((unpacked, Some(temp)))
                }
                Spooled::Memory(data) => {
                    let unpacked = unpack(InMemory(&data), &module, naming, way, tree_at)?;
                    let dir = zip_path.parent().unwrap_or(Path::new("."));
                    let mut temp = TempFile::create(dir, &file_name(&zip_path))?;
                    temp.write_all(&data)?;
                    Ok((unpacked, Some(temp)))
                }
            })?,
        };
        let (Unpacked { hash, tree, oddities }, zip) = staged;
        Ok(StagedZip { lock, hash, zip, tree, oddities })
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

    /// Makes a verified zip and its tree visible. Blocks.
    ///
    /// # Errors
    /// When a file can't be written or renamed.
    pub fn publish_zip(&self, staged: Verified<StagedZip>) -> Result<(), Error> {
        let StagedZip { lock, hash, zip, tree: staged_tree, .. } = staged.into_content();
        let module = &lock.module;
        if zip.is_some() || self.read_ziphash(module).is_none() {
            lock::write_zero_filled(&self.file(module, Kind::ZipHash)?, hash.as_bytes())?;
        }
        if let Some(zip) = zip {
            zip.persist(&self.file(module, Kind::Zip)?)?;
        }
        let Some(staged_tree) = staged_tree else { return Ok(()) };
        let target = self.tree(module)?;
        let partial = self.file(module, Kind::Partial)?;
        if staged_tree.path() != target && exists(&target) {
            // Whoever looks while the old tree goes must take it for incomplete.
            lock::write_empty(&partial)?;
            tree::remove_all(&target)?;
        }
        staged_tree.publish(&target, self.writable_trees)?;
        Ok(file::remove(&partial)?)
    }
}

/// Whether anything is at `path`, be it a dangling link.
fn exists(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn contradicts_ziphash(zip: &Path) -> Error {
    let text = format!("{} does not have the hash that is recorded beside it", zip.display());
    Error::message(ErrorKind::Security, text)
        .hint("remove the file and its .ziphash; it will be downloaded again")
}
