//! Together with software of others, on loopback: goproxy as a proxy and as a way to the checksum
//! database, nginx with a static tree and as a cache that is written to, squid on the way.
//!
//! Where one of them is missing its tests say so and pass, unless `GOMODFETCH_REQUIRE_INTEROP=1` makes that
//! a failure. `GOMODFETCH_TEST_GOPROXY` names the program goproxy, which no system packs.
#![cfg(unix)]

mod support;

#[path = "interop/daemon.rs"]
mod daemon;
#[path = "interop/dav.rs"]
mod dav;
#[path = "interop/goproxy.rs"]
mod goproxy;
#[path = "interop/nginx.rs"]
mod nginx;
#[path = "interop/squid.rs"]
mod squid;
#[path = "interop/world.rs"]
mod world;
