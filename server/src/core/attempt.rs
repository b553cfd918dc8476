//! An attempt to sign in: from the right password to the right code.

use serde::{Deserialize, Serialize};

use super::account::AccountState;
use super::address::Address;
use super::code::Code;
use super::expiry;
use super::fact::{Ending, Fact, Way, count_followed, has_ended};
use super::lean::Lean;
use super::session::{Visitor, open_session};
use super::skip;
use super::time::Moment;
use super::token::{BrowserTag, Token, TokenHash};
use super::{Effect, Event, Turn};
use crate::decisions::{GuessContext, Step};

/// How many attempts of one account are remembered, so that an old one is told what became of it.
pub const KEPT_ATTEMPTS: usize = 8;

/// One attempt to sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The hash of its token.
    pub token: TokenHash,
    /// The browser that asked for the code.
    pub browser: BrowserTag,
    /// The code that was mailed.
    pub code: Code,
    /// The address the account had then.
    pub address: Address,
    /// When the code was issued.
    pub issued_at: Moment,
    /// When the code entry screen was last seen or a code given.
    pub last_seen: Moment,
    /// How many wrong codes were given.
    pub wrong_codes: u32,
    /// Whether the right code was given.
    pub used: bool,
    /// What became of the mail.
    pub delivery: Delivery,
}

/// What became of an attempt's mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Delivery {
    /// It is on its way.
    Pending,
    /// The mail host took it.
    Accepted,
    /// The mail host refused it for good, or could not be brought to take it.
    Refused,
}

/// Why an attempt can no longer be finished. All but the first mean: start over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptEnd {
    /// Unknown, another browser's, or followed by a newer attempt.
    Over,
    /// Its code has been used, in this very browser.
    Used,
    /// Its code has run out (FAQ-03).
    Expired,
    /// Too many wrong codes were given in it.
    TooManyWrongCodes,
    /// Too many wrong codes were given for the account lately; none is taken for a while.
    AccountClosed,
    /// The mail with its code could not be delivered (FAQ-05 b).
    Undelivered,
}

/// Why a code was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeRefusal {
    /// It is not the code; another one may be given.
    Wrong,
    /// The attempt has ended.
    Ended(AttemptEnd),
}

/// A browser is signed in.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The new session's token.
    pub session: Token,
    /// Whether the skip confirmation screen comes next (FAQ-06).
    pub skip_offered: bool,
}

/// The code entry screen is looked at.
pub struct ViewCode<'a> {
    /// Who looks.
    pub visitor: &'a Visitor,
}

impl Event for ViewCode<'_> {
    type Answer = Result<(), AttemptEnd>;

    fn happen(self, state: &mut AccountState, turn: &mut Turn<'_>) -> Self::Answer {
        let answer = judge(state, self.visitor, turn).map(drop);
        see(state, self.visitor, turn.now);
        answer
    }
}

/// A code is given on the code entry screen.
pub struct SubmitCode<'a> {
    /// Who gives it.
    pub visitor: &'a Visitor,
    /// What was typed.
    pub typed: &'a str,
    /// Whether the skip check box was ticked.
    pub ticked: bool,
}

impl Event for SubmitCode<'_> {
    type Answer = Result<SignedIn, CodeRefusal>;

    fn happen(self, state: &mut AccountState, turn: &mut Turn<'_>) -> Self::Answer {
        let answer = self.try_code(state, turn);
        see(state, self.visitor, turn.now);
        let ticked = self.ticked;
        let step = if answer.is_ok() { Step::CodeTaken { ticked } } else { Step::CodeRefused { ticked } };
        skip::follow(step, state, self.visitor, turn);
        answer
    }
}

