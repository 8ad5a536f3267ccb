//! Dockerfiles, carried out by a stand-in for the builder: stages, layers that are kept, mounts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::machine::{self, Account, Machine, Ran, copy_all};
use super::support::modules::sha256_hex;
use super::support::tree::{Node, Snapshot};
use super::world::World;

/// What PATH is in an image that says nothing of it.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Where the recipes keep what go has built.
const GO_BUILD: &str = "/go/build";

/// An instruction as it stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instruction {
    pub name: String,
    /// `--name=value`.
    pub flags: Vec<(String, String)>,
    pub rest: String,
}

/// The builder, which keeps layers and cache mounts from build to build.
pub struct Builder {
    dir: TempDir,
    layers: BTreeMap<String, PathBuf>,
    mounts: BTreeMap<String, PathBuf>,
    /// How many mounts there ever were.
    made: usize,
}

/// What a build has made.
pub struct Image {
    /// The files of its last stage.
    pub files: PathBuf,
    pub env: BTreeMap<String, String>,
    /// Who its commands run as.
    pub account: Account,
    /// The instructions that make layers, and whether the layer was there.
    pub steps: Vec<(String, bool)>,
}

/// A stage while it is made.
struct Stage {
    key: String,
    /// The last layer that was saved.
    saved: Option<PathBuf>,
    env: BTreeMap<String, String>,
    dir: String,
    account: Account,
    has_go: bool,
}

impl Instruction {
    fn text(&self) -> String {
        let flags: String =
            self.flags.iter().map(|(name, value)| format!(" --{name}={value}")).collect();
        format!("{}{flags} {}", self.name, self.rest)
    }
}

/// Reads a Dockerfile.
#[track_caller]
pub fn parse(text: &str) -> Vec<Instruction> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let text = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    let mut instructions = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let (name, rest) = line.trim().split_once(' ').unwrap_or_else(|| panic!("{line}?"));
        let allowed: &[&str] = match name {
            "RUN" => &["mount"],
            "COPY" => &["from"],
            "FROM" | "WORKDIR" | "ENTRYPOINT" | "USER" | "ENV" => &[],
            _ => panic!("the stand-in does not know {name}"),
        };
        let mut rest = rest.trim();
        let mut flags = Vec::new();
        while let Some(flag) = rest.strip_prefix("--") {
            let (flag, behind) = flag.split_once(' ').expect("something behind a flag");
            let (name, value) = flag.split_once('=').expect("a flag with a value");
            assert!(allowed.contains(&name), "{line}: --{name}");
            flags.push((name.to_owned(), value.to_owned()));
            rest = behind.trim_start();
        }
        let rest = rest.split_whitespace().collect::<Vec<_>>().join(" ");
        instructions.push(Instruction { name: name.to_owned(), flags, rest });
    }
    assert!(instructions.first().is_some_and(|first| first.name == "FROM"), "no FROM:\n{text}");
    instructions
}

