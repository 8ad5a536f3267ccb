//! Who works on a zip: one project of a run at a time, and what it leaves to those that wait.
//!
//! A zip is locked for other processes by `V.lock`. Within a run the projects wait for each other here,
//! without a thread; whoever comes next finds the zip in the cache, or takes over what was fetched, or
//! learns why it can't be had. Nothing that is taken over counts as verified.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::error::Error;
use crate::pipeline::explain::Place;
use crate::spec::module::Version;
use crate::store::publish::StagedZip;

/// The zips of a run.
#[derive(Default)]
pub(super) struct Slots(Mutex<HashMap<Version, Arc<Slot>>>);

/// One of them.
#[derive(Default)]
pub(super) struct Slot {
    waiting: AtomicUsize,
    left: Arc<tokio::sync::Mutex<Left>>,
    present: OnceLock<(String, Place)>,
}

/// What whoever had the slot has left.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// Fetched and unpacked, but refused, or not wanted after all.
    pub staged: Option<LeftZip>,
    /// Why it can't be had.
    pub failed: Option<Error>,
    /// The hash of what was refused, and where it came from.
    pub refused: Option<(String, Place)>,
}

/// A zip that somebody else may have use for.
#[derive(Debug)]
pub(super) struct LeftZip {
    /// The zip, which nobody has verified.
    pub zip: StagedZip,
    /// Where it came from.
    pub place: Place,
    /// Whether it was fetched and unpacked for somebody who could compare its hash: less care was taken
    /// then, and those who can't must fetch it themselves.
    pub was_known: bool,
}

/// The slot, held: nobody else of this run works on the zip.
#[derive(Debug)]
pub(super) struct Turn {
    slot: Arc<Slot>,
    left: OwnedMutexGuard<Left>,
}

impl Slots {
    /// That of `module`.
    pub fn of(&self, module: &Version) -> Arc<Slot> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match slots.get(module) {
            Some(slot) => Arc::clone(slot),
            None => Arc::clone(slots.entry(module.clone()).or_default()),
        }
    }
}

impl std::fmt::Debug for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Slot").field("present", &self.present).finish_non_exhaustive()
    }
}

impl Slot {
    /// The recorded hash, if this run has found zip and tree in the cache; and where they came from, if it
    /// was this run that let them in.
    pub fn present(&self) -> Option<&(String, Place)> {
        self.present.get()
    }

    /// Notes that zip and tree are in the cache.
    pub fn is_present(&self, hash: &str, place: Place) {
        // Whoever was first has said the same.
        let _ = self.present.set((hash.to_owned(), place));
    }

    /// Waits until nobody else of this run works on the zip.
    pub async fn enter(self: Arc<Slot>) -> Turn {
        let waiting = Waiting::new(&self);
        let left = Arc::clone(&self.left).lock_owned().await;
        drop(waiting);
        Turn { slot: self, left }
    }
}

impl Turn {
    /// The slot.
    pub fn slot(&self) -> &Slot {
        &self.slot
    }

    /// What was left.
    pub fn left(&mut self) -> &mut Left {
        &mut self.left
    }

    /// Leaves a zip to who waits for it, if anybody does.
    pub fn leave(&mut self, zip: LeftZip) {
        if self.slot.waiting.load(Ordering::SeqCst) > 0 {
            self.left.staged = Some(zip);
        }
    }
}

/// Somebody waits. When nobody does any more, nothing is left for them.
struct Waiting<'a>(&'a Slot);

impl<'a> Waiting<'a> {
    fn new(slot: &'a Slot) -> Waiting<'a> {
        slot.waiting.fetch_add(1, Ordering::SeqCst);
        Waiting(slot)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        // Who has just got it has the lock, and what was left.
        if self.0.waiting.fetch_sub(1, Ordering::SeqCst) == 1
            && let Ok(mut left) = self.0.left.try_lock()
        {
            left.staged = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn one_works_and_the_others_wait() {
        let slots = Slots::default();
        let module = Version::new("example.com/a", "v1.0.0");
        let mut first = slots.of(&module).enter().await;
        let mut second = Box::pin(slots.of(&module).enter());
        assert!(second.as_mut().now_or_never().is_none());
        assert_eq!(first.slot().waiting.load(Ordering::SeqCst), 1);
        first.left().refused = Some(("h1:x".to_owned(), Place::Cache));
        first.slot().is_present("h1:y", Place::Cache);
        drop(first);
        let mut second = second.await;
        assert_eq!(second.slot().waiting.load(Ordering::SeqCst), 0);
        assert_eq!(second.left().refused.take().unwrap().0, "h1:x");
        assert_eq!(slots.of(&module).present().unwrap().0, "h1:y");
        assert!(slots.of(&Version::new("example.com/a", "v1.0.1")).present().is_none());
    }

    #[tokio::test]
    async fn who_gives_up_waits_no_more() {
        let slots = Slots::default();
        let module = Version::new("example.com/a", "v1.0.0");
        let first = slots.of(&module).enter().await;
        let mut second = Box::pin(slots.of(&module).enter());
        assert!(second.as_mut().now_or_never().is_none());
        drop(second);
        assert_eq!(first.slot().waiting.load(Ordering::SeqCst), 0);
    }
}
