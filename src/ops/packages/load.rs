//! Packages loaded until nothing changes any more.
//!
//! What is imported can demand that go.mod names more modules, and with them others may be selected;
//! then everything is loaded again. Where go.mod must not change that is an error.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::join_all;

use crate::ctx::Ctx;
use crate::error::Error;
use crate::ops::load::Loaded;
use crate::ops::packages::error::{Implicit, Importer, Missing, MissingSum, PackageError};
use crate::ops::packages::graph::{Id, Packages};
use crate::ops::packages::matching::{Matched, Matcher};
use crate::ops::packages::pass::{Found, Pass, Selection, Surroundings, find};
use crate::ops::packages::trees::{NoTree, SharedOverlay, Std, Trees, directory, has_go_files};
use crate::ops::packages::{Loading, Options, Tell};
use crate::plan::build_mod::Mode;
use crate::plan::requirements::requirements_of;
use crate::plan::update::{convert_to_pruned, expand_graph, update_roots};
use crate::plan::{Pruning, Requirements};
use crate::spec::imports::is_standard;
use crate::spec::imports::pattern::has_path_prefix;
use crate::spec::module::{self, Version};
use crate::spec::{filepath, goversion};

/// The most passes. Each but the last adds a requirement, and two are enough for real projects.
const MAX_PASSES: usize = 1000;

/// Loads the packages that `patterns` name and all that they import. What the requirements became is
/// in `loaded` afterwards.
///
/// # Errors
/// What ends the whole run; all else is in the [`Loading`].
pub async fn load(
    ctx: &Ctx,
    loaded: &mut Loaded,
    trees: &Trees,
    options: &Options,
    patterns: &[String],
) -> Result<Loading, Error> {
    let mut loading = Loading::default();
    let mut requirements = loaded.requirements.clone();
    if requirements.pruning == Pruning::Unpruned {
        let (expanded, _, error) =
            expand_graph(requirements, &loaded.main, &loaded.dependencies).await;
        requirements = expanded;
        if let Some(err) = error {
            loading.errors.push(err);
            return Ok(loading);
        }
    }
    let overlay: SharedOverlay = Arc::new(loaded.project.overlay.clone());
    let std = Std::new(ctx.config.goroot.as_deref());
    let matcher = Matcher::new(ctx, patterns);
    for _ in 0..MAX_PASSES {
        if requirements.pruning == Pruning::Unpruned
            && Pruning::for_go_version(requirements.go_version()) == Pruning::Pruned
        {
            let converted = convert_to_pruned(requirements, &loaded.main, &loaded.dependencies);
            requirements = converted.await?;
        }
        let around =
            Surroundings { loaded: &*loaded, trees, overlay: &overlay, std: &std, options };
        let mut matched = matcher.matched(around, &mut requirements).await?;
        let roots: Vec<String> =
            matched.iter().flat_map(|matched| matched.packages.iter().cloned()).collect();
        if let Some(more) = preload(around, &requirements, &roots).await? {
            requirements = more;
            continue;
        }
        let all_is_root = matcher.has_all();
        let version = requirements.go_version();
        let closes_over_tests =
            goversion::compare(version, goversion::NARROW_ALL).is_lt() && !options.vendor_all;
        let pass = Pass::new(around, &requirements, all_is_root, closes_over_tests);
        let (packages, settled) = pass.run(&roots).await?;
        loading.packages = packages;
        if let Some(settled) = settled {
            requirements = settled;
        }
        check_direct(around, &mut requirements, &mut loading.packages).await?;
        match update(around, requirements.clone(), &loading.packages).await {
            Err(err) if err.is_fatal() => return Err(err),
            Err(err) => {
                loading.errors.push(err);
                break;
            }
            Ok(updated) => {
                let changed = updated.roots() != requirements.roots();
                requirements = updated;
                if changed {
                    continue;
                }
            }
        }
        if options.resolves {
            explain_missing(ctx, around, &mut requirements, &mut loading.packages).await?;
        }
        matcher.settle(&mut matched, &loading.packages);
        loading.matched = matched;
        break;
    }
    if loading.errors.is_empty() {
        tell(options, &loaded.main, &requirements, &mut loading);
    }
    loaded.requirements = requirements;
    Ok(loading)
}

