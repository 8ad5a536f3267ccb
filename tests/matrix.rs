//! Every fault against every kind of request, over HTTP/1.1 and over HTTP/2 with TLS: what is to come of
//! it stands in tables.
//!
//! Either the run recovers, and leaves the cache that it leaves without the fault, to the bit; or it
//! fails with the exit code and the text of the table, has published nothing but what that cache has, too,
//! and the next run, with the server healthy, completes it.

mod support;

#[path = "matrix/ranges.rs"]
mod ranges;
#[path = "matrix/redirects.rs"]
mod redirects;
#[path = "matrix/table.rs"]
mod table;
#[path = "matrix/world.rs"]
mod world;
