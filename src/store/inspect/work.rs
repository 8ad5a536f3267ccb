//! One name of a zip and a tree: inflated, read, compared and hashed.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest as _, Sha256};

use super::pairs::{Pair, Pairs};
use crate::spec::dirhash::FileDigest;
use crate::spec::modzip::check::MAX_ZIP_FILE;
use crate::spec::modzip::extract::WHOLE;
use crate::spec::modzip::{Archive, Entry, Inflater, ReadAt, ZipError};
use crate::store::spool::MemoryBudget;
use crate::sys::IoError;
use crate::sys::cores::Cores;
use crate::sys::error::at;
use crate::sys::read::{self, Listed};

/// How much of a large file is read at once.
const PIECE: usize = 256 << 10;

/// A zip on disk, or read into memory.
#[derive(Debug)]
pub(super) enum Source {
    Memory { data: Vec<u8>, budget: Arc<MemoryBudget> },
    File(File),
}

impl Source {
    /// Opens a zip, and reads it if there is room.
    pub(super) fn open(path: &Path, budget: &Arc<MemoryBudget>) -> Result<Source, IoError> {
        let mut file = read::open(path)?;
        let size = file.metadata().map_err(at("stat", path))?.len();
        if !budget.take(size) {
            return Ok(Source::File(file));
        }
        let mut source = Source::Memory { data: Vec::new(), budget: Arc::clone(budget) };
        if let Source::Memory { data, .. } = &mut source {
            let limit = usize::try_from(size).unwrap_or(usize::MAX);
            let is_all = read::up_to(&mut file, path, limit, data);
            // What is given back in the end is what the data takes.
            budget.give_back(size - (data.len() as u64).min(size));
            if !is_all? {
                // It grows while it is read.
                return Ok(Source::File(file));
            }
        }
        Ok(source)
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        if let Source::Memory { data, budget } = self {
            budget.give_back(data.len() as u64);
        }
    }
}

impl ReadAt for Source {
    fn size(&self) -> io::Result<u64> {
        match self {
            Source::Memory { data, .. } => data.as_slice().size(),
            Source::File(file) => file.size(),
        }
    }

    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Source::Memory { data, .. } => data.as_slice().read_at(buf, offset),
            Source::File(file) => ReadAt::read_at(file, buf, offset),
        }
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Source::Memory { data, .. } => Some(data),
            Source::File(_) => None,
        }
    }
}

/// What was found out about one name.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// The content of the entry, if there is one.
    pub(super) entry: Option<Result<FileDigest, ZipError>>,
    /// The content of the file, if there is one.
    pub(super) file: Option<Result<FileDigest, FileFailure>>,
}

impl Done {
    pub(super) fn is_same(&self) -> bool {
        matches!((&self.entry, &self.file), (Some(Ok(a)), Some(Ok(b))) if a == b)
    }
}

/// A file of a tree has no hash.
#[derive(Debug)]
pub(super) enum FileFailure {
    Io(IoError),
    Oversized,
}

impl From<IoError> for FileFailure {
    fn from(err: IoError) -> FileFailure {
        FileFailure::Io(err)
    }
}

/// The buffers of one thread.
pub(super) struct Worker {
    inflater: Inflater,
    file: Vec<u8>,
}

impl Worker {
    pub(super) fn new() -> Worker {
        Worker { inflater: Inflater::fast(), file: Vec::new() }
    }
}

/// Works on all pairs; the results are in their order.
pub(super) fn all(
    pairs: &Pairs<'_>,
    tree: &Path,
    cores: &Cores,
    worker: &mut Worker,
) -> Vec<Vec<Done>> {
    let task = Task { pairs, tree, left: AtomicU64::new(MAX_ZIP_FILE) };
    let portion = |worker: &mut Worker, i: usize| match pairs.portions.get(i) {
        Some(portion) => task.portion(portion.clone(), worker),
        None => Vec::new(),
    };
    cores.map(worker, pairs.portions.len(), &Worker::new, &portion)
}

struct Task<'a> {
    pairs: &'a Pairs<'a>,
    tree: &'a Path,
    /// How many bytes the files not looked at yet may have together.
    left: AtomicU64,
}

