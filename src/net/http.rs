//! The real transport: reqwest over rustls.
//!
//! What the `go` command's client does and ours must: at most ten redirects, none from https to
//! anything else; credentials from netrc for https only, and those of the URL itself refused over
//! plain http; HTTP proxies by Go's rules. What it does better: time-outs for connecting and for
//! stalling (none in total), and HTTP/2 windows large enough for distant servers, spread over a few
//! connections.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::redirect::Policy;
use url::Url;

use crate::event::{Event, Observer};
use crate::net::error::{NetError, RequestCause};
use crate::net::url::SafeUrl;
use crate::net::{BoxFuture, Response, Transport, tls};

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a server may send nothing at all.
const STALL_TIMEOUT: Duration = Duration::from_secs(60);
/// As Go's client.
const MAX_REDIRECTS: usize = 10;
/// Bytes a server may send on one HTTP/2 stream before we have read them. The default of 64 KiB
/// makes a transfer wait for a round trip every 64 KiB.
const STREAM_WINDOW: u32 = 4 << 20;
/// The same for a whole connection.
const CONNECTION_WINDOW: u32 = 16 << 20;

/// Finds the HTTP proxy to use for a URL; an error text if the setting is malformed.
pub type ProxyRule = Arc<dyn Fn(&Url) -> Result<Option<Url>, String> + Send + Sync>;
/// Finds user name and password for a host (`host` or `host:port`); an error text if the settings
/// for credentials are malformed.
pub type Netrc = Arc<dyn Fn(&str) -> Result<Option<(String, String)>, String> + Send + Sync>;

/// What the transport needs to know of the user's settings.
#[derive(Clone)]
pub struct HttpSettings {
    /// `SSL_CERT_FILE`.
    pub cert_file: Option<std::path::PathBuf>,
    /// `SSL_CERT_DIR`.
    pub cert_dirs: Vec<std::path::PathBuf>,
    /// HTTP proxies.
    pub proxy: ProxyRule,
    /// Credentials by host, for https.
    pub netrc: Netrc,
    /// How many connections to spread HTTP/2 streams over.
    pub connections: usize,
}

/// [`Transport`] over the network. The clients are made at the first request: reading the
/// certificates takes longer than many a run in which everything is in the cache.
pub struct HttpTransport {
    settings: HttpSettings,
    observer: Arc<dyn Observer>,
    clients: OnceLock<Result<Vec<reqwest::Client>, String>>,
    next: AtomicUsize,
}

impl HttpTransport {
    /// A transport with these settings, telling `observer` of each request.
    pub fn new(settings: HttpSettings, observer: Arc<dyn Observer>) -> HttpTransport {
        HttpTransport { settings, observer, clients: OnceLock::new(), next: AtomicUsize::new(0) }
    }

    fn client(&self) -> Result<&reqwest::Client, NetError> {
        let clients = self.clients.get_or_init(|| build_clients(&self.settings));
        let clients = clients.as_ref().map_err(|text| NetError::Refused(text.clone()))?;
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        clients
            .get(turn % clients.len().max(1))
            .ok_or_else(|| NetError::Refused("no HTTP client".into()))
    }

    async fn send(&self, url: &SafeUrl) -> Result<reqwest::Response, NetError> {
        let request_error =
            |text: String, cause| NetError::Request { url: url.to_string(), text, cause };
        let mut request = self.client()?.get(bare(url.secret()));
        if let Some(value) = self.authorization(url)? {
            request = request.header(AUTHORIZATION, value);
        }
        if let Err(text) = (self.settings.proxy)(url.secret()) {
            return Err(request_error(text, RequestCause::Other));
        }
        request.send().await.map_err(|err| {
            let (text, cause) = explain(&err, url);
            request_error(text, cause)
        })
    }

