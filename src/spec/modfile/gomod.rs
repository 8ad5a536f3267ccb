//! go.mod files: what they say.
//!
//! Implements [go.mod files](https://go.dev/ref/mod#go-mod-file) of the Go Modules Reference:
//!
//! | directive   | arguments                              | may repeat | in dependencies |
//! |-------------|----------------------------------------|------------|-----------------|
//! | `module`    | path                                   | no         | read            |
//! | `go`        | version of Go                          | no         | read, leniently |
//! | `toolchain` | name                                   | no         | ignored         |
//! | `godebug`   | `key=value`                            | yes        | ignored         |
//! | `require`   | path version                           | yes        | read            |
//! | `exclude`   | path version                           | yes        | ignored         |
//! | `replace`   | path \[version\] `=>` path \[version\] | yes        | ignored         |
//! | `retract`   | version or `[`version`,` version`]`    | yes        | read, leniently |
//! | `tool`      | package path                           | yes        | ignored         |
//! | `ignore`    | directory                              | yes        | read            |
//!
//! The go.mod of the main module is read strictly: all that is not understood is an error. Those
//! of dependencies may have been written for a newer Go, so [`File::parse_lax`] skips directives
//! that it doesn't know, and those that only have a meaning in a main module. A `retract` that it
//! doesn't understand is skipped too, and `go 1.20.x` or `go v1.20.1` is read as `go 1.20`.
//!
//! ```
//! use gomodfetch::spec::modfile::File;
//!
//! let data = b"module example.com/m\ngo 1.26\nrequire example.org/a v1.2.0 // indirect\n";
//! let file = File::parse("go.mod", data, None).unwrap();
//! assert_eq!(&*file.require[0].module.version, "v1.2.0");
//! assert!(file.require[0].indirect);
//!
//! let errors = File::parse("go.mod", b"modul x\ngo 1\n", None).unwrap_err();
//! assert_eq!(
//!     errors.to_string(),
//!     "go.mod:1: unknown directive: modul\n\
//!      go.mod:2: invalid go version '1': must match format 1.23.0",
//! );
//! ```

use std::sync::Arc;

use super::directive::{Directive, Godebug, Module, Replace, Require, Retract, VersionFixer};
use super::error::{ErrorKind, ErrorList};
use super::print::print;
use super::read::{Entry, Failure, Reader, Versions};
use super::syntax::{FileSyntax, LineId};
use super::text::{to_string, trim, unquote};
use crate::spec::module::Version;

const VERBS: [&str; 10] = [
    "module",
    "go",
    "toolchain",
    "godebug",
    "require",
    "exclude",
    "replace",
    "retract",
    "tool",
    "ignore",
];

/// A go.mod file. Its fields are for looking at; the edits keep them and the text in step.
#[derive(Debug, Clone, Default)]
pub struct File {
    /// The module that the file defines.
    pub module: Option<Directive<Module>>,
    /// The version of Go that the module was written for.
    pub go: Option<Directive<String>>,
    /// The toolchain that is suggested to those who work on the module.
    pub toolchain: Option<Directive<String>>,
    /// Settings for its programs.
    pub godebug: Vec<Directive<Godebug>>,
    /// The modules that it needs.
    pub require: Vec<Directive<Require>>,
    /// Module versions that must not be selected.
    pub exclude: Vec<Directive<Version>>,
    /// Modules that others take the place of.
    pub replace: Vec<Directive<Replace>>,
    /// Versions of this module that should not be used.
    pub retract: Vec<Directive<Retract>>,
    /// Packages with programs for work on the module.
    pub tool: Vec<Directive<String>>,
    /// Directories that package patterns skip.
    pub ignore: Vec<Directive<String>>,
    pub(super) syntax: FileSyntax,
}

impl File {
    /// Parses the go.mod of a main module; errors will name the file `name`.
    ///
    /// # Errors
    /// The first syntax error, or all errors about directives.
    pub fn parse(
        name: &str,
        data: &[u8],
        fixer: Option<VersionFixer<'_>>,
    ) -> Result<Self, ErrorList> {
        Self::parse_mode(name, data, fixer, true)
    }

