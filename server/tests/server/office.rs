//! FAQ-05 c, d: the office changes an address, and what its user sees meanwhile.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::world::World;

const OLD: &str = "old@example.test";
const NEW: &str = "new@example.test";

/// A Tuesday before the holidays of May 2026.
async fn world() -> World {
    let world = World::start().await;
    world.account("seeker", OLD, json!({ "starts_at": "2026-04-28T10:00:00+09:00", "frozen": true })).await;
    world
}

async fn request(world: &World, address: &str, new: &str) -> (StatusCode, Value) {
    let body = json!({ "portal": "seeker", "address": address, "new_address": new });
    world.control(Method::POST, "/office/requests", body).await
}

async fn opened(world: &World) -> String {
    let (status, body) = request(world, OLD, NEW).await;
    assert_eq!((status, body["state"].as_str()), (StatusCode::CREATED, Some("requested")), "{body}");
    format!("/office/requests/{}", body["id"].as_str().unwrap())
}

async fn state(world: &World, path: &str) -> String {
    let (status, body) = world.control(Method::GET, path, Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body["state"].as_str().unwrap().to_owned()
}

async fn office_page(browser: &mut Browser) -> String {
    browser.get("/seeker/settings/address").await.is(200, "メールアドレスの変更").body.clone()
}

#[tokio::test]
async fn faq05_c_d_the_old_address_decides_till_it_is_done_and_the_new_one_from_then_on() {
    let world = world().await;
    let mut browser = world.browser().await;
    let path = opened(&world).await;
    let (status, checked) = world.control(Method::POST, &format!("{path}/identity"), json!({})).await;
    assert_eq!((status, checked["state"].as_str()), (StatusCode::OK, Some("identity-checked")), "{checked}");
    assert_eq!(checked["done_at"], "2026-05-07T00:00:00.000Z", "09:00 in Japan after three business days");

    let till_done = Duration::from_secs((8 * 24 + 23) * 3600);
    world.advance("seeker", OLD, till_done - Duration::from_secs(1)).await;
    world.give_password(&mut browser, "seeker", NEW).await.is(422, "ログイン");
    world.sign_in(&mut browser, "seeker", OLD, false).await.leads_to("/seeker/my-page");
    assert_eq!(state(&world, &path).await, "identity-checked");

    world.advance("seeker", OLD, Duration::from_secs(1)).await;
    let (status, body) = world.control(Method::GET, &format!("/clock?portal=seeker&address={NEW}"), Value::Null).await;
    assert_eq!((status, body["now"].as_str()), (StatusCode::OK, Some("2026-05-07T00:00:00.000Z")), "{body}");
    world.give_password(&mut browser, "seeker", OLD).await.is(422, "ログイン");
    world.sign_in(&mut browser, "seeker", NEW, false).await.leads_to("/seeker/my-page");
    assert_eq!(state(&world, &path).await, "done");
    let shown = office_page(&mut browser).await;
    assert!(shown.contains(NEW) && !shown.contains("id=\"office\""));
    let gone = world.control(Method::GET, &format!("/clock?portal=seeker&address={OLD}"), Value::Null).await.0;
    assert_eq!(gone, StatusCode::NOT_FOUND);
    assert_eq!((world.postbox.count(OLD), world.postbox.count(NEW)), (1, 1));
    // The old address is anybody's now.
    world.account("seeker", OLD, json!({})).await;
}

#[tokio::test]
async fn a_sign_in_that_began_before_and_ends_after_starts_over() {
    let world = world().await;
    let mut browser = world.browser().await;
    let path = opened(&world).await;
    world.control(Method::POST, &format!("{path}/identity"), json!({})).await;
    world.advance("seeker", OLD, Duration::from_secs((8 * 24 + 23) * 3600 - 60)).await;
    world.give_password(&mut browser, "seeker", OLD).await.leads_to("/seeker/code");
    let code = world.postbox.code(OLD).await;
    browser.get("/seeker/code").await;
    let csrf = browser.csrf();
    world.advance("seeker", OLD, Duration::from_secs(60)).await;
    let body = crate::browser::encoded(&[("code", &code), ("csrf", &csrf)]);
    let seen = browser.post_raw("/seeker/code", &[], &body).await;
    seen.is(410, "ログインをやり直してください");
}

#[tokio::test]
async fn meanwhile_the_user_sees_how_far_it_is_and_cannot_change_the_address() {
    let world = world().await;
    let mut browser = world.browser().await;
    world.sign_in(&mut browser, "seeker", OLD, false).await;
    let before = office_page(&mut browser).await;
    assert!(before.contains("form id=\"address-change\"") && !before.contains("id=\"office\""));
    let csrf = browser.csrf();
    let path = opened(&world).await;
    let shown = office_page(&mut browser).await;
    assert!(shown.contains("受付済み") && shown.contains(NEW) && shown.contains("本人確認の後に決まります"));
    assert!(!shown.contains("form id=\"address-change\""));
    world.control(Method::POST, &format!("{path}/identity"), json!({})).await;
    let shown = office_page(&mut browser).await;
    assert!(shown.contains("本人確認済み") && shown.contains("2026年5月7日に変更されます"));

    let body = crate::browser::encoded(&[("address", "other@example.test"), ("csrf", &csrf)]);
    let seen = browser.post_raw("/seeker/settings/address", &[], &body).await;
    assert!(seen.is(409, "メールアドレスの変更").body.contains("窓口で手続き中のため"));

    let (status, body) = world.control(Method::DELETE, &path, Value::Null).await;
    assert_eq!((status, body["state"].as_str()), (StatusCode::OK, Some("withdrawn")));
    assert!(!office_page(&mut browser).await.contains("id=\"office\""));
    world.advance("seeker", OLD, Duration::from_secs(30 * 86_400)).await;
    world.sign_in(&mut browser, "seeker", OLD, false).await.leads_to("/seeker/my-page");
}

#[tokio::test]
async fn the_office_refuses_what_makes_no_sense() {
    let world = world().await;
    world.account("seeker", "taken@example.test", json!({})).await;
    for (address, new, status) in
        [(OLD, "taken@example.test", 409), (OLD, OLD, 409), (OLD, "no address", 422), ("nobody@example.test", NEW, 404)]
    {
        let (got, body) = request(&world, address, new).await;
        assert_eq!(got.as_u16(), status, "{address} {new} {body}");
        assert!(body["error"].is_string());
    }
    let path = opened(&world).await;
    assert_eq!(request(&world, OLD, "more@example.test").await.0, StatusCode::CONFLICT, "one at a time");
    assert_eq!(request(&world, "taken@example.test", NEW).await.0, StatusCode::CONFLICT, "the address is kept");
    assert_eq!(request(&world, NEW, "more@example.test").await.0, StatusCode::NOT_FOUND, "not the account's yet");
    let identity = format!("{path}/identity");
    assert_eq!(world.control(Method::POST, &identity, json!({ "x": 1 })).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(world.control(Method::POST, &identity, json!({})).await.0, StatusCode::OK);
    assert_eq!(world.control(Method::POST, &identity, json!({})).await.0, StatusCode::CONFLICT, "once");
    for unknown in ["/office/requests/x", "/office/requests/0000000000000000-x", "/office/requests/あ"] {
        let unknown = unknown.replace('あ', "%E3%81%82");
        assert_eq!(world.control(Method::GET, &unknown, Value::Null).await.0, StatusCode::NOT_FOUND, "{unknown}");
    }
    for (method, path, status) in [
        (Method::GET, "/office/requests".to_owned(), 405),
        (Method::PUT, path.clone(), 405),
        (Method::GET, identity, 405),
        (Method::POST, format!("{path}/else"), 404),
        (Method::POST, "/office/requestsx".to_owned(), 404),
        (Method::POST, "/office/address".to_owned(), 404),
    ] {
        assert_eq!(world.control(method, &path, json!({})).await.0.as_u16(), status, "{path}");
    }
}

#[tokio::test]
async fn the_offices_days_can_be_set() {
    let conforming = std::sync::Arc::new(sekisho_server::Conforming);
    let world = World::start_with(conforming, |config| config.office_business_days = 1).await;
    world.account("seeker", OLD, json!({ "starts_at": "2026-12-28T10:00:00+09:00", "frozen": true })).await;
    let path = opened(&world).await;
    let (_, checked) = world.control(Method::POST, &format!("{path}/identity"), json!({})).await;
    assert_eq!(checked["done_at"], "2027-01-04T00:00:00.000Z");
}
