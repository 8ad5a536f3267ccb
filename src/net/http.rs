//! The real transport: reqwest over rustls.
//!
//! What the `go` command's client does and ours must: at most ten redirects, none from https to
//! anything else; credentials for https only ([`credentials`](crate::net::credentials)), those of the URL
//! itself refused over plain http; HTTP proxies by Go's rules. What it does better: time-outs for connecting and for
//! stalling (none in total), and HTTP/2 windows large enough for distant servers, spread over a few
//! connections.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use reqwest::Version;
use reqwest::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH,
    IF_RANGE, LAST_MODIFIED, LOCATION, RANGE, RETRY_AFTER,
};
use reqwest::redirect::Policy;
use url::Url;

use crate::event::{Event, Observer};
use crate::net::contact::{Clients, One};
use crate::net::credentials::{AuthSettings, Credentials, Pass};
use crate::net::error::{NetError, RequestCause};
use crate::net::helper::{Fill, Refusal};
use crate::net::identity::Identity;
use crate::net::url::SafeUrl;
use crate::net::{BoxFuture, Exchange, Extra, Method, Piece, Request, Response, Upload, tls};

/// How long a connection may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a server may send nothing at all.
const STALL_TIMEOUT: Duration = Duration::from_secs(60);
/// Requests in a row, as Go counts redirects.
const MAX_REDIRECTS: usize = 10;
/// How often a server is asked whether it takes what git filled in, while it gives no answer.
const SETTLE_TRIES: usize = 3;
/// Bytes a server may send on one HTTP/2 stream before we have read them. The default of 64 KiB
/// makes a transfer wait for a round trip every 64 KiB; this much every 16 MiB, which is the time that
/// the largest zips need on a distant server.
const STREAM_WINDOW: u32 = 16 << 20;
/// The same for a whole connection.
const CONNECTION_WINDOW: u32 = 16 << 20;

/// Finds the HTTP proxy to use for a URL; an error text if the setting is malformed.
pub type ProxyRule = Arc<dyn Fn(&Url) -> Result<Option<Url>, String> + Send + Sync>;

/// What the transport needs to know of the user's settings.
#[derive(Clone)]
pub struct HttpSettings {
    /// `SSL_CERT_FILE`.
    pub cert_file: Option<std::path::PathBuf>,
    /// `SSL_CERT_DIR`.
    pub cert_dirs: Vec<std::path::PathBuf>,
    /// Certificates that we show to servers that ask for one.
    pub identities: Vec<Identity>,
    /// HTTP proxies.
    pub proxy: ProxyRule,
    /// Where credentials come from, for https.
    pub auth: AuthSettings,
    /// How many connections to spread HTTP/2 streams over.
    pub connections: usize,
}

/// [`Exchange`] over the network. The clients are made at the first request: reading the
/// certificates takes longer than many a run in which everything is in the cache.
pub struct HttpTransport {
    settings: HttpSettings,
    observer: Arc<dyn Observer>,
    clients: OnceLock<Result<Clients, String>>,
    /// Those that have a certificate of their own, in the order of the settings.
    known: Vec<OnceLock<Result<Clients, String>>>,
    next: AtomicUsize,
    credentials: Credentials,
}

impl HttpTransport {
    /// A transport with these settings, telling `observer` of each request.
    pub fn new(settings: HttpSettings, observer: Arc<dyn Observer>) -> HttpTransport {
        let credentials = Credentials::new(settings.auth.clone(), Arc::clone(&observer));
        let known = settings.identities.iter().map(|_| OnceLock::new()).collect();
        let (clients, next) = (OnceLock::new(), AtomicUsize::new(0));
        HttpTransport { settings, observer, clients, known, next, credentials }
    }

