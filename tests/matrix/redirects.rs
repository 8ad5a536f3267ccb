//! Zips on a second host, behind signed addresses that expire; and hosts that can't be reached at first.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::support::cli::Project;
use super::support::faults::Fault;
use super::support::go::Go;
use super::support::ranges::Ranges;
use super::support::server::{Protocol, Server};
use super::support::signer::Signer;
use super::support::sumlog::SumLog;
use super::support::tls::Authority;
use super::world::{
    DOWNLOAD, Http, Kind, Outcome, Reference, judge, place, registry, run_all, server,
};

const ZIPS: &str = "*.zip";

/// A proxy that keeps its zips on another host, with credentials for itself alone.
struct Pair {
    proxy: Server,
    store: Server,
    signer: Signer,
    place: Project,
}

impl Pair {
    fn start(protocol: Protocol) -> Self {
        let authority = Authority::new();
        let mut log = SumLog::new("sum.example.com").with_history(270);
        log.add_all(&registry());
        let start = |builder: super::support::server::Builder| {
            builder.https_by(&authority).protocol(protocol).start()
        };
        let proxy = start(Server::builder(registry()).sumdb(log));
        let store = start(Server::builder(registry()));
        let signer = Signer::for_uses(1);
        proxy.fault(Fault::on("*").unless_basic_auth("ann", "se-cret").status(401));
        proxy.fault(Fault::on(ZIPS).redirect_signed(&store.url(), &signer));
        let expired = Fault::on("*").unless_signed(&signer).status(403);
        store.fault(expired.body("Request has expired\n"));
        let mut place = place(&proxy, 4);
        let netrc = format!("machine {} login ann password se-cret\n", proxy.address());
        std::fs::write(place.home().join("netrc"), netrc).expect("a netrc");
        place.set("NETRC", place.home().join("netrc"));
        Self { proxy, store, signer, place }
    }

    /// No secret is in the output, and the second host was told none.
    fn watch(&self, output: &super::support::cli::Output) -> Result<(), String> {
        for request in self.store.requests() {
            if request.credentials().next().is_some() || request.mentions("se-cret") {
                return Err(format!("credentials for the proxy went elsewhere: {request:#?}"));
            }
        }
        for secret in ["se-cret", "secret-signature", "YW5uOnNlLWNyZXQ="] {
            if output.stdout.contains(secret) || output.stderr.contains(secret) {
                return Err(format!("told: {secret}\n{output}"));
            }
        }
        Ok(())
    }
}

#[test]
fn the_first_address_is_asked_again_when_the_second_has_expired() {
    let reference = Reference::new();
    let mut cases = Vec::new();
    for protocol in [Protocol::Http1, Protocol::Http2] {
        for (how, ranges) in [
            ("no ranges", Ranges::ignored()),
            ("ranges", Ranges::right().etag()),
            ("another ETag each time", Ranges::right().changing_etag()),
        ] {
            for trace in [false, true] {
                let name = format!("{protocol:?}, {how}, trace: {trace}");
                cases.push((name, (protocol, ranges, trace)));
            }
        }
    }
    run_all(cases, |(protocol, ranges, trace)| {
        let pair = Pair::start(protocol);
        pair.store.set_ranges(ranges);
        let cut = Fault::on(Kind::Zip.pattern()).first(2).cut_after(7000);
        pair.store.fault(cut);
        let args = DOWNLOAD.iter().copied().chain(trace.then_some("-x"));
        let output = pair.place.gomodfetch(args).run();
        judge(&reference, (&pair.proxy, &pair.place, &output), Outcome::Recovers)?;
        pair.watch(&output)?;
        let asked = pair.store.requests_for(Kind::Zip.pattern());
        let mut queries: Vec<_> = asked.iter().map(|request| request.query.clone()).collect();
        queries.dedup();
        if asked.len() < 3 || queries.len() != asked.len() {
            return Err(format!("an address was asked twice: {queries:?}"));
        }
        if pair.proxy.count(Kind::Zip.pattern()) != asked.len() {
            return Err("the proxy was not asked each time".to_owned());
        }
        let tried = asked[1].header("range").is_some() && asked[1].header("if-range").is_some();
        if tried != (ranges != Ranges::ignored()) {
            return Err(format!("{:#?}", asked[1].headers));
        }
        Ok(())
    });
}

