//! What can go wrong between a checksum database and its client.

use crate::spec::module::{EscapeVersionError, InvalidPathError};
use crate::spec::note::{KeyError, NoteError};
use crate::spec::tlog::{TextError, TileError};

/// An answer of the database, or the kept tree head, is refused.
///
/// The wordings are those of the `go` command, without the `path@version: ` in front that it puts
/// before each; a caller knows better for which of a module's two hashes it asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SumdbError {
    /// The database's key cannot be read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The module path has no escaped form, so there is nothing to look up.
    #[error(transparent)]
    Path(#[from] InvalidPathError),
    /// The version has no escaped form, so there is nothing to look up.
    #[error(transparent)]
    Version(#[from] EscapeVersionError),
    /// The tree head that was kept from earlier runs is refused.
    #[error("initializing sumdb.Client: {0}")]
    Stored(Box<SumdbError>),
    /// A tree head is not signed as it should be.
    #[error("reading tree note: {error}\nnote:\n{note}")]
    Note {
        /// What is wrong with it.
        error: NoteError,
        /// The head as it came.
        note: String,
    },
    /// A signed note is no tree head.
    #[error("reading tree: {error}\ntree:\n{text}")]
    Tree {
        /// What is wrong with it.
        error: TextError,
        /// The note's text.
        text: String,
    },
    /// The answer to a look-up does not begin with a record.
    #[error(transparent)]
    Record(TextError),
    /// Two signed trees contradict each other: the text shows both, and the proof.
    #[error("{0}")]
    Fork(String),
    /// The record's number is beyond the newest tree that the database has signed.
    #[error("cannot validate record {number} in tree of size {size}")]
    RecordBeyondTree {
        /// The record's number.
        number: u64,
        /// The number of records in the tree.
        size: u64,
    },
    /// The log has another record under this number.
    #[error("cannot authenticate record data in server response")]
    RecordNotInTree,
    /// A tile that the record's proof needs is missing or not authentic.
    #[error(transparent)]
    Tile(TileError),
    /// A tile is missing or not authentic that is needed to compare two trees.
    #[error("checking tree#{older} against tree#{newer}: {error}")]
    TreeTile {
        /// The size of the older tree.
        older: u64,
        /// The size of the newer tree.
        newer: u64,
        /// What is wrong with the tile.
        error: TileError,
    },
    /// The client's tree head has moved on since this was planned: plan again.
    #[error("the tree head has changed since the proof was planned")]
    HeadMoved,
}

impl SumdbError {
    /// Whether content was refused because it is not what the database has signed, rather than
    /// because it came in a wrong form, or not at all. A head without any signature counts too.
    pub fn is_security(&self) -> bool {
        match self {
            SumdbError::Fork(_)
            | SumdbError::RecordBeyondTree { .. }
            | SumdbError::RecordNotInTree => true,
            SumdbError::Note { .. } => true,
            SumdbError::Tile(error) | SumdbError::TreeTile { error, .. } => {
                *error == TileError::Inconsistent
            }
            SumdbError::Stored(error) => error.is_security(),
            SumdbError::Key(_)
            | SumdbError::Path(_)
            | SumdbError::Version(_)
            | SumdbError::Tree { .. }
            | SumdbError::Record(_)
            | SumdbError::HeadMoved => false,
        }
    }

    /// Whether it has no form at all, as what was cut off has none.
    pub fn is_malformed(&self) -> bool {
        match self {
            SumdbError::Note { error, .. } => *error == NoteError::Malformed,
            SumdbError::Stored(error) => error.is_malformed(),
            SumdbError::Tree { .. } | SumdbError::Record(_) => true,
            _ => false,
        }
    }

    /// Whether somebody has signed in the database's place, or the database has signed two logs:
    /// nothing that comes from there can be trusted any more.
    pub fn is_forgery(&self) -> bool {
        match self {
            SumdbError::Fork(_) => true,
            SumdbError::Note { error, .. } => *error != NoteError::Malformed,
            SumdbError::Stored(error) => error.is_forgery(),
            _ => false,
        }
    }
}
