//! The checksum database over the network and on disk.
//!
//! Around the state machine of [`sumdb`](super::sumdb) stand: finding out how to reach the database
//! (through the first proxy of the list that supports it, or directly), the cache of look-ups and
//! tiles in `$GOMODCACHE/cache/download/sumdb/NAME`, and the newest tree head in
//! `$GOPATH/pkg/sumdb/NAME/latest`. Files have go's formats and are read and written under go's
//! locks. Look-ups that arrive close together are proved together, with one batch of tiles.
//!
//! Implements <https://go.dev/ref/mod#checksum-database>.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::{OnceCell, oneshot};

use crate::error::{Error, ErrorKind};
use crate::net::{Ask, SafeUrl, Transport};
use crate::spec::module::Version;
use crate::spec::tlog::{Tile, TileError};
use crate::sys::budget::{Budget, Held};
use crate::sys::change::{self, Kind};
use crate::sys::once::OnceMap;
use crate::sys::{file, lock};
use crate::verify::sumdb::{
    Client, Lookup, MAX_LOOKUP_SIZE, Merge, Record, SumdbError, lookup_path,
};

/// Largest look-up answer, tile or tree head.
const MAX_ANSWER: u64 = MAX_LOOKUP_SIZE as u64;
/// Memory for answers that are larger than any honest one, all together.
const ANSWER_MEMORY: u64 = 16 << 20;
/// How long look-ups that are under way are waited for, so that they can be proved together.
const GATHER_STEP: Duration = Duration::from_millis(2);
const GATHER_STEPS: u32 = 25;

/// How a proxy of the list takes part in reaching the database.
#[derive(Debug, Clone)]
pub enum Route {
    /// A proxy that may pass requests on; whether `|` follows it.
    Proxy(SafeUrl, bool),
    /// `direct`.
    Direct,
    /// `off`.
    Off,
}

/// What is known of the database before anything was asked.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Its verifier key, `name+hash+key`.
    pub vkey: String,
    /// Where it is reached without a proxy: `https://NAME`.
    pub direct: SafeUrl,
    /// A URL from GOSUMDB, which bypasses proxies.
    pub explicit: Option<SafeUrl>,
    /// The GOPROXY list.
    pub routes: Vec<Route>,
    /// `$GOMODCACHE/cache/download/sumdb`.
    pub cache: PathBuf,
    /// Whether answers, tiles and heads are kept there, or only read.
    pub keep: bool,
    /// `$GOPATH/pkg/sumdb`, or why it is not known.
    pub heads: Result<PathBuf, String>,
}

/// The database's answer about one module version.
#[derive(Debug)]
pub struct Answer {
    /// The database's name.
    pub database: String,
    /// The record with the lines for go.sum, proved to be in the database's log.
    pub record: Record,
}

/// A checksum database, contacted when it is first needed.
pub struct Database {
    setup: Result<Setup, Error>,
    transport: Arc<dyn Transport>,
    /// Of its own: who waits for a proof may hold what is to be proved in another's.
    budget: Budget,
    base: OnceCell<Result<SafeUrl, Error>>,
    client: Mutex<Option<Client>>,
    answers: OnceMap<Version, Result<Arc<Answer>, Error>>,
    tiles: OnceMap<Tile, Result<Arc<Vec<u8>>, Error>>,
    pending: Mutex<Vec<Pending>>,
    prover: tokio::sync::Mutex<()>,
    under_way: AtomicUsize,
}

/// A look-up that waits for its proof.
struct Pending {
    lookup: Lookup,
    /// The answer and where to cache it, if it came over the network.
    fresh: Option<(PathBuf, Held)>,
    done: oneshot::Sender<Result<Record, Error>>,
}

impl Database {
    /// A database; an error in its settings shows when it is first needed.
    pub fn new(setup: Result<Setup, Error>, transport: Arc<dyn Transport>) -> Database {
        Database {
            setup,
            transport,
            budget: Budget::new(ANSWER_MEMORY),
            base: OnceCell::new(),
            client: Mutex::new(None),
            answers: OnceMap::default(),
            tiles: OnceMap::default(),
            pending: Mutex::default(),
            prover: tokio::sync::Mutex::new(()),
            under_way: AtomicUsize::new(0),
        }
    }

