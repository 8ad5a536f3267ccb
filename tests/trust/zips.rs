//! Zips that break a rule, or that can be read in two ways.

use super::common::*;
use super::support::cli::Project;
use super::support::diff;
use super::support::modules::ModuleVersion;
use super::support::registry::Registry;
use super::support::server::Server;
use super::support::sumlog::SumLog;
use super::support::tree::Snapshot;
use super::support::zips::{Entry, Field, Header, Surgery};

const A: &str = "example.com/a v1.0.0";
const ARGS: [&str; 2] = ["download", "example.com/a@v1.0.0"];
const GO_MOD: &str = "module example.com/a\n";
/// The two entries of a sound zip, and what stands before their names.
const TOP: &str = "example.com/a@v1.0.0/";
const P: &str = "example.com/a@v1.0.0/p.go";
const Q: &str = "example.com/a@v1.0.0/q.go";
const NOT_A_ZIP: &str = "zip: not a valid zip file";

/// A module whose zip has entries of these names.
fn module(names: &[&str]) -> ModuleVersion {
    let entry = |name: &&str| ((*name).to_owned(), format!("package p // {name}\n").into_bytes());
    ModuleVersion::from_entries(A, GO_MOD, names.iter().map(entry).collect())
}

/// A sound module after surgery on its zip, whose hash is that of the sound one.
fn cut(surgery: impl Fn(Surgery) -> Surgery) -> ModuleVersion {
    let sound = module(&[P, Q]);
    let zip = surgery(Surgery::on(sound.zip.to_vec())).finish();
    sound.tampered_zip(zip)
}

/// One entry of so many equal bytes.
fn uniform(name: &str, byte: u8, len: usize) -> ModuleVersion {
    let entry: Entry = (format!("{TOP}{name}"), vec![byte; len]);
    ModuleVersion::from_entries(A, GO_MOD, vec![entry])
}

/// What proves the zip, if it is what it claims to be.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Proof {
    FirstUse,
    GoSum,
    Database,
}

fn serve(module: &ModuleVersion, proof: Proof) -> Server {
    let mut registry = Registry::new();
    registry.insert(module.clone());
    let server = Server::builder(registry);
    if proof != Proof::Database {
        return server.start();
    }
    let mut log = SumLog::new("sum.example.com");
    log.add(module);
    server.sumdb(log).start()
}

fn place(module: &ModuleVersion, proof: Proof, server: &Server) -> Project {
    let go_sum = if proof == Proof::GoSum { module.go_sum() } else { String::new() };
    project(server, &main_module(&[]), &go_sum)
}

/// The zip is refused with this text whatever proves it, and nothing of it is anywhere. `of_go` is what go
/// says where it says something else.
#[track_caller]
fn refused(name: &str, module: &ModuleVersion, text: &str, of_go: Option<&str>) {
    for proof in [Proof::FirstUse, Proof::GoSum, Proof::Database] {
        let server = serve(module, proof);
        let place = place(module, proof, &server);
        let output = place.gomodfetch(ARGS).run();
        let want = format!("go: {}\n", in_full(text));
        diff::assert_same(&format!("{name:?} {proof:?}"), &want, &said(&output, &server));
        output.fails_with(5);
        assert_refused(&place);
    }
    let server = serve(module, Proof::FirstUse);
    let make = || self::place(module, Proof::FirstUse, &server);
    if let Some(output) = go_runs(name, &make, &ARGS) {
        // go also prints, before that, a line that was meant for its authors.
        let text_of_go = said(output.fails_with(1), &server);
        let lines = text_of_go.split_inclusive('\n').filter(|line| !line.starts_with("-> "));
        let want = format!("go: {}\n", in_full(of_go.unwrap_or(text)));
        diff::assert_same(&format!("{name:?}: go"), &want, &lines.collect::<String>());
    }
}

/// A text in which `unzip:` stands for go's whole beginning.
fn in_full(text: &str) -> String {
    let zip = "$ROOT/gopath/pkg/mod/cache/download/example.com/a/@v/v1.0.0.zip";
    text.replace("unzip:", &format!("unzip {zip}:"))
}

