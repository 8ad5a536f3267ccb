//! How the checksum database is reached: which proxy of GOPROXY serves it, and when none does.

use std::fs;

use super::common::*;
use super::support::cli::{Output, Project};
use super::support::faults::Fault;
use super::support::go::Go;
use super::support::registry::Registry;
use super::support::server::Server;
use super::support::sumlog::SumLog;
use super::support::tls::Authority;

const ARGS: [&str; 2] = ["download", "example.com/a@v1.0.0"];

/// The database at `https://ADDRESS`, and three proxies, all of one authority.
struct Network {
    database: Server,
    proxies: Vec<Server>,
}

impl Network {
    fn start() -> Self {
        let authority = Authority::new();
        let registry = Registry::from_graph("a v1.0.0");
        let database = Server::builder(Registry::new()).https_by(&authority).start();
        let name = database.address().to_string();
        let log = || {
            let mut log = SumLog::new(&name);
            log.add_all(&registry);
            log
        };
        database.replace_sumdb(Some(log()));
        // Asked directly, the database stands at the root.
        let below = format!("{}/sumdb/{name}", database.url());
        for path in ["/lookup/*", "/tile/*", "/supported", "/latest"] {
            database.fault(Fault::on(path).redirect_below(&below));
        }
        let proxy = || Server::builder(registry.clone()).sumdb(log()).https_by(&authority).start();
        Self { database, proxies: (0..3).map(|_| proxy()).collect() }
    }

    /// Has the proxies answer `/supported` as the list says, and gives GOPROXY: `404,200|direct`.
    fn set(&self, list: &str) -> String {
        let mut proxies = self.proxies.iter();
        for server in &self.proxies {
            server.heal();
            server.forget_requests();
        }
        self.database.forget_requests();
        let entry = |part: &str| {
            let (entry, end) = part.split_at(part.trim_end_matches([',', '|']).len());
            let Ok(status) = entry.parse() else { return part.to_owned() };
            let proxy = proxies.next().expect("a proxy for each status");
            if status != 200 {
                proxy.fault(Fault::on("/sumdb/*/supported").status(status));
            }
            format!("{}{end}", proxy.url())
        };
        list.split_inclusive([',', '|']).map(entry).collect()
    }

    /// A place that has the module in its cache, and nothing that proves it.
    fn place(&self, goproxy: &str) -> Project {
        let mut place = Project::new(&main_module(&[]));
        place.use_server(&self.proxies[0]).set("GOSUMDB", "off");
        place.gomodfetch(ARGS).run().success();
        fs::remove_file(place.dir().join("go.sum")).ok();
        for server in &self.proxies {
            server.forget_requests();
        }
        place.set("GOSUMDB", self.database.vkey().unwrap()).set("GOPROXY", goproxy);
        place
    }

    /// Who was asked for the record: `1` to `3` for the proxies, `direct`, or the error.
    fn answered(&self, output: &Output) -> String {
        let asked: Vec<String> = (1..)
            .zip(&self.proxies)
            .filter(|(_, proxy)| proxy.count("*/lookup/*") > 0)
            .map(|(number, _)| number.to_string())
            .chain((self.database.count("/lookup/*") > 0).then(|| "direct".to_owned()))
            .collect();
        if output.status.success() {
            return asked.join(" and ");
        }
        assert!(asked.is_empty(), "{asked:?}\n{output}");
        let line = output.stderr.lines().find(|line| line.contains("/supported: "));
        let line = line.unwrap_or_else(|| panic!("{output}"));
        line.rsplit_once("/supported: ").unwrap().1.to_owned()
    }
}

