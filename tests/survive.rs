//! Killed at any moment, two at once, on full and broken disks: what is left is always something that go
//! and we can use, and in the end it is what an undisturbed run would have left.
//!
//! Run as root these tests do their work as another user, from whom things can be withheld.
//!
//! `cargo test` tries a few dozen moments and finishes what was left by the program itself. The whole of
//! it, with the real go finishing what we left and we what go left, is
//!
//! ```text
//! GOMODFETCH_KILLS=500 cargo test --locked --test survive
//! ```
//!
//! `GOMODFETCH_SEED=N`, as printed by a run that failed, chooses the same moments again.

#![cfg(unix)]

mod support;

#[path = "survive/company.rs"]
mod company;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[path = "survive/disk.rs"]
mod disk;
#[path = "survive/kill.rs"]
mod kill;
#[path = "survive/layouts.rs"]
mod layouts;
#[path = "survive/owners.rs"]
mod owners;
#[path = "survive/signals.rs"]
mod signals;
#[path = "survive/world.rs"]
mod world;
