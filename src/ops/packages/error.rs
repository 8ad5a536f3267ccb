//! Why a package can't be loaded, in go's words.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind};
use crate::plan::build_mod::Mode;
use crate::spec::module::{self, Version};

/// What is wrong with one package.
#[derive(Debug, Clone)]
pub enum PackageError {
    /// No module of the build has it.
    Missing(Missing),
    /// Several places have it.
    Ambiguous(Ambiguous),
    /// go.sum lacks what is needed to look for it.
    MissingSum(MissingSum),
    /// Nothing of this name could be imported.
    Invalid(String),
    /// A main module imports it, and go.mod does not say from which module.
    Implicit(Implicit),
    /// All its files are left out.
    NoGo,
    /// All the files in this folder are left out by their constraints, as this one build has it.
    Excluded(PathBuf),
    /// Its files can't be read.
    Unreadable(String),
    /// Its module can't be had.
    Module(Error),
}

/// A package that no module of the build has.
#[derive(Debug, Clone)]
pub struct Missing {
    /// Its import path.
    pub path: String,
    /// Where it would stand if it belonged to the standard library, as its path says.
    pub in_std: Option<PathBuf>,
    /// A module that has it and that go.mod replaces without requiring it.
    pub replaced: Option<Version>,
    /// The folder of the main module that imports it, where another one is worked in.
    pub elsewhere: Option<PathBuf>,
    /// Whether go.mod may change.
    pub mode: Mode,
}

/// A package that several places have.
#[derive(Debug, Clone)]
pub struct Ambiguous {
    /// Its import path.
    pub path: String,
    /// The modules, that of the standard library without a name, and the folders.
    pub places: Vec<(Version, PathBuf)>,
}

/// A package that may stand in modules whose sums are not known.
#[derive(Debug, Clone)]
pub struct MissingSum {
    /// Its import path.
    pub path: String,
    /// Those modules.
    pub modules: Vec<Version>,
    /// Whether another module has it.
    pub found: bool,
    /// What imports it.
    pub importer: Option<Importer>,
}

/// What imports a package.
#[derive(Debug, Clone)]
pub struct Importer {
    /// Its import path.
    pub path: String,
    /// The version of its module; empty for a main module.
    pub version: String,
    /// Whether it is a test.
    pub is_test: bool,
}

/// An import from a module that go.mod does not name.
#[derive(Debug, Clone)]
pub struct Implicit {
    /// What imports.
    pub importer: String,
    /// What is imported.
    pub imported: String,
    /// The module that has it.
    pub module: Version,
}

impl fmt::Display for PackageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PackageError::Missing(err) => err.fmt(f),
            PackageError::Ambiguous(err) => err.fmt(f),
            PackageError::MissingSum(err) => err.fmt(f),
            PackageError::Implicit(Implicit { importer, imported, module }) => {
                write!(
                    f,
                    "package {importer} imports {imported} from implicitly required module; to add \
                     missing requirements, run:\n\tgo get {}@{}",
                    module.path, module.version
                )
            }
            PackageError::NoGo => f.write_str("no Go source files"),
            PackageError::Excluded(dir) => {
                write!(f, "build constraints exclude all Go files in {}", dir.display())
            }
            PackageError::Invalid(text) | PackageError::Unreadable(text) => f.write_str(text),
            PackageError::Module(err) => err.fmt(f),
        }
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        if let Some(dir) = &self.in_std {
            return write!(f, "package {path} is not in std ({})", dir.display());
        }
        if self.mode == Mode::Mod {
            return write!(f, "cannot find module providing package {path}");
        }
        if let Some(module) = &self.replaced {
            write!(
                f,
                "module {} provides package {path} and is replaced but not required; to add \
                 it:\n\tgo get ",
                module.path
            )?;
            return match module::is_zero_pseudo_version(&module.version) {
                true => write!(f, "{}", module.path),
                false => write!(f, "{module}"),
            };
        }
        write!(f, "no required module provides package {path}; to add it:")?;
        if let Some(dir) = &self.elsewhere {
            write!(f, "\n\tcd {}", dir.display())?;
        }
        write!(f, "\n\tgo get {path}")
    }
}

