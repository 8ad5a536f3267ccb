//! The main modules: found, read, and checked as the `go` command checks them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::config::Config;
use crate::config::mode::Workspace;
use crate::config::toolchain::Toolchain;
use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};
use crate::ops::overlay::Overlay;
use crate::ops::workspace::Work;
use crate::plan::main_modules::work_sum_path;
use crate::plan::summary::GoRules;
use crate::plan::{MainModule, MainModules};
use crate::spec::filepath;
use crate::spec::godebug;
use crate::spec::goversion;
use crate::spec::modfile::{self, FixError};
use crate::spec::module::{self, ModuleError, Version};
use crate::sys::IoError;

/// The folder of the project around `cwd`, in which a gomodfetch.toml may stand: that of go.work, else
/// that of go.mod.
pub fn folder(config: &Config, cwd: &Path) -> Option<PathBuf> {
    let overlay = Overlay::default();
    let work = match &config.workspace {
        Workspace::Off => None,
        Workspace::File(path) => Some(path.clone()),
        Workspace::Search => find_upward(cwd, "go.work", &overlay, config.goroot.as_deref()),
    };
    let file = work.or_else(|| find_upward(cwd, "go.mod", &overlay, None))?;
    // What lies in the folder for temporary files may be anybody's.
    file.parent().filter(|dir| filepath::clean(&config.temp_dir) != *dir).map(Path::to_owned)
}

/// Where a command runs: in a workspace, in a module, or outside of any.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder with go.mod, if there is one. In a workspace it does not matter.
    pub root: Option<PathBuf>,
    /// The go.work file of the workspace that is in use.
    pub work: Option<Work>,
    /// Whether a folder that go.work uses may be missing (`--ignore-missing-use`).
    pub ignore_missing_use: bool,
    /// Whether go.mod, go.sum and go.work.sum stay as they are, whatever they lack.
    pub untouched: bool,
    /// What stands in for files.
    pub overlay: Overlay,
    /// `-modfile`, made absolute.
    pub mod_file: Option<PathBuf>,
    /// `-modfile` as it was given, which is how go tells of it.
    pub mod_file_given: Option<PathBuf>,
}

impl Project {
    /// Finds go.work or go.mod from the working directory upward, and reads the former.
    ///
    /// # Errors
    /// When modules are off, `-modfile` doesn't fit, or go.work is malformed or too new.
    pub fn find(ctx: &Ctx) -> Result<Project, Error> {
        let overlay = match ctx.config.flags.text("overlay") {
            Some(path) if !path.is_empty() => Overlay::read(Path::new(path), &ctx.cwd)?,
            _ => Overlay::default(),
        };
        // go looks for a workspace before it asks whether modules are in use.
        let work_file = match &ctx.config.workspace {
            Workspace::Off => None,
            Workspace::File(path) => Some(path.clone()),
            Workspace::Search => {
                find_upward(&ctx.cwd, "go.work", &overlay, ctx.config.goroot.as_deref())
            }
        };
        ctx.config.require_modules().map_err(config_error)?;
        let mod_file = ctx.config.flags.text("modfile").filter(|path| !path.is_empty());
        let mut root = None;
        if work_file.is_some() {
            if mod_file.is_some() {
                return Err(fail("-modfile cannot be used in workspace mode"));
            }
        } else {
            root = find_upward(&ctx.cwd, "go.mod", &overlay, None)
                .and_then(|file| file.parent().map(Path::to_path_buf));
            let temp_dir = &ctx.config.temp_dir;
            if root.as_deref().is_some_and(|root| filepath::clean(temp_dir) == root) {
                ctx.note(format!(
                    "go: warning: ignoring go.mod in system temp root {}",
                    temp_dir.display()
                ));
                root = None;
            }
        }
        if let Some(gopath) = ctx.config.gopath.entries().first()
            && !gopath.as_os_str().is_empty()
            && gopath.join("go.mod").exists()
        {
            let shown = gopath.display();
            ctx.note(format!("go: warning: ignoring go.mod in $GOPATH {shown}"));
        }
        let mod_file = match mod_file {
            None => None,
            Some(_) if root.is_none() => {
                return Err(fail(
                    "cannot find main module, but -modfile was set.\n\
                     \t-modfile cannot be used to set the module root directory.",
                ));
            }
            Some(path) if !path.ends_with(".mod") => {
                return Err(fail(format!("-modfile={path}: file does not have .mod extension")));
            }
            Some(path) => Some(filepath::clean(&ctx.cwd.join(path))),
        };
        let work = match work_file {
            Some(path) => Some(Work::read(ctx, &overlay, &path)?),
            None => None,
        };
        let given = ctx.config.flags.text("modfile").map(PathBuf::from);
        let mod_file_given = given.filter(|_| mod_file.is_some());
        Ok(Project {
            root,
            work,
            ignore_missing_use: false,
            untouched: false,
            overlay,
            mod_file,
            mod_file_given,
        })
    }

