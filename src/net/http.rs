//! The real transport: reqwest over rustls.
//!
//! What the `go` command's client does and ours must: at most ten redirects, none from https to
//! anything else; credentials for https only ([`credentials`](crate::net::credentials)), those of the URL
//! itself refused over plain http; HTTP proxies by Go's rules. What it does better: time-outs for connecting and for
//! stalling (none in total), and HTTP/2 windows large enough for distant servers, spread over a few
//! connections.

use std::sync::Arc;
use std::time::Instant;

use futures_util::StreamExt;
use reqwest::Version;
use reqwest::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName, IF_NONE_MATCH,
    IF_RANGE, LAST_MODIFIED, LOCATION, RANGE, RETRY_AFTER,
};
use url::Url;

use crate::event::{Event, Observer};
use crate::net::credentials::{AuthSettings, Credentials, Pass};
use crate::net::error::{NetError, RequestCause};
use crate::net::explain::explain;
use crate::net::helper::{Fill, Refusal};
use crate::net::identity::Identity;
use crate::net::pool::{Lease, Pool};
use crate::net::url::SafeUrl;
use crate::net::{
    BoxFuture, Exchange, Extra, Method, Piece, Request, Response, TransferSettings, Upload,
};

/// Requests in a row, as Go counts redirects.
const MAX_REDIRECTS: usize = 10;
/// How often a server is asked whether it takes what git filled in, while it gives no answer.
const SETTLE_TRIES: usize = 3;

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
    /// Any certificate will do, and redirects may lead from https to http.
    pub insecure: bool,
    /// HTTP proxies.
    pub proxy: ProxyRule,
    /// Where credentials come from, for https.
    pub auth: AuthSettings,
    /// How many connections to spread HTTP/2 streams over.
    pub connections: usize,
}

/// [`Exchange`] over the network.
pub struct HttpTransport {
    settings: HttpSettings,
    observer: Arc<dyn Observer>,
    pool: Arc<Pool>,
    credentials: Credentials,
}

impl HttpTransport {
    /// A transport with these settings, telling `observer` of each request.
    pub fn new(settings: HttpSettings, observer: Arc<dyn Observer>) -> HttpTransport {
        let credentials = Credentials::new(settings.auth.clone(), Arc::clone(&observer));
        let pool = Pool::new(settings.clone());
        HttpTransport { settings, observer, pool, credentials }
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
            let (answer, ()) =
                futures_util::future::join(again, self.settle(&renewal.fills, asked.settings))
                    .await;
            response = answer?;
        }
    }

    /// Tries what git filled in, and tells git.
    async fn settle(&self, fills: &[Fill], settings: &TransferSettings) {
        for fill in fills {
            for _ in 0..SETTLE_TRIES {
                let Ok(lease) = self.pool.lease(settings, &fill.prefix) else { return };
                let request =
                    lease.contact.client.head(fill.prefix.clone()).headers(fill.headers.clone());
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
            let lease = self.pool.lease(asked.settings, &place)?;
            let proxy = (self.settings.proxy)(&place)
                .map_err(|text| failed((text, RequestCause::Setting)))?;
            let method = match asked.method {
                Method::Get => reqwest::Method::GET,
                Method::Head => reqwest::Method::HEAD,
            };
            let client = &lease.contact.client;
            let mut request = client.request(method, place.clone()).headers(held.headers());
            if let Some(resume) = &asked.resume {
                request = request.header(RANGE, format!("bytes={}-", resume.from));
                if let Some(validator) = &resume.validator {
                    request = request.header(IF_RANGE, validator);
                }
            }
            let sent = match request.build() {
                Ok(request) => lease.contact.send(request).await,
                Err(err) => Err(err),
            };
            let mut response = sent.map_err(|err| {
                let silence = asked.settings.stall_timeout;
                let (text, cause) = explain(&err, &place, proxy.as_ref(), silence);
                let is_silent = matches!(cause, RequestCause::Timeout | RequestCause::Silence);
                self.pool.failed(&lease, place.host_str().unwrap_or_default(), is_silent);
                failed((text, cause))
            })?;
            response.extensions_mut().insert(lease.clone());
            let Some(next) = redirect(&response, &place) else { return Ok(response) };
            if let Some(text) =
                forbidden(url.scheme() == "https" && !self.settings.insecure, &place, &next)
            {
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
                let mut answer = self.response(&request, response);
                answer.length = length;
                return Ok(answer);
            }
            if let Some(encoding) = encoding(&response) {
                return Err(NetError::Unfit {
                    url: url.to_string(),
                    text: format!(
                        "the answer is compressed ({encoding}) without having been asked"
                    ),
                });
            }
            Ok(self.response(&request, response))
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
        let settings = TransferSettings::default();
        let lease = self.pool.lease(&settings, &place)?;
        let request = lease.contact.client.put(place.clone()).headers(pass.headers());
        let request = request.header(CONTENT_LENGTH, length).header(IF_NONE_MATCH, "*");
        let sent = match request.body(body).build() {
            Ok(request) => lease.contact.send(request).await,
            Err(err) => Err(err),
        };
        sent.map_err(|err| failed(explain(&err, &place, None, settings.stall_timeout).0))
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
            self.settle(&renewal.fills, &TransferSettings::default()).await;
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

    fn response(&self, asked: &Request<'_>, response: reqwest::Response) -> Response {
        let (url, silence) = (asked.url, asked.settings.stall_timeout);
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
        let pool = Arc::clone(&self.pool);
        let lease = response.extensions().get::<Lease>().cloned();
        let (address, place) = (url.clone(), response.url().clone());
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
                    let (text, cause) = explain(&err, &place, None, silence);
                    let silent = cause == RequestCause::Silence;
                    if let Some(lease) = &lease {
                        pool.failed(lease, place.host_str().unwrap_or_default(), silent);
                    }
                    Err(NetError::Body { url: address.to_string(), text, silent })
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
