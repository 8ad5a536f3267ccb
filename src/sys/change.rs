//! Files that others use while they are changed, under their own locks.
//!
//! Whoever is killed in the middle must leave something that the `go` command and we can use. A kill
//! comes between two system calls, or within a write between two pages of the file; so one write within
//! the first page happens as a whole or not at all. What is longer appears by a rename, where that is
//! harmless: a waiting process holds on to the file that was renamed over, so those who write must look
//! at the name again once they have the lock. We do; the `go` command does not, but waits for
//! `cache/lock` before it opens go.mod or go.sum to write, which we hold meanwhile.

use std::fs::{File, Metadata};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use crate::sys::error::{IoError, at};
use crate::sys::file::{self, TempFile};
use crate::sys::lock::{open_to_lock, read_limited};
use crate::sys::tree;

/// What is written to the file by one call within these bytes is never half there.
const PAGE: usize = 4096;
/// Blank lines that are written at once.
const BLANK: [u8; PAGE] = [b'\n'; PAGE];

/// What kind of file is changed: what may be seen of it after a kill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// go.mod and go.sum: the old or the new content, and perhaps blank lines at the end. Replaced by
    /// a rename where one write can't do it, and where nothing else is known by the file itself: other
    /// names, another owner. Else it is written in place.
    Source,
    /// The same, but in place whatever its size, and so perhaps a mixture of pages: a list of versions,
    /// made anew by whoever adds to it; go.mod and go.sum where `cache/lock` can't be had.
    InPlace,
    /// A tree head, smaller than a page: the old or the new one.
    Note,
}

/// Replaces the content of `path` under an exclusive lock.
///
/// `change` gets the old content (empty if the file is new) and returns the new one, or `None` to
/// leave the file as it is. Growth is written at the end first, in blank lines: a full disk then shows
/// before anything of the old content is overwritten. On a failure the old content is put back.
///
/// # Errors
/// What `change` returns, or an [`IoError`] converted into it.
pub fn transform<E: From<IoError>>(
    path: &Path,
    limit: u64,
    kind: Kind,
    change: impl FnOnce(&[u8]) -> Result<Option<Vec<u8>>, E>,
) -> Result<(), E> {
    transform_then(path, limit, kind, change, || {})
}

/// As [`transform`]; and under the lock, once it is held, `then` is done, whatever became of the change.
///
/// # Errors
/// As [`transform`].
pub fn transform_then<E: From<IoError>>(
    path: &Path,
    limit: u64,
    kind: Kind,
    change: impl FnOnce(&[u8]) -> Result<Option<Vec<u8>>, E>,
    then: impl FnOnce(),
) -> Result<(), E> {
    let file = lock(path)?;
    let changed = transform_locked(&file, path, limit, kind, change);
    then();
    changed
}

fn transform_locked<E: From<IoError>>(
    mut file: &File,
    path: &Path,
    limit: u64,
    kind: Kind,
    change: impl FnOnce(&[u8]) -> Result<Option<Vec<u8>>, E>,
) -> Result<(), E> {
    let old =
        read_limited(file.try_clone().map_err(at("open", path))?, path, limit).map_err(E::from)?;
    let Some(new) = change(&old)? else { return Ok(()) };
    if new == old {
        return Ok(());
    }
    let at_once = new.len() <= PAGE && old.len() <= new.len();
    if kind == Kind::Source && !at_once && replace_locked(file, path, &new).is_some() {
        return Ok(());
    }
    let grown = match kind {
        Kind::Note => Ok(()),
        Kind::Source | Kind::InPlace => grow(file, old.len(), new.len()),
    };
    if let Err(err) = grown.and_then(|()| overwrite(file, &old, &new, kind)) {
        // Best effort: whoever reads next should find what was there before.
        let _ = file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&old));
        let _ = file.set_len(old.len() as u64);
        return Err(IoError::new("write", path, &err).into());
    }
    Ok(())
}

/// The file that has this name, made if need be, and locked exclusively.
fn lock(path: &Path) -> Result<File, IoError> {
    loop {
        let (file, _) = open_to_lock(path)?;
        file.lock().map_err(at("lock", path))?;
        // Another one of us may have renamed a new file over it while we waited.
        let ours = file.metadata().map_err(at("stat", path))?;
        match std::fs::metadata(path) {
            Ok(named) if !is_same(&ours, &named) => continue,
            _ => return Ok(file),
        }
    }
}

/// Appends blank lines up to the new length.
fn grow(mut file: &File, old: usize, new: usize) -> std::io::Result<()> {
    file.seek(SeekFrom::Start(old as u64))?;
    let mut missing = new.saturating_sub(old);
    while missing > 0 {
        let piece = missing.min(PAGE);
        file.write_all(&BLANK[..piece])?;
        missing -= piece;
    }
    Ok(())
}

/// Writes all by one call; where the file becomes shorter, blank lines follow until it is cut off.
fn overwrite(mut file: &File, old: &[u8], new: &[u8], kind: Kind) -> std::io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    if new.len() >= old.len() {
        return file.write_all(new);
    }
    let mut padded = new.to_vec();
    if kind != Kind::Note {
        padded.resize(old.len(), b'\n');
    }
    file.write_all(&padded)?;
    file.set_len(new.len() as u64)
}

