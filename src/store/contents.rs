//! Which module versions lie in the cache, told by the names of files and folders alone.
//!
//! A version is there if one of its files lies below cache/download, or its tree anywhere else. What
//! has a name that no module version could have is passed over, as go passes over it: temporary
//! files, leftovers, whatever else somebody put there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::source::{MAX_GO_MOD, MAX_INFO};
use crate::spec::dirhash::hash_go_mod;
use crate::spec::goproxy_json::RevInfo;
use crate::spec::module::{self, Version};
use crate::spec::semver;
use crate::store::Store;
use crate::store::layout::Kind;
use crate::sys::error::at;
use crate::sys::{IoError, read};

/// The extensions of the files that belong to one version.
const EXTENSIONS: [&str; 5] = [".info", ".mod", ".zip", ".ziphash", ".partial"];

/// What is known of a file beside the zip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Small {
    /// There is none.
    Absent,
    /// It is there and can't be used, for this reason.
    Broken(String),
    /// It has this hash; a `.info` has none.
    Fine(String),
}

impl Store {
    /// Every module version of which something lies in the cache, sorted.
    ///
    /// # Errors
    /// When a folder of the cache can't be read.
    pub fn contents(&self) -> Result<Vec<Version>, Error> {
        let mut found = self.with_files(&EXTENSIONS)?;
        folders(self.root(), &["cache"], &mut |_, relative, name| {
            let Some((last, version)) = name.split_once('@') else { return Ok(true) };
            let path =
                if relative.is_empty() { last.to_owned() } else { format!("{relative}/{last}") };
            if let Ok(path) = module::unescape_path(&path) {
                found.extend(version_of(&path, version));
            }
            Ok(false)
        })?;
        Ok(sorted(found))
    }

    /// Every module version whose zip lies in the cache, sorted.
    ///
    /// # Errors
    /// When a folder of the cache can't be read.
    pub fn zipped(&self) -> Result<Vec<Version>, Error> {
        Ok(sorted(self.with_files(&[".zip"])?))
    }

    /// The module versions with a file below cache/download that has one of these extensions.
    fn with_files(&self, extensions: &[&str]) -> Result<BTreeSet<Version>, IoError> {
        let mut found = BTreeSet::new();
        let downloads = self.root().join("cache").join("download");
        folders(&downloads, &["sumdb"], &mut |dir, relative, name| {
            if name != "@v" {
                return Ok(true);
            }
            if let Ok(path) = module::unescape_path(relative) {
                for file in names(dir)? {
                    let stem = extensions.iter().find_map(|ext| file.strip_suffix(ext));
                    found.extend(stem.and_then(|version| version_of(&path, version)));
                }
            }
            Ok(false)
        })?;
        Ok(found)
    }

    /// The cached go.mod of `module`.
    ///
    /// # Errors
    /// When the module has no place in the cache.
    pub fn go_mod_found(&self, module: &Version) -> Result<Small, Error> {
        let path = self.file(module, Kind::Mod)?;
        let limit = usize::try_from(MAX_GO_MOD).unwrap_or(usize::MAX);
        Ok(match read::head(&path, limit) {
            Ok(data) => Small::Fine(hash_go_mod(&data)),
            Err(err) if err.is_not_found() => Small::Absent,
            Err(err) => Small::Broken(err.to_string()),
        })
    }

    /// The cached `.info` of `module`.
    ///
    /// # Errors
    /// When the module has no place in the cache.
    pub fn info_found(&self, module: &Version) -> Result<Small, Error> {
        let path = self.file(module, Kind::Info)?;
        let limit = usize::try_from(MAX_INFO).unwrap_or(usize::MAX);
        let data = match read::head(&path, limit) {
            Ok(data) => data,
            Err(err) if err.is_not_found() => return Ok(Small::Absent),
            Err(err) => return Ok(Small::Broken(err.to_string())),
        };
        let shown = path.display();
        Ok(match RevInfo::decode(&data) {
            Ok(info) if info.version == *module.version => Small::Fine(String::new()),
            Ok(info) => Small::Broken(format!("{shown} is about version {}", info.version)),
            Err(err) => Small::Broken(format!("{shown}: {err}")),
        })
    }
}

fn sorted(found: BTreeSet<Version>) -> Vec<Version> {
    let mut found: Vec<Version> = found.into_iter().collect();
    module::sort(&mut found);
    found
}

/// The version that a file name stands for, if it is that of a module in the cache.
fn version_of(path: &str, escaped: &str) -> Option<Version> {
    let version = module::unescape_version(escaped).ok()?;
    let is_one = semver::is_valid(&version) && module::canonical_version(&version) == version;
    is_one.then(|| Version::new(path, version))
}

/// Walks the folders below `top`, but for those at the top that are named. `visit` gets each with the
/// path to the folder that it is in and its own name, and says whether to go on below it.
fn folders(
    top: &Path,
    without: &[&str],
    visit: &mut dyn FnMut(&Path, &str, &str) -> Result<bool, IoError>,
) -> Result<(), IoError> {
    let mut pending: Vec<(PathBuf, String)> = vec![(top.to_path_buf(), String::new())];
    while let Some((dir, relative)) = pending.pop() {
        let entries = match std::fs::read_dir(&dir) {
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => continue,
            entries => entries.map_err(at("open", &dir))?,
        };
        for entry in entries {
            let entry = entry.map_err(at("readdirent", &dir))?;
            let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
            // What is no text is no escaped name.
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
            if !is_dir || (relative.is_empty() && without.contains(&&*name)) {
                continue;
            }
            let path = entry.path();
            if visit(&path, &relative, &name)? {
                let below = if relative.is_empty() { name } else { format!("{relative}/{name}") };
                pending.push((path, below));
            }
        }
    }
    Ok(())
}

fn names(dir: &Path) -> Result<Vec<String>, IoError> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(at("open", dir))? {
        let entry = entry.map_err(at("readdirent", dir))?;
        names.extend(entry.file_name().to_str().map(str::to_owned));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_by_their_names() {
        let dir = tempfile::tempdir().unwrap();
        for file in [
            "cache/download/example.com/!a/@v/v1.0.0-!r!c1.zip",
            "cache/download/example.com/!a/@v/v1.0.0-!r!c1.mod",
            "cache/download/example.com/!a/sub/@v/v1.2.0.info",
            "cache/download/example.com/b/@v/list",
            "cache/download/example.com/b/@v/main.info",
            "cache/download/example.com/b/@v/v1.mod",
            "cache/download/example.com/b/@v/v1.0.0.zip123.tmp",
            "cache/download/example.com/B/@v/v1.0.0.zip",
            "cache/download/sumdb/sum.example.com/@v/v1.0.0.zip",
            "cache/lock",
            "example.com/c@v2.0.0+incompatible/go.mod",
            "example.com/c@v1.0.0.tmp-9/go.mod",
            "example.com/c@v1.1.0/example.com/d@v1.0.0/go.mod",
        ] {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"").unwrap();
        }
        let store = Store::new(dir.path(), false);
        let zipped = store.zipped().unwrap();
        assert_eq!(zipped, [Version::new("example.com/A", "v1.0.0-RC1")]);
        let found = store.contents().unwrap();
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            found,
            [
                "example.com/A@v1.0.0-RC1",
                "example.com/A/sub@v1.2.0",
                "example.com/c@v1.1.0",
                "example.com/c@v2.0.0+incompatible",
            ]
        );
        assert!(Store::new(&dir.path().join("none"), false).contents().unwrap().is_empty());
    }
}
