//! Tests of the walk along the GOPROXY list.

use std::sync::Mutex;

use proptest::prelude::*;

use super::*;
use crate::net::BoxFuture;
use crate::net::NetError;
use crate::net::error::RequestCause;
use crate::source::breaker::Rules;

/// Remembers what it is told.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Observer for Told {
    fn event(&self, event: &Event) {
        self.0.lock().unwrap().push(match event {
            Event::Note(text) => text.clone(),
            Event::SourceAnswered { source, .. } => format!("{source} answered"),
            Event::SourceSkipped { source } => format!("{source} skipped"),
            Event::FallbackBarred { source } => format!("{source} barred"),
            other => format!("{other:?}"),
        });
    }
}

/// Answers versions with its name, or with an error of its kind.
struct Fake {
    name: String,
    answer: Option<ErrorKind>,
    /// Where it writes down that it was asked.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    fn new(name: &str, answer: Option<ErrorKind>) -> Fake {
        Fake { name: name.to_owned(), answer, asked: Arc::default() }
    }
}

impl Source for Fake {
    fn name(&self) -> String {
        self.name.clone()
    }
    fn versions<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Result<Versions, Error>> {
        self.asked.lock().unwrap().push(self.name.clone());
        Box::pin(async move {
            match self.answer {
                None => Ok(Versions { list: vec![self.name.clone()], origin: None }),
                Some(ErrorKind::Network) => Err(dead(&self.name)),
                Some(kind) => Err(Error::message(kind, format!("{} {kind:?}", self.name))),
            }
        })
    }
    fn info<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Result<RevInfo, Error>> {
        unreachable!("not asked here")
    }
    fn latest<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<RevInfo, Error>> {
        unreachable!("not asked here")
    }
    fn go_mod<'a>(&'a self, _: &'a Version) -> BoxFuture<'a, Result<Held, Error>> {
        unreachable!("not asked here")
    }
    fn zip_size<'a>(&'a self, _: &'a Version) -> BoxFuture<'a, Result<Option<u64>, Error>> {
        unreachable!("not asked here")
    }
    fn zip<'a>(
        &'a self,
        _: &'a Version,
        _: &'a mut dyn ZipSink,
    ) -> BoxFuture<'a, Result<(), Error>> {
        unreachable!("not asked here")
    }
}

/// `a=404,b=ok|off`: entries with what they answer, and their separators.
fn chain(text: &str, no_proxy: &str) -> Chain {
    let mut entries = Vec::new();
    for part in text.split_inclusive([',', '|']) {
        let falls_back_on_any = part.ends_with('|');
        let part = part.trim_end_matches([',', '|']);
        let entry = match part.split_once('=') {
            None if part == "off" => Entry::Off,
            None if part == "direct" => Entry::Direct,
            None => Entry::NoProxy,
            Some((name, answer)) => {
                let answer = match answer {
                    "404" => Some(ErrorKind::NotFound),
                    "403" => Some(ErrorKind::Forbidden),
                    "500" => Some(ErrorKind::Network),
                    "evil" => Some(ErrorKind::Security),
                    _ => None,
                };
                Entry::Proxy(Arc::new(Fake::new(name, answer)))
            }
        };
        entries.push(Link::new(entry, falls_back_on_any));
    }
    let direct = Fake::new("direct", Some(ErrorKind::NotFound));
    Chain::new(entries, no_proxy).with_direct(Arc::new(direct))
}

/// No answer came.
fn dead(name: &str) -> Error {
    let (text, cause) = ("connection refused".to_owned(), RequestCause::Connect);
    NetError::Request { url: name.to_owned(), text, cause }.into()
}

async fn ask(chain: &Chain, path: &str) -> String {
    let got = chain.versions(path, "").await;
    got.map_or_else(|err| err.to_string(), |found| found.list.concat())
}

