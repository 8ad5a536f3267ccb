//! Files and directories made, renamed and removed; temporary files and atomic replacement.
//!
//! A file of the cache is written under a temporary name beside its final one and appears by one
//! rename, so that no reader ever sees half of it. The temporary names end in `.tmp`, and those for
//! zips begin with the zip's own name: the `go` command removes such leftovers when it holds the
//! version's lock.

use std::collections::hash_map::RandomState;
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, Hasher};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::sys::error::{IoError, at};

/// How often directories are made that somebody else takes away again.
const TRIES: usize = 100;

/// Creates directories with mode 0777 less umask. Others may remove them as long as they are empty: it is
/// enough that they were there.
///
/// # Errors
/// When one of them can't be made, or is something else than a directory.
pub fn create_dir_all(dir: &Path) -> Result<(), IoError> {
    let mut tries = 0;
    loop {
        let Err(err) = std::fs::create_dir_all(dir) else { return Ok(()) };
        // It was there when it was to be made, and gone when it was looked at; or one above it was.
        let may_pass = matches!(err.kind(), ErrorKind::AlreadyExists | ErrorKind::NotFound);
        if may_pass && dir.is_dir() {
            return Ok(());
        }
        tries += 1;
        if !may_pass || tries == TRIES || std::fs::symlink_metadata(dir).is_ok() {
            return Err(IoError::new("mkdir", dir, &err));
        }
    }
}

/// Creates one directory, mode 0777 less umask; what is above it must exist, and itself must not.
///
/// # Errors
/// When it can't be made, or something is there already.
pub fn create_dir(dir: &Path) -> Result<(), IoError> {
    std::fs::create_dir(dir).map_err(at("mkdir", dir))
}

/// Creates a file, mode 0444 less umask, that nothing but the handle given back can write to.
///
/// # Errors
/// When it can't be made, or something is there already.
pub fn create_read_only(path: &Path) -> Result<File, IoError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o444);
    }
    let file = options.open(path).map_err(at("open", path))?;
    #[cfg(not(unix))]
    {
        let mut permissions = file.metadata().map_err(at("stat", path))?.permissions();
        permissions.set_readonly(true);
        file.set_permissions(permissions).map_err(at("chmod", path))?;
    }
    Ok(file)
}

/// Renames a file or directory; what is at `to` is replaced if the system allows it.
///
/// # Errors
/// When the system refuses, as it does for a directory that is to replace one with something in it.
pub fn rename(from: &Path, to: &Path) -> Result<(), IoError> {
    std::fs::rename(from, to).map_err(at("rename", from))
}

/// Removes a file. Nothing there is fine.
///
/// # Errors
/// When it is there and can't be removed.
pub fn remove(path: &Path) -> Result<(), IoError> {
    match std::fs::remove_file(path) {
        Err(err) if err.kind() != ErrorKind::NotFound => Err(IoError::new("remove", path, &err)),
        _ => Ok(()),
    }
}

/// A file that removes itself unless it is renamed to its final place.
#[derive(Debug)]
pub struct TempFile {
    path: PathBuf,
    file: Option<File>,
}

impl TempFile {
    /// Creates `DIR/PREFIX<number>.tmp`, mode 0666 less umask. The directory must exist.
    ///
    /// # Errors
    /// When no file can be created there.
    pub fn create(dir: &Path, prefix: &str) -> Result<TempFile, IoError> {
        loop {
            let path = dir.join(format!("{prefix}{}.tmp", unique()));
            match OpenOptions::new().read(true).write(true).create_new(true).open(&path) {
                Ok(file) => return Ok(TempFile { path, file: Some(file) }),
                Err(err) if err.kind() == ErrorKind::AlreadyExists => continue,
                Err(err) => return Err(IoError::new("open", &path, &err)),
            }
        }
    }

    /// Where the file is now.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends `data`.
    ///
    /// # Errors
    /// When the disk is full or the file is gone.
    pub fn write_all(&mut self, data: &[u8]) -> Result<(), IoError> {
        match &mut self.file {
            Some(file) => file.write_all(data).map_err(at("write", &self.path)),
            None => Err(IoError::other("write", &self.path, "file already closed")),
        }
    }

    /// A second handle to the same file, for reading it back.
    ///
    /// # Errors
    /// When the system has no more file descriptors.
    pub fn reader(&self) -> Result<File, IoError> {
        File::open(&self.path).map_err(at("open", &self.path))
    }

    /// Renames the file to `target`, replacing what is there.
    ///
    /// # Errors
    /// When the rename fails; the temporary file is then removed.
    pub fn persist(mut self, target: &Path) -> Result<(), IoError> {
        self.file = None;
        rename(&self.path, target)?;
        self.path = PathBuf::new();
        Ok(())
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        self.file = None;
        if !self.path.as_os_str().is_empty() {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Writes `data` to `path` by way of a temporary file beside it; the directory must exist.
///
/// # Errors
/// When the file can't be written or renamed; nothing is left behind then.
pub fn write_atomic(path: &Path, data: &[u8]) -> Result<(), IoError> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let mut temp = TempFile::create(dir, &name)?;
    temp.write_all(data)?;
    temp.persist(path)
}

/// A random number below 10⁹, for temporary names: taken from the hasher keys that the standard
/// library seeds from the system.
pub fn unique() -> u64 {
    RandomState::new().build_hasher().finish() % 1_000_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_are_made_while_others_remove_them() {
        let dir = tempfile::tempdir().unwrap();
        let (top, deep) = (dir.path(), dir.path().join("a/b/c"));
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    crate::sys::tree::remove_empty_parents(&deep.join("gone"), top);
                }
            });
            let made: Result<Vec<()>, IoError> =
                (0..20_000).map(|_| create_dir_all(&deep)).collect();
            done.store(true, std::sync::atomic::Ordering::Relaxed);
            made.unwrap();
        });
        std::fs::write(top.join("file"), "").unwrap();
        let err = create_dir_all(&top.join("file")).unwrap_err();
        assert_eq!(err.kind, ErrorKind::AlreadyExists);
        assert!(create_dir_all(&top.join("file/below")).is_err());
    }

    #[test]
    fn what_is_not_persisted_disappears() {
        let dir = tempfile::tempdir().unwrap();
        let mut temp = TempFile::create(dir.path(), "x.zip").unwrap();
        temp.write_all(b"data").unwrap();
        let path = temp.path().to_path_buf();
        assert!(path.exists());
        drop(temp);
        assert!(!path.exists());
    }

    #[test]
    fn a_read_only_file_can_be_filled_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        create_read_only(&path).unwrap().write_all(b"data").unwrap();
        assert!(std::fs::metadata(&path).unwrap().permissions().readonly());
        assert_eq!(std::fs::read(&path).unwrap(), b"data");
        assert_eq!(create_read_only(&path).unwrap_err().kind, ErrorKind::AlreadyExists);
    }

    #[test]
    fn removing_nothing_is_fine_and_a_directory_is_not_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        remove(&path).unwrap();
        create_dir(&path).unwrap();
        assert!(create_dir(&path).is_err());
        assert!(remove(&path).is_err());
    }

    #[test]
    fn atomic_write_leaves_only_the_target() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("v1.0.0.info");
        write_atomic(&target, b"one").unwrap();
        write_atomic(&target, b"two").unwrap();
        assert_eq!(std::fs::read(&target).unwrap(), b"two");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
