//! GOFLAGS: flags that stand before those of the command line.
//!
//! Implements the part of [Environment variables](https://go.dev/ref/mod#environment-variables)
//! about GOFLAGS, as the go command reads it:
//!
//! - the value is [words](super::quoted) of the form `-name`, `--name`, `-name=value` or
//!   `--name=value`; a value never is a word of its own;
//! - a name that no command of go knows is an error, one that just the running command doesn't know
//!   is ignored, whatever its value: so `-mod=vendor` says nothing to `download`, which has no such
//!   flag;
//! - a flag that is on or off may be without value (on), or have one of `1 t T true TRUE True` and
//!   `0 f F false FALSE False`; every other flag must have a value, which may be empty;
//! - the last word of a name holds, and the command line before all of them.
//!
//! Which flags a command has is told by the command, as a list of [`FlagDef`].
//!
//! ```
//! use gomodfetch::config::goflags::{FlagValue, GoFlags, MOD_DOWNLOAD};
//!
//! let flags = GoFlags::parse("-modcacherw -mod=vendor -x=f").unwrap();
//! let set = flags.of_command(MOD_DOWNLOAD).unwrap();
//! assert_eq!(set, [("modcacherw", FlagValue::Switch(true)), ("x", FlagValue::Switch(false))]);
//! ```

use std::collections::BTreeMap;

use thiserror::Error;

use super::quoted::{self, Unterminated};
use super::settings::Origin;
use crate::spec::quote::quote;

/// The names of all flags that some command of go has, sorted.
const KNOWN: &[&str] = &[
    "C",
    "a",
    "artifacts",
    "asan",
    "asmflags",
    "bench",
    "benchmem",
    "benchtime",
    "blockprofile",
    "blockprofilerate",
    "buildmode",
    "buildvcs",
    "c",
    "cache",
    "changed",
    "compat",
    "compiled",
    "compiler",
    "count",
    "cover",
    "covermode",
    "coverpkg",
    "coverprofile",
    "cpu",
    "cpuprofile",
    "d",
    "debug-actiongraph",
    "debug-runtime-trace",
    "debug-trace",
    "deps",
    "diff",
    "dropexclude",
    "dropgodebug",
    "dropignore",
    "dropreplace",
    "droprequire",
    "dropretract",
    "droptool",
    "dropuse",
    "e",
    "exclude",
    "exec",
    "export",
    "f",
    "failfast",
    "find",
    "fix",
    "fmt",
    "fullpath",
    "fuzz",
    "fuzzcache",
    "fuzzminimizetime",
    "fuzztime",
    "gccgoflags",
    "gcflags",
    "go",
    "godebug",
    "i",
    "ignore",
    "insecure",
    "installsuffix",
    "json",
    "ldflags",
    "linkshared",
    "list",
    "m",
    "memprofile",
    "memprofilerate",
    "mod",
    "modcache",
    "modcacherw",
    "modfile",
    "module",
    "msan",
    "mutexprofile",
    "mutexprofilefraction",
    "n",
    "o",
    "outputdir",
    "overlay",
    "p",
    "parallel",
    "pgo",
    "pkgdir",
    "print",
    "r",
    "race",
    "replace",
    "require",
    "retract",
    "retracted",
    "reuse",
    "run",
    "short",
    "shuffle",
    "skip",
    "t",
    "tags",
    "test",
    "testcache",
    "timeout",
    "tool",
    "toolchain",
    "toolexec",
    "trace",
    "trimpath",
    "u",
    "use",
    "v",
    "vendor",
    "versions",
    "vet",
    "w",
    "work",
    "x",
];

/// The names of the flags that `go test` also takes as `-test.name`, sorted.
const KNOWN_TO_TEST: &[&str] = &[
    "artifacts",
    "bench",
    "benchmem",
    "benchtime",
    "blockprofile",
    "blockprofilerate",
    "count",
    "coverprofile",
    "cpu",
    "cpuprofile",
    "failfast",
    "fullpath",
    "fuzz",
    "fuzzminimizetime",
    "fuzztime",
    "list",
    "memprofile",
    "memprofilerate",
    "mutexprofile",
    "mutexprofilefraction",
    "outputdir",
    "parallel",
    "run",
    "short",
    "shuffle",
    "skip",
    "timeout",
    "trace",
    "v",
];

/// The flags that every `mod` command of go has.
macro_rules! mod_flags {
    ($($more:expr),*) => {
        &[
            FlagDef::new("C", FlagKind::Chdir),
            FlagDef::new("modcacherw", FlagKind::Switch),
            FlagDef::new("modfile", FlagKind::Text),
            FlagDef::new("overlay", FlagKind::Text),
            $($more),*
        ]
    };
}

/// The flags of `go mod verify`.
pub const MOD_VERIFY: &[FlagDef] = mod_flags![];

