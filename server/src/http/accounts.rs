//! The additional accounts of an employer (FAQ-15).

use http::StatusCode;

use super::account::refused_form;
use super::password::password_fault;
use super::reply::Reply;
use super::routes::Place;
use super::site::Call;
use crate::core::{AddRefusal, Address, MAX_ADDITIONAL_ACCOUNTS, MAX_ADDRESS_BYTES, MAX_NAME_BYTES};
use crate::desk::judge_password;
use crate::pages::{AccountsForm, Fault, Screen, html};

/// GET /employer/settings/accounts.
pub(super) async fn show_accounts(call: &Call<'_>) -> Reply {
    accounts_page(call, StatusCode::OK, None).await
}

/// POST /employer/settings/accounts.
pub(super) async fn add_account(call: &Call<'_>) -> Reply {
    if let Some(refused) = refused_form(call).await {
        return refused;
    }
    let (name, address) = match judged(call) {
        Ok(judged) => judged,
        Err(fault) => return accounts_page(call, StatusCode::UNPROCESSABLE_ENTITY, Some(fault)).await,
    };
    let password = call.form.get("password");
    match call.site.desk.add_account(call.portal, &call.visitor, name, &address, password).await {
        Ok(()) => call.redirect(Place::Accounts),
        Err(AddRefusal::NotSignedIn) => call.not_signed_in(),
        Err(AddRefusal::NotMain) => call.message(StatusCode::NOT_FOUND, Screen::NotFound),
        Err(AddRefusal::TooMany) => {
            let fault = ("", "追加アカウントの件数が上限に達しているため、登録できません。");
            accounts_page(call, StatusCode::CONFLICT, Some(fault)).await
        }
        Err(AddRefusal::TooManyRefused) => call.message(StatusCode::TOO_MANY_REQUESTS, Screen::TooManyRefused),
        Err(AddRefusal::Taken) => {
            let fault = ("address", "このメールアドレスは登録できません。ほかのメールアドレスを入力してください。");
            accounts_page(call, StatusCode::UNPROCESSABLE_ENTITY, Some(fault)).await
        }
        Err(AddRefusal::Busy) => call.message(StatusCode::SERVICE_UNAVAILABLE, Screen::Busy),
    }
}

fn judged<'a>(call: &'a Call<'_>) -> Result<(&'a str, Address), Fault> {
    let name = call.form.get("name").trim();
    if name.is_empty() || name.len() > MAX_NAME_BYTES || name.chars().any(char::is_control) {
        return Err(("name", "名前を80文字以内で入力してください。"));
    }
    let address = Address::parse(call.form.get("address"))
        .map_err(|_| ("address", "メールアドレスを正しく入力してください。例：hanako@example.jp"))?;
    judge_password(call.form.get("password"), call.form.get("password_again"), address.as_str())
        .map_err(|fault| password_fault(fault, "password", "password_again"))?;
    Ok((name, address))
}

/// The list and the form; of what was typed the passwords are not shown again.
async fn accounts_page(call: &Call<'_>, status: StatusCode, fault: Option<Fault>) -> Reply {
    let Ok((view, accounts)) = call.site.desk.additional_accounts(call.portal, &call.visitor).await else {
        return call.not_signed_in();
    };
    if !view.may_have_additional {
        return call.message(StatusCode::NOT_FOUND, Screen::NotFound);
    }
    let typed = |field, most| Some(call.form.get(field)).filter(|text| text.len() <= most).unwrap_or_default();
    let form = AccountsForm {
        portal: call.portal,
        csrf: &call.csrf(),
        accounts: &accounts,
        most: MAX_ADDITIONAL_ACCOUNTS,
        name: typed("name", MAX_NAME_BYTES),
        address: typed("address", MAX_ADDRESS_BYTES),
        fault,
    };
    call.page(status, Screen::Accounts, html(&form))
}
