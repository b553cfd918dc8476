//! A target that is stuck, in a world where everything else does what it is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use sekisho_simulator::account::{Account, AccountError, AccountKey, Accounts, Wanted};
use sekisho_simulator::browser::{Network, NetworkConfig};
use sekisho_simulator::clock::{Clock, ClockError};
use sekisho_simulator::mailbox::{Arrivals, ArrivalsLimits, Mail, Mailbox, MailboxError, Mark};
use sekisho_simulator::office::{Office, OfficeError, Procedure};
use sekisho_simulator::population::Population;
use sekisho_simulator::target::{Loading, Target};
use sekisho_simulator::world::{MailRefusal, World};
use tokio_util::sync::CancellationToken;

use crate::{server, support};

/// A screen that a target can be stuck on.
pub struct Stuck {
    pub name: &'static str,
    pub title: &'static str,
    pub status: u16,
    /// What stands where the skip settings say whether there is a skip.
    pub skip: &'static str,
}

const fn stuck(name: &'static str, title: &'static str, status: u16, skip: &'static str) -> Stuck {
    Stuck { name, title, status, skip }
}

/// Every screen of the reference profile, and a page that is none.
pub const SCREENS: &[Stuck] = &[
    stuck("sign-in", "ログイン | x", 200, ""),
    stuck("code-entry", "ワンタイムパスワード入力画面 | x", 200, ""),
    stuck("attempt-over", "ログインをやり直してください | x", 410, ""),
    stuck("skip-confirmation", "ワンタイムパスワード省略設定確認画面 | x", 200, ""),
    stuck("my-page", "マイページ | x", 200, ""),
    stuck("settings", "各種設定 | x", 200, ""),
    stuck("skip-settings: none", "ワンタイムパスワード入力省略設定 | x", 200, "なし"),
    stuck("skip-settings: some", "ワンタイムパスワード入力省略設定 | x", 200, "あり"),
    stuck("resume-confirmation", "ワンタイムパスワード入力再開確認画面 | x", 200, ""),
    stuck("address-change", "メールアドレスの変更 | x", 200, ""),
    stuck("address-confirmation", "メールアドレス変更確認画面 | x", 200, ""),
    stuck("additional-accounts", "追加アカウント | x", 200, ""),
    stuck("password-change", "パスワードの変更 | x", 200, ""),
    stuck("cookies-off", "Cookieを有効にしてください | x", 200, ""),
    stuck("mail-failed", "メールを送信できませんでした | x", 200, ""),
    stuck("limited", "x", 429, ""),
    stuck("refused", "x", 403, ""),
    stuck("not found", "x", 404, ""),
    stuck("a page that nobody knows", "ようこそ", 200, ""),
];

const FORMS: &str = "\
    <form id=sign-in method=post action=/x><input name=address><input name=password></form>\
    <form id=code-entry method=post action=/x><input name=code><input type=checkbox name=skip></form>\
    <form id=skip-confirmation method=post action=/x><button name=decision value=ok>OK</button>\
    <button name=decision value=cancel>x</button></form>\
    <form id=resume method=post action=/x><button>x</button></form>\
    <form id=resume-confirmation method=post action=/x><button>x</button></form>\
    <form id=address-change method=post action=/x><input name=address></form>\
    <form id=address-confirmation method=post action=/x><input name=number></form>\
    <form id=sign-out method=post action=/x><button>x</button></form>\
    <div id=cautions>注意</div>";

