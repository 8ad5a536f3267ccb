//! GOAUTH with commands: when they are run, what they are told, and what becomes of what they say.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use super::helper::*;
use super::support::cli::{Output, Project};
use super::support::faults::Fault;
use super::support::go::Go;
use super::support::registry::Registry;
use super::support::server::{Protocol, Server};
use super::support::tls::Authority;

/// Says a token for everything on the server.
const ALWAYS: &str = "printf '%s\\n\\nAuthorization: Bearer t0ken\\n\\n' $URL";
/// Says it only when it is asked about a URL.
const WHEN_ASKED: &str = "[ $# = 0 ] || printf '%s\\n\\nAuthorization: Bearer t0ken\\n\\n' $URL";
const TOKEN: &str = "Bearer t0ken";

/// The real `go mod …` in a fresh place, where it is installed.
fn go_runs(test: &str, make: &dyn Fn() -> Project, args: &[&str]) -> Option<(Project, Output)> {
    let go = Go::find(test)?;
    let place = make();
    let output = place.go(&go, ["mod"].iter().chain(args)).run();
    Some((place, output))
}

/// The lines that `-x` prints of GOAUTH, `$URL` standing for the server's address.
fn trouble(output: &Output, server: &Server) -> Vec<String> {
    let lines = output.stderr.lines().skip_while(|line| !line.starts_with("GOAUTH encountered"));
    let mut lines = lines.take_while(|line| !line.starts_with('#')).map(str::to_owned);
    let first = lines.next().into_iter();
    let rest = lines.take_while(|line| !line.starts_with("GOAUTH") && !line.starts_with("go: "));
    first.chain(rest).map(|line| line.replace(&server.url(), "$URL")).collect()
}

#[test]
fn commands_are_run_once_before_the_first_request() {
    let server = serve();
    guard(&server, TOKEN);
    let make = || place(&server, ALWAYS);
    let place = make();
    place.gomodfetch(ARGS).run().success().silent();
    assert_eq!(noted(&place), [(String::new(), String::new())]);
    assert_eq!(server.count("*"), 3);
    if let Some((place, output)) = go_runs("before the first request", &make, &ARGS) {
        output.success();
        assert_eq!(noted(&place), [(String::new(), String::new())]);
    }
}

#[test]
fn commands_are_told_what_was_refused() {
    for (protocol, version) in [(Protocol::Both, "HTTP/2.0"), (Protocol::Http1, "HTTP/1.1")] {
        let registry = Registry::from_graph("a v1.0.0");
        let server = Server::builder(registry).https().protocol(protocol).start();
        let asks = |request: &_| authorization(request).is_none();
        server.fault(Fault::on("*").when(asks).status(401).header("www-authenticate", "Bearer"));
        let make = || place(&server, WHEN_ASKED);
        let told = |place: &Project| {
            let runs = noted(place);
            assert_eq!(runs[0], (String::new(), String::new()));
            let (args, input) = &runs[1];
            assert!(args.starts_with(&server.url()) && args.lines().count() == 1, "{args}");
            let mut lines: Vec<&str> = input.lines().collect();
            assert_eq!(lines.remove(0), format!("{version} 401 Unauthorized"));
            assert_eq!(lines.pop(), Some(""));
            assert!(lines.contains(&"Www-Authenticate: Bearer"), "{input}");
            assert!(lines.contains(&"Content-Type: text/plain; charset=UTF-8"), "{input}");
            runs.len()
        };
        let place = make();
        place.gomodfetch(ARGS).run().success().silent();
        // Three requests were refused, and one of them asked for all.
        assert_eq!(told(&place), 2);
        if let Some((place, output)) = go_runs("what was refused", &make, &ARGS) {
            output.success();
            told(&place);
        }
    }
}

#[test]
fn any_refusal_has_them_asked_even_not_found() {
    for status in [400, 403, 404, 410, 429] {
        let server = serve();
        let lacks = |request: &_| authorization(request).as_deref() != Some(TOKEN);
        server.fault(Fault::on("*").when(lacks).status(status));
        let place = place(&server, WHEN_ASKED);
        place.gomodfetch(ARGS).run().success().silent();
    }
    // What fails otherwise is no matter of credentials.
    let server = serve();
    server.fault(Fault::on("*").status(500));
    let place = place(&server, WHEN_ASKED);
    place.gomodfetch(ARGS).run().fails_with(6);
    assert_eq!(noted(&place).len(), 1);
}

