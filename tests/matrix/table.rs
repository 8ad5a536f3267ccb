//! Faults × kinds of request × protocols.

use std::time::Duration;

use super::support::cli::Project;
use super::support::faults::Fault;
use super::support::server::Server;
use super::world::{DOWNLOAD, Http, Kind, Outcome, Reference, judge, place, run_all, server};

/// Texts that are looked for in what is said.
const SECURITY: i32 = 5;
const NETWORK: i32 = 6;

/// Makes a fault for requests whose path fits a pattern.
type Make = fn(&str) -> Fault;

/// A fault of which a client can't know whether it will last.
struct Passing {
    name: &'static str,
    fault: Make,
    /// What is said when it lasts.
    says: &'static str,
}

/// Faults that may pass: the run tries again, and recovers when they were there once; when they last it
/// fails with code 6 and says why.
const PASSING: [Passing; 24] = [
    passing("closed in place of an answer", |on| Fault::on(on).close(), ""),
    passing("reset in place of an answer", |on| Fault::on(on).reset(), ""),
    passing("a refused stream", |on| Fault::on(on).refuse_stream(), ""),
    passing("silence in place of an answer", |on| Fault::on(on).never_answer(), ""),
    passing("silence after the head", |on| Fault::on(on).stall_after(0), ""),
    passing("silence in the body", |on| Fault::on(on).stall_after(5), ""),
    passing("cut after the head", |on| Fault::on(on).cut_after(0), ""),
    passing("cut after a byte", |on| Fault::on(on).cut_after(1), ""),
    passing("cut in the body", |on| Fault::on(on).cut_after(5), ""),
    passing("cut without a length", |on| Fault::on(on).cut_after(5).without_length(), ""),
    passing("reset after the head", |on| Fault::on(on).reset_after(0), ""),
    passing("reset in the body", |on| Fault::on(on).reset_after(5), ""),
    passing("a reset stream", |on| Fault::on(on).reset_stream_after(0), ""),
    passing("a stream reset in the body", |on| Fault::on(on).reset_stream_after(5), ""),
    passing("GOAWAY in the body", |on| Fault::on(on).go_away_cut_after(5), ""),
    passing("a length that is too large", |on| Fault::on(on).longer_by(3), ""),
    passing("408", |on| Fault::on(on).status(408), "408 Request Timeout"),
    passing(
        "429 with seconds",
        |on| Fault::on(on).status(429).header("retry-after", "0"),
        "429 Too Many Requests",
    ),
    passing(
        "429 with a date",
        |on| Fault::on(on).status(429).header("retry-after", "Sat, 01 Aug 2020 10:00:00 GMT"),
        "429 Too Many Requests",
    ),
    passing(
        "429 with nonsense",
        |on| Fault::on(on).status(429).header("retry-after", "soon"),
        "429 Too Many Requests",
    ),
    passing("500", |on| Fault::on(on).status(500), "500 Internal Server Error"),
    passing(
        "502",
        |on| Fault::on(on).status(502).body("<html>").header("content-type", "text/html"),
        "502 Bad Gateway",
    ),
    passing(
        "503",
        |on| Fault::on(on).status(503).header("retry-after", "0"),
        "503 Service Unavailable",
    ),
    passing("504", |on| Fault::on(on).status(504), "504 Gateway Timeout"),
];

const fn passing(name: &'static str, fault: Make, says: &'static str) -> Passing {
    Passing { name, fault, says }
}

/// What is no failure at all, however long it lasts.
const HARMLESS: [(&str, Make); 5] = [
    ("GOAWAY behind the answer", |on| Fault::on(on).go_away()),
    ("slow bytes", |on| Fault::on(on).trickle(2000, Duration::from_millis(1))),
    ("a late answer", |on| Fault::on(on).delay(Duration::from_millis(20))),
    ("no length", |on| Fault::on(on).without_length()),
    ("another media type", |on| Fault::on(on).header("content-type", "application/x-unknown")),
];

/// Faults that will not pass: they are believed at once, and nothing is asked twice.
struct Lasting {
    name: &'static str,
    fault: Make,
    outcome: fn(Kind) -> Outcome,
}

const LASTING: [Lasting; 11] = [
    Lasting {
        name: "400",
        fault: |on| Fault::on(on).status(400),
        outcome: |_| Outcome::Fails(NETWORK, "400 Bad Request"),
    },
    Lasting {
        name: "401",
        fault: |on| Fault::on(on).status(401),
        outcome: |_| Outcome::Fails(4, "401 Unauthorized"),
    },
    Lasting {
        name: "403",
        fault: |on| Fault::on(on).status(403),
        outcome: |_| Outcome::Fails(4, "403 Forbidden"),
    },
    Lasting {
        name: "404",
        fault: |on| Fault::on(on).status(404),
        outcome: |kind| absent(kind, "404 Not Found"),
    },
    Lasting {
        name: "410",
        fault: |on| Fault::on(on).status(410),
        outcome: |kind| absent(kind, "410 Gone"),
    },
    Lasting {
        name: "501",
        fault: |on| Fault::on(on).status(501),
        outcome: |_| Outcome::Fails(NETWORK, "501 Not Implemented"),
    },
    Lasting {
        name: "a login page",
        fault: |on| {
            let page = "<!DOCTYPE html>\n<html><title>Log in</title>Please log in.</html>\n";
            Fault::on(on).body(page).header("content-type", "text/html; charset=utf-8")
        },
        // In place of a zip it is known for what it is: the network's doing.
        outcome: |kind| match kind {
            Kind::Zip => Outcome::Fails(NETWORK, "not a valid zip file"),
            kind => garbage(kind, INVALID),
        },
    },
    Lasting {
        name: "garbage",
        fault: |on| {
            let noise: Vec<u8> =
                (0..3000_u32).map(|i| i.wrapping_mul(0x9e37_79b9).to_be_bytes()[0]).collect();
            Fault::on(on).body(noise).header("content-type", "application/octet-stream")
        },
        outcome: |kind| garbage(kind, INVALID),
    },
    Lasting {
        name: "nothing at all",
        fault: |on| Fault::on(on).body(""),
        outcome: |kind| garbage(kind, "unexpected end of JSON input"),
    },
    Lasting {
        name: "redirects in a circle",
        fault: |on| Fault::on(on).redirect_below(""),
        outcome: |_| Outcome::Fails(NETWORK, "stopped after 10 redirects"),
    },
    Lasting {
        name: "no end",
        fault: |on| Fault::on(on).endless(),
        outcome: |_| Outcome::Fails(SECURITY, ""),
    },
];

