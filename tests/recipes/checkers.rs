//! The files of the recipes are read by the parsers that read them elsewhere: GitHub's workflow by actionlint, Dockerfiles by
//! BuildKit's own parser with its lints, the compose file by compose's.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::machine::is_program;
use super::page;
use super::support::user::skipped;

#[test]
fn others_read_the_files_without_complaint() {
    let Some(dir) = env::var_os("GOMODFETCH_TEST_CHECKERS").filter(|dir| !dir.is_empty()) else {
        return skipped(
            "recipes::checkers",
            "GOMODFETCH_TEST_CHECKERS names no folder with checkers",
        );
    };
    let dir = PathBuf::from(dir);
    let files = tempfile::tempdir().expect("a temporary folder");
    let mut checked = 0;
    for page in page::all() {
        for code in &page.code {
            let Some(name) = code.label.as_deref().and_then(|label| label.strip_prefix("file="))
            else {
                continue;
            };
            let path = files.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(&path, &code.text).expect("a file");
            let checker = match name.rsplit('/').next() {
                _ if name.starts_with(".github/") => "actionlint",
                Some(name) if name.ends_with("Dockerfile") || name == "compose.yaml" => {
                    "check-files"
                }
                _ => continue,
            };
            let program = dir.join(checker);
            assert!(is_program(&program), "{}", program.display());
            let output = Command::new(program).arg(&path).output().expect("a checker");
            let told = [output.stdout, output.stderr].concat();
            let told = String::from_utf8_lossy(&told).into_owned();
            assert!(output.status.success() && told.is_empty(), "{} {name}:\n{told}", page.name);
            checked += 1;
        }
    }
    assert!(checked >= 6, "{checked} files only");
}
