//! The GOPROXY list: which source is asked, and when the next one may be.
//!
//! After `,` the next entry is asked only if the answer was 404 or 410; after `|` on any error.
//! A private module (GONOPROXY) is only ever fetched directly, and never named to a proxy.
//!
//! There may be several lists: modules can have a route of their own. Proxies joined by `|` may change
//! places ([`choice`](crate::source::choice)), and one that keeps failing is left alone for a while
//! ([`breaker`](crate::source::breaker)): if `|` follows, it is skipped, and asked after all where
//! nobody else has an answer; if not, the module fails at once, since nobody may stand in.
//!
//! Implements <https://go.dev/ref/mod#environment-variables> (GOPROXY) and
//! <https://go.dev/ref/mod#private-module-proxy-direct>.

use std::sync::Arc;

use bytes::Bytes;

use crate::error::{Error, ErrorKind};
use crate::event::{Answer, Event, Observer, Silent};
use crate::net::BoxFuture;
use crate::source::choice::{self, Candidate, Choice};
use crate::source::station::{Station, Trouble};
use crate::source::{Source, ZipSink};
use crate::spec::goproxy_json::RevInfo;
use crate::spec::module::{Version, match_prefix_patterns};
use crate::sys::budget::Held;

/// One entry of the list.
pub enum Entry {
    /// A proxy, by URL.
    Proxy(Arc<dyn Source>),
    /// `direct`: the module's own repository.
    Direct,
    /// `off`: nothing is fetched.
    Off,
    /// Put before the list when GONOPROXY is set: private modules directly, all others onward.
    NoProxy,
}

/// The sources in the order in which they are asked.
///
/// Where no source has an answer, the error is the most telling one: that of a direct fetch before
/// one of a proxy, and that before "not found". A security error ends the search at once: what
/// contradicts a proof is never asked for elsewhere.
pub struct Chain {
    lists: Result<Vec<Vec<Link>>, Error>,
    pick: Pick,
    choice: Choice,
    observer: Arc<dyn Observer>,
}

/// An entry and what follows it.
pub struct Link {
    /// The entry.
    pub entry: Entry,
    /// The proxy, when somebody else may be asked after it: then less trouble is taken.
    pub brief: Option<Arc<dyn Source>>,
    /// Whether `|` follows: any error leads to the next entry.
    pub falls_back_on_any: bool,
    /// What is known of the proxy, shared by all lists in which it stands.
    pub station: Arc<Station>,
}

impl Link {
    /// An entry of which nothing is said beyond the list.
    pub fn new(entry: Entry, falls_back_on_any: bool) -> Link {
        Link { entry, brief: None, falls_back_on_any, station: Arc::default() }
    }
}

impl Link {
    /// `source`, which is this entry's, as it is asked when somebody else may be asked after it.
    fn asked<'a>(&'a self, source: &'a dyn Source, others_may_follow: bool) -> &'a dyn Source {
        match &self.brief {
            Some(brief) if others_may_follow => &**brief,
            _ => source,
        }
    }
}

/// Whether one of these entries is somebody to ask.
fn may_follow(rest: &[(&Link, bool)]) -> bool {
    rest.iter().any(|(link, _)| matches!(link.entry, Entry::Proxy(_) | Entry::Direct))
}

/// Which list holds for a module, and whether the module is private.
pub type Pick = Box<dyn Fn(&str) -> Picked + Send + Sync>;

/// The list that holds for a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picked {
    /// Its number.
    pub list: usize,
    /// Whether no proxy may be asked.
    pub private: bool,
}

/// An answer, and who gave it.
#[derive(Debug, Clone)]
pub struct Served<T> {
    /// The answer.
    pub answer: T,
    /// The name of the source, fit to be shown.
    pub by: String,
}

impl Chain {
    /// A chain of `entries`; modules matching the `no_proxy` patterns are fetched directly.
    pub fn new(entries: Vec<Link>, no_proxy: impl Into<String>) -> Chain {
        let no_proxy = no_proxy.into();
        let private = move |path: &str| match_prefix_patterns(&no_proxy, path);
        Chain::with_routes(
            vec![entries],
            Box::new(move |path| Picked { list: 0, private: private(path) }),
        )
    }

