//! Which files of a package are vendored.
//!
//! All that lie beside its sources but tests and sources that are built for no system, and from go 1.17
//! on go.mod and go.sum; what its sources embed; and from the folders above it, up to the root of its
//! module, licences and the like.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind};
use crate::ops::overlay::Overlay;
use crate::ops::packages::trees::{Entry, entries, source_head, whole_source};
use crate::ops::vendoring::contents::{Contents, Source as Origin};
use crate::spec::goversion;
use crate::spec::imports::tags::Tags;
use crate::spec::imports::{HeaderError, Source, embed, is_go_file};

/// What the names of files begin with that tell of rights.
const METADATA: [&str; 9] = [
    "AUTHORS",
    "CONTRIBUTORS",
    "COPYLEFT",
    "COPYING",
    "COPYRIGHT",
    "LEGAL",
    "LICENSE",
    "NOTICE",
    "PATENTS",
];
/// From this go version on files that would make a folder look like a module are left out.
const WITHOUT_GO_MOD: &str = "1.17";
/// From this go version on what only tests embed is left out.
const WITHOUT_TEST_EMBEDS: &str = "1.22";
/// The most files that one package embeds.
const MAX_EMBEDDED: usize = 1 << 20;

/// What is to be copied where; names are relative to the vendor directory.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// The folders.
    pub folders: BTreeSet<PathBuf>,
    /// The files, by name, with their sources.
    pub files: BTreeMap<PathBuf, PathBuf>,
    /// What is wrong with embedded files.
    pub errors: Vec<String>,
}

/// Finds out which files are vendored.
///
/// # Errors
/// When something can't be read.
pub fn plan(contents: &Contents) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    let mut seen: BTreeSet<(String, PathBuf)> = BTreeSet::new();
    let before = |version| goversion::compare(&contents.go_version, version).is_lt();
    let (keeps_go_mod, embeds_of_tests) = (before(WITHOUT_GO_MOD), before(WITHOUT_TEST_EMBEDS));
    for (path, origin) in &contents.packages {
        plan.package(path, origin, keeps_go_mod)?;
        plan.metadata(path, origin, &mut seen)?;
        plan.embedded(path, origin, embeds_of_tests)?;
    }
    Ok(plan)
}

impl Plan {
    /// The regular files of a folder that `wanted` lets through.
    fn copy(
        &mut self,
        to: &Path,
        from: &Path,
        mut wanted: impl FnMut(&str, &Path) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        self.folders.insert(to.to_path_buf());
        for (name, (kind, path)) in entries(from, &Overlay::default())? {
            if kind == Entry::File && wanted(&name, &path)? {
                self.files.insert(to.join(name), path);
            }
        }
        Ok(())
    }

    fn package(&mut self, path: &str, origin: &Origin, keeps_go_mod: bool) -> Result<(), Error> {
        self.copy(Path::new(path), &origin.dir, |name, path| {
            Ok(match name {
                "go.mod" | "go.sum" => keeps_go_mod,
                name if name.ends_with("_test.go") => false,
                name if name.ends_with(".go") => {
                    let data = source_head(path)?;
                    let source = Source::parse(&data);
                    source.error() == Some(HeaderError::Nul) || source.should_build(&Tags::Any)
                }
                _ => true,
            })
        })
    }

    /// Licences and the like from the folders above a package.
    fn metadata(
        &mut self,
        path: &str,
        origin: &Origin,
        seen: &mut BTreeSet<(String, PathBuf)>,
    ) -> Result<(), Error> {
        let mut to = PathBuf::from(path);
        let mut from = origin.dir.clone();
        let mut is_above = false;
        while seen.insert((origin.module.clone(), to.clone())) {
            if is_above {
                self.copy(&to, &from, |name, _| {
                    Ok(METADATA.iter().any(|prefix| name.starts_with(prefix)))
                })?;
            }
            is_above = true;
            if to == Path::new(&origin.module) || !to.pop() || !from.pop() {
                break;
            }
        }
        Ok(())
    }

    /// What the sources of a package embed.
    fn embedded(&mut self, path: &str, origin: &Origin, with_tests: bool) -> Result<(), Error> {
        let dir = &origin.dir;
        let patterns = match patterns(dir, with_tests)? {
            Ok(patterns) => patterns,
            Err(reason) => {
                let text =
                    format!("internal error: failed to find embedded files of {path}: {reason}");
                return Err(Error::message(ErrorKind::Other, text).bare());
            }
        };
        match resolve(dir, &patterns) {
            Err((pattern, reason)) => {
                self.errors
                    .push(format!("resolving embeds in {path}: pattern {pattern}: {reason}"));
            }
            Ok(files) => {
                for name in files {
                    let to = Path::new(path).join(&name);
                    let from = dir.join(&name);
                    let folders = to.ancestors().skip(1).take_while(|dir| *dir != Path::new(""));
                    self.folders.extend(folders.map(Path::to_path_buf));
                    self.files.entry(to).or_insert(from);
                }
            }
        }
        Ok(())
    }
}

