//! `list`: what is known of modules, as `go list -m` tells it.
//!
//! Arguments are patterns, paths of the build list, and `path@query`; none means the main modules.
//! What is looked up is what go looks up: `.info` files and go.mod files come into the cache, and
//! hashes into go.sum where `-mod` allows it.
//!
//! Implements <https://go.dev/ref/mod#go-list-m>.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use futures_util::future::{Either, join, join_all, select, try_join_all};

use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};
use crate::ops::commit::Permission;
use crate::ops::listing::{self, Purpose};
use crate::ops::load::Loaded;
use crate::ops::module_info::{Described, Describer, Wanted};
use crate::ops::project::Project;
use crate::ops::query::Queries;
use crate::ops::reuse::Reuse;
use crate::plan::build_mod::BuildMod;
use crate::plan::{Pruning, Requirements};
use crate::spec::goproxy_json::ModulePublic;
use crate::spec::gotemplate::value::{Class, Value};
use crate::spec::gotemplate::{Functions, Template};
use crate::spec::goversion;
use crate::spec::module::Version;
use crate::spec::mvs::NONE;

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct Args {
    /// Patterns, paths and `path@query`; none for the main modules.
    pub modules: Vec<String>,
    /// `-u`
    pub updates: bool,
    /// `-retracted`
    pub retracted: bool,
    /// `-versions`
    pub versions: bool,
    /// `-e`: what is wrong with a module is part of its description, and no failure.
    pub tolerant: bool,
    /// `-mod`
    pub build_mod: String,
    /// `-reuse FILE`
    pub reuse: Option<String>,
    /// How each module is written.
    pub format: Format,
    /// `--ignore-missing-use`: a folder that go.work uses may be missing.
    pub ignore_missing_use: bool,
    /// `--locked`: go.mod and go.sum must not change.
    pub locked: bool,
    /// Flags of `go list` for packages, which make no sense for modules, that were given.
    pub for_packages: Vec<&'static str>,
}

/// How a module is written.
#[derive(Debug, Clone, Default)]
pub enum Format {
    /// As a line of text.
    #[default]
    Line,
    /// `-json`: as an object, perhaps with these members alone.
    Json(Vec<String>),
    /// `-f`: by a template.
    Template(String),
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What is printed.
    pub output: Vec<u8>,
    /// What went wrong, in the order in which it is reported.
    pub errors: Vec<Error>,
}

/// Lists modules.
///
/// # Errors
/// What ends the run before any module is looked at. All else is in the [`Outcome`].
pub async fn run(ctx: &Ctx, args: &Args) -> Result<Outcome, Error> {
    let refuse = |text: &str| Err(Error::message(ErrorKind::Usage, text).bare());
    let mut project = Project::find(ctx)?;
    project.ignore_missing_use = args.ignore_missing_use;
    let reuse = args.reuse.as_deref().filter(|file| !file.is_empty());
    if reuse.is_some() && project.dir().is_some() {
        return refuse("go list -reuse cannot be used inside a module");
    }
    let build_mod = BuildMod::parse(&args.build_mod)?;
    let template = match &args.format {
        Format::Template(text) => Some(
            Template::parse("main", text)
                .map_err(|err| Error::new(ErrorKind::Usage, err).bare())?,
        ),
        _ => None,
    };
    if args.retracted && build_mod.as_ref().is_some_and(BuildMod::is_vendor) {
        return refuse("go list -retracted cannot be used when vendoring is enabled");
    }
    if let Some(flag) = args.for_packages.first() {
        return refuse(&format!("go list -{flag} cannot be used with -m"));
    }
    let mut loaded = Loaded::read_as(ctx, project, build_mod).await?;
    loaded.settle_roots().await?;
    if loaded.vendored.is_some() {
        check_vendored(args)?;
    }
    let reuse = match reuse {
        Some(file) => read_reuse(ctx, file, args)?,
        None => Reuse::default(),
    };
    let (mut listed, requirements) = look_up(ctx, args, &loaded, &reuse).await?;
    loaded.requirements = requirements;
    if listed.failure.is_none() && !args.updates {
        let permission = Permission { locked: args.locked, zip_sums: true };
        listed.failure = loaded.commit(permission).err();
    }
    let Listed { modules, failure } = listed;
    let mut outcome = Outcome::default();
    if !args.tolerant {
        outcome.errors.extend(modules.iter().filter_map(|module| module.failure.clone()));
        outcome.errors.extend(failure);
        if !outcome.errors.is_empty() {
            return Ok(outcome);
        }
    }
    let written = write(ctx, args, &loaded, template.as_ref(), &modules, &mut outcome.output);
    outcome.errors.extend(written.err());
    Ok(outcome)
}

