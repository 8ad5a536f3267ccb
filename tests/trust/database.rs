//! A checksum database that lies, or that does not answer.

use super::common::*;
use super::support::cli::Output;
use super::support::diff;
use super::support::faults::Fault;
use super::support::go::Go;
use super::support::registry::Registry;
use super::support::server::Server;
use super::support::sumlog::{Signing, SumLog};

const A: &str = "example.com/a v1.0.0";
const B: &str = "example.com/b v1.0.0";
const BOTH: [&str; 3] = ["download", "example.com/a@v1.0.0", "example.com/b@v1.0.0"];

fn registry() -> Registry {
    Registry::from_graph("a v1.0.0\nb v1.0.0\nc v1.0.0\nd v1.0.0")
}

/// A log with two levels of tiles, whose records 300 to 303 are those of a to d.
fn sum_log() -> SumLog {
    let mut log = SumLog::new("sum.example.com").with_history(300);
    log.add_all(&registry());
    log
}

fn server(log: SumLog) -> Server {
    Server::builder(registry()).sumdb(log).start()
}

/// What is said of both modules, `{}` standing for the letter.
fn of_both(text: &str) -> String {
    let one = |name: &str| {
        let module = format!("example.com/{name}@v1.0.0");
        let text = text.replace("{}", name);
        let end = if text.ends_with('\n') { "" } else { "\n" };
        format!("go: {module}: verifying go.mod: {module}/go.mod: {text}{end}")
    };
    one("a") + &one("b")
}

/// Both modules are refused with this text, and nothing of them is published. `text_of_go` is go's
/// text where it differs from ours.
#[track_caller]
fn refused(name: &str, server: &Server, code: i32, text: &str, text_of_go: Option<&str>) {
    let make = || project(server, &main_module(&[A, B]), "");
    let place = make();
    let output = place.gomodfetch(BOTH).run();
    diff::assert_same(&format!("{name}: we"), text, &said(&output, server));
    output.fails_with(code);
    assert_unpublished(&place, "example.com/a");
    assert_unpublished(&place, "example.com/b");
    assert!(!place.has("go.sum"));
    go_says(name, server, &make, &BOTH, text_of_go.unwrap_or(text));
}

/// A text about a tile, as go says it: the second module fails on the kept proof of the first.
fn after_first(text: &str) -> String {
    let (first, second) = text.split_once("go: example.com/b@").unwrap();
    let second = second.replacen("/go.mod: ", "/go.mod: checking tree#304: ", 1);
    format!("{first}go: example.com/b@{second}")
}

// Signatures.

#[test]
fn heads_that_the_database_did_not_sign_end_the_run() {
    for (signing, error) in [
        (Signing::OtherKey, "invalid signature for key sum.example.com+b5b16c6d"),
        (Signing::OtherName("sum.example.org".to_owned()), "note has no verifiable signatures"),
    ] {
        let mut log = sum_log();
        log.set_signing(signing);
        let head = log.head(log.len());
        let server = server(log);
        let make = || project(&server, &main_module(&[A, B]), "");
        let text = of_both(&format!("reading tree note: {error}\nnote:\n{head}"));
        let (of_a, of_b) = text.split_at(text.find("go: example.com/b@").unwrap());

        // Whichever of the two comes first is the last.
        let place = make();
        let output = place.gomodfetch(BOTH).run();
        let ours = said(output.fails_with(5), &server);
        assert!(ours == of_a || ours == of_b, "{output}");
        assert_unpublished(&place, "example.com/a");
        assert_unpublished(&place, "example.com/b");
        go_says("signatures", &server, &make, &BOTH, &text);

        // It ends the run also where go.sum alone would do for the rest.
        server.fault(Fault::on("/example.com/c/*.zip").never_answer());
        let mut sums = server.registry().go_sum(&["example.com/c v1.0.0"]);
        let place = project(&server, &main_module(&[]), &sums);
        let args = ["download", "example.com/a@v1.0.0", "example.com/c@v1.0.0"];
        place.gomodfetch(args).run().fails_with(5).stderr_is(&of_a.replace("$SERVER", ""));
        sums.clear();
        let found = published(&place, "example.com/c");
        assert!(found.iter().all(|file| file.ends_with(".mod")), "{found:?}");
    }
}

