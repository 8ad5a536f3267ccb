//! Tests of gomodfetch.toml.

use std::time::Duration;

use proptest::prelude::*;

use super::*;

fn parse(text: &str, whose: Whose) -> Result<SettingsFile, String> {
    SettingsFile::parse(Path::new("F"), text.as_bytes(), whose).map_err(|err| err.to_string())
}

fn files(user: &str, project: &str, goproxy: &str) -> Files {
    let (user, project) =
        (parse(user, Whose::User).unwrap(), parse(project, Whose::Project).unwrap());
    let goproxy = ProxyList::parse(goproxy, "").unwrap();
    Files::new(user, project, Some(&goproxy), Path::new("P"))
}

fn proxy(url: &str) -> Proxy {
    ProxyList::parse(url, "").unwrap().entries()[0].proxy.clone()
}

/// The list that a route leads to, in the syntax of GOPROXY.
fn shown(list: &ProxyList) -> String {
    let entries = list.entries().iter().map(|entry| {
        let separator = match entry.fallback {
            crate::config::goproxy::Fallback::NotFound => ",",
            crate::config::goproxy::Fallback::AnyError => "|",
        };
        format!("{}{separator}", entry.proxy)
    });
    entries.collect::<String>().trim_end_matches([',', '|']).to_owned()
}

