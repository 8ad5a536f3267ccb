//! From a module version to files in the cache: presence, fetch, verify, publish.
//!
//! `.info`, `.mod`, the zip and the checksum database's answer of one module are fetched at the
//! same time, and so are many modules; each file at most once a run. Zips may be fetched before it
//! is known whether they are needed: they wait, staged, behind a [`Gate`].
//!
//! Thousands of modules may be under way, of which most are there already. What only those need that are
//! not is boxed, so that the task of a module takes little memory until it comes to that.
//!
//! What bounds the work: the number of small transfers and of zips at once, the number of zips
//! unpacked at once (one per core), and the memory for zips that are not on disk.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::{Semaphore, watch};

use crate::error::{Error, ErrorKind};
use crate::event::Observer;
use crate::pipeline::explain::{Explaining, Place};
use crate::pipeline::upload::Uploads;
use crate::source::Versions;
use crate::source::cache_proxy::CacheProxies;
use crate::source::chain::{Chain, Served};
use crate::spec::goproxy_json::{Origin, RevInfo};
use crate::spec::module::{self, Version};
use crate::store::Store;
use crate::store::download::GoModFile;
use crate::store::inspect::Inspection;
use crate::store::layout::Kind;
use crate::store::spool::MemoryBudget;
use crate::sys::budget::{Budget, Held};
use crate::sys::cores::Cores;
use crate::sys::once::OnceMap;
use crate::verify::{Verified, Verifier};

pub mod explain;
mod repair;
pub mod upload;
mod zip;

pub use zip::{ZipDone, ZipFailure, ZipReady};

/// Memory for all zips that are neither on disk nor unpacked yet.
const ZIP_MEMORY: u64 = 32 << 20;
/// The most versions of a list that is remembered for the whole run.
const MAX_KEPT_VERSIONS: usize = 10_000;
/// Small files in transfer at once: .info, .mod, lists.
const SMALL_TRANSFERS: usize = 256;

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

/// Downloads, verifies and publishes.
pub struct Pipeline {
    chain: Chain,
    shared: Shared,
    store: Store,
    verifier: Verifier,
    explaining: Explaining,
    observer: Arc<dyn Observer>,
    small: Semaphore,
    zips: Arc<Semaphore>,
    unpackers: Arc<Semaphore>,
    limits: Limits,
    cores: Arc<Cores>,
    memory: Arc<MemoryBudget>,
    bodies: Budget,
    stats: OnceMap<(Arc<str>, String), Result<Arc<RevInfo>, Error>>,
    kept_infos: Mutex<HashSet<Version>>,
    lists: OnceMap<Arc<str>, Result<Arc<Versions>, Error>>,
    newest: OnceMap<Arc<str>, Result<Arc<RevInfo>, Error>>,
    go_mods: OnceMap<Version, Result<Arc<FoundGoMod>, Error>>,
    /// What came from a source and not from a cache, and may have to be stored there.
    sourced: Mutex<HashSet<(Version, Kind)>>,
    go_mods_fetched: AtomicU64,
    go_mod_bytes: AtomicU64,
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

/// A go.mod that was checked, and whether it stands in the cache.
struct FoundGoMod {
    hash: String,
    is_large: bool,
    /// A small one is held for the whole run. A large one must make room for others: it is handed out
    /// once, and read or fetched again for whoever comes later.
    file: tokio::sync::Mutex<Option<Verified<Arc<GoModFile>>>>,
    kept: OnceLock<Result<(), Error>>,
}

impl FoundGoMod {
    fn new(file: Verified<Arc<GoModFile>>, kept: OnceLock<Result<(), Error>>) -> FoundGoMod {
        FoundGoMod {
            hash: file.content().hash.clone(),
            is_large: file.content().data.is_large(),
            file: tokio::sync::Mutex::new(Some(file)),
            kept,
        }
    }
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
    /// A pipeline for one run. `bodies` is the memory in which the sources hold go.mod files.
    pub fn new(
        sources: Sources,
        store: Store,
        verifier: Verifier,
        limits: Limits,
        bodies: Budget,
        explaining: Explaining,
        observer: Arc<dyn Observer>,
    ) -> Arc<Pipeline> {
        let Sources { chain, shared } = sources;
        Arc::new(Pipeline {
            chain,
            shared,
            store,
            verifier,
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
            go_mods: OnceMap::default(),
            sourced: Mutex::default(),
            go_mods_fetched: AtomicU64::new(0),
            go_mod_bytes: AtomicU64::new(0),
        })
    }

