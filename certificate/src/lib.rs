//! The certificate of a listener: given in files, or made for one start. Which protocols are spoken inside TLS is the listener's affair.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rcgen::{CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use sha2::{Digest, Sha256};
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig};

/// How long a certificate for browsers is good for: they refuse more (CA/Browser Forum Baseline Requirements, 6.3.2).
const BROWSERS_TAKE_DAYS: i64 = 397;
/// The clock of another machine may be behind ours.
const HEAD_START_DAYS: i64 = 1;
/// Characters in a line of PEM (RFC 7468, section 2).
const PEM_LINE: usize = 64;

/// Which certificate a listener shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// One from a certificate authority or the like.
    Given {
        /// The certificate and the chain above it, in PEM.
        certificates: PathBuf,
        /// Its private key, in PEM (PKCS #8, PKCS #1 or SEC 1).
        key: PathBuf,
    },
    /// One made at each start for `localhost`, `127.0.0.1`, `::1` and the address listened on; its key is kept nowhere.
    SelfMade,
}

/// Who is to take a self-made certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MadeFor {
    /// Browsers: it runs for 397 days from yesterday, the longest that they take.
    Browsers,
    /// Programs whose clock may show any year: it runs for centuries.
    AnyClock,
}

/// The certificate that a listener shows.
#[derive(Clone, Debug)]
pub struct ShownCertificate {
    /// In PEM, without the chain above it: whoever trusts it trusts the listener.
    pub pem: String,
    /// SHA-256 of its DER form, as browsers show it: pairs of hexadecimal digits with colons between.
    pub fingerprint: String,
    /// Whether it was made for this start.
    pub is_self_made: bool,
}

/// Why TLS cannot be spoken.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
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
    Setup(#[from] rustls::Error),
}

impl Certificate {
    /// Reads the certificate or makes it, and sets up TLS 1.2 and 1.3 with it. A self-made one is for `listen` too.
    ///
    /// # Errors
    /// When a file cannot be read, or its certificate does not work with its key.
    pub fn settings(
        &self,
        listen: IpAddr,
        made_for: MadeFor,
    ) -> Result<(ServerConfig, ShownCertificate), CertificateError> {
        let (chain, key) = match self {
            Certificate::Given { certificates, key } => (read_chain(certificates)?, read_key(key)?),
            Certificate::SelfMade => make(listen, made_for)?,
        };
        let shown = ShownCertificate {
            pem: chain.first().map(as_pem).unwrap_or_default(),
            fingerprint: chain.first().map(fingerprint).unwrap_or_default(),
            is_self_made: *self == Certificate::SelfMade,
        };
        let settings = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key);
        let settings = settings.map_err(|source| match self {
            Certificate::SelfMade => CertificateError::Setup(source),
            Certificate::Given { certificates, key } => {
                CertificateError::Unusable { certificates: certificates.clone(), key: key.clone(), source }
            }
        })?;
        Ok((settings, shown))
    }
}

/// Reads the authorities in a file of PEM, of which there must be one at least.
///
/// # Errors
/// When the file cannot be read, is not PEM, holds none, or one that is no certificate.
pub fn read_authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let all = read_chain(path)?;
    let mut roots = RootCertStore::empty();
    for certificate in &all {
        roots.add(certificate.clone()).map_err(|_| {
            let reason = "what stands in it as a certificate is none".to_owned();
            CertificateError::File { path: path.to_owned(), reason }
        })?;
    }
    Ok(all)
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let chain = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| unreadable(path, &error))?;
    match chain.is_empty() {
        true => {
            Err(CertificateError::File { path: path.to_owned(), reason: "there is no certificate in it".to_owned() })
        }
        false => Ok(chain),
    }
}

fn read_key(path: &Path) -> Result<PrivateKeyDer<'static>, CertificateError> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| unreadable(path, &error))
}

