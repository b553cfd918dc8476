//! A foreign Mailpit as a source of mail: our own sink's inbox speaks its API, and a small server misbehaves where a Mailpit would not.
#![allow(clippy::unwrap_used)]

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use lettre::address::Envelope;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use sekisho_simulator::browser::NetworkConfig;
use sekisho_simulator::mailbox::{Mailbox, MailboxError, Mailpit, MailpitSettings, Mark};
use sekisho_simulator::sink::http::{Inbox, InboxConfig};
use sekisho_simulator::sink::{Sink, SinkConfig};
use tokio::net::TcpListener;
use url::Url;

/// Longer than anything here takes on a busy machine.
const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(50);

fn watch(url: &str) -> Mailpit {
    watch_as(url, Vec::new())
}

fn watch_as(url: &str, headers: Vec<(http::HeaderName, http::HeaderValue)>) -> Mailpit {
    let poll = Duration::from_millis(10);
    Mailpit::new(MailpitSettings { url: Url::parse(url).unwrap(), headers, poll }, NetworkConfig::default()).unwrap()
}

/// A sink with its inbox, which is as good as a Mailpit.
struct House {
    _sink: Sink,
    inbox: Inbox,
    sender: AsyncSmtpTransport<Tokio1Executor>,
}

impl House {
    async fn open() -> House {
        let sink = Sink::start(SinkConfig::default()).await.unwrap();
        let config = InboxConfig { listen: ([127, 0, 0, 1], 0).into(), links: Vec::new() };
        let inbox = Inbox::open(&sink, config).await.unwrap();
        let sender = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1");
        let sender = sender.port(sink.address().port()).build();
        House { _sink: sink, inbox, sender }
    }

    fn mailpit(&self) -> Mailpit {
        watch(&format!("http://{}", self.inbox.address()))
    }

    async fn mail(&self, to: &str, text: &str) {
        let envelope = Envelope::new(Some("a@x.test".parse().unwrap()), vec![to.parse().unwrap()]).unwrap();
        let message = format!("From: a@x.test\r\nTo: shown@x.test\r\nSubject: x\r\n\r\n{text}\r\n");
        self.sender.send_raw(&envelope, message.as_bytes()).await.unwrap();
    }
}

fn text(raw: &[u8]) -> String {
    let raw = String::from_utf8_lossy(raw);
    raw.split_once("\r\n\r\n").unwrap().1.trim().to_owned()
}

#[tokio::test]
async fn a_waiter_gets_the_mail_to_its_address_and_nothing_from_before() {
    let house = House::open().await;
    house.mail("b@x.test", "old").await;
    let mailpit = Arc::new(house.mailpit());
    let mark = mailpit.mark().await.unwrap();
    assert_eq!(mailpit.everything_after(Mark::START).await.unwrap(), []);
    let waiter = tokio::spawn({
        let mailpit = mailpit.clone();
        async move { mailpit.next_for("B@x.test", mark, LONG).await }
    });
    house.mail("other@x.test", "not this one").await;
    house.mail("b@x.test", "new").await;
    let mail = waiter.await.unwrap().unwrap().unwrap();
    assert_eq!((text(&mail.raw).as_str(), mail.recipients.as_slice()), ("new", &["b@x.test".to_owned()][..]));
    // A position taken now lies behind all that has arrived, whether or not somebody has looked since.
    house.mail("b@x.test", "third").await;
    let later = mailpit.mark().await.unwrap();
    assert_eq!(mailpit.next_for("b@x.test", later, Duration::ZERO).await.unwrap(), None);
    assert_eq!(text(&mailpit.next_for("b@x.test", mail.mark(), Duration::ZERO).await.unwrap().unwrap().raw), "third");
}

