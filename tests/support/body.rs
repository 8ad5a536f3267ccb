//! A response body that follows a script: send, pause, hang, break.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use super::connection::{Command, Line};
use super::requests::InFlight;

/// HTTP/2 hands out its send window in pieces; smaller ones show sooner that a client is slow.
const PIECE: usize = 16 << 10;
/// How long a connection rests between its last flush and its violent end, so that nothing which was
/// sent is lost with it.
pub const SETTLE: Duration = Duration::from_millis(5);

/// Why there is no answer, or no more of one: the reason that HTTP/2 gives when it resets the stream.
pub type Failure = h2::Error;

/// One step of a script.
#[derive(Debug, Clone)]
pub enum Step {
    /// Send these bytes.
    Send(Bytes),
    /// Do nothing for a while.
    Pause(Duration),
    /// Wait until all that was sent has been written to the socket.
    Flush,
    /// Send these bytes again and again, without end.
    Repeat(Bytes),
    /// Never go on.
    Hang,
    /// Fail: HTTP/2 resets the stream (INTERNAL_ERROR), HTTP/1 closes the connection.
    Fail,
    /// Have the connection itself end.
    Connection(Command),
}

/// The steps that send all the bytes, in pieces.
pub fn send(bytes: &Bytes) -> impl Iterator<Item = Step> {
    let bytes = bytes.clone();
    let starts = (0..bytes.len()).step_by(PIECE);
    starts.map(move |start| Step::Send(bytes.slice(start..bytes.len().min(start + PIECE))))
}

/// The steps that send all the bytes and see to it that they have left, since what follows is violent.
pub fn send_surely(bytes: &Bytes) -> Vec<Step> {
    // The last byte goes by itself: HTTP/2 takes it only when there was room for all before it.
    let split = bytes.len().saturating_sub(1);
    let mut steps: Vec<Step> = send(&bytes.slice(..split)).collect();
    steps.extend(send(&bytes.slice(split..)));
    steps.extend([Step::Flush, Step::Pause(SETTLE)]);
    steps
}

/// The body of one response; the request counts as in flight until it is dropped.
pub struct ScriptedBody {
    steps: VecDeque<Step>,
    /// The exact length, where it is known and true.
    len: Option<u64>,
    timer: Option<Pin<Box<Sleep>>>,
    /// The count of flushes when the waiting for one began.
    flush_seen: Option<u64>,
    line: Arc<Line>,
    _in_flight: InFlight,
}

impl ScriptedBody {
    /// A body from its script. `len` is its length if hyper may rely on it.
    pub fn new(steps: Vec<Step>, len: Option<u64>, line: Arc<Line>, in_flight: InFlight) -> Self {
        Self {
            steps: steps.into(),
            len,
            timer: None,
            flush_seen: None,
            line,
            _in_flight: in_flight,
        }
    }

    /// Waits for a flush that begins after the waiting.
    fn poll_flushed(&mut self, cx: &Context<'_>) -> Poll<()> {
        let now = self.line.flushes();
        let seen = *self.flush_seen.get_or_insert(now);
        if now > seen {
            self.flush_seen = None;
            return Poll::Ready(());
        }
        self.line.wake_at_flush(cx);
        Poll::Pending
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>, pause: Duration) -> Poll<()> {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(pause)));
        ready!(timer.as_mut().poll(cx));
        self.timer = None;
        Poll::Ready(())
    }
}

impl Body for ScriptedBody {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        loop {
            let Some(step) = self.steps.front().cloned() else {
                return Poll::Ready(None);
            };
            match step {
                Step::Pause(pause) => ready!(self.poll_timer(cx, pause)),
                Step::Flush => ready!(self.poll_flushed(cx)),
                Step::Hang => return Poll::Pending,
                Step::Repeat(bytes) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Step::Connection(command) => self.line.command(command),
                Step::Send(bytes) => {
                    self.steps.pop_front();
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Step::Fail => {
                    self.steps.clear();
                    return Poll::Ready(Some(Err(h2::Reason::INTERNAL_ERROR.into())));
                }
            }
            self.steps.pop_front();
        }
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.len.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