    /// A chain of several lists, of which `pick` knows the one for each module.
    pub fn with_routes(lists: Vec<Vec<Link>>, pick: Pick) -> Chain {
        let (choice, observer) = (Choice::default(), Arc::new(Silent));
        Chain { lists: Ok(lists), pick, choice, observer }
    }

    /// A chain that answers every question with `err`: the list can't be understood, which matters
    /// only if something has to be fetched.
    pub fn broken(err: Error) -> Chain {
        Chain { lists: Err(err), ..Chain::new(Vec::new(), "") }
    }

    /// The same chain, telling `observer` who answered.
    pub fn observed(self, observer: Arc<dyn Observer>) -> Chain {
        Chain { observer, ..self }
    }

    /// The same chain, choosing among proxies joined by `|` in this way.
    pub fn choosing(self, choice: Choice) -> Chain {
        Chain { choice, ..self }
    }

    /// The tagged versions of the module `path` that begin with `prefix`.
    ///
    /// # Errors
    /// See [`Chain`]; this holds for all five questions.
    pub async fn versions(&self, path: &str, prefix: &str) -> Result<Vec<String>, Error> {
        Ok(self.walk(path, AskVersions { path, prefix }).await?.answer)
    }

    /// What `revision` of the module `path` is.
    ///
    /// # Errors
    /// See [`Chain`].
    pub async fn info(&self, path: &str, revision: &str) -> Result<RevInfo, Error> {
        Ok(self.walk(path, AskInfo { path, revision }).await?.answer)
    }

    /// The newest version of the module `path`, where there are no tagged ones.
    ///
    /// # Errors
    /// See [`Chain`].
    pub async fn latest(&self, path: &str) -> Result<RevInfo, Error> {
        Ok(self.walk(path, AskLatest { path }).await?.answer)
    }

    /// The go.mod of `module`.
    ///
    /// # Errors
    /// See [`Chain`].
    pub async fn go_mod(&self, module: &Version) -> Result<Served<Held>, Error> {
        self.walk(&module.path, AskGoMod { module }).await
    }

    /// Hands the zip of `module` to `sink`; what one source sent in vain is forgotten before the
    /// next is asked.
    ///
    /// # Errors
    /// See [`Chain`].
    pub async fn zip(&self, module: &Version, sink: &mut dyn ZipSink) -> Result<Served<()>, Error> {
        self.walk(&module.path, AskZip { module, sink, bytes: 0 }).await
    }

    /// How large the zip of `module` is, if its source says it beforehand.
    ///
    /// # Errors
    /// See [`Chain`].
    pub async fn zip_size(&self, module: &Version) -> Result<Served<Option<u64>>, Error> {
        self.walk(&module.path, AskZipSize { module }).await
    }

    /// The sources that may be asked for the module `path`, in the order of the list.
    pub fn sources(&self, path: &str) -> Vec<Arc<dyn Source>> {
        let picked = (self.pick)(path);
        let links = self.links(&picked).unwrap_or_default().iter();
        let sources = links.filter_map(|link| match &link.entry {
            Entry::Proxy(source) if !picked.private => Some(Arc::clone(source)),
            _ => None,
        });
        sources.collect()
    }

    fn links(&self, picked: &Picked) -> Result<&[Link], Error> {
        let lists = self.lists.as_ref().map_err(Clone::clone)?;
        Ok(lists.get(picked.list).map_or(&[], Vec::as_slice))
    }

