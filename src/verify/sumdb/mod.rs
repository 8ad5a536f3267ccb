//! The client of a checksum database, as a state machine without I/O.
//!
//! Implements [Checksum database](https://go.dev/ref/mod#checksum-database) of the Go Modules
//! Reference: what is asked for, in which order, and what must hold before an answer is believed.
//! Asking, keeping and locking are the business of the caller.
//!
//! | what                | below the database's URL   | kept in                                   |
//! |---------------------|----------------------------|-------------------------------------------|
//! | tree head           | in each look-up            | `$GOPATH/pkg/sumdb/NAME/latest`           |
//! | look-up             | [`lookup_path`]            | `cache/download/sumdb/NAME` + the same    |
//! | tile                | `/` + its `Display`        | `cache/download/sumdb/NAME/` + `Display`  |
//!
//! A database publishes a log of records, one for each module version, and signs the hash of the
//! whole log as it stands, the tree head. The first head that a client sees it believes for its
//! signature; what it sees later must be the same log, grown. So a database that shows one log to
//! some and another to others, or changes what it has shown, leaves signed proof of that. A head
//! older than the known one is nothing suspicious (look-ups are cached by proxies, and on this
//! disk) as long as it is a beginning of the known tree.
//!
//! ```text
//! 1. new(key), then merge_stored(the kept head)
//! 2. for each module: open_lookup(the answer)                      signature good, nothing proved
//! 3. plan(all look-ups at hand), then fetch plan.tiles()
//! 4. check(plan, tiles): every tile against the newest head; every older head and every record
//!    against the tiles. Keep the tiles and look-ups that are accepted
//! 5. if the head has moved: under the lock of the file, merge_stored(what it holds now), and do
//!    what the answer says
//! ```
//!
//! Plans may overlap; one that was overtaken by a newer head ends in [`SumdbError::HeadMoved`] and
//! is made again. A look-up that fails does not fail the others of its plan, but a fork of the log
//! does, and so does a known head that cannot be compared with the newest.
//!
//! ```
//! use gomodfetch::spec::tlog::LogHash;
//! use gomodfetch::verify::sumdb::{Client, lookup_path};
//! use std::collections::HashMap;
//!
//! let key = "sum.example.com+fcd46cd2+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";
//! let mut client = Client::new(key).unwrap();
//! client.merge_stored(b"").unwrap();
//!
//! let (path, version) = ("example.com/greet", "v1.2.0");
//! assert_eq!(lookup_path(path, version).unwrap(), "/lookup/example.com/greet@v1.2.0");
//! let answer = "\
//! 1
//! example.com/greet v1.2.0 h1:WYG23cYzY999/oNezBq8+r/1o4Fc3uCF/KnyIC9T+4E=
//! example.com/greet v1.2.0/go.mod h1:05aMz8LFNEJDShx84X77o1BSh7tykZWz4PrhcUc1zow=
//!
//! go.sum database tree
//! 2
//! Ry8yqVKNq5Dc1iECgc4Cg/+RYVohpHqaxcAC67iTZ+Y=
//!
//! — sum.example.com /NRs0quxdYHe8Tp+kDxLSfPorMyfFMA9obijV7nqFQGeTMMdoxfA3yuiciRmXU8Jolqs3TPyITTDbP3JgSLnyfr89gI=
//! ";
//! let lookup = client.open_lookup(path, version, answer.as_bytes()).unwrap();
//!
//! let plan = client.plan(&[lookup]).unwrap();
//! let [tile] = plan.tiles() else { panic!("a log of two records has one tile") };
//! assert_eq!(tile.to_string(), "tile/8/0/000.p/2");
//! let hashes = [
//!     LogHash::parse("iSLu2NdKfx9y1rN4ve08fvPsoBaGd8UM6ck2FCl3+8M=").unwrap(),
//!     LogHash::of_record(answer[2..answer.find("\n\n").unwrap() + 1].as_bytes()),
//! ];
//! let data = HashMap::from([(*tile, hashes.map(|hash| hash.0).concat())]);
//!
//! let accepted = client.check(&plan, &data).unwrap();
//! let record = accepted.records[0].as_ref().unwrap();
//! assert_eq!(record.go_sum_lines(path, version).len(), 1);
//! assert!(accepted.new_head.is_some());
//! ```

mod error;
mod head;
mod lookup;
mod plan;

pub use error::SumdbError;
pub use lookup::{Lookup, MAX_LOOKUP_SIZE, Record, lookup_path};
pub use plan::Plan;

use crate::spec::note::Verifier;
use crate::spec::tlog::{Tile, Tree};
use head::Head;
use std::collections::{HashMap, HashSet};

