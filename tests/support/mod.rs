//! Test support of the integration tests: modules, a checksum database, a server with faults, the
//! program under test and the real `go`, each in a temporary place.
//!
//! Nothing here uses the crate `gomodfetch`. Hashes, zips, signed notes, tiles, escaping and version
//! order are computed by code of its own, so that a test compares two opinions. `support_selftest.rs`
//! has the real `go` confirm this one.
//!
//! A typical test:
//!
//! ```text
//! let mut registry = Registry::new();
//! registry.add("example.com/a v1.0.0", "-- a.go --\npackage a\n");
//! let log = SumLog::new("sum.example.com").on_demand();
//! let server = Server::builder(registry).sumdb(log).https().start();
//! server.fault(Fault::on("*.zip").first(1).cut_after(100));
//!
//! let mut project = Project::new("-- go.mod --\nmodule example.org/main\n…");
//! project.use_server(&server);
//! project.gomodfetch(["download"]).run().success();
//! assert_eq!(server.count("/example.com/a/@v/*.zip"), 2);
//! ```

#![allow(
    dead_code,
    reason = "each integration test is a crate of its own and uses only a part of this"
)]

pub mod answer;
pub mod body;
pub mod chaos;
pub mod cli;
pub mod connection;
pub mod diff;
pub mod faults;
pub mod forge;
pub mod forward;
pub mod go;
pub mod locks;
pub mod modules;
pub mod ranges;
pub mod registry;
pub mod relay;
pub mod reply;
pub mod requests;
pub mod server;
pub mod shelf;
pub mod signer;
pub mod sumlog;
pub mod tls;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub mod trace;
pub mod tree;
pub mod txtar;
#[cfg(unix)]
pub mod user;
pub mod versions;
pub mod zips;