    /// The Authorization header: netrc's entry first (https only), then the URL's own credentials.
    fn authorization(&self, url: &SafeUrl) -> Result<Option<HeaderValue>, NetError> {
        let own = url.credentials();
        if url.scheme() != "https" {
            return match own {
                None => Ok(None),
                Some(_) => Err(NetError::Refused(format!(
                    "refusing to pass credentials to insecure URL: {url}"
                ))),
            };
        }
        let host = url.secret().host_str().unwrap_or_default();
        let host = match url.secret().port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let found = (self.settings.netrc)(&host).map_err(NetError::Refused)?;
        let Some((user, password)) = found.or(own) else { return Ok(None) };
        use base64::Engine as _;
        let token = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        let mut value = HeaderValue::from_str(&format!("Basic {token}"))
            .map_err(|_| NetError::Refused(format!("malformed credentials for {url}")))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }
}

impl Transport for HttpTransport {
    fn get<'a>(&'a self, url: &'a SafeUrl) -> BoxFuture<'a, Result<Response, NetError>> {
        Box::pin(async move {
            let shown = url.to_string();
            let started = Instant::now();
            self.observer.event(&Event::RequestStarted { url: shown.clone() });
            let result = self.send(url).await;
            let outcome = match &result {
                Ok(response) => status_text(response.status()),
                Err(err) => err.to_string(),
            };
            let elapsed = started.elapsed();
            self.observer.event(&Event::RequestFinished { url: shown, outcome, elapsed });
            Ok(self.response(url, result?))
        })
    }
}

impl HttpTransport {
    fn response(&self, url: &SafeUrl, response: reqwest::Response) -> Response {
        let media_type = response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .map(|value| value.split(';').next().unwrap_or("").trim().to_ascii_lowercase())
            .unwrap_or_default();
        let observer = Arc::clone(&self.observer);
        let address = url.clone();
        Response {
            url: url.clone(),
            status: response.status().as_u16(),
            status_text: status_text(response.status()),
            media_type,
            length: response.content_length(),
            body: Box::pin(response.bytes_stream().map(move |chunk| match chunk {
                Ok(bytes) => {
                    observer.event(&Event::BytesReceived { count: bytes.len() as u64 });
                    Ok(bytes)
                }
                Err(err) => Err(explain(&err, &address).0),
            })),
        }
    }
}

/// The URL without user name and password, which go into a header of their own.
fn bare(url: &Url) -> Url {
    let mut url = url.clone();
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url
}

fn status_text(status: reqwest::StatusCode) -> String {
    match status.canonical_reason() {
        Some(reason) => format!("{} {reason}", status.as_u16()),
        None => status.as_u16().to_string(),
    }
}

fn build_clients(settings: &HttpSettings) -> Result<Vec<reqwest::Client>, String> {
    let tls = tls::client_config(settings.cert_file.as_deref(), &settings.cert_dirs)
        .map_err(|err| format!("tls: {err}"))?;
    (0..settings.connections.max(1))
        .map(|_| {
            let rule = Arc::clone(&settings.proxy);
            reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .no_proxy()
                .proxy(reqwest::Proxy::custom(move |url| rule(url).ok().flatten()))
                .redirect(Policy::custom(follow))
                .referer(false)
                .connect_timeout(CONNECT_TIMEOUT)
                .read_timeout(STALL_TIMEOUT)
                .http2_initial_stream_window_size(STREAM_WINDOW)
                .http2_initial_connection_window_size(CONNECTION_WINDOW)
                .tcp_nodelay(true)
                .user_agent(concat!("gomodfetch/", env!("CARGO_PKG_VERSION")))
                .build()
                .map_err(|err| error_chain(&err))
        })
        .collect()
}

/// Follows redirects as Go does: at most ten, and never from https to something else.
fn follow(attempt: reqwest::redirect::Attempt<'_>) -> reqwest::redirect::Action {
    if attempt.previous().len() > MAX_REDIRECTS {
        return attempt.error(Forbidden(format!("stopped after {MAX_REDIRECTS} redirects")));
    }
    let secure = attempt.previous().first().is_some_and(|first| first.scheme() == "https");
    if secure && attempt.url().scheme() != "https" {
        let from = attempt.previous().last().cloned().map(SafeUrl::new);
        let to = SafeUrl::new(attempt.url().clone());
        let from = from.map(|url| url.to_string()).unwrap_or_default();
        return attempt
            .error(Forbidden(format!("redirected from secure URL {from} to insecure URL {to}")));
    }
    if !matches!(attempt.url().scheme(), "http" | "https") {
        let scheme = attempt.url().scheme().to_owned();
        return attempt.error(Forbidden(format!("unsupported protocol scheme \"{scheme}\"")));
    }
    attempt.follow()
}

