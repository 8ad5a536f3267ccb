//! HTTP and SOCKS5 proxies that want a name and a password: they get it, and nobody else hears of it.

use super::support::cli::Project;
use super::support::forward::Forward;
use super::support::go::Go;
use super::support::registry::Registry;
use super::support::server::Server;

const ARGS: [&str; 2] = ["download", "example.com/a@v1.0.0"];
/// What no output may hold: the password, and the header that it becomes.
const SECRETS: [&str; 3] = ["secret", "c2VjcmV0", "YW5uOnNlY3JldA"];

/// Loopback addresses are never proxied, so the server has a name.
fn serve() -> Server {
    let registry = Registry::from_graph("a v1.0.0");
    Server::builder(registry).https().certificate_for(&["mod.example.com"]).start()
}

fn place(server: &Server, variable: &str, proxy: &str) -> Project {
    let mut place = Project::new("-- go.mod --\nmodule example.org/main\n\ngo 1.21\n");
    place.use_server(server);
    let scheme = if server.ca_file().is_some() { "https" } else { "http" };
    place.set("GOPROXY", format!("{scheme}://mod.example.com")).set(variable, proxy);
    place
}

#[test]
fn proxies_get_their_credentials_and_servers_do_not() {
    let wants = Some(("ann", "se/cret@"));
    let (server, plain) = (serve(), Server::http(Registry::from_graph("a v1.0.0")));
    let https = Forward::http(server.address(), wants);
    let socks = Forward::socks(server.address(), wants);
    let http = Forward::http(plain.address(), wants);
    for (forward, scheme, variable, server, target) in [
        (&https, "http", "HTTPS_PROXY", &server, "mod.example.com:443"),
        (&socks, "socks5", "HTTPS_PROXY", &server, "mod.example.com:443"),
        (&http, "http", "HTTP_PROXY", &plain, "mod.example.com"),
    ] {
        let url = format!("{scheme}://ann:se%2Fcret%40@{}", forward.address());
        let make = || place(server, variable, &url);
        let output = make().gomodfetch(["download", "-x", "-v", "--hints", ARGS[1]]).run();
        output.success().lacks("se/cret").lacks("se%2F").lacks("cmV0QA");
        assert_eq!(forward.asked(), [target], "{scheme} {variable}");
        let told = |name: &str| server.requests().iter().any(|r| r.header(name).is_some());
        assert!(!told("proxy-authorization") && !told("authorization"), "{scheme}");
        if let Some(go) = Go::find("proxies with a password") {
            make().go(&go, ["mod", ARGS[0], ARGS[1]]).run().success();
        }
    }
}

#[test]
fn a_proxy_that_refuses_is_told_as_such() {
    let server = serve();
    let forward = Forward::http(server.address(), Some(("bob", "hidden")));
    for proxy in [
        format!("http://ann:secret@{}", forward.address()),
        format!("http://{}", forward.address()),
    ] {
        let make = || place(&server, "HTTPS_PROXY", &proxy);
        let want = "Get \"https://mod.example.com/example.com/a/@v/v1.0.0.info\": Proxy Authentication \
                    Required";
        let output = make().gomodfetch(["download", "-x", "--hints", ARGS[1]]).run();
        output.stderr_has(want);
        for secret in SECRETS {
            output.lacks(secret);
        }
        output
            .fails_with(4)
            .stderr_has("hint: put the user and the password of the HTTP proxy into");
        if let Some(go) = Go::find("a proxy that refuses") {
            make().go(&go, ["mod", ARGS[0], ARGS[1]]).run().stderr_has(want);
        }
    }
    assert!(forward.asked().is_empty());
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_socks_proxy_that_refuses_tells_no_password() {
    let server = serve();
    let forward = Forward::socks(server.address(), Some(("bob", "hidden")));
    let proxy = format!("socks5://ann:secret@{}", forward.address());
    let place = place(&server, "HTTPS_PROXY", &proxy);
    let output = place.gomodfetch(["download", "-x", "--hints", ARGS[1]]).run();
    for secret in SECRETS {
        output.lacks(secret);
    }
    assert_ne!(output.code(), Some(0));
    assert!(forward.asked().is_empty());
}
