//! Changing the password while signed in.

use std::sync::Arc;

use super::account::AccountState;
use super::attempt::SignedIn;
use super::session::{NotSignedIn, Page, Visitor, admit, open_session};
use super::skip;
use super::{Effect, Event, Turn};
use crate::decisions::{Change, Step};

/// Policy: a password that a user chooses has at least so many characters (NIST SP 800-63B-4, 3.1.1.2: eight where it is
/// not the only factor). Which characters is the user's affair.
pub const MIN_PASSWORD_CHARACTERS: usize = 8;

/// A signed-in user gives the current password and a new one. Both were worked on before: hashing takes too long to be
/// done while the account is held.
pub struct ChangePassword<'a> {
    /// Who asks.
    pub visitor: &'a Visitor,
    /// Whether the current password that was given is that of `checked`.
    pub current_is_right: bool,
    /// The hash it was checked against.
    pub checked: &'a Arc<str>,
    /// The hash of the new password.
    pub new_hash: Arc<str>,
}

/// Why a password was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordRefusal {
    /// The browser is not signed in.
    NotSignedIn,
    /// The current password is wrong, or was changed meanwhile.
    WrongCurrent,
    /// Too many wrong current passwords were given lately.
    TooManyTries,
    /// Too many passwords wait to be checked.
    Busy,
}

impl From<NotSignedIn> for PasswordRefusal {
    fn from(_: NotSignedIn) -> Self {
        Self::NotSignedIn
    }
}

impl Event for ChangePassword<'_> {
    /// The session goes on under a new token.
    type Answer = Result<SignedIn, PasswordRefusal>;

    fn happen(self, state: &mut AccountState, turn: &mut Turn<'_>) -> Self::Answer {
        admit(state, self.visitor, Page::Password, turn)?;
        // Judged before the password: of many guesses sent at once none beyond the limit learns anything.
        if turn.decisions.wrong_passwords_close_change(state.tries_mut().wrong_passwords.count(turn.now)) {
            return Err(PasswordRefusal::TooManyTries);
        }
        if !self.current_is_right || state.password_hash != *self.checked {
            state.tries_mut().wrong_passwords.note(turn.now);
            return Err(PasswordRefusal::WrongCurrent);
        }
        state.password_hash = self.new_hash;
        if turn.decisions.password_change_ends_the_rest() {
            end_the_rest(state, turn);
        }
        skip::follow(Step::PasswordChanged, state, self.visitor, turn);
        if let Some(notice) = turn.decisions.notice_of_change(&Change::Password, state) {
            turn.effect(Effect::Notify(notice));
        }
        Ok(open_session(state, self.visitor, false, turn))
    }
}

/// Ends every session and attempt, and what waits for a confirmation: whoever knew the old password is out.
fn end_the_rest(state: &mut AccountState, turn: &mut Turn<'_>) {
    state.address_change = None;
    let sessions = state.sessions.drain(..).map(|session| session.token);
    let attempts = state.attempts.drain(..).map(|attempt| attempt.token);
    for token in sessions.chain(attempts) {
        turn.effect(Effect::CloseToken(token));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::Bench;
    use super::super::{LIMIT_WINDOW, WRONG_PASSWORDS_PER_HOUR};
    use super::*;

    fn change(bench: &mut Bench, browser: &str, current_is_right: bool) -> Result<SignedIn, PasswordRefusal> {
        let visitor = bench.visitor(browser);
        let checked = bench.state.password_hash.clone();
        let event = ChangePassword { visitor: &visitor, current_is_right, checked: &checked, new_hash: "new".into() };
        let answer = bench.happen(event);
        if let Ok(signed_in) = &answer {
            bench.plant_session(browser, signed_in.session.clone());
        }
        answer
    }

    #[test]
    fn a_change_ends_other_sessions_and_attempts_and_leaves_skips_alone() {
        let mut bench = Bench::new();
        bench.set_skip("home");
        bench.sign_in_by_code("pc", false);
        let sent = bench.start("phone");
        let old = bench.visitor("pc");
        change(&mut bench, "pc", true).unwrap();
        assert_eq!(&*bench.state.password_hash, "new");
        assert!(bench.page("pc", Page::MyPage).is_ok(), "the acting session goes on");
        let stale = super::super::ViewPage { visitor: &old, page: Page::MyPage };
        assert!(bench.happen(stale).is_err(), "under a new token");
        assert!(bench.page("home", Page::MyPage).is_err());
        assert!(bench.submit("phone", &sent.attempt, &sent.code, false).is_err());
        assert_eq!(bench.open_tokens(), 1);
        assert!(bench.is_skipped("home"));
    }

    #[test]
    fn a_sign_in_whose_old_password_was_still_being_checked_comes_too_late() {
        let mut bench = Bench::new();
        bench.set_skip("thief");
        bench.sign_in_by_code("pc", false);
        let (address, checked) = (bench.state.address.clone(), bench.state.password_hash.clone());
        change(&mut bench, "pc", true).unwrap();
        let late = bench.give_against("thief", &address, true, &checked);
        assert!(matches!(late, Err(super::super::SignInRefusal::WrongPair)), "{late:?}");
        assert!(bench.is_skipped("thief"), "with the new password the same browser signs in");
    }

    #[test]
    fn a_change_takes_back_an_address_change_that_waits() {
        let mut bench = Bench::new();
        bench.sign_in_by_code("pc", false);
        let address = super::super::Address::parse("new@example.test").unwrap();
        let number = bench.ask("pc", &address, true).unwrap().unwrap();
        change(&mut bench, "pc", true).unwrap();
        assert!(bench.number("pc", number.as_str()).is_err());
    }

    #[test]
    fn wrong_current_passwords_are_limited_and_sign_ins_are_not_touched() {
        let mut bench = Bench::new();
        bench.sign_in_by_code("pc", false);
        for _ in 0..WRONG_PASSWORDS_PER_HOUR {
            assert_eq!(change(&mut bench, "pc", false).unwrap_err(), PasswordRefusal::WrongCurrent);
        }
        assert_eq!(change(&mut bench, "pc", true).unwrap_err(), PasswordRefusal::TooManyTries);
        bench.sign_in_by_code("phone", false);
        bench.pass(LIMIT_WINDOW);
        change(&mut bench, "pc", true).unwrap();
    }

    #[test]
    fn a_password_checked_against_an_older_one_is_wrong() {
        let mut bench = Bench::new();
        bench.sign_in_by_code("pc", false);
        let visitor = bench.visitor("pc");
        let checked: Arc<str> = "older".into();
        let event =
            ChangePassword { visitor: &visitor, current_is_right: true, checked: &checked, new_hash: "new".into() };
        assert_eq!(bench.happen(event).unwrap_err(), PasswordRefusal::WrongCurrent);
    }

    #[test]
    fn nobody_half_signed_in_changes_a_password() {
        let mut bench = Bench::new();
        let sent = bench.start("pc");
        let half = Visitor { attempt: Some(sent.attempt), ..bench.visitor("pc") };
        let checked = bench.state.password_hash.clone();
        let event =
            ChangePassword { visitor: &half, current_is_right: true, checked: &checked, new_hash: "new".into() };
        assert_eq!(bench.happen(event).unwrap_err(), PasswordRefusal::NotSignedIn);
    }
}
