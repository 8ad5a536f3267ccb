//! From the tree of a file to what its directives say.
//!
//! Implements what go.mod and go.work files have in common: directives alone and in blocks, texts
//! and versions as arguments, comments that mean something, and
//! [`replace`](https://go.dev/ref/mod#go-mod-file-replace), `godebug` and the intervals of
//! [`retract`](https://go.dev/ref/mod#go-mod-file-retract) of the Go Modules Reference:
//!
//! ```text
//! replace  = path [ version ] "=>" ( path version | directory )
//! interval = version | "[" version "," version "]"
//! godebug  = key "=" value                              without " ' ` and ,
//! ```
//!
//! Versions must be canonical, or a [`VersionFixer`] makes them so. Reading tidies what it reads:
//! afterwards texts are quoted only where they must be, and versions are the canonical ones.

use std::sync::Arc;

use super::directive::{
    Directive, Godebug, Replace, VersionFixer, VersionInterval, is_go_version, is_toolchain_name,
    lax_go_version,
};
use super::error::{Error, ErrorKind, ErrorList, FixError, Subject};
use super::parse::parse;
use super::syntax::{BlockId, Element, FileSyntax, LineId, Position, Statement, Tokens};
use super::text::{is_directory_path, spell, spelled, to_string, trim};
use crate::spec::module::{Version, canonical_version, check_path_major, split_path_version};

const REQUIRE_USAGE: &str = "require module/path v1.2.3";
const EXCLUDE_USAGE: &str = "exclude module/path v1.2.3";
const REPLACE_USAGE: &str = "replace module/path [v1.2.3] => other/module v1.4
\t or replace module/path [v1.2.3] => ../local/directory";

/// The most errors that are kept: a hostile file can have one on each of its lines.
const MAX_ERRORS: usize = 1000;

/// What is wrong with a directive, wherever it stands.
pub(super) struct Failure {
    subject: Option<Subject>,
    kind: ErrorKind,
}

impl<E: Into<ErrorKind>> From<E> for Failure {
    fn from(kind: E) -> Self {
        Self { subject: None, kind: kind.into() }
    }
}

impl Failure {
    pub(super) fn about(verb: &'static str, path: &Arc<str>, kind: impl Into<ErrorKind>) -> Self {
        let subject = Some(Subject { verb, path: Arc::clone(path) });
        Self { subject, kind: kind.into() }
    }
}

/// A directive to be read.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) verb: &'static str,
    pub(super) args: Tokens,
    pub(super) line: LineId,
    /// The block that the line stands in.
    pub(super) block: Option<BlockId>,
}

impl Entry {
    /// The directive with its meaning.
    pub(super) fn says<T>(self, says: T) -> Directive<T> {
        Directive { says, line: self.line }
    }

    /// Refuses the directive if there is one already.
    pub(super) fn must_be_first<T>(self, present: &Option<T>) -> Result<(), ErrorKind> {
        match present {
            Some(_) => Err(ErrorKind::Repeated(self.verb)),
            None => Ok(()),
        }
    }
}

/// Which versions a directive may name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Versions {
    /// Canonical ones, and those that the fixer makes so.
    Canonical,
    /// Any, and they stay as they are.
    AsWritten,
}

