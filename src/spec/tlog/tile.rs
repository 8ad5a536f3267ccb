//! Tiles, the files in which a log publishes its hashes.
//!
//! Implements the answers to `/tile/H/L/K[.p/W]` of
//! [Checksum database](https://go.dev/ref/mod#checksum-database) in the Go Modules Reference.
//!
//! A tile of height H at level L lists consecutive nodes of the tree's level H*L: those from
//! K*2^H on, 2^H of them when the tile is full, fewer at the right edge of the tree. It stands for
//! the whole subtree over them, since the H-1 levels above can be computed.
//!
//! ```text
//! path   = "tile/" H "/" L "/" number [ ".p/" width ]
//! H      = 1 to 30, L = 0 to 63, both decimal
//! number = K in groups of three digits, all but the last with a leading "x": x001/x234/067
//! width  = 1 to 2^H - 1; a full tile has no width
//! data   = width * 32 bytes
//! ```
//!
//! `tile/8/1/x001/234.p/56` is the tile with the nodes 315904 to 315959 of level 8. Tiles at level
//! `data`, which hold records instead of hashes, are for mirrors; they are no [`Tile`].

use super::{HASH_SIZE, LogHash, Node};
use crate::spec::quote::quote;
use std::fmt;
use std::str::FromStr;

const MAX_HEIGHT: u32 = 30;
const MAX_LEVEL: u32 = 63;

/// A text that is no tile path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("malformed tile path {}", quote(.0))]
pub struct TilePathError(String);

/// The coordinates of a tile; `Display` and `FromStr` are its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// How many levels of the tree it stands for, 1 to 30.
    pub height: u32,
    /// Its level, in units of `height` levels of the tree, 0 to 63.
    pub level: u32,
    /// Its number within the level, from the left.
    pub number: u64,
    /// How many hashes it lists, 1 to 2^height.
    pub width: u32,
}

impl Tile {
    /// The narrowest tile of this height from which the hash of `node` can be computed.
    pub fn holding(node: Node, height: u32) -> Tile {
        let above = node.level % height;
        let number = node.number >> (height - above);
        let width = (node.number - (number << (height - above)) + 1) << above;
        Tile { height, level: node.level / height, number, width: width as u32 }
    }

    /// This tile as wide as a tree of `size` records makes it; `None` if the tree has none of it.
    pub fn in_tree(self, size: u64) -> Option<Tile> {
        let nodes = size.checked_shr(self.height * self.level)?;
        let width = nodes.checked_sub(self.number.checked_mul(1 << self.height)?)?;
        let width = width.min(1 << self.height) as u32;
        (width > 0).then_some(Tile { width, ..self })
    }

    /// The tile that lists the hash of this one, if this one is full, in a tree of `size` records.
    pub fn parent(self, size: u64) -> Option<Tile> {
        Tile { level: self.level + 1, number: self.number >> self.height, ..self }.in_tree(size)
    }

    /// The node whose hash a full tile's hashes come down to.
    pub fn top(self) -> Node {
        Node { level: self.height * (self.level + 1), number: self.number }
    }

    /// Whether the tile lists all the hashes it can have.
    pub fn is_full(self) -> bool {
        u64::from(self.width) == 1 << self.height
    }

    /// The full tile in this one's place; a database may serve only that once the tree has grown.
    pub fn full(self) -> Tile {
        Tile { width: 1 << self.height, ..self }
    }

    /// The size of the tile's data in bytes.
    pub fn data_size(self) -> u64 {
        u64::from(self.width) * HASH_SIZE as u64
    }

    /// This tile's data, cut from the data of the full tile; `None` if these have another size.
    pub fn cut_from_full(self, data: &[u8]) -> Option<&[u8]> {
        if data.len() as u64 != self.full().data_size() {
            return None;
        }
        data.get(..usize::try_from(self.data_size()).ok()?)
    }

    /// The hash of `node`, computed from this tile's `data`; `None` if the tile doesn't hold it.
    pub fn hash_of(self, node: Node, data: &[u8]) -> Option<LogHash> {
        let narrowest = Tile::holding(node, self.height);
        if data.len() as u64 != self.data_size()
            || (narrowest.level, narrowest.number) != (self.level, self.number)
        {
            return None;
        }
        let count = 1_usize << (node.level % self.height);
        let end = narrowest.width as usize;
        let (hashes, _) = data.as_chunks::<HASH_SIZE>();
        subtree(hashes.get(end.checked_sub(count)?..end)?)
    }

