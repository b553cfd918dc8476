//! Skips: setting them, what they open, what ends them and what the status says (FAQ-06 to FAQ-13, FAQ-16).

use super::action::{AccountId, BrowserId};
use super::expected::{Expected, Screen, Status};
use super::policy::{Answer, Span};
use super::world::{Held, Skip, World};

impl World {
    /// Whether the browser signs in to the account without a code: by which clause so, or by which not.
    pub(super) fn skip_in(&self, browser: BrowserId, account: AccountId) -> (Answer, &'static str) {
        match self.browsers[browser.0].skips.get(&account) {
            None => (Answer::No, self.gap_rule(browser, account)),
            Some(Held::Altered) => (Answer::No, "FAQ-11c"),
            Some(Held::Foreign) => (Answer::No, "FAQ-16d"),
            Some(&Held::Skip { index, replayed }) => {
                let skip = &self.accounts[account.0].skips[index];
                let live = self.is_live(skip);
                let rule = match (live, skip.revoked) {
                    (Answer::No, Some(_)) if replayed => "FAQ-12d",
                    (Answer::No, Some(rule)) => rule,
                    (Answer::No, None) if replayed => "FAQ-08f",
                    (Answer::No, None) if skip.used => "FAQ-08d",
                    (Answer::No, None) => "FAQ-08b",
                    _ => skip.outlived,
                };
                (live, rule)
            }
        }
    }

    /// FAQ-08: 90 days from \[OK\], whether used or not; FAQ-12: till the resume.
    fn is_live(&self, skip: &Skip) -> Answer {
        let in_time =
            Span::exactly(self.policy.skip_valid_ms).holds(self.now_ms - skip.set_ms, self.policy.skip_tolerance_ms);
        let revoked = if skip.revoked.is_some() { Answer::No } else { Answer::Yes };
        in_time.and(revoked).and(skip.standing)
    }

    fn live_skips(&self, account: AccountId) -> impl Iterator<Item = (usize, &Skip)> {
        let skips = self.accounts[account.0].skips.iter().enumerate();
        skips.filter(|(_, skip)| self.is_live(skip) == Answer::Yes)
    }

    fn holds(&self, browser: BrowserId, account: AccountId, skip: usize) -> bool {
        let held = self.browsers[browser.0].skips.get(&account);
        matches!(held, Some(Held::Skip { index, .. }) if *index == skip)
    }

