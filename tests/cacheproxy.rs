//! GOCACHEPROXY: caches that are asked before everybody else, and are given what came from elsewhere. The
//! caches are servers of ours that keep what they are given, and folders.

mod support;

use std::fs;

use support::cli::{Output, Project};
use support::diff;
use support::faults::Fault;
use support::go::Go;
use support::registry::{Registry, file_url};
use support::server::{Builder, Server};
use support::sumlog::SumLog;
use support::tls::Authority;
use support::tree;

const ARGS: [&str; 2] = ["download", "example.com/a@v1.0.0"];
/// Where a cache has the files of that module.
const FILES: [&str; 3] = [
    "/example.com/a/@v/v1.0.0.info",
    "/example.com/a/@v/v1.0.0.mod",
    "/example.com/a/@v/v1.0.0.zip",
];

fn registry() -> Registry {
    Registry::from_graph("a v1.0.0")
}

/// A source with a checksum database, and a cache with TLS.
struct World {
    source: Server,
    cache: Server,
}

impl World {
    fn start() -> Self {
        Self::with(|cache| cache.https_by(&Authority::new()))
    }

    /// With a cache without TLS.
    fn plain() -> Self {
        Self::with(|cache| cache)
    }

    fn with(cache: impl FnOnce(Builder) -> Builder) -> Self {
        let mut log = SumLog::new("sum.example.com");
        log.add_all(&registry());
        let source = Server::builder(registry()).sumdb(log).start();
        Self { source, cache: cache(Server::builder(Registry::new()).stores()).start() }
    }

    /// Puts into the cache what the source has.
    fn fill(&self) {
        let registry = registry();
        let module = registry.get("example.com/a@v1.0.0");
        self.cache.shelf(|shelf| {
            shelf.insert(FILES[0], module.info.clone());
            shelf.insert(FILES[1], module.go_mod.clone());
            shelf.insert(FILES[2], module.zip.clone());
        });
    }

    fn place(&self) -> Project {
        let mut place = Project::new("-- go.mod --\nmodule example.org/main\n\ngo 1.21\n");
        place.use_server(&self.source).set("GOCACHEPROXY", self.cache.url());
        if let Some(file) = self.cache.ca_file() {
            place.set("SSL_CERT_FILE", file);
        }
        place
    }

    /// A place that writes to the cache.
    fn writer(&self) -> Project {
        let mut place = self.place();
        place.set("GOCACHEPROXY_WRITE", "1");
        place
    }

    /// The requests to the source for files of modules.
    fn asked(&self) -> usize {
        self.source.count("/example.com/*")
    }
}

/// What a run without any cache leaves.
fn assert_whole(place: &Project) {
    let server = Server::http(registry());
    let mut other = Project::new("-- go.mod --\nmodule example.org/main\n\ngo 1.21\n");
    other.use_server(&server);
    other.gomodfetch(ARGS).run().success();
    let unwanted = |path: &str| path.starts_with("cache/download/sumdb");
    tree::assert_same_without(&other.modcache(), &place.modcache(), unwanted);
}

#[test]
fn what_one_run_stores_the_next_one_finds() {
    let world = World::start();
    let place = world.writer();
    place.gomodfetch(ARGS).run().success().silent();
    assert_whole(&place);
    assert_eq!(world.asked(), 3);
    world.cache.shelf(|shelf| {
        assert_eq!(shelf.paths(), FILES);
        for file in FILES {
            let stored = shelf.get(file).unwrap();
            let kept = fs::read(place.modcache().join(format!("cache/download{file}"))).unwrap();
            assert!(*stored == kept, "{file}");
        }
    });
    let puts: Vec<_> =
        world.cache.requests().into_iter().filter(|request| request.method == "PUT").collect();
    assert_eq!(puts.len(), 3);
    assert!(puts.iter().all(|put| put.header("if-none-match") == Some("*")));

    world.source.forget_requests();
    world.cache.forget_requests();
    let place = world.writer();
    place.gomodfetch(ARGS).run().success().silent();
    assert_whole(&place);
    assert_eq!(world.asked(), 0);
    // The content was proved all the same, and nothing is stored twice.
    assert!(world.source.count("/sumdb/*/lookup/*") > 0);
    assert!(world.cache.requests().iter().all(|request| request.method == "GET"));
}

