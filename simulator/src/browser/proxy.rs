//! Requests through a proxy: in absolute form for http (RFC 9112 section 3.2.2), through a tunnel for https (RFC 9110 section 9.3.6).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Method, StatusCode, Uri};
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use url::Url;

use super::error::NetworkError;
use super::origin::Origin;

/// A proxy that is spoken to in plain HTTP.
#[derive(Debug, Clone)]
pub struct Proxy {
    pub(super) origin: Origin,
    authorization: Option<HeaderValue>,
}

impl Proxy {
    /// The proxy at an address such as `http://user:password@proxy.example:3128`.
    ///
    /// # Errors
    /// Says what is wrong with the address, without repeating it: it may hold a password.
    pub fn at(url: &Url) -> Result<Self, String> {
        if url.scheme() != "http" {
            return Err(format!(
                "a proxy is spoken to by `http://`, not `{}://`; https targets are reached through it all the same",
                url.scheme()
            ));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err("the address of a proxy ends with its port; leave out what follows".to_owned());
        }
        let mut origin = Origin::of(url).map_err(|error| error.to_string())?;
        // The port that proxies commonly have is not that of http.
        origin.port = url.port().ok_or("the proxy's port is missing, e.g. `:3128`")?;
        let plain = |text: &str| percent_encoding::percent_decode_str(text).collect::<Vec<u8>>();
        let (user, password) = (plain(url.username()), plain(url.password().unwrap_or_default()));
        let authorization = match user.is_empty() && password.is_empty() {
            true => None,
            false => Some(basic(&user, &password).ok_or("the name of the proxy's user must not hold a colon")?),
        };
        Ok(Self { origin, authorization })
    }

    /// Makes a request one for this proxy: the whole address stands in its first line.
    pub(super) fn address(
        &self,
        origin: &Origin,
        request: &mut http::Request<Full<Bytes>>,
    ) -> Result<(), NetworkError> {
        let mut parts = request.uri().clone().into_parts();
        parts.scheme = Some(Scheme::HTTP);
        parts.authority = Some(authority(origin)?);
        *request.uri_mut() = Uri::from_parts(parts)
            .map_err(|error| NetworkError::BadRequest { url: origin.authority(), reason: error.to_string() })?;
        self.authorize(request);
        Ok(())
    }

    /// Opens a tunnel to a host over a connection to the proxy.
    pub(super) async fn tunnel(
        &self,
        http: &http1::Builder,
        stream: TcpStream,
        origin: &Origin,
    ) -> Result<TcpStream, NetworkError> {
        let broken = |reason: String| NetworkError::ProxyBroken { proxy: self.origin.authority(), reason };
        let handshake = http.handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|error| broken(error.to_string()))?;
        let mut request = http::Request::new(Full::default());
        *request.method_mut() = Method::CONNECT;
        let authority = authority(origin)?;
        let host = HeaderValue::from_str(authority.as_str()).map_err(|error| broken(error.to_string()))?;
        *request.uri_mut() = Uri::from(authority);
        request.headers_mut().insert(HOST, host);
        self.authorize(&mut request);
        let asking = async {
            let response = sender.send_request(request).await.map_err(|error| broken(error.to_string()))?;
            self.judge(response.status(), origin)?;
            let upgraded = hyper::upgrade::on(response).await.map_err(|error| broken(error.to_string()))?;
            let parts = upgraded
                .downcast::<TokioIo<TcpStream>>()
                .map_err(|_| broken("the tunnel is not what it was made of".to_owned()))?;
            match parts.read_buf.is_empty() {
                true => Ok(parts.io.into_inner()),
                // In TLS the client speaks first.
                false => Err(broken("it sent something into the tunnel by itself".to_owned())),
            }
        };
        // The connection's own errors reach the asking side; it ends once the tunnel is handed over.
        let (tunnel, _) = futures::join!(asking, async { connection.with_upgrades().await });
        tunnel
    }

    /// What the status of the proxy's own answer means.
    pub(super) fn judge(&self, status: StatusCode, origin: &Origin) -> Result<(), NetworkError> {
        let proxy = || self.origin.authority();
        match status {
            StatusCode::PROXY_AUTHENTICATION_REQUIRED if self.authorization.is_some() => {
                Err(NetworkError::ProxyCredentials {
                    proxy: proxy(),
                    remark: "does not take the name and password given",
                })
            }
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                Err(NetworkError::ProxyCredentials { proxy: proxy(), remark: "wants a name and a password" })
            }
            status if status.is_success() => Ok(()),
            status => Err(NetworkError::ProxyRefused {
                proxy: proxy(),
                authority: origin.authority(),
                status: status.as_u16(),
            }),
        }
    }

    fn authorize(&self, request: &mut http::Request<Full<Bytes>>) {
        if let Some(authorization) = &self.authorization {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization.clone());
        }
    }
}

/// Why the proxy itself was not reached.
pub(super) fn unreachable(proxy: &Proxy, error: &NetworkError) -> NetworkError {
    NetworkError::ProxyUnreachable { proxy: proxy.origin.authority(), reason: error.to_string() }
}

fn authority(origin: &Origin) -> Result<Authority, NetworkError> {
    let bad =
        |error: http::uri::InvalidUri| NetworkError::BadRequest { url: origin.authority(), reason: error.to_string() };
    origin.authority().parse().map_err(bad)
}

/// The value of a header with basic credentials (RFC 7617); `None` where the name holds a colon, which would end it.
pub(crate) fn basic(user: &[u8], password: &[u8]) -> Option<HeaderValue> {
    if user.contains(&b':') {
        return None;
    }
    let credentials = STANDARD.encode([user, b":", password].concat());
    let mut value = HeaderValue::try_from(format!("Basic {credentials}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}
