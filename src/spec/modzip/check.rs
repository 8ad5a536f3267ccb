//! The rules for a zip that is to be taken as a module.
//!
//! Implements [Module zip files](https://go.dev/ref/mod#zip-files) of the Go Modules Reference. Go
//! applies them in two steps, with messages of different form:
//!
//! 1. After the download and before the hash: every name begins with `path@version/`.
//!    [`check_prefix`]; the first bad name is the error.
//! 2. Before unpacking, [`check_zip`]: all bad names are listed, one per line, where go puts
//!    `unzip <file>: ` in front of the first.
//!    - The rest of a name is a [valid file path](crate::spec::module::check_file_path), or empty,
//!      or such a path and a slash, for a directory.
//!    - No two files have equal names without regard to case, nor a file and a directory, nor
//!      directories that are spelled differently; a directory may be listed again and again.
//!    - A file `go.mod` stands at the top only, and is spelled so.
//!    - The zip has at most 500 MiB, its files together as well; go.mod and LICENSE at the top have
//!      at most 16 MiB each. Sizes are those that the directory tells; extraction keeps to them.
//!
//! Attributes do not count: a symbolic link becomes a file that holds the target's name.
//!
//! Some guards of ours come on top, which no honest zip runs into: [`CheckError::Overlap`] and
//! [`CheckError::TooManyDirectories`], besides those of [`read`](super::read).
//!
//! Go hashes before the second step and so inflates what it then refuses. Whoever wants to
//! be safe from zip bombs calls [`check_zip`] first.
//!
//! ```
//! use gomodfetch::spec::modzip::{Archive, check_zip};
//! use gomodfetch::spec::module::Version;
//!
//! let empty_zip = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
//! let archive = Archive::open(&empty_zip[..]).unwrap();
//! let checked = check_zip(&archive, &Version::new("example.com/m", "v1.0.0")).unwrap();
//! assert!(checked.files.is_empty());
//! ```

use std::fmt;

use thiserror::Error;

use super::collide::NameTree;
use super::read::{Archive, Entry};
use super::source::ReadAt;
use crate::spec::module::{InvalidPathError, Version, check_file_path_bytes};
use crate::spec::quote::quote;

/// The largest zip, and the largest sum of the files in it: 500 MiB.
pub const MAX_ZIP_FILE: u64 = 500 << 20;
/// The largest go.mod in a zip: 16 MiB.
pub const MAX_GO_MOD: u64 = 16 << 20;
/// The largest LICENSE at the top of a zip: 16 MiB.
pub const MAX_LICENSE: u64 = 16 << 20;
/// How many files and directories may be named, directly or as part of longer names: a
/// guard of ours, since a name of 64 KiB can contain thousands of directories.
pub const MAX_NODES: usize = 1 << 20;
/// How many bad files are listed: go lists all, but a hostile zip has very many.
pub const MAX_FILE_ERRORS: usize = 100;

/// A file stands outside of the module.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("zip for {module} has unexpected file {}", String::from_utf8_lossy(.name))]
pub struct UnexpectedFileError {
    /// The module that the zip is meant to hold.
    pub module: Version,
    /// The full name of the file.
    pub name: Vec<u8>,
}

/// A zip is not that of a module.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CheckError {
    /// The zip itself is too large.
    #[error("module zip file is too large ({size} bytes; limit is {MAX_ZIP_FILE} bytes)")]
    ZipSize {
        /// Its size in bytes.
        size: u64,
    },
    /// The files are too large together.
    #[error(
        "total uncompressed size of module contents too large (max size is {MAX_ZIP_FILE} bytes)"
    )]
    ContentSize,
    /// More data is told than a zip can hold, so that entries share some: a guard of ours, since
    /// each of very many entries could have the same data read again, however long.
    #[error("zip entries overlap (they tell of more than {MAX_ZIP_FILE} bytes of data)")]
    Overlap,
    /// The names have more directories in them than we care to remember: a guard of ours.
    #[error("zip has too many directories (limit is {MAX_NODES} with all files)")]
    TooManyDirectories,
    /// Some files break the rules.
    #[error(transparent)]
    Files(#[from] FileErrorList),
}

/// All files that break the rules, at most [`MAX_FILE_ERRORS`], in the order of the zip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileErrorList(pub Vec<FileError>);