#[test]
fn the_summary_tells_what_a_cache_served() {
    let world = World::start();
    world.fill();
    let output = world.place().gomodfetch(ARGS.iter().chain(&["--summary"])).run();
    let served = format!("# {} served 1 zip, 1 go.mod file, 1 other answer; ", world.cache.url());
    output.success().stderr_has(&served);
}

#[test]
fn without_leave_nothing_is_stored() {
    let world = World::start();
    for write in ["", "0", "true"] {
        let mut place = world.place();
        place.set("GOCACHEPROXY_WRITE", write).gomodfetch(ARGS).run().success().silent();
    }
    let mut place = world.writer();
    place.gomodfetch(["download", "--dry-run", ARGS[1]]).run().success();
    place.set("GOPROXY", "off").gomodfetch(ARGS).run().fails_with(3);
    assert!(world.cache.shelf(|shelf| shelf.paths().is_empty()));
}

#[test]
fn private_modules_are_asked_for_too() {
    let world = World::start();
    world.fill();
    let mut place = world.place();
    place.set("GOPRIVATE", "example.com").gomodfetch(ARGS).run().success().silent();
    assert_whole(&place);
    assert_eq!(world.source.requests().len(), 0);
}

#[test]
fn over_http_only_what_is_covered_is_taken() {
    let world = World::plain();
    world.fill();
    // The database covers the two.
    let place = world.place();
    place.gomodfetch(ARGS).run().success().silent();
    assert_whole(&place);
    let asked = |server: &Server| {
        let mut paths = server.paths();
        paths.retain(|path| !path.starts_with("/sumdb"));
        paths.sort();
        paths
    };
    assert_eq!(
        (asked(&world.source), asked(&world.cache)),
        (vec![FILES[0].into()], vec![FILES[1].to_owned(), FILES[2].to_owned()])
    );
    // go.sum covers what GOPRIVATE exempts; a .info never is.
    world.cache.forget_requests();
    let mut place = world.place();
    place.set("GOPRIVATE", "example.com").set("GONOPROXY", "none");
    place.write("go.sum", &registry().whole_go_sum());
    place.gomodfetch(ARGS).run().success().silent();
    assert_eq!(asked(&world.cache), &FILES[1..]);
    // Nothing covers it.
    world.cache.forget_requests();
    let mut place = world.place();
    place.set("GOPRIVATE", "example.com").set("GONOPROXY", "none");
    place.gomodfetch(ARGS).run().success().silent();
    assert_eq!(asked(&world.cache), Vec::<String>::new());
    // Nor is it hidden that the rest is stored there.
    world.cache.shelf(|shelf| FILES.map(|file| shelf.remove(file)));
    place.set("GOCACHEPROXY_WRITE", "1");
    let mut fresh = world.writer();
    fresh.set("GOSUMDB", "off").gomodfetch(ARGS).run().success().silent();
    assert_eq!(world.cache.shelf(|shelf| shelf.paths().len()), 3);
}

#[test]
fn whatever_a_cache_does_the_run_goes_on() {
    let faults = [
        Fault::on("*").status(404),
        Fault::on("*").status(410),
        Fault::on("*").status(401),
        Fault::on("*").status(403),
        Fault::on("*").status(429).header("retry-after", "60"),
        Fault::on("*").status(500),
        Fault::on("*").status(503),
        Fault::on("*").close(),
        Fault::on("*").reset(),
        Fault::on("*").cut_after(10),
        Fault::on("*").reset_stream_after(10),
        Fault::on("*").redirect_to("/"),
        Fault::on("*").redirect_to("http://127.0.0.1:1/"),
        Fault::on("*.info").body("no JSON"),
        Fault::on("*.info").body("{\"Version\":\"v1.0.1\"}"),
        Fault::on("*.zip").body("<html>Please log in</html>").header("content-type", "text/html"),
        Fault::on("*.zip").body(""),
    ];
    for fault in faults {
        let world = World::start();
        world.fill();
        world.cache.fault(fault);
        let place = world.place();
        let output = place.gomodfetch(ARGS).run();
        output.success().lacks("SECURITY");
        assert_whole(&place);
    }
    // Nobody there at all, and nobody of that name.
    for url in ["https://127.0.0.1:1", "https://cache.invalid", "file:///dev/null/cache"] {
        let world = World::start();
        let mut place = world.writer();
        place.set("GOCACHEPROXY", url).gomodfetch(ARGS).run().success();
        assert_whole(&place);
    }
}

