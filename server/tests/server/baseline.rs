//! The baseline, line by line, where no other test looks already: what the service's own rules leave open and good practice asks.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use sekisho_server::Conforming;
use sekisho_server::core::{CODE_MAILS_PER_HOUR, GO_LIVE, Moment, WRONG_CODES_PER_HOUR};
use serde_json::json;

use crate::browser::{Browser, Seen, encoded};
use crate::world::{World, text_of};

const ADDRESS: &str = "hanako@example.test";

fn other_than(code: &str) -> String {
    format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000)
}

/// On the code entry screen, with the code that was mailed.
async fn asked(world: &World, browser: &mut Browser, address: &str) -> String {
    world.give_password(browser, "seeker", address).await.leads_to("/seeker/code");
    let code = world.postbox.code(address).await;
    browser.get("/seeker/code").await.is(200, "ワンタイムパスワード入力画面");
    code
}

#[tokio::test]
async fn a_code_belongs_to_its_account() {
    let world = World::start().await;
    let (a, b) = ("a@example.test", "b@example.test");
    world.account("seeker", a, json!({})).await;
    world.account("seeker", b, json!({})).await;
    let (mut one, mut other) = (world.browser().await, world.browser().await);
    let code = asked(&world, &mut one, a).await;
    let own = asked(&world, &mut other, b).await;
    if code != own {
        other.post("/seeker/code", &[("code", &code)]).await.is(422, "ワンタイムパスワード入力画面");
    }
    one.post("/seeker/code", &[("code", &code)]).await.leads_to("/seeker/my-page");
}

#[tokio::test]
async fn wrong_codes_are_counted_across_attempts_browsers_and_addresses_and_skips_stay_open() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({})).await;
    let (mut home, mut owner) = (world.browser().await, world.browser().await);
    world.set_skip(&mut home, "seeker", ADDRESS).await;
    for round in 0..WRONG_CODES_PER_HOUR / 5 {
        let mut thief = world.browser().await;
        let wrong = other_than(&asked(&world, &mut thief, ADDRESS).await);
        let body = encoded(&[("code", &wrong), ("csrf", &thief.csrf())]);
        for guess in 0..5 {
            let from = format!("203.0.113.{}", round * 5 + guess);
            let headers = [("x-forwarded-for", from.as_str()), ("forwarded", "for=198.51.100.1"), ("x-real-ip", &from)];
            let seen = thief.post_raw("/seeker/code", &headers, &body).await;
            assert_eq!(seen.status.as_u16(), if guess < 4 { 422 } else { 429 });
        }
    }
    let told = world.give_password(&mut owner, "seeker", ADDRESS).await;
    assert_eq!(told.is(429, "ワンタイムパスワードの入力を一時的に停止しています").header("retry-after"), "3600");
    world.give_password(&mut home, "seeker", ADDRESS).await.leads_to("/seeker/my-page");
    world.advance("seeker", ADDRESS, Duration::from_secs(3600)).await;
    world.sign_in(&mut owner, "seeker", ADDRESS, false).await.leads_to("/seeker/my-page");
}

#[tokio::test]
async fn guesses_sent_at_once_are_counted_one_by_one() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({})).await;
    let mut browser = world.browser().await;
    let code = asked(&world, &mut browser, ADDRESS).await;
    let body = encoded(&[("code", &other_than(&code)), ("csrf", &browser.csrf())]);
    let mut guesses = Vec::new();
    for _ in 0..40 {
        let mut copy = world.browser().await;
        copy.cookies.clone_from(&browser.cookies);
        let body = body.clone();
        guesses.push(tokio::spawn(async move { copy.post_raw("/seeker/code", &[], &body).await.status.as_u16() }));
    }
    let mut told = Vec::new();
    for guess in guesses {
        told.push(guess.await.unwrap());
    }
    let wrong = told.iter().filter(|status| **status == 422).count();
    assert_eq!((wrong, told.iter().filter(|status| **status == 429).count()), (4, 36), "{told:?}");
    let right = encoded(&[("code", &code), ("csrf", &browser.csrf())]);
    let seen = browser.post_raw("/seeker/code", &[], &right).await;
    seen.is(429, "ワンタイムパスワードの入力回数が上限に達しました");
}

