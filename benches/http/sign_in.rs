//! Whole sign-ins: password page, password, mail, code page, code, My Page; as many people at a time as there are connections.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use sekisho_server::mail::{Delivery, DeliveryError, Mail};
use sekisho_server::store::StoreConfig;
use sekisho_server::{Conforming, PasswordCost, Server, ServerConfig};
use sekisho_simulator::mailbox::{Letter, Mail as Taken};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

/// How many people sign in at a time.
const PEOPLE: usize = 32;
/// How many accounts they have; each signs in with another one every time, so that no limit of codes per hour is met.
const ACCOUNTS: usize = 4_000;

/// Hands every mail to the one who waits for it.
#[derive(Default)]
struct Post(Mutex<HashMap<String, mpsc::UnboundedSender<Mail>>>);

#[async_trait]
impl Delivery for Post {
    async fn deliver(&self, mail: &Mail) -> Result<(), DeliveryError> {
        let waiting = self.0.lock().unwrap().get(&mail.recipients()[0]).cloned();
        waiting
            .and_then(|sender| sender.send(mail.clone()).ok())
            .ok_or_else(|| DeliveryError::Refused("550".to_owned()))
    }
}

/// Sign-ins per second, round by round.
pub(crate) fn rates(
    servers: &Runtime,
    clients: &Runtime,
    store: StoreConfig,
    rounds: usize,
    round: Duration,
) -> Vec<f64> {
    let post = Arc::new(Post::default());
    let config = ServerConfig {
        password_cost: PasswordCost::Cheap,
        seeded_accounts: ACCOUNTS,
        store,
        ..ServerConfig::default()
    };
    let server = servers.block_on(Server::start_with(config, Arc::new(Conforming), post.clone())).unwrap();
    let (next, address) = (Arc::new(AtomicU64::new(0)), server.address());
    let rate = || clients.block_on(one_round(address, &post, &next, round));
    rate();
    let rates = (0..rounds).map(|_| rate()).collect();
    servers.block_on(server.shutdown());
    rates
}

async fn one_round(address: SocketAddr, post: &Arc<Post>, next: &Arc<AtomicU64>, round: Duration) -> f64 {
    let (done, began) = (Arc::new(AtomicU64::new(0)), Instant::now());
    let people: Vec<_> = (0..PEOPLE)
        .map(|_| {
            let (post, next, done) = (post.clone(), next.clone(), done.clone());
            tokio::spawn(async move {
                while began.elapsed() < round {
                    let number = next.fetch_add(1, Ordering::Relaxed) as usize % ACCOUNTS + 1;
                    Person::come(address).await.sign_in(&post, number).await;
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for person in people {
        person.await.unwrap();
    }
    done.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64()
}

/// Somebody with a fresh browser and one connection.
struct Person {
    sender: SendRequest<Full<Bytes>>,
    cookies: BTreeMap<String, String>,
}

impl Person {
    async fn come(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self { sender, cookies: BTreeMap::new() }
    }

    async fn sign_in(&mut self, post: &Post, number: usize) {
        let address = format!("user{number:05}@example.test");
        let (sender, mut mails) = mpsc::unbounded_channel();
        post.0.lock().unwrap().insert(address.clone(), sender);
        let (_, page) = self.send(Method::GET, "/seeker/sign-in", String::new()).await;
        let form = format!("address=user{number:05}%40example.test&password=password-{number:05}&csrf={}", csrf(&page));
        assert_eq!(self.send(Method::POST, "/seeker/sign-in", form).await.0, "/seeker/code");
        let code = code_in(&mails.recv().await.unwrap());
        let (_, page) = self.send(Method::GET, "/seeker/code", String::new()).await;
        let form = format!("code={code}&csrf={}", csrf(&page));
        assert_eq!(self.send(Method::POST, "/seeker/code", form).await.0, "/seeker/my-page");
        let (_, page) = self.send(Method::GET, "/seeker/my-page", String::new()).await;
        assert!(page.contains("<title>マイページ"));
    }

    /// Where the answer leads, and its body.
    async fn send(&mut self, method: Method, path: &str, body: String) -> (String, String) {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::builder().method(method).uri(path).header(HOST, "localhost");
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        let (head, body) = self.sender.send_request(request).await.unwrap().into_parts();
        assert!(matches!(head.status, StatusCode::OK | StatusCode::SEE_OTHER), "{path}: {}", head.status);
        for line in head.headers.get_all(SET_COOKIE) {
            let (name, rest) = line.to_str().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), rest.split(';').next().unwrap().to_owned());
        }
        let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        (head.headers.get(LOCATION).map_or_else(String::new, |path| path.to_str().unwrap().to_owned()), body)
    }
}

fn csrf(page: &str) -> &str {
    let mark = "name=\"csrf\" value=\"";
    let start = page.find(mark).unwrap() + mark.len();
    page[start..].split('"').next().unwrap()
}

/// The code, as a mail program shows the mail.
fn code_in(mail: &Mail) -> String {
    let mail = Taken {
        sequence: 1,
        received_at: SystemTime::UNIX_EPOCH,
        from: String::new(),
        recipients: mail.recipients(),
        raw: mail.message().to_vec().into(),
    };
    let text = Letter::parse(&mail).text;
    let (_, rest) = text.split_once("ワンタイムパスワード：").unwrap();
    rest.chars().take(6).collect()
}
