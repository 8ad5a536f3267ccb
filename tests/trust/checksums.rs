//! Hashes that do not fit: go.sum, the checksum database, and modules that are exempt from it.

use std::fs;

use serde_json::Value;

use super::common::*;
use super::support::cli::Project;
use super::support::diff;
use super::support::faults::{Fault, Gate};
use super::support::modules::ModuleVersion;
use super::support::registry::Registry;
use super::support::server::Server;
use super::support::sumlog::SumLog;
use super::support::tree::Snapshot;

const A: &str = "example.com/a v1.0.0";
const B: &str = "example.com/b v1.0.0";
const C: &str = "example.com/c v1.0.0";
/// Well formed, and of nothing.
const OTHER_HASH: &str = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

const GO_SUM_ERROR: &str = "\
This download does NOT match an earlier download recorded in go.sum.
The bits may have been replaced on the origin server, or an attacker may
have intercepted the download attempt.";

const DATABASE_ERROR: &str = "\
This download does NOT match the one reported by the checksum server.
The bits may have been replaced on the origin server, or an attacker may
have intercepted the download attempt.";

fn registry() -> Registry {
    Registry::from_graph("a v1.0.0\nb v1.0.0\nc v1.0.0")
}

/// The module as another author would have published it: other content under the same name.
fn impostor() -> ModuleVersion {
    ModuleVersion::new(
        A,
        "-- go.mod --\nmodule example.com/a\n\ngo 1.20\n-- evil.go --\npackage p\n",
    )
}

fn go_sum_mismatch(key: &str, downloaded: &str, known: &str) -> String {
    let frame = security_error(GO_SUM_ERROR);
    format!(
        "verifying {key}: checksum mismatch\n\tdownloaded: {downloaded}\n\tgo.sum:     {known}{frame}"
    )
}

fn database_mismatch(noun: &str, downloaded: &str, known: &str) -> String {
    let frame = security_error(DATABASE_ERROR);
    format!(
        "example.com/a@v1.0.0: verifying {noun}: checksum mismatch\n\
         \tdownloaded: {downloaded}\n\tsum.example.com: {known}{frame}"
    )
}

/// The object that `-json` printed for a module.
#[track_caller]
fn object<'a>(objects: &'a [Value], path: &str) -> &'a Value {
    objects.iter().find(|o| o["Path"] == path).unwrap_or_else(|| panic!("no {path}: {objects:#?}"))
}

// go.sum.

#[test]
fn a_go_mod_that_go_sum_contradicts() {
    let registry = registry();
    let good = registry.get(A).clone();
    let sums = registry.whole_go_sum().replace(&good.go_mod_h1, OTHER_HASH);
    let server = Server::http(registry);
    let make = || project(&server, &main_module(&[A, B]), &sums);
    let want = go_sum_mismatch("example.com/a@v1.0.0/go.mod", &good.go_mod_h1, OTHER_HASH);
    for args in [
        &["download"][..],
        &["download", "-json"],
        &["download", "all"],
        &["download", "example.com/a@v1.0.0"],
        &["download", "-json", "example.com/a@v1.0.0"],
    ] {
        let (place, output) = both_say("go_mod", &server, &make, args, 5, &want);
        assert!(!output.stdout.contains("example.com/a"), "{output}");
        assert_unpublished(&place, "example.com/a");
        assert_eq!(place.read("go.sum"), sums);
    }
}

#[test]
fn a_zip_that_go_sum_contradicts() {
    let mut registry = registry();
    let good = registry.get(A).clone();
    let bad = impostor();
    let sums = registry.whole_go_sum();
    registry.insert(good.clone().tampered_zip(bad.zip.clone()));
    let server = Server::http(registry);
    let make = || project(&server, &main_module(&[A, B]), &sums);
    let want = go_sum_mismatch("example.com/a@v1.0.0", &bad.h1, &good.h1);
    for args in [
        &["download"][..],
        &["download", "-json"],
        &["download", "all"],
        &["download", "example.com/a@v1.0.0"],
        &["download", "-json", "example.com/a"],
    ] {
        let (place, output) = both_say("zip", &server, &make, args, 5, &want);
        assert!(!output.stdout.contains("example.com/a"), "{output}");
        // Its go.mod is the right one, and may have been proved by then.
        let found = published(&place, "example.com/a");
        assert!(found.iter().all(|file| file.ends_with(".mod")), "{found:?}");
        assert_eq!(place.read("go.sum"), sums);
    }
}

