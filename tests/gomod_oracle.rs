//! go.mod files and module zips, judged by the real `go`.
//!
//! - [`every_go_mod_of_a_filled_cache`]: each go.mod that a real module cache holds is what
//!   `go mod edit -json` says it is, or is refused by both, in the same words.
//! - [`every_zip_of_a_filled_cache`]: each zip there has the hash that stands beside it.
//! - [`made_zips`]: which files of a repository are in a module's zip, and what is wrong with the others.
//! - [`pages`]: which go-import tags a page has.
//! - [`dependencies_are_read_leniently`]: what `go mod graph` makes of the go.mod of a dependency.
//!
//! Those about caches need some that were filled before: `GOMODFETCH_ORACLE_CACHE` names them (several as
//! in PATH). Without it, or without a `go`, a test says that it is skipped.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use gomodfetch::spec::goversion;
use gomodfetch::spec::modfile::File;
use gomodfetch::spec::module::Version;
use gomodfetch::spec::modzip::{Archive, Inflater, hash_zip};
use serde_json::{Map, Value, json};

#[allow(dead_code, reason = "each integration test is a crate of its own and uses only a part")]
#[path = "support/go.rs"]
mod go;

#[path = "gomod_oracle/made_zips.rs"]
mod made_zips;
#[path = "gomod_oracle/pages.rs"]
mod pages;
#[path = "gomod_oracle/random.rs"]
mod random;

use go::Go;

const CACHES: &str = "GOMODFETCH_ORACLE_CACHE";

/// The files of all caches with this extension; `None`, after saying so, if there are no caches.
fn cached(test: &str, extension: &str) -> Option<Vec<PathBuf>> {
    let Some(caches) = std::env::var_os(CACHES).filter(|value| !value.is_empty()) else {
        let _ =
            writeln!(io::stderr().lock(), "SKIPPED {test}: {CACHES} names no filled module cache");
        return None;
    };
    let mut found = Vec::new();
    for cache in std::env::split_paths(&caches) {
        let mut folders = vec![cache.join("cache").join("download")];
        while let Some(folder) = folders.pop() {
            let entries =
                fs::read_dir(&folder).unwrap_or_else(|err| panic!("{}: {err}", folder.display()));
            for entry in entries.map(|entry| entry.expect("a folder's entry").path()) {
                if entry.is_dir() {
                    folders.push(entry);
                } else if entry.extension() == Some(OsStr::new(extension)) {
                    found.push(entry);
                }
            }
        }
    }
    assert!(!found.is_empty(), "{CACHES} names a cache without .{extension} files");
    Some(found)
}

/// Gives each item to `judge`, on all cores, and fails with what it complained about.
fn judge_all<T: Sync>(items: &[T], judge: impl Fn(&T) -> Result<(), String> + Sync) {
    let next = AtomicUsize::new(0);
    let complaints = Mutex::new(Vec::new());
    let cores = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(complaint) = judge(item) {
                        complaints.lock().expect("the other threads live").push(complaint);
                    }
                }
            });
        }
    });
    let complaints = complaints.into_inner().expect("all threads have ended");
    assert!(
        complaints.is_empty(),
        "{} of {}:\n{}",
        complaints.len(),
        items.len(),
        complaints.join("\n")
    );
    let _ = writeln!(io::stderr().lock(), "{} compared", items.len());
}

#[test]
fn every_go_mod_of_a_filled_cache() {
    let Some(go) = Go::find("every_go_mod_of_a_filled_cache") else { return };
    let Some(paths) = cached("every_go_mod_of_a_filled_cache", "mod") else { return };
    let mut different: HashMap<Vec<u8>, PathBuf> = HashMap::new();
    for path in paths {
        different.insert(fs::read(&path).expect("a readable go.mod"), path);
    }
    let different: Vec<_> = different.into_iter().collect();
    judge_all(&different, |(data, path)| {
        let by_go = edit_json(&go, path);
        let name = path.display().to_string();
        let by_us = File::parse(&name, data, None)
            .map(|file| structure(&file))
            .map_err(|errors| format!("go: errors parsing {name}:\n{errors}\n"));
        if by_go == by_us {
            return Ok(());
        }
        Err(format!("{name}\n  go   {by_go:?}\n  ours {by_us:?}"))
    });
}

