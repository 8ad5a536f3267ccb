//! A relay in front of any server, which cuts connections: for servers that can't be told to fail.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

/// Passes bytes on, to one address; dropping it ends it.
pub struct Relay {
    address: SocketAddr,
    cut: Arc<AtomicUsize>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Relay {
    /// A relay to this address. The first `connections` are cut when so many bytes of answers have gone
    /// through them.
    pub fn cutting(to: SocketAddr, connections: usize, bytes: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port on 127.0.0.1");
        let address = listener.local_addr().expect("the address of the socket");
        let (cut, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (counter, end) = (Arc::clone(&cut), Arc::clone(&ended));
        let thread = thread::spawn(move || {
            for (number, client) in listener.incoming().enumerate() {
                if end.load(Ordering::SeqCst) {
                    return;
                }
                let limit = if number < connections { bytes } else { usize::MAX };
                let (Ok(client), Ok(server)) = (client, TcpStream::connect(to)) else { continue };
                let up = (client.try_clone().expect("a socket"), server.try_clone().expect("one"));
                thread::spawn(move || pass(up.0, up.1, usize::MAX));
                let counter = Arc::clone(&counter);
                thread::spawn(move || {
                    if pass(server, client, limit) {
                        counter.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        Self { address, cut, ended, thread: Some(thread) }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections it has cut.
    pub fn cut(&self) -> usize {
        self.cut.load(Ordering::SeqCst)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // It waits for a connection.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Passes on at most so many bytes, then ends both sides; tells whether that was before they had ended.
fn pass(mut from: TcpStream, mut to: TcpStream, limit: usize) -> bool {
    let mut left = limit;
    let mut buffer = vec![0; 16 << 10];
    while left > 0 {
        let room = left.min(buffer.len());
        match from.read(&mut buffer[..room]) {
            Ok(read) if read > 0 && to.write_all(&buffer[..read]).is_ok() => left -= read,
            _ => break,
        }
    }
    let is_cut = left == 0;
    // Either may be closed already.
    let how = if is_cut { Shutdown::Both } else { Shutdown::Write };
    let _ = to.shutdown(how);
    if is_cut {
        let _ = from.shutdown(Shutdown::Both);
    }
    is_cut
}
