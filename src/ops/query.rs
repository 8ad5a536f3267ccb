//! `path@query`: which version is meant.
//!
//! The logic of queries is [`spec::query`](crate::spec::query); here it meets the sources, and the
//! main modules' exclusions, retractions and replacements.
//!
//! Implements <https://go.dev/ref/mod#version-queries>.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use crate::error::{Error, ErrorKind};
use crate::pipeline::Pipeline;
use crate::plan::{GoMods, MainModules, Summary};
use crate::source::Versions;
use crate::spec::goproxy_json::{GoTime, Origin, RevInfo};
use crate::spec::modfile::Retract;
use crate::spec::module::{self, Timestamp, Version};
use crate::spec::query::{NoMatchingVersionError, Query, is_revision_query};
use crate::spec::{goversion, semver, unicode};

/// Answers queries.
pub struct Queries<'a> {
    /// Where versions come from.
    pub pipeline: &'a Pipeline,
    /// Whose exclusions and replacements count.
    pub main: &'a MainModules,
    /// Where go.mod files with retractions come from.
    pub go_mods: &'a dyn GoMods,
}

/// Which versions may not be the answer to a query that chooses among several.
struct Unusable<'a> {
    path: &'a str,
    /// Nothing is unusable: the query names a revision, or is ours and not the user's.
    ignored: bool,
    excluded: HashSet<&'a str>,
    /// Asked for when the first version that fits is to be judged: go needs no retractions where
    /// nothing fits.
    summary: OnceLock<Option<Arc<Summary>>>,
}

impl Unusable<'_> {
    fn is_excluded(&self, version: &str) -> bool {
        !self.ignored && self.excluded.contains(version)
    }

    fn retractions(&self, version: &str) -> impl Iterator<Item = &Retract> {
        let all = self.summary.get().into_iter().flatten().flat_map(|summary| &summary.retract);
        all.filter(move |retract| retract.interval.contains(version))
    }

    /// Whether `version` must not be chosen, by the retractions that are known.
    fn contains(&self, version: &str) -> bool {
        self.is_excluded(version) || self.retractions(version).next().is_some()
    }

    /// Why `version` must not be chosen, in go's words; `None` if it may be.
    fn reason(&self, version: &str) -> Option<String> {
        if self.is_excluded(version) {
            return Some("excluded by go.mod".to_owned());
        }
        let mut retractions = self.retractions(version).peekable();
        retractions.peek()?;
        let reason = retractions.map(|retract| &*retract.rationale).find(|text| !text.is_empty());
        Some(match reason {
            None => RETRACTED.to_owned(),
            Some(reason) => format!("{RETRACTED}: {}", short(reason)),
        })
    }
}

const RETRACTED: &str = "retracted by module author";
/// Longest rationale that is shown, in bytes.
const MAX_RATIONALE: usize = 500;

/// What was found; `origin` becomes that of both it and what was found before.
fn merge(
    origin: &mut Option<Origin>,
    found: Result<Arc<RevInfo>, Error>,
) -> Result<Arc<RevInfo>, Error> {
    let added = match &found {
        Ok(info) => Some(info.origin.as_ref()),
        Err(err) => err.origin().map(Some),
    };
    if let Some(added) = added {
        *origin = Origin::merged(origin.as_ref(), added);
    }
    found
}

/// The first line of a rationale, if it is fit to be shown.
fn short(rationale: &str) -> &str {
    let line = rationale.lines().next().unwrap_or_default().trim();
    if line.is_empty() {
        RETRACTED
    } else if line.len() > MAX_RATIONALE {
        "(message omitted: too long)"
    } else if line.chars().any(|c| !unicode::is_printable(c) && !c.is_whitespace()) {
        "(message omitted: contains non-printable characters)"
    } else {
        line
    }
}

