//! Where a module path says that its repository is: go-import pages, and hosts that need none.
//!
//! Implements [Finding a repository for a module path](https://go.dev/ref/mod#vcs-find).
//!
//! | file       | what it knows                                                              |
//! |------------|----------------------------------------------------------------------------|
//! | [`sites`]  | the hosts whose paths tell it, and paths such as `example.com/x.git/y`      |
//! | [`page`]   | the tags of a page, read as leniently and as strictly as go does           |
//!
//! A page is asked for at `https://PATH?go-get=1`, and names repositories in tags like this one:
//!
//! ```text
//! <meta name="go-import" content="PREFIX VCS REPOSITORY [SUBDIRECTORY]">
//! ```
//!
//! - Of a page that ends nowhere or is no HTML, what stands before counts, if anything does.
//! - `VCS` may be `mod`: then `REPOSITORY` is a module proxy. Such a tag displaces others of its prefix.
//! - Exactly one tag must have a prefix that the path begins with ([`choose`]); and where that prefix
//!   isn't the whole path, the prefix's own page must say the same. That is the caller's part.
//!
//! ```
//! use gomodfetch::spec::goimport::{choose, page};
//!
//! let html = r#"<head><meta name=go-import content="example.com/m git https://git.example.com/m">"#;
//! let tags = page::tags(html.as_bytes()).unwrap();
//! assert_eq!(choose(&tags, "example.com/m/sub").unwrap().repository, "https://git.example.com/m");
//! ```

use std::fmt;

use thiserror::Error;

use crate::spec::gourl::{GoUrl, UrlError};
use crate::spec::quote::quote;

pub mod page;
pub mod sites;
mod tokens;

pub use sites::Site;
pub use tokens::PageError;

/// A version control system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum System {
    /// Git.
    Git,
    /// Mercurial.
    Hg,
    /// Subversion.
    Svn,
    /// Bazaar.
    Bzr,
    /// Fossil.
    Fossil,
}

impl System {
    /// All of them.
    pub const ALL: [System; 5] =
        [System::Hg, System::Git, System::Svn, System::Bzr, System::Fossil];

    /// Its name in settings and pages, which is that of its program.
    pub fn name(self) -> &'static str {
        match self {
            System::Git => "git",
            System::Hg => "hg",
            System::Svn => "svn",
            System::Bzr => "bzr",
            System::Fossil => "fossil",
        }
    }

    /// Its full name.
    pub fn title(self) -> &'static str {
        match self {
            System::Git => "Git",
            System::Hg => "Mercurial",
            System::Svn => "Subversion",
            System::Bzr => "Bazaar",
            System::Fossil => "Fossil",
        }
    }

    /// The one of this name.
    pub fn of(name: &str) -> Option<System> {
        System::ALL.into_iter().find(|system| system.name() == name)
    }

    /// The schemes in which its repositories may be had, in the order in which they are tried.
    pub fn schemes(self) -> &'static [&'static str] {
        match self {
            System::Git => &["git", "https", "http", "git+ssh", "ssh"],
            System::Hg => &["https", "http", "ssh"],
            System::Svn => &["https", "http", "svn", "svn+ssh"],
            System::Bzr => &["https", "http", "bzr", "bzr+ssh"],
            System::Fossil => &["https", "http"],
        }
    }

    /// Whether what comes by this scheme can't have been changed on its way. `allowed` is the value of
    /// GIT_ALLOW_PROTOCOL, which decides for git where it is set.
    pub fn is_secure(self, scheme: &str, allowed: &str) -> bool {
        if self == System::Git && !allowed.is_empty() {
            return allowed.split(':').any(|one| one == scheme);
        }
        matches!(scheme, "https" | "git+ssh" | "bzr+ssh" | "svn+ssh" | "ssh")
    }
}

/// A go-import tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// The beginning of the module paths that it is about.
    pub prefix: String,
    /// The system's name, or `mod`.
    pub vcs: String,
    /// The address of the repository, or of the proxy.
    pub repository: String,
    /// The directory within the repository that the prefix stands for; mostly empty.
    pub subdirectory: String,
}

/// No tag, or more than one, is about a path.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ChooseError {
    /// More than one.
    #[error("multiple meta tags match import path {}", quote(.0))]
    Multiple(String),
    /// None.
    #[error("{0}")]
    Mismatch(Mismatch),
}

/// The prefixes of a page, none of which is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    path: String,
    prefixes: Vec<String>,
}

/// How many prefixes an error tells: go tells all.
const MAX_PREFIXES: usize = 10;

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, prefix) in self.prefixes.iter().enumerate() {
            let before = if i > 0 { ", " } else { "" };
            write!(f, "{before}meta tag {prefix} did not match import path {}", self.path)?;
        }
        Ok(())
    }
}

