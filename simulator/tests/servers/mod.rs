//! Servers on loopback for the browser's tests: a well-behaved site on hyper, and raw sockets that do as they are told.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use sekisho_simulator::browser::{Browser, Everything, Network, NetworkConfig, UserAgent, Witness};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use url::Url;

/// The clock of tests that do not move it.
pub const NOW: SystemTime = SystemTime::UNIX_EPOCH;

/// How much `/large` answers: more than one read, less than the limit.
pub const LARGE_BYTES: usize = 60_000;

/// Small limits, so that what crosses them is quick to send.
pub fn limits() -> NetworkConfig {
    NetworkConfig {
        connect_timeout: Duration::from_secs(20),
        exchange_timeout: Duration::from_secs(20),
        max_head_bytes: 16 * 1024,
        max_body_bytes: 64 * 1024,
        ..NetworkConfig::default()
    }
}

pub fn browser_with(config: NetworkConfig, witness: Arc<dyn Witness>) -> Browser {
    Browser::new(Arc::new(Network::new(config).unwrap()), witness, "A", "佐藤 花子", UserAgent::DESKTOP)
}

pub fn browser() -> (Browser, Arc<Everything>) {
    let witness = Arc::new(Everything::new());
    (browser_with(limits(), witness.clone()), witness)
}

pub fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
}

/// A well-behaved site that counts its connections.
pub struct Site {
    base: Url,
    accepted: Arc<AtomicUsize>,
    open: watch::Receiver<usize>,
}

impl Site {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let accepted = Arc::new(AtomicUsize::new(0));
        let (changed, open) = watch::channel(0);
        let count = accepted.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                count.fetch_add(1, Ordering::SeqCst);
                changed.send_modify(|open| *open += 1);
                let changed = changed.clone();
                tokio::spawn(async move {
                    let connection = hyper::server::conn::http1::Builder::new();
                    let _ = connection.serve_connection(TokioIo::new(stream), service_fn(serve)).await;
                    changed.send_modify(|open| *open -= 1);
                });
            }
        });
        Self { base, accepted, open }
    }

    pub fn url(&self, path: &str) -> Url {
        self.base.join(path).unwrap()
    }

    pub fn connections(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    pub async fn all_closed(&self) {
        let mut open = self.open.clone();
        let closed = open.wait_for(|open| *open == 0);
        tokio::time::timeout(Duration::from_secs(20), closed).await.unwrap().unwrap();
    }
}

const FORM: &str = "<title>入力</title><form method=post action=/send><input type=hidden name=csrf value=t>\
                    <input name=code><button name=act value=send>送信</button></form>";

async fn serve(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let text = |name: &str| parts.headers.get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
    let to = |status: u16, location: &str| Response::builder().status(status).header("location", location);
    let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
    let answer = match path {
        "/sign-in" => to(302, "/hop").header("set-cookie", "one=1; Path=/"),
        "/hop" => to(303, "form#part").header("set-cookie", "two=2; Path=/; Max-Age=60; Secure; HttpOnly"),
        "/send" => to(303, "/echo"),
        "/loop" => to(302, "/loop"),
        "/mailto" => to(302, "mailto:x@y.jp"),
        "/no-location" => Response::builder().status(302),
        "/away" => to(302, query),
        _ => Response::builder(),
    };
    let answer_body = match path {
        "/form" => FORM.to_owned(),
        "/echo" => format!("{} {path} {}", parts.method, text("cookie")),
        "/large" => "x".repeat(LARGE_BYTES),
        "/after" => format!("{} {} {}", parts.method, String::from_utf8_lossy(&body), text("content-type")),
        _ => match path.strip_prefix("/redirect/") {
            Some(status) => {
                let body = Full::from(format!("redirect {status}"));
                return Ok(to(status.parse().unwrap(), "/after").body(body).unwrap());
            }
            None => String::new(),
        },
    };
    Ok(answer.body(Full::from(answer_body)).unwrap())
}

/// A socket that reads one request's head per connection and then does what it is told.
pub struct Raw {
    pub url: Url,
    pub accepted: Arc<AtomicUsize>,
}

impl Raw {
    /// `script` gets each connection with its number, from 1, before anything is read.
    pub async fn start<F, S>(script: S) -> Self
    where
        S: Fn(usize, TcpStream) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = accepted.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let number = count.fetch_add(1, Ordering::SeqCst) + 1;
                tokio::spawn(script(number, stream));
            }
        });
        Self { url, accepted }
    }

    /// Answers each request's head with these bytes and closes.
    pub async fn saying(bytes: &'static [u8]) -> Self {
        Self::start(move |_, mut stream| async move {
            read_head(&mut stream).await;
            let _ = stream.write_all(bytes).await;
        })
        .await
    }

    /// Answers with a beginning, then with this piece again and again until nobody listens.
    pub async fn repeating(beginning: &'static [u8], piece: &'static [u8]) -> Self {
        Self::start(move |_, mut stream| async move {
            read_head(&mut stream).await;
            let _ = stream.write_all(beginning).await;
            while stream.write_all(piece).await.is_ok() {}
        })
        .await
    }

    pub fn connections(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

/// Reads up to the empty line after a head; says whether there was one.
pub async fn read_head(stream: &mut TcpStream) -> bool {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return false,
        }
    }
    true
}
