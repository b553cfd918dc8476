//! What a client can't do to the asynchronous sink: fill it, hold it up, or take it from others.
#![allow(clippy::unwrap_used)]

mod sink_client;

use std::{net::SocketAddr, time::Duration};

use futures::future::join_all;
use sekisho_simulator::{
    mailbox::{MailboxError, Mark},
    sink::{Sink, SinkConfig, SinkError, SinkLimits},
};
use sink_client::Client;

const PATIENCE: Duration = Duration::from_secs(30);

async fn sink(limits: SinkLimits) -> Sink {
    Sink::start(SinkConfig { limits, ..SinkConfig::default() }).await.unwrap()
}

async fn send_mail(address: SocketAddr, to: &str) {
    let mut client = Client::greeted(address).await;
    client.send(format!("EHLO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<{to}>\r\nDATA\r\n")).await;
    for expected in [250, 250, 250, 354] {
        assert_eq!(client.code().await, Some(expected));
    }
    client.send("text\r\n.\r\nQUIT\r\n").await;
    assert_eq!((client.code().await, client.code().await), (Some(250), Some(221)));
    assert!(client.is_closed().await);
}

#[tokio::test]
async fn two_thousand_idle_connections_do_not_stop_new_ones() {
    let sink = sink(SinkLimits::default()).await;
    let idle = join_all((0..2000).map(|_| Client::greeted(sink.address()))).await;
    assert_eq!((idle.len(), sink.counts().open_connections), (2000, 2000));
    join_all((0..50).map(|_| send_mail(sink.address(), "b@x"))).await;
    assert_eq!(sink.mailbox().all_for("b@x", Mark::START).await.unwrap().len(), 50);
}