impl Task<'_> {
    fn portion(&self, range: Range<usize>, worker: &mut Worker) -> Vec<Done> {
        let pairs = self.pairs.pairs.get(range).unwrap_or_default();
        pairs.iter().map(|pair| self.pair(*pair, worker)).collect()
    }

    fn pair(&self, pair: Pair, worker: &mut Worker) -> Done {
        let entry = pair.entry.and_then(|e| self.pairs.entries.get(e));
        let file = pair.file.and_then(|f| self.pairs.files.get(f));
        let mut opened = file.map(|file| self.open(file, &mut worker.file));
        let Worker { inflater, file: buffer } = worker;
        let mut is_same = false;
        let entry = match (self.pairs.archive, entry) {
            (Some(archive), Some(entry)) => Some(match &mut opened {
                Some(Ok(opened)) => {
                    let compared = opened.compare(archive, entry, inflater, buffer);
                    compared.map(|(digest, same)| {
                        is_same = same;
                        digest
                    })
                }
                _ => inflater.digest(archive, entry),
            }),
            _ => None,
        };
        let file = opened.map(|opened| match &entry {
            Some(Ok(digest)) if is_same => Ok(*digest),
            _ => opened.and_then(|opened| opened.digest(buffer)),
        });
        Done { entry, file }
    }

    /// Opens a file, and reads it into `buffer` if it is not too large for that.
    fn open(&self, file: &Listed, buffer: &mut Vec<u8>) -> Result<Opened, FileFailure> {
        let mut path = self.tree.to_path_buf();
        path.push(&file.name);
        let mut handle = file.open(&path)?;
        let mut opened = if read::up_to(&mut handle, &path, WHOLE as usize, buffer)? {
            Opened { rest: None, size: buffer.len() as u64 }
        } else {
            let size = handle.metadata().map_err(at("stat", &path))?.len();
            Opened { rest: Some((handle, path)), size }
        };
        // A file that grows is read to the size that it has now.
        opened.size = opened.size.max(buffer.len() as u64);
        let take = |left: u64| left.checked_sub(opened.size);
        match self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(_) => Ok(opened),
            Err(_) => Err(FileFailure::Oversized),
        }
    }
}

/// A file of a tree that was opened. Its content is in the worker's buffer, or, if it is large, is
/// read by way of it.
struct Opened {
    rest: Option<(File, std::path::PathBuf)>,
    size: u64,
}

impl Opened {
    /// Hashes an entry, and tells whether it has the content of this file.
    fn compare(
        &mut self,
        archive: &Archive<Source>,
        entry: &Entry<'_>,
        inflater: &mut Inflater,
        buffer: &mut Vec<u8>,
    ) -> Result<(FileDigest, bool), ZipError> {
        let mut is_same = self.size == entry.header.uncompressed;
        let mut at = 0;
        if let Some((file, _)) = &mut self.rest {
            is_same &= file.seek(SeekFrom::Start(0)).is_ok();
        }
        let digest = inflater.extract(archive, entry, |piece: &[u8]| {
            match &mut self.rest {
                None => {
                    let end = at + piece.len();
                    is_same = is_same && buffer.get(at..end) == Some(piece);
                    at = end;
                }
                Some((file, _)) if is_same => {
                    buffer.resize(piece.len(), 0);
                    is_same = file.read_exact(buffer).is_ok() && buffer == piece;
                }
                Some(_) => {}
            }
            Ok::<(), ZipError>(())
        })?;
        Ok((digest, is_same))
    }

    /// Hashes the file.
    fn digest(self, buffer: &mut Vec<u8>) -> Result<FileDigest, FileFailure> {
        let Some((mut file, path)) = self.rest else {
            return Ok(Sha256::digest(buffer).into());
        };
        file.seek(SeekFrom::Start(0)).map_err(at("seek", &path))?;
        let mut hash = Sha256::new();
        let mut left = self.size;
        buffer.resize(PIECE, 0);
        loop {
            let read = match file.read(buffer) {
                Ok(read) => read,
                Err(err) if err.kind() == io::ErrorKind::Interrupted => continue,
                Err(err) => return Err(IoError::new("read", &path, &err).into()),
            };
            let piece = buffer.get(..read).unwrap_or_default();
            if piece.is_empty() {
                return Ok(hash.finalize().into());
            }
            left = left.checked_sub(piece.len() as u64).ok_or(FileFailure::Oversized)?;
            hash.update(piece);
        }
    }
}
