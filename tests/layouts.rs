//! `--layout`, and `unpack`: caches of zips alone and of trees alone, what go makes of them, and how they
//! become whole.

mod support;

#[path = "layouts/common.rs"]
mod common;
#[path = "layouts/download.rs"]
mod download;
#[path = "layouts/go.rs"]
mod go;
#[cfg(unix)]
#[path = "layouts/owners.rs"]
mod owners;
#[path = "layouts/prewarm.rs"]
mod prewarm;
#[path = "layouts/unpack.rs"]
mod unpack;
