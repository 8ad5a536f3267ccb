//! `verify`: what lies in the cache is what was downloaded, as `go mod verify` checks it.
//!
//! The zip and the tree of each module of the build list are hashed anew and compared with the hash
//! that was recorded beside them; what is not in the cache is not missed. That is what go does. It
//! believes the recorded hash, which lies where zip and tree lie; we also hold go.sum against all
//! three, look at the modules that replace others, and say what is wrong with which file.
//!
//! - [`judge`]: what an inspection means, and how it is said.
//!
//! Implements <https://go.dev/ref/mod#go-mod-verify>.

use std::collections::HashSet;

use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};
use crate::ops::listing::no_main_modules;
use crate::ops::load::Loaded;
use crate::ops::project::Project;
use crate::pipeline::Pipeline;
use crate::plan::MainModules;
use crate::plan::update::expand_graph;
use crate::spec::goversion;
use crate::spec::module::Version;

pub mod judge;

use judge::{Report, Trusted, judge};

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct Args {
    /// Words beside the flags, of which there may be none.
    pub operands: usize,
    /// `--ignore-missing-use`: a folder that go.work uses may be missing.
    pub ignore_missing_use: bool,
}

/// What was found out.
#[derive(Debug, Default)]
pub struct Outcome {
    /// One report for each module that was looked at, in the order of the build list.
    pub reports: Vec<Report>,
}

impl Outcome {
    /// Everything that is wrong, in the order in which it is told.
    pub fn errors(&self) -> impl Iterator<Item = &Error> {
        self.reports.iter().flat_map(|report| &report.errors)
    }

    /// The error that decides the exit code: a checksum that does not hold, else the first there is.
    pub fn error(&self) -> Option<&Error> {
        self.errors().find(|err| err.is_security()).or_else(|| self.errors().next())
    }
}

/// Verifies the modules of the build list.
///
/// # Errors
/// When the build list can't be had. What is wrong with modules is in the [`Outcome`].
pub async fn run(ctx: &Ctx, args: &Args) -> Result<Outcome, Error> {
    let mut project = Project::find(ctx)?;
    project.ignore_missing_use = args.ignore_missing_use;
    if args.operands > 0 {
        return Err(Error::message(ErrorKind::Usage, "verify takes no arguments"));
    }
    let mut loaded = Loaded::read(ctx, project).await?;
    if loaded.main.is_empty() && !loaded.main.is_workspace() {
        return Err(Error::message(ErrorKind::Other, no_main_modules(&loaded.main)));
    }
    loaded.forbid_switching();
    loaded.settle_roots().await?;
    let requirements = loaded.requirements.clone();
    let (_, graph, error) = expand_graph(requirements, &loaded.main, &loaded.dependencies).await;
    if let Some(err) = error {
        return Err(err);
    }
    let modules = to_verify(&graph.build_list(), &loaded.main);
    let reports = verify(&loaded.pipeline, modules).await?;
    Ok(Outcome { reports })
}

/// The modules that can be in the cache. go looks at a module though another replaces it, and does
/// not look at the other one; here that one follows.
fn to_verify(build_list: &[Version], main: &MainModules) -> Vec<Version> {
    let mut seen = HashSet::new();
    let selected = build_list
        .iter()
        .filter(|module| !goversion::is_toolchain(&module.path) && !main.contains(&module.path));
    let with_replacement = selected.flat_map(|module| {
        let replacement = main.replacement(module).filter(|module| !module.version.is_empty());
        [Some(module), replacement]
    });
    with_replacement.flatten().filter(|module| seen.insert(*module)).cloned().collect()
}

async fn verify(pipeline: &Pipeline, modules: Vec<Version>) -> Result<Vec<Report>, Error> {
    let inspected = pipeline.inspect(modules.clone()).await?;
    let gosum = pipeline.verifier().gosum();
    let reports = modules.into_iter().zip(inspected).map(|(module, inspection)| {
        let mut known: Vec<Trusted> = gosum.known(&module).into_iter().map(Trusted::from).collect();
        // Of several lines in one file the first counts, as with go.
        known.dedup_by(|later, first| later.name == first.name);
        match inspection {
            Ok(inspection) => judge(module, &inspection, &known),
            Err(err) => Report::failed(module, &err),
        }
    });
    Ok(reports.collect())
}
