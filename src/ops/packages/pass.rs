//! One pass over the packages: from the roots on, all that can be reached under one set of
//! requirements.
//!
//! Each package is looked up as soon as something names it, so that the modules of all packages that
//! are known at a time are downloaded together. The module graph is loaded only where the required
//! modules themselves don't have a package, as with go.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;

use crate::error::{Error, ErrorKind};
use crate::ops::load::Loaded;
use crate::ops::packages::Options;
use crate::ops::packages::error::{Ambiguous, MissingSum, PackageError};
use crate::ops::packages::graph::{Flags, Id, Package, Packages};
use crate::ops::packages::trees::{
    Imports, NoTree, SharedOverlay, Std, Tree, Trees, directory, has_go_files, scan,
};
use crate::ops::session;
use crate::plan::requirements::requirements_of;
use crate::plan::{BoxFuture, ModuleGraph, Pruning, Requirements};
use crate::spec::imports::is_standard;
use crate::spec::module::{self, Version};
use crate::spec::mvs::NONE;
use crate::spec::quote::quote;
use crate::spec::{goversion, imports};

/// The most packages of a build. The largest real ones have some ten thousand.
const MAX_PACKAGES: usize = 1 << 20;

/// What packages are looked for in.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// The main modules, and through what everything is fetched.
    pub loaded: &'a Loaded,
    /// The trees of modules.
    pub trees: &'a Trees,
    /// Files that stand in for others.
    pub overlay: &'a SharedOverlay,
    /// The standard library.
    pub std: &'a Std,
    /// What is wanted.
    pub options: &'a Options,
}

/// Which version of a module counts.
#[derive(Clone)]
pub enum Selection<'a> {
    /// What is required, without the module graph.
    Roots(&'a Requirements),
    /// The selected one.
    Graph(Arc<ModuleGraph>),
}

/// Where a package is.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// The module that has it; none for the standard library.
    pub module: Option<Version>,
    /// Its folder; none where that is not known.
    pub dir: Option<PathBuf>,
    /// Whether it belongs to the standard library.
    in_std: bool,
    /// Whether it stands in the module cache.
    in_cache: bool,
}

/// What came of looking for a package.
pub enum Found {
    /// It is here.
    Place(Place),
    /// None of these modules has it.
    Nowhere,
}

impl Selection<'_> {
    fn version(&self, around: Surroundings<'_>, path: &str) -> Option<String> {
        let version = match self {
            Selection::Roots(requirements) => {
                requirements.root_selected(&around.loaded.main, path)?.to_owned()
            }
            Selection::Graph(graph) => graph.selected(path).to_owned(),
        };
        (version != NONE).then_some(version)
    }

    /// The modules whose path a package's begins with, the longest first.
    fn candidates(&self, around: Surroundings<'_>, path: &str) -> Vec<Version> {
        let ends = path.char_indices().filter(|(_, c)| *c == '/').map(|(at, _)| at);
        let mut prefixes: Vec<&str> = ends.filter_map(|at| path.get(..at)).collect();
        prefixes.push(path);
        let prefixes = prefixes.into_iter().rev().filter(|path| !goversion::is_toolchain(path));
        prefixes
            .filter_map(|prefix| Some(Version::new(prefix, self.version(around, prefix)?)))
            .collect()
    }
}

/// Refuses what can't be imported in any build.
fn check_path(path: &str) -> Result<(), PackageError> {
    let quoted = quote(path);
    let text = if path.contains('@') {
        format!("import path {quoted} should not have @version")
    } else if matches!(path, "." | "..") || path.starts_with("./") || path.starts_with("../") {
        format!("{quoted} is relative, but relative import paths are not supported in module mode")
    } else if path.starts_with('/') {
        format!("{quoted} is not a package path; see 'go help packages'")
    } else if matches!(path, "std" | "cmd" | "tool" | "work" | "all") {
        format!("{quoted} is not an importable package; see 'go help packages'")
    } else {
        return module::check_import_path(path)
            .map_err(|err| PackageError::Invalid(err.to_string()));
    };
    Err(PackageError::Invalid(text))
}

