//! The oracle lane: the real `go` and the program under test do the same work, and must leave the same.
//!
//! Compared are whether they fail, the JSON objects, what is said on standard error, and every file
//! below the project, GOMODCACHE and `$GOPATH/pkg/sumdb`, to the byte and to the permission bit.
//!
//! The work is described in `oracle/cases/*.txt`, in the small language of [`case`]; [`random`] makes up
//! module graphs. Without a `go` in PATH each test says that it is skipped, and
//! `GOMODFETCH_REQUIRE_GO=1` makes that a failure.

mod support;

#[path = "oracle/batches.rs"]
mod batches;
#[path = "oracle/case.rs"]
mod case;
#[path = "oracle/lane.rs"]
mod lane;
#[path = "oracle/random.rs"]
mod random;
#[path = "oracle/shared.rs"]
mod shared;
#[path = "oracle/stage.rs"]
mod stage;
#[path = "oracle/trace.rs"]
mod trace;

/// One test for each file of cases.
macro_rules! lanes {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                let text = include_str!(concat!("oracle/cases/", stringify!($name), ".txt"));
                lane::run(stringify!($name), text);
            }
        )*
    };
}

lanes! {
    no_arguments
    arguments
    queries
    replace
    settings
    outside
    go_sum
    proxies
    privacy
    cache
    failures
    info
    graph
    workspace
    verify
    list
    list_queries
    list_updates
    vendor
    vendoring
    why
    templates
}
