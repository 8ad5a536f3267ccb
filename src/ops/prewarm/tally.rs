//! What happens to many projects, told as of one.
//!
//! A module that several projects need is counted once, and what is to be said of a project is kept until
//! all are done, so that it can be said once for all that it is true of, in the order of their paths.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::event::{Event, Observer, ZipOutcome};
use crate::spec::module::Version;

/// Observes the whole run.
pub struct Tally {
    observer: Arc<dyn Observer>,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    planned: HashSet<Version>,
    finished: HashSet<Version>,
    published: HashSet<Version>,
    unpacked: HashSet<Version>,
}

impl Tally {
    /// Tells `observer` what happens.
    pub fn new(observer: Arc<dyn Observer>) -> Tally {
        Tally { observer, seen: Mutex::default() }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a module was downloaded.
    pub fn has_published(&self, module: &Version) -> bool {
        self.seen().published.contains(module)
    }

    /// Whether a module's zip was there, and its tree was made.
    pub fn has_unpacked(&self, module: &Version) -> bool {
        self.seen().unpacked.contains(module)
    }
}

impl Observer for Tally {
    fn event(&self, event: &Event) {
        match event {
            Event::ZipsPlanned { modules } => {
                let mut seen = self.seen();
                let is_new = |module: &&Version| seen.planned.insert((*module).clone());
                let modules = Arc::new(modules.iter().filter(is_new).cloned().collect());
                drop(seen);
                self.observer.event(&Event::ZipsPlanned { modules });
            }
            Event::ZipFinished { module, outcome } => {
                let mut seen = self.seen();
                match outcome {
                    ZipOutcome::Published => drop(seen.published.insert(module.clone())),
                    ZipOutcome::Unpacked => drop(seen.unpacked.insert(module.clone())),
                    ZipOutcome::Present | ZipOutcome::Failed => {}
                }
                let is_new = seen.finished.insert(module.clone());
                drop(seen);
                if is_new {
                    self.observer.event(event);
                }
            }
            event => self.observer.event(event),
        }
    }
}

/// Observes one project.
pub struct OfProject {
    observer: Arc<dyn Observer>,
    notes: Mutex<Vec<String>>,
}

impl OfProject {
    /// Tells `observer` of all that is not to be said of the project.
    pub fn new(observer: Arc<dyn Observer>) -> OfProject {
        OfProject { observer, notes: Mutex::default() }
    }

    /// What is to be said of the project.
    pub fn notes(&self) -> Vec<String> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Observer for OfProject {
    fn event(&self, event: &Event) {
        match event {
            Event::Note(text) => {
                self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(text.clone());
            }
            event => self.observer.event(event),
        }
    }
}
