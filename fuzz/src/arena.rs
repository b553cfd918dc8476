//! A server in this process with a few people in front of it, and one connection over memory for each input.
//!
//! The server's own tests include this file and its neighbour, so that the targets do what is tested, and work.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sekisho_server::mail::{Delivery, DeliveryError, Mail};
use sekisho_server::{Decisions, PasswordCost, RunningServer, Server, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::shapes::{Held, Holders, Sender, Shape, judge};

/// Whoever takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(20);
/// How much of a request or an answer is under way at a time. In bytes.
const PIPE_BYTES: usize = 64 * 1024;
/// How many inputs a server gets before another takes its place: what one input left behind must not decide for long what others
/// meet.
const INPUTS_PER_SERVER: usize = 512;

/// A server and the people in front of it.
pub struct Arena {
    runtime: Runtime,
    server: RunningServer,
    decisions: Arc<dyn Decisions>,
    mails: mpsc::UnboundedReceiver<Mail>,
    holders: Holders,
    inputs: usize,
}

struct Mails(mpsc::UnboundedSender<Mail>);

#[async_trait]
impl Delivery for Mails {
    async fn deliver(&self, mail: &Mail) -> Result<(), DeliveryError> {
        // Nobody may be there any more to read it.
        let _ = self.0.send(mail.clone());
        Ok(())
    }
}

/// A browser, as far as it matters here.
#[derive(Default)]
struct Browser {
    cookies: BTreeMap<String, String>,
    csrf: String,
}

impl Arena {
    /// Starts a server and signs people in.
    pub fn start(decisions: Arc<dyn Decisions>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let config = ServerConfig { seeded_accounts: 2, password_cost: PasswordCost::Cheap, ..ServerConfig::default() };
        let (sender, mails) = mpsc::unbounded_channel();
        let starting = Server::start_with(config, decisions.clone(), Arc::new(Mails(sender)));
        let server = runtime.block_on(starting).expect("a server");
        let mut arena = Self { runtime, server, decisions, mails, holders: Holders::default(), inputs: 0 };
        arena.holders = [
            arena.visitor("seeker").held(),
            arena.signed_in("seeker", 1).held(),
            arena.asked("seeker", 2).held(),
            arena.signed_in("employer", 1).held(),
        ];
        arena
    }

    /// Sends what a shape makes of an input, and says with which statuses it was answered.
    ///
    /// # Panics
    /// At an answer that must not be.
    pub fn feed(&mut self, shape: Shape, input: &[u8]) -> Vec<u16> {
        let (sender, request) = shape.request(input, &self.holders);
        let answers = self.exchange(&request);
        let statuses = judge(&answers).unwrap_or_else(|complaint| panic!("{complaint}"));
        assert_eq!(self.server.panics(), 0, "the server's code failed");
        self.inputs += 1;
        // Some inputs are what a user may do, such as signing out, or guessing till the attempt ends.
        let may_have_ended = statuses.contains(&410) || answers.windows(11).any(|part| part == b"set-cookie:");
        if self.inputs >= INPUTS_PER_SERVER || may_have_ended && !self.still_holds(sender) {
            *self = Self::start(self.decisions.clone());
        }
        statuses
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

    /// Whether a sender is still where it was.
    fn still_holds(&self, sender: Sender) -> bool {
        let path = match sender {
            Sender::Visitor => return true,
            Sender::SignedIn => "/seeker/my-page",
            Sender::Asked => "/seeker/code",
            Sender::Employer => "/employer/my-page",
        };
        let request = request("GET", path, &self.holders[sender as usize].cookies, "");
        self.exchange(request.as_bytes()).starts_with(b"HTTP/1.1 200")
    }

    fn visitor(&self, portal: &str) -> Browser {
        let mut browser = Browser::default();
        self.step(&mut browser, "GET", &format!("/{portal}/sign-in"), "");
        browser
    }

    fn asked(&self, portal: &str, account: usize) -> Browser {
        let mut browser = self.visitor(portal);
        let form = format!("address=user{account:05}%40example.test&password=password-{account:05}");
        self.step(&mut browser, "POST", &format!("/{portal}/sign-in"), &form);
        let page = self.step(&mut browser, "GET", &format!("/{portal}/code"), "");
        assert!(page.starts_with("HTTP/1.1 200"), "no code is asked for: {page}");
        browser
    }

    fn signed_in(&mut self, portal: &str, account: usize) -> Browser {
        let mut browser = self.asked(portal, account);
        let address = format!("user{account:05}@example.test");
        let coming = async {
            loop {
                let mail = self.mails.recv().await.expect("the server runs");
                if mail.recipients() == [address.as_str()] {
                    break mail;
                }
            }
        };
        let mail = self.runtime.block_on(async { tokio::time::timeout(PATIENCE, coming).await }).expect("a mail comes");
        let code = code_in(&mail).expect("the mail has a code");
        self.step(&mut browser, "POST", &format!("/{portal}/code"), &format!("code={code}"));
        let page = self.step(&mut browser, "GET", &format!("/{portal}/my-page"), "");
        assert!(page.starts_with("HTTP/1.1 200"), "nobody is signed in: {page}");
        browser
    }

    fn step(&self, browser: &mut Browser, method: &str, path: &str, form: &str) -> String {
        let body = if method == "POST" { format!("{form}&csrf={}", browser.csrf) } else { String::new() };
        let request = request(method, path, &browser.held().cookies, &body);
        let answer = String::from_utf8_lossy(&self.exchange(request.as_bytes())).into_owned();
        browser.take(&answer);
        answer
    }
}

impl Browser {
    fn held(&self) -> Held {
        let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        Held { cookies: pairs.join("; "), csrf: self.csrf.clone() }
    }

    fn take(&mut self, answer: &str) {
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        for cookie in head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
            let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).unwrap_or_default();
            match value {
                "" => self.cookies.remove(name),
                value => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        if let Some((_, rest)) = body.split_once("name=\"csrf\" value=\"") {
            self.csrf = rest.split('"').next().unwrap_or_default().to_owned();
        }
    }
}

fn request(method: &str, path: &str, cookies: &str, body: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: {cookies}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn code_in(mail: &Mail) -> Option<String> {
    let mail = mail_parser::MessageParser::default().parse(mail.message())?;
    let text = mail.body_text(0)?.into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix("ワンタイムパスワード：").map(str::to_owned));
    line.map(|line| line.trim_end().to_owned())
}
