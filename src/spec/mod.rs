//! The rules of Go modules as pure functions: text and bytes in, answers out.
//!
//! Nothing here reads a file, the network, the clock or the environment. Each file opens with the
//! section of the [Go Modules Reference](https://go.dev/ref/mod) that it implements.
//!
//! | question                                              | file                  |
//! |-------------------------------------------------------|-----------------------|
//! | which of two versions is newer?                       | [`semver`]            |
//! | which of two Go versions is newer?                    | [`goversion`]         |
//! | is this path, version or pseudo-version allowed?      | [`module`]            |
//! | which version does `@latest` or `@>=v1.2` mean?       | [`query`]             |
//! | what does this go.mod or go.work say?                 | [`modfile`]           |
//! | what does this source file import, and when is it built? | [`imports`]        |
//! | which modules is this vendor directory made of?      | [`modulestxt`]        |
//! | which versions are selected?                          | [`mvs`]               |
//! | which hashes does go.sum know?                        | [`gosum`]             |
//! | what is the `h1:` hash of these files?                | [`dirhash`]           |
//! | is this a module zip?                                 | [`modzip`]            |
//! | who signed this note?                                 | [`note`]              |
//! | does the checksum log contain this record?            | [`tlog`]              |
//! | what did this proxy answer?                           | [`goproxy_json`]      |
//! | what is the shorter spelling of this file's path?     | [`filepath`]          |
//! | which godebug settings are there?                     | [`godebug`]           |
//! | what does this Go template write?                    | [`gotemplate`]        |
//! | where does this path say that its repository is?     | [`goimport`]          |
//! | how does Go read this URL?                            | [`gourl`]             |
//! | how does Go write this text in quotes?                | [`quote`], [`unicode`] |

pub mod dirhash;
pub mod filepath;
pub mod godebug;
pub mod goimport;
pub mod goproxy_json;
pub mod gosum;
pub mod gotemplate;
pub mod gourl;
pub mod goversion;
pub mod imports;
pub mod modfile;
pub mod module;
pub mod modulestxt;
pub mod modzip;
pub mod mvs;
pub mod note;
pub mod query;
pub mod quote;
pub mod semver;
pub mod tlog;
pub mod unicode;