impl std::error::Error for FileErrorList {}

impl fmt::Display for FileErrorList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.0.iter().enumerate() {
            write!(f, "{}{error}", if i > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

/// A file breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}: {reason}", String::from_utf8_lossy(.path))]
pub struct FileError {
    /// The full name.
    pub path: Vec<u8>,
    /// The rule that it breaks.
    pub reason: FileReason,
}

/// The rule that a file breaks.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "the message of each says what it means")]
pub enum FileReason {
    #[error("path does not have prefix {}", quote(.0))]
    Prefix(String),
    #[error("file path is not clean")]
    NotClean,
    #[error("file path is not relative")]
    NotRelative,
    #[error(transparent)]
    Path(#[from] InvalidPathError),
    #[error("case-insensitive file name collision: {} and {}", quote(.0), quote(.1))]
    CaseCollision(String, String),
    #[error("entry {} is both a file and a directory", quote(.0))]
    FileAndDirectory(String),
    #[error("multiple entries for file {}", quote(.0))]
    Multiple(String),
    #[error("go.mod file not in module root directory")]
    GoModPlace,
    #[error("go.mod files must have lowercase names")]
    GoModCase,
    #[error("go.mod file too large (max size is {MAX_GO_MOD} bytes)")]
    GoModSize,
    #[error("LICENSE file too large (max size is {MAX_LICENSE} bytes)")]
    LicenseSize,
}

/// What a zip that follows the rules is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked<'a> {
    /// The files, in the order of the zip.
    pub files: Vec<ModuleFile<'a>>,
    /// The entries that are directories. They count in the hash, like empty files of that name;
    /// unpacking passes over them.
    pub directories: Vec<usize>,
    /// The size of all files together, in bytes.
    pub size: u64,
}

/// A file of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModuleFile<'a> {
    /// The place of its entry in the zip.
    pub index: usize,
    /// The path within the module: relative, clean, with slashes, free of `..`.
    pub path: &'a str,
    /// The size in bytes that the directory tells; never more comes out of the entry.
    pub size: u64,
}

/// The first step: whether all names begin with the module's path and version.
///
/// # Errors
/// The first file that has another name.
pub fn check_prefix<R: ReadAt>(
    archive: &Archive<R>,
    module: &Version,
) -> Result<(), UnexpectedFileError> {
    let prefix = prefix(module);
    match archive.entries().find(|entry| !entry.name.starts_with(prefix.as_bytes())) {
        Some(Entry { name, .. }) => {
            Err(UnexpectedFileError { module: module.clone(), name: name.to_owned() })
        }
        None => Ok(()),
    }
}

/// The second step: all other rules. Path and version of the module are taken to be valid.
///
/// # Errors
/// The size, if it is too large, and all files that break a rule otherwise.
pub fn check_zip<'a, R: ReadAt>(
    archive: &'a Archive<R>,
    module: &Version,
) -> Result<Checked<'a>, CheckError> {
    if archive.size() > MAX_ZIP_FILE {
        return Err(CheckError::ZipSize { size: archive.size() });
    }
    let prefix = prefix(module);
    let mut checker = Checker::default();
    let mut errors = Vec::new();
    for entry in archive.entries() {
        if checker.names.len() > MAX_NODES {
            return Err(CheckError::TooManyDirectories);
        }
        let checked = match entry.name.strip_prefix(prefix.as_bytes()) {
            Some(name) => checker.add(&entry, name),
            None => Err(FileReason::Prefix(prefix.clone())),
        };
        if let Err(reason) = checked
            && errors.len() < MAX_FILE_ERRORS
        {
            errors.push(FileError { path: entry.name.to_owned(), reason });
        }
    }
    if checker.is_too_large {
        return Err(CheckError::ContentSize);
    }
    if !errors.is_empty() {
        return Err(FileErrorList(errors).into());
    }
    let data_len = |entry: Entry<'_>| entry.header.compressed.min(archive.size());
    if archive.entries().map(data_len).sum::<u64>() > MAX_ZIP_FILE {
        return Err(CheckError::Overlap);
    }
    Ok(checker.checked)
}

fn prefix(module: &Version) -> String {
    format!("{}@{}/", module.path, module.version)
}

