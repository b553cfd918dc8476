//! Screens behind the sign-in. Each part begins and ends signed in, except that [`skip`] begins signed out.

use std::time::Duration;

use http::Method;
use sekisho_server::core::SESSION_VALID;
use serde_json::json;

use super::{Looker, stop};
use crate::venue::{Account, HANAKO, TARO};
use crate::visitor::{
    ADDITIONAL_ACCOUNTS, ADDRESS_CHANGE, ADDRESS_CONFIRMATION, MY_PAGE, PASSWORD_CHANGE, RESUME_CONFIRMATION, SIGN_IN,
    SKIP_CONFIRMATION, SKIP_SETTINGS, SkipBox, Visitor, other_than,
};

const NEW_ADDRESS: &str = "yamada@example.test";

pub async fn skip(visitor: &Visitor<'_>, looker: &mut impl Looker) {
    visitor.sign_in(SkipBox::Ticked).await;
    stop(visitor, looker, SKIP_CONFIRMATION, "skip-confirmation").await;
    visitor.sends("#skip-confirmation", "").await;
    stop(visitor, looker, "入力内容を確認してください", "bad-request").await;
    visitor.open("skip").await;
    visitor.press("#skip-confirmation [value=ok]").await;
    stop(visitor, looker, MY_PAGE, "my-page").await;
    let once_more =
        format!("form.action = '/{}/skip'; form.innerHTML += '<input name=decision value=ok>'", visitor.portal());
    visitor.sends("#sign-out", &once_more).await;
    stop(visitor, looker, "省略の設定は受け付けられません", "skip-not-offered").await;
    visitor.open("settings").await;
    stop(visitor, looker, "各種設定", "settings").await;

    visitor.open("settings/skip").await;
    visitor.sees(SKIP_SETTINGS).await;
    assert_eq!(visitor.says("#skip-status").await, "あり");
    looker.look(visitor, "skip-settings-some").await;
    visitor.press("#resume button").await;
    stop(visitor, looker, RESUME_CONFIRMATION, "resume-confirmation").await;
    visitor.press("#resume-confirmation button").await;
    visitor.sees(SKIP_SETTINGS).await;
    assert_eq!(visitor.says("#skip-status").await, "なし");
    looker.look(visitor, "skip-settings-none").await;
}

pub async fn sessions_that_end(visitor: &Visitor<'_>, looker: &mut impl Looker) {
    visitor.open("settings/skip/resume").await;
    visitor.venue().advance(SESSION_VALID + Duration::from_secs(1)).await;
    visitor.press("#resume-confirmation button").await;
    stop(visitor, looker, "もう一度ログインしてください", "session-over").await;
    visitor.open("my-page").await;
    visitor.sees(SIGN_IN).await;
    assert_eq!(visitor.count("[role=status]").await, 1, "the sign-in does not say why it is asked again");
    looker.look(visitor, "sign-in-again").await;
    visitor.sign_in(SkipBox::Unticked).await;
}

pub async fn additional_accounts(visitor: &Visitor<'_>, looker: &mut impl Looker) {
    if !visitor.is_employer() {
        return;
    }
    visitor.open("settings/accounts").await;
    stop(visitor, looker, ADDITIONAL_ACCOUNTS, "accounts-none").await;
    visitor.add_account("田中 次郎", TARO).await;
    visitor.is_alerted().await;
    looker.look(visitor, "accounts-error").await;
    visitor.add_account("田中 次郎", Account { address: "jiro@example.test", ..TARO }).await;
    visitor.sees(ADDITIONAL_ACCOUNTS).await;
    assert_eq!(visitor.count("#accounts li").await, 1);
    looker.look(visitor, "accounts").await;
}

pub async fn office(visitor: &Visitor<'_>, looker: &mut impl Looker) {
    let wanted = json!({ "portal": visitor.portal(), "address": HANAKO.address, "new_address": NEW_ADDRESS });
    let request = visitor.venue().control(Method::POST, "/office/requests", &wanted).await;
    let path = format!("/office/requests/{}", request["id"].as_str().unwrap());
    visitor.open("settings/address").await;
    visitor.sees(ADDRESS_CHANGE).await;
    assert_eq!(visitor.says("#office-address").await, NEW_ADDRESS);
    looker.look(visitor, "office-requested").await;
    visitor.venue().control(Method::POST, &format!("{path}/identity"), &json!({})).await;
    visitor.client().refresh().await.unwrap();
    stop(visitor, looker, ADDRESS_CHANGE, "office-checked").await;
    visitor.venue().control(Method::DELETE, &path, &json!({})).await;
}

pub async fn own_address(visitor: &Visitor<'_>, looker: &mut impl Looker) {
    visitor.open("settings/address").await;
    stop(visitor, looker, ADDRESS_CHANGE, "address-change").await;
    visitor.sends("#address-change", "form.address.value = 'no address'").await;
    visitor.is_alerted().await;
    looker.look(visitor, "address-change-error").await;
    let mark = visitor.venue().mark().await;
    visitor.fill("#address", NEW_ADDRESS).await;
    visitor.press("#address-change button").await;
    stop(visitor, looker, ADDRESS_CONFIRMATION, "address-confirmation").await;
    let number = visitor.venue().number_after(mark, NEW_ADDRESS).await;
    visitor.fill("#number", other_than(&number)).await;
    visitor.press("#address-confirmation button").await;
    visitor.is_alerted().await;
    looker.look(visitor, "address-confirmation-error").await;
    visitor.fill("#number", &number).await;
    visitor.press("#address-confirmation button").await;
    visitor.sees(ADDRESS_CHANGE).await;
    assert_eq!(visitor.says("#current-address").await, NEW_ADDRESS);
    visitor.open("settings/address/confirm").await;
    stop(visitor, looker, "メールアドレスの変更をやり直してください", "address-change-over").await;
}

pub async fn password(visitor: &Visitor<'_>, looker: &mut impl Looker) {
    visitor.open("settings/password").await;
    stop(visitor, looker, PASSWORD_CHANGE, "password-change").await;
    visitor.change_password("not the password", "another-password").await;
    visitor.is_alerted().await;
    looker.look(visitor, "password-change-error").await;
    visitor.change_password(HANAKO.password, "another-password").await;
    stop(visitor, looker, "パスワードを変更しました", "password-changed").await;
}