    /// The client whose turn it is, for the server of this URL.
    fn client(&self, place: &Url) -> Result<One<'_>, NetError> {
        let mut known = self.settings.identities.iter().zip(&self.known);
        let (identity, clients) = match known.find(|(identity, _)| identity.is_for(place)) {
            Some((identity, clients)) => (Some(identity), clients),
            None => (None, &self.clients),
        };
        let clients = clients.get_or_init(|| build_clients(&self.settings, identity));
        let clients = clients.as_ref().map_err(|text| NetError::Refused(text.clone()))?;
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        clients.one(turn).ok_or_else(|| NetError::Refused("no HTTP client".into()))
    }

    /// Sends the request with the credentials that are known, and again with others if it was refused.
    async fn send(&self, asked: &Request<'_>) -> Result<reqwest::Response, NetError> {
        let url = asked.url;
        let mut pass = self.credentials.first(url).await?;
        let mut response = self.follow(asked, &pass).await?;
        loop {
            let code = response.status().as_u16();
            let refused = || refusal(&response);
            let Some(renewal) = self.credentials.again(url, &pass, code, refused).await? else {
                return Ok(response);
            };
            pass = renewal.pass;
            let again = self.follow(asked, &pass);
            let (answer, ()) = futures_util::future::join(again, self.settle(&renewal.fills)).await;
            response = answer?;
        }
    }

    /// Tries what git filled in, and tells git.
    async fn settle(&self, fills: &[Fill]) {
        for fill in fills {
            for _ in 0..SETTLE_TRIES {
                let Ok(client) = self.client(&fill.prefix) else { return };
                let request = client.client.head(fill.prefix.clone()).headers(fill.headers.clone());
                let Ok(response) = request.send().await else { continue };
                match response.status().as_u16() {
                    200 => self.credentials.settle(fill, true).await,
                    401 => self.credentials.settle(fill, false).await,
                    _ => {}
                }
                break;
            }
        }
    }

    /// Sends the request, and follows redirects as Go does: at most ten, and never from https to
    /// something else.
    async fn follow(
        &self,
        asked: &Request<'_>,
        pass: &Pass,
    ) -> Result<reqwest::Response, NetError> {
        let url = asked.url;
        let failed = |(text, cause)| NetError::Request { url: url.to_string(), text, cause };
        let (mut place, mut held) = (bare(url.secret()), pass.clone());
        for _ in 0..MAX_REDIRECTS {
            let client = self.client(&place)?;
            let proxy = (self.settings.proxy)(&place)
                .map_err(|text| failed((text, RequestCause::Other)))?;
            let method = match asked.method {
                Method::Get => reqwest::Method::GET,
                Method::Head => reqwest::Method::HEAD,
            };
            let mut request = client.client.request(method, place.clone()).headers(held.headers());
            if let Some(resume) = &asked.resume {
                request = request.header(RANGE, format!("bytes={}-", resume.from));
                if let Some(validator) = &resume.validator {
                    request = request.header(IF_RANGE, validator);
                }
            }
            let sent = match request.build() {
                Ok(request) => client.send(request).await,
                Err(err) => Err(err),
            };
            let response = sent.map_err(|err| failed(explain(&err, &place, proxy.as_ref())))?;
            let Some(next) = redirect(&response, &place) else { return Ok(response) };
            if let Some(text) = forbidden(url.scheme() == "https", &place, &next) {
                return Err(failed((text, RequestCause::Redirect)));
            }
            held = self.credentials.redirected(pass, url, &SafeUrl::new(next.clone()))?;
            place = bare(&next);
        }
        Err(failed((format!("stopped after {MAX_REDIRECTS} redirects"), RequestCause::Redirect)))
    }
}

/// What GOAUTH's commands are told of an answer.
fn refusal(response: &reqwest::Response) -> Refusal {
    Refusal {
        protocol: match response.version() {
            Version::HTTP_2 => "HTTP/2.0",
            Version::HTTP_10 => "HTTP/1.0",
            _ => "HTTP/1.1",
        },
        status: status_text(response.status()),
        headers: response.headers().clone(),
    }
}

impl Exchange for HttpTransport {
    fn exchange<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Response, NetError>> {
        Box::pin(async move {
            let url = request.url;
            let response = self.observed(&request).await?;
            if request.method == Method::Head {
                // The body has none, but what it would have is in the header.
                let length = header(&response, CONTENT_LENGTH).and_then(|text| text.parse().ok());
                let mut answer = self.response(url, response);
                answer.length = length;
                return Ok(answer);
            }
            if let Some(encoding) = encoding(&response) {
                return Err(NetError::Body {
                    url: url.to_string(),
                    text: format!(
                        "the answer is compressed ({encoding}) without having been asked"
                    ),
                });
            }
            Ok(self.response(url, response))
        })
    }

    fn put<'a>(
        &'a self,
        url: &'a SafeUrl,
        upload: &'a Upload,
    ) -> BoxFuture<'a, Result<(), NetError>> {
        Box::pin(self.store(url, upload))
    }
}

