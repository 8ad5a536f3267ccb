//! goproxy, a module proxy that companies run.

use std::path::Path;
use std::process::Command;

use super::daemon::{Daemon, find};
use super::support::go::Go;
use super::support::server::Server;
use super::support::tls::{Authority, LOOPBACK};
use super::world::{DOWNLOAD, Reference, log, place, registry};

/// goproxy in front of a server of ours; with TLS it speaks HTTP/2.
fn start(program: &Path, go: &Go, source: &Server, authority: Option<&Authority>) -> Daemon {
    Daemon::start("goproxy", |dir, port| {
        let mut command = Command::new(program);
        command.env_clear().current_dir(dir).env("HOME", dir);
        for (name, value) in [
            ("GOPROXY", source.url()),
            ("GOSUMDB", source.gosumdb()),
            ("GOPATH", dir.join("gopath").to_string_lossy().into_owned()),
            ("GOENV", "off".to_owned()),
            ("GOTOOLCHAIN", "local".to_owned()),
            ("GOTELEMETRY", "off".to_owned()),
        ] {
            command.env(name, value);
        }
        command.args(["server", "--address", &format!("127.0.0.1:{port}"), "--cacher-dir"]);
        command.arg(dir.join("cache")).arg("--temp-dir").arg(dir).arg("--go-bin").arg(go.program());
        let sumdb = format!("sum.example.com {}/sumdb/sum.example.com", source.url());
        command.args(["--proxied-sumdbs", &sumdb]);
        if let Some(authority) = authority {
            authority.write_server_files(&LOOPBACK, dir);
            command.arg("--tls-cert-file").arg(dir.join("server.pem"));
            command.arg("--tls-key-file").arg(dir.join("server.key"));
        }
        command
    })
}

fn programs(test: &str) -> Option<(std::path::PathBuf, Go)> {
    let program = find(test, "goproxy", Some("GOMODFETCH_TEST_GOPROXY"))?;
    Some((program, Go::find(test)?))
}

#[test]
fn goproxy_serves_modules_and_the_checksum_database() {
    let Some((program, go)) = programs("goproxy_serves") else { return };
    let reference = Reference::new();
    let source = Server::builder(registry()).sumdb(log()).start();
    let authority = Authority::new();
    for authority in [None, Some(&authority)] {
        let goproxy = start(&program, &go, &source, authority);
        let scheme = if authority.is_some() { "https" } else { "http" };
        // The second time it has everything in its cache.
        for _ in 0..2 {
            source.forget_requests();
            let mut place = place();
            place.set("GOPROXY", format!("{scheme}://{}", goproxy.address()));
            if let Some(authority) = authority {
                place.set("SSL_CERT_FILE", authority.file());
            }
            let output = place.gomodfetch(DOWNLOAD).run();
            reference.holds(&place, &output);
            place.gomodfetch(["verify", "--cache", "--sumdb"]).run().success();
            assert!(source.count("/sumdb/*/lookup/*") > 0, "the database is asked through it");
        }
        assert_eq!(source.count("*.zip"), 0, "it keeps zips");
    }
}

#[test]
fn goproxy_does_not_have_everything() {
    let Some((program, go)) = programs("goproxy_does_not") else { return };
    let source = Server::builder(registry()).sumdb(log()).start();
    let goproxy = start(&program, &go, &source, None);
    let mut place = place();
    place.set("GOPROXY", format!("http://{}", goproxy.address()));
    for (module, code) in [("example.com/a@v1.9.0", 3), ("example.com/none@latest", 3)] {
        place.gomodfetch(["download", module]).run().fails_with(code);
    }
    // It keeps trying by itself; then it says 404, whatever was the matter.
    let elsewhere = Server::builder(registry()).sumdb(log()).start();
    place.set("GOPROXY", format!("http://{},{}", goproxy.address(), elsewhere.url()));
    let output = place.gomodfetch(["download", "example.com/c@v1.1.0"]).run();
    output.success();
}
