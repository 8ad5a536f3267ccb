//! Repositories of every version control system, made here and asked through the real programs.
//!
//! Each test needs a program, and says so where it is missing; `GOMODFETCH_REQUIRE_VCS=1` makes that a
//! failure. Nothing leaves this machine: the repositories are asked at `file://` addresses, which no
//! go-import page may name.

#![cfg(unix)]

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use gomodfetch::error::Error;
use gomodfetch::event::Silent;
use gomodfetch::vcs::repos::Repos;
use gomodfetch::vcs::run::Settings;
use gomodfetch::vcs::{EntryKind, Repo};

/// When all commits are made: 2026-01-02T03:04:05Z.
const TIME: i64 = 1_767_323_045;

/// A place for repositories, and for what is fetched of them.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    /// A place, if there are these programs.
    fn with(test: &str, programs: &[&str]) -> Option<Place> {
        let path = search_path();
        let has = |name: &&&str| env::split_paths(&path).any(|dir| dir.join(**name).is_file());
        if let Some(missing) = programs.iter().find(|name| !has(name)) {
            let required = env::var_os("GOMODFETCH_REQUIRE_VCS").is_some_and(|value| value == "1");
            assert!(!required, "{test}: GOMODFETCH_REQUIRE_VCS is set and there is no {missing}");
            let _ = writeln!(
                io::stderr().lock(),
                "SKIPPED {test}: no {missing} in PATH (GOMODFETCH_REQUIRE_VCS=1 demands one)"
            );
            return None;
        }
        let place = Place { dir: tempfile::tempdir().expect("a temporary folder") };
        for folder in ["work", "vcs", "tmp", "home"] {
            fs::create_dir(place.path(folder)).expect("a writable folder");
        }
        Some(place)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn url(&self, name: &str) -> String {
        format!("file://{}", self.path(name).display())
    }

    /// Nobody's settings, and one author.
    fn variables(&self) -> Vec<(&'static str, String)> {
        let home = self.path("home").display().to_string();
        let date = format!("{TIME} +0000");
        vec![
            ("HOME", home),
            ("PATH", search_path().into_string().expect("a PATH that is text")),
            ("LC_ALL", "C.UTF-8".into()),
            ("TZ", "UTC".into()),
            ("USER", "a".into()),
            ("HGUSER", "a".into()),
            ("BZR_EMAIL", "a <a@example.com>".into()),
            ("BRZ_EMAIL", "a <a@example.com>".into()),
            ("GIT_CONFIG_NOSYSTEM", "1".into()),
            ("GIT_CONFIG_GLOBAL", self.path("home/.gitconfig").display().to_string()),
            ("GIT_AUTHOR_NAME", "a".into()),
            ("GIT_AUTHOR_EMAIL", "a@example.com".into()),
            ("GIT_COMMITTER_NAME", "a".into()),
            ("GIT_COMMITTER_EMAIL", "a@example.com".into()),
            ("GIT_AUTHOR_DATE", date.clone()),
            ("GIT_COMMITTER_DATE", date),
        ]
    }

    /// Runs a program in `work`; what it printed.
    fn run(&self, program: &str, args: &[&str]) -> String {
        let done = Command::new(program)
            .args(args)
            .current_dir(self.path("work"))
            .envs(self.variables())
            .env("PATH", search_path())
            .output()
            .expect("a program that can be run");
        let stderr = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{program} {args:?}: {stderr}");
        String::from_utf8_lossy(&done.stdout).into_owned()
    }

    /// Files of a module with another one below it, in `work`.
    fn write_files(&self) {
        let files = [
            ("go.mod", "module example.com/m\n"),
            ("a.go", "package a\r\n"),
            ("sub/go.mod", "module example.com/m/sub\n"),
            ("sub/b.go", "package b\n"),
        ];
        for (name, content) in files {
            let path = self.path("work").join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a writable folder");
            fs::write(path, content).expect("a writable file");
        }
    }

    /// Opens a repository as the program does, and asks it.
    fn ask<T: Send + 'static>(
        &self,
        vcs: &'static str,
        url: &str,
        questions: impl FnOnce(&dyn Repo) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let variables = self.variables().into_iter();
        let settings = Settings {
            dir: self.path("vcs"),
            temp_dir: self.path("tmp"),
            path: search_path(),
            set: variables.map(|(name, value)| (name, value.into())).collect(),
            interactive: false,
            stall: Duration::from_secs(60),
            probe: Arc::new(|_| Box::pin(async { false })),
        };
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let url = url.to_owned();
        runtime.block_on(async {
            let repos = Repos::new(settings, Arc::new(Silent));
            let asked = repos.wait_for(move |opener| questions(&*opener.open(vcs, &url)?));
            asked.await
        })
    }
}

