//! What a vendor directory is made of: the packages of each module, and the text of modules.txt.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use futures_util::future::try_join_all;

use crate::error::{Error, ErrorKind};
use crate::ops::load::Loaded;
use crate::ops::module_info::{Describer, Wanted};
use crate::ops::packages::Packages;
use crate::ops::packages::trees::{NoTree, Trees};
use crate::ops::session;
use crate::plan::MainModules;
use crate::spec::module::Version;
use crate::spec::modzip::fold;
use crate::spec::mvs::NONE;
use crate::spec::quote::quote;
use crate::spec::{filepath, goversion};

/// From this go version on modules.txt says what go.mod requires and replaces.
const EXPLICIT: &str = "1.14";
/// From this go version on it tells the go version of each module.
const GO_VERSIONS: &str = "1.17";

/// The packages to be copied, and modules.txt.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    /// By import path.
    pub packages: BTreeMap<String, Source>,
    /// The text of modules.txt; empty where there is nothing to vendor.
    pub modules_txt: String,
    /// The go version that decides what is copied.
    pub go_version: String,
    /// The versions that packages are from, what replaces them in their place; no directories.
    pub modules: BTreeSet<Version>,
}

/// Where a package comes from.
#[derive(Debug, Clone)]
pub struct Source {
    /// The path of its module.
    pub module: String,
    /// The folder of its files.
    pub dir: PathBuf,
}

impl Contents {
    /// What the packages that were loaded make of the vendor directory.
    ///
    /// # Errors
    /// When modules collide or a replacement stands in the vendor directory; when a go.mod can't be had.
    pub async fn of(
        loaded: &Loaded,
        trees: &Trees,
        packages: &Packages,
    ) -> Result<Contents, Error> {
        let main = &loaded.main;
        let version = main.go_version().unwrap_or(goversion::DEFAULT_GO_MOD).to_owned();
        let mut contents = Contents { go_version: version, ..Contents::default() };
        let mut by_module: HashMap<Version, Vec<String>> = HashMap::new();
        for package in packages.in_order().filter(|package| package.test_of.is_none()) {
            let (Some(module), Some(dir)) = (&package.module, &package.dir) else { continue };
            if main.contains(&module.path) {
                continue;
            }
            by_module.entry(module.clone()).or_default().push(package.path.to_string());
            let source = Source { module: module.path.to_string(), dir: dir.clone() };
            contents.packages.insert(package.path.to_string(), source);
            let actual = main.resolve(module);
            if !actual.version.is_empty() {
                contents.modules.insert(actual);
            }
        }
        check_collisions(by_module.keys())?;
        contents.modules_txt = modules_txt(loaded, &contents.go_version, by_module).await?;
        // What could not be loaded is not there either.
        for module in &contents.modules {
            if let Err(NoTree::Failed(err)) = trees.get(loaded, module).await {
                return Err(err);
            }
        }
        Ok(contents)
    }
}

/// Refuses modules whose paths differ in case only.
fn check_collisions<'a>(modules: impl Iterator<Item = &'a Version>) -> Result<(), Error> {
    let mut paths: Vec<&str> = modules.map(|module| &*module.path).collect();
    paths.sort_unstable();
    let mut folded: HashMap<String, &str> = HashMap::new();
    for path in paths {
        if let Some(other) = folded.insert(fold(path).into_owned(), path)
            && other != path
        {
            let text = format!(
                "go.mod: case-insensitive import collision: {} and {}",
                quote(path),
                quote(other)
            );
            return Err(Error::message(ErrorKind::Other, text).bare());
        }
    }
    Ok(())
}

