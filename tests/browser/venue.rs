//! Where the walks take place: the reference server, the sink its mail goes to, and a few accounts.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use sekisho_server::mail::{MAIL_QUEUE, SmtpDelivery};
use sekisho_server::store::{Kept, Ledger, SqliteLedger, StoreError, Write};
use sekisho_server::{Conforming, ControlConfig, Decisions, PasswordCost, RunningServer, Server, ServerConfig};
use sekisho_simulator::mailbox::{Letter, Mark};
use sekisho_simulator::sink::{Fault, Sink, SinkConfig};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long a mail may take on this machine before a test fails.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The time of the accounts whose clocks stand still: a Wednesday morning in Japan.
const WEDNESDAY: &str = "2026-04-01T10:00:00+09:00";

const TOKEN: &str = "the token of these tests";

/// Somebody who can sign in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Account {
    pub address: &'static str,
    pub password: &'static str,
}

/// Has an account at every portal, the same everywhere.
pub const HANAKO: Account = Account { address: "hanako@example.test", password: "a-password-of-hanako" };

/// Has one too.
pub const TARO: Account = Account { address: "taro@example.test", password: "a-password-of-taro" };

/// What people call them.
const NAMES: [(Account, &str); 2] = [(HANAKO, "山田 花子"), (TARO, "田中 太郎")];

pub struct Venue {
    server: RunningServer,
    sink: Sink,
    disk: Arc<AtomicBool>,
    // Dropped last, when nobody writes there any more.
    _folder: TempDir,
}

impl Venue {
    /// A venue whose server obeys the rules; all clocks run.
    pub async fn open() -> Self {
        Self::open_with(Arc::new(Conforming), MAIL_QUEUE, json!({ "frozen": false })).await
    }

    /// A venue where every account's clock stands still until it is moved: each visit sees the same.
    pub async fn frozen() -> Self {
        Self::differing(Conforming).await
    }

    /// A venue whose server differs in these decisions; its clocks stand still.
    pub async fn differing(decisions: impl Decisions + 'static) -> Self {
        Self::open_with(Arc::new(decisions), MAIL_QUEUE, json!({ "frozen": true, "starts_at": WEDNESDAY })).await
    }

    /// A venue whose server has no room for a single mail.
    pub async fn without_room_for_mail() -> Self {
        Self::open_with(Arc::new(Conforming), 0, json!({ "frozen": true, "starts_at": WEDNESDAY })).await
    }

    async fn open_with(decisions: Arc<dyn Decisions>, mail_queue: usize, clock: Value) -> Self {
        let sink = Sink::start(SinkConfig::default()).await.unwrap();
        let config = ServerConfig {
            control: Some(ControlConfig { listen: ([127, 0, 0, 1], 0).into(), token: TOKEN.to_owned() }),
            password_cost: PasswordCost::Cheap,
            mail_queue,
            ..ServerConfig::default()
        };
        let folder = tempfile::tempdir().unwrap();
        let disk = Arc::new(AtomicBool::new(true));
        let kept = SqliteLedger::open(&folder.path().join("store.db"), &mut rand::rng()).unwrap();
        let ledger = Box::new(Disk { kept, works: disk.clone() });
        let delivery = Arc::new(SmtpDelivery::new(sink.address().to_string()));
        let server = Server::start_over(ledger, config, decisions, delivery).await.unwrap();
        let venue = Self { server, sink, disk, _folder: folder };
        let mut accounts = Vec::new();
        for (portal, (person, name)) in
            ["seeker", "employer", "provider"].iter().flat_map(|it| NAMES.map(|of| (it, of)))
        {
            let mut account = clock.clone();
            account["portal"] = json!(portal);
            account["address"] = json!(person.address);
            account["password"] = json!(person.password);
            account["name"] = json!(name);
            accounts.push(account);
        }
        venue.control(Method::POST, "/accounts", &json!({ "accounts": accounts })).await;
        venue
    }

    /// From now on nothing comes to disk any more.
    pub fn lose_disk(&self) {
        self.disk.store(false, Ordering::Release);
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.server.address())
    }

    /// Asks the control listener, which must not refuse.
    pub async fn control(&self, method: Method, path: &str, body: &Value) -> Value {
        let url = format!("http://{}{path}", self.server.control_address().unwrap());
        let request = Request::builder().method(method).uri(url).header(AUTHORIZATION, format!("Bearer {TOKEN}"));
        let request = request.body(Full::<bytes::Bytes>::from(body.to_string())).unwrap();
        let answer = Client::builder(TokioExecutor::new()).build_http().request(request).await.unwrap();
        let status = answer.status();
        let text = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(status.is_success(), "`{path}`: {status}: {}", String::from_utf8_lossy(&text));
        serde_json::from_slice(&text).unwrap()
    }

    /// Lets this time pass for everybody.
    pub async fn advance(&self, by: Duration) {
        let body = json!({ "accounts": "all", "advance_ms": u64::try_from(by.as_millis()).unwrap() });
        self.control(Method::POST, "/clock", &body).await;
    }

    /// The position behind all mail that has come so far.
    pub async fn mark(&self) -> Mark {
        self.sink.mailbox().mark().await.unwrap()
    }

    /// The only number of six digits in the first mail to the address after `mark`.
    pub async fn number_after(&self, mark: Mark, address: &str) -> String {
        let mail = self.sink.mailbox().next_for(address, mark, PATIENCE).await.unwrap().expect("a mail comes");
        let text = Letter::parse(&mail).text;
        let numbers = text.split(|letter: char| !letter.is_ascii_digit());
        let codes: Vec<&str> = numbers.filter(|number| number.len() == 6).collect();
        let [code] = codes[..] else { panic!("not one code in the mail: {} of them", codes.len()) };
        code.to_owned()
    }

    /// How many mails have come to anybody after `mark`.
    pub async fn mails_after(&self, mark: Mark) -> usize {
        self.sink.mailbox().everything_after(mark).await.unwrap().len()
    }

    /// From now on the mail host knows no mailbox of this address.
    pub fn refuse_mail_to(&self, address: &str) {
        self.sink.faults().set(address, Fault::Refuse);
    }

    /// Waits till the mail host has refused a mail to this address.
    pub async fn has_refused(&self, address: &str) {
        assert!(self.sink.faults().refused(address, PATIENCE).await, "no mail to `{address}` was refused");
    }

    /// The mail host takes mail to everybody again.
    pub fn take_all_mail(&self) {
        self.sink.faults().clear_all();
    }
}

/// A store on disk that can be made to fail.
struct Disk {
    kept: SqliteLedger,
    works: Arc<AtomicBool>,
}

impl Ledger for Disk {
    fn load(&mut self) -> Result<Kept, StoreError> {
        self.kept.load()
    }

    fn commit(&mut self, writes: &[Write]) -> Result<(), StoreError> {
        match self.works.load(Ordering::Acquire) {
            true => self.kept.commit(writes),
            false => Err(StoreError::Contradiction("the disk was lost".to_owned())),
        }
    }
}
