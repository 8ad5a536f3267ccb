//! What there is to tell of a module: `list -m`'s description of it.
//!
//! Of many modules everything is asked for at the same time, and each file once. What can't be found
//! out is told in the description's error, as go tells it; only what ends the whole run is an error.

use futures_util::future::{join, try_join, try_join_all, try_join4};

use crate::error::Error;
use crate::ops::load::Loaded;
use crate::ops::query::Queries;
use crate::plan::{GoMods, Requirements};
use crate::source::Versions;
use crate::spec::goproxy_json::{ModulePublic, Origin};
use crate::spec::goversion;
use crate::spec::module::Version;
use crate::store::layout::Kind;

/// What is wanted beyond the plain description.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// `-u`: newer versions, and whether the module is deprecated.
    pub updates: bool,
    /// Whether the version was retracted.
    pub retractions: bool,
    /// `-versions`: the versions that there are.
    pub versions: bool,
    /// Retracted ones among them.
    pub retracted_versions: bool,
}

/// Describes modules.
#[derive(Clone, Copy)]
pub struct Describer<'a> {
    /// The main modules, and through what everything is fetched.
    pub loaded: &'a Loaded,
    /// What is wanted.
    pub wanted: Wanted,
}

/// A module's description, and the failure that its error tells of.
#[derive(Debug, Clone, Default)]
pub struct Described {
    /// The description.
    pub info: ModulePublic,
    /// What could not be found out.
    pub failure: Option<Error>,
}

impl Described {
    /// A module of which nothing is known but that it can't be had.
    pub fn failed(path: &str, version: &str, err: Error) -> Described {
        let mut described = Described::from(ModulePublic {
            path: path.to_owned(),
            version: version.to_owned(),
            ..ModulePublic::default()
        });
        described.fail(err);
        described
    }

    /// The first failure is the one that is told.
    fn fail(&mut self, err: Error) {
        if self.failure.is_none() {
            self.info.error = Some(err.to_string());
            self.failure = Some(err);
        }
    }
}

impl From<ModulePublic> for Described {
    fn from(info: ModulePublic) -> Described {
        Described { info, failure: None }
    }
}

/// Something that was looked for; an error that does not end the run is kept.
type Found<T> = Result<T, Error>;

