//! The sink's faults as a real mail client (`lettre`) meets them, in both front ends.
#![allow(clippy::unwrap_used)]

mod sink_client;

use std::{
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, Instant},
};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox as Person, MultiPart},
    transport::smtp::{Error, response::Response},
};
use sekisho_simulator::{
    mailbox::{Letter, Mail, Mark},
    sink::{Delay, Engine, Fault, Sink, SinkConfig},
};
use sink_client::Client;

const PATIENCE: Duration = Duration::from_secs(30);
const SOON: Duration = Duration::from_millis(50);

async fn both_engines() -> [Sink; 2] {
    let start = |engine| async move { Sink::start(SinkConfig { engine, ..SinkConfig::default() }).await.unwrap() };
    [start(Engine::Async).await, start(Engine::Threaded { pool: NonZeroU32::new(4).unwrap() }).await]
}

fn transport(sink: &Sink) -> AsyncSmtpTransport<Tokio1Executor> {
    AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(sink.address().ip().to_string())
        .port(sink.address().port())
        .timeout(Some(PATIENCE))
        .build()
}

fn code_mail(to: &str, subject: &str) -> Message {
    let person = |address: &str| -> Person { address.parse().unwrap() };
    Message::builder()
        .from(person("関所 <no-reply@example.jp>"))
        .to(person(to))
        .subject(subject)
        .multipart(MultiPart::alternative_plain_html("コード: 012345".to_owned(), "<p>コード: 012345</p>".to_owned()))
        .unwrap()
}

async fn send(sink: &Sink, to: &str) -> Result<Response, Error> {
    transport(sink).send(code_mail(to, "件名")).await
}

async fn next(sink: &Sink, address: &str, after: Mark) -> Arc<Mail> {
    sink.mailbox().next_for(address, after, PATIENCE).await.unwrap().expect("the mail arrives")
}

#[tokio::test]
async fn japanese_mail_of_a_real_client_arrives_and_decodes() {
    for sink in both_engines().await {
        send(&sink, "hanako@example.jp").await.unwrap();
        let mail = next(&sink, "hanako@example.jp", Mark::START).await;
        assert_eq!(
            (mail.from.as_str(), mail.recipients.as_slice()),
            ("no-reply@example.jp", ["hanako@example.jp".into()].as_slice())
        );
        let letter = Letter::parse(&mail);
        assert_eq!(letter.subject.as_deref(), Some("件名"));
        assert_eq!(letter.text, "コード: 012345");
        assert_eq!(letter.html.as_deref(), Some("<p>コード: 012345</p>"));
        assert_eq!(letter.from, ["no-reply@example.jp"]);
        assert_eq!(letter.problems, []);
    }
}

#[tokio::test]
async fn refusals_reach_the_client_as_such_and_end_when_they_are_cleared() {
    for sink in both_engines().await {
        sink.faults().set("*@dead.jp", Fault::Refuse);
        sink.faults().set("busy@example.jp", Fault::TryLater { times: None });
        assert!(send(&sink, "a@dead.jp").await.unwrap_err().is_permanent());
        assert!(send(&sink, "busy@example.jp").await.unwrap_err().is_transient());
        assert_eq!((sink.counts().refused, sink.counts().put_off, sink.counts().accepted), (1, 1, 0));
        assert!(sink.faults().clear("*@dead.jp"));
        send(&sink, "a@dead.jp").await.unwrap();
        next(&sink, "a@dead.jp", Mark::START).await;
    }
}

#[tokio::test]
async fn dropped_mail_is_accepted_and_never_arrives() {
    for sink in both_engines().await {
        sink.faults().set("lost@example.jp", Fault::DropAfterAccept);
        send(&sink, "lost@example.jp").await.unwrap();
        // The control mail shows that the way is open.
        send(&sink, "control@example.jp").await.unwrap();
        next(&sink, "control@example.jp", Mark::START).await;
        assert!(sink.mailbox().all_for("lost@example.jp", Mark::START).await.unwrap().is_empty());
        assert_eq!((sink.counts().accepted, sink.counts().mailbox.arrived), (2, 1));
    }
}

