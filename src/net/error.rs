//! What can go wrong between asking for a URL and having its bytes.

use std::time::Duration;

use crate::error::{Error, ErrorKind};

/// A failed request. Addresses are printed without credentials.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// The server answered with another status than 200.
    #[error("reading {url}: {text}{}", server_response(detail))]
    Status {
        /// The address.
        url: String,
        /// The status code.
        code: u16,
        /// The status line, such as `404 Not Found`.
        text: String,
        /// A few lines of the error page, or nothing.
        detail: String,
    },
    /// No answer came.
    #[error("Get \"{url}\": {text}")]
    Request {
        /// The address.
        url: String,
        /// Why, in the words that Go users know.
        text: String,
        /// Which part failed.
        cause: RequestCause,
    },
    /// A file was not stored.
    #[error("Put \"{url}\": {text}")]
    Put {
        /// The address.
        url: String,
        /// Why not.
        text: String,
    },
    /// The body broke off.
    #[error("read \"{url}\": {text}")]
    Body {
        /// The address.
        url: String,
        /// Why.
        text: String,
    },
    /// The body is larger than such a file may be.
    #[error("reading {url}: response is larger than {limit} bytes")]
    TooLarge {
        /// The address.
        url: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// The request was not sent, for it would have given a secret away or can't work.
    #[error("{0}")]
    Refused(String),
    /// A file of a `file://` proxy could not be read.
    #[error("reading {url}: {text}")]
    File {
        /// The address.
        url: String,
        /// Why.
        text: String,
        /// Whether it does not exist.
        not_found: bool,
        /// Whether reading it is not allowed.
        forbidden: bool,
    },
    /// What came of the last of several tries.
    #[error("{error}")]
    Tried {
        /// Why it failed.
        error: Box<NetError>,
        /// How often it was tried.
        tried: Tried,
    },
}

/// How often something was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tried {
    /// How often.
    pub times: u32,
    /// From the first request to the end of the last one.
    pub within: Duration,
}

/// Which part of sending a request failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestCause {
    /// The HTTP proxy wants other credentials, or any.
    ProxyAuth,
    /// The name could not be resolved.
    Dns,
    /// No connection could be made.
    Connect,
    /// The server's certificate was refused.
    Certificate,
    /// Nothing came for too long.
    Timeout,
    /// A redirect led somewhere forbidden, or there were too many.
    Redirect,
    /// Anything else, such as a reset stream.
    Other,
}

impl NetError {
    /// Whether the answer was "there is no such thing": 404 or 410, or no such file.
    pub fn is_not_found(&self) -> bool {
        match self {
            NetError::Status { code, .. } => matches!(code, 404 | 410),
            NetError::File { not_found, .. } => *not_found,
            NetError::Tried { error, .. } => error.is_not_found(),
            _ => false,
        }
    }

    /// Whether access was denied: 401, 403 or 407.
    pub fn is_forbidden(&self) -> bool {
        match self {
            NetError::Status { code, .. } => matches!(code, 401 | 403 | 407),
            NetError::Request { cause, .. } => *cause == RequestCause::ProxyAuth,
            NetError::File { forbidden, .. } => *forbidden,
            NetError::Tried { error, .. } => error.is_forbidden(),
            _ => false,
        }
    }
}

impl NetError {
    /// The same error, saying how often it was tried.
    pub(super) fn tried(self, tried: Option<Tried>) -> NetError {
        match tried {
            Some(tried) => NetError::Tried { error: Box::new(self), tried },
            None => self,
        }
    }

    /// What a person can do about it.
    fn advice(&self) -> Option<&'static str> {
        match self {
            NetError::Status { code: 407, .. }
            | NetError::Request { cause: RequestCause::ProxyAuth, .. } => Some(
                "put the user and the password of the HTTP proxy into HTTPS_PROXY: \
                 http://user:password@host:port",
            ),
            NetError::Status { code: 401 | 403, .. } => Some(
                "if the server wants credentials, put them into netrc (machine HOST login USER \
                 password TOKEN); they are sent over https only",
            ),
            NetError::Status { code: 429 | 500.., .. } => {
                Some("the server is in trouble, or wants to be asked less: try again later")
            }
            NetError::Request { cause: RequestCause::Dns, .. } => Some(
                "check the name of the host in GOPROXY and GOSUMDB; behind an HTTP proxy set \
                 HTTPS_PROXY",
            ),
            NetError::Request { cause: RequestCause::Connect, .. } => Some(
                "check that the server runs and that nothing bars the way; behind an HTTP proxy \
                 set HTTPS_PROXY",
            ),
            NetError::Request { cause: RequestCause::Certificate, .. } => Some(
                "if an authority of your company signed the certificate, name the authority's own \
                 certificate in SSL_CERT_FILE",
            ),
            NetError::Request { cause: RequestCause::Timeout, .. } | NetError::Body { .. } => {
                Some("what arrived whole is kept: run again to go on with the rest")
            }
            _ => None,
        }
    }
}

impl From<NetError> for Error {
    fn from(err: NetError) -> Error {
        if let NetError::Tried { error, tried } = err {
            return Error::from(*error).hint(tried.to_string());
        }
        let advice = err.advice();
        let kind = if err.is_not_found() {
            ErrorKind::NotFound
        } else if err.is_forbidden() {
            ErrorKind::Forbidden
        } else {
            match err {
                NetError::TooLarge { .. } => ErrorKind::Security,
                NetError::Refused(_) | NetError::File { .. } => ErrorKind::Other,
                _ => ErrorKind::Network,
            }
        };
        let err = Error::new(kind, err);
        match advice {
            Some(advice) => err.hint(advice),
            None => err,
        }
    }
}

impl std::fmt::Display for Tried {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.within.as_millis().div_ceil(1000);
        write!(f, "this was tried {} times within {seconds} s", self.times)
    }
}

fn server_response(detail: &str) -> String {
    if detail.is_empty() {
        String::new()
    } else if detail.contains('\n') {
        format!("\n\tserver response:\n\t{detail}")
    } else {
        format!("\n\tserver response: {detail}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wording_and_classes() {
        let err = |code, text: &str, detail: &str| NetError::Status {
            url: "https://proxy.example.com/m/@v/v1.0.0.info".into(),
            code,
            text: text.into(),
            detail: detail.into(),
        };
        let gone = err(410, "410 Gone", "");
        assert_eq!(
            gone.to_string(),
            "reading https://proxy.example.com/m/@v/v1.0.0.info: 410 Gone"
        );
        assert!(gone.is_not_found() && !gone.is_forbidden());
        assert_eq!(
            err(404, "404 Not Found", "no such module").to_string(),
            "reading https://proxy.example.com/m/@v/v1.0.0.info: 404 Not Found\n\
             \tserver response: no such module"
        );
        assert!(err(403, "403 Forbidden", "").is_forbidden());
        assert!(!err(500, "500 Internal Server Error", "").is_not_found());
    }

    #[test]
    fn several_tries_are_told_as_a_hint() {
        let body = NetError::Body {
            url: "https://proxy.example.com/m/@v/v1.0.0.zip".into(),
            text: "unexpected EOF".into(),
        };
        let tried = Tried { times: 3, within: Duration::from_millis(1200) };
        let err = Error::from(body.clone().tried(Some(tried)));
        assert_eq!(err.to_string(), body.to_string());
        assert_eq!(err.kind(), ErrorKind::Network);
        assert_eq!(
            err.hints(),
            [
                "what arrived whole is kept: run again to go on with the rest",
                "this was tried 3 times within 2 s"
            ]
        );
        assert_eq!(body.clone().tried(None), body);
    }
}
