//! The pages behind the sign-in: My Page, the settings, the skip and its end, the address.

use http::StatusCode;

use super::cookies::session_name;
use super::reply::Reply;
use super::routes::Place;
use super::site::Call;
use crate::core::{Address, AddressRefusal, ConfirmRefusal, Page, PageView};
use crate::decisions::CookieKind;
use crate::pages::{AddressForm, MyPage, ResumeForm, Screen, Settings, SkipForm, SkipSettings, html};

/// GET /{portal}/my-page.
pub(super) fn my_page(call: &Call<'_>) -> Reply {
    show(call, Page::MyPage, |view| {
        let content = html(&MyPage { portal: call.portal, csrf: &call.csrf(), name: &view.name });
        call.page(StatusCode::OK, Screen::MyPage, content)
    })
}

/// GET /{portal}/settings.
pub(super) fn settings(call: &Call<'_>) -> Reply {
    show(call, Page::Settings, |_| call.page(StatusCode::OK, Screen::Settings, html(&Settings { portal: call.portal })))
}

/// GET /{portal}/settings/skip.
pub(super) fn skip_settings(call: &Call<'_>) -> Reply {
    show(call, Page::SkipSettings, |view| {
        let status = view.skip_status.as_deref().unwrap_or_default();
        let content = html(&SkipSettings { portal: call.portal, csrf: &call.csrf(), status });
        call.page(StatusCode::OK, Screen::SkipSettings, content)
    })
}

/// GET and POST /{portal}/settings/skip/resume: asks back; by itself it changes nothing (FAQ-12 c).
pub(super) fn resume(call: &Call<'_>) -> Reply {
    show(call, Page::Resume, |_| {
        let content = html(&ResumeForm { portal: call.portal, csrf: &call.csrf() });
        call.page(StatusCode::OK, Screen::ResumeConfirmation, content)
    })
}

/// POST /{portal}/settings/skip/resume/complete.
pub(super) fn complete_resume(call: &Call<'_>) -> Reply {
    guarded(call, || match call.site.desk.complete_resume(call.portal, &call.visitor) {
        Ok(skip_cookie) => {
            call.redirect(Place::SkipSettings).with_cookie(call.site.forget(CookieKind::Skip, &skip_cookie))
        }
        Err(_) => call.redirect(Place::SignIn),
    })
}

/// GET /{portal}/skip.
pub(super) fn show_skip(call: &Call<'_>) -> Reply {
    show(call, Page::SkipConfirmation, |view| {
        if !view.skip_offered {
            return call.redirect(Place::MyPage);
        }
        let cautions = call.site.decisions().shows_skip_cautions();
        let content = html(&SkipForm { portal: call.portal, csrf: &call.csrf(), cautions });
        call.page(StatusCode::OK, Screen::SkipConfirmation, content)
    })
}

/// POST /{portal}/skip.
pub(super) fn confirm_skip(call: &Call<'_>) -> Reply {
    guarded(call, || {
        let accepted = match call.form.get("decision") {
            "ok" => true,
            "cancel" => false,
            _ => return call.message(StatusCode::UNPROCESSABLE_ENTITY, Screen::BadRequest),
        };
        let done = call.site.desk.confirm_skip(call.portal, &call.visitor, accepted);
        call.with_skip_cookies(done, |answer| match answer {
            Ok(()) => call.redirect(Place::MyPage),
            Err(ConfirmRefusal::NotSignedIn) => call.redirect(Place::SignIn),
            Err(ConfirmRefusal::NotOffered) => call.message(StatusCode::FORBIDDEN, Screen::Forbidden),
        })
    })
}

/// GET /{portal}/settings/address.
pub(super) fn show_address(call: &Call<'_>) -> Reply {
    address_page(call, StatusCode::OK, None)
}

/// POST /{portal}/settings/address.
pub(super) fn change_address(call: &Call<'_>) -> Reply {
    guarded(call, || {
        let refused = |alert| address_page(call, StatusCode::UNPROCESSABLE_ENTITY, Some(alert));
        let Ok(address) = Address::parse(call.form.get("address")) else {
            return refused("メールアドレスを正しく入力してください。");
        };
        match call.site.desk.change_address(call.portal, &call.visitor, &address) {
            Ok(()) => call.redirect(Place::Settings),
            Err(AddressRefusal::NotSignedIn) => call.redirect(Place::SignIn),
            Err(AddressRefusal::Taken) => refused("このメールアドレスは登録できません。"),
        }
    })
}

/// POST /{portal}/sign-out.
pub(super) fn sign_out(call: &Call<'_>) -> Reply {
    guarded(call, || {
        call.site.desk.sign_out(call.portal, &call.visitor);
        call.redirect(Place::SignIn).with_cookie(call.site.forget(CookieKind::Session, &session_name(call.portal)))
    })
}

/// Shows a page, or the way to the sign-in. A form counts only if it is the browser's own.
fn show(call: &Call<'_>, page: Page, shown: impl FnOnce(&PageView) -> Reply) -> Reply {
    guarded(call, || {
        let done = call.site.desk.view_page(call.portal, &call.visitor, page);
        call.with_skip_cookies(done, |answer| match answer {
            Ok(view) => shown(&view),
            Err(_) => call.redirect(Place::SignIn),
        })
    })
}

/// Lets a form through that counts. Where the browser is not signed in (any more), that is what it is told.
fn guarded(call: &Call<'_>, go_on: impl FnOnce() -> Reply) -> Reply {
    if call.form_counts_if_posted() {
        return go_on();
    }
    match call.site.desk.view_page(call.portal, &call.visitor, Page::MyPage).answer {
        Ok(_) => call.message(StatusCode::FORBIDDEN, Screen::Forbidden),
        Err(_) => call.redirect(Place::SignIn),
    }
}

fn address_page(call: &Call<'_>, status: StatusCode, alert: Option<&str>) -> Reply {
    let done = call.site.desk.view_page(call.portal, &call.visitor, Page::Address);
    call.with_skip_cookies(done, |answer| match answer {
        Ok(view) => {
            let typed = call.form.get("address");
            let typed = if typed.len() <= crate::core::MAX_ADDRESS_BYTES { typed } else { "" };
            let form = AddressForm { portal: call.portal, csrf: &call.csrf(), current: &view.address, typed, alert };
            call.page(status, Screen::AddressChange, html(&form))
        }
        Err(_) => call.redirect(Place::SignIn),
    })
}
