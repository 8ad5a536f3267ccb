//! How long to wait before trying again, and when not to try any more.
//!
//! The wait doubles with every failure in a row, up to [`MAX_WAIT`]; half of it is left to chance, so
//! that requests that failed together don't come back together. A server that says when it wants to be
//! asked again ([`Retry-After`](crate::net::headers::retry_after)) is not asked before, within the same
//! bound.
//!
//! A run as a whole has a [`Credit`]: retries are paid from it, and what succeeds refills it. A network
//! in which little goes wrong is never short of it; in one that is dead, the run ends soon.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::net::error::RequestCause;
use crate::net::limit::lock;
use crate::net::settings::MAX_WAIT;

/// Retries that a host has to begin with, and may have at most.
const HOST_RETRIES: f64 = 200.0;
/// The same for all hosts together.
const ALL_RETRIES: f64 = 600.0;
/// What each success adds.
const REFILL: f64 = 0.5;
/// A network from which nothing has come for so long is dead.
const SILENCE: Duration = Duration::from_secs(120);

/// The wait after the `nth` failure in a row, counted from 1. `chance` is between 0 and 1; `asked` is how
/// long the server wants to be left alone.
pub fn wait(first: Duration, nth: u32, chance: f64, asked: Option<Duration>) -> Duration {
    let doublings = nth.saturating_sub(1).min(16);
    let longest = first.saturating_mul(1 << doublings).min(MAX_WAIT);
    let wait = longest.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0);
    wait.max(asked.unwrap_or_default().min(MAX_WAIT))
}

/// Numbers between 0 and 1, for nothing that must be kept secret.
pub struct Chance(AtomicU64);

impl Chance {
    /// A sequence that is another one in each run.
    pub fn new() -> Chance {
        Chance(AtomicU64::new(RandomState::new().hash_one(0)))
    }

    /// The next number.
    pub fn next(&self) -> f64 {
        // SplitMix64
        const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
        let mut bits = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits >> 40) as f64 / f64::from(1u32 << 24)
    }
}

impl Default for Chance {
    fn default() -> Chance {
        Chance::new()
    }
}

/// The retries that a run can still afford.
#[derive(Default)]
pub struct Credit(Mutex<Account>);

struct Account {
    left: f64,
    /// By host.
    hosts: HashMap<String, f64>,
    /// Since when there was nothing but failures, if the last thing was one.
    silent_since: Option<Instant>,
    /// What the last failure was.
    last: Option<(String, RequestCause)>,
}

impl Default for Account {
    fn default() -> Account {
        Account { left: ALL_RETRIES, hosts: HashMap::new(), silent_since: None, last: None }
    }
}

impl Credit {
    /// Takes a retry for this host, if there is one left.
    pub fn take(&self, host: &str, now: Instant) -> bool {
        let mut account = lock(&self.0);
        let since = *account.silent_since.get_or_insert(now);
        if now.duration_since(since) > SILENCE || account.left < 1.0 {
            return false;
        }
        let own = account.hosts.entry(host.to_owned()).or_insert(HOST_RETRIES);
        if *own < 1.0 {
            return false;
        }
        *own -= 1.0;
        account.left -= 1.0;
        true
    }

    /// Something came: the network is not dead.
    pub fn news(&self) {
        lock(&self.0).silent_since = None;
    }

    /// No answer came.
    pub fn silence(&self, text: &str, cause: &RequestCause, now: Instant) {
        let mut account = lock(&self.0);
        account.silent_since.get_or_insert(now);
        account.last = Some((text.to_owned(), cause.clone()));
    }

    /// The last failure, if nothing has come for so long that nothing is worth being asked any more.
    pub fn is_dead(&self, now: Instant) -> Option<(String, RequestCause)> {
        let account = lock(&self.0);
        let since = account.silent_since?;
        account.last.clone().filter(|_| now.duration_since(since) > SILENCE)
    }

    /// A request to this host succeeded.
    pub fn success(&self, host: &str) {
        let mut account = lock(&self.0);
        account.silent_since = None;
        account.left = (account.left + REFILL).min(ALL_RETRIES);
        if let Some(own) = account.hosts.get_mut(host) {
            *own = (*own + REFILL).min(HOST_RETRIES);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HALF: Duration = Duration::from_millis(500);

    #[test]
    fn waits_double_and_end() {
        let seconds = |nth, chance, asked| wait(HALF, nth, chance, asked).as_secs_f64();
        assert_eq!([1, 2, 3, 4].map(|nth| seconds(nth, 1.0, None)), [0.5, 1.0, 2.0, 4.0]);
        assert_eq!(seconds(3, 0.0, None), 1.0);
        assert_eq!(seconds(100, 1.0, None), 60.0);
        let asked = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(seconds(1, 1.0, asked(7)), 7.0);
        assert_eq!(seconds(1, 1.0, asked(100_000)), 60.0);
        assert_eq!(seconds(5, 1.0, asked(1)), 8.0);
        assert_eq!(seconds(1, 1.0, Some(Duration::MAX)), 60.0);
    }

    proptest! {
        #[test]
        fn a_wait_is_bounded_whatever_is_asked(
            first: u32, nth: u32, chance: f64, asked: Option<u64>,
        ) {
            prop_assume!(!chance.is_nan());
            let first = Duration::from_millis(u64::from(first));
            let wait = wait(first, nth, chance, asked.map(Duration::from_millis));
            prop_assert!(wait <= MAX_WAIT);
        }
    }

    #[test]
    fn chance_is_between_0_and_1_and_differs() {
        let chance = Chance::new();
        let numbers: Vec<f64> = (0..1000).map(|_| chance.next()).collect();
        assert!(numbers.iter().all(|number| (0.0..1.0).contains(number)));
        let (low, high) = numbers.iter().partition::<Vec<f64>, _>(|number| **number < 0.5);
        assert!(low.len() > 300 && high.len() > 300, "{} and {}", low.len(), high.len());
    }

    #[test]
    fn a_dead_host_ends_soon_and_takes_nothing_from_others() {
        let (credit, now) = (Credit::default(), Instant::now());
        assert_eq!((0..500).filter(|_| credit.take("dead.example", now)).count(), 200);
        assert!(credit.take("example.com", now));
        // One failure in three is borne for ever.
        for _ in 0..10_000 {
            assert!(credit.take("example.com", now));
            credit.success("example.com");
            credit.success("example.com");
        }
        assert!(!credit.take("dead.example", now));
    }

    #[test]
    fn nothing_is_tried_any_more_after_two_silent_minutes() {
        let (credit, now) = (Credit::default(), Instant::now());
        let at = |seconds| now + Duration::from_secs(seconds);
        // A rest without requests is no silence.
        credit.success("example.com");
        credit.silence("i/o timeout", &RequestCause::Timeout, at(500));
        assert!(credit.take("example.com", at(500)));
        assert!(credit.take("example.com", at(619)));
        assert_eq!(credit.is_dead(at(619)), None);
        assert!(!credit.take("example.com", at(621)) && !credit.take("example.org", at(621)));
        assert_eq!(credit.is_dead(at(621)), Some(("i/o timeout".into(), RequestCause::Timeout)));
        credit.news();
        assert!(credit.take("example.com", at(621)));
        assert_eq!(credit.is_dead(at(630)), None);
    }
}
