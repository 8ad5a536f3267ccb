//! The places of repositories below `cache/vcs`, as go has them.
//!
//! A repository lies in a folder named by the SHA-256 of `TYPE:URL`, in hex; that text stands in
//! `FOLDER.info` beside it, and `FOLDER.lock` is locked by whoever changes any of it.

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::error::{Error, ErrorKind};
use crate::spec::quote::quote;
use crate::sys::lock::{Lock, read_unlocked};
use crate::sys::{file, tree};
use crate::vcs::run::{Runner, mask_secrets};

/// Largest `.info`: it holds one address.
const MAX_INFO: u64 = 64 << 10;

/// A folder for one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkDir {
    /// The folder, which exists; empty if the repository was never fetched.
    pub dir: PathBuf,
    /// The lock file beside it.
    pub lock: PathBuf,
}

/// The folder of the repository `name` (an address) of the type `kind`, such as `git3`; made if there
/// is none.
///
/// # Errors
/// When it can't be made or locked, or is another repository's.
pub fn work_dir(runner: &Runner, kind: &str, name: &str) -> Result<WorkDir, Error> {
    let key = format!("{kind}:{name}");
    let hash: String = Sha256::digest(&key).iter().map(|byte| format!("{byte:02x}")).collect();
    let parent = &runner.settings().dir;
    let dir = parent.join(&hash);
    let told = mask_secrets(name);
    runner.trace(format!("mkdir -p {} # {kind} {told}", parent.display()));
    file::create_dir_all(parent)?;
    let lock = parent.join(format!("{hash}.lock"));
    runner.trace(format!("# lock {}", lock.display()));
    let _held = Lock::exclusive(&lock).map_err(|err| {
        Error::from(err).context("codehost.WorkDir: can't find or create lock file: ")
    })?;
    let info = parent.join(format!("{hash}.info"));
    if let Ok(data) = read_unlocked(&info, MAX_INFO)
        && dir.is_dir()
    {
        let have = data.strip_suffix(b"\n").unwrap_or(&data);
        if have != key.as_bytes() {
            let (have, want) = (String::from_utf8_lossy(have), mask_secrets(&key));
            let text = format!(
                "{} exists with wrong content (have {} want {})",
                info.display(),
                quote(&mask_secrets(&have)),
                quote(&want)
            );
            return Err(Error::message(ErrorKind::Other, text));
        }
        runner.trace(format!("# {} for {kind} {told}", dir.display()));
        return Ok(WorkDir { dir, lock });
    }
    runner.trace(format!("mkdir -p {} # {kind} {told}", dir.display()));
    tree::remove_all(&dir)?;
    file::create_dir_all(&dir)?;
    if let Err(err) = file::write_atomic(&info, key.as_bytes()) {
        let _ = tree::remove_all(&dir);
        return Err(err.into());
    }
    Ok(WorkDir { dir, lock })
}