#[tokio::test]
async fn many_mails_at_once_come_in_order_over_all_pages_and_none_twice() {
    let house = House::open().await;
    for number in 0..150 {
        house.mail("early@x.test", &format!("early {number}")).await;
    }
    let mailpit = house.mailpit();
    let mark = mailpit.mark().await.unwrap();
    // Two and a half pages between two looks.
    for number in 0..250 {
        house.mail("b@x.test", &number.to_string()).await;
    }
    let read = async || {
        let all = mailpit.everything_after(mark).await.unwrap();
        all.iter().map(|mail| text(&mail.raw)).collect::<Vec<_>>()
    };
    let expected: Vec<String> = (0..250).map(|number: i32| number.to_string()).collect();
    assert_eq!(read().await, expected);
    house.mail("b@x.test", "one more").await;
    assert_eq!(read().await.len(), 251);
    assert_eq!(read().await.last().unwrap(), "one more");
}

#[tokio::test]
async fn mails_that_go_between_two_looks_leave_doubt_to_those_who_wait_and_to_no_others() {
    let house = House::open().await;
    house.mail("b@x.test", "old").await;
    let mailpit = house.mailpit();
    let before = mailpit.mark().await.unwrap();
    delete_all(&house).await;
    let after = mailpit.mark().await.unwrap();
    assert_eq!(mailpit.next_for("b@x.test", before, SHORT).await, Err(MailboxError::Gap));
    assert_eq!(mailpit.all_for("b@x.test", before).await, Err(MailboxError::Gap));
    assert_eq!(mailpit.next_for("b@x.test", after, SHORT).await, Ok(None));
    house.mail("b@x.test", "new").await;
    assert!(mailpit.next_for("b@x.test", after, LONG).await.unwrap().is_some());
    assert!(mailpit.next_for("b@x.test", before, LONG).await.unwrap().is_some(), "what came is no matter of doubt");
}

async fn delete_all(house: &House) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(house.inbox.address()).await.unwrap();
    let request =
        format!("DELETE /api/v1/messages HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", house.inbox.address());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut heard = String::new();
    stream.read_to_string(&mut heard).await.unwrap();
    assert!(heard.starts_with("HTTP/1.1 200"), "{heard}");
}

/// A server that answers what a script says to a path and its query, with the header fields it was asked with.
struct Fake {
    url: String,
    lists: Arc<AtomicUsize>,
}

impl Fake {
    async fn start(script: impl Fn(&str, &http::HeaderMap) -> (u16, String) + Send + Sync + 'static) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/below/", listener.local_addr().unwrap());
        let (script, lists) = (Arc::new(script), Arc::new(AtomicUsize::new(0)));
        let counted = lists.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (script, counted) = (script.clone(), counted.clone());
                let service = service_fn(move |request: Request<Incoming>| {
                    let path = request.uri().path_and_query().unwrap().as_str();
                    counted.fetch_add(usize::from(path.contains("/messages?")), Ordering::SeqCst);
                    let (status, body) = script(path, request.headers());
                    async move {
                        Ok::<_, Infallible>(
                            Response::builder().status(status).body(Full::<bytes::Bytes>::from(body)).unwrap(),
                        )
                    }
                });
                let http = hyper::server::conn::http1::Builder::new();
                tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
            }
        });
        Fake { url, lists }
    }
}

/// A list as Mailpit writes it, with rows given as JSON.
fn list(rows: &[String]) -> String {
    format!(
        r#"{{"total":{0},"unread":0,"count":{0},"messages_count":{0},"start":0,"tags":[],"messages":[{1}]}}"#,
        rows.len(),
        rows.join(",")
    )
}

