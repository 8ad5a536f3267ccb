//! Changes to a go.mod, with the layout that the go command would give the result.
//!
//! Implements [Automatic updates](https://go.dev/ref/mod#go-mod-file-updates) and the editing
//! flags of [`go mod edit`](https://go.dev/ref/mod#go-mod-edit) of the Go Modules Reference.
//! `require` has a file of its own.
//!
//! Lines that go away leave their place only with [`File::cleanup`], which also makes a block of
//! one line that line; call it when all edits are done. Blocks are sorted by
//! [`File::sort_blocks`]: by text, but `retract` downwards by version, and `exclude` upwards by
//! version from Go 1.21 on.
//!
//! ```
//! use gomodfetch::spec::modfile::File;
//! use gomodfetch::spec::module::Version;
//!
//! let mut file = File::default();
//! file.add_module_stmt("example.com/m");
//! file.add_go_stmt("1.26").unwrap();
//! file.add_replace(&Version::new("example.com/a", ""), &Version::new("../a", ""));
//! file.cleanup();
//! assert_eq!(
//!     file.format(),
//!     b"module example.com/m\n\ngo 1.26\n\nreplace example.com/a => ../a\n",
//! );
//! ```

use std::cmp::Ordering;
use std::sync::Arc;

use super::directive::{Directive, Module, VersionInterval, is_go_version, is_toolchain_name};
use super::entries::{
    add_godebug, add_near, add_replace, add_unique, drop_only, drop_where, set_only,
    take_duplicates, take_overridden,
};
use super::error::EditError;
use super::gomod::File;
use super::syntax::Statement;
use super::text::{auto_quote, to_string};
use crate::spec::module::{
    InvalidVersionError, Version, VersionReason, canonical_version, check_path_major,
    path_major_prefix, split_path_version,
};
use crate::spec::semver;

impl File {
    /// Sets the module path.
    pub fn add_module_stmt(&mut self, path: &str) {
        let texts = ["module", &auto_quote(path)];
        match &mut self.module {
            Some(module) => {
                module.says.path = path.into();
                self.syntax.set_line(module.line, &texts);
            }
            None => {
                let line = self.syntax.append_line(&texts);
                let says = Module { path: path.into(), deprecated: String::new() };
                self.module = Some(Directive { says, line });
            }
        }
    }

    /// Adds a comment at the end, which stands alone. `text` begins with `//`.
    pub fn add_comment(&mut self, text: &str) {
        let comment = self.syntax.add_text(text.as_bytes());
        let group = self.syntax.add_group(vec![comment]);
        self.syntax.statements.push(Statement::Group(group));
    }

    /// Sets the version of Go. A new line goes behind the module's.
    ///
    /// # Errors
    /// `version` is no Go version.
    pub fn add_go_stmt(&mut self, version: &str) -> Result<(), EditError> {
        if !is_go_version(version) {
            return Err(EditError::GoVersion(version.to_owned()));
        }
        let module = self.module.as_ref().map(Directive::line);
        set_only(&mut self.syntax, &mut self.go, ["go", version], |syntax, texts| match module {
            Some(module) => syntax.add_line_after(module, texts),
            None => syntax.append_line(texts),
        });
        Ok(())
    }

    /// Takes the `go` directive away.
    pub fn drop_go_stmt(&mut self) {
        drop_only(&mut self.syntax, &mut self.go);
    }

    /// Sets the toolchain. A new line goes behind the `go` line or, without one, the module's.
    ///
    /// # Errors
    /// `name` is no toolchain name.
    pub fn add_toolchain_stmt(&mut self, name: &str) -> Result<(), EditError> {
        if !is_toolchain_name(name) {
            return Err(EditError::Toolchain(name.to_owned()));
        }
        let module = self.module.as_ref().map(Directive::line);
        let hint = self.go.as_ref().map(Directive::line).or(module);
        let texts = ["toolchain", name];
        set_only(&mut self.syntax, &mut self.toolchain, texts, |syntax, texts| match hint {
            Some(hint) => syntax.add_line_after(hint, texts),
            None => syntax.append_line(texts),
        });
        Ok(())
    }

    /// Takes the `toolchain` directive away.
    pub fn drop_toolchain_stmt(&mut self) {
        drop_only(&mut self.syntax, &mut self.toolchain);
    }

