//! Caches that are asked before everybody else, for every module: GOCACHEPROXY.
//!
//! A cache is a module proxy, or a tree of files in a proxy's layout, whose owner may see the names of all
//! modules, private ones too. It is not trusted with their content, which is verified as anybody's. It can
//! only make a run faster:
//!
//! - It is asked for what never changes: `.info`, `.mod` and `.zip` of exact versions; not for lists, branches
//!   or `@latest`, which it may know from long ago.
//! - A miss, an error or silence for `STALL_TIMEOUT` is no answer; nothing is tried again, and nobody hears of it.
//! - One that fails `MAX_FAILS` times in a row is left alone for the rest of the run, which is said.
//! - Over http somebody on the way may answer in its place. So what neither go.sum nor the checksum database
//!   covers, `.info` among it, is only taken from one at an https or file URL.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, select};

use crate::error::{Error, ErrorKind};
use crate::event::{Answer, Event, Observer};
use crate::net::{BoxFuture, SafeUrl, TransferSettings};
use crate::source::chain::Served;
use crate::source::proxy::Proxy;
use crate::source::{Source, ZipSink};
use crate::spec::goproxy_json::RevInfo;
use crate::spec::module::{self, Version};
use crate::sys::budget::Held;

/// Failures in a row after which a cache is left alone.
const MAX_FAILS: u32 = 3;
/// How long a connection to a cache, which is near, may take to be made.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a cache may send nothing.
const STALL_TIMEOUT: Duration = Duration::from_secs(10);

/// How a cache is asked.
pub fn settings() -> TransferSettings {
    TransferSettings {
        connect_timeout: CONNECT_TIMEOUT,
        stall_timeout: STALL_TIMEOUT,
        retries: 0,
        ..TransferSettings::default()
    }
}

/// The caches, in the order in which they are asked.
#[derive(Default)]
pub struct CacheProxies {
    caches: Vec<Arc<Cache>>,
}

/// A cache.
pub struct Cache {
    base: SafeUrl,
    proxy: Arc<Proxy>,
    fails: AtomicU32,
    rest: Rest,
    observer: Arc<dyn Observer>,
}

/// Waits for so long.
pub type Rest = Arc<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>;

impl Cache {
    /// The cache at `base`, which `proxy` asks; `observer` hears when it is given up.
    pub fn new(base: SafeUrl, proxy: Proxy, rest: Rest, observer: Arc<dyn Observer>) -> Cache {
        Cache { base, proxy: Arc::new(proxy), fails: AtomicU32::new(0), rest, observer }
    }

    /// Its name in messages.
    pub fn name(&self) -> String {
        self.base.to_string()
    }

    /// Where one of its files is, `extension` being `info`, `mod` or `zip`.
    ///
    /// # Errors
    /// When path or version can't be escaped.
    pub fn file_url(&self, module: &Version, extension: &str) -> Result<SafeUrl, Error> {
        self.proxy.file_url(module, extension)
    }

    /// Whether what it sends must be covered by go.sum or the checksum database.
    fn needs_cover(&self) -> bool {
        self.base.scheme() == "http"
    }

    fn is_given_up(&self) -> bool {
        self.fails.load(Ordering::Relaxed) >= MAX_FAILS
    }

    /// Its answer, if it has one in time.
    async fn hear<T>(&self, answer: BoxFuture<'_, Result<T, Error>>) -> Option<Served<T>> {
        self.hear_while(answer, &AtomicU64::new(0)).await
    }

    /// The same; it has more time as long as the number changes.
    async fn hear_while<T>(
        &self,
        answer: BoxFuture<'_, Result<T, Error>>,
        progress: &AtomicU64,
    ) -> Option<Served<T>> {
        match self.in_time(answer, progress).await {
            Ok(answer) => {
                self.fails.store(0, Ordering::Relaxed);
                Some(Served { answer, by: self.name() })
            }
            // A miss is an answer, too.
            Err(err) if err.is_not_found() => {
                self.fails.store(0, Ordering::Relaxed);
                None
            }
            Err(err) => {
                self.failed(&err);
                None
            }
        }
    }

    async fn in_time<T>(
        &self,
        mut answer: BoxFuture<'_, Result<T, Error>>,
        progress: &AtomicU64,
    ) -> Result<T, Error> {
        let mut seen = 0;
        loop {
            answer = match select(answer, (self.rest)(STALL_TIMEOUT)).await {
                Either::Left((result, _)) => return result,
                Either::Right(((), pending)) => pending,
            };
            let now = progress.load(Ordering::Relaxed);
            if now == seen {
                let text = format!("no data for {} seconds", STALL_TIMEOUT.as_secs());
                return Err(Error::message(ErrorKind::Network, text));
            }
            seen = now;
        }
    }

