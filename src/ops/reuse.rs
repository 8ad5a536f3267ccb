//! `-reuse`: what an earlier run found, as long as the repositories that it depends on are unchanged.
//!
//! The file is the JSON output of that run. What it says is taken over without a download if the origin
//! in it says enough to be sure that the same would be found, and the repository says that none of it has
//! changed.
//!
//! Implements `-reuse` of <https://go.dev/ref/mod#go-mod-download> and of `go list -m`.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};
use crate::pipeline::Pipeline;
use crate::spec::goproxy_json::{ModulePublic, Origin, decode_reuse};
use crate::spec::module;
use crate::spec::query::is_revision_query;
use crate::sys::lock;

/// Largest file that is read.
const MAX_FILE: u64 = 256 << 20;

/// What an earlier run found, by the path and by the version or the query.
#[derive(Debug, Default)]
pub struct Reuse(HashMap<(String, String), Arc<ModulePublic>>);

impl Reuse {
    /// Reads the file that the user named.
    ///
    /// # Errors
    /// When it can't be read, or is no such output.
    pub fn read(ctx: &Ctx, file: &str) -> Result<Reuse, Error> {
        let data = lock::read_unlocked(&ctx.cwd.join(file), MAX_FILE)
            .map_err(|err| err.on(Path::new(file)))?;
        let entries = decode_reuse(&data)
            .map_err(|err| Error::message(ErrorKind::Other, format!("parsing {file}: {err}")))?;
        let mut known = HashMap::new();
        for entry in entries {
            let entry = Arc::new(entry);
            known.insert((entry.path.clone(), entry.version.clone()), Arc::clone(&entry));
            if !entry.query.is_empty() {
                known.insert((entry.path.clone(), entry.query.clone()), entry);
            }
        }
        Ok(Reuse(known))
    }

    /// What was found for `path@query`, if it would be found again.
    pub async fn find(
        &self,
        pipeline: &Pipeline,
        path: &str,
        query: &str,
    ) -> Option<Arc<ModulePublic>> {
        let entry = self.0.get(&(path.to_owned(), query.to_owned()))?;
        let origin = entry.origin.as_ref()?;
        if module::check_path(path).is_err() || !says_enough(origin, path, query) {
            return None;
        }
        pipeline.check_reuse(path, origin).await.ok()?;
        Some(Arc::clone(entry))
    }
}

/// Whether the origin holds everything that the answer to `query` depends on. A proxy may have left
/// some of it out.
fn says_enough(origin: &Origin, path: &str, query: &str) -> bool {
    let has = |text: &str| !text.is_empty();
    if has(&origin.repo_sum) {
        return true;
    }
    // A version stays what it is, be it there or not.
    if query == module::canonical_version(query) {
        return has(&origin.hash) || has(&origin.reference) || has(&origin.tag_sum);
    }
    // Which version a commit is, and which one a choice, depends on the tags.
    let names_commit = has(&origin.hash) || has(&origin.reference);
    has(&origin.tag_sum) && (names_commit || !is_revision_query(path, query))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_depends_on() {
        let origin = |hash: &str, reference: &str, tag_sum: &str, repo_sum: &str| Origin {
            hash: hash.to_owned(),
            reference: reference.to_owned(),
            tag_sum: tag_sum.to_owned(),
            repo_sum: repo_sum.to_owned(),
            ..Origin::default()
        };
        for (query, origin, want) in [
            ("v1.0.0", origin("h", "", "", ""), true),
            ("v1.0.0", origin("", "", "t", ""), true),
            ("v1.0.0", origin("", "", "", ""), false),
            ("main", origin("h", "r", "", ""), false),
            ("main", origin("", "", "t", ""), false),
            ("main", origin("h", "", "t", ""), true),
            ("latest", origin("h", "r", "", ""), false),
            ("latest", origin("", "", "t", ""), true),
            ("anything", origin("", "", "", "r"), true),
        ] {
            assert_eq!(says_enough(&origin, "example.com/m", query), want, "{query} {origin:?}");
        }
    }
}
