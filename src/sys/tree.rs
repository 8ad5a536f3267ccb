//! Directory trees that are read-only when they are finished.

use std::path::{Path, PathBuf};

use crate::sys::error::{IoError, at};

/// Removes `dir` and all below it, first making its directories writable.
///
/// Nothing there is fine. Symbolic links are removed, never followed.
///
/// # Errors
/// When something can't be removed.
pub fn remove_all(dir: &Path) -> Result<(), IoError> {
    let meta = match std::fs::symlink_metadata(dir) {
        Ok(meta) => meta,
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(err) => return Err(IoError::new("remove", dir, &err)),
    };
    if !meta.is_dir() {
        return std::fs::remove_file(dir).map_err(at("remove", dir));
    }
    let mut directories = vec![dir.to_path_buf()];
    let mut next = 0;
    while next < directories.len() {
        let current = directories[next].clone();
        next += 1;
        make_writable(&current);
        let Ok(entries) = std::fs::read_dir(&current) else { continue };
        for entry in entries.flatten() {
            if entry.file_type().is_ok_and(|t| t.is_dir()) {
                directories.push(entry.path());
            }
        }
    }
    std::fs::remove_dir_all(dir).map_err(at("remove", dir))
}

/// Removes the folders above `path` that have become empty, up to but not including `top`.
///
/// Best effort: a folder that somebody fills at this moment stays.
pub fn remove_empty_parents(path: &Path, top: &Path) {
    for dir in path.ancestors().skip(1) {
        if dir == top || !dir.starts_with(top) || std::fs::remove_dir(dir).is_err() {
            return;
        }
    }
}

/// Takes the write bits from each of `directories`, which the caller has made, all in the same way, and
/// lists parents first.
///
/// Children are changed before their parents. Failing to is no error, as with go: the tree is
/// complete, only less protected.
pub fn make_read_only(directories: &[PathBuf]) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Made by one process in one tree, they have the same bits: it is enough to look once.
        let Some(top) = directories.first().and_then(|dir| std::fs::symlink_metadata(dir).ok())
        else {
            return;
        };
        let mode = top.permissions().mode() & 0o7777;
        let wanted = std::fs::Permissions::from_mode(mode & !0o222);
        for dir in directories.iter().rev().filter(|_| mode & 0o222 != 0) {
            let _ = std::fs::set_permissions(dir, wanted.clone());
        }
    }
    // Windows ignores the read-only attribute of directories; go does nothing there either.
    #[cfg(not(unix))]
    let _ = directories;
}

/// Gives the owner all rights on one directory. Failing to shows in what needs them.
pub fn make_writable(dir: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let Ok(meta) = std::fs::symlink_metadata(dir) else { return };
        let mode = meta.permissions().mode() & 0o7777;
        if mode | 0o700 != mode {
            let wanted = std::fs::Permissions::from_mode(mode | 0o700);
            let _ = std::fs::set_permissions(dir, wanted);
        }
    }
    #[cfg(not(unix))]
    let _ = dir;
}

/// All files below `dir`, by name; links are not followed.
///
/// # Errors
/// When a directory, `dir` first of all, can't be read.
pub fn files(dir: &Path) -> Result<Vec<PathBuf>, IoError> {
    let mut files = Vec::new();
    let mut directories = vec![dir.to_path_buf()];
    while let Some(current) = directories.pop() {
        for entry in std::fs::read_dir(&current).map_err(at("open", &current))? {
            let entry = entry.map_err(at("readdir", &current))?;
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                directories.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Whether somebody may execute the file. Always, where the system knows no such permission.
///
/// # Errors
/// When there is no such file.
pub fn is_executable(path: &Path) -> Result<bool, IoError> {
    let meta = std::fs::metadata(path).map_err(at("stat", path))?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        Ok(meta.permissions().mode() & 0o111 != 0)
    }
    #[cfg(not(unix))]
    Ok(meta.is_file())
}

/// Lets everybody execute the files.
///
/// # Errors
/// When one of them can't be changed.
pub fn add_executable_bits(files: &[PathBuf]) -> Result<(), IoError> {
    #[cfg(unix)]
    for file in files {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(file).map_err(at("stat", file))?.permissions().mode();
        let permissions = std::fs::Permissions::from_mode(mode & 0o777 | 0o111);
        std::fs::set_permissions(file, permissions).map_err(at("chmod", file))?;
    }
    #[cfg(not(unix))]
    let _ = files;
    Ok(())
}

/// Copies a file within one directory, which may be read-only, and gives the copy its permissions.
///
/// Somebody else may do the same at this moment: what is there already is written over, not cut.
///
/// # Errors
/// When the copy can't be made.
pub fn copy_within_read_only(from: &Path, to: &Path) -> Result<(), IoError> {
    use std::io::Write;
    let dir = to.parent().unwrap_or(to);
    let before = std::fs::metadata(dir).map_err(at("stat", dir))?.permissions();
    let data = std::fs::read(from).map_err(at("open", from))?;
    make_writable(dir);
    let copied = (|| {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(false);
        let mut file = options.open(to).map_err(at("open", to))?;
        file.write_all(&data).map_err(at("write", to))?;
        let permissions = std::fs::metadata(from).map_err(at("stat", from))?.permissions();
        file.set_permissions(permissions).map_err(at("chmod", to))
    })();
    // As with the tree: failing to protect it again is no error.
    let _ = std::fs::set_permissions(dir, before);
    copied
}

/// Names in `dir` that start with `prefix` and end with `suffix`; none if it can't be read.
pub fn names_matching(dir: &Path, prefix: &str, suffix: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    entries
        .flatten()
        .filter(|entry| {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            name.len() >= prefix.len() + suffix.len()
                && name.starts_with(prefix)
                && name.ends_with(suffix)
        })
        .map(|entry| entry.path())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn removes_a_read_only_tree() {
        let scratch = tempfile::tempdir().unwrap();
        let top = scratch.path().join("top");
        let sub = top.join("sub");
        std::fs::create_dir_all(&sub).unwrap();
        std::fs::write(sub.join("file"), b"x").unwrap();
        make_read_only(&[top.clone(), sub]);
        remove_all(&top).unwrap();
        assert!(!top.exists());
        remove_all(&top).unwrap();
    }

    #[test]
    fn only_empty_parents_go() {
        let scratch = tempfile::tempdir().unwrap();
        let top = scratch.path();
        std::fs::create_dir_all(top.join("a/b/c")).unwrap();
        std::fs::create_dir_all(top.join("a/other")).unwrap();
        remove_empty_parents(&top.join("a/b/c/gone"), top);
        assert!(!top.join("a/b").exists());
        assert!(top.join("a/other").exists());
        std::fs::remove_dir(top.join("a/other")).unwrap();
        remove_empty_parents(&top.join("a/other"), top);
        assert!(top.exists() && !top.join("a").exists());
    }

    #[test]
    fn names_need_both_ends() {
        let scratch = tempfile::tempdir().unwrap();
        for name in ["v1.zip7.tmp", "v1.zip.tmp", "v1.zip", "v10.zip7.tmp"] {
            std::fs::write(scratch.path().join(name), b"").unwrap();
        }
        assert_eq!(names_matching(scratch.path(), "v1.zip", ".tmp").len(), 2);
    }
}
