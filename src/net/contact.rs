//! The first request to a server goes alone.
//!
//! Before a connection stands nobody knows whether the server speaks HTTP/2, and each of a hundred
//! requests would open one of its own, only to find that one had been enough: a hundred handshakes,
//! of which ninety-nine were for nothing. So the others wait until there is a connection.

use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::{Either, select};
use reqwest::{Client, Request, Response, Result};
use tower_layer::Layer;
use tower_service::Service;

use crate::net::BoxFuture;
use crate::sys::leader::{Leaders, Signal};

/// How long requests wait for the first one's connection.
const PATIENCE: Duration = Duration::from_secs(3);

/// A client with its connections.
pub(super) struct Contact {
    pub(super) client: Client,
    connected: Signal,
    first: Leaders<String>,
}

impl Contact {
    /// Makes one; `build` is given what is to be layered over the connector.
    pub(super) fn new<E>(
        build: impl FnOnce(Telling) -> std::result::Result<Client, E>,
    ) -> std::result::Result<Contact, E> {
        let connected = Signal::default();
        let client = build(Telling(connected.clone()))?;
        Ok(Contact { client, connected, first: Leaders::new(PATIENCE) })
    }

    /// Sends a request.
    ///
    /// # Errors
    /// Those of the client.
    pub(super) async fn send(&self, request: Request) -> Result<Response> {
        let origin = request.url().origin().ascii_serialization();
        let lead = self.first.lead(origin).await;
        let sent = self.client.execute(request);
        if lead.is_none() {
            return sent.await;
        }
        match select(Box::pin(sent), Box::pin(self.connected.wait())).await {
            Either::Left((response, _)) => response,
            Either::Right(((), sent)) => {
                drop(lead);
                sent.await
            }
        }
    }
}

/// Tells when a connection stands.
#[derive(Clone)]
pub(super) struct Telling(Signal);

impl<S> Layer<S> for Telling {
    type Service = Connector<S>;

    fn layer(&self, inner: S) -> Connector<S> {
        Connector { inner, connected: self.0.clone() }
    }
}

/// A connector that tells of its success.
#[derive(Clone)]
pub(super) struct Connector<S> {
    inner: S,
    connected: Signal,
}

impl<S, R> Service<R> for Connector<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<'static, std::result::Result<S::Response, S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<std::result::Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, place: R) -> Self::Future {
        let connected = self.connected.clone();
        let connecting = self.inner.call(place);
        Box::pin(async move {
            let connection = connecting.await?;
            connected.give();
            Ok(connection)
        })
    }
}
