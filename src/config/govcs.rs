//! GOVCS: which version control systems may be used for which modules.
//!
//! Implements [Controlling version control tools with GOVCS](https://go.dev/ref/mod#vcs-govcs).
//!
//! ```text
//! GOVCS   = [ rule { "," rule } ]
//! rule    = pattern ":" name { "|" name }
//! pattern = "public" | "private" | a pattern of module path prefixes
//! name    = "git" | "hg" | "svn" | "bzr" | "fossil" | "all" | anything, such as "off"
//! ```
//!
//! The first rule decides whose pattern names the root of the repository. Behind them all stand
//! `private:all` and `public:git|hg`: the other systems were never looked at as clients of servers that
//! nobody trusts. A proxy that a page names (`mod`) is no version control system.
//!
//! ```
//! use gomodfetch::config::govcs::GoVcs;
//!
//! let govcs = GoVcs::parse("example.com:svn").unwrap();
//! assert!(govcs.allows("svn", "example.com/x", false));
//! assert!(!govcs.allows("git", "example.com/x", false));
//! assert!(govcs.allows("git", "example.org/x", false));
//! ```

use thiserror::Error;

use crate::spec::module::match_prefix_patterns;
use crate::spec::quote::quote;

/// The rules, those behind them all not among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoVcs {
    rules: Vec<Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    pattern: String,
    allowed: Vec<String>,
}

/// What is wrong with GOVCS, or a system that may not be used.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[allow(missing_docs, reason = "the message of each says what it means")]
pub enum GoVcsError {
    #[error("empty entry in GOVCS")]
    Empty,
    #[error("malformed entry in GOVCS (missing colon): {}", quote(.0))]
    MissingColon(String),
    #[error("empty pattern in GOVCS: {}", quote(.0))]
    EmptyPattern(String),
    #[error("empty VCS list in GOVCS: {}", quote(.0))]
    EmptyList(String),
    #[error("relative pattern not allowed in GOVCS: {}", quote(.0))]
    Relative(String),
    #[error("unreachable pattern in GOVCS: {} after {}", quote(.0), quote(.1))]
    Unreachable(String, String),
    #[error("empty VCS name in GOVCS: {}", quote(.0))]
    EmptyName(String),
    #[error("GOVCS disallows using {vcs} for {what} {root}; see 'go help vcs'")]
    Disallowed { vcs: String, what: &'static str, root: String },
}

impl GoVcs {
    /// Takes the value of GOVCS apart.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(text: &str) -> Result<GoVcs, GoVcsError> {
        let text = text.trim();
        let mut rules: Vec<Rule> = Vec::new();
        if text.is_empty() {
            return Ok(GoVcs { rules });
        }
        let mut seen: Vec<(&str, &str)> = Vec::new();
        for item in text.split(',').map(str::trim) {
            if item.is_empty() {
                return Err(GoVcsError::Empty);
            }
            let told = item.to_owned();
            let Some((pattern, list)) = item.split_once(':') else {
                return Err(GoVcsError::MissingColon(told));
            };
            let (pattern, list) = (pattern.trim(), list.trim());
            if pattern.is_empty() {
                return Err(GoVcsError::EmptyPattern(told));
            }
            if list.is_empty() {
                return Err(GoVcsError::EmptyList(told));
            }
            let is_relative = matches!(pattern, "." | "..")
                || pattern.starts_with("./")
                || pattern.starts_with("../");
            if is_relative {
                return Err(GoVcsError::Relative(pattern.to_owned()));
            }
            if let Some((_, old)) = seen.iter().find(|(known, _)| *known == pattern) {
                return Err(GoVcsError::Unreachable(told, (*old).to_owned()));
            }
            seen.push((pattern, item));
            let allowed: Vec<String> = list.split('|').map(|name| name.trim().to_owned()).collect();
            if allowed.iter().any(String::is_empty) {
                return Err(GoVcsError::EmptyName(told));
            }
            rules.push(Rule { pattern: pattern.to_owned(), allowed });
        }
        Ok(GoVcs { rules })
    }

    /// Whether `vcs` may be used for the repository whose root is `root`, which is private or not.
    pub fn allows(&self, vcs: &str, root: &str, private: bool) -> bool {
        let decides = |rule: &&Rule| match &*rule.pattern {
            "private" => private,
            "public" => !private,
            pattern => match_prefix_patterns(pattern, root),
        };
        match self.rules.iter().find(decides) {
            Some(rule) => rule.allowed.iter().any(|name| name == vcs || name == "all"),
            None => private || matches!(vcs, "git" | "hg"),
        }
    }

    /// The same as an error.
    ///
    /// # Errors
    /// [`GoVcsError::Disallowed`].
    pub fn check(&self, vcs: &str, root: &str, private: bool) -> Result<(), GoVcsError> {
        if self.allows(vcs, root, private) {
            return Ok(());
        }
        let what = if private { "private" } else { "public" };
        Err(GoVcsError::Disallowed { vcs: vcs.to_owned(), what, root: root.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_decides() {
        for (setting, root, private, want) in [
            ("", "example.com/m", false, "git hg"),
            ("", "example.com/m", true, "git hg svn bzr fossil"),
            ("public:svn", "example.com/m", false, "svn"),
            ("public:svn", "example.com/m", true, "git hg svn bzr fossil"),
            ("private:off", "example.com/m", true, ""),
            (" example.com : git | bzr , *:all", "example.com/m", false, "git bzr"),
            ("example.com/*/x:git,public:off", "example.com/m/x/y", false, "git"),
            ("example.com/n:git,example.org:off", "example.com/m", false, "git hg"),
            ("*:all", "example.com/m", false, "git hg svn bzr fossil"),
            ("*:All", "example.com/m", true, ""),
        ] {
            let govcs = GoVcs::parse(setting).unwrap();
            let names = ["git", "hg", "svn", "bzr", "fossil"];
            let allowed: Vec<_> =
                names.into_iter().filter(|name| govcs.allows(name, root, private)).collect();
            assert_eq!(allowed.join(" "), want, "{setting:?} {root} {private}");
        }
        let refused = GoVcs::default().check("svn", "example.com/m", false).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "GOVCS disallows using svn for public example.com/m; see 'go help vcs'"
        );
        let refused = GoVcs::parse("private:x").unwrap().check("git", "m", true).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "GOVCS disallows using git for private m; see 'go help vcs'"
        );
    }

    #[test]
    fn errors() {
        for (setting, want) in [
            ("a:b,", "empty entry in GOVCS"),
            ("git", "malformed entry in GOVCS (missing colon): \"git\""),
            (" : git", "empty pattern in GOVCS: \": git\""),
            ("a:", "empty VCS list in GOVCS: \"a:\""),
            ("./a:git", "relative pattern not allowed in GOVCS: \"./a\""),
            ("..:git", "relative pattern not allowed in GOVCS: \"..\""),
            ("a:git, a : hg", "unreachable pattern in GOVCS: \"a : hg\" after \"a:git\""),
            ("a:git|", "empty VCS name in GOVCS: \"a:git|\""),
        ] {
            assert_eq!(GoVcs::parse(setting).unwrap_err().to_string(), want, "{setting:?}");
        }
    }
}
