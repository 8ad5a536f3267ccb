//! Trying again: around the request, and around the body.
//!
//! What the network does may be different the next time: names that can't be resolved just now,
//! connections that are refused or break, silence, bodies that end too early, 408, 429 and most of 5xx.
//! That is tried again after a wait ([`patience`](crate::net::patience)). What was decided is not: 404 and 410,
//! 401, 403 and 407, certificates that are refused, forbidden redirects, bodies that are too large.
//!
//! In HTTP/2 many requests share a connection, and go down with it. That is no failure of each of them, as
//! long as others are served.
//!
//! A body that breaks off is resumed where it did, with `Range`. Always the first URL is asked, since the one
//! that it redirected to may have expired. That the rest belongs to the start is told by a validator
//! (`If-Range`); without one, by the length, and then whoever reads the body is told so
//! ([`Piece::Spliced`]). Where that can't be, the body starts anew ([`Piece::Restart`]).

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use futures_util::StreamExt;
use futures_util::stream::unfold;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::event::Event;
use crate::net::error::{RequestCause, Tried, is_transient_status};
use crate::net::headers::{content_range, retry_after, validator};
use crate::net::limit::{Host, Pace, Turn};
use crate::net::network::Shared;
use crate::net::patience::wait;
use crate::net::{
    Ask, Body, BodyKind, BoxFuture, Method, NetError, Patience, Piece, Request, Response, Resume,
    SafeUrl, TransferSettings, Transport,
};
use crate::sys::budget::FREE;

/// Less than this is fetched again rather than resumed where only the length tells that it fits.
const WORTH_SPLICING: u64 = 64 << 10;
/// So many connections lost under a request count as one failure of its own.
const LOSSES: u32 = 4;
/// So many new bytes make up for the failures before them.
const PROGRESS: u64 = 256 << 10;

/// So many may be under way even where each failure takes long.
const SOME: usize = 16;
/// What a server may ask of those who have somebody else to turn to.
const SHORT: Duration = Duration::from_secs(2);

/// What the requests of one transport have in common.
pub(super) struct Line {
    pub(super) shared: Arc<Shared>,
    pub(super) settings: TransferSettings,
    pub(super) requests: Option<Pace>,
    pub(super) bytes: Option<Pace>,
    pub(super) transfers: Option<Arc<Semaphore>>,
}

/// A [`Transport`] that tries again.
pub struct Patient {
    line: Arc<Line>,
}

impl Patient {
    pub(super) fn new(line: Arc<Line>) -> Patient {
        Patient { line }
    }
}

impl Transport for Patient {
    fn get<'a>(&'a self, url: &'a SafeUrl, ask: Ask) -> BoxFuture<'a, Result<Response, NetError>> {
        Box::pin(async move {
            let mut task = Task::new(&self.line, url, ask);
            let (mut response, place) = task.answer(Method::Get, None).await?;
            if response.status == 200 {
                let flow = Flow::new(task, &response);
                let empty: Body = Box::pin(futures_util::stream::empty());
                response.body = flow.stream(std::mem::replace(&mut response.body, empty), place);
            }
            Ok(response)
        })
    }

    fn length<'a>(
        &'a self,
        url: &'a SafeUrl,
        ask: Ask,
    ) -> BoxFuture<'a, Result<Option<u64>, NetError>> {
        Box::pin(async move {
            let mut task = Task::new(&self.line, url, ask);
            let (response, _place) = task.answer(Method::Head, None).await?;
            Ok(response.ok().await?.length)
        })
    }
}

/// A place among the requests that are under way.
struct Place {
    turn: Turn,
    _transfer: Option<OwnedSemaphorePermit>,
}

/// What is done to have one body.
struct Task {
    line: Arc<Line>,
    url: SafeUrl,
    ask: Ask,
    name: String,
    host: Arc<Host>,
    began: Instant,
    /// Requests sent.
    times: u32,
    /// Failures since there was progress.
    failures: u32,
    /// How often the connection was lost that it shared with others.
    losses: u32,
}

