//! go.mod files: read from the cache or fetched once a run, verified for each project.
//!
//! What came is held without its being believed ([`Came`]); every pipeline checks its hash against its own
//! go.sum, or has the checksum database do so, and only then is it read or kept.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use crate::error::{Error, ErrorKind};
use crate::pipeline::Pipeline;
use crate::pipeline::engine::Engine;
use crate::pipeline::explain::Place;
use crate::source::chain::Served;
use crate::spec::module::{self, Version};
use crate::store::download::GoModFile;
use crate::store::layout::Kind;
use crate::sys::budget::Held;
use crate::sys::once::OnceMap;
use crate::verify::Verified;

/// The go.mod files that came in a run.
#[derive(Default)]
pub(super) struct Fetched {
    /// Those that lay in the cache when they were first asked for.
    cached: OnceMap<Version, Option<Arc<Came>>>,
    fetched: OnceMap<Version, Result<Arc<Came>, Error>>,
    /// Those that no cache was asked for which may serve only what somebody vouches for.
    strictly: OnceMap<Version, Result<Arc<Came>, Error>>,
}

/// A go.mod as it came.
struct Came {
    place: Place,
    hash: String,
    is_large: bool,
    /// Whether it was fetched for somebody who knew its hash, or could look it up.
    is_covered: bool,
    /// A small one is held for the whole run. A large one must make room for others: it is handed out
    /// once, and is there for others as long as somebody has it.
    file: Mutex<Option<Arc<GoModFile>>>,
    handed_out: Weak<GoModFile>,
    /// Whether it stands in the cache by now.
    kept: OnceLock<Result<(), Error>>,
}

impl Came {
    fn new(module: &Version, data: Held, place: Place, is_covered: bool) -> Arc<Came> {
        let file = Arc::new(GoModFile::new(module, data));
        let kept = match place {
            Place::Cache => OnceLock::from(Ok(())),
            _ => OnceLock::new(),
        };
        Arc::new(Came {
            place,
            hash: file.hash.clone(),
            is_large: file.data.is_large(),
            is_covered,
            handed_out: Arc::downgrade(&file),
            file: Mutex::new(Some(file)),
            kept,
        })
    }

    /// The file, unless it is a large one that nobody has any more.
    fn file(&self) -> Option<Arc<GoModFile>> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        match self.is_large {
            true => file.take().or_else(|| self.handed_out.upgrade()),
            false => file.clone(),
        }
    }

    /// Whether it may serve those who know nothing of its hash.
    fn serves_all(&self) -> bool {
        !(self.is_covered && matches!(self.place, Place::Shared(_)))
    }
}

/// A go.mod that was checked, and whether it is to be in the cache.
pub(super) struct FoundGoMod {
    hash: String,
    pub(super) is_large: bool,
    /// Of a large one as with [`Came`]; it is read or fetched again for whoever comes later.
    file: tokio::sync::Mutex<Option<Verified<Arc<GoModFile>>>>,
    came: Arc<Came>,
    /// Whether this project has come to need it.
    pub(super) kept: OnceLock<Result<(), Error>>,
}

impl FoundGoMod {
    fn new(file: Verified<Arc<GoModFile>>, came: Arc<Came>) -> FoundGoMod {
        let kept = match came.place {
            Place::Cache => OnceLock::from(Ok(())),
            _ => OnceLock::new(),
        };
        FoundGoMod {
            hash: file.content().hash.clone(),
            is_large: file.content().data.is_large(),
            file: tokio::sync::Mutex::new(Some(file)),
            came,
            kept,
        }
    }
}

impl Engine {
    /// What lies in the cache, read anew.
    async fn read_cached(&self, module: &Version) -> Option<Arc<Came>> {
        let data = self.store.read_go_mod(module, &self.bodies).await?;
        Some(Came::new(module, data, Place::Cache, false))
    }

    /// The same; what was found once is what there is for the whole run.
    async fn cached_go_mod(&self, module: &Version) -> Option<(Arc<Came>, Arc<GoModFile>)> {
        let came = self.go_mods.cached.get_or(module, || self.read_cached(module)).await?;
        if let Some(file) = came.file() {
            return Some((came, file));
        }
        let again = self.read_cached(module).await?;
        let file = again.file()?;
        Some((again, file))
    }

    /// What sources send, fetched once; `is_covered` tells whether its hash is known to somebody.
    async fn fetched_go_mod(
        &self,
        module: &Version,
        is_covered: bool,
    ) -> Result<(Arc<Came>, Arc<GoModFile>), Error> {
        let fetch = || self.fetch_go_mod(module, is_covered);
        let mut came = self.go_mods.fetched.get_or(module, fetch).await?;
        if !is_covered && !came.serves_all() {
            came = self.go_mods.strictly.get_or(module, fetch).await?;
        }
        if let Some(file) = came.file() {
            return Ok((came, file));
        }
        // It was large, and whoever had it has kept it, if it was right.
        let again = match self.read_cached(module).await {
            Some(cached) if cached.hash == came.hash => cached,
            _ => self.fetch_go_mod(module, is_covered).await?,
        };
        let gone = || Error::message(ErrorKind::Other, "internal error: a go.mod is gone");
        let file = again.file().ok_or_else(gone)?;
        Ok((again, file))
    }

