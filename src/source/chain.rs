//! The GOPROXY list: which source is asked, and when the next one may be.
//!
//! After `,` the next entry is asked only if the answer was 404 or 410; after `|` on any error.
//! A private module (GONOPROXY) is only ever fetched directly, and never named to a proxy.
//!
//! There may be several lists: modules can have a route of their own. Proxies joined by `|` may change
//! places ([`choice`]), and one that keeps failing is left alone for a while
//! ([`breaker`](crate::source::breaker)): if `|` follows, it is skipped, and asked after all where
//! nobody else has an answer; if not, the module fails at once, since nobody may stand in.
//!
//! Implements <https://go.dev/ref/mod#environment-variables> (GOPROXY) and
//! <https://go.dev/ref/mod#private-module-proxy-direct>.

use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::event::{Event, Observer, Silent};
use crate::source::choice::{self, Candidate, Choice};
use crate::source::station::{Station, Trouble};
use crate::source::{Source, Versions, ZipSink};
use crate::spec::goproxy_json::{Origin, RevInfo};
use crate::spec::module::{Version, match_prefix_patterns};
use crate::sys::budget::Held;

use ask::{Ask, AskGoMod, AskInfo, AskLatest, AskReuse, AskVersions, AskZip, AskZipSize};

mod ask;

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
    direct: Option<Arc<dyn Source>>,
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
        Chain { lists: Ok(lists), pick, choice, direct: None, observer }
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

    /// The same chain, with the source that stands behind `direct`.
    pub fn with_direct(self, direct: Arc<dyn Source>) -> Chain {
        Chain { direct: Some(direct), ..self }
    }

    /// The same chain, choosing among proxies joined by `|` in this way.
    pub fn choosing(self, choice: Choice) -> Chain {
        Chain { choice, ..self }
    }

    /// The tagged versions of the module `path` that begin with `prefix`.
    ///
    /// # Errors
    /// See [`Chain`]; this holds for all five questions.
    pub async fn versions(&self, path: &str, prefix: &str) -> Result<Versions, Error> {
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

    /// Whether what was found in the module `path` with the origin `old` would be found again.
    ///
    /// # Errors
    /// Anything that says no; see [`Chain`].
    pub async fn check_reuse(&self, path: &str, old: &Origin) -> Result<(), Error> {
        self.walk(path, AskReuse { path, old }).await.map(drop)
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
            Entry::Direct => self.direct.clone(),
            Entry::NoProxy if picked.private => self.direct.clone(),
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
                Turn::Direct => match self.ask_direct(&mut ask).await {
                    Ok(served) => return Ok(served),
                    Err(err) => {
                        findings.answered = Some(err.clone());
                        (Rank::Direct, err)
                    }
                },
                Turn::Skip(err) => (Rank::NotFound, err),
            };
            let stop = err.is_security() || (!falls && !err.is_not_found());
            let is_asked = |entry: &Entry| matches!(entry, Entry::Proxy(_) | Entry::Direct);
            let more = rest.iter().any(|(link, _)| is_asked(&link.entry));
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

    /// The answer of the module's repository.
    async fn ask_direct<T>(&self, ask: &mut impl Ask<T>) -> Result<Served<T>, Error> {
        let Some(source) = self.direct.as_deref() else {
            return Err(Error::message(ErrorKind::Other, "internal error: no repositories"));
        };
        let answer = ask.ask(source).await?;
        Ok(self.served(ask, answer, source))
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
#[cfg(test)]
mod tests;
