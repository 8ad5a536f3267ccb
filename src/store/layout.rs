//! Where each file of the cache stands.
//!
//! ```text
//! $GOMODCACHE/
//!   cache/lock                                  once guarded go.mod and go.sum; still taken
//!   cache/download/M/@v/list                    the versions whose .mod is here
//!   cache/download/M/@v/V.info  .mod  .zip  .ziphash  .lock  .partial
//!   cache/download/sumdb/NAME/lookup/M@V        answers of the checksum database
//!   cache/download/sumdb/NAME/tile/…            its tiles
//!   M@V/                                        the unpacked module
//! ```
//!
//! `M` and `V` are escaped: upper-case letters become `!` and the lower-case letter.

use std::path::PathBuf;

use crate::error::{Error, ErrorKind};
use crate::spec::module::{self, Version};
use crate::spec::quote::quote;
use crate::spec::{goversion, semver};
use crate::store::Store;

/// A kind of file in `@v/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `.info`: version, time and origin as JSON.
    Info,
    /// `.mod`: the go.mod file.
    Mod,
    /// `.zip`: the module zip, as downloaded.
    Zip,
    /// `.ziphash`: the `h1:` hash of the zip.
    ZipHash,
    /// `.lock`: held while the version is downloaded or unpacked.
    Lock,
    /// `.partial`: there while the tree is incomplete.
    Partial,
}

impl Kind {
    /// What its name ends with, behind the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Kind::Info => "info",
            Kind::Mod => "mod",
            Kind::Zip => "zip",
            Kind::ZipHash => "ziphash",
            Kind::Lock => "lock",
            Kind::Partial => "partial",
        }
    }
}

impl Store {
    /// `cache/download/M/@v`.
    ///
    /// # Errors
    /// When the cache's folder can't be made, or the module path can't be escaped.
    pub fn versions_dir(&self, path: &str) -> Result<PathBuf, Error> {
        self.make()?;
        let escaped = module::escape_path(path).map_err(|err| Error::new(ErrorKind::Other, err))?;
        Ok(self.root.join("cache/download").join(escaped).join("@v"))
    }

    /// `cache/download/M/@v/V.<kind>`.
    ///
    /// # Errors
    /// When path or version can't be escaped, or the version is not canonical.
    pub fn file(&self, module: &Version, kind: Kind) -> Result<PathBuf, Error> {
        let dir = self.versions_dir(&module.path)?;
        let version = escaped_version(module)?;
        Ok(dir.join(format!("{version}.{}", kind.extension())))
    }

    /// `M@V`, the folder of the unpacked module.
    ///
    /// # Errors
    /// As [`Store::file`].
    pub fn tree(&self, module: &Version) -> Result<PathBuf, Error> {
        self.make()?;
        let version = escaped_version(module)?;
        let path =
            module::escape_path(&module.path).map_err(|err| Error::new(ErrorKind::Other, err))?;
        Ok(self.root.join(format!("{path}@{version}")))
    }

    /// `cache/lock`, which older go commands hold while they edit go.mod and go.sum.
    pub fn side_lock(&self) -> PathBuf {
        self.root.join("cache/lock")
    }

    /// `cache/vcs`.
    pub fn vcs_dir(&self) -> PathBuf {
        self.root.join("cache/vcs")
    }

    /// `cache/download/sumdb`.
    pub fn sumdb_dir(&self) -> PathBuf {
        self.root.join("cache/download/sumdb")
    }
}

fn escaped_version(module: &Version) -> Result<String, Error> {
    if goversion::is_toolchain(&module.path) {
        return Err(Error::message(
            ErrorKind::Other,
            "internal error: invalid operation on toolchain module",
        ));
    }
    if !semver::is_valid(&module.version) {
        let shown = quote(&module.version);
        return Err(Error::message(ErrorKind::Other, format!("non-semver module version {shown}")));
    }
    if module::canonical_version(&module.version) != *module.version {
        let shown = quote(&module.version);
        return Err(Error::message(
            ErrorKind::Other,
            format!("non-canonical module version {shown}"),
        ));
    }
    module::escape_version(&module.version).map_err(|err| Error::new(ErrorKind::Other, err))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path(), false);
        let module = Version::new("example.com/My/Mod", "v1.2.3-RC1");
        let at = |path: PathBuf| path.strip_prefix(dir.path()).unwrap().display().to_string();
        assert_eq!(
            at(store.file(&module, Kind::ZipHash).unwrap()),
            "cache/download/example.com/!my/!mod/@v/v1.2.3-!r!c1.ziphash"
        );
        assert_eq!(at(store.tree(&module).unwrap()), "example.com/!my/!mod@v1.2.3-!r!c1");
        for (version, text) in [
            ("v1", "non-canonical module version \"v1\""),
            ("main", "non-semver module version \"main\""),
        ] {
            let err = store.tree(&Version::new("example.com/m", version)).unwrap_err();
            assert_eq!(err.to_string(), text);
        }
    }
}
