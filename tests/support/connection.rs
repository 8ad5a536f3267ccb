//! One accepted connection: its stream, which tells when everything was written, and the commands that
//! end it badly.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_rustls::server::TlsStream;

/// What a response may do to the connection on which it goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// End it as if the process had died: FIN, without any farewell of TLS or HTTP/2.
    Close,
    /// End it with a TCP reset.
    Reset,
    /// Announce its end (GOAWAY in HTTP/2), finishing what is under way.
    GoAway,
}

/// What a connection and the responses on it share.
pub struct Line {
    /// The number of the connection, from 0.
    pub number: usize,
    commands: mpsc::UnboundedSender<Command>,
    reset: AtomicBool,
    flushes: AtomicU64,
    waiting: Mutex<Vec<Waker>>,
}

impl Line {
    /// A line, and the end at which the connection hears the commands.
    pub fn new(number: usize) -> (Arc<Self>, mpsc::UnboundedReceiver<Command>) {
        let (commands, receiver) = mpsc::unbounded_channel();
        let line = Self {
            number,
            commands,
            reset: AtomicBool::new(false),
            flushes: AtomicU64::new(0),
            waiting: Mutex::default(),
        };
        (Arc::new(line), receiver)
    }

    /// Sends a command to the connection.
    pub fn command(&self, command: Command) {
        if command == Command::Reset {
            self.reset.store(true, Ordering::SeqCst);
        }
        // A connection that is gone needs no command.
        let _ = self.commands.send(command);
    }

    /// How often all that was to be written had been written.
    pub fn flushes(&self) -> u64 {
        self.flushes.load(Ordering::SeqCst)
    }

    /// Wakes the task at the next flush.
    pub fn wake_at_flush(&self, cx: &Context<'_>) {
        self.waiting.lock().expect("no panic under the lock").push(cx.waker().clone());
    }

    fn flushed(&self) {
        self.flushes.fetch_add(1, Ordering::SeqCst);
        let waiting = std::mem::take(&mut *self.waiting.lock().expect("no panic under the lock"));
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// A stream that lies on a TCP connection.
pub trait OverTcp {
    /// The TCP connection.
    fn tcp(&self) -> &TcpStream;
}

impl OverTcp for TcpStream {
    fn tcp(&self) -> &TcpStream {
        self
    }
}

impl OverTcp for TlsStream<TcpStream> {
    fn tcp(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// A stream that reports its flushes to the line, and that ends with a reset where the line says so.
pub struct Watched<S: OverTcp> {
    stream: S,
    line: Arc<Line>,
}

impl<S: OverTcp> Watched<S> {
    /// Watches a stream.
    pub fn new(stream: S, line: Arc<Line>) -> Self {
        Self { stream, line }
    }
}

impl<S: OverTcp> Drop for Watched<S> {
    fn drop(&mut self) {
        if self.line.reset.load(Ordering::SeqCst) {
            // Without lingering, closing sends a reset in place of a FIN.
            let _ = self.stream.tcp().set_zero_linger();
        }
    }
}

impl<S: OverTcp + AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: OverTcp + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = Pin::new(&mut self.stream).poll_flush(cx);
        if done.is_ready() {
            self.line.flushed();
        }
        done
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
