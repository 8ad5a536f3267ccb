//! The client against a database in memory that may lie.

use super::*;
use crate::spec::note::signing::Signer;
use crate::spec::tlog::proof::check_tree;
use crate::spec::tlog::testlog::TestLog;
use crate::spec::tlog::{LogHash, format_record};
use proptest::prelude::*;

const NAME: &str = "sum.example.com";

type Tiles = HashMap<Tile, Vec<u8>>;

/// A database whose record n is about `example.com/mN v1.0.0`.
struct Database {
    log: TestLog,
    records: Vec<String>,
    signer: Signer,
}

impl Database {
    fn new(size: u64) -> Database {
        let mut database =
            Database { log: TestLog::default(), records: vec![], signer: Signer::new(NAME, 1) };
        database.grow(size, "h1:");
        database
    }

    /// A database that has the first `shared` records of every other, and then its own.
    fn forked(shared: u64, size: u64) -> Database {
        let mut database = Database::new(shared);
        database.grow(size, "h1:forged");
        database
    }

    fn grow(&mut self, size: u64, hash: &str) {
        for n in self.records.len() as u64..size {
            let module = format!("example.com/m{n} v1.0.0");
            self.add(format!("{module} {hash}{n}=\n{module}/go.mod {hash}{n}mod=\n"));
        }
    }

    fn add(&mut self, record: String) {
        self.log.append(record.as_bytes());
        self.records.push(record);
    }

    fn client(&self) -> Client {
        Client::new(&self.signer.verifier_key()).unwrap()
    }

    /// The signed tree of the first `size` records.
    fn head(&self, size: u64) -> String {
        self.signer.sign(&self.log.tree(size).to_string())
    }

    /// The answer to the look-up of module n when the log had `size` records.
    fn answer(&self, n: u64, size: u64) -> String {
        format_record(n, &self.records[n as usize]).unwrap() + &self.head(size)
    }

    fn lookup(&self, n: u64, size: u64) -> Lookup {
        open(&self.client(), &self.answer(n, size)).unwrap()
    }

    fn tiles(&self, plan: &Plan) -> Tiles {
        plan.tiles().iter().map(|tile| (*tile, self.log.tile(*tile))).collect()
    }

    /// Plans and checks with this database's tiles.
    fn run(&self, client: &mut Client, lookups: &[Lookup]) -> Result<Accepted, SumdbError> {
        let plan = client.plan(lookups)?;
        client.check(&plan, &self.tiles(&plan))
    }
}

/// Opens an answer; which module it was asked for plays no part.
fn open(client: &Client, answer: &str) -> Result<Lookup, SumdbError> {
    client.open_lookup("example.com/m0", "v1.0.0", answer.as_bytes())
}

/// For each record `ok`, or what is wrong with it, with a `!` before a security error.
fn outcomes(accepted: &Accepted) -> Vec<String> {
    let outcome = |record: &Result<Record, SumdbError>| match record {
        Ok(_) => "ok".to_owned(),
        Err(error) => described(error),
    };
    accepted.records.iter().map(outcome).collect()
}

fn described(error: &SumdbError) -> String {
    format!("{}{error}", if error.is_security() { "!" } else { "" })
}

#[test]
fn keys() {
    let key = Signer::new(NAME, 1).verifier_key();
    assert_eq!(Client::new(&format!(" {key}\n")).unwrap().name(), NAME);
    let error = Client::new(&key.replace("sum.", "sun.")).unwrap_err();
    assert_eq!(described(&error), "invalid verifier hash");
}

