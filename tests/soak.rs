//! A project of 300 modules behind servers of which every tenth answer is faulty: it ends with the cache
//! that it has without faults, and no secret went anywhere.
//!
//! The seed decides which answers are faulty, and how (`support::chaos`). A few seeds are tried;
//! `GOMODFETCH_SEEDS=50` tries so many.

mod support;

use std::env;
use std::fmt::Write as _;

use support::chaos::Chaos;
use support::cli::{Output, Project};
use support::faults::Fault;
use support::modules::{self, ModuleVersion};
use support::ranges::Ranges;
use support::registry::Registry;
use support::server::{Protocol, Server};
use support::signer::Signer;
use support::sumlog::SumLog;
use support::tls::Authority;
use support::tree::Snapshot;

/// How many modules there are.
const MODULES: usize = 300;
/// How many seeds are tried unless GOMODFETCH_SEEDS says otherwise.
const SEEDS: u64 = 2;
/// Of so many answers one is faulty.
const ONE_IN: u64 = 10;
/// Does not stand in any address that may be told.
const PASSWORD: &str = "open-sesame";
/// The same with the user before it, as it is sent: `ann:open-sesame`.
const ENCODED: &str = "YW5uOm9wZW4tc2VzYW1l";

fn module(number: usize) -> String {
    format!("example.com/group{}/m{number:03} v1.0.0", number % 7)
}

/// Modules that require some of those behind them, with zips of 300 bytes up to 60 kB.
fn registry() -> Registry {
    let mut registry = Registry::new();
    for number in 0..MODULES {
        let behind = [number + 1, number * 2 + 5, number + 40];
        let required: Vec<String> =
            behind.into_iter().filter(|other| *other < MODULES).map(module).collect();
        let required: Vec<&str> = required.iter().map(String::as_str).collect();
        let module = module(number);
        let (path, _) = support::versions::split(&module);
        let size = if number % 20 == 0 { 90_000 } else { 200 + number * 37 % 9000 };
        let text: String = (0..size / 8).fold(String::new(), |mut text, line| {
            let _ = writeln!(text, "// {}", line * 7919 + number);
            text
        });
        let files = [
            ("go.mod".to_owned(), modules::go_mod(path, "1.21", &required).into_bytes()),
            ("p.go".to_owned(), format!("package p\n\n{text}").into_bytes()),
        ];
        registry.insert(ModuleVersion::from_files(&module, files));
    }
    registry
}

/// A proxy that wants credentials and has a database, and another host for every third zip.
struct Net {
    proxy: Server,
    store: Server,
}

impl Net {
    fn start(protocol: Protocol) -> Self {
        let authority = Authority::new();
        let registry = registry();
        let mut log = SumLog::new("sum.example.com").with_history(200);
        log.add_all(&registry);
        let with = |registry| Server::builder(registry).https_by(&authority).protocol(protocol);
        let store = with(registry.clone()).start();
        let proxy = with(registry).sumdb(log).start();
        // A stream that was refused is asked for again at once, where it was.
        let signer = Signer::for_uses(3);
        proxy.fault(Fault::on("*").unless_basic_auth("ann", PASSWORD).status(401));
        for group in [1, 4] {
            let zips = format!("/example.com/group{group}/*.zip");
            proxy.fault(Fault::on(&zips).redirect_signed(&store.url(), &signer));
        }
        let expired = Fault::on("*").unless_signed(&signer).status(403);
        store.fault(expired.body("Request has expired\n"));
        store.set_ranges(Ranges::right().etag());
        Self { proxy, store }
    }

    /// Every tenth answer is faulty from now on.
    fn worsen(&self, seed: u64) {
        self.proxy.set_chaos(Some(Chaos::one_in(ONE_IN, seed)));
        self.store.set_chaos(Some(Chaos::one_in(ONE_IN, seed ^ 0x5707e)));
    }

    fn place(&self) -> Project {
        let mut go_mod =
            "-- go.mod --\nmodule example.org/main\n\ngo 1.21\n\nrequire (\n".to_owned();
        for number in 0..MODULES {
            let _ = writeln!(go_mod, "\t{}", module(number));
        }
        let mut place = Project::new(&(go_mod + ")\n"));
        place.use_server(&self.proxy);
        let netrc = format!("machine {} login ann password {PASSWORD}\n", self.proxy.address());
        std::fs::write(place.home().join("netrc"), netrc).expect("a netrc");
        place.set("NETRC", place.home().join("netrc"));
        place.set("GOMODFETCH_RETRY_WAIT", "20ms");
        place.unset("GOMODFETCH_RETRIES");
        place
    }

    /// What must not have happened.
    #[track_caller]
    fn watch(&self, seed: u64, output: &Output) {
        for request in self.store.requests() {
            let told = request.credentials().count() > 0 || request.mentions(PASSWORD);
            assert!(!told, "seed {seed}: credentials for another host: {request:#?}");
        }
        for secret in [PASSWORD, ENCODED, "secret-signature"] {
            output.lacks(secret);
        }
    }
}

fn seeds() -> u64 {
    let Ok(text) = env::var("GOMODFETCH_SEEDS") else { return SEEDS };
    text.parse().expect("a number in GOMODFETCH_SEEDS")
}

#[test]
fn every_tenth_answer_is_faulty() {
    let sound = Net::start(Protocol::Both);
    let place = sound.place();
    sound.watch(0, place.gomodfetch(["download"]).run().success().silent());
    let (gopath, go_sum) = (Snapshot::of(&place.gopath()), place.read("go.sum"));
    drop((place, sound));

    for seed in 1..=seeds() {
        let protocol = if seed % 2 == 0 { Protocol::Http1 } else { Protocol::Http2 };
        let net = Net::start(protocol);
        net.worsen(seed);
        let place = net.place();
        let args: &[&str] = if seed % 3 == 0 { &["download", "-x"] } else { &["download"] };
        let output = place.gomodfetch(args).run();
        net.watch(seed, &output);
        assert!(output.status.success(), "seed {seed}, {protocol:?}: {output}");
        let found = gopath.diff(&Snapshot::of(&place.gopath()));
        assert!(found.is_empty(), "seed {seed}, {protocol:?}: {}", found.join("\n"));
        assert_eq!(place.read("go.sum"), go_sum, "seed {seed}, {protocol:?}");
        let left = Snapshot::of(&place.tmp());
        assert!(left.nodes.is_empty(), "seed {seed}, {protocol:?}: {:?}", left.files());
        // It was as bad as it was meant to be.
        let asked = net.proxy.requests().len() + net.store.requests().len();
        assert!(asked > MODULES * 3 * 21 / 20, "seed {seed}: only {asked} requests");
    }
}
