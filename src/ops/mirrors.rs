//! `mirrors`: how well module proxies can be reached, and which is the fastest.
//!
//! Asked are the proxies of GOPROXY and those that the arguments name, one after the other, so that they do
//! not slow each other down: once for each kind of answer, then in several rounds for the times.
//!
//! One module is asked for: the one that is named, else the first that the go.mod here requires and that
//! is neither private nor replaced, else a public one. A private module is never named. The public services
//! that are known by themselves ([`KNOWN_PROXIES`]) are asked only if wanted, and then about the public
//! module: nobody has said that they may know what this project requires.

use std::time::{Duration, Instant};

use futures_util::StreamExt;

use crate::config::file::{self, address};
use crate::config::goproxy::{Proxy, ProxyList};
use crate::config::vars::{KNOWN_PROXIES, PROBED_MODULE};
use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};
use crate::net::probe::{Prober, Steps};
use crate::net::url::escape_path;
use crate::net::{Ask, BodyKind, NetError, Patience, Piece, SafeUrl};
use crate::ops::project;
use crate::ops::speeds::Speeds;
use crate::source::{MAX_INFO, MAX_LIST};
use crate::spec::goproxy_json::RevInfo;
use crate::spec::modfile;
use crate::spec::module::{self, Version};
use crate::spec::semver;
use crate::sys::lock;

/// How much of a zip is read at most: enough to know the throughput.
const ENOUGH: u64 = 8 << 20;
/// The zip that a ranking is made for.
const TYPICAL_ZIP: u64 = 100_000;
/// How long a request may take at all.
const LIMIT: Duration = Duration::from_secs(60);
/// The largest go.mod that is looked into.
const MAX_GO_MOD: u64 = 16 << 20;
/// The longest answer about the checksum database.
const MAX_SUPPORTED: u64 = 64 << 10;

/// What is wanted.
#[derive(Debug, Clone, Default)]
pub struct Args {
    /// Proxies besides those of GOPROXY.
    pub urls: Vec<String>,
    /// The public services, too.
    pub known: bool,
    /// How often times are measured.
    pub rounds: usize,
    /// The module to ask for, `path@version`.
    pub module: Option<String>,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The module that was asked for.
    pub module: Version,
    /// How often.
    pub rounds: usize,
    /// The proxies, the best first.
    pub mirrors: Vec<Mirror>,
    /// `direct` or `off`, if GOPROXY ends so.
    pub end: Option<String>,
}

/// A proxy, as it was found to be.
#[derive(Debug, Clone)]
pub struct Mirror {
    /// Its address.
    pub url: SafeUrl,
    /// Microseconds of each step to reach it; none through an HTTP proxy.
    pub steps: [Option<Spread>; 3],
    /// Microseconds from a request to the first byte of its answer, over a connection that is there.
    pub first_byte: Option<Spread>,
    /// Bytes a second of a zip, from the request on.
    pub throughput: Option<Spread>,
    /// Whether it has the `.info`.
    pub info: bool,
    /// Whether it has the zip.
    pub zip: bool,
    /// Whether it has a list of versions.
    pub list: bool,
    /// Whether it passes on the checksum database; not known where there is none.
    pub sumdb: Option<bool>,
    /// What it says is the latest version.
    pub latest: Option<String>,
    /// Whether none of the others knows a later one.
    pub is_fresh: bool,
    /// Why it is of no use.
    pub error: Option<Error>,
}

/// Several measurements of the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spread {
    /// The one in the middle.
    pub median: u64,
    /// The least.
    pub least: u64,
    /// The most.
    pub most: u64,
}

impl Spread {
    /// That of these measurements; none of none.
    pub fn of(mut values: Vec<u64>) -> Option<Spread> {
        values.sort_unstable();
        let (least, most) = (*values.first()?, *values.last()?);
        Some(Spread { median: *values.get(values.len() / 2)?, least, most })
    }
}

impl Mirror {
    /// How long a module of typical size takes, by the medians; none where it can't be had.
    pub fn speed(&self) -> Option<Duration> {
        let first_byte = self.first_byte.filter(|_| self.info && self.zip)?;
        let throughput = self.throughput?.median.max(1);
        let micros = TYPICAL_ZIP.saturating_mul(1_000_000) / throughput;
        Some(Duration::from_micros(first_byte.median.saturating_add(micros)))
    }
}

