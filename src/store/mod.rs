//! GOMODCACHE: the module cache that we share with the `go` command.
//!
//! - [`layout`]: where each file stands.
//! - [`contents`]: which versions are there.
//! - [`download`]: `.info`, `.mod`, `list` and `.ziphash` below cache/download.
//! - [`parts`]: whether zips, trees or both are kept.
//! - [`repair`]: what is damaged, made unbelievable.
//! - [`spool`]: a zip while it arrives.
//! - [`toolchain`]: an unpacked toolchain made fit for use.
//! - [`unpack`]: a zip turned into a tree and its hash, in one pass.
//! - [`inspect`]: what lies in the cache of a version, hashed anew.
//! - [`publish`]: zips and trees made visible, under the version's lock.
//! - [`fill`]: trees made of all zips that are there.
//!
//! Implements <https://go.dev/ref/mod#module-cache>.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::error::{Error, ErrorKind};
use crate::sys::{IoError, file, tree};

pub mod contents;
pub mod download;
pub mod fill;
pub mod inspect;
pub mod layout;
pub mod parts;
pub mod publish;
pub mod repair;
pub mod spool;
pub mod toolchain;
pub mod unpack;

pub use parts::Layout;

/// The module cache.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
    writable_trees: bool,
    layout: Layout,
    dry: bool,
    made: Arc<OnceLock<Result<(), Error>>>,
    left_trees: Arc<LeftTrees>,
}

/// What of trees that were never finished lies in each folder, as it was when it was last looked at.
///
/// A folder may have thousands of modules in it, and would otherwise be read for each. Only where somebody
/// else has had the lock of a version there may be something by now that was not there then.
#[derive(Debug, Default)]
struct LeftTrees(Mutex<HashMap<PathBuf, Vec<PathBuf>>>);

impl LeftTrees {
    /// Those that were to become `tree`; `anew` if it is to be looked again.
    fn of(&self, tree: &Path, anew: bool) -> Vec<PathBuf> {
        let (Some(dir), Some(name)) = (tree.parent(), tree.file_name()) else { return Vec::new() };
        let begin = format!("{}{TEMPORARY}", name.to_string_lossy());
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if anew {
            known.remove(dir);
        }
        let left = known.entry(dir.to_path_buf()).or_insert_with(|| {
            let mut names = tree::names_matching(dir, "", "");
            names.retain(|path| path.to_string_lossy().contains(TEMPORARY));
            names
        });
        let is_of = |path: &&PathBuf| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&begin))
        };
        left.iter().filter(is_of).cloned().collect()
    }
}

/// What stands in the name of a tree that is not finished, after that of the finished one.
const TEMPORARY: &str = ".tmp-";

impl Store {
    /// The cache at `root`. `writable_trees` is `-modcacherw`.
    pub fn new(root: &Path, writable_trees: bool) -> Store {
        Store {
            root: root.to_path_buf(),
            writable_trees,
            layout: Layout::Full,
            dry: false,
            made: Arc::default(),
            left_trees: Arc::default(),
        }
    }

    /// The same cache, read only: what would be written to it is forgotten.
    pub fn dry(self) -> Store {
        Store { dry: true, ..self }
    }

    /// Makes the cache's folder if need be, once. As with go this happens when the first of its
    /// files is named: who needs no module needs no cache.
    ///
    /// # Errors
    /// When the folder is relative, is no directory or can't be made; in go's words.
    fn make(&self) -> Result<(), Error> {
        if self.dry {
            return Ok(());
        }
        self.made.get_or_init(|| make(&self.root)).clone()
    }

    /// The cache's own folder.
    pub fn root(&self) -> &Path {
        &self.root
    }
}

fn make(root: &Path) -> Result<(), Error> {
    let failed = |text: String| Err(Error::message(ErrorKind::Other, text));
    let shown = crate::spec::quote::quote(&root.to_string_lossy());
    if !root.is_absolute() {
        return failed(format!("GOMODCACHE entry is relative; must be absolute path: {shown}.\n"));
    }
    let made = match std::fs::metadata(root) {
        Ok(meta) if meta.is_dir() => Ok(()),
        Ok(_) => {
            return failed(format!("could not create module cache: {shown} is not a directory"));
        }
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => file::create_dir_all(root),
        Err(err) => Err(IoError::new("stat", root, &err)),
    };
    made.or_else(|err| failed(format!("could not create module cache: {err}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_trees_are_told_by_their_names() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for name in ["m@v1.0.0", "m@v1.0.0.tmp-1", "m@v1.0.0.tmp-22", "m@v1.0.0-a.tmp-3", "n.tmp-4"]
        {
            file::create_dir(&at(name)).unwrap();
        }
        let left = LeftTrees::default();
        let mut found = left.of(&at("m@v1.0.0"), false);
        found.sort();
        assert_eq!(found, [at("m@v1.0.0.tmp-1"), at("m@v1.0.0.tmp-22")]);
        file::create_dir(&at("m@v2.0.0.tmp-5")).unwrap();
        assert!(left.of(&at("m@v2.0.0"), false).is_empty());
        assert_eq!(left.of(&at("m@v2.0.0"), true), [at("m@v2.0.0.tmp-5")]);
        assert_eq!(left.of(&at("m@v1.0.0-a"), false), [at("m@v1.0.0-a.tmp-3")]);
        assert!(left.of(&at("none/m@v1.0.0"), true).is_empty());
    }
}
