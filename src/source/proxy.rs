//! A module proxy, reached over HTTP or as a tree of files.
//!
//! Implements <https://go.dev/ref/mod#goproxy-protocol>: `$base/$module/@v/list`,
//! `$version.info`, `$version.mod`, `$version.zip`, and `$base/$module/@latest`.

use std::sync::Arc;

use futures_util::StreamExt;

use crate::error::{Error, ErrorKind};
use crate::net::{Ask, BodyKind, BoxFuture, Patience, Piece, SafeUrl, Transport, url::escape_path};
use crate::source::{MAX_GO_MOD, MAX_INFO, MAX_LIST, MAX_ZIP, Source, Versions, ZipSink};
use crate::spec::goproxy_json::{RevInfo, latest_from_list, parse_versions};
use crate::spec::module::{
    self, EscapeVersionError, InvalidVersionError, ModuleError, Version, VersionReason,
};
use crate::spec::quote::quote;
use crate::sys::budget::{Budget, Held};

/// A proxy at a base URL.
pub struct Proxy {
    base: SafeUrl,
    transport: Arc<dyn Transport>,
    budget: Budget,
    patience: Patience,
}

impl Proxy {
    /// The proxy at `base`, asked over `transport`. Answers other than zips are held in the memory of
    /// `budget`.
    pub fn new(base: SafeUrl, transport: Arc<dyn Transport>, budget: Budget) -> Proxy {
        Proxy { base, transport, budget, patience: Patience::Full }
    }

    /// The same proxy, asked with this patience.
    pub fn with_patience(&self, patience: Patience) -> Proxy {
        let (base, transport) = (self.base.clone(), Arc::clone(&self.transport));
        Proxy { base, transport, budget: self.budget.clone(), patience }
    }

    fn ask(&self, kind: BodyKind) -> Ask {
        Ask { patience: self.patience, kind }
    }

    /// `base/<escaped module path>/<rest>`; `rest` is escaped already in the module sense.
    fn url(&self, path: &str, rest: &str) -> Result<SafeUrl, Error> {
        let escaped = module::escape_path(path).map_err(|err| Error::new(ErrorKind::Other, err))?;
        Ok(self.base.join(&escape_path(&format!("{escaped}/{rest}"))))
    }

    async fn bytes(&self, path: &str, rest: &str, limit: u64) -> Result<Held, Error> {
        let url = self.url(path, rest)?;
        let response = self.transport.get(&url, self.ask(BodyKind::Small)).await?.ok().await?;
        Ok(response.bytes(limit, &self.budget).await?)
    }

    async fn list(&self, path: &str) -> Result<Held, Error> {
        self.bytes(path, "@v/list", MAX_LIST).await.map_err(|err| of_version(err, path, ""))
    }

    async fn stat(&self, path: &str, revision: &str) -> Result<RevInfo, Error> {
        let escaped = escape_version(path, revision)?;
        let data = self.bytes(path, &format!("@v/{escaped}.info"), MAX_INFO).await;
        let data = data.map_err(|err| of_version(err, path, revision))?;
        let info = self.decode(&data).map_err(|err| of_version(err, path, revision))?;
        let exact = module::canonical_version(revision) == revision
            && module::check(path, revision).is_ok();
        if exact && info.version != revision {
            let found = crate::sys::tty::printable(&info.version);
            let err = Error::message(
                ErrorKind::Security,
                format!("proxy returned info for version {found} instead of requested version"),
            );
            return Err(of_version(err, path, revision));
        }
        Ok(info)
    }

    fn decode(&self, data: &[u8]) -> Result<RevInfo, Error> {
        let info = RevInfo::decode(data).map_err(|err| {
            let base = quote(&self.base.to_string());
            let text = format!("invalid response from proxy {base}: {err}");
            let err = Error::message(ErrorKind::Other, text);
            if is_page(data) { err.hint(PAGE) } else { err }
        })?;
        if info.version.is_empty() {
            return Err(Error::message(
                ErrorKind::Other,
                format!(
                    "invalid response from proxy {}: no version",
                    quote(&self.base.to_string())
                ),
            ));
        }
        Ok(info)
    }

    async fn newest(&self, path: &str) -> Result<RevInfo, Error> {
        match self.bytes(path, "@latest", MAX_INFO).await {
            Ok(data) => self.decode(&data).map_err(|err| of_version(err, path, "")),
            Err(err) if err.is_not_found() => match latest_from_list(&self.list(path).await?) {
                Some(version) => self.stat(path, &version).await,
                None => {
                    Err(of_version(Error::message(ErrorKind::NotFound, "no commits"), path, ""))
                }
            },
            Err(err) => Err(of_version(err, path, "")),
        }
    }

