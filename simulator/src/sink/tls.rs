//! TLS of the asynchronous front end: from the first byte, or from STARTTLS on (RFC 3207). The certificate is given, or made for this start.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use sekisho_certificate::{Certificate, CertificateError, MadeFor, ShownCertificate};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How long a client may take to agree on TLS.
const HANDSHAKE_TIME: Duration = Duration::from_secs(30);

/// Whether the sink speaks TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SinkTls {
    /// It does not.
    #[default]
    None,
    /// It offers STARTTLS; mail without is taken too, as RFC 3207 section 4 asks of a host that anybody may send to.
    Starttls(Certificate),
    /// From the first byte, as on port 465 (RFC 8314 section 3.3).
    Implicit(Certificate),
}

/// Why a sink cannot speak TLS.
#[derive(Debug, thiserror::Error)]
pub enum SinkTlsError {
    /// Its certificate cannot be read, made or used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The threaded front end has none.
    #[error("the threaded SMTP sink speaks no TLS\n\nhint: use the asynchronous engine, which is the default")]
    Threaded,
}

/// What a listener needs to speak TLS.
pub(super) struct Tls {
    pub(super) acceptor: TlsAcceptor,
    pub(super) shown: ShownCertificate,
    pub(super) from_the_start: bool,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("fingerprint", &self.shown.fingerprint).finish_non_exhaustive()
    }
}

impl Tls {
    /// Loads or makes the certificate; `None` where no TLS is spoken.
    pub(super) fn prepare(config: &SinkTls, listen: IpAddr) -> Result<Option<Tls>, SinkTlsError> {
        let (certificate, from_the_start) = match config {
            SinkTls::None => return Ok(None),
            SinkTls::Starttls(certificate) => (certificate, false),
            SinkTls::Implicit(certificate) => (certificate, true),
        };
        // Senders whose clock a run has moved must not find it expired.
        let (settings, shown) = certificate.settings(listen, MadeFor::AnyClock)?;
        Ok(Some(Tls { acceptor: TlsAcceptor::from(Arc::new(settings)), shown, from_the_start }))
    }

    /// Agrees on TLS with a client.
    pub(super) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> io::Result<TlsStream<S>> {
        tokio::time::timeout(HANDSHAKE_TIME, self.acceptor.accept(stream)).await?
    }
}
