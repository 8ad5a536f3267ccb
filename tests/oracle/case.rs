//! The language of cases.
//!
//! A file holds cases, each opened by a line `=== NAME`. A case is a txtar: steps, one a line, then files.
//! What stands before the first case belongs to each, its files unless the case has its own.
//!
//! ```text
//! === no arguments
//! # Whatever needs to be said.
//! ok: download -json
//!
//! -- graph --
//! a v1.0.0: b v1.1.0
//! b v1.1.0
//! -- go.mod --
//! module example.org/main
//!
//! go 1.21
//!
//! require example.com/a v1.0.0
//! ```
//!
//! The file `graph` describes modules in the language of
//! [`Registry::from_graph`](crate::support::registry::Registry::from_graph); files named
//! `registry/PATH@VERSION/NAME` are modules in full; all others are files of the project.
//!
//! | step                        | what it does                                                      |
//! |-----------------------------|-------------------------------------------------------------------|
//! | `ok: ARGS`                  | runs `go mod ARGS` and `gomodfetch ARGS`; both must succeed       |
//! | `exit N: ARGS`              | the same; go must fail, we with this code                         |
//! | `differs in stderr: WHY`    | the next run may say other things on standard error               |
//! | `differs in stdout: WHY`    | … or on standard output                                           |
//! | `differs in PATTERN: WHY`   | from here on the files whose path fits are not compared           |
//! | `says: TEXT`                | the run before said this on standard error                        |
//! | `env NAME=VALUE`            | sets a variable                                                   |
//! | `unset NAME`                | unsets it                                                         |
//! | `umask 027`                 | from now on                                                       |
//! | `cd DIR`                    | runs below the project's folder from now on                       |
//! | `sumdb`                     | there is a checksum database that knows all modules               |
//! | `fault PATTERN STATUS`      | requests whose path fits get this status                          |
//! | `fault2 PATTERN STATUS`     | the same of a second server, `$URL2`, which serves the same       |
//! | `heal`                      | no faults any more                                                |
//! | `query PATH NAME VERSION`   | a branch or commit                                                |
//! | `list PATH VERSIONS…`       | what the server lists                                             |
//! | `latest PATH VERSION`       | what the server calls the latest                                  |
//! | `time MODULE TIME`          | the commit time in the `.info`                                    |
//! | `info MODULE JSON`          | the whole `.info`                                                 |
//! | `lie MODULE`                | the server's zip is not the published one                         |
//! | `gosum FILE ENTRIES…`       | true lines: `a@v1.0.0` both, `…/zip` and `…/mod` one, `*` all     |
//! | `write FILE TEXT`           | `\n` and `\r` are understood                                      |
//! | `append FILE TEXT`          | the same                                                          |
//! | `crlf FILE`                 | turns line ends into CR LF                                        |
//! | `mkdir DIR`, `rm PATH`      |                                                                   |
//! | `cat FILE`                  | the file is there, on both sides                                  |
//!
//! Files are named from the folder around everything: `project/go.mod`, `gopath/pkg/mod/…`, the latter
//! also as `$MOD/…`, and `$DL/…` for `$MOD/cache/download/…`. In all steps `$URL` and `$URL2` are the
//! servers, `$FILE` is the `file://` URL of the same modules, `$VKEY` the database's key.

use crate::support::modules::ModuleVersion;
use crate::support::registry::Registry;
use crate::support::txtar::Archive;
use crate::support::versions;

/// A case, parsed.
#[derive(Debug, Clone)]
pub struct Case {
    /// What it is about.
    pub name: String,
    /// What is done, in order.
    pub steps: Vec<Step>,
    /// The files of the project.
    pub project: Archive,
    /// The modules that there are.
    pub registry: Registry,
    /// Whether there is a checksum database.
    pub sumdb: bool,
}

/// One step; texts are as written, with their `$` names.
#[derive(Debug, Clone)]
pub enum Step {
    /// Runs the command, which ends with this code when it is ours.
    Run(u8, Vec<String>),
    /// The next run may say something else on this stream; or files that fit are not compared.
    Differs(String),
    /// The last run said this.
    Says(String),
    /// Sets a variable.
    Env(String, String),
    /// Unsets a variable.
    Unset(String),
    /// Sets the umask.
    Umask(String),
    /// Changes the folder.
    Cd(String),
    /// Adds a fault to the first or second server.
    Fault(usize, String, u16),
    /// Removes all faults.
    Heal,
    /// Changes files in the folder around everything.
    Disk(Disk),
}

/// A change on disk, the same on both sides.
#[derive(Debug, Clone)]
pub enum Disk {
    /// Writes a file.
    Write(String, String),
    /// Adds to a file.
    Append(String, String),
    /// Gives a file the line ends of Windows.
    Crlf(String),
    /// Makes a folder.
    Mkdir(String),
    /// Removes a file or a tree, which must be there.
    Rm(String),
    /// Demands a file.
    Cat(String),
}

/// The arguments of a command, of which those with spaces stand in single quotes.
fn arguments(text: &str) -> Vec<String> {
    let mut args = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (arg, after) = match rest.strip_prefix('\'') {
            Some(quoted) => quoted.split_once('\'').expect("a closing quote"),
            None => rest.split_once(' ').unwrap_or((rest, "")),
        };
        args.push(arg.to_owned());
        rest = after.trim_start();
    }
    args
}

/// All cases of a file.
pub fn parse(text: &str) -> Vec<Case> {
    let text = format!("\n{text}");
    let mut parts = text.split("\n=== ");
    let common = Archive::parse(parts.next().unwrap_or_default());
    let cases: Vec<Case> = parts
        .map(|part| {
            let (name, body) = part.split_once('\n').unwrap_or((part, ""));
            Case::parse(name, &common, Archive::parse(body))
        })
        .collect();
    assert!(!cases.is_empty(), "a file without cases");
    cases
}

