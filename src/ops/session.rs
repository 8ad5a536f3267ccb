//! The pipeline of one operation, put together from the settings.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use crate::config::Config;
use crate::config::goauth::{self, AuthMethod};
use crate::config::goproxy::{Fallback, Proxy as ProxySetting};
use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};
use crate::event::Observer;
use crate::net::credentials::{AuthSettings, Login, Method};
use crate::net::helper::Helpers;
use crate::net::http::{HttpSettings, HttpTransport};
use crate::net::{Network, SafeUrl, TransferSettings, Transport};
use crate::ops::project::config_error;
use crate::pipeline::explain::Explaining;
use crate::pipeline::{Limits, Pipeline};
use crate::source::chain::{Chain, Entry, Link};
use crate::source::file::FileTransport;
use crate::source::proxy::Proxy;
use crate::store::Store;
use crate::sys::budget::Budget;
use crate::verify::Verifier;
use crate::verify::database::{Database, Route, Setup};
use crate::verify::gosum::GoSum;

/// How many connections HTTP/2 streams to one proxy are spread over: one alone is held up as a
/// whole by each lost packet.
const CONNECTIONS: usize = 4;

/// Memory for all go.mod files and lists that are larger than 64 KiB each.
const BODY_MEMORY: u64 = 32 << 20;

/// The pipeline for an operation with this go.sum.
///
/// # Errors
/// When there is no place for the module cache. Errors in GOPROXY and GOSUMDB show when they are needed.
pub fn pipeline(ctx: &Ctx, gosum: GoSum) -> Result<Arc<Pipeline>, Error> {
    make(ctx, gosum)
}

/// The pipeline for toolchains, which never stand in a go.sum.
///
/// # Errors
/// As [`pipeline()`].
pub fn toolchain_pipeline(ctx: &Ctx) -> Result<Arc<Pipeline>, Error> {
    make(ctx, GoSum::absent())
}

fn make(ctx: &Ctx, gosum: GoSum) -> Result<Arc<Pipeline>, Error> {
    let config = &ctx.config;
    let modcache = config.gomodcache().map_err(config_error)?;
    let store = Store::new(&modcache, config.flags.is_on("modcacherw"));
    let store = if ctx.dry { store.dry() } else { store };
    let setup = sumdb_setup(config, &store, !ctx.dry);
    let database = Database::new(setup, Arc::clone(&ctx.transport));
    let rules = config.clone();
    let verifier = Verifier::new(
        gosum,
        database,
        Box::new(move |path| rules.uses_sumdb(path)),
        Arc::clone(&ctx.observer),
    );
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let limits = Limits { zips: ctx.jobs, unpackers: cores };
    let bodies = Budget::new(BODY_MEMORY);
    let chain = chain(config, &ctx.transport, &bodies);
    let explain = Explaining { level: ctx.explain, temp_dir: config.temp_dir.clone() };
    Ok(Pipeline::new(chain, store, verifier, limits, bodies, explain, Arc::clone(&ctx.observer)))
}

fn chain(config: &Config, transport: &Arc<dyn Transport>, bodies: &Budget) -> Chain {
    let list = match config.goproxy() {
        Ok(list) => list,
        Err(err) => return Chain::broken(config_error(err)),
    };
    let links = list.entries().iter().map(|entry| Link {
        entry: match &entry.proxy {
            ProxySetting::Url(url) => {
                let base = SafeUrl::new(url.secret().clone());
                Entry::Proxy(Arc::new(Proxy::new(base, Arc::clone(transport), bodies.clone())))
            }
            ProxySetting::Direct => Entry::Direct,
            ProxySetting::Off => Entry::Off,
            ProxySetting::NoProxy => Entry::NoProxy,
        },
        falls_back_on_any: entry.fallback == Fallback::AnyError,
    });
    Chain::new(links.collect(), config.private.no_proxy())
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
    Network::new(Arc::new(http), TransferSettings::default(), Arc::clone(observer))
}

/// A transport with these settings: files, and HTTP.
pub fn transport(network: &Network, settings: TransferSettings) -> Arc<dyn Transport> {
    Arc::new(FileTransport::new(network.transport(settings)))
}

/// What the HTTP transport needs to know of the settings.
fn http_settings(config: &Config) -> HttpSettings {
    let proxies = config.http_proxies.clone();
    HttpSettings {
        cert_file: config.cert_file.clone(),
        cert_dirs: config.cert_dirs.clone().unwrap_or_default(),
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
