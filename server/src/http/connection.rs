//! Listening, and serving connections within limits: HTTP/1.1 on plain sockets, HTTP/1.1 and HTTP/2 inside TLS.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use http::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use http::{Request, Response, StatusCode, Version};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::body::{Answered, Body};
use super::host::settle_host;
use super::pulse::Pulse;
use super::registry::{Registry, Seat};
use super::stream::Watched;
use super::tls;

/// How many connections wait in the kernel till they are taken; the launch opens thousands within a second.
const BACKLOG: u32 = 4096;
/// How long is waited after a connection could not be taken, for instance for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How many header lines hyper takes without allocating for them; another number costs it some speed.
const HYPER_HEADERS: usize = 100;
/// The first byte of a TLS connection: a handshake record (RFC 8446, 5.1).
const HANDSHAKE_RECORD: u8 = 22;
/// What a browser is told that speaks plain HTTP to a TLS port.
const PLAIN_ON_TLS: &str = "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n\
     x-content-type-options: nosniff\r\nconnection: close\r\ncontent-length: 59\r\n\r\n\
     This port speaks HTTPS only. Please use a https:// address.";

/// What answers requests.
pub(crate) trait Answer: Send + Sync + 'static {
    /// Answers one request.
    fn answer(&self, request: Request<Body>) -> impl Future<Output = Response<Full<Bytes>>> + Send;

    /// What is answered without looking at a request: because it is malformed, or because answering it failed.
    fn refusal(&self, status: StatusCode) -> Response<Full<Bytes>>;
}

/// Everything a listener's connections share.
pub(crate) struct Edge<A> {
    pub(crate) answer: Arc<A>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) stop: CancellationToken,
}

impl<A> Clone for Edge<A> {
    fn clone(&self) -> Self {
        let Self { answer, registry, tls, stop } = self;
        Self { answer: answer.clone(), registry: registry.clone(), tls: tls.clone(), stop: stop.clone() }
    }
}

/// Binds an address.
pub(crate) fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Takes connections till it is told to stop; those that are open then finish their requests.
pub(crate) async fn serve<A: Answer>(listener: TcpListener, edge: Edge<A>, connections: TaskTracker) {
    let accepting = async {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let seat = edge.registry.seat().await;
                    connections.spawn(edge.clone().serve_socket(stream, seat));
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be taken");
                    edge.registry.make_room();
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    };
    tokio::select! {
        () = edge.stop.cancelled() => (),
        () = accepting => (),
        () = edge.registry.sweep() => (),
    }
}