#[tokio::test]
async fn duplicated_mail_arrives_as_often_as_it_was_told() {
    for sink in both_engines().await {
        sink.faults().set("*", Fault::Duplicate { extra: 2 });
        send(&sink, "a@example.jp").await.unwrap();
        let mails = sink.mailbox().all_for("a@example.jp", Mark::START).await.unwrap();
        assert_eq!(mails.len(), 3);
        assert!(mails.iter().all(|mail| mail.raw == mails[0].raw));
    }
}

#[tokio::test]
async fn delayed_mail_is_accepted_at_once_and_arrives_later() {
    for sink in both_engines().await {
        sink.faults().set("a@example.jp", Fault::Delay(Delay::Constant(SOON)));
        let sent = Instant::now();
        send(&sink, "a@example.jp").await.unwrap();
        next(&sink, "a@example.jp", Mark::START).await;
        assert!(sent.elapsed() >= SOON);
    }
}

#[tokio::test]
async fn reordered_mail_is_overtaken_by_the_next() {
    let walks = both_engines().await.map(|sink| async move {
        // Long enough for the second mail to come in even on a busy machine.
        sink.faults().set("a@example.jp", Fault::Reorder(Duration::from_secs(2)));
        for subject in ["first", "second"] {
            transport(&sink).send(code_mail("a@example.jp", subject)).await.unwrap();
        }
        let one = next(&sink, "a@example.jp", Mark::START).await;
        let other = next(&sink, "a@example.jp", one.mark()).await;
        let subjects = [one, other].map(|mail| Letter::parse(&mail).subject.unwrap());
        assert_eq!(subjects, ["second", "first"]);
    });
    futures::future::join_all(walks).await;
}

#[tokio::test]
async fn slow_recipient_holds_its_answers_back_and_nobody_elses() {
    for sink in both_engines().await {
        sink.faults().set("slow@example.jp", Fault::Slow(SOON));
        let start = Instant::now();
        send(&sink, "slow@example.jp").await.unwrap();
        assert!(start.elapsed() >= 2 * SOON, "at RCPT and at the end");
        send(&sink, "quick@example.jp").await.unwrap();
        assert_eq!(sink.counts().accepted, 2);
    }
}

#[tokio::test]
async fn stalled_recipient_is_never_answered_and_others_are_served() {
    for sink in both_engines().await {
        sink.faults().set("stall@example.jp", Fault::Stall);
        let mut stalled = Client::greeted(sink.address()).await;
        stalled.send("HELO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<stall@example.jp>\r\n").await;
        assert_eq!((stalled.code().await, stalled.code().await), (Some(250), Some(250)));
        send(&sink, "other@example.jp").await.unwrap();
        tokio::select! {
            answer = stalled.answer() => panic!("answered {answer:?}"),
            _ = next(&sink, "other@example.jp", Mark::START) => {}
        }
        // A shutdown ends the stall.
        tokio::join!(sink.shutdown(), async { assert_eq!(stalled.code().await, Some(421)) });
    }
}

#[tokio::test]
async fn connection_of_a_client_that_leaves_a_stall_is_freed() {
    let [sink, _] = both_engines().await;
    sink.faults().set("stall@example.jp", Fault::Stall);
    let mut stalled = Client::greeted(sink.address()).await;
    stalled.send("HELO x\r\nMAIL FROM:<a@x>\r\nRCPT TO:<stall@example.jp>\r\nDATA\r\n").await;
    assert_eq!((stalled.code().await, stalled.code().await), (Some(250), Some(250)));
    assert_eq!(sink.counts().open_connections, 1);
    drop(stalled);
    tokio::time::timeout(PATIENCE, async {
        while sink.counts().open_connections > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("freed in time");
}
