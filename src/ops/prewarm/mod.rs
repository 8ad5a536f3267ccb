//! `prewarm`: what all projects below some folders need, brought into the module cache at once.
//!
//! - [`find`]: which projects there are.
//! - [`key`]: `cache-key`, a name for all that decides what they need.
//! - [`tally`]: what happens to many projects, told as of one.
//!
//! Each project is worked on as `download` works on it, with its own go.sum, and nothing of it is written.
//! All at once share what a run has one of (see [`Engine`](crate::pipeline::engine::Engine)): so every file
//! is fetched once, whoever needs it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::config::mode::Workspace;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::ops::toolchains::Platform;
use crate::ops::{download, needed, session};
use crate::spec::filepath;
use crate::spec::module::Version;

pub mod find;
pub mod key;
pub mod tally;

use find::Place;
use tally::{OfProject, Tally};

/// Projects that are worked on at once.
const AT_ONCE: usize = 128;

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct Args {
    /// Where projects are looked for: folders, go.mod and go.work files.
    pub paths: Vec<PathBuf>,
    /// What is passed over, in the syntax of .gitignore, relative to each of them.
    pub excluded: Vec<String>,
    /// What is fetched for each project.
    pub what: What,
}

/// What is fetched for a project.
#[derive(Debug, Clone, Default)]
pub struct What {
    /// Only what building the packages takes.
    pub needed: Option<needed::Args>,
    /// The Go that go would switch to, for these platforms.
    pub toolchains: Vec<Platform>,
}

/// A project, when it is done.
#[derive(Debug)]
pub struct Project {
    /// Its place.
    pub place: Place,
    /// How it is named: from the working directory where that is shorter.
    pub shown: PathBuf,
    /// The modules that it needs, as far as they became known.
    pub modules: usize,
    /// Those of them that were downloaded.
    pub downloaded: usize,
    /// What went wrong, in the order in which it is told.
    pub errors: Vec<Error>,
    /// Of these the one that decides the exit code.
    pub error: Option<Error>,
}

/// Something that is said of projects, once for all of them.
#[derive(Debug)]
pub struct Said<T> {
    /// The first project that it is said of.
    pub first: PathBuf,
    /// How many others there are.
    pub others: usize,
    /// What is said.
    pub what: T,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The projects, in the order of their paths.
    pub projects: Vec<Project>,
    /// The errors, each once, in the order of the first project that it is about.
    pub errors: Vec<Said<Error>>,
    /// What else is to be said.
    pub notes: Vec<Said<String>>,
    /// Different modules of all projects.
    pub modules: usize,
    /// Those that were downloaded.
    pub downloaded: usize,
    /// Those whose zips were there, and whose trees were made.
    pub unpacked: usize,
    /// Those that can't be had.
    pub failed: usize,
    /// The exit code.
    pub exit_code: u8,
}

/// Downloads what all projects in the given places need.
///
/// # Errors
/// When nothing can be done for any project.
pub async fn run(ctx: &Ctx, args: &Args) -> Result<Outcome, Error> {
    let found = {
        let (ctx, args) = (ctx.clone(), args.clone());
        let find = move || find::find(&ctx, &args.paths, &args.excluded);
        let found = tokio::task::spawn_blocking(find).await;
        found.map_err(|err| session::internal(&err.to_string()))??
    };
    let tally = Arc::new(Tally::new(Arc::clone(&ctx.observer)));
    let ctx = Ctx { observer: Arc::clone(&tally) as _, shared: Arc::default(), ..ctx.clone() };
    // By this context, whose observer is that of no project.
    let engine = session::engine(&ctx)?;
    let done = work_on(&ctx, &found.projects, &args.what).await;
    engine.drop_lent_trees().await?;
    let done = done?;
    Ok(outcome(&ctx, &tally, found, done))
}

/// A project that was worked on.
struct Done {
    result: Result<download::Outcome, Error>,
    notes: Vec<String>,
}

