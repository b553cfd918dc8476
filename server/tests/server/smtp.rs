//! Delivery by SMTP to a scripted mail host.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sekisho_server::mail::MailCharset;
use sekisho_server::{Conforming, RunningServer, Server, ServerConfig};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::browser::Browser;
use crate::world::{code_in, config, refused_mail_is_told};

/// A mail host that greets, takes everything but mail to `user00002`, and counts its connections.
struct MailHost {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
    mails: mpsc::UnboundedReceiver<String>,
}

/// What is special about a mail host.
#[derive(Clone, Copy, Debug, Default)]
struct Manner {
    /// Takes several commands at once.
    pipelines: bool,
    /// Hangs up on so many mails after their text.
    lost: usize,
    /// Hangs up after each mail it has taken, as hosts do that take a connection for forgotten.
    hangs_up: bool,
    /// Answers the end of so many mails with 452.
    put_off: usize,
    /// Hangs up on so many connections before its greeting, as one that is being restarted.
    down: usize,
    /// Never answers RCPT.
    stalls: bool,
}

const PLAIN: Manner = Manner { pipelines: false, lost: 0, hangs_up: false, put_off: 0, down: 0, stalls: false };
const BOTH: [Manner; 2] = [PLAIN, Manner { pipelines: true, ..PLAIN }];

impl MailHost {
    async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (sender, mails) = mpsc::unbounded_channel();
        let (counter, texts) = (connections.clone(), Arc::new(AtomicUsize::new(0)));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if counter.fetch_add(1, Ordering::SeqCst) < manner.down {
                    continue;
                }
                tokio::spawn(talk(stream, manner, texts.clone(), sender.clone()));
            }
        });
        Self { address, connections, mails }
    }
}

async fn talk(
    stream: TcpStream,
    manner: Manner,
    texts: Arc<AtomicUsize>,
    mails: mpsc::UnboundedSender<String>,
) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let (mut line, mut recipients) = (String::new(), 0);
    stream.write_all(b"220 host\r\n").await.ok()?;
    loop {
        line.clear();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let answer: &[u8] = match line.get(..4)? {
            "EHLO" if manner.pipelines => b"250-host\r\n250-PIPELINING\r\n250 8BITMIME\r\n",
            "EHLO" => b"250-host\r\n250 8BITMIME\r\n",
            "RCPT" if manner.stalls => return std::future::pending().await,
            "RCPT" if line.contains("user00002@") => b"550 no such mailbox\r\n",
            "RCPT" => {
                recipients += 1;
                b"250 ok\r\n"
            }
            "MAIL" | "RSET" => {
                recipients = 0;
                b"250 ok\r\n"
            }
            "QUIT" => return None,
            "DATA" if recipients == 0 => b"503 no recipients\r\n",
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await.ok()?;
                let mut mail = String::new();
                while !mail.ends_with("\r\n.\r\n") {
                    stream.read_line(&mut mail).await.ok()?;
                }
                let text = texts.fetch_add(1, Ordering::SeqCst);
                if text < manner.lost {
                    return None;
                }
                if text < manner.put_off {
                    stream.write_all(b"452 no space for now\r\n").await.ok()?;
                    continue;
                }
                stream.write_all(b"250 taken\r\n").await.ok()?;
                mails.send(mail.trim_end_matches(".\r\n").to_owned()).ok()?;
                if manner.hangs_up {
                    return None;
                }
                continue;
            }
            _ => b"250 ok\r\n",
        };
        stream.write_all(answer).await.ok()?;
    }
}

async fn server(smtp: Option<String>) -> RunningServer {
    let mut config = config();
    config.smtp = smtp;
    config.seeded_accounts = 2;
    Server::start(config, Arc::new(Conforming)).await.unwrap()
}

async fn give_password(browser: &mut Browser, number: usize) {
    browser.get("/seeker/sign-in").await;
    let (address, password) = (format!("user{number:05}@example.test"), format!("password-{number:05}"));
    let seen = browser.post("/seeker/sign-in", &[("address", &address), ("password", &password)]).await;
    seen.leads_to("/seeker/code");
}

async fn sign_in(browser: &mut Browser, host: &mut MailHost) {
    give_password(browser, 1).await;
    let mail = host.mails.recv().await.unwrap();
    let code = code_in(mail.as_bytes());
    browser.get("/seeker/code").await;
    browser.post("/seeker/code", &[("code", &code)]).await.leads_to("/seeker/my-page");
}

