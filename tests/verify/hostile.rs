//! A cache that somebody filled to do harm, and one that may not be read.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use super::common::*;
use super::support::cli::Project;
use super::support::modules::ModuleVersion;
use super::support::user::copy_program;
use super::support::zips;

fn mkfifo(path: &Path) {
    let status = Command::new("mkfifo").arg(path).status();
    assert!(status.expect("mkfifo").success());
}

#[test]
fn nothing_is_waited_for_and_nothing_read_without_end() {
    let server = server();
    // In the tree: go would wait for ever.
    for (name, what) in [("a.go", "changed: a.go"), ("new.go", "extra: new.go")] {
        for make in [mkfifo, |path: &Path| symlink("/dev/zero", path).expect("a link")] {
            let place = place(&server, &[A, B]);
            let path = at(&place, &format!("{TREE}/{name}"));
            remove(&path);
            make(&path);
            says(
                &place,
                &format!(
                    "example.com/a v1.0.0: open $TREE/{name}: not a regular file\n\
                     \tedited tree; go.sum, .ziphash and the zip agree\n\
                     \t{what}\n"
                ),
            );
        }
    }
    // In the place of the zip and of the recorded hash.
    for (kind, want) in [
        ("zip", "example.com/a v1.0.0: open $V.zip: not a regular file\n\tdamaged zip; "),
        ("ziphash", "example.com/a v1.0.0: missing ziphash: open $V.ziphash: not a regular file\n"),
    ] {
        for make in [mkfifo, |path: &Path| symlink("/dev/zero", path).expect("a link")] {
            let place = place(&server, &[A, B]);
            let path = at(&place, &format!("{V}.{kind}"));
            remove(&path);
            make(&path);
            let want = want.replace("$V", &format!("$ROOT/gopath/pkg/mod/{V}"));
            verify(&place, &[]).fails_with(5).stderr_has(&want);
        }
    }
}

#[test]
fn links() {
    let server = server();
    let place = place(&server, &[]);
    // go hashes what a link leads to, and so do we.
    let outside = place.root().join("outside.go");
    fs::write(&outside, "package a\n").expect("a file");
    let path = at(&place, &format!("{TREE}/a.go"));
    remove(&path);
    symlink(&outside, &path).expect("a link");
    is_fine(&place);
    fs::write(&outside, "package b\n").expect("a file");
    verify(&place, &[]).fails_with(5).stderr_has("\tchanged: a.go\n");
    // A loop, and a folder.
    remove(&path);
    symlink("a.go", &path).expect("a link");
    let output = verify(&place, &[]);
    output.fails_with(5).stderr_has("a.go: too many levels of symbolic links\n\tedited tree; ");
    remove(&path);
    symlink(".", &path).expect("a link");
    verify(&place, &[]).fails_with(5).stderr_has("/a.go: is a directory\n\tedited tree; ");
    // The tree itself.
    let elsewhere = place.root().join("elsewhere");
    fs::rename(at(&place, TREE), &elsewhere).expect("a tree moved");
    symlink(&elsewhere, at(&place, TREE)).expect("a link");
    verify(&place, &[]).fails_with(5).stderr_has("a@v1.0.0 is not a directory\n\tedited tree; ");
}

#[test]
fn names_that_would_write_on_the_terminal() {
    let server = server();
    let place = place(&server, &[]);
    write(&place, &format!("{TREE}/\u{1b}[2J\u{202e}x"), "");
    write(&place, &format!("{TREE}/all\tgood\nall modules verified"), "");
    let output = verify(&place, &[]);
    output.fails_with(5);
    output.stderr_has("dirhash: filenames with newlines are not supported\n\tedited tree; ");
    output.stderr_has("\textra: \\u{1b}[2J\\u{202e}x\n");
    output.stderr_has("\textra: all\\tgood\\nall modules verified\n");
    // In a zip, too.
    let evil = ModuleVersion::from_files(A, [("\u{1b}[2J\rx\n".to_owned(), Vec::new())]);
    write(&place, &format!("{V}.zip"), &evil.zip);
    let output = verify(&place, &[]);
    output.fails_with(5).lacks("\u{1b}").lacks("\r");
}

