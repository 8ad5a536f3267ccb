//! Which modules the arguments of a command mean: paths, patterns and `path@query`.
//!
//! Implements the argument rules of <https://go.dev/ref/mod#go-list-m>.

use std::collections::HashSet;
use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::ops::query::Queries;
use crate::ops::reuse::Reuse;
use crate::pipeline::Pipeline;
use crate::plan::update::expand_graph;
use crate::plan::{GoMods, MainModules, ModuleGraph, Pruning, Requirements};
use crate::spec::goproxy_json::{GoTime, ModulePublic, Origin, RevInfo};
use crate::spec::goversion;
use crate::spec::module::{InvalidVersionError, Version};
use crate::spec::mvs::NONE;
use crate::spec::query::NoMatchingVersionError;
use crate::spec::quote::quote;

/// One module that an argument named.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The module; a replacement in place of what it replaces. Without a version it is the main
    /// module or a directory, and there is nothing to download.
    pub module: Version,
    /// The module as it is selected in the build, before what replaces it; none where the argument
    /// had a query.
    pub selected: Option<Version>,
    /// The query, where it was not the version itself.
    pub query: String,
    /// Where the version was found, if the argument had a query and the source said it.
    pub origin: Option<Origin>,
    /// Why it can't be had.
    pub error: Option<Error>,
    /// What an earlier run found out about it, which is still true.
    pub reused: Option<Arc<ModulePublic>>,
}

impl Listed {
    fn new(module: Version) -> Listed {
        Listed {
            module,
            selected: None,
            query: String::new(),
            origin: None,
            error: None,
            reused: None,
        }
    }

    fn selected(module: Version, main: &MainModules) -> Listed {
        Listed { selected: Some(module.clone()), ..Listed::new(main.resolve(&module)) }
    }
}

/// The modules that were named, and what kept others from being found.
#[derive(Debug)]
pub struct Listing {
    /// The requirements, updated if the whole graph had to be loaded.
    pub requirements: Requirements,
    /// The modules, in the order of the arguments.
    pub modules: Vec<Listed>,
    /// Why the module graph is incomplete.
    pub graph_error: Option<Error>,
    /// Lines to print on standard error.
    pub warnings: Vec<String>,
}

impl Listing {
    /// The modules that were found, directories, the main module and reused ones left out.
    pub fn to_download(&self) -> impl Iterator<Item = &Version> {
        let is_new = |listed: &&Listed| listed.error.is_none() && listed.reused.is_none();
        let found = self.modules.iter().filter(is_new);
        found.map(|listed| &listed.module).filter(|module| !module.version.is_empty())
    }
}

/// What the modules are listed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To download them: `go` and `toolchain` are none.
    Download,
    /// To tell of them.
    Describe {
        /// The versions that there are are wanted: unknown modules are no error.
        versions: bool,
        /// Excluded and retracted versions count like any other.
        any: bool,
    },
}

