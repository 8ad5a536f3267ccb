//! The server's faults, as a raw socket and an HTTP/2 client see them.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use crate::support::chaos::{self, Chaos};
use crate::support::faults::{Fault, Gate};
use crate::support::modules::ModuleVersion;
use crate::support::ranges::Ranges;
use crate::support::registry::Registry;
use crate::support::server::{Protocol, Server};
use crate::support::signer::Signer;
use crate::support::sumlog::SumLog;
use crate::support::tls::Authority;

/// What a client got.
#[derive(Debug)]
struct Got {
    status: u16,
    location: Option<String>,
    body: Vec<u8>,
    /// Why the body ended early.
    error: Option<String>,
}

/// Gets a URL with an HTTP client that trusts the authority, or says why there was no answer.
fn get(url: &str, authority: Option<&Authority>, http2: bool) -> Result<Got, String> {
    let client = client(authority, http2);
    runtime().block_on(async { fetch(&client, url).await })
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

async fn fetch(client: &reqwest::Client, url: &str) -> Result<Got, String> {
    let mut response = client.get(url).send().await.map_err(|err| format!("{err:?}"))?;
    let header = |name: &str| {
        let value = response.headers().get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let mut got = Got {
        status: response.status().as_u16(),
        location: header("location"),
        body: Vec::new(),
        error: None,
    };
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => got.body.extend(chunk),
            Ok(None) => return Ok(got),
            Err(err) => {
                got.error = Some(format!("{err:?}"));
                return Ok(got);
            }
        }
    }
}

fn client(authority: Option<&Authority>, http2: bool) -> reqwest::Client {
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};
    let mut roots = rustls::RootCertStore::empty();
    if let Some(authority) = authority {
        let der =
            CertificateDer::from_pem_slice(authority.pem().as_bytes()).expect("a certificate");
        roots.add(der).expect("an authority");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![if http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .read_timeout(Duration::from_millis(700))
        .build()
        .expect("a client")
}

/// Sends a request over a raw socket and reads until the server ends the connection or rests.
fn raw(server: &Server, path: &str) -> (Vec<u8>, Option<std::io::Error>) {
    let mut stream = TcpStream::connect(server.address()).expect("a connection");
    let rest = Duration::from_millis(700);
    stream.set_read_timeout(Some(rest)).expect("a time-out");
    write!(stream, "GET {path} HTTP/1.1\r\nHost: test\r\n\r\n").expect("a request");
    let mut data = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return (data, None),
            Ok(n) => data.extend(&buffer[..n]),
            Err(err) => return (data, Some(err)),
        }
    }
}

const ZIP: &str = "/example.com/big/@v/v1.0.0.zip";

/// A module whose zip has about 100 kB.
fn big() -> Registry {
    let mut registry = Registry::new();
    registry.insert(ModuleVersion::generated("example.com/big v1.0.0", [200_000]));
    registry
}

/// A server for [`big`] in each protocol, with the protocol's client.
fn servers() -> Vec<(Server, bool)> {
    let start = |protocol| Server::builder(big()).https().protocol(protocol).start();
    vec![
        (Server::http(big()), false),
        (start(Protocol::Http1), false),
        (start(Protocol::Http2), true),
    ]
}

