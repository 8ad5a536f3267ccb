//! The requirement graph, built up as go.mod files arrive.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use crate::spec::goversion;
use crate::spec::module::Version;
use crate::spec::mvs::{NONE, compare};

/// Module versions and what each requires.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    roots: Vec<Version>,
    required: HashMap<Version, Arc<[Version]>>,
    selected: HashMap<Arc<str>, Arc<str>>,
}

impl Graph {
    /// A graph of nothing but `roots`.
    pub fn new(roots: Vec<Version>) -> Graph {
        let mut graph = Graph { roots: Vec::new(), ..Graph::default() };
        for root in &roots {
            graph.select(root);
        }
        graph.roots = roots;
        graph
    }

    /// What it was made of.
    pub fn roots(&self) -> &[Version] {
        &self.roots
    }

    fn select(&mut self, module: &Version) {
        let higher = match self.selected.get(&module.path) {
            Some(known) => compare(&module.path, known, &module.version) == Ordering::Less,
            None => compare(&module.path, NONE, &module.version) == Ordering::Less,
        };
        if higher {
            self.selected.insert(module.path.clone(), module.version.clone());
        }
    }

    /// Adds what `module` requires. Said twice, the first stands.
    pub fn require(&mut self, module: &Version, requirements: Arc<[Version]>) {
        if self.required.contains_key(module) {
            return;
        }
        for requirement in requirements.iter() {
            self.select(requirement);
        }
        self.required.insert(module.clone(), requirements);
    }

    /// What `module` requires, if that was said.
    pub fn required_by(&self, module: &Version) -> Option<&Arc<[Version]>> {
        self.required.get(module)
    }

    /// The selected version of the module `path`; [`NONE`] if there is none.
    pub fn selected(&self, path: &str) -> &str {
        self.selected.get(path).map_or(NONE, |version| version)
    }

    /// The selected versions: first of the roots' paths in their order, then all others by path.
    pub fn build_list(&self) -> Vec<Version> {
        let mut seen = HashSet::new();
        let mut list = Vec::with_capacity(self.selected.len());
        for root in &self.roots {
            if seen.insert(&root.path)
                && let Some(version) = self.selected.get(&root.path)
            {
                list.push(Version { path: root.path.clone(), version: version.clone() });
            }
        }
        let mut rest: Vec<Version> = self
            .selected
            .iter()
            .filter(|(path, _)| !seen.contains(path))
            .map(|(path, version)| Version { path: path.clone(), version: version.clone() })
            .collect();
        goversion::mod_sort(&mut rest);
        list.extend(rest);
        list
    }

    /// All module versions in the graph, selected or not, breadth first from the roots.
    pub fn breadth_first(&self) -> Vec<Version> {
        let mut order: Vec<Version> = Vec::new();
        let mut seen: HashSet<&Version> = HashSet::new();
        let mut queue: VecDeque<&Version> = VecDeque::new();
        for root in &self.roots {
            if &*root.version != NONE && seen.insert(root) {
                queue.push_back(root);
            }
        }
        while let Some(module) = queue.pop_front() {
            order.push(module.clone());
            for requirement in self.required.get(module).into_iter().flat_map(|list| list.iter()) {
                if &*requirement.version != NONE && seen.insert(requirement) {
                    queue.push_back(requirement);
                }
            }
        }
        order
    }

    /// A shortest chain of requirements from a root to a module for which `wanted` holds.
    pub fn find_path(&self, wanted: impl Fn(&Version) -> bool) -> Option<Vec<Version>> {
        let mut first_required_by: HashMap<&Version, Option<&Version>> = HashMap::new();
        let mut queue: VecDeque<&Version> = VecDeque::new();
        for root in &self.roots {
            first_required_by.insert(root, None);
            queue.push_back(root);
        }
        while let Some(module) = queue.pop_front() {
            if wanted(module) {
                let mut path = vec![module.clone()];
                let mut at = module;
                while let Some(Some(parent)) = first_required_by.get(at) {
                    path.push((*parent).clone());
                    at = parent;
                }
                path.reverse();
                return Some(path);
            }
            for requirement in self.required.get(module).into_iter().flat_map(|list| list.iter()) {
                if !first_required_by.contains_key(requirement) {
                    first_required_by.insert(requirement, Some(module));
                    queue.push_back(requirement);
                }
            }
        }
        None
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// `A1 B1` as module versions: path `A`, version `v1.0.0`; `M` alone is the main module.
    pub fn versions(text: &str) -> Vec<Version> {
        text.split_whitespace()
            .map(|word| match word.split_at(1) {
                (path, "") => Version::new(path, ""),
                (path, "none") => Version::new(path, NONE),
                (path, number) => Version::new(path, format!("v{number}.0.0")),
            })
            .collect()
    }

    /// Lines of `A1: B1 C2`; the first is about the root.
    pub fn graph(text: &str) -> Graph {
        let lines: Vec<(Vec<Version>, Vec<Version>)> = text
            .lines()
            .filter_map(|line| line.split_once(':'))
            .map(|(module, requirements)| (versions(module), versions(requirements)))
            .collect();
        let mut graph = Graph::new(lines[0].0.clone());
        for (module, requirements) in &lines {
            graph.require(&module[0], requirements.clone().into());
        }
        graph
    }

    fn names(list: &[Version]) -> String {
        let name = |m: &Version| format!("{}{}", m.path, &m.version.get(1..2).unwrap_or(""));
        list.iter().map(name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_highest_required_version_is_selected() {
        for (text, want) in [
            ("M: A1 B1\nA1: C1\nB1: C2\nC2: D1\nC1: E5", "M A1 B1 C2 D1 E5"),
            ("M: A1\nA1: A2\nA2: A1", "M A2"),
            ("M: A1\nA1: M5 B1", "M A1 B1"),
            ("M: A1 Anone Bnone", "M A1"),
            ("M:", "M"),
        ] {
            assert_eq!(names(&graph(text).build_list()), want, "{text}");
        }
    }

    #[test]
    fn every_version_is_walked_once() {
        let graph = graph("M: A1 B1\nA1: C1\nB1: C2 A1\nC2: B1");
        assert_eq!(names(&graph.breadth_first()), "M A1 B1 C1 C2");
    }

    #[test]
    fn the_shortest_chain_is_found() {
        let graph = graph("M: A1 B1\nA1: C1\nC1: D1\nB1: D1");
        let path = graph.find_path(|m| &*m.path == "D").unwrap();
        assert_eq!(names(&path), "M B1 D1");
        assert!(graph.find_path(|m| &*m.path == "X").is_none());
    }
}
