//! Credentials: who gets them, and that nobody reads them in the output. Redirects, which could lead them
//! astray.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use super::common::*;
use super::support::cli::{Output, Project};
use super::support::diff;
use super::support::faults::Fault;
use super::support::registry::Registry;
use super::support::server::Server;
use super::support::sumlog::SumLog;
use super::support::tls::Authority;

const ARGS: [&str; 2] = ["download", "example.com/a@v1.0.0"];
/// `ann:secret` and `bob:hidden` in basic authentication.
const ANN: &str = "Basic YW5uOnNlY3JldA==";
const BOB: &str = "Basic Ym9iOmhpZGRlbg==";

fn registry() -> Registry {
    Registry::from_graph("a v1.0.0")
}

/// Two servers with TLS of one authority, which differ in the port.
fn two() -> (Server, Server) {
    let authority = Authority::new();
    let start = || Server::builder(registry()).https_by(&authority).start();
    (start(), start())
}

fn place(server: &Server, goproxy: &str, netrc: &str) -> Project {
    let mut place = project(server, &main_module(&[]), "");
    place.set("GOPROXY", goproxy);
    if !netrc.is_empty() {
        fs::write(place.home().join(".netrc"), netrc).expect("a netrc file");
    }
    place
}

/// The credentials that came with requests for the path, each once.
fn credentials(server: &Server, pattern: &str) -> Vec<Option<String>> {
    let requests = server.requests_for(pattern);
    assert!(!requests.is_empty(), "no request for {pattern}");
    let mut found: Vec<Option<String>> =
        requests.iter().map(|request| request.header("authorization").map(str::to_owned)).collect();
    found.sort();
    found.dedup();
    found
}

/// Runs with everything that makes a program talkative; no password is in what it says.
#[track_caller]
fn tells_no_secret(place: &Project, args: &[&str]) -> Output {
    let talkative = ["download", "-x", "-v", "--hints"];
    let output = place.gomodfetch(talkative.iter().chain(&args[1..])).run();
    let json = place.gomodfetch(talkative.iter().chain(&["-json"]).chain(&args[1..])).run();
    for output in [&output, &json] {
        for secret in ["secret", "hidden", "c2VjcmV0", &ANN[6..], &BOB[6..]] {
            output.lacks(secret);
        }
    }
    output
}

// Who gets them.

#[test]
fn credentials_of_a_url_or_from_netrc() {
    let (server, _) = two();
    let address = server.address().to_string();
    let plain = server.url();
    let with_ann = server.url_with("ann", "secret");
    let bob = format!("machine {address} login bob password hidden\n");
    for (goproxy, netrc, want) in [
        (&with_ann, "", Some(ANN)),
        (&plain, bob.as_str(), Some(BOB)),
        // The URL says it more precisely.
        (&with_ann, bob.as_str(), Some(ANN)),
        (&plain, "machine 127.0.0.1 login bob password hidden\n", None),
        (&plain, "machine example.com login bob password hidden\n", None),
        (&plain, "default login bob password hidden\n", None),
        (&plain, "", None),
    ] {
        let want = [want.map(str::to_owned)];
        server.forget_requests();
        let place = place(&server, goproxy, netrc);
        place.gomodfetch(ARGS).run().success().silent();
        assert_eq!(credentials(&server, "*"), want, "{goproxy} {netrc}");
        let make = || self::place(&server, goproxy, netrc);
        server.forget_requests();
        if let Some(output) = go_runs("credentials", &make, &ARGS) {
            output.success();
            assert_eq!(credentials(&server, "*"), want, "go: {goproxy} {netrc}");
        }
    }
}

#[test]
fn the_database_behind_a_proxy_gets_those_of_the_proxy() {
    let mut log = SumLog::new("sum.example.com");
    log.add_all(&registry());
    let server = Server::builder(registry()).sumdb(log).https().start();
    server.fault(Fault::on("*").unless_basic_auth("ann", "secret").status(401));
    let place = place(&server, &server.url_with("ann", "secret"), "");
    place.gomodfetch(ARGS).run().success().silent();
    assert_eq!(credentials(&server, "/sumdb/*"), [Some(ANN.to_owned())]);
}

#[test]
fn plain_http_gets_no_credentials() {
    let server = Server::http(registry());
    let netrc = format!("machine {} login bob password hidden\n", server.address());
    place(&server, &server.url(), &netrc).gomodfetch(ARGS).run().success().silent();
    assert_eq!(credentials(&server, "*"), [None]);

    server.forget_requests();
    let make = || place(&server, &server.url_with("ann", "secret"), "");
    let want = "go: example.com/a@v1.0.0: refusing to pass credentials to insecure URL: \
                http://ann:xxxxx@$ADDRESS/example.com/a/@v/v1.0.0.info\n";
    let (place, _) = both_say("plain_http", &server, &make, &ARGS, 1, want);
    assert_eq!(server.requests().len(), 0);
    tells_no_secret(&place, &ARGS).fails_with(1);
}

