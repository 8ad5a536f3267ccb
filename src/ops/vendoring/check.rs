//! `vendor --check`: whether the vendor directory is what it should be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};
use crate::ops::listing::no_main_modules;
use crate::ops::load::Loaded;
use crate::ops::project::Project;
use crate::ops::vendoring::files::Plan;
use crate::ops::vendoring::{Outcome, blocking};
use crate::plan::build_mod::{BuildMod, Mode};
use crate::spec::module::Version;
use crate::sys::read;

/// The most files below a vendor directory.
const MAX_FILES: usize = 4 << 20;

/// A file that is not what it should be, named from the vendor directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// Its name.
    pub name: PathBuf,
    /// What is wrong with it.
    pub kind: DifferenceKind,
}

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DifferenceKind {
    /// It says something else.
    Changed,
    /// It is not there.
    Missing,
    /// It should not be there.
    Extra,
}

impl DifferenceKind {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            DifferenceKind::Changed => "changed",
            DifferenceKind::Missing => "missing",
            DifferenceKind::Extra => "extra",
        }
    }
}

/// Compares modules.txt with go.mod or go.work: nothing else is read.
pub(super) async fn modules(ctx: &Ctx, project: Project) -> Result<Outcome, Error> {
    let build_mod = BuildMod { mode: Mode::Vendor, ..BuildMod::default() };
    let loaded = Loaded::read_as(ctx, project, Some(build_mod)).await?;
    if loaded.main.is_empty() {
        return Err(Error::message(ErrorKind::Other, no_main_modules(&loaded.main)));
    }
    Ok(Outcome::default())
}

/// Compares the vendor directory with what it should be. The trees that its files are compared with are
/// held against the zips they were unpacked from, if those are there, and their hash against go.sum.
pub(super) async fn content(
    loaded: &Loaded,
    modules: Vec<Version>,
    modules_txt: &str,
    plan: &Plan,
    dir: PathBuf,
) -> Result<Vec<Difference>, Error> {
    let mut wanted: BTreeMap<PathBuf, Expected> = plan
        .files
        .iter()
        .map(|(name, from)| (name.clone(), Expected::Copy(from.clone())))
        .collect();
    if !modules_txt.is_empty() {
        wanted.insert("modules.txt".into(), Expected::Text(modules_txt.as_bytes().to_vec()));
    }
    check_trees(loaded, modules).await?;
    blocking(move || compare(&dir, &wanted)).await
}

/// Refuses trees that are not what was downloaded: nothing can be compared with them.
async fn check_trees(loaded: &Loaded, modules: Vec<Version>) -> Result<(), Error> {
    for (inspection, module) in
        loaded.pipeline.inspect(modules.clone()).await?.into_iter().zip(modules)
    {
        let inspection = inspection?;
        let recorded = inspection.recorded.as_deref().ok();
        let is_zip_right = inspection.zip.is_absent() || inspection.zip.hash() == recorded;
        if !is_zip_right || recorded.is_none() || inspection.tree.hash() != recorded {
            let text = "the module cache holds something else than was downloaded";
            return Err(Error::message(ErrorKind::Security, text)
                .of_module(&module)
                .hint("fetch it again: gomodfetch verify --repair"));
        }
    }
    Ok(())
}

enum Expected {
    Copy(PathBuf),
    Text(Vec<u8>),
}

fn compare(dir: &Path, wanted: &BTreeMap<PathBuf, Expected>) -> Result<Vec<Difference>, Error> {
    let listed = match read::list(dir, MAX_FILES) {
        Ok(Some(listed)) => listed,
        Ok(None) => {
            let text = format!("{}: too many files (max is {MAX_FILES})", dir.display());
            return Err(Error::message(ErrorKind::Other, text));
        }
        Err(err) if err.is_not_found() => Vec::new(),
        Err(err) => return Err(err.into()),
    };
    let there: BTreeMap<PathBuf, bool> =
        listed.into_iter().map(|file| (PathBuf::from(file.name), file.is_file)).collect();
    let mut differences = BTreeSet::new();
    let mut tell = |name: &Path, kind| {
        differences.insert(Difference { name: name.to_path_buf(), kind });
    };
    for (name, expected) in wanted {
        match there.get(name) {
            None => tell(name, DifferenceKind::Missing),
            Some(false) => tell(name, DifferenceKind::Changed),
            Some(true) => {
                let path = dir.join(name);
                let is_same = match expected {
                    Expected::Copy(from) => read::is_same(&path, from)?,
                    Expected::Text(text) => read::head(&path, text.len() + 1)? == *text,
                };
                if !is_same {
                    tell(name, DifferenceKind::Changed);
                }
            }
        }
    }
    for name in there.keys().filter(|name| !wanted.contains_key(*name)) {
        tell(name, DifferenceKind::Extra);
    }
    Ok(differences.into_iter().collect())
}
