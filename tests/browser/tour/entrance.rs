//! Screens before the sign-in.

use std::time::Duration;

use super::{Looker, stop};
use crate::venue::HANAKO;
use crate::visitor::{CODE_ENTRY, SIGN_IN, SkipBox, Visitor, other_than};

/// Just past the end of a code's time (FAQ-03).
const TOO_LATE: Duration = Duration::from_secs(30 * 60 + 1);

pub async fn forms(visitor: &Visitor<'_>, looker: &mut impl Looker) {
    visitor.open_path("/").await;
    stop(visitor, looker, "サービスの選択", "portals").await;
    visitor.open("sign-in").await;
    stop(visitor, looker, SIGN_IN, "sign-in").await;
    visitor.fill("#sign-in [name=address]", HANAKO.address).await;
    visitor.fill("#sign-in [name=password]", "not the password").await;
    visitor.press("#sign-in button").await;
    visitor.is_alerted().await;
    looker.look(visitor, "sign-in-error").await;

    let mark = visitor.give_password().await;
    stop(visitor, looker, CODE_ENTRY, "code-entry").await;
    let code = visitor.code_after(mark).await;
    visitor.give_code(other_than(&code), SkipBox::Unticked).await;
    visitor.is_alerted().await;
    looker.look(visitor, "code-entry-error").await;
    for _ in 2..=5 {
        visitor.give_code(other_than(&code), SkipBox::Unticked).await;
    }
    stop(visitor, looker, "ワンタイムパスワードの入力回数が上限に達しました", "too-many-wrong-codes").await;
}

pub async fn attempts_that_end(visitor: &Visitor<'_>, looker: &mut impl Looker) {
    visitor.client().delete_all_cookies().await.unwrap();
    visitor.open("code").await;
    stop(visitor, looker, "ログインをやり直してください", "start-over").await;

    let mark = visitor.give_password().await;
    let code = visitor.code_after(mark).await;
    visitor.venue().advance(TOO_LATE).await;
    visitor.give_code(&code, SkipBox::Unticked).await;
    stop(visitor, looker, "ワンタイムパスワードの有効期間が過ぎました", "code-expired").await;

    visitor.venue().refuse_mail_to(HANAKO.address);
    visitor.give_password().await;
    visitor.venue().has_refused(HANAKO.address).await;
    visitor.reloads_till("メールを送信できませんでした").await;
    looker.look(visitor, "mail-failed").await;
    visitor.venue().take_all_mail();

    // Going back after the sign-in, and once more after signing out again: browsers keep what they were shown.
    let mark = visitor.give_password().await;
    let attempt = visitor.client().get_named_cookie(&format!("attempt-{}", visitor.portal())).await.unwrap();
    visitor.give_code(&visitor.code_after(mark).await, SkipBox::Unticked).await;
    visitor.client().add_cookie(attempt.clone()).await.unwrap();
    visitor.open("code").await;
    stop(visitor, looker, "すでにログインしています", "already-signed-in").await;
    visitor.sign_out().await;
    visitor.client().add_cookie(attempt).await.unwrap();
    visitor.open("code").await;
    stop(visitor, looker, "このワンタイムパスワードは使用済みです", "code-used").await;
}

pub async fn refusals(visitor: &Visitor<'_>, looker: &mut impl Looker) {
    visitor.open("sign-in").await;
    visitor.client().delete_all_cookies().await.unwrap();
    visitor.sends("#sign-in", "").await;
    stop(visitor, looker, "Cookieを有効にしてください", "cookies-needed").await;

    visitor.open("sign-in").await;
    visitor.sends("#sign-in", "form.csrf.value = 'forged'").await;
    stop(visitor, looker, "この操作は受け付けられません", "form-refused").await;
    visitor.open("no-such-page").await;
    stop(visitor, looker, "ページが見つかりません", "not-found").await;
    visitor.open("sign-out").await;
    stop(visitor, looker, "この操作はできません", "method-refused").await;
}
