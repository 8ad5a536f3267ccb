//! go.sum while a command runs: what it knew, what was checked, what is new.
//!
//! Sums are added only for what was really checked in this run, and only if the caller's list of
//! sums to keep names them; what the file holds already stays, whatever it is.
//!
//! In a workspace the file is go.work.sum, and the go.sum files of its modules are read beside it: a
//! sum that one of them has is not written to go.work.sum.
//!
//! Implements <https://go.dev/ref/mod#go-sum-files>.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, ErrorKind};
use crate::spec::gosum as format;
use crate::spec::module::Version;
use crate::sys::change::{self, Kind};
use crate::sys::{IoError, lock};
use crate::verify::{Authority, Mismatch};

/// Largest go.sum that is read: 32 MiB, ten times what the largest projects have.
const MAX_GO_SUM: u64 = 32 << 20;

/// go.sum, or nothing where there is no main module to have one.
pub struct GoSum {
    path: Option<PathBuf>,
    name: String,
    others: Vec<Other>,
    state: Mutex<State>,
}

/// The go.sum of a module of the workspace, which is only read.
struct Other {
    path: PathBuf,
    known: format::GoSum,
}

#[derive(Default)]
struct State {
    known: format::GoSum,
    used: HashSet<(Version, String)>,
    added: HashSet<(Version, String)>,
}

/// The content of the file at `path`; none if it does not exist.
///
/// # Errors
/// When it can't be read.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Error> {
    match lock::read_shared(path, MAX_GO_SUM) {
        Ok(data) => Ok(data),
        Err(err) if err.is_not_found() => Ok(Vec::new()),
        Err(err) => Err(err.into()),
    }
}

impl GoSum {
    /// Outside of any module: nothing is known and nothing written.
    pub fn absent() -> GoSum {
        GoSum { path: None, name: String::new(), others: Vec::new(), state: Mutex::default() }
    }

    /// Takes `data` for the content of the file at `path`, which need not exist.
    ///
    /// # Errors
    /// When a line of it is malformed.
    pub fn parse(path: &Path, data: &[u8]) -> Result<GoSum, Error> {
        let known = parse(path, data)?;
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let name = if name.ends_with("go.work.sum") { "go.work.sum" } else { "go.sum" }.to_owned();
        let state = Mutex::new(State { known, ..State::default() });
        Ok(GoSum { path: Some(path.to_path_buf()), name, others: Vec::new(), state })
    }

    /// Takes in the go.sum of a module of the workspace.
    ///
    /// # Errors
    /// When a line of it is malformed.
    pub fn add_module(&mut self, path: PathBuf, data: &[u8]) -> Result<(), Error> {
        let known = parse(&path, data)?;
        self.others.push(Other { path, known });
        Ok(())
    }

    /// Where the file stands; `None` outside of any module.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// How messages name the file: `go.sum` or `go.work.sum`.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the file has an `h1:` hash for `key` that this run did not add itself.
    pub fn has(&self, key: &Version) -> bool {
        !self.known(key).is_empty()
    }

    /// The `h1:` hashes for `key`, each with the file that has it, without what this run added itself.
    pub fn known(&self, key: &Version) -> Vec<(String, String)> {
        let state = self.state();
        let added = |hash: &str| state.added.contains(&(key.clone(), hash.to_owned()));
        let own = state.known.known(key).filter(|hash| !added(hash));
        let own = own.map(|hash| (self.name.clone(), hash.to_owned()));
        let others = self.others.iter().flat_map(|other| {
            let name = other.path.display().to_string();
            other.known.known(key).map(move |hash| (name.clone(), hash.to_owned()))
        });
        own.chain(others).collect()
    }

