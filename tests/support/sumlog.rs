//! A checksum database: a transparency log of go.sum lines, signed with Ed25519, that can be told to lie.
//!
//! A record is the two go.sum lines of a module version. The hash of record number n is
//! SHA-256(0x00 record), that of an inner node SHA-256(0x01 left right). Tiles of height 8 hold up to 256
//! neighbouring hashes of one level; level L of the tiles is level 8·L of the tree.
//!
//! | path below the database         | answer                                             |
//! |---------------------------------|----------------------------------------------------|
//! | `/supported`                    | empty, by proxies only                             |
//! | `/latest`                       | the signed tree head                               |
//! | `/lookup/PATH@VERSION`          | number, record, empty line, signed tree head       |
//! | `/tile/8/L/NNN[.p/W]`           | W (or 256) hashes                                  |
//! | `/tile/8/data/NNN[.p/W]`        | W (or 256) records, an empty line behind each      |
//!
//! A signed head is the text `go.sum database tree`, the size and the base64 of the root hash, an empty
//! line, and `— name signature`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256};

use super::faults::glob;
use super::modules::ModuleVersion;
use super::registry::Registry;
use super::reply::Reply;
use super::txtar;
use super::versions;

/// The tile height, which is the only one that is served.
const HEIGHT: usize = 8;
/// Hashes in a complete tile.
const WIDTH: usize = 1 << HEIGHT;
/// The identifier of Ed25519 in keys.
const ALGORITHM: u8 = 1;

type Hash = [u8; 32];

/// How tree heads are signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signing {
    /// With the key that [`SumLog::vkey`] names.
    Honest,
    /// With the right name and key hash, but by another key.
    OtherKey,
    /// By a signer of another name, with a key of its own.
    OtherName(String),
    /// Not at all: the line of the signature is missing.
    Unsigned,
}

/// The log, and the switches of its misbehaviour.
#[derive(Debug, Clone)]
pub struct SumLog {
    name: String,
    key: SigningKey,
    records: Vec<String>,
    /// Record numbers by `path@version`.
    numbers: BTreeMap<String, usize>,
    /// `levels[k][n]` is the hash over the records n·2^k up to (n+1)·2^k.
    levels: Vec<Vec<Hash>>,
    on_demand: bool,
    signing: Signing,
    pinned_head: Option<usize>,
    wrong_root: bool,
    refusals: Vec<(String, Reply)>,
    altered_tiles: BTreeSet<String>,
    swapped: BTreeMap<String, String>,
    tampered: BTreeMap<String, String>,
}

