//! Git repositories, kept as go keeps them and asked through the git program.
//!
//! The clone is bare and begins empty. Of the server's refs heads and tags count, and HEAD; nothing else is
//! ever fetched (servers offer changes under review as refs, and those are no versions). What is
//! known by name is fetched by that name, without history; all heads and tags with their
//! history only where the question is about history, or the commit is not known by name.
//!
//! A repository's own wishes count for nothing: `export-subst` and `export-ignore` are off, line endings
//! stay as they are, no submodule is looked at, and no hook is run.
//!
//! Implements the part of
//! [Mapping versions to commits](https://go.dev/ref/mod#vcs-version) that is about git.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use crate::error::{Error, ErrorKind};
use crate::spec::goproxy_json::Origin;
use crate::spec::semver;
use crate::sys::lock::Lock;
use crate::sys::{file, tree};
use crate::vcs::run::{Call, RunError, Runner};
use crate::vcs::tar::TarTree;
use crate::vcs::workdir::{WorkDir, work_dir};
use crate::vcs::{Repo, Revision, Tags, Tree, no_commits, no_file, unknown_revision};

mod local;
mod refs;

/// The type of the folders in `cache/vcs`.
const KIND: &str = "git3";
/// The name of the remote in the clone. git-lfs wants one.
const REMOTE: &str = "origin";
/// Fewest digits of a hash that stand for a commit.
const MIN_DIGITS: usize = 7;
/// Digits of a hash in pseudo-versions.
const SHORT: usize = 12;
/// Bytes of an archive: more than that no module can be made of, since it is not compressed.
const MAX_ARCHIVE: u64 = 4 << 30;
/// Bytes of a file that is held for the whole run: the same go.mod is looked at for several reasons.
const MAX_KEPT: usize = 16 << 10;
/// What `git archive` must not do, as it stands in `info/attributes`.
const ATTRIBUTES: &[u8] = b"\n* -export-subst -export-ignore\n";
/// Largest `info/attributes`.
const MAX_ATTRIBUTES: u64 = 1 << 20;
/// The variables by which git tells the programs that it starts which repository it works on. When we
/// are one of these programs, that is not the repository that we mean.
pub(super) const FOREIGN: &[&str] = &[
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_DEFAULT_HASH",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
    "GIT_NAMESPACE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
];
/// Settings for every command: no hook of any template or setting, no watcher, nothing in the background,
/// and none of the transports that run commands or read this machine's files for a server.
const SAFE: &[&str] = &[
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "gc.auto=0",
    "-c",
    "maintenance.auto=false",
    "-c",
    "fetch.recurseSubmodules=false",
    "-c",
    "protocol.ext.allow=never",
];
/// How lines of `git fetch --progress` begin.
const PROGRESS: &[&str] = &[
    "remote: Enumerating objects",
    "remote: Counting objects",
    "remote: Compressing objects",
    "remote: Total",
    "Receiving objects",
    "Resolving deltas",
    "Unpacking objects",
    "POST git-upload-pack",
];

/// A git repository.
pub struct Git {
    runner: Arc<Runner>,
    url: String,
    dir: PathBuf,
    lock: PathBuf,
    /// Digits of a whole hash: 40, or 64 with SHA-256.
    digits: usize,
    /// Held with the lock file by whoever changes the clone.
    fetched: Mutex<Fetched>,
    refs: OnceLock<Result<Arc<Refs>, Error>>,
    stats: Mutex<HashMap<String, Arc<Stat>>>,
    local_tags: Mutex<Option<HashSet<String>>>,
    /// Files by `COMMIT:PATH`; nothing for those that are too large to be held.
    files: Mutex<HashMap<String, Arc<Content>>>,
}

/// A file, once it was read.
type Content = OnceLock<Result<Option<Vec<u8>>, Error>>;

/// What a revision is, once it is known.
type Stat = OnceLock<Result<Arc<Revision>, Error>>;

/// Heads, tags and HEAD of the server, and the commits that they point to.
type Refs = BTreeMap<String, String>;

/// How much this run has fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fetched {
    Nothing,
    Some,
    All,
}

/// The right to change the clone.
struct Held<'a> {
    fetched: MutexGuard<'a, Fetched>,
    _lock: Lock,
}

/// A commit that a name stands for, before it is fetched.
struct Target {
    /// What is asked for: the hash where the name is one that moves.
    rev: String,
    /// The ref that leads to it, or empty.
    name: String,
    /// The commit, or empty.
    hash: String,
}

