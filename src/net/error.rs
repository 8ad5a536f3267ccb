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
        /// Whether it is because the server sent nothing for too long.
        silent: bool,
    },
    /// The answer is not of the kind that was asked for.
    #[error("read \"{url}\": {text}")]
    Unfit {
        /// The address.
        url: String,
        /// What it is.
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

/// Whether a status tells of trouble that may pass. 501 and 505 are about what the server can't do at
/// all, and 511 is the login page of a network.
pub fn is_transient_status(code: u16) -> bool {
    matches!(code, 408 | 429 | 500..=599) && !matches!(code, 501 | 505 | 511)
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestCause {
    /// The HTTP proxy wants other credentials, or any.
    ProxyAuth,
    /// The name could not be resolved.
    Dns {
        /// Whether it is the name server that gave no answer.
        is_temporary: bool,
    },
    /// No connection could be made.
    Connect,
    /// The server's certificate was refused.
    Certificate {
        /// The host that was to be reached.
        host: String,
        /// Who issued the certificate, if that is known.
        issuer: Option<String>,
    },
    /// There was no agreement on how to talk securely.
    Tls,
    /// A setting can't be understood.
    Setting,
    /// No connection stood in time.
    Timeout,
    /// The server sent nothing for too long.
    Silence,
    /// A redirect led somewhere forbidden, or there were too many.
    Redirect,
    /// The connection broke, which requests share in HTTP/2, before there was an answer.
    Lost,
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

    /// Whether trying again may help: what the network did may be different the next time, what was
    /// decided is not.
    pub fn is_transient(&self) -> bool {
        match self {
            NetError::Status { code, .. } => is_transient_status(*code),
            NetError::Request { cause, .. } => match cause {
                RequestCause::Dns { is_temporary } => *is_temporary,
                RequestCause::Connect
                | RequestCause::Timeout
                | RequestCause::Silence
                | RequestCause::Lost
                | RequestCause::Other => true,
                RequestCause::Certificate { .. }
                | RequestCause::Tls
                | RequestCause::ProxyAuth
                | RequestCause::Setting
                | RequestCause::Redirect => false,
            },
            NetError::Body { .. } => true,
            NetError::Unfit { .. }
            | NetError::Put { .. }
            | NetError::TooLarge { .. }
            | NetError::Refused(_)
            | NetError::File { .. } => false,
            NetError::Tried { error, .. } => error.is_transient(),
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
    /// The host that was asked, with its port if that is not the usual one.
    fn host(&self) -> Option<&str> {
        let url = match self {
            NetError::Status { url, .. }
            | NetError::Request { url, .. }
            | NetError::Body { url, .. }
            | NetError::Put { url, .. }
            | NetError::Unfit { url, .. }
            | NetError::TooLarge { url, .. } => url,
            NetError::Refused(_) | NetError::File { .. } | NetError::Tried { .. } => return None,
        };
        let (_, rest) = url.split_once("://")?;
        let authority = rest.split('/').next().unwrap_or(rest);
        Some(authority.rsplit('@').next().unwrap_or(authority))
    }

    /// The same error, saying how often it was tried.
    pub(super) fn tried(self, tried: Option<Tried>) -> NetError {
        match tried {
            Some(tried) => NetError::Tried { error: Box::new(self), tried },
            None => self,
        }
    }

    /// What a person can do about it, most useful first.
    fn advice(&self) -> Vec<String> {
        let advice = match self {
            NetError::Status { code: 407, .. }
            | NetError::Request { cause: RequestCause::ProxyAuth, .. } => {
                "put the user and the password of the HTTP proxy into HTTPS_PROXY: \
                 http://user:password@host:port"
            }
            NetError::Status { code: 401 | 403, .. } => {
                "if the server wants credentials, put them into netrc (machine HOST login USER \
                 password TOKEN); they are sent over https only"
            }
            NetError::Status { code: 511, .. } => {
                "the network wants you to log in: open a page in a browser, then run again"
            }
            NetError::Status { code: 429 | 500.., .. } => {
                "the server is in trouble, or wants to be asked less: try again later"
            }
            NetError::Request { cause: RequestCause::Dns { .. }, .. } => {
                "check the name of the host in GOPROXY and GOSUMDB; behind an HTTP proxy set \
                 HTTPS_PROXY"
            }
            NetError::Request { cause: RequestCause::Connect, .. } => {
                "check that the server runs and that nothing bars the way; behind an HTTP proxy \
                 set HTTPS_PROXY"
            }
            NetError::Request { cause: RequestCause::Certificate { host, issuer }, .. } => {
                let by = issuer.as_ref().map(|issuer| {
                    format!("the certificate that {host} presented was issued by: {issuer}")
                });
                let trust = "if an authority of your company signed the certificate, name the \
                             authority's own certificate in SSL_CERT_FILE";
                return by.into_iter().chain([trust.to_owned()]).collect();
            }
            NetError::Request { cause: RequestCause::Timeout | RequestCause::Silence, .. }
            | NetError::Body { .. } => {
                "what arrived whole is kept: run again to go on with the rest"
            }
            _ => return Vec::new(),
        };
        vec![advice.to_owned()]
    }
}

impl From<NetError> for Error {
    fn from(err: NetError) -> Error {
        if let NetError::Tried { error, tried } = err {
            let who = error.host().unwrap_or("the server").to_owned();
            let (times, seconds) = (tried.times, tried.within.as_millis().div_ceil(1000));
            return Error::from(*error).hint(match times {
                0 => format!("nothing comes from the network: {who} was not asked any more"),
                _ => format!("{who} was asked {times} times within {seconds} s"),
            });
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
        advice.into_iter().fold(err, Error::hint)
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
            silent: false,
        };
        let tried = Tried { times: 3, within: Duration::from_millis(1200) };
        let err = Error::from(body.clone().tried(Some(tried)));
        assert_eq!(err.to_string(), body.to_string());
        assert_eq!(err.kind(), ErrorKind::Network);
        assert_eq!(
            err.hints(),
            [
                "what arrived whole is kept: run again to go on with the rest",
                "proxy.example.com was asked 3 times within 2 s"
            ]
        );
        assert_eq!(body.clone().tried(None), body);
        let never = Tried { times: 0, within: Duration::ZERO };
        assert_eq!(
            Error::from(body.tried(Some(never))).hints()[1],
            "nothing comes from the network: proxy.example.com was not asked any more"
        );
    }
}