/// Where go.mod may change: the requirements with the modules of the roots added, if that makes a
/// difference, so that it need not be found out by a whole pass.
async fn preload(
    around: Surroundings<'_>,
    requirements: &Requirements,
    roots: &[String],
) -> Result<Option<Requirements>, Error> {
    let main = &around.loaded.main;
    if requirements.pruning != Pruning::Pruned || main.build_mod.mode != Mode::Mod {
        return Ok(None);
    }
    let found = roots.iter().map(|path| find(around, path, Selection::Roots(requirements)));
    let mut modules = HashSet::new();
    let mut elsewhere = Vec::new();
    for (path, found) in roots.iter().zip(join_all(found).await) {
        match found? {
            Ok(Found::Place(place)) => modules.extend(place.module),
            Ok(Found::Nowhere) => elsewhere.push(path),
            Err(_) => {}
        }
    }
    let mut requirements = requirements.clone();
    if !elsewhere.is_empty() {
        let (graph, error) = requirements.graph(main, &around.loaded.dependencies).await;
        if error.is_none() {
            let all = elsewhere
                .into_iter()
                .map(|path| find(around, path, Selection::Graph(Arc::clone(&graph))));
            for found in join_all(all).await {
                if let Ok(Found::Place(place)) = found? {
                    modules.extend(place.module);
                }
            }
        }
    }
    let mut add: Vec<Version> = modules
        .into_iter()
        .filter(|module| requirements.root_selected(main, &module.path) != Some(&*module.version))
        .collect();
    if add.is_empty() {
        return Ok(None);
    }
    goversion::mod_sort(&mut add);
    let before = requirements.roots().to_vec();
    let updated = update_roots(requirements, &add, main, &around.loaded.dependencies).await?;
    Ok((updated.roots() != before).then_some(updated))
}

/// Marks packages of main modules that import from modules which go.mod should name and doesn't.
async fn check_direct(
    around: Surroundings<'_>,
    requirements: &mut Requirements,
    packages: &mut Packages,
) -> Result<(), Error> {
    let main = &around.loaded.main;
    if !main.is_workspace() && main.build_mod.mode == Mode::Mod {
        return Ok(());
    }
    for id in packages.ids_in_order() {
        let package = packages.package(id);
        let is_main = package.module.as_ref().is_some_and(|module| main.contains(&module.path));
        if !is_main || (package.error.is_some() && !main.is_workspace()) {
            continue;
        }
        let importer = package.path.to_string();
        let imports: Vec<(String, Version)> = package
            .imports
            .iter()
            .map(|id| packages.package(*id))
            .filter_map(|import| Some((import.path.to_string(), import.module.clone()?)))
            .filter(|(_, module)| !main.contains(&module.path))
            .collect();
        for (imported, module) in imports {
            let is_explicit = if main.is_workspace() {
                let (graph, error) = requirements.graph(main, &around.loaded.dependencies).await;
                if let Some(err) = error {
                    return Err(err);
                }
                graph.graph().required_by(&module).is_some()
            } else {
                requirements.root_selected(main, &module.path) == Some(&*module.version)
            };
            if !is_explicit {
                let err = Implicit { importer: importer.clone(), imported, module };
                let package = packages.package_mut(id);
                if package.error.is_none() || main.is_workspace() {
                    package.error = Some(PackageError::Implicit(err));
                }
            }
        }
    }
    Ok(())
}

