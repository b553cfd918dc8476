//! The code entry screen: which code opens My Page, and till when (FAQ-01, FAQ-03, FAQ-04, BASE-CODE).

use super::action::{AccountId, BrowserId, Typed};
use super::expected::{Expected, Screen};
use super::policy::{Answer, Span};
use super::world::{Attempt, Offer, World};

impl World {
    pub(super) fn expect_code(&self, browser: BrowserId, typed: Typed, tick: bool) -> Expected {
        let Some((account, index)) = self.browsers[browser.0].attempt else {
            return Expected::any(self.shut(browser).chain(self.shown_anyway(browser, None)), "BASE-CODE-2");
        };
        let (open, open_rule) = self.attempt_is_open(account, index);
        let (right, right_rule) = self.code_is_right(account, index, typed);
        let offers = tick && self.policy.skip_is_confirmed;
        let screen = if offers { Screen::OffersSkip(account) } else { Screen::Inside(account) };
        let taken = Expected::any([screen], self.taken_rule(account, index));
        let refused = if open == Answer::No {
            let used = self.accounts[account.0].attempts[index].used;
            let shown = self.shown_anyway(browser, Some(account)).filter(|_| used);
            // Who has not answered whether to set the skip may be asked once more.
            let asked = self.is_offered(browser, account).then_some(Screen::OffersSkip(account));
            let refused = [Screen::Outside, Screen::AsksForCode];
            Expected::any(refused.into_iter().chain(shown).chain(asked), open_rule)
        } else {
            let rule = if tick && typed == Typed::Wrong { "FAQ-06d" } else { right_rule };
            let again = Expected::any([Screen::AsksForCode], rule);
            let surely_again = open == Answer::Yes && !self.next_wrong_code_may_end(account, index);
            if surely_again { again } else { again.or(Expected::any([Screen::Outside], rule)) }
        };
        match open.and(right) {
            Answer::Yes => taken,
            Answer::Open => taken.or(refused),
            Answer::No => refused,
        }
    }

    /// The code entry screen loaded again: there while the attempt is open; what stands there afterwards is said nowhere.
    pub(super) fn expect_code_entry(&self, browser: BrowserId) -> Expected {
        let shown = self.shown_anyway(browser, None);
        let Some((account, index)) = self.browsers[browser.0].attempt else {
            return Expected::any(self.shut(browser).chain(shown), "FAQ-01e");
        };
        match self.attempt_is_open(account, index) {
            (Answer::Yes, _) => Expected::any(std::iter::once(Screen::AsksForCode).chain(shown), "FAQ-03f"),
            (_, rule) => Expected::any([Screen::Outside, Screen::AsksForCode].into_iter().chain(shown), rule),
        }
    }

    /// A browser that is signed in already may be led to My Page instead; only `account`'s, where one is given.
    fn shown_anyway(&self, browser: BrowserId, account: Option<AccountId>) -> impl Iterator<Item = Screen> + use<> {
        self.session(browser)
            .filter(|(owner, holds)| *holds != Answer::No && account.is_none_or(|account| account == *owner))
            .map(|(owner, _)| Screen::Inside(owner))
            .into_iter()
    }

    /// Whether the attempt can still be finished, and by which clause not.
    pub(super) fn attempt_is_open(&self, account: AccountId, index: usize) -> (Answer, &'static str) {
        let state = &self.accounts[account.0];
        let attempt = &state.attempts[index];
        if attempt.used {
            return (Answer::No, "BASE-CODE-1");
        }
        let newest = index + 1 == state.attempts.len();
        let superseded = if newest { Answer::No } else { self.policy.newest_supersedes };
        if superseded == Answer::Yes {
            return (Answer::No, "BASE-CODE-2");
        }
        let in_time = self.code_is_in_time(attempt.issued_ms);
        if in_time == Answer::No {
            return (Answer::No, self.expired_rule(attempt));
        }
        let takes = self.takes_codes(account);
        let worn_out = self.policy.wrong_codes_per_attempt.is_some_and(|limit| attempt.wrong_codes >= limit);
        if worn_out || takes == Answer::No {
            return (Answer::No, "BASE-CODE-4");
        }
        let not_superseded = if superseded == Answer::Open { Answer::Open } else { Answer::Yes };
        (in_time.and(takes).and(not_superseded).and(attempt.standing), "FAQ-04b")
    }

