//! `download`: modules brought into the cache, as `go mod download` does it.
//!
//! Without arguments: what go.mod requires (at go 1.17 and later, after loading the module graph),
//! or everything reachable (at go 1.16 and earlier). With arguments: `all`, patterns, paths and
//! `path@query`. In a workspace, without arguments: `all`. What go.mod requires is fetched while the module graph is still being loaded; it
//! waits, unpublished, until it is known to be wanted. With `--needed`: see [`needed`].
//!
//! Implements <https://go.dev/ref/mod#go-mod-download>.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};
use crate::event::Event;
use crate::ops::commit::Permission;
use crate::ops::dry_run::Planned;
use crate::ops::listing::{Listed, Listing, Purpose, list};
use crate::ops::load::Loaded;
use crate::ops::needed;
use crate::ops::project::Project;
use crate::ops::reuse::Reuse;
use crate::ops::session;
use crate::ops::toolchains::{self, Platform};
use crate::pipeline::{Decision, Downloaded, Gate, Pipeline};
use crate::plan::requirements::is_lower;
use crate::plan::update::expand_graph;
use crate::spec::goproxy_json::ModuleJson;
use crate::spec::goversion;
use crate::spec::module::{self, Version};
use crate::store::layout::Kind;
use crate::sys::lock;

/// Largest go.mod of an unpacked module that is looked at.
const MAX_GO_MOD: u64 = 16 << 20;

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct Args {
    /// Patterns, paths and `path@query`; none for what the main module needs.
    pub modules: Vec<String>,
    /// `-json`: a failed module does not keep go.mod and go.sum from being written.
    pub json: bool,
    /// `-reuse FILE`.
    pub reuse: Option<String>,
    /// `--locked`: go.mod and go.sum must not change.
    pub locked: bool,
    /// `--ignore-missing-use`: a folder that go.work uses may be missing.
    pub ignore_missing_use: bool,
    /// go.mod, go.sum and go.work.sum stay as they are, whatever they lack.
    pub untouched: bool,
    /// `--toolchains`: the Go that go would switch to, for these platforms.
    pub toolchains: Vec<Platform>,
    /// `--needed`: only what these packages take; then there are no `modules`.
    pub needed: Option<needed::Args>,
}

impl Args {
    /// The file that `-reuse` names.
    fn reused_file(&self) -> Option<&str> {
        self.reuse.as_deref().filter(|file| !file.is_empty())
    }
}

/// One module of the outcome.
#[derive(Debug, Clone)]
pub struct Module {
    /// What `-json` prints.
    pub json: ModuleJson,
    /// Why the module can't be had.
    pub error: Option<Error>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The modules, in the order of the arguments and of the build list.
    pub modules: Vec<Module>,
    /// What went wrong beside single modules, in the order in which it is reported, after them.
    pub errors: Vec<Error>,
}

impl Outcome {
    /// The error that decides the exit code: the first that is fatal, else the first there is.
    pub fn error(&self) -> Option<&Error> {
        let all = || self.errors.iter().chain(self.modules.iter().filter_map(|m| m.error.as_ref()));
        all().find(|err| err.is_fatal()).or_else(|| all().next())
    }
}

/// Downloads modules. `each` is told of each module as soon as it and all before it are done.
///
/// # Errors
/// What ends the run before any module is looked at. All else is in the [`Outcome`].
pub async fn run(
    ctx: &Ctx,
    args: &Args,
    each: &mut (dyn FnMut(&Module) + Send),
) -> Result<Outcome, Error> {
    if let Some(packages) = &args.needed {
        return needed::run(ctx, args, packages, each).await;
    }
    let mut project = Project::find(ctx)?;
    project.ignore_missing_use = args.ignore_missing_use;
    project.untouched = args.untouched;
    let mut run = Run::start(ctx, args, project).await?;
    let Some(modules) = run.arguments().await? else {
        let mut outcome = Outcome::default();
        let result = toolchains(ctx, args, &run.loaded, &mut outcome, each).await;
        outcome.errors.extend(result.err());
        return Ok(outcome);
    };
    if let Some(file) = args.reused_file() {
        run.reuse = run.read_reuse(file)?;
    }
    let listing = run.list(&modules).await?;
    for warning in &listing.warnings {
        ctx.note(warning.clone());
    }
    run.settle(&listing);
    // What `all` means in a workspace is nothing that go.mod files have to change for.
    let keeps_zip_sums = !args.modules.is_empty() || run.loaded.main.is_workspace();
    if !keeps_zip_sums {
        run.read_go_mods(&listing).await?;
        if let Err(err) = run.commit(false) {
            run.keep_infos(&listing).await;
            return Err(err);
        }
    }
    let mut outcome = run.download(&listing, each).await;
    if !outcome.errors.iter().any(Error::is_fatal) {
        let result = toolchains(ctx, args, &run.loaded, &mut outcome, each).await;
        outcome.errors.extend(result.err());
    }
    let failed = outcome.error().is_some();
    if outcome.errors.iter().any(Error::is_fatal) || (failed && !args.json) {
        // go stops here: neither are the files written nor is the graph's error reported.
        return Ok(outcome);
    }
    if keeps_zip_sums && let Err(err) = run.commit(true) {
        outcome.errors.push(err);
    }
    outcome.errors.extend(listing.graph_error);
    Ok(outcome)
}