/// The requirements that the packages demand.
async fn update(
    around: Surroundings<'_>,
    mut requirements: Requirements,
    packages: &Packages,
) -> Result<Requirements, Error> {
    let (main, go_mods) = (&around.loaded.main, &around.loaded.dependencies);
    if main.build_mod.is_vendor() || main.is_empty() {
        return Ok(requirements);
    }
    let mut add = Vec::new();
    if requirements.pruning == Pruning::Pruned {
        let mut needed: HashSet<&Version> = HashSet::new();
        for package in packages.in_order().filter(|p| p.is_in_all() || p.is_root()) {
            needed.extend(package.module.as_ref().filter(|module| !main.contains(&module.path)));
        }
        let (known, unknown): (Vec<&Version>, Vec<&Version>) = needed
            .into_iter()
            .partition(|module| requirements.root_selected(main, &module.path).is_some());
        add = unknown.into_iter().cloned().collect();
        goversion::mod_sort(&mut add);
        if requirements.loaded_graph().is_none() && !spot_check(around, &requirements, &known).await
        {
            let (_, error) = requirements.graph(main, go_mods).await;
            if let Some(err) = error {
                return Err(err);
            }
        }
    }
    update_roots(requirements, &add, main, go_mods).await
}

/// Whether no module that is needed asks for a newer version of something than go.mod does.
async fn spot_check(
    around: Surroundings<'_>,
    requirements: &Requirements,
    modules: &[&Version],
) -> bool {
    let main = &around.loaded.main;
    let summaries = modules.iter().map(|m| requirements_of(m, main, &around.loaded.dependencies));
    join_all(summaries).await.into_iter().all(|summary| {
        summary.is_ok_and(|summary| {
            summary.require.iter().all(|module| {
                let root = requirements.root_selected(main, &module.path);
                // A main module counts as lower than every version of it, as with go.
                root.is_none_or(|root| {
                    goversion::mod_compare(&module.path, root, &module.version).is_ge()
                })
            })
        })
    })
}

/// Says more of missing packages, as go does where it would look for a module that has them: a
/// replaced one might, and go.mod must not change.
async fn explain_missing(
    ctx: &Ctx,
    around: Surroundings<'_>,
    requirements: &mut Requirements,
    packages: &mut Packages,
) -> Result<(), Error> {
    let main = &around.loaded.main;
    let here = main
        .modules()
        .iter()
        .filter(|module| ctx.cwd.starts_with(&module.root))
        .max_by_key(|module| module.root.as_os_str().len());
    for id in packages.ids_in_order() {
        let package = packages.package(id);
        let Some(PackageError::Missing(missing)) = &package.error else { continue };
        if package.test_of.is_some() {
            continue;
        }
        let mut error = match replaced(around, requirements, &missing.path).await? {
            None => PackageError::Missing(missing.clone()),
            Some(err) => err,
        };
        if let PackageError::Missing(Missing { elsewhere, .. }) = &mut error {
            let importers =
                std::iter::successors(packages.importer(id), |id| packages.importer(*id));
            let mut modules = importers.filter_map(|id| packages.package(id).module.as_ref());
            let importing = modules.find_map(|module| main.get(&module.path));
            *elsewhere = importing
                .filter(|main| here.is_none_or(|here| here.module != main.module))
                .map(|main| main.root.clone());
        }
        packages.package_mut(id).error = Some(error);
    }
    Ok(())
}

