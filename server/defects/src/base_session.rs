//! BASE-SESSION, the session: planted, endless, driven from elsewhere, or stored.

use sekisho_server::core::{Draw, Page, Standing, Token};
use sekisho_server::decisions::{PostContext, Posted};
use sekisho_server::{Conforming, Decisions, Screen};

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["BASE-SESSION":
    "-1", "base-session-id-is-kept-at-sign-in",
        "The session takes over the id that the browser showed before the sign-in." => IdIsKept;
    "-2", "base-session-outlives-the-sign-out",
        "Signing out deletes the cookie, but the session goes on." => OutlivesSignOut;
    "-3", "base-session-changes-without-the-token",
        "Both forms of the resume count without the browser's token and from every site." => NoTokenNeeded(Posted::Resume);
    "-3", "base-session-address-changes-without-the-token",
        "The form of another address counts without the browser's token and from every site." => NoTokenNeeded(Posted::Address);
    "-4", "base-session-screens-may-be-stored",
        "Browsers may keep the code entry screen and My Page for ten minutes." => MayBeStored(&[Screen::CodeEntry, Screen::MyPage]);
    "-5", "base-session-password-form-opens-half-signed-in",
        "The form for another password opens between password and code." => PasswordHalfSignedIn;
    "-6", "base-session-signs-in-without-the-token",
        "ID and password count without the browser's token and from every site." => NoTokenNeeded(Posted::SignIn);
    "-7", "base-session-code-counts-without-the-token",
        "A code counts without the browser's token and from every site." => NoTokenNeeded(Posted::Code);
    "-8", "base-session-skip-is-confirmed-without-the-token",
        "The skip is confirmed without the browser's token and from every site." => NoTokenNeeded(Posted::SkipAccepted);
    "-9", "base-session-skip-is-cancelled-without-the-token",
        "The skip is cancelled without the browser's token and from every site." => NoTokenNeeded(Posted::SkipDeclined);
    "-10", "base-session-signs-out-without-the-token",
        "A sign-out counts without the browser's token and from every site." => NoTokenNeeded(Posted::SignOut);
    "-11", "base-session-password-changes-without-the-token",
        "Another password counts without the browser's token and from every site." => NoTokenNeeded(Posted::Password);
    "-12", "base-session-account-is-added-without-the-token",
        "An additional account is registered without the browser's token and from every site." => NoTokenNeeded(Posted::Accounts);
    "-13", "base-session-settings-may-be-stored",
        "Browsers may keep the skip settings screen for ten minutes." => MayBeStored(&[Screen::SkipSettings]);
];

struct IdIsKept;

impl Decisions for IdIsKept {
    fn session_token(&self, shown: Option<&Token>, draw: &mut dyn Draw) -> Token {
        shown.cloned().unwrap_or_else(|| draw.token())
    }
}

struct OutlivesSignOut;

impl Decisions for OutlivesSignOut {
    fn sign_out_ends_session(&self) -> bool {
        false
    }
}

/// The form that needs no token.
struct NoTokenNeeded(Posted);

impl Decisions for NoTokenNeeded {
    fn accepts_form(&self, post: &PostContext) -> bool {
        post.posted == self.0 || Conforming.accepts_form(post)
    }
}

/// The screens that browsers may keep.
struct MayBeStored(&'static [Screen]);

impl Decisions for MayBeStored {
    fn cache_control(&self, screen: Option<Screen>) -> &'static str {
        match screen {
            Some(screen) if self.0.contains(&screen) => "private, max-age=600",
            _ => Conforming.cache_control(screen),
        }
    }
}

struct PasswordHalfSignedIn;

impl Decisions for PasswordHalfSignedIn {
    fn page_opens(&self, page: Page, standing: Standing) -> bool {
        let half = page == Page::Password && standing == Standing::HalfSignedIn;
        half || Conforming.page_opens(page, standing)
    }
}
