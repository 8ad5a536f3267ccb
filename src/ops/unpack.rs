//! `unpack`: the trees of all modules whose zips lie in the module cache, made without a network.
//!
//! It completes what `download --layout zips` has left, wherever that was carried: each zip is held against
//! the hash beside it, and what does not fit fails alone. go does the same module by module, when it first
//! needs one, without looking at the zip's hash again.

use std::sync::Arc;

use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};
use crate::event::{Event, ZipOutcome};
use crate::ops::{session, toolchains};
use crate::spec::goproxy_json::ModuleJson;
use crate::spec::module::Version;
use crate::store::Store;
use crate::store::fill::Filled;
use crate::store::publish::Stopper;

/// A module whose zip is in the cache.
#[derive(Debug, Clone)]
pub struct Module {
    /// What `-json` prints.
    pub json: ModuleJson,
    /// Whether its tree was there before.
    pub was_present: bool,
    /// Why it has no tree that can be used.
    pub error: Option<Error>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// All modules whose zips are in the cache, sorted.
    pub modules: Vec<Module>,
}

impl Outcome {
    /// What went wrong, in the order of the modules.
    pub fn errors(&self) -> impl Iterator<Item = &Error> {
        self.modules.iter().filter_map(|module| module.error.as_ref())
    }

    /// The error that decides the exit code: a checksum that does not hold, else the first there is.
    pub fn error(&self) -> Option<&Error> {
        self.errors().find(|err| err.is_security()).or_else(|| self.errors().next())
    }

    /// How many were unpacked, how many were there, and how many failed.
    pub fn counts(&self) -> [usize; 3] {
        let failed = self.errors().count();
        let present = self.modules.iter().filter(|m| m.was_present && m.error.is_none()).count();
        [self.modules.len() - present - failed, present, failed]
    }
}

/// Unpacks all zips in the cache whose trees are missing, on all cores.
///
/// # Errors
/// When there is no place for the module cache, or it can't be read. What fails of one module is in the
/// [`Outcome`].
pub async fn run(ctx: &Ctx) -> Result<Outcome, Error> {
    let store = session::store(ctx)?;
    let observer = Arc::clone(&ctx.observer);
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    // Who breaks this off wants no more trees.
    let stopper = Stopper::default();
    let stop = stopper.flag();
    let work = move || {
        let modules = store.zipped()?;
        let planned = Arc::new(modules.iter().cloned().collect());
        observer.event(&Event::ZipsPlanned { modules: planned });
        let tell = |module: &Version, result: &Result<Filled, Error>| {
            let outcome = match result {
                Ok(Filled { was_present: true, .. }) => ZipOutcome::Present,
                Ok(_) => ZipOutcome::Unpacked,
                Err(_) => ZipOutcome::Failed,
            };
            observer.event(&Event::ZipFinished { module: module.clone(), outcome });
        };
        let results = store.fill(&modules, cores, &stop, &tell);
        let done = modules.iter().zip(results);
        let modules = done.map(|(module, result)| describe(&store, module, result)).collect();
        Ok(Outcome { modules })
    };
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(err) if err.is_cancelled() => {
            Err(Error::message(ErrorKind::Interrupted, "interrupted"))
        }
        Err(err) => Err(session::internal(&err.to_string())),
    }
}

fn describe(store: &Store, module: &Version, result: Result<Filled, Error>) -> Module {
    let was_present = result.as_ref().is_ok_and(|filled| filled.was_present);
    let mut json = ModuleJson {
        path: module.path.to_string(),
        version: module.version.to_string(),
        zip: store.kept_zip(module).unwrap_or_default(),
        ..ModuleJson::default()
    };
    let result = result.and_then(|filled| {
        toolchains::make_usable(store, module).map_err(|err| err.of_module(module))?;
        Ok(filled)
    });
    match &result {
        Ok(filled) => {
            json.dir = store.kept_tree(module).unwrap_or_default();
            json.sum.clone_from(&filled.hash);
        }
        Err(err) => json.error = err.to_string(),
    }
    Module { json, was_present, error: result.err() }
}