/// The rules applied to one file after another.
#[derive(Debug, Default)]
struct Checker<'a> {
    checked: Checked<'a>,
    names: NameTree<'a>,
    is_too_large: bool,
}

impl<'a> Checker<'a> {
    /// Adds an entry by its name within the module.
    fn add(&mut self, entry: &Entry<'a>, name: &'a [u8]) -> Result<(), FileReason> {
        if name.is_empty() {
            self.checked.directories.push(entry.index);
            return Ok(());
        }
        let path = name.strip_suffix(b"/").unwrap_or(name);
        if !is_clean(path) {
            return Err(FileReason::NotClean);
        }
        let path = check_file_path_bytes(path)?;
        self.names.add(path, entry.is_dir())?;
        if entry.is_dir() {
            self.checked.directories.push(entry.index);
            return Ok(());
        }
        check_go_mod_name(path)?;
        let size = entry.header.uncompressed;
        match self.checked.size.checked_add(size) {
            Some(sum) if sum <= MAX_ZIP_FILE => self.checked.size = sum,
            _ => self.is_too_large = true,
        }
        match path {
            "go.mod" if size > MAX_GO_MOD => return Err(FileReason::GoModSize),
            "LICENSE" if size > MAX_LICENSE => return Err(FileReason::LicenseSize),
            _ => {}
        }
        self.checked.files.push(ModuleFile { index: entry.index, path, size });
        Ok(())
    }
}

fn check_go_mod_name(path: &str) -> Result<(), FileReason> {
    let base = path.rsplit('/').next().unwrap_or_default();
    match () {
        () if !base.eq_ignore_ascii_case("go.mod") => Ok(()),
        () if base != path => Err(FileReason::GoModPlace),
        () if base != "go.mod" => Err(FileReason::GoModCase),
        () => Ok(()),
    }
}