impl Queries<'_> {
    /// The version of the module `path` that `text` means, `current` being the selected one.
    ///
    /// Excluded and retracted versions are passed over, unless `text` names a revision or `any` is
    /// set.
    ///
    /// # Errors
    /// As `go` words them: malformed queries, nothing found, no match.
    pub async fn resolve(
        &self,
        path: &str,
        text: &str,
        current: Option<&str>,
        any: bool,
    ) -> Result<Arc<RevInfo>, Error> {
        if self.main.build_mod.is_vendor() {
            return Err(self.main.build_mod.query_disabled());
        }
        if self.main.contains(path) && matches!(text, "upgrade" | "patch") {
            return Ok(Arc::new(RevInfo::default()));
        }
        let names_revision = is_revision_query(path, text);
        let unusable = self.unusable(path, names_revision || any);
        self.resolve_among(path, text, current, &unusable).await
    }

    /// As [`Queries::resolve`], with excluded and retracted versions counting like any other.
    ///
    /// # Errors
    /// As [`Queries::resolve`].
    pub async fn resolve_any(&self, path: &str, text: &str) -> Result<Arc<RevInfo>, Error> {
        // Boxed, since to know the retractions means to ask for the latest version.
        Box::pin(self.resolve_among(path, text, None, &self.unusable(path, true))).await
    }

    async fn resolve_among(
        &self,
        path: &str,
        text: &str,
        current: Option<&str>,
        unusable: &Unusable<'_>,
    ) -> Result<Arc<RevInfo>, Error> {
        if self.main.build_mod.is_vendor() {
            return Err(self.main.build_mod.query_disabled());
        }
        let other = |err| Error::new(ErrorKind::Other, err);
        let query = Query::parse(path, text, current);
        if matches!(path, "std" | "cmd") {
            query.as_ref().map_err(|err| other(err.clone()))?;
        }
        let replaced = self.main.highest_replaced(path).is_some();
        if !replaced && !goversion::is_toolchain(path) {
            module::check_path(path).map_err(|err| Error::new(ErrorKind::Other, err))?;
        }
        let query = query.map_err(other)?;
        let path: Arc<str> = Arc::from(path);
        if query.is_direct() {
            let found = match self.stat(&path, text).await {
                Ok(found) => Ok(found),
                Err(first) => match query.without_metadata() {
                    None => Err(first),
                    Some(canonical) => match self.stat(&path, &canonical).await {
                        Err(err) if err.is_not_found() => Err(first),
                        result => result,
                    },
                },
            }?;
            return Ok(found);
        }
        let Versions { list, mut origin } = self.versions(&path).await?;
        // The origin of a choice is that of the list and of all that was looked at together; the list of
        // a proxy has none.
        match self.choose(&query, &path, &list, unusable, &mut origin).await {
            Ok(info) if info.origin == origin => Ok(info),
            Ok(info) => Ok(Arc::new(RevInfo { origin, ..RevInfo::clone(&info) })),
            Err(err) => Err(err.with_origin(origin)),
        }
    }

    /// Of the `versions` that there are the one that `query` means, or the newest commit. To `origin` is
    /// added what the choice depends on.
    async fn choose(
        &self,
        query: &Query,
        path: &Arc<str>,
        versions: &[String],
        unusable: &Unusable<'_>,
        origin: &mut Option<Origin>,
    ) -> Result<Arc<RevInfo>, Error> {
        let fits = |version: &str| query.allows(version) && !unusable.is_excluded(version);
        if versions.iter().any(|version| fits(version)) {
            self.load_retractions(unusable).await?;
        }
        let candidates = query.candidates(versions, |version| !unusable.contains(version));
        let has_go_mod = match candidates.needs_go_mod_of() {
            None => true,
            Some(version) => self.has_go_mod(path, version).await?,
        };
        if let Some(version) = candidates.pick(has_go_mod) {
            return self.picked(query, path, version, origin).await;
        }
        if query.may_use_latest() {
            match merge(origin, self.latest(path).await) {
                Ok(latest) => {
                    if fits(&latest.version) {
                        self.load_retractions(unusable).await?;
                    }
                    if fits(&latest.version) && !unusable.contains(&latest.version) {
                        return self.picked(query, path, &latest.version, origin).await;
                    }
                }
                Err(err) if err.is_not_found() => {}
                Err(err) => return Err(err),
            }
        }
        if let Some(current) = query.fallback() {
            if !unusable.is_excluded(current) {
                self.load_retractions(unusable).await?;
            }
            return match unusable.reason(current) {
                None => merge(origin, self.stat(path, current).await),
                Some(reason) => Err(Error::new(ErrorKind::Other, Disallowed(reason))
                    .of_module(&Version::new(Arc::clone(path), current))),
            };
        }
        Err(Error::new(ErrorKind::NotFound, query.no_match()))
    }

    /// The version that was picked, unless the current one is newer by the clock.
    async fn picked(
        &self,
        query: &Query,
        path: &Arc<str>,
        version: &str,
        origin: &mut Option<Origin>,
    ) -> Result<Arc<RevInfo>, Error> {
        let info = merge(origin, self.stat(path, version).await)?;
        let time = if info.time == GoTime::ZERO {
            Timestamp::ZERO
        } else {
            Timestamp::from_unix(info.time.unix_seconds()).unwrap_or(Timestamp::ZERO)
        };
        match query.kept_for_age(time) {
            Some(current) => merge(origin, self.stat(path, current).await),
            None => Ok(info),
        }
    }

    /// What a revision is; one that exists only as a replacement is what go.mod says.
    async fn stat(&self, path: &Arc<str>, revision: &str) -> Result<Arc<RevInfo>, Error> {
        let result = match malformed(path) {
            Some(err) => Err(err),
            None => self.pipeline.info(path, revision).await,
        };
        let Err(err) = &result else { return result };
        if err.is_fatal()
            || self.main.highest_replaced(path).is_none()
            || module::canonical_version(revision) != revision
        {
            return result;
        }
        let mut version = revision.to_owned();
        if let Some((_, "")) = module::split_path_version(path)
            && module::check_path_major(&version, "").is_err()
            && semver::build(&version).is_empty()
        {
            version.push_str("+incompatible");
        }
        match self.main.replacement(&Version::new(Arc::clone(path), version.as_str())) {
            Some(_) => Ok(Arc::new(replaced(&version))),
            None => result,
        }
    }

    /// The tagged versions, and those that go.mod replaces by name.
    async fn versions(&self, path: &Arc<str>) -> Result<Versions, Error> {
        let listed = match malformed(path) {
            // Such a path can be known all the same, as one that is replaced.
            Some(_) => Ok(Arc::default()),
            None => self.pipeline.versions(path).await,
        };
        let named: Vec<String> = self
            .main
            .replaced_versions(path)
            .filter(|version| !module::is_pseudo_version(version))
            .map(str::to_owned)
            .collect();
        let has_replacement = self.main.highest_replaced(path).is_some();
        let mut versions = match listed {
            Ok(found) => Versions::clone(&found),
            Err(err) if err.is_not_found() && has_replacement => Versions::default(),
            Err(err) => return Err(err),
        };
        if !named.is_empty() {
            versions.list.extend(named);
            versions.list.sort_by(|a, b| goversion::mod_compare(path, a, b));
            versions.list.dedup();
            versions.origin = None;
        }
        Ok(versions)
    }

    async fn latest(&self, path: &Arc<str>) -> Result<Arc<RevInfo>, Error> {
        let latest = match malformed(path) {
            Some(err) => Err(err),
            None => self.pipeline.latest(path).await,
        };
        let Some(highest) = self.main.highest_replaced(path) else {
            return latest;
        };
        let version = match (highest, module::split_path_version(path)) {
            ("", Some((_, major))) if !major.is_empty() => {
                module::zero_pseudo_version(module::path_major_prefix(major))
            }
            ("", _) => module::zero_pseudo_version("v0"),
            (version, _) => version.to_owned(),
        };
        match &latest {
            Ok(info) if goversion::mod_compare(path, &version, &info.version).is_le() => latest,
            _ => Ok(Arc::new(replaced(&version))),
        }
    }

    /// Begins to get what tells of updates, retractions and deprecation of the module `path`: the list
    /// of versions, then .info and go.mod of the newest one. Nothing is written, no failure told.
    pub async fn prefetch(&self, path: &Arc<str>) {
        if malformed(path).is_some() || goversion::is_toolchain(path) {
            return;
        }
        let all = Version { path: Arc::clone(path), version: Arc::from("") };
        if self.main.replacement(&all).is_some() {
            return;
        }
        let Ok(versions) = self.versions(path).await else { return };
        let Ok(query) = Query::parse(path, "latest", None) else { return };
        let candidates = query.candidates(&versions.list, |_| true);
        // Where `+incompatible` versions are in doubt, the go.mod that decides is asked for anyway.
        if let Some(newest) = candidates.pick(true) {
            let newest = self.main.resolve(&Version::new(Arc::clone(path), newest));
            if !newest.version.is_empty() {
                self.pipeline.prefetch(&newest).await;
            }
        }
    }

    /// The newest version that may be used in place of `current`; `None` if there is no newer one.
    ///
    /// # Errors
    /// When looking for it fails. That there is none is no error.
    pub async fn update(&self, path: &str, current: &str) -> Result<Option<Arc<RevInfo>>, Error> {
        match self.resolve(path, "upgrade", Some(current), false).await {
            Ok(info) if goversion::mod_compare(path, &info.version, current).is_gt() => {
                Ok(Some(info))
            }
            Ok(_) => Ok(None),
            Err(err) if says_none(&err) && !err.is_fatal() => Ok(None),
            Err(err) => Err(err),
        }
    }

    /// The tagged versions of the module `path` without the excluded ones and, unless `retracted`,
    /// without the retracted ones.
    ///
    /// # Errors
    /// When the list or the retractions can't be had.
    pub async fn list(&self, path: &str, retracted: bool) -> Result<Versions, Error> {
        if self.main.highest_replaced(path).is_none() && !goversion::is_toolchain(path) {
            module::check_path(path).map_err(|err| Error::new(ErrorKind::Other, err))?;
        }
        let mut versions = self.versions(&Arc::from(path)).await?;
        let unusable = self.unusable(path, false);
        versions.list.retain(|version| !unusable.is_excluded(version));
        if let Some(first) = versions.list.first()
            && !retracted
        {
            let summary = self.retractions(path).await;
            let summary = summary.map_err(|err| loading_retractions(err, path, first))?;
            let _ = unusable.summary.set(summary);
            versions.list.retain(|version| !unusable.contains(version));
        }
        Ok(versions)
    }

    /// Why the author of a module took a version back; nothing if they did not.
    ///
    /// # Errors
    /// When that can't be found out. That there are no versions is no error.
    pub async fn retracted(&self, module: &Version) -> Result<Vec<String>, Error> {
        let summary = match self.retractions(&module.path).await {
            Ok(summary) => summary,
            Err(err) if says_none(&err) && !err.is_fatal() => None,
            Err(err) => return Err(loading_retractions(err, &module.path, &module.version)),
        };
        let unusable = self.unusable(&module.path, false);
        let _ = unusable.summary.set(summary);
        let mut found = unusable.retractions(&module.version).peekable();
        if found.peek().is_none() {
            return Ok(Vec::new());
        }
        let reasons = found.map(|retract| retract.rationale.to_string());
        let reasons: Vec<String> = reasons.filter(|reason| !reason.is_empty()).collect();
        Ok(if reasons.is_empty() { vec![RETRACTED.to_owned()] } else { reasons })
    }

    /// Why a module should not be used any more; empty if nothing is said against it.
    ///
    /// # Errors
    /// As [`Queries::retracted`].
    pub async fn deprecation(&self, path: &str) -> Result<String, Error> {
        match self.retractions(path).await {
            Ok(summary) => {
                Ok(summary.map_or_else(String::new, |summary| summary.deprecated.clone()))
            }
            Err(err) if says_none(&err) && !err.is_fatal() => Ok(String::new()),
            Err(err) => Err(err.context(&format!("loading deprecation for {path}: "))),
        }
    }

    /// Whether a version has a go.mod of its own, rather than one made for want of it.
    async fn has_go_mod(&self, path: &Arc<str>, version: &str) -> Result<bool, Error> {
        let made = format!("module {}\n", crate::spec::modfile::auto_quote(path));
        let module = Version::new(Arc::clone(path), version);
        self.pipeline.read_go_mod(&module, |data| data != made.as_bytes()).await
    }

    /// What must not be chosen, the retractions being known later.
    fn unusable<'u>(&'u self, path: &'u str, ignored: bool) -> Unusable<'u> {
        let excluded = self.main.excluded_versions(path).collect();
        Unusable { path, ignored, excluded, summary: OnceLock::new() }
    }

    /// Gets to know the retractions. That they can't be loaded is no reason to fail, unless it is
    /// one for the whole run.
    async fn load_retractions(&self, unusable: &Unusable<'_>) -> Result<(), Error> {
        if unusable.ignored || unusable.summary.get().is_some() {
            return Ok(());
        }
        let summary = match self.retractions(unusable.path).await {
            Ok(summary) => summary,
            Err(err) if err.is_fatal() => return Err(err),
            Err(_) => None,
        };
        // Nobody else sets it: each query has its own.
        let _ = unusable.summary.set(summary);
        Ok(())
    }

    /// The go.mod of the newest version, which is where retractions are declared.
    async fn retractions(&self, path: &str) -> Result<Option<Arc<Summary>>, Error> {
        let all_versions = Version::new(path, "");
        if self.main.replacement(&all_versions).is_some() {
            return Ok(None);
        }
        let latest = self.resolve_any(path, "latest").await?;
        let newest = Version::new(path, latest.version.as_str());
        let newest = self.main.resolve(&newest);
        // What it takes back is taken back, however new a Go it asks for.
        self.go_mods.raw_go_mod(&newest).await.map(Some)
    }
}

