//! Connections and single exchanges on hyper. Not here: cookies, redirects, and what a browser adds to a request.
//!
//! A browser keeps at most a few connections and polls them itself, only while it waits for an answer: there is no
//! background task per connection, an idle browser costs its buffers only, and dropping it closes its sockets at once.

use std::collections::HashMap;
use std::future::poll_fn;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Body;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};
use url::{Host, Url};

use super::error::NetworkError;
use super::site;

/// How long a resolved name is used again without asking.
const ADDRESSES_LIVE_FOR: Duration = Duration::from_secs(60);
/// Connections one browser keeps open, one per origin; the oldest is closed first.
const MAX_KEPT_CONNECTIONS: usize = 6;
/// Header fields an answer may have.
const MAX_HEADER_FIELDS: usize = 256;
/// The most of a body's announced length that is allocated before any of it has come.
const MAX_BODY_PREALLOCATION_BYTES: usize = 64 * 1024;
/// How much of a content coding's name an error repeats.
const MAX_CODING_CHARS: usize = 40;

/// Limits and trust shared by all browsers.
#[derive(Debug, Clone)]
pub struct NetworkConfig {
    /// PEM text of certificates to trust besides the public ones, e.g. a staging system's own authority.
    pub extra_roots_pem: Vec<u8>,
    /// Limit on resolving, connecting and TLS together.
    pub connect_timeout: Duration,
    /// Limit on one exchange, from the first byte sent to the last byte received.
    pub exchange_timeout: Duration,
    /// Largest head of an answer, in bytes; at least 8,192.
    pub max_head_bytes: usize,
    /// Largest body of an answer, in bytes.
    pub max_body_bytes: usize,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            extra_roots_pem: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            exchange_timeout: Duration::from_secs(30),
            max_head_bytes: 64 * 1024,
            max_body_bytes: 4 * 1024 * 1024,
        }
    }
}

/// Why the network could not be set up: the user's input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworkSetupError {
    /// The extra certificates cannot be read.
    #[error("the extra certificates are not valid PEM certificates: {0}")]
    ExtraRoots(String),
    /// TLS could not be set up.
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

/// What all browsers share: one TLS configuration, resolved names and limits. It holds no connections.
#[derive(Debug)]
pub struct Network {
    config: NetworkConfig,
    tls: Arc<ClientConfig>,
    http: http1::Builder,
    addresses: Mutex<HashMap<(String, u16), Resolved>>,
}

#[derive(Debug)]
struct Resolved {
    at: Instant,
    addresses: Arc<[SocketAddr]>,
}

/// One answer as it came, with the time from the first byte sent to the last byte received.
pub(super) struct Received {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) duration: Duration,
}

/// The open connections of one browser.
#[derive(Default)]
pub(super) struct KeptConnections(Vec<(Origin, Connection)>);

impl KeptConnections {
    pub(super) fn close_all(&mut self) {
        // The memory of the list goes too: most browsers of a load run are resting.
        self.0 = Vec::new();
    }

    fn take(&mut self, origin: &Origin) -> Option<Connection> {
        let place = self.0.iter().position(|(kept, _)| kept == origin)?;
        Some(self.0.remove(place).1)
    }

    fn keep(&mut self, origin: Origin, connection: Connection) {
        if self.0.len() == MAX_KEPT_CONNECTIONS {
            self.0.remove(0);
        }
        self.0.push((origin, connection));
    }
}

