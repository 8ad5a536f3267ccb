//! vendor/modules.txt: which modules the vendor directory was made of.
//!
//! Implements <https://go.dev/ref/mod#vendoring> as the `go` command reads it: what it does not
//! understand, it passes over.
//!
//! ```text
//! # example.com/a v1.2.0               a module
//! ## explicit; go 1.21                 go.mod requires it; its go line
//! example.com/a/pkg                    a package of it that is vendored
//! # example.com/b v1.0.0 => ../b       a module that is replaced
//! # example.com/c => example.com/d v1.0.0   all versions of c are
//! ```
//!
//! In the vendor directory of a workspace the first line is `## workspace`.

use std::collections::HashMap;
use std::sync::Arc;

use crate::spec::goversion;
use crate::spec::module::{self, Version};
use crate::spec::semver;

/// What the file says.
#[derive(Debug, Clone, Default)]
pub struct ModulesTxt {
    /// The modules with vendored packages, in the order of the file.
    pub modules: Vec<Version>,
    /// Those that are replaced; without a version, all versions are.
    pub replaced: Vec<Version>,
    /// Whether the vendor directory is that of a workspace.
    pub is_workspace: bool,
    selected: HashMap<Arc<str>, Arc<str>>,
    meta: HashMap<Version, Meta>,
    go_versions: Vec<(Version, String)>,
}

/// What is said of one module.
#[derive(Debug, Clone, Default)]
struct Meta {
    explicit: bool,
    replacement: Option<Version>,
    go_version: String,
}

impl ModulesTxt {
    /// Reads the file.
    pub fn parse(data: &[u8]) -> ModulesTxt {
        let text = String::from_utf8_lossy(data);
        let mut file = ModulesTxt { is_workspace: is_of_workspace(&text), ..ModulesTxt::default() };
        let mut current: Option<Version> = None;
        for line in text.split('\n') {
            if line.starts_with("# ") {
                if let Some(next) = file.module_line(line) {
                    current = next;
                }
            } else if let Some(module) = &current {
                match line.strip_prefix("## ") {
                    Some(notes) => file.notes(module, notes),
                    None => file.package_line(module, line),
                }
            }
        }
        file
    }

    /// Takes in a line about a module. Gives the module that the next lines are about; nothing where
    /// the line says nothing.
    fn module_line(&mut self, line: &str) -> Option<Option<Version>> {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (module, rest) = match fields.as_slice() {
            [_, path, version, rest @ ..] if semver::is_valid(version) => {
                (Version::new(*path, *version), rest)
            }
            [_, path, "=>", ..] => (Version::new(*path, ""), fields.get(2..).unwrap_or_default()),
            [_, _, _, ..] => return Some(None),
            _ => return None,
        };
        if let ["=>", rest @ ..] = rest
            && !rest.is_empty()
        {
            let replacement = match rest {
                [path] => Some(Version::new(*path, "")),
                [path, version] if semver::is_valid(version) => Some(Version::new(*path, *version)),
                _ => None,
            };
            let meta = self.meta.entry(module.clone()).or_default();
            if replacement.is_some() {
                meta.replacement = replacement;
                self.replaced.push(module.clone());
            }
        }
        Some(Some(module))
    }

    fn notes(&mut self, module: &Version, notes: &str) {
        let meta = self.meta.entry(module.clone()).or_default();
        for note in notes.split(';').map(str::trim) {
            if note == "explicit" {
                meta.explicit = true;
            } else if let Some(version) = note.strip_prefix("go ") {
                meta.go_version = version.to_owned();
                self.go_versions.push((module.clone(), version.to_owned()));
            }
        }
    }

    fn package_line(&mut self, module: &Version, line: &str) {
        let mut fields = line.split_whitespace();
        let (Some(package), None) = (fields.next(), fields.next()) else { return };
        if module::check_import_path(package).is_err() {
            return;
        }
        let known = self.selected.get(&module.path);
        let is_new = known.is_none_or(|known| {
            goversion::mod_compare(&module.path, known, &module.version).is_lt()
        });
        if is_new {
            self.modules.push(module.clone());
            self.selected.insert(module.path.clone(), module.version.clone());
        }
    }

    /// The version of `path` that packages were vendored from.
    pub fn selected(&self, path: &str) -> Option<&str> {
        self.selected.get(path).map(|version| &**version)
    }

    /// Whether `module` is marked as required in go.mod.
    pub fn is_explicit(&self, module: &Version) -> bool {
        self.meta.get(module).is_some_and(|meta| meta.explicit)
    }

    /// What replaces `module`.
    pub fn replacement(&self, module: &Version) -> Option<&Version> {
        self.meta.get(module)?.replacement.as_ref()
    }

    /// The go lines of modules, in the order of the file.
    pub fn go_versions(&self) -> impl Iterator<Item = (&Version, &str)> {
        self.go_versions.iter().map(|(module, version)| (module, &**version))
    }

    /// The go line of `module`; empty if it is not told.
    pub fn go_version(&self, module: &Version) -> &str {
        self.meta.get(module).map_or("", |meta| &meta.go_version)
    }
}

/// Whether the first line marks the vendor directory of a workspace.
pub fn is_of_workspace(text: &str) -> bool {
    let line = text.split('\n').next().unwrap_or_default();
    let notes = line.strip_prefix("## ");
    notes.is_some_and(|notes| notes.split(';').any(|note| note.trim() == "workspace"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
# example.com/a v1.2.0
## explicit; go 1.21
example.com/a/pkg
example.com/a/other
# example.com/b v1.0.0 => ../b
## explicit
example.com/b
# example.com/c => example.com/d v1.0.0
# example.com/e not-a-version
example.com/e/ignored
# example.com/f v1.0.0 => a b c d
# x
not a package
";

    #[test]
    fn modules() {
        let file = ModulesTxt::parse(TEXT.as_bytes());
        let a = Version::new("example.com/a", "v1.2.0");
        let b = Version::new("example.com/b", "v1.0.0");
        let c = Version::new("example.com/c", "");
        assert_eq!(file.modules, [a.clone(), b.clone()]);
        assert_eq!(file.replaced, [b.clone(), c.clone()]);
        assert!(file.is_explicit(&a) && file.is_explicit(&b) && !file.is_explicit(&c));
        assert_eq!((file.go_version(&a), file.go_version(&b)), ("1.21", ""));
        assert_eq!(file.replacement(&b), Some(&Version::new("../b", "")));
        assert_eq!(file.replacement(&c), Some(&Version::new("example.com/d", "v1.0.0")));
        assert_eq!(file.selected("example.com/a"), Some("v1.2.0"));
        assert_eq!(file.selected("example.com/e"), None);
        assert!(!file.is_workspace);
    }

    #[test]
    fn workspaces() {
        assert!(ModulesTxt::parse(b"## workspace\n# a.b/c v1.0.0\n").is_workspace);
        assert!(is_of_workspace("## x; workspace"));
        assert!(!is_of_workspace("# workspace"));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes(data in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
            ModulesTxt::parse(&data);
        }
    }
}