#[test]
fn a_token_that_expires_is_renewed() {
    let names: Vec<String> = (0..30).map(|number| format!("m{number} v1.0.0")).collect();
    let server = Server::builder(Registry::from_graph(&names.join("\n"))).https().start();
    // Each token is good for half of the requests: those that the first is no longer good for may all be
    // under way at once, and the second must do for them.
    let used: Mutex<HashMap<Option<String>, usize>> = Mutex::default();
    let expired = move |request: &_| {
        let mut used = used.lock().unwrap();
        let uses = used.entry(authorization(request)).or_default();
        *uses += 1;
        *uses > 45
    };
    server.fault(Fault::on("*").when(expired).status(401));
    let script = "printf '%s\\n\\nAuthorization: Bearer %s\\n\\n' $URL $N";
    let place = place(&server, script);
    let modules: Vec<String> =
        (0..30).map(|number| format!("example.com/m{number}@v1.0.0")).collect();
    let args: Vec<&str> =
        ["download", "--jobs", "2"].into_iter().chain(modules.iter().map(String::as_str)).collect();
    place.gomodfetch(args).run().success().silent();
    assert_eq!(server.requests().iter().filter(|request| request.status == Some(200)).count(), 90);
}

#[test]
fn a_refusal_that_stays_is_told_in_gos_words() {
    let server = serve();
    guard(&server, "Bearer other");
    let make = || place(&server, ALWAYS);
    let want = format!(
        "go: example.com/a@v1.0.0: reading {}/example.com/a/@v/v1.0.0.info: 401 Unauthorized\n\
         \tserver response: fault: 401\n",
        server.url()
    );
    let place = make();
    let output = place.gomodfetch(ARGS).run();
    output.fails_with(4).stderr_is(&want);
    assert!(noted(&place).len() <= 1 + 3, "once before, and once for each request");
    assert_eq!(
        place.gomodfetch(["download", "--hints", ARGS[1]]).run().lacks("t0ken").code(),
        Some(4)
    );
    if let Some((_, output)) = go_runs("a refusal that stays", &make, &ARGS) {
        output.fails_with(1).stderr_is(&want);
    }
}

#[test]
fn what_goes_wrong_with_commands_is_traced() {
    let server = serve();
    guard(&server, TOKEN);
    for (goauth, script, want) in [
        (
            "helper 'a b'",
            "echo boom >&2; exit 3",
            &["  GOAUTH=helper 'a b': could not run command helper 'a b': exit status 3", "boom"][..],
        ),
        (
            "helper",
            "kill -9 $$",
            &["  GOAUTH=helper: could not run command helper: signal: killed"],
        ),
        (
            "no-such-helper x",
            "",
            &["  GOAUTH=no-such-helper x: could not run command no-such-helper x: exec: \
               \"no-such-helper\": executable file not found in $PATH"],
        ),
        (
            "helper 'x",
            "",
            &["  GOAUTH=helper 'x: cannot parse GOAUTH command helper 'x: unterminated ' string"],
        ),
        (
            "helper",
            "echo garbage",
            &[
                "  GOAUTH=helper: cannot parse output of GOAUTH command helper: could not parse URL \
               xxxxx: invalid URI for request",
            ],
        ),
        (
            "helper",
            "echo $URL",
            &[
                "  GOAUTH=helper: cannot parse output of GOAUTH command helper: invalid format: missing \
               empty line after URLs",
            ],
        ),
        (
            "helper",
            "printf '%s\\n\\nAuthorization: Bearer t0ken\\n' $URL",
            &[
                "  GOAUTH=helper: cannot parse output of GOAUTH command helper: invalid format: missing \
               empty line after headers",
            ],
        ),
        (
            "helper",
            "printf '%s\\n\\nAuthorization Bearer t0ken\\n\\n' $URL",
            &[
                "  GOAUTH=helper: cannot parse output of GOAUTH command helper: invalid format: invalid \
               header line",
            ],
        ),
    ] {
        let make = || {
            let mut place = place(&server, script);
            place.set("GOAUTH", goauth);
            place
        };
        let mut lines =
            vec!["GOAUTH encountered errors for $URL/example.com/a/@v/v1.0.0.info:".to_owned()];
        lines.extend(want.iter().map(|line| (*line).to_owned()));
        let args = ["download", "-x", ARGS[1]];
        let output = make().gomodfetch(args).run();
        output.fails_with(4).lacks("t0ken");
        // Three requests are refused, in any order.
        let mut told = trouble(&output, &server);
        for file in [".mod:", ".zip:"] {
            told[0] = told[0].replace(file, ".info:");
        }
        assert_eq!(told, lines, "{output}");
        // Without -x nothing is said of it.
        make().gomodfetch(ARGS).run().fails_with(4).lacks("GOAUTH");
        if script != "echo garbage"
            && let Some((_, output)) = go_runs("what goes wrong", &make, &args)
        {
            assert_eq!(trouble(&output, &server), lines, "go: {output}");
        }
    }
}

