//! Mercurial, Subversion, Bazaar and Fossil: repositories that are fetched as a whole.
//!
//! Their programs are asked the same few questions in their own words (`commands`), and say the same
//! in theirs ([`answers`]). Mercurial alone can tell whether something changed before it fetches, which
//! tag comes before a commit, and so on; what a system can't do is an error that says so.
//!
//! Each repository lies in `cache/vcs` as go has it there (Subversion keeps nothing), and every command
//! runs under its lock: which of them may run beside others is nobody's guess.
//!
//! Implements the part of
//! [Mapping versions to commits](https://go.dev/ref/mod#vcs-version) that is about these systems.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, ErrorKind};
use crate::spec::goimport::System;
use crate::spec::goproxy_json::Origin;
use crate::spec::quote::quote;
use crate::spec::semver;
use crate::sys::file::TempFile;
use crate::sys::lock::Lock;
use crate::sys::{file, tree};
use crate::vcs::run::{Call, RunError, Runner};
use crate::vcs::workdir::{WorkDir, work_dir};
use crate::vcs::{Repo, Revision, Tag, Tags, Tree, no_file, unknown_revision};

use self::archive::ZipTree;

pub mod answers;
mod archive;
mod commands;
mod export;

/// What the type of the folders in `cache/vcs` begins with; the system's name follows.
const KIND: &str = "vcs1.";
/// The name of the newest commit, whatever the system calls it.
const LATEST: &str = "latest";
/// Bytes of a file that is held for the whole run.
const MAX_KEPT: usize = 16 << 10;
/// Largest archive of a tree: that of a module zip.
const MAX_ARCHIVE: u64 = 500 << 20;

/// A repository of one of these systems.
pub struct Whole {
    runner: Arc<Runner>,
    system: System,
    url: String,
    dir: PathBuf,
    lock: PathBuf,
    state: Mutex<State>,
}

/// What this run knows so far.
#[derive(Default)]
struct State {
    fetched: Option<Result<(), Error>>,
    tags: Option<BTreeSet<String>>,
    branches: Option<BTreeSet<String>>,
    repo_sum: Option<String>,
    stats: HashMap<String, Result<Arc<Revision>, Error>>,
    files: HashMap<(String, String), Option<Vec<u8>>>,
    /// The extension that lets hg tell what a server has.
    extension: Option<TempFile>,
}

/// The right to run commands.
struct Held<'a> {
    state: MutexGuard<'a, State>,
    _lock: Lock,
}

impl Whole {
    /// The repository of `system` at `url`. All of it is fetched now, where the system must.
    ///
    /// # Errors
    /// When there is no such program, no place for the repository, or it can't be reached.
    pub fn open(runner: Arc<Runner>, system: System, url: &str) -> Result<Whole, Error> {
        let name = system.name();
        if !url.contains("://") {
            let text = format!("invalid vcs remote: {name} {url}");
            return Err(Error::message(ErrorKind::Other, text));
        }
        let WorkDir { dir, lock } = work_dir(&runner, &format!("{KIND}{name}"), url)?;
        let url = url.to_owned();
        let repo = Whole { runner, system, url, dir, lock, state: Mutex::default() };
        if let Some(init) = commands::init(system, &repo.url) {
            let _held = repo.hold()?;
            // Fossil's is a file.
            if std::fs::symlink_metadata(repo.dir.join(format!(".{name}"))).is_err() {
                let made = repo.run(repo.call(&init).network()).map_err(network);
                if let Err(err) = made.and_then(|_| repo.after_init()) {
                    let _ = tree::remove_all(&repo.dir);
                    return Err(err);
                }
            }
        }
        Ok(repo)
    }

    fn after_init(&self) -> Result<(), Error> {
        if self.system == System::Hg {
            if self.url.contains(['\n', '\r']) {
                let text = format!("invalid vcs remote: hg {}", quote(&self.url));
                return Err(Error::message(ErrorKind::Other, text));
            }
            let settings = format!("[paths]\ndefault = {}\n", self.url);
            file::write_atomic(&self.dir.join(".hg/hgrc"), settings.as_bytes())?;
        }
        Ok(())
    }