/// A run under way.
pub(super) struct Run<'a> {
    ctx: &'a Ctx,
    args: &'a Args,
    loaded: Loaded,
    early: Early,
    reuse: Reuse,
}

/// Downloads under way, and the gate behind which early ones wait.
struct Early {
    jobs: JoinSet<(Version, Option<Downloaded>)>,
    started: HashSet<Version>,
    gate: watch::Sender<Decision>,
    /// Whether other projects of the run may wait for what is under way here.
    is_shared: bool,
}

impl Early {
    /// Lets what is under way end, which nobody here waits for any more.
    fn give_up(&mut self) {
        match self.is_shared {
            true => self.jobs.detach_all(),
            false => self.jobs.abort_all(),
        }
    }
}

impl Drop for Early {
    fn drop(&mut self) {
        self.give_up();
    }
}

impl<'a> Run<'a> {
    /// Reads the main module, starts fetching what it requires, and makes its roots consistent.
    pub(super) async fn start(
        ctx: &'a Ctx,
        args: &'a Args,
        project: Project,
    ) -> Result<Run<'a>, Error> {
        let loaded = Loaded::read(ctx, project).await?;
        let (gate, _) = watch::channel(Decision::Wait);
        let (jobs, started) = (JoinSet::new(), HashSet::new());
        let early = Early { jobs, started, gate, is_shared: args.untouched };
        let mut run = Run { ctx, args, loaded, early, reuse: Reuse::default() };
        // What can be reused is not to be fetched at all.
        if !ctx.dry && args.reused_file().is_none() {
            run.start_early();
        }
        run.loaded.settle_roots().await?;
        Ok(run)
    }

    /// Through which everything is fetched.
    pub(super) fn pipeline(&self) -> &Pipeline {
        &self.loaded.pipeline
    }

    /// Starts the downloads that are likely wanted: the versions that arguments name exactly, and
    /// the required ones whose zips go.sum knows.
    fn start_early(&mut self) {
        let named: Vec<Version> = self.args.modules.iter().filter_map(|a| exact(a)).collect();
        for module in named {
            self.spawn_early(module);
        }
        let wants_all =
            self.args.modules.is_empty() || self.args.modules.iter().any(|m| m == "all");
        if !wants_all {
            return;
        }
        let main = &self.loaded.main;
        let gosum = self.loaded.pipeline.verifier().gosum();
        // Of each path the highest version that a main module requires.
        let mut required: BTreeMap<&str, &Version> = BTreeMap::new();
        for require in main.modules().iter().flat_map(|main| &main.file.require) {
            let module = &require.module;
            let known = required.entry(&module.path).or_insert(module);
            if is_lower(&module.path, &known.version, &module.version) {
                *known = module;
            }
        }
        let likely: Vec<Version> = required
            .into_values()
            .filter(|module| !main.contains(&module.path) && !main.excludes(module))
            .map(|module| main.resolve(module))
            .filter(|module| !module.version.is_empty())
            .filter(|module| gosum.is_empty() || gosum.has(module))
            .collect();
        for module in likely {
            self.spawn_early(module);
        }
    }

    fn spawn_early(&mut self, module: Version) {
        let gate = self.early.gate.subscribe();
        self.spawn(module, Some(gate));
    }

    /// Starts a download unless it is under way.
    fn spawn(&mut self, module: Version, gate: Option<Gate>) {
        if self.early.started.insert(module.clone()) {
            let pipeline = Arc::clone(&self.loaded.pipeline);
            self.early.jobs.spawn(async move {
                let done = pipeline.download(module.clone(), gate).await;
                (module, done)
            });
        }
    }

    /// The arguments, those that go makes up for none included; `None` if there is nothing to do.
    pub(super) async fn arguments(&mut self) -> Result<Option<Vec<String>>, Error> {
        if !self.args.modules.is_empty() {
            self.note_main_module();
            return Ok(Some(self.args.modules.clone()));
        }
        if self.loaded.main.is_workspace() {
            return Ok(Some(vec!["all".to_owned()]));
        }
        let Some(main) = self.loaded.main.single() else {
            if !self.args.toolchains.is_empty() {
                return Ok(None);
            }
            return Err(Error::message(
                ErrorKind::Usage,
                "no modules specified (see 'go help mod download')",
            ));
        };
        let paths: Vec<String> =
            main.file.require.iter().map(|require| require.module.path.to_string()).collect();
        let is_old =
            goversion::compare(main.go_version(), goversion::EXPLICIT_INDIRECT) == Ordering::Less;
        if !is_old {
            let requirements = self.loaded.requirements.clone();
            let (requirements, _, error) =
                expand_graph(requirements, &self.loaded.main, &self.loaded.dependencies).await;
            if let Some(err) = error {
                return Err(err);
            }
            self.loaded.requirements = requirements;
        }
        if paths.is_empty() {
            // Of many projects some may well need nothing.
            if !self.args.untouched {
                self.ctx.note("go: no module dependencies to download");
            }
            return Ok(None);
        }
        Ok(Some(if is_old { vec!["all".to_owned()] } else { paths }))
    }

    /// Says which arguments name a main module itself.
    fn note_main_module(&self) {
        for main in self.loaded.main.modules() {
            let path = &main.module.path;
            for arg in &self.args.modules {
                if **arg == **path
                    || *arg == format!("{path}@upgrade")
                    || *arg == format!("{path}@patch")
                {
                    let text =
                        format!("go: skipping download of {arg} that resolves to the main module");
                    self.ctx.note(text);
                }
            }
        }
    }

    /// What the file of an earlier run says.
    fn read_reuse(&self, file: &str) -> Result<Reuse, Error> {
        if !self.loaded.main.is_empty() {
            return Err(Error::message(
                ErrorKind::Usage,
                "go mod download -reuse cannot be used inside a module",
            )
            .bare());
        }
        Reuse::read(self.ctx, file)
    }

    pub(super) async fn list(&self, args: &[String]) -> Result<Listing, Error> {
        let requirements = self.loaded.requirements.clone();
        list(
            args,
            requirements,
            &self.loaded.main,
            &self.loaded.pipeline,
            &self.loaded.dependencies,
            Purpose::Download,
            &self.reuse,
        )
        .await
    }

    /// Writes go.mod and go.sum where there is a main module.
    fn commit(&mut self, zip_sums: bool) -> Result<(), Error> {
        self.loaded.commit(Permission { locked: self.args.locked, zip_sums })
    }

    /// Reads the go.mod of everything listed, as go does while it lists: go.sum names them, even
    /// where the module graph ends before them, as it can where a requirement is excluded.
    async fn read_go_mods(&self, listing: &Listing) -> Result<(), Error> {
        let files = listing.to_download().map(|module| self.loaded.pipeline.go_mod(module));
        // Others than those that end the run are met again when the module is downloaded.
        let results = futures_util::future::join_all(files).await;
        results.into_iter().filter_map(Result::err).find(Error::is_fatal).map_or(Ok(()), Err)
    }

    /// Publishes the .info of what was listed, and nothing else: go has read it by then.
    async fn keep_infos(&self, listing: &Listing) {
        let modules = listing.to_download();
        let infos = modules.map(|module| self.loaded.pipeline.info(&module.path, &module.version));
        // The run has failed already, for another reason.
        let _ = futures_util::future::join_all(infos).await;
    }

    /// Downloads what was listed, telling `each` of every module in order.
    async fn download(
        &mut self,
        listing: &Listing,
        each: &mut (dyn FnMut(&Module) + Send),
    ) -> Outcome {
        let listed: Vec<&Listed> = listing
            .modules
            .iter()
            .filter(|listed| !listed.module.version.is_empty() || listed.error.is_some())
            .collect();
        let wanted: Arc<HashSet<Version>> = Arc::new(listing.to_download().cloned().collect());
        self.ctx.observer.event(&Event::ZipsPlanned { modules: Arc::clone(&wanted) });
        for module in listing.to_download() {
            self.spawn(module.clone(), None);
        }
        self.early.gate.send_replace(Decision::Publish(wanted));

        let mut done: HashMap<Version, Downloaded> = HashMap::new();
        let mut outcome = Outcome::default();
        let mut waiting = listed.into_iter().peekable();
        loop {
            // Everything that is known in an unbroken row.
            while let Some(next) = waiting.peek() {
                let module = match (&next.error, done.get(&next.module)) {
                    (Some(err), _) => failed(next, err),
                    (None, _) if next.reused.is_some() => reused(next),
                    (None, Some(downloaded)) => self.describe(next, downloaded),
                    (None, None) => break,
                };
                each(&module);
                outcome.modules.push(module);
                waiting.next();
            }
            match self.early.jobs.join_next().await {
                None => break,
                Some(Err(err)) => {
                    outcome.errors.push(session::internal(&err.to_string()));
                }
                Some(Ok((_, None))) => {}
                Some(Ok((module, Some(downloaded)))) => {
                    if let Some(err) = fatal(&downloaded) {
                        self.early.give_up();
                        self.tell_rest(waiting, &done, &mut outcome, each);
                        outcome.errors.push(err);
                        return outcome;
                    }
                    done.insert(module, downloaded);
                }
            }
        }
        outcome
    }

    /// What a download of the toolchains that were asked for would fetch.
    pub(super) async fn forecast_toolchains(&self) -> Result<Vec<Planned>, Error> {
        if self.args.toolchains.is_empty() {
            return Ok(Vec::new());
        }
        let Loaded { main, requirements, .. } = &self.loaded;
        let Some(name) = toolchains::wanted(self.ctx, main, requirements)? else {
            return Ok(Vec::new());
        };
        let pipeline = session::toolchain_pipeline(self.ctx)?;
        let all = self.args.toolchains.iter().map(|platform| async {
            let module = toolchains::module(&name, platform);
            Planned { forecast: pipeline.forecast(&module).await, module }
        });
        Ok(futures_util::future::join_all(all).await)
    }

    /// Takes over the requirements that were settled while modules were listed.
    pub(super) fn settle(&mut self, listing: &Listing) {
        self.loaded.requirements = listing.requirements.clone();
    }

    /// After a fatal error: what is known beyond the unbroken row is told all the same.
    fn tell_rest<'l>(
        &self,
        waiting: impl Iterator<Item = &'l Listed>,
        done: &HashMap<Version, Downloaded>,
        outcome: &mut Outcome,
        each: &mut (dyn FnMut(&Module) + Send),
    ) {
        for listed in waiting {
            if let Some(downloaded) = done.get(&listed.module) {
                let module = self.describe(listed, downloaded);
                each(&module);
                outcome.modules.push(module);
            }
        }
    }

    /// The object that go prints for a module, as far as it got.
    fn describe(&self, listed: &Listed, downloaded: &Downloaded) -> Module {
        let (mut json, mut error) = describe(&self.loaded, &listed.module, downloaded);
        json.query.clone_from(&listed.query);
        json.origin.clone_from(&listed.origin);
        if error.is_none()
            && let Err(err) = self.check_go_version(&listed.module)
        {
            json.dir = PathBuf::new();
            json.error = err.to_string();
            error = Some(err);
        }
        Module { json, error }
    }

    /// Refuses a module whose own go.mod asks for a newer Go than the one followed.
    fn check_go_version(&self, module: &Version) -> Result<(), Error> {
        let read = || {
            let store = self.loaded.pipeline.store();
            // Without a tree its copy will do, which go made if there is none in the zip.
            let go_mod = match store.kept_tree(module) {
                Some(tree) => tree.join("go.mod"),
                None => store.file(module, Kind::Mod)?,
            };
            let data = lock::read_unlocked(&go_mod, MAX_GO_MOD).unwrap_or_default();
            Ok::<_, Error>(goversion::go_mod_lookup(&data, "go"))
        };
        let version = self.ctx.shared.go_line(module, read)?;
        self.loaded.rules.check(&module.to_string(), &version, "").map(drop)
    }
}

