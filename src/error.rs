//! The one error type that crosses layers.
//!
//! Each layer has small typed errors of its own; on the way up they become an [`Error`], which keeps
//! the original as its cause, knows what class of failure it is (and so the exit code), and carries
//! hints apart from the message. The message is the `go` command's wording wherever go has one.

use std::fmt;
use std::sync::Arc;

use crate::spec::goproxy_json::Origin;
use crate::spec::module::{ModuleError, Version};

/// The class of a failure; it decides the exit code and whether another proxy may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// None of the others. Exit code 1.
    Other,
    /// The command line or a setting can't be understood. Exit code 2.
    Usage,
    /// The module or version does not exist (404, 410). Exit code 3.
    NotFound,
    /// Looking it up is disabled (`GOPROXY=off`); to a chain of proxies the same as not found. Exit code 3.
    Offline,
    /// Access was denied (401, 403). Exit code 4.
    Forbidden,
    /// A checksum, signature or proof does not hold, or content breaks a rule. Exit code 5.
    Security,
    /// The network failed. Exit code 6.
    Network,
    /// A newer Go is required than the one we follow. Exit code 1.
    TooNew,
    /// The user interrupted the run. Exit code 130.
    Interrupted,
}

impl ErrorKind {
    /// The exit code of a run that ends with an error of this kind.
    pub fn exit_code(self) -> u8 {
        match self {
            ErrorKind::Other | ErrorKind::TooNew => 1,
            ErrorKind::Usage => 2,
            ErrorKind::NotFound | ErrorKind::Offline => 3,
            ErrorKind::Forbidden => 4,
            ErrorKind::Security => 5,
            ErrorKind::Network => 6,
            ErrorKind::Interrupted => 130,
        }
    }
}

/// How much is found out about a contradiction between hashes before it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Explain {
    /// Nothing more than what is known: nobody would read it.
    #[default]
    Nothing,
    /// What the checksum database says, if it may be asked about the module.
    Database,
    /// That, and what every source sends that may be asked for the module.
    Sources,
}

/// A failure with its class, its cause and what a person can do about it.
#[derive(Clone)]
pub struct Error {
    kind: ErrorKind,
    fatal: bool,
    bare: bool,
    cause: Arc<dyn std::error::Error + Send + Sync>,
    hints: Vec<String>,
    origin: Option<Arc<Origin>>,
}

impl Error {
    /// An error of class `kind` caused by `cause`, whose message it takes over.
    pub fn new(kind: ErrorKind, cause: impl std::error::Error + Send + Sync + 'static) -> Error {
        Error {
            kind,
            fatal: false,
            bare: false,
            cause: Arc::new(cause),
            hints: Vec::new(),
            origin: None,
        }
    }

    /// An error that is only a message.
    pub fn message(kind: ErrorKind, text: impl Into<String>) -> Error {
        Error::new(kind, Message(text.into()))
    }

    /// The class of the failure.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether there is no such module, version or file, so that a further proxy may be asked.
    pub fn is_not_found(&self) -> bool {
        matches!(self.kind, ErrorKind::NotFound | ErrorKind::Offline)
    }

    /// Whether a checksum, signature or proof does not hold. Never retried, never downgraded.
    pub fn is_security(&self) -> bool {
        self.kind == ErrorKind::Security
    }

    /// Whether the look-up was disabled by the user's settings.
    pub fn is_offline(&self) -> bool {
        self.kind == ErrorKind::Offline
    }

    /// Whether a newer Go is required than the one whose rules we follow.
    pub fn is_too_new(&self) -> bool {
        self.kind == ErrorKind::TooNew
    }

    /// Whether the whole run must stop at once, whatever else is under way.
    pub fn is_fatal(&self) -> bool {
        self.fatal
    }

    /// Whether go prints the message as it stands, without `go: ` before it.
    pub fn is_bare(&self) -> bool {
        self.bare
    }

    /// The same failure in another class.
    pub fn of_kind(mut self, kind: ErrorKind) -> Error {
        self.kind = kind;
        self
    }

    /// The same error, stopping the whole run.
    pub fn fatal(mut self) -> Error {
        self.fatal = true;
        self
    }

    /// The same error, printed without `go: ` before it, and left as it is by what would say which
    /// module it is about.
    pub fn bare(mut self) -> Error {
        self.bare = true;
        self
    }

