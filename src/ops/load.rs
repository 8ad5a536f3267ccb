//! What most operations begin with: the main module read, its requirements settled, and the
//! pipeline through which everything is fetched.
//!
//! [`Loaded::read`] reads go.mod and go.sum; [`Loaded::settle_roots`] then does to the requirements
//! what the `go` command does whatever is asked of it. Between the two, an operation can start
//! fetching what go.mod names. [`Loaded::commit`] writes go.mod and go.sum back.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::ctx::Ctx;
use crate::error::Error;
use crate::ops::commit::{Permission, commit};
use crate::ops::go_mods::Dependencies;
use crate::ops::project::{FixedVersions, Project, Read, rules};
use crate::ops::query::Queries;
use crate::ops::session;
use crate::pipeline::Pipeline;
use crate::plan::summary::GoRules;
use crate::plan::update::{convert_to_pruned, update_roots};
use crate::plan::{GoMods, MainModule, Requirements};
use crate::spec::goversion;
use crate::spec::module::Version;
use crate::verify::gosum::GoSum;

/// The main module, if there is one, and what it is worked on with.
pub struct Loaded {
    /// Where the command runs.
    pub project: Project,
    /// The Go version whose rules are followed.
    pub rules: GoRules,
    /// Through which everything is fetched.
    pub pipeline: Arc<Pipeline>,
    /// The go.mod files of dependencies.
    pub dependencies: Dependencies,
    /// The main module; none outside of any.
    pub main: Option<MainModule>,
    /// What it requires, as far as that is known.
    pub requirements: Requirements,
}

impl Loaded {
    /// Reads go.mod and go.sum of the project, and looks up the versions in go.mod that are not
    /// canonical.
    ///
    /// # Errors
    /// When one of the files can't be read, in go's words.
    pub async fn read(ctx: &Ctx, project: Project) -> Result<Loaded, Error> {
        let rules = rules(ctx);
        let first = project.read_main(ctx, &FixedVersions::new())?;
        let gosum = read_go_sum(&project)?;
        let pipeline = session::pipeline(ctx, gosum)?;
        let root = project.root.clone().unwrap_or_else(|| ctx.cwd.clone());
        let dependencies = Dependencies::new(
            ctx,
            Arc::clone(&pipeline),
            root,
            project.overlay.clone(),
            rules.clone(),
        );
        let main = match first {
            None => None,
            Some(Read::Main(main)) => Some(*main),
            Some(Read::Unresolved(versions)) => {
                let fixed = resolve(&versions, &pipeline, &dependencies).await;
                match project.read_main(ctx, &fixed)? {
                    Some(Read::Main(main)) => Some(*main),
                    _ => return Err(session::internal("versions in go.mod stay unresolved")),
                }
            }
        };
        let requirements = match &main {
            None => Requirements::outside(&rules.running.version),
            Some(main) => Requirements::of_main(main, |module| {
                ctx.note(format!(
                    "go: dropping requirement on excluded version {} {}",
                    module.path, module.version
                ));
            }),
        };
        Ok(Loaded { project, rules, pipeline, dependencies, main, requirements })
    }

    /// What go does to the requirements before it looks at any argument: no path twice, a go line.
    ///
    /// # Errors
    /// When a go.mod that is needed can't be had.
    pub async fn settle_roots(&mut self) -> Result<(), Error> {
        let Some(main) = &mut self.main else { return Ok(()) };
        if self.requirements.has_redundant_root(main) {
            self.requirements =
                update_roots(self.requirements.clone(), &[], main, &self.dependencies).await?;
        }
        if main.as_read.go_version().is_empty() {
            let version = self.rules.running.version.clone();
            main.file.add_go_stmt(&version).map_err(|err| session::internal(&err.to_string()))?;
            self.requirements = self.requirements.with_root(Version::new("go", version.as_str()));
            if goversion::compare(&version, goversion::EXPLICIT_INDIRECT) != Ordering::Less {
                self.requirements =
                    convert_to_pruned(self.requirements.clone(), main, &self.dependencies).await?;
            }
        }
        Ok(())
    }

    /// Writes go.mod and go.sum where there is a main module and they have to change.
    ///
    /// # Errors
    /// As [`commit()`].
    pub fn commit(&mut self, permission: Permission) -> Result<(), Error> {
        let Some(main) = &mut self.main else { return Ok(()) };
        let overlay = &self.project.overlay;
        commit(main, &self.requirements, &self.pipeline, overlay, &self.rules, permission)
    }
}

fn read_go_sum(project: &Project) -> Result<GoSum, Error> {
    let Some(root) = &project.root else { return Ok(GoSum::absent()) };
    let path = project.go_sum_path(root);
    if !project.overlay.replaces(&path) {
        return GoSum::read(&path);
    }
    match project.overlay.read_file(&path) {
        Ok(data) => GoSum::parse(&path, &data),
        Err(err) if err.is_not_found() => GoSum::parse(&path, b""),
        Err(err) => Err(err.into()),
    }
}

/// Looks up what versions in go.mod mean that are not canonical: branches, commits, `v1`.
async fn resolve(versions: &[Version], pipeline: &Pipeline, go_mods: &dyn GoMods) -> FixedVersions {
    let queries = Queries { pipeline, main: None, go_mods };
    let answers = versions.iter().map(|version| async {
        let found = queries.resolve_any(&version.path, &version.version).await;
        (version.clone(), found.map(|info| info.version.clone()))
    });
    futures_util::future::join_all(answers).await.into_iter().collect()
}
