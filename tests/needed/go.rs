//! The lane with the real go: it builds, vets, tests and lists what it was downloaded for, without network, and
//! by itself it would have fetched the same modules and no others.

use std::path::Path;

use super::support::cli::Invocation;
use super::support::go::Go;
use super::support::tree::assert_same;
use super::{Project, builds, empty_cache, files, needed, project, zips};

/// go with a cache of builds that outlives the test, since each would compile the library anew.
fn go(project: &Project, go: &Go, args: &[&str]) -> Invocation {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("needed-gocache");
    project.go(go, args).env("GOCACHE", cache)
}

#[test]
fn go_works_without_network() {
    let Some(oracle) = Go::find("needed::go_works_without_network") else { return };
    let server = files::serve();
    for version in ["1.16", "1.21"] {
        let project = project(&server, version, &files::REQUIRES, files::FILES);
        needed(&project, &["--tests"]).success().silent();
        for args in [
            &["build", "./..."] as &[_],
            &["vet", "./..."],
            &["test", "./..."],
            &["list", "-deps", "./..."],
            &["list", "-deps", "-test", "-json", "./..."],
        ] {
            let output = go(&project, &oracle, args).env("GOPROXY", "off").run();
            output.success();
            assert!(!output.stdout.contains("\"Error\""), "{args:?}\n{output}");
        }
        // Without the tests it would not do.
        empty_cache(&project);
        needed(&project, &[]).success().silent();
        go(&project, &oracle, &["list", "-deps", "./..."]).env("GOPROXY", "off").run().success();
        let tests = go(&project, &oracle, &["vet", "./..."]).env("GOPROXY", "off").run();
        tests.fails_with(1).stderr_has("example.com/t");
    }
}

#[test]
fn the_cache_is_what_go_mod_download_makes_of_the_modules() {
    let name = "needed::the_cache_is_what_go_mod_download_makes_of_the_modules";
    let Some(oracle) = Go::find(name) else { return };
    let server = files::serve();
    let ours = project(&server, "1.21", &files::REQUIRES, files::FILES);
    let theirs = ours.duplicate();
    needed(&ours, &["--tests"]).success().silent();
    let modules = ["a", "b", "inner", "t"].map(|name| format!("example.com/{name}"));
    let args = [vec!["mod".to_owned(), "download".to_owned()], modules.to_vec()].concat();
    theirs.go(&oracle, args).run().success();
    assert_same(&theirs.modcache(), &ours.modcache());
    assert_eq!(theirs.read("go.sum"), ours.read("go.sum"));
}

/// What go itself fetches for a build into an empty cache, once go.sum is complete.
fn fetched_by_go(
    project: &Project,
    oracle: &Go,
    env: &[(&str, &str)],
    args: &[&str],
) -> Vec<String> {
    empty_cache(project);
    let mut list = go(project, oracle, &[&["list", "-deps"], args].concat());
    for (name, value) in env {
        list = list.env(name, value);
    }
    list.run().success();
    zips_of_go(project)
}

/// The modules whose zip go fetched: it keeps less of each than we do.
fn zips_of_go(project: &Project) -> Vec<String> {
    super::with_extension(project, "zip")
}

#[test]
fn go_fetches_the_same_for_each_build() {
    let Some(oracle) = Go::find("needed::go_fetches_the_same_for_each_build") else { return };
    let server = builds::serve();
    let project = project(&server, "1.21", &builds::REQUIRES, &builds::files());
    project.gomodfetch(["download", "all"]).run().success();
    for (os, arch, cgo, tags) in [
        ("linux", "amd64", "0", ""),
        ("linux", "amd64", "1", "extra"),
        ("windows", "386", "0", "debug"),
        ("darwin", "arm64", "1", "debug,extra"),
        ("plan9", "arm", "0", ""),
        ("android", "arm64", "1", ""),
        ("js", "wasm", "0", "race"),
    ] {
        let env = [("GOOS", os), ("GOARCH", arch), ("CGO_ENABLED", cgo)];
        let tags_flag = format!("-tags={tags}");
        let by_go = fetched_by_go(&project, &oracle, &env, &[&tags_flag, "./..."]);
        empty_cache(&project);
        let args = ["download", "--needed", "--tags", tags, "./..."];
        let mut ours = project.gomodfetch(args);
        for (name, value) in env {
            ours = ours.env(name, value);
        }
        ours.run().success().silent();
        // Levels of architectures and experiments stay open with us.
        let ours: Vec<String> = zips(&project)
            .into_iter()
            .filter(|name| !["exp", "level"].contains(&&**name))
            .collect();
        let by_go: Vec<String> =
            by_go.into_iter().filter(|name| !["exp", "level"].contains(&&**name)).collect();
        assert_eq!(ours, by_go, "{os}/{arch} cgo={cgo} {tags}");
    }
}

#[test]
fn go_fetches_the_same_for_each_pattern() {
    let Some(oracle) = Go::find("needed::go_fetches_the_same_for_each_pattern") else { return };
    let server = files::serve();
    for version in ["1.16", "1.21"] {
        let project = project(&server, version, &files::REQUIRES, files::FILES);
        project.gomodfetch(["download", "all"]).run().success();
        for args in [
            &["."] as &[_],
            &["./..."],
            &["./cmd/tool"],
            &["example.com/a"],
            &["example.com/a/..."],
            &["example.org/main/..."],
            &["all"],
            &["-test", "./..."],
            &["-test", "example.com/a/sub"],
        ] {
            let by_go = fetched_by_go(&project, &oracle, &[], args);
            empty_cache(&project);
            let args: Vec<&str> =
                args.iter().map(|arg| if *arg == "-test" { "--tests" } else { arg }).collect();
            needed(&project, &args).success().silent();
            assert_eq!(zips(&project), by_go, "go {version}, {args:?}");
        }
    }
}