#[test]
fn the_cache_is_held_against_go_sum() {
    let registry = registry();
    let good = registry.get(A).clone();
    let sums = registry.whole_go_sum();
    let server = Server::http(registry);
    for (key, hash) in
        [("example.com/a@v1.0.0/go.mod", &good.go_mod_h1), ("example.com/a@v1.0.0", &good.h1)]
    {
        let make = || {
            let mut place = project(&server, &main_module(&[A, B]), &sums);
            place.gomodfetch(["download", "all"]).run().success();
            place.write("go.sum", &sums.replace(hash, OTHER_HASH));
            place.set("GOPROXY", "off");
            place
        };
        let want = go_sum_mismatch(key, hash, OTHER_HASH);
        for args in [&["download"][..], &["download", "all"], &["download", "example.com/a@v1.0.0"]]
        {
            let (place, _) = both_say("cache", &server, &make, args, 5, &want);
            // What lies there came in by an earlier run, and stays.
            assert_published(&place, A);
            assert_published(&place, B);
        }
    }
}

#[test]
fn a_mismatch_with_go_sum_ends_the_run_and_tells_what_is_known() {
    let mut registry = registry();
    let sums = registry.whole_go_sum();
    let (good, bad) = (registry.get(A).clone(), impostor());
    registry.insert(good.tampered_zip(bad.zip));
    let server = Server::http(registry);
    let (bad_zip, endless_zip) = (Gate::closed(), Gate::closed());
    server.fault(Fault::on("/example.com/a/*.zip").gate(&bad_zip));
    server.fault(Fault::on("/example.com/c/*.zip").gate(&endless_zip));
    let place = project(&server, &main_module(&[A, B, C]), &sums);
    let args = [
        "download",
        "-json",
        "example.com/a@v1.0.0",
        "example.com/b@v1.0.0",
        "example.com/c@v1.0.0",
    ];
    let running = place.gomodfetch(args).spawn();
    endless_zip.wait_for(1);
    bad_zip.wait_for(1);
    wait_for(&place.modcache().join("example.com/b@v1.0.0/p.go"));
    bad_zip.open();
    // The zip of c never comes: the run does not wait for it.
    let output = running.wait();
    output.fails_with(5).stderr_has("verifying example.com/a@v1.0.0: checksum mismatch");
    let objects = output.json();
    assert_eq!(objects.len(), 1, "{output}");
    assert_eq!(object(&objects, "example.com/b")["Sum"], server.registry().get(B).h1);
    assert_eq!(leftovers(&place), [""; 0]);
    assert_eq!(place.read("go.sum"), sums);
}

#[test]
fn a_go_mod_that_go_sum_contradicts_ends_the_run_before_its_own_zip_is_there() {
    let registry = registry();
    let sums = registry.whole_go_sum().replace(&registry.get(A).go_mod_h1, OTHER_HASH);
    let server = Server::http(registry);
    let never = Gate::closed();
    server.fault(Fault::on("*.zip").gate(&never));
    let place = project(&server, &main_module(&[A]), &sums);
    let output = place.gomodfetch(["download", "example.com/a@v1.0.0"]).run();
    output.fails_with(5).stderr_has("verifying example.com/a@v1.0.0/go.mod: checksum mismatch");
    assert_unpublished(&place, "example.com/a");
}

#[test]
fn what_go_sum_contradicts_is_not_asked_for_elsewhere() {
    for part in ["mod", "zip"] {
        let mut honest = registry();
        let sums = honest.whole_go_sum();
        let good = honest.get(A).clone();
        let mirror = Server::http(honest.clone());
        honest.insert(match part {
            "mod" => good.tampered_go_mod(impostor().go_mod),
            _ => good.tampered_zip(impostor().zip),
        });
        let liar = Server::http(honest);
        for database in [false, true] {
            let mut place = project(&liar, &main_module(&[A]), if database { "" } else { &sums });
            if database {
                let mut log = SumLog::new("sum.example.com");
                log.add_all(&mirror.registry());
                place.set("GOSUMDB", log.vkey());
                liar.replace_sumdb(Some(log));
            }
            place.set("GOPROXY", format!("{}|{}", liar.url(), mirror.url()));
            place.gomodfetch(["download", "example.com/a@v1.0.0"]).run().fails_with(5);
            assert_eq!(mirror.count(&format!("*.{part}")), 0, "{part}, database: {database}");
        }
    }
}