/// PATH with the system's own programs first: Bazaar works with the Python that it was packaged for alone.
fn search_path() -> OsString {
    let system = ["/usr/bin", "/bin"].map(PathBuf::from).into_iter();
    let path = env::var_os("PATH").unwrap_or_default();
    env::join_paths(system.chain(env::split_paths(&path))).expect("directories without colons")
}

/// Path, kind and content of all files of a tree, sorted.
fn tree(repo: &dyn Repo, rev: &str, subdir: &str) -> Result<Vec<String>, Error> {
    let tree = repo.read_tree(rev, subdir)?;
    let mut files = Vec::new();
    for (index, entry) in tree.entries().iter().enumerate() {
        let path = String::from_utf8_lossy(&entry.path).into_owned();
        if entry.kind != EntryKind::File {
            files.push(format!("{path} {:?}", entry.kind));
            continue;
        }
        let mut content = String::new();
        tree.open(index)?.read_to_string(&mut content).expect("text");
        assert_eq!(content.len() as u64, entry.size, "{path}");
        files.push(format!("{path} {content:?}"));
    }
    files.sort();
    Ok(files)
}

fn names(repo: &dyn Repo, prefix: &str) -> Result<Vec<String>, Error> {
    Ok(repo.tags(prefix)?.list.into_iter().map(|tag| tag.name).collect())
}

/// What every system can do. The archives of some have directories under other names than go expects, so that
/// modules in them have no files, and the same hash as with go.
fn ask_all(repo: &dyn Repo, tag: &'static str, has_directories: bool) -> Result<(), Error> {
    let found = repo.stat(tag)?;
    assert_eq!(repo.stat(tag)?, found);
    let files = [
        "a.go \"package a\\r\\n\"",
        "go.mod \"module example.com/m\\n\"",
        "sub/b.go \"package b\\n\"",
        "sub/go.mod \"module example.com/m/sub\\n\"",
    ];
    let mut all = tree(repo, &found.name, "")?;
    all.retain(|file| !file.starts_with(".hg") && !file.starts_with("link"));
    assert_eq!(all, files);
    let below = tree(repo, &found.name, "sub")?;
    let files: &[&str] = &["b.go \"package b\\n\"", "go.mod \"module example.com/m/sub\\n\""];
    assert_eq!(below, if has_directories { files } else { &[] });
    assert_eq!(repo.read_file(&found.name, "sub/b.go", 100)?, b"package b\n");
    assert!(repo.read_file(&found.name, "c.go", 100).unwrap_err().is_not_found());
    let err = repo.read_file(&found.name, "go.mod", 5).unwrap_err();
    assert_eq!(err.to_string(), "go.mod is larger than 5 bytes");
    let err = repo.stat("nowhere").unwrap_err();
    assert_eq!(err.to_string(), "unknown revision nowhere");
    // What looks like an option is none.
    for rev in ["--help", "-h", "--config=ui.editor=x"] {
        repo.stat(rev).unwrap_err();
    }
    Ok(())
}

