//! Skips: signing in without a code in a browser where that was set (FAQ-06 to FAQ-11).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::account::AccountState;
use super::fact::Fact;
use super::lean::Lean;
use super::revocation;
use super::session::{NotSignedIn, Page, Visitor, admit};
use super::time::Moment;
use super::token::{BrowserTag, Cookie, Slot, TokenHash};
use super::{Effect, Event, Turn};
use crate::decisions::{Decisions, Occasion, Step};

/// FAQ-08: a skip is valid for 90 days after it was set.
pub const SKIP_VALID: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// One browser's leave to sign in without a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skip {
    /// The hash of that part of its cookie by which it is recognised.
    pub key: TokenHash,
    /// The browser it was set in.
    pub browser: BrowserTag,
    /// When it was set.
    pub set_at: Moment,
    /// Till when it is valid; the cookie says the same, but this decides.
    pub expires_at: Moment,
    /// The account's generation when it was set.
    pub generation: u64,
}

/// What is known when it is asked whether a browser signs in without a code.
pub struct SkipCheck<'a> {
    /// The account that is signed in to.
    pub account: &'a AccountState,
    /// All cookies the browser shows.
    pub cookies: &'a [Cookie],
    /// The account's skip that belongs to them, live or not.
    pub skip: Option<&'a Skip>,
    /// The account's time.
    pub now: Moment,
}

/// The skip that a browser shows and that lets it in: its cookie, and where it stands among the account's skips.
pub(super) struct Presented {
    cookie: Option<Cookie>,
    index: Option<usize>,
}

/// ［OK］ or ［キャンセル］ was pressed on the skip confirmation screen.
pub struct ConfirmSkip<'a> {
    /// Who pressed it.
    pub visitor: &'a Visitor,
    /// Whether it was ［OK］.
    pub accepted: bool,
}

/// Why a skip was not confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmRefusal {
    /// The browser is not signed in.
    NotSignedIn,
    /// No right code was just given with the box ticked (FAQ-06 h).
    NotOffered,
}

impl From<NotSignedIn> for ConfirmRefusal {
    fn from(_: NotSignedIn) -> Self {
        Self::NotSignedIn
    }
}

impl Event for ConfirmSkip<'_> {
    type Answer = Result<(), ConfirmRefusal>;

    fn happen(self, state: &mut AccountState, turn: &mut Turn<'_>) -> Self::Answer {
        admit(state, self.visitor, Page::SkipConfirmation, turn)?;
        let token = self.visitor.session.as_ref().map(|token| token.hash());
        let session = token.and_then(|token| state.session(&token));
        if !turn.decisions.skip_may_be_confirmed(session, turn.now) {
            return Err(ConfirmRefusal::NotOffered);
        }
        if let Some(session) = token.and_then(|token| state.session_mut(&token)) {
            session.skip_offered_until = None;
        }
        let step = if self.accepted { Step::SkipAccepted } else { Step::SkipDeclined };
        follow(step, state, self.visitor, turn);
        Ok(())
    }
}

/// Does to the skips what a step of the user does to them: nothing, a new skip, or the end of all.
pub(super) fn follow(step: Step, state: &mut AccountState, visitor: &Visitor, turn: &mut Turn<'_>) {
    if turn.decisions.revokes_skips(step) {
        revocation::revoke(state, visitor, turn.now);
        turn.count(state, Fact::SkipsRevoked);
    }
    if turn.decisions.sets_skip(step) {
        set(state, visitor, turn);
        turn.count(state, Fact::SkipSet);
    }
}

/// Finds the skip that lets this browser in, if there is one.
pub(super) fn presented(state: &AccountState, visitor: &Visitor, turn: &Turn<'_>) -> Option<Presented> {
    let decisions = turn.decisions;
    let cookie = shown_cookie(state, visitor, decisions);
    let index = cookie.and_then(|cookie| position(state, cookie, decisions));
    let skip = index.and_then(|index| state.skips.get(index));
    let check = SkipCheck { account: state, cookies: &visitor.cookies, skip, now: turn.now };
    decisions.skip_lets_in(&check).then(|| Presented { cookie: cookie.cloned(), index })
}

/// FAQ-08 d: asks what the use of a skip does to its expiry; the browser hears of it only where that changed.
pub(super) fn note_use(state: &mut AccountState, used: Presented, turn: &mut Turn<'_>) {
    let Some((skip, cookie)) = used.index.and_then(|index| state.skips.get_mut(index)).zip(used.cookie) else { return };
    let expires_at = turn.decisions.skip_expiry_after_use(skip, turn.now);
    if expires_at != skip.expires_at {
        skip.expires_at = expires_at;
        turn.effect(Effect::KeepSkip(cookie));
    }
}