impl Git {
    /// The repository at `url`, with a clone that has nothing in it unless there is one already.
    ///
    /// # Errors
    /// When `url` is none that may be used, there is no git, or no place for the clone.
    pub fn open(runner: Arc<Runner>, url: &str) -> Result<Git, Error> {
        check_url(url)?;
        let WorkDir { dir, lock } = work_dir(&runner, KIND, url)?;
        let mut git = Git {
            runner,
            url: url.to_owned(),
            dir,
            lock,
            digits: 40,
            fetched: Mutex::new(Fetched::Nothing),
            refs: OnceLock::new(),
            stats: Mutex::default(),
            local_tags: Mutex::default(),
            files: Mutex::default(),
        };
        {
            let _held = git.hold()?;
            if !git.dir.join("objects").exists()
                && let Err(err) = git.init()
            {
                let _ = tree::remove_all(&git.dir);
                return Err(err);
            }
        }
        let format = git.run(git.call(["config", "extensions.objectformat"]));
        if format.is_ok_and(|format| format.trim_ascii() == b"sha256") {
            git.digits = 64;
        }
        Ok(git)
    }

    /// Makes the clone.
    fn init(&self) -> Result<(), Error> {
        // How long its hashes are can only be heard from the server. The clone has no name for that yet;
        // what is heard now, be it a failure, holds for the whole run.
        let refs = self.refs.get_or_init(|| self.ask_refs(&self.url)).clone();
        let is_sha256 = refs.is_ok_and(|refs| refs.values().any(|hash| hash.len() == 64));
        let mut args = vec!["init", "--bare"];
        if is_sha256 {
            args.push("--object-format=sha256");
        } else if self.knows_sha256()? {
            args.push("--object-format=sha1");
        }
        let init = Call::new("git", &self.dir, args).hidden(SAFE).unset(FOREIGN);
        self.runner.run(&init)?;
        self.run(self.call(["remote", "add", REMOTE, "--", &self.url]))?;
        if cfg!(windows) {
            self.run(self.call(["config", "core.longpaths", "true"]))?;
        }
        Ok(())
    }

    /// Whether the git program is new enough for SHA-256: 2.29.
    fn knows_sha256(&self) -> Result<bool, Error> {
        let call = Call::new("git", &self.dir, ["version"]).unset(FOREIGN);
        let said = self.runner.run(&call).map_err(|err| {
            let text = format!("unable to resolve git version: {err}");
            Error::message(ErrorKind::Other, text)
        })?;
        let said = String::from_utf8_lossy(&said).into_owned();
        let mut numbers = said.trim().trim_start_matches("git version ").split(['.', ' ']);
        let mut next = || numbers.next().and_then(|number| number.parse::<u32>().ok());
        match (next(), next()) {
            (Some(major), Some(minor)) => Ok((major, minor) >= (2, 29)),
            _ => Ok(false),
        }
    }

