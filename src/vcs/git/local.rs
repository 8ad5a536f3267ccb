//! What is in the clone already.

use std::collections::HashSet;
use std::sync::PoisonError;

use super::{Git, SHORT, is_hex};
use crate::error::{Error, ErrorKind};
use crate::spec::goproxy_json::{GoTime, Origin};
use crate::spec::quote::quote;
use crate::vcs::{Revision, unknown_revision};

impl Git {
    /// What `rev` is in the clone; `version` is the name that it was asked for by.
    ///
    /// # Errors
    /// When it isn't there, or git's answer makes no sense.
    pub(super) fn stat_local(&self, version: &str, rev: &str) -> Result<Revision, Error> {
        let start = ["-c", "log.showsignature=false", "log", "--no-decorate", "-n1"];
        let args =
            start.into_iter().chain(["--format=format:%H %ct %D", "--end-of-options", rev, "--"]);
        let Ok(out) = self.run(self.call(args)) else {
            let origin = self.refs().ok().map(|refs| self.repo_origin(&refs));
            return Err(unknown_revision(rev, origin));
        };
        let out = String::from_utf8_lossy(&out);
        let (name, time, mut tags) = parse(&out)?;
        let refs = self.refs().ok();
        let known = refs.iter().flat_map(|refs| refs.iter()).filter(|(_, hash)| **hash == name);
        tags.extend(
            known.filter_map(|(name, _)| name.strip_prefix("refs/tags/")).map(str::to_owned),
        );
        tags.sort();
        tags.dedup();
        let reference = if name.starts_with(rev) { String::new() } else { rev.to_owned() };
        let is_tag = tags.iter().any(|tag| tag == version);
        let is_whole = name.len() == self.digits && is_hex(&name);
        let short = if is_whole { name.get(..SHORT) } else { None };
        Ok(Revision {
            short: short.unwrap_or(&name).to_owned(),
            version: if is_tag { version.to_owned() } else { name.clone() },
            time: GoTime::from_unix(time),
            tags,
            origin: Some(Origin {
                vcs: "git".to_owned(),
                url: self.url.clone(),
                hash: name.clone(),
                reference,
                ..Origin::default()
            }),
            name,
        })
    }

    /// Whether the clone has the tag. Branches there may be out of date.
    pub(super) fn has_local_tag(&self, tag: &str) -> bool {
        let mut known = self.local_tags.lock().unwrap_or_else(PoisonError::into_inner);
        let tags = known.get_or_insert_with(|| {
            let out = self.run(self.call(["tag", "-l"])).unwrap_or_default();
            let out = String::from_utf8_lossy(&out);
            out.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect::<HashSet<_>>()
        });
        tags.contains(tag)
    }

    pub(super) fn add_local_tag(&self, tag: &str) {
        let mut known = self.local_tags.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tags) = known.as_mut() {
            tags.insert(tag.to_owned());
        }
    }
}

/// Takes git's answer apart: `HASH TIME HEAD -> main, tag: v1.0.0, tag: x`.
fn parse(out: &str) -> Result<(String, i64, Vec<String>), Error> {
    let mut words = out.split_whitespace();
    let (Some(hash), Some(time)) = (words.next(), words.next()) else {
        let text = format!("unexpected response from git log: {}", quote(out));
        return Err(Error::message(ErrorKind::Other, text));
    };
    let time = time.parse().map_err(|_| {
        let text = format!("invalid time from git log: {}", quote(out));
        Error::message(ErrorKind::Other, text)
    })?;
    let mut tags = Vec::new();
    while let Some(word) = words.next() {
        if word == "tag:"
            && let Some(tag) = words.next()
        {
            tags.push(tag.strip_suffix(',').unwrap_or(tag).to_owned());
        }
    }
    Ok((hash.to_owned(), time, tags))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_git_log() {
        let (hash, time, tags) =
            parse("abc 1523994202 HEAD -> master, tag: v1.2.4, tag: v1.2.3, origin/x").unwrap();
        assert_eq!(
            (&*hash, time, tags.join(" ").as_str()),
            ("abc", 1_523_994_202, "v1.2.4 v1.2.3")
        );
        assert_eq!(parse("a 1").unwrap(), ("a".to_owned(), 1, Vec::new()));
        for (out, want) in [
            ("", r#"unexpected response from git log: """#),
            ("abc x", r#"invalid time from git log: "abc x""#),
        ] {
            assert_eq!(parse(out).unwrap_err().to_string(), want);
        }
    }
}
