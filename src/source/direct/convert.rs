//! From a commit to a version: which version of the module a revision is, and whether a pseudo-version
//! tells the truth about its commit.
//!
//! Implements <https://go.dev/ref/mod#vcs-pseudo> and <https://go.dev/ref/mod#pseudo-versions>.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;

use super::code::{CodeRepo, joined};
use crate::error::{Error, ErrorKind};
use crate::source::MAX_GO_MOD;
use crate::spec::goproxy_json::{Origin, RevInfo};
use crate::spec::module::{
    self, InvalidVersionError, ModuleError, Timestamp, VersionReason, is_pseudo_version,
};
use crate::spec::quote::quote;
use crate::spec::semver;
use crate::vcs::Revision;

const INCOMPATIBLE: &str = "+incompatible";

/// A commit on its way to a version.
struct Conversion<'a> {
    repo: &'a CodeRepo,
    found: &'a Revision,
    /// What was asked for; empty for the newest commit.
    asked: &'a str,
    /// Whether the root (``) or the folder of a major version has no go.mod.
    lacks_go_mod: RefCell<HashMap<String, bool>>,
}

impl CodeRepo {
    /// The version that `found` is, `asked` being what was asked for.
    ///
    /// # Errors
    /// When it is no version of this module. The error has the origin of the commit.
    pub(super) fn convert(&self, found: &Revision, asked: &str) -> Result<RevInfo, Error> {
        let lacks_go_mod = RefCell::default();
        let result = Conversion { repo: self, found, asked, lacks_go_mod }.version();
        let Some(origin) = &found.origin else {
            return result.map(|version| info(found, version, None));
        };
        let mut origin = Origin { subdir: self.dir.clone(), ..origin.clone() };
        let version = result.map_err(|err| err.with_origin(Some(origin.clone())))?;
        if is_pseudo_version(&version) && (version != asked || !version.starts_with("v0.0.0-")) {
            // It depends on which tags there are.
            let mut prefix = self.tag_prefix();
            if let Some(major) = self.path_major.get(1..) {
                prefix.push_str(&format!("{major}."));
            }
            let tags = self.code.tags(&prefix)?;
            if let Some(of_tags) = tags.origin {
                origin.tag_prefix = of_tags.tag_prefix;
                origin.tag_sum = of_tags.tag_sum;
                if !of_tags.repo_sum.is_empty() {
                    origin.repo_sum = of_tags.repo_sum;
                }
            }
        }
        Ok(info(found, version, Some(origin)))
    }

    /// The version that a tag stands for, and whether it is written just so; nothing if it is none of
    /// this module, or looks like a pseudo-version.
    fn tagged_version(&self, tag: &str) -> Option<(String, bool)> {
        let trimmed = tag.strip_prefix(&self.tag_prefix())?;
        if is_pseudo_version(tag) {
            return None;
        }
        let version = semver::canonical(trimmed);
        if version.is_empty() || !trimmed.starts_with(&version) {
            return None;
        }
        let is_canonical = version == trimmed;
        Some((version, is_canonical))
    }

