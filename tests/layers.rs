//! The layers hold: who imports whom, who prints, who reads the environment, who writes files.
//!
//! The table of allowed imports stands in ARCHITECTURE.md, for people, and is read from there: what
//! the sources do must be what it says, no more and no less. The other rules stand here, in
//! [`BANS`]; most of them are clippy's too (clippy.toml), but clippy sees only what is compiled on
//! one system.
//!
//! Test code is exempt: `#[cfg(test)]` modules, which stand at the bottom of their file or in a file
//! of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// May be used by every layer that stands after them in the table.
const COMMON: [&str; 3] = ["spec", "error", "event"];

/// Text that must not stand in the sources: where it may all the same, and why it is banned.
const BANS: &[Ban] = &[
    Ban {
        words: &[
            "OpenOptions",
            "DirBuilder",
            "File::create",
            "File::options",
            "fs::write",
            "fs::copy",
            "fs::rename",
            "fs::hard_link",
            "fs::create_dir",
            "fs::remove_",
            "fs::set_permissions",
            "unix::fs::symlink",
        ],
        lawful: &["src/sys/"],
        reason: "only sys changes files and directories",
    },
    Ban {
        words: &["env::var", "env::temp_dir", "env::home_dir", "env::set_var", "env::remove_var"],
        lawful: &["src/config/env.rs"],
        reason: "only config reads the environment, and there one function",
    },
    Ban {
        words: &["env::current_dir", "env::set_current_dir", "env::args"],
        lawful: &["src/cli/invocation.rs", "src/main.rs"],
        reason: "arguments and the working directory are taken in once",
    },
    Ban {
        words: &[
            "print!(",
            "println!(",
            "eprint!(",
            "eprintln!(",
            "dbg!(",
            "io::stdout",
            "io::stderr",
        ],
        lawful: &["src/cli/", "src/report/"],
        reason: "only the command line and the observers print",
    },
    Ban {
        words: &["std::process::{", "process::Command", "CommandExt"],
        lawful: &["src/sys/program.rs"],
        reason: "programs are started in one place, within bounds",
    },
    Ban {
        words: &["process::exit", "process::abort"],
        lawful: &[],
        reason: "nothing ends this program but the return from main",
    },
    Ban {
        words: &["anyhow"],
        lawful: &["src/cli/"],
        reason: "errors are types everywhere but at the very top",
    },
    Ban {
        words: &["reqwest", "rustls"],
        lawful: &["src/net/"],
        reason: "the HTTP library stays behind the Transport",
    },
    Ban {
        words: &["clap::", "clap_complete", "clap_mangen"],
        lawful: &["src/cli/"],
        reason: "operations know nothing of flags as they are typed",
    },
    Ban { words: &["indicatif"], lawful: &["src/report/"], reason: "progress is an observer" },
    Ban {
        words: &["static mut ", "thread_local!", "LazyLock", "lazy_static"],
        lawful: &[],
        reason: "there is no global state",
    },
];

/// Layers in which nothing waits: pure functions and state machines.
const SYNCHRONOUS: [&str; 3] = ["src/spec/", "src/config/", "src/verify/sumdb/"];

/// Layers that know no runtime, though their functions may wait.
const RUNTIME_FREE: [&str; 5] =
    ["src/config/", "src/plan/", "src/source/", "src/spec/", "src/verify/sumdb/"];

struct Ban {
    words: &'static [&'static str],
    lawful: &'static [&'static str],
    reason: &'static str,
}

/// A source file without its comments and tests.
struct Source {
    /// Such as `src/net/http.rs`.
    path: String,
    code: String,
}

impl Source {
    /// `net` for `src/net/http.rs`, `error` for `src/error.rs`.
    fn layer(&self) -> &str {
        let inner = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        inner.split('/').next().unwrap_or(inner)
    }

    /// How many `super::` lead from this file's module to the root of the crate.
    fn depth(&self) -> usize {
        self.path.trim_end_matches("/mod.rs").matches('/').count()
    }
}

#[test]
fn imports_are_those_that_architecture_md_tells() {
    let allowed = table();
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for source in sources() {
        let layer = source.layer();
        if matches!(layer, "lib" | "main") {
            continue;
        }
        let others = imports(&source.code).into_iter().filter(|other| other != layer);
        found.entry(layer.to_owned()).or_default().extend(others);
    }
    let layers: BTreeSet<&String> = found.keys().collect();
    let rows: BTreeSet<&String> = allowed.iter().map(|(layer, _)| layer).collect();
    assert_eq!(layers, rows, "one row in ARCHITECTURE.md for each module in src");

    let mut above: BTreeSet<&str> = BTreeSet::new();
    for (layer, uses) in &allowed {
        for other in uses {
            assert!(above.contains(&**other), "{layer} uses {other}, which is not above it");
        }
        // What everyone above may use is not repeated in the rows.
        let common = if above.contains("event") { &COMMON[..] } else { &[] };
        let mut real = found[layer].clone();
        real.retain(|other| !common.contains(&&**other));
        assert_eq!(real, *uses, "what {layer} imports, and what ARCHITECTURE.md says");
        above.insert(layer);
    }
}

#[test]
fn nobody_climbs_out_of_a_layer() {
    for source in sources() {
        let climb = "super::".repeat(source.depth());
        assert!(
            !source.code.contains(&climb),
            "{}: `{climb}` reaches the root of the crate; say `crate::`",
            source.path
        );
    }
}

#[test]
fn each_ban_has_its_lawful_place_only() {
    for source in sources() {
        for ban in BANS {
            if ban.lawful.iter().any(|place| source.path.starts_with(place)) {
                continue;
            }
            for word in ban.words {
                assert!(
                    !contains_word(&source.code, word),
                    "{}: {word}: {}",
                    source.path,
                    ban.reason
                );
            }
        }
    }
}