/// A redirect that must not be followed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Forbidden(String);

/// The reason of a failed request in the words that Go users know, and its class.
fn explain(err: &reqwest::Error, url: &SafeUrl) -> (String, RequestCause) {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(err);
    let host = url.secret().host_str().unwrap_or_default();
    let port = url.secret().port_or_known_default().unwrap_or(0);
    while let Some(cause) = source {
        if let Some(forbidden) = cause.downcast_ref::<Forbidden>() {
            return (forbidden.to_string(), RequestCause::Redirect);
        }
        if let Some(tls) = find_tls(cause) {
            return explain_tls(tls, host);
        }
        if cause.to_string().contains("dns error") {
            return (format!("dial tcp: lookup {host}: no such host"), RequestCause::Dns);
        }
        if let Some(io) = cause.downcast_ref::<std::io::Error>()
            && io.raw_os_error().is_some()
        {
            let reason = crate::sys::error::reason(io);
            if err.is_connect() {
                let text = format!("dial tcp {host}:{port}: connect: {reason}");
                return (text, RequestCause::Connect);
            }
            return (reason, RequestCause::Other);
        }
        source = cause.source();
    }
    if err.is_timeout() {
        let what = if err.is_connect() {
            format!("dial tcp {host}:{port}: i/o timeout")
        } else {
            format!("no data for {} seconds", STALL_TIMEOUT.as_secs())
        };
        return (what, RequestCause::Timeout);
    }
    if err.is_body() || err.is_decode() {
        return (body_reason(err), RequestCause::Other);
    }
    (error_chain(err), if err.is_connect() { RequestCause::Connect } else { RequestCause::Other })
}

/// Why a body broke off.
fn body_reason(err: &reqwest::Error) -> String {
    let chain = error_chain(err);
    let truncated =
        ["end of file before message length reached", "unexpected end of file", "UnexpectedEof"];
    if truncated.iter().any(|text| chain.contains(text)) {
        return "unexpected EOF".to_owned();
    }
    chain
}

fn find_tls<'a>(err: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    if let Some(tls) = err.downcast_ref::<rustls::Error>() {
        return Some(tls);
    }
    let io = err.downcast_ref::<std::io::Error>()?;
    io.get_ref()?.downcast_ref::<rustls::Error>()
}

fn explain_tls(err: &rustls::Error, host: &str) -> (String, RequestCause) {
    use rustls::CertificateError as Cert;
    let rustls::Error::InvalidCertificate(reason) = err else {
        return (format!("tls: {err}"), RequestCause::Other);
    };
    let reason = match reason {
        Cert::UnknownIssuer => "certificate signed by unknown authority".to_owned(),
        Cert::Expired
        | Cert::ExpiredContext { .. }
        | Cert::NotValidYet
        | Cert::NotValidYetContext { .. } => {
            "certificate has expired or is not yet valid".to_owned()
        }
        Cert::NotValidForName => format!("certificate is not valid for {host}"),
        Cert::NotValidForNameContext { presented, .. } => {
            format!("certificate is valid for {}, not {host}", presented.join(", "))
        }
        other => format!("{other:?}"),
    };
    (format!("tls: failed to verify certificate: x509: {reason}"), RequestCause::Certificate)
}

/// The messages of an error and its sources, without those that repeat the address.
fn error_chain(err: &(dyn std::error::Error + 'static)) -> String {
    let mut parts = Vec::new();
    let mut source = err.source();
    while let Some(cause) = source {
        parts.push(cause.to_string());
        source = cause.source();
    }
    match parts.is_empty() {
        true => "request failed".to_owned(),
        false => parts.join(": "),
    }
}
