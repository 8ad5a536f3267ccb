//! Where the source files of modules stand, and what lies there.
//!
//! A tree of the module cache is complete and has no module within it; a local one, of a main module
//! or one that a directory replaces, may hold folders with a go.mod of their own, which are other
//! modules. Files that `-overlay` puts in place of others are seen here as they are by go.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::FileType;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::error::{Error, ErrorKind};
use crate::event::{Event, Observer};
use crate::ops::load::Loaded;
use crate::ops::overlay::Overlay;
use crate::ops::packages::error::PackageError;
use crate::pipeline::{Downloaded, Pipeline};
use crate::plan::MainModules;
use crate::spec::imports::tags::Tags;
use crate::spec::imports::{Source, is_go_file, is_magic, is_valid};
use crate::spec::module::Version;
use crate::sys::IoError;
use crate::sys::once::OnceMap;
use crate::sys::read;

/// How much of a source file is read at first: nearly always its imports end before that.
const HEAD: usize = 16 << 10;
/// Largest source file; module zips can't hold more.
const MAX_SOURCE: usize = 512 << 20;

/// The tree of a module.
#[derive(Debug, Clone)]
pub struct Tree {
    /// Where it stands.
    pub root: PathBuf,
    /// Whether it may hold other modules.
    pub is_local: bool,
}

/// Why there is no tree.
#[derive(Debug, Clone)]
pub enum NoTree {
    /// go.sum has no sum of the module, and must have one.
    MissingSum,
    /// Anything else.
    Failed(Error),
}

/// The trees of an operation's modules, each fetched once.
#[derive(Default)]
pub struct Trees {
    fetched: OnceMap<Version, Result<PathBuf, Error>>,
    /// Nothing where the zips alone are wanted.
    all_files: Option<AllFiles>,
}

/// What becomes of all files of each module.
struct AllFiles {
    /// Who is told of each, since their number shows only at the end.
    observer: Arc<dyn Observer>,
    downloaded: Mutex<HashMap<Version, Downloaded>>,
}

impl Trees {
    /// Trees that are fetched together with what else `go mod download` leaves of a module. `observer` is
    /// told of each module that is looked at.
    pub fn with_all_files(observer: Arc<dyn Observer>) -> Trees {
        let downloaded = Mutex::default();
        Trees { all_files: Some(AllFiles { observer, downloaded }), ..Trees::default() }
    }

    /// What became of each module that was fetched with all files.
    pub fn into_downloaded(self) -> HashMap<Version, Downloaded> {
        let all = self.all_files.map(|all| all.downloaded.into_inner());
        all.map(|all| all.unwrap_or_else(PoisonError::into_inner)).unwrap_or_default()
    }

    /// The tree of `module`, or of what replaces it, downloaded if need be.
    ///
    /// # Errors
    /// When it can't be had.
    pub async fn get(&self, loaded: &Loaded, module: &Version) -> Result<Tree, NoTree> {
        let main = &loaded.main;
        if module.version.is_empty()
            && let Some(main) = main.get(&module.path)
        {
            return Ok(Tree { root: main.root.clone(), is_local: true });
        }
        main.check_replacement(module).map_err(NoTree::Failed)?;
        let actual = main.resolve(module);
        if actual.version.is_empty() {
            return replacing_directory(main, module, &actual);
        }
        if main.must_have_sums() && !loaded.pipeline.verifier().gosum().has(&actual) {
            return Err(NoTree::MissingSum);
        }
        let fetch = || self.fetch(&loaded.pipeline, &actual);
        let root = self.fetched.get_or(&actual, fetch).await.map_err(NoTree::Failed)?;
        Ok(Tree { root, is_local: false })
    }
}

impl Trees {
    async fn fetch(&self, pipeline: &Arc<Pipeline>, module: &Version) -> Result<PathBuf, Error> {
        if let Some(AllFiles { observer, downloaded: all }) = &self.all_files {
            let modules = Arc::new(HashSet::from([module.clone()]));
            observer.event(&Event::ZipsPlanned { modules });
            let download = Box::pin(Arc::clone(pipeline).download(module.clone(), None));
            if let Some(done) = download.await {
                // Of a module whose .info or go.mod can't be had there is no zip.
                let result = done.zip.as_ref().map(drop).map_err(Error::clone);
                all.lock().unwrap_or_else(PoisonError::into_inner).insert(module.clone(), done);
                result?;
            }
        }
        pipeline.tree(module).await
    }
}

fn replacing_directory(
    main: &MainModules,
    module: &Version,
    actual: &Version,
) -> Result<Tree, NoTree> {
    let root = main.directory(actual);
    let Err(err) = std::fs::metadata(&root) else { return Ok(Tree { root, is_local: true }) };
    let text = match err.kind() {
        std::io::ErrorKind::NotFound => {
            format!("replacement directory {} does not exist", actual.path)
        }
        _ => {
            let err = IoError::new("stat", &root, &err);
            format!("replacement directory {}: {err}", actual.path)
        }
    };
    Err(NoTree::Failed(Error::message(ErrorKind::Other, text).of_module(module)))
}

