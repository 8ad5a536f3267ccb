//! What is damaged, fetched again.

use futures_util::future::join_all;

use super::judge::{Report, judge};
use super::known::Known;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::pipeline::Pipeline;
use crate::spec::module::Version;
use crate::store::contents::Small;

/// Removes the go.mod files from the cache that go.sum contradicts. go, and we, would end the run when
/// one is read; now it is fetched again instead, and checked as any other.
///
/// # Errors
/// When one can't be removed.
pub fn contradicted_go_mods(ctx: &Ctx, pipeline: &Pipeline) -> Result<(), Error> {
    let (store, gosum) = (pipeline.store(), pipeline.verifier().gosum());
    for (key, name, _) in gosum.lines() {
        let Some(version) = key.version.strip_suffix("/go.mod") else { continue };
        let module = Version::new(key.path.clone(), version);
        let known = gosum.known(&key);
        // A line about what could be no module is no business of this.
        let Ok(Small::Fine(hash)) = store.go_mod_found(&module) else { continue };
        if !known.is_empty() && known.iter().all(|(_, known)| *known != hash) {
            store.remove_go_mod(&module)?;
            ctx.note(format!(
                "gomodfetch: {} {version}: go.mod in the cache contradicts {name}, and is fetched \
                 again",
                key.path
            ));
        }
    }
    Ok(())
}

/// Fetches again what is damaged, and looks at it once more.
pub async fn repair(pipeline: &Pipeline, known: &Known<'_>, reports: &mut [Report]) {
    let damaged = reports.iter_mut().filter(|report| report.is_damaged());
    join_all(damaged.map(|report| async {
        match repair_one(pipeline, known, report).await {
            Ok(()) => {
                report.repaired = true;
                report.detail("repaired");
            }
            Err(err) => {
                let text = err.to_string();
                // The rest of such a message explains what is said above already.
                let first = text.split("\n\n").next().unwrap_or_default();
                report.detail(&format!("not repaired: {}", first.replace('\n', "\n\t")));
                report.detail("it is fetched when it is needed, and not believed until then");
            }
        }
    }))
    .await;
}

async fn repair_one(pipeline: &Pipeline, known: &Known<'_>, report: &Report) -> Result<(), Error> {
    let module = &report.module;
    if report.info {
        pipeline.store().remove_info(module)?;
        pipeline.info(&module.path, &module.version).await?;
    }
    if report.go_mod {
        pipeline.repair_go_mod(module).await?;
    }
    if !report.damage.any() {
        return Ok(());
    }
    pipeline.repair(module, report.damage, &report.seen).await?;
    let again = pipeline.inspect(vec![module.clone()]).await?;
    for inspection in again {
        let after = judge(module.clone(), &inspection?, &known.hashes(module));
        if let Some(err) = after.errors().next() {
            return Err(err);
        }
    }
    Ok(())
}
