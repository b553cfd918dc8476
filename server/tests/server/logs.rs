//! What is logged: every request under its id, and no secret at any level, whoever writes the line.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Arc, Mutex, OnceLock};

use async_trait::async_trait;
use bytes::Bytes;
use http::Method;
use sekisho_server::mail::{Delivery, DeliveryError, Mail};
use sekisho_server::{Conforming, Server};
use serde_json::json;

use crate::browser::{Browser, Seen};
use crate::world::{PASSWORD, TOKEN, World, config, refused_mail_is_told};

const ADDRESS: &str = "hanako.sato@people.test";
const NEW_ADDRESS: &str = "hanako.new@people.test";
const WRONG_PASSWORD: &str = "wrong-password-xyz";

/// Everything that is logged in this process, at every level and by everybody; without times, which are numbers too.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn of_the_process() -> &'static Self {
        static LOG: OnceLock<Log> = OnceLock::new();
        LOG.get_or_init(|| {
            let log = Log::default();
            let writer = log.clone();
            tracing_subscriber::fmt()
                .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
                .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
                .without_time()
                .with_ansi(false)
                .with_writer(move || writer.clone())
                .init();
            log
        })
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }

    /// The lines that hold a text; digits only count where no digit stands beside them.
    fn lines_with(&self, secret: &str) -> Vec<String> {
        let is_number = secret.bytes().all(|byte| byte.is_ascii_digit());
        let holds = |line: &str| {
            line.match_indices(secret).any(|(at, _)| {
                let (before, after) = (line[..at].chars().next_back(), line[at + secret.len()..].chars().next());
                !is_number || ![before, after].into_iter().flatten().any(|beside| beside.is_ascii_digit())
            })
        };
        self.text().lines().filter(|line| holds(line)).map(str::to_owned).collect()
    }
}

/// The secrets and request ids that were seen.
#[derive(Default)]
struct Notes {
    secrets: BTreeSet<String>,
    ids: Vec<String>,
}

impl Notes {
    /// Notes what an answer shows: cookies, tokens of forms, its id.
    fn note(&mut self, browser: &Browser, seen: &Seen) {
        let set = seen.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
        let values = set.filter_map(|line| line.split(';').next()?.split_once('=').map(|(_, value)| value.to_owned()));
        self.secrets.extend(values.chain(browser.cookies.values().cloned()).chain([browser.csrf()]));
        self.ids.push(seen.header("x-request-id").to_owned());
    }

    async fn get(&mut self, browser: &mut Browser, path: &str) {
        let seen = browser.get(path).await;
        self.note(browser, &seen);
    }

