//! GOOS, GOARCH and CGO_ENABLED, and the flags in GOFLAGS that decide what belongs to a build.
//!
//! Implements what [Build constraints](https://pkg.go.dev/cmd/go#hdr-Build_constraints) and
//! [Compile packages](https://pkg.go.dev/cmd/go#hdr-Compile_packages_and_dependencies) say of them.
//! Whether a system is known is for those to say who need it.
//!
//! ```
//! use gomodfetch::config::build::BuildFlags;
//! use gomodfetch::config::goflags::GoFlags;
//!
//! let flags = BuildFlags::of(&GoFlags::parse("-mod=mod -tags=a,b -race").unwrap()).unwrap();
//! assert_eq!((flags.build_mod.as_str(), flags.tags), ("mod", vec!["a".into(), "b".into(), "race".into()]));
//! ```

use super::goflags::{FlagDef, FlagKind, FlagValue, GoFlags, GoFlagsError};
use super::quoted;
use super::settings::{Setting, Sources};
use super::vars;

/// The flags of `go build` that decide which files belong to it and where modules come from.
const FLAGS: &[FlagDef] = &[
    FlagDef::new("asan", FlagKind::Switch),
    FlagDef::new("mod", FlagKind::Text),
    FlagDef::new("msan", FlagKind::Switch),
    FlagDef::new("race", FlagKind::Switch),
    FlagDef::new("tags", FlagKind::Text),
];

/// What is built for, as far as it is set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Build {
    /// GOOS.
    pub os: Option<String>,
    /// GOARCH.
    pub arch: Option<String>,
    /// CGO_ENABLED; `None` where it is for go to find out.
    pub cgo: Option<bool>,
}

impl Build {
    /// Reads the variables.
    pub fn load(sources: &Sources<'_>) -> Build {
        let set = |setting: Setting| (!setting.is_empty()).then(|| setting.text().into_owned());
        Build {
            os: set(sources.get(&vars::GOOS)),
            arch: set(sources.get(&vars::GOARCH)),
            cgo: match &*sources.get(&vars::CGO_ENABLED).text() {
                "1" => Some(true),
                "0" => Some(false),
                // As with go, nothing else says anything.
                _ => None,
            },
        }
    }
}

/// What GOFLAGS says of builds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildFlags {
    /// The value of `-mod`; empty if there is none.
    pub build_mod: String,
    /// The tags of `-tags`, and those that `-race`, `-msan` and `-asan` stand for.
    pub tags: Vec<String>,
}

impl BuildFlags {
    /// Finds them among all flags.
    ///
    /// # Errors
    /// When a value is malformed, in go's words.
    pub fn of(goflags: &GoFlags) -> Result<BuildFlags, GoFlagsError> {
        let mut flags = BuildFlags::default();
        let (mut tags, mut switches) = (Vec::new(), Vec::new());
        for (name, value) in goflags.of_command(FLAGS)? {
            match value {
                FlagValue::Text(text) if name == "mod" => flags.build_mod = text,
                FlagValue::Text(text) => tags = split_tags(&text)?,
                FlagValue::Switch(on) => {
                    switches.retain(|switch| *switch != name);
                    switches.extend(on.then_some(name));
                }
            }
        }
        tags.extend(switches.into_iter().map(str::to_owned));
        flags.tags = tags;
        Ok(flags)
    }
}

/// The tags of a list with commas, or of one with blanks as it was long ago.
fn split_tags(text: &str) -> Result<Vec<String>, GoFlagsError> {
    if text.contains([' ', '\'']) {
        return Ok(quoted::split(text)?);
    }
    Ok(text.split(',').filter(|tag| !tag.is_empty()).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::super::env::MapEnv;
    use super::super::envfile::EnvFile;
    use super::*;

    #[test]
    fn variables() {
        let build = |env: &[(&str, &str)], file: &str| {
            let env: MapEnv = env.iter().copied().collect();
            let user = EnvFile::parse("U".as_ref(), file.as_bytes());
            Build::load(&Sources { env: &env, user, goroot: EnvFile::default() })
        };
        assert_eq!(build(&[], ""), Build::default());
        let want = Build { os: Some("plan9".into()), arch: Some("arm".into()), cgo: Some(false) };
        assert_eq!(build(&[("GOOS", "plan9"), ("CGO_ENABLED", "0")], "GOARCH=arm\n"), want);
        assert_eq!(build(&[("CGO_ENABLED", "yes")], "").cgo, None);
        assert_eq!(build(&[], "CGO_ENABLED=1\n").cgo, Some(true));
    }

    #[test]
    fn flags() {
        let flags = |text| {
            let flags = BuildFlags::of(&GoFlags::parse(text).unwrap())?;
            Ok::<_, GoFlagsError>(format!("{} {:?}", flags.build_mod, flags.tags))
        };
        for (text, want) in [
            ("", " []"),
            ("-mod=vendor -x -json=?", "vendor []"),
            ("-tags=a,,b -tags=c", " [\"c\"]"),
            ("'-tags=a b'", " [\"a\", \"b\"]"),
            ("-race -msan -race=0", " [\"msan\"]"),
        ] {
            assert_eq!(flags(text).unwrap(), want, "{text}");
        }
        assert!(
            flags("-mod").is_err() && flags("-race=?").is_err() && flags("\"-tags='a\"").is_err()
        );
    }
}