    /// The hash of [`Tile::top`], computed from this tile's `data`; `None` if that isn't all there.
    pub fn top_hash(self, data: &[u8]) -> Option<LogHash> {
        if !self.is_full() || data.len() as u64 != self.data_size() {
            return None;
        }
        subtree(data.as_chunks().0)
    }
}

/// The hash over `hashes`, which must be 2^n of them.
fn subtree(hashes: &[[u8; HASH_SIZE]]) -> Option<LogHash> {
    match hashes {
        [] => None,
        [hash] => Some(LogHash(*hash)),
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            Some(LogHash::of_node(subtree(left)?, subtree(right)?))
        }
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/{}/", self.height, self.level)?;
        let groups = self.number.checked_ilog(1000).unwrap_or(0);
        for group in (1..=groups).rev() {
            write!(f, "x{:03}/", self.number / 1000_u64.pow(group) % 1000)?;
        }
        write!(f, "{:03}", self.number % 1000)?;
        if !self.is_full() {
            write!(f, ".p/{}", self.width)?;
        }
        Ok(())
    }
}

impl FromStr for Tile {
    type Err = TilePathError;

    fn from_str(path: &str) -> Result<Tile, TilePathError> {
        // Every tile has one path, so a reading that is too lenient shows when it is printed.
        parse_path(path)
            .filter(|tile| tile.to_string() == path)
            .ok_or_else(|| TilePathError(path.to_owned()))
    }
}

