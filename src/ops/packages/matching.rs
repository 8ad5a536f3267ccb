//! What arguments name: import paths, folders, patterns with `...`, `all`, `std`, `cmd`, `tool`,
//! `work`.
//!
//! Implements <https://pkg.go.dev/cmd/go#hdr-Package_lists_and_patterns>.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::join_all;

use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};
use crate::ops::overlay::Overlay;
use crate::ops::packages::error::PackageError;
use crate::ops::packages::graph::Packages;
use crate::ops::packages::load::shown;
use crate::ops::packages::pass::Surroundings;
use crate::ops::packages::trees::{
    Entry, Imports, NoTree, Tree, directory, entries, has_go_files, scan,
};
use crate::plan::Requirements;
use crate::spec::imports::is_standard;
use crate::spec::imports::pattern::{Ignored, Pattern};
use crate::spec::imports::tags::Tags;
use crate::spec::module::Version;
use crate::spec::quote::quote;
use crate::spec::{filepath, goversion};

/// What an argument named.
#[derive(Debug, Clone, Default)]
pub struct Matched {
    /// The argument, cleaned.
    pub pattern: String,
    /// The import paths.
    pub packages: Vec<String>,
    /// What is wrong.
    pub errors: Vec<Error>,
}

/// The arguments of a command.
pub(super) struct Matcher<'a> {
    ctx: &'a Ctx,
    patterns: Vec<String>,
}