/// Asks all proxies, and remembers how fast they were.
///
/// # Errors
/// When GOPROXY or an argument can't be understood, or there is nobody to ask.
pub async fn run(ctx: &Ctx, args: &Args) -> Result<Outcome, Error> {
    let urls = proxies(ctx, args)?;
    let module = probed(ctx, args)?;
    let config = &ctx.config;
    let dirs = config.cert_dirs.clone().unwrap_or_default();
    let prober = Prober::new(config.cert_file.as_deref(), &dirs);
    let mut mirrors = Vec::new();
    for url in urls {
        mirrors.push(Probe { ctx, prober: &prober, url, module: &module }.run(args.rounds).await);
    }
    let latest: Vec<String> = mirrors.iter().filter_map(|mirror| mirror.latest.clone()).collect();
    for mirror in &mut mirrors {
        let own = mirror.latest.as_deref();
        mirror.is_fresh =
            own.is_some_and(|own| latest.iter().all(|other| semver::compare(own, other).is_ge()));
    }
    mirrors.sort_by_key(|mirror| mirror.speed().unwrap_or(Duration::MAX));
    let mut speeds = Speeds::read(config);
    for mirror in &mirrors {
        speeds.set(&address(mirror.url.secret()), mirror.speed());
    }
    if let Err(err) = speeds.write(config) {
        ctx.note(format!("gomodfetch: the speeds are not remembered: {err}"));
    }
    Ok(Outcome { module, rounds: args.rounds, mirrors, end: end(ctx) })
}

/// The line that would set GOPROXY to the ranked list; none where no proxy is of use. Credentials are left
/// out of it.
pub fn goproxy(outcome: &Outcome) -> Option<String> {
    let usable = outcome.mirrors.iter().filter(|mirror| mirror.speed().is_some());
    let urls: Vec<String> = usable.map(|mirror| address(mirror.url.secret())).collect();
    let list = urls.join("|");
    (!list.is_empty()).then(|| match &outcome.end {
        Some(end) => format!("{list},{end}"),
        None => list,
    })
}

/// Whom to ask: each once.
fn proxies(ctx: &Ctx, args: &Args) -> Result<Vec<SafeUrl>, Error> {
    let goproxy = ctx.config.goproxy().map_err(project::config_error)?;
    let mut named: Vec<Proxy> = goproxy.entries().iter().map(|entry| entry.proxy.clone()).collect();
    let known = KNOWN_PROXIES.iter().filter(|_| args.known).map(|(url, _)| (*url).to_owned());
    for text in args.urls.iter().cloned().chain(known) {
        let list = ProxyList::parse(&text, "").map_err(project::config_error)?;
        named.extend(list.entries().iter().map(|entry| entry.proxy.clone()));
    }
    let mut seen = Vec::new();
    let mut urls = Vec::new();
    for proxy in &named {
        let (Proxy::Url(url), Some(key)) = (proxy, file::key(proxy)) else { continue };
        if !seen.contains(&key) {
            seen.push(key);
            urls.push(SafeUrl::new(url.secret().clone()));
        }
    }
    if urls.is_empty() {
        let text = "no proxies to ask: GOPROXY names none";
        return Err(Error::message(ErrorKind::Usage, text)
            .hint("name some as arguments, or ask the public ones with --known"));
    }
    Ok(urls)
}

/// What stands behind the proxies in GOPROXY.
fn end(ctx: &Ctx) -> Option<String> {
    let last = ctx.config.goproxy().ok()?.entries().last()?;
    matches!(last.proxy, Proxy::Direct | Proxy::Off).then(|| last.proxy.to_string())
}

/// The module to ask for.
fn probed(ctx: &Ctx, args: &Args) -> Result<Version, Error> {
    let private = &ctx.config.private;
    let is_private = |path: &str| {
        private.is_private(path)
            || private.bypasses_proxies(path)
            || private.bypasses_sumdb(path)
            || ctx.config.route_of(path).is_some()
    };
    if let Some(text) = &args.module {
        let fits = |path: &str, version: &str| module::check(path, version).is_ok();
        let Some((path, version)) = text.split_once('@').filter(|(p, v)| fits(p, v)) else {
            let text =
                format!("{text} is no module with its version, such as example.com/m@v1.2.3");
            return Err(Error::message(ErrorKind::Usage, text));
        };
        if is_private(path) {
            let text = format!(
                "module {path} is private, or has a route of its own: no proxy is asked about it"
            );
            return Err(Error::message(ErrorKind::Usage, text));
        }
        return Ok(Version::new(path, version));
    }
    let own = || {
        let folder = project::folder(&ctx.config, &ctx.cwd)?;
        // A go.work may replace what go.mod requires.
        let go_mod = (!folder.join("go.work").exists()).then(|| folder.join("go.mod"))?;
        let data = lock::read_any(&go_mod, MAX_GO_MOD).ok()?;
        let file = modfile::File::parse("go.mod", &data, None).ok()?;
        let replaced = |path: &str| file.replace.iter().any(|replace| &*replace.old.path == path);
        let modules = file.require.iter().map(|require| &require.module);
        let mut fit = modules.filter(|m| {
            !is_private(&m.path) && !replaced(&m.path) && module::check(&m.path, &m.version).is_ok()
        });
        fit.next().cloned()
    };
    let own = if args.known { None } else { own() };
    Ok(own.unwrap_or_else(|| Version::new(PROBED_MODULE.0, PROBED_MODULE.1)))
}

