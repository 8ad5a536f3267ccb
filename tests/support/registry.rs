//! A collection of modules that answers as a module proxy, and that writes itself as the static tree
//! which a `file://` proxy is.
//!
//! | path below the proxy       | answer                                            |
//! |----------------------------|---------------------------------------------------|
//! | `PATH/@v/list`             | the versions, one a line, without pseudo-versions |
//! | `PATH/@v/VERSION.info`     | JSON with `Version` and `Time`                    |
//! | `PATH/@v/VERSION.mod`      | the go.mod file                                   |
//! | `PATH/@v/VERSION.zip`      | the zip                                           |
//! | `PATH/@latest`             | the `.info` of the newest version                 |
//!
//! `PATH` and `VERSION` are escaped. Everything else is 404 with a text.

use std::collections::BTreeMap;
use std::path::Path;

use super::modules::{self, ModuleVersion};
use super::reply::Reply;
use super::txtar;
use super::versions;

/// Modules by path and version.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    modules: BTreeMap<String, Module>,
}

/// All that a proxy knows of one module path.
#[derive(Debug, Clone, Default)]
struct Module {
    versions: BTreeMap<String, ModuleVersion>,
    /// Served as `list` in place of the truth.
    list: Option<String>,
    /// The version that `@latest` names in place of the newest.
    latest: Option<String>,
    /// Branches, tags and commits that `.info` resolves.
    queries: BTreeMap<String, String>,
}

impl Registry {
    /// A registry without modules.
    pub fn new() -> Self {
        Self::default()
    }

    /// Modules from one txtar, whose files are named `path@version/file`.
    ///
    /// ```text
    /// -- example.com/a@v1.0.0/go.mod --
    /// module example.com/a
    /// -- example.com/a@v1.0.0/a.go --
    /// package a
    /// ```
    pub fn from_txtar(text: &str) -> Self {
        let mut files: BTreeMap<String, Vec<(String, Vec<u8>)>> = BTreeMap::new();
        for file in txtar::Archive::parse(text).files {
            let at = file.name.find('@').unwrap_or_else(|| panic!("no version in {}", file.name));
            let slash = file.name[at..].find('/').expect("a file name behind the version") + at;
            let entry = (file.name[slash + 1..].to_owned(), file.text.into_bytes());
            files.entry(file.name[..slash].to_owned()).or_default().push(entry);
        }
        let mut registry = Self::new();
        for (module, files) in files {
            registry.insert(ModuleVersion::from_files(&module, files));
        }
        registry
    }

