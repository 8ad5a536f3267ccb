//! `env`: the settings, and where each came from.

use crate::support::cli::Project;

#[test]
fn each_setting_is_shown_with_its_origin() {
    let mut project =
        Project::new("-- env --\nGONOSUMDB=corp.example\nGOPROXY=https://a.example\n");
    let file = project.dir().join("env");
    project.set("GOENV", &file).set("GOPROXY", "https://b.example").unset("GOSUMDB");
    let output = project.gomodfetch(["env"]).run();
    output
        .success()
        .stderr_is("")
        .stdout_has("GOPROXY='https://b.example'  # environment\n")
        .stdout_has("GONOSUMDB='corp.example'  # $ROOT/project/env\n")
        .stdout_has("GOINSECURE=''  # default\n")
        .stdout_has("GOMODCACHE='$ROOT/gopath/pkg/mod'  # environment\n")
        .stdout_has("GOSUMDB='");
}

#[test]
fn single_settings_are_bare_and_in_the_order_asked() {
    let mut project = Project::new("");
    project.set("GOPRIVATE", "*.corp.example");
    let output = project.gomodfetch(["env", "GOPRIVATE", "GOTOOLCHAIN", "GOPROXY"]).run();
    output.success().stdout_is("*.corp.example\nlocal\noff\n").stderr_is("");
}

#[test]
fn json_has_name_value_origin_and_meaning() {
    let project = Project::new("");
    for flag in ["-json", "--json"] {
        let output = project.gomodfetch(["env", flag, "GOPROXY", "GOFLAGS"]).run();
        let value = &output.success().json()[0];
        let settings = value.as_array().expect("an array");
        assert_eq!(settings.len(), 2);
        assert_eq!(settings[0]["Name"], "GOPROXY");
        assert_eq!(settings[0]["Value"], "off");
        assert_eq!(settings[0]["Origin"], "environment");
        assert!(settings[0]["Doc"].as_str().is_some_and(|doc| doc.len() > 20));
        assert_eq!((&settings[1]["Name"], &settings[1]["Value"]), (&"GOFLAGS".into(), &"".into()));
    }
    let all = project.gomodfetch(["env", "-json"]).run().json();
    let names: Vec<_> = all[0].as_array().expect("an array").iter().map(|s| &s["Name"]).collect();
    for name in [
        "GOPROXY",
        "GOSUMDB",
        "GOPRIVATE",
        "GONOPROXY",
        "GONOSUMDB",
        "GOMODCACHE",
        "GOPATH",
        "GOENV",
        "GOFLAGS",
        "GOINSECURE",
        "GOTOOLCHAIN",
        "GO111MODULE",
    ] {
        assert!(names.iter().any(|known| *known == name), "{name}");
    }
}

#[test]
fn env_shows_what_download_would_refuse() {
    let mut project = Project::new("");
    project.set("GOPROXY", "nonsense").set("GO111MODULE", "off").set("GOFLAGS", "-nosuch");
    project
        .gomodfetch(["env", "GOPROXY", "GOFLAGS"])
        .run()
        .success()
        .stdout_is("nonsense\n-nosuch\n");
}

#[test]
fn an_unknown_setting_is_a_mistake() {
    let project = Project::new("");
    let output = project.gomodfetch(["env", "GOPROXY", "NOSUCH"]).run();
    output.fails_with(2).stdout_is("").stderr_has("NOSUCH is no setting of gomodfetch");
}