    /// Why a browser without a skip cookie of the account is asked for a code.
    fn gap_rule(&self, browser: BrowserId, account: AccountId) -> &'static str {
        let gap = self.browsers[browser.0].gaps.get(&account).copied();
        let others = || (0..self.accounts.len()).map(AccountId).filter(|other| *other != account);
        let skipped_here = |other| self.live_skips(other).any(|(index, _)| self.holds(browser, other, index));
        match gap {
            Some(rule) if rule != "FAQ-06a" => rule,
            _ if others().any(skipped_here) => "FAQ-16a",
            _ if self.live_skips(account).next().is_some() => "FAQ-08e",
            _ if self.session(browser).is_some_and(|(owner, _)| owner != account) => "FAQ-15a",
            Some(rule) => rule,
            None => "NOTICE-1b",
        }
    }

    pub(super) fn note_skip_used(&mut self, browser: BrowserId, account: AccountId) {
        if let Some(&Held::Skip { index, .. }) = self.browsers[browser.0].skips.get(&account) {
            let skip = &mut self.accounts[account.0].skips[index];
            skip.used = true;
            // It was seen to let the browser in: no longer in doubt.
            skip.standing = Answer::Yes;
        }
    }

    /// Notes for every skip that is chosen what it has to outlive now.
    pub(super) fn try_skips(&mut self, rule: &'static str, chosen: impl Fn(&Skip, AccountId) -> bool) {
        for (account, state) in self.accounts.iter_mut().enumerate() {
            for skip in state.skips.iter_mut().filter(|skip| chosen(skip, AccountId(account))) {
                skip.outlived = rule;
            }
        }
    }

    /// Whether the browser's session may decide on a skip now (FAQ-06 h).
    fn may_decide(&self, browser: BrowserId) -> Answer {
        let Some((_, holds)) = self.session_with_its_question(browser) else { return Answer::No };
        let Some(session) = &self.browsers[browser.0].session else { return Answer::No };
        let Some(offer) = &session.offer else { return Answer::No };
        let in_time = self.policy.offer.holds(self.now_ms - session.opened_ms, self.policy.tolerance_ms);
        let there = if offer.left { self.policy.offer_outlives_leaving } else { Answer::Yes };
        holds.and(in_time).and(there).and(offer.standing)
    }

    /// Whether the browser may be asked once more whether to set the account's skip.
    pub(super) fn is_offered(&self, browser: BrowserId, account: AccountId) -> bool {
        let owner = self.session(browser).map(|(owner, _)| owner);
        self.left_offer(browser) == Some(account) || (owner == Some(account) && self.may_decide(browser) != Answer::No)
    }

    /// Whose question another session came after, where it may still be open.
    fn left_offer(&self, browser: BrowserId) -> Option<AccountId> {
        self.browsers[browser.0].left_offer.filter(|_| self.policy.offer_outlives_leaving != Answer::No)
    }

    /// What \[OK\] or the other button of the skip confirmation screen leads to.
    pub(super) fn expect_decision(&self, browser: BrowserId, rule: &'static str) -> Expected {
        let inside = self.session(browser).filter(|(_, holds)| *holds != Answer::No).map(|(account, _)| account);
        // Where there is nothing to decide, a signed-in browser may be refused or led back: only the next sign-in tells.
        let left = self.left_offer(browser).map(Screen::Inside);
        let refused = Expected::any(self.shut(browser).chain(inside.map(Screen::Inside)).chain(left), "FAQ-06h");
        match (self.may_decide(browser), inside) {
            (Answer::Yes, Some(account)) => Expected::any([Screen::Inside(account)], rule),
            _ => refused,
        }
    }

    pub(super) fn follow_decision(&mut self, browser: BrowserId, accepted: bool, screen: Screen) {
        let may = self.may_decide(browser);
        if let Some(left) = self.left_offer(browser).filter(|_| accepted && may == Answer::No) {
            return self.set_skip(browser, left, Answer::Open);
        }
        let Some(session) = self.browsers[browser.0].session.as_mut() else { return };
        let account = session.account;
        if may == Answer::No {
            if session.offer.is_none() && accepted {
                let gap = self.browsers[browser.0].gaps.entry(account).or_insert("FAQ-06h");
                if *gap == "FAQ-06a" {
                    *gap = "FAQ-06h";
                }
            }
        } else if matches!(screen, Screen::Inside(_)) {
            session.offer = None;
            if accepted {
                self.set_skip(browser, account, may);
            }
        } else {
            session.offer = None;
            session.standing = session.standing.and(Answer::Open);
            if accepted && may == Answer::Open {
                // The page that comes then need not tell whether it was set.
                self.set_skip(browser, account, may);
            }
        }
    }

    pub(super) fn set_skip(&mut self, browser: BrowserId, account: AccountId, standing: Answer) {
        let outlived = self.new_skip_rule(browser, account);
        self.try_skips("FAQ-07a", |_, owner| owner == account);
        self.try_skips("FAQ-16b", |skip, owner| owner != account && skip.browser == browser);
        let set_ms = self.now_ms;
        let skips = &mut self.accounts[account.0].skips;
        skips.push(Skip { browser, set_ms, used: false, revoked: None, standing, outlived });
        let index = skips.len() - 1;
        let browser = &mut self.browsers[browser.0];
        browser.kept.insert(account, index);
        browser.skips.insert(account, Held::Skip { index, replayed: false });
        browser.gaps.remove(&account);
    }

    /// The clause by which a skip that is set now must hold.
    fn new_skip_rule(&self, browser: BrowserId, account: AccountId) -> &'static str {
        let state = &self.browsers[browser.0];
        let held = state.skips.get(&account);
        if self.accounts[account.0].resumed {
            "FAQ-12e"
        } else if held.is_some() {
            "FAQ-08c"
        } else if state.kept.contains_key(&account) {
            "FAQ-10b"
        } else if state.skips.keys().any(|other| *other != account) {
            "FAQ-16b"
        } else {
            "FAQ-06b"
        }
    }

    /// FAQ-12 a, b: the resume ends every skip of the account; FAQ-16 c: and none of another's.
    pub(super) fn revoke(&mut self, browser: BrowserId, account: AccountId) {
        if let Some(rival) = self.browsers[browser.0].session.as_ref().and_then(|session| session.rival) {
            // It ended the skips of one of the two.
            for owner in [account, rival] {
                for skip in &mut self.accounts[owner.0].skips {
                    skip.standing = skip.standing.and(Answer::Open);
                }
            }
            return;
        }
        self.try_skips("FAQ-16c", |_, owner| owner != account);
        let state = &mut self.accounts[account.0];
        state.resumed = true;
        for skip in &mut state.skips {
            skip.revoked.get_or_insert(if skip.browser == browser { "FAQ-12b" } else { "FAQ-12a" });
        }
        if self.policy.resume_is_a_password {
            self.doubt_all_that_is_open(account);
        }
    }

    /// Another password may end every session and attempt of the account, its own included.
    fn doubt_all_that_is_open(&mut self, account: AccountId) {
        let sessions = self.browsers.iter_mut().filter_map(|browser| browser.session.as_mut());
        for session in sessions.filter(|session| session.account == account) {
            session.standing = session.standing.and(Answer::Open);
        }
        for attempt in &mut self.accounts[account.0].attempts {
            attempt.standing = attempt.standing.and(Answer::Open);
        }
    }

    /// FAQ-13: あり while any browser has a live skip, wherever it is.
    pub(super) fn expect_status(&self, browser: BrowserId) -> Expected {
        let shut = Expected::any(self.shut(browser), self.shut_rule(browser));
        let Some((account, holds)) = self.session(browser) else { return shut };
        let skips = &self.accounts[account.0].skips;
        let any = |answer| skips.iter().any(|skip| self.is_live(skip) == answer);
        let some = Expected::any([Screen::SkipSettings(account, Status::Some)], self.some_rule(account));
        let none = Expected::any([Screen::SkipSettings(account, Status::None)], self.none_rule(account));
        let of_another = self.browsers[browser.0].session.as_ref().is_some_and(|session| session.rival.is_some());
        let status = if of_another || (any(Answer::Open) && !any(Answer::Yes)) {
            some.or(none)
        } else if any(Answer::Yes) {
            some
        } else {
            none
        };
        match holds {
            Answer::Yes => status,
            Answer::Open => status.or(shut),
            Answer::No => shut,
        }
    }

    fn some_rule(&self, account: AccountId) -> &'static str {
        let live: Vec<(usize, &Skip)> = self.live_skips(account).collect();
        match live.as_slice() {
            [(_, skip)] if ["FAQ-08g", "FAQ-12c", "FAQ-16c"].contains(&skip.outlived) => skip.outlived,
            [(index, skip)] if !self.holds(skip.browser, account, *index) => "FAQ-13f",
            [_] => "FAQ-13b",
            _ => "FAQ-13c",
        }
    }

    /// Why there is no skip: ended, lapsed, or never set, and if a tick came to nothing, by which clause.
    fn none_rule(&self, account: AccountId) -> &'static str {
        let gaps = || self.browsers.iter().filter_map(|browser| browser.gaps.get(&account).copied());
        match self.accounts[account.0].skips.last() {
            Some(skip) if skip.revoked.is_some() => "FAQ-13d",
            Some(_) => "FAQ-13e",
            None => gaps().find(|rule| ["FAQ-06c", "FAQ-06d", "FAQ-06h"].contains(rule)).unwrap_or("FAQ-13a"),
        }
    }
}
