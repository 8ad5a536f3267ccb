//! The transparency log that a checksum database is.
//!
//! Implements the log behind
//! [Checksum database](https://go.dev/ref/mod#checksum-database) of the Go Modules Reference; its
//! hashes and proofs are those of RFC 6962, section 2.1.
//!
//! A log is a growing list of records. Over them stands a binary tree of hashes, whose root commits
//! to every record and to their order:
//!
//! ```text
//! level 0, node n = SHA-256(0x00 record_n)
//! level l, node n = SHA-256(0x01 left right), left and right being nodes 2n and 2n+1 of level l-1
//! ```
//!
//! A node is complete when all 2^l records below it exist; it never changes from then on, and only
//! complete nodes are stored. The hash of a tree of N records joins its complete subtrees, of which
//! there is one for each 1 in the binary form of N, from right to left. For N = 7:
//!
//! ```text
//!                hash
//!          ┌──────┴──────┐
//!         2,0         ┌──┴──┐
//!      ┌───┴───┐     1,2    │
//!     1,0     1,1   ┌─┴─┐   │
//!    ┌─┴─┐   ┌─┴─┐  │   │   │
//!   0,0 0,1 0,2 0,3 0,4 0,5 0,6
//! ```
//!
//! Numbers of records and of trees are below 2^63. The parts: [`Tree`] and [`Record`] are what a
//! database says of itself, [`proof`] the proofs of RFC 6962, [`Tile`] the unit in which hashes are
//! published, [`TileSet`] the choice of tiles that prove given nodes, and their authentication.

pub mod proof;
#[cfg(test)]
pub(crate) mod testlog;
mod text;
mod tile;
mod tileset;

pub use text::{MAX_RECORD_SIZE, Record, TextError, Tree, format_record, is_valid_record_text};
pub use tile::{Tile, TilePathError};
pub use tileset::{AuthenticTiles, TileError, TileSet};

use crate::spec::note::decode_base64;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use std::fmt;

/// The size of a [`LogHash`] in bytes.
pub const HASH_SIZE: usize = 32;

/// The hash of a record, of a node, or of a tree; shown as base64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogHash(pub [u8; HASH_SIZE]);

impl LogHash {
    /// The hash of the tree without records: SHA-256 of nothing.
    pub const EMPTY_TREE: LogHash = LogHash([
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9,
        0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52,
        0xb8, 0x55,
    ]);

    /// The hash of the leaf that holds `record`.
    pub fn of_record(record: &[u8]) -> LogHash {
        LogHash(Sha256::new().chain_update([0]).chain_update(record).finalize().into())
    }

    /// The hash of the node over `left` and `right`.
    pub fn of_node(left: LogHash, right: LogHash) -> LogHash {
        LogHash(
            Sha256::new()
                .chain_update([1])
                .chain_update(left.0)
                .chain_update(right.0)
                .finalize()
                .into(),
        )
    }

    /// Reads the base64 form.
    pub fn parse(text: &str) -> Option<LogHash> {
        decode_base64(text)?.try_into().ok().map(LogHash)
    }
}

impl fmt::Display for LogHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for LogHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogHash({self})")
    }
}

/// The place of a node: its level above the records, and its number within the level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// The level, 0 for records, at most 62.
    pub level: u32,
    /// The number within the level, from the left.
    pub number: u64,
}

impl Node {
    /// The leaf of the record with this number.
    pub fn leaf(record: u64) -> Node {
        Node { level: 0, number: record }
    }

    /// Whether the node is complete in a tree of `size` records.
    pub fn is_within(self, size: u64) -> bool {
        self.number < size.checked_shr(self.level).unwrap_or(0)
    }

    /// The node's index in the order in which nodes are stored.
    ///
    /// A log that appends each record's leaf and then every node that the leaf completes, lowest
    /// first, stores its nodes densely; this is the position of one, from 0.
    pub fn stored_index(self) -> u64 {
        // The record that completes the node is the last one below it. Before its leaf come all
        // earlier leaves, and of each level above the nodes that these completed.
        let last = self.number << self.level | ((1 << self.level) - 1);
        2 * last - u64::from(last.count_ones()) + u64::from(self.level)
    }

    /// The node that is stored at `index`; the inverse of [`Node::stored_index`].
    pub fn from_stored_index(index: u64) -> Node {
        // A leaf's index is at most twice its number, and short of that by less than 64.
        let mut last = index / 2;
        while Node::leaf(last + 1).stored_index() <= index {
            last += 1;
        }
        let level = (index - Node::leaf(last).stored_index()) as u32;
        Node { level, number: last >> level }
    }
}

