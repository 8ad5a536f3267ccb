//! The operating system, knowing nothing of Go.
//!
//! Everything that opens a file for writing, takes a lock, or removes a tree is here, so that the
//! order of system calls that keeps the shared module cache sound can be read in one place.
//!
//! - [`cores`]: work spread over the cores.
//! - [`error`]: an I/O error that can be cloned and that names the operation and the path.
//! - [`change`]: files that others use meanwhile, changed under their locks.
//! - [`lock`]: advisory whole-file locks, compatible with those of the `go` command.
//! - [`mod@file`]: files and directories made, renamed, removed; atomic replacement.
//! - [`leader`]: one goes first, the others follow.
//! - [`limits`]: how many files may be open.
//! - [`tree`]: directory trees that are read-only when finished.
//! - [`once`]: work done once per key, however many ask for it.
//! - [`program`]: other programs, the one place that starts them.
//! - [`read`]: files read that may be something else.
//! - [`replace`]: a tree replaced as a whole.
//! - [`signals`]: which of them are ignored.
//! - [`tty`]: text from elsewhere made safe for a terminal.
//! - [`walk`]: files found below a folder.

#![allow(
    clippy::disallowed_methods,
    reason = "the one place that changes files and directories, and starts programs"
)]

pub mod budget;
pub mod change;
pub mod cores;
pub mod error;
pub mod file;
pub mod leader;
pub mod limits;
pub mod lock;
pub mod once;
pub mod program;
pub mod read;
pub mod replace;
pub mod signals;
pub mod tree;
pub mod tty;
pub mod walk;

pub use error::IoError;
