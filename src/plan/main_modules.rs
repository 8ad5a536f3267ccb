//! The main modules: none, one, or all that a go.work names.
//!
//! Everything that depends on them asks [`MainModules`], and need not know which of the three it
//! is: which modules are main, what is excluded and replaced, what the go line demands.
//!
//! | where the command runs | modules       | go and toolchain lines | replacements                    |
//! |------------------------|---------------|------------------------|---------------------------------|
//! | outside of any module  | none          | those of the Go we follow | none                         |
//! | in a module            | it            | its own                | its own                         |
//! | in a workspace         | the used ones | go.work's              | go.work's, then all the modules' |
//!
//! What only makes sense of one module alone, such as writing its go.mod, starts from
//! [`MainModules::single`]. What makes a difference in a workspace asks
//! [`MainModules::is_workspace`]: go.mod files are not written, and the sums go to go.work.sum.
//!
//! Implements <https://go.dev/ref/mod#workspaces>.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::plan::build_mod::{BuildMod, Mode};
use crate::plan::main_module::{MainModule, join, replacements};
use crate::plan::{Pruning, Summary};
use crate::spec::filepath;
use crate::spec::goversion;
use crate::spec::modfile::{WorkFile, is_directory_path};
use crate::spec::module::Version;

/// What go calls the main module where there is none.
const NO_MODULE: &str = "command-line-arguments";

/// The modules that a command works on, and what they demand together.
#[derive(Debug, Clone, Default)]
pub struct MainModules {
    modules: Vec<MainModule>,
    workspace: Option<Workspace>,
    /// What each module replaces, directories named from the folder that all replacements are
    /// relative to; in the order of the modules.
    replaced: Vec<HashMap<Version, Version>>,
    highest_replaced: HashMap<Arc<str>, Arc<str>>,
    /// What may be done with their files.
    pub build_mod: BuildMod,
}

/// A go.work file.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// Where it stands.
    pub path: PathBuf,
    /// What it says.
    pub file: WorkFile,
    /// Folders that it uses and that are not there, passed over because the user said so.
    pub missing: Vec<PathBuf>,
    replaced: HashMap<Version, Version>,
}

impl Workspace {
    /// Takes a parsed go.work.
    ///
    /// # Errors
    /// When two of its replacements contradict each other.
    pub fn new(path: PathBuf, file: WorkFile, missing: Vec<PathBuf>) -> Result<Workspace, Error> {
        let replaced = replacements(&file.replace)?;
        Ok(Workspace { path, file, missing, replaced })
    }

    /// The folder that holds it.
    pub fn dir(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }

    /// The Go version whose rules it asks for: 1.18 where it has no go line.
    pub fn go_version(&self) -> &str {
        work_go_version(&self.file)
    }
}

/// The file beside a go.work with the sums that are in no module's go.sum.
pub fn work_sum_path(path: &Path) -> PathBuf {
    let mut path = path.to_path_buf().into_os_string();
    path.push(".sum");
    path.into()
}

/// The version on the go line of a go.work, 1.18 if there is none.
pub fn work_go_version(file: &WorkFile) -> &str {
    match &file.go {
        Some(go) if !go.is_empty() => go,
        _ => goversion::DEFAULT_GO_WORK,
    }
}

impl MainModules {
    /// Outside of any module.
    pub fn none() -> MainModules {
        MainModules::default()
    }

    /// One module, not in a workspace.
    pub fn of_module(module: MainModule) -> MainModules {
        let mut highest_replaced = HashMap::new();
        for old in module.replaced().keys() {
            raise(&mut highest_replaced, old);
        }
        MainModules {
            replaced: vec![module.replaced().clone()],
            modules: vec![module],
            workspace: None,
            highest_replaced,
            build_mod: BuildMod::default(),
        }
    }

