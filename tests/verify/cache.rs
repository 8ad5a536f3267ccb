//! `--cache`: everything that lies in the cache, in a module or outside of any.

use std::fs;

use super::common::*;
use super::support::cli::Project;
use super::support::server::Server;
use super::support::tree;

/// Outside of any module, with modules of all kinds in the cache.
fn outside() -> (Server, Project) {
    let mut registry = registry();
    registry.add("example.com/Upper v1.0.0-RC1", "-- u.go --\npackage u\n");
    registry.add("example.com/old v2.0.0+incompatible", "-- old.go --\npackage old\n");
    registry.add("example.com/a/sub v0.1.0", "-- go.mod --\nmodule example.com/a/sub\n");
    let server = Server::builder(registry).start();
    let mut place = Project::new("");
    place.use_server(&server);
    let modules: Vec<String> = server
        .registry()
        .iter()
        .map(|module| format!("{}@{}", module.path, module.version))
        .collect();
    place.gomodfetch(["download".to_owned()].into_iter().chain(modules)).run().success();
    tree::make_writable(&place.modcache());
    place.set("GOPROXY", "off");
    (server, place)
}

#[test]
fn outside_of_a_module() {
    let (_server, place) = outside();
    verify(&place, &[]).fails_with(1).stderr_has("go.mod file not found");
    verify(&place, &["--cache"]).success().stderr_is("").stdout_is("all modules verified\n");
    // What is no module's is passed over.
    write(&place, "cache/download/example.com/x/@v/main.info", "{}");
    write(&place, "cache/vcs/0/HEAD", "x");
    write(&place, "example.com/a@v1.0.0.tmp-1/a.go", "half");
    verify(&place, &["--cache"]).success();
    write(&place, "example.com/!upper@v1.0.0-!r!c1/u.go", "package evil\n");
    write(&place, "example.com/old@v2.0.0+incompatible/new.go", "");
    write(&place, "cache/download/example.com/a/sub/@v/v0.1.0.ziphash", "h1:x");
    let output = verify(&place, &["--cache"]);
    let cache = "$ROOT/gopath/pkg/mod";
    output.fails_with(5).stderr_is(&format!(
        "example.com/Upper v1.0.0-RC1: dir has been modified ({cache}/example.com/!upper@v1.0.0-!r!c1)\n\
         \tedited tree; .ziphash and the zip agree\n\
         \tchanged: u.go\n\
         example.com/a/sub v0.1.0: zip has been modified \
         ({cache}/cache/download/example.com/a/sub/@v/v0.1.0.zip)\n\
         example.com/a/sub v0.1.0: dir has been modified ({cache}/example.com/a/sub@v0.1.0)\n\
         \twrong .ziphash; the zip and the tree agree\n\
         example.com/old v2.0.0+incompatible: dir has been modified \
         ({cache}/example.com/old@v2.0.0+incompatible)\n\
         \tedited tree; .ziphash and the zip agree\n\
         \textra: new.go\n"
    ));
}

#[test]
fn go_mod_and_info() {
    let (_server, place) = outside();
    let v = |kind: &str| format!("{V}.{kind}");
    write(&place, &v("mod"), "module example.com/a\n");
    let output = verify(&place, &["--cache"]);
    output
        .fails_with(5)
        .stderr_is("example.com/a v1.0.0: go.mod has been modified: it is not that of the zip\n");
    remove(&at(&place, &v("mod")));
    for (text, want) in [
        ("no JSON", "example.com/a v1.0.0: $ROOT/gopath/pkg/mod/$V.info: "),
        (
            r#"{"Version":"v1.0.1"}"#,
            "example.com/a v1.0.0: $ROOT/gopath/pkg/mod/$V.info is about version v1.0.1\n",
        ),
    ] {
        write(&place, &v("info"), text);
        verify(&place, &["--cache"]).fails_with(1).stderr_has(&want.replace("$V", V));
    }
    remove(&at(&place, &v("info")));
    // A version without a go.mod has one that go made up.
    verify(&place, &["--cache"]).success();
}

#[test]
fn go_sum_is_asked_about_go_mod_files() {
    let server = server();
    let place = place(&server, &[A, B]);
    verify(&place, &["--cache"]).success();
    write(&place, &format!("{V}.mod"), "module example.com/a\n");
    let output = verify(&place, &["--cache"]);
    output
        .fails_with(5)
        .stderr_has("example.com/a v1.0.0: go.mod: checksum mismatch\n\tgo.mod: h1:");
    output.stderr_has(&format!("\tgo.sum: {}\n", server.registry().get(A).go_mod_h1));
}

#[test]
fn more_than_the_build_list() {
    let server = server();
    let place = place(&server, &[A, B]);
    place.write("go.mod", "module example.org/main\n\ngo 1.21\n");
    write(&place, &format!("{TREE}/a.go"), "");
    is_fine(&place);
    verify(&place, &["--cache"]).fails_with(5).stderr_has("\tchanged: a.go\n");
    // Whatever lies there is looked at, also where nobody has a hash for it.
    fs::remove_file(place.dir().join("go.sum")).expect("go.sum removed");
    remove(&at(&place, &format!("{V}.zip")));
    let output = verify(&place, &["--cache"]);
    output.fails_with(5).stderr_has("\tedited tree or wrong .ziphash\n");
}
