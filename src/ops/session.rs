//! The pipeline of one operation, put together from the settings.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::config::Config;
use crate::config::file;
use crate::config::goauth::{self, AuthMethod};
use crate::config::goproxy::{Fallback, Proxy as ProxySetting, ProxyList};
use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};
use crate::event::Observer;
use crate::net::credentials::{AuthSettings, Login, Method};
use crate::net::dispatch::Dispatch;
use crate::net::helper::Helpers;
use crate::net::http::{HttpSettings, HttpTransport};
use crate::net::identity::Identity;
use crate::net::{Ask, Network, Patience, SafeUrl, TransferSettings, Transport};
use crate::ops::project::config_error;
use crate::ops::speeds::Speeds;
use crate::pipeline::engine::{Engine, Parts};
use crate::pipeline::explain::Explaining;
use crate::pipeline::upload::Uploads;
use crate::pipeline::{Limits, Pipeline, Shared, Sources};
use crate::source::Source;
use crate::source::breaker::Rules;
use crate::source::cache_proxy::{self, Cache, CacheProxies, Rest};
use crate::source::chain::{Chain, Entry, Link, Picked};
use crate::source::choice::{Candidate, Choice};
use crate::source::direct::Direct;
use crate::source::discovery::{self, Discovery};
use crate::source::file::FileTransport;
use crate::source::proxy::Proxy;
use crate::source::station::Station;
use crate::store::Store;
use crate::sys::budget::Budget;
use crate::vcs::repos::Repos;
use crate::vcs::run::{Probe, Settings};
use crate::verify::database::{Database, Route, Setup};
use crate::verify::gosum::GoSum;

/// How many connections HTTP/2 streams to one proxy are spread over: one alone is held up as a
/// whole by each lost packet.
const CONNECTIONS: usize = 4;

/// How long a server may be silent that need not be there.
const INSECURE_PATIENCE: Duration = Duration::from_secs(5);

/// Memory for all go.mod files and lists that are larger than 64 KiB each.
const BODY_MEMORY: u64 = 32 << 20;

/// How long a version control program may print nothing while it talks to a server.
const VCS_STALL: Duration = Duration::from_secs(60);

/// The pipeline for an operation with this go.sum.
///
/// # Errors
/// When there is no place for the module cache. Errors in GOPROXY and GOSUMDB show when they are needed.
pub fn pipeline(ctx: &Ctx, gosum: GoSum) -> Result<Arc<Pipeline>, Error> {
    Ok(Pipeline::new(engine(ctx)?, gosum, Arc::clone(&ctx.observer)))
}

/// The pipeline for toolchains, which never stand in a go.sum.
///
/// # Errors
/// As [`pipeline()`].
pub fn toolchain_pipeline(ctx: &Ctx) -> Result<Arc<Pipeline>, Error> {
    pipeline(ctx, GoSum::absent())
}

/// The module cache.
///
/// # Errors
/// When there is no place for it.
pub fn store(ctx: &Ctx) -> Result<Store, Error> {
    let modcache = ctx.config.gomodcache().map_err(config_error)?;
    let store = Store::new(&modcache, ctx.config.flags.is_on("modcacherw")).with_layout(ctx.layout);
    Ok(if ctx.dry { store.dry() } else { store })
}

/// What all pipelines of the run share, made by whoever needs it first.
///
/// # Errors
/// As [`pipeline()`].
pub fn engine(ctx: &Ctx) -> Result<Arc<Engine>, Error> {
    ctx.shared.engine.get_or_init(|| make(ctx)).clone()
}

fn make(ctx: &Ctx) -> Result<Arc<Engine>, Error> {
    let config = &ctx.config;
    let store = store(ctx)?;
    let setup = sumdb_setup(config, &store, !ctx.dry);
    let database = Database::new(setup, Arc::clone(&ctx.transport));
    let rules = config.clone();
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let bodies = Budget::new(BODY_MEMORY);
    let chain = chain(ctx, &bodies).with_direct(direct(ctx, &store, &bodies));
    Ok(Engine::new(Parts {
        sources: Sources { shared: shared(ctx, &bodies)?, chain },
        store,
        database,
        uses_database: Arc::new(move |path| rules.uses_sumdb(path)),
        limits: Limits { zips: ctx.jobs, unpackers: cores },
        bodies,
        explaining: Explaining { level: ctx.explain, temp_dir: config.temp_dir.clone() },
        observer: Arc::clone(&ctx.observer),
    }))
}