    /// The modules of a workspace, in the order in which go.work uses them.
    ///
    /// # Errors
    /// go's, where a module stands there twice, or replacements contradict each other.
    pub fn of_workspace(
        mut workspace: Workspace,
        modules: Vec<MainModule>,
    ) -> Result<MainModules, Error> {
        if modules.is_empty() {
            // As with go, such a go.work counts for nothing but its being there.
            workspace.file = WorkFile::default();
            workspace.replaced = HashMap::new();
        }
        let mut failed = Vec::new();
        let mut paths: HashSet<&str> = HashSet::new();
        for module in &modules {
            let path = &module.module.path;
            if !paths.insert(path) {
                failed.push(format!("module {path} appears multiple times in workspace"));
            }
        }
        let mut highest_replaced = HashMap::new();
        let mut by_work_file: HashSet<&str> = HashSet::new();
        let mut together = workspace.replaced.clone();
        for replace in &workspace.file.replace {
            let path = &replace.old.path;
            if paths.contains(&**path) && replace.old.version.is_empty() {
                failed.push(format!(
                    "workspace module {path} is replaced at all versions in the go.work file. To \
                     fix, remove the replacement from the go.work file or specify the version at \
                     which to replace the module."
                ));
            }
            by_work_file.insert(path);
            raise(&mut highest_replaced, &replace.old);
        }
        if let Some(text) = joined(failed) {
            return Err(fail(text));
        }
        for module in &modules {
            let mut own: HashSet<&Version> = HashSet::new();
            for replace in &module.file.replace {
                let old = &replace.old;
                if by_work_file.contains(&*old.path) {
                    continue;
                }
                let new = absolute(&replace.new, &module.root);
                if let Some(before) = together.get(old)
                    && !own.contains(old)
                    && *before != new
                {
                    return Err(fail(format!(
                        "conflicting replacements for {old}:\n\t{before}\n\t{new}\nuse \"go work \
                         edit -replace {old}=[override]\" to resolve"
                    )));
                }
                own.insert(old);
                together.insert(old.clone(), new);
                raise(&mut highest_replaced, old);
            }
        }
        let dir = workspace.dir();
        let replaced = modules.iter().map(|module| {
            let from_dir = |new: &Version| from_workspace(new, &module.root, dir);
            module.replaced().iter().map(|(old, new)| (old.clone(), from_dir(new))).collect()
        });
        let replaced = replaced.collect();
        let build_mod = BuildMod::default();
        Ok(MainModules {
            modules,
            workspace: Some(workspace),
            replaced,
            highest_replaced,
            build_mod,
        })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.modules.is_empty()
    }

    /// The modules, in the order in which go.work uses them.
    pub fn modules(&self) -> &[MainModule] {
        &self.modules
    }

    /// The one module; `None` outside of any and in a workspace.
    pub fn single(&self) -> Option<&MainModule> {
        self.modules.first().filter(|_| self.workspace.is_none())
    }

    /// As [`MainModules::single`], to be changed.
    pub fn single_mut(&mut self) -> Option<&mut MainModule> {
        self.modules.first_mut().filter(|_| self.workspace.is_none())
    }

    /// The workspace, if that is where the command runs.
    pub fn workspace(&self) -> Option<&Workspace> {
        self.workspace.as_ref()
    }

    /// Whether the command runs in a workspace, of however many modules.
    pub fn is_workspace(&self) -> bool {
        self.workspace.is_some()
    }

    /// Whether go.mod and go.sum must be complete as they are.
    pub fn must_be_complete(&self) -> bool {
        self.build_mod.mode != Mode::Mod && !self.is_workspace()
    }

    /// Whether all sums that are needed must be in go.sum already.
    pub fn must_have_sums(&self) -> bool {
        let BuildMod { mode, adds_sums, .. } = self.build_mod;
        self.single().is_some() && mode == Mode::Readonly && !adds_sums
    }

    /// Whether a module of this path is one of them.
    pub fn contains(&self, path: &str) -> bool {
        self.modules.iter().any(|main| main.is(path))
    }

    /// The module of this path.
    pub fn get(&self, path: &str) -> Option<&MainModule> {
        self.modules.iter().find(|main| main.is(path))
    }

    /// The modules as they stand in the module graph; a made-up one where there are none.
    pub fn versions(&self) -> Vec<Version> {
        if self.modules.is_empty() {
            return vec![Version::new(NO_MODULE, "")];
        }
        self.modules.iter().map(|main| main.module.clone()).collect()
    }

