//! Each file is fetched once, for however many projects, and each project checks it.

use crate::support::cli::Project;
use crate::support::registry::Registry;
use crate::support::server::Server;
use crate::support::tree::Snapshot;
use crate::{asked, each_once, module, serve, tree};

/// Projects.
const PROJECTS: usize = 30;
/// Modules, of which each project needs a part.
const MODULES: usize = 24;

/// Each module requires the next two, so that all projects reach the same ones.
fn registry() -> Registry {
    let mut registry = Registry::new();
    for number in 0..MODULES {
        let next = [number + 1, number + 2].into_iter().filter(|next| *next < MODULES);
        let next: Vec<String> = next.map(|next| format!("example.com/m{next:02} v1.0.0")).collect();
        registry.add_requiring(&format!("example.com/m{number:02} v1.0.0"), "1.21", &next);
    }
    registry
}

/// What a project requires: five modules in a row, overlapping with those of its neighbours.
fn required(project: usize) -> Vec<String> {
    let first = project * 7 % (MODULES - 4);
    (first..first + 5).map(|number| format!("example.com/m{number:02} v1.0.0")).collect()
}

fn projects(server: &Server, with_sums: bool) -> Project {
    let mut files = String::new();
    for project in 0..PROJECTS {
        let (dir, required) = (format!("p{project:02}"), required(project));
        let required: Vec<&str> = required.iter().map(String::as_str).collect();
        files.push_str(&module(&dir, &required));
        if with_sums {
            let sums = server.registry().go_sum(&required);
            files.push_str(&format!("-- {dir}/go.sum --\n{sums}"));
        }
    }
    tree(&files, server)
}

#[test]
fn whatever_vouches_for_them() {
    for (with_sums, with_database) in [(false, false), (true, false), (false, true), (true, true)] {
        let server = serve(registry(), with_database);
        let projects = projects(&server, with_sums);
        let before = Snapshot::of(&projects.dir());
        let output = projects.gomodfetch(["prewarm", "."]).run();
        output.success().stderr_is("");
        output.stdout_has("30 projects, 24 modules: 24 downloaded (");
        output.stdout_has("), 0 there already\n");
        each_once(&server);
        assert_eq!(server.count("*.zip"), MODULES, "{with_sums} {with_database}");
        assert_eq!(server.count("*.info"), MODULES, "{with_sums} {with_database}");
        assert_eq!(before.diff(&Snapshot::of(&projects.dir())), [""; 0]);
        let looked_up = server.count("/sumdb/sum.example.com/lookup/*");
        assert_eq!(looked_up > 0, with_database && !with_sums, "{:?}", asked(&server));

        // It is what each project has by itself, whoever was first.
        let alone = projects.duplicate();
        crate::support::tree::remove(&alone.modcache());
        for project in 0..PROJECTS {
            alone.gomodfetch(["download"]).within(&format!("p{project:02}")).run().success();
        }
        let of = |side: &Project| {
            Snapshot::of(&side.modcache())
                .without(|path| path.contains("/sumdb") || path == "cache/lock")
        };
        assert_eq!(of(&alone).diff(&of(&projects)), [""; 0], "{with_sums} {with_database}");

        // And then there is nothing to do.
        server.forget_requests();
        let cache = Snapshot::of(&projects.modcache());
        let output = projects.gomodfetch(["prewarm", "."]).run();
        output.success().stderr_is("");
        output.stdout_is("30 projects, 24 modules: 0 downloaded, 24 there already\n");
        assert_eq!(server.paths(), [""; 0]);
        assert_eq!(cache.diff(&Snapshot::of(&projects.modcache())), [""; 0]);
    }
}

#[test]
fn objects_for_each_project() {
    let server = serve(registry(), false);
    let files = [
        module("b", &["example.com/m22 v1.0.0"]),
        module("a", &["example.com/m22 v1.0.0", "example.com/m23 v1.0.0"]),
        module("w/c", &["example.com/m23 v1.0.0"]),
        "-- w/go.work --\ngo 1.21\n\nuse ./c\n".to_owned(),
        module("d", &[]),
    ];
    let projects = tree(&files.concat(), &server);
    projects.gomodfetch(["download", "example.com/m23@v1.0.0"]).run().success();
    let output = projects.gomodfetch(["prewarm", "-json", "."]).run();
    output.success();
    let told: Vec<String> = output
        .json()
        .iter()
        .map(|object| {
            assert!(object.get("Error").is_none());
            let dir = object["Dir"].as_str().unwrap();
            let dir = std::path::Path::new(dir).strip_prefix(projects.dir()).unwrap();
            format!(
                "{} {} {} {}",
                dir.display(),
                object["File"],
                object["Modules"],
                object["Downloaded"]
            )
        })
        .collect();
    assert_eq!(
        told,
        ["a \"go.mod\" 2 1", "b \"go.mod\" 1 1", "d \"go.mod\" 0 0", "w \"go.work\" 1 0"]
    );
}

#[test]
fn only_what_packages_take() {
    let server = serve(registry(), false);
    let mut files = String::new();
    for (dir, imported) in [("a", "m20"), ("b", "m20"), ("c", "m21")] {
        files.push_str(&module(dir, &["example.com/m20 v1.0.0", "example.com/m21 v1.0.0"]));
        files.push_str(&format!(
            "-- {dir}/p.go --\npackage p\n\nimport _ \"example.com/{imported}\"\n"
        ));
        let sums = server.registry().go_sum(&["example.com/m20 v1.0.0", "example.com/m21 v1.0.0"]);
        files.push_str(&format!("-- {dir}/go.sum --\n{sums}"));
    }
    let projects = tree(&files, &server);
    let before = Snapshot::of(&projects.dir());
    let output = projects.gomodfetch(["prewarm", "--needed", "a", "b"]).run();
    output.success().stderr_is("").stdout_has("2 projects, 1 module: 1 downloaded (");
    each_once(&server);
    assert_eq!((server.count("*.zip"), server.count("*/m20/@v/*.zip")), (1, 1));
    let output =
        projects.gomodfetch(["prewarm", "--needed", "--os=linux", "--arch=amd64", "."]).run();
    output.success().stdout_has("3 projects, 2 modules: 1 downloaded (");
    assert_eq!(before.diff(&Snapshot::of(&projects.dir())), [""; 0]);
}