/// The caches of GOCACHEPROXY.
fn shared(ctx: &Ctx, bodies: &Budget) -> Result<Shared, Error> {
    let setting = ctx.config.cache_proxies().map_err(config_error)?;
    let transport: Arc<dyn Transport> =
        Arc::new(FileTransport::new(ctx.network.transport(cache_proxy::settings())));
    let caches = setting.urls.iter().map(|url| {
        let base = SafeUrl::new(url.secret().clone());
        let proxy = Proxy::new(base.clone(), Arc::clone(&transport), bodies.clone());
        let proxy = proxy.with_patience(Patience::None);
        let rest: Rest = Arc::new(|time| Box::pin(tokio::time::sleep(time)));
        Arc::new(Cache::new(base, proxy, rest, Arc::clone(&ctx.observer)))
    });
    let caches: Vec<Arc<Cache>> = caches.collect();
    let stores = setting.write && !ctx.dry && !caches.is_empty();
    let uploads = stores.then(|| Arc::clone(&ctx.uploads));
    Ok(Shared { caches: CacheProxies::new(caches), uploads })
}

fn chain(ctx: &Ctx, bodies: &Budget) -> Chain {
    let config = &ctx.config;
    let goproxy = match config.goproxy() {
        Ok(list) => list,
        Err(err) => return Chain::broken(config_error(err)),
    };
    // GOPROXY is the first list, and the routes follow.
    let is_fastest = config.files.choice() == file::Choice::Fastest;
    let speeds = if is_fastest { Speeds::read(config) } else { Speeds::default() };
    let mut proxies = Proxies { ctx, bodies, speeds, known: HashMap::new() };
    let routes = config.files.routes().map(|route| &route.list);
    let lists = [goproxy].into_iter().chain(routes).map(|list| proxies.links(list)).collect();
    let rules = config.clone();
    let pick = move |path: &str| match rules.route_of(path) {
        Some(route) => Picked { list: route + 1, private: false },
        None => Picked { list: 0, private: rules.private.bypasses_proxies(path) },
    };
    let choice = match config.files.choice() {
        file::Choice::InOrder => Choice::InOrder,
        file::Choice::Fastest => Choice::Fastest,
        file::Choice::Spread => Choice::Spread,
    };
    let chain = Chain::with_routes(lists, Box::new(pick)).choosing(choice);
    chain.observed(Arc::clone(&ctx.observer))
}

/// The proxies of all lists, each made once: what happens to one in a list matters in the others.
struct Proxies<'a> {
    ctx: &'a Ctx,
    bodies: &'a Budget,
    speeds: Speeds,
    known: HashMap<String, (Arc<Proxy>, Arc<Station>)>,
}

impl Proxies<'_> {
    fn links(&mut self, list: &ProxyList) -> Vec<Link> {
        let links = list.entries().iter().map(|entry| {
            let falls = entry.fallback == Fallback::AnyError;
            match &entry.proxy {
                ProxySetting::Url(url) => {
                    let (proxy, station) = self.proxy(url.secret(), &entry.proxy);
                    let brief: Arc<dyn Source> = Arc::new(proxy.with_patience(Patience::Once));
                    Link { station, brief: Some(brief), ..Link::new(Entry::Proxy(proxy), falls) }
                }
                ProxySetting::Direct => Link::new(Entry::Direct, falls),
                ProxySetting::Off => Link::new(Entry::Off, falls),
                ProxySetting::NoProxy => Link::new(Entry::NoProxy, falls),
            }
        });
        links.collect()
    }

    fn proxy(&mut self, url: &url::Url, setting: &ProxySetting) -> (Arc<Proxy>, Arc<Station>) {
        let made = self.known.entry(url.to_string()).or_insert_with(|| {
            let rules = self.ctx.config.files.rules(setting);
            let transport = Arc::clone(&self.ctx.transport);
            let base = SafeUrl::new(url.clone());
            let proxy = Proxy::new(base, transport, self.bodies.clone());
            let name = file::address(url);
            let speed = self.speeds.get(&name);
            let candidate =
                Candidate { name, backup: rules.is_backup(), weight: rules.weight(), speed };
            let breaker =
                Rules { max_fails: rules.max_fails(), fail_timeout: rules.fail_timeout() };
            (Arc::new(proxy), Arc::new(Station::new(candidate, breaker)))
        });
        made.clone()
    }
}

