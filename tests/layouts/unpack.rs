//! `unpack`: trees out of zips, without a network.

use std::fs;
use std::time::Duration;

use super::common::*;
use super::support::cli::Project;
use super::support::locks;
use super::support::modules::ModuleVersion;
use super::support::server::Server;
use super::support::tree;

fn unpack(project: &Project) -> super::support::cli::Output {
    project.gomodfetch(["unpack"]).run()
}

#[test]
fn a_cache_of_zips_becomes_full() {
    let server = server();
    let full = cache(&filled(&server, "full"));
    let project = filled(&server, "zips");
    // Neither a project nor its settings have a part in it.
    fs::remove_file(project.dir().join("go.mod")).unwrap();
    unpack(&project).success().stderr_is("").stdout_is("3 modules unpacked, 0 there already\n");
    assert_eq!(full.diff(&cache(&project)), [""; 0]);
    unpack(&project).success().stdout_is("0 modules unpacked, 3 there already\n");
    fs::write(at(&project, &format!("{V}.partial")), "").unwrap();
    unpack(&project).success().stdout_is("1 module unpacked, 2 there already\n");
    assert_eq!(full.diff(&cache(&project)), [""; 0]);
    // Trees alone are no business of it, and neither is a cache that is not there.
    let project = filled(&server, "trees");
    unpack(&project).success().stdout_is("0 modules unpacked, 0 there already\n");
    unpack(&Project::new("")).success().stdout_is("0 modules unpacked, 0 there already\n");
    project.gomodfetch(["unpack", "all"]).run().fails_with(2);
}

#[test]
fn json() {
    let server = server();
    let project = filled(&server, "zips");
    let sums = MODULES.map(|module| server.registry().get(module).h1.clone());
    for _ in 0..2 {
        let told = project.gomodfetch(["unpack", "-json"]).run().success().json();
        let paths: Vec<_> = told.iter().map(|module| module["Path"].as_str().unwrap()).collect();
        assert_eq!(paths, ["example.com/Big", "example.com/a", "example.com/b"]);
        assert_eq!(told[1]["Version"], "v1.0.0");
        assert_eq!(told[1]["Sum"], *sums[0]);
        for name in ["Zip", "Dir"] {
            assert!(fs::exists(told[1][name].as_str().unwrap()).unwrap());
        }
        assert!(told[1].get("Error").is_none());
    }
    fs::write(at(&project, &format!("{V}.partial")), "").unwrap();
    fs::write(at(&project, &format!("{V}.zip")), "x").unwrap();
    let output = project.gomodfetch(["unpack", "-json"]).run();
    output.fails_with(5).stderr_is("");
    let told = &output.json()[1];
    assert!(told["Error"].as_str().unwrap().ends_with("zip: not a valid zip file"));
    assert!(told.get("Dir").is_none() && told.get("Sum").is_none());
}

/// Each module that does not fit fails alone.
#[test]
fn what_does_not_fit_is_not_unpacked() {
    let server = server();
    let zip = format!("$ROOT/gopath/pkg/mod/{V}.zip");
    let other = ModuleVersion::new(MODULES[0], "-- a.go --\npackage other\n");
    let hint = "hint: remove the file and its .ziphash; it will be downloaded again\n";
    let mismatch = format!(
        "go: example.com/a@v1.0.0: {zip} does not have the hash that is recorded beside it\n{hint}"
    );
    let unrecorded = format!(
        "go: example.com/a@v1.0.0: no hash of {zip} is recorded beside it\n\
         hint: check it against go.sum or the checksum database: gomodfetch download \
         example.com/a@v1.0.0\n"
    );
    let no_zip = format!("go: example.com/a@v1.0.0: unzip {zip}: zip: not a valid zip file\n");
    let [h1, h2] = ["h1", "h2"].map(|kind| format!("{kind}:{}", "A".repeat(44)));
    let cases: [(&str, &[u8], i32, &str); 6] = [
        ("zip", &other.zip, 5, &mismatch),
        ("zip", b"", 5, &no_zip),
        ("ziphash", h1.as_bytes(), 5, &mismatch),
        ("ziphash", h2.as_bytes(), 5, &mismatch),
        ("ziphash", b"", 1, &unrecorded),
        ("ziphash", &[0; 47], 1, &unrecorded),
    ];
    for (kind, data, code, words) in cases {
        let mut project = filled(&server, "zips");
        fs::write(at(&project, &format!("{V}.{kind}")), data).unwrap();
        let output = project.gomodfetch(["unpack", "--hints"]).run();
        output.fails_with(code).stderr_is(words);
        output.stdout_is("2 modules unpacked, 0 there already, 1 failed\n");
        assert!(!at(&project, TREE).exists());
        assert!(at(&project, "example.com/b@v1.0.0/b.go").exists());
        let left = cache(&project).without(|path| !path.contains(".tmp"));
        assert_eq!(left.files(), [""; 0]);
        assert_eq!(fs::read(at(&project, &format!("{V}.{kind}"))).unwrap(), data);
        if code == 1 {
            // The advice holds, also without go.sum, where the settings say so.
            project.set("GOPROXY", "off");
            project.gomodfetch(["download", "example.com/a@v1.0.0"]).run().success();
            unpack(&project).success().stdout_is("0 modules unpacked, 3 there already\n");
        }
    }
}