/// The object that go prints for a module, as far as it got, and how it ended.
pub(super) fn describe(
    loaded: &Loaded,
    module: &Version,
    downloaded: &Downloaded,
) -> (ModuleJson, Option<Error>) {
    let store = loaded.pipeline.store();
    let place = |kind| store.file(module, kind).unwrap_or_default();
    let mut json = ModuleJson {
        path: module.path.to_string(),
        version: module.version.to_string(),
        ..ModuleJson::default()
    };
    let result = (|| {
        downloaded.info.as_ref()?;
        json.info = place(Kind::Info);
        let go_mod = downloaded.go_mod.as_ref()?;
        json.go_mod = place(Kind::Mod);
        json.go_mod_sum = go_mod.clone();
        let zip = downloaded.zip.as_ref()?;
        json.zip = store.kept_zip(module).unwrap_or_default();
        json.sum = zip.hash.clone();
        Ok::<(), &Error>(())
    })();
    let error = result.err().cloned();
    match &error {
        Some(err) => json.error = err.to_string(),
        None => json.dir = store.kept_tree(module).unwrap_or_default(),
    }
    (json, error)
}

/// Downloads the toolchains that were asked for, telling `each` of them.
///
/// # Errors
/// When it can't be told which is wanted, or there is no place for the module cache.
pub(super) async fn toolchains(
    ctx: &Ctx,
    args: &Args,
    loaded: &Loaded,
    outcome: &mut Outcome,
    each: &mut (dyn FnMut(&Module) + Send),
) -> Result<(), Error> {
    if args.toolchains.is_empty() {
        return Ok(());
    }
    let Loaded { main, requirements, .. } = loaded;
    let Some(name) = toolchains::wanted(ctx, main, requirements)? else { return Ok(()) };
    let (pipeline, all) = toolchains::download(ctx, &name, &args.toolchains).await?;
    for toolchains::Downloaded { module, result } in all {
        let store = pipeline.store();
        let mut json = ModuleJson {
            path: module.path.to_string(),
            version: module.version.to_string(),
            ..ModuleJson::default()
        };
        match &result {
            Ok(done) => {
                json.zip = store.kept_zip(&module).unwrap_or_default();
                json.dir = store.kept_tree(&module).unwrap_or_default();
                json.sum.clone_from(&done.hash);
            }
            Err(err) => json.error = err.to_string(),
        }
        let module = Module { json, error: result.err() };
        each(&module);
        outcome.modules.push(module);
    }
    Ok(())
}

