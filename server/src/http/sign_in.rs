//! The sign-in screen and the code entry screen.

use http::StatusCode;

use super::cookies::{BROWSER, attempt_name, session_name};
use super::reply::{About, Reply};
use super::routes::Place;
use super::site::Call;
use crate::core::{AttemptEnd, CodeRefusal, Draw, SignInAnswer, SignInRefusal, SignedIn};
use crate::decisions::CookieKind;
use crate::desk::system;
use crate::pages::{CodeForm, Screen, SignInForm, html};

/// GET /{portal}/sign-in: the form, and an identifier for a browser that has none yet.
pub(super) fn show(call: &Call<'_>) -> Reply {
    let Some(browser) = &call.browser else {
        let browser = system().token();
        let reply = sign_in_page(call, StatusCode::OK, browser.as_str(), None);
        return reply.with_cookie(call.site.keep(CookieKind::Browser, BROWSER, browser.as_str()));
    };
    sign_in_page(call, StatusCode::OK, browser, None)
}

/// POST /{portal}/sign-in.
pub(super) async fn submit(call: &Call<'_>) -> Reply {
    if let Some(refused) = refused_before_sign_in(call) {
        return refused;
    }
    let id = call.site.decisions().typed_address(call.form.get("address"));
    let password = call.form.get("password");
    let (account, done) = call.site.desk.sign_in(call.portal, id, password, &call.visitor).await;
    let id_is_known = account.is_some();
    let reply = call.with_skip_cookies(done, |answer| match answer {
        Ok(SignInAnswer::SignedIn(signed_in)) => signed_in_reply(call, &signed_in),
        Ok(SignInAnswer::CodeMailed(attempt)) => call.redirect(Place::Code).with_cookie(call.site.keep(
            CookieKind::Attempt,
            &attempt_name(call.portal),
            attempt.as_str(),
        )),
        Err(refusal) => refused_sign_in(call, refusal, id_is_known),
    });
    reply.about(About::new(account, &call.visitor))
}

/// GET /{portal}/code.
pub(super) async fn show_code(call: &Call<'_>) -> Reply {
    let answer = call.site.desk.view_code(call.portal, &call.visitor).await;
    about_attempt(
        call,
        match answer {
            Ok(()) => code_page(call, StatusCode::OK, None),
            Err(end) => ended(call, end),
        },
    )
}

/// POST /{portal}/code.
pub(super) async fn submit_code(call: &Call<'_>) -> Reply {
    if let Some(refused) = refused_before_sign_in(call) {
        return refused;
    }
    let ticked = call.form.get("skip") == "on";
    let done = call.site.desk.submit_code(call.portal, &call.visitor, call.form.get("code"), ticked).await;
    let reply = call.with_skip_cookies(done, |answer| match answer {
        Ok(signed_in) => signed_in_reply(call, &signed_in)
            .with_cookie(call.site.forget(CookieKind::Attempt, &attempt_name(call.portal))),
        Err(CodeRefusal::Wrong) => {
            let alert = "ワンタイムパスワードが正しくありません。メールをご確認のうえ、入力し直してください。";
            code_page(call, StatusCode::UNPROCESSABLE_ENTITY, Some(alert))
        }
        Err(CodeRefusal::Ended(end)) => ended(call, end),
    });
    about_attempt(call, reply)
}

/// FAQ-14 and CSRF: a browser without cookies is told so; a form that is not the browser's own does not count.
fn refused_before_sign_in(call: &Call<'_>) -> Option<Reply> {
    let decisions = call.site.decisions();
    if call.browser.is_none() && decisions.stops_without_cookies() {
        return Some(call.message(decisions.status_without_cookies(), Screen::CookiesNeeded));
    }
    (!call.form_counts_before_sign_in()).then(|| call.message(StatusCode::FORBIDDEN, Screen::Forbidden))
}

fn refused_sign_in(call: &Call<'_>, refusal: SignInRefusal, id_is_known: bool) -> Reply {
    match refusal {
        SignInRefusal::WrongPair => {
            let text = call.site.decisions().wrong_pair_text(id_is_known);
            sign_in_page(
                call,
                StatusCode::UNPROCESSABLE_ENTITY,
                call.browser.as_deref().unwrap_or_default(),
                Some(text),
            )
        }
        SignInRefusal::TooManyWrongCodes => call.message(StatusCode::TOO_MANY_REQUESTS, Screen::CodesClosed),
        SignInRefusal::TooManyMails => call.message(StatusCode::TOO_MANY_REQUESTS, Screen::TooManyMails),
        SignInRefusal::MailQueueFull | SignInRefusal::PasswordsBusy => {
            call.message(StatusCode::SERVICE_UNAVAILABLE, Screen::Busy)
        }
    }
}

fn signed_in_reply(call: &Call<'_>, signed_in: &SignedIn) -> Reply {
    let next = if signed_in.skip_offered { Place::Skip } else { Place::MyPage };
    let name = session_name(call.portal);
    call.redirect(next).with_cookie(call.site.keep(CookieKind::Session, &name, signed_in.session.as_str()))
}

fn ended(call: &Call<'_>, end: AttemptEnd) -> Reply {
    // Going back after the sign-in, or pressing the button twice: the code does nothing more, but all is well.
    let is_signed_in = || call.site.desk.is_signed_in(call.portal, &call.visitor);
    let (status, screen) = match end {
        AttemptEnd::Over | AttemptEnd::Used if is_signed_in() => (StatusCode::GONE, Screen::AlreadySignedIn),
        AttemptEnd::Over => (StatusCode::GONE, Screen::StartOver),
        AttemptEnd::Used => (StatusCode::GONE, Screen::CodeUsed),
        AttemptEnd::Expired => (StatusCode::GONE, Screen::CodeExpired),
        AttemptEnd::TooManyWrongCodes => (StatusCode::TOO_MANY_REQUESTS, Screen::TooManyWrongCodes),
        AttemptEnd::AccountClosed => (StatusCode::TOO_MANY_REQUESTS, Screen::CodesClosed),
        AttemptEnd::Undelivered => (call.site.decisions().status_after_refused_mail(), Screen::Undelivered),
    };
    call.message(status, screen)
}

/// The form again; of what was typed only the ID, and that not beyond what an ID can be.
fn sign_in_page(call: &Call<'_>, status: StatusCode, browser: &str, alert: Option<&str>) -> Reply {
    let csrf = call.csrf_before_sign_in(browser);
    let typed = call.form.get("address");
    let address = if typed.len() <= crate::core::MAX_ADDRESS_BYTES { typed } else { "" };
    let session_is_over =
        alert.is_none() && call.visitor.session.is_some() && !call.site.desk.is_signed_in(call.portal, &call.visitor);
    let content = html(&SignInForm { portal: call.portal, csrf: &csrf, address, alert, session_is_over });
    call.page(status, Screen::SignIn, content)
}

fn code_page(call: &Call<'_>, status: StatusCode, alert: Option<&str>) -> Reply {
    let csrf = call.csrf_before_sign_in(call.browser.as_deref().unwrap_or_default());
    call.page(status, Screen::CodeEntry, html(&CodeForm { portal: call.portal, csrf: &csrf, alert }))
}

fn about_attempt(call: &Call<'_>, reply: Reply) -> Reply {
    reply.about(About::new(call.site.desk.attempt_holder(call.portal, &call.visitor), &call.visitor))
}