    /// A command on the clone.
    fn call<S: AsRef<str>>(&self, args: impl IntoIterator<Item = S>) -> Call<'_> {
        let call = Call::new("git", &self.dir, args).hidden(SAFE).unset(FOREIGN);
        // A bare repository that nobody named is not used where `safe.bareRepository` says so.
        call.set("GIT_DIR", &self.dir)
    }

    fn run(&self, call: Call<'_>) -> Result<Vec<u8>, Box<RunError>> {
        self.runner.run(&call)
    }

    /// Takes the right to change the clone, from other threads and from other programs.
    fn hold(&self) -> Result<Held<'_>, Error> {
        let fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Held { fetched, _lock: Lock::exclusive(&self.lock)? })
    }

    fn is_hash_like(&self, rev: &str) -> bool {
        (MIN_DIGITS..=self.digits).contains(&rev.len()) && is_hex(rev)
    }

    fn find(&self, rev: &str) -> Result<Arc<Revision>, Error> {
        let hash_like = self.is_hash_like(rev);
        if hash_like && let Ok(found) = self.stat_local(rev, rev) {
            return Ok(found.into());
        }
        if self.has_local_tag(rev) {
            return self.stat_local(rev, &format!("refs/tags/{rev}")).map(Arc::new);
        }
        let refs = self.refs()?;
        let mut target = self.target(&refs, rev)?;
        let found = self.fetch_target(&mut target, hash_like);
        let with_ref = |origin: Option<Origin>, hash: &str| {
            origin.map(|mut origin| {
                hash.clone_into(&mut origin.hash);
                if target.name != hash {
                    origin.reference.clone_from(&target.name);
                }
                origin
            })
        };
        match found {
            Ok(mut found) => {
                found.origin = with_ref(found.origin.take(), &found.name);
                Ok(found.into())
            }
            Err(err) => {
                let origin = with_ref(err.origin().cloned(), "");
                Err(err.with_origin(origin))
            }
        }
    }

    /// Which commit and which ref `rev` stands for, as far as the server's refs tell.
    fn target(&self, refs: &Refs, rev: &str) -> Result<Target, Error> {
        let known = |name: String| refs.get(&name).map(|hash| (name, hash.clone()));
        let target = |rev: &str, name, hash| Ok(Target { rev: rev.to_owned(), name, hash });
        if let Some((name, hash)) = known(format!("refs/tags/{rev}")) {
            return target(rev, name, hash);
        }
        let moving = known(format!("refs/heads/{rev}"))
            .or_else(|| if rev == "HEAD" { known(rev.to_owned()) } else { None });
        if let Some((name, hash)) = moving {
            return target(&hash.clone(), name, hash);
        }
        if !self.is_hash_like(rev) {
            return Err(unknown_revision(rev, Some(self.repo_origin(refs))));
        }
        let (mut name, mut hash) = (String::new(), String::new());
        for (other, commit) in refs.iter().filter(|(_, commit)| commit.starts_with(rev)) {
            if !hash.is_empty() && hash != *commit {
                let text = format!("ambiguous revision {rev}");
                return Err(Error::message(ErrorKind::Other, text));
            }
            // The first by name, of those that lead to the same commit.
            if name.is_empty() {
                name.clone_from(other);
            }
            hash.clone_from(commit);
        }
        if hash.is_empty() && rev.len() == self.digits {
            rev.clone_into(&mut hash);
        }
        let rev = if name.is_empty() { rev.to_owned() } else { hash.clone() };
        Ok(Target { rev, name, hash })
    }

    /// Gets the commit: with luck it is there, else by its name, else with everything that there is.
    fn fetch_target(&self, target: &mut Target, looked: bool) -> Result<Revision, Error> {
        let Target { rev, name, hash } = target;
        let (rev, hash) = (&*rev, &*hash);
        let mut held = self.hold()?;
        if !looked && let Ok(found) = self.stat_local(rev, hash) {
            let missing = name.strip_prefix("refs/tags/");
            let Some(tag) = missing.filter(|tag| !found.tags.iter().any(|t| t == tag)) else {
                return Ok(found);
            };
            // The commit is here, its tag isn't.
            self.run(self.call(["tag", "--end-of-options", tag, hash]))?;
            self.add_local_tag(tag);
            return self.stat_local(rev, name);
        }
        if *held.fetched <= Fetched::Some && !hash.is_empty() && is_plain_ref(name) {
            *held.fetched = Fetched::Some;
            // A name of its own makes git fetch the tags on the commit too. Some servers give refs only.
            let spec = if name == "HEAD" {
                name.clone_from(hash);
                format!("{hash}:refs/dummy")
            } else {
                format!("{name}:{name}")
            };
            let args = [
                "-c",
                "protocol.version=2",
                "fetch",
                "-f",
                "--depth=1",
                "--end-of-options",
                REMOTE,
            ];
            let fetch = self.call(args.into_iter().chain([&*spec]));
            if self.fetch(fetch).is_ok() {
                return self.stat_local(rev, name);
            }
        }
        self.fetch_all(&mut held)?;
        self.stat_local(rev, rev)
    }

    /// Runs a fetch such that it always has something to tell while it works.
    fn fetch(&self, call: Call<'_>) -> Result<Vec<u8>, Box<RunError>> {
        self.run(call.with_progress().network().progress(PROGRESS))
    }

    /// Fetches all heads and tags with their history, once a run.
    fn fetch_all(&self, held: &mut Held<'_>) -> Result<(), Error> {
        if *held.fetched == Fetched::All {
            return Ok(());
        }
        // First the refs and then their history: git can't do both at once reliably.
        let all = ["refs/heads/*:refs/heads/*", "refs/tags/*:refs/tags/*"];
        let args = ["fetch", "-f", "--end-of-options", REMOTE].into_iter().chain(all);
        self.fetch(self.call(args)).map_err(|err| err.into_error(ErrorKind::Network))?;
        if self.dir.join("shallow").exists() {
            let args = ["fetch", "--unshallow", "-f", "--end-of-options", REMOTE];
            self.fetch(self.call(args)).map_err(|err| err.into_error(ErrorKind::Network))?;
        }
        *held.fetched = Fetched::All;
        Ok(())
    }

    /// The tag with the highest version that `git for-each-ref` finds in the history of `rev`, as far as
    /// that is here.
    fn describe(
        &self,
        rev: &str,
        prefix: &str,
        allowed: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Option<String>, Error> {
        let merged = format!("--merged={rev}");
        let out = self.run(self.call(["for-each-ref", "--format=%(refname)", &merged]))?;
        let out = String::from_utf8_lossy(&out);
        let mut highest = String::new();
        for line in out.lines() {
            let Some(tag) = line.trim().strip_prefix("refs/tags/") else { continue };
            let Some(version) = tag.strip_prefix(prefix) else { continue };
            if allowed(tag) && semver::compare(version, &highest).is_gt() {
                version.clone_into(&mut highest);
            }
        }
        Ok((!highest.is_empty()).then(|| format!("{prefix}{highest}")))
    }

    fn is_ancestor(&self, tag: &str, rev: &str) -> Result<bool, Box<RunError>> {
        match self.run(self.call(["merge-base", "--is-ancestor", "--", tag, rev])) {
            Ok(_) => Ok(true),
            Err(err) if err.code == Some(1) => Ok(false),
            Err(err) => Err(err),
        }
    }

    fn read_object(&self, object: &str, file: &str, limit: u64) -> Result<Vec<u8>, Error> {
        let args = ["cat-file", "--end-of-options", "blob", object];
        self.run(self.call(args).limit(limit)).map_err(|err| {
            if !err.too_large {
                return no_file();
            }
            let text = format!("{file} is larger than {limit} bytes");
            Error::message(ErrorKind::Security, text)
        })
    }

    /// Sees to it that archives hold what was committed.
    fn ensure_attributes(&self) -> Result<(), Error> {
        let dir = self.dir.join("info");
        file::create_dir_all(&dir)?;
        let path = dir.join("attributes");
        let known = match crate::sys::lock::read_unlocked(&path, MAX_ATTRIBUTES) {
            Ok(known) => known,
            Err(err) if err.is_not_found() => Vec::new(),
            Err(err) => return Err(err.into()),
        };
        if !known.ends_with(ATTRIBUTES) {
            file::write_atomic(&path, &[&known, ATTRIBUTES].concat())?;
        }
        Ok(())
    }
}

