//! `--dry-run`: what would be fetched, with nothing written.

use crate::support::cli::Project;
use crate::support::registry::Registry;
use crate::support::server::Server;
use crate::support::sumlog::SumLog;
use crate::support::tree::Snapshot;

const PROJECT: &str = "\
-- go.mod --
module example.org/main

go 1.21

require (
	example.com/a v1.0.0
	example.com/b v1.0.0
)
";

fn server() -> Server {
    let registry = Registry::from_graph("a v1.0.0: c v1.0.0\nb v1.0.0\nc v1.0.0");
    let mut log = SumLog::new("sum.example.com");
    log.add_all(&registry);
    Server::builder(registry).sumdb(log).start()
}

fn place(server: &Server) -> Project {
    let mut place = Project::new(PROJECT);
    place.use_server(server);
    place
}

fn size(server: &Server, module: &str) -> usize {
    server.registry().get(module).zip.len()
}

#[test]
fn nothing_is_written_and_no_zip_is_fetched() {
    let server = server();
    let place = place(&server);
    let before = Snapshot::of(place.root());
    let output = place.gomodfetch(["download", "--dry-run"]).run();
    let (a, b) = (size(&server, "example.com/a v1.0.0"), size(&server, "example.com/b v1.0.0"));
    let url = server.url();
    let go_mods: usize = ["example.com/a v1.0.0", "example.com/b v1.0.0"]
        .map(|module| server.registry().get(module).go_mod.len())
        .iter()
        .sum();
    output.success().stdout_is(&format!(
        "example.com/a v1.0.0: {a} B from {url}\n\
         example.com/b v1.0.0: {b} B from {url}\n\
         2 zips to fetch, {} B; 0 are in the cache\n\
         2 go.mod files ({go_mods} B) were fetched to find this out, and not kept\n",
        a + b
    ));
    assert_eq!(output.stderr, "");
    let zips = server.requests_for("*.zip");
    assert!(zips.iter().all(|request| request.method == "HEAD"), "{zips:?}");
    assert_eq!(before.diff(&Snapshot::of(place.root())), [""; 0]);
}

#[test]
fn what_is_there_is_not_fetched() {
    let server = server();
    let place = place(&server);
    place.gomodfetch(["download", "example.com/a@v1.0.0"]).run().success();
    let before = Snapshot::of(place.root());
    let output = place.gomodfetch(["download", "--dry-run", "-json", "all"]).run();
    let objects = output.success().json();
    let shown: Vec<_> =
        objects.iter().map(|o| format!("{} {} {}", o["Path"], o["Present"], o["Size"])).collect();
    let (b, c) = (size(&server, "example.com/b v1.0.0"), size(&server, "example.com/c v1.0.0"));
    assert_eq!(
        shown,
        [
            "\"example.com/a\" true null".to_owned(),
            format!("\"example.com/b\" null {b}"),
            format!("\"example.com/c\" null {c}"),
        ]
    );
    assert_eq!(before.diff(&Snapshot::of(place.root())), [""; 0]);
    // The forecast was right.
    server.forget_requests();
    place.gomodfetch(["download", "all"]).run().success();
    assert_eq!(server.count("*.zip"), 2);
    let output = place.gomodfetch(["download", "--dry-run", "all"]).run();
    output.success().stdout_is("0 zips to fetch, 0 B; 3 are in the cache\n");
}

#[test]
fn what_fails_is_told() {
    let server = server();
    let place = place(&server);
    let before = Snapshot::of(place.root());
    let output = place
        .gomodfetch(["download", "--dry-run", "example.com/a@v1.0.0", "example.com/none@v1.0.0"])
        .run();
    output.fails_with(3).stderr_has("example.com/none@v1.0.0: ").stderr_has("404 Not Found");
    output.stdout_has("1 zips to fetch, ");
    assert_eq!(before.diff(&Snapshot::of(place.root())), [""; 0]);
}
