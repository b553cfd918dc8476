//! What people do, screen by screen.

use std::time::Duration;

use serde_json::json;

use crate::world::{PASSWORD, World, refused_mail_is_told};

const PORTALS: [&str; 3] = ["seeker", "employer", "provider"];
const ADDRESS: &str = "hanako@example.test";
const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn notice2_a_code_opens_my_page_at_every_portal() {
    let world = World::start().await;
    let mut browser = world.browser().await;
    for portal in PORTALS {
        world.account(portal, ADDRESS, json!({})).await;
        world.sign_in(&mut browser, portal, ADDRESS, false).await.leads_to(&format!("/{portal}/my-page"));
        let page = browser.get(&format!("/{portal}/my-page")).await;
        assert!(page.is(200, "マイページ").body.contains("佐藤 花子 さん"));
        browser.get(&format!("/{portal}/settings")).await.is(200, "各種設定");
    }
    for portal in PORTALS {
        browser.get(&format!("/{portal}/my-page")).await.is(200, "マイページ");
    }
    assert_eq!(world.postbox.count(ADDRESS), 3);
}

#[tokio::test]
async fn notice1_before_go_live_no_code_is_asked() {
    let world = World::start().await;
    for (address, starts_at, asked) in [
        ("early@example.test", "2025-08-13T05:59:59+09:00", false),
        ("sharp@example.test", "2025-08-13T06:00:00+09:00", true),
    ] {
        world.account("seeker", address, json!({ "starts_at": starts_at, "frozen": true })).await;
        let mut browser = world.browser().await;
        let next = if asked { "/seeker/code" } else { "/seeker/my-page" };
        world.give_password(&mut browser, "seeker", address).await.leads_to(next);
    }
    world.postbox.code("sharp@example.test").await;
    assert_eq!(world.postbox.count("early@example.test"), 0);
}

#[tokio::test]
async fn faq01_wrong_password_and_unknown_id_read_alike_and_mail_nothing() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({})).await;
    let mut browser = world.browser().await;
    let mut pages = Vec::new();
    for (address, password) in [(ADDRESS, "wrong"), ("nobody@example.test", PASSWORD), ("no address", PASSWORD)] {
        browser.get("/seeker/sign-in").await;
        let seen = browser.post("/seeker/sign-in", &[("address", address), ("password", password)]).await;
        assert!(seen.is(422, "ログイン").body.contains("role=\"alert\""));
        assert!(!seen.body.contains(PASSWORD));
        pages.push(seen.body.replace(address, "ADDRESS"));
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "{pages:#?}");
    // A mail that is wanted comes after those that are not.
    world.give_password(&mut browser, "seeker", ADDRESS).await;
    world.postbox.code(ADDRESS).await;
    assert_eq!(world.postbox.count(ADDRESS), 1);
}

#[tokio::test]
async fn faq01_e_f_nothing_opens_before_the_code_and_the_code_is_nowhere() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({})).await;
    let mut browser = world.browser().await;
    let asked = world.give_password(&mut browser, "seeker", ADDRESS).await;
    let code = world.postbox.code(ADDRESS).await;
    let shown = browser.get("/seeker/code").await;
    for seen in [asked, shown] {
        assert!(!format!("{:?}{}", seen.headers, seen.body).contains(&code));
    }
    for path in [
        "my-page",
        "settings",
        "settings/skip",
        "settings/skip/resume",
        "settings/address",
        "settings/address/confirm",
        "settings/password",
        "skip",
    ] {
        browser.get(&format!("/seeker/{path}")).await.leads_to("/seeker/sign-in");
    }
    for path in [
        "skip",
        "settings/skip/resume",
        "settings/skip/resume/complete",
        "settings/address",
        "settings/address/confirm",
        "settings/password",
        "sign-out",
    ] {
        browser.get("/seeker/code").await;
        let fields = [("decision", "ok"), ("address", "thief@example.test")];
        let seen = browser.post(&format!("/seeker/{path}"), &fields).await;
        match path {
            "sign-out" => seen.leads_to("/seeker/sign-in"),
            _ => seen.is(403, "もう一度ログインしてください"),
        };
    }
}