impl HttpTransport {
    /// Sends a file once; gives the status.
    async fn send_file(
        &self,
        url: &SafeUrl,
        upload: &Upload,
        pass: &Pass,
    ) -> Result<reqwest::Response, NetError> {
        let failed = |text| NetError::Put { url: url.to_string(), text };
        let (length, pieces) =
            upload.open().map_err(|err| failed(crate::sys::error::reason(&err)))?;
        let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
        let place = bare(url.secret());
        let client = self.client(&place)?;
        let request = client.client.put(place.clone()).headers(pass.headers());
        let request = request.header(CONTENT_LENGTH, length).header(IF_NONE_MATCH, "*");
        let sent = match request.body(body).build() {
            Ok(request) => client.send(request).await,
            Err(err) => Err(err),
        };
        sent.map_err(|err| failed(explain(&err, &place, None).0))
    }

    /// The same, once more with other credentials if the first ones were refused.
    async fn store(&self, url: &SafeUrl, upload: &Upload) -> Result<(), NetError> {
        let mut pass = self.credentials.first(url).await?;
        loop {
            let response = self.send_file(url, upload, &pass).await?;
            let status = response.status();
            // 412: it is there already.
            if status.is_success() || status.as_u16() == 412 {
                return Ok(());
            }
            let refused = || refusal(&response);
            let renewal = self.credentials.again(url, &pass, status.as_u16(), refused).await?;
            let Some(renewal) = renewal else {
                return Err(NetError::Put { url: url.to_string(), text: status_text(status) });
            };
            pass = renewal.pass;
            self.settle(&renewal.fills).await;
        }
    }

    /// Sends a request, and tells the observer of it.
    async fn observed(&self, request: &Request<'_>) -> Result<reqwest::Response, NetError> {
        let shown = request.url.to_string();
        let started = Instant::now();
        self.observer.event(&Event::RequestStarted { url: shown.clone() });
        let result = self.send(request).await;
        let outcome = match &result {
            Ok(response) => status_text(response.status()),
            Err(err) => err.to_string(),
        };
        let elapsed = started.elapsed();
        self.observer.event(&Event::RequestFinished { url: shown, outcome, elapsed });
        result
    }

    fn response(&self, url: &SafeUrl, response: reqwest::Response) -> Response {
        let media_type = header(&response, CONTENT_TYPE)
            .map(|value| value.split(';').next().unwrap_or("").trim().to_ascii_lowercase())
            .unwrap_or_default();
        let extra = Extra {
            retry_after: header(&response, RETRY_AFTER),
            content_range: header(&response, CONTENT_RANGE),
            etag: header(&response, ETAG),
            last_modified: header(&response, LAST_MODIFIED),
        };
        let observer = Arc::clone(&self.observer);
        let address = url.clone();
        Response {
            url: url.clone(),
            status: response.status().as_u16(),
            status_text: status_text(response.status()),
            media_type,
            length: response.content_length(),
            extra,
            tried: None,
            body: Box::pin(response.bytes_stream().map(move |chunk| match chunk {
                Ok(bytes) => {
                    observer.event(&Event::BytesReceived { count: bytes.len() as u64 });
                    Ok(Piece::Data(bytes))
                }
                Err(err) => {
                    let (text, _) = explain(&err, address.secret(), None);
                    Err(NetError::Body { url: address.to_string(), text })
                }
            })),
        }
    }
}

/// The value of a header, if it is there and is text.
fn header(response: &reqwest::Response, name: HeaderName) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}

