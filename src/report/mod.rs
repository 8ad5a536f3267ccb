//! Observers: what a person sees while work goes on. Nothing else below the command line prints.

#![allow(clippy::disallowed_methods, reason = "what is observed is shown on standard error")]

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::event::{Event, Observer, ZipOutcome};
use crate::report::summary::Summary;
use crate::sys::tty::printable;

pub mod summary;

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Not at all.
    None,
    /// A line for each zip that is downloaded.
    Plain,
    /// One bar, redrawn.
    Bar,
}

impl Progress {
    /// A bar on a terminal that shows nothing else, otherwise nothing.
    pub fn auto(traces: bool) -> Progress {
        if std::io::stderr().is_terminal() && !traces { Progress::Bar } else { Progress::None }
    }
}

/// Prints notes, and where asked for requests and progress, to standard error.
pub struct Reporter {
    progress: Progress,
    trace: bool,
    bar: Option<ProgressBar>,
    received: AtomicU64,
    summary: Option<Mutex<Summary>>,
}

impl Reporter {
    /// A reporter that shows progress this way, requests if `trace`, and who served what if `summary`.
    pub fn new(progress: Progress, trace: bool, summary: bool) -> Reporter {
        let bar = (progress == Progress::Bar).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {pos}/{len} modules {msg}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        let summary = summary.then(Mutex::default);
        Reporter { progress, trace, bar, received: AtomicU64::new(0), summary }
    }

    /// Whether a summary is told at the end.
    pub fn has_summary(&self) -> bool {
        self.summary.is_some()
    }

    /// Clears the bar, and prints the summary.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if let Some(summary) = &self.summary {
            let summary =
                std::mem::take(&mut *summary.lock().unwrap_or_else(PoisonError::into_inner));
            summary.lines().iter().for_each(|line| self.line(line));
        }
    }

    /// How many bytes came over the network so far.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    fn line(&self, text: &str) {
        let mut text = printable(text);
        if !text.ends_with('\n') {
            text.push('\n');
        }
        let write = || {
            let _ = std::io::stderr().write_all(text.as_bytes());
        };
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

impl Observer for Reporter {
    fn event(&self, event: &Event) {
        if let Some(summary) = &self.summary {
            summary.lock().unwrap_or_else(PoisonError::into_inner).add(event);
        }
        match event {
            Event::Note(text) => self.line(text),
            Event::Trace(text) if self.trace => self.line(text),
            Event::RequestStarted { url } if self.trace => self.line(&format!("# get {url}")),
            Event::RequestFinished { url, outcome, elapsed } if self.trace => {
                self.line(&format!("# get {url}: {outcome} ({:.3}s)", elapsed.as_secs_f64()));
            }
            Event::NotStored { reason, .. } if self.progress == Progress::Plain || self.trace => {
                self.line(&format!("gomodfetch: GOCACHEPROXY: {reason}"));
            }
            Event::Retrying { url, reason, wait, nth } if self.trace => {
                let wait = wait.as_secs_f64();
                self.line(&format!("# retry {nth} of {url} in {wait:.3}s: {reason}"));
            }
            Event::Retrying { url, reason, wait, .. } if self.progress == Progress::Plain => {
                let wait = wait.as_secs_f64();
                self.line(&format!("gomodfetch: {url}: {reason}; trying again in {wait:.1} s"));
            }
            Event::Resumed { url, from } if self.trace => {
                self.line(&format!("# resume {url} at byte {from}"));
            }
            Event::StartedAnew { url } if self.trace => self.line(&format!("# restart {url}")),
            Event::SlowedDown { host, at_once, reason } if self.trace => {
                self.line(&format!("# slow down {host}, {at_once} at once: {reason}"));
            }
            Event::SlowedDown { host, reason, .. } if self.progress == Progress::Plain => {
                self.line(&format!("gomodfetch: {host}: {reason}; asking for less at once"));
            }
            Event::ZipStarted { module } if self.progress == Progress::Plain => {
                self.line(&format!("go: downloading {} {}", module.path, module.version));
            }
            Event::ZipFinished { module, outcome } => {
                if let Some(bar) = &self.bar {
                    bar.inc(1);
                }
                let made = matches!(outcome, ZipOutcome::Published | ZipOutcome::Unpacked);
                if self.trace && made {
                    self.line(&format!("# published {module}"));
                }
            }
            Event::ZipsPlanned { modules } => {
                if let Some(bar) = &self.bar {
                    bar.set_length(bar.length().unwrap_or(0) + modules.len() as u64);
                }
            }
            Event::BytesReceived { count } => {
                let total = self.received.fetch_add(*count, Ordering::Relaxed) + count;
                if let Some(bar) = &self.bar {
                    bar.set_message(HumanBytes(total).to_string());
                }
            }
            _ => {}
        }
    }
}
