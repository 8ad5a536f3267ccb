//! The registry as a module proxy, with the real `go` as judge.

use std::fs;

use crate::support::cli::Project;
use crate::support::go::Go;
use crate::support::modules;
use crate::support::registry::{Registry, file_url};
use crate::support::server::{Protocol, Server};
use crate::support::tree;
use crate::support::versions;
use crate::{MODULES, PROJECT, REQUIRED};

#[test]
fn a_registry_answers_as_a_proxy() {
    let mut registry = Registry::from_txtar(MODULES);
    registry.set_query("example.com/a", "main", "v1.2.0");
    let text = |path: &str| {
        let reply = registry.respond(path);
        (reply.status, String::from_utf8_lossy(&reply.body).into_owned())
    };
    assert_eq!(text("/example.com/a/@v/list"), (200, "v1.0.0\nv1.2.0\nv1.10.0\n".into()));
    assert_eq!(text("/example.com/p/@v/list"), (200, String::new()));
    let info = r#"{"Version":"v1.10.0","Time":"2024-05-06T07:08:09Z"}"#;
    assert_eq!(text("/example.com/a/@latest"), (200, info.into()));
    assert!(text("/example.com/a/@v/main.info").1.contains("v1.2.0"));
    assert_eq!(text("/example.com/a/@v/main.zip").0, 404);
    assert_eq!(text("/example.com/!upper/@v/v1.0.0-!r!c.1.mod").0, 200);
    assert_eq!(text("/example.com/Upper/@v/v1.0.0-RC.1.mod").0, 404);
    let old = "/example.com/old/@v/v2.0.0+incompatible.mod";
    assert_eq!(text(old), (200, "module example.com/old\n".into()));
    let missing = "/example.com/a/@v/v9.0.0.info";
    assert_eq!(text(missing), (404, format!("not found: {missing}")));
}

#[test]
fn a_graph_is_written_in_a_line_per_version() {
    let registry = Registry::from_graph(
        "
        a v1.0.0: b v1.1.0, corp.example/c v1.0.0
        b v1.1.0 go 1.16
        corp.example/c v1.0.0
        ",
    );
    let go_mod = modules::go_mod(
        "example.com/a",
        "1.21",
        &["example.com/b v1.1.0", "corp.example/c v1.0.0"],
    );
    assert_eq!(registry.get("example.com/a v1.0.0").go_mod, go_mod);
    let b = &registry.get("example.com/b v1.1.0").go_mod;
    assert_eq!(b, "module example.com/b\n\ngo 1.16\n");
}

/// Checks what `go mod download` left in the cache against what the registry has.
fn check_cache(project: &Project, registry: &Registry) {
    for module in REQUIRED.map(|module| registry.get(module)) {
        let path = versions::escape(&module.path);
        let dir = project.modcache().join("cache/download").join(path).join("@v");
        let file = |suffix: &str| {
            let name = format!("{}.{suffix}", versions::escape(&module.version));
            fs::read(dir.join(name)).expect("a file of the cache")
        };
        assert_eq!(file("mod"), module.go_mod);
        assert_eq!(file("zip"), module.zip);
        assert_eq!(String::from_utf8_lossy(&file("ziphash")), module.h1);
    }
}

#[test]
fn go_accepts_the_registry_over_http_and_as_files() {
    let Some(go) = Go::find("go_accepts_the_registry_over_http_and_as_files") else { return };
    let registry = Registry::from_txtar(MODULES);
    let sums = registry.go_sum(&REQUIRED);

    let files = tempfile::tempdir().expect("a temporary folder");
    registry.write_proxy(files.path());
    let plain = Server::http(registry.clone());
    let secure = Server::builder(registry.clone()).https().start();
    let http1 = Server::builder(registry.clone()).https().protocol(Protocol::Http1).start();
    let mut caches = Vec::new();
    for url in [file_url(files.path()), plain.url(), secure.url(), http1.url()] {
        let mut project = Project::new(PROJECT);
        let ca = [&secure, &http1].into_iter().find(|server| server.url() == url);
        if let Some(file) = ca.and_then(Server::ca_file) {
            project.set("SSL_CERT_FILE", file);
        }
        project.set("GOPROXY", url);
        // The hashes that the registry claims are those that go computes, or this fails.
        project.write("go.sum", &sums);
        project.go(&go, ["mod", "download", "all"]).run().success();
        assert_eq!(project.read("go.sum"), sums);
        check_cache(&project, &registry);
        let versions = project.go(&go, ["list", "-m", "-versions", "example.com/a"]).run();
        versions.success().stdout_is("example.com/a v1.0.0 v1.2.0 v1.10.0\n");
        caches.push(project);
    }
    for cache in &caches[1..] {
        tree::assert_same(&caches[0].modcache(), &cache.modcache());
    }
    assert_eq!(plain.requests()[0].protocol, "HTTP/1.1");
    assert_eq!(secure.requests()[0].protocol, "HTTP/2.0");
    assert_eq!(http1.requests()[0].protocol, "HTTP/1.1");
}

#[test]
fn go_resolves_the_graph_language() {
    let Some(go) = Go::find("go_resolves_the_graph_language") else { return };
    let graph = "
        a v1.0.0 go 1.16: b v1.1.0
        b v1.1.0: c v1.2.0
        c v1.0.0
        c v1.2.0
    ";
    let server = Server::http(Registry::from_graph(graph));
    let mut project = Project::new("");
    project.use_server(&server).set("GOFLAGS", "-mod=mod").set("GONOSUMDB", "*");
    let requirements = ["example.com/a v1.0.0", "example.com/c v1.0.0"];
    project.write("go.mod", &modules::go_mod("example.org/main", "1.21", &requirements));
    let list = project.go(&go, ["list", "-m", "all"]).run();
    list.success().stdout_is(
        "example.org/main\nexample.com/a v1.0.0\nexample.com/b v1.1.0\nexample.com/c v1.2.0\n",
    );
}