/// The module version that an argument names exactly, if it does.
fn exact(arg: &str) -> Option<Version> {
    let (path, version) = arg.split_once('@')?;
    let is_exact = !goversion::is_toolchain(path)
        && module::canonical_version(version) == version
        && module::check(path, version).is_ok();
    is_exact.then(|| Version::new(path, version))
}

/// What an earlier run found, be it an error.
fn reused(listed: &Listed) -> Module {
    let old = listed.reused.as_ref().and_then(|old| old.error.clone());
    let json = ModuleJson {
        path: listed.module.path.to_string(),
        version: listed.module.version.to_string(),
        query: listed.query.clone(),
        error: old.clone().unwrap_or_default(),
        origin: listed.origin.clone(),
        reuse: true,
        ..ModuleJson::default()
    };
    Module { json, error: old.map(|text| Error::message(ErrorKind::Other, text)) }
}

fn failed(listed: &Listed, err: &Error) -> Module {
    let json = ModuleJson {
        path: listed.module.path.to_string(),
        version: listed.module.version.to_string(),
        query: listed.query.clone(),
        error: err.to_string(),
        origin: listed.origin.clone(),
        ..ModuleJson::default()
    };
    Module { json, error: Some(err.clone()) }
}

/// The error among the results that must end the run.
fn fatal(downloaded: &Downloaded) -> Option<Error> {
    let errors = [
        downloaded.info.as_ref().err(),
        downloaded.go_mod.as_ref().err(),
        downloaded.zip.as_ref().err(),
    ];
    errors.into_iter().flatten().find(|err| err.is_fatal()).cloned()
}
