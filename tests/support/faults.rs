//! Rules by which a server misbehaves.
//!
//! A rule says which requests it means and what becomes of them. The first rule that means a request is
//! applied; requests that no rule means are answered truthfully.
//!
//! ```text
//! Fault::on("*.zip").first(2).status(503).header("retry-after", "1")   // two failures, then health
//! Fault::on("*.info").per_path().first(1).cut_after(10)                // the first of each file is cut
//! Fault::on("*").unless_basic_auth("ann", "secret").status(401)
//! ```
//!
//! [`super::ranges`] has what a server makes of `Range`, [`super::signer`] addresses that expire,
//! [`super::chaos`] faults that come by chance.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use tokio::sync::watch;

use super::connection::Command;
use super::ranges::Ranges;
use super::requests::Request;
use super::signer::Signer;

/// A condition on a request.
type Condition = Arc<dyn Fn(&Request) -> bool + Send + Sync>;

/// A rule; see the module's text.
#[derive(Clone)]
pub struct Fault {
    pattern: String,
    conditions: Vec<Condition>,
    /// Which of the requests that fit, counted from 1, are meant.
    turns: Turns,
    per_path: bool,
    seen: Arc<Mutex<HashMap<String, usize>>>,
    pub(super) effect: Effect,
}

/// Which of the requests that fit are meant.
#[derive(Debug, Clone, Copy)]
enum Turns {
    All,
    Nth(usize),
    First(usize),
    After(usize),
    Every(usize),
}

/// What becomes of a request.
#[derive(Clone, Default)]
pub struct Effect {
    pub(super) gate: Option<Gate>,
    pub(super) delay: Option<Duration>,
    pub(super) head: Head,
    pub(super) status: Option<u16>,
    pub(super) body: Option<Bytes>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) redirect: Option<Redirect>,
    pub(super) go_away: bool,
    pub(super) ranges: Option<Ranges>,
    pub(super) length: Length,
    pub(super) trickle: Option<(usize, Duration)>,
    pub(super) end: End,
}

/// Whether there is an answer at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Head {
    #[default]
    Sent,
    /// No byte ever comes.
    Never,
    /// The connection ends in place of an answer.
    Connection(Command),
    /// The stream is refused.
    Refused,
}

/// What stands in Content-Length.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Length {
    #[default]
    True,
    /// Another number.
    Declared(u64),
    /// So many more than there are.
    Longer(u64),
    /// So many less than there are, but not less than none.
    Shorter(u64),
    /// There is none (chunked in HTTP/1).
    Missing,
}

/// How the body ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum End {
    #[default]
    Whole,
    /// So many bytes, then nothing more, for ever.
    Stall(usize),
    /// So many bytes, then the stream is reset in HTTP/2 and the connection closed in HTTP/1.
    Stream(usize),
    /// So many bytes, then the connection ends.
    Connection(usize, Command),
    /// So many thousandths of the body, then the connection is closed.
    Part(usize),
    /// So many thousandths of the body, then the stream is reset.
    PartOfStream(usize),
    /// So many bytes, then the end is announced, and follows at once.
    GoAway(usize),
    /// The body, and then bytes without end.
    Endless,
}

/// Where to, in place of an answer.
#[derive(Debug, Clone)]
pub(super) enum Redirect {
    /// To this place.
    To(String),
    /// To the same path below another place.
    Below(String),
    /// To the same path below another place, signed anew each time.
    Signed(String, Signer),
}

impl Fault {
    /// A rule for requests whose path fits the pattern, in which `*` is any text.
    ///
    /// The path is as the client sent it: `/example.com/!upper/@v/v1.0.0.zip`.
    pub fn on(pattern: &str) -> Self {
        Self {
            pattern: pattern.to_owned(),
            conditions: Vec::new(),
            turns: Turns::All,
            per_path: false,
            seen: Arc::default(),
            effect: Effect::default(),
        }
    }

    // Which requests are meant.

    /// Only those for which the condition holds; the others are not counted either.
    pub fn when(mut self, condition: impl Fn(&Request) -> bool + Send + Sync + 'static) -> Self {
        self.conditions.push(Arc::new(condition));
        self
    }

    /// Only those that come without these basic credentials. With [`Self::status`] 401 the rule guards
    /// what lies behind it.
    pub fn unless_basic_auth(self, user: &str, password: &str) -> Self {
        let expected = format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")));
        self.when(move |request| request.header("authorization") != Some(expected.as_str()))
    }

