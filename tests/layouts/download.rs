//! `download --layout`: what is left, what is asked for, what is refused.

use std::fs;

use super::common::*;
use super::support::cli::Project;
use super::support::go::Go;
use super::support::modules::ModuleVersion;
use super::support::registry::Registry;
use super::support::server::Server;
use super::support::tree;
use super::support::zips::{Field, Header, Surgery};

#[test]
fn each_leaves_its_part_and_has_nothing_more_to_do() {
    let server = server();
    // This one is too large for memory.
    server.registry().insert(ModuleVersion::generated(MODULES[2], [9_000_000, 10]));
    let full = cache(&filled(&server, "full"));
    assert!(full.files().iter().any(|name| name.ends_with("x.txt")));
    for layout in LAYOUTS {
        let project = project(&server);
        download(&project, layout).success().silent();
        let want = part(full.clone(), layout);
        assert_eq!(want.diff(&cache(&project)), [""; 0], "{layout}");
        server.forget_requests();
        download(&project, layout).success().silent();
        assert_eq!(server.requests().len(), 0, "{layout}");
        assert_eq!(want.diff(&cache(&project)), [""; 0], "{layout}: once more");
    }
    let output = project(&server).gomodfetch(["download", "--layout=Zips"]).run();
    output.fails_with(2).stderr_has("[possible values: full, zips, trees]");
}

/// What is there already is not fetched again; trees stay, and zips go.
#[test]
fn one_after_the_other() {
    let server = server();
    let full = cache(&filled(&server, "full"));
    for (first, then, zips, left) in [
        ("full", "zips", 0, "full"),
        ("full", "trees", 0, "trees"),
        ("zips", "full", 0, "full"),
        ("zips", "trees", 0, "trees"),
        ("trees", "full", 3, "full"),
        ("trees", "zips", 3, "full"),
    ] {
        let project = project(&server);
        download(&project, first).success();
        server.forget_requests();
        download(&project, then).success().silent();
        assert_eq!(server.count("*.zip"), zips, "{first}, then {then}");
        assert_eq!(server.requests().len(), zips, "{first}, then {then}");
        let want = part(full.clone(), left);
        assert_eq!(want.diff(&cache(&project)), [""; 0], "{first}, then {then}");
    }
}

#[test]
fn only_the_modules_of_the_run_lose_their_zips() {
    let server = server();
    let project = filled(&server, "full");
    project.gomodfetch(["download", "--layout=trees", "example.com/a"]).run().success().silent();
    let zip = |name: &str| at(&project, &format!("cache/download/{name}/@v/v1.0.0.zip")).exists();
    assert_eq!(
        ["example.com/a", "example.com/b", "example.com/!big"].map(zip),
        [false, true, true]
    );
    // A tree that is not complete is made from the zip first.
    for damage in [".partial", ".ziphash"] {
        let project = filled(&server, "full");
        match damage {
            ".partial" => fs::write(at(&project, &format!("{V}.partial")), "").unwrap(),
            _ => remove(&project, &format!("{V}.ziphash")),
        }
        let args = ["download", "--layout=trees", "example.com/a"];
        project.gomodfetch(args).run().success().silent();
        assert!(!at(&project, &format!("{V}.zip")).exists(), "{damage}");
        project.gomodfetch(["verify"]).run().success();
    }
}

#[test]
fn json_tells_what_is_there() {
    let server = server();
    for layout in LAYOUTS {
        let project = project(&server);
        let args = ["download", "-json", "--layout", layout, "example.com/a@v1.0.0"];
        for _ in 0..2 {
            let told = project.gomodfetch(args).run().success().json();
            let has = |name: &str| told[0].get(name).is_some();
            let all = ["Info", "GoMod", "Sum", "GoModSum", "Zip", "Dir"].map(has);
            assert_eq!(all, [true, true, true, true, layout != "trees", layout != "zips"]);
            for name in ["Info", "GoMod", "Zip", "Dir"] {
                let path = told[0].get(name).and_then(|path| path.as_str());
                assert!(path.is_none_or(|path| fs::exists(path).unwrap()), "{layout} {name}");
            }
        }
    }
    // A tree that is there all the same is told.
    let project = filled(&server, "full");
    let args = ["download", "-json", "--layout=zips", "example.com/a@v1.0.0"];
    assert!(project.gomodfetch(args).run().success().json()[0].get("Dir").is_some());
}

