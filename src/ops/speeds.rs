//! How fast proxies were, remembered from `mirrors` for `choice = "fastest"`.
//!
//! One small JSON file in the user's cache directory, `gomodfetch/mirrors.json`: addresses without
//! credentials, each with the microseconds that a module took. It stays on this machine. A file that is
//! not there, too large or broken remembers nothing, and is written anew.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};

use crate::config::Config;
use crate::sys::{IoError, file, lock};

/// The largest file that is read.
const MAX_FILE: u64 = 64 << 10;
/// Proxies that are remembered.
const MAX_PROXIES: usize = 256;
/// Proxies with longer addresses are not.
const MAX_ADDRESS: usize = 200;

/// What is remembered, by address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Speeds(BTreeMap<String, Duration>);

impl Speeds {
    /// Reads what is remembered.
    pub fn read(config: &Config) -> Speeds {
        let data = path(config).and_then(|path| lock::read_any(&path, MAX_FILE).ok());
        Speeds::parse(&data.unwrap_or_default())
    }

    /// Reads the text of the file; what does not fit is left out.
    pub fn parse(data: &[u8]) -> Speeds {
        let Ok(Value::Object(file)) = serde_json::from_slice(data) else {
            return Speeds::default();
        };
        let Some(Value::Object(proxies)) = file.get("microseconds") else {
            return Speeds::default();
        };
        let known = proxies.iter().filter(|(address, _)| address.len() <= MAX_ADDRESS);
        let known = known.filter_map(|(address, micros)| {
            Some((address.clone(), Duration::from_micros(micros.as_u64()?)))
        });
        Speeds(known.take(MAX_PROXIES).collect())
    }

    /// How long a module took from this proxy.
    pub fn get(&self, address: &str) -> Option<Duration> {
        self.0.get(address).copied()
    }

    /// Remembers how long a module took; `None` forgets the proxy.
    pub fn set(&mut self, address: &str, speed: Option<Duration>) {
        match speed {
            Some(speed) if self.0.len() < MAX_PROXIES && address.len() <= MAX_ADDRESS => {
                self.0.insert(address.to_owned(), speed);
            }
            _ => drop(self.0.remove(address)),
        }
    }

    /// The text of the file.
    fn encode(&self) -> Vec<u8> {
        let micros = |speed: &Duration| u64::try_from(speed.as_micros()).unwrap_or(u64::MAX);
        let proxies = self.0.iter().map(|(address, speed)| (address.clone(), micros(speed).into()));
        let proxies: Map<String, Value> = proxies.collect();
        let mut text = format!(
            "{:#}",
            Value::from(Map::from_iter([("microseconds".to_owned(), Value::from(proxies),)]))
        );
        text.push('\n');
        text.into_bytes()
    }

    /// Writes the file, if the system has a place for it.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn write(&self, config: &Config) -> Result<(), IoError> {
        let Some(path) = path(config) else { return Ok(()) };
        file::create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
        file::write_atomic(&path, &self.encode())
    }
}

fn path(config: &Config) -> Option<PathBuf> {
    Some(config.cache_dir.as_ref()?.join("gomodfetch").join("mirrors.json"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let mut speeds = Speeds::default();
        speeds.set("https://a.example", Some(Duration::from_micros(1234)));
        speeds.set("https://b.example", Some(Duration::from_secs(1)));
        speeds.set("https://b.example", None);
        speeds.set(&"x".repeat(300), Some(Duration::ZERO));
        let text = speeds.encode();
        assert_eq!(Speeds::parse(&text), speeds);
        assert_eq!(speeds.get("https://a.example"), Some(Duration::from_micros(1234)));
        assert_eq!(speeds.get("https://b.example"), None);
        for at in 0..1000 {
            speeds.set(&at.to_string(), Some(Duration::from_micros(at)));
        }
        assert_eq!(speeds.0.len(), MAX_PROXIES);
        assert!(speeds.encode().len() < 64 << 10);
    }

    #[test]
    fn a_broken_file_remembers_what_fits() {
        for text in ["", "{", "[]", "{\"microseconds\": 1}", "{\"other\": {}}"] {
            assert_eq!(Speeds::parse(text.as_bytes()), Speeds::default(), "{text}");
        }
        let text = b"{\"microseconds\": {\"a\": 5, \"b\": -1, \"c\": \"x\"}}";
        assert_eq!(Speeds::parse(text).0.len(), 1);
    }

    proptest! {
        #[test]
        fn any_bytes(data in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(Speeds::parse(&data).0.len() <= MAX_PROXIES);
        }
    }
}
