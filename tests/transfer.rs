//! Transfers over a network that fails: what is tried again, how a body is resumed, what is not tried
//! again, and what is said of it.

mod support;

use support::cli::{Output, Project};
use support::faults::Fault;
use support::modules::ModuleVersion;
use support::ranges::Ranges;
use support::registry::Registry;
use support::server::{Protocol, Server};
use support::signer::Signer;
use support::sumlog::SumLog;
use support::tls::Authority;
use support::tree::Snapshot;

const ARGS: [&str; 2] = ["download", "example.com/a@v1.0.0"];
const ZIP: &str = "/example.com/a/@v/v1.0.0.zip";

/// One module with a zip of some hundred kilobytes.
fn registry() -> Registry {
    let mut registry = Registry::new();
    registry.insert(ModuleVersion::generated("example.com/a v1.0.0", [400_000, 90_000, 3]));
    registry
}

fn place(server: &Server) -> Project {
    let mut place = Project::new("-- go.mod --\nmodule example.org/main\n\ngo 1.21\n");
    place.use_server(server).retries();
    place
}

/// The module cache of a run in which nothing failed.
fn faultless() -> Snapshot {
    let server = Server::http(registry());
    let place = place(&server);
    place.gomodfetch(ARGS).run().success();
    Snapshot::of(&place.modcache())
}

#[track_caller]
fn assert_whole(place: &Project, output: &Output) {
    output.success();
    let differences = faultless().diff(&Snapshot::of(&place.modcache()));
    assert!(differences.is_empty(), "{differences:#?}");
}

#[test]
fn what_may_pass_is_tried_again() {
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let server = Server::builder(registry()).https().protocol(protocol).start();
        for (number, fault) in [
            Fault::on("*").status(500),
            Fault::on("*").status(503).header("retry-after", "0"),
            Fault::on("*").status(429),
            Fault::on("*").close(),
            Fault::on("*").reset(),
            Fault::on("*").cut_after(3),
            Fault::on("*").reset_stream_after(20),
            Fault::on("*").go_away_cut_after(10),
            Fault::on("*").longer_by(10),
        ]
        .into_iter()
        .enumerate()
        {
            server.heal();
            server.forget_requests();
            server.fault(fault.per_path().first(2));
            let place = place(&server);
            let output = place.gomodfetch(ARGS).run();
            assert!(output.status.success(), "fault {number} of {protocol:?}: {output}");
            assert_whole(&place, &output);
            assert!(server.count("*.zip") >= 3, "fault {number} of {protocol:?}");
        }
    }
}

#[test]
fn silence_is_not_waited_out() {
    let server = Server::builder(registry()).https().start();
    server.fault(Fault::on("*.zip").first(1).stall_after(1000));
    server.fault(Fault::on("*.info").first(1).never_answer());
    let mut place = place(&server);
    place.set("GOMODFETCH_STALL_TIMEOUT", "300ms");
    let output = place.gomodfetch(["download", "-v", "example.com/a@v1.0.0"]).run();
    assert_whole(&place, &output);
    output.stderr_has("no data for 0.3 seconds; trying again in ");
}

#[test]
fn a_zip_is_resumed_where_it_broke() {
    let server = Server::http(registry());
    for (ranges, has_validator) in [
        (Ranges::right().etag(), true),
        (Ranges::right().last_modified(), true),
        // Only the length says that the parts belong together.
        (Ranges::right(), false),
        (Ranges::right().weak_etag(), false),
    ] {
        server.heal();
        server.forget_requests();
        server.set_ranges(ranges);
        server.fault(Fault::on("*.zip").first(1).cut_after(200_000));
        let place = place(&server);
        let output = place.gomodfetch(["download", "-x", "example.com/a@v1.0.0"]).run();
        assert_whole(&place, &output);
        let asked = server.requests_for("*.zip");
        let [first, second] = &asked[..] else { panic!("{asked:#?}") };
        assert_eq!(first.header("range"), None);
        assert_eq!(second.header("range"), Some("bytes=200000-"));
        assert_eq!(second.header("if-range").is_some(), has_validator);
        output.stderr_has("# retry 1 of ").stderr_has(".zip at byte 200000\n");
    }
}