impl fmt::Display for Ambiguous {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ambiguous import: found package {} in multiple modules:", self.path)?;
        for (Version { path, version }, dir) in &self.places {
            let space = if version.is_empty() { "" } else { " " };
            write!(f, "\n\t{path}{space}{version} ({})", dir.display())?;
        }
        Ok(())
    }
}

impl fmt::Display for MissingSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.path;
        let by = match &self.importer {
            Some(importer) => format!(" (imported by {})", importer.path),
            None => String::new(),
        };
        match self.found {
            true => write!(
                f,
                "missing go.sum entry needed to verify package {path}{by} is provided by exactly \
                 one module"
            ),
            false => write!(f, "missing go.sum entry for module providing package {path}{by}"),
        }?;
        match &self.importer {
            None if self.modules.is_empty() => Ok(()),
            None => {
                let paths: Vec<&str> = self.modules.iter().map(|module| &*module.path).collect();
                write!(f, "; to add:\n\tgo mod download {}", paths.join(" "))
            }
            Some(Importer { path, version, is_test }) => {
                let flag = if *is_test { " -t" } else { "" };
                let at = if version.is_empty() { "" } else { "@" };
                write!(f, "; to add:\n\tgo get{flag} {path}{at}{version}")
            }
        }
    }
}

impl PackageError {
    /// The error as it is told, `stack` being the imports that lead there.
    pub fn told(&self, stack: &str) -> Error {
        let before = format!("{stack}: ");
        match self {
            PackageError::Module(err) => err.clone().context(&before),
            _ => Error::message(ErrorKind::Other, format!("{before}{self}")),
        }
    }

    /// That a package is missing.
    pub fn missing(path: &str, in_std: Option<&Path>, mode: Mode) -> PackageError {
        let in_std = in_std.map(Path::to_path_buf);
        let path = path.to_owned();
        PackageError::Missing(Missing { path, in_std, replaced: None, elsewhere: None, mode })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing() -> Missing {
        let path = "a.b/c".to_owned();
        Missing { path, in_std: None, replaced: None, elsewhere: None, mode: Mode::Readonly }
    }

    #[test]
    fn missing_packages() {
        let with = |version| Missing { replaced: Some(Version::new("a.b", version)), ..missing() };
        for (err, want) in [
            (missing(), "no required module provides package a.b/c; to add it:\n\tgo get a.b/c"),
            (
                Missing { elsewhere: Some("/m".into()), ..missing() },
                "no required module provides package a.b/c; to add it:\n\tcd /m\n\tgo get a.b/c",
            ),
            (
                Missing { mode: Mode::Mod, ..missing() },
                "cannot find module providing package a.b/c",
            ),
            (
                Missing { in_std: Some("/go/src/x".into()), path: "x".to_owned(), ..missing() },
                "package x is not in std (/go/src/x)",
            ),
            (
                with("v0.0.0-00010101000000-000000000000"),
                "module a.b provides package a.b/c and is replaced but not required; to add \
                 it:\n\tgo get a.b",
            ),
            (
                with("v1.0.0"),
                "module a.b provides package a.b/c and is replaced but not required; to add \
                 it:\n\tgo get a.b@v1.0.0",
            ),
        ] {
            assert_eq!(err.to_string(), want);
        }
    }

    #[test]
    fn missing_sums() {
        let err = |modules: &[&str], found, importer| MissingSum {
            path: "a.b/c".to_owned(),
            modules: modules.iter().map(|path| Version::new(*path, "v1.0.0")).collect(),
            found,
            importer,
        };
        let by = |version: &str, is_test| {
            Some(Importer { path: "m".to_owned(), version: version.to_owned(), is_test })
        };
        for (err, want) in [
            (err(&[], false, None), "missing go.sum entry for module providing package a.b/c"),
            (
                err(&["a.b", "a.b/c"], true, None),
                "missing go.sum entry needed to verify package a.b/c is provided by exactly one \
                 module; to add:\n\tgo mod download a.b a.b/c",
            ),
            (
                err(&["a.b"], false, by("", false)),
                "missing go.sum entry for module providing package a.b/c (imported by m); to \
                 add:\n\tgo get m",
            ),
            (
                err(&["a.b"], false, by("v1.2.3", true)),
                "missing go.sum entry for module providing package a.b/c (imported by m); to \
                 add:\n\tgo get -t m@v1.2.3",
            ),
        ] {
            assert_eq!(err.to_string(), want);
        }
    }
}