/// Whether a skip would let its browser in now.
pub(super) fn is_live(skip: &Skip, state: &AccountState, now: Moment, decisions: &dyn Decisions) -> bool {
    decisions.skip_is_in_time(skip, now) && decisions.skip_survives_revocation(skip, state)
}

/// Whether the account's skip of this browser is live.
pub(super) fn is_live_here(state: &AccountState, visitor: &Visitor, turn: &Turn<'_>) -> bool {
    shown_cookie(state, visitor, turn.decisions)
        .and_then(|cookie| position(state, cookie, turn.decisions))
        .and_then(|index| state.skips.get(index))
        .is_some_and(|skip| is_live(skip, state, turn.now, turn.decisions))
}

fn shown_cookie<'a>(state: &AccountState, visitor: &'a Visitor, decisions: &dyn Decisions) -> Option<&'a Cookie> {
    let name = decisions.skip_cookie_name(&state.identity);
    visitor.cookies.iter().find(|cookie| cookie.name == name)
}

fn position(state: &AccountState, cookie: &Cookie, decisions: &dyn Decisions) -> Option<usize> {
    let key = TokenHash::of(decisions.skip_cookie_key(&cookie.value));
    state.skips.iter().position(|skip| skip.key == key)
}

/// Sets a skip for the browser in place of the one it had, and drops those that can let nobody in any more.
fn set(state: &mut AccountState, visitor: &Visitor, turn: &mut Turn<'_>) {
    let decisions = turn.decisions;
    let replaced = shown_cookie(state, visitor, decisions).and_then(|cookie| position(state, cookie, decisions));
    let count = state.skips.len();
    let mut skips = std::mem::take(&mut state.skips);
    let mut index = 0;
    skips.retain(|skip| {
        let newer = count - index;
        let keeps = Some(index) != replaced
            && is_live(skip, state, turn.now, decisions)
            && decisions.skip_is_kept_beside(newer);
        index += 1;
        keeps
    });
    state.skips = skips;

    let id = decisions.skip_id(state, turn.draw);
    let expires_at = decisions.skip_expiry(turn.now);
    let value = decisions.skip_cookie_value(&id, expires_at, state);
    let key = TokenHash::of(decisions.skip_cookie_key(&value));
    state.skips.add(Skip { key, browser: visitor.browser, set_at: turn.now, expires_at, generation: state.generation });
    turn.effect(Effect::KeepSkip(Cookie { name: decisions.skip_cookie_name(&state.identity), value }));
    turn.notify(Occasion::SkipSet, state);
}

