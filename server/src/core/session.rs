//! Sessions: who is signed in, and which pages that opens.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::account::AccountState;
use super::attempt::{SignedIn, judge};
use super::lean::Lean;
use super::office::{ProcedureReport, open_report};
use super::revocation;
use super::skip;
use super::time::Moment;
use super::token::{BrowserTag, Cookie, Token, TokenHash};
use super::{Effect, Event, Turn};
use crate::decisions::Step;

/// Policy: a session ends twelve hours after it began.
pub const SESSION_VALID: Duration = Duration::from_secs(12 * 60 * 60);
/// Policy: for so long after the right code the skip may be confirmed; as long as a code itself is valid.
pub const SKIP_OFFER_VALID: Duration = Duration::from_secs(30 * 60);
/// How many sessions one account has at most; beyond it the oldest ends. Skips, not sessions, are what FAQ-07 leaves
/// unlimited: a browser whose session ended this way signs in again by its skip.
pub const MAX_SESSIONS: usize = 1024;

/// One signed-in browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The hash of its token.
    pub token: TokenHash,
    /// The browser that signed in.
    pub browser: BrowserTag,
    /// When it signed in.
    pub opened_at: Moment,
    /// Till when the skip may be confirmed, where a right code was just given with the box ticked (FAQ-06 h).
    pub skip_offered_until: Option<Moment>,
}

/// The browser behind an event: what it shows of itself.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Which browser it is.
    pub browser: BrowserTag,
    /// The session cookie of the portal.
    pub session: Option<Token>,
    /// The attempt cookie of the portal.
    pub attempt: Option<Token>,
    /// All cookies it shows.
    pub cookies: Vec<Cookie>,
    /// What its request claims.
    pub claims: Claims,
}

/// What a request says of itself and of where it comes from. Anybody can write anything there: nothing is believed of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// The host it says it speaks to.
    pub host: Option<Box<str>>,
    /// The same as a proxy would say it (X-Forwarded-Host).
    pub forwarded_host: Option<Box<str>>,
    /// Where it says it comes from (X-Forwarded-For).
    pub forwarded_for: Option<Box<str>>,
}

/// How far a browser has come with an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It has shown nothing.
    Stranger,
    /// The password was right, the code is still to come.
    HalfSignedIn,
    /// It is signed in.
    SignedIn,
}

/// The pages behind the sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// My Page.
    MyPage,
    /// The settings.
    Settings,
    /// The skip settings screen, which shows whether there is a skip (FAQ-13).
    SkipSettings,
    /// The skip confirmation screen (FAQ-06).
    SkipConfirmation,
    /// The resume confirmation screen and its ［完了］ (FAQ-12).
    Resume,
    /// The change of the address and its confirmation (NOTICE-4, FAQ-05 a).
    Address,
    /// The additional accounts of an employer's main account (FAQ-15).
    Accounts,
    /// The change of the password.
    Password,
}

/// The page stays shut: sign in first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotSignedIn;

/// What the pages show of an account.
#[derive(Clone, Debug)]
pub struct PageView {
    /// The user's name.
    pub name: String,
    /// The registered address.
    pub address: String,
    /// Whether this browser may confirm a skip now.
    pub skip_offered: bool,
    /// What the skip settings screen says, on that page.
    pub skip_status: Option<String>,
    /// The office's open procedure, on the page of the address.
    pub office: Option<ProcedureReport>,
    /// Whether the account may have additional ones.
    pub may_have_additional: bool,
}

/// A page behind the sign-in is looked at.
pub struct ViewPage<'a> {
    /// Who looks.
    pub visitor: &'a Visitor,
    /// At which page.
    pub page: Page,
}

impl Event for ViewPage<'_> {
    type Answer = Result<PageView, NotSignedIn>;

    fn happen(self, state: &mut AccountState, turn: &mut Turn<'_>) -> Self::Answer {
        admit(state, self.visitor, self.page, turn)?;
        if self.page == Page::Resume {
            skip::follow(Step::ResumeOpened, state, self.visitor, turn);
        }
        let session = self.visitor.session.as_ref().and_then(|token| state.session(&token.hash()));
        Ok(PageView {
            name: turn.decisions.name_shown(&state.identity),
            address: state.address.to_string(),
            skip_offered: turn.decisions.skip_may_be_confirmed(session, turn.now),
            skip_status: (self.page == Page::SkipSettings).then(|| revocation::status(state, self.visitor, turn)),
            office: if self.page == Page::Address { open_report(state, turn) } else { None },
            may_have_additional: turn.decisions.may_have_additional(&state.identity),
        })
    }
}

/// ［ログアウト］ was pressed.
pub struct SignOut<'a> {
    /// Who signs out.
    pub visitor: &'a Visitor,
}

impl Event for SignOut<'_> {
    type Answer = ();

    fn happen(self, state: &mut AccountState, turn: &mut Turn<'_>) {
        let Some(token) = self.visitor.session.as_ref().map(Token::hash) else { return };
        if turn.decisions.sign_out_ends_session() && state.session(&token).is_some() {
            state.sessions.retain(|session| session.token != token);
            turn.effect(Effect::CloseToken(token));
        }
        skip::follow(Step::SignedOut, state, self.visitor, turn);
    }
}

/// Lets the visitor on if it has come far enough for the page.
pub(super) fn admit(
    state: &mut AccountState,
    visitor: &Visitor,
    page: Page,
    turn: &Turn<'_>,
) -> Result<(), NotSignedIn> {
    let session = visitor.session.as_ref().and_then(|token| state.session(&token.hash()));
    let standing = if session.is_some_and(|session| turn.decisions.session_holds(session, turn.now)) {
        Standing::SignedIn
    } else if judge(state, visitor, turn).is_ok() {
        Standing::HalfSignedIn
    } else {
        Standing::Stranger
    };
    if turn.decisions.page_opens(page, standing) { Ok(()) } else { Err(NotSignedIn) }
}

