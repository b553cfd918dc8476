//! What users change by themselves: address, password, additional accounts.

use std::sync::Arc;
use std::time::Duration;

use sekisho_server::Conforming;
use serde_json::json;

use crate::browser::{Browser, encoded};
use crate::world::{PASSWORD, World, text_of};

const ADDRESS: &str = "hanako@example.test";
const NEW: &str = "new@example.test";

/// Signed in, and asked for another address.
async fn asked(world: &World, portal: &str, new: &str) -> Browser {
    let mut browser = world.browser().await;
    world.sign_in(&mut browser, portal, ADDRESS, false).await;
    ask(&mut browser, portal, new).await;
    browser
}

async fn ask(browser: &mut Browser, portal: &str, new: &str) {
    let path = format!("/{portal}/settings/address");
    browser.get(&path).await.is(200, "メールアドレスの変更");
    browser.post(&path, &[("address", new)]).await.leads_to(&format!("{path}/confirm"));
}

async fn give(browser: &mut Browser, number: &str) -> crate::browser::Seen {
    browser.get("/seeker/settings/address/confirm").await;
    browser.post("/seeker/settings/address/confirm", &[("number", number)]).await
}

#[tokio::test]
async fn notice4_an_address_is_changed_at_every_portal_once_its_mail_has_confirmed_it() {
    let world = World::start().await;
    for portal in ["seeker", "employer", "provider"] {
        world.account(portal, ADDRESS, json!({})).await;
        let new = format!("{portal}@example.test");
        let mut browser = asked(&world, portal, &new).await;
        let path = format!("/{portal}/settings/address");
        let shown = browser.get(&format!("{path}/confirm")).await;
        assert!(shown.is(200, "メールアドレス変更確認画面").body.contains(&new));
        let number = world.postbox.number(&new).await;
        assert!(!shown.body.contains(&number));

        // Till it is confirmed nothing has changed.
        let mut other = world.browser().await;
        world.give_password(&mut other, portal, &new).await.is(422, "ログイン");
        world.sign_in(&mut other, portal, ADDRESS, false).await.leads_to(&format!("/{portal}/my-page"));
        assert!(browser.get(&path).await.body.contains(ADDRESS));

        browser.get(&format!("{path}/confirm")).await;
        browser.post(&format!("{path}/confirm"), &[("number", &number)]).await.leads_to(&path);
        assert!(browser.get(&path).await.is(200, "メールアドレスの変更").body.contains(&new));
        world.give_password(&mut other, portal, ADDRESS).await.is(422, "ログイン");
        world.sign_in(&mut other, portal, &new, false).await.leads_to(&format!("/{portal}/my-page"));

        let notice = text_of(&world.postbox.next(ADDRESS).await);
        assert!(notice.contains("変更されました") && !notice.contains(&new), "{notice}");
        browser.get(&format!("{path}/confirm")).await.is(410, "メールアドレスの変更をやり直してください");
    }
}

#[tokio::test]
async fn notice4_it_works_before_go_live_too() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({ "starts_at": "2025-08-12T06:00:00+09:00", "frozen": true })).await;
    let mut browser = world.browser().await;
    world.give_password(&mut browser, "seeker", ADDRESS).await.leads_to("/seeker/my-page");
    ask(&mut browser, "seeker", NEW).await;
    let number = world.postbox.number(NEW).await;
    give(&mut browser, &number).await.leads_to("/seeker/settings/address");
    world.give_password(&mut browser, "seeker", NEW).await.leads_to("/seeker/my-page");
}

#[tokio::test]
async fn a_taken_address_looks_like_a_free_one_and_mails_nothing() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({})).await;
    world.account("seeker", "taken@example.test", json!({})).await;
    let mut browser = asked(&world, "seeker", "free0@example.test").await;
    world.postbox.number("free0@example.test").await;
    let path = "/seeker/settings/address";
    let mut told = Vec::new();
    for address in ["taken@example.test", "free1@example.test"] {
        browser.get(path).await;
        let answer = browser.post(path, &[("address", address)]).await;
        let screen = browser.get(&format!("{path}/confirm")).await;
        let wrong = browser.post(&format!("{path}/confirm"), &[("number", "abc")]).await;
        told.push(
            [answer, screen, wrong].map(|seen| (seen.status, told_by(&seen), seen.body.replace(address, "ADDRESS"))),
        );
    }
    assert_eq!(told[0], told[1]);
    world.postbox.number("free1@example.test").await;
    assert_eq!(world.postbox.count("taken@example.test"), 0);
}

