//! What lies in the cache of a module version, hashed anew: the zip, the tree, and the hash that was
//! recorded for them.
//!
//! A file that is in the zip and in the tree is hashed once: what comes out of the zip is compared
//! with the file byte by byte, and only where they differ is the file hashed too. So it is known at
//! the same time which files differ. Modules, and the files of large ones, are spread over the cores.
//!
//! | file      | what it does                                                                   |
//! |-----------|--------------------------------------------------------------------------------|
//! | `pairs` | the entries of a zip and the files of a tree, by their names                   |
//! | `work`  | one of these pairs: inflated, read, compared and hashed                        |
//!
//! Bounds, for each core: one zip's directory, one tree's list of names, one entry inflated and one
//! file (4 MiB each; larger ones go through in pieces); for all together 16 MiB of zips in memory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::Error;
use crate::spec::dirhash::H1;
use crate::spec::module::Version;
use crate::spec::modzip::check::{MAX_NODES, MAX_ZIP_FILE};
use crate::spec::modzip::{Archive, CheckError, check_zip};
use crate::store::Store;
use crate::store::layout::Kind;
use crate::store::spool::MemoryBudget;
use crate::sys::IoError;
use crate::sys::cores::Cores;
use crate::sys::read::{self, Listed};

mod pairs;
mod work;

use pairs::Pairs;
use work::{Source, Worker};

/// Zips that are held in memory, all together; larger ones are read piece by piece.
const ZIP_MEMORY: u64 = 16 << 20;
/// A recorded hash is much shorter.
const MAX_RECORDED: usize = 1 << 10;
/// How many names of each kind of difference are kept.
const MAX_NAMES: usize = 10;

/// What lies in the cache of one module version.
#[derive(Debug)]
pub struct Inspection {
    /// Which one.
    pub module: Version,
    /// Where the zip stands, or would.
    pub zip_path: PathBuf,
    /// Where the tree stands, or would.
    pub tree_path: PathBuf,
    /// The content of `.ziphash`, without white space around it.
    pub recorded: Result<String, IoError>,
    /// The zip.
    pub zip: Content,
    /// Why go would not unpack the zip, though it may have the right hash.
    pub zip_breaks: Option<String>,
    /// Whether the tree is taken for complete.
    pub tree_state: TreeState,
    /// The tree; absent if it is marked as incomplete.
    pub tree: Content,
    /// The hash that the go.mod at the top of the zip has as a go.mod file.
    pub go_mod_in_zip: Option<String>,
    /// In what the tree differs from the zip, if both could be listed.
    pub differences: Option<Differences>,
}

/// The zip or the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// There is none.
    Absent,
    /// It can't be read, or has no hash.
    Unreadable {
        /// Why, in go's words.
        text: String,
        /// Whether it is damaged, rather than forbidden to read.
        is_damaged: bool,
    },
    /// It is larger than any module, and was not read to its end.
    Oversized,
    /// It has this `h1:` hash.
    Hash(String),
}

/// Whether go takes a tree for complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TreeState {
    /// There is none, or it is marked as incomplete: nobody believes it.
    None,
    /// No hash is recorded, so it counts as incomplete until one is.
    Unrecorded,
    /// It is.
    Complete,
}

/// The files of a tree, if there is one; or what it is otherwise.
type Listing = Result<Option<Vec<Listed>>, Content>;

/// In what a tree differs from a zip.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Differences {
    /// Files with other content.
    pub changed: Names,
    /// Files that only the zip has.
    pub missing: Names,
    /// Files that only the tree has.
    pub extra: Names,
    /// The zip lists folders, which count in its hash and in no tree's.
    pub lists_folders: bool,
}

/// Some names of many.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// The first ones.
    pub first: Vec<String>,
    /// How many there are.
    pub count: usize,
}

impl Names {
    fn add(&mut self, name: &[u8]) {
        if self.count < MAX_NAMES {
            self.first.push(String::from_utf8_lossy(name).into_owned());
        }
        self.count += 1;
    }
}

impl Inspection {
    /// Whether anything that has a hash is there.
    pub fn is_anything(&self) -> bool {
        !self.zip.is_absent() || !self.tree.is_absent() || self.recorded.is_ok()
    }
}

impl Content {
    /// Whether there is nothing.
    pub fn is_absent(&self) -> bool {
        *self == Content::Absent
    }

    /// Its hash, if it has one.
    pub fn hash(&self) -> Option<&str> {
        match self {
            Content::Hash(hash) => Some(hash),
            _ => None,
        }
    }

    fn forbidden(err: &IoError) -> Content {
        let is_damaged = err.kind != std::io::ErrorKind::PermissionDenied;
        Content::Unreadable { text: err.to_string(), is_damaged }
    }

    fn damaged(err: impl std::fmt::Display) -> Content {
        Content::Unreadable { text: err.to_string(), is_damaged: true }
    }
}