    /// Sets the value of a setting, on the first line of its key; other lines of it go away.
    pub fn add_godebug(&mut self, key: &str, value: &str) {
        add_godebug(&mut self.syntax, &mut self.godebug, key, value);
    }

    /// Takes a setting away.
    pub fn drop_godebug(&mut self, key: &str) {
        drop_where(&mut self.syntax, &mut self.godebug, |godebug| godebug.key == key);
    }

    /// Excludes a version. A new line goes behind those of the same module, or to the end.
    ///
    /// # Errors
    /// The version is not canonical, or doesn't go with the path.
    pub fn add_exclude(&mut self, module: &Version) -> Result<(), EditError> {
        check_canonical_version(&module.path, &module.version)?;
        if self.exclude.iter().any(|exclude| exclude.says == *module) {
            return Ok(());
        }
        let texts = ["exclude", &auto_quote(&module.path), &module.version];
        let related = self.exclude.iter().rfind(|exclude| exclude.path == module.path);
        let line = add_near(&mut self.syntax, related, &texts);
        self.exclude.push(Directive { says: module.clone(), line });
        Ok(())
    }

    /// Takes the exclusion of a version away.
    pub fn drop_exclude(&mut self, module: &Version) {
        drop_where(&mut self.syntax, &mut self.exclude, |exclude| exclude == module);
    }

    /// Replaces a module; an `old` without version stands for all of its versions.
    ///
    /// The first line that replaces the same is changed, and others go away. A new line goes behind
    /// those of the same module, or to the end.
    pub fn add_replace(&mut self, old: &Version, new: &Version) {
        add_replace(&mut self.syntax, &mut self.replace, old, new);
    }

    /// Takes the replacement of exactly `old` away.
    pub fn drop_replace(&mut self, old: &Version) {
        drop_where(&mut self.syntax, &mut self.replace, |replace| replace.old == *old);
    }

    /// Retracts versions; the rationale becomes a comment in front of the line.
    ///
    /// [`File::retract`] will list them after the file has been parsed again.
    ///
    /// # Errors
    /// An end of the interval is not canonical, or doesn't go with the module path.
    pub fn add_retract(
        &mut self,
        interval: &VersionInterval,
        rationale: &str,
    ) -> Result<(), EditError> {
        let path = self.module.as_ref().map(|module| Arc::clone(&module.path)).unwrap_or_default();
        check_canonical_version(&path, &interval.high)?;
        check_canonical_version(&path, &interval.low)?;

        let (low, high) = (auto_quote(&interval.low), auto_quote(&interval.high));
        let line = if interval.low == interval.high {
            self.syntax.append_line(&["retract", &low])
        } else {
            self.syntax.append_line(&["retract", "[", &low, ",", &high, "]"])
        };
        if !rationale.is_empty() {
            let mut comment = |text| self.syntax.add_text(format!("// {text}").as_bytes());
            let comments = rationale.split('\n').map(&mut comment).collect();
            self.syntax.line_mut(line).comments.set_before(comments);
        }
        Ok(())
    }

    /// Takes the retraction of exactly these versions away.
    pub fn drop_retract(&mut self, interval: &VersionInterval) {
        drop_where(&mut self.syntax, &mut self.retract, |retract| retract.interval == *interval);
    }

    /// Adds a tool, in order.
    pub fn add_tool(&mut self, path: &str) {
        if add_unique(&mut self.syntax, &mut self.tool, ["tool", path]) {
            self.sort_blocks();
        }
    }

    /// Takes a tool away.
    pub fn drop_tool(&mut self, path: &str) {
        drop_where(&mut self.syntax, &mut self.tool, |tool| tool == path);
    }

    /// Adds a directory to be ignored, in order.
    pub fn add_ignore(&mut self, path: &str) {
        if add_unique(&mut self.syntax, &mut self.ignore, ["ignore", path]) {
            self.sort_blocks();
        }
    }

    /// Takes a directory from those to be ignored.
    pub fn drop_ignore(&mut self, path: &str) {
        drop_where(&mut self.syntax, &mut self.ignore, |ignore| ignore == path);
    }

    /// Takes away what edits have left empty; to be called when all of them are done.
    pub fn cleanup(&mut self) {
        self.syntax.clean_up();
    }