impl Repo for Git {
    fn check_reuse(&self, old: &Origin, subdir: &str) -> Result<(), Error> {
        self.check_origin(old, subdir)
    }

    fn tags(&self, prefix: &str) -> Result<Tags, Error> {
        let refs = self.refs()?;
        Ok(refs::tags(&refs, &self.url, prefix))
    }

    fn stat(&self, rev: &str) -> Result<Arc<Revision>, Error> {
        if rev == "latest" {
            return self.latest();
        }
        let cell = {
            let mut stats = self.stats.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(stats.entry(rev.to_owned()).or_default())
        };
        cell.get_or_init(|| self.find(rev)).clone()
    }

    fn latest(&self) -> Result<Arc<Revision>, Error> {
        let refs = self.refs()?;
        let Some(hash) = refs.get("HEAD") else { return Err(no_commits()) };
        let found = self.stat(hash)?;
        let mut found = Revision::clone(&found);
        let mut origin = found.origin.unwrap_or_default();
        "HEAD".clone_into(&mut origin.reference);
        origin.hash.clone_from(hash);
        found.origin = Some(origin);
        Ok(found.into())
    }

    fn read_file(&self, rev: &str, file: &str, limit: u64) -> Result<Vec<u8>, Error> {
        let found = self.stat(rev)?;
        let object = format!("{}:{file}", found.name);
        let cell = {
            let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(files.entry(object.clone()).or_default())
        };
        let mut large = None;
        let small = cell.get_or_init(|| match self.read_object(&object, file, limit) {
            Ok(data) if data.len() > MAX_KEPT => {
                large = Some(data);
                Ok(None)
            }
            result => result.map(Some),
        });
        match (small, large) {
            (Ok(Some(data)), _) => Ok(data.clone()),
            (Ok(None), Some(data)) => Ok(data),
            (Ok(None), None) => self.read_object(&object, file, limit),
            (Err(err), _) => Err(err.clone()),
        }
    }