#[tokio::test]
async fn code_mails_are_limited_and_the_last_one_still_works() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({})).await;
    let mut browser = world.browser().await;
    let mut code = String::new();
    for _ in 0..CODE_MAILS_PER_HOUR {
        code = asked(&world, &mut browser, ADDRESS).await;
    }
    let seen = world.give_password(&mut browser, "seeker", ADDRESS).await;
    assert_eq!(seen.is(429, "ワンタイムパスワードの発行回数が上限に達しました").header("retry-after"), "3600");
    browser.get("/seeker/code").await.is(200, "ワンタイムパスワード入力画面");
    browser.post("/seeker/code", &[("code", &code)]).await.leads_to("/seeker/my-page");
    assert_eq!(world.postbox.count(ADDRESS), CODE_MAILS_PER_HOUR);
}

/// What a stranger learns: status, header lines but date and request id, and the whole body with the ID taken out.
fn learnt(seen: &Seen, id: &str) -> (StatusCode, Vec<(String, String)>, String) {
    let lines = seen.headers.iter().filter(|(name, _)| !matches!(name.as_str(), "date" | "x-request-id"));
    let lines = lines.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect();
    (seen.status, lines, seen.body.replace(id, "ID"))
}

#[tokio::test]
async fn nobody_learns_without_the_password_who_is_registered() {
    let world = World::start_with(Arc::new(Conforming), |config| config.mail_queue = 1).await;
    // All of one length, for a content-length tells lengths.
    let ids = ["known1@example.test", "known2@example.test", "known3@example.test", "nobody@example.test"];
    for id in &ids[..3] {
        world.account("seeker", id, json!({})).await;
    }
    let mut owner = world.browser().await;
    for _ in 0..WRONG_CODES_PER_HOUR / 5 {
        world.give_password(&mut owner, "seeker", ids[1]).await.leads_to("/seeker/code");
        let wrong = other_than(&world.postbox.code(ids[1]).await);
        world.idle().await;
        owner.get("/seeker/code").await;
        for _ in 0..5 {
            let csrf = owner.csrf();
            let body = encoded(&[("code", &wrong), ("csrf", &csrf)]);
            if owner.post_raw("/seeker/code", &[], &body).await.status != 422 {
                break;
            }
        }
    }
    world
        .give_password(&mut owner, "seeker", ids[1])
        .await
        .is(429, "ワンタイムパスワードの入力を一時的に停止しています");
    // A full queue: only who knows the password is told of it.
    world.postbox.held_up.store(true, std::sync::atomic::Ordering::SeqCst);
    world.give_password(&mut owner, "seeker", ids[2]).await.leads_to("/seeker/code");
    world.give_password(&mut owner, "seeker", ids[0]).await.is(503, "ただいま混み合っています");

    let mut stranger = world.browser().await;
    let mut told = Vec::new();
    for id in ids {
        stranger.get("/seeker/sign-in").await;
        let seen = stranger.post("/seeker/sign-in", &[("address", id), ("password", "wrong password")]).await;
        told.push(learnt(&seen, id));
    }
    assert_eq!(told[0].0, 422);
    for other in &told[1..] {
        assert_eq!(*other, told[0]);
    }
}

#[tokio::test]
async fn a_session_that_was_planted_is_not_taken_over() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({})).await;
    let mut browser = world.browser().await;
    browser.cookies.insert("session-seeker".to_owned(), "AAAAAAAAAAAAAAAAAAAAAA".to_owned());
    browser.get("/seeker/my-page").await.leads_to("/seeker/sign-in");
    let told = browser.get("/seeker/sign-in").await;
    assert!(told.is(200, "ログイン").body.contains("ログインの有効期間が過ぎた"), "the end of a session is told");
    world.sign_in(&mut browser, "seeker", ADDRESS, false).await.leads_to("/seeker/my-page");
    assert_ne!(browser.cookies["session-seeker"], "AAAAAAAAAAAAAAAAAAAAAA");
    let first = browser.cookies["session-seeker"].clone();
    assert!(!browser.get("/seeker/sign-in").await.body.contains("ログインの有効期間が過ぎた"));
    world.sign_in(&mut browser, "seeker", ADDRESS, false).await;
    assert_ne!(browser.cookies["session-seeker"], first, "every sign-in gets a new one");
}

#[tokio::test]
async fn no_screen_but_the_style_sheet_is_kept() {
    let world = World::start().await;
    world.account("employer", ADDRESS, json!({})).await;
    let mut browser = world.browser().await;
    world.give_password(&mut browser, "employer", ADDRESS).await;
    assert_eq!(browser.get("/employer/code").await.header("cache-control"), "no-store");
    world.postbox.code(ADDRESS).await;
    world.sign_in(&mut browser, "employer", ADDRESS, true).await;
    let places = [
        "skip",
        "my-page",
        "settings",
        "settings/skip",
        "settings/skip/resume",
        "settings/address",
        "settings/accounts",
        "settings/password",
        "settings/address/confirm",
        "code",
        "nothing",
    ];
    for place in places {
        let seen = browser.get(&format!("/employer/{place}")).await;
        assert!(matches!(seen.status.as_u16(), 200 | 404 | 410), "{place}");
        assert_eq!(seen.header("cache-control"), "no-store", "{place}");
    }
}

