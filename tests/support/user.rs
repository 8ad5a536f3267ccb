//! A user to whom things can be forbidden: as root nothing is, and root hides mistakes with permissions.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

use super::cli::{Invocation, Project};
use super::go::Go;

/// Whom the tests that root starts run as.
pub const NOBODY: u32 = 65534;

/// A user to whom things can be forbidden.
#[derive(Clone)]
pub struct User {
    wrapper: Vec<String>,
    program: PathBuf,
    _place: Option<Arc<TempDir>>,
}

impl User {
    /// Ourselves, or nobody if we are root; nothing, after saying which test is skipped, where that can't
    /// be had.
    pub fn find(test: &str) -> Option<Self> {
        let built = PathBuf::from(env!("CARGO_BIN_EXE_gomodfetch"));
        let own = tempfile::tempfile().expect("a temporary file").metadata().expect("its owner");
        if own.uid() != 0 {
            return Some(Self { wrapper: Vec::new(), program: built, _place: None });
        }
        let wrapper = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"];
        let works = Command::new(wrapper[0]).args(&wrapper[1..]).arg("true").status();
        if works.is_ok_and(|status| status.success()) {
            // Where it was built others may not look.
            let place = tempfile::Builder::new().prefix("gomodfetch-test-").tempdir();
            let place = place.expect("a temporary folder");
            set_mode(place.path(), 0o755);
            let program = place.path().join("gomodfetch");
            copy_program(&program);
            let wrapper = wrapper.map(str::to_owned).to_vec();
            return Some(Self { wrapper, program, _place: Some(Arc::new(place)) });
        }
        skipped(test, "the tests run as root, and there is no setpriv");
        None
    }

    /// Ourselves, whoever we are.
    pub fn ourselves() -> Self {
        let program = PathBuf::from(env!("CARGO_BIN_EXE_gomodfetch"));
        Self { wrapper: Vec::new(), program, _place: None }
    }

    /// Whether it is who runs the tests.
    pub fn is_ourselves(&self) -> bool {
        self.wrapper.is_empty()
    }

    /// Gives the whole place to the user.
    pub fn owns(&self, place: &Project) {
        if !self.wrapper.is_empty() {
            give_to(place.root(), NOBODY);
        }
    }

    /// The program under test, run by the user.
    pub fn gomodfetch(&self, place: &Project, args: &[&str]) -> Invocation {
        self.through(place.program(&self.program, args))
    }

    /// The real `go mod`, run by the user, who owns the place.
    pub fn go(&self, place: &Project, go: &Go, args: &[&str]) -> Invocation {
        let invocation = place.go(go, ["mod"].iter().chain(args));
        if !self.is_ourselves() {
            // Something was just written there.
            give_to(&place.home(), NOBODY);
        }
        self.through(invocation)
    }

    /// Any command, run by the user.
    pub fn through(&self, invocation: Invocation) -> Invocation {
        if self.wrapper.is_empty() { invocation } else { invocation.through(&self.wrapper) }
    }
}

/// Puts the program under test where others may run it.
///
/// It is another process that writes the copy: a file that this one has open to write is open for a
/// moment in whatever another thread is just starting, and can't be run meanwhile.
pub fn copy_program(to: &Path) {
    let built = Path::new(env!("CARGO_BIN_EXE_gomodfetch"));
    if fs::hard_link(built, to).is_err() {
        let copied = Command::new("cp").arg("--").arg(built).arg(to).status();
        assert!(copied.expect("a cp").success(), "no copy of the program at {}", to.display());
    }
}

/// Gives everything there to a user and the group of the same number; only root can.
pub fn give_to(path: &Path, id: u32) {
    std::os::unix::fs::lchown(path, Some(id), Some(id)).expect("a change of owner");
    if fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir()) {
        for entry in fs::read_dir(path).expect("a folder") {
            give_to(&entry.expect("an entry").path(), id);
        }
    }
}

/// Says that a test is skipped, and why.
pub fn skipped(test: &str, why: &str) {
    // Past the capture of the test harness, which shows nothing of a test that passes.
    let _ = writeln!(std::io::stderr().lock(), "SKIPPED {test}: {why}");
}

/// Changes the permission bits.
#[track_caller]
pub fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a change of mode");
}
