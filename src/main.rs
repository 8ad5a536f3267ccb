//! The `gomodfetch` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    gomodfetch::cli::main(std::env::args_os())
}