    /// The Go version that they ask for; `None` outside of any module.
    pub fn go_version(&self) -> Option<&str> {
        match &self.workspace {
            Some(workspace) => Some(workspace.go_version()),
            None => self.modules.first().map(MainModule::go_version),
        }
    }

    /// The toolchain line of go.work or of the one go.mod, as it was read.
    pub fn toolchain(&self) -> Option<&str> {
        match &self.workspace {
            Some(workspace) => workspace.file.toolchain.as_ref().map(|name| name.as_str()),
            None => self.modules.first().and_then(|main| main.as_read.toolchain()),
        }
    }

    /// Whether one of them excludes this version.
    pub fn excludes(&self, module: &Version) -> bool {
        self.modules.iter().any(|main| main.excludes(module))
    }

    /// The versions of `path` that they exclude.
    pub fn excluded_versions<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a str> {
        let all = self.modules.iter().flat_map(|main| &main.file.exclude);
        all.filter(move |module| &*module.path == path).map(|module| &*module.version)
    }

    /// What is used in place of `module`: this version's replacement, else the one for all versions.
    /// A directory is named from [`MainModules::dir`], unless it is absolute.
    ///
    /// go.work counts before go.mod files, and, as with go, of these the last that has something.
    pub fn replacement(&self, module: &Version) -> Option<&Version> {
        if module.version.is_empty() && self.contains(&module.path) {
            return None;
        }
        if let Some(workspace) = &self.workspace
            && let Some((_, new)) = in_map(&workspace.replaced, module)
        {
            return Some(new);
        }
        self.replaced.iter().rev().find_map(|replaced| in_map(replaced, module)).map(|(_, new)| new)
    }

    /// Why it can't be said what replaces `module`: a go.mod replaces this version by something else
    /// than another go.mod replaces all versions by.
    ///
    /// # Errors
    /// go's `conflicting replacements found`.
    pub fn check_replacement(&self, module: &Version) -> Result<(), Error> {
        let Some(workspace) = &self.workspace else { return Ok(()) };
        if in_map(&workspace.replaced, module).is_some()
            || (module.version.is_empty() && self.contains(&module.path))
        {
            return Ok(());
        }
        let mut found: Option<(&MainModule, &Version)> = None;
        for main in &self.modules {
            // Compared as they are written, as go does.
            let Some((old, new)) = in_map(main.replaced(), module) else { continue };
            if let Some((first, before)) = found
                && !old.version.is_empty()
                && before != new
            {
                let (a, b) = (first.go_mod_path.display(), main.go_mod_path.display());
                return Err(fail(format!(
                    "conflicting replacements found for {module} in workspace modules defined by \
                     {a} and {b}"
                ))
                .bare()
                .fatal());
            }
            found = Some((main, new));
        }
        Ok(())
    }

    /// The highest version of `path` that is replaced; empty where only all versions are.
    pub fn highest_replaced(&self, path: &str) -> Option<&str> {
        self.highest_replaced.get(path).map(|version| &**version)
    }

    /// The paths of all modules that are replaced, each with its highest version as
    /// [`MainModules::highest_replaced`] tells it; in no order.
    pub fn all_highest_replaced(&self) -> impl Iterator<Item = (&str, &str)> {
        self.highest_replaced.iter().map(|(path, version)| (&**path, &**version))
    }

    /// The versions of `path` that go.mod files replace by name. Those that go.work replaces are not
    /// among them, as with go.
    pub fn replaced_versions<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a str> {
        let all = self.replaced.iter().flat_map(HashMap::keys);
        all.filter(move |old| &*old.path == path && !old.version.is_empty())
            .map(|old| &*old.version)
    }

    /// `module`, or what replaces it.
    pub fn resolve(&self, module: &Version) -> Version {
        self.replacement(module).unwrap_or(module).clone()
    }

    /// The folder that the directories of replacements are named from: go.work's, or the module's.
    pub fn dir(&self) -> Option<&Path> {
        match &self.workspace {
            Some(workspace) => Some(workspace.dir()),
            None => self.modules.first().map(|main| &*main.root),
        }
    }

    /// The folder that a replacement without a version names.
    pub fn directory(&self, replacement: &Version) -> PathBuf {
        join(self.dir().unwrap_or(Path::new("")), &replacement.path)
    }

