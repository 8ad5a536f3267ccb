//! Which of several proxies joined by `|` is asked first for a module.
//!
//! Only those that stand next to each other with `|` between them change places; `,`, `direct` and
//! `off` stay where they are, and so does every separator. Backups come last among them.
//!
//! `spread` is weighted rendezvous hashing: each proxy has a number for each module, from a hash of
//! both, and the highest is first. A module stays with its proxy whatever happens to the others, so
//! that each holds its share in its own cache.

use std::time::Duration;

use sha2::{Digest, Sha256};

/// How one is chosen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Choice {
    /// In the order of the list.
    #[default]
    InOrder,
    /// By what is remembered of their speed; those of which nothing is come after the others.
    Fastest,
    /// By a hash of the module path, in proportion to their weights.
    Spread,
}

/// What there is to choose by.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Candidate {
    /// Its address, which stands for it in hashes.
    pub name: String,
    /// Whether it comes after the others.
    pub backup: bool,
    /// Its share.
    pub weight: u32,
    /// How long it takes to answer, if that is remembered.
    pub speed: Option<Duration>,
}

/// The numbers of `candidates` in the order in which they are asked for the module `path`.
pub fn order(choice: Choice, candidates: &[&Candidate], path: &str) -> Vec<usize> {
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    let backup = |at: usize| candidates.get(at).is_some_and(|candidate| candidate.backup);
    match choice {
        Choice::InOrder => order.sort_by_key(|at| backup(*at)),
        Choice::Fastest => order.sort_by_key(|at| {
            let speed = candidates.get(*at).and_then(|candidate| candidate.speed);
            (backup(*at), speed.unwrap_or(Duration::MAX))
        }),
        Choice::Spread => {
            let scores: Vec<f64> =
                candidates.iter().map(|candidate| score(candidate, path)).collect();
            let score = |at: usize| scores.get(at).copied().unwrap_or(f64::MIN);
            order.sort_by(|a, b| {
                backup(*a).cmp(&backup(*b)).then_with(|| score(*b).total_cmp(&score(*a)))
            });
        }
    }
    order
}

/// `-weight / ln(h)`, where `h` is the hash as a number between 0 and 1.
fn score(candidate: &Candidate, path: &str) -> f64 {
    let mut hash = Sha256::new();
    hash.update(candidate.name.as_bytes());
    // No address holds a zero byte.
    hash.update([0]);
    hash.update(path.as_bytes());
    let digest = hash.finalize();
    let number = digest.iter().take(8).fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    // 53 bits fit exactly, and the half keeps it from 0 and 1.
    let uniform = ((number >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    -f64::from(candidate.weight.max(1)) / uniform.ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn candidate(name: &str, weight: u32) -> Candidate {
        Candidate { name: name.to_owned(), weight, ..Candidate::default() }
    }

    #[test]
    fn backups_are_last_and_the_fastest_is_first() {
        let mut all = ["a", "b", "c", "d"].map(|name| candidate(name, 1));
        all[0].backup = true;
        all[2].speed = Some(Duration::from_millis(20));
        all[3].speed = Some(Duration::from_millis(10));
        let all: Vec<&Candidate> = all.iter().collect();
        assert_eq!(order(Choice::InOrder, &all, "m"), [1, 2, 3, 0]);
        assert_eq!(order(Choice::Fastest, &all, "m"), [3, 2, 1, 0]);
        assert_eq!(order(Choice::Spread, &all, "m")[3], 0);
    }

    #[test]
    fn shares_are_as_the_weights_say() {
        let all = [candidate("https://a.example", 1), candidate("https://b.example", 3)];
        let all: Vec<&Candidate> = all.iter().collect();
        let first = |path: usize| order(Choice::Spread, &all, &format!("example.com/m{path}"))[0];
        let of_b = (0..10_000).filter(|path| first(*path) == 1).count();
        assert!((7300..7700).contains(&of_b), "{of_b} of 10,000, and three of four are meant");
    }

    /// The hash is part of what several machines must agree on.
    #[test]
    fn the_same_everywhere() {
        let all = ["https://a.example", "https://b.example", "https://c.example"];
        let all = all.map(|name| candidate(name, 1));
        let all: Vec<&Candidate> = all.iter().collect();
        let orders: Vec<_> = ["example.com/m", "example.com/n", "example.org/x/v2"]
            .iter()
            .map(|path| order(Choice::Spread, &all, path))
            .collect();
        assert_eq!(orders, [[0, 1, 2], [0, 1, 2], [0, 2, 1]]);
    }

    proptest! {
        /// Who leaves takes no module from one of the others to another.
        #[test]
        fn modules_stay_where_they_are(path in "[a-z]{1,8}", weights in proptest::collection::vec(1u32..5, 2..6)) {
            let all: Vec<Candidate> = weights
                .iter()
                .enumerate()
                .map(|(at, weight)| candidate(&format!("https://p{at}.example"), *weight))
                .collect();
            let before: Vec<&str> = order(Choice::Spread, &all.iter().collect::<Vec<_>>(), &path)
                .iter()
                .map(|at| &*all[*at].name)
                .collect();
            for gone in 0..all.len() {
                let left: Vec<&Candidate> =
                    all.iter().filter(|c| c.name != all[gone].name).collect();
                let after: Vec<&str> =
                    order(Choice::Spread, &left, &path).iter().map(|at| &*left[*at].name).collect();
                let mut want = before.clone();
                want.retain(|name| *name != all[gone].name);
                prop_assert_eq!(after, want);
            }
        }
    }
}