#[test]
fn another_entry_can_do_what_one_can_not() {
    let server = serve();
    guard(&server, TOKEN);
    for goauth in
        ["false; helper", "helper; false", "netrc; helper", "no-such-helper;helper x;netrc"]
    {
        let make = || {
            let mut place = place(&server, WHEN_ASKED);
            place.set("GOAUTH", goauth);
            place
        };
        make().gomodfetch(ARGS).run().success().silent();
        if let Some((_, output)) = go_runs("another entry", &make, &ARGS) {
            output.success();
        }
    }
    // The first one has the last word.
    let wrong = format!("#!/bin/sh\nprintf '{}\n\nX: y\n\n'", server.url());
    for (goauth, code) in [("helper; wrong", 0), ("wrong; helper", 4)] {
        let mut place = place(&server, ALWAYS);
        install(&place, "wrong", &wrong);
        place.set("GOAUTH", goauth).gomodfetch(ARGS).run().fails_with(code);
    }
}

#[test]
fn any_header_for_the_place_that_it_is_for() {
    let authority = Authority::new();
    let start = || Server::builder(Registry::from_graph("a v1.0.0")).https_by(&authority).start();
    let (server, other) = (start(), start());
    server.fault(Fault::on("*.zip").redirect_below(&other.url()));
    let script =
        "printf '%s\\n\\nPrivate-Token: hidden\\nX-A: 1\\nX-A: 2\\nHost: evil.example\\n\\n' $URL";
    let place = place(&server, script);
    place.gomodfetch(ARGS).run().success().silent();
    let all = |server: &Server, name: &str| {
        let requests = server.requests();
        assert!(!requests.is_empty());
        let of = |request: &super::support::requests::Request| {
            let values = request.headers.iter().filter(|(header, _)| header == name);
            values.map(|(_, value)| value.clone()).collect::<Vec<_>>().join(",")
        };
        let mut found: Vec<String> = requests.iter().map(of).collect();
        found.dedup();
        found
    };
    assert_eq!(all(&server, "private-token"), ["hidden"]);
    assert_eq!(all(&server, "x-a"), ["1,2"]);
    assert!(server.requests().iter().all(|request| request.host == server.address().to_string()));
    assert_eq!(all(&other, "private-token"), [""]);
}

#[test]
fn plain_http_asks_nobody() {
    let server = Server::http(Registry::from_graph("a v1.0.0"));
    let lacks = |request: &_| authorization(request).is_none();
    server.fault(Fault::on("*").when(lacks).status(401));
    let place = place(&server, ALWAYS);
    place.gomodfetch(ARGS).run().fails_with(4);
    assert!(noted(&place).is_empty());
}

#[test]
fn a_cache_that_is_full_asks_nobody() {
    let server = serve();
    let place = place(&server, ALWAYS);
    place.gomodfetch(ARGS).run().success();
    forget(&place);
    place.gomodfetch(ARGS).run().success();
    assert!(noted(&place).is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn whoever_hangs_ends_with_the_run() {
    let server = serve();
    let place = place(&server, "echo $$ >pid; exec sleep 600");
    let running = place.gomodfetch(ARGS).spawn();
    let file = place.root().join("runs/pid");
    let pid = loop {
        let pid = std::fs::read_to_string(&file).unwrap_or_default();
        if pid.ends_with('\n') {
            break pid.trim().to_owned();
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let process = nix::unistd::Pid::from_raw(running.id().try_into().unwrap());
    nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGINT).expect("a signal");
    running.wait().fails_with(130);
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
}