/// All header lines but the date and the request's own id.
fn told_by(seen: &crate::browser::Seen) -> Vec<(String, String)> {
    let lines = seen.headers.iter().filter(|(name, _)| *name != "date" && *name != "x-request-id");
    lines.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
}

#[tokio::test]
async fn what_is_no_new_address_is_told_at_once() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({})).await;
    let mut browser = world.browser().await;
    world.sign_in(&mut browser, "seeker", ADDRESS, false).await;
    let long = format!("{}@example.test", "a".repeat(500));
    for refused in ["", "no address", "a@b\r\nBcc: x@y", "あ@example.test", &long, ADDRESS, "HANAKO@example.test"] {
        browser.get("/seeker/settings/address").await;
        let seen = browser.post("/seeker/settings/address", &[("address", refused)]).await;
        let body = &seen.is(422, "メールアドレスの変更").body;
        assert!(body.contains("role=\"alert\"") && body.contains("aria-invalid=\"true\""), "{refused}");
    }
    browser.get("/seeker/settings/address/confirm").await.is(410, "メールアドレスの変更をやり直してください");
}

#[tokio::test]
async fn a_number_belongs_to_its_session_runs_out_and_is_not_guessed() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({ "frozen": true })).await;
    let mut browser = asked(&world, "seeker", NEW).await;
    let number = world.postbox.number(NEW).await;
    let mut other = world.browser().await;
    world.sign_in(&mut other, "seeker", ADDRESS, false).await;
    other.get("/seeker/settings/address").await;
    let seen = other.post("/seeker/settings/address/confirm", &[("number", &number)]).await;
    seen.is(410, "メールアドレスの変更をやり直してください");

    let wrong = format!("{:06}", (number.parse::<u32>().unwrap() + 1) % 1_000_000);
    for typed in ["", "12345", &wrong, &wrong, &wrong, &wrong] {
        give(&mut browser, typed).await.is(422, "メールアドレス変更確認画面");
    }
    give(&mut browser, &wrong).await.is(410, "メールアドレスの変更をやり直してください");
    ask(&mut browser, "seeker", NEW).await;
    let number = world.postbox.number(NEW).await;
    browser.get("/seeker/settings/address/confirm").await;
    let csrf = browser.csrf();
    world.advance("seeker", ADDRESS, Duration::from_millis(30 * 60 * 1000 + 1)).await;
    let body = encoded(&[("number", &number), ("csrf", &csrf)]);
    let seen = browser.post_raw("/seeker/settings/address/confirm", &[], &body).await;
    seen.is(410, "メールアドレスの変更をやり直してください");
    world.sign_in(&mut other, "seeker", ADDRESS, false).await.leads_to("/seeker/my-page");
}

#[tokio::test]
async fn confirmation_mails_are_limited_and_a_full_queue_promises_none() {
    let world = World::start_with(Arc::new(Conforming), |config| config.mail_queue = 1).await;
    world.account("seeker", ADDRESS, json!({})).await;
    let mut browser = world.browser().await;
    world.sign_in(&mut browser, "seeker", ADDRESS, false).await;
    for round in 0..10 {
        ask(&mut browser, "seeker", &format!("{round}@example.test")).await;
        world.postbox.number(&format!("{round}@example.test")).await;
        world.idle().await;
    }
    browser.get("/seeker/settings/address").await;
    let seen = browser.post("/seeker/settings/address", &[("address", NEW)]).await;
    assert_eq!(seen.is(429, "確認番号の発行回数が上限に達しました").header("retry-after"), "3600");
    world.advance("seeker", ADDRESS, Duration::from_secs(3600)).await;

    world.postbox.held_up.store(true, std::sync::atomic::Ordering::SeqCst);
    ask(&mut browser, "seeker", NEW).await;
    browser.get("/seeker/settings/address").await;
    let seen = browser.post("/seeker/settings/address", &[("address", "more@example.test")]).await;
    assert_eq!(seen.is(503, "ただいま混み合っています").header("retry-after"), "5");
}

