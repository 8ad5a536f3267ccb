//! `--sumdb`: the checksum database is asked about the cache and about go.sum.

use super::common::*;
use super::support::cli::Project;
use super::support::modules::ModuleVersion;
use super::support::server::Server;
use super::support::sumlog::SumLog;
use super::support::tree;

fn server() -> Server {
    let mut log = SumLog::new("sum.example.com").with_history(300);
    log.add_all(&registry());
    Server::builder(registry()).sumdb(log).start()
}

/// As the others, with the database within reach.
fn place(server: &Server, go_sum: &[&str]) -> Project {
    let mut place = super::common::place(server, go_sum);
    place.use_server(server);
    place
}

/// Without a look at what was there before: the database's answers are kept.
#[track_caller]
fn ask(place: &Project, args: &[&str]) -> super::support::cli::Output {
    place.gomodfetch(["verify", "--sumdb"].iter().chain(args)).run()
}

#[test]
fn nothing_is_wrong() {
    let server = server();
    for go_sum in [&[][..], &[A, B]] {
        let place = place(&server, go_sum);
        ask(&place, &[]).success().stderr_is("").stdout_is("all modules verified\n");
        ask(&place, &["--cache"]).success();
    }
}

#[test]
fn changed_together_and_go_sum_knows_nothing() {
    let server = server();
    let place = place(&server, &[]);
    let evil = ModuleVersion::new(A, "-- go.mod --\nmodule example.com/a\n-- evil.go --\n");
    write(&place, &format!("{V}.zip"), &evil.zip);
    write(&place, &format!("{V}.ziphash"), &evil.h1);
    remove(&at(&place, TREE));
    place.gomodfetch(["verify"]).run().success();
    let (evil, good) = (evil.h1, &server.registry().get(A).h1.clone());
    ask(&place, &[]).fails_with(5).stderr_is(&format!(
        "example.com/a v1.0.0: checksum mismatch\n\
         \tzip:             {evil}\n\
         \tziphash:         {evil}\n\
         \tsum.example.com: {good}\n\
         \tdamaged zip and wrong .ziphash\n"
    ));
}

#[test]
fn go_sum_itself() {
    let server = server();
    let place = place(&server, &[A, B]);
    // A module that is not even in the cache.
    tree::remove(&place.modcache().join(TREE));
    for kind in ["zip", "ziphash"] {
        remove(&at(&place, &format!("{V}.{kind}")));
    }
    let module = server.registry().get(A).clone();
    let wrong = server.registry().get(B).clone();
    let lines = place.read("go.sum").replace(&module.h1, &wrong.h1);
    place.write("go.sum", &lines);
    place.gomodfetch(["verify"]).run().success();
    ask(&place, &[]).fails_with(5).stderr_is(&format!(
        "example.com/a v1.0.0: checksum mismatch\n\
         \tgo.sum:          {}\n\
         \tsum.example.com: {}\n",
        wrong.h1, module.h1
    ));
}

#[test]
fn go_mod_files() {
    let server = server();
    let place = place(&server, &[]);
    write(&place, &format!("{V}.mod"), "module example.com/a\n");
    // Not with --cache the graph is loaded, and what the database refuses is fetched again.
    let output = ask(&place, &["--cache"]);
    output.fails_with(5).stderr_has("example.com/a v1.0.0: go.mod: checksum mismatch\n");
    output.stderr_has(&format!("sum.example.com: {}\n", server.registry().get(A).go_mod_h1));
}

#[test]
fn what_is_exempt_is_told() {
    let server = server();
    let mut place = place(&server, &[A, B]);
    place.set("GONOSUMDB", "example.com/b");
    let output = ask(&place, &[]);
    output.success().stderr_is("gomodfetch: example.com/b is exempt from the checksum database\n");
    place.set("GOSUMDB", "off");
    ask(&place, &["--hints"]).fails_with(1).stderr_is(
        "go: checksum database disabled by GOSUMDB=off\n\
         hint: --sumdb needs a checksum database: set GOSUMDB\n",
    );
}

#[test]
fn a_module_that_the_database_does_not_know() {
    let mut log = SumLog::new("sum.example.com").with_history(300);
    log.add(registry().get(B));
    let server = Server::builder(registry()).sumdb(log).start();
    let mut place = Project::new(
        "-- go.mod --\nmodule example.org/main\n\ngo 1.21\n\nrequire example.com/a v1.0.0\n",
    );
    place.write("go.sum", &registry().go_sum(&[A, B]));
    place.use_server(&server);
    place.gomodfetch(["download", "all"]).run().success();
    let output = ask(&place, &[]);
    output.fails_with(3).stderr_has("example.com/a v1.0.0: checksum database: ");
    output.lacks("example.com/b v1.1.0");
    // Nobody answers: that is said once.
    place.set("GOPROXY", "off");
    tree::remove(&place.modcache().join("cache/download/sumdb"));
    let output = ask(&place, &[]);
    assert!(!output.status.success(), "{output}");
    assert_eq!(output.stderr.lines().count(), 1, "{output}");
}