    async fn post(&mut self, browser: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Seen {
        self.secrets.extend(fields.iter().map(|(_, value)| (*value).to_owned()).filter(|value| value.len() > 5));
        let seen = browser.post(path, fields).await;
        self.note(browser, &seen);
        seen
    }

    /// ID and password, the wrong code and the right one.
    async fn sign_in(&mut self, world: &World, browser: &mut Browser) {
        self.get(browser, "/seeker/sign-in").await;
        let pair = [("address", ADDRESS), ("password", PASSWORD)];
        self.post(browser, "/seeker/sign-in", &pair).await.leads_to("/seeker/code");
        let code = world.postbox.code(ADDRESS).await;
        let wrong = if code == "123456" { "654321" } else { "123456" };
        self.get(browser, "/seeker/code").await;
        self.post(browser, "/seeker/code", &[("code", wrong)]).await.is(422, "ワンタイムパスワード入力画面");
        self.post(browser, "/seeker/code", &[("code", &code), ("skip", "on")]).await.leads_to("/seeker/skip");
    }
}

#[tokio::test]
async fn no_secret_is_logged_at_any_level_and_every_request_is() {
    let (log, mut notes) = (Log::of_the_process(), Notes::default());
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({})).await;
    let mut browser = world.browser().await;
    notes.get(&mut browser, "/seeker/sign-in").await;
    notes.post(&mut browser, "/seeker/sign-in", &[("address", ADDRESS), ("password", WRONG_PASSWORD)]).await;
    notes.sign_in(&world, &mut browser).await;
    notes.get(&mut browser, "/seeker/skip").await;
    notes.post(&mut browser, "/seeker/skip", &[("decision", "ok")]).await.leads_to("/seeker/my-page");
    assert_eq!(browser.skip_cookies().len(), 1);
    for path in ["my-page", "settings", "settings/skip", "settings/skip/resume"] {
        notes.get(&mut browser, &format!("/seeker/{path}")).await;
    }
    notes.post(&mut browser, "/seeker/settings/skip/resume/complete", &[]).await.leads_to("/seeker/settings/skip");
    notes.get(&mut browser, "/seeker/settings/address").await;
    let changed = notes.post(&mut browser, "/seeker/settings/address", &[("address", NEW_ADDRESS)]).await;
    assert_eq!(changed.status, 303);
    notes.get(&mut browser, "/seeker/my-page").await;
    notes.post(&mut browser, "/seeker/sign-out", &[]).await.leads_to("/seeker/sign-in");
    world.control(Method::GET, &format!("/clock?portal=seeker&address={ADDRESS}"), json!(null)).await;
    world.control(Method::POST, "/clock", json!({ "accounts": "all", "advance_ms": 1 })).await;
    notes.secrets.extend([TOKEN, ADDRESS, NEW_ADDRESS, PASSWORD].map(str::to_owned));
    world.server.shutdown().await;

    notes.secrets.remove("");
    assert!(notes.secrets.len() >= 12 && notes.ids.len() >= 15, "{} secrets", notes.secrets.len());
    for id in &notes.ids {
        assert!(log.lines_with(id).iter().any(|line| line.contains("answered")), "request {id} is not logged");
    }
    for secret in &notes.secrets {
        assert_eq!(log.lines_with(secret), Vec::<String>::new(), "{secret}");
    }
    // What the search would have found.
    for secret in &notes.secrets {
        tracing::trace!(secret, "planted");
        assert_eq!(log.lines_with(secret).len(), 1);
    }
}

/// A mail host that names the recipient when it refuses.
struct Chatty;

#[async_trait]
impl Delivery for Chatty {
    async fn deliver(&self, mail: &Mail) -> Result<(), DeliveryError> {
        Err(DeliveryError::Refused(format!("550 5.1.1 <{}>: no such user", mail.recipients()[0])))
    }
}

#[tokio::test]
async fn the_fate_of_a_mail_is_logged_under_the_id_of_its_request_and_masked() {
    let log = Log::of_the_process();
    let mut config = config();
    config.seeded_accounts = 1;
    let server = Server::start_with(config, Arc::new(Conforming), Arc::new(Chatty)).await.unwrap();
    let mut browser = Browser::open(server.address()).await;
    browser.get("/seeker/sign-in").await;
    let fields = [("address", "user00001@example.test"), ("password", "password-00001"), ("csrf", &browser.csrf())];
    let body = crate::browser::encoded(&fields);
    let headers = [("x-request-id", "trace-of.the_caller-1")];
    let seen = browser.post_raw("/seeker/sign-in", &headers, &body).await;
    assert_eq!(seen.leads_to("/seeker/code").header("x-request-id"), "trace-of.the_caller-1");
    refused_mail_is_told(&mut browser).await;
    let lines = log.lines_with("could not be mailed");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("trace-of.the_caller-1") && lines[0].contains("<u…@example.test>"), "{lines:?}");
}

#[tokio::test]
async fn an_id_that_could_do_harm_is_replaced() {
    let world = World::start().await;
    let mut browser = world.browser().await;
    for (given, taken) in [("abc-1", true), ("a b", false), ("x\"y", false), (&"x".repeat(65), false)] {
        let seen = browser.send(Method::GET, "/seeker/sign-in", &[("x-request-id", given)], Bytes::new()).await;
        assert_eq!(seen.header("x-request-id") == given, taken, "{given}");
        assert!(!seen.header("x-request-id").is_empty());
    }
}