/// Of the module only its go.mod file is in the cache, and nothing has come to lie elsewhere.
#[track_caller]
fn assert_refused(place: &Project) {
    let found = published(place, "example.com/a");
    assert_eq!(found, ["cache/download/example.com/a/@v/v1.0.0.mod"]);
    let everything = Snapshot::of(place.root());
    let stray = |name: &&String| name.contains("evil") || name.contains("p.go");
    let strays: Vec<&String> = everything.nodes.keys().filter(stray).collect();
    assert!(strays.is_empty(), "{strays:?}");
}

#[test]
fn names() {
    let long = "x".repeat(70_000 - TOP.len() - 5_000);
    for (name, text) in [
        ("evil", "zip for example.com/a@v1.0.0 has unexpected file evil"),
        ("../evil", "zip for example.com/a@v1.0.0 has unexpected file ../evil"),
        ("/evil", "zip for example.com/a@v1.0.0 has unexpected file /evil"),
        (
            "example.com/b@v1.0.0/evil",
            "zip for example.com/a@v1.0.0 has unexpected file example.com/b@v1.0.0/evil",
        ),
        (
            "example.com/a@v1.0.0evil",
            "zip for example.com/a@v1.0.0 has unexpected file example.com/a@v1.0.0evil",
        ),
        (
            "Example.com/a@v1.0.0/evil",
            "zip for example.com/a@v1.0.0 has unexpected file Example.com/a@v1.0.0/evil",
        ),
        (
            "{}../../evil",
            "unzip: {}../../evil: malformed file path \"../../evil\": invalid path element \"..\"",
        ),
        ("{}/evil", "unzip: {}/evil: malformed file path \"/evil\": empty path element"),
        ("{}./evil", "unzip: {}./evil: file path is not clean"),
        ("{}x\\evil", "unzip: {}x\\evil: malformed file path \"x\\\\evil\": invalid char '\\\\'"),
        ("{}c:evil", "unzip: {}c:evil: malformed file path \"c:evil\": invalid char ':'"),
        (
            "{}evil/aux.txt",
            "unzip: {}evil/aux.txt: malformed file path \"evil/aux.txt\": \"aux\" disallowed as \
             path element component on Windows",
        ),
        ("{}evil.", "unzip: {}evil.: malformed file path \"evil.\": trailing dot in path element"),
        ("{}P.go", "unzip: {}P.go: case-insensitive file name collision: \"p.go\" and \"P.go\""),
        (
            "{}P.go/x",
            "unzip: {}P.go/x: case-insensitive file name collision: \"p.go\" and \"P.go\"",
        ),
        ("{}p.go", "unzip: {}p.go: multiple entries for file \"p.go\""),
        ("{}p.go/x", "unzip: {}p.go/x: entry \"p.go\" is both a file and a directory"),
        ("{}sub/go.mod", "unzip: {}sub/go.mod: go.mod file not in module root directory"),
        ("{}GO.MOD", "unzip: {}GO.MOD: go.mod files must have lowercase names"),
    ] {
        let [name, text] = [name, text].map(|text| text.replace("{}", TOP));
        refused(&name, &module(&[P, &name]), &text, None);
    }
    // Letters that are one when case is folded.
    for (first, second) in [("k", "\u{212a}"), ("s", "\u{17f}"), ("\u{e5}", "\u{212b}")] {
        let text = format!(
            "unzip: {TOP}{second}: case-insensitive file name collision: \"{first}\" and \"{second}\""
        );
        refused(
            second,
            &module(&[&format!("{TOP}{first}"), &format!("{TOP}{second}")]),
            &text,
            None,
        );
    }
    // Longer than any file system allows.
    let name = format!("{TOP}{long}");
    let module = module(&[P, &name]);
    let server = serve(&module, Proof::GoSum);
    let place = place(&module, Proof::GoSum, &server);
    assert_ne!(place.gomodfetch(ARGS).run().code(), Some(0));
    assert_refused(&place);
}

