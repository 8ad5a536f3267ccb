//! The main module: its go.mod, and what that says about all others.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::plan::Summary;
use crate::spec::goversion;
use crate::spec::modfile;
use crate::spec::module::Version;

/// The main module as read from disk, with what its go.mod replaces and excludes.
#[derive(Debug, Clone)]
pub struct MainModule {
    /// Its path, without a version.
    pub module: Version,
    /// The folder that holds it.
    pub root: PathBuf,
    /// The go.mod file (or what `-modfile` names).
    pub go_mod_path: PathBuf,
    /// The parsed file, with all edits made so far.
    pub file: modfile::File,
    /// What the file said when it was read.
    pub as_read: AsRead,
    excluded: HashSet<Version>,
    replaced: HashMap<Version, Version>,
    highest_replaced: HashMap<Arc<str>, Arc<str>>,
}

/// The state of go.mod when it was read, to see whether it has to be written.
#[derive(Debug, Clone)]
pub struct AsRead {
    /// The bytes.
    pub data: Vec<u8>,
    /// Whether a version in it had to be put into canonical form.
    pub fixed: bool,
    go_version: String,
    toolchain: String,
    require: HashMap<Version, bool>,
    replace: HashMap<Version, Version>,
    exclude: HashSet<Version>,
}

impl AsRead {
    fn of(data: Vec<u8>, fixed: bool, file: &modfile::File) -> AsRead {
        AsRead {
            data,
            fixed,
            go_version: file.go.as_ref().map(|go| go.to_string()).unwrap_or_default(),
            toolchain: file.toolchain.as_ref().map(|name| name.to_string()).unwrap_or_default(),
            require: file.require.iter().map(|r| (r.module.clone(), r.indirect)).collect(),
            replace: file.replace.iter().map(|r| (r.old.clone(), r.new.clone())).collect(),
            exclude: file.exclude.iter().map(|module| (**module).clone()).collect(),
        }
    }

    /// The version on the go line; empty if there was none.
    pub fn go_version(&self) -> &str {
        &self.go_version
    }

    /// Whether `file` says something else than was read. Mere layout does not count.
    pub fn differs_from(&self, file: &modfile::File) -> bool {
        let now = AsRead::of(Vec::new(), false, file);
        // Counted, not compared as sets: a requirement that stands twice has to be cleaned up.
        self.fixed
            || now.go_version != self.go_version
            || now.toolchain != self.toolchain
            || file.require.len() != self.require.len()
            || file.replace.len() != self.replace.len()
            || file.exclude.len() != self.exclude.len()
            || now.require != self.require
            || now.replace != self.replace
            || now.exclude != self.exclude
    }
}

impl MainModule {
    /// Takes a parsed go.mod. `fixed` tells whether a version in it was not canonical.
    ///
    /// # Errors
    /// When the module line is missing or reserved, or two replacements contradict each other.
    pub fn new(
        root: PathBuf,
        go_mod_path: PathBuf,
        shown: &Path,
        data: Vec<u8>,
        file: modfile::File,
        fixed: bool,
    ) -> Result<MainModule, Error> {
        let shown = shown.display();
        let Some(module) = &file.module else {
            return Err(Error::message(
                ErrorKind::Other,
                format!(
                    "error reading {shown}: missing module declaration. To specify the module path:\n\
                     \tgo mod edit -module=example.com/mod"
                ),
            ));
        };
        let path = module.path.clone();
        if goversion::is_toolchain(&path) {
            let path = crate::spec::quote::quote(&path);
            return Err(Error::message(
                ErrorKind::Other,
                format!("error reading {shown}: invalid module path: {path}"),
            ));
        }
        let mut replaced: HashMap<Version, Version> = HashMap::new();
        let mut highest_replaced: HashMap<Arc<str>, Arc<str>> = HashMap::new();
        for replace in &file.replace {
            if let Some(before) = replaced.insert(replace.old.clone(), replace.new.clone())
                && before != replace.new
            {
                return Err(Error::message(
                    ErrorKind::Other,
                    format!(
                        "conflicting replacements for {}:\n\t{before}\n\t{}",
                        replace.old, replace.new
                    ),
                ));
            }
            let highest = highest_replaced
                .entry(replace.old.path.clone())
                .or_insert_with(|| replace.old.version.clone());
            if goversion::mod_compare(&replace.old.path, &replace.old.version, highest)
                == std::cmp::Ordering::Greater
            {
                *highest = replace.old.version.clone();
            }
        }
        Ok(MainModule {
            module: Version::new(path, ""),
            root,
            go_mod_path,
            excluded: file.exclude.iter().map(|module| (**module).clone()).collect(),
            as_read: AsRead::of(data, fixed, &file),
            file,
            replaced,
            highest_replaced,
        })
    }