impl Task {
    fn new(line: &Arc<Line>, url: &SafeUrl, ask: Ask) -> Task {
        let address = url.secret();
        let host = address.host_str().unwrap_or_default();
        let name = match address.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Task {
            line: Arc::clone(line),
            url: url.clone(),
            ask,
            host: line.shared.hosts.host(&name),
            name,
            began: line.shared.clock.now(),
            times: 0,
            failures: 0,
            losses: 0,
        }
    }

    fn is_patient(&self) -> bool {
        self.ask.patience == Patience::Full
    }

    fn now(&self) -> Instant {
        self.line.shared.clock.now()
    }

    /// The headers of an answer that is final: one of success, or one that trying again won't change.
    async fn answer(
        &mut self,
        method: Method,
        resume: Option<Resume>,
    ) -> Result<(Response, Place), NetError> {
        loop {
            let place = self.place().await;
            if let Some((text, cause)) = self.line.shared.credit.is_dead(self.now()) {
                let err = NetError::Request { url: self.url.to_string(), text, cause };
                let tried = Tried { times: self.times, within: self.since() };
                return Err(err.tried(Some(tried)));
            }
            self.times += 1;
            let served = self.host.served();
            let request = Request {
                method,
                url: &self.url,
                resume: resume.clone(),
                settings: &self.line.settings,
            };
            let outcome = self.line.shared.exchange.exchange(request).await;
            let (reason, asked) = match outcome {
                Ok(mut response) if !is_transient_status(response.status) => {
                    self.line.shared.credit.success(&self.name);
                    if self.host.answered(self.now().duration_since(place.turn.began)) {
                        self.slow_down(place.turn.began, SOME, "answers come slowly");
                    } else {
                        self.host.success();
                    }
                    response.tried = self.tried().filter(|_| response.status != 200);
                    return Ok((response, place));
                }
                Ok(mut response) => {
                    self.line.shared.credit.news();
                    let asked = response.extra.retry_after.as_deref();
                    let asked = asked.and_then(|text| retry_after(text, SystemTime::now()));
                    if matches!(response.status, 429 | 503) {
                        self.slow_down(place.turn.began, 1, &response.status_text);
                        self.host.quiet(asked.unwrap_or_default());
                    }
                    // Who may ask somebody else does not wait for long.
                    let is_long = asked.is_some_and(|asked| asked > SHORT) && !self.is_patient();
                    if is_long || !self.may_retry() {
                        response.tried = self.tried();
                        return Ok((response, place));
                    }
                    (response.status_text, asked)
                }
                Err(err) => {
                    self.note_silence(&err, place.turn.began);
                    let is_lost =
                        matches!(&err, NetError::Request { cause: RequestCause::Lost, .. });
                    // One of many that went down together says little of itself.
                    let goes_along = is_lost && self.host.served() > served && self.may_go_along();
                    if !err.is_transient() || !(goes_along || self.may_retry()) {
                        return Err(err.tried(self.tried()));
                    }
                    (reason(&err), None)
                }
            };
            drop(place);
            self.pause(reason, asked).await;
        }
    }

    /// Waits for a place among the requests that are under way.
    async fn place(&self) -> Place {
        let transfer = match &self.line.transfers {
            // It is never closed.
            Some(transfers) => Arc::clone(transfers).acquire_owned().await.ok(),
            None => None,
        };
        if let Some(requests) = &self.line.requests {
            requests.one().await;
        }
        Place { turn: self.host.turn(self.is_patient()).await, _transfer: transfer }
    }

    /// Whether there is another try, which is then paid for.
    fn may_retry(&mut self) -> bool {
        let most = match self.ask.patience {
            Patience::None => 0,
            Patience::Once => self.line.settings.retries.min(1),
            Patience::Full => self.line.settings.retries,
        };
        if self.failures >= most || !self.line.shared.credit.take(&self.name, self.now()) {
            return false;
        }
        self.failures += 1;
        true
    }

    /// Whether it may try again without having failed, because its connection was lost while others were
    /// served. Every [`LOSSES`]th time that counts as a failure: it may be the one that breaks them.
    fn may_go_along(&mut self) -> bool {
        self.losses += 1;
        self.is_patient() && !self.losses.is_multiple_of(LOSSES)
    }

