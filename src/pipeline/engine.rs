//! What a run has one of, however many projects it works for.
//!
//! Each project has a go.sum of its own, which everything is verified against: that is its
//! [`Pipeline`](super::Pipeline). The sources with what is known of them, the cache, the checksum
//! database, the bounds, and what was fetched already are here, shared by all of them. Nothing here is
//! believed: a file that was fetched for one project is verified for each other that needs it.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

use crate::error::Error;
use crate::event::Observer;
use crate::pipeline::explain::Explaining;
use crate::pipeline::go_mods::Fetched;
use crate::pipeline::slot::Slots;
use crate::pipeline::{Limits, Shared, Sources, zip};
use crate::source::Versions;
use crate::source::chain::Chain;
use crate::spec::goproxy_json::{Origin, RevInfo};
use crate::spec::module::Version;
use crate::store::Store;
use crate::store::inspect::Inspection;
use crate::store::layout::Kind;
use crate::store::spool::MemoryBudget;
use crate::sys::budget::Budget;
use crate::sys::cores::Cores;
use crate::sys::once::OnceMap;
use crate::verify::DatabaseRule;
use crate::verify::database::Database;

/// Memory for all zips that are neither on disk nor unpacked yet.
const ZIP_MEMORY: u64 = 32 << 20;
/// The most versions of a list that is remembered for the whole run.
const MAX_KEPT_VERSIONS: usize = 10_000;
/// Small files in transfer at once: .info, .mod, lists.
const SMALL_TRANSFERS: usize = 256;

/// What the pipelines of a run share.
pub struct Engine {
    pub(super) chain: Chain,
    pub(super) shared: Shared,
    pub(super) store: Store,
    pub(super) database: Arc<Database>,
    pub(super) uses_database: DatabaseRule,
    pub(super) explaining: Explaining,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) small: Semaphore,
    pub(super) zips: Arc<Semaphore>,
    pub(super) unpackers: Arc<Semaphore>,
    limits: Limits,
    pub(super) cores: Arc<Cores>,
    pub(super) memory: Arc<MemoryBudget>,
    pub(super) bodies: Budget,
    pub(super) stats: OnceMap<(Arc<str>, String), Result<Arc<RevInfo>, Error>>,
    kept_infos: Mutex<HashSet<Version>>,
    lists: OnceMap<Arc<str>, Result<Arc<Versions>, Error>>,
    newest: OnceMap<Arc<str>, Result<Arc<RevInfo>, Error>>,
    pub(super) go_mods: Fetched,
    pub(super) slots: Slots,
    /// What came from a source and not from a cache, and may have to be stored there.
    sourced: Mutex<HashSet<(Version, Kind)>>,
    /// Zips that go as soon as they are stored.
    passing: Mutex<HashSet<Version>>,
    /// Whose trees were unpacked to be read, though none are to be left.
    lent_trees: Mutex<HashSet<Version>>,
    pub(super) go_mods_fetched: AtomicU64,
    pub(super) go_mod_bytes: AtomicU64,
}

/// What an [`Engine`] is made of.
pub struct Parts {
    /// Who is asked for modules.
    pub sources: Sources,
    /// The module cache.
    pub store: Store,
    /// The checksum database.
    pub database: Database,
    /// Which modules need it.
    pub uses_database: DatabaseRule,
    /// How much is done at once.
    pub limits: Limits,
    /// The memory in which the sources hold go.mod files.
    pub bodies: Budget,
    /// How far contradictions are looked into.
    pub explaining: Explaining,
    /// Who is told what happens.
    pub observer: Arc<dyn Observer>,
}