#[test]
fn mercurial() {
    let Some(place) = Place::with("mercurial", &["hg"]) else { return };
    let date = format!("{TIME} 0");
    place.run("hg", &["init"]);
    place.write_files();
    std::os::unix::fs::symlink("/etc/passwd", place.path("work/link")).expect("a link");
    place.run("hg", &["add", "-q"]);
    place.run("hg", &["commit", "-m", "one", "-d", &date]);
    place.run("hg", &["tag", "v1.0.0", "-d", &date]);
    place.run("hg", &["tag", "x/v2.0.0", "-d", &date]);
    let url = place.url("work");
    let first = place
        .ask("hg", &url, |repo| {
            ask_all(repo, "v1.0.0", true)?;
            let found = repo.stat("v1.0.0")?;
            assert_eq!((found.name.len(), found.short.len()), (40, 12));
            assert_eq!(found.time.unix_seconds(), TIME);
            assert_eq!((&*found.version, &found.tags[..]), ("v1.0.0", &["v1.0.0".to_owned()][..]));
            assert_eq!(names(repo, "v")?, ["v1.0.0"]);
            assert_eq!(names(repo, "")?, ["v1.0.0", "x/v2.0.0"]);
            assert!(tree(repo, "v1.0.0", "")?.contains(&"link Symlink".to_owned()));
            let tip = repo.latest()?;
            assert_eq!(tip.version, tip.name);
            assert_eq!(repo.recent_tag(&tip.name, "", &mut |_| true)?.as_deref(), Some("v1.0.0"));
            assert_eq!(
                repo.recent_tag(&tip.name, "x/", &mut |_| true)?.as_deref(),
                Some("x/v2.0.0")
            );
            assert_eq!(repo.recent_tag(&tip.name, "", &mut |_| false)?, None);
            assert!(repo.descends_from(&tip.name, "v1.0.0")?);
            assert!(!repo.descends_from(&found.name, "x/v2.0.0")? || found.name == tip.name);
            let origin = repo.tags("")?.origin.expect("an origin");
            assert!(origin.repo_sum.starts_with("r1:"), "{origin:?}");
            let unknown = repo.stat("nowhere").unwrap_err();
            assert_eq!(unknown.origin().map(|origin| &origin.repo_sum), Some(&origin.repo_sum));
            Ok((origin, found))
        })
        .unwrap();
    let (origin, found) = first;
    let tagged = found.origin.clone().expect("an origin");
    let old = origin.clone();
    place.ask("hg", &url, move |repo| repo.check_reuse(&old, "")).unwrap();
    let old = tagged.clone();
    place.ask("hg", &url, move |repo| repo.check_reuse(&old, "")).unwrap();
    place.run("hg", &["tag", "v1.1.0", "-d", &date]);
    let err = place.ask("hg", &url, move |repo| repo.check_reuse(&origin, "")).unwrap_err();
    assert_eq!(err.to_string(), "repo changed");
    // A second run finds the repository where the first one left it, and fetches what is new.
    place
        .ask("hg", &url, |repo| {
            assert_eq!(names(repo, "v")?, ["v1.0.0", "v1.1.0"]);
            Ok(())
        })
        .unwrap();
}

#[test]
fn subversion() {
    let Some(place) = Place::with("subversion", &["svn", "svnadmin"]) else { return };
    let repository = place.path("repository").display().to_string();
    place.run("svnadmin", &["create", &repository]);
    let url = place.url("repository");
    place.write_files();
    let (trunk, tags) = (format!("{url}/trunk"), format!("{url}/tags"));
    place.run("svn", &["mkdir", "-q", "-m", "tags", &tags]);
    place.run("svn", &["import", "-q", "-m", "one", ".", &trunk]);
    place.run("svn", &["copy", "-q", "-m", "tag", &trunk, &format!("{tags}/v1.0.0")]);
    place
        .ask("svn", &trunk, |repo| {
            ask_all(repo, "2", true)?;
            // As go has them: no version ends with a slash.
            assert_eq!(names(repo, "v")?, ["v1.0.0/"]);
            let found = repo.latest()?;
            assert_eq!((&*found.name, &*found.short), ("2", "000000000002"));
            assert_eq!(found.version, "latest");
            let err = repo.recent_tag("2", "", &mut |_| true).unwrap_err();
            assert_eq!(err.to_string(), "vcs svn: RecentTag: unsupported operation");
            let err = repo.descends_from("2", "1").unwrap_err();
            assert_eq!(err.to_string(), "vcs svn: DescendsFrom: unsupported operation");
            Ok(())
        })
        .unwrap();
    // A link of the repository leads nowhere.
    place.run("svn", &["checkout", "-q", &trunk, "../checkout"]);
    std::os::unix::fs::symlink("/etc/passwd", place.path("checkout/link")).expect("a link");
    place.run("svn", &["add", "-q", "../checkout/link"]);
    place.run("svn", &["commit", "-q", "-m", "link", "../checkout"]);
    let err = place.ask("svn", &trunk, |repo| tree(repo, "latest", "").or(tree(repo, "4", "")));
    let err = err.unwrap_err().to_string();
    assert!(
        err.contains("file size differs between 'svn list' and 'svn export': file link"),
        "{err}"
    );
    assert_eq!(fs::read_dir(place.path("tmp")).expect("a folder").count(), 0);
}

