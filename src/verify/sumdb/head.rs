//! Tree heads, and what is said when two of them contradict each other.

use super::SumdbError;
use crate::spec::note::{self, Verifier};
use crate::spec::tlog::{LogHash, Node, TileError, Tree, proof};
use std::error::Error;
use std::fmt::Write;
use std::sync::Arc;

/// A tree, and the note in which the database has signed it.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) tree: Tree,
    /// As it came; empty for [`Head::beginning`].
    pub(super) note: Arc<[u8]>,
}

impl Head {
    /// The empty tree, which needs no signature: every log begins with it.
    pub(super) fn beginning() -> Head {
        Head { tree: Tree::EMPTY, note: Arc::from([]) }
    }

    /// Opens a signed note; an empty one stands for [`Head::beginning`].
    pub(super) fn open(note: &[u8], key: &Verifier) -> Result<Head, SumdbError> {
        if note.is_empty() {
            return Ok(Head::beginning());
        }
        let text = match note::open(note, std::slice::from_ref(key)) {
            Ok(opened) => opened.text,
            Err(error) => {
                // No more is shown of a note than a note may have.
                let shown = &note[..note.len().min(note::MAX_SIZE)];
                let note = String::from_utf8_lossy(shown).into_owned();
                return Err(SumdbError::Note { error, note });
            }
        };
        match Tree::parse(&text) {
            Ok(tree) => Ok(Head { tree, note: Arc::from(note) }),
            Err(error) => Err(SumdbError::Tree { error, text }),
        }
    }

    /// The error for a tree `newer` that should begin with the tree `older` but, where that ends,
    /// has the hash `hash`. `read` gives the nodes of `newer`, if only those around `older`'s end.
    ///
    /// Its text proves the fork to anyone who has the database's key, without asking the database.
    pub(super) fn fork(
        older: &Head,
        newer: &Head,
        hash: LogHash,
        read: impl Fn(Node) -> Result<LogHash, TileError>,
    ) -> SumdbError {
        let indented = |head: &Head| String::from_utf8_lossy(&head.note).replace('\n', "\n\t");
        let mut text = format!(
            "SECURITY ERROR\n\
             go.sum database server misbehavior detected!\n\
             \n\
             old database:\n\t{}\n\
             new database:\n\t{}\n\
             proof of misbehavior:\n\t{hash}",
            indented(older),
            indented(newer),
        );
        let (older, newer) = (older.tree.size, newer.tree);
        let proof =
            proof::prove_tree(newer.size, older, |node| read(node).map_err(Box::<dyn Error>::from))
                .and_then(|proof| {
                    proof::check_tree(&proof, newer.size, newer.hash, older, hash)?;
                    Ok(proof)
                });
        // Writing to a string does not fail.
        let _ = match proof {
            Ok(proof) => proof.iter().try_for_each(|hash| write!(text, "\n\t{hash}")),
            Err(error) => writeln!(text, "\tinternal error: {error}"),
        };
        SumdbError::Fork(text)
    }
}