#[tokio::test]
async fn faq03_an_expired_code_stays_expired_and_starting_over_helps() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({ "frozen": true })).await;
    let mut browser = world.browser().await;
    world.give_password(&mut browser, "seeker", ADDRESS).await;
    let code = world.postbox.code(ADDRESS).await;
    browser.get("/seeker/code").await;
    world.advance("seeker", ADDRESS, Duration::from_millis(30 * 60 * 1000 + 1)).await;
    let csrf = browser.csrf();
    let fields = [("code", code.as_str()), ("csrf", csrf.as_str())];
    for _ in 0..2 {
        let seen = browser.post_raw("/seeker/code", &[], &crate::browser::encoded(&fields)).await;
        seen.is(410, "ワンタイムパスワードの有効期間が過ぎました");
        assert!(seen.body.contains("この画面を閉じて、ログインからやり直してください"));
        browser.get("/seeker/code").await.is(410, "ワンタイムパスワードの有効期間が過ぎました");
    }
    world.sign_in(&mut browser, "seeker", ADDRESS, false).await.leads_to("/seeker/my-page");
}

#[tokio::test]
async fn a_wrong_code_is_told_and_the_fifth_ends_the_attempt() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({})).await;
    let mut browser = world.browser().await;
    world.give_password(&mut browser, "seeker", ADDRESS).await;
    let code = world.postbox.code(ADDRESS).await;
    let wrong = format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000);
    browser.get("/seeker/code").await;
    for _ in 0..4 {
        let seen = browser.post("/seeker/code", &[("code", &wrong)]).await;
        assert!(seen.is(422, "ワンタイムパスワード入力画面").body.contains("role=\"alert\""));
    }
    let csrf = browser.csrf();
    browser.post("/seeker/code", &[("code", &wrong)]).await.is(429, "ワンタイムパスワードの入力回数が上限に達しました");
    let fields = [("code", code.as_str()), ("csrf", csrf.as_str())];
    let seen = browser.post_raw("/seeker/code", &[], &crate::browser::encoded(&fields)).await;
    seen.is(429, "ワンタイムパスワードの入力回数が上限に達しました");
}

#[tokio::test]
async fn a_full_width_code_is_the_same_code() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({})).await;
    let mut browser = world.browser().await;
    world.give_password(&mut browser, "seeker", ADDRESS).await;
    let code = world.postbox.code(ADDRESS).await;
    let wide: String = code.chars().map(|c| char::from_u32(u32::from(c) - 0x30 + 0xff10).unwrap()).collect();
    browser.get("/seeker/code").await;
    browser.post("/seeker/code", &[("code", &wide)]).await.leads_to("/seeker/my-page");
    browser.get("/seeker/code").await.is(410, "すでにログインしています");
}

#[tokio::test]
async fn faq05_refused_mail_is_told_and_opens_no_other_way() {
    let world = World::start().await;
    let address = "dead@example.test";
    world.account("seeker", address, json!({})).await;
    let mut browser = world.browser().await;
    world.give_password(&mut browser, "seeker", address).await.leads_to("/seeker/code");
    let seen = refused_mail_is_told(&mut browser).await;
    assert!(seen.body.contains("窓口"));
    browser.get("/seeker/my-page").await.leads_to("/seeker/sign-in");
}

#[tokio::test]
async fn faq06_a_skip_is_set_with_tick_code_and_ok_and_holds_ninety_days() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({ "frozen": true })).await;
    let mut browser = world.browser().await;
    world.sign_in(&mut browser, "seeker", ADDRESS, true).await.leads_to("/seeker/skip");
    let cautions = browser.get("/seeker/skip").await;
    assert!(cautions.body.contains("id=\"cautions\""));
    assert!(browser.skip_cookies().is_empty());
    let confirmed = browser.post("/seeker/skip", &[("decision", "ok")]).await;
    let line = confirmed.leads_to("/seeker/my-page").set_cookie("skip-").unwrap().to_owned();
    assert!(line.ends_with("; HttpOnly; SameSite=Lax; Path=/; Max-Age=7776000"), "{line}");
    assert_eq!(world.status(&mut browser, "seeker").await, "あり");

    world.advance("seeker", ADDRESS, 90 * DAY).await;
    world.give_password(&mut browser, "seeker", ADDRESS).await.leads_to("/seeker/my-page");
    assert_eq!(world.postbox.count(ADDRESS), 1, "a skipped sign-in mails nothing");
    world.advance("seeker", ADDRESS, Duration::from_millis(1)).await;
    world.give_password(&mut browser, "seeker", ADDRESS).await.leads_to("/seeker/code");
}