/// What `go mod edit -json` says about a file, or its error.
fn edit_json(go: &Go, path: &Path) -> Result<Value, String> {
    let done = Command::new(go.program())
        .args(["mod", "edit", "-json"])
        .arg(path)
        .env("GOTOOLCHAIN", "local")
        .env("GOFLAGS", "")
        .env("GOENV", "off")
        .current_dir(path.parent().expect("a file lies somewhere"))
        .output()
        .expect("go can be run");
    if done.status.success() {
        Ok(serde_json::from_slice(&done.stdout).expect("JSON"))
    } else {
        Err(String::from_utf8_lossy(&done.stderr).into_owned())
    }
}

/// The same of a file that we have read.
fn structure(file: &File) -> Value {
    let module = file.module.as_ref().map_or(json!({"Path": ""}), |module| {
        with(json!({"Path": &*module.path}), "Deprecated", &module.deprecated)
    });
    let mut said = json!({ "Module": module });
    said = with(said, "Go", file.go.as_deref().map_or("", String::as_str));
    said = with(said, "Toolchain", file.toolchain.as_deref().map_or("", String::as_str));
    if !file.godebug.is_empty() {
        said["GoDebug"] =
            list(&file.godebug, |debug| json!({"Key": debug.key, "Value": debug.value}));
    }
    said["Require"] = list(&file.require, |require| {
        let mut said = version(&require.module);
        if require.indirect {
            said["Indirect"] = true.into();
        }
        said
    });
    said["Exclude"] = list(&file.exclude, |excluded| version(excluded));
    said["Replace"] = list(
        &file.replace,
        |replace| json!({"Old": version(&replace.old), "New": version(&replace.new)}),
    );
    said["Retract"] = list(&file.retract, |retract| {
        let interval = &retract.interval;
        let said = with(Value::Object(Map::new()), "Low", &interval.low);
        with(with(said, "High", &interval.high), "Rationale", &retract.rationale)
    });
    said["Tool"] = list(&file.tool, |tool| json!({"Path": **tool}));
    said["Ignore"] = list(&file.ignore, |ignore| json!({"Path": **ignore}));
    said
}

/// go prints an empty list as null.
fn list<T>(directives: &[T], say: impl Fn(&T) -> Value) -> Value {
    if directives.is_empty() { Value::Null } else { directives.iter().map(say).collect() }
}

fn version(module: &Version) -> Value {
    with(json!({"Path": &*module.path}), "Version", &module.version)
}

/// go leaves out what is empty.
fn with(mut object: Value, key: &str, text: &str) -> Value {
    if !text.is_empty() {
        object[key] = text.into();
    }
    object
}

#[test]
fn every_zip_of_a_filled_cache() {
    let Some(paths) = cached("every_zip_of_a_filled_cache", "zip") else { return };
    judge_all(&paths, |path| {
        let recorded = fs::read_to_string(path.with_extension("ziphash"))
            .map_err(|err| format!("{}: {err}", path.display()))?;
        let zip = fs::File::open(path).expect("a readable zip");
        let hash = Archive::open(zip)
            .map_err(|err| err.to_string())
            .and_then(|zip| hash_zip(&zip, &mut Inflater::exact()).map_err(|err| err.to_string()))
            .map_err(|err| format!("{}: {err}", path.display()))?;
        if recorded.trim_end_matches('\0') == hash {
            return Ok(());
        }
        Err(format!("{}: recorded {recorded}, ours {hash}", path.display()))
    });
}

