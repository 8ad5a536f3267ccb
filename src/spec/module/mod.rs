//! Module paths, versions and the pair of both.
//!
//! Implements [Modules](https://go.dev/ref/mod#modules-overview) of the Go Modules Reference as
//! far as names go; each file below opens with its own section:
//!
//! | file        | what it decides                                                          |
//! |-------------|--------------------------------------------------------------------------|
//! | [`path`]    | which module, import and file paths are allowed; `/v2` and `.v2` endings |
//! | [`version`] | the pair of both, [`Version`]; which version goes with which path        |
//! | [`pseudo`]  | pseudo-versions, which name a commit that has no version tag             |
//! | [`escape`]  | how paths and versions are written in file names and URLs                |
//! | [`glob`]    | the pattern lists of GOPRIVATE, GONOPROXY, GONOSUMDB and GOINSECURE      |
//! | [`error`]   | how errors name the module and the version                               |
//!
//! All public items are also reachable here, as `module::check_path` and so on.
//!
//! ```
//! use gomodfetch::spec::module::{self, Version};
//!
//! let m = Version::new("example.com/Lib/v2", "v2.0.1");
//! assert_eq!(m.to_string(), "example.com/Lib/v2@v2.0.1");
//! assert!(module::check(&m.path, &m.version).is_ok());
//! assert_eq!(module::escape_path(&m.path).as_deref(), Ok("example.com/!lib/v2"));
//! ```

pub mod error;
pub mod escape;
pub mod glob;
pub mod path;
pub mod pseudo;
pub mod version;

pub use error::*;
pub use escape::*;
pub use glob::*;
pub use path::*;
pub use pseudo::*;
pub use version::*;