impl Describer<'_> {
    fn queries(&self) -> Queries<'_> {
        let loaded = self.loaded;
        let (pipeline, main) = (&*loaded.pipeline, &loaded.main);
        Queries { pipeline, main, go_mods: &loaded.dependencies }
    }

    /// Describes a main module.
    fn main_module(&self, module: &Version) -> ModulePublic {
        let main = &self.loaded.main;
        let mut info = ModulePublic { path: module.path.to_string(), main: true, ..<_>::default() };
        match main.get(&module.path) {
            Some(module) => {
                // go takes a missing line for the version that it stands for, but in workspaces.
                info.go_version = match main.is_workspace() {
                    true => module.file.go.as_ref().map(|go| go.to_string()).unwrap_or_default(),
                    false => module.go_version().to_owned(),
                };
                info.dir = module.root.clone();
                let given = self.loaded.project.mod_file_given.as_ref();
                info.go_mod = given.unwrap_or(&module.go_mod_path).clone();
            }
            None => info.go_version = self.loaded.rules.running.version.clone(),
        }
        info
    }

    /// Describes `module`; as part of the build if `requirements` are given, else as what it is by
    /// itself.
    ///
    /// # Errors
    /// What ends the whole run.
    pub async fn describe(
        &self,
        module: &Version,
        requirements: Option<&Requirements>,
    ) -> Result<Described, Error> {
        let main = &self.loaded.main;
        let is_main = main.contains(&module.path) || main.versions().contains(module);
        if module.version.is_empty() && is_main {
            return Ok(self.main_module(module).into());
        }
        let mut described = Described::from(ModulePublic {
            path: module.path.to_string(),
            version: module.version.to_string(),
            indirect: requirements.is_some_and(|r| !r.direct.contains(&module.path)),
            go_version: self.known_go_version(module),
            ..ModulePublic::default()
        });
        let replacement = requirements.and_then(|_| main.replacement(module));
        let Some(replacement) = replacement else {
            if requirements.is_none() || !main.build_mod.is_vendor() {
                self.complete(&mut described, requirements.is_some()).await?;
            }
            return Ok(described);
        };
        let mut replace = Described::from(ModulePublic {
            path: replacement.path.to_string(),
            version: replacement.version.to_string(),
            go_version: described.info.go_version.clone(),
            ..ModulePublic::default()
        });
        if replacement.version.is_empty() {
            replace.info.dir = main.directory(replacement);
            replace.info.go_mod = replace.info.dir.join("go.mod");
        }
        let info = &mut described.info;
        if !main.build_mod.is_vendor() {
            self.complete(&mut replace, true).await?;
            info.dir = replace.info.dir.clone();
            info.go_mod = replace.info.go_mod.clone();
            info.retracted = replace.info.retracted.clone();
        }
        info.go_version = replace.info.go_version.clone();
        // What is wrong with it is told in its own description, and is no failure.
        info.replace = Some(Box::new(replace.info));
        Ok(described)
    }

    /// The go line of `module` where its go.mod, or vendor/modules.txt, was read already.
    fn known_go_version(&self, module: &Version) -> String {
        if let Some(vendored) = &self.loaded.vendored {
            return vendored.go_version(module).to_owned();
        }
        let known = self.loaded.dependencies.known(module);
        known.map(|summary| summary.go_version.clone()).unwrap_or_default()
    }

    /// Adds what the module cache, go.sum and the source of a module say of it.
    async fn complete(&self, described: &mut Described, of_build: bool) -> Result<(), Error> {
        let info = &mut described.info;
        if goversion::is_toolchain(&info.path) {
            return Ok(());
        }
        let gosum = self.loaded.pipeline.verifier().gosum();
        let is_version = !info.version.is_empty();
        let must_have = of_build && is_version && self.loaded.main.must_have_sums();
        let asked = Version::new(info.path.as_str(), info.version.as_str());
        let may_read = !must_have || gosum.has(&asked.go_mod());
        let wants_go_version = info.go_version.is_empty() && may_read;
        let found = async {
            match is_version {
                true => kept(self.queries().resolve_any(&info.path, &info.version).await).map(Some),
                false => Ok(None),
            }
        };
        let found = match module_version_is_exact(&asked) {
            // Both at the same time, where the version says which go.mod it is.
            true => join(found, self.go_version(&asked, wants_go_version)).await,
            false => (found.await, Ok(None)),
        };
        let (found, go_version) = (found.0?, found.1?);
        match found {
            None => {}
            Some(Ok(found)) => {
                info.version = found.version.clone();
                info.time = Some(found.time);
            }
            Some(Err(err)) => described.fail(err),
        }
        let info = &mut described.info;
        let module = Version::new(info.path.as_str(), info.version.as_str());
        let go_version = match go_version {
            Some(version) => Some(version),
            None => self.go_version(&module, wants_go_version).await?,
        };
        if let Some(version) = go_version {
            info.go_version = version;
        }
        if is_version {
            self.add_files(info, &module, must_have);
            if self.wanted.retractions {
                let found = self.retraction(&described.info).await?;
                set_retraction(described, found);
            }
        }
        Ok(())
    }

    /// The go line of a module's go.mod, if it is wanted and can be read.
    async fn go_version(&self, module: &Version, wanted: bool) -> Result<Option<String>, Error> {
        if !wanted {
            return Ok(None);
        }
        match self.loaded.dependencies.raw_go_mod(module).await {
            Err(err) if err.is_fatal() => Err(err),
            Err(_) => Ok(Some(String::new())),
            Ok(summary) => {
                let running = &self.loaded.rules.running.version;
                let too_new = goversion::compare(&summary.go_version, running).is_gt();
                Ok(Some(if too_new { String::new() } else { summary.go_version.clone() }))
            }
        }
    }

    /// Adds the places in the module cache and the sums in go.sum, as far as there are any.
    fn add_files(&self, info: &mut ModulePublic, module: &Version, must_have: bool) {
        let store = self.loaded.pipeline.store();
        let gosum = self.loaded.pipeline.verifier().gosum();
        if !must_have || gosum.has(&module.go_mod()) {
            if let Ok(path) = store.file(module, Kind::Mod)
                && path.is_file()
            {
                info.go_mod = path;
            }
            info.go_mod_sum = gosum.recorded(&module.go_mod()).unwrap_or_default();
        }
        if !must_have || gosum.has(module) {
            info.dir = store.unpacked(module).unwrap_or_default();
            info.sum = gosum.recorded(module).unwrap_or_default();
        }
    }

    async fn retraction(&self, info: &ModulePublic) -> Result<Found<Vec<String>>, Error> {
        if info.version.is_empty() {
            return Ok(Ok(Vec::new()));
        }
        let module = Version::new(info.path.as_str(), info.version.as_str());
        kept(self.queries().retracted(&module).await)
    }

    /// Adds updates, versions, retractions and deprecations to all modules, whatever is wanted.
    ///
    /// # Errors
    /// What ends the whole run.
    pub async fn complete_all(&self, modules: &mut [Described]) -> Result<(), Error> {
        let new = modules.iter_mut().filter(|described| !described.info.reuse);
        let all = new.map(|described| async {
            let replace = described.info.replace.take();
            let mut replace = replace.map(|info| Described::from(*info));
            let inner = async {
                match replace.as_mut() {
                    Some(replace) => self.add_wanted(replace).await,
                    None => Ok(()),
                }
            };
            try_join(self.add_wanted(described), inner).await?;
            described.info.replace = replace.map(|replace| Box::new(replace.info));
            Ok(())
        });
        try_join_all(all).await.map(drop)
    }

    async fn add_wanted(&self, described: &mut Described) -> Result<(), Error> {
        let info = &described.info;
        let Wanted { updates, retractions, versions, retracted_versions } = self.wanted;
        let queries = self.queries();
        let update = async {
            match updates && !info.version.is_empty() {
                true => kept(queries.update(&info.path, &info.version).await),
                false => Ok(Ok(None)),
            }
        };
        let listed = async {
            match versions {
                true => kept(queries.list(&info.path, retracted_versions).await),
                false => Ok(Ok(Versions::default())),
            }
        };
        let retraction = async {
            match retractions {
                true => self.retraction(info).await,
                false => Ok(Ok(Vec::new())),
            }
        };
        let deprecation = async {
            match updates && !info.version.is_empty() {
                true => kept(queries.deprecation(&info.path).await),
                false => Ok(Ok(String::new())),
            }
        };
        let all = try_join4(update, listed, retraction, deprecation).await?;
        let (update, listed, retraction, deprecation) = all;
        match update {
            Err(err) => described.fail(err),
            Ok(None) => {}
            Ok(Some(newer)) => {
                described.info.update = Some(Box::new(ModulePublic {
                    path: described.info.path.clone(),
                    version: newer.version.clone(),
                    time: Some(newer.time),
                    ..ModulePublic::default()
                }));
            }
        }
        if versions {
            let mut origin = None;
            match listed {
                Err(err) => described.fail(err),
                Ok(listed) => {
                    origin = listed.origin;
                    described.info.versions = listed.list;
                }
            }
            // That of the list counts too, and a proxy's has none.
            let info = &mut described.info;
            info.origin = Origin::merged(info.origin.as_ref(), origin.as_ref());
        }
        set_retraction(described, retraction);
        match deprecation {
            Err(err) => described.fail(err),
            Ok(text) if updates => described.info.deprecated = text,
            Ok(_) => {}
        }
        Ok(())
    }
}

/// Whether a version is one that a go.mod can be asked for by.
fn module_version_is_exact(module: &Version) -> bool {
    !module.version.is_empty()
        && crate::spec::module::canonical_version(&module.version) == *module.version
}

/// What was found, or why not; what ends the run is an error.
fn kept<T>(result: Result<T, Error>) -> Result<Found<T>, Error> {
    match result {
        Err(err) if err.is_fatal() => Err(err),
        result => Ok(result),
    }
}

fn set_retraction(described: &mut Described, found: Found<Vec<String>>) {
    match found {
        Err(err) => described.fail(err),
        Ok(reasons) if reasons.is_empty() => {}
        Ok(reasons) => described.info.retracted = reasons,
    }
}