/// Describes what the arguments name, with all that is wanted beyond that. What the roots will need is
/// asked for while the module graph is still being loaded.
async fn look_up(
    ctx: &Ctx,
    args: &Args,
    loaded: &Loaded,
    reuse: &Reuse,
) -> Result<(Listed, Requirements), Error> {
    let work = async {
        let (mut listed, requirements) = describe(ctx, args, loaded, reuse).await?;
        let describer = Describer { loaded, wanted: wanted(args) };
        describer.complete_all(&mut listed.modules).await?;
        Ok((listed, requirements))
    };
    let work = std::pin::pin!(work);
    match select(work, std::pin::pin!(prefetch(args, loaded))).await {
        Either::Left((result, _)) => result,
        Either::Right(((), work)) => work.await,
    }
}

/// Begins to get what the description of the roots is made of, if they are likely to be described.
async fn prefetch(args: &Args, loaded: &Loaded) {
    let all = args.modules.iter().any(|arg| arg == "all" || arg.contains("..."));
    if !all || loaded.vendored.is_some() {
        return;
    }
    let Loaded { main, pipeline, dependencies, requirements, .. } = loaded;
    let wanted = wanted(args);
    let queries = Queries { pipeline, main, go_mods: dependencies };
    let roots = requirements.roots().iter().filter(|root| {
        let is_selected = requirements.root_selected(main, &root.path) == Some(&*root.version);
        is_selected && !goversion::is_toolchain(&root.path)
    });
    let work = roots.map(|root| {
        let queries = &queries;
        async move {
            let actual = main.resolve(root);
            let info = async {
                if !actual.version.is_empty() {
                    // What comes of it is asked for again by who needs it.
                    let _ = pipeline.fetch_info(&actual.path, &actual.version).await;
                }
            };
            let newest = async {
                if wanted.retractions || wanted.versions {
                    queries.prefetch(&root.path).await;
                }
            };
            join(info, newest).await;
        }
    });
    join_all(work).await;
}

fn wanted(args: &Args) -> Wanted {
    Wanted {
        updates: args.updates,
        retractions: args.updates || args.retracted,
        versions: args.versions,
        retracted_versions: args.versions && args.retracted,
    }
}

/// The modules that were named, described, and what kept others from being found.
struct Listed {
    modules: Vec<Described>,
    failure: Option<Error>,
}

/// Refuses what can't be known of a vendor directory.
fn check_vendored(args: &Args) -> Result<(), Error> {
    let what = if args.versions {
        "determine available versions"
    } else if args.updates {
        "determine available upgrades"
    } else {
        let all = args.modules.iter().find_map(|arg| match &**arg {
            "all" => Some("compute 'all'"),
            arg if arg.contains("...") => Some("match module patterns"),
            _ => None,
        });
        let Some(what) = all else { return Ok(()) };
        what
    };
    Err(Error::message(
        ErrorKind::Other,
        format!(
            "can't {what} using the vendor directory\n\t(Use -mod=mod or -mod=readonly to bypass.)"
        ),
    ))
}

/// What the file of an earlier run says.
fn read_reuse(ctx: &Ctx, file: &str, args: &Args) -> Result<Reuse, Error> {
    if args.modules.is_empty() {
        let text = "list -m -reuse only has an effect with module@version arguments";
        return Err(Error::message(ErrorKind::Usage, text));
    }
    Reuse::read(ctx, file)
}