impl Engine {
    /// The engine of one run.
    pub fn new(parts: Parts) -> Arc<Engine> {
        let Parts { sources, store, database, uses_database, limits, bodies, explaining, observer } =
            parts;
        let Sources { chain, shared } = sources;
        Arc::new(Engine {
            chain,
            shared,
            store,
            database: Arc::new(database),
            uses_database,
            explaining,
            observer,
            small: Semaphore::new(SMALL_TRANSFERS),
            zips: Arc::new(Semaphore::new(limits.zips.max(1))),
            unpackers: Arc::new(Semaphore::new(limits.unpackers.max(1))),
            cores: Arc::new(Cores::shared(limits.unpackers)),
            limits,
            memory: MemoryBudget::new(ZIP_MEMORY),
            bodies,
            stats: OnceMap::default(),
            kept_infos: Mutex::default(),
            lists: OnceMap::default(),
            newest: OnceMap::default(),
            go_mods: Fetched::default(),
            slots: Slots::default(),
            sourced: Mutex::default(),
            passing: Mutex::default(),
            lent_trees: Mutex::default(),
            go_mods_fetched: AtomicU64::new(0),
            go_mod_bytes: AtomicU64::new(0),
        })
    }

    /// Removes the trees that were unpacked only to be read, since the layout leaves none: at the end of the
    /// run, when no project reads any more.
    ///
    /// # Errors
    /// When one can't be removed; all others are.
    pub async fn drop_lent_trees(&self) -> Result<(), Error> {
        let lent = std::mem::take(&mut *self.lent_trees());
        if lent.is_empty() {
            return Ok(());
        }
        let store = self.store.clone();
        zip::blocking(move || {
            let drop_tree = |module| store.lock(module).and_then(|lock| store.drop_tree(&lock));
            lent.iter().map(drop_tree).fold(Ok(()), Result::and)
        })
        .await
    }

    /// How many go.mod files were fetched so far, and their size together in bytes.
    pub fn fetched_go_mods(&self) -> (u64, u64) {
        let [count, bytes] = [&self.go_mods_fetched, &self.go_mod_bytes]
            .map(|number| number.load(Ordering::Relaxed));
        (count, bytes)
    }

    /// The cache.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What lies in the cache of each module, hashed anew on all cores.
    ///
    /// # Errors
    /// When the run is broken off; what is wrong with one module is in its place.
    pub async fn inspect(
        &self,
        modules: Vec<Version>,
    ) -> Result<Vec<Result<Inspection, Error>>, Error> {
        let (store, cores) = (self.store.clone(), self.limits.unpackers);
        zip::blocking(move || Ok(store.inspect_all(&modules, cores))).await
    }

    /// What `revision` of the module `path` is, without writing anything to the cache.
    pub async fn fetch_info(&self, path: &Arc<str>, revision: &str) -> Result<Arc<RevInfo>, Error> {
        let key = (Arc::clone(path), revision.to_owned());
        let fetch = || async {
            let exact = Version::new(Arc::clone(path), revision);
            if let Some(info) = self.store.read_info(&exact) {
                self.kept_infos().insert(exact);
                return Ok(Arc::new(info));
            }
            let _turn = self.small.acquire().await;
            if let Some(cached) = Box::pin(self.shared.caches.info(path, revision)).await {
                return Ok(Arc::new(cached.answer));
            }
            let fetched = Box::pin(self.chain.info(path, revision)).await?;
            self.came_from_source(&Version::new(Arc::clone(path), &*fetched.version), Kind::Info);
            Ok(Arc::new(fetched))
        };
        self.stats.get_or(&key, fetch).await
    }

    /// What `revision` of the module `path` is, kept in the cache under the version it stands for.
    pub async fn info(&self, path: &Arc<str>, revision: &str) -> Result<Arc<RevInfo>, Error> {
        let info = self.fetch_info(path, revision).await?;
        self.keep_info(path, &info)?;
        Ok(info)
    }