#[test]
fn everything_that_there_is() {
    let file = parse(
        r#"
choice = "spread"
defaults = { retries = 0x3, connect_timeout = "500ms" }
[[proxy]]
url = "https://Athens.example.com/go/"
connect_timeout = "1s"
stall_timeout = "2m"
retries = 0
retry_wait = "1ms"
requests_per_second = 20
bytes_per_second = "5 MB"
max_transfers = 4
max_fails = 3
fail_timeout = "1h"
backup = true
weight = 10
projects = true
[[route]]
match = "git.example.com/*,corp.example"
goproxy = "athens.example.com/go|direct"
private = true
"#,
        Whose::User,
    )
    .unwrap();
    assert_eq!(file.choice, Some(Choice::Spread));
    assert_eq!(file.defaults.retries, Some(3));
    let table = &file.proxies[0];
    assert_eq!(table.key, "https://athens.example.com/go");
    assert!(table.projects);
    let want = Rules {
        connect_timeout: Some(Duration::from_secs(1)),
        stall_timeout: Some(Duration::from_secs(120)),
        retries: Some(0),
        retry_wait: Some(Duration::from_millis(1)),
        requests_per_second: Some(20),
        bytes_per_second: Some(5_000_000),
        max_transfers: Some(4),
        max_fails: Some(3),
        fail_timeout: Some(Duration::from_secs(3600)),
        backup: Some(true),
        weight: Some(10),
    };
    assert_eq!(table.rules, want);
    assert_eq!(shown(&file.routes[0].list), "https://athens.example.com/go|direct");
    assert!(file.routes[0].private);
    // Each key is there to be shown.
    for key in rules::KEYS {
        let name = format!("proxy[https://athens.example.com/go].{key}");
        assert!(file.told.iter().any(|(told, ..)| *told == name), "{name}");
    }
    assert!(file.told.contains(&("choice".into(), "spread".into(), 2)));
    assert!(file.told.contains(&("route[0].private".into(), "true".into(), 21)));
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (text, want) in [
        ("\nretries = 1", "F:2: unknown key retries"),
        ("[defaults]\nretry = 1", "F:2: unknown key retry"),
        ("[[proxy]]\nurl = \"a.example\"\n\nsecret = 1", "F:4: unknown key secret"),
        ("[[route]]\nmatch = \"a\"\nurl = 1", "F:3: unknown key url"),
        ("choice = \"best\"", "F:1: choice: want \"in-order\", \"fastest\" or \"spread\""),
        ("defaults = 1", "F:1: defaults: want a table"),
        ("[proxy]", "F:1: proxy: want tables, each under [[proxy]]"),
        ("proxy = [1]", "F:1: proxy: want a table"),
        ("[[proxy]]", "F:1: [[proxy]] without url"),
        ("[[route]]\nmatch = \"a\"", "F:1: [[route]] without goproxy"),
        ("[[route]]\ngoproxy = \"off\"", "F:1: [[route]] without match"),
        ("[[route]]\nmatch = \" , \"", "F:2: match: want module path patterns"),
        ("[[route]]\nmatch = 1", "F:2: match: want a text"),
        ("[[route]]\nprivate = 1", "F:2: private: want true or false"),
        (
            "[[route]]\ngoproxy = \"u:pw@a.example:/x\"",
            "F:2: goproxy: invalid proxy URL scheme (must be https, http, file): u:xxxxx@a.example:/x",
        ),
        ("[[proxy]]\nurl = \"a.example,b.example\"", "F:2: url: want the address of a proxy"),
        ("[[proxy]]\nurl = \"direct\"", "F:2: url: want the address of a proxy"),
        (
            "[[proxy]]\nurl = \"https://u:pw@a.example\"",
            "F:2: url: credentials belong into netrc or GOPROXY",
        ),
        (
            "[[proxy]]\nurl = \"a.example\"\n[[proxy]]\nurl = \"https://a.example/\"",
            "F:3: a second [[proxy]] for https://a.example",
        ),
        ("[defaults]\nretries = 21", "F:2: retries: want a whole number from 0 to 20"),
        ("[defaults]\nweight = 0", "F:2: weight: want a whole number from 1 to 1000"),
        ("[defaults]\nweight = 1.5", "F:2: weight: want a whole number from 1 to 1000"),
        ("[defaults]\nbackup = 1", "F:2: backup: want true or false"),
        (
            "[defaults]\nstall_timeout = 10",
            "F:2: stall_timeout: want a duration of at most 10 minutes, such as \"500ms\" or \"10s\"",
        ),
        (
            "[defaults]\nretry_wait = \"61s\"",
            "F:2: retry_wait: want a duration of at most 1 minutes, such as \"500ms\" or \"10s\"",
        ),
        (
            "[defaults]\nretry_wait = \"0s\"",
            "F:2: retry_wait: want a duration of at most 1 minutes, such as \"500ms\" or \"10s\"",
        ),
        (
            "[defaults]\nbytes_per_second = 1",
            "F:2: bytes_per_second: want a number of bytes from 1kB to 1TB, such as 500000 or \"5MB\"",
        ),
    ] {
        assert_eq!(parse(text, Whose::User).unwrap_err(), want, "{text}");
    }
    assert!(parse("\n\nx = [", Whose::User).unwrap_err().starts_with("F:3: "));
    assert!(parse("x = 1\nx = 2", Whose::User).unwrap_err().starts_with("F:2: duplicate key"));
    let long = format!("[[route]]\nmatch = \"{}\"", "a".repeat(5000));
    assert_eq!(parse(&long, Whose::User).unwrap_err(), "F:2: match: longer than 4096 bytes");
    let many = "[[route]]\nmatch = \"a\"\ngoproxy = \"off\"\n".repeat(257);
    assert!(parse(&many, Whose::User).unwrap_err().ends_with("more than 256 [[route]]"));
    let err = SettingsFile::parse(Path::new("F"), b"\xff", Whose::User).unwrap_err();
    assert_eq!(err.to_string(), "F: not UTF-8");
}

#[test]
fn a_projects_file_may_not_have_everything() {
    for (text, want) in [
        (
            "[[route]]\nmatch = \"a\"\nprivate = true",
            "F:3: private: this belongs into the user's own file alone",
        ),
        ("choice = \"spread\"", "F:1: choice: this belongs into the user's own file alone"),
        ("[defaults]\nbackup = true", "F:2: backup: this belongs into the user's own file alone"),
        (
            "[[proxy]]\nurl = \"a.example\"\nweight = 2",
            "F:3: weight: this belongs into the user's own file alone",
        ),
        (
            "[[proxy]]\nurl = \"a.example\"\nprojects = true",
            "F:3: projects: this belongs into the user's own file alone",
        ),
        (
            "[[route]]\nmatch = \"a\"\ngoproxy = \"https://t@a.example\"",
            "F:3: goproxy: a project's file holds no credentials",
        ),
    ] {
        assert_eq!(parse(text, Whose::Project).unwrap_err(), want);
    }
}

