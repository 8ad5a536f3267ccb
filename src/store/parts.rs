//! Which parts of a module version the cache keeps: its zip, its tree, or both.
//!
//! go leaves both. To have either is enough for most of what it does (README has a table): without a
//! tree it unpacks the zip, without a zip it only misses it in `go mod download`. What goes, goes under
//! the version's lock, and only while the other part is there and complete.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::error::Error;
use crate::spec::module::Version;
use crate::store::Store;
use crate::store::layout::Kind;
use crate::store::publish::VersionLock;
use crate::sys::{file, lock, tree};

/// What a download leaves of each module version that it is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Layout {
    /// Zip and tree, as go does.
    #[default]
    Full,
    /// The zip alone. A tree that is there stays.
    Zips,
    /// The tree alone. A zip that is there is removed.
    Trees,
}

/// No layout has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be full, zips or trees")]
pub struct LayoutError;

impl Layout {
    /// The names of all.
    pub const NAMES: [&'static str; 3] = ["full", "zips", "trees"];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Layout::Full => "full",
            Layout::Zips => "zips",
            Layout::Trees => "trees",
        }
    }

    /// What has to be there in the end.
    pub fn parts(self) -> Parts {
        Parts { zip: self != Layout::Trees, tree: self != Layout::Zips }
    }
}

impl FromStr for Layout {
    type Err = LayoutError;

    fn from_str(name: &str) -> Result<Layout, LayoutError> {
        let all = [Layout::Full, Layout::Zips, Layout::Trees];
        all.into_iter().find(|layout| layout.name() == name).ok_or(LayoutError)
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The parts of one version that have to be there when it is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// The zip; if not, one that is there is removed.
    pub zip: bool,
    /// The tree; if not, one that is there stays.
    pub tree: bool,
}

impl Store {
    /// The same cache, of which a download leaves what `layout` says.
    pub fn with_layout(self, layout: Layout) -> Store {
        Store { layout, ..self }
    }

    /// What a download leaves.
    pub fn layout(&self) -> Layout {
        self.layout
    }

    /// The zip of `module`, unless the layout leaves none: where it stands when it has been downloaded.
    pub fn kept_zip(&self, module: &Version) -> Option<PathBuf> {
        self.file(module, Kind::Zip).ok().filter(|_| self.layout.parts().zip)
    }

    /// The tree of `module`, unless the layout leaves none and none is there.
    pub fn kept_tree(&self, module: &Version) -> Option<PathBuf> {
        match self.layout.parts().tree {
            true => self.tree(module).ok(),
            false => self.unpacked(module),
        }
    }

    /// Whether there is a zip that the layout leaves no room for.
    pub fn has_surplus_zip(&self, module: &Version) -> bool {
        let zip = || self.file(module, Kind::Zip).ok();
        !self.layout.parts().zip && !self.dry && zip().is_some_and(|zip| zip.exists())
    }

    /// Removes the zip of the version whose lock is held, if its tree is complete; `.ziphash` stays.
    ///
    /// # Errors
    /// When it can't be removed.
    pub fn drop_zip(&self, lock: &VersionLock) -> Result<(), Error> {
        // With a damaged hash go would need the zip once more.
        if self.complete_tree(lock.module())?.is_some() {
            file::remove(&self.file(lock.module(), Kind::Zip)?)?;
        }
        Ok(())
    }