#[test]
fn a_head_without_signature() {
    let mut log = sum_log();
    log.set_signing(Signing::Unsigned);
    let text = of_both(&format!("reading tree note: malformed note\nnote:\n{}", log.head(304)));
    refused("unsigned", &server(log), 5, &text, None);
}

// Hashes.

#[test]
fn tiles_and_roots_that_do_not_fit() {
    type Lie = fn(&mut SumLog);
    let lies: [(&str, Lie); 3] = [
        ("root", |log| log.set_wrong_root(true)),
        ("0/001", |log| log.alter_tile("0/001")),
        ("1/000", |log| log.alter_tile("1/000")),
    ];
    for (name, lie) in lies {
        let mut log = sum_log();
        lie(&mut log);
        let text = of_both("downloaded inconsistent tile");
        refused(name, &server(log), 5, &text, Some(&after_first(&text)));
    }
}

#[test]
fn an_altered_tile_that_no_proof_needs_hurts_nobody() {
    let mut log = sum_log();
    log.alter_tile("0/000");
    let server = server(log);
    project(&server, &main_module(&[A, B]), "").gomodfetch(BOTH).run().success().silent();
    assert_eq!(server.count("*/tile/8/0/000*"), 0);
}

#[test]
fn tiles_that_were_refused_are_not_kept() {
    let mut log = sum_log();
    log.alter_tile("0/001");
    let server = server(log);
    let place = project(&server, &main_module(&[A, B]), "");
    place.gomodfetch(BOTH).run().fails_with(5);
    let honest = sum_log();
    server.replace_sumdb(Some(honest));
    place.gomodfetch(BOTH).run().success();
    assert_eq!(server.count("*/tile/8/0/001*"), 2);
    assert_published(&place, A);
}

#[test]
fn records_that_the_log_does_not_hold() {
    let record = server(sum_log()).registry().get(A).go_sum().replace("h1:", "h1:A");
    let unproved = |text: &str| format!("go: example.com/a@v1.0.0: verifying go.mod: {text}\n");
    type Lie = Box<dyn Fn(&mut SumLog)>;
    let missing = security_error(
        "This download does NOT match one reported by the checksum server.\n\
         The checksum server has provided checksums, but the checksums do\n\
         not contain an entry for the download.\n\
         The checksum server may be malfunctioning, or an attacker may have\n\
         intercepted the checksum request.\n\
         The download cannot be verified.",
    );
    let lies: [(Lie, String); 2] = [
        (
            Box::new(move |log| log.tamper("example.com/a@v1.0.0", &record)),
            unproved(
                "example.com/a@v1.0.0/go.mod: cannot authenticate record data in server response",
            ),
        ),
        (
            Box::new(|log| log.answer_with("example.com/a@v1.0.0", "example.com/b@v1.0.0")),
            unproved(&format!("checksum missing from sumdb response{missing}"))
                .trim_end_matches('\n')
                .to_owned()
                + "\n",
        ),
    ];
    for (lie, text) in lies {
        let mut log = sum_log();
        lie(&mut log);
        let server = server(log);
        let make = || project(&server, &main_module(&[A, B]), "");
        let (place, _) = both_say("records", &server, &make, &BOTH, 5, &text);
        assert_unpublished(&place, "example.com/a");
        assert_published(&place, B);
    }
}

#[test]
fn records_beyond_the_signed_tree() {
    for size in [300, 256, 0] {
        let mut log = sum_log();
        log.pin_head(Some(size));
        let text = of_both(&format!("cannot validate record 300 in tree of size {size}")).replace(
            "b@v1.0.0/go.mod: cannot validate record 300",
            "b@v1.0.0/go.mod: cannot validate record 301",
        );
        refused("beyond", &server(log), 5, &text, None);
    }
}

// Forks.

/// The text begins as go's does, and shows both heads.
#[track_caller]
fn shows_fork(output: &Output, old: &str, new: &str) {
    let indented = |head: &str| head.replace('\n', "\n\t");
    let start = format!(
        "SECURITY ERROR\ngo.sum database server misbehavior detected!\n\nold database:\n\t{}\n\
         new database:\n\t{}\nproof of misbehavior:\n\t",
        indented(old),
        indented(new)
    );
    output.fails_with(5);
    assert!(output.stderr.starts_with(&start), "{start}\n{output}");
}

/// A log of the same size and name with another history.
fn forked(at: usize) -> SumLog {
    let mut log = sum_log();
    log.fork(at);
    log
}

