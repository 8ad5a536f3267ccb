//! What most operations begin with: the main modules read, their requirements settled, and the
//! pipeline through which everything is fetched.
//!
//! [`Loaded::read`] reads go.work, go.mod and go.sum files; [`Loaded::settle_roots`] then does to the
//! requirements what the `go` command does whatever is asked of it. Between the two, an operation can
//! start fetching what go.mod names. [`Loaded::commit`] writes go.mod and go.sum back.
//!
//! None of this differs in a workspace: [`MainModules`] knows what it is, roots need no settling
//! there, and what is committed is go.work.sum alone.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ctx::Ctx;
use crate::error::Error;
use crate::ops::commit::{Permission, commit};
use crate::ops::go_mods::Dependencies;
use crate::ops::project::{FixedVersions, Project, Read, rules};
use crate::ops::query::Queries;
use crate::ops::{session, vendor};
use crate::pipeline::Pipeline;
use crate::plan::build_mod::{BuildMod, Mode};
use crate::plan::summary::GoRules;
use crate::plan::update::{convert_to_pruned, update_roots};
use crate::plan::{GoMods, MainModules, Requirements};
use crate::spec::filepath;
use crate::spec::goversion;
use crate::spec::module::Version;
use crate::spec::modulestxt::ModulesTxt;
use crate::verify::gosum::{self, GoSum};

/// The main modules, if there are any, and what they are worked on with.
pub struct Loaded {
    /// Where the command runs.
    pub project: Project,
    /// The Go version whose rules are followed.
    pub rules: GoRules,
    /// Through which everything is fetched.
    pub pipeline: Arc<Pipeline>,
    /// The go.mod files of dependencies.
    pub dependencies: Dependencies,
    /// The main modules.
    pub main: MainModules,
    /// What they require, as far as that is known.
    pub requirements: Requirements,
    /// vendor/modules.txt, if the vendor directory stands in for modules.
    pub vendored: Option<ModulesTxt>,
}

impl Loaded {
    /// Reads the files of the project, and looks up the versions in go.mod that are not
    /// canonical.
    ///
    /// # Errors
    /// When one of the files can't be read, in go's words.
    pub async fn read(ctx: &Ctx, project: Project) -> Result<Loaded, Error> {
        Loaded::read_as(ctx, project, Some(BuildMod::default())).await
    }

    /// As [`Loaded::read`], for a command that heeds `-mod`, whose value is `build_mod`: what go.mod
    /// and go.sum lack is then an error, unless the mode is that of bringing them up to date; and
    /// vendor/ may stand in for modules.
    ///
    /// # Errors
    /// As [`Loaded::read`]; when vendor/ contradicts go.mod.
    pub async fn read_as(
        ctx: &Ctx,
        project: Project,
        build_mod: Option<BuildMod>,
    ) -> Result<Loaded, Error> {
        let rules = rules(ctx);
        let first = project.read_main(ctx, &FixedVersions::new())?;
        let pipeline = session::pipeline(ctx, read_go_sum(&project)?)?;
        let dependencies = Dependencies::new(
            ctx,
            Arc::clone(&pipeline),
            project.dir().unwrap_or(&ctx.cwd).to_path_buf(),
            project.overlay.clone(),
            rules.clone(),
        );
        let mut main = match first {
            Read::Main(main) => *main,
            Read::Unresolved(versions) => {
                let fixed = resolve(&versions, &pipeline, &dependencies).await;
                match project.read_main(ctx, &fixed)? {
                    Read::Main(main) => *main,
                    Read::Unresolved(_) => {
                        return Err(session::internal("versions in go.mod stay unresolved"));
                    }
                }
            }
        };
        for dir in main.workspace().into_iter().flat_map(|workspace| &workspace.missing) {
            ctx.note(format!(
                "gomodfetch: going on without module {} listed in go.work file",
                filepath::short(dir, &ctx.cwd).display()
            ));
        }
        main.build_mod = match build_mod {
            Some(build_mod) => build_mod,
            None => vendor::default_mode(&main, &project.overlay)?,
        };
        if main.is_workspace() && main.build_mod.explicit && main.build_mod.mode == Mode::Mod {
            return Err(vendor::mod_in_workspace());
        }
        let verb = if main.build_mod.mode == Mode::Mod { "dropping" } else { "ignoring" };
        let mut requirements = Requirements::of_main(&main, &rules.running.version, |module| {
            ctx.note(format!(
                "go: {verb} requirement on excluded version {} {}",
                module.path, module.version
            ));
        });
        let mut vendored = None;
        if main.build_mod.is_vendor() {
            let file = vendor::read(ctx, &main, &rules)?;
            requirements = vendor::requirements(ctx, &main, &file, requirements)?;
            vendored = Some(file);
        }
        Ok(Loaded { project, rules, pipeline, dependencies, main, requirements, vendored })
    }