const INVALID: &str = "invalid character";

/// What comes of content that is none; `json` is said of what should be JSON.
fn garbage(kind: Kind, json: &'static str) -> Outcome {
    match kind {
        Kind::Info | Kind::Latest => Outcome::Fails(1, json),
        Kind::Mod => Outcome::Fails(SECURITY, "checksum mismatch"),
        Kind::Zip => Outcome::Fails(SECURITY, "not a valid zip file"),
        Kind::List => Outcome::Fails(3, "no matching versions for query"),
        // It proves nothing, and contradicts nothing either.
        Kind::Lookup => Outcome::Fails(1, "malformed record data"),
        Kind::Tile => Outcome::Fails(1, "bad result slice"),
    }
}

/// What comes of "there is no such thing".
fn absent(kind: Kind, status: &'static str) -> Outcome {
    match kind {
        Kind::Latest => Outcome::Fails(3, "no matching versions for query \"latest\""),
        // A log must have all its tiles: this is trouble, not absence.
        Kind::Tile => Outcome::Fails(NETWORK, status),
        _ => Outcome::Fails(3, status),
    }
}

/// Each row of a table with all kinds of requests, by both protocols.
fn everywhere<R>(
    rows: &[R],
    name: impl Fn(&R) -> &str,
) -> impl Iterator<Item = (String, (&R, Kind, Http))> {
    rows.iter().flat_map(move |row| {
        let name = name(row).to_owned();
        let both = Kind::ALL.into_iter().flat_map(|kind| Http::BOTH.map(|http| (kind, http)));
        both.map(move |(kind, http)| (format!("{name}, {kind:?}, {http:?}"), (row, kind, http)))
    })
}

/// A place for cases of this name: those that are about a silent server don't wait for it long.
fn place_for(name: &str, server: &Server) -> Project {
    let is_silent = name.starts_with("silence");
    let mut place = place(server, if is_silent { 2 } else { 3 });
    if is_silent {
        place.set("GOMODFETCH_STALL_TIMEOUT", "250ms");
    }
    place
}

#[test]
fn what_passes_is_survived() {
    let reference = Reference::new();
    run_all(everywhere(&PASSING, |row| row.name), |(row, kind, http)| {
        let server = server(http);
        server.fault((row.fault)(kind.pattern()).per_path().first(1));
        let place = place_for(row.name, &server);
        let output = place.gomodfetch(DOWNLOAD).run();
        judge(&reference, (&server, &place, &output), Outcome::Recovers)?;
        if !output.stderr.is_empty() {
            return Err(format!("nobody wanted to know\n{output}"));
        }
        Ok(())
    });
}

#[test]
fn what_lasts_is_told() {
    let reference = Reference::new();
    run_all(everywhere(&PASSING, |row| row.name), |(row, kind, http)| {
        let server = server(http);
        server.fault((row.fault)(kind.pattern()));
        let place = place_for(row.name, &server);
        let output = place.gomodfetch(DOWNLOAD).run();
        let asked = server.count(kind.pattern());
        judge(&reference, (&server, &place, &output), Outcome::Fails(NETWORK, row.says))?;
        if !output.stderr.contains(kind.named()) {
            return Err(format!("it does not name {}\n{output}", kind.named()));
        }
        if asked < 2 {
            return Err(format!("it was asked {asked} times\n{output}"));
        }
        Ok(())
    });
}

#[test]
fn what_is_harmless_does_no_harm() {
    let reference = Reference::new();
    run_all(everywhere(&HARMLESS, |row| row.0), |((_, fault), kind, http)| {
        let server = server(http);
        server.fault(fault(kind.pattern()));
        let place = place(&server, 3);
        let output = place.gomodfetch(DOWNLOAD).run();
        judge(&reference, (&server, &place, &output), Outcome::Recovers)
    });
}

#[test]
fn what_will_not_pass_is_believed_at_once() {
    let reference = Reference::new();
    run_all(everywhere(&LASTING, |row| row.name), |(row, kind, http)| {
        let server = server(http);
        server.fault((row.fault)(kind.pattern()));
        let place = place(&server, 3);
        let output = place.gomodfetch(DOWNLOAD).run();
        let mut asked = server.requests_for(kind.pattern());
        let outcome = (row.outcome)(kind);
        judge(&reference, (&server, &place, &output), outcome)?;
        asked.sort_by(|a, b| a.path.cmp(&b.path));
        let is_circle = row.name.starts_with("redirects");
        if let Some(twice) = asked.windows(2).find(|two| two[0].path == two[1].path && !is_circle) {
            return Err(format!("asked twice: {}\n{output}", twice[0].path));
        }
        Ok(())
    });
}
