//! The circuit breaker: a proxy that keeps failing is left alone for a while.
//!
//! A state machine that is told what happens, and when; it has no clock of its own. The words are
//! those that operators of nginx know:
//!
//! | state     | what holds                                            | what ends it                       |
//! |-----------|-------------------------------------------------------|------------------------------------|
//! | closed    | everything is asked                                   | `max_fails` failures in a row, no two further apart than `fail_timeout` |
//! | open      | nothing is asked                                      | `fail_timeout` passes              |
//! | half-open | one request is on trial, nothing else is asked        | it succeeds: closed; it fails: open; it is given up: the next one is on trial |
//!
//! What came before it opened may still fail or succeed later; a success closes it whenever it comes.

use std::time::{Duration, Instant};

/// When a breaker opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Failures in a row; 0 for never.
    pub max_fails: u32,
    /// How long it stays open, and how near to each other failures must be to count together.
    pub fail_timeout: Duration,
}

/// Whether a proxy may be asked now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// It may.
    Ask,
    /// It may, and what comes of it decides about the others.
    Trial,
    /// It may not.
    Refused,
}

/// The breaker of one proxy.
#[derive(Debug)]
pub struct Breaker {
    rules: Rules,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed { fails: u32, last: Option<Instant> },
    Open { since: Instant },
    HalfOpen { on_trial: bool },
}

impl Breaker {
    /// A closed breaker.
    pub fn new(rules: Rules) -> Breaker {
        Breaker { rules, state: State::Closed { fails: 0, last: None } }
    }

    /// Asks for leave to send a request at the time `now`. Whoever gets [`Permit::Trial`] must tell
    /// what came of it, or give it up.
    pub fn permit(&mut self, now: Instant) -> Permit {
        match self.state {
            State::Closed { .. } => return Permit::Ask,
            State::Open { since }
                if now.saturating_duration_since(since) < self.rules.fail_timeout =>
            {
                return Permit::Refused;
            }
            State::HalfOpen { on_trial: true } => return Permit::Refused,
            State::Open { .. } | State::HalfOpen { on_trial: false } => {}
        }
        self.state = State::HalfOpen { on_trial: true };
        Permit::Trial
    }

    /// A request was answered.
    pub fn succeeded(&mut self) {
        self.state = State::Closed { fails: 0, last: None };
    }

    /// A request failed at the time `now`; whether that has just opened the breaker.
    pub fn failed(&mut self, now: Instant) -> bool {
        let State::Closed { fails, last } = self.state else {
            // One that began earlier fails late: it is no news. On trial, it is.
            if matches!(self.state, State::HalfOpen { .. }) {
                self.state = State::Open { since: now };
            }
            return false;
        };
        let near =
            last.is_some_and(|last| now.saturating_duration_since(last) <= self.rules.fail_timeout);
        let fails = if near { fails.saturating_add(1) } else { 1 };
        let opens = self.rules.max_fails > 0 && fails >= self.rules.max_fails;
        self.state = match opens {
            true => State::Open { since: now },
            false => State::Closed { fails, last: Some(now) },
        };
        opens
    }

    /// A request on trial was given up before anything came of it.
    pub fn gave_up(&mut self) {
        if self.state == (State::HalfOpen { on_trial: true }) {
            self.state = State::HalfOpen { on_trial: false };
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn breaker(max_fails: u32) -> (Breaker, Instant) {
        (Breaker::new(Rules { max_fails, fail_timeout: 10 * SECOND }), Instant::now())
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_tries_one_request_later() {
        let (mut breaker, start) = breaker(3);
        assert!(!breaker.failed(start));
        assert!(!breaker.failed(start + SECOND));
        breaker.succeeded();
        assert!(!breaker.failed(start + 2 * SECOND));
        assert!(!breaker.failed(start + 3 * SECOND));
        assert_eq!(breaker.permit(start + 3 * SECOND), Permit::Ask);
        assert!(breaker.failed(start + 4 * SECOND), "the third in a row");
        assert_eq!(breaker.permit(start + 13 * SECOND), Permit::Refused);
        assert!(!breaker.failed(start + 13 * SECOND), "one from before is no news");
        assert_eq!(breaker.permit(start + 14 * SECOND), Permit::Trial);
        assert_eq!(breaker.permit(start + 14 * SECOND), Permit::Refused, "one at a time");
        assert!(!breaker.failed(start + 15 * SECOND), "it was said when it opened first");
        assert_eq!(breaker.permit(start + 24 * SECOND), Permit::Refused);
        assert_eq!(breaker.permit(start + 25 * SECOND), Permit::Trial);
        breaker.succeeded();
        assert_eq!(breaker.permit(start + 25 * SECOND), Permit::Ask);
    }

    #[test]
    fn a_trial_that_is_given_up_leaves_the_next_one() {
        let (mut breaker, start) = breaker(1);
        assert!(breaker.failed(start));
        assert_eq!(breaker.permit(start + 10 * SECOND), Permit::Trial);
        breaker.gave_up();
        assert_eq!(breaker.permit(start + 10 * SECOND), Permit::Trial);
    }

    #[test]
    fn failures_far_from_each_other_do_not_count_together() {
        let (mut breaker, start) = breaker(2);
        assert!(!breaker.failed(start));
        assert!(!breaker.failed(start + 11 * SECOND));
        assert!(breaker.failed(start + 21 * SECOND));
    }

    proptest! {
        #[test]
        fn without_max_fails_it_never_opens(fails in proptest::collection::vec(0u64..30, 0..50)) {
            let (mut breaker, mut now) = breaker(0);
            for seconds in fails {
                now += Duration::from_secs(seconds);
                prop_assert!(!breaker.failed(now));
                prop_assert_eq!(breaker.permit(now), Permit::Ask);
            }
        }

        /// Whatever happens, a proxy is asked again in the end, and by one request first.
        #[test]
        fn it_is_never_open_for_ever(
            steps in proptest::collection::vec((0u8..4, 0u64..30), 0..100),
            max_fails in 1u32..5,
        ) {
            let (mut breaker, mut now) = breaker(max_fails);
            for (step, seconds) in steps {
                now += Duration::from_secs(seconds);
                match step {
                    0 => drop(breaker.failed(now)),
                    1 => breaker.succeeded(),
                    2 => breaker.gave_up(),
                    _ => drop(breaker.permit(now)),
                }
            }
            breaker.gave_up();
            now += 11 * SECOND;
            prop_assert_ne!(breaker.permit(now), Permit::Refused);
        }
    }
}