    /// What go does to the requirements before it looks at any argument: no path twice, a go line.
    ///
    /// # Errors
    /// When a go.mod that is needed can't be had.
    pub async fn settle_roots(&mut self) -> Result<(), Error> {
        self.drop_redundant_roots().await?;
        if self.main.build_mod.mode != Mode::Mod {
            return Ok(());
        }
        let Some(main) = self.main.single_mut() else { return Ok(()) };
        if !main.as_read.go_version().is_empty() {
            return Ok(());
        }
        let version = self.rules.running.version.clone();
        main.file.add_go_stmt(&version).map_err(|err| session::internal(&err.to_string()))?;
        self.requirements = self.requirements.with_root(Version::new("go", version.as_str()));
        if goversion::compare(&version, goversion::EXPLICIT_INDIRECT) != Ordering::Less {
            let requirements = self.requirements.clone();
            self.requirements =
                convert_to_pruned(requirements, &self.main, &self.dependencies).await?;
        }
        Ok(())
    }

    /// As [`Loaded::settle_roots`], for `graph` and `why`: a go.mod without a go line stays what it
    /// is, one of go 1.16.
    ///
    /// # Errors
    /// When a go.mod that is needed can't be had.
    pub async fn drop_redundant_roots(&mut self) -> Result<(), Error> {
        if self.main.single().is_some() && self.requirements.has_redundant_root(&self.main) {
            let requirements = self.requirements.clone();
            self.requirements =
                update_roots(requirements, &[], &self.main, &self.dependencies).await?;
        }
        Ok(())
    }

    /// Lets dependencies that ask for a newer Go be errors, as with those of go's commands that do not
    /// switch toolchains while they load the module graph: `graph`, `verify` and `why`.
    pub fn forbid_switching(&mut self) {
        let running = &self.rules.running.version;
        // It is what go would have switched to before it began.
        let version = goversion::max(running, self.main.go_version().unwrap_or_default());
        self.dependencies.refuse_newer_than(version);
    }

    /// Writes go.mod and go.sum, or go.work.sum, where there are any and they have to change, unless they
    /// are to stay untouched.
    ///
    /// # Errors
    /// As [`commit()`].
    pub fn commit(&mut self, permission: Permission) -> Result<(), Error> {
        let overlay = &self.project.overlay;
        if self.main.is_empty() || self.project.untouched {
            return Ok(());
        }
        commit(&mut self.main, &self.requirements, &self.pipeline, overlay, &self.rules, permission)
    }
}

/// The sums that are known: those of go.sum, or of go.work.sum and of all modules of the workspace.
fn read_go_sum(project: &Project) -> Result<GoSum, Error> {
    let read = |path: &Path| {
        if !project.overlay.replaces(path) {
            return gosum::read_file(path);
        }
        match project.overlay.read_file(path) {
            Err(err) if err.is_not_found() => Ok(Vec::new()),
            result => Ok(result?),
        }
    };
    let Some(path) = project.go_sum_path() else { return Ok(GoSum::absent()) };
    let modules: Vec<PathBuf> = project.go_sum_paths_of_modules().collect();
    // In this order, as far as errors go.
    let modules: Vec<(PathBuf, Vec<u8>)> = modules
        .into_iter()
        .map(|path| read(&path).map(|data| (path, data)))
        .collect::<Result<_, Error>>()?;
    let mut sums = GoSum::parse(&path, &read(&path)?)?;
    for (path, data) in modules {
        sums.add_module(path, &data)?;
    }
    Ok(sums)
}

/// Looks up what versions in go.mod mean that are not canonical: branches, commits, `v1`.
async fn resolve(versions: &[Version], pipeline: &Pipeline, go_mods: &dyn GoMods) -> FixedVersions {
    let queries = Queries { pipeline, main: &MainModules::none(), go_mods };
    let answers = versions.iter().map(|version| async {
        let found = queries.resolve_any(&version.path, &version.version).await;
        (version.clone(), found.map(|info| info.version.clone()))
    });
    futures_util::future::join_all(answers).await.into_iter().collect()
}
