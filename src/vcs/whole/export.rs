//! The tree of a revision of a Subversion repository: listed, and exported into a temporary folder.
//!
//! The names are those of the list: what becomes of them in the file system is the system's choice.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::answers::{AnswerError, listed};
use super::network;
use crate::error::{Error, ErrorKind};
use crate::spec::module::check_file_path;
use crate::sys::tree;
use crate::sys::{error::at, file};
use crate::vcs::run::{Call, Runner};
use crate::vcs::{Entry, EntryKind, Tree, no_file};

/// Most files of a tree, as for module zips.
const MAX_ENTRIES: usize = 512 << 10;
/// Largest sum of their sizes, as for module zips.
const MAX_SIZE: u64 = 500 << 20;

/// An exported tree, which is removed in the end.
pub(super) struct Export {
    dir: PathBuf,
    entries: Vec<Entry>,
}

/// Exports what is below `subdir` at `rev`. Commands run in `work_dir`.
///
/// # Errors
/// When the server can't be reached, says no, or has more than a module can have.
pub(super) fn export(
    runner: &Runner,
    work_dir: &Path,
    remote: &str,
    rev: &str,
    subdir: &str,
) -> Result<Export, Error> {
    let place = if subdir.is_empty() { remote.to_owned() } else { format!("{remote}/{subdir}") };
    let list = ["list", "--non-interactive", "--xml", "--incremental", "--recursive"];
    let list = list.into_iter().chain(["--revision", rev, "--", &place]);
    let out = runner.run(&Call::new("svn", work_dir, list).network()).map_err(network)?;
    let wrong = |err| Error::new(ErrorKind::Other, err);
    let files = listed(&String::from_utf8_lossy(&out)).map_err(wrong)?;
    let size = files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.size));
    if files.len() > MAX_ENTRIES || size > MAX_SIZE {
        return Err(Error::message(ErrorKind::Security, "downloaded zip file too large"));
    }
    let entry = |file: super::answers::Listed| Entry {
        path: file.name.into_bytes(),
        kind: EntryKind::File,
        size: file.size,
    };
    let entries = files.into_iter().map(entry).collect();
    let name = format!("gomodfetch-svn-{}-{}", std::process::id(), file::unique());
    // From here on the folder is removed, whatever happens.
    let export = Export { dir: runner.settings().temp_dir.join(name), entries };
    let dir = export.dir.display().to_string();
    let fixed = ["export", "--non-interactive", "--quiet", "--native-eol", "LF"];
    let args = fixed.into_iter().chain(["--ignore-externals", "--ignore-keywords"]);
    let args = args.chain(["--revision", rev, "--", &place, &dir]);
    runner.run(&Call::new("svn", work_dir, args).network()).map_err(network)?;
    Ok(export)
}

impl Tree for Export {
    fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn open(&self, index: usize) -> Result<Box<dyn Read + '_>, Error> {
        let entry = self.entries.get(index).ok_or_else(no_file)?;
        let name = String::from_utf8_lossy(&entry.path).into_owned();
        // Nothing leads out of the folder.
        check_file_path(&name).map_err(|err| Error::new(ErrorKind::Security, err))?;
        let path = self.dir.join(&name);
        let Ok(meta) = std::fs::symlink_metadata(&path) else {
            return Err(Error::new(ErrorKind::Other, AnswerError::NotExported(name)));
        };
        // Nor does a link, which svn makes of some files and which has another size.
        if !meta.is_file() || meta.len() != entry.size {
            let (listed, exported) = (entry.size, meta.len());
            return Err(Error::new(ErrorKind::Other, AnswerError::Size { name, listed, exported }));
        }
        Ok(Box::new(File::open(&path).map_err(at("open", &path))?))
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        let _ = tree::remove_all(&self.dir);
    }
}