/// What is to be said of a missing package if a module that go.mod replaces might have it.
async fn replaced(
    around: Surroundings<'_>,
    requirements: &mut Requirements,
    path: &str,
) -> Result<Option<PackageError>, Error> {
    let (loaded, overlay) = (around.loaded, around.overlay);
    let main = &loaded.main;
    let mut modules = Vec::new();
    for (module, highest) in main.all_highest_replaced() {
        if !has_path_prefix(path, module) {
            continue;
        }
        let version = match (highest, module::split_path_version(module)) {
            ("", Some((_, major))) if !major.is_empty() => {
                module::zero_pseudo_version(module::path_major_prefix(major))
            }
            ("", _) => module::zero_pseudo_version("v0"),
            (version, _) => version.to_owned(),
        };
        let (graph, error) = requirements.graph(main, &loaded.dependencies).await;
        if let Some(err) = error {
            return Ok(Some(PackageError::Module(err)));
        }
        if goversion::mod_compare(module, graph.selected(module), &version).is_lt() {
            modules.push(Version::new(module, version));
        }
    }
    modules.sort_by_key(|module| std::cmp::Reverse(module.path.len()));
    for module in &modules {
        let tree = match around.trees.get(loaded, module).await {
            Ok(tree) => tree,
            Err(NoTree::MissingSum) => {
                let modules = Vec::new();
                let path = path.to_owned();
                let err = MissingSum { path, modules, found: false, importer: None };
                return Ok(Some(PackageError::MissingSum(err)));
            }
            Err(NoTree::Failed(err)) if err.is_fatal() => return Err(err),
            Err(NoTree::Failed(err)) => return Ok(Some(PackageError::Module(err))),
        };
        let Some(dir) = directory(path, &module.path, &tree, overlay) else { continue };
        if has_go_files(&dir, overlay)? {
            let mode = main.build_mod.mode;
            let replaced = Some(module.clone());
            let path = path.to_owned();
            let missing = Missing { path, in_std: None, replaced, elsewhere: None, mode };
            return Ok(Some(PackageError::Missing(missing)));
        }
    }
    let Some(first) = modules.first() else { return Ok(None) };
    if module::check_path(path).is_ok() {
        return Ok(None);
    }
    let by = main.replacement(first).map(Version::to_string).unwrap_or_default();
    Ok(Some(PackageError::Invalid(format!(
        "module {}@latest found ({}, replaced by {by}), but does not contain package {path}",
        first.path, first.version
    ))))
}

/// Collects what is wrong, as far as it is told.
fn tell(
    options: &Options,
    main: &crate::plan::MainModules,
    requirements: &Requirements,
    loading: &mut Loading,
) {
    let Loading { packages, matched, errors } = loading;
    for id in packages.ids_in_order() {
        let Some(err) = told_of(packages, id) else { continue };
        let in_std = matches!(&err, PackageError::Missing(missing) if is_standard(&missing.path));
        match options.tell {
            Tell::AllButStd if in_std => {}
            Tell::All | Tell::AllButStd => errors.push(err.told(&packages.stack_text(id))),
            Tell::Nothing => {}
        }
    }
    let modules = match requirements.loaded_graph() {
        Some(graph) => graph.build_list(),
        None => requirements.roots().to_vec(),
    };
    let mut paths: HashMap<Version, Arc<str>> = HashMap::new();
    for module in modules {
        let actual = main.resolve(&module);
        match paths.get(&actual) {
            None => drop(paths.insert(actual, module.path)),
            Some(first) if *first == module.path => {}
            Some(first) => {
                let text = format!(
                    "{}@{} used for two different module paths ({first} and {})",
                    actual.path, actual.version, module.path
                );
                errors.push(Error::message(crate::error::ErrorKind::Other, text));
            }
        }
    }
    if options.tell != Tell::Nothing {
        errors.extend(matched.iter().flat_map(|matched: &Matched| matched.errors.iter().cloned()));
    }
}

/// The error of a package, with what imports it where that is part of the error.
fn told_of(packages: &Packages, id: Id) -> Option<PackageError> {
    let mut err = packages.package(id).error.clone()?;
    if let PackageError::MissingSum(missing) = &mut err
        && let Some(importer) = packages.importer(id).map(|id| packages.package(id))
    {
        let version = importer.module.as_ref().map(|module| module.version.to_string());
        missing.importer = Some(Importer {
            path: importer.path.to_string(),
            version: version.unwrap_or_default(),
            is_test: importer.test_of.is_some(),
        });
    }
    Some(err)
}

/// A folder as messages name it.
pub(super) fn shown(ctx: &Ctx, dir: &std::path::Path) -> PathBuf {
    filepath::short(dir, &ctx.cwd)
}
