//! Files read whose kind nobody vouches for.
//!
//! In the place of a file there may be a pipe, which would make its reader wait for ever, a device,
//! or something without end. Here nothing but a regular file is read, links to one included, and
//! never more than the caller wants.

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::path::Path;

use crate::sys::error::{IoError, at};

/// How much of two files is compared at a time, in bytes.
const COMPARED: u64 = 64 << 10;

/// Opens a regular file; what is something else, or links to something else, is refused.
///
/// # Errors
/// When it can't be opened. A folder is opened, and fails when it is read from, as with go.
pub fn open(path: &Path) -> Result<File, IoError> {
    match std::fs::metadata(path) {
        Ok(meta) if !meta.is_file() && !meta.is_dir() => {
            Err(IoError::other("open", path, "not a regular file"))
        }
        _ => open_listed(path),
    }
}

/// Opens what a listing of its folder showed to be a regular file. Should it have become something
/// else meanwhile, this does not wait for it.
fn open_listed(path: &Path) -> Result<File, IoError> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits() as i32);
    }
    options.open(path).map_err(|err| match std::fs::symlink_metadata(path) {
        // go looks at each file before it opens it.
        Err(hidden) if hidden.kind() == std::io::ErrorKind::PermissionDenied => {
            IoError::new("lstat", path, &hidden)
        }
        _ => IoError::new("open", path, &err),
    })
}

/// Reads a file from where it stands to its end, at most `limit` bytes, in place of what is in
/// `buffer`; whether that was all.
///
/// # Errors
/// When it can't be read from.
pub fn up_to(
    file: &mut File,
    path: &Path,
    limit: usize,
    buffer: &mut Vec<u8>,
) -> Result<bool, IoError> {
    buffer.clear();
    let size = file.metadata().map_or(0, |meta| meta.len());
    let expected = usize::try_from(size).unwrap_or(limit).min(limit) + 1;
    buffer.reserve(expected);
    // No further than it is said to go, and so without a call that finds the end, unless nothing is said.
    let until = if size == 0 { limit as u64 + 1 } else { size.min(limit as u64 + 1) };
    let read = file.by_ref().take(until).read_to_end(buffer).map_err(at("read", path))?;
    buffer.truncate(limit);
    Ok(read <= limit)
}

/// The first `limit` bytes of a regular file.
///
/// # Errors
/// As for [`open`] and [`up_to`].
pub fn head(path: &Path, limit: usize) -> Result<Vec<u8>, IoError> {
    let mut buffer = Vec::new();
    up_to(&mut open(path)?, path, limit, &mut buffer)?;
    Ok(buffer)
}

/// Whether two regular files have the same content.
///
/// # Errors
/// When one of them can't be opened or read from.
pub fn is_same(a: &Path, b: &Path) -> Result<bool, IoError> {
    let (mut first, mut second) = (open(a)?, open(b)?);
    let size = |file: &File| file.metadata().map(|meta| meta.len()).ok();
    if size(&first) != size(&second) {
        return Ok(false);
    }
    let (mut left, mut right) = (Vec::new(), Vec::new());
    let read = |file: &mut File, path: &Path, buffer: &mut Vec<u8>| {
        buffer.clear();
        file.by_ref().take(COMPARED).read_to_end(buffer).map_err(at("read", path))
    };
    loop {
        read(&mut first, a, &mut left)?;
        read(&mut second, b, &mut right)?;
        if left != right || left.is_empty() {
            return Ok(left == right);
        }
    }
}

/// Something in a tree that is no folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name from the top of the tree, with slashes.
    pub name: OsString,
    /// Whether it is a regular file, rather than a link or something else.
    pub is_file: bool,
}

impl Listed {
    /// Opens it; `path` is where it stands.
    ///
    /// # Errors
    /// As for [`open`].
    pub fn open(&self, path: &Path) -> Result<File, IoError> {
        if self.is_file { open_listed(path) } else { open(path) }
    }
}

