//! How much is asked of one host at once, and how fast.
//!
//! At first there is no bound but the callers' own. An answer that says "too much" (429, 503), a stall, and
//! answers that come much more slowly than usual halve the number of requests that may be under way;
//! each success adds a little again, one for as many successes as there may be requests (AIMD, as TCP
//! does it), until there is no bound any more. A host that asks to be left alone for a while is left alone
//! by all.
//!
//! Waiting is first come, first served. Whoever is given a [`Turn`] must not wait for another one while
//! holding it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::net::clock::Clock;
use crate::net::settings::MAX_WAIT;

/// With so many requests at once a bound is none.
const NO_BOUND: f64 = 256.0;
/// Answers are never called slow that come within this time.
const SLOW: Duration = Duration::from_secs(5);
/// Nor those that take less than so many times what is usual.
const SLOWER: f64 = 8.0;
/// How much a single answer changes what is held to be usual.
const WEIGHT: f64 = 0.1;

/// The hosts that were asked in this run.
pub struct Hosts {
    clock: Arc<dyn Clock>,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
}

impl Hosts {
    /// No hosts yet.
    pub fn new(clock: Arc<dyn Clock>) -> Hosts {
        Hosts { clock, hosts: Mutex::default() }
    }

    /// The host of this name, with its port.
    pub fn host(&self, name: &str) -> Arc<Host> {
        let mut hosts = lock(&self.hosts);
        let make = || Arc::new(Host { clock: Arc::clone(&self.clock), state: Mutex::default() });
        Arc::clone(hosts.entry(name.to_owned()).or_insert_with(make))
    }
}

/// What is known of one host.
pub struct Host {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How many requests may be under way; `None` is no bound.
    bound: Option<f64>,
    under_way: usize,
    waiting: VecDeque<oneshot::Sender<Turn>>,
    /// How many requests were answered.
    served: u64,
    lowered: Option<Instant>,
    quiet_until: Option<Instant>,
    /// Seconds until an answer begins.
    usual: Option<f64>,
}

impl State {
    fn has_room(&self) -> bool {
        self.bound.is_none_or(|bound| (self.under_way as f64) < bound.floor().max(1.0))
    }
}

/// A request that is under way, until it is dropped.
pub struct Turn {
    host: Arc<Host>,
    /// When it began.
    pub began: Instant,
}

impl Drop for Turn {
    fn drop(&mut self) {
        lock(&self.host.state).under_way -= 1;
        self.host.wake();
    }
}

impl Host {
    /// Waits until a request may be sent; if `heeds_quiet`, also while the host wants to be left alone.
    pub async fn turn(self: &Arc<Host>, heeds_quiet: bool) -> Turn {
        loop {
            let until = lock(&self.state).quiet_until;
            match until.filter(|until| heeds_quiet && *until > self.clock.now()) {
                Some(until) => self.clock.sleep_until(until).await,
                None => break,
            }
        }
        let waiting = {
            let mut state = lock(&self.state);
            if state.has_room() && state.waiting.is_empty() {
                state.under_way += 1;
                None
            } else {
                let (sender, receiver) = oneshot::channel();
                state.waiting.push_back(sender);
                Some(receiver)
            }
        };
        match waiting {
            // The sender lives in our own state until it is used.
            Some(receiver) => match receiver.await {
                Ok(mut turn) => {
                    turn.began = self.clock.now();
                    turn
                }
                Err(_) => self.unbounded(),
            },
            None => Turn { host: Arc::clone(self), began: self.clock.now() },
        }
    }

    fn unbounded(self: &Arc<Host>) -> Turn {
        lock(&self.state).under_way += 1;
        Turn { host: Arc::clone(self), began: self.clock.now() }
    }