    /// The go.mod file in use, given the module's folder.
    pub fn go_mod_path(&self, root: &Path) -> PathBuf {
        self.mod_file.clone().unwrap_or_else(|| root.join("go.mod"))
    }

    /// The folder of go.work or go.mod, which directories in them are named from.
    pub fn dir(&self) -> Option<&Path> {
        match &self.work {
            Some(work) => work.path.parent(),
            None => self.root.as_deref(),
        }
    }

    /// The go.sum file in use: beside go.mod, and named after what `-modfile` names; go.work.sum in a
    /// workspace.
    pub fn go_sum_path(&self) -> Option<PathBuf> {
        match (&self.work, &self.root) {
            (Some(work), _) => Some(work_sum_path(&work.path)),
            (None, Some(root)) => Some(self.go_mod_path(root).with_extension("sum")),
            (None, None) => None,
        }
    }

    /// The go.sum files of the modules of a workspace, which are only read.
    pub fn go_sum_paths_of_modules(&self) -> impl Iterator<Item = PathBuf> {
        let roots = self.work.iter().flat_map(|work| &work.roots);
        roots.map(|root| root.join("go.sum"))
    }

    /// Reads the main modules.
    ///
    /// `fixed` gives the canonical version for versions that are not: it is empty at first, and
    /// what is missing from it comes back in [`Read::Unresolved`].
    ///
    /// # Errors
    /// go's errors on a file that is malformed, too new, or has no module line.
    pub fn read_main(&self, ctx: &Ctx, fixed: &FixedVersions) -> Result<Read, Error> {
        let mut fixer = Fixer { fixed, missing: BTreeSet::new(), applied: false };
        let read = match (&self.work, &self.root) {
            (Some(work), _) => work.read_modules(ctx, self, &mut fixer),
            (None, Some(root)) => self.read_single(ctx, root, &mut fixer),
            (None, None) => Ok(MainModules::none()),
        };
        if fixer.has_too_many() {
            let text = format!("too many versions to look up (max is {MAX_NOT_CANONICAL})");
            return Err(Error::message(ErrorKind::Other, format!("errors parsing go.mod: {text}")));
        }
        if fixer.missing.is_empty() {
            Ok(Read::Main(Box::new(read?)))
        } else {
            Ok(Read::Unresolved(fixer.missing.into_iter().collect()))
        }
    }

    fn read_single(
        &self,
        ctx: &Ctx,
        root: &Path,
        fixer: &mut Fixer<'_>,
    ) -> Result<MainModules, Error> {
        let path = self.go_mod_path(root);
        let rules = rules(ctx);
        let go_mod = GoMod::read(ctx, &self.overlay, path, fixer)?;
        let GoMod { shown, file, lax, .. } = &go_mod;
        let name = shown.display().to_string();
        match (file, lax) {
            (Err(_), None) => {}
            // A newer Go may well understand what we don't: that is the better advice.
            (Err(_), Some(lax)) => drop(check_go_line(lax, &name, &rules)?),
            (Ok(file), _) => {
                if check_go_line(file, &name, &rules)? {
                    let wanted = file.go.as_ref().map(|go| go.to_string()).unwrap_or_default();
                    ctx.note(format!(
                        "go: {name} requires go >= {wanted}; go would switch toolchains, going on \
                         by the rules of go {}",
                        rules.running.version
                    ));
                }
                check_godebug(file, &name, &rules)?;
            }
        }
        let main = go_mod.into_main(root)?;
        main.check_replacements()?;
        check_path(&main)?;
        check_tools(&main)?;
        Ok(MainModules::of_module(main))
    }
}

