//! The sink with TLS, as lettre and bare bytes see it: from the first byte, and from STARTTLS on.
#![allow(clippy::unwrap_used)]

mod sink_client;

use std::sync::Arc;

use lettre::address::Envelope;
use lettre::transport::smtp::client::{Certificate as Trusted, CertificateStore, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use sekisho_certificate::{Certificate, CertificateError};
use sekisho_simulator::mailbox::Mark;
use sekisho_simulator::sink::{Engine, Sink, SinkConfig, SinkError, SinkLimits, SinkTls, SinkTlsError};
use sink_client::Client;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

async fn sink(tls: SinkTls) -> Sink {
    Sink::start(SinkConfig { tls, ..SinkConfig::default() }).await.unwrap()
}

/// What lettre must trust to send to this sink.
fn trust(sink: &Sink) -> TlsParameters {
    let certificate = Trusted::from_pem(sink.certificate().unwrap().pem.as_bytes()).unwrap();
    TlsParameters::builder("localhost".to_owned())
        .certificate_store(CertificateStore::None)
        .add_root_certificate(certificate)
        .build()
        .unwrap()
}

async fn send(sink: &Sink, tls: Tls) -> Result<(), lettre::transport::smtp::Error> {
    let transport: AsyncSmtpTransport<Tokio1Executor> =
        AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
            .port(sink.address().port())
            .tls(tls)
            .build();
    let envelope = Envelope::new(Some("a@x.test".parse().unwrap()), vec!["b@x.test".parse().unwrap()]).unwrap();
    transport.send_raw(&envelope, b"Subject: x\r\n\r\ntext\r\n").await.map(drop)
}

async fn mails(sink: &Sink) -> usize {
    sink.mailbox().everything_after(Mark::START).await.unwrap().len()
}

#[tokio::test]
async fn lettre_sends_by_starttls_and_by_implicit_tls() {
    let upgrading = sink(SinkTls::Starttls(Certificate::SelfMade)).await;
    send(&upgrading, Tls::Required(trust(&upgrading))).await.unwrap();
    send(&upgrading, Tls::None).await.unwrap();
    assert_eq!(mails(&upgrading).await, 2, "mail without TLS is taken too");
    let implicit = sink(SinkTls::Implicit(Certificate::SelfMade)).await;
    send(&implicit, Tls::Wrapper(trust(&implicit))).await.unwrap();
    assert_eq!(mails(&implicit).await, 1);
    let plain = sink(SinkTls::None).await;
    assert!(plain.certificate().is_none());
    assert!(send(&plain, Tls::Required(trust(&implicit))).await.is_err(), "nothing is offered");
    // A sender that looks at certificates takes only its own sink's.
    assert!(send(&implicit, Tls::Wrapper(trust(&upgrading))).await.is_err());
    assert_eq!((mails(&plain).await, mails(&implicit).await), (0, 1));
}

fn connector(sink: &Sink) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(sink.certificate().unwrap().pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(config.with_root_certificates(roots).with_no_client_auth()).into()
}

/// Reads up to the last line of an answer.
async fn answer(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut heard = String::new();
    loop {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.push(stream.read_u8().await.unwrap());
        }
        heard.push_str(std::str::from_utf8(&line).unwrap());
        if line[3] == b' ' {
            return heard;
        }
    }
}

#[tokio::test]
async fn what_came_before_tls_is_forgotten_and_what_was_put_in_behind_starttls_is_thrown_away() {
    let sink = sink(SinkTls::Starttls(Certificate::SelfMade)).await;
    let mut stream = TcpStream::connect(sink.address()).await.unwrap();
    assert!(answer(&mut stream).await.starts_with("220 "));
    stream.write_all(b"EHLO x\r\n").await.unwrap();
    assert!(answer(&mut stream).await.contains("250-STARTTLS\r\n"));
    stream.write_all(b"MAIL FROM:<early@x>\r\nRCPT TO:<early@x>\r\n").await.unwrap();
    assert!(answer(&mut stream).await.starts_with("250 ") && answer(&mut stream).await.starts_with("250 "));
    // In one packet, as somebody between the two would put it in. Answers to it would come first once TLS is spoken.
    stream.write_all(b"STARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@x>\r\nRCPT TO:<evil@x>\r\n").await.unwrap();
    assert_eq!(answer(&mut stream).await, "220 Ready to start TLS\r\n");
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = connector(&sink).connect(name, stream).await.unwrap();
    for (sent, code) in [
        ("RCPT TO:<b@x>", "503"),
        ("MAIL FROM:<a@x>", "503"),
        ("EHLO x", "250"),
        ("RCPT TO:<b@x>", "503"),
        ("STARTTLS", "503"),
        ("MAIL FROM:<a@x>", "250"),
        ("RCPT TO:<b@x>", "250"),
        ("DATA", "354"),
        ("text\r\n.", "250"),
    ] {
        stream.write_all(format!("{sent}\r\n").as_bytes()).await.unwrap();
        let heard = answer(&mut stream).await;
        assert!(heard.starts_with(code), "{sent}: {heard}");
        assert!(!heard.contains("STARTTLS"), "it is not offered again");
    }
    let held = sink.mailbox().everything_after(Mark::START).await.unwrap();
    let envelopes: Vec<_> = held.iter().map(|mail| (mail.from.as_str(), mail.recipients.join(","))).collect();
    assert_eq!(envelopes, [("a@x", "b@x".to_owned())]);
}