    /// Only those whose address is not signed, or whose signature is used up.
    pub fn unless_signed(self, signer: &Signer) -> Self {
        let signer = signer.clone();
        self.when(move |request| !signer.accepts(request))
    }

    /// Only the nth, counted from 1.
    pub fn nth(mut self, n: usize) -> Self {
        self.turns = Turns::Nth(n);
        self
    }

    /// Only the first n.
    pub fn first(mut self, n: usize) -> Self {
        self.turns = Turns::First(n);
        self
    }

    /// All but the first n.
    pub fn after(mut self, n: usize) -> Self {
        self.turns = Turns::After(n);
        self
    }

    /// Only the nth, the 2·nth and so on.
    pub fn every(mut self, n: usize) -> Self {
        assert!(n > 0, "every 0th request");
        self.turns = Turns::Every(n);
        self
    }

    /// Counts the requests of each path by themselves.
    pub fn per_path(mut self) -> Self {
        self.per_path = true;
        self
    }

    // What becomes of them.

    /// Answers with this status, and with a short text unless there is a [`Self::body`].
    pub fn status(mut self, status: u16) -> Self {
        self.effect.status = Some(status);
        self
    }

    /// Answers with this body, as text unless a header says otherwise; with status 200 unless it is set.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.effect.body = Some(body.into());
        self
    }

    /// Adds a header, or replaces one that the answer has.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.effect.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Redirects (302 unless the status is set) to the same path below another place, such as another
    /// server's URL.
    pub fn redirect_below(mut self, base: &str) -> Self {
        self.effect.redirect = Some(Redirect::Below(base.to_owned()));
        self
    }

    /// Redirects (302 unless the status is set) to exactly this place.
    pub fn redirect_to(mut self, url: &str) -> Self {
        self.effect.redirect = Some(Redirect::To(url.to_owned()));
        self
    }

    /// Redirects (302 unless the status is set) to the same path below another place, with a signature.
    pub fn redirect_signed(mut self, base: &str, signer: &Signer) -> Self {
        self.effect.redirect = Some(Redirect::Signed(base.to_owned(), signer.clone()));
        self
    }

    /// Deals with `Range` in this way, whatever the server does otherwise.
    pub fn ranges(mut self, ranges: Ranges) -> Self {
        self.effect.ranges = Some(ranges);
        self
    }

    /// Waits at the gate before anything else.
    pub fn gate(mut self, gate: &Gate) -> Self {
        self.effect.gate = Some(gate.clone());
        self
    }

    /// Waits before the first byte.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.effect.delay = Some(delay);
        self
    }

    /// Never answers.
    pub fn never_answer(mut self) -> Self {
        self.effect.head = Head::Never;
        self
    }

    /// Closes the connection in place of an answer.
    pub fn close(mut self) -> Self {
        self.effect.head = Head::Connection(Command::Close);
        self
    }

    /// Resets the TCP connection in place of an answer.
    pub fn reset(mut self) -> Self {
        self.effect.head = Head::Connection(Command::Reset);
        self
    }

    /// Refuses the HTTP/2 stream (REFUSED_STREAM: nothing was done yet); in HTTP/1 the connection is
    /// closed.
    pub fn refuse_stream(mut self) -> Self {
        self.effect.head = Head::Refused;
        self
    }

    /// Announces the end of the connection (GOAWAY in HTTP/2) and answers.
    pub fn go_away(mut self) -> Self {
        self.effect.go_away = true;
        self
    }

    /// Sends so many bytes of the body and then nothing more, for ever.
    pub fn stall_after(mut self, bytes: usize) -> Self {
        self.effect.end = End::Stall(bytes);
        self
    }

    /// Closes the connection after so many bytes of the body, whose whole length was declared.
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.effect.end = End::Connection(bytes, Command::Close);
        self
    }

    /// Closes the connection after so many thousandths of the body.
    pub fn cut_at(mut self, thousandths: usize) -> Self {
        assert!(thousandths < 1000, "nothing is cut");
        self.effect.end = End::Part(thousandths);
        self
    }

    /// Resets the HTTP/2 stream after so many thousandths of the body; see [`Self::reset_stream_after`].
    pub fn cut_stream_at(mut self, thousandths: usize) -> Self {
        assert!(thousandths < 1000, "nothing is cut");
        self.effect.end = End::PartOfStream(thousandths);
        self
    }

    /// Resets the TCP connection after so many bytes of the body.
    pub fn reset_after(mut self, bytes: usize) -> Self {
        self.effect.end = End::Connection(bytes, Command::Reset);
        self
    }

    /// Announces the end of the connection (GOAWAY in HTTP/2) after so many bytes of the body, and closes
    /// it without sending the rest.
    pub fn go_away_cut_after(mut self, bytes: usize) -> Self {
        self.effect.end = End::GoAway(bytes);
        self
    }

    /// Resets the HTTP/2 stream after so many bytes of the body, with INTERNAL_ERROR; other streams go
    /// on. HTTP/1 has no streams, its connection is closed.
    pub fn reset_stream_after(mut self, bytes: usize) -> Self {
        self.effect.end = End::Stream(bytes);
        self
    }

    /// Follows the body with bytes without end, and declares no length.
    pub fn endless(mut self) -> Self {
        self.effect.end = End::Endless;
        self.effect.length = Length::Missing;
        self
    }

    /// Declares a wrong length. What is longer in truth ends there in HTTP/1.
    pub fn declare_length(mut self, length: u64) -> Self {
        self.effect.length = Length::Declared(length);
        self
    }

    /// Declares a length that is too large by so many bytes.
    pub fn longer_by(mut self, bytes: u64) -> Self {
        self.effect.length = Length::Longer(bytes);
        self
    }

    /// Declares a length that is too small by so many bytes.
    pub fn shorter_by(mut self, bytes: u64) -> Self {
        self.effect.length = Length::Shorter(bytes);
        self
    }

    /// Declares no length.
    pub fn without_length(mut self) -> Self {
        self.effect.length = Length::Missing;
        self
    }

    /// Sends the body in pieces of so many bytes, with a pause before each.
    pub fn trickle(mut self, piece: usize, pause: Duration) -> Self {
        assert!(piece > 0, "pieces of nothing");
        self.effect.trickle = Some((piece, pause));
        self
    }

    /// Whether the rule means this request, which it counts.
    pub(super) fn means(&self, request: &Request) -> bool {
        if !glob(&self.pattern, &request.path) || !self.conditions.iter().all(|c| c(request)) {
            return false;
        }
        let key = if self.per_path { request.path.clone() } else { String::new() };
        let mut seen = self.seen.lock().expect("no panic under the lock");
        let count = seen.entry(key).or_default();
        *count += 1;
        match self.turns {
            Turns::All => true,
            Turns::Nth(n) => *count == n,
            Turns::First(n) => *count <= n,
            Turns::After(n) => *count > n,
            Turns::Every(n) => count.is_multiple_of(n),
        }
    }
}