    async fn fetch_go_mod(&self, module: &Version, is_covered: bool) -> Result<Arc<Came>, Error> {
        let _turn = self.small.acquire().await;
        let shared = self.shared.caches.go_mod(module, is_covered).await;
        let (answer, place) = match shared {
            Some(Served { answer, by }) => (answer, Place::Shared(by)),
            None => {
                let Served { answer, by } = self.chain.go_mod(module).await?;
                self.came_from_source(module, Kind::Mod);
                (answer, Place::Source(by))
            }
        };
        self.go_mods_fetched.fetch_add(1, Ordering::Relaxed);
        self.go_mod_bytes.fetch_add(answer.len() as u64, Ordering::Relaxed);
        Ok(Came::new(module, answer, place, is_covered))
    }
}

impl Pipeline {
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

    /// The same, unless that is among what is `known` of a file with this hash already.
    pub async fn read_go_mod_once<T: Clone>(
        &self,
        module: &Version,
        known: &OnceMap<(Version, String), T>,
        read: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, Error> {
        let found = self.find_go_mod(module).await?;
        let key = (module.clone(), found.hash.clone());
        if let Some(value) = known.get(&key) {
            if found.is_large {
                drop(found.file.lock().await.take());
            }
            self.keep_go_mod(module, &found).await?;
            return Ok(value);
        }
        let file = self.kept_go_mod(module, &found).await?;
        Ok(known.get_or(&key, || async { read(&file.content().data) }).await)
    }

    /// Begins to get the .info and the go.mod of a module version, both at once: who asks for them
    /// later need not wait as long. Nothing is written to the cache, and no failure is told.
    pub async fn prefetch(&self, module: &Version) {
        let info = self.fetch_info(&module.path, &module.version);
        let _ = futures_util::future::join(info, self.find_go_mod(module)).await;
    }

    /// The verified go.mod of a module version, without writing anything to the cache.
    pub(super) async fn find_go_mod(&self, module: &Version) -> Result<Arc<FoundGoMod>, Error> {
        let find = || async {
            let (file, came) = self.get_go_mod(module).await?;
            Ok(Arc::new(FoundGoMod::new(file, came)))
        };
        self.found.get_or(module, find).await
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
        let keep = || found.came.kept.get_or_init(publish).clone();
        found.kept.get_or_init(keep).clone()?;
        Ok(file)
    }

    /// A go.mod that is what it must be for this project.
    async fn get_go_mod(
        &self,
        module: &Version,
    ) -> Result<(Verified<Arc<GoModFile>>, Arc<Came>), Error> {
        if module::canonical_version(&module.version) != *module.version {
            let text = "internal error: version passed to GoMod is not canonical";
            return Err(Error::message(ErrorKind::Other, text).of_module(module));
        }
        if let Some((came, file)) = self.cached_go_mod(module).await {
            match self.verifier.verify(file).await {
                Ok(go_mod) => return Ok((go_mod, came)),
                // The file in the cache is not what the database knows: as with go it is as if it
                // were not there, and what comes in its place is checked just the same.
                Err(err) if err.is_security() && !err.is_fatal() => {}
                Err(err) => return Err(err),
            }
        }
        let fetch = async {
            let is_covered = self.verifier.is_known(&module.go_mod());
            self.fetched_go_mod(module, is_covered).await
        };
        let (served, ()) =
            Box::pin(futures_util::future::join(fetch, self.verifier.prefetch(module, true))).await;
        let (came, file) = served?;
        match self.verifier.verify(file).await {
            Ok(go_mod) => Ok((go_mod, came)),
            Err(err) => Err(Box::pin(self.explain(came.place.judged(err), &came.place)).await),
        }
    }

    /// Writes a go.mod to the cache unless it is there; gives its hash.
    pub(super) async fn keep_go_mod(
        &self,
        module: &Version,
        found: &FoundGoMod,
    ) -> Result<String, Error> {
        // Another project may have kept the same file.
        if let Some(Ok(())) = found.came.kept.get() {
            found.kept.get_or_init(|| Ok(())).clone()?;
        }
        match found.kept.get() {
            Some(kept) => kept.clone()?,
            None => drop(self.kept_go_mod(module, found).await?),
        }
        Ok(found.hash.clone())
    }

    /// The verified go.mod of a module version that may turn out not to be wanted. A large one is kept
    /// at once all the same, which go does with most of them: it could only be held in memory.
    pub(super) async fn early_go_mod(&self, module: &Version) -> Result<Arc<FoundGoMod>, Error> {
        let found = self.find_go_mod(module).await?;
        if found.is_large {
            // What this ends with is met again.
            let _ = self.keep_go_mod(module, &found).await;
        }
        Ok(found)
    }
}
