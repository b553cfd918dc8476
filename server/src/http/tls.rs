//! TLS: the certificate, given or made for this start, and the handshake.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, date_time_ymd};
use sha2::{Digest, Sha256};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs::{Ticketer, default_provider};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{self, ServerConfig};

/// The protocols inside TLS, the preferred one first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];
/// How long a self-made certificate is good for: browsers refuse more (CA/Browser Forum Baseline Requirements, 6.3.2).
const OWN_VALIDITY_DAYS: i64 = 397;
/// The clock of another machine may be behind ours.
const OWN_HEAD_START_DAYS: i64 = 1;

/// Which certificate a server shows.
#[derive(Clone, Debug)]
pub enum TlsConfig {
    /// One from a certificate authority or the like.
    Given {
        /// The certificate and the chain above it, in PEM.
        certificates: PathBuf,
        /// Its private key, in PEM (PKCS #8, PKCS #1 or SEC 1).
        key: PathBuf,
    },
    /// One made at each start for `localhost`, `127.0.0.1`, `::1` and the address it listens on; its key is kept nowhere.
    SelfMade,
}

/// The certificate a server shows.
#[derive(Clone, Debug)]
pub struct ShownCertificate {
    /// In PEM, without the chain above it: whoever trusts it trusts the server.
    pub pem: String,
    /// SHA-256 of its DER form, as browsers show it: pairs of hexadecimal digits with colons between.
    pub fingerprint: String,
    /// Whether the server made it itself.
    pub is_self_made: bool,
}

/// Why TLS cannot be spoken.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is not there or is not PEM.
    #[error(
        "cannot read `{path}`: {reason}\n\nhint: certificate and key are two files in PEM, made for instance by certbot or mkcert"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Certificate and key do not work, alone or together.
    #[error("the certificate in `{certificates}` cannot be used with the key in `{key}`: {source}")]
    Unusable {
        /// The certificate's file.
        certificates: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// What the library says.
        source: rustls::Error,
    },
    /// No certificate could be made; our bug.
    #[error("no certificate could be made: {0}")]
    Make(#[from] rcgen::Error),
    /// The library refuses its own settings; our bug.
    #[error("TLS could not be set up: {0}")]
    Setup(rustls::Error),
}

/// Everything a listener needs to speak TLS.
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) shown: ShownCertificate,
}

impl Tls {
    /// Loads or makes the certificate. A self-made one is for `listen` too.
    pub(crate) fn prepare(config: &TlsConfig, listen: IpAddr) -> Result<Self, TlsError> {
        let (chain, key) = match config {
            TlsConfig::Given { certificates, key } => (read_chain(certificates)?, read_key(key)?),
            TlsConfig::SelfMade => make(listen)?,
        };
        let shown = ShownCertificate {
            pem: chain.first().map(|first| as_pem(first)).unwrap_or_default(),
            fingerprint: chain.first().map(|first| fingerprint(first)).unwrap_or_default(),
            is_self_made: matches!(config, TlsConfig::SelfMade),
        };
        let settings = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(TlsError::Setup)?
            .with_no_client_auth()
            .with_single_cert(chain, key);
        let mut settings = settings.map_err(|source| match config {
            TlsConfig::SelfMade => TlsError::Setup(source),
            TlsConfig::Given { certificates, key } => {
                TlsError::Unusable { certificates: certificates.clone(), key: key.clone(), source }
            }
        })?;
        settings.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        // Tickets are sealed and kept by the clients: resuming costs no memory here, however many there are.
        settings.ticketer = Ticketer::new().map_err(TlsError::Setup)?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(settings)), shown })
    }
}

/// Whether a handshake ended with HTTP/2 as the protocol inside.
pub(super) fn is_http2(connection: &rustls::ServerConnection) -> bool {
    connection.alpn_protocol() == Some(PROTOCOLS[0])
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| unreadable(path, &error))?;
    match chain.is_empty() {
        true => Err(TlsError::File { path: path.to_owned(), reason: "there is no certificate in it".to_owned() }),
        false => Ok(chain),
    }
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| unreadable(path, &error))
}

/// The library's own messages may quote a line, and a line of a key is a secret.
fn unreadable(path: &Path, error: &pem::Error) -> TlsError {
    let reason = match error {
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound => "there is no private key in it".to_owned(),
        _ => "it is not PEM".to_owned(),
    };
    TlsError::File { path: path.to_owned(), reason }
}

fn make(listen: IpAddr) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    let mut hosts = vec!["localhost".to_owned()];
    let mut addresses = vec![IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
    if !listen.is_unspecified() && !addresses.contains(&listen) {
        addresses.push(listen);
    }
    hosts.extend(addresses.iter().map(IpAddr::to_string));
    let mut params = CertificateParams::new(hosts)?;
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Sekisho reference server (self-made)");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let at = |(year, month, day)| date_time_ymd(year, month, day);
    params.not_before = at(day(-OWN_HEAD_START_DAYS));
    params.not_after = at(day(OWN_VALIDITY_DAYS - OWN_HEAD_START_DAYS));
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(|_| rcgen::Error::CouldNotParseKeyPair)?;
    Ok((vec![certificate.der().clone()], key))
}

/// Year, month and day in UTC, so many days from today.
fn day(offset: i64) -> (i32, u8, u8) {
    let date = (Timestamp::now() + SignedDuration::from_hours(24 * offset)).to_zoned(TimeZone::UTC).date();
    (i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs())
}

fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let pairs: Vec<String> = Sha256::digest(certificate).iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

fn as_pem(certificate: &CertificateDer<'_>) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(certificate);
    let lines: Vec<&str> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const LISTEN: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 7));

    #[test]
    fn each_start_makes_another_certificate_that_reads_back_as_shown() {
        let one = Tls::prepare(&TlsConfig::SelfMade, LISTEN).unwrap().shown;
        let other = Tls::prepare(&TlsConfig::SelfMade, LISTEN).unwrap().shown;
        assert_ne!(one.fingerprint, other.fingerprint);
        assert_eq!(one.fingerprint.len(), 32 * 3 - 1);
        let read = CertificateDer::from_pem_slice(one.pem.as_bytes()).unwrap();
        assert_eq!(fingerprint(&read), one.fingerprint);
    }
}
