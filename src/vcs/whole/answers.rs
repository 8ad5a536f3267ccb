//! What the programs print, read without belief in any of it.

use thiserror::Error;

use crate::spec::goimport::System;
use crate::spec::goproxy_json::{GoTime, Origin};
use crate::spec::quote::quote;
use crate::vcs::Revision;

/// Digits of a hash in pseudo-versions.
const SHORT: usize = 12;
const HASH: usize = 40;

/// An answer that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "the message of each says what it means")]
pub enum AnswerError {
    #[error("unexpected response from {what}: {}", quote(out))]
    Unexpected { what: &'static str, out: String },
    #[error("invalid time from hg log: {}", quote(.0))]
    HgTime(String),
    #[error("unexpected revno from bzr log: {}", quote(.0))]
    Revno(String),
    #[error("unexpected timestamp from bzr log: {}", quote(.0))]
    Timestamp(String),
    #[error("unexpected response from svn {0} --xml: {1}")]
    Xml(&'static str, String),
    #[error("file reported by 'svn list', but not written by 'svn export': {0}")]
    NotExported(String),
    #[error(
        "file size differs between 'svn list' and 'svn export': file {name} listed as {listed} bytes, \
         but exported as {exported} bytes"
    )]
    Size { name: String, listed: u64, exported: u64 },
}

/// The names in a list of tags or branches.
pub fn names(system: System, out: &str) -> Vec<String> {
    let lines = out.lines().filter(|line| !line.is_empty());
    let names: Vec<&str> = match system {
        // With the slash of a folder, as go has them, so that no version is among them.
        System::Hg | System::Svn => lines.collect(),
        System::Bzr => lines
            .filter(|line| !line.starts_with(char::is_whitespace))
            .filter_map(|line| line.split_whitespace().next())
            .collect(),
        // go can't list Fossil's.
        System::Fossil | System::Git => Vec::new(),
    };
    names.into_iter().map(str::to_owned).collect()
}

/// The commit that `out` tells of, which was asked for as `rev`. Its origin has the hash alone.
///
/// # Errors
/// [`AnswerError`].
pub fn revision(system: System, rev: &str, out: &str) -> Result<Revision, AnswerError> {
    match system {
        System::Hg | System::Git => of_hg(rev, out),
        System::Svn => of_svn(rev, out),
        System::Bzr => of_bzr(rev, out),
        System::Fossil => of_fossil(rev, out),
    }
}

fn of_hg(rev: &str, out: &str) -> Result<Revision, AnswerError> {
    let words: Vec<&str> = out.split_whitespace().collect();
    let [hash, time, _, tags @ ..] = words.as_slice() else {
        return Err(AnswerError::Unexpected { what: "hg log", out: out.to_owned() });
    };
    let time = time.parse().map_err(|_| AnswerError::HgTime(out.to_owned()))?;
    let tags = tags.iter().filter(|tag| **tag != "tip").map(|tag| (*tag).to_owned());
    let mut tags: Vec<String> = tags.collect();
    tags.sort();
    Ok(Revision { tags, ..of_hash(hash, rev, GoTime::from_unix(time)) })
}

fn of_hash(hash: &str, rev: &str, time: GoTime) -> Revision {
    let is_whole = hash.len() == HASH && hash.bytes().all(|c| c.is_ascii_hexdigit());
    let short = if is_whole { hash.get(..SHORT) } else { None };
    Revision {
        name: hash.to_owned(),
        short: short.unwrap_or(hash).to_owned(),
        version: if hash.starts_with(rev) { hash } else { rev }.to_owned(),
        time,
        tags: Vec::new(),
        origin: Some(Origin { hash: hash.to_owned(), ..Origin::default() }),
    }
}

fn of_number(number: i64, rev: &str, time: GoTime) -> Revision {
    Revision {
        name: number.to_string(),
        short: format!("{number:012}"),
        version: rev.to_owned(),
        time,
        ..Revision::default()
    }
}

fn of_svn(rev: &str, out: &str) -> Result<Revision, AnswerError> {
    let wrong = |why: &str| AnswerError::Xml("log", format!("{why}\n{out}"));
    let (_, entry) = out.split_once("<logentry").ok_or_else(|| wrong("no log entry"))?;
    let number = attribute(entry, "revision").and_then(|number| number.parse().ok());
    let number = number.ok_or_else(|| wrong("no revision"))?;
    let date = element(entry, "date").ok_or_else(|| wrong("no date"))?;
    let time = GoTime::parse(date.as_bytes()).map_err(|err| wrong(&err.to_string()))?;
    Ok(of_number(number, rev, in_utc(time)))
}

