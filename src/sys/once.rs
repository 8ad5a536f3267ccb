//! Work done once per key, however many tasks ask for it at the same time.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

/// A map of results that are computed at most once each and then shared.
///
/// If the task that computes a result is dropped, the next one that asks takes over, so a cancelled
/// task can't leave others waiting for ever.
#[derive(Debug)]
pub struct OnceMap<K, V> {
    cells: Mutex<HashMap<K, Arc<OnceCell<V>>>>,
}

impl<K, V> Default for OnceMap<K, V> {
    fn default() -> Self {
        OnceMap { cells: Mutex::new(HashMap::new()) }
    }
}

impl<K: Eq + Hash + Clone, V: Clone> OnceMap<K, V> {
    /// The result for `key`, computed by `work` unless it is known or under way.
    pub async fn get_or<F, Fut>(&self, key: &K, work: F) -> V
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = V>,
    {
        let cell = {
            let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
            match cells.get(key) {
                Some(cell) => Arc::clone(cell),
                None => Arc::clone(cells.entry(key.clone()).or_default()),
            }
        };
        cell.get_or_init(work).await.clone()
    }

    /// Lets the next one who asks compute the result again.
    pub fn forget(&self, key: &K) {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    /// The result for `key` if it is known already.
    pub fn get(&self, key: &K) -> Option<V> {
        let cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        cells.get(key).and_then(|cell| cell.get().cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[tokio::test]
    async fn many_ask_one_works() {
        let map = OnceMap::<&str, usize>::default();
        let count = AtomicUsize::new(0);
        let ask = || {
            map.get_or(&"key", || async {
                tokio::task::yield_now().await;
                count.fetch_add(1, Ordering::SeqCst) + 41
            })
        };
        let (a, b, c) = tokio::join!(ask(), ask(), ask());
        assert_eq!((a, b, c), (41, 41, 41));
        assert_eq!(count.load(Ordering::SeqCst), 1);
        assert_eq!((map.get(&"key"), map.get(&"other")), (Some(41), None));
        map.forget(&"key");
        assert_eq!((ask().await, map.get(&"key")), (42, Some(42)));
    }
}
