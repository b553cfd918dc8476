//! The browser against targets that misbehave: each misbehaviour ends in bounded time and memory with an error that names it.
#![allow(clippy::unwrap_used)]

mod servers;

use std::sync::Arc;
use std::time::Duration;

use sekisho_simulator::browser::{
    Answer, Browser, Everything, Network, NetworkConfig, NetworkError, NetworkSetupError, Request,
};
use servers::{NOW, Raw, Site, browser, browser_with, limits, read_head};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use url::Url;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

async fn get(browser: &mut Browser, url: &Url) -> Result<Answer, NetworkError> {
    browser.navigate(Request::get(url.clone()), "look", NOW).await
}

fn authority(url: &Url) -> String {
    url.authority().to_owned()
}

/// A browser that waits only briefly for connections and answers.
fn impatient() -> Browser {
    let limit = Duration::from_millis(150);
    let config = NetworkConfig { connect_timeout: limit, exchange_timeout: limit, ..limits() };
    browser_with(config, Arc::new(Everything::new()))
}

#[tokio::test]
async fn nobody_listening_is_refused_and_witnessed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    drop(listener);
    let (mut browser, witness) = browser();
    let error = get(&mut browser, &url).await.unwrap_err();
    assert_eq!(error, NetworkError::Refused { authority: authority(&url) });
    let seen = witness.take();
    assert_eq!(seen[0].error.as_deref(), Some(format!("`{}` refused the connection", authority(&url)).as_str()));
    assert!(seen[0].answer.is_none());
}

#[tokio::test]
async fn addresses_that_are_not_http_are_the_callers_fault() {
    let (mut browser, _) = browser();
    let error = get(&mut browser, &Url::parse("ftp://127.0.0.1/").unwrap()).await.unwrap_err();
    assert!(matches!(error, NetworkError::BadRequest { .. }), "{error}");
}

#[tokio::test]
async fn answers_cut_short_are_closed_early() {
    for bytes in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\nContent-",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\npart",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n",
    ] {
        let raw = Raw::saying(bytes).await;
        let error = get(&mut browser().0, &raw.url).await.unwrap_err();
        let expected = NetworkError::ClosedEarly { authority: authority(&raw.url) };
        assert_eq!(error, expected, "{}", String::from_utf8_lossy(bytes));
    }
}

#[tokio::test]
async fn a_reset_connection_is_closed_early() {
    // Closing with unread bytes makes the system send a reset instead of an orderly end.
    let raw = Raw::start(|_, mut stream| async move {
        let _ = stream.read_u8().await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart").await;
    })
    .await;
    let error = get(&mut browser().0, &raw.url).await.unwrap_err();
    assert_eq!(error, NetworkError::ClosedEarly { authority: authority(&raw.url) });
}

#[tokio::test]
async fn what_is_not_http_is_called_that() {
    for bytes in [
        &b"SSH-2.0-OpenSSH_9.6\r\n\r\n"[..],
        b"220 mail ESMTP\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nwhat\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokNO\r\n",
    ] {
        let raw = Raw::saying(bytes).await;
        let error = get(&mut browser().0, &raw.url).await.unwrap_err();
        let is_expected = matches!(&error, NetworkError::NotHttp { authority: at, .. } if *at == authority(&raw.url));
        assert!(is_expected, "{}: {error}", String::from_utf8_lossy(bytes));
    }
}

/// The error that names a limit, for the target at this authority.
type Limited<'a> = &'a dyn Fn(String) -> NetworkError;