    fn call(&self, args: &[String]) -> Call<'_> {
        let call = Call::new(self.system.name(), &self.dir, args);
        match self.system {
            // No aliases, no defaults, nothing translated.
            System::Hg => call.set("HGPLAIN", "+strictflags").set("PYTHONDONTWRITEBYTECODE", "1"),
            _ => call,
        }
    }

    fn run(&self, call: Call<'_>) -> Result<Vec<u8>, Box<RunError>> {
        self.runner.run(&call)
    }

    /// Takes the right to run commands, from other threads and from other programs.
    fn hold(&self) -> Result<Held<'_>, Error> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Held { state, _lock: Lock::exclusive(&self.lock)? })
    }

    /// Fetches everything, once a run.
    fn fetch(&self, state: &mut State) -> Result<(), Error> {
        if let Some(fetched) = &state.fetched {
            return fetched.clone();
        }
        let fetched = match commands::fetch(self.system) {
            Some(fetch) => self.run(self.call(&fetch).network()).map(drop).map_err(network),
            None => Ok(()),
        };
        state.fetched = Some(fetched.clone());
        fetched
    }

    /// The names that `list` prints.
    fn names(&self, state: &mut State, list: &[String]) -> BTreeSet<String> {
        if self.system == System::Hg {
            let _ = self.fetch(state);
        }
        let call = self.call(list);
        let call = if self.system == System::Svn { call.network() } else { call };
        let out = self.run(call).unwrap_or_default();
        let names = answers::names(self.system, &String::from_utf8_lossy(&out));
        names.into_iter().filter(|name| !commands::moves(self.system, name)).collect()
    }

    fn branches<'s>(&self, state: &'s mut State) -> &'s BTreeSet<String> {
        if state.branches.is_none() {
            let list = commands::branches(self.system);
            let branches = list.map(|list| self.names(state, &list)).unwrap_or_default();
            state.branches = Some(branches);
        }
        state.branches.get_or_insert_default()
    }

    /// What an answer of the whole repository depends on.
    fn origin(&self, state: &mut State) -> Origin {
        if state.repo_sum.is_none() {
            let place = match state.fetched {
                Some(_) => ".",
                None => &*self.url,
            };
            let sum = self.ask_server(state, |path| commands::repo_sum(path, place));
            state.repo_sum = Some(sum.unwrap_or_default());
        }
        Origin {
            vcs: self.system.name().to_owned(),
            url: self.url.clone(),
            repo_sum: state.repo_sum.clone().unwrap_or_default(),
            ..Origin::default()
        }
    }

    /// Runs a command of our extension to hg.
    fn ask_server(
        &self,
        state: &mut State,
        args: impl FnOnce(&str) -> Vec<String>,
    ) -> Result<String, Error> {
        if self.system != System::Hg {
            return Err(self.unsupported("lookupRef"));
        }
        if state.extension.is_none() {
            let mut extension = TempFile::create(&self.runner.settings().temp_dir, "gomodfetch-")?;
            extension.write_all(commands::HG_EXTENSION)?;
            state.extension = Some(extension);
        }
        let path = state.extension.as_ref().map(|file| file.path().display().to_string());
        let call = self.call(&args(&path.unwrap_or_default())).network();
        let out = self.run(call).map_err(network)?;
        Ok(String::from_utf8_lossy(&out).trim().to_owned())
    }

    fn unsupported(&self, what: &str) -> Error {
        let text = format!("vcs {}: {what}: unsupported operation", self.system.name());
        Error::message(ErrorKind::Usage, text)
    }

    fn stat_held(&self, state: &mut State, rev: &str) -> Result<Arc<Revision>, Error> {
        let rev = self.real(rev);
        if let Some(known) = state.stats.get(rev) {
            return known.clone();
        }
        let found = self.find(state, rev).map(Arc::new);
        state.stats.insert(rev.to_owned(), found.clone());
        found
    }

    fn real<'r>(&self, rev: &'r str) -> &'r str {
        if rev == LATEST { commands::latest(self.system) } else { rev }
    }

    fn find(&self, state: &mut State, rev: &str) -> Result<Revision, Error> {
        let moves = commands::moves(self.system, rev) || self.branches(state).contains(rev);
        if !moves && let Ok(found) = self.stat_local(state, rev) {
            return Ok(found);
        }
        self.fetch(state)?;
        let mut found = self.stat_local(state, rev)?;
        if moves {
            found.version.clone_from(&found.name);
        }
        Ok(found)
    }

    fn stat_local(&self, state: &mut State, rev: &str) -> Result<Revision, Error> {
        let call = self.call(&commands::stat(self.system, rev, &self.url));
        let call = if self.system == System::Svn { call.network() } else { call };
        let Ok(out) = self.run(call) else {
            let origin = self.origin(state);
            return Err(unknown_revision(rev, Some(origin)));
        };
        let out = String::from_utf8_lossy(&out);
        let mut found = answers::revision(self.system, rev, &out)
            .map_err(|err| Error::new(ErrorKind::Other, err))?;
        let is_hash = found.name.starts_with(rev) && rev.len() >= 12;
        let origin = found.origin.get_or_insert_default();
        self.system.name().clone_into(&mut origin.vcs);
        origin.url.clone_from(&self.url);
        if !is_hash {
            rev.clone_into(&mut origin.reference);
        }
        Ok(found)
    }
}

