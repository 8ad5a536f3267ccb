//! The shortest requirement list with the same outcome.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::spec::module::Version;
use crate::spec::mvs::Graph;

/// The smallest list of requirements for the first root of `graph` that still selects every version
/// the graph selects, and names every path of `base`.
///
/// `required` tells what a module version requires (the complete graph's, not the pruned one's).
/// The list is sorted by path.
pub fn minimal_requirements(
    graph: &Graph,
    base: &[Arc<str>],
    required: impl Fn(&Version) -> Arc<[Version]>,
) -> Vec<Version> {
    let list = graph.build_list();
    let mut cache: HashMap<Version, Arc<[Version]>> = HashMap::new();
    let postorder = postorder(&list, &required, &mut cache);

    let mut have: HashSet<Version> = HashSet::new();
    let mut minimal = Vec::new();
    let mut named: HashSet<&str> = HashSet::new();
    for path in base {
        if named.insert(path) {
            let module = Version { path: path.clone(), version: graph.selected(path).into() };
            cover(&module, &cache, &mut have);
            minimal.push(module);
        }
    }
    for module in postorder.iter().rev() {
        if graph.selected(&module.path) == &*module.version && !have.contains(module) {
            cover(module, &cache, &mut have);
            minimal.push(module.clone());
        }
    }
    minimal.sort_by(|a, b| a.path.cmp(&b.path));
    minimal
}

/// Modules after everything they require, without the main module; iterative, since graphs are deep.
fn postorder(
    list: &[Version],
    required: &impl Fn(&Version) -> Arc<[Version]>,
    cache: &mut HashMap<Version, Arc<[Version]>>,
) -> Vec<Version> {
    let mut order = Vec::new();
    let mut stack: Vec<(Version, usize)> = Vec::new();
    if let Some(main) = list.first() {
        cache.insert(main.clone(), Arc::from([]));
    }
    for start in list {
        if !cache.contains_key(start) {
            cache.insert(start.clone(), required(start));
            stack.push((start.clone(), 0));
        }
        while let Some((module, at)) = stack.pop() {
            let next = cache.get(&module).and_then(|list| list.get(at)).cloned();
            match next {
                None => order.push(module),
                Some(requirement) => {
                    stack.push((module, at + 1));
                    if !cache.contains_key(&requirement) {
                        cache.insert(requirement.clone(), required(&requirement));
                        stack.push((requirement, 0));
                    }
                }
            }
        }
    }
    order
}

/// Marks `module` and all it requires.
fn cover(module: &Version, cache: &HashMap<Version, Arc<[Version]>>, have: &mut HashSet<Version>) {
    let mut stack = vec![module.clone()];
    while let Some(module) = stack.pop() {
        if have.insert(module.clone()) {
            stack.extend(cache.get(&module).into_iter().flat_map(|list| list.iter().cloned()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::mvs::graph::tests::{graph, versions};

    #[test]
    fn what_is_implied_is_left_out() {
        for (text, base, want) in [
            ("M: A1 B1\nA1: B1", "", "A1"),
            ("M: A1 B1\nA1: B1", "B", "A1 B1"),
            ("M: A1 B2\nA1: B1", "", "A1 B2"),
            ("M: A1 C2\nA1: B1\nB1: C1\nC2: B1", "", "A1 C2"),
            ("M: A1\nA1: B1\nB1: A1", "", "A1"),
        ] {
            let graph = graph(text);
            let base: Vec<Arc<str>> = base.split_whitespace().map(Arc::from).collect();
            let got = minimal_requirements(&graph, &base, |m| {
                graph.required_by(m).cloned().unwrap_or_default()
            });
            assert_eq!(got, versions(want), "{text}");
        }
    }
}