#[tokio::test]
async fn connection_beyond_the_limit_is_turned_away_and_one_after_it_is_not() {
    let sink = sink(SinkLimits { connections: 2, ..SinkLimits::default() }).await;
    let mut first = Client::greeted(sink.address()).await;
    let _second = Client::greeted(sink.address()).await;
    assert_eq!(Client::connect(sink.address()).await.code().await, Some(421));
    assert_eq!(sink.counts().turned_away, 1);
    assert_eq!(first.ask("QUIT").await, Some(221));
    assert!(first.is_closed().await);
    tokio::time::timeout(PATIENCE, async {
        while sink.counts().open_connections > 1 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("freed in time");
    send_mail(sink.address(), "b@x").await;
}

#[tokio::test]
async fn endless_line_is_answered_once_and_takes_no_memory() {
    let sink = sink(SinkLimits { line_bytes: 1000, ..SinkLimits::default() }).await;
    let mut client = Client::greeted(sink.address()).await;
    let chunk = vec![b'x'; 64 * 1024];
    for _ in 0..500 {
        client.send(&chunk).await;
    }
    assert_eq!(client.ask("").await, Some(500));
    assert_eq!(client.ask("NOOP").await, Some(250));
}

#[tokio::test]
async fn endless_mail_is_refused_at_its_end() {
    let sink = sink(SinkLimits { message_bytes: 1000, ..SinkLimits::default() }).await;
    let mut client = Client::greeted(sink.address()).await;
    for (line, code) in [("EHLO x", 250), ("MAIL FROM:<a@x>", 250), ("RCPT TO:<b@x>", 250), ("DATA", 354)] {
        assert_eq!(client.ask(line).await, Some(code));
    }
    let lines = "0123456789\r\n".repeat(5000);
    for _ in 0..300 {
        client.send(&lines).await;
    }
    assert_eq!(client.ask(".").await, Some(552));
    assert_eq!(client.ask("NOOP").await, Some(250));
    assert_eq!((sink.counts().rejected, sink.counts().mailbox.arrived), (1, 0));
}

#[tokio::test]
async fn endless_commands_and_errors_end_the_connection() {
    let sink = sink(SinkLimits { commands: 30, errors: 5, ..SinkLimits::default() }).await;
    for (line, usual, limit) in [("NOOP", 250, 30), ("NONSENSE", 500, 5), ("RCPT TO:<b@x>", 503, 5)] {
        let mut client = Client::greeted(sink.address()).await;
        for _ in 0..limit {
            assert_eq!(client.ask(line).await, Some(usual));
        }
        assert_eq!(client.ask(line).await, Some(421), "{line}");
        assert!(client.is_closed().await);
    }
}

#[tokio::test]
async fn bounds_of_commands_count_anew_with_each_mail() {
    let sink = sink(SinkLimits { commands: 6, ..SinkLimits::default() }).await;
    let mut client = Client::greeted(sink.address()).await;
    assert_eq!(client.ask("EHLO x").await, Some(250));
    for _ in 0..20 {
        for (line, code) in [("MAIL FROM:<a@x>", 250), ("RCPT TO:<b@x>", 250), ("DATA", 354), (".", 250)] {
            assert_eq!(client.ask(line).await, Some(code));
        }
    }
}

#[tokio::test]
async fn thousands_of_recipients_are_not_taken() {
    let sink = sink(SinkLimits { commands: 10_000, ..SinkLimits::default() }).await;
    let mut client = Client::greeted(sink.address()).await;
    client.send("EHLO x\r\nMAIL FROM:<a@x>\r\n").await;
    assert_eq!((client.code().await, client.code().await), (Some(250), Some(250)));
    client.send((0..3000).map(|number| format!("RCPT TO:<{number}@x>\r\n")).collect::<String>()).await;
    for number in 0..3000 {
        assert_eq!(client.code().await, Some(if number < 100 { 250 } else { 452 }));
    }
}

#[tokio::test]
async fn silent_and_overlong_connections_are_ended() {
    let short = Duration::from_millis(20);
    let silent = sink(SinkLimits { idle: short, ..SinkLimits::default() }).await;
    let mut client = Client::greeted(silent.address()).await;
    client.send("NOO").await;
    assert_eq!(client.code().await, Some(421));
    assert!(client.is_closed().await);

    let overlong = sink(SinkLimits { session: short, commands: u32::MAX, ..SinkLimits::default() }).await;
    let mut client = Client::greeted(overlong.address()).await;
    loop {
        match client.ask("NOOP").await {
            Some(250) => {}
            end => {
                assert_eq!(end, Some(421));
                break;
            }
        }
    }
}

#[tokio::test]
async fn shutdown_tells_clients_frees_the_port_and_closes_the_mailbox() {
    let sink = sink(SinkLimits::default()).await;
    let (address, mailbox) = (sink.address(), sink.mailbox());
    send_mail(address, "b@x").await;
    let mut client = Client::greeted(address).await;
    let waiting = tokio::spawn({
        let mailbox = sink.mailbox();
        async move { mailbox.next_for("nobody@x", Mark::START, PATIENCE).await }
    });
    tokio::join!(sink.shutdown(), async { assert_eq!(client.code().await, Some(421)) });
    assert_eq!(waiting.await.unwrap(), Err(MailboxError::Closed));
    assert_eq!(mailbox.all_for("b@x", Mark::START).await.unwrap().len(), 1, "what came stays readable");
    let again = Sink::start(SinkConfig { listen: address, ..SinkConfig::default() }).await.unwrap();
    assert_eq!(again.address(), address);
}

#[tokio::test]
async fn port_in_use_has_an_error_of_its_own() {
    let sink = sink(SinkLimits::default()).await;
    let listen = sink.address();
    let error = Sink::start(SinkConfig { listen, ..SinkConfig::default() }).await.unwrap_err();
    assert!(matches!(error, SinkError::PortInUse(address) if address == listen), "{error}");
    let elsewhere = SocketAddr::from(([192, 0, 2, 1], 0));
    let error = Sink::start(SinkConfig { listen: elsewhere, ..SinkConfig::default() }).await.unwrap_err();
    assert!(matches!(error, SinkError::Listen { .. }), "{error}");
}