#[test]
fn a_zip_starts_anew_where_it_cannot_be_resumed() {
    for ranges in [
        Ranges::ignored(),
        Ranges::unsatisfiable(),
        Ranges::from_another_start(),
        Ranges::of_another_total(),
        Ranges::unlabelled(),
        Ranges::unlabelled().etag(),
        Ranges::right().changing_etag(),
    ] {
        let server = Server::http(registry());
        server.set_ranges(ranges);
        server.fault(Fault::on("*.zip").first(1).cut_after(200_000));
        let place = place(&server);
        let output = place.gomodfetch(["download", "-x", "example.com/a@v1.0.0"]).run();
        assert_whole(&place, &output);
        output.stderr_has("# restart ").lacks("# resume ");
    }
}

#[test]
fn parts_that_do_not_belong_together_are_no_contradiction() {
    let server = Server::http(registry());
    server.set_ranges(Ranges::of_another_content());
    server.fault(Fault::on("*.zip").first(1).cut_after(200_000));
    let place = place(&server);
    let sums = server.registry().whole_go_sum();
    place.write("go.sum", &sums);
    let output = place.gomodfetch(ARGS).run();
    assert_whole(&place, &output);
    // The start, a rest that is another's, and the whole.
    assert_eq!(server.count(ZIP), 3);
    // With a validator it is the server that lies, and nothing is tried again.
    let server = Server::http(registry());
    server.set_ranges(Ranges::of_another_content().etag());
    server.fault(Fault::on("*.zip").first(1).cut_after(200_000));
    let place = self::place(&server);
    place.write("go.sum", &sums);
    place.gomodfetch(ARGS).run().fails_with(5);
    assert_eq!(server.count(ZIP), 2);
}

#[test]
fn a_whole_that_is_wrong_is_fetched_once() {
    let server = Server::http(registry());
    let sums = server.registry().whole_go_sum();
    let other = ModuleVersion::generated("example.com/a v1.0.0", [400_001]);
    server.registry().insert(other);
    let place = place(&server);
    place.write("go.sum", &sums);
    let output = place.gomodfetch(ARGS).run();
    output.fails_with(5).stderr_has("SECURITY ERROR").lacks("was asked");
    assert_eq!(server.count(ZIP), 1);
}

#[test]
fn the_first_address_is_asked_again() {
    let signer = Signer::for_uses(1);
    let front = Server::builder(registry()).https().start();
    let authority = front.authority().expect("an authority").clone();
    let store = Server::builder(registry()).https_by(&authority).start();
    store.set_ranges(Ranges::right().etag());
    front.fault(Fault::on("*.zip").redirect_signed(&store.url(), &signer));
    store.fault(Fault::on("*").unless_signed(&signer).status(403).body("Request has expired\n"));
    store.fault(Fault::on("*.zip").first(2).cut_after(100_000));
    let place = place(&front);
    let output = place.gomodfetch(ARGS).run();
    assert_whole(&place, &output);
    assert_eq!(front.count(ZIP), 3);
    let ranges: Vec<_> =
        store.requests().iter().map(|asked| asked.header("range").map(str::to_owned)).collect();
    assert_eq!(ranges, [None, Some("bytes=100000-".to_owned()), Some("bytes=200000-".to_owned())]);
}

#[test]
fn what_was_decided_is_not_tried_again() {
    for status in [400, 401, 403, 404, 410, 501] {
        let server = Server::http(registry());
        server.fault(Fault::on("*.zip").status(status));
        let place = place(&server);
        let output = place.gomodfetch(["download", "--hints", "example.com/a@v1.0.0"]).run();
        assert!(!output.status.success());
        output.lacks("was asked");
        assert_eq!(server.count(ZIP), 1, "{status}");
    }
}

