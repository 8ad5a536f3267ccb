//! A zip that is cut, and what the server makes of the request for the rest.

use super::support::faults::Fault;
use super::support::modules::ModuleVersion;
use super::support::ranges::Ranges;
use super::support::registry::Registry;
use super::support::requests::Request;
use super::world::{
    DOWNLOAD, Http, Kind, Outcome, Reference, judge, place, registry, run_all, server,
};

/// Whether a server can be held to what it says of its content, so that going on must be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GoesOn {
    /// It has a validator: the second request asks for the rest, on condition.
    Must,
    /// It may be tried, or not.
    May,
}

/// How servers answer, rightly and wrongly.
fn servers() -> [(&'static str, Ranges, GoesOn); 13] {
    use GoesOn::{May, Must};
    [
        ("no ranges", Ranges::ignored(), May),
        ("no ranges, an ETag", Ranges::ignored().etag(), May),
        ("an ETag", Ranges::right().etag(), Must),
        ("an ETag, unannounced", Ranges::right().etag().unannounced(), Must),
        ("a date", Ranges::right().last_modified(), Must),
        ("a weak ETag", Ranges::right().weak_etag(), May),
        ("another ETag each time", Ranges::right().changing_etag(), May),
        ("no validator", Ranges::right(), May),
        ("416", Ranges::unsatisfiable().etag(), May),
        ("another start", Ranges::from_another_start().etag(), May),
        ("another total", Ranges::of_another_total().etag(), May),
        ("no Content-Range", Ranges::unlabelled().etag(), May),
        ("other bytes, no validator", Ranges::of_another_content(), May),
    ]
}

fn range(request: &Request) -> Option<usize> {
    request.header("range")?.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()
}

#[test]
fn a_cut_zip_is_completed_whatever_the_server_makes_of_ranges() {
    let reference = Reference::new();
    let len = registry().get("example.com/a v1.0.0").zip.len();
    let mut cases = Vec::new();
    for (name, ranges, goes_on) in servers() {
        for cut in [0, 1, len / 2, len - 1] {
            for http in Http::BOTH {
                let case = format!("{name}, cut after {cut} of {len}, {http:?}");
                cases.push((case, (ranges, goes_on, cut, http)));
            }
        }
    }
    run_all(cases, |(ranges, goes_on, cut, http)| {
        let server = server(http);
        server.set_ranges(ranges);
        server.fault(Fault::on(Kind::Zip.pattern()).first(1).cut_after(cut));
        let place = place(&server, 3);
        let output = place.gomodfetch(DOWNLOAD).run();
        judge(&reference, (&server, &place, &output), Outcome::Recovers)?;
        let asked = server.requests_for(Kind::Zip.pattern());
        if asked.len() < 2 || range(&asked[0]).is_some() {
            return Err(format!("{asked:#?}"));
        }
        let is_going_on = range(&asked[1]).is_some_and(|start| 0 < start && start <= cut)
            && asked[1].header("if-range").is_some();
        if goes_on == GoesOn::Must && cut > 1 && (!is_going_on || asked.len() > 2) {
            return Err(format!("it did not go on: {asked:#?}"));
        }
        // A condition on a validator that is none, or that is weak.
        let mut conditions = asked.iter().filter_map(|request| request.header("if-range"));
        if let Some(weak) = conditions.find(|condition| condition.starts_with("W/")) {
            return Err(format!("a condition that never holds: {weak}"));
        }
        Ok(())
    });
}

#[test]
fn a_zip_arrives_in_pieces() {
    const LARGE: &str = "example.com/large v1.0.0";
    let mut registry = Registry::new();
    registry.insert(ModuleVersion::generated(LARGE, [12_000_000]));
    let zip = registry.get(LARGE).zip.clone();
    for http in Http::BOTH {
        let server = http.builder(registry.clone()).start();
        server.set_ranges(Ranges::right().etag());
        server.fault(Fault::on("*.zip").cut_after(700_000));
        // More pieces than there are retries: what brings that much is no failure.
        let place = place(&server, 3);
        place.gomodfetch(["download", "example.com/large@v1.0.0"]).run().success().silent();
        let starts: Vec<usize> = server.requests_for("*.zip").iter().filter_map(range).collect();
        assert!(starts.len() >= zip.len() / 700_000, "{http:?}: {starts:?}");
        assert!(starts.is_sorted_by(|a, b| a < b), "{http:?}: {starts:?}");
        let file = place.modcache().join("cache/download/example.com/large/@v/v1.0.0.zip");
        assert!(std::fs::read(file).expect("a zip") == zip);
    }
}

#[test]
fn what_changed_meanwhile_is_fetched_anew() {
    let reference = Reference::new();
    for http in Http::BOTH {
        for ranges in [Ranges::right().etag(), Ranges::right().last_modified(), Ranges::right()] {
            // The first answer is the beginning of something else, of another length.
            let server = server(http);
            server.set_ranges(ranges);
            let other = vec![b'x'; 50_000];
            server.fault(Fault::on(Kind::Zip.pattern()).first(1).body(other).cut_after(10_000));
            let place = place(&server, 3);
            let output = place.gomodfetch(DOWNLOAD).run();
            let outcome = judge(&reference, (&server, &place, &output), Outcome::Recovers);
            // A server that says of both that they are one thing can't be helped, but is not believed.
            if outcome.is_err() && ranges == Ranges::right().last_modified() {
                let refused = Outcome::Fails(5, "example.com/a@v1.0.0");
                judge(&reference, (&server, &place, &output), refused)
            } else {
                outcome
            }
            .unwrap_or_else(|why| panic!("{http:?}, {ranges:?}: {why}"));
        }
    }
}

#[test]
fn bytes_that_are_wrong_each_time_are_a_security_error() {
    let reference = Reference::new();
    for http in Http::BOTH {
        for ranges in [Ranges::of_another_content(), Ranges::of_another_content().etag()] {
            let server = server(http);
            server.set_ranges(ranges);
            let len = registry().get("example.com/a v1.0.0").zip.len();
            let first_half = |request: &Request| request.header("range").is_none();
            let cut = Fault::on(Kind::Zip.pattern()).when(first_half).cut_after(len / 2);
            server.fault(cut);
            let place = place(&server, 3);
            let output = place.gomodfetch(DOWNLOAD).run();
            // Cut again and again where it is asked for whole, it may end as a network that fails.
            let code = if output.code() == Some(6) { 6 } else { 5 };
            let outcome = Outcome::Fails(code, "");
            judge(&reference, (&server, &place, &output), outcome)
                .unwrap_or_else(|why| panic!("{http:?}, {ranges:?}: {why}"));
        }
    }
}