    /// Whether the settings name a database that can be asked.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn check_settings(&self) -> Result<(), Error> {
        self.setup.as_ref().map(drop).map_err(Clone::clone)
    }

    /// The proved record of a module version.
    ///
    /// # Errors
    /// When the database can't be reached, does not know the module, or does not prove its answer.
    /// A log that contradicts what it said before stops the whole run.
    pub async fn record(&self, module: &Version) -> Result<Arc<Answer>, Error> {
        self.answers.get_or(module, || self.look_up(module)).await
    }

    async fn look_up(&self, module: &Version) -> Result<Arc<Answer>, Error> {
        let setup = self.setup.as_ref().map_err(Clone::clone)?;
        let path = lookup_path(&module.path, &module.version).map_err(to_error)?;
        let database = self.with_client(setup, |client| client.name().to_owned())?;
        let cached = cache_path(setup, &database, &path);
        let open = |data: &[u8]| {
            let (path, version) = (&module.path, &module.version);
            self.with_client(setup, |client| client.open_lookup(path, version, data))
        };
        let stored = lock::read_shared(&cached, MAX_ANSWER).ok().filter(|data| !data.is_empty());
        let stored = stored.map(|data| open(&data).map(|lookup| (lookup, data))).transpose()?;
        let (lookup, data, fresh) = match stored {
            // What was cut off, on a full disk say, is no answer; anything else is what go finds too.
            Some((Err(err), _)) if !err.is_malformed() => return Err(to_error(err)),
            Some((Ok(lookup), data)) => (lookup, Held::from(data), false),
            _ => {
                self.under_way.fetch_add(1, Ordering::Relaxed);
                let data = self.remote(setup, &path).await;
                self.under_way.fetch_sub(1, Ordering::Relaxed);
                let data = data.map_err(|err| hint_at_privacy(err, module))?;
                (open(&data)?.map_err(to_error)?, data, true)
            }
        };
        let (done, result) = oneshot::channel();
        let pending = Pending { lookup, fresh: fresh.then_some((cached, data)), done };
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).push(pending);
        self.prove_pending(setup).await;
        match result.await {
            Ok(record) => Ok(Arc::new(Answer { database, record: record? })),
            // Whoever was proving this was cancelled, and so is the run.
            Err(_) => Err(Error::message(ErrorKind::Interrupted, "interrupted")),
        }
    }

    /// Works with the client, which is made at first use from the key and the head on disk.
    fn with_client<T>(
        &self,
        setup: &Setup,
        work: impl FnOnce(&mut Client) -> T,
    ) -> Result<T, Error> {
        let mut guard = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        let client = match &mut *guard {
            Some(client) => client,
            none => {
                let mut client = Client::new(&setup.vkey).map_err(to_error)?;
                let head = head_file(setup, client.name())?;
                match lock::read_shared(&head, MAX_ANSWER) {
                    Ok(data) => {
                        let merged = client.merge_stored(&data);
                        drop(merged.map_err(|err| hint_at_head(err, &head))?);
                    }
                    Err(err) if err.is_not_found() => {}
                    Err(err) => {
                        return Err(Error::from(err).context("initializing sumdb.Client: "));
                    }
                }
                none.insert(client)
            }
        };
        Ok(work(client))
    }

    /// Proves everything that waits, together. Whoever comes while a proof is under way waits for
    /// it, and then finds that its own look-up is among those to prove, or is proved already.
    async fn prove_pending(&self, setup: &Setup) {
        let _turn = self.prover.lock().await;
        if self.pending.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
            return;
        }
        for _ in 0..GATHER_STEPS {
            if self.under_way.load(Ordering::Relaxed) == 0 {
                break;
            }
            tokio::time::sleep(GATHER_STEP).await;
        }
        let batch =
            std::mem::take(&mut *self.pending.lock().unwrap_or_else(PoisonError::into_inner));
        let lookups: Vec<Lookup> = batch.iter().map(|pending| pending.lookup.clone()).collect();
        let records = match self.prove(setup, &lookups).await {
            Ok(records) => records,
            Err(err) => vec![Err(err); batch.len()],
        };
        for (pending, record) in batch.into_iter().zip(records) {
            if let (Ok(_), Some((path, data)), true) = (&record, &pending.fresh, setup.keep) {
                cache(path, data);
            }
            // Nobody waits for it any more if the run was ended.
            let _ = pending.done.send(record);
        }
    }

    async fn prove(
        &self,
        setup: &Setup,
        lookups: &[Lookup],
    ) -> Result<Vec<Result<Record, Error>>, Error> {
        let (name, plan) =
            self.with_client(setup, |client| (client.name().to_owned(), client.plan(lookups)))?;
        let plan = plan.map_err(to_error)?;
        let (tiles, missing) = self.fetch_tiles(setup, &name, plan.tiles()).await;
        // A tile that could not be had says more than the proof that fails without it.
        let explain = |err: SumdbError| match &missing {
            Some(cause) if !err.is_security() => cause.clone(),
            _ => to_error(err),
        };
        let accepted = self.with_client(setup, |client| client.check(&plan, &tiles))?;
        let mut accepted = accepted.map_err(explain)?;
        if !setup.keep {
            accepted.tiles_to_save.clear();
            accepted.new_head = None;
        }
        for tile in &accepted.tiles_to_save {
            if let Some(data) = tiles.get(tile) {
                let path = cache_path(setup, &name, &tile.to_string());
                if lock::read_shared(&path, MAX_ANSWER).map_or(true, |stored| stored != *data) {
                    cache(&path, data);
                }
            }
        }
        if accepted.new_head.is_some() {
            self.store_head(setup, &name).await?;
        }
        Ok(accepted.records.into_iter().map(|record| record.map_err(explain)).collect())
    }

    /// Writes the head we know unless the file has a newer one, which is then proved and taken over.
    async fn store_head(&self, setup: &Setup, name: &str) -> Result<(), Error> {
        let path = head_file(setup, name)?;
        if let Some(dir) = path.parent() {
            file::create_dir_all(dir)?;
        }
        loop {
            let mut needed = None;
            change::transform::<Error>(&path, MAX_ANSWER, Kind::Note, |on_disk| {
                let merge = self.with_client(setup, |client| client.merge_stored(on_disk))?;
                match merge.map_err(|err| hint_at_head(err, &path))? {
                    Merge::Keep => Ok(None),
                    Merge::Write(head) => Ok(Some(head)),
                    Merge::Prove(plan) => {
                        needed = Some(plan);
                        Ok(None)
                    }
                }
            })?;
            // Another process moved the head meanwhile: prove that both belong to one log, without
            // holding the lock while tiles are fetched, and look again.
            let Some(plan) = needed else { return Ok(()) };
            let (tiles, missing) = self.fetch_tiles(setup, name, plan.tiles()).await;
            let checked = self.with_client(setup, |client| client.check(&plan, &tiles))?;
            match checked {
                Ok(_) => {}
                Err(err) => return Err(missing.unwrap_or_else(|| to_error(err))),
            }
        }
    }

    /// The tiles that could be had, and why the first of the others could not.
    async fn fetch_tiles(
        &self,
        setup: &Setup,
        name: &str,
        tiles: &[Tile],
    ) -> (HashMap<Tile, Vec<u8>>, Option<Error>) {
        let fetched = join_all(tiles.iter().map(|tile| async move {
            (*tile, self.tiles.get_or(tile, || self.tile(setup, name, *tile)).await)
        }));
        let mut found = HashMap::with_capacity(tiles.len());
        let mut missing = None;
        for (tile, data) in fetched.await {
            match data {
                Ok(data) => {
                    found.insert(tile, data.to_vec());
                }
                Err(err) => {
                    missing.get_or_insert(err);
                }
            }
        }
        (found, missing)
    }

    /// A tile: from the cache, where a full one serves for a part of it, else from the database.
    async fn tile(&self, setup: &Setup, name: &str, tile: Tile) -> Result<Arc<Vec<u8>>, Error> {
        let stored = |tile: Tile| {
            let path = cache_path(setup, name, &tile.to_string());
            let data = lock::read_shared(&path, MAX_ANSWER).ok()?;
            // What was cut off, on a full disk say, is no tile.
            (data.len() as u64 == tile.data_size()).then_some(data)
        };
        if let Some(data) = stored(tile) {
            return Ok(Arc::new(data));
        }
        let cut = |data: &[u8]| tile.cut_from_full(data).map(|part| Arc::new(part.to_vec()));
        if !tile.is_full()
            && let Some(part) = stored(tile.full()).and_then(|data| cut(&data))
        {
            return Ok(part);
        }
        let missing = match self.remote(setup, &tile.to_string()).await {
            Ok(data) => return whole_tile(tile, &data),
            Err(err) => err,
        };
        // The log has grown, and the server keeps only the full tile.
        if !tile.is_full()
            && let Ok(data) = self.remote(setup, &tile.full().to_string()).await
            && let Some(part) = cut(&data)
        {
            return Ok(part);
        }
        if missing.is_not_found() {
            // It is the database that lacks something, not the module that does not exist.
            return Err(Error::message(ErrorKind::Network, missing.to_string()));
        }
        Err(missing)
    }

    async fn remote(&self, setup: &Setup, path: &str) -> Result<Held, Error> {
        let base = self.base.get_or_init(|| self.find_base(setup)).await.clone()?;
        let url = base.join(path);
        let response = self.transport.get(&url, Ask::default()).await?.ok().await?;
        Ok(response.bytes(MAX_ANSWER, &self.budget).await?)
    }

    /// How the database is reached in this run.
    async fn find_base(&self, setup: &Setup) -> Result<SafeUrl, Error> {
        if let Some(explicit) = &setup.explicit {
            return Ok(explicit.clone());
        }
        let name = self.with_client(setup, |client| client.name().to_owned())?;
        let mut unavailable = None;
        for route in &setup.routes {
            let (proxy, falls_back) = match route {
                Route::Direct => return Ok(setup.direct.clone()),
                Route::Off => break,
                Route::Proxy(proxy, falls_back) => (proxy, *falls_back),
            };
            let supported = proxy.join(&format!("sumdb/{name}/supported"));
            match self.supports(&supported).await {
                Ok(()) => return Ok(proxy.join(&format!("sumdb/{name}"))),
                Err(err) if err.is_not_found() => {}
                Err(err) => {
                    unavailable = Some(err);
                    if !falls_back {
                        break;
                    }
                }
            }
        }
        unavailable.map_or(Ok(setup.direct.clone()), Err)
    }

    async fn supports(&self, url: &SafeUrl) -> Result<(), Error> {
        let response = self.transport.get(url, Ask::default()).await?.ok().await?;
        response.bytes(MAX_ANSWER, &self.budget).await?;
        Ok(())
    }
}

