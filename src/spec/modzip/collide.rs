//! The names of a zip as a tree of directories, to find those that cannot stand side by side.

use std::borrow::Cow;
use std::collections::HashMap;

use super::check::FileReason;
use super::fold::fold;

/// The names so far, without regard to case.
///
/// Work and memory grow with the length of the names, whatever their depth: a hostile zip
/// may have names of thousands of elements.
#[derive(Debug, Default)]
pub(super) struct NameTree<'a> {
    nodes: Vec<Node<'a>>,
    /// Which node an element of a name leads to from a node; the top has no node.
    children: HashMap<(Option<usize>, Cow<'a, str>), usize>,
    /// Whether a name has been refused.
    refused_any: bool,
    /// The directory of the last name, unless it was refused.
    last_dir: Option<(&'a str, Option<usize>)>,
}

/// A file or directory as it was first named.
#[derive(Debug)]
struct Node<'a> {
    path: &'a str,
    is_dir: bool,
}

impl<'a> NameTree<'a> {
    /// How many files and directories there are.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Adds the name of a file or directory, and with it those of the directories above.
    ///
    /// A directory may be added any number of times. A name that is refused is there all the same
    /// for those that come after.
    pub(super) fn add(&mut self, path: &'a str, is_dir: bool) -> Result<(), FileReason> {
        let dir = path.rsplit_once('/').map_or("", |(dir, _)| dir);
        let known_dir = self.last_dir.filter(|(last, _)| *last == dir);
        let mut parent = known_dir.and_then(|(_, node)| node);
        let mut start = if known_dir.is_some() && !dir.is_empty() { dir.len() + 1 } else { 0 };

        // Going down, all that is there comes before all that is new.
        let mut there = Vec::new();
        let dir_node = loop {
            let rest = path.get(start..).unwrap_or_default();
            let end = rest.find('/').map_or(path.len(), |len| start + len);
            let prefix = path.get(..end).unwrap_or_default();
            let element = path.get(start..end).unwrap_or_default();
            let is_last = end == path.len();
            let prefix_is_dir = is_dir || !is_last;
            let new = self.nodes.len();
            let node = *self.children.entry((parent, fold(element))).or_insert(new);
            if node == new {
                self.nodes.push(Node { path: prefix, is_dir: prefix_is_dir });
            } else {
                there.push((node, prefix, prefix_is_dir));
            }
            if is_last {
                break parent;
            }
            parent = Some(node);
            start = end + 1;
        };
        let checked = self.check(&there);
        self.refused_any |= checked.is_err();
        self.last_dir = checked.is_ok().then_some((dir, dir_node));
        checked
    }

    /// Compares with what was there before, from the last element upwards as go does, so that
    /// the first contradiction is the one that go tells.
    fn check(&self, there: &[(usize, &'a str, bool)]) -> Result<(), FileReason> {
        let mut below = "";
        for &(node, path, is_dir) in there.iter().rev() {
            let Some(other) = self.nodes.get(node) else { continue };
            // Two nodes that come from one name need not be compared both: long names with many
            // elements would take quadratic time.
            let same_name = std::ptr::eq(other.path.as_ptr(), below.as_ptr());
            if !same_name && other.path != path {
                return Err(FileReason::CaseCollision(other.path.into(), path.into()));
            }
            if other.is_dir != is_dir {
                return Err(FileReason::FileAndDirectory(path.into()));
            }
            if !is_dir {
                return Err(FileReason::Multiple(path.into()));
            }
            if !self.refused_any {
                // Then all above agrees as well: it did when this directory was added.
                break;
            }
            below = other.path;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Splits the mark of a directory off a name.
    fn cut(name: &str) -> (&str, bool) {
        name.strip_suffix('/').map_or((name, false), |dir| (dir, true))
    }

    #[test]
    fn contradictions_are_told_as_go_tells_them() {
        for (names, want) in [
            ("a b/a b/c/a", ""),
            ("a/ a/ a/b/ a/", ""),
            ("a a", "a: multiple entries for file 'a'"),
            ("a A", "A: case-insensitive file name collision: 'a' and 'A'"),
            ("d/a D/b", "D/b: case-insensitive file name collision: 'd' and 'D'"),
            ("a a/b", "a/b: entry 'a' is both a file and a directory"),
            ("a/b/c a/b", "a/b: entry 'a/b' is both a file and a directory"),
            ("a a/", "a/: entry 'a' is both a file and a directory"),
            // The deepest contradiction counts, and a refused name is there for those after it.
            ("x/f X/F", "X/F: case-insensitive file name collision: 'x/f' and 'X/F'"),
            (
                "x/f X/g x/G",
                "X/g: case-insensitive file name collision: 'x' and 'X', \
                 x/G: case-insensitive file name collision: 'X/g' and 'x/G'",
            ),
            (
                "x/f X/d/g X/d/h",
                "X/d/g: case-insensitive file name collision: 'x' and 'X', \
                 X/d/h: case-insensitive file name collision: 'x' and 'X'",
            ),
        ] {
            let mut tree = NameTree::default();
            let refused: Vec<String> = names
                .split(' ')
                .filter_map(|name| {
                    let (path, is_dir) = cut(name);
                    Some(format!("{name}: {}", tree.add(path, is_dir).err()?))
                })
                .collect();
            assert_eq!(refused.join(", ").replace('"', "'"), want, "{names}");
        }
    }

    /// The rule in its plainest form: each name and each directory above it, by its folded path.
    fn plain_rule<'a>(
        known: &mut HashMap<String, (&'a str, bool)>,
        path: &'a str,
        is_dir: bool,
    ) -> Result<(), FileReason> {
        match known.get(&*fold(path)) {
            Some((other, _)) if *other != path => {
                return Err(FileReason::CaseCollision((*other).into(), path.into()));
            }
            Some((_, other)) if *other != is_dir => {
                return Err(FileReason::FileAndDirectory(path.into()));
            }
            Some(_) if !is_dir => return Err(FileReason::Multiple(path.into())),
            Some(_) => {}
            None => {
                known.insert(fold(path).into_owned(), (path, is_dir));
            }
        }
        match path.rsplit_once('/') {
            Some((dir, _)) => plain_rule(known, dir, true),
            None => Ok(()),
        }
    }

    proptest! {
        #[test]
        fn the_tree_keeps_to_the_plain_rule(
            names in prop::collection::vec("[aAb](/[aAbB]){0,4}/?", 1..12),
        ) {
            let mut tree = NameTree::default();
            let mut known = HashMap::new();
            for name in &names {
                let (path, is_dir) = cut(name);
                prop_assert_eq!(tree.add(path, is_dir), plain_rule(&mut known, path, is_dir));
            }
        }
    }

    #[test]
    fn deep_names_share_what_they_have_in_common() {
        let names: Vec<String> =
            (0..100).map(|i| format!("{}{}", i % 2, "/a".repeat(10_000 + i))).collect();
        let mut tree = NameTree::default();
        tree.add("A", false).unwrap();
        tree.add("a", false).unwrap_err();
        for name in &names {
            tree.add(name, true).unwrap();
        }
        assert_eq!(tree.len(), 1 + 2 + 10_098 + 10_099);
    }
}