/// The library's own messages may quote a line, and a line of a key is a secret.
fn unreadable(path: &Path, error: &pem::Error) -> CertificateError {
    let reason = match error {
        pem::Error::Io(error) => error.to_string(),
        pem::Error::NoItemsFound => "there is no private key in it".to_owned(),
        _ => "it is not PEM".to_owned(),
    };
    CertificateError::File { path: path.to_owned(), reason }
}

fn make(
    listen: IpAddr,
    made_for: MadeFor,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), CertificateError> {
    let mut hosts = vec!["localhost".to_owned()];
    let mut addresses = vec![IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
    if !listen.is_unspecified() && !addresses.contains(&listen) {
        addresses.push(listen);
    }
    hosts.extend(addresses.iter().map(IpAddr::to_string));
    let mut params = CertificateParams::new(hosts)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Sekisho (self-made)");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // What the library gives otherwise is good from 1975 to 4096.
    if made_for == MadeFor::Browsers {
        let at = |(year, month, day)| rcgen::date_time_ymd(year, month, day);
        params.not_before = at(day(-HEAD_START_DAYS));
        params.not_after = at(day(BROWSERS_TAKE_DAYS - HEAD_START_DAYS));
    }
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
    Ok((vec![certificate.der().clone()], key))
}

/// Year, month and day in UTC, so many days from today.
fn day(offset: i64) -> (i32, u8, u8) {
    let date = (Timestamp::now() + SignedDuration::from_hours(24 * offset)).to_zoned(TimeZone::UTC).date();
    (i32::from(date.year()), date.month().unsigned_abs(), date.day().unsigned_abs())
}

fn fingerprint(certificate: &CertificateDer<'static>) -> String {
    let pairs: Vec<String> = Sha256::digest(certificate).iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

fn as_pem(certificate: &CertificateDer<'static>) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(certificate);
    let lines: Vec<&str> =
        (0..text.len()).step_by(PEM_LINE).map(|at| &text[at..text.len().min(at + PEM_LINE)]).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const LISTEN: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 7));

    fn shown() -> ShownCertificate {
        Certificate::SelfMade.settings(LISTEN, MadeFor::Browsers).unwrap().1
    }

    #[test]
    fn each_start_makes_another_certificate_that_reads_back_as_shown() {
        let (one, other) = (shown(), shown());
        assert_ne!(one.fingerprint, other.fingerprint);
        assert_eq!(one.fingerprint.len(), 32 * 3 - 1);
        assert!(one.is_self_made);
        let read = CertificateDer::from_pem_slice(one.pem.as_bytes()).unwrap();
        assert_eq!(fingerprint(&read), one.fingerprint);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("own.pem");
        std::fs::write(&file, &one.pem).unwrap();
        assert_eq!(read_authorities(&file).unwrap(), [read]);
        std::fs::write(&file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").unwrap();
        assert!(read_authorities(&file).unwrap_err().to_string().contains("is none"));
    }

    #[test]
    fn no_error_repeats_a_line_of_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let certificates = write("own.pem", &shown().pem);
        let key = write("own.key", "-----BEGIN PRIVATE KEY-----\nTOPSECRET!!\n-----END PRIVATE KEY-----\n");
        let said = |certificates: &Path, key: &Path| {
            let given = Certificate::Given { certificates: certificates.to_owned(), key: key.to_owned() };
            given.settings(LISTEN, MadeFor::AnyClock).unwrap_err().to_string()
        };
        let text = said(&certificates, &key);
        assert!(text.contains("own.key") && text.contains("not PEM") && !text.contains("TOPSECRET"), "{text}");
        assert!(said(&certificates, &certificates).contains("no private key in it"));
        assert!(said(&folder.path().join("none"), &key).contains("No such file"));
        let other = KeyPair::generate().unwrap().serialize_pem();
        let other = write("other.key", &other);
        assert!(said(&other, &other).contains("no certificate in it"));
        let text = said(&certificates, &other);
        assert!(text.contains("own.pem") && text.contains("other.key") && text.contains("cannot be used"), "{text}");
    }
}
