//! `--toolchains`: the Go that go would switch to, as go leaves it in the cache.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::cli::Project;
use crate::support::go::Go;
use crate::support::modules::ModuleVersion;
use crate::support::registry::Registry;
use crate::support::server::Server;
use crate::support::sumlog::SumLog;
use crate::support::tree::{self, Snapshot};

/// A toolchain that can only say that it was run.
const FILES: &str = "\
-- VERSION --
go1.99.1
-- bin/go --
#!/bin/sh
echo made up: \"$@\"
-- bin/gofmt --
#!/bin/sh
-- pkg/tool/any/compile --
#!/bin/sh
-- pkg/tool/any/vet --
#!/bin/sh
-- lib/wasm/go_js_wasm_exec --
#!/bin/sh
-- lib/time/update.bash --
#!/bin/sh
-- misc/_go.mod --
module misc
-- src/_go.mod --
module std

go 1.99
-- src/cmd/_go.mod --
module cmd
-- src/fmt/print.go --
package fmt
";

fn host() -> (&'static str, &'static str) {
    let os = match std::env::consts::OS {
        "macos" => "darwin",
        os => os,
    };
    let arch = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        arch => arch,
    };
    (os, arch)
}

fn toolchain(name: &str, platform: &str) -> String {
    format!("golang.org/toolchain v0.0.1-{name}.{}", platform.replace('/', "-"))
}

/// A server with this toolchain for the host and others, and a database that knows it.
fn serve() -> Server {
    let (os, arch) = host();
    let mut registry = Registry::from_graph("a v1.0.0 go 1.98.2\nold v1.0.0\n");
    for platform in [&format!("{os}/{arch}"), "plan9/mips", "windows/mips"] {
        registry.insert(ModuleVersion::new(&toolchain("go1.99.1", platform), FILES));
    }
    registry.insert(ModuleVersion::new(&toolchain("go1.98.2", "plan9/mips"), FILES));
    let mut log = SumLog::new("sum.example.com").with_history(300);
    log.add_all(&registry);
    Server::builder(registry).sumdb(log).start()
}

/// A project whose go line is `go`; without one if it is empty. No Go is installed as far as it knows.
fn project(server: &Server, go: &str, more: &str) -> Project {
    let files = match go {
        "" => String::new(),
        _ => format!("-- go.mod --\nmodule example.org/main\n\ngo {go}\n{more}"),
    };
    let mut project = Project::new(&files);
    project.use_server(server).set("GOTOOLCHAIN", "auto");
    project
}

fn tree_of(project: &Project, name: &str, platform: &str) -> std::path::PathBuf {
    project.modcache().join(toolchain(name, platform).replace(' ', "@"))
}

#[test]
fn go_finds_what_it_would_have_downloaded() {
    let Some(go) = Go::find("go_finds_what_it_would_have_downloaded") else { return };
    let server = serve();
    let (os, arch) = host();
    let [mut theirs, mut ours] = [(); 2].map(|()| project(&server, "", ""));
    for side in [&mut theirs, &mut ours] {
        side.set("GOTOOLCHAIN", "go1.99.1");
    }
    let run = theirs.go(&go, ["version"]).run();
    run.success().stdout_is("made up: version\n");
    let args = ["download".to_owned(), format!("--toolchains={os}/{arch}")];
    ours.gomodfetch(&args).run().success().silent();
    let of =
        |side: &Project| Snapshot::of(&side.modcache()).without(|path| path.contains("/sumdb"));
    assert_eq!(of(&theirs).diff(&of(&ours)), [""; 0]);
    // Nothing is left for go to do, not even to ask.
    server.forget_requests();
    ours.set("GOPROXY", "off");
    let before = of(&ours);
    ours.go(&go, ["env", "GOOS"]).run().success().stdout_is("made up: env GOOS\n");
    assert_eq!(before.diff(&of(&ours)), [""; 0]);
    assert_eq!(server.requests().len(), 0);
    // And nothing for us.
    ours.gomodfetch(&args).run().success().silent();
    assert_eq!(before.diff(&of(&ours)), [""; 0]);
}

