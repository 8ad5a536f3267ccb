//! Private modules: whatever is asked, no public proxy and no checksum database hears of them. Every request
//! is looked at.

use super::support::cli::Project;
use super::support::registry::Registry;
use super::support::server::Server;
use super::support::sumlog::SumLog;

/// The modules below `corp.example` are private.
const GRAPH: &str = "
    a v1.0.0
    a v1.1.0
    b v1.0.0: a v1.0.0
    corp.example/x v1.0.0: corp.example/y v1.0.0, a v1.0.0
    corp.example/x v1.1.0
    corp.example/y v1.0.0 go 1.16: corp.example/deep/z v1.0.0
    corp.example/deep/z v1.0.0
";

const MAIN: &str = "\
-- go.mod --
module corp.example/main

go 1.21

require (
	corp.example/x v1.0.0
	example.com/b v1.0.0
)
";

/// Everything that takes a module or asks for one.
const COMMANDS: &[&[&str]] = &[
    &["download"],
    &["download", "-json"],
    &["download", "-x", "all"],
    &["download", "--dry-run"],
    &["download", "--locked"],
    &["download", "--explain", "corp.example/x@v1.0.0"],
    &["download", "corp.example/x@latest"],
    &["download", "corp.example/x@upgrade"],
    &["download", "corp.example/x@patch"],
    &["download", "corp.example/x@master"],
    &["download", "corp.example/x@v1"],
    &["download", "corp.example/x@>v1.0.0"],
    &["download", "corp.example/x@<=v1.1.0"],
    &["download", "corp.example/x@0123456789ab"],
    &["download", "corp.example/none@v1.0.0", "corp.example/x/pkg@latest"],
    &["download", "corp.example/Upper@v1.0.0"],
    &["list", "all"],
    &["list", "-u", "all"],
    &["list", "-u", "-retracted", "-versions", "-json", "all"],
    &["list", "-versions", "corp.example/x"],
    &["list", "corp.example/x@latest", "corp.example/x@master"],
    &["list", "-e", "corp.example/none@latest"],
    &["graph"],
    &["verify"],
    &["verify", "--sumdb"],
    &["verify", "--cache", "--sumdb"],
    &["verify", "--repair", "--sumdb"],
];

/// A public proxy with the checksum database of everything, and one within the company.
struct World {
    public: Server,
    company: Server,
}

impl World {
    fn start() -> Self {
        let registry = || Registry::from_graph(GRAPH);
        let mut log = SumLog::new("sum.example.com");
        log.add_all(&registry());
        Self {
            public: Server::builder(registry()).sumdb(log).start(),
            company: Server::http(registry()),
        }
    }

    /// A place where everything private is in the cache, or nothing at all.
    fn place(&self, is_full: bool) -> Project {
        let mut place = Project::new(MAIN);
        place.use_server(&self.public).set("GOPRIVATE", "corp.example");
        if is_full {
            place.set("GONOPROXY", "none").set("GOPROXY", self.company.url()).set("GOSUMDB", "off");
            place.gomodfetch(["download", "all"]).run().success();
            place.unset("GONOPROXY").use_server(&self.public);
        }
        // What goes to its own repository gets nowhere.
        place.set("HTTPS_PROXY", "http://127.0.0.1:1").set("HTTP_PROXY", "http://127.0.0.1:1");
        place.set("GOVCS", "*:off");
        self.public.forget_requests();
        place
    }

    /// No request to the public server says anything of a private module.
    #[track_caller]
    fn assert_discreet(&self, what: &str) {
        for request in self.public.requests() {
            let told = format!("{request:?}").to_lowercase();
            let told = told.replace("%2e", ".").replace("%2f", "/");
            assert!(!told.contains("corp"), "{what}: {told}");
        }
    }
}

#[test]
fn no_public_server_hears_of_them() {
    let world = World::start();
    for is_full in [true, false] {
        let place = world.place(is_full);
        let mut succeeded = 0;
        for command in COMMANDS {
            let output = place.gomodfetch(*command).run();
            succeeded += usize::from(output.code() == Some(0));
            world.assert_discreet(&format!("{command:?} {output}"));
        }
        // It is not for want of doing anything.
        assert!(!is_full || succeeded >= 10, "{succeeded}");
    }
    let place = world.place(true);
    place.gomodfetch(["list", "-u", "all"]).run();
    assert!(world.public.count("/example.com/*") > 0);
}

#[test]
fn a_proxy_of_the_company_hears_of_them_and_the_database_does_not() {
    let world = World::start();
    for with_hints in ["--hints=false", "--explain"] {
        let mut place = world.place(false);
        place.set("GONOPROXY", "none").set("GOPROXY", world.company.url());
        place.set("GOSUMDB", world.public.gosumdb());
        for command in COMMANDS {
            let mut args = command.to_vec();
            if command[0] == "download" && with_hints == "--explain" {
                args.insert(1, with_hints);
            }
            let output = place.gomodfetch(&args).run();
            world.assert_discreet(&format!("{args:?} {output}"));
        }
        assert!(world.company.count("/corp.example/*") > 0);
        assert!(world.public.count("/sumdb/*/lookup/*") > 0);
    }
}

#[test]
fn neither_does_a_proxy_that_relays_the_database() {
    let world = World::start();
    let mut place = world.place(false);
    // GONOSUMDB alone: the proxy may know, and the database may not.
    place.set("GONOSUMDB", "corp.example").unset("GOPRIVATE");
    place.gomodfetch(["download", "all"]).run();
    assert!(world.public.count("/corp.example/*") > 0);
    for request in world.public.requests_for("/sumdb/*") {
        assert!(!request.path.contains("corp"), "{}", request.path);
    }
}
