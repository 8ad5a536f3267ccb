//! go.mod files of dependencies: through the pipeline, or from the folder that replaces a module.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::task::JoinSet;

use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};
use crate::ops::overlay::Overlay;
use crate::ops::session;
use crate::pipeline::Pipeline;
use crate::plan::main_module::join;
use crate::plan::summary::GoRules;
use crate::plan::{BoxFuture, GoMods, Summary};
use crate::spec::filepath;
use crate::spec::module::Version;
use crate::sys::once::OnceMap;

/// The most requirements, and versions taken back, in all go.mod files of a graph together. The largest
/// real graphs have some hundred thousand.
const MAX_EDGES: usize = 1 << 21;

/// The go.mod files of an operation's module graph, each read once.
pub struct Dependencies {
    pipeline: Arc<Pipeline>,
    root: PathBuf,
    overlay: Overlay,
    ctx: Ctx,
    rules: GoRules,
    noted: AtomicBool,
    edges: AtomicUsize,
    summaries: OnceMap<Version, Result<Arc<Summary>, Error>>,
}

impl Dependencies {
    /// Dependencies of the module in `root`, to which replacement directories are relative.
    pub fn new(
        ctx: &Ctx,
        pipeline: Arc<Pipeline>,
        root: PathBuf,
        overlay: Overlay,
        rules: GoRules,
    ) -> Dependencies {
        Dependencies {
            pipeline,
            root,
            overlay,
            ctx: ctx.clone(),
            rules,
            noted: AtomicBool::new(false),
            edges: AtomicUsize::new(0),
            summaries: OnceMap::default(),
        }
    }

    /// Refuses files whose go line is newer than `version`, whatever GOTOOLCHAIN says.
    pub fn refuse_newer_than(&mut self, version: &str) {
        self.rules.running.version = version.to_owned();
        self.rules.may_switch = false;
    }

    /// The go.mod of `module` if it was read already.
    pub fn known(&self, module: &Version) -> Option<Arc<Summary>> {
        self.summaries.get(module)?.ok()
    }

    async fn summary(&self, module: &Version) -> Result<Arc<Summary>, Error> {
        let summary = if module.version.is_empty() {
            let (name, data) = self.read_directory(module)?;
            Arc::new(parse(module, &name, &data)?)
        } else {
            let (pipeline, module) = (Arc::clone(&self.pipeline), module.clone());
            let shared = Arc::clone(&self.ctx.shared);
            // A task of its own, which ends with this one: they are read and parsed on all cores.
            let mut task = JoinSet::new();
            task.spawn(async move {
                let parse = |data: &[u8]| parse(&module, "go.mod", data).map(Arc::new);
                pipeline.read_go_mod_once(&module, &shared.summaries, parse).await?
            });
            match task.join_next().await {
                Some(Ok(summary)) => summary?,
                Some(Err(err)) if !err.is_cancelled() => {
                    return Err(session::internal(&err.to_string()));
                }
                _ => return Err(Error::message(ErrorKind::Interrupted, "interrupted")),
            }
        };
        self.count(&summary)?;
        Ok(summary)
    }

    fn read_directory(&self, module: &Version) -> Result<(String, Vec<u8>), Error> {
        let path = join(&self.root, &module.path).join("go.mod");
        let name = filepath::short(&path, &self.ctx.cwd).display().to_string();
        match self.overlay.read_file(&path) {
            Ok(data) => Ok((name, data)),
            Err(err) => {
                let text = format!("reading {name}: {err}");
                Err(Error::message(ErrorKind::Other, text).of_module(module))
            }
        }
    }

    /// Refuses a graph that no project has, before it takes all memory.
    fn count(&self, summary: &Summary) -> Result<(), Error> {
        let more = summary.require.len() + summary.retract.len();
        if self.edges.fetch_add(more, Ordering::Relaxed).saturating_add(more) > MAX_EDGES {
            let text = format!("module graph is too large: more than {MAX_EDGES} requirements");
            return Err(Error::message(ErrorKind::Security, text).fatal());
        }
        Ok(())
    }

    fn check_go_version(&self, module: &Version, summary: &Summary) -> Result<(), Error> {
        let strict = crate::spec::goversion::GO_STRICT;
        if crate::spec::goversion::compare(&summary.go_version, strict).is_lt() {
            return Ok(());
        }
        let newer = self.rules.check(&format!("module {module}"), &summary.go_version, "")?;
        if newer && !self.noted.swap(true, Ordering::Relaxed) {
            self.ctx.note(format!(
                "go: module {module} requires go >= {}; go would switch toolchains, going on by \
                 the rules of go {}",
                summary.go_version, self.rules.running.version
            ));
        }
        Ok(())
    }
}

fn parse(module: &Version, name: &str, data: &[u8]) -> Result<Summary, Error> {
    Summary::parse(name, data).map_err(|err| {
        Error::message(ErrorKind::Other, format!("parsing {name}: {err}")).of_module(module)
    })
}

impl GoMods for Dependencies {
    fn go_mod<'a>(&'a self, module: &'a Version) -> BoxFuture<'a, Result<Arc<Summary>, Error>> {
        Box::pin(async move {
            let summary = self.raw_go_mod(module).await?;
            self.check_go_version(module, &summary)?;
            Ok(summary)
        })
    }

    fn raw_go_mod<'a>(&'a self, module: &'a Version) -> BoxFuture<'a, Result<Arc<Summary>, Error>> {
        Box::pin(self.summaries.get_or(module, || self.summary(module)))
    }

    fn has_sum(&self, key: &Version) -> bool {
        self.pipeline.verifier().gosum().has(key)
    }
}
