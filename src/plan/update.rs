//! Roots made consistent with the graph that they span.
//!
//! A go.mod can name a version that something else overrules, or name a module twice. The `go`
//! command then rewrites the roots to the versions that are really selected; we compute the same.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::error::Error;
use crate::plan::requirements::{ModuleGraph, Pruning, Requirements, is_lower};
use crate::plan::{GoMods, MainModules};
use crate::spec::module::Version;
use crate::spec::mvs::minimal_requirements;

/// The graph of `requirements`, with the roots updated where the graph overrules them.
///
/// # Errors
/// Beside the graph as far as it could be loaded: why it, or the update, is incomplete.
pub async fn expand_graph(
    mut requirements: Requirements,
    main: &MainModules,
    go_mods: &dyn GoMods,
) -> (Requirements, Arc<ModuleGraph>, Option<Error>) {
    let (graph, error) = requirements.graph(main, go_mods).await;
    if error.is_some() || graph.all_roots_selected(main) {
        return (requirements, graph, error);
    }
    match update_roots(requirements.clone(), &[], main, go_mods).await {
        Err(err) => (requirements, graph, Some(err)),
        Ok(mut updated) => {
            let (graph, error) = updated.graph(main, go_mods).await;
            (updated, graph, error)
        }
    }
}

/// Roots in which each path stands once, at its selected version, with those of `add` raised to at
/// least the given versions.
///
/// # Errors
/// When a go.mod that is needed can't be had.
pub async fn update_roots(
    requirements: Requirements,
    add: &[Version],
    main: &MainModules,
    go_mods: &dyn GoMods,
) -> Result<Requirements, Error> {
    match requirements.pruning {
        Pruning::Pruned => update_pruned(requirements, add, main, go_mods).await,
        Pruning::Unpruned => update_unpruned(requirements, add, main, go_mods).await,
        // The roots are the main modules themselves.
        Pruning::Workspace => Ok(requirements),
    }
}

async fn update_pruned(
    mut requirements: Requirements,
    add: &[Version],
    main: &MainModules,
    go_mods: &dyn GoMods,
) -> Result<Requirements, Error> {
    let mut roots = requirements.roots().to_vec();
    let mut upgraded = false;
    for module in add {
        let known = requirements.root_selected(main, &module.path);
        if known.is_none_or(|known| is_lower(&module.path, known, &module.version)) {
            roots.push(module.clone());
            upgraded = true;
        }
    }
    loop {
        // Raising a root can raise others, and in a pruned graph bring in modules that did not
        // count before: load again until nothing changes.
        let graph = if upgraded {
            if main.must_be_complete() {
                return Err(main.build_mod.go_mod_dirty());
            }
            requirements = Requirements::new(Pruning::Pruned, roots, requirements.direct.clone());
            match requirements.graph(main, go_mods).await {
                (_, Some(err)) => return Err(err),
                (graph, None) => Some(graph),
            }
        } else {
            requirements.loaded_graph().cloned()
        };
        upgraded = false;
        roots = Vec::with_capacity(requirements.roots().len());
        let mut seen: HashSet<&str> = HashSet::new();
        for root in requirements.roots() {
            if main.contains(&root.path) || !seen.insert(&root.path) {
                continue;
            }
            let version = match &graph {
                Some(graph) => graph.selected(&root.path),
                None => requirements.root_selected(main, &root.path).unwrap_or_default(),
            };
            upgraded |= version != &*root.version;
            roots.push(Version { path: root.path.clone(), version: Arc::from(version) });
        }
        if !upgraded {
            if main.must_be_complete() {
                // Nothing but duplicates would go.
                return Ok(requirements);
            }
            break;
        }
    }
    if roots == requirements.roots() {
        return Ok(requirements);
    }
    Ok(Requirements::new(Pruning::Pruned, roots, requirements.direct))
}

async fn update_unpruned(
    mut requirements: Requirements,
    add: &[Version],
    main: &MainModules,
    go_mods: &dyn GoMods,
) -> Result<Requirements, Error> {
    let (graph, error) = requirements.graph(main, go_mods).await;
    if let Some(err) = error {
        return Err(err);
    }
    if main.must_be_complete() {
        return match graph.all_roots_selected(main) {
            true => Ok(requirements),
            false => Err(main.build_mod.go_mod_dirty()),
        };
    }
    // Roots at their selected version stay, even those that are implied: they may be wanted.
    let mut paths: Vec<Arc<str>> = Vec::new();
    let mut listed: HashSet<Arc<str>> = HashSet::new();
    for root in requirements.roots() {
        if graph.selected(&root.path) == &*root.version && listed.insert(root.path.clone()) {
            paths.push(root.path.clone());
        }
    }
    let mut keep: Vec<Version> = graph.build_list().split_off(1);
    keep.extend(add.iter().cloned());
    for module in &keep {
        if requirements.direct.contains(&module.path) && listed.insert(module.path.clone()) {
            paths.push(module.path.clone());
        }
    }
    // The whole graph below `keep`, to see what is implied by what.
    let whole = ModuleGraph::load(Pruning::Unpruned, &keep, main, go_mods).await;
    if let Some((_, err)) = whole.failures().next() {
        return Err(err.clone());
    }
    let roots = minimal_requirements(whole.graph(), &paths, |module| {
        whole.graph().required_by(module).cloned().unwrap_or_default()
    });
    if roots == requirements.roots() {
        return Ok(requirements);
    }
    Ok(Requirements::new(Pruning::Unpruned, roots, requirements.direct))
}

/// The same selection as roots of a pruned graph: every module of the build list becomes a root.
///
/// # Errors
/// When a go.mod that is needed can't be had.
pub async fn convert_to_pruned(
    mut requirements: Requirements,
    main: &MainModules,
    go_mods: &dyn GoMods,
) -> Result<Requirements, Error> {
    if requirements.pruning == Pruning::Pruned {
        return Ok(requirements);
    }
    match requirements.graph(main, go_mods).await {
        (_, Some(err)) => Err(err),
        (graph, None) => {
            let roots = graph.build_list().split_off(1);
            let direct: BTreeSet<Arc<str>> = requirements.direct;
            Ok(Requirements::new(Pruning::Pruned, roots, direct))
        }
    }
}
