//! How a server deals with `Range`: rightly, or in one of the ways in which servers are wrong.
//!
//! A proxy that serves files from a disk or a bucket answers with 206 and has validators; many module
//! proxies answer with 200 and the whole, or have no validators. Only `bytes=FIRST-` and
//! `bytes=FIRST-LAST` are understood, as a client asks that goes on where it was cut.

use bytes::Bytes;

use super::modules::sha256_hex;
use super::requests::Request;

/// When everything was last changed, where a server says so.
const LAST_MODIFIED: &str = "Sat, 01 Aug 2026 10:00:00 GMT";

/// How a server answers those who ask for a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranges {
    answer: Answer,
    validator: Validator,
    /// Whether a first answer says `Accept-Ranges: bytes`.
    announced: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    Ignored,
    Right,
    Unsatisfiable,
    OtherStart,
    OtherTotal,
    OtherBytes,
    Unlabelled,
}

/// By what a server tells one content from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Validator {
    None,
    ETag,
    WeakETag,
    LastModified,
    /// An ETag that is another one with each answer.
    Changing,
}

/// What becomes of a reply.
pub struct Part {
    /// The status.
    pub status: u16,
    /// The bytes.
    pub body: Bytes,
    /// Further headers.
    pub headers: Vec<(String, String)>,
}

impl Ranges {
    /// Knows nothing of ranges, and has no validators.
    pub fn ignored() -> Self {
        Self { answer: Answer::Ignored, validator: Validator::None, announced: false }
    }

    /// Serves ranges as the standard says, but has no validators until told so.
    pub fn right() -> Self {
        Self { answer: Answer::Right, validator: Validator::None, announced: true }
    }

    /// Answers every range with 416.
    pub fn unsatisfiable() -> Self {
        Self { answer: Answer::Unsatisfiable, ..Self::right() }
    }

    /// Answers with 206 and another part than was asked for, and says so.
    pub fn from_another_start() -> Self {
        Self { answer: Answer::OtherStart, ..Self::right() }
    }

    /// Answers with 206 and the right part, of something that is said to be longer.
    pub fn of_another_total() -> Self {
        Self { answer: Answer::OtherTotal, ..Self::right() }
    }

    /// Answers with 206 and bytes of something else, and labels them as the part that was asked for.
    pub fn of_another_content() -> Self {
        Self { answer: Answer::OtherBytes, ..Self::right() }
    }

    /// Answers with 206 and the right part, without saying which that is.
    pub fn unlabelled() -> Self {
        Self { answer: Answer::Unlabelled, ..Self::right() }
    }

    /// Sends a strong ETag with everything.
    pub fn etag(mut self) -> Self {
        self.validator = Validator::ETag;
        self
    }

    /// Sends a weak ETag with everything, which must not be used to go on.
    pub fn weak_etag(mut self) -> Self {
        self.validator = Validator::WeakETag;
        self
    }

    /// Sends the time of the last change with everything.
    pub fn last_modified(mut self) -> Self {
        self.validator = Validator::LastModified;
        self
    }

    /// Sends another ETag with each answer, as several servers do that don't know of each other.
    pub fn changing_etag(mut self) -> Self {
        self.validator = Validator::Changing;
        self
    }

    /// Says nothing of `Accept-Ranges` in a first answer.
    pub fn unannounced(mut self) -> Self {
        self.announced = false;
        self
    }

    /// What of the whole is sent to this request, which is the nth of all.
    pub fn part_of(&self, whole: &Bytes, request: &Request, nth: usize) -> Part {
        let mut headers = Vec::new();
        let mut add = |name: &str, value: &str| headers.push((name.to_owned(), value.to_owned()));
        let validator = self.validator(whole, nth);
        if let Some((name, value)) = &validator {
            add(name, value);
        }
        if self.announced {
            add("accept-ranges", "bytes");
        }
        let known = validator.as_ref().map(|(_, value)| value.as_str());
        let fits = request.header("if-range").is_none_or(|condition| {
            // A weak validator never fits.
            !condition.starts_with("W/") && Some(condition) == known
        });
        let asked = request.header("range").and_then(|range| parse(range, whole.len()));
        let Some((first, last)) = asked.filter(|_| fits && self.answer != Answer::Ignored) else {
            return Part { status: 200, body: whole.clone(), headers };
        };
        let total = whole.len();
        if first >= total || self.answer == Answer::Unsatisfiable {
            add("content-range", &format!("bytes */{total}"));
            return Part { status: 416, body: Bytes::from_static(b"no such range\n"), headers };
        }
        let (mut from, mut says, mut of) = (first, Some(first), total);
        match self.answer {
            Answer::OtherStart => {
                from = first / 2;
                says = Some(from);
            }
            Answer::OtherTotal => of += 7,
            Answer::Unlabelled => says = None,
            _ => {}
        }
        let mut body = whole.slice(from..=last);
        if self.answer == Answer::OtherBytes {
            body = body.iter().map(|byte| !byte).collect();
        }
        if let Some(start) = says {
            add("content-range", &format!("bytes {start}-{last}/{of}"));
        }
        Part { status: 206, body, headers }
    }

    fn validator(&self, whole: &Bytes, nth: usize) -> Option<(&'static str, String)> {
        let hash = || sha256_hex(whole)[..16].to_owned();
        match self.validator {
            Validator::None => None,
            Validator::ETag => Some(("etag", format!("\"{}\"", hash()))),
            Validator::WeakETag => Some(("etag", format!("W/\"{}\"", hash()))),
            Validator::LastModified => Some(("last-modified", LAST_MODIFIED.to_owned())),
            Validator::Changing => Some(("etag", format!("\"{}-{nth}\"", hash()))),
        }
    }
}

/// First and last byte of `bytes=FIRST-[LAST]` within so many bytes; the first may lie behind the end.
fn parse(range: &str, total: usize) -> Option<(usize, usize)> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    let first: usize = first.parse().ok()?;
    let end = total.saturating_sub(1);
    let last = if last.is_empty() { end } else { last.parse::<usize>().ok()?.min(end) };
    (first >= total || first <= last).then_some((first, last))
}