#[test]
fn an_address_that_has_expired_for_good_is_not_allowed() {
    let reference = Reference::new();
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let pair = Pair::start(protocol);
        // Before anybody can use them.
        pair.store.heal();
        pair.store.fault(Fault::on("*").status(403).body("Request has expired\n"));
        let output = pair.place.gomodfetch(DOWNLOAD).run();
        pair.watch(&output).unwrap_or_else(|why| panic!("{why}"));
        output.fails_with(4).stderr_has(&format!("{}{}", pair.proxy.url(), Kind::Zip.pattern()));
        let wrongs = reference.wrongs(&pair.place);
        assert!(wrongs.is_empty(), "{wrongs:#?}\n{output}");
        assert!(pair.signer.signed() >= 1);
    }
}

#[test]
fn a_second_host_that_fails_fails_the_module() {
    let reference = Reference::new();
    for (fault, code) in [
        (Fault::on(ZIPS).status(503), 6),
        (Fault::on(ZIPS).reset_after(100), 6),
        (Fault::on(ZIPS).status(404), 3),
        (Fault::on(ZIPS).body("<html>Log in</html>").header("content-type", "text/html"), 6),
    ] {
        let pair = Pair::start(Protocol::Http2);
        pair.store.heal();
        pair.store.fault(fault);
        let output = pair.place.gomodfetch(DOWNLOAD).run();
        pair.watch(&output).unwrap_or_else(|why| panic!("{why}"));
        output.fails_with(code);
        let wrongs = reference.wrongs(&pair.place);
        assert!(wrongs.is_empty(), "{wrongs:#?}\n{output}");
    }
}

#[test]
fn a_server_that_starts_late_is_waited_for() {
    let reference = Reference::new();
    for http in Http::BOTH {
        let mut log = SumLog::new("sum.example.com").with_history(270);
        log.add_all(&registry());
        let server = http.builder(registry()).sumdb(log).deaf().start();
        // The first wait of 100 ms doubles: there are more than ten seconds in all.
        let mut place = place(&server, 8);
        place.set("GOMODFETCH_RETRY_WAIT", "100ms");
        let mut running = place.gomodfetch(DOWNLOAD).spawn();
        assert!(running.still_runs_after(Duration::from_millis(250)), "it does not wait");
        server.listen();
        let output = running.wait();
        judge(&reference, (&server, &place, &output), Outcome::Recovers)
            .unwrap_or_else(|why| panic!("{http:?}: {why}"));
    }
}

#[test]
fn connections_that_are_reset_are_made_again() {
    let reference = Reference::new();
    for http in Http::BOTH {
        let server = server(http);
        server.reset_connections(2);
        let place = place(&server, 4);
        let output = place.gomodfetch(DOWNLOAD).run();
        judge(&reference, (&server, &place, &output), Outcome::Recovers)
            .unwrap_or_else(|why| panic!("{http:?}: {why}"));
    }
}

#[test]
fn a_server_that_never_listens_is_given_up() {
    let server = Server::builder(registry()).deaf().start();
    let place = place(&server, 2);
    let output = place.gomodfetch(DOWNLOAD).run();
    output.fails_with(6).stderr_has("connect: connection refused");
    let wrongs = Reference::new().wrongs(&place);
    assert!(wrongs.is_empty(), "{wrongs:#?}");
}

#[test]
fn an_http_proxy_that_wants_to_know_who_asks() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            count.fetch_add(1, Ordering::SeqCst);
            let _ = stream.write_all(
                b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic \
                  realm=test\r\nContent-Length: 0\r\n\r\n",
            );
        }
    });
    let place = || {
        let mut place = Project::new("");
        place.set("GOPROXY", "https://modules.example.com").retries();
        place.set("HTTPS_PROXY", format!("http://{address}"));
        place
    };
    let said = "go: example.com/a@v1.0.0: Get \
                \"https://modules.example.com/example.com/a/@v/v1.0.0.info\": Proxy Authentication \
                Required\n";
    let ours = place();
    // One each for .info, .mod and .zip, which are asked for together.
    ours.gomodfetch(["download", "example.com/a@v1.0.0"]).run().fails_with(4).stderr_is(said);
    assert!(asked.load(Ordering::SeqCst) <= 3, "it is asked again");
    if let Some(go) = Go::find("an_http_proxy_that_wants_to_know_who_asks") {
        let theirs = place();
        theirs.go(&go, ["mod", "download", "example.com/a@v1.0.0"]).run().stderr_is(said);
    }
}
