//! The systems and architectures that Go is built for, as `go tool dist list` names them.
//!
//! <https://go.dev/doc/install/source#environment> tells what they mean; ports that are known to be broken
//! count, since `go build` refuses none of them.

/// All pairs, sorted.
const PAIRS: [(&str, &str); 50] = [
    ("aix", "ppc64"),
    ("android", "386"),
    ("android", "amd64"),
    ("android", "arm"),
    ("android", "arm64"),
    ("darwin", "amd64"),
    ("darwin", "arm64"),
    ("dragonfly", "amd64"),
    ("freebsd", "386"),
    ("freebsd", "amd64"),
    ("freebsd", "arm"),
    ("freebsd", "arm64"),
    ("freebsd", "riscv64"),
    ("illumos", "amd64"),
    ("ios", "amd64"),
    ("ios", "arm64"),
    ("js", "wasm"),
    ("linux", "386"),
    ("linux", "amd64"),
    ("linux", "arm"),
    ("linux", "arm64"),
    ("linux", "loong64"),
    ("linux", "mips"),
    ("linux", "mips64"),
    ("linux", "mips64le"),
    ("linux", "mipsle"),
    ("linux", "ppc64"),
    ("linux", "ppc64le"),
    ("linux", "riscv64"),
    ("linux", "s390x"),
    ("linux", "sparc64"),
    ("netbsd", "386"),
    ("netbsd", "amd64"),
    ("netbsd", "arm"),
    ("netbsd", "arm64"),
    ("openbsd", "386"),
    ("openbsd", "amd64"),
    ("openbsd", "arm"),
    ("openbsd", "arm64"),
    ("openbsd", "mips64"),
    ("openbsd", "ppc64"),
    ("openbsd", "riscv64"),
    ("plan9", "386"),
    ("plan9", "amd64"),
    ("plan9", "arm"),
    ("solaris", "amd64"),
    ("wasip1", "wasm"),
    ("windows", "386"),
    ("windows", "amd64"),
    ("windows", "arm64"),
];

/// Whether Go can be built for this system on this architecture.
pub fn is_supported(os: &str, arch: &str) -> bool {
    PAIRS.binary_search(&(os, arch)).is_ok()
}

/// Whether there is any architecture that Go can be built for on this system.
pub fn is_os(os: &str) -> bool {
    PAIRS.iter().any(|(known, _)| *known == os)
}

/// Whether there is any system that Go can be built for on this architecture.
pub fn is_arch(arch: &str) -> bool {
    PAIRS.iter().any(|(_, known)| *known == arch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs() {
        assert!(PAIRS.is_sorted());
        assert!(is_supported("linux", "amd64") && is_supported("windows", "arm64"));
        assert!(!is_supported("windows", "ppc64") && !is_supported("", ""));
        assert!(is_os("js") && !is_os("jsx") && is_arch("wasm") && !is_arch("linux"));
    }
}