    /// Parses the go.mod of a dependency; errors will name the file `name`.
    ///
    /// # Errors
    /// The first syntax error, or all errors about directives that are read.
    pub fn parse_lax(
        name: &str,
        data: &[u8],
        fixer: Option<VersionFixer<'_>>,
    ) -> Result<Self, ErrorList> {
        Self::parse_mode(name, data, fixer, false)
    }

    fn parse_mode(
        name: &str,
        data: &[u8],
        fixer: Option<VersionFixer<'_>>,
        strict: bool,
    ) -> Result<Self, ErrorList> {
        let mut reader = Reader::new(name, data, fixer, strict)?;
        let mut file = Self::default();
        reader.read_all(&VERBS, |reader, entry| file.read(reader, entry));
        if reader.has_fixer() {
            file.fix_retractions(&mut reader);
        }
        file.syntax = reader.finish()?;
        Ok(file)
    }

    /// The file in standard layout.
    pub fn format(&self) -> Vec<u8> {
        print(&self.syntax)
    }

    /// The places of the directives.
    pub fn syntax(&self) -> &FileSyntax {
        &self.syntax
    }

    fn read(&mut self, reader: &mut Reader<'_>, entry: Entry) -> Result<(), Failure> {
        match entry.verb {
            "module" => self.read_module(reader, entry)?,
            "go" => {
                entry.must_be_first(&self.go)?;
                self.go = Some(entry.says(reader.go_version(entry)?));
            }
            "require" => {
                let module = reader.requirement(entry)?;
                let indirect = is_indirect(&reader.syntax, entry.line);
                self.require.push(entry.says(Require { module, indirect }));
            }
            "retract" => self.read_retract(reader, entry)?,
            "ignore" => self.ignore.push(entry.says(reader.only_string(entry)?)),
            _ if !reader.strict => {}
            "toolchain" => {
                entry.must_be_first(&self.toolchain)?;
                self.toolchain = Some(entry.says(reader.toolchain_name(entry)?));
            }
            "godebug" => self.godebug.push(entry.says(reader.godebug(entry)?)),
            "exclude" => self.exclude.push(entry.says(reader.requirement(entry)?)),
            "replace" => self.replace.push(entry.says(reader.replace(entry)?)),
            "tool" => self.tool.push(entry.says(reader.only_string(entry)?)),
            _ => {}
        }
        Ok(())
    }

    fn read_module(&mut self, reader: &mut Reader<'_>, entry: Entry) -> Result<(), Failure> {
        entry.must_be_first(&self.module)?;
        let deprecated = deprecation(&reader.comment_text(entry)).to_owned();
        // It is there, even if its argument is wrong.
        let module = self.module.insert(entry.says(Module { path: Arc::default(), deprecated }));
        if entry.args.len() != 1 {
            return Err(ErrorKind::Usage("module module/path").into());
        }
        module.says.path = reader.string(entry.args, 0)?.into();
        Ok(())
    }

    fn read_retract(&mut self, reader: &mut Reader<'_>, entry: Entry) -> Result<(), Failure> {
        let Entry { verb, args, .. } = entry;
        let rationale = reader.comment_text(entry);
        let interval = reader.interval(verb, &Arc::default(), args, Versions::AsWritten);
        // A newer Go may know other forms, and a dependency may use them.
        let (interval, used) = match interval {
            Err(_) if !reader.strict => return Ok(()),
            interval => interval?,
        };
        match reader.syntax.token(args, used) {
            Some(more) if reader.strict => Err(ErrorKind::AfterVersion(more.to_vec()).into()),
            _ => {
                self.retract.push(entry.says(Retract { interval, rationale }));
                Ok(())
            }
        }
    }