fn of_bzr(rev: &str, out: &str) -> Result<Revision, AnswerError> {
    let (mut number, mut time, mut tags) = (0, None, Vec::new());
    // The commit's message follows, indented.
    let header =
        out.split('\n').take_while(|line| !line.is_empty() && !line.starts_with([' ', '\t']));
    for line in header.filter(|line| !line.starts_with('-')) {
        let Some((key, value)) = line.split_once(':') else { break };
        let value = value.trim();
        match key {
            "revno" => {
                let digits = value.split(' ').next().unwrap_or_default();
                number = digits.parse().map_err(|_| AnswerError::Revno(line.to_owned()))?;
            }
            "timestamp" => {
                // `Sun 2026-01-02 03:04:05 +0100`
                let moment = value.split_once(' ').and_then(|(_, moment)| moment_of(moment));
                time = Some(moment.ok_or_else(|| AnswerError::Timestamp(line.to_owned()))?);
            }
            "tags" => tags = value.split(", ").map(str::to_owned).collect(),
            _ => {}
        }
    }
    match time {
        Some(time) if number != 0 => Ok(Revision { tags, ..of_number(number, rev, time) }),
        _ => Err(AnswerError::Unexpected { what: "bzr log", out: out.to_owned() }),
    }
}

fn of_fossil(rev: &str, out: &str) -> Result<Revision, AnswerError> {
    let is_hash = |line: &&str| line.starts_with("uuid:") || line.starts_with("hash:");
    let Some(line) = out.split('\n').find(is_hash) else {
        return Err(AnswerError::Unexpected { what: "fossil info", out: out.to_owned() });
    };
    let wrong = || AnswerError::Unexpected { what: "fossil info", out: line.to_owned() };
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, hash, date, time, "UTC"] = words.as_slice() else { return Err(wrong()) };
    if hash.len() != HASH {
        return Err(wrong());
    }
    let time = moment_of(&format!("{date} {time} +0000")).ok_or_else(wrong)?;
    Ok(of_hash(hash, rev, time))
}

/// `2026-01-02 03:04:05 +0100` in UTC.
fn moment_of(text: &str) -> Option<GoTime> {
    let [date, time, zone] = *text.split(' ').collect::<Vec<_>>() else { return None };
    let (hours, minutes) = zone.split_at_checked(3).filter(|_| zone.len() == 5)?;
    if time.len() != 8 {
        return None;
    }
    let time = GoTime::parse(format!("{date}T{time}{hours}:{minutes}").as_bytes()).ok()?;
    Some(in_utc(time))
}

fn in_utc(time: GoTime) -> GoTime {
    let nanoseconds =
        i128::from(time.unix_seconds()) * 1_000_000_000 + i128::from(time.nanoseconds());
    GoTime::from_parts(nanoseconds, 0).unwrap_or(time)
}

/// A file that `svn list --xml` tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its path.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
}

/// The files in the list that svn printed as XML.
///
/// # Errors
/// [`AnswerError::Xml`].
pub fn listed(out: &str) -> Result<Vec<Listed>, AnswerError> {
    let mut files = Vec::new();
    for entry in out.split("<entry").skip(1) {
        let entry = entry.split("</entry>").next().unwrap_or_default();
        if attribute(entry, "kind") != Some("file") {
            continue;
        }
        let size = element(entry, "size").and_then(|size| size.trim().parse().ok());
        let (Some(name), Some(size)) = (element(entry, "name"), size) else {
            return Err(AnswerError::Xml("list", format!("file without name or size\n{out}")));
        };
        files.push(Listed { name, size });
    }
    Ok(files)
}

/// The value of an attribute of the tag that `text` is the rest of.
fn attribute<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let tag = text.split('>').next()?;
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    Some(rest.split_once('"')?.0)
}

