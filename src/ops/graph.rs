//! `graph`: the module graph, as `go mod graph` prints it.
//!
//! Nothing is written but the go.mod files of dependencies, to the cache. With `-go VERSION` the graph
//! is the one that this version of Go would load from the same go.mod.
//!
//! Implements <https://go.dev/ref/mod#go-mod-graph>.

use crate::config::settings::Origin;
use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};
use crate::ops::listing::no_main_modules;
use crate::ops::load::Loaded;
use crate::ops::project::Project;
use crate::plan::update::expand_graph;
use crate::plan::{ModuleGraph, Pruning};
use crate::spec::goversion;
use crate::spec::modfile::is_go_version;
use crate::spec::module::Version;
use crate::spec::quote::quote;

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct Args {
    /// Arguments, of which there may be none.
    pub operands: usize,
    /// `--ignore-missing-use`: a folder that go.work uses may be missing.
    pub ignore_missing_use: bool,
}

/// The graph, each module version once, breadth first from the main module.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// The module versions; those that nothing requires come first.
    pub nodes: Vec<Node>,
    /// How many of them the graph begins with.
    pub roots: usize,
}

/// A module version of the graph.
#[derive(Debug, Clone)]
pub struct Node {
    /// The module; a main module has no version.
    pub module: Version,
    /// What its requirements were taken from, if something replaces it.
    pub replacement: Option<Version>,
    /// The selected version of its path.
    pub selected: String,
    /// What it requires. Nothing is known of what the graph leaves out.
    pub requires: Vec<Version>,
}

impl Node {
    /// Whether this version is the selected one.
    pub fn is_selected(&self) -> bool {
        self.selected == *self.module.version
    }
}

/// Loads the graph.
///
/// # Errors
/// When there is no main module or a go.mod can't be had; the latter with the requirements that led
/// to it.
pub async fn run(ctx: &Ctx, args: &Args) -> Result<Outcome, Error> {
    let go_version = go_version(ctx)?;
    let mut project = Project::find(ctx)?;
    project.ignore_missing_use = args.ignore_missing_use;
    if args.operands > 0 {
        return Err(Error::message(ErrorKind::Usage, "'go mod graph' accepts no arguments"));
    }
    let mut loaded = Loaded::read(ctx, project).await?;
    if loaded.main.is_empty() && !loaded.main.is_workspace() {
        return Err(Error::message(ErrorKind::Other, no_main_modules(&loaded.main)));
    }
    loaded.forbid_switching();
    loaded.drop_redundant_roots().await?;
    let Loaded { main, requirements, dependencies, .. } = &mut loaded;
    let (graph, error) = match &go_version {
        None => {
            let (_, graph, error) = expand_graph(requirements.clone(), main, dependencies).await;
            (graph, error)
        }
        Some(version) => {
            let wanted = requirements.go_version();
            if goversion::compare(wanted, goversion::GO_STRICT).is_ge()
                && goversion::compare(version, wanted).is_lt()
            {
                let text = format!(
                    "requested Go version {version} cannot load module graph (requires Go >= \
                     {wanted})"
                );
                return Err(Error::message(ErrorKind::Other, text));
            }
            if Pruning::for_go_version(version) == Pruning::Unpruned {
                if main.is_workspace() {
                    // go panics here.
                    let text = format!("-go={version}: there were no workspaces in Go {version}");
                    return Err(Error::message(ErrorKind::Usage, text));
                }
                *requirements = requirements.with_pruning(Pruning::Unpruned);
            }
            requirements.graph(main, dependencies).await
        }
    };
    match error {
        Some(err) => Err(err),
        None => Ok(outcome(&loaded, &graph)),
    }
}

fn outcome(loaded: &Loaded, graph: &ModuleGraph) -> Outcome {
    let nodes = graph.graph().breadth_first().into_iter().map(|module| {
        let required = graph.graph().required_by(&module);
        Node {
            replacement: loaded.main.replacement(&module).cloned(),
            selected: graph.selected(&module.path).to_owned(),
            requires: required.map(|list| list.to_vec()).unwrap_or_default(),
            module,
        }
    });
    Outcome { nodes: nodes.collect(), roots: graph.graph().roots().len() }
}

/// The version that `-go` names.
fn go_version(ctx: &Ctx) -> Result<Option<String>, Error> {
    let flags = &ctx.config.flags;
    let Some(text) = flags.text("go") else { return Ok(None) };
    let running = super::project::rules(ctx).running.version;
    let reason = if !is_go_version(text) {
        format!("expecting a Go version like {}", quote(&running))
    } else if goversion::compare(text, &running).is_gt() {
        format!("maximum supported Go version is {running}")
    } else {
        return Ok(Some(text.to_owned()));
    };
    let given = matches!(flags.origin("go"), Some(Origin::Flag(_)));
    let source = if given { "" } else { " (from $GOFLAGS)" };
    let text = format!(
        "invalid value {} for flag -go{source}: {reason}\nusage: go mod graph [-go=version] [-x]\n\
         Run 'go help mod graph' for details.",
        quote(text)
    );
    let err = Error::message(ErrorKind::Usage, text);
    Err(if given { err.bare() } else { err })
}