#[test]
fn a_projects_routes_lead_where_goproxy_leads() {
    let user = "[[proxy]]\nurl = \"https://c.example\"\nprojects = true\n\
                [[proxy]]\nurl = \"https://d.example\"\nretries = 1\n\
                [[route]]\nmatch = \"user.example\"\ngoproxy = \"https://e.example\"\n";
    let goproxy = "https://me:pw@a.example|https://a2.example,https://b.example,direct";
    for (list, want) in [
        ("https://a.example/", Ok("https://me:xxxxx@a.example")),
        ("https://a2.example|a.example", Ok("https://a2.example|https://me:xxxxx@a.example")),
        ("c.example|a.example", Ok("https://c.example|https://me:xxxxx@a.example")),
        ("off", Ok("off")),
        ("a.example,off", Ok("https://me:xxxxx@a.example,off")),
        // Behind the same commas only.
        ("a2.example,b.example", Ok("https://a2.example,https://b.example")),
        ("a2.example,b.example,direct", Ok("https://a2.example,https://b.example,direct")),
        (
            "a2.example,c.example|b.example",
            Ok("https://a2.example,https://c.example|https://b.example"),
        ),
        ("b.example", Err("https://b.example")),
        ("direct", Err("direct")),
        ("a.example,b.example", Err("https://b.example")),
        ("a2.example|b.example", Err("https://b.example")),
        ("a2.example,direct", Err("direct")),
        ("c.example,b.example", Err("https://b.example")),
        // Nowhere else.
        ("d.example", Err("https://d.example")),
        ("e.example", Err("https://e.example")),
        ("a.example,f.example", Err("https://f.example")),
        ("http://a.example", Err("http://a.example")),
        ("file:///a", Err("file:///a")),
    ] {
        let project = format!("[[route]]\nmatch = \"m.example\"\ngoproxy = \"{list}\"\n");
        let files = files(user, &project, goproxy);
        match want {
            Ok(want) => {
                assert_eq!(files.routes().map(|r| shown(&r.list)).last().unwrap(), want);
                assert!(files.notes().is_empty());
            }
            Err(unknown) => {
                assert_eq!(files.routes().len(), 1, "{list}");
                let want = format!(
                    "gomodfetch: P:1: route passed over: your own settings let no project lead to \
                     {unknown}"
                );
                assert_eq!(files.notes(), [want]);
            }
        }
    }
    let direct = "[[route]]\nmatch = \"m.example\"\ngoproxy = \"direct\"\n";
    assert_eq!(files("", direct, "https://a.example").routes().len(), 0);
    assert_eq!(files("", direct, "off").routes().len(), 0);
    assert_eq!(files("", direct, "direct").routes().len(), 1);
    assert_eq!(files("", direct, "https://a.example|direct").routes().len(), 1);
    // What GONOPROXY puts before the list changes nothing.
    let goproxy = ProxyList::parse("https://a.example", "x").unwrap();
    let route = "[[route]]\nmatch = \"m.example\"\ngoproxy = \"a.example\"\n";
    let project = parse(route, Whose::Project).unwrap();
    let files = Files::new(SettingsFile::default(), project, Some(&goproxy), Path::new("P"));
    assert_eq!(files.routes().len(), 1);
}

#[test]
fn routes_and_private_modules() {
    let user = "[[route]]\nmatch = \"corp.example\"\ngoproxy = \"a.example\"\nprivate = true\n\
                [[route]]\nmatch = \"*.example\"\ngoproxy = \"b.example\"\n";
    let project = "[[route]]\nmatch = \"*.example,*.org,golang.org\"\ngoproxy = \"b.example\"\n";
    let files = files(user, project, "b.example");
    let [route, note] = [("x.org/m", Some(2)), ("corp.example/m", Some(0))];
    let of = |module: &str, private: &Private| {
        files.route_of(module, private, !private.bypasses_sumdb(module))
    };
    let nothing = Private::default();
    assert_eq!((of(route.0, &nothing), of(note.0, &nothing)), (route.1, note.1));
    assert_eq!(of("m.example/x", &nothing), Some(1));
    assert_eq!(of("m.net/x", &nothing), None);
    assert_eq!(of("golang.org/x/m", &nothing), Some(2));
    assert_eq!(of("golang.org/toolchain", &nothing), None);
    // What is private has only the route that says so.
    let private = Private::new("*.example,x.org", "", "", "");
    assert_eq!(of("corp.example/m", &private), Some(0));
    assert_eq!(of("m.example/x", &private), None);
    assert_eq!(of("x.org/m", &private), None);
    // A project's file leads away no module that nothing vouches for.
    let unchecked = Private::new("", "", "x.org", "");
    assert_eq!(of("x.org/m", &unchecked), None);
    assert_eq!(files.route_of("x.org/m", &nothing, false), None);
    assert_eq!(files.route_of("m.example/x", &nothing, false), Some(1));
    let through_proxies = Private::new("x.org,m.example", "none", "", "");
    assert_eq!(of("x.org/m", &through_proxies), None);
    assert_eq!(of("m.example/x", &through_proxies), Some(1));
}

