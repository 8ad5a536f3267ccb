//! What `--needed` left alone: modules that `download` without arguments would have fetched.

use std::collections::HashSet;

use futures_util::future::join_all;

use crate::ops::load::Loaded;
use crate::ops::needed::Needed;
use crate::pipeline::Forecast;
use crate::plan::{Pruning, Requirements};
use crate::spec::goversion;
use crate::spec::module::Version;

/// How much was spared: the modules that `download` without arguments would have fetched and that were
/// neither needed nor in the cache before. Their go.mod files are not counted, nor is what would be
/// fetched to check them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spared {
    /// How many modules.
    pub modules: u64,
    /// The sizes of their zips together, in bytes, as far as they are known.
    pub bytes: u64,
    /// How many of them no source told the size of.
    pub unknown: u64,
}

/// Asks how large the modules are that are not among `needed`.
pub(super) async fn count(loaded: &Loaded, needed: &[Needed]) -> Spared {
    let needed: HashSet<&Version> = needed.iter().map(|needed| &needed.module).collect();
    let rest: HashSet<Version> =
        all(loaded).await.into_iter().filter(|module| !needed.contains(module)).collect();
    let forecasts = join_all(rest.iter().map(|module| loaded.pipeline.forecast(module))).await;
    let mut spared = Spared::default();
    for forecast in forecasts {
        let size = match forecast {
            Ok(Forecast::Present) => continue,
            Ok(Forecast::Fetch { size, .. }) => size,
            Err(_) => None,
        };
        spared.modules += 1;
        match size {
            Some(size) => spared.bytes = spared.bytes.saturating_add(size),
            None => spared.unknown += 1,
        }
    }
    spared
}

/// What `download` without arguments looks at: what go.mod requires from go 1.17 on, before that and in a
/// workspace the build list.
async fn all(loaded: &Loaded) -> Vec<Version> {
    let main = &loaded.main;
    let mut requirements: Requirements = loaded.requirements.clone();
    let selected: Vec<Version> = match main.single() {
        Some(module) if requirements.pruning == Pruning::Pruned => {
            let required = module.file.require.iter().map(|require| &require.module.path);
            let versions = required.filter_map(|path| {
                Some(Version::new(path.clone(), requirements.root_selected(main, path)?))
            });
            versions.collect()
        }
        _ => requirements.graph(main, &loaded.dependencies).await.0.build_list(),
    };
    let modules = selected.iter().filter(|module| !goversion::is_toolchain(&module.path));
    // Main modules and directories have no version.
    modules.map(|module| main.resolve(module)).filter(|module| !module.version.is_empty()).collect()
}
