//! What lies on disk below a folder, and how two folders differ.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use super::diff;
use super::modules::sha256_hex;

/// Files up to this size that are text are compared line by line in reports.
const MAX_SHOWN: usize = 64 << 10;

/// One file, directory or other thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// The permission bits, set-id and sticky bits included; 0 where the system has none, and for
    /// symbolic links.
    pub mode: u32,
}

/// What a path is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File {
        /// Its length in bytes.
        len: u64,
        /// The SHA-256 of its content in hexadecimal.
        sha256: String,
    },
    /// A directory.
    Dir,
    /// A symbolic link and where it leads.
    Link(String),
    /// A fifo, a socket or a device.
    Special,
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o} ", self.mode)?;
        match &self.kind {
            Kind::File { len, sha256 } => {
                write!(f, "file of {len} bytes, sha256 {}", &sha256[..12])
            }
            Kind::Dir => write!(f, "directory"),
            Kind::Link(target) => write!(f, "link to {target}"),
            Kind::Special => write!(f, "special file"),
        }
    }
}

/// Everything below a folder, by path relative to it with `/` between the elements.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The nodes; the folder itself is not among them.
    pub nodes: BTreeMap<String, Node>,
}

impl Snapshot {
    /// Looks at everything below the folder; a folder that does not exist has nothing below it.
    pub fn of(root: &Path) -> Self {
        let mut snapshot = Self::default();
        if root.exists() {
            snapshot.enter(root, "");
        }
        snapshot
    }

    /// Without the paths for which the condition holds.
    pub fn without(mut self, unwanted: impl Fn(&str) -> bool) -> Self {
        self.nodes.retain(|path, _| !unwanted(path));
        self
    }

    /// The paths of everything but directories.
    pub fn files(&self) -> Vec<&str> {
        let files = self.nodes.iter().filter(|(_, node)| node.kind != Kind::Dir);
        files.map(|(path, _)| path.as_str()).collect()
    }

    /// One line for each path at which the other differs; empty when they are equal.
    pub fn diff(&self, other: &Snapshot) -> Vec<String> {
        let mut report = Vec::new();
        for (path, node) in &self.nodes {
            match other.nodes.get(path) {
                None => report.push(format!("- {path}: {node}")),
                Some(actual) if actual != node => {
                    report.push(format!("! {path}: {node} | {actual}"));
                }
                Some(_) => {}
            }
        }
        let added = other.nodes.iter().filter(|(path, _)| !self.nodes.contains_key(*path));
        report.extend(added.map(|(path, node)| format!("+ {path}: {node}")));
        report
    }

    fn enter(&mut self, dir: &Path, prefix: &str) {
        let entries = fs::read_dir(dir).unwrap_or_else(|err| panic!("{}: {err}", dir.display()));
        for entry in entries {
            let path = entry.expect("an entry of a folder").path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
            let name = format!("{prefix}{}", name.unwrap_or_default());
            let node = Node::of(&path);
            let is_dir = node.kind == Kind::Dir;
            self.nodes.insert(name.clone(), node);
            if is_dir {
                self.enter(&path, &format!("{name}/"));
            }
        }
    }
}

impl Node {
    /// Looks at one path, without following a link.
    pub fn of(path: &Path) -> Self {
        let failed = |err| -> ! { panic!("{}: {err}", path.display()) };
        let meta = fs::symlink_metadata(path).unwrap_or_else(|err| failed(err));
        let kind = if meta.is_dir() {
            Kind::Dir
        } else if meta.is_symlink() {
            let target = fs::read_link(path).unwrap_or_else(|err| failed(err));
            Kind::Link(target.to_string_lossy().into_owned())
        } else if meta.is_file() {
            let data = fs::read(path).unwrap_or_else(|err| failed(err));
            Kind::File { len: data.len() as u64, sha256: sha256_hex(&data) }
        } else {
            Kind::Special
        };
        let mode = if meta.is_symlink() { 0 } else { mode(&meta) };
        Self { kind, mode }
    }
}