impl Case {
    fn parse(name: &str, common: &Archive, mut archive: Archive) -> Self {
        archive.comment = format!("{}\n{}", common.comment, archive.comment);
        let inherited = common.files.iter().filter(|file| archive.get(&file.name).is_none());
        let inherited: Vec<_> = inherited.cloned().collect();
        archive.files.extend(inherited);
        let mut modules = String::new();
        let mut project = Archive::default();
        let mut registry = Registry::new();
        for file in archive.files {
            if file.name == "graph" {
                registry = Registry::from_graph(&file.text);
            } else if let Some(name) = file.name.strip_prefix("registry/") {
                modules.push_str(&format!("-- {name} --\n{}", file.text));
            } else {
                project.files.push(file);
            }
        }
        for module in Registry::from_txtar(&modules).iter() {
            registry.insert(module.clone());
        }
        let mut case =
            Self { name: name.to_owned(), steps: Vec::new(), project, registry, sumdb: false };
        for line in archive.comment.lines().map(str::trim) {
            if !line.is_empty() && !line.starts_with('#') {
                case.step(line);
            }
        }
        let runs = case.steps.iter().filter(|step| matches!(step, Step::Run(..))).count();
        assert!(runs > 0, "{name}: nothing is run");
        case
    }

    fn step(&mut self, line: &str) {
        let name = self.name.clone();
        let wrong = || -> ! { panic!("{name}: not a step: {line}") };
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        let words: Vec<&str> = rest.split_whitespace().collect();
        let text = || rest.to_owned();
        let file = || words.first().map_or_else(|| wrong(), |file| (*file).to_owned());
        let after_file = || {
            let text = rest.split_once(' ').map_or("", |(_, text)| text);
            text.replace("\\n", "\n").replace("\\r", "\r")
        };
        let step = match word {
            "ok:" => Step::Run(0, arguments(rest)),
            "exit" => {
                let code = words.first().and_then(|code| code.strip_suffix(':')?.parse().ok());
                let args = rest.split_once(' ').map_or("", |(_, args)| args);
                Step::Run(code.unwrap_or_else(|| wrong()), arguments(args))
            }
            "differs" => {
                let what = rest.strip_prefix("in ").and_then(|rest| rest.split_once(": "));
                Step::Differs(what.unwrap_or_else(|| wrong()).0.to_owned())
            }
            "says:" => Step::Says(text()),
            "env" => {
                let (name, value) = rest.split_once('=').unwrap_or_else(|| wrong());
                Step::Env(name.to_owned(), value.to_owned())
            }
            "unset" => Step::Unset(text()),
            "umask" => Step::Umask(text()),
            "cd" => Step::Cd(text()),
            "fault" | "fault2" => {
                let (pattern, status) = rest.rsplit_once(' ').unwrap_or_else(|| wrong());
                let status = status.parse().unwrap_or_else(|_| wrong());
                Step::Fault(usize::from(word == "fault2"), pattern.to_owned(), status)
            }
            "heal" => Step::Heal,
            "sumdb" => return self.sumdb = true,
            "query" => return self.registry.set_query(words[0], words[1], words[2]),
            "list" => {
                let list: String = words[1..].iter().map(|word| format!("{word}\n")).collect();
                return self.registry.set_list(words[0], &list);
            }
            "latest" => return self.registry.set_latest(words[0], words[1]),
            "time" => return self.change(words[0], |module| module.with_time(words[1])),
            "info" => {
                let json = after_file();
                return self.change(words[0], |module| module.with_info(json));
            }
            "lie" => {
                let other = ModuleVersion::new(words[0], "-- evil.go --\npackage evil\n").zip;
                return self.change(words[0], |module| module.tampered_zip(other));
            }
            "gosum" => Step::Disk(Disk::Write(file(), self.go_sum(&words[1..]))),
            "write" => Step::Disk(Disk::Write(file(), after_file())),
            "append" => Step::Disk(Disk::Append(file(), after_file())),
            "crlf" => Step::Disk(Disk::Crlf(file())),
            "mkdir" => Step::Disk(Disk::Mkdir(file())),
            "rm" => Step::Disk(Disk::Rm(file())),
            "cat" => Step::Disk(Disk::Cat(file())),
            _ => wrong(),
        };
        self.steps.push(step);
    }

    fn change(&mut self, module: &str, change: impl FnOnce(ModuleVersion) -> ModuleVersion) {
        let changed = change(self.registry.get(module).clone());
        self.registry.insert(changed);
    }

    fn go_sum(&self, entries: &[&str]) -> String {
        if entries == ["*"] {
            return self.registry.whole_go_sum();
        }
        let line = |entry: &str| {
            let (module, kind) = match entry.strip_suffix("/zip") {
                Some(module) => (module, "zip"),
                None => entry.strip_suffix("/mod").map_or((entry, ""), |module| (module, "mod")),
            };
            let (path, version) = versions::split(module);
            let path =
                if path.contains('.') { path.to_owned() } else { format!("example.com/{path}") };
            let module = self.registry.get(&format!("{path} {version}"));
            match kind {
                "zip" => module.zip_line(),
                "mod" => module.go_mod_line(),
                _ => module.go_sum(),
            }
        };
        entries.iter().map(|entry| line(entry)).collect()
    }

    /// Whether a step, or a file of the project, uses this name.
    pub fn mentions(&self, name: &str) -> bool {
        format!("{:?} {}", self.steps, self.project).contains(name)
    }
}
