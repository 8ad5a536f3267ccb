//! `download --needed`: only the modules that building, or with `--tests` testing, some packages takes.
//!
//! The packages are loaded as `go build` loads them ([`packages`]), for all systems and build tags or
//! for the builds that are named ([`builds`]); every module that had to be looked into on the way is what go
//! will look into, too, and so is needed: also one that turned out not to have a package, for go has to
//! know that no other module has it. Of each, all is left in the cache that `go mod download` leaves;
//! of other modules at most the go.mod, if the module graph had to be loaded.
//!
//! go.mod stays as it is, as with `go build`, unless GOFLAGS says `-mod=mod`; go.sum gets the sums that it
//! lacks. Where go would build from the vendor directory nothing is needed.
//!
//! [`load()`] fetches and writes nothing but the cache, so that it serves for many projects at once, too.
//!
//! Implements the part of <https://pkg.go.dev/cmd/go#hdr-Compile_packages_and_dependencies> about modules.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::ops::commit::Permission;
use crate::ops::download::{self, Module, Outcome};
use crate::ops::listing::no_main_modules;
use crate::ops::load::Loaded;
use crate::ops::packages::matching::{is_local, note_unmatched};
use crate::ops::packages::trees::Trees;
use crate::ops::packages::{self, Matched, Options, Tell};
use crate::ops::project::{Project, config_error};
use crate::pipeline::Downloaded;
use crate::plan::BuildMod;
use crate::plan::build_mod::Mode;
use crate::spec::goversion;
use crate::spec::module::Version;

pub mod builds;
mod spared;

use builds::Build;
pub use spared::Spared;

/// How often all builds are loaded anew because a later one had go.mod changed.
const MAX_ROUNDS: usize = 10;
/// The pattern for all packages of all main modules, which is what no pattern stands for.
const ALL_OF_MAIN: &str = "work";

/// What the user asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Args {
    /// Packages and patterns, as `go build` takes them; none for all packages of the main modules.
    pub packages: Vec<String>,
    /// `--os`: the systems to build for.
    pub os: Vec<String>,
    /// `--arch`: the architectures to build for.
    pub arch: Vec<String>,
    /// `--tags`: the build tags; `None` if not given.
    pub tags: Option<Vec<String>>,
    /// `--tests`: the tests of the packages count, too.
    pub tests: bool,
    /// Whether it is to be counted what was spared. That may take requests.
    pub counts: bool,
}

/// A module that is needed.
#[derive(Debug)]
pub struct Needed {
    /// The module; a replacement in place of what it replaces.
    pub module: Version,
    /// What became of its files.
    pub files: Downloaded,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The needed modules, by path and version.
    pub modules: Vec<Needed>,
    /// What is wrong with packages and modules, in the order in which it is told. All that could be had
    /// is in the cache all the same.
    pub errors: Vec<Error>,
    /// Whether nothing is needed because go builds from the vendor directory.
    pub vendored: bool,
    /// What was spared, if that was to be counted.
    pub spared: Option<Spared>,
}

/// Reads the main modules as `go build` reads them: with `-mod` in GOFLAGS heeded, and the vendor directory
/// in place of modules where go would use it.
///
/// # Errors
/// When there is no main module, or its files are wrong, in go's words.
pub async fn read(ctx: &Ctx, project: Project) -> Result<Loaded, Error> {
    let flags = ctx.config.build_flags().map_err(config_error)?;
    let build_mod = BuildMod::parse(&flags.build_mod)?;
    let mut loaded = Loaded::read_as(ctx, project, build_mod).await?;
    if loaded.main.is_empty() && !loaded.main.is_workspace() {
        return Err(Error::message(ErrorKind::Other, no_main_modules(&loaded.main)));
    }
    loaded.main.build_mod.adds_sums = loaded.main.build_mod.mode == Mode::Readonly;
    loaded.forbid_switching();
    Ok(loaded)
}

