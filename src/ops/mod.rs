//! The operations that a user can ask for, one file each.
//!
//! An operation takes a [`Ctx`](crate::ctx::Ctx) and its arguments and gives an outcome or an error;
//! it prints nothing.
//!
//! - [`download`]: `download`, as `go mod download`.
//! - [`verify`]: `verify`, as `go mod verify`.
//! - [`graph`]: `graph`, as `go mod graph`.
//! - [`mod@list`]: `list`, as `go list -m`.
//! - [`mirrors`]: how well module proxies can be reached.
//! - [`speeds`]: what is remembered of that.
//! - [`dry_run`]: what `download` would fetch.
//! - [`needed`]: `download --needed`, only the modules that some packages take.
//! - [`mod@env`]: `env`, every setting and where it came from.
//! - [`listing`]: which modules the arguments of a command mean.
//! - [`module_info`]: what there is to tell of a module.
//! - [`vendor`]: the vendor directory, and whether it agrees with go.mod.
//! - [`vendoring`]: `vendor`, as `go mod vendor` and `go work vendor`.
//! - [`why`]: `why`, as `go mod why`.
//! - [`go_mods`]: go.mod files of dependencies, from the cache, proxies and directories.
//! - [`load`]: the main module read and settled, which most operations begin with.
//! - [`commit`]: go.mod and go.sum written back.
//! - [`project`]: finding and reading the main modules.
//! - [`workspace`]: those of a go.work.
//! - [`session`]: the pipeline that an operation fetches through.
//! - [`toolchains`]: the Go that go would switch to.
//! - [`unpack`]: `unpack`, trees made of the zips in the cache.
//! - [`query`]: which version `path@query` means.
//! - [`packages`]: which packages import which, and from which modules they come.
//! - [`overlay`]: files that stand in for others (`-overlay`).

pub mod commit;
pub mod download;
pub mod dry_run;
pub mod env;
pub mod go_mods;
pub mod graph;
pub mod list;
pub mod listing;
pub mod load;
pub mod mirrors;
pub mod module_info;
pub mod needed;
pub mod overlay;
pub mod packages;
pub mod prewarm;
pub mod project;
pub mod query;
pub mod reuse;
pub mod session;
pub mod speeds;
pub mod toolchains;
pub mod unpack;
pub mod vendor;
pub mod vendoring;
pub mod verify;
pub mod why;
pub mod workspace;
