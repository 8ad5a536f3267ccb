//! go.mod and go.work files: reading, understanding, changing and writing them.
//!
//! Implements [go.mod files](https://go.dev/ref/mod#go-mod-file) and
//! [go.work files](https://go.dev/ref/mod#go-work-file) of the Go Modules Reference. From bytes to
//! meaning and back:
//!
//! ```text
//! bytes ── lex ── parse ──→ syntax ── read, gomod, gowork ──→ directive
//!   ↑                        ↓   ↑                                ↓
//!   └───────── print ────────┘   └── layout, entries ── edit, require
//! ```
//!
//! | file          | what it knows                                                    |
//! |---------------|------------------------------------------------------------------|
//! | `lex`         | tokens and comments                                              |
//! | `parse`       | lines, blocks, and which comment belongs to what                 |
//! | [`syntax`]    | the tree                                                         |
//! | `print`       | the standard layout                                              |
//! | `text`        | quotation marks, white space, bytes that are not UTF-8           |
//! | [`directive`] | what directives say                                              |
//! | `read`        | arguments, versions, comments with a meaning, `replace`          |
//! | [`gomod`]     | go.mod as a whole, strictly or leniently                         |
//! | [`gowork`]    | go.work as a whole, and changes to it                            |
//! | `layout`      | where new lines go                                               |
//! | `entries`     | lists of directives and their lines, changed together            |
//! | `edit`        | changes to a go.mod                                              |
//! | `require`     | changes to the requirements of a go.mod                          |
//! | [`error`]     | what can be wrong                                                |
//!
//! Reading and printing take time and memory linear in the size of the file, an edit takes what
//! sorting its lines takes, and nothing recurs, so that a foreign go.mod can't do harm by its size
//! or form.
//!
//! ```
//! use gomodfetch::spec::modfile::File;
//! use gomodfetch::spec::module::Version;
//!
//! let data = b"module example.com/m // the best\nrequire (\nexample.com/b v1.0.0\n)";
//! let mut file = File::parse("go.mod", data, None).unwrap();
//! file.add_require(&Version::new("example.com/a", "v1.2.0"));
//! file.sort_blocks();
//! file.cleanup();
//! assert_eq!(
//!     String::from_utf8(file.format()).unwrap(),
//!     "module example.com/m // the best\n\n\
//!      require (\n\texample.com/a v1.2.0\n\texample.com/b v1.0.0\n)\n",
//! );
//! ```

pub mod directive;
mod edit;
mod entries;
pub mod error;
pub mod gomod;
pub mod gowork;
mod layout;
mod lex;
mod parse;
mod print;
mod read;
mod require;
pub mod syntax;
mod text;

pub use directive::{
    Directive, Godebug, Module, Replace, Require, Retract, VersionFixer, VersionInterval,
    is_go_version, is_toolchain_name,
};
pub use error::{EditError, Error, ErrorKind, ErrorList, FixError, Subject};
pub use gomod::{File, module_path};
pub use gowork::{Use, WorkFile};
pub use syntax::{FileSyntax, LineId, Position};
pub use text::{StringError, auto_quote, is_directory_path, must_quote};

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::spec::module::Version;

    const PIECES: [&str; 35] = [
        "module ",
        "go 1.21\n",
        "require",
        "replace",
        "retract",
        "exclude ",
        "use ",
        "godebug a=b",
        " (\n",
        ")\n",
        "()",
        "[",
        "]",
        ",",
        " => ",
        "example.com/a",
        "example.com/b/v2",
        "../c",
        " v1.0.0",
        " v2.1.0",
        "\"q\"",
        "\"\\\n\"",
        "`",
        "\\",
        "//",
        " // indirect",
        "// c\n",
        "/*",
        "\n",
        "\n\n",
        "\r\n",
        "\t",
        " ",
        "\u{a0}",
        "é",
    ];

    /// Bytes, and pieces of which files consist, so that some are nearly well-formed.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            8 => prop::sample::select(&PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
            1 => vec(any::<u8>(), 1..3),
        ];
        vec(piece, 0..30).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn the_layout_of_a_layout_is_itself(text in text()) {
            // A comment behind a token of two lines may need two rounds to find its place.
            let two_lines = text.windows(2).any(|pair| pair == b"\\\n");
            if let Some(syntax) = parse::parse("f", &text).ok().filter(|_| !two_lines) {
                let first = print::print(&syntax);
                let again = parse::parse("f", &first).expect("what is printed can be parsed");
                prop_assert_eq!(print::print(&again), first);
            }
        }

        #[test]
        fn any_bytes_are_a_file_or_an_error(text in text()) {
            let name = |errors: ErrorList| errors.to_string().starts_with("f:");
            prop_assert!(File::parse("f", &text, None).map_or_else(name, |_| true));
            prop_assert!(File::parse_lax("f", &text, None).map_or_else(name, |_| true));
            prop_assert!(WorkFile::parse("f", &text, None).map_or_else(name, |_| true));
            module_path(&text);
        }

        #[test]
        fn edits_of_any_file_succeed(text in text()) {
            if let Ok(mut file) = File::parse_lax("f", &text, None) {
                let module = Version::new("example.com/a", "v1.0.0");
                file.add_require(&module);
                file.add_replace(&module, &Version::new("../a", ""));
                file.set_require_separate_indirect(&[Require { module, indirect: true }]);
                file.cleanup();
                prop_assert_eq!(file.require.len(), 1);
                let line = b"example.com/a v1.0.0 // indirect";
                prop_assert!(file.format().windows(line.len()).any(|text| text == line));
            }
        }
    }
}
