//! TLS: its settings for HTTP, and which protocol a handshake agreed on.

use std::net::IpAddr;
use std::sync::Arc;

use sekisho_certificate::{Certificate, CertificateError, MadeFor, ShownCertificate};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConnection;
use tokio_rustls::rustls::crypto::aws_lc_rs::Ticketer;

/// The protocols inside TLS, the preferred one first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// Everything a listener needs to speak TLS.
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) shown: ShownCertificate,
}

impl Tls {
    /// Loads or makes the certificate. A self-made one is for `listen` too.
    pub(crate) fn prepare(certificate: &Certificate, listen: IpAddr) -> Result<Self, CertificateError> {
        let (mut settings, shown) = certificate.settings(listen, MadeFor::Browsers)?;
        settings.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        // Tickets are sealed and kept by the clients: resuming costs no memory here, however many there are.
        settings.ticketer = Ticketer::new()?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(settings)), shown })
    }
}

/// Whether a handshake ended with HTTP/2 as the protocol inside.
pub(super) fn is_http2(connection: &ServerConnection) -> bool {
    connection.alpn_protocol() == Some(PROTOCOLS[0])
}