/// The data of a tile, unless there is more than any tile has: these are kept for the whole run.
fn whole_tile(tile: Tile, data: &[u8]) -> Result<Arc<Vec<u8>>, Error> {
    match data.len() as u64 > tile.full().data_size() {
        true => Err(to_error(SumdbError::Tile(TileError::Size { tile, size: data.len() }))),
        false => Ok(Arc::new(data.to_vec())),
    }
}

/// Where an answer is kept, given its path below the database's URL.
fn cache_path(setup: &Setup, name: &str, path: &str) -> PathBuf {
    setup.cache.join(name).join(path.trim_start_matches('/'))
}

fn head_file(setup: &Setup, name: &str) -> Result<PathBuf, Error> {
    match &setup.heads {
        Ok(dir) => Ok(dir.join(name).join("latest")),
        Err(reason) => Err(Error::message(
            ErrorKind::Other,
            format!("could not locate sumdb file: missing $GOPATH: {reason}"),
        )),
    }
}

/// A head that can't be read is an error until it is gone.
fn hint_at_head(err: SumdbError, file: &Path) -> Error {
    let is_malformed = err.is_malformed();
    let err = to_error(err);
    if !is_malformed {
        return err;
    }
    err.hint(format!(
        "the state of the checksum database that was seen last is kept in {}: if a crash or a full \
         disk has damaged it, remove it; who did not expect that should keep it as evidence",
        file.display()
    ))
}