/// Looks for a package in the selected modules that could have it. Each is downloaded, even where
/// another one has it: only then is it known to be the only one.
///
/// # Errors
/// Within, why the package can't be used; without, what ends the whole run.
pub async fn find(
    around: Surroundings<'_>,
    path: &str,
    selection: Selection<'_>,
) -> Result<Result<Found, PackageError>, Error> {
    if let Err(err) = check_path(path) {
        return Ok(Err(err));
    }
    let Surroundings { loaded, trees, std, .. } = around;
    let modules = selection.candidates(around, path);
    let fetched = join_all(modules.iter().map(|module| trees.get(loaded, module))).await;
    let mut places: Vec<(Version, Tree)> = Vec::new();
    let mut without_sum = Vec::new();
    for (module, tree) in modules.into_iter().zip(fetched) {
        match tree {
            Ok(tree) => places.push((module, tree)),
            Err(NoTree::MissingSum) => without_sum.push(module),
            Err(NoTree::Failed(err)) if err.is_fatal() => return Err(err),
            Err(NoTree::Failed(err)) => return Ok(Err(PackageError::Module(err))),
        }
    }
    let (std, overlay) = (std.clone(), Arc::clone(around.overlay));
    let name = path.to_owned();
    let probed = blocking(move || {
        let mut found: Vec<(Version, PathBuf, bool)> = Vec::new();
        for (module, tree) in places {
            let Some(dir) = directory(&name, &module.path, &tree, &overlay) else { continue };
            if has_go_files(&dir, &overlay)? {
                found.push((module, dir, !tree.is_local));
            }
        }
        if is_standard(&name)
            && let Some(dir) = std.package(&name)
        {
            found.push((Version::new("", ""), dir, false));
        }
        Ok(found)
    })
    .await?;
    let mut found = match probed {
        Ok(found) => found,
        Err(err) => return Ok(Err(PackageError::Module(err))),
    };
    let path = path.to_owned();
    if found.len() > 1 {
        let places = found.into_iter().rev().map(|(module, dir, _)| (module, dir)).collect();
        return Ok(Err(PackageError::Ambiguous(Ambiguous { path, places })));
    }
    if !without_sum.is_empty() {
        without_sum.reverse();
        let (modules, found) = (without_sum, !found.is_empty());
        let err = MissingSum { path, modules, found, importer: None };
        return Ok(Err(PackageError::MissingSum(err)));
    }
    let Some((module, dir, in_cache)) = found.pop() else {
        // Without a Go, its library is known by name alone.
        return Ok(Ok(match is_standard(&path) && around.std.src().is_none() {
            true => Found::Place(Place { in_std: true, ..Place::default() }),
            false => Found::Nowhere,
        }));
    };
    if module.path.is_empty() {
        let place = Place { dir: Some(dir), in_std: true, ..Place::default() };
        return Ok(Ok(Found::Place(place)));
    }
    if !loaded.main.contains(&module.path) {
        // Its go line says how it is compiled.
        match requirements_of(&module, &loaded.main, &loaded.dependencies).await {
            Err(err) if err.is_fatal() => return Err(err),
            Err(err) => return Ok(Err(PackageError::Module(err))),
            Ok(_) => {}
        }
    }
    let place = Place { module: Some(module), dir: Some(dir), in_std: false, in_cache };
    Ok(Ok(Found::Place(place)))
}

/// Runs work that blocks on a thread of its own. What fails without is the program itself.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<Result<T, Error>, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => Ok(result),
        Err(err) if err.is_cancelled() => {
            Err(Error::message(ErrorKind::Interrupted, "interrupted"))
        }
        Err(err) => Err(session::internal(&err.to_string())),
    }
}

/// What arrives.
enum Event {
    /// A package was looked up and read.
    Package(Id, Box<Looked>),
    /// The required modules don't have a package: the graph has to tell.
    NeedsGraph(Id),
    /// The module graph was loaded.
    Graph(Box<Requirements>, Arc<ModuleGraph>, Option<Error>),
}

struct Looked {
    place: Place,
    imports: Imports,
    error: Option<PackageError>,
}

type Job<'a> = BoxFuture<'a, Result<Event, Error>>;

/// A pass under way.
pub(super) struct Pass<'a> {
    around: Surroundings<'a>,
    requirements: &'a Requirements,
    /// Whether `all` is one of the arguments.
    all_is_root: bool,
    /// Whether `all` takes in the tests of everything in it, as it did before go 1.16.
    closes_over_tests: bool,
    tools: HashSet<String>,
    packages: Packages,
    pending: Vec<(Id, Flags)>,
    jobs: FuturesUnordered<Job<'a>>,
    graph: Option<(Arc<ModuleGraph>, Option<Error>)>,
    waiting: Vec<Id>,
    settled: Option<Requirements>,
}