#[test]
fn bazaar() {
    let Some(place) = Place::with("bazaar", &["bzr"]) else { return };
    place.run("bzr", &["init", "-q"]);
    place.write_files();
    place.run("bzr", &["add", "-q"]);
    place.run("bzr", &["commit", "-q", "-m", "one", "--commit-time", "2026-01-02 03:04:05 +0000"]);
    place.run("bzr", &["tag", "-q", "v1.0.0"]);
    place
        .ask("bzr", &place.url("work"), |repo| {
            ask_all(repo, "v1.0.0", false)?;
            assert_eq!(names(repo, "v")?, ["v1.0.0"]);
            let found = repo.latest()?;
            assert_eq!((&*found.name, &*found.short), ("1", "000000000001"));
            assert_eq!(found.time.unix_seconds(), TIME);
            assert_eq!(found.tags, ["v1.0.0"]);
            let err = repo.recent_tag("1", "", &mut |_| true).unwrap_err();
            assert_eq!(err.to_string(), "vcs bzr: RecentTag: unsupported operation");
            Ok(())
        })
        .unwrap();
    place.run("bzr", &["tag", "-q", "v1.1.0"]);
    place
        .ask("bzr", &place.url("work"), |repo| {
            repo.latest()?;
            assert_eq!(names(repo, "v")?, ["v1.0.0", "v1.1.0"]);
            Ok(())
        })
        .unwrap();
}

#[test]
fn fossil() {
    let Some(place) = Place::with("fossil", &["fossil"]) else { return };
    let file = place.path("repository.fossil").display().to_string();
    let date = ["--date-override", "2026-01-02 03:04:05"];
    place.run("fossil", &["new", "--sha1", date[0], date[1], &file]);
    place.run("fossil", &["open", &file]);
    place.write_files();
    place.run("fossil", &["settings", "crlf-glob", "*"]);
    place.run("fossil", &["add", "--dotfiles", "go.mod", "a.go", "sub"]);
    place.run("fossil", &["commit", "--no-warnings", "-m", "one", date[0], "2026-01-02 04:04:05"]);
    place
        .ask("fossil", &place.url("repository.fossil"), |repo| {
            ask_all(repo, "trunk", false)?;
            let found = repo.latest()?;
            assert_eq!((found.name.len(), found.short.len()), (40, 12));
            assert_eq!(found.time.unix_seconds(), TIME + 3600);
            assert!(names(repo, "")?.is_empty());
            Ok(())
        })
        .unwrap();
}

