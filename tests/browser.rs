//! The login as people meet it: real Chromium against the reference server, with the mail going to the sink.
//!
//! That the rules hold in every detail is for the scenarios to say; here it is that a browser's own forms, cookies, layout and
//! keyboard lead through the same screens. All tests stand in the module `in_chromium`, which `cargo xtask test --rust-only`
//! leaves out.
#![allow(clippy::unwrap_used)]

#[path = "browser/chromium.rs"]
mod chromium;
#[path = "browser/venue.rs"]
mod venue;
#[path = "browser/visitor.rs"]
mod visitor;

mod in_chromium {
    use fantoccini::key::Key;

    use crate::chromium::{Kind, PHONE_WIDTH};
    use crate::venue::{ADDRESS, PASSWORD, Venue};
    use crate::visitor::{
        CODE_ENTRY, MY_PAGE, RESUME_CONFIRMATION, SIGN_IN, SKIP_CONFIRMATION, SKIP_SETTINGS, SkipBox, Visitor,
    };

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
        let code = venue.code_after(mark).await;
        let wrong = if code == "000000" { "000001" } else { "000000" };
        visitor.give_code(wrong, SkipBox::Unticked).await;
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
        visitor.give_code(&venue.code_after(before_asked).await, SkipBox::Unticked).await;
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

    /// Nobody needs a mouse: the fields follow each other, and Enter sends.
    #[tokio::test]
    async fn the_keyboard_alone_leads_through() {
        let venue = Venue::open().await;
        let visitor = Visitor::new(&venue, "provider", Kind::Desktop).await;
        let mark = venue.mark().await;
        visitor.open("sign-in").await;
        visitor.fill("#sign-in [name=address]", &format!("{ADDRESS}{}", char::from(Key::Tab))).await;
        typed(&visitor, &format!("{PASSWORD}{}", char::from(Key::Enter))).await;
        visitor.sees(CODE_ENTRY).await;

        visitor
            .fill("#code-entry [name=code]", &format!("{}{}", venue.code_after(mark).await, char::from(Key::Tab)))
            .await;
        typed(&visitor, &format!(" {}", char::from(Key::Tab))).await;
        typed(&visitor, &char::from(Key::Enter).to_string()).await;
        // The space bar had ticked the box.
        visitor.sees(SKIP_CONFIRMATION).await;
    }

    /// WCAG 2.2, 1.4.10: no screen has to be moved sideways to be read.
    #[tokio::test]
    async fn no_screen_is_wider_than_a_phone() {
        let venue = Venue::open().await;
        let visitor = Visitor::new(&venue, "provider", Kind::Phone).await;
        let mut seen = Vec::new();
        let mut look = async |screen: &str| {
            visitor.sees(screen).await;
            assert_eq!(width(&visitor).await, PHONE_WIDTH, "{screen}");
            seen.push(screen.to_owned());
        };

        visitor.open("sign-in").await;
        look(SIGN_IN).await;
        let mark = visitor.give_password().await;
        look(CODE_ENTRY).await;
        let code = venue.code_after(mark).await;
        visitor.give_code("none", SkipBox::Unticked).await;
        visitor.is_alerted().await;
        look(CODE_ENTRY).await;
        visitor.give_code(&code, SkipBox::Ticked).await;
        look(SKIP_CONFIRMATION).await;
        visitor.press("#skip-confirmation [value=ok]").await;
        look(MY_PAGE).await;
        visitor.open("settings").await;
        look("各種設定").await;
        visitor.open("settings/address").await;
        look("メールアドレスの変更").await;
        visitor.open("settings/skip").await;
        look(SKIP_SETTINGS).await;
        visitor.press("#resume button").await;
        look(RESUME_CONFIRMATION).await;
        assert_eq!(seen.len(), 9);

        // The measure itself: something wide is seen to be wide.
        let widen = "document.querySelector('h1').style.minWidth = '700px'";
        visitor.client().execute(widen, Vec::new()).await.unwrap();
        assert!(width(&visitor).await >= 700);
    }

    /// How wide the page is, in CSS pixels, with all that sticks out of the screen.
    async fn width(visitor: &Visitor<'_>) -> u64 {
        let width = visitor.client().execute("return document.documentElement.scrollWidth", Vec::new()).await;
        width.unwrap().as_u64().unwrap()
    }

    async fn typed(visitor: &Visitor<'_>, keys: &str) {
        visitor.client().active_element().await.unwrap().send_keys(keys).await.unwrap();
    }
}
