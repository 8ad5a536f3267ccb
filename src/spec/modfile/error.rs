//! What is wrong with a go.mod or go.work, in the words of the go command.
//!
//! The text of an error is `file:line: message`; syntax errors, and errors about directives that
//! don't begin their line, have `file:line:column: message`. Where a module is at fault the
//! directive and its path stand before the message. Unlike syntax errors, of which the first ends
//! the parsing, errors about directives are collected: the texts of an [`ErrorList`] stand one
//! to a line.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use super::syntax::Position;
use super::text::StringError;
use crate::spec::module::{InvalidVersionError, ModuleError};
use crate::spec::quote::{quote, quote_bytes, quote_char};

/// All errors that were found in one file; there is at least one.
#[derive(Debug, Clone)]
pub struct ErrorList(pub Vec<Error>);

impl fmt::Display for ErrorList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, error) in self.0.iter().enumerate() {
            let separator = if n == 0 { "" } else { "\n" };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

impl StdError for ErrorList {}

/// An error at a place in a file.
#[derive(Debug, Clone)]
pub struct Error {
    /// The name of the file, as it was given to the parser.
    pub file: Arc<str>,
    /// Where in the file.
    pub position: Position,
    /// The module that is at fault, if one is.
    pub subject: Option<Subject>,
    /// What is wrong.
    pub kind: ErrorKind,
}

impl Error {
    /// An error that is about no module.
    pub(super) fn new(file: &str, position: Position, kind: ErrorKind) -> Self {
        Self { file: file.into(), position, subject: None, kind }
    }
}

/// The module that an error is about, as far as a directive tells.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The directive.
    pub verb: &'static str,
    /// The module path; empty in a `retract`, whose path stands elsewhere.
    pub path: Arc<str>,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Position { line, column } = self.position;
        match column {
            0 | 1 => write!(f, "{}:{line}: ", self.file)?,
            _ => write!(f, "{}:{line}:{column}: ", self.file)?,
        }
        match &self.subject {
            Some(Subject { verb, path }) if path.is_empty() => write!(f, "{verb}: ")?,
            Some(Subject { verb, path }) => write!(f, "{verb} {path}: ")?,
            None => {}
        }
        self.kind.fmt(f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.kind.source()
    }
}

/// What is wrong at a place in a file.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ErrorKind {
    /// A `/*` outside strings.
    #[error("mod files must use // comments (not /* */ comments)")]
    BlockComment,
    /// A string that the file ends in.
    #[error("unexpected EOF in string")]
    EndInString,
    /// A string that its line ends in.
    #[error("unexpected newline in string")]
    NewlineInString,
    /// A character that cannot be printed.
    #[error("unexpected input character {}", quote_char(*.0))]
    UnexpectedChar(char),
    /// A block that the file ends in.
    #[error(
        "syntax error (unterminated block started at {file}:{}:{})",
        .start.line,
        .start.column
    )]
    UnterminatedBlock {
        /// The name of the file.
        file: Arc<str>,
        /// Where the block began.
        start: Position,
    },
    /// More lines than any file of use has. Go knows no such limit, and takes the memory.
    #[error("too many lines (max is {0})")]
    TooManyLines(usize),
    /// More words and comments than any file of use has.
    #[error("too many words and comments (max is {0})")]
    TooManyWords(usize),
    /// A word or a string that is longer than any path or version.
    #[error("too long word (max is {0} bytes)")]
    TooLongWord(usize),
    /// More errors than anybody reads.
    #[error("too many errors")]
    TooManyErrors,
    /// Something behind a block, on its last line.
    #[error("syntax error (expected newline after closing paren)")]
    TextAfterBlock,

    /// A block of unknown directives, or with more than a directive before its parenthesis.
    #[error("unknown block type: {0}")]
    UnknownBlock(String),
    /// A directive that no rule knows.
    #[error("unknown directive: {0}")]
    UnknownDirective(String),
    /// A directive that may stand only once.
    #[error("repeated {0} statement")]
    Repeated(&'static str),
    /// A directive without, or with more than, its argument.
    #[error("{0} directive expects exactly one argument")]
    ArgumentCount(&'static str),
    /// A directive with too few or too many arguments, followed by how it is written.
    #[error("usage: {0}")]
    Usage(&'static str),
    /// An argument that is no text.
    #[error("invalid quoted string: {0}")]
    String(#[from] StringError),
    /// A `go` directive whose argument is no Go version.
    #[error("invalid go version '{0}': must match format 1.23.0")]
    GoVersion(String),
    /// A `toolchain` directive whose argument is no toolchain name.
    #[error("invalid toolchain version '{0}': must match format go1.23.0 or default")]
    Toolchain(String),
    /// A module path with a malformed major version suffix.
    #[error("invalid module path")]
    ModulePath,
    /// A token in place of a version that is no text.
    #[error("version {} invalid: {reason}", quote_bytes(token))]
    VersionToken {
        /// The token as it stands in the file.
        token: Vec<u8>,
        /// Why it is no text.
        reason: StringError,
    },
    /// A version that is not a semantic version.
    #[error("version {} invalid: must be of the form v1.2.3", quote_bytes(.0))]
    VersionForm(Vec<u8>),
    /// A version that doesn't go with the module path.
    #[error(transparent)]
    Version(Box<InvalidVersionError>),
    /// A version that could not be made canonical.
    #[error(transparent)]
    Fix(Arc<dyn StdError + Send + Sync>),

    /// A `replace` by `path@version` in one token.
    #[error("replacement module must match format 'path version', not 'path@version'")]
    ReplaceAt,
    /// A `replace` by a module without version.
    #[error(
        "replacement module without version must be directory path (rooted or starting with . or ..)"
    )]
    ReplaceWithoutVersion,
    /// A `replace` by a Windows path, on another system.
    #[error("replacement directory appears to be Windows path (on a non-windows system)")]
    ReplaceWindows,
    /// A `replace` by a directory with a version.
    #[error("replacement module directory path {} cannot have version", quote(.0))]
    ReplaceDirectoryVersion(String),

    /// A `retract` that is neither a version nor an interval.
    #[error("expected {0}")]
    Expected(&'static str),
    /// A `retract` that goes on behind its version or interval.
    #[error("unexpected token after version: {}", quote_bytes(.0))]
    AfterVersion(Vec<u8>),
    /// A `retract` in a file without `module`.
    #[error("no module directive found, so retract cannot be used")]
    RetractWithoutModule,
}

impl From<InvalidVersionError> for ErrorKind {
    fn from(error: InvalidVersionError) -> Self {
        Self::Version(Box::new(error))
    }
}

/// Why a fixer could not make a version canonical.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FixError {
    /// An error about the module itself, whose path the message about the file names already.
    #[error(transparent)]
    Module(#[from] ModuleError),
    /// Another failure, such as that of a query.
    #[error(transparent)]
    Other(Arc<dyn StdError + Send + Sync>),
}

/// An edit that would make the file invalid.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EditError {
    /// The argument for `go` is no Go version.
    #[error("invalid language version {}", quote(.0))]
    GoVersion(String),
    /// The argument for `toolchain` is no toolchain name.
    #[error("invalid toolchain name {}", quote(.0))]
    Toolchain(String),
    /// A version is not canonical, or doesn't go with the module path.
    #[error(transparent)]
    Version(#[from] InvalidVersionError),
}
