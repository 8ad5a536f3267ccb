//! GOMODCACHE: the module cache that we share with the `go` command.
//!
//! - [`layout`]: where each file stands.
//! - [`download`]: `.info`, `.mod`, `list` and `.ziphash` below cache/download.
//! - [`spool`]: a zip while it arrives.
//! - [`unpack`]: a zip turned into a tree and its hash, in one pass.
//! - [`publish`]: zips and trees made visible, under the version's lock.
//!
//! Implements <https://go.dev/ref/mod#module-cache>.

use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind};
use crate::sys::file;

pub mod download;
pub mod layout;
pub mod publish;
pub mod spool;
pub mod unpack;

/// The module cache.
#[derive(Debug, Clone)]
pub struct Store {
    root: PathBuf,
    writable_trees: bool,
}

impl Store {
    /// The cache at `root`, which is made if need be. `writable_trees` is `-modcacherw`.
    ///
    /// # Errors
    /// When `root` is relative, is no directory or can't be made; in go's words.
    pub fn open(root: &Path, writable_trees: bool) -> Result<Store, Error> {
        let failed = |text: String| Error::message(ErrorKind::Other, text);
        if !root.is_absolute() {
            let shown = crate::spec::quote::quote(&root.to_string_lossy());
            return Err(failed(format!(
                "GOMODCACHE entry is relative; must be absolute path: {shown}.\n"
            )));
        }
        match std::fs::metadata(root) {
            Ok(meta) if meta.is_dir() => {}
            Ok(_) => {
                let shown = crate::spec::quote::quote(&root.to_string_lossy());
                return Err(failed(format!(
                    "could not create module cache: {shown} is not a directory"
                )));
            }
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => file::create_dir_all(root)
                .map_err(|err| failed(format!("could not create module cache: {err}")))?,
            Err(err) => {
                let err = crate::sys::IoError::new("stat", root, &err);
                return Err(failed(format!("could not create module cache: {err}")));
            }
        }
        Ok(Store { root: root.to_path_buf(), writable_trees })
    }

    /// The cache's own folder.
    pub fn root(&self) -> &Path {
        &self.root
    }
}
