//! The projects below folders: every go.mod and go.work that somebody may build something with.
//!
//! What .gitignore files, `--exclude` and the `ignore` lines of the go.mod around name is passed over, and so
//! are vendor and testdata, the folders of version control systems, and the module cache. A module that the
//! nearest go.work uses belongs to that workspace, which is one project; any other is a project of its own.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::mode::Workspace;
use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};
use crate::ops::overlay::Overlay;
use crate::ops::project::find_upward;
use crate::plan::main_module;
use crate::spec::filepath;
use crate::spec::imports::pattern::Ignored;
use crate::spec::modfile::{self, WorkFile};
use crate::sys::walk::{self, Patterns};
use crate::sys::{IoError, lock};

/// Largest go.mod or go.work that is looked at.
pub(super) const MAX_SIZE: u64 = 16 << 20;

/// Folders that hold no project of anybody's.
const SKIPPED: [&str; 9] =
    ["vendor", "testdata", ".git", ".hg", ".svn", ".bzr", ".jj", "CVS", "_darcs"];

/// A project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The folder of its go.mod or go.work; absolute.
    pub dir: PathBuf,
    /// Its go.work, if it is a workspace.
    pub work: Option<PathBuf>,
    /// The folders of its modules.
    pub modules: Vec<PathBuf>,
}

impl Place {
    /// `go.mod` or `go.work`.
    pub fn file_name(&self) -> &'static str {
        if self.work.is_some() { "go.work" } else { "go.mod" }
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The projects, in the order of their paths.
    pub projects: Vec<Place>,
    /// Which of the given folders each project belongs to, in the order of `projects`: the folder that
    /// its files are named from.
    pub bases: Vec<PathBuf>,
    /// What could not be looked into; the path, as it is to be shown, with the reason.
    pub errors: Vec<(PathBuf, Error)>,
}

/// Finds the projects in `paths`, each a folder, a go.mod or a go.work, named from the working directory.
///
/// # Errors
/// When a pattern of `excluded` is malformed.
pub fn find(ctx: &Ctx, paths: &[PathBuf], excluded: &[String]) -> Result<Found, Error> {
    let mut search = Search { ctx, works: HashMap::new(), found: BTreeMap::new() };
    let mut errors = Vec::new();
    for path in paths {
        let root = filepath::clean(&ctx.cwd.join(path));
        let patterns = Patterns::new(&root, excluded)
            .map_err(|err| Error::new(ErrorKind::Usage, err).context("--exclude: "))?;
        match search.below(&root, &patterns) {
            Ok(unreadable) => errors.extend(unreadable.into_iter().map(|err| {
                let shown = filepath::short(&err.path, &ctx.cwd);
                (shown, Error::message(ErrorKind::Other, err.text).bare())
            })),
            Err(err) => errors.push((path.clone(), err)),
        }
    }
    let (projects, bases) = search.found.into_values().unzip();
    Ok(Found { projects, bases, errors })
}

struct Search<'a> {
    ctx: &'a Ctx,
    /// The folders that each go.work uses, in its order; none where it is malformed.
    works: HashMap<PathBuf, Arc<Vec<PathBuf>>>,
    /// By their folders; one may have both a go.mod and a go.work.
    found: BTreeMap<(PathBuf, &'static str), (Place, PathBuf)>,
}

