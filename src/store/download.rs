//! The small files below cache/download.

use std::path::Path;
use std::sync::Arc;

use crate::error::Error;
use crate::source::{MAX_GO_MOD, MAX_INFO, MAX_LIST};
use crate::spec::goproxy_json::{RevInfo, render_version_list};
use crate::spec::module::Version;
use crate::store::Store;
use crate::store::layout::Kind;
use crate::sys::{IoError, file, lock, tree};
use crate::verify::{Hashed, Verified};

/// Length of `h1:` and the base64 of 32 bytes.
const HASH_LENGTH: usize = 3 + 44;

/// A go.mod file with its hash.
#[derive(Debug, Clone)]
pub struct GoModFile {
    /// The key in go.sum: the version with `/go.mod` after it.
    pub key: Version,
    /// The bytes.
    pub data: Vec<u8>,
    /// The `h1:` hash.
    pub hash: String,
}

impl GoModFile {
    /// The go.mod of `module`.
    pub fn new(module: &Version, data: Vec<u8>) -> GoModFile {
        let hash = crate::spec::dirhash::hash_go_mod(&data);
        GoModFile { key: module.go_mod(), data, hash }
    }
}

impl Hashed for GoModFile {
    fn key(&self) -> &Version {
        &self.key
    }

    fn hash(&self) -> &str {
        &self.hash
    }
}

impl Store {
    /// The cached .info of `module`; `None` if there is none that can be used.
    pub fn read_info(&self, module: &Version) -> Option<RevInfo> {
        let path = self.file(module, Kind::Info).ok()?;
        let data = lock::read_unlocked(&path, MAX_INFO).ok()?;
        let info = RevInfo::decode(&data).ok()?;
        (info.version == *module.version).then_some(info)
    }

    /// Stores the .info of `module`.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn write_info(&self, module: &Version, info: &RevInfo) -> Result<(), Error> {
        let path = self.file(module, Kind::Info)?;
        // A time that can be read but not be written: go goes on without the file, and so do we.
        let Ok(data) = info.for_disk().encode() else { return Ok(()) };
        write_file(&path, &data)
    }

    /// The cached go.mod of `module`, unverified; `None` if there is none that can be used.
    pub fn read_go_mod(&self, module: &Version) -> Option<Vec<u8>> {
        let path = self.file(module, Kind::Mod).ok()?;
        let data = lock::read_unlocked(&path, MAX_GO_MOD).ok()?;
        // Very old go commands wrote files of their own making that begin so.
        (!data.starts_with(b"//vgo 0.0.")).then_some(data)
    }

    /// Stores a verified go.mod, and lists its version.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn publish_go_mod(
        &self,
        module: &Version,
        go_mod: &Verified<Arc<GoModFile>>,
    ) -> Result<(), Error> {
        let path = self.file(module, Kind::Mod)?;
        write_file(&path, &go_mod.content().data)?;
        // Best effort, as with go: the list serves only those who use the cache as a proxy.
        if let Some(dir) = path.parent() {
            let _ = rewrite_list(dir);
        }
        Ok(())
    }

    /// The hash of the zip of `module`, as recorded beside it; `None` if it is missing or damaged.
    pub fn read_ziphash(&self, module: &Version) -> Option<String> {
        let path = self.file(module, Kind::ZipHash).ok()?;
        let data = lock::read_shared(&path, 1 << 10).ok()?;
        let text = std::str::from_utf8(&data).ok()?.trim();
        (text.len() == HASH_LENGTH && !text.contains('\0')).then(|| text.to_owned())
    }
}

fn write_file(path: &Path, data: &[u8]) -> Result<(), Error> {
    if let Err(err) = file::write_atomic(path, data) {
        if !err.is_not_found() {
            return Err(err.into());
        }
        file::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        file::write_atomic(path, data)?;
    }
    Ok(())
}

/// Writes `@v/list` from the .mod files that are there, under the list's own lock.
fn rewrite_list(dir: &Path) -> Result<(), IoError> {
    lock::transform(&dir.join("list"), MAX_LIST, |_| {
        let versions = tree::names_matching(dir, "", ".mod");
        let versions =
            versions.iter().filter_map(|path| path.file_name()?.to_str()?.strip_suffix(".mod"));
        Ok(Some(render_version_list(versions)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_follows_the_mod_files() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["v1.10.0.mod", "v1.9.0.mod", "v1.mod", "v2.0.0.info", "x.mod", ".mod"] {
            std::fs::write(dir.path().join(name), b"").unwrap();
        }
        rewrite_list(dir.path()).unwrap();
        assert_eq!(std::fs::read(dir.path().join("list")).unwrap(), b"v1.9.0\nv1.10.0\n");
    }
}
