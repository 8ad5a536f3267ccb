//! What can be said of a proxy in gomodfetch.toml: each key with its bounds.
//!
//! | key                   | value                    | least | most | unless set             |
//! |-----------------------|--------------------------|-------|------|------------------------|
//! | `connect_timeout`     | duration                 | 1ms   | 10m  | see ARCHITECTURE.md    |
//! | `stall_timeout`       | duration                 | 1ms   | 10m  | see ARCHITECTURE.md    |
//! | `retries`             | number                   | 0     | 20   | see ARCHITECTURE.md    |
//! | `retry_wait`          | duration                 | 1ms   | 1m   | see ARCHITECTURE.md    |
//! | `requests_per_second` | number                   | 1     | 10000 | no limit              |
//! | `bytes_per_second`    | bytes                    | 1kB   | 1TB  | no limit               |
//! | `max_transfers`       | number                   | 1     | 1024 | `--jobs`               |
//! | `max_fails`           | number, 0 for "never"    | 0     | 1000 | 5                      |
//! | `fail_timeout`        | duration                 | 1ms   | 1h   | 10s                    |
//! | `backup`              | true or false            |       |      | false                  |
//! | `weight`              | number                   | 1     | 1000 | 1                      |
//!
//! A duration is a text such as `"500ms"`, `"10s"`, `"2m"` or `"1h"`; bytes are a number, or a text
//! such as `"500kB"`, `"5MB"` or `"1GB"` (powers of 1000).

use std::time::Duration;

use toml::de::DeValue;

/// Failures in a row after which a proxy is left alone, unless `max_fails` says otherwise.
pub const MAX_FAILS: u32 = 5;
/// How long it is left alone, unless `fail_timeout` says otherwise.
pub const FAIL_TIMEOUT: Duration = Duration::from_secs(10);

/// What is said of a proxy, or of all; `None` where nothing is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// How long a connection may take to be made.
    pub connect_timeout: Option<Duration>,
    /// How long the server may send nothing.
    pub stall_timeout: Option<Duration>,
    /// How often a request is repeated after a failure that may pass.
    pub retries: Option<u32>,
    /// The wait before the first repetition; later ones are longer.
    pub retry_wait: Option<Duration>,
    /// Requests a second.
    pub requests_per_second: Option<u32>,
    /// Bytes a second.
    pub bytes_per_second: Option<u64>,
    /// Requests at once.
    pub max_transfers: Option<u32>,
    /// Failures in a row after which it is left alone; 0 for never.
    pub max_fails: Option<u32>,
    /// How long it is left alone, and how near to each other the failures must be.
    pub fail_timeout: Option<Duration>,
    /// Whether it is only asked after the others that `|` joins it with.
    pub backup: Option<bool>,
    /// Its share where requests are spread.
    pub weight: Option<u32>,
}

/// The keys, in the order in which they are shown.
pub const KEYS: [&str; 11] = [
    "connect_timeout",
    "stall_timeout",
    "retries",
    "retry_wait",
    "requests_per_second",
    "bytes_per_second",
    "max_transfers",
    "max_fails",
    "fail_timeout",
    "backup",
    "weight",
];

/// Those of them by which one of several proxies is chosen.
pub(super) const CHOOSING: [&str; 2] = ["backup", "weight"];

const MINUTE: Duration = Duration::from_secs(60);

impl Rules {
    /// Takes over the value of a key; `None` where it is not one of [`KEYS`], an error where the
    /// value does not fit.
    pub(super) fn set(&mut self, key: &str, value: &DeValue<'_>) -> Option<Result<(), String>> {
        let short = 10 * MINUTE;
        Some(match key {
            "connect_timeout" => put(&mut self.connect_timeout, duration(value, short)),
            "stall_timeout" => put(&mut self.stall_timeout, duration(value, short)),
            "retries" => put(&mut self.retries, number(value, 0, 20)),
            "retry_wait" => put(&mut self.retry_wait, duration(value, MINUTE)),
            "requests_per_second" => put(&mut self.requests_per_second, number(value, 1, 10_000)),
            "bytes_per_second" => put(&mut self.bytes_per_second, bytes(value)),
            "max_transfers" => put(&mut self.max_transfers, number(value, 1, 1024)),
            "max_fails" => put(&mut self.max_fails, number(value, 0, 1000)),
            "fail_timeout" => put(&mut self.fail_timeout, duration(value, 60 * MINUTE)),
            "backup" => put(&mut self.backup, boolean(value)),
            "weight" => put(&mut self.weight, number(value, 1, 1000)),
            _ => return None,
        })
    }