impl<'a> Matcher<'a> {
    /// Takes the arguments as they are typed; none stand for the working directory.
    pub fn new(ctx: &'a Ctx, patterns: &[String]) -> Matcher<'a> {
        let mut patterns: Vec<String> = patterns.iter().map(|pattern| cleaned(pattern)).collect();
        if patterns.is_empty() {
            patterns.push(".".to_owned());
        }
        Matcher { ctx, patterns }
    }

    /// Whether `all` is one of them.
    pub fn has_all(&self) -> bool {
        self.patterns.iter().any(|pattern| pattern == "all")
    }

    /// What they name before anything is loaded. `all` is the packages of the main modules then.
    ///
    /// # Errors
    /// What ends the whole run.
    pub async fn matched(
        &self,
        around: Surroundings<'_>,
        requirements: &mut Requirements,
    ) -> Result<Vec<Matched>, Error> {
        let main = &around.loaded.main;
        let mut all = Vec::new();
        for pattern in &self.patterns {
            let mut matched = Matched { pattern: pattern.clone(), ..Matched::default() };
            let tools = || main.modules().iter().flat_map(|main| &main.file.tool);
            if is_local(pattern) {
                for dir in self.directories(around, &mut matched)? {
                    match self.local_package(around, requirements, &dir).await? {
                        Ok(path) => matched.packages.push(path),
                        Err(err) => matched.errors.push(err),
                    }
                }
            } else if matches!(&**pattern, "all" | "work") {
                for module in main.modules() {
                    let tree = Tree { root: module.root.clone(), is_local: true };
                    let ignored = module.file.ignore.iter().map(|path| path.as_str());
                    let walk = Walk::new(&module.module.path, tree, Ignored::new(ignored), None);
                    matched.take(walk, around).await?;
                }
                matched.packages.sort_unstable();
                matched.packages.dedup();
                if pattern == "all" {
                    matched.packages.extend(tools().map(|tool| tool.to_string()));
                }
            } else if pattern == "tool" {
                matched.packages.extend(tools().map(|tool| tool.to_string()));
            } else if matches!(&**pattern, "std" | "cmd") || pattern.contains("...") {
                self.match_everywhere(around, requirements, &mut matched).await?;
            } else {
                matched.packages.push(pattern.clone());
            }
            all.push(matched);
        }
        Ok(all)
    }

    /// What they name once everything is loaded.
    pub fn settle(&self, matched: &mut [Matched], packages: &Packages) {
        for matched in matched.iter_mut().filter(|matched| matched.pattern == "all") {
            matched.packages = packages.pattern_all();
        }
    }

    /// A pattern of import paths, in the standard library and all modules of the build.
    async fn match_everywhere(
        &self,
        around: Surroundings<'_>,
        requirements: &mut Requirements,
        matched: &mut Matched,
    ) -> Result<(), Error> {
        let loaded = around.loaded;
        let name = matched.pattern.clone();
        let pattern = Pattern::new(&name);
        let is_std = matches!(&*name, "std" | "cmd");
        if let Some(src) = around.std.src() {
            let tree = |dir: &str| Tree { root: src.join(dir), is_local: true };
            let only = (!is_std).then(|| pattern.clone());
            if name != "cmd" {
                let mut walk = Walk::new("", tree(""), Ignored::default(), only.clone());
                walk.only_std = name == "std";
                matched.take(walk, around).await?;
            }
            if name == "cmd" || (!is_std && pattern.may_match_below("cmd")) {
                let walk = Walk::new("cmd", tree("cmd"), Ignored::default(), only);
                matched.take(walk, around).await?;
            }
        }
        if !is_std {
            let (graph, error) = requirements.graph(&loaded.main, &loaded.dependencies).await;
            match error {
                Some(err) if err.is_fatal() => return Err(err),
                error => matched.errors.extend(error),
            }
            let modules: Vec<Version> = graph
                .build_list()
                .into_iter()
                .filter(|module| !goversion::is_toolchain(&module.path))
                .filter(|module| pattern.may_match_below(&module.path))
                .filter(|module| !loaded.main.is_empty() || !module.version.is_empty())
                .collect();
            let trees = join_all(modules.iter().map(|module| around.trees.get(loaded, module)));
            for (module, tree) in modules.iter().zip(trees.await) {
                let tree = match tree {
                    Ok(tree) => tree,
                    Err(NoTree::Failed(err)) if err.is_fatal() => return Err(err),
                    Err(NoTree::Failed(err)) => {
                        matched.errors.push(err);
                        continue;
                    }
                    Err(NoTree::MissingSum) => {
                        let err = Error::message(ErrorKind::Other, "missing go.sum entry");
                        matched.errors.push(err.of_module(module));
                        continue;
                    }
                };
                let ignored = ignored(around, module, &tree);
                let walk = Walk::new(&module.path, tree, ignored, Some(pattern.clone()));
                matched.take(walk, around).await?;
            }
        }
        matched.packages.sort_unstable();
        matched.packages.dedup();
        Ok(())
    }

    /// The folders that an argument names.
    fn directories(
        &self,
        around: Surroundings<'_>,
        matched: &mut Matched,
    ) -> Result<Vec<PathBuf>, Error> {
        let whole = filepath::clean(&self.ctx.cwd.join(&matched.pattern));
        let Some((before, _)) = matched.pattern.split_once("...") else { return Ok(vec![whole]) };
        // Up to the last slash before the dots.
        let before = before.rsplit_once('/').map_or(".", |(before, _)| before);
        let top = filepath::clean(&self.ctx.cwd.join(format!("{before}/")));
        let main = &around.loaded.main;
        let of_main = main
            .modules()
            .iter()
            .filter(|module| top.starts_with(&module.root))
            .max_by_key(|module| module.root.as_os_str().len());
        let is_known = of_main.is_some()
            || around.std.src().is_some_and(|src| top.starts_with(src))
            || top.starts_with(around.loaded.pipeline.store().root());
        if !is_known {
            let scope = match main.is_workspace() {
                true => "modules listed in go.work or their selected dependencies",
                false => "main module or its selected dependencies",
            };
            let text = format!(
                "directory prefix {} does not contain {scope}",
                shown(self.ctx, &top).display()
            );
            matched.errors.push(Error::message(ErrorKind::Other, text));
            return Ok(Vec::new());
        }
        if !top.is_dir() {
            let text =
                format!("pattern {}: lstat {before}/: no such file or directory", matched.pattern);
            matched.errors.push(Error::message(ErrorKind::Other, text));
            return Ok(Vec::new());
        }
        let ignored = of_main.map(|module| {
            let paths = module.file.ignore.iter().map(|path| path.as_str());
            (module.root.clone(), Ignored::new(paths))
        });
        let pattern = Pattern::new(&whole.to_string_lossy());
        let overlay = &**around.overlay;
        let mut found = Vec::new();
        let mut open = vec![top.clone()];
        while let Some(dir) = open.pop() {
            if dir != top {
                let name = dir.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
                let is_ignored = ignored.as_ref().is_some_and(|(root, ignored)| {
                    dir.strip_prefix(root).is_ok_and(|dir| ignored.contains(&dir.to_string_lossy()))
                });
                if is_hidden(&name) || is_ignored || overlay.is_file(&dir.join("go.mod")) {
                    continue;
                }
            }
            let entries = entries(&dir, overlay)?;
            let folders = entries.iter().filter(|(_, (kind, _))| *kind == Entry::Folder);
            open.extend(folders.map(|(name, _)| dir.join(name)));
            let tags = &around.options.folder_tags;
            if pattern.matches(&dir.to_string_lossy())
                && !is_empty(&scan(&dir, tags, overlay, false))
            {
                found.push(dir);
            }
        }
        found.sort();
        Ok(found)
    }

    /// The import path of the package in a folder.
    async fn local_package(
        &self,
        around: Surroundings<'_>,
        requirements: &mut Requirements,
        dir: &Path,
    ) -> Result<Result<String, Error>, Error> {
        let fail = |text: String| Ok(Err(Error::message(ErrorKind::Other, text)));
        let (main, overlay) = (&around.loaded.main, &**around.overlay);
        match has_go_files(dir, overlay)? {
            false if !dir.exists() => {
                return fail(format!("stat {}: directory not found", dir.display()));
            }
            false => return fail(format!("no Go files in {}", dir.display())),
            true => {}
        }
        if let Some(module) = main.modules().iter().find(|module| module.root == dir) {
            return Ok(Ok(module.module.path.to_string()));
        }
        let mut missing = None;
        for module in main.modules() {
            let Ok(below) = dir.strip_prefix(&module.root) else { continue };
            let below = below.to_string_lossy().into_owned();
            if below.contains('@') {
                continue;
            }
            if below.starts_with("vendor/") {
                let dir = dir.display();
                return fail(format!("without -mod=vendor, directory {dir} has no package path"));
            }
            let path = format!("{}/{below}", module.module.path);
            let tree = Tree { root: module.root.clone(), is_local: true };
            if directory(&path, &module.module.path, &tree, overlay).is_some() {
                return Ok(Ok(path));
            }
            let name = &module.module.path;
            missing = Some(format!("main module ({name}) does not contain package {path}"));
        }
        if let Some(text) = missing {
            return fail(text);
        }
        if let Some(src) = around.std.src()
            && let Ok(below) = dir.strip_prefix(src)
        {
            return Ok(Ok(below.to_string_lossy().into_owned()));
        }
        let (graph, _) = requirements.graph(main, &around.loaded.dependencies).await;
        for module in graph.build_list() {
            let actual = main.resolve(&module);
            let root = match actual.version.is_empty() {
                true => main.directory(&actual),
                false if goversion::is_toolchain(&module.path) => continue,
                false => around.loaded.pipeline.store().tree(&actual)?,
            };
            let Ok(below) = dir.strip_prefix(&root) else { continue };
            let below = below.to_string_lossy();
            return Ok(Ok(match below.is_empty() {
                true => module.path.to_string(),
                false => format!("{}/{below}", module.path),
            }));
        }
        let dir = match dir == self.ctx.cwd {
            true => "current directory".to_owned(),
            false => format!("directory {}", shown(self.ctx, dir).display()),
        };
        fail(match main.is_workspace() {
            true => {
                format!("{dir} outside modules listed in go.work or their selected dependencies")
            }
            false => format!("{dir} outside main module or its selected dependencies"),
        })
    }
}

/// Whether no file of a folder belongs to the build, so that there is no package.
fn is_empty(scanned: &Result<Imports, PackageError>) -> bool {
    matches!(scanned, Err(PackageError::NoGo | PackageError::Excluded(_)))
}

/// Whether an argument names folders and not import paths.
pub fn is_local(pattern: &str) -> bool {
    matches!(pattern, "." | "..")
        || pattern.starts_with("./")
        || pattern.starts_with("../")
        || Path::new(pattern).is_absolute()
}

/// An argument in its shortest form.
fn cleaned(pattern: &str) -> String {
    let (path, version) = match pattern.find('@') {
        Some(at) if !is_local(pattern) => pattern.split_at(at),
        _ => (pattern, ""),
    };
    let clean = filepath::clean(Path::new(path)).to_string_lossy().into_owned();
    let dot = if path.starts_with("./") && clean != "." { "./" } else { "" };
    format!("{dot}{clean}{version}")
}

/// Folders in which no pattern looks for packages.
fn is_hidden(name: &str) -> bool {
    name.starts_with(['.', '_']) || name == "testdata"
}

/// What the go.mod of a module says that patterns pass over.
fn ignored(around: Surroundings<'_>, module: &Version, tree: &Tree) -> Ignored {
    if let Some(main) = around.loaded.main.get(&module.path) {
        return Ignored::new(main.file.ignore.iter().map(|path| path.as_str()));
    }
    let Ok(data) = around.overlay.read_file(&tree.root.join("go.mod")) else {
        return Ignored::default();
    };
    match crate::spec::modfile::File::parse_lax("go.mod", &data, None) {
        Ok(file) => Ignored::new(file.ignore.iter().map(|path| path.as_str())),
        Err(_) => Ignored::default(),
    }
}

/// A walk through a tree for packages.
struct Walk {
    prefix: String,
    tree: Tree,
    ignored: Ignored,
    pattern: Option<Pattern>,
    only_std: bool,
}

impl Walk {
    fn new(prefix: &str, tree: Tree, ignored: Ignored, pattern: Option<Pattern>) -> Walk {
        Walk { prefix: prefix.to_owned(), tree, ignored, pattern, only_std: false }
    }

