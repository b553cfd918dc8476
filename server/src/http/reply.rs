//! An answer before it becomes bytes: which screen, which status, which cookies.

use std::sync::Arc;

use http::StatusCode;

use crate::core::{LIMIT_WINDOW, Portal, TokenHash, Visitor};
use crate::pages::{Message, Screen, html, lines_of};
use crate::store::Account;

use super::routes::Place;

/// How long a caller is asked to wait when the mail queue is full or the disk failed. In seconds.
const BUSY_RETRY_S: u64 = 5;

/// What is answered.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) portal: Option<Portal>,
    pub(super) body: Body,
    /// Further header lines.
    pub(super) headers: Vec<(http::HeaderName, String)>,
    /// What the request was about.
    pub(super) about: About,
}

/// What the answer shows.
pub(super) enum Body {
    /// A screen with its content.
    Page(Screen, String),
    /// Another place.
    Redirect(String),
    /// The style sheet.
    Style,
}

/// What a request was about, for the decisions on what a page shows.
#[derive(Default)]
pub(super) struct About {
    pub(super) account: Option<Arc<Account>>,
    pub(super) attempt: Option<TokenHash>,
    pub(super) session: Option<TokenHash>,
}

impl About {
    /// A visitor known at this account.
    pub(super) fn new(account: Option<Arc<Account>>, visitor: &Visitor) -> Self {
        let hash = |token: &Option<crate::core::Token>| token.as_ref().map(|token| token.hash());
        Self { account, attempt: hash(&visitor.attempt), session: hash(&visitor.session) }
    }
}

impl Reply {
    /// A screen.
    pub(super) fn page(status: StatusCode, portal: Option<Portal>, screen: Screen, content: String) -> Self {
        Self { status, portal, body: Body::Page(screen, content), headers: Vec::new(), about: About::default() }
    }

    /// A screen that says what it has to say, with the ways on. `has_session` says whether the browser shows a session.
    pub(super) fn message(status: StatusCode, portal: Option<Portal>, screen: Screen, has_session: bool) -> Self {
        let links = match portal {
            None => vec![("/".to_owned(), "サービスの選択に戻る")],
            Some(portal) => {
                ways_on(screen, has_session).iter().map(|place| (place.path(portal), link_text(*place))).collect()
            }
        };
        let reply = Self::page(status, portal, screen, html(&Message { lines: lines_of(screen), links: &links }));
        match retry_after_s(screen) {
            Some(seconds) => reply.with_header(http::header::RETRY_AFTER, seconds.to_string()),
            None => reply,
        }
    }

    /// The next page after a form was taken, and the way to the sign-in from a page that needs it.
    pub(super) fn redirect(portal: Portal, place: Place) -> Self {
        Self {
            status: StatusCode::SEE_OTHER,
            portal: Some(portal),
            body: Body::Redirect(place.path(portal)),
            headers: Vec::new(),
            about: About::default(),
        }
    }

    /// The style sheet.
    pub(super) fn style() -> Self {
        Self { status: StatusCode::OK, portal: None, body: Body::Style, headers: Vec::new(), about: About::default() }
    }

    /// With a header line more.
    pub(super) fn with_header(mut self, name: http::HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// With a `Set-Cookie` line more.
    pub(super) fn with_cookie(self, line: String) -> Self {
        self.with_header(http::header::SET_COOKIE, line)
    }

    /// With what the request was about.
    pub(super) fn about(mut self, about: About) -> Self {
        self.about = about;
        self
    }
}

/// How long to wait before the same can succeed, where waiting is what helps. In seconds.
fn retry_after_s(screen: Screen) -> Option<u64> {
    match screen {
        Screen::Busy | Screen::OutOfOrder => Some(BUSY_RETRY_S),
        Screen::CodesClosed
        | Screen::TooManyMails
        | Screen::TooManyNumbers
        | Screen::TooManyRefused
        | Screen::TooManyPasswords => Some(LIMIT_WINDOW.as_secs()),
        _ => None,
    }
}

/// Where a message leads, the likeliest first.
fn ways_on(screen: Screen, has_session: bool) -> &'static [Place] {
    match screen {
        Screen::CodeUsed | Screen::AlreadySignedIn => &[Place::MyPage, Place::SignIn],
        Screen::AddressChangeOver | Screen::TooManyNumbers => &[Place::Address, Place::Settings],
        Screen::TooManyRefused | Screen::PasswordChanged | Screen::TooManyPasswords => &[Place::Settings],
        Screen::SkipNotOffered => &[Place::MyPage, Place::SignIn],
        Screen::Forbidden | Screen::BadRequest | Screen::NotFound | Screen::MethodNotAllowed | Screen::Busy
            if has_session =>
        {
            &[Place::MyPage, Place::SignIn]
        }
        _ => &[Place::SignIn],
    }
}

fn link_text(place: Place) -> &'static str {
    match place {
        Place::MyPage => "マイページへ",
        Place::Settings => "各種設定へ",
        Place::Address => "メールアドレスの変更へ",
        _ => "ログイン画面へ",
    }
}
