//! What all recipes have in common: a proxy, a go if there is one, and a project.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::machine::{Account, is_root};
use super::support::go::Go;
use super::support::registry::Registry;
use super::support::server::Server;
use super::support::sumlog::SumLog;
use super::support::user::give_to;

/// `greet` is imported, `words` by it, `check` by tests only; `extra` comes later.
const MODULES: &str = "\
-- example.com/greet@v1.2.0/go.mod --
module example.com/greet

go 1.21

require example.com/words v1.0.0
-- example.com/greet@v1.2.0/greet.go --
package greet

import \"example.com/words\"

func Greeting() string { return words.Hello + \", world\" }
-- example.com/words@v1.0.0/go.mod --
module example.com/words

go 1.21
-- example.com/words@v1.0.0/words.go --
package words

const Hello = \"hello\"
-- example.com/check@v0.3.0/go.mod --
module example.com/check

go 1.21
-- example.com/check@v0.3.0/check.go --
package check

func Same(a, b string) bool { return a == b }
-- example.com/extra@v1.0.0/go.mod --
module example.com/extra

go 1.21
-- example.com/extra@v1.0.0/extra.go --
package extra
";

const MAIN: &str = "\
-- main.go --
package main

import \"example.com/greet\"

func main() { println(greet.Greeting()) }
-- main_test.go --
package main

import (
	\"testing\"

	\"example.com/check\"
	\"example.com/greet\"
)

func TestGreeting(t *testing.T) {
	if !check.Same(greet.Greeting(), \"hello, world\") {
		t.Fatal(greet.Greeting())
	}
}
";

/// The surroundings.
pub struct World {
    pub server: Server,
    goroot: Option<PathBuf>,
}

impl World {
    /// A proxy that has all modules, and go, if there is one.
    pub fn new(test: &str) -> Self {
        let registry = Registry::from_txtar(MODULES);
        let log = SumLog::new("sum.example.com").on_demand();
        let server = Server::builder(registry).sumdb(log).start();
        let goroot = Go::find(test).map(|go| {
            let output = Command::new(go.program()).args(["env", "GOROOT"]).output();
            let output = output.expect("go env GOROOT");
            PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())
        });
        Self { server, goroot }
    }

    /// Where go is.
    pub fn goroot(&self) -> Option<&Path> {
        self.goroot.as_deref()
    }

    /// What holds on every machine.
    pub fn env(&self) -> BTreeMap<String, String> {
        let vkey = self.server.vkey().expect("a database");
        [
            ("PATH", "/usr/local/bin:/usr/bin:/bin".to_owned()),
            ("GOPROXY", self.server.url()),
            ("GOSUMDB", vkey),
            ("GOTOOLCHAIN", "local".to_owned()),
            ("GOMODFETCH_RETRIES", "0".to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// The project, as a txtar: a program with a test, go.mod and go.sum being complete.
    pub fn project(&self) -> String {
        self.project_with("")
    }

    /// The same with one requirement more.
    pub fn project_with(&self, more: &str) -> String {
        let go_sum = self.server.registry().whole_go_sum();
        format!(
            "-- go.mod --\nmodule example.org/hello\n\ngo 1.21\n\nrequire (\n\
             \texample.com/check v0.3.0\n\texample.com/greet v1.2.0\n{more})\n\n\
             require example.com/words v1.0.0 // indirect\n-- go.sum --\n{go_sum}{MAIN}"
        )
    }

    /// How many files were asked for.
    pub fn requests(&self) -> usize {
        self.server.requests().len()
    }

    /// Which zips were asked for, sorted.
    pub fn zips(&self) -> Vec<String> {
        let requests = self.server.requests();
        let zips = requests.iter().filter_map(|request| {
            let (module, file) = request.path.split_once("/@v/")?;
            Some(format!("{}@{}", module.rsplit('/').next()?, file.strip_suffix(".zip")?))
        });
        let mut zips: Vec<String> = zips.collect();
        zips.sort();
        zips
    }

    /// Where go keeps what it has built, for all machines.
    pub fn go_build(&self, account: &Account) -> PathBuf {
        let name = format!("recipes-go-build-{}", account.uid);
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(&dir).expect("a folder for what go builds");
        if is_root()
            && account.uid != 0
            && fs::read_dir(&dir).is_ok_and(|mut dir| dir.next().is_none())
        {
            give_to(&dir, account.uid);
        }
        dir
    }
}
