//! Build tags, and file names that stand for some.
//!
//! `x_linux.go` is for Linux, `x_linux_arm64.go` for Linux on arm64, `x_test.go` for tests;
//! <https://pkg.go.dev/cmd/go#hdr-Build_constraints>.

use std::collections::BTreeSet;

use crate::spec::imports::constraint::is_tag_char;

/// Systems that file names may end in, sorted: past, present and future ones.
const KNOWN_OS: [&str; 18] = [
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "wasip1",
    "windows",
    "zos",
];

/// Systems for which the tag `unix` holds, sorted.
const UNIX_OS: [&str; 12] = [
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "linux",
    "netbsd",
    "openbsd",
    "solaris",
];

/// Architectures that file names may end in, sorted.
const KNOWN_ARCH: [&str; 24] = [
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "arm64",
    "arm64be",
    "armbe",
    "loong64",
    "mips",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "mipsle",
    "ppc",
    "ppc64",
    "ppc64le",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
    "wasm",
];

/// The tags of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tags {
    /// Any tag but `ignore` holds or does not, as it suits: what `go mod vendor` and `go mod why` ask.
    Any,
    /// These.
    Of {
        /// The system, which `unix` depends on.
        os: String,
        /// All tags that hold.
        set: BTreeSet<String>,
    },
}

impl Tags {
    /// Those of a build for `os` and `arch`, with what the user adds and the releases of Go there are.
    pub fn of<'a>(
        os: &str,
        arch: &str,
        cgo: bool,
        user: impl IntoIterator<Item = &'a str>,
        releases: &[&str],
    ) -> Tags {
        let user = user.into_iter().map(str::to_owned);
        let mut set: BTreeSet<String> = user.filter(|tag| !tag.is_empty()).collect();
        set.extend([os, arch, "gc"].map(str::to_owned));
        set.extend(releases.iter().map(|release| (*release).to_owned()));
        if cgo {
            set.insert("cgo".to_owned());
        }
        Tags::Of { os: os.to_owned(), set }
    }

    /// Whether every tag may hold.
    pub fn is_any(&self) -> bool {
        *self == Tags::Any
    }

    /// Whether files that import `C` belong to the build.
    pub fn allow_cgo(&self) -> bool {
        match self {
            Tags::Any => true,
            Tags::Of { set, .. } => set.contains("cgo"),
        }
    }

    /// Whether a tag holds; where any may, `prefer` says what would suit.
    pub fn contains(&self, name: &str, prefer: bool) -> bool {
        if !name.chars().all(is_tag_char) {
            return false;
        }
        let Tags::Of { os, set } = self else {
            return !name.is_empty() && name != "ignore" && prefer;
        };
        if set.contains(name) {
            return true;
        }
        match name {
            "linux" => set.contains("android"),
            "solaris" => set.contains("illumos"),
            "darwin" => set.contains("ios"),
            "unix" => UNIX_OS.contains(&&**os),
            _ => false,
        }
    }

    /// Whether the name of a file lets it belong to the build.
    pub fn match_file(&self, name: &str) -> bool {
        if self.is_any() {
            return true;
        }
        let stem = name.split('.').next().unwrap_or(name);
        // What stands before the first underscore means nothing: linux.go is for all systems.
        let Some((_, parts)) = stem.split_once('_') else { return true };
        let mut parts: Vec<&str> = parts.split('_').collect();
        parts.pop_if(|last| *last == "test");
        let is_os = |part: &str| KNOWN_OS.contains(&part);
        let is_arch = |part: &str| KNOWN_ARCH.contains(&part);
        match parts.as_slice() {
            [.., os, arch] if is_os(os) && is_arch(arch) => {
                self.contains(os, true) && self.contains(arch, true)
            }
            [.., last] if is_os(last) || is_arch(last) => self.contains(last, true),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names() {
        let tags = Tags::of("linux", "arm64", false, [], &[]);
        for (name, want) in [
            ("x.go", true),
            ("linux.go", true),
            ("windows.go", true),
            ("x_linux.go", true),
            ("x_windows.go", false),
            ("x_linux_arm64.go", true),
            ("x_linux_amd64.go", false),
            ("x_amd64.go", false),
            ("x_windows_test.go", false),
            ("x_linux_test.go", true),
            ("x_test.go", true),
            ("_windows.go", false),
            ("x_windows.s.go", false),
            ("x_unix.go", true),
            ("x_windows_y.go", true),
        ] {
            assert_eq!(tags.match_file(name), want, "{name}");
            assert!(Tags::Any.match_file(name));
        }
    }

    #[test]
    fn systems_that_are_others_too() {
        for (os, tag, want) in [
            ("android", "linux", true),
            ("ios", "darwin", true),
            ("illumos", "solaris", true),
            ("linux", "android", false),
            ("plan9", "unix", false),
            ("freebsd", "unix", true),
        ] {
            assert_eq!(
                Tags::of(os, "amd64", true, [], &[]).contains(tag, true),
                want,
                "{os} {tag}"
            );
        }
        assert!(!Tags::of("linux", "amd64", true, ["a-b"], &[]).contains("a-b", true));
    }
}
