//! The roots of the module graph, and the graph loaded from them.
//!
//! In a module at go 1.17 or higher the graph is *pruned*: it holds the roots, what they require,
//! and whatever is reachable from roots at go 1.16 or lower; the rest can't matter to the build.
//! Below 1.17 all that is reachable is loaded. In a *workspace* the roots are the main modules, each
//! with what it alone would see; and since they raise each other's requirements, the requirements of
//! what was raised count as well.
//!
//! Implements <https://go.dev/ref/mod#graph-pruning>.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use crate::error::{Error, ErrorKind};
use crate::plan::{GoMods, MainModules, Summary};
use crate::spec::goversion;
use crate::spec::module::Version;
use crate::spec::mvs::{self, BuildListError, Graph, NONE};

/// How much of the graph counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pruning {
    /// What modules at go 1.17 or higher require indirectly is left out.
    Pruned,
    /// Everything reachable counts.
    Unpruned,
    /// The roots are the main modules of a workspace.
    Workspace,
}

impl Pruning {
    /// What a go line of this version asks for.
    pub fn for_go_version(version: &str) -> Pruning {
        if goversion::compare(version, goversion::EXPLICIT_INDIRECT) == std::cmp::Ordering::Less {
            Pruning::Unpruned
        } else {
            Pruning::Pruned
        }
    }
}

/// The main modules' direct requirements, with the graph that follows from them once it is loaded.
#[derive(Debug, Clone)]
pub struct Requirements {
    /// Which graph the roots span.
    pub pruning: Pruning,
    roots: Vec<Version>,
    highest: HashMap<Arc<str>, Arc<str>>,
    /// Paths believed to provide packages that the main modules import themselves: those without an
    /// `// indirect` comment, and `go`.
    pub direct: BTreeSet<Arc<str>>,
    graph: Option<Arc<ModuleGraph>>,
}

impl Requirements {
    /// Requirements with these roots, which are put into order.
    pub fn new(
        pruning: Pruning,
        mut roots: Vec<Version>,
        direct: BTreeSet<Arc<str>>,
    ) -> Requirements {
        goversion::mod_sort(&mut roots);
        let mut highest: HashMap<Arc<str>, Arc<str>> = HashMap::with_capacity(roots.len());
        for root in &roots {
            // Sorted: the last of a path is the highest.
            highest.insert(root.path.clone(), root.version.clone());
        }
        Requirements { pruning, roots, highest, direct, graph: None }
    }

    /// What the main modules require, less the excluded versions, which `dropped` is told of.
    /// `running` is the version of Go to follow where nothing asks for one.
    pub fn of_main(
        main: &MainModules,
        running: &str,
        mut dropped: impl FnMut(&Version),
    ) -> Requirements {
        let go_version = main.go_version().unwrap_or(running);
        let mut roots = vec![Version::new("go", go_version)];
        let mut direct: BTreeSet<Arc<str>> = BTreeSet::new();
        let toolchain = match (main.workspace(), main.single()) {
            (Some(workspace), _) => workspace.file.toolchain.as_ref(),
            (None, Some(main)) => main.file.toolchain.as_ref(),
            (None, None) => None,
        };
        match toolchain {
            Some(toolchain) => roots.push(Version::new("toolchain", toolchain.as_str())),
            None if main.is_empty() => {
                roots.push(Version::new("toolchain", format!("go{running}")));
            }
            None => {}
        }
        let required = main.modules().iter().flat_map(|main| &main.file.require);
        if main.is_workspace() {
            roots.extend(main.versions());
            direct.extend(required.filter(|r| !r.indirect).map(|r| r.module.path.clone()));
            return Requirements::new(Pruning::Workspace, roots, direct);
        }
        direct.insert(Arc::from("go"));
        for require in required {
            if main.excludes(&require.module) {
                dropped(&require.module);
                continue;
            }
            if !require.indirect {
                direct.insert(require.module.path.clone());
            }
            roots.push(require.module.clone());
        }
        Requirements::new(Pruning::for_go_version(go_version), roots, direct)
    }

