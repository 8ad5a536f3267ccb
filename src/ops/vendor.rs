//! The vendor directory: whether it stands in for modules, and whether it agrees with go.mod.
//!
//! Implements <https://go.dev/ref/mod#vendoring>: from go 1.14 on, a vendor directory is used unless
//! `-mod` says otherwise, and vendor/modules.txt must then name what go.mod requires and replaces.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};
use crate::ops::overlay::Overlay;
use crate::plan::build_mod::{BuildMod, Mode};
use crate::plan::main_modules::joined;
use crate::plan::summary::GoRules;
use crate::plan::{MainModules, Pruning, Requirements};
use crate::spec::module::Version;
use crate::spec::modulestxt::{self, ModulesTxt};
use crate::spec::{filepath, goversion};
use crate::sys::lock;

/// The go version from which on a vendor directory is used by itself, and modules.txt says enough
/// to be compared with go.mod.
const CONSISTENT: &str = "1.14";
/// Largest modules.txt that is read.
const MAX_MODULES_TXT: u64 = 64 << 20;

/// The mode where `-mod` is not given: vendor where there is a vendor directory, else readonly.
///
/// # Errors
/// When modules.txt is there and can't be read.
pub fn default_mode(main: &MainModules, overlay: &Overlay) -> Result<BuildMod, Error> {
    let readonly =
        |reason: String| BuildMod { mode: Mode::Readonly, reason, ..BuildMod::default() };
    let Some(dir) = vendor_dir(main).filter(|dir| dir.is_dir()) else {
        return Ok(readonly(String::new()));
    };
    let (source, version) = match (main.workspace(), main.single()) {
        (Some(workspace), _) => ("go.work", workspace.file.go.as_deref()),
        (None, Some(main)) => ("go.mod", main.file.go.as_deref()),
        (None, None) => return Ok(readonly(String::new())),
    };
    let Some(version) = version.filter(|version| !version.is_empty()) else {
        return Ok(readonly(format!(
            "Go version in {source} is unspecified, so vendor directory was not used."
        )));
    };
    if goversion::compare(version, CONSISTENT).is_lt() {
        return Ok(readonly(format!(
            "Go version in {source} is {version}, so vendor directory was not used."
        )));
    }
    let text = match overlay.read_file(&dir.join("modules.txt")) {
        Ok(data) => String::from_utf8_lossy(&data).into_owned(),
        Err(err) if err.is_not_found() => String::new(),
        Err(err) => {
            return Err(Error::from(err).context("reading modules.txt for vendor directory: "));
        }
    };
    Ok(match (modulestxt::is_of_workspace(&text), main.is_workspace()) {
        (true, false) => {
            readonly("Outside workspace mode, but vendor directory is for a workspace.".to_owned())
        }
        (false, true) => {
            readonly("In workspace mode, but vendor directory is not for a workspace".to_owned())
        }
        _ => BuildMod {
            mode: Mode::Vendor,
            reason: format!(
                "Go version in {source} is at least {CONSISTENT} and vendor directory exists."
            ),
            ..BuildMod::default()
        },
    })
}

/// Reads vendor/modules.txt, which may be absent.
///
/// # Errors
/// When it can't be read, or a module in it needs a newer Go.
pub fn read(ctx: &Ctx, main: &MainModules, rules: &GoRules) -> Result<ModulesTxt, Error> {
    let Some(dir) = vendor_dir(main) else { return Ok(ModulesTxt::default()) };
    let path = dir.join("modules.txt");
    let file = match lock::read_unlocked(&path, MAX_MODULES_TXT) {
        Ok(data) => ModulesTxt::parse(&data),
        Err(err) if err.is_not_found() => ModulesTxt::default(),
        Err(err) => return Err(err.into()),
    };
    for (module, version) in file.go_versions() {
        let shown = filepath::short(&path, &ctx.cwd);
        rules.check(&format!("{} in {}", module.path, shown.display()), version, "")?;
    }
    Ok(file)
}

/// The requirements with the graph of what is vendored.
///
/// # Errors
/// When modules.txt contradicts go.mod, in go's words.
pub fn requirements(
    ctx: &Ctx,
    main: &MainModules,
    file: &ModulesTxt,
    requirements: Requirements,
) -> Result<Requirements, Error> {
    if !main.is_empty() {
        check(ctx, main, file)?;
    }
    if requirements.pruning == Pruning::Pruned {
        let root = |module: &Version| requirements.root_selected(main, &module.path);
        let missing = file.modules.iter().filter(|m| root(m) != Some(&*m.version));
        let mut failed: Vec<String> = missing
            .map(|module| {
                format!("vendored module {module} should be required explicitly in go.mod")
            })
            .collect();
        if !failed.is_empty() {
            failed.push(main.build_mod.go_mod_dirty().to_string());
            return Err(fail(joined(failed).unwrap_or_default()));
        }
    }
    Ok(requirements.with_vendored(main, &file.modules))
}

