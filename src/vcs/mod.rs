//! Version control: what modules need of a repository, whatever system keeps it.
//!
//! A [`Repo`] is one remote repository, of which as much as was needed so far lies in `cache/vcs`, in
//! the form in which `go` keeps it and under the same locks. Its functions start programs and wait for
//! them and for locks: whoever must not be held up calls them by [`repos::Repos::wait_for`]. Nothing here knows what a
//! module is; that is `source::direct`.
//!
//! Everything that a repository says (names of tags and files, times, sizes) is untrusted.
//!
//! Implements the part of
//! [Mapping versions to commits](https://go.dev/ref/mod#vcs-version) that is about repositories.

use std::io::Read;
use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::spec::goproxy_json::{GoTime, Origin};

pub mod git;
pub mod repos;
pub mod run;
pub mod tar;
pub mod whole;
pub mod workdir;

/// A remote repository. All of it may be called from several threads at once.
pub trait Repo: Send + Sync {
    /// Whether what was found before, as `old` tells, is what would be found now, the module being in
    /// the folder `subdir` (`sub/dir`, or empty for the root).
    ///
    /// # Errors
    /// Anything that says no: what has changed, or why it can't be known.
    fn check_reuse(&self, old: &Origin, subdir: &str) -> Result<(), Error>;

    /// The tags that begin with `prefix`, sorted by name. Their origin has `tag_prefix` and `tag_sum`
    /// (or `repo_sum`), and no `subdir`.
    ///
    /// # Errors
    /// When the repository can't be reached.
    fn tags(&self, prefix: &str) -> Result<Tags, Error>;

    /// What `rev` is, be it a commit, the beginning of its hash, a tag or a branch; fetched if need be.
    ///
    /// # Errors
    /// [`UnknownRevision`] as the cause if there is no such thing: the error then carries the origin
    /// (`repo_sum`) that says so, see [`Error::origin`]. Else when the repository can't be reached.
    fn stat(&self, rev: &str) -> Result<Arc<Revision>, Error>;

    /// The newest commit of the default branch.
    ///
    /// # Errors
    /// [`no_commits`] for an empty repository; else as [`Repo::stat`].
    fn latest(&self) -> Result<Arc<Revision>, Error>;

    /// The content of `file` (`sub/go.mod`) at `rev`.
    ///
    /// # Errors
    /// [`no_file`] if there is none; one of another kind if it is larger than `limit` bytes.
    fn read_file(&self, rev: &str, file: &str, limit: u64) -> Result<Vec<u8>, Error>;

    /// All files below the folder `subdir` (empty for the root) at `rev`.
    ///
    /// # Errors
    /// [`no_file`] if there is no such folder; else when it can't be read or is beyond all bounds.
    fn read_tree(&self, rev: &str, subdir: &str) -> Result<Box<dyn Tree>, Error>;

    /// Of the tags on `rev` and the commits before it, the one with the highest version after `prefix`,
    /// among those that `allowed` lets through.
    ///
    /// # Errors
    /// When that can't be found out; [`ErrorKind::Usage`] where the system has no means to.
    fn recent_tag(
        &self,
        rev: &str,
        prefix: &str,
        allowed: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Option<String>, Error>;

    /// Whether `tag` is on `rev` or on a commit before it.
    ///
    /// # Errors
    /// When that can't be found out.
    fn descends_from(&self, rev: &str, tag: &str) -> Result<bool, Error>;
}

/// One commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Revision {
    /// Its whole name, for git the hash.
    pub name: String,
    /// The name as it stands in pseudo-versions: for git the first twelve digits.
    pub short: String,
    /// The name by which it was asked for, if that is a tag; else [`Revision::name`].
    pub version: String,
    /// When it was committed, in UTC.
    pub time: GoTime,
    /// The tags on it, sorted.
    pub tags: Vec<String>,
    /// Where it was found; without `subdir`.
    pub origin: Option<Origin>,
}

/// The tags of a repository, or those of them that were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags {
    /// What the list depends on.
    pub origin: Option<Origin>,
    /// Sorted by name.
    pub list: Vec<Tag>,
}

/// A tag.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tag {
    /// Its name, such as `sub/v1.2.3`.
    pub name: String,
    /// The commit that it stands for, where that is known.
    pub hash: String,
}

/// The files of one commit: first their names, then the content of those that are wanted.
pub trait Tree: Send {
    /// All files, in the order of the archive; no folders.
    fn entries(&self) -> &[Entry];
    /// The content of the entry with this index, of exactly its size.
    ///
    /// # Errors
    /// When there is no such entry, or it can't be read.
    fn open(&self, index: usize) -> Result<Box<dyn Read + '_>, Error>;
}

/// A file of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its path from the folder that was asked for, with `/` between the parts. Not checked in any way.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: EntryKind,
    /// Its size in bytes.
    pub size: u64,
}

/// What a file of a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file, be it executable or not.
    File,
    /// A symbolic link; its content is where it leads to.
    Symlink,
    /// Something else.
    Other,
}

/// There is no such revision.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("unknown revision {0}")]
pub struct UnknownRevision(pub String);

/// The repository, or the module in it, has no commits.
pub fn no_commits() -> Error {
    Error::message(ErrorKind::NotFound, "no commits")
}

/// There is no such file at that revision.
pub fn no_file() -> Error {
    Error::message(ErrorKind::NotFound, "file does not exist")
}

/// `rev` is unknown, as `origin` says.
pub fn unknown_revision(rev: &str, origin: Option<Origin>) -> Error {
    Error::new(ErrorKind::NotFound, UnknownRevision(rev.to_owned())).with_origin(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_not_found() {
        let origin = Origin { vcs: "git".to_owned(), ..Origin::default() };
        let unknown = unknown_revision("v9", Some(origin.clone()));
        assert_eq!(unknown.origin(), Some(&origin));
        for (err, want) in [
            (unknown, "unknown revision v9"),
            (no_file(), "file does not exist"),
            (no_commits(), "no commits"),
        ] {
            assert!(err.is_not_found());
            assert_eq!(err.to_string(), want);
        }
    }
}
