//! Look-ups: where they are found, what they say before it is proved, and after.

use super::SumdbError;
use super::head::Head;
use crate::spec::module::{escape_path, escape_version};
use crate::spec::note::{self, Verifier};
use crate::spec::tlog::{self, LogHash, TextError};
use std::sync::Arc;

/// The most bytes the answer to a look-up may have; no more of one needs to be read.
pub const MAX_LOOKUP_SIZE: usize = tlog::MAX_RECORD_SIZE + note::MAX_SIZE;

/// Where a look-up is found, below the database's URL and below its folder in the module cache:
/// `/lookup/PATH@VERSION`, escaped. One look-up answers for a module's zip and for its go.mod, so
/// a `/go.mod` at the end of the version is left out.
pub fn lookup_path(path: &str, version: &str) -> Result<String, SumdbError> {
    let version = version.strip_suffix("/go.mod").unwrap_or(version);
    Ok(format!("/lookup/{}@{}", escape_path(path)?, escape_version(version)?))
}

/// The answer to a look-up, signed but not yet proved: all it is good for is a plan.
#[derive(Debug, Clone)]
pub struct Lookup {
    pub(super) record: Record,
    /// The record's number in the log, as the answer claims.
    pub(super) number: u64,
    pub(super) leaf: LogHash,
    pub(super) head: Head,
}

impl Lookup {
    /// Takes an answer apart and checks the signature of the tree head in it.
    pub(super) fn open(
        path: &str,
        version: &str,
        data: &[u8],
        key: &Verifier,
    ) -> Result<Lookup, SumdbError> {
        if data.len() > MAX_LOOKUP_SIZE {
            return Err(SumdbError::Record(TextError::Record));
        }
        let record = tlog::Record::parse(data).map_err(SumdbError::Record)?;
        Ok(Lookup {
            number: record.number,
            leaf: LogHash::of_record(record.text.as_bytes()),
            head: Head::open(record.rest, key)?,
            record: Record {
                path: path.into(),
                version: version.strip_suffix("/go.mod").unwrap_or(version).into(),
                text: record.text.into(),
            },
        })
    }
}

/// A record of the log; outside this module there are only proved ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    path: Arc<str>,
    version: Arc<str>,
    text: Arc<str>,
}

impl Record {
    /// The path of the module that was looked up.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The version of the module that was looked up, without `/go.mod`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The lines `PATH VERSION HASH` of exactly this path and version; the version may end in
    /// `/go.mod`, which selects the hashes of the go.mod file.
    ///
    /// None at all if the database has answered with a record about something else. Proved as it
    /// is, such a record says nothing about the module that was asked for.
    pub fn go_sum_lines(&self, path: &str, version: &str) -> Vec<&str> {
        let start = format!("{path} {version} ");
        self.text.split('\n').filter(|line| line.starts_with(&start)).collect()
    }
}