    /// The first answer, asking the entries in turn as the list allows.
    async fn walk<T>(&self, path: &str, mut ask: impl Ask<T>) -> Result<Served<T>, Error> {
        let picked = (self.pick)(path);
        let turns = self.turns(self.links(&picked)?, path);
        let mut findings = Findings::default();
        let mut skipped = Vec::new();
        for (index, &(link, falls)) in turns.iter().enumerate() {
            let rest = turns.get(index + 1..).unwrap_or_default();
            let (rank, err) = match entry_for(&link.entry, picked.private) {
                Turn::Ask(source) => match link.station.visit() {
                    None if falls => {
                        self.observer.event(&Event::SourceSkipped { source: source.name() });
                        skipped.push((link, source));
                        continue;
                    }
                    None => {
                        let err = link.station.refusal(&source.name());
                        (Rank::Proxy, err.of_module(&Version::new(path, "")))
                    }
                    Some(visit) => {
                        match ask.ask(link.asked(source, falls && may_follow(rest))).await {
                            Ok(answer) => {
                                visit.end("", None, Trouble::Silence);
                                return Ok(self.served(&ask, answer, source));
                            }
                            Err(err) => {
                                let least = if falls { Trouble::Answer } else { Trouble::Silence };
                                let note = visit.end(&source.name(), Some(&err), least);
                                if let Some(note) = note.filter(|_| falls) {
                                    self.observer.event(&Event::Note(note));
                                }
                                findings.answered = Some(err.clone());
                                (Rank::of(&err), err)
                            }
                        }
                    }
                },
                // What a proxy said is told rather than that we can't look further.
                Turn::Direct => match findings.answered.take() {
                    Some(err) => (Rank::Direct, err.hint(DIRECT_IS_NEXT)),
                    None => (Rank::Direct, direct_unavailable(path)),
                },
                Turn::Skip(err) => (Rank::NotFound, err),
            };
            let stop = err.is_security() || (!falls && !err.is_not_found());
            let more = rest.iter().any(|(link, _)| matches!(link.entry, Entry::Proxy(_)));
            let passed_over = stop && !err.is_security() && !picked.private && more;
            if passed_over && let Entry::Proxy(source) = &link.entry {
                self.observer.event(&Event::FallbackBarred { source: source.name() });
            }
            let err = if passed_over { err.hint(COMMA) } else { err };
            let is_security = err.is_security();
            findings.add(rank, err);
            if is_security {
                return Err(findings.error());
            }
            if stop {
                break;
            }
        }
        // Rather late than not at all: it may be the only one that has it.
        for (link, source) in skipped {
            match ask.ask(link.asked(source, true)).await {
                Ok(answer) => {
                    link.station.recovered();
                    return Ok(self.served(&ask, answer, source));
                }
                Err(err) => {
                    let is_security = err.is_security();
                    findings.answered = Some(err.clone());
                    findings.add(Rank::of(&err), err);
                    if is_security {
                        break;
                    }
                }
            }
        }
        Err(findings.error())
    }

    /// The entries as they are asked in turn, each with whether any error leads on from its place.
    fn turns<'a>(&self, links: &'a [Link], path: &str) -> Vec<(&'a Link, bool)> {
        let mut turns = Vec::with_capacity(links.len());
        let mut rest = links;
        while !rest.is_empty() {
            let run = rest
                .iter()
                .take_while(|link| matches!(link.entry, Entry::Proxy(_)))
                .scan(true, |goes_on, link| {
                    std::mem::replace(goes_on, link.falls_back_on_any).then_some(link)
                })
                .count();
            let (run, others) = rest.split_at(run.max(1));
            rest = others;
            let candidates: Vec<&Candidate> =
                run.iter().map(|link| link.station.candidate()).collect();
            let order = match run {
                [_] => vec![0],
                _ => choice::order(self.choice, &candidates, path),
            };
            let places = run.iter().zip(order);
            turns.extend(
                places.filter_map(|(place, at)| Some((run.get(at)?, place.falls_back_on_any))),
            );
        }
        turns
    }

    fn served<T>(&self, ask: &impl Ask<T>, answer: T, source: &dyn Source) -> Served<T> {
        let by = source.name();
        let (what, bytes) = ask.told(&answer);
        self.observer.event(&Event::SourceAnswered { source: by.clone(), what, bytes });
        Served { answer, by }
    }
}

/// What an entry means for a module.
fn entry_for(entry: &Entry, private: bool) -> Turn<'_> {
    match entry {
        Entry::NoProxy | Entry::Direct if private => Turn::Direct,
        Entry::Proxy(_) | Entry::Off if private => {
            Turn::Skip(Error::message(ErrorKind::NotFound, "disabled by GOPRIVATE/GONOPROXY"))
        }
        Entry::Proxy(source) => Turn::Ask(&**source),
        Entry::Direct => Turn::Direct,
        Entry::Off => {
            Turn::Skip(Error::message(ErrorKind::Offline, "module lookup disabled by GOPROXY=off"))
        }
        Entry::NoProxy => Turn::Skip(Error::message(
            ErrorKind::NotFound,
            "path does not match GOPRIVATE/GONOPROXY",
        )),
    }
}