/// An argument, taken apart.
enum Arg<'a> {
    Pattern(&'a str),
    Query { path: &'a str, query: &'a str },
    Path(&'a str),
}

/// Finds the modules that `args` name.
///
/// # Errors
/// On arguments that can't be understood, or that need a main module where there is none.
pub async fn list(
    args: &[String],
    mut requirements: Requirements,
    main: &MainModules,
    pipeline: &Pipeline,
    go_mods: &dyn GoMods,
    purpose: Purpose,
    reuse: &Reuse,
) -> Result<Listing, Error> {
    let args = args.iter().map(|arg| parse(arg)).collect::<Result<Vec<Arg<'_>>, Error>>()?;
    let mut graph: Option<Arc<ModuleGraph>> = None;
    let mut graph_error = None;
    if needs_graph(&args, &requirements, main, purpose)? {
        let (updated, loaded, error) = expand_graph(requirements, main, go_mods).await;
        requirements = updated;
        graph = Some(loaded);
        if let Some(err) = error.as_ref().filter(|err| err.is_fatal()) {
            return Err(err.clone());
        }
        graph_error = error;
    }
    let selected = |path: &str| match &graph {
        Some(graph) => Some(graph.selected(path).to_owned()),
        None => requirements.root_selected(main, path).map(str::to_owned),
    };
    let queries = Queries { pipeline, main, go_mods };
    // Queries are independent of each other: all are asked at once.
    let answers = futures_util::future::join_all(args.iter().map(|arg| async {
        match arg {
            Arg::Query { path, query } => {
                let current = selected(path);
                let unknown = current.as_deref() == Some(NONE) && graph_error.is_some();
                if unknown && matches!(*query, "upgrade" | "patch") {
                    return None;
                }
                Some(answer(&queries, path, query, current.as_deref(), purpose, reuse).await)
            }
            _ => None,
        }
    }))
    .await;
    let failures = answers.iter().flatten().filter_map(|listed| listed.error.as_ref());
    if let Some(err) = failures.into_iter().find(|err| err.is_fatal()) {
        return Err(err.clone());
    }
    let mut modules = Vec::new();
    let mut warnings = Vec::new();
    let mut matched: HashSet<Version> = HashSet::new();
    for (arg, answer) in args.iter().zip(answers) {
        match arg {
            Arg::Query { .. } => modules.extend(answer),
            Arg::Path(path) => {
                let version = selected(path).unwrap_or_else(|| NONE.to_owned());
                if version == NONE && graph_error.is_some() {
                    continue;
                }
                if version == NONE && main.build_mod.is_vendor() {
                    let text = "can't resolve module using the vendor directory\n\t(Use -mod=mod or \
                                -mod=readonly to bypass.)";
                    let module = Version::new(*path, "");
                    let error = Some(Error::message(ErrorKind::Other, text).of_module(&module));
                    modules.push(Listed { error, ..Listed::new(module) });
                } else if version == NONE && purpose.wants_versions() {
                    modules.push(Listed::new(Version::new(*path, "")));
                } else if version == NONE {
                    let err = Error::message(ErrorKind::NotFound, "not a known dependency");
                    let module = Version::new(*path, "");
                    let error = Some(err.of_module(&module));
                    modules.push(Listed { error, ..Listed::new(module) });
                } else {
                    let module = Version::new(*path, version);
                    let is_none = purpose == Purpose::Download && goversion::is_toolchain(path);
                    let error = is_none.then(toolchain);
                    modules.push(Listed { error, ..Listed::selected(module, main) });
                }
            }
            Arg::Pattern(pattern) => {
                let list = graph.as_ref().map(|graph| graph.build_list()).unwrap_or_default();
                let before = modules.len();
                for module in list {
                    if matches_pattern(pattern, &module.path) && matched.insert(module.clone()) {
                        modules.push(Listed::selected(module, main));
                    }
                }
                if modules.len() == before {
                    warnings.push(format!(
                        "warning: pattern {} matched no module dependencies",
                        quote(pattern)
                    ));
                }
            }
        }
    }
    Ok(Listing { requirements, modules, graph_error, warnings })
}

impl Purpose {
    fn wants_versions(self) -> bool {
        matches!(self, Purpose::Describe { versions: true, .. })
    }
}

/// `go` and `toolchain` stand in go.mod, but are no modules that could be downloaded.
fn toolchain() -> Error {
    Error::message(ErrorKind::Other, "internal error: invalid operation on toolchain module")
}

async fn answer(
    queries: &Queries<'_>,
    path: &str,
    query: &str,
    current: Option<&str>,
    purpose: Purpose,
    reuse: &Reuse,
) -> Listed {
    if goversion::is_toolchain(path) && purpose == Purpose::Download {
        return Listed { error: Some(toolchain()), ..Listed::new(Version::new(path, query)) };
    }
    let any = matches!(purpose, Purpose::Describe { any: true, .. });
    let found = match reuse.find(queries.pipeline, path, query).await {
        Some(old) => Ok(Arc::new(RevInfo {
            version: old.version.clone(),
            time: old.time.unwrap_or(GoTime::ZERO),
            origin: old.origin.clone(),
        })),
        None => queries.resolve(path, query, current, any).await,
    };
    match found {
        Ok(info) => {
            let mut listed = Listed::new(Version::new(path, info.version.as_str()));
            listed.reused = reuse.find(queries.pipeline, path, &info.version).await;
            if info.version != query {
                listed.query = query.to_owned();
            }
            listed.origin = info.origin.clone();
            listed
        }
        Err(err) => {
            let origin = err.origin().cloned();
            let error = Some(name_module(err, path, query));
            Listed { error, origin, ..Listed::new(Version::new(path, query)) }
        }
    }
}

/// Says which module an error is about, with as little repetition as go.
fn name_module(err: Error, path: &str, query: &str) -> Error {
    let cause = err.cause();
    if cause.downcast_ref::<NoMatchingVersionError>().is_some() {
        return err.of_module(&Version::new(path, ""));
    }
    if err.is_fatal() || cause.downcast_ref::<InvalidVersionError>().is_some() {
        return err;
    }
    err.of_module(&Version::new(path, query))
}

fn parse(arg: &str) -> Result<Arg<'_>, Error> {
    let fail = |text: String| Err(Error::message(ErrorKind::Usage, text));
    if arg.contains('\\') {
        return fail("module paths never use backslash".to_owned());
    }
    if matches!(arg, "." | "..") || arg.starts_with("./") || arg.starts_with("../") {
        return fail(format!("cannot use relative path {arg} to specify module"));
    }
    if arg == "all" || arg.contains("...") {
        return Ok(Arg::Pattern(arg));
    }
    match arg.split_once('@') {
        None => Ok(Arg::Path(arg)),
        Some((_, query)) if query.starts_with(['-', '/']) => {
            fail(format!("invalid module version {}", quote(query)))
        }
        Some((path, query)) => Ok(Arg::Query { path, query }),
    }
}

