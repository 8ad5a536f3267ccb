//! `vendor`: the vendor directory made anew, as `go mod vendor` and `go work vendor` make it.
//!
//! All packages are loaded that the main modules need for any system, with the tests of the main
//! modules. What is to stand in the vendor directory is put together first ([`contents`]), then copied
//! into a folder beside it, which takes its place in the end. Whatever goes wrong before that leaves
//! the old one as it was; go removes it first.
//!
//! Implements <https://go.dev/ref/mod#go-mod-vendor> and <https://go.dev/ref/mod#go-work-vendor>.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};
use crate::ops::commit::Permission;
use crate::ops::listing::no_main_modules;
use crate::ops::load::Loaded;
use crate::ops::packages::trees::Trees;
use crate::ops::packages::{self, Options, Tell};
use crate::ops::project::Project;
use crate::ops::session;
use crate::plan::build_mod::{BuildMod, Mode};
use crate::spec::filepath;
use crate::spec::imports::tags::Tags;
use crate::sys::replace::Replacement;

mod check;
pub mod contents;
mod files;

pub use check::Difference;
use contents::Contents;

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct Args {
    /// Arguments, of which there may be none.
    pub operands: usize,
    /// `-e`: go on in spite of packages that can't be loaded.
    pub tolerant: bool,
    /// `-v`: name the modules and packages.
    pub verbose: bool,
    /// `-o`: where to make the directory.
    pub out: Option<PathBuf>,
    /// Whether it is `work vendor`.
    pub of_work: bool,
    /// `--check`: only compare.
    pub check: Option<Check>,
    /// `--ignore-missing-use`: a folder that go.work uses may be missing.
    pub ignore_missing_use: bool,
}

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// modules.txt with go.mod.
    Modules,
    /// Every file, too.
    Content,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What is wrong with packages, in the order in which it is told.
    pub errors: Vec<Error>,
    /// Whether that makes the run a failure.
    pub failed: bool,
    /// What `--check=content` found.
    pub differences: Vec<Difference>,
}

/// Makes the vendor directory anew, or compares it with what it should be.
///
/// # Errors
/// What ends the run before packages are looked at, and what keeps files from being written.
pub async fn run(ctx: &Ctx, args: &Args) -> Result<Outcome, Error> {
    let mut project = Project::find(ctx)?;
    project.ignore_missing_use = args.ignore_missing_use;
    refuse(args, &project)?;
    if args.check == Some(Check::Modules) {
        return check::modules(ctx, project).await;
    }
    let build_mod = BuildMod { mode: Mode::Readonly, ..BuildMod::default() };
    let mut loaded = Loaded::read_as(ctx, project, Some(build_mod)).await?;
    if loaded.main.is_empty() && !loaded.main.is_workspace() {
        return Err(Error::message(ErrorKind::Other, no_main_modules(&loaded.main)));
    }
    loaded.forbid_switching();
    loaded.settle_roots().await?;
    let options = Options {
        tags: Arc::new(Tags::Any),
        folder_tags: Arc::new(Tags::Any),
        tests: false,
        vendor_all: true,
        resolves: true,
        follow_std: false,
        tell: Tell::AllButStd,
    };
    let trees = Trees::default();
    let all = ["all".to_owned()];
    let loading = packages::load(ctx, &mut loaded, &trees, &options, &all).await?;
    let mut outcome = Outcome { errors: loading.errors, ..Outcome::default() };
    if !outcome.errors.is_empty() && !args.tolerant {
        outcome.failed = true;
        return Ok(outcome);
    }
    packages::matching::note_unmatched(ctx, &loading.matched);
    loaded.commit(Permission { locked: args.check.is_some(), zip_sums: true })?;
    let contents = Contents::of(&loaded, &trees, &loading.packages).await?;
    let dir = directory(ctx, args, &loaded)?;
    let tolerant = args.tolerant;
    let text = contents.modules_txt.clone();
    let modules = contents.modules.iter().cloned().collect();
    let files = blocking(move || files::plan(&contents)).await?;
    let failed = files.errors.iter().map(|err| Error::message(ErrorKind::Other, err.clone()));
    outcome.errors.extend(failed);
    outcome.failed = !outcome.errors.is_empty() && !tolerant;
    if args.check.is_some() {
        outcome.differences = check::content(&loaded, modules, &text, &files, dir).await?;
        outcome.failed |= !outcome.differences.is_empty();
        return Ok(outcome);
    }
    if args.verbose && !text.is_empty() {
        ctx.note(text.trim_end_matches('\n'));
    }
    if outcome.failed {
        return Ok(outcome);
    }
    if text.is_empty() {
        ctx.note("go: no dependencies to vendor");
    }
    let jobs = std::thread::available_parallelism().map_or(2, usize::from);
    blocking(move || write(&dir, &text, &files, jobs)).await?;
    Ok(outcome)
}

/// Refuses what makes no sense.
fn refuse(args: &Args, project: &Project) -> Result<(), Error> {
    let text = match (args.of_work, project.work.is_some()) {
        (false, true) => {
            "'go mod vendor' cannot be run in workspace mode. Run 'go work vendor' to vendor the \
             workspace or set 'GOWORK=off' to exit workspace mode."
        }
        (true, false) => {
            "no go.work file found\n\t(run 'go work init' first or specify path using GOWORK \
             environment variable)"
        }
        _ if args.operands > 0 => "'go mod vendor' accepts no arguments",
        _ => return Ok(()),
    };
    Err(Error::message(ErrorKind::Other, text))
}

/// Where the vendor directory stands.
fn directory(ctx: &Ctx, args: &Args, loaded: &Loaded) -> Result<PathBuf, Error> {
    if let Some(out) = args.out.as_ref().filter(|out| !out.as_os_str().is_empty()) {
        return Ok(filepath::clean(&ctx.cwd.join(out)));
    }
    let dir = loaded.main.dir().ok_or_else(|| session::internal("no main module"))?;
    Ok(dir.join("vendor"))
}

/// Writes everything and puts it in place.
fn write(dir: &Path, text: &str, files: &files::Plan, jobs: usize) -> Result<(), Error> {
    let replacement = Replacement::of(dir)?;
    if text.is_empty() {
        return Ok(replacement.remove()?);
    }
    replacement.fill(&files.folders, &files.files, jobs)?;
    replacement.write("modules.txt", text.as_bytes())?;
    Ok(replacement.publish()?)
}

/// Runs work that blocks on a thread of its own.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(err) => Err(session::internal(&err.to_string())),
    }
}
