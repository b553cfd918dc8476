//! The inbox of the sink: the mails on pages for people, and by a JSON API for programs.
//!
//! Everything in a mail is hostile here: pages escape it, HTML is shown as source and never interpreted, nothing is loaded, no
//! script runs. How much mail is held is the mailbox's affair (`ArrivalsLimits`).

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinHandle,
};
use tokio_util::sync::CancellationToken;

use super::{Sink, SinkError, listen};

mod api;
mod codes;
mod counter;
mod pages;
mod query;
mod records;
mod reply;

use counter::Counter;

/// The connections at once; further ones wait to be accepted.
const MAX_CONNECTIONS: usize = 256;
/// How long a request's head may take, and how long a connection may lie idle.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// The largest head and the largest body of a request. In bytes.
const MAX_HEAD_BYTES: usize = 16 * 1024;
const MAX_BODY_BYTES: usize = 1024 * 1024;
/// How long the body of a request may take.
const BODY_TIME: Duration = Duration::from_secs(10);
/// How long those who are served have once the inbox is closed.
const GRACE: Duration = Duration::from_secs(1);
/// How long accepting rests after a failure.
const REST: Duration = Duration::from_millis(50);

/// How an inbox is set up.
#[derive(Clone, Debug)]
pub struct InboxConfig {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where a reader of the inbox may want to go from it.
    pub links: Vec<InboxLink>,
}

/// A link at the head of the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxLink {
    /// What it says.
    pub text: String,
    /// Where it leads.
    pub url: String,
}

/// A running inbox. Dropping it stops it.
#[derive(Debug)]
pub struct Inbox {
    address: SocketAddr,
    stop: CancellationToken,
    server: Option<JoinHandle<()>>,
}

impl Inbox {
    /// Opens the inbox of a sink. Must be called in a tokio runtime.
    ///
    /// # Errors
    /// Where the address can't be listened on; a port in use has an error of its own.
    pub async fn open(sink: &Sink, config: InboxConfig) -> Result<Inbox, SinkError> {
        let listener = listen(config.listen).map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => SinkError::PortInUse(config.listen),
            _ => SinkError::Listen { address: config.listen, source },
        })?;
        let address = listener.local_addr().map_err(|source| SinkError::Listen { address: config.listen, source })?;
        let stop = sink.office.stop.child_token();
        let counter = Arc::new(Counter {
            arrivals: Arc::clone(&sink.office.delivery.arrivals),
            records: records::Records::default(),
            smtp: sink.address(),
            links: config.links,
            is_local: address.ip().is_loopback(),
            stop: stop.clone(),
        });
        let server = Some(tokio::spawn(serve(listener, counter, stop.clone())));
        Ok(Inbox { address, stop, server })
    }

    /// Where the inbox listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes the inbox; who is being served has a moment.
    pub async fn close(mut self) {
        self.stop.cancel();
        if let Some(server) = self.server.take()
            && let Err(error) = server.await
        {
            tracing::error!("the inbox did not end in order: {error}");
        }
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn serve(listener: TcpListener, counter: Arc<Counter>, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let accept = async || {
        // The semaphore is never closed.
        let place = Arc::clone(&places).acquire_owned().await.map_err(io::Error::other)?;
        Ok::<_, io::Error>((listener.accept().await?.0, place))
    };
    while let Some(accepted) = stop.run_until_cancelled(accept()).await {
        match accepted {
            Ok((stream, place)) => {
                let (counter, stop) = (Arc::clone(&counter), stop.clone());
                tokio::spawn(async move {
                    converse(stream, counter, stop).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!("the inbox can't accept a connection: {error}");
                stop.run_until_cancelled(tokio::time::sleep(REST)).await;
            }
        }
    }
    drop(listener);
    // All places are free again once everybody has gone; who is left then is cut off with the runtime.
    let _ = tokio::time::timeout(GRACE, places.acquire_many(MAX_CONNECTIONS as u32)).await;
}

async fn converse(stream: TcpStream, counter: Arc<Counter>, stop: CancellationToken) {
    let service = service_fn(move |request| {
        let counter = Arc::clone(&counter);
        async move { Ok::<_, Infallible>(counter.answer(request).await.finish()) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let result = tokio::select! {
        result = connection.as_mut() => result,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(GRACE, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = result {
        tracing::debug!("a connection of the inbox ended early: {error}");
    }
}
