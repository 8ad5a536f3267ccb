//! The HTTP clients, and so the connections, of one run; and how names become addresses.
//!
//! A client holds at most one HTTP/2 connection to a host. There are a few, to be used in turn, for each
//! pair of time-outs in use. One that has seen a stall is replaced: whoever tries again then gets a
//! connection of its own. All addresses of a name are tried; after a failure another one comes first.
//!
//! Names are resolved by the system, and by nobody else: it alone knows which server may see them.

use std::collections::HashMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use rustls::ClientConfig;
use url::Url;

use crate::net::contact::Contact;
use crate::net::explain::error_chain;
use crate::net::http::HttpSettings;
use crate::net::{NetError, TransferSettings, tls};

/// Bytes a server may send on one HTTP/2 stream before we have read them. The default of 64 KiB
/// makes a transfer wait for a round trip every 64 KiB; this much every 16 MiB, which is the time that
/// the largest zips need on a distant server.
const STREAM_WINDOW: u32 = 16 << 20;
/// The same for a whole connection.
const CONNECTION_WINDOW: u32 = 16 << 20;

/// The clients of one run, made when they are first needed: reading the certificates takes longer than
/// many a run in which everything is in the cache.
pub struct Pool {
    settings: HttpSettings,
    /// For servers that are shown no certificate, and then for each of those that are.
    tls: Vec<OnceLock<Result<ClientConfig, String>>>,
    addresses: Arc<Addresses>,
    sets: Mutex<HashMap<Kind, Vec<Slot>>>,
    next: AtomicUsize,
}

/// What clients differ in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Kind {
    connect: Duration,
    silence: Duration,
    /// Which certificate of ours they show, counted from 1; 0 is none.
    identity: usize,
}

/// A client, and how many there were in its place before.
struct Slot {
    contact: Arc<Contact>,
    generation: u64,
}

/// A client to send a request with.
#[derive(Clone)]
pub struct Lease {
    /// The client.
    pub(super) contact: Arc<Contact>,
    kind: Kind,
    index: usize,
    generation: u64,
}

impl Pool {
    /// A pool for these settings.
    pub fn new(settings: HttpSettings) -> Arc<Pool> {
        let tls = (0..=settings.identities.len()).map(|_| OnceLock::new()).collect();
        Arc::new(Pool {
            settings,
            tls,
            addresses: Arc::default(),
            sets: Mutex::default(),
            next: AtomicUsize::new(0),
        })
    }

    /// The client whose turn it is, for the server of this URL.
    ///
    /// # Errors
    /// When no client can be made with the settings.
    pub fn lease(&self, settings: &TransferSettings, place: &Url) -> Result<Lease, NetError> {
        let mut identities = self.settings.identities.iter();
        let kind = Kind {
            connect: settings.connect_timeout,
            silence: settings.stall_timeout,
            identity: identities.position(|own| own.is_for(place)).map_or(0, |index| index + 1),
        };
        let mut sets = lock(&self.sets);
        let set = match sets.entry(kind) {
            std::collections::hash_map::Entry::Occupied(set) => set.into_mut(),
            std::collections::hash_map::Entry::Vacant(place) => {
                let all = (0..self.settings.connections.max(1))
                    .map(|_| Ok(Slot { contact: self.make(kind)?, generation: 0 }));
                place.insert(all.collect::<Result<_, String>>().map_err(NetError::Refused)?)
            }
        };
        let index = self.next.fetch_add(1, Ordering::Relaxed) % set.len().max(1);
        let slot = set.get(index).ok_or_else(|| NetError::Refused("no HTTP client".into()))?;
        let (contact, generation) = (Arc::clone(&slot.contact), slot.generation);
        Ok(Lease { contact, kind, index, generation })
    }

    /// Something sent over this client to `host` failed: other addresses of the host come first from
    /// now on, and if it was by silence, other connections are made.
    pub fn failed(&self, lease: &Lease, host: &str, is_silent: bool) {
        self.addresses.rotate(host);
        if !is_silent {
            return;
        }
        let mut sets = lock(&self.sets);
        let slot = sets.get_mut(&lease.kind).and_then(|set| set.get_mut(lease.index));
        if let Some(slot) = slot
            && slot.generation == lease.generation
            && let Ok(contact) = self.make(lease.kind)
        {
            *slot = Slot { contact, generation: lease.generation + 1 };
        }
    }