/// Brings what is needed into the cache. `loaded` must come from [`read()`]; what the requirements became is
/// in it afterwards.
///
/// # Errors
/// What ends the whole run; all else is in what was [`Found`].
pub async fn load(ctx: &Ctx, loaded: &mut Loaded, args: &Args) -> Result<Found, Error> {
    let builds = builds::of(ctx, loaded, args)?;
    check_packages(ctx, &args.packages)?;
    if loaded.vendored.is_some() {
        return Ok(Found { vendored: true, ..Found::default() });
    }
    loaded.settle_roots().await?;
    let patterns = match args.packages.is_empty() {
        true => vec![ALL_OF_MAIN.to_owned()],
        false => args.packages.clone(),
    };
    let trees = Trees::with_all_files(Arc::clone(&ctx.observer));
    let mut told = Told::default();
    for _ in 0..MAX_ROUNDS {
        let before = loaded.requirements.roots().to_vec();
        told = Told::default();
        for (number, build) in builds.iter().enumerate() {
            let options = options(build, args);
            let loading = packages::load(ctx, loaded, &trees, &options, &patterns).await?;
            told.take(number, loading);
        }
        if builds.len() == 1 || before == loaded.requirements.roots() {
            break;
        }
    }
    if args.packages.is_empty() {
        told.matched.iter_mut().for_each(|matched| matched.pattern = "./...".to_owned());
    }
    note_unmatched(ctx, &told.matched);
    let mut errors = told.errors(&builds);
    let mut modules: Vec<Needed> = trees
        .into_downloaded()
        .into_iter()
        .map(|(module, files)| Needed { module, files })
        .collect();
    modules.sort_by(|Needed { module: a, .. }, Needed { module: b, .. }| {
        a.path.cmp(&b.path).then_with(|| goversion::mod_compare(&a.path, &a.version, &b.version))
    });
    // Whoever imports something of a module that can't be had has its error; none must be lost.
    if errors.is_empty() {
        errors.extend(modules.iter().filter_map(|needed| needed.files.zip.as_ref().err()).cloned());
    }
    let spared = match args.counts {
        true => Some(spared::count(loaded, &modules).await),
        false => None,
    };
    Ok(Found { modules, errors, vendored: false, spared })
}

/// Downloads what is needed, and writes go.sum. `each` is told of each module.
///
/// # Errors
/// What ends the run before any module is told of. All else is in the [`Outcome`].
pub(super) async fn run(
    ctx: &Ctx,
    args: &download::Args,
    needed: &Args,
    each: &mut (dyn FnMut(&Module) + Send),
) -> Result<Outcome, Error> {
    refuse(args, ctx.dry)?;
    let mut project = Project::find(ctx)?;
    project.ignore_missing_use = args.ignore_missing_use;
    project.untouched = args.untouched;
    let mut loaded = read(ctx, project).await?;
    let found = load(ctx, &mut loaded, needed).await;
    // With zips alone the sources were read from trees that are not to stay. Other projects of a run may
    // still be reading them.
    let dropped = match args.untouched {
        true => Ok(()),
        false => loaded.pipeline.drop_lent_trees().await,
    };
    let found = found?;
    dropped?;
    let mut outcome = Outcome { errors: found.errors, ..Outcome::default() };
    for Needed { module, files } in &found.modules {
        // Errors are told with what imports from the module.
        let (json, _) = download::describe(&loaded, module, files);
        let module = Module { json, error: None };
        each(&module);
        outcome.modules.push(module);
    }
    if found.vendored {
        ctx.note("gomodfetch: no modules needed: go builds from the vendor directory");
    } else if let Err(err) = loaded.commit(Permission { locked: args.locked, zip_sums: true }) {
        let is_told = outcome.errors.iter().any(|told| told.to_string() == err.to_string());
        outcome.errors.extend((!is_told).then_some(err));
    }
    if let Some(Spared { modules, bytes, unknown }) = found.spared {
        ctx.observer.event(&Event::Spared { modules, bytes, unknown });
    }
    let result = download::toolchains(ctx, args, &loaded, &mut outcome, each).await;
    outcome.errors.extend(result.err());
    Ok(outcome)
}

