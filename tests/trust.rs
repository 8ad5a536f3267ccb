//! Failure and trust: what is refused, what is said then, and what is left on disk.
//!
//! Every test has a proxy of its own on loopback, often one that lies, and a place of its own. Where
//! `go` prints a text for a failure, ours is the same; with the real `go` at hand (see
//! `support::go`) the same command is given to it, and its text is held against the one that stands
//! in the test.

mod support;

#[path = "trust/answers.rs"]
mod answers;
#[path = "trust/checksums.rs"]
mod checksums;
#[path = "trust/common.rs"]
mod common;
#[path = "trust/company.rs"]
mod company;
#[path = "trust/database.rs"]
mod database;
#[cfg(unix)]
#[path = "trust/disk.rs"]
mod disk;
#[path = "trust/explain.rs"]
mod explain;
#[path = "trust/head.rs"]
mod head;
#[path = "trust/locks.rs"]
mod locks;
#[path = "trust/memory.rs"]
mod memory;
#[path = "trust/network.rs"]
mod network;
#[path = "trust/routes.rs"]
mod routes;
#[path = "trust/secrets.rs"]
mod secrets;
#[path = "trust/zips.rs"]
mod zips;
