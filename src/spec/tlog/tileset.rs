//! Which tiles prove that given nodes belong to a given tree, and the proof itself.
//!
//! Implements how [Checksum database](https://go.dev/ref/mod#checksum-database) of the Go Modules
//! Reference lets a client check what it is given: by fetching tiles.
//!
//! The hash of a tree joins its complete subtrees, and the tops of these stand in the partial tiles
//! at the tree's right edge, all entries of which are below one of the tops. So these tiles, the
//! roots of the set, either come down to the tree's hash or at least one of them is false; which
//! one, nobody can tell. Every other tile is full, and its hash stands in its parent, on the next
//! level. A node is proved by the tile that holds it and that tile's chain of parents up to a root.
//!
//! For tiles of height 2, a tree of 15 records and record 1:
//!
//! ```text
//! roots:   tile/2/1/000.p/3   tile/2/0/003.p/3
//! chain:   tile/2/0/000 (its hash is entry 0 of tile/2/1/000.p/3)
//! ```

use super::{LogHash, Node, Tile, Tree, complete_subtrees, tree_hash};
use std::collections::HashMap;

/// Why a node is not proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// The tree has no such node.
    #[error("indexes not in tree")]
    NotInTree,
    /// The tile was not given.
    #[error("missing {0}")]
    Missing(Tile),
    /// The tile's data has another size than the tile's width asks for.
    #[error("TileReader returned bad result slice ({tile} len={size}, want {})", tile.data_size())]
    Size {
        /// The tile.
        tile: Tile,
        /// The size of what was given for it, in bytes.
        size: usize,
    },
    /// The tile, or one of the root tiles, is not of this tree.
    #[error("downloaded inconsistent tile")]
    Inconsistent,
}

/// The tiles that prove chosen nodes of a tree.
#[derive(Debug, Clone)]
pub struct TileSet {
    tree: Tree,
    height: u32,
    /// Parents before children.
    tiles: Vec<Tile>,
    /// For each tile the place of its parent; roots have none.
    parents: Vec<Option<usize>>,
    places: HashMap<Tile, usize>,
}

impl TileSet {
    /// The set for `tree`, in tiles of this height (1 to 30), with no node chosen and so no tiles.
    pub fn new(tree: Tree, height: u32) -> TileSet {
        TileSet { tree, height, tiles: vec![], parents: vec![], places: HashMap::new() }
    }

    /// The tiles of the set: first the roots, then the others, each after its parent.
    pub fn tiles(&self) -> &[Tile] {
        &self.tiles
    }

    /// Chooses `node`, adding the tiles that prove it and aren't in the set yet.
    pub fn add(&mut self, node: Node) -> Result<(), TileError> {
        let mut tile = self.tile_of(node)?;
        if self.tiles.is_empty() {
            for top in complete_subtrees(0, self.tree.size) {
                let root = self.tile_of(top)?;
                if !self.places.contains_key(&root) {
                    self.insert(root, None);
                }
            }
        }
        let mut chain = vec![];
        let mut place = loop {
            if let Some(place) = self.places.get(&tile) {
                break *place;
            }
            chain.push(tile);
            tile = tile.parent(self.tree.size).ok_or(TileError::NotInTree)?;
        };
        for tile in chain.into_iter().rev() {
            place = self.insert(tile, Some(place));
        }
        Ok(())
    }

    fn insert(&mut self, tile: Tile, parent: Option<usize>) -> usize {
        let place = self.tiles.len();
        self.tiles.push(tile);
        self.parents.push(parent);
        self.places.insert(tile, place);
        place
    }

    /// The tile that holds `node`, as wide as the tree makes it.
    fn tile_of(&self, node: Node) -> Result<Tile, TileError> {
        let tile = Tile::holding(node, self.height).in_tree(self.tree.size);
        tile.filter(|_| node.is_within(self.tree.size)).ok_or(TileError::NotInTree)
    }

