//! Another address: asked for and confirmed in My Page, or by the office (NOTICE-4, FAQ-05).

use super::action::{AccountId, BrowserId};
use super::expected::{Expected, Screen};
use super::policy::Answer;
use super::world::World;

/// A change of the address that was asked for and not confirmed.
#[derive(Clone, Debug)]
pub(super) struct AskedChange {
    /// The number of the session that asked for it.
    pub session: usize,
    pub at_ms: i64,
    pub wrong_numbers: usize,
    /// Whether what happened beside leaves it open.
    pub standing: Answer,
}

impl World {
    /// NOTICE-4, FAQ-05a: another address may be asked for by who is signed in, as often as the target lets them. Whether that is
    /// possible while the office is at work is said nowhere.
    pub(super) fn expect_change(&self, browser: BrowserId) -> Expected {
        let inside = self.expect_inside(browser, "NOTICE-4", "FAQ-05a");
        let Some((account, _)) = self.session(browser) else { return inside };
        let has_room = self.has_room_for_request(account);
        let refused = Expected::any([Screen::Outside], "NOTICE-4");
        match has_room {
            Answer::Yes => inside,
            Answer::No => refused,
            Answer::Open => inside.or(refused),
        }
    }

    fn has_room_for_request(&self, account: AccountId) -> Answer {
        let state = &self.accounts[account.0];
        let beside = if state.office_at_work { Answer::Open } else { Answer::Yes };
        let limited = match self.policy.address_requests {
            Some(limit) => limit.has_room(&state.asked_ms, self.now_ms, self.policy.tolerance_ms),
            None if state.asked_ms.is_empty() => Answer::Yes,
            None => Answer::Open,
        };
        beside.and(limited)
    }

    /// Follows a request for another address; gives the account if it was taken.
    pub(super) fn follow_request(&mut self, browser: BrowserId, screen: Screen) -> Option<AccountId> {
        if let Some((account, _)) = self.session(browser)
            && screen == Screen::Outside
            && self.has_room_for_request(account) != Answer::Yes
        {
            // It may have been the target's limit, which says nothing of the session.
            return None;
        }
        let account = self.learn_session(browser, screen)?;
        let session = self.browsers[browser.0].session.as_ref()?.number;
        let at_ms = self.now_ms;
        let state = &mut self.accounts[account.0];
        state.asked_ms.push(at_ms);
        // Till it is confirmed it is NOTICE-4 that keeps the codes where they go.
        state.address_rule = "NOTICE-4";
        state.asked = Some(AskedChange { session, at_ms, wrong_numbers: 0, standing: Answer::Yes });
        Some(account)
    }

    /// NOTICE-4: the mailed number registers the address that was asked for, and no other number does.
    pub(super) fn expect_confirmation(&self, browser: BrowserId, right: bool) -> Expected {
        let shut = self.expect_confirmation_outside(browser, right);
        let Some((account, signed_in)) = self.session(browser) else { return shut };
        let refused = if signed_in == Answer::Yes { Expected::any([Screen::Outside], "NOTICE-4") } else { shut };
        let taken = if right { self.confirms(browser, account) } else { Answer::No };
        let inside = Expected::any([Screen::Inside(account)], "NOTICE-4");
        match taken.and(signed_in) {
            Answer::Yes => inside,
            Answer::Open => inside.or(refused),
            Answer::No => refused,
        }
    }

    /// Who is not signed in confirms nothing, but the change that somebody signed in has asked for: a link in the mail may be followed in
    /// any browser, where the target declares nothing else.
    fn expect_confirmation_outside(&self, browser: BrowserId, right: bool) -> Expected {
        let shut = Expected::any(self.shut(browser), "FAQ-05a");
        let asked = (0..self.accounts.len()).map(AccountId).filter(|account| {
            right && self.policy.confirmation_is_bound != Answer::Yes && self.confirms(browser, *account) != Answer::No
        });
        shut.or(Expected::any(asked.map(Screen::Inside), "FAQ-05a"))
    }

    /// Whether the right number is taken from this browser.
    fn confirms(&self, browser: BrowserId, account: AccountId) -> Answer {
        let state = &self.accounts[account.0];
        let Some(asked) = &state.asked else { return Answer::No };
        let session = self.browsers[browser.0].session.as_ref().map(|session| session.number);
        let own = match self.policy.confirmation_is_bound {
            _ if session == Some(asked.session) => Answer::Yes,
            Answer::Yes => Answer::No,
            _ => Answer::Open,
        };
        let not_worn_out = match self.policy.wrong_numbers {
            Some(limit) if asked.wrong_numbers >= limit => Answer::No,
            None if asked.wrong_numbers > 0 => Answer::Open,
            _ => Answer::Yes,
        };
        let in_time = self.policy.confirmation.holds(self.now_ms - asked.at_ms, self.policy.tolerance_ms);
        let beside = if state.office_at_work { Answer::Open } else { asked.standing };
        own.and(not_worn_out).and(in_time).and(beside)
    }

    pub(super) fn follow_confirmation(&mut self, browser: BrowserId, right: bool, screen: Screen) {
        let own = self.session(browser).map(|(account, _)| account);
        if let Screen::Inside(account) = screen {
            if own == Some(account) {
                self.learn_session(browser, screen);
            }
            self.change_address(account, "NOTICE-4");
        } else if let Some(asked) = own.and_then(|account| self.accounts[account.0].asked.as_mut()) {
            asked.wrong_numbers += usize::from(!right);
            // A right number that was not taken where it might have been: nobody knows what that did to the change.
            asked.standing = if right { asked.standing.and(Answer::Open) } else { asked.standing };
        }
    }

    /// FAQ-05: the office takes a request; whether it takes a second one beside it is said nowhere.
    pub(super) fn expect_office(&self, account: AccountId) -> Expected {
        let taken = Expected::any([Screen::Nothing], "FAQ-05c");
        match self.accounts[account.0].office_at_work {
            true => taken.or(Expected::any([Screen::Outside], "FAQ-05c")),
            false => taken,
        }
    }

    pub(super) fn follow_office(&mut self, account: AccountId, screen: Screen) {
        if screen != Screen::Nothing {
            return;
        }
        let state = &mut self.accounts[account.0];
        state.office_at_work = true;
        state.address_rule = "FAQ-05d";
        if let Some(asked) = &mut state.asked {
            asked.standing = asked.standing.and(Answer::Open);
        }
    }

    /// NOTICE-4, FAQ-05c: codes go to the new address only. What becomes of attempts that are open is said nowhere.
    pub(super) fn change_address(&mut self, account: AccountId, rule: &'static str) {
        let outlive = self.policy.skips_outlive_address_change;
        let account = &mut self.accounts[account.0];
        account.changes += 1;
        account.address_rule = rule;
        account.address_is_new = true;
        account.asked = None;
        account.office_at_work = false;
        for attempt in &mut account.attempts {
            attempt.standing = attempt.standing.and(Answer::Open);
        }
        for skip in &mut account.skips {
            skip.standing = skip.standing.and(outlive);
        }
    }
}
