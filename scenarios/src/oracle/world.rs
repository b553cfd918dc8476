//! The world of a story: what the rules make of everything that happened so far.

use std::collections::BTreeMap;

use super::action::{AccountId, Action, BrowserId, Page, Planted};
use super::address::AskedChange;
use super::expected::{Address, Contradiction, Expected, Outcome, Screen, Seen};
use super::policy::{Answer, Policy};

/// Accounts, browsers and time, as far as the rules speak of them.
#[derive(Clone, Debug)]
pub struct World {
    pub(super) policy: Policy,
    pub(super) now_ms: i64,
    pub(super) accounts: Vec<Account>,
    pub(super) browsers: Vec<Browser>,
    /// How many sessions were ever opened.
    sessions: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Account {
    /// How often the address was changed.
    pub changes: usize,
    /// The clause that says where codes go now.
    pub address_rule: &'static str,
    /// Whether nobody has signed in by the address yet, since it was changed.
    pub address_is_new: bool,
    /// The change of the address that was asked for last.
    pub asked: Option<AskedChange>,
    /// When another address was asked for.
    pub asked_ms: Vec<i64>,
    /// Whether the office is at work.
    pub office_at_work: bool,
    /// All attempts, the newest last; the code of each is known by its place.
    pub attempts: Vec<Attempt>,
    /// All skips ever set.
    pub skips: Vec<Skip>,
    /// When wrong codes were given.
    pub wrong_codes_ms: Vec<i64>,
    /// When codes were mailed.
    pub mails_ms: Vec<i64>,
    /// Whether the skips were ever revoked.
    pub resumed: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub issued_ms: i64,
    /// When its screen was last loaded or a code given on it.
    pub touched_ms: i64,
    pub wrong_codes: usize,
    pub used: bool,
    /// Whether the expired code was tried already.
    pub tried_expired: bool,
    /// Whether what happened beside leaves it open.
    pub standing: Answer,
}

#[derive(Clone, Debug)]
pub(super) struct Skip {
    /// Where it was set.
    pub browser: BrowserId,
    pub set_ms: i64,
    pub used: bool,
    /// The clause by which a resume ended it.
    pub revoked: Option<&'static str>,
    /// Whether it was set at all, and outlived what happened beside.
    pub standing: Answer,
    /// The clause about the last thing that it had to outlive: it is to blame if the skip fails.
    pub outlived: &'static str,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Browser {
    pub session: Option<Session>,
    /// The open or ended attempt, as a place among the account's.
    pub attempt: Option<(AccountId, usize)>,
    /// Whether the last session was ended by signing out.
    pub signed_out: bool,
    /// The account that was asked whether to set the skip, in a session that another took the place of before it answered.
    pub left_offer: Option<AccountId>,
    /// The skip cookies in the browser, by the account under whose name they stand.
    pub skips: BTreeMap<AccountId, Held>,
    /// The last skip each account set here, as a place among the account's.
    pub kept: BTreeMap<AccountId, usize>,
    /// Why there is no skip, for each account: the clause about the last thing that set none or took it away.
    pub gaps: BTreeMap<AccountId, &'static str>,
}

#[derive(Clone, Debug)]
pub(super) struct Session {
    /// Which one it is, among all that were ever opened.
    pub number: usize,
    pub account: AccountId,
    pub opened_ms: i64,
    /// Whether what happened beside leaves it open.
    pub standing: Answer,
    pub offer: Option<Offer>,
    /// Who else it may be that is signed in.
    pub rival: Option<AccountId>,
}

/// The skip confirmation screen, waiting for a decision.
#[derive(Clone, Debug)]
pub(super) struct Offer {
    /// Whether the browser went elsewhere meanwhile.
    pub left: bool,
    /// Whether \[OK\] must lead on: not where the attempt itself was in doubt.
    pub standing: Answer,
}

/// A skip cookie in a browser.
#[derive(Clone, Copy, Debug)]
pub(super) enum Held {
    /// That of the account's skip in this place.
    Skip { index: usize, replayed: bool },
    /// One that was altered.
    Altered,
    /// The value of another account's.
    Foreign,
}

impl World {
    /// A world of so many accounts and browsers, at a time in milliseconds since the Unix epoch. The first account is a
    /// main one, the others are its additional ones (FAQ-15).
    pub fn new(policy: Policy, accounts: usize, browsers: usize, now_ms: i64) -> Self {
        let account = |index| Account {
            changes: 0,
            address_rule: if index == 0 { "FAQ-01a" } else { "FAQ-15b" },
            address_is_new: false,
            asked: None,
            asked_ms: Vec::new(),
            office_at_work: false,
            attempts: Vec::new(),
            skips: Vec::new(),
            wrong_codes_ms: Vec::new(),
            mails_ms: Vec::new(),
            resumed: false,
        };
        Self {
            policy,
            now_ms,
            accounts: (0..accounts).map(account).collect(),
            browsers: vec![Browser::default(); browsers],
            sessions: 0,
        }
    }