/// Holds requests until it opens, so that a test knows what is under way without measuring time.
/// Clones are the same gate.
#[derive(Clone)]
pub struct Gate {
    inner: Arc<GateState>,
}

struct GateState {
    opens_at: Option<usize>,
    arrived: AtomicUsize,
    open: watch::Sender<bool>,
}

impl Gate {
    /// A gate that stays closed until [`Gate::open`].
    pub fn closed() -> Self {
        Self::new(None)
    }

    /// A gate that opens when n requests have arrived: it proves that so many are under way at once.
    pub fn for_company(n: usize) -> Self {
        Self::new(Some(n))
    }

    fn new(opens_at: Option<usize>) -> Self {
        let inner =
            GateState { opens_at, arrived: AtomicUsize::new(0), open: watch::Sender::new(false) };
        Self { inner: Arc::new(inner) }
    }

    /// Lets all through, now and later.
    pub fn open(&self) {
        self.inner.open.send_replace(true);
    }

    /// Whether it has opened.
    pub fn is_open(&self) -> bool {
        *self.inner.open.borrow()
    }

    /// How many requests have come to it.
    pub fn arrived(&self) -> usize {
        self.inner.arrived.load(Ordering::SeqCst)
    }

    /// Blocks the test until n requests have come to it; panics after 60 seconds.
    #[track_caller]
    pub fn wait_for(&self, n: usize) {
        for _ in 0..6000 {
            if self.arrived() >= n {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{} of {n} requests have come to the gate", self.arrived());
    }

    pub(super) async fn pass(&self) {
        let arrived = self.inner.arrived.fetch_add(1, Ordering::SeqCst) + 1;
        if self.inner.opens_at.is_some_and(|n| arrived >= n) {
            self.open();
        }
        // The sender lives in self, so that the wait ends only by the opening.
        let _ = self.inner.open.subscribe().wait_for(|open| *open).await;
    }
}

/// Whether the text fits the pattern, in which `*` is any text, `/` included.
pub fn glob(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(text) = text.strip_prefix(start) else {
        return false;
    };
    let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    ends.into_iter().any(|at| glob(rest, &text[at..]))
}
