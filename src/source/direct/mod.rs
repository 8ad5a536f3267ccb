//! `direct`: modules from their repositories, without any proxy.
//!
//! The path of a module leads to a repository ([`Discovery`]), in which the module has a folder and tags
//! ([`code`]). What the rules of modules make of these is the same whatever keeps the repository:
//! versions and pseudo-versions ([`convert`](self)), the folder and its go.mod, the zip. A path may also lead to a
//! proxy of its own (`mod` in go-import).
//!
//! A repository is opened once for all its modules, and each module is looked up once.
//!
//! Implements <https://go.dev/ref/mod#vcs>.

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use crate::error::{Error, ErrorKind};
use crate::net::{BoxFuture, SafeUrl, Transport};
use crate::source::discovery::{Discovery, Place, Repository};
use crate::source::proxy::Proxy;
use crate::source::{Source, Versions, ZipSink};
use crate::spec::goproxy_json::{Origin, RevInfo};
use crate::spec::module::Version;
use crate::sys::budget::{Budget, Held};
use crate::sys::once::OnceMap;
use crate::vcs::repos::Repos;

use code::CodeRepo;

pub mod code;
mod convert;
mod find;
mod zip;

/// Bytes of a zip that are handed on at once.
const PIECE: usize = 128 << 10;

/// The source that asks repositories.
pub struct Direct {
    discovery: Discovery,
    repos: Arc<Repos>,
    transport: Arc<dyn Transport>,
    bodies: Budget,
    temp_dir: PathBuf,
    found: OnceMap<String, Result<Found, Error>>,
}

/// What a path led to.
#[derive(Clone)]
enum Found {
    Code(Arc<CodeRepo>),
    Proxy(Arc<Proxy>),
}

impl Direct {
    /// A source that finds repositories by `discovery`, opens them by `repos`, and asks proxies that a
    /// path may lead to over `transport`. What it holds is held in the memory of `bodies`; zips are made
    /// in `temp_dir`.
    pub fn new(
        discovery: Discovery,
        repos: Arc<Repos>,
        transport: Arc<dyn Transport>,
        bodies: Budget,
        temp_dir: PathBuf,
    ) -> Direct {
        Direct { discovery, repos, transport, bodies, temp_dir, found: OnceMap::default() }
    }

    async fn look_up(&self, path: &str) -> Result<Found, Error> {
        let find = || async {
            let repository = match &*self.discovery.find(path).await? {
                Place::Repository(repository) => repository.clone(),
                Place::Proxy(address) => {
                    let url = url::Url::parse(address)
                        .map_err(|err| Error::message(ErrorKind::Other, err.to_string()))?;
                    let (transport, bodies) = (Arc::clone(&self.transport), self.bodies.clone());
                    let proxy = Proxy::new(SafeUrl::new(url), transport, bodies);
                    return Ok(Found::Proxy(Arc::new(proxy)));
                }
            };
            let path = path.to_owned();
            let open = self.repos.wait_for(move |opener| {
                let Repository { system, url, root, subdirectory } = repository;
                let code = opener.open(system.name(), &url);
                let code = code.map_err(|err| err.context(&format!("lookup {root}: ")))?;
                CodeRepo::new(code, &root, &subdirectory, &path)
            });
            Ok(Found::Code(Arc::new(open.await?)))
        };
        self.found.get_or(&path.to_owned(), find).await
    }

    async fn copy_zip(&self, module: &Version, sink: &mut dyn ZipSink) -> Result<(), Error> {
        let code = match self.look_up(&module.path).await? {
            Found::Proxy(proxy) => return proxy.zip(module, sink).await,
            Found::Code(code) => code,
        };
        let (version, dir) = (module.version.to_string(), self.temp_dir.clone());
        let zip = self.repos.wait_for(move |_| code.zip(&version, &dir)).await?;
        let mut file = zip.reader()?;
        loop {
            let mut piece = Vec::with_capacity(PIECE);
            let read = std::io::Read::read_to_end(
                &mut std::io::Read::take(&mut file, PIECE as u64),
                &mut piece,
            );
            read.map_err(crate::sys::error::at("read", zip.path()))?;
            if piece.is_empty() {
                return Ok(());
            }
            sink.write(Bytes::from(piece))?;
        }
    }
}

impl Source for Direct {
    fn name(&self) -> String {
        "direct".to_owned()
    }

    fn versions<'a>(
        &'a self,
        path: &'a str,
        prefix: &'a str,
    ) -> BoxFuture<'a, Result<Versions, Error>> {
        Box::pin(async move {
            match self.look_up(path).await? {
                Found::Proxy(proxy) => proxy.versions(path, prefix).await,
                Found::Code(code) => {
                    let prefix = prefix.to_owned();
                    self.repos.wait_for(move |_| code.versions(&prefix)).await
                }
            }
        })
    }

    fn info<'a>(
        &'a self,
        path: &'a str,
        revision: &'a str,
    ) -> BoxFuture<'a, Result<RevInfo, Error>> {
        Box::pin(async move {
            match self.look_up(path).await? {
                Found::Proxy(proxy) => proxy.info(path, revision).await,
                Found::Code(code) => {
                    let revision = revision.to_owned();
                    self.repos.wait_for(move |_| code.stat(&revision)).await
                }
            }
        })
    }

    fn latest<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<RevInfo, Error>> {
        Box::pin(async move {
            match self.look_up(path).await? {
                Found::Proxy(proxy) => proxy.latest(path).await,
                Found::Code(code) => self.repos.wait_for(move |_| code.latest()).await,
            }
        })
    }

    fn go_mod<'a>(&'a self, module: &'a Version) -> BoxFuture<'a, Result<Held, Error>> {
        Box::pin(async move {
            match self.look_up(&module.path).await? {
                Found::Proxy(proxy) => proxy.go_mod(module).await,
                Found::Code(code) => {
                    let version = module.version.to_string();
                    let data = self.repos.wait_for(move |_| code.go_mod(&version)).await?;
                    let share = self.bodies.share(data.len() as u64).await;
                    Ok(Held::new(data, share))
                }
            }
        })
    }

    fn zip_size<'a>(&'a self, module: &'a Version) -> BoxFuture<'a, Result<Option<u64>, Error>> {
        Box::pin(async move {
            match self.look_up(&module.path).await? {
                Found::Proxy(proxy) => proxy.zip_size(module).await,
                Found::Code(code) => {
                    // How large it will be is known when it has been made; that it is there, before.
                    let version = module.version.to_string();
                    self.repos.wait_for(move |_| code.stat(&version)).await?;
                    Ok(None)
                }
            }
        })
    }

    fn zip<'a>(
        &'a self,
        module: &'a Version,
        sink: &'a mut dyn ZipSink,
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(self.copy_zip(module, sink))
    }

    fn check_reuse<'a>(
        &'a self,
        path: &'a str,
        old: &'a Origin,
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            match self.look_up(path).await? {
                Found::Proxy(proxy) => proxy.check_reuse(path, old).await,
                Found::Code(code) => {
                    let old = old.clone();
                    self.repos.wait_for(move |_| code.check_reuse(&old)).await
                }
            }
        })
    }
}