/// The patterns in all sources of a folder; within, what is wrong with a source.
fn patterns(dir: &Path, with_tests: bool) -> Result<Result<BTreeSet<String>, String>, Error> {
    let mut patterns = BTreeSet::new();
    let mut of_tests = BTreeSet::new();
    let mut failed = None;
    let mut first = String::new();
    let mut has_sources = false;
    for (name, (kind, path)) in entries(dir, &Overlay::default())? {
        if !is_go_file(&name) || !matches!(kind, Entry::File | Entry::LinkToFile) {
            continue;
        }
        let data = source_head(&path)?;
        let source = Source::parse(&data);
        if let Some(err) = source.error() {
            failed.get_or_insert(Some(format!("{}: {err}", path.display())));
        }
        let mut package = source.package().to_owned();
        if package == "documentation" {
            continue;
        }
        has_sources = true;
        let is_test = name.ends_with("_test.go");
        if is_test
            && package != first
            && let Some(tested) = package.strip_suffix("_test")
        {
            package = tested.to_owned();
        }
        if first.is_empty() {
            first = package;
        } else if first != package {
            // Packages of different systems may have different names; that is fine, and go then looks
            // at nothing else that may be wrong.
            failed.get_or_insert(None);
        }
        if source.all_imports().iter().any(|path| path == "embed") {
            let found = embed::patterns(&whole_source(&path)?);
            if is_test { &mut of_tests } else { &mut patterns }.extend(found);
        }
    }
    if let Some(Some(reason)) = failed {
        return Ok(Err(reason));
    }
    if !has_sources {
        return Ok(Ok(BTreeSet::new()));
    }
    if with_tests {
        patterns.append(&mut of_tests);
    }
    Ok(Ok(patterns))
}

/// The files that patterns stand for, named from `dir` with slashes; or the pattern that is wrong, and
/// why.
fn resolve(dir: &Path, patterns: &BTreeSet<String>) -> Result<BTreeSet<String>, (String, String)> {
    let mut files = BTreeSet::new();
    for pattern in patterns {
        let failed = |reason: String| (pattern.clone(), reason);
        let Some((glob, all)) = embed::parse(pattern) else {
            return Err(failed("invalid pattern syntax".to_owned()));
        };
        let mut found = BTreeSet::new();
        for name in glob_names(dir, glob) {
            embed_one(dir, &name, all, &mut found).map_err(failed)?;
        }
        if found.is_empty() {
            return Err(failed("no matching files found".to_owned()));
        }
        files.append(&mut found);
        if files.len() > MAX_EMBEDDED {
            return Err(failed(format!("too many files (max is {MAX_EMBEDDED})")));
        }
    }
    Ok(files)
}

/// The names that fit a pattern, element by element.
fn glob_names(dir: &Path, glob: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    for element in glob.split('/') {
        let mut next = Vec::new();
        for name in names {
            let joined = |last: &str| match name.is_empty() {
                true => last.to_owned(),
                false => format!("{name}/{last}"),
            };
            if !embed::has_meta(element) {
                let path = joined(element);
                if std::fs::symlink_metadata(dir.join(&path)).is_ok() {
                    next.push(path);
                }
                continue;
            }
            let Ok(entries) = entries(&dir.join(&name), &Overlay::default()) else { continue };
            let fits = |name: &&String| embed::matches(element, name) == Some(true);
            next.extend(entries.keys().filter(fits).map(|last| joined(last)));
        }
        names = next;
    }
    names
}

/// Adds a file that a pattern matched, or those of a folder.
fn embed_one(
    dir: &Path,
    name: &str,
    all: bool,
    found: &mut BTreeSet<String>,
) -> Result<(), String> {
    let path = dir.join(name);
    let meta = std::fs::symlink_metadata(&path).map_err(|err| err.to_string())?;
    let what = if meta.is_dir() { "directory" } else { "file" };
    for above in Path::new(name).ancestors().take_while(|above| *above != Path::new("")) {
        let is_self = above == Path::new(name);
        let above_path = dir.join(above);
        if above_path.join("go.mod").exists() {
            return Err(format!("cannot embed {what} {name}: in different module"));
        }
        let is_folder = std::fs::symlink_metadata(&above_path).is_ok_and(|meta| meta.is_dir());
        if !is_self && !is_folder {
            let above = above.display();
            return Err(format!("cannot embed {what} {name}: in non-directory {above}"));
        }
        let last = above.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        if embed::is_bad_name(&last) {
            let place = if is_self { "invalid name" } else { "in invalid directory" };
            return Err(format!("cannot embed {what} {name}: {place} {last}"));
        }
    }
    if meta.is_file() {
        found.insert(name.to_owned());
        return Ok(());
    }
    if !meta.is_dir() {
        return Err(format!("cannot embed irregular file {name}"));
    }
    let before = found.len();
    embed_folder(dir, name, all, found)?;
    match found.len() > before || contains_some(found, name) {
        true => Ok(()),
        false => Err(format!("cannot embed directory {name}: contains no embeddable files")),
    }
}

