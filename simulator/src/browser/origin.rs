//! Scheme, host and port, and what an error on a connection to them means.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use url::{Host, Url};

use super::client::NetworkConfig;
use super::error::NetworkError;
use super::site;

/// Scheme, host and port: what a connection belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) tls: bool,
    pub(super) host: String,
    pub(super) port: u16,
}

impl Origin {
    pub(super) fn of(url: &Url) -> Result<Self, NetworkError> {
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

    /// Whether it is on this machine, by its name alone.
    pub(super) fn is_loopback(&self) -> bool {
        match Host::parse(&self.host) {
            Ok(Host::Ipv4(ip)) => ip.is_loopback(),
            Ok(Host::Ipv6(ip)) => ip.is_loopback(),
            Ok(Host::Domain(name)) => site::is_localhost(&name),
            Err(_) => false,
        }
    }

    pub(super) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Addresses that need no resolver: IP literals, and names that always mean this machine (RFC 6761 section 6.3).
    pub(super) fn own_addresses(&self) -> Option<Arc<[SocketAddr]>> {
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

    pub(super) fn not_http(&self, error: &dyn std::error::Error) -> NetworkError {
        NetworkError::NotHttp { authority: self.authority(), reason: error.to_string() }
    }

    /// What an error of hyper's means to the person who reads it.
    pub(super) fn judge(&self, error: &hyper::Error, config: &NetworkConfig) -> NetworkError {
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
