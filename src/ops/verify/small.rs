//! `.mod` and `.info`, which lie beside a zip.
//!
//! go.sum or the database may know the hash of a `.mod`. Where they do not, the go.mod in the zip is
//! what it should be, but for versions `+incompatible`: those may have a go.mod that is not used.

use super::judge::{Report, table};
use super::known::Known;
use crate::error::{Error, ErrorKind};
use crate::store::Store;
use crate::store::contents::Small;
use crate::store::inspect::Inspection;

/// Adds what is wrong with them to the report.
///
/// # Errors
/// When the module has no place in the cache.
pub fn look_at(
    store: &Store,
    known: &Known<'_>,
    inspection: &Inspection,
    report: &mut Report,
) -> Result<(), Error> {
    let module = &inspection.module;
    match store.go_mod_found(module)? {
        Small::Absent => {}
        Small::Broken(text) => {
            report.add(ErrorKind::Other, &text);
            report.go_mod = true;
        }
        Small::Fine(hash) => {
            let known = known.hashes(&module.go_mod());
            let in_zip = inspection.go_mod_in_zip.as_ref().filter(|_| !report.damage.zip);
            if known.iter().any(|trusted| trusted.hash != hash) {
                let others = known.iter().map(|trusted| (&*trusted.name, &*trusted.hash));
                let table = table([("go.mod", &*hash)].into_iter().chain(others));
                report.add_lines(ErrorKind::Security, format!("go.mod: checksum mismatch{table}"));
                report.go_mod = true;
            } else if known.is_empty()
                && !module.version.ends_with("+incompatible")
                && in_zip.is_some_and(|in_zip| *in_zip != hash)
            {
                report.add(
                    ErrorKind::Security,
                    "go.mod has been modified: it is not that of the zip",
                );
                report.go_mod = true;
            }
        }
    }
    if let Small::Broken(text) = store.info_found(module)? {
        report.add(ErrorKind::Other, &text);
        report.info = true;
    }
    Ok(())
}
