//! docs/github-actions.md, on a stand-in for GitHub's runner: steps, expressions, caches.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use tempfile::TempDir;

use super::machine::{Account, Machine, Ran};
use super::page::Page;
use super::world::World;
use super::yaml::{self, only, text, texts};

const WORKSPACE: &str = "/home/runner/work/hello/hello";
const FILE: &str = ".github/workflows/test.yml";
const SHELL: [&str; 3] = ["/bin/bash", "-e", "-c"];

/// The service, which keeps caches from run to run.
struct GitHub {
    dir: TempDir,
    /// Key, path as written, archive; the oldest first.
    caches: Vec<(String, String, PathBuf)>,
}

/// A finished run of a job.
struct Run {
    machine: Machine,
    /// What the steps are, and whether they were taken.
    steps: Vec<(String, bool)>,
}

/// What expressions can see.
#[derive(Default)]
struct Context {
    env: BTreeMap<String, String>,
    /// By `steps.ID.outputs.NAME`.
    outputs: BTreeMap<String, String>,
}

impl GitHub {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a temporary folder"), caches: Vec::new() }
    }

    /// Runs the only job of the workflow on a new machine, to its end.
    #[track_caller]
    fn run(&mut self, workflow: &str, world: &World, project: &str) -> Run {
        let workflow = yaml::parse(workflow);
        only(&workflow, &["name", "on", "permissions", "env", "jobs"]);
        let jobs = workflow["jobs"].as_object().expect("jobs");
        assert_eq!(jobs.len(), 1, "the stand-in runs one job");
        let job = &jobs["test"];
        only(job, &["runs-on", "steps"]);
        assert_eq!(job["runs-on"], "ubuntu-latest");
        let runner = Account::runner();
        let mut machine = Machine::new(world);
        machine.install_cargo("/usr/local/bin");
        machine.make_dir(&runner, WORKSPACE);
        for name in ["output", "path"] {
            machine.write(&runner, &format!("/home/runner/work/_temp/{name}"), "");
            let path = format!("/home/runner/work/_temp/{name}");
            machine.set(&format!("GITHUB_{}", name.to_uppercase()), &path);
        }
        machine.set("CI", "true");
        let mut context = Context { env: texts(&workflow["env"]), ..Context::default() };
        let mut steps = Vec::new();
        for step in job["steps"].as_array().expect("steps") {
            only(step, &["uses", "run", "with", "id", "if", "env", "name"]);
            let what =
                step["run"].as_str().or(step["uses"].as_str()).expect("run or uses").to_owned();
            let taken = step["if"].as_str().is_none_or(|condition| context.holds(condition));
            if taken {
                self.step(step, &mut context, &mut machine, world, project);
            }
            steps.push((what, taken));
        }
        Run { machine, steps }
    }

    #[track_caller]
    fn step(
        &mut self,
        step: &Value,
        context: &mut Context,
        machine: &mut Machine,
        world: &World,
        project: &str,
    ) {
        let runner = Account::runner();
        let with: BTreeMap<String, String> = texts(&step["with"])
            .into_iter()
            .map(|(name, text)| (name, context.fill(&text)))
            .collect();
        let output = match step["uses"].as_str() {
            None => {
                let mut env = context.env.clone();
                env.extend(texts(&step["env"]));
                let script = context.fill(&text(&step["run"]));
                machine.run_in(&runner, WORKSPACE, &env, &SHELL, &script).success();
                take(machine, "output")
            }
            Some("actions/checkout@v6") => {
                machine.unpack(&runner, project, WORKSPACE);
                Vec::new()
            }
            Some("actions/setup-go@v6") => {
                assert_eq!(with["cache"], "false");
                let version = machine.host(&format!("{WORKSPACE}/{}", with["go-version-file"]));
                assert!(version.exists(), "go-version-file");
                machine.install_go(world);
                prepend(context, machine, "/usr/local/go/bin");
                Vec::new()
            }
            Some("actions/cache@v5" | "actions/cache/restore@v5") => {
                vec![("cache-hit".to_owned(), self.restore(machine, &with).to_string())]
            }
            Some("actions/cache/save@v5") => {
                self.save(machine, &with["key"], &with["path"]);
                Vec::new()
            }
            Some(other) => panic!("the stand-in does not know {other}"),
        };
        for line in take(machine, "path") {
            prepend(context, machine, &line.0);
        }
        if let Some(id) = step["id"].as_str() {
            let outputs = output.into_iter();
            let named = outputs.map(|(name, value)| (format!("steps.{id}.outputs.{name}"), value));
            context.outputs.extend(named);
        }
    }

    /// Whether the very key was found; another one of which `restore-keys` names the beginning does as well.
    fn restore(&self, machine: &Machine, with: &BTreeMap<String, String>) -> bool {
        for name in with.keys() {
            assert!(["key", "path", "restore-keys"].contains(&name.as_str()), "{name}?");
        }
        let (key, path) = (&with["key"], &with["path"]);
        let of_path = || self.caches.iter().rev().filter(|cache| cache.1 == *path);
        let exact = of_path().find(|cache| cache.0 == *key);
        let prefixes = with.get("restore-keys").map(String::as_str).unwrap_or_default();
        let similar = || {
            prefixes.lines().find_map(|prefix| of_path().find(|cache| cache.0.starts_with(prefix)))
        };
        if let Some((_, _, archive)) = exact.or_else(similar) {
            let there = "/home/runner/work/_temp/restored.tar";
            fs::copy(archive, machine.host(there)).expect("an archive");
            machine.own(&Account::runner(), there);
            let script = format!("tar -xf {there} -P -C {WORKSPACE}");
            machine.run(&Account::runner(), WORKSPACE, &BTreeMap::new(), &script).success();
        }
        exact.is_some()
    }

    #[track_caller]
    fn save(&mut self, machine: &Machine, key: &str, path: &str) {
        // What is there under that key stays.
        if self.caches.iter().any(|cache| cache.0 == key && cache.1 == path) {
            return;
        }
        let there = "/home/runner/work/_temp/saved.tar";
        let script = format!("tar --posix -cf {there} -P -C {WORKSPACE} {path}");
        machine.run(&Account::runner(), WORKSPACE, &BTreeMap::new(), &script).success();
        let archive = self.dir.path().join(format!("{}.tar", self.caches.len()));
        fs::copy(machine.host(there), &archive).expect("an archive");
        self.caches.push((key.to_owned(), path.to_owned(), archive));
    }

    /// What actions/cache does when a job has ended well.
    fn after(&mut self, run: &Run, key: &str, path: &str) {
        self.save(&run.machine, key, path);
    }
}