/// The state of reading one file.
pub(super) struct Reader<'a> {
    pub(super) syntax: FileSyntax,
    /// Whether what is not understood is an error.
    pub(super) strict: bool,
    fixer: Option<VersionFixer<'a>>,
    errors: Vec<Error>,
    /// The comments on the block that was asked for last: a long comment on a block of many lines
    /// must not be put together for each of them.
    block_comment: Option<(BlockId, Arc<str>)>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(
        file: &str,
        data: &[u8],
        fixer: Option<VersionFixer<'a>>,
        strict: bool,
    ) -> Result<Self, ErrorList> {
        let syntax = parse(file, data).map_err(|error| ErrorList(vec![error]))?;
        Ok(Self { syntax, strict, fixer, errors: Vec::new(), block_comment: None })
    }

    /// The tree, unless there were errors.
    pub(super) fn finish(self) -> Result<FileSyntax, ErrorList> {
        if self.errors.is_empty() { Ok(self.syntax) } else { Err(ErrorList(self.errors)) }
    }

    pub(super) fn has_fixer(&self) -> bool {
        self.fixer.is_some()
    }

    pub(super) fn fail(&mut self, position: Position, failure: impl Into<Failure>) {
        let failure = match self.errors.len() {
            0..MAX_ERRORS => failure.into(),
            MAX_ERRORS => ErrorKind::TooManyErrors.into(),
            _ => return,
        };
        let Failure { subject, kind } = failure;
        let file = Arc::clone(&self.syntax.name);
        self.errors.push(Error { file, position, subject, kind });
    }

    /// Hands all directives to `read` that are among `verbs`. In strict reading, others are errors.
    pub(super) fn read_all(
        &mut self,
        verbs: &[&'static str],
        mut read: impl FnMut(&mut Self, Entry) -> Result<(), Failure>,
    ) {
        for statement in self.syntax.statements.clone() {
            let verb = self.syntax.verb(statement).unwrap_or_default();
            let known = verbs.iter().find(|known| known.as_bytes() == verb).copied();
            match (statement, known) {
                (Statement::Group(_), _) => {}
                (Statement::Line(line), Some(verb)) => {
                    let (_, args) = self.syntax.line(line).tokens.split_first();
                    self.read_one(Entry { verb, args, line, block: None }, &mut read);
                }
                (Statement::Block(block), Some(verb)) if self.may_open_block(block, verb) => {
                    for line in self.syntax.block(block).lines.clone() {
                        let args = self.syntax.line(line).tokens;
                        self.read_one(Entry { verb, args, line, block: Some(block) }, &mut read);
                    }
                }
                (_, _) if !self.strict => {}
                (Statement::Line(line), None) => {
                    let kind = ErrorKind::UnknownDirective(to_string(verb));
                    self.fail(self.syntax.line(line).start, kind);
                }
                (Statement::Block(block), _) => {
                    let block = self.syntax.block(block);
                    let words: Vec<&[u8]> = self.syntax.tokens(block.tokens).collect();
                    let kind = ErrorKind::UnknownBlock(to_string(&words.join(&b' ')));
                    self.fail(block.start, kind);
                }
            }
        }
    }

    fn may_open_block(&self, block: BlockId, verb: &str) -> bool {
        self.syntax.block(block).tokens.len() == 1 && !matches!(verb, "go" | "toolchain")
    }

    fn read_one(
        &mut self,
        entry: Entry,
        read: &mut impl FnMut(&mut Self, Entry) -> Result<(), Failure>,
    ) {
        if let Err(failure) = read(self, entry) {
            self.fail(self.syntax.line(entry.line).start, failure);
        }
    }

    /// The text of argument number `n`.
    pub(super) fn string(&mut self, args: Tokens, n: usize) -> Result<String, Failure> {
        let text = spelled(self.syntax.token(args, n).unwrap_or_default())?;
        let string = to_string(&text);
        let tidy = spell(text).into_owned();
        self.syntax.set_token(args, n, &tidy);
        Ok(string)
    }

    /// The only argument of a directive as it is written.
    fn only_word(&self, entry: Entry) -> Result<String, ErrorKind> {
        match self.syntax.token(entry.args, 0) {
            Some(word) if entry.args.len() == 1 => Ok(to_string(word)),
            _ => Err(ErrorKind::ArgumentCount(entry.verb)),
        }
    }

    /// The text of the only argument of a directive.
    pub(super) fn only_string(&mut self, entry: Entry) -> Result<String, Failure> {
        match entry.args.len() {
            1 => self.string(entry.args, 0),
            _ => Err(ErrorKind::ArgumentCount(entry.verb).into()),
        }
    }

    /// The version that argument number `n` names, of the module `path`.
    pub(super) fn version(
        &mut self,
        verb: &'static str,
        path: &Arc<str>,
        args: Tokens,
        n: usize,
        versions: Versions,
    ) -> Result<Arc<str>, Failure> {
        let token = self.syntax.token(args, n).unwrap_or_default();
        let text = spelled(token).map_err(|reason| {
            Failure::about(verb, path, ErrorKind::VersionToken { token: token.to_vec(), reason })
        })?;
        if versions == Versions::AsWritten {
            let (version, text) = (to_string(&text), text.into_owned());
            self.syntax.set_token(args, n, &text);
            return Ok(version.into());
        }
        let version = match &mut self.fixer {
            Some(fix) => fix(path, &to_string(&text)).map_err(|error| match error {
                FixError::Module(error) => Failure::about(verb, path, ErrorKind::Fix(error.cause)),
                FixError::Other(error) => ErrorKind::Fix(error).into(),
            })?,
            None => str::from_utf8(&text).map(canonical_version).unwrap_or_default(),
        };
        if self.fixer.is_none() && version.is_empty() {
            return Err(Failure::about(verb, path, ErrorKind::VersionForm(text.into_owned())));
        }
        self.syntax.set_token(args, n, version.as_bytes());
        Ok(version.into())
    }

    /// Reads a version or an interval of versions of the module `path`, and tells how many of the
    /// arguments that took.
    pub(super) fn interval(
        &mut self,
        verb: &'static str,
        path: &Arc<str>,
        args: Tokens,
        versions: Versions,
    ) -> Result<(VersionInterval, usize), Failure> {
        match self.syntax.token(args, 0) {
            None | Some(b"(") => return Err(ErrorKind::Expected("'[' or version").into()),
            Some(b"[") => {}
            Some(_) => {
                let version = self.version(verb, path, args, 0, versions)?;
                return Ok((VersionInterval::new(Arc::clone(&version), version), 1));
            }
        }
        let expect = |found: bool, what| match found {
            true => Ok(()),
            false => Err(ErrorKind::Expected(what)),
        };
        expect(args.len() > 1, "version after '['")?;
        let low = self.version(verb, path, args, 1, versions)?;
        expect(self.syntax.token(args, 2) == Some(b","), "',' after version")?;
        expect(args.len() > 3, "version after ','")?;
        let high = self.version(verb, path, args, 3, versions)?;
        expect(self.syntax.token(args, 4) == Some(b"]"), "']' after version")?;
        Ok((VersionInterval { low, high }, 5))
    }

    /// The argument of a `go` directive. More than the version may stand there in lax reading.
    pub(super) fn go_version(&mut self, entry: Entry) -> Result<String, Failure> {
        let version = self.only_word(entry)?;
        if is_go_version(&version) {
            return Ok(version);
        }
        match lax_go_version(&version).filter(|_| !self.strict) {
            Some(lax) => {
                self.syntax.set_token(entry.args, 0, lax.as_bytes());
                Ok(lax.to_owned())
            }
            None => Err(ErrorKind::GoVersion(version).into()),
        }
    }

    /// The argument of a `toolchain` directive.
    pub(super) fn toolchain_name(&self, entry: Entry) -> Result<String, Failure> {
        let name = self.only_word(entry)?;
        if is_toolchain_name(&name) { Ok(name) } else { Err(ErrorKind::Toolchain(name).into()) }
    }

    /// The arguments of a `require` or `exclude` directive.
    pub(super) fn requirement(&mut self, entry: Entry) -> Result<Version, Failure> {
        let Entry { verb, args, .. } = entry;
        if args.len() != 2 {
            let exclude = verb == "exclude";
            let usage = if exclude { EXCLUDE_USAGE } else { REQUIRE_USAGE };
            return Err(ErrorKind::Usage(usage).into());
        }
        let path: Arc<str> = self.string(args, 0)?.into();
        let version = self.version(verb, &path, args, 1, Versions::Canonical)?;
        let (_, major) = split_path_version(&path).ok_or(ErrorKind::ModulePath)?;
        check_path_major(&version, major).map_err(|err| Failure::about(verb, &path, err))?;
        Ok(Version { path, version })
    }

    /// The arguments of a `replace` directive.
    pub(super) fn replace(&mut self, entry: Entry) -> Result<Replace, Failure> {
        let Entry { verb, args, .. } = entry;
        let arrow = if self.syntax.token(args, 1) == Some(b"=>") { 1 } else { 2 };
        let behind = args.len().saturating_sub(arrow + 1);
        if !matches!(behind, 1 | 2) || self.syntax.token(args, arrow) != Some(b"=>") {
            return Err(ErrorKind::Usage(REPLACE_USAGE).into());
        }
        let old: Arc<str> = self.string(args, 0)?.into();
        let about_old = |kind| Failure::about(verb, &old, kind);
        let (_, major) =
            split_path_version(&old).ok_or(ErrorKind::ModulePath).map_err(about_old)?;
        let mut old_version = Arc::default();
        if arrow == 2 {
            old_version = self.version(verb, &old, args, 1, Versions::Canonical)?;
            check_path_major(&old_version, major).map_err(|err| about_old(err.into()))?;
        }

        let new: Arc<str> = self.string(args, arrow + 1)?.into();
        let mut new_version = Arc::default();
        if behind == 2 {
            new_version = self.version(verb, &new, args, arrow + 2, Versions::Canonical)?;
            if is_directory_path(&new) {
                return Err(ErrorKind::ReplaceDirectoryVersion(new.to_string()).into());
            }
        } else if !is_directory_path(&new) {
            let at = new.contains('@');
            let kind = if at { ErrorKind::ReplaceAt } else { ErrorKind::ReplaceWithoutVersion };
            return Err(kind.into());
        } else if cfg!(not(windows)) && new.contains('\\') {
            return Err(ErrorKind::ReplaceWindows.into());
        }
        Ok(Replace { old: Version::new(old, old_version), new: Version::new(new, new_version) })
    }

    /// The argument of a `godebug` directive.
    pub(super) fn godebug(&self, entry: Entry) -> Result<Godebug, Failure> {
        let setting = self.only_word(entry).unwrap_or_default();
        let (key, value) = setting
            .split_once('=')
            .filter(|_| !setting.contains(['"', '\'', '`', ',']))
            .ok_or(ErrorKind::Usage("godebug key=value"))?;
        Ok(Godebug { key: key.to_owned(), value: value.to_owned() })
    }

    /// The texts of the comments on a line or, if it has none, on its block, one to a line.
    pub(super) fn comment_text(&mut self, entry: Entry) -> Arc<str> {
        let line = Element::Statement(Statement::Line(entry.line));
        let comments = self.syntax.comments(line);
        let block = match entry.block {
            Some(block) if comments.before().is_empty() && comments.suffix().is_empty() => block,
            _ => return self.comment_text_of(line),
        };
        match &self.block_comment {
            Some((id, text)) if *id == block => Arc::clone(text),
            _ => {
                let text = self.comment_text_of(Element::Statement(Statement::Block(block)));
                self.block_comment = Some((block, Arc::clone(&text)));
                text
            }
        }
    }

    fn comment_text_of(&self, element: Element) -> Arc<str> {
        let comments = self.syntax.comments(element);
        let spans = comments.before().iter().chain(comments.suffix());
        let texts: Vec<&[u8]> = spans
            .filter_map(|&span| self.syntax.text(span).strip_prefix(b"//"))
            .map(trim)
            .collect();
        to_string(&texts.join(&b'\n')).into()
    }
}

#[cfg(test)]
mod tests {
    use crate::spec::modfile::File;

    #[test]
    fn nobody_reads_more_errors() {
        let errors = File::parse("go.mod", "x\n".repeat(1500).as_bytes(), None).unwrap_err();
        let text = errors.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 1001);
        assert_eq!(lines.first(), Some(&"go.mod:1: unknown directive: x"));
        assert_eq!(lines.last(), Some(&"go.mod:1001: too many errors"));
    }
}