#[tokio::test]
async fn bounds_hold_across_the_step_into_tls() {
    let limits = SinkLimits { commands: 4, ..SinkLimits::default() };
    let tls = SinkTls::Starttls(Certificate::SelfMade);
    let sink = Sink::start(SinkConfig { tls, limits, ..SinkConfig::default() }).await.unwrap();
    let mut stream = TcpStream::connect(sink.address()).await.unwrap();
    answer(&mut stream).await;
    for sent in ["EHLO x", "STARTTLS"] {
        stream.write_all(format!("{sent}\r\n").as_bytes()).await.unwrap();
        answer(&mut stream).await;
    }
    let mut stream = connector(&sink).connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
    stream.write_all(b"EHLO x\r\nNOOP\r\nNOOP\r\n").await.unwrap();
    assert!(answer(&mut stream).await.starts_with("250"));
    assert!(answer(&mut stream).await.starts_with("250"));
    assert!(answer(&mut stream).await.starts_with("421"));
}

#[tokio::test]
async fn who_speaks_no_tls_where_it_is_wanted_is_cut_off() {
    let mail = b"EHLO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\ntext\r\n.\r\n";
    let implicit = sink(SinkTls::Implicit(Certificate::SelfMade)).await;
    let upgrading = sink(SinkTls::Starttls(Certificate::SelfMade)).await;
    for (sink, first) in [(&implicit, &[][..]), (&upgrading, &b"STARTTLS\r\n"[..])] {
        let mut stream = TcpStream::connect(sink.address()).await.unwrap();
        if !first.is_empty() {
            assert!(answer(&mut stream).await.starts_with("220 "));
            stream.write_all(first).await.unwrap();
            assert!(answer(&mut stream).await.starts_with("220 "));
        }
        stream.write_all(mail).await.unwrap();
        let mut heard = Vec::new();
        // Whether the end comes in order or by a reset depends on what is still under way.
        let _ = stream.read_to_end(&mut heard).await;
        assert!(!heard.starts_with(b"2"), "an answer of SMTP: {heard:?}");
        assert_eq!((mails(sink).await, sink.counts().panics), (0, 0));
    }
    let mut client = Client::greeted(upgrading.address()).await;
    assert_eq!(client.ask("STARTTLS now").await, Some(501));
}

#[tokio::test]
async fn certificates_come_from_files_and_what_is_wrong_with_them_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificates, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    std::fs::write(&certificates, own.cert.pem()).unwrap();
    std::fs::write(&key, own.signing_key.serialize_pem()).unwrap();
    let given = |certificates: &std::path::Path, key: &std::path::Path| {
        SinkTls::Implicit(Certificate::Given { certificates: certificates.to_owned(), key: key.to_owned() })
    };
    let started = sink(given(&certificates, &key)).await;
    assert!(!started.certificate().unwrap().is_self_made);
    send(&started, Tls::Wrapper(trust(&started))).await.unwrap();

    let start = async |tls, engine| Sink::start(SinkConfig { tls, engine, ..SinkConfig::default() }).await.unwrap_err();
    let error = start(given(&certificates, &folder.path().join("none.pem")), Engine::Async).await;
    assert!(matches!(&error, SinkError::Tls(SinkTlsError::Certificate(CertificateError::File { .. }))), "{error}");
    let error = start(given(&key, &key), Engine::Async).await.to_string();
    assert!(error.contains("there is no certificate in it"), "{error}");
    let stranger = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(&key, stranger.signing_key.serialize_pem()).unwrap();
    assert!(matches!(
        start(given(&certificates, &key), Engine::Async).await,
        SinkError::Tls(SinkTlsError::Certificate(CertificateError::Unusable { .. }))
    ));
    let threaded = Engine::Threaded { pool: 1.try_into().unwrap() };
    assert!(matches!(start(given(&certificates, &key), threaded).await, SinkError::Tls(SinkTlsError::Threaded)));
}
