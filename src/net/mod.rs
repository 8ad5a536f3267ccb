//! Bytes over HTTP, and nothing about modules.
//!
//! Two seams. Everything above asks a [`Transport`] for a URL and gets a status and a stream of
//! [`Piece`]s; that one keeps trying. Below it stands an [`Exchange`], which sends one request once; the
//! real one is [`http::HttpTransport`], which honours proxies, certificates and credentials as the `go`
//! command does. Between them, a [`Network`] makes transports with the settings of one entry of GOPROXY
//! ([`TransferSettings`]). No error or event of this layer ever shows a password: addresses are
//! [`SafeUrl`]s, which hide them when printed.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use futures_util::{Stream, StreamExt};

use crate::sys::budget::{Budget, FREE, Held, Share};

pub mod certificate;
pub mod clock;
mod contact;
pub mod credentials;
pub mod dispatch;
pub mod error;
pub mod explain;
pub mod headers;
pub mod helper;
pub mod http;
pub mod identity;
pub mod limit;
pub mod network;
pub mod patience;
pub mod pool;
pub mod probe;
pub mod retry;
pub mod settings;
pub mod tls;
pub mod upload;
pub mod url;

pub use error::NetError;
pub use network::Network;
pub use settings::TransferSettings;
pub use upload::Upload;
pub use url::SafeUrl;

/// A future that can be sent to another thread.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Gets URLs, trying again where that can help.
pub trait Transport: Send + Sync {
    /// Sends a GET request and returns when the headers of the final answer (after redirects) are there.
    ///
    /// An answer of any status is `Ok`. An error means that no answer came: the address could not
    /// be reached, the certificate was refused, a redirect led somewhere forbidden.
    fn get<'a>(&'a self, url: &'a SafeUrl, ask: Ask) -> BoxFuture<'a, Result<Response, NetError>>;

    /// How many bytes a GET request would bring, asked without getting them; `None` where that is
    /// not said.
    ///
    /// # Errors
    /// As [`Transport::get`], and where the status is not 200.
    fn length<'a>(
        &'a self,
        url: &'a SafeUrl,
        ask: Ask,
    ) -> BoxFuture<'a, Result<Option<u64>, NetError>>;
}

/// How a URL is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ask {
    /// How much trouble is taken before giving up.
    pub patience: Patience,
    /// What is expected.
    pub kind: BodyKind,
}

/// How much trouble is taken with a request before giving up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Patience {
    /// It is sent once: somebody else will be asked, and nothing is lost.
    None,
    /// It is tried once more: somebody else may be asked.
    Once,
    /// As often as the settings say.
    #[default]
    Full,
}

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum BodyKind {
    /// Read into memory, where it may have to wait for room: it never blocks other transfers meanwhile.
    #[default]
    Small,
    /// Streamed into a file by someone who waits for nothing else, and worth to be resumed. If nothing
    /// but the length says that the rest belongs to the start, a [`Piece::Spliced`] tells so.
    Large,
    /// The same, but never put together where only the length says that the parts fit.
    Unspliced,
}

/// Sends a request once.
pub trait Exchange: Send + Sync {
    /// Sends it, follows redirects, and returns when the headers of the final answer are there.
    ///
    /// # Errors
    /// As [`Transport::get`].
    fn exchange<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Response, NetError>>;

    /// Has a file stored (PUT), unless there is one of that name already, which is as well.
    ///
    /// # Errors
    /// When it was not stored.
    fn put<'a>(
        &'a self,
        url: &'a SafeUrl,
        upload: &'a Upload,
    ) -> BoxFuture<'a, Result<(), NetError>> {
        let text = format!("cannot send {} anything", url);
        let _ = upload;
        Box::pin(async move { Err(NetError::Refused(text)) })
    }
}

/// A request to be sent once.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// What is to be done.
    pub method: Method,
    /// The address.
    pub url: &'a SafeUrl,
    /// Where to go on with a body of which a part has arrived.
    pub resume: Option<Resume>,
    /// The time-outs that hold for it.
    pub settings: &'a TransferSettings,
}

/// What a request asks to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Send the body.
    Get,
    /// Send everything but the body.
    Head,
}

/// Where to go on with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// How many bytes have arrived.
    pub from: u64,
    /// A strong ETag or a Last-Modified date, for `If-Range`.
    pub validator: Option<String>,
}

/// The answer to a request, its body still to be read.
pub struct Response {
    /// The address that was asked (not one that it redirected to, which may be signed).
    pub url: SafeUrl,
    /// The status code.
    pub status: u16,
    /// The status line as Go prints it: `404 Not Found`.
    pub status_text: String,
    /// The media type, without parameters, in lower case; empty if there is none.
    pub media_type: String,
    /// How many bytes the body is announced to have.
    pub length: Option<u64>,
    /// What else the headers say.
    pub extra: Extra,
    /// How often it was asked for, if more than once.
    pub tried: Option<error::Tried>,
    /// The body.
    pub body: Body,
}

/// Headers that matter to whoever has to ask again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Extra {
    /// `Retry-After`.
    pub retry_after: Option<String>,
    /// `Content-Range`.
    pub content_range: Option<String>,
    /// `ETag`.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
}