    /// Gives turns to those who wait, as far as there is room.
    fn wake(self: &Arc<Host>) {
        loop {
            let next = {
                let mut state = lock(&self.state);
                let next = if state.has_room() { state.waiting.pop_front() } else { None };
                if next.is_some() {
                    state.under_way += 1;
                }
                next
            };
            let Some(next) = next else { return };
            // Who does not wait any more gives the turn back, which wakes the next one.
            let _ = next.send(Turn { host: Arc::clone(self), began: self.clock.now() });
        }
    }

    /// What was begun at `began` was too much. Gives how many may be under way from now on, never less than
    /// `least`, unless the answer to that was given already, after `began`.
    pub fn too_much(&self, began: Instant, least: usize) -> Option<usize> {
        let mut state = lock(&self.state);
        if state.lowered.is_some_and(|lowered| began < lowered) {
            return None;
        }
        let now = state.under_way.max(1) as f64;
        let known = state.bound.unwrap_or(now);
        let bound = (known.min(now) / 2.0).max(least as f64).min(known.max(least as f64));
        state.bound = Some(bound);
        state.lowered = Some(self.clock.now());
        Some(bound as usize)
    }

    /// The host wants to be left alone for a while.
    pub fn quiet(&self, wait: Duration) {
        let until = self.clock.now() + wait.min(MAX_WAIT);
        let mut state = lock(&self.state);
        state.quiet_until = Some(state.quiet_until.map_or(until, |known| known.max(until)));
    }

    /// How many requests were answered so far.
    pub fn served(&self) -> u64 {
        lock(&self.state).served
    }

    /// A request succeeded.
    pub fn success(self: &Arc<Host>) {
        {
            let mut state = lock(&self.state);
            let Some(bound) = state.bound else { return };
            let more = bound + 1.0 / bound;
            state.bound = (more < NO_BOUND).then_some(more);
        }
        self.wake();
    }

    /// The answer to a request began after this time. Whether that is much slower than usual.
    pub fn answered(&self, after: Duration) -> bool {
        let seconds = after.as_secs_f64();
        let mut state = lock(&self.state);
        state.served += 1;
        let usual = *state.usual.get_or_insert(seconds);
        state.usual = Some(usual + (seconds - usual) * WEIGHT);
        after > SLOW && seconds > usual * SLOWER
    }
}

/// So much of something in a second, for whoever shares it.
pub struct Pace {
    clock: Arc<dyn Clock>,
    rate: f64,
    /// How far behind the pace one may be and catch up.
    slack: Duration,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// A pace of `rate` a second; what was not used of the last `slack` may be caught up with.
    pub fn new(rate: f64, slack: Duration, clock: Arc<dyn Clock>) -> Pace {
        Pace { clock, rate: rate.max(0.001), slack, next: Mutex::new(None) }
    }

    /// Waits until it is time for one more.
    pub async fn one(&self) {
        let (start, _) = self.reserve(1.0);
        self.clock.sleep_until(start).await;
    }

    /// Waits until it is time for more than the `amount` that was used.
    pub async fn used(&self, amount: u64) {
        let (_, end) = self.reserve(amount as f64);
        self.clock.sleep_until(end).await;
    }