impl<A: Answer> Edge<A> {
    async fn serve_socket(self, stream: TcpStream, seat: Seat) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection was lost at once");
            return;
        }
        let Some(acceptor) = self.tls.clone() else { return self.serve_stream(stream, &seat).await };
        let shaking = tokio::select! {
            _ = seat.pulse.ended() => return,
            () = self.stop.cancelled() => return,
            shaking = tokio::time::timeout(self.registry.limits.handshake_time, shake_hands(stream, &acceptor)) => shaking,
        };
        match shaking {
            Ok(Ok(Some(stream))) if tls::is_http2(stream.get_ref().1) => self.serve_http2(stream, &seat).await,
            Ok(Ok(Some(stream))) => self.serve_stream(stream, &seat).await,
            Ok(Ok(None)) => {}
            Ok(Err(error)) => self.note_failed_handshake(&error),
            Err(_) => self.note_failed_handshake(&"it took too long"),
        }
    }

    fn note_failed_handshake(&self, reason: &dyn std::fmt::Display) {
        self.registry.meters.handshakes_failed.inc();
        tracing::debug!(%reason, "a TLS handshake failed");
    }

    /// Serves HTTP/1 on a stream that came in beside the listener.
    pub(crate) async fn serve_apart<S>(&self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let seat = self.registry.extra_seat();
        self.serve_stream(stream, &seat).await;
    }

    /// Serves HTTP/1 on a stream of whatever kind.
    async fn serve_stream<S>(&self, stream: S, seat: &Seat)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let pulse = seat.pulse.clone();
        let service = service_fn({
            let (edge, pulse) = (self.clone(), pulse.clone());
            move |request| {
                let (edge, pulse) = (edge.clone(), pulse.clone());
                async move { Ok::<_, Infallible>(edge.respond(&pulse, request).await) }
            }
        });
        let limits = &self.registry.limits;
        let mut builder = http1::Builder::new();
        // The registry's sweep sees to slow heads, without a timer for each connection. A client may close its half of
        // the connection while it waits for the answer.
        builder.header_read_timeout(None).half_close(true).max_buf_size(limits.head_bytes.max(MIN_BUFFER_BYTES));
        builder.max_header_size(limits.head_bytes);
        if limits.headers != HYPER_HEADERS {
            builder.max_headers(limits.headers);
        }
        let connection = builder.serve_connection(TokioIo::new(Watched::new(stream, pulse.clone())), service);
        self.drive(&pulse, connection, http1::Connection::graceful_shutdown).await;
    }

    async fn serve_http2<S>(&self, stream: S, seat: &Seat)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let pulse = seat.pulse.clone();
        pulse.speaks_http2();
        let service = service_fn({
            let (edge, pulse) = (self.clone(), pulse.clone());
            move |request| {
                let (edge, pulse) = (edge.clone(), pulse.clone());
                async move {
                    let response = edge.respond(&pulse, request).await;
                    Ok::<_, Infallible>(response.map(|body| Answered::new(body, pulse.answer())))
                }
            }
        });
        let limits = &self.registry.limits;
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .max_concurrent_streams(limits.h2_streams)
            .max_header_list_size(u32::try_from(limits.head_bytes).unwrap_or(u32::MAX))
            .max_pending_accept_reset_streams(limits.h2_pending_resets)
            .max_local_error_reset_streams(limits.h2_error_resets)
            .initial_stream_window_size(limits.h2_stream_window)
            .initial_connection_window_size(limits.h2_connection_window)
            .max_send_buf_size(limits.h2_send_buffer_bytes)
            .keep_alive_interval(limits.h2_ping_interval)
            .keep_alive_timeout(limits.h2_ping_time);
        let connection = builder.serve_connection(TokioIo::new(Watched::new(stream, pulse.clone())), service);
        self.drive(&pulse, connection, http2::Connection::graceful_shutdown).await;
    }

    /// Drives a connection till it ends or is ended; gently, if there is time for that.
    async fn drive<C>(&self, pulse: &Pulse, connection: C, retire: impl FnOnce(Pin<&mut C>))
    where
        C: Future<Output = hyper::Result<()>>,
    {
        tokio::pin!(connection);
        let is_gentle = tokio::select! {
            result = connection.as_mut() => {
                if let Err(error) = result {
                    tracing::debug!(%error, "a connection ended early");
                }
                return;
            }
            () = self.stop.cancelled() => true,
            ending = pulse.ended() => {
                tracing::debug!(?ending, "a connection is closed");
                ending.is_gentle()
            }
        };
        if is_gentle {
            retire(connection.as_mut());
            // What is left then is left: its client was told that the connection ends.
            let _ = tokio::time::timeout(self.registry.limits.last_request_time, connection).await;
        }
    }

    /// Answers one request. A failure of our own code costs this request only.
    async fn respond(&self, pulse: &Arc<Pulse>, mut request: Request<Incoming>) -> Response<Full<Bytes>> {
        let _busy = pulse.begin();
        let is_http1 = request.version() < Version::HTTP_2;
        let examined = settle_host(&mut request).and_then(|()| match request.headers().keys_len() {
            lines if lines > self.registry.limits.headers => Err(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
            _ => Ok(()),
        });
        if let Err(status) = examined {
            let mut response = self.answer.refusal(status);
            if is_http1 {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            return response;
        }
        let request = request.map(|incoming| Body::new(incoming, pulse.clone()));
        match AssertUnwindSafe(self.answer.answer(request)).catch_unwind().await {
            Ok(response) => response,
            Err(_) => {
                // The panic's own words may quote what the user sent; its place stands in the line the panic printed.
                self.registry.note_panic();
                tracing::error!("a request could not be answered: the server's code failed");
                self.answer.refusal(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }
}

/// hyper wants room for a smallest head. In bytes.
const MIN_BUFFER_BYTES: usize = 8 * 1024;

/// A refusal in plain text.
pub(crate) fn plain_refusal(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(status.canonical_reason().unwrap_or_default()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// The handshake; `None` if somebody spoke plain HTTP and was told so.
async fn shake_hands(
    mut stream: TcpStream,
    acceptor: &TlsAcceptor,
) -> io::Result<Option<tokio_rustls::server::TlsStream<TcpStream>>> {
    let mut first = [0];
    match stream.peek(&mut first).await? {
        0 => Ok(None),
        _ if first[0] == HANDSHAKE_RECORD => acceptor.accept(stream).await.map(Some),
        _ if first[0].is_ascii_uppercase() => {
            refuse_plain(&mut stream).await?;
            Ok(None)
        }
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "neither TLS nor HTTP")),
    }
}

/// Answers a plain request, and reads what there is of it so that the answer arrives.
async fn refuse_plain(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(PLAIN_ON_TLS.as_bytes()).await?;
    stream.shutdown().await?;
    let mut rest = tokio::io::AsyncReadExt::take(stream, MIN_BUFFER_BYTES as u64);
    tokio::io::copy(&mut rest, &mut tokio::io::sink()).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refusal_of_plain_http_is_as_long_as_it_says() {
        let (head, body) = PLAIN_ON_TLS.split_once("\r\n\r\n").unwrap_or_default();
        assert!(head.contains(&format!("content-length: {}", body.len())), "{}", body.len());
    }
}