#[tokio::test]
async fn endless_heads_and_bodies_are_cut_off_at_their_limits() {
    let NetworkConfig { max_head_bytes, max_body_bytes, .. } = limits();
    let head = |at: String| NetworkError::HeadTooLarge { authority: at, limit_bytes: max_head_bytes };
    let body = |at: String| NetworkError::BodyTooLarge { authority: at, limit_bytes: max_body_bytes };
    let table: [(&'static str, &'static str, Limited<'_>); 5] = [
        ("HTTP/1.1 200 OK\r\nX: ", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", &head),
        ("HTTP/1.1 200 OK\r\n", "X: y\r\n", &head),
        ("HTTP/1.1 200 OK\r\n\r\n", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", &body),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "x", &body),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "10\r\nxxxxxxxxxxxxxxxx\r\n", &body),
    ];
    for (beginning, piece, expected) in table {
        let raw = Raw::repeating(beginning.as_bytes(), piece.as_bytes()).await;
        let error = get(&mut browser().0, &raw.url).await.unwrap_err();
        assert_eq!(error, expected(authority(&raw.url)), "{beginning}");
    }
}

#[tokio::test]
async fn a_target_that_never_ends_its_answer_times_out() {
    let silent = Raw::start(|_, mut stream| async move { while stream.read_u8().await.is_ok() {} }).await;
    let dripping = Raw::start(|_, mut stream| async move {
        read_head(&mut stream).await;
        let mut tick = tokio::time::interval(Duration::from_millis(10));
        let mut bytes = b"HTTP/1.1 200 OK\r\n\r\n".iter().chain(std::iter::repeat(&b'x'));
        while let Some(byte) = bytes.next()
            && stream.write_all(&[*byte]).await.is_ok()
        {
            tick.tick().await;
        }
    })
    .await;
    for raw in [silent, dripping] {
        let error = get(&mut impatient(), &raw.url).await.unwrap_err();
        let limit = Duration::from_millis(150);
        assert_eq!(error, NetworkError::TimedOut { authority: authority(&raw.url), limit });
        assert!(error.to_string().contains("within 150 ms"), "{error}");
    }
}

#[tokio::test]
async fn tls_that_is_not_answered_or_not_spoken_is_told_apart() {
    let silent = Raw::start(|_, mut stream| async move { while stream.read_u8().await.is_ok() {} }).await;
    let plain = Raw::start(|_, mut stream| async move {
        let _ = stream.read_u8().await;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    let https = |url: &Url| Url::parse(&url.as_str().replace("http:", "https:")).unwrap();
    let error = get(&mut impatient(), &https(&silent.url)).await.unwrap_err();
    assert!(matches!(error, NetworkError::ConnectTimedOut { .. }), "{error}");
    let error = get(&mut browser().0, &https(&plain.url)).await.unwrap_err();
    assert!(matches!(error, NetworkError::Tls { .. }), "{error}");
}

#[tokio::test]
async fn odd_header_lines_are_forgiven() {
    let raw = Raw::saying(
        b"HTTP/1.1 200 OK\r\nBad Name: x\r\nX-Folded: a\r\n b\r\nX-Latin: caf\xe9\r\nContent-Length: 2\r\n\r\nok",
    )
    .await;
    let answer = get(&mut browser().0, &raw.url).await.unwrap();
    assert_eq!(&answer.body[..], b"ok");
    assert_eq!(answer.header("x-latin").as_deref(), Some("café"));
}

/// Lets the runtime see what has happened on other sockets, by a round trip on one.
async fn let_the_news_arrive() {
    let site = Site::start().await;
    get(&mut browser().0, &site.url("/echo")).await.unwrap();
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_meanwhile_is_opened_again() {
    for farewell in [&b""[..], b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"] {
        let (closed, mut was_closed) = mpsc::unbounded_channel();
        let raw = Raw::start(move |_, mut stream| {
            let closed = closed.clone();
            async move {
                read_head(&mut stream).await;
                stream.write_all(OK).await.unwrap();
                let mut go_on = [0];
                if !farewell.is_empty() {
                    // Only once the browser has read its answer is the farewell unasked for.
                    let _ = tokio::time::timeout(Duration::from_millis(50), stream.read(&mut go_on)).await;
                    let _ = stream.write_all(farewell).await;
                }
                drop(stream);
                let _ = closed.send(());
            }
        })
        .await;
        let (mut browser, witness) = browser();
        for _ in 0..3 {
            let answer = get(&mut browser, &raw.url).await.unwrap();
            assert_eq!((answer.status, &answer.body[..]), (200, &b"ok"[..]));
            was_closed.recv().await.unwrap();
            let_the_news_arrive().await;
        }
        assert_eq!((raw.connections(), witness.take().len()), (3, 3));
    }
}

#[tokio::test]
async fn a_request_that_may_have_arrived_is_not_sent_again() {
    let raw = Raw::start(|_, mut stream| async move {
        read_head(&mut stream).await;
        stream.write_all(OK).await.unwrap();
        read_head(&mut stream).await;
    })
    .await;
    let (mut browser, _) = browser();
    get(&mut browser, &raw.url).await.unwrap();
    let error = get(&mut browser, &raw.url).await.unwrap_err();
    assert_eq!(error, NetworkError::ClosedEarly { authority: authority(&raw.url) });
    assert_eq!(raw.connections(), 1);
    get(&mut browser, &raw.url).await.unwrap();
    assert_eq!(raw.connections(), 2, "a broken connection is not kept");
}

#[tokio::test]
async fn a_navigation_given_up_leaves_no_half_read_connection_behind() {
    let (arrived, mut has_arrived) = mpsc::unbounded_channel();
    let raw = Raw::start(move |number, mut stream| {
        let arrived = arrived.clone();
        async move {
            read_head(&mut stream).await;
            if number == 1 {
                let _ = arrived.send(());
                while stream.read_u8().await.is_ok() {}
            }
            let _ = stream.write_all(OK).await;
        }
    })
    .await;
    let (mut browser, _) = browser();
    tokio::select! {
        answer = get(&mut browser, &raw.url) => panic!("nothing was answered: {answer:?}"),
        _ = has_arrived.recv() => {}
    }
    assert_eq!(&get(&mut browser, &raw.url).await.unwrap().body[..], b"ok");
    assert_eq!(raw.connections(), 2);
}

#[tokio::test]
async fn a_certificate_counts_only_if_its_authority_is_trusted() {
    let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(server));
    let raw = Raw::start(move |_, stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let mut request = [0; 2048];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(OK).await;
            let _ = stream.shutdown().await;
        }
    })
    .await;
    let url = Url::parse(&format!("https://localhost:{}/", raw.url.port().unwrap())).unwrap();
    let error = get(&mut browser().0, &url).await.unwrap_err();
    assert!(matches!(&error, NetworkError::Tls { reason, .. } if reason.contains("certificate")), "{error}");

    let trusting = NetworkConfig { extra_roots_pem: own.cert.pem().into_bytes(), ..limits() };
    let mut browser = browser_with(trusting, Arc::new(Everything::new()));
    assert_eq!(&get(&mut browser, &url).await.unwrap().body[..], b"ok");
}

#[test]
fn extra_certificates_that_cannot_be_read_are_refused() {
    for pem in ["no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let config = NetworkConfig { extra_roots_pem: pem.into(), ..limits() };
        let error = Network::new(config).unwrap_err();
        assert!(matches!(error, NetworkSetupError::ExtraRoots(_)), "{error}");
    }
}