#[test]
fn in_the_end_it_is_said_how_often_it_was_tried() {
    let server = Server::http(registry());
    server.fault(Fault::on("*.zip").status(502));
    let place = place(&server);
    let output = place.gomodfetch(["download", "--hints", "example.com/a@v1.0.0"]).run();
    let url = server.url();
    output.fails_with(6);
    let text = &output.stderr;
    let first = format!(
        "go: example.com/a@v1.0.0: reading {url}{ZIP}: 502 Bad Gateway\n\tserver response: fault: 502\n"
    );
    assert!(text.starts_with(&first), "{output}");
    let address = server.address();
    output.stderr_has(&format!("hint: {address} was asked 6 times within "));
    assert_eq!(server.count(ZIP), 6);
}

#[test]
fn a_certificate_that_is_refused_names_its_issuer() {
    let stranger = Authority::new();
    let server = Server::builder(registry()).https().start();
    let mut place = place(&server);
    place.set("SSL_CERT_FILE", stranger.file());
    let output = place.gomodfetch(["download", "--hints", "example.com/a@v1.0.0"]).run();
    output
        .fails_with(6)
        .lacks("was asked")
        .stderr_has("hint: the certificate that 127.0.0.1 presented was issued by: ");
    assert_eq!(server.requests().len(), 0);
    assert!(server.connections() <= 4, "{} connections", server.connections());
}

#[test]
fn a_login_page_is_called_one() {
    let page = "<!DOCTYPE html>\n<html><body>Please log in</body></html>\n";
    for (pattern, code, text) in [
        ("*.zip", 6, "go: example.com/a@v1.0.0: zip: not a valid zip file\n"),
        ("*.info", 1, "invalid character '<' looking for beginning of value"),
    ] {
        let server = Server::http(registry());
        server.fault(Fault::on(pattern).body(page).header("content-type", "text/html"));
        let mut place = place(&server);
        let args = ["download", "--hints", "example.com/a@v1.0.0"];
        let output = place.gomodfetch(args).run();
        output.fails_with(code).stderr_has(text);
        output.stderr_has(
            "hint: a web page came in place of the answer: the login page of a network",
        );
        assert_eq!(server.count(pattern), 1);
        // Another proxy may have it.
        let other = Server::http(registry());
        place.set("GOPROXY", format!("{}|{}", server.url(), other.url()));
        let output = place.gomodfetch(args).run();
        assert_whole(&place, &output);
    }
}

#[test]
fn the_checksum_database_is_asked_again_but_believed_no_more_than_before() {
    let registry = registry();
    let mut log = SumLog::new("sum.example.com").with_history(300);
    log.add_all(&registry);
    let server = Server::builder(registry).sumdb(log).start();
    server.fault(Fault::on("/sumdb/*").per_path().first(2).status(503));
    let place = place(&server);
    let output = place.gomodfetch(ARGS).run();
    output.success();
    assert!(server.count("/sumdb/*/lookup/*") == 3 && server.count("/sumdb/*/supported") == 3);
    // A record that is forged is final.
    server.heal();
    server.forget_requests();
    server.fault(Fault::on("*/lookup/*").body("<html></html>\n"));
    let place = self::place(&server);
    let output = place.gomodfetch(ARGS).run();
    assert!(!output.status.success());
    assert_eq!(server.count("*/lookup/*"), 1);
}

#[test]
fn one_retry_while_another_may_be_asked() {
    // Which of them is asked how often is the chain's affair; here it is that the run ends right.
    let broken = Server::http(registry());
    broken.fault(Fault::on("*").status(500));
    let sound = Server::http(registry());
    let mut place = place(&broken);
    place.set("GOPROXY", format!("{}|{}", broken.url(), sound.url()));
    let output = place.gomodfetch(ARGS).run();
    assert_whole(&place, &output);
}

#[test]
fn settings_that_cannot_be_understood_are_refused() {
    let server = Server::http(registry());
    for (name, value, want) in [
        ("GOMODFETCH_RETRIES", "many", "want a whole number from 0 to 20"),
        ("GOMODFETCH_RETRY_WAIT", "5", "want a duration of at most 60 s, such as 500ms or 10s"),
        ("GOMODFETCH_STALL_TIMEOUT", "1h", "want a duration of at most 600 s, such as"),
    ] {
        let mut place = place(&server);
        place.set(name, value);
        let output = place.gomodfetch(ARGS).run();
        output.fails_with(2).stderr_has(&format!("go: invalid {name}={value}: {want}"));
    }
}