/// Everything below `dir` that is no folder, links not followed; `None` if it is more than `limit`.
///
/// # Errors
/// The first folder that can't be read, in the order of their names.
pub fn list(dir: &Path, limit: usize) -> Result<Option<Vec<Listed>>, IoError> {
    let mut found = Vec::new();
    let mut folders = 0;
    // The rest of each folder that is being read, from the top on.
    let mut open = vec![(OsString::new(), entries(dir)?.into_iter())];
    while let Some((folder, rest)) = open.last_mut() {
        let Some(entry) = rest.next() else {
            open.pop();
            continue;
        };
        let name = below(folder, &entry.name);
        if entry.is_dir {
            folders += 1;
            let inner = entries(&dir.join(&name))?;
            open.push((name, inner.into_iter()));
        } else {
            found.push(Listed { name, is_file: entry.is_file });
        }
        if found.len() + folders > limit {
            return Ok(None);
        }
    }
    Ok(Some(found))
}

struct DirEntry {
    name: OsString,
    is_dir: bool,
    is_file: bool,
}

/// What is in a folder, sorted.
fn entries(dir: &Path) -> Result<Vec<DirEntry>, IoError> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(at("open", dir))? {
        let entry = entry.map_err(at("readdirent", dir))?;
        let kind = entry.file_type().map_err(at("lstat", &entry.path()))?;
        let name = entry.file_name();
        entries.push(DirEntry { name, is_dir: kind.is_dir(), is_file: kind.is_file() });
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

fn below(folder: &OsStr, name: &OsStr) -> OsString {
    if folder.is_empty() {
        return name.to_owned();
    }
    let mut path = OsString::with_capacity(folder.len() + 1 + name.len());
    path.push(folder);
    path.push("/");
    path.push(name);
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> tempfile::TempDir {
        let scratch = tempfile::tempdir().unwrap();
        for (name, text) in [("b", "12345"), ("a/x/y", "y"), ("a/z", "z"), ("a.go", "")] {
            let path = scratch.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        std::fs::create_dir(scratch.path().join("empty")).unwrap();
        scratch
    }

    #[test]
    fn a_listing_has_files_and_no_folders() {
        let scratch = tree();
        let listed = list(scratch.path(), 100).unwrap().unwrap();
        let names: Vec<_> = listed.iter().map(|file| file.name.to_str().unwrap()).collect();
        assert_eq!(names, ["a/x/y", "a/z", "a.go", "b"]);
        assert!(listed.iter().all(|file| file.is_file));
        // Four files, and three folders below the top.
        assert!(list(scratch.path(), 7).unwrap().is_some());
        assert!(list(scratch.path(), 6).unwrap().is_none());
        let err = list(&scratch.path().join("none"), 1).unwrap_err();
        assert!(err.is_not_found() && err.op == "open", "{err}");
    }

    #[test]
    fn no_more_is_read_than_wanted() {
        let scratch = tree();
        let path = scratch.path().join("b");
        let mut buffer = vec![1; 10];
        for (limit, want) in [(4, (false, "1234")), (5, (true, "12345")), (6, (true, "12345"))] {
            let is_all = up_to(&mut open(&path).unwrap(), &path, limit, &mut buffer).unwrap();
            assert_eq!((is_all, std::str::from_utf8(&buffer).unwrap()), want);
        }
        let err = head(scratch.path(), 10).unwrap_err();
        assert_eq!(err.op, "read");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_to_files_only() {
        let scratch = tree();
        let path = |name: &str| scratch.path().join(name);
        for (to, name) in [("b", "to-file"), ("/dev/zero", "to-device"), ("none", "to-nothing")] {
            std::os::unix::fs::symlink(to, path(name)).unwrap();
        }
        assert_eq!(head(&path("to-file"), 10).unwrap(), b"12345");
        let err = head(&path("to-device"), 10).unwrap_err();
        assert!(err.to_string().ends_with("/to-device: not a regular file"), "{err}");
        assert!(head(&path("to-nothing"), 10).unwrap_err().is_not_found());
        let listed = list(scratch.path(), 100).unwrap().unwrap();
        assert_eq!(listed.iter().filter(|file| !file.is_file).count(), 3);
    }
}