/// What failed because a server did, or may have.
fn network(err: Box<RunError>) -> Error {
    Error::from(err).of_kind(ErrorKind::Network)
}

impl Repo for Whole {
    fn check_reuse(&self, old: &Origin, subdir: &str) -> Result<(), Error> {
        let refuse = |text: String| Err(Error::message(ErrorKind::Other, text));
        let (vcs, url) = (self.system.name(), quote(&self.url));
        let (old_vcs, old_url) = (&old.vcs, quote(&old.url));
        if *old_vcs != vcs || old.url != self.url {
            return refuse(format!("origin moved from {old_vcs} {old_url} to {vcs} {url}"));
        }
        if old.subdir != subdir {
            let (from, to) = (quote(&old.subdir), quote(subdir));
            return refuse(format!(
                "origin moved from {old_vcs} {old_url} {from} to {vcs} {url} {to}"
            ));
        }
        let mut held = self.hold()?;
        let state = &mut *held.state;
        if old.repo_sum.is_empty() && old.reference.is_empty() && !old.hash.is_empty() {
            return match self
                .ask_server(state, |path| commands::look_up(path, &self.url, &old.hash))
            {
                Ok(hash) if hash == old.hash => Ok(()),
                Ok(_) => refuse("hash changed".to_owned()),
                Err(err) => Err(err.context("looking up hash: ")),
            };
        }
        if old.repo_sum.is_empty() && !old.reference.is_empty() {
            let asked = |path: &str| commands::look_up(path, &self.url, &old.reference);
            if let Ok(hash) = self.ask_server(state, asked)
                && !hash.is_empty()
                && hash == old.hash
            {
                return Ok(());
            }
        }
        let now = self.origin(state).repo_sum;
        match () {
            () if now.is_empty() => Err(self.unsupported("CheckReuse")),
            () if old.repo_sum.is_empty() => refuse("non-specific origin".to_owned()),
            () if old.repo_sum != now => refuse("repo changed".to_owned()),
            () => Ok(()),
        }
    }

    fn tags(&self, prefix: &str) -> Result<Tags, Error> {
        let mut held = self.hold()?;
        let state = &mut *held.state;
        if state.tags.is_none() {
            let list = commands::tags(self.system, &self.url);
            state.tags = Some(self.names(state, &list));
        }
        let origin = Some(self.origin(state));
        let tags = state.tags.iter().flatten().filter(|tag| tag.starts_with(prefix));
        let list = tags.map(|tag| Tag { name: tag.clone(), hash: String::new() }).collect();
        Ok(Tags { origin, list })
    }

