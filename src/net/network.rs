//! Makes transports: what they share in one run, and the settings of each.

use std::sync::Arc;
use std::time::Duration;

use crate::event::Observer;
use crate::net::clock::{self, Clock};
use crate::net::limit::{Hosts, Pace};
use crate::net::patience::{Chance, Credit};
use crate::net::retry::{Line, Patient};
use crate::net::{Exchange, NetError, SafeUrl, TransferSettings, Upload};

/// What of a second's requests that were not sent may be sent at once.
const REQUEST_SLACK: Duration = Duration::from_secs(1);
/// The same for bytes.
const BYTE_SLACK: Duration = Duration::from_millis(100);

/// The network in one run. Clones are the same network.
#[derive(Clone)]
pub struct Network {
    shared: Arc<Shared>,
    settings: TransferSettings,
}

/// What all transports of a run have in common.
pub(super) struct Shared {
    pub(super) exchange: Arc<dyn Exchange>,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) hosts: Hosts,
    pub(super) credit: Credit,
    pub(super) chance: Chance,
}

impl Network {
    /// A network on which requests are sent by `exchange`; `settings` hold where no others are given.
    pub fn new(
        exchange: Arc<dyn Exchange>,
        settings: TransferSettings,
        observer: Arc<dyn Observer>,
    ) -> Network {
        Network::by_clock(clock::system(), exchange, settings, observer)
    }

    pub(super) fn by_clock(
        clock: Arc<dyn Clock>,
        exchange: Arc<dyn Exchange>,
        settings: TransferSettings,
        observer: Arc<dyn Observer>,
    ) -> Network {
        let shared = Shared {
            exchange,
            observer,
            hosts: Hosts::new(Arc::clone(&clock)),
            clock,
            credit: Credit::default(),
            chance: Chance::new(),
        };
        Network { shared: Arc::new(shared), settings }
    }

    /// The settings that hold where no others are given.
    pub fn settings(&self) -> &TransferSettings {
        &self.settings
    }

    /// Has a file stored at a URL, unless there is one of that name already. It is tried once.
    ///
    /// # Errors
    /// When it was not stored.
    pub async fn put(&self, url: &SafeUrl, upload: &Upload) -> Result<(), NetError> {
        self.shared.exchange.put(url, upload).await
    }

    /// A transport with these settings, for one entry of GOPROXY: its limits on rates are its own.
    pub fn transport(&self, settings: TransferSettings) -> Patient {
        let pace = |rate, slack| Pace::new(rate, slack, Arc::clone(&self.shared.clock));
        let requests = settings.requests_per_second.map(|rate| pace(rate, REQUEST_SLACK));
        let bytes = settings.bytes_per_second.map(|rate| pace(rate as f64, BYTE_SLACK));
        let transfers = settings.max_transfers.map(|most| tokio::sync::Semaphore::new(most.max(1)));
        Patient::new(Arc::new(Line {
            shared: Arc::clone(&self.shared),
            settings,
            requests,
            bytes,
            transfers: transfers.map(Arc::new),
        }))
    }
}
