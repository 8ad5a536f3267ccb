//! What the tests of failure and trust have in common.

use std::fs;
use std::path::Path;

use super::support::cli::{Output, Project, Running};
use super::support::diff;
use super::support::go::Go;
use super::support::server::Server;
use super::support::tree::Snapshot;

/// A main module at go 1.21 that requires these, such as `example.com/a v1.0.0`.
pub fn main_module(required: &[&str]) -> String {
    let mut text = "-- go.mod --\nmodule example.org/main\n\ngo 1.21\n".to_owned();
    for required in required {
        text.push_str(&format!("\nrequire {required}\n"));
    }
    text
}

/// A project with this go.mod and this go.sum, served by the server.
pub fn project(server: &Server, go_mod: &str, go_sum: &str) -> Project {
    let mut project = Project::new(go_mod);
    if !go_sum.is_empty() {
        project.write("go.sum", go_sum);
    }
    project.use_server(server);
    project
}

/// What a command wrote to standard error, fit for comparison: without go's lines about what it
/// downloads, `$ROOT` for the project's folder and `$SERVER` for the server's URL.
pub fn said(output: &Output, server: &Server) -> String {
    plain(&output.relative(&output.stderr), server)
}

/// A text with `$SERVER` for the server's URL, without go's lines about what it downloads.
pub fn plain(text: &str, server: &Server) -> String {
    let address = server.address().to_string();
    let lines = text.split_inclusive('\n').filter(|line| !line.starts_with("go: downloading "));
    lines.collect::<String>().replace(&server.url(), "$SERVER").replace(&address, "$ADDRESS")
}

/// Both commands fail, and both say this on standard error. `go` is only run where it is installed.
///
/// `make` makes a fresh place for each of them. Ours ends with `code`, whose output is returned with
/// its place.
#[track_caller]
pub fn both_say(
    test: &str,
    server: &Server,
    make: &dyn Fn() -> Project,
    args: &[&str],
    code: i32,
    want: &str,
) -> (Project, Output) {
    let ours = make();
    let output = ours.gomodfetch(args).run();
    diff::assert_same(&format!("{test}: what we say"), want, &said(&output, server));
    output.fails_with(code);
    go_says(test, server, make, args, want);
    (ours, output)
}

/// What the real `go` says, where it is installed, is this.
#[track_caller]
pub fn go_says(test: &str, server: &Server, make: &dyn Fn() -> Project, args: &[&str], want: &str) {
    if let Some(output) = go_runs(test, make, args) {
        output.fails_with(1);
        diff::assert_same(&format!("{test}: what go says"), want, &said(&output, server));
    }
}

/// The real `go mod …` in a fresh place, where it is installed.
pub fn go_runs(test: &str, make: &dyn Fn() -> Project, args: &[&str]) -> Option<Output> {
    let thread = std::thread::current();
    let go = Go::find(&format!("{} ({test})", thread.name().unwrap_or_default()))?;
    let project = make();
    Some(project.go(&go, ["mod"].iter().chain(args)).run())
}

/// The frame that go puts around security messages.
pub fn security_error(text: &str) -> String {
    format!("\n\nSECURITY ERROR\n{text}\n\nFor more information, see 'go help module-auth'.\n")
}

/// Everything in the module cache that could be taken for this module: `.mod`, `.zip`, `.ziphash`,
/// the tree, and what stands under temporary names anywhere.
pub fn published(project: &Project, path: &str) -> Vec<String> {
    let below = format!("cache/download/{path}/@v/");
    let tree = format!("{path}@");
    let cache = project.modcache();
    let snapshot = if cache.is_file() { Snapshot::default() } else { Snapshot::of(&cache) };
    let nodes = snapshot.nodes.keys().filter(|name| {
        let own = name.strip_prefix(&below).is_some_and(|file| {
            [".mod", ".zip", ".ziphash", ".partial"].iter().any(|kind| file.ends_with(kind))
        });
        own || (name.starts_with(&tree) && !name.contains(".tmp-"))
    });
    nodes.cloned().chain(leftovers(project)).collect()
}

/// What stands under temporary names: in the module cache, or in TMPDIR.
pub fn leftovers(project: &Project) -> Vec<String> {
    let temporary = |name: &String| name.ends_with(".tmp") || name.contains(".tmp-");
    let cache = Snapshot::of(&project.gopath());
    let mut found: Vec<String> = cache.nodes.into_keys().filter(temporary).collect();
    found.extend(Snapshot::of(&project.tmp()).nodes.into_keys());
    found
}

/// Nothing of this module is in the module cache, nor anything under a temporary name.
#[track_caller]
pub fn assert_unpublished(project: &Project, path: &str) {
    let found = published(project, path);
    assert!(found.is_empty(), "{path} is in the cache: {found:#?}");
}

/// The zip of this module version is in the cache with its hash and its tree.
#[track_caller]
pub fn assert_published(project: &Project, module: &str) {
    let (path, version) = super::support::versions::split(module);
    let cache = project.modcache();
    for name in [
        format!("cache/download/{path}/@v/{version}.zip"),
        format!("cache/download/{path}/@v/{version}.ziphash"),
        format!("{path}@{version}"),
    ] {
        assert!(cache.join(&name).exists(), "missing in the cache: {name}");
    }
}

/// What a run may take at most, in KiB: 150 MB.
pub const MAX_MEMORY: u64 = 150_000_000 / 1024;

/// Waits for the end of a program, and tells the most memory that it had resident, in KiB; 0 where the
/// system does not say.
#[track_caller]
pub fn with_peak_memory(mut running: Running) -> (Output, u64) {
    let status = format!("/proc/{}/status", running.id());
    let mut peak = 0;
    while cfg!(target_os = "linux") && running.is_running() {
        if let Ok(text) = fs::read_to_string(&status)
            && let Some(line) = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))
        {
            peak = line.trim().trim_end_matches(" kB").parse().expect("a number of KiB");
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    (running.wait(), peak)
}

/// Waits until a program waits for the lock of a file that somebody holds.
///
/// Linux tells who waits; elsewhere a program that still runs after half a second is taken to.
#[track_caller]
pub fn wait_until_blocked(running: &mut Running, path: &Path) {
    if !cfg!(target_os = "linux") {
        let half_a_second = std::time::Duration::from_millis(500);
        assert!(running.still_runs_after(half_a_second), "it does not wait for {}", path.display());
        return;
    }
    for _ in 0..3000 {
        if someone_waits_for(path) {
            return;
        }
        assert!(running.is_running(), "it did not wait for {}", path.display());
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("it does not wait for {}", path.display());
}

/// Whether the kernel lists somebody as blocked on the lock of a file: a line with `->` that ends in
/// device, inode and range.
#[cfg(target_os = "linux")]
fn someone_waits_for(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let inode = format!(":{} ", fs::metadata(path).map_or(0, |meta| meta.ino()));
    let locks = fs::read_to_string("/proc/locks").expect("the list of locks");
    locks.lines().any(|line| line.contains("-> FLOCK") && line.contains(&inode))
}

#[cfg(not(target_os = "linux"))]
fn someone_waits_for(_: &Path) -> bool {
    false
}

/// Waits until something is there; panics after a minute.
#[track_caller]
pub fn wait_for(path: &Path) {
    for _ in 0..6000 {
        if fs::symlink_metadata(path).is_ok() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("{} does not appear", path.display());
}
