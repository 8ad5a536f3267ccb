//! What is told about a hash that does not fit: who agrees with whom, which files differ, and what
//! can be done. go's message comes first and unchanged; that is tested in `checksums`.

use super::common::*;
use super::support::cli::{Output, Project};
use super::support::diff;
use super::support::modules::ModuleVersion;
use super::support::registry::Registry;
use super::support::server::Server;
use super::support::sumlog::SumLog;

const A: &str = "example.com/a v1.0.0";
const EXACT: &str = "example.com/a@v1.0.0";

fn good() -> ModuleVersion {
    ModuleVersion::new(
        A,
        "-- go.mod --\nmodule example.com/a\n\ngo 1.20\n-- a.go --\npackage a\n-- b.go --\npackage a\n",
    )
}

fn bad() -> ModuleVersion {
    ModuleVersion::new(
        A,
        "-- go.mod --\nmodule example.com/a\n\ngo 1.20\n-- a.go --\npackage p\n-- evil.go --\npackage a\n",
    )
}

/// A proxy that sends `sent`, in front of a database that knows `known`.
fn server(sent: ModuleVersion, known: &ModuleVersion) -> Server {
    let mut log = SumLog::new("sum.example.com");
    let mut truth = Registry::new();
    truth.insert(known.clone());
    log.add_all(&truth);
    let mut registry = Registry::new();
    registry.insert(sent);
    Server::builder(registry).sumdb(log).start()
}

fn place(server: &Server, sums: &ModuleVersion) -> Project {
    project(server, &main_module(&[A]), &sums.go_sum())
}

/// The hints, `$SERVER` standing for the server's address.
fn hints(output: &Output, server: &Server) -> String {
    let text = said(output, server);
    text.split_inclusive('\n').filter(|line| line.starts_with("hint: ")).collect()
}

#[track_caller]
fn tells(name: &str, output: &Output, server: &Server, want: &str) {
    output.fails_with(5);
    diff::assert_same(name, want, &hints(output, server));
}

const RUN_AGAIN: &str = "hint: run again with --explain to see what each proxy of GOPROXY sends, \
                         and which files differ\n";
const OTHER_PROXY: &str = "hint: set GOPROXY to another proxy than $SERVER, and tell its operator, \
                           who may not know\n";

#[test]
fn the_database_agrees_with_go_sum() {
    let server = server(bad(), &good());
    let place = place(&server, &good());
    let output = place.gomodfetch(["download", "--hints", EXACT]).run();
    let want = format!(
        "hint: sum.example.com agrees with go.sum: what came from $SERVER is wrong\n\
         {OTHER_PROXY}{RUN_AGAIN}"
    );
    tells("hints", &output, &server, &want);
    // Who reads no hints has nobody asked for them.
    server.forget_requests();
    let output = place.gomodfetch(["download", EXACT]).run();
    output.fails_with(5);
    assert_eq!(hints(&output, &server), "");
    assert_eq!(server.count("/sumdb/**"), 0, "{:?}", server.paths());
}

#[test]
fn the_database_agrees_with_the_proxy() {
    let server = server(good(), &good());
    let place = place(&server, &bad());
    let output = place.gomodfetch(["download", "--hints", EXACT]).run();
    let want = format!(
        "hint: sum.example.com agrees with what came from $SERVER: go.sum is wrong\n\
         hint: look in the history of go.sum who wrote the line `example.com/a@v1.0.0`; if it is a \
         mistake, delete it and run again\n\
         {OTHER_PROXY}{RUN_AGAIN}"
    );
    tells("hints", &output, &server, &want);
}

#[test]
fn the_database_is_not_asked_about_exempt_modules() {
    let server = server(bad(), &good());
    let mut place = place(&server, &good());
    place.set("GONOSUMDB", "example.com");
    let output = place.gomodfetch(["download", "--hints", EXACT]).run();
    let want = format!(
        "hint: example.com/a is exempt from the checksum database (GONOSUMDB, GOPRIVATE or \
         GOSUMDB=off): only go.sum and $SERVER have a say\n\
         hint: ask the author of example.com/a whether v1.0.0 was published anew; only if so, \
         delete the lines of example.com/a@v1.0.0 from go.sum and run again\n\
         {OTHER_PROXY}{RUN_AGAIN}"
    );
    tells("hints", &output, &server, &want);
    assert_eq!(server.count("/sumdb/**"), 0);
}

#[test]
fn a_database_that_does_not_answer() {
    let server = server(bad(), &good());
    server.replace_sumdb(None);
    let mut place = place(&server, &good());
    place.set("GOSUMDB", SumLog::new("sum.example.com").vkey());
    let output = place.gomodfetch(["download", "--hints", EXACT]).run();
    output.fails_with(5);
    let hints = hints(&output, &server);
    assert!(
        hints.starts_with("hint: the checksum database could not be asked what is right: "),
        "{hints}"
    );
}