/// What was found out so far in a search without success.
#[derive(Default)]
struct Findings {
    best: Option<(Rank, Error)>,
    answered: Option<Error>,
}

impl Findings {
    fn add(&mut self, rank: Rank, err: Error) {
        if self.best.as_ref().is_none_or(|(known, _)| rank.replaces(*known)) {
            self.best = Some((rank, err));
        }
    }

    /// The most telling error.
    fn error(self) -> Error {
        match self.best {
            Some((_, err)) => match (err.kind(), self.answered) {
                (ErrorKind::Offline, None) => err.hint(OFF),
                (ErrorKind::NotFound, Some(_)) => err.hint(NOT_FOUND),
                _ => err,
            },
            None => Error::message(
                ErrorKind::Usage,
                "GOPROXY list is not the empty string, but contains no entries",
            ),
        }
    }
}

/// A question that is put to one source after another.
trait Ask<T>: Send {
    fn ask<'a>(&'a mut self, source: &'a dyn Source) -> BoxFuture<'a, Result<T, Error>>;
    /// What the answer is, and how many bytes of a file came with it.
    fn told(&self, answer: &T) -> (Answer, u64);
}

struct AskVersions<'q> {
    path: &'q str,
    prefix: &'q str,
}

impl Ask<Vec<String>> for AskVersions<'_> {
    fn ask<'a>(&'a mut self, source: &'a dyn Source) -> BoxFuture<'a, Result<Vec<String>, Error>> {
        source.versions(self.path, self.prefix)
    }

    fn told(&self, _: &Vec<String>) -> (Answer, u64) {
        (Answer::Other, 0)
    }
}

struct AskInfo<'q> {
    path: &'q str,
    revision: &'q str,
}

impl Ask<RevInfo> for AskInfo<'_> {
    fn ask<'a>(&'a mut self, source: &'a dyn Source) -> BoxFuture<'a, Result<RevInfo, Error>> {
        source.info(self.path, self.revision)
    }

    fn told(&self, _: &RevInfo) -> (Answer, u64) {
        (Answer::Other, 0)
    }
}

struct AskLatest<'q> {
    path: &'q str,
}

impl Ask<RevInfo> for AskLatest<'_> {
    fn ask<'a>(&'a mut self, source: &'a dyn Source) -> BoxFuture<'a, Result<RevInfo, Error>> {
        source.latest(self.path)
    }

    fn told(&self, _: &RevInfo) -> (Answer, u64) {
        (Answer::Other, 0)
    }
}

struct AskGoMod<'q> {
    module: &'q Version,
}

impl Ask<Held> for AskGoMod<'_> {
    fn ask<'a>(&'a mut self, source: &'a dyn Source) -> BoxFuture<'a, Result<Held, Error>> {
        source.go_mod(self.module)
    }

    fn told(&self, answer: &Held) -> (Answer, u64) {
        (Answer::GoMod, answer.len() as u64)
    }
}

struct AskZip<'q> {
    module: &'q Version,
    sink: &'q mut dyn ZipSink,
    bytes: u64,
}

/// Counts what goes through.
struct Counting<'a> {
    sink: &'a mut dyn ZipSink,
    bytes: &'a mut u64,
}

impl ZipSink for Counting<'_> {
    fn restart(&mut self) -> Result<(), Error> {
        *self.bytes = 0;
        self.sink.restart()
    }

    fn write(&mut self, piece: Bytes) -> Result<(), Error> {
        *self.bytes += piece.len() as u64;
        self.sink.write(piece)
    }
}

impl Ask<()> for AskZip<'_> {
    fn ask<'a>(&'a mut self, source: &'a dyn Source) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let mut sink = Counting { sink: self.sink, bytes: &mut self.bytes };
            sink.restart()?;
            source.zip(self.module, &mut sink).await
        })
    }

    fn told(&self, _: &()) -> (Answer, u64) {
        (Answer::Zip, self.bytes)
    }
}

struct AskZipSize<'q> {
    module: &'q Version,
}