/// Refuses what can't go together.
///
/// # Errors
/// Why it can't.
pub(super) fn refuse(args: &download::Args, dry: bool) -> Result<(), Error> {
    let text = if dry {
        "--needed cannot be used with --dry-run: what packages import is known only once their modules \
         have been downloaded"
    } else if args.reuse.as_ref().is_some_and(|file| !file.is_empty()) {
        "--needed cannot be used with -reuse: what packages import is known only once their modules have \
         been downloaded"
    } else {
        return Ok(());
    };
    Err(Error::message(ErrorKind::Usage, text))
}

/// Refuses arguments that name no packages, whatever there is.
fn check_packages(ctx: &Ctx, packages: &[String]) -> Result<(), Error> {
    for package in packages {
        let text = if package.contains('@') && !is_local(package) {
            format!(
                "package {package}: can only use path@version syntax with 'go get' and 'go install' in \
                 module-aware mode"
            )
        } else if package.ends_with(".go") && ctx.cwd.join(package).is_file() {
            format!("{package} is a file: --needed takes packages, name its folder")
        } else {
            continue;
        };
        return Err(Error::message(ErrorKind::Usage, text));
    }
    Ok(())
}

fn options(build: &Build, args: &Args) -> Options {
    Options {
        tags: Arc::clone(&build.tags),
        folder_tags: Arc::clone(&build.tags),
        tests: args.tests,
        vendor_all: false,
        resolves: true,
        follow_std: false,
        // Files that no build may ever take can import what another Go's library has.
        tell: if build.is_any() { Tell::AllButStd } else { Tell::All },
    }
}

/// What is told of all builds together.
#[derive(Default)]
struct Told {
    matched: Vec<Matched>,
    /// Each error once, with the builds that have it.
    errors: Vec<(Error, Vec<usize>)>,
    /// Where each text stands in the list.
    known: BTreeMap<String, usize>,
    /// The errors that are about arguments, and not about packages.
    of_arguments: BTreeSet<String>,
}

impl Told {
    fn take(&mut self, build: usize, loading: packages::Loading) {
        for (at, matched) in loading.matched.into_iter().enumerate() {
            self.of_arguments.extend(matched.errors.iter().map(ToString::to_string));
            match self.matched.get_mut(at) {
                None => self.matched.push(matched),
                Some(known) => {
                    known.packages.extend(matched.packages);
                    known.errors.extend(matched.errors);
                }
            }
        }
        for err in loading.errors {
            let at = *self.known.entry(err.to_string()).or_insert(self.errors.len());
            match self.errors.get_mut(at) {
                None => self.errors.push((err, vec![build])),
                Some((_, of)) => of.push(build),
            }
        }
    }

    /// The errors, with what could be done without mending them.
    fn errors(&self, builds: &[Build]) -> Vec<Error> {
        let all = self.errors.iter().map(|(err, of)| {
            if of.len() == builds.len() {
                return err.clone();
            }
            let names = of.iter().filter_map(|build| builds.get(*build));
            let names: Vec<&str> = names.map(|build| build.name.as_str()).collect();
            err.clone().hint(format!("leave out {}, if no such build is wanted", names.join(", ")))
        });
        let mut errors: Vec<Error> = all.collect();
        // Of all errors that packages may have, and no network, the last one is read first.
        let last = errors.iter_mut().rfind(|err| {
            err.kind() == ErrorKind::Other && !self.of_arguments.contains(&err.to_string())
        });
        if let Some(last) = last
            && builds.iter().all(Build::is_any)
        {
            *last = last.clone().hint(
                "name the builds that matter, such as --os linux --arch amd64: all systems and build tags \
                 were considered",
            );
        }
        errors
    }
}
