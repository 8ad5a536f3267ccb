//! From a module version to files in the cache: presence, fetch, verify, publish.
//!
//! `.info`, `.mod`, the zip and the checksum database's answer of one module are fetched at the
//! same time, and so are many modules; each file at most once a run, for however many projects (see [`engine`]). Zips may be fetched before it
//! is known whether they are needed: they wait, staged, behind a [`Gate`].
//!
//! Thousands of modules may be under way, of which most are there already. What only those need that are
//! not is boxed, so that the task of a module takes little memory until it comes to that.
//!
//! What bounds the work: the number of small transfers and of zips at once, the number of zips
//! unpacked at once (one per core), and the memory for zips that are not on disk.

use std::collections::HashSet;
use std::ops::Deref;
use std::sync::Arc;

use tokio::sync::watch;

use crate::error::Error;
use crate::event::Observer;
use crate::pipeline::engine::Engine;
use crate::pipeline::go_mods::FoundGoMod;
use crate::pipeline::upload::Uploads;
use crate::source::cache_proxy::CacheProxies;
use crate::source::chain::{Chain, Served};
use crate::spec::goproxy_json::RevInfo;
use crate::spec::module::Version;
use crate::sys::once::OnceMap;
use crate::verify::Verifier;
use crate::verify::gosum::GoSum;

pub mod engine;
pub mod explain;
mod go_mods;
mod repair;
mod slot;
pub mod upload;
mod zip;

pub use zip::{Staging, ZipDone, ZipFailure, ZipReady};

/// How much is done at once.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Zips in transfer.
    pub zips: usize,
    /// Zips being unpacked, and modules being inspected; by default one per core.
    pub unpackers: usize,
}

/// Whether zips fetched early are wanted.
#[derive(Debug, Clone, Default)]
pub enum Decision {
    /// Not known yet.
    #[default]
    Wait,
    /// These are, and no others.
    Publish(Arc<HashSet<Version>>),
    /// None are.
    Discard,
}

/// Where early work waits for the decision.
pub type Gate = watch::Receiver<Decision>;

/// Downloads, verifies and publishes for one project: what the run shares, with the project's go.sum.
pub struct Pipeline {
    engine: Arc<Engine>,
    verifier: Verifier,
    found: OnceMap<Version, Result<Arc<FoundGoMod>, Error>>,
}

/// What needs no go.sum is the same for all projects.
impl Deref for Pipeline {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        &self.engine
    }
}

/// Who is asked for modules.
pub struct Sources {
    /// The caches, first.
    pub shared: Shared,
    /// Whom GOPROXY names.
    pub chain: Chain,
}

/// The caches of GOCACHEPROXY.
#[derive(Default)]
pub struct Shared {
    /// Who is asked before the chain.
    pub caches: CacheProxies,
    /// How what came from the chain is stored there, if it is.
    pub uploads: Option<Arc<Uploads>>,
}

/// What a download would have to fetch of a zip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forecast {
    /// Nothing: it is in the cache.
    Present,
    /// The zip.
    Fetch {
        /// Its size in bytes, if that is said beforehand.
        size: Option<u64>,
        /// Who would send it.
        from: String,
    },
}

/// What became of the three files of a module version.
#[derive(Debug)]
pub struct Downloaded {
    /// The .info.
    pub info: Result<Arc<RevInfo>, Error>,
    /// The `h1:` hash of the go.mod.
    pub go_mod: Result<String, Error>,
    /// The zip and the tree.
    pub zip: Result<ZipDone, Error>,
}

impl Pipeline {
    /// A pipeline for a project with this go.sum. `observer` is told what is to be said of it.
    pub fn new(engine: Arc<Engine>, gosum: GoSum, observer: Arc<dyn Observer>) -> Arc<Pipeline> {
        let (database, rule) = (Arc::clone(&engine.database), Arc::clone(&engine.uses_database));
        let verifier = Verifier::new(gosum, database, rule, observer);
        Arc::new(Pipeline { engine, verifier, found: OnceMap::default() })
    }

