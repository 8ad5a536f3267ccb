//! Why a hash does not fit: who agrees with whom, which files differ, and what a person can do.
//!
//! When go.sum or the checksum database contradicts what arrived, the error is go's and final:
//! nothing is fetched again, from nowhere. What is found out here is told as advice after it, and
//! nothing of it ever reaches the cache:
//!
//! - what the checksum database says, where the settings let it be asked about the module;
//! - with `--explain`, what every source sends that may be asked for the module, and in which files
//!   it differs from what a source sends that go.sum or the database agrees with.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, ErrorKind, Explain};
use crate::pipeline::Pipeline;
use crate::pipeline::zip::blocking;
use crate::source::Source;
use crate::spec::dirhash::{self, FileDigest, H1};
use crate::spec::module::Version;
use crate::spec::modzip::{Archive, InMemory, Inflater, ReadAt, check_zip};
use crate::store::spool::{Spool, Spooled};
use crate::verify::{Authority, Mismatch, Testimony};

/// How long the checksum database may take to say what it knows.
const PATIENCE: Duration = Duration::from_secs(20);
/// Most files that are named as different.
const MAX_NAMES: usize = 10;

/// How far contradictions are looked into.
#[derive(Debug, Clone)]
pub struct Explaining {
    /// How far.
    pub level: Explain,
    /// Where zips that are only looked at may spill to.
    pub temp_dir: PathBuf,
}

/// Where content came from that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A source, by its name.
    Source(String),
    /// A cache of GOCACHEPROXY, by its name.
    Shared(String),
    /// The module cache.
    Cache,
}

impl Place {
    /// An error about content that came from here. What a cache sends in contradiction to a hash ends the
    /// run: nobody else is asked for it, and its owner should know.
    pub(super) fn judged(&self, err: Error) -> Error {
        match self {
            Place::Shared(_) if err.cause_as::<Mismatch>().is_some() => err.fatal(),
            _ => err,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Source(name) | Place::Shared(name) => f.write_str(name),
            Place::Cache => f.write_str("the module cache"),
        }
    }
}

/// What a source sends for a line of go.sum.
struct Survey {
    source: String,
    content: Result<Content, Error>,
}

struct Content {
    hash: String,
    /// Digests by name, without the prefix that all share; of a go.mod there are none.
    files: BTreeMap<String, FileDigest>,
}

impl Pipeline {
    /// `err` with what can be found out about it as advice, if it is about a hash that does not fit.
    /// `place` is where the content came from.
    pub(super) async fn explain(&self, err: Error, place: &Place) -> Error {
        let Some(mismatch) = err.cause_as::<Mismatch>().cloned() else { return err };
        if self.explaining.level == Explain::Nothing {
            return err;
        }
        let database = match &mismatch.authority {
            Authority::GoSum(_) => {
                let asked = tokio::time::timeout(PATIENCE, self.verifier.testimony(&mismatch.key));
                asked.await.unwrap_or_else(|_| Some(Err(too_slow())))
            }
            Authority::Database(name) => {
                let (database, hashes) = (name.clone(), mismatch.known.clone());
                Some(Ok(Testimony { database, hashes }))
            }
        };
        let mut lines = vec![who_agrees(&mismatch, place, database.as_ref())];
        if self.explaining.level == Explain::Sources {
            lines.extend(self.survey_all(&mismatch, place).await);
        }
        lines.extend(advice(&mismatch, place, database.as_ref(), self.explaining.level));
        err.hints_first(lines)
    }