/// The go.mod of a main module, as far as it could be read.
pub(super) struct GoMod {
    /// Where it stands.
    path: PathBuf,
    /// How messages name it.
    pub shown: PathBuf,
    data: Vec<u8>,
    /// What it says, or what is wrong with it.
    pub file: Result<modfile::File, Error>,
    /// What a malformed one says to those who overlook what they don't know.
    pub lax: Option<modfile::File>,
    fixed: bool,
}

impl GoMod {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn read(
        ctx: &Ctx,
        overlay: &Overlay,
        path: PathBuf,
        fixer: &mut Fixer<'_>,
    ) -> Result<GoMod, IoError> {
        let shown = filepath::short(&path, &ctx.cwd);
        let data = overlay.read_file(&path).map_err(|err| err.on(&shown))?;
        let name = shown.display().to_string();
        fixer.applied = false;
        let mut fix = |path: &str, version: &str| fixer.fix(path, version);
        let parsed = modfile::File::parse(&name, &data, Some(&mut fix));
        let lax = match &parsed {
            Ok(_) => None,
            Err(_) => modfile::File::parse_lax(&name, &data, None).ok(),
        };
        let file = parsed.map_err(|errors| fail(format!("errors parsing {name}:\n{errors}")));
        Ok(GoMod { path, shown, data, file, lax, fixed: fixer.applied })
    }

    /// The version on its go line, even if it is malformed otherwise; empty without one.
    pub fn go_version(&self) -> &str {
        let file = self.file.as_ref().ok().or(self.lax.as_ref());
        file.and_then(|file| file.go.as_deref()).map_or("", String::as_str)
    }

    /// The main module in `root`.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn into_main(self, root: &Path) -> Result<MainModule, Error> {
        let root = root.to_path_buf();
        MainModule::new(root, self.path, &self.shown, self.data, self.file?, self.fixed)
    }
}

/// Refuses a module path that no package could be imported from.
pub(super) fn check_path(main: &MainModule) -> Result<(), Error> {
    module::check_import_path(&main.module.path).map_err(|mut err| {
        err.kind = module::PathKind::Module;
        Error::new(ErrorKind::Other, err)
    })
}

/// Refuses tools that no package can be.
pub(super) fn check_tools(main: &MainModule) -> Result<(), Error> {
    for tool in &main.file.tool {
        if let Err(mut err) = module::check_import_path(tool) {
            err.kind = module::PathKind::Tool;
            return Err(Error::new(ErrorKind::Other, err));
        }
    }
    Ok(())
}

/// The outcome of reading the main modules' files.
#[derive(Debug)]
pub enum Read {
    /// The modules.
    Main(Box<MainModules>),
    /// These versions are not canonical and have to be looked up first.
    Unresolved(Vec<Version>),
}

/// Versions that stand in go.mod in another form than the canonical one, and what they mean.
pub type FixedVersions = std::collections::HashMap<Version, Result<String, Error>>;

/// Puts versions of a main module's go.mod into canonical form.
pub(super) struct Fixer<'a> {
    fixed: &'a FixedVersions,
    missing: BTreeSet<Version>,
    applied: bool,
}

/// The most versions of a go.mod that are not canonical. Each has to be looked up.
const MAX_NOT_CANONICAL: usize = 10_000;

impl Fixer<'_> {
    fn has_too_many(&self) -> bool {
        self.fixed.len() + self.missing.len() > MAX_NOT_CANONICAL
    }

    fn fix(&mut self, path: &str, version: &str) -> Result<String, FixError> {
        // Early tools wrote gopkg.in versions with the commit after this mark.
        let version = match version.split_once("-gopkgin-") {
            Some((_, rest)) if path.starts_with("gopkg.in/") => rest,
            _ => version,
        };
        let Some((_, path_major)) = module::split_path_version(path) else {
            let path = path.to_owned();
            let reason = format!("malformed module path {}", crate::spec::quote::quote(&path));
            let invalid = module::InvalidVersionError::new(
                version,
                module::VersionReason::Failed(std::sync::Arc::new(Error::message(
                    ErrorKind::Other,
                    reason,
                ))),
            );
            return Err(FixError::Module(ModuleError::new(path, "", invalid)));
        };
        if !version.is_empty() && module::canonical_version(version) == version {
            return match module::check_path_major(version, path_major) {
                Ok(()) => Ok(version.to_owned()),
                Err(err) => Err(FixError::Module(ModuleError::new(path, "", err))),
            };
        }
        match self.fixed.get(&Version::new(path, version)) {
            Some(Ok(canonical)) => {
                self.applied |= canonical != version;
                Ok(canonical.clone())
            }
            Some(Err(err)) => Err(match err.module_error() {
                Some(err) => FixError::Module(err.clone()),
                None => FixError::Other(std::sync::Arc::new(err.clone())),
            }),
            None if self.has_too_many() => Ok(version.to_owned()),
            None => {
                self.missing.insert(Version::new(path, version));
                Ok(version.to_owned())
            }
        }
    }
}

