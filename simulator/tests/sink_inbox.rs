//! The sink's inbox over a real connection: the JSON API that helpers written for Mailpit use, and the pages.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor, address::Envelope};
use sekisho_simulator::sink::{
    Sink, SinkConfig,
    http::{Inbox, InboxConfig, InboxLink},
};
use serde_json::{Value, json};
use tokio::net::TcpStream;

const CODE_MAIL: &str = "From: =?ISO-2022-JP?B?GyRCNFg9ahsoQg==?= <no-reply@x.test>\r\nTo: hanako@x.test\r\nMessage-ID: <m@x.test>\r\n\
    Subject: =?ISO-2022-JP?B?GyRCJW0lMCUkJXMbKEI=?=\r\nContent-Type: text/plain; charset=ISO-2022-JP\r\n\
    Content-Transfer-Encoding: 7bit\r\n\r\n\x1b$B%o%s%?%$%`%Q%9%o!<%I!'\x1b(B042137\r\n";

struct World {
    sink: Sink,
    inbox: Inbox,
}

struct Heard {
    status: StatusCode,
    headers: http::HeaderMap,
    body: String,
}

impl Heard {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

impl World {
    async fn start() -> World {
        let sink = Sink::start(SinkConfig::default()).await.unwrap();
        let links = vec![InboxLink { text: "Portals".to_owned(), url: "http://127.0.0.1:8080/".to_owned() }];
        let inbox = Inbox::open(&sink, InboxConfig { listen: ([127, 0, 0, 1], 0).into(), links }).await.unwrap();
        World { sink, inbox }
    }

    async fn mail(&self, to: &str, message: &str) {
        let transport: AsyncSmtpTransport<Tokio1Executor> =
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1")
                .port(self.sink.address().port())
                .build();
        let envelope = Envelope::new(Some("bounce@x.test".parse().unwrap()), vec![to.parse().unwrap()]).unwrap();
        transport.send_raw(&envelope, message.as_bytes()).await.unwrap();
    }

    async fn get(&self, path: &str) -> Heard {
        ask(self.inbox.address(), Method::GET, path, &[], "").await
    }

