//! A module in a repository: which folder and which tags of it are the module's.
//!
//! A module path is the path of the repository's root, then a folder, then perhaps a major version:
//! `example.com/repo` + `/sub` + `/v2`. Its tags are `sub/v2.0.0`, and its go.mod is `sub/go.mod` or
//! `sub/v2/go.mod`.
//!
//! Everything here waits for the repository.
//!
//! Implements <https://go.dev/ref/mod#vcs-find> and <https://go.dev/ref/mod#vcs-version>.

use std::sync::{Arc, OnceLock};

use crate::error::{Error, ErrorKind};
use crate::source::{MAX_GO_MOD, Versions};
use crate::spec::goproxy_json::{Origin, RevInfo};
use crate::spec::modfile::{self, File};
use crate::spec::module::{self, InvalidVersionError, ModuleError, VersionReason};
use crate::spec::semver;
use crate::vcs::Repo;

/// A module in a repository.
pub struct CodeRepo {
    /// The module path.
    pub(super) path: String,
    /// The repository.
    pub(super) code: Arc<dyn Repo>,
    /// The path that belongs to the repository's root.
    pub(super) root: String,
    /// The folder in the repository; there may be one for the major version in it.
    pub(super) dir: String,
    /// The end of the path that tells the major version: `/v2`, `.v1`, or nothing.
    pub(super) path_major: String,
    /// The path before it.
    pub(super) path_prefix: String,
    /// The major version that the path asks for, such as `v2`.
    pub(super) pseudo_major: String,
    versions: OnceLock<Result<Arc<Versions>, Error>>,
}

impl CodeRepo {
    /// The module `path` in `code`, to whose root the path `root` belongs, or to the folder `subdir` of it.
    ///
    /// # Errors
    /// When the module can't be in that repository.
    pub fn new(
        code: Arc<dyn Repo>,
        root: &str,
        subdir: &str,
        path: &str,
    ) -> Result<CodeRepo, Error> {
        let refuse = |text: String| Err(Error::message(ErrorKind::Other, text));
        if below(path, root).is_none() {
            return refuse(format!("mismatched repo: found {root} for {path}"));
        }
        let Some((mut prefix, major)) = module::split_path_version(path) else {
            return refuse(format!("invalid module path {}", crate::spec::quote::quote(path)));
        };
        let mut dir = String::new();
        if root == path {
            prefix = path;
        } else {
            let Some(rest) = below(prefix, root) else {
                return refuse(format!("repository rooted at {root} cannot contain module {path}"));
            };
            rest.trim_matches('/').clone_into(&mut dir);
        }
        if !subdir.is_empty() {
            dir = joined(&dir, subdir);
        }
        Ok(CodeRepo {
            path: path.to_owned(),
            code,
            root: root.to_owned(),
            dir,
            path_major: major.to_owned(),
            path_prefix: prefix.to_owned(),
            pseudo_major: module::path_major_prefix(major).to_owned(),
            versions: OnceLock::new(),
        })
    }

    /// Whether what was found with the origin `old` would be found again.
    ///
    /// # Errors
    /// What has changed, or why it can't be known.
    pub fn check_reuse(&self, old: &Origin) -> Result<(), Error> {
        self.code.check_reuse(old, &self.dir)
    }

    /// What the tags of the module begin with.
    pub(super) fn tag_prefix(&self) -> String {
        if self.dir.is_empty() { String::new() } else { format!("{}/", self.dir) }
    }

    /// All tagged versions, found out once.
    pub(super) fn all_versions(&self) -> Result<Arc<Versions>, Error> {
        self.versions.get_or_init(|| self.find_versions("").map(Arc::new)).clone()
    }

    /// The tagged versions that begin with `prefix`, sorted; `+incompatible` ones last.
    ///
    /// # Errors
    /// When the repository can't be reached.
    pub fn versions(&self, prefix: &str) -> Result<Versions, Error> {
        match prefix {
            "" => Ok(Versions::clone(&*self.all_versions()?)),
            prefix => self.find_versions(prefix),
        }
    }

    fn find_versions(&self, prefix: &str) -> Result<Versions, Error> {
        // Its tags are those of the stable module, by a rule of gopkg.in.
        if self.path.starts_with("gopkg.in/") && self.path.ends_with("-unstable") {
            return Ok(Versions::default());
        }
        let tag_prefix = self.tag_prefix();
        let tags = self.code.tags(&format!("{tag_prefix}{prefix}"));
        let tags = tags.map_err(|err| self.of_path(err))?;
        let origin = tags.origin.map(|origin| Origin { subdir: self.dir.clone(), ..origin });
        let (mut list, mut incompatible) = (Vec::new(), Vec::new());
        for tag in &tags.list {
            let Some(version) = tag.name.strip_prefix(&tag_prefix) else { continue };
            // A tag that isn't canonical, or looks like a pseudo-version, names a commit and no version.
            if version.is_empty()
                || version != semver::canonical(version)
                || module::is_pseudo_version(version)
            {
                continue;
            }
            if module::check_path_major(version, &self.path_major).is_ok() {
                list.push(version.to_owned());
            } else if self.dir.is_empty()
                && self.path_major.is_empty()
                && semver::major(version) > "v1"
            {
                incompatible.push(version.to_owned());
            }
        }
        semver::sort(&mut list);
        semver::sort(&mut incompatible);
        self.add_incompatible(&mut list, &incompatible)?;
        Ok(Versions { list, origin })
    }

