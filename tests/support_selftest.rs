//! The test support tests itself: what a test double says must be true before it may judge a program.
//!
//! Where the real `go` is installed it is the judge of the module proxy, the hashes and the checksum
//! database; the faults are looked at from a raw socket and from an HTTP/2 client.

mod support;

#[path = "support_selftest/commands.rs"]
mod commands;
#[path = "support_selftest/faults.rs"]
mod faults;
#[path = "support_selftest/proxy.rs"]
mod proxy;
#[path = "support_selftest/sumdb.rs"]
mod sumdb;
#[path = "support_selftest/texts.rs"]
mod texts;
#[path = "support_selftest/zips.rs"]
mod zips;

/// Modules of every shape that a proxy must get right: no go.mod, upper case, +incompatible, a
/// pseudo-version, a pre-release, a name that needs UTF-8, an empty file.
const MODULES: &str = "\
-- example.com/a@v1.0.0/go.mod --
module example.com/a

go 1.20

require example.com/Upper v1.0.0-RC.1
-- example.com/a@v1.0.0/a.go --
package a
-- example.com/a@v1.0.0/empty --
-- example.com/a@v1.0.0/testdata/größe.txt --
Umlaute
-- example.com/a@v1.2.0/go.mod --
module example.com/a
-- example.com/a@v1.10.0/go.mod --
module example.com/a
-- example.com/Upper@v1.0.0-RC.1/go.mod --
module example.com/Upper
-- example.com/Upper@v1.0.0-RC.1/LICENSE --
Free.
-- example.com/old@v2.0.0+incompatible/old.go --
package old
-- example.com/p@v0.0.0-20240102030405-0123456789ab/p.go --
package p
";

/// A main module that requires most of them.
const PROJECT: &str = "\
-- go.mod --
module example.org/main

go 1.20

require (
	example.com/Upper v1.0.0-RC.1
	example.com/a v1.0.0
	example.com/old v2.0.0+incompatible
	example.com/p v0.0.0-20240102030405-0123456789ab
)
";

const REQUIRED: [&str; 4] = [
    "example.com/Upper v1.0.0-RC.1",
    "example.com/a v1.0.0",
    "example.com/old v2.0.0+incompatible",
    "example.com/p v0.0.0-20240102030405-0123456789ab",
];
