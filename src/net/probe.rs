//! How long it takes to reach a server: its name looked up, the connection made, TLS agreed on, each timed
//! by itself. The HTTP library does these behind the scenes; here nothing is asked of the server.
//!
//! It blocks: whoever calls it gives it a thread.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use crate::net::{SafeUrl, tls};

/// How long each step may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How long each step took; none where it failed, or is none for this address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Steps {
    /// Looking up the name.
    pub dns: Option<Duration>,
    /// Making the connection.
    pub connect: Option<Duration>,
    /// Agreeing on TLS, with the certificate checked.
    pub tls: Option<Duration>,
}

/// Reaches servers.
#[derive(Clone)]
pub struct Prober {
    tls: Option<Arc<ClientConfig>>,
}

impl Prober {
    /// A prober that trusts what requests trust.
    pub fn new(cert_file: Option<&Path>, cert_dirs: &[PathBuf]) -> Prober {
        Prober { tls: tls::client_config(cert_file, cert_dirs, None).ok().map(Arc::new) }
    }

    /// Reaches the server of an http or https address, and hangs up.
    pub fn reach(&self, url: &SafeUrl) -> Steps {
        let mut steps = Steps::default();
        let url = url.secret();
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return steps;
        };
        let host = host.trim_matches(['[', ']']);
        let started = Instant::now();
        let Ok(addresses) = (host, port).to_socket_addrs() else { return steps };
        steps.dns = Some(started.elapsed());
        let Some((mut stream, connect)) = addresses.into_iter().find_map(connect) else {
            return steps;
        };
        steps.connect = Some(connect);
        if url.scheme() == "https" {
            steps.tls = self.handshake(&mut stream, host);
        }
        steps
    }

    fn handshake(&self, stream: &mut TcpStream, host: &str) -> Option<Duration> {
        let name = ServerName::try_from(host.to_owned()).ok()?;
        let started = Instant::now();
        let mut connection = ClientConnection::new(Arc::clone(self.tls.as_ref()?), name).ok()?;
        while connection.is_handshaking() {
            connection.complete_io(stream).ok()?;
            if started.elapsed() > TIMEOUT {
                return None;
            }
        }
        Some(started.elapsed())
    }
}

fn connect(address: SocketAddr) -> Option<(TcpStream, Duration)> {
    let started = Instant::now();
    let stream = TcpStream::connect_timeout(&address, TIMEOUT).ok()?;
    let elapsed = started.elapsed();
    stream.set_read_timeout(Some(TIMEOUT)).ok()?;
    stream.set_write_timeout(Some(TIMEOUT)).ok()?;
    Some((stream, elapsed))
}
