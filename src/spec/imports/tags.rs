//! Build tags, and file names that stand for some.
//!
//! `x_linux.go` is for Linux, `x_linux_arm64.go` for Linux on arm64, `x_test.go` for tests;
//! <https://pkg.go.dev/cmd/go#hdr-Build_constraints>.

use std::collections::BTreeSet;

use crate::spec::goversion;
use crate::spec::imports::constraint::is_tag_char;

/// The highest release that has a tag: none will be near for decades.
const MAX_RELEASE: u32 = 1000;

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
        /// Tags that hold or don't, as it suits; what ends with a dot stands for all that begin so.
        open: Vec<String>,
    },
}

/// The tags of the releases of Go up to the one of this version: `go1.1` to `go1.26` for 1.26.8.
pub fn releases(version: &str) -> Vec<String> {
    let lang = goversion::lang(version);
    let minor: u32 = lang.strip_prefix("1.").and_then(|minor| minor.parse().ok()).unwrap_or(0);
    (1..=minor.min(MAX_RELEASE)).map(|minor| format!("go1.{minor}")).collect()
}

impl Tags {
    /// Those of a build for `os` and `arch`, with what the user adds and the releases of Go there are.
    pub fn of<'a>(
        os: &str,
        arch: &str,
        cgo: bool,
        user: impl IntoIterator<Item = &'a str>,
        releases: &[String],
    ) -> Tags {
        let user = user.into_iter().map(str::to_owned);
        let mut set: BTreeSet<String> = user.filter(|tag| !tag.is_empty()).collect();
        set.extend([os, arch, "gc"].map(str::to_owned));
        set.extend(releases.iter().cloned());
        if cgo {
            set.insert("cgo".to_owned());
        }
        Tags::Of { os: os.to_owned(), set, open: Vec::new() }
    }

    /// The same, with tags that hold or don't, as it suits; what ends with a dot stands for all that begin
    /// so.
    pub fn leaving_open(mut self, names: impl IntoIterator<Item = String>) -> Tags {
        if let Tags::Of { open, .. } = &mut self {
            open.extend(names);
        }
        self
    }

    /// Whether every tag may hold.
    pub fn is_any(&self) -> bool {
        *self == Tags::Any
    }

    /// Whether files that import `C` belong to the build.
    pub fn allow_cgo(&self) -> bool {
        match self {
            Tags::Any => true,
            Tags::Of { .. } => self.contains("cgo", true),
        }
    }

    /// Whether a tag holds; where any may, `prefer` says what would suit.
    pub fn contains(&self, name: &str, prefer: bool) -> bool {
        if !name.chars().all(is_tag_char) {
            return false;
        }
        let Tags::Of { os, set, open } = self else {
            return !name.is_empty() && name != "ignore" && prefer;
        };
        if set.contains(name) {
            return true;
        }
        if open.iter().any(|tag| name == tag || (tag.ends_with('.') && name.starts_with(tag))) {
            return prefer;
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

    #[test]
    fn tags_that_are_left_open() {
        let open = ["cgo", "amd64."].map(str::to_owned);
        let tags = Tags::of("linux", "amd64", false, [], &[]).leaving_open(open.clone());
        assert!(tags.allow_cgo());
        for (tag, prefer, want) in [
            ("cgo", true, true),
            ("cgo", false, false),
            ("amd64", false, true),
            ("amd64.v3", true, true),
            ("amd64.v3", false, false),
            ("arm64.v8", true, false),
            ("x", true, false),
        ] {
            assert_eq!(tags.contains(tag, prefer), want, "{tag} {prefer}");
        }
        let cgo = Tags::of("linux", "amd64", true, [], &[]).leaving_open(open);
        assert!(cgo.contains("cgo", false));
        assert_eq!(Tags::Any.leaving_open([]), Tags::Any);
    }

    #[test]
    fn tags_of_releases() {
        assert_eq!(releases("1.3"), ["go1.1", "go1.2", "go1.3"]);
        assert_eq!(releases("1.26.8").len(), 26);
        assert_eq!(releases("1.21rc2").last().map(String::as_str), Some("go1.21"));
        assert_eq!(releases("1.99999999").len(), 1000);
        assert!(releases("").is_empty() && releases("2.1").is_empty());
    }
}