#[test]
fn a_dry_run_knows_what_is_needed() {
    let server = server();
    let none = "0 zips to fetch, 0 B; 3 are in the cache\n";
    for (layout, then, zips) in [
        ("zips", "zips", 0),
        ("zips", "full", 0),
        ("zips", "trees", 0),
        ("trees", "trees", 0),
        ("trees", "full", 3),
    ] {
        let project = project(&server);
        download(&project, layout).success();
        let before = cache(&project);
        let args = ["download", "--dry-run", "--layout", then, "all"];
        let output = project.gomodfetch(args).run();
        match zips {
            0 => output.success().stdout_is(none),
            _ => output.success().stdout_has("3 zips to fetch, "),
        };
        assert_eq!(before.diff(&cache(&project)), [""; 0]);
    }
}

/// What can't be unpacked is refused in the same words where it need not be.
#[test]
fn the_same_is_refused() {
    let entry = |name: &str| (name.to_owned(), b"package p\n".to_vec());
    let top = "example.com/a@v1.0.0/";
    let made = |names: &[&str]| {
        let entries = names.iter().map(|name| entry(&format!("{top}{name}"))).collect();
        ModuleVersion::from_entries(MODULES[0], "module example.com/a\n", entries)
    };
    let cut = |surgery: fn(Surgery) -> Surgery| {
        let sound = made(&["p.go", "q.go"]);
        let zip = surgery(Surgery::on(sound.zip.to_vec())).finish();
        sound.tampered_zip(zip)
    };
    let p = "example.com/a@v1.0.0/p.go";
    assert_eq!(p, format!("{top}p.go"));
    let cases = [
        ("case", made(&["p.go", "P.go"]), "case-insensitive file name collision"),
        ("folders that differ in case", made(&["d/p.go", "D/q.go"]), "collision"),
        ("file and folder", made(&["p", "p/q.go"]), "both a file and a directory"),
        ("go.mod below", made(&["d/go.mod"]), "go.mod file not in module root directory"),
        ("upwards", made(&["../p.go"]), "invalid path element"),
        ("twice", made(&["p.go", "p.go"]), "multiple entries for file"),
        (
            "two names",
            cut(|zip| {
                zip.rename("example.com/a@v1.0.0/p.go", Header::Local, "example.com/a@v1.0.0/x.go")
            }),
            "zip is ambiguous",
        ),
        ("junk", cut(|zip| zip.prepend(b"junk")), "zip is ambiguous"),
        ("checksum", cut(|zip| zip.set_both("example.com/a@v1.0.0/p.go", Field::Crc, 1)), ""),
        ("no zip", made(&["p.go"]).tampered_zip(&b"<html>"[..]), "not a valid zip file"),
    ];
    for (name, module, words) in cases {
        let mut registry = Registry::new();
        registry.insert(module);
        let server = Server::http(registry);
        let said = LAYOUTS.map(|layout| {
            let mut project = Project::new("");
            project.use_server(&server);
            let args = ["download", "--hints", "--layout", layout, "example.com/a@v1.0.0"];
            let output = project.gomodfetch(args).run();
            output.fails_with(5).stderr_has(words);
            let left = cache(&project).without(|path| !path.contains("v1.0.0"));
            let left = left.without(|path| path.ends_with(".info") || path.ends_with(".mod"));
            assert_eq!(left.files(), [""; 0], "{name}, {layout}");
            output.relative(&output.stderr)
        });
        assert_eq!(said[0], said[1], "{name}");
        assert_eq!(said[0], said[2], "{name}");
    }
}

