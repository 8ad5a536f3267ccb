//! Proofs that a log holds a record, and that a log has only grown.
//!
//! Implements what [Checksum database](https://go.dev/ref/mod#checksum-database) of the Go Modules
//! Reference calls inclusion and consistency: the audit paths and consistency proofs of RFC 6962,
//! sections 2.1.1 and 2.1.2.
//!
//! Both follow the way from the root down to one leaf. At each step the records `from..to` fall
//! into a left part, as large a power of two as is smaller than the whole, and a right part; the
//! hash of the part not taken goes into the proof. A record's proof goes down to its leaf. A tree's
//! proof goes towards the older tree's last leaf, only as far as the older tree ends where the
//! newer one's part does; what remains there is known to both, and is named by its hash unless it
//! is the older tree itself. Proofs list their hashes from the bottom up.
//!
//! ```text
//! size 7, record 4:   [hash of 5, hash of 6, hash of 0..4]
//! size 7, older 6:    [hash of 4..6, hash of 6, hash of 0..4]
//! size 7, older 4:    [hash of 4..7]
//! ```

use super::{LogHash, Node, subtree_hash};
use std::ops::Range;

/// Why a proof is refused or cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The record is not in the tree, or the older tree is larger or empty.
    #[error("tlog: invalid inputs in {0}")]
    InvalidInputs(&'static str),
    /// The proof does not prove it.
    #[error("invalid transparency proof")]
    Failed,
}

/// One step down from the root.
struct Step {
    /// The records below the part that was not taken.
    sibling: Range<u64>,
    /// Whether that part is the left one.
    sibling_is_left: bool,
}

/// The way from the root of a tree of `size` records towards `record`, as long as `goes_on` says so
/// of the records that remain; and these records.
fn descend(
    size: u64,
    record: u64,
    goes_on: impl Fn(&Range<u64>) -> bool,
) -> (Vec<Step>, Range<u64>) {
    let mut steps = vec![];
    let mut here = 0..size;
    while goes_on(&here) && here.end - here.start > 1 {
        let middle = here.start + (1 << (here.end - here.start - 1).ilog2());
        let (left, right) = (here.start..middle, middle..here.end);
        let sibling_is_left = record >= middle;
        let (sibling, taken) = if sibling_is_left { (left, right) } else { (right, left) };
        steps.push(Step { sibling, sibling_is_left });
        here = taken;
    }
    (steps, here)
}

fn record_steps(size: u64, record: u64) -> Vec<Step> {
    descend(size, record, |_| true).0
}

/// `older` must not be 0.
fn tree_steps(size: u64, older: u64) -> (Vec<Step>, Range<u64>) {
    descend(size, older - 1, |here| here.end != older)
}

/// Makes the proof that the tree of `size` records holds the record with this number.
pub fn prove_record<E: From<ProofError>>(
    size: u64,
    record: u64,
    mut read: impl FnMut(Node) -> Result<LogHash, E>,
) -> Result<Vec<LogHash>, E> {
    if record >= size {
        return Err(ProofError::InvalidInputs("ProveRecord").into());
    }
    let steps = record_steps(size, record);
    let siblings = steps.into_iter().rev().map(|step| step.sibling);
    siblings.map(|part| subtree_hash(part.start, part.end, &mut read)).collect()
}

/// Checks the proof that the tree of `size` records with hash `root` holds, under this number, the
/// record with hash `leaf`.
pub fn check_record(
    proof: &[LogHash],
    size: u64,
    root: LogHash,
    record: u64,
    leaf: LogHash,
) -> Result<(), ProofError> {
    if record >= size {
        return Err(ProofError::InvalidInputs("CheckRecord"));
    }
    let steps = record_steps(size, record);
    if proof.len() != steps.len() {
        return Err(ProofError::Failed);
    }
    let hash = proof.iter().zip(steps.iter().rev()).fold(leaf, |hash, (sibling, step)| {
        if step.sibling_is_left {
            LogHash::of_node(*sibling, hash)
        } else {
            LogHash::of_node(hash, *sibling)
        }
    });
    if hash == root { Ok(()) } else { Err(ProofError::Failed) }
}

/// Makes the proof that the tree of `size` records begins with the tree of `older` records.
pub fn prove_tree<E: From<ProofError>>(
    size: u64,
    older: u64,
    mut read: impl FnMut(Node) -> Result<LogHash, E>,
) -> Result<Vec<LogHash>, E> {
    if older < 1 || older > size {
        return Err(ProofError::InvalidInputs("ProveTree").into());
    }
    let (steps, common) = tree_steps(size, older);
    let bottom = (common.start > 0).then_some(common);
    let siblings = steps.into_iter().rev().map(|step| step.sibling);
    let parts = bottom.into_iter().chain(siblings);
    parts.map(|part| subtree_hash(part.start, part.end, &mut read)).collect()
}

