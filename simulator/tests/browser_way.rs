//! What a profile adds to every request, and the way a request takes: common header fields, the proxy, the pace, and whom a load
//! may touch.
#![allow(clippy::unwrap_used)]

mod servers;

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};

use http::{HeaderName, HeaderValue};
use sekisho_simulator::browser::{
    Answer, Browser, ClientSettings, Everything, Loadable, Network, NetworkConfig, NetworkError, Pace, Proxy, Request,
    UserAgent,
};
use servers::{NOW, Raw, Site, header, limits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{self, pki_types::PrivateKeyDer};
use url::Url;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

fn network(change: impl FnOnce(&mut NetworkConfig)) -> Arc<Network> {
    let mut config = limits();
    change(&mut config);
    Arc::new(Network::new(config).unwrap())
}

fn browser(network: &Arc<Network>, agent: UserAgent) -> (Browser, Arc<Everything>) {
    let witness = Arc::new(Everything::new());
    (Browser::new(network.clone(), witness.clone(), "A", "花子", agent), witness)
}

async fn get(browser: &mut Browser, url: &Url) -> Result<Answer, NetworkError> {
    browser.navigate(Request::get(url.clone()), "look", NOW).await
}

#[tokio::test]
async fn common_header_fields_go_to_the_targets_own_origins_only() {
    let (own, sister, stranger) = (Site::start().await, Site::start().await, Site::start().await);
    let network = network(|config| {
        config.client = ClientSettings {
            origins: vec![own.url("/").origin(), sister.url("/").origin()],
            headers: vec![(HeaderName::from_static("x-staging-key"), HeaderValue::from_static("s3cret"))],
            user_agents: vec![("desktop", HeaderValue::from_static("Checker/1"))],
            accept_language: Some(HeaderValue::from_static("en")),
            proxy: None,
        };
    });
    let (mut desktop, witness) = browser(&network, UserAgent::DESKTOP);
    let way = own.url(&format!("/away?{}", sister.url(&format!("/away?{}", stranger.url("/echo")))));
    get(&mut desktop, &way).await.unwrap();
    let exchanges = witness.take();
    let keys: Vec<_> = exchanges.iter().map(|seen| header(&seen.request.headers, "x-staging-key")).collect();
    assert_eq!(keys, [Some("s3cret"), Some("s3cret"), None]);
    for seen in &exchanges {
        let sent = ["user-agent", "accept-language", "sec-ch-ua"].map(|name| header(&seen.request.headers, name));
        assert_eq!(sent, [Some("Checker/1"), Some("en"), None], "{}", seen.request.url);
    }
    let (mut tablet, witness) = browser(&network, UserAgent::TABLET);
    get(&mut tablet, &own.url("/echo")).await.unwrap();
    let headers = witness.take().remove(0).request.headers;
    assert_eq!(header(&headers, "user-agent"), Some(UserAgent::TABLET.header), "only the desktop's was replaced");
    // A field that a step gives itself goes before.
    let own_field = Request::get(own.url("/echo"))
        .with_header(HeaderName::from_static("x-staging-key"), HeaderValue::from_static("other"));
    tablet.navigate(own_field, "look", NOW).await.unwrap();
    assert_eq!(header(&witness.take().remove(0).request.headers, "x-staging-key"), Some("other"));
}

/// Reads a head and says it whole.
async fn head_of(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { break };
        head.push(byte);
    }
    String::from_utf8(head).unwrap()
}

/// A proxy that notes the heads it gets and answers each with these bytes; after a 200 to CONNECT it becomes a TLS server.
async fn proxy(answer: &'static [u8], tls: Option<TlsAcceptor>) -> (Raw, Arc<Mutex<Vec<String>>>) {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let noted = heads.clone();
    let raw = Raw::start(move |_, mut stream| {
        let (noted, tls) = (noted.clone(), tls.clone());
        async move {
            let head = head_of(&mut stream).await;
            noted.lock().unwrap().push(head);
            let _ = stream.write_all(answer).await;
            let Some(tls) = tls else { return };
            let mut stream = tls.accept(stream).await.unwrap();
            let mut request = [0; 4096];
            let length = stream.read(&mut request).await.unwrap();
            noted.lock().unwrap().push(String::from_utf8_lossy(&request[..length]).into_owned());
            stream.write_all(OK).await.unwrap();
            let _ = stream.shutdown().await;
        }
    })
    .await;
    (raw, heads)
}