#[tokio::test]
async fn codes_go_over_one_kept_connection() {
    for manner in BOTH {
        let mut host = MailHost::start(manner).await;
        let server = server(Some(host.address.to_string())).await;
        let mut browser = Browser::open(server.address()).await;
        for _ in 0..5 {
            sign_in(&mut browser, &mut host).await;
        }
        // The host may hand a mail over before the server has put the connection back, and then one more is opened.
        let connections = host.connections.load(Ordering::SeqCst);
        assert!(connections < 5, "{connections} connections for five mails in a row, {manner:?}");
        server.shutdown().await;
    }
}

#[tokio::test]
async fn codes_come_in_the_character_set_that_is_configured() {
    for charset in [MailCharset::Utf8, MailCharset::Iso2022Jp] {
        let mut host = MailHost::start(PLAIN).await;
        let smtp = Some(host.address.to_string());
        let config = ServerConfig { smtp, seeded_accounts: 1, mail_charset: charset, ..config() };
        let server = Server::start(config, Arc::new(Conforming)).await.unwrap();
        let mut browser = Browser::open(server.address()).await;
        give_password(&mut browser, 1).await;
        let mail = host.mails.recv().await.unwrap();
        assert!(mail.contains(&format!("charset={charset}\r\n")), "{mail}");
        let code = code_in(mail.as_bytes());
        browser.get("/seeker/code").await;
        browser.post("/seeker/code", &[("code", &code)]).await.leads_to("/seeker/my-page");
    }
}

#[tokio::test]
async fn a_refused_recipient_is_told_on_the_next_screen() {
    for manner in BOTH {
        let mut host = MailHost::start(manner).await;
        let server = server(Some(host.address.to_string())).await;
        let mut browser = Browser::open(server.address()).await;
        give_password(&mut browser, 2).await;
        refused_mail_is_told(&mut browser).await;
        // Starting over meets the same clear end, and others are not touched by it.
        give_password(&mut browser, 2).await;
        refused_mail_is_told(&mut browser).await;
        sign_in(&mut browser, &mut host).await;
        if manner.pipelines {
            assert_eq!(host.connections.load(Ordering::SeqCst), 1, "a refusal costs no connection");
        }
        server.shutdown().await;
    }
}

#[tokio::test]
async fn a_mail_whose_connection_is_lost_midway_is_sent_again() {
    for manner in BOTH {
        let mut host = MailHost::start(Manner { lost: 1, ..manner }).await;
        let server = server(Some(host.address.to_string())).await;
        let mut browser = Browser::open(server.address()).await;
        sign_in(&mut browser, &mut host).await;
        assert!(host.connections.load(Ordering::SeqCst) >= 2);
        server.shutdown().await;
    }
}

#[tokio::test]
async fn a_host_that_was_down_has_the_mail_when_it_is_back() {
    let mut host = MailHost::start(Manner { down: 2, ..PLAIN }).await;
    let server = server(Some(host.address.to_string())).await;
    let mut browser = Browser::open(server.address()).await;
    sign_in(&mut browser, &mut host).await;
    assert_eq!(host.connections.load(Ordering::SeqCst), 3);
    server.shutdown().await;
}

#[tokio::test]
async fn sign_in_answers_before_its_mail_is_taken() {
    for manner in BOTH {
        let host = MailHost::start(Manner { stalls: true, ..manner }).await;
        let server = server(Some(host.address.to_string())).await;
        let mut browser = Browser::open(server.address()).await;
        // The host will never take this mail, and yet the next screen is there.
        give_password(&mut browser, 1).await;
        browser.get("/seeker/code").await.is(200, "ワンタイムパスワード入力画面");
    }
}

#[tokio::test]
async fn a_mail_put_off_at_its_end_is_sent_again() {
    for manner in BOTH {
        let mut host = MailHost::start(Manner { put_off: 2, ..manner }).await;
        let server = server(Some(host.address.to_string())).await;
        let mut browser = Browser::open(server.address()).await;
        sign_in(&mut browser, &mut host).await;
        server.shutdown().await;
    }
}

#[tokio::test]
async fn a_host_that_hangs_up_on_kept_connections_costs_no_pause() {
    for manner in BOTH {
        let mut host = MailHost::start(Manner { hangs_up: true, ..manner }).await;
        let server = server(Some(host.address.to_string())).await;
        let mut browser = Browser::open(server.address()).await;
        for _ in 0..5 {
            sign_in(&mut browser, &mut host).await;
        }
        assert_eq!(host.connections.load(Ordering::SeqCst), 5);
        server.shutdown().await;
    }
}

#[tokio::test]
async fn without_a_mail_host_it_is_told_as_well() {
    let server = server(None).await;
    let mut browser = Browser::open(server.address()).await;
    give_password(&mut browser, 1).await;
    refused_mail_is_told(&mut browser).await;
}