#[tokio::test]
async fn faq06_cancelling_or_forging_the_confirmation_sets_nothing() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({})).await;
    let mut browser = world.browser().await;
    world.sign_in(&mut browser, "seeker", ADDRESS, true).await;
    browser.get("/seeker/skip").await;
    browser.post("/seeker/skip", &[("decision", "cancel")]).await.leads_to("/seeker/my-page");
    browser.get("/seeker/skip").await.leads_to("/seeker/my-page");
    browser.get("/seeker/my-page").await;
    browser.post("/seeker/skip", &[("decision", "ok")]).await.is(403, "省略の設定は受け付けられません");
    assert!(browser.skip_cookies().is_empty());
    assert_eq!(world.status(&mut browser, "seeker").await, "なし");
}

#[tokio::test]
async fn faq12_resuming_ends_every_skip_of_the_account() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({})).await;
    let (mut lost, mut here) = (world.browser().await, world.browser().await);
    world.set_skip(&mut lost, "seeker", ADDRESS).await;
    world.set_skip(&mut here, "seeker", ADDRESS).await;
    let kept = here.skip_cookies();
    world.status(&mut here, "seeker").await;
    here.post("/seeker/settings/skip/resume", &[]).await.is(200, "ワンタイムパスワード入力再開確認画面");
    assert_eq!(world.status(&mut here, "seeker").await, "あり", "the first button changes nothing");
    here.get("/seeker/settings/skip/resume").await.is(200, "ワンタイムパスワード入力再開確認画面");
    here.post("/seeker/settings/skip/resume/complete", &[]).await.leads_to("/seeker/settings/skip");
    assert_eq!(world.status(&mut here, "seeker").await, "なし");
    assert!(here.skip_cookies().is_empty());
    here.cookies.extend(kept);
    for browser in [&mut lost, &mut here] {
        world.give_password(browser, "seeker", ADDRESS).await.leads_to("/seeker/code");
    }
}

#[tokio::test]
async fn faq15_faq16_main_and_additional_accounts_are_apart() {
    let world = World::start().await;
    let (main, more) = ("main@example.test", "more@example.test");
    world.account("employer", main, json!({})).await;
    world.account("employer", more, json!({ "main": main })).await;
    let mut browser = world.browser().await;
    world.set_skip(&mut browser, "employer", main).await;
    world.give_password(&mut browser, "employer", more).await.leads_to("/employer/code");
    world.postbox.code(more).await;
    assert_eq!(world.postbox.count(main), 1);
    world.set_skip(&mut browser, "employer", more).await;
    assert_eq!(browser.skip_cookies().len(), 2);
    for address in [main, more] {
        world.give_password(&mut browser, "employer", address).await.leads_to("/employer/my-page");
    }
    // Resuming at the additional account leaves the main one's skip.
    browser.get("/employer/settings/skip/resume").await;
    browser.post("/employer/settings/skip/resume/complete", &[]).await.leads_to("/employer/settings/skip");
    world.give_password(&mut browser, "employer", more).await.leads_to("/employer/code");
    world.give_password(&mut browser, "employer", main).await.leads_to("/employer/my-page");
}

#[tokio::test]
async fn signing_in_to_another_account_ends_the_first_session() {
    let world = World::start().await;
    for address in ["a@example.test", "b@example.test"] {
        world.account("seeker", address, json!({})).await;
    }
    let mut browser = world.browser().await;
    world.sign_in(&mut browser, "seeker", "a@example.test", false).await;
    let old = browser.cookies["session-seeker"].clone();
    world.sign_in(&mut browser, "seeker", "b@example.test", false).await;
    assert_ne!(browser.cookies["session-seeker"], old);
    browser.cookies.insert("session-seeker".to_owned(), old);
    browser.get("/seeker/my-page").await.leads_to("/seeker/sign-in");
}

#[tokio::test]
async fn signing_out_ends_the_session_on_the_server() {
    let world = World::start().await;
    world.account("seeker", ADDRESS, json!({})).await;
    let mut browser = world.browser().await;
    world.sign_in(&mut browser, "seeker", ADDRESS, false).await;
    let session = browser.cookies["session-seeker"].clone();
    browser.get("/seeker/my-page").await;
    browser.post("/seeker/sign-out", &[]).await.leads_to("/seeker/sign-in");
    assert!(!browser.cookies.contains_key("session-seeker"));
    browser.cookies.insert("session-seeker".to_owned(), session);
    browser.get("/seeker/my-page").await.leads_to("/seeker/sign-in");
}
