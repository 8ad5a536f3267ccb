//! Which files of a repository are in a module's zip.
//!
//! Implements [Module zip files](https://go.dev/ref/mod#zip-files) and the size constraints there, for
//! the other direction: a zip that is to be made. The hash of a module depends on every file that is
//! in or out, so these rules are go's to the letter:
//!
//! - Left out without a word: what lies in another module (a directory with a go.mod, whatever its
//!   case), symbolic links and whatever else is no file, packages in vendor directories, and
//!   `.hg_archival.txt` at the top.
//! - A file of a vendor directory is left out if it lies in a further directory below it. Modules before
//!   go 1.24 leave out all files of a vendor directory that isn't at the top; from 1.24 on,
//!   `vendor/modules.txt` is left out too. What counts is the `go` line of the module itself.
//! - An error, with all the files that cause it: names that [`check_file_path`] refuses, that collide
//!   without regard to case (left out or not), or that are `GO.MOD`; go.mod and LICENSE over 16 MiB.
//! - A module below the top of its repository that has no LICENSE takes the repository's: [`wants_license`].
//!
//! ```
//! use gomodfetch::spec::modzip::choose::{TreeFile, choose};
//! use gomodfetch::spec::module::Version;
//!
//! let paths = ["go.mod", "a.go", "tool/go.mod", "tool/main.go"];
//! let files = paths.map(|path| TreeFile::file(path.as_bytes(), 1));
//! let module = Version::new("example.com/m", "v1.0.0");
//! let chosen = choose(&module, &files, Some(b"module example.com/m\n")).unwrap();
//! assert_eq!(chosen, [0, 1]);
//! ```
//!
//! [`check_file_path`]: crate::spec::module::check_file_path

use std::collections::{BTreeSet, HashSet};

use thiserror::Error;

use super::check::{
    FileError, FileErrorList, FileReason, MAX_FILE_ERRORS, MAX_GO_MOD, MAX_LICENSE, MAX_NODES,
    MAX_ZIP_FILE, is_clean,
};
use super::collide::NameTree;
use super::read::{MAX_ENTRIES, MAX_NAMES};
use crate::spec::goversion;
use crate::spec::modfile;
use crate::spec::module::{self, Version, check_file_path_bytes};
use crate::spec::quote::quote;

/// What stands at a path of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file, executable or not.
    File,
    /// A symbolic link.
    Symlink,
    /// A directory, or a submodule in its place.
    Directory,
    /// Anything else.
    Irregular,
}

/// A file of a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TreeFile<'a> {
    /// The path below the module's directory, with slashes.
    pub path: &'a [u8],
    /// What it is.
    pub kind: Kind,
    /// The size in bytes, as long as it is a file.
    pub size: u64,
}

impl<'a> TreeFile<'a> {
    /// A file of `size` bytes.
    pub fn file(path: &'a [u8], size: u64) -> Self {
        Self { path, kind: Kind::File, size }
    }
}

