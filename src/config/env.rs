//! Where settings come from first: the environment of the process.
//!
//! Everything in this layer that needs an environment variable asks an [`Env`], so that tests and
//! embedding programs can hand in a map. [`ProcessEnv`] is the only place of the crate that reads
//! the real environment.
//!
//! A variable that is set to the empty text counts as not set, as in the go command
//! ([Environment variables](https://go.dev/ref/mod#environment-variables)).
//!
//! ```
//! use gomodfetch::config::env::{Env, MapEnv};
//!
//! let env = MapEnv::from([("GOPROXY", "off"), ("GOSUMDB", "")]);
//! assert_eq!(env.non_empty("GOPROXY").as_deref(), Some("off".as_ref()));
//! assert_eq!(env.non_empty("GOSUMDB"), None);
//! ```

use std::collections::BTreeMap;
use std::ffi::OsString;

/// A set of environment variables.
pub trait Env {
    /// The value of a variable; `None` if it is not set.
    fn var_os(&self, name: &str) -> Option<OsString>;

    /// The value of a variable that is set to something.
    fn non_empty(&self, name: &str) -> Option<OsString> {
        self.var_os(name).filter(|value| !value.is_empty())
    }
}

/// The environment of this process.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessEnv;

impl Env for ProcessEnv {
    #[allow(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    fn var_os(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }
}

/// An environment that is just a map.
#[derive(Clone, Debug, Default)]
pub struct MapEnv(BTreeMap<String, OsString>);

impl Env for MapEnv {
    fn var_os(&self, name: &str) -> Option<OsString> {
        self.0.get(name).cloned()
    }
}

impl<K: Into<String>, V: Into<OsString>> FromIterator<(K, V)> for MapEnv {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(vars: I) -> Self {
        MapEnv(vars.into_iter().map(|(k, v)| (k.into(), v.into())).collect())
    }
}

impl<K: Into<String>, V: Into<OsString>, const N: usize> From<[(K, V); N]> for MapEnv {
    fn from(vars: [(K, V); N]) -> Self {
        vars.into_iter().collect()
    }
}
