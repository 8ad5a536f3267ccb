//! The GOPROXY list: which source is asked, and when the next one may be.
//!
//! After `,` the next entry is asked only if the answer was 404 or 410; after `|` on any error.
//! A private module (GONOPROXY) is only ever fetched directly, and never named to a proxy.
//!
//! Implements <https://go.dev/ref/mod#environment-variables> (GOPROXY) and
//! <https://go.dev/ref/mod#private-module-proxy-direct>.

use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::net::BoxFuture;
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
    entries: Result<Vec<Link>, Error>,
    no_proxy: String,
}

/// An entry and what follows it.
pub struct Link {
    /// The entry.
    pub entry: Entry,
    /// Whether `|` follows: any error leads to the next entry.
    pub falls_back_on_any: bool,
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
        Chain { entries: Ok(entries), no_proxy: no_proxy.into() }
    }

    /// A chain that answers every question with `err`: the list can't be understood, which matters
    /// only if something has to be fetched.
    pub fn broken(err: Error) -> Chain {
        Chain { entries: Err(err), no_proxy: String::new() }
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
        self.walk(&module.path, AskZip { module, sink }).await
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
        let private = match_prefix_patterns(&self.no_proxy, path);
        let links = self.entries.as_deref().unwrap_or_default().iter();
        let sources = links.filter_map(|link| match &link.entry {
            Entry::Proxy(source) if !private => Some(Arc::clone(source)),
            _ => None,
        });
        sources.collect()
    }

    /// The first answer, asking the entries in turn as the list allows.
    async fn walk<T>(&self, path: &str, mut ask: impl Ask<T>) -> Result<Served<T>, Error> {
        let private = match_prefix_patterns(&self.no_proxy, path);
        let mut best: Option<(Rank, Error)> = None;
        let mut answered = None;
        for (index, link) in self.entries.as_ref().map_err(Clone::clone)?.iter().enumerate() {
            let (rank, err) = match self.entry_for(&link.entry, private) {
                Turn::Ask(source) => match ask.ask(source).await {
                    Ok(answer) => return Ok(Served { answer, by: source.name() }),
                    Err(err) => {
                        let rank = if err.is_not_found() { Rank::NotFound } else { Rank::Proxy };
                        answered = Some(err.clone());
                        (rank, err)
                    }
                },
                // What a proxy said is told rather than that we can't look further.
                Turn::Direct => match answered.take() {
                    Some(err) => (Rank::Direct, err.hint(DIRECT_IS_NEXT)),
                    None => (Rank::Direct, direct_unavailable(path)),
                },
                Turn::Skip(err) => (Rank::NotFound, err),
            };
            let stop = err.is_security() || (!link.falls_back_on_any && !err.is_not_found());
            let passed_over = stop && !err.is_security() && !private && self.asks_more_after(index);
            let err = if passed_over { err.hint(COMMA) } else { err };
            if best.as_ref().is_none_or(|(known, _)| rank.replaces(*known)) {
                best = Some((rank, err));
            }
            if stop {
                break;
            }
        }
        let best = best.map(|(_, err)| match (err.kind(), answered) {
            (ErrorKind::Offline, None) => err.hint(OFF),
            (ErrorKind::NotFound, Some(_)) => err.hint(NOT_FOUND),
            _ => err,
        });
        Err(best.unwrap_or_else(|| {
            Error::message(
                ErrorKind::Usage,
                "GOPROXY list is not the empty string, but contains no entries",
            )
        }))
    }

    /// Whether an entry after this one would be asked about a module that is not private.
    fn asks_more_after(&self, index: usize) -> bool {
        let entries = self.entries.as_deref().unwrap_or_default();
        let mut rest = entries.iter().skip(index + 1);
        rest.any(|link| matches!(link.entry, Entry::Proxy(_)))
    }

    fn entry_for<'a>(&self, entry: &'a Entry, private: bool) -> Turn<'a> {
        match entry {
            Entry::NoProxy | Entry::Direct if private => Turn::Direct,
            Entry::Proxy(_) | Entry::Off if private => {
                Turn::Skip(Error::message(ErrorKind::NotFound, "disabled by GOPRIVATE/GONOPROXY"))
            }
            Entry::Proxy(source) => Turn::Ask(&**source),
            Entry::Direct => Turn::Direct,
            Entry::Off => Turn::Skip(Error::message(
                ErrorKind::Offline,
                "module lookup disabled by GOPROXY=off",
            )),
            Entry::NoProxy => Turn::Skip(Error::message(
                ErrorKind::NotFound,
                "path does not match GOPRIVATE/GONOPROXY",
            )),
        }
    }
}

/// A question that is put to one source after another.
trait Ask<T>: Send {
    fn ask<'a>(&'a mut self, source: &'a dyn Source) -> BoxFuture<'a, Result<T, Error>>;
}

struct AskVersions<'q> {
    path: &'q str,
    prefix: &'q str,
}

impl Ask<Vec<String>> for AskVersions<'_> {
    fn ask<'a>(&'a mut self, source: &'a dyn Source) -> BoxFuture<'a, Result<Vec<String>, Error>> {
        source.versions(self.path, self.prefix)
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
}

struct AskLatest<'q> {
    path: &'q str,
}

impl Ask<RevInfo> for AskLatest<'_> {
    fn ask<'a>(&'a mut self, source: &'a dyn Source) -> BoxFuture<'a, Result<RevInfo, Error>> {
        source.latest(self.path)
    }
}

struct AskGoMod<'q> {
    module: &'q Version,
}

impl Ask<Held> for AskGoMod<'_> {
    fn ask<'a>(&'a mut self, source: &'a dyn Source) -> BoxFuture<'a, Result<Held, Error>> {
        source.go_mod(self.module)
    }
}

struct AskZip<'q> {
    module: &'q Version,
    sink: &'q mut dyn ZipSink,
}

impl Ask<()> for AskZip<'_> {
    fn ask<'a>(&'a mut self, source: &'a dyn Source) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            self.sink.restart()?;
            source.zip(self.module, self.sink).await
        })
    }
}

struct AskZipSize<'q> {
    module: &'q Version,
}

impl Ask<Option<u64>> for AskZipSize<'_> {
    fn ask<'a>(&'a mut self, source: &'a dyn Source) -> BoxFuture<'a, Result<Option<u64>, Error>> {
        source.zip_size(self.module)
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
    use super::*;

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
            entries.push(Link { entry, falls_back_on_any });
        }
        Chain::new(entries, no_proxy)
    }

    #[tokio::test]
    async fn comma_and_pipe() {
        for (list, want) in [
            ("a=ok,b=ok", "a"),
            ("a=404,b=ok", "b"),
            ("a=500,b=ok", "a Network"),
            ("a=403,b=ok", "a Forbidden"),
            ("a=500|b=ok", "b"),
            ("a=403|b=404", "a Forbidden"),
            ("a=404,b=404", "b NotFound"),
            ("a=500|b=500", "b Network"),
            ("a=evil|b=ok", "a Security"),
            ("a=404,off", "module lookup disabled by GOPROXY=off"),
            ("a=500|off", "a Network"),
            ("noproxy,a=ok", "a"),
            ("a=404,direct", "a NotFound"),
            ("a=500|direct", "a Network"),
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
}