#[test]
fn a_fork_between_two_runs() {
    for (at, first, second, args) in [
        // Of the same size, grown, and smaller.
        (7, 302, 302, "example.com/b@v1.0.0"),
        (299, 302, 303, "example.com/c@v1.0.0"),
        (300, 304, 302, "example.com/b@v1.0.0"),
    ] {
        let server = server(sum_log());
        let make = || {
            let mut honest = sum_log();
            honest.pin_head(Some(first));
            server.replace_sumdb(Some(honest));
            let place = project(&server, &main_module(&[A, B]), "");
            place.gomodfetch(["download", "example.com/a@v1.0.0"]).run().success();
            let mut fork = forked(at);
            fork.pin_head(Some(second));
            server.replace_sumdb(Some(fork));
            place
        };
        let place = make();
        // The newer one is that with more records; of equals, the one that was known.
        let heads = [sum_log().head(first), forked(at).head(second)];
        let [old, new] =
            if second > first { [&heads[0], &heads[1]] } else { [&heads[1], &heads[0]] };
        let command = ["download", args];
        let output = place.gomodfetch(command).run();
        if let Some(output_of_go) = go_runs("fork", &make, &command) {
            let expected = said(output_of_go.fails_with(1), &server);
            diff::assert_same("fork", &expected, &said(&output, &server));
        }
        shows_fork(&output, old, new);
        for module in ["example.com/b", "example.com/c"] {
            assert_unpublished(&place, module);
        }
        let kept = std::fs::read_to_string(place.gopath().join("pkg/sumdb/sum.example.com/latest"));
        assert_eq!(kept.unwrap(), sum_log().head(first));
    }
}

#[test]
fn a_fork_that_contradicts_a_kept_tile() {
    // Record 7 lies below a tile that the first run has kept, and that does not fit the new head.
    let server = server(sum_log());
    let make = || {
        let mut honest = sum_log();
        honest.pin_head(Some(301));
        server.replace_sumdb(Some(honest));
        let place = project(&server, &main_module(&[A, B]), "");
        place.gomodfetch(["download", "example.com/a@v1.0.0"]).run().success();
        server.replace_sumdb(Some(forked(7)));
        place
    };
    let want = "go: example.com/c@v1.0.0: verifying go.mod: example.com/c@v1.0.0/go.mod: \
                checking tree#301 against tree#304: downloaded inconsistent tile\n";
    let args = ["download", "example.com/c@v1.0.0"];
    let (place, _) = both_say("kept_tile", &server, &make, &args, 5, want);
    assert_unpublished(&place, "example.com/c");
    // What to do then: without the kept tiles the fork is proved.
    let hinted = place.gomodfetch(["download", "--hints", args[1]]).run();
    hinted.fails_with(5).stderr_has(
        "\nhint: a tile kept in the module cache below cache/download/sumdb is damaged, or the \
         database shows two logs: move that folder away and try again; two logs are then proved by \
         their signatures\n",
    );
    let tiles = place.modcache().join("cache/download/sumdb");
    std::fs::rename(&tiles, place.root().join("elsewhere")).unwrap();
    shows_fork(&place.gomodfetch(args).run(), &sum_log().head(301), &forked(7).head(304));
    assert_unpublished(&place, "example.com/c");
    let kept = std::fs::read_to_string(place.gopath().join("pkg/sumdb/sum.example.com/latest"));
    assert_eq!(kept.unwrap(), sum_log().head(301));
}

#[test]
fn a_fork_in_one_run() {
    // The answers about a are of one log, those about b of another.
    let (honest, mut other) = (sum_log(), forked(5));
    let server = server(honest);
    let lookup = other.respond("/lookup/example.com/b@v1.0.0", &registry());
    server.fault(Fault::on("*/lookup/example.com/b@*").body(lookup.body));
    let place = project(&server, &main_module(&[A, B]), "");
    let output = place.gomodfetch(BOTH).run();
    let heads = [sum_log().head(304), forked(5).head(304)];
    let [one, two] = [[0, 1], [1, 0]].map(|[old, new]| {
        format!(
            "old database:\n\t{}\nnew database:\n\t{}\n",
            heads[old].replace('\n', "\n\t"),
            heads[new].replace('\n', "\n\t")
        )
    });
    output.fails_with(5).stderr_has("SECURITY ERROR\ngo.sum database server misbehavior detected!");
    assert!(output.stderr.contains(&one) || output.stderr.contains(&two), "{output}");
    assert_unpublished(&place, "example.com/b");
    assert!(!place.has("go.sum"));
}

