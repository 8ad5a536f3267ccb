//! `env`: every setting, and where it came from.

use crate::config::Explained;
use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};

/// The settings named, in that order; all of them where none is named.
///
/// # Errors
/// On a name that is no setting of ours.
pub fn run(ctx: &Ctx, names: &[String]) -> Result<Vec<Explained>, Error> {
    let all = ctx.config.explain();
    if names.is_empty() {
        return Ok(all);
    }
    names
        .iter()
        .map(|name| {
            all.iter().find(|setting| setting.name == **name).cloned().ok_or_else(|| {
                Error::message(ErrorKind::Usage, format!("{name} is no setting of gomodfetch"))
            })
        })
        .collect()
}
