//! Each kind of damage, without anything outside of the cache that knows better.

use std::fs;

use super::common::*;
use super::support::modules::ModuleVersion;
use super::support::zips;

#[test]
fn nothing_is_wrong() {
    let server = server();
    is_fine(&place(&server, &[]));
    is_fine(&place(&server, &[A, B]));
    let place = place(&server, &[A, B]);
    place.gomodfetch(["mod", "verify"]).run().success().stdout_is("all modules verified\n");
}

#[test]
fn an_edited_tree() {
    let server = server();
    let place = place(&server, &[]);
    write(&place, &format!("{TREE}/a.go"), "package evil\n");
    remove(&at(&place, &format!("{TREE}/sub/deep/x.txt")));
    write(&place, &format!("{TREE}/sub/more.go"), "package sub\n");
    write(&place, &format!("{TREE}/z.go"), "");
    says(
        &place,
        "example.com/a v1.0.0: dir has been modified ($TREE)\n\
         \tedited tree; .ziphash and the zip agree\n\
         \tchanged: a.go\n\
         \tmissing: sub/deep/x.txt\n\
         \textra: sub/more.go\n\
         \textra: z.go\n",
    );
}

#[test]
fn many_files_are_counted() {
    let server = server();
    let place = place(&server, &[]);
    for i in 0..37 {
        write(&place, &format!("{TREE}/f{i:02}"), "");
    }
    let output = verify(&place, &[]);
    output.fails_with(5).stderr_has("\textra: f09\n\textra: 27 more\n").lacks("f10");
}

#[test]
fn a_damaged_zip() {
    let server = server();
    let place = place(&server, &[]);
    let zip = format!("{V}.zip");
    // Another one, which can be read.
    write(&place, &zip, ModuleVersion::new(A, "-- a.go --\npackage a\n-- evil.go --\n").zip);
    says(
        &place,
        "example.com/a v1.0.0: zip has been modified ($V.zip)\n\
         \tdamaged zip; .ziphash and the tree agree\n\
         \tonly in the zip: evil.go\n\
         \tmissing in the zip: go.mod\n\
         \tmissing in the zip: sub/deep/x.txt\n",
    );
    // A bit that flipped.
    let good = server.registry().get(A).zip.to_vec();
    write(
        &place,
        &zip,
        zips::Surgery::on(good.clone()).damage("example.com/a@v1.0.0/a.go", 0).finish(),
    );
    let output = verify(&place, &[]);
    output.fails_with(5).stderr_has("example.com/a v1.0.0: ");
    output.stderr_has("\tdamaged zip; .ziphash and the tree agree\n\tchanged in the zip: a.go\n");
    // The end is missing.
    write(&place, &zip, &good[..good.len() - 30]);
    says(
        &place,
        "example.com/a v1.0.0: zip: not a valid zip file\n\
         \tdamaged zip; .ziphash and the tree agree\n",
    );
}

#[test]
fn a_wrong_or_missing_hash() {
    let server = server();
    let place = place(&server, &[]);
    let other = server.registry().get(B).h1.clone();
    write(&place, &format!("{V}.ziphash"), &other);
    says(
        &place,
        "example.com/a v1.0.0: zip has been modified ($V.zip)\n\
         example.com/a v1.0.0: dir has been modified ($TREE)\n\
         \twrong .ziphash; the zip and the tree agree\n",
    );
    // What a crash leaves.
    write(&place, &format!("{V}.ziphash"), [0; 47]);
    says(
        &place,
        "example.com/a v1.0.0: zip has been modified ($V.zip)\n\
         example.com/a v1.0.0: dir has been modified ($TREE)\n\
         \twrong .ziphash; the zip and the tree agree\n",
    );
    remove(&at(&place, &format!("{V}.ziphash")));
    says(
        &place,
        "example.com/a v1.0.0: missing ziphash: open $V.ziphash: no such file or directory\n\
         \tmissing .ziphash; the zip and the tree agree\n",
    );
}

#[test]
fn where_nothing_agrees() {
    let server = server();
    let place = place(&server, &[]);
    write(&place, &format!("{V}.ziphash"), "h1:x");
    write(&place, &format!("{TREE}/a.go"), "package evil\n");
    says(
        &place,
        "example.com/a v1.0.0: zip has been modified ($V.zip)\n\
         example.com/a v1.0.0: dir has been modified ($TREE)\n\
         \tzip, tree and .ziphash all differ from each other\n\
         \tchanged: a.go\n",
    );
    remove(&at(&place, &format!("{V}.zip")));
    says(
        &place,
        "example.com/a v1.0.0: dir has been modified ($TREE)\n\
         \tedited tree or wrong .ziphash\n\
         \tthere is no zip to compare the files with\n",
    );
}

#[test]
fn large_files_and_many() {
    // More than is held in memory at once, and more than one portion of work.
    let registry = {
        let mut registry = registry();
        let sizes = [9 << 20, 5 << 20, 4 << 20, (4 << 20) + 1].into_iter();
        registry.insert(ModuleVersion::generated(A, sizes.chain((0..400).map(|i| i * 50))));
        registry
    };
    let server = super::support::server::Server::builder(registry).start();
    let place = place(&server, &[A]);
    is_fine(&place);
    for (name, at_byte) in [("f0000.txt", 9 << 20), ("f0001.txt", 1), ("f0003.txt", 4 << 20)] {
        let path = at(&place, &format!("{TREE}/{name}"));
        let mut data = fs::read(&path).expect("a file of the tree");
        data[at_byte - 1] ^= 1;
        write(&place, &format!("{TREE}/{name}"), data);
    }
    // Longer, and shorter.
    let path = format!("{TREE}/f0100.txt");
    let text = fs::read_to_string(at(&place, &path)).expect("a file of the tree");
    write(&place, &path, format!("{text}x"));
    write(&place, &format!("{TREE}/f0101.txt"), &text[..10]);
    says(
        &place,
        "example.com/a v1.0.0: dir has been modified ($TREE)\n\
         \tedited tree; go.sum, .ziphash and the zip agree\n\
         \tchanged: f0000.txt\n\
         \tchanged: f0001.txt\n\
         \tchanged: f0003.txt\n\
         \tchanged: f0100.txt\n\
         \tchanged: f0101.txt\n",
    );
}

#[test]
fn hints_come_last_and_only_when_wanted() {
    let server = server();
    let place = place(&server, &[]);
    write(&place, &format!("{TREE}/a.go"), "");
    verify(&place, &[]).fails_with(5).lacks("hint:");
    let output = verify(&place, &["--hints"]);
    output
        .fails_with(5)
        .stderr_has("\tchanged: a.go\nhint: with --repair, verify fetches again what is damaged\n");
}