    /// The time, in milliseconds since the Unix epoch.
    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// The registered address of an account now: its sign-in ID.
    ///
    /// # Panics
    /// The account is not of this world; so does every step that names an account or a browser that is not.
    pub fn address(&self, account: AccountId) -> Address {
        Address { account, change: self.accounts[account.0].changes }
    }

    /// What must be seen if this is done now.
    pub fn expect(&self, action: &Action) -> Expected {
        match *action {
            Action::SignIn { browser, account, right_password } => {
                self.expect_sign_in(browser, account, right_password)
            }
            Action::SubmitCode { browser, typed, tick } => self.expect_code(browser, typed, tick),
            Action::ConfirmSkip(browser) => self.expect_decision(browser, "FAQ-06b"),
            Action::CancelSkip(browser) => self.expect_decision(browser, "FAQ-06c"),
            Action::OpenResume(browser) | Action::CompleteResume(browser) => {
                self.expect_inside(browser, "FAQ-12c", "FAQ-12g")
            }
            Action::Look(browser, Page::MyPage) => {
                self.expect_inside(browser, self.session_rule(browser), self.shut_rule(browser))
            }
            Action::Look(browser, Page::SkipSettings) => self.expect_status(browser),
            Action::Look(browser, Page::CodeEntry) => self.expect_code_entry(browser),
            Action::ChangeAddress(browser) | Action::AskAddress(browser) => self.expect_change(browser),
            Action::ConfirmAddress { browser, right } => self.expect_confirmation(browser, right),
            Action::OfficeTakesRequest(account) => self.expect_office(account),
            Action::SignOut(_) => Expected::any([Screen::Outside], "BASE-SESSION-2"),
            Action::OfficeChangesAddress(_)
            | Action::ForgetSession(_)
            | Action::ClearCookies(_)
            | Action::PlantSkipCookie { .. } => Expected::any([Screen::Nothing], "FAQ-01a"),
            Action::Wait(_) => Expected::exactly(Outcome::silent(Screen::Nothing, "FAQ-09b").without_mail("FAQ-09b")),
        }
    }

    /// Judges what was seen of a step and takes the world on by it; where the step was open, what was seen decides.
    ///
    /// # Errors
    /// The contradiction; the world stays as it was before the step.
    pub fn judge(&mut self, action: &Action, seen: &Seen) -> Result<(), Contradiction> {
        self.expect(action).judge(seen)?;
        self.follow(action, seen.screen);
        Ok(())
    }

    fn follow(&mut self, action: &Action, screen: Screen) {
        match *action {
            Action::SignIn { browser, account, .. } => self.follow_sign_in(browser, account, screen),
            Action::SubmitCode { browser, typed, tick } => self.follow_code(browser, typed, tick, screen),
            Action::ConfirmSkip(browser) => self.follow_decision(browser, true, screen),
            Action::CancelSkip(browser) => self.follow_decision(browser, false, screen),
            Action::OpenResume(browser) => {
                if let Some(account) = self.learn_session(browser, screen) {
                    self.try_skips("FAQ-12c", |_, owner| owner == account);
                }
            }
            Action::CompleteResume(browser) => {
                if let Some(account) = self.learn_session(browser, screen) {
                    self.revoke(browser, account);
                }
            }
            Action::Look(browser, Page::CodeEntry) => self.touch_attempt(browser),
            Action::Look(browser, Page::MyPage | Page::SkipSettings) => {
                self.learn_session(browser, screen);
            }
            Action::ChangeAddress(browser) => {
                if let Some(account) = self.follow_request(browser, screen) {
                    self.change_address(account, "NOTICE-4");
                }
            }
            Action::AskAddress(browser) => {
                self.follow_request(browser, screen);
            }
            Action::ConfirmAddress { browser, right } => self.follow_confirmation(browser, right, screen),
            Action::OfficeTakesRequest(account) => self.follow_office(account, screen),
            Action::OfficeChangesAddress(account) => self.change_address(account, "FAQ-05c"),
            Action::SignOut(browser) => {
                self.browsers[browser.0].session = None;
                self.browsers[browser.0].signed_out = true;
                self.disturb_attempt(browser);
            }
            Action::ForgetSession(browser) => {
                self.forget_session(browser);
                self.try_skips("FAQ-10d", |skip, _| skip.browser == browser);
            }
            Action::ClearCookies(browser) => self.clear_cookies(browser),
            Action::PlantSkipCookie { browser, account, planted } => self.plant(browser, account, planted),
            Action::Wait(ms) => {
                self.now_ms = self.now_ms.saturating_add(ms);
                self.try_skips("FAQ-08a", |_, _| true);
            }
        }
        let stays = matches!(action, Action::ConfirmSkip(_) | Action::CancelSkip(_) | Action::SubmitCode { .. });
        if let Some(browser) = action.browser()
            && !stays
            && let Some(offer) = self.browsers[browser.0].session.as_mut().and_then(|session| session.offer.as_mut())
        {
            offer.left = true;
        }
    }