/// Checks the proof that the tree of `size` records with hash `root` begins with the tree of
/// `older` records with hash `older_root`.
pub fn check_tree(
    proof: &[LogHash],
    size: u64,
    root: LogHash,
    older: u64,
    older_root: LogHash,
) -> Result<(), ProofError> {
    if older < 1 || older > size {
        return Err(ProofError::InvalidInputs("CheckTree"));
    }
    let (steps, common) = tree_steps(size, older);
    let (common, siblings) = match proof.split_first() {
        Some((hash, siblings)) if common.start > 0 => (*hash, siblings),
        _ if common.start == 0 => (older_root, proof),
        _ => return Err(ProofError::Failed),
    };
    if siblings.len() != steps.len() {
        return Err(ProofError::Failed);
    }
    // The same way up twice: once with all parts, once with those that the older tree has too.
    let (mut hash, mut older_hash) = (common, common);
    for (sibling, step) in siblings.iter().zip(steps.iter().rev()) {
        if step.sibling_is_left {
            hash = LogHash::of_node(*sibling, hash);
            older_hash = LogHash::of_node(*sibling, older_hash);
        } else {
            hash = LogHash::of_node(hash, *sibling);
        }
    }
    if hash == root && older_hash == older_root { Ok(()) } else { Err(ProofError::Failed) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::tlog::testlog::TestLog;
    use proptest::prelude::*;

    fn record_proof(log: &TestLog, size: u64, record: u64) -> Result<Vec<LogHash>, ProofError> {
        prove_record(size, record, log.reader())
    }

    fn tree_proof(log: &TestLog, size: u64, older: u64) -> Result<Vec<LogHash>, ProofError> {
        prove_tree(size, older, log.reader())
    }

    #[test]
    fn the_proofs_of_seven_records() {
        let log = TestLog::new(7);
        // The hash of each part, a single record or from..to.
        let part = |name: &str| {
            let (from, to) = name.split_once("..").unwrap_or((name, ""));
            let from = from.parse().unwrap();
            let to = to.parse().unwrap_or(from + 1);
            subtree_hash(from, to, log.reader::<ProofError>()).unwrap()
        };
        let parts = |names: &str| names.split_whitespace().map(part).collect::<Vec<_>>();
        let records = [
            (0, "1 2..4 4..7"),
            (1, "0 2..4 4..7"),
            (2, "3 0..2 4..7"),
            (4, "5 6 0..4"),
            (5, "4 6 0..4"),
            (6, "4..6 0..4"),
        ];
        for (record, want) in records {
            assert_eq!(record_proof(&log, 7, record), Ok(parts(want)), "record {record}");
        }
        let trees = [
            (1, "1 2..4 4..7"),
            (2, "2..4 4..7"),
            (3, "2 3 0..2 4..7"),
            (4, "4..7"),
            (5, "4 5 6 0..4"),
            (6, "4..6 6 0..4"),
            (7, ""),
        ];
        for (older, want) in trees {
            assert_eq!(tree_proof(&log, 7, older), Ok(parts(want)), "tree {older}");
        }
    }

    #[test]
    fn numbers_that_make_no_sense() {
        let log = TestLog::new(4);
        let hash = LogHash::EMPTY_TREE;
        for (size, record) in [(0, 0), (4, 4), (4, u64::MAX)] {
            let error = record_proof(&log, size, record).unwrap_err();
            assert_eq!(error.to_string(), "tlog: invalid inputs in ProveRecord");
            let error = check_record(&[], size, hash, record, hash).unwrap_err();
            assert_eq!(error.to_string(), "tlog: invalid inputs in CheckRecord");
        }
        for (size, older) in [(0, 0), (4, 0), (4, 5), (0, 1)] {
            let error = tree_proof(&log, size, older).unwrap_err();
            assert_eq!(error.to_string(), "tlog: invalid inputs in ProveTree");
            let error = check_tree(&[], size, hash, older, hash).unwrap_err();
            assert_eq!(error.to_string(), "tlog: invalid inputs in CheckTree");
        }
        let largest = i64::MAX as u64;
        assert_eq!(check_record(&[hash], largest, hash, 0, hash), Err(ProofError::Failed));
        assert_eq!(check_tree(&[hash], largest, hash, 1, hash), Err(ProofError::Failed));
    }

    /// All ways to spoil a proof that are tried: one hash more, one less, one bit flipped.
    fn spoiled(proof: &[LogHash], at: usize, bit: u8) -> Vec<Vec<LogHash>> {
        let mut longer = proof.to_vec();
        longer.insert(at % (proof.len() + 1), LogHash::EMPTY_TREE);
        let mut all = vec![longer];
        if !proof.is_empty() {
            let at = at % proof.len();
            let mut shorter = proof.to_vec();
            shorter.remove(at);
            let mut flipped = proof.to_vec();
            flipped[at].0[usize::from(bit / 8)] ^= 1 << (bit % 8);
            all.extend([shorter, flipped]);
        }
        all
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
        #[test]
        fn proofs_prove_and_spoiled_ones_do_not(
            size in 1..3000_u64,
            pick: prop::sample::Index,
            at: usize,
            bit: u8,
        ) {
            let log = TestLog::new(size);
            let root = log.tree(size).hash;
            let record = pick.index(size as usize) as u64;
            let leaf = log.hash(Node::leaf(record));
            let proof = record_proof(&log, size, record).unwrap();
            prop_assert_eq!(check_record(&proof, size, root, record, leaf), Ok(()));
            for bad in spoiled(&proof, at, bit) {
                let got = check_record(&bad, size, root, record, leaf);
                prop_assert_eq!(got, Err(ProofError::Failed));
            }
            let got = check_record(&proof, size, root, record, LogHash::EMPTY_TREE);
            prop_assert_eq!(got, Err(ProofError::Failed));
            let got = check_record(&proof, size, LogHash::EMPTY_TREE, record, leaf);
            prop_assert_eq!(got, Err(ProofError::Failed));

            let older = record + 1;
            let older_root = log.tree(older).hash;
            let proof = tree_proof(&log, size, older).unwrap();
            prop_assert_eq!(check_tree(&proof, size, root, older, older_root), Ok(()));
            for bad in spoiled(&proof, at, bit) {
                let got = check_tree(&bad, size, root, older, older_root);
                prop_assert_eq!(got, Err(ProofError::Failed));
            }
            let got = check_tree(&proof, size, root, older, LogHash::EMPTY_TREE);
            prop_assert_eq!(got, Err(ProofError::Failed));
            let got = check_tree(&proof, size, LogHash::EMPTY_TREE, older, older_root);
            prop_assert_eq!(got, Err(ProofError::Failed));
        }
    }
}