    /// Whether the pseudo-version `version` agrees with its commit: the hash, the time, and the tag that it
    /// says comes before it.
    fn validate_pseudo(&self, found: &Revision, version: &str) -> Result<(), Error> {
        let refuse = |text: String| Err(Error::message(ErrorKind::Other, text));
        let malformed = |err: InvalidVersionError| {
            Error::new(ErrorKind::Other, ModuleError::new(self.path.as_str(), "", err))
        };
        let rev = module::pseudo_version_rev(version).map_err(malformed)?;
        let short = &found.short;
        if rev != short {
            return refuse(if rev.starts_with(short.as_str()) {
                format!("revision is longer than canonical (expected {short})")
            } else if short.starts_with(rev) {
                format!("revision is shorter than canonical (expected {short})")
            } else {
                format!("does not match short name of revision (expected {short})")
            });
        }
        let time = module::pseudo_version_time(version).map_err(malformed)?;
        if time.unix() != found.time.unix_seconds() {
            let expected = Timestamp::from_unix(found.time.unix_seconds());
            let expected = expected.map(|time| time.to_string()).unwrap_or_default();
            return refuse(format!(
                "does not match version-control timestamp (expected {expected})"
            ));
        }
        let plain = version.strip_suffix(INCOMPATIBLE).unwrap_or(version);
        let base = module::pseudo_version_base(plain).map_err(malformed)?;
        if base.is_empty() {
            if self.pseudo_major.is_empty() && semver::major(version) == "v1" {
                return refuse("major version without preceding tag must be v0, not v1".to_owned());
            }
            return Ok(());
        }
        let prefix = self.tag_prefix();
        let bare = |tag: &str| tag.strip_prefix(&prefix).unwrap_or(tag).to_owned();
        if let Some(tag) = found.tags.iter().find(|tag| bare(tag) == base) {
            return refuse(format!(
                "tag ({tag}) found on revision {rev} is already canonical, so should not be replaced \
                 with a pseudo-version derived from that tag"
            ));
        }
        let tags = self.code.tags(&format!("{prefix}{base}"))?;
        let mut last: Option<(&str, Option<Error>)> = None;
        for tag in &tags.list {
            if semver::compare(&bare(&tag.name), &base).is_ne() {
                continue;
            }
            match self.code.descends_from(&found.name, &tag.name) {
                Ok(true) => return Ok(()),
                Ok(false) => last = Some((&tag.name, None)),
                Err(err) => last = Some((&tag.name, Some(err))),
            }
        }
        match last {
            None => refuse(format!("preceding tag ({base}) not found")),
            Some((_, Some(err))) => Err(err),
            Some((tag, None)) => {
                refuse(format!("revision {rev} is not a descendent of preceding tag ({tag})"))
            }
        }
    }
}

fn info(found: &Revision, version: String, origin: Option<Origin>) -> RevInfo {
    RevInfo { version, time: found.time, origin }
}