/// A module zip can't be made.
#[derive(Debug, Error)]
#[error("create zip: {0}")]
pub struct CreateError(#[from] pub CreateReason);

/// Why it can't.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "the message of each says what it means")]
pub enum CreateReason {
    #[error("version {} is not canonical (should be {})", quote(.0), quote(.1))]
    NotCanonical(String, String),
    #[error(transparent)]
    Module(#[from] module::CheckError),
    #[error("module source tree too large (max size is {MAX_ZIP_FILE} bytes)")]
    TooLarge,
    /// More files, or longer names, than a zip is taken with: a guard of ours.
    #[error(
        "module source tree has too many files (limit is {MAX_ENTRIES}, with {MAX_NAMES} bytes of names)"
    )]
    TooMany,
    #[error(transparent)]
    Files(#[from] FileErrorList),
    #[error("file {} is larger than declared size", quote(.0))]
    Grown(String),
    #[error("zip: FileHeader.Name too long")]
    LongName,
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// The files of `files`, by their places, that the zip of `module` is made of, in the same order.
/// `go_mod` is the content of the file `go.mod` among them, if there is one.
///
/// # Errors
/// [`CreateReason`]: a size, or all files that break a rule (at most [`MAX_FILE_ERRORS`]).
pub fn choose(
    module: &Version,
    files: &[TreeFile<'_>],
    go_mod: Option<&[u8]>,
) -> Result<Vec<usize>, CreateError> {
    let canonical = module::canonical_version(&module.version);
    if canonical != *module.version {
        return Err(CreateReason::NotCanonical(module.version.to_string(), canonical).into());
    }
    module::check(&module.path, &module.version).map_err(CreateReason::Module)?;

    let mut chooser = Chooser::new(files, go_mod);
    let mut chosen = Vec::new();
    let mut names = 0;
    for (index, file) in files.iter().enumerate() {
        if file.kind == Kind::Directory {
            continue;
        }
        match chooser.judge(file) {
            Ok(true) => {
                chosen.push(index);
                names += module.path.len() + module.version.len() + 2 + file.path.len();
            }
            Ok(false) => _ = chooser.told.insert(file.path),
            Err(reason) => chooser.refuse(file.path, reason),
        }
        if chosen.len() > MAX_ENTRIES || names > MAX_NAMES || chooser.names.len() > MAX_NODES {
            return Err(CreateReason::TooMany.into());
        }
    }
    if chooser.is_too_large {
        return Err(CreateReason::TooLarge.into());
    }
    if !chooser.errors.is_empty() {
        return Err(CreateReason::Files(FileErrorList(chooser.errors)).into());
    }
    Ok(chosen)
}

/// Whether the LICENSE at the top of the repository belongs into the zip of a module that lies below
/// the top and has these files: then none of them has its name, be it a file or not.
pub fn wants_license(files: &[TreeFile<'_>]) -> bool {
    !files.iter().any(|file| file.path == b"LICENSE" && file.kind != Kind::Directory)
}

/// The rules applied to one file after another.
struct Chooser<'a> {
    /// The directories of other modules, with a slash at the end; none is below another one.
    other_modules: BTreeSet<&'a [u8]>,
    /// Whether the module's own go line is 1.24 or later.
    since_1_24: bool,
    names: NameTree<'a>,
    /// What has been left out or refused, which is done once for each path.
    told: HashSet<&'a [u8]>,
    errors: Vec<FileError>,
    size: u64,
    is_too_large: bool,
}

impl<'a> Chooser<'a> {
    fn new(files: &[TreeFile<'a>], go_mod: Option<&[u8]>) -> Self {
        let mut dirs: Vec<&[u8]> = files.iter().filter_map(dir_of_go_mod).collect();
        dirs.sort_unstable();
        let mut other_modules: BTreeSet<&[u8]> = BTreeSet::new();
        for dir in dirs {
            if !other_modules.last().is_some_and(|outer| dir.starts_with(outer)) {
                other_modules.insert(dir);
            }
        }
        let has_go_mod = |file: &TreeFile<'_>| file.path == b"go.mod" && file.kind == Kind::File;
        Self {
            other_modules,
            since_1_24: files.iter().any(has_go_mod) && go_mod.is_some_and(is_since_1_24),
            names: NameTree::default(),
            told: HashSet::new(),
            errors: Vec::new(),
            size: 0,
            is_too_large: false,
        }
    }

    /// Whether a file is in the zip.
    fn judge(&mut self, file: &TreeFile<'a>) -> Result<bool, FileReason> {
        let path = file.path;
        if !is_clean(path) {
            return Err(FileReason::NotClean);
        }
        if path.starts_with(b"/") {
            return Err(FileReason::NotRelative);
        }
        if is_vendored(path, self.since_1_24)
            || self.is_in_other_module(path)
            || path == b".hg_archival.txt"
        {
            return Ok(false);
        }
        let name = check_file_path_bytes(path)?;
        if name != "go.mod" && name.eq_ignore_ascii_case("go.mod") {
            return Err(FileReason::GoModCase);
        }
        self.names.add(name, false)?;
        if file.kind != Kind::File {
            return Ok(false);
        }
        match self.size.checked_add(file.size) {
            Some(sum) if sum <= MAX_ZIP_FILE => self.size = sum,
            _ => self.is_too_large = true,
        }
        match name {
            "go.mod" if file.size > MAX_GO_MOD => Err(FileReason::GoModSize),
            "LICENSE" if file.size > MAX_LICENSE => Err(FileReason::LicenseSize),
            _ => Ok(true),
        }
    }

    fn is_in_other_module(&self, path: &[u8]) -> bool {
        // None of the directories begins with another one, so only the last of those that stand
        // before the path in order can be a beginning of it.
        let before = self.other_modules.range(..=path).next_back();
        before.is_some_and(|dir| path.starts_with(dir))
    }

    fn refuse(&mut self, path: &'a [u8], reason: FileReason) {
        if self.told.insert(path) && self.errors.len() < MAX_FILE_ERRORS {
            self.errors.push(FileError { path: path.to_owned(), reason });
        }
    }
}

/// The directory, with a slash at the end, of a go.mod that isn't the module's own.
fn dir_of_go_mod<'a>(file: &TreeFile<'a>) -> Option<&'a [u8]> {
    let slash = file.path.iter().rposition(|c| *c == b'/')?;
    let (dir, base) = file.path.split_at_checked(slash + 1)?;
    (file.kind == Kind::File && base.eq_ignore_ascii_case(b"go.mod")).then_some(dir)
}

fn is_since_1_24(go_mod: &[u8]) -> bool {
    let file = modfile::File::parse_lax("go.mod", go_mod, None).ok();
    let version = file.and_then(|file| file.go).map(|go| goversion::lang(&go));
    version.is_some_and(|version| goversion::compare(&version, "1.24").is_ge())
}

/// Whether a path belongs to a package in a vendor directory, by the rule before go 1.24 or since.
fn is_vendored(path: &[u8], since_1_24: bool) -> bool {
    const VENDOR: &[u8] = b"vendor/";
    if since_1_24 && path == b"vendor/modules.txt" {
        return true;
    }
    let start = if path.starts_with(VENDOR) {
        VENDOR.len()
    } else {
        let inner = b"/vendor/";
        let Some(at) = path.windows(inner.len()).position(|window| window == inner) else {
            return false;
        };
        if !since_1_24 {
            // go looked for a slash from the eighth byte of the path on, where it finds this one.
            return true;
        }
        at + inner.len()
    };
    path.get(start..).is_some_and(|rest| rest.contains(&b'/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module() -> Version {
        Version::new("example.com/m", "v1.0.0")
    }

    /// The chosen paths of a tree, or what is wrong. `@` at the end is a symbolic link, `/` a
    /// submodule, `|` a device.
    fn chosen(paths: &[&str], go: &str) -> String {
        let go_mod = format!("module example.com/m\n\n{go}\n");
        let files: Vec<TreeFile<'_>> = paths
            .iter()
            .map(|path| {
                let (kind, cut) = match path.as_bytes().last() {
                    Some(b'@') => (Kind::Symlink, 1),
                    Some(b'/') => (Kind::Directory, 1),
                    Some(b'|') => (Kind::Irregular, 1),
                    _ => (Kind::File, 0),
                };
                TreeFile { path: &path.as_bytes()[..path.len() - cut], kind, size: 1 }
            })
            .collect();
        match choose(&module(), &files, Some(go_mod.as_bytes())) {
            Ok(chosen) => chosen.iter().map(|i| paths[*i]).collect::<Vec<_>>().join(" "),
            Err(err) => err.to_string(),
        }
    }

    #[test]
    fn other_modules_are_left_out() {
        for (paths, want) in [
            (
                &["go.mod", "a/go.mod", "a/b.go", "a.go", "a/b/c/go.mod", "ab/c.go"][..],
                "go.mod a.go ab/c.go",
            ),
            (&["a/Go.MOD", "a/b.go", "b/go.mod@", "b/c.go"], "b/c.go"),
            (&["a/go.mod/", "a/b.go"], "a/b.go"),
            (&["a/go.mod/c.go", "a/b.go"], "a/go.mod/c.go a/b.go"),
            (&["a/go.mod", "a!/x.go", "a-b/c.go", "a/z/y.go", "b.go"], "a!/x.go a-b/c.go b.go"),
        ] {
            assert_eq!(chosen(paths, ""), want, "{paths:?}");
        }
    }

    #[test]
    fn what_is_no_file_is_left_out() {
        let paths =
            ["a.go", "l@", "sub/", "p|", ".hg_archival.txt", "x/.hg_archival.txt", ".git/x"];
        assert_eq!(chosen(&paths, ""), "a.go x/.hg_archival.txt .git/x");
    }

    #[test]
    fn vendor_directories_by_the_go_line() {
        let paths = [
            "go.mod",
            "vendor/modules.txt",
            "vendor/a.go",
            "vendor/x/a.go",
            "pkg/vendor/a.go",
            "pkg/vendor/x/a.go",
            "p/vendor/vendor.go",
            "pkg/vendors/x/a.go",
        ];
        let old = "go.mod vendor/modules.txt vendor/a.go pkg/vendors/x/a.go";
        let new = "go.mod vendor/a.go pkg/vendor/a.go p/vendor/vendor.go pkg/vendors/x/a.go";
        for (go, want) in [
            ("", old),
            ("go 1.23", old),
            ("go 1.23.9", old),
            ("go 1.24rc1", new),
            ("go 1.24", new),
            ("go 2.0", new),
            ("go 1.24.x", new),
            ("go nonsense", old),
        ] {
            assert_eq!(chosen(&paths, go), want, "{go:?}");
        }
        // The go line of another module does not count.
        assert_eq!(chosen(&["vendor/modules.txt"], "go 1.24"), "vendor/modules.txt");
        assert_eq!(chosen(&["go.mod", "p/vendor/a.go"], "go 1.20"), "go.mod");
    }

    #[test]
    fn names_that_are_refused() {
        for (paths, want) in [
            (
                &["a.go", "A.go"][..],
                "A.go: case-insensitive file name collision: \"a.go\" and \"A.go\"",
            ),
            (&["a@", "A"], "A: case-insensitive file name collision: \"a\" and \"A\""),
            (&["a", "a/b"], "a/b: entry \"a\" is both a file and a directory"),
            (&["a", "a"], "a: multiple entries for file \"a\""),
            (&["GO.MOD"], "GO.MOD: go.mod files must have lowercase names"),
            (&["a//b", "a//b"], "a//b: file path is not clean"),
            (&["/a"], "/a: file path is not relative"),
            (
                &["a:b", "c/aux.go"],
                "a:b: malformed file path \"a:b\": invalid char ':'\nc/aux.go: malformed file path \"c/aux.go\": \"aux\" disallowed as path element component on Windows",
            ),
        ] {
            assert_eq!(chosen(paths, ""), format!("create zip: {want}"), "{paths:?}");
        }
    }

    #[test]
    fn sizes_are_limited() {
        let told = |files: &[(&str, u64)]| {
            let files: Vec<_> =
                files.iter().map(|(path, size)| TreeFile::file(path.as_bytes(), *size)).collect();
            choose(&module(), &files, None).map_err(|err| err.to_string())
        };
        let max = MAX_ZIP_FILE;
        assert_eq!(told(&[("a", max - 1), ("b", 1)]), Ok(vec![0, 1]));
        let large = "create zip: module source tree too large (max size is 524288000 bytes)";
        assert_eq!(told(&[("a", max), ("b", 1)]), Err(large.to_owned()));
        assert_eq!(told(&[("a", u64::MAX), ("b:", 1)]), Err(large.to_owned()));
        assert_eq!(
            told(&[("go.mod", MAX_GO_MOD + 1), ("LICENSE", MAX_LICENSE + 1)]),
            Err("create zip: go.mod: go.mod file too large (max size is 16777216 bytes)\n\
                 LICENSE: LICENSE file too large (max size is 16777216 bytes)"
                .to_owned())
        );
        let many: Vec<String> = (0..=MAX_ENTRIES).map(|i| i.to_string()).collect();
        let many: Vec<_> = many.iter().map(|path| TreeFile::file(path.as_bytes(), 0)).collect();
        let err = choose(&module(), &many, None).unwrap_err().to_string();
        assert_eq!(
            err,
            "create zip: module source tree has too many files \
             (limit is 524288, with 67108864 bytes of names)"
        );
    }

    #[test]
    fn the_version_is_judged_first() {
        for (path, version, want) in [
            ("example.com/m", "v1", "version \"v1\" is not canonical (should be \"v1.0.0\")"),
            (
                "example.com/m",
                "v2.0.0",
                "example.com/m@v2.0.0: invalid version: should be v0 or v1, not v2",
            ),
        ] {
            let err = choose(&Version::new(path, version), &[], None).unwrap_err();
            assert_eq!(err.to_string(), format!("create zip: {want}"));
        }
    }

    #[test]
    fn a_license_from_the_top() {
        let file = |path: &'static str| TreeFile::file(path.as_bytes(), 0);
        assert!(wants_license(&[file("a/LICENSE"), file("license")]));
        assert!(!wants_license(&[file("LICENSE")]));
        assert!(!wants_license(&[TreeFile { kind: Kind::Symlink, ..file("LICENSE") }]));
    }
}
