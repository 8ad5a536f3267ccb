//! What the user asked for, resolved once.
//!
//! Implements [Environment variables](https://go.dev/ref/mod#environment-variables) of the Go
//! Modules Reference. This layer alone reads the environment; it reads files too (the `go env`
//! file, an installed Go's go.env and VERSION, netrc), writes none, and starts no program.
//!
//! [`Config::load`] reads everything and refuses at once what go refuses whatever a command goes
//! on to do: a bad GOTOOLCHAIN, GOPATH, GOWORK or GOFLAGS, in this order. Everything else is
//! refused when it is needed, as in go, so those accessors return a `Result`: GO111MODULE when an
//! operation begins, GOPROXY at the first module to look up, GOSUMDB at the first one to check,
//! GOMODCACHE at the first file to write, GOAUTH and netrc at the first https request.
//!
//! | question                                            | file                            |
//! |-----------------------------------------------------|---------------------------------|
//! | which variables are there, and what do they mean?   | [`vars`]                        |
//! | where does a value come from?                       | [`settings`], [`env`](mod@env), [`envfile`] |
//! | which Go is installed, and which does it stand for? | [`goroot`], [`toolchain`]       |
//! | where is the module cache?                          | [`gopath`], [`userdirs`]        |
//! | which flags hold?                                   | [`goflags`], [`quoted`]         |
//! | are modules in use, and which workspace?            | [`mode`]                        |
//! | which proxies are asked for a module?               | [`goproxy`], [`private`] |
//! | which caches are asked before them?                 | [`cache_proxy`]                 |
//! | which checksum database is asked?                   | [`gosumdb`]                     |
//! | which version control systems may be used?          | [`govcs`]                       |
//! | what else is said of proxies?                       | [`file`](mod@file)             |
//! | which credentials and HTTP proxies are used?        | [`goauth`], [`netrc`], [`http_proxy`], [`client_cert`] |
//! | how patient are transfers?                          | [`transfers`]                   |
//! | what is built, and for which system?                | [`build`]                       |
//!
//! ```
//! use gomodfetch::config::{Config, env::MapEnv, goflags::Flags};
//!
//! let env = MapEnv::from([("GOPATH", "/cache"), ("GOPROXY", "https://goproxy.example.com")]);
//! let config = Config::load(&env, &Flags::default()).unwrap();
//! assert_eq!(config.goproxy().unwrap().entries().len(), 1);
//! assert_eq!(config.gomodcache().unwrap(), std::path::Path::new("/cache/pkg/mod"));
//! ```

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::config::build::{Build, BuildFlags};
use crate::config::cache_proxy::{CacheProxies, CacheProxyError};
use crate::config::client_cert::{ClientCert, ClientCertError};
use crate::config::env::Env;
use crate::config::envfile::EnvFile;
use crate::config::file::{FileError, Files};
use crate::config::goauth::{AuthMethod, GoAuthError};
use crate::config::goflags::{FlagSettings, Flags, GoFlags, GoFlagsError};
use crate::config::gopath::{GoPath, GoPathError};
use crate::config::goproxy::{ProxyList, ProxyListError};
use crate::config::gosumdb::{SumDb, SumDbError};
use crate::config::govcs::{GoVcs, GoVcsError};
use crate::config::http_proxy::HttpProxies;
use crate::config::mode::{ModeError, Workspace};
use crate::config::netrc::{Netrc, NetrcError};
use crate::config::private::Private;
use crate::config::settings::{Origin, Setting, Sources};
use crate::config::toolchain::{Toolchain, ToolchainError};
use crate::config::transfers::{Transfers, TransfersError};
use crate::config::vars::{Scope, TOOLCHAIN_MODULE, Var};

pub mod build;
pub mod cache_proxy;
pub mod client_cert;
pub mod env;
pub mod envfile;
pub mod file;
pub mod goauth;
pub mod goflags;
pub mod gopath;
pub mod goproxy;
pub mod goroot;
pub mod gosumdb;
pub mod govcs;
pub mod http_proxy;
pub mod mode;
pub mod netrc;
pub mod private;
pub mod quoted;
pub mod settings;
pub mod toolchain;
pub mod transfers;
pub mod userdirs;
pub mod vars;