#[test]
fn a_cache_that_never_answers_is_not_waited_for_long() {
    let world = World::start();
    world.cache.fault(Fault::on("*").never_answer());
    let place = world.place();
    place.gomodfetch(ARGS).run().success();
    assert_whole(&place);
}

#[test]
fn the_next_cache_is_asked() {
    let world = World::start();
    world.fill();
    let mut place = world.place();
    let list = format!("file:///nonexistent,, {}", world.cache.url());
    place.set("GOCACHEPROXY", list).gomodfetch(ARGS).run().success().silent();
    assert_eq!(world.asked(), 0);
}

#[test]
fn one_that_keeps_failing_is_left_alone() {
    let graph = "a v1.0.0: b v1.0.0\nb v1.0.0: c v1.0.0\nc v1.0.0: d v1.0.0\nd v1.0.0: e v1.0.0\n\
                 e v1.0.0: f v1.0.0\nf v1.0.0";
    let source = Server::http(Registry::from_graph(graph));
    let cache = Server::builder(Registry::new()).https().stores().start();
    cache.fault(Fault::on("*").status(500));
    let mut place =
        Project::new("-- go.mod --\nmodule m\n\ngo 1.16\n\nrequire example.com/a v1.0.0\n");
    place.use_server(&source).set("GOCACHEPROXY", cache.url());
    place.set("SSL_CERT_FILE", cache.ca_file().unwrap());
    let output = place.gomodfetch(["download"]).run();
    let want = format!(
        "gomodfetch: GOCACHEPROXY: {} failed 3 times in a row, and is left alone from now on: ",
        cache.url()
    );
    output.success();
    assert_eq!(output.stderr.matches(&want).count(), 1, "{output}");
    assert!(cache.requests().len() < 18, "{}", cache.requests().len());
}

#[test]
fn a_contradiction_ends_the_run() {
    let other = Registry::from_txtar(
        "-- example.com/a@v1.0.0/go.mod --\nmodule example.com/a\n\ngo 1.20\n",
    );
    let module = other.get("example.com/a@v1.0.0");
    for (file, content) in [(FILES[1], module.go_mod.clone()), (FILES[2], module.zip.clone())] {
        for in_go_sum in [false, true] {
            for world in [World::start(), World::plain()] {
                world.fill();
                world.cache.shelf(|shelf| shelf.insert(file, content.clone()));
                let place = world.writer();
                if in_go_sum {
                    place.write("go.sum", &registry().whole_go_sum());
                }
                let output = place.gomodfetch(["download", "--hints", ARGS[1]]).run();
                output.fails_with(5).stderr_has("checksum mismatch").stderr_has("SECURITY ERROR");
                output.stderr_has(&format!(
                    "hint: remove example.com/a@v1.0.0 from the cache {}, or that from GOCACHEPROXY, and \
                     tell its owner",
                    world.cache.url()
                ));
                // Nobody else was asked for it, and nothing of it is there.
                assert_eq!(world.source.count(file), 0, "{file}");
                let kept = place.modcache().join(format!("cache/download{file}"));
                assert!(!kept.exists(), "{file}");
                assert!(!place.modcache().join("example.com/a@v1.0.0").exists());
            }
        }
    }
}