    /// The versions whose .info was read from the cache, and so is there.
    fn kept_infos(&self) -> MutexGuard<'_, HashSet<Version>> {
        self.kept_infos.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes `info` to the cache unless it is there.
    pub(super) fn keep_info(&self, path: &Arc<str>, info: &RevInfo) -> Result<(), Error> {
        let version = Version::new(Arc::clone(path), info.version.as_str());
        if !self.kept_infos().contains(&version) && self.store.read_info(&version).is_none() {
            self.store.write_info(&version, info)?;
            self.published(&version, Kind::Info);
            self.kept_infos().insert(version);
        }
        Ok(())
    }

    /// The tagged versions of the module `path`.
    pub async fn versions(&self, path: &Arc<str>) -> Result<Arc<Versions>, Error> {
        let fetch = || async {
            let _turn = self.small.acquire().await;
            let fetched = Box::pin(self.chain.versions(path, "")).await?;
            Ok(Arc::new(fetched))
        };
        let found = self.lists.get_or(path, fetch).await;
        // Who asks again, which is rare, asks the proxy again; nobody has a list of such a length.
        if found.as_ref().is_ok_and(|versions| versions.list.len() > MAX_KEPT_VERSIONS) {
            self.lists.forget(path);
        }
        found
    }

    /// Whether what was found in the module `path` with the origin `old` would be found again.
    ///
    /// # Errors
    /// Anything that says no.
    pub async fn check_reuse(&self, path: &str, old: &Origin) -> Result<(), Error> {
        let _turn = self.small.acquire().await;
        self.chain.check_reuse(path, old).await
    }

    /// The newest version of the module `path`, as the source sees it; kept in the cache.
    pub async fn latest(&self, path: &Arc<str>) -> Result<Arc<RevInfo>, Error> {
        let fetch = || async {
            let _turn = self.small.acquire().await;
            let info = Box::pin(self.chain.latest(path)).await?;
            self.came_from_source(&Version::new(Arc::clone(path), &*info.version), Kind::Info);
            self.keep_info(path, &info)?;
            Ok(Arc::new(info))
        };
        self.newest.get_or(path, fetch).await
    }

    /// Notes that a file came from a source, and from no cache.
    pub(super) fn came_from_source(&self, module: &Version, kind: Kind) {
        if self.shared.uploads.is_some() {
            let mut sourced = self.sourced.lock().unwrap_or_else(PoisonError::into_inner);
            sourced.insert((module.clone(), kind));
        }
    }

    /// Whether a zip is being stored in the caches, or will be once it stands in the module cache.
    pub(super) fn is_to_be_stored(&self, module: &Version) -> bool {
        let sourced = self.sourced.lock().unwrap_or_else(PoisonError::into_inner);
        let passing = self.passing.lock().unwrap_or_else(PoisonError::into_inner);
        sourced.contains(&(module.clone(), Kind::Zip)) || passing.contains(module)
    }

    pub(super) fn lent_trees(&self) -> MutexGuard<'_, HashSet<Version>> {
        self.lent_trees.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores a file in the caches, now that it stands in the module cache, if it came from a source. A zip
    /// goes when it is stored, where none are to be left.
    pub(super) fn published(&self, module: &Version, kind: Kind) {
        let Some(uploads) = &self.shared.uploads else { return };
        let mut sourced = self.sourced.lock().unwrap_or_else(PoisonError::into_inner);
        if sourced.remove(&(module.clone(), kind))
            && let Ok(file) = self.store.file(module, kind)
        {
            let is_surplus = kind == Kind::Zip && self.store.has_surplus_zip(module);
            if is_surplus {
                let mut passing = self.passing.lock().unwrap_or_else(PoisonError::into_inner);
                passing.insert(module.clone());
            }
            let (store, version) = (self.store.clone(), module.clone());
            let drop_zip = move || {
                // What is left in spite of this, the next run removes.
                let _ = store.lock(&version).and_then(|lock| store.drop_zip(&lock));
            };
            let then = is_surplus.then(|| Box::new(drop_zip) as Box<dyn FnOnce() + Send>);
            uploads.store(&self.shared.caches, module, kind.extension(), &file, then);
        }
    }
}
