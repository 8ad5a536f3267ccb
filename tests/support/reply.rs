//! What the registry and the checksum database answer, before HTTP puts it on the wire.

use bytes::Bytes;

/// The content type of everything that is text.
pub const TEXT: &str = "text/plain; charset=UTF-8";

/// A status, a content type and a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The value of `Content-Type`.
    pub content_type: &'static str,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// 200 with text.
    pub fn text(body: impl Into<Bytes>) -> Self {
        Self::ok(TEXT, body)
    }

    /// 200 with any content.
    pub fn ok(content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self { status: 200, content_type, body: body.into() }
    }

    /// An error with a text that says why.
    pub fn error(status: u16, why: impl Into<String>) -> Self {
        Self { status, content_type: TEXT, body: Bytes::from(why.into()) }
    }

    /// 404 with a text.
    pub fn not_found(what: impl Into<String>) -> Self {
        Self::error(404, format!("not found: {}", what.into()))
    }
}