    /// Where a file of a version is, `extension` being `info`, `mod` or `zip`.
    ///
    /// # Errors
    /// When path or version can't be escaped.
    pub fn file_url(&self, module: &Version, extension: &str) -> Result<SafeUrl, Error> {
        let escaped = escape_version(&module.path, &module.version)?;
        self.url(&module.path, &format!("@v/{escaped}.{extension}"))
    }

    async fn copy_zip(&self, module: &Version, sink: &mut dyn ZipSink) -> Result<(), Error> {
        let url = self.file_url(module, "zip")?;
        let kind = if sink.may_be_spliced() { BodyKind::Large } else { BodyKind::Unspliced };
        let mut response = self.transport.get(&url, self.ask(kind)).await?.ok().await?;
        if response.length.is_some_and(|length| length > MAX_ZIP) {
            return Err(too_large());
        }
        let (mut size, may_be_page) = (0, response.media_type == "text/html");
        while let Some(piece) = response.body.next().await {
            let piece = match piece? {
                Piece::Data(piece) => piece,
                Piece::Restart => {
                    size = 0;
                    sink.restart()?;
                    continue;
                }
                Piece::Spliced => {
                    sink.spliced();
                    continue;
                }
            };
            if size == 0 && may_be_page && is_page(&piece) {
                // It is not the module that is wrong: another proxy may have it.
                let err = Error::message(ErrorKind::Network, "zip: not a valid zip file");
                return Err(err.hint(PAGE));
            }
            size += piece.len() as u64;
            if size > MAX_ZIP {
                return Err(too_large());
            }
            sink.write(piece)?;
        }
        Ok(())
    }
}

impl Source for Proxy {
    fn name(&self) -> String {
        self.base.to_string()
    }

    fn versions<'a>(
        &'a self,
        path: &'a str,
        prefix: &'a str,
    ) -> BoxFuture<'a, Result<Versions, Error>> {
        Box::pin(async move {
            let list = parse_versions(&self.list(path).await?, prefix);
            Ok(Versions { list, origin: None })
        })
    }

    fn info<'a>(
        &'a self,
        path: &'a str,
        revision: &'a str,
    ) -> BoxFuture<'a, Result<RevInfo, Error>> {
        Box::pin(self.stat(path, revision))
    }

    fn latest<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<RevInfo, Error>> {
        Box::pin(self.newest(path))
    }

    fn go_mod<'a>(&'a self, module: &'a Version) -> BoxFuture<'a, Result<Held, Error>> {
        Box::pin(async move {
            let escaped = escape_version(&module.path, &module.version)?;
            let data = self.bytes(&module.path, &format!("@v/{escaped}.mod"), MAX_GO_MOD).await;
            data.map_err(|err| of_version(err, &module.path, &module.version))
        })
    }

    fn zip_size<'a>(&'a self, module: &'a Version) -> BoxFuture<'a, Result<Option<u64>, Error>> {
        Box::pin(async move {
            let size = async {
                let url = self.file_url(module, "zip")?;
                Ok(self.transport.length(&url, self.ask(BodyKind::Small)).await?)
            };
            size.await.map_err(|err: Error| of_version(err, &module.path, &module.version))
        })
    }

    fn zip<'a>(
        &'a self,
        module: &'a Version,
        sink: &'a mut dyn ZipSink,
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let copied = self.copy_zip(module, sink).await;
            copied.map_err(|err| of_version(err, &module.path, &module.version))
        })
    }
}

/// What a web page in place of an answer means.
const PAGE: &str = "a web page came in place of the answer: the login page of a network, or GOPROXY \
                    names something that is no module proxy";

/// Whether this is the start of HTML, which no answer of a proxy looks like.
fn is_page(data: &[u8]) -> bool {
    data.trim_ascii_start().starts_with(b"<")
}

fn too_large() -> Error {
    Error::message(ErrorKind::Security, "downloaded zip file too large")
}

fn escape_version(path: &str, version: &str) -> Result<String, Error> {
    module::escape_version(version).map_err(|err| {
        let err = match err {
            EscapeVersionError::Invalid(err) => Error::new(ErrorKind::Other, err),
            err => Error::new(ErrorKind::Other, err),
        };
        of_version(err, path, version)
    })
}

/// Says which version of which module an error is about; a revision that is no canonical version
/// becomes part of the message, as go words it: `m@branch: invalid version: …`.
pub fn of_version(err: Error, path: &str, version: &str) -> Error {
    if version.is_empty() || module::canonical_version(version) == version {
        return err.of_module(&Version::new(path, version));
    }
    let (kind, hints) = (err.kind(), err.hints().to_vec());
    let reason = VersionReason::Failed(Arc::new(err));
    let invalid = InvalidVersionError {
        version: version.to_owned(),
        pseudo: module::is_pseudo_version(version),
        reason,
    };
    let wrapped = Error::new(kind, ModuleError::new(path, "", invalid));
    hints.into_iter().fold(wrapped, Error::hint)
}