impl Conversion<'_> {
    fn version(&self) -> Result<String, Error> {
        let repo = self.repo;
        if is_pseudo_version(self.asked) {
            // What is wrong with folder or major version shows without history, so that comes first.
            let version = self.check_canonical(self.asked)?;
            return match repo.validate_pseudo(self.found, self.asked) {
                Err(err) if err.module_error().is_none() => {
                    Err(repo.invalid(self.asked, true, err))
                }
                Err(err) => Err(err),
                Ok(()) => Ok(version),
            };
        }
        if let Some((version, true)) = repo.tagged_version(&self.found.version)
            && let Ok(version) = self.check_canonical(&version)
        {
            return Ok(version);
        }
        let retracted = repo.retracted();
        let is_retracted = |version: &str| retracted.iter().any(|r| r.contains(version));
        let (mut highest, mut base) = (String::new(), String::new());
        for tag in &self.found.tags {
            let Some((version, is_canonical)) = repo.tagged_version(tag) else { continue };
            if !self.asked.is_empty() && semver::compare(&version, self.asked).is_eq() {
                if is_canonical {
                    return self.check_canonical(&version);
                }
                // A tag with build metadata names the commit, but only its version can be a base.
                base.clone_from(&version);
            }
            if is_canonical
                && semver::compare(&highest, &version).is_lt()
                && !is_retracted(&version)
                && self.may_be(&version)
            {
                highest = version;
            }
        }
        if !highest.is_empty() {
            return self.check_canonical(&highest);
        }
        if base.is_empty() {
            let mut allowed = |tag: &str| {
                let version = repo.tagged_version(tag).map(|(version, _)| version);
                version.is_some_and(|v| self.may_be(&v) && !is_retracted(&v))
            };
            let prefix = repo.tag_prefix();
            let recent = match repo.code.recent_tag(&self.found.name, &prefix, &mut allowed) {
                // The system has no means to tell.
                Err(err) if err.kind() == ErrorKind::Usage => None,
                result => result?,
            };
            let version = recent.and_then(|tag| repo.tagged_version(&tag));
            base = version.map(|(version, _)| version).unwrap_or_default();
        }
        let time = Timestamp::from_unix(self.found.time.unix_seconds());
        let time = time.unwrap_or(Timestamp::ZERO);
        let version = module::pseudo_version(&repo.pseudo_major, &base, time, &self.found.short);
        self.check_canonical(&version)
    }

    /// Whether the path allows the major version, or there is no go.mod that would forbid it.
    fn may_be(&self, version: &str) -> bool {
        module::match_path_major(version, &self.repo.path_major)
            || self.may_be_incompatible(version)
    }

    /// Whether `version` may get `+incompatible`: the module is the root of a repository without go.mod. A go.mod
    /// in the folder of its major version says that the version is that module's, unless somebody asks
    /// for just this.
    fn may_be_incompatible(&self, version: &str) -> bool {
        if !self.repo.dir.is_empty() || !self.repo.path_major.is_empty() {
            return false;
        }
        if !self.lacks("") {
            return false;
        }
        version.is_empty()
            || self.asked.ends_with(INCOMPATIBLE)
            || self.lacks(semver::major(version))
    }

    fn lacks(&self, dir: &str) -> bool {
        if let Some(known) = self.lacks_go_mod.borrow().get(dir) {
            return *known;
        }
        let file = joined(dir, "go.mod");
        let lacks = self.repo.code.read_file(&self.found.name, &file, MAX_GO_MOD).is_err();
        self.lacks_go_mod.borrow_mut().insert(dir.to_owned(), lacks);
        lacks
    }

    /// `version` with `+incompatible` if it needs that, if it is a version of the module, and the one
    /// that was asked for.
    fn check_canonical(&self, version: &str) -> Result<String, Error> {
        let repo = self.repo;
        if let Err(err) = repo.find_dir(version) {
            // Whatever is wrong there: it isn't this module that is there.
            let missing = Error::new(ErrorKind::NotFound, Missing(err.clone()));
            let missing = err.hints().iter().fold(missing, |e, hint| e.hint(hint.clone()));
            return Err(repo.invalid(version, false, missing));
        }
        let mut version = Cow::Borrowed(version);
        if self.asked.strip_suffix(INCOMPATIBLE).unwrap_or(self.asked) == version {
            version = Cow::Borrowed(self.asked);
        }
        let told = version.clone().into_owned();
        let base = told.strip_suffix(INCOMPATIBLE).unwrap_or(&told);
        let mut refusal = None;
        if !module::match_path_major(base, &repo.path_major) {
            if self.may_be_incompatible(base) {
                version = Cow::Owned(format!("{base}{INCOMPATIBLE}"));
            } else if !repo.path_major.is_empty() {
                refusal = Some(
                    "module path includes a major version suffix, so major version must match"
                        .to_owned(),
                );
            } else {
                let wanted = quote(&joined(&repo.path_prefix, semver::major(&told)));
                refusal = Some(format!(
                    "module contains a go.mod file, so module path must match major version ({wanted})"
                ));
            }
        } else if told.ends_with(INCOMPATIBLE) {
            let major = semver::major(&told);
            refusal = Some(format!(
                "+incompatible suffix not allowed: major version {major} is compatible"
            ));
        }
        if !self.asked.is_empty() && self.asked == module::canonical_version(self.asked) {
            let asked = self.asked.strip_suffix(INCOMPATIBLE).unwrap_or(self.asked);
            if asked != base {
                let text = format!("resolves to version {version} ({asked} is not a tag)");
                return Err(self.refuse(self.asked, text));
            }
        }
        match refusal {
            Some(text) => Err(self.refuse(&told, text)),
            None => Ok(version.into_owned()),
        }
    }

    fn refuse(&self, version: &str, text: String) -> Error {
        let reason = VersionReason::Other(text.into());
        let cause = InvalidVersionError::new(version, reason);
        let cause = ModuleError::new(self.repo.path.as_str(), "", cause);
        Error::new(ErrorKind::Other, cause)
    }
}

/// What makes a version one that isn't there.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Missing(Error);
