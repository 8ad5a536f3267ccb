//! Certificates that are shown to servers that ask for one: to those that they are for, and to no other.

use std::fs;

use super::support::cli::Project;
use super::support::faults::Fault;
use super::support::registry::Registry;
use super::support::server::Server;
use super::support::tls::Authority;

const ARGS: [&str; 2] = ["download", "example.com/a@v1.0.0"];

/// Two servers that let nobody in without a certificate.
fn serve() -> (Server, Server, Authority) {
    let authority = Authority::new();
    let start = || {
        let server = Server::builder(Registry::from_graph("a v1.0.0")).https_by(&authority);
        server.only_clients_of(&authority).start()
    };
    (start(), start(), authority.clone())
}

/// A place with a certificate in `me.pem`, its key in `me.key` and both in `both.pem`.
fn place(server: &Server, authority: &Authority, setting: &str) -> Project {
    let mut place = Project::new("-- go.mod --\nmodule example.org/main\n\ngo 1.21\n");
    place.use_server(server);
    let (cert, key) = authority.client();
    let write = |name: &str, text: &str| fs::write(place.dir().join(name), text).expect("a file");
    write("me.pem", &cert);
    write("me.key", &key);
    write("both.pem", &format!("{key}{cert}"));
    place.set("GOMODFETCH_CLIENT_CERT", setting.replace("ADDRESS", &server.address().to_string()));
    place
}

#[test]
fn servers_that_ask_get_what_is_for_them() {
    let (server, _, authority) = serve();
    for (setting, code) in [
        ("ADDRESS=me.pem,me.key", 0),
        ("127.0.0.1=me.pem,me.key", 0),
        ("other.example=x.pem; ADDRESS=both.pem", 0),
        ("", 6),
        ("other.example=me.pem,me.key", 6),
        ("127.0.0.1:1=me.pem,me.key", 6),
    ] {
        let place = place(&server, &authority, setting);
        place.gomodfetch(ARGS).run().fails_with(code);
    }
    // One of another authority.
    let place = place(&server, &Authority::new(), "ADDRESS=me.pem,me.key");
    place.gomodfetch(ARGS).run().fails_with(6);
}

#[test]
fn a_redirect_gets_no_others_certificate() {
    let (server, other, authority) = serve();
    server.fault(Fault::on("*.zip").redirect_below(&other.url()));
    place(&server, &authority, "ADDRESS=me.pem,me.key").gomodfetch(ARGS).run().fails_with(6);
    assert_eq!(other.requests().len(), 0);
}

#[test]
fn files_that_can_not_be_read_are_named() {
    let (server, _, authority) = serve();
    for (setting, code, want) in [
        ("ADDRESS=none.pem", 1, "tls: open none.pem: no such file or directory"),
        ("ADDRESS=go.mod", 1, "tls: go.mod: no certificate in PEM"),
        ("ADDRESS=me.pem", 1, "tls: me.pem: no key in PEM"),
        ("me.pem", 2, "invalid GOMODFETCH_CLIENT_CERT (must be HOST=CERT.pem,KEY.pem): me.pem"),
    ] {
        let place = place(&server, &authority, setting);
        place.gomodfetch(ARGS).run().fails_with(code).stderr_has(want);
    }
}
