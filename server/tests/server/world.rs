//! A server with cheap passwords and a control listener, and what is needed to use it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Method, StatusCode};
use sekisho_server::mail::{Delivery, DeliveryError, Mail};
use sekisho_server::{Conforming, ControlConfig, Decisions, PasswordCost, RunningServer, Server, ServerConfig};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::browser::{Browser, Seen};

pub const TOKEN: &str = "control-token";
pub const PASSWORD: &str = "正しい-password-1";

/// A running server and its caught mail.
pub struct World {
    pub server: RunningServer,
    pub postbox: Arc<Postbox>,
}

/// Catches mails; addresses that begin with `dead` refuse theirs, and a closed postbox takes none for now.
#[derive(Default)]
pub struct Postbox {
    mails: Mutex<Vec<Mail>>,
    seen: Mutex<HashMap<String, usize>>,
    arrived: Notify,
    pub held_up: std::sync::atomic::AtomicBool,
}

#[async_trait]
impl Delivery for Postbox {
    async fn deliver(&self, mail: &Mail) -> Result<(), DeliveryError> {
        if self.held_up.load(std::sync::atomic::Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if mail.recipients()[0].starts_with("dead") {
            return Err(DeliveryError::Refused("550 no such mailbox".to_owned()));
        }
        self.mails.lock().unwrap().push(mail.clone());
        self.arrived.notify_waiters();
        Ok(())
    }
}

impl Postbox {
    /// How many mails have come for an address.
    pub fn count(&self, address: &str) -> usize {
        self.of(address).len()
    }

    fn of(&self, address: &str) -> Vec<Mail> {
        self.mails.lock().unwrap().iter().filter(|mail| mail.recipients() == [address]).cloned().collect()
    }

    /// The code of the next mail to an address that was not asked for before.
    pub async fn code(&self, address: &str) -> String {
        code_in(&self.next(address).await)
    }

    /// The confirmation number of the next mail to an address that was not asked for before.
    pub async fn number(&self, address: &str) -> String {
        let text = text_of(&self.next(address).await);
        let line = text.lines().find_map(|line| line.strip_prefix("確認番号："));
        line.expect("the mail has a confirmation number").trim_end().to_owned()
    }

    /// The next mail to an address that was not asked for before.
    pub async fn next(&self, address: &str) -> Vec<u8> {
        let index = {
            let mut seen = self.seen.lock().unwrap();
            let next = seen.entry(address.to_owned()).or_default();
            *next += 1;
            *next - 1
        };
        let wait = async {
            loop {
                let arrived = self.arrived.notified();
                if let Some(mail) = self.of(address).get(index) {
                    return mail.message().to_vec();
                }
                arrived.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), wait).await.expect("the mail comes")
    }
}

/// The text of a mail, read as a mail program reads it.
pub fn text_of(message: &[u8]) -> String {
    let mail = mail_parser::MessageParser::default().parse(message).unwrap();
    mail.body_text(0).unwrap().into_owned()
}

/// The code in a mail, read as a mail program reads it.
pub fn code_in(message: &[u8]) -> String {
    let mail = mail_parser::MessageParser::default().parse(message).unwrap();
    assert!(mail.subject().unwrap().contains("ワンタイムパスワード"));
    let text = mail.body_text(0).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("ワンタイムパスワード："));
    line.unwrap().trim_end().to_owned()
}

impl World {
    pub async fn start() -> Self {
        Self::start_with(Arc::new(Conforming), |_| ()).await
    }

    pub async fn start_with(decisions: Arc<dyn Decisions>, change: impl FnOnce(&mut ServerConfig)) -> Self {
        let postbox = Arc::new(Postbox::default());
        let mut config = config();
        change(&mut config);
        let server = Server::start_with(config, decisions, postbox.clone()).await.unwrap();
        Self { server, postbox }
    }

    pub async fn browser(&self) -> Browser {
        Browser::open(self.server.address()).await
    }

