//! go.work and the modules that it uses: read, and checked as the `go` command checks them.
//!
//! Implements <https://go.dev/ref/mod#go-work-file>.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};
use crate::ops::overlay::Overlay;
use crate::ops::project::{self, Fixer, GoMod, Project, fail};
use crate::plan::main_modules::{joined, work_go_version};
use crate::plan::summary::GoRules;
use crate::plan::{MainModule, MainModules, Workspace, main_module};
use crate::spec::modfile::WorkFile;
use crate::spec::{filepath, godebug, goversion};

/// A go.work, whose modules have not been read yet.
#[derive(Debug, Clone)]
pub struct Work {
    /// Where it stands.
    pub path: PathBuf,
    /// What it says.
    pub file: WorkFile,
    /// The folders that it uses, in its order.
    pub roots: Vec<PathBuf>,
}

impl Work {
    /// Reads the file at `path`.
    ///
    /// # Errors
    /// go's, on one that is malformed or too new.
    pub fn read(ctx: &Ctx, overlay: &Overlay, path: &Path) -> Result<Work, Error> {
        let rules = project::rules(ctx);
        let shown = filepath::short(path, &ctx.cwd).display().to_string();
        let data = overlay
            .read_file(path)
            .map_err(|err| Error::from(err.on(Path::new(&shown))).context("reading go.work: "))?;
        let file = WorkFile::parse(&shown, &data, None)
            .map_err(|errors| fail(format!("errors parsing go.work:\n{errors}")))?;
        check_go_line(ctx, &file, &shown, &rules)?;
        let roots = used(&file, path, &shown)?;
        check_godebug(&file, &shown, &rules)?;
        Ok(Work { path: path.to_path_buf(), file, roots })
    }

    /// Reads the go.mod of each module that it uses.
    ///
    /// # Errors
    /// go's, on files that are malformed, missing, too new, or that contradict each other.
    pub(super) fn read_modules(
        &self,
        ctx: &Ctx,
        project: &Project,
        fixer: &mut Fixer<'_>,
    ) -> Result<MainModules, Error> {
        let mut modules = Vec::new();
        let mut missing = Vec::new();
        let mut failed: Vec<Error> = Vec::new();
        for root in &self.roots {
            match self.read_module(ctx, &project.overlay, root, fixer) {
                Ok(module) => {
                    module.check_replacements()?;
                    failed.extend(project::check_path(&module).err());
                    modules.push(module);
                }
                Err(Unreadable::Missing(_)) if project.ignore_missing_use => {
                    missing.push(root.clone());
                }
                Err(Unreadable::Missing(err) | Unreadable::Other(err)) => failed.push(err),
            }
        }
        if let Some(first) = failed.first() {
            let texts = failed.iter().map(ToString::to_string).collect();
            let all = Error::message(first.kind(), joined(texts).unwrap_or_default());
            let hints = failed.iter().flat_map(Error::hints);
            return Err(hints.fold(all, |err, hint| err.hint(hint)));
        }
        for module in &modules {
            project::check_tools(module)?;
        }
        let workspace = Workspace::new(self.path.clone(), self.file.clone(), missing)?;
        MainModules::of_workspace(workspace, modules)
    }

    fn read_module(
        &self,
        ctx: &Ctx,
        overlay: &Overlay,
        root: &Path,
        fixer: &mut Fixer<'_>,
    ) -> Result<MainModule, Unreadable> {
        let dir = filepath::short(root, &ctx.cwd).display().to_string();
        let listed =
            |err: Error| err.context(&format!("cannot load module {dir} listed in go.work file: "));
        let go_mod = match GoMod::read(ctx, overlay, root.join("go.mod"), fixer) {
            Ok(go_mod) => go_mod,
            Err(err) if err.is_not_found() => {
                return Err(Unreadable::Missing(listed(err.into()).hint(format!(
                    "put the module into {dir}, or go on without it: --ignore-missing-use"
                ))));
            }
            Err(err) => return Err(Unreadable::Other(listed(err.into()))),
        };
        let version = go_mod.go_version().to_owned();
        let running = project::rules(ctx).running.version;
        // A newer Go would not help: it is go.work that is wrong.
        let too_old = self.check_go_version(&dir, &version);
        if goversion::compare(&version, &running).is_gt() {
            too_old.clone().map_err(Unreadable::Other)?;
        }
        let main = go_mod.into_main(root).map_err(|err| Unreadable::Other(listed(err)))?;
        too_old.map_err(Unreadable::Other)?;
        Ok(main)
    }

    /// Refuses a module whose go line is newer than go.work's.
    fn check_go_version(&self, dir: &str, version: &str) -> Result<(), Error> {
        let of_work = work_go_version(&self.file);
        if goversion::compare(version, of_work).is_le()
            || goversion::compare(version, goversion::GO_STRICT).is_lt()
        {
            return Ok(());
        }
        let verb = if self.file.go.is_some() { "lists" } else { "implicitly requires" };
        let text = format!(
            "module {dir} listed in go.work file requires go >= {version}, but go.work {verb} go \
             {of_work}; to update it:\n\tgo work use"
        );
        Err(Error::message(ErrorKind::TooNew, text))
    }
}

/// Why a module of the workspace could not be read.
enum Unreadable {
    /// There is no go.mod where it should be.
    Missing(Error),
    /// Anything else.
    Other(Error),
}

/// The folders that go.work uses, in its order.
fn used(work: &WorkFile, path: &Path, shown: &str) -> Result<Vec<PathBuf>, Error> {
    let dir = path.parent().unwrap_or(path);
    let mut roots = Vec::with_capacity(work.uses.len());
    let mut seen = HashSet::new();
    for entry in &work.uses {
        let root = main_module::join(dir, &entry.path);
        if !seen.insert(root.clone()) {
            let line = work.syntax().position(entry.line()).line;
            return Err(fail(format!(
                "error loading go.work:\n{shown}:{line}: path {} appears multiple times in workspace",
                root.display()
            )));
        }
        roots.push(root);
    }
    Ok(roots)
}

fn check_go_line(ctx: &Ctx, work: &WorkFile, shown: &str, rules: &GoRules) -> Result<(), Error> {
    let Some(go) = &work.go else { return Ok(()) };
    if rules.check(shown, go, "")? {
        ctx.note(format!(
            "go: {shown} requires go >= {}; go would switch toolchains, going on by the rules of \
             go {}",
            go.as_str(),
            rules.running.version
        ));
    }
    Ok(())
}

/// Refuses `godebug` lines that mean nothing to the Go whose rules are followed.
fn check_godebug(work: &WorkFile, shown: &str, rules: &GoRules) -> Result<(), Error> {
    for setting in &work.godebug {
        if let Err(err) = godebug::check(&setting.key, &setting.value, &rules.running.version) {
            let line = work.syntax().position(setting.line()).line;
            return Err(fail(format!("error loading go.work:\n{shown}:{line}: {err}")));
        }
    }
    Ok(())
}