/// A world with a target that is stuck there; `mails` says whether whoever waits for a code finds one.
pub fn world(stuck: &'static Stuck, mails: bool) -> Arc<World> {
    let visits = AtomicU64::new(0);
    let address = server::start(server::site(move |_| {
        let Stuck { title, status, skip, .. } = stuck;
        let body = format!("<html><title>{title}</title>{FORMS}<p id=skip-status>{skip}</p></html>");
        let number = visits.fetch_add(1, Ordering::Relaxed);
        format!(
            "HTTP/1.1 {status} x\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
             Set-Cookie: skip-0123456789abcdef={number:032x}; Max-Age=7776000; Path=/\r\n\
             Set-Cookie: session-x={number}; Path=/\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }));
    let profile = support::profile_for(&format!("http://{address}"));
    let profile = support::replace(&profile, "\"seeker\", \"employer\", \"provider\"", "\"employer\"");
    let profile = support::replace(&profile, "browsers_tried = 64", "browsers_tried = 4");
    let profile = support::replace(&profile, "mail_patience = \"300ms\"", "mail_patience = \"30ms\"");
    let profile = support::replace(&profile, "quiet_time = \"25ms\"", "quiet_time = \"1ms\"");
    let arrivals = Arc::new(Arrivals::new(ArrivalsLimits::default()));
    Arc::new(World {
        target: Target::parse("stuck.toml", &profile, &Loading::default()).unwrap(),
        network: Arc::new(Network::new(NetworkConfig::default()).unwrap()),
        mailbox: if mails { Arc::new(Generous { arrivals, given: AtomicU64::new(0) }) } else { arrivals },
        clock: Arc::new(Obliging),
        accounts: Arc::new(Obliging),
        office: Some(Arc::new(Obliging)),
        timeline: None,
        population: Population::new(1, stuck.name),
        time_proof: Default::default(),
        refusal: Some(Arc::new(Obliging)),
        cancel: CancellationToken::new(),
    })
}

/// Does whatever it is told, or says so.
struct Obliging;

#[async_trait]
impl Clock for Obliging {
    async fn advance(&self, _: &[AccountKey], _: Duration) -> Result<(), ClockError> {
        Ok(())
    }

    fn can_move(&self) -> bool {
        true
    }

    fn can_freeze(&self) -> bool {
        true
    }
}

#[async_trait]
impl Accounts for Obliging {
    async fn provide(&self, wanted: Vec<Wanted>) -> Result<Vec<Account>, AccountError> {
        Ok(wanted.into_iter().map(|wanted| wanted.account).collect())
    }

    fn has_additional(&self) -> bool {
        true
    }

    fn can_start_at(&self) -> bool {
        true
    }
}

#[async_trait]
impl Office for Obliging {
    async fn request(&self, _: &Account, _: &str) -> Result<Procedure, OfficeError> {
        Ok(Procedure("1".to_owned()))
    }

    async fn check_identity(&self, _: &Procedure) -> Result<SystemTime, OfficeError> {
        Ok(SystemTime::now() + Duration::from_secs(3 * 24 * 3600))
    }
}

#[async_trait]
impl MailRefusal for Obliging {
    fn refuse(&self, _: &str) {}

    async fn refused(&self, _: &str, _: Duration) -> bool {
        true
    }
}

/// A mailbox that has a fresh code for whoever waits for one, and a number that confirms an address.
struct Generous {
    arrivals: Arc<Arrivals>,
    given: AtomicU64,
}

#[async_trait]
impl Mailbox for Generous {
    async fn mark(&self) -> Result<Mark, MailboxError> {
        self.arrivals.mark().await
    }

    async fn next_for(
        &self,
        address: &str,
        after: Mark,
        patience: Duration,
    ) -> Result<Option<Arc<Mail>>, MailboxError> {
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        let text = format!(
            "From: a@b.test\r\nTo: {address}\r\nSubject: ワンタイムパスワード\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
             ワンタイムパスワード：{number:06}\r\n確認番号：{number:06}\r\n"
        );
        self.arrivals.deliver("a@b.test".to_owned(), vec![address.to_owned()], text.into_bytes().into());
        self.arrivals.next_for(address, after, patience).await
    }

    async fn next(&self, after: Mark) -> Result<Arc<Mail>, MailboxError> {
        self.arrivals.next(after).await
    }

    async fn all_for(&self, address: &str, after: Mark) -> Result<Vec<Arc<Mail>>, MailboxError> {
        self.arrivals.all_for(address, after).await
    }

    async fn everything_after(&self, after: Mark) -> Result<Vec<Arc<Mail>>, MailboxError> {
        self.arrivals.everything_after(after).await
    }
}