/// Panics with a report when the folders differ in a path, a kind, a permission bit or a byte. Short
/// texts that differ are shown line by line.
#[track_caller]
pub fn assert_same(expected: &Path, actual: &Path) {
    assert_same_without(expected, actual, |_| false);
}

/// As [`assert_same`], leaving out the paths for which the condition holds.
#[track_caller]
pub fn assert_same_without(expected: &Path, actual: &Path, unwanted: impl Fn(&str) -> bool) {
    let before = Snapshot::of(expected).without(&unwanted);
    let after = Snapshot::of(actual).without(&unwanted);
    let mut report = before.diff(&after);
    for path in before.nodes.keys() {
        if before.nodes[path] != *after.nodes.get(path).unwrap_or(&before.nodes[path])
            && let (Some(old), Some(new)) = (short_text(expected, path), short_text(actual, path))
        {
            report.push(format!("\n{path}:\n{}", diff::lines(&old, &new)));
        }
    }
    assert!(
        report.is_empty(),
        "{} and {} differ (- only in the first, + only in the second, ! in both):\n{}",
        expected.display(),
        actual.display(),
        report.join("\n")
    );
}

/// Copies a tree with its permission bits; pipes and the like are left out.
pub fn copy(from: &Path, to: &Path) {
    let failed = |err| -> ! { panic!("copying {}: {err}", from.display()) };
    let meta = fs::symlink_metadata(from).unwrap_or_else(|err| failed(err));
    if meta.is_dir() {
        fs::create_dir_all(to).unwrap_or_else(|err| failed(err));
        for entry in fs::read_dir(from).unwrap_or_else(|err| failed(err)) {
            let name = entry.unwrap_or_else(|err| failed(err)).file_name();
            copy(&from.join(&name), &to.join(&name));
        }
        // Last, for nothing can be put into a folder that is read-only.
        fs::set_permissions(to, meta.permissions()).unwrap_or_else(|err| failed(err));
    } else if meta.is_file() {
        fs::copy(from, to).map(drop).unwrap_or_else(|err| failed(err));
    } else if meta.is_symlink() {
        #[cfg(unix)]
        fs::read_link(from)
            .and_then(|target| std::os::unix::fs::symlink(target, to))
            .unwrap_or_else(|err| failed(err));
    }
}

/// Removes a tree whose directories may be read-only; what does not exist is removed already.
pub fn remove(root: &Path) {
    if fs::symlink_metadata(root).is_err() {
        return;
    }
    make_writable(root);
    fs::remove_dir_all(root).unwrap_or_else(|err| panic!("removing {}: {err}", root.display()));
}

/// Gives the owner all rights on every directory of the tree.
pub fn make_writable(dir: &Path) {
    let is_dir = fs::symlink_metadata(dir).is_ok_and(|meta| meta.is_dir());
    if !is_dir {
        return;
    }
    set_owner_rights(dir);
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        make_writable(&entry.path());
    }
}

fn short_text(root: &Path, path: &str) -> Option<String> {
    let path = root.join(path);
    let meta = fs::symlink_metadata(&path).ok()?;
    if !meta.is_file() || meta.len() > MAX_SHOWN as u64 {
        return None;
    }
    let text = String::from_utf8(fs::read(&path).ok()?).ok()?;
    (!text.contains('\0')).then_some(text)
}

#[cfg(unix)]
fn mode(meta: &fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    meta.permissions().mode() & 0o7777
}

#[cfg(not(unix))]
fn mode(_: &fs::Metadata) -> u32 {
    0
}

#[cfg(unix)]
fn set_owner_rights(dir: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    // What cannot be changed shows when it cannot be removed.
    let _ = fs::set_permissions(dir, fs::Permissions::from_mode(0o755));
}

#[cfg(not(unix))]
fn set_owner_rights(_: &Path) {}
