//! What must be proved, by which tiles; and what is true once it is.

use super::SumdbError;
use super::head::Head;
use super::lookup::{Lookup, Record};
use crate::spec::tlog::{
    AuthenticTiles, LogHash, Node, Tile, TileError, TileSet, Tree, complete_subtrees, tree_hash,
};
use std::collections::{HashMap, HashSet};

/// The height of the tiles that checksum databases serve.
const TILE_HEIGHT: u32 = 8;

/// What [`Client::check`](super::Client::check) will prove, and the tiles it needs for that.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The known tree when this was planned.
    pub(super) base: Tree,
    /// The newest head, which everything is proved against.
    pub(super) newest: Head,
    /// Heads whose trees, all different, tiles must show to be beginnings of the newest.
    older: Vec<Head>,
    lookups: Vec<Lookup>,
    tiles: TileSet,
}

impl Plan {
    /// Plans to prove that `lookups` and `heads` agree with each other and with the `known` head.
    /// `proved` are trees that are beginnings of the known one.
    pub(super) fn new(
        known: &Head,
        proved: &HashSet<Tree>,
        heads: &[&Head],
        lookups: &[Lookup],
    ) -> Result<Plan, SumdbError> {
        let mut newest = known;
        for head in heads {
            if head.tree.size > newest.tree.size {
                newest = head;
            }
        }
        let mut older: Vec<Head> = vec![];
        let mut tiles = TileSet::new(newest.tree, TILE_HEIGHT);
        for head in std::iter::once(&known).chain(heads) {
            if head.tree == newest.tree
                || proved.contains(&head.tree)
                || older.iter().any(|have| have.tree == head.tree)
            {
                continue;
            }
            let known_hash = match head.tree.size {
                0 => Some(LogHash::EMPTY_TREE),
                size if size == newest.tree.size => Some(newest.tree.hash),
                _ => None,
            };
            if let Some(hash) = known_hash {
                if hash != head.tree.hash {
                    return Err(Head::fork(head, newest, hash, |_| Err(TileError::NotInTree)));
                }
                continue;
            }
            for node in complete_subtrees(0, head.tree.size) {
                tiles.add(node).map_err(|error| tree_tile(head, newest, error))?;
            }
            older.push((*head).clone());
        }
        for lookup in lookups.iter().filter(|lookup| lookup.number < newest.tree.size) {
            tiles.add(Node::leaf(lookup.number)).map_err(SumdbError::Tile)?;
        }
        Ok(Plan {
            base: known.tree,
            newest: newest.clone(),
            older,
            lookups: lookups.to_vec(),
            tiles,
        })
    }

    /// The tiles to fetch: every one once, in an order that depends on nothing but the look-ups.
    pub fn tiles(&self) -> &[Tile] {
        self.tiles.tiles()
    }

    /// Proves all that the plan is about.
    pub(super) fn prove(&self, data: &HashMap<Tile, Vec<u8>>) -> Result<Proof, SumdbError> {
        let tiles = self.tiles.authenticate(data);
        let mut trees = HashSet::new();
        let mut unproved = HashMap::new();
        for head in &self.older {
            // The head of a look-up concerns nothing but look-ups with this head, unless it proves
            // a fork. The known one and the file's concern all that comes after.
            let is_optional = head.tree != self.base
                && self.lookups.iter().any(|lookup| lookup.head.tree == head.tree);
            match self.prove_head(head, &tiles) {
                Ok(()) => {
                    trees.insert(head.tree);
                }
                Err(error @ SumdbError::TreeTile { .. }) if is_optional => {
                    unproved.insert(head.tree, error);
                }
                Err(error) => return Err(error),
            }
        }
        let records = self.lookups.iter().map(|lookup| match unproved.get(&lookup.head.tree) {
            Some(error) => Err(error.clone()),
            None => self.prove_record(lookup, &tiles),
        });
        Ok(Proof { trees, records: records.collect(), tiles: tiles.tiles().collect() })
    }

    fn prove_head(&self, head: &Head, tiles: &AuthenticTiles<'_>) -> Result<(), SumdbError> {
        let hash = tree_hash(head.tree.size, |node| tiles.hash(node))
            .map_err(|error| tree_tile(head, &self.newest, error))?;
        if hash == head.tree.hash {
            return Ok(());
        }
        Err(Head::fork(head, &self.newest, hash, |node| tiles.hash(node)))
    }

    fn prove_record(
        &self,
        lookup: &Lookup,
        tiles: &AuthenticTiles<'_>,
    ) -> Result<Record, SumdbError> {
        let (number, size) = (lookup.number, self.newest.tree.size);
        if number >= size {
            return Err(SumdbError::RecordBeyondTree { number, size });
        }
        let hash = tiles.hash(Node::leaf(number)).map_err(SumdbError::Tile)?;
        if hash == lookup.leaf {
            Ok(lookup.record.clone())
        } else {
            Err(SumdbError::RecordNotInTree)
        }
    }
}

fn tree_tile(older: &Head, newer: &Head, error: TileError) -> SumdbError {
    SumdbError::TreeTile { older: older.tree.size, newer: newer.tree.size, error }
}

/// What is true after [`Plan::prove`].
pub(super) struct Proof {
    /// Trees that are beginnings of the plan's newest.
    pub(super) trees: HashSet<Tree>,
    /// For each look-up, in their order.
    pub(super) records: Vec<Result<Record, SumdbError>>,
    /// The tiles that are authentic.
    pub(super) tiles: Vec<Tile>,
}
