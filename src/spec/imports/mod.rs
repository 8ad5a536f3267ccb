//! What a Go source file says before its first declaration: whether it belongs to a build, and what it
//! imports.
//!
//! Implements <https://go.dev/ref/mod#vcs-find> as far as packages are found by their imports, and
//! what the [go/build](https://pkg.go.dev/go/build#hdr-Build_Constraints) documentation says of
//! constraints, as the `go` command applies them when it loads packages of modules.
//!
//! | question                                                  | file             |
//! |-----------------------------------------------------------|------------------|
//! | what does this file import?                               | [`header`]       |
//! | may it be built with these tags?                          | [`constraint`]   |
//! | which tags are there, and which file names imply some?    | [`tags`]         |
//! | which files does it embed?                                | [`embed`]        |
//! | which packages does this pattern name?                    | [`pattern`]      |
//! | which systems and architectures is Go built for?          | [`platform`]     |
//!
//! A file that only a newer Go understands must not keep its package from being loaded, so what is no
//! Go is passed over wherever go does so.
//!
//! ```
//! use gomodfetch::spec::imports::{Source, tags::Tags};
//!
//! let source = Source::parse(b"//go:build linux\n\npackage p\n\nimport \"example.com/m\"\n");
//! assert_eq!(source.imports(&Tags::Any).unwrap().unwrap(), ["example.com/m"]);
//! ```

use thiserror::Error;

use crate::spec::gotemplate::unquote;
use crate::spec::unicode::is_printable;

pub mod constraint;
pub mod embed;
pub mod header;
pub mod pattern;
pub mod platform;
pub mod tags;

use header::Header;
use tags::Tags;

/// A file holds what no source text may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum HeaderError {
    /// It is no Go up to the end of its imports.
    #[error("syntax error")]
    Syntax,
    /// It holds a byte that is zero.
    #[error("unexpected NUL in input")]
    Nul,
}

/// The beginning of a source file, or all of it.
#[derive(Debug, Clone)]
pub struct Source<'a> {
    header: Header<'a>,
}

