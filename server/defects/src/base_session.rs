//! BASE-SESSION, the session: planted, endless, driven from elsewhere, or stored.

use sekisho_server::core::{Draw, Token};
use sekisho_server::decisions::PostContext;
use sekisho_server::{Conforming, Decisions, Screen};

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["BASE-SESSION":
    "-1", "base-session-id-is-kept-at-sign-in",
        "The session takes over the id that the browser showed before the sign-in." => IdIsKept;
    "-2", "base-session-outlives-the-sign-out",
        "Signing out deletes the cookie, but the session goes on." => OutlivesSignOut;
    "-3", "base-session-changes-without-the-token",
        "Forms count without the browser's token and from every site." => NoTokenNeeded;
    "-4", "base-session-screens-may-be-stored",
        "Browsers may keep the code entry screen and My Page for ten minutes." => MayBeStored;
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

struct NoTokenNeeded;

impl Decisions for NoTokenNeeded {
    fn accepts_form(&self, _post: &PostContext) -> bool {
        true
    }
}

struct MayBeStored;

impl Decisions for MayBeStored {
    fn cache_control(&self, screen: Option<Screen>) -> &'static str {
        match screen {
            Some(Screen::CodeEntry | Screen::MyPage) => "private, max-age=600",
            _ => Conforming.cache_control(screen),
        }
    }
}
