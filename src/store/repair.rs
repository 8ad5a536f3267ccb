//! What is damaged in the cache, made unbelievable before something better takes its place.

use crate::error::Error;
use crate::spec::module::Version;
use crate::store::Store;
use crate::store::layout::Kind;
use crate::store::publish::VersionLock;
use crate::sys::{lock, tree};

/// Which parts of a module version are wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Damage {
    /// The zip.
    pub zip: bool,
    /// The tree.
    pub tree: bool,
    /// The recorded hash.
    pub ziphash: bool,
}

impl Damage {
    /// Whether any part is wrong.
    pub fn any(self) -> bool {
        self.zip || self.tree || self.ziphash
    }
}

impl Store {
    /// Sees to it that neither go nor we believe the damaged parts of a version, whatever happens
    /// next: a tree is marked as incomplete, and so is one whose recorded hash has to go; a zip and a
    /// recorded hash are removed. What is not damaged stays.
    ///
    /// # Errors
    /// When a file can't be written or removed.
    pub fn disarm(
        &self,
        lock: &VersionLock,
        module: &Version,
        damage: Damage,
    ) -> Result<(), Error> {
        debug_assert!(lock.is_of(module), "the lock of another version");
        if damage.tree {
            // Before all else: with a hash that is written anew the tree would be taken up again.
            lock::write_empty(&self.file(module, Kind::Partial)?)?;
        }
        if damage.zip {
            tree::remove_all(&self.file(module, Kind::Zip)?)?;
        }
        if damage.ziphash {
            tree::remove_all(&self.file(module, Kind::ZipHash)?)?;
        }
        Ok(())
    }

    /// Removes a go.mod that is damaged: as if it had never been there.
    ///
    /// # Errors
    /// When it can't be removed.
    pub fn remove_go_mod(&self, module: &Version) -> Result<(), Error> {
        Ok(tree::remove_all(&self.file(module, Kind::Mod)?)?)
    }

    /// Removes a `.info` that is damaged.
    ///
    /// # Errors
    /// When it can't be removed.
    pub fn remove_info(&self, module: &Version) -> Result<(), Error> {
        Ok(tree::remove_all(&self.file(module, Kind::Info)?)?)
    }
}