/// The flags of `go mod download`.
pub const MOD_DOWNLOAD: &[FlagDef] = mod_flags![
    FlagDef::new("json", FlagKind::Switch),
    FlagDef::new("reuse", FlagKind::Text),
    FlagDef::new("x", FlagKind::Switch)
];

/// The flags of `prewarm`, which are those of `go mod download` that are not about one project.
pub const PREWARM: &[FlagDef] = &[
    FlagDef::new("json", FlagKind::Switch),
    FlagDef::new("modcacherw", FlagKind::Switch),
    FlagDef::new("x", FlagKind::Switch),
];

/// The flags of `go mod graph`.
pub const MOD_GRAPH: &[FlagDef] =
    mod_flags![FlagDef::new("go", FlagKind::Text), FlagDef::new("x", FlagKind::Switch)];

/// The flags of `go mod vendor` and `go work vendor`.
pub const MOD_VENDOR: &[FlagDef] = mod_flags![
    FlagDef::new("e", FlagKind::Switch),
    FlagDef::new("o", FlagKind::Text),
    FlagDef::new("v", FlagKind::Switch)
];

/// The flags of `go mod why`.
pub const MOD_WHY: &[FlagDef] =
    mod_flags![FlagDef::new("m", FlagKind::Switch), FlagDef::new("vendor", FlagKind::Switch)];

/// The flags of `go list` that say something of modules, and those that are refused with `-m`.
pub const LIST: &[FlagDef] = mod_flags![
    FlagDef::new("compiled", FlagKind::Switch),
    FlagDef::new("deps", FlagKind::Switch),
    FlagDef::new("e", FlagKind::Switch),
    FlagDef::new("export", FlagKind::Switch),
    FlagDef::new("f", FlagKind::Text),
    FlagDef::new("find", FlagKind::Switch),
    FlagDef::new("json", FlagKind::Fields),
    FlagDef::new("m", FlagKind::Switch),
    FlagDef::new("mod", FlagKind::Text),
    FlagDef::new("retracted", FlagKind::Switch),
    FlagDef::new("reuse", FlagKind::Text),
    FlagDef::new("test", FlagKind::Switch),
    FlagDef::new("u", FlagKind::Switch),
    FlagDef::new("versions", FlagKind::Switch),
    FlagDef::new("x", FlagKind::Switch)
];

/// A flag that a command has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlagDef {
    /// Its name, without dashes.
    pub name: &'static str,
    /// Which values it takes.
    pub kind: FlagKind,
}

impl FlagDef {
    /// A flag of a name and kind.
    pub const fn new(name: &'static str, kind: FlagKind) -> FlagDef {
        FlagDef { name, kind }
    }
}

/// Which values a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlagKind {
    /// On or off.
    Switch,
    /// Any text.
    Text,
    /// On or off, or a text: names of fields.
    Fields,
    /// `-C`, which takes a directory but only as the first flag of a command line.
    Chdir,
}

/// The value of a flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlagValue {
    /// On or off.
    Switch(bool),
    /// A text.
    Text(String),
}

/// What is wrong with GOFLAGS.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum GoFlagsError {
    /// A quote that is never closed.
    #[error("parsing $GOFLAGS: {0}")]
    Unterminated(#[from] Unterminated),
    /// A word that doesn't look like a flag.
    #[error("parsing $GOFLAGS: non-flag {}", quote(.0))]
    NonFlag(String),
    /// A flag that no command has.
    #[error("parsing $GOFLAGS: unknown flag -{0}")]
    Unknown(String),
    /// A value that is neither on nor off.
    #[error("invalid boolean value {} for flag -{name} (from {SOURCE}): parse error", quote(value))]
    Boolean {
        /// The name of the flag.
        name: &'static str,
        /// The value it has.
        value: String,
    },
    /// No value where there must be one.
    #[error("flag needs an argument: -{0} (from {SOURCE})")]
    MissingValue(&'static str),
    /// `-C`, which GOFLAGS cannot set.
    #[error(
        "invalid value {} for flag -C (from {SOURCE}): \
         -C flag must be first flag on command line",
        quote(.0)
    )]
    Chdir(String),
}

impl GoFlagsError {
    /// Reports whether go shows how the command is used, and ends with exit code 2.
    pub fn is_usage(&self) -> bool {
        use GoFlagsError::{Boolean, Chdir, MissingValue};
        matches!(self, Boolean { .. } | MissingValue(_) | Chdir(_))
    }
}

const SOURCE: &str = if cfg!(windows) { "%GOFLAGS%" } else { "$GOFLAGS" };

/// The flags of GOFLAGS, each of which some command has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoFlags {
    words: Vec<Word>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    name: String,
    value: Option<String>,
}

