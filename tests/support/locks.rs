//! Locks of the kind that `go` takes on files, held by a test.

use std::fs::{self, File, OpenOptions};
use std::path::Path;

/// Takes the exclusive lock of the file, made empty where it is missing; held until the value is dropped.
pub fn hold_exclusive(path: &Path) -> File {
    let file = open(path);
    file.lock().unwrap_or_else(|err| panic!("locking {}: {err}", path.display()));
    file
}

/// Takes a shared lock of the file, made empty where it is missing; held until the value is dropped.
pub fn hold_shared(path: &Path) -> File {
    let file = open(path);
    file.lock_shared().unwrap_or_else(|err| panic!("locking {}: {err}", path.display()));
    file
}

/// Whether somebody else holds the exclusive lock of the file just now.
pub fn is_held(path: &Path) -> bool {
    path.exists() && open(path).try_lock_shared().is_err()
}

fn open(path: &Path) -> File {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).unwrap_or_else(|err| panic!("{}: {err}", parent.display()));
    }
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .unwrap_or_else(|err| panic!("{}: {err}", path.display()))
}