/// Refuses `godebug` lines that mean nothing to the Go whose rules are followed.
fn check_godebug(file: &modfile::File, name: &str, rules: &GoRules) -> Result<(), Error> {
    let failed: Vec<String> = file
        .godebug
        .iter()
        .filter_map(|setting| {
            let err = godebug::check(&setting.key, &setting.value, &rules.running.version).err()?;
            let line = file.syntax().position(setting.line()).line;
            Some(format!("error loading go.mod:\n{name}:{line}: {err}"))
        })
        .collect();
    match failed.is_empty() {
        true => Ok(()),
        false => Err(fail(failed.join("\ngo: "))),
    }
}

fn check_go_line(file: &modfile::File, name: &str, rules: &GoRules) -> Result<bool, Error> {
    match &file.go {
        Some(go) => {
            let toolchain = file.toolchain.as_ref().map(|name| name.to_string());
            rules.check(name, go, &toolchain.unwrap_or_default())
        }
        None => Ok(false),
    }
}

/// The Go version that is followed, and whether go would switch to a newer one.
pub fn rules(ctx: &Ctx) -> GoRules {
    rules_with(&ctx.config.toolchain, &ctx.config.go_version)
}

fn rules_with(toolchain: &Toolchain, installed: &str) -> GoRules {
    GoRules {
        running: goversion::Running {
            version: toolchain.running(installed).to_owned(),
            gotoolchain: toolchain.setting().to_owned(),
            file: String::new(),
            file_go: String::new(),
            file_toolchain: String::new(),
        },
        may_switch: toolchain.may_switch(),
    }
}

/// The file `name` in `dir` or the nearest folder above it; never above `barrier`.
pub(super) fn find_upward(
    dir: &Path,
    name: &str,
    overlay: &Overlay,
    barrier: Option<&Path>,
) -> Option<PathBuf> {
    for folder in filepath::clean(dir).ancestors() {
        let file = folder.join(name);
        if overlay.is_file(&file) {
            return Some(file);
        }
        if barrier.is_some_and(|barrier| folder.parent() == Some(barrier)) {
            return None;
        }
    }
    None
}

pub(super) fn fail(text: impl Into<String>) -> Error {
    Error::message(ErrorKind::Other, text)
}

/// A setting that can't be used, in go's words.
pub fn config_error(err: impl Into<crate::config::ConfigError>) -> Error {
    let err = err.into();
    let kind = if err.is_usage() { ErrorKind::Usage } else { ErrorKind::Other };
    Error::new(kind, err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_go_line_that_is_too_new_names_the_setting() {
        let file = modfile::File::parse("go.mod", b"module m\ngo 1.99\n", None).unwrap();
        for (setting, running) in [
            ("local", "1.26.8; GOTOOLCHAIN=local"),
            ("go1.25.3", "1.25.3; GOTOOLCHAIN=go1.25.3"),
            ("", "1.26.8"),
        ] {
            let rules = rules_with(&Toolchain::parse(setting).unwrap(), "1.26.8");
            let err = check_go_line(&file, "go.mod", &rules).unwrap_err();
            let want = format!("go.mod requires go >= 1.99 (running go {running})");
            assert_eq!(err.to_string(), want);
        }
        let rules = rules_with(&Toolchain::parse("auto").unwrap(), "1.26.8");
        assert!(check_go_line(&file, "go.mod", &rules).unwrap());
    }
}
