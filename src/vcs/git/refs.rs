//! What a git server says that it has: refs, and the sums over them that tell whether anything changed.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::{Git, REMOTE, Refs};
use crate::error::{Error, ErrorKind};
use crate::spec::goproxy_json::Origin;
use crate::spec::module::is_pseudo_version;
use crate::spec::quote::quote;
use crate::spec::semver;
use crate::vcs::{Tag, Tags};

/// Most refs that are taken in.
const MAX_REFS: usize = 1 << 20;
/// What go says where a password is missing.
const NO_PASSWORD: &str = "Confirm the import path was entered correctly.\nIf this is a private \
                           repository, see https://golang.org/doc/faq#git_https for additional \
                           information.";

impl Git {
    /// Heads, tags and HEAD of the server, asked for once.
    ///
    /// # Errors
    /// When the server can't be reached, or has no such repository.
    pub(super) fn refs(&self) -> Result<Arc<Refs>, Error> {
        self.refs.get_or_init(|| self.ask_refs(REMOTE)).clone()
    }

    /// Asks the server: `remote` is its name in the clone, or its address.
    pub(super) fn ask_refs(&self, remote: &str) -> Result<Arc<Refs>, Error> {
        let call = self.call(["ls-remote", "-q", "--end-of-options", remote]).network();
        let out = self.run(call).map_err(|mut err| {
            let mut kind = ErrorKind::Network;
            if err.stderr.contains("fatal: could not read Username") {
                kind = ErrorKind::Forbidden;
                err.help = NO_PASSWORD;
            }
            let is_web = self.url.starts_with("https://") || self.url.starts_with("http://");
            if is_web && self.runner.is_absent(&self.url) {
                kind = ErrorKind::NotFound;
            }
            err.into_error(kind)
        })?;
        parse(&String::from_utf8_lossy(&out)).map(Arc::new)
    }

    /// The origin of "there is no such thing": all that the server has.
    pub(super) fn repo_origin(&self, refs: &Refs) -> Origin {
        let repo_sum = repo_sum(refs);
        Origin { vcs: "git".to_owned(), url: self.url.clone(), repo_sum, ..Origin::default() }
    }

    /// Whether what was found with this origin would be found again.
    pub(super) fn check_origin(&self, old: &Origin, subdir: &str) -> Result<(), Error> {
        let changed = |text: String| Err(Error::message(ErrorKind::Other, text));
        let (vcs, url) = (&old.vcs, quote(&old.url));
        let now = quote(&self.url);
        if old.vcs != "git" || old.url != self.url {
            return changed(format!("origin moved from {vcs} {url} to git {now}"));
        }
        if old.subdir != subdir {
            let (old, new) = (quote(&old.subdir), quote(subdir));
            return changed(format!("origin moved from {vcs} {url} {old} to git {now} {new}"));
        }
        if old.hash.is_empty() && old.tag_sum.is_empty() && old.repo_sum.is_empty() {
            return changed("non-specific origin".to_owned());
        }
        let refs = self.refs()?;
        if !old.reference.is_empty() {
            let name = quote(&old.reference);
            match refs.get(&old.reference) {
                None => return changed(format!("ref {name} deleted")),
                Some(hash) if *hash != old.hash => {
                    return changed(format!("ref {name} moved from {} to {hash}", old.hash));
                }
                Some(_) => {}
            }
        }
        if !old.tag_sum.is_empty() {
            let tags = tags(&refs, &self.url, &old.tag_prefix);
            if tags.origin.is_none_or(|origin| origin.tag_sum != old.tag_sum) {
                return changed("tags changed".to_owned());
            }
        }
        if !old.repo_sum.is_empty() && repo_sum(&refs) != old.repo_sum {
            return changed("refs changed".to_owned());
        }
        Ok(())
    }
}

/// Reads the output of `git ls-remote`: a hash and a name on each line. `NAME^{}` is the commit that the
/// annotated tag NAME is on.
pub(super) fn parse(text: &str) -> Result<Refs, Error> {
    let mut refs = Refs::new();
    let mut unwrapped = Vec::new();
    for line in text.split('\n') {
        let mut words = line.split_whitespace();
        let (Some(hash), Some(name), None) = (words.next(), words.next(), words.next()) else {
            continue;
        };
        if name != "HEAD" && !name.starts_with("refs/heads/") && !name.starts_with("refs/tags/") {
            continue;
        }
        if refs.len() >= MAX_REFS {
            return Err(Error::message(ErrorKind::Security, "repository has too many refs"));
        }
        match name.strip_suffix("^{}") {
            Some(name) => unwrapped.push((name.to_owned(), hash.to_owned())),
            None => drop(refs.insert(name.to_owned(), hash.to_owned())),
        }
    }
    refs.extend(unwrapped);
    Ok(refs)
}

