//! The change of the password.

use http::StatusCode;

use super::account::{refused_form, show};
use super::cookies::session_name;
use super::reply::Reply;
use super::routes::Place;
use super::site::Call;
use crate::core::{Page, PasswordRefusal};
use crate::decisions::CookieKind;
use crate::desk::{PasswordFault, judge_password};
use crate::pages::{Fault, PasswordForm, Screen, html};

/// GET /{portal}/settings/password.
pub(super) async fn show_password(call: &Call<'_>) -> Reply {
    password_page(call, StatusCode::OK, None).await
}

/// POST /{portal}/settings/password.
pub(super) async fn change_password(call: &Call<'_>) -> Reply {
    if let Some(refused) = refused_form(call).await {
        return refused;
    }
    let (current, new, again) = (call.form.get("current"), call.form.get("new"), call.form.get("again"));
    let view = match call.site.desk.view_page(call.portal, &call.visitor, Page::Password).await.answer {
        Ok(view) => view,
        Err(_) => return call.not_signed_in(),
    };
    let judged = judge_password(new, again, &view.address);
    let fault = match judged {
        Err(fault) => Some(password_fault(fault, "new", "again")),
        Ok(()) if new == current => Some(("new", "現在と異なるパスワードを入力してください。")),
        Ok(()) => None,
    };
    if fault.is_some() {
        return password_page(call, StatusCode::UNPROCESSABLE_ENTITY, fault).await;
    }
    match call.site.desk.change_password(call.portal, &call.visitor, current, new).await {
        Ok(signed_in) => call.redirect(Place::PasswordChanged).with_cookie(call.site.keep(
            CookieKind::Session,
            &session_name(call.portal),
            signed_in.session.as_str(),
        )),
        Err(PasswordRefusal::NotSignedIn) => call.not_signed_in(),
        Err(PasswordRefusal::WrongCurrent) => {
            let fault = ("current", "現在のパスワードが正しくありません。入力し直してください。");
            password_page(call, StatusCode::UNPROCESSABLE_ENTITY, Some(fault)).await
        }
        Err(PasswordRefusal::TooManyTries) => call.message(StatusCode::TOO_MANY_REQUESTS, Screen::TooManyPasswords),
        Err(PasswordRefusal::Busy) => call.message(StatusCode::SERVICE_UNAVAILABLE, Screen::Busy),
    }
}

/// GET /{portal}/settings/password/done.
pub(super) async fn show_changed(call: &Call<'_>) -> Reply {
    show(call, Page::Password, |_| call.message(StatusCode::OK, Screen::PasswordChanged)).await
}

async fn password_page(call: &Call<'_>, status: StatusCode, fault: Option<Fault>) -> Reply {
    let done = call.site.desk.view_page(call.portal, &call.visitor, Page::Password).await;
    call.with_skip_cookies(done, |answer| match answer {
        Ok(_) => {
            let form = PasswordForm { portal: call.portal, csrf: &call.csrf(), fault };
            call.page(status, Screen::Password, html(&form))
        }
        Err(_) => call.not_signed_in(),
    })
}

/// What to say of a password, and at which of the two fields.
pub(super) fn password_fault(fault: PasswordFault, first: &'static str, again: &'static str) -> Fault {
    match fault {
        PasswordFault::Differ => {
            (again, "確認のために入力したパスワードが異なります。同じパスワードを入力してください。")
        }
        PasswordFault::TooShort => (first, "パスワードは8文字以上で入力してください。"),
        PasswordFault::TooLong => (first, "パスワードが長すぎます。短くして入力してください。"),
        PasswordFault::TooSimple => (
            first,
            "IDと同じパスワードや、同じ文字だけのパスワードは使用できません。ほかのパスワードを入力してください。",
        ),
    }
}
