//! `cache-key`: a name for all that decides what `prewarm` fetches.
//!
//! It is the same wherever and however the folders are named: files are named from the given paths, with
//! slashes, and their content counts with `\n` at the ends of lines. What counts: go.mod, go.sum, go.work and
//! go.work.sum of all projects, and the go.mod files of folders that replace modules; what `prewarm` was told
//! to fetch. With `--needed` also vendor/modules.txt, what the projects' own source files import under which
//! constraints, and the settings that choose builds. Nothing else of a source file counts.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::config::build::Build;
use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};
use crate::ops::needed;
use crate::ops::packages::trees::source_head;
use crate::ops::prewarm::find::{self, MAX_SIZE, Place};
use crate::ops::prewarm::{Args, What};
use crate::plan::main_module;
use crate::spec::filepath;
use crate::spec::imports::{Source, is_go_file};
use crate::spec::modfile::{File, WorkFile};
use crate::sys::walk::{self, Patterns};
use crate::sys::{IoError, lock};

/// What every key begins with. The number goes up with each change of what counts.
const PREFIX: &str = "gomodfetch-v1-";
/// Hexadecimal digits of a key.
const DIGITS: usize = 32;
/// Largest vendor/modules.txt.
const MAX_MODULES_TXT: u64 = 64 << 20;
/// Largest go.sum.
const MAX_GO_SUM: u64 = 32 << 20;

/// A key, and what keeps it from standing for everything.
#[derive(Debug)]
pub struct Key {
    /// `gomodfetch-v1-` and 32 hexadecimal digits.
    pub text: String,
    /// What could not be looked into.
    pub errors: Vec<(PathBuf, Error)>,
}

/// The key of the projects in the given places.
///
/// # Errors
/// When a file can't be read, or a pattern is malformed.
pub fn key(ctx: &Ctx, args: &Args) -> Result<Key, Error> {
    let found = find::find(ctx, &args.paths, &args.excluded)?;
    let mut inputs = Inputs::default();
    let mut errors = found.errors;
    for (place, base) in found.projects.iter().zip(&found.bases) {
        inputs.add_project(place, base)?;
        if args.what.needed.is_some() {
            let unreadable = inputs.add_sources(place, base)?;
            let shown = |err: &IoError| filepath::short(&err.path, &ctx.cwd);
            errors.extend(unreadable.into_iter().map(|err| (shown(&err), unread(err))));
        }
    }
    inputs.add_what(ctx, &args.what);
    Ok(Key { text: inputs.key(), errors })
}

/// All inputs, each a line: what it is, its name, and the hash of what it says.
#[derive(Default)]
struct Inputs(BTreeSet<String>);

impl Inputs {
    fn add(&mut self, kind: &str, name: &str, content: &[u8]) {
        self.0.insert(format!("{kind} {name:?} {}", hex(&Sha256::digest(content))));
    }

    /// Adds a file that need not be there; gives its content.
    fn add_file(&mut self, path: &Path, base: &Path, limit: u64) -> Result<Option<Vec<u8>>, Error> {
        let data = match lock::read_unlocked(path, limit) {
            Ok(data) => data,
            Err(err) if err.is_not_found() => return Ok(None),
            Err(err) => return Err(err.into()),
        };
        self.add("file", &name(path, base), &with_plain_ends(&data));
        Ok(Some(data))
    }

    fn add_project(&mut self, place: &Place, base: &Path) -> Result<(), Error> {
        self.add("project", &name(&place.dir.join(place.file_name()), base), b"");
        let mut replaced: BTreeSet<PathBuf> = BTreeSet::new();
        let mut replaces = |dir: &Path, path: &str, version: &str| {
            if version.is_empty() {
                replaced.insert(main_module::join(dir, path));
            }
        };
        if let Some(work) = &place.work {
            if let Some(data) = self.add_file(work, base, MAX_SIZE)?
                && let Ok(file) = WorkFile::parse("go.work", &data, None)
            {
                for replace in &file.replace {
                    replaces(&place.dir, &replace.new.path, &replace.new.version);
                }
            }
            self.add_file(&work.with_file_name("go.work.sum"), base, MAX_GO_SUM)?;
        }
        for module in &place.modules {
            if let Some(data) = self.add_file(&module.join("go.mod"), base, MAX_SIZE)?
                && let Ok(file) = File::parse("go.mod", &data, None)
            {
                for replace in &file.replace {
                    replaces(module, &replace.new.path, &replace.new.version);
                }
            }
            self.add_file(&module.join("go.sum"), base, MAX_GO_SUM)?;
        }
        for dir in replaced {
            self.add_file(&dir.join("go.mod"), base, MAX_SIZE)?;
        }
        Ok(())
    }