    fn read_tree(&self, rev: &str, subdir: &str) -> Result<Box<dyn Tree>, Error> {
        let found = self.stat(rev)?;
        let _held = self.hold()?;
        self.ensure_attributes()?;
        let start = ["-c", "core.autocrlf=input", "-c", "core.eol=lf", "archive", "--format=tar"];
        let args = start.into_iter().chain(["--prefix=prefix/", "--end-of-options", &found.name]);
        let args = args.chain((!subdir.is_empty()).then_some(subdir));
        let archive = self.runner.run_to_file(&self.call(args).limit(MAX_ARCHIVE));
        let archive = archive.map_err(|err| match err.cause_as::<RunError>() {
            Some(run) if run.stderr.contains("did not match any files") => no_file(),
            _ => err,
        })?;
        let prefix = match subdir {
            "" => "prefix/".to_owned(),
            subdir => format!("prefix/{subdir}/"),
        };
        Ok(Box::new(TarTree::new(archive, prefix.as_bytes())?))
    }

    fn recent_tag(
        &self,
        rev: &str,
        prefix: &str,
        allowed: &mut dyn FnMut(&str) -> bool,
    ) -> Result<Option<String>, Error> {
        let rev = self.stat(rev)?.name.clone();
        match self.describe(&rev, prefix, allowed)? {
            Some(tag) if !is_hex(&tag) => return Ok(Some(tag)),
            _ => {}
        }
        // Is there anything that could be found in more history?
        if self.tags(&format!("{prefix}v"))?.list.is_empty() {
            return Ok(None);
        }
        self.fetch_all(&mut self.hold()?)?;
        self.describe(&rev, prefix, allowed)
    }

    fn descends_from(&self, rev: &str, tag: &str) -> Result<bool, Error> {
        // With a history that was cut off, "no" says nothing.
        if let Ok(true) = self.is_ancestor(tag, rev) {
            return Ok(true);
        }
        if self.tags(tag)?.list.is_empty() {
            return Ok(false);
        }
        self.find(rev)?;
        self.fetch_all(&mut self.hold()?)?;
        Ok(self.is_ancestor(tag, rev)?)
    }
}

/// Refuses what is no address of a server. Which schemes may be used for a module was decided before.
fn check_url(url: &str) -> Result<(), Error> {
    let refuse = |text: String| Err(Error::message(ErrorKind::Other, text));
    let told = crate::vcs::run::mask_secrets(url);
    let Some((scheme, _)) = url.split_once("://") else {
        return match url.contains(':') {
            true => refuse(format!(
                "git remote ({told}) must not be local directory (use URL syntax not host:path syntax)"
            )),
            false => refuse(format!("git remote ({told}) must not be local directory")),
        };
    };
    // `ext::` and the like are commands, `file:` is this machine.
    if !matches!(scheme, "git" | "https" | "http" | "git+ssh" | "ssh") {
        return refuse(format!("git remote ({told}) must be of a scheme that reaches a server"));
    }
    Ok(())
}

/// Whether `name` is a ref that a refspec means just as it is.
fn is_plain_ref(name: &str) -> bool {
    name == "HEAD"
        || (name.starts_with("refs/")
            && !name.contains(|c: char| c.is_control() || " ~^:?*[\\".contains(c)))
}

/// Whether a text consists of lower-case hexadecimal digits.
fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_servers_only() {
        for url in ["https://h.example/x", "ssh://git@h.example/x", "git://h.example/x"] {
            assert!(check_url(url).is_ok(), "{url}");
        }
        for (url, want) in [
            ("/srv/x", "git remote (/srv/x) must not be local directory"),
            (
                "h:x",
                "git remote (h:x) must not be local directory (use URL syntax not host:path syntax)",
            ),
            ("--upload-pack=x", "git remote (--upload-pack=x) must not be local directory"),
            (
                "ext::sh -c x://",
                "git remote (ext::sh -c x://) must be of a scheme that reaches a server",
            ),
            ("file:///x", "git remote (file:///x) must be of a scheme that reaches a server"),
        ] {
            assert_eq!(check_url(url).unwrap_err().to_string(), want);
        }
    }

    #[test]
    fn refs_that_are_patterns_are_not_fetched_by_name() {
        assert!(is_plain_ref("refs/tags/v1.0.0") && is_plain_ref("HEAD"));
        for name in ["", "refs/tags/*", "refs/heads/a:refs/heads/b", "-x", "refs/tags/a\nb"] {
            assert!(!is_plain_ref(name), "{name}");
        }
    }
}