    /// Sorts the lines of each block, and drops directives that others make superfluous: all but
    /// the first of equal `exclude`, `tool` and `ignore` directives, and all but the last
    /// `replace` directive of the same module and version.
    pub fn sort_blocks(&mut self) {
        let mut dead = take_overridden(&mut self.replace);
        take_duplicates(&mut self.exclude, Clone::clone, &mut dead);
        take_duplicates(&mut self.tool, Clone::clone, &mut dead);
        take_duplicates(&mut self.ignore, Clone::clone, &mut dead);
        self.syntax.delete_lines(&dead);

        let go = self.go.as_ref().map(|go| format!("v{}", go.says)).unwrap_or_default();
        let excludes_by_version = semver::compare(&go, "v1.21").is_ge();
        self.syntax.sort_lines(|verb, a, b| match verb {
            b"exclude" if excludes_by_version => compare_excludes(a, b),
            b"retract" => compare_retractions(a, b),
            _ => a.cmp(b),
        });
    }
}

/// The order of a path and a version: by path, then by version. Lines of another form come before
/// those of the same path.
fn compare_excludes(a: &[&[u8]], b: &[&[u8]]) -> Ordering {
    match (a, b) {
        ([path, v], [other_path, w]) => {
            path.cmp(other_path).then_with(|| semver::compare(&to_string(v), &to_string(w)))
        }
        _ => a.first().cmp(&b.first()).then((a.len() == 2).cmp(&(b.len() == 2))).then(a.cmp(b)),
    }
}

/// The order of retractions: the highest version first.
fn compare_retractions(a: &[&[u8]], b: &[&[u8]]) -> Ordering {
    let ends = |line: &[&[u8]]| match line {
        [version] => (to_string(version), to_string(version)),
        [b"[", low, b",", high, b"]"] => (to_string(low), to_string(high)),
        _ => Default::default(),
    };
    let ((low, high), (other_low, other_high)) = (ends(a), ends(b));
    semver::compare(&other_low, &low).then_with(|| semver::compare(&other_high, &high))
}