    fn reserve(&self, amount: f64) -> (Instant, Instant) {
        let now = self.clock.now();
        let earliest = now.checked_sub(self.slack).unwrap_or(now);
        let mut next = lock(&self.next);
        let start = next.unwrap_or(now).max(earliest);
        // What takes longer than a day is not worth being exact about.
        let end = start + Duration::from_secs_f64((amount / self.rate).min(86_400.0));
        *next = Some(end);
        (start, end)
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::net::clock::tests::TestClock;

    fn second() -> Duration {
        Duration::from_secs(1)
    }

    #[tokio::test]
    async fn too_much_halves_once_and_success_brings_it_back() {
        let clock = TestClock::new();
        let host = Hosts::new(clock.clone()).host("example.com");
        let mut turns = Vec::new();
        for _ in 0..40 {
            turns.push(host.turn(true).await);
        }
        clock.pass(second());
        let began = turns[0].began;
        assert_eq!(host.too_much(began, 1), Some(20));
        // The others were begun before that.
        assert_eq!(host.too_much(turns[39].began, 1), None);
        let mut next = Box::pin(host.turn(true));
        assert!(next.as_mut().now_or_never().is_none());
        turns.truncate(20);
        assert!(next.as_mut().now_or_never().is_none());
        turns.truncate(19);
        assert!(next.as_mut().now_or_never().is_some());
        turns.clear();
        for _ in 0..40_000 {
            host.success();
        }
        let mut all = Vec::new();
        for _ in 0..500 {
            all.push(host.turn(true).now_or_never().expect("no bound any more"));
        }
    }

    #[tokio::test]
    async fn one_may_always_be_under_way() {
        let clock = TestClock::new();
        let host = Hosts::new(clock.clone()).host("example.com");
        for _ in 0..5 {
            let turn = host.turn(true).await;
            clock.pass(second());
            assert_eq!(host.too_much(turn.began, 1), Some(1));
        }
        assert!(host.turn(true).now_or_never().is_some());
        // Where each failure takes long, a few more may be under way.
        let turn = host.turn(true).await;
        clock.pass(second());
        assert_eq!(host.too_much(turn.began, 16), Some(16));
    }

    #[tokio::test]
    async fn who_gives_up_waiting_holds_up_nobody() {
        let clock = TestClock::new();
        let host = Hosts::new(clock.clone()).host("example.com");
        let turn = host.turn(true).await;
        host.too_much(turn.began, 1);
        let mut waiting: Vec<_> = (0..1000).map(|_| Box::pin(host.turn(true))).collect();
        for other in &mut waiting {
            assert!(other.as_mut().now_or_never().is_none());
        }
        let mut last = waiting.pop().unwrap();
        drop(waiting);
        drop(turn);
        assert!(last.as_mut().now_or_never().is_some());
    }

    #[tokio::test]
    async fn a_host_is_left_alone() {
        let clock = TestClock::new();
        let host = Hosts::new(clock.clone()).host("example.com");
        host.quiet(Duration::from_secs(3));
        host.quiet(second());
        let began = clock.now();
        host.turn(true).await;
        assert_eq!(clock.now().duration_since(began), Duration::from_secs(3));
        host.quiet(Duration::MAX);
        host.turn(false).await;
        assert_eq!(clock.now().duration_since(began), Duration::from_secs(3));
        host.turn(true).await;
        assert_eq!(clock.now().duration_since(began), Duration::from_secs(63));
    }

    #[tokio::test]
    async fn slow_is_what_takes_much_longer_than_usual() {
        let host = Hosts::new(TestClock::new()).host("example.com");
        let millis = Duration::from_millis;
        assert!(!host.answered(millis(10_000)));
        let host = Hosts::new(TestClock::new()).host("example.com");
        for _ in 0..10 {
            assert!(!host.answered(millis(100)));
        }
        assert!(!host.answered(millis(4_900)));
        assert!(host.answered(millis(20_000)));
    }

    #[tokio::test]
    async fn so_many_a_second() {
        let clock = TestClock::new();
        let pace = Pace::new(10.0, Duration::ZERO, clock.clone());
        let began = clock.now();
        for _ in 0..21 {
            pace.one().await;
        }
        assert_eq!(clock.now().duration_since(began).as_millis(), 2000);
        let pace = Pace::new(1000.0, Duration::ZERO, clock.clone());
        let began = clock.now();
        pace.used(500).await;
        pace.used(1500).await;
        assert_eq!(clock.now().duration_since(began).as_millis(), 2000);
        // Who rests may catch up with some of it.
        let pace = Pace::new(10.0, second(), clock.clone());
        pace.one().await;
        clock.pass(Duration::from_secs(100));
        let began = clock.now();
        for _ in 0..21 {
            pace.one().await;
        }
        assert_eq!(clock.now().duration_since(began).as_millis(), 1000);
    }
}