/// The text of modules.txt.
async fn modules_txt(
    loaded: &Loaded,
    go_version: &str,
    mut by_module: HashMap<Version, Vec<String>>,
) -> Result<String, Error> {
    let main = &loaded.main;
    let has_go_line = main.single().is_none_or(|main| main.file.go.is_some());
    let is_explicit = goversion::compare(go_version, EXPLICIT).is_ge() && has_go_line;
    let mut explicit: HashSet<Version> = HashSet::new();
    if is_explicit {
        let required = main.modules().iter().flat_map(|main| &main.file.require);
        explicit.extend(required.map(|require| require.module.clone()));
    }
    let mut modules: Vec<Version> =
        explicit.union(&by_module.keys().cloned().collect()).cloned().collect();
    goversion::mod_sort(&mut modules);
    let go_versions = match goversion::compare(go_version, GO_VERSIONS).is_ge() {
        true => go_versions(loaded, &modules).await?,
        false => HashMap::new(),
    };
    let mut text = String::new();
    if main.is_workspace() && !main.is_empty() {
        text.push_str("## workspace\n");
    }
    let mut written: HashSet<Version> = HashSet::new();
    for module in &modules {
        text.push_str(&module_line(module, main.replacement(module))?);
        written.insert(module.clone());
        let version = go_versions.get(&*module.path).map_or("", String::as_str);
        let notes: Vec<String> = [
            explicit.contains(module).then(|| "explicit".to_owned()),
            (!version.is_empty()).then(|| format!("go {version}")),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !notes.is_empty() {
            text.push_str(&format!("## {}\n", notes.join("; ")));
        }
        let mut packages = by_module.remove(module).unwrap_or_default();
        packages.sort_unstable();
        for package in packages {
            text.push_str(&package);
            text.push('\n');
        }
    }
    if is_explicit {
        text.push_str(&other_replacements(main, written)?);
    }
    Ok(text)
}

/// Replacements of all versions, and those that have no effect: without the module graph nobody could
/// tell that they have none.
fn other_replacements(main: &MainModules, mut written: HashSet<Version>) -> Result<String, Error> {
    let mut text = String::new();
    for module in main.modules() {
        for replace in main.workspace().into_iter().flat_map(|workspace| &workspace.file.replace) {
            if written.insert(replace.old.clone()) {
                text.push_str(&module_line(&replace.old, Some(&replace.new))?);
            }
        }
        for replace in &module.file.replace {
            if written.insert(replace.old.clone())
                && let Some(new) = main.replacement(&replace.old)
            {
                text.push_str(&module_line(&replace.old, Some(new))?);
            }
        }
    }
    Ok(text)
}

fn module_line(module: &Version, replacement: Option<&Version>) -> Result<String, Error> {
    let mut text = format!("# {}", module.path);
    let mut push = |word: &str| {
        if !word.is_empty() {
            text.push(' ');
            text.push_str(word);
        }
    };
    push(&module.version);
    if let Some(new) = replacement {
        if filepath::clean(Path::new(&*new.path)).starts_with("vendor") {
            let text = format!("replacement path {} inside vendor directory", new.path);
            return Err(Error::message(ErrorKind::Other, text));
        }
        push("=>");
        push(&new.path);
        push(&new.version);
    }
    text.push('\n');
    Ok(text)
}

/// What the go.mod of each module's selected version says of Go, by path.
async fn go_versions(
    loaded: &Loaded,
    modules: &[Version],
) -> Result<HashMap<String, String>, Error> {
    let paths: BTreeSet<&str> = modules.iter().map(|module| &*module.path).collect();
    let describer = Describer { loaded, wanted: Wanted::default() };
    let mut requirements = loaded.requirements.clone();
    let mut selected = Vec::with_capacity(paths.len());
    for path in paths {
        let root = requirements.root_selected(&loaded.main, path).map(str::to_owned);
        let version = match root {
            Some(version) if requirements.loaded_graph().is_none() => version,
            _ => {
                let (graph, error) = requirements.graph(&loaded.main, &loaded.dependencies).await;
                if let Some(err) = error {
                    return Err(err);
                }
                graph.selected(path).to_owned()
            }
        };
        if version != NONE {
            selected.push(Version::new(path, version));
        }
    }
    let described = selected.iter().map(|m| describer.describe(m, Some(&loaded.requirements)));
    let described = try_join_all(described).await?;
    if described.len() != selected.len() {
        return Err(session::internal("modules are missing"));
    }
    Ok(described.into_iter().map(|module| (module.info.path, module.info.go_version)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_modules() {
        let module = Version::new("a.b/c", "v1.0.0");
        let line = |new: Option<Version>| module_line(&module, new.as_ref());
        assert_eq!(line(None).unwrap(), "# a.b/c v1.0.0\n");
        let new = Some(Version::new("./c", ""));
        assert_eq!(line(new).unwrap(), "# a.b/c v1.0.0 => ./c\n");
        let new = Version::new("a.b/d", "v1.1.0");
        let all = module_line(&Version::new("a.b/c", ""), Some(&new)).unwrap();
        assert_eq!(all, "# a.b/c => a.b/d v1.1.0\n");
        let err = line(Some(Version::new("./vendor/c", ""))).unwrap_err();
        assert_eq!(err.to_string(), "replacement path ./vendor/c inside vendor directory");
        assert!(line(Some(Version::new("./vendored", ""))).is_ok());
    }

    #[test]
    fn modules_that_differ_in_case() {
        let modules = ["a.b/C", "a.b/c", "a.b/d"].map(|path| Version::new(path, "v1.0.0"));
        let err = check_collisions(modules.iter()).unwrap_err();
        let want = "go.mod: case-insensitive import collision: \"a.b/c\" and \"a.b/C\"";
        assert_eq!((err.to_string().as_str(), err.is_bare()), (want, true));
        let same = ["v1.0.0", "v1.1.0"].map(|version| Version::new("a.b/c", version));
        assert!(check_collisions(same.iter()).is_ok());
    }
}
