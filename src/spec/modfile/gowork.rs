//! go.work files: what they say, and changes to them.
//!
//! Implements [go.work files](https://go.dev/ref/mod#go-work-file) of the Go Modules Reference:
//!
//! | directive   | arguments                              | may repeat |
//! |-------------|----------------------------------------|------------|
//! | `go`        | version of Go                          | no         |
//! | `toolchain` | name                                   | no         |
//! | `godebug`   | `key=value`                            | yes        |
//! | `use`       | directory                              | yes        |
//! | `replace`   | path \[version\] `=>` path \[version\] | yes        |
//!
//! There is no lenient reading: nobody but the user has a go.work.
//!
//! ```
//! use gomodfetch::spec::modfile::WorkFile;
//!
//! let mut work = WorkFile::parse("go.work", b"use ./b\n", None).unwrap();
//! work.add_use("./a dir", "example.com/a");
//! work.add_go_stmt("1.26").unwrap();
//! work.sort_blocks();
//! assert_eq!(work.format(), b"go 1.26\n\nuse (\n\t\"./a dir\"\n\t./b\n)\n");
//! ```

use super::directive::{
    Directive, Godebug, Replace, VersionFixer, is_go_version, is_toolchain_name,
};
use super::entries::{
    add_godebug, add_replace, drop_only, drop_where, set_only, take_overridden, update_first,
};
use super::error::{EditError, ErrorKind, ErrorList};
use super::print::print;
use super::read::{Entry, Failure, Reader};
use super::syntax::{FileSyntax, Statement};
use super::text::auto_quote;
use crate::spec::module::Version;

const VERBS: [&str; 5] = ["go", "toolchain", "godebug", "use", "replace"];

/// A `use` directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    /// The directory of a main module, as written.
    pub path: String,
    /// The path of the module there. The file doesn't tell; who knows it may say so.
    pub module_path: String,
}

/// A go.work file. Its fields are for looking at; the edits keep them and the text in step.
#[derive(Debug, Clone, Default)]
pub struct WorkFile {
    /// The version of Go that the workspace was made with.
    pub go: Option<Directive<String>>,
    /// The toolchain that is suggested to those who work in it.
    pub toolchain: Option<Directive<String>>,
    /// Settings for its programs.
    pub godebug: Vec<Directive<Godebug>>,
    /// The main modules.
    pub uses: Vec<Directive<Use>>,
    /// Modules that others take the place of.
    pub replace: Vec<Directive<Replace>>,
    syntax: FileSyntax,
}

impl WorkFile {
    /// Parses a go.work; errors will name the file `name`.
    ///
    /// # Errors
    /// The first syntax error, or all errors about directives.
    pub fn parse(
        name: &str,
        data: &[u8],
        fixer: Option<VersionFixer<'_>>,
    ) -> Result<Self, ErrorList> {
        let mut reader = Reader::new(name, data, fixer, true)?;
        let mut file = Self::default();
        reader.read_all(&VERBS, |reader, entry| file.read(reader, entry));
        file.syntax = reader.finish()?;
        Ok(file)
    }

    fn read(&mut self, reader: &mut Reader<'_>, entry: Entry) -> Result<(), Failure> {
        match entry.verb {
            "go" => {
                entry.must_be_first(&self.go)?;
                self.go = Some(entry.says(reader.go_version(entry)?));
            }
            "toolchain" => {
                entry.must_be_first(&self.toolchain)?;
                self.toolchain = Some(entry.says(reader.toolchain_name(entry)?));
            }
            "godebug" => self.godebug.push(entry.says(reader.godebug(entry)?)),
            "replace" => self.replace.push(entry.says(reader.replace(entry)?)),
            _ if entry.args.len() != 1 => return Err(ErrorKind::Usage("use local/dir").into()),
            _ => {
                let path = reader.string(entry.args, 0)?;
                self.uses.push(entry.says(Use { path, module_path: String::new() }));
            }
        }
        Ok(())
    }

    /// The file in standard layout.
    pub fn format(&self) -> Vec<u8> {
        print(&self.syntax)
    }

    /// The places of the directives.
    pub fn syntax(&self) -> &FileSyntax {
        &self.syntax
    }

    /// Takes away what edits have left empty; to be called when all of them are done.
    pub fn cleanup(&mut self) {
        self.syntax.clean_up();
    }

    /// Sets the version of Go. A new line goes to the top, behind comments that stand alone.
    ///
    /// # Errors
    /// `version` is no Go version.
    pub fn add_go_stmt(&mut self, version: &str) -> Result<(), EditError> {
        if !is_go_version(version) {
            return Err(EditError::GoVersion(version.to_owned()));
        }
        let place = self.first_directive();
        set_only(&mut self.syntax, &mut self.go, ["go", version], |syntax, texts| {
            syntax.insert_statement(place, texts)
        });
        Ok(())
    }