#[test]
fn a_redirect_takes_no_credentials_along() {
    let (server, other) = two();
    for pattern in ["*.info", "*.mod", "*.zip"] {
        server.heal();
        server.forget_requests();
        other.forget_requests();
        server.fault(Fault::on(pattern).redirect_below(&other.url()));
        let bob = format!("machine {} login bob password hidden\n", server.address());
        for (goproxy, netrc) in [(server.url_with("ann", "secret"), ""), (server.url(), &bob)] {
            let place = place(&server, &goproxy, netrc);
            tells_no_secret(&place, &ARGS).success();
            // Another port is another server, whatever go thinks of it.
            assert_eq!(credentials(&other, pattern), [None], "{pattern}");
            assert!(credentials(&server, pattern).iter().all(Option::is_some));
        }
    }
}

#[test]
fn a_redirect_back_to_the_same_server_keeps_them() {
    let (server, other) = two();
    server.fault(Fault::on("*").unless_basic_auth("ann", "secret").status(401));
    server.fault(Fault::on("/example.com/*.zip").first(1).redirect_below(&other.url()));
    other.fault(Fault::on("*.zip").redirect_below(&server.url()));
    let place = place(&server, &server.url_with("ann", "secret"), "");
    place.gomodfetch(ARGS).run().success().silent();
    assert_eq!(credentials(&server, "*.zip"), [Some(ANN.to_owned())]);
    assert_eq!(credentials(&other, "*.zip"), [None]);
}

#[test]
fn a_redirect_may_bring_its_own() {
    let (server, other) = two();
    server.fault(Fault::on("*.zip").redirect_below(&other.url_with("bob", "hidden")));
    for goproxy in [server.url(), server.url_with("ann", "secret")] {
        other.forget_requests();
        let place = place(&server, &goproxy, "");
        tells_no_secret(&place, &ARGS).success();
        assert_eq!(credentials(&other, "*.zip"), [Some(BOB.to_owned())]);
    }
}

// Where redirects lead.

#[test]
fn redirects_that_are_not_followed() {
    let (server, _) = two();
    let plain = Server::http(registry());
    let from = "$SERVER/example.com/a/@v/v1.0.0.mod";
    for (target, reason) in [
        (
            format!("{}/example.com/a/@v/v1.0.0.mod", plain.url()),
            format!(
                "redirected from secure URL {from} to insecure URL {}/example.com/a/@v/v1.0.0.mod",
                plain.url()
            ),
        ),
        (
            "http://bob:hidden@127.0.0.1:1/x?signature=hidden".to_owned(),
            format!(
                "redirected from secure URL {from} to insecure URL http://bob:xxxxx@127.0.0.1:1/x"
            ),
        ),
        (
            "file:///etc/passwd".to_owned(),
            format!("redirected from secure URL {from} to insecure URL file:///etc/passwd"),
        ),
        (
            "https://bob:hidden@127.0.0.1:1/x?signature=hidden".to_owned(),
            "dial tcp 127.0.0.1:1: connect: connection refused".to_owned(),
        ),
        ("/loop.mod".to_owned(), "stopped after 10 redirects".to_owned()),
    ] {
        server.heal();
        server.fault(Fault::on("*.mod").redirect_to(&target));
        let place = place(&server, &server.url(), "");
        let output = place.gomodfetch(ARGS).run();
        let want = format!("go: example.com/a@v1.0.0: Get \"{from}\": {reason}\n");
        diff::assert_same(&target, &want, &said(output.fails_with(6), &server));
        assert_unpublished(&place, "example.com/a");
        tells_no_secret(&place, &ARGS).fails_with(6);
        // go says it in the same words, of the place where the redirect led.
        let make = || self::place(&server, &server.url(), "");
        if let Some(output) = go_runs("redirects", &make, &ARGS) {
            let start = reason.split("bob:").next().unwrap();
            output.fails_with(1);
            assert!(said(&output, &server).contains(start), "{output}");
        }
    }
    assert_eq!(plain.requests().len(), 0);
    server.forget_requests();
    place(&server, &server.url(), "").gomodfetch(ARGS).run().fails_with(6);
    assert_eq!(server.count("/loop.mod"), 9);
}