#[tokio::test]
async fn what_is_no_mailpit_or_does_not_let_us_in_is_an_error_and_never_no_mail() {
    for (status, body, said) in [
        (401, "", "it answered 401; `username`"),
        (403, "", "it answered 403"),
        (404, "", "it answered 404"),
        (500, "", "it answered 500"),
        (200, "<html>", "not what it should be"),
        (200, "{}", "not what it should be"),
        (200, r#"{"total":1,"messages":[{}]}"#, "not what it should be"),
    ] {
        let fake = Fake::start(move |_, _| (status, body.to_owned())).await;
        let mailpit = watch(&fake.url);
        let errors = [
            mailpit.mark().await.unwrap_err(),
            mailpit.next_for("b@x.test", Mark::START, LONG).await.unwrap_err(),
            mailpit.all_for("b@x.test", Mark::START).await.unwrap_err(),
            mailpit.next(Mark::START).await.unwrap_err(),
        ];
        for error in errors {
            assert!(error.to_string().contains(said) && error.to_string().contains("/below/api/v1/"), "{error}");
        }
    }
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = watch(&format!("http://{free}")).mark().await.unwrap_err();
    assert!(error.to_string().contains("refused the connection"), "{error}");
}

#[tokio::test]
async fn a_mailpit_that_fails_while_somebody_waits_ends_the_waiting() {
    let broken = Arc::new(Mutex::new(false));
    let fake = Fake::start({
        let broken = broken.clone();
        move |_, _| if *broken.lock().unwrap() { (502, String::new()) } else { (200, list(&[])) }
    })
    .await;
    let mailpit = Arc::new(watch(&fake.url));
    let mark = mailpit.mark().await.unwrap();
    let waiters: Vec<_> = (0..50)
        .map(|number| {
            let mailpit = mailpit.clone();
            tokio::spawn(async move { mailpit.next_for(&format!("{number}@x.test"), mark, LONG).await })
        })
        .collect();
    while fake.lists.load(Ordering::SeqCst) < 10 {
        tokio::task::yield_now().await;
    }
    *broken.lock().unwrap() = true;
    for waiter in join_all(waiters).await {
        assert!(matches!(waiter.unwrap(), Err(MailboxError::Source { .. })));
    }
    *broken.lock().unwrap() = false;
    assert_eq!(mailpit.next_for("b@x.test", mark, SHORT).await, Ok(None), "what was mended is asked again");
}

#[tokio::test]
async fn recipients_are_those_that_mailpit_names_and_credentials_go_with_every_request() {
    let row = r#"{"ID":"AbC/1","MessageID":"m","Read":false,"From":{"Name":"","Address":"a@x.test"},"To":[{"Name":"B","Address":"b@x.test"}],
        "Cc":null,"Bcc":[{"Name":"","Address":"hidden@x.test"}],"ReplyTo":[],"Subject":"","Created":"2026-01-01T00:00:00Z","Tags":[],"Size":1,
        "Attachments":0,"Snippet":""}"#;
    let arrived = Arc::new(Mutex::new(Vec::new()));
    let fake = Fake::start({
        let arrived = arrived.clone();
        move |path, headers| match path {
            _ if headers.get("authorization").is_none_or(|value| value != "Basic eDp5") => (401, String::new()),
            "/below/api/v1/message/AbC%2F1/raw" => (200, "Subject: x\r\n\r\n123456\r\n".to_owned()),
            _ => (200, list(&arrived.lock().unwrap())),
        }
    })
    .await;
    let authorization = (http::header::AUTHORIZATION, http::HeaderValue::from_static("Basic eDp5"));
    let mailpit = watch_as(&fake.url, vec![authorization]);
    let mark = mailpit.mark().await.unwrap();
    arrived.lock().unwrap().push(row.to_owned());
    for address in ["b@x.test", "hidden@x.test"] {
        let mail = mailpit.next_for(address, mark, LONG).await.unwrap().unwrap();
        assert_eq!((mail.from.as_str(), text(&mail.raw).as_str()), ("a@x.test", "123456"));
        assert_eq!(mail.recipients, ["b@x.test", "hidden@x.test"]);
    }
}

#[tokio::test]
async fn one_poller_serves_all_who_wait_and_rests_when_nobody_does() {
    let fake = Fake::start(|_, _| (200, list(&[]))).await;
    let mailpit = Arc::new(watch(&fake.url));
    assert_eq!(fake.lists.load(Ordering::SeqCst), 0, "nothing is asked before somebody wants to know");
    let mark = mailpit.mark().await.unwrap();
    assert_eq!(fake.lists.load(Ordering::SeqCst), 1);
    let waits = (0..500).map(|number| {
        let mailpit = mailpit.clone();
        async move { mailpit.next_for(&format!("{number}@x.test"), mark, SHORT).await }
    });
    assert!(join_all(waits).await.iter().all(|found| *found == Ok(None)));
    let asked = fake.lists.load(Ordering::SeqCst);
    assert!((3..100).contains(&asked), "{asked} looks for 500 waiters");
}
