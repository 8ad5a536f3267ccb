//! A project with everything that a download writes, and what an undisturbed run makes of it.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use super::support::cli::{Invocation, Project};
use super::support::diff;
use super::support::go::{self, Go};
use super::support::modules::ModuleVersion;
use super::support::registry::Registry;
use super::support::server::Server;
use super::support::sumlog::SumLog;
use super::support::tree::{Kind, Node, Snapshot};
use super::support::user::User;

/// What is run, again and again.
pub const DOWNLOAD: [&str; 2] = ["download", "all"];
/// The module whose zip is too large for memory, below [`World::large`].
pub const LARGE: &str = "example.com/large v1.0.0";
/// The size of the log when the place was last used.
const OLD_HEAD: usize = 99;

/// A program that is killed, or that finishes what was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// The program under test.
    We,
    /// The real `go`.
    Go,
}

/// A server, a place to begin with, and what is to come of it.
pub struct World {
    pub server: Server,
    pub user: User,
    /// The real go, where it is to be asked.
    pub go: Option<Go>,
    base: Project,
    gopath: Snapshot,
    files: BTreeMap<&'static str, String>,
    /// How long each takes, undisturbed.
    pub takes: Duration,
    pub go_takes: Duration,
}

impl World {
    /// Small files only: modules with and without dependencies, one with upper-case letters, go.mod and
    /// go.sum to be rewritten (the latter longer than a page), a list to be added to, and a tree head that
    /// is out of date.
    pub fn small(user: User, go: Option<Go>) -> Self {
        Self::new(user, go, false)
    }

    /// The same, with a module whose zip is not kept in memory.
    pub fn large(user: User, go: Option<Go>) -> Self {
        Self::new(user, go, true)
    }

    fn new(user: User, go: Option<Go>, large: bool) -> Self {
        let mut registry = Registry::from_graph("a v0.9.0\nb v1.0.0: c v1.0.0\nc v1.0.0");
        registry.add(
            "example.com/a v1.0.0",
            "-- go.mod --\nmodule example.com/a\n\ngo 1.21\n\nrequire example.com/b v1.0.0\n\
             -- a.go --\npackage a\n-- sub/deep/x.txt --\nx\n",
        );
        registry.add("example.com/Big v1.0.0-RC1", "-- p.go --\npackage p\n");
        registry.insert(ModuleVersion::generated("example.com/data v1.0.0", [20_000, 300]));
        let mut required = vec!["a   v1.0.0", "Big v1.0.0-RC1", "data v1.0.0"];
        if large {
            registry.insert(ModuleVersion::generated(LARGE, [9_000_000, 10]));
            required.push("large v1.0.0");
        }
        let mut log = SumLog::new("sum.example.com").with_history(270);
        log.add_all(&registry);
        let old_head = log.head(OLD_HEAD);
        let server = Server::builder(registry).sumdb(log).start();
        let mut go_mod = "module example.org/main\n\n".to_owned();
        for required in required {
            let _ = writeln!(go_mod, "require example.com/{required}");
        }
        let mut base = Project::new("-- go.mod --\nmodule example.org/main\n");
        base.use_server(&server);
        user.owns(&base);
        user.gomodfetch(&base, &["download", "example.com/a@v0.9.0"]).run().success();
        base.write("go.mod", &go_mod);
        base.write("go.sum", &other_sums());
        let head = base.gopath().join("pkg/sumdb/sum.example.com/latest");
        std::fs::write(head, old_head).expect("a tree head");

        let mut world = Self {
            server,
            user,
            go,
            base,
            gopath: Snapshot::default(),
            files: BTreeMap::new(),
            takes: Duration::ZERO,
            go_takes: Duration::ZERO,
        };
        let ours = world.place();
        let started = Instant::now();
        world.command(&ours, Who::We).run().success().silent();
        world.takes = started.elapsed();
        world.expect(&ours);
        if world.go.is_some() {
            let theirs = world.place();
            let started = Instant::now();
            world.command(&theirs, Who::Go).run().success();
            world.go_takes = started.elapsed();
            // go is right; and what we did must be the same.
            world.expect(&theirs);
            world.assert_finished(&ours, Leniency::default(), "undisturbed");
        }
        world
    }

    fn expect(&mut self, place: &Project) {
        self.gopath = wanted(&place.gopath());
        self.files = ["go.mod", "go.sum"].map(|name| (name, place.read(name))).into();
        assert_ne!(self.files["go.mod"], self.base.read("go.mod"), "go.mod is to be written");
        assert!(self.files["go.sum"].len() > 4096 + 1000, "go.sum is to be of several pages");
    }