    /// Makes the versions of `retract` directives canonical. They are versions of this module,
    /// whose path may stand behind them, so this comes last.
    fn fix_retractions(&mut self, reader: &mut Reader<'_>) {
        let path = self.module.as_ref().map(|module| Arc::clone(&module.path)).unwrap_or_default();
        for Directive { says: value, line } in &mut self.retract {
            let line = reader.syntax.line(*line);
            let (position, mut args) = (line.start, line.tokens);
            if path.is_empty() {
                return reader.fail(position, ErrorKind::RetractWithoutModule);
            }
            if reader.syntax.token(args, 0) == Some(b"retract") {
                (_, args) = args.split_first();
            }
            match reader.interval("retract", &path, args, Versions::Canonical) {
                Ok((interval, _)) => value.interval = interval,
                Err(failure) => reader.fail(position, failure),
            }
        }
    }
}

/// Reports whether the comment behind the line marks it as an indirect requirement.
pub(super) fn is_indirect(syntax: &FileSyntax, line: LineId) -> bool {
    let suffix = syntax.line(line).comments.suffix();
    let Some(comment) = suffix.first().map(|&span| syntax.text(span)) else {
        return false;
    };
    let comment = to_string(comment.strip_prefix(b"//").unwrap_or(comment));
    let mut words = comment.split_whitespace();
    match words.next() {
        Some("indirect") => words.next().is_none(),
        Some("indirect;") => words.next().is_some(),
        _ => false,
    }
}

/// The first paragraph of a comment that begins with `Deprecated:`, without that.
fn deprecation(comment: &str) -> &str {
    let found = comment
        .strip_prefix("Deprecated:")
        .or_else(|| comment.split_once("\n\nDeprecated:").map(|(_, message)| message));
    let message = found.unwrap_or_default().trim_start_matches(' ');
    message.split("\n\n").next().unwrap_or_default()
}

/// The module path that a go.mod states, which need not be well-formed otherwise.
///
/// This looks at lines alone. There is none if no line begins with `module` and something behind
/// that, or if the first such line has a malformed string there.
pub fn module_path(data: &[u8]) -> Option<String> {
    data.split(|&c| c == b'\n').find_map(module_argument)?
}

