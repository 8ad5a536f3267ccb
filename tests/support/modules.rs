//! Module versions: the `.info`, `.mod` and `.zip` that a proxy serves, and their hashes.
//!
//! The hash "h1" of a zip is `h1:` and the base64 of the SHA-256 of a list that has, for each file sorted
//! by name, the line `sha256-in-hex  name`; that of a go.mod file is the same with the one name `go.mod`.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::txtar::Archive;
use super::versions;
use super::zips::{self, Entry};

/// The commit time of every version that is not a pseudo-version.
const TIME: &str = "2024-05-06T07:08:09Z";

/// One version of one module, as its author published it and as a proxy serves it.
#[derive(Debug, Clone)]
pub struct ModuleVersion {
    /// The module path, unescaped.
    pub path: String,
    /// The version.
    pub version: String,
    /// What the proxy serves as `.info`.
    pub info: Bytes,
    /// What the proxy serves as `.mod`.
    pub go_mod: Bytes,
    /// What the proxy serves as `.zip`.
    pub zip: Bytes,
    /// The hash of the published zip.
    pub h1: String,
    /// The hash of the published go.mod file.
    pub go_mod_h1: String,
    entries: Vec<Entry>,
}

impl ModuleVersion {
    /// A version from a txtar of its files. Without a `go.mod` among them the `.mod` is the one that
    /// `go` makes up for such modules.
    pub fn new(module: &str, files: &str) -> Self {
        let archive = Archive::parse(files);
        let files = archive.files.into_iter();
        Self::from_files(module, files.map(|file| (file.name, file.text.into_bytes())))
    }

    /// A version from files of any content, named relative to the module's root.
    pub fn from_files(module: &str, files: impl IntoIterator<Item = Entry>) -> Self {
        let (path, version) = versions::split(module);
        let mut go_mod = format!("module {path}\n").into_bytes();
        let mut entries = Vec::new();
        for (name, data) in files {
            if name == "go.mod" {
                go_mod.clone_from(&data);
            }
            entries.push((format!("{path}@{version}/{name}"), data));
        }
        Self::from_entries(module, go_mod, entries)
    }

    /// A version whose zip has the entries just as they are named here, wherever they lead.
    pub fn from_entries(module: &str, go_mod: impl Into<Bytes>, entries: Vec<Entry>) -> Self {
        let (path, version) = versions::split(module);
        let go_mod = go_mod.into();
        Self {
            path: path.to_owned(),
            version: version.to_owned(),
            info: info(version).into(),
            zip: zips::streamed(&entries).into(),
            h1: h1(entries.iter().map(|(name, data)| (name.as_str(), data.as_slice()))),
            go_mod_h1: go_mod_h1(&go_mod),
            go_mod,
            entries,
        }
    }

    /// A version with a go.mod and files `f0000.txt`, … of the given sizes: the same text on each run,
    /// which deflates to about half.
    pub fn generated(module: &str, sizes: impl IntoIterator<Item = usize>) -> Self {
        let (path, _) = versions::split(module);
        let go_mod = format!("module {path}\n\ngo 1.21\n");
        let mut files = vec![("go.mod".to_owned(), go_mod.into_bytes())];
        for (number, size) in sizes.into_iter().enumerate() {
            files.push((format!("f{number:04}.txt"), filler(module, number, size)));
        }
        Self::from_files(module, files)
    }

    /// The same files in a zip with sizes in the local headers.
    pub fn sized_zip(mut self) -> Self {
        self.zip = zips::sized(&self.entries).into();
        self
    }

    /// Another `.info`, which no hash protects.
    pub fn with_info(mut self, info: impl Into<Bytes>) -> Self {
        self.info = info.into();
        self
    }

    /// Another commit time (RFC 3339) in `.info`.
    pub fn with_time(self, time: &str) -> Self {
        let info = format!(r#"{{"Version":"{}","Time":"{time}"}}"#, self.version);
        self.with_info(info)
    }

    /// The proxy serves this as `.mod`; the hashes remain those of what was published.
    pub fn tampered_go_mod(mut self, go_mod: impl Into<Bytes>) -> Self {
        self.go_mod = go_mod.into();
        self
    }

    /// The proxy serves this as `.zip`; the hashes remain those of what was published.
    pub fn tampered_zip(mut self, zip: impl Into<Bytes>) -> Self {
        self.zip = zip.into();
        self
    }

    /// The entries of the published zip.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// `path version h1:…`, the line of go.sum for the zip.
    pub fn zip_line(&self) -> String {
        format!("{} {} {}\n", self.path, self.version, self.h1)
    }

    /// `path version/go.mod h1:…`, the line of go.sum for the go.mod file.
    pub fn go_mod_line(&self) -> String {
        format!("{} {}/go.mod {}\n", self.path, self.version, self.go_mod_h1)
    }

    /// Both lines, as go.sum and the checksum database have them.
    pub fn go_sum(&self) -> String {
        self.zip_line() + &self.go_mod_line()
    }
}

/// The hash "h1" of files, in any order.
pub fn h1<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut files: Vec<_> = files.into_iter().collect();
    files.sort_by_key(|(name, _)| *name);
    let mut list = String::new();
    for (name, data) in files {
        let _ = writeln!(list, "{}  {name}", sha256_hex(data));
    }
    format!("h1:{}", BASE64_STANDARD.encode(Sha256::digest(list.as_bytes())))
}

/// The hash "h1" of a go.mod file.
pub fn go_mod_h1(go_mod: &[u8]) -> String {
    h1([("go.mod", go_mod)])
}

/// The SHA-256 of the data in hexadecimal.
pub fn sha256_hex(data: &[u8]) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(data) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// A go.mod file with a go line and requirements, each like `example.com/b v1.0.0`.
pub fn go_mod(path: &str, go: &str, requirements: &[&str]) -> String {
    let mut text = format!("module {path}\n\ngo {go}\n");
    if !requirements.is_empty() {
        text.push_str("\nrequire (\n");
        for requirement in requirements {
            let (path, version) = versions::split(requirement);
            let _ = writeln!(text, "\t{path} {version}");
        }
        text.push_str(")\n");
    }
    text
}

fn info(version: &str) -> String {
    let time = match versions::pseudo_timestamp(version) {
        Some(digits) => format!(
            "{}-{}-{}T{}:{}:{}Z",
            &digits[..4],
            &digits[4..6],
            &digits[6..8],
            &digits[8..10],
            &digits[10..12],
            &digits[12..]
        ),
        None => TIME.to_owned(),
    };
    format!(r#"{{"Version":"{version}","Time":"{time}"}}"#)
}

/// Lines of hexadecimal digits from a chain of hashes.
fn filler(module: &str, number: usize, size: usize) -> Vec<u8> {
    let mut text = Vec::with_capacity(size + 65);
    let mut seed = format!("{module} {number}");
    while text.len() < size {
        seed = sha256_hex(seed.as_bytes());
        text.extend(seed.as_bytes());
        text.push(b'\n');
    }
    text.truncate(size);
    text
}