/// The text in the first element of this name.
fn element(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let mut out = String::new();
    let mut parts = text.split('&');
    out.push_str(parts.next()?);
    for part in parts {
        let (entity, rest) = part.split_once(';')?;
        out.push(match entity {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let number = entity.strip_prefix('#')?;
                let code = match number.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                    None => number.parse().ok()?,
                };
                char::from_u32(code)?
            }
        });
        out.push_str(rest);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn told(system: System, rev: &str, out: &str) -> String {
        match revision(system, rev, out) {
            Ok(Revision { name, short, version, time, tags, .. }) => {
                let time = time.to_rfc3339().unwrap();
                format!("{name} {short} {version} {time} {}", tags.join(",")).trim_end().to_owned()
            }
            Err(err) => err.to_string(),
        }
    }

    const HASH: &str = "18518c07eb8ed5c80221e997e518cccaa8c0c287";

    #[test]
    fn hg() {
        for (rev, out, want) in [
            (
                "v1.0.0",
                format!("{HASH} 1528386063 14400 v1.0.0 tip a"),
                format!("{HASH} 18518c07eb8e v1.0.0 2018-06-07T15:41:03Z a,v1.0.0"),
            ),
            (
                "1851",
                format!("{HASH} 0 0"),
                format!("{HASH} 18518c07eb8e {HASH} 1970-01-01T00:00:00Z"),
            ),
            ("x", "a b".into(), "unexpected response from hg log: \"a b\"".into()),
            ("x", "a b 0".into(), "invalid time from hg log: \"a b 0\"".into()),
        ] {
            assert_eq!(told(System::Hg, rev, &out), want);
        }
        assert_eq!(names(System::Hg, "tip\nv1.0.0\n"), ["tip", "v1.0.0"]);
    }

    #[test]
    fn svn() {
        let out = "<?xml version=\"1.0\"?>\n<log>\n<logentry\n   revision=\"3\">\n<author>a</author>\n\
                   <date>2019-10-29T13:12:35.500000Z</date>\n<msg>x</msg>\n</logentry>\n</log>\n";
        assert_eq!(told(System::Svn, "3", out), "3 000000000003 3 2019-10-29T13:12:35.5Z");
        assert_eq!(
            told(System::Svn, "3", "<log/>"),
            "unexpected response from svn log --xml: no log entry\n<log/>"
        );
        assert_eq!(names(System::Svn, "v1.0.0/\nREADME\n"), ["v1.0.0/", "README"]);
        let out = "<lists><list path=\"x\"><entry kind=\"dir\"><name>a</name></entry><entry\n\
                   kind=\"file\"><name>a/b &amp; &#x3c;</name><size>12</size></entry></list></lists>";
        assert_eq!(listed(out).unwrap(), [Listed { name: "a/b & <".into(), size: 12 }]);
        let out = "<entry kind=\"file\"><name>a</name></entry>";
        assert_eq!(
            listed(out).unwrap_err().to_string(),
            format!("unexpected response from svn list --xml: file without name or size\n{out}")
        );
    }

    #[test]
    fn files_that_svn_does_not_export() {
        assert_eq!(
            AnswerError::NotExported("a".into()).to_string(),
            "file reported by 'svn list', but not written by 'svn export': a"
        );
    }

    #[test]
    fn bzr() {
        let out = "------\nrevno: 2 [merge]\nrevision-id: a@b-1\ntags: v1.0.0, v1.0.1\n\
                   committer: a\ntimestamp: Fri 2026-01-02 03:04:05 +0100\nmessage:\n  revno: 9\n";
        assert_eq!(
            told(System::Bzr, "2", out),
            "2 000000000002 2 2026-01-02T02:04:05Z v1.0.0,v1.0.1"
        );
        for (out, want) in [
            ("revno: x", "unexpected revno from bzr log: \"revno: x\""),
            ("timestamp: x", "unexpected timestamp from bzr log: \"timestamp: x\""),
            ("timestamp: x 1 2 3", "unexpected timestamp from bzr log: \"timestamp: x 1 2 3\""),
            ("revno: 1", "unexpected response from bzr log: \"revno: 1\""),
        ] {
            assert_eq!(told(System::Bzr, "x", out), want);
        }
        assert_eq!(names(System::Bzr, "v1.0.0    1\nv1.1.0    ?\n"), ["v1.0.0", "v1.1.0"]);
    }

    #[test]
    fn fossil() {
        let out = format!("project-name: x\nhash:     {HASH} 2026-01-02 03:04:05 UTC\nparent: y\n");
        assert_eq!(
            told(System::Fossil, "trunk", &out),
            format!("{HASH} 18518c07eb8e trunk 2026-01-02T03:04:05Z")
        );
        let out = "uuid: abc 2026-01-02 03:04:05 UTC";
        assert_eq!(
            told(System::Fossil, "trunk", out),
            format!("unexpected response from fossil info: \"{out}\"")
        );
        assert_eq!(told(System::Fossil, "x", ""), "unexpected response from fossil info: \"\"");
        assert!(names(System::Fossil, "trunk\n").is_empty());
    }

    proptest! {
        #[test]
        fn nothing_panics(out: String, pieces in prop::collection::vec(prop_oneof![
            Just("<entry"), Just("kind=\"file\""), Just(">"), Just("<name>"), Just("</name>"),
            Just("<size>"), Just("</size>"), Just("&"), Just(";"), Just("#"), Just("x9"), Just("<logentry"),
            Just("revision=\""), Just("<date>"), Just("</date>"), Just("\""), Just("hash: "), Just("é"),
            Just("timestamp: a b c +0100"), Just("\n"), Just("revno: "), Just("9"),
        ], 0..20)) {
            for out in [out, pieces.concat()] {
                let _ = listed(&out);
                for system in System::ALL {
                    let _ = revision(system, "x", &out);
                    let _ = names(system, &out);
                }
            }
        }
    }
}