/// Whether a path is the shortest of those that mean the same, as far as text can tell: without
/// empty elements, `.`, and `..` after anything else.
pub(super) fn is_clean(path: &[u8]) -> bool {
    if path == b"." || path == b"/" {
        return true;
    }
    let relative = path.strip_prefix(b"/").unwrap_or(path);
    let mut upwards = relative.len() == path.len();
    relative.split(|c| *c == b'/').all(|element| match element {
        b"" | b"." => false,
        b".." => upwards,
        _ => {
            upwards = false;
            true
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::testzip::{TestEntry, TestZip};
    use super::*;
    use std::io;

    const PREFIX: &str = "example.com/m@v1.0.0/";

    fn module() -> Version {
        Version::new("example.com/m", "v1.0.0")
    }

    /// The files of a zip with these names within the module, or what is wrong with them. In the
    /// latter, `@` stands for the prefix.
    fn check(names: &[&str]) -> String {
        let entry = |name: &&str| TestEntry::stored(format!("{PREFIX}{name}"), "");
        check_entries(names.iter().map(entry))
    }

    fn check_entries(entries: impl IntoIterator<Item = TestEntry>) -> String {
        let zip = TestZip::of(entries).bytes();
        let archive = Archive::open(&zip[..]).unwrap();
        match check_zip(&archive, &module()) {
            Ok(checked) => {
                for file in &checked.files {
                    let name = archive.entry(file.index).unwrap().name;
                    assert_eq!(name, format!("{PREFIX}{}", file.path).as_bytes());
                }
                let paths: Vec<&str> = checked.files.iter().map(|file| file.path).collect();
                format!("{} files: {}", paths.len(), paths.join(" "))
            }
            Err(error) => error.to_string().replace(PREFIX, "@"),
        }
    }

    #[test]
    fn names_are_judged_as_by_go() {
        for (names, want) in [
            (&[][..], "0 files: "),
            (&["go.mod", "a.go", "d/b.go"], "3 files: go.mod a.go d/b.go"),
            (&["", "d/", "d/", "d/e/", "d/f"], "1 files: d/f"),
            (&["-a", ".b", "c d", "日本", "é", "~1"], "6 files: -a .b c d 日本 é ~1"),
            (&[".."], r#"@..: malformed file path "..": invalid path element "..""#),
            (&["../a"], r#"@../a: malformed file path "../a": invalid path element "..""#),
            (&["a/../b"], "@a/../b: file path is not clean"),
            (&["a//b"], "@a//b: file path is not clean"),
            (&["./a"], "@./a: file path is not clean"),
            (&["/a"], r#"@/a: malformed file path "/a": empty path element"#),
            (&["/../a"], "@/../a: file path is not clean"),
            (&["/"], "@/: file path is not clean"),
            (&["//"], r#"@//: malformed file path "/": trailing slash"#),
            (&["."], r#"@.: malformed file path ".": invalid path element ".""#),
            (&[r"a\b"], r#"@a\b: malformed file path "a\\b": invalid char '\\'"#),
            (&["c:a"], r#"@c:a: malformed file path "c:a": invalid char ':'"#),
            (&["a\n"], "@a\n: malformed file path \"a\\n\": invalid char '\\n'"),
            (
                &["x/AUX.go"],
                r#"@x/AUX.go: malformed file path "x/AUX.go": "AUX" disallowed as path element component on Windows"#,
            ),
            (&["a", "A"], r#"@A: case-insensitive file name collision: "a" and "A""#),
            (&["é", "É"], r#"@É: case-insensitive file name collision: "é" and "É""#),
            (&["a", "a"], r#"@a: multiple entries for file "a""#),
            (&["a", "a/b"], r#"@a/b: entry "a" is both a file and a directory"#),
            (&["a/", "a"], r#"@a: entry "a" is both a file and a directory"#),
            (&["Go.mod"], "@Go.mod: go.mod files must have lowercase names"),
            (&["go.mod/"], "0 files: "),
            (&["d/go.mod"], "@d/go.mod: go.mod file not in module root directory"),
            (&["d/GO.MOD"], "@d/GO.MOD: go.mod file not in module root directory"),
            (
                &["a", "b:", "A", "d/go.mod", "e"],
                "@b:: malformed file path \"b:\": invalid char ':'\n\
                @A: case-insensitive file name collision: \"a\" and \"A\"\n\
                @d/go.mod: go.mod file not in module root directory",
            ),
        ] {
            assert_eq!(check(names), want, "{names:?}");
        }
    }

    #[test]
    fn names_must_be_text() {
        let name = [PREFIX.as_bytes(), b"a\xff"].concat();
        assert_eq!(
            check_entries([TestEntry::stored(name, "")]),
            "@a\u{fffd}: malformed file path \"a\\xff\": invalid UTF-8",
        );
    }

    #[test]
    fn names_have_the_prefix_of_the_module() {
        for (name, ok) in [
            ("example.com/m@v1.0.0/a", true),
            ("example.com/m@v1.0.0/", true),
            ("example.com/m@v1.0.0", false),
            ("example.com/m@v1.0.1/a", false),
            ("Example.com/m@v1.0.0/a", false),
            ("/example.com/m@v1.0.0/a", false),
            ("a", false),
            ("", false),
        ] {
            let zip =
                TestZip::of([TestEntry::stored(PREFIX, ""), TestEntry::stored(name, "")]).bytes();
            let archive = Archive::open(&zip[..]).unwrap();
            let first = check_prefix(&archive, &module()).map_err(|error| error.to_string());
            let second = check_zip(&archive, &module()).map_err(|error| error.to_string());
            if ok {
                assert_eq!(first, Ok(()));
                assert!(second.is_ok());
            } else {
                let want = format!("zip for example.com/m@v1.0.0 has unexpected file {name}");
                assert_eq!(first, Err(want));
                let want = format!(r#"{name}: path does not have prefix "example.com/m@v1.0.0/""#);
                assert_eq!(second, Err(want));
            }
        }
    }

    #[test]
    fn attributes_do_not_count() {
        let link = TestEntry::stored(format!("{PREFIX}link"), "a").with(|entry| {
            (entry.creator, entry.attributes) = (3 << 8, 0o120_777 << 16);
        });
        assert_eq!(check_entries([link]), "1 files: link");
    }

    #[test]
    fn told_sizes_are_limited() {
        let sized = |sizes: &[(&str, u64)]| {
            check_entries(sizes.iter().map(|(name, size)| {
                TestEntry::stored(format!("{PREFIX}{name}"), "").told(|header| {
                    header.uncompressed = *size;
                })
            }))
        };
        const MIB: u64 = 1 << 20;
        let too_large =
            "total uncompressed size of module contents too large (max size is 524288000 bytes)";
        for (sizes, want) in [
            (&[("a", 500 * MIB)][..], "1 files: a"),
            (&[("a", 500 * MIB + 1)], too_large),
            (&[("a", 300 * MIB), ("b", 200 * MIB)], "2 files: a b"),
            (&[("a", 300 * MIB), ("b", 200 * MIB + 1), (":", 0)], too_large),
            (&[("a", 0xffff_ffff), ("b", 1)], too_large),
            (&[("go.mod", 16 * MIB), ("LICENSE", 16 * MIB)], "2 files: go.mod LICENSE"),
            (
                &[("go.mod", 16 * MIB + 1)],
                "@go.mod: go.mod file too large (max size is 16777216 bytes)",
            ),
            (
                &[("LICENSE", 16 * MIB + 1), ("d/LICENSE", 16 * MIB + 1)],
                "@LICENSE: LICENSE file too large (max size is 16777216 bytes)",
            ),
        ] {
            assert_eq!(sized(sizes), want, "{sizes:?}");
        }
    }

    #[test]
    fn directories_are_not_remembered_without_end() {
        let deep = |i| TestEntry::stored(format!("{PREFIX}{i}{}", "/d".repeat(30_000)), "");
        assert!(check_entries((0..30).map(deep)).starts_with("30 files"));
        assert_eq!(
            check_entries((0..36).map(deep)),
            "zip has too many directories (limit is 1048576 with all files)",
        );
    }

    /// A zip with zeros in front, up to a size.
    struct Padded(Vec<u8>, u64);

    impl ReadAt for Padded {
        fn size(&self) -> io::Result<u64> {
            Ok(self.1)
        }

        fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
            let front = self.1 - self.0.len() as u64;
            buf.fill(0);
            let skip = front.saturating_sub(offset).min(buf.len() as u64);
            let rest = &mut buf[skip as usize..];
            Ok(skip as usize + self.0[..].read_at(rest, offset.saturating_sub(front))?)
        }
    }

    #[test]
    fn the_zip_itself_is_limited() {
        let zip = TestZip::of([TestEntry::stored(format!("{PREFIX}a"), "1")]).bytes();
        let fits = Archive::open(Padded(zip.clone(), MAX_ZIP_FILE)).unwrap();
        assert_eq!(check_zip(&fits, &module()).unwrap().size, 1);
        let too_large = Archive::open(Padded(zip, MAX_ZIP_FILE + 1)).unwrap();
        assert_eq!(
            check_zip(&too_large, &module()).unwrap_err().to_string(),
            "module zip file is too large (524288001 bytes; limit is 524288000 bytes)",
        );
    }

    #[test]
    fn data_is_not_shared_without_end() {
        let check = |count: u64| {
            let entry = |i| {
                TestEntry::stored(format!("{PREFIX}{i}"), "four").told(|header| {
                    // Past the end, which as such is left to extraction.
                    header.compressed = 200 << 20;
                })
            };
            let zip = TestZip::of((0..count).map(entry)).bytes();
            let archive = Archive::open(Padded(zip, 100 << 20)).unwrap();
            check_zip(&archive, &module()).map(|checked| checked.files.len())
        };
        assert_eq!(check(5), Ok(5));
        assert_eq!(check(6), Err(CheckError::Overlap));
    }

    #[test]
    fn the_list_of_bad_files_is_bounded() {
        let names: Vec<String> = (0..200).map(|i| format!("{i}:")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(check(&names).lines().count(), MAX_FILE_ERRORS);
    }

    #[test]
    fn clean_paths() {
        for (path, clean) in [
            ("a", true),
            ("a/b", true),
            ("..", true),
            ("../..", true),
            ("../a", true),
            (".", true),
            ("/", true),
            ("/a", true),
            ("", false),
            ("a/", false),
            ("//", false),
            ("./a", false),
            ("a/.", false),
            ("a/..", false),
            ("../a/..", false),
            ("/..", false),
            ("/.", false),
        ] {
            assert_eq!(is_clean(path.as_bytes()), clean, "{path}");
        }
    }
}