/// Checks that a version is canonical and goes with a module path; without path, any major
/// version does.
fn check_canonical_version(path: &str, version: &str) -> Result<(), InvalidVersionError> {
    let invalid =
        |reason: String| InvalidVersionError::new(version, VersionReason::Other(reason.into()));
    let split = split_path_version(path);
    let major = split.map_or("", |(_, major)| major);
    if version.is_empty() || version != canonical_version(version) {
        let prefix = if major.is_empty() { "v1" } else { path_major_prefix(major) };
        return Err(invalid(format!("must be of the form {prefix}.2.3")));
    }
    match check_path_major(version, major) {
        // Whoever names a version v2 here forgot how versions of v1 paths are spelled.
        Err(_) if split.is_some() && major.is_empty() => {
            let own = semver::major(version);
            Err(invalid(format!("should be {version}+incompatible (or module {path}/{own})")))
        }
        Err(error) if split.is_some() => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a script of edits, `;` between them and `-` for an empty argument, on a file.
    fn edit(file: &mut File, script: &str) -> Result<(), EditError> {
        for command in script.split(';') {
            let words = command.split_whitespace().map(|word| if word == "-" { "" } else { word });
            match words.collect::<Vec<_>>()[..] {
                ["module", path] => file.add_module_stmt(path),
                ["go", version] => file.add_go_stmt(version)?,
                ["-go"] => file.drop_go_stmt(),
                ["toolchain", name] => file.add_toolchain_stmt(name)?,
                ["-toolchain"] => file.drop_toolchain_stmt(),
                ["godebug", key, value] => file.add_godebug(key, value),
                ["-godebug", key] => file.drop_godebug(key),
                ["exclude", path, version] => file.add_exclude(&Version::new(path, version))?,
                ["-exclude", path, version] => file.drop_exclude(&Version::new(path, version)),
                ["replace", old, old_version, new, new_version] => file
                    .add_replace(&Version::new(old, old_version), &Version::new(new, new_version)),
                ["-replace", path, version] => file.drop_replace(&Version::new(path, version)),
                ["retract", low, high, why] => {
                    file.add_retract(&VersionInterval::new(low, high), &why.replace('|', "\n"))?;
                }
                ["-retract", low, high] => file.drop_retract(&VersionInterval::new(low, high)),
                ["tool", path] => file.add_tool(path),
                ["-tool", path] => file.drop_tool(path),
                ["ignore", path] => file.add_ignore(path),
                ["-ignore", path] => file.drop_ignore(path),
                ["comment", text] => file.add_comment(&format!("// {text}")),
                ["sort"] => file.sort_blocks(),
                ["clean"] => file.cleanup(),
                _ => panic!("no such edit: {command}"),
            }
        }
        file.cleanup();
        Ok(())
    }

    #[track_caller]
    fn check(before: &str, script: &str, after: &str) {
        let mut file = File::parse("go.mod", before.as_bytes(), None).unwrap();
        edit(&mut file, script).unwrap();
        assert_eq!(String::from_utf8(file.format()).unwrap(), after, "{before}{script}");
    }

    #[test]
    fn files_from_nothing() {
        check("", "go 1.21; module example.com/m", "go 1.21\n\nmodule example.com/m\n");
        check(
            "",
            "module example.com/m; comment end; toolchain go1.26.0; go 1.21",
            "module example.com/m\n\ngo 1.21\n\ntoolchain go1.26.0\n\n// end\n",
        );
    }

    #[test]
    fn single_directives() {
        check("// a\nmodule m // b\n", "module a//b", "// a\nmodule \"a//b\" // b\n");
        check("module m\n// a\n\ntool t\n", "go 1.21", "module m\n\ngo 1.21\n\n// a\n\ntool t\n");
        check("module (\nm\n)\ntool t\n", "go 1.21", "module m\n\ngo 1.21\n\ntool t\n");
        check(
            "module m\n// old\ngo 1.20 // but\n",
            "go 1.21",
            "module m\n\n// old\ngo 1.21 // but\n",
        );
        check(
            "tool t\n",
            "go 1.21; toolchain go1.22.0",
            "tool t\n\ngo 1.21\n\ntoolchain go1.22.0\n",
        );
        check("go 1.21\ntoolchain go1.22.0 // c\nmodule m\n", "-go; -toolchain", "module m\n");
        check("// why\ngo 1.21\n", "-go", "");
        check("go 1.21\nmodule m\n", "-go; go 1.22", "module m\n\ngo 1.22\n");
    }

    #[test]
    fn new_lines_join_their_kind() {
        check(
            "godebug a=1 // one\ngo 1.21\n",
            "godebug b 2; godebug c -",
            "godebug (\n\ta=1 // one\n\tb=2\n\tc=\n)\n\ngo 1.21\n",
        );
        check(
            "godebug (\n// one\na=1\nb=1\n)\n",
            "godebug b 2; godebug a 3; -godebug b",
            "// one\ngodebug a=3\n",
        );
        check("godebug (\na=1\n)\ngodebug a=2\n", "godebug a 3", "godebug a=3\n");
        check(
            "tool (\nz\na\n)\nignore ./z\n",
            "tool m; tool a; ignore ./a; -ignore ./b",
            "tool (\n\ta\n\tm\n\tz\n)\n\nignore (\n\t./a\n\t./z\n)\n",
        );
    }

    #[test]
    fn a_block_of_one_line_becomes_that_line() {
        check("tool ( // left\na\nb // c\n) // right\n", "-tool a", "tool b // c\n");
        check("// a\ntool (\n// b\na\nb\n)\n", "-tool b", "// a\n// b\ntool a\n");
        check("tool (\na\nb\n// c\n)\n", "-tool b", "tool (\n\ta\n// c\n)\n");
        check("tool (\na\nb\n// c\n)\n", "-tool b; -tool a", "");
    }

    #[test]
    fn excludes_stand_with_those_of_the_same_module() {
        check(
            "exclude a.b/c v1.0.0\nexclude d.e/f v1.0.0\n",
            "exclude a.b/c v1.1.0; exclude a.b/c v1.0.0; exclude g.h/i v1.0.0",
            "exclude (\n\ta.b/c v1.0.0\n\ta.b/c v1.1.0\n)\n\nexclude d.e/f v1.0.0\n\n\
             exclude g.h/i v1.0.0\n",
        );
        check("exclude (\na v1.0.0\nb v1.0.0\n)\n", "-exclude a v1.0.0", "exclude b v1.0.0\n");
    }

    #[test]
    fn replacements_override_each_other() {
        check(
            "replace a => ../a // here\nreplace a v1.0.0 => ../b\n",
            "replace a - c v1.2.0",
            "replace a => c v1.2.0 // here\n",
        );
        check(
            "replace a => ../a\nreplace b => ../b\n",
            "replace a v1.0.0 d.e/f v1.0.0; replace c - ../c -; -replace b -",
            "replace (\n\ta => ../a\n\ta v1.0.0 => d.e/f v1.0.0\n)\n\nreplace c => ../c\n",
        );
        check("replace (\na => ../a\na => ../b\n)\n", "sort", "replace a => ../b\n");
    }

    #[test]
    fn retractions_with_rationale() {
        check(
            "module m\nretract v1.0.0\n",
            "retract v1.1.0 v1.1.0 -; retract v1.2.0 v1.3.0 one|two; -retract v1.0.0 v1.0.0",
            "module m\n\nretract (\n\tv1.1.0\n\t// one\n\t// two\n\t[v1.2.0, v1.3.0]\n)\n",
        );
    }

    #[test]
    fn blocks_are_sorted_by_their_rules() {
        let block = |verb: &str, lines: &str| {
            let lines = lines.replace('|', "\n\t");
            format!("{verb} (\n\t{lines}\n)\n")
        };
        let cases = [
            ("1.20", "exclude", "b v1.0.0|a v1.9.0|a v1.10.0", "a v1.10.0|a v1.9.0|b v1.0.0"),
            ("1.21", "exclude", "b v1.0.0|a v1.10.0|a v1.9.0", "a v1.9.0|a v1.10.0|b v1.0.0"),
            ("1.21rc1", "exclude", "a v1.9.0|a v1.10.0", "a v1.10.0|a v1.9.0"),
            ("1.22", "exclude", "a v1.0.0|a v1.0.0|b v1.0.0", "a v1.0.0|b v1.0.0"),
            (
                "1.21",
                "retract",
                "v1.9.0|[v1.0.0, v1.2.0]|v1.10.0|[v1.0.0, v1.11.0]",
                "v1.10.0|v1.9.0|[v1.0.0, v1.11.0]|[v1.0.0, v1.2.0]",
            ),
            ("1.21", "tool", "b|c|a|b", "a|b|c"),
            ("1.21", "replace", "b => ../b|a => ../1|a => ../2", "a => ../2|b => ../b"),
        ];
        for (go, verb, before, after) in cases {
            let go = format!("go {go}\n");
            let expected = format!("{go}\n{}", block(verb, after));
            check(&format!("{go}{}", block(verb, before)), "sort", &expected);
        }
    }

    #[test]
    fn invalid_edits_are_refused() {
        let cases = [
            ("", "go 1", "invalid language version \"1\""),
            ("", "toolchain go2", "invalid toolchain name \"go2\""),
            ("", "exclude a v1", "version \"v1\" invalid: must be of the form v1.2.3"),
            ("", "exclude a -", "version \"\" invalid: must be of the form v1.2.3"),
            ("", "exclude a/v2 x", "version \"x\" invalid: must be of the form v2.2.3"),
            ("", "exclude gopkg.in/a.v3 v3", "version \"v3\" invalid: must be of the form v3.2.3"),
            ("", "exclude a/v2 v3.0.0", "version \"v3.0.0\" invalid: should be v2, not v3"),
            (
                "",
                "exclude a v2.0.0",
                "version \"v2.0.0\" invalid: should be v2.0.0+incompatible (or module a/v2)",
            ),
            (
                "module m/v2\n",
                "retract v2.0.0 v3.0.0 -",
                "version \"v3.0.0\" invalid: should be v2, not v3",
            ),
            (
                "",
                "retract v2.0.0 v1.0.0 -",
                "version \"v2.0.0\" invalid: should be v2.0.0+incompatible (or module /v2)",
            ),
        ];
        for (before, script, message) in cases {
            let mut file = File::parse("go.mod", before.as_bytes(), None).unwrap();
            let error = edit(&mut file, script).unwrap_err();
            assert_eq!(error.to_string(), message, "{script}");
            assert_eq!(file.format(), before.as_bytes(), "{script}");
        }
    }

    #[test]
    fn lines_that_lax_reading_skipped_are_sorted_with_the_rest() {
        let text = b"go 1.21\nexclude (\nb v1.2.0 x\nb v1.10.0\nb v1.9.0\na\n)\n";
        let mut file = File::parse_lax("go.mod", text, None).unwrap();
        file.sort_blocks();
        let sorted = "go 1.21\n\nexclude (\n\ta\n\tb v1.2.0 x\n\tb v1.9.0\n\tb v1.10.0\n)\n";
        assert_eq!(String::from_utf8(file.format()).unwrap(), sorted);
    }
}