/// The source behind `direct`.
fn direct(ctx: &Ctx, store: &Store, bodies: &Budget) -> Arc<dyn Source> {
    let config = &ctx.config;
    let transport = Arc::clone(&ctx.transport);
    let probe: Probe = Arc::new(move |url| {
        let transport = Arc::clone(&transport);
        Box::pin(async move {
            let Ok(url) = url::Url::parse(&url) else { return false };
            let answer = transport.get(&SafeUrl::new(url), Ask::default()).await;
            answer.is_ok_and(|answer| matches!(answer.status, 404 | 410))
        })
    });
    let settings = Settings {
        dir: store.vcs_dir(),
        temp_dir: config.temp_dir.clone(),
        path: config.path.clone(),
        set: config.prompts.clone(),
        interactive: std::io::IsTerminal::is_terminal(&std::io::stdin()),
        stall: VCS_STALL,
        probe,
    };
    let repos = Arc::new(Repos::new(settings, Arc::clone(&ctx.observer)));
    let (insecure, vcs, pinging) = (config.clone(), config.clone(), Arc::clone(&repos));
    let rules = discovery::Rules {
        insecure: Arc::new(move |path| insecure.private.is_insecure(path)),
        allows: Arc::new(move |system, root| {
            let refused = |err| Error::new(ErrorKind::NotFound, err);
            vcs.check_vcs(system.name(), root).map_err(refused)
        }),
        git_protocols: config.git_allow_protocol.clone(),
    };
    let ping: discovery::Ping = Arc::new(move |system, url| {
        let repos = Arc::clone(&pinging);
        Box::pin(async move { repos.ping(system.name(), url).await })
    });
    let insecure = insecure_transport(config, &ctx.observer);
    let discovery = Discovery::new(Arc::clone(&ctx.transport), insecure, rules, ping);
    let transport = Arc::clone(&ctx.transport);
    Arc::new(Direct::new(discovery, repos, transport, bodies.clone(), config.temp_dir.clone()))
}

fn sumdb_setup(config: &Config, store: &Store, keep: bool) -> Result<Setup, Error> {
    let server = config.gosumdb().and_then(|db| db.server()).map_err(config_error)?;
    let routes = config.goproxy().map_err(config_error)?.entries().iter().filter_map(|entry| {
        match &entry.proxy {
            ProxySetting::Url(url) => Some(Route::Proxy(
                SafeUrl::new(url.secret().clone()),
                entry.fallback == Fallback::AnyError,
            )),
            ProxySetting::Direct => Some(Route::Direct),
            ProxySetting::Off => Some(Route::Off),
            ProxySetting::NoProxy => None,
        }
    });
    Ok(Setup {
        vkey: server.vkey.clone(),
        direct: SafeUrl::new(server.direct.secret().clone()),
        explicit: server.url.as_ref().map(|url| SafeUrl::new(url.secret().clone())),
        routes: routes.collect(),
        cache: store.sumdb_dir(),
        keep,
        heads: config.gopath.sumdb_dir().map_err(|err| err.to_string()),
    })
}

/// The network of one run, by the user's settings.
pub fn network(config: &Config, observer: &Arc<dyn Observer>) -> Network {
    let http = HttpTransport::new(http_settings(config), Arc::clone(observer));
    let settings = TransferSettings {
        retries: config.transfers.retries,
        retry_wait: config.transfers.retry_wait,
        connect_timeout: config.transfers.connect_timeout,
        stall_timeout: config.transfers.stall_timeout,
        ..TransferSettings::default()
    };
    Network::new(Arc::new(http), settings, Arc::clone(observer))
}

/// What is stored in the caches of GOCACHEPROXY in one run.
pub fn uploads(network: &Network, observer: &Arc<dyn Observer>) -> Arc<Uploads> {
    Arc::new(Uploads::new(network.clone(), Arc::clone(observer)))
}

/// The transport of one run: files, and HTTP with the settings that each proxy has in gomodfetch.toml.
pub fn transport(network: &Network, config: &Config) -> Arc<dyn Transport> {
    let with = |rules: &file::Rules| network.transport(settings(rules, network.settings()));
    let mut http = Dispatch::new(with(&config.files.rules_of_others()));
    for (address, rules) in config.files.proxies() {
        http.add(address, with(&rules));
    }
    Arc::new(FileTransport::new(http))
}

