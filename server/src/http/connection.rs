//! Listening, and serving connections within limits.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How many connections wait in the kernel till they are taken; the launch opens thousands within a second.
const BACKLOG: u32 = 4096;
/// How many connections are served at a time; further ones wait in the backlog.
pub(crate) const MAX_CONNECTIONS: usize = 8192;
/// How long a request's head may take, and how long a connection may lie idle.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// After so long a connection is closed at the end of its request, so that none is held for ever.
const CONNECTION_TIME: Duration = Duration::from_secs(60 * 60);
/// How long the last request of a connection may take once it is to be closed.
const LAST_REQUEST_TIME: Duration = Duration::from_secs(5);
/// How many header lines a request may have.
const MAX_HEADERS: usize = 100;
/// How large a request's head may be; it leaves room for the skip cookies of several hundred accounts. In bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// How long is waited after a connection could not be taken, for instance for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What answers requests.
pub(crate) trait Answer: Send + Sync + 'static {
    /// Answers one request.
    fn answer(&self, request: Request<Incoming>) -> impl Future<Output = Response<Full<Bytes>>> + Send;
}

/// Binds an address.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Takes connections till it is told to stop; those that are open then finish their request.
pub(crate) async fn serve<A: Answer>(
    listener: TcpListener,
    answer: Arc<A>,
    connections: TaskTracker,
    stop: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = accept(&listener, &places) => accepted,
        };
        match accepted {
            Ok((stream, place)) => {
                let (answer, stop) = (answer.clone(), stop.clone());
                connections.spawn(async move {
                    serve_one(stream, answer, stop).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = places.clone().acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, place))
}

async fn serve_one<A: Answer>(stream: TcpStream, answer: Arc<A>, stop: CancellationToken) {
    let service = service_fn(move |request| {
        let answer = answer.clone();
        async move { Ok::<_, Infallible>(answer.answer(request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let closed = tokio::select! {
        result = connection.as_mut() => Ok(result),
        () = stop.cancelled() => Err(()),
        () = tokio::time::sleep(CONNECTION_TIME) => Err(()),
    };
    let result = match closed {
        Ok(result) => Ok(result),
        Err(()) => {
            connection.as_mut().graceful_shutdown();
            tokio::time::timeout(LAST_REQUEST_TIME, connection).await
        }
    };
    if let Ok(Err(error)) = result {
        tracing::debug!(%error, "a connection ended early");
    }
}
