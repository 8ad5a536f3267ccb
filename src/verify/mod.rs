//! The only maker of [`Verified`]: what the cache may hold has passed through here.
//!
//! A go.mod or zip is proved, in this order, by the hash in go.sum; else by the checksum database;
//! else, where the user's settings exempt the module from the database (GONOSUMDB, GOPRIVATE,
//! GOSUMDB=off), it is trusted on first use, as the `go` command does.
//!
//! - [`gosum`]: go.sum while a command runs: what it knew, what was used, what is new.
//! - [`sumdb`]: the checksum database's client, a state machine without I/O.
//! - [`database`]: the same with files, locks and requests.
//!
//! Implements <https://go.dev/ref/mod#authenticating>.

use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::event::{Event, Observer};
use crate::spec::module::Version;

pub mod database;
pub mod gosum;
pub mod sumdb;

use database::Database;
use gosum::GoSum;

/// Something with an `h1:` hash that goes with one line of go.sum.
pub trait Hashed {
    /// The module version, with `/go.mod` after the version if this is a go.mod file.
    fn key(&self) -> &Version;
    /// The hash, `h1:…`.
    fn hash(&self) -> &str;
}

impl<T: Hashed> Hashed for Arc<T> {
    fn key(&self) -> &Version {
        (**self).key()
    }

    fn hash(&self) -> &str {
        (**self).hash()
    }
}

/// What proved a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// go.sum lists it.
    GoSum,
    /// The checksum database lists it, and proved that it does.
    Database,
    /// Nothing did: the settings exempt this module, and it was not seen before.
    FirstUse,
    /// It is recorded beside what lies in the cache, which was let in by one of the others.
    Recorded,
}

/// Who knows a hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    /// go.sum, or go.work.sum: its name.
    GoSum(String),
    /// The checksum database: its name.
    Database(String),
}

/// Content does not have the hash that somebody knows for it. The message is go's.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{text}")]
pub struct Mismatch {
    /// What the content was taken for.
    pub key: Version,
    /// The hash that it has.
    pub found: String,
    /// The hashes that are known.
    pub known: Vec<String>,
    /// To whom.
    pub authority: Authority,
    text: String,
}

/// What the checksum database has to say about one line of go.sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Testimony {
    /// The database's name.
    pub database: String,
    /// The `h1:` hashes that it proved to know; none if its record lacks the line.
    pub hashes: Vec<String>,
}

/// Content whose hash was checked. There is no other way to make one than a [`Verifier`] and
/// [`Verified::by_record`].
#[derive(Debug, Clone)]
pub struct Verified<T> {
    content: T,
    proof: Proof,
}

impl<T> Verified<T> {
    /// The content.
    pub fn content(&self) -> &T {
        &self.content
    }

    /// What proved it.
    pub fn proof(&self) -> Proof {
        self.proof
    }

    /// Takes the content out.
    pub fn into_content(self) -> T {
        self.content
    }
}

impl<T: Hashed> Verified<T> {
    /// Content of the cache that has the hash which was recorded there when it was verified; `None` if it
    /// has another. For what only changes its form: go, too, asks nobody again before it unpacks a zip, and
    /// holds the recorded hash against go.sum when the module is used.
    pub fn by_record(content: T, recorded: &str) -> Option<Verified<T>> {
        let is_it = content.hash() == recorded;
        is_it.then(|| Verified { content, proof: Proof::Recorded })
    }
}

/// Content that was refused.
#[derive(Debug)]
pub struct Refused<T> {
    /// What it is, which nobody may believe.
    pub content: T,
    /// Why.
    pub error: Error,
}

/// Which modules need the checksum database.
pub type DatabaseRule = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Checks hashes against go.sum and the checksum database.
pub struct Verifier {
    gosum: GoSum,
    database: Arc<Database>,
    uses_database: DatabaseRule,
    observer: Arc<dyn Observer>,
}

impl Verifier {
    /// A verifier for one go.sum. The database is that of the whole run.
    pub fn new(
        gosum: GoSum,
        database: Arc<Database>,
        uses_database: DatabaseRule,
        observer: Arc<dyn Observer>,
    ) -> Verifier {
        Verifier { gosum, database, uses_database, observer }
    }

    /// go.sum as this run sees it.
    pub fn gosum(&self) -> &GoSum {
        &self.gosum
    }

    /// Starts the database's look-up of `module` if its answer will be needed, so that it is under
    /// way while the module itself is fetched.
    pub async fn prefetch(&self, module: &Version, suffix_go_mod: bool) {
        let key = if suffix_go_mod { module.go_mod() } else { module.clone() };
        if !self.gosum.has(&key) && (self.uses_database)(&module.path) {
            // A failure is met again, and reported, when the hash is checked.
            let _ = Box::pin(self.database.record(module)).await;
        }
    }