    /// A new place, in which nothing has been done yet.
    pub fn place(&self) -> Project {
        self.copy(&self.base)
    }

    /// The first lines that go.sum has from the beginning.
    pub fn old_sums(&self) -> String {
        self.base.read("go.sum").split_inclusive('\n').take(30).collect()
    }

    /// A copy of a place as it is now.
    pub fn copy(&self, place: &Project) -> Project {
        let copy = place.duplicate();
        self.user.owns(&copy);
        copy
    }

    /// The download, by one of both.
    pub fn command(&self, place: &Project, who: Who) -> Invocation {
        match who {
            Who::We => self.user.gomodfetch(place, &DOWNLOAD),
            Who::Go => {
                let go = self.go.as_ref().expect("a world with go");
                self.user.go(place, go, &DOWNLOAD)
            }
        }
    }

    /// How long an undisturbed run takes.
    pub fn takes(&self, who: Who) -> Duration {
        match who {
            Who::We => self.takes,
            Who::Go => self.go_takes,
        }
    }

    /// Whatever was left in a place, both finish it.
    #[track_caller]
    pub fn assert_both_finish(&self, place: &Project, leniency: Leniency, what: &str) {
        if self.go.is_some() {
            let copy = self.copy(place);
            self.assert_go_finishes(&copy, leniency, what);
        }
        self.assert_we_finish(place, leniency, what);
    }

    /// Whatever was left in a place, go finishes it.
    #[track_caller]
    pub fn assert_go_finishes(&self, place: &Project, leniency: Leniency, what: &str) {
        let output = self.command(place, Who::Go).run();
        assert!(output.status.success(), "{what}: go does not finish:\n{output}");
        self.assert_finished(place, leniency, &format!("{what}: go finished"));
    }

    /// Whatever was left in a place, we finish it.
    #[track_caller]
    pub fn assert_we_finish(&self, place: &Project, leniency: Leniency, what: &str) {
        let output = self.command(place, Who::We).run();
        let silent = output.stdout.is_empty() && output.stderr.is_empty();
        assert!(output.status.success() && silent, "{what}: we do not finish:\n{output}");
        self.assert_finished(place, leniency, &format!("{what}: we finished"));
    }

    /// A place is as an undisturbed run leaves it.
    #[track_caller]
    pub fn assert_finished(&self, place: &Project, leniency: Leniency, what: &str) {
        let found = Snapshot::of(&place.gopath());
        // What is removed under the lock by whoever comes next.
        let left =
            found.nodes.keys().filter(|name| name.contains(".tmp-") || is_temporary_zip(name));
        assert_eq!(left.collect::<Vec<_>>(), [""; 0], "{what}: left behind");
        if !leniency.tiles {
            assert_eq!(cut_tiles(&found), [""; 0], "{what}: tiles that are cut off");
        }
        let [expected, found] =
            [self.gopath.clone(), wanted(&place.gopath())].map(|tree| leniency.apply(tree));
        let difference = expected.diff(&found);
        assert!(
            difference.is_empty(),
            "{what}: the cache differs (- expected, + found):\n{}",
            difference.join("\n")
        );
        for (name, expected) in &self.files {
            let found = place.read(name);
            // Where a file became shorter, empty lines may stay behind.
            let same = *expected == found
                || (*name == "go.mod" && expected.trim_end() == found.trim_end());
            assert!(same, "{what}: {name}:\n{}", diff::lines(expected, &found));
        }
    }

    /// Whatever one of them left that was killed, both finish it.
    #[track_caller]
    pub fn assert_finished_after(&self, killed: Who, place: &Project, what: &str) {
        let leniency = Leniency::of_killed(killed);
        if killed == Who::Go {
            self.put_torn_files_back(place);
            if !cut_tiles(&Snapshot::of(&place.gopath())).is_empty() {
                // What go has cut off it can't use itself; but after us it can.
                self.assert_we_finish(place, leniency, what);
                return self.assert_go_finishes(place, leniency, what);
            }
        }
        self.assert_both_finish(place, leniency, what);
    }

    /// go writes go.mod and go.sum in place and in two steps; what is neither old nor new is beyond repair
    /// for both, and put back as a person would do it.
    fn put_torn_files_back(&self, place: &Project) {
        for (name, new) in &self.files {
            let old = self.base.read(name);
            let found = place.read(name);
            if found != old && found != *new {
                place.write(name, &old);
            }
        }
    }

