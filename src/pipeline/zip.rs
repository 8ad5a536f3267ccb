//! One zip: found in the cache, or fetched, unpacked while it is hashed, verified and published.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::OwnedSemaphorePermit;

use crate::error::{Error, ErrorKind};
use crate::event::{Event, ZipOutcome};
use crate::pipeline::Pipeline;
use crate::pipeline::explain::Place;
use crate::pipeline::slot::{LeftZip, Slot, Turn};
use crate::spec::module::Version;
use crate::store::layout::Kind;
use crate::store::parts::{Layout, Parts};
use crate::store::publish::{StagedZip, VersionLock, ZipSource};
use crate::store::spool::Spool;
use crate::store::unpack::Way;
use crate::verify::{Hashed, Refused, Verified};

/// A zip that is in the cache, or a tree, or both, as the layout has it.
#[derive(Debug, Clone)]
pub struct ZipDone {
    /// Its `h1:` hash.
    pub hash: String,
    /// Whether it was there before.
    pub was_present: bool,
}

/// Why a zip is not in the cache.
#[derive(Debug)]
pub struct ZipFailure {
    /// The failure.
    pub error: Error,
    /// Whether there was a zip, and it is what came after that failed.
    pub arrived: bool,
}

/// A zip that is in the cache, or needs nothing more than to be published.
#[derive(Debug)]
pub enum ZipReady {
    /// In the cache, and checked; its hash.
    Present(String),
    /// Verified and unpacked under a temporary name; the lock is held.
    Staged(Box<Staging>),
}

/// A zip that waits to be published.
#[derive(Debug)]
pub struct Staging {
    zip: Verified<StagedZip>,
    place: Place,
    /// Whose turn it is within this run, unless a damaged one is replaced.
    turn: Option<Turn>,
    /// The place among the zips that are worked on: what waits to be published keeps files open.
    _permit: OwnedSemaphorePermit,
}

impl Staging {
    /// A zip in place of a damaged one.
    pub(super) fn again(
        (zip, place): (Verified<StagedZip>, Place),
        permit: OwnedSemaphorePermit,
    ) -> Staging {
        Staging { zip, place, turn: None, _permit: permit }
    }
}

/// What became of a zip that was fetched.
enum Staged {
    /// It can be published.
    Verified(Box<Verified<StagedZip>>, Place),
    /// It came from a cache and is no module zip.
    Unreadable,
    /// It is wrong, and nothing but its length said that its parts belong together: it may be no one's
    /// fault. The whole must come in one piece before anybody is accused.
    Spliced,
}

/// How a zip may be had.
#[derive(Clone, Copy)]
struct May {
    /// From a cache, too.
    be_shared: bool,
    /// In parts that only their length holds together.
    be_spliced: bool,
}

/// The recorded hash of a zip that is in the cache already.
struct Recorded {
    key: Version,
    hash: String,
}

impl Hashed for Recorded {
    fn key(&self) -> &Version {
        &self.key
    }

    fn hash(&self) -> &str {
        &self.hash
    }
}

impl Pipeline {
    /// Brings the zip of `module`, and nothing else of it, into the cache.
    ///
    /// # Errors
    /// When it can't be had, or is refused.
    pub async fn download_zip(&self, module: &Version) -> Result<ZipDone, ZipFailure> {
        let arrived = AtomicBool::new(false);
        let done = async {
            let ready = self.stage_noting(module, &arrived).await?;
            self.publish(module, ready).await
        };
        done.await.map_err(|error| ZipFailure { error, arrived: arrived.load(Ordering::Relaxed) })
    }

    /// Brings the zip of `module` to where it can be published at once.
    pub(super) async fn stage(&self, module: &Version) -> Result<ZipReady, Error> {
        self.stage_noting(module, &AtomicBool::new(false)).await
    }

    /// As [`Pipeline::stage`]; notes when the zip has arrived.
    async fn stage_noting(
        &self,
        module: &Version,
        arrived: &AtomicBool,
    ) -> Result<ZipReady, Error> {
        let turn = self.slots.of(module).enter().await;
        match self.present_in(turn.slot(), module).await? {
            Some(hash) => Ok(ZipReady::Present(hash)),
            None => Box::pin(self.stage_absent(module, arrived, turn)).await,
        }
    }

