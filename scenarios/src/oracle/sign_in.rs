//! ID and password, and whether a code is asked (NOTICE-1, FAQ-01, FAQ-06, FAQ-08, FAQ-15).

use super::action::{AccountId, BrowserId};
use super::expected::{Expected, Outcome, Screen};
use super::policy::Answer;
use super::world::{Attempt, World};

impl World {
    pub(super) fn expect_sign_in(&self, browser: BrowserId, account: AccountId, right_password: bool) -> Expected {
        let (skipped, skip_rule) = self.skip_in(browser, account);
        if !right_password {
            let rule = if skipped == Answer::No { "FAQ-01c" } else { "FAQ-06e" };
            return Expected::exactly(Outcome::silent(Screen::Outside, rule).without_mail("FAQ-01c"));
        }
        let asked = self.code_is_asked();
        let inside = match asked {
            Answer::No => Outcome::silent(Screen::Inside(account), "NOTICE-1a").without_mail("NOTICE-1a"),
            _ => Outcome::silent(Screen::Inside(account), skip_rule).without_mail("FAQ-06f"),
        };
        let start_rule = self.new_address_rule(account).unwrap_or(inside.start_rule);
        let inside = Expected::exactly(Outcome { start_rule, ..inside });
        match (asked, skipped) {
            (Answer::No, _) | (_, Answer::Yes) => inside,
            (Answer::Yes, Answer::No) => self.expect_code_mail(account, skip_rule),
            _ => inside.or(self.expect_code_mail(account, "NOTICE-1b")),
        }
    }

    /// NOTICE-1 a, b, d: from go-live on, that instant included.
    fn code_is_asked(&self) -> Answer {
        let since = self.now_ms - self.policy.go_live_ms;
        if since >= self.policy.tolerance_ms {
            Answer::Yes
        } else if since < -self.policy.tolerance_ms {
            Answer::No
        } else {
            Answer::Open
        }
    }

    /// FAQ-01 a, NOTICE-3: one code to the registered address, unless a limit that the target declares is reached.
    fn expect_code_mail(&self, account: AccountId, rule: &'static str) -> Expected {
        let state = &self.accounts[account.0];
        let mails = self
            .policy
            .mails
            .map_or(Answer::Yes, |limit| limit.has_room(&state.mails_ms, self.now_ms, self.policy.tolerance_ms));
        let asks = Expected::exactly(Outcome {
            screen: Screen::AsksForCode,
            screen_rule: rule,
            mail: Some(self.address(account)),
            mail_rule: state.address_rule,
            start_rule: self.start_rule(account),
        });
        let limited = Expected::any([Screen::Outside], "BASE-CODE-4");
        match self.takes_codes(account).and(mails) {
            Answer::Yes => asks,
            Answer::Open => asks.or(limited),
            Answer::No => limited,
        }
    }

    /// The clause by which a sign-in must not be refused now: after what became of the address, or of the attempts before.
    fn start_rule(&self, account: AccountId) -> &'static str {
        if let Some(rule) = self.new_address_rule(account) {
            return rule;
        }
        let mut before = self.accounts[account.0].attempts.iter().rev();
        match (before.next(), before.next()) {
            (Some(last), _) if !last.used && self.code_is_in_time(last.issued_ms) == Answer::No => "FAQ-03d",
            (Some(last), Some(other)) if !last.used && !other.used => "FAQ-04c",
            (Some(last), _) if !last.used => "FAQ-04a",
            _ => "FAQ-01a",
        }
    }

    /// NOTICE-4, FAQ-05c: whoever is refused at a new address is refused because of it.
    fn new_address_rule(&self, account: AccountId) -> Option<&'static str> {
        let state = &self.accounts[account.0];
        state.address_is_new.then_some(state.address_rule)
    }

    pub(super) fn follow_sign_in(&mut self, browser: BrowserId, account: AccountId, screen: Screen) {
        let now_ms = self.now_ms;
        if matches!(screen, Screen::AsksForCode | Screen::Inside(_)) {
            self.accounts[account.0].address_is_new = false;
        }
        match screen {
            Screen::AsksForCode => {
                let state = &mut self.accounts[account.0];
                state.mails_ms.push(now_ms);
                state.attempts.push(Attempt {
                    issued_ms: now_ms,
                    touched_ms: now_ms,
                    wrong_codes: 0,
                    used: false,
                    tried_expired: false,
                    standing: Answer::Yes,
                });
                self.browsers[browser.0].attempt = Some((account, state.attempts.len() - 1));
                self.disturb_session(browser);
            }
            Screen::Inside(_) => {
                self.note_skip_used(browser, account);
                self.open_session(browser, account, None);
                self.disturb_attempt(browser);
            }
            // Refused: yet the sign-in was begun, and where that ends what was open in the browser, nobody says when.
            _ if self.policy.attempt_and_session_apart != Answer::Yes => self.doubt_what_is_open(browser),
            _ => {}
        }
    }

    pub(super) fn doubt_session(&mut self, browser: BrowserId) {
        if let Some(session) = &mut self.browsers[browser.0].session {
            session.standing = session.standing.and(Answer::Open);
        }
    }

    fn doubt_what_is_open(&mut self, browser: BrowserId) {
        self.doubt_session(browser);
        if let Some((account, index)) = self.browsers[browser.0].attempt {
            let attempt = &mut self.accounts[account.0].attempts[index];
            attempt.standing = attempt.standing.and(Answer::Open);
        }
    }

    /// Lets a sign-in that begins do to the browser's session what the target declares.
    fn disturb_session(&mut self, browser: BrowserId) {
        let apart = self.policy.attempt_and_session_apart;
        let slot = &mut self.browsers[browser.0].session;
        match apart {
            Answer::Yes => {}
            // A skip that was offered is none of the session's: whether it can still be confirmed is said elsewhere, or nowhere.
            Answer::No if slot.as_ref().is_none_or(|session| session.offer.is_none()) => *slot = None,
            Answer::No | Answer::Open => {
                if let Some(session) = slot {
                    session.standing = Answer::Open;
                }
            }
        }
    }

    /// Lets a session that begins without a code, or ends, do to the browser's attempt what the target declares.
    pub(super) fn disturb_attempt(&mut self, browser: BrowserId) {
        let apart = self.policy.attempt_and_session_apart;
        if let Some((account, index)) = self.browsers[browser.0].attempt {
            let attempt = &mut self.accounts[account.0].attempts[index];
            attempt.standing = attempt.standing.and(apart);
        }
    }
}