impl Network {
    /// Sets the network up for any number of browsers.
    pub fn new(config: NetworkConfig) -> Result<Self, NetworkSetupError> {
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let public = roots.len();
        for certificate in CertificateDer::pem_slice_iter(&config.extra_roots_pem) {
            let certificate = certificate.map_err(|error| NetworkSetupError::ExtraRoots(error.to_string()))?;
            roots.add(certificate).map_err(|error| NetworkSetupError::ExtraRoots(error.to_string()))?;
        }
        if roots.len() == public && !config.extra_roots_pem.is_empty() {
            return Err(NetworkSetupError::ExtraRoots("there is none in it".into()));
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| NetworkSetupError::Tls(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        let mut http = http1::Builder::new();
        // Browsers forgive odd header lines; a target that sends some can still be judged.
        http.max_buf_size(config.max_head_bytes.max(8192))
            .max_headers(MAX_HEADER_FIELDS)
            .title_case_headers(true)
            .ignore_invalid_headers_in_responses(true)
            .allow_obsolete_multiline_headers_in_responses(true);
        Ok(Self { config, tls: Arc::new(tls), http, addresses: Mutex::default() })
    }

    /// Sends one request and receives the whole answer, over a kept connection where there is one.
    ///
    /// A request is sent a second time only where hyper hands it back untouched, i.e. the kept connection turned out to be closed.
    pub(super) async fn exchange(
        &self,
        kept: &mut KeptConnections,
        url: &Url,
        request: http::Request<Full<Bytes>>,
    ) -> Result<Received, NetworkError> {
        let origin = Origin::of(url)?;
        let mut request = request;
        if let Some(mut connection) = kept.take(&origin)
            && connection.is_open().await
        {
            match self.converse(&mut connection, &origin, request).await {
                Err(Failure::Unsent(returned, _)) => request = *returned,
                Err(Failure::Sent(error)) => return Err(error),
                Ok(received) => {
                    self.keep_if_open(kept, origin, connection).await;
                    return Ok(received);
                }
            }
        }
        let mut connection = self.connect(&origin).await?;
        match self.converse(&mut connection, &origin, request).await {
            Err(Failure::Unsent(_, error) | Failure::Sent(error)) => Err(error),
            Ok(received) => {
                self.keep_if_open(kept, origin, connection).await;
                Ok(received)
            }
        }
    }

    async fn keep_if_open(&self, kept: &mut KeptConnections, origin: Origin, mut connection: Connection) {
        if connection.is_open().await {
            kept.keep(origin, connection);
        }
    }

    async fn converse(
        &self,
        connection: &mut Connection,
        origin: &Origin,
        request: http::Request<Full<Bytes>>,
    ) -> Result<Received, Failure> {
        let limit = self.config.exchange_timeout;
        let exchange = connection.exchange(origin, request, &self.config);
        let timed_out = || NetworkError::TimedOut { authority: origin.authority(), limit };
        tokio::time::timeout(limit, exchange).await.unwrap_or_else(|_| Err(Failure::Sent(timed_out())))
    }

    async fn connect(&self, origin: &Origin) -> Result<Connection, NetworkError> {
        let limit = self.config.connect_timeout;
        let timed_out = |_| NetworkError::ConnectTimedOut { authority: origin.authority(), limit };
        let stream = tokio::time::timeout(limit, self.open(origin)).await.map_err(timed_out)??;
        let handshake = self.http.handshake(TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(|error| origin.not_http(&error))?;
        Ok(Connection { sender, driver: Driver { connection: Box::new(connection), finished: false } })
    }

    async fn open(&self, origin: &Origin) -> Result<Box<dyn Stream>, NetworkError> {
        let stream = self.open_tcp(origin).await?;
        // A lone request must not wait for the acknowledgement of an earlier one. A failure here shows at the first write.
        let _ = stream.set_nodelay(true);
        if !origin.tls {
            return Ok(Box::new(stream));
        }
        let tls_error = |reason: String| NetworkError::Tls { authority: origin.authority(), reason };
        let bare_host = origin.host.trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(bare_host).map_err(|error| tls_error(error.to_string()))?;
        let stream = TlsConnector::from(self.tls.clone())
            .connect(name, stream)
            .await
            .map_err(|error| tls_error(error.to_string()))?;
        Ok(Box::new(stream))
    }

    /// Connects to the first address that accepts, in the resolver's order.
    async fn open_tcp(&self, origin: &Origin) -> Result<TcpStream, NetworkError> {
        let mut last = None;
        for address in self.addresses(origin).await?.iter() {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = Some(error),
            }
        }
        Err(match last {
            Some(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                NetworkError::Refused { authority: origin.authority() }
            }
            Some(error) => NetworkError::Unreachable { authority: origin.authority(), reason: error.to_string() },
            None => NetworkError::UnknownHost { host: origin.host.clone(), reason: "the name has no address".into() },
        })
    }

    async fn addresses(&self, origin: &Origin) -> Result<Arc<[SocketAddr]>, NetworkError> {
        if let Some(known) = origin.own_addresses() {
            return Ok(known);
        }
        let key = (origin.host.clone(), origin.port);
        let lock = || self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(&key).filter(|known| known.at.elapsed() < ADDRESSES_LIVE_FOR) {
            return Ok(known.addresses.clone());
        }
        let unknown =
            |error: std::io::Error| NetworkError::UnknownHost { host: origin.host.clone(), reason: error.to_string() };
        let found = tokio::net::lookup_host((origin.host.as_str(), origin.port)).await.map_err(unknown)?;
        let addresses: Arc<[SocketAddr]> = found.collect();
        lock().insert(key, Resolved { at: Instant::now(), addresses: addresses.clone() });
        Ok(addresses)
    }
}

/// Scheme, host and port: what a connection belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    tls: bool,
    host: String,
    port: u16,
}

impl Origin {
    fn of(url: &Url) -> Result<Self, NetworkError> {
        let bad = |reason: &str| NetworkError::BadRequest { url: url.to_string(), reason: reason.into() };
        let tls = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(bad("only http and https addresses can be opened")),
        };
        let host = url.host_str().ok_or_else(|| bad("the address has no host"))?.to_owned();
        let port = url.port_or_known_default().ok_or_else(|| bad("the address has no port"))?;
        Ok(Self { tls, host, port })
    }

    fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Addresses that need no resolver: IP literals, and names that always mean this machine (RFC 6761 section 6.3).
    fn own_addresses(&self) -> Option<Arc<[SocketAddr]>> {
        let at = |ip: IpAddr| SocketAddr::new(ip, self.port);
        match Host::parse(&self.host).ok()? {
            Host::Ipv4(ip) => Some([at(ip.into())].into()),
            Host::Ipv6(ip) => Some([at(ip.into())].into()),
            Host::Domain(name) if site::is_localhost(&name) => {
                Some([at(Ipv4Addr::LOCALHOST.into()), at(Ipv6Addr::LOCALHOST.into())].into())
            }
            Host::Domain(_) => None,
        }
    }

    fn not_http(&self, error: &dyn std::error::Error) -> NetworkError {
        NetworkError::NotHttp { authority: self.authority(), reason: error.to_string() }
    }

    /// What an error of hyper's means to the person who reads it.
    fn judge(&self, error: &hyper::Error, config: &NetworkConfig) -> NetworkError {
        if error.is_parse_too_large() {
            return NetworkError::HeadTooLarge { authority: self.authority(), limit_bytes: config.max_head_bytes };
        }
        if error.is_user() {
            return NetworkError::BadRequest { url: self.authority(), reason: error.to_string() };
        }
        let mut cause = std::error::Error::source(error);
        let mut reason = error.to_string();
        while let Some(inner) = cause {
            use std::io::ErrorKind::{InvalidData, InvalidInput};
            let kind = inner.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
            if matches!(kind, Some(InvalidData | InvalidInput)) {
                return self.not_http(inner);
            }
            reason = inner.to_string();
            cause = inner.source();
        }
        if error.is_parse() {
            return NetworkError::NotHttp { authority: self.authority(), reason };
        }
        NetworkError::ClosedEarly { authority: self.authority() }
    }
}

/// Whether a failed request may have reached the target.
enum Failure {
    Unsent(Box<http::Request<Full<Bytes>>>, NetworkError),
    Sent(NetworkError),
}

/// What a connection runs on: TCP, or TLS over it.
trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    driver: Driver,
}

impl Connection {
    async fn exchange(
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
    async fn is_open(&mut self) -> bool {
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

type HttpConnection = http1::Connection<TokioIo<Box<dyn Stream>>, Full<Bytes>>;

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
