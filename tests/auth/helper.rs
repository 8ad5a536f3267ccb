//! Programs that stand in GOAUTH, written for a test in the language of the shell.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::support::cli::Project;
use super::support::faults::Fault;
use super::support::registry::Registry;
use super::support::server::Server;

/// The module of most tests.
pub const ARGS: [&str; 2] = ["download", "example.com/a@v1.0.0"];

/// A server with TLS and one module.
pub fn serve() -> Server {
    Server::builder(Registry::from_graph("a v1.0.0")).https().start()
}

/// Answers 401 to requests without this Authorization.
pub fn guard(server: &Server, authorization: &'static str) {
    let lacks =
        move |request: &_| super::helper::authorization(request).as_deref() != Some(authorization);
    server.fault(Fault::on("*").when(lacks).status(401));
}

/// The Authorization that a request came with.
pub fn authorization(request: &super::support::requests::Request) -> Option<String> {
    request.header("authorization").map(str::to_owned)
}

/// A place for the server with a program `helper` in PATH, which notes each run in the folder `runs`
/// before it does what the script says: its arguments in `N.args`, one a line, and its input in `N.in`. In
/// the script `$N` is the number of the run, counted from 1, and `$URL` what GOPROXY names.
pub fn place(server: &Server, script: &str) -> Project {
    let mut place = Project::new("-- go.mod --\nmodule example.org/main\n\ngo 1.21\n");
    place.use_server(server);
    let bin = place.root().join("bin");
    for dir in [&bin, &runs(&place)] {
        fs::create_dir_all(dir).expect("a folder");
    }
    // One run after the other is counted right; a folder is made by one of two alone.
    let script = format!(
        "#!/bin/sh\ncd '{}' || exit 9\nN=1; while ! mkdir $N.dir 2>/dev/null; do N=$((N+1)); done\n\
         for arg; do echo \"$arg\"; done >$N.args; cat >$N.in\nURL={}\n{script}\n",
        runs(&place).display(),
        server.url(),
    );
    install(&place, "helper", &script);
    place.set("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display()));
    place.set("GOAUTH", "helper");
    place
}

/// Puts a program in PATH. Another process writes it: one that this one has open to write can't be run.
pub fn install(place: &Project, name: &str, script: &str) {
    let file = place.root().join("bin").join(name);
    let mut writer = std::process::Command::new("/bin/sh");
    writer.arg("-c").arg("printf %s \"$1\" >\"$2\"").arg("sh").arg(script).arg(&file);
    assert!(writer.status().expect("a shell").success());
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a change of mode");
}

fn runs(place: &Project) -> PathBuf {
    place.root().join("runs")
}

/// The arguments and the input of each run.
pub fn noted(place: &Project) -> Vec<(String, String)> {
    let read = |name: String| fs::read_to_string(runs(place).join(name));
    let run =
        |number| Some((read(format!("{number}.args")).ok()?, read(format!("{number}.in")).ok()?));
    (1..).map_while(run).collect()
}

/// Forgets all runs.
pub fn forget(place: &Project) {
    fs::remove_dir_all(runs(place)).expect("the folder of runs");
    fs::create_dir(runs(place)).expect("a folder");
}