#[test]
fn a_hash_of_an_unknown_algorithm_proves_nothing() {
    let registry = registry();
    let good = registry.get(A).clone();
    let server = Server::http(registry);
    let line = "example.com/a v1.0.0 h2:XXXX\n";
    let make = || project(&server, &main_module(&[A]), &(line.to_owned() + &good.go_mod_line()));
    let want = format!(
        "warning: verifying example.com/a@v1.0.0: unknown hashes in go.sum: h2:XXXX; adding {}\n\n\
         SECURITY WARNING\n\
         This download is listed in go.sum, but using an unknown hash algorithm.\n\
         The download cannot be verified.\n\n\
         For more information, see 'go help module-auth'.\n\n",
        good.h1
    );
    let place = make();
    let output = place.gomodfetch(["download", "example.com/a"]).run();
    diff::assert_same("we", &want, &said(output.success(), &server));
    let sums = place.read("go.sum");
    if let Some(output) = go_runs("unknown_algorithm", &make, &["download", "example.com/a"]) {
        // go says it twice.
        diff::assert_same("go", &want.repeat(2), &said(output.success(), &server));
    }
    assert_eq!(sums, format!("{}{line}{}", good.zip_line(), good.go_mod_line()));
}

// The checksum database.

/// A server whose database tells the truth about a, b and c, and whose proxy lies about a.
fn lying_proxy(lie: impl FnOnce(ModuleVersion) -> ModuleVersion) -> Server {
    let mut registry = registry();
    let mut log = SumLog::new("sum.example.com");
    log.add_all(&registry);
    let good = registry.get(A).clone();
    registry.insert(lie(good));
    Server::builder(registry).sumdb(log).start()
}

#[test]
fn a_mismatch_with_the_database_fails_that_module_alone() {
    let (good, bad) = (registry().get(A).clone(), impostor());
    let kept = ["cache/download/example.com/a/@v/v1.0.0.mod"];
    for (noun, server, downloaded, known, kept) in [
        (
            "go.mod",
            lying_proxy(|good| good.tampered_go_mod(bad.go_mod.clone())),
            &bad.go_mod_h1,
            &good.go_mod_h1,
            &[][..],
        ),
        (
            "module",
            lying_proxy(|good| good.tampered_zip(bad.zip.clone())),
            &bad.h1,
            &good.h1,
            &kept[..],
        ),
    ] {
        let make = || project(&server, &main_module(&[A, B, C]), "");
        let error = database_mismatch(noun, downloaded, known);
        let args = ["example.com/a@v1.0.0", "example.com/b@v1.0.0", "example.com/c@v1.0.0"];

        let plain = [&["download"][..], &args].concat();
        let (place, _) = both_say(noun, &server, &make, &plain, 5, &format!("go: {error}"));
        assert_eq!(published(&place, "example.com/a"), kept);
        assert_published(&place, B);
        assert_published(&place, C);

        let json = [&["download", "-json"][..], &args].concat();
        let place = make();
        let output = place.gomodfetch(&json).run();
        output.fails_with(5);
        let objects = output.json();
        assert_eq!(object(&objects, "example.com/a")["Error"], error);
        assert_eq!(object(&objects, "example.com/a")["Zip"], Value::Null);
        for module in [B, C] {
            assert_published(&place, module);
            let (path, _) = super::support::versions::split(module);
            assert_eq!(object(&objects, path)["Error"], Value::Null);
        }
        // go's own objects, word for word, and its go.sum.
        let with_go = make();
        if let Some(go) = super::support::go::Go::find("database_mismatch") {
            let output_of_go = with_go.go(&go, ["mod"].iter().chain(&json)).run();
            diff::assert_same(
                "objects",
                &output_of_go.relative(&output_of_go.stdout),
                &output.relative(&output.stdout),
            );
            // go writes down the refused hash too, and believes it from then on.
            let sums = with_go.read("go.sum");
            let refused = |line: &&str| !line.ends_with(downloaded);
            let sums: Vec<_> = sums.lines().filter(refused).collect();
            diff::assert_same("go.sum", &(sums.join("\n") + "\n"), &place.read("go.sum"));
        }
        assert!(!place.read("go.sum").contains(downloaded.as_str()));
        place.gomodfetch(&json).run().fails_with(5);
    }
}

