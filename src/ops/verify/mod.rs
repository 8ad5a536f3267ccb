//! `verify`: what lies in the cache is what was downloaded, as `go mod verify` checks it.
//!
//! The zip and the tree of each module of the build list are hashed anew and compared with the hash
//! that was recorded beside them; what is not in the cache is not missed. That is what go does. It
//! believes the recorded hash, which lies where zip and tree lie; we also hold go.sum against all
//! three, look at the modules that replace others, and say what is wrong with which file.
//!
//! With `--cache` everything in the cache is looked at, `.mod` and `.info` too, in a module or outside
//! of any; with `--sumdb` cache and go.sum are held against the checksum database; with `--repair`
//! what is damaged is fetched again.
//!
//! - [`mod@judge`]: what an inspection means, and how it is said.
//! - [`known`]: what go.sum and the checksum database know.
//! - [`small`]: `.mod` and `.info`.
//! - [`repair`]: what is damaged, fetched again.
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
pub mod known;
pub mod repair;
pub mod small;

use judge::{Report, judge};
use known::Known;

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct Args {
    /// Words beside the flags, of which there may be none.
    pub operands: usize,
    /// `--ignore-missing-use`: a folder that go.work uses may be missing.
    pub ignore_missing_use: bool,
    /// `--cache`: look at everything in the cache.
    pub cache: bool,
    /// `--sumdb`: ask the checksum database about everything.
    pub sumdb: bool,
    /// `--repair`: fetch again what is damaged.
    pub repair: bool,
}

/// What was found out.
#[derive(Debug, Default)]
pub struct Outcome {
    /// One report for each module that was looked at, in the order of the build list.
    pub reports: Vec<Report>,
    /// Whether it was tried to put right what is wrong.
    pub tried_repair: bool,
}

impl Outcome {
    /// Everything that is or was wrong, in the order in which it is told.
    pub fn errors(&self) -> Vec<Error> {
        let mut errors: Vec<Error> = self.reports.iter().flat_map(Report::errors).collect();
        if !self.tried_repair
            && self.reports.iter().any(Report::is_damaged)
            && let Some(last) = errors.pop()
        {
            errors.push(last.hint("with --repair, verify fetches again what is damaged"));
        }
        errors
    }

    /// The error that decides the exit code: of what is still wrong, a checksum that does not hold,
    /// else the first there is.
    pub fn error(&self) -> Option<Error> {
        let wrong = || self.reports.iter().filter(|report| !report.is_fine());
        let mut errors = wrong().flat_map(Report::errors);
        errors.find(Error::is_security).or_else(|| wrong().flat_map(Report::errors).next())
    }
}

/// Verifies the modules of the build list, or those in the cache.
///
/// # Errors
/// When it can't be found out which modules these are. What is wrong with them is in the [`Outcome`].
pub async fn run(ctx: &Ctx, args: &Args) -> Result<Outcome, Error> {
    let mut project = Project::find(ctx)?;
    project.ignore_missing_use = args.ignore_missing_use;
    if args.operands > 0 {
        return Err(Error::message(ErrorKind::Usage, "verify takes no arguments"));
    }
    let mut loaded = Loaded::read(ctx, project).await?;
    if args.repair {
        repair::contradicted_go_mods(ctx, &loaded.pipeline)?;
    }
    let modules = match args.cache {
        true => loaded.pipeline.store().contents()?,
        false => build_list(&mut loaded).await?,
    };
    let pipeline = &loaded.pipeline;
    let mut known = Known::of_go_sum(pipeline.verifier());
    let mut reports = look_at(ctx, pipeline, modules, args, &mut known).await?;
    if args.repair {
        repair::repair(pipeline, &known, &mut reports).await;
    }
    Ok(Outcome { reports, tried_repair: args.repair })
}

/// Loads the module graph as go does.
async fn build_list(loaded: &mut Loaded) -> Result<Vec<Version>, Error> {
    if loaded.main.is_empty() && !loaded.main.is_workspace() {
        return Err(Error::message(ErrorKind::Other, no_main_modules(&loaded.main)));
    }
    loaded.forbid_switching();
    loaded.settle_roots().await?;
    let requirements = loaded.requirements.clone();
    let (_, graph, error) = expand_graph(requirements, &loaded.main, &loaded.dependencies).await;
    match error {
        Some(err) => Err(err),
        None => Ok(to_verify(&graph.build_list(), &loaded.main)),
    }
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

async fn look_at(
    ctx: &Ctx,
    pipeline: &Pipeline,
    modules: Vec<Version>,
    args: &Args,
    known: &mut Known<'_>,
) -> Result<Vec<Report>, Error> {
    let inspected = pipeline.inspect(modules.clone()).await?;
    if args.sumdb {
        let found = modules.iter().zip(&inspected).filter(|(_, inspected)| {
            inspected.as_ref().is_ok_and(|inspection| inspection.is_anything())
        });
        known.ask_database(ctx, found.map(|(module, _)| module)).await?;
    }
    let mut reports = Vec::with_capacity(modules.len());
    for (module, inspection) in modules.into_iter().zip(inspected) {
        let report = match inspection {
            Ok(inspection) => {
                let mut report = judge(module, &inspection, &known.hashes(&inspection.module));
                if args.cache || args.sumdb {
                    small::look_at(pipeline.store(), known, &inspection, &mut report)?;
                }
                report
            }
            Err(err) => {
                let mut report = Report::new(module);
                report.add(err.kind(), &err.to_string());
                report
            }
        };
        reports.push(report);
    }
    known.complete(&mut reports);
    Ok(reports)
}