#[test]
fn names_are_printed_harmlessly() {
    for (name, shown) in [
        ("ev\u{1b}[31mil", "malformed file path \"ev\\x1b[31mil\": invalid char '\\x1b'"),
        ("evil\u{7}", "invalid char '\\a'"),
        ("evil\nx", "invalid char '\\n'"),
        ("evil\u{202e}x", "invalid char '\\u202e'"),
        ("evil\u{9b}x", "invalid char '\\u009b'"),
    ] {
        let module = module(&[P, &format!("{TOP}{name}")]);
        let server = serve(&module, Proof::FirstUse);
        let place = place(&module, Proof::FirstUse, &server);
        let output = place.gomodfetch(ARGS).run();
        output.fails_with(5).stderr_has(shown);
        for control in ["\u{1b}", "\u{7}", "\u{202e}", "\u{9b}"] {
            output.lacks(control);
        }
        assert_refused(&place);
        let json = place.gomodfetch(["download", "-json", "example.com/a@v1.0.0"]).run();
        json.fails_with(5).lacks("\u{1b}").lacks("\u{7}");
        assert_eq!(json.json().len(), 1);
    }
}

#[test]
fn contents_that_cannot_be_read() {
    let eof = "unexpected EOF";
    for (name, module, text, of_go) in [
        ("empty", cut(|zip| zip.truncate(0)), NOT_A_ZIP, None),
        ("a web page", cut(|zip| zip.truncate(0).append(b"<html></html>\n")), NOT_A_ZIP, None),
        ("cut short", cut(|zip| zip.truncate(100)), NOT_A_ZIP, None),
        ("a directory", module(&[P, TOP]), NOT_A_ZIP, None),
        ("damaged", cut(|zip| zip.damage(P, 3)), "zip: checksum error", None),
        (
            "checksum",
            cut(|zip| zip.set(P, Header::Central, Field::Crc, 7)),
            "zip: checksum error",
            None,
        ),
        (
            "method",
            cut(|zip| zip.set_both(P, Field::Method, 99)),
            "zip: unsupported compression algorithm",
            None,
        ),
        ("stored", cut(|zip| zip.set_both(P, Field::Method, 0)), NOT_A_ZIP, None),
        (
            "shared data",
            cut(|zip| zip.set(Q, Header::Central, Field::Offset, 0)),
            "zip: checksum error",
            None,
        ),
        (
            "data elsewhere",
            cut(|zip| zip.set(P, Header::Central, Field::Offset, 1 << 30)),
            "unzip: EOF",
            Some("EOF"),
        ),
        ("too few entries", cut(|zip| zip.set_count(1)), eof, None),
        ("too many entries", cut(|zip| zip.set_count(3)), eof, None),
        (
            "compressed to less",
            cut(|zip| zip.set(P, Header::Central, Field::Compressed, 7)),
            eof,
            None,
        ),
        (
            "compressed to more",
            cut(|zip| zip.set(P, Header::Central, Field::Compressed, 1 << 30)),
            eof,
            None,
        ),
        ("longer", cut(|zip| zip.set(P, Header::Central, Field::Uncompressed, 7)), NOT_A_ZIP, None),
        ("shorter", cut(|zip| zip.set(P, Header::Central, Field::Uncompressed, 999)), eof, None),
    ] {
        refused(name, &module, text, of_go);
    }
}

#[test]
fn the_module_is_named_where_go_does_not() {
    let module = cut(|zip| zip.truncate(100));
    let server = serve(&module, Proof::FirstUse);
    let place = place(&module, Proof::FirstUse, &server);
    let output = place.gomodfetch(["download", "--hints", "example.com/a@v1.0.0"]).run();
    output.fails_with(5).stderr_is(&format!(
        "go: {NOT_A_ZIP}\nhint: it is the zip of example.com/a@v1.0.0 that is refused\n"
    ));
    let output = place.gomodfetch(["download", "-json", "example.com/a@v1.0.0"]).run();
    let objects = output.fails_with(5).json();
    assert_eq!(
        (&objects[0]["Path"], &objects[0]["Error"]),
        (&"example.com/a".into(), &NOT_A_ZIP.into())
    );
}

#[test]
fn sizes() {
    let total =
        "unzip: total uncompressed size of module contents too large (max size is 524288000 bytes)";
    let large = (16 << 20) + 1;
    for (name, module, text, of_go) in [
        (
            "declared",
            cut(|zip| zip.set(P, Header::Central, Field::Uncompressed, 1 << 30)),
            total,
            Some("unexpected EOF"),
        ),
        (
            "go.mod",
            uniform("go.mod", b' ', large),
            "unzip: {}go.mod: go.mod file too large (max size is 16777216 bytes)",
            None,
        ),
        (
            "LICENSE",
            uniform("LICENSE", b' ', large),
            "unzip: {}LICENSE: LICENSE file too large (max size is 16777216 bytes)",
            None,
        ),
    ] {
        refused(name, &module, &text.replace("{}", TOP), of_go);
    }
}