    /// Authenticates the set's tiles, whose data is in `data`, against the hash of the tree.
    ///
    /// A tile that cannot be authenticated takes along those that hang on it, but no others.
    pub fn authenticate<'a>(&'a self, data: &'a HashMap<Tile, Vec<u8>>) -> AuthenticTiles<'a> {
        let roots = self.authenticate_roots(data);
        let mut found: Vec<Result<&[u8], TileError>> = Vec::with_capacity(self.tiles.len());
        for (tile, parent) in self.tiles.iter().zip(&self.parents) {
            let outcome = match parent {
                None => roots.and_then(|()| tile_data(*tile, data)),
                Some(place) => found[*place].and_then(|parent_data| {
                    let data = tile_data(*tile, data)?;
                    let want = self.tiles[*place].hash_of(tile.top(), parent_data);
                    match (want, tile.top_hash(data)) {
                        (Some(want), Some(hash)) if want == hash => Ok(data),
                        _ => Err(TileError::Inconsistent),
                    }
                }),
            };
            found.push(outcome);
        }
        AuthenticTiles { set: self, found }
    }

    fn authenticate_roots(&self, data: &HashMap<Tile, Vec<u8>>) -> Result<(), TileError> {
        let hash = tree_hash(self.tree.size, |top| {
            let tile = self.tile_of(top)?;
            tile.hash_of(top, tile_data(tile, data)?).ok_or(TileError::NotInTree)
        })?;
        if hash == self.tree.hash { Ok(()) } else { Err(TileError::Inconsistent) }
    }
}

fn tile_data(tile: Tile, data: &HashMap<Tile, Vec<u8>>) -> Result<&[u8], TileError> {
    let data = data.get(&tile).ok_or(TileError::Missing(tile))?;
    if data.len() as u64 != tile.data_size() {
        return Err(TileError::Size { tile, size: data.len() });
    }
    Ok(data)
}

/// The tiles of a set after authentication: the only way to their hashes.
#[derive(Debug)]
pub struct AuthenticTiles<'a> {
    set: &'a TileSet,
    /// In the order of the set's tiles.
    found: Vec<Result<&'a [u8], TileError>>,
}