/// Best effort, as with go: what can't be cached is asked for again.
fn cache(path: &Path, data: &[u8]) {
    let dir = path.parent().unwrap_or(Path::new("."));
    let _ = file::create_dir_all(dir).and_then(|()| change::replace(path, data));
}

/// The database knows every public module: one that it does not know may be private.
fn hint_at_privacy(err: Error, module: &Version) -> Error {
    if !err.is_not_found() {
        return err;
    }
    let path = &module.path;
    err.hint(format!(
        "if {path} is private, set GOPRIVATE={path}: it is then fetched from its own repository \
         and not looked up in the checksum database"
    ))
    .hint(format!("if a proxy of yours serves it, set GONOSUMDB={path} alone"))
}

fn to_error(err: SumdbError) -> Error {
    let is_fork = matches!(err, SumdbError::Fork(_));
    let is_forgery = err.is_forgery();
    let kind = if err.is_security() { ErrorKind::Security } else { ErrorKind::Other };
    let against_kept = matches!(&err, SumdbError::TreeTile { error: TileError::Inconsistent, .. });
    match Error::new(kind, err) {
        err if against_kept => err.hint(
            "a tile kept in the module cache below cache/download/sumdb is damaged, or the database \
             shows two logs: move that folder away and try again; two logs are then proved by their \
             signatures",
        ),
        err if is_fork => err.fatal().bare(),
        err if is_forgery => err.fatal(),
        err => err,
    }
}