#[tokio::test]
async fn a_password_is_changed_and_everybody_else_is_out() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({})).await;
    let (mut home, mut phone, mut browser) = (world.browser().await, world.browser().await, world.browser().await);
    world.set_skip(&mut home, "seeker", ADDRESS).await;
    world.sign_in(&mut browser, "seeker", ADDRESS, false).await;
    world.give_password(&mut phone, "seeker", ADDRESS).await;
    let code = world.postbox.code(ADDRESS).await;
    let old = browser.cookies["session-seeker"].clone();

    let path = "/seeker/settings/password";
    let fields = |current: &'static str, new: &'static str, again: &'static str| {
        [("current", current), ("new", new), ("again", again)]
    };
    let new = "correct horse";
    for (current, chosen, again, told) in [
        ("wrong", new, new, "現在のパスワードが正しくありません"),
        (PASSWORD, new, "correct Horse", "確認のために入力したパスワードが異なります"),
        (PASSWORD, "short", "short", "8文字以上"),
        (PASSWORD, ADDRESS, ADDRESS, "IDと同じ"),
        (PASSWORD, PASSWORD, PASSWORD, "現在と異なる"),
        ("", "", "", "8文字以上"),
    ] {
        browser.get(path).await.is(200, "パスワードの変更");
        let seen = browser.post(path, &fields(current, chosen, again)).await;
        assert!(seen.is(422, "パスワードの変更").body.contains(told), "{told}: {}", seen.body);
        assert!(!seen.body.contains(PASSWORD) && !seen.body.contains(new));
    }
    browser.get(path).await;
    browser.post(path, &fields(PASSWORD, new, new)).await.leads_to("/seeker/settings/password/done");
    browser.get("/seeker/settings/password/done").await.is(200, "パスワードを変更しました");
    browser.get("/seeker/my-page").await.is(200, "マイページ");
    assert_ne!(browser.cookies["session-seeker"], old);

    home.get("/seeker/my-page").await.leads_to("/seeker/sign-in");
    phone.get("/seeker/code").await;
    phone.post("/seeker/code", &[("code", &code)]).await.is(403, "この操作は受け付けられません");
    world.give_password(&mut home, "seeker", ADDRESS).await.is(422, "ログイン");
    home.get("/seeker/sign-in").await;
    // The skip stays: that is the declared policy.
    home.post("/seeker/sign-in", &[("address", ADDRESS), ("password", new)]).await.leads_to("/seeker/my-page");
    assert!(text_of(&world.postbox.next(ADDRESS).await).contains("パスワードが、マイページで変更されました"));
}

#[tokio::test]
async fn wrong_current_passwords_are_limited() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({})).await;
    let mut browser = world.browser().await;
    world.sign_in(&mut browser, "seeker", ADDRESS, false).await;
    let path = "/seeker/settings/password";
    for _ in 0..10 {
        browser.get(path).await;
        let fields = [("current", "wrong"), ("new", "correct horse"), ("again", "correct horse")];
        browser.post(path, &fields).await.is(422, "パスワードの変更");
    }
    browser.get(path).await;
    let fields = [("current", PASSWORD), ("new", "correct horse"), ("again", "correct horse")];
    browser.post(path, &fields).await.is(429, "パスワードの変更を一時的に停止しています");
    world.give_password(&mut browser, "seeker", ADDRESS).await.leads_to("/seeker/code");
}

const ACCOUNTS: &str = "/employer/settings/accounts";

fn branch<'a>(name: &'a str, address: &'a str, password: &'a str) -> [(&'a str, &'a str); 4] {
    [("name", name), ("address", address), ("password", password), ("password_again", password)]
}