    /// The roots, sorted by path and version.
    pub fn roots(&self) -> &[Version] {
        &self.roots
    }

    /// The highest root version of `path`; empty for a main module.
    pub fn root_selected<'a>(&'a self, main: &MainModules, path: &str) -> Option<&'a str> {
        if main.contains(path) {
            return Some("");
        }
        self.highest.get(path).map(|version| &**version)
    }

    /// The highest version of `path` among the roots.
    pub fn root(&self, path: &str) -> Option<&str> {
        self.highest.get(path).map(|version| &**version)
    }

    /// Whether a path stands among the roots twice, or the main module requires itself.
    pub fn has_redundant_root(&self, main: &MainModules) -> bool {
        self.roots.iter().any(|root| main.contains(&root.path))
            || self.roots.windows(2).any(|pair| pair[0].path == pair[1].path)
    }

    /// The go version among the roots.
    pub fn go_version(&self) -> &str {
        self.highest.get("go").map_or(goversion::DEFAULT_GO_MOD, |version| version)
    }

    /// The same roots with those of `path` replaced by one version.
    pub fn with_root(&self, root: Version) -> Requirements {
        let mut roots: Vec<Version> =
            self.roots.iter().filter(|known| known.path != root.path).cloned().collect();
        roots.push(root);
        Requirements::new(self.pruning, roots, self.direct.clone())
    }

    /// The same roots, spanning another graph.
    pub fn with_pruning(&self, pruning: Pruning) -> Requirements {
        Requirements { pruning, graph: None, ..self.clone() }
    }

    /// The same roots with a graph that need not be loaded: what the vendor directory is made of.
    pub fn with_vendored(mut self, main: &MainModules, vendored: &[Version]) -> Requirements {
        self.graph = Some(Arc::new(ModuleGraph::of_vendored(&self, main, vendored)));
        self
    }

    /// The graph, if it was loaded; perhaps not completely.
    pub fn loaded_graph(&self) -> Option<&Arc<ModuleGraph>> {
        self.graph.as_ref()
    }

    /// Loads the graph, or gives the one that is loaded already.
    ///
    /// The graph is given even where some go.mod could not be had; the error then tells which.
    pub async fn graph(
        &mut self,
        main: &MainModules,
        go_mods: &dyn GoMods,
    ) -> (Arc<ModuleGraph>, Option<Error>) {
        if let Some(graph) = &self.graph {
            return (Arc::clone(graph), graph.error());
        }
        let graph = Arc::new(ModuleGraph::load(self.pruning, &self.roots, main, go_mods).await);
        self.graph = Some(Arc::clone(&graph));
        let error = graph.error();
        (graph, error)
    }
}

/// The module graph, and the failures met while loading it.
#[derive(Debug)]
pub struct ModuleGraph {
    graph: Graph,
    failed: HashMap<Version, Error>,
}

impl ModuleGraph {
    /// Loads the graph of `roots`. As soon as a go.mod arrives, all that follows from it is asked for.
    pub async fn load(
        pruning: Pruning,
        roots: &[Version],
        main: &MainModules,
        go_mods: &dyn GoMods,
    ) -> ModuleGraph {
        let graph = if main.is_workspace() {
            Graph::new(roots.to_vec())
        } else {
            let target = main.versions();
            let mut graph = Graph::new(target.clone());
            for target in &target {
                graph.require(target, roots.to_vec().into());
            }
            graph
        };
        let mut all = ModuleGraph { graph, failed: HashMap::new() };
        let mut loading = Loading::default();
        for root in roots {
            loading.enqueue(root, pruning);
        }
        all.load_wanted(&mut loading, main, go_mods).await;
        if pruning == Pruning::Workspace {
            all.load_raised(roots, &mut loading, main, go_mods).await;
        }
        all
    }

