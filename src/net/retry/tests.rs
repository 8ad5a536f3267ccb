//! Trying again, by a clock that stands still and with answers from a script.

use std::sync::Mutex;

use bytes::Bytes;
use futures_util::FutureExt;
use url::Url;

use super::*;
use crate::event::Observer;
use crate::net::clock::Clock;
use crate::net::clock::tests::TestClock;
use crate::net::{Exchange, Extra, Network};
use crate::sys::budget::Budget;

const CONTENT: &[u8] = b"0123456789";

/// One answer of the script.
#[derive(Clone)]
enum Answer {
    /// A status with some headers and a body; broken off at the end if there is to come more.
    Status(u16, Extra, Option<u64>, Vec<u8>, bool),
    /// No answer.
    Fails(RequestCause),
}

fn whole() -> Answer {
    Answer::Status(200, Extra::default(), Some(CONTENT.len() as u64), CONTENT.to_vec(), false)
}

/// The first `count` bytes and then a break, with this ETag.
fn cut(count: usize, etag: &str) -> Answer {
    let body = CONTENT[..count].to_vec();
    Answer::Status(200, tagged(etag), Some(CONTENT.len() as u64), body, true)
}

fn tagged(etag: &str) -> Extra {
    Extra { etag: Some(etag.to_owned()).filter(|tag| !tag.is_empty()), ..Extra::default() }
}

/// The bytes from `first` on, with status 206.
fn rest(first: usize, etag: &str) -> Answer {
    let range = format!("bytes {first}-{}/{}", CONTENT.len() - 1, CONTENT.len());
    let extra = Extra { content_range: Some(range), ..tagged(etag) };
    let body = CONTENT[first..].to_vec();
    Answer::Status(206, extra, Some(body.len() as u64), body, false)
}

fn status(code: u16) -> Answer {
    Answer::Status(code, Extra::default(), None, Vec::new(), false)
}

fn asking(code: u16, retry_after: &str) -> Answer {
    let extra = Extra { retry_after: Some(retry_after.to_owned()), ..Extra::default() };
    Answer::Status(code, extra, None, Vec::new(), false)
}

/// Plays the script, the last answer for ever, and notes what it was asked.
struct Script {
    answers: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<String>>,
    /// The host, if others are served while an answer is awaited.
    serving: Mutex<Option<Arc<Host>>>,
}

impl Exchange for Script {
    fn exchange<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Response, NetError>> {
        let resume = match &request.resume {
            None => String::new(),
            Some(Resume { from, validator: None }) => format!(" from {from}"),
            Some(Resume { from, validator: Some(tag) }) => format!(" from {from} if {tag}"),
        };
        self.asked.lock().unwrap().push(format!("{:?}{resume}", request.method));
        if let Some(host) = &*self.serving.lock().unwrap() {
            host.answered(Duration::ZERO);
        }
        let mut answers = self.answers.lock().unwrap();
        let answer = match answers.len() {
            1 => answers[0].clone(),
            _ => answers.pop_front().unwrap(),
        };
        let url = request.url.clone();
        Box::pin(async move {
            let (code, extra, length, body, breaks) = match answer {
                Answer::Fails(cause) => {
                    let text = "it fails".to_owned();
                    return Err(NetError::Request { url: url.to_string(), text, cause });
                }
                Answer::Status(code, extra, length, body, breaks) => {
                    (code, extra, length, body, breaks)
                }
            };
            let mut pieces = vec![Ok(Piece::Data(Bytes::from(body)))];
            if breaks {
                let text = "unexpected EOF".to_owned();
                pieces.push(Err(NetError::Body { url: url.to_string(), text, silent: false }));
            }
            Ok(Response {
                url,
                status: code,
                status_text: code.to_string(),
                media_type: String::new(),
                length,
                extra,
                tried: None,
                body: Box::pin(futures_util::stream::iter(pieces)),
            })
        })
    }
}

