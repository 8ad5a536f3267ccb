//! Flags in go's spelling and in GNU's.

use crate::support::cli::Project;
use crate::{PROJECT, project, serve};

#[test]
fn one_flag_has_many_spellings() {
    let server = serve();
    let project = project(PROJECT, &server);
    let json = project.gomodfetch(["download", "-json"]).run();
    let json = json.success().relative(&json.stdout);
    for (line, expected) in [
        ("download --json", json.as_str()),
        ("download -json=true", &json),
        ("download -json=1", &json),
        ("download --json=T", &json),
        ("download -json=false -json", &json),
        ("mod download -json", &json),
        ("mod download --json", &json),
        ("download -json -x=false", &json),
        ("download --progress=none -json", &json),
        ("download --progress none -json", &json),
        ("download -C . -json", &json),
        ("download -C=. -json", &json),
        ("download --C=. -json", &json),
        ("download -json -modfile go.mod", &json),
        ("download -json -modfile=go.mod", &json),
        ("download -json --modfile go.mod", &json),
        ("download -json --", &json),
        ("download -json=false", ""),
        ("download --json=false", ""),
        ("download -json=0", ""),
        ("download -json -json=F", ""),
        ("mod download", ""),
        ("download --", ""),
    ] {
        let output = project.gomodfetch(line.split(' ')).run();
        output.success().stdout_is(expected).stderr_is("");
    }
}

#[test]
fn flags_may_stand_behind_arguments() {
    let server = serve();
    let project = project(PROJECT, &server);
    let before = project.gomodfetch(["download", "-json", "example.com/a"]).run();
    let behind = project.gomodfetch(["download", "example.com/a", "--json"]).run();
    before.success().stdout_is(&behind.success().relative(&behind.stdout));
}

#[test]
fn c_changes_the_folder_first() {
    let server = serve();
    let below = PROJECT.replace("-- go.mod", "-- sub/dir/go.mod");
    let other = "-- sub/dir/other.mod --\nmodule example.org/other\n\ngo 1.21\n";
    let project = project(&format!("{below}{other}"), &server);
    for flags in [&["-C", "sub/dir"][..], &["-C=sub/dir"], &["--C=sub/dir"]] {
        let output = project.gomodfetch([&["download"], flags, &["-json"]].concat()).run();
        output.success().stdout_has("\"example.com/a\"");
    }
    assert!(project.has("sub/dir/go.sum") && !project.has("go.sum"));
    // What is relative is so to the new folder.
    let output = project.gomodfetch(["download", "-C", "sub/dir", "-modfile=other.mod"]).run();
    output.success().stderr_is("go: no module dependencies to download\n");
    project.gomodfetch(["env", "-C", "sub", "GOPROXY"]).run().success();
    let output = project.gomodfetch(["download", "-C", "missing"]).run();
    output.fails_with(2).stderr_is("go: chdir missing: no such file or directory\n");
}

#[test]
fn what_is_not_understood_is_exit_code_2() {
    let project = Project::new(PROJECT);
    for line in [
        "",
        "nonsense",
        "mod",
        "mod nonsense",
        "download -nosuch",
        "download --nosuch",
        "download -jsonx",
        "download -jx",
        "download -nosuch=1",
        "download -q",
        "download -json=maybe",
        "download --json=",
        "download -modfile",
        "download -C",
        "download -C.",
        "download --jobs",
        "download --jobs=0",
        "download --jobs=1025",
        "download --jobs=-1",
        "download --jobs=x",
        "download --progress=loud",
        "download --locked=yes",
        "download --stream=yes",
        "env --nosuch",
        "env NOSUCH",
        "completions nosuch",
        "completions",
    ] {
        let args = line.split(' ').filter(|word| !word.is_empty());
        let output = project.gomodfetch(args).run();
        output.fails_with(2).stdout_is("");
        assert!(!output.stderr.is_empty(), "{line}");
    }
    let output = project.gomodfetch(["download", "-nosuch=1"]).run();
    output.stderr_has("flag provided but not defined: -nosuch\n");
}

#[test]
fn goflags_count_like_flags() {
    let server = serve();
    let mut project = project(PROJECT, &server);
    let json = project.gomodfetch(["download", "-json"]).run().stdout;
    project.set("GOFLAGS", "-json -mod=vendor -tags=a,b");
    let output = project.gomodfetch(["download"]).run();
    assert_eq!(output.success().stdout, json);
    project.gomodfetch(["download", "-json=false"]).run().success().silent();
    project.set("GOFLAGS", "-nosuch");
    let output = project.gomodfetch(["download"]).run();
    output.fails_with(1).stderr_has("unknown flag -nosuch");
}

#[test]
fn help_and_version_are_no_failures() {
    let project = Project::new("");
    for (line, text) in [
        ("--help", "Exit codes: "),
        ("-h", "download"),
        ("help download", "--locked"),
        ("download --help", "--stream"),
        ("download -help", "--stream"),
        ("download -h", "--modcacherw"),
        ("mod download --help", "path@query"),
        ("env --help", "--json"),
        ("--version", "gomodfetch "),
        ("completions bash", "_gomodfetch"),
        ("man", ".TH"),
    ] {
        let output = project.gomodfetch(line.split(' ')).run();
        output.success().stdout_has(text).stderr_is("");
    }
}