fn vendor_dir(main: &MainModules) -> Option<PathBuf> {
    main.dir().map(|dir| dir.join("vendor"))
}

/// Compares modules.txt with what the main modules require and replace.
fn check(ctx: &Ctx, main: &MainModules, file: &ModulesTxt) -> Result<(), Error> {
    let is_old =
        main.single().is_some_and(|main| goversion::compare(main.go_version(), CONSISTENT).is_lt());
    let mut failed = String::new();
    let mut tell = |module: &Version, text: String| {
        failed.push_str(&format!("\n\t{module}: {text}"));
    };
    for require in main.modules().iter().flat_map(|main| &main.file.require) {
        let module = &require.module;
        if file.is_explicit(module) {
            continue;
        }
        if !is_old {
            let text = "is explicitly required in go.mod, but not marked as explicit in \
                        vendor/modules.txt";
            tell(module, text.to_owned());
        } else if let Some(version) = file.selected(&module.path).filter(|v| **v != *module.version)
        {
            let path = &module.path;
            tell(
                module,
                format!(
                    "is explicitly required in go.mod, but vendor/modules.txt indicates \
                     {path}@{version}"
                ),
            );
        }
    }
    let mut seen: HashSet<&Version> = HashSet::new();
    let of_modules = main.modules().iter().flat_map(|main| &main.file.replace);
    let of_workspace = main.workspace().into_iter().flat_map(|workspace| &workspace.file.replace);
    for replace in of_modules.chain(of_workspace) {
        let old = &replace.old;
        if !seen.insert(old) {
            continue;
        }
        let new = main.replacement(old);
        let source = || {
            let path = replacing_file(main, old);
            filepath::short(&path, &ctx.cwd).display().to_string()
        };
        match (file.replacement(old), new) {
            (None, None) => {}
            (None, Some(_)) => {
                let is_unknown =
                    old.version.is_empty() || file.selected(&old.path) != Some(&*old.version);
                if !(is_old && is_unknown) {
                    let text = format!(
                        "is replaced in {}, but not marked as replaced in vendor/modules.txt",
                        source()
                    );
                    tell(old, text);
                }
            }
            (Some(marked), new) if Some(marked) != new => {
                let new = new.map(Version::to_string).unwrap_or_default();
                let text = format!(
                    "is replaced by {new} in {}, but marked as replaced by {marked} in \
                     vendor/modules.txt",
                    source()
                );
                tell(old, text);
            }
            _ => {}
        }
    }
    let required: HashSet<&Version> =
        main.modules().iter().flat_map(|main| &main.file.require).map(|r| &r.module).collect();
    for module in &file.modules {
        if file.is_explicit(module) && !required.contains(module) {
            let article = if main.is_workspace() { "a " } else { "" };
            let text = format!(
                "is marked as explicit in vendor/modules.txt, but not explicitly required in \
                 {article}go.mod"
            );
            tell(module, text);
        }
    }
    for module in &file.replaced {
        if main.replacement(module).is_none() {
            let place = if main.is_workspace() { "the workspace" } else { "go.mod" };
            let text =
                format!("is marked as replaced in vendor/modules.txt, but not replaced in {place}");
            tell(module, text);
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    let dir = main.dir().unwrap_or(Path::new("")).display();
    let command = if main.is_workspace() { "work" } else { "mod" };
    Err(fail(format!(
        "inconsistent vendoring in {dir}:{failed}\n\n\tTo ignore the vendor directory, use \
         -mod=readonly or -mod=mod.\n\tTo sync the vendor directory, run:\n\t\tgo {command} vendor"
    )))
}

/// The file that says what replaces `module`.
fn replacing_file(main: &MainModules, module: &Version) -> PathBuf {
    let all_versions = Version { path: module.path.clone(), version: "".into() };
    if let Some(workspace) = main.workspace()
        && workspace.file.replace.iter().any(|r| r.old == *module || r.old == all_versions)
    {
        return workspace.path.clone();
    }
    let replacing =
        main.modules().iter().rev().find(|main| {
            main.file.replace.iter().any(|r| r.old == *module || r.old == all_versions)
        });
    replacing.map(|main| main.go_mod_path.clone()).unwrap_or_default()
}

fn fail(text: impl Into<String>) -> Error {
    Error::message(ErrorKind::Other, text)
}

/// The error of `-mod=mod` in a workspace, whose go.mod files are never changed.
pub fn mod_in_workspace() -> Error {
    let text = "-mod may only be set to readonly or vendor when in workspace mode, but it is set to \
                \"mod\"\n\tRemove the -mod flag to use the default readonly value, \n\tor set \
                GOWORK=off to disable workspace mode.";
    Error::message(ErrorKind::Usage, text)
}