fn parse_path(path: &str) -> Option<Tile> {
    let (height, rest) = path.strip_prefix("tile/")?.split_once('/')?;
    let (level, rest) = rest.split_once('/')?;
    let height = height.parse().ok().filter(|height| (1..=MAX_HEIGHT).contains(height))?;
    let level = level.parse().ok().filter(|level| *level <= MAX_LEVEL)?;
    let full = 1 << height;
    let (groups, width) = match rest.split_once(".p/") {
        Some((groups, width)) => (groups, width.parse().ok().filter(|w| (1..full).contains(w))?),
        None => (rest, full),
    };
    let number = groups.split('/').try_fold(0_i64, |number, group| {
        let group = group.strip_prefix('x').unwrap_or(group).parse::<u16>().ok()?;
        number.checked_mul(1000)?.checked_add(group.into())
    });
    Some(Tile { height, level, number: number?.try_into().ok()?, width })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::tlog::testlog::TestLog;
    use proptest::prelude::*;

    #[test]
    fn paths() {
        // height level number width, path
        let cases = [
            ("8 0 0 256", "tile/8/0/000"),
            ("8 0 0 1", "tile/8/0/000.p/1"),
            ("8 0 999 255", "tile/8/0/999.p/255"),
            ("8 0 1000 256", "tile/8/0/x001/000"),
            ("3 4 1234067 1", "tile/3/4/x001/x234/067.p/1"),
            ("1 63 5 2", "tile/1/63/005"),
            ("30 0 0 1073741824", "tile/30/0/000"),
            ("2 1 9223372036854775807 3", "tile/2/1/x009/x223/x372/x036/x854/x775/807.p/3"),
        ];
        for (numbers, path) in cases {
            let [height, level, number, width] =
                numbers.split(' ').map(|n| n.parse::<u64>().unwrap()).collect::<Vec<_>>()[..]
            else {
                panic!("{numbers}");
            };
            let (height, level, width) = (height as u32, level as u32, width as u32);
            let tile = Tile { height, level, number, width };
            assert_eq!(tile.to_string(), path);
            assert_eq!(path.parse(), Ok(tile));
        }
    }

    #[test]
    fn texts_that_are_no_path() {
        let cases = "
            tile tile/ tile/8 tile/8/0 tile/8/0/ /tile/8/0/000 title/8/0/000 tile/8/0/000/
            tile/0/0/000 tile/31/0/000 tile/08/0/000 tile/+8/0/000 tile/-8/0/000
            tile/8/-1/000 tile/8/00/000 tile/8/64/000 tile/8/data/000
            tile/8/0/0 tile/8/0/00 tile/8/0/0000 tile/8/0/x000 tile/8/0/1000 tile/8/0/+00
            tile/8/0/001/000 tile/8/0/x000/001 tile/8/0/x001/x000 tile/8/0/x001 tile/8/0/x1/000
            tile/8/0/000.p tile/8/0/000.p/ tile/8/0/000.p/0 tile/8/0/000.p/01 tile/8/0/000.p/256
            tile/8/0/000.p/1/2 tile/8/0/000.p/-1 tile/8/0/x000.p/1 tile/8/0/.p/1
            tile/2/1/x009/x223/x372/x036/x854/x775/808
            tile/2/1/x009/x223/x372/x036/x854/x775/x807/000";
        for path in cases.split_whitespace() {
            let error = path.parse::<Tile>().unwrap_err();
            assert_eq!(error.to_string(), format!("malformed tile path \"{path}\""));
        }
    }

    #[test]
    fn tiles_in_a_tree() {
        let tile = |path: &str| path.parse::<Tile>().unwrap();
        let cases = [
            ("tile/2/0/000.p/1", 3, Some("tile/2/0/000.p/3")),
            ("tile/2/0/000.p/1", 4, Some("tile/2/0/000")),
            ("tile/2/0/001.p/1", 4, None),
            ("tile/2/1/000.p/1", 3, None),
            ("tile/2/1/000.p/1", 15, Some("tile/2/1/000.p/3")),
            ("tile/8/63/000.p/1", u64::MAX >> 1, None),
            ("tile/30/0/x009/x223/x372/x036/x854/x775/807", u64::MAX >> 1, None),
        ];
        for (path, size, want) in cases {
            assert_eq!(tile(path).in_tree(size), want.map(tile), "{path} in {size}");
        }
        assert_eq!(tile("tile/2/0/007").parent(100), Some(tile("tile/2/1/001")));
        assert_eq!(tile("tile/2/0/007").parent(32), Some(tile("tile/2/1/001")));
        assert_eq!(tile("tile/2/0/007").parent(16), None);
        assert_eq!(tile("tile/2/0/007").top(), Node { level: 2, number: 7 });
    }

    #[test]
    fn cutting_a_full_tile() {
        let full: Vec<u8> = (0..128).collect();
        let tile: Tile = "tile/2/0/000.p/3".parse().unwrap();
        assert_eq!(tile.cut_from_full(&full), Some(&full[..96]));
        assert_eq!(tile.full().cut_from_full(&full), Some(&full[..]));
        assert_eq!(tile.cut_from_full(&full[1..]), None);
        assert_eq!(tile.cut_from_full(&[]), None);
    }

    proptest! {
        #[test]
        fn path_parsing_never_panics(path in "tile/[0-9]{1,2}/[0-9]{1,2}/[x0-9/.p]{0,20}|.*") {
            if let Ok(tile) = path.parse::<Tile>() {
                prop_assert_eq!(tile.to_string(), path);
            }
        }

        #[test]
        fn path_round_trip(height in 1..=30_u32, level in 0..=63_u32, number in 0..=i64::MAX as u64, width: u32) {
            let tile = Tile { height, level, number, width: width % (1 << height) + 1 };
            prop_assert_eq!(tile.to_string().parse(), Ok(tile));
        }

        #[test]
        fn a_tile_gives_the_hashes_it_holds(size in 1..700_u64, height in 1..=8_u32, node: prop::sample::Index, wide: bool) {
            let log = TestLog::new(size);
            let nodes = log.nodes();
            let node = *node.get(&nodes);
            let narrow = Tile::holding(node, height);
            let tile = if wide { narrow.in_tree(size).unwrap() } else { narrow };
            let data = log.tile(tile);
            prop_assert_eq!(tile.hash_of(node, &data), Some(log.hash(node)));
            prop_assert_eq!(tile.hash_of(node, &data[1..]), None);
            let elsewhere = Node { number: node.number + (1 << height), ..node };
            prop_assert_eq!(tile.hash_of(elsewhere, &data), None);
            if tile.width > 1 {
                let short = Tile { width: narrow.width - 1, ..tile };
                let data = log.tile(short);
                prop_assert_eq!(short.hash_of(node, &data), None);
            }
            prop_assert_eq!(tile.hash_of(tile.top(), &data), None);
            let top = tile.is_full().then(|| log.hash(tile.top()));
            prop_assert_eq!(tile.top_hash(&data), top);
        }
    }
}