    async fn send(&self, method: Method, path: &str, body: &Value) -> Heard {
        ask(self.inbox.address(), method, path, &[], &body.to_string()).await
    }
}

async fn ask(address: SocketAddr, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Heard {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut request = Request::builder().method(method).uri(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", address.to_string());
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Full::new(Bytes::copy_from_slice(body.as_bytes()))).unwrap();
    let (head, body) = sender.send_request(request).await.unwrap().into_parts();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    Heard { status: head.status, headers: head.headers, body }
}

#[tokio::test]
async fn lists_and_messages_have_the_shape_that_helpers_know() {
    let world = World::start().await;
    world.mail("hanako@x.test", CODE_MAIL).await;
    world.mail("taro@x.test", "Subject: other\r\n\r\ntext\r\n").await;
    let list = world.get("/api/v1/messages").await.json();
    for (name, value) in [("total", 2), ("unread", 2), ("messages_count", 2), ("count", 2), ("start", 0)] {
        assert_eq!(list[name], value, "{name}");
    }
    assert_eq!(list["messages"][0]["Subject"], "other", "the newest first");
    let row = &list["messages"][1];
    assert_eq!(row["From"], json!({ "Name": "関所", "Address": "no-reply@x.test" }));
    assert_eq!(row["To"], json!([{ "Name": "", "Address": "hanako@x.test" }]));
    assert_eq!((&row["Subject"], &row["Codes"]), (&json!("ログイン"), &json!(["042137"])));
    assert_eq!((&row["Read"], &row["MessageID"]), (&json!(false), &json!("m@x.test")));
    assert!(row["Snippet"].as_str().unwrap().starts_with("ワンタイムパスワード：042137"));
    row["Created"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();

    let id = row["ID"].as_str().unwrap();
    let message = world.get(&format!("/api/v1/message/{id}")).await.json();
    assert_eq!(message["Text"], "ワンタイムパスワード：042137");
    assert_eq!((&message["HTML"], &message["ReturnPath"]), (&json!(""), &json!("bounce@x.test")));
    assert_eq!(message["Recipients"], json!(["hanako@x.test"]));
    assert_eq!(world.get("/api/v1/message/latest").await.json()["Subject"], "other");
    let headers = world.get(&format!("/api/v1/message/{id}/headers")).await.json();
    assert_eq!(headers["Message-ID"], json!(["<m@x.test>"]));
    let raw = world.get(&format!("/api/v1/message/{id}/raw")).await;
    // The client adds an empty line.
    assert_eq!(raw.body.trim_end(), CODE_MAIL.trim_end(), "untouched");
    assert_eq!(world.get("/api/v1/messages").await.json()["unread"], 0, "both were read");
    assert_eq!(world.get("/api/v1/messages?start=1&limit=1").await.json()["messages"][0]["ID"], id);
    assert_eq!(world.get("/api/v1/info").await.json()["Messages"], 2);
}

#[tokio::test]
async fn mails_are_found_marked_and_deleted() {
    let world = World::start().await;
    for to in ["a@x.test", "b@x.test", "a@x.test"] {
        world.mail(to, &format!("To: {to}\r\nSubject: for {to}\r\n\r\ntext\r\n")).await;
    }
    let found =
        async |query: &str| world.get(&format!("/api/v1/search?query={query}")).await.json()["messages_count"].clone();
    assert_eq!(found("to:a@x.test").await, 2);
    assert_eq!(found("to:a@x.test%20is:read").await, 0);
    world.send(Method::PUT, "/api/v1/messages", &json!({ "IDs": ["1"], "Read": true })).await;
    assert_eq!(found("to:a@x.test%20is:read").await, 1);
    assert_eq!(world.get("/api/v1/search").await.status, StatusCode::BAD_REQUEST);
    let deleted = world.send(Method::DELETE, "/api/v1/messages", &json!({ "IDs": ["1", "99", "x"] })).await;
    assert_eq!((deleted.status, deleted.body.as_str()), (StatusCode::OK, "ok"));
    assert_eq!(found("to:a@x.test").await, 1);
    assert_eq!(world.get("/api/v1/message/1").await.status, StatusCode::NOT_FOUND);
    world.send(Method::DELETE, "/api/v1/search?query=to:b@x.test", &Value::Null).await;
    assert_eq!(world.get("/api/v1/messages").await.json()["total"], 1);
    ask(world.inbox.address(), Method::DELETE, "/api/v1/messages", &[], "").await;
    assert_eq!(world.get("/api/v1/messages").await.json()["total"], 0);
    let faulty = ask(world.inbox.address(), Method::DELETE, "/api/v1/messages", &[], "{").await;
    assert_eq!(faulty.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn waiting_gives_each_mail_out_once_and_as_soon_as_it_comes() {
    let world = World::start().await;
    let waiting = tokio::spawn({
        let address = world.inbox.address();
        async move { ask(address, Method::GET, "/api/v1/wait?to=HANAKO@x.test&timeout=60", &[], "").await }
    });
    world.mail("taro@x.test", "Subject: not hers\r\n\r\ntext\r\n").await;
    world.mail("hanako@x.test", CODE_MAIL).await;
    let first = waiting.await.unwrap().json();
    assert_eq!((&first["Subject"], &first["Codes"]), (&json!("ログイン"), &json!(["042137"])));

    let none = world.get("/api/v1/wait?to=hanako@x.test&timeout=0").await;
    assert_eq!(none.status, StatusCode::NOT_FOUND, "it was given out already");
    let again = world.get("/api/v1/wait?to=hanako@x.test&after=0&timeout=0").await;
    assert_eq!(again.json()["ID"], first["ID"], "unless one says from where on");
    world.mail("hanako@x.test", "Subject: second\r\n\r\ntext\r\n").await;
    let after = first["ID"].as_str().unwrap();
    let second = world.get(&format!("/api/v1/wait?to=hanako@x.test&after={after}&timeout=0")).await;
    assert_eq!(second.json()["Subject"], "second", "a mail that is there needs no patience");
    for faulty in ["", "?to=", "?to=a@x&timeout=x", "?to=a@x&timeout=-1", "?to=a@x&timeout=1e9", "?to=a@x&after=x"] {
        assert_eq!(world.get(&format!("/api/v1/wait{faulty}")).await.status, StatusCode::BAD_REQUEST, "{faulty}");
    }
}

#[tokio::test]
async fn the_pages_show_the_code_and_interpret_nothing() {
    let world = World::start().await;
    let empty = world.get("/").await;
    assert!(empty.body.contains("No mail yet") && empty.body.contains("http://127.0.0.1:8080/"), "{}", empty.body);
    world.mail("hanako@x.test", CODE_MAIL).await;
    let hostile = "From: \"<script>alert(1)</script>\" <x@x.test>\r\nSubject: <img src=x onerror=alert(2)>\r\n\
                   Content-Type: text/html\r\n\r\n<script>alert(3)</script><b>654321</b>\r\n";
    world.mail("taro@x.test", hostile).await;
    for path in ["/", "/?q=alert", "/mail/2", "/mail/latest"] {
        let page = world.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.body.contains("img src=x"), "{path} shows it");
        assert!(!page.body.contains("<script") && !page.body.contains("<img"), "{path}: {}", page.body);
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("script"), "{policy}");
        assert_eq!(page.headers["x-content-type-options"], "nosniff");
    }
    let page = world.get("/mail/1").await.body;
    assert!(page.contains("<code class=\"code\">042137</code>") && page.contains("ログイン"), "{page}");
    let source = world.get("/mail/2/source").await;
    assert!(
        source.headers["content-type"].to_str().unwrap().starts_with("text/plain")
            && source.body.trim_end() == hostile.trim_end()
    );
    assert!(source.headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
    let file = world.get("/mail/2.eml").await;
    assert_eq!(file.headers["content-disposition"], "attachment; filename=\"mail-2.eml\"");
    assert_eq!(world.get("/mail/99").await.status, StatusCode::NOT_FOUND);
    assert_eq!(world.get("/nowhere").await.status, StatusCode::NOT_FOUND);
    let wrong_method = world.send(Method::POST, "/", &Value::Null).await;
    assert_eq!(
        (wrong_method.status, &wrong_method.headers["allow"]),
        (StatusCode::METHOD_NOT_ALLOWED, &"GET, HEAD".parse().unwrap())
    );
}

#[tokio::test]
async fn an_open_list_renews_itself_when_a_mail_comes() {
    let world = World::start().await;
    let page = world.get("/").await.body;
    assert!(page.contains("content=\"0; url=/?after=0\""), "{page}");
    let renewed = tokio::spawn({
        let address = world.inbox.address();
        async move { ask(address, Method::GET, "/?after=0", &[], "").await.body }
    });
    world.mail("hanako@x.test", CODE_MAIL).await;
    let page = renewed.await.unwrap();
    assert!(page.contains("042137") && page.contains("url=/?after=1"), "{page}");
    let paused = world.get("/?live=off").await.body;
    assert!(paused.contains("042137") && !paused.contains("http-equiv"), "{paused}");
}

#[tokio::test]
async fn who_waits_does_not_keep_the_inbox_open() {
    let world = World::start().await;
    let stream = TcpStream::connect(world.inbox.address()).await.unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = |path: &str| {
        let request = Request::builder().uri(path).header("host", "localhost");
        request.body(Full::new(Bytes::new())).unwrap()
    };
    sender.send_request(request("/readyz")).await.unwrap().collect().await.unwrap();
    let waiting = tokio::spawn(sender.send_request(request("/?after=0")));
    tokio::task::yield_now().await;
    tokio::time::timeout(std::time::Duration::from_secs(20), world.inbox.close()).await.expect("it closes");
    // Answered with a list that goes on no more, or cut off: in any case at once.
    if let Ok(answer) = waiting.await.unwrap() {
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert!(!String::from_utf8_lossy(&body).contains("http-equiv"));
    }
}

#[tokio::test]
async fn deleting_by_button_works_and_other_sites_cannot() {
    let world = World::start().await;
    let address = world.inbox.address();
    for _ in 0..3 {
        world.mail("hanako@x.test", CODE_MAIL).await;
    }
    let held = || world.sink.counts().mailbox.held;
    for headers in [
        &[("origin", "http://evil.test")][..],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
        &[("host", "rebound.evil.test")],
    ] {
        for (method, path) in [(Method::POST, "/delete-all"), (Method::DELETE, "/api/v1/messages")] {
            assert_eq!(ask(address, method, path, headers, "").await.status, StatusCode::FORBIDDEN, "{headers:?}");
        }
    }
    let peeked = ask(address, Method::GET, "/api/v1/messages", &[("host", "rebound.evil.test")], "").await;
    assert_eq!((peeked.status, held()), (StatusCode::FORBIDDEN, 3));
    let own = format!("http://{address}");
    let one = ask(address, Method::POST, "/mail/2/delete", &[("origin", &own)], "").await;
    assert_eq!((one.status, held()), (StatusCode::SEE_OTHER, 2));
    let local = [("host", "localhost:8025"), ("origin", "http://localhost:8025"), ("sec-fetch-site", "same-origin")];
    let all = ask(address, Method::POST, "/delete-all", &local, "").await;
    assert_eq!((all.status, held()), (StatusCode::SEE_OTHER, 0));
}