/// Where nothing but first use speaks for a zip, the hash of the tree that is there speaks against another.
#[test]
fn a_tree_is_not_taken_for_that_of_another_zip() {
    let files = "-- go.mod --\nmodule example.com/a\n\ngo 1.21\n\nrequire example.com/b v1.0.0\n\
                 -- a.go --\npackage other\n";
    let other = || ModuleVersion::new(MODULES[0], files);
    for layout in ["full", "zips"] {
        let server = server();
        let project = filled(&server, "trees");
        server.registry().insert(other());
        fs::remove_file(project.dir().join("go.sum")).unwrap();
        let before = cache(&project);
        let args = ["download", "--layout", layout, "--hints", "example.com/a@v1.0.0"];
        let run = || project.gomodfetch(args).env("GOPROXY", server.url()).run();
        let (new, old) = (other().h1, registry().get(MODULES[0]).h1.clone());
        run().fails_with(5).stderr_is(&format!(
            "go: example.com/a@v1.0.0: checksum mismatch\n\tdownloaded: {new}\n\t.ziphash:   {old}\n\
             hint: the tree in the module cache is that of another zip; if that is the wrong one, \
             remove it with its .ziphash\n"
        ));
        assert_eq!(before.diff(&cache(&project)), [""; 0]);
        // With go.sum on its side the zip is right, and the tree is replaced.
        project.write("go.sum", &other().go_sum());
        run().success();
        assert_eq!(at(&project, TREE).exists(), layout == "full");
        project.gomodfetch(["verify", "--cache"]).run().success();
        let text = fs::read_to_string(at(&project, &format!("{TREE}/a.go")));
        assert_eq!(text.ok().as_deref(), (layout == "full").then_some("package other\n"));
    }
}

#[test]
fn a_tree_without_a_hash_is_not_adopted() {
    let server = server();
    for layout in LAYOUTS {
        let project = filled(&server, "trees");
        tree::make_writable(&project.modcache());
        remove(&project, &format!("{V}.ziphash"));
        fs::write(at(&project, &format!("{TREE}/evil.go")), "package evil\n").unwrap();
        let run = ["download", "--layout", layout, "example.com/a@v1.0.0"];
        project.gomodfetch(run).env("GOPROXY", server.url()).run().success().silent();
        assert!(!at(&project, &format!("{TREE}/evil.go")).exists(), "{layout}");
        assert!(!at(&project, &format!("{V}.partial")).exists(), "{layout}");
        project.gomodfetch(["verify", "--cache"]).run().success();
    }
}

#[test]
fn a_module_that_is_too_new_is_told() {
    let mut registry = Registry::new();
    registry.add("example.com/new v1.0.0", "-- go.mod --\nmodule example.com/new\n\ngo 1.99\n");
    let server = Server::http(registry);
    let said = LAYOUTS.map(|layout| {
        let mut project = Project::new("");
        project.use_server(&server);
        let args = ["download", "--layout", layout, "example.com/new@v1.0.0"];
        [0, 1].map(|_| {
            let output = project.gomodfetch(args).run();
            output.fails_with(1).stderr_has("requires go >= 1.99");
            output.relative(&output.stderr)
        })
    });
    assert!(said.iter().flatten().all(|text| *text == said[0][0]), "{said:?}");
}

/// A cache of GOCACHEPROXY gets the zip though none is left.
#[test]
fn zips_are_stored_elsewhere_before_they_go() {
    let source = server();
    let shelf = Server::builder(Registry::new()).stores().start();
    let folder = tempfile::tempdir().unwrap();
    let caches = format!("{},file://{}", shelf.url(), folder.path().display());
    let mut project = project(&source);
    project.set("GOCACHEPROXY", caches).set("GOCACHEPROXY_WRITE", "1");
    download(&project, "trees").success().silent();
    for name in ["example.com/a", "example.com/b", "example.com/!big"] {
        let name = format!("{name}/@v/v1.0.0.zip");
        assert!(shelf.shelf(|shelf| shelf.get(&format!("/{name}")).is_some()), "{name}");
        assert!(folder.path().join(&name).exists(), "{name}");
        assert!(!at(&project, &format!("cache/download/{name}")).exists(), "{name}");
    }
    project.gomodfetch(["verify"]).run().success();
}