    /// Stages what is not in the cache.
    async fn stage_absent(
        &self,
        module: &Version,
        arrived: &AtomicBool,
        mut turn: Turn,
    ) -> Result<ZipReady, Error> {
        if let Some(err) = &turn.left().failed {
            return Err(err.clone());
        }
        // Bounds the locks and files that are open, as well as the transfers.
        let permit = Arc::clone(&self.zips).acquire_owned().await.map_err(|_| interrupted())?;
        if let Some(left) = turn.left().staged.take()
            && (!left.was_known || self.verifier.is_known(module))
        {
            arrived.store(true, Ordering::Relaxed);
            return self.take_over(module, left, turn, permit).await;
        }
        if let Some((hash, place)) = turn.left().refused.clone() {
            // What came is refused by this project just the same, and need not come again.
            arrived.store(true, Ordering::Relaxed);
            self.check_recorded(module, &hash, &place).await?;
        }
        let lock = self.lock(module).await?;
        // Somebody else may have done the work while we waited.
        if let Some(hash) = self.present_in(turn.slot(), module).await? {
            return Ok(ZipReady::Present(hash));
        }
        let parts = self.store.layout().parts();
        let staged = self.stage_locked(module, lock, arrived, Some(&mut turn), parts).await;
        match staged {
            Ok((zip, place)) => {
                let staging = Staging { zip, place, turn: Some(turn), _permit: permit };
                Ok(ZipReady::Staged(Box::new(staging)))
            }
            Err(err) => {
                if turn.left().refused.is_none() && err.kind() != ErrorKind::Interrupted {
                    turn.left().failed = Some(err.clone());
                }
                Err(err)
            }
        }
    }

    /// The tree of `module`, for who reads its files: downloaded and unpacked if need be, be it that the
    /// layout leaves none; then it is one for [`Engine::drop_lent_trees`](super::engine::Engine::drop_lent_trees).
    ///
    /// # Errors
    /// When it can't be had, or is refused.
    pub async fn tree(&self, module: &Version) -> Result<PathBuf, Error> {
        if let Some(hash) = self.store.complete_tree(module)? {
            self.check_ziphash(module, &hash).await?;
        } else {
            self.download_zip(module).await.map_err(|failure| failure.error)?;
            if self.store.layout() == Layout::Zips {
                Box::pin(self.lend_tree(module)).await?;
            }
        }
        self.store.tree(module)
    }

    /// Unpacks a zip that is in the cache.
    async fn lend_tree(&self, module: &Version) -> Result<(), Error> {
        let _turn = self.slots.of(module).enter().await;
        let _permit = self.zips.acquire().await.map_err(|_| interrupted())?;
        let lock = self.lock(module).await?;
        // Somebody else may have done the work while we waited.
        if let Some(hash) = self.store.complete_tree(module)? {
            return self.check_ziphash(module, &hash).await;
        }
        let parts = Parts { zip: true, tree: true };
        let arrived = AtomicBool::new(true);
        let (zip, _) = self.stage_locked(module, lock, &arrived, None, parts).await?;
        let store = self.store.clone();
        blocking(move || store.publish_zip(zip)).await?;
        self.lent_trees().insert(module.clone());
        Ok(())
    }

    /// Takes over a zip that was fetched for another project of this run.
    async fn take_over(
        &self,
        module: &Version,
        left: LeftZip,
        mut turn: Turn,
        permit: OwnedSemaphorePermit,
    ) -> Result<ZipReady, Error> {
        let LeftZip { zip, place, was_known } = left;
        match self.verifier.judge(zip).await {
            Ok(zip) => {
                zip.content().judge(zip.proof())?;
                let staging = Staging { zip, place, turn: Some(turn), _permit: permit };
                Ok(ZipReady::Staged(Box::new(staging)))
            }
            Err(Refused { content: zip, error }) => {
                let error = place.judged(error);
                turn.leave(LeftZip { zip, place: place.clone(), was_known });
                drop(turn);
                Err(naming(self.explain(error, &place).await, module))
            }
        }
    }

    /// Leaves a zip that is not wanted after all to another project that waits for it.
    pub(super) fn leave(&self, module: &Version, ready: ZipReady) {
        if let ZipReady::Staged(staging) = ready {
            let Staging { zip, place, turn, .. } = *staging;
            let was_known = self.verifier.is_known(module);
            if let Some(mut turn) = turn {
                turn.leave(LeftZip { zip: zip.into_content(), place, was_known });
            }
        }
    }

    /// Brings the zip of `module`, whose lock is held, to where it can be published; notes when it
    /// has arrived.
    pub(super) async fn stage_locked(
        &self,
        module: &Version,
        lock: VersionLock,
        arrived: &AtomicBool,
        mut turn: Option<&mut Turn>,
        parts: Parts,
    ) -> Result<(Verified<StagedZip>, Place), Error> {
        let (mut lock, mut may) = (lock, May { be_shared: true, be_spliced: true });
        loop {
            match self.stage_from(module, lock, arrived, (may, parts), turn.as_deref_mut()).await? {
                Staged::Verified(verified, place) => return Ok((*verified, place)),
                Staged::Unreadable => may.be_shared = false,
                Staged::Spliced => may.be_spliced = false,
            }
            lock = self.lock(module).await?;
        }
    }