#[test]
fn the_nearer_word_holds_and_the_lower_limit() {
    let user = "[defaults]\nretries = 1\nmax_fails = 9\nrequests_per_second = 10\n\
                [[proxy]]\nurl = \"a.example\"\nretries = 2\nmax_transfers = 5\n";
    let project = "[defaults]\nretries = 3\nrequests_per_second = 99\n\
                   [[proxy]]\nurl = \"a.example\"\nmax_transfers = 50\nmax_fails = 7\n";
    let files = files(user, project, "off");
    let a = files.rules(&proxy("https://a.example/"));
    assert_eq!((a.retries, a.max_transfers, a.max_fails()), (Some(2), Some(5), 7));
    let b = files.rules(&proxy("https://b.example"));
    assert_eq!((b.retries, b.max_fails(), b.requests_per_second), (Some(3), 9, Some(10)));
    let lower = "[defaults]\nrequests_per_second = 2\n";
    let files = self::files(user, lower, "off");
    assert_eq!(files.rules(&proxy("b.example")).requests_per_second, Some(2));
    assert_eq!(files.choice(), Choice::InOrder);
}

#[test]
fn files_are_found_and_told() {
    let dir = tempfile::tempdir().unwrap();
    let (user, project) = (dir.path().join("u.toml"), dir.path().join(NAME));
    assert!(Files::read(Some(&user), Some(&project), None).unwrap().explain().is_empty());
    std::fs::write(&user, "choice = \"fastest\"\n").unwrap();
    std::fs::write(&project, "[defaults]\nretry_wait = \"5ms\"\n").unwrap();
    let files = Files::read(Some(&user), Some(&project), None).unwrap();
    let told: Vec<String> =
        files.explain().iter().map(|e| format!("{}={} {}", e.name, e.value, e.origin)).collect();
    let (user, project) = (user.display(), project.display());
    let want = [format!("defaults.retry_wait=5ms {project}:2"), format!("choice=fastest {user}:1")];
    assert_eq!(told, want);
    let big = dir.path().join("big");
    std::fs::write(&big, " ".repeat(70_000)).unwrap();
    assert!(Files::read(Some(&big), None, None).is_err());
}

proptest! {
    /// Any text is a file or an error, and what is shown of it holds no password.
    #[test]
    fn any_text(text in "([a-z_]{1,12} ?= ?[0-9\"a-z:/@.,|]{0,20}\n|\\[{1,2}(proxy|route|defaults)\\]{1,2}\n|.){0,12}") {
        for whose in [Whose::User, Whose::Project] {
            let _ = parse(&text, whose);
        }
    }

    #[test]
    fn no_password_is_shown(password in "[a-zA-Z0-9]{6,12}q7", whose in prop_oneof![Just(Whose::User), Just(Whose::Project)]) {
        for text in [
            format!("[[route]]\nmatch = \"a\"\ngoproxy = \"https://u:{password}@a.example\"\n"),
            format!("[[route]]\nmatch = \"a\"\ngoproxy = \"ftp://u:{password}@a.example\"\n"),
            format!("[[proxy]]\nurl = \"https://u:{password}@a.example\"\n"),
        ] {
            let told = match parse(&text, whose) {
                Ok(file) => format!("{file:?}"),
                Err(err) => err,
            };
            prop_assert!(!told.contains(&password), "{told}");
        }
    }
}