    /// Removes the tree of the version whose lock is held, if its zip is there. Who reads a tree holds no
    /// lock, so this is for trees that nobody else can have come to rely on.
    ///
    /// # Errors
    /// When it can't be removed; it counts as incomplete then.
    pub fn drop_tree(&self, lock: &VersionLock) -> Result<(), Error> {
        let module = lock.module();
        let path = self.tree(module)?;
        if !self.file(module, Kind::Zip)?.exists() || !path.exists() {
            return Ok(());
        }
        let partial = self.file(module, Kind::Partial)?;
        lock::write_empty(&partial)?;
        tree::remove_all(&path)?;
        file::remove(&partial)?;
        tree::remove_empty_parents(&path, self.root());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cache with a zip, its hash and a tree; and what is left of it after `change`.
    fn left(layout: Layout, change: impl FnOnce(&Store, &Version)) -> [bool; 4] {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path(), false).with_layout(layout);
        let module = Version::new("example.com/m/sub", "v1.0.0");
        let hash = format!("h1:{}", "A".repeat(44));
        drop(store.lock(&module).unwrap());
        for (kind, text) in [(Kind::Zip, "zip"), (Kind::ZipHash, &hash)] {
            std::fs::write(store.file(&module, kind).unwrap(), text).unwrap();
        }
        let tree = store.tree(&module).unwrap();
        std::fs::create_dir_all(tree.join("a/b")).unwrap();
        tree::make_read_only(&[tree.clone(), tree.join("a"), tree.join("a/b")]);
        change(&store, &module);
        let kinds = [Kind::Zip, Kind::ZipHash, Kind::Partial];
        let [zip, hash, partial] = kinds.map(|kind| store.file(&module, kind).unwrap().exists());
        let is_clean = dir.path().join("example.com/m").exists() == tree.exists();
        let there = tree.exists();
        tree::remove_all(&tree).unwrap();
        assert!(is_clean, "folders above the tree are left behind");
        [zip, hash, there, partial]
    }

    fn exists(store: &Store, module: &Version, kind: Kind) -> PathBuf {
        let path = store.file(module, kind).unwrap();
        assert!(path.exists());
        path
    }

    #[test]
    fn a_part_goes_only_while_the_other_is_there() {
        let lock = |store: &Store, module: &Version| store.lock(module).unwrap();
        let zip = |s: &Store, m: &Version| s.drop_zip(&lock(s, m)).unwrap();
        let tree = |s: &Store, m: &Version| s.drop_tree(&lock(s, m)).unwrap();
        let full = Layout::Full;
        assert_eq!(left(full, zip), [false, true, true, false]);
        assert_eq!(left(full, tree), [true, true, false, false]);
        let marked = |s: &Store, m: &Version| {
            std::fs::write(s.file(m, Kind::Partial).unwrap(), "").unwrap();
            zip(s, m);
        };
        assert_eq!(left(full, marked), [true, true, true, true]);
        let unrecorded = |s: &Store, m: &Version| {
            std::fs::write(exists(s, m, Kind::ZipHash), [0; 47]).unwrap();
            zip(s, m);
        };
        assert_eq!(left(full, unrecorded), [true, true, true, false]);
        let alone = |s: &Store, m: &Version| {
            file::remove(&exists(s, m, Kind::Zip)).unwrap();
            tree(s, m);
        };
        assert_eq!(left(full, alone), [false, true, true, false]);
    }

    #[test]
    fn what_has_to_be_there_depends_on_the_layout() {
        let presence = |layout, missing: Option<Kind>| {
            let mut present = false;
            left(layout, |store, module| {
                match missing {
                    Some(Kind::Partial) => {
                        tree::remove_all(&store.tree(module).unwrap()).unwrap();
                        let top = store.root().join("example.com");
                        std::fs::remove_dir_all(top).unwrap();
                    }
                    Some(kind) => file::remove(&exists(store, module, kind)).unwrap(),
                    None => {}
                }
                present = store.present(module).unwrap().is_some();
            });
            present
        };
        // `.partial` stands for the tree here.
        for (layout, zip, tree) in [
            (Layout::Full, false, false),
            (Layout::Zips, false, true),
            (Layout::Trees, true, false),
        ] {
            let found = [None, Some(Kind::ZipHash), Some(Kind::Zip), Some(Kind::Partial)]
                .map(|missing| presence(layout, missing));
            assert_eq!(found, [true, false, zip, tree], "{layout}");
        }
    }

    #[test]
    fn names() {
        for name in Layout::NAMES {
            assert_eq!(name.parse::<Layout>().unwrap().to_string(), name);
        }
        let err = "Full".parse::<Layout>().unwrap_err();
        assert_eq!(err.to_string(), "must be full, zips or trees");
    }
}