#[test]
fn bodies_end_as_the_rules_say() {
    let whole = big().get("example.com/big v1.0.0").zip.clone();
    for (server, http2) in servers() {
        let get = || {
            let url = server.url() + ZIP;
            get(&url, server.authority(), http2).expect("an answer")
        };
        let protocol = format!("{} over {}", if http2 { "h2" } else { "h1" }, server.url());
        let sound = get();
        assert!(sound.error.is_none() && sound.body == whole, "{protocol}");

        for len in [0, 1, 1000, 70_000] {
            let cuts = [
                Fault::on("*.zip").cut_after(len),
                Fault::on("*.zip").reset_stream_after(len),
                Fault::on("*.zip").stall_after(len),
                Fault::on("*.zip").cut_after(len).without_length(),
            ];
            for (number, fault) in cuts.into_iter().enumerate() {
                server.heal();
                server.fault(fault);
                let got = get();
                assert_eq!(got.status, 200);
                let case = format!("{protocol}: cut {number} after {len}: {:?}", got.error);
                assert!(got.error.is_some(), "{case}");
                assert!(got.body == whole[..len], "{case}: got {}", got.body.len());
            }
        }

        server.heal();
        let longer = whole.len() as u64 + 5;
        server.fault(Fault::on("*.zip").declare_length(longer));
        let got = get();
        assert!(got.error.is_some() && got.body == whole, "{protocol}: {:?}", got.error);

        server.heal();
        server.fault(Fault::on("*.zip").declare_length(10));
        let got = get();
        // In HTTP/1 nothing tells that there was more; in HTTP/2 it is a violation.
        assert_eq!(got.error.is_some(), http2, "{protocol}: {:?}", got.error);
        assert!(got.body.len() <= 10 || http2, "{protocol}: {}", got.body.len());

        server.heal();
        server.fault(Fault::on("*.zip").without_length());
        let got = get();
        assert!(got.error.is_none() && got.body == whole, "{protocol}: {:?}", got.error);

        server.heal();
        server.fault(Fault::on("*.zip").body("a long text").trickle(4, Duration::from_millis(5)));
        assert_eq!(get().body, b"a long text");
    }
}

#[test]
fn connections_end_as_the_rules_say() {
    for (server, http2) in servers() {
        let get = || get(&(server.url() + ZIP), server.authority(), http2);
        for fault in [Fault::on("*").close(), Fault::on("*").reset(), Fault::on("*").never_answer()]
        {
            server.heal();
            server.fault(fault);
            get().expect_err("no answer");
        }
        server.heal();
        server.fault(Fault::on("*").go_away());
        assert_eq!(get().expect("an answer before the end").status, 200);
    }
}

#[test]
fn a_reset_is_a_reset_and_a_cut_is_an_end() {
    let server = Server::http(big());
    server.fault(Fault::on("*.zip").nth(1).reset());
    server.fault(Fault::on("*.zip").nth(1).cut_after(1000));
    server.fault(Fault::on("*.zip").nth(1).reset_after(1000));
    server.fault(Fault::on("*.zip").nth(1).close());
    let (data, error) = raw(&server, ZIP);
    assert_eq!(
        (data.len(), error.map(|err| err.kind())),
        (0, Some(std::io::ErrorKind::ConnectionReset))
    );

    let (data, error) = raw(&server, ZIP);
    let text = String::from_utf8_lossy(&data);
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let declared = format!("content-length: {}", big().get("example.com/big v1.0.0").zip.len());
    assert!(head.contains(&declared), "{head}");
    assert!(error.is_none() && !body.is_empty(), "{error:?}");
    let body_len = data.len() - head.len() - 4;
    // Lossy text has other lengths than bytes, the head has none of them.
    assert_eq!(body_len, 1000);

    let (_, error) = raw(&server, ZIP);
    assert_eq!(error.map(|err| err.kind()), Some(std::io::ErrorKind::ConnectionReset));
    let (data, error) = raw(&server, ZIP);
    assert!(data.is_empty() && error.is_none(), "{error:?}");
}

#[test]
fn a_stream_reset_leaves_the_other_streams_alone() {
    let server = Server::builder(big()).https().protocol(Protocol::Http2).start();
    let gate = Gate::closed();
    server.fault(Fault::on("*.mod").gate(&gate));
    server.fault(Fault::on("*.zip").reset_stream_after(5000));
    let client = client(server.authority(), true);
    let (zip, go_mod) = (server.url() + ZIP, server.url() + &ZIP.replace(".zip", ".mod"));
    let (broken, sound) = runtime().block_on(async {
        let broken = async {
            // The connection must be there before both can share it.
            fetch(&client, &format!("{}/example.com/big/@v/list", server.url())).await?;
            let broken = fetch(&client, &zip).await;
            gate.open();
            broken
        };
        tokio::join!(broken, fetch(&client, &go_mod))
    });
    let (broken, sound) = (broken.expect("a head"), sound.expect("an answer"));
    let why = broken.error.expect("a reset");
    assert!(why.contains("INTERNAL_ERROR") && broken.body.len() == 5000, "{why}");
    assert!(sound.error.is_none() && sound.status == 200);
}