impl Run {
    fn taken(&self, text: &str) -> bool {
        let (_, taken) = self.steps.iter().find(|(what, _)| what.contains(text)).expect("a step");
        *taken
    }
}

impl Context {
    /// `A != 'text'`.
    fn holds(&self, condition: &str) -> bool {
        let (left, right) = condition.split_once(" != ").expect("a condition with !=");
        let right = right.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
        self.value(left) != right.expect("a text in quotes")
    }

    /// `${{ … }}` replaced by what it stands for.
    fn fill(&self, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("${{") {
            let (name, after) = behind.split_once("}}").expect("the end of an expression");
            filled.push_str(before);
            filled.push_str(&self.value(name.trim()));
            rest = after;
        }
        filled + rest
    }

    fn value(&self, name: &str) -> String {
        match name.split_once('.') {
            Some(("runner", "os")) => "Linux".to_owned(),
            Some(("runner", "arch")) => "X64".to_owned(),
            Some(("env", name)) => self.env[name].clone(),
            // A step that was left out, or that does not exist, has no outputs; we want to hear of it.
            Some(("steps", _)) => {
                self.outputs.get(name).unwrap_or_else(|| panic!("no {name}")).clone()
            }
            _ => panic!("the stand-in does not know {name}"),
        }
    }
}

