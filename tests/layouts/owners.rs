//! Caches that somebody else has filled and that may only be read.

use std::os::unix::fs::lchown;
use std::path::Path;

use super::common::*;
use super::support::user::{User, skipped};

fn give_to_root(path: &Path) {
    lchown(path, Some(0), Some(0)).expect("a change of owner");
    if path.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
        for entry in std::fs::read_dir(path).expect("a folder") {
            give_to_root(&entry.expect("an entry").path());
        }
    }
}

#[test]
fn what_is_complete_serves_and_what_is_not_is_an_error() {
    let test = "what_is_complete_serves_and_what_is_not_is_an_error";
    let Some(user) = User::find(test) else { return };
    if user.is_ourselves() {
        return skipped(test, "only root can give files to others");
    }
    let server = server();
    let place = |layout: &str| {
        let place = filled(&server, layout);
        user.owns(&place);
        give_to_root(&place.gopath());
        place
    };
    let run = |place: &super::support::cli::Project, args: &[&str]| {
        let before = cache(place);
        let output = user.gomodfetch(place, args).run();
        assert_eq!(before.diff(&cache(place)), [""; 0], "{output}");
        output
    };
    for layout in LAYOUTS {
        let place = place(layout);
        run(&place, &["download", "--layout", layout, "all"]).success().silent();
        run(&place, &["verify"]).success();
    }
    let denied = |name: &str| format!("open $ROOT/gopath/pkg/mod/{name}: permission denied\n");
    let lock = denied(&format!("{V}.lock"));
    // Zips alone serve neither who builds nor who is to remove them.
    let zips = place("zips");
    run(&zips, &["download", "all"]).fails_with(1).stderr_has(&lock);
    let output = run(&zips, &["unpack"]);
    output
        .fails_with(1)
        .stderr_has(&lock)
        .stdout_has("0 modules unpacked, 0 there already, 3 failed");
    let full = place("full");
    run(&full, &["unpack"]).success().stdout_is("0 modules unpacked, 3 there already\n");
    run(&full, &["download", "--layout=zips", "all"]).success().silent();
    run(&full, &["download", "--layout=trees", "all"]).fails_with(1).stderr_has(&lock);
    let trees = place("trees");
    run(&trees, &["vendor"]).success();
}