    /// What every source sends, and which files differ.
    async fn survey_all(&self, mismatch: &Mismatch, place: &Place) -> Vec<String> {
        let sources = self.chain.sources(&mismatch.key.path);
        let surveys = sources.iter().map(|source| self.survey(source, &mismatch.key));
        let surveys = futures_util::future::join_all(surveys).await;
        if surveys.is_empty() {
            let path = &mismatch.key.path;
            return vec![format!("no source in GOPROXY may be asked for {path} to compare")];
        }
        let mut lines: Vec<String> = surveys.iter().map(|s| describe(s, mismatch)).collect();
        let (mut good, mut bad) = (None, None);
        for survey in &surveys {
            match &survey.content {
                Ok(content) if mismatch.known.contains(&content.hash) => {
                    good = good.or(Some((&survey.source, content)));
                }
                // Above all the one that was refused.
                Ok(content) if bad.is_none() || is(place, &survey.source) => {
                    bad = Some((&survey.source, content));
                }
                _ => {}
            }
        }
        if let (Some((good_name, good)), Some((bad_name, bad))) = (good, bad)
            && !mismatch.key.version.ends_with("/go.mod")
        {
            let files = differences(&good.files, &bad.files);
            lines.push(format!("between {good_name} and {bad_name} differ: {files}"));
        }
        lines
    }

    async fn survey(&self, source: &Arc<dyn Source>, key: &Version) -> Survey {
        let content = match key.version.strip_suffix("/go.mod") {
            Some(version) => {
                let module = Version::new(Arc::clone(&key.path), version);
                source.go_mod(&module).await.map(|data| Content {
                    hash: dirhash::hash_go_mod(&data),
                    files: BTreeMap::new(),
                })
            }
            None => self.survey_zip(source, key).await,
        };
        Survey { source: source.name(), content }
    }

    async fn survey_zip(
        &self,
        source: &Arc<dyn Source>,
        module: &Version,
    ) -> Result<Content, Error> {
        let target = self.explaining.temp_dir.join("gomodfetch-explain.zip");
        let mut spool = Spool::new(&target, Arc::clone(&self.memory));
        source.zip(module, &mut spool).await?;
        let module = module.clone();
        blocking(move || {
            spool.finish(|spooled| match spooled {
                Spooled::Memory(data) => content(InMemory(&data), &module),
                Spooled::File(file) => content(file.reader()?, &module),
            })
        })
        .await
    }
}

fn too_slow() -> Error {
    Error::message(ErrorKind::Network, "no answer in time")
}

fn content(zip: impl ReadAt, module: &Version) -> Result<Content, Error> {
    let refused =
        |err: &dyn std::error::Error| Error::message(ErrorKind::Security, err.to_string());
    let archive = Archive::open(zip).map_err(|err| refused(&err))?;
    check_zip(&archive, module).map_err(|err| refused(&err))?;
    let prefix = format!("{module}/");
    let mut hash = H1::new();
    let mut files = BTreeMap::new();
    let mut inflater = Inflater::exact();
    for entry in archive.in_hash_order() {
        let digest = inflater.digest(&archive, &entry).map_err(|err| refused(&err))?;
        hash.add(entry.name, digest);
        let name = String::from_utf8_lossy(entry.name);
        files.insert(name.strip_prefix(&prefix).unwrap_or(&name).to_owned(), digest);
    }
    let hash = hash.finish().map_err(|err| refused(&err))?;
    Ok(Content { hash, files })
}

fn is(place: &Place, source: &str) -> bool {
    matches!(place, Place::Source(name) if name == source)
}

/// One sentence on go.sum, the database and the place that the content came from.
fn who_agrees(
    mismatch: &Mismatch,
    place: &Place,
    database: Option<&Result<Testimony, Error>>,
) -> String {
    let Mismatch { key, found, known, authority, .. } = mismatch;
    let authority = match authority {
        Authority::Database(database) if known.is_empty() => {
            return format!("{database} has a record of this version, but no hash for {key} in it");
        }
        Authority::Database(database) => {
            return format!(
                "go.sum has no line for {key}; {database} contradicts what came from {place}"
            );
        }
        Authority::GoSum(name) => name,
    };
    match database {
        None => format!(
            "{} is exempt from the checksum database (GONOSUMDB, GOPRIVATE or GOSUMDB=off): only \
             {authority} and {place} have a say",
            key.path
        ),
        Some(Err(err)) => {
            let reason = err.to_string();
            let reason = reason.lines().next().unwrap_or_default();
            format!("the checksum database could not be asked what is right: {reason}")
        }
        Some(Ok(Testimony { database, hashes })) => {
            if hashes.iter().any(|hash| known.contains(hash)) {
                format!("{database} agrees with {authority}: what came from {place} is wrong")
            } else if hashes.contains(found) {
                format!("{database} agrees with what came from {place}: {authority} is wrong")
            } else if let Some(third) = hashes.first() {
                format!("{database} knows a third hash, {third}: {authority} and {place} are wrong")
            } else {
                format!("{database} has a record of this version, but no hash for {key} in it")
            }
        }
    }
}