    /// The account that is signed in in the browser, and whether it still is. Who has not answered whether to set the skip may not be in
    /// yet, where the target does not say what leaving the question does.
    pub(super) fn session(&self, browser: BrowserId) -> Option<(AccountId, Answer)> {
        let (account, holds) = self.session_with_its_question(browser)?;
        let asked = self.has_question(browser) && self.policy.offer_outlives_leaving == Answer::Open;
        Some((account, if asked { holds.and(Answer::Open) } else { holds }))
    }

    fn has_question(&self, browser: BrowserId) -> bool {
        self.browsers[browser.0].session.as_ref().is_some_and(|session| session.offer.is_some())
    }

    /// The same for what answers the question itself.
    pub(super) fn session_with_its_question(&self, browser: BrowserId) -> Option<(AccountId, Answer)> {
        let session = self.browsers[browser.0].session.as_ref()?;
        let in_time = self.policy.session.holds(self.now_ms - session.opened_ms, self.policy.tolerance_ms);
        Some((session.account, in_time.and(session.standing)))
    }

    /// What a page behind the sign-in leads to: open by the one clause, shut by the other.
    pub(super) fn expect_inside(&self, browser: BrowserId, open: &'static str, shut: &'static str) -> Expected {
        match self.session(browser) {
            Some((account, Answer::Yes)) => Expected::any([Screen::Inside(account)], open),
            Some((account, Answer::Open)) => {
                Expected::any([Screen::Inside(account)], open).or(Expected::any(self.shut(browser), shut))
            }
            _ => Expected::any(self.shut(browser), shut),
        }
    }

    /// What a browser that is not signed in may be shown: where it is half signed in, the code entry screen too.
    pub(super) fn shut(&self, browser: BrowserId) -> impl Iterator<Item = Screen> + use<> {
        let half = self.browsers[browser.0].attempt.map(|_| Screen::AsksForCode);
        std::iter::once(Screen::Outside).chain(half)
    }

    pub(super) fn shut_rule(&self, browser: BrowserId) -> &'static str {
        if self.browsers[browser.0].signed_out { "BASE-SESSION-2" } else { "FAQ-01e" }
    }

    pub(super) fn session_rule(&self, browser: BrowserId) -> &'static str {
        let go_live = self.policy.go_live_ms;
        let early = self.browsers[browser.0].session.as_ref().is_some_and(|session| session.opened_ms < go_live);
        if early && self.now_ms >= go_live { "NOTICE-1c" } else { "FAQ-01d" }
    }

    /// Takes from a page behind the sign-in whether the browser is signed in, and as whom.
    pub(super) fn learn_session(&mut self, browser: BrowserId, screen: Screen) -> Option<AccountId> {
        let inside = matches!(screen, Screen::Inside(_) | Screen::SkipSettings(..));
        let asked = self.has_question(browser) && self.policy.offer_outlives_leaving == Answer::Open;
        let slot = &mut self.browsers[browser.0].session;
        if inside {
            // One page that is open does not prove of a session in doubt that the others are: each may have one of its own.
            return Some(slot.as_ref()?.account);
        }
        match slot {
            Some(session) if asked => session.standing = session.standing.and(Answer::Open),
            Some(session) if session.standing == Answer::Open => {}
            _ => *slot = None,
        }
        None
    }

    pub(super) fn open_session(&mut self, browser: BrowserId, account: AccountId, offer: Option<Offer>) {
        self.sessions += 1;
        let number = self.sessions;
        let session = Session { number, account, opened_ms: self.now_ms, standing: Answer::Yes, offer, rival: None };
        let browser = &mut self.browsers[browser.0];
        let before = browser.session.replace(session);
        let left = before.filter(|before| before.offer.is_some()).map(|before| before.account);
        browser.left_offer = left.or(browser.left_offer).filter(|left| *left != account);
        browser.signed_out = false;
    }

    fn forget_session(&mut self, browser: BrowserId) {
        let browser = &mut self.browsers[browser.0];
        browser.session = None;
        browser.attempt = None;
        browser.left_offer = None;
        browser.signed_out = false;
    }

    fn clear_cookies(&mut self, browser: BrowserId) {
        self.forget_session(browser);
        let cleared = &mut self.browsers[browser.0];
        for account in std::mem::take(&mut cleared.skips).into_keys() {
            cleared.gaps.insert(account, "FAQ-10a");
        }
        self.try_skips("FAQ-10c", |skip, _| skip.browser != browser);
    }

    fn plant(&mut self, browser: BrowserId, account: AccountId, planted: Planted) {
        let browser = &mut self.browsers[browser.0];
        let kept = |account| browser.kept.get(&account).copied();
        let held = match planted {
            Planted::Kept => kept(account).map(|index| Held::Skip { index, replayed: true }),
            Planted::Altered(_) => kept(account).map(|_| Held::Altered),
            Planted::Of(other) if other != account => kept(other).map(|_| Held::Foreign),
            Planted::Of(_) => None,
        };
        if let Some(held) = held {
            browser.skips.insert(account, held);
        }
    }
}