impl SubmitCode<'_> {
    fn try_code(&self, state: &mut AccountState, turn: &mut Turn<'_>) -> Result<SignedIn, CodeRefusal> {
        let token = judge(state, self.visitor, turn).map_err(CodeRefusal::Ended)?;
        let typed = turn.decisions.typed_code(self.typed);
        let attempt = state.attempt(&token).ok_or(CodeRefusal::Ended(AttemptEnd::Over))?;
        if !turn.decisions.code_is_right(&typed, attempt, state) {
            return Err(self.count_wrong(state, &token, &typed, turn));
        }
        if let Some(attempt) = state.attempt_mut(&token) {
            attempt.used = true;
        }
        turn.count(state, Fact::AttemptEnded(Ending::SignedIn));
        turn.count(state, Fact::SignedIn(Way::Code));
        Ok(open_session(state, self.visitor, self.ticked, turn))
    }

    /// What cannot be a code at all guesses nothing and is not counted.
    fn count_wrong(
        &self,
        state: &mut AccountState,
        token: &TokenHash,
        typed: &str,
        turn: &mut Turn<'_>,
    ) -> CodeRefusal {
        if Code::parse(typed).is_none() {
            return CodeRefusal::Wrong;
        }
        state.wrong_codes.note(turn.now);
        turn.count(state, Fact::WrongCode);
        if let Some(attempt) = state.attempt_mut(token) {
            attempt.wrong_codes += 1;
            if turn.decisions.wrong_codes_end_attempt(attempt) {
                turn.count(state, Fact::AttemptEnded(Ending::TooManyWrongCodes));
                return CodeRefusal::Ended(AttemptEnd::TooManyWrongCodes);
            }
        }
        CodeRefusal::Wrong
    }
}

/// The mail host has taken a code mail or has refused it for good.
pub struct MailSettled {
    /// The attempt whose code it was.
    pub attempt: TokenHash,
    /// What became of it.
    pub delivery: Delivery,
}

impl Event for MailSettled {
    type Answer = ();

    fn happen(self, state: &mut AccountState, turn: &mut Turn<'_>) {
        let Some(attempt) = state.attempt_mut(&self.attempt) else { return };
        let is_open = !has_ended(attempt, turn);
        attempt.delivery = self.delivery;
        if is_open
            && self.delivery == Delivery::Refused
            && state.attempts.back().is_some_and(|newest| newest.token == self.attempt)
        {
            turn.count(state, Fact::AttemptEnded(Ending::Undelivered));
        }
    }
}

/// Issues a code for a new attempt, which supersedes the older ones, and has it mailed.
pub(super) fn issue(state: &mut AccountState, visitor: &Visitor, turn: &mut Turn<'_>) -> Token {
    count_followed(state, turn);
    let token = turn.draw.token();
    let code = turn.decisions.code_for_attempt(state.attempts.back(), turn.draw);
    let attempt = Attempt {
        token: token.hash(),
        browser: visitor.browser,
        code,
        address: state.address.clone(),
        issued_at: turn.now,
        last_seen: turn.now,
        wrong_codes: 0,
        used: false,
        delivery: Delivery::Pending,
    };
    turn.effect(Effect::OpenToken(attempt.token));
    let recipients = turn.decisions.code_recipients(state);
    let mut letter = turn.decisions.code_letter(&code, state);
    letter.body += &turn.decisions.extra_letter_text(&visitor.claims);
    turn.effect(Effect::MailCode { attempt: attempt.token, recipients, letter });
    state.code_mails.note(turn.now);
    if state.attempts.len() == KEPT_ATTEMPTS
        && let Some(oldest) = state.attempts.pop_front()
    {
        turn.effect(Effect::CloseToken(oldest.token));
    }
    state.attempts.add(attempt);
    token
}