/// Reads what a step has left in one of GitHub's files, and empties it.
fn take(machine: &Machine, name: &str) -> Vec<(String, String)> {
    let path = machine.host(&format!("/home/runner/work/_temp/{name}"));
    let text = fs::read_to_string(&path).expect("a file");
    fs::write(&path, "").expect("a file");
    let pair = |line: &str| {
        let (name, value) = line.split_once('=').unwrap_or((line, ""));
        (name.to_owned(), value.to_owned())
    };
    text.lines().map(pair).collect()
}

fn prepend(context: &mut Context, machine: &Machine, dir: &str) {
    assert!(machine.host(dir).exists() || dir.starts_with("/usr/local/go"), "{dir}");
    let path = context.env.get("PATH").cloned();
    let path = path.unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".to_owned());
    context.env.insert("PATH".to_owned(), format!("{dir}:{path}"));
}

#[test]
fn modules_are_fetched_once_and_restored_from_then_on() {
    let test = "recipes::github";
    let world = World::new(test);
    if !Machine::possible(test, &world) {
        return;
    }
    let page = Page::of("github-actions.md");
    let workflow = page.file(FILE);
    let mut github = GitHub::new();
    let project = world.project();

    let first = github.run(workflow, &world, &project);
    assert!(first.taken("cargo install") && first.taken("prewarm") && first.taken("cache/save"));
    assert_eq!(world.zips(), ["check@v0.3.0", "greet@v1.2.0", "words@v1.0.0"]);
    let keys: Vec<&str> = github.caches.iter().map(|cache| cache.0.as_str()).collect();
    assert!(keys.len() == 1 && keys[0].starts_with("gomodfetch-v1-"), "{keys:?}");
    github.after(&first, "program-Linux-X64-v0.1.0", "~/.local/bin/gomodfetch");

    // Everything is restored: nobody is asked for anything.
    world.server.forget_requests();
    let second = github.run(workflow, &world, &project);
    assert!(!second.taken("cargo install") && !second.taken("prewarm"));
    assert!(!second.taken("cache/save"));
    assert_eq!(world.requests(), 0, "{:?}", world.server.requests());

    // With one requirement more, only that is fetched.
    let more = world.project_with("\texample.com/extra v1.0.0\n");
    let third = github.run(workflow, &world, &more);
    assert!(!third.taken("cargo install") && third.taken("prewarm") && third.taken("cache/save"));
    assert_eq!(world.zips(), ["extra@v1.0.0"]);
    assert_eq!(github.caches.len(), 3);
}

/// What the page says goes wrong most often.
#[test]
fn trees_are_not_restored_over_trees() {
    let test = "recipes::github::trees";
    let world = World::new(test);
    if !Machine::possible(test, &world) {
        return;
    }
    let runner = Account::runner();
    let machine = Machine::new(&world);
    machine.install_gomodfetch("/usr/local/bin");
    machine.unpack(&runner, &world.project(), WORKSPACE);
    let run = |script: &str| -> Ran { machine.run(&runner, WORKSPACE, &BTreeMap::new(), script) };
    run("gomodfetch download && tar -cf /tmp/trees.tar -P ~/go/pkg/mod").success();
    run("tar -xf /tmp/trees.tar -P").fails_with("Cannot open: File exists");
    run("tar -cf /tmp/zips.tar -P ~/go/pkg/mod/cache/download").success();
    run("tar -xf /tmp/zips.tar -P && gomodfetch verify").success();
    // With -modcacherw from the beginning.
    run("chmod -R u+w ~/go && rm -rf ~/go && export GOFLAGS=-modcacherw && gomodfetch download && \
         tar -cf /tmp/trees.tar -P ~/go/pkg/mod && rm -rf ~/go/pkg/mod && tar -xf /tmp/trees.tar -P && \
         gomodfetch verify")
    .success();
}
