//! A server in this process, one connection over memory for each input.

pub mod shapes;

use std::cell::RefCell;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use sekisho_server::mail::{Delivery, DeliveryError, Mail};
use sekisho_server::{Conforming, PasswordCost, RunningServer, Server, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Runtime;

use shapes::Held;

/// Whoever takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(20);
/// How much of a request or an answer is under way at a time. In bytes.
const PIPE_BYTES: usize = 64 * 1024;

struct World {
    runtime: Runtime,
    server: RunningServer,
    mails: Arc<Mails>,
    held: Held,
}

/// Keeps the last mail.
#[derive(Default)]
struct Mails(Mutex<Option<Mail>>);

#[async_trait]
impl Delivery for Mails {
    async fn deliver(&self, mail: &Mail) -> Result<(), DeliveryError> {
        *self.0.lock().expect("nobody panics holding it") = Some(mail.clone());
        Ok(())
    }
}

thread_local! {
    static WORLD: RefCell<World> = RefCell::new(World::start());
}

/// Sends what is made of the input, and panics at an answer that must not be.
pub fn try_out(shape: impl FnOnce(&Held) -> Vec<u8>) {
    WORLD.with_borrow_mut(|world| {
        let request = shape(&world.held);
        let answer = world.exchange(&request);
        if let Some(complaint) = shapes::complaint(&answer) {
            panic!("{complaint}");
        }
        assert_eq!(world.server.panics(), 0);
        // Some inputs are what a user may do, such as signing out.
        let text = String::from_utf8_lossy(&answer);
        if text.contains("set-cookie: session-seeker=;") || text.contains("location: /seeker/sign-in") {
            world.sign_in();
        }
    });
}

impl World {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mails = Arc::new(Mails::default());
        let config = ServerConfig { seeded_accounts: 3, password_cost: PasswordCost::Cheap, ..ServerConfig::default() };
        let server = runtime.block_on(Server::start_with(config, Arc::new(Conforming), mails.clone())).expect("a server");
        let mut world = Self { runtime, server, mails, held: Held::default() };
        world.sign_in();
        world
    }

    fn exchange(&self, request: &[u8]) -> Vec<u8> {
        self.runtime.block_on(async {
            let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
            let (mut from, mut to) = tokio::io::split(ours);
            let asking = async {
                // The server may close before it has heard everything.
                let _ = to.write_all(request).await;
                let _ = to.shutdown().await;
            };
            let mut answer = Vec::new();
            let hearing = async { from.read_to_end(&mut answer).await };
            let all = async { tokio::join!(asking, hearing, self.server.serve_stream(theirs)) };
            tokio::time::timeout(PATIENCE, all).await.expect("it hangs").1.expect("memory does not fail");
            answer
        })
    }

    /// Signs in as one of the accounts from the start. Limits of mails per hour may be reached: then the old cookies stay.
    fn sign_in(&mut self) {
        for number in 1..=3 {
            let mut held = Held::default();
            self.step(&mut held, "GET", "/seeker/sign-in", "");
            let form = format!("address=user0000{number}%40example.test&password=password-0000{number}");
            self.step(&mut held, "POST", "/seeker/sign-in", &form);
            self.step(&mut held, "GET", "/seeker/code", "");
            let Some(code) = self.mails.0.lock().expect("nobody panics holding it").take().and_then(|mail| code_in(&mail)) else {
                continue;
            };
            self.step(&mut held, "POST", "/seeker/code", &format!("code={code}&skip=on"));
            let page = self.step(&mut held, "GET", "/seeker/my-page", "");
            if page.starts_with("HTTP/1.1 200") {
                self.held = held;
                return;
            }
        }
    }

    fn step(&self, held: &mut Held, method: &str, path: &str, form: &str) -> String {
        let body = if method == "POST" { format!("{form}&csrf={}", held.csrf) } else { String::new() };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            held.cookies,
            body.len()
        );
        let answer = String::from_utf8_lossy(&self.exchange(request.as_bytes())).into_owned();
        for line in answer.lines().take_while(|line| !line.is_empty()) {
            if let Some(cookie) = line.strip_prefix("set-cookie: ") {
                held.cookies += &format!("; {}", cookie.split(';').next().unwrap_or_default());
            }
        }
        if let Some(token) = answer.split("name=\"csrf\" value=\"").nth(1) {
            held.csrf = token.split('"').next().unwrap_or_default().to_owned();
        }
        answer
    }
}

fn code_in(mail: &Mail) -> Option<String> {
    let mail = mail_parser::MessageParser::default().parse(mail.message())?;
    let text = mail.body_text(0)?.into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix("ワンタイムパスワード：").map(str::to_owned));
    line.map(|line| line.trim_end().to_owned())
}