/// Finds the modules that the arguments name, and describes them.
async fn describe(
    ctx: &Ctx,
    args: &Args,
    loaded: &Loaded,
    reuse: &Reuse,
) -> Result<(Listed, Requirements), Error> {
    let wanted = wanted(args);
    if args.modules.is_empty() {
        let describer = Describer { loaded, wanted };
        let requirements = &loaded.requirements;
        let all = loaded.main.versions();
        let all = all.iter().map(|module| describer.describe(module, Some(requirements)));
        let listed = Listed { modules: try_join_all(all).await?, failure: None };
        return Ok((listed, requirements.clone()));
    }
    let purpose = Purpose::Describe { versions: args.versions, any: args.retracted };
    let listing = listing::list(
        &args.modules,
        loaded.requirements.clone(),
        &loaded.main,
        &loaded.pipeline,
        &loaded.dependencies,
        purpose,
        reuse,
    )
    .await?;
    for warning in &listing.warnings {
        ctx.note(warning.clone());
    }
    let describer = Describer { loaded, wanted };
    let all = listing.modules.iter().map(|listed| one(describer, listed, &listing.requirements));
    let modules = try_join_all(all).await?;
    // What came of the arguments is only remembered where the graph could be loaded.
    let requirements = match listing.graph_error {
        None => listing.requirements.clone(),
        Some(_) => loaded.requirements.clone(),
    };
    Ok((Listed { modules, failure: listing.graph_error }, requirements))
}

/// Describes a module that an argument named.
pub(super) async fn one(
    describer: Describer<'_>,
    listed: &listing::Listed,
    requirements: &Requirements,
) -> Result<Described, Error> {
    let module = &listed.module;
    if let Some(err) = &listed.error {
        let mut described = Described::failed(&module.path, &module.version, err.clone());
        described.info.origin = listed.origin.clone();
        return Ok(described);
    }
    if let Some(reused) = &listed.reused {
        let mut info = ModulePublic::clone(reused);
        info.query.clone_from(&listed.query);
        info.origin.clone_from(&listed.origin);
        let failure = info.error.clone().map(|text| Error::message(ErrorKind::Other, text));
        return Ok(Described { info, failure });
    }
    if let Some(selected) = &listed.selected {
        return describer.describe(selected, Some(requirements)).await;
    }
    if module.version.is_empty() && !describer.loaded.main.contains(&module.path) {
        // Only its versions are asked for.
        let path = module.path.to_string();
        return Ok(ModulePublic { path, ..ModulePublic::default() }.into());
    }
    let mut described = describer.describe(module, None).await?;
    described.info.query = listed.query.clone();
    described.info.origin = listed.origin.clone();
    Ok(described)
}

/// Writes the modules, each in the form that was asked for.
fn write(
    ctx: &Ctx,
    args: &Args,
    loaded: &Loaded,
    template: Option<&Template>,
    modules: &[Described],
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let functions = TemplateFunctions { ctx, loaded, failure: Mutex::new(None) };
    for Described { info, .. } in modules {
        match (&args.format, template) {
            (Format::Json(fields), _) => {
                let object = info.encode_indented(fields);
                out.extend(object.map_err(|err| Error::new(ErrorKind::Other, err).bare())?);
            }
            (_, Some(template)) => {
                let result = template.execute(&info.into(), &functions, out);
                if let Some(err) = functions.take_failure() {
                    return Err(err);
                }
                result.map_err(|err| Error::new(ErrorKind::Other, err).bare())?;
                if out.last().is_some_and(|last| *last != b'\n') {
                    out.push(b'\n');
                }
            }
            (_, None) if args.versions => {
                let versions = info.versions.iter().map(|version| format!(" {version}"));
                let mark = if info.deprecated.is_empty() { "" } else { " (deprecated)" };
                let versions: String = versions.collect();
                out.extend(format!("{}{versions}{mark}\n", info.path).bytes());
            }
            (_, None) => out.extend(format!("{}\n", info.text()).bytes()),
        }
    }
    Ok(())
}

