//! What go.sum and the checksum database know about the modules that are verified.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use futures_util::StreamExt as _;

use super::judge::{Report, Trusted, table};
use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};
use crate::ops::project::config_error;
use crate::spec::gosum::has_known_algorithm;
use crate::spec::module::Version;
use crate::verify::{Testimony, Verifier};

/// Look-ups that are under way at once.
const LOOKUPS: usize = 64;
/// How many exempt modules are named.
const MAX_EXEMPT: usize = 20;

/// Those who know hashes.
pub struct Known<'a> {
    verifier: &'a Verifier,
    /// What the database says, by the keys of go.sum; empty unless it was asked.
    database: BTreeMap<Version, Result<Testimony, Error>>,
}

impl<'a> Known<'a> {
    /// Only go.sum is asked.
    pub fn of_go_sum(verifier: &'a Verifier) -> Known<'a> {
        Known { verifier, database: BTreeMap::new() }
    }

    /// Asks the checksum database about `modules` and about all that go.sum knows, and says which of
    /// them are exempt by the settings.
    ///
    /// # Errors
    /// When there is no database, or it contradicts itself.
    pub async fn ask_database(
        &mut self,
        ctx: &Ctx,
        modules: impl Iterator<Item = &Version>,
    ) -> Result<(), Error> {
        if let Err(err) = ctx.config.gosumdb().and_then(|database| database.server()) {
            let err = config_error(err);
            return Err(err.hint("--sumdb needs a checksum database: set GOSUMDB"));
        }
        let mut keys: BTreeSet<Version> =
            modules.flat_map(|module| [module.clone(), module.go_mod()]).collect();
        keys.extend(self.verifier.gosum().lines().into_iter().map(|(key, _, _)| key));
        let verifier = self.verifier;
        let ask = |key: Version| async move {
            let answer = verifier.testimony(&key).await;
            (key, answer)
        };
        let answers = futures_util::stream::iter(keys.into_iter().map(ask));
        let answers: Vec<_> = answers.buffer_unordered(LOOKUPS).collect().await;
        let mut exempt = BTreeSet::new();
        for (key, answer) in answers {
            match answer {
                None => drop(exempt.insert(key.path.clone())),
                // Nor would it answer to the others.
                Some(Err(err)) if err.is_fatal() || is_unreachable(&err) => return Err(err),
                Some(answer) => drop(self.database.insert(key, answer)),
            }
        }
        for path in exempt.iter().take(MAX_EXEMPT) {
            ctx.note(format!("gomodfetch: {path} is exempt from the checksum database"));
        }
        if exempt.len() > MAX_EXEMPT {
            let more = exempt.len() - MAX_EXEMPT;
            ctx.note(format!("gomodfetch: {more} more are exempt from the checksum database"));
        }
        Ok(())
    }

    /// The hashes for `key`, the one that counts most last. What go.sum says against the database is
    /// left out here; [`Known::complete`] tells it.
    pub fn hashes(&self, key: &Version) -> Vec<Trusted> {
        let mut hashes: Vec<Trusted> =
            self.verifier.gosum().known(key).into_iter().map(Trusted::from).collect();
        // Of several lines in one file the first counts, as with go.
        hashes.dedup_by(|later, first| later.name == first.name);
        if let Some(Ok(Testimony { database, hashes: known })) = self.database.get(key)
            && let Some(hash) = known.first()
        {
            hashes.retain(|trusted| known.contains(&trusted.hash));
            hashes.push(Trusted { name: database.clone(), hash: hash.clone() });
        }
        hashes
    }

    /// Adds to the reports where the database contradicts go.sum or does not answer.
    pub fn complete(&self, reports: &mut Vec<Report>) {
        let mut told = HashSet::new();
        for (key, file, hash) in self.verifier.gosum().lines() {
            if let Some(Ok(testimony)) = self.database.get(&key)
                && has_known_algorithm(&hash)
                && !testimony.hashes.contains(&hash)
            {
                let text = match testimony.hashes.first() {
                    Some(known) => {
                        let names = [(&*file, &*hash), (&*testimony.database, &**known)];
                        format!("checksum mismatch{}", table(names))
                    }
                    None => format!("{file}: checksum missing from sumdb response"),
                };
                let mut report = Report::new(key);
                report.add_lines(ErrorKind::Security, text);
                reports.push(report);
            }
        }
        for (key, answer) in &self.database {
            let version = key.version.strip_suffix("/go.mod").unwrap_or(&key.version);
            let module = Version::new(key.path.clone(), version);
            if let Err(err) = answer
                && told.insert(module.clone())
            {
                let mut report = Report::new(module);
                report.add(err.kind(), &format!("checksum database: {err}"));
                reports.push(report);
            }
        }
    }
}

fn is_unreachable(err: &Error) -> bool {
    matches!(err.kind(), ErrorKind::Network | ErrorKind::Offline | ErrorKind::Forbidden)
}
