//! HTTP and SOCKS5 proxies that want a name and a password. Whatever they are asked for, they lead to one
//! server.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// A running proxy.
pub struct Forward {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    to: SocketAddr,
    wants: Option<(String, String)>,
    asked: Mutex<Vec<String>>,
    ended: AtomicBool,
}

impl Forward {
    /// An HTTP proxy to this server, for whoever has these credentials.
    pub fn http(to: SocketAddr, wants: Option<(&str, &str)>) -> Self {
        Self::start(to, wants, serve_http)
    }

    /// A SOCKS5 proxy to this server, for whoever has these credentials.
    pub fn socks(to: SocketAddr, wants: Option<(&str, &str)>) -> Self {
        Self::start(to, wants, serve_socks)
    }

    fn start(
        to: SocketAddr,
        wants: Option<(&str, &str)>,
        serve: fn(&State, TcpStream) -> io::Result<()>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port on 127.0.0.1");
        let address = listener.local_addr().expect("the address of the socket");
        let wants = wants.map(|(user, password)| (user.to_owned(), password.to_owned()));
        let (asked, ended) = (Mutex::default(), AtomicBool::new(false));
        let state = Arc::new(State { to, wants, asked, ended });
        let for_thread = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if for_thread.ended.load(Ordering::SeqCst) {
                    return;
                }
                let state = Arc::clone(&for_thread);
                // A connection that breaks off is the client's affair.
                thread::spawn(move || drop(serve(&state, stream)));
            }
        });
        Self { address, state }
    }

    /// `host:port`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it was asked to lead to, each once, by whoever had the credentials.
    pub fn asked(&self) -> Vec<String> {
        let mut asked = self.state.asked.lock().expect("no panic under the lock").clone();
        asked.sort();
        asked.dedup();
        asked
    }
}

impl Drop for Forward {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::SeqCst);
        // Wakes it up.
        let _ = TcpStream::connect(self.address);
    }
}

impl State {
    fn note(&self, target: String) {
        self.asked.lock().expect("no panic under the lock").push(target);
    }
}

fn serve_http(state: &State, mut client: TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.extend(byte);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let lines: Vec<&str> = head.lines().collect();
    let words: Vec<&str> = lines[0].split(' ').collect();
    let is_for_us = |line: &&&str| line.to_ascii_lowercase().starts_with("proxy-");
    let given = lines.iter().find(is_for_us).and_then(|line| line.rsplit(' ').next());
    let wanted = state
        .wants
        .as_ref()
        .map(|(user, password)| BASE64_STANDARD.encode(format!("{user}:{password}")));
    if wanted.is_some() && wanted.as_deref() != given {
        let answer = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\
                      Content-Length: 0\r\n\r\n";
        return client.write_all(answer.as_bytes());
    }
    let mut server = TcpStream::connect(state.to)?;
    if words[0] == "CONNECT" {
        state.note(words[1].to_owned());
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    } else {
        let rest = words[1].strip_prefix("http://").unwrap_or(words[1]);
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        state.note(host.to_owned());
        let kept = lines[1..].iter().filter(|line| !is_for_us(line) && !line.is_empty());
        let kept: String = kept.map(|line| format!("{line}\r\n")).collect();
        let head = format!("{} /{path} HTTP/1.1\r\n{kept}Connection: close\r\n\r\n", words[0]);
        server.write_all(head.as_bytes())?;
    }
    pump(client, server)
}

fn serve_socks(state: &State, mut client: TcpStream) -> io::Result<()> {
    let greeting = bytes(&mut client, 2)?;
    let methods = bytes(&mut client, greeting[1])?;
    let method = if state.wants.is_some() { 2 } else { 0 };
    if !methods.contains(&method) {
        return client.write_all(&[5, 0xff]);
    }
    client.write_all(&[5, method])?;
    if let Some((user, password)) = &state.wants {
        let head = bytes(&mut client, 2)?;
        let given_user = bytes(&mut client, head[1])?;
        let length = bytes(&mut client, 1)?;
        let given_password = bytes(&mut client, length[0])?;
        if given_user != user.as_bytes() || given_password != password.as_bytes() {
            return client.write_all(&[1, 1]);
        }
        client.write_all(&[1, 0])?;
    }
    // Version, connect, reserved, a name and its length.
    let request = bytes(&mut client, 5)?;
    let name = bytes(&mut client, request[4])?;
    let port = bytes(&mut client, 2)?;
    let port = u16::from_be_bytes([port[0], port[1]]);
    state.note(format!("{}:{port}", String::from_utf8_lossy(&name)));
    let server = TcpStream::connect(state.to)?;
    client.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 0])?;
    pump(client, server)
}

fn bytes(stream: &mut TcpStream, count: u8) -> io::Result<Vec<u8>> {
    let mut data = vec![0; usize::from(count)];
    stream.read_exact(&mut data).map(|()| data)
}

/// Copies both ways until both ends are closed.
fn pump(client: TcpStream, server: TcpStream) -> io::Result<()> {
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    let upward = thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    let (mut from_server, mut to_client) = (server, client);
    let _ = io::copy(&mut from_server, &mut to_client);
    let _ = to_client.shutdown(Shutdown::Both);
    let _ = upward.join();
    Ok(())
}