    /// What a download of `module` would fetch. Nothing is fetched for it, or written.
    ///
    /// # Errors
    /// When no source has it, or the cache holds something that it must not hold.
    pub async fn forecast(&self, module: &Version) -> Result<Forecast, Error> {
        // A zip without a tree is unpacked, which takes no transfer.
        if self.present(module).await?.is_some() || self.store.existing_zip(module)?.is_some() {
            return Ok(Forecast::Present);
        }
        let _turn = self.small.acquire().await;
        let covered = self.verifier.is_known(module);
        let Served { answer, by } = match self.shared.caches.zip_size(module, covered).await {
            Some(served) => served,
            None => self.chain.zip_size(module).await?,
        };
        Ok(Forecast::Fetch { size: answer, from: by })
    }

    /// The verifier, with go.sum as this run sees it.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// Fetches everything of a module version at once, and publishes it as soon as `gate` allows.
    ///
    /// Without a gate it is published when it is there. As with go, a wanted version's go.mod is
    /// kept whatever becomes of the rest, and a zip is published only if .info and .mod could be
    /// had.
    pub async fn download(
        self: Arc<Self>,
        module: Version,
        gate: Option<Gate>,
    ) -> Option<Downloaded> {
        let all = futures_util::future::try_join3(
            unless_fatal(self.fetch_info(&module.path, &module.version)),
            unless_fatal(self.early_go_mod(&module)),
            unless_fatal(self.stage(&module)),
        );
        let (info, found, zip) = match all.await {
            Ok(results) => results,
            Err(err) => {
                let key = (Arc::clone(&module.path), module.version.to_string());
                let info = self.stats.get(&key).unwrap_or_else(|| Err(err.clone()));
                let found = self.found.get(&module).unwrap_or_else(|| Err(err.clone()));
                (info, found, Err(err))
            }
        };
        if let Some(gate) = gate
            && !is_wanted(gate, &module).await
        {
            self.forget(&module, found.ok(), zip);
            return None;
        }
        let info = info.and_then(|info| self.keep_info(&module.path, &info).map(|()| info));
        let kept = match &found {
            Ok(found) => self.keep_go_mod(&module, found).await,
            Err(err) => Err(err.clone()),
        };
        let go_mod = match &info {
            Ok(_) => kept,
            Err(err) => Err(err.clone()),
        };
        let zip = match (&go_mod, zip) {
            (Err(err), zip) => {
                self.forget(&module, found.ok(), zip);
                Err(err.clone())
            }
            (_, Err(err)) => Err(err),
            (Ok(_), Ok(ready)) => self.publish(&module, ready).await,
        };
        Some(Downloaded { info, go_mod, zip })
    }

    /// Lets go.sum know nothing of what go would not have looked at: a zip that is not published,
    /// and a go.mod that nobody else needs.
    fn forget(
        &self,
        module: &Version,
        go_mod: Option<Arc<FoundGoMod>>,
        zip: Result<ZipReady, Error>,
    ) {
        if let Ok(ready) = zip {
            self.leave(module, ready);
        }
        let gosum = self.verifier.gosum();
        gosum.forget(module);
        if go_mod.is_some_and(|found| found.kept.get().is_none()) {
            gosum.forget(&module.go_mod());
        }
    }
}

/// The result of `work` as a success, unless its error must end the run: then nothing else that is
/// under way is waited for.
async fn unless_fatal<T>(
    work: impl Future<Output = Result<T, Error>>,
) -> Result<Result<T, Error>, Error> {
    match work.await {
        Err(err) if err.is_fatal() => Err(err),
        result => Ok(result),
    }
}

/// Waits for the decision about `module`.
async fn is_wanted(mut gate: Gate, module: &Version) -> bool {
    loop {
        match &*gate.borrow_and_update() {
            Decision::Wait => {}
            Decision::Publish(wanted) => return wanted.contains(module),
            Decision::Discard => return false,
        }
        if gate.changed().await.is_err() {
            return false;
        }
    }
}
