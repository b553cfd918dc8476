//! The pages behind the sign-in: My Page, the settings, the skip and its end.

use http::StatusCode;

use super::cookies::session_name;
use super::reply::Reply;
use super::routes::Place;
use super::site::Call;
use crate::core::{ConfirmRefusal, Page, PageView};
use crate::decisions::CookieKind;
use crate::pages::{MyPage, ResumeForm, Screen, Settings, SkipForm, SkipSettings, html};

/// GET /{portal}/my-page.
pub(super) async fn my_page(call: &Call<'_>) -> Reply {
    show(call, Page::MyPage, |view| {
        let content = html(&MyPage { portal: call.portal, csrf: &call.csrf(), name: &view.name });
        call.page(StatusCode::OK, Screen::MyPage, content)
    })
    .await
}

/// GET /{portal}/settings.
pub(super) async fn settings(call: &Call<'_>) -> Reply {
    show(call, Page::Settings, |view| {
        let content = html(&Settings { portal: call.portal, may_have_additional: view.may_have_additional });
        call.page(StatusCode::OK, Screen::Settings, content)
    })
    .await
}

/// GET /{portal}/settings/skip.
pub(super) async fn skip_settings(call: &Call<'_>) -> Reply {
    show(call, Page::SkipSettings, |view| {
        let status = view.skip_status.as_deref().unwrap_or_default();
        let content = html(&SkipSettings { portal: call.portal, csrf: &call.csrf(), status });
        call.page(StatusCode::OK, Screen::SkipSettings, content)
    })
    .await
}

/// GET and POST /{portal}/settings/skip/resume: asks back; by itself it changes nothing (FAQ-12 c).
pub(super) async fn resume(call: &Call<'_>) -> Reply {
    show(call, Page::Resume, |_| {
        let content = html(&ResumeForm { portal: call.portal, csrf: &call.csrf() });
        call.page(StatusCode::OK, Screen::ResumeConfirmation, content)
    })
    .await
}

/// POST /{portal}/settings/skip/resume/complete.
pub(super) async fn complete_resume(call: &Call<'_>) -> Reply {
    if let Some(refused) = refused_form(call).await {
        return refused;
    }
    match call.site.desk.complete_resume(call.portal, &call.visitor).await {
        Ok(skip_cookie) => {
            call.redirect(Place::SkipSettings).with_cookie(call.site.forget(CookieKind::Skip, &skip_cookie))
        }
        Err(_) => call.not_signed_in(),
    }
}

/// GET /{portal}/skip.
pub(super) async fn show_skip(call: &Call<'_>) -> Reply {
    show(call, Page::SkipConfirmation, |view| {
        if !view.skip_offered {
            return call.redirect(Place::MyPage);
        }
        let cautions = call.site.decisions().shows_skip_cautions();
        let content = html(&SkipForm { portal: call.portal, csrf: &call.csrf(), cautions });
        call.page(StatusCode::OK, Screen::SkipConfirmation, content)
    })
    .await
}

/// POST /{portal}/skip.
pub(super) async fn confirm_skip(call: &Call<'_>) -> Reply {
    if let Some(refused) = refused_form(call).await {
        return refused;
    }
    let accepted = match call.form.get("decision") {
        "ok" => true,
        "cancel" => false,
        _ => return call.message(StatusCode::UNPROCESSABLE_ENTITY, Screen::BadRequest),
    };
    let done = call.site.desk.confirm_skip(call.portal, &call.visitor, accepted).await;
    call.with_skip_cookies(done, |answer| match answer {
        Ok(()) => call.redirect(Place::MyPage),
        Err(ConfirmRefusal::NotSignedIn) => call.not_signed_in(),
        Err(ConfirmRefusal::NotOffered) => call.message(StatusCode::FORBIDDEN, Screen::SkipNotOffered),
    })
}

/// POST /{portal}/sign-out. Who is not signed in (any more) has what they want.
pub(super) async fn sign_out(call: &Call<'_>) -> Reply {
    if !call.form_counts_if_posted() && !call.site.desk.is_signed_in(call.portal, &call.visitor) {
        return call.redirect(Place::SignIn);
    }
    if let Some(refused) = refused_form(call).await {
        return refused;
    }
    call.site.desk.sign_out(call.portal, &call.visitor).await;
    call.redirect(Place::SignIn).with_cookie(call.site.forget(CookieKind::Session, &session_name(call.portal)))
}

/// Shows a page, or the way to the sign-in. A form counts only if it is the browser's own.
pub(super) async fn show(call: &Call<'_>, page: Page, shown: impl FnOnce(&PageView) -> Reply + Send) -> Reply {
    if let Some(refused) = refused_form(call).await {
        return refused;
    }
    let done = call.site.desk.view_page(call.portal, &call.visitor, page).await;
    call.with_skip_cookies(done, |answer| match answer {
        Ok(view) => shown(&view),
        Err(_) => call.not_signed_in(),
    })
}

/// The refusal of a form that does not count. Where the browser is not signed in (any more), that is what it is told.
pub(super) async fn refused_form(call: &Call<'_>) -> Option<Reply> {
    if call.form_counts_if_posted() {
        return None;
    }
    Some(match call.site.desk.view_page(call.portal, &call.visitor, Page::MyPage).await.answer {
        Ok(_) => call.message(StatusCode::FORBIDDEN, Screen::Forbidden),
        Err(_) => call.not_signed_in(),
    })
}