impl Store {
    /// Inspects many versions on all cores; the results are in the order of `modules`. Blocks.
    pub fn inspect_all(&self, modules: &[Version], cores: usize) -> Vec<Result<Inspection, Error>> {
        // The largest first, so that none of them is left over in the end.
        let size = |module| {
            let zip = self.file(module, Kind::Zip).ok();
            zip.and_then(|path| std::fs::metadata(path).ok()).map_or(0, |meta| meta.len())
        };
        let mut order: Vec<(u64, usize)> =
            modules.iter().enumerate().map(|(i, module)| (size(module), i)).collect();
        order.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        let cores = Cores::new(cores);
        let memory = MemoryBudget::new(ZIP_MEMORY);
        let inspect = |worker: &mut Worker, place: usize| {
            let (_, index) = order.get(place)?;
            let module = modules.get(*index)?;
            Some((*index, self.inspect(module, &cores, worker, &memory)))
        };
        let done = cores.map(&mut Worker::new(), order.len(), &Worker::new, &inspect);
        let mut done: Vec<_> = done.into_iter().flatten().collect();
        done.sort_by_key(|(index, _)| *index);
        done.into_iter().map(|(_, inspection)| inspection).collect()
    }

    fn inspect(
        &self,
        module: &Version,
        cores: &Cores,
        worker: &mut Worker,
        memory: &Arc<MemoryBudget>,
    ) -> Result<Inspection, Error> {
        let zip_path = self.file(module, Kind::Zip)?;
        let tree_path = self.tree(module)?;
        let recorded = read::head(&self.file(module, Kind::ZipHash)?, MAX_RECORDED)
            .map(|data| String::from_utf8_lossy(&data).trim().to_owned());
        let (tree_state, listed) = self.list_tree(module, &tree_path)?;
        let prefix = format!("{module}/");
        let mut inspection = Inspection {
            module: module.clone(),
            zip_path,
            tree_path,
            recorded,
            zip: Content::Absent,
            zip_breaks: None,
            tree_state,
            tree: Content::Absent,
            go_mod_in_zip: None,
            differences: None,
        };
        let files = match listed {
            Ok(files) => files,
            Err(content) => {
                inspection.tree = content;
                None
            }
        };
        let archive = match open_zip(&inspection.zip_path, memory) {
            Ok(archive) => archive,
            Err(content) => {
                inspection.zip = content;
                None
            }
        };
        if let Some(archive) = &archive
            && let Err(err) = check_zip(archive, module)
        {
            inspection.zip_breaks = Some(err.to_string());
            if !matches!(err, CheckError::Files(_)) {
                // Too much to be inflated only to be refused.
                inspection.zip = Content::damaged(err);
            }
        }
        let readable = archive.as_ref().filter(|_| inspection.zip.is_absent());
        let pairs = Pairs::new(readable, files.as_deref(), prefix.as_bytes());
        let done = work::all(&pairs, &inspection.tree_path, cores, worker);
        if readable.is_some() {
            inspection.zip = pairs.zip_hash(&done);
            inspection.go_mod_in_zip = pairs.go_mod_hash(&done);
        }
        if files.is_some() {
            inspection.tree = pairs.tree_hash(&done);
        }
        inspection.differences =
            (readable.is_some() && files.is_some()).then(|| pairs.differences(&done));
        Ok(inspection)
    }

    /// Whether the tree counts, and the files in it; or why they can't be listed.
    fn list_tree(&self, module: &Version, tree: &Path) -> Result<(TreeState, Listing), Error> {
        let none = Ok((TreeState::None, Ok(None)));
        // As with go, what can't be looked at, or is no folder, is as good as nothing.
        if !std::fs::metadata(tree).is_ok_and(|meta| meta.is_dir()) {
            return none;
        }
        if std::fs::metadata(self.file(module, Kind::Partial)?).is_ok() {
            return none;
        }
        let recorded = std::fs::metadata(self.file(module, Kind::ZipHash)?);
        let state = match recorded {
            Err(err) if err.kind() == std::io::ErrorKind::NotFound => TreeState::Unrecorded,
            _ => TreeState::Complete,
        };
        if std::fs::symlink_metadata(tree).is_ok_and(|meta| !meta.is_dir()) {
            let text = format!("{} is not a directory", tree.display());
            return Ok((state, Err(Content::damaged(text))));
        }
        let listed = match read::list(tree, MAX_NODES) {
            Ok(Some(mut files)) => {
                files.sort_by(|a, b| a.name.cmp(&b.name));
                Ok(Some(files))
            }
            Ok(None) => Err(Content::Oversized),
            Err(err) => Err(Content::forbidden(&err)),
        };
        Ok((state, listed))
    }
}

/// The zip; nothing if there is none.
fn open_zip(path: &Path, memory: &Arc<MemoryBudget>) -> Result<Option<Archive<Source>>, Content> {
    match std::fs::metadata(path) {
        Err(err) if err.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Ok(meta) if meta.is_file() && meta.len() > MAX_ZIP_FILE => {
            return Err(Content::damaged(CheckError::ZipSize { size: meta.len() }));
        }
        _ => {}
    }
    let source = Source::open(path, memory).map_err(|err| Content::forbidden(&err))?;
    Archive::open(source).map(Some).map_err(|err| match err {
        crate::spec::modzip::ZipError::Io(err) => {
            Content::forbidden(&IoError::new("read", path, &err))
        }
        err => Content::damaged(err),
    })
}

/// The hash of what was added, or go's error where there is none.
fn finish(hash: H1) -> Content {
    match hash.finish() {
        Ok(hash) => Content::Hash(hash),
        Err(err) => Content::damaged(err),
    }
}