#[test]
fn a_tree_of_something_else_is_replaced() {
    let server = server();
    let project = filled(&server, "zips");
    let evil = at(&project, &format!("{TREE}/evil.go"));
    fs::create_dir_all(evil.parent().unwrap()).unwrap();
    fs::write(&evil, "package evil\n").unwrap();
    fs::write(at(&project, &format!("{V}.partial")), "").unwrap();
    unpack(&project).success().stdout_is("3 modules unpacked, 0 there already\n");
    assert!(!evil.exists());
    project.gomodfetch(["verify", "--cache"]).run().success();
}

/// Others go on while somebody holds a lock; and what that one has done meanwhile is not done again.
#[test]
fn a_lock_is_waited_for_last() {
    let server = server();
    let project = filled(&server, "zips");
    let held = locks::hold_exclusive(&at(&project, &format!("{V}.lock")));
    let mut running = project.gomodfetch(["unpack"]).spawn();
    let others = ["example.com/b@v1.0.0", "example.com/!big@v1.0.0"];
    while !others.iter().all(|name| at(&project, name).exists()) {
        assert!(!running.still_runs_after(Duration::from_millis(5)) || running.is_running());
    }
    assert!(running.still_runs_after(Duration::from_millis(100)));
    assert!(!at(&project, TREE).exists());
    drop(held);
    running.wait().success().stdout_is("3 modules unpacked, 0 there already\n");
    // Two at once share the work.
    let project = filled(&server, "zips");
    let full = cache(&filled(&server, "full"));
    let both = [0, 1].map(|_| project.gomodfetch(["unpack"]).spawn());
    for running in both {
        running.wait().success();
    }
    assert_eq!(full.diff(&cache(&project)), [""; 0]);
}

#[cfg(unix)]
#[test]
fn directories_are_writable_on_demand_and_links_are_followed_at_the_top() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let server = server();
    for (args, env, mode) in [
        (&["unpack"][..], "", 0o555),
        (&["unpack", "-modcacherw"], "", 0o755),
        (&["unpack"], "-modcacherw", 0o755),
        (&["unpack", "-modcacherw=0"], "-modcacherw -mod=vendor", 0o555),
    ] {
        let project = filled(&server, "zips");
        let elsewhere = project.root().join("elsewhere");
        fs::rename(project.modcache(), &elsewhere).unwrap();
        symlink(&elsewhere, project.modcache()).unwrap();
        project.gomodfetch(args).env("GOFLAGS", env).umask("022").run().success();
        let bits =
            |name: &str| fs::metadata(elsewhere.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(bits(TREE), mode, "{args:?} {env}");
        assert_eq!(bits(&format!("{TREE}/sub/deep")), mode);
        assert_eq!(bits(&format!("{TREE}/a.go")), 0o444);
    }
}

#[cfg(unix)]
#[test]
fn toolchains_are_made_fit_for_use() {
    use std::os::unix::fs::PermissionsExt;

    use super::support::registry::Registry;
    use super::support::sumlog::SumLog;
    const FILES: &str = "-- bin/go --\n#!/bin/sh\n-- lib/x --\n-- pkg/tool/any/vet --\n#!/bin/sh\n\
                         -- src/_go.mod --\nmodule std\n";
    let mut registry = Registry::new();
    for platform in ["plan9-mips", "windows-mips"] {
        let name = format!("golang.org/toolchain v0.0.1-go1.99.1.{platform}");
        registry.insert(ModuleVersion::new(&name, FILES));
    }
    let mut log = SumLog::new("sum.example.com");
    log.add_all(&registry);
    let server = Server::builder(registry).sumdb(log).start();
    let place = |layout: &str| {
        let mut project = Project::new("-- go.mod --\nmodule example.org/main\n\ngo 1.99.1\n");
        project.use_server(&server).set("GOTOOLCHAIN", "auto");
        let layout = format!("--layout={layout}");
        let args = ["download", "-json", "--toolchains=plan9/mips,windows/mips", &layout];
        let told = project.gomodfetch(args).run().success().json();
        assert_eq!(told.len(), 2);
        assert_eq!(told[0].get("Zip").is_some(), layout != "--layout=trees");
        assert_eq!(told[0].get("Dir").is_some(), layout != "--layout=zips");
        project
    };
    let full = cache(&place("full"));
    let trees = cache(&place("trees"));
    assert_eq!(part(full.clone(), "trees").diff(&trees), [""; 0]);
    let project = place("zips");
    assert_eq!(part(full.clone(), "zips").diff(&cache(&project)), [""; 0]);
    unpack(&project).success().stdout_is("2 modules unpacked, 0 there already\n");
    assert_eq!(full.diff(&cache(&project)), [""; 0]);
    // Killed between the two steps, it is completed by the next run.
    let go = at(&project, "golang.org/toolchain@v0.0.1-go1.99.1.plan9-mips/bin/go");
    fs::set_permissions(&go, fs::Permissions::from_mode(0o444)).unwrap();
    unpack(&project).success().stdout_is("0 modules unpacked, 2 there already\n");
    assert_eq!(full.diff(&cache(&project)), [""; 0]);
    tree::make_writable(&project.modcache());
}