/// The usual name of an account's skip cookie.
pub(crate) fn cookie_name(slot: Slot) -> String {
    format!("skip-{slot}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::{Bench, DAY};
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[test]
    fn faq06_a_an_unticked_code_sets_no_skip() {
        let mut bench = Bench::new();
        bench.sign_in_by_code("pc", false);
        assert_eq!(bench.confirm("pc", true), Err(ConfirmRefusal::NotOffered));
        assert!(!bench.is_skipped("pc"));
    }

    #[test]
    fn faq06_b_tick_code_and_ok_set_a_skip() {
        let mut bench = Bench::new();
        assert!(bench.sign_in_by_code("pc", true).skip_offered);
        assert_eq!(bench.confirm("pc", true), Ok(()));
        let mails = bench.mails();
        assert!(bench.is_skipped("pc"));
        assert_eq!(bench.mails(), mails, "FAQ-06 f");
    }

    #[test]
    fn faq06_c_leaving_or_cancelling_the_confirmation_sets_no_skip() {
        let mut bench = Bench::new();
        bench.sign_in_by_code("pc", true);
        assert!(!bench.is_skipped("pc"));
        bench.sign_in_by_code("pc", true);
        assert_eq!(bench.confirm("pc", false), Ok(()));
        assert_eq!(bench.confirm("pc", true), Err(ConfirmRefusal::NotOffered), "the offer is for one decision");
        assert!(!bench.is_skipped("pc"));
    }

    #[test]
    fn faq06_d_a_wrong_code_with_the_box_ticked_sets_no_skip() {
        let mut bench = Bench::new();
        let sent = bench.start("pc");
        let wrong = bench.other_than(&sent.code);
        bench.submit("pc", &sent.attempt, &wrong, true).unwrap_err();
        assert!(bench.state.skips.is_empty());
        bench.submit("pc", &sent.attempt, &sent.code, false).unwrap();
        assert_eq!(bench.confirm("pc", true), Err(ConfirmRefusal::NotOffered), "the last tick counts");
    }

    #[test]
    fn faq06_e_a_skip_does_not_replace_the_password() {
        let mut bench = Bench::new();
        bench.set_skip("pc");
        assert!(bench.sign_in_wrongly("pc").is_err());
    }

    #[test]
    fn faq07_skips_have_no_limit() {
        let mut bench = Bench::new();
        for browser in 0..300 {
            bench.set_skip(&format!("browser {browser}"));
            bench.pass(Duration::from_secs(60));
        }
        assert!(bench.is_skipped("browser 0"));
        assert_eq!(bench.state.skips.len(), 300);
    }

    #[test]
    fn faq08_a_skip_holds_up_to_its_ninetieth_day() {
        for (age, skipped) in [(SKIP_VALID - MILLISECOND, true), (SKIP_VALID, true), (SKIP_VALID + MILLISECOND, false)]
        {
            let mut bench = Bench::new();
            bench.set_skip("pc");
            bench.pass(age);
            assert_eq!(bench.is_skipped("pc"), skipped, "{age:?}");
        }
    }

    #[test]
    fn faq08_d_using_a_skip_does_not_prolong_it() {
        let mut bench = Bench::new();
        bench.set_skip("pc");
        for _ in 0..9 {
            bench.pass(10 * DAY);
            assert!(bench.is_skipped("pc"));
        }
        bench.pass(MILLISECOND);
        assert!(!bench.is_skipped("pc"));
    }

    #[test]
    fn faq08_c_setting_it_again_starts_another_ninety_days_and_forgets_the_old_one() {
        let mut bench = Bench::new();
        bench.set_skip("pc");
        bench.pass(SKIP_VALID + MILLISECOND);
        bench.set_skip("pc");
        assert_eq!(bench.state.skips.len(), 1);
        bench.pass(SKIP_VALID);
        assert!(bench.is_skipped("pc"));
    }

    #[test]
    fn faq08_g_an_unticked_code_leaves_the_skip_as_it_was() {
        let mut bench = Bench::new();
        let early = bench.start("pc");
        bench.submit("pc", &early.attempt, &early.code, true).unwrap();
        let open = bench.start("pc");
        bench.confirm("pc", true).unwrap();
        bench.submit("pc", &open.attempt, &open.code, false).unwrap();
        assert!(bench.is_skipped("pc"));
    }

    #[test]
    fn faq11_the_cookie_holds_an_identifier_and_an_expiry_and_nothing_else() {
        let mut bench = Bench::new();
        bench.set_skip("pc");
        let cookie = bench.skip_cookie("pc").unwrap();
        let (id, expiry) = cookie.value.split_once('.').unwrap();
        assert_eq!(id.len(), 22, "128 bits in base64url");
        assert_eq!(expiry, (bench.now + SKIP_VALID).seconds().to_string());
        assert_eq!(cookie.name, format!("skip-{}", bench.state.identity.slot));
    }

    #[test]
    fn faq11_c_an_altered_cookie_skips_nothing() {
        let mut bench = Bench::new();
        bench.set_skip("pc");
        let cookie = bench.skip_cookie("pc").unwrap();
        for at in 0..cookie.value.len() {
            let mut altered = cookie.value.clone().into_bytes();
            altered[at] = if altered[at] == b'1' { b'2' } else { b'1' };
            bench.keep("pc", Cookie { value: String::from_utf8(altered).unwrap(), ..cookie.clone() });
            assert!(!bench.is_skipped("pc"), "byte {at}");
        }
        for value in ["", ".", &format!("{}0", cookie.value), &format!("{}.x", cookie.value)] {
            bench.keep("pc", Cookie { value: value.to_owned(), ..cookie.clone() });
            assert!(!bench.is_skipped("pc"), "{value}");
        }
        bench.keep("pc", cookie);
        assert!(bench.is_skipped("pc"));
    }

    #[test]
    fn a_skip_offer_runs_out() {
        let mut bench = Bench::new();
        bench.sign_in_by_code("pc", true);
        bench.pass(super::super::SKIP_OFFER_VALID + MILLISECOND);
        assert_eq!(bench.confirm("pc", true), Err(ConfirmRefusal::NotOffered));
    }
}