/// Says whether the visitor's attempt can still be finished, and which it is.
pub(super) fn judge(state: &mut AccountState, visitor: &Visitor, turn: &Turn<'_>) -> Result<TokenHash, AttemptEnd> {
    let decisions = turn.decisions;
    let is_closed = is_closed_by_wrong_codes(state, visitor, turn);
    let (attempt, newest) = visitor
        .attempt
        .as_ref()
        .and_then(|token| state.attempt(&token.hash()))
        .zip(state.attempts.back())
        .ok_or(AttemptEnd::Over)?;
    if !decisions.attempt_belongs_to(attempt, &visitor.browser) || decisions.attempt_is_superseded(attempt, newest) {
        return Err(AttemptEnd::Over);
    }
    if decisions.code_is_spent(attempt) {
        return Err(AttemptEnd::Used);
    }
    if expiry::has_expired(attempt, turn.now, decisions) {
        return Err(AttemptEnd::Expired);
    }
    if decisions.wrong_codes_end_attempt(attempt) {
        return Err(AttemptEnd::TooManyWrongCodes);
    }
    if is_closed {
        return Err(AttemptEnd::AccountClosed);
    }
    if decisions.refused_mail_ends_attempt(attempt) {
        return Err(AttemptEnd::Undelivered);
    }
    Ok(attempt.token)
}

/// Whether too many wrong codes were given for the account lately.
pub(super) fn is_closed_by_wrong_codes(state: &mut AccountState, visitor: &Visitor, turn: &Turn<'_>) -> bool {
    let wrong_within_the_hour = state.wrong_codes.count(turn.now);
    let guesses = GuessContext { account: state, visitor, wrong_within_the_hour };
    turn.decisions.wrong_codes_close_account(turn.decisions.wrong_codes_that_count(&guesses))
}

