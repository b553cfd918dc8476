//! Delivery by SMTP to a scripted mail host.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sekisho_server::{Conforming, RunningServer, Server};
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

impl MailHost {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let (sender, mails) = mpsc::unbounded_channel();
        let counter = connections.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counter.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(talk(stream, sender.clone()));
            }
        });
        Self { address, connections, mails }
    }
}

async fn talk(stream: TcpStream, mails: mpsc::UnboundedSender<String>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.write_all(b"220 host\r\n").await.ok()?;
    loop {
        line.clear();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let answer: &[u8] = match line.get(..4)? {
            "EHLO" => b"250-host\r\n250 8BITMIME\r\n",
            "RCPT" if line.contains("user00002@") => b"550 no such mailbox\r\n",
            "QUIT" => return None,
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await.ok()?;
                let mut mail = String::new();
                while !mail.ends_with("\r\n.\r\n") {
                    stream.read_line(&mut mail).await.ok()?;
                }
                mails.send(mail.trim_end_matches(".\r\n").to_owned()).ok()?;
                b"250 taken\r\n"
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

#[tokio::test]
async fn codes_go_over_one_kept_connection() {
    let mut host = MailHost::start().await;
    let server = server(Some(host.address.to_string())).await;
    let mut browser = Browser::open(server.address()).await;
    for _ in 0..5 {
        give_password(&mut browser, 1).await;
        let mail = host.mails.recv().await.unwrap();
        let code = code_in(mail.as_bytes());
        browser.get("/seeker/code").await;
        browser.post("/seeker/code", &[("code", &code)]).await.leads_to("/seeker/my-page");
    }
    // The host may hand a mail over before the server has put the connection back, and then one more is opened.
    let connections = host.connections.load(Ordering::SeqCst);
    assert!(connections < 5, "{connections} connections for five mails in a row");
    server.shutdown().await;
}

#[tokio::test]
async fn a_refused_recipient_is_told_on_the_next_screen() {
    let host = MailHost::start().await;
    let server = server(Some(host.address.to_string())).await;
    let mut browser = Browser::open(server.address()).await;
    give_password(&mut browser, 2).await;
    refused_mail_is_told(&mut browser).await;
    server.shutdown().await;
}

#[tokio::test]
async fn without_a_mail_host_it_is_told_as_well() {
    let server = server(None).await;
    let mut browser = Browser::open(server.address()).await;
    give_password(&mut browser, 1).await;
    refused_mail_is_told(&mut browser).await;
}