#[test]
fn addresses_that_run_programs_do_not() {
    let Some(place) = Place::with("addresses_that_run_programs_do_not", &["git", "hg"]) else {
        return;
    };
    let ran = place.path("ran").display().to_string();
    for (vcs, url) in [
        ("git", format!("ext::sh -c touch% {ran}")),
        ("git", format!("--upload-pack=touch {ran}")),
        ("git", format!("-c://core.sshCommand=touch {ran}")),
        ("git", format!("ssh://-oProxyCommand=touch {ran}/x")),
        ("hg", format!("--config=hooks.pre-init=touch {ran}")),
        ("hg", format!("ssh://-oProxyCommand=touch {ran}/x")),
        ("svn", format!("svn+ssh://-oProxyCommand=touch {ran}/x")),
        ("bzr", format!("--option=x://{ran}")),
        ("fossil", format!("-u://{ran}")),
        ("fossil", format!("ssh://x/?fossil=touch%20{ran}")),
    ] {
        let told = place.ask(vcs, &url, |repo| repo.latest().map(drop));
        told.unwrap_err();
        assert!(!Path::new(&ran).exists(), "{vcs} {url}");
    }
    for (vcs, url) in [("hg", "example.com/x"), ("svn", "-x"), ("cvs", "https://example.com")] {
        let err = place.ask(vcs, url, |_| Ok(())).unwrap_err().to_string();
        let want = match vcs {
            "cvs" => format!("unknown vcs: {vcs} {url}"),
            _ => format!("invalid vcs remote: {vcs} {url}"),
        };
        assert_eq!(err, want);
    }
}

#[test]
fn a_hostile_git_repository() {
    let Some(place) = Place::with("a_hostile_git_repository", &["git"]) else { return };
    let ran = place.path("ran").display().to_string();
    // Hooks of a template, and what would be started for submodules.
    let hooks = place.path("home/template/hooks");
    fs::create_dir_all(&hooks).expect("a writable folder");
    for hook in ["reference-transaction", "post-checkout", "post-merge", "pre-auto-gc"] {
        let path = hooks.join(hook);
        fs::write(&path, format!("#!/bin/sh\ntouch {ran}\n")).expect("a writable file");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(path, mode).expect("a file of ours");
    }
    place.run("git", &["init", "-q", "-b", "main"]);
    place.write_files();
    let modules = format!("[submodule \"s\"]\n\tpath = s\n\turl = ext::sh -c touch% {ran}\n");
    fs::write(place.path("work/.gitmodules"), modules).expect("a writable file");
    fs::write(place.path("work/.gitattributes"), "* export-ignore export-subst\n")
        .expect("a writable file");
    fs::write(place.path("work/subst.txt"), "$Format:%H$\n").expect("a writable file");
    std::os::unix::fs::symlink("/etc/passwd", place.path("work/link")).expect("a link");
    place.run("git", &["add", "."]);
    let submodule = format!("160000,{},s", "1".repeat(40));
    place.run("git", &["update-index", "--add", "--cacheinfo", &submodule]);
    place.run("git", &["commit", "-q", "-m", "one"]);
    for name in ["--output=x", "-h", "v1.0.0", "--upload-pack=x"] {
        place.run("git", &["update-ref", &format!("refs/tags/{name}"), "HEAD"]);
    }
    // No address of a file may be named, but git's own settings may lead to one.
    let url = "https://git.example.com/m";
    let settings = format!(
        "[init]\n\ttemplateDir = {}\n[url {:?}]\n\tinsteadOf = {url}\n",
        place.path("home/template").display(),
        place.url("work")
    );
    fs::write(place.path("home/.gitconfig"), settings).expect("a writable file");
    place
        .ask("git", url, |repo| {
            for rev in ["--output=x", "-h", "v1.0.0", "--upload-pack=x"] {
                let found = repo.stat(rev)?;
                assert_eq!((found.name.len(), &*found.version), (40, rev));
                assert_eq!(repo.read_file(rev, "a.go", 100)?, b"package a\r\n");
            }
            let mut files = tree(repo, "v1.0.0", "")?;
            files.retain(|file| !file.starts_with("sub/") && !file.starts_with(".git"));
            assert_eq!(
                files,
                [
                    "a.go \"package a\\r\\n\"",
                    "go.mod \"module example.com/m\\n\"",
                    "link Symlink",
                    "subst.txt \"$Format:%H$\\n\"",
                ]
            );
            let names = names(repo, "")?;
            assert!(names.contains(&"v1.0.0".to_owned()), "{names:?}");
            Ok(())
        })
        .unwrap();
    assert!(!Path::new(&ran).exists(), "something was run");
}
