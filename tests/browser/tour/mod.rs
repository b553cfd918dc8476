//! Once round all screens of a portal, stopping at each: what is seen there is for the caller to judge.

mod entrance;
mod inside;

use sekisho_server::Decisions;

use crate::venue::{TARO, Venue};
use crate::visitor::{ADDITIONAL_ACCOUNTS, ADDRESS_CHANGE, PASSWORD_CHANGE, SkipBox, Visitor, other_than};

/// Somebody who looks at the screen that the visitor has reached; each screen, and each state of it that looks different, has
/// a name of its own.
pub trait Looker {
    async fn look(&mut self, visitor: &Visitor<'_>, name: &'static str);
}

/// The venues of a tour.
pub struct Venues {
    usual: Venue,
    out_of_patience: Venue,
    without_room: Venue,
}

impl Venues {
    pub async fn open() -> Self {
        Self {
            usual: Venue::frozen().await,
            out_of_patience: Venue::differing(OutOfPatience).await,
            without_room: Venue::without_room_for_mail().await,
        }
    }

    /// Where everything goes by the rules.
    pub fn usual(&self) -> &Venue {
        &self.usual
    }
}

/// A server at which each limit is reached at once; one code is mailed to everybody, and a wrong password is too much for it.
struct OutOfPatience;

impl Decisions for OutOfPatience {
    fn code_mails_are_used_up(&self, mailed_within_the_hour: usize) -> bool {
        mailed_within_the_hour >= 1
    }

    /// Not a rule's answer, but a failure of the server's own code.
    fn wrong_pair_text(&self, _: bool) -> &'static str {
        panic!("this server fails on purpose")
    }

    fn wrong_codes_close_account(&self, wrong_within_the_hour: usize) -> bool {
        wrong_within_the_hour >= 1
    }

    fn number_mails_are_used_up(&self, _: usize) -> bool {
        true
    }

    fn refused_ids_close_adding(&self, _: usize) -> bool {
        true
    }

    fn wrong_passwords_close_change(&self, _: usize) -> bool {
        true
    }
}

/// All screens of the visitor's portal. At the end the usual venue has lost its disk.
pub async fn all_screens<'a>(venues: &'a Venues, visitor: &mut Visitor<'a>, looker: &mut impl Looker) {
    entrance::forms(visitor, looker).await;
    entrance::attempts_that_end(visitor, looker).await;
    entrance::refusals(visitor, looker).await;
    inside::skip(visitor, looker).await;
    inside::sessions_that_end(visitor, looker).await;
    inside::additional_accounts(visitor, looker).await;
    inside::office(visitor, looker).await;
    inside::own_address(visitor, looker).await;
    inside::password(visitor, looker).await;
    visitor.sign_out().await;

    visitor.move_to(&venues.out_of_patience);
    limits(visitor, looker).await;
    visitor.move_to(&venues.without_room);
    visitor.give_password().await;
    stop(visitor, looker, "ただいま混み合っています", "busy").await;
    visitor.move_to(&venues.usual);
    let hanako = visitor.become_user(TARO);
    visitor.venue().lose_disk();
    visitor.give_password().await;
    stop(visitor, looker, "ただいまご利用いただけません", "out-of-order").await;
    visitor.become_user(hanako);
}

async fn limits(visitor: &mut Visitor<'_>, looker: &mut impl Looker) {
    visitor.open("sign-in").await;
    visitor.sends("#sign-in", "form.address.value = 'nobody@example.test'").await;
    stop(visitor, looker, "エラーが発生しました", "broken").await;
    visitor.sign_in(SkipBox::Unticked).await;
    visitor.open("settings/address").await;
    visitor.sees(ADDRESS_CHANGE).await;
    visitor.sends("#address-change", "form.address.value = 'new@example.test'").await;
    stop(visitor, looker, "確認番号の発行回数が上限に達しました", "too-many-numbers").await;
    visitor.open("settings/password").await;
    visitor.sees(PASSWORD_CHANGE).await;
    visitor
        .sends("#password-change", "form.current.value = 'x'; form.new.value = form.again.value = 'secret-of-mine'")
        .await;
    stop(visitor, looker, "パスワードの変更を一時的に停止しています", "too-many-passwords").await;
    if visitor.is_employer() {
        visitor.open("settings/accounts").await;
        visitor.sees(ADDITIONAL_ACCOUNTS).await;
        visitor.add_account("田中 次郎", TARO).await;
        stop(visitor, looker, "追加アカウントの登録を一時的に停止しています", "too-many-refused").await;
    }
    visitor.sign_out().await;
    visitor.give_password().await;
    stop(visitor, looker, "ワンタイムパスワードの発行回数が上限に達しました", "too-many-mails").await;

    let hanako = visitor.become_user(TARO);
    let mark = visitor.give_password().await;
    let code = visitor.code_after(mark).await;
    for _ in 1..=2 {
        visitor.give_code(other_than(&code), SkipBox::Unticked).await;
    }
    stop(visitor, looker, "ワンタイムパスワードの入力を一時的に停止しています", "codes-closed").await;
    visitor.become_user(hanako);
}

/// Waits for the screen, and has it looked at.
async fn stop(visitor: &Visitor<'_>, looker: &mut impl Looker, screen: &str, name: &'static str) {
    visitor.sees(screen).await;
    looker.look(visitor, name).await;
}
