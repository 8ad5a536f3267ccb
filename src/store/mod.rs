//! GOMODCACHE: the module cache that we share with the `go` command.
//!
//! - [`layout`]: where each file stands.
//! - [`contents`]: which versions are there.
//! - [`download`]: `.info`, `.mod`, `list` and `.ziphash` below cache/download.
//! - [`repair`]: what is damaged, made unbelievable.
//! - [`spool`]: a zip while it arrives.
//! - [`toolchain`]: an unpacked toolchain made fit for use.
//! - [`unpack`]: a zip turned into a tree and its hash, in one pass.
//! - [`inspect`]: what lies in the cache of a version, hashed anew.
//! - [`publish`]: zips and trees made visible, under the version's lock.
//!
//! Implements <https://go.dev/ref/mod#module-cache>.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::error::{Error, ErrorKind};
use crate::sys::{IoError, file};

pub mod contents;
pub mod download;
pub mod inspect;
pub mod layout;
pub mod publish;
pub mod repair;
pub mod spool;
pub mod toolchain;
pub mod unpack;

/// The module cache.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
    writable_trees: bool,
    dry: bool,
    made: Arc<OnceLock<Result<(), Error>>>,
}

impl Store {
    /// The cache at `root`. `writable_trees` is `-modcacherw`.
    pub fn new(root: &Path, writable_trees: bool) -> Store {
        Store { root: root.to_path_buf(), writable_trees, dry: false, made: Arc::default() }
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
