//! TLS of the asynchronous front end: from the first byte, or from STARTTLS on (RFC 3207). The certificate is given, or made for this start.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
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
    Starttls(SinkCertificate),
    /// From the first byte, as on port 465 (RFC 8314 section 3.3).
    Implicit(SinkCertificate),
}

/// Which certificate the sink shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SinkCertificate {
    /// One from files.
    Given {
        /// The certificate and the chain above it, in PEM.
        certificates: PathBuf,
        /// Its private key, in PEM.
        key: PathBuf,
    },
    /// One made at each start for `localhost`, `127.0.0.1`, `::1` and the address listened on; its key is kept nowhere.
    SelfMade,
}

/// The certificate that a sink shows.
#[derive(Clone, Debug)]
pub struct ShownCertificate {
    /// In PEM, without the chain above it: whoever trusts it trusts the sink.
    pub pem: String,
    /// SHA-256 of its DER form: pairs of hexadecimal digits with colons between.
    pub fingerprint: String,
    /// Whether it was made for this start.
    pub is_self_made: bool,
}

/// Why a sink cannot speak TLS.
#[derive(Debug, thiserror::Error)]
pub enum SinkTlsError {
    /// A file is not there or is not PEM.
    #[error("cannot read `{path}`: {reason}\n\nhint: certificate and key are two files in PEM")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Certificate and key do not work, alone or together; or our own do not, which is our bug.
    #[error("the certificate of the SMTP sink cannot be used: {0}")]
    Unusable(String),
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
        let (chain, key) = match certificate {
            SinkCertificate::Given { certificates, key } => (read_chain(certificates)?, read_key(key)?),
            SinkCertificate::SelfMade => make(listen).map_err(|error| SinkTlsError::Unusable(error.to_string()))?,
        };
        let own = chain.first().cloned();
        let shown = ShownCertificate {
            pem: own.as_ref().map(as_pem).unwrap_or_default(),
            fingerprint: own.as_ref().map(fingerprint).unwrap_or_default(),
            is_self_made: *certificate == SinkCertificate::SelfMade,
        };
        let settings = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|settings| settings.with_no_client_auth().with_single_cert(chain, key))
            .map_err(|error| SinkTlsError::Unusable(error.to_string()))?;
        Ok(Some(Tls { acceptor: TlsAcceptor::from(Arc::new(settings)), shown, from_the_start }))
    }

    /// Agrees on TLS with a client.
    pub(super) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> io::Result<TlsStream<S>> {
        tokio::time::timeout(HANDSHAKE_TIME, self.acceptor.accept(stream)).await?
    }
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, SinkTlsError> {
    let chain = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| unreadable(path, &error))?;
    match chain.is_empty() {
        true => Err(SinkTlsError::File { path: path.to_owned(), reason: "there is no certificate in it".to_owned() }),
        false => Ok(chain),
    }
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, SinkTlsError> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| unreadable(path, &error))
}

/// The library's own words may quote a line of the key.
fn unreadable(path: &Path, error: &pem::Error) -> SinkTlsError {
    let reason = match error {
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound => "there is no private key in it".to_owned(),
        _ => "it is not PEM".to_owned(),
    };
    SinkTlsError::File { path: path.to_owned(), reason }
}

fn make(listen: IpAddr) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), rcgen::Error> {
    let mut names = vec!["localhost".to_owned()];
    let mut addresses = vec![IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
    if !listen.is_unspecified() && !addresses.contains(&listen) {
        addresses.push(listen);
    }
    names.extend(addresses.iter().map(IpAddr::to_string));
    // Good for any year: senders whose clock a run has moved must not find it expired.
    let own = rcgen::generate_simple_self_signed(names)?;
    let key = PrivateKeyDer::Pkcs8(own.signing_key.serialize_der().into());
    Ok((vec![own.cert.der().clone()], key))
}

fn as_pem(certificate: &CertificateDer<'static>) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(certificate);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

fn fingerprint(certificate: &CertificateDer<'static>) -> String {
    let pairs: Vec<String> = Sha256::digest(certificate).iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}
