//! Files that belong to somebody else, and folders in which nothing may be made.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, chown, symlink};
use std::path::Path;

use super::support::cli::Project;
use super::support::go::Go;
use super::support::user::{NOBODY, User, set_mode, skipped};
use super::world::{Leniency, Who, World};

/// The user, if it is not the one who runs the tests: what root owns it does not.
fn another(test: &str) -> Option<User> {
    let user = User::find(test)?;
    if user.is_ourselves() {
        skipped(test, "only root can give files to others");
        return None;
    }
    Some(user)
}

fn owner(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").uid()
}

/// A go.sum of several pages is replaced by a rename, unless something but its content would change.
#[test]
fn go_sum_stays_whose_it_was() {
    let Some(user) = another("go_sum_stays_whose_it_was") else { return };
    let world = World::small(user, None);
    let finish = |place: &Project, what: &str| {
        world.command(place, Who::We).run().success().silent();
        world.assert_finished(place, Leniency::default(), what);
    };
    let inode = |place: &Project| fs::metadata(place.dir().join("go.sum")).expect("go.sum").ino();

    // Its own: it is another file then, with the same permissions.
    let place = world.place();
    set_mode(&place.dir().join("go.sum"), 0o640);
    let before = inode(&place);
    finish(&place, "its own");
    assert_ne!(inode(&place), before);
    let meta = fs::metadata(place.dir().join("go.sum")).expect("go.sum");
    assert_eq!((meta.uid(), meta.mode() & 0o777), (NOBODY, 0o640));

    // Somebody else's, who lets it be written.
    let place = world.place();
    let path = place.dir().join("go.sum");
    chown(&path, Some(0), Some(0)).expect("a change of owner");
    set_mode(&path, 0o666);
    let before = inode(&place);
    finish(&place, "somebody else's");
    assert_eq!((inode(&place), owner(&path)), (before, 0));

    // In a folder in which nothing can be made.
    let place = world.place();
    set_mode(&place.dir(), 0o555);
    let before = inode(&place);
    finish(&place, "in a folder that is read-only");
    set_mode(&place.dir(), 0o755);
    assert_eq!(inode(&place), before);

    // Through a link, and with a second name.
    let place = world.place();
    let elsewhere = place.root().join("elsewhere.sum");
    fs::rename(place.dir().join("go.sum"), &elsewhere).expect("a rename");
    symlink(&elsewhere, place.dir().join("go.sum")).expect("a link");
    finish(&place, "through a link");
    assert!(fs::symlink_metadata(place.dir().join("go.sum")).expect("go.sum").is_symlink());
    let place = world.place();
    let second = place.root().join("second.sum");
    fs::hard_link(place.dir().join("go.sum"), &second).expect("a second name");
    finish(&place, "with a second name");
    assert_eq!(fs::read_to_string(second).expect("go.sum"), place.read("go.sum"));
}

/// A cache that somebody else has filled and that may only be read: what is in it serves, what is missing
/// is an error that names the place, as go's is.
#[test]
fn the_cache_is_somebody_elses() {
    let test = "the_cache_is_somebody_elses";
    let Some(user) = another(test) else { return };
    let world = World::small(user, Go::find(test));
    let place = world.place();
    world.command(&place, Who::We).run().success();
    let versions = place.modcache().join("cache/download/example.com/data/@v");
    give_to_root(&place.gopath());

    // Complete: it serves, be it with go.sum or without.
    world.command(&place, Who::We).run().success().silent();
    let complete = place.read("go.sum");
    fs::write(place.dir().join("go.sum"), "").expect("go.sum");
    world.command(&place, Who::We).run().success().silent();
    // cache/lock can't be had then, and a go may wait for this very file.
    let half = complete.len() / 2 - 1;
    fs::write(
        place.dir().join("go.sum"),
        &complete[..=complete[..half].rfind('\n').expect("lines")],
    )
    .expect("go.sum");
    let inode = || fs::metadata(place.dir().join("go.sum")).expect("go.sum").ino();
    let before = inode();
    world.command(&place, Who::We).run().success().silent();
    assert_eq!(inode(), before);
    assert!(place.read("go.sum").lines().all(|line| complete.contains(line)));

    // Without one of its zips: the lock can't be opened.
    fs::remove_file(versions.join("v1.0.0.zip")).expect("a zip");
    let lock = versions.join("v1.0.0.lock");
    let want = format!("open {}: permission denied\n", lock.display());
    let sums = place.read("go.sum");
    for who in [Some(Who::We), world.go.as_ref().map(|_| Who::Go)].into_iter().flatten() {
        let copy = world.copy(&place);
        give_to_root(&copy.gopath());
        let output = world.command(&copy, who).run();
        let want = want.replace(&*place.root().to_string_lossy(), "$ROOT");
        assert_eq!(output.code(), Some(1), "{who:?}: {output}");
        assert!(output.relative(&output.stderr).contains(&want), "{who:?}: {output}");
        assert_eq!(copy.read("go.sum"), sums, "{who:?}");
    }

    // Where the lock can be written, but the folder can't.
    set_mode(&lock, 0o666);
    let output = world.command(&place, Who::We).run();
    let zip = "open $ROOT/gopath/pkg/mod/cache/download/example.com/data/@v/v1.0.0.zip";
    output.fails_with(1).stderr_has(zip).stderr_has("permission denied");
    assert_eq!(place.read("go.sum"), sums);
}

fn give_to_root(path: &Path) {
    std::os::unix::fs::lchown(path, Some(0), Some(0)).expect("a change of owner");
    if fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir()) {
        for entry in fs::read_dir(path).expect("a folder") {
            give_to_root(&entry.expect("an entry").path());
        }
    }
}