impl AuthenticTiles<'_> {
    /// The hash of `node`, now known to be in the tree.
    ///
    /// Nodes that were not chosen can be had too if they happen to stand in a tile of the set.
    pub fn hash(&self, node: Node) -> Result<LogHash, TileError> {
        let tile = self.set.tile_of(node)?;
        let place = self.set.places.get(&tile).ok_or(TileError::Missing(tile))?;
        tile.hash_of(node, self.found[*place]?).ok_or(TileError::NotInTree)
    }

    /// The tiles that are authentic, and so may be kept.
    pub fn tiles(&self) -> impl Iterator<Item = Tile> {
        let outcomes = self.set.tiles.iter().zip(&self.found);
        outcomes.filter(|(_, outcome)| outcome.is_ok()).map(|(tile, _)| *tile)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::tlog::testlog::TestLog;
    use proptest::prelude::*;

    fn fetch(log: &TestLog, set: &TileSet) -> HashMap<Tile, Vec<u8>> {
        set.tiles().iter().map(|tile| (*tile, log.tile(*tile))).collect()
    }

    fn paths(set: &TileSet) -> Vec<String> {
        set.tiles().iter().map(Tile::to_string).collect()
    }

    #[test]
    fn which_tiles() {
        // height, size of the tree, records, tiles
        let cases = [
            (2, 1, "0", "2/0/000.p/1"),
            (2, 4, "3", "2/1/000.p/1 2/0/000"),
            (2, 15, "1", "2/1/000.p/3 2/0/003.p/3 2/0/000"),
            (2, 15, "13 1 2 5", "2/1/000.p/3 2/0/003.p/3 2/0/000 2/0/001"),
            (2, 64, "63", "2/3/000.p/1 2/2/000 2/1/003 2/0/015"),
            (8, 70000, "0", "8/2/000.p/1 8/1/001.p/17 8/0/273.p/112 8/1/000 8/0/000"),
            (1, 5, "4", "1/2/000.p/1 1/0/002.p/1"),
        ];
        for (height, size, records, want) in cases {
            let mut set = TileSet::new(Tree { size, ..Tree::EMPTY }, height);
            for record in records.split(' ') {
                set.add(Node::leaf(record.parse().unwrap())).unwrap();
            }
            let want: Vec<_> = want.split(' ').map(|path| format!("tile/{path}")).collect();
            assert_eq!(paths(&set), want, "{records} in {size}, tiles of height {height}");
        }
    }

    #[test]
    fn nodes_that_the_tree_has_not() {
        for (size, level, number) in [(0, 0, 0), (5, 0, 5), (5, 2, 1), (7, 1, 3), (7, 62, 1)] {
            let mut set = TileSet::new(Tree { size, ..Tree::EMPTY }, 2);
            assert_eq!(set.add(Node { level, number }), Err(TileError::NotInTree));
            assert!(set.tiles().is_empty());
        }
        let log = TestLog::new(9);
        let mut set = TileSet::new(log.tree(9), 2);
        set.add(Node::leaf(2)).unwrap();
        let data = fetch(&log, &set);
        let tiles = set.authenticate(&data);
        assert_eq!(tiles.hash(Node::leaf(3)), Ok(log.hash(Node::leaf(3))));
        assert_eq!(tiles.hash(Node::leaf(9)), Err(TileError::NotInTree));
        let other = "tile/2/0/001".parse().unwrap();
        assert_eq!(tiles.hash(Node::leaf(4)), Err(TileError::Missing(other)));
    }

    #[test]
    fn a_bad_tile_takes_along_only_what_hangs_on_it() {
        let log = TestLog::new(100);
        let mut set = TileSet::new(log.tree(100), 2);
        for record in [0, 5, 40, 99] {
            set.add(Node::leaf(record)).unwrap();
        }
        let good = fetch(&log, &set);
        let outcome = |data: &HashMap<Tile, Vec<u8>>| {
            let tiles = set.authenticate(data);
            [0, 5, 40, 99].map(|record| tiles.hash(Node::leaf(record)).map_err(|e| e.to_string()))
        };
        let hash = |record| Ok(log.hash(Node::leaf(record)));
        let error = |text: &str| Err(text.to_owned());
        assert_eq!(outcome(&good), [0, 5, 40, 99].map(hash));

        let mut data = good.clone();
        let leaves = "tile/2/0/001".parse::<Tile>().unwrap();
        data.get_mut(&leaves).unwrap()[0] ^= 1;
        let bad = "downloaded inconsistent tile";
        assert_eq!(outcome(&data), [hash(0), error(bad), hash(40), hash(99)]);
        assert!(!set.authenticate(&data).tiles().any(|tile| tile == leaves));
        assert_eq!(set.authenticate(&data).tiles().count(), set.tiles().len() - 1);

        data.get_mut(&leaves).unwrap().truncate(100);
        let short = "TileReader returned bad result slice (tile/2/0/001 len=100, want 128)";
        assert_eq!(outcome(&data), [hash(0), error(short), hash(40), hash(99)]);

        data.remove(&"tile/2/1/000".parse().unwrap());
        let missing = "missing tile/2/1/000";
        assert_eq!(outcome(&data), [error(missing), error(missing), hash(40), hash(99)]);

        // All hang on the roots.
        data.get_mut(&"tile/2/3/000.p/1".parse().unwrap()).unwrap()[31] ^= 128;
        assert_eq!(outcome(&data), [0; 4].map(|_| error(bad)));
        assert_eq!(set.authenticate(&data).tiles().count(), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
        #[test]
        fn any_flipped_bit_is_found(
            size in 1..3000_u64,
            height in prop_oneof![1..=3_u32, Just(8)],
            records in prop::collection::vec(any::<prop::sample::Index>(), 1..6),
            (tile, byte, bit) in any::<(prop::sample::Index, prop::sample::Index, u8)>(),
        ) {
            let log = TestLog::new(size);
            let mut set = TileSet::new(log.tree(size), height);
            let nodes: Vec<_> = records.iter().map(|r| Node::leaf(r.index(size as usize) as u64)).collect();
            for node in &nodes {
                set.add(*node).unwrap();
            }
            let mut data = fetch(&log, &set);
            prop_assert_eq!(data.len(), set.tiles().len());
            for node in &nodes {
                prop_assert_eq!(set.authenticate(&data).hash(*node), Ok(log.hash(*node)));
            }

            let tile = *tile.get(set.tiles());
            let bytes = data.get_mut(&tile).unwrap();
            let byte = byte.index(bytes.len());
            bytes[byte] ^= 1 << (bit % 8);
            let tiles = set.authenticate(&data);
            prop_assert!(!tiles.tiles().any(|kept| kept == tile));
            prop_assert!(nodes.iter().any(|node| tiles.hash(*node) == Err(TileError::Inconsistent)));
            for node in &nodes {
                prop_assert!(tiles.hash(*node).is_err() || tiles.hash(*node) == Ok(log.hash(*node)));
            }
        }
    }
}