impl Ask<Option<u64>> for AskZipSize<'_> {
    fn ask<'a>(&'a mut self, source: &'a dyn Source) -> BoxFuture<'a, Result<Option<u64>, Error>> {
        source.zip_size(self.module)
    }

    fn told(&self, _: &Option<u64>) -> (Answer, u64) {
        (Answer::Other, 0)
    }
}

/// What an entry means for one module.
enum Turn<'a> {
    Ask(&'a dyn Source),
    Direct,
    Skip(Error),
}

/// How much an error tells.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    NotFound,
    Proxy,
    Direct,
}

impl Rank {
    /// That of what a source answered.
    fn of(err: &Error) -> Rank {
        if err.is_not_found() { Rank::NotFound } else { Rank::Proxy }
    }

    /// Whether an error of this rank takes the place of a known one.
    fn replaces(self, known: Rank) -> bool {
        match self {
            Rank::Direct => true,
            Rank::Proxy => known <= Rank::Proxy,
            Rank::NotFound => known == Rank::NotFound,
        }
    }
}

const COMMA: &str = "the rest of GOPROXY was not asked: after `,` only 404 and 410 lead on; write \
                     `|` to go on after any error";
const OFF: &str = "GOPROXY=off lets nothing be fetched: name a proxy, or fill the module cache \
                   before";
const NOT_FOUND: &str = "check the path and the version; servers also say 404 to those without \
                         access: a private module wants GOPRIVATE, or credentials in netrc";
const DIRECT_IS_NEXT: &str = "GOPROXY goes on with `direct`, which this version does not support: \
                              only what a proxy serves can be downloaded";

fn direct_unavailable(path: &str) -> Error {
    Error::message(
        ErrorKind::Other,
        format!(
            "module {path}: fetching directly from repositories is not supported by this version"
        ),
    )
    .hint("name a proxy that serves this module in GOPROXY, or fetch it once with go")
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
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
    struct Fake(&'static str, Option<ErrorKind>);

    impl Source for Fake {
        fn name(&self) -> String {
            self.0.to_owned()
        }
        fn versions<'a>(
            &'a self,
            _: &'a str,
            _: &'a str,
        ) -> BoxFuture<'a, Result<Vec<String>, Error>> {
            Box::pin(async move {
                match self.1 {
                    None => Ok(vec![self.0.to_owned()]),
                    Some(ErrorKind::Network) => Err(dead(self.0)),
                    Some(kind) => Err(Error::message(kind, format!("{} {kind:?}", self.0))),
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
                Some((name, answer)) => Entry::Proxy(Arc::new(Fake(
                    Box::leak(name.to_owned().into_boxed_str()),
                    match answer {
                        "404" => Some(ErrorKind::NotFound),
                        "403" => Some(ErrorKind::Forbidden),
                        "500" => Some(ErrorKind::Network),
                        "evil" => Some(ErrorKind::Security),
                        _ => None,
                    },
                ))),
            };
            entries.push(Link::new(entry, falls_back_on_any));
        }
        Chain::new(entries, no_proxy)
    }

    /// No answer came.
    fn dead(name: &str) -> Error {
        let (text, cause) = ("connection refused".to_owned(), RequestCause::Connect);
        NetError::Request { url: name.to_owned(), text, cause }.into()
    }

    async fn ask(chain: &Chain, path: &str) -> String {
        let got = chain.versions(path, "").await;
        got.map_or_else(|err| err.to_string(), |names| names.concat())
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
            ("a=404,direct", "a NotFound"),
            ("a=500|direct", r#"Get "a": connection refused"#),
            (
                "direct",
                "module example.com/m: fetching directly from repositories is not supported by this version",
            ),
        ] {
            let got = chain(list, "").versions("example.com/m", "").await;
            let got = got.map_or_else(|err| err.to_string(), |names| names.concat());
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
        let want = [
            "b answered",
            note,
            "b answered",
            "a skipped",
            "b answered",
            "a skipped",
            "b answered",
        ];
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
        let pick =
            |path: &str| Picked { list: usize::from(path.starts_with("b.")), private: false };
        let chain = Chain::with_routes(first, Box::new(pick));
        assert_eq!(ask(&chain, "example.com/m").await, "a");
        assert_eq!(ask(&chain, "b.example/m").await, "b");
    }
}