/// Works on all of them at once, and gives what came of them in their order.
async fn work_on(ctx: &Ctx, places: &[Place], what: &What) -> Result<Vec<Done>, Error> {
    let args = Arc::new(download::Args {
        untouched: true,
        needed: what.needed.clone(),
        toolchains: what.toolchains.clone(),
        ..download::Args::default()
    });
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut jobs = JoinSet::new();
    for (at, place) in places.iter().enumerate() {
        let observer = Arc::new(OfProject::new(Arc::clone(&ctx.observer)));
        let mut ctx = Ctx { observer: Arc::clone(&observer) as _, ..ctx.clone() };
        ctx.cwd.clone_from(&place.dir);
        ctx.config.workspace = match &place.work {
            Some(work) => Workspace::File(work.clone()),
            None => Workspace::Off,
        };
        let (args, turns) = (Arc::clone(&args), Arc::clone(&turns));
        jobs.spawn(async move {
            let _turn = turns.acquire().await;
            let result = download::run(&ctx, &args, &mut |_| {}).await;
            (at, Done { result, notes: observer.notes() })
        });
    }
    let mut done = BTreeMap::new();
    while let Some(job) = jobs.join_next().await {
        let (at, job) = job.map_err(|err| session::internal(&err.to_string()))?;
        done.insert(at, job);
    }
    Ok(done.into_values().collect())
}

fn outcome(ctx: &Ctx, tally: &Tally, found: find::Found, done: Vec<Done>) -> Outcome {
    let mut all: BTreeMap<Version, bool> = BTreeMap::new();
    let mut outcome = Outcome::default();
    let mut told: Vec<(PathBuf, Vec<Error>)> =
        found.errors.into_iter().map(|(path, err)| (path, vec![err])).collect();
    let mut codes: Vec<(PathBuf, u8)> = told
        .iter()
        .flat_map(|(path, errs)| Some((path.clone(), errs.first()?.exit_code())))
        .collect();
    let mut notes = Vec::new();
    for (place, job) in found.projects.into_iter().zip(done) {
        let shown = filepath::short(&place.dir, &ctx.cwd);
        let (modules, errors, error) = match job.result {
            Ok(done) => {
                let error = done.error().cloned();
                let of_modules = done.modules.iter().filter_map(|module| module.error.clone());
                let errors: Vec<Error> = of_modules.chain(done.errors.iter().cloned()).collect();
                (done.modules, errors, error)
            }
            Err(err) => (Vec::new(), vec![err.clone()], Some(err)),
        };
        let mut versions = BTreeSet::new();
        for module in &modules {
            let version = Version::new(module.json.path.as_str(), module.json.version.as_str());
            *all.entry(version.clone()).or_default() |=
                module.error.is_some() || !module.json.error.is_empty();
            versions.insert(version);
        }
        let downloaded = versions.iter().filter(|module| tally.has_published(module)).count();
        notes.push((shown.clone(), job.notes));
        told.push((shown.clone(), errors.clone()));
        codes.extend(error.as_ref().map(|err| (place.dir.clone(), err.exit_code())));
        let modules = versions.len();
        outcome.projects.push(Project { place, shown, modules, downloaded, errors, error });
    }
    outcome.modules = all.len();
    outcome.downloaded = all.keys().filter(|module| tally.has_published(module)).count();
    outcome.unpacked = all.keys().filter(|module| tally.has_unpacked(module)).count();
    let is_there = |module: &Version| tally.has_published(module) || tally.has_unpacked(module);
    let failed = all.iter().filter(|(module, failed)| **failed && !is_there(module));
    outcome.failed = failed.count();
    outcome.errors = once(told, |err| (err.to_string(), err.is_bare(), err.hints().to_vec()));
    outcome.notes = once(notes, Clone::clone);
    let absolute = |path: &Path| filepath::clean(&ctx.cwd.join(path));
    let first = codes.into_iter().min_by_key(|(path, _)| absolute(path));
    outcome.exit_code = first.map_or(0, |(_, code)| code);
    outcome
}

/// What is said of the projects, each thing once.
fn once<T, K: Ord>(said: Vec<(PathBuf, Vec<T>)>, key: impl Fn(&T) -> K) -> Vec<Said<T>> {
    let mut known: BTreeMap<K, usize> = BTreeMap::new();
    let mut all: Vec<Said<T>> = Vec::new();
    for (project, said) in said {
        let mut here = BTreeSet::new();
        for what in said {
            match known.get(&key(&what)) {
                Some(at) => {
                    if here.insert(*at)
                        && let Some(said) = all.get_mut(*at)
                        && said.first != project
                    {
                        said.others += 1;
                    }
                }
                None => {
                    known.insert(key(&what), all.len());
                    all.push(Said { first: project.clone(), others: 0, what });
                }
            }
        }
    }
    all
}