#[test]
fn a_fork_ends_the_whole_run() {
    let server = server(sum_log());
    let place = project(&server, &main_module(&[A, B]), "");
    place.gomodfetch(["download", "example.com/a@v1.0.0"]).run().success();
    server.replace_sumdb(Some(forked(5)));
    // What needs no database is under way, and is not waited for.
    place.write("go.sum", &server.registry().go_sum(&["example.com/d v1.0.0"]));
    server.fault(Fault::on("/example.com/d/*.zip").never_answer());
    let args = ["download", "example.com/d@v1.0.0", "example.com/b@v1.0.0"];
    let output = place.gomodfetch(args).run();
    shows_fork(&output, &forked(5).head(304), &sum_log().head(304));
    let found = published(&place, "example.com/d");
    assert!(found.iter().all(|file| file.ends_with(".mod")), "{found:?}");
}

#[test]
fn an_older_head_is_no_fork() {
    let server = server(sum_log());
    let place = project(&server, &main_module(&[A, B]), "");
    place.gomodfetch(["download", "example.com/a@v1.0.0"]).run().success();
    server.sumdb(|log| log.pin_head(Some(302)));
    place.gomodfetch(["download", "example.com/b@v1.0.0"]).run().success();
    assert_published(&place, B);
    // The newest head that was seen stays the one that is kept.
    let kept = std::fs::read_to_string(place.gopath().join("pkg/sumdb/sum.example.com/latest"));
    assert_eq!(kept.unwrap(), sum_log().head(304));
}

#[test]
fn a_rewound_log_that_grows_again_is_a_fork() {
    let server = server(sum_log());
    let place = project(&server, &main_module(&[A, B]), "");
    place.gomodfetch(["download", "example.com/a@v1.0.0"]).run().success();
    let mut rewound = sum_log();
    rewound.rewind(301);
    for number in 0..9 {
        rewound.add_record(
            &format!("example.org/x{number}@v1.0.0"),
            format!("example.org/x{number}\n"),
        );
    }
    rewound.add_all(&registry());
    let new = rewound.head(rewound.len());
    server.replace_sumdb(Some(rewound));
    let output = place.gomodfetch(["download", "example.com/b@v1.0.0"]).run();
    shows_fork(&output, &sum_log().head(304), &new);
    assert_unpublished(&place, "example.com/b");
}

#[test]
fn a_forgery_met_while_versions_are_looked_for_ends_the_run() {
    let mut registry = Registry::from_graph("a v1.0.0\na v1.1.0\nb v1.0.0");
    registry.add("example.com/a v1.2.0", "-- go.mod --\nmodule example.com/a\n\nretract v1.1.0\n");
    let sums = registry.whole_go_sum();
    let newest = registry.get("example.com/a v1.2.0").go_mod_h1.clone();
    let other = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let server = Server::http(registry);
    let make = || project(&server, &main_module(&[]), &sums.replace(&newest, other));
    let want = format!(
        "verifying example.com/a@v1.2.0/go.mod: checksum mismatch\n\
         \tdownloaded: {newest}\n\tgo.sum:     {other}{}",
        security_error(
            "This download does NOT match an earlier download recorded in go.sum.\n\
             The bits may have been replaced on the origin server, or an attacker may\n\
             have intercepted the download attempt."
        )
    );
    // The newest version says which are retracted.
    let args = ["download", "example.com/b@v1.0.0", "example.com/a@<v1.2.0"];
    let (place, _) = both_say("retractions", &server, &make, &args, 5, &want);
    assert_unpublished(&place, "example.com/a");
    assert_unpublished(&place, "example.com/b");
}

// Garbage and refusals.

#[test]
fn answers_that_make_no_sense() {
    let tile = |len: usize, bare: bool| {
        let place = if bare { "0/001.p/48" } else { "1/000.p/1" };
        let want = if bare { 48 * 32 } else { 32 };
        of_both(&format!(
            "TileReader returned bad result slice (tile/8/{place} len={len}, want {want})"
        ))
    };
    for (pattern, body, text, of_go) in [
        ("*/lookup/*", "<html>\u{1b}[31m</html>\n", of_both("malformed record data"), None),
        ("*/lookup/*", "", of_both("malformed record data"), None),
        ("*/tile/*", "<html></html>\n", tile(14, true), Some(after_first(&tile(14, false)))),
        ("*/tile/*", "", tile(0, true), Some(after_first(&tile(0, false)))),
    ] {
        let server = server(sum_log());
        server.fault(Fault::on(pattern).body(body));
        refused(pattern, &server, 1, &text, of_go.as_deref());
    }
}