#[test]
fn a_zip_bomb_is_not_inflated() {
    let server = server();
    let place = place(&server, &[A, B]);
    let name = "example.com/a@v1.0.0/bomb";
    let zip = zips::sized(&[(name.to_owned(), b"x".to_vec())]);
    let bomb = zips::Surgery::on(zip).set_both(name, zips::Field::Uncompressed, 600 << 20).finish();
    write(&place, &format!("{V}.zip"), bomb);
    says(
        &place,
        "example.com/a v1.0.0: total uncompressed size of module contents too large (max size is \
         524288000 bytes)\n\
         \tdamaged zip; go.sum, .ziphash and the tree agree\n",
    );
}

#[test]
fn files_larger_than_any_module_are_not_read() {
    let server = server();
    let place = place(&server, &[A, B]);
    for (kind, path) in [("tree", format!("{TREE}/a.go")), ("zip", format!("{V}.zip"))] {
        write(&place, &path, "");
        // It takes no room on disk; to read it would take hours.
        let file = fs::OpenOptions::new().write(true).open(at(&place, &path)).expect("the file");
        file.set_len(1 << 42).expect("a sparse file");
        let output = verify_only(&place);
        let want = match kind {
            "tree" => "example.com/a v1.0.0: dir has been modified (",
            _ => "example.com/a v1.0.0: module zip file is too large (4398046511104 bytes; ",
        };
        output.fails_with(5).stderr_has(want);
        remove(&at(&place, &path));
    }
}

/// Without comparing what was there before and after, which would read it.
fn verify_only(place: &Project) -> super::support::cli::Output {
    place.gomodfetch(["verify"]).run()
}

#[test]
fn a_zip_that_go_would_not_unpack() {
    let server = server();
    let place = place(&server, &[]);
    // Its hash is recorded, as go does it before it refuses the zip.
    let evil = ModuleVersion::from_entries(
        A,
        "module example.com/a\n",
        vec![("example.com/a@v1.0.0/../../../evil".to_owned(), b"x".to_vec())],
    );
    write(&place, &format!("{V}.zip"), &evil.zip);
    write(&place, &format!("{V}.ziphash"), &evil.h1);
    remove(&at(&place, TREE));
    says(
        &place,
        "example.com/a v1.0.0: unzip $V.zip: example.com/a@v1.0.0/../../../evil: malformed file path \
         \"../../../evil\": invalid path element \"..\"\n\
         \ta zip that go refuses to unpack; .ziphash and the zip agree\n",
    );
}

#[test]
fn what_may_not_be_read_is_no_proof_of_damage() {
    let own = tempfile::tempfile().expect("a temporary file").metadata().expect("its owner");
    let user: &[&str] = match std::os::unix::fs::MetadataExt::uid(&own) {
        0 => &["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"],
        _ => &[],
    };
    if let Some(setpriv) = user.first()
        && Command::new(setpriv).args(&user[1..]).arg("true").status().is_err()
    {
        use std::io::Write as _;
        let test = "what_may_not_be_read_is_no_proof_of_damage";
        let _ = writeln!(std::io::stderr().lock(), "SKIPPED {test}: no setpriv");
        return;
    }
    let server = server();
    let set_mode = |place: &Project, name: &str, mode| {
        fs::set_permissions(at(place, name), fs::Permissions::from_mode(mode)).expect("a mode");
    };
    let zip = format!("{V}.zip");
    let ziphash = format!("{V}.ziphash");
    let file = format!("{TREE}/a.go");
    let folder = format!("{TREE}/sub/deep");
    for (name, mode, want) in [
        (&zip, 0o000, "open $V.zip: permission denied\n"),
        (&ziphash, 0o000, "missing ziphash: open $V.ziphash: permission denied\n"),
        (&file, 0o000, "open $TREE/a.go: permission denied\n"),
        (&folder, 0o000, "open $TREE/sub/deep: permission denied\n"),
        (&folder, 0o444, "lstat $TREE/sub/deep/x.txt: permission denied\n"),
    ] {
        let place = place(&server, &[A, B]);
        set_mode(&place, name, mode);
        let mut open = place.root().to_owned();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).expect("a mode");
        open.push("gomodfetch");
        copy_program(&open);
        let output = match user {
            [] => place.program(&open, ["verify"]).run(),
            user => place.program(&open, ["verify"]).through(user).run(),
        };
        set_mode(&place, name, 0o755);
        let cache = "$ROOT/gopath/pkg/mod";
        let want = want
            .replace("$TREE", &format!("{cache}/{TREE}"))
            .replace("$V", &format!("{cache}/{V}"));
        output.fails_with(1).stderr_is(&format!("example.com/a v1.0.0: {want}"));
    }
}