    /// Fetches a zip as it may be fetched, and stages it.
    async fn stage_from(
        &self,
        module: &Version,
        lock: VersionLock,
        arrived: &AtomicBool,
        (may, mut parts): (May, Parts),
        turn: Option<&mut Turn>,
    ) -> Result<Staged, Error> {
        let fetched = futures_util::future::join(
            self.zip_source(module, &lock, may),
            self.verifier.prefetch(module, false),
        );
        let (source, place) = fetched.await.0?;
        let is_spliced = matches!(&source, ZipSource::Spooled(spool) if spool.is_spliced());
        arrived.store(true, Ordering::Relaxed);
        // Whoever stores it elsewhere reads it from the cache, and removes it afterwards.
        parts.zip |= self.is_to_be_stored(module);
        let unpacker =
            Arc::clone(&self.unpackers).acquire_owned().await.map_err(|_| interrupted())?;
        // Who cancels this wait wants no tree either.
        let _stopper = lock.stopper();
        let (store, cores) = (self.store.clone(), Arc::clone(&self.cores));
        let is_known = self.verifier.is_known(module);
        let staged = blocking(move || {
            let busy = cores.enter();
            let staged = store.stage(lock, source, Way { cores: &cores, is_known }, parts);
            drop(busy);
            drop(unpacker);
            staged
        })
        .await;
        let staged = match staged {
            Ok(staged) => staged,
            // It may be half a file, or the page of a login: nothing that can be held against a hash.
            Err(err) if self.is_caches_fault(&err, &place) => return Ok(Staged::Unreadable),
            Err(err) if is_spliced && err.is_security() => return Ok(Staged::Spliced),
            Err(err) => return Err(naming(err, module)),
        };
        let verified = match self.verifier.judge(staged).await {
            Ok(verified) => verified,
            Err(Refused { error, .. }) if is_spliced && error.is_security() => {
                return Ok(Staged::Spliced);
            }
            Err(Refused { content: zip, error }) => {
                if let Some(turn) = turn {
                    turn.left().refused = Some((zip.hash().to_owned(), place.clone()));
                    turn.leave(LeftZip { zip, place: place.clone(), was_known: is_known });
                }
                return Err(self.explain(place.judged(error), &place).await);
            }
        };
        if let Err(err) = verified.content().judge(verified.proof()) {
            let again = match self.is_caches_fault(&err, &place) {
                true => Staged::Unreadable,
                false if is_spliced && err.is_security() => Staged::Spliced,
                false => return Err(err),
            };
            // What it was believed to be on first use is not what the next one must be.
            self.verifier.gosum().forget(module);
            return Ok(again);
        }
        Ok(Staged::Verified(Box::new(verified), place))
    }

    /// Whether what a cache sent is no module zip at all, which is then its failure.
    fn is_caches_fault(&self, err: &Error, place: &Place) -> bool {
        let Place::Shared(name) = place else { return false };
        if !err.is_security() {
            return false;
        }
        if let Some(cache) = self.shared.caches.named(name) {
            cache.failed(err);
        }
        true
    }

    /// Makes a staged zip visible.
    pub(super) async fn publish(
        &self,
        module: &Version,
        ready: ZipReady,
    ) -> Result<ZipDone, Error> {
        let mut was_zip_there = false;
        let result = match ready {
            ZipReady::Present(hash) => {
                self.drop_surplus_zip(module).await.map(|()| ZipDone { hash, was_present: true })
            }
            ZipReady::Staged(staging) => {
                let Staging { zip, place, turn, _permit } = *staging;
                was_zip_there = matches!(place, Place::Cache);
                let hash = zip.content().hash().to_owned();
                let store = self.store.clone();
                let published = blocking(move || store.publish_zip(zip)).await;
                if let (Ok(()), Some(turn)) = (&published, &turn) {
                    turn.slot().is_present(&hash, place);
                }
                published
                    .map(|()| ZipDone { hash, was_present: false })
                    .inspect(|_| self.published(module, Kind::Zip))
            }
        };
        let outcome = match &result {
            Ok(ZipDone { was_present: true, .. }) => ZipOutcome::Present,
            Ok(_) if was_zip_there => ZipOutcome::Unpacked,
            Ok(_) => ZipOutcome::Published,
            Err(_) => ZipOutcome::Failed,
        };
        self.observer.event(&Event::ZipFinished { module: module.clone(), outcome });
        result
    }

