//! What every operation works with, built once and passed by reference.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crate::config::Config;
use crate::error::{Error, Explain};
use crate::event::{Event, Observer};
use crate::net::{Network, Transport};
use crate::pipeline::engine::Engine;
use crate::pipeline::upload::Uploads;
use crate::plan::Summary;
use crate::spec::module::Version;
pub use crate::store::Layout;
use crate::sys::once::OnceMap;

/// Settings and the outside world.
#[derive(Clone)]
pub struct Ctx {
    /// What the user asked for.
    pub config: Config,
    /// The working directory, absolute; `-C` has been applied.
    pub cwd: PathBuf,
    /// Makes transports with settings of their own.
    pub network: Network,
    /// How URLs are got where there are no such settings.
    pub transport: Arc<dyn Transport>,
    /// What is being stored in the caches of GOCACHEPROXY.
    pub uploads: Arc<Uploads>,
    /// What the projects of the run share.
    pub shared: Arc<Shared>,
    /// Who is told what happens.
    pub observer: Arc<dyn Observer>,
    /// Zips in transfer at once.
    pub jobs: usize,
    /// Nothing is written, neither to the cache nor to go.mod and go.sum (`--dry-run`).
    pub dry: bool,
    /// What is left in the module cache of each module version (`--layout`).
    pub layout: Layout,
    /// How far a contradiction between hashes is looked into.
    pub explain: Explain,
}

/// What a run has one of, however many projects it works on; made when it is first needed.
#[derive(Default)]
pub struct Shared {
    /// Through which everything is fetched.
    pub engine: OnceLock<Result<Arc<Engine>, Error>>,
    /// What the go.mod files of dependencies say, by the hash of the file.
    pub summaries: OnceMap<(Version, String), Result<Arc<Summary>, Error>>,
    /// The versions on the go lines of modules that were downloaded.
    go_lines: Mutex<HashMap<Version, String>>,
    /// Toolchains that were made fit for use.
    pub toolchains: OnceMap<Version, Result<(), Error>>,
}

impl Shared {
    /// The version on the go line of a module that was downloaded, empty if there is none; read once.
    ///
    /// # Errors
    /// As `read`.
    pub fn go_line(
        &self,
        module: &Version,
        read: impl FnOnce() -> Result<String, Error>,
    ) -> Result<String, Error> {
        let known = || self.go_lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(version) = known().get(module) {
            return Ok(version.clone());
        }
        let version = read()?;
        known().insert(module.clone(), version.clone());
        Ok(version)
    }
}

impl Ctx {
    /// Tells the observer something worth knowing that is no error.
    pub fn note(&self, text: impl Into<String>) {
        self.observer.event(&Event::Note(text.into()));
    }
}
