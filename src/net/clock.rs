//! The time, which tests make pass as they like.

use std::sync::Arc;
use std::time::Instant;

use crate::net::BoxFuture;

/// Tells the time, and waits.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Instant;
    /// Waits until then; not at all if that has passed.
    fn sleep_until(&self, then: Instant) -> BoxFuture<'_, ()>;
}

/// The clock of the system.
pub fn system() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep_until(&self, then: Instant) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            // The runtime's timer is not to be troubled with what is over.
            if then > Instant::now() {
                tokio::time::sleep_until(then.into()).await;
            }
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use super::*;

    /// A clock that stands still but for those who wait.
    pub(crate) struct TestClock(Mutex<Instant>);

    impl TestClock {
        pub(crate) fn new() -> Arc<TestClock> {
            Arc::new(TestClock(Mutex::new(Instant::now())))
        }

        pub(crate) fn pass(&self, time: Duration) {
            *self.0.lock().unwrap() += time;
        }
    }

    impl Clock for TestClock {
        fn now(&self) -> Instant {
            *self.0.lock().unwrap()
        }

        fn sleep_until(&self, then: Instant) -> BoxFuture<'_, ()> {
            let mut now = self.0.lock().unwrap();
            *now = then.max(*now);
            Box::pin(async {})
        }
    }
}
