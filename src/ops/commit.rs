//! go.mod and go.sum written back, each under its lock, and only where they say something new. In a
//! workspace no go.mod is written, and the sums go to go.work.sum.

use std::collections::HashSet;

use crate::error::{Error, ErrorKind};
use crate::ops::overlay::Overlay;
use crate::ops::session;
use crate::pipeline::Pipeline;
use crate::plan::summary::GoRules;
use crate::plan::write::{sums_to_keep, update_go_mod};
use crate::plan::{MainModule, MainModules, Requirements};
use crate::spec::module::Version;
use crate::sys::IoError;
use crate::sys::change::{self, Kind};
use crate::sys::lock::Lock;

/// Largest go.mod that is written over.
const MAX_GO_MOD: u64 = 16 << 20;

/// How far writing may go.
#[derive(Debug, Clone, Copy)]
pub struct Permission {
    /// `--locked`: a file that would change is an error.
    pub locked: bool,
    /// Whether hashes of zips are added to go.sum, or only those of go.mod files.
    pub zip_sums: bool,
}

/// Brings go.mod and go.sum up to date with the requirements and with what was checked; outside of
/// any module there are none.
///
/// # Errors
/// When a file would change and must not, has changed meanwhile, or can't be written.
pub fn commit(
    main: &mut MainModules,
    requirements: &Requirements,
    pipeline: &Pipeline,
    overlay: &Overlay,
    rules: &GoRules,
    permission: Permission,
) -> Result<(), Error> {
    let build_mod = main.build_mod.clone();
    let may_change = !main.must_be_complete();
    if let Some(main) = main.single_mut() {
        update_go_mod(main, requirements, rules, build_mod.mode)?;
    }
    let mut keep = sums_to_keep(requirements, requirements.loaded_graph(), main);
    if !permission.zip_sums {
        keep.retain(|key| key.version.ends_with("/go.mod"));
    }
    if let Some(main) = main.single()
        && main.as_read.differs_from(&main.file)
    {
        if !may_change {
            return Err(build_mod.go_mod_dirty());
        }
        if permission.locked {
            return Err(locked("go.mod"));
        }
        write_go_mod(main, pipeline, overlay)?;
    }
    if !may_change && !build_mod.adds_sums && pipeline.verifier().gosum().is_dirty(&keep) {
        let text = "updates to go.sum needed, disabled by -mod=readonly";
        return Err(Error::message(ErrorKind::Other, text));
    }
    write_go_sum(pipeline, &keep, overlay, permission)
}

fn write_go_mod(main: &MainModule, pipeline: &Pipeline, overlay: &Overlay) -> Result<(), Error> {
    if overlay.replaces(&main.go_mod_path) {
        return Err(Error::message(
            ErrorKind::Other,
            "updates to go.mod needed, but go.mod is part of the overlay specified with -overlay",
        ));
    }
    let new = main.file.format();
    let (_side_lock, kind) = side_lock(pipeline);
    let written = change::transform::<Failure>(&main.go_mod_path, MAX_GO_MOD, kind, |old| {
        if old == new {
            return Ok(None);
        }
        if old != main.as_read.data {
            return Err(Failure::Changed);
        }
        Ok(Some(new))
    });
    written.map_err(|failure| match failure {
        Failure::Io(err) => Error::from(err).context("updating go.mod: "),
        Failure::Changed => Error::message(
            ErrorKind::Other,
            "updating go.mod: existing contents have changed since last read",
        ),
    })
}

fn write_go_sum(
    pipeline: &Pipeline,
    keep: &HashSet<Version>,
    overlay: &Overlay,
    permission: Permission,
) -> Result<(), Error> {
    let gosum = pipeline.verifier().gosum();
    if !gosum.is_dirty(keep) {
        return Ok(());
    }
    if permission.locked {
        return Err(locked(gosum.name()));
    }
    if gosum.path().is_some_and(|path| overlay.replaces(path)) {
        return Err(Error::message(
            ErrorKind::Other,
            "updates to go.sum needed, but go.sum is part of the overlay specified with -overlay",
        ));
    }
    let (_side_lock, kind) = side_lock(pipeline);
    gosum.write(keep, kind)
}

/// `cache/lock`, which go commands take too before they write: so none waits for a file that is renamed
/// over. Where it can't be had nothing is.
fn side_lock(pipeline: &Pipeline) -> (Option<Lock>, Kind) {
    match session::side_lock(pipeline.store()) {
        Some(lock) => (Some(lock), Kind::Source),
        None => (None, Kind::InPlace),
    }
}

fn locked(file: &str) -> Error {
    Error::message(ErrorKind::Other, format!("updates to {file} needed, disabled by --locked"))
        .hint(format!("run again without --locked and commit the new {file}"))
}

/// Why go.mod was not written.
enum Failure {
    Io(IoError),
    Changed,
}

impl From<IoError> for Failure {
    fn from(err: IoError) -> Failure {
        Failure::Io(err)
    }
}
