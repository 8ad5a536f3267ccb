//! Makes transports: what they share in one run, and the settings of each.

use std::sync::Arc;

use crate::event::Observer;
use crate::net::{
    Ask, BoxFuture, Exchange, Method, NetError, Request, Response, SafeUrl, TransferSettings,
    Transport, Upload,
};

/// The network in one run. Clones are the same network.
#[derive(Clone)]
pub struct Network {
    exchange: Arc<dyn Exchange>,
    settings: TransferSettings,
    observer: Arc<dyn Observer>,
}

impl Network {
    /// A network on which requests are sent by `exchange`; `settings` hold where no others are given.
    pub fn new(
        exchange: Arc<dyn Exchange>,
        settings: TransferSettings,
        observer: Arc<dyn Observer>,
    ) -> Network {
        Network { exchange, settings, observer }
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
        self.exchange.put(url, upload).await
    }

    /// A transport with these settings, for one entry of GOPROXY: its limits on rates are its own.
    pub fn transport(&self, settings: TransferSettings) -> Patient {
        Patient { network: self.clone(), settings }
    }
}

/// A [`Transport`] that tries again.
pub struct Patient {
    network: Network,
    settings: TransferSettings,
}

impl Patient {
    fn request<'a>(&'a self, method: Method, url: &'a SafeUrl) -> Request<'a> {
        Request { method, url, resume: None, settings: &self.settings }
    }
}

impl Transport for Patient {
    fn get<'a>(&'a self, url: &'a SafeUrl, _: Ask) -> BoxFuture<'a, Result<Response, NetError>> {
        let _ = &self.network.observer;
        self.network.exchange.exchange(self.request(Method::Get, url))
    }

    fn length<'a>(
        &'a self,
        url: &'a SafeUrl,
        _: Ask,
    ) -> BoxFuture<'a, Result<Option<u64>, NetError>> {
        Box::pin(async move {
            let request = self.request(Method::Head, url);
            let response = self.network.exchange.exchange(request).await?.ok().await?;
            Ok(response.length)
        })
    }
}