impl GoFlags {
    /// Takes the value of GOFLAGS apart.
    pub fn parse(text: &str) -> Result<GoFlags, GoFlagsError> {
        let words = quoted::split(text)?;
        let words = words.iter().map(|word| Word::parse(word));
        Ok(GoFlags { words: words.collect::<Result<_, _>>()? })
    }

    /// Takes the value of GOFLAGS apart and leaves out what is wrong with it: for the command that
    /// shows the settings, which people reach for when something is wrong with one.
    pub fn parse_tolerant(text: &str) -> GoFlags {
        let words = quoted::split(text).unwrap_or_default();
        GoFlags { words: words.iter().flat_map(|word| Word::parse(word)).collect() }
    }

    /// Reports whether a flag of this name is among them.
    pub fn contains(&self, name: &str) -> bool {
        self.words.iter().any(|word| word.name == name)
    }

    /// The values for a command that has the flags `defined`, in order.
    pub fn of_command(
        &self,
        defined: &[FlagDef],
    ) -> Result<Vec<(&'static str, FlagValue)>, GoFlagsError> {
        let mut values = Vec::new();
        for word in &self.words {
            if let Some(flag) = defined.iter().find(|flag| flag.name == word.name) {
                values.push((flag.name, word.value_for(flag)?));
            }
        }
        Ok(values)
    }
}

impl Word {
    fn parse(word: &str) -> Result<Word, GoFlagsError> {
        let non_flag = || GoFlagsError::NonFlag(word.to_owned());
        let flag = word.strip_prefix('-').ok_or_else(non_flag)?;
        let flag = flag.strip_prefix('-').unwrap_or(flag);
        let (name, value) = match flag.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (flag, None),
        };
        if name.is_empty() || name.starts_with('-') {
            return Err(non_flag());
        }
        if !is_known(name) {
            return Err(GoFlagsError::Unknown(name.to_owned()));
        }
        Ok(Word { name: name.to_owned(), value })
    }

    fn value_for(&self, flag: &FlagDef) -> Result<FlagValue, GoFlagsError> {
        let missing = GoFlagsError::MissingValue(flag.name);
        match (flag.kind, self.value.as_deref()) {
            (FlagKind::Switch, None) => Ok(FlagValue::Switch(true)),
            (FlagKind::Switch, Some(value)) => {
                let on = parse_bool(value).ok_or_else(|| GoFlagsError::Boolean {
                    name: flag.name,
                    value: value.to_owned(),
                })?;
                Ok(FlagValue::Switch(on))
            }
            (FlagKind::Fields, value) => Ok(FlagValue::Text(value.unwrap_or("true").to_owned())),
            (FlagKind::Text, Some(value)) => Ok(FlagValue::Text(value.to_owned())),
            (FlagKind::Chdir, Some(value)) => Err(GoFlagsError::Chdir(value.to_owned())),
            (FlagKind::Text | FlagKind::Chdir, None) => Err(missing),
        }
    }
}

fn is_known(name: &str) -> bool {
    let is_in = |list: &[&str], name: &str| list.binary_search(&name).is_ok();
    let for_test = name.strip_prefix("test.");
    is_in(KNOWN, name) || for_test.is_some_and(|name| is_in(KNOWN_TO_TEST, name))
}

/// The truth values that go takes.
pub fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

/// What the command line has to say to the settings.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// The flags of go that the command has, which GOFLAGS may set.
    pub defined: &'static [FlagDef],
    /// Those that the command line sets, in its order.
    pub given: Vec<(&'static str, FlagValue)>,
    /// Leave out what is wrong with GOFLAGS, as `go env` does.
    pub tolerate_goflags: bool,
}

/// The flags of a command as they are in force, with where each came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FlagSettings {
    values: BTreeMap<&'static str, (FlagValue, Origin)>,
}

impl FlagSettings {
    /// Puts the flags of the command line over those of GOFLAGS, which came from `origin`.
    pub fn resolve(
        goflags: &GoFlags,
        origin: &Origin,
        flags: &Flags,
    ) -> Result<FlagSettings, GoFlagsError> {
        let mut values = BTreeMap::new();
        for (name, value) in goflags.of_command(flags.defined)? {
            values.insert(name, (value, origin.clone()));
        }
        for (name, value) in &flags.given {
            values.insert(*name, (value.clone(), Origin::Flag(name)));
        }
        Ok(FlagSettings { values })
    }

    /// Reports whether a flag is on.
    pub fn is_on(&self, name: &str) -> bool {
        matches!(self.values.get(name), Some((FlagValue::Switch(true), _)))
    }

