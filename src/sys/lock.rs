//! Advisory whole-file locks that exclude, and are excluded by, a running `go` command.
//!
//! The `go` command locks with `flock(2)` on Linux, macOS and the BSDs and with `LockFileEx` on
//! Windows; the standard library's [`File::lock`] makes the same calls. A lock belongs to the open
//! file and ends when the file is closed, also when the process is killed.
//!
//! Locks are taken on files opened for reading and writing (a read-only descriptor cannot be locked
//! exclusively on NFSv4). Whatever is not a regular file is refused: opening a pipe would hang.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::path::Path;

use crate::sys::error::{IoError, at};

/// A lock held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the exclusive lock on `path`, creating the file (mode 0666 less umask) if need be.
    ///
    /// # Errors
    /// When the file can't be opened for writing, is no regular file, or the file system has no locks.
    pub fn exclusive(path: &Path) -> Result<Lock, IoError> {
        let file = open_to_lock(path)?;
        file.lock().map_err(at("lock", path))?;
        Ok(Lock { _file: file })
    }

    /// Takes the exclusive lock if nobody holds it; `None` when somebody does.
    ///
    /// # Errors
    /// As [`Lock::exclusive`].
    pub fn try_exclusive(path: &Path) -> Result<Option<Lock>, IoError> {
        let file = open_to_lock(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(err)) => Err(IoError::new("lock", path, &err)),
        }
    }
}

pub(super) fn open_to_lock(path: &Path) -> Result<File, IoError> {
    refuse_special(path)?;
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(at("open", path))
}

/// Refuses pipes, devices and directories; what does not exist yet is fine.
fn refuse_special(path: &Path) -> Result<(), IoError> {
    match std::fs::metadata(path) {
        Ok(meta) if meta.is_file() => Ok(()),
        Ok(meta) if meta.is_dir() => Err(IoError::other("open", path, "is a directory")),
        Ok(_) => Err(IoError::other("open", path, "not a regular file")),
        Err(_) => Ok(()),
    }
}

/// Reads the whole of `path` under a shared lock, refusing more than `limit` bytes.
///
/// # Errors
/// When the file can't be opened, locked or read, is no regular file, or is larger than `limit`.
pub fn read_shared(path: &Path, limit: u64) -> Result<Vec<u8>, IoError> {
    refuse_special(path)?;
    let file = File::open(path).map_err(at("open", path))?;
    file.lock_shared().map_err(at("lock", path))?;
    read_limited(file, path, limit)
}

/// Reads the whole of `path` without a lock, refusing more than `limit` bytes.
///
/// # Errors
/// When the file can't be opened or read, is no regular file, or is larger than `limit`.
pub fn read_unlocked(path: &Path, limit: u64) -> Result<Vec<u8>, IoError> {
    refuse_special(path)?;
    let file = File::open(path).map_err(at("open", path))?;
    read_limited(file, path, limit)
}

/// Reads the whole of `path`, be it a file, a pipe or a device, refusing more than `limit` bytes. For
/// settings, which a user may well hand over through a pipe.
///
/// # Errors
/// When the file can't be opened or read, or is larger than `limit`.
pub fn read_any(path: &Path, limit: u64) -> Result<Vec<u8>, IoError> {
    read_limited(File::open(path).map_err(at("open", path))?, path, limit)
}

pub(super) fn read_limited(file: File, path: &Path, limit: u64) -> Result<Vec<u8>, IoError> {
    let size = file.metadata().map(|m| m.len()).unwrap_or(0);
    let mut data = Vec::with_capacity(size.min(limit) as usize + 1);
    file.take(limit.saturating_add(1)).read_to_end(&mut data).map_err(at("read", path))?;
    if data.len() as u64 > limit {
        return Err(IoError::other("read", path, format!("file is larger than {limit} bytes")));
    }
    Ok(data)
}

/// Writes a small file that others read under a lock, so that a crash is noticed.
///
/// The file is emptied, given its final size in zero bytes, and only then filled: a reader that
/// finds zero bytes knows that the writer was interrupted.
///
/// # Errors
/// When the file can't be opened, locked or written.
pub fn write_zero_filled(path: &Path, data: &[u8]) -> Result<(), IoError> {
    let mut file = open_to_lock(path)?;
    file.lock().map_err(at("lock", path))?;
    file.set_len(0)
        .and_then(|()| file.set_len(data.len() as u64))
        .and_then(|()| file.write_all(data))
        .map_err(at("write", path))
}

/// Makes an empty file, or empties one, under its lock: a mark that says all by being there.
///
/// # Errors
/// When the file can't be opened, locked or emptied.
pub fn write_empty(path: &Path) -> Result<(), IoError> {
    let file = open_to_lock(path)?;
    file.lock().map_err(at("lock", path))?;
    file.set_len(0).map_err(at("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary directory")
    }

    #[test]
    fn a_held_lock_excludes_others() {
        let dir = scratch();
        let path = dir.path().join("lock");
        let held = Lock::exclusive(&path).unwrap();
        assert!(Lock::try_exclusive(&path).unwrap().is_none());
        drop(held);
        assert!(Lock::try_exclusive(&path).unwrap().is_some());
    }

    #[test]
    fn too_large_is_refused() {
        let dir = scratch();
        let path = dir.path().join("f");
        write_zero_filled(&path, b"12345").unwrap();
        assert!(read_shared(&path, 5).is_ok());
        let err = read_shared(&path, 4).unwrap_err();
        assert!(err.to_string().contains("larger than 4 bytes"), "{err}");
    }

    #[test]
    fn directories_are_refused() {
        let dir = scratch();
        let err = Lock::exclusive(dir.path()).unwrap_err();
        assert!(err.to_string().ends_with("is a directory"), "{err}");
    }
}