#[test]
fn an_endless_body_goes_on() {
    let server = Server::http(big());
    server.fault(Fault::on("*/list").endless());
    let mut stream = TcpStream::connect(server.address()).expect("a connection");
    write!(stream, "GET /example.com/big/@v/list HTTP/1.1\r\nHost: test\r\n\r\n")
        .expect("a request");
    let read = std::io::copy(&mut stream.take(20 << 20), &mut std::io::sink()).expect("a body");
    assert_eq!(read, 20 << 20);
}

#[test]
fn statuses_headers_and_redirects() {
    let authority = Authority::new();
    let target = Server::builder(big()).https_by(&authority).start();
    let server = Server::builder(big()).https_by(&authority).start();
    let list = server.url() + "/example.com/big/@v/list";
    let get = |url: &str| get(url, Some(&authority), true).expect("an answer");

    server.fault(Fault::on("*/list").first(2).status(503).header("retry-after", "7").body("busy"));
    server.fault(Fault::on("*.zip").redirect_below(&target.url()));
    server.fault(Fault::on("*.mod").status(307).redirect_to("https://example.com/elsewhere"));
    for _ in 0..2 {
        let got = get(&list);
        assert_eq!((got.status, got.body.as_slice()), (503, b"busy".as_slice()));
    }
    assert_eq!(get(&list).status, 200);

    let got = get(&(server.url() + ZIP));
    let place = got.location.expect("a place");
    assert_eq!((got.status, &place), (302, &(target.url() + ZIP)));
    assert_eq!(get(&place).status, 200);
    let got = get(&(server.url() + &ZIP.replace(".zip", ".mod")));
    assert_eq!(got.location.as_deref(), Some("https://example.com/elsewhere"));
    assert_eq!(got.status, 307);
    assert_eq!((server.count("*.zip"), target.paths()), (1, vec![ZIP.to_owned()]));

    let (head, _) = {
        let plain = Server::http(big());
        plain.fault(Fault::on("*").status(429).header("Retry-After", "7"));
        raw(&plain, "/")
    };
    let head = String::from_utf8_lossy(&head).into_owned();
    assert!(head.starts_with("HTTP/1.1 429 ") && head.contains("retry-after: 7\r\n"), "{head}");
}

