//! The ways people go, also the wrong ones.

use std::time::Duration;

use http::Method;
use sekisho_server::core::SESSION_VALID;
use serde_json::json;

use crate::chromium::Kind;
use crate::venue::{Account, HANAKO, Venue};
use crate::visitor::{
    ADDITIONAL_ACCOUNTS, ADDRESS_CHANGE, ADDRESS_CONFIRMATION, CODE_ENTRY, MY_PAGE, RESUME_CONFIRMATION, SIGN_IN,
    SKIP_CONFIRMATION, SKIP_SETTINGS, SkipBox, Visitor, other_than,
};

/// Has an account once its main account has made it.
const JIRO: Account = Account { address: "jiro@example.test", password: "a-password-of-jiro" };
/// Hanako, once she has another address.
const MOVED: Account = Account { address: "yamada@example.test", ..HANAKO };

/// NOTICE-2, FAQ-01.
#[tokio::test]
async fn a_mailed_code_signs_in_at_every_portal() {
    let venue = Venue::open().await;
    let mut visitor = Visitor::new(&venue, "seeker", Kind::Desktop).await;
    for portal in ["seeker", "employer", "provider"] {
        visitor.turn_to(portal);
        visitor.sign_in(SkipBox::Unticked).await;
        visitor.sees(MY_PAGE).await;
    }
}

/// FAQ-01: a wrong code is told by an alert, and the code that was mailed still works.
#[tokio::test]
async fn a_wrong_code_is_told_and_can_be_corrected() {
    let venue = Venue::open().await;
    let visitor = Visitor::new(&venue, "seeker", Kind::Desktop).await;
    let mark = visitor.give_password().await;
    let code = visitor.code_after(mark).await;
    visitor.give_code(other_than(&code), SkipBox::Unticked).await;
    visitor.is_alerted().await;
    visitor.give_code(&code, SkipBox::Unticked).await;
    visitor.sees(MY_PAGE).await;
}

/// FAQ-06, FAQ-10.
#[tokio::test]
async fn a_skip_spares_the_code_until_cookies_are_cleared() {
    let venue = Venue::open().await;
    let visitor = Visitor::new(&venue, "seeker", Kind::Desktop).await;
    visitor.set_skip().await;
    visitor.sign_out().await;

    let before_skipped = visitor.give_password().await;
    visitor.sees(MY_PAGE).await;

    visitor.client().delete_all_cookies().await.unwrap();
    let before_asked = visitor.give_password().await;
    visitor.sees(CODE_ENTRY).await;
    visitor.give_code(&visitor.code_after(before_asked).await, SkipBox::Unticked).await;
    visitor.sees(MY_PAGE).await;
    assert_eq!(venue.mails_after(before_skipped).await, 1, "a skipped sign-in mails nothing");
}

/// FAQ-08, FAQ-12, FAQ-13.
#[tokio::test]
async fn a_skip_belongs_to_its_browser_and_ends_from_any_other() {
    let venue = Venue::open().await;
    let lost = Visitor::new(&venue, "employer", Kind::Desktop).await;
    lost.set_skip().await;
    lost.sign_out().await;

    let other = Visitor::new(&venue, "employer", Kind::Phone).await;
    other.sign_in(SkipBox::Unticked).await;
    other.sees(MY_PAGE).await;
    other.open("settings/skip").await;
    assert_eq!(other.says("#skip-status").await, "あり");
    other.press("#resume button").await;
    other.sees(RESUME_CONFIRMATION).await;
    other.press("#resume-confirmation button").await;
    other.sees(SKIP_SETTINGS).await;
    assert_eq!(other.says("#skip-status").await, "なし");

    lost.give_password().await;
    lost.sees(CODE_ENTRY).await;
}

/// FAQ-14.
#[tokio::test]
async fn a_browser_that_keeps_no_cookies_is_told_so() {
    let venue = Venue::open().await;
    let visitor = Visitor::new(&venue, "seeker", Kind::WithoutCookies).await;
    visitor.give_password().await;
    visitor.sees("Cookieを有効にしてください").await;
}

/// FAQ-02: the whole way on a phone, with a skip.
#[tokio::test]
async fn a_phone_signs_in_and_sets_its_skip() {
    let venue = Venue::open().await;
    let phone = Visitor::new(&venue, "seeker", Kind::Phone).await;
    phone.set_skip().await;
    phone.sign_out().await;
    phone.give_password().await;
    phone.sees(MY_PAGE).await;
}