    /// The `h1:` hash that the file has for `key`; `None` if it has none, or several that contradict
    /// each other.
    pub fn recorded(&self, key: &Version) -> Option<String> {
        let state = self.state();
        let of_others = self.others.iter().flat_map(|other| other.known.known(key));
        let added = |hash: &str| state.added.contains(&(key.clone(), hash.to_owned()));
        let own = state.known.known(key).filter(|hash| !added(hash));
        let mut all = of_others.chain(own);
        let first = all.next()?;
        all.all(|other| other == first).then(|| first.to_owned())
    }

    /// Everything that the file, and those beside it, know: the key and the hash of each line, with
    /// the name of the file.
    pub fn lines(&self) -> Vec<(Version, String, String)> {
        let line = |name: &str, (key, hash): (&Version, &str)| {
            (key.clone(), name.to_owned(), hash.to_owned())
        };
        let state = self.state();
        let own = state.known.iter().map(|entry| line(&self.name, entry));
        let others = self.others.iter().flat_map(|other| {
            let name = other.path.display().to_string();
            other.known.iter().map(move |entry| line(&name, entry))
        });
        own.chain(others).collect()
    }

    /// Whether the file, and those beside it, had nothing in them.
    pub fn is_empty(&self) -> bool {
        self.others.iter().all(|other| other.known.is_empty()) && self.state().known.is_empty()
    }

    /// Whether `hash` is the one known for `key`; `false` if none is known.
    ///
    /// # Errors
    /// When another `h1:` hash is known. That stops the whole run.
    pub fn check(&self, key: &Version, hash: &str) -> Result<bool, Error> {
        if self.path.is_none() {
            return Ok(false);
        }
        let mut state = self.state();
        let known = self.compare(&state.known, key, hash)?;
        if known {
            // Not earlier, as go does it: what the database then refuses must not be written.
            state.used.insert((key.clone(), hash.to_owned()));
        }
        Ok(known)
    }

    fn compare(&self, known: &format::GoSum, key: &Version, hash: &str) -> Result<bool, Error> {
        for other in known.hashes(key) {
            if other == hash {
                return Ok(true);
            }
            if format::has_known_algorithm(other) {
                return Err(mismatch(&self.name, key, hash, other));
            }
        }
        // All of them, since they may contradict each other.
        let mut found = false;
        for other in &self.others {
            for known in other.known.hashes(key) {
                if known == hash {
                    found = true;
                } else if format::has_known_algorithm(known) {
                    return Err(mismatch(&other.path.display().to_string(), key, hash, known));
                }
            }
        }
        Ok(found)
    }

    /// Whether a module of the workspace has a line for `key`, whatever it says.
    fn is_elsewhere(&self, key: &Version) -> bool {
        self.others.iter().any(|other| other.known.contains_key(key))
    }

    /// Adds a checked hash. Gives a warning where only hashes of unknown algorithms were listed.
    ///
    /// # Errors
    /// As [`GoSum::check`].
    pub fn add(&self, key: &Version, hash: &str) -> Result<Option<String>, Error> {
        if self.path.is_none() {
            return Ok(None);
        }
        let mut state = self.state();
        if self.compare(&state.known, key, hash)? {
            return Ok(None);
        }
        let others = state.known.hashes(key).join(", ");
        state.known.add(key.clone(), hash);
        state.used.insert((key.clone(), hash.to_owned()));
        state.added.insert((key.clone(), hash.to_owned()));
        Ok((!others.is_empty()).then(|| unknown_algorithm(key, &others, hash)))
    }

    /// Takes back what this run has added for `key`: it belongs to nothing that was published.
    pub fn forget(&self, key: &Version) {
        let State { known, used, added, .. } = &mut *self.state();
        for entry in added.extract_if(|(added, _)| added == key) {
            used.remove(&entry);
            known.remove(key, &entry.1);
        }
    }

    /// Whether [`GoSum::write`] would change the file, given the sums to keep.
    pub fn is_dirty(&self, keep: &HashSet<Version>) -> bool {
        let state = self.state();
        state.added.iter().any(|(key, _)| keep.contains(key))
    }

