//! Lexical paths: cleaning without touching the disk, and the shorter of two spellings.

use std::path::{Component, Path, PathBuf};

/// `path` without `.`, empty and resolvable `..` elements; `.` for nothing.
pub fn clean(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => match out.components().next_back() {
                Some(Component::Normal(_)) => {
                    out.pop();
                }
                Some(Component::RootDir | Component::Prefix(_)) => {}
                _ => out.push(".."),
            },
            other => out.push(other.as_os_str()),
        }
    }
    if out.as_os_str().is_empty() { PathBuf::from(".") } else { out }
}

/// `path` relative to `cwd` where that is shorter, else as it is. Both must be absolute and clean.
///
/// Messages about go.mod name the file this way.
pub fn short(path: &Path, cwd: &Path) -> PathBuf {
    match relative(path, cwd) {
        Some(rel) if rel.as_os_str().len() < path.as_os_str().len() => rel,
        _ => path.to_path_buf(),
    }
}

/// `path` as seen from `base`, both absolute and clean; `None` where there is no such way.
pub fn relative(path: &Path, base: &Path) -> Option<PathBuf> {
    if !path.is_absolute() || !base.is_absolute() {
        return None;
    }
    let mut target = path.components().peekable();
    let mut from = base.components().peekable();
    while let (Some(a), Some(b)) = (target.peek(), from.peek()) {
        if a != b {
            break;
        }
        target.next();
        from.next();
    }
    let mut out = PathBuf::new();
    for part in from {
        match part {
            Component::Normal(_) => out.push(".."),
            _ => return None,
        }
    }
    out.extend(target);
    Some(if out.as_os_str().is_empty() { PathBuf::from(".") } else { out })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleaning() {
        for (path, want) in [
            ("a/./b//c", "a/b/c"),
            ("a/../b", "b"),
            ("../a", "../a"),
            ("/../a", "/a"),
            ("", "."),
            ("./", "."),
            ("a/..", "."),
            ("../../x/..", "../.."),
        ] {
            assert_eq!(clean(Path::new(path)), PathBuf::from(want), "{path}");
        }
    }

    #[test]
    fn shortening() {
        for (path, cwd, want) in [
            ("/p/q/go.mod", "/p/q", "go.mod"),
            ("/long/go.mod", "/long/q", "../go.mod"),
            ("/x/go.mod", "/p/q/r/s", "/x/go.mod"),
            ("/p/q", "/p/q", "."),
        ] {
            assert_eq!(short(Path::new(path), Path::new(cwd)), PathBuf::from(want));
        }
    }
}
