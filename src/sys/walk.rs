//! Files found below a folder, those left out that .gitignore files name.
//!
//! What a person has set up for the machine alone (git's global excludes, `.git/info/exclude`) does not
//! count: the same folder gives the same files everywhere. Within a repository the .gitignore files from its
//! root on count, and without one those of the folder and below. Links to folders are not followed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use ignore::{DirEntry, WalkBuilder, WalkState};

use crate::sys::IoError;

/// Patterns in the syntax of .gitignore, relative to a folder.
#[derive(Debug, Clone)]
pub struct Patterns(Gitignore);

/// A pattern that means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid pattern {pattern}: {reason}")]
pub struct PatternError {
    pattern: String,
    reason: String,
}

impl Patterns {
    /// None, which exclude nothing.
    pub fn none() -> Patterns {
        Patterns(Gitignore::empty())
    }

    /// These patterns, relative to `root`.
    ///
    /// # Errors
    /// On the first that is malformed.
    pub fn new(root: &Path, patterns: &[String]) -> Result<Patterns, PatternError> {
        let failed = |pattern: &str, err: ignore::Error| {
            let reason = match &err {
                ignore::Error::Glob { err, .. } => err.clone(),
                other => other.to_string(),
            };
            PatternError { pattern: pattern.to_owned(), reason }
        };
        let mut builder = GitignoreBuilder::new(root);
        for pattern in patterns {
            builder.add_line(None, pattern).map_err(|err| failed(pattern, err))?;
        }
        let all = patterns.join(", ");
        builder.build().map(Patterns).map_err(|err| failed(&all, err))
    }

    fn exclude(&self, path: &Path, is_dir: bool) -> bool {
        self.0.matched(path, is_dir).is_ignore()
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The files, sorted.
    pub files: Vec<PathBuf>,
    /// What could not be looked into, sorted.
    pub errors: Vec<IoError>,
}

/// The files below `root` whose name is `wanted`, in no folder that `skip` names, and not among those that
/// `excluded` or .gitignore files name. `root` itself is looked into whatever these say of it.
pub fn find(
    root: &Path,
    excluded: &Patterns,
    skip: impl Fn(&Path) -> bool + Send + Sync + 'static,
    wanted: impl Fn(&OsStr) -> bool + Send + Sync,
) -> Found {
    // Without a repository, files far above must not count, such as one in a home directory.
    let is_in_repository = root.ancestors().any(|dir| dir.join(".git").exists());
    let excluded = excluded.clone();
    let enters = move |entry: &DirEntry| {
        let is_dir = entry.file_type().is_some_and(|kind| kind.is_dir());
        entry.depth() == 0
            || !(excluded.exclude(entry.path(), is_dir) || (is_dir && skip(entry.path())))
    };
    let walk = WalkBuilder::new(root)
        .standard_filters(false)
        .git_ignore(true)
        .parents(is_in_repository)
        .require_git(is_in_repository)
        .follow_links(false)
        .filter_entry(enters)
        .build_parallel();
    let found = Arc::new(Mutex::new(Found::default()));
    let wanted = &wanted;
    walk.run(|| {
        let found = Arc::clone(&found);
        Box::new(move |entry| {
            let add = |add: &dyn Fn(&mut Found)| {
                add(&mut found.lock().unwrap_or_else(PoisonError::into_inner));
            };
            match entry {
                Ok(entry) if wanted(entry.file_name()) && is_file(&entry) => {
                    add(&|found| found.files.push(entry.path().to_path_buf()));
                }
                Ok(_) => {}
                Err(err) => add(&|found| found.errors.extend(failure(root, &err))),
            }
            WalkState::Continue
        })
    });
    let mut found = std::mem::take(&mut *found.lock().unwrap_or_else(PoisonError::into_inner));
    found.files.sort();
    found.errors.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Whether it is a file, or a link to one.
fn is_file(entry: &DirEntry) -> bool {
    match entry.file_type() {
        Some(kind) if kind.is_file() => true,
        Some(kind) if kind.is_symlink() => entry.path().is_file(),
        _ => false,
    }
}

/// The I/O error within; `None` for what is wrong with a .gitignore, which git passes over too.
fn failure(root: &Path, err: &ignore::Error) -> Option<IoError> {
    match err {
        ignore::Error::WithPath { path, err } => failure(path, err),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            failure(root, err)
        }
        ignore::Error::Io(err) => Some(IoError::new("open", root, err)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        dir
    }

    fn names(root: &Path, excluded: &[&str]) -> Vec<String> {
        let excluded: Vec<String> = excluded.iter().map(|text| (*text).to_owned()).collect();
        let excluded = Patterns::new(root, &excluded).unwrap();
        let skip = |dir: &Path| dir.ends_with("skipped");
        let found = find(root, &excluded, skip, |name| name == "f");
        assert!(found.errors.is_empty());
        let name = |path: &PathBuf| path.strip_prefix(root).unwrap().display().to_string();
        found.files.iter().map(name).collect()
    }

    #[test]
    fn files_that_gitignore_leaves() {
        let dir = folder(&[
            (".gitignore", "out\n/top/\n*.tmp\n!keep.tmp\n"),
            ("f", ""),
            ("g", ""),
            (".hidden/f", ""),
            ("_x/f", ""),
            ("out/f", ""),
            ("a/out/f", ""),
            ("top/f", ""),
            ("a/top/f", ""),
            ("a/b.tmp/f", ""),
            ("a/keep.tmp/f", ""),
            ("a/skipped/f", ""),
            ("a/c/.gitignore", "f\n"),
            ("a/c/f", ""),
            ("a/c/d/f", ""),
            ("a/.ignore", "e"),
            ("a/e/f", ""),
        ]);
        let root = dir.path();
        let all = [".hidden/f", "_x/f", "a/e/f", "a/keep.tmp/f", "a/top/f", "f"];
        assert_eq!(names(root, &[]), all);
        // What the folder around says counts within a repository, and only there.
        assert_eq!(names(&root.join("a"), &[]), ["b.tmp/f", "e/f", "keep.tmp/f", "out/f", "top/f"]);
        assert_eq!(names(&root.join("a/skipped"), &[]), ["f"]);
        std::fs::create_dir(root.join(".git")).unwrap();
        assert_eq!(names(&root.join("a"), &[]), ["e/f", "keep.tmp/f", "top/f"]);
        assert_eq!(names(&root.join("out"), &[]), ["f"]);
        assert_eq!(names(root, &["/a", ".hidden/"]), ["_x/f", "f"]);
        assert_eq!(names(root, &["a/*", "!a/top"]), [".hidden/f", "_x/f", "a/top/f", "f"]);
    }

    #[test]
    fn patterns_that_mean_nothing() {
        let err = Patterns::new(Path::new("/"), &["[z-a]".to_owned()]).unwrap_err();
        assert!(err.to_string().starts_with("invalid pattern [z-a]: "), "{err}");
    }

    #[cfg(unix)]
    #[test]
    fn links() {
        let dir = folder(&[("a/f", ""), ("b/g", "")]);
        let link = |to: &str, at: &str| {
            std::os::unix::fs::symlink(to, dir.path().join(at)).unwrap();
        };
        link("..", "a/loop");
        link("a", "c");
        link("g", "b/f");
        assert_eq!(names(dir.path(), &[]), ["a/f", "b/f"]);
        // The folder itself may be one.
        assert_eq!(names(&dir.path().join("c"), &[]), ["f"]);
    }
}