impl<'a> Source<'a> {
    /// Reads the beginning of a file.
    pub fn parse(data: &'a [u8]) -> Source<'a> {
        Source { header: Header::parse(data) }
    }

    /// Whether everything that was given was looked at, so that more of the file may say more.
    pub fn needs_more(&self) -> bool {
        self.header.reached_end
    }

    /// The name on the package clause; empty if there is none.
    pub fn package(&self) -> &str {
        &self.header.package
    }

    /// What is wrong with it, if it is no Go.
    pub fn error(&self) -> Option<HeaderError> {
        self.header.error
    }

    /// What the file imports, `C` included; `None` if it does not belong to a build with these tags.
    ///
    /// # Errors
    /// When it is no text at all. What else is no Go is passed over.
    pub fn imports(&self, tags: &Tags) -> Result<Option<Vec<String>>, HeaderError> {
        if let Some(HeaderError::Nul) = self.header.error {
            return Err(HeaderError::Nul);
        }
        let imports = self.all_imports();
        // Only the plain quotes count here, as with go.
        let is_cgo = self.header.imports.iter().any(|quoted| quoted == "\"C\"");
        if is_cgo && !tags.allow_cgo() {
            return Ok(None);
        }
        Ok(constraint::should_build(self.header.text, tags).then_some(imports))
    }

    /// Whether it may belong to a build with these tags, going by its constraints alone.
    pub fn should_build(&self, tags: &Tags) -> bool {
        constraint::should_build(self.header.text, tags)
    }

    /// Its build constraints, a line each, as they stand in the file.
    pub fn constraints(&self) -> Vec<String> {
        constraint::lines(self.header.text)
    }

    /// What the file imports, whether it is built or not.
    pub fn all_imports(&self) -> Vec<String> {
        let all = self.header.imports.iter();
        all.filter_map(|quoted| String::from_utf8(unquote(quoted)?).ok()).collect()
    }
}

/// Whether an import path is reserved for the standard library: its first element has no dot.
pub fn is_standard(path: &str) -> bool {
    !path.split('/').next().unwrap_or(path).contains('.')
}

/// Whether a file of a folder is Go source that go may look at: not hidden, and `.go`.
pub fn is_go_file(name: &str) -> bool {
    name.ends_with(".go") && !name.starts_with(['_', '.'])
}

/// Whether a text may stand in an import at all: it has characters that can be seen, and none that have
/// a meaning elsewhere.
pub fn is_valid(path: &str) -> bool {
    let is_allowed =
        |c| is_printable(c) && c != ' ' && !"!\"#$%&'()*,:;<=>?[\\]^{|}`\u{fffd}".contains(c);
    !path.is_empty() && path.chars().all(is_allowed)
}

/// Whether an import names no package that could be found anywhere: `C`, and what App Engine once had.
pub fn is_magic(path: &str) -> bool {
    let is =
        |name: &str| path.strip_prefix(name).is_some_and(|r| r.is_empty() || r.starts_with('/'));
    path == "C" || is("appengine") || is("appengine_internal")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn imports(text: &str, tags: &Tags) -> Option<Vec<String>> {
        Source::parse(text.as_bytes()).imports(tags).unwrap()
    }

    #[test]
    fn imports_of_a_file() {
        let text = "// Doc.\n\npackage p // x\n\nimport \"a\"\nimport (\n\t. `b`\n\t_ \"c\"; d \"e\"\n)\n\n\
                    var x = \"import \\\"no\\\"\"\n";
        assert_eq!(imports(text, &Tags::Any).unwrap(), ["a", "b", "c", "e"]);
        assert_eq!(imports("package p", &Tags::Any).unwrap(), [""; 0]);
        assert_eq!(imports("no go", &Tags::Any).unwrap(), [""; 0]);
        assert_eq!(
            Source::parse(b"package p\nimport \"x\0\"").imports(&Tags::Any),
            Err(HeaderError::Nul)
        );
        assert_eq!(Source::parse(b"\xef\xbb\xbfpackage p\nfunc").package(), "p");
    }

    #[test]
    fn constraints_of_a_file() {
        let of = |text: &str| Source::parse(text.as_bytes()).constraints();
        assert_eq!(
            of("// Doc.\n//go:build a && !b\n\n// +build c\n\npackage p\n"),
            ["//go:build a && !b"]
        );
        assert_eq!(
            of("// +build a\n// x\n// +build b\n\npackage p\n"),
            ["// +build a", "// +build b"]
        );
        assert_eq!(of("// +build a\npackage p\n"), [""; 0]);
        assert_eq!(of("//go:build a\n//go:build b\n\npackage p\n"), ["!"]);
        assert_eq!(of("package p\n//go:build a\n"), [""; 0]);
    }

    #[test]
    fn cgo_is_a_constraint() {
        let text = "package p\nimport \"C\"\nimport \"x.y/z\"\n";
        assert_eq!(imports(text, &Tags::Any).unwrap(), ["C", "x.y/z"]);
        let without = Tags::of("linux", "amd64", false, [], &[]);
        assert_eq!(imports(text, &without), None);
        assert!(imports(text, &Tags::of("linux", "amd64", true, [], &[])).is_some());
    }

    #[test]
    fn magic() {
        for path in ["C", "appengine", "appengine/datastore", "appengine_internal/x"] {
            assert!(is_magic(path), "{path}");
        }
        assert!(
            is_valid("../a")
                && is_valid("a@v1")
                && !is_valid("a b")
                && !is_valid("")
                && !is_valid("a:b")
        );
        assert!(!is_magic("appengines") && !is_magic("c"));
        assert!(is_standard("net/http") && !is_standard("example.com/x") && is_standard("x"));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes(data in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            let source = Source::parse(&data);
            let _ = source.imports(&Tags::Any);
            let _ = embed::patterns(&data);
        }

        #[test]
        fn any_text(text in "(package p|import|\\(|\\)|\"[a-z./]*\"|`x`|/\\*|\\*/|//go:build [a-z!()&| ]*|// \\+build [a-z!,]*|\n| |;|//go:embed [a-z\"*]*){0,20}") {
            let tags = Tags::of("linux", "amd64", false, ["x"], &[]);
            let source = Source::parse(text.as_bytes());
            let _ = source.imports(&tags);
            let _ = embed::patterns(text.as_bytes());
        }

        /// Where a tag is left open a file counts that belongs to the build with the tag or without it, and
        /// any tags take in all builds.
        #[test]
        fn open_tags(text in "(//go:build |// \\+build )?(cgo|!cgo|linux|x|!x|!|&&|\\|\\||,|\\(|\\)| ){0,12}") {
            let text = format!("{text}\n\npackage p\n");
            let source = Source::parse(text.as_bytes());
            let builds = |cgo| source.should_build(&Tags::of("linux", "amd64", cgo, [], &[]));
            let open = Tags::of("linux", "amd64", false, [], &[]).leaving_open(["cgo".to_owned()]);
            let open = source.should_build(&open);
            proptest::prop_assert!(open || !(builds(true) || builds(false)));
            proptest::prop_assert!(!open || source.should_build(&Tags::Any));
        }

        /// What is written in the plain form is read back, whatever constraints stand before it.
        #[test]
        fn plain_files(paths in proptest::collection::vec("[a-z]{1,8}(/[a-z]{1,5}){0,3}", 0..6)) {
            let list: String = paths.iter().map(|path| format!("\t\"{path}\"\n")).collect();
            let text = format!("//go:build !ignore\n\npackage p\n\nimport (\n{list})\n\nfunc f() {{}}\n");
            let source = Source::parse(text.as_bytes());
            proptest::prop_assert_eq!(source.imports(&Tags::Any).unwrap().unwrap(), paths);
            proptest::prop_assert!(!source.needs_more());
        }
    }
}
