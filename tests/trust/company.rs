//! Two processes at once on one empty cache and one go.sum.

use super::common::*;
use super::support::cli::{Invocation, Project};
use super::support::go::Go;
use super::support::modules::ModuleVersion;
use super::support::registry::Registry;
use super::support::server::Server;
use super::support::sumlog::SumLog;
use super::support::tree;

const ROUNDS: usize = 10;
const MODULES: [&str; 9] = ["a", "b", "c", "d", "e", "f", "g", "h", "big"];

fn server() -> Server {
    let mut registry = Registry::from_graph(
        "a v1.0.0: b v1.0.0, c v1.0.0\nb v1.0.0: d v1.0.0\nc v1.0.0: d v1.1.0\nd v1.0.0\n\
         d v1.1.0: e v1.0.0\ne v1.0.0\nf v1.0.0: g v1.0.0\ng v1.0.0: h v1.0.0\nh v1.0.0",
    );
    registry.insert(ModuleVersion::generated("example.com/big v1.0.0", [100_000; 40]));
    let mut log = SumLog::new("sum.example.com").with_history(270);
    log.add_all(&registry);
    Server::builder(registry).sumdb(log).https().start()
}

/// A place whose go.mod has to be brought into form, and whose go.sum is empty.
fn place(server: &Server) -> Project {
    let mut go_mod = "-- go.mod --\nmodule example.org/main\n\ngo 1.16\n".to_owned();
    for name in ["a", "f", "big"] {
        go_mod.push_str(&format!("require example.com/{name}   v1.0.0\n"));
    }
    project(server, &go_mod, "")
}

/// What a command leaves behind that runs alone: that of go, where it is installed.
fn alone(server: &Server, go: Option<&Go>) -> Project {
    let place = place(server);
    match go {
        Some(go) => place.go(go, ["mod", "download", "all"]).run().success(),
        None => place.gomodfetch(["download", "all"]).run().success(),
    };
    place
}

/// Runs two commands at once, again and again in a new place, with a head start for either.
fn together(test: &str, commands: impl Fn(&Project) -> [Invocation; 2]) {
    let server = server();
    let go = Go::find(test);
    let expected = alone(&server, go.as_ref());
    let is_lock = |path: &str| path.ends_with("lock");
    for round in 0..ROUNDS {
        let place = place(&server);
        server.forget_requests();
        let [one, other] = commands(&place);
        let (one, other) = if round % 2 == 0 { (one, other) } else { (other, one) };
        let one = one.spawn();
        std::thread::sleep(std::time::Duration::from_millis(3 * (round as u64 / 2)));
        let other = other.spawn();
        one.wait().success();
        other.wait().success();
        tree::assert_same_without(&expected.gopath(), &place.gopath(), is_lock);
        tree::assert_same(&expected.dir(), &place.dir());
        assert_eq!(leftovers(&place), [""; 0]);
        // Whoever came second found each zip in the cache.
        assert_eq!(server.count("*.zip"), MODULES.len(), "round {round}");
    }
}

#[test]
fn two_of_us() {
    together("two_of_us", |place| {
        [place.gomodfetch(["download", "all"]), place.gomodfetch(["download", "all"])]
    });
}

#[test]
fn go_and_we() {
    let Some(go) = Go::find("go_and_we") else { return };
    together("go_and_we", |place| {
        [place.gomodfetch(["download", "all"]), place.go(&go, ["mod", "download", "all"])]
    });
}

#[test]
fn each_adds_its_own_sums() {
    // Two projects share the cache; two runs in one project add to one go.sum.
    let server = server();
    for _ in 0..ROUNDS {
        let place =
            project(&server, &main_module(&["example.com/e v1.0.0", "example.com/h v1.0.0"]), "");
        let runs = ["e", "h"].map(|name| {
            place.gomodfetch(["download", &format!("example.com/{name}@v1.0.0")]).spawn()
        });
        for run in runs {
            run.wait().success().silent();
        }
        let both = ["example.com/e v1.0.0", "example.com/h v1.0.0"];
        assert_eq!(place.read("go.sum"), server.registry().go_sum(&both));
    }
}
