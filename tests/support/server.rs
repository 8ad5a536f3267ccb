//! A server on 127.0.0.1 that speaks the module proxy protocol, with a checksum database and with faults.
//!
//! HTTP/1.1 and HTTP/2, plain or with TLS; it lives in a thread of its own until it is dropped. The
//! registry stands at `/`, the database at `/sumdb/NAME/`.

use std::future::pending;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use bytes::Bytes;
use hyper::Response;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpSocket;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use super::answer::{describe, in_part, percent_decode, respond};
use super::body::{Failure, ScriptedBody};
use super::chaos::Chaos;
use super::connection::{Command, Line, OverTcp, Watched};
use super::faults::{Effect, Fault, Head, glob};
use super::ranges::Ranges;
use super::registry::Registry;
use super::reply::{Reply, TEXT};
use super::requests::{Request, Requests};
use super::shelf::Shelf;
use super::sumlog::SumLog;
use super::tls::{Authority, LOOPBACK};

/// Which versions of HTTP a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Both; with TLS the client chooses by ALPN.
    Both,
    /// Only HTTP/1.1.
    Http1,
    /// Only HTTP/2.
    Http2,
}

/// A server to be started.
pub struct Builder {
    registry: Registry,
    folder: Option<PathBuf>,
    sumdb: Option<SumLog>,
    tls: Option<Authority>,
    names: Vec<String>,
    expired: bool,
    protocol: Protocol,
    latency: Duration,
    listens: bool,
    shelf: Option<Shelf>,
    clients: Option<Authority>,
}

impl Builder {
    /// Serves the files of this folder too: a proxy's tree, such as `cache/download` of a module cache.
    pub fn folder(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    /// Serves this database too.
    pub fn sumdb(mut self, log: SumLog) -> Self {
        self.sumdb = Some(log);
        self
    }

    /// Serves with TLS, under an authority of its own.
    pub fn https(self) -> Self {
        let authority = Authority::new();
        self.https_by(&authority)
    }

    /// Serves with TLS, under an authority that other servers may share.
    pub fn https_by(mut self, authority: &Authority) -> Self {
        self.tls = Some(authority.clone());
        self
    }

    /// Has a certificate for these names only.
    pub fn certificate_for(mut self, names: &[&str]) -> Self {
        self.names = names.iter().map(|name| (*name).to_owned()).collect();
        self
    }

    /// Has a certificate that has expired.
    pub fn expired(mut self) -> Self {
        self.expired = true;
        self
    }

    /// Speaks only this version of HTTP.
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = protocol;
        self
    }

    /// Lets every answer wait so long.
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Refuses connections until [`Server::listen`] is called.
    pub fn deaf(mut self) -> Self {
        self.listens = false;
        self
    }

    /// Lets only clients in that have a certificate of this authority.
    pub fn only_clients_of(mut self, authority: &Authority) -> Self {
        self.clients = Some(authority.clone());
        self
    }

    /// Keeps what it is given (PUT), and serves that before the registry.
    pub fn stores(mut self) -> Self {
        self.shelf = Some(Shelf::default());
        self
    }

    /// Starts it.
    pub fn start(self) -> Server {
        Server::start(self)
    }
}

/// A running server; dropping it ends it and all its connections.
pub struct Server {
    address: SocketAddr,
    authority: Option<Authority>,
    shared: Arc<Shared>,
    listen: Mutex<Option<(oneshot::Sender<()>, mpsc::UnboundedReceiver<()>)>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the test and the server's thread both hold.
struct Shared {
    registry: Mutex<Registry>,
    folder: Option<PathBuf>,
    sumdb: Mutex<Option<SumLog>>,
    shelf: Mutex<Option<Shelf>>,
    faults: Mutex<Vec<Fault>>,
    chaos: Mutex<Option<Chaos>>,
    ranges: Mutex<Ranges>,
    /// How many connections are still to be reset as they come.
    unwelcome: AtomicUsize,
    answered: AtomicUsize,
    latency: Mutex<Duration>,
    requests: Requests,
    connections: AtomicUsize,
    http: auto::Builder<TokioExecutor>,
    tls: Option<TlsAcceptor>,
}

impl Server {
    /// A server to be started, plain unless told otherwise.
    pub fn builder(registry: Registry) -> Builder {
        Builder {
            registry,
            folder: None,
            sumdb: None,
            tls: None,
            names: LOOPBACK.map(str::to_owned).to_vec(),
            expired: false,
            protocol: Protocol::Both,
            latency: Duration::ZERO,
            listens: true,
            shelf: None,
            clients: None,
        }
    }