/// Whether files of a folder were added before.
fn contains_some(found: &BTreeSet<String>, folder: &str) -> bool {
    let prefix = format!("{folder}/");
    found.range(prefix.clone()..).next().is_some_and(|name| name.starts_with(&prefix))
}

fn embed_folder(
    dir: &Path,
    folder: &str,
    all: bool,
    found: &mut BTreeSet<String>,
) -> Result<(), String> {
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let path = dir.join(&folder);
        let entries = entries(&path, &Overlay::default()).map_err(|err| err.to_string())?;
        for (last, (kind, path)) in entries {
            let name = format!("{folder}/{last}");
            let is_hidden = last.starts_with(['.', '_']);
            if embed::is_bad_name(&last) || (is_hidden && !all) {
                if kind == Entry::Folder || is_hidden {
                    continue;
                }
                return Err(format!("cannot embed file {name}: invalid name {last}"));
            }
            match kind {
                Entry::Folder if path.join("go.mod").exists() => {}
                Entry::Folder => open.push(name),
                Entry::File => drop(found.insert(name)),
                Entry::LinkToFile | Entry::Other => {}
            }
        }
        if found.len() > MAX_EMBEDDED {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for name in files {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, name).unwrap();
        }
        dir
    }

    fn embedded(dir: &Path, pattern: &str) -> Result<Vec<String>, String> {
        let patterns = BTreeSet::from([pattern.to_owned()]);
        let found = resolve(dir, &patterns).map_err(|(_, reason)| reason)?;
        Ok(found.into_iter().collect())
    }

    #[test]
    fn files_that_are_embedded() {
        let dir = tree(&[
            "a.txt",
            "d/b.txt",
            "d/.hidden",
            "d/_x/y",
            "d/e/c.txt",
            "m/go.mod",
            "m/x",
            "d/n/go.mod",
            "d/n/x",
        ]);
        let found = |pattern| embedded(dir.path(), pattern);
        assert_eq!(found("a.txt").unwrap(), ["a.txt"]);
        assert_eq!(found("d").unwrap(), ["d/b.txt", "d/e/c.txt"]);
        assert_eq!(found("all:d").unwrap(), ["d/.hidden", "d/_x/y", "d/b.txt", "d/e/c.txt"]);
        assert_eq!(found("d/.hidden").unwrap(), ["d/.hidden"]);
        assert_eq!(found("*/*.txt").unwrap(), ["d/b.txt"]);
        assert_eq!(found("d/e/?.txt").unwrap(), ["d/e/c.txt"]);
        for (pattern, reason) in [
            ("x", "no matching files found"),
            ("[", "invalid pattern syntax"),
            ("../a", "invalid pattern syntax"),
            ("m", "cannot embed directory m: in different module"),
            ("m/x", "cannot embed file m/x: in different module"),
            ("d/_x/z", "no matching files found"),
        ] {
            assert_eq!(found(pattern).unwrap_err(), reason, "{pattern}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_can_not_be_embedded() {
        let dir = tree(&["a.txt", "d/.hidden", "e/con", ".git/x", "f/.git/x", "f/y"]);
        std::os::unix::fs::symlink("a.txt", dir.path().join("link")).unwrap();
        std::os::unix::fs::symlink("d", dir.path().join("folder")).unwrap();
        let found = |pattern| embedded(dir.path(), pattern);
        assert_eq!(found("all:f").unwrap(), ["f/y"]);
        for (pattern, reason) in [
            ("link", "cannot embed irregular file link"),
            ("folder/.hidden", "cannot embed file folder/.hidden: in non-directory folder"),
            ("d", "cannot embed directory d: contains no embeddable files"),
            ("e", "cannot embed file e/con: invalid name con"),
            ("e/con", "cannot embed file e/con: invalid name con"),
            (".git/x", "cannot embed file .git/x: in invalid directory .git"),
        ] {
            assert_eq!(found(pattern).unwrap_err(), reason, "{pattern}");
        }
    }
}