    /// Whether `replacement` is a folder that go.work uses, and that is missing by permission.
    pub fn is_missing(&self, replacement: &Version) -> bool {
        let missing = self.workspace.iter().flat_map(|workspace| &workspace.missing);
        replacement.version.is_empty()
            && missing.into_iter().any(|dir| *dir == self.directory(replacement))
    }

    /// What a main module of a workspace requires; `None` for every other module.
    pub fn summary(&self, module: &Version) -> Option<Arc<Summary>> {
        if !self.is_workspace() || !module.version.is_empty() {
            return None;
        }
        if self.modules.is_empty() && &*module.path == NO_MODULE {
            return Some(Arc::new(Summary::empty(NO_MODULE, Pruning::Pruned)));
        }
        let main = self.get(&module.path)?;
        Some(self.without_excluded(&Arc::new(Summary::of_file(&main.file))))
    }

    /// Applies what the main modules demand of the go.mod of `module`, read as that of `actual`: a
    /// fitting module line, and no excluded requirements.
    ///
    /// # Errors
    /// When the file declares another path.
    pub fn judge(
        &self,
        module: &Version,
        actual: &Version,
        summary: &Arc<Summary>,
    ) -> Result<Arc<Summary>, Error> {
        if !actual.version.is_empty() {
            if summary.module_path.is_empty() {
                let err = fail("parsing go.mod: missing module line");
                return Err(err.of_module(actual));
            }
            let declared = summary.module_path.as_str();
            if declared != &*module.path && declared != &*actual.path {
                let text = format!(
                    "parsing go.mod:\n\tmodule declares its path as: {declared}\n\
                     \t        but was required as: {}",
                    module.path
                );
                return Err(fail(text).of_module(actual));
            }
        }
        Ok(self.without_excluded(summary))
    }

    fn without_excluded(&self, summary: &Arc<Summary>) -> Arc<Summary> {
        if !summary.require.iter().any(|module| self.excludes(module)) {
            return Arc::clone(summary);
        }
        let kept = summary.require.iter().filter(|module| !self.excludes(module));
        let require = kept.cloned().collect();
        Arc::new(Summary { require, ..Summary::clone(summary) })
    }
}

/// What `replaced` says of `module`, and of which of its versions.
fn in_map<'a>(
    replaced: &'a HashMap<Version, Version>,
    module: &Version,
) -> Option<(&'a Version, &'a Version)> {
    let all_versions = || Version { path: module.path.clone(), version: Arc::from("") };
    replaced.get_key_value(module).or_else(|| replaced.get_key_value(&all_versions()))
}

fn raise(highest: &mut HashMap<Arc<str>, Arc<str>>, old: &Version) {
    let known = highest.entry(old.path.clone()).or_insert_with(|| old.version.clone());
    if goversion::mod_compare(&old.path, &old.version, known).is_gt() {
        *known = old.version.clone();
    }
}

/// A replacement with its directory, if it has one, made absolute.
fn absolute(new: &Version, root: &Path) -> Version {
    if !new.version.is_empty() || Path::new(&*new.path).is_absolute() {
        return new.clone();
    }
    Version::new(join(root, &new.path).to_string_lossy(), "")
}

/// A replacement in the go.mod below `root` with its directory named from `dir`.
fn from_workspace(new: &Version, root: &Path, dir: &Path) -> Version {
    if !new.version.is_empty() || Path::new(&*new.path).is_absolute() {
        return new.clone();
    }
    let absolute = join(root, &new.path);
    let relative = filepath::relative(&absolute, dir).unwrap_or(absolute);
    let path = relative.to_string_lossy();
    if is_directory_path(&path) {
        return Version::new(path, "");
    }
    Version::new(format!("./{}", path.replace(std::path::MAIN_SEPARATOR, "/")), "")
}

fn fail(text: impl Into<String>) -> Error {
    Error::message(ErrorKind::Other, text)
}

/// Several messages as go prints them, one after the other.
pub fn joined(texts: Vec<String>) -> Option<String> {
    (!texts.is_empty()).then(|| texts.join("\ngo: "))
}