    /// Loads what is wanted, and what follows from it, until nothing is wanted any more.
    async fn load_wanted(
        &mut self,
        loading: &mut Loading,
        main: &MainModules,
        go_mods: &dyn GoMods,
    ) {
        let mut arriving = FuturesUnordered::new();
        loop {
            for module in loading.wanted.drain(..) {
                arriving.push(async move {
                    let summary = requirements_of(&module, main, go_mods).await;
                    (module, summary)
                });
            }
            let Some((module, result)) = arriving.next().await else { break };
            match result {
                Ok(summary) => {
                    self.graph.require(&module, Arc::clone(&summary.require));
                    loading.arrived(&module, summary);
                }
                Err(err) => {
                    self.failed.insert(module, err);
                }
            }
        }
    }

    /// In a workspace one module can raise what another requires. Of what was raised, the
    /// requirements count as though the main module required them itself.
    async fn load_raised(
        &mut self,
        roots: &[Version],
        loading: &mut Loading,
        main: &MainModules,
        go_mods: &dyn GoMods,
    ) {
        let mut paths: BTreeSet<Arc<str>> = roots.iter().map(|root| root.path.clone()).collect();
        let mut seen: HashSet<Version> = HashSet::new();
        loop {
            let mut raised: BTreeSet<Version> = BTreeSet::new();
            for path in &paths {
                let module = Version { path: path.clone(), version: self.selected(path).into() };
                if !seen.contains(&module) {
                    raised.insert(module);
                    continue;
                }
                for required in self.graph.required_by(&module).into_iter().flat_map(|r| r.iter()) {
                    let selected = self.selected(&required.path);
                    if goversion::mod_compare(&required.path, selected, &required.version).is_gt() {
                        let selected =
                            Version { path: required.path.clone(), version: selected.into() };
                        if !seen.contains(&selected) {
                            raised.insert(selected);
                        }
                    }
                }
            }
            if raised.is_empty() {
                break;
            }
            for module in raised {
                loading.enqueue(&module, Pruning::Workspace);
                paths.insert(module.path.clone());
                seen.insert(module);
            }
            self.load_wanted(loading, main, go_mods).await;
        }
    }

    /// The graph in which the main modules require all that is vendored. In a pruned one these are
    /// the roots; in others, what requires what is not known, and a made-up module stands between.
    fn of_vendored(
        requirements: &Requirements,
        main: &MainModules,
        vendored: &[Version],
    ) -> ModuleGraph {
        let between = Version::new("vendor/modules.txt", "");
        let roots = requirements.roots();
        let targets = main.versions();
        let mut graph = match main.is_workspace() {
            true => Graph::new(roots.to_vec()),
            false => Graph::new(targets.clone()),
        };
        let and_between =
            |list: Vec<Version>| list.into_iter().chain([between.clone()]).collect::<Arc<[_]>>();
        for target in &targets {
            match (main.get(&target.path), requirements.pruning) {
                (_, Pruning::Pruned) => graph.require(target, roots.to_vec().into()),
                (Some(module), Pruning::Workspace) => {
                    let required = module.file.require.iter().map(|r| r.module.clone());
                    let required = required.filter(|module| !main.excludes(module));
                    graph.require(target, and_between(required.collect()));
                }
                _ => graph.require(target, and_between(roots.to_vec())),
            }
        }
        if requirements.pruning != Pruning::Pruned {
            graph.require(&between, vendored.to_vec().into());
        }
        ModuleGraph { graph, failed: HashMap::new() }
    }

    /// The selected version of `path`; [`NONE`] if there is none.
    pub fn selected(&self, path: &str) -> &str {
        self.graph.selected(path)
    }

    /// The selected versions, the roots of the graph first, the others by path. The roots are the main
    /// module; in a workspace all main modules with `go` and `toolchain`, by path.
    pub fn build_list(&self) -> Vec<Version> {
        self.graph.build_list()
    }

    /// The plain graph.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Whether each root is the selected version of its path.
    pub fn all_roots_selected(&self, main: &MainModules) -> bool {
        let Some(main) = main.single() else { return true };
        let roots = self.graph.required_by(&main.module);
        roots.is_none_or(|roots| roots.iter().all(|m| self.selected(&m.path) == &*m.version))
    }

