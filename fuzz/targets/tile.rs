//! Tile paths, tree heads and records of the checksum database: never panics; a path that is
//! understood is written back the same.
#![no_main]

use gomodfetch::spec::tlog::{LogHash, Node, Record, Tile, Tree};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = Record::parse(data);
    let Ok(text) = str::from_utf8(data) else { return };
    let _ = Tree::parse(text);
    let _ = LogHash::parse(text);
    let Ok(tile) = text.parse::<Tile>() else { return };
    assert_eq!(tile.to_string(), text, "one path for one tile");
    assert!(tile.width >= 1 && u64::from(tile.width) <= 1 << tile.height);
    assert_eq!(tile.full().to_string().parse::<Tile>(), Ok(tile.full()));
    let _ = tile.in_tree(data.len() as u64);
    let _ = tile.cut_from_full(data);
    let _ = tile.hash_of(Node { level: 0, number: tile.number }, data);
    let _ = tile.top_hash(data);
});