#[test]
fn a_note_with_control_characters_is_not_printed_raw() {
    let server = server(sum_log());
    let lookup = "300\nexample.com/a v1.0.0 h1:x\n\n\u{1b}[2Jgo.sum \u{202e}database tree\n\n— x \u{7}AAAA\n";
    server.fault(Fault::on("*/lookup/*").body(lookup));
    let output = project(&server, &main_module(&[A, B]), "").gomodfetch(BOTH).run();
    output
        .fails_with(5)
        .stderr_has("reading tree note")
        .lacks("\u{1b}")
        .lacks("\u{202e}")
        .lacks("\u{7}");
}

#[test]
fn endless_answers() {
    for pattern in ["*/lookup/*", "*/tile/*"] {
        let server = server(sum_log());
        server.fault(Fault::on(pattern).endless());
        let place = project(&server, &main_module(&[A]), "");
        let output = place.gomodfetch(["download", "example.com/a@v1.0.0"]).run();
        output.fails_with(5).stderr_has("response is larger than 2000000 bytes");
        assert_unpublished(&place, "example.com/a");
    }
    // The proxy's word that it serves the database is all that counts of that answer.
    let server = server(sum_log());
    server.fault(Fault::on("*/supported").endless());
    let place = project(&server, &main_module(&[A]), "");
    let output = place.gomodfetch(["download", "example.com/a@v1.0.0"]).run();
    assert!(matches!(output.code(), Some(0 | 5)), "{output}");
}

#[test]
fn refusals() {
    for (status, line, code) in [
        (403, "403 Forbidden", 4),
        (404, "404 Not Found", 3),
        (410, "410 Gone", 3),
        (500, "500 Internal Server Error", 6),
    ] {
        for path in ["/lookup/*", "/tile/*", "/supported"] {
            if path == "/supported" && code == 3 {
                continue; // Then the database itself is asked; see the routes.
            }
            let mut log = sum_log();
            log.refuse(path, status, "go away");
            let server = server(log);
            let url = match path {
                "/lookup/*" => "lookup/example.com/{}@v1.0.0",
                "/tile/*" => "tile/8/1/000.p/1",
                _ => "supported",
            };
            let text = of_both(&format!(
                "reading $SERVER/sumdb/sum.example.com/{url}: {line}\n\tserver response: go away"
            ));
            let of_go = (path == "/tile/*").then(|| after_first(&text));
            // A tile that is missing says nothing about the module.
            let code = if path == "/tile/*" && code == 3 { 6 } else { code };
            refused(path, &server, code, &text, of_go.as_deref());
        }
    }
}

#[test]
fn a_database_that_does_not_answer_spares_what_go_sum_knows() {
    let mut log = sum_log();
    log.refuse("/*", 500, "go away");
    let server = server(log);
    let sums = server.registry().go_sum(&[B]);
    let place = project(&server, &main_module(&[A, B]), &sums);
    place.gomodfetch(BOTH).run().fails_with(6).stderr_has("example.com/a@v1.0.0: verifying go.mod");
    assert_unpublished(&place, "example.com/a");
    assert_published(&place, B);
}

#[test]
fn the_key_must_fit() {
    let log = sum_log();
    let key = log.vkey();
    let server = server(log);
    let Some(_) = Go::find("the_key_must_fit") else { return };
    for key in [key.replacen("sum.", "sun.", 1), format!("{key}A"), "sum.example.com+1".to_owned()]
    {
        let make = || {
            let mut place = project(&server, &main_module(&[A, B]), "");
            place.set("GOSUMDB", &key);
            place
        };
        let of_go = go_runs("key", &make, &BOTH).unwrap();
        let place = make();
        let output = place.gomodfetch(BOTH).run();
        diff::assert_same(&key, &said(&of_go, &server), &said(&output, &server));
        assert_ne!(output.code(), Some(0));
        assert_unpublished(&place, "example.com/a");
        assert_eq!(server.count("/sumdb/*"), 0);
    }
}