/// What is wrong with a setting, in go's words (without the `go: ` before them).
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    /// GOTOOLCHAIN.
    #[error(transparent)]
    Toolchain(#[from] ToolchainError),
    /// GOPATH or GOMODCACHE.
    #[error(transparent)]
    GoPath(#[from] GoPathError),
    /// GOFLAGS.
    #[error(transparent)]
    GoFlags(#[from] GoFlagsError),
    /// GO111MODULE or GOWORK.
    #[error(transparent)]
    Mode(#[from] ModeError),
    /// GOPROXY.
    #[error(transparent)]
    ProxyList(#[from] ProxyListError),
    /// GOSUMDB.
    #[error(transparent)]
    SumDb(#[from] SumDbError),
    /// GOCACHEPROXY.
    #[error(transparent)]
    CacheProxy(#[from] CacheProxyError),
    /// GOMODFETCH_CLIENT_CERT.
    #[error(transparent)]
    ClientCert(#[from] ClientCertError),
    /// GOAUTH.
    #[error(transparent)]
    GoAuth(#[from] GoAuthError),
    /// GOVCS.
    #[error(transparent)]
    GoVcs(#[from] GoVcsError),
    /// A gomodfetch.toml.
    #[error(transparent)]
    File(#[from] FileError),
    /// GOMODFETCH_RETRIES and its companions.
    #[error(transparent)]
    Transfers(#[from] TransfersError),
}

impl ConfigError {
    /// Reports whether go ends with exit code 2 and not 1.
    pub fn is_usage(&self) -> bool {
        match self {
            ConfigError::GoPath(err) => err.is_usage(),
            ConfigError::GoFlags(err) => err.is_usage(),
            ConfigError::File(_) => true,
            // No word of go's: one can't go on as if it were not there.
            ConfigError::CacheProxy(_) | ConfigError::ClientCert(_) => true,
            ConfigError::Transfers(_) => true,
            _ => false,
        }
    }
}

/// All settings.
#[derive(Clone, Debug)]
pub struct Config {
    /// GOPATH and GOMODCACHE.
    pub gopath: GoPath,
    /// The installed Go, if one was found.
    pub goroot: Option<PathBuf>,
    /// The version of Go whose rules hold and that is written into a go.mod: that of the
    /// installed Go, else that of the release that is followed.
    pub go_version: String,
    /// GOTOOLCHAIN.
    pub toolchain: Toolchain,
    /// GOWORK.
    pub workspace: Workspace,
    /// The flags of the command, by GOFLAGS and the command line.
    pub flags: FlagSettings,
    /// All flags in GOFLAGS, those of other commands too.
    pub goflags: GoFlags,
    /// GOPRIVATE, GONOPROXY, GONOSUMDB and GOINSECURE.
    pub private: Private,
    /// HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
    pub http_proxies: HttpProxies,
    /// GOMODFETCH_CLIENT_CERT.
    pub client_certs: Vec<ClientCert>,
    /// GOMODFETCH_RETRIES and its companions.
    pub transfers: Transfers,
    /// GOOS, GOARCH and CGO_ENABLED.
    pub build: Build,
    /// SSL_CERT_FILE, on systems where Go heeds it.
    pub cert_file: Option<PathBuf>,
    /// SSL_CERT_DIR, on systems where Go heeds it.
    pub cert_dirs: Option<Vec<PathBuf>>,
    /// PATH, where other programs are found.
    pub path: OsString,
    /// What git is told of asking a person, by the name of the variable.
    pub prompts: Vec<(&'static str, OsString)>,
    /// GIT_ALLOW_PROTOCOL: the schemes that are secure for git, joined by `:`; empty for the usual ones.
    pub git_allow_protocol: String,
    /// The directory for temporary files, where go ignores a go.mod.
    pub temp_dir: PathBuf,
    /// Whether this runs in continuous integration.
    pub ci: bool,
    /// Whether colours are unwanted.
    pub no_color: bool,
    /// What gomodfetch.toml says, as far as [`Config::read_files`] has read one.
    pub files: Files,
    /// Where to keep what can be found out again, if the system has such a place.
    pub cache_dir: Option<PathBuf>,
    user_file: Option<PathBuf>,
    reads_files: bool,
    goproxy: Result<ProxyList, ProxyListError>,
    gosumdb: Result<SumDb, SumDbError>,
    cache_proxies: Result<CacheProxies, CacheProxyError>,
    goauth: Result<Vec<AuthMethod>, GoAuthError>,
    govcs: Result<GoVcs, GoVcsError>,
    netrc_path: Result<PathBuf, NetrcError>,
    settings: Vec<Setting>,
}

/// A variable as it is shown to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// Its name.
    pub name: Cow<'static, str>,
    /// Its value, passwords masked.
    pub value: String,
    /// Where the value came from.
    pub origin: Origin,
    /// What it means.
    pub doc: &'static str,
}

impl Config {
    /// Reads all settings.
    pub fn load(env: &dyn Env, flags: &Flags) -> Result<Config, ConfigError> {
        let goenv = envfile::user_file(env);
        let user = EnvFile::read_user(&goenv);
        let goroot = goroot::find(env, &user);
        let go_env = goroot.path().map(|dir| EnvFile::read(&dir.join("go.env")));
        let sources = Sources { env, user, goroot: go_env.unwrap_or_default() };
        let text = |var| sources.get(var).text().into_owned();

        let toolchain = load_toolchain(&text(&vars::GOTOOLCHAIN), &text(&vars::GO111MODULE))?;
        let gopath = GoPath::load(&sources)?;
        let workspace = mode::workspace(sources.get(&vars::GOWORK).path())?;
        let goflags_setting = sources.get(&vars::GOFLAGS);
        let goflags = match flags.tolerate_goflags {
            true => GoFlags::parse_tolerant(&goflags_setting.text()),
            false => GoFlags::parse(&goflags_setting.text())?,
        };
        let private = Private::new(
            &text(&vars::GOPRIVATE),
            &text(&vars::GONOPROXY),
            &text(&vars::GONOSUMDB),
            &text(&vars::GOINSECURE),
        );
        let http_proxies = HttpProxies::new(
            &text(&vars::HTTP_PROXY),
            &text(&vars::HTTPS_PROXY),
            &text(&vars::NO_PROXY),
            !sources.get(&vars::REQUEST_METHOD).is_empty(),
        );
        let transfers = Transfers::load(&sources)?;
        let netrc_path = netrc::path(env);
        let file_setting = sources.get(&vars::GOMODFETCH_CONFIG);
        let config_dir = userdirs::user_config_dir(env);
        let dir = config_dir.as_ref().map(|(dir, _)| dir.as_path());
        let user_file = file::user_file(file_setting.path(), dir);
        let certs = |var| Some(sources.get(var)).filter(|set| HEEDS_CERT_VARS && !set.is_empty());

        let settings = vars::ALL.iter().filter(|var| var.scope != Scope::System);
        let settings = settings.map(|var| match var {
            _ if *var == vars::GOENV => goenv.clone(),
            _ if *var == vars::GOROOT => goroot.clone(),
            _ if *var == vars::GOPATH => gopath.gopath.clone(),
            _ if *var == vars::GOMODCACHE => gopath.gomodcache.clone(),
            _ if *var == vars::GONOPROXY || *var == vars::GONOSUMDB => {
                let private = sources.get(&vars::GOPRIVATE);
                sources.get(var).or_derived(private.os(), private.var().name)
            }
            _ if *var == vars::NETRC => {
                let path = netrc_path.clone().unwrap_or_default();
                sources.get(var).or_derived(path, userdirs::HOME_VAR)
            }
            _ if *var == vars::GOMODFETCH_CONFIG => {
                let from = config_dir.as_ref().map_or(userdirs::HOME_VAR, |(_, name)| name);
                let path = user_file.clone().unwrap_or_default();
                sources.get(var).or_derived(path, from)
            }
            _ => sources.get(var),
        });
        Ok(Config {
            go_version: goroot::go_version(goroot.path()),
            flags: FlagSettings::resolve(&goflags, goflags_setting.origin(), flags)?,
            goproxy: ProxyList::parse(&text(&vars::GOPROXY), private.no_proxy()),
            gosumdb: SumDb::parse(&text(&vars::GOSUMDB)),
            cache_proxies: CacheProxies::parse(
                &text(&vars::GOCACHEPROXY),
                &text(&vars::GOCACHEPROXY_WRITE),
            ),
            goauth: goauth::parse(&text(&vars::GOAUTH)),
            govcs: GoVcs::parse(&text(&vars::GOVCS)),
            client_certs: client_cert::parse(&text(&vars::GOMODFETCH_CLIENT_CERT))?,
            cert_file: certs(&vars::SSL_CERT_FILE).map(|set| set.os().into()),
            cert_dirs: certs(&vars::SSL_CERT_DIR)
                .map(|set| std::env::split_paths(set.os()).collect()),
            path: sources.get(&vars::PATH).os().to_owned(),
            prompts: [&vars::GIT_TERMINAL_PROMPT, &vars::GCM_INTERACTIVE]
                .map(|var| (var.name, sources.get(var).os().to_owned()))
                .into(),
            git_allow_protocol: text(&vars::GIT_ALLOW_PROTOCOL),
            temp_dir: userdirs::temp_dir(env),
            ci: !sources.get(&vars::CI).is_empty(),
            no_color: !sources.get(&vars::NO_COLOR).is_empty(),
            settings: settings.collect(),
            files: Files::default(),
            cache_dir: userdirs::user_cache_dir(env),
            reads_files: file_setting.os() != "off",
            user_file,
            goroot: goroot.path().map(Path::to_owned),
            toolchain,
            workspace,
            gopath,
            goflags,
            private,
            http_proxies,
            transfers,
            build: Build::load(&sources),
            netrc_path,
        })
    }

    /// Reads the gomodfetch.toml of the user, and that of the project in `project`.
    ///
    /// # Errors
    /// When one can't be read or understood.
    pub fn read_files(&mut self, project: Option<&Path>) -> Result<(), ConfigError> {
        if self.reads_files {
            let theirs = project.map(|dir| dir.join(file::NAME));
            let goproxy = self.goproxy.as_ref().ok();
            self.files = Files::read(self.user_file.as_deref(), theirs.as_deref(), goproxy)?;
        }
        Ok(())
    }

    /// The route of a module, by its number in [`Files::routes`]; none where GOPROXY holds.
    pub fn route_of(&self, module: &str) -> Option<usize> {
        self.files.route_of(module, &self.private, self.uses_sumdb(module))
    }

    /// A variable as it is in force; `None` for one that is only read to find others.
    pub fn setting(&self, var: &Var) -> Option<&Setting> {
        self.settings.iter().find(|set| set.var() == var)
    }

    /// What GOFLAGS says of builds.
    pub fn build_flags(&self) -> Result<BuildFlags, GoFlagsError> {
        BuildFlags::of(&self.goflags)
    }

    /// Checks that modules are in use.
    pub fn require_modules(&self) -> Result<(), ModeError> {
        let setting = self.setting(&vars::GO111MODULE);
        mode::require_modules(&setting.map(Setting::text).unwrap_or_default())
    }

    /// The module cache, an absolute directory.
    pub fn gomodcache(&self) -> Result<PathBuf, GoPathError> {
        self.gopath.cache_dir()
    }

    /// GOPROXY: the proxies in the order in which they are asked.
    pub fn goproxy(&self) -> Result<&ProxyList, ProxyListError> {
        self.goproxy.as_ref().map_err(ProxyListError::clone)
    }

    /// GOSUMDB: the checksum database.
    pub fn gosumdb(&self) -> Result<&SumDb, SumDbError> {
        self.gosumdb.as_ref().map_err(SumDbError::clone)
    }

    /// GOCACHEPROXY: the caches that are asked before everybody else.
    pub fn cache_proxies(&self) -> Result<&CacheProxies, CacheProxyError> {
        self.cache_proxies.as_ref().map_err(CacheProxyError::clone)
    }

    /// Reports whether the checksum database must know a module that go.sum doesn't.
    ///
    /// A toolchain never stands in go.sum, so it must, even where there is no database (and the
    /// look-up then fails); except where GOPROXY is one file URL, whose owner is trusted.
    pub fn uses_sumdb(&self, module: &str) -> bool {
        let text = |var| self.setting(var).map(Setting::text).unwrap_or_default();
        if module == TOOLCHAIN_MODULE && !goproxy::is_single_file_url(&text(&vars::GOPROXY)) {
            return true;
        }
        text(&vars::GOSUMDB) != "off" && !self.private.bypasses_sumdb(module)
    }

    /// GOAUTH: where credentials come from; nowhere if it is `off`.
    pub fn goauth(&self) -> Result<&[AuthMethod], GoAuthError> {
        self.goauth.as_deref().map_err(GoAuthError::clone)
    }

    /// Checks that GOVCS lets the version control system `vcs` be used for the repository whose root is
    /// `root`.
    pub fn check_vcs(&self, vcs: &str, root: &str) -> Result<(), GoVcsError> {
        self.govcs.as_ref().map_err(GoVcsError::clone)?.check(
            vcs,
            root,
            self.private.is_private(root),
        )
    }

    /// Reads the netrc file.
    pub fn netrc(&self) -> Result<Netrc, NetrcError> {
        Netrc::read(self.netrc_path.as_deref().map_err(NetrcError::clone)?)
    }

    /// Every variable with its value and where that came from, in the order of the table, and what
    /// gomodfetch.toml says.
    pub fn explain(&self) -> Vec<Explained> {
        let explained = self.settings.iter().map(|set| Explained {
            name: set.var().name.into(),
            value: set.shown(),
            origin: set.origin().clone(),
            doc: set.var().doc,
        });
        explained.chain(self.files.explain().iter().cloned()).collect()
    }
}

/// Whether Go heeds SSL_CERT_FILE and SSL_CERT_DIR here; elsewhere it asks the system.
const HEEDS_CERT_VARS: bool = cfg!(all(unix, not(target_vendor = "apple")));

/// Takes GOTOOLCHAIN apart. Where modules aren't in use go doesn't look at it.
fn load_toolchain(setting: &str, go111module: &str) -> Result<Toolchain, ToolchainError> {
    match Toolchain::parse(setting) {
        Err(_) if mode::require_modules(go111module).is_err() => Ok(Toolchain::local()),
        toolchain => toolchain,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;

    use super::env::MapEnv;
    use super::goflags::{FlagValue, MOD_DOWNLOAD};
    use super::*;

    /// The settings of an environment in which there is no Go and no file.
    fn load(env: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let base = [("HOME", "/nowhere")];
        let env: MapEnv = base.iter().chain(env).copied().collect();
        let flags = Flags { defined: MOD_DOWNLOAD, ..Flags::default() };
        Config::load(&env, &flags)
    }

    fn told(result: Result<impl Sized, impl Into<ConfigError>>) -> String {
        match result {
            Ok(_) => "ok".to_owned(),
            Err(err) => err.into().to_string(),
        }
    }

    #[test]
    fn without_any_setting() {
        let config = load(&[]).unwrap();
        assert_eq!(config.go_version, vars::FOLLOWED_GO);
        assert_eq!(config.goroot, None);
        assert!(config.toolchain.may_switch());
        assert_eq!(config.gomodcache().unwrap(), Path::new("/nowhere/go/pkg/mod"));
        assert_eq!(config.goproxy().unwrap().entries().len(), 2);
        assert!(config.gosumdb().unwrap().server().is_ok());
        assert_eq!(config.goauth().unwrap(), [AuthMethod::Netrc]);
        assert_eq!(config.netrc(), Ok(Netrc::default()));
        assert_eq!(config.workspace, Workspace::Search);
        assert_eq!(config.require_modules(), Ok(()));
        assert!(!config.ci && !config.no_color && !config.flags.is_on("x"));
        assert_eq!((config.cert_file, config.cert_dirs), (None, None));
    }

    #[test]
    fn what_is_refused_at_once_and_in_which_order() {
        let toolchain = ("GOTOOLCHAIN", "bad");
        let gopath = ("GOPATH", "rel");
        let gowork = ("GOWORK", "rel");
        let goflags = ("GOFLAGS", "-zz");
        let module = ("GO111MODULE", "x");
        for (env, want, usage) in [
            (&[toolchain, gopath, goflags] as &[_], "invalid GOTOOLCHAIN", false),
            (&[gopath, gowork, goflags], "GOPATH entry is relative", true),
            (&[gowork, goflags, module], "invalid GOWORK", false),
            (&[goflags, module], "parsing $GOFLAGS: unknown flag -zz", false),
            (&[toolchain, goflags, module], "parsing $GOFLAGS", false),
            (&[("GOFLAGS", "-x=?")], "invalid boolean value", true),
        ] {
            let err = load(env).unwrap_err();
            assert!(err.to_string().starts_with(want), "{env:?}: {err}");
            assert_eq!(err.is_usage(), usage, "{env:?}: {err}");
        }
        assert_eq!(told(load(&[toolchain, ("GO111MODULE", "off")])), "ok");
    }

    #[test]
    fn what_is_refused_when_it_is_needed() {
        let config = load(&[
            ("GO111MODULE", "off"),
            ("GOMODCACHE", "rel"),
            ("GOPROXY", ","),
            ("GOSUMDB", "a b c"),
            ("GOAUTH", ";"),
        ]);
        let config = config.unwrap();
        assert!(told(config.require_modules()).starts_with("modules disabled"));
        assert!(told(config.gomodcache()).starts_with("GOMODCACHE entry is relative"));
        assert!(told(config.goproxy()).starts_with("GOPROXY list is not"));
        assert!(told(config.gosumdb()).starts_with("invalid GOSUMDB"));
        assert!(told(config.goauth()).starts_with("GOAUTH encountered"));
    }

    #[test]
    fn when_the_database_is_asked() {
        let config = |goproxy, gosumdb, private| {
            load(&[("GOPROXY", goproxy), ("GOSUMDB", gosumdb), ("GOPRIVATE", private)]).unwrap()
        };
        let (proxy, file) = ("https://a.example", "file:///p");
        for (goproxy, gosumdb, private, module, want) in [
            (proxy, "", "", "a.example/m", true),
            (proxy, "off", "", "a.example/m", false),
            (proxy, " off", "", "a.example/m", true),
            (proxy, "", "a.example", "a.example/m", false),
            (proxy, "off", "", TOOLCHAIN_MODULE, true),
            (proxy, "", TOOLCHAIN_MODULE, TOOLCHAIN_MODULE, true),
            (file, "", "", TOOLCHAIN_MODULE, true),
            (file, "off", "", TOOLCHAIN_MODULE, false),
            ("file:///p,off", "off", "", TOOLCHAIN_MODULE, true),
        ] {
            let told = config(goproxy, gosumdb, private).uses_sumdb(module);
            assert_eq!(told, want, "{goproxy} {gosumdb:?} {private} {module}");
        }
    }

    #[test]
    fn files_of_a_user_and_of_a_go() {
        let dir = tempfile::tempdir().unwrap();
        let (root, goenv) = (dir.path().join("go"), dir.path().join("env"));
        fs::create_dir(&root).unwrap();
        fs::write(root.join("VERSION"), "go1.77.7\n").unwrap();
        fs::write(root.join("go.env"), "GOPROXY=off\nGOTOOLCHAIN=local\nNETRC=x\n").unwrap();
        fs::write(&goenv, "GOSUMDB=\nGOPROXY=direct\nGOPRIVATE=a.example\n").unwrap();
        let env = MapEnv::from([
            ("GOROOT", root.as_os_str()),
            ("GOENV", goenv.as_os_str()),
            ("HTTPS_PROXY", "http://me:secret@p.example".as_ref()),
            ("NO_COLOR", "1".as_ref()),
        ]);
        let config = Config::load(&env, &Flags::default()).unwrap();
        assert_eq!(config.go_version, "1.77.7");
        assert!(!config.toolchain.may_switch() && config.no_color);
        assert_eq!(config.gosumdb().unwrap_err(), SumDbError::Missing);

        let explained = config.explain();
        let of = |name: &str| {
            let e = explained.iter().find(|e| e.name == name).unwrap();
            (e.value.clone(), e.origin.clone())
        };
        let (user, go) = (Origin::EnvFile(goenv.clone()), Origin::GoEnv(root.join("go.env")));
        assert_eq!(of("GOPROXY"), ("direct".into(), user.clone()));
        assert_eq!(of("GOSUMDB"), ("".into(), user));
        assert_eq!(of("GOTOOLCHAIN"), ("local".into(), go));
        assert_eq!(of("GONOPROXY"), ("a.example".into(), Origin::Derived("GOPRIVATE")));
        assert_eq!(of("GOAUTH"), ("netrc".into(), Origin::Default));
        assert_eq!(of("NETRC"), ("".into(), Origin::Default));
        let proxy = "http://me:xxxxx@p.example".to_owned();
        assert_eq!(of("HTTPS_PROXY"), (proxy, Origin::Environment));
        assert!(!format!("{config:?}").contains("secret"));
        let names: Vec<_> = explained.iter().map(|e| &*e.name).collect();
        assert!(names.contains(&"GOENV") && !names.contains(&"PATH"));
    }

    #[test]
    fn flags() {
        let env = MapEnv::from([("GOFLAGS", "-modcacherw -zz -tags=x")]);
        let flags = Flags {
            defined: MOD_DOWNLOAD,
            given: vec![("x", FlagValue::Switch(true))],
            tolerate_goflags: true,
        };
        let config = Config::load(&env, &flags).unwrap();
        assert!(config.flags.is_on("modcacherw") && config.flags.is_on("x"));
        assert!(config.goflags.contains("tags"));
    }

    #[test]
    fn certificates() {
        let config = load(&[("SSL_CERT_FILE", "/f"), ("SSL_CERT_DIR", "/a:/b")]).unwrap();
        if HEEDS_CERT_VARS {
            assert_eq!(config.cert_file, Some("/f".into()));
            assert_eq!(config.cert_dirs, Some(vec!["/a".into(), "/b".into()]));
        } else {
            assert_eq!((config.cert_file, config.cert_dirs), (None, None));
        }
    }
}