/// What is too large to be held for the whole run is handed from one to the next, or read from the cache.
#[test]
fn go_mod_files_of_hundreds_of_kilobytes() {
    for with_database in [false, true] {
        let mut registry = Registry::new();
        let mut required = Vec::new();
        for number in 0..6 {
            let name = format!("example.com/large{number}");
            let text = format!("// {number}\n").repeat(50_000);
            let files =
                format!("-- go.mod --\n{text}module {name}\n\ngo 1.21\n-- p.go --\npackage p\n");
            registry.add(&format!("{name} v1.0.0"), &files);
            required.push(format!("{name} v1.0.0"));
        }
        let required: Vec<&str> = required.iter().map(String::as_str).collect();
        let server = serve(registry, with_database);
        let all: String =
            (0..12).map(|number| module(&format!("p{number:02}"), &required)).collect();
        let projects = tree(&all, &server);
        let output = projects.gomodfetch(["prewarm", "."]).run();
        output.success().stderr_is("").stdout_has("12 projects, 6 modules: 6 downloaded (");
        each_once(&server);
        server.forget_requests();
        let output = projects.gomodfetch(["prewarm", "."]).run();
        output.success().stdout_is("12 projects, 6 modules: 0 downloaded, 6 there already\n");
        assert_eq!(server.paths(), [""; 0]);
    }
}

#[test]
fn zips_alone_or_trees_alone() {
    for (layout, has_zip, has_tree) in [("zips", true, false), ("trees", false, true)] {
        for needed in [false, true] {
            let server = serve(registry(), false);
            let mut files = String::new();
            for dir in ["a", "b", "c"] {
                files.push_str(&module(dir, &["example.com/m23 v1.0.0"]));
                let text = "package p\n\nimport _ \"example.com/m23\"\n";
                files.push_str(&format!("-- {dir}/p.go --\n{text}"));
                let sums = server.registry().go_sum(&["example.com/m23 v1.0.0"]);
                files.push_str(&format!("-- {dir}/go.sum --\n{sums}"));
            }
            let projects = tree(&files, &server);
            let mut args = vec!["prewarm", ".", "--layout", layout];
            args.extend(needed.then_some("--needed"));
            let first = projects.gomodfetch(&args).run();
            first.success().stderr_is("").stdout_has("3 projects, 1 module: 1 downloaded (");
            each_once(&server);
            for _ in 0..2 {
                let cache = projects.modcache();
                let file = "cache/download/example.com/m23/@v/v1.0.0.zip";
                assert_eq!(cache.join(file).exists(), has_zip, "{layout} {needed}");
                assert!(cache.join(format!("{file}hash")).exists(), "{layout} {needed}");
                assert_eq!(
                    cache.join("example.com/m23@v1.0.0").exists(),
                    has_tree,
                    "{layout} {needed}"
                );
                server.forget_requests();
                let again = projects.gomodfetch(&args).run();
                again.success().stdout_is("3 projects, 1 module: 0 downloaded, 1 there already\n");
                assert_eq!(server.paths(), [""; 0]);
            }
            if has_zip {
                let whole = projects.gomodfetch(["prewarm", "-v", "."]).run();
                let line = "3 projects, 1 module: 0 downloaded, 1 unpacked, 0 there already\n";
                whole.success().stdout_is(line).stderr_is("");
                assert_eq!(server.paths(), [""; 0]);
            }
        }
    }
}

#[cfg(unix)]
#[test]
fn toolchains_of_many_projects() {
    use crate::support::modules::ModuleVersion;

    let mut registry = registry();
    let files = "-- VERSION --\ngo1.99.1\n-- bin/go --\n-- bin/gofmt --\n-- lib/x --\n\
                 -- pkg/tool/x --\n-- src/_go.mod --\nmodule std\n";
    for name in ["plan9-mips", "windows-mips"] {
        let module = format!("golang.org/toolchain v0.0.1-go1.99.1.{name}");
        registry.insert(ModuleVersion::new(&module, files));
    }
    let server = serve(registry, true);
    let module = |dir: &str| format!("-- {dir}/go.mod --\nmodule example.org/{dir}\n\ngo 1.99.1\n");
    let all: String = (0..10).map(|number| module(&format!("p{number}"))).collect();
    let mut projects = tree(&all, &server);
    projects.set("GOTOOLCHAIN", "auto");
    let args = ["prewarm", ".", "--toolchains=plan9/mips,windows/mips"];
    let output = projects.gomodfetch(args).run();
    output.success().stdout_has("10 projects, 2 modules: 2 downloaded (");
    each_once(&server);
    assert_eq!(server.count("*.zip"), 2);
    let tool = projects.modcache().join("golang.org/toolchain@v0.0.1-go1.99.1.plan9-mips");
    assert!(tool.join("src/go.mod").is_file());
    server.forget_requests();
    projects.gomodfetch(args).run().success().stdout_has(": 0 downloaded, 2 there already\n");
    assert_eq!(server.count("*.zip"), 0);
}