fn describe(survey: &Survey, mismatch: &Mismatch) -> String {
    let source = &survey.source;
    match &survey.content {
        Err(err) => {
            let reason = err.to_string();
            format!("{source}: {}", reason.lines().next().unwrap_or_default())
        }
        Ok(Content { hash, .. }) => {
            let verdict = if mismatch.known.contains(hash) {
                "the one that is known"
            } else if *hash == mismatch.found {
                "the one that was refused"
            } else {
                "yet another one"
            };
            format!("{source} sends {hash}, {verdict}")
        }
    }
}

/// The names of the files that two zips do not have alike.
fn differences(good: &BTreeMap<String, FileDigest>, bad: &BTreeMap<String, FileDigest>) -> String {
    let changed = good.iter().filter_map(|(name, digest)| match bad.get(name) {
        None => Some(format!("{name} (missing)")),
        Some(other) if other != digest => Some(name.clone()),
        Some(_) => None,
    });
    let added = bad.keys().filter(|name| !good.contains_key(*name));
    let mut names: Vec<String> =
        changed.chain(added.map(|name| format!("{name} (added)"))).collect();
    let more = names.len().saturating_sub(MAX_NAMES);
    names.truncate(MAX_NAMES);
    let names = names.join(", ");
    if more > 0 { format!("{names} and {more} more") } else { names }
}

/// The two or three things that can be done.
fn advice(
    mismatch: &Mismatch,
    place: &Place,
    database: Option<&Result<Testimony, Error>>,
    level: Explain,
) -> Vec<String> {
    let Mismatch { key, found, authority, .. } = mismatch;
    let version = key.version.strip_suffix("/go.mod").unwrap_or(&key.version);
    let module = format!("{}@{version}", key.path);
    let mut lines = Vec::new();
    match (authority, database) {
        (Authority::GoSum(file), Some(Ok(testimony))) if testimony.hashes.contains(found) => {
            lines.push(format!(
                "look in the history of {file} who wrote the line `{key}`; if it is a mistake, \
                 delete it and run again"
            ));
        }
        (Authority::GoSum(_), Some(Ok(_))) | (Authority::Database(_), _) => {}
        (Authority::GoSum(file), _) => {
            lines.push(format!(
                "ask the author of {} whether {version} was published anew; only if so, delete \
                 the lines of {module} from {file} and run again",
                key.path
            ));
        }
    }
    match place {
        Place::Cache => lines.push(format!(
            "remove what the module cache has of {module}, and it will be downloaded again"
        )),
        Place::Shared(name) => lines.push(format!(
            "remove {module} from the cache {name}, or that from GOCACHEPROXY, and tell its owner"
        )),
        Place::Source(name) => lines.push(format!(
            "set GOPROXY to another proxy than {name}, and tell its operator, who may not know"
        )),
    }
    if level < Explain::Sources {
        lines.push(
            "run again with --explain to see what each proxy of GOPROXY sends, and which files \
             differ"
                .to_owned(),
        );
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_differ() {
        let digest = |byte| FileDigest::from([byte; 32]);
        let good = BTreeMap::from([("a".to_owned(), digest(1)), ("b".to_owned(), digest(1))]);
        let bad = BTreeMap::from([("b".to_owned(), digest(2)), ("c".to_owned(), digest(1))]);
        assert_eq!(differences(&good, &bad), "a (missing), b, c (added)");
        let many: BTreeMap<_, _> = (0..12).map(|i| (format!("f{i:02}"), digest(1))).collect();
        let text = differences(&many, &BTreeMap::new());
        assert!(text.starts_with("f00 (missing), ") && text.ends_with("f09 (missing) and 2 more"));
    }
}