/// Renames a new file over the one that is locked, if nothing but the content would change by that.
/// `None`, and nothing is changed, where it can't be done: less room may be needed in place.
fn replace_locked(locked: &File, path: &Path, data: &[u8]) -> Option<()> {
    let (dir, name) = (path.parent()?, path.file_name()?.to_string_lossy());
    let old = locked.metadata().ok()?;
    let is_link = !std::fs::symlink_metadata(path).ok()?.is_file();
    if is_link || has_other_names(&old) {
        return None;
    }
    // What others, killed at it, have left. Their locks are gone, and we hold ours.
    for left in tree::names_matching(dir, &name, ".tmp") {
        if is_temporary(&left, &name) {
            let _ = file::remove(&left);
        }
    }
    let mut temp = TempFile::create(dir, &name).ok()?;
    if !has_same_owner(&old, &std::fs::metadata(temp.path()).ok()?) {
        return None;
    }
    temp.write_all(data).ok()?;
    std::fs::set_permissions(temp.path(), old.permissions()).ok()?;
    // A file that is mounted by itself can't be replaced.
    temp.persist(path).ok()
}

/// Whether this is `NAME<number>.tmp`.
fn is_temporary(path: &Path, name: &str) -> bool {
    let found = path.file_name().map(|found| found.to_string_lossy().into_owned());
    let number = found.as_deref().and_then(|found| found.strip_prefix(name)?.strip_suffix(".tmp"));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

/// Replaces a file that never changes once it is complete, under its lock: readers, who take an empty
/// file for an absent one, find all of it or nothing.
///
/// # Errors
/// When the file can't be opened, locked or written.
pub fn replace(path: &Path, data: &[u8]) -> Result<(), IoError> {
    let _file = lock(path)?;
    file::write_atomic(path, data)
}

#[cfg(unix)]
fn is_same(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(unix)]
fn has_other_names(meta: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    meta.nlink() != 1
}

#[cfg(unix)]
fn has_same_owner(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (a.uid(), a.gid()) == (b.uid(), b.gid())
}

#[cfg(not(unix))]
fn is_same(_: &Metadata, _: &Metadata) -> bool {
    true
}

#[cfg(not(unix))]
fn has_other_names(_: &Metadata) -> bool {
    // Where open files can't be renamed over, all is done in place.
    true
}

#[cfg(not(unix))]
fn has_same_owner(_: &Metadata, _: &Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::lock::read_shared;

    fn set(path: &Path, kind: Kind, new: Option<&[u8]>) {
        let new = new.map(<[u8]>::to_vec);
        transform::<IoError>(path, 1 << 20, kind, |_| Ok(new)).unwrap();
    }

    #[test]
    fn grows_shrinks_and_leaves_alone() {
        let dir = tempfile::tempdir().unwrap();
        let long = b"a line of some length\n".repeat(1000);
        for kind in [Kind::Source, Kind::InPlace, Kind::Note] {
            let path = dir.path().join("f");
            let steps: [(Option<&[u8]>, &[u8]); 6] = [
                (Some(b"longer text"), b"longer text"),
                (Some(b"short"), b"short"),
                (None, b"short"),
                (Some(&long), &long),
                (Some(b"short"), b"short"),
                (Some(b""), b""),
            ];
            for (new, want) in steps {
                set(&path, kind, new);
                assert_eq!(read_shared(&path, 1 << 20).unwrap(), want, "{kind:?}");
            }
            assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_known_by_the_file_itself_stays() {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
        let dir = tempfile::tempdir().unwrap();
        let long = b"a line of some length\n".repeat(1000);
        let (path, link, other) =
            (dir.path().join("go.sum"), dir.path().join("link"), dir.path().join("other"));
        let inode = || std::fs::metadata(&path).unwrap().ino();
        std::fs::write(&path, b"x\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        // Through a link: the file that it leads to.
        let before = inode();
        symlink(&path, &link).unwrap();
        set(&link, Kind::Source, Some(&long));
        assert_eq!(inode(), before);
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        // By its own name: replaced, but with its permissions.
        set(&path, Kind::Source, Some(b"y\n"));
        assert_ne!(inode(), before);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        // With another name: in place.
        std::fs::hard_link(&path, &other).unwrap();
        set(&path, Kind::Source, Some(&long));
        assert_eq!(std::fs::read(&other).unwrap(), long);
    }

    #[cfg(unix)]
    #[test]
    fn what_a_killed_one_left_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let names = ["go.sum", "go.sum12.tmp", "go.sum.tmp", "go.sumx.tmp", "go.sum1.tmp.x"];
        for name in names {
            std::fs::write(dir.path().join(name), b"x").unwrap();
        }
        set(&dir.path().join("go.sum"), Kind::Source, Some(&b"line\n".repeat(2000)));
        let left = names.map(|name| dir.path().join(name).exists());
        assert_eq!(left, [true, false, true, true, true]);
    }

    #[test]
    fn who_waited_looks_at_the_name_again() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        let line = "a line of some length\n".repeat(10);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let add = |old: &[u8]| Ok(Some([old, line.as_bytes()].concat()));
                        transform::<IoError>(&path, 1 << 20, Kind::Source, add).unwrap();
                    }
                });
            }
        });
        assert_eq!(read_shared(&path, 1 << 20).unwrap().len(), 160 * line.len());
    }
}