/// Sources are read from trees that are gone in the end, unless they were there before.
#[test]
fn what_is_needed() {
    let server = server();
    let full = cache(&filled(&server, "full")).without(|path| path.contains("!big"));
    for layout in LAYOUTS {
        let project = project(&server);
        let args = ["download", "--needed", "--layout", layout];
        for _ in 0..2 {
            project.gomodfetch(args).run().success().silent();
            let found = cache(&project).without(|path| path.contains("!big"));
            assert_eq!(part(full.clone(), layout).diff(&found), [""; 0], "{layout}");
            assert!(!at(&project, "cache/download/example.com/!big/@v/v1.0.0.ziphash").exists());
        }
    }
    let project = filled(&server, "full");
    let before = cache(&project);
    project.gomodfetch(["download", "--needed", "--layout=zips"]).run().success().silent();
    assert_eq!(before.diff(&cache(&project)), [""; 0]);
}

/// verify, vendor and why make do with either part, as go does.
#[test]
fn other_commands_make_do() {
    let server = server();
    let vendored = |project: &Project| {
        project.gomodfetch(["vendor"]).run().success();
        tree::Snapshot::of(&project.dir().join("vendor"))
    };
    let want = vendored(&filled(&server, "full"));
    for layout in ["zips", "trees"] {
        let project = filled(&server, layout);
        project.gomodfetch(["verify"]).run().success().stdout_is("all modules verified\n");
        project.gomodfetch(["verify", "--cache"]).run().success();
        project.gomodfetch(["why", "example.com/b"]).run().success();
        assert_eq!(want.diff(&vendored(&project)), [""; 0], "{layout}");
        project.gomodfetch(["vendor", "--check=content"]).run().success().silent();
        assert_eq!(at(&project, &format!("{V}.zip")).exists(), layout == "zips");
    }
    let project = filled(&server, "trees");
    let list = project.gomodfetch(["list", "-m", "-f", "{{.Dir}}", "example.com/a"]).run();
    list.success().stdout_is(&format!("$ROOT/gopath/pkg/mod/{TREE}\n"));
    tree::make_writable(&project.modcache());
    remove(&project, &format!("{TREE}/sub/deep/x.txt"));
    project.gomodfetch(["vendor", "--check=content"]).run().fails_with(5);
    project.gomodfetch(["verify"]).run().fails_with(5).stderr_has("dir has been modified");
    let repair = project.gomodfetch(["verify", "--repair"]).env("GOPROXY", server.url());
    repair.run().success();
    project.gomodfetch(["verify"]).run().success();
}

/// A go that downloads while its zip is being dropped, or that holds the lock, and the other way round.
#[test]
fn go_and_we_wait_for_each_other() {
    let server = server();
    let project = filled(&server, "full");
    let held = super::support::locks::hold_exclusive(&at(&project, &format!("{V}.lock")));
    let mut running = project.gomodfetch(["download", "--layout=trees", "all"]).spawn();
    assert!(running.still_runs_after(std::time::Duration::from_millis(300)));
    assert!(at(&project, &format!("{V}.zip")).exists());
    drop(held);
    running.wait().success().silent();
    assert!(!at(&project, &format!("{V}.zip")).exists());

    let Some(go) = Go::find("go_and_we_wait_for_each_other") else { return };
    let mut project = project;
    project.use_server(&server);
    for _ in 0..5 {
        let theirs = project.go(&go, ["mod", "download"]).spawn();
        let ours = project.gomodfetch(["download", "--layout=trees", "all"]).spawn();
        ours.wait().success();
        theirs.wait().success();
        project.gomodfetch(["verify"]).run().success();
        project.go(&go, ["mod", "verify"]).run().success();
    }
}
