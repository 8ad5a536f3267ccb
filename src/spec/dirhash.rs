//! The `h1:` hash of a file tree, by which go.sum and the checksum database know a module.
//!
//! Implements the hashes of [go.sum files](https://go.dev/ref/mod#go-sum-files) of the Go Modules
//! Reference. A tree is summed up in one line per file, the files in the order of the bytes of
//! their names:
//!
//! ```text
//! <SHA-256 of the content, 64 hexadecimal digits><two spaces><name><newline>
//! ```
//!
//! and the hash is `h1:` followed by the SHA-256 of these lines in base64. A name is the path
//! within the module with `path@version/` in front, so equal content in two versions differs in
//! its hash. A name with a newline in it would make lines ambiguous and has no hash.
//!
//! The second hash of a version in go.sum, `/go.mod`, is that of a tree with the one file `go.mod`,
//! without prefix.
//!
//! ```
//! use gomodfetch::spec::dirhash::hash_go_mod;
//!
//! assert_eq!(
//!     hash_go_mod(b"module example.com/m\n"),
//!     "h1:flS2VctbRrTv+sBE+VKgxx6hlkMGPVz9MGOmzMYFg3k=",
//! );
//! ```

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// The SHA-256 of the content of one file.
pub type FileDigest = [u8; 32];

/// A tree has no hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DirhashError {
    /// The name of a file contains a newline.
    #[error("dirhash: filenames with newlines are not supported")]
    Newline,
}

/// Gathers the files of a tree, in any order, and hashes them in the end.
///
/// A name that is added twice counts twice.
#[derive(Debug, Default)]
pub struct H1 {
    /// All names one after another: trees have thousands of files, and one allocation serves all.
    names: Vec<u8>,
    files: Vec<(Range<usize>, FileDigest)>,
}

impl H1 {
    /// A tree without files.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file by its full name, `path@version/` included. Names are bytes: what is in a zip
    /// need not be UTF-8.
    pub fn add(&mut self, name: impl AsRef<[u8]>, digest: FileDigest) {
        let start = self.names.len();
        self.names.extend_from_slice(name.as_ref());
        self.files.push((start..self.names.len(), digest));
    }

    /// The hash of all that was added, as it stands in go.sum: `h1:` and 44 characters.
    ///
    /// # Errors
    /// [`DirhashError::Newline`] if a name contains one.
    pub fn finish(self) -> Result<String, DirhashError> {
        if self.names.contains(&b'\n') {
            return Err(DirhashError::Newline);
        }
        Ok(self.sum())
    }

    fn sum(mut self) -> String {
        let names = &self.names;
        let name_of = |range: &Range<usize>| names.get(range.clone()).unwrap_or_default();
        self.files.sort_by(|(a, _), (b, _)| name_of(a).cmp(name_of(b)));
        let mut summary = Sha256::new();
        let mut line = Vec::new();
        for (range, digest) in &self.files {
            line.clear();
            push_hex(&mut line, digest);
            line.extend_from_slice(b"  ");
            line.extend_from_slice(name_of(range));
            line.push(b'\n');
            summary.update(&line);
        }
        format!("h1:{}", STANDARD.encode(summary.finalize()))
    }
}

/// The hash of a tree of these files: full names and the SHA-256 of each content, in any order.
///
/// # Errors
/// [`DirhashError::Newline`] if a name contains one.
pub fn hash1<N: AsRef<[u8]>>(
    files: impl IntoIterator<Item = (N, FileDigest)>,
) -> Result<String, DirhashError> {
    let mut tree = H1::new();
    for (name, digest) in files {
        tree.add(name, digest);
    }
    tree.finish()
}

/// The hash of a go.mod file, which go.sum records as that of `version/go.mod`.
#[must_use]
pub fn hash_go_mod(data: &[u8]) -> String {
    let mut tree = H1::new();
    tree.add("go.mod", Sha256::digest(data).into());
    tree.sum()
}

fn push_hex(line: &mut Vec<u8>, digest: &FileDigest) {
    let digit = |nibble: u8| nibble + if nibble < 10 { b'0' } else { b'a' - 10 };
    for byte in digest {
        line.extend([digit(byte >> 4), digit(byte & 15)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files<'a>(files: &[(&'a [u8], &str)]) -> Vec<(&'a [u8], FileDigest)> {
        files.iter().map(|(name, content)| (*name, Sha256::digest(content).into())).collect()
    }

    #[test]
    fn trees_have_the_hashes_that_go_gives_them() {
        let tree: [(&[u8], &str); 5] = [
            (b"example.com/m@v1.0.0/go.mod", "module example.com/m\n"),
            (b"example.com/m@v1.0.0/a.go", "package m\n"),
            (b"example.com/m@v1.0.0/B.go", "package m\n\nvar B int\n"),
            (b"example.com/m@v1.0.0/\xff", ""),
            ("example.com/m@v1.0.0/é".as_bytes(), "x"),
        ];
        for (tree, hash) in [
            (&tree[..], "h1:hOUWQCj5G+7y7aHNufxoWwsb4OFm61j/LP9c0tmJ2T0="),
            (&[(b"a/", ""), (b"a", "1")], "h1:8iNolJsghwMhJ3w2fVcv9bxGQ3UAu7d1MHgZwWyvIPg="),
            (&[], "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
        ] {
            assert_eq!(hash1(files(tree)).unwrap(), hash);
            assert_eq!(hash1(files(tree).into_iter().rev()).unwrap(), hash);
        }
    }

    #[test]
    fn go_mod_is_hashed_by_its_bare_name() {
        for (data, hash) in [
            ("module example.com/m\n", "h1:flS2VctbRrTv+sBE+VKgxx6hlkMGPVz9MGOmzMYFg3k="),
            ("", "h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY="),
        ] {
            assert_eq!(hash_go_mod(data.as_bytes()), hash);
        }
    }

    #[test]
    fn a_name_that_is_added_twice_counts_twice() {
        let once: [(&[u8], &str); 1] = [(b"a", "1")];
        let twice: [(&[u8], &str); 2] = [(b"a", "1"), (b"a", "1")];
        assert_ne!(hash1(files(&once)), hash1(files(&twice)));
    }

    #[test]
    fn newlines_in_names_are_refused() {
        let tree: [(&[u8], &str); 2] = [(b"a", ""), (b"b\nc", "")];
        let error = hash1(files(&tree)).unwrap_err();
        assert_eq!(error.to_string(), "dirhash: filenames with newlines are not supported");
    }
}
