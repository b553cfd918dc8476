//! The change of the registered address by a signed-in user (NOTICE-4), and what the office does with it meanwhile
//! (FAQ-05 d).

use http::StatusCode;

use super::account::refused_form;
use super::reply::Reply;
use super::routes::Place;
use super::site::Call;
use crate::core::{
    Address, AddressRefusal, MAX_ADDRESS_BYTES, NumberRefusal, Page, ProcedureReport, ProcedureState, japanese_day,
};
use crate::pages::{AddressForm, AtOffice, NumberForm, Screen, html};

/// GET /{portal}/settings/address.
pub(super) async fn show_address(call: &Call<'_>) -> Reply {
    address_page(call, StatusCode::OK, None).await
}

/// POST /{portal}/settings/address. The answer is the same whether or not another account has the address.
pub(super) async fn change_address(call: &Call<'_>) -> Reply {
    if let Some(refused) = refused_form(call).await {
        return refused;
    }
    let Ok(address) = Address::parse(call.site.decisions().typed_address(call.form.get("address"))) else {
        let alert = "メールアドレスを正しく入力してください。例：hanako@example.jp";
        return address_page(call, StatusCode::UNPROCESSABLE_ENTITY, Some(alert)).await;
    };
    match call.site.desk.ask_address_change(call.portal, &call.visitor, &address).await {
        Ok(()) => {
            let waits = call.site.decisions().address_change_is_confirmed();
            call.redirect(if waits { Place::AddressConfirmation } else { Place::Address })
        }
        Err(AddressRefusal::NotSignedIn) => call.not_signed_in(),
        Err(AddressRefusal::NotOffered) => call.message(StatusCode::FORBIDDEN, Screen::Forbidden),
        Err(AddressRefusal::SameAsNow) => {
            let alert = "現在と同じメールアドレスです。新しいメールアドレスを入力してください。";
            address_page(call, StatusCode::UNPROCESSABLE_ENTITY, Some(alert)).await
        }
        Err(AddressRefusal::OfficeAtWork) => {
            let alert = "窓口で手続き中のため、この画面からメールアドレスを変更することはできません。";
            address_page(call, StatusCode::CONFLICT, Some(alert)).await
        }
        Err(AddressRefusal::TooManyMails) => call.message(StatusCode::TOO_MANY_REQUESTS, Screen::TooManyNumbers),
        Err(AddressRefusal::MailQueueFull) => call.message(StatusCode::SERVICE_UNAVAILABLE, Screen::Busy),
    }
}

/// GET /{portal}/settings/address/confirm.
pub(super) async fn show_confirmation(call: &Call<'_>) -> Reply {
    confirmation_page(call, StatusCode::OK, None).await
}

/// POST /{portal}/settings/address/confirm.
pub(super) async fn confirm(call: &Call<'_>) -> Reply {
    if let Some(refused) = refused_form(call).await {
        return refused;
    }
    match call.site.desk.confirm_address_change(call.portal, &call.visitor, call.form.get("number")).await {
        Ok(()) => call.redirect(Place::Address),
        Err(NumberRefusal::Wrong) => {
            let alert = "確認番号が正しくありません。メールをご確認のうえ、入力し直してください。";
            confirmation_page(call, StatusCode::UNPROCESSABLE_ENTITY, Some(alert)).await
        }
        Err(refusal) => no_change(call, refusal),
    }
}

async fn address_page(call: &Call<'_>, status: StatusCode, alert: Option<&str>) -> Reply {
    let done = call.site.desk.view_page(call.portal, &call.visitor, Page::Address).await;
    call.with_skip_cookies(done, |answer| match answer {
        Ok(view) => {
            let typed = call.form.get("address");
            let form = AddressForm {
                portal: call.portal,
                csrf: &call.csrf(),
                current: &view.address,
                typed: if typed.len() <= MAX_ADDRESS_BYTES { typed } else { "" },
                alert,
                office: view.office.as_ref().map(in_words),
            };
            call.page(status, Screen::AddressChange, html(&form))
        }
        Err(_) => call.not_signed_in(),
    })
}

async fn confirmation_page(call: &Call<'_>, status: StatusCode, alert: Option<&str>) -> Reply {
    match call.site.desk.view_address_change(call.portal, &call.visitor).await {
        Ok(address) => {
            let form = NumberForm { portal: call.portal, csrf: &call.csrf(), address: address.as_str(), alert };
            call.page(status, Screen::AddressConfirmation, html(&form))
        }
        Err(refusal) => no_change(call, refusal),
    }
}

fn no_change(call: &Call<'_>, refusal: NumberRefusal) -> Reply {
    match refusal {
        NumberRefusal::NotSignedIn => call.not_signed_in(),
        NumberRefusal::Wrong | NumberRefusal::Ended => call.message(StatusCode::GONE, Screen::AddressChangeOver),
    }
}

fn in_words(report: &ProcedureReport) -> AtOffice {
    let state = match report.state {
        ProcedureState::Requested => "受付済み（本人確認の前）",
        ProcedureState::IdentityChecked => "本人確認済み（変更の手続き中）",
        ProcedureState::Done => "変更済み",
        ProcedureState::Withdrawn => "取り下げ済み",
    };
    let done = match report.done_at {
        Some(moment) => format!("{}に変更されます", japanese_day(moment)),
        None => "本人確認の後に決まります".to_owned(),
    };
    AtOffice { new_address: report.new_address.to_string(), state, done }
}