    /// Adds what this run checked, as far as `keep` names it, to the file on disk, which may have
    /// changed meanwhile; `kind` says how it may be written.
    ///
    /// # Errors
    /// When the file can't be written, or has come to contradict what was checked.
    pub fn write(&self, keep: &HashSet<Version>, kind: Kind) -> Result<(), Error> {
        let Some(path) = &self.path else { return Ok(()) };
        if !self.is_dirty(keep) {
            return Ok(());
        }
        let mut state = self.state();
        let written = change::transform::<Failure>(path, MAX_GO_SUM, kind, |data| {
            let mut sums = parse(path, data)?;
            for (key, hash) in &state.used {
                let wanted =
                    !state.added.contains(&(key.clone(), hash.clone())) || keep.contains(key);
                if wanted && !self.is_elsewhere(key) && !self.compare(&sums, key, hash)? {
                    sums.add(key.clone(), hash.as_str());
                }
            }
            Ok(Some(sums.serialize(|key, _| !self.is_elsewhere(key)).into_bytes()))
        });
        match written {
            Ok(()) => {
                state.added.clear();
                state.used.clear();
                Ok(())
            }
            Err(Failure::Io(err)) => Err(Error::from(err).context("updating go.sum: ")),
            Err(Failure::Content(err)) => Err(err),
        }
    }
}

/// The refusal of `hash`, for which `file` knows another.
fn mismatch(file: &str, key: &Version, hash: &str, known: &str) -> Error {
    let text = format!(
        "verifying {key}: checksum mismatch\n\tdownloaded: {hash}\n\t{file}:     {known}{}",
        super::security_error(
            "This download does NOT match an earlier download recorded in go.sum.\n\
             The bits may have been replaced on the origin server, or an attacker may\n\
             have intercepted the download attempt."
        )
    );
    let mismatch = Mismatch {
        key: key.clone(),
        found: hash.to_owned(),
        known: vec![known.to_owned()],
        authority: Authority::GoSum(file.to_owned()),
        text,
    };
    Error::new(ErrorKind::Security, mismatch).fatal().bare()
}

/// Why an update of go.sum failed.
enum Failure {
    Io(IoError),
    Content(Error),
}

impl From<IoError> for Failure {
    fn from(err: IoError) -> Failure {
        Failure::Io(err)
    }
}

impl From<Error> for Failure {
    fn from(err: Error) -> Failure {
        Failure::Content(err)
    }
}

fn parse(path: &Path, data: &[u8]) -> Result<format::GoSum, Error> {
    format::GoSum::parse(&path.display().to_string(), data)
        .map_err(|err| Error::new(ErrorKind::Other, err).fatal().bare())
}

fn unknown_algorithm(key: &Version, others: &str, hash: &str) -> String {
    format!(
        "warning: verifying {key}: unknown hashes in go.sum: {others}; adding {hash}\n\n\
         SECURITY WARNING\n\
         This download is listed in go.sum, but using an unknown hash algorithm.\n\
         The download cannot be verified.\n\n\
         For more information, see 'go help module-auth'.\n\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_back_was_never_known() {
        let module = Version::new("example.com/m", "v1.0.0");
        let other = Version::new("example.com/n", "v1.0.0");
        let sums = GoSum::parse(Path::new("go.sum"), b"example.com/n v1.0.0 h1:n=\n").unwrap();
        assert!(sums.add(&module, "h1:a=").unwrap().is_none());
        assert!(sums.check(&module, "h1:b=").is_err());
        sums.forget(&module);
        assert!(!sums.has(&module) && sums.recorded(&module).is_none());
        assert!(!sums.check(&module, "h1:b=").unwrap());
        assert!(sums.add(&module, "h1:b=").unwrap().is_none());
        // What the file says stays.
        sums.forget(&other);
        assert!(sums.check(&other, "h1:n=").unwrap());
    }
}