    fn make(&self, kind: Kind) -> Result<Arc<Contact>, String> {
        let settings = &self.settings;
        let tls = self.tls.get(kind.identity).ok_or("no such certificate")?;
        let tls = tls.get_or_init(|| {
            let identity = kind.identity.checked_sub(1).and_then(|at| settings.identities.get(at));
            let config = match settings.insecure {
                true => tls::unverified_config(),
                false => {
                    tls::client_config(settings.cert_file.as_deref(), &settings.cert_dirs, identity)
                }
            };
            config.map_err(|err| format!("tls: {err}"))
        });
        let tls = tls.clone()?;
        let rule = Arc::clone(&settings.proxy);
        let contact = Contact::new(|telling| {
            reqwest::Client::builder()
                .connector_layer(telling)
                .tls_backend_preconfigured(tls)
                .no_proxy()
                .proxy(reqwest::Proxy::custom(move |url| rule(url).ok().flatten().map(resolving)))
                .dns_resolver(Arc::clone(&self.addresses))
                .redirect(Policy::none())
                .referer(false)
                .connect_timeout(kind.connect)
                .read_timeout(kind.silence)
                .http2_initial_stream_window_size(STREAM_WINDOW)
                .http2_initial_connection_window_size(CONNECTION_WINDOW)
                .tcp_nodelay(true)
                .user_agent(concat!("gomodfetch/", env!("CARGO_PKG_VERSION")))
                .build()
        });
        Ok(Arc::new(contact.map_err(|err| error_chain(&err))?))
    }
}

/// A SOCKS proxy is given names to resolve, as Go does it: only it may know them, and only it should.
fn resolving(mut proxy: Url) -> Url {
    if proxy.scheme() == "socks5" {
        // Both schemes are of a kind, so that one can take the other's place.
        let _ = proxy.set_scheme("socks5h");
    }
    proxy
}

/// The system's resolver, and how often each host has failed.
#[derive(Default)]
struct Addresses {
    failures: Arc<Mutex<HashMap<String, usize>>>,
}

impl Addresses {
    fn rotate(&self, host: &str) {
        *lock(&self.failures).entry(host.to_owned()).or_default() += 1;
    }
}

impl Resolve for Addresses {
    fn resolve(&self, name: Name) -> Resolving {
        let failures = Arc::clone(&self.failures);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await;
            let found: Vec<SocketAddr> =
                found.map_err(|err| LookupFailure { text: err.to_string() })?.collect();
            let turn = lock(&failures).get(name.as_str()).copied().unwrap_or(0);
            let addresses: Addrs = Box::new(rotated(found, turn).into_iter());
            Ok(addresses)
        })
    }
}

/// The same addresses, the one after the `turn`th first.
fn rotated(mut addresses: Vec<SocketAddr>, turn: usize) -> Vec<SocketAddr> {
    let turn = turn % addresses.len().max(1);
    addresses.rotate_left(turn);
    addresses
}

/// Why a name has no address.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct LookupFailure {
    text: String,
}

impl LookupFailure {
    /// Whether the name may yet have one: it is the name server that gave no answer.
    ///
    /// The standard library keeps nothing of the resolver's answer but its text, which is never
    /// translated.
    pub fn is_temporary(&self) -> bool {
        let known = [
            "not known",
            "No address associated",
            "nodename nor servname",
            "No such host",
            "does not exist",
        ];
        !known.iter().any(|text| self.text.contains(text))
    }

    /// In Go's words.
    pub fn reason(&self) -> &str {
        match self.is_temporary() {
            true => self.text.rsplit(": ").next().unwrap_or_default(),
            false => "no such host",
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_failure_another_address_comes_first() {
        let addresses: Vec<SocketAddr> = ["192.0.2.1:0", "192.0.2.2:0", "[2001:db8::1]:0"]
            .map(|text| text.parse().unwrap())
            .into();
        for (turn, first) in [(0, 0), (1, 1), (2, 2), (3, 0), (7, 1)] {
            let all = rotated(addresses.clone(), turn);
            assert_eq!((all.len(), all[0]), (3, addresses[first]));
        }
        assert_eq!(rotated(Vec::new(), 5), []);
    }

    #[test]
    fn names_that_do_not_exist_and_servers_that_do_not_answer() {
        for (text, is_temporary, reason) in [
            (
                "failed to lookup address information: Name or service not known",
                false,
                "no such host",
            ),
            (
                "failed to lookup address information: nodename nor servname provided, or not known",
                false,
                "no such host",
            ),
            (
                "failed to lookup address information: Temporary failure in name resolution",
                true,
                "Temporary failure in name resolution",
            ),
        ] {
            let failure = LookupFailure { text: text.to_owned() };
            assert_eq!((failure.is_temporary(), failure.reason()), (is_temporary, reason));
        }
    }

    #[tokio::test]
    async fn the_system_is_asked() {
        let found = Addresses::default().resolve("localhost".parse().unwrap()).await;
        assert!(found.unwrap().all(|address| address.ip().is_loopback()));
    }
}