#[test]
fn paths_of_lookups() {
    for version in ["v1.0.0-RC1", "v1.0.0-RC1/go.mod"] {
        let path = lookup_path("example.com/Big/v2", version).unwrap();
        assert_eq!(path, "/lookup/example.com/!big/v2@v1.0.0-!r!c1");
    }
    let error = lookup_path("example.com/a b", "v1.0.0").unwrap_err();
    assert_eq!(described(&error), r#"malformed module path "example.com/a b": invalid char ' '"#);
    assert!(lookup_path("example.com/a", "v1.0.0/../x").is_err());
}

#[test]
fn right_answers_are_accepted() {
    let database = Database::new(700);
    let mut client = database.client();
    let kept = database.head(5);
    assert!(matches!(client.merge_stored(kept.as_bytes()), Ok(Merge::Keep)));

    // Heads older than the kept one, between, the newest, and again an older one.
    let lookups = [(3, 4), (9, 300), (600, 700), (9, 300), (4, 5)];
    let lookups = lookups.map(|(n, size)| database.lookup(n, size));
    let plan = client.plan(&lookups).unwrap();
    let paths: Vec<_> = plan.tiles().iter().map(Tile::to_string).collect();
    let want = ["tile/8/1/000.p/2", "tile/8/0/002.p/188", "tile/8/0/000", "tile/8/0/001"];
    assert_eq!(paths, want);

    let accepted = client.check(&plan, &database.tiles(&plan)).unwrap();
    assert_eq!(outcomes(&accepted), ["ok"; 5]);
    assert_eq!(accepted.new_head.unwrap(), database.head(700).into_bytes());
    assert_eq!(accepted.tiles_to_save, plan.tiles());
    let record = accepted.records[1].as_ref().unwrap();
    assert_eq!((record.path(), record.version()), ("example.com/m0", "v1.0.0"));

    // Now all of these heads are known, and only the records need tiles.
    let plan = client.plan(&lookups[3..]).unwrap();
    assert_eq!(plan.tiles().len(), 3);
    let accepted = client.check(&plan, &database.tiles(&plan)).unwrap();
    assert_eq!(outcomes(&accepted), ["ok"; 2]);
    assert_eq!(accepted.new_head, None);
}

#[test]
fn lines_of_exactly_this_module() {
    let mut database = Database::new(1);
    database.add(
        "example.com/a v1.0.0 h1:one=\n\
         example.com/a v1.0.0 h2:two=\n\
         example.com/a v1.0.0/go.mod h1:mod=\n\
         example.com/a v1.0.0-rc h1:rc=\n\
         example.com/a/b v1.0.0 h1:b=\n\
         example.com/a  v1.0.0 h1:spaces=\n"
            .to_owned(),
    );
    let mut client = database.client();
    let data = database.answer(1, 2);
    let lookup = client.open_lookup("example.com/a", "v1.0.0/go.mod", data.as_bytes()).unwrap();
    let accepted = database.run(&mut client, &[lookup]).unwrap();
    let record = accepted.records[0].as_ref().unwrap();
    assert_eq!((record.path(), record.version()), ("example.com/a", "v1.0.0"));
    let cases = [
        ("example.com/a", "v1.0.0", "h1:one= h2:two="),
        ("example.com/a", "v1.0.0/go.mod", "h1:mod="),
        ("example.com/a", "v1.0.0-rc", "h1:rc="),
        ("example.com/a/b", "v1.0.0", "h1:b="),
        // Asked for one module, the database has answered with another: nothing is proved.
        ("example.com/m1", "v1.0.0", ""),
        ("example.com/a", "v1", ""),
        ("a", "v1.0.0", ""),
    ];
    for (path, version, hashes) in cases {
        let want: Vec<_> =
            hashes.split_whitespace().map(|hash| format!("{path} {version} {hash}")).collect();
        assert_eq!(record.go_sum_lines(path, version), want);
    }
}

#[test]
fn answers_that_cannot_be_opened() {
    let database = Database::new(4);
    let client = database.client();
    let good = database.answer(2, 4);
    let (record, head) = good.split_at(good.find("go.sum database").unwrap());
    let tree = database.log.tree(4).to_string();
    let other_key = Signer::new(NAME, 2);
    let other_name = Signer::new("sun.example.com", 1);
    let note = |error: &str, note: &str| format!("reading tree note: {error}\nnote:\n{note}");
    let unverified = "note has no verifiable signatures";
    let cases = [
        ("<html>Please log in</html>\n".to_owned(), "malformed record data".to_owned()),
        (good.replacen("2\n", "-2\n", 1), "malformed record data".to_owned()),
        (good.replacen("2\n", "9223372036854775808\n", 1), "malformed record data".to_owned()),
        ("0".repeat(MAX_LOOKUP_SIZE) + &good, "malformed record data".to_owned()),
        (format!("{record}junk\n"), format!("!{}", note("malformed note", "junk\n"))),
        (format!("{record}{tree}"), format!("!{}", note("malformed note", &tree))),
        (
            record.to_owned() + &other_key.sign(&tree),
            format!("!{}", note(unverified, &other_key.sign(&tree))),
        ),
        (
            record.to_owned() + &other_name.sign(&tree),
            format!("!{}", note(unverified, &other_name.sign(&tree))),
        ),
        (
            good.replace("\n4\n", "\n5\n"),
            format!(
                "!{}",
                note(
                    &format!("invalid signature for key {NAME}+{:08x}", database.signer.hash()),
                    &head.replace("\n4\n", "\n5\n")
                )
            ),
        ),
        (
            record.to_owned() + &database.signer.sign("go.sum database tree v2\n4\n"),
            "reading tree: malformed tree note\ntree:\ngo.sum database tree v2\n4\n".to_owned(),
        ),
    ];
    for (answer, want) in cases {
        assert_eq!(described(&open(&client, &answer).unwrap_err()), want);
    }
}

#[test]
fn an_answer_without_head_needs_a_known_one() {
    let database = Database::new(3);
    let mut client = database.client();
    let headless = open(&client, &format_record(1, &database.records[1]).unwrap()).unwrap();
    let alone = database.run(&mut client, std::slice::from_ref(&headless)).unwrap();
    assert_eq!(outcomes(&alone), ["!cannot validate record 1 in tree of size 0"]);
    assert_eq!((alone.new_head, alone.tiles_to_save), (None, vec![]));
    let both = database.run(&mut client, &[headless, database.lookup(2, 3)]).unwrap();
    assert_eq!(outcomes(&both), ["ok", "ok"]);
}

#[test]
fn records_that_are_not_in_the_log() {
    let database = Database::new(400);
    let mut client = database.client();
    let answer = |n: u64, text: &str| {
        open(&database.client(), &(format_record(n, text).unwrap() + &database.head(400))).unwrap()
    };
    let lookups = [
        answer(7, "example.com/m7 v1.0.0 h1:forged=\n"),
        answer(8, &database.records[7]),
        answer(7, &database.records[7]),
        answer(400, &database.records[7]),
        answer(i64::MAX as u64, &database.records[7]),
    ];
    let accepted = database.run(&mut client, &lookups).unwrap();
    let want = [
        "!cannot authenticate record data in server response",
        "!cannot authenticate record data in server response",
        "ok",
        "!cannot validate record 400 in tree of size 400",
        "!cannot validate record 9223372036854775807 in tree of size 400",
    ];
    assert_eq!(outcomes(&accepted), want);
    // The head is good, whatever comes with it.
    assert_eq!(accepted.new_head.unwrap(), database.head(400).into_bytes());
}

#[test]
fn tiles_that_are_wrong() {
    let database = Database::new(600);
    let lookups = [0, 300, 599].map(|n| database.lookup(n, 600));
    let plan = database.client().plan(&lookups).unwrap();
    let tile = |path: &str| path.parse::<Tile>().unwrap();
    let outcome = |change: &dyn Fn(&mut Tiles)| {
        let mut tiles = database.tiles(&plan);
        change(&mut tiles);
        outcomes(&database.client().check(&plan, &tiles).unwrap())
    };
    let inconsistent = "!downloaded inconsistent tile";
    let leaves = tile("tile/8/0/001");
    assert_eq!(
        outcome(&|tiles| tiles.get_mut(&leaves).unwrap()[255 * 32] ^= 1),
        ["ok", inconsistent, "ok"]
    );
    assert_eq!(
        outcome(&|tiles| tiles.get_mut(&leaves).unwrap().truncate(45 * 32)),
        ["ok", "TileReader returned bad result slice (tile/8/0/001 len=1440, want 8192)", "ok"]
    );
    assert_eq!(
        outcome(&|tiles| tiles.get_mut(&leaves).unwrap().push(0)),
        ["ok", "TileReader returned bad result slice (tile/8/0/001 len=8193, want 8192)", "ok"]
    );
    assert_eq!(outcome(&|tiles| drop(tiles.remove(&leaves))), ["ok", "missing tile/8/0/001", "ok"]);
    let root = tile("tile/8/1/000.p/2");
    assert_eq!(outcome(&|tiles| tiles.get_mut(&root).unwrap()[0] ^= 1), [inconsistent; 3]);

    // A known head that cannot be compared with the newest fails the whole plan, an older head
    // only the look-up that it came with.
    let mut client = database.client();
    client.merge_stored(database.head(100).as_bytes()).unwrap();
    let lookups = [database.lookup(1, 290), database.lookup(599, 600)];
    let plan = client.plan(&lookups).unwrap();
    let mut tiles = database.tiles(&plan);
    tiles.get_mut(&leaves).unwrap()[0] ^= 1;
    let accepted = client.clone().check(&plan, &tiles).unwrap();
    let against = format!("!checking tree#290 against tree#600: {}", &inconsistent[1..]);
    assert_eq!(outcomes(&accepted), [against.as_str(), "ok"]);
    assert!(accepted.new_head.is_some());
    tiles.remove(&tile("tile/8/0/000"));
    let error = client.check(&plan, &tiles).unwrap_err();
    assert_eq!(described(&error), "checking tree#100 against tree#600: missing tile/8/0/000");
    // So too if a look-up came with the known head.
    let plan = client.plan(&[database.lookup(1, 100), database.lookup(599, 600)]).unwrap();
    let error = client.check(&plan, &tiles).unwrap_err();
    assert_eq!(described(&error), "checking tree#100 against tree#600: missing tile/8/0/000");
}

#[test]
fn absurd_sizes() {
    let database = Database::new(3);
    let huge = Tree { size: i64::MAX as u64, hash: LogHash::EMPTY_TREE };
    let head = database.signer.sign(&huge.to_string());
    let record = |n: u64| format_record(n, &database.records[0]).unwrap();
    let mut client = database.client();
    let lookup = open(&client, &(record(i64::MAX as u64 - 1) + &head)).unwrap();
    let plan = client.plan(&[lookup, database.lookup(0, 3)]).unwrap();
    assert!(plan.tiles().len() < 20);
    let tiles = plan.tiles().iter().map(|tile| (*tile, vec![0; tile.data_size() as usize]));
    let accepted = client.check(&plan, &tiles.collect()).unwrap();
    let error = "downloaded inconsistent tile";
    let want =
        [format!("!{error}"), format!("!checking tree#3 against tree#{}: {error}", huge.size)];
    assert_eq!(outcomes(&accepted), want);

    let too_large = head.replace(&huge.size.to_string(), "9223372036854775808");
    let (text, _) = too_large.split_once("\n\n").unwrap();
    let answer = record(0) + &database.signer.sign(&format!("{text}\n"));
    let error = open(&client, &answer).unwrap_err();
    assert_eq!(described(&error), format!("reading tree: malformed tree note\ntree:\n{text}\n"));
}

/// Checks the text of a fork between two databases' trees of these sizes, the older first: it shows
/// both heads, and its hashes prove that the newer tree does not begin with the older.
fn check_fork(error: &SumdbError, older: (&Database, u64), newer: (&Database, u64)) {
    assert!(error.is_security());
    let text = error.to_string();
    let [old, new] = [older, newer].map(|(database, size)| database.head(size));
    let start = format!(
        "SECURITY ERROR\n\
         go.sum database server misbehavior detected!\n\
         \n\
         old database:\n\t{}\n\
         new database:\n\t{}\n\
         proof of misbehavior:\n\t",
        old.replace('\n', "\n\t"),
        new.replace('\n', "\n\t"),
    );
    let hashes = text.strip_prefix(&start).unwrap_or_else(|| panic!("{text}"));
    let hashes: Vec<_> = hashes.split("\n\t").map(|hash| LogHash::parse(hash).unwrap()).collect();
    let (hash, proof) = hashes.split_first().unwrap();
    let [old, new] = [older, newer].map(|(database, size)| database.log.tree(size));
    assert_ne!(*hash, old.hash);
    assert_eq!(check_tree(proof, new.size, new.hash, old.size, *hash), Ok(()));
}

#[test]
fn forks_are_proved() {
    let honest = Database::new(900);
    // The size of the known tree and of the one that the liar shows, and what the logs share.
    let cases = [(300, 800, 299), (300, 800, 0), (512, 513, 511), (1, 900, 0), (899, 900, 500)];
    for (known, shown, shared) in cases {
        let liar = Database::forked(shared, 900);
        let mut client = honest.client();
        client.merge_stored(honest.head(known).as_bytes()).unwrap();
        let plan = client.plan(&[liar.lookup(0, shown)]).unwrap();
        let error = client.check(&plan, &liar.tiles(&plan)).unwrap_err();
        check_fork(&error, (&honest, known), (&liar, shown));

        // With the tiles of the log that is known, the liar's head isn't believed at all.
        let error = client.check(&plan, &honest.tiles(&plan)).unwrap_err();
        let want =
            format!("!checking tree#{known} against tree#{shown}: downloaded inconsistent tile");
        assert_eq!(described(&error), want);
        assert!(matches!(client.merge_stored(honest.head(known).as_bytes()), Ok(Merge::Keep)));
    }
}

#[test]
fn a_rewound_log_may_be_shorter_but_not_different() {
    let honest = Database::new(900);
    let mut client = honest.client();
    client.merge_stored(honest.head(800).as_bytes()).unwrap();

    // Cut back to what it was: a beginning of the known log, such as an old answer shows.
    let accepted = honest.run(&mut client, &[honest.lookup(0, 300)]).unwrap();
    assert_eq!((outcomes(&accepted), accepted.new_head), (vec!["ok".to_owned()], None));

    // Cut back and grown again, less far than it was, and further.
    let liar = Database::forked(290, 900);
    let plan = client.plan(&[liar.lookup(0, 310)]).unwrap();
    let error = client.check(&plan, &honest.tiles(&plan)).unwrap_err();
    check_fork(&error, (&liar, 310), (&honest, 800));
    let error = liar.run(&mut client, &[liar.lookup(0, 900)]).unwrap_err();
    check_fork(&error, (&honest, 800), (&liar, 900));
}

#[test]
fn two_trees_of_one_size_need_no_tiles() {
    let (honest, liar) = (Database::new(50), Database::forked(49, 50));
    let mut client = honest.client();
    let lookups = [honest.lookup(0, 50), liar.lookup(0, 50)];
    check_fork(&client.plan(&lookups).unwrap_err(), (&liar, 50), (&honest, 50));
    client.merge_stored(honest.head(50).as_bytes()).unwrap();
    check_fork(&client.plan(&lookups[1..]).unwrap_err(), (&liar, 50), (&honest, 50));
    let error = client.merge_stored(liar.head(50).as_bytes()).unwrap_err();
    check_fork(&error, (&liar, 50), (&honest, 50));
}

#[test]
fn an_empty_tree_has_one_hash() {
    let database = Database::new(2);
    let empty = database.head(0);
    let mut client = database.client();
    assert!(matches!(client.merge_stored(empty.as_bytes()), Ok(Merge::Keep)));
    let accepted = database.run(&mut client, &[database.lookup(0, 0)]).unwrap();
    assert_eq!(outcomes(&accepted), ["!cannot validate record 0 in tree of size 0"]);
    let accepted = database.run(&mut client, &[database.lookup(0, 0), database.lookup(0, 2)]);
    assert_eq!(outcomes(&accepted.unwrap()), ["ok", "ok"]);

    let hash = LogHash::of_record(b"");
    let odd = database.signer.sign(&Tree { size: 0, hash }.to_string());
    for error in [
        client.merge_stored(odd.as_bytes()).unwrap_err(),
        database.client().merge_stored(odd.as_bytes()).unwrap_err(),
    ] {
        let text = error.to_string();
        assert!(text.starts_with("SECURITY ERROR\n") && error.is_security(), "{text}");
        let hash = format!("proof of misbehavior:\n\t{}\t", LogHash::EMPTY_TREE);
        assert!(text.contains(&hash), "{text}");
    }
}

/// What merging says, in words, and where it wants tiles, what it says after these were checked.
fn merged(client: &mut Client, note: &str, database: &Database) -> String {
    match client.merge_stored(note.as_bytes()) {
        Ok(Merge::Keep) => "keep".to_owned(),
        Ok(Merge::Write(head)) => format!("write {}", String::from_utf8(head).unwrap()),
        Ok(Merge::Prove(plan)) => match client.check(&plan, &database.tiles(&plan)) {
            Ok(accepted) => {
                assert_eq!(accepted.tiles_to_save, plan.tiles());
                format!("prove, {}", merged(client, note, database))
            }
            Err(error) => format!("prove, {error}"),
        },
        Err(error) => described(&error),
    }
}

#[test]
fn merging_with_the_file() {
    let database = Database::new(900);
    let write = |size: u64| format!("write {}", database.head(size));
    let start = |size: u64| {
        let mut client = database.client();
        let head = if size > 0 { database.head(size) } else { String::new() };
        assert_eq!(merged(&mut client, &head, &database), "keep");
        client
    };
    // The file still holds nothing, or what it held before, or has been changed by others.
    assert_eq!(merged(&mut start(0), "", &database), "keep");
    assert_eq!(merged(&mut start(500), "", &database), write(500));
    assert_eq!(merged(&mut start(500), &database.head(0), &database), write(500));
    assert_eq!(merged(&mut start(500), &database.head(500), &database), "keep");
    assert_eq!(
        merged(&mut start(500), &database.head(300), &database),
        format!("prove, {}", write(500))
    );
    let mut client = start(500);
    assert_eq!(merged(&mut client, &database.head(800), &database), "prove, keep");
    // The known head has become that of the file, and what was known before is behind it.
    assert_eq!(merged(&mut client, &database.head(500), &database), write(800));

    // After a look-up: the head that was in the file when we began has been compared already.
    let mut client = start(500);
    database.run(&mut client, &[database.lookup(0, 700)]).unwrap();
    assert_eq!(merged(&mut client, &database.head(500), &database), write(700));

    let liar = Database::forked(100, 900);
    // Tiles that do not help: what is in the file stays unknown, whether older or newer.
    for (size, want) in [(300, "300 against tree#500"), (800, "500 against tree#800")] {
        let mut client = start(500);
        let Ok(Merge::Prove(plan)) = client.merge_stored(database.head(size).as_bytes()) else {
            panic!("{size} was not compared with 500 yet");
        };
        let error = client.check(&plan, &liar.tiles(&plan)).unwrap_err();
        let want = format!("!checking tree#{want}: downloaded inconsistent tile");
        assert_eq!(described(&error), want);
    }

    let fork = merged(&mut start(500), &liar.head(300), &database);
    assert!(fork.starts_with("prove, SECURITY ERROR\n"), "{fork}");
    let fork = merged(&mut start(500), &liar.head(800), &liar);
    assert!(fork.starts_with("prove, SECURITY ERROR\n"), "{fork}");
}

#[test]
fn a_spoiled_file() {
    let database = Database::new(9);
    let junk = "reading tree note: malformed note\nnote:\njunk\n";
    let mut client = database.client();
    let first = merged(&mut client, "junk\n", &database);
    assert_eq!(first, format!("!initializing sumdb.Client: {junk}"));
    merged(&mut client, &database.head(9), &database);
    assert_eq!(merged(&mut client, "junk\n", &database), format!("!{junk}"));
    let unsigned = Signer::new(NAME, 2).sign(&database.log.tree(9).to_string());
    let first = merged(&mut database.client(), &unsigned, &database);
    assert!(first.starts_with("!initializing sumdb.Client: reading tree note: note has no"));
}

#[test]
fn plans_that_overlap() {
    let database = Database::new(900);
    let mut client = database.client();
    client.merge_stored(database.head(300).as_bytes()).unwrap();
    let lookup = |size| [database.lookup(0, size)];
    let plans = [500, 800, 600, 300].map(|size| client.plan(&lookup(size)).unwrap());
    let mut check = |i: usize| client.check(&plans[i], &database.tiles(&plans[i]));

    assert!(check(0).unwrap().new_head.is_some());
    // 800 was never compared with 500, nor 600.
    for i in [1, 2] {
        let error = check(i).unwrap_err();
        assert_eq!(described(&error), "the tree head has changed since the proof was planned");
    }
    // 300 and 500 were.
    assert_eq!(outcomes(&check(3).unwrap()), ["ok"]);
    assert_eq!(outcomes(&check(0).unwrap()), ["ok"]);
    assert_eq!(outcomes(&database.run(&mut client, &lookup(800)).unwrap()), ["ok"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn honest_answers_pass_and_any_flipped_bit_fails(
        size in 1..3000_u64,
        known: prop::sample::Index,
        lookups in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index)>(), 1..6),
        (tile, byte, bit) in any::<(prop::sample::Index, prop::sample::Index, u8)>(),
    ) {
        let database = Database::new(size);
        let mut client = database.client();
        client.merge_stored(database.head(known.index(size as usize + 1) as u64).as_bytes()).unwrap();
        let lookups: Vec<_> = lookups
            .into_iter()
            .map(|(size_then, n)| {
                let size_then = size_then.index(size as usize) + 1;
                database.lookup(n.index(size_then) as u64, size_then as u64)
            })
            .collect();
        let plan = client.plan(&lookups).unwrap();
        let distinct: HashSet<_> = plan.tiles().iter().collect();
        prop_assert_eq!(distinct.len(), plan.tiles().len());

        let mut tiles = database.tiles(&plan);
        let accepted = client.clone().check(&plan, &tiles).unwrap();
        prop_assert!(accepted.records.iter().all(Result::is_ok));
        prop_assert_eq!(&accepted.tiles_to_save, plan.tiles());

        let tile = *tile.get(plan.tiles());
        let data = tiles.get_mut(&tile).unwrap();
        let byte = byte.index(data.len());
        data[byte] ^= 1 << (bit % 8);
        match client.check(&plan, &tiles) {
            Err(error) => prop_assert!(error.is_security()),
            Ok(accepted) => {
                prop_assert!(accepted.records.iter().any(Result::is_err));
                prop_assert!(!accepted.tiles_to_save.contains(&tile));
            }
        }
    }

    #[test]
    fn every_fork_is_proved(
        sizes in any::<[prop::sample::Index; 2]>(),
        shared: prop::sample::Index,
        record: prop::sample::Index,
    ) {
        let [a, b] = sizes.map(|size| size.index(1500) as u64 + 1);
        let (known, shown) = (a.min(b), a.max(b));
        let shared = shared.index(known as usize) as u64;
        let (honest, liar) = (Database::new(known), Database::forked(shared, shown));
        let mut client = honest.client();
        client.merge_stored(honest.head(known).as_bytes()).unwrap();
        let lookup = liar.lookup(record.index(shown as usize) as u64, shown);
        let error = liar.run(&mut client, &[lookup]).unwrap_err();
        if known < shown {
            check_fork(&error, (&honest, known), (&liar, shown));
        } else {
            check_fork(&error, (&liar, shown), (&honest, known));
        }
    }

    #[test]
    fn opening_never_panics(data in any::<Vec<u8>>(), number in "[-+]?[0-9]{0,20}", text in ".*") {
        let mut client = Database::new(1).client();
        let answer = format!("{number}\n{text}\n\n").into_bytes();
        for data in [&data, &answer, &[answer.as_slice(), &data].concat()] {
            let _ = client.open_lookup(&text, &number, data);
            let _ = client.merge_stored(data);
        }
        let _ = lookup_path(&text, &number);
    }
}
