//! Patterns of import paths, and folders that patterns pass over.
//!
//! `...` stands for any text; `x/...` matches `x`, too; and nothing matches into a `vendor` folder
//! unless the pattern names it. [`Ignored`] is the
//! [ignore directive](https://go.dev/ref/mod#go-mod-file-ignore).

use std::collections::BTreeSet;

/// What stands for an element `vendor` that is followed by others: `...` matches all but it.
const VENDOR: &str = "\0";

/// A pattern.
#[derive(Debug, Clone)]
pub struct Pattern {
    forms: Vec<String>,
    /// What a name must begin with, and whether more may follow.
    prefix: String,
    has_wildcard: bool,
}

impl Pattern {
    /// Reads a pattern.
    pub fn new(pattern: &str) -> Pattern {
        let form = mark_vendor(pattern);
        let of_vendor = format!("/{VENDOR}/...");
        let forms = if let Some(base) = form.strip_suffix(&of_vendor) {
            vec![format!("{base}/vendor"), form.clone()]
        } else if Some(&*form) == of_vendor.strip_prefix('/') {
            vec!["/vendor".to_owned(), of_vendor]
        } else if let Some(base) = form.strip_suffix("/...") {
            vec![base.to_owned(), form.clone()]
        } else {
            vec![form.clone()]
        };
        let (prefix, has_wildcard) = match pattern.split_once("...") {
            Some((prefix, _)) => (prefix, true),
            None => (pattern, false),
        };
        let prefix = prefix.to_owned();
        let forms = if pattern.contains(VENDOR) { Vec::new() } else { forms };
        Pattern { forms, prefix, has_wildcard }
    }

    /// Whether it names this import path.
    pub fn matches(&self, path: &str) -> bool {
        if path.contains(VENDOR) {
            return false;
        }
        let path = mark_vendor(path);
        self.forms.iter().any(|form| is_like(form, &path))
    }

    /// Whether it may name this import path or others below it.
    pub fn may_match_below(&self, path: &str) -> bool {
        (path.len() <= self.prefix.len() && has_path_prefix(&self.prefix, path))
            || (self.has_wildcard && path.starts_with(&self.prefix))
    }
}

/// Whether `path` is `prefix` or below it.
pub fn has_path_prefix(path: &str, prefix: &str) -> bool {
    match path.strip_prefix(prefix) {
        Some(rest) => rest.is_empty() || prefix.ends_with('/') || rest.starts_with('/'),
        None => false,
    }
}

fn mark_vendor(path: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    if let Some((_, parents)) = parts.split_last_mut() {
        for part in parents.iter_mut().filter(|part| **part == "vendor") {
            *part = VENDOR;
        }
    }
    parts.join("/")
}

/// Whether `text` is `pattern` with something in place of each `...` in which nothing is marked.
fn is_like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split("...");
    let first = parts.next().unwrap_or_default();
    if !text.starts_with(first) {
        return false;
    }
    let mut ends = BTreeSet::from([first.len()]);
    for part in parts {
        let mut next = BTreeSet::new();
        for end in ends {
            let Some(rest) = text.get(end..) else { continue };
            let free = rest.find(VENDOR).unwrap_or(rest.len());
            for (at, _) in rest.char_indices().chain([(rest.len(), ' ')]) {
                if at > free {
                    break;
                }
                if rest.get(at..).is_some_and(|tail| tail.starts_with(part)) {
                    next.insert(end + at + part.len());
                }
            }
        }
        ends = next;
    }
    ends.contains(&text.len())
}

/// The folders that patterns pass over, by the ignore directives of a go.mod.
#[derive(Debug, Clone, Default)]
pub struct Ignored {
    from_root: Vec<String>,
    anywhere: Vec<String>,
}

impl Ignored {
    /// Takes what the directives say: `./x` means the folder itself, `x` every one of that name.
    pub fn new<'a>(paths: impl IntoIterator<Item = &'a str>) -> Ignored {
        let mut ignored = Ignored::default();
        for path in paths {
            match path.strip_prefix("./") {
                Some(path) => ignored.from_root.push(enclosed(path)),
                None => ignored.anywhere.push(enclosed(path)),
            }
        }
        ignored
    }

    /// Whether the folder `dir`, named from the module's root with slashes, is passed over.
    pub fn contains(&self, dir: &str) -> bool {
        if dir.is_empty() {
            return false;
        }
        let dir = enclosed(dir);
        self.from_root.iter().any(|path| dir.starts_with(path))
            || self.anywhere.iter().any(|path| dir.contains(path))
    }
}

/// With a slash at both ends.
fn enclosed(path: &str) -> String {
    let first = if path.starts_with('/') { "" } else { "/" };
    let last = if path.ends_with('/') { "" } else { "/" };
    format!("{first}{path}{last}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, path, want) in [
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("...", "", true),
            ("...", "abc/def", true),
            ("net...", "net/http", true),
            ("net/...", "net", true),
            ("net/...", "netchan", false),
            (".../x", "a/x", true),
            ("a/...", "a/vendor/b", false),
            ("a/...", "a/vendor", true),
            ("a/vendor/...", "a/vendor", true),
            ("a/vendor/...", "a/vendor/b", true),
            ("a/vendor/...", "a/x", false),
            ("a/...b/...", "a/xb", true),
            ("vendor/...", "vendor/a", false),
            ("...a...b", "xaab", true),
            ("x/.../y", "x/y", false),
            ("x...y", "xy", true),
        ] {
            assert_eq!(Pattern::new(pattern).matches(path), want, "{pattern} {path}");
        }
    }

    #[test]
    fn trees() {
        for (pattern, path, want) in [
            ("a/b/...", "a", true),
            ("a/b/...", "a/b", true),
            ("a/b/...", "a/c", false),
            ("a/b/...", "a/b/c/d", true),
            ("...", "x", true),
            ("a/b", "a", true),
            ("a/b", "a/b/c", false),
        ] {
            assert_eq!(Pattern::new(pattern).may_match_below(path), want, "{pattern} {path}");
        }
    }

    #[test]
    fn ignored_folders() {
        let ignored = Ignored::new(["./a", "node_modules", "x/y"]);
        for (dir, want) in [
            ("a", true),
            ("a/b", true),
            ("b/a", false),
            ("ab", false),
            ("b/node_modules", true),
            ("b/node_modules/c", true),
            ("z/x/y", true),
            ("x", false),
            ("", false),
        ] {
            assert_eq!(ignored.contains(dir), want, "{dir}");
        }
    }
}