#[test]
fn from_plain_http_files_are_out_of_reach_too() {
    let server = Server::http(registry());
    server.fault(Fault::on("*.mod").redirect_to("file:///etc/passwd"));
    let place = place(&server, &server.url(), "");
    let output = place.gomodfetch(ARGS).run();
    output.fails_with(6).stderr_has("unsupported protocol scheme \"file\"").lacks("root:");
    assert_unpublished(&place, "example.com/a");
}

#[test]
fn redirects_that_are_followed() {
    for status in [301, 302, 303, 307, 308] {
        let (server, other) = two();
        server.fault(Fault::on("*").status(status).redirect_below(&other.url()));
        place(&server, &server.url(), "").gomodfetch(ARGS).run().success().silent();
        assert_eq!(other.count("*"), 3, "{status}");
    }
}

// What is said.

#[test]
fn passwords_are_never_printed() {
    let (server, _) = two();
    let address = server.address();
    let url = server.url_with("ann", "secret");
    for (goproxy, code) in [
        (url.clone(), 3),
        (format!("{url}/sub,{url}"), 3),
        (format!("{url}|{url}"), 3),
        ("https://ann:secret@127.0.0.1:1".to_owned(), 6),
        ("https://ann:secret@host.invalid".to_owned(), 6),
        ("https://secret@127.0.0.1:1".to_owned(), 6),
        ("https://ann:secret@127.0.0.1:99999".to_owned(), 1),
        ("https://ann:sec ret@host.invalid".to_owned(), 1),
        ("https://ann:secret@[::1".to_owned(), 1),
        ("https://ann:secret@%zz".to_owned(), 1),
        ("ftp://ann:secret@127.0.0.1".to_owned(), 1),
        ("//ann:secret@127.0.0.1".to_owned(), 1),
        ("ann:secret@127.0.0.1".to_owned(), 6),
        (format!("http://ann:secret@{address}"), 1),
        (format!("https://{address}?token=secret"), 3),
    ] {
        let place = place(&server, &goproxy, "");
        let output = tells_no_secret(&place, &["download", "example.com/b@v1.0.0"]);
        output.lacks("sec ret").fails_with(code);
    }
}

#[test]
fn passwords_of_http_proxies_are_never_printed() {
    for proxy in [
        "http://ann:secret@127.0.0.1:1",
        "http://ann:secret@127.0.0.1:99999",
        "http://ann:secret@proxy.invalid:3128",
        "https://ann:secret@127.0.0.1:1",
        "socks5://ann:secret@127.0.0.1:1",
        "ann:secret@127.0.0.1:1",
        "http://ann:sec ret@127.0.0.1:1",
        "ftp://ann:secret@127.0.0.1:1",
    ] {
        let mut place = Project::new(&main_module(&[]));
        place.set("GOPROXY", "https://mod.invalid").set("HTTPS_PROXY", proxy);
        let output = tells_no_secret(&place, &ARGS);
        output.lacks("sec ret").fails_with(6);
    }
}

#[test]
fn the_failure_to_reach_an_http_proxy_is_told_as_such() {
    let server = Server::http(registry());
    let make = || {
        let mut place = Project::new(&main_module(&[]));
        place.set("GOPROXY", "https://mod.invalid").set("HTTPS_PROXY", "http://127.0.0.1:1");
        place
    };
    let want = "go: example.com/a@v1.0.0: Get \"https://mod.invalid/example.com/a/@v/v1.0.0.info\": \
                proxyconnect tcp: dial tcp 127.0.0.1:1: connect: connection refused\n";
    both_say("http_proxy", &server, &make, &ARGS, 6, want);
}

#[test]
fn names_are_left_to_a_socks_proxy() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let mut place = Project::new(&main_module(&[]));
    place.set("GOPROXY", "https://mod.invalid");
    place.set("HTTPS_PROXY", format!("socks5://{}", listener.local_addr().unwrap()));
    let running = place.gomodfetch(ARGS).spawn();
    let (mut stream, _) = listener.accept().expect("a connection");
    let mut greeting = [0; 2];
    stream.read_exact(&mut greeting).expect("a greeting");
    let mut methods = vec![0; usize::from(greeting[1])];
    stream.read_exact(&mut methods).expect("methods");
    stream.write_all(&[5, 0]).expect("no authentication");
    // Version, connect, reserved, a name of eleven bytes.
    let mut request = [0; 16];
    stream.read_exact(&mut request).expect("a request");
    assert_eq!(request[..5], [5, 1, 0, 3, 11]);
    assert_eq!(&request[5..], b"mod.invalid");
    drop((stream, listener));
    running.wait().fails_with(6);
}

#[test]
fn the_settings_can_be_shown() {
    let (server, _) = two();
    let place = place(&server, "https://example.com,off", "");
    let output = place.gomodfetch(["env", "GOPROXY"]).run();
    output.success().stdout_is("https://example.com,off\n");
}