/// Notes events.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Observer for Notes {
    fn event(&self, event: &Event) {
        let text = match event {
            Event::Retrying { reason, nth, .. } => format!("retry {nth}: {reason}"),
            Event::Resumed { from, .. } => format!("resume at {from}"),
            Event::StartedAnew { .. } => "restart".to_owned(),
            Event::SlowedDown { host, at_once, .. } => format!("{at_once} at once of {host}"),
            _ => return,
        };
        self.0.lock().unwrap().push(text);
    }
}

struct World {
    script: Arc<Script>,
    notes: Arc<Notes>,
    clock: Arc<TestClock>,
    transport: Patient,
}

fn world(answers: Vec<Answer>) -> World {
    world_with(answers, TransferSettings::default())
}

fn world_with(answers: Vec<Answer>, settings: TransferSettings) -> World {
    let script = Script {
        answers: Mutex::new(answers.into()),
        asked: Mutex::default(),
        serving: Mutex::default(),
    };
    let (script, notes) = (Arc::new(script), Arc::new(Notes::default()));
    let exchange: Arc<dyn Exchange> = script.clone();
    let clock = TestClock::new();
    let network = Network::by_clock(clock.clone(), exchange, settings.clone(), notes.clone());
    World { script, notes, clock, transport: network.transport(settings) }
}

fn url() -> SafeUrl {
    SafeUrl::new(Url::parse("https://proxy.example.com/x").unwrap())
}

impl World {
    /// The whole body with what was said between its pieces: `~` for a restart, `+` for a splice.
    async fn body(&self, kind: BodyKind) -> Result<String, NetError> {
        let ask = Ask { kind, ..Ask::default() };
        let mut body = self.transport.get(&url(), ask).await?.ok().await?.body;
        let mut text = String::new();
        while let Some(piece) = body.next().await {
            match piece? {
                Piece::Data(bytes) => text.push_str(std::str::from_utf8(&bytes).unwrap()),
                Piece::Restart => text.push('~'),
                Piece::Spliced => text.push('+'),
            }
        }
        Ok(text)
    }

    fn asked(&self) -> Vec<String> {
        self.script.asked.lock().unwrap().clone()
    }