impl Builder {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary folder");
        Self { dir, layers: BTreeMap::new(), mounts: BTreeMap::new(), made: 0 }
    }

    /// Removes what is in cache mounts, as `docker builder prune` may.
    pub fn prune_mounts(&mut self) {
        self.mounts.clear();
    }

    /// Builds the last stage, and those that it takes files from.
    #[track_caller]
    pub fn build(&mut self, dockerfile: &str, context: &Path, world: &World) -> Image {
        self.try_build(dockerfile, context, world).unwrap_or_else(|ran| panic!("{}", ran.told()))
    }

    /// The same; or the first command that fails.
    pub fn try_build(
        &mut self,
        dockerfile: &str,
        context: &Path,
        world: &World,
    ) -> Result<Image, Ran> {
        let mut stages: Vec<(String, Stage)> = Vec::new();
        let mut steps = Vec::new();
        for instruction in parse(dockerfile) {
            if instruction.name == "FROM" {
                let (image, name) =
                    instruction.rest.split_once(" AS ").unwrap_or((&instruction.rest, ""));
                stages.push((name.to_owned(), base(image)));
                continue;
            }
            let (last, others) = stages.split_last_mut().expect("a stage");
            let stage = &mut last.1;
            let cached = self.instruct(&instruction, stage, others, context, world)?;
            steps.extend(cached.map(|cached| (instruction.text(), cached)));
        }
        let (_, stage) = stages.pop().expect("a stage");
        let files = stage.saved.expect("a stage with files");
        Ok(Image { files, env: stage.env, account: stage.account, steps })
    }

    /// Carries out an instruction; whether its layer was there, if it makes one.
    fn instruct(
        &mut self,
        instruction: &Instruction,
        stage: &mut Stage,
        others: &[(String, Stage)],
        context: &Path,
        world: &World,
    ) -> Result<Option<bool>, Ran> {
        let rest = &instruction.rest;
        match instruction.name.as_str() {
            "WORKDIR" => {
                stage.dir.clone_from(rest);
                // The folder is made by the next instruction.
                stage.key = sha256_hex(format!("{} {}", stage.key, instruction.text()).as_bytes());
                return Ok(None);
            }
            "USER" => {
                stage.account = account(stage.saved.as_deref(), rest);
                return Ok(None);
            }
            "ENTRYPOINT" => {
                let words: Vec<String> = serde_json::from_str(rest).expect("a list in JSON");
                let program = machine::host(stage.saved.as_ref().expect("files"), &words[0]);
                assert!(program.exists(), "{rest}: the image has no such file");
                return Ok(None);
            }
            _ => {}
        }
        let mut sources = Vec::new();
        let mut input = format!("{} {}", stage.key, instruction.text());
        if instruction.name == "COPY" {
            let from = instruction.flags.iter().find(|(name, _)| name == "from");
            for source in rest.split(' ').rev().skip(1) {
                let source = match from {
                    Some((_, from)) => {
                        let other = others.iter().find(|(name, _)| name == from);
                        let other = other.unwrap_or_else(|| panic!("no stage {from}"));
                        machine::host(other.1.saved.as_ref().expect("files"), source)
                    }
                    None => context.join(source),
                };
                assert!(
                    source.symlink_metadata().is_ok(),
                    "{}: no {}",
                    instruction.text(),
                    source.display()
                );
                input.push_str(&content(&source));
                sources.push(source);
            }
        }
        stage.key = sha256_hex(input.as_bytes());
        if let Some(saved) = self.layers.get(&stage.key) {
            stage.saved = Some(saved.clone());
            return Ok(Some(true));
        }
        let mut machine = match &stage.saved {
            Some(saved) => Machine::restored(world, saved),
            None => Machine::new(world),
        };
        if stage.has_go {
            machine.install_go(world);
            for dir in ["/go/src", "/go/bin"] {
                machine.make_dir(&Account::root(), dir);
            }
            super::support::user::set_mode(&machine.host("/go"), 0o1777);
        } else {
            machine.install_cargo("/usr/local/cargo/bin");
        }
        machine.make_dir(&Account::root(), &stage.dir);
        if instruction.name == "COPY" {
            copy_in(&machine, &sources, rest.rsplit(' ').next().expect("a target"), &stage.dir);
        } else {
            let go_build = world.go_build(&stage.account);
            for (_, mount) in &instruction.flags {
                self.mount(&mut machine, mount, context, &stage.dir, &go_build);
            }
            let shell = ["/bin/sh", "-c"];
            let ran = machine.run_in(&stage.account, &stage.dir, &stage.env, &shell, rest);
            if ran.code != Some(0) {
                return Err(ran);
            }
        }
        let saved = self.dir.path().join(&stage.key);
        machine.save(&saved);
        self.layers.insert(stage.key.clone(), saved.clone());
        stage.saved = Some(saved);
        Ok(Some(false))
    }

    fn mount(
        &mut self,
        machine: &mut Machine,
        mount: &str,
        context: &Path,
        dir: &str,
        go_build: &Path,
    ) {
        let options: BTreeMap<&str, &str> =
            mount.split(',').map(|option| option.split_once('=').expect("name=value")).collect();
        let target = options["target"];
        let at =
            if target.starts_with('/') { target.to_owned() } else { format!("{dir}/{target}") };
        match options["type"] {
            "cache" => {
                let source = self.mounts.entry(at.clone()).or_insert_with(|| {
                    let folder = self.dir.path().join(format!("mount-{}", self.made));
                    fs::create_dir(&folder).expect("a folder");
                    self.made += 1;
                    folder
                });
                // What go builds is kept for all tests; that it is mounted where the recipe says is enough.
                let source = if at == GO_BUILD { go_build } else { source.as_path() };
                machine.mount(source, &at, false);
            }
            "bind" => machine.mount(&context.join(options["source"]), &at, true),
            other => panic!("the stand-in does not know {other}"),
        }
    }
}