    /// Takes the `go` directive away.
    pub fn drop_go_stmt(&mut self) {
        drop_only(&mut self.syntax, &mut self.go);
    }

    /// Sets the toolchain. A new line goes behind the `go` line or, without one, to the top.
    ///
    /// # Errors
    /// `name` is no toolchain name.
    pub fn add_toolchain_stmt(&mut self, name: &str) -> Result<(), EditError> {
        if !is_toolchain_name(name) {
            return Err(EditError::Toolchain(name.to_owned()));
        }
        let is_go =
            |&s: &Statement| matches!(s, Statement::Line(_)) && self.syntax.verb(s) == Some(b"go");
        let go = self.syntax.statements.iter().position(is_go);
        let place = go.map_or_else(|| self.first_directive(), |go| go + 1);
        let texts = ["toolchain", name];
        set_only(&mut self.syntax, &mut self.toolchain, texts, |syntax, texts| {
            syntax.insert_statement(place, texts)
        });
        Ok(())
    }

    /// Takes the `toolchain` directive away.
    pub fn drop_toolchain_stmt(&mut self) {
        drop_only(&mut self.syntax, &mut self.toolchain);
    }

    /// Where the comments at the top end.
    fn first_directive(&self) -> usize {
        let statements = &self.syntax.statements;
        let is_directive = |s: &Statement| !matches!(s, Statement::Group(_));
        statements.iter().position(is_directive).unwrap_or(statements.len())
    }

    /// Sets the value of a setting, on the first line of its key; other lines of it go away.
    pub fn add_godebug(&mut self, key: &str, value: &str) {
        add_godebug(&mut self.syntax, &mut self.godebug, key, value);
    }

    /// Takes a setting away.
    pub fn drop_godebug(&mut self, key: &str) {
        drop_where(&mut self.syntax, &mut self.godebug, |godebug| godebug.key == key);
    }

    /// Adds a directory, unless it stands there already; other lines of it go away.
    pub fn add_use(&mut self, path: &str, module_path: &str) {
        let texts = ["use", &auto_quote(path)];
        let set = |entry: &mut Use| module_path.clone_into(&mut entry.module_path);
        if !update_first(&mut self.syntax, &mut self.uses, |u| u.path == path, set, &texts) {
            self.add_new_use(path, module_path);
        }
    }

    /// Adds a directory behind the others.
    pub fn add_new_use(&mut self, path: &str, module_path: &str) {
        let line = self.syntax.append_line(&["use", &auto_quote(path)]);
        let says = Use { path: path.to_owned(), module_path: module_path.to_owned() };
        self.uses.push(Directive { says, line });
    }

    /// Makes these directories, and no others, the ones in use.
    pub fn set_use(&mut self, uses: &[Use]) {
        let wanted = |path: &str| uses.iter().rfind(|wanted| wanted.path == path);
        drop_where(&mut self.syntax, &mut self.uses, |entry| wanted(&entry.path).is_none());
        for entry in &mut self.uses {
            if let Some(wanted) = wanted(&entry.path) {
                entry.says = wanted.clone();
            }
        }
        for Use { path, module_path } in uses {
            if !self.uses.iter().any(|entry| entry.path == *path) {
                self.add_new_use(path, module_path);
            }
        }
        self.sort_blocks();
    }

    /// Takes a directory away.
    pub fn drop_use(&mut self, path: &str) {
        drop_where(&mut self.syntax, &mut self.uses, |entry| entry.path == path);
    }

    /// Replaces a module, as [`File::add_replace`](super::File::add_replace) does.
    pub fn add_replace(&mut self, old: &Version, new: &Version) {
        add_replace(&mut self.syntax, &mut self.replace, old, new);
    }

    /// Takes the replacement of exactly `old` away.
    pub fn drop_replace(&mut self, old: &Version) {
        drop_where(&mut self.syntax, &mut self.replace, |replace| replace.old == *old);
    }