#[test]
fn lawful_places_are_used() {
    let sources = sources();
    for ban in BANS {
        for place in ban.lawful {
            let used = sources.iter().any(|source| {
                source.path.starts_with(place)
                    && ban.words.iter().any(|word| contains_word(&source.code, word))
            });
            assert!(used, "{place} does nothing of {:?} any more", ban.words);
        }
    }
}

#[test]
fn pure_layers_do_not_wait_and_know_no_runtime() {
    for source in sources() {
        let within = |places: &[&str]| places.iter().any(|place| source.path.starts_with(place));
        if within(&SYNCHRONOUS) {
            for word in ["async ", ".await"] {
                assert!(!contains_word(&source.code, word), "{}: {word}", source.path);
            }
        }
        if within(&RUNTIME_FREE) {
            assert!(!contains_word(&source.code, "tokio"), "{}: tokio", source.path);
        }
    }
}

#[test]
fn every_file_says_what_it_is() {
    for (path, text) in files() {
        if path != "src/main.rs" {
            assert!(text.starts_with("//! "), "{path}: no module documentation");
        }
    }
}

/// The rows of the table of layers in ARCHITECTURE.md: a layer and what it uses.
fn table() -> Vec<(String, BTreeSet<String>)> {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let (_, rest) = text.split_once("<!-- layers -->").expect("a table of layers");
    let (table, _) = rest.split_once("<!-- /layers -->").expect("its end");
    let words = |cell: &str| -> BTreeSet<String> {
        cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|row| {
            let cells: Vec<&str> = row.split('|').collect();
            let layer = words(cells[1]).pop_first().expect("a layer");
            (layer, words(cells[2]))
        })
        .collect()
}

/// The modules right below the root of the crate that `code` names.
fn imports(code: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
    };
    let mut found = Vec::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            None => found.push(name(rest)),
            Some(list) => found.extend(top_level_items(list).iter().map(|item| name(item))),
        }
    }
    found
}

/// The items of `a::{b, c}, d}` that stand outside of inner braces: `a::{b, c}` and `d`.
fn top_level_items(list: &str) -> Vec<&str> {
    let (mut items, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                items.push(list[start..at].trim());
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    items.retain(|item| !item.is_empty());
    items
}

/// Whether `word` stands in `code` and is not the tail of a longer name.
fn contains_word(code: &str, word: &str) -> bool {
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        !before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files of src, by their path from the root.
fn files() -> Vec<(String, String)> {
    fn walk(dir: &Path, into: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, into);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                into.push(path);
            }
        }
    }
    let mut paths = Vec::new();
    walk(&root().join("src"), &mut paths);
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/");
        (name, std::fs::read_to_string(&path).unwrap())
    };
    paths.into_iter().map(read).collect()
}

/// All files of src that are not only for tests, without comments and test modules.
fn sources() -> Vec<Source> {
    let mut only_tests = BTreeSet::new();
    let mut sources = Vec::new();
    for (path, text) in files() {
        let (code, test_files) = without_tests(&text);
        let dir = match path.strip_suffix("/mod.rs") {
            Some(dir) => dir,
            None => path.trim_end_matches(".rs"),
        };
        only_tests.extend(test_files.iter().map(|name| format!("{dir}/{name}.rs")));
        sources.push(Source { path, code });
    }
    for path in &only_tests {
        assert!(sources.iter().any(|source| source.path == *path), "{path} is named and not there");
    }
    sources.retain(|source| !only_tests.contains(&source.path));
    assert!(sources.len() > 50, "the sources were found");
    sources
}

/// The code of a file without comments and without the test module at its bottom; and the names of
/// modules that are for tests only and have files of their own.
fn without_tests(text: &str) -> (String, Vec<String>) {
    let mut code = String::new();
    let mut test_files = Vec::new();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    while let Some(line) = lines.next() {
        if !line.starts_with("#[cfg(test)]") && !line.starts_with("#[cfg(all(test") {
            code.push_str(line);
            code.push('\n');
            continue;
        }
        let module = lines.find(|line| !line.starts_with("#[")).unwrap_or_default();
        let name = module.split_whitespace().skip_while(|word| *word != "mod").nth(1);
        match name.map(|name| name.strip_suffix(';')) {
            Some(Some(name)) => test_files.push(name.to_owned()),
            Some(None) => break,
            None => {}
        }
    }
    (code, test_files)
}

mod self_test {
    use super::*;

    #[test]
    fn code_is_told_from_tests_and_comments() {
        let text = "//! crate::a\nuse crate::b;\n#[cfg(test)]\nmod fixture;\nfn f() {}\n\
                    #[cfg(all(test, unix))]\nmod tests {\nuse crate::c;\n}\n";
        let (code, test_files) = without_tests(text);
        assert_eq!(code, "use crate::b;\nfn f() {}\n");
        assert_eq!(test_files, ["fixture"]);
    }

    #[test]
    fn imports_are_found() {
        let code = "use crate::{a::{b, c}, d, e::f};\nlet x = crate::g::h();\nuse crate::i;\n";
        assert_eq!(imports(code), ["a", "d", "e", "g", "i"]);
    }

    #[test]
    fn words_are_whole() {
        assert!(contains_word("std::env::var(x)", "env::var"));
        assert!(contains_word("eprintln!(x)", "eprintln!("));
        assert!(!contains_word("eprintln!(x)", "println!("));
        assert!(!contains_word("Downloads_fs::write(x)", "fs::write"));
    }
}
