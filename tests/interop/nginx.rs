//! nginx, with the static tree that a module proxy is at its simplest.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use super::daemon::{Daemon, find};
use super::support::cli::Project;
use super::support::relay::Relay;
use super::support::tls::{Authority, LOOPBACK};
use super::world::{DOWNLOAD, LARGE_ZIP, Reference, log, place, registry};

/// What stands in netrc and in URLs; nginx knows its hash.
pub const USER: &str = "ann";
pub const PASSWORD: &str = "open-sesame";

/// nginx over TLS and HTTP/2 with these lines in its server block.
pub fn start(program: &Path, authority: &Authority, lines: &str) -> Daemon {
    Daemon::start("nginx", |dir, port| {
        authority.write_server_files(&LOOPBACK, dir);
        fs::create_dir(dir.join("root")).expect("a folder");
        fs::write(dir.join("users"), format!("{USER}:{{PLAIN}}{PASSWORD}\n")).expect("a file");
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path temp-{name};\n"))
            .concat();
        let config = format!(
            "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log errors;\n\
             events {{ }}\n\
             http {{\n{temporary}access_log access;\nsendfile on;\n\
             log_format requests '$server_protocol $request_method $status $uri';\n\
             access_log requests requests;\n\
             server {{\nlisten 127.0.0.1:{port} ssl http2;\nssl_certificate server.pem;\n\
             ssl_certificate_key server.key;\nroot root;\n{lines}\n}}\n}}\n"
        );
        fs::write(dir.join("nginx.conf"), config).expect("a file");
        let mut command = Command::new(program);
        command.arg("-p").arg(dir).arg("-c").arg(dir.join("nginx.conf")).arg("-e").arg("errors");
        command
    })
}

/// nginx with everything that there is, which wants to know who asks.
fn start_guarded(program: &Path, authority: &Authority) -> Daemon {
    let nginx = start(
        program,
        authority,
        "auth_basic modules;\nauth_basic_user_file users;\nlocation / { try_files $uri =404; }",
    );
    registry().write_proxy(&nginx.dir().join("root"));
    log().write_proxy(&nginx.dir().join("root"));
    nginx
}

/// A place that trusts the authority, with credentials for this address in netrc.
fn place_with_netrc(authority: &Authority, address: SocketAddr, password: &str) -> Project {
    let mut place = place();
    place.set("SSL_CERT_FILE", authority.file());
    place.set("GOPROXY", format!("https://{address}"));
    let netrc = format!("machine {address} login {USER} password {password}\n");
    fs::write(place.home().join(".netrc"), netrc).expect("a netrc");
    place
}

#[test]
fn a_static_tree_over_http2_with_basic_authentication() {
    let Some(program) = find("a_static_tree", "nginx", None) else { return };
    let reference = Reference::new();
    let authority = Authority::new();
    let nginx = start_guarded(&program, &authority);
    let address = nginx.address();

    // From netrc.
    let netrc = place_with_netrc(&authority, address, PASSWORD);
    let output = netrc.gomodfetch(DOWNLOAD.iter().chain(&["-x"])).run();
    reference.holds(&netrc, &output);
    output.lacks(PASSWORD);
    let requests = nginx.read("requests");
    let is_sound = |line: &str| line.starts_with("HTTP/2.0 GET 200 ");
    let wrong: Vec<_> = requests.lines().filter(|line| !is_sound(line)).collect();
    assert!(wrong.is_empty() && !requests.is_empty(), "{wrong:#?}");
    netrc.gomodfetch(["verify", "--cache", "--sumdb"]).run().success();

    // In the URL.
    let mut url = place();
    url.set("SSL_CERT_FILE", authority.file());
    url.set("GOPROXY", format!("https://{USER}:{PASSWORD}@{address}"));
    let output = url.gomodfetch(DOWNLOAD.iter().chain(&["-x"])).run();
    reference.holds(&url, &output);
    output.lacks(PASSWORD);

    // Wrong, or none.
    let wrong = place_with_netrc(&authority, address, "open-barley");
    wrong.gomodfetch(DOWNLOAD).run().fails_with(4).stderr_has("401 Unauthorized");
    let mut none = place();
    none.set("SSL_CERT_FILE", authority.file());
    none.set("GOPROXY", format!("https://{address}"));
    none.gomodfetch(DOWNLOAD).run().fails_with(4).stderr_has("401 Unauthorized");

    // What is not there.
    netrc.gomodfetch(["download", "example.com/none@v1.0.0"]).run().fails_with(3);
}

#[test]
fn a_zip_that_is_cut_is_gone_on_with() {
    let Some(program) = find("a_zip_that_is_cut", "nginx", None) else { return };
    let reference = Reference::new();
    let authority = Authority::new();
    let nginx = start_guarded(&program, &authority);
    // Small files need less than that, and the zip far more.
    let relay = Relay::cutting(nginx.address(), 6, 300_000);
    let mut place = place_with_netrc(&authority, relay.address(), PASSWORD);
    place.set("GOMODFETCH_RETRIES", "20").set("GOMODFETCH_RETRY_WAIT", "1ms");
    let output = place.gomodfetch(DOWNLOAD).run();
    reference.holds(&place, &output);
    assert!(relay.cut() > 0, "nothing was cut");
    let requests = nginx.read("requests");
    let went_on = format!("HTTP/2.0 GET 206 {LARGE_ZIP}");
    assert!(requests.lines().any(|line| line == went_on), "{requests}");
}