#[test]
fn a_cached_zip_that_the_database_contradicts_ends_the_run() {
    let bad = impostor();
    let good = registry().get(A).clone();
    let server = lying_proxy(|good| good.tampered_zip(bad.zip.clone()));
    let make = || {
        let mut place = project(&server, &main_module(&[]), "");
        place.set("GOSUMDB", "off");
        place.gomodfetch(["download", "example.com/a@v1.0.0"]).run().success();
        place.use_server(&server);
        fs::remove_file(place.dir().join("go.sum")).ok();
        place
    };
    let want = database_mismatch("module", &bad.h1, &good.h1);
    let args = ["download", "-json", "example.com/b@v1.0.0", "example.com/a@v1.0.0"];
    let (place, _) = both_say("cached_zip", &server, &make, &args, 5, &want);
    assert!(!place.has("go.sum"));
}

#[test]
fn what_the_database_does_not_know() {
    for (status, line) in [(404, "404 Not Found"), (410, "410 Gone")] {
        let server = Server::builder(registry()).sumdb(SumLog::new("sum.example.com")).start();
        server.sumdb(|log| {
            log.add(server.registry().get(B));
            log.refuse("/lookup/example.com/a@*", status, "no such repository");
        });
        let make = || project(&server, &main_module(&[]), "");
        let url = "$SERVER/sumdb/sum.example.com/lookup/example.com/a@v1.0.0";
        let want = format!(
            "go: example.com/a@v1.0.0: verifying go.mod: example.com/a@v1.0.0/go.mod: reading {url}: \
             {line}\n\tserver response: no such repository\n"
        );
        let args = ["download", "example.com/a@v1.0.0", "example.com/b@v1.0.0"];
        let (place, output) = both_say("unknown", &server, &make, &args, 3, &want);
        assert_unpublished(&place, "example.com/a");
        assert_published(&place, B);
        output.lacks("hint:");

        // Above all it may be a private module, which settings can say.
        let output = make().gomodfetch(["download", "--hints", "example.com/a@v1.0.0"]).run();
        output.fails_with(3).stderr_has("\nhint: ").stderr_has("GOPRIVATE").stderr_has("GONOSUMDB");
        let output =
            make().gomodfetch(["download", "example.com/a@v1.0.0"]).env("CI", "true").run();
        output.fails_with(3).stderr_has("GOPRIVATE");
    }
}

#[test]
fn a_refusal_that_says_nothing_of_the_module_has_no_hint_at_private_modules() {
    let server =
        Server::builder(registry()).sumdb(SumLog::new("sum.example.com").on_demand()).start();
    server.sumdb(|log| log.refuse("/lookup/*", 500, "out of order"));
    let place = project(&server, &main_module(&[]), "");
    let output = place.gomodfetch(["download", "--hints", "example.com/a@v1.0.0"]).run();
    output.fails_with(6).lacks("GOPRIVATE");
}

// Exempt modules.

/// Sets variables of a place; `$KEY` stands for the database's key.
fn set_all(place: &mut Project, settings: &[(&str, &str)], key: &str) {
    for (name, value) in settings {
        place.set(name, value.replace("$KEY", key));
    }
}

