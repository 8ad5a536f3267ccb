//! An unpacked toolchain made fit for use, as go does when it first runs it.
//!
//! Module zips have no executable files and may not hold other modules; so a toolchain's programs
//! get their bits afterwards, and its go.mod files, packed as `_go.mod`, are copied to their own name.
//! The order is go's, since a go may be doing the same: `bin/go` and `src/go.mod` come last, and say
//! that all is done.

use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind};
use crate::spec::module::Version;
use crate::store::Store;
use crate::sys::tree;

impl Store {
    /// Sets the executable bits of the programs in a toolchain, unless it is for Windows, and puts its
    /// go.mod files into their places.
    ///
    /// # Errors
    /// When it is no toolchain, or a file can't be changed.
    pub fn make_toolchain_usable(&self, module: &Version, is_windows: bool) -> Result<(), Error> {
        let dir = self.tree(module)?;
        if !is_windows && !tree::is_executable(&dir.join("bin/go"))? {
            tree::add_executable_bits(&tree::files(&dir.join("pkg/tool"))?)?;
            let wrappers = tree::files(&dir.join("lib"))?;
            let wrappers: Vec<PathBuf> =
                wrappers.into_iter().filter(|file| is_exec_wrapper(file)).collect();
            tree::add_executable_bits(&wrappers)?;
            let programs = tree::files(&dir.join("bin"))?;
            let (last, first): (Vec<PathBuf>, Vec<PathBuf>) =
                programs.into_iter().partition(|file| *file == dir.join("bin/go"));
            tree::add_executable_bits(&first)?;
            tree::add_executable_bits(&last)?;
        }
        let packed = dir.join("src/_go.mod");
        if size(&packed) == size(&dir.join("src/go.mod")) {
            return Ok(());
        }
        let files = tree::files(&dir)?;
        let others = files.iter().filter(|file| file.ends_with("_go.mod") && **file != packed);
        for file in others.chain([&packed]) {
            let Some(parent) = file.parent() else {
                return Err(Error::message(
                    ErrorKind::Other,
                    "internal error: a file without folder",
                ));
            };
            let target = parent.join("go.mod");
            if size(file) != size(&target) {
                tree::copy_within_read_only(file, &target)?;
            }
        }
        Ok(())
    }
}

/// `go_?*_?*_exec`: programs that run those of another system.
fn is_exec_wrapper(file: &Path) -> bool {
    let name = file.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let inner = name.strip_prefix("go_").and_then(|name| name.strip_suffix("_exec"));
    // One underscore with something before and after it.
    inner.is_some_and(|inner| {
        inner.char_indices().any(|(at, c)| c == '_' && at > 0 && at + 1 < inner.len())
    })
}

fn size(path: &Path) -> Option<u64> {
    path.metadata().ok().map(|meta| meta.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrappers() {
        for (name, want) in [
            ("go_js_wasm_exec", true),
            ("go_android_arm64_exec", true),
            ("go_js_exec", false),
            ("go__x_exec", false),
            ("go_x__exec", false),
            ("go_a_b_exec.bat", false),
        ] {
            assert_eq!(is_exec_wrapper(&Path::new("lib/wasm").join(name)), want, "{name}");
        }
    }
}
