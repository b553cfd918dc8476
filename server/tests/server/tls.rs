//! TLS and HTTP/2: both protocols inside, cookies bound to the host, and what floods and silence come to.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use sekisho_server::{Certificate, Conforming, Limits, PasswordCost, Server, ServerConfig};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

use crate::browser::encoded;
use crate::raw::{PATIENCE, connect, hear, say, statuses};
use crate::world::{PASSWORD, World};

const ADDRESS: &str = "hanako@example.test";

async fn world() -> World {
    world_with(|_| ()).await
}

async fn world_with(change: impl FnOnce(&mut Limits)) -> World {
    World::start_with(Arc::new(Conforming), |config| {
        config.tls = Some(Certificate::SelfMade);
        change(&mut config.limits);
    })
    .await
}

/// A connection that trusts what the server shows, and nothing else.
async fn shake(
    world: &World,
    host: &'static str,
    protocols: &[&[u8]],
    versions: &[&'static SupportedProtocolVersion],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    let pem = &world.server.certificate().unwrap().pem;
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let mut config =
        builder.with_protocol_versions(versions).unwrap().with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    let name = ServerName::try_from(host).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, connect(world).await).await
}

async fn http2_stream(world: &World) -> TlsStream<TcpStream> {
    let stream = shake(world, "localhost", &[b"h2", b"http/1.1"], &[&TLS13]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    stream
}

type Sender = h2::client::SendRequest<Bytes>;

async fn http2(world: &World) -> Sender {
    let (sender, connection) = h2::client::handshake(http2_stream(world).await).await.unwrap();
    tokio::spawn(connection);
    sender
}

/// One exchange over HTTP/2.
async fn ask(sender: &Sender, request: Request<()>, body: &[u8]) -> Result<(http::response::Parts, String), h2::Error> {
    let mut sender = sender.clone().ready().await?;
    let (answer, mut sending) = sender.send_request(request, body.is_empty())?;
    if !body.is_empty() {
        sending.send_data(Bytes::copy_from_slice(body), true)?;
    }
    let (head, mut body) = answer.await?.into_parts();
    let mut text = Vec::new();
    while let Some(data) = body.data().await {
        text.extend_from_slice(&data?);
    }
    Ok((head, String::from_utf8(text).unwrap()))
}

fn get(path: &str) -> Request<()> {
    Request::builder().uri(format!("https://localhost{path}")).body(()).unwrap()
}

async fn others_are_served(world: &World) {
    let sender = http2(world).await;
    let (head, body) = tokio::time::timeout(PATIENCE, ask(&sender, get("/"), b"")).await.unwrap().unwrap();
    assert!(head.status == StatusCode::OK && body.contains("サービスの選択"));
    assert_eq!(world.server.panics(), 0);
}

#[tokio::test]
async fn every_client_gets_a_protocol_it_speaks() {
    let world = world().await;
    for (host, versions) in [("localhost", &TLS13), ("127.0.0.1", &TLS12), ("::1", &TLS13)] {
        for protocols in [&[&b"http/1.1"[..]][..], &[]] {
            let mut stream = shake(&world, host, protocols, &[versions]).await.unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
            assert_eq!(statuses(&hear(&mut stream).await), [200]);
        }
    }
    others_are_served(&world).await;
    assert!(shake(&world, "localhost", &[b"spdy/3"], &[&TLS13]).await.is_err());
    assert!(shake(&world, "other.test", &[], &[&TLS13]).await.is_err(), "the certificate is for this machine only");
}

#[tokio::test]
async fn a_user_signs_in_over_http2_with_cookies_bound_to_the_host() {
    let world = world().await;
    world.account("seeker", ADDRESS, json!({})).await;
    let sender = http2(&world).await;
    let (head, page) = ask(&sender, get("/seeker/sign-in"), b"").await.unwrap();
    let cookie = head.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("__Host-browser=") && cookie.contains("; Secure;"), "{cookie}");
    let strict = head.headers["strict-transport-security"].to_str().unwrap();
    assert_eq!(strict, "max-age=3600", "a certificate of our own binds nobody for long");
    assert!(!head.headers.contains_key("connection") && !head.headers.contains_key("server"));
    let csrf = page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let body = encoded(&[("address", ADDRESS), ("password", PASSWORD), ("csrf", csrf)]);
    for (origin, expected) in [("https://localhost", 303), ("http://localhost", 403), ("https://elsewhere.test", 403)] {
        let request = Request::builder()
            .method(Method::POST)
            .uri("https://localhost/seeker/sign-in")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("origin", origin)
            .header("cookie", "a=b")
            .header("cookie", cookie.split(';').next().unwrap())
            .body(())
            .unwrap();
        let (head, _) = ask(&sender, request, &body).await.unwrap();
        assert_eq!(head.status, expected, "{origin}");
    }
    assert_eq!(world.postbox.code(ADDRESS).await.len(), 6);
}