    /// What decides, besides go.mod, which modules the packages of a project take; gives what could not be
    /// looked into.
    fn add_sources(&mut self, place: &Place, base: &Path) -> Result<Vec<IoError>, Error> {
        self.add_file(&place.dir.join("vendor/modules.txt"), base, MAX_MODULES_TXT)?;
        let mut errors = Vec::new();
        for module in &place.modules {
            let is_source = |name: &OsStr| name.to_str().is_some_and(is_go_file);
            let found = walk::find(module, &Patterns::none(), is_apart, is_source);
            errors.extend(found.errors);
            for file in found.files {
                let data = source_head(&file)?;
                let source = Source::parse(&data);
                let mut imports = source.all_imports();
                imports.sort_unstable();
                imports.dedup();
                let mut lines = vec![source.package().to_owned()];
                lines.extend(source.constraints());
                lines.extend(imports);
                self.add("source", &name(&file, base), lines.join("\n").as_bytes());
            }
        }
        Ok(errors)
    }

    fn add_what(&mut self, ctx: &Ctx, what: &What) {
        self.add("layout", &format!("{:?}", ctx.layout), b"");
        if let Some(needed) = &what.needed {
            let needed::Args { packages, os, arch, tags, tests, counts: _ } = needed;
            let Build { os: goos, arch: goarch, cgo } = &ctx.config.build;
            // What is wrong with them is told by prewarm.
            let flags = ctx.config.build_flags().unwrap_or_default();
            let sorted = |list: &[String]| list.iter().cloned().collect::<BTreeSet<String>>();
            let tags = tags.as_deref().map(sorted);
            let set = (sorted(packages), sorted(os), sorted(arch), tags, tests);
            let settings = (goos, goarch, cgo, flags.build_mod, sorted(&flags.tags));
            self.add("needed", "", format!("{set:?} {settings:?}").as_bytes());
        }
        let toolchains: BTreeSet<String> =
            what.toolchains.iter().map(ToString::to_string).collect();
        for platform in &toolchains {
            self.add("toolchain", platform, ctx.config.toolchain.setting().as_bytes());
        }
    }

    fn key(&self) -> String {
        let mut hash = Sha256::new();
        for line in &self.0 {
            hash.update(line);
            hash.update("\n");
        }
        let mut digits = hex(&hash.finalize());
        digits.truncate(DIGITS);
        format!("{PREFIX}{digits}")
    }
}

/// Folders whose sources are not packages of the module around: those that no pattern looks into, and other
/// modules.
fn is_apart(dir: &Path) -> bool {
    let name = dir.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    name.starts_with(['.', '_'])
        || matches!(&*name, "testdata" | "vendor")
        || dir.join("go.mod").is_file()
}

fn unread(err: IoError) -> Error {
    Error::message(ErrorKind::Other, err.text).bare()
}

/// How `path` is named from `base`, with slashes.
fn name(path: &Path, base: &Path) -> String {
    let path = filepath::relative(path, base).unwrap_or_else(|| path.to_path_buf());
    path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}

/// The text with `\n` in place of each `\r\n`.
fn with_plain_ends(data: &[u8]) -> Vec<u8> {
    let is_plain = |(at, byte): (usize, &u8)| *byte != b'\r' || data.get(at + 1) != Some(&b'\n');
    data.iter().enumerate().filter(|entry| is_plain(*entry)).map(|(_, byte)| *byte).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_lines() {
        assert_eq!(with_plain_ends(b"a\r\nb\n\rc\r\r\n\r"), b"a\nb\n\rc\r\n\r");
    }

    #[test]
    fn keys_depend_on_all_inputs_and_not_on_their_order() {
        let of = |inputs: &[(&str, &str, &[u8])]| {
            let mut all = Inputs::default();
            for (kind, name, content) in inputs {
                all.add(kind, name, content);
            }
            all.key()
        };
        let (a, b) = (("file", "go.mod", &b"module a"[..]), ("file", "b/go.mod", &b"module b"[..]));
        let key = of(&[a, b]);
        assert_eq!(key.len(), PREFIX.len() + DIGITS);
        assert_eq!(key, of(&[b, a, b]));
        for other in [vec![a], vec![a, ("file", "c/go.mod", b.2)], vec![a, (b.0, b.1, b"module c")]]
        {
            assert_ne!(key, of(&other));
        }
        // It must stay what it is: the caches of others are named by it.
        assert_eq!(of(&[]), "gomodfetch-v1-e3b0c44298fc1c149afbf4c8996fb924");
    }
}