/// go.mod files of a dependency, after their module line, with and without what only a newer Go, or
/// only a main module, would make sense of.
const LENIENT: [&str; 18] = [
    "require example.com/x v1.0.0",
    "require example.com/x v1.0.0 // indirect",
    "frobnicate example.com/x v1.0.0\nrequire example.com/y v1.0.0",
    "frobnicate (\n\ta b c\n\t\"d\" // e\n)\nrequire (\n\texample.com/y v1.0.0\n\texample.com/x v1.0.0\n)",
    "go v1.23\nrequire example.com/x v1.0.0",
    "go 1.22.x\nrequire example.com/x v1.0.0",
    "go 1.21-corp\nrequire example.com/x v1.0.0",
    "go x\nrequire example.com/x v1.0.0",
    "go 1.23\ntoolchain nonsense\ntoolchain go1.2\nrequire example.com/x v1.0.0",
    "replace example.com/x => nowhere\nexclude example.com/x\nrequire example.com/x v1.0.0",
    "replace example.com/x => example.com/y v1.0.0\nexclude example.com/x v1.0.0\nrequire example.com/x v1.0.0",
    "retract everything\nretract [v1.0.0, v2\nretract v1.0.0 because\nrequire example.com/x v1.0.0",
    "godebug nonsense\ntool a b c\nrequire example.com/x v1.0.0",
    "ignore ./a\nignore (\n\tb\n)\nrequire example.com/x v1.0.0",
    "go 1.22\ngo 1.23\nrequire example.com/x v1.0.0",
    "require example.com/x v1.0.0 v1.1.0",
    "require example.com/x (v1.0.0",
    "require \"example.com/x\" `v1.0.0`\nrequire \"example.com/y v1.0.0",
];

#[test]
fn dependencies_are_read_leniently() {
    let Some(go) = Go::find("dependencies_are_read_leniently") else { return };
    judge_all(&LENIENT, |text| {
        let data = format!("module example.com/dep\n{text}\n");
        let by_us = File::parse_lax("go.mod", data.as_bytes(), None).map(|file| {
            // Older ones are no part of the graph.
            let go = file.go.as_ref().filter(|go| goversion::compare(go, "1.21").is_ge());
            let go = go.map(|go| format!("go@{}", **go));
            let required = file
                .require
                .iter()
                .map(|require| format!("{}@{}", require.module.path, require.module.version));
            let mut edges: Vec<String> = required.chain(go).collect();
            edges.sort();
            edges
        });
        match (graph(&go, &data), by_us) {
            (Ok(by_go), Ok(by_us)) if by_go == by_us => Ok(()),
            (Err(by_go), Err(by_us)) if by_go.contains(&by_us.to_string()) => Ok(()),
            (by_go, by_us) => Err(format!("{text}\n  go   {by_go:?}\n  ours {by_us:?}")),
        }
    });
}

/// The edges of `go mod graph` that start at a dependency whose go.mod is `data`.
fn graph(go: &Go, data: &str) -> Result<Vec<String>, String> {
    let place = tempfile::tempdir().expect("a temporary folder");
    let publish = |module: &str, data: &str| {
        let folder = place.path().join("proxy").join(module).join("@v");
        fs::create_dir_all(&folder).expect("a writable folder");
        fs::write(folder.join("v1.0.0.info"), r#"{"Version":"v1.0.0"}"#).expect("a writable file");
        fs::write(folder.join("v1.0.0.mod"), data).expect("a writable file");
    };
    publish("example.com/dep", data);
    for module in ["example.com/x", "example.com/y"] {
        publish(module, &format!("module {module}\n"));
    }
    let project = place.path().join("project");
    fs::create_dir(&project).expect("a writable folder");
    let main = "module example.org/main\n\ngo 1.20\n\nrequire example.com/dep v1.0.0\n";
    fs::write(project.join("go.mod"), main).expect("a writable file");
    let done = Command::new(go.program())
        .args(["mod", "graph"])
        .current_dir(&project)
        .env("GOPROXY", format!("file://{}/proxy", place.path().display()))
        .env("GOMODCACHE", place.path().join("cache"))
        .envs([("GOSUMDB", "off"), ("GOTOOLCHAIN", "local"), ("GOENV", "off"), ("GOFLAGS", "")])
        .output()
        .expect("go can be run");
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into_owned());
    }
    let text = String::from_utf8(done.stdout).expect("text");
    let from_dep = text.lines().filter_map(|line| line.strip_prefix("example.com/dep@v1.0.0 "));
    let mut edges: Vec<String> = from_dep.map(str::to_owned).collect();
    edges.sort();
    Ok(edges)
}
