//! The checksum database's client: never panics on answers, heads and tiles; and of a log that is
//! signed, nothing but the honest record with the honest tile is believed.
//!
//! The first three bytes say how large the log is, which record is asked for, and whether the head
//! tells the truth; then come what is changed in the tile (a byte how many, a place and a value
//! each), and the text of the record.
#![no_main]

use std::collections::HashMap;

use gomodfetch::spec::tlog::{LogHash, tree_hash};
use gomodfetch::verify::sumdb::{Client, lookup_path};
use libfuzzer_sys::fuzz_target;

#[path = "signer.rs"]
mod signer;

fuzz_target!(|data: &[u8]| {
    let signer = signer::Signer::new();
    let mut client = Client::new(&signer.key).expect("a good key");

    // Any bytes at all.
    let _ = client.open_lookup("example.com/m", "v1.0.0", data);
    let _ = Client::new(&signer.key).expect("a good key").merge_stored(data);
    if let Ok(text) = str::from_utf8(data) {
        let _ = Client::new(text);
        let _ = lookup_path(text, text);
    }

    // An answer with a signed head.
    let [size, number, truth, changes, rest @ ..] = data else { return };
    let (size, number) = (u64::from(size % 200) + 1, u64::from(*number));
    let Some((changes, record)) = rest.split_at_checked(usize::from(changes % 8) * 2) else {
        return;
    };
    let record = String::from_utf8_lossy(record);
    let leaf = |at: u64| match at == number {
        true => LogHash::of_record(record.as_bytes()),
        false => LogHash::of_record(format!("record {at}\n").as_bytes()),
    };
    let honest: Vec<u8> = (0..size).flat_map(|at| leaf(at).0).collect();
    let root = match truth % 4 {
        0 => LogHash::EMPTY_TREE,
        _ => root_of(size, leaf),
    };
    let head = signer.sign(&format!("go.sum database tree\n{size}\n{root}\n"));
    let answer = format!("{number}\n{record}\n{head}");
    let Ok(lookup) = client.open_lookup("example.com/m", "v1.0.0", answer.as_bytes()) else {
        return;
    };
    let Ok(plan) = client.plan(&[lookup]) else { return };
    let mut tile = honest.clone();
    for change in changes.chunks_exact(2) {
        let at = usize::from(change[0]) * 7 % tile.len();
        tile[at] ^= change[1];
    }
    let tiles: HashMap<_, _> = plan.tiles().iter().map(|at| (*at, tile.clone())).collect();
    let Ok(accepted) = client.check(&plan, &tiles) else { return };
    let is_honest = truth % 4 != 0 && tile == honest;
    assert!(accepted.tiles_to_save.is_empty() || is_honest, "a tile that the head does not prove");
    for proved in accepted.records.into_iter().flatten() {
        assert!(is_honest && number < size, "a record that the log does not have");
        let start = "example.com/m v1.0.0 ";
        let lines = record.split('\n').filter(|line| line.starts_with(start)).count();
        assert_eq!(proved.go_sum_lines("example.com/m", "v1.0.0").len(), lines);
    }
});

/// The root of a log of `size` records.
fn root_of(size: u64, leaf: impl Fn(u64) -> LogHash) -> LogHash {
    fn subtree(leaf: &impl Fn(u64) -> LogHash, level: u32, number: u64) -> LogHash {
        match level {
            0 => leaf(number),
            _ => LogHash::of_node(
                subtree(leaf, level - 1, number * 2),
                subtree(leaf, level - 1, number * 2 + 1),
            ),
        }
    }
    let root = tree_hash(size, |node| Ok::<_, ()>(subtree(&leaf, node.level, node.number)));
    root.expect("reading can't fail")
}