    /// FAQ-03 a, b, f: 30 minutes from its issue, whatever was done since.
    pub(super) fn code_is_in_time(&self, issued_ms: i64) -> Answer {
        Span::exactly(self.policy.code_valid_ms).holds(self.now_ms - issued_ms, self.policy.tolerance_ms)
    }

    fn expired_rule(&self, attempt: &Attempt) -> &'static str {
        if attempt.tried_expired {
            "FAQ-03c"
        } else if attempt.touched_ms > attempt.issued_ms && self.code_is_in_time(attempt.touched_ms) != Answer::No {
            "FAQ-03f"
        } else {
            "FAQ-03b"
        }
    }

    /// The clause by which the right code must be taken.
    fn taken_rule(&self, account: AccountId, index: usize) -> &'static str {
        let attempts = &self.accounts[account.0].attempts;
        let before = index.checked_sub(1).and_then(|before| attempts.get(before));
        if self.now_ms > attempts[index].issued_ms {
            "FAQ-03a"
        } else if before.is_some_and(|before| self.code_is_in_time(before.issued_ms) == Answer::No) {
            "FAQ-03d"
        } else if before.is_some_and(|before| !before.used) {
            "FAQ-04a"
        } else {
            "FAQ-01d"
        }
    }

    /// Whether what is typed is the attempt's code, and by which clause not.
    fn code_is_right(&self, account: AccountId, index: usize, typed: Typed) -> (Answer, &'static str) {
        match typed {
            Typed::Right => (Answer::Yes, "FAQ-01d"),
            Typed::Wrong => (Answer::No, "FAQ-01d"),
            Typed::Of(other) if other != account => (Answer::No, "BASE-CODE-3"),
            Typed::Of(_) => (Answer::No, "FAQ-01d"),
            Typed::Earlier(_) => match self.earlier(account, index, typed) {
                None => (Answer::No, "FAQ-01d"),
                Some(earlier) if earlier.used => (Answer::No, "BASE-CODE-1"),
                Some(earlier) if self.code_is_in_time(earlier.issued_ms) == Answer::No => (Answer::No, "FAQ-03e"),
                // Where older attempts stay open, their codes may open any attempt of the account.
                Some(_) if self.policy.newest_supersedes != Answer::Yes => (Answer::Open, "BASE-CODE-2"),
                Some(_) => (Answer::No, "BASE-CODE-2"),
            },
        }
    }

    fn earlier_index(index: usize, typed: Typed) -> Option<usize> {
        match typed {
            Typed::Earlier(back) if back > 0 => index.checked_sub(back),
            _ => None,
        }
    }

    fn earlier(&self, account: AccountId, index: usize, typed: Typed) -> Option<&Attempt> {
        Self::earlier_index(index, typed).and_then(|earlier| self.accounts[account.0].attempts.get(earlier))
    }

    /// Whether the limit of wrong codes that the target declares leaves room.
    pub(super) fn takes_codes(&self, account: AccountId) -> Answer {
        self.policy.wrong_codes.map_or(Answer::Yes, |limit| {
            limit.has_room(&self.accounts[account.0].wrong_codes_ms, self.now_ms, self.policy.tolerance_ms)
        })
    }

    fn next_wrong_code_may_end(&self, account: AccountId, index: usize) -> bool {
        let wrong = self.accounts[account.0].attempts[index].wrong_codes + 1;
        let in_all = self.accounts[account.0].wrong_codes_ms.len() + 1;
        self.policy.wrong_codes_per_attempt.is_none_or(|limit| wrong >= limit)
            || self.policy.wrong_codes.is_some_and(|limit| in_all >= limit.count)
    }

    pub(super) fn touch_attempt(&mut self, browser: BrowserId) {
        let now_ms = self.now_ms;
        if let Some((account, index)) = self.browsers[browser.0].attempt {
            self.accounts[account.0].attempts[index].touched_ms = now_ms;
        }
    }

    pub(super) fn follow_code(&mut self, browser: BrowserId, typed: Typed, tick: bool, screen: Screen) {
        if matches!(screen, Screen::Outside | Screen::AsksForCode)
            && self.policy.attempt_and_session_apart != Answer::Yes
        {
            // A code that is refused may end whatever is open in the browser.
            self.doubt_session(browser);
        }
        let Some((account, index)) = self.browsers[browser.0].attempt else { return };
        let (open, _) = self.attempt_is_open(account, index);
        if open == Answer::No {
            self.follow_late_code(browser, tick);
            if screen == Screen::OffersSkip(account) && self.session(browser).is_none_or(|(owner, _)| owner != account)
            {
                self.follow_late_question(browser, account);
            }
        } else if matches!(screen, Screen::Inside(_) | Screen::OffersSkip(_)) {
            let taken = open.and(self.code_is_right(account, index, typed).0);
            self.follow_taken_code(browser, typed, tick, taken);
        } else {
            self.follow_wrong_code(browser, tick, screen);
        }
        self.touch_attempt(browser);
    }

    fn follow_late_code(&mut self, browser: BrowserId, tick: bool) {
        let Some((account, index)) = self.browsers[browser.0].attempt else { return };
        let issued_ms = self.accounts[account.0].attempts[index].issued_ms;
        if self.code_is_in_time(issued_ms) == Answer::No {
            self.accounts[account.0].attempts[index].tried_expired = true;
        }
        if tick {
            self.browsers[browser.0].gaps.insert(account, "FAQ-06d");
        }
    }

    /// The question that another session had come after is asked once more: who is signed in now, nobody knows.
    fn follow_late_question(&mut self, browser: BrowserId, account: AccountId) {
        let rival = self.session(browser).map(|(owner, _)| owner);
        self.open_session(browser, account, Some(Offer { left: false, standing: Answer::Open }));
        if let Some(session) = &mut self.browsers[browser.0].session {
            session.standing = Answer::Open;
            session.rival = rival;
        }
    }

    /// Follows a code that led on; `taken` says whether it had to.
    fn follow_taken_code(&mut self, browser: BrowserId, typed: Typed, tick: bool, taken: Answer) {
        let Some((account, index)) = self.browsers[browser.0].attempt else { return };
        let signed_in = self.shown_anyway(browser, Some(account)).next().is_some();
        let attempts = &mut self.accounts[account.0].attempts;
        if taken == Answer::Open && signed_in {
            // It may be the session that led on, and the code still be good.
            attempts[index].standing = Answer::Open;
        } else {
            attempts[index].used = true;
        }
        if let Some(earlier) = Self::earlier_index(index, typed).and_then(|earlier| attempts.get_mut(earlier)) {
            earlier.used = true;
        }
        let offers = tick && self.policy.skip_is_confirmed;
        self.open_session(browser, account, offers.then_some(Offer { left: false, standing: taken }));
        self.browsers[browser.0].gaps.insert(account, if tick { "FAQ-06c" } else { "FAQ-06a" });
        if !tick {
            self.try_skips("FAQ-08g", |_, owner| owner == account);
        } else if !offers {
            self.set_skip(browser, account, taken);
        }
    }

    /// Counts a wrong code. Where the screen advises to start over before a declared limit is reached, the attempt's end is
    /// left open.
    fn follow_wrong_code(&mut self, browser: BrowserId, tick: bool, screen: Screen) {
        let Some((account, index)) = self.browsers[browser.0].attempt else { return };
        let now_ms = self.now_ms;
        let state = &mut self.accounts[account.0];
        state.wrong_codes_ms.push(now_ms);
        state.attempts[index].wrong_codes += 1;
        if screen == Screen::Outside {
            state.attempts[index].standing = state.attempts[index].standing.and(Answer::Open);
        }
        if tick {
            self.browsers[browser.0].gaps.insert(account, "FAQ-06d");
        }
    }
}