/// The folder of a package in the tree of a module, should the module have it; `None` where it can't
/// have it: another path, or a folder that belongs to another module.
pub fn directory(path: &str, module_path: &str, tree: &Tree, overlay: &Overlay) -> Option<PathBuf> {
    let rest = path.strip_prefix(module_path)?;
    if rest.is_empty() {
        return Some(tree.root.clone());
    }
    let below = if module_path.is_empty() { rest } else { rest.strip_prefix('/')? };
    let dir = tree.root.join(below);
    if tree.is_local {
        let between = dir.ancestors().take_while(|folder| *folder != tree.root);
        for folder in between {
            if !folder.starts_with(&tree.root) {
                break;
            }
            if overlay.is_file(&folder.join("go.mod")) {
                return None;
            }
        }
    }
    Some(dir)
}

/// What a name in a folder stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// A folder.
    Folder,
    /// A regular file.
    File,
    /// A link to a regular file.
    LinkToFile,
    /// Anything else.
    Other,
}

/// What is in a folder by name, with what each name really leads to. What is no text is left out.
///
/// # Errors
/// When it can't be read.
pub fn entries(
    dir: &Path,
    overlay: &Overlay,
) -> Result<BTreeMap<String, (Entry, PathBuf)>, IoError> {
    let mut all = BTreeMap::new();
    let replaced = overlay.below(dir);
    match std::fs::read_dir(dir) {
        Err(err) if err.kind() == std::io::ErrorKind::NotFound && !replaced.is_empty() => {}
        Err(err) => return Err(IoError::new("open", dir, &err)),
        Ok(listed) => {
            for entry in listed {
                let entry = entry.map_err(|err| IoError::new("readdirent", dir, &err))?;
                let Ok(name) = entry.file_name().into_string() else { continue };
                let path = entry.path();
                let kind = entry.file_type().map_or(Entry::Other, |kind| entry_kind(kind, &path));
                all.insert(name, (kind, path));
            }
        }
    }
    for (name, target) in replaced {
        match target {
            Some(Some(path)) => drop(all.insert(name, (Entry::File, path))),
            Some(None) => drop(all.remove(&name)),
            // Something below it: a folder, be it there or not.
            None => drop(all.insert(name.clone(), (Entry::Folder, dir.join(name)))),
        }
    }
    Ok(all)
}

fn entry_kind(kind: FileType, path: &Path) -> Entry {
    if kind.is_dir() {
        Entry::Folder
    } else if kind.is_file() {
        Entry::File
    } else if kind.is_symlink() && path.is_file() {
        Entry::LinkToFile
    } else {
        Entry::Other
    }
}

/// Whether there is Go source in a folder, whatever its constraints. That the folder is not there is
/// no error.
///
/// # Errors
/// When it can't be read.
pub fn has_go_files(dir: &Path, overlay: &Overlay) -> Result<bool, IoError> {
    match entries(dir, overlay) {
        Ok(entries) => Ok(entries.iter().any(|(name, (kind, _))| {
            name.ends_with(".go") && matches!(kind, Entry::File | Entry::LinkToFile)
        })),
        Err(err) if err.is_not_found() || err.kind == std::io::ErrorKind::NotADirectory => {
            Ok(false)
        }
        Err(err) => Err(err),
    }
}

/// What the files of a package import, each path once, in order.
#[derive(Debug, Clone, Default)]
pub struct Imports {
    /// The imports of the package.
    pub of_package: Vec<String>,
    /// Those of its tests.
    pub of_tests: Vec<String>,
}

/// Reads what the package in `dir` imports when it is built with these tags.
///
/// In what is `indexed`, the module cache and the standard library, go has another way to read files: one
/// with an import that is no import path counts as importing nothing.
///
/// # Errors
/// When no file belongs to it, or one can't be read.
pub fn scan(
    dir: &Path,
    tags: &Tags,
    overlay: &Overlay,
    indexed: bool,
) -> Result<Imports, PackageError> {
    let unreadable = |err: IoError| PackageError::Unreadable(err.to_string());
    let entries = entries(dir, overlay).map_err(unreadable)?;
    let mut imports = Imports::default();
    let (mut count, mut seen) = (0, 0);
    for (name, (kind, path)) in &entries {
        let is_file = matches!(kind, Entry::File | Entry::LinkToFile);
        if !is_file || !is_go_file(name) {
            continue;
        }
        seen += 1;
        if !tags.match_file(name) {
            continue;
        }
        let data = source_head(path).map_err(unreadable)?;
        let found = Source::parse(&data).imports(tags).map_err(|err| {
            PackageError::Unreadable(format!("reading {}: {err}", dir.join(name).display()))
        })?;
        let Some(found) = found else { continue };
        count += 1;
        if indexed && !found.iter().all(|path| is_valid(path)) {
            continue;
        }
        let list = if name.ends_with("_test.go") {
            &mut imports.of_tests
        } else {
            &mut imports.of_package
        };
        list.extend(found.into_iter().filter(|path| !is_magic(path)));
    }
    if count == 0 {
        return Err(match tags.is_any() || seen == 0 {
            true => PackageError::NoGo,
            false => PackageError::Excluded(dir.to_path_buf()),
        });
    }
    for list in [&mut imports.of_package, &mut imports.of_tests] {
        list.sort_unstable();
        list.dedup();
    }
    Ok(imports)
}

