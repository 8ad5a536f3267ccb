//! The small files below cache/download.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::Error;
use crate::source::{MAX_GO_MOD, MAX_INFO, MAX_LIST};
use crate::spec::goproxy_json::{RevInfo, render_version_list};
use crate::spec::module::Version;
use crate::store::Store;
use crate::store::layout::Kind;
use crate::sys::budget::{Budget, FREE, Held};
use crate::sys::{IoError, change, file, lock, tree};
use crate::verify::{Hashed, Verified};

/// Length of `h1:` and the base64 of 32 bytes.
const HASH_LENGTH: usize = 3 + 44;

/// A go.mod file with its hash.
#[derive(Debug)]
pub struct GoModFile {
    /// The key in go.sum: the version with `/go.mod` after it.
    pub key: Version,
    /// The bytes.
    pub data: Held,
    /// The `h1:` hash.
    pub hash: String,
}

impl GoModFile {
    /// The go.mod of `module`.
    pub fn new(module: &Version, data: Held) -> GoModFile {
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
        if self.dry {
            return Ok(());
        }
        // A time that can be read but not be written: go goes on without the file, and so do we.
        let Ok(data) = info.for_disk().encode() else { return Ok(()) };
        write_file(&path, &data)
    }

    /// The cached go.mod of `module`, unverified, where it is large in memory of `budget`; `None` if there
    /// is none that can be used.
    pub async fn read_go_mod(&self, module: &Version, budget: &Budget) -> Option<Held> {
        let path = self.file(module, Kind::Mod).ok()?;
        let held = match lock::read_unlocked(&path, FREE) {
            Ok(data) => data.into(),
            Err(err) if err.is_not_found() => return None,
            // It may be larger, which few are.
            Err(_) => {
                let size = std::fs::metadata(&path).ok()?.len().min(MAX_GO_MOD);
                let share = budget.share(size).await;
                Held::new(lock::read_unlocked(&path, MAX_GO_MOD).ok()?, share)
            }
        };
        // Very old go commands wrote files of their own making that begin so.
        (!held.starts_with(b"//vgo 0.0.")).then_some(held)
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
        if self.dry {
            return Ok(());
        }
        let mut written = None;
        let mut publish = || written = Some(write_file(&path, &go_mod.content().data));
        // Under the list's lock, and the list first: killed in between, the next run finds no go.mod,
        // and does both again. The other way around nobody would ever list it.
        if let Err(err) = rewrite_list(&path, &mut publish)
            && err.is_not_found()
            && file::create_dir_all(path.parent().unwrap_or(Path::new("."))).is_ok()
        {
            let _ = rewrite_list(&path, &mut publish);
        }
        // As with go it may be impossible to list it: that serves only those who use the cache as a
        // proxy.
        written.unwrap_or_else(|| write_file(&path, &go_mod.content().data))
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

/// Writes `@v/list` from the .mod files that are there and the one that is about to be, under the
/// list's own lock; under which `then` is done, whatever became of the list.
fn rewrite_list(coming: &Path, then: impl FnOnce()) -> Result<(), IoError> {
    let dir = coming.parent().unwrap_or(Path::new("."));
    let list = |_: &[u8]| {
        let mut files = tree::names_matching(dir, "", ".mod");
        files.retain(|path| path != coming);
        let versions = files.iter().map(PathBuf::as_path).chain([coming]);
        let versions = versions.filter_map(|path| path.file_name()?.to_str()?.strip_suffix(".mod"));
        Ok(Some(render_version_list(versions)))
    };
    change::transform_then(&dir.join("list"), MAX_LIST, change::Kind::InPlace, list, then)
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
        let mut done = false;
        rewrite_list(&dir.path().join("v1.10.1.mod"), || done = true).unwrap();
        let list = std::fs::read(dir.path().join("list")).unwrap();
        assert_eq!(list, b"v1.9.0\nv1.10.0\nv1.10.1\n");
        assert!(done);
    }
}