/// A repository's address, or a directory in it, that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "the message of each says what it means")]
pub enum PlaceError {
    #[error("leading slash")]
    LeadingSlash,
    #[error("leading hyphen")]
    LeadingHyphen,
    #[error(transparent)]
    Url(#[from] UrlError),
    #[error("no scheme")]
    NoScheme,
    #[error("file scheme disallowed")]
    File,
}

/// The tag that is about `path`.
///
/// # Errors
/// [`ChooseError`].
pub fn choose<'a>(tags: &'a [Tag], path: &str) -> Result<&'a Tag, ChooseError> {
    let mut found: Option<&Tag> = None;
    let mut prefixes = Vec::new();
    for tag in tags {
        if !has_prefix(path, &tag.prefix) {
            if prefixes.len() < MAX_PREFIXES {
                prefixes.push(tag.prefix.clone());
            }
            continue;
        }
        match found {
            None => found = Some(tag),
            // Those of proxies come first; what follows doesn't matter once there is one.
            Some(first) if first.vcs == "mod" && tag.vcs != "mod" => break,
            Some(_) => return Err(ChooseError::Multiple(path.to_owned())),
        }
    }
    found.ok_or_else(|| ChooseError::Mismatch(Mismatch { path: path.to_owned(), prefixes }))
}

/// Whether `path` is `prefix` or lies below it.
pub fn has_prefix(path: &str, prefix: &str) -> bool {
    match path.strip_prefix(prefix) {
        Some(rest) => {
            rest.is_empty() || rest.starts_with('/') || prefix.is_empty() || prefix.ends_with('/')
        }
        None => false,
    }
}

/// Checks the directory that a tag names.
///
/// # Errors
/// The first two of [`PlaceError`].
pub fn check_subdirectory(subdirectory: &str) -> Result<(), PlaceError> {
    match subdirectory.as_bytes().first() {
        Some(b'/') => Err(PlaceError::LeadingSlash),
        Some(b'-') => Err(PlaceError::LeadingHyphen),
        _ => Ok(()),
    }
}

/// Checks the address that a tag names: it must have a scheme, and not `file`.
///
/// # Errors
/// The last three of [`PlaceError`].
pub fn check_repository(repository: &str) -> Result<(), PlaceError> {
    match GoUrl::parse(repository)?.scheme() {
        "" => Err(PlaceError::NoScheme),
        "file" => Err(PlaceError::File),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(prefix: &str, vcs: &str) -> Tag {
        Tag {
            prefix: prefix.to_owned(),
            vcs: vcs.to_owned(),
            repository: "https://r.example.com".to_owned(),
            subdirectory: String::new(),
        }
    }

    #[test]
    fn one_tag_is_chosen() {
        let told = |tags: &[Tag]| match choose(tags, "example.com/a/b") {
            Ok(tag) => format!("{} {}", tag.prefix, tag.vcs),
            Err(err) => err.to_string(),
        };
        let multiple = "multiple meta tags match import path \"example.com/a/b\"";
        for (tags, want) in [
            (vec![tag("example.com/a", "git")], "example.com/a git"),
            (vec![tag("example.com/a", "mod"), tag("example.com", "git")], "example.com/a mod"),
            (vec![tag("example.com/a", "mod"), tag("example.com", "mod")], multiple),
            (vec![tag("example.com/a", "git"), tag("example.com/a/b", "git")], multiple),
            (
                vec![tag("example.com/ab", "git"), tag("example.org", "hg")],
                "meta tag example.com/ab did not match import path example.com/a/b, \
                 meta tag example.org did not match import path example.com/a/b",
            ),
            (vec![], ""),
        ] {
            assert_eq!(told(&tags), want);
        }
    }

    #[test]
    fn prefixes_end_where_elements_do() {
        for (path, prefix, want) in [
            ("a/b", "a", true),
            ("a/b", "a/b", true),
            ("a/b", "a/", true),
            ("ab", "a", false),
            ("a", "a/b", false),
            ("a", "", true),
        ] {
            assert_eq!(has_prefix(path, prefix), want, "{path} {prefix}");
        }
    }

    #[test]
    fn places_are_checked() {
        for (subdirectory, want) in
            [("", ""), ("a/b", ""), ("/a", "leading slash"), ("-a", "leading hyphen")]
        {
            let told = check_subdirectory(subdirectory).err().map(|err| err.to_string());
            assert_eq!(told.unwrap_or_default(), want);
        }
        for (repository, want) in [
            ("https://example.com/r", ""),
            (
                "git@example.com:r",
                "parse \"xxxxx@example.com:r\": first path segment in URL cannot contain colon",
            ),
            ("example.com/r", "no scheme"),
            ("file:///etc", "file scheme disallowed"),
            ("ext::sh -c x", ""),
        ] {
            let told = check_repository(repository).err().map(|err| err.to_string());
            assert_eq!(told.unwrap_or_default(), want, "{repository}");
        }
    }

    #[test]
    fn secure_schemes() {
        assert!(System::Git.is_secure("ssh", ""));
        assert!(!System::Git.is_secure("git", ""));
        assert!(System::Git.is_secure("git", "file:git"));
        assert!(!System::Git.is_secure("https", "git"));
        assert!(System::Hg.is_secure("https", "git"));
        assert_eq!(System::of("bzr"), Some(System::Bzr));
        assert_eq!(System::of("mod"), None);
    }
}
