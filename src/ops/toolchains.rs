//! `download --toolchains`: the Go that `go` would switch to, for other machines or for later.
//!
//! go looks at GOTOOLCHAIN and at the go and toolchain lines of go.work or go.mod, and where they ask
//! for a newer Go than the one installed, it downloads that one as a module,
//! `golang.org/toolchain@v0.0.1-go1.26.8.linux-amd64`, and runs it. We leave in the cache what go would
//! have left: the zip, its hash, and the tree with its programs executable. There are no `.info` and
//! `.mod` files. No go.sum vouches for a toolchain; the checksum database must, whatever GOSUMDB and
//! GOPRIVATE say.
//!
//! Where no Go is installed, the oldest one that can switch is assumed: what the lines name is wanted.
//!
//! Implements <https://go.dev/doc/toolchain#select> and <https://go.dev/doc/toolchain#download>.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::config::toolchain::Switch;
use crate::config::vars::TOOLCHAIN_MODULE;
use crate::ctx::Ctx;
use crate::error::{Error, ErrorKind};
use crate::ops::session;
use crate::pipeline::{Pipeline, ZipDone};
use crate::plan::{MainModules, Requirements};
use crate::spec::goversion;
use crate::spec::module::Version;
use crate::store::Store;

/// The first part of the version of every toolchain module.
const PACKAGING: &str = "v0.0.1";

/// An operating system and a processor, as `linux/amd64`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Platform {
    os: String,
    arch: String,
}

/// No `os/arch`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be os/arch, such as linux/amd64")]
pub struct PlatformError;

impl FromStr for Platform {
    type Err = PlatformError;

    fn from_str(text: &str) -> Result<Platform, PlatformError> {
        let is_word = |word: &str| {
            let mut bytes = word.bytes();
            (1..=32).contains(&word.len())
                && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        match text.split_once('/') {
            Some((os, arch)) if is_word(os) && is_word(arch) => {
                Ok(Platform { os: os.to_owned(), arch: arch.to_owned() })
            }
            _ => Err(PlatformError),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.arch)
    }
}

/// The module that holds the toolchain `name` for `platform`.
pub fn module(name: &str, platform: &Platform) -> Version {
    let Platform { os, arch } = platform;
    Version::new(TOOLCHAIN_MODULE, format!("{PACKAGING}-{name}.{os}-{arch}"))
}

/// Makes the tree of a toolchain fit for use, as far as it is one; what is no toolchain is left alone.
///
/// # Errors
/// When a file can't be changed.
pub fn make_usable(store: &Store, module: &Version) -> Result<(), Error> {
    if *module.path != *TOOLCHAIN_MODULE {
        return Ok(());
    }
    // `v0.0.1-go1.26.8.windows-amd64`
    let platform = module.version.rsplit('.').next().unwrap_or_default();
    store.make_toolchain_usable(module, platform.starts_with("windows-"))
}

/// The toolchain that go would download for the main modules, whose lines these requirements have
/// settled; `None` if the installed one would do, or would have to.
///
/// # Errors
/// When the toolchain line names none.
pub fn wanted(
    ctx: &Ctx,
    main: &MainModules,
    requirements: &Requirements,
) -> Result<Option<String>, Error> {
    let config = &ctx.config;
    // Without a Go, that of the first release that switches.
    let local = config.goroot.as_ref().map_or(goversion::GO_STRICT, |_| &config.go_version);
    // Outside of any module there are no lines; and `default` is no version that could be raised.
    let root = |path| requirements.root(path).filter(|_| main.go_version().is_some());
    let (go, toolchain) = match main.toolchain() {
        Some("default") => (root("go"), Some("default")),
        _ => (root("go"), root("toolchain")),
    };
    let name = config
        .toolchain
        .select(local, go.unwrap_or_default(), toolchain.unwrap_or_default())
        .map_err(|err| Error::new(ErrorKind::Other, err))?;
    if name.is_none() {
        ctx.note(format!(
            "gomodfetch: no toolchain to download: go {local} is as new as it has to be"
        ));
        return Ok(None);
    }
    if config.toolchain.switch() == Switch::Path {
        ctx.note(format!(
            "gomodfetch: no toolchain to download: GOTOOLCHAIN={} looks for it on PATH alone",
            config.toolchain.setting()
        ));
        return Ok(None);
    }
    Ok(name)
}

/// A toolchain that was downloaded, or why it was not.
pub struct Downloaded {
    /// Its module.
    pub module: Version,
    /// What came of it.
    pub result: Result<ZipDone, Error>,
}

/// Downloads the toolchain `name` for each platform, all at once.
///
/// # Errors
/// When there is no place for the module cache.
pub async fn download(
    ctx: &Ctx,
    name: &str,
    platforms: &[Platform],
) -> Result<(Arc<Pipeline>, Vec<Downloaded>), Error> {
    let pipeline = session::toolchain_pipeline(ctx)?;
    let all = platforms.iter().map(|platform| async {
        let module = module(name, platform);
        let result = one(ctx, &pipeline, &module, name, platform).await;
        Downloaded { module, result }
    });
    let all = futures_util::future::join_all(all).await;
    Ok((pipeline, all))
}

async fn one(
    ctx: &Ctx,
    pipeline: &Pipeline,
    module: &Version,
    name: &str,
    platform: &Platform,
) -> Result<ZipDone, Error> {
    let of_toolchain = |err: Error| err.context(&format!("download {name}: "));
    let done = pipeline.download_zip(module).await.map_err(|failure| {
        if !failure.arrived && failure.error.is_not_found() && !failure.error.is_offline() {
            missing(name, platform)
        } else {
            of_toolchain(failure.error)
        }
    })?;
    let store = pipeline.store();
    if store.layout().parts().tree {
        // Another project of the run may have the same.
        let make = || async { store.make_toolchain_usable(module, platform.os == "windows") };
        let usable = ctx.shared.toolchains.get_or(module, make).await;
        usable.map_err(of_toolchain)?;
    }
    Ok(done)
}

/// There is no such toolchain, in go's words.
fn missing(name: &str, platform: &Platform) -> Error {
    let version = goversion::from_toolchain(name);
    let is_language =
        goversion::is_lang(version) && goversion::compare(version, goversion::GO_STRICT).is_ge();
    let text = match is_language {
        true => format!(
            "invalid toolchain: {name} is a language version but not a toolchain version ({name}.x)"
        ),
        false => format!("download {name} for {platform}: toolchain not available"),
    };
    Error::message(ErrorKind::NotFound, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn platforms() {
        let linux: Platform = "linux/amd64".parse().unwrap();
        assert_eq!(linux.to_string(), "linux/amd64");
        assert_eq!(
            module("go1.26.8-corp", &linux).to_string(),
            "golang.org/toolchain@v0.0.1-go1.26.8-corp.linux-amd64"
        );
        for text in ["", "linux", "linux/", "/amd64", "linux/amd64/v2", "Linux/amd64", "a-b/c"] {
            assert_eq!(text.parse::<Platform>(), Err(PlatformError), "{text}");
        }
    }
}