    /// Makes an account with [`PASSWORD`].
    pub async fn account(&self, portal: &str, address: &str, more: Value) {
        let mut account = json!({ "portal": portal, "address": address, "password": PASSWORD, "name": "佐藤 花子" });
        account.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (status, body) = self.control(Method::POST, "/accounts", json!({ "accounts": [account] })).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
    }

    pub async fn control(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let mut browser = Browser::open(self.server.control_address().unwrap()).await;
        let authorization = format!("Bearer {TOKEN}");
        let headers = [("authorization", authorization.as_str())];
        let seen = browser.send(method, path, &headers, Bytes::from(body.to_string())).await;
        (seen.status, serde_json::from_str(&seen.body).unwrap())
    }

    /// Waits till the mail queue is empty again; a mail leaves it a moment after it has arrived.
    pub async fn idle(&self) {
        let wait = async {
            while self.control(Method::GET, "/healthz", Value::Null).await.1["mail_queue"]["mails"] != json!(0) {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), wait).await.expect("the mail queue becomes empty");
    }

    pub async fn advance(&self, portal: &str, address: &str, by: Duration) {
        let body = json!({
            "accounts": [{ "portal": portal, "address": address }], "advance_ms": by.as_millis() as u64
        });
        let (status, body) = self.control(Method::POST, "/clock", body).await;
        assert_eq!(status, StatusCode::OK, "{body}");
    }

    /// ID and password on a fresh sign-in page.
    pub async fn give_password(&self, browser: &mut Browser, portal: &str, address: &str) -> Seen {
        browser.get(&format!("/{portal}/sign-in")).await.is(200, "ログイン");
        browser.post(&format!("/{portal}/sign-in"), &[("address", address), ("password", PASSWORD)]).await
    }

    /// Signs in with a code.
    pub async fn sign_in(&self, browser: &mut Browser, portal: &str, address: &str, ticked: bool) -> Seen {
        self.give_password(browser, portal, address).await.leads_to(&format!("/{portal}/code"));
        let code = self.postbox.code(address).await;
        browser.get(&format!("/{portal}/code")).await.is(200, "ワンタイムパスワード入力画面");
        let fields = [("code", code.as_str()), ("skip", "on")];
        browser.post(&format!("/{portal}/code"), &fields[..1 + usize::from(ticked)]).await
    }

    /// Sets a skip in a browser.
    pub async fn set_skip(&self, browser: &mut Browser, portal: &str, address: &str) {
        self.sign_in(browser, portal, address, true).await.leads_to(&format!("/{portal}/skip"));
        browser.get(&format!("/{portal}/skip")).await.is(200, "ワンタイムパスワード省略設定確認画面");
        browser.post(&format!("/{portal}/skip"), &[("decision", "ok")]).await.leads_to(&format!("/{portal}/my-page"));
    }

    /// What the skip settings screen says.
    pub async fn status(&self, browser: &mut Browser, portal: &str) -> String {
        let seen = browser.get(&format!("/{portal}/settings/skip")).await;
        seen.is(200, "ワンタイムパスワード入力省略設定");
        let mark = "<strong id=\"skip-status\">";
        let start = seen.body.find(mark).unwrap() + mark.len();
        seen.body[start..].split('<').next().unwrap().to_owned()
    }
}

/// Looks at the code entry screen till it says that the mail was refused: that comes by another way than the redirect.
pub async fn refused_mail_is_told(browser: &mut Browser) -> Seen {
    let look = async {
        loop {
            let seen = browser.get("/seeker/code").await;
            if seen.status != StatusCode::OK {
                break seen;
            }
            tokio::task::yield_now().await;
        }
    };
    let seen = tokio::time::timeout(Duration::from_secs(10), look).await.expect("the refusal is told");
    seen.is(410, "メールを送信できませんでした");
    seen
}

pub fn config() -> ServerConfig {
    let listen = ([127, 0, 0, 1], 0).into();
    ServerConfig {
        control: Some(ControlConfig { listen, token: TOKEN.to_owned() }),
        password_cost: PasswordCost::Cheap,
        ..ServerConfig::default()
    }
}
