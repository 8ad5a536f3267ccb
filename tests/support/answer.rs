//! How an answer goes on the wire: what the rule says of it, in HTTP's terms and as a script.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::Response;
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};

use super::body::{self, ScriptedBody, Step};
use super::connection::{Command, Line};
use super::faults::{Effect, End, Length, Redirect};
use super::ranges::Ranges;
use super::reply::Reply;
use super::requests::{InFlight, Request};

/// A reply, or the part of it that was asked for, with the headers that belong to that.
pub(super) fn in_part(
    ranges: Ranges,
    reply: Reply,
    request: &Request,
    nth: usize,
) -> (Reply, Vec<(String, String)>) {
    if reply.status != 200 {
        return (reply, Vec::new());
    }
    let part = ranges.part_of(&reply.body, request, nth);
    (Reply { status: part.status, body: part.body, ..reply }, part.headers)
}

/// Puts a reply on the wire as the rule says.
pub(super) fn respond(
    effect: &Effect,
    reply: Reply,
    further: Vec<(String, String)>,
    request: &Request,
    line: Arc<Line>,
    in_flight: InFlight,
) -> Response<ScriptedBody> {
    in_flight.answered(reply.status);
    let (length, is_sound) = match effect.length {
        Length::True => (Some(reply.body.len() as u64), effect.end == End::Whole),
        Length::Declared(length) => (Some(length), false),
        Length::Longer(by) => (Some(reply.body.len() as u64 + by), false),
        Length::Shorter(by) => (Some((reply.body.len() as u64).saturating_sub(by)), false),
        Length::Missing => (None, false),
    };
    let has_body = request.method != "HEAD";
    let steps = if has_body { script(effect, &reply.body) } else { Vec::new() };
    // A length that hyper is told must be true; one that it is not told stands in the header only.
    let exact = length.filter(|_| is_sound && has_body);
    let mut response = Response::new(ScriptedBody::new(steps, exact, line, in_flight));
    *response.status_mut() = reply.status.try_into().expect("a status of three digits");

    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, length.into());
    }
    if let Some(redirect) = &effect.redirect {
        let place = match redirect {
            Redirect::To(url) => url.clone(),
            Redirect::Below(base) => format!("{base}{}", request.path),
            Redirect::Signed(base, signer) => format!("{base}{}?{}", request.path, signer.sign()),
        };
        headers.insert(LOCATION, place.try_into().expect("a URL that fits a header"));
    }
    for (name, value) in further.iter().chain(&effect.headers) {
        let name: HeaderName = name.parse().expect("a header name");
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a header value");
        headers.insert(name, value);
    }
    response
}

/// The script of a body.
fn script(effect: &Effect, body: &Bytes) -> Vec<Step> {
    let start = |len: usize| body.slice(..len.min(body.len()));
    let mut steps = match effect.end {
        End::Whole if effect.length == Length::True => body::send(body).collect(),
        // hyper gives up a connection whose declared length is not reached, with what it still holds.
        End::Whole => body::send_surely(body),
        End::Stall(len) => body::send(&start(len)).chain([Step::Hang]).collect(),
        End::Stream(len) => with_end(body::send_surely(&start(len)), [Step::Fail]),
        End::Connection(len, command) => {
            let end = [Step::Connection(command), Step::Hang];
            with_end(body::send_surely(&start(len)), end)
        }
        End::PartOfStream(thousandths) => {
            let len = body.len() * thousandths / 1000;
            with_end(body::send_surely(&start(len)), [Step::Fail])
        }
        End::Part(thousandths) => {
            let end = [Step::Connection(Command::Close), Step::Hang];
            with_end(body::send_surely(&start(body.len() * thousandths / 1000)), end)
        }
        End::GoAway(len) => {
            let end = [
                Step::Connection(Command::GoAway),
                Step::Pause(body::SETTLE),
                Step::Connection(Command::Close),
                Step::Hang,
            ];
            with_end(body::send_surely(&start(len)), end)
        }
        End::Endless => {
            let endless = Step::Repeat(Bytes::from(vec![b'.'; 8 << 10]));
            body::send(body).chain([endless]).collect()
        }
    };
    if let Some((piece, pause)) = effect.trickle {
        steps = steps.into_iter().flat_map(|step| slowly(step, piece, pause)).collect();
    }
    steps
}

fn with_end<const N: usize>(mut steps: Vec<Step>, end: [Step; N]) -> Vec<Step> {
    steps.extend(end);
    steps
}

/// A step that sends, in small pieces with pauses.
fn slowly(step: Step, piece: usize, pause: Duration) -> Vec<Step> {
    let Step::Send(bytes) = step else {
        return vec![step];
    };
    let starts = (0..bytes.len()).step_by(piece);
    let pieces = starts.map(|start| bytes.slice(start..bytes.len().min(start + piece)));
    pieces.flat_map(|bytes| [Step::Pause(pause), Step::Send(bytes)]).collect()
}

/// A request as it is recorded.
pub(super) fn describe(
    request: &hyper::Request<Incoming>,
    connection: usize,
    at: Duration,
) -> Request {
    let uri = request.uri();
    let host_header = request.headers().get("host").and_then(|host| host.to_str().ok());
    let host = uri.authority().map(|host| host.as_str()).or(host_header);
    let headers = request.headers().iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.as_str().to_owned(), value)
    });
    Request {
        connection,
        protocol: format!("{:?}", request.version()),
        method: request.method().to_string(),
        path: uri.path().to_owned(),
        query: uri.query().map(str::to_owned),
        host: host.unwrap_or_default().to_owned(),
        headers: headers.collect(),
        at,
        status: None,
        began: 0,
        ended: None,
    }
}

/// Replaces `%41` by `A`; nothing where the escapes are malformed.
pub(super) fn percent_decode(path: &str) -> Option<String> {
    let mut parts = path.split('%');
    let mut decoded = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.split_at_checked(2)?;
        decoded.push(u8::from_str_radix(digits, 16).ok()?);
        decoded.extend(rest.as_bytes());
    }
    String::from_utf8(decoded).ok()
}