/// FAQ-03, FAQ-04: a code that is too late is told so, and the way back leads to one that works.
#[tokio::test]
async fn an_expired_code_leads_back_to_a_new_one() {
    let venue = Venue::frozen().await;
    let visitor = Visitor::new(&venue, "seeker", Kind::Desktop).await;
    let mark = visitor.give_password().await;
    let late = visitor.code_after(mark).await;
    venue.advance(Duration::from_secs(30 * 60 + 1)).await;
    visitor.give_code(&late, SkipBox::Ticked).await;
    visitor.sees("ワンタイムパスワードの有効期間が過ぎました").await;
    visitor.client().refresh().await.unwrap();
    visitor.sees("ワンタイムパスワードの有効期間が過ぎました").await;

    visitor.press(".message + p a").await;
    visitor.sees(SIGN_IN).await;
    visitor.sign_in(SkipBox::Unticked).await;
    visitor.sees(MY_PAGE).await;
}

/// Loading a page again shows the same one, and what was begun on it still works.
#[tokio::test]
async fn every_screen_can_be_loaded_again() {
    let venue = Venue::open().await;
    let visitor = Visitor::new(&venue, "employer", Kind::Desktop).await;
    let again = async |screen: &str| {
        visitor.sees(screen).await;
        visitor.client().refresh().await.unwrap();
        visitor.sees(screen).await;
    };
    visitor.open("sign-in").await;
    again(SIGN_IN).await;
    let mark = visitor.give_password().await;
    again(CODE_ENTRY).await;
    visitor.give_code(&visitor.code_after(mark).await, SkipBox::Ticked).await;
    again(SKIP_CONFIRMATION).await;
    visitor.press("#skip-confirmation [value=ok]").await;
    again(MY_PAGE).await;
    for (page, screen) in
        [("settings", "各種設定"), ("settings/address", ADDRESS_CHANGE), ("settings/skip", SKIP_SETTINGS)]
    {
        visitor.open(page).await;
        again(screen).await;
    }
    visitor.press("#resume button").await;
    again(RESUME_CONFIRMATION).await;
    visitor.open("settings/skip").await;
    assert_eq!(visitor.says("#skip-status").await, "あり", "loading the question again must not answer it");
    assert_eq!(venue.mails_after(mark).await, 1, "loading a page again mails nothing");
}

/// Going back opens nothing that was closed, and always shows a screen that leads on.
#[tokio::test]
async fn going_back_shows_nothing_that_is_over() {
    let venue = Venue::open().await;
    let visitor = Visitor::new(&venue, "seeker", Kind::Desktop).await;
    visitor.sign_in(SkipBox::Unticked).await;
    visitor.sees(MY_PAGE).await;
    // The code entry screen was replaced by what says that this sign-in is done.
    visitor.client().back().await.unwrap();
    visitor.sees("すでにログインしています").await;
    assert_eq!(visitor.count("#code-entry").await, 0, "the used code is asked once more");
    visitor.press(".message + p a").await;
    visitor.sees(MY_PAGE).await;

    visitor.sign_out().await;
    visitor.client().back().await.unwrap();
    visitor.sees(SIGN_IN).await;
    assert_eq!(visitor.count("#sign-out").await, 0, "My Page shows after signing out");
}

/// Who presses ［送信］ twice gets in, or is told what has happened and how to go on.
#[tokio::test]
async fn a_double_click_on_send_does_no_harm() {
    let venue = Venue::open().await;
    let visitor = Visitor::new(&venue, "seeker", Kind::Desktop).await;
    let mark = visitor.give_password().await;
    visitor.fill("#code-entry [name=code]", &visitor.code_after(mark).await).await;
    visitor.double_click("#code-entry button").await;
    if visitor.says("h1").await != MY_PAGE {
        visitor.press(".message + p a").await;
    }
    visitor.sees(MY_PAGE).await;
}

/// A session that has run out in front of a form leads to the sign-in, and nothing of the form is done.
#[tokio::test]
async fn a_session_that_has_run_out_leads_to_the_sign_in() {
    let venue = Venue::frozen().await;
    let visitor = Visitor::new(&venue, "seeker", Kind::Desktop).await;
    visitor.set_skip().await;
    visitor.open("settings/skip/resume").await;
    venue.advance(SESSION_VALID + Duration::from_secs(1)).await;
    visitor.press("#resume-confirmation button").await;
    visitor.sees("もう一度ログインしてください").await;
    visitor.press(".message + p a").await;
    visitor.sees(SIGN_IN).await;
    // The skip was not ended.
    visitor.give_password().await;
    visitor.sees(MY_PAGE).await;
}