#[tokio::test]
async fn the_host_header_reaches_no_mail_and_no_redirect() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({})).await;
    let mut browser = world.browser().await;
    browser.host = "evil.example".to_owned();
    world.give_password(&mut browser, "seeker", ADDRESS).await.leads_to("/seeker/code");
    let mail = world.postbox.next(ADDRESS).await;
    assert!(!String::from_utf8_lossy(&mail).contains("evil") && !text_of(&mail).contains("evil"));
    let page = browser.get("/seeker/code").await;
    assert!(!page.body.contains("evil") && page.headers.values().all(|value| value != "evil.example"));
}

#[tokio::test]
async fn each_way_to_go_wrong_says_what_to_do_next() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({ "frozen": true })).await;
    let mut browser = world.browser().await;

    // Pressing the button twice: the second request shows the cookies of the first.
    let code = asked(&world, &mut browser, ADDRESS).await;
    let (cookies, body) = (browser.cookies.clone(), encoded(&[("code", &code), ("csrf", &browser.csrf())]));
    browser.post_raw("/seeker/code", &[], &body).await.leads_to("/seeker/my-page");
    let session = browser.cookies.clone();
    browser.cookies = cookies;
    let twice = browser.post_raw("/seeker/code", &[], &body).await;
    twice.is(410, "このワンタイムパスワードは使用済みです");
    assert!(twice.body.contains("/seeker/my-page") && twice.set_cookie("session-").is_none());

    // Going back after the sign-in.
    browser.cookies = session;
    browser.get("/seeker/code").await.is(410, "すでにログインしています");
    let back = browser.post_raw("/seeker/code", &[], &body).await;
    back.is(410, "すでにログインしています");

    // A form of another window after signing out, and a session that has run out.
    browser.get("/seeker/settings/address").await;
    let form = encoded(&[("address", "new@example.test"), ("csrf", &browser.csrf())]);
    let signed_in = browser.cookies.clone();
    world.advance("seeker", ADDRESS, Duration::from_secs(12 * 3600 + 1)).await;
    let over = browser.post_raw("/seeker/settings/address", &[], &form).await;
    assert!(over.is(403, "もう一度ログインしてください").body.contains("/seeker/sign-in"));
    browser.get("/seeker/my-page").await.leads_to("/seeker/sign-in");
    world.sign_in(&mut browser, "seeker", ADDRESS, false).await;
    let stale = browser.post_raw("/seeker/settings/address", &[], &form).await;
    assert!(stale.is(403, "この操作は受け付けられません").body.contains("/seeker/my-page"));
    browser.get("/seeker/my-page").await;
    browser.post("/seeker/sign-out", &[]).await.leads_to("/seeker/sign-in");
    browser.cookies = signed_in;
    browser.post_raw("/seeker/sign-out", &[], &form).await.leads_to("/seeker/sign-in");

    // A link opened in another browser.
    let mut other = world.browser().await;
    other.get("/seeker/sign-in").await;
    let shown = other.get("/seeker/code").await;
    assert!(shown.is(410, "ログインをやり直してください").body.contains("別のブラウザ"));
}

#[tokio::test]
async fn notice1_go_live_touches_new_sign_ins_only() {
    let later = GO_LIVE + Duration::from_secs(50 * 365 * 86_400);
    let world = World::start_with(Arc::new(Conforming), move |config| config.go_live = later).await;
    world.account("seeker", ADDRESS, json!({})).await;
    let mut browser = world.browser().await;
    world.give_password(&mut browser, "seeker", ADDRESS).await.leads_to("/seeker/my-page");
    let eve = Moment::from_millis(later.millis() - 3_600_000);
    let key = json!([{ "portal": "seeker", "address": ADDRESS }]);
    let set = json!({ "accounts": key, "set": eve.to_string(), "frozen": true });
    assert_eq!(world.control(http::Method::POST, "/clock", set).await.0, StatusCode::OK);
    world.give_password(&mut browser, "seeker", ADDRESS).await.leads_to("/seeker/my-page");
    world.advance("seeker", ADDRESS, Duration::from_secs(3600)).await;
    browser.get("/seeker/my-page").await.is(200, "マイページ");
    world.give_password(&mut browser, "seeker", ADDRESS).await.leads_to("/seeker/code");
    browser.get("/seeker/my-page").await.is(200, "マイページ");
}