    /// A plain server for a registry, without a database.
    pub fn http(registry: Registry) -> Self {
        Self::builder(registry).start()
    }

    fn start(builder: Builder) -> Self {
        // Bound, and refusing connections until it listens.
        let socket = TcpSocket::new_v4().expect("a socket");
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        socket.bind(any).expect("a port on 127.0.0.1");
        let address = socket.local_addr().expect("the address of the socket");
        let alpn: &[&[u8]] = match builder.protocol {
            Protocol::Both => &[b"h2", b"http/1.1"],
            Protocol::Http1 => &[b"http/1.1"],
            Protocol::Http2 => &[b"h2"],
        };
        let names: Vec<&str> = builder.names.iter().map(String::as_str).collect();
        let tls = builder.tls.as_ref().map(|authority| {
            let config =
                authority.server_config(&names, builder.expired, alpn, builder.clients.as_ref());
            TlsAcceptor::from(Arc::new(config))
        });
        let shared = Arc::new(Shared {
            registry: Mutex::new(builder.registry),
            folder: builder.folder,
            sumdb: Mutex::new(builder.sumdb),
            shelf: Mutex::new(builder.shelf),
            faults: Mutex::default(),
            chaos: Mutex::default(),
            ranges: Mutex::new(Ranges::ignored()),
            unwelcome: AtomicUsize::new(0),
            answered: AtomicUsize::new(0),
            latency: Mutex::new(builder.latency),
            requests: Requests::start(),
            connections: AtomicUsize::new(0),
            http: http(builder.protocol),
            tls,
        });
        let (stop, stopped) = oneshot::channel();
        let (listen, listening) = oneshot::channel();
        let (ready, is_ready) = mpsc::unbounded_channel();
        let for_thread = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("test-server".to_owned())
            .spawn(move || run(for_thread, socket, (listening, ready), stopped))
            .expect("a thread");
        let server = Self {
            address,
            authority: builder.tls,
            shared,
            listen: Mutex::new(Some((listen, is_ready))),
            stop: Some(stop),
            thread: Some(thread),
        };
        if builder.listens {
            server.listen();
        }
        server
    }

    /// Lets a deaf server accept connections; returns when it does.
    pub fn listen(&self) {
        if let Some((listen, mut ready)) = lock(&self.listen).take() {
            let _ = listen.send(());
            let _ = ready.blocking_recv();
        }
    }

    /// Resets the next n connections as soon as they are made.
    pub fn reset_connections(&self, n: usize) {
        self.shared.unwelcome.store(n, Ordering::SeqCst);
    }

    /// Deals with `Range` in this way from now on, unless a rule says otherwise.
    pub fn set_ranges(&self, ranges: Ranges) {
        *lock(&self.shared.ranges) = ranges;
    }

    /// Has requests that no rule means struck by chance.
    pub fn set_chaos(&self, chaos: Option<Chaos>) {
        *lock(&self.shared.chaos) = chaos;
    }

    /// The address.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL without a final slash, for GOPROXY.
    pub fn url(&self) -> String {
        let scheme = if self.authority.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// The URL with credentials in it.
    pub fn url_with(&self, user: &str, password: &str) -> String {
        self.url().replacen("://", &format!("://{user}:{password}@"), 1)
    }

    /// The authority, if the server has TLS.
    pub fn authority(&self) -> Option<&Authority> {
        self.authority.as_ref()
    }

    /// The file for SSL_CERT_FILE, if the server has TLS.
    pub fn ca_file(&self) -> Option<PathBuf> {
        self.authority.as_ref().map(Authority::file)
    }

    /// What it keeps, to be changed while the server runs.
    #[track_caller]
    pub fn shelf<T>(&self, with: impl FnOnce(&mut Shelf) -> T) -> T {
        with(lock(&self.shared.shelf).as_mut().expect("a server that stores"))
    }

    /// The registry, to be changed while the server runs. No answer is given while it is held.
    pub fn registry(&self) -> MutexGuard<'_, Registry> {
        lock(&self.shared.registry)
    }

    /// Does something with the database, for which the registry may be asked too:
    /// `server.sumdb(|log| log.add_all(&server.registry()))`.
    #[track_caller]
    pub fn sumdb<T>(&self, with: impl FnOnce(&mut SumLog) -> T) -> T {
        with(lock(&self.shared.sumdb).as_mut().expect("a server with a database"))
    }

