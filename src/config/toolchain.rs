//! GOTOOLCHAIN: which Go may be run where a go.mod asks for a newer one.
//!
//! Implements [Go toolchain selection](https://go.dev/doc/toolchain#select). gomodfetch runs no
//! toolchain; it needs to know whether go would switch to another one, since without a switch a
//! `go` line that is too new is an error, and which Go it stands in for:
//!
//! ```text
//! GOTOOLCHAIN = "auto" | "path" | ( "local" | toolchain ) [ "+auto" | "+path" ]
//! toolchain   = "go" version [ suffix ], such as go1.26.1
//! ```
//!
//! | setting           | go runs at least | and switches to a newer one |
//! |-------------------|------------------|-----------------------------|
//! | `local`           | itself           | never                       |
//! | `go1.26.1`        | `go1.26.1`       | never                       |
//! | `auto`, `…+auto`  | itself, or `…`   | on PATH or downloaded       |
//! | `path`, `…+path`  | itself, or `…`   | on PATH only                |
//!
//! An empty setting, which only a file can hold, is `local`.
//!
//! ```
//! use gomodfetch::config::toolchain::Toolchain;
//!
//! let toolchain = Toolchain::parse("go1.25.3+path").unwrap();
//! assert!(toolchain.may_switch());
//! assert_eq!(toolchain.running("1.26.8"), "1.25.3");
//! assert_eq!(toolchain.setting(), "go1.25.3+path");
//! ```

use thiserror::Error;

use crate::spec::goversion;
use crate::spec::quote::quote;

/// The value of GOTOOLCHAIN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Toolchain {
    setting: String,
    minimum: Option<String>,
    switch: Switch,
}

/// How go comes by a newer toolchain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    /// Not at all.
    Never,
    /// It looks for one on PATH, then downloads one.
    Auto,
    /// It looks for one on PATH.
    Path,
}

/// What is wrong with GOTOOLCHAIN.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ToolchainError {
    /// Neither a word that is known nor a toolchain.
    #[error("invalid GOTOOLCHAIN {}", quote(.0))]
    Invalid(String),
    /// No toolchain before the `+`.
    #[error("invalid GOTOOLCHAIN {}: invalid minimum toolchain {}", quote(setting), quote(minimum))]
    Minimum {
        /// The whole value.
        setting: String,
        /// What stands before the `+`.
        minimum: String,
    },
    /// A toolchain line without a Go version in it.
    #[error("invalid toolchain {}", quote(.0))]
    Line(String),
    /// Something else than `auto` or `path` after the `+`.
    #[error("invalid GOTOOLCHAIN {}: only version suffixes are +auto and +path", quote(.0))]
    Suffix(String),
}

impl Toolchain {
    /// Takes the value of GOTOOLCHAIN apart.
    pub fn parse(setting: &str) -> Result<Toolchain, ToolchainError> {
        let owned = || setting.to_owned();
        let (minimum, suffix) = match setting.split_once('+') {
            Some((minimum, suffix)) => (minimum, Some(suffix)),
            None if matches!(setting, "auto" | "path") => ("local", Some(setting)),
            None => (setting, None),
        };
        let minimum = match minimum {
            "local" => None,
            "" if suffix.is_none() => None,
            name => match goversion::from_toolchain(name) {
                "" if suffix.is_none() => return Err(ToolchainError::Invalid(owned())),
                "" => {
                    return Err(ToolchainError::Minimum {
                        setting: owned(),
                        minimum: name.to_owned(),
                    });
                }
                version => Some((name, version)),
            },
        };
        let switch = match suffix {
            None => Switch::Never,
            Some("auto") => Switch::Auto,
            Some("path") => Switch::Path,
            Some(_) => return Err(ToolchainError::Suffix(owned())),
        };
        match minimum {
            // No such Go exists, and go doesn't look on PATH for what may be something else.
            Some((name, _)) if !name.starts_with("go1") => {
                Err(ToolchainError::Invalid(name.to_owned()))
            }
            _ => Ok(Toolchain {
                setting: owned(),
                minimum: minimum.map(|(_, version)| version.to_owned()),
                switch,
            }),
        }
    }

    /// The toolchain that is there, and no other.
    pub fn local() -> Toolchain {
        Toolchain { setting: "local".to_owned(), minimum: None, switch: Switch::Never }
    }

    /// Reports whether go would run a newer toolchain where a go.mod asks for one.
    pub fn may_switch(&self) -> bool {
        self.switch != Switch::Never
    }

    /// How go would come by a newer toolchain.
    pub fn switch(&self) -> Switch {
        self.switch
    }

    /// The version of Go that would run without any wish of a go.mod, if `local` is installed.
    pub fn running<'a>(&'a self, local: &'a str) -> &'a str {
        self.minimum.as_deref().unwrap_or(local)
    }

