//! `download --dry-run`: what would be fetched, and how much, with nothing written anywhere.
//!
//! The build list has to be known, so go.mod files are fetched, and checked as always; but neither
//! they nor anything else is kept. The size of a zip is what its source announces.

use crate::ctx::Ctx;
use crate::error::Error;
use crate::ops::download::{Args, Run};
use crate::ops::needed;
use crate::ops::project::Project;
pub use crate::pipeline::Forecast;
use crate::spec::module::Version;

/// One module version that the download would look at.
#[derive(Debug)]
pub struct Planned {
    /// The module.
    pub module: Version,
    /// Whether it is there, or what would be fetched; or why it can't be had.
    pub forecast: Result<Forecast, Error>,
}

/// What the download would do.
#[derive(Debug, Default)]
pub struct Plan {
    /// The modules, in the order of the arguments and of the build list.
    pub modules: Vec<Planned>,
    /// How many go.mod files were fetched to find that out.
    pub go_mods: u64,
    /// Their size together, in bytes.
    pub go_mod_bytes: u64,
    /// Why the module graph is incomplete.
    pub graph_error: Option<Error>,
}

impl Plan {
    /// The error that decides the exit code.
    pub fn error(&self) -> Option<&Error> {
        let errors = self.modules.iter().filter_map(|planned| planned.forecast.as_ref().err());
        errors.chain(&self.graph_error).next()
    }
}

/// Finds out what `download` with these arguments would fetch. The settings must say that nothing
/// is kept ([`Ctx::dry`]).
///
/// # Errors
/// What would end the download before any module is looked at.
pub async fn run(ctx: &Ctx, args: &Args) -> Result<Plan, Error> {
    if args.needed.is_some() {
        needed::refuse(args, true)?;
    }
    let mut project = Project::find(ctx)?;
    project.ignore_missing_use = args.ignore_missing_use;
    let mut run = Run::start(ctx, args, project).await?;
    let Some(modules) = run.arguments().await? else {
        let modules = run.forecast_toolchains().await?;
        return Ok(Plan { modules, ..Plan::default() });
    };
    let listing = run.list(&modules).await?;
    for warning in &listing.warnings {
        ctx.note(warning.clone());
    }
    run.settle(&listing);
    let pipeline = run.pipeline();
    // Of the main module and of directories there is nothing to fetch.
    let named = listing
        .modules
        .iter()
        .filter(|listed| !listed.module.version.is_empty() || listed.error.is_some());
    let forecasts = named.map(|listed| async {
        let forecast = match &listed.error {
            Some(err) => Err(err.clone()),
            None => pipeline.forecast(&listed.module).await,
        };
        Planned { module: listed.module.clone(), forecast }
    });
    let mut modules = futures_util::future::join_all(forecasts).await;
    modules.extend(run.forecast_toolchains().await?);
    let (go_mods, go_mod_bytes) = pipeline.fetched_go_mods();
    Ok(Plan { modules, go_mods, go_mod_bytes, graph_error: listing.graph_error })
}
