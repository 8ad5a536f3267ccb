//! What go.sum knows better than the cache, which go does not ask.

use super::common::*;
use super::support::cli::Project;
use super::support::go::Go;
use super::support::modules::ModuleVersion;
use super::support::tree;

/// Another module under the name of `A`: zip, tree and recorded hash agree.
fn exchanged(place: &Project) -> ModuleVersion {
    let evil =
        ModuleVersion::new(A, "-- go.mod --\nmodule example.com/a\n-- evil.go --\npackage a\n");
    write(place, &format!("{V}.zip"), &evil.zip);
    write(place, &format!("{V}.ziphash"), &evil.h1);
    remove(&at(place, TREE));
    for (name, data) in evil.entries() {
        write(place, name, data);
    }
    evil
}

#[test]
fn zip_tree_and_hash_changed_together() {
    let server = server();
    let place = place(&server, &[A, B]);
    let evil = exchanged(&place).h1;
    let good = server.registry().get(A).h1.clone();
    says(
        &place,
        &format!(
            "example.com/a v1.0.0: checksum mismatch\n\
             \tzip:     {evil}\n\
             \tdir:     {evil}\n\
             \tziphash: {evil}\n\
             \tgo.sum:  {good}\n\
             \tzip, tree and .ziphash agree: they were changed together\n"
        ),
    );
    // go believes the recorded hash.
    if let Some(go) = Go::find("zip_tree_and_hash_changed_together") {
        place.go(&go, ["mod", "verify"]).run().success().stdout_is("all modules verified\n");
    }
    // Without go.sum there is nobody who knows.
    std::fs::remove_file(place.dir().join("go.sum")).expect("go.sum removed");
    is_fine(&place);
}

#[test]
fn parts_that_are_alone() {
    let server = server();
    let good = server.registry().get(A).h1.clone();
    // Only the recorded hash, and it is wrong.
    let place = place(&server, &[A, B]);
    exchanged(&place);
    remove(&at(&place, &format!("{V}.zip")));
    remove(&at(&place, TREE));
    let output = verify(&place, &[]);
    output.fails_with(5).stderr_has("example.com/a v1.0.0: checksum mismatch\n\tziphash: h1:");
    output.stderr_has(&format!("\tgo.sum:  {good}\n"));
    // Only the tree: go takes it up again once it has a zip.
    exchanged(&place);
    remove(&at(&place, &format!("{V}.zip")));
    remove(&at(&place, &format!("{V}.ziphash")));
    let output = verify(&place, &[]);
    output.fails_with(5).stderr_has("example.com/a v1.0.0: checksum mismatch\n\tdir:    h1:");
    // Marked as incomplete nobody believes it.
    write(&place, &format!("{V}.partial"), "");
    is_fine(&place);
}

#[test]
fn go_sum_says_which_part_is_wrong() {
    let server = server();
    let place = place(&server, &[A, B]);
    // Zip and hash changed together, the tree is the right one.
    let evil = ModuleVersion::new(A, "-- go.mod --\nmodule example.com/a\n");
    write(&place, &format!("{V}.zip"), &evil.zip);
    write(&place, &format!("{V}.ziphash"), &evil.h1);
    let output = verify(&place, &[]);
    output.fails_with(5).stderr_has("example.com/a v1.0.0: dir has been modified (");
    output.stderr_has("\tdamaged zip and wrong .ziphash; go.sum and the tree agree\n");
    output.stderr_has("\tchanged in the zip: go.mod\n\tmissing in the zip: a.go\n");
}

#[test]
fn a_line_that_proves_nothing() {
    let server = server();
    let place = place(&server, &[A, B]);
    exchanged(&place);
    place.write("go.sum", "example.com/a v1.0.0 h2:0000\n");
    is_fine(&place);
}

#[test]
fn a_replacement_is_looked_at_too() {
    let mut registry = registry();
    registry.add("example.com/fork v1.0.0", "-- go.mod --\nmodule example.com/a\n-- fork.go --\n");
    let server = super::support::server::Server::builder(registry).start();
    let mut place = Project::new(
        "-- go.mod --\nmodule example.org/main\n\ngo 1.21\n\nrequire example.com/a v1.0.0\n\n\
         replace example.com/a => example.com/fork v1.0.0\n",
    );
    place.use_server(&server);
    place.gomodfetch(["download", "all"]).run().success();
    tree::make_writable(&place.modcache());
    is_fine(&place);
    write(&place, "example.com/fork@v1.0.0/fork.go", "package fork\n");
    let output = verify(&place, &[]);
    output.fails_with(5).stderr_is(
        "example.com/fork v1.0.0: dir has been modified \
         ($ROOT/gopath/pkg/mod/example.com/fork@v1.0.0)\n\
         \tedited tree; go.sum, .ziphash and the zip agree\n\
         \tchanged: fork.go\n",
    );
    // go looks only for the module that is replaced, which is not there.
    if let Some(go) = Go::find("a_replacement_is_looked_at_too") {
        place.go(&go, ["mod", "verify"]).run().success();
    }
}