    fn stat(&self, rev: &str) -> Result<Arc<Revision>, Error> {
        self.stat_held(&mut self.hold()?.state, rev)
    }

    fn latest(&self) -> Result<Arc<Revision>, Error> {
        self.stat(LATEST)
    }

    fn read_file(&self, rev: &str, file: &str, limit: u64) -> Result<Vec<u8>, Error> {
        let rev = self.real(rev);
        let mut held = self.hold()?;
        self.stat_held(&mut held.state, rev)?;
        let key = (rev.to_owned(), file.to_owned());
        if let Some(known) = held.state.files.get(&key) {
            return known.clone().ok_or_else(no_file);
        }
        let call = self.call(&commands::read_file(self.system, rev, file, &self.url)).limit(limit);
        let call = if self.system == System::Svn { call.network() } else { call };
        match self.run(call) {
            Ok(data) => {
                if data.len() <= MAX_KEPT {
                    held.state.files.insert(key, Some(data.clone()));
                }
                Ok(data)
            }
            Err(err) if err.too_large => {
                let text = format!("{file} is larger than {limit} bytes");
                Err(Error::message(ErrorKind::Security, text))
            }
            Err(_) => {
                held.state.files.insert(key, None);
                Err(no_file())
            }
        }
    }

    fn read_tree(&self, rev: &str, subdir: &str) -> Result<Box<dyn Tree>, Error> {
        let rev = self.real(rev);
        let mut held = self.hold()?;
        self.stat_held(&mut held.state, rev)?;
        if self.system == System::Svn {
            return Ok(Box::new(export::export(&self.runner, &self.dir, &self.url, rev, subdir)?));
        }
        let temp_dir = &self.runner.settings().temp_dir;
        let archive = TempFile::create(temp_dir, "gomodfetch-")?;
        let target = archive.path().to_path_buf();
        if self.system == System::Fossil {
            // With an absolute path fossil tries to make folders that are there.
            let repository = self.dir.join(".fossil").display().to_string();
            let name = target.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let args = commands::archive(self.system, rev, subdir, &name, &repository);
            self.run(Call::new("fossil", temp_dir, args))?;
        } else {
            let target = target.display().to_string();
            self.run(self.call(&commands::archive(self.system, rev, subdir, &target, "")))?;
        }
        let size =
            std::fs::metadata(&target).map_err(crate::sys::error::at("stat", &target))?.len();
        if size > MAX_ARCHIVE {
            return Err(Error::message(ErrorKind::Security, "downloaded zip file too large"));
        }
        Ok(Box::new(ZipTree::new(archive, subdir)?))
    }

    fn recent_tag(
        &self,
        rev: &str,
        prefix: &str,
        allowed: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Option<String>, Error> {
        if self.system != System::Hg {
            return Err(self.unsupported("RecentTag"));
        }
        let out = {
            // Not beyond the command: `allowed` may ask for more.
            let _held = self.hold()?;
            self.run(self.call(&commands::recent_tags(rev)))?
        };
        let out = String::from_utf8_lossy(&out);
        let mut highest = "";
        for tag in out.split_whitespace() {
            let Some(version) = tag.strip_prefix(prefix) else { continue };
            if semver::compare(version, highest).is_gt() && allowed(tag) {
                highest = version;
            }
        }
        Ok((!highest.is_empty()).then(|| format!("{prefix}{highest}")))
    }

    fn descends_from(&self, rev: &str, tag: &str) -> Result<bool, Error> {
        if self.system != System::Hg {
            return Err(self.unsupported("DescendsFrom"));
        }
        let _held = self.hold()?;
        let out = self.run(self.call(&commands::descends(rev, tag)))?;
        Ok(!out.trim_ascii().is_empty())
    }
}