#[test]
fn exempt_modules_are_not_named_to_the_database() {
    for settings in [
        &[("GONOSUMDB", "example.com/a")][..],
        &[("GONOSUMDB", "other.org,*.com/a")],
        &[("GOPRIVATE", "example.com/a"), ("GONOPROXY", "none")],
        &[("GOPRIVATE", "example.com"), ("GONOSUMDB", "example.com/a"), ("GONOPROXY", "none")],
    ] {
        let log = SumLog::new("sum.example.com").on_demand();
        let server = Server::builder(registry()).sumdb(log).start();
        let mut place = project(&server, &main_module(&[A, B]), "");
        set_all(&mut place, settings, &server.vkey().unwrap());
        place.gomodfetch(["download", "example.com/a", "example.com/b"]).run().success().silent();
        assert_eq!(server.count("*/lookup/example.com/a@*"), 0, "{settings:?}");
        assert_eq!(server.count("*/lookup/example.com/b@*"), 1, "{settings:?}");
        assert_published(&place, A);
        assert_eq!(place.read("go.sum"), server.registry().go_sum(&[A, B]));
    }
}

#[test]
fn without_a_database_nobody_is_asked() {
    for value in ["off", "$KEY"] {
        let log = SumLog::new("sum.example.com").on_demand();
        let server = Server::builder(registry()).sumdb(log).start();
        let mut place = project(&server, &main_module(&[A, B]), "");
        let exempt = [("GOSUMDB", value), ("GONOSUMDB", "*")];
        let settings = if value == "off" { &exempt[..1] } else { &exempt[..] };
        set_all(&mut place, settings, &server.vkey().unwrap());
        place.gomodfetch(["download", "all"]).run().success().silent();
        assert_eq!(server.count("/sumdb/*"), 0, "{settings:?}");
        assert_eq!(place.read("go.sum"), server.registry().go_sum(&[A, B]));
        let database = place.gopath().join("pkg/sumdb");
        assert!(Snapshot::of(&database).nodes.is_empty());
    }
}

#[test]
fn private_modules_are_named_to_no_proxy_and_no_database() {
    let log = SumLog::new("sum.example.com").on_demand();
    let server = Server::builder(registry()).sumdb(log).start();
    for settings in [
        &[("GOPRIVATE", "example.com/a")][..],
        &[("GONOPROXY", "example.com/a"), ("GONOSUMDB", "example.com/a")],
    ] {
        for form in ["v1.0.0", "latest", "<=v1.5.0", "v1", "main"] {
            let mut place = project(&server, &main_module(&[]), "");
            set_all(&mut place, settings, "");
            // Nor is anybody else told of it: its own host can't be reached.
            place.set("HTTPS_PROXY", "http://127.0.0.1:1");
            let arg = format!("example.com/a@{form}");
            let output = place.gomodfetch(["download", &arg, "example.com/b@v1.0.0"]).run();
            assert_ne!(output.code(), Some(0), "{output}");
            assert_published(&place, B);
            assert_eq!(server.count("*example.com/a*"), 0, "{settings:?} {form}");
        }
    }
}

#[test]
fn go_sum_does_without_the_database() {
    let registry = registry();
    let sums = registry.whole_go_sum();
    let log = SumLog::new("sum.example.com").on_demand();
    let server = Server::builder(registry).sumdb(log).start();
    let place = project(&server, &main_module(&[A, B]), &sums);
    place.gomodfetch(["download", "all"]).run().success().silent();
    assert_eq!(server.count("/sumdb/*"), 0);
    assert_eq!(place.read("go.sum"), sums);
}

#[test]
fn a_stale_tree_whose_hash_is_gone_is_not_kept() {
    // go believes the tree, and writes a new hash beside it.
    let registry = registry();
    let sums = registry.whole_go_sum();
    let server = Server::http(registry);
    let args = ["download", "example.com/a@v1.0.0"];
    for lost in [&["ziphash"][..], &["zip", "ziphash"]] {
        let place = project(&server, &main_module(&[A]), &sums);
        place.gomodfetch(args).run().success();
        let before = Snapshot::of(&place.modcache());
        let tree = place.modcache().join("example.com/a@v1.0.0");
        super::support::tree::make_writable(&tree);
        fs::write(tree.join("p.go"), "package evil\n").unwrap();
        fs::write(tree.join("evil.go"), "package evil\n").unwrap();
        for kind in lost {
            let name = format!("cache/download/example.com/a/@v/v1.0.0.{kind}");
            fs::remove_file(place.modcache().join(name)).unwrap();
        }
        place.gomodfetch(args).run().success().silent();
        assert_eq!(before.diff(&Snapshot::of(&place.modcache())), [""; 0], "{lost:?}");
    }
}
