//! The go.mod that follows from the requirements, and which checksums go.sum keeps.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use crate::error::Error;
use crate::plan::build_mod::Mode;
use crate::plan::requirements::Requirements;
use crate::plan::summary::GoRules;
use crate::plan::{MainModule, MainModules, ModuleGraph};
use crate::spec::goversion;
use crate::spec::modfile::Require;
use crate::spec::module::Version;

/// Writes the roots into the go.mod in memory: go and toolchain lines, requirements, their blocks
/// and comments, as the `go` command lays them out. A go line that says what its absence says is only
/// added where `mode` is to bring the file up to date.
///
/// # Errors
/// When the go line is newer than the version whose rules we follow.
pub fn update_go_mod(
    main: &mut MainModule,
    requirements: &Requirements,
    rules: &GoRules,
    mode: Mode,
) -> Result<(), Error> {
    let mut go_version = goversion::DEFAULT_GO_MOD.to_owned();
    let mut toolchain = String::new();
    let mut list = Vec::with_capacity(requirements.roots().len());
    for root in requirements.roots() {
        match &*root.path {
            "go" => go_version = root.version.to_string(),
            "toolchain" => toolchain = root.version.to_string(),
            path => list.push(Require {
                module: root.clone(),
                indirect: !requirements.direct.contains(path),
            }),
        }
    }
    rules.check("updating go.mod", &go_version, "")?;
    let file = &mut main.file;
    let is_implied = file.go.is_none() && go_version == goversion::DEFAULT_GO_MOD;
    if file.go.as_ref().is_none_or(|go| **go != go_version) && !(is_implied && mode != Mode::Mod) {
        file.add_go_stmt(&go_version).map_err(|err| internal(&err))?;
    }
    if toolchain.is_empty() {
        toolchain = format!("go{go_version}");
    }
    let version = goversion::from_toolchain(&toolchain);
    // A toolchain line that says nothing, or that no Go would heed, is dropped.
    if toolchain == format!("go{go_version}")
        || goversion::compare(version, goversion::GO_STRICT) == Ordering::Less
    {
        file.drop_toolchain_stmt();
    } else {
        file.add_toolchain_stmt(&toolchain).map_err(|err| internal(&err))?;
    }
    if goversion::compare(&go_version, goversion::SEPARATE_INDIRECT) == Ordering::Less {
        file.set_require(&list);
    } else {
        file.set_require_separate_indirect(&list);
    }
    file.cleanup();
    Ok(())
}

fn internal(err: &dyn std::fmt::Display) -> Error {
    Error::message(crate::error::ErrorKind::Other, format!("internal error: {err}"))
}

/// The checksums that go.sum must hold to load the same graph and modules again: the go.mod files
/// of the whole graph, and go.mod and zip of every selected module.
pub fn sums_to_keep(
    requirements: &Requirements,
    graph: Option<&Arc<ModuleGraph>>,
    main: &MainModules,
) -> HashSet<Version> {
    let resolve = |module: &Version| main.resolve(module);
    let mut keep = HashSet::new();
    let Some(graph) = graph else {
        for root in requirements.roots() {
            let actual = resolve(root);
            keep.insert(actual.go_mod());
            keep.insert(actual);
        }
        return keep;
    };
    for module in graph.graph().breadth_first() {
        if graph.graph().required_by(&module).is_some() {
            keep.insert(resolve(&module).go_mod());
        }
    }
    // Before go 1.21 the go.mod file of a zip was not needed to make use of it.
    let is_tidy_enough = main.go_version().is_none_or(|version| {
        goversion::compare(version, goversion::TIDY_GO_MOD_SUM) != Ordering::Less
    });
    let keeps_mod_sums = is_tidy_enough || main.build_mod.mode == Mode::Mod;
    for module in graph.build_list() {
        let actual = resolve(&module);
        if keeps_mod_sums {
            keep.insert(actual.go_mod());
        }
        keep.insert(actual);
    }
    keep
}
