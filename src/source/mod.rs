//! Where modules come from: proxies, files in a proxy's layout, and repositories.
//!
//! A [`Source`] answers the five questions of the GOPROXY protocol for one entry of the GOPROXY
//! list; a [`chain::Chain`] asks the entries in turn, moving on where the list allows it.
//! What comes back is untrusted: nothing here checks a hash.
//!
//! Implements <https://go.dev/ref/mod#goproxy-protocol>.

use bytes::Bytes;

use crate::error::{Error, ErrorKind};
use crate::net::BoxFuture;
use crate::spec::goproxy_json::{Origin, RevInfo};
use crate::spec::module::Version;
use crate::sys::budget::Held;

pub mod breaker;
pub mod cache_proxy;
pub mod chain;
pub mod choice;
pub mod direct;
pub mod discovery;
pub mod file;
pub mod proxy;
pub mod station;

/// Largest module zip, as the Go Modules Reference limits it: 500 MiB.
pub const MAX_ZIP: u64 = 500 << 20;
/// Largest go.mod: 16 MiB.
pub const MAX_GO_MOD: u64 = 16 << 20;
/// Largest .info answer. Real ones have some hundred bytes.
pub const MAX_INFO: u64 = 64 << 10;
/// Largest version list. The longest real ones have some hundred kilobytes.
pub const MAX_LIST: u64 = 8 << 20;

/// Takes in the bytes of a zip. A failed transfer can be followed by another one from the start.
pub trait ZipSink: Send {
    /// Forgets what was written, before another attempt.
    ///
    /// # Errors
    /// When the file behind it can't be emptied.
    fn restart(&mut self) -> Result<(), Error>;
    /// Appends a piece.
    ///
    /// # Errors
    /// When the disk is full, for example.
    fn write(&mut self, piece: Bytes) -> Result<(), Error>;
    /// Whether it takes a zip of which only the length says that its parts belong together.
    fn may_be_spliced(&self) -> bool;
    /// What follows is such another part.
    fn spliced(&mut self);
}

/// The tagged versions of a module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Versions {
    /// The versions, sorted.
    pub list: Vec<String>,
    /// What of a repository the list depends on, if it comes from one.
    pub origin: Option<Origin>,
}

/// One place that modules can be had from.
pub trait Source: Send + Sync {
    /// How it is called in messages, without secrets.
    fn name(&self) -> String;
    /// The tagged versions of the module `path`, sorted; those that begin with `prefix`.
    fn versions<'a>(
        &'a self,
        path: &'a str,
        prefix: &'a str,
    ) -> BoxFuture<'a, Result<Versions, Error>>;
    /// What `revision` (a version, branch, tag or commit) of the module is.
    fn info<'a>(
        &'a self,
        path: &'a str,
        revision: &'a str,
    ) -> BoxFuture<'a, Result<RevInfo, Error>>;
    /// The newest version where there are no tagged ones, or as the source itself sees it.
    fn latest<'a>(&'a self, path: &'a str) -> BoxFuture<'a, Result<RevInfo, Error>>;
    /// The go.mod file of a version.
    fn go_mod<'a>(&'a self, module: &'a Version) -> BoxFuture<'a, Result<Held, Error>>;
    /// How large the zip of a version is, if the source says it beforehand.
    fn zip_size<'a>(&'a self, module: &'a Version) -> BoxFuture<'a, Result<Option<u64>, Error>>;
    /// The zip of a version, handed to `sink` in pieces.
    fn zip<'a>(
        &'a self,
        module: &'a Version,
        sink: &'a mut dyn ZipSink,
    ) -> BoxFuture<'a, Result<(), Error>>;
    /// Whether what was found in the module `path` with the origin `old` would be found again.
    ///
    /// # Errors
    /// Anything that says no. A proxy never knows.
    fn check_reuse<'a>(
        &'a self,
        path: &'a str,
        old: &'a Origin,
    ) -> BoxFuture<'a, Result<(), Error>> {
        let _ = (path, old);
        Box::pin(async { Err(Error::message(ErrorKind::Other, "proxy cannot check reuse")) })
    }
}
