//! A tree replaced as a whole: the new one is made beside it under a name that no Go tool looks at, and
//! takes its place when it is complete.
//!
//! Whoever is killed before that leaves the old tree as it was, and `.NAME.tmp-N` beside it, which the
//! next one removes: whoever works on such a folder holds a lock on it (not on Windows, where folders
//! have none; there it stays).

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::sys::cores::Cores;
use crate::sys::error::{IoError, at};
use crate::sys::{file, read, tree};

/// A tree in the making.
#[derive(Debug)]
pub struct Replacement {
    target: PathBuf,
    staged: PathBuf,
    /// Locks on the folders that bear, or will bear, the temporary name.
    held: Vec<File>,
}

impl Replacement {
    /// Begins a tree that is to stand at `target`; what is above it is made if it is not there.
    ///
    /// # Errors
    /// When nothing can be made there.
    pub fn of(target: &Path) -> Result<Replacement, IoError> {
        let parent = target.parent().unwrap_or(Path::new("/"));
        file::create_dir_all(parent)?;
        let name = target.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let prefix = format!(".{name}.tmp-");
        remove_left(parent, &prefix);
        loop {
            let staged = parent.join(format!("{prefix}{}", file::unique()));
            file::create_dir(&staged)?;
            let held = hold(&staged);
            // Before it was held somebody may have taken it for left behind.
            if cfg!(unix) && (held.is_none() || !staged.is_dir()) {
                continue;
            }
            return Ok(Replacement {
                target: target.to_path_buf(),
                staged,
                held: held.into_iter().collect(),
            });
        }
    }

    /// Makes folders, mode 0777 less umask, and copies files, mode 0666 less umask, with so many
    /// threads; `files` has the sources by name.
    ///
    /// # Errors
    /// The first in the order of the names.
    pub fn fill(
        &self,
        folders: &BTreeSet<PathBuf>,
        files: &BTreeMap<PathBuf, PathBuf>,
        threads: usize,
    ) -> Result<(), IoError> {
        for folder in folders {
            file::create_dir_all(&self.staged.join(folder))?;
        }
        let all: Vec<(&PathBuf, &PathBuf)> = files.iter().collect();
        let copied = Cores::new(threads).map(&mut (), all.len(), &|| (), &|(), i| {
            let Some((name, from)) = all.get(i) else { return Ok(()) };
            copy(from, &self.staged.join(name))
        });
        copied.into_iter().collect()
    }

    /// Writes a file, mode 0666 less umask.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&self, name: &str, data: &[u8]) -> Result<(), IoError> {
        let path = self.staged.join(name);
        let mut file = create(&path)?;
        file.write_all(data).map_err(at("write", &path))
    }

    /// Puts the tree in place of the old one, which is then removed.
    ///
    /// # Errors
    /// When the system refuses; the old tree then stays, or could not be removed.
    pub fn publish(mut self) -> Result<(), IoError> {
        if std::fs::symlink_metadata(&self.target).is_err() {
            return file::rename(&self.staged, &self.target);
        }
        self.held.extend(hold(&self.target));
        // Afterwards the old tree has the name of the new one, and is removed as that would be.
        if exchange(&self.staged, &self.target) {
            return tree::remove_all(&self.staged);
        }
        let old = self.staged.with_extension(format!("old-{}", file::unique()));
        file::rename(&self.target, &old)?;
        if let Err(err) = file::rename(&self.staged, &self.target) {
            // Nothing is left to be done if this fails, too.
            let _ = file::rename(&old, &self.target);
            return Err(err);
        }
        tree::remove_all(&old)
    }

    /// Removes the old tree and puts nothing in its place.
    ///
    /// # Errors
    /// When it can't be removed.
    pub fn remove(self) -> Result<(), IoError> {
        tree::remove_all(&self.target)
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        // Best effort: there may be another failure to tell of already.
        let _ = tree::remove_all(&self.staged);
    }
}