    /// These, and where they say nothing, what `others` say.
    pub fn or(&self, others: &Rules) -> Rules {
        Rules {
            connect_timeout: self.connect_timeout.or(others.connect_timeout),
            stall_timeout: self.stall_timeout.or(others.stall_timeout),
            retries: self.retries.or(others.retries),
            retry_wait: self.retry_wait.or(others.retry_wait),
            requests_per_second: self.requests_per_second.or(others.requests_per_second),
            bytes_per_second: self.bytes_per_second.or(others.bytes_per_second),
            max_transfers: self.max_transfers.or(others.max_transfers),
            max_fails: self.max_fails.or(others.max_fails),
            fail_timeout: self.fail_timeout.or(others.fail_timeout),
            backup: self.backup.or(others.backup),
            weight: self.weight.or(others.weight),
        }
    }

    /// These, with no limit higher than that of `others`.
    pub(super) fn within(self, others: &Rules) -> Rules {
        Rules {
            requests_per_second: lower(self.requests_per_second, others.requests_per_second),
            bytes_per_second: lower(self.bytes_per_second, others.bytes_per_second),
            max_transfers: lower(self.max_transfers, others.max_transfers),
            ..self
        }
    }

    /// [`Rules::max_fails`], or what holds without it.
    pub fn max_fails(&self) -> u32 {
        self.max_fails.unwrap_or(MAX_FAILS)
    }

    /// [`Rules::fail_timeout`], or what holds without it.
    pub fn fail_timeout(&self) -> Duration {
        self.fail_timeout.unwrap_or(FAIL_TIMEOUT)
    }

    /// [`Rules::backup`], or what holds without it.
    pub fn is_backup(&self) -> bool {
        self.backup.unwrap_or(false)
    }

    /// [`Rules::weight`], or what holds without it.
    pub fn weight(&self) -> u32 {
        self.weight.unwrap_or(1)
    }
}

/// The lower of two limits, each of which may be missing.
fn lower<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn put<T>(place: &mut Option<T>, value: Result<T, String>) -> Result<(), String> {
    *place = Some(value?);
    Ok(())
}

fn boolean(value: &DeValue<'_>) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| "want true or false".to_owned())
}

fn number(value: &DeValue<'_>, least: u32, most: u32) -> Result<u32, String> {
    let number = whole(value).and_then(|number| u32::try_from(number).ok());
    number
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| format!("want a whole number from {least} to {most}"))
}

fn whole(value: &DeValue<'_>) -> Option<u64> {
    let number = value.as_integer()?;
    u64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn duration(value: &DeValue<'_>, most: Duration) -> Result<Duration, String> {
    let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000)];
    let millis = value.as_str().and_then(|text| measure(text, &units));
    millis
        .map(Duration::from_millis)
        .filter(|duration| !duration.is_zero() && *duration <= most)
        .ok_or_else(|| {
            format!(
                "want a duration of at most {} minutes, such as \"500ms\" or \"10s\"",
                most.as_secs() / 60
            )
        })
}

fn bytes(value: &DeValue<'_>) -> Result<u64, String> {
    let units = [
        ("kB", 1000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("TB", 1_000_000_000_000),
        ("B", 1),
    ];
    let number = whole(value).or_else(|| measure(value.as_str()?, &units));
    number.filter(|number| (1000..=1_000_000_000_000).contains(number)).ok_or_else(|| {
        "want a number of bytes from 1kB to 1TB, such as 500000 or \"5MB\"".to_owned()
    })
}

/// `12kB`: a whole number and one of these units, which are looked for in this order.
fn measure(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let (_, factor) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*factor)
}
