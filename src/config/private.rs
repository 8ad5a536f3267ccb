//! Which modules are private, and which may be fetched insecurely.
//!
//! Implements [Private modules](https://go.dev/ref/mod#private-modules) of the Go Modules
//! Reference: GOPRIVATE, GONOPROXY, GONOSUMDB and GOINSECURE are lists of
//! [patterns](crate::spec::module::glob) of module path prefixes. GOPRIVATE stands in for GONOPROXY
//! and GONOSUMDB where they are empty, so `GONOPROXY=none` (a pattern that names no module) has
//! private modules fetched through proxies.
//!
//! ```
//! use gomodfetch::config::private::Private;
//!
//! let private = Private::new("*.corp.example", "none", "", "");
//! assert!(!private.bypasses_proxies("git.corp.example/x"));
//! assert!(private.bypasses_sumdb("git.corp.example/x"));
//! ```

use crate::spec::module::match_prefix_patterns;

/// The pattern lists, GONOPROXY and GONOSUMDB as they are in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Private {
    private: String,
    no_proxy: String,
    no_sumdb: String,
    insecure: String,
}

impl Private {
    /// The rules that follow from the values of GOPRIVATE, GONOPROXY, GONOSUMDB and GOINSECURE.
    pub fn new(private: &str, no_proxy: &str, no_sumdb: &str, insecure: &str) -> Private {
        let or_private = |list: &str| if list.is_empty() { private } else { list }.to_owned();
        Private {
            private: private.to_owned(),
            no_proxy: or_private(no_proxy),
            no_sumdb: or_private(no_sumdb),
            insecure: insecure.to_owned(),
        }
    }

    /// Reports whether GOPRIVATE names a module.
    pub fn is_private(&self, module: &str) -> bool {
        match_prefix_patterns(&self.private, module)
    }

    /// Reports whether a module is fetched from its origin and never from a proxy.
    pub fn bypasses_proxies(&self, module: &str) -> bool {
        match_prefix_patterns(&self.no_proxy, module)
    }

    /// Reports whether the checksum database isn't asked about a module.
    pub fn bypasses_sumdb(&self, module: &str) -> bool {
        match_prefix_patterns(&self.no_sumdb, module)
    }

    /// Reports whether a module may be fetched from its origin without a secure connection. That
    /// says nothing about proxies, nor about the checksum database.
    pub fn is_insecure(&self, module: &str) -> bool {
        match_prefix_patterns(&self.insecure, module)
    }

    /// The patterns of GONOPROXY, or of GOPRIVATE in its stead.
    pub fn no_proxy(&self) -> &str {
        &self.no_proxy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_list_has_its_own_effect() {
        // GOPRIVATE, GONOPROXY, GONOSUMDB, GOINSECURE, and which of the four answers are yes.
        for (lists, want) in [
            (["", "", "", ""], ""),
            (["a.example", "", "", ""], "private proxy sumdb"),
            (["a.example", "none", "", ""], "private sumdb"),
            (["a.example", "", "none", ""], "private proxy"),
            (["", "a.example/m", "", ""], "proxy"),
            (["", "", "*.example", ""], "sumdb"),
            (["", "", "", "a.example"], "insecure"),
            (["b.example,a.example/n", "", "", ""], ""),
        ] {
            let [private, no_proxy, no_sumdb, insecure] = lists;
            let rules = Private::new(private, no_proxy, no_sumdb, insecure);
            let module = "a.example/m/v2";
            let answers = [
                (rules.is_private(module), "private"),
                (rules.bypasses_proxies(module), "proxy"),
                (rules.bypasses_sumdb(module), "sumdb"),
                (rules.is_insecure(module), "insecure"),
            ];
            let yes: Vec<_> = answers.iter().filter(|a| a.0).map(|a| a.1).collect();
            assert_eq!(yes.join(" "), want, "{lists:?}");
        }
    }
}