/// What stands behind `module` on the line, if it begins with that; nothing if that is malformed.
fn module_argument(line: &[u8]) -> Option<Option<String>> {
    let comment = line.windows(2).position(|pair| pair == b"//");
    let line = trim(line.get(..comment.unwrap_or(line.len())).unwrap_or_default());
    let behind = line.strip_prefix(b"module")?;
    let path = trim(behind);
    if path.is_empty() || path.len() == behind.len() {
        return None;
    }
    let path = match path {
        [b'"' | b'`', ..] => unquote(path),
        _ => Some(path.to_vec()),
    };
    Some(path.map(|path| to_string(&path)).filter(|path| !path.is_empty()))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::super::directive::VersionInterval;
    use super::super::error::FixError;
    use super::*;
    use crate::spec::module::{InvalidVersionError, ModuleError, VersionReason};

    /// What a file says, one directive to a line.
    fn summary(file: &File) -> String {
        let mut lines = Vec::new();
        if let Some(module) = &file.module {
            lines.push(format!("module {} {:?}", module.path, module.deprecated));
        }
        lines.extend(file.go.iter().map(|go| format!("go {}", go.says)));
        lines.extend(file.toolchain.iter().map(|name| format!("toolchain {}", name.says)));
        lines.extend(file.godebug.iter().map(|g| format!("godebug {} is {:?}", g.key, g.value)));
        lines.extend(file.require.iter().map(|require| {
            format!("require {}{}", require.module, if require.indirect { " indirect" } else { "" })
        }));
        lines.extend(file.exclude.iter().map(|exclude| format!("exclude {}", exclude.says)));
        lines.extend(file.replace.iter().map(|r| format!("replace {} => {}", r.old, r.new)));
        lines.extend(file.retract.iter().map(|retract| {
            let VersionInterval { low, high } = &retract.interval;
            format!("retract {low} to {high} {:?}", retract.rationale)
        }));
        lines.extend(file.tool.iter().map(|tool| format!("tool {}", tool.says)));
        lines.extend(file.ignore.iter().map(|ignore| format!("ignore {}", ignore.says)));
        lines.join("\n")
    }

    fn answer(result: Result<File, ErrorList>) -> String {
        match result {
            Ok(file) => summary(&file),
            Err(errors) => errors.to_string(),
        }
    }

    #[track_caller]
    fn strict(text: &str, expected: &str) {
        assert_eq!(answer(File::parse("go.mod", text.as_bytes(), None)), expected, "{text}");
    }

    #[track_caller]
    fn lax(text: &str, expected: &str) {
        assert_eq!(answer(File::parse_lax("go.mod", text.as_bytes(), None)), expected, "{text}");
    }

    const EVERYTHING: &str = "
module \"example.com/m\"
go 1.26
toolchain go1.26.8
godebug default=go1.21
godebug (
    panicnil=
)
require example.com/a v1.2 // indirect
require (
    example.com/b/v2 v2.0.0 // indirect; for c
    example.com/c v3.0.0+incompatible // indirectly
)
exclude example.com/a v1.2.1
replace (
    example.com/a => ../a
    example.com/b/v2 v2.0.0 => example.org/b v1.0.0
)
retract v1.0.0 // oops
retract [v1.1.0, v1.2.0]
tool example.com/a/cmd/x
ignore ./node_modules
";

    #[test]
    fn every_directive() {
        strict(
            EVERYTHING,
            "module example.com/m \"\"\n\
             go 1.26\n\
             toolchain go1.26.8\n\
             godebug default is \"go1.21\"\n\
             godebug panicnil is \"\"\n\
             require example.com/a@v1.2.0 indirect\n\
             require example.com/b/v2@v2.0.0 indirect\n\
             require example.com/c@v3.0.0+incompatible\n\
             exclude example.com/a@v1.2.1\n\
             replace example.com/a => ../a\n\
             replace example.com/b/v2@v2.0.0 => example.org/b@v1.0.0\n\
             retract v1.0.0 to v1.0.0 \"oops\"\n\
             retract v1.1.0 to v1.2.0 \"\"\n\
             tool example.com/a/cmd/x\n\
             ignore ./node_modules",
        );
        lax(
            EVERYTHING,
            "module example.com/m \"\"\n\
             go 1.26\n\
             require example.com/a@v1.2.0 indirect\n\
             require example.com/b/v2@v2.0.0 indirect\n\
             require example.com/c@v3.0.0+incompatible\n\
             retract v1.0.0 to v1.0.0 \"oops\"\n\
             retract v1.1.0 to v1.2.0 \"\"\n\
             ignore ./node_modules",
        );
    }

    #[test]
    fn reading_tidies_the_text() {
        let text = b"require \"example.com/a\" v1.2.0+meta\nreplace \"a b\" => \"../\x63\"\n";
        let file = File::parse("go.mod", text, None).unwrap();
        assert_eq!(
            String::from_utf8(file.format()).unwrap(),
            "require example.com/a v1.2.0\n\nreplace \"a b\" => ../c\n"
        );
        let file = File::parse_lax("go.mod", b"go v1.21rc1-x\n", None).unwrap();
        assert_eq!(file.format(), b"go 1.21\n");
    }

    #[test]
    fn errors_in_both_readings() {
        let cases = [
            ("module", "1: usage: module module/path"),
            ("module a b", "1: usage: module module/path"),
            ("module 'a'", "1: invalid quoted string: unquoted string cannot contain quote"),
            ("module \"\\z\"", "1: invalid quoted string: invalid syntax"),
            ("module a\nmodule b", "2: repeated module statement"),
            ("go 1.1\ngo 1.1", "2: repeated go statement"),
            ("go", "1: go directive expects exactly one argument"),
            ("go 1", "1: invalid go version '1': must match format 1.23.0"),
            ("go \"1.2\"", "1: invalid go version '\"1.2\"': must match format 1.23.0"),
            ("require a", "1: usage: require module/path v1.2.3"),
            ("require a v", "1: require a: version \"v\" invalid: must be of the form v1.2.3"),
            ("require a \"v1", "1:14: unexpected newline in string"),
            (
                "require a \"\\z\"",
                "1: require a: version \"\\\"\\\\z\\\"\" invalid: invalid syntax",
            ),
            ("require a/v1 v1.0.0", "1: invalid module path"),
            (
                "require (\n\ta v2.0.0\n)",
                "2:2: require a: version \"v2.0.0\" invalid: should be v0 or v1, not v2",
            ),
            (
                "require a/v3 v2.0.0",
                "1: require a/v3: version \"v2.0.0\" invalid: should be v3, not v2",
            ),
            ("ignore", "1: ignore directive expects exactly one argument"),
        ];
        for (text, message) in cases {
            let text = format!("{text}\n");
            strict(&text, &format!("go.mod:{message}"));
            lax(&text, &format!("go.mod:{message}"));
        }
    }

    #[test]
    fn errors_in_strict_reading_only() {
        let usage = "usage: replace module/path [v1.2.3] => other/module v1.4\n\
                     \t or replace module/path [v1.2.3] => ../local/directory";
        let cases = [
            ("use a", "unknown directive: use"),
            ("(", "unknown directive: ("),
            ("go (\n)", "unknown block type: go"),
            ("require a (\n)", "unknown block type: require a"),
            ("toolchain go1 go1", "toolchain directive expects exactly one argument"),
            (
                "toolchain 1.21",
                "invalid toolchain version '1.21': must match format go1.23.0 or default",
            ),
            ("godebug a", "usage: godebug key=value"),
            ("godebug a=b,c", "usage: godebug key=value"),
            ("godebug a=b c=d", "usage: godebug key=value"),
            ("exclude a", "usage: exclude module/path v1.2.3"),
            ("replace a", usage),
            ("replace a => b v1.0.0 c", usage),
            ("replace a v1.0.0 b => c v1.0.0", usage),
            ("replace a/v1 => ../b", "replace a/v1: invalid module path"),
            (
                "replace a v2.0.0 => ../b",
                "replace a: version \"v2.0.0\" invalid: should be v0 or v1, not v2",
            ),
            (
                "replace a => b@v1.0.0",
                "replacement module must match format 'path version', not 'path@version'",
            ),
            (
                "replace a => b",
                "replacement module without version must be directory path \
                 (rooted or starting with . or ..)",
            ),
            (
                "replace a => ./b v1.0.0",
                "replacement module directory path \"./b\" cannot have version",
            ),
            ("replace a => b v", "replace b: version \"v\" invalid: must be of the form v1.2.3"),
            ("retract", "expected '[' or version"),
            ("retract [", "expected version after '['"),
            ("retract [v1", "expected ',' after version"),
            ("retract [v1,", "expected version after ','"),
            ("retract [v1, v2", "expected ']' after version"),
            ("retract v1.0.0 v1.1.0", "unexpected token after version: \"v1.1.0\""),
            (
                "retract 'a'",
                "retract: version \"'a'\" invalid: unquoted string cannot contain quote",
            ),
            ("tool", "tool directive expects exactly one argument"),
        ];
        for (text, message) in cases {
            let text = format!("{text}\n");
            strict(&text, &format!("go.mod:1: {message}"));
            let lax = File::parse_lax("go.mod", text.as_bytes(), None);
            assert!(lax.is_ok_and(|file| file.retract.len() < 2), "{text}");
        }
        #[cfg(not(windows))]
        strict(
            "replace a => .\\b\n",
            "go.mod:1: replacement directory appears to be Windows path (on a non-windows system)",
        );
    }

    #[test]
    fn errors_are_collected() {
        strict(
            "what\nrequire (\n  a v1.0.0\n  b\n)\nwhat ( // c\n)\n",
            "go.mod:1: unknown directive: what\n\
             go.mod:4:3: usage: require module/path v1.2.3\n\
             go.mod:6: unknown block type: what",
        );
    }

    #[test]
    fn deprecation_is_a_paragraph_of_the_comments() {
        let cases = [
            ("module a // Deprecated: use b", "use b"),
            ("// Deprecated:   use b\nmodule a", "use b"),
            (
                "// A module.\n//\n// Deprecated: use b\n// or c.\n//\n// More.\nmodule a",
                "use b\nor c.",
            ),
            ("// A module.\n// Deprecated: no\nmodule a", ""),
            ("// Deprecated: no\n\nmodule a", ""),
            ("// deprecated: no\nmodule a", ""),
            ("// Deprecated:\nmodule a", ""),
            ("// Deprecated: 1\n//\n// Deprecated: 2\nmodule a", "1"),
            ("// Deprecated: block\nmodule (\na\n)", "block"),
            ("// Deprecated: block\nmodule (\n// line\na\n)", ""),
        ];
        for (text, message) in cases {
            strict(&format!("{text}\n"), &format!("module a {message:?}"));
        }
    }

    #[test]
    fn rationale_is_the_comment_of_the_line_or_of_the_block() {
        strict(
            "// block\nretract ( // left\n// one\nv1.0.0 // two\n\nv1.1.0\nv1.2.0\n\n\
             // three\nv1.3.0\n)\n",
            "retract v1.0.0 to v1.0.0 \"one\\ntwo\"\n\
             retract v1.1.0 to v1.1.0 \"\"\n\
             retract v1.2.0 to v1.2.0 \"block\"\n\
             retract v1.3.0 to v1.3.0 \"three\"",
        );
    }

    #[test]
    fn fixer_makes_versions_canonical() {
        let mut fixer = |path: &str, version: &str| match version {
            "main" => Ok("v1.5.0".to_owned()),
            "lost" => Err(FixError::Other(Arc::new(io::Error::other("connection lost")))),
            "odd" => {
                let odd = InvalidVersionError::new("odd", VersionReason::NotSemantic);
                Err(ModuleError::new(path, version, odd).into())
            }
            _ => Ok(version.to_owned()),
        };
        let mut parse = |text: &str| File::parse("go.mod", text.as_bytes(), Some(&mut fixer));

        let text = "retract [main, v1.6.0]\nrequire example.com/a main\nmodule example.com/m\n";
        let file = parse(text).unwrap();
        assert_eq!(
            summary(&file),
            "module example.com/m \"\"\n\
             require example.com/a@v1.5.0\n\
             retract v1.5.0 to v1.6.0 \"\"",
        );
        assert_eq!(
            String::from_utf8(file.format()).unwrap(),
            "retract [v1.5.0, v1.6.0]\n\nrequire example.com/a v1.5.0\n\nmodule example.com/m\n",
        );
        assert_eq!(
            answer(parse("module m\nrequire a lost\nretract odd\nrequire b odd\nretract main\n")),
            "go.mod:2: connection lost\n\
             go.mod:4: require b: version \"odd\" invalid: not a semantic version\n\
             go.mod:3: retract m: version \"odd\" invalid: not a semantic version",
        );
        assert_eq!(
            answer(parse("retract v1.0.0\nretract v1.1.0\n")),
            "go.mod:1: no module directive found, so retract cannot be used",
        );
    }

    #[test]
    fn versions_of_retractions_are_anything_without_a_fixer() {
        strict("retract \"a b\"\n", "retract a b to a b \"\"");
        lax("retract v1 and more\n", "retract v1 to v1 \"\"");
        lax("retract >= v1\nretract (v1)\n", "retract >= to >= \"\"");
    }

    #[test]
    fn module_path_of_broken_files() {
        let cases: [(&[u8], Option<&str>); 13] = [
            (b"module example.com/a", Some("example.com/a")),
            (b"\xff(\n \tmodule\texample.com/a // b\r\n", Some("example.com/a")),
            (b"module \"example.com/\\x61\"\n", Some("example.com/a")),
            (b"module `a b`\n", Some("a b")),
            (b"module a b\n", Some("a b")),
            (b"modules a\nmodule\nmodule // a\nmodule b\n", Some("b")),
            (b"module \"a\nmodule b\n", None),
            (b"module \"\"\nmodule b\n", None),
            (b"// module a\n", None),
            (b"module (\n\ta\n)\n", Some("(")),
            (b"module a\xff\n", Some("a\u{fffd}")),
            (b"module\xc2\xa0a\n", Some("a")),
            (b"", None),
        ];
        for (text, path) in cases {
            assert_eq!(module_path(text).as_deref(), path, "{}", to_string(text));
        }
    }
}
