//! Module zips: reading, checking and hashing them, and making them from the files of a repository.
//!
//! Implements [Module zip files](https://go.dev/ref/mod#zip-files) of the Go Modules Reference.
//!
//! | file        | what it knows                                                             |
//! |-------------|---------------------------------------------------------------------------|
//! | [`source`]  | where bytes come from: memory or a file                                   |
//! | [`read`]    | the directory: what counts as a zip, and its entries, repeated names too  |
//! | [`oddity`]  | what Go overlooks when it reads a zip                                     |
//! | [`check`]   | which names and sizes a module may have                                   |
//! | [`extract`] | the content of entries: inflated, checked and hashed in one pass          |
//! | [`hash`]    | the `h1:` hash of the whole                                               |
//! | [`choose`](mod@choose) | which files of a repository are in a module's zip                         |
//! | [`write`](mod@write) | the zip that is made of them                                              |
//!
//! Nothing is trusted before it is checked, and nothing needs more memory or time than the size of
//! the zip and the sizes that it tells allow: at most 500 MiB of each, once
//! [`check_zip`] has accepted it.
//!
//! Go's order of judging a downloaded zip is: [`Archive::open`], [`check_prefix`], [`hash_zip`],
//! the comparison of the hash with go.sum and the checksum database, [`check_zip`], the content
//! of each file again. Here everything may be done in one pass:
//!
//! ```
//! use gomodfetch::spec::dirhash::H1;
//! use gomodfetch::spec::modzip::{Archive, Inflater, ZipError, check_prefix, check_zip};
//! use gomodfetch::spec::module::Version;
//!
//! fn contents(zip: &[u8]) -> Result<String, Box<dyn std::error::Error>> {
//!     let module = Version::new("example.com/m", "v1.0.0");
//!     let archive = Archive::open(zip)?;
//!     check_prefix(&archive, &module)?;
//!     let checked = check_zip(&archive, &module)?;
//!     let mut inflater = Inflater::exact();
//!     let mut tree = H1::new();
//!     for file in &checked.files {
//!         let entry = archive.entry(file.index).ok_or(ZipError::Format)?;
//!         let digest = inflater.extract(&archive, &entry, |piece| {
//!             println!("{}: {} bytes", file.path, piece.len());
//!             Ok::<(), ZipError>(())
//!         })?;
//!         tree.add(entry.name, digest);
//!     }
//!     for index in &checked.directories {
//!         let entry = archive.entry(*index).ok_or(ZipError::Format)?;
//!         tree.add(entry.name, inflater.digest(&archive, &entry)?);
//!     }
//!     Ok(tree.finish()?)
//! }
//! # let empty_zip = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
//! # assert_eq!(contents(empty_zip).unwrap(), "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
//! ```

pub mod check;
pub mod choose;
mod collide;
mod deflate;
mod directory;
pub mod extract;
mod fields;
mod fold;
pub mod hash;
pub mod oddity;
pub mod read;
pub mod source;
#[cfg(test)]
pub(crate) mod testzip;
pub mod write;

pub use check::{
    CheckError, Checked, MAX_LICENSE, ModuleFile, UnexpectedFileError, check_prefix, check_zip,
};
pub use choose::{CreateError, CreateReason, Kind, TreeFile, choose, wants_license};
pub use extract::Inflater;
pub use fold::fold;
pub use hash::{HashError, hash_zip};
pub use oddity::{EntryOddity, Oddity};
pub use read::{Archive, Entry, Header, ZipError};
pub use source::{InMemory, ReadAt};
pub use write::Writer;
