//! A person in front of Chromium, who sees screens and fills in what is on them.

use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use fantoccini::{Client, Locator};
use sekisho_simulator::mailbox::Mark;
use serde_json::Value;

use crate::chromium::{Chromium, Kind};
use crate::venue::{Account, HANAKO, PATIENCE, Venue};

pub const SIGN_IN: &str = "ログイン";
pub const CODE_ENTRY: &str = "ワンタイムパスワード入力画面";
pub const SKIP_CONFIRMATION: &str = "ワンタイムパスワード省略設定確認画面";
pub const MY_PAGE: &str = "マイページ";
pub const SKIP_SETTINGS: &str = "ワンタイムパスワード入力省略設定";
pub const RESUME_CONFIRMATION: &str = "ワンタイムパスワード入力再開確認画面";
pub const ADDRESS_CHANGE: &str = "メールアドレスの変更";
pub const ADDRESS_CONFIRMATION: &str = "メールアドレス変更確認画面";
pub const ADDITIONAL_ACCOUNTS: &str = "追加アカウント";
pub const PASSWORD_CHANGE: &str = "パスワードの変更";

/// How often a page is looked at that has not come yet.
const GLANCE: Duration = Duration::from_millis(20);

/// What is done with the box beside the code.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SkipBox {
    Ticked,
    Unticked,
}

pub struct Visitor<'a> {
    venue: &'a Venue,
    portal: &'static str,
    account: Account,
    browser: Chromium,
}

impl<'a> Visitor<'a> {
    pub async fn new(venue: &'a Venue, portal: &'static str, kind: Kind) -> Self {
        Self { venue, portal, account: HANAKO, browser: Chromium::start(kind).await }
    }

    pub fn client(&self) -> &Client {
        &self.browser.client
    }

    pub fn browser(&self) -> &Chromium {
        &self.browser
    }