    /// The toolchain that go runs if `local` is installed and a go.mod or go.work has these lines,
    /// either of them empty if there is none; `None` for the one that is installed.
    ///
    /// # Errors
    /// When the toolchain line names none.
    pub fn select(
        &self,
        local: &str,
        go: &str,
        toolchain: &str,
    ) -> Result<Option<String>, ToolchainError> {
        let installed = format!("go{local}");
        let (mut name, mut version) = match &self.minimum {
            Some(version) => {
                let name = self.setting.split('+').next().unwrap_or_default();
                (name.to_owned(), version.as_str())
            }
            None => (installed.clone(), local),
        };
        if self.may_switch() && toolchain != "default" {
            if !toolchain.is_empty() {
                let suggested = goversion::from_toolchain(toolchain);
                if suggested.is_empty() {
                    return Err(ToolchainError::Line(toolchain.to_owned()));
                }
                if goversion::compare(suggested, version).is_gt() {
                    (name, version) = (toolchain.to_owned(), suggested);
                }
            }
            if goversion::compare(go, version).is_gt() {
                // From 1.21 on, what has no patch number is a language and no release.
                let is_language =
                    goversion::is_lang(go) && goversion::compare(go, goversion::GO_STRICT).is_ge();
                name = format!("go{go}{}", if is_language { ".0" } else { "" });
            }
        }
        Ok((name != installed).then_some(name))
    }

    /// The value as it was given, which errors about a version that is too new name.
    pub fn setting(&self) -> &str {
        &self.setting
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn settings() {
        for (setting, minimum, switch) in [
            ("local", None, Switch::Never),
            ("", None, Switch::Never),
            ("auto", None, Switch::Auto),
            ("path", None, Switch::Path),
            ("local+auto", None, Switch::Auto),
            ("local+path", None, Switch::Path),
            ("go1.26.8", Some("1.26.8"), Switch::Never),
            ("go1.26rc1", Some("1.26rc1"), Switch::Never),
            ("go1", Some("1"), Switch::Never),
            ("go1.22.3-corp+auto", Some("1.22.3"), Switch::Auto),
            ("go1.100+path", Some("1.100"), Switch::Path),
        ] {
            let toolchain = Toolchain::parse(setting).unwrap();
            assert_eq!(toolchain.running("L"), minimum.unwrap_or("L"), "{setting:?}");
            assert_eq!(toolchain.switch(), switch, "{setting:?}");
        }
    }

    #[test]
    fn which_toolchain_runs() {
        for (setting, go, toolchain, want) in [
            ("auto", "", "", ""),
            ("auto", "1.25", "", ""),
            ("auto", "1.26.8", "", ""),
            ("auto", "1.26.9", "", "go1.26.9"),
            ("auto", "1.27", "", "go1.27.0"),
            ("auto", "1.27rc1", "", "go1.27rc1"),
            ("auto", "1.25", "go1.27.3", "go1.27.3"),
            ("auto", "1.28.1", "go1.27.3", "go1.28.1"),
            ("auto", "1.25", "go1.27.3-corp", "go1.27.3-corp"),
            ("auto", "1.25", "go1.26.8-corp", ""),
            ("auto", "1.27.1", "default", ""),
            ("path", "1.27.1", "", "go1.27.1"),
            ("local", "1.27.1", "go1.28.1", ""),
            ("go1.25.1", "1.27.1", "go1.28.1", "go1.25.1"),
            ("go1.26.8", "1.27.1", "", ""),
            ("go1.25.1+auto", "1.24", "", "go1.25.1"),
            ("go1.25.1+auto", "1.27.1", "", "go1.27.1"),
            ("go1.25.1-corp+auto", "1.25.1", "", "go1.25.1-corp"),
            ("local+auto", "1.27.1", "", "go1.27.1"),
        ] {
            let selected = Toolchain::parse(setting).unwrap().select("1.26.8", go, toolchain);
            let told = selected.unwrap().unwrap_or_default();
            assert_eq!(told, want, "{setting} {go} {toolchain}");
        }
        let err = Toolchain::parse("auto").unwrap().select("1.26.8", "1.21", "go1.x").unwrap_err();
        assert_eq!(err.to_string(), r#"invalid toolchain "go1.x""#);
    }

    #[test]
    fn errors() {
        for (setting, want) in [
            ("bad", r#""bad""#),
            ("Auto", r#""Auto""#),
            ("1.26", r#""1.26""#),
            ("go2.1", r#""go2.1""#),
            ("go2.1+auto", r#""go2.1""#),
            ("a/go1.2", r#""a/go1.2""#),
            ("gccgo-go1.26", r#""gccgo-go1.26""#),
            ("bad+auto", r#""bad+auto": invalid minimum toolchain "bad""#),
            ("+auto", r#""+auto": invalid minimum toolchain """#),
            ("+", r#""+": invalid minimum toolchain """#),
            ("auto+path", r#""auto+path": invalid minimum toolchain "auto""#),
            ("local+", r#""local+": only version suffixes are +auto and +path"#),
            ("go1.26.8+x", r#""go1.26.8+x": only version suffixes are +auto and +path"#),
            (
                "go1.26.8+auto+path",
                r#""go1.26.8+auto+path": only version suffixes are +auto and +path"#,
            ),
        ] {
            let err = Toolchain::parse(setting).unwrap_err().to_string();
            assert_eq!(err, format!("invalid GOTOOLCHAIN {want}"));
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_can_be_spelled_again(setting in "(local|go1[.0-9a-z-]{0,6}|[a-z]{0,5})([+](auto|path|x)?)?") {
            if let Ok(toolchain) = Toolchain::parse(&setting) {
                prop_assert_eq!(toolchain.may_switch(), setting.ends_with("auto") || setting.ends_with("path"));
            }
        }
    }
}