    /// Waits before the next try.
    async fn pause(&self, reason: String, asked: Option<Duration>) {
        let shared = &self.line.shared;
        let first = self.line.settings.retry_wait;
        let nth = self.failures.max(1);
        let wait = wait(first, nth, shared.chance.next(), asked);
        let url = self.url.to_string();
        shared.observer.event(&Event::Retrying { url, reason, wait, nth });
        shared.clock.sleep_until(self.now() + wait).await;
    }

    fn note_silence(&self, err: &NetError, began: Instant) {
        let silent = match err {
            NetError::Request { text, cause, .. } if err.is_transient() => {
                self.line.shared.credit.silence(text, cause, self.now());
                *cause == RequestCause::Silence
            }
            NetError::Body { silent, .. } => *silent,
            _ => false,
        };
        if silent {
            self.slow_down(began, SOME, "it falls silent");
        }
    }

    /// Lets less be under way at once, but not less than `least`.
    fn slow_down(&self, began: Instant, least: usize, reason: &str) {
        if let Some(at_once) = self.host.too_much(began, least) {
            let (host, reason) = (self.name.clone(), reason.to_owned());
            self.line.shared.observer.event(&Event::SlowedDown { host, at_once, reason });
        }
    }

    fn since(&self) -> Duration {
        self.now().duration_since(self.began)
    }

    fn tried(&self) -> Option<Tried> {
        (self.times > 1).then(|| Tried { times: self.times, within: self.since() })
    }
}

/// A body that is read, and resumed where it breaks off.
struct Flow {
    task: Task,
    body: Body,
    place: Option<Place>,
    /// Bytes handed out since the last start.
    received: u64,
    /// How far it ever came.
    mark: u64,
    total: Option<u64>,
    validator: Option<String>,
    /// Whether the server has been found to send no ranges that fit.
    no_ranges: bool,
    next: VecDeque<Piece>,
    ended: bool,
}

impl Flow {
    fn new(task: Task, response: &Response) -> Flow {
        Flow {
            task,
            body: Box::pin(futures_util::stream::empty()),
            place: None,
            received: 0,
            mark: 0,
            total: response.length,
            validator: validator(&response.extra),
            no_ranges: false,
            next: VecDeque::new(),
            ended: false,
        }
    }

    fn stream(mut self, body: Body, place: Place) -> Body {
        self.body = body;
        self.place = Some(place);
        Box::pin(unfold(self, |mut flow| async move {
            let piece = flow.piece().await?;
            Some((piece, flow))
        }))
    }

    async fn piece(&mut self) -> Option<Result<Piece, NetError>> {
        while !self.ended {
            if let Some(piece) = self.next.pop_front() {
                return Some(Ok(piece));
            }
            let err = match self.body.next().await {
                Some(Ok(Piece::Data(bytes))) => {
                    self.arrived(bytes.len() as u64).await;
                    return Some(Ok(Piece::Data(bytes)));
                }
                Some(Ok(piece)) => return Some(Ok(piece)),
                // All that was announced is here, whatever became of the connection behind it.
                Some(Err(_)) if self.total == Some(self.received) => break,
                None if self.total.is_none_or(|total| self.received == total) => {
                    self.task.line.shared.credit.success(&self.task.name);
                    break;
                }
                None => self.broken("unexpected EOF"),
                Some(Err(err)) => err,
            };
            if let Err(err) = self.go_on(err).await {
                self.ended = true;
                return Some(Err(err));
            }
        }
        self.ended = true;
        // What is under way no more makes room for others.
        self.place = None;
        None
    }

    async fn arrived(&mut self, count: u64) {
        self.received += count;
        self.task.line.shared.credit.news();
        if self.received >= self.mark + PROGRESS {
            self.mark = self.received;
            self.task.failures = 0;
        }
        // Who reads it may have to wait for memory, and whoever holds that, for a place.
        if self.task.ask.kind == BodyKind::Small && self.received > FREE {
            self.place = None;
        }
        if let Some(pace) = &self.task.line.bytes {
            pace.used(count).await;
        }
    }

