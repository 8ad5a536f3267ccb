//! How transfers are done with one host: time-outs, retries, limits.

use std::time::Duration;

/// The settings of one entry of GOPROXY, or of everything that has none of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct TransferSettings {
    /// How long a connection may take to be made.
    pub connect_timeout: Duration,
    /// How long a server may send nothing at all. There is no limit on the whole.
    pub stall_timeout: Duration,
    /// How often a request is tried again at most ([`Patience::Full`](super::Patience::Full)).
    pub retries: u32,
    /// The wait before the first retry; it doubles with each further one, up to [`MAX_WAIT`].
    pub retry_wait: Duration,
    /// Requests a second; `None` is no limit.
    pub requests_per_second: Option<f64>,
    /// Bytes a second, of bodies; `None` is no limit.
    pub bytes_per_second: Option<u64>,
    /// Requests that may be under way at once; `None` is no limit but the one that adapts.
    pub max_transfers: Option<usize>,
}

/// The longest wait between two tries, whatever a server asks for.
pub const MAX_WAIT: Duration = Duration::from_secs(60);

/// What holds where nothing else is said; the settings page tells the same.
impl Default for TransferSettings {
    fn default() -> TransferSettings {
        TransferSettings {
            connect_timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_secs(60),
            retries: 5,
            retry_wait: Duration::from_millis(500),
            requests_per_second: None,
            bytes_per_second: None,
            max_transfers: None,
        }
    }
}
