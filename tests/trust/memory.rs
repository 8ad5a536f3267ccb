//! What hostile input may cost: memory stays bounded however it is made, wherever it comes from.

use super::common::*;
use super::support::cli::{Output, Project};
use super::support::faults::Fault;
use super::support::registry::Registry;
use super::support::server::Server;
use super::support::sumlog::SumLog;

const EXACT: [&str; 2] = ["download", "example.com/a@v1.0.0"];
const ALL: [&str; 2] = ["download", "all"];
/// The largest go.mod that is read.
const MAX_GO_MOD: usize = 16 << 20;

/// A text of `size` bytes: a head, a piece over and over, and an end.
fn repeated(head: &str, piece: &str, end: &str, size: usize) -> String {
    let times = (size - head.len() - end.len()) / piece.len();
    let mut text = String::with_capacity(size);
    text.push_str(head);
    for _ in 0..times {
        text.push_str(piece);
    }
    text.push_str(end);
    text
}

/// What reading one of these may take at most, in KiB: 290 MB.
const FOR_A_GO_MOD: u64 = 290_000_000 / 1024;

/// Files in the syntax of go.mod, each of that of which there can be most: as much as a file of that
/// size has room for, or as many lines as may be.
fn go_mods() -> Vec<(&'static str, String)> {
    const TOP: &str = "module example.com/a\n";
    const LINES: usize = 524_000;
    let full = [
        ("lines with comments", "", "a//\n", ""),
        ("comments", "", "//\n", ""),
        ("groups of comments", "", "//\n\n", ""),
        ("blocks", "", "a()\n", ""),
        ("words", "", "a ", "\n"),
        ("lines of two lines", "", "\"\\\n\"\n", ""),
        ("one word", "require ", "a", " v1.0.0\n"),
        ("one comment", "require example.com/b v1.0.0 //", "a", "\n"),
    ];
    let allowed = [
        ("requirements", "require (\n", "a v0.0.0\n", ")\n"),
        ("requirements with comments", "require (\n", "//\na v0.0.0//\n", ")\n"),
        ("wrong requirements", "require (\n", "a\n", ")\n"),
        ("ignored", "ignore (\n", "a\n", ")\n"),
        ("retracted with reasons", "retract (\n", "v1//a\n", ")\n"),
        ("one reason for all", "// a\nretract (\n", "v1\n", ")\n"),
    ];
    let full = full.map(|(name, head, piece, end)| {
        (name, repeated(&format!("{TOP}{head}"), piece, end, MAX_GO_MOD))
    });
    let allowed = allowed
        .map(|(name, head, piece, end)| (name, format!("{TOP}{head}{}{end}", piece.repeat(LINES))));
    full.into_iter().chain(allowed).collect()
}

#[track_caller]
fn frugal(name: &str, place: &Project, args: &[&str], limit: u64) -> Output {
    let (output, peak) = with_peak_memory(place.gomodfetch(args).spawn());
    assert!(peak < limit, "{name}: {peak} KiB\n{:.2000}", output.to_string());
    assert!(output.stderr.len() < 1 << 20, "{name}: {} bytes", output.stderr.len());
    output
}

#[test]
fn a_hostile_go_mod_of_a_dependency() {
    for (name, text) in go_mods() {
        let server = Server::http(Registry::from_graph("a v1.0.0\nb v1.0.0"));
        server.fault(Fault::on("/example.com/a/@v/*.mod").body(text));
        let place = project(&server, &main_module(&["example.com/a v1.0.0"]), "");
        frugal(name, &place, &ALL, FOR_A_GO_MOD);
    }
}

#[test]
fn a_hostile_go_mod_in_the_current_directory() {
    for (name, text) in go_mods() {
        let server = Server::http(Registry::from_graph("a v1.0.0\nb v1.0.0"));
        let place = project(&server, &main_module(&[]), "");
        place.write("go.mod", &text);
        frugal(name, &place, &EXACT, FOR_A_GO_MOD);
    }
    // Branches, each of which would have to be looked up.
    let branches: String = (0..100_000).map(|n| format!("\texample.com/a b{n}\n")).collect();
    let server = Server::http(Registry::from_graph("a v1.0.0"));
    let place = project(&server, &main_module(&[]), "");
    place.write("go.mod", &format!("module example.org/main\n\nrequire (\n{branches})\n"));
    let output = frugal("branches", &place, &EXACT, MAX_MEMORY);
    output.fails_with(1).stderr_has("too many versions to look up (max is 10000)");
    assert_eq!(server.requests().len(), 0);
}

#[test]
fn a_hostile_go_sum() {
    for (name, piece) in [
        ("lines", "a b c\n"),
        ("of one module", "a v1.0.0 h1:x\n"),
        ("words", "a "),
        ("no text", "\u{0}"),
        ("blank lines", "\n"),
    ] {
        let server = Server::http(Registry::from_graph("a v1.0.0"));
        let place = project(&server, &main_module(&[]), "");
        place.write("go.sum", &repeated("", piece, "", (32 << 20) - 1));
        frugal(name, &place, &EXACT, MAX_MEMORY);
    }
}