#[test]
fn the_first_proxy_that_supports_it_or_the_database_itself() {
    let go = Go::find("routes");
    let network = Network::start();
    for (list, want, code) in [
        ("200", "1", 0),
        ("200,200", "1", 0),
        ("200,direct", "1", 0),
        ("404,200", "2", 0),
        ("410,200", "2", 0),
        ("404|200", "2", 0),
        ("404,410,200", "3", 0),
        ("403,200", "403 Forbidden", 4),
        ("401,200", "401 Unauthorized", 4),
        ("500,200", "500 Internal Server Error", 6),
        ("500,direct", "500 Internal Server Error", 6),
        ("500|200", "2", 0),
        ("403|200", "2", 0),
        ("403|404,200", "3", 0),
        ("403|500,200", "500 Internal Server Error", 6),
        ("404", "direct", 0),
        ("404,410", "direct", 0),
        ("404,direct", "direct", 0),
        ("404|direct,200", "direct", 0),
        ("direct", "direct", 0),
        ("direct,200", "direct", 0),
        ("500|direct", "direct", 0),
        ("500|404,direct", "direct", 0),
        ("off", "direct", 0),
        ("off,200", "direct", 0),
        ("404,off", "direct", 0),
        ("403|off", "403 Forbidden", 4),
        ("500|404", "500 Internal Server Error", 6),
        ("500|404,off", "500 Internal Server Error", 6),
        ("404,500", "500 Internal Server Error", 6),
        ("403|500", "500 Internal Server Error", 6),
    ] {
        let goproxy = network.set(list);
        let place = network.place(&goproxy);
        let output = place.gomodfetch(ARGS).run();
        assert_eq!(network.answered(&output), want, "{list}");
        output.fails_with(code);
        if let Some(go) = &go {
            network.set(list);
            let place = network.place(&goproxy);
            let output = place.go(go, ["mod"].iter().chain(&ARGS)).run();
            assert_eq!(network.answered(&output), want, "go: {list}");
        }
    }
}

#[test]
fn an_explicit_url_bypasses_the_proxies() {
    let network = Network::start();
    for list in ["200", "404,200", "direct", "off"] {
        let goproxy = network.set(list);
        let mut place = network.place(&goproxy);
        let explicit = &network.proxies[2];
        let key = network.database.vkey().unwrap();
        let name = network.database.address();
        place.set("GOSUMDB", format!("{key} {}/sumdb/{name}", explicit.url()));
        place.gomodfetch(ARGS).run().success().silent();
        assert_eq!(explicit.count("*/lookup/*"), 1, "{list}");
        assert_eq!(explicit.count("*/supported"), 0, "{list}");
        assert_eq!(network.database.requests().len(), 0, "{list}");
        for proxy in &network.proxies[..2] {
            assert_eq!(proxy.requests().len(), 0, "{list}");
        }
    }
}

#[test]
fn one_answer_serves_the_whole_run() {
    let registry = Registry::from_graph("a v1.0.0\nb v1.0.0\nc v1.0.0");
    let server =
        Server::builder(registry).sumdb(SumLog::new("sum.example.com").on_demand()).start();
    // A proxy that changes its mind is not asked again.
    server.fault(Fault::on("*/supported").after(1).status(404));
    let place = project(&server, &main_module(&[]), "");
    let args = ["download", "example.com/a@v1.0.0", "example.com/b@v1.0.0", "example.com/c@v1.0.0"];
    place.gomodfetch(args).run().success().silent();
    assert_eq!(server.count("*/supported"), 1);
    assert_eq!(server.count("*/lookup/*"), 3);
}

#[test]
fn nothing_is_asked_where_the_cache_has_the_proof() {
    let registry = Registry::from_graph("a v1.0.0\nb v1.0.0");
    let server =
        Server::builder(registry).sumdb(SumLog::new("sum.example.com").on_demand()).start();
    let mut place = project(&server, &main_module(&[]), "");
    place.gomodfetch(ARGS).run().success();
    fs::remove_file(place.dir().join("go.sum")).ok();
    place.set("GOPROXY", "off");
    server.forget_requests();
    place.gomodfetch(ARGS).run().success().silent();
    assert_eq!(server.requests().len(), 0);
}