impl<'a> Pass<'a> {
    pub fn new(
        around: Surroundings<'a>,
        requirements: &'a Requirements,
        all_is_root: bool,
        closes_over_tests: bool,
    ) -> Pass<'a> {
        let modules = around.loaded.main.modules().iter();
        let tools = modules.flat_map(|main| &main.file.tool).map(|tool| tool.to_string());
        Pass {
            around,
            requirements,
            all_is_root,
            closes_over_tests,
            tools: tools.collect(),
            packages: Packages::default(),
            pending: Vec::new(),
            jobs: FuturesUnordered::new(),
            graph: None,
            waiting: Vec::new(),
            settled: None,
        }
    }

    /// Loads everything from `roots` on. Gives the requirements with the module graph if that had to
    /// be loaded.
    ///
    /// # Errors
    /// What ends the whole run. What is wrong with a package is told with it.
    pub async fn run(
        mut self,
        roots: &[String],
    ) -> Result<(Packages, Option<Requirements>), Error> {
        for path in roots {
            let id = self.name(path, Flags::IS_ROOT);
            if !self.packages.roots.contains(&id) {
                self.packages.roots.push(id);
            }
        }
        self.settle();
        if self.requirements.pruning == Pruning::Unpruned {
            self.load_graph();
        }
        while let Some(event) = self.jobs.next().await {
            match event? {
                Event::Package(id, looked) => self.arrived(id, *looked),
                Event::NeedsGraph(id) => match &self.graph {
                    Some(_) => self.look_up_in_graph(id),
                    None => {
                        if self.waiting.is_empty() {
                            self.load_graph();
                        }
                        self.waiting.push(id);
                    }
                },
                Event::Graph(requirements, graph, error) => {
                    self.settled = Some(*requirements);
                    self.graph = Some((graph, error));
                    for id in std::mem::take(&mut self.waiting) {
                        self.look_up_in_graph(id);
                    }
                }
            }
            self.settle();
            if self.packages.all.len() > MAX_PACKAGES {
                let text = format!("too many packages (max is {MAX_PACKAGES})");
                return Err(Error::message(ErrorKind::Security, text).fatal());
            }
        }
        self.packages.order_by_distance();
        Ok((self.packages, self.settled))
    }

    /// The package of this path, which is looked up from now on if it is new.
    fn name(&mut self, path: &str, flags: Flags) -> Id {
        if let Some(&id) = self.packages.by_path.get(path) {
            self.pending.push((id, flags));
            return id;
        }
        let id = self.packages.all.len();
        let path: Arc<str> = Arc::from(path);
        self.packages.all.push(Package::new(Arc::clone(&path)));
        self.packages.by_path.insert(path, id);
        self.pending.push((id, flags));
        match self.requirements.pruning {
            // The graph is being loaded; what it lacks the roots lack, too.
            Pruning::Unpruned => match &self.graph {
                Some(_) => self.look_up_in_graph(id),
                None => self.waiting.push(id),
            },
            _ => {
                let selection = Selection::Roots(self.requirements);
                self.look_up(id, selection, false);
            }
        }
        id
    }

    fn look_up_in_graph(&mut self, id: Id) {
        match &self.graph {
            Some((graph, None)) => {
                let selection = Selection::Graph(Arc::clone(graph));
                self.look_up(id, selection, true);
            }
            Some((_, Some(err))) => {
                let error = Some(PackageError::Module(err.clone()));
                let looked = Looked { place: Place::default(), imports: Imports::default(), error };
                self.jobs.push(Box::pin(async move { Ok(Event::Package(id, Box::new(looked))) }));
            }
            None => self.waiting.push(id),
        }
    }

    fn look_up(&mut self, id: Id, selection: Selection<'a>, is_last: bool) {
        let around = self.around;
        let path = Arc::clone(&self.packages.package(id).path);
        self.jobs.push(Box::pin(async move {
            let mut looked =
                Looked { place: Place::default(), imports: Imports::default(), error: None };
            match find(around, &path, selection).await? {
                Ok(Found::Place(place)) => looked.place = place,
                Ok(Found::Nowhere) if !is_last => return Ok(Event::NeedsGraph(id)),
                Ok(Found::Nowhere) => looked.error = Some(nowhere(around, &path)),
                Err(err) => looked.error = Some(err),
            }
            let follows = !looked.place.in_std || around.options.follow_std;
            if let Some(dir) = looked.place.dir.clone().filter(|_| follows) {
                let overlay = Arc::clone(around.overlay);
                let tags = Arc::clone(&around.options.tags);
                let indexed = looked.place.in_std || looked.place.in_cache;
                match blocking(move || Ok(scan(&dir, &tags, &overlay, indexed))).await?? {
                    Ok(imports) => looked.imports = imports,
                    Err(err) => looked.error = Some(err),
                }
            }
            Ok(Event::Package(id, Box::new(looked)))
        }));
    }

    fn load_graph(&mut self) {
        let loaded = self.around.loaded;
        let mut requirements = Box::new(self.requirements.clone());
        self.jobs.push(Box::pin(async move {
            let (graph, error) = requirements.graph(&loaded.main, &loaded.dependencies).await;
            match error {
                Some(err) if err.is_fatal() => Err(err),
                error => Ok(Event::Graph(requirements, graph, error)),
            }
        }));
    }

    fn arrived(&mut self, id: Id, looked: Looked) {
        let Looked { place, imports, error } = looked;
        let is_main = self.is_main(place.module.as_ref());
        let failed = error.is_some();
        let package = self.packages.package_mut(id);
        package.module = place.module;
        package.dir = place.dir;
        package.error = error;
        package.in_std = place.in_std;
        let has_dir = package.dir.is_some();
        let in_std = package.in_std;
        let path = Arc::clone(&package.path);
        if self.tools.contains(&*path) || (is_main && has_dir) {
            self.pending.push((id, Flags::IN_ALL));
        }
        self.settle();
        if failed || !has_dir {
            return;
        }
        let onward = match self.packages.package(id).is_in_all() {
            true => Flags::IN_ALL,
            false => Flags::default(),
        };
        let imports = match in_std {
            true => Imports {
                of_package: self.resolve_std(&path, imports.of_package),
                of_tests: self.resolve_std(&path, imports.of_tests),
            },
            false => imports,
        };
        let ids = imports.of_package.iter().map(|path| self.name(path, onward)).collect();
        let package = self.packages.package_mut(id);
        package.imports = ids;
        package.test_imports = imports.of_tests;
        self.pending.push((id, Flags::LOADED));
    }

    fn resolve_std(&self, importer: &str, paths: Vec<String>) -> Vec<String> {
        paths.iter().map(|path| self.around.std.resolve(importer, path)).collect()
    }

    fn is_main(&self, module: Option<&Version>) -> bool {
        module.is_some_and(|module| self.around.loaded.main.contains(&module.path))
    }

    /// Gives packages what is pending of their part in the build, and passes it on.
    fn settle(&mut self) {
        while let Some((id, mut flags)) = self.pending.pop() {
            let package = self.packages.package_mut(id);
            let is_test = package.test_of.is_some();
            if flags.has(Flags::IN_ALL) && self.all_is_root && !is_test {
                flags = flags.and(Flags::IS_ROOT);
            }
            let old = package.flags;
            let new = old.and(flags);
            package.flags = new;
            if new == old || !new.has(Flags::LOADED) {
                continue;
            }
            if !is_test {
                self.want_test(id, new);
            }
            if new.has(Flags::IN_ALL) && !old.has(Flags::IN_ALL.and(Flags::LOADED)) {
                let imports = &self.packages.package(id).imports;
                self.pending.extend(imports.iter().map(|id| (*id, Flags::IN_ALL)));
            }
        }
    }

    /// Loads the tests of a package if they belong to the build.
    fn want_test(&mut self, id: Id, flags: Flags) {
        let package = self.packages.package(id);
        let is_main = self.is_main(package.module.as_ref());
        let in_all = flags.has(Flags::IN_ALL);
        let closes = self.closes_over_tests && in_all;
        let wanted = (self.all_is_root && (is_main || closes))
            || (self.around.options.tests && flags.has(Flags::IS_ROOT));
        if !wanted {
            return;
        }
        let flags = if is_main || closes { Flags::IN_ALL } else { Flags::default() };
        if let Some(test) = package.test {
            self.pending.push((test, flags));
            return;
        }
        let imports = package.test_imports.clone();
        let imports = match package.in_std {
            true => imports,
            false => imports.into_iter().filter(|path| !imports::is_magic(path)).collect(),
        };
        let test = Package {
            test_of: Some(id),
            module: package.module.clone(),
            dir: package.dir.clone(),
            error: package.error.clone(),
            in_std: package.in_std,
            ..Package::new(Arc::clone(&package.path))
        };
        let test_id = self.packages.all.len();
        self.packages.all.push(test);
        self.packages.package_mut(id).test = Some(test_id);
        let ids = imports.iter().map(|path| self.name(path, flags)).collect();
        self.packages.package_mut(test_id).imports = ids;
        self.pending.push((test_id, flags.and(Flags::LOADED)));
    }
}

/// That no module has a package.
fn nowhere(around: Surroundings<'_>, path: &str) -> PackageError {
    let in_std = match is_standard(path) {
        true => around.std.src().map(|src| src.join(path)),
        false => None,
    };
    PackageError::missing(path, in_std.as_deref(), around.loaded.main.build_mod.mode)
}