    fn noted(&self) -> Vec<String> {
        self.notes.0.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn one_of_many_that_went_down_together_has_not_failed() {
    let settings = TransferSettings { retries: 1, ..TransferSettings::default() };
    let lost = |count| {
        let mut answers = vec![Answer::Fails(RequestCause::Lost); count];
        answers.push(whole());
        world_with(answers, settings.clone())
    };
    let serves = |world: &World| {
        let host = world.transport.line.shared.hosts.host("proxy.example.com");
        *world.script.serving.lock().unwrap() = Some(host);
    };
    // Others are served: every fourth loss counts.
    let world = lost(7);
    serves(&world);
    assert_eq!(world.body(BodyKind::Small).await, Ok("0123456789".to_owned()));
    let world = lost(8);
    serves(&world);
    assert!(world.body(BodyKind::Small).await.is_err());
    // Nobody is: each counts.
    let world = lost(2);
    assert!(world.body(BodyKind::Small).await.is_err());
    assert_eq!(world.asked().len(), 2);
}

#[tokio::test]
async fn a_body_that_is_here_is_whole_whatever_follows() {
    let world = world(vec![cut(4, "\"a\""), {
        let Answer::Status(code, extra, length, body, _) = rest(4, "\"a\"") else { return };
        Answer::Status(code, extra, length, body, true)
    }]);
    assert_eq!(world.body(BodyKind::Large).await, Ok("0123456789".to_owned()));
    assert_eq!(world.asked(), ["Get", "Get from 4 if \"a\""]);
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    for trouble in [
        status(408),
        status(429),
        status(500),
        status(502),
        status(503),
        status(504),
        Answer::Fails(RequestCause::Connect),
        Answer::Fails(RequestCause::Timeout),
        Answer::Fails(RequestCause::Silence),
        Answer::Fails(RequestCause::Dns { is_temporary: true }),
        Answer::Fails(RequestCause::Other),
        cut(0, ""),
        cut(5, ""),
    ] {
        let world = world(vec![trouble.clone(), trouble, whole()]);
        let text = world.body(BodyKind::Small).await.unwrap();
        assert!(text.ends_with("0123456789"));
        assert_eq!(world.asked(), ["Get", "Get", "Get"]);
        assert_eq!(world.noted().iter().filter(|note| note.starts_with("retry")).count(), 2);
    }
}

#[tokio::test]
async fn what_was_decided_is_not() {
    let certificate = RequestCause::Certificate { host: "x".into(), issuer: None };
    for (answer, want) in [
        (status(404), "404"),
        (status(410), "410"),
        (status(401), "401"),
        (status(403), "403"),
        (status(407), "407"),
        (status(400), "400"),
        (status(501), "501"),
        (status(511), "511"),
        (status(206), "206"),
        (Answer::Fails(certificate), "it fails"),
        (Answer::Fails(RequestCause::Redirect), "it fails"),
        (Answer::Fails(RequestCause::Tls), "it fails"),
        (Answer::Fails(RequestCause::Setting), "it fails"),
        (Answer::Fails(RequestCause::Dns { is_temporary: false }), "it fails"),
    ] {
        let world = world(vec![answer]);
        let err = world.body(BodyKind::Large).await.unwrap_err();
        assert!(err.to_string().ends_with(want), "{err}");
        assert!(!matches!(err, NetError::Tried { .. }));
        assert_eq!(world.asked(), ["Get"]);
        assert_eq!(world.noted(), [""; 0]);
    }
}

#[tokio::test]
async fn it_ends_and_says_how_often_it_was_tried() {
    for (patience, times) in [(Patience::None, 1), (Patience::Once, 2), (Patience::Full, 6)] {
        for answer in [status(503), Answer::Fails(RequestCause::Connect)] {
            let world = world(vec![answer]);
            let ask = Ask { patience, ..Ask::default() };
            let got = world.transport.get(&url(), ask).await;
            let err = match got {
                Ok(response) => response.ok().await.err().unwrap(),
                Err(err) => err,
            };
            assert_eq!(world.asked().len(), times);
            match err {
                NetError::Tried { tried, .. } => {
                    assert_eq!(tried.times as usize, times);
                    assert!(times == 2 || tried.within > Duration::from_secs(7));
                }
                _ => assert_eq!(times, 1),
            }
        }
    }
    let world = world(vec![status(502)]);
    assert!(world.transport.length(&url(), Ask::default()).await.is_err());
    assert_eq!(world.asked(), ["Head"; 6]);
}

#[tokio::test]
async fn a_server_is_asked_when_it_wants_to_be() {
    for (answer, least, most) in [
        (asking(429, "7"), 7.0, 7.5),
        (asking(503, "100000"), 60.0, 60.5),
        (asking(429, "Thu, 01 Jan 1970 00:00:00 GMT"), 0.0, 0.5),
        (asking(429, "nonsense"), 0.0, 0.5),
    ] {
        let world = world(vec![answer, whole()]);
        let began = world.clock.now();
        assert_eq!(world.body(BodyKind::Small).await.unwrap(), "0123456789");
        let waited = world.clock.now().duration_since(began).as_secs_f64();
        assert!((least..=most).contains(&waited), "{waited}");
        assert_eq!(world.noted()[0], "1 at once of proxy.example.com");
    }
}

#[tokio::test]
async fn who_has_somebody_else_to_ask_does_not_wait_for_long() {
    for (retry_after, times) in [("1", 2), ("30", 1)] {
        let world = world(vec![asking(429, retry_after)]);
        let ask = Ask { patience: Patience::Once, ..Ask::default() };
        let began = world.clock.now();
        assert_eq!(world.transport.get(&url(), ask).await.unwrap().status, 429);
        assert_eq!(world.asked().len(), times);
        assert!(world.clock.now().duration_since(began) < Duration::from_secs(3));
    }
}

#[tokio::test]
async fn a_body_is_resumed_where_it_broke() {
    let world = world(vec![cut(4, "\"a\""), status(502), rest(4, "\"a\"")]);
    assert_eq!(world.body(BodyKind::Small).await.unwrap(), "0123456789");
    assert_eq!(world.asked(), ["Get", "Get from 4 if \"a\"", "Get from 4 if \"a\""]);
    assert_eq!(world.noted(), ["retry 1: unexpected EOF", "retry 2: 502", "resume at 4"]);
}

#[tokio::test]
async fn a_body_starts_anew_where_the_rest_does_not_fit() {
    let tag = "\"a\"";
    for (answers, asked) in [
        // The server has it in another state, or sends no ranges.
        (vec![cut(4, tag), whole()], vec!["Get", "Get from 4 if \"a\""]),
        (vec![cut(4, tag), rest(4, "\"b\""), whole()], vec!["Get", "Get from 4 if \"a\"", "Get"]),
        (vec![cut(4, tag), rest(5, tag), whole()], vec!["Get", "Get from 4 if \"a\"", "Get"]),
        (vec![cut(4, tag), status(206), whole()], vec!["Get", "Get from 4 if \"a\"", "Get"]),
        (vec![cut(4, tag), status(416), whole()], vec!["Get", "Get from 4 if \"a\"", "Get"]),
        // A weak tag proves nothing, and nor does the length of so little.
        (vec![cut(4, "W/\"a\""), whole()], vec!["Get", "Get"]),
        (vec![cut(4, ""), whole()], vec!["Get", "Get"]),
    ] {
        let world = world(answers);
        assert_eq!(world.body(BodyKind::Large).await.unwrap(), "0123~0123456789");
        assert_eq!(world.asked(), asked);
        assert_eq!(world.noted().last().unwrap(), "restart");
    }
}

/// So much that it is worth to be put together by its length: 100 000 bytes, of which `count` come.
fn large(count: usize) -> Answer {
    Answer::Status(200, Extra::default(), Some(100_000), vec![b'a'; count], count < 100_000)
}

fn large_rest(first: usize, total: u64) -> Answer {
    let range = format!("bytes {first}-{}/{total}", total - 1);
    let extra = Extra { content_range: Some(range), ..Extra::default() };
    Answer::Status(206, extra, None, vec![b'b'; total as usize - first], false)
}

#[tokio::test]
async fn without_a_validator_the_length_decides_and_the_reader_is_told() {
    let shape = |text: &str| {
        let mut text = text.to_owned();
        text.dedup_by_char();
        text
    };
    for (kind, answers, want) in [
        (BodyKind::Large, vec![large(70_000), large_rest(70_000, 100_000)], "a+b"),
        (BodyKind::Large, vec![large(70_000), large_rest(70_000, 100_001), large(100_000)], "a~a"),
        (BodyKind::Large, vec![large(50_000), large(100_000)], "a~a"),
        (BodyKind::Small, vec![large(70_000), large(100_000)], "a~a"),
        (BodyKind::Unspliced, vec![large(70_000), large(100_000)], "a~a"),
    ] {
        let world = world(answers);
        assert_eq!(shape(&world.body(kind).await.unwrap()), want);
    }
}

trait Dedup {
    fn dedup_by_char(&mut self);
}

impl Dedup for String {
    fn dedup_by_char(&mut self) {
        let mut chars: Vec<char> = self.chars().collect();
        chars.dedup();
        *self = chars.into_iter().collect();
    }
}

#[tokio::test]
async fn progress_makes_up_for_failures() {
    // A server that breaks off after every 300 kB: ten times what would be borne without progress.
    let tag = Extra { etag: Some("\"a\"".into()), ..Extra::default() };
    let total = 60 * 300_000u64;
    let mut answers =
        vec![Answer::Status(200, tag.clone(), Some(total), vec![b'a'; 300_000], true)];
    for turn in 1..60u64 {
        let first = turn * 300_000;
        let range = format!("bytes {first}-{}/{total}", total - 1);
        let extra = Extra { content_range: Some(range), ..tag.clone() };
        answers.push(Answer::Status(206, extra, None, vec![b'a'; 300_000], turn < 59));
    }
    let world = world(answers);
    let text = world.body(BodyKind::Large).await.unwrap();
    assert_eq!(text.len() as u64, total);
    // One that always breaks at the same place is given up.
    let world = self::world(vec![cut(4, "")]);
    let err = world.body(BodyKind::Large).await.unwrap_err();
    assert!(matches!(err, NetError::Tried { tried, .. } if tried.times == 6), "{err}");
}

#[tokio::test]
async fn a_body_of_another_length_than_told_is_broken() {
    let short = Answer::Status(200, Extra::default(), Some(20), CONTENT.to_vec(), false);
    let world = world(vec![short, whole()]);
    assert_eq!(world.body(BodyKind::Small).await.unwrap(), "0123456789~0123456789");
}

#[tokio::test]
async fn an_answer_to_the_resumption_that_is_final_ends_it() {
    let world = world(vec![cut(4, "\"a\""), status(404)]);
    let err = world.body(BodyKind::Large).await.unwrap_err();
    assert!(err.is_not_found());
    assert!(matches!(err, NetError::Tried { tried, .. } if tried.times == 2), "{err}");
}

#[tokio::test]
async fn a_body_in_memory_forgets_what_came_before() {
    let world = world(vec![cut(4, ""), whole()]);
    let response = world.transport.get(&url(), Ask::default()).await.unwrap();
    let held = response.bytes(100, &Budget::new(1 << 20)).await.unwrap();
    assert_eq!(&*held, CONTENT);
}

#[tokio::test]
async fn limits_of_an_entry() {
    let settings = TransferSettings {
        requests_per_second: Some(2.0),
        bytes_per_second: Some(5),
        max_transfers: Some(1),
        ..TransferSettings::default()
    };
    let world = world_with(vec![whole()], settings);
    let began = world.clock.now();
    for _ in 0..4 {
        world.body(BodyKind::Large).await.unwrap();
    }
    // Forty bytes at five a second.
    let waited = world.clock.now().duration_since(began).as_secs_f64();
    assert!((7.0..9.0).contains(&waited), "{waited}");
    // While one body is under way no other is asked for.
    let ask = Ask { kind: BodyKind::Large, ..Ask::default() };
    let first = world.transport.get(&url(), ask).await.unwrap();
    let url = url();
    assert!(world.transport.get(&url, ask).now_or_never().is_none());
    drop(first);
    assert!(world.transport.get(&url, ask).await.is_ok());
}

#[tokio::test]
async fn a_dead_network_is_not_asked_any_more() {
    let world = world(vec![Answer::Fails(RequestCause::Connect)]);
    let ask = Ask { patience: Patience::None, ..Ask::default() };
    assert!(world.transport.get(&url(), ask).await.is_err());
    world.clock.pass(Duration::from_secs(100));
    assert!(world.transport.get(&url(), ask).await.is_err());
    assert_eq!(world.asked().len(), 2);
    world.clock.pass(Duration::from_secs(21));
    let err = world.transport.get(&url(), Ask::default()).await.err().unwrap();
    assert_eq!(err.to_string(), "Get \"https://proxy.example.com/x\": it fails");
    assert!(matches!(err, NetError::Tried { tried, .. } if tried.times == 0), "{err}");
    assert_eq!(world.asked().len(), 2);
}