/// The tags among `refs` that begin with `prefix`.
pub(super) fn tags(refs: &Refs, url: &str, prefix: &str) -> Tags {
    let list: Vec<Tag> = refs
        .iter()
        .filter_map(|(name, hash)| Some((name.strip_prefix("refs/tags/")?, hash)))
        .filter(|(name, _)| name.starts_with(prefix))
        .map(|(name, hash)| Tag { name: name.to_owned(), hash: hash.clone() })
        .collect();
    let dir = prefix.rfind('/').map_or("", |at| prefix.get(..=at).unwrap_or_default());
    let counting =
        list.iter().filter(|tag| is_origin_tag(tag.name.strip_prefix(dir).unwrap_or(&tag.name)));
    let tag_sum = sum("t1:", counting.map(|tag| (&*tag.name, &*tag.hash)));
    let origin = Origin {
        vcs: "git".to_owned(),
        url: url.to_owned(),
        tag_prefix: prefix.to_owned(),
        tag_sum,
        ..Origin::default()
    };
    Tags { origin: Some(origin), list }
}

/// Whether a tag can matter to which versions there are: it begins with a whole version.
pub fn is_origin_tag(tag: &str) -> bool {
    let canonical = semver::canonical(tag);
    !canonical.is_empty() && tag.starts_with(&canonical) && !is_pseudo_version(tag)
}

fn repo_sum(refs: &Refs) -> String {
    sum("r1:", refs.iter().map(|(name, hash)| (&**name, &**hash)))
}

/// A sum over names and hashes, as go makes it.
fn sum<'a>(kind: &str, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut sum = Sha256::new();
    for (name, hash) in pairs {
        sum.update(format!("{} {hash}\n", quote(name)));
    }
    format!("{kind}{}", STANDARD.encode(sum.finalize()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refs_as_git_tells_them() {
        let text = "1111\tHEAD\n2222\trefs/tags/v1.0.0\n3333\trefs/tags/v1.0.0^{}\n\
                    4444\trefs/pull/1/head\n5555\trefs/heads/main\nwarning: this is not one\n\
                    6666\trefs/tags/sub/v1.1.0\n7777\trefs/tags/other\n";
        let refs = parse(text).unwrap();
        let told: Vec<String> = refs.iter().map(|(name, hash)| format!("{name}={hash}")).collect();
        let want = "HEAD=1111 refs/heads/main=5555 refs/tags/other=7777 \
                    refs/tags/sub/v1.1.0=6666 refs/tags/v1.0.0=3333";
        assert_eq!(told.join(" "), want);
        let named = |prefix: &str| {
            let tags = tags(&refs, "u", prefix);
            let names: Vec<String> = tags.list.into_iter().map(|tag| tag.name).collect();
            (names.join(" "), tags.origin.unwrap().tag_sum)
        };
        assert_eq!(named("").0, "other sub/v1.1.0 v1.0.0");
        assert_eq!(named("sub/").0, "sub/v1.1.0");
        // What begins with no version doesn't count.
        assert_eq!(named("other").1, "t1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        assert_ne!(named("v1").1, named("other").1);
    }

    #[test]
    fn tags_that_count() {
        for (tag, want) in [
            ("v1.0.0", true),
            ("v1.0.0+meta", true),
            ("v1.0", false),
            ("v0.0.0-20240501100000-abcdefabcdef", false),
            ("x", false),
            ("", false),
        ] {
            assert_eq!(is_origin_tag(tag), want, "{tag}");
        }
    }

    #[test]
    fn there_is_an_end_to_refs() {
        let many: String = (0..=MAX_REFS).map(|n| format!("1 refs/tags/{n}\n")).collect();
        assert_eq!(parse(&many).unwrap_err().to_string(), "repository has too many refs");
    }

    proptest! {
        #[test]
        fn any_text_is_refs(text in "([0-9a-f]{4}[ \t](refs/(tags|heads)/)?[a-zv0-9./^{}]{0,8}\n|.*){0,5}") {
            let refs = parse(&text).unwrap();
            for prefix in ["", "v", "a/"] {
                prop_assert!(tags(&refs, "u", prefix).list.is_sorted_by(|a, b| a.name < b.name));
            }
        }
    }
}