/// Of modules m0, m1 and so on: a graph of them, and the arguments that name each.
fn many(count: usize) -> (Registry, Vec<String>) {
    let graph: String = (0..count).map(|number| format!("m{number} v1.0.0\n")).collect();
    let names = (0..count).map(|number| format!("example.com/m{number}"));
    (Registry::from_graph(&graph), names.collect())
}

#[test]
fn many_large_go_mods_at_once() {
    let (registry, names) = many(16);
    let server = Server::http(registry);
    for name in &names {
        let text = repeated(&format!("module {name}\n//"), "a", "\n", MAX_GO_MOD);
        server.fault(Fault::on(&format!("/{name}/*.mod")).body(text));
    }
    let required: Vec<String> = names.iter().map(|name| format!("{name} v1.0.0")).collect();
    let required: Vec<&str> = required.iter().map(String::as_str).collect();
    let place = project(&server, &main_module(&required), "");
    frugal("fetched", &place, &["download", "-json"], FOR_A_GO_MOD).success();
    let kept = place.modcache().join("cache/download/example.com/m1/@v/v1.0.0.mod");
    assert_eq!(std::fs::metadata(kept).unwrap().len(), MAX_GO_MOD as u64);
    // And with go.sum and the cache to begin with.
    server.heal();
    frugal("kept", &place, &ALL, FOR_A_GO_MOD).success();
    assert_eq!(server.count("*.mod"), 16, "{:?}", server.paths());
}

#[test]
fn many_large_answers_of_the_database_at_once() {
    let (registry, names) = many(60);
    let mut log = SumLog::new("sum.example.com");
    log.add_all(&registry);
    for name in &names {
        let sums = registry.get(&format!("{name} v1.0.0")).go_sum();
        log.tamper(&format!("{name}@v1.0.0"), &repeated(&sums, &sums, "", 900_000));
    }
    let server = Server::builder(registry).sumdb(log).start();
    let place = project(&server, &main_module(&[]), "");
    let exact = names.iter().map(|name| format!("{name}@v1.0.0"));
    let args: Vec<String> = std::iter::once("download".to_owned()).chain(exact).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let output = frugal("look-ups", &place, &args, MAX_MEMORY);
    output.fails_with(5).stderr_has("cannot authenticate record data in server response");
    for name in &names {
        assert_unpublished(&place, name);
    }
}

#[test]
fn a_long_list_of_versions() {
    let server = Server::http(Registry::from_graph("a v1.0.0"));
    let list: String = (0..600_000).map(|number| format!("v1.0.{number}\n")).collect();
    server.fault(Fault::on("*/@v/list").body(list));
    let place = project(&server, &main_module(&[]), "");
    let args = ["download", "example.com/a@<v1.0.1"];
    frugal("list", &place, &args, MAX_MEMORY).success();
    assert_published(&place, "example.com/a v1.0.0");
}

/// Whatever way it takes into the cache, a go.mod that is not held in memory all the time ends there.
#[test]
fn a_large_go_mod_is_as_good_as_a_small_one() {
    let mut registry = Registry::from_graph("b v1.0.0");
    let text = format!("module example.com/a\n\ngo 1.21\n\n//{}\n", "x".repeat(100_000));
    registry.add("example.com/a v1.0.0", &format!("-- go.mod --\n{text}-- a.go --\npackage a\n"));
    let server = Server::http(registry);
    let sums = server.registry().whole_go_sum();
    let required = ["example.com/a v1.0.0", "example.com/b v1.0.0"];
    for go_sum in ["", &sums] {
        for args in [&["download"][..], &ALL, &EXACT, &["download", "example.com/a@latest"]] {
            let place = project(&server, &main_module(&required), go_sum);
            place.gomodfetch(args).run().success().silent();
            assert_published(&place, "example.com/a v1.0.0");
            let kept = place.modcache().join("cache/download/example.com/a/@v/v1.0.0.mod");
            assert!(std::fs::read_to_string(kept).unwrap() == text);
            place.gomodfetch(args).run().success().silent();
        }
    }
    // Where the graph can't be loaded, none is kept of what is not part of it.
    server.fault(Fault::on("/example.com/b/*.mod").status(500));
    let place = project(&server, &main_module(&required), &sums);
    place.gomodfetch(["download"]).run().fails_with(6);
    assert!(!place.modcache().join("example.com/a@v1.0.0").exists());
    assert_eq!(leftovers(&place), [""; 0]);
}

#[test]
fn a_graph_that_no_project_has() {
    let server = Server::http(Registry::new());
    let mut required = Vec::new();
    for number in 0..5 {
        let text = format!(
            "module example.com/m{number}\n\nrequire (\n{})\n",
            "\ta.b/x v1.0.0\n".repeat(500_000)
        );
        server.fault(Fault::on(&format!("/example.com/m{number}/*.mod")).body(text));
        required.push(format!("example.com/m{number} v1.0.0"));
    }
    let required: Vec<&str> = required.iter().map(String::as_str).collect();
    let place = project(&server, &main_module(&required), "");
    let output = frugal("graph", &place, &ALL, 2 * FOR_A_GO_MOD);
    output
        .fails_with(5)
        .stderr_is("go: module graph is too large: more than 2097152 requirements\n");
}
