//! `why`: what needs a package or a module, as `go mod why` tells it: a shortest chain of imports that
//! begins in a main module.
//!
//! Nothing is written but what is fetched, to the cache. What is wrong with packages is no error here:
//! they just lead nowhere.
//!
//! Implements <https://go.dev/ref/mod#go-mod-why>.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};
use crate::ops::list::one;
use crate::ops::listing::{self, Purpose, no_main_modules};
use crate::ops::load::Loaded;
use crate::ops::module_info::{Describer, Wanted};
use crate::ops::packages::trees::Trees;
use crate::ops::packages::{self, Loading, Options, Tell};
use crate::ops::project::Project;
use crate::ops::reuse::Reuse;
use crate::spec::imports::tags::Tags;

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct Args {
    /// Packages, or modules.
    pub names: Vec<String>,
    /// `-m`: they are modules.
    pub modules: bool,
    /// `-vendor`: tests of dependencies don't count.
    pub vendor: bool,
    /// `--ignore-missing-use`: a folder that go.work uses may be missing.
    pub ignore_missing_use: bool,
}

/// Why one package or module is needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// Its path.
    pub name: String,
    /// What imports it, from a main module on; `None` if nothing does.
    pub chain: Option<Vec<String>>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The reasons, in the order of the arguments.
    pub reasons: Vec<Reason>,
    /// What is wrong with the module graph.
    pub errors: Vec<Error>,
}

/// Finds out why packages or modules are needed.
///
/// # Errors
/// When there is no main module, or an argument can't be understood.
pub async fn run(ctx: &Ctx, args: &Args) -> Result<Outcome, Error> {
    let mut project = Project::find(ctx)?;
    project.ignore_missing_use = args.ignore_missing_use;
    if args.modules
        && let Some(name) = args.names.iter().find(|name| name.contains('@'))
    {
        let text = format!("{name}: 'go mod why' requires a module path, not a version query");
        return Err(Error::message(ErrorKind::Usage, text));
    }
    let mut loaded = Loaded::read(ctx, project).await?;
    if loaded.main.is_empty() && !loaded.main.is_workspace() {
        return Err(Error::message(ErrorKind::Other, no_main_modules(&loaded.main)));
    }
    loaded.forbid_switching();
    loaded.drop_redundant_roots().await?;
    let options = Options {
        tags: Arc::new(Tags::Any),
        folder_tags: Arc::new(packages::host_tags(&loaded.rules.running.version)),
        tests: !args.vendor,
        vendor_all: args.vendor,
        resolves: false,
        follow_std: true,
        tell: Tell::Nothing,
    };
    let trees = Trees::default();
    if args.modules {
        return modules(ctx, args, &mut loaded, &trees, &options).await;
    }
    let named = packages::load(ctx, &mut loaded, &trees, &options, &args.names).await?;
    if !named.errors.is_empty() {
        return Ok(Outcome { errors: named.errors, ..Outcome::default() });
    }
    packages::matching::note_unmatched(ctx, &named.matched);
    let all = all(ctx, &mut loaded, &trees, &options).await?;
    let names = named.matched.into_iter().flat_map(|matched| matched.packages);
    let reasons = names.map(|name| Reason { chain: all.packages.why(&name), name });
    Ok(Outcome { reasons: reasons.collect(), errors: all.errors })
}

async fn all(
    ctx: &Ctx,
    loaded: &mut Loaded,
    trees: &Trees,
    options: &Options,
) -> Result<Loading, Error> {
    let loading = packages::load(ctx, loaded, trees, options, &["all".to_owned()]).await?;
    if loading.errors.is_empty() {
        packages::matching::note_unmatched(ctx, &loading.matched);
    }
    Ok(loading)
}

/// The same for modules: that of their package which is nearest to a main module.
async fn modules(
    ctx: &Ctx,
    args: &Args,
    loaded: &mut Loaded,
    trees: &Trees,
    options: &Options,
) -> Result<Outcome, Error> {
    let mut names = Vec::new();
    if args.names.is_empty() {
        names.extend(loaded.main.versions().into_iter().map(|module| module.path));
    } else {
        let listing = listing::list(
            &args.names,
            loaded.requirements.clone(),
            &loaded.main,
            &loaded.pipeline,
            &loaded.dependencies,
            Purpose::Describe { versions: false, any: false },
            &Reuse::default(),
        )
        .await?;
        for warning in &listing.warnings {
            ctx.note(warning.clone());
        }
        // go describes them, and so has looked at them, though it shows nothing of that.
        let describer = Describer { loaded: &*loaded, wanted: Wanted::default() };
        let all =
            listing.modules.iter().map(|listed| one(describer, listed, &listing.requirements));
        futures_util::future::try_join_all(all).await?;
        if let Some(err) = listing.graph_error {
            return Err(err);
        }
        names.extend(listing.modules.iter().map(|listed| match &listed.selected {
            Some(selected) => selected.path.clone(),
            None => listed.module.path.clone(),
        }));
        loaded.requirements = listing.requirements;
    }
    let all = all(ctx, loaded, trees, options).await?;
    let mut nearest: HashMap<Arc<str>, Vec<String>> = HashMap::new();
    let mut packages: Vec<_> =
        all.packages.in_order().filter(|package| package.test_of.is_none()).collect();
    packages.sort_by(|a, b| a.path.cmp(&b.path));
    for package in packages {
        let (Some(module), Some(chain)) = (&package.module, all.packages.why(&package.path)) else {
            continue;
        };
        let known = nearest.get(&module.path);
        if known.is_none_or(|known| chain.len() < known.len()) {
            nearest.insert(module.path.clone(), chain);
        }
    }
    let reasons = names
        .into_iter()
        .map(|name| Reason { chain: nearest.get(&name).cloned(), name: name.to_string() });
    Ok(Outcome { reasons: reasons.collect(), errors: all.errors })
}
