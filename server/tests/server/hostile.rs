//! What nobody should send: each gets a clear refusal, and the server goes on.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http::Method;
use sekisho_server::Conforming;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::browser::encoded;
use crate::world::{PASSWORD, World};

const ADDRESS: &str = "hanako@example.test";

#[tokio::test]
async fn faq14_a_browser_that_keeps_no_cookies_is_told_so() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({})).await;
    let mut browser = world.browser().await;
    browser.keeps_cookies = false;
    let seen = world.give_password(&mut browser, "seeker", ADDRESS).await;
    seen.is(400, "Cookieを有効にしてください");
    browser.get("/seeker/code").await.is(410, "ログインをやり直してください");
    browser.keeps_cookies = true;
    world.sign_in(&mut browser, "seeker", ADDRESS, false).await;
    assert_eq!(world.postbox.count(ADDRESS), 1);
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods_are_refused() {
    let world = World::start().await;
    let mut browser = world.browser().await;
    for path in ["/nothing", "/nobody/sign-in", "/seeker", "/seeker/sign-in/x", "/healthz", "/%ff", "/seeker/%E3%81%82"]
    {
        browser.get(path).await.is(404, "ページが見つかりません");
    }
    let seen = browser.send(Method::DELETE, "/seeker/sign-in", &[], Bytes::new()).await;
    assert_eq!(seen.is(405, "この操作はできません").header("allow"), "GET, HEAD, POST");
    browser.get("/seeker/sign-out").await.is(405, "この操作はできません");
    let head = browser.send(Method::HEAD, "/seeker/sign-in", &[], Bytes::new()).await;
    assert_eq!((head.status.as_u16(), head.body.as_str()), (200, ""));
    browser.get("/").await.is(200, "サービスの選択");
}

#[tokio::test]
async fn forms_without_the_browsers_token_or_from_another_site_do_not_count() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({})).await;
    let mut browser = world.browser().await;
    let mut other = world.browser().await;
    other.get("/seeker/sign-in").await;
    browser.get("/seeker/sign-in").await;
    let pair = [("address", ADDRESS), ("password", PASSWORD)];
    for token in ["", "x", &other.csrf()] {
        let body = encoded(&[pair[0], pair[1], ("csrf", token)]);
        browser.post_raw("/seeker/sign-in", &[], &body).await.is(403, "この操作は受け付けられません");
    }
    browser.get("/seeker/sign-in").await;
    let token = browser.csrf();
    let body = encoded(&[pair[0], pair[1], ("csrf", &token)]);
    for header in [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
        browser.post_raw("/seeker/sign-in", &[header], &body).await.is(403, "この操作は受け付けられません");
    }
    browser.post_raw("/seeker/sign-in", &[], &body).await.leads_to("/seeker/code");

    world.postbox.code(ADDRESS).await;
    world.sign_in(&mut browser, "seeker", ADDRESS, false).await;
    for path in [
        "skip",
        "settings/skip/resume",
        "settings/skip/resume/complete",
        "settings/address",
        "settings/address/confirm",
        "settings/password",
        "sign-out",
    ] {
        let body = encoded(&[("decision", "ok"), ("address", "thief@example.test"), ("csrf", &token)]);
        browser.post_raw(&format!("/seeker/{path}"), &[], &body).await.is(403, "この操作は受け付けられません");
    }
    browser.get("/seeker/my-page").await.is(200, "マイページ");
}

#[tokio::test]
async fn bodies_that_no_page_sends_are_refused() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({})).await;
    let mut browser = world.browser().await;
    browser.get("/seeker/sign-in").await;
    for body in [&b"address=%ff"[..], b"address=\xff\xfe", b"address=a&address=b"] {
        browser.post_raw("/seeker/sign-in", &[], body).await.is(400, "入力内容を確認してください");
    }
    let json = [("content-type", "application/json")];
    let seen = browser.send(Method::POST, "/seeker/sign-in", &json, Bytes::from_static(b"{}")).await;
    seen.is(415, "入力内容を確認してください");
    let huge = vec![b'a'; 16 * 1024 + 1];
    world.browser().await.post_raw("/seeker/sign-in", &[], &huge).await.is(413, "入力内容を確認してください");

    browser.get("/seeker/sign-in").await;
    let long = "a".repeat(5000);
    for (address, password) in [(long.as_str(), PASSWORD), (ADDRESS, &long), ("a@b\r\nBcc: x@y", PASSWORD), ("", "")] {
        browser.post("/seeker/sign-in", &[("address", address), ("password", password)]).await.is(422, "ログイン");
    }
    world.give_password(&mut browser, "seeker", ADDRESS).await;
    browser.get("/seeker/code").await;
    for fields in [&[("code", "")][..], &[], &[("code", &long)], &[("code[]", "1")], &[("code", "null")]] {
        browser.post("/seeker/code", fields).await.is(422, "ワンタイムパスワード入力画面");
    }
}

