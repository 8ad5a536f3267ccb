//! Trees made of all zips that are in the cache, without a network.
//!
//! Each zip is held against the hash that was recorded beside it when it was verified. Without one it is not
//! unpacked: go would record it only after go.sum or the checksum database had agreed, which nobody asks
//! here. Several zips are unpacked at once, one per core, and the files of large ones are spread; what
//! bounds the memory is what bounds it for one zip on each core.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, ErrorKind};
use crate::spec::module::Version;
use crate::store::Store;
use crate::store::layout::Kind;
use crate::store::parts::Layout;
use crate::store::publish::{VersionLock, ZipSource, contradicts_ziphash};
use crate::store::unpack::Way;
use crate::sys::IoError;
use crate::sys::cores::Cores;
use crate::verify::{Hashed, Verified};

/// A zip whose tree is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filled {
    /// Its `h1:` hash.
    pub hash: String,
    /// Whether the tree was there before.
    pub was_present: bool,
}

/// What became of a version.
enum Attempt {
    Done(Result<Filled, Error>),
    /// Somebody else holds its lock.
    Locked,
}

impl Store {
    /// Makes the tree of each version out of its zip, on so many cores, until `stop` is set; the results are
    /// in the order of `modules`. Blocks, also while others hold locks, but for those not before all else is
    /// done. `tell` is told of each version when it is done, from several threads.
    pub fn fill(
        &self,
        modules: &[Version],
        cores: usize,
        stop: &Arc<AtomicBool>,
        tell: &(dyn Fn(&Version, &Result<Filled, Error>) + Sync),
    ) -> Vec<Result<Filled, Error>> {
        let sizes = modules.iter().map(|module| {
            let zip = self.file(module, Kind::Zip).ok();
            zip.and_then(|path| std::fs::metadata(path).ok()).map_or(0, |meta| meta.len())
        });
        // The largest first, so that none of them is left over in the end.
        let mut order: Vec<(u64, usize)> = sizes.zip(0..).collect();
        order.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let cores = Cores::new(cores);
        let mut done: Vec<(usize, Result<Filled, Error>)> = Vec::with_capacity(modules.len());
        for waits in [false, true] {
            let attempt = |(): &mut (), place: usize| {
                let (_, index) = order.get(place)?;
                let module = modules.get(*index)?;
                let attempt = self.attempt(module, &cores, stop, waits);
                if let Attempt::Done(result) = &attempt {
                    tell(module, result);
                }
                Some((*index, attempt))
            };
            let attempts = cores.map(&mut (), order.len(), &|| (), &attempt);
            order.clear();
            for (index, attempt) in attempts.into_iter().flatten() {
                match attempt {
                    Attempt::Done(result) => done.push((index, result)),
                    Attempt::Locked => order.push((0, index)),
                }
            }
        }
        done.sort_by_key(|(index, _)| *index);
        done.into_iter().map(|(_, result)| result).collect()
    }

    fn attempt(
        &self,
        module: &Version,
        cores: &Cores,
        stop: &Arc<AtomicBool>,
        waits: bool,
    ) -> Attempt {
        let result = (|| {
            if stop.load(Ordering::Relaxed) {
                return Err(Error::message(ErrorKind::Interrupted, "interrupted"));
            }
            if let Some(hash) = self.complete_tree(module)? {
                return Ok(Some(Filled { hash, was_present: true }));
            }
            let lock = match waits {
                true => self.lock(module)?,
                false => match self.try_lock(module)? {
                    Some(lock) => lock,
                    None => return Ok(None),
                },
            };
            self.fill_locked(lock.stopped_by(stop), cores).map(Some)
        })();
        match result {
            Ok(Some(filled)) => Attempt::Done(Ok(filled)),
            Ok(None) => Attempt::Locked,
            Err(err) => Attempt::Done(Err(err.of_module(module))),
        }
    }

    fn fill_locked(&self, lock: VersionLock, cores: &Cores) -> Result<Filled, Error> {
        let module = lock.module().clone();
        // Somebody else may have done the work meanwhile.
        if let Some(hash) = self.complete_tree(&module)? {
            return Ok(Filled { hash, was_present: true });
        }
        self.clean_up(&lock)?;
        let zip = self.file(&module, Kind::Zip)?;
        let (source, recorded) = match self.existing_zip(&module)? {
            Some(ZipSource::Existing(file, Some(recorded))) => {
                (ZipSource::Existing(file, Some(recorded.clone())), recorded)
            }
            Some(_) => {
                let text = format!("no hash of {} is recorded beside it", zip.display());
                return Err(Error::message(ErrorKind::Other, text).hint(format!(
                    "check it against go.sum or the checksum database: gomodfetch download {module}"
                )));
            }
            None => return Err(IoError::other("open", &zip, "no such file or directory").into()),
        };
        let parts = Layout::Full.parts();
        let staged = self.stage(lock, source, Way { cores, is_known: true }, parts)?;
        let hash = staged.hash().to_owned();
        let verified = Verified::by_record(staged, &recorded);
        let verified = verified.ok_or_else(|| contradicts_ziphash(&zip))?;
        self.publish_zip(verified)?;
        Ok(Filled { hash, was_present: false })
    }
}
