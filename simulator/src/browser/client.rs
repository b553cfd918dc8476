//! Connections and single exchanges on hyper. Not here: cookies, redirects, and what a browser adds to a request.
//!
//! A browser keeps at most a few connections and polls them itself, only while it waits for an answer: there is no
//! background task per connection, an idle browser costs its buffers only, and dropping it closes its sockets at once.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::StatusCode;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};
use url::Url;

use super::connection::{Connection, Failure, Received, Stream};
use super::error::NetworkError;
use super::gate::{Gate, HeldBack, Pass};
use super::origin::Origin;
use super::proxy;
use super::settings::{ClientSettings, Loadable, Pace};

/// How long a resolved name is used again without asking.
const ADDRESSES_LIVE_FOR: Duration = Duration::from_secs(60);
/// Connections one browser keeps open, one per origin; the oldest is closed first.
const MAX_KEPT_CONNECTIONS: usize = 6;
/// Header fields an answer may have.
const MAX_HEADER_FIELDS: usize = 256;

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
    /// What all browsers have in common beside their kind, and the proxy.
    pub client: ClientSettings,
    /// How hard the target's own origins may be pressed.
    pub pace: Pace,
    /// Which hosts may be put under load beside this machine.
    pub loadable: Loadable,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        Self {
            extra_roots_pem: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            exchange_timeout: Duration::from_secs(30),
            max_head_bytes: 64 * 1024,
            max_body_bytes: 4 * 1024 * 1024,
            client: ClientSettings::default(),
            pace: Pace::default(),
            loadable: Loadable::default(),
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
    gate: Gate,
    /// How many load runs go on.
    loads: AtomicUsize,
}

/// While this lives the network connects to no host that may not be put under load.
#[derive(Debug)]
#[must_use = "the hosts are guarded as long as this lives"]
pub struct UnderLoad(Arc<Network>);

impl Drop for UnderLoad {
    fn drop(&mut self) {
        self.0.loads.fetch_sub(1, Ordering::SeqCst);
    }
}

#[derive(Debug)]
struct Resolved {
    at: Instant,
    addresses: Arc<[SocketAddr]>,
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
        let gate = Gate::new(config.pace);
        Ok(Self { config, tls: Arc::new(tls), http, addresses: Mutex::default(), gate, loads: AtomicUsize::new(0) })
    }

    /// What all browsers have in common.
    pub(super) fn client(&self) -> &ClientSettings {
        &self.config.client
    }

    /// How often and how long requests waited before they were sent.
    pub fn held_back(&self) -> HeldBack {
        self.gate.held_back()
    }

    /// Begins a load: until what this returns is dropped, every hop is asked whether its host may be put under load.
    pub fn put_under_load(self: &Arc<Self>) -> UnderLoad {
        self.loads.fetch_add(1, Ordering::SeqCst);
        UnderLoad(Arc::clone(self))
    }

    /// Whether an address may be put under load: it is on this machine, or its owner agreed. Behind a proxy on another machine
    /// `localhost` is that machine.
    pub fn may_load(&self, url: &Url) -> bool {
        let proxy_is_here = self.config.client.proxy.as_ref().is_none_or(|proxy| proxy.origin.is_loopback());
        Origin::of(url)
            .is_ok_and(|origin| origin.is_loopback() && proxy_is_here || self.config.loadable.includes(&origin.host))
    }

    /// Waits until a request to this address may be sent.
    pub(super) async fn pass(&self, url: &Url) -> Pass {
        if self.config.client.owns(url) { self.gate.pass().await } else { Pass::default() }
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
        if self.loads.load(Ordering::SeqCst) > 0 && !self.may_load(url) {
            return Err(NetworkError::NotAuthorized { host: origin.host });
        }
        let proxy = self.config.client.proxy.as_ref();
        let mut request = request;
        // What goes through a tunnel stays as it is.
        let asked = proxy.filter(|_| !origin.tls);
        if let Some(proxy) = asked {
            proxy.address(&origin, &mut request)?;
        }
        let received = self.converse_over_any(kept, &origin, request).await?;
        if let Some(proxy) = asked.filter(|_| received.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED) {
            proxy.judge(received.status, &origin)?;
        }
        Ok(received)
    }

    /// One exchange over a kept connection, or over a new one.
    async fn converse_over_any(
        &self,
        kept: &mut KeptConnections,
        origin: &Origin,
        mut request: http::Request<Full<Bytes>>,
    ) -> Result<Received, NetworkError> {
        if let Some(mut connection) = kept.take(origin)
            && connection.is_open().await
        {
            match self.converse(&mut connection, origin, request).await {
                Err(Failure::Unsent(returned, _)) => request = *returned,
                Err(Failure::Sent(error)) => return Err(error),
                Ok(received) => {
                    self.keep_if_open(kept, origin.clone(), connection).await;
                    return Ok(received);
                }
            }
        }
        let mut connection = self.connect(origin).await?;
        match self.converse(&mut connection, origin, request).await {
            Err(Failure::Unsent(_, error) | Failure::Sent(error)) => Err(error),
            Ok(received) => {
                self.keep_if_open(kept, origin.clone(), connection).await;
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
        Ok(Connection::new(sender, connection))
    }

    async fn open(&self, origin: &Origin) -> Result<Box<dyn Stream>, NetworkError> {
        let proxy = self.config.client.proxy.as_ref();
        let stream = match proxy {
            None => self.open_tcp(origin).await?,
            Some(proxy) => self.open_tcp(&proxy.origin).await.map_err(|error| proxy::unreachable(proxy, &error))?,
        };
        // A lone request must not wait for the acknowledgement of an earlier one. A failure here shows at the first write.
        let _ = stream.set_nodelay(true);
        if !origin.tls {
            return Ok(Box::new(stream));
        }
        let tls_error = |reason: String| NetworkError::Tls { authority: origin.authority(), reason };
        let stream = match proxy {
            None => stream,
            Some(proxy) => proxy.tunnel(&self.http, stream, origin).await?,
        };
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