fn see(state: &mut AccountState, visitor: &Visitor, now: Moment) {
    if let Some(attempt) = visitor.attempt.as_ref().and_then(|token| state.attempt_mut(&token.hash())) {
        attempt.last_seen = now;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::{Bench, MINUTE, Sent};
    use super::super::{CODE_MAILS_PER_HOUR, SignInRefusal, WRONG_CODES_PER_HOUR};
    use super::*;

    const OVER: CodeRefusal = CodeRefusal::Ended(AttemptEnd::Over);
    const TOO_MANY: CodeRefusal = CodeRefusal::Ended(AttemptEnd::TooManyWrongCodes);

    #[test]
    fn a_code_works_once() {
        let mut bench = Bench::new();
        let Sent { attempt, code } = bench.start("pc");
        assert!(bench.submit("pc", &attempt, &code, false).is_ok());
        assert_eq!(bench.submit("pc", &attempt, &code, false).unwrap_err(), CodeRefusal::Ended(AttemptEnd::Used));
        assert_eq!(bench.submit("phone", &attempt, &code, false).unwrap_err(), OVER, "another browser is told less");
    }

    #[test]
    fn a_newer_attempt_supersedes_the_older_one() {
        let mut bench = Bench::new();
        let old = bench.start("pc");
        let new = bench.start("pc");
        assert_eq!(bench.submit("pc", &old.attempt, &old.code, false).unwrap_err(), OVER);
        assert_eq!(bench.submit("pc", &new.attempt, &old.code, false).unwrap_err(), CodeRefusal::Wrong);
        assert!(bench.submit("pc", &new.attempt, &new.code, false).is_ok());
    }

    #[test]
    fn an_attempt_is_finished_only_in_the_browser_that_began_it() {
        let mut bench = Bench::new();
        let Sent { attempt, code } = bench.start("pc");
        assert_eq!(bench.submit("phone", &attempt, &code, false).unwrap_err(), OVER);
        assert!(bench.submit("pc", &attempt, &code, false).is_ok());
    }

    #[test]
    fn the_fifth_wrong_code_ends_the_attempt_and_starting_over_gives_a_new_one() {
        let mut bench = Bench::new();
        let Sent { attempt, code } = bench.start("pc");
        let wrong = bench.other_than(&code);
        for _ in 0..4 {
            assert_eq!(bench.submit("pc", &attempt, &wrong, false).unwrap_err(), CodeRefusal::Wrong);
        }
        assert_eq!(bench.submit("pc", &attempt, &wrong, false).unwrap_err(), TOO_MANY);
        assert_eq!(bench.submit("pc", &attempt, &code, false).unwrap_err(), TOO_MANY);
        assert_eq!(bench.view("pc", &attempt), Err(AttemptEnd::TooManyWrongCodes));
        let Sent { attempt, code } = bench.start("pc");
        assert!(bench.submit("pc", &attempt, &code, false).is_ok());
    }

    #[test]
    fn fifty_wrong_codes_close_the_account_to_codes_till_an_hour_has_passed_but_not_to_skips() {
        let mut bench = Bench::new();
        bench.set_skip("home");
        for _ in 0..WRONG_CODES_PER_HOUR / 5 {
            let Sent { attempt, code } = bench.start("pc");
            let wrong = bench.other_than(&code);
            for _ in 0..5 {
                bench.submit("pc", &attempt, &wrong, false).unwrap_err();
            }
        }
        assert_eq!(bench.sign_in("pc").unwrap_err(), SignInRefusal::TooManyWrongCodes);
        assert!(bench.is_skipped("home"));
        bench.pass(60 * MINUTE);
        let Sent { attempt, code } = bench.start("pc");
        assert!(bench.submit("pc", &attempt, &code, false).is_ok());
    }

    #[test]
    fn the_wrong_code_limit_of_the_account_closes_an_open_attempt_too() {
        let mut bench = Bench::new();
        let Sent { attempt, code } = bench.start("pc");
        for _ in 0..WRONG_CODES_PER_HOUR {
            bench.state.wrong_codes.note(bench.now);
        }
        let closed = CodeRefusal::Ended(AttemptEnd::AccountClosed);
        assert_eq!(bench.submit("pc", &attempt, &code, false).unwrap_err(), closed);
    }

    #[test]
    fn what_is_no_code_is_refused_and_not_counted() {
        let mut bench = Bench::new();
        let Sent { attempt, code } = bench.start("pc");
        for typed in
            ["", "abc", "12345", "1234567", "０１２３４５６７８９", &"9".repeat(10_000)].iter().cycle().take(30)
        {
            assert_eq!(bench.submit("pc", &attempt, typed, false).unwrap_err(), CodeRefusal::Wrong);
        }
        assert!(bench.submit("pc", &attempt, &code, false).is_ok());
    }

    #[test]
    fn code_mails_are_limited_per_hour_and_abandoning_attempts_locks_nobody_out_before() {
        let mut bench = Bench::new();
        for _ in 0..CODE_MAILS_PER_HOUR - 1 {
            bench.start("pc");
        }
        let Sent { attempt, code } = bench.start("pc");
        assert_eq!(bench.sign_in("pc").unwrap_err(), SignInRefusal::TooManyMails);
        assert!(bench.submit("pc", &attempt, &code, false).is_ok(), "the last attempt is not disturbed");
        assert!(bench.state.attempts.len() <= KEPT_ATTEMPTS);
        bench.pass(60 * MINUTE);
        bench.start("pc");
    }

    #[test]
    fn faq05_b_refused_mail_ends_the_attempt() {
        let mut bench = Bench::new();
        let Sent { attempt, code } = bench.start("pc");
        bench.happen(MailSettled { attempt: attempt.hash(), delivery: Delivery::Refused });
        assert_eq!(bench.view("pc", &attempt), Err(AttemptEnd::Undelivered));
        assert_eq!(
            bench.submit("pc", &attempt, &code, false).unwrap_err(),
            CodeRefusal::Ended(AttemptEnd::Undelivered)
        );
    }

    #[test]
    fn forgotten_attempts_are_taken_out_of_the_index() {
        let mut bench = Bench::new();
        for _ in 0..KEPT_ATTEMPTS + 3 {
            bench.start("pc");
        }
        assert_eq!(bench.open_tokens(), KEPT_ATTEMPTS);
    }
}