fn through(raw: &Raw, credentials: &str) -> Option<Proxy> {
    let url = raw.url.as_str().replace("http://", &format!("http://{credentials}"));
    Some(Proxy::at(&Url::parse(&url).unwrap()).unwrap())
}

#[tokio::test]
async fn http_goes_through_the_proxy_with_its_whole_address() {
    let (raw, heads) = proxy(OK, None).await;
    let network = network(|config| config.client.proxy = through(&raw, "user:p%40%3Ass@"));
    let (mut browser, witness) = browser(&network, UserAgent::DESKTOP);
    let url = Url::parse("http://staging.example.test:8080/sign-in?a=b").unwrap();
    assert_eq!(&get(&mut browser, &url).await.unwrap().body[..], b"ok");
    let head = heads.lock().unwrap().remove(0);
    assert!(head.starts_with("GET http://staging.example.test:8080/sign-in?a=b HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("Host: staging.example.test:8080\r\n"), "{head}");
    // base64("user:p@:ss")
    assert!(head.contains("Proxy-Authorization: Basic dXNlcjpwQDpzcw==\r\n"), "{head}");
    let evidence = format!("{:?}", witness.take());
    assert!(evidence.contains("/sign-in") && !evidence.to_lowercase().contains("proxy-authorization"));
}

#[tokio::test]
async fn https_goes_through_a_tunnel_and_the_target_never_sees_the_proxys_password() {
    let own = rcgen::generate_simple_self_signed(vec!["staging.example.test".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    let (raw, heads) = proxy(b"HTTP/1.1 200 Connection established\r\n\r\n", Some(Arc::new(server).into())).await;
    let network = network(|config| {
        config.extra_roots_pem = own.cert.pem().into_bytes();
        config.client.proxy = through(&raw, "user:pass@");
    });
    let url = Url::parse("https://staging.example.test/sign-in").unwrap();
    let answer = get(&mut browser(&network, UserAgent::DESKTOP).0, &url).await.unwrap();
    assert_eq!(&answer.body[..], b"ok");
    let heads = heads.lock().unwrap();
    let [connect, request] = &heads[..] else { panic!("{heads:?}") };
    assert!(connect.starts_with("CONNECT staging.example.test:443 HTTP/1.1\r\n"), "{connect}");
    assert!(connect.contains("Proxy-Authorization: Basic dXNlcjpwYXNz\r\n"), "{connect}");
    assert!(request.starts_with("GET /sign-in HTTP/1.1\r\n") && !request.contains("Proxy"), "{request}");
}

#[tokio::test]
async fn a_proxy_that_does_not_play_along_is_named() {
    let http = Url::parse("http://staging.example.test/").unwrap();
    let https = Url::parse("https://staging.example.test/").unwrap();
    let denied = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
    let unknown = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
    for (answer, credentials, url, said) in [
        (&unknown[..], "", &http, "wants a name and a password"),
        (unknown, "", &https, "wants a name and a password"),
        (unknown, "user:pass@", &https, "does not take the name and password given"),
        (denied, "", &https, "does not connect to `staging.example.test:443`: it answered 403"),
        (b"what?\r\n\r\n", "", &https, "opens no tunnel"),
        (b"", "", &https, "opens no tunnel"),
        (b"HTTP/1.1 200 OK\r\n\r\nhello", "", &https, "opens no tunnel"),
    ] {
        let (raw, _) = proxy(answer, None).await;
        let network = network(|config| config.client.proxy = through(&raw, credentials));
        let error = get(&mut browser(&network, UserAgent::DESKTOP).0, url).await.unwrap_err().to_string();
        assert!(error.contains(said), "{url} {}: {error}", String::from_utf8_lossy(answer));
        assert!(!error.contains("pass@"), "{error}");
    }
    let free =
        Url::parse(&format!("http://{}/", std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()));
    let network = network(|config| config.client.proxy = Some(Proxy::at(&free.unwrap()).unwrap()));
    let error = get(&mut browser(&network, UserAgent::DESKTOP).0, &http).await.unwrap_err();
    assert!(matches!(&error, NetworkError::ProxyUnreachable { .. }), "{error}");
}

#[test]
fn an_address_that_is_no_proxys_is_refused_without_being_repeated() {
    for (address, said) in [
        ("https://user:hidden@proxy.test:3128", "spoken to by `http://`"),
        ("socks5://user:hidden@proxy.test:1080", "spoken to by `http://`"),
        ("http://user:hidden@proxy.test", "port is missing"),
        ("http://user:hidden@proxy.test:3128/path", "leave out what follows"),
        ("http://us%3Aer:hidden@proxy.test:3128", "must not hold a colon"),
    ] {
        let error = Proxy::at(&Url::parse(address).unwrap()).unwrap_err();
        assert!(error.contains(said) && !error.contains("hidden"), "{address}: {error}");
    }
}

#[tokio::test]
async fn what_is_held_back_is_not_the_targets_time_and_strangers_are_not_held_back() {
    let (own, stranger) = (Site::start().await, Site::start().await);
    let network = network(|config| {
        config.client.origins = vec![own.url("/").origin()];
        config.pace = Pace { in_flight: None, per_second: NonZeroU32::new(1) };
    });
    let (mut browser, witness) = browser(&network, UserAgent::DESKTOP);
    // Three requests: `/sign-in`, `/hop`, `/form`. The second and the third wait for their turn.
    let begun = std::time::Instant::now();
    let answer = get(&mut browser, &own.url("/sign-in")).await.unwrap();
    let (all, held) = (begun.elapsed(), browser.held_back());
    assert!(held.as_millis() >= 1_000, "{held:?}");
    let target = std::time::Duration::from_micros(answer.duration_us);
    assert!(target + held <= all, "{target:?} of the target and {held:?} of ours in {all:?}");
    let seen: u64 = witness.take().iter().map(|seen| seen.duration_us).sum();
    assert!(seen <= answer.duration_us, "{seen} us");
    let waits = network.held_back();
    // On a busy machine the first may be kept waiting too, by whoever has the processor.
    assert!((2..=3).contains(&waits.per_second.requests) && waits.in_flight.requests == 0, "{waits:?}");
    for _ in 0..20 {
        get(&mut browser, &stranger.url("/echo")).await.unwrap();
    }
    assert_eq!(network.held_back(), waits);
}

#[tokio::test]
async fn under_load_no_hop_leads_to_a_host_whose_owner_did_not_agree() {
    let site = Site::start().await;
    let network = network(|config| config.loadable = Loadable(vec!["agreed.invalid".to_owned()]));
    let (mut browser, _) = browser(&network, UserAgent::DESKTOP);
    let away = |host: &str| site.url(&format!("/away?http://{host}/"));
    let load = network.put_under_load();
    let error = get(&mut browser, &away("stranger.invalid")).await.unwrap_err();
    assert_eq!(error, NetworkError::NotAuthorized { host: "stranger.invalid".to_owned() });
    assert!(error.to_string().contains("`also_authorized`"), "{error}");
    // `.invalid` is never known (RFC 6761 section 6.4): to have asked for it means that the hop was let through.
    let let_through = |error: NetworkError| matches!(error, NetworkError::UnknownHost { .. });
    assert!(let_through(get(&mut browser, &away("agreed.invalid")).await.unwrap_err()));
    get(&mut browser, &site.url("/sign-in")).await.unwrap();
    drop(load);
    assert!(let_through(get(&mut browser, &away("stranger.invalid")).await.unwrap_err()), "a check may look there");
}

#[tokio::test]
async fn behind_a_proxy_elsewhere_localhost_is_not_this_machine() {
    let elsewhere = Proxy::at(&Url::parse("http://proxy.invalid:3128").unwrap()).unwrap();
    let network = network(|config| config.client.proxy = Some(elsewhere));
    assert!(!network.may_load(&Url::parse("http://localhost/").unwrap()));
    let (raw, _) = proxy(OK, None).await;
    let network = self::network(|config| config.client.proxy = through(&raw, ""));
    assert!(network.may_load(&Url::parse("http://localhost/").unwrap()));
    assert!(!network.may_load(&Url::parse("http://10.0.0.1/").unwrap()));
}