#[tokio::test]
async fn answers_are_kept_by_nobody_and_framed_by_nobody() {
    let world = World::start().await;
    let mut browser = world.browser().await;
    let seen = browser.get("/seeker/sign-in").await;
    assert_eq!(seen.header("cache-control"), "no-store");
    assert_eq!(seen.header("x-content-type-options"), "nosniff");
    assert_eq!(seen.header("x-frame-options"), "DENY");
    assert_eq!(seen.header("referrer-policy"), "same-origin");
    assert!(seen.header("content-security-policy").starts_with("default-src 'none'; style-src 'self'"));
    assert!(!seen.body.contains("<script") && !seen.body.contains("style="));
    let browser_cookie = seen.set_cookie("browser=").unwrap();
    assert!(browser_cookie.ends_with("; HttpOnly; SameSite=Lax; Path=/"), "{browser_cookie}");
    let style = browser.get("/style.css").await;
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    assert_eq!(style.header("cache-control"), "public, max-age=3600");
}

#[tokio::test]
async fn on_https_every_cookie_is_secure_and_bound_to_the_host() {
    let world = World::start_with(Arc::new(Conforming), |config| config.https = true).await;
    world.account("seeker", ADDRESS, json!({})).await;
    let mut browser = world.browser().await;
    world.set_skip(&mut browser, "seeker", ADDRESS).await;
    let names: Vec<&String> = browser.cookies.keys().collect();
    assert!(names.len() == 3 && names.iter().all(|name| name.starts_with("__Host-")), "{names:?}");
    world.give_password(&mut browser, "seeker", ADDRESS).await.leads_to("/seeker/my-page");
}

#[tokio::test]
async fn a_session_of_one_portal_opens_no_other() {
    let world = World::start().await;
    for portal in ["seeker", "provider"] {
        world.account(portal, ADDRESS, json!({})).await;
    }
    let mut browser = world.browser().await;
    world.sign_in(&mut browser, "seeker", ADDRESS, false).await;
    let session = browser.cookies["session-seeker"].clone();
    browser.cookies.insert("session-provider".to_owned(), session);
    browser.get("/provider/my-page").await.leads_to("/provider/sign-in");
}

#[tokio::test]
async fn a_full_mail_queue_promises_nothing_and_says_when_to_come_again() {
    let world = World::start_with(Arc::new(Conforming), |config| config.mail_queue = 1).await;
    world.postbox.held_up.store(true, Ordering::SeqCst);
    for address in ["a@example.test", "b@example.test"] {
        world.account("seeker", address, json!({})).await;
    }
    let mut browser = world.browser().await;
    world.give_password(&mut browser, "seeker", "a@example.test").await.leads_to("/seeker/code");
    let seen = world.give_password(&mut browser, "seeker", "b@example.test").await;
    assert_eq!(seen.is(503, "ただいま混み合っています").header("retry-after"), "5");
}

#[tokio::test]
async fn one_code_signs_in_once_however_many_send_it_at_the_same_time() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({})).await;
    let mut browser = world.browser().await;
    world.give_password(&mut browser, "seeker", ADDRESS).await;
    let code = world.postbox.code(ADDRESS).await;
    browser.get("/seeker/code").await;
    let mut browsers = Vec::new();
    for _ in 0..50 {
        let mut copy = world.browser().await;
        copy.cookies.clone_from(&browser.cookies);
        copy.page.clone_from(&browser.page);
        browsers.push(copy);
    }
    let tasks: Vec<_> = browsers
        .into_iter()
        .map(|mut browser| {
            let code = code.clone();
            tokio::spawn(async move { browser.post("/seeker/code", &[("code", &code)]).await.status.as_u16() })
        })
        .collect();
    let mut statuses = Vec::new();
    for task in tasks {
        statuses.push(task.await.unwrap());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 303 | 410)), "{statuses:?}");
}

#[tokio::test]
async fn what_is_no_http_hurts_nobody() {
    let world = World::start().await;
    let many_headers = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "A: b\r\n".repeat(500));
    let long_header = format!("GET / HTTP/1.1\r\nHost: x\r\nA: {}\r\n\r\n", "b".repeat(200_000));
    for nonsense in ["\0\u{1}\u{2}\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", &many_headers, &long_header] {
        let mut stream = TcpStream::connect(world.server.address()).await.unwrap();
        let _ = stream.write_all(nonsense.as_bytes()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let head = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || head.starts_with("HTTP/1.1 4"), "{head}");
    }
    world.browser().await.get("/").await.is(200, "サービスの選択");
}

#[tokio::test]
async fn hostile_cookies_are_nobodys() {
    let world = World::start().await;
    let mut browser = world.browser().await;
    for value in ["", "x", "'; DROP TABLE--", &"a".repeat(4000), "../../etc/passwd", "AAAAAAAAAAAAAAAAAAAAAA"] {
        for name in ["session-seeker", "attempt-seeker", "browser", "skip-0000000000000000"] {
            browser.cookies.insert(name.to_owned(), value.to_owned());
        }
        browser.get("/seeker/my-page").await.leads_to("/seeker/sign-in");
        browser.get("/seeker/code").await.is(410, "ログインをやり直してください");
    }
}

#[tokio::test]
async fn shutting_down_lets_go_of_the_port() {
    let world = World::start().await;
    let address = world.server.address();
    let mut browser = world.browser().await;
    browser.get("/").await.is(200, "サービスの選択");
    world.server.shutdown().await;
    assert!(TcpStream::connect(address).await.is_err());
}