/// One proxy being asked.
struct Probe<'a> {
    ctx: &'a Ctx,
    prober: &'a Prober,
    url: SafeUrl,
    module: &'a Version,
}

/// An answer, and how long it took.
struct Timed {
    data: Vec<u8>,
    bytes: u64,
    first_byte: Duration,
    whole: Duration,
}

impl Probe<'_> {
    async fn run(self, rounds: usize) -> Mirror {
        let mut mirror = Mirror {
            url: self.url.clone(),
            steps: [None; 3],
            first_byte: None,
            throughput: None,
            info: false,
            zip: false,
            list: false,
            sumdb: None,
            latest: None,
            is_fresh: false,
            error: None,
        };
        match self.file(".info", MAX_INFO).await {
            Ok(_) => mirror.info = true,
            Err(err) => {
                mirror.error = Some(err);
                return mirror;
            }
        }
        mirror.list = self.of_module("@v/list", MAX_LIST).await.is_ok();
        let latest = self.of_module("@latest", MAX_INFO).await.ok();
        mirror.latest = latest
            .and_then(|timed| RevInfo::decode(&timed.data).ok())
            .map(|info| info.version)
            .filter(|version| module::canonical_version(version) == *version);
        if let Ok(server) = self.ctx.config.gosumdb().and_then(|sumdb| sumdb.server()) {
            let path = format!("sumdb/{}/supported", server.name);
            mirror.sumdb = Some(self.get(&path, MAX_SUPPORTED).await.is_ok());
        }
        let mut steps = [Vec::new(), Vec::new(), Vec::new()];
        let (mut first_byte, mut throughput) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let Steps { dns, connect, tls } = self.reach().await;
            for (all, step) in steps.iter_mut().zip([dns, connect, tls]) {
                all.extend(step.map(micros));
            }
            let info = self.file(".info", MAX_INFO).await;
            let zip = self.file(".zip", ENOUGH).await;
            match info.and_then(|info| Ok((info, zip?))) {
                Ok((info, zip)) => {
                    mirror.zip = true;
                    first_byte.push(micros(info.first_byte));
                    let seconds = zip.whole.as_secs_f64().max(0.000_001);
                    throughput.push((zip.bytes as f64 / seconds) as u64);
                }
                Err(err) => mirror.error = Some(err),
            }
        }
        mirror.steps = steps.map(Spread::of);
        mirror.first_byte = Spread::of(first_byte);
        mirror.throughput = Spread::of(throughput);
        mirror
    }

    /// Reaches the server on a thread of its own, unless requests take another way.
    async fn reach(&self) -> Steps {
        let url = self.url.clone();
        let is_direct = matches!(self.ctx.config.http_proxies.proxy_for(url.secret()), Ok(None));
        if url.scheme() == "file" || !is_direct {
            return Steps::default();
        }
        let prober = self.prober.clone();
        tokio::task::spawn_blocking(move || prober.reach(&url)).await.unwrap_or_default()
    }

    async fn file(&self, extension: &str, limit: u64) -> Result<Timed, Error> {
        let version = module::escape_version(&self.module.version)
            .map_err(|err| Error::new(ErrorKind::Other, err))?;
        self.of_module(&format!("@v/{version}{extension}"), limit).await
    }

    async fn of_module(&self, rest: &str, limit: u64) -> Result<Timed, Error> {
        let path = module::escape_path(&self.module.path)
            .map_err(|err| Error::new(ErrorKind::Other, err))?;
        self.get(&format!("{path}/{rest}"), limit).await
    }

    /// Gets at most `limit` bytes.
    async fn get(&self, path: &str, limit: u64) -> Result<Timed, Error> {
        let url = self.url.join(&escape_path(path));
        let ask = Ask { patience: Patience::None, kind: BodyKind::Small };
        let started = Instant::now();
        let asking = async {
            let mut response = self.ctx.transport.get(&url, ask).await?.ok().await?;
            let first_byte = started.elapsed();
            let (mut data, mut bytes) = (Vec::new(), 0);
            while bytes < limit
                && let Some(piece) = response.body.next().await
            {
                if let Piece::Data(piece) = piece? {
                    bytes += piece.len() as u64;
                    // Zips are counted, and not kept.
                    if limit < ENOUGH {
                        data.extend_from_slice(&piece);
                    }
                }
            }
            Ok(Timed { data, bytes, first_byte, whole: started.elapsed() })
        };
        let late = || {
            let (url, text) = (url.to_string(), "not done after 60 seconds".to_owned());
            Error::from(NetError::Body { url, text, silent: true })
        };
        tokio::time::timeout(LIMIT, asking).await.unwrap_or_else(|_| Err(late()))
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_and_the_ends() {
        assert_eq!(Spread::of(vec![]), None);
        assert_eq!(Spread::of(vec![5]), Some(Spread { median: 5, least: 5, most: 5 }));
        assert_eq!(Spread::of(vec![9, 1, 4]), Some(Spread { median: 4, least: 1, most: 9 }));
    }
}
