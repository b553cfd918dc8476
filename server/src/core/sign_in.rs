//! Signing in with ID and password: at once, by a skip, or towards a code.

use std::sync::Arc;

use super::account::AccountState;
use super::address::Address;
use super::attempt::{SignedIn, is_closed_by_wrong_codes, issue};
use super::fact::{Fact, Way};
use super::session::{Visitor, open_session};
use super::skip;
use super::time::Moment;
use super::token::{Slot, Token};
use super::{Event, Turn};
use crate::decisions::{Occasion, SignInContext};

/// An ID and a password were given on the sign-in screen.
pub struct SignIn<'a> {
    /// Who gave them.
    pub visitor: &'a Visitor,
    /// The ID that was given.
    pub address: &'a Address,
    /// Whether the password is that of `checked`.
    pub password_is_right: bool,
    /// The hash it was checked against, before the account was held.
    pub checked: &'a Arc<str>,
    /// The account whose session this browser holds at this portal, if any.
    pub signed_in_as: Option<Slot>,
    /// From when on a code is asked (NOTICE-1).
    pub go_live: Moment,
    /// Whether the mail queue has room for one more code.
    pub mail_has_room: bool,
}

/// How a right pair of ID and password goes on.
#[derive(Clone, Debug)]
pub enum SignInAnswer {
    /// No code is asked.
    SignedIn(SignedIn),
    /// A code is on its way; this token belongs to the attempt.
    CodeMailed(Token),
}

/// Why a sign-in was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInRefusal {
    /// ID and password are no pair; which of them is wrong is not said.
    WrongPair,
    /// Too many wrong codes were given lately.
    TooManyWrongCodes,
    /// Too many codes were mailed lately.
    TooManyMails,
    /// The mail queue is full.
    MailQueueFull,
    /// Too many passwords wait to be checked; this one was not looked at.
    PasswordsBusy,
}

impl Event for SignIn<'_> {
    type Answer = Result<SignInAnswer, SignInRefusal>;

    fn happen(self, state: &mut AccountState, turn: &mut Turn<'_>) -> Self::Answer {
        let decisions = turn.decisions;
        let skip = skip::presented(state, self.visitor, turn);
        // Checking takes its time, and the password may have been changed meanwhile: the old one opens nothing then.
        let is_current = state.password_hash == *self.checked;
        let pair_is_right = self.password_is_right && is_current && state.address == *self.address;
        if !decisions.password_is_accepted(pair_is_right, skip.is_some()) {
            turn.notify(Occasion::WrongPassword, state);
            return Err(SignInRefusal::WrongPair);
        }
        let context =
            SignInContext { account: state, now: turn.now, go_live: self.go_live, signed_in_as: self.signed_in_as };
        if !decisions.code_is_asked(&context) {
            turn.notify(Occasion::SignedInWithoutCode, state);
            turn.count(state, Fact::SignedIn(Way::BeforeGoLive));
            return Ok(SignInAnswer::SignedIn(open_session(state, self.visitor, false, turn)));
        }
        if let Some(used) = skip {
            skip::note_use(state, used, turn);
            turn.notify(Occasion::SignedInBySkip, state);
            turn.count(state, Fact::SignedIn(Way::Skip));
            return Ok(SignInAnswer::SignedIn(open_session(state, self.visitor, false, turn)));
        }
        self.towards_a_code(state, turn)
    }
}

impl SignIn<'_> {
    fn towards_a_code(&self, state: &mut AccountState, turn: &mut Turn<'_>) -> Result<SignInAnswer, SignInRefusal> {
        if is_closed_by_wrong_codes(state, self.visitor, turn) {
            return Err(SignInRefusal::TooManyWrongCodes);
        }
        if turn.decisions.code_mails_are_used_up(state.code_mails.count(turn.now)) {
            return Err(SignInRefusal::TooManyMails);
        }
        if !self.mail_has_room {
            return Err(SignInRefusal::MailQueueFull);
        }
        let attempt = issue(state, self.visitor, turn);
        turn.notify(Occasion::CodeMailed, state);
        Ok(SignInAnswer::CodeMailed(attempt))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::Bench;
    use super::super::{Effect, GO_LIVE};
    use super::*;

    #[test]
    fn notice1_no_code_is_asked_before_go_live_and_one_is_from_that_instant_on() {
        for (offset_ms, asked) in [(-1000, false), (-1, false), (0, true), (1, true), (1000, true)] {
            let mut bench = Bench::new();
            bench.now = Moment::from_millis(GO_LIVE.millis() + offset_ms);
            let answer = bench.sign_in("pc").unwrap();
            assert_eq!(matches!(answer, SignInAnswer::CodeMailed(_)), asked, "{offset_ms} ms");
            assert_eq!(bench.mails(), usize::from(asked));
        }
    }

    #[test]
    fn faq01_one_mail_with_the_code_goes_to_the_registered_address_and_to_nobody_else() {
        let mut bench = Bench::new();
        bench.start("pc");
        let mails: Vec<_> = bench
            .effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::MailCode { recipients, .. } => Some(recipients),
                Effect::Notify(_) => panic!("nothing but the code is mailed"),
                _ => None,
            })
            .collect();
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].to, [bench.state.address.clone()]);
        assert!(mails[0].cc.is_empty() && mails[0].bcc.is_empty());
    }

    #[test]
    fn faq01_c_a_wrong_pair_mails_nothing() {
        let mut bench = Bench::new();
        assert_eq!(bench.sign_in_wrongly("pc").unwrap_err(), SignInRefusal::WrongPair);
        assert!(bench.effects.is_empty() && bench.state.attempts.is_empty());
    }

    #[test]
    fn a_full_queue_promises_no_code_but_lets_skips_in() {
        let mut bench = Bench::new();
        bench.set_skip("home");
        bench.mail_has_room = false;
        let mails = bench.mails();
        assert_eq!(bench.sign_in("pc").unwrap_err(), SignInRefusal::MailQueueFull);
        assert_eq!(bench.mails(), mails);
        assert!(bench.is_skipped("home"));
    }
}
