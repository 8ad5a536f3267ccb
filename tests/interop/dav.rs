//! nginx with its DAV module, as a cache that is asked first and written to (GOCACHEPROXY).

use std::fs;
use std::path::{Path, PathBuf};

use super::daemon::{Daemon, find};
use super::nginx::{PASSWORD, USER, start};
use super::support::cli::Project;
use super::support::modules::ModuleVersion;
use super::support::server::Server;
use super::support::tls::Authority;
use super::support::tree::Snapshot;
use super::world::{DOWNLOAD, LARGE_ZIP, Reference, log, place, registry};

const DAV: &str = "dav_methods PUT;\ncreate_full_put_path on;\nclient_max_body_size 0;\n\
                   limit_except GET HEAD { auth_basic writers; auth_basic_user_file users; }";

/// A source, and a cache that everybody may read and some may write to.
struct World {
    source: Server,
    cache: Daemon,
    authority: Authority,
}

impl World {
    fn start(program: &Path) -> Self {
        let authority = Authority::new();
        let cache = start(program, &authority, &format!("location / {{\n{DAV}\n}}"));
        let source = Server::builder(registry()).sumdb(log()).https_by(&authority).start();
        Self { source, cache, authority }
    }

    fn place(&self) -> Project {
        let mut place = place();
        place.use_server(&self.source);
        place.set("SSL_CERT_FILE", self.authority.file());
        place.set("GOCACHEPROXY", format!("https://{}", self.cache.address()));
        self.source.forget_requests();
        place
    }

    fn writing_place(&self, password: &str) -> Project {
        let mut place = self.place();
        let netrc = format!("machine {} login {USER} password {password}\n", self.cache.address());
        fs::write(place.home().join(".netrc"), netrc).expect("a netrc");
        place.set("GOCACHEPROXY_WRITE", "1");
        place
    }

    fn root(&self) -> PathBuf {
        self.cache.dir().join("root")
    }

    /// The zips, go.mod files and `.info` that the cache has.
    fn stored(&self) -> Vec<String> {
        let files = Snapshot::of(&self.root());
        files.files().into_iter().map(str::to_owned).collect()
    }
}

#[test]
fn what_came_from_the_source_is_stored_and_served() {
    let Some(program) = find("what_came_from_the_source", "nginx", None) else { return };
    let reference = Reference::new();
    let world = World::start(&program);

    // Nobody may write, and nobody is harmed by that.
    let stranger = world.writing_place("open-barley");
    let output = stranger.gomodfetch(DOWNLOAD).run();
    reference.holds(&stranger, &output);
    output.lacks("open-barley");
    assert_eq!(world.stored(), Vec::<String>::new());

    let writer = world.writing_place(PASSWORD);
    let output = writer.gomodfetch(DOWNLOAD.iter().chain(&["-x"])).run();
    reference.holds(&writer, &output);
    output.lacks(PASSWORD);
    for module in registry().iter() {
        let path = super::support::versions::escape(&module.path);
        let version = super::support::versions::escape(&module.version);
        let file = world.root().join(format!("{path}/@v/{version}"));
        let with = |kind: &str| fs::read(format!("{}.{kind}", file.display())).ok();
        if let Some(zip) = with("zip") {
            assert!(zip == module.zip && with("mod").expect("a go.mod") == module.go_mod);
        }
    }
    let stored = world.stored();
    let zips = stored.iter().filter(|name| name.ends_with(".zip")).count();
    assert_eq!(zips, DOWNLOAD.len() - 1, "{stored:#?}");

    let reader = world.place();
    let output = reader.gomodfetch(DOWNLOAD).run();
    reference.holds(&reader, &output);
    assert_eq!((world.source.count("*.zip"), world.source.count("*.mod")), (0, 0));

    // Private ones are served, too, whatever says that nobody else is to see their names.
    let mut private = world.place();
    private.set("GOPRIVATE", "example.com").set("GOPROXY", "off").set("GONOPROXY", "none");
    private.gomodfetch(["download", "example.com/large@v1.0.0"]).run().success();
    assert_eq!(world.source.requests().len(), 0);

    // What does not fit its hash ends the run.
    let zip = world.root().join(&LARGE_ZIP[1..]);
    let other = ModuleVersion::generated("example.com/large v1.0.0", [3_000_000, 11]);
    fs::write(&zip, &other.zip).expect("another zip");
    let reader = world.place();
    let output = reader.gomodfetch(DOWNLOAD).run();
    output.fails_with(5).stderr_has("checksum mismatch");
    assert!(!reader.modcache().join(format!("cache/download{LARGE_ZIP}")).exists(), "{output}");
}

#[test]
fn a_cache_that_is_gone_is_no_matter() {
    let Some(program) = find("a_cache_that_is_gone", "nginx", None) else { return };
    let reference = Reference::new();
    let world = World::start(&program);
    let place = world.writing_place(PASSWORD);
    let World { source, cache, .. } = world;
    drop(cache);
    let output = place.gomodfetch(DOWNLOAD).run();
    reference.holds(&place, &output);
    assert!(source.count("*.zip") > 0);
}