impl SumLog {
    /// An empty log; the name is a host, such as `sum.example.com`, and may have a path.
    ///
    /// Logs of one name have one key, so that a second log can pass itself off as a fork of the first.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            key: signing_key(name),
            records: Vec::new(),
            numbers: BTreeMap::new(),
            levels: Vec::new(),
            on_demand: false,
            signing: Signing::Honest,
            pinned_head: None,
            wrong_root: false,
            refusals: Vec::new(),
            altered_tiles: BTreeSet::new(),
            swapped: BTreeMap::new(),
            tampered: BTreeMap::new(),
        }
    }

    /// A look-up of a module that the server's registry has adds its record, as the public database does.
    pub fn on_demand(mut self) -> Self {
        self.on_demand = true;
        self
    }

    /// Begins with so many records of modules that nobody asks for, so that the tree has several tiles.
    pub fn with_history(mut self, records: usize) -> Self {
        for number in 0..records {
            let hash = BASE64_STANDARD.encode(Sha256::digest(number.to_be_bytes()));
            let module = format!("example.org/history/m{number}");
            let record = format!("{module} v1.0.0 h1:{hash}\n{module} v1.0.0/go.mod h1:{hash}\n");
            self.add_record(&format!("{module}@v1.0.0"), record);
        }
        self
    }

    /// The database's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The verifier key `name+hash+key`, which is all that GOSUMDB needs to reach it through a proxy.
    pub fn vkey(&self) -> String {
        let key = encoded_key(&self.key);
        let [a, b, c, d] = key_hash(&self.name, &key);
        let key = BASE64_STANDARD.encode(key);
        format!("{}+{a:02x}{b:02x}{c:02x}{d:02x}+{key}", self.name)
    }

    /// GOSUMDB with an explicit URL, for a database served below `base`.
    pub fn gosumdb(&self, base: &str) -> String {
        format!("{} {base}/sumdb/{}", self.vkey(), self.name)
    }

    /// The number of records.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Adds the true record of a module, unless the log has one.
    pub fn add(&mut self, module: &ModuleVersion) -> usize {
        let name = format!("{}@{}", module.path, module.version);
        match self.numbers.get(&name) {
            Some(number) => *number,
            None => self.add_record(&name, module.go_sum()),
        }
    }

    /// Adds the true records of all modules.
    pub fn add_all(&mut self, registry: &Registry) {
        for module in registry.iter() {
            self.add(module);
        }
    }

    /// Adds any record under a name `path@version`, for a log that is sound but contradicts the proxy.
    pub fn add_record(&mut self, module: &str, record: String) -> usize {
        let number = self.records.len();
        self.append(record_hash(&record));
        self.numbers.insert(module.to_owned(), number);
        self.records.push(record);
        number
    }

    /// The signed head of the tree of the first `size` records.
    pub fn head(&self, size: usize) -> String {
        let mut root = self.root(size);
        if self.wrong_root {
            root[0] ^= 1;
        }
        let text = format!("go.sum database tree\n{size}\n{}\n", BASE64_STANDARD.encode(root));
        let signature = match &self.signing {
            Signing::Honest => signature(&self.name, &self.key, &self.key, &text),
            Signing::OtherKey => signature(&self.name, &self.key, &signing_key("other"), &text),
            Signing::OtherName(name) => {
                let key = signing_key(name);
                signature(name, &key, &key, &text)
            }
            Signing::Unsigned => String::new(),
        };
        format!("{text}\n{signature}")
    }

    // The misbehaviour. Each switch stays until it is set otherwise.

    /// How heads are signed from now on.
    pub fn set_signing(&mut self, signing: Signing) {
        self.signing = signing;
    }

    /// Signs roots that the tiles do not give.
    pub fn set_wrong_root(&mut self, wrong: bool) {
        self.wrong_root = wrong;
    }

    /// Signs only the tree of the first `size` records, whatever was added since.
    pub fn pin_head(&mut self, size: Option<usize>) {
        self.pinned_head = size;
    }

    /// Rewrites history: record `number` becomes another one, and with it all that stands above it.
    pub fn fork(&mut self, number: usize) {
        let mut records = std::mem::take(&mut self.records);
        records[number] = format!("example.org/forked v1.0.{number} h1:AAAA\n");
        self.rebuild(records);
    }

    /// Forgets all records from `size` on; what is added later takes their numbers.
    pub fn rewind(&mut self, size: usize) {
        let mut records = std::mem::take(&mut self.records);
        records.truncate(size);
        self.numbers.retain(|_, number| *number < size);
        self.rebuild(records);
    }

    /// Serves a tile with one bit changed; named without its width: `0/000`, `1/000`, `0/x001/234`.
    pub fn alter_tile(&mut self, tile: &str) {
        self.altered_tiles.insert(tile.to_owned());
    }

    /// Answers the look-up of one module with the (true) record of another, both `path@version`.
    pub fn answer_with(&mut self, module: &str, other: &str) {
        self.swapped.insert(module.to_owned(), other.to_owned());
    }

    /// Answers the look-up of a module with another text than that which the log holds.
    pub fn tamper(&mut self, module: &str, record: &str) {
        self.tampered.insert(module.to_owned(), record.to_owned());
    }

    /// Answers paths that fit the pattern with a status and a text: `refuse("/lookup/example.com/p*", 410, …)`.
    pub fn refuse(&mut self, pattern: &str, status: u16, text: &str) {
        self.refusals.push((pattern.to_owned(), Reply::error(status, text)));
    }

    /// Ends all refusals.
    pub fn refuse_nothing(&mut self) {
        self.refusals.clear();
    }

    // The answers.

    /// What the database answers to a path below its root, such as `/latest`.
    pub fn respond(&mut self, path: &str, registry: &Registry) -> Reply {
        if let Some((_, refusal)) = self.refusals.iter().find(|(pattern, _)| glob(pattern, path)) {
            return refusal.clone();
        }
        if path == "/supported" {
            Reply::text("")
        } else if path == "/latest" {
            Reply::text(self.head(self.head_size()))
        } else if let Some(module) = path.strip_prefix("/lookup/") {
            self.lookup(module, registry)
        } else if let Some(tile) = path.strip_prefix("/tile/8/") {
            self.tile(tile).unwrap_or_else(|| Reply::not_found(path))
        } else {
            Reply::not_found(path)
        }
    }

    /// Writes the answers of now as files below `dir`, as a static proxy has them.
    pub fn write_proxy(&mut self, dir: &Path) {
        let root = format!("sumdb/{}", self.name);
        let mut paths = vec!["/supported".to_owned(), "/latest".to_owned()];
        paths.extend(self.numbers.keys().map(|name| format!("/lookup/{}", versions::escape(name))));
        for (level, hashes) in self.levels.iter().enumerate().step_by(HEIGHT) {
            paths.extend(tile_paths(&(level / HEIGHT).to_string(), hashes.len()));
        }
        paths.extend(tile_paths("data", self.records.len()));
        for path in paths {
            let reply = self.respond(&path, &Registry::new());
            if reply.status == 200 {
                txtar::write_file(dir, &format!("{root}{path}"), &reply.body);
            }
        }
    }

    fn lookup(&mut self, escaped: &str, registry: &Registry) -> Reply {
        let Some(name) = versions::unescape(escaped) else {
            return Reply::error(400, format!("invalid module@version: {escaped}"));
        };
        let Some((path, version)) = name.split_once('@') else {
            return Reply::error(400, "invalid module@version syntax");
        };
        if self.on_demand
            && let Some(module) = registry.find(path, version)
        {
            self.add(module);
        }
        let answered = self.swapped.get(&name).unwrap_or(&name);
        let Some(&number) = self.numbers.get(answered) else {
            return Reply::not_found(format!("{name}: unknown revision {version}"));
        };
        let record = self.tampered.get(&name).unwrap_or(&self.records[number]);
        let head = self.head(self.head_size());
        Reply::text(format!("{number}\n{record}\n{head}"))
    }

    /// The tile at `L/NNN` or `L/NNN.p/W`.
    fn tile(&self, coordinates: &str) -> Option<Reply> {
        let (place, width) = match coordinates.split_once(".p/") {
            Some((place, width)) => (place, width.parse().ok().filter(|w| (1..WIDTH).contains(w))?),
            None => (coordinates, WIDTH),
        };
        let (level, number) = place.split_once('/')?;
        let start = tile_number(number)?.checked_mul(WIDTH)?;
        let range = start..start.checked_add(width)?;
        let mut reply = if level == "data" {
            let records = self.records.get(range)?;
            let text: String = records.iter().map(|record| format!("{record}\n")).collect();
            Reply::text(text)
        } else {
            let level: usize = level.parse().ok()?;
            let hashes = self.levels.get(level.checked_mul(HEIGHT)?)?.get(range)?;
            Reply::ok("application/octet-stream", hashes.concat())
        };
        if self.altered_tiles.contains(place) {
            let mut body = reply.body.to_vec();
            body[0] ^= 1;
            reply.body = body.into();
        }
        Some(reply)
    }

    fn head_size(&self) -> usize {
        let size = self.pinned_head.unwrap_or(self.records.len());
        size.min(self.records.len())
    }

    fn rebuild(&mut self, records: Vec<String>) {
        self.levels.clear();
        for record in &records {
            self.append(record_hash(record));
        }
        self.records = records;
    }

    /// Adds a leaf, and every inner node that it completes.
    fn append(&mut self, mut hash: Hash) {
        for level in 0.. {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let hashes = &mut self.levels[level];
            hashes.push(hash);
            let [.., left, right] = hashes.as_slice() else { return };
            if hashes.len() % 2 == 1 {
                return;
            }
            hash = node_hash(left, right);
        }
    }

    /// The root hash of the first `size` records.
    fn root(&self, size: usize) -> Hash {
        // The complete subtrees that make up the tree, from the largest to the smallest.
        let mut start = 0;
        let mut subtrees = Vec::new();
        for level in (0..usize::BITS).rev().filter(|level| size >> level & 1 == 1) {
            subtrees.push(self.levels[level as usize][start >> level]);
            start += 1 << level;
        }
        let smallest = subtrees.pop();
        let root =
            smallest.map(|last| subtrees.iter().rfold(last, |right, left| node_hash(left, &right)));
        root.unwrap_or_else(|| Sha256::digest([]).into())
    }
}

