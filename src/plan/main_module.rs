//! One main module: its go.mod, and what that file says about all others.
//!
//! What counts in the end is what all main modules and go.work say together:
//! [`MainModules`](crate::plan::MainModules).

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind};
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

    /// The name on the toolchain line, if there was one.
    pub fn toolchain(&self) -> Option<&str> {
        Some(&*self.toolchain).filter(|name| !name.is_empty())
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
    /// When the module line is missing or reserved.
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
        let replaced = file.replace.iter().map(|r| (r.old.clone(), r.new.clone())).collect();
        Ok(MainModule {
            module: Version::new(path, ""),
            root,
            go_mod_path,
            excluded: file.exclude.iter().map(|module| (**module).clone()).collect(),
            as_read: AsRead::of(data, fixed, &file),
            file,
            replaced,
        })
    }

    /// Refuses replacements that contradict each other.
    ///
    /// # Errors
    /// go's `conflicting replacements`.
    pub fn check_replacements(&self) -> Result<(), Error> {
        replacements(&self.file.replace).map(drop)
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

    /// What this go.mod alone replaces, as written: paths are relative to its own folder.
    pub(super) fn replaced(&self) -> &HashMap<Version, Version> {
        &self.replaced
    }
}

/// The replacements by what they replace.
///
/// # Errors
/// When two of them contradict each other.
pub(super) fn replacements(
    list: &[modfile::Directive<modfile::Replace>],
) -> Result<HashMap<Version, Version>, Error> {
    let mut replaced: HashMap<Version, Version> = HashMap::with_capacity(list.len());
    for replace in list {
        if let Some(before) = replaced.insert(replace.old.clone(), replace.new.clone())
            && before != replace.new
        {
            let text = format!(
                "conflicting replacements for {}:\n\t{before}\n\t{}",
                replace.old, replace.new
            );
            return Err(Error::message(ErrorKind::Other, text));
        }
    }
    Ok(replaced)
}

/// `path` below `root` unless it is absolute, cleaned.
pub fn join(root: &Path, path: &str) -> PathBuf {
    let path = Path::new(path);
    let joined = if path.is_absolute() { path.to_path_buf() } else { root.join(path) };
    crate::spec::filepath::clean(&joined)
}