    /// Removes a zip that was there before and that the layout leaves no room for.
    async fn drop_surplus_zip(&self, module: &Version) -> Result<(), Error> {
        if !self.store.has_surplus_zip(module) || self.is_to_be_stored(module) {
            return Ok(());
        }
        let (store, lock) = (self.store.clone(), self.lock(module).await?);
        blocking(move || store.drop_zip(&lock)).await
    }

    /// The hash of the zip if all is there that the layout asks for, and the hash is right.
    pub(super) async fn present(&self, module: &Version) -> Result<Option<String>, Error> {
        let Some(hash) = self.store.present(module)? else { return Ok(None) };
        self.check_ziphash(module, &hash).await?;
        Ok(Some(hash))
    }

    /// Checks the hash that is recorded in the cache.
    async fn check_ziphash(&self, module: &Version, hash: &str) -> Result<(), Error> {
        if !hash.starts_with("h1:") {
            let shown = crate::spec::quote::quote(hash);
            let text = format!("unexpected ziphash: {shown}");
            let err = Error::message(ErrorKind::Security, text).of_module(module);
            return Err(err.context("verifying ").fatal().bare());
        }
        self.check_recorded(module, hash, &Place::Cache).await
    }

    /// The same, looked for once a run.
    async fn present_in(&self, slot: &Slot, module: &Version) -> Result<Option<String>, Error> {
        if let Some((hash, place)) = slot.present() {
            self.check_recorded(module, hash, place).await?;
            return Ok(Some(hash.to_owned()));
        }
        let found = self.present(module).await?;
        if let Some(hash) = &found {
            slot.is_present(hash, Place::Cache);
        }
        Ok(found)
    }

    /// Checks a hash that is known of a zip without the zip.
    async fn check_recorded(
        &self,
        module: &Version,
        hash: &str,
        place: &Place,
    ) -> Result<(), Error> {
        let recorded = Recorded { key: module.clone(), hash: hash.to_owned() };
        let err = match self.verifier.verify(recorded).await {
            Ok(_) => return Ok(()),
            Err(err) => err,
        };
        let err = match place {
            // As with go, a zip that lies in the cache and is not what go.sum or the database knows
            // ends the run: it was not this run that let it in.
            Place::Cache => err.fatal().bare(),
            place => place.judged(err),
        };
        Err(Box::pin(self.explain(err, place)).await)
    }

    pub(super) async fn lock(&self, module: &Version) -> Result<VersionLock, Error> {
        if let Some(lock) = self.store.try_lock(module)? {
            return Ok(lock);
        }
        let (store, module) = (self.store.clone(), module.clone());
        blocking(move || store.lock(&module)).await
    }

    /// The zip's bytes: those in the cache whose tree or hash is missing, or new ones.
    async fn zip_source(
        &self,
        module: &Version,
        lock: &VersionLock,
        may: May,
    ) -> Result<(ZipSource, Place), Error> {
        self.store.clean_up(lock)?;
        if let Some(existing) = self.store.existing_zip(module)? {
            return Ok((existing, Place::Cache));
        }
        if may.be_shared && may.be_spliced {
            self.observer.event(&Event::ZipStarted { module: module.clone() });
        }
        let target = self.store.file(module, Kind::Zip)?;
        let mut spool = Spool::new(&target, Arc::clone(&self.memory));
        if may.be_spliced {
            spool = spool.that_may_be_spliced();
        }
        let covered = self.verifier.is_known(module);
        if may.be_shared
            && let Some(served) = self.shared.caches.zip(module, covered, &mut spool).await
        {
            return Ok((ZipSource::Spooled(spool), Place::Shared(served.by)));
        }
        let served = self.chain.zip(module, &mut spool).await?;
        self.came_from_source(module, Kind::Zip);
        Ok((ZipSource::Spooled(spool), Place::Source(served.by)))
    }
}

/// go does not always say which module the zip that it refuses belongs to.
fn naming(err: Error, module: &Version) -> Error {
    if err.is_security() && !err.to_string().contains(&module.to_string()) {
        return err.hint(format!("it is the zip of {module} that is refused"));
    }
    err
}

/// Runs work that blocks on a thread of its own.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(err) if err.is_cancelled() => Err(interrupted()),
        Err(err) => Err(Error::message(ErrorKind::Other, format!("internal error: {err}"))),
    }
}

pub(super) fn interrupted() -> Error {
    Error::message(ErrorKind::Interrupted, "interrupted")
}
