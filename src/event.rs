//! What the program is doing, told to whoever observes it.
//!
//! Nothing below the `report` layer prints. Work is announced as [`Event`]s to an [`Observer`];
//! the observers in `report` turn them into a trace (`-x`), a progress display or plain lines.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use crate::spec::module;

/// One thing that happened. URLs in events hide credentials.
#[derive(Debug, Clone)]
pub enum Event {
    /// A request is about to be sent.
    RequestStarted {
        /// The address, without secrets.
        url: String,
    },
    /// A request was answered, or failed.
    RequestFinished {
        /// The address, without secrets.
        url: String,
        /// The status line (`200 OK`) or the reason of the failure.
        outcome: String,
        /// Time from sending the request to the end of the response's headers.
        elapsed: Duration,
    },
    /// A line of `-x`: a command of another program, or what was done for one.
    Trace(String),
    /// Bytes of a response's body arrived.
    BytesReceived {
        /// How many, of this piece.
        count: u64,
    },
    /// A request or its body failed, and will be tried again.
    Retrying {
        /// The address, without secrets.
        url: String,
        /// Why it failed.
        reason: String,
        /// How long it rests before that.
        wait: Duration,
        /// The how-manieth retry in a row it is, from 1.
        nth: u32,
    },
    /// A body that had broken off goes on where it did.
    Resumed {
        /// The address, without secrets.
        url: String,
        /// How many bytes had arrived.
        from: u64,
    },
    /// A body that had broken off begins again.
    StartedAnew {
        /// The address, without secrets.
        url: String,
    },
    /// A host is asked for less at once.
    SlowedDown {
        /// The host, with its port if that is not the usual one.
        host: String,
        /// Requests that may be under way.
        at_once: usize,
        /// Why.
        reason: String,
    },
    /// It became known that this run will look at these zips, besides those told of before.
    ZipsPlanned {
        /// Their module versions.
        modules: Arc<HashSet<module::Version>>,
    },
    /// A zip began to be downloaded.
    ZipStarted {
        /// Of which module version.
        module: module::Version,
    },
    /// A zip was dealt with: published, found present, or failed.
    ZipFinished {
        /// Of which module version.
        module: module::Version,
        /// What came of it.
        outcome: ZipOutcome,
    },
    /// A source answered a question about a module.
    SourceAnswered {
        /// Its name, without secrets.
        source: String,
        /// What it sent.
        what: Answer,
        /// The size of the file; 0 for what is no file.
        bytes: u64,
    },
    /// A source was not asked, because it kept failing and the next one may stand in for it.
    SourceSkipped {
        /// Its name, without secrets.
        source: String,
    },
    /// A source failed, and `,` behind it kept the next one from being asked.
    FallbackBarred {
        /// Its name, without secrets.
        source: String,
    },
    /// What `--needed` left alone that would have been fetched without it became known.
    Spared {
        /// How many modules.
        modules: u64,
        /// The sizes of their zips together, in bytes, as far as they are known.
        bytes: u64,
        /// How many of them no source told the size of.
        unknown: u64,
    },
    /// A file was not stored in a cache of GOCACHEPROXY; told with `-v`.
    NotStored {
        /// Its address there, without secrets.
        url: String,
        /// Why not.
        reason: String,
    },
    /// Something worth knowing that is no error; printed as it stands on standard error.
    Note(String),
}

/// What a source sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A zip.
    Zip,
    /// A go.mod file.
    GoMod,
    /// Anything else: a version, a list of them, a size.
    Other,
}

/// What became of one zip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZipOutcome {
    /// It was in the cache already.
    Present,
    /// It was in the cache already, and its tree was made.
    Unpacked,
    /// It was downloaded, verified and published.
    Published,
    /// It could not be had, or was refused.
    Failed,
}

/// Receives events. Called from several threads at once, so it must be quick and must not block.
pub trait Observer: Send + Sync {
    /// Tells of one event.
    fn event(&self, event: &Event);
}

/// Observes nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Observer for Silent {
    fn event(&self, _event: &Event) {}
}