    /// The same error with one more line of advice.
    pub fn hint(mut self, text: impl Into<String>) -> Error {
        let text = text.into();
        if !self.hints.contains(&text) {
            self.hints.push(text);
        }
        self
    }

    /// The same error with these lines of advice before those that it has.
    pub fn hints_first(mut self, lines: Vec<String>) -> Error {
        let later = std::mem::replace(&mut self.hints, lines);
        later.into_iter().fold(self, Error::hint)
    }

    /// What a person can do about it, most useful first.
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The exit code of a run that ends with this error.
    pub fn exit_code(&self) -> u8 {
        self.kind.exit_code()
    }

    /// The same failure said of a module version: `path@version: …`. What is said of a module
    /// already is left as it is.
    pub fn of_module(self, module: &Version) -> Error {
        if self.bare || self.module_error().is_some() {
            return self;
        }
        let wrapped = ModuleError {
            path: module.path.to_string(),
            version: module.version.to_string(),
            cause: self.cause,
        };
        Error { cause: Arc::new(wrapped), ..self }
    }

    /// The outermost cause if it is about one module version.
    pub fn module_error(&self) -> Option<&ModuleError> {
        self.cause.downcast_ref::<ModuleError>()
    }

    /// The message with `path@version: ` taken off if the error is about a module version.
    pub fn without_module(&self) -> String {
        match self.module_error() {
            Some(err) => err.cause.to_string(),
            None => self.to_string(),
        }
    }

    /// The cause if it is of this type, be it said of a module version or not.
    pub fn cause_as<T: std::error::Error + 'static>(&self) -> Option<&T> {
        let of_module = || self.module_error()?.cause.downcast_ref();
        self.cause.downcast_ref().or_else(of_module)
    }

    /// The same error, saying what in a repository it depends on: while that is unchanged, asking again
    /// is in vain.
    pub fn with_origin(mut self, origin: Option<Origin>) -> Error {
        self.origin = origin.map(Arc::new);
        self
    }

    /// What in a repository the error depends on, if it is about one.
    pub fn origin(&self) -> Option<&Origin> {
        self.origin.as_deref()
    }

    /// The cause, shared.
    pub fn cause(&self) -> Arc<dyn std::error::Error + Send + Sync> {
        Arc::clone(&self.cause)
    }

    /// The same class, hints and fatality with another cause, which usually holds this one's.
    pub fn with_cause(self, cause: impl std::error::Error + Send + Sync + 'static) -> Error {
        Error { cause: Arc::new(cause), ..self }
    }

    /// The same error with `before` put before its message, unless it is printed bare.
    pub fn context(self, before: &str) -> Error {
        if self.bare {
            return self;
        }
        let text = format!("{before}{}", self.cause);
        self.with_cause(Message(text))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.cause)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.source()
    }
}

impl From<crate::sys::IoError> for Error {
    fn from(err: crate::sys::IoError) -> Error {
        Error::new(ErrorKind::Other, err)
    }
}

/// A cause that is nothing but its text.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Message(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_is_named_once() {
        let module = Version::new("example.com/a", "v1.0.0");
        let err = Error::message(ErrorKind::NotFound, "404 Not Found").of_module(&module);
        assert_eq!(err.to_string(), "example.com/a@v1.0.0: 404 Not Found");
        let again = err.of_module(&Version::new("example.com/b", "v2.0.0"));
        assert_eq!(again.to_string(), "example.com/a@v1.0.0: 404 Not Found");
        assert_eq!(again.without_module(), "404 Not Found");
        assert!(again.is_not_found());
        assert_eq!(again.exit_code(), 3);
    }

    #[test]
    fn hints_and_fatality_survive_wrapping() {
        let err = Error::message(ErrorKind::Security, "bad").hint("look").hint("look").fatal();
        let err = err.of_module(&Version::new("example.com/a", "v1.0.0")).context("verifying ");
        assert!(err.is_fatal() && err.is_security());
        assert_eq!(err.hints(), ["look"]);
        assert_eq!(err.to_string(), "verifying example.com/a@v1.0.0: bad");
    }

    #[test]
    fn a_bare_message_stays_as_it_is() {
        let err = Error::message(ErrorKind::Security, "SECURITY ERROR").bare();
        let err = err.of_module(&Version::new("example.com/a", "v1.0.0")).context("verifying ");
        assert_eq!(err.to_string(), "SECURITY ERROR");
    }
}