impl Search<'_> {
    /// Adds what is below `root`; gives what could not be looked into.
    fn below(&mut self, root: &Path, excluded: &Patterns) -> Result<Vec<IoError>, Error> {
        let meta =
            std::fs::metadata(root).map_err(|err| usage(IoError::new("stat", root, &err).text))?;
        let mut found = walk::Found::default();
        let base = if meta.is_dir() {
            let skip = skipping(self.ctx, root);
            found = walk::find(root, excluded, skip, |name| name == "go.mod" || name == "go.work");
            root
        } else {
            found.files.push(root.to_path_buf());
            root.parent().unwrap_or(root)
        };
        let mut any = false;
        for file in &found.files {
            any |= match file.file_name().and_then(OsStr::to_str) {
                Some("go.mod") => self.add_module(file, base),
                Some("go.work") => self.add_work(file, base),
                _ => false,
            };
        }
        if !any {
            let text = match meta.is_dir() {
                true => "no go.mod or go.work here or below",
                false => "neither a folder nor a go.mod or go.work that is in use",
            };
            return Err(usage(text));
        }
        Ok(found.errors)
    }

    /// Adds a module, or the workspace that it belongs to. As with go there is none in the folder for
    /// temporary files itself.
    fn add_module(&mut self, file: &Path, base: &Path) -> bool {
        let Some(dir) = file.parent() else { return false };
        if filepath::clean(&self.ctx.config.temp_dir) == dir {
            return false;
        }
        if let Some(work) = self.work_of(dir)
            && self.uses(&work).iter().any(|used| used == dir)
        {
            return self.add_work(&work, base);
        }
        let modules = vec![dir.to_path_buf()];
        self.add(Place { dir: dir.to_path_buf(), work: None, modules }, base);
        true
    }

    /// Adds a workspace, if it is one that go would use.
    fn add_work(&mut self, file: &Path, base: &Path) -> bool {
        let in_use = match &self.ctx.config.workspace {
            Workspace::Off => false,
            Workspace::File(only) => only == file,
            Workspace::Search => true,
        };
        if let Some(dir) = file.parent().filter(|_| in_use) {
            let modules = self.uses(file).to_vec();
            let place = Place { dir: dir.to_path_buf(), work: Some(file.to_path_buf()), modules };
            self.add(place, base);
        }
        in_use
    }

    fn add(&mut self, place: Place, base: &Path) {
        let key = (place.dir.clone(), place.file_name());
        self.found.entry(key).or_insert_with(|| (place, base.to_path_buf()));
    }

    /// The go.work that go would use in `dir`.
    fn work_of(&self, dir: &Path) -> Option<PathBuf> {
        match &self.ctx.config.workspace {
            Workspace::Off => None,
            Workspace::File(file) => Some(file.clone()),
            Workspace::Search => {
                let goroot = self.ctx.config.goroot.as_deref();
                find_upward(dir, "go.work", &Overlay::default(), goroot)
            }
        }
    }

    fn uses(&mut self, work: &Path) -> Arc<Vec<PathBuf>> {
        let used = || {
            let data = lock::read_unlocked(work, MAX_SIZE).ok()?;
            let file = WorkFile::parse("go.work", &data, None).ok()?;
            let dir = work.parent()?;
            let mut seen = HashSet::new();
            let roots = file.uses.iter().map(|entry| main_module::join(dir, &entry.path));
            Some(roots.filter(|root| seen.insert(root.clone())).collect())
        };
        let known = self.works.entry(work.to_path_buf());
        Arc::clone(known.or_insert_with(|| Arc::new(used().unwrap_or_default())))
    }
}

/// An error that is not of go's making, told behind the path that it is about.
fn usage(text: impl Into<String>) -> Error {
    Error::message(ErrorKind::Usage, text).bare()
}

/// Which folders below `root` are not looked into.
fn skipping(ctx: &Ctx, root: &Path) -> impl Fn(&Path) -> bool + Send + Sync + 'static {
    let skipped: BTreeSet<&str> = SKIPPED.into();
    // Whatever way leads to it.
    let modcache = ctx.config.gomodcache().ok().and_then(|dir| dir.canonicalize().ok());
    let modcache = modcache.and_then(|dir| {
        let below = dir.strip_prefix(root.canonicalize().ok()?).ok()?.to_path_buf();
        Some(root.join(below))
    });
    let around = Around::default();
    move |dir: &Path| {
        dir.file_name().and_then(OsStr::to_str).is_some_and(|name| skipped.contains(name))
            || modcache.as_deref() == Some(dir)
            || around.ignores(dir)
    }
}

/// What the go.mod around each folder says that is to be ignored.
#[derive(Default)]
struct Around(Mutex<HashMap<PathBuf, Module>>);

/// The folder of a module, and what its go.mod ignores.
type Module = Option<Arc<(PathBuf, Ignored)>>;

impl Around {
    fn ignores(&self, dir: &Path) -> bool {
        let module = dir.parent().and_then(|parent| self.of(parent));
        let Some((root, ignored)) = module.as_deref() else { return false };
        let below = dir.strip_prefix(root).unwrap_or(dir).to_string_lossy();
        ignored.contains(&below.replace(std::path::MAIN_SEPARATOR, "/"))
    }

    fn of(&self, dir: &Path) -> Module {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(module) = known().get(dir) {
            return module.clone();
        }
        let module = match lock::read_unlocked(&dir.join("go.mod"), MAX_SIZE) {
            Ok(data) => {
                let file = modfile::File::parse_lax("go.mod", &data, None).unwrap_or_default();
                let ignored = Ignored::new(file.ignore.iter().map(|path| path.as_str()));
                Some(Arc::new((dir.to_path_buf(), ignored)))
            }
            Err(_) => dir.parent().and_then(|parent| self.of(parent)),
        };
        known().insert(dir.to_path_buf(), module.clone());
        module
    }
}