    /// Adds the versions from before there were modules: those of major versions without a go.mod, unless
    /// the newest of the others has one.
    fn add_incompatible(
        &self,
        list: &mut Vec<String>,
        incompatible: &[String],
    ) -> Result<(), Error> {
        if incompatible.is_empty() || !self.path_major.is_empty() {
            return Ok(());
        }
        if let Some(newest) = list.last()
            && self.has_go_mod(newest)?
        {
            return Ok(());
        }
        for same in incompatible.chunk_by(|a, b| semver::major(a) == semver::major(b)) {
            let Some(newest) = same.last() else { continue };
            if !self.has_go_mod(newest)? {
                list.extend(same.iter().map(|version| format!("{version}+incompatible")));
            }
        }
        Ok(())
    }

    fn has_go_mod(&self, tag: &str) -> Result<bool, Error> {
        match self.code.read_file(tag, "go.mod", MAX_GO_MOD) {
            Ok(_) => Ok(true),
            Err(err) if err.is_not_found() => Ok(false),
            Err(err) => Err(self.of_path(err)),
        }
    }

    /// The versions that the newest go.mod retracts; none if that can't be read.
    pub(super) fn retracted(&self) -> Vec<modfile::VersionInterval> {
        self.find_retracted().unwrap_or_default()
    }

    fn find_retracted(&self) -> Result<Vec<modfile::VersionInterval>, Error> {
        let all = self.all_versions()?;
        let count = all.list.iter().take_while(|v| !v.ends_with("+incompatible")).count();
        let versions = all.list.get(..count).unwrap_or_default();
        let release = versions.iter().rev().find(|version| semver::prerelease(version).is_empty());
        let Some(highest) = release.or(versions.last()) else { return Ok(Vec::new()) };
        let data = self.go_mod(highest)?;
        let file = File::parse_lax("go.mod", &data, None);
        let file = file.map_err(|err| Error::new(ErrorKind::Other, err))?;
        Ok(file.retract.iter().map(|retract| retract.interval.clone()).collect())
    }

    /// The newest commit of the default branch, as a version.
    ///
    /// # Errors
    /// When there is none, or it is no version of this module.
    pub fn latest(&self) -> Result<RevInfo, Error> {
        let found = self.code.latest()?;
        self.convert(&found, "")
    }

    /// What `rev` is: a version, a branch, a tag or a commit.
    ///
    /// # Errors
    /// When there is no such thing, or it is no version of this module.
    pub fn stat(&self, rev: &str) -> Result<RevInfo, Error> {
        if rev == "latest" {
            return self.latest();
        }
        let found = self.code.stat(&self.rev(rev));
        let found = found.map_err(|err| self.invalid(rev, false, err))?;
        self.convert(&found, rev)
    }

    /// The name in the repository of a version, or of another revision.
    pub(super) fn rev(&self, version: &str) -> String {
        if !semver::is_valid(version) {
            return version.to_owned();
        }
        if module::is_pseudo_version(version) {
            return module::pseudo_version_rev(version).unwrap_or_default().to_owned();
        }
        let is_incompatible = semver::build(version) == "+incompatible";
        let tag = if is_incompatible { version.strip_suffix("+incompatible") } else { None };
        format!("{}{}", self.tag_prefix(), tag.unwrap_or(version))
    }

    /// The go.mod of a version; made up where there is none.
    ///
    /// # Errors
    /// When there is no such version of this module.
    pub fn go_mod(&self, version: &str) -> Result<Vec<u8>, Error> {
        self.check_version(version)?;
        let place = self.find_dir(version)?;
        Ok(place.go_mod.unwrap_or_else(|| legacy_go_mod(&self.path)))
    }

    /// Refuses what is no canonical version, and a pseudo-version that does not tell the truth: its commit
    /// alone would lead to the same files.
    pub(super) fn check_version(&self, version: &str) -> Result<(), Error> {
        if version != module::canonical_version(version) {
            let text = format!("version {version} is not canonical");
            return Err(Error::message(ErrorKind::Other, text));
        }
        if module::is_pseudo_version(version) {
            self.stat(version)?;
        }
        Ok(())
    }

    /// The error said of the module as such.
    pub(super) fn of_path(&self, err: Error) -> Error {
        err.of_module(&module::Version::new(self.path.as_str(), ""))
    }

    /// The error as the reason why `version` is none.
    pub(super) fn invalid(&self, version: &str, pseudo: bool, err: Error) -> Error {
        let reason = VersionReason::Failed(err.cause());
        let cause = InvalidVersionError { version: version.to_owned(), pseudo, reason };
        err.with_cause(ModuleError::new(self.path.as_str(), "", cause))
    }
}

/// What a module without a go.mod has in its place.
fn legacy_go_mod(path: &str) -> Vec<u8> {
    format!("module {}\n", modfile::auto_quote(path)).into_bytes()
}

/// What follows in `path` behind the elements of `root`, if it begins with these.
pub(super) fn below<'a>(path: &'a str, root: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(root)?;
    (rest.is_empty() || rest.starts_with('/') || root.ends_with('/')).then_some(rest)
}

/// `dir/file`, where `dir` may be empty.
pub(super) fn joined(dir: &str, file: &str) -> String {
    if dir.is_empty() { file.to_owned() } else { format!("{dir}/{file}") }
}
