//! `-overlay FILE`: files that stand in for others, without their being written.
//!
//! The file is JSON, `{"Replace": {"path": "path of the stand-in"}}`; an empty stand-in means that
//! the path does not exist. Relative paths are relative to the working directory.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::{Error, ErrorKind};
use crate::spec::filepath;
use crate::sys::{IoError, lock};

/// Largest overlay file, and largest go.mod read through it.
const MAX_SIZE: u64 = 16 << 20;

/// Which files stand in for which.
#[derive(Debug, Clone, Default)]
pub struct Overlay {
    replaced: BTreeMap<PathBuf, Option<PathBuf>>,
}

#[derive(Deserialize)]
struct Format {
    #[serde(rename = "Replace", alias = "replace", default)]
    replace: BTreeMap<String, String>,
}

impl Overlay {
    /// Reads the overlay file at `path`; paths in it are relative to `cwd`.
    ///
    /// # Errors
    /// When it can't be read or is no such JSON, names a path twice, or one below another.
    pub fn read(path: &Path, cwd: &Path) -> Result<Overlay, Error> {
        let data = lock::read_unlocked(&cwd.join(path), MAX_SIZE)
            .map_err(|err| Error::from(err.on(path)).context("reading overlay: "))?;
        let format: Format = serde_json::from_slice(&data).map_err(|err| {
            Error::message(ErrorKind::Other, format!("parsing overlay JSON: {err}"))
        })?;
        let failed = |text: String| Err(Error::message(ErrorKind::Other, text));
        let mut names: HashMap<PathBuf, String> = HashMap::new();
        let mut replaced = BTreeMap::new();
        for (from, to) in format.replace {
            if from.is_empty() {
                return failed("empty string key in overlay map".to_owned());
            }
            let key = filepath::clean(&cwd.join(&from));
            let target = (!to.is_empty()).then(|| filepath::clean(&cwd.join(&to)));
            if let Some(before) = names.insert(key.clone(), from.clone()) {
                return failed(format!("duplicate paths {before} and {from} in overlay map"));
            }
            replaced.insert(key, target);
        }
        let mut files = replaced.iter().filter(|(_, to)| to.is_some()).peekable();
        while let Some((file, _)) = files.next() {
            // Paths are in order: what is below one follows it.
            if let Some((next, _)) = files.peek()
                && next.starts_with(file)
            {
                let (file, next) = (file.display(), next.display());
                return failed(format!("inconsistent files {file} and {next} in overlay map"));
            }
        }
        Ok(Overlay { replaced })
    }

    /// Whether something stands in for `path`.
    pub fn replaces(&self, path: &Path) -> bool {
        self.replaced.contains_key(&filepath::clean(path))
    }

    /// Whether `path` is a file, its stand-in considered.
    pub fn is_file(&self, path: &Path) -> bool {
        match self.replaced.get(&filepath::clean(path)) {
            Some(target) => target.as_ref().is_some_and(|target| target.is_file()),
            None => path.is_file(),
        }
    }

    /// What stands in for something in the folder `dir`, by name: a file, or nothing (`Some(None)`);
    /// `None` for a folder that something is in.
    pub fn below(&self, dir: &Path) -> Vec<(String, Option<Option<PathBuf>>)> {
        let dir = filepath::clean(dir);
        let inside =
            self.replaced.range(dir.clone()..).take_while(|(path, _)| path.starts_with(&dir));
        let mut found: BTreeMap<String, Option<Option<PathBuf>>> = BTreeMap::new();
        for (path, target) in inside {
            let Ok(rest) = path.strip_prefix(&dir) else { continue };
            let mut parts = rest.components();
            let Some(name) = parts.next().and_then(|name| name.as_os_str().to_str()) else {
                continue;
            };
            if parts.next().is_none() {
                found.insert(name.to_owned(), Some(target.clone()));
            } else if target.is_some() {
                found.insert(name.to_owned(), None);
            }
        }
        found.into_iter().collect()
    }

    /// The content of `path`: of its stand-in, or of the file itself under a shared lock.
    ///
    /// # Errors
    /// When it does not exist, can't be read or is larger than a go.mod may be.
    pub fn read_file(&self, path: &Path) -> Result<Vec<u8>, IoError> {
        match self.replaced.get(&filepath::clean(path)) {
            None => lock::read_shared(path, MAX_SIZE),
            Some(Some(target)) => lock::read_unlocked(target, MAX_SIZE),
            Some(None) => Err(IoError {
                op: "open",
                path: path.to_path_buf(),
                kind: std::io::ErrorKind::NotFound,
                text: "no such file or directory".to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stand_ins() {
        let dir = tempfile::tempdir().unwrap();
        let cwd = dir.path();
        std::fs::write(cwd.join("go.mod"), "real").unwrap();
        std::fs::write(cwd.join("other"), "stand-in").unwrap();
        std::fs::write(cwd.join("gone"), "x").unwrap();
        let json = r#"{"Replace": {"./go.mod": "other", "gone": ""}}"#;
        std::fs::write(cwd.join("overlay.json"), json).unwrap();
        let overlay = Overlay::read(Path::new("overlay.json"), cwd).unwrap();
        assert_eq!(overlay.read_file(&cwd.join("go.mod")).unwrap(), b"stand-in");
        assert!(overlay.replaces(&cwd.join("sub/../go.mod")));
        assert!(!overlay.is_file(&cwd.join("gone")));
        assert!(overlay.read_file(&cwd.join("gone")).unwrap_err().is_not_found());
        assert!(overlay.is_file(&cwd.join("other")));
    }
}