    /// Sorts the lines of each block, and drops replacements that later ones override.
    pub fn sort_blocks(&mut self) {
        let dead = take_overridden(&mut self.replace);
        self.syntax.delete_lines(&dead);
        self.syntax.sort_lines(|_, a, b| a.cmp(b));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> WorkFile {
        WorkFile::parse("go.work", text.as_bytes(), None).unwrap()
    }

    #[test]
    fn every_directive() {
        let file = parse(
            "go 1.26\ntoolchain go1.26.8\ngodebug a=b\nuse \"./a b\"\nuse (\n./c\n)\n\
             replace a v1.2 => ../a\n",
        );
        assert_eq!(file.go.as_deref().map(String::as_str), Some("1.26"));
        assert_eq!(file.toolchain.as_deref().map(String::as_str), Some("go1.26.8"));
        let setting = Godebug { key: "a".into(), value: "b".into() };
        assert_eq!(*file.godebug[0], setting);
        assert_eq!(file.uses.iter().map(|u| &*u.path).collect::<Vec<_>>(), ["./a b", "./c"]);
        assert_eq!(file.syntax().position(file.uses[1].line()).line, 6);
        assert_eq!(file.replace[0].old, Version::new("a", "v1.2.0"));
        assert_eq!(file.replace[0].new, Version::new("../a", ""));
    }

    #[test]
    fn errors() {
        let cases = [
            ("use\n", "go.work:1: usage: use local/dir"),
            ("use ./a ./b\n", "go.work:1: usage: use local/dir"),
            ("go 1.2.x\n", "go.work:1: invalid go version '1.2.x': must match format 1.23.0"),
            (
                "use (\n\t'a'\n)\n",
                "go.work:2:2: invalid quoted string: unquoted string cannot contain quote",
            ),
            ("go (\n)\n", "go.work:1: unknown block type: go"),
            (
                "module m\nuse (\n",
                "go.work:3: syntax error (unterminated block started at go.work:2:1)",
            ),
            (
                "module m\nrequire (\n)\n",
                "go.work:1: unknown directive: module\ngo.work:2: unknown block type: require",
            ),
        ];
        for (text, message) in cases {
            let errors = WorkFile::parse("go.work", text.as_bytes(), None).unwrap_err();
            assert_eq!(errors.to_string(), message, "{text}");
        }
    }

    #[track_caller]
    fn check(before: &str, edit: impl Fn(&mut WorkFile), after: &str) {
        let mut file = parse(before);
        edit(&mut file);
        file.cleanup();
        assert_eq!(String::from_utf8(file.format()).unwrap(), after, "{before}");
    }

    #[test]
    fn go_and_toolchain_stand_at_the_top() {
        let both = |file: &mut WorkFile| {
            file.add_toolchain_stmt("go1.26.8").unwrap();
            file.add_go_stmt("1.26").unwrap();
        };
        check("", both, "go 1.26\n\ntoolchain go1.26.8\n");
        check(
            "// a\n\n// b\nuse ./a\n",
            both,
            "// a\n\ngo 1.26\n\ntoolchain go1.26.8\n\n// b\nuse ./a\n",
        );
        check("use ./a\ngo 1.25 // c\n", both, "use ./a\n\ngo 1.26 // c\n\ntoolchain go1.26.8\n");
        check("toolchain go1.25.0\nuse ./a\n", both, "go 1.26\n\ntoolchain go1.26.8\n\nuse ./a\n");
        let drop = |file: &mut WorkFile| {
            file.drop_go_stmt();
            file.drop_toolchain_stmt();
        };
        check("go 1.26\ntoolchain go1.26.8\nuse ./a\n", drop, "use ./a\n");

        let mut file = WorkFile::default();
        let error = file.add_go_stmt("go1.26").unwrap_err();
        assert_eq!(error.to_string(), "invalid language version \"go1.26\"");
        let error = file.add_toolchain_stmt("1.26").unwrap_err();
        assert_eq!(error.to_string(), "invalid toolchain name \"1.26\"");
        assert_eq!(file.format(), b"");
    }

    #[test]
    fn directories_in_use() {
        check("use ./b\n", |file| file.add_use("./a b", ""), "use (\n\t./b\n\t\"./a b\"\n)\n");
        check("use (\n./a // c\n./a\n)\n", |file| file.add_use("./a", "m"), "use ./a // c\n");
        check("use (\n./a\n./b\n./a\n)\n", |file| file.drop_use("./a"), "use ./b\n");
        let set = |file: &mut WorkFile| {
            let paths = ["./c", "./b", "./a"];
            file.set_use(&paths.map(|path| Use { path: path.into(), module_path: "m".into() }));
            assert!(file.uses.iter().all(|entry| entry.module_path == "m"));
        };
        check("use ./b // here\nuse ./d\n", set, "use (\n\t./a\n\t./b // here\n\t./c\n)\n");
    }

    #[test]
    fn settings_and_replacements() {
        let change = |file: &mut WorkFile| {
            file.add_godebug("b", "2");
            file.drop_godebug("a");
            file.add_replace(&Version::new("a", ""), &Version::new("c", "v1.0.0"));
            file.drop_replace(&Version::new("b", "v1.0.0"));
        };
        check(
            "godebug a=1\nreplace (\na v1.0.0 => ../a\nb v1.0.0 => ../b\n)\n",
            change,
            "godebug b=2\n\nreplace a => c v1.0.0\n",
        );
        check(
            "replace (\nb => ../b\na => ../a\na => ../c\n)\n",
            WorkFile::sort_blocks,
            "replace (\n\ta => ../c\n\tb => ../b\n)\n",
        );
    }
}