/// Signs the visitor in under a new token, in place of the session it had. Room is made by ending first what has run out,
/// then what is oldest.
pub(super) fn open_session(
    state: &mut AccountState,
    visitor: &Visitor,
    skip_offered: bool,
    turn: &mut Turn<'_>,
) -> SignedIn {
    make_room(state, visitor, turn);
    let token = turn.decisions.session_token(visitor.session.as_ref(), turn.draw);
    state.sessions.add(Session {
        token: token.hash(),
        browser: visitor.browser,
        opened_at: turn.now,
        skip_offered_until: skip_offered.then_some(turn.now + SKIP_OFFER_VALID),
    });
    turn.effect(Effect::OpenToken(token.hash()));
    SignedIn { session: token, skip_offered }
}

fn make_room(state: &mut AccountState, visitor: &Visitor, turn: &mut Turn<'_>) {
    let (decisions, now) = (turn.decisions, turn.now);
    let replaced = visitor.session.as_ref().map(Token::hash);
    let mut ended = Vec::new();
    state.sessions.retain(|session| {
        let stays = decisions.session_holds(session, now) && Some(session.token) != replaced;
        if !stays {
            ended.push(session.token);
        }
        stays
    });
    if state.sessions.len() >= MAX_SESSIONS {
        ended.extend(state.sessions.pop_front().map(|session| session.token));
    }
    for token in ended {
        turn.effect(Effect::CloseToken(token));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::Bench;
    use super::super::{GO_LIVE, SignInAnswer};
    use super::*;

    #[test]
    fn faq01_e_nothing_opens_between_password_and_code() {
        let mut bench = Bench::new();
        let sent = bench.start("pc");
        for page in [
            Page::MyPage,
            Page::Settings,
            Page::SkipSettings,
            Page::SkipConfirmation,
            Page::Resume,
            Page::Address,
            Page::Accounts,
            Page::Password,
        ] {
            let visitor = Visitor { attempt: Some(sent.attempt.clone()), ..bench.visitor("pc") };
            assert_eq!(bench.happen(ViewPage { visitor: &visitor, page }).unwrap_err(), NotSignedIn, "{page:?}");
        }
    }

    #[test]
    fn a_session_ends_after_twelve_hours() {
        for (age, holds) in [
            (SESSION_VALID - Duration::from_millis(1), true),
            (SESSION_VALID, true),
            (SESSION_VALID + Duration::from_millis(1), false),
        ] {
            let mut bench = Bench::new();
            bench.sign_in_by_code("pc", false);
            bench.pass(age);
            assert_eq!(bench.page("pc", Page::MyPage).is_ok(), holds, "{age:?}");
        }
    }

    #[test]
    fn notice1_c_a_session_from_before_go_live_lives_on_and_the_next_sign_in_asks() {
        let mut bench = Bench::new();
        bench.now = Moment::from_millis(GO_LIVE.millis() - 60_000);
        bench.sign_in("pc").unwrap();
        bench.pass(Duration::from_secs(120));
        assert!(bench.page("pc", Page::MyPage).is_ok());
        assert!(matches!(bench.sign_in("pc").unwrap(), SignInAnswer::CodeMailed(_)));
    }

    #[test]
    fn signing_out_ends_the_session_on_the_server() {
        let mut bench = Bench::new();
        bench.sign_in_by_code("pc", false);
        let visitor = bench.visitor("pc");
        for _ in 0..2 {
            bench.happen(SignOut { visitor: &visitor });
            assert!(bench.page("pc", Page::MyPage).is_err());
        }
        assert_eq!(bench.open_tokens(), 1, "the attempt's");
    }

    #[test]
    fn a_sign_in_gives_a_token_that_was_not_shown() {
        let mut bench = Bench::new();
        bench.plant_session("pc", Token::from("planted".to_owned()));
        let signed_in = bench.sign_in_by_code("pc", false);
        assert_ne!(signed_in.session.as_str(), "planted");
    }

    #[test]
    fn signing_in_again_replaces_the_browsers_session() {
        let mut bench = Bench::new();
        bench.set_skip("pc");
        let old = bench.visitor("pc");
        assert!(bench.is_skipped("pc"));
        assert!(bench.happen(ViewPage { visitor: &old, page: Page::MyPage }).is_err());
        assert_eq!(bench.state.sessions.len(), 1);
    }

    #[test]
    fn sessions_are_bounded_and_the_newest_survive() {
        let mut bench = Bench::new();
        bench.set_skip("home");
        let cookie = bench.skip_cookie("home").unwrap();
        for number in 0..MAX_SESSIONS + 10 {
            let copy = format!("copy {number}");
            bench.keep(&copy, cookie.clone());
            assert!(bench.is_skipped(&copy));
        }
        assert_eq!(bench.state.sessions.len(), MAX_SESSIONS);
        assert!(bench.page("home", Page::MyPage).is_err(), "the oldest had to go");
        assert!(bench.page("copy 1033", Page::MyPage).is_ok());
        assert!(bench.is_skipped("home"), "a skip outlives its session");
        bench.pass(SESSION_VALID + Duration::from_millis(1));
        assert!(bench.is_skipped("home"));
        assert_eq!(bench.state.sessions.len(), 1, "what has run out goes first");
    }
}
