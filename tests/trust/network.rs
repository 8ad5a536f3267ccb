//! Networks that fail, and proxies that refuse: the exit code and a text that names what failed.

use super::common::*;
use super::support::cli::Project;
use super::support::faults::Fault;
use super::support::go::Go;
use super::support::registry::Registry;
use super::support::server::Server;
use super::support::tls::Authority;
use super::support::tree::Snapshot;

const ARGS: [&str; 2] = ["download", "example.com/a@v1.0.0"];

fn registry() -> Registry {
    Registry::from_graph("a v1.0.0")
}

#[test]
fn no_connection() {
    let server = Server::http(registry());
    let refused = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.local_addr().expect("an address")
    };
    for scheme in ["http", "https"] {
        let make = || {
            let mut place = Project::new(&main_module(&[]));
            place.set("GOPROXY", format!("{scheme}://{refused}"));
            place
        };
        let want = format!(
            "go: example.com/a@v1.0.0: Get \"{scheme}://{refused}/example.com/a/@v/v1.0.0.info\": \
             dial tcp {refused}: connect: connection refused\n"
        );
        let (place, _) = both_say("refused", &server, &make, &ARGS, 6, &want);
        assert_unpublished(&place, "example.com/a");
    }
}

#[test]
fn no_such_host() {
    let mut place = Project::new(&main_module(&[]));
    place.set("GOPROXY", "https://proxy.invalid");
    let output = place.gomodfetch(ARGS).run();
    output.fails_with(6).stderr_is(
        "go: example.com/a@v1.0.0: Get \"https://proxy.invalid/example.com/a/@v/v1.0.0.info\": \
         dial tcp: lookup proxy.invalid: no such host\n",
    );
}

#[test]
fn certificates() {
    let stranger = Authority::new();
    let start = |expired: bool, names: &[&str]| {
        let server = Server::builder(registry()).https();
        let server = if expired { server.expired() } else { server };
        let server = if names.is_empty() { server } else { server.certificate_for(names) };
        server.start()
    };
    for (server, trusted, reason, of_go) in [
        (
            start(false, &[]),
            false,
            "certificate signed by unknown authority",
            "certificate signed by unknown authority",
        ),
        (
            start(true, &[]),
            true,
            "certificate has expired or is not yet valid",
            "certificate has expired or is not yet valid",
        ),
        (
            start(false, &["other.example.com"]),
            true,
            "cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs",
            "cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs",
        ),
    ] {
        let make = || {
            let mut place = project(&server, &main_module(&[]), "");
            if !trusted {
                place.set("SSL_CERT_FILE", stranger.file());
            }
            place
        };
        let start = "go: example.com/a@v1.0.0: Get \"$SERVER/example.com/a/@v/v1.0.0.info\": \
                     tls: failed to verify certificate: x509: ";
        let place = make();
        let output = place.gomodfetch(ARGS).run();
        let text = said(output.fails_with(6), &server);
        assert!(text.starts_with(start) && text[start.len()..].contains(reason), "{output}");
        assert_unpublished(&place, "example.com/a");
        assert_eq!(server.requests().len(), 0);
        if let Some(output) = go_runs("certificates", &make, &ARGS) {
            let text = said(output.fails_with(1), &server);
            assert!(text.starts_with(start) && text.contains(of_go), "{output}");
        }
    }
}

#[test]
fn a_certificate_for_another_name() {
    let server =
        Server::builder(registry()).https().certificate_for(&["other.example.com"]).start();
    let port = server.address().port();
    let make = || {
        let mut place = project(&server, &main_module(&[]), "");
        place.set("GOPROXY", format!("https://localhost:{port}"));
        place
    };
    let want = format!(
        "go: example.com/a@v1.0.0: Get \"https://localhost:{port}/example.com/a/@v/v1.0.0.info\": \
         tls: failed to verify certificate: x509: certificate is valid for other.example.com, not \
         localhost\n"
    );
    both_say("another_name", &server, &make, &ARGS, 6, &want);
}