/// How the body is compressed, which we never ask for: what small answers may become large ones is
/// not worth the trouble. Nothing compressed is to be taken for the file itself.
fn encoding(response: &reqwest::Response) -> Option<String> {
    let codings = ["gzip", "x-gzip", "deflate", "br", "zstd", "compress", "x-compress"];
    let values = response.headers().get_all(CONTENT_ENCODING).iter();
    let values = values.filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    let mut values = values.map(|value| value.trim().to_ascii_lowercase());
    values.find(|value| codings.contains(&value.as_str()))
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

fn build_clients(settings: &HttpSettings, identity: Option<&Identity>) -> Result<Clients, String> {
    let tls = tls::client_config(settings.cert_file.as_deref(), &settings.cert_dirs, identity)
        .map_err(|err| format!("tls: {err}"))?;
    Clients::new(settings.connections, |telling| {
        let rule = Arc::clone(&settings.proxy);
        reqwest::Client::builder()
            .connector_layer(telling)
            .tls_backend_preconfigured(tls.clone())
            .no_proxy()
            .proxy(reqwest::Proxy::custom(move |url| rule(url).ok().flatten().map(resolving)))
            .redirect(Policy::none())
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
}

/// A SOCKS proxy is given names to resolve, as Go does it: only it may know them, and only it should.
fn resolving(mut proxy: Url) -> Url {
    if proxy.scheme() == "socks5" {
        // Both schemes are of a kind, so that one can take the other's place.
        let _ = proxy.set_scheme("socks5h");
    }
    proxy
}

/// Why a redirect must not be followed, `secure` being whether it began with https.
fn forbidden(secure: bool, from: &Url, to: &Url) -> Option<String> {
    if secure && to.scheme() != "https" {
        let [from, to] = [from, to].map(|url| SafeUrl::new(url.clone()));
        return Some(format!("redirected from secure URL {from} to insecure URL {to}"));
    }
    (!matches!(to.scheme(), "http" | "https"))
        .then(|| format!("unsupported protocol scheme \"{}\"", to.scheme()))
}

/// Where a redirect leads.
fn redirect(response: &reqwest::Response, from: &Url) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    from.join(response.headers().get(LOCATION)?.to_str().ok()?).ok()
}

/// The reason of a failed request in the words that Go users know, and its class.
///
/// `place` is what was asked for, `proxy` how it was to be reached.
fn explain(err: &reqwest::Error, place: &Url, proxy: Option<&Url>) -> (String, RequestCause) {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(err);
    let (dialled, dial) = match proxy {
        Some(proxy) => (proxy, "proxyconnect tcp: dial tcp"),
        None => (place, "dial tcp"),
    };
    let host = dialled.host_str().unwrap_or_default();
    let port = dialled.port_or_known_default().unwrap_or(0);
    while let Some(cause) = source {
        if let Some(tls) = find_tls(cause) {
            return explain_tls(tls, place.host_str().unwrap_or_default());
        }
        if cause.to_string().contains("proxy authorization required") {
            return ("Proxy Authentication Required".to_owned(), RequestCause::ProxyAuth);
        }
        if cause.to_string().contains("dns error") {
            return (format!("{dial}: lookup {host}: no such host"), RequestCause::Dns);
        }
        if let Some(io) = cause.downcast_ref::<std::io::Error>()
            && io.raw_os_error().is_some()
        {
            let reason = crate::sys::error::reason(io);
            if err.is_connect() {
                let text = format!("{dial} {host}:{port}: connect: {reason}");
                return (text, RequestCause::Connect);
            }
            return (reason, RequestCause::Other);
        }
        source = cause.source();
    }
    if err.is_timeout() {
        let what = if err.is_connect() {
            format!("{dial} {host}:{port}: i/o timeout")
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
    // I/O errors hold what they are made of without naming it as their source.
    find_tls(err.downcast_ref::<std::io::Error>()?.get_ref()?)
}

fn explain_tls(err: &rustls::Error, host: &str) -> (String, RequestCause) {
    use rustls::CertificateError as Cert;
    let rustls::Error::InvalidCertificate(reason) = err else {
        return (format!("tls: {err}"), RequestCause::Other);
    };
    let reason = match reason {
        // The latter where another authority of the same name is trusted.
        Cert::UnknownIssuer | Cert::BadSignature => {
            "certificate signed by unknown authority".to_owned()
        }
        Cert::Expired
        | Cert::ExpiredContext { .. }
        | Cert::NotValidYet
        | Cert::NotValidYetContext { .. } => {
            "certificate has expired or is not yet valid".to_owned()
        }
        Cert::NotValidForName => format!("certificate is not valid for {host}"),
        Cert::NotValidForNameContext { presented, .. } => wrong_name(presented, host),
        other => format!("{other:?}"),
    };
    (format!("tls: failed to verify certificate: x509: {reason}"), RequestCause::Certificate)
}

/// `presented` are names in the form `DnsName("example.com")` or `IpAddress(192.0.2.1)`.
fn wrong_name(presented: &[String], host: &str) -> String {
    let is_ip = |name: &String| name.starts_with("IpAddress");
    if host.parse::<std::net::IpAddr>().is_ok() && !presented.iter().any(is_ip) {
        return format!(
            "cannot validate certificate for {host} because it doesn't contain any IP SANs"
        );
    }
    let bare = |name: &String| match name.split_once('(') {
        Some((_, inner)) => inner.trim_matches([')', '"']).to_owned(),
        None => name.clone(),
    };
    let names: Vec<String> = presented.iter().map(bare).collect();
    format!("certificate is valid for {}, not {host}", names.join(", "))
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