#[test]
fn what_has_no_body_has_a_length_all_the_same() {
    let server = Server::http(big());
    let mut stream = TcpStream::connect(server.address()).expect("a connection");
    write!(stream, "HEAD {ZIP} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
        .expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let len = big().get("example.com/big v1.0.0").zip.len();
    assert!(answer.contains(&format!("content-length: {len}\r\n")), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");

    for (server, http2) in servers() {
        server.registry().set_list("example.com/big", "");
        let list = server.url() + "/example.com/big/@v/list";
        let get = || get(&list, server.authority(), http2).expect("an answer");
        let empty = get();
        assert!(empty.error.is_none() && empty.body.is_empty(), "{:?}", empty.error);
        server.fault(Fault::on("*").declare_length(5));
        let cut = get();
        assert!(cut.error.is_some() && cut.body.is_empty());
    }
}

#[test]
fn rules_mean_the_requests_that_they_name() {
    let server = Server::http(big());
    server.fault(Fault::on("*.zip").every(3).status(500));
    server.fault(Fault::on("*.mod").after(1).status(501));
    server.fault(Fault::on("/example.com/*").per_path().nth(1).status(502));
    let client = client(None, false);
    let runtime = runtime();
    let status = |file: &str| {
        let url = format!("{}/example.com/big/@v/{file}", server.url());
        runtime.block_on(fetch(&client, &url)).expect("an answer").status
    };
    let zips: Vec<u16> = (0..6).map(|_| status("v1.0.0.zip")).collect();
    assert_eq!(zips, [502, 200, 500, 200, 200, 500]);
    assert_eq!([status("v1.0.0.mod"), status("v1.0.0.mod")], [502, 501]);
    assert_eq!([status("list"), status("list")], [502, 200]);
}

#[test]
fn credentials_open_a_guarded_server() {
    let server = Server::http(big());
    let guard = Fault::on("*").unless_basic_auth("ann", "se:cret").status(401);
    server.fault(guard.header("www-authenticate", "Basic realm=\"test\""));
    let list = "/example.com/big/@v/list";
    let status = |url: String| get(&url, None, false).expect("an answer").status;
    assert_eq!(status(server.url() + list), 401);
    assert_eq!(status(server.url_with("ann", "wrong") + list), 401);
    assert_eq!(status(server.url_with("ann", "se:cret") + list), 200);
    let seen: Vec<_> =
        server.requests().iter().map(|r| r.header("authorization").is_some()).collect();
    assert_eq!(seen, [false, true, true]);
}

#[test]
fn certificates_can_be_wrong() {
    let registry = Registry::new;
    let authority = Authority::new();
    let reject = |server: Server| get(&server.url(), Some(&authority), true).expect_err("no trust");
    reject(Server::builder(registry()).https().start());
    let expired = Server::builder(registry()).https_by(&authority).expired().start();
    assert!(reject(expired).contains("Expired"));
    let other = Server::builder(registry()).https_by(&authority).certificate_for(&["example.com"]);
    assert!(reject(other.start()).contains("NotValidForName"));
}

#[test]
fn gates_show_what_is_under_way_at_once() {
    for (server, http2) in servers() {
        let together = Gate::for_company(5);
        server.fault(Fault::on("*.zip").gate(&together));
        let client = client(server.authority(), http2);
        let url = server.url() + ZIP;
        let runtime = runtime();
        runtime.block_on(async {
            let one = || async { fetch(&client, &url).await.expect("an answer").error.is_none() };
            let all = tokio::join!(one(), one(), one(), one(), one());
            assert_eq!(all, (true, true, true, true, true));
        });
        assert!(together.is_open());
        assert_eq!((together.arrived(), server.peak("*.zip"), server.peak("*.mod")), (5, 5, 0));
        assert!(server.requests().iter().all(|request| request.status == Some(200)));
        server.forget_requests();
        assert_eq!((server.paths().len(), server.peak("*")), (0, 0));
        runtime.block_on(async {
            for _ in 0..3 {
                fetch(&client, &url).await.expect("an answer");
            }
        });
        assert_eq!((server.count("*.zip"), server.peak("*")), (3, 1), "one after another");
    }
}

#[test]
fn latency_is_added_and_the_registry_may_change() {
    let server = Server::builder(Registry::new()).latency(Duration::from_millis(30)).start();
    let info = server.url() + "/example.com/new/@v/v1.0.0.info";
    assert_eq!(get(&info, None, false).expect("an answer").status, 404);
    server.set_latency(Duration::ZERO);
    server.registry().add("example.com/new v1.0.0", "-- n.go --\npackage n\n");
    assert_eq!(get(&info, None, false).expect("an answer").status, 200);
    assert_eq!(server.connections(), 2);
}

#[test]
fn a_server_without_a_database_supports_none() {
    let server = Server::http(Registry::new());
    let supported = "/sumdb/sum.example.com/supported";
    assert_eq!(get(&(server.url() + supported), None, false).expect("an answer").status, 404);
    server.replace_sumdb(Some(SumLog::new("sum.example.com")));
    assert_eq!(get(&(server.url() + supported), None, false).expect("an answer").status, 200);
    let other = "/sumdb/sum.example.com.evil/supported";
    assert_eq!(get(&(server.url() + other), None, false).expect("an answer").status, 404);
}

#[test]
fn streams_are_refused_and_connections_taken_leave_of() {
    for (server, http2) in servers() {
        let get = || get(&(server.url() + ZIP), server.authority(), http2);
        server.fault(Fault::on("*").refuse_stream());
        let why = get().expect_err("no answer");
        assert_eq!(why.contains("REFUSED_STREAM"), http2, "{why}");

        server.heal();
        server.fault(Fault::on("*").go_away_cut_after(1000));
        let got = get().expect("a head");
        assert!(got.error.is_some() && got.body.len() == 1000, "{:?}", got.error);

        server.heal();
        for fault in [Fault::on("*").longer_by(1), Fault::on("*").shorter_by(1)] {
            server.heal();
            server.fault(fault);
            let got = get().expect("a head");
            let whole = big().get("example.com/big v1.0.0").zip.len();
            let is_whole = got.error.is_none() && got.body.len() == whole;
            assert!(!is_whole, "{:?}", got.error);
        }

        server.heal();
        server.reset_connections(1);
        // The client has a pool: what is in it is not a new connection.
        get().expect_err("no answer");
        get().expect("an answer");
    }
}

#[test]
fn a_deaf_server_refuses_until_it_listens() {
    let server = Server::builder(big()).deaf().start();
    let refused = TcpStream::connect(server.address()).expect_err("no connection");
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    server.listen();
    assert_eq!(get(&(server.url() + ZIP), None, false).expect("an answer").status, 200);
    drop(Server::builder(big()).deaf().start());
}

#[test]
fn ranges_are_served_rightly_and_wrongly() {
    let whole = big().get("example.com/big v1.0.0").zip.clone();
    let total = whole.len();
    let server = Server::http(big());
    let client = client(None, false);
    let runtime = runtime();
    let url = server.url() + ZIP;
    let ask = |range: Option<&str>, condition: Option<&str>| {
        let mut request = client.get(&url);
        if let Some(range) = range {
            request = request.header("range", range);
        }
        if let Some(condition) = condition {
            request = request.header("if-range", condition);
        }
        runtime.block_on(async {
            let response = request.send().await.expect("an answer");
            let header = |name: &str| {
                let value = response.headers().get(name)?;
                Some(value.to_str().expect("text").to_owned())
            };
            let heads = (header("content-range"), header("etag"), header("last-modified"));
            (response.status().as_u16(), heads, response.bytes().await.expect("a body"))
        })
    };
    let rest = format!("bytes 1000-{}/{total}", total - 1);

    // Nothing is known of ranges unless a server is told so.
    let (status, heads, body) = ask(Some("bytes=1000-"), None);
    assert!(status == 200 && heads == (None, None, None) && body == whole);

    server.set_ranges(Ranges::right().etag());
    let (status, (range, etag, _), body) = ask(None, None);
    let etag = etag.expect("an ETag");
    assert!(status == 200 && range.is_none() && body == whole && etag.starts_with('"'));
    let (status, (range, ..), body) = ask(Some("bytes=1000-"), Some(&etag));
    assert!(status == 206 && range.as_ref() == Some(&rest) && body == whole[1000..]);
    let (status, (range, ..), body) = ask(Some("bytes=5-9"), None);
    let five = format!("bytes 5-9/{total}");
    assert!(status == 206 && range == Some(five) && body == whole[5..10]);
    let (status, _, body) = ask(Some("bytes=1000-"), Some("\"other\""));
    assert!(status == 200 && body == whole, "the condition does not hold");
    let beyond = format!("bytes={total}-");
    let (status, (range, ..), _) = ask(Some(&beyond), None);
    assert_eq!((status, range), (416, Some(format!("bytes */{total}"))));

    server.set_ranges(Ranges::right().last_modified());
    let (_, (_, etag, changed), _) = ask(None, None);
    assert!(etag.is_none() && changed.is_some());
    assert_eq!(ask(Some("bytes=1000-"), changed.as_deref()).0, 206);
    server.set_ranges(Ranges::right().weak_etag());
    let (_, (_, etag, _), _) = ask(None, None);
    assert_eq!(ask(Some("bytes=1000-"), etag.as_deref()).0, 200, "weak ones don't count");
    server.set_ranges(Ranges::right().changing_etag());
    let (_, (_, etag, _), _) = ask(None, None);
    assert_eq!(ask(Some("bytes=1000-"), etag.as_deref()).0, 200, "it has changed");

    for (wrong, status, range, body) in [
        (Ranges::unsatisfiable(), 416, Some(format!("bytes */{total}")), None),
        (
            Ranges::from_another_start(),
            206,
            Some(format!("bytes 500-{}/{total}", total - 1)),
            Some(whole.slice(500..)),
        ),
        (
            Ranges::of_another_total(),
            206,
            Some(format!("bytes 1000-{}/{}", total - 1, total + 7)),
            Some(whole.slice(1000..)),
        ),
        (Ranges::unlabelled(), 206, None, Some(whole.slice(1000..))),
        (Ranges::of_another_content(), 206, Some(rest), None),
    ] {
        server.set_ranges(wrong);
        let got = ask(Some("bytes=1000-"), None);
        assert_eq!((got.0, got.1.0), (status, range));
        match body {
            Some(body) => assert!(got.2 == body),
            None => assert!(got.2 != whole[1000..]),
        }
    }

    // A rule goes before what the server does otherwise.
    server.set_ranges(Ranges::right());
    server.fault(Fault::on("*.zip").first(1).ranges(Ranges::ignored()));
    assert_eq!([ask(Some("bytes=1-"), None).0, ask(Some("bytes=1-"), None).0], [200, 206]);
}

#[test]
fn signed_addresses_expire() {
    let (proxy, store) = (Server::http(big()), Server::http(big()));
    let signer = Signer::for_uses(1);
    proxy.fault(Fault::on("*.zip").redirect_signed(&store.url(), &signer));
    store.fault(Fault::on("*").unless_signed(&signer).status(403).body("Request has expired\n"));
    let get = |url: &str| get(url, None, false).expect("an answer");
    let places = [0, 1].map(|_| get(&(proxy.url() + ZIP)).location.expect("a place"));
    assert!(places[0] != places[1] && places[0].starts_with(&(store.url() + ZIP + "?signature=")));
    assert_eq!(places.each_ref().map(|place| get(place).status), [200, 200]);
    assert_eq!(get(&places[0]).status, 403);
    assert_eq!(get(&(store.url() + ZIP)).status, 403);
    assert_eq!(signer.signed(), 2);
    assert!(store.requests()[0].mentions("secret-signature-0"));
}

#[test]
fn chance_is_the_same_for_everyone() {
    let weather = |seed| {
        let server = Server::http(big());
        let sound = |path: &str| {
            let got = get(&format!("{}/example.com/big/@v/{path}", server.url()), None, false);
            got.is_ok_and(|got| got.status == 200 && got.error.is_none())
        };
        server.set_chaos(Some(Chaos::one_in(3, seed)));
        let forwards: Vec<bool> = (0..12).map(|_| sound("list")).collect();
        let mixed: Vec<bool> = (0..12).map(|_| sound("v1.0.0.mod")).collect();
        (forwards, mixed)
    };
    let one = weather(1);
    assert_eq!(weather(1), one);
    assert_ne!(weather(2), one);
    let unlucky = one.0.iter().chain(&one.1).filter(|sound| !**sound).count();
    assert!((1..16).contains(&unlucky), "{one:?}");
    for path in [&one.0, &one.1] {
        assert!(!path.windows(chaos::IN_A_ROW + 1).any(|run| run.iter().all(|sound| !sound)));
    }
}

#[test]
fn credentials_are_watched() {
    let server = Server::http(big());
    get(&(server.url_with("ann", "se:cret") + ZIP), None, false).expect("an answer");
    get(&(server.url() + ZIP), None, false).expect("an answer");
    let seen: Vec<usize> = server.requests().iter().map(|r| r.credentials().count()).collect();
    assert_eq!(seen, [1, 0]);
    assert!(server.requests()[0].mentions("Basic ") && !server.requests()[1].mentions("Basic "));
}