    /// Tells what it sent.
    fn tell(&self, what: Answer, bytes: u64) {
        let source = self.name();
        self.observer.event(&Event::SourceAnswered { source, what, bytes });
    }

    /// Counts a failure.
    pub fn failed(&self, err: &Error) {
        if self.fails.fetch_add(1, Ordering::Relaxed) + 1 == MAX_FAILS {
            self.observer.event(&Event::Note(format!(
                "gomodfetch: GOCACHEPROXY: {} failed {MAX_FAILS} times in a row, and is left alone \
                 from now on: {}",
                self.name(),
                err.without_module()
            )));
        }
    }
}

/// Counts the bytes of a zip.
struct Counting<'a> {
    sink: &'a mut dyn ZipSink,
    progress: &'a AtomicU64,
}

impl ZipSink for Counting<'_> {
    fn restart(&mut self) -> Result<(), Error> {
        self.sink.restart()
    }

    fn write(&mut self, piece: Bytes) -> Result<(), Error> {
        self.progress.fetch_add(piece.len() as u64, Ordering::Relaxed);
        self.sink.write(piece)
    }

    fn may_be_spliced(&self) -> bool {
        self.sink.may_be_spliced()
    }

    fn spliced(&mut self) {
        self.sink.spliced();
    }
}

impl CacheProxies {
    /// These caches.
    pub fn new(caches: Vec<Arc<Cache>>) -> CacheProxies {
        CacheProxies { caches }
    }

    /// All of them.
    pub fn all(&self) -> &[Arc<Cache>] {
        &self.caches
    }

    /// The cache of this name.
    pub fn named(&self, name: &str) -> Option<&Arc<Cache>> {
        self.caches.iter().find(|cache| cache.name() == name)
    }

    /// Those that may be asked now for what is covered by go.sum or the checksum database, or is not.
    fn askable(&self, is_covered: bool) -> impl Iterator<Item = &Cache> {
        let caches = self.caches.iter().map(Arc::as_ref);
        caches.filter(move |cache| !cache.is_given_up() && (is_covered || !cache.needs_cover()))
    }

    /// What `revision` of the module `path` is, if that never changes and a cache knows it.
    pub async fn info(&self, path: &str, revision: &str) -> Option<Served<RevInfo>> {
        if module::canonical_version(revision) != revision || module::check(path, revision).is_err()
        {
            return None;
        }
        for cache in self.askable(false) {
            let served = cache.hear(cache.proxy.info(path, revision)).await;
            if served.is_some() {
                cache.tell(Answer::Other, 0);
                return served;
            }
        }
        None
    }

    /// The go.mod of `module`, if a cache has it.
    pub async fn go_mod(&self, module: &Version, is_covered: bool) -> Option<Served<Held>> {
        for cache in self.askable(is_covered) {
            let served = cache.hear(cache.proxy.go_mod(module)).await;
            if let Some(served) = served {
                cache.tell(Answer::GoMod, served.answer.len() as u64);
                return Some(served);
            }
        }
        None
    }

    /// Hands the zip of `module` to `sink` if a cache has it. What one sent in vain is forgotten before
    /// the next is asked, but not after the last.
    pub async fn zip(
        &self,
        module: &Version,
        is_covered: bool,
        sink: &mut dyn ZipSink,
    ) -> Option<Served<()>> {
        for cache in self.askable(is_covered) {
            sink.restart().ok()?;
            let progress = AtomicU64::new(0);
            let mut sink = Counting { sink: &mut *sink, progress: &progress };
            let served = cache.hear_while(cache.proxy.zip(module, &mut sink), &progress).await;
            if served.is_some() {
                cache.tell(Answer::Zip, progress.load(Ordering::Relaxed));
                return served;
            }
        }
        None
    }

    /// How large the zip of `module` is, if a cache has it.
    pub async fn zip_size(
        &self,
        module: &Version,
        is_covered: bool,
    ) -> Option<Served<Option<u64>>> {
        for cache in self.askable(is_covered) {
            let served = cache.hear(cache.proxy.zip_size(module)).await;
            if served.is_some() {
                return served;
            }
        }
        None
    }
}
