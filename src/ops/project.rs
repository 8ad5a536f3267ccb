//! The main module: found, read, and checked as the `go` command checks it.

use std::path::{Path, PathBuf};

use crate::config::mode::Workspace;
use crate::config::toolchain::Toolchain;
use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};
use crate::ops::overlay::Overlay;
use crate::plan::MainModule;
use crate::plan::summary::GoRules;
use crate::spec::filepath;
use crate::spec::godebug;
use crate::spec::goversion;
use crate::spec::modfile::{self, FixError};
use crate::spec::module::{self, ModuleError, Version};

/// Where a command runs: in a module, or outside of any.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder with go.mod, if there is one.
    pub root: Option<PathBuf>,
    /// What stands in for files.
    pub overlay: Overlay,
    /// `-modfile`, made absolute.
    pub mod_file: Option<PathBuf>,
}

impl Project {
    /// Finds the main module from the working directory upward.
    ///
    /// # Errors
    /// When modules are off, a workspace is in use, or `-modfile` doesn't fit.
    pub fn find(ctx: &Ctx) -> Result<Project, Error> {
        let overlay = match ctx.config.flags.text("overlay") {
            Some(path) if !path.is_empty() => Overlay::read(Path::new(path), &ctx.cwd)?,
            _ => Overlay::default(),
        };
        // go looks for a workspace before it asks whether modules are in use.
        let workspace = match &ctx.config.workspace {
            Workspace::Off => None,
            Workspace::File(path) => Some(path.clone()),
            Workspace::Search => {
                find_upward(&ctx.cwd, "go.work", &overlay, ctx.config.goroot.as_deref())
            }
        };
        ctx.config.require_modules().map_err(config_error)?;
        let mod_file = ctx.config.flags.text("modfile").filter(|path| !path.is_empty());
        if let Some(file) = workspace {
            if mod_file.is_some() {
                return Err(fail("-modfile cannot be used in workspace mode"));
            }
            return Err(fail(format!(
                "workspace {}: workspaces are not supported by this version",
                file.display()
            ))
            .hint("set GOWORK=off to work on the module in the current directory alone"));
        }
        let mut root = find_upward(&ctx.cwd, "go.mod", &overlay, None)
            .and_then(|file| file.parent().map(Path::to_path_buf));
        let temp_dir = &ctx.config.temp_dir;
        if root.as_deref().is_some_and(|root| filepath::clean(temp_dir) == root) {
            ctx.note(format!(
                "go: warning: ignoring go.mod in system temp root {}",
                temp_dir.display()
            ));
            root = None;
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
        Ok(Project { root, overlay, mod_file })
    }

    /// The go.mod file in use, given the module's folder.
    pub fn go_mod_path(&self, root: &Path) -> PathBuf {
        self.mod_file.clone().unwrap_or_else(|| root.join("go.mod"))
    }

    /// The go.sum file in use: beside go.mod, and named after what `-modfile` names.
    pub fn go_sum_path(&self, root: &Path) -> PathBuf {
        self.go_mod_path(root).with_extension("sum")
    }

    /// Reads the main module's go.mod. `None` outside of any module.
    ///
    /// `fixed` gives the canonical version for versions that are not: it is empty at first, and
    /// what is missing from it comes back in [`Read::Unresolved`].
    ///
    /// # Errors
    /// go's errors on a file that is malformed, too new, or has no module line.
    pub fn read_main(&self, ctx: &Ctx, fixed: &FixedVersions) -> Result<Option<Read>, Error> {
        let Some(root) = &self.root else { return Ok(None) };
        let path = self.go_mod_path(root);
        let shown = filepath::short(&path, &ctx.cwd);
        let data = self.overlay.read_file(&path).map_err(|err| err.on(&shown))?;
        let mut fixer = Fixer { fixed, missing: Vec::new(), applied: false };
        let mut fix = |path: &str, version: &str| fixer.fix(path, version);
        let name = shown.display().to_string();
        let parsed = modfile::File::parse(&name, &data, Some(&mut fix));
        if !fixer.missing.is_empty() {
            return Ok(Some(Read::Unresolved(fixer.missing)));
        }
        let rules = rules(ctx);
        let file = match parsed {
            Ok(file) => file,
            Err(errors) => {
                // A newer Go may well understand what we don't: that is the better advice.
                if let Ok(lax) = modfile::File::parse_lax(&name, &data, None) {
                    check_go_line(&lax, &name, &rules)?;
                }
                let text = format!("errors parsing {name}:\n{errors}");
                return Err(Error::message(ErrorKind::Other, text));
            }
        };
        if check_go_line(&file, &name, &rules)? {
            let wanted = file.go.as_ref().map(|go| go.to_string()).unwrap_or_default();
            ctx.note(format!(
                "go: {name} requires go >= {wanted}; go would switch toolchains, going on by the \
                 rules of go {}",
                rules.running.version
            ));
        }
        check_godebug(&file, &name, &rules)?;
        let fixed = fixer.applied;
        let main = MainModule::new(root.clone(), path, &shown, data, file, fixed)?;
        if let Err(mut err) = module::check_import_path(&main.module.path) {
            err.kind = module::PathKind::Module;
            return Err(Error::new(ErrorKind::Other, err));
        }
        for tool in &main.file.tool {
            if let Err(mut err) = module::check_import_path(tool) {
                err.kind = module::PathKind::Tool;
                return Err(Error::new(ErrorKind::Other, err));
            }
        }
        Ok(Some(Read::Main(Box::new(main))))
    }
}

/// The outcome of reading the main module's go.mod.
#[derive(Debug)]
pub enum Read {
    /// The module.
    Main(Box<MainModule>),
    /// These versions are not canonical and have to be looked up first.
    Unresolved(Vec<Version>),
}

/// Versions that stand in go.mod in another form than the canonical one, and what they mean.
pub type FixedVersions = std::collections::HashMap<Version, Result<String, Error>>;

/// Puts versions of the main module's go.mod into canonical form.
struct Fixer<'a> {
    fixed: &'a FixedVersions,
    missing: Vec<Version>,
    applied: bool,
}

impl Fixer<'_> {
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
            None => {
                self.missing.push(Version::new(path, version));
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
fn find_upward(
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

fn fail(text: impl Into<String>) -> Error {
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