    /// Neither go.mod nor go.sum is anything but what it was or what it is going to be.
    #[track_caller]
    pub fn assert_whole_files(&self, place: &Project, what: &str) {
        for (name, new) in &self.files {
            let old = self.base.read(name);
            let found = place.read(name);
            assert!(
                found == old || found == *new,
                "{what}: {name} is neither old nor new:\n{}",
                diff::lines(&old, &found)
            );
        }
    }
}

/// What an undisturbed run would have left and a disturbed one need not.
#[derive(Debug, Clone, Copy, Default)]
pub struct Leniency {
    /// Lists, which serve only those who use the cache as a proxy: go does not write one again.
    pub lists: bool,
    /// The write bits of directories, which go takes away last.
    pub write_bits: bool,
    /// What is kept of the checksum database.
    pub sumdb: bool,
    /// Tiles that go has cut off and that nobody needed since.
    pub tiles: bool,
}

impl Leniency {
    /// What go, killed, leaves as it is for ever.
    pub fn of_killed(who: Who) -> Self {
        match who {
            Who::We => Self::default(),
            Who::Go => Self { lists: true, write_bits: true, sumdb: false, tiles: true },
        }
    }

    /// The tree without that.
    pub fn apply(self, mut tree: Snapshot) -> Snapshot {
        if self.lists {
            tree = tree.without(|name| name.ends_with("/list"));
        }
        if self.sumdb {
            tree = tree.without(|name| name.contains("sumdb"));
        }
        if self.write_bits {
            let dirs = tree.nodes.values_mut().filter(|node| node.kind == Kind::Dir);
            dirs.for_each(|Node { mode, .. }| *mode &= !0o222);
        }
        tree
    }
}

/// What counts: not the locks, and not a small file under its temporary name, of which nobody can know
/// that it is nobody's. Which tiles are kept depends on what was known before; they are looked at apart.
pub fn wanted(gopath: &Path) -> Snapshot {
    let unwanted = |name: &str| {
        name.ends_with("lock") || name.ends_with(".tmp") || name.contains("/sum.example.com/tile")
    };
    Snapshot::of(gopath).without(unwanted)
}

/// Every tile is there in its whole size or, to those who read it, not at all.
fn cut_tiles(found: &Snapshot) -> Vec<&str> {
    let whole = |name: &str| match name.rsplit_once(".p/") {
        Some((_, width)) => width.parse().ok().map(|width: u64| width * 32),
        None => Some(256 * 32),
    };
    let is_tile = |name: &str| name.contains("/sum.example.com/tile/") && !name.ends_with(".tmp");
    let tiles = found.nodes.iter().filter(|(name, _)| is_tile(name));
    let cut = tiles.filter(|(name, node)| match &node.kind {
        Kind::File { len, .. } => *len != 0 && whole(name).is_some_and(|whole| whole != *len),
        _ => false,
    });
    cut.map(|(name, _)| name.as_str()).collect()
}

fn is_temporary_zip(name: &str) -> bool {
    name.ends_with(".tmp") && name.contains(".zip")
}

/// Sums of modules that nobody asks for, before and after the others: more than a page of them.
fn other_sums() -> String {
    let hash = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let line = |n: usize| {
        let host = if n < 30 { "a" } else { "z" };
        format!("{host}.example.net/other/module{n:02} v1.0.0 {hash}\n")
    };
    (0..60).map(line).collect()
}

/// How many moments are tried: few by default, and those without go.
pub struct Plan {
    pub kills: usize,
    pub seed: u64,
    pub with_go: bool,
}

impl Plan {
    pub fn of_environment() -> Self {
        let number = |name| env::var(name).ok().and_then(|value| value.parse().ok());
        let kills: Option<u64> = number("GOMODFETCH_KILLS");
        let seed = number("GOMODFETCH_SEED").unwrap_or_else(|| {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
            now.expect("a clock").as_millis() as u64 % 1_000_000
        });
        Self { kills: kills.unwrap_or(24) as usize, seed, with_go: kills.is_some() }
    }

    /// The real go, if it is to be asked; then it must be there.
    pub fn go(&self, test: &str) -> Option<Go> {
        let found = if self.with_go { Go::find(test) } else { None };
        assert!(found.is_some() || !self.with_go || !go::required(), "{test}: there is no go");
        found
    }
}

/// Numbers that look random, the same for the same seed (SplitMix64).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below the limit.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit.max(1)
    }

    /// A part of a time.
    pub fn part_of(&mut self, time: Duration) -> Duration {
        Duration::from_micros(self.below(time.as_micros() as u64))
    }
}