#[tokio::test]
async fn faq15_a_main_account_makes_additional_ones_that_sign_in_by_themselves() {
    let world = World::start().await;
    world.account("employer", ADDRESS, json!({})).await;
    let mut browser = world.browser().await;
    world.set_skip(&mut browser, "employer", ADDRESS).await;
    assert!(browser.get("/employer/settings").await.body.contains(ACCOUNTS));
    browser.get(ACCOUNTS).await.is(200, "追加アカウント");
    let name = "<b>大阪支店</b> & 営業";
    browser.post(ACCOUNTS, &branch(name, "osaka@example.test", PASSWORD)).await.leads_to(ACCOUNTS);
    let listed = browser.get(ACCOUNTS).await;
    assert!(listed.body.contains("osaka@example.test") && listed.body.contains("大阪支店"));
    assert!(!listed.body.contains("<b>") && !listed.body.contains(PASSWORD));

    // It has its own code and its own skip, beside those of the main account in the same browser.
    world.set_skip(&mut browser, "employer", "osaka@example.test").await;
    assert_eq!(browser.skip_cookies().len(), 2);
    for address in [ADDRESS, "osaka@example.test"] {
        world.give_password(&mut browser, "employer", address).await.leads_to("/employer/my-page");
    }
    // It has no additional accounts of its own, and is not told of the page.
    assert!(!browser.get("/employer/settings").await.body.contains(ACCOUNTS));
    browser.get(ACCOUNTS).await.is(404, "ページが見つかりません");
    browser.get("/employer/settings").await;
    let csrf_page = browser.get("/employer/settings/address").await;
    assert_eq!(csrf_page.status.as_u16(), 200);
    let seen = browser.post(ACCOUNTS, &branch("x", "x@example.test", PASSWORD)).await;
    seen.is(404, "ページが見つかりません");

    for portal in ["seeker", "provider"] {
        world.account(portal, ADDRESS, json!({})).await;
        world.sign_in(&mut browser, portal, ADDRESS, false).await;
        assert!(!browser.get(&format!("/{portal}/settings")).await.body.contains("settings/accounts"));
        browser.get(&format!("/{portal}/settings/accounts")).await.is(404, "ページが見つかりません");
    }
    browser.cookies.remove("session-employer");
    browser.get(ACCOUNTS).await.leads_to("/employer/sign-in");
}

#[tokio::test]
async fn an_additional_account_that_cannot_be_made_is_told_and_guessing_ends() {
    let world = World::start().await;
    world.account("employer", ADDRESS, json!({})).await;
    world.account("employer", "taken@example.test", json!({})).await;
    let mut browser = world.browser().await;
    world.sign_in(&mut browser, "employer", ADDRESS, false).await;
    let long = "あ".repeat(100);
    for (name, address, password, told) in [
        ("", "a@example.test", PASSWORD, "名前を"),
        (long.as_str(), "a@example.test", PASSWORD, "名前を"),
        ("支店", "no address", PASSWORD, "メールアドレスを正しく"),
        ("支店", "a@example.test", "short", "8文字以上"),
        ("支店", "a@example.test", "a@example.test", "IDと同じ"),
    ] {
        browser.get(ACCOUNTS).await;
        let seen = browser.post(ACCOUNTS, &branch(name, address, password)).await;
        assert!(seen.is(422, "追加アカウント").body.contains(told), "{told}");
        assert!(!seen.body.contains(PASSWORD));
    }
    for taken in [ADDRESS, "taken@example.test"].iter().cycle().take(10) {
        browser.get(ACCOUNTS).await;
        let seen = browser.post(ACCOUNTS, &branch("支店", taken, PASSWORD)).await;
        assert!(seen.is(422, "追加アカウント").body.contains("このメールアドレスは登録できません"));
    }
    for address in ["taken@example.test", "free@example.test"] {
        browser.get(ACCOUNTS).await;
        let seen = browser.post(ACCOUNTS, &branch("支店", address, PASSWORD)).await;
        seen.is(429, "追加アカウントの登録を一時的に停止しています");
    }
    world.advance("employer", ADDRESS, Duration::from_secs(3600)).await;
    browser.get(ACCOUNTS).await;
    browser.post(ACCOUNTS, &branch("支店", "free@example.test", PASSWORD)).await.leads_to(ACCOUNTS);
}

#[tokio::test]
async fn at_most_fifty_additional_accounts_are_made() {
    let world = World::start().await;
    world.account("employer", ADDRESS, json!({})).await;
    for number in 0..49 {
        world.account("employer", &format!("{number}@example.test"), json!({ "main": ADDRESS })).await;
    }
    let mut browser = world.browser().await;
    world.sign_in(&mut browser, "employer", ADDRESS, false).await;
    browser.get(ACCOUNTS).await;
    let csrf = browser.csrf();
    browser.post(ACCOUNTS, &branch("最後", "last@example.test", PASSWORD)).await.leads_to(ACCOUNTS);
    let full = browser.get(ACCOUNTS).await;
    assert!(full.body.contains("last@example.test") && full.body.contains("48@example.test"));
    assert!(!full.body.contains("<form id=\"additional-account\""));
    let mut fields = branch("次", "next@example.test", PASSWORD).to_vec();
    fields.push(("csrf", &csrf));
    browser.post_raw(ACCOUNTS, &[], &encoded(&fields)).await.is(409, "追加アカウント");
}