    /// A module graph in a small language: one version a line, with what it requires.
    ///
    /// ```text
    /// a v1.0.0: b v1.1.0, c v1.0.0
    /// b v1.1.0 go 1.16: c v1.2.0
    /// c v1.0.0
    /// c v1.2.0
    /// ```
    ///
    /// A path whose first element has no dot is below `example.com/`; the go line is 1.21 unless given.
    pub fn from_graph(text: &str) -> Self {
        let mut registry = Self::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (head, requirements) = line.split_once(':').unwrap_or((line, ""));
            let (module, go) = head.split_once(" go ").unwrap_or((head, "1.21"));
            let module = full_name(module);
            let requirements: Vec<String> = requirements
                .split(',')
                .filter(|requirement| !requirement.trim().is_empty())
                .map(full_name)
                .collect();
            registry.add_requiring(&module, go.trim(), &requirements);
        }
        registry
    }

    /// Adds a version from a txtar of its files: `add("example.com/a v1.0.0", "-- a.go --\n…")`.
    pub fn add(&mut self, module: &str, files: &str) -> &ModuleVersion {
        self.insert(ModuleVersion::new(module, files))
    }

    /// Adds a version with a go line, requirements and one package.
    pub fn add_requiring<S: AsRef<str>>(
        &mut self,
        module: &str,
        go: &str,
        requirements: &[S],
    ) -> &ModuleVersion {
        let (path, _) = versions::split(module);
        let requirements: Vec<&str> = requirements.iter().map(AsRef::as_ref).collect();
        let go_mod = modules::go_mod(path, go, &requirements);
        self.add(module, &format!("-- go.mod --\n{go_mod}-- p.go --\npackage p\n"))
    }

    /// Adds a version, or replaces it.
    pub fn insert(&mut self, module: ModuleVersion) -> &ModuleVersion {
        let versions = &mut self.modules.entry(module.path.clone()).or_default().versions;
        let version = module.version.clone();
        versions.insert(version.clone(), module);
        &versions[&version]
    }

    /// Forgets a version.
    pub fn remove(&mut self, module: &str) {
        let (path, version) = versions::split(module);
        if let Some(module) = self.modules.get_mut(path) {
            module.versions.remove(version);
        }
    }

    /// Serves this text as the list of the path's versions.
    pub fn set_list(&mut self, path: &str, list: &str) {
        self.modules.entry(path.to_owned()).or_default().list = Some(list.to_owned());
    }

    /// Names another version as the latest.
    pub fn set_latest(&mut self, path: &str, version: &str) {
        self.modules.entry(path.to_owned()).or_default().latest = Some(version.to_owned());
    }

    /// Lets a branch, tag or commit name stand for a version.
    pub fn set_query(&mut self, path: &str, query: &str, version: &str) {
        let module = self.modules.entry(path.to_owned()).or_default();
        module.queries.insert(query.to_owned(), version.to_owned());
    }

    /// The version, or a panic when the registry has none.
    #[track_caller]
    pub fn get(&self, module: &str) -> &ModuleVersion {
        let (path, version) = versions::split(module);
        self.find(path, version).unwrap_or_else(|| panic!("no {module} in the registry"))
    }

    /// The version, if there is one.
    pub fn find(&self, path: &str, version: &str) -> Option<&ModuleVersion> {
        self.modules.get(path)?.versions.get(version)
    }

    /// All versions of all modules, by path and then by version.
    pub fn iter(&self) -> impl Iterator<Item = &ModuleVersion> {
        self.modules.values().flat_map(Module::sorted)
    }

    /// The complete go.sum lines of some modules, sorted as go.sum is.
    pub fn go_sum(&self, modules: &[&str]) -> String {
        let mut modules: Vec<_> = modules.iter().map(|module| self.get(module)).collect();
        modules.sort_by(|a, b| {
            let by_version = || versions::compare(&a.version, &b.version);
            a.path.cmp(&b.path).then_with(by_version)
        });
        modules.into_iter().map(ModuleVersion::go_sum).collect()
    }

    /// The complete go.sum lines of everything.
    pub fn whole_go_sum(&self) -> String {
        self.iter().map(ModuleVersion::go_sum).collect()
    }

    /// What the proxy answers to a path, which starts with `/` and has no percent escapes left.
    pub fn respond(&self, path: &str) -> Reply {
        self.answer(path).unwrap_or_else(|| Reply::not_found(path))
    }

    fn answer(&self, path: &str) -> Option<Reply> {
        let path = path.strip_prefix('/')?;
        if let Some(escaped) = path.strip_suffix("/@latest") {
            let module = self.modules.get(&versions::unescape(escaped)?)?;
            return Some(Reply::ok("application/json", module.newest()?.info.clone()));
        }
        let (escaped, file) = path.split_once("/@v/")?;
        let module = self.modules.get(&versions::unescape(escaped)?)?;
        if file == "list" {
            return Some(Reply::text(module.list()));
        }
        let (version, kind) = file.rsplit_once('.')?;
        let name = versions::unescape(version)?;
        let version = match module.queries.get(&name) {
            Some(resolved) if kind == "info" => resolved,
            _ => &name,
        };
        let version = module.versions.get(version)?;
        match kind {
            "info" => Some(Reply::ok("application/json", version.info.clone())),
            "mod" => Some(Reply::text(version.go_mod.clone())),
            "zip" => Some(Reply::ok("application/zip", version.zip.clone())),
            _ => None,
        }
    }

    /// Writes everything as files below `dir`, as a static proxy has them.
    pub fn write_proxy(&self, dir: &Path) {
        for (path, module) in &self.modules {
            let path = versions::escape(path);
            txtar::write_file(dir, &format!("{path}/@v/list"), module.list().as_bytes());
            if let Some(newest) = module.newest() {
                txtar::write_file(dir, &format!("{path}/@latest"), &newest.info);
            }
            let aliases = module.queries.iter().filter_map(|(query, version)| {
                Some((versions::escape(query), module.versions.get(version)?))
            });
            for (query, version) in aliases {
                txtar::write_file(dir, &format!("{path}/@v/{query}.info"), &version.info);
            }
            for version in module.versions.values() {
                let file = format!("{path}/@v/{}", versions::escape(&version.version));
                txtar::write_file(dir, &format!("{file}.info"), &version.info);
                txtar::write_file(dir, &format!("{file}.mod"), &version.go_mod);
                txtar::write_file(dir, &format!("{file}.zip"), &version.zip);
            }
        }
    }
}

impl Module {
    fn sorted(&self) -> Vec<&ModuleVersion> {
        let mut sorted: Vec<_> = self.versions.values().collect();
        sorted.sort_by(|a, b| versions::compare(&a.version, &b.version));
        sorted
    }

    fn list(&self) -> String {
        if let Some(list) = &self.list {
            return list.clone();
        }
        let listed = self.sorted().into_iter().map(|version| &version.version);
        listed
            .filter(|version| versions::pseudo_timestamp(version).is_none())
            .map(|version| format!("{version}\n"))
            .collect()
    }

    /// The newest release, else the newest pre-release, else the newest pseudo-version.
    fn newest(&self) -> Option<&ModuleVersion> {
        if let Some(latest) = &self.latest {
            return self.versions.get(latest);
        }
        let sorted = self.sorted();
        let is_release = |version: &&&ModuleVersion| !versions::is_prerelease(&version.version);
        let is_tagged =
            |version: &&&ModuleVersion| versions::pseudo_timestamp(&version.version).is_none();
        let newest = sorted.iter().rfind(is_release);
        newest.or_else(|| sorted.iter().rfind(is_tagged)).or(sorted.last()).copied()
    }
}

/// `a v1.0.0` in the language of graphs, with its whole path.
fn full_name(short: &str) -> String {
    let (path, version) = versions::split(short.trim());
    let first = path.split('/').next().unwrap_or(path);
    let prefix = if first.contains('.') { "" } else { "example.com/" };
    format!("{prefix}{path} {version}")
}

/// The URL of a folder, for GOPROXY.
pub fn file_url(dir: &Path) -> String {
    let path = dir.to_str().expect("a folder named in UTF-8").replace('\\', "/");
    format!("file://{}{path}", if path.starts_with('/') { "" } else { "/" })
}