    /// The text of a flag; `None` if it is empty or not set, which go doesn't tell apart.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.values.get(name) {
            Some((FlagValue::Text(text), _)) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// Where the value of a flag came from; `None` if it is not set.
    pub fn origin(&self, name: &str) -> Option<&Origin> {
        self.values.get(name).map(|(_, origin)| origin)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lists_are_sorted() {
        assert!(KNOWN.is_sorted());
        assert!(KNOWN_TO_TEST.is_sorted());
        assert!(MOD_DOWNLOAD.iter().chain(MOD_GRAPH).all(|flag| is_known(flag.name)));
    }

    /// What `go mod download` does with a value of GOFLAGS: `name=value` for each flag, or the
    /// error.
    fn told(text: &str) -> String {
        let values = match GoFlags::parse(text).and_then(|flags| flags.of_command(MOD_DOWNLOAD)) {
            Ok(values) => values,
            Err(err) => return format!("{}{err}", if err.is_usage() { "2: " } else { "1: " }),
        };
        let values = values.into_iter().map(|(name, value)| match value {
            FlagValue::Switch(on) => format!("{name}={on}"),
            FlagValue::Text(text) => format!("{name}={text:?}"),
        });
        values.collect::<Vec<_>>().join(" ")
    }

    #[cfg(not(windows))]
    #[test]
    fn as_go_mod_download_takes_them() {
        for (text, want) in [
            ("", ""),
            ("-x", "x=true"),
            ("--x", "x=true"),
            ("-x=T -json=0", "x=true json=false"),
            ("-x -x=false", "x=true x=false"),
            ("-modfile=", r#"modfile="""#),
            ("-modfile=a=b", r#"modfile="a=b""#),
            ("'-modfile=a b'-x", r#"modfile="a b" x=true"#),
            ("-reuse=old", r#"reuse="old""#),
            ("-mod -mod=vendor -v=zz -tags -test.run=x -compat=1", ""),
            ("-zz", "1: parsing $GOFLAGS: unknown flag -zz"),
            ("-x --zz=1", "1: parsing $GOFLAGS: unknown flag -zz"),
            ("-help", "1: parsing $GOFLAGS: unknown flag -help"),
            ("-test.race", "1: parsing $GOFLAGS: unknown flag -test.race"),
            ("foo", r#"1: parsing $GOFLAGS: non-flag "foo""#),
            ("-", r#"1: parsing $GOFLAGS: non-flag "-""#),
            ("--", r#"1: parsing $GOFLAGS: non-flag "--""#),
            ("---x", r#"1: parsing $GOFLAGS: non-flag "---x""#),
            ("-=x", r#"1: parsing $GOFLAGS: non-flag "-=x""#),
            ("--=x", r#"1: parsing $GOFLAGS: non-flag "--=x""#),
            ("'-x", "1: parsing $GOFLAGS: unterminated ' string"),
            (
                "-x=maybe",
                r#"2: invalid boolean value "maybe" for flag -x (from $GOFLAGS): parse error"#,
            ),
            ("--x=", r#"2: invalid boolean value "" for flag -x (from $GOFLAGS): parse error"#),
            ("-modfile", "2: flag needs an argument: -modfile (from $GOFLAGS)"),
            ("-C", "2: flag needs an argument: -C (from $GOFLAGS)"),
            (
                "-C=/d",
                r#"2: invalid value "/d" for flag -C (from $GOFLAGS): -C flag must be first flag on command line"#,
            ),
        ] {
            assert_eq!(told(text), want, "{text:?}");
        }
    }

    #[test]
    fn tolerance_leaves_out_what_is_wrong() {
        let flags = GoFlags::parse_tolerant("foo -zz -x -=");
        assert_eq!(flags, GoFlags::parse("-x").unwrap());
        assert_eq!(GoFlags::parse_tolerant("-x 'y"), GoFlags::default());
    }

    #[test]
    fn the_command_line_comes_first() {
        let goflags = GoFlags::parse("-modcacherw -modfile=a.mod -overlay=").unwrap();
        let flags = Flags {
            defined: MOD_DOWNLOAD,
            given: vec![("modcacherw", FlagValue::Switch(false)), ("x", FlagValue::Switch(true))],
            ..Flags::default()
        };
        let set = FlagSettings::resolve(&goflags, &Origin::Environment, &flags).unwrap();
        assert!(!set.is_on("modcacherw") && set.is_on("x") && !set.is_on("json"));
        assert_eq!(set.origin("modcacherw"), Some(&Origin::Flag("modcacherw")));
        assert_eq!(set.text("modfile"), Some("a.mod"));
        assert_eq!(set.origin("modfile"), Some(&Origin::Environment));
        assert_eq!((set.text("overlay"), set.text("reuse")), (None, None));
        assert!(goflags.contains("modfile") && !goflags.contains("x"));
    }

    proptest! {
        #[test]
        fn any_text_is_taken_or_refused(text: String) {
            if let Ok(flags) = GoFlags::parse(&text) {
                prop_assert_eq!(&flags, &GoFlags::parse_tolerant(&text));
            }
        }
    }
}
