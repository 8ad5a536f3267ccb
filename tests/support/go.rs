//! The real `go` command, the oracle of the lanes that compare with it.
//!
//! It is the program that `GOMODFETCH_TEST_GO` names, else `go` in `PATH`. Where there is none a test says
//! so and passes, unless `GOMODFETCH_REQUIRE_GO=1` makes its absence a failure.

use std::env;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// An installed `go`.
#[derive(Debug, Clone)]
pub struct Go {
    program: PathBuf,
}

impl Go {
    /// The real `go`, or nothing, after saying which test is skipped.
    ///
    /// ```text
    /// let Some(go) = Go::find("lane_without_arguments") else { return };
    /// ```
    #[track_caller]
    pub fn find(test: &str) -> Option<Self> {
        if let Some(program) = locate() {
            return Some(Self { program });
        }
        assert!(!required(), "{test}: GOMODFETCH_REQUIRE_GO is set and there is no go");
        // Past the capture of the test harness, which shows nothing of a test that passes.
        let _ = writeln!(
            io::stderr().lock(),
            "SKIPPED {test}: no go in PATH (GOMODFETCH_TEST_GO names one, GOMODFETCH_REQUIRE_GO=1 demands one)"
        );
        None
    }

    /// The program.
    pub fn program(&self) -> &Path {
        &self.program
    }
}

/// Whether the absence of `go` is a failure.
pub fn required() -> bool {
    env::var_os("GOMODFETCH_REQUIRE_GO").is_some_and(|value| value == "1")
}

fn locate() -> Option<PathBuf> {
    if let Some(program) = env::var_os("GOMODFETCH_TEST_GO").filter(|value| !value.is_empty()) {
        return Some(PathBuf::from(program));
    }
    let name = format!("go{}", env::consts::EXE_SUFFIX);
    let path: OsString = env::var_os("PATH")?;
    let candidates = env::split_paths(&path).map(|dir| dir.join(&name));
    // A link to go keeps the directory in which it lies; go finds its GOROOT by itself.
    candidates.into_iter().find(|candidate| candidate.is_absolute() && candidate.is_file())
}
