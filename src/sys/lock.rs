//! Advisory whole-file locks that exclude, and are excluded by, a running `go` command.
//!
//! The `go` command locks with `flock(2)` on Linux, macOS and the BSDs and with `LockFileEx` on
//! Windows; the standard library's [`File::lock`] makes the same calls. A lock belongs to the open
//! file and ends when the file is closed, also when the process is killed.
//!
//! Locks are taken on files opened for reading and writing (a read-only descriptor cannot be locked
//! exclusively on NFSv4). Whatever is not a regular file is refused, and never waited for: opening a pipe
//! would hang.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use crate::sys::error::{IoError, at};

/// A lock held until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
    is_first: bool,
}

impl Lock {
    /// Waits for the exclusive lock on `path`, creating the file (mode 0666 less umask) if need be.
    ///
    /// # Errors
    /// When the file can't be opened for writing, is no regular file, or the file system has no locks.
    pub fn exclusive(path: &Path) -> Result<Lock, IoError> {
        if let Some(lock) = Lock::try_exclusive(path)? {
            return Ok(lock);
        }
        let (file, _) = open_to_lock(path)?;
        file.lock().map_err(at("lock", path))?;
        Ok(Lock { _file: file, is_first: false })
    }

    /// Takes the exclusive lock if nobody holds it; `None` when somebody does.
    ///
    /// # Errors
    /// As [`Lock::exclusive`].
    pub fn try_exclusive(path: &Path) -> Result<Option<Lock>, IoError> {
        let (file, is_first) = open_to_lock(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: file, is_first })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(err)) => Err(IoError::new("lock", path, &err)),
        }
    }

    /// Whether nobody has held it before: the file was not there.
    pub fn is_first(&self) -> bool {
        self.is_first
    }
}

/// Opens a file that is to be locked, and tells whether that has made it.
pub(super) fn open_to_lock(path: &Path) -> Result<(File, bool), IoError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    if !refuse_special(path)? {
        match options.clone().create_new(true).open(path) {
            Err(err) if err.kind() == ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (file, true)).map_err(at("open", path)),
        }
    }
    let opened = options.create(true).truncate(false).open(path);
    opened.map(|file| (file, false)).map_err(at("open", path))
}

/// Refuses pipes, devices and directories; tells whether there is anything at all.
fn refuse_special(path: &Path) -> Result<bool, IoError> {
    std::fs::metadata(path).map_or(Ok(false), |meta| refuse_kind(path, &meta).map(|()| true))
}

fn refuse_kind(path: &Path, meta: &std::fs::Metadata) -> Result<(), IoError> {
    match meta {
        meta if meta.is_file() => Ok(()),
        meta if meta.is_dir() => Err(IoError::other("open", path, "is a directory")),
        _ => Err(IoError::other("open", path, "not a regular file")),
    }
}

/// Reads the whole of `path` under a shared lock, refusing more than `limit` bytes.
///
/// # Errors
/// When the file can't be opened, locked or read, is no regular file, or is larger than `limit`.
pub fn read_shared(path: &Path, limit: u64) -> Result<Vec<u8>, IoError> {
    let (file, _) = open_to_read(path)?;
    file.lock_shared().map_err(at("lock", path))?;
    read_limited(file, path, limit)
}

/// Reads the whole of `path` without a lock, refusing more than `limit` bytes.
///
/// # Errors
/// When the file can't be opened or read, is no regular file, or is larger than `limit`.
pub fn read_unlocked(path: &Path, limit: u64) -> Result<Vec<u8>, IoError> {
    let (file, size) = open_to_read(path)?;
    read_sized(file, size, path, limit)
}

/// Reads the whole of `path`, be it a file, a pipe or a device, refusing more than `limit` bytes. For
/// settings, which a user may well hand over through a pipe.
///
/// # Errors
/// When the file can't be opened or read, or is larger than `limit`.
pub fn read_any(path: &Path, limit: u64) -> Result<Vec<u8>, IoError> {
    read_limited(File::open(path).map_err(at("open", path))?, path, limit)
}

/// Opens a regular file, and tells its size. Whether it is one is looked at when it is open, which takes half as long as
/// looking before: thousands of files are read when there is nothing else to do.
#[cfg(unix)]
fn open_to_read(path: &Path) -> Result<(File, u64), IoError> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    // Nobody waits for a pipe or a device.
    options.read(true).custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32);
    let file = match options.open(path) {
        Ok(file) => file,
        Err(err) => {
            // Sockets can't be opened.
            refuse_special(path)?;
            return Err(IoError::new("open", path, &err));
        }
    };
    match file.metadata() {
        Ok(meta) => refuse_kind(path, &meta).map(|()| (file, meta.len())),
        Err(err) => Err(IoError::new("stat", path, &err)),
    }
}

#[cfg(not(unix))]
fn open_to_read(path: &Path) -> Result<(File, u64), IoError> {
    refuse_special(path)?;
    let file = File::open(path).map_err(at("open", path))?;
    let size = file.metadata().map_err(at("stat", path))?.len();
    Ok((file, size))
}

pub(super) fn read_limited(file: File, path: &Path, limit: u64) -> Result<Vec<u8>, IoError> {
    let size = file.metadata().map(|m| m.len()).unwrap_or(0);
    read_sized(file, size, path, limit)
}

/// Reads a file that is said to have `size` bytes.
fn read_sized(mut file: File, size: u64, path: &Path, limit: u64) -> Result<Vec<u8>, IoError> {
    let mut data = vec![0; size.min(limit) as usize + 1];
    // Where as much comes as there should be, and there was room for more, this is the end.
    let first = loop {
        match file.read(&mut data) {
            Err(err) if err.kind() == std::io::ErrorKind::Interrupted => {}
            result => break result.map_err(at("read", path))?,
        }
    };
    let is_all = first as u64 == size && first < data.len();
    data.truncate(first);
    if !is_all {
        let rest = limit.saturating_add(1).saturating_sub(first as u64);
        file.take(rest).read_to_end(&mut data).map_err(at("read", path))?;
    }
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
    let (mut file, _) = open_to_lock(path)?;
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
    let (file, _) = open_to_lock(path)?;
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
        assert!(held.is_first());
        assert!(Lock::try_exclusive(&path).unwrap().is_none());
        drop(held);
        assert!(!Lock::try_exclusive(&path).unwrap().unwrap().is_first());
        assert!(!Lock::exclusive(&path).unwrap().is_first());
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
        let errors =
            [Lock::exclusive(dir.path()).unwrap_err(), read_unlocked(dir.path(), 5).unwrap_err()];
        for err in errors {
            assert!(err.to_string().ends_with("is a directory"), "{err}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_file_is_refused_and_not_waited_for() {
        let dir = scratch();
        let pipe = dir.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let socket = dir.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for path in [&pipe, &socket] {
            for result in [read_unlocked(path, 5), read_shared(path, 5)] {
                let err = result.unwrap_err();
                assert!(err.to_string().ends_with("not a regular file"), "{err}");
            }
        }
    }

    #[test]
    fn all_is_read_up_to_the_limit() {
        let dir = scratch();
        let path = dir.path().join("f");
        for size in [0, 1, 5] {
            std::fs::write(&path, vec![b'x'; size]).unwrap();
            assert_eq!(read_unlocked(&path, 5).unwrap(), vec![b'x'; size]);
        }
        assert_eq!(read_any(&path, 5).unwrap(), b"xxxxx");
        assert!(read_unlocked(&path, 4).is_err());
    }
}
