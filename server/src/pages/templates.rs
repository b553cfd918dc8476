//! The templates of the screens.

use askama::Template;
use http::StatusCode;

use super::message::lines_of;
use super::screen::Screen;
use crate::core::Portal;
use crate::desk::Listed;

/// The style sheet.
pub(crate) const STYLE: &str = include_str!("../../templates/style.css");

/// What the title names where no portal is meant.
const NO_PORTAL: &str = "Sekisho";

#[derive(Template)]
#[template(path = "layout.html")]
struct Layout<'a> {
    screen: &'a str,
    is_error: bool,
    service: &'a str,
    content: &'a str,
    extra: &'a str,
}

#[derive(Template)]
#[template(path = "portals.html")]
pub(crate) struct PortalList {
    pub(crate) portals: [Portal; 3],
}

#[derive(Template)]
#[template(path = "sign_in.html")]
pub(crate) struct SignInForm<'a> {
    pub(crate) portal: Portal,
    pub(crate) csrf: &'a str,
    pub(crate) address: &'a str,
    pub(crate) alert: Option<&'a str>,
    /// The browser shows a session that no longer holds.
    pub(crate) session_is_over: bool,
}

#[derive(Template)]
#[template(path = "code.html")]
pub(crate) struct CodeForm<'a> {
    pub(crate) portal: Portal,
    pub(crate) csrf: &'a str,
    pub(crate) alert: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "skip_confirmation.html")]
pub(crate) struct SkipForm<'a> {
    pub(crate) portal: Portal,
    pub(crate) csrf: &'a str,
    pub(crate) cautions: bool,
}

#[derive(Template)]
#[template(path = "my_page.html")]
pub(crate) struct MyPage<'a> {
    pub(crate) portal: Portal,
    pub(crate) csrf: &'a str,
    pub(crate) name: &'a str,
}

#[derive(Template)]
#[template(path = "settings.html")]
pub(crate) struct Settings {
    pub(crate) portal: Portal,
    pub(crate) may_have_additional: bool,
}

#[derive(Template)]
#[template(path = "skip_settings.html")]
pub(crate) struct SkipSettings<'a> {
    pub(crate) portal: Portal,
    pub(crate) csrf: &'a str,
    pub(crate) status: &'a str,
}

#[derive(Template)]
#[template(path = "resume_confirmation.html")]
pub(crate) struct ResumeForm<'a> {
    pub(crate) portal: Portal,
    pub(crate) csrf: &'a str,
}

#[derive(Template)]
#[template(path = "address_change.html")]
pub(crate) struct AddressForm<'a> {
    pub(crate) portal: Portal,
    pub(crate) csrf: &'a str,
    pub(crate) current: &'a str,
    pub(crate) typed: &'a str,
    pub(crate) alert: Option<&'a str>,
    /// What the office has to do with the address; the user's own form is shut meanwhile.
    pub(crate) office: Option<AtOffice>,
}

/// The office's open procedure in words.
pub(crate) struct AtOffice {
    pub(crate) new_address: String,
    pub(crate) state: &'static str,
    pub(crate) done: String,
}

#[derive(Template)]
#[template(path = "address_confirmation.html")]
pub(crate) struct NumberForm<'a> {
    pub(crate) portal: Portal,
    pub(crate) csrf: &'a str,
    pub(crate) address: &'a str,
    pub(crate) alert: Option<&'a str>,
}

/// The field a form was refused for, and why.
pub(crate) type Fault = (&'static str, &'static str);

#[derive(Template)]
#[template(path = "accounts.html")]
pub(crate) struct AccountsForm<'a> {
    pub(crate) portal: Portal,
    pub(crate) csrf: &'a str,
    pub(crate) accounts: &'a [Listed],
    pub(crate) most: usize,
    pub(crate) name: &'a str,
    pub(crate) address: &'a str,
    pub(crate) fault: Option<Fault>,
}

impl AccountsForm<'_> {
    fn is_wrong(&self, field: &str) -> bool {
        self.fault.is_some_and(|(wrong, _)| wrong == field)
    }
}

#[derive(Template)]
#[template(path = "password.html")]
pub(crate) struct PasswordForm<'a> {
    pub(crate) portal: Portal,
    pub(crate) csrf: &'a str,
    pub(crate) fault: Option<Fault>,
}

impl PasswordForm<'_> {
    fn is_wrong(&self, field: &str) -> bool {
        self.fault.is_some_and(|(wrong, _)| wrong == field)
    }
}

/// A template's HTML.
pub(crate) fn html(template: &impl Template) -> String {
    template.render().expect("a template that is written into a string cannot fail")
}

/// A whole page; `extra` is HTML that follows the content. The title of a form that was not taken says so first: it is what a
/// screen reader reads out when the page has come.
pub(crate) fn layout(screen: Screen, status: StatusCode, portal: Option<Portal>, content: &str, extra: &str) -> String {
    html(&Layout {
        screen: screen.label(),
        is_error: status.is_client_error() && lines_of(screen).is_empty(),
        service: portal.map_or(NO_PORTAL, Portal::name),
        content,
        extra,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_user_wrote_is_no_html() {
        let address = "\"><script>alert(1)</script>";
        let form =
            SignInForm { portal: Portal::Seeker, csrf: "t", address, alert: Some("<b>"), session_is_over: false };
        let page = html(&form);
        assert!(!page.contains("<script") && !page.contains("<b>"));
    }

    #[test]
    fn a_page_has_one_heading_that_is_its_title() {
        let page = layout(Screen::SignIn, StatusCode::OK, Some(Portal::Employer), "<p>本文</p>", "");
        assert!(page.contains("<title>ログイン | 求人者マイページ</title>"));
        assert_eq!(page.matches("<h1>ログイン</h1>").count(), 1);
        assert!(page.contains("<html lang=\"ja\">") && page.contains("<p>本文</p>"));
    }

    #[test]
    fn only_a_form_that_was_not_taken_is_an_error_by_its_title() {
        let title = |screen: Screen, status: StatusCode| {
            let page = layout(screen, status, None, "", "");
            page.split_once("<title>").and_then(|(_, rest)| rest.split_once(" |")).map(|(title, _)| title.to_owned())
        };
        let again = title(Screen::CodeEntry, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(again.as_deref(), Some("エラー：ワンタイムパスワード入力画面"));
        assert_eq!(title(Screen::CodeEntry, StatusCode::OK).as_deref(), Some("ワンタイムパスワード入力画面"));
        // Its own name says it already.
        assert_eq!(title(Screen::NotFound, StatusCode::NOT_FOUND).as_deref(), Some("ページが見つかりません"));
    }
}
