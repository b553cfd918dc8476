//! One connection and the exchanges on it. Not here: where it leads, and who keeps it.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Body;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::client::NetworkConfig;
use super::error::NetworkError;
use super::origin::Origin;

/// The most of a body's announced length that is allocated before any of it has come.
const MAX_BODY_PREALLOCATION_BYTES: usize = 64 * 1024;
/// How much of a content coding's name an error repeats.
const MAX_CODING_CHARS: usize = 40;

/// One answer as it came, with the time from the first byte sent to the last byte received.
pub(super) struct Received {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) duration: Duration,
}

/// Whether a failed request may have reached the target.
pub(super) enum Failure {
    Unsent(Box<http::Request<Full<Bytes>>>, NetworkError),
    Sent(NetworkError),
}

/// What a connection runs on: TCP, or TLS over it.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

pub(super) struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    driver: Driver,
}

impl Connection {
    pub(super) fn new(sender: http1::SendRequest<Full<Bytes>>, connection: HttpConnection) -> Self {
        Self { sender, driver: Driver { connection: Box::new(connection), finished: false } }
    }

    pub(super) async fn exchange(
        &mut self,
        origin: &Origin,
        request: http::Request<Full<Bytes>>,
        config: &NetworkConfig,
    ) -> Result<Received, Failure> {
        let Self { sender, driver } = self;
        if let Err(error) = driver.run(sender.ready()).await {
            return Err(Failure::Unsent(Box::new(request), origin.judge(&error, config)));
        }
        let sent_at = Instant::now();
        let response = driver.run(sender.try_send_request(request)).await.map_err(|mut failure| {
            let error = origin.judge(failure.error(), config);
            match failure.take_message() {
                Some(request) => Failure::Unsent(Box::new(request), error),
                None => Failure::Sent(error),
            }
        })?;
        let (parts, body) = response.into_parts();
        if let Some(coding) = unwanted_coding(parts.status, &parts.headers) {
            return Err(Failure::Sent(NetworkError::Coded { authority: origin.authority(), coding }));
        }
        let body = driver.collect(body, origin, config).await.map_err(Failure::Sent)?;
        Ok(Received { status: parts.status, headers: parts.headers, body, duration: sent_at.elapsed() })
    }

    /// Whether another request can be sent, after looking once whether the other side has closed.
    pub(super) async fn is_open(&mut self) -> bool {
        self.driver.turn().await;
        !self.driver.finished && !self.sender.is_closed()
    }
}

/// The content coding of an answer whose body would have to be decoded to be read. It was not asked for, and what is small on the wire
/// may be without bounds once it is decoded: such a body is not looked at. A redirect is understood without its body.
fn unwanted_coding(status: StatusCode, headers: &HeaderMap) -> Option<String> {
    if status.is_redirection() && headers.contains_key(http::header::LOCATION) {
        return None;
    }
    let lines = headers.get_all(http::header::CONTENT_ENCODING);
    let named = lines.iter().map(|line| String::from_utf8_lossy(line.as_bytes()).into_owned());
    let codings = named.collect::<Vec<_>>().join(", ");
    let is_plain = |coding: &str| coding.is_empty() || coding.eq_ignore_ascii_case("identity");
    let unwanted = codings.split(',').any(|coding| !is_plain(coding.trim()));
    unwanted.then(|| codings.chars().take(MAX_CODING_CHARS).collect())
}

pub(super) type HttpConnection = http1::Connection<TokioIo<Box<dyn Stream>>, Full<Bytes>>;

/// Drives hyper's side of a connection within the task that waits for the answer.
struct Driver {
    connection: Box<HttpConnection>,
    finished: bool,
}

impl Driver {
    /// Polls the connection along with what waits for it. Its own errors reach the waiting side through hyper.
    async fn run<F: Future>(&mut self, waiting: F) -> F::Output {
        let mut waiting = pin!(waiting);
        poll_fn(|context| {
            if let Poll::Ready(output) = waiting.as_mut().poll(context) {
                return Poll::Ready(output);
            }
            if !self.finished && pin!(&mut *self.connection).poll(context).is_ready() {
                self.finished = true;
            }
            waiting.as_mut().poll(context)
        })
        .await
    }

    /// Polls the connection once.
    async fn turn(&mut self) {
        poll_fn(|context| {
            if !self.finished && pin!(&mut *self.connection).poll(context).is_ready() {
                self.finished = true;
            }
            Poll::Ready(())
        })
        .await;
    }

    async fn collect(
        &mut self,
        mut body: hyper::body::Incoming,
        origin: &Origin,
        config: &NetworkConfig,
    ) -> Result<Bytes, NetworkError> {
        let limit_bytes = config.max_body_bytes;
        let too_large = || NetworkError::BodyTooLarge { authority: origin.authority(), limit_bytes };
        let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        if announced > limit_bytes {
            return Err(too_large());
        }
        // Copied out, so that hyper can use its own buffer again and the answer holds no more than its size.
        let mut collected = Vec::with_capacity(announced.min(MAX_BODY_PREALLOCATION_BYTES));
        while let Some(frame) = self.run(body.frame()).await {
            let frame = frame.map_err(|error| origin.judge(&error, config))?;
            let Ok(data) = frame.into_data() else { continue };
            if collected.len() + data.len() > limit_bytes {
                return Err(too_large());
            }
            collected.extend_from_slice(&data);
        }
        Ok(collected.into())
    }
}
