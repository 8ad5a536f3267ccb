//! The builds whose packages are wanted: one that stands for all, or each of those that are named.
//!
//! As soon as a system, an architecture or tags are named, by a flag or by GOOS and GOARCH, it is exactly
//! those: each system with each architecture, what is not named being as go has it. Pairs that Go can't
//! be built for are left out.
//!
//! Two things stay open, since they depend on the machine that builds: where CGO_ENABLED is not set, files
//! count that belong to the build with cgo or without it; and so it is with the tags of experiments and
//! of the levels of an architecture (`goexperiment.x`, `amd64.v3`).
//!
//! Implements <https://pkg.go.dev/cmd/go#hdr-Build_constraints>.

use std::sync::Arc;

use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};
use crate::ops::load::Loaded;
use crate::ops::needed::Args;
use crate::ops::packages::host;
use crate::ops::project::config_error;
use crate::spec::goversion;
use crate::spec::imports::platform::{is_arch, is_os, is_supported};
use crate::spec::imports::tags::{Tags, releases};

/// A build.
#[derive(Debug, Clone)]
pub struct Build {
    /// `os/arch`; `all` for the one that stands for all.
    pub name: String,
    /// What its constraints are evaluated with.
    pub tags: Arc<Tags>,
}

impl Build {
    /// Whether it stands for all builds.
    pub fn is_any(&self) -> bool {
        self.tags.is_any()
    }
}

/// The builds that are wanted, of which there is at least one.
///
/// # Errors
/// When Go knows no such system or architecture, or none of the pairs; on malformed GOFLAGS.
pub fn of(ctx: &Ctx, loaded: &Loaded, args: &Args) -> Result<Vec<Build>, Error> {
    let config = &ctx.config;
    let flags = config.build_flags().map_err(config_error)?;
    let is_named = !args.os.is_empty()
        || !args.arch.is_empty()
        || args.tags.is_some()
        || config.build.os.is_some()
        || config.build.arch.is_some();
    if !is_named {
        return Ok(vec![Build { name: "all".to_owned(), tags: Arc::new(Tags::Any) }]);
    }
    let (host_os, host_arch) = host();
    let systems = named(&args.os, config.build.os.as_deref(), host_os);
    let architectures = named(&args.arch, config.build.arch.as_deref(), host_arch);
    let tags = args.tags.as_ref().unwrap_or(&flags.tags);
    let running = &loaded.rules.running.version;
    let releases = releases(goversion::max(running, loaded.main.go_version().unwrap_or_default()));
    let mut builds: Vec<Build> = Vec::new();
    for (os, arch) in pairs(&systems, &architectures)? {
        let cgo = config.build.cgo;
        let tags = tags.iter().map(String::as_str);
        let mut open = vec!["goexperiment.".to_owned(), format!("{arch}.")];
        open.extend(cgo.is_none().then(|| "cgo".to_owned()));
        let tags = Tags::of(&os, &arch, cgo == Some(true), tags, &releases).leaving_open(open);
        builds.push(Build { name: format!("{os}/{arch}"), tags: Arc::new(tags) });
    }
    Ok(builds)
}

/// What is named, else what is set, else what this machine has; each once.
fn named(given: &[String], set: Option<&str>, host: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in given {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    if names.is_empty() {
        names.push(set.unwrap_or(host).to_owned());
    }
    names
}

/// The pairs of them that there are.
fn pairs(systems: &[String], architectures: &[String]) -> Result<Vec<(String, String)>, Error> {
    let unsupported = |os: &str, arch: &str| {
        let text = format!("unsupported GOOS/GOARCH pair {os}/{arch}");
        Error::message(ErrorKind::Usage, text)
    };
    let all = || systems.iter().flat_map(|os| architectures.iter().map(move |arch| (os, arch)));
    if let Some((os, arch)) = all().find(|(os, arch)| !is_os(os) || !is_arch(arch)) {
        return Err(unsupported(os, arch));
    }
    let pairs: Vec<(String, String)> = all()
        .filter(|(os, arch)| is_supported(os, arch))
        .map(|(os, arch)| (os.clone(), arch.clone()))
        .collect();
    match (pairs.is_empty(), all().next()) {
        (true, Some((os, arch))) => Err(unsupported(os, arch)),
        _ => Ok(pairs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn pairs_that_there_are() {
        for (systems, architectures, want) in [
            ("linux", "amd64", "linux/amd64"),
            ("linux darwin", "386 arm64", "linux/386 linux/arm64 darwin/arm64"),
            ("darwin", "386 ppc64", "unsupported GOOS/GOARCH pair darwin/386"),
            ("linux foo", "amd64", "unsupported GOOS/GOARCH pair foo/amd64"),
            ("linux", "amd64 foo", "unsupported GOOS/GOARCH pair linux/foo"),
        ] {
            let told = match pairs(&list(systems), &list(architectures)) {
                Ok(pairs) => {
                    let pairs: Vec<String> =
                        pairs.iter().map(|(os, arch)| format!("{os}/{arch}")).collect();
                    pairs.join(" ")
                }
                Err(err) => err.to_string(),
            };
            assert_eq!(told, want, "{systems} {architectures}");
        }
    }

    #[test]
    fn names_that_count() {
        assert_eq!(named(&list("a b a"), Some("c"), "d"), ["a", "b"]);
        assert_eq!(named(&[], Some("c"), "d"), ["c"]);
        assert_eq!(named(&[], None, "d"), ["d"]);
    }
}
