//! What is known of one proxy during a run, by all lists that it stands in: how it is chosen, and
//! whether it is left alone for a while.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind};
use crate::net::NetError;
use crate::net::error::RequestCause;
use crate::source::breaker::{Breaker, Permit, Rules};
use crate::source::choice::Candidate;

/// The rules where nobody gave others: see `max_fails` and `fail_timeout` in gomodfetch.toml.
pub const RULES: Rules = Rules { max_fails: 5, fail_timeout: Duration::from_secs(10) };

/// One proxy in one run.
#[derive(Debug)]
pub struct Station {
    candidate: Candidate,
    rules: Rules,
    state: Mutex<(Breaker, String)>,
    told: AtomicBool,
}

/// How bad a failure is for whoever wants to ask next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// It was about this one request.
    None,
    /// The server said that it is in trouble: 429 or 5xx. It may be so with this one file.
    Answer,
    /// There was no answer, or it broke off.
    Silence,
}

impl Station {
    /// A proxy that nothing has happened to yet.
    pub fn new(candidate: Candidate, rules: Rules) -> Station {
        let state = Mutex::new((Breaker::new(rules), String::new()));
        Station { candidate, rules, state, told: AtomicBool::new(false) }
    }

    /// What there is to choose by.
    pub fn candidate(&self) -> &Candidate {
        &self.candidate
    }

    /// A request about to be sent; `None` while the proxy is left alone.
    pub(super) fn visit(&self) -> Option<Visit<'_>> {
        match self.state().0.permit(Instant::now()) {
            Permit::Refused => None,
            permit => Some(Visit { station: self, on_trial: permit == Permit::Trial }),
        }
    }

    /// It answered although it was to be left alone.
    pub(super) fn recovered(&self) {
        self.state().0.succeeded();
    }

    /// Why it is left alone.
    pub(super) fn refusal(&self, name: &str) -> Error {
        let last = self.state().1.clone();
        Error::message(
            ErrorKind::Network,
            format!(
                "{name} is left alone for {} s after {} failures in a row, the last one: {last}",
                self.rules.fail_timeout.as_secs_f64(),
                self.rules.max_fails
            ),
        )
        .hint(LEFT_ALONE)
    }

    /// The same for people who are not kept from anything by it; once a run.
    fn note(&self, name: &str, last: &str) -> Option<String> {
        (!self.told.swap(true, Ordering::Relaxed)).then(|| {
            format!(
                "gomodfetch: {name} is skipped for {} s after {} failures in a row, the last one: \
                 {last}",
                self.rules.fail_timeout.as_secs_f64(),
                self.rules.max_fails
            )
        })
    }

    fn state(&self) -> MutexGuard<'_, (Breaker, String)> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Station {
    fn default() -> Station {
        Station::new(Candidate::default(), RULES)
    }
}

/// A request to a proxy. Dropped before [`Visit::end`], it counts for nothing.
pub(super) struct Visit<'a> {
    station: &'a Station,
    on_trial: bool,
}

impl Visit<'_> {
    /// Tells what came of it. `least` is how bad a failure must be to count. The text is a note, where
    /// this has just made the proxy one to be left alone.
    pub(super) fn end(
        mut self,
        name: &str,
        failure: Option<&Error>,
        least: Trouble,
    ) -> Option<String> {
        let trouble = failure.map_or(Trouble::None, trouble);
        let is_our_own = failure.is_some_and(|err| err.kind() == ErrorKind::Other);
        if is_our_own {
            return None;
        }
        self.on_trial = false;
        let mut state = self.station.state();
        let Some(err) = failure.filter(|_| trouble >= least) else {
            state.0.succeeded();
            return None;
        };
        let text = err.without_module();
        let opened = state.0.failed(Instant::now());
        state.1.clone_from(&text);
        drop(state);
        opened.then(|| self.station.note(name, &text)).flatten()
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        if self.on_trial {
            self.station.state().0.gave_up();
        }
    }
}

/// How bad a failure is.
pub(super) fn trouble(err: &Error) -> Trouble {
    if err.kind() != ErrorKind::Network {
        return Trouble::None;
    }
    match err.cause_as::<NetError>() {
        Some(NetError::Status { code, .. }) if !matches!(code, 429 | 500..) => Trouble::None,
        Some(NetError::Request { cause: RequestCause::Redirect, .. }) => Trouble::None,
        Some(NetError::Request { .. } | NetError::Body { .. }) => Trouble::Silence,
        _ => Trouble::Answer,
    }
}

const LEFT_ALONE: &str = "after `,` no other entry of GOPROXY may stand in for it: write `|`, or set \
                          max_fails in gomodfetch.toml";
