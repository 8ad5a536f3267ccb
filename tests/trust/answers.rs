//! Answers of a proxy that are wild, endless, or about something else; control characters in them.

use std::time::Duration;

use super::common::*;
use super::support::cli::Project;
use super::support::faults::Fault;
use super::support::registry::Registry;
use super::support::server::Server;
use super::support::tree::Snapshot;

const INFO: &str = "/example.com/a/@v/v1.0.0.info";
const EXACT: [&str; 2] = ["download", "example.com/a@v1.0.0"];
const LATEST: [&str; 2] = ["download", "example.com/a@latest"];

fn server() -> Server {
    Server::http(Registry::from_graph("a v1.0.0"))
}

fn place(server: &Server) -> Project {
    project(server, &main_module(&[]), "")
}

/// Nothing of the module is in the cache, and nothing has come to lie elsewhere.
#[track_caller]
fn assert_nothing(place: &Project) {
    assert_unpublished(place, "example.com/a");
    let evil = |name: &&String| name.contains("evil") || name.contains("..");
    let everything = Snapshot::of(place.root());
    let strays: Vec<&String> = everything.nodes.keys().filter(evil).collect();
    assert!(strays.is_empty(), "{strays:?}");
}

#[test]
fn infos_that_are_none() {
    let depth = "[".repeat(10_001);
    for (body, reason) in [
        ("", "unexpected end of JSON input"),
        ("{", "unexpected end of JSON input"),
        ("<html>\u{1b}[31m", "invalid character '<' looking for beginning of value"),
        ("\u{feff}{}", "invalid character 'ï' looking for beginning of value"),
        ("[]", "json: cannot unmarshal array into Go value of type modfetch.RevInfo"),
        (
            r#"{"Version":5}"#,
            "json: cannot unmarshal number into Go struct field RevInfo.Version of type string",
        ),
        (r#"{"Version":"v1.0.0"} x"#, "invalid character 'x' after top-level value"),
        ("{\"Version\":\"v1.0.0\u{1b}[31m\"}", "invalid character '\\x1b' in string literal"),
        (&depth, "invalid character '[' exceeded max depth"),
        (
            r#"{"Version":"v1.0.0","Time":"yesterday"}"#,
            "parsing time \"yesterday\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \
             \"yesterday\" as \"2006\"",
        ),
    ] {
        let server = server();
        server.fault(Fault::on(INFO).body(body.to_owned()));
        let make = || place(&server);
        let want = format!(
            "go: example.com/a@v1.0.0: invalid response from proxy \"$SERVER\": {reason}\n"
        );
        let (place, output) = both_say("infos", &server, &make, &EXACT, 1, &want);
        output.lacks("\u{1b}");
        assert_nothing(&place);
    }
}

#[test]
fn infos_about_something_else() {
    for (version, code, want) in [
        ("v1.0.1", 5, "proxy returned info for version v1.0.1 instead of requested version"),
        (
            "../../evil",
            5,
            "proxy returned info for version ../../evil instead of requested version",
        ),
        ("v1.0.0-\\u001b[31m", 5, "proxy returned info for version v1.0.0-\\u{1b}[31m instead"),
        // go takes an empty version for success where it did not ask for an exact one.
        ("", 1, "invalid response from proxy \"$SERVER\": no version"),
    ] {
        let server = server();
        server.fault(Fault::on(INFO).body(format!(r#"{{"Version":"{version}"}}"#)));
        let place = place(&server);
        let output = place.gomodfetch(EXACT).run();
        let text = said(output.fails_with(code), &server);
        assert!(text.starts_with(&format!("go: example.com/a@v1.0.0: {want}")), "{output}");
        output.lacks("\u{1b}");
        assert_nothing(&place);
    }
}

#[test]
fn revisions_that_resolve_to_no_version() {
    for (path, args) in [
        ("/example.com/a/@v/main.info", ["download", "example.com/a@main"]),
        ("/example.com/a/@latest", LATEST),
    ] {
        for version in ["", "main", "../../evil", "v1.0.0/../evil", "V1.0.0", "v01.0.0"] {
            let server = server();
            server.registry().set_list("example.com/a", "");
            server.fault(Fault::on(path).body(format!(r#"{{"Version":"{version}"}}"#)));
            let place = place(&server);
            let output = place.gomodfetch(args).run();
            assert!(matches!(output.code(), Some(1 | 3 | 5)), "{path} {version}: {output}");
            assert_nothing(&place);
            assert_eq!(server.count("*evil*"), 0);
        }
    }
}

#[test]
fn lists_of_anything() {
    for list in
        ["../../evil\n", "v1.0.0/../../evil\n", "<html>\n", "\u{1b}[31mv9.0.0\n", "V1.0.0\n"]
    {
        let server = server();
        server.fault(Fault::on("*/@v/list").body(list));
        let place = place(&server);
        // As go, which passes over what is no version.
        place.gomodfetch(LATEST).run().success().silent();
        assert_published(&place, "example.com/a v1.0.0");
        assert_eq!(server.count("*evil*"), 0);
        assert!(!Snapshot::of(place.root()).nodes.keys().any(|name| name.contains("evil")));
    }
}

// Sizes.

#[test]
fn endless_answers() {
    for (pattern, args, limit) in [
        ("*.info", EXACT, "65536"),
        ("*.mod", EXACT, "16777216"),
        ("*/@v/list", LATEST, "8388608"),
        ("*/@latest", LATEST, "65536"),
    ] {
        let server = server();
        if pattern.ends_with("latest") {
            server.registry().set_list("example.com/a", "");
        }
        server.fault(Fault::on(pattern).endless());
        let place = place(&server);
        let (output, peak) = with_peak_memory(place.gomodfetch(args).spawn());
        output.fails_with(5).stderr_has(&format!("response is larger than {limit} bytes"));
        output.stderr_has("example.com/a");
        assert_nothing(&place);
        assert!(peak < MAX_MEMORY, "{pattern}: {peak} KiB");
    }
}

#[test]
fn an_endless_list_of_versions() {
    let server = server();
    let list: String = (0..1_000_000).map(|number| format!("v1.0.{number}\n")).collect();
    server.fault(Fault::on("*/@v/list").body(list).endless());
    let place = place(&server);
    let (output, peak) = with_peak_memory(place.gomodfetch(LATEST).spawn());
    output.fails_with(5).stderr_has("response is larger than");
    assert!(peak < MAX_MEMORY, "{peak} KiB");
}

#[test]
fn a_zip_that_never_ends() {
    let server = server();
    server.fault(Fault::on("*.zip").endless());
    let place = place(&server);
    let (output, peak) = with_peak_memory(place.gomodfetch(EXACT).spawn());
    output.fails_with(5).stderr_is("go: example.com/a@v1.0.0: downloaded zip file too large\n");
    assert!(peak < MAX_MEMORY, "{peak} KiB");
    let found = published(&place, "example.com/a");
    assert_eq!(found, ["cache/download/example.com/a/@v/v1.0.0.mod"]);
    // One that says so at once is not even begun.
    server.heal();
    server.fault(Fault::on("*.zip").declare_length(600 << 20).stall_after(1));
    let output = self::place(&server).gomodfetch(EXACT).run();
    output.fails_with(5).stderr_is("go: example.com/a@v1.0.0: downloaded zip file too large\n");
}

#[test]
fn a_go_mod_that_is_too_large() {
    let server = server();
    let mut text = "module example.com/a\n".to_owned();
    text.push_str(&" ".repeat((16 << 20) - text.len()));
    server.fault(Fault::on("*.mod").body(text.clone()));
    place(&server).gomodfetch(EXACT).run().success();
    server.heal();
    server.fault(Fault::on("*.mod").body(text + " "));
    let place = place(&server);
    place
        .gomodfetch(EXACT)
        .run()
        .fails_with(5)
        .stderr_has("response is larger than 16777216 bytes");
    assert_nothing(&place);
}

#[test]
fn an_error_page_that_never_ends() {
    let server = server();
    server.fault(Fault::on("*").status(500).body("line\n".repeat(5)).endless());
    let place = place(&server);
    let (output, peak) = with_peak_memory(place.gomodfetch(EXACT).spawn());
    output.fails_with(6).stderr_has("500 Internal Server Error");
    assert!(output.stderr.len() < 2000, "{output}");
    assert!(peak < MAX_MEMORY, "{peak} KiB");
    assert_nothing(&place);
}

#[test]
fn compressed_answers_are_not_asked_for_and_not_inflated() {
    use std::io::Write as _;
    // A megabyte of zeros in a kilobyte, and that once more.
    let mut bomb = vec![0; 1 << 20];
    for _ in 0..2 {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(&bomb).unwrap();
        bomb = gzip.finish().unwrap();
    }
    for pattern in ["*.info", "*.mod", "*.zip", "*/@v/list"] {
        for encoding in ["gzip", "identity, GZip", "br", "zstd", "deflate"] {
            let server = server();
            server
                .fault(Fault::on(pattern).body(bomb.clone()).header("content-encoding", encoding));
            let place = place(&server);
            let args = if pattern.ends_with("list") { LATEST } else { EXACT };
            let output = place.gomodfetch(args).run();
            output.fails_with(6).stderr_has("is compressed");
            for request in server.requests() {
                assert!(request.header("accept-encoding").is_none_or(|value| value == "identity"));
            }
            let found = published(&place, "example.com/a");
            assert!(pattern == "*.zip" || found.is_empty(), "{pattern} {encoding}: {found:?}");
            assert!(found.iter().all(|file| file.ends_with(".mod")), "{found:?}");
        }
    }
}

#[test]
fn a_reason_phrase_is_not_printed_raw() {
    use std::io::{BufRead as _, BufReader, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let mut place = Project::new(&main_module(&[]));
    place.set("GOPROXY", format!("http://{address}")).set("GONOSUMDB", "*");
    let running = place.gomodfetch(["download", "-x", "example.com/a@latest"]).spawn();
    let server = std::thread::spawn(move || {
        // The list, and then the newest version.
        for stream in listener.incoming().take(2) {
            let mut stream = stream.expect("a connection");
            let lines = BufReader::new(stream.try_clone().expect("a copy")).lines();
            for line in lines.map_while(Result::ok) {
                if line.is_empty() {
                    break;
                }
            }
            let _ = stream.write_all(
                b"HTTP/1.1 404 Not\x1b[31m Found\xe2\x80\xae\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            );
        }
    });
    let output = running.wait();
    assert_ne!(output.code(), Some(0));
    output.lacks("\u{1b}").lacks("\u{202e}");
    drop(std::net::TcpStream::connect(address));
    drop(std::net::TcpStream::connect(address));
    server.join().expect("the server");
}

// Control characters.

#[test]
fn nothing_of_a_server_is_printed_raw() {
    let page = "\u{1b}]0;title\u{7}\u{1b}[2Jhello\u{202e}\u{9b}31m\rx\n";
    let harmless = |output: &super::support::cli::Output| {
        for control in ["\u{1b}", "\u{7}", "\u{202e}", "\u{9b}", "\r"] {
            output.lacks(control);
        }
    };
    for status in [404, 403, 500] {
        for pattern in ["*.info", "*.mod", "*.zip", "*/@v/list"] {
            let server = server();
            server.fault(Fault::on(pattern).status(status).body(page));
            let place = place(&server);
            let args = if pattern.ends_with("list") { LATEST } else { EXACT };
            for flag in ["-x", "-json", "-v", "--hints"] {
                let output = place.gomodfetch([args[0], flag, args[1]]).run();
                assert_ne!(output.code(), Some(0), "{output}");
                harmless(&output);
            }
        }
    }
    // Whatever is legal in a header may come in one.
    let server = server();
    let place = place(&server);
    server.fault(Fault::on("*.info").redirect_to("/evil\u{202e}\u{9b}31m"));
    harmless(&place.gomodfetch(["download", "-x", "example.com/a@v1.0.0"]).run());
    server.heal();
    server.fault(Fault::on("*.mod").body("module example.com/a\n\nrequire \u{1b}[31m v1.0.0\n"));
    let output = place.gomodfetch(["download", "-x", "example.com/a@v1.0.0"]).run();
    harmless(&output);
    // The file as such is as good as its hash; it is read when it is a dependency.
    let place = project(&server, &main_module(&["example.com/a v1.0.0"]), "");
    let output = place.gomodfetch(["download", "all"]).run();
    output.fails_with(1);
    harmless(&output);
}

// Answers that do not come.

#[test]
fn a_zip_that_breaks_off() {
    for fault in [
        Fault::on("*.zip").cut_after(100),
        Fault::on("*.zip").reset_after(100),
        Fault::on("*.zip").reset_stream_after(100),
        Fault::on("*.zip").cut_after(0),
        Fault::on("*.zip").close(),
        Fault::on("*.zip").reset(),
        Fault::on("*.zip").declare_length(100_000),
    ] {
        // Over plain HTTP every transfer has a connection of its own.
        let server = Server::http(Registry::from_graph("a v1.0.0\nb v1.0.0"));
        server.fault(fault.clone().when(|request| request.path.contains("/a/")));
        let place = place(&server);
        let args = ["download", "example.com/a@v1.0.0", "example.com/b@v1.0.0"];
        let output = place.gomodfetch(args).limit(Duration::from_secs(60)).run();
        output.fails_with(6).stderr_has("example.com/a@v1.0.0: ");
        output.stderr_has(&format!("{}/example.com/a/@v/v1.0.0.zip", server.url()));
        let found = published(&place, "example.com/a");
        assert_eq!(found, ["cache/download/example.com/a/@v/v1.0.0.mod"]);
        assert_published(&place, "example.com/b v1.0.0");

        // Over HTTP/2 what else was on the connection may break off with it.
        let server = Server::builder(Registry::from_graph("a v1.0.0")).https().start();
        server.fault(fault);
        let place = self::place(&server);
        let output = place.gomodfetch(EXACT).limit(Duration::from_secs(60)).run();
        output.fails_with(6).stderr_has(&format!("{}/example.com/a/@v/v1.0.0.", server.url()));
        let found = published(&place, "example.com/a");
        assert!(found.iter().all(|file| file.ends_with(".mod")), "{found:?}");
    }
}

#[test]
fn small_files_that_break_off() {
    for pattern in ["/example.com/a/*.info", "/example.com/a/*.mod"] {
        let server = server();
        server.fault(Fault::on(pattern).cut_after(5));
        let place = place(&server);
        place.gomodfetch(EXACT).run().fails_with(6).stderr_has("unexpected EOF");
        assert_nothing(&place);
    }
}