    /// Whether `module` is this one.
    pub fn is(&self, path: &str) -> bool {
        &*self.module.path == path
    }

    /// The Go version whose rules the module asks for: 1.16 where it has no go line.
    pub fn go_version(&self) -> &str {
        match &self.file.go {
            Some(go) if !go.is_empty() => go,
            _ => goversion::DEFAULT_GO_MOD,
        }
    }

    /// Whether go.mod excludes this version.
    pub fn excludes(&self, module: &Version) -> bool {
        self.excluded.contains(module)
    }

    /// What go.mod says to use in place of `module`: this version's replacement, else the one for
    /// all versions.
    pub fn replacement(&self, module: &Version) -> Option<&Version> {
        if self.is(&module.path) && module.version.is_empty() {
            return None;
        }
        self.replaced.get(module).or_else(|| {
            self.replaced.get(&Version { path: module.path.clone(), version: Arc::from("") })
        })
    }

    /// The highest version of `path` that is replaced; empty where only all versions are.
    pub fn highest_replaced(&self, path: &str) -> Option<&str> {
        self.highest_replaced.get(path).map(|version| &**version)
    }

    /// The versions of `path` that are replaced by name.
    pub fn replaced_versions<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a str> {
        self.replaced
            .keys()
            .filter(move |old| &*old.path == path && !old.version.is_empty())
            .map(|old| &*old.version)
    }

    /// `module`, or what replaces it.
    pub fn resolve(&self, module: &Version) -> Version {
        self.replacement(module).unwrap_or(module).clone()
    }

    /// The folder that a replacement without a version names.
    pub fn directory(&self, replacement: &Version) -> PathBuf {
        join(&self.root, &replacement.path)
    }

    /// Applies what go.mod demands of the go.mod of `module`, read as that of `actual`: a fitting
    /// module line, and no excluded requirements.
    ///
    /// # Errors
    /// When the file declares another path.
    pub fn judge(
        &self,
        module: &Version,
        actual: &Version,
        summary: &Arc<Summary>,
    ) -> Result<Arc<Summary>, Error> {
        if !actual.version.is_empty() {
            if summary.module_path.is_empty() {
                let err = Error::message(ErrorKind::Other, "parsing go.mod: missing module line");
                return Err(err.of_module(actual));
            }
            let declared = summary.module_path.as_str();
            if declared != &*module.path && declared != &*actual.path {
                let text = format!(
                    "parsing go.mod:\n\tmodule declares its path as: {declared}\n\
                     \t        but was required as: {}",
                    module.path
                );
                return Err(Error::message(ErrorKind::Other, text).of_module(actual));
            }
        }
        if !summary.require.iter().any(|r| self.excludes(r)) {
            return Ok(Arc::clone(summary));
        }
        let kept: Vec<Version> =
            summary.require.iter().filter(|r| !self.excludes(r)).cloned().collect();
        Ok(Arc::new(Summary { require: kept.into(), ..Summary::clone(summary) }))
    }
}

/// `path` below `root` unless it is absolute, cleaned.
pub fn join(root: &Path, path: &str) -> PathBuf {
    let path = Path::new(path);
    let joined = if path.is_absolute() { path.to_path_buf() } else { root.join(path) };
    crate::spec::filepath::clean(&joined)
}