#[test]
fn bombs() {
    let honest = uniform("p.go", 0, 501 << 20);
    let liar = {
        let bomb = uniform("p.go", 0, 200 << 20);
        let zip = Surgery::on(bomb.zip.to_vec());
        let zip = zip.set(P, Header::Central, Field::Uncompressed, 10).finish();
        bomb.tampered_zip(zip)
    };
    let many = {
        // One stream of a megabyte of zeros, which every entry claims as its own.
        let names: Vec<Entry> =
            (0..400).map(|number| (format!("{TOP}{number:03}"), vec![0; 1 << 20])).collect();
        let bomb = ModuleVersion::from_entries(A, GO_MOD, names);
        let zip = (1..400).fold(Surgery::on(bomb.zip.to_vec()), |zip, number| {
            zip.set(&format!("{TOP}{number:03}"), Header::Central, Field::Offset, 0)
        });
        let zip = zip.finish();
        bomb.tampered_zip(zip)
    };
    for (name, module, proofs, text) in [
        ("honest", honest, &[Proof::FirstUse, Proof::GoSum][..], "total uncompressed size"),
        ("liar", liar, &[Proof::FirstUse, Proof::GoSum], NOT_A_ZIP),
        ("many", many, &[Proof::FirstUse], "zip"),
    ] {
        for proof in proofs {
            let server = serve(&module, *proof);
            let place = place(&module, *proof, &server);
            let (output, peak) = with_peak_memory(place.gomodfetch(ARGS).spawn());
            output.fails_with(5).stderr_has(text);
            assert_refused(&place);
            assert!(peak < MAX_MEMORY, "{name}: {peak} KiB");
        }
    }
}

#[test]
fn what_can_be_read_in_two_ways_needs_a_proof() {
    type Operation = fn(Surgery) -> Surgery;
    let of_p = |what: &str| format!("\"{P}\": {what}");
    let kind = "marked as another kind of file than its name tells";
    let cases: [(Operation, String); 13] = [
        (|zip| zip.prepend(b"#!/bin/sh\n"), "10 bytes stand before the first entry".to_owned()),
        (|zip| zip.append(b"evil"), "4 bytes at offset 406 belong to no entry".to_owned()),
        (
            |zip| zip.insert_before_directory(b"evil"),
            "4 bytes at offset 242 belong to no entry".to_owned(),
        ),
        (|zip| zip.comment(b"evil"), "there is a comment".to_owned()),
        (|zip| zip.unix_mode(P, 0o120_777), of_p(kind)),
        (|zip| zip.unix_mode(P, 0o020_666), of_p(kind)),
        (|zip| zip.unix_mode(P, 0o010_666), of_p(kind)),
        (|zip| zip.unix_mode(P, 0o040_755), of_p(kind)),
        (|zip| zip.set_both(P, Field::Flags, 9), of_p("marked as encrypted")),
        (
            |zip| zip.set(P, Header::Local, Field::Method, 0),
            of_p("method differs between local header and directory"),
        ),
        (
            |zip| zip.set(P, Header::Local, Field::Flags, 9),
            of_p("flags differ between local header and directory"),
        ),
        (
            |zip| zip.set(P, Header::Local, Field::Uncompressed, 5),
            of_p("size differs between local header and directory"),
        ),
        (
            |zip| zip.rename(P, Header::Local, "example.com/a@v1.0.0/e.go"),
            of_p("name differs between local header and directory"),
        ),
    ];
    for (operation, oddity) in cases {
        let module = cut(operation);
        let server = serve(&module, Proof::FirstUse);
        let unproved = place(&module, Proof::FirstUse, &server);
        let output = unproved.gomodfetch(ARGS).run();
        let want = format!("go: example.com/a@v1.0.0: zip is ambiguous: {oddity}\n");
        diff::assert_same(&oddity, &want, &said(&output, &server));
        output.fails_with(5);
        assert_refused(&unproved);
        let hinted = unproved.gomodfetch(["download", "--hints", "example.com/a@v1.0.0"]).run();
        hinted.fails_with(5).stderr_has("hint: such a zip is accepted only where go.sum");

        for proof in [Proof::GoSum, Proof::Database] {
            let server = serve(&module, proof);
            let proved = place(&module, proof, &server);
            proved.gomodfetch(ARGS).run().success().silent();
            assert_published(&proved, A);
            // Whatever else it may be: what the name says, with the content that the hash covers.
            let file = proved.modcache().join(P);
            assert!(file.symlink_metadata().unwrap().is_file());
            assert_eq!(std::fs::read_to_string(file).unwrap(), format!("package p // {P}\n"));
        }
    }
}