/// What gomodfetch.toml says of transfers, and for the rest what holds without.
fn settings(rules: &file::Rules, others: &TransferSettings) -> TransferSettings {
    TransferSettings {
        connect_timeout: rules.connect_timeout.unwrap_or(others.connect_timeout),
        stall_timeout: rules.stall_timeout.unwrap_or(others.stall_timeout),
        retries: rules.retries.unwrap_or(others.retries),
        retry_wait: rules.retry_wait.unwrap_or(others.retry_wait),
        requests_per_second: rules
            .requests_per_second
            .map(f64::from)
            .or(others.requests_per_second),
        bytes_per_second: rules.bytes_per_second.or(others.bytes_per_second),
        max_transfers: rules
            .max_transfers
            .and_then(|number| usize::try_from(number).ok())
            .or(others.max_transfers),
    }
}

/// How the pages of modules are got that GOINSECURE names: there may be no https server, or one with a
/// certificate of its own.
fn insecure_transport(config: &Config, observer: &Arc<dyn Observer>) -> Arc<dyn Transport> {
    let settings = HttpSettings { insecure: true, ..http_settings(config) };
    let http = HttpTransport::new(settings, Arc::clone(observer));
    let settings = TransferSettings {
        connect_timeout: INSECURE_PATIENCE,
        stall_timeout: INSECURE_PATIENCE,
        ..TransferSettings::default()
    };
    let network = Network::new(Arc::new(http), settings.clone(), Arc::clone(observer));
    Arc::new(network.transport(settings))
}

/// What the HTTP transport needs to know of the settings.
fn http_settings(config: &Config) -> HttpSettings {
    let proxies = config.http_proxies.clone();
    HttpSettings {
        cert_file: config.cert_file.clone(),
        cert_dirs: config.cert_dirs.clone().unwrap_or_default(),
        identities: config
            .client_certs
            .iter()
            .map(|cert| Identity {
                host: cert.host.clone(),
                cert: cert.cert.clone(),
                key: cert.key.clone(),
            })
            .collect(),
        insecure: false,
        proxy: Arc::new(move |url| {
            proxies.proxy_for(url).map(|proxy| proxy.cloned()).map_err(|err| err.to_string())
        }),
        auth: auth_settings(config),
        connections: CONNECTIONS,
    }
}

/// GOAUTH. netrc is read when it is first needed, and once.
fn auth_settings(config: &Config) -> AuthSettings {
    let method = |method: &AuthMethod| match method {
        AuthMethod::Git(dir) => Method::Git(dir.clone()),
        AuthMethod::Command(text) => {
            let words = goauth::command_words(text).map_err(|err| err.to_string());
            Method::Command { text: text.clone(), words }
        }
        AuthMethod::Netrc => {
            let (config, once) = (config.clone(), OnceLock::new());
            let read = move || {
                let netrc = config.netrc().map_err(|err| err.to_string())?;
                let logins = netrc.entries().iter().map(|entry| Login {
                    machine: entry.machine.clone(),
                    login: entry.login.clone(),
                    password: entry.password.clone(),
                });
                Ok(logins.collect::<Vec<Login>>())
            };
            Method::Netrc(Arc::new(move || once.get_or_init(&read).clone()))
        }
    };
    let methods = config.goauth().map_err(|err| err.to_string());
    let env = config.prompts.iter().map(|(name, value)| ((*name).into(), value.clone()));
    AuthSettings {
        methods: methods.map(|methods| methods.iter().map(method).collect()),
        helpers: Helpers { path: config.path.clone(), env: env.collect() },
        check_url: |url| goauth::check_url(url).map_err(|err| err.to_string()),
    }
}

/// Where `cache/lock` stands; held, as far as possible, while go.mod and go.sum are written.
pub fn side_lock(store: &Store) -> Option<crate::sys::lock::Lock> {
    let path: PathBuf = store.side_lock();
    path.parent().and_then(|dir| crate::sys::file::create_dir_all(dir).ok())?;
    crate::sys::lock::Lock::exclusive(&path).ok()
}

/// An error for what an earlier stage of the program should have prevented.
pub fn internal(text: &str) -> Error {
    Error::message(ErrorKind::Other, format!("internal error: {text}"))
}