    /// What a download of `module` would fetch. Nothing is fetched for it, or written.
    ///
    /// # Errors
    /// When no source has it, or the cache holds something that it must not hold.
    pub async fn forecast(&self, module: &Version) -> Result<Forecast, Error> {
        if self.present(module).await?.is_some() {
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

    /// The verifier, with go.sum as this run sees it.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
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
    fn keep_info(&self, path: &Arc<str>, info: &RevInfo) -> Result<(), Error> {
        let version = Version::new(Arc::clone(path), info.version.as_str());
        if !self.kept_infos().contains(&version) && self.store.read_info(&version).is_none() {
            self.store.write_info(&version, info)?;
            self.published(&version, Kind::Info);
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

    /// Keeps the verified go.mod of a module version in the cache, and tells its hash.
    pub async fn go_mod(&self, module: &Version) -> Result<String, Error> {
        let found = self.find_go_mod(module).await?;
        self.keep_go_mod(module, &found).await
    }

    /// The same, and what `read` finds in it. Nobody holds a whole file for longer than that: large
    /// ones share memory, and whoever waited for another while holding one could wait for ever.
    pub async fn read_go_mod<T>(
        &self,
        module: &Version,
        read: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, Error> {
        let found = self.find_go_mod(module).await?;
        Ok(read(&self.kept_go_mod(module, &found).await?.content().data))
    }

    /// Begins to get the .info and the go.mod of a module version, both at once: who asks for them
    /// later need not wait as long. Nothing is written to the cache, and no failure is told.
    pub async fn prefetch(&self, module: &Version) {
        let info = self.fetch_info(&module.path, &module.version);
        let _ = futures_util::future::join(info, self.find_go_mod(module)).await;
    }

    /// The verified go.mod of a module version, without writing anything to the cache.
    async fn find_go_mod(&self, module: &Version) -> Result<Arc<FoundGoMod>, Error> {
        let find = || async {
            let (file, kept) = self.get_go_mod(module).await?;
            let kept = if kept { OnceLock::from(Ok(())) } else { OnceLock::new() };
            Ok(Arc::new(FoundGoMod::new(file, kept)))
        };
        self.go_mods.get_or(module, find).await
    }

    /// What was found, in the cache by now; read or fetched again if need be.
    async fn kept_go_mod(
        &self,
        module: &Version,
        found: &FoundGoMod,
    ) -> Result<Verified<Arc<GoModFile>>, Error> {
        let mut slot = found.file.lock().await;
        let file = match slot.take() {
            Some(file) => file,
            None => self.get_go_mod(module).await?.0,
        };
        if !found.is_large {
            *slot = Some(file.clone());
        }
        let publish = || {
            self.store.publish_go_mod(module, &file)?;
            self.published(module, Kind::Mod);
            Ok(())
        };
        found.kept.get_or_init(publish).clone()?;
        Ok(file)
    }

    /// A go.mod, and whether it is the one in the cache.
    async fn get_go_mod(
        &self,
        module: &Version,
    ) -> Result<(Verified<Arc<GoModFile>>, bool), Error> {
        if module::canonical_version(&module.version) != *module.version {
            let text = "internal error: version passed to GoMod is not canonical";
            return Err(Error::message(ErrorKind::Other, text).of_module(module));
        }
        let file = |data: Held| Arc::new(GoModFile::new(module, data));
        if let Some(data) = self.store.read_go_mod(module, &self.bodies).await {
            match self.verifier.verify(file(data)).await {
                Ok(go_mod) => return Ok((go_mod, true)),
                // The file in the cache is not what the database knows: as with go it is as if it
                // were not there, and what comes in its place is checked just the same.
                Err(err) if err.is_security() && !err.is_fatal() => {}
                Err(err) => return Err(err),
            }
        }
        let fetch = async {
            let _turn = self.small.acquire().await;
            let covered = self.verifier.is_known(&module.go_mod());
            if let Some(Served { answer, by }) = self.shared.caches.go_mod(module, covered).await {
                return Ok((answer, Place::Shared(by)));
            }
            let Served { answer, by } = self.chain.go_mod(module).await?;
            self.came_from_source(module, Kind::Mod);
            Ok::<_, Error>((answer, Place::Source(by)))
        };
        let (served, ()) =
            Box::pin(futures_util::future::join(fetch, self.verifier.prefetch(module, true))).await;
        let (answer, place) = served?;
        self.go_mods_fetched.fetch_add(1, Ordering::Relaxed);
        self.go_mod_bytes.fetch_add(answer.len() as u64, Ordering::Relaxed);
        match self.verifier.verify(file(answer)).await {
            Ok(go_mod) => Ok((go_mod, false)),
            Err(err) => Err(Box::pin(self.explain(place.judged(err), &place)).await),
        }
    }

    /// Notes that a file came from a source, and from no cache.
    fn came_from_source(&self, module: &Version, kind: Kind) {
        if self.shared.uploads.is_some() {
            let mut sourced = self.sourced.lock().unwrap_or_else(PoisonError::into_inner);
            sourced.insert((module.clone(), kind));
        }
    }

    /// Stores a file in the caches, now that it stands in the module cache, if it came from a source.
    fn published(&self, module: &Version, kind: Kind) {
        let Some(uploads) = &self.shared.uploads else { return };
        let mut sourced = self.sourced.lock().unwrap_or_else(PoisonError::into_inner);
        if sourced.remove(&(module.clone(), kind))
            && let Ok(file) = self.store.file(module, kind)
        {
            uploads.store(&self.shared.caches, module, kind.extension(), &file);
        }
    }

    /// Writes a go.mod to the cache unless it is there; gives its hash.
    async fn keep_go_mod(&self, module: &Version, found: &FoundGoMod) -> Result<String, Error> {
        match found.kept.get() {
            Some(kept) => kept.clone()?,
            None => drop(self.kept_go_mod(module, found).await?),
        }
        Ok(found.hash.clone())
    }

    /// The verified go.mod of a module version that may turn out not to be wanted. A large one is kept
    /// at once all the same, which go does with most of them: it could only be held in memory.
    async fn early_go_mod(&self, module: &Version) -> Result<Arc<FoundGoMod>, Error> {
        let found = self.find_go_mod(module).await?;
        if found.is_large {
            // What this ends with is met again.
            let _ = self.keep_go_mod(module, &found).await;
        }
        Ok(found)
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
                let found = self.go_mods.get(&module).unwrap_or_else(|| Err(err.clone()));
                (info, found, Err(err))
            }
        };
        if let Some(gate) = gate
            && !is_wanted(gate, &module).await
        {
            self.forget(&module, found.ok());
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
            (Err(err), _) => {
                self.forget(&module, found.ok());
                Err(err.clone())
            }
            (_, Err(err)) => Err(err),
            (Ok(_), Ok(ready)) => self.publish(&module, ready).await,
        };
        Some(Downloaded { info, go_mod, zip })
    }

    /// Lets go.sum know nothing of what go would not have looked at: a zip that is not published,
    /// and a go.mod that nobody else needs.
    fn forget(&self, module: &Version, go_mod: Option<Arc<FoundGoMod>>) {
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
