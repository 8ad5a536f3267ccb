//! Memory that many transfers share.
//!
//! Small bodies are held without further ado: their number is bounded elsewhere. What becomes larger
//! than [`FREE`] asks for its share first, once, for all that it may become, so that nobody holds a
//! part while waiting for the rest; then no set of transfers can block itself. Whoever holds a share
//! must not wait for another of the same budget.

use std::ops::Deref;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many bytes may be held without a share.
pub const FREE: u64 = 64 << 10;
/// What shares are counted in.
const UNIT: u64 = 1 << 10;

/// So many bytes, to be shared.
#[derive(Debug, Clone)]
pub struct Budget {
    units: Arc<Semaphore>,
    all: u32,
}

/// A part of a [`Budget`], given back when it is dropped.
#[derive(Debug)]
pub struct Share(Option<OwnedSemaphorePermit>);

/// Bytes, and the memory that they are held in.
#[derive(Debug)]
pub struct Held {
    data: Vec<u8>,
    share: Share,
}

impl Budget {
    /// A budget of so many bytes.
    pub fn new(bytes: u64) -> Budget {
        let all = u32::try_from(bytes / UNIT).unwrap_or(u32::MAX);
        Budget { units: Arc::new(Semaphore::new(all as usize)), all }
    }

    /// Waits for memory for so many bytes. What is larger than the budget waits for all of it.
    pub async fn share(&self, bytes: u64) -> Share {
        if bytes <= FREE {
            return Share::none();
        }
        let units = u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX).min(self.all);
        // It is never closed; were it, there would be no bound, but no harm.
        Share(Arc::clone(&self.units).acquire_many_owned(units).await.ok())
    }
}

impl Share {
    /// What needs none.
    pub fn none() -> Share {
        Share(None)
    }
}

impl Held {
    /// Bytes in the memory that was asked for before.
    pub fn new(data: Vec<u8>, share: Share) -> Held {
        Held { data, share }
    }

    /// Whether they were too many to be held without a share.
    pub fn is_large(&self) -> bool {
        self.share.0.is_some()
    }
}

impl Deref for Held {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.data
    }
}

impl From<Vec<u8>> for Held {
    /// Bytes that need no share, or were not asked to have one.
    fn from(data: Vec<u8>) -> Held {
        Held::new(data, Share::none())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn large_ones_wait_for_each_other_and_small_ones_for_nobody() {
        let budget = Budget::new(1 << 20);
        let first = Held::new(vec![0; 700 << 10], budget.share(700 << 10).await);
        assert!(first.is_large());
        let mut second = Box::pin(budget.share(400 << 10));
        assert!(second.as_mut().now_or_never().is_none());
        let small = budget.share(FREE).now_or_never().expect("no waiting");
        assert!(!Held::new(Vec::new(), small).is_large());
        drop(first);
        let second = second.now_or_never().expect("no waiting any more");
        // One that is larger than all waits for all.
        let mut huge = Box::pin(budget.share(1 << 40));
        assert!(huge.as_mut().now_or_never().is_none());
        drop(second);
        assert!(huge.now_or_never().is_some());
    }
}
