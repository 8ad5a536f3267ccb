//! A zip while it arrives: in memory while it is small and memory allows, else in a file.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use crate::error::Error;
use crate::source::ZipSink;
use crate::sys::file::TempFile;

/// The memory that all spools together may take.
#[derive(Debug)]
pub struct MemoryBudget {
    left: AtomicU64,
}

impl MemoryBudget {
    /// A budget of so many bytes.
    pub fn new(bytes: u64) -> Arc<MemoryBudget> {
        Arc::new(MemoryBudget { left: AtomicU64::new(bytes) })
    }

    pub(super) fn take(&self, bytes: u64) -> bool {
        self.left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(bytes))
            .is_ok()
    }

    pub(super) fn give_back(&self, bytes: u64) {
        self.left.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// The bytes of one zip. The version's lock must be held while it lives: the file it may spill to
/// has a name that the `go` command removes otherwise.
#[derive(Debug)]
pub struct Spool {
    dir: PathBuf,
    name: String,
    budget: Arc<MemoryBudget>,
    /// In memory, until `file` takes over.
    memory: Vec<u8>,
    taken: u64,
    file: Option<TempFile>,
    may_be_spliced: bool,
    is_spliced: bool,
}

/// The bytes, complete.
#[derive(Debug)]
pub enum Spooled {
    /// Still only in memory.
    Memory(Vec<u8>),
    /// In a temporary file.
    File(TempFile),
}

/// No zip takes more memory than this, whatever the budget.
const MAX_IN_MEMORY: u64 = 4 << 20;

impl Spool {
    /// A spool for the zip that will stand at `target`.
    pub fn new(target: &Path, budget: Arc<MemoryBudget>) -> Spool {
        Spool {
            dir: target.parent().unwrap_or(Path::new(".")).to_path_buf(),
            name: target.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default(),
            budget,
            memory: Vec::new(),
            taken: 0,
            file: None,
            may_be_spliced: false,
            is_spliced: false,
        }
    }

    /// A spool that takes a zip of which only the length says that its parts belong together: whoever
    /// finds that they don't must fetch it again.
    pub fn that_may_be_spliced(mut self) -> Spool {
        self.may_be_spliced = true;
        self
    }

    /// Whether it holds such a zip.
    pub fn is_spliced(&self) -> bool {
        self.is_spliced
    }

    fn fits(&mut self, more: usize) -> bool {
        let more = more as u64;
        if self.taken + more > MAX_IN_MEMORY || !self.budget.take(more) {
            return false;
        }
        self.taken += more;
        true
    }

    fn spill(&mut self) -> Result<&mut TempFile, Error> {
        let file = match self.file.take() {
            Some(file) => file,
            None => {
                let mut file = TempFile::create(&self.dir, &self.name)?;
                file.write_all(&self.memory)?;
                self.release();
                file
            }
        };
        Ok(self.file.insert(file))
    }

    fn release(&mut self) {
        self.memory = Vec::new();
        self.budget.give_back(std::mem::take(&mut self.taken));
    }

    /// All that was written. The memory stays counted until the result of `use_it` is there.
    pub fn finish<T>(mut self, use_it: impl FnOnce(Spooled) -> T) -> T {
        let spooled = match self.file.take() {
            Some(file) => Spooled::File(file),
            None => Spooled::Memory(std::mem::take(&mut self.memory)),
        };
        use_it(spooled)
    }
}

impl ZipSink for Spool {
    fn restart(&mut self) -> Result<(), Error> {
        self.file = None;
        self.is_spliced = false;
        self.release();
        Ok(())
    }

    fn may_be_spliced(&self) -> bool {
        self.may_be_spliced
    }

    fn spliced(&mut self) {
        self.is_spliced = true;
    }

    fn write(&mut self, piece: Bytes) -> Result<(), Error> {
        if self.file.is_none() && self.fits(piece.len()) {
            self.memory.extend_from_slice(&piece);
            return Ok(());
        }
        Ok(self.spill()?.write_all(&piece)?)
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(spooled: Spooled) -> (&'static str, Vec<u8>) {
        match spooled {
            Spooled::Memory(data) => ("memory", data),
            Spooled::File(file) => ("file", std::fs::read(file.path()).unwrap()),
        }
    }

    #[test]
    fn spills_when_the_budget_is_gone_and_gives_it_back() {
        let dir = tempfile::tempdir().unwrap();
        let budget = MemoryBudget::new(10);
        let target = dir.path().join("v1.0.0.zip");
        let mut first = Spool::new(&target, Arc::clone(&budget));
        first.write(Bytes::from_static(b"12345678")).unwrap();
        let mut second = Spool::new(&target, Arc::clone(&budget));
        second.write(Bytes::from_static(b"abcd")).unwrap();
        second.write(Bytes::from_static(b"e")).unwrap();
        assert_eq!(second.finish(content), ("file", b"abcde".to_vec()));
        assert_eq!(first.finish(content), ("memory", b"12345678".to_vec()));
        assert_eq!(budget.left.load(Ordering::Relaxed), 10);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_restart_forgets() {
        let dir = tempfile::tempdir().unwrap();
        let budget = MemoryBudget::new(4);
        let mut spool = Spool::new(&dir.path().join("v1.0.0.zip"), budget);
        spool.write(Bytes::from_static(b"too long for it")).unwrap();
        spool.spliced();
        assert!(spool.is_spliced());
        spool.restart().unwrap();
        assert!(!spool.is_spliced());
        spool.write(Bytes::from_static(b"ok")).unwrap();
        assert_eq!(spool.finish(content), ("memory", b"ok".to_vec()));
    }
}