    /// Puts another database in place of the one that there was.
    pub fn replace_sumdb(&self, log: Option<SumLog>) -> Option<SumLog> {
        std::mem::replace(&mut *lock(&self.shared.sumdb), log)
    }

    /// GOSUMDB for the database, to be reached through whatever GOPROXY says; nothing without one.
    pub fn vkey(&self) -> Option<String> {
        lock(&self.shared.sumdb).as_ref().map(SumLog::vkey)
    }

    /// GOSUMDB for the database with this server as its explicit URL.
    pub fn gosumdb(&self) -> String {
        let url = self.url();
        self.sumdb(|log| log.gosumdb(&url))
    }

    /// Adds a rule behind those that there are.
    pub fn fault(&self, fault: Fault) {
        lock(&self.shared.faults).push(fault);
    }

    /// Removes all rules, and ends what comes by chance.
    pub fn heal(&self) {
        lock(&self.shared.faults).clear();
        self.set_chaos(None);
    }

    /// Lets every answer from now on wait so long.
    pub fn set_latency(&self, latency: Duration) {
        *lock(&self.shared.latency) = latency;
    }

    /// All requests until now, in the order in which they came.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.all()
    }

    /// The requests whose path fits the pattern.
    pub fn requests_for(&self, pattern: &str) -> Vec<Request> {
        let mut requests = self.requests();
        requests.retain(|request| glob(pattern, &request.path));
        requests
    }

    /// The paths of all requests until now, in the order in which they came.
    pub fn paths(&self) -> Vec<String> {
        self.requests().into_iter().map(|request| request.path).collect()
    }

    /// How many requests there were whose path fits the pattern.
    pub fn count(&self, pattern: &str) -> usize {
        self.requests_for(pattern).len()
    }

    /// Forgets the requests until now.
    pub fn forget_requests(&self) {
        self.shared.requests.clear();
    }

    /// How many requests whose path fits the pattern were in flight at once.
    pub fn peak(&self, pattern: &str) -> usize {
        self.shared.requests.peak(pattern)
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn http(protocol: Protocol) -> auto::Builder<TokioExecutor> {
    let mut http = auto::Builder::new(TokioExecutor::new());
    http.http1().timer(TokioTimer::new());
    http.http2().timer(TokioTimer::new());
    match protocol {
        Protocol::Both => http,
        Protocol::Http1 => http.http1_only(),
        Protocol::Http2 => http.http2_only(),
    }
}

/// The server's thread: accepts until it is told to stop.
fn run(
    shared: Arc<Shared>,
    socket: TcpSocket,
    (listening, ready): (oneshot::Receiver<()>, mpsc::UnboundedSender<()>),
    mut stopped: oneshot::Receiver<()>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        tokio::select! {
            _ = &mut stopped => return,
            _ = listening => {}
        }
        let listener = socket.listen(1024).expect("a listening socket");
        let _ = ready.send(());
        loop {
            tokio::select! {
                _ = &mut stopped => return,
                accepted = listener.accept() => {
                    let Ok((stream, _)) = accepted else { continue };
                    let _ = stream.set_nodelay(true);
                    let unwelcome = &shared.unwelcome;
                    let one_less = |n: usize| n.checked_sub(1);
                    if unwelcome.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok() {
                        // Without lingering, closing sends a reset in place of a FIN.
                        let _ = stream.set_zero_linger();
                        continue;
                    }
                    tokio::spawn(greet(Arc::clone(&shared), stream));
                }
            }
        }
    });
}

async fn greet(shared: Arc<Shared>, stream: tokio::net::TcpStream) {
    let number = shared.connections.fetch_add(1, Ordering::SeqCst);
    let (line, commands) = Line::new(number);
    match &shared.tls {
        None => serve(&shared, Watched::new(stream, Arc::clone(&line)), line, commands).await,
        Some(tls) => {
            // A client that does not trust the certificate leaves here.
            if let Ok(stream) = tls.accept(stream).await {
                serve(&shared, Watched::new(stream, Arc::clone(&line)), line, commands).await;
            }
        }
    }
}

