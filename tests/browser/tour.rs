//! Once round all screens of a portal, stopping at each: what is seen there is for the caller to judge.

use std::time::Duration;

use sekisho_server::Decisions;

use crate::venue::{HANAKO, Venue};
use crate::visitor::{
    ADDRESS_CHANGE, CODE_ENTRY, MY_PAGE, RESUME_CONFIRMATION, SIGN_IN, SKIP_CONFIRMATION, SKIP_SETTINGS, SkipBox,
    Visitor, other_than,
};

/// Just past the end of a code's time (FAQ-03).
const TOO_LATE: Duration = Duration::from_secs(30 * 60 + 1);

/// A server that has mailed enough to everybody.
pub struct MailsUsedUp;

impl Decisions for MailsUsedUp {
    fn code_mails_are_used_up(&self, _: usize) -> bool {
        true
    }
}

/// Somebody who looks at the screen that the visitor has reached; each screen, and each state of it that looks different, has
/// a name of its own.
pub trait Looker {
    async fn look(&mut self, visitor: &Visitor<'_>, name: &'static str);
}

/// The venues of a tour.
pub struct Venues {
    usual: Venue,
    mails_used_up: Venue,
    without_room: Venue,
}

impl Venues {
    pub async fn open() -> Self {
        Self {
            usual: Venue::frozen().await,
            mails_used_up: Venue::differing(MailsUsedUp).await,
            without_room: Venue::without_room_for_mail().await,
        }
    }

    /// Where everything goes by the rules.
    pub fn usual(&self) -> &Venue {
        &self.usual
    }
}

/// All screens of the visitor's portal.
pub async fn all_screens<'a>(venues: &'a Venues, visitor: &mut Visitor<'a>, looker: &mut impl Looker) {
    before_sign_in(visitor, looker).await;
    attempts_that_end(visitor, looker).await;
    what_is_refused(visitor, looker).await;
    behind_sign_in(visitor, looker).await;
    visitor.sign_out().await;
    for (venue, screen, name) in [
        (&venues.mails_used_up, "ワンタイムパスワードの発行回数が上限に達しました", "too-many-mails"),
        (&venues.without_room, "ただいま混み合っています", "busy"),
    ] {
        visitor.move_to(venue);
        visitor.give_password().await;
        visitor.sees(screen).await;
        looker.look(visitor, name).await;
    }
    visitor.move_to(&venues.usual);
}

async fn before_sign_in(visitor: &Visitor<'_>, looker: &mut impl Looker) {
    visitor.open_path("/").await;
    visitor.sees("サービスの選択").await;
    looker.look(visitor, "portals").await;
    visitor.open("sign-in").await;
    visitor.sees(SIGN_IN).await;
    looker.look(visitor, "sign-in").await;
    visitor.fill("#sign-in [name=address]", HANAKO.address).await;
    visitor.fill("#sign-in [name=password]", "not the password").await;
    visitor.press("#sign-in button").await;
    visitor.is_alerted().await;
    looker.look(visitor, "sign-in-error").await;

    let mark = visitor.give_password().await;
    visitor.sees(CODE_ENTRY).await;
    looker.look(visitor, "code-entry").await;
    let code = visitor.code_after(mark).await;
    visitor.give_code(other_than(&code), SkipBox::Unticked).await;
    visitor.is_alerted().await;
    looker.look(visitor, "code-entry-error").await;
    for _ in 2..=5 {
        visitor.give_code(other_than(&code), SkipBox::Unticked).await;
    }
    visitor.sees("ワンタイムパスワードの入力回数が上限に達しました").await;
    looker.look(visitor, "too-many-wrong-codes").await;
}

async fn attempts_that_end(visitor: &Visitor<'_>, looker: &mut impl Looker) {
    visitor.client().delete_all_cookies().await.unwrap();
    visitor.open("code").await;
    visitor.sees("ログインをやり直してください").await;
    looker.look(visitor, "start-over").await;

    let mark = visitor.give_password().await;
    let code = visitor.code_after(mark).await;
    visitor.venue().advance(TOO_LATE).await;
    visitor.give_code(&code, SkipBox::Unticked).await;
    visitor.sees("ワンタイムパスワードの有効期間が過ぎました").await;
    looker.look(visitor, "code-expired").await;

    visitor.venue().refuse_mail_to(HANAKO.address);
    visitor.give_password().await;
    visitor.venue().has_refused(HANAKO.address).await;
    visitor.reloads_till("メールを送信できませんでした").await;
    looker.look(visitor, "mail-failed").await;
    visitor.venue().take_all_mail();
}

async fn what_is_refused(visitor: &Visitor<'_>, looker: &mut impl Looker) {
    visitor.open("sign-in").await;
    visitor.client().delete_all_cookies().await.unwrap();
    visitor.sends("#sign-in", "").await;
    visitor.sees("Cookieを有効にしてください").await;
    looker.look(visitor, "cookies-needed").await;

    visitor.open("sign-in").await;
    visitor.sends("#sign-in", "form.csrf.value = 'forged'").await;
    visitor.sees("この操作は受け付けられません").await;
    looker.look(visitor, "form-refused").await;
    visitor.open("no-such-page").await;
    visitor.sees("ページが見つかりません").await;
    looker.look(visitor, "not-found").await;
    visitor.open("sign-out").await;
    visitor.sees("この操作はできません").await;
    looker.look(visitor, "method-refused").await;
}

async fn behind_sign_in(visitor: &Visitor<'_>, looker: &mut impl Looker) {
    visitor.sign_in(SkipBox::Ticked).await;
    visitor.sees(SKIP_CONFIRMATION).await;
    looker.look(visitor, "skip-confirmation").await;
    visitor.sends("#skip-confirmation", "").await;
    visitor.sees("入力内容を確認してください").await;
    looker.look(visitor, "bad-request").await;
    visitor.open("skip").await;
    visitor.press("#skip-confirmation [value=ok]").await;
    visitor.sees(MY_PAGE).await;
    looker.look(visitor, "my-page").await;

    visitor.open("settings").await;
    visitor.sees("各種設定").await;
    looker.look(visitor, "settings").await;
    visitor.open("settings/address").await;
    visitor.sees(ADDRESS_CHANGE).await;
    looker.look(visitor, "address-change").await;
    visitor.sends("#address-change", "form.address.value = 'no address'").await;
    visitor.is_alerted().await;
    looker.look(visitor, "address-change-error").await;

    visitor.open("settings/skip").await;
    visitor.sees(SKIP_SETTINGS).await;
    assert_eq!(visitor.says("#skip-status").await, "あり");
    looker.look(visitor, "skip-settings-some").await;
    visitor.press("#resume button").await;
    visitor.sees(RESUME_CONFIRMATION).await;
    looker.look(visitor, "resume-confirmation").await;
    visitor.press("#resume-confirmation button").await;
    visitor.sees(SKIP_SETTINGS).await;
    assert_eq!(visitor.says("#skip-status").await, "なし");
    looker.look(visitor, "skip-settings-none").await;
}
