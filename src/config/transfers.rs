//! `GOMODFETCH_RETRIES` and its companions: how patient transfers are.
//!
//! They are ours; go has neither retries nor time-outs of its own.

use std::time::Duration;

use thiserror::Error;

use crate::config::settings::Sources;
use crate::config::vars::{self, Var};

/// The most retries that may be asked for.
const MAX_RETRIES: u32 = 20;
/// The longest wait before the first of them.
const MAX_RETRY_WAIT: Duration = Duration::from_secs(60);
/// The longest time-out.
const MAX_TIMEOUT: Duration = Duration::from_secs(600);

/// What the environment says of transfers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfers {
    /// How often a request is tried again.
    pub retries: u32,
    /// The wait before the first retry.
    pub retry_wait: Duration,
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long a server may send nothing.
    pub stall_timeout: Duration,
}

/// A value that can't be understood.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TransfersError {
    /// No number of retries.
    #[error("invalid {name}={value}: want a whole number from 0 to {MAX_RETRIES}")]
    Number {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
    },
    /// No duration.
    #[error(
        "invalid {name}={value}: want a duration of at most {} s, such as 500ms or 10s",
        most.as_secs()
    )]
    Duration {
        /// The variable.
        name: &'static str,
        /// Its value.
        value: String,
        /// The longest one.
        most: Duration,
    },
}

impl Transfers {
    /// Reads the variables.
    ///
    /// # Errors
    /// When one of them can't be understood.
    pub fn load(sources: &Sources<'_>) -> Result<Transfers, TransfersError> {
        let duration = |var: &'static Var, most| {
            let text = sources.get(var).text().into_owned();
            let found = duration(&text).filter(|found| !found.is_zero() && *found <= most);
            found.ok_or(TransfersError::Duration { name: var.name, value: text, most })
        };
        let retries = sources.get(&vars::GOMODFETCH_RETRIES).text().into_owned();
        let name = vars::GOMODFETCH_RETRIES.name;
        let number = retries.parse().ok().filter(|number| *number <= MAX_RETRIES);
        Ok(Transfers {
            retries: number.ok_or(TransfersError::Number { name, value: retries })?,
            retry_wait: duration(&vars::GOMODFETCH_RETRY_WAIT, MAX_RETRY_WAIT)?,
            connect_timeout: duration(&vars::GOMODFETCH_CONNECT_TIMEOUT, MAX_TIMEOUT)?,
            stall_timeout: duration(&vars::GOMODFETCH_STALL_TIMEOUT, MAX_TIMEOUT)?,
        })
    }
}

/// `500ms`, `10s` or `2m`.
fn duration(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let factor = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        _ => return None,
    };
    Some(Duration::from_millis(number.parse::<u64>().ok()?.checked_mul(factor)?))
}

#[cfg(test)]
mod tests {
    use crate::config::env::MapEnv;
    use crate::config::envfile::EnvFile;

    use super::*;

    fn load(name: &'static str, value: &'static str) -> Result<Transfers, String> {
        let env = MapEnv::from([(name, value)]);
        let (user, goroot) = (EnvFile::default(), EnvFile::default());
        Transfers::load(&Sources { env: &env, user, goroot }).map_err(|err| err.to_string())
    }

    #[test]
    fn values_and_what_is_none() {
        let seconds = Duration::from_secs;
        let all = Transfers {
            retries: 5,
            retry_wait: Duration::from_millis(500),
            connect_timeout: seconds(30),
            stall_timeout: seconds(60),
        };
        assert_eq!(load("GOMODFETCH_RETRIES", ""), Ok(all));
        assert_eq!(load("GOMODFETCH_RETRIES", "0"), Ok(Transfers { retries: 0, ..all }));
        for bad in ["21", "-1", "1.5", "many"] {
            let want =
                format!("invalid GOMODFETCH_RETRIES={bad}: want a whole number from 0 to 20");
            assert_eq!(load("GOMODFETCH_RETRIES", bad), Err(want));
        }
        let wait = |text| load("GOMODFETCH_RETRY_WAIT", text).map(|all| all.retry_wait);
        assert_eq!(wait("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(wait("1m"), Ok(seconds(60)));
        for bad in ["2m", "0s", "5", "s", "-1s", "1.5s", "99999999999999999999s", "1h"] {
            let want = format!(
                "invalid GOMODFETCH_RETRY_WAIT={bad}: want a duration of at most 60 s, such as \
                 500ms or 10s"
            );
            assert_eq!(wait(bad), Err(want));
        }
        let timeout = |name| load(name, "10m");
        let ten = seconds(600);
        assert_eq!(timeout("GOMODFETCH_CONNECT_TIMEOUT").unwrap().connect_timeout, ten);
        assert_eq!(timeout("GOMODFETCH_STALL_TIMEOUT").unwrap().stall_timeout, ten);
    }
}