    /// Whether the hash of a zip or a go.mod will be compared with one that is known to somebody else,
    /// rather than be trusted on first use.
    pub fn is_known(&self, module: &Version) -> bool {
        self.gosum.has(module) || (self.uses_database)(&module.path)
    }

    /// Checks the hash of `content`.
    ///
    /// # Errors
    /// Contradiction by go.sum or the database, or the database's failure to answer. One by go.sum
    /// is fatal.
    pub async fn verify<T: Hashed>(&self, content: T) -> Result<Verified<T>, Error> {
        self.judge(content).await.map_err(|refused| refused.error)
    }

    /// The same; what is refused is given back, for others to judge by what they know.
    ///
    /// # Errors
    /// As [`Verifier::verify`].
    pub async fn judge<T: Hashed>(&self, content: T) -> Result<Verified<T>, Refused<T>> {
        match self.prove(content.key(), content.hash()).await {
            Ok(proof) => Ok(Verified { content, proof }),
            Err(error) => Err(Refused { content, error }),
        }
    }

    async fn prove(&self, key: &Version, hash: &str) -> Result<Proof, Error> {
        if self.gosum.check(key, hash)? {
            return Ok(Proof::GoSum);
        }
        let proof = if (self.uses_database)(&key.path) {
            Box::pin(self.ask_database(key, hash)).await?;
            Proof::Database
        } else {
            Proof::FirstUse
        };
        if let Some(warning) = self.gosum.add(key, hash)? {
            self.observer.event(&Event::Note(warning));
        }
        Ok(proof)
    }

    /// What the checksum database knows of `key`; `None` where the settings exempt the module.
    ///
    /// # Errors
    /// When it does not answer, or does not prove what it says.
    pub async fn testimony(&self, key: &Version) -> Option<Result<Testimony, Error>> {
        if !(self.uses_database)(&key.path) {
            return None;
        }
        let version = key.version.strip_suffix("/go.mod").unwrap_or(&key.version);
        let module = Version::new(key.path.clone(), version);
        Some(self.database.record(&module).await.map(|answer| testimony(key, &answer)))
    }

    async fn ask_database(&self, key: &Version, hash: &str) -> Result<(), Error> {
        let (version, noun) = match key.version.strip_suffix("/go.mod") {
            Some(version) => (version, "go.mod"),
            None => (&*key.version, "module"),
        };
        let module = Version::new(key.path.clone(), version);
        let verifying = |err: Error| err.context(&format!("verifying {noun}: ")).of_module(&module);
        self.database.check_settings().map_err(verifying)?;
        let answer = self.database.record(&module).await;
        let answer = answer.map_err(|err| verifying(err.context(&format!("{key}: "))))?;
        let Testimony { database, hashes } = testimony(key, &answer);
        if hashes.iter().any(|known| known == hash) {
            return Ok(());
        }
        let text = match hashes.first() {
            Some(other) => format!(
                "checksum mismatch\n\tdownloaded: {hash}\n\t{database}: {other}{}",
                security_error(
                    "This download does NOT match the one reported by the checksum server.\n\
                     The bits may have been replaced on the origin server, or an attacker may\n\
                     have intercepted the download attempt."
                )
            ),
            None => format!(
                "checksum missing from sumdb response{}",
                security_error(
                    "This download does NOT match one reported by the checksum server.\n\
                     The checksum server has provided checksums, but the checksums do\n\
                     not contain an entry for the download.\n\
                     The checksum server may be malfunctioning, or an attacker may have\n\
                     intercepted the checksum request.\n\
                     The download cannot be verified."
                )
            ),
        };
        let mismatch = Mismatch {
            key: key.clone(),
            found: hash.to_owned(),
            known: hashes,
            authority: Authority::Database(database),
            text: format!("verifying {noun}: {text}"),
        };
        Err(Error::new(ErrorKind::Security, mismatch).of_module(&module))
    }
}

fn testimony(key: &Version, answer: &database::Answer) -> Testimony {
    let prefix = format!("{} {} ", key.path, key.version);
    let lines = answer.record.go_sum_lines(&key.path, &key.version);
    let hashes = lines.into_iter().filter_map(|line| line.strip_prefix(&prefix));
    let hashes = hashes.filter(|hash| hash.starts_with("h1:")).map(str::to_owned).collect();
    Testimony { database: answer.database.clone(), hashes }
}

/// The frame that `go` puts around security messages.
fn security_error(text: &str) -> String {
    format!("\n\nSECURITY ERROR\n{text}\n\nFor more information, see 'go help module-auth'.\n")
}