fn record_hash(record: &str) -> Hash {
    Sha256::new().chain_update([0]).chain_update(record).finalize().into()
}

fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let hash = Sha256::new().chain_update([1]).chain_update(left);
    hash.chain_update(right).finalize().into()
}

/// A key that follows from a name, since tests want the same one on each run.
fn signing_key(name: &str) -> SigningKey {
    SigningKey::from_bytes(&Sha256::digest(name).into())
}

/// The public key behind the byte of its algorithm.
fn encoded_key(key: &SigningKey) -> Vec<u8> {
    let mut encoded = vec![ALGORITHM];
    encoded.extend(key.verifying_key().as_bytes());
    encoded
}

fn key_hash(name: &str, encoded_key: &[u8]) -> [u8; 4] {
    let hash = Sha256::new().chain_update(name).chain_update("\n");
    let hash: Hash = hash.chain_update(encoded_key).finalize().into();
    [hash[0], hash[1], hash[2], hash[3]]
}

/// The line of a signature that claims to be by `claimed` and is by `actual`.
fn signature(name: &str, claimed: &SigningKey, actual: &SigningKey, text: &str) -> String {
    let mut bytes = key_hash(name, &encoded_key(claimed)).to_vec();
    bytes.extend(actual.sign(text.as_bytes()).to_bytes());
    format!("— {name} {}\n", BASE64_STANDARD.encode(bytes))
}

/// `x001/x234/067` → 1234067.
fn tile_number(path: &str) -> Option<usize> {
    let groups: Vec<&str> = path.split('/').collect();
    let (last, rest) = groups.split_last()?;
    let mut number = 0_usize;
    for group in rest {
        number = number.checked_mul(1000)?.checked_add(three_digits(group.strip_prefix('x')?)?)?;
    }
    number.checked_mul(1000)?.checked_add(three_digits(last)?)
}

fn three_digits(group: &str) -> Option<usize> {
    let digits = group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| group.parse().ok())?
}

/// The paths of all tiles of a level with `count` hashes: the complete ones, and the last in every width
/// that it has had.
fn tile_paths(level: &str, count: usize) -> Vec<String> {
    let mut paths = Vec::new();
    for number in 0..count.div_ceil(WIDTH) {
        let mut name = format!("{:03}", number % 1000);
        let mut rest = number / 1000;
        while rest > 0 {
            name = format!("x{:03}/{name}", rest % 1000);
            rest /= 1000;
        }
        let path = format!("/tile/8/{level}/{name}");
        match count - number * WIDTH {
            WIDTH.. => paths.push(path),
            width => paths.extend((1..=width).map(|width| format!("{path}.p/{width}"))),
        }
    }
    paths
}