/// What templates can ask for.
struct TemplateFunctions<'a> {
    ctx: &'a Ctx,
    loaded: &'a Loaded,
    /// What ends the run, met within a function.
    failure: Mutex<Option<Error>>,
}

/// The settings of a build, as far as they are known without building.
const CONTEXT: Class = Class {
    name: "list.Context",
    fields: &[
        "GOARCH",
        "GOOS",
        "GOROOT",
        "GOPATH",
        "CgoEnabled",
        "UseAllFiles",
        "Compiler",
        "BuildTags",
        "ToolTags",
        "ReleaseTags",
        "InstallSuffix",
    ],
    text: None,
};

impl TemplateFunctions<'_> {
    fn take_failure(&self) -> Option<Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// As `go list` describes the module that its template names.
    async fn describe(&self, text: &str) -> Result<ModulePublic, Error> {
        let failed = |path: &str, text: String| ModulePublic {
            path: path.to_owned(),
            error: Some(text),
            ..ModulePublic::default()
        };
        let describer = Describer { loaded: self.loaded, wanted: Wanted::default() };
        if let Some((path, version)) = text.split_once('@') {
            if version.starts_with(['-', '/']) {
                let version = crate::spec::quote::quote(version);
                return Ok(failed("", format!("invalid module version {version}")));
            }
            return Ok(describer.describe(&Version::new(path, version), None).await?.info);
        }
        let main = &self.loaded.main;
        let mut requirements = self.loaded.requirements.clone();
        let root = match requirements.pruning {
            Pruning::Pruned => requirements.root_selected(main, text).map(str::to_owned),
            _ => None,
        };
        let version = match root {
            Some(version) => version,
            None => {
                let (graph, error) = requirements.graph(main, &self.loaded.dependencies).await;
                if let Some(err) = error {
                    return Err(err);
                }
                graph.selected(text).to_owned()
            }
        };
        if version == NONE {
            return Ok(failed(text, "module not in current build".to_owned()));
        }
        let module = Version::new(text, version);
        Ok(describer.describe(&module, Some(&requirements)).await?.info)
    }
}

impl Functions for TemplateFunctions<'_> {
    fn context(&self) -> Value {
        let config = &self.ctx.config;
        let path = |path: Option<&Path>| {
            Value::text(path.map(|path| path.as_os_str().as_encoded_bytes()).unwrap_or_default())
        };
        let minor = goversion::lang(&config.go_version);
        let minor: u32 = minor.strip_prefix("1.").and_then(|n| n.parse().ok()).unwrap_or(0);
        Value::pointer(
            CONTEXT,
            vec![
                Value::text(go_arch()),
                Value::text(go_os()),
                path(config.goroot.as_deref()),
                path(config.gopath.entries().first().map(std::path::PathBuf::as_path)),
                Value::Bool(false),
                Value::Bool(false),
                Value::text("gc"),
                Value::Texts(None),
                Value::Texts(None),
                Value::texts((1..=minor).map(|minor| format!("go1.{minor}"))),
                Value::text(""),
            ],
        )
    }

    fn module(&self, path: &[u8]) -> Value {
        let text = String::from_utf8_lossy(path);
        // Templates are executed when all else is done; what they ask for is waited for here.
        let described = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(self.describe(&text))
        });
        match described {
            Ok(info) => Value::from(&info),
            Err(err) => {
                let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
                failure.get_or_insert(err);
                Value::from(&ModulePublic::default())
            }
        }
    }
}

/// The name that Go has for this architecture.
fn go_arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86" => "386",
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "powerpc64" => "ppc64",
        "loongarch64" => "loong64",
        other => other,
    }
}

/// The name that Go has for this operating system.
fn go_os() -> &'static str {
    match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    }
}