/// Whether the roots alone can't answer.
fn needs_graph(
    args: &[Arg<'_>],
    requirements: &Requirements,
    main: &MainModules,
    purpose: Purpose,
) -> Result<bool, Error> {
    let mut needed = false;
    for arg in args {
        let (text, why) = match arg {
            Arg::Pattern(pattern) => ((*pattern).to_owned(), ""),
            Arg::Query { path, query: query @ ("upgrade" | "patch") } => {
                let is_root = requirements.root_selected(main, path).is_some();
                if is_root && requirements.pruning == Pruning::Pruned {
                    continue;
                }
                (format!("{path}@{query}"), "")
            }
            Arg::Query { .. } => continue,
            Arg::Path(path) => {
                let is_root = requirements.root_selected(main, path).is_some();
                if is_root && requirements.pruning == Pruning::Pruned {
                    continue;
                }
                ((*path).to_owned(), " without -versions or an explicit version")
            }
        };
        let may_be_unknown = matches!(arg, Arg::Path(_)) && purpose.wants_versions();
        if main.is_empty() && !may_be_unknown {
            let text = format!("cannot match {}{why}: {}", quote(&text), no_main_modules(main));
            return Err(Error::message(ErrorKind::Other, text));
        }
        needed = true;
    }
    Ok(needed)
}

/// What go says where a command needs a main module and there is none.
pub fn no_main_modules(main: &MainModules) -> &'static str {
    if main.is_workspace() {
        return "no modules were found in the current workspace; see 'go help work'";
    }
    "go.mod file not found in current directory or any parent directory; see 'go help modules'"
}

/// Whether a module path matches a pattern in which `...` stands for any text; `x/...` also
/// matches `x`, and `all` every module.
fn matches_pattern(pattern: &str, path: &str) -> bool {
    if goversion::is_toolchain(path) {
        return false;
    }
    pattern == "all"
        || is_like(pattern, path)
        || pattern.strip_suffix("/...").is_some_and(|parent| is_like(parent, path))
}

/// Whether `text` is `pattern` with something in place of each `...`.
fn is_like(pattern: &str, text: &str) -> bool {
    let Some((first, others)) = pattern.split_once("...") else { return pattern == text };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = others.split("...").collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, path, want) in [
            ("all", "example.com/m", true),
            ("all", "go", false),
            ("example.com/...", "example.com/m", true),
            ("example.com/m/...", "example.com/m", true),
            ("example.com/m/...", "example.com/mm", false),
            ("example.com/m...", "example.com/mm", true),
            (".../m", "example.com/m", true),
            ("...net...", "example.net/x", true),
            ("example...m/v2", "example.com/m", false),
            ("e...a...", "example.com/a", true),
        ] {
            assert_eq!(matches_pattern(pattern, path), want, "{pattern} {path}");
        }
    }

    #[test]
    fn arguments() {
        for (arg, want) in [
            ("a\\b", "module paths never use backslash"),
            ("./x", "cannot use relative path ./x to specify module"),
            ("a@-x", "invalid module version \"-x\""),
        ] {
            assert_eq!(parse(arg).err().map(|err| err.to_string()).as_deref(), Some(want));
        }
    }
}