/// A stream of pieces that ends with the body or with an error.
pub type Body = Pin<Box<dyn Stream<Item = Result<Piece, NetError>> + Send>>;

/// A part of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// The next bytes.
    Data(Bytes),
    /// All that came before is to be forgotten: the body starts anew.
    Restart,
    /// What follows comes from another answer, and only its length says that it belongs to what came
    /// before.
    Spliced,
}

/// The most that is kept of an error page: lines and bytes, as the `go` command limits them.
const MAX_DETAIL_LINES: usize = 8;
const MAX_DETAIL_BYTES: usize = MAX_DETAIL_LINES * 81;

impl Response {
    /// The response itself if the status is 200, else the error that the status means.
    ///
    /// A plain-text page of an error is quoted in it, cut to a few lines; whatever is not printable
    /// UTF-8 is left out.
    pub async fn ok(mut self) -> Result<Response, NetError> {
        if self.status == 200 {
            return Ok(self);
        }
        let detail = if self.media_type == "text/plain" {
            error_detail(&mut self.body).await
        } else {
            String::new()
        };
        let err = NetError::Status {
            url: self.url.to_string(),
            code: self.status,
            text: self.status_text,
            detail,
        };
        Err(err.tried(self.tried))
    }

    /// The whole body, refusing more than `limit` bytes. One that is large waits until `budget` has
    /// memory for it; it is not read any further meanwhile.
    pub async fn bytes(mut self, limit: u64, budget: &Budget) -> Result<Held, NetError> {
        let too_large = |url: &SafeUrl| NetError::TooLarge { url: url.to_string(), limit };
        let mut announced = self.length.unwrap_or(limit);
        if announced > limit {
            return Err(too_large(&self.url));
        }
        let mut data = Vec::new();
        let mut share = None;
        while let Some(piece) = self.body.next().await {
            let chunk = match piece? {
                Piece::Data(chunk) => chunk,
                Piece::Restart => {
                    // What comes now may have another length.
                    (data, share, announced) = (Vec::new(), None, limit);
                    continue;
                }
                // Whoever wants a small body does not ask for splicing.
                Piece::Spliced => continue,
            };
            let size = data.len() as u64 + chunk.len() as u64;
            if size > limit {
                return Err(too_large(&self.url));
            }
            if size > FREE && share.is_none() {
                // All at once, be it too much: who holds a part while waiting blocks others. What a
                // file is too long for its announced size waits for what it may become.
                let most = if size > announced { limit } else { announced };
                share = Some(budget.share(most).await);
                data.reserve_exact(usize::try_from(most).unwrap_or(0).saturating_sub(data.len()));
            }
            data.extend_from_slice(&chunk);
        }
        Ok(Held::new(data, share.unwrap_or_else(Share::none)))
    }
}

/// The start of an error page, tab-indented as it is shown under the error; empty if not fit to show.
async fn error_detail(body: &mut Body) -> String {
    let mut data = Vec::new();
    while data.len() <= 2 * MAX_DETAIL_BYTES {
        match body.next().await {
            Some(Ok(Piece::Data(chunk))) => data.extend_from_slice(&chunk),
            Some(Ok(_)) => {}
            _ => break,
        }
    }
    data.truncate(2 * MAX_DETAIL_BYTES);
    format_detail(&data)
}

/// The start of an error page that is plain text, as it is shown under the error: tab-indented, cut to a few
/// lines, empty if not fit to show.
pub fn format_detail(data: &[u8]) -> String {
    // The cut may have split a character: judge only what is whole.
    let text = match std::str::from_utf8(data) {
        Ok(text) => text,
        Err(err) if err.error_len().is_none() => {
            std::str::from_utf8(data.get(..err.valid_up_to()).unwrap_or_default())
                .unwrap_or_default()
        }
        Err(_) => return String::new(),
    };
    if text.chars().any(|c| c.is_control() && !c.is_whitespace()) {
        return String::new();
    }
    let mut detail = String::new();
    for (number, line) in text.split('\n').enumerate() {
        if line.trim().is_empty() {
            break;
        }
        if number > 0 {
            detail.push_str("\n\t");
        }
        if number >= MAX_DETAIL_LINES {
            detail.push_str("[Truncated: too many lines.]");
            break;
        }
        if detail.len() + line.len() > MAX_DETAIL_BYTES {
            detail.push_str("[Truncated: too long.]");
            break;
        }
        detail.push_str(&crate::sys::tty::printable(line.trim_end_matches('\r')));
    }
    detail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_short_and_printable() {
        for (page, want) in [
            ("not found", "not found"),
            ("line one\nline two\n\nrest", "line one\n\tline two"),
            ("\x1b[31mred", ""),
            ("", ""),
        ] {
            assert_eq!(format_detail(page.as_bytes()), want, "{page:?}");
        }
        assert_eq!(format_detail(&[0xff, 0xfe]), "");
        assert!(
            format_detail("x\n".repeat(20).as_bytes()).ends_with("[Truncated: too many lines.]")
        );
        assert_eq!(format_detail("y".repeat(5000).as_bytes()), "[Truncated: too long.]");
    }
}