#[tokio::test]
async fn comma_and_pipe() {
    for (list, want) in [
        ("a=ok,b=ok", "a"),
        ("a=404,b=ok", "b"),
        ("a=500,b=ok", r#"Get "a": connection refused"#),
        ("a=403,b=ok", "a Forbidden"),
        ("a=500|b=ok", "b"),
        ("a=403|b=404", "a Forbidden"),
        ("a=404,b=404", "b NotFound"),
        ("a=500|b=500", r#"Get "b": connection refused"#),
        ("a=evil|b=ok", "a Security"),
        ("a=404,off", "module lookup disabled by GOPROXY=off"),
        ("a=500|off", r#"Get "a": connection refused"#),
        ("noproxy,a=ok", "a"),
        ("a=404,direct", "direct NotFound"),
        ("a=500|direct", "direct NotFound"),
        ("direct", "direct NotFound"),
    ] {
        let got = chain(list, "").versions("example.com/m", "").await;
        let got = got.map_or_else(|err| err.to_string(), |found| found.list.concat());
        assert_eq!(got, want, "{list}");
    }
}

#[tokio::test]
async fn a_private_module_is_never_named_to_a_proxy() {
    for list in ["noproxy,a=ok", "noproxy,a=ok|direct", "a=ok,direct", "a=ok,off"] {
        // An entry that was asked would answer with its name.
        let got = chain(list, "example.com/m").versions("example.com/m/sub", "").await;
        assert!(got.is_err(), "{list}");
    }
}

/// A chain whose proxies are left alone after two failures, and what it tells.
fn breaking(text: &str) -> (Chain, Arc<Told>) {
    let rules = Rules { max_fails: 2, fail_timeout: std::time::Duration::from_secs(3600) };
    let mut chain = chain(text, "");
    for link in chain.lists.as_mut().unwrap().iter_mut().flatten() {
        link.station = Arc::new(Station::new(Candidate::default(), rules));
    }
    let told = Arc::new(Told::default());
    (chain.observed(Arc::clone(&told) as Arc<dyn Observer>), told)
}

#[tokio::test]
async fn what_keeps_failing_is_skipped_and_that_is_said_once() {
    let (chain, told) = breaking("a=500|b=ok");
    for _ in 0..4 {
        assert_eq!(ask(&chain, "example.com/m").await, "b");
    }
    let note = "gomodfetch: a is skipped for 3600 s after 2 failures in a row, the last one: \
                Get \"a\": connection refused";
    let want =
        ["b answered", note, "b answered", "a skipped", "b answered", "a skipped", "b answered"];
    assert_eq!(*told.0.lock().unwrap(), want);
}

#[tokio::test]
async fn what_was_skipped_is_asked_in_the_end() {
    let (chain, told) = breaking("a=500|b=404,off");
    for _ in 0..4 {
        assert_eq!(ask(&chain, "example.com/m").await, r#"Get "a": connection refused"#);
    }
    assert_eq!(told.0.lock().unwrap().iter().filter(|text| *text == "a skipped").count(), 2);
}

#[tokio::test]
async fn nobody_stands_in_for_one_before_a_comma() {
    let (chain, told) = breaking("a=500,b=ok");
    for _ in 0..2 {
        assert_eq!(ask(&chain, "example.com/m").await, r#"Get "a": connection refused"#);
    }
    let err = chain.versions("example.com/m", "").await.unwrap_err();
    assert_eq!(
        err.without_module(),
        "a is left alone for 3600 s after 2 failures in a row, the last one: Get \"a\": connection refused"
    );
    let hint = "after `,` no other entry of GOPROXY may stand in for it: write `|`, or set \
                max_fails in gomodfetch.toml";
    assert_eq!(err.hints(), [hint, COMMA]);
    assert_eq!(*told.0.lock().unwrap(), ["a barred"; 3]);
}

#[tokio::test]
async fn what_is_only_about_one_file_does_not_count() {
    for list in ["a=404|b=ok", "a=403|b=ok"] {
        let (chain, told) = breaking(list);
        for _ in 0..5 {
            assert_eq!(ask(&chain, "example.com/m").await, "b");
        }
        assert_eq!(*told.0.lock().unwrap(), ["b answered"; 5], "{list}");
    }
}

#[tokio::test]
async fn only_what_a_bar_joins_changes_places() {
    // Who is asked first, of all that answer 404, is seen by the last error that counts.
    for (list, want) in [
        ("a=404,b=404|c=404|d=404,e=404|f=404", "a d c b f e"),
        ("a=404|off|b=ok", "a off"),
        ("noproxy,a=404|b=404|direct", "noproxy b a direct"),
        ("a=404|b=404", "b a"),
    ] {
        let mut chain = chain(list, "").choosing(Choice::Fastest);
        let links = chain.lists.as_mut().unwrap();
        let count = links[0].len() as u64;
        for (at, link) in links[0].iter_mut().enumerate() {
            // Each is faster than the one before it.
            let speed = Some(std::time::Duration::from_secs(count - at as u64));
            let candidate = Candidate { speed, ..Candidate::default() };
            link.station = Arc::new(Station::new(
                candidate,
                Rules { max_fails: 0, fail_timeout: Default::default() },
            ));
        }
        let links = chain.links(&Picked { list: 0, private: false }).unwrap();
        let turns = chain.turns(links, "example.com/m");
        let name = |link: &Link| match &link.entry {
            Entry::Proxy(source) => source.name(),
            Entry::Direct => "direct".to_owned(),
            Entry::Off => "off".to_owned(),
            Entry::NoProxy => "noproxy".to_owned(),
        };
        let names: Vec<String> = turns.iter().map(|(link, _)| name(link)).collect();
        assert!(names.join(" ").starts_with(want), "{list}: {names:?}");
        let separators = |falls: &mut dyn Iterator<Item = bool>| falls.collect::<Vec<_>>();
        let before = separators(&mut links.iter().map(|link| link.falls_back_on_any));
        assert_eq!(separators(&mut turns.iter().map(|(_, falls)| *falls)), before, "{list}");
    }
}

#[tokio::test]
async fn a_route_has_a_list_of_its_own() {
    let [mut first, second] = ["a=ok", "b=ok"].map(|text| chain(text, "").lists.unwrap());
    first.extend(second);
    let pick = |path: &str| Picked { list: usize::from(path.starts_with("b.")), private: false };
    let chain = Chain::with_routes(first, Box::new(pick));
    assert_eq!(ask(&chain, "example.com/m").await, "a");
    assert_eq!(ask(&chain, "b.example/m").await, "b");
}

fn answers() -> impl Strategy<Value = (Option<ErrorKind>, bool)> {
    use ErrorKind::{Forbidden, Network, NotFound, Security};
    let answer = prop_oneof![
        Just(None),
        Just(Some(NotFound)),
        Just(Some(Forbidden)),
        Just(Some(Network)),
        Just(Some(Security))
    ];
    (answer, any::<bool>())
}

proptest! {
    /// Asked again and again, with breakers that open at the first failure: nobody behind a `,` is
    /// asked unless the one before it said "not found", and who has an answer that go would have
    /// come to is found.
    #[test]
    fn nobody_is_asked_whom_go_would_not_ask(list in prop::collection::vec(answers(), 1..6)) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let rules = Rules { max_fails: 1, fail_timeout: std::time::Duration::from_secs(3600) };
        let links = list.iter().enumerate().map(|(at, (answer, falls))| {
            let source = Fake { asked: Arc::clone(&asked), ..Fake::new(&at.to_string(), *answer) };
            let station = Arc::new(Station::new(Candidate::default(), rules));
            Link { station, ..Link::new(Entry::Proxy(Arc::new(source)), *falls) }
        });
        let chain = Chain::new(links.collect(), "");
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        // Whom go asks, and what comes of it.
        let mut may = Vec::new();
        let mut found = false;
        for (at, (answer, falls)) in list.iter().enumerate() {
            may.push(at.to_string());
            found = answer.is_none();
            let goes_on = match answer {
                None | Some(ErrorKind::Security) => false,
                Some(ErrorKind::NotFound) => true,
                Some(_) => *falls,
            };
            if !goes_on {
                break;
            }
        }
        for _ in 0..3 {
            let got = runtime.block_on(chain.versions("example.com/m", ""));
            prop_assert_eq!(got.is_ok(), found);
        }
        for at in asked.lock().unwrap().iter() {
            prop_assert!(may.contains(at), "{} of {:?}", at, list);
        }
    }
}
