//! The zip of a version, made from its tree.
//!
//! Implements <https://go.dev/ref/mod#zip-files> for repositories. Which files are in it, and its form,
//! is [`spec::modzip`](crate::spec::modzip).

use std::io::{BufWriter, Read, Write};
use std::path::Path;

use super::code::{CodeRepo, joined};
use crate::error::{Error, ErrorKind};
use crate::source::MAX_GO_MOD;
use crate::spec::module::Version;
use crate::spec::modzip::{
    CreateError, Kind, MAX_LICENSE, TreeFile, Writer, choose, wants_license,
};
use crate::sys::error::at;
use crate::sys::file::TempFile;
use crate::vcs::{Entry, EntryKind};

/// Bytes copied at a time.
const PIECE: usize = 64 << 10;
const LICENSE: &str = "LICENSE";

impl CodeRepo {
    /// The zip of `version`, in a file in `temp_dir`.
    ///
    /// # Errors
    /// When there is no such version of this module, or no zip can be made of it.
    pub fn zip(&self, version: &str, temp_dir: &Path) -> Result<TempFile, Error> {
        self.check_version(version)?;
        let place = self.find_dir(version)?;
        let go_mod_file = joined(&place.dir, "go.mod");
        let go_mod = match self.code.read_file(&place.rev, &go_mod_file, MAX_GO_MOD) {
            Ok(data) => Some(data),
            Err(err) if err.is_not_found() => None,
            Err(err) => return Err(err),
        };
        let tree = self.code.read_tree(&place.rev, &place.dir)?;
        let mut files: Vec<TreeFile<'_>> = tree.entries().iter().map(tree_file).collect();
        let license = match !place.dir.is_empty() && wants_license(&files) {
            true => self.code.read_file(&place.rev, LICENSE, MAX_LICENSE).ok(),
            false => None,
        };
        if let Some(data) = &license {
            files.push(TreeFile::file(LICENSE.as_bytes(), data.len() as u64));
        }
        let module = Version::new(self.path.as_str(), version);
        let chosen = choose(&module, &files, go_mod.as_deref()).map_err(refused)?;

        let file = TempFile::create(temp_dir, "gomodfetch-")?;
        let path = file.path().to_path_buf();
        let mut zip = Writer::new(BufWriter::with_capacity(PIECE, Out(file)), &module);
        for index in chosen {
            let Some(entry) = files.get(index) else { continue };
            zip.start(entry.path, entry.size).map_err(refused)?;
            if index >= tree.entries().len() {
                zip.write(license.as_deref().unwrap_or_default()).map_err(refused)?;
                continue;
            }
            let mut content = tree.open(index)?;
            let mut piece = vec![0; PIECE];
            loop {
                let read = content.read(&mut piece).map_err(at("read", &path))?;
                if read == 0 {
                    break;
                }
                zip.write(piece.get(..read).unwrap_or_default()).map_err(refused)?;
            }
        }
        let out = zip.finish().map_err(refused)?;
        let out = out.into_inner().map_err(|err| at("write", &path)(err.into_error()))?;
        Ok(out.0)
    }
}

fn tree_file(entry: &Entry) -> TreeFile<'_> {
    let kind = match entry.kind {
        EntryKind::File => Kind::File,
        EntryKind::Symlink => Kind::Symlink,
        EntryKind::Other => Kind::Irregular,
    };
    TreeFile { path: &entry.path, kind, size: entry.size }
}

/// No zip can be made of what is there: a rule for module zips is broken.
fn refused(err: CreateError) -> Error {
    Error::new(ErrorKind::Security, err)
}

/// A temporary file as something that can be written to.
struct Out(TempFile);

impl Write for Out {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        self.0.write_all(data).map_err(std::io::Error::other)?;
        Ok(data.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
