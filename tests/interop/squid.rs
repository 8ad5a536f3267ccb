//! squid, the HTTP proxy on the way out of many companies.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::daemon::{Daemon, find};
use super::support::cli::Project;
use super::support::server::{Builder, Server};
use super::support::tls::Authority;
use super::world::{DOWNLOAD, Reference, log, place, registry};

/// A name that only squid knows: Go's rules send nothing for 127.0.0.1 to a proxy.
const NAME: &str = "modules.example.com";
const USER: &str = "carl";
const PASSWORD: &str = "through-please";

fn start(program: &Path) -> Daemon {
    Daemon::start("squid", |dir, port| {
        let dir_name = dir.display();
        fs::write(dir.join("hosts"), format!("127.0.0.1 {NAME}\n")).expect("a file");
        // A helper that knows one user: squid writes name and password in a line.
        let helper = format!(
            "#!/bin/sh\nwhile read -r user password; do\n\
             if [ \"$user $password\" = '{USER} {PASSWORD}' ]; then echo OK; else echo ERR; fi\n\
             done\n"
        );
        fs::write(dir.join("helper"), helper).expect("a file");
        let config = format!(
            "http_port 127.0.0.1:{port}\nhosts_file {dir_name}/hosts\n\
             auth_param basic program /bin/sh {dir_name}/helper\nauth_param basic children 2\n\
             acl known proxy_auth REQUIRED\nhttp_access allow known\nhttp_access deny all\n\
             cache deny all\npid_filename none\ncache_log {dir_name}/errors\n\
             access_log stdio:{dir_name}/access\ncoredump_dir {dir_name}\nnetdb_filename none\n\
             pinger_enable off\nshutdown_lifetime 0 seconds\ndns_nameservers 127.0.0.1\n"
        );
        fs::write(dir.join("squid.conf"), config).expect("a file");
        let mut command = Command::new(program);
        command.arg("-N").arg("-f").arg(dir.join("squid.conf")).current_dir(dir);
        command
    })
}

/// A place with this proxy, and this server behind it.
fn place_behind(squid: SocketAddr, login: &str, server: &Server) -> Project {
    let mut place = place();
    place.use_server(server);
    let port = server.address().port();
    let scheme = if server.authority().is_some() { "https" } else { "http" };
    place.set("GOPROXY", format!("{scheme}://{NAME}:{port}"));
    for variable in ["HTTP_PROXY", "HTTPS_PROXY"] {
        place.set(variable, format!("http://{login}{squid}"));
    }
    place
}

#[test]
fn the_way_leads_through_squid() {
    let Some(program) = find("the_way_leads", "squid", None) else { return };
    let reference = Reference::new();
    let squid = start(&program);
    let authority = Authority::new();
    let plain = |builder: Builder| builder.start();
    let with_tls = |builder: Builder| builder.https_by(&authority).certificate_for(&[NAME]).start();
    for server in [
        plain(Server::builder(registry()).sumdb(log())),
        with_tls(Server::builder(registry()).sumdb(log())),
    ] {
        let is_plain = server.authority().is_none();
        let login = format!("{USER}:{PASSWORD}@");
        let known = place_behind(squid.address(), &login, &server);
        let output = known.gomodfetch(DOWNLOAD.iter().chain(&["-x"])).run();
        reference.holds(&known, &output);
        output.lacks(PASSWORD);
        let port = server.address().port();
        let line = if is_plain {
            format!("GET http://{NAME}:{port}/")
        } else {
            format!("CONNECT {NAME}:{port}")
        };
        assert!(squid.read("access").contains(&line), "no {line}: {}", squid.read("access"));
        // Who is behind squid learns nothing of what squid was told.
        for request in server.requests() {
            assert_eq!(request.credentials().count(), 0, "{request:#?}");
        }

        for login in ["", "carl:no@"] {
            server.forget_requests();
            let stranger = place_behind(squid.address(), login, &server);
            let output = stranger.gomodfetch(DOWNLOAD).run();
            output.stderr_has("Proxy Authentication Required");
            output.fails_with(4);
            assert_eq!(server.requests().len(), 0);
        }
    }
}

#[test]
fn squid_can_not_reach_everything() {
    let Some(program) = find("squid_can_not_reach", "squid", None) else { return };
    let squid = start(&program);
    let server = Server::builder(registry()).deaf().start();
    let mut place = place_behind(squid.address(), &format!("{USER}:{PASSWORD}@"), &server);
    place.set("GOMODFETCH_RETRIES", "1").set("GOMODFETCH_RETRY_WAIT", "1ms");
    let output = place.gomodfetch(["download", "example.com/a@v1.0.0"]).run();
    output.fails_with(6).stderr_has("503 Service Unavailable").lacks(PASSWORD);
}
