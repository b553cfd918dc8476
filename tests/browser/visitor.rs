//! A person in front of Chromium, who sees screens and fills in what is on them.

use std::time::Duration;

use fantoccini::{Client, Locator};
use sekisho_simulator::mailbox::Mark;

use crate::chromium::{Chromium, Kind};
use crate::venue::{ADDRESS, PASSWORD, Venue};

pub const SIGN_IN: &str = "ログイン";
pub const CODE_ENTRY: &str = "ワンタイムパスワード入力画面";
pub const SKIP_CONFIRMATION: &str = "ワンタイムパスワード省略設定確認画面";
pub const MY_PAGE: &str = "マイページ";
pub const SKIP_SETTINGS: &str = "ワンタイムパスワード入力省略設定";
pub const RESUME_CONFIRMATION: &str = "ワンタイムパスワード入力再開確認画面";

/// How long a page may take on this machine before a test fails.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is done with the box beside the code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SkipBox {
    Ticked,
    Unticked,
}

pub struct Visitor<'a> {
    venue: &'a Venue,
    portal: &'static str,
    browser: Chromium,
}

impl<'a> Visitor<'a> {
    pub async fn new(venue: &'a Venue, portal: &'static str, kind: Kind) -> Self {
        Self { venue, portal, browser: Chromium::start(kind).await }
    }

    pub fn client(&self) -> &Client {
        &self.browser.client
    }

    pub fn turn_to(&mut self, portal: &'static str) {
        self.portal = portal;
    }

    /// Opens a page of the portal by its address.
    pub async fn open(&self, page: &str) {
        self.client().goto(&self.venue.url(&format!("/{}/{page}", self.portal))).await.unwrap();
    }

    /// Waits for the screen of this heading, which is also its title. A click does not wait for the page it leads to.
    pub async fn sees(&self, screen: &str) {
        let heading = format!("//h1[normalize-space()='{screen}']");
        if self.client().wait().at_most(PATIENCE).for_element(Locator::XPath(&heading)).await.is_err() {
            panic!("not `{screen}` but `{}`", self.client().title().await.unwrap());
        }
        let title = self.client().title().await.unwrap();
        assert!(title.starts_with(&format!("{screen} | ")), "`{screen}` is not the title `{title}`");
    }

    /// Waits for an alert, on whatever screen.
    pub async fn is_alerted(&self) {
        let alert = self.client().wait().at_most(PATIENCE).for_element(Locator::Css("[role=alert]")).await.unwrap();
        assert!(!alert.text().await.unwrap().is_empty());
    }

    pub async fn says(&self, selector: &str) -> String {
        self.client().find(Locator::Css(selector)).await.unwrap().text().await.unwrap()
    }

    pub async fn press(&self, selector: &str) {
        self.client().find(Locator::Css(selector)).await.unwrap().click().await.unwrap();
    }

    pub async fn fill(&self, selector: &str, text: &str) {
        self.client().find(Locator::Css(selector)).await.unwrap().send_keys(text).await.unwrap();
    }

    /// Gives ID and password at the sign-in screen, and says which position of the mailbox precedes what this mails.
    pub async fn give_password(&self) -> Mark {
        self.open("sign-in").await;
        self.sees(SIGN_IN).await;
        let mark = self.venue.mark().await;
        self.fill("#sign-in [name=address]", ADDRESS).await;
        self.fill("#sign-in [name=password]", PASSWORD).await;
        self.press("#sign-in button").await;
        mark
    }

    pub async fn give_code(&self, code: &str, skip: SkipBox) {
        self.sees(CODE_ENTRY).await;
        self.fill("#code-entry [name=code]", code).await;
        if skip == SkipBox::Ticked {
            self.press("#code-entry label[for=skip]").await;
        }
        self.press("#code-entry button").await;
    }

    /// Signs in by password and mailed code, and stops at the screen that follows.
    pub async fn sign_in(&self, skip: SkipBox) {
        let mark = self.give_password().await;
        self.give_code(&self.venue.code_after(mark).await, skip).await;
    }

    pub async fn set_skip(&self) {
        self.sign_in(SkipBox::Ticked).await;
        self.sees(SKIP_CONFIRMATION).await;
        self.press("#skip-confirmation [value=ok]").await;
        self.sees(MY_PAGE).await;
    }

    pub async fn sign_out(&self) {
        self.open("my-page").await;
        self.press("#sign-out button").await;
        self.sees(SIGN_IN).await;
    }
}