    /// The import paths of the packages found, in no order.
    fn run(&self, tags: &Tags, overlay: &Overlay) -> (Vec<String>, Vec<Error>) {
        let (mut found, mut errors) = (Vec::new(), Vec::new());
        let is_std = self.prefix.is_empty();
        let mut open: Vec<String> = vec![String::new()];
        while let Some(below) = open.pop() {
            let dir = self.tree.root.join(&below);
            let name = match (self.prefix.is_empty(), below.is_empty()) {
                (true, _) => below.clone(),
                (false, true) => self.prefix.clone(),
                (false, false) => format!("{}/{below}", self.prefix),
            };
            let is_top = below.is_empty();
            let last = below.rsplit('/').next().unwrap_or_default();
            let may_match = self
                .pattern
                .as_ref()
                .is_none_or(|p| (is_top && is_std) || p.may_match_below(&name));
            if !may_match
                || (!is_top && (is_hidden(last) || self.ignored.contains(&below)))
                || (self.only_std && !is_top && (!is_standard(&name) || name == "cmd"))
                || (self.tree.is_local && !is_top && overlay.is_file(&dir.join("go.mod")))
            {
                continue;
            }
            if !(is_top && is_std)
                && name != "builtin"
                && self.pattern.as_ref().is_none_or(|pattern| pattern.matches(&name))
                && !is_empty(&scan(&dir, tags, overlay, false))
            {
                found.push(name);
            }
            // Within a vendor folder are no packages of this module.
            if last == "vendor" && !is_std {
                continue;
            }
            match entries(&dir, overlay) {
                Err(err) => errors.push(err.into()),
                Ok(entries) => {
                    let folders = entries.iter().filter(|(_, (kind, _))| *kind == Entry::Folder);
                    open.extend(folders.map(|(name, _)| match is_top {
                        true => name.clone(),
                        false => format!("{below}/{name}"),
                    }));
                }
            }
        }
        (found, errors)
    }
}

impl Matched {
    async fn take(&mut self, walk: Walk, around: Surroundings<'_>) -> Result<(), Error> {
        let (tags, overlay) = (Arc::clone(&around.options.tags), Arc::clone(around.overlay));
        let work = tokio::task::spawn_blocking(move || walk.run(&tags, &overlay));
        match work.await {
            Ok((found, errors)) => {
                self.packages.extend(found);
                self.errors.extend(errors);
                Ok(())
            }
            Err(err) => Err(crate::ops::session::internal(&err.to_string())),
        }
    }
}

/// Tells of the arguments that named nothing.
pub fn note_unmatched(ctx: &Ctx, matched: &[Matched]) {
    for Matched { pattern, packages, errors } in matched {
        if packages.is_empty() && errors.is_empty() {
            ctx.note(format!("go: warning: {} matched no packages", quote(pattern)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_cleaned() {
        for (pattern, want) in [
            ("./x/", "./x"),
            ("./", "."),
            ("./...", "./..."),
            ("a//b", "a/b"),
            ("a/../b@v1", "b@v1"),
            ("../x", "../x"),
            ("/a/b/..", "/a"),
        ] {
            assert_eq!(cleaned(pattern), want);
        }
    }

    #[test]
    fn packages_of_a_tree() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("a.go", "package m"),
            ("sub/a.go", "package sub"),
            ("sub/ignored/a.go", "//go:build ignore\npackage x"),
            ("sub/_x/a.go", "package x"),
            ("sub/testdata/a.go", "package x"),
            ("nested/go.mod", "module n"),
            ("nested/a.go", "package n"),
            ("vendor/a.go", "package vendor"),
            ("vendor/x/a.go", "package x"),
            ("web/node_modules/x/a.go", "package x"),
            ("tests/a_test.go", "package tests"),
            ("none/a.txt", ""),
        ] {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let found = |is_local, pattern: Option<&str>| {
            let tree = Tree { root: dir.path().to_path_buf(), is_local };
            let pattern = pattern.map(Pattern::new);
            let walk = Walk::new("a.b/m", tree, Ignored::new(["node_modules"]), pattern);
            let (mut found, errors) = walk.run(&Tags::Any, &Overlay::default());
            assert!(errors.is_empty());
            found.sort();
            found
        };
        assert_eq!(found(true, None), ["a.b/m", "a.b/m/sub", "a.b/m/tests", "a.b/m/vendor"]);
        assert!(found(false, None).contains(&"a.b/m/nested".to_owned()));
        assert_eq!(found(true, Some("a.b/m/s...")), ["a.b/m/sub"]);
    }
}