/// Why nothing can be found under a path, whoever is asked.
fn malformed(path: &str) -> Option<Error> {
    if goversion::is_toolchain(path) {
        return None;
    }
    module::check_path(path).err().map(|err| Error::new(ErrorKind::Other, err))
}

/// The error of retractions that can't be loaded, which is told of the version they are wanted for.
fn loading_retractions(err: Error, path: &str, version: &str) -> Error {
    if err.is_fatal() {
        return err;
    }
    let text = format!("loading module retractions for {path}@{version}: {}", err.without_module());
    Error::message(err.kind(), text)
}

/// A version that was named must not be used: it is excluded or retracted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
struct Disallowed(String);

/// Whether an error says that there is no version to be had, rather than that looking for one failed.
fn says_none(err: &Error) -> bool {
    let cause = match err.module_error() {
        Some(err) => Arc::clone(&err.cause),
        None => err.cause(),
    };
    err.is_not_found()
        || cause.downcast_ref::<NoMatchingVersionError>().is_some()
        || cause.downcast_ref::<Disallowed>().is_some()
}

/// A version that exists only because go.mod replaces it.
fn replaced(version: &str) -> RevInfo {
    let time = module::pseudo_version_time(version)
        .map_or(GoTime::ZERO, |time| GoTime::from_unix(time.unix()));
    RevInfo { version: version.to_owned(), time, origin: None }
}