#[test]
fn programs_are_executable_and_modules_have_their_files() {
    let server = serve();
    let project = project(&server, "1.99.1", "");
    let args = ["download", "--toolchains=plan9/mips,windows/mips", "-json"];
    let output = project.gomodfetch(args).run();
    output.success();
    let told = output.json();
    assert_eq!(told.len(), 2);
    assert_eq!(told[0]["Version"], "v0.0.1-go1.99.1.plan9-mips");
    assert!(told[0]["Sum"].as_str().unwrap().starts_with("h1:"));
    assert!(told[0].get("Info").is_none() && told[0].get("GoMod").is_none());
    for (platform, programs) in [("plan9/mips", 0o555), ("windows/mips", 0o444)] {
        let tree = tree_of(&project, "go1.99.1", platform);
        let mode = |name: &str| {
            let meta = fs::metadata(tree.join(name)).unwrap_or_else(|err| panic!("{name}: {err}"));
            meta.permissions().mode() & 0o777
        };
        for name in ["bin/go", "bin/gofmt", "pkg/tool/any/compile", "pkg/tool/any/vet"] {
            assert_eq!(mode(name), programs, "{platform} {name}");
        }
        assert_eq!(mode("lib/wasm/go_js_wasm_exec"), programs);
        assert_eq!(
            (mode("lib/time/update.bash"), mode("VERSION"), mode("src")),
            (0o444, 0o444, 0o555)
        );
        for dir in ["src", "src/cmd", "misc"] {
            let read = |name: &str| fs::read(tree.join(dir).join(name)).unwrap();
            assert_eq!(read("go.mod"), read("_go.mod"), "{dir}");
            assert_eq!(mode(&format!("{dir}/go.mod")), 0o444);
        }
    }
    let cached = project.modcache().join("cache/download/golang.org/toolchain/@v");
    let names: Vec<String> =
        Snapshot::of(&cached).files().iter().map(|f| (*f).to_owned()).collect();
    assert!(
        names.iter().all(|name| !name.ends_with(".info") && !name.ends_with(".mod")),
        "{names:?}"
    );
    assert_eq!(names.iter().filter(|name| name.ends_with(".ziphash")).count(), 2);
    // Nothing of it stands in go.sum.
    assert!(!project.has("go.sum"));
}

#[test]
fn the_lines_say_which() {
    let server = serve();
    for (go, more, setting, want) in [
        ("1.99.1", "", "auto", Some("go1.99.1")),
        ("1.21.0", "toolchain go1.99.1\n", "auto", Some("go1.99.1")),
        ("1.21.0", "toolchain go1.99.1\n", "local+auto", Some("go1.99.1")),
        ("1.99.1", "toolchain default\n", "auto", None),
        ("1.99.1", "", "path", None),
        ("1.21", "", "auto", None),
        ("1.17", "", "auto", None),
        ("1.21.0", "", "go1.99.1", Some("go1.99.1")),
        ("1.21.0", "", "go1.99.1+auto", Some("go1.99.1")),
        ("", "", "go1.99.1", Some("go1.99.1")),
        ("", "", "auto", None),
        // A dependency asks for it, and go.mod is brought in line.
        ("1.21.0", "require example.com/a v1.0.0\n", "auto", Some("go1.98.2")),
    ] {
        let mut project = project(&server, go, more);
        project.set("GOTOOLCHAIN", setting);
        let output = project.gomodfetch(["download", "--toolchains", "plan9/mips"]).run();
        output.success();
        for name in ["go1.98.2", "go1.99.1"] {
            let is_there = tree_of(&project, name, "plan9/mips").exists();
            assert_eq!(is_there, want == Some(name), "{go} {more} {setting}: {name}\n{output}");
        }
        if want.is_none() {
            output.stderr_has("gomodfetch: no toolchain to download: ");
        }
    }
}

