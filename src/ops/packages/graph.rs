//! The packages of a build and what they import.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::ops::packages::error::PackageError;
use crate::spec::module::{self, Version};

/// The place of a package in [`Packages`].
pub type Id = usize;

/// What is known of a package's part in the build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Flags(u8);

impl Flags {
    /// It belongs to `all`.
    pub const IN_ALL: Flags = Flags(1);
    /// It matches an argument.
    pub const IS_ROOT: Flags = Flags(2);
    /// Its imports are known.
    pub const LOADED: Flags = Flags(8);

    pub fn has(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    pub fn and(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

/// A package, or the tests of one.
#[derive(Debug, Clone)]
pub struct Package {
    /// Its import path.
    pub path: Arc<str>,
    /// The package that these are the tests of.
    pub test_of: Option<Id>,
    /// The module that has it; none for the standard library.
    pub module: Option<Version>,
    /// Where it stands.
    pub dir: Option<PathBuf>,
    /// Why it can't be loaded.
    pub error: Option<PackageError>,
    /// What it imports, sorted.
    pub imports: Vec<Id>,
    /// What its tests import, until they are loaded.
    pub(super) test_imports: Vec<String>,
    /// Its tests, if they belong to the build.
    pub test: Option<Id>,
    /// Whether it belongs to the standard library.
    pub in_std: bool,
    pub(super) flags: Flags,
    /// What imports it, on a shortest way from a root.
    pub(super) stack: Option<Id>,
}

impl Package {
    pub(super) fn new(path: Arc<str>) -> Package {
        Package {
            path,
            test_of: None,
            module: None,
            dir: None,
            error: None,
            imports: Vec::new(),
            test_imports: Vec::new(),
            test: None,
            in_std: false,
            flags: Flags::default(),
            stack: None,
        }
    }

    /// Whether it belongs to `all`.
    pub fn is_in_all(&self) -> bool {
        self.flags.has(Flags::IN_ALL)
    }

    /// Whether it matches an argument.
    pub fn is_root(&self) -> bool {
        self.flags.has(Flags::IS_ROOT)
    }
}

/// All packages that were loaded.
#[derive(Debug, Clone, Default)]
pub struct Packages {
    pub(super) all: Vec<Package>,
    pub(super) by_path: HashMap<Arc<str>, Id>,
    pub(super) roots: Vec<Id>,
    /// Those that can be reached, the nearest to the roots first.
    order: Vec<Id>,
}

impl Packages {
    /// The package, which must be one of these.
    pub fn package(&self, id: Id) -> &Package {
        &self.all[id]
    }

    pub(super) fn package_mut(&mut self, id: Id) -> &mut Package {
        &mut self.all[id]
    }

    /// The package of this import path.
    pub fn get(&self, path: &str) -> Option<&Package> {
        self.by_path.get(path).map(|id| self.package(*id))
    }

    /// All packages and tests, the nearest to the roots first.
    pub fn in_order(&self) -> impl Iterator<Item = &Package> {
        self.order.iter().map(|id| self.package(*id))
    }

    pub(super) fn ids_in_order(&self) -> Vec<Id> {
        self.order.clone()
    }

    /// The import paths that `all` means, sorted.
    pub fn pattern_all(&self) -> Vec<String> {
        let all = self.in_order().filter(|p| p.is_in_all() && p.test_of.is_none());
        let valid = all.filter(|package| module::check_import_path(&package.path).is_ok());
        let mut paths: Vec<String> = valid.map(|package| package.path.to_string()).collect();
        paths.sort_unstable();
        paths
    }

    /// Finds a shortest way from the roots to each package.
    pub(super) fn order_by_distance(&mut self) {
        let mut reached = vec![false; self.all.len()];
        let mut order = self.roots.clone();
        for root in &order {
            reached[*root] = true;
        }
        let mut next = 0;
        while let Some(&id) = order.get(next) {
            next += 1;
            let package = self.package(id);
            let onward: Vec<Id> = package.imports.iter().copied().chain(package.test).collect();
            for other in onward {
                if !std::mem::replace(&mut reached[other], true) {
                    self.package_mut(other).stack = Some(id);
                    order.push(other);
                }
            }
        }
        self.order = order;
    }

    /// What leads to a package, from a root on.
    fn stack(&self, id: Id) -> Vec<Id> {
        let mut stack: Vec<Id> =
            std::iter::successors(Some(id), |id| self.package(*id).stack).collect();
        stack.reverse();
        stack
    }

    /// What imports a package on a shortest way from a root.
    pub(super) fn importer(&self, id: Id) -> Option<Id> {
        self.package(id).stack
    }

    /// The imports that lead to a package, as errors tell them.
    pub fn stack_text(&self, id: Id) -> String {
        let mut text = String::new();
        let stack = self.stack(id);
        for (at, &id) in stack.iter().enumerate() {
            let package = self.package(id);
            text.push_str(&package.path);
            if package.test_of.is_some() {
                text.push_str(".test");
            }
            if let Some(&next) = stack.get(at + 1) {
                let is_test = self.package(next).test_of == Some(id);
                text.push_str(if is_test { " tested by\n\t" } else { " imports\n\t" });
            }
        }
        text
    }

    /// The imports that lead to a package, one a line; `None` if none do.
    pub fn why(&self, path: &str) -> Option<Vec<String>> {
        let id = *self.by_path.get(path)?;
        let lines = self.stack(id).into_iter().map(|id| {
            let package = self.package(id);
            let suffix = if package.test_of.is_some() { ".test" } else { "" };
            format!("{}{suffix}", package.path)
        });
        Some(lines.collect())
    }
}