    /// The failure nearest to the main module, with the chain that leads there.
    fn error(&self) -> Option<Error> {
        if self.failed.is_empty() {
            return None;
        }
        // What stops the whole run is said in its own words, wherever it was met.
        if let Some(err) = self.failed.values().find(|err| err.is_fatal()) {
            return Some(err.clone());
        }
        let chain = self.graph.find_path(|module| self.failed.contains_key(module))?;
        let err = self.failed.get(chain.last()?)?.clone();
        let cause = err.cause();
        Some(err.with_cause(BuildListError::new(chain, cause)))
    }

    /// All failures, each with its module.
    pub fn failures(&self) -> impl Iterator<Item = (&Version, &Error)> {
        self.failed.iter()
    }
}

/// What `module` requires in this build: its replacement's requirements, less what is excluded.
pub async fn requirements_of(
    module: &Version,
    main: &MainModules,
    go_mods: &dyn GoMods,
) -> Result<Arc<Summary>, Error> {
    if goversion::is_toolchain(&module.path) {
        return Ok(Arc::new(Summary::of_toolchain(module)));
    }
    if let Some(summary) = main.summary(module) {
        return Ok(summary);
    }
    main.check_replacement(module)?;
    let actual = main.resolve(module);
    if main.is_missing(&actual) {
        return Ok(Arc::new(Summary::empty(&module.path, Pruning::Unpruned)));
    }
    if main.must_have_sums() && !actual.version.is_empty() && !go_mods.has_sum(&actual.go_mod()) {
        return Err(missing_sum(module, &actual));
    }
    let summary = go_mods.go_mod(&actual).await?;
    main.judge(module, &actual, &summary)
}

fn missing_sum(module: &Version, actual: &Version) -> Error {
    let text = format!(
        "missing go.sum entry for go.mod file; to add it:\n\tgo mod download {}",
        module.path
    );
    Error::message(ErrorKind::Other, text).of_module(actual)
}

/// Which go.mod files are wanted, and how far beyond each the graph goes.
#[derive(Default)]
struct Loading {
    wanted: Vec<Version>,
    asked: HashSet<Version>,
    enqueued: HashSet<(Version, Pruning)>,
    summaries: HashMap<Version, Arc<Summary>>,
    waiting: HashMap<Version, Vec<Pruning>>,
}

impl Loading {
    /// Wants `module` and, under `Unpruned`, all that is reachable from it.
    fn enqueue(&mut self, module: &Version, pruning: Pruning) {
        // A module can be reached pruned first and unpruned later; a stack instead of recursion,
        // since chains of modules are long.
        let mut stack = vec![(module.clone(), pruning)];
        while let Some((module, pruning)) = stack.pop() {
            if &*module.version == NONE || !self.enqueued.insert((module.clone(), pruning)) {
                continue;
            }
            match self.summaries.get(&module) {
                Some(summary) => stack.extend(follow(summary, pruning)),
                None => {
                    self.waiting.entry(module.clone()).or_default().push(pruning);
                    if self.asked.insert(module.clone()) {
                        self.wanted.push(module);
                    }
                }
            }
        }
    }

    fn arrived(&mut self, module: &Version, summary: Arc<Summary>) {
        self.summaries.insert(module.clone(), Arc::clone(&summary));
        for pruning in self.waiting.remove(module).unwrap_or_default() {
            for (next, pruning) in follow(&summary, pruning) {
                self.enqueue(&next, pruning);
            }
        }
    }
}

/// What must be loaded after a module that was itself loaded under `pruning`.
fn follow(summary: &Summary, pruning: Pruning) -> Vec<(Version, Pruning)> {
    let next = match pruning {
        Pruning::Unpruned => Pruning::Unpruned,
        Pruning::Pruned | Pruning::Workspace => summary.pruning,
    };
    if pruning == Pruning::Pruned && summary.pruning == Pruning::Pruned {
        return Vec::new();
    }
    summary.require.iter().map(|module| (module.clone(), next)).collect()
}

/// `mvs::compare` of a module's versions, for callers that have them apart.
pub fn is_lower(path: &str, a: &str, b: &str) -> bool {
    mvs::compare(path, a, b) == std::cmp::Ordering::Less
}