/// What has been proved of one database so far.
#[derive(Debug, Clone)]
pub struct Client {
    key: Verifier,
    /// The newest head that everything else was proved to agree with.
    known: Head,
    /// Trees other than the known one that were proved to be beginnings of it.
    proved: HashSet<Tree>,
}

/// What [`Client::check`] has found to be true.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// For each look-up of the plan, in the plan's order, its record, or why there is none.
    pub records: Vec<Result<Record, SumdbError>>,
    /// The tiles of the plan that are authentic, and may be kept.
    pub tiles_to_save: Vec<Tile>,
    /// The new tree head, if the known one has moved: to be kept, see [`Client::merge_stored`].
    pub new_head: Option<Vec<u8>>,
}

/// What to do with the file that keeps the tree head.
#[derive(Debug)]
pub enum Merge {
    /// It holds the known head, or has just become it: leave it.
    Keep,
    /// It holds an earlier head: write this one.
    Write(Vec<u8>),
    /// It holds a head that was never compared with the known one: let go of the lock, fetch this
    /// plan's tiles, [`Client::check`] it, and merge again; so too if the answer to that is
    /// [`SumdbError::HeadMoved`].
    Prove(Box<Plan>),
}

impl Client {
    /// A client of the database with this key, `name+hash+key`, that knows no tree head.
    pub fn new(key: &str) -> Result<Client, SumdbError> {
        let key = Verifier::parse(key.trim())?;
        Ok(Client { key, known: Head::beginning(), proved: HashSet::new() })
    }

    /// The database's name, `host[/path]`.
    pub fn name(&self) -> &str {
        self.key.name()
    }

    /// Brings together the known head and the head in the file, `note` being what that holds now
    /// (empty if it holds none or doesn't exist).
    ///
    /// To be called before the first plan, when it takes over the file's head and answers
    /// [`Merge::Keep`]; and whenever the head has moved, holding the file's lock.
    pub fn merge_stored(&mut self, note: &[u8]) -> Result<Merge, SumdbError> {
        let starting = self.known.note.is_empty();
        let stored = Head::open(note, &self.key)
            .map_err(|error| if starting { SumdbError::Stored(Box::new(error)) } else { error })?;
        let plan = Plan::new(&self.known, &self.proved, &[&stored], &[])?;
        if !plan.tiles().is_empty() {
            Ok(Merge::Prove(Box::new(plan)))
        } else if self.advance(&plan.newest) || stored.tree == self.known.tree {
            Ok(Merge::Keep)
        } else {
            Ok(Merge::Write(self.known.note.to_vec()))
        }
    }

    /// Opens the answer to the look-up of this module version (see [`lookup_path`]): takes it
    /// apart, and checks the signature of the tree head in it.
    ///
    /// An answer without a tree head is a good one, as far as this goes: its record can be proved
    /// against a head that is known from elsewhere.
    pub fn open_lookup(
        &self,
        path: &str,
        version: &str,
        data: &[u8],
    ) -> Result<Lookup, SumdbError> {
        Lookup::open(path, version, data, &self.key)
    }

    /// Plans what proves, with one batch of tiles, that the newest of all heads continues every
    /// older one, and that it holds the records of `lookups`.
    ///
    /// Fails where no tile is needed to see that two heads contradict each other.
    pub fn plan(&self, lookups: &[Lookup]) -> Result<Plan, SumdbError> {
        let heads: Vec<_> = lookups.iter().map(|lookup| &lookup.head).collect();
        Plan::new(&self.known, &self.proved, &heads, lookups)
    }

    /// Proves what was planned. `tiles` are the plan's tiles as they came, from the database or
    /// from the cache; nothing of a tile is used unless all of it is authentic.
    ///
    /// A missing tile, or one of a wrong size, fails what needs it.
    pub fn check(
        &mut self,
        plan: &Plan,
        tiles: &HashMap<Tile, Vec<u8>>,
    ) -> Result<Accepted, SumdbError> {
        let newest = plan.newest.tree;
        let overtaken = self.known.tree != plan.base;
        if overtaken && self.known.tree != newest && !self.proved.contains(&newest) {
            return Err(SumdbError::HeadMoved);
        }
        let proof = plan.prove(tiles)?;
        self.proved.extend(proof.trees);
        let new_head = self.advance(&plan.newest).then(|| self.known.note.to_vec());
        Ok(Accepted { records: proof.records, tiles_to_save: proof.tiles, new_head })
    }

    /// Makes `head`, which was proved to continue the known one, the known one; whether it is newer.
    fn advance(&mut self, head: &Head) -> bool {
        let newer = head.tree.size > self.known.tree.size;
        if newer {
            self.known = head.clone();
        }
        newer
    }
}

#[cfg(test)]
mod tests;
