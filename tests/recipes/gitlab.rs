//! docs/gitlab-ci.md, on a stand-in for GitLab: stages, `extends`, variables, caches within the project.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::{Map, Value};
use tempfile::TempDir;

use super::machine::{Account, Machine};
use super::page::Page;
use super::support::modules::sha256_hex;
use super::world::World;
use super::yaml::{self, items, only, text, texts};

const PROJECT: &str = "/builds/group/hello";

/// The service, which keeps caches from pipeline to pipeline.
struct GitLab {
    dir: TempDir,
    caches: BTreeMap<String, PathBuf>,
    /// Who runs jobs: root in containers, somebody without rights where a shell runs them.
    account: Account,
}

impl GitLab {
    fn new(account: Account) -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        Self { dir, caches: BTreeMap::new(), account }
    }

    /// Runs a pipeline, each job on a machine of its own; the machines are kept, by job.
    #[track_caller]
    fn run(&mut self, file: &str, world: &World, project: &str) -> BTreeMap<String, Machine> {
        let file = yaml::parse(file);
        let file = file.as_object().expect("an object");
        only(&file["default"], &["image"]);
        let jobs = file.keys().filter(|name| {
            !name.starts_with('.') && !["default", "variables", "stages"].contains(&name.as_str())
        });
        let jobs: Vec<(&String, Value)> = jobs.map(|name| (name, extended(file, name))).collect();
        let mut machines = BTreeMap::new();
        for stage in items(&file["stages"]) {
            for (name, job) in jobs.iter().filter(|(_, job)| job["stage"] == *stage) {
                only(job, &["stage", "cache", "before_script", "script"]);
                machines.insert((*name).clone(), self.job(job, &file["variables"], world, project));
            }
        }
        assert_eq!(machines.len(), jobs.len(), "a job of no stage");
        machines
    }

    #[track_caller]
    fn job(&mut self, job: &Value, variables: &Value, world: &World, project: &str) -> Machine {
        let mut machine = Machine::new(world);
        machine.install_gomodfetch("/usr/local/bin");
        machine.install_go(world);
        machine.set("PATH", "/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin");
        machine.unpack(&self.account, project, PROJECT);
        let mut env = BTreeMap::from([
            ("CI".to_owned(), "true".to_owned()),
            ("CI_PROJECT_DIR".to_owned(), PROJECT.to_owned()),
        ]);
        for (name, value) in texts(variables) {
            env.insert(name, value.replace("$CI_PROJECT_DIR", PROJECT));
        }

        let cache = &job["cache"];
        only(cache, &["key", "paths", "policy"]);
        only(&cache["key"], &["prefix", "files"]);
        // The key is made before any command has run, of two files at most.
        let files = items(&cache["key"]["files"]);
        assert!(files.len() <= 2, "{files:?}");
        let contents: Vec<u8> = files
            .iter()
            .flat_map(|file| fs::read(machine.host(&format!("{PROJECT}/{file}"))).expect("a file"))
            .collect();
        let key = format!("{}-{}", text(&cache["key"]["prefix"]), sha256_hex(&contents));
        let paths = items(&cache["paths"]);
        for path in &paths {
            assert!(!path.starts_with(['/', '~', '$']), "{path}: not within the project");
        }
        let policy = text(&cache["policy"]);
        assert!(["pull", "push", "pull-push"].contains(&policy.as_str()), "{policy}");

        if let Some(archive) = self.caches.get(&key).filter(|_| policy != "push") {
            fs::copy(archive, machine.host("/tmp/cache.tar")).expect("an archive");
            self.command(&machine, &env, "tar -xf /tmp/cache.tar");
        }
        let mut lines = items(&job["before_script"]);
        lines.extend(items(&job["script"]));
        self.command(&machine, &env, &lines.join("\n"));
        if policy != "pull" {
            self.command(&machine, &env, &format!("tar -cf /tmp/saved.tar {}", paths.join(" ")));
            let archive = self.dir.path().join(format!("{key}.tar"));
            fs::copy(machine.host("/tmp/saved.tar"), &archive).expect("an archive");
            self.caches.insert(key, archive);
        }
        machine
    }

    #[track_caller]
    fn command(&self, machine: &Machine, env: &BTreeMap<String, String>, script: &str) {
        machine.run(&self.account, PROJECT, env, script).success();
    }
}

/// A job with what it extends.
fn extended(file: &Map<String, Value>, name: &str) -> Value {
    let mut job = file[name].clone();
    let Some(base) = job.as_object_mut().expect("a job").remove("extends") else { return job };
    let mut whole = extended(file, &text(&base));
    merge(&mut whole, job);
    whole
}

fn merge(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over,
    }
}

#[test]
fn one_job_fetches_and_the_others_restore() {
    let test = "recipes::gitlab";
    let world = World::new(test);
    if !Machine::possible(test, &world) {
        return;
    }
    let page = Page::of("gitlab-ci.md");
    let file = page.file(".gitlab-ci.yml");
    for account in [Account::root(), Account::runner()] {
        world.server.forget_requests();
        let mut gitlab = GitLab::new(account.clone());
        gitlab.run(file, &world, &world.project());
        // The first job fetched; the second asked for nothing.
        assert_eq!(world.zips(), ["check@v0.3.0", "greet@v1.2.0", "words@v1.0.0"]);
        world.server.forget_requests();
        let machines = gitlab.run(file, &world, &world.project());
        assert_eq!(world.requests(), 0, "{:?}", world.server.requests());
        // The module cache is within the project, and no part of it.
        let env = BTreeMap::from([("GOMODCACHE".to_owned(), format!("{PROJECT}/.go/mod"))]);
        let ran = machines["test"].run(&account, PROJECT, &env, "gomodfetch prewarm .");
        ran.success();
        assert_eq!(ran.stdout, "1 project, 3 modules: 0 downloaded, 3 there already\n");
        // What `git clean` does before the next job.
        gitlab.command(&machines["test"], &BTreeMap::new(), "rm -rf .go");

        // No cache is promised: the job is right without it, too.
        gitlab.caches.clear();
        let without =
            file.replace("gomodfetch prewarm --layout zips .", "mkdir -p .go/mod/cache/download");
        assert_ne!(without, file);
        gitlab.run(&without, &world, &world.project());
        assert_eq!(world.zips().len(), 3);
    }
}
