//! The commands: how each is written, which flags of go it has, and what it does.
//!
//! A new command is one file here and one line in [`ALL`].

use clap::Command;

use crate::cli::invocation::Invocation;
use crate::config::goflags::{
    FlagDef, LIST, MOD_DOWNLOAD, MOD_GRAPH, MOD_VENDOR, MOD_VERIFY, MOD_WHY, PREWARM,
};

pub mod download;
pub mod env;
pub mod graph;
pub mod list;
pub mod mirrors;
pub mod prewarm;
pub mod unpack;
pub mod vendor;
pub mod verify;
pub mod why;

/// A command.
pub struct Definition {
    /// Its name.
    pub name: &'static str,
    /// Whether go has it as `go mod NAME`, so that `mod NAME` means the same here.
    pub of_mod: bool,
    /// The flags that go's command of this name has, which GOFLAGS may set.
    pub go_flags: &'static [FlagDef],
    /// Whether what is wrong with GOFLAGS is left out rather than refused.
    pub tolerates_goflags: bool,
    /// Gives the command and its flags, without those that all commands have.
    pub define: fn() -> Command,
    /// Does what was asked for, and gives the exit code.
    pub run: fn(Invocation<'_>) -> anyhow::Result<u8>,
}

/// All commands that work with the settings, in the order in which help lists them.
pub const ALL: &[Definition] = &[
    Definition {
        name: "download",
        of_mod: true,
        go_flags: MOD_DOWNLOAD,
        tolerates_goflags: false,
        define: download::define,
        run: download::run,
    },
    Definition {
        name: "graph",
        of_mod: true,
        go_flags: MOD_GRAPH,
        tolerates_goflags: false,
        define: graph::define,
        run: graph::run,
    },
    Definition {
        name: "verify",
        of_mod: true,
        go_flags: MOD_VERIFY,
        tolerates_goflags: false,
        define: verify::define,
        run: verify::run,
    },
    Definition {
        name: "vendor",
        of_mod: true,
        go_flags: MOD_VENDOR,
        tolerates_goflags: false,
        define: vendor::define,
        run: vendor::run,
    },
    Definition {
        name: "why",
        of_mod: true,
        go_flags: MOD_WHY,
        tolerates_goflags: false,
        define: why::define,
        run: why::run,
    },
    Definition {
        name: "prewarm",
        of_mod: false,
        go_flags: PREWARM,
        tolerates_goflags: false,
        define: prewarm::define,
        run: prewarm::run,
    },
    Definition {
        name: "cache-key",
        of_mod: false,
        go_flags: &[],
        tolerates_goflags: false,
        define: prewarm::define_key,
        run: prewarm::run_key,
    },
    Definition {
        name: "unpack",
        of_mod: false,
        go_flags: MOD_DOWNLOAD,
        tolerates_goflags: false,
        define: unpack::define,
        run: unpack::run,
    },
    Definition {
        name: "list",
        of_mod: false,
        go_flags: LIST,
        tolerates_goflags: false,
        define: list::define,
        run: list::run,
    },
    Definition {
        name: "mirrors",
        of_mod: false,
        go_flags: &[],
        tolerates_goflags: true,
        define: mirrors::define,
        run: mirrors::run,
    },
    Definition {
        name: "env",
        of_mod: false,
        go_flags: MOD_DOWNLOAD,
        tolerates_goflags: true,
        define: env::define,
        run: env::run,
    },
];

/// Those that go has as `go work NAME`.
pub const OF_WORK: &[Definition] = &[Definition {
    name: "vendor",
    of_mod: false,
    go_flags: MOD_VENDOR,
    tolerates_goflags: false,
    define: vendor::define,
    run: vendor::run_of_work,
}];
