//! What the programs are asked, in the arguments that go gives them.
//!
//! A revision or an address never stands where it could be read as an option: it is bound to one with
//! `=`, or follows `--`.

use crate::spec::goimport::System;

/// Our extension to hg: the names that a server knows, and what one of them stands for.
pub(super) const HG_EXTENSION: &[u8] = include_bytes!("hg_extension.py");

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).into()
}

/// Makes the repository, mostly by fetching all of `remote`.
pub(super) fn init(system: System, remote: &str) -> Option<Vec<String>> {
    Some(match system {
        System::Hg => words(["init", "."]),
        System::Bzr => words(["branch", "--use-existing-dir", "--", remote, "."]),
        System::Fossil => words(["clone", "--", remote, ".fossil"]),
        System::Svn | System::Git => return None,
    })
}

/// Fetches what is new.
pub(super) fn fetch(system: System) -> Option<Vec<String>> {
    Some(match system {
        System::Hg => words(["pull", "-f"]),
        System::Bzr => words(["pull", "--overwrite-tags"]),
        System::Fossil => words(["pull", "-R", ".fossil"]),
        System::Svn | System::Git => return None,
    })
}

pub(super) fn tags(system: System, remote: &str) -> Vec<String> {
    match system {
        System::Svn => {
            let base = remote.strip_suffix("/trunk").unwrap_or(remote);
            words(["list", "--", &format!("{base}/tags")])
        }
        System::Bzr => words(["tags"]),
        System::Fossil => words(["tag", "-R", ".fossil", "list"]),
        System::Hg | System::Git => words(["tags", "-q"]),
    }
}

pub(super) fn branches(system: System) -> Option<Vec<String>> {
    (system == System::Hg).then(|| words(["branches", "-c", "-q"]))
}

/// Whether `rev` stands for another commit whenever there is a new one.
pub(super) fn moves(system: System, rev: &str) -> bool {
    match system {
        // Go looks at each line by itself.
        System::Hg => rev.split('\n').any(|line| line == "tip"),
        System::Bzr => rev.starts_with("revno:-"),
        _ => false,
    }
}

/// What the system calls its newest commit.
pub(super) fn latest(system: System) -> &'static str {
    match system {
        System::Bzr => "revno:-1",
        System::Fossil => "trunk",
        System::Svn => "latest",
        System::Hg | System::Git => "tip",
    }
}

pub(super) fn stat(system: System, rev: &str, remote: &str) -> Vec<String> {
    match system {
        System::Svn => {
            let peg = if rev == "latest" { String::new() } else { format!("@{rev}") };
            words(["log", "-l1", "--xml", "--", &format!("{remote}{peg}")])
        }
        System::Bzr => words(["log", "-l1", "--long", "--show-ids", &format!("--revision={rev}")]),
        System::Fossil => words(["info", "-R", ".fossil", "--", rev]),
        System::Hg | System::Git => words([
            "log",
            "-l1",
            &format!("--rev={rev}"),
            "--template",
            "{node} {date|hgdate} {tags}",
        ]),
    }
}

pub(super) fn read_file(system: System, rev: &str, file: &str, remote: &str) -> Vec<String> {
    match system {
        System::Svn => words(["cat", "--", &format!("{remote}/{file}@{rev}")]),
        System::Bzr => words(["cat", &format!("--revision={rev}"), "--", file]),
        System::Fossil => words(["cat", "-R", ".fossil", &format!("-r={rev}"), "--", file]),
        System::Hg | System::Git => words(["cat", &format!("--rev={rev}"), "--", file]),
    }
}

/// Writes a zip to `target`. `repository` is the file of Fossil's.
pub(super) fn archive(
    system: System,
    rev: &str,
    subdir: &str,
    target: &str,
    repository: &str,
) -> Vec<String> {
    match system {
        System::Bzr => {
            let revision = format!("--revision={rev}");
            let fixed = ["export", "--format=zip", &revision, "--root=prefix/", "--", target];
            let mut args = words(fixed);
            if !subdir.is_empty() {
                args.push(format!("./{subdir}"));
            }
            args
        }
        System::Fossil => {
            let mut args = words(["zip", "-R", repository, "--name", "prefix"]);
            if !subdir.is_empty() && !subdir.contains(['*', '?', '[', ']', ',']) {
                args.push(format!("--include={subdir}"));
            }
            args.extend(words(["--", rev, target]));
            args
        }
        System::Hg | System::Svn | System::Git => {
            let revision = format!("--rev={rev}");
            let fixed = ["archive", "-t", "zip", "--no-decode", &revision, "--prefix=prefix/"];
            let mut args = words(fixed);
            if !subdir.is_empty() {
                args.push(format!("--include={subdir}/**"));
            }
            args.extend(words(["--", target]));
            args
        }
    }
}

/// The tags on `rev` and before it.
pub(super) fn recent_tags(rev: &str) -> Vec<String> {
    words(["log", &format!("--rev=ancestors({rev}) and tag()"), "--template", "{tags}\n"])
}

/// Prints something if `tag` is on `rev` or before it.
pub(super) fn descends(rev: &str, tag: &str) -> Vec<String> {
    words(["log", &format!("--rev=ancestors({rev}) and {tag}")])
}

/// A checksum of all names that `remote` knows.
pub(super) fn repo_sum(extension: &str, remote: &str) -> Vec<String> {
    words([&with_extension(extension), "gomodfetch-sum", "--", remote])
}

/// The hash of what `name` stands for in `remote`.
pub(super) fn look_up(extension: &str, remote: &str, name: &str) -> Vec<String> {
    words([&with_extension(extension), "gomodfetch-lookup", "--", remote, name])
}

fn with_extension(path: &str) -> String {
    format!("--config=extensions.gomodfetch={path}")
}