/// The nodes that together cover the records `from..to`, each as large as can be, from the left.
///
/// `from` must be a multiple of the largest power of two that is at most `to - from`; that holds
/// for 0 and for every range that halving a tree as RFC 6962 does leads to.
pub fn complete_subtrees(from: u64, to: u64) -> impl DoubleEndedIterator<Item = Node> {
    let count = to.saturating_sub(from);
    (0..u64::BITS).rev().filter(move |level| count >> level & 1 == 1).map(move |level| {
        let before = count >> level & !1;
        Node { level, number: (from >> level) + before }
    })
}

/// The hash of the tree over the records `from..to` (see [`complete_subtrees`]), given its nodes.
pub fn subtree_hash<E>(
    from: u64,
    to: u64,
    mut read: impl FnMut(Node) -> Result<LogHash, E>,
) -> Result<LogHash, E> {
    let mut hash = None;
    for node in complete_subtrees(from, to).rev() {
        let left = read(node)?;
        hash = Some(hash.map_or(left, |right| LogHash::of_node(left, right)));
    }
    Ok(hash.unwrap_or(LogHash::EMPTY_TREE))
}

/// The hash of the tree of `size` records, given its nodes.
pub fn tree_hash<E>(size: u64, read: impl FnMut(Node) -> Result<LogHash, E>) -> Result<LogHash, E> {
    subtree_hash(0, size, read)
}

#[cfg(test)]
mod tests {
    use super::testlog::TestLog;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hashes() {
        // As sha256sum gives them for the bytes written out, in base64.
        let hello = LogHash::of_record(b"hello\n");
        assert_eq!(hello.to_string(), "VKbcG/yZDO0/V1cmTzV61wip7lTOPRFymWQbI09tWAA=");
        assert_eq!(LogHash::parse(&hello.to_string()), Some(hello));
        let empty: [u8; 32] = Sha256::digest([]).into();
        assert_eq!(LogHash::EMPTY_TREE, LogHash(empty));
        let node = LogHash::of_node(hello, LogHash::EMPTY_TREE);
        assert_eq!(node.to_string(), "dWn/kYg6h5IoYT0rCjR0gXgJGvagxK6K7xj80jMR/Yc=");
        for text in ["", "AAAA", &hello.to_string()[1..], &format!("{hello}AAAA")] {
            assert_eq!(LogHash::parse(text), None, "{text}");
        }
    }

    #[test]
    fn order_of_storage() {
        // level,number of the first 15 nodes.
        let order = "0,0 0,1 1,0 0,2 0,3 1,1 2,0 0,4 0,5 1,2 0,6 0,7 1,3 2,1 3,0";
        for (index, node) in order.split(' ').enumerate() {
            let (level, number) = node.split_once(',').unwrap();
            let node = Node { level: level.parse().unwrap(), number: number.parse().unwrap() };
            assert_eq!(node.stored_index(), index as u64, "{node:?}");
            assert_eq!(Node::from_stored_index(index as u64), node);
        }
    }

    #[test]
    fn complete_subtrees_of_ranges() {
        let cases = [
            (0, 0, ""),
            (0, 1, "0,0"),
            (0, 7, "2,0 1,2 0,6"),
            (0, 8, "3,0"),
            (4, 7, "1,2 0,6"),
            (8, 13, "2,2 0,12"),
            (96, 127, "4,6 3,14 2,30 1,62 0,126"),
            (0, i64::MAX as u64, "62,0 61,2"),
        ];
        for (from, to, want) in cases {
            let nodes = complete_subtrees(from, to).take(5);
            let nodes: Vec<_> = nodes.map(|n| format!("{},{}", n.level, n.number)).collect();
            assert_eq!(nodes[..want.split_whitespace().count()].join(" "), want, "{from}..{to}");
        }
        assert_eq!(complete_subtrees(0, i64::MAX as u64).count(), 63);
    }

    proptest! {
        #[test]
        fn stored_index_round_trip(level in 0..=62_u32, number: u64, index in 0..u64::MAX / 2) {
            let node = Node { level, number: number >> 2 >> level };
            prop_assert_eq!(Node::from_stored_index(node.stored_index()), node);
            prop_assert_eq!(Node::from_stored_index(index).stored_index(), index);
        }

        #[test]
        fn complete_nodes(size in 1..300_u64) {
            let log = TestLog::new(size);
            for node in log.nodes() {
                prop_assert!(node.is_within(size));
                let beside = Node { number: size >> node.level, ..node };
                prop_assert!(!beside.is_within(size));
            }
        }
    }
}