    pub fn venue(&self) -> &'a Venue {
        self.venue
    }

    pub fn turn_to(&mut self, portal: &'static str) {
        self.portal = portal;
    }

    pub fn portal(&self) -> &'static str {
        self.portal
    }

    pub fn is_employer(&self) -> bool {
        self.portal == "employer"
    }

    /// Uses this account from now on; says which it was before.
    pub fn become_user(&mut self, account: Account) -> Account {
        std::mem::replace(&mut self.account, account)
    }

    /// Goes on at another venue with the same browser.
    pub fn move_to(&mut self, venue: &'a Venue) {
        self.venue = venue;
    }

    /// Opens a page of the portal by its address.
    pub async fn open(&self, page: &str) {
        self.open_path(&format!("/{}/{page}", self.portal)).await;
    }

    pub async fn open_path(&self, path: &str) {
        self.client().goto(&self.venue.url(path)).await.unwrap();
    }

    /// Waits for the screen of this heading, which is also its title. A click does not wait for the page it leads to.
    pub async fn sees(&self, screen: &str) {
        let heading = format!("//h1[normalize-space()='{screen}']");
        if !self.finds(Locator::XPath(&heading)).await {
            panic!("not `{screen}` but `{}`", self.title().await);
        }
        let title = self.title().await;
        let name = title.strip_prefix("エラー：").unwrap_or(&title);
        assert!(name.starts_with(&format!("{screen} | ")), "`{screen}` is not the title `{title}`");
    }

    /// Waits for an alert, on whatever screen; its title says so too.
    pub async fn is_alerted(&self) {
        assert!(self.finds(Locator::Css("[role=alert]")).await, "no alert on `{}`", self.title().await);
        assert!(!self.says("[role=alert]").await.is_empty());
        assert!(self.title().await.starts_with("エラー："), "{}", self.title().await);
    }

    async fn finds(&self, what: Locator<'_>) -> bool {
        self.client().wait().at_most(PATIENCE).every(GLANCE).for_element(what).await.is_ok()
    }

    pub async fn title(&self) -> String {
        self.client().title().await.unwrap()
    }

    pub async fn says(&self, selector: &str) -> String {
        self.client().find(Locator::Css(selector)).await.unwrap().text().await.unwrap()
    }

    /// How many elements the page has of this selector.
    pub async fn count(&self, selector: &str) -> usize {
        self.client().find_all(Locator::Css(selector)).await.unwrap().len()
    }

    /// Presses twice what leads to another page, and waits till that page has come.
    pub async fn double_click(&self, selector: &str) {
        self.run("document.documentElement.dataset.left = ''").await;
        let element = self.client().find(Locator::Css(selector)).await.unwrap();
        let mouse = MouseActions::new("mouse".to_owned())
            .then(PointerAction::MoveToElement { element, duration: None, x: 0.0, y: 0.0 })
            .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
            .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT })
            .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
            .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        self.client().perform_actions(mouse).await.unwrap();
        self.has_left(selector).await;
    }

    /// Presses what leads to another page, and waits till that page has come.
    pub async fn press(&self, selector: &str) {
        self.run("document.documentElement.dataset.left = ''").await;
        self.client().find(Locator::Css(selector)).await.unwrap().click().await.unwrap();
        self.has_left(selector).await;
    }

    /// Sends a form without its button and past the browser's own checks, after `change` was made to `form`.
    pub async fn sends(&self, form: &str, change: &str) {
        let script = format!(
            "document.documentElement.dataset.left = ''; const form = document.querySelector('{form}'); {change}; form.submit()"
        );
        self.run(&script).await;
        self.has_left(form).await;
    }

    async fn has_left(&self, by: &str) {
        assert!(self.finds(Locator::Css("html:not([data-left]) body")).await, "`{by}` leads nowhere");
    }

    /// Loads the page again and again till it is this screen: what is waited for happens behind the server's back.
    pub async fn reloads_till(&self, screen: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.title().await.starts_with(screen) {
            assert!(Instant::now() < end, "still `{}` and not `{screen}`", self.title().await);
            self.client().refresh().await.unwrap();
        }
        self.sees(screen).await;
    }

    /// Puts this text into a field, whatever was in it.
    pub async fn fill(&self, selector: &str, text: &str) {
        let field = self.client().find(Locator::Css(selector)).await.unwrap();
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Types on the keyboard, wherever the focus is.
    pub async fn types(&self, keys: &str) {
        self.client().active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    /// Runs a script in the page as a tester would: pages themselves have none.
    pub async fn run(&self, script: &str) -> Value {
        self.client().execute(script, Vec::new()).await.unwrap()
    }

    /// Gives ID and password at the sign-in screen, and says which position of the mailbox precedes what this mails.
    pub async fn give_password(&self) -> Mark {
        self.open("sign-in").await;
        self.sees(SIGN_IN).await;
        let mark = self.venue.mark().await;
        self.fill("#sign-in [name=address]", self.account.address).await;
        self.fill("#sign-in [name=password]", self.account.password).await;
        self.press("#sign-in button").await;
        mark
    }

    /// The code that was mailed to this person after `mark`.
    pub async fn code_after(&self, mark: Mark) -> String {
        self.venue.number_after(mark, self.account.address).await
    }

    pub async fn give_code(&self, code: &str, skip: SkipBox) {
        self.sees(CODE_ENTRY).await;
        self.fill("#code-entry [name=code]", code).await;
        if skip == SkipBox::Ticked {
            self.client().find(Locator::Css("#code-entry label[for=skip]")).await.unwrap().click().await.unwrap();
        }
        self.press("#code-entry button").await;
    }

    /// Signs in by password and mailed code, and stops at the screen that follows.
    pub async fn sign_in(&self, skip: SkipBox) {
        let mark = self.give_password().await;
        self.give_code(&self.code_after(mark).await, skip).await;
    }

    pub async fn set_skip(&self) {
        self.sign_in(SkipBox::Ticked).await;
        self.sees(SKIP_CONFIRMATION).await;
        self.press("#skip-confirmation [value=ok]").await;
        self.sees(MY_PAGE).await;
    }

    /// Fills in and sends the form for an additional account.
    pub async fn add_account(&self, name: &str, account: Account) {
        self.fill("#additional-account [name=name]", name).await;
        self.fill("#additional-account [name=address]", account.address).await;
        self.fill("#additional-account [name=password]", account.password).await;
        self.fill("#additional-account [name=password_again]", account.password).await;
        self.press("#additional-account button").await;
    }

    /// Fills in and sends the form for another password.
    pub async fn change_password(&self, current: &str, new: &str) {
        self.fill("#password-change [name=current]", current).await;
        self.fill("#password-change [name=new]", new).await;
        self.fill("#password-change [name=again]", new).await;
        self.press("#password-change button").await;
    }

    pub async fn sign_out(&self) {
        self.open("my-page").await;
        self.press("#sign-out button").await;
        self.sees(SIGN_IN).await;
    }
}

/// A number of six digits that is not this one.
pub fn other_than(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}
