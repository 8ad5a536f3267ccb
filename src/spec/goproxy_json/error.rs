//! What can be wrong with a JSON document, in the words of Go's `encoding/json` and `time`.
//!
//! The go command passes these texts on (`invalid response from proxy "…": …`, `parsing FILE: …`),
//! so they are part of what users see and search for.

use std::borrow::Cow;

use super::time::{TimeEncodeError, TimeParseError};
use crate::spec::quote::quote_char;

/// Why a document was refused, or why a value has no JSON form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// A byte that the grammar does not allow where it stands.
    #[error("invalid character {} {context}", quote_char(char::from(*.byte)))]
    InvalidCharacter {
        /// The byte, which the message takes for a Latin-1 character; at the end of the data inside
        /// a number, word or escape, a space.
        byte: u8,
        /// Where it stands, such as `after object key`.
        context: Cow<'static, str>,
    },
    /// The data stops inside a document, or holds none.
    #[error("unexpected end of JSON input")]
    UnexpectedEnd,
    /// The data stops inside a document that is one of a stream.
    #[error("unexpected EOF")]
    TruncatedStream,
    /// The document itself is of the wrong type.
    #[error("json: cannot unmarshal {found} into Go value of type {wanted}")]
    WrongType {
        /// What the document has, such as `array`.
        found: &'static str,
        /// The Go type that was wanted.
        wanted: &'static str,
    },
    /// A field's value is of the wrong type.
    #[error("json: cannot unmarshal {found} into Go struct field {field} of type {wanted}")]
    WrongFieldType {
        /// What the document has, such as `number`.
        found: &'static str,
        /// The innermost Go struct, a dot, and the fields that lead to it from the outermost.
        field: String,
        /// The Go type that was wanted.
        wanted: &'static str,
    },
    /// A time is neither a string nor null.
    #[error("Time.UnmarshalJSON: input is not a JSON string")]
    TimeIsNoString,
    /// A string is no time.
    #[error(transparent)]
    TimeSyntax(#[from] TimeParseError),
    /// A time cannot be written.
    #[error("json: error calling MarshalJSON for type time.Time: Time.MarshalJSON: {0}")]
    TimeRange(#[from] TimeEncodeError),
}

impl JsonError {
    pub(super) fn invalid(byte: u8, context: impl Into<Cow<'static, str>>) -> Self {
        JsonError::InvalidCharacter { byte, context: context.into() }
    }
}
