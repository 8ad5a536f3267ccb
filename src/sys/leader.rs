//! One goes first, and the others wait until it has found the way.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// For each key, the first who comes goes ahead.
#[derive(Debug)]
pub struct Leaders<K> {
    patience: Duration,
    places: Mutex<HashMap<K, Arc<Semaphore>>>,
}

/// Held by who goes first; the others follow when it is dropped.
#[derive(Debug)]
pub struct Lead {
    place: Arc<Semaphore>,
    _turn: OwnedSemaphorePermit,
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.place.close();
    }
}

impl<K: Eq + Hash> Leaders<K> {
    /// Nobody yet. Longer than `patience` nobody waits for another, who may be held up by something that
    /// is its own.
    pub fn new(patience: Duration) -> Leaders<K> {
        Leaders { patience, places: Mutex::default() }
    }

    /// The lead, for the first who asks; the others get nothing, after having waited for the first.
    pub async fn lead(&self, key: K) -> Option<Lead> {
        let place = {
            let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(places.entry(key).or_insert_with(|| Arc::new(Semaphore::new(1))))
        };
        let turn = tokio::time::timeout(self.patience, Arc::clone(&place).acquire_owned());
        Some(Lead { _turn: turn.await.ok()?.ok()?, place })
    }
}

/// Something has happened, told to whoever waits for it at that moment.
#[derive(Debug, Clone, Default)]
pub struct Signal(Arc<Notify>);

impl Signal {
    /// It has happened.
    pub fn give(&self) {
        self.0.notify_waiters();
    }

    /// Waits until it happens, and lets those come to an end who are at it still.
    pub async fn wait(&self) {
        self.0.notified().await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn the_first_leads_and_the_others_follow() {
        let leaders = Leaders::new(Duration::from_secs(600));
        let lead = leaders.lead("a").await.unwrap();
        assert!(leaders.lead("b").await.is_some());
        let mut follower = Box::pin(leaders.lead("a"));
        assert!(follower.as_mut().now_or_never().is_none());
        drop(lead);
        assert!(follower.await.is_none());
        assert!(leaders.lead("a").await.is_none());
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let leaders = Leaders::new(Duration::from_millis(1));
        let _lead = leaders.lead("a").await.unwrap();
        assert!(leaders.lead("a").await.is_none());
    }

    #[tokio::test]
    async fn a_signal_is_heard_by_those_who_wait() {
        let signal = Signal::default();
        let mut waiting = Box::pin(signal.wait());
        assert!(waiting.as_mut().now_or_never().is_none());
        signal.give();
        waiting.await;
    }
}