#[tokio::test]
async fn a_proxy_in_front_of_https_is_believed_for_a_year() {
    let world = World::start_with(Arc::new(Conforming), |config| config.https = true).await;
    let seen = world.browser().await.get("/").await;
    assert_eq!(seen.header("strict-transport-security"), "max-age=31536000; includeSubDomains");
}

#[tokio::test]
async fn plain_http_on_the_tls_port_is_told_so() {
    let world = world().await;
    let heard = say(&world, "GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n").await;
    assert_eq!(statuses(&heard), [400]);
    assert!(heard.ends_with("Please use a https:// address."), "{heard}");
    others_are_served(&world).await;
}

#[tokio::test]
async fn what_is_no_handshake_hurts_nobody() {
    let world = world_with(|limits| limits.handshake_time = Duration::from_millis(300)).await;
    let hello = b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03";
    for garbage in [
        &b"\x00\x01\x02"[..],
        b"\xff\xff\xff\xff",
        b"\x16",
        b"\x16\x03\x01\xff\xff",
        hello,
        b"",
        b"\x15\x03\x03\x00\x02\x02\x28",
    ] {
        let heard = say(&world, garbage).await;
        assert_eq!(statuses(&heard), Vec::<u16>::new(), "{garbage:?}: {heard}");
    }
    others_are_served(&world).await;
}

#[tokio::test]
async fn silent_handshakes_shut_nobody_out() {
    let world = world_with(|limits| limits.connections = 8).await;
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(connect(&world).await);
    }
    others_are_served(&world).await;
}

#[tokio::test]
async fn a_form_over_http2_has_the_same_limits() {
    let world = world_with(|limits| limits.body_time = Duration::from_millis(300)).await;
    let sender = http2(&world).await;
    let post = || {
        let request = Request::builder().method(Method::POST).uri("https://localhost/seeker/sign-in");
        request.header("content-type", "application/x-www-form-urlencoded").body(()).unwrap()
    };
    let (head, _) = ask(&sender, post(), &[b'a'; 17 * 1024]).await.unwrap();
    assert_eq!(head.status, StatusCode::PAYLOAD_TOO_LARGE);
    let mut ready = sender.clone().ready().await.unwrap();
    let (answer, mut sending) = ready.send_request(post(), false).unwrap();
    sending.send_data(Bytes::from_static(b"a="), false).unwrap();
    assert_eq!(answer.await.unwrap().status(), StatusCode::REQUEST_TIMEOUT);
    let mut many = get("/");
    for number in 0..200 {
        let name = http::HeaderName::from_bytes(format!("x-{number}").as_bytes()).unwrap();
        many.headers_mut().insert(name, http::HeaderValue::from_static("1"));
    }
    assert_eq!(ask(&sender, many, b"").await.unwrap().0.status, 431);
    let mut large = get("/");
    for _ in 0..20 {
        large.headers_mut().append("x", http::HeaderValue::from_str(&"a".repeat(4096)).unwrap());
    }
    match ask(&sender, large, b"").await {
        Ok((head, _)) => assert_eq!(head.status, 431),
        Err(error) => assert!(error.is_remote(), "{error}"),
    }
    others_are_served(&world).await;
}

#[tokio::test]
async fn a_host_that_contradicts_itself_is_refused() {
    let world = world().await;
    let sender = http2(&world).await;
    let mut request = get("/");
    request.headers_mut().insert("host", http::HeaderValue::from_static("other.test"));
    assert_eq!(ask(&sender, request, b"").await.unwrap().0.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn rapid_resets_end_the_connection_and_nothing_else() {
    let world = world().await;
    let mut sender = http2(&world).await;
    let mut made = 0;
    let flood = async {
        loop {
            let Ok(ready) = sender.clone().ready().await else { break };
            sender = ready;
            let Ok((_, mut sending)) = sender.send_request(get("/seeker/sign-in"), false) else { break };
            sending.send_reset(h2::Reason::CANCEL);
            made += 1;
            if made % 50 == 0 {
                tokio::task::yield_now().await;
            }
        }
    };
    tokio::time::timeout(PATIENCE, flood).await.expect("the flood is ended");
    assert!(made > 20, "{made}");
    others_are_served(&world).await;
}

/// A frame of HTTP/2 (RFC 9113, 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Frames that only keep a server busy: it closes the connection, or takes them without growing and serves others.
#[tokio::test]
async fn floods_of_frames_hurt_nobody_else() {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const SETTINGS: u8 = 4;
    const COUNT: usize = 20_000;
    let world = world_with(|limits| limits.answer_time = Duration::from_millis(500)).await;
    // `:method GET` and `:path /` from the static table, without the rest.
    let headers = frame(1, 0, 1, &[0x82, 0x84]);
    let floods: [(&str, Vec<u8>, Vec<u8>); 7] = [
        ("pings", vec![], frame(6, 0, 0, &[0; 8])),
        ("settings", vec![], frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 9])),
        ("empty continuations", headers.clone(), frame(9, 0, 1, &[])),
        ("continuations", headers, frame(9, 0, 1, &[0x40; 64])),
        ("window updates", vec![], frame(8, 0, 0, &[0, 0, 0, 1])),
        ("priorities", vec![], frame(2, 0, 1, &[0, 0, 0, 3, 1])),
        ("unknown frames", vec![], frame(99, 0, 0, &[0; 64])),
    ];
    for (what, beginning, piece) in floods {
        let mut stream = http2_stream(&world).await;
        stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[]), &beginning].concat()).await.unwrap();
        let batch = piece.repeat(100);
        let flood = async {
            for _ in 0..COUNT / 100 {
                if stream.write_all(&batch).await.is_err() {
                    break;
                }
            }
        };
        // Who answers nothing blocks the flood; then it ends with the connection.
        let _ = tokio::time::timeout(Duration::from_secs(5), flood).await;
        drop(stream);
        others_are_served(&world).await;
        assert_eq!(world.server.panics(), 0, "{what}");
    }
}

