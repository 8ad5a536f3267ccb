//! A log in memory, for tests: it stores every node, and so can answer whatever a database answers.

use super::{HASH_SIZE, LogHash, Node, Tile, Tree, tree_hash};
use std::convert::Infallible;

/// A log that keeps all its nodes.
#[derive(Clone, Default)]
pub(crate) struct TestLog {
    size: u64,
    /// In storage order, see [`Node::stored_index`].
    nodes: Vec<LogHash>,
}

impl TestLog {
    /// The log with the records `record 0`, `record 1` and so on, each with a newline.
    pub(crate) fn new(size: u64) -> TestLog {
        let mut log = TestLog::default();
        for number in 0..size {
            log.append(format!("record {number}\n").as_bytes());
        }
        log
    }

    /// Adds a record and returns its number.
    pub(crate) fn append(&mut self, record: &[u8]) -> u64 {
        let mut node = Node::leaf(self.size);
        let mut hash = LogHash::of_record(record);
        self.nodes.push(hash);
        while node.number % 2 == 1 {
            hash = LogHash::of_node(self.hash(Node { number: node.number - 1, ..node }), hash);
            node = Node { level: node.level + 1, number: node.number / 2 };
            self.nodes.push(hash);
        }
        self.size += 1;
        self.size - 1
    }

    /// All complete nodes, in storage order.
    pub(crate) fn nodes(&self) -> Vec<Node> {
        (0..self.nodes.len() as u64).map(Node::from_stored_index).collect()
    }

    pub(crate) fn hash(&self, node: Node) -> LogHash {
        self.nodes[node.stored_index() as usize]
    }

    /// For the functions that ask for nodes one by one.
    pub(crate) fn reader<E>(&self) -> impl Fn(Node) -> Result<LogHash, E> {
        |node| Ok(self.hash(node))
    }

    /// The tree of the first `size` records.
    pub(crate) fn tree(&self, size: u64) -> Tree {
        let Ok(hash) = tree_hash(size, self.reader::<Infallible>());
        Tree { size, hash }
    }

    pub(crate) fn tile(&self, tile: Tile) -> Vec<u8> {
        let first = tile.number << tile.height;
        let nodes = (first..first + u64::from(tile.width))
            .map(|number| Node { level: tile.height * tile.level, number });
        let data: Vec<u8> = nodes.flat_map(|node| self.hash(node).0).collect();
        assert_eq!(data.len(), tile.width as usize * HASH_SIZE);
        data
    }
}
