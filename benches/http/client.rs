//! A client that costs next to nothing: it writes the same request again and again and reads as many bytes as the answer has.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The request for the sign-in page, and its answer as it came over the wire.
pub(crate) struct Wire {
    request: Bytes,
    pub(crate) answer: Bytes,
}

impl Wire {
    /// Asks once without a cookie to get one, and once with it: that is the request that is measured.
    pub(crate) async fn prepare(address: SocketAddr) -> Self {
        let first = ask(address, "").await;
        let head = String::from_utf8_lossy(&first).into_owned();
        let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap_or("browser=kept");
        let cookie = format!("cookie: {}\r\n", cookie.split(';').next().unwrap());
        Self { request: request(&cookie), answer: ask(address, &cookie).await }
    }

    /// The head without what hyper writes by itself, and the body.
    pub(crate) fn parts(&self) -> (HeaderMap, Bytes) {
        let end = self.answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap();
        let head = std::str::from_utf8(&self.answer[..end]).unwrap();
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && !head.contains("set-cookie"), "{head}");
        let lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let headers = lines
            .filter(|(name, _)| !matches!(*name, "date" | "content-length"))
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse::<HeaderValue>().unwrap()))
            .collect();
        (headers, self.answer.slice(end + 4..))
    }

    /// How many answers per second come back over so many connections.
    pub(crate) async fn rate(&self, address: SocketAddr, connections: usize, round: Duration) -> f64 {
        let (answered, began) = (Arc::new(AtomicU64::new(0)), Instant::now());
        let users: Vec<_> = (0..connections)
            .map(|_| {
                let (request, length, answered) = (self.request.clone(), self.answer.len(), answered.clone());
                tokio::spawn(async move {
                    let mut stream = TcpStream::connect(address).await.unwrap();
                    stream.set_nodelay(true).unwrap();
                    let mut answer = vec![0; length];
                    while began.elapsed() < round {
                        stream.write_all(&request).await.unwrap();
                        stream.read_exact(&mut answer).await.unwrap();
                        assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        for user in users {
            user.await.unwrap();
        }
        answered.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64()
    }
}

/// What a browser sends along, roughly.
fn request(cookie: &str) -> Bytes {
    Bytes::from(format!(
        "GET /seeker/sign-in HTTP/1.1\r\nhost: localhost\r\nuser-agent: Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0\r\n\
         accept: text/html,application/xhtml+xml\r\naccept-language: ja\r\n{cookie}\r\n"
    ))
}

/// One request over a connection of its own; the whole answer.
async fn ask(address: SocketAddr, cookie: &str) -> Bytes {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(&request(cookie)).await.unwrap();
    let mut answer = Vec::new();
    loop {
        stream.read_buf(&mut answer).await.unwrap();
        let text = String::from_utf8_lossy(&answer);
        let Some(end) = text.find("\r\n\r\n") else { continue };
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        if answer.len() >= end + 4 + length.parse::<usize>().unwrap() {
            return Bytes::from(answer);
        }
    }
}