/// FAQ-15, FAQ-16: main and additional account side by side in one browser, each with a code and a skip of its own.
#[tokio::test]
async fn an_additional_account_lives_beside_its_main_account() {
    let venue = Venue::open().await;
    let mut visitor = Visitor::new(&venue, "employer", Kind::Desktop).await;
    visitor.set_skip().await;
    visitor.open("settings/accounts").await;
    visitor.add_account("田中 次郎", JIRO).await;
    visitor.sees(ADDITIONAL_ACCOUNTS).await;
    assert!(visitor.says("#accounts").await.contains(JIRO.address));
    visitor.sign_out().await;

    let main = visitor.become_user(JIRO);
    let mark = visitor.give_password().await;
    visitor.sees(CODE_ENTRY).await;
    // To its own address: that is where the visitor looks for it.
    visitor.give_code(&visitor.code_after(mark).await, SkipBox::Ticked).await;
    visitor.press("#skip-confirmation [value=ok]").await;
    visitor.sees(MY_PAGE).await;
    visitor.open("settings").await;
    assert_eq!(visitor.count("a[href$='/accounts']").await, 0, "an additional account has none of its own");
    visitor.sign_out().await;

    for account in [main, JIRO] {
        visitor.become_user(account);
        visitor.give_password().await;
        visitor.sees(MY_PAGE).await;
        visitor.sign_out().await;
    }
    // Resuming for one leaves the other's skip.
    visitor.give_password().await;
    visitor.open("settings/skip/resume").await;
    visitor.press("#resume-confirmation button").await;
    visitor.sign_out().await;
    visitor.give_password().await;
    visitor.sees(CODE_ENTRY).await;
    visitor.become_user(main);
    visitor.give_password().await;
    visitor.sees(MY_PAGE).await;
}

/// NOTICE-4: the new address counts from its confirmation on, and not before.
#[tokio::test]
async fn a_changed_address_counts_once_it_is_confirmed() {
    let venue = Venue::open().await;
    let mut visitor = Visitor::new(&venue, "seeker", Kind::Desktop).await;
    visitor.sign_in(SkipBox::Unticked).await;
    visitor.open("settings/address").await;
    let mark = venue.mark().await;
    visitor.fill("#address", MOVED.address).await;
    visitor.press("#address-change button").await;
    visitor.sees(ADDRESS_CONFIRMATION).await;
    assert_eq!(visitor.says("#new-address").await, MOVED.address);
    let number = venue.number_after(mark, MOVED.address).await;
    visitor.open("settings/address").await;
    assert_eq!(visitor.says("#current-address").await, HANAKO.address, "it counts before it is confirmed");
    visitor.open("settings/address/confirm").await;
    visitor.fill("#number", &number).await;
    visitor.press("#address-confirmation button").await;
    visitor.sees(ADDRESS_CHANGE).await;
    assert_eq!(visitor.says("#current-address").await, MOVED.address);

    visitor.sign_out().await;
    visitor.give_password().await;
    visitor.is_alerted().await;
    visitor.become_user(MOVED);
    visitor.sign_in(SkipBox::Unticked).await;
    visitor.sees(MY_PAGE).await;
}

/// FAQ-05 c, d: while the office works the old address decides, and the user sees how far it is; days later the new one does.
#[tokio::test]
async fn the_office_changes_an_address_in_days() {
    let venue = Venue::frozen().await;
    let mut visitor = Visitor::new(&venue, "provider", Kind::Desktop).await;
    let wanted = json!({ "portal": "provider", "address": HANAKO.address, "new_address": MOVED.address });
    let request = venue.control(Method::POST, "/office/requests", &wanted).await;
    let identity = format!("/office/requests/{}/identity", request["id"].as_str().unwrap());
    visitor.sign_in(SkipBox::Unticked).await;
    visitor.open("settings/address").await;
    assert_eq!(visitor.says("#current-address").await, HANAKO.address);
    assert_eq!(visitor.count("#address-change").await, 0, "a change of one's own is offered meanwhile");
    let requested = visitor.says("#office").await;
    assert!(requested.contains(MOVED.address));
    venue.control(Method::POST, &identity, &json!({})).await;
    visitor.client().refresh().await.unwrap();
    visitor.sees(ADDRESS_CHANGE).await;
    // From Wednesday, 1 April 2026, three business days lead past a weekend to Monday, 6 April.
    assert!(visitor.says("#office-done").await.contains("4月6日"), "{}", visitor.says("#office-done").await);
    assert_ne!(visitor.says("#office").await, requested);
    visitor.sign_out().await;

    venue.advance(Duration::from_secs(5 * 24 * 60 * 60)).await;
    visitor.give_password().await;
    visitor.is_alerted().await;
    visitor.become_user(MOVED);
    visitor.sign_in(SkipBox::Unticked).await;
    visitor.sees(MY_PAGE).await;
}