#[test]
fn a_zip_in_the_cache_is_judged_like_one_that_arrives() {
    // Somebody else has put it there, and no tree yet.
    for (module, text) in [
        (module(&[P, "../evil"]), "zip for example.com/a@v1.0.0 has unexpected file ../evil"),
        (cut(|zip| zip.append(b"evil")), "zip is ambiguous"),
        (cut(|zip| zip.truncate(100)), NOT_A_ZIP),
    ] {
        let server = serve(&module, Proof::FirstUse);
        let place = place(&module, Proof::FirstUse, &server);
        let zip = place.modcache().join("cache/download/example.com/a/@v/v1.0.0.zip");
        std::fs::create_dir_all(zip.parent().unwrap()).unwrap();
        std::fs::write(&zip, &module.zip).unwrap();
        place.gomodfetch(ARGS).run().fails_with(5).stderr_has(text);
        let found = published(&place, "example.com/a");
        assert!(found.iter().all(|file| file.ends_with(".mod") || file.ends_with(".zip")));
        assert!(!Snapshot::of(place.root()).nodes.keys().any(|name| name.contains("evil")));
    }
}

/// A directory of so many records, all of which point to the one entry that is there.
fn crowded(count: usize, name: impl Fn(usize) -> String) -> ModuleVersion {
    let sound = module(&[P]);
    let start = sound.zip.windows(4).position(|four| four == b"PK\x01\x02").expect("a record");
    let record = sound.zip.get(start..start + 46).expect("a record").to_vec();
    let mut zip = sound.zip.get(..start).expect("an entry").to_vec();
    for number in 0..count {
        let name = name(number);
        let mut record = record.clone();
        record[28..34].fill(0);
        record[28..30].copy_from_slice(&(name.len() as u16).to_le_bytes());
        zip.extend(record);
        zip.extend(name.as_bytes());
    }
    let length = (zip.len() - start) as u32;
    zip.extend(b"PK\x05\x06\0\0\0\0");
    // Only their lowest bits count.
    let told = (count as u16).to_le_bytes();
    zip.extend([told, told].concat());
    zip.extend([length.to_le_bytes(), (start as u32).to_le_bytes()].concat());
    zip.extend([0, 0]);
    sound.tampered_zip(zip)
}

#[test]
fn millions_of_entries() {
    let too_many = "zip: too many files (limits are 524288 entries and 67108864 bytes of names)";
    for (name, module, text) in [
        ("many", crowded(1_000_000, |number| format!("{TOP}{number}")), too_many),
        ("long", crowded(1_100, |number| format!("{TOP}{number}{}", "x".repeat(65_000))), too_many),
        (
            "deep",
            crowded(500, |number| format!("{TOP}{number}{}x", "/x".repeat(30_000))),
            "too many directories",
        ),
        // As many as there may be, and one that is not allowed.
        (
            "half",
            crowded(524_000, |number| match number {
                523_999 => format!("{TOP}../evil"),
                _ => format!("{TOP}d/{number}"),
            }),
            "evil",
        ),
    ] {
        for proof in [Proof::FirstUse, Proof::GoSum] {
            let server = serve(&module, proof);
            let place = place(&module, proof, &server);
            let (output, peak) = with_peak_memory(place.gomodfetch(ARGS).spawn());
            output.fails_with(5).stderr_has(text);
            assert_refused(&place);
            assert!(peak < 240_000_000 / 1024, "{name}: {peak} KiB");
        }
    }
}