#[tokio::test]
async fn an_answer_that_is_never_taken_ends_the_connection() {
    let world = world_with(|limits| limits.answer_time = Duration::from_millis(300)).await;
    let stream = http2_stream(&world).await;
    let (sender, connection) =
        h2::client::Builder::new().initial_window_size(0).handshake::<_, Bytes>(stream).await.unwrap();
    let ended = tokio::spawn(connection);
    let mut answers = Vec::new();
    for _ in 0..20 {
        let mut ready = sender.clone().ready().await.unwrap();
        answers.push(ready.send_request(get("/seeker/sign-in"), true).unwrap());
    }
    // The heads come; the bodies cannot, as this client gives them no window.
    let head = answers.remove(0).0.await.unwrap();
    assert_eq!(head.status(), StatusCode::OK);
    tokio::time::timeout(PATIENCE, ended).await.expect("the server closes").unwrap().unwrap_err();
    others_are_served(&world).await;
}

#[tokio::test]
async fn an_idle_connection_is_told_to_go() {
    let world = world_with(|limits| limits.idle_time = Duration::from_millis(300)).await;
    let (sender, connection) = h2::client::handshake(http2_stream(&world).await).await.unwrap();
    let ended = tokio::spawn(connection);
    ask(&sender, get("/"), b"").await.unwrap();
    tokio::time::timeout(PATIENCE, ended).await.expect("the server closes").unwrap().expect("gently");
}

#[tokio::test]
async fn stopping_lets_open_requests_end() {
    let world = world().await;
    let sender = http2(&world).await;
    ask(&sender, get("/"), b"").await.unwrap();
    let request = Request::builder().method(Method::POST).uri("https://localhost/seeker/sign-in");
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(()).unwrap();
    let mut ready = sender.clone().ready().await.unwrap();
    let (answer, mut sending) = ready.send_request(request, false).unwrap();
    sending.send_data(Bytes::from_static(b"a="), false).unwrap();
    // This answer comes after the form's head was seen: both travel on one connection.
    ask(&sender, get("/"), b"").await.unwrap();
    let stopping = tokio::spawn(world.server.shutdown());
    sending.send_data(Bytes::from_static(b"b"), true).unwrap();
    assert_eq!(answer.await.unwrap().status(), StatusCode::BAD_REQUEST, "it has no cookies");
    tokio::time::timeout(PATIENCE, stopping).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_given_certificate_is_shown_and_an_unusable_one_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let certificates = file("own.pem", &own.cert.pem());
    let key = file("own.key", &own.signing_key.serialize_pem());
    let given = |certificates: &std::path::Path, key: &std::path::Path| ServerConfig {
        tls: Some(Certificate::Given { certificates: certificates.to_owned(), key: key.to_owned() }),
        password_cost: PasswordCost::Cheap,
        ..ServerConfig::default()
    };
    let server = Server::start(given(&certificates, &key), Arc::new(Conforming)).await.unwrap();
    let world = World { server, postbox: Arc::default() };
    let (head, _) = ask(&http2(&world).await, get("/"), b"").await.unwrap();
    assert_eq!(head.headers["strict-transport-security"], "max-age=31536000; includeSubDomains");

    let nonsense = file("nonsense.pem", "-----BEGIN CERTIFICATE-----\nsecret!\n-----END CERTIFICATE-----\n");
    let empty = file("empty.pem", "");
    let missing = folder.path().join("missing.pem");
    let wrong = file("other.key", &other.signing_key.serialize_pem());
    for (certificates, key, message) in [
        (&missing, &key, "missing.pem"),
        (&nonsense, &key, "it is not PEM"),
        (&empty, &key, "no certificate in it"),
        (&certificates, &empty, "no private key in it"),
        (&certificates, &certificates, "no private key in it"),
        (&certificates, &wrong, "cannot be used with the key"),
    ] {
        let Err(error) = Server::start(given(certificates, key), Arc::new(Conforming)).await else {
            panic!("{} and {} were taken", certificates.display(), key.display());
        };
        let text = error.to_string();
        assert!(text.contains(message) && !text.contains("secret"), "{text}");
    }
}