/// Serves one connection until it ends or is told to.
async fn serve<S>(
    shared: &Arc<Shared>,
    stream: Watched<S>,
    line: Arc<Line>,
    mut commands: mpsc::UnboundedReceiver<Command>,
) where
    S: OverTcp + AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|request| {
        let (shared, line) = (Arc::clone(shared), Arc::clone(&line));
        async move { answer(&shared, line, request).await }
    });
    let mut connection =
        std::pin::pin!(shared.http.serve_connection(TokioIo::new(stream), service));
    loop {
        tokio::select! {
            _ = connection.as_mut() => return,
            Some(command) = commands.recv() => match command {
                Command::Close | Command::Reset => return,
                Command::GoAway => connection.as_mut().graceful_shutdown(),
            },
        }
    }
}

/// Answers one request, truthfully or as the first rule that means it says.
async fn answer(
    shared: &Shared,
    line: Arc<Line>,
    request: hyper::Request<Incoming>,
) -> Result<Response<ScriptedBody>, Failure> {
    let record = describe(&request, line.number, shared.requests.elapsed());
    let in_flight = shared.requests.enter(record.clone());
    let faults = lock(&shared.faults).clone();
    let effect = faults.into_iter().find(|fault| fault.means(&record));
    let by_chance = || lock(&shared.chaos).as_ref().and_then(|chaos| chaos.strike(&record));
    let effect = effect.or_else(by_chance);
    let effect = effect.map(|fault| fault.effect).unwrap_or_default();

    let latency = *lock(&shared.latency);
    if latency > Duration::ZERO {
        sleep(latency).await;
    }
    if let Some(gate) = &effect.gate {
        gate.pass().await;
    }
    if let Some(delay) = effect.delay {
        sleep(delay).await;
    }
    match effect.head {
        Head::Sent => {}
        Head::Never => pending().await,
        Head::Refused => return Err(h2::Reason::REFUSED_STREAM.into()),
        Head::Connection(command) => {
            line.command(command);
            pending().await
        }
    }
    if effect.go_away {
        line.command(Command::GoAway);
    }
    let given = if record.method == "PUT" && effect.status.is_none() {
        super::shelf::read(request.into_body()).await
    } else {
        None
    };
    let reply = match given.and_then(|body| keep(shared, &record, body)) {
        Some(reply) => reply,
        None => effective_reply(shared, &effect, &record),
    };
    let ranges = effect.ranges.unwrap_or(*lock(&shared.ranges));
    let nth = shared.answered.fetch_add(1, Ordering::SeqCst);
    let (reply, headers) = in_part(ranges, reply, &record, nth);
    Ok(respond(&effect, reply, headers, &record, line, in_flight))
}

/// The rule's own answer, or the truth.
fn effective_reply(shared: &Shared, effect: &Effect, request: &Request) -> Reply {
    match (&effect.redirect, effect.status, &effect.body) {
        (Some(_), status, _) => Reply::error(status.unwrap_or(302), "elsewhere"),
        (None, status, Some(body)) => {
            Reply { status: status.unwrap_or(200), content_type: TEXT, body: body.clone() }
        }
        (None, Some(status), None) => Reply::error(status, format!("fault: {status}")),
        (None, None, None) => truth(shared, request),
    }
}

/// Keeps what was given, if the server does that.
fn keep(shared: &Shared, request: &Request, body: Bytes) -> Option<Reply> {
    let path = percent_decode(&request.path)?;
    Some(lock(&shared.shelf).as_mut()?.put(request, &path, body))
}

/// What the registry or the database answers.
fn truth(shared: &Shared, request: &Request) -> Reply {
    if request.method != "GET" && request.method != "HEAD" {
        return Reply::error(405, "method not allowed");
    }
    let Some(path) = percent_decode(&request.path) else {
        return Reply::error(400, "malformed path");
    };
    if let Some(kept) = lock(&shared.shelf).as_ref().and_then(|shelf| shelf.get(&path)) {
        return Reply::ok("application/octet-stream", kept.clone());
    }
    if let Some(folder) = &shared.folder
        && !path.split('/').any(|element| element == "..")
        && let Ok(data) = std::fs::read(folder.join(path.trim_start_matches('/')))
    {
        let kind = if path.ends_with(".zip") { "application/zip" } else { TEXT };
        return Reply::ok(kind, data);
    }
    // The database first: the order in which tests take the two locks.
    let mut sumdb = lock(&shared.sumdb);
    let registry = lock(&shared.registry);
    if let Some(log) = sumdb.as_mut()
        && let Some(below) = path.strip_prefix("/sumdb/").and_then(|p| p.strip_prefix(log.name()))
        && below.starts_with('/')
    {
        return log.respond(below, &registry);
    }
    registry.respond(&path)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no panic under the lock")
}