impl Drop for Builder {
    fn drop(&mut self) {
        super::support::tree::make_writable(self.dir.path());
    }
}

/// What an image has that a Dockerfile begins with.
fn base(image: &str) -> Stage {
    let (path, has_go, dir) = match image.split_once(':').map_or(image, |(name, _)| name) {
        "rust" => ("/usr/local/cargo/bin", false, "/"),
        "golang" => ("/go/bin:/usr/local/go/bin", true, "/go"),
        "scratch" => ("", false, "/"),
        other => panic!("the stand-in has no image {other}"),
    };
    let mut env = BTreeMap::from([("PATH".to_owned(), format!("{path}:{PATH}"))]);
    if has_go {
        env.insert("GOPATH".to_owned(), "/go".to_owned());
        env.insert("GOTOOLCHAIN".to_owned(), "local".to_owned());
    } else {
        env.insert("CARGO_HOME".to_owned(), "/usr/local/cargo".to_owned());
    }
    Stage {
        key: sha256_hex(image.as_bytes()),
        saved: None,
        env,
        dir: dir.to_owned(),
        account: Account::root(),
        has_go,
    }
}

/// The account of this name, as the image's /etc/passwd has it.
fn account(files: Option<&Path>, name: &str) -> Account {
    let passwd = files.map(|files| machine::host(files, "/etc/passwd")).expect("files");
    let passwd = fs::read_to_string(passwd).expect("/etc/passwd");
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name));
    let uid = line.and_then(|line| line.split(':').nth(2)).and_then(|uid| uid.parse().ok());
    Account { name: name.to_owned(), uid: uid.unwrap_or_else(|| panic!("no user {name}")) }
}

/// What decides whether a COPY is the same as before.
fn content(path: &Path) -> String {
    if path.is_dir() {
        format!("{:?}", Snapshot::of(path))
    } else {
        format!("{:?}", Node::of(path))
    }
}

fn copy_in(machine: &Machine, sources: &[PathBuf], target: &str, dir: &str) {
    let into_dir = target.ends_with('/') || target == "." || sources[0].is_dir();
    let target = match target.trim_start_matches("./").trim_end_matches('.') {
        absolute if absolute.starts_with('/') => absolute.to_owned(),
        relative => format!("{dir}/{relative}"),
    };
    let host = machine.host(&target);
    let parent = if into_dir { Some(host.as_path()) } else { host.parent() };
    fs::create_dir_all(parent.expect("a folder")).expect("a folder");
    for source in sources {
        let source = if source.is_dir() { source.join(".") } else { source.clone() };
        let copied = Command::new("cp")
            .args(["-r", "--preserve=mode", "--"])
            .arg(&source)
            .arg(&host)
            .status();
        assert!(copied.expect("a cp").success(), "COPY {}", source.display());
    }
}

impl Image {
    /// A machine made of the image.
    pub fn start(&self, world: &World) -> Machine {
        let mut machine = Machine::restored(world, &self.files);
        for (name, value) in &self.env {
            machine.set(name, value);
        }
        machine.install_go(world);
        machine
    }

    /// Whether the layer of the instruction that holds this text was there.
    #[track_caller]
    pub fn cached(&self, text: &str) -> bool {
        let step = self.steps.iter().rev().find(|(instruction, _)| instruction.contains(text));
        step.unwrap_or_else(|| panic!("no instruction with {text}")).1
    }
}

/// Puts the files of a machine's own folder elsewhere, as a new volume takes them over.
pub fn new_volume(image: &Image, at: &str, volume: &Path) {
    copy_all(&machine::host(&image.files, at), volume);
}