/// Removes what killed runs have left of trees in the making. Best effort: none of it is in the way.
fn remove_left(parent: &Path, prefix: &str) {
    if cfg!(unix) {
        for left in tree::names_matching(parent, prefix, "") {
            if let Some(_held) = hold(&left) {
                let _ = tree::remove_all(&left);
            }
        }
    }
}

/// Holds a folder until the result is dropped; `None` if somebody else does, or folders can't be held.
fn hold(dir: &Path) -> Option<File> {
    let meta = std::fs::symlink_metadata(dir).ok()?;
    let file = meta.is_dir().then(|| File::open(dir).ok())??;
    file.try_lock().is_ok().then_some(file)
}

/// Lets two trees change their names in one step; false where the system can't.
fn exchange(a: &Path, b: &Path) -> bool {
    #[cfg(any(target_os = "linux", target_os = "android", target_os = "macos"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE).is_ok()
    }
    #[cfg(not(any(target_os = "linux", target_os = "android", target_os = "macos")))]
    {
        let _ = (a, b);
        false
    }
}

fn create(path: &Path) -> Result<File, IoError> {
    File::create_new(path).map_err(at("open", path))
}

fn copy(from: &Path, to: &Path) -> Result<(), IoError> {
    let mut source = read::open(from)?;
    let mut copy = create(to)?;
    std::io::copy(&mut source, &mut copy).map_err(at("write", to))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(replacement: &Replacement, dir: &Path) -> Result<(), IoError> {
        let folders = BTreeSet::from([PathBuf::from("a/b"), PathBuf::from("empty")]);
        let files = BTreeMap::from([(PathBuf::from("a/b/c"), dir.join("source"))]);
        replacement.fill(&folders, &files, 2)
    }

    fn names(dir: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(dir).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_new_takes_the_place_of_the_old() {
        let scratch = tempfile::tempdir().unwrap();
        let dir = scratch.path();
        std::fs::write(dir.join("source"), "text").unwrap();
        let target = dir.join("above/tree");
        for _ in 0..2 {
            let replacement = Replacement::of(&target).unwrap();
            fill(&replacement, dir).unwrap();
            replacement.write("list", b"x").unwrap();
            replacement.publish().unwrap();
            assert_eq!(std::fs::read(target.join("a/b/c")).unwrap(), b"text");
            assert_eq!(names(&target), ["a", "empty", "list"]);
            assert_eq!(names(&dir.join("above")), ["tree"]);
            std::fs::write(target.join("old"), "").unwrap();
        }
        Replacement::of(&target).unwrap().remove().unwrap();
        assert!(names(&dir.join("above")).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn what_a_killed_run_left_is_removed_and_what_is_in_the_making_is_not() {
        let scratch = tempfile::tempdir().unwrap();
        let dir = scratch.path();
        for name in [".tree.tmp-1/a", ".tree.tmp-2", ".tree.tmpx", "tree/old", ".other.tmp-1"] {
            std::fs::create_dir_all(dir.join(name)).unwrap();
        }
        std::fs::write(dir.join(".tree.tmp-3"), "a file").unwrap();
        let first = Replacement::of(&dir.join("tree")).unwrap();
        let second = Replacement::of(&dir.join("tree")).unwrap();
        assert!(first.staged.is_dir());
        first.publish().unwrap();
        second.publish().unwrap();
        let kept = [".other.tmp-1", ".tree.tmp-3", ".tree.tmpx", "tree"];
        assert_eq!(names(dir), kept);
        assert!(names(&dir.join("tree")).is_empty());
    }

    #[test]
    fn what_is_not_published_leaves_nothing() {
        let scratch = tempfile::tempdir().unwrap();
        let dir = scratch.path();
        std::fs::create_dir(dir.join("tree")).unwrap();
        let replacement = Replacement::of(&dir.join("tree")).unwrap();
        assert!(fill(&replacement, dir).unwrap_err().is_not_found());
        drop(replacement);
        assert_eq!(names(dir), ["tree"]);
    }
}