#[test]
fn the_database_contradicts() {
    let server = server(bad(), &good());
    let place = project(&server, &main_module(&[]), "");
    let output = place.gomodfetch(["download", "--hints", EXACT]).run();
    let want = format!(
        "hint: go.sum has no line for example.com/a@v1.0.0; sum.example.com contradicts what came \
         from $SERVER\n{OTHER_PROXY}{RUN_AGAIN}"
    );
    tells("hints", &output, &server, &want);
}

#[test]
fn every_source_is_asked_only_on_request_and_nothing_of_it_is_kept() {
    let (liar, honest) = (server(bad(), &good()), server(good(), &good()));
    let mut place = place(&liar, &good());
    place.set("GOPROXY", format!("{}|{}", liar.url(), honest.url()));

    place.gomodfetch(["download", "--hints", EXACT]).run().fails_with(5);
    assert_eq!(honest.paths(), [""; 0], "a security error is never retried elsewhere");

    let output = place.gomodfetch(["download", "--explain", EXACT]).run();
    let (known, refused) = (good().h1, bad().h1);
    let want = format!(
        "hint: sum.example.com agrees with go.sum: what came from $SERVER is wrong\n\
         hint: $SERVER sends {refused}, the one that was refused\n\
         hint: $HONEST sends {known}, the one that is known\n\
         hint: between $HONEST and $SERVER differ: a.go, b.go (missing), evil.go (added)\n\
         {OTHER_PROXY}"
    );
    output.fails_with(5);
    let hints = hints(&output, &liar).replace(&honest.url(), "$HONEST");
    diff::assert_same("hints", &want, &hints);
    let found = published(&place, "example.com/a");
    assert!(found.iter().all(|file| file.ends_with(".mod")), "{found:?}");
    assert_eq!(place.read("go.sum"), good().go_sum());
}

#[test]
fn private_modules_are_named_to_no_proxy_to_explain_them() {
    let server = server(bad(), &good());
    let place_of = |private: &str| {
        let mut place = place(&server, &good());
        place.set("GOPRIVATE", private).set("GONOPROXY", "none");
        place.gomodfetch(["download", EXACT]).run().fails_with(5);
        // Now the refused zip lies in the cache, as an old go would have left it.
        place.set("GOSUMDB", "off");
        place.write("go.sum", &bad().go_sum());
        place.gomodfetch(["download", EXACT]).run().success();
        place.write("go.sum", &good().go_sum());
        place.set("GONOPROXY", private).set("HTTPS_PROXY", "http://127.0.0.1:1");
        place
    };
    let place = place_of("example.com");
    server.forget_requests();
    let output = place.gomodfetch(["download", "--explain", EXACT]).run();
    let want = "\
        hint: example.com/a is exempt from the checksum database (GONOSUMDB, GOPRIVATE or \
        GOSUMDB=off): only go.sum and the module cache have a say\n\
        hint: direct: unrecognized import path \"example.com/a\": https fetch: Get \
        \"https://example.com/a?go-get=1\": proxyconnect tcp: dial tcp 127.0.0.1:1: connect: \
        connection refused\n\
        hint: ask the author of example.com/a whether v1.0.0 was published anew; only if so, \
        delete the lines of example.com/a@v1.0.0 from go.sum and run again\n\
        hint: remove what the module cache has of example.com/a@v1.0.0, and it will be downloaded \
        again\n";
    tells("hints", &output, &server, want);
    let nobody = place.gomodfetch(["download", "--explain", EXACT]);
    let output = nobody.env("GOPROXY", "off").env("GONOPROXY", "none").run();
    let hint = "hint: no source in GOPROXY may be asked for example.com/a to compare\n";
    assert!(output.stderr.contains(hint), "{output}");
    assert_eq!(server.paths(), [""; 0]);
}

#[test]
fn a_go_mod_is_explained_too() {
    let other = ModuleVersion::new(A, "-- go.mod --\nmodule example.com/a\n\ngo 1.19\n");
    let server = server(good().tampered_go_mod(other.go_mod.clone()), &good());
    let place = place(&server, &good());
    let output = place.gomodfetch(["download", "--explain", EXACT]).run();
    let want = format!(
        "hint: sum.example.com agrees with go.sum: what came from $SERVER is wrong\n\
         hint: $SERVER sends {}, the one that was refused\n\
         {OTHER_PROXY}",
        other.go_mod_h1
    );
    tells("hints", &output, &server, &want);
}
