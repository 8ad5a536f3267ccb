//! The record of what a server was asked, in order, and how many requests were in flight at once.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::faults::glob;

/// One request as the server saw it.
#[derive(Debug, Clone)]
pub struct Request {
    /// The connection on which it came, counted from 0.
    pub connection: usize,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub protocol: String,
    /// The method.
    pub method: String,
    /// The path as sent, without query.
    pub path: String,
    /// What follows `?`.
    pub query: Option<String>,
    /// The host to which it was addressed, with the port.
    pub host: String,
    /// All headers, their names in lower case, in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// How long the server had been up.
    pub at: Duration,
    /// The status that it got, once the answer has begun.
    pub status: Option<u16>,
    /// Its place among the beginnings and ends of all requests.
    pub began: usize,
    /// The place of its end, when the whole answer was handed over or the client had gone.
    pub ended: Option<usize>,
}

impl Request {
    /// The value of a header, whose name is given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(header, _)| header == name)?;
        Some(value)
    }

    /// All that could be a secret: what stands in the headers that are for credentials.
    pub fn credentials(&self) -> impl Iterator<Item = &str> {
        let secret = |name: &str| {
            ["authorization", "proxy-authorization", "cookie", "x-api-key"].contains(&name)
        };
        self.headers.iter().filter(move |(name, _)| secret(name)).map(|(_, value)| value.as_str())
    }

    /// Whether this text stands anywhere in the request.
    pub fn mentions(&self, text: &str) -> bool {
        let query = self.query.as_deref().unwrap_or_default();
        [&self.path, query, &self.host].into_iter().any(|place| place.contains(text))
            || self.headers.iter().any(|(_, value)| value.contains(text))
    }
}

/// The record of a server.
#[derive(Clone)]
pub struct Requests {
    inner: Arc<Mutex<Record>>,
    started: Instant,
}

#[derive(Default)]
struct Record {
    requests: Vec<Request>,
    /// Counts beginnings and ends.
    events: usize,
    /// Counts the clearings, since a request may outlive one.
    era: usize,
}

impl Requests {
    /// An empty record; the clock starts.
    pub fn start() -> Self {
        Self { inner: Arc::default(), started: Instant::now() }
    }

    /// How long the record has run.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Enters a request, which is in flight until the value is dropped.
    pub fn enter(&self, mut request: Request) -> InFlight {
        let mut record = self.lock();
        request.began = record.events;
        record.events += 1;
        record.requests.push(request);
        InFlight { requests: self.clone(), index: record.requests.len() - 1, era: record.era }
    }

    /// All requests until now.
    pub fn all(&self) -> Vec<Request> {
        self.lock().requests.clone()
    }

    /// Forgets all requests until now.
    pub fn clear(&self) {
        let mut record = self.lock();
        record.requests.clear();
        record.era += 1;
    }

    /// The largest number of requests that were in flight at once, of those whose path fits the pattern.
    pub fn peak(&self, pattern: &str) -> usize {
        let mut changes = Vec::new();
        for request in self.all() {
            if glob(pattern, &request.path) {
                changes.push((request.began, true));
                changes.extend(request.ended.map(|end| (end, false)));
            }
        }
        changes.sort_unstable();
        let (mut now, mut peak) = (0_usize, 0);
        for (_, begins) in changes {
            now = if begins { now + 1 } else { now - 1 };
            peak = peak.max(now);
        }
        peak
    }

    fn lock(&self) -> MutexGuard<'_, Record> {
        self.inner.lock().expect("no panic under the lock")
    }

    fn update(&self, era: usize, index: usize, change: impl FnOnce(&mut Request, usize)) {
        let mut record = self.lock();
        if record.era == era {
            let event = record.events;
            record.events += 1;
            change(&mut record.requests[index], event);
        }
    }
}

/// A request that is being answered.
pub struct InFlight {
    requests: Requests,
    index: usize,
    era: usize,
}

impl InFlight {
    /// Notes the status that it gets.
    pub fn answered(&self, status: u16) {
        let note = |request: &mut Request, _| request.status = Some(status);
        self.requests.update(self.era, self.index, note);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let note = |request: &mut Request, event| request.ended = Some(event);
        self.requests.update(self.era, self.index, note);
    }
}