#[test]
fn statuses() {
    for (status, line, code) in [
        (400, "400 Bad Request", 6),
        (401, "401 Unauthorized", 4),
        (403, "403 Forbidden", 4),
        (404, "404 Not Found", 3),
        (410, "410 Gone", 3),
        (429, "429 Too Many Requests", 6),
        (500, "500 Internal Server Error", 6),
        (502, "502 Bad Gateway", 6),
        (504, "504 Gateway Timeout", 6),
        (204, "204 No Content", 6),
        (206, "206 Partial Content", 6),
        (304, "304 Not Modified", 6),
    ] {
        for kind in ["info", "mod", "zip"] {
            let server = Server::http(registry());
            let page = if matches!(status, 204 | 304) { "" } else { "no luck today\n" };
            server.fault(Fault::on(&format!("*.{kind}")).status(status).body(page));
            let make = || project(&server, &main_module(&[]), "");
            let detail = if page.is_empty() { "" } else { "\n\tserver response: no luck today" };
            let want = format!(
                "go: example.com/a@v1.0.0: reading $SERVER/example.com/a/@v/v1.0.0.{kind}: \
                 {line}{detail}\n"
            );
            let (place, _) = both_say("statuses", &server, &make, &ARGS, code, &want);
            let found = published(&place, "example.com/a");
            assert!(found.iter().all(|file| file.ends_with(".mod")), "{found:?}");
        }
    }
}

#[test]
fn a_module_that_fails_does_not_stop_the_others() {
    let registry = Registry::from_graph("a v1.0.0\nb v1.0.0\nc v1.0.0\nd v1.0.0");
    let server = Server::http(registry);
    server.fault(Fault::on("/example.com/a/*").status(404));
    server.fault(Fault::on("/example.com/c/*.zip").status(403));
    let make = || project(&server, &main_module(&[]), "");
    let args = [
        "download",
        "example.com/a@v1.0.0",
        "example.com/b@v1.0.0",
        "example.com/c@v1.0.0",
        "example.com/d@v1.0.0",
    ];
    // The first failure decides the exit code.
    let want = "go: example.com/a@v1.0.0: reading $SERVER/example.com/a/@v/v1.0.0.info: \
                404 Not Found\n\tserver response: fault: 404\n\
                go: example.com/c@v1.0.0: reading $SERVER/example.com/c/@v/v1.0.0.zip: \
                403 Forbidden\n\tserver response: fault: 403\n";
    let (place, _) = both_say("others", &server, &make, &args, 3, want);
    assert_published(&place, "example.com/b v1.0.0");
    assert_published(&place, "example.com/d v1.0.0");
}

#[test]
fn a_graph_that_cannot_be_loaded() {
    let registry = Registry::from_graph("a v1.0.0: b v1.0.0\nb v1.0.0\nc v1.0.0");
    let server = Server::http(registry);
    server.fault(Fault::on("/example.com/a/*.mod").status(500));
    let Some(go) = Go::find("a_graph_that_cannot_be_loaded") else { return };
    for args in [&["download"][..], &["download", "all"]] {
        let make = || {
            project(&server, &main_module(&["example.com/a v1.0.0", "example.com/c v1.0.0"]), "")
        };
        let with_go = make();
        let of_go = with_go.go(&go, ["mod"].iter().chain(args)).run();
        let want = said(of_go.fails_with(1), &server);
        let (place, _) = both_say("graph", &server, &make, args, 6, &want);
        let [theirs, ours] = [with_go, place].map(|place| {
            let files = Snapshot::of(&place.modcache());
            let kept = |name: &&str| !name.ends_with("lock");
            files.files().into_iter().filter(kept).map(str::to_owned).collect::<Vec<_>>()
        });
        assert_eq!(ours, theirs);
    }
}