    fn broken(&self, text: &str) -> NetError {
        NetError::Body { url: self.task.url.to_string(), text: text.to_owned(), silent: false }
    }

    /// After a break: resumes the body, or starts it anew.
    async fn go_on(&mut self, err: NetError) -> Result<(), NetError> {
        if let Some(place) = self.place.take() {
            self.task.note_silence(&err, place.turn.began);
        }
        if !err.is_transient() || !self.task.may_retry() {
            return Err(err.tried(self.task.tried()));
        }
        self.task.pause(reason(&err), None).await;
        if let Some(resume) = self.resume() {
            let (response, place) = self.task.answer(Method::Get, Some(resume.clone())).await?;
            match response.status {
                206 if self.fits(&response) => return self.resumed(resume, response, place),
                // The server has it in another state by now, or sends no ranges.
                200 => return self.restarted(response, place),
                206 | 416 => self.no_ranges = true,
                _ => return Err(self.refused(response).await),
            }
        }
        let (response, place) = self.task.answer(Method::Get, None).await?;
        match response.status {
            200 => self.restarted(response, place),
            _ => Err(self.refused(response).await),
        }
    }

    /// Where to go on, if there is a way.
    fn resume(&self) -> Option<Resume> {
        let by_length = self.task.ask.kind == BodyKind::Large
            && self.total.is_some()
            && self.received >= WORTH_SPLICING;
        let can_be = !self.no_ranges && self.received > 0;
        (can_be && (self.validator.is_some() || by_length))
            .then(|| Resume { from: self.received, validator: self.validator.clone() })
    }

    /// Whether an answer of status 206 holds the rest of this body.
    fn fits(&self, response: &Response) -> bool {
        let range = response.extra.content_range.as_deref().and_then(content_range);
        let Some(range) = range else { return false };
        let own = validator(&response.extra);
        let is_same = match (&self.validator, &own) {
            (Some(known), Some(own)) => known == own,
            (Some(_), None) => true,
            (None, _) => range.total.is_some(),
        };
        let total = self.total.or(range.total);
        let rest = range.last - range.first + 1;
        is_same
            && range.first == self.received
            && range.total.is_none_or(|of| total == Some(of))
            && total.is_none_or(|total| total == range.last + 1)
            && response.length.is_none_or(|length| length == rest)
    }

    fn resumed(
        &mut self,
        resume: Resume,
        response: Response,
        place: Place,
    ) -> Result<(), NetError> {
        let url = self.task.url.to_string();
        self.task.line.shared.observer.event(&Event::Resumed { url, from: resume.from });
        if resume.validator.is_none() {
            self.next.push_back(Piece::Spliced);
        }
        if self.total.is_none() {
            let range = response.extra.content_range.as_deref().and_then(content_range);
            self.total = range.map(|range| range.last + 1);
        }
        self.body = response.body;
        self.place = Some(place);
        Ok(())
    }

    fn restarted(&mut self, response: Response, place: Place) -> Result<(), NetError> {
        if self.received > 0 {
            let url = self.task.url.to_string();
            self.task.line.shared.observer.event(&Event::StartedAnew { url });
            self.next.push_back(Piece::Restart);
        }
        self.received = 0;
        self.total = response.length;
        self.validator = validator(&response.extra);
        self.body = response.body;
        self.place = Some(place);
        Ok(())
    }

    /// What an answer means that is none to a request for this body.
    async fn refused(&mut self, mut response: Response) -> NetError {
        let text = response.status_text.clone();
        response.tried = None;
        match response.ok().await {
            Err(err) => err.tried(self.task.tried()),
            Ok(_) => self.broken(&text),
        }
    }
}

/// The reason of an error without the address, which stands before it.
fn reason(err: &NetError) -> String {
    match err {
        NetError::Request { text, .. } | NetError::Body { text, .. } => text.clone(),
        err => err.to_string(),
    }
}

#[cfg(test)]
mod tests;