#[test]
fn an_installed_go_that_is_new_enough_needs_no_other() {
    let server = serve();
    let mut project = project(&server, "1.99.1", "");
    project.write("installed/VERSION", "go1.99.2\n");
    project.set("GOROOT", project.dir().join("installed"));
    let output = project.gomodfetch(["download", "--toolchains=plan9/mips"]).run();
    output.success().stderr_has("no toolchain to download: go 1.99.2 is as new as it has to be\n");
    assert_eq!(server.count("*.zip"), 0);
}

#[test]
fn a_workspace_has_lines_too() {
    let server = serve();
    let mut project = Project::new(
        "-- go.work --\ngo 1.99.1\nuse ./m\n-- m/go.mod --\nmodule example.org/m\ngo 1.20\n",
    );
    project.use_server(&server).set("GOTOOLCHAIN", "auto");
    project.gomodfetch(["download", "--toolchains=plan9/mips"]).run().success();
    assert!(tree_of(&project, "go1.99.1", "plan9/mips").exists());
}

#[test]
fn none_is_there() {
    let server = serve();
    for (setting, code, text) in [
        ("go1.99.5", 3, "go: download go1.99.5 for plan9/mips: toolchain not available\n"),
        (
            "go1.99",
            3,
            "go: invalid toolchain: go1.99 is a language version but not a toolchain version (go1.99.x)\n",
        ),
    ] {
        let mut project = project(&server, "", "");
        project.set("GOTOOLCHAIN", setting);
        let output = project.gomodfetch(["download", "--toolchains=plan9/mips"]).run();
        output.fails_with(code).stderr_is(text);
    }
    for bad in ["linux", "linux/amd64/v1", "Linux/amd64"] {
        let project = project(&server, "", "");
        let output = project.gomodfetch(["download", &format!("--toolchains={bad}")]).run();
        output.fails_with(2).stderr_has("must be os/arch, such as linux/amd64");
    }
}

#[test]
fn the_database_must_vouch_for_it() {
    // Whatever the settings exempt it from.
    for (name, value) in [("GOSUMDB", "off"), ("GONOSUMDB", "golang.org"), ("GOFLAGS", "-insecure")]
    {
        let server = serve();
        server.sumdb(|log| {
            log.refuse("*/lookup/golang.org/toolchain*", 404, "no such record");
        });
        let mut project = project(&server, "1.99.1", "");
        project.set(name, value);
        let output = project.gomodfetch(["download", "--toolchains=plan9/mips"]).run();
        assert!(!output.status.success(), "{name}={value}: {output}");
        output.stderr_has("go: download go1.99.1: ");
        assert!(!tree_of(&project, "go1.99.1", "plan9/mips").exists(), "{name}={value}");
    }
}

#[test]
fn another_zip_than_the_published_one_is_refused() {
    let server = serve();
    let name = toolchain("go1.99.1", "plan9/mips");
    let evil = FILES.replace("made up", "evil");
    let lie = {
        let registry = server.registry();
        registry.get(&name).clone().tampered_zip(ModuleVersion::new(&name, &evil).zip)
    };
    server.registry().insert(lie);
    let project = project(&server, "1.99.1", "");
    let output = project.gomodfetch(["download", "--toolchains=plan9/mips"]).run();
    output.fails_with(5).stderr_has("go: download go1.99.1: ").stderr_has("SECURITY ERROR");
    assert!(!tree_of(&project, "go1.99.1", "plan9/mips").exists());
    tree::make_writable(&project.modcache());
}

#[test]
fn a_dry_run_counts_them_and_fetches_none() {
    let server = serve();
    let project = project(&server, "1.99.1", "");
    let before = Snapshot::of(project.root());
    let output = project.gomodfetch(["download", "--dry-run", "--toolchains=plan9/mips"]).run();
    output.success().stdout_has("golang.org/toolchain v0.0.1-go1.99.1.plan9-mips: ");
    output.stdout_has("1 zips to fetch, ");
    assert_eq!(before.diff(&Snapshot::of(project.root())), [""; 0]);
    assert!(server.requests_for("*.zip").iter().all(|request| request.method == "HEAD"));
}