#[test]
fn what_can_not_be_stored_is_no_failure() {
    let world = World::start();
    let is_put = |request: &support::requests::Request| request.method == "PUT";
    for (fault, why) in [
        (Fault::on("*").when(is_put).status(403), "403 Forbidden"),
        (Fault::on("*").when(is_put).status(409), "409 Conflict"),
        (Fault::on("*").when(is_put).status(500), "500 Internal Server Error"),
    ] {
        world.cache.heal();
        world.cache.fault(fault);
        world.writer().gomodfetch(ARGS).run().success().silent();
        let output: Output = world.writer().gomodfetch(["download", "-v", ARGS[1]]).run();
        output.success().stderr_has(&format!(
            "gomodfetch: GOCACHEPROXY: Put \"{}/example.com/a/@v/v1.0.0.zip\": {why}\n",
            world.cache.url()
        ));
    }
    // Somebody else was faster.
    world.cache.heal();
    world.cache.fault(Fault::on("*").when(is_put).status(412));
    world.writer().gomodfetch(["download", "-v", ARGS[1]]).run().success().lacks("GOCACHEPROXY");
}

#[test]
fn a_folder_can_be_a_cache_and_then_a_proxy() {
    let world = World::start();
    let dir = tempfile::tempdir().expect("a folder");
    let cache = dir.path().join("some cache");
    let url = file_url(&cache).replace(' ', "%20");
    let writer = || {
        let mut place = world.writer();
        place.set("GOCACHEPROXY", &url);
        place
    };
    // Two at once, which don't harm each other.
    let (one, two) = (writer(), writer());
    let running = one.gomodfetch(ARGS).spawn();
    two.gomodfetch(ARGS).run().success().silent();
    running.wait().success().silent();
    let files = tree::Snapshot::of(&cache);
    let files: Vec<String> = files.files().iter().map(|file| format!("/{file}")).collect();
    assert_eq!(files, FILES);

    world.source.forget_requests();
    let place = writer();
    place.gomodfetch(ARGS).run().success().silent();
    assert_eq!(world.asked(), 0);
    assert_whole(&place);

    let as_proxy = || {
        let mut place = world.place();
        place.unset("GOCACHEPROXY").set("GOPROXY", &url).set("GOSUMDB", "off");
        place
    };
    let place = as_proxy();
    place.gomodfetch(ARGS).run().success().silent();
    assert_whole(&place);
    if let Some(go) = Go::find("a folder as a proxy") {
        let place = as_proxy();
        place.go(&go, ["mod", ARGS[0], ARGS[1]]).run().success();
    }
}

#[test]
fn credentials_are_the_caches_own() {
    let world = World::start();
    world.cache.fault(Fault::on("*").unless_basic_auth("ann", "secret").status(401));
    let place = world.writer();
    let netrc = format!("machine {} login ann password secret\n", world.cache.address());
    fs::write(place.home().join(".netrc"), netrc).expect("netrc");
    let output = place.gomodfetch(["download", "-x", "-v", "--hints", ARGS[1]]).run();
    output.success().lacks("secret").lacks("c2VjcmV0");
    assert_eq!(world.cache.shelf(|shelf| shelf.paths().len()), 3);
    assert!(
        world.source.requests().iter().all(|request| request.header("authorization").is_none())
    );
    // Over http they are kept back, and the run goes on.
    let world = World::plain();
    let mut place = world.writer();
    place.set("GOCACHEPROXY", world.cache.url_with("ann", "secret"));
    let output = place.gomodfetch(["download", "-x", "-v", "--hints", ARGS[1]]).run();
    output.success().lacks("secret");
    assert_eq!(world.cache.requests().len(), 0);
}

#[test]
fn the_setting_is_shown_and_refused() {
    let world = World::start();
    let mut place = world.place();
    place.set("GOCACHEPROXY", "https://ann:secret@cache.example.com");
    let output = place.gomodfetch(["env", "GOCACHEPROXY"]).run();
    diff::assert_same("env", "https://ann:xxxxx@cache.example.com\n", &output.stdout);
    place.set("GOCACHEPROXY", "ftp://ann:secret@cache.example.com");
    let output = place.gomodfetch(ARGS).run();
    output.fails_with(2).lacks("secret").stderr_has(
        "invalid GOCACHEPROXY: invalid proxy URL scheme (must be https, http, file): \
         ftp://ann:xxxxx@cache.example.com",
    );
}