/// As much of a source file as its imports need.
///
/// # Errors
/// When it can't be read.
pub fn source_head(path: &Path) -> Result<Vec<u8>, IoError> {
    let mut data = read::head(path, HEAD)?;
    if data.len() == HEAD && Source::parse(&data).needs_more() {
        data = read::head(path, MAX_SOURCE)?;
    }
    Ok(data)
}

/// All of a source file.
///
/// # Errors
/// When it can't be read.
pub fn whole_source(path: &Path) -> Result<Vec<u8>, IoError> {
    read::head(path, MAX_SOURCE)
}

/// The standard library of the installed Go, if there is one.
#[derive(Debug, Clone)]
pub struct Std {
    src: Option<PathBuf>,
}

impl Std {
    /// That of the Go in `goroot`.
    pub fn new(goroot: Option<&Path>) -> Std {
        Std { src: goroot.map(|goroot| goroot.join("src")).filter(|src| src.is_dir()) }
    }

    /// Where its sources stand.
    pub fn src(&self) -> Option<&Path> {
        self.src.as_deref()
    }

    /// The folder of a package; `None` where there is no Go, or it has no such package.
    pub fn package(&self, path: &str) -> Option<PathBuf> {
        let dir = self.src.as_ref()?.join(path);
        has_go_files(&dir, &Overlay::default()).is_ok_and(|has| has).then_some(dir)
    }

    /// What a package of the standard library means by an import: perhaps its own copy.
    pub fn resolve(&self, importer: &str, path: &str) -> String {
        let Some(src) = &self.src else { return path.to_owned() };
        if crate::spec::imports::is_standard(path) {
            return path.to_owned();
        }
        let copies =
            if importer == "cmd" || importer.starts_with("cmd/") { "cmd/vendor" } else { "vendor" };
        let copy = format!("{copies}/{path}");
        if src.join(&copy).exists() { copy } else { path.to_owned() }
    }
}

/// The overlay, shared with threads.
pub type SharedOverlay = Arc<Overlay>;

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

    #[test]
    fn imports_of_a_folder() {
        let long = format!("// {}\npackage p\nimport \"far\"\n", "x".repeat(2 * HEAD));
        let dir = folder(&[
            ("a.go", "package p\nimport (\"b\"; \"a\"; \"C\")\n"),
            ("long.go", &long),
            ("a_test.go", "package p\nimport \"t\"\n"),
            ("_a.go", "package p\nimport \"no\"\n"),
            (".a.go", "package p\nimport \"no\"\n"),
            ("a.txt", "package p\nimport \"no\"\n"),
            ("sub/a.go", "package sub\nimport \"no\"\n"),
            ("x_windows.go", "package p\nimport \"w\"\n"),
            ("bad.go", "package p\nimport (\"x y\"; \"z\")\n"),
        ]);
        let scan = |tags, indexed| scan(dir.path(), tags, &Overlay::default(), indexed).unwrap();
        let found = scan(&Tags::Any, true);
        assert_eq!(found.of_package, ["a", "b", "far", "w"]);
        assert_eq!(found.of_tests, ["t"]);
        let found = scan(&Tags::of("linux", "amd64", false, [], &[]), false);
        assert_eq!(found.of_package, ["far", "x y", "z"]);
    }

    #[test]
    fn folders_without_sources() {
        let dir = folder(&[("a.go", "//go:build ignore\npackage p\n"), ("b/b.go", "\0")]);
        let overlay = Overlay::default();
        let err = |dir: &Path| scan(dir, &Tags::Any, &overlay, false).unwrap_err().to_string();
        assert_eq!(err(dir.path()), "no Go source files");
        let name = dir.path().join("b/b.go");
        let want = format!("reading {}: unexpected NUL in input", name.display());
        assert_eq!(err(&dir.path().join("b")), want);
        assert!(has_go_files(dir.path(), &overlay).unwrap());
        assert!(!has_go_files(&dir.path().join("none"), &overlay).unwrap());
        assert!(!has_go_files(&name, &overlay).unwrap());
    }

    #[test]
    fn folders_of_other_modules() {
        let dir = folder(&[("m/n/go.mod", ""), ("m/n/a/a.go", "")]);
        let place = |path, is_local| {
            let tree = Tree { root: dir.path().join("m"), is_local };
            directory(path, "a.b/m", &tree, &Overlay::default())
        };
        assert_eq!(place("a.b/m", true), Some(dir.path().join("m")));
        assert_eq!(place("a.b/m/x", true), Some(dir.path().join("m/x")));
        assert_eq!(place("a.b/m/n/a", true), None);
        assert_eq!(place("a.b/m/n/a", false), Some(dir.path().join("m/n/a")));
        assert_eq!(place("a.b/mm", true), None);
    }
}
