//! A state of the bounded world: two accounts of one employer, two browsers, an instant, and what of its budgets is left.
//!
//! Two states are one where they differ only in the names of tokens that nobody holds apart, or in which browser is called A. So
//! [`State`] is compared and hashed by a canonical form in which every token is named by its holder.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use sekisho_server::core::{
    AccountState, Address, BrowserTag, Cookie, Identity, MainAccount, Moment, Portal, Slot, Token, TokenHash,
};

pub const ACCOUNTS: usize = 2;
pub const BROWSERS: usize = 2;

/// FAQ-03, FAQ-08 and the policies of the server, stated here a second time.
const CODE_VALID: Duration = Duration::from_secs(30 * 60);
const SKIP_VALID: Duration = Duration::from_secs(90 * 24 * 60 * 60);
const SESSION_VALID: Duration = Duration::from_secs(12 * 60 * 60);
const OFFER_VALID: Duration = Duration::from_secs(30 * 60);

/// One state of the world: what the server holds, what the browsers hold, and what must therefore be so.
#[derive(Clone, Debug)]
pub struct State {
    /// Which of the world's instants it is.
    pub instant: usize,
    pub now: Moment,
    pub accounts: [Arc<Account>; ACCOUNTS],
    pub browsers: [Arc<Browser>; BROWSERS],
    pub wrong_codes_left: u8,
    pub clearings_left: u8,
    /// The rule that the last step broke, if it did.
    pub broken: Option<&'static str>,
    /// What the last step led to, for people; no part of the state.
    pub seen: &'static str,
}

/// An account: what the server knows of it, and what a careful observer does.
#[derive(Clone, Debug)]
pub struct Account {
    pub state: AccountState,
    /// How many tokens and codes were drawn for it.
    pub drawn: u32,
    /// The codes that were mailed, the newest last.
    pub codes: Vec<MailedCode>,
    /// Skips that are set, in browsers whose cookies were cleared.
    pub lost: Vec<SetSkip>,
    pub resumes_left: u8,
}

#[derive(Clone, Debug)]
pub struct MailedCode {
    pub code: String,
    pub issued_at: Moment,
    pub used: bool,
}

/// A skip that was set with [OK].
#[derive(Clone, Copy, Debug)]
pub struct SetSkip {
    pub set_at: Moment,
    pub revoked: bool,
    /// Whether its cookie was shown, and a code asked all the same.
    pub refused: bool,
}

#[derive(Clone, Debug)]
pub struct Browser {
    pub tag: BrowserTag,
    pub session: Option<Session>,
    pub attempt: Option<Attempt>,
    /// Skip cookies, with the hash by which the server knows them.
    pub cookies: Vec<(Cookie, TokenHash)>,
    /// The skip that was set here last, by account.
    pub skips: [Option<SetSkip>; ACCOUNTS],
}

#[derive(Clone, Debug)]
pub struct Session {
    pub account: usize,
    pub token: Token,
    pub hash: TokenHash,
    pub way: Way,
    pub opened_at: Moment,
    /// Whether [OK] is due: a right code was just given with the box ticked.
    pub offered: bool,
}

/// How a session came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Code,
    Skip,
    BeforeGoLive,
}

#[derive(Clone, Debug)]
pub struct Attempt {
    pub account: usize,
    pub token: Token,
    pub hash: TokenHash,
    /// Which of the account's codes belongs to it.
    pub code: usize,
    /// How the last code given in it was refused.
    pub refusal: Option<Refusal>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Wrong,
    Expired,
    Used,
    Over,
}

impl SetSkip {
    pub fn has_lapsed(&self, now: Moment) -> bool {
        now > self.set_at + SKIP_VALID
    }

    pub fn is_live(&self, now: Moment) -> bool {
        !self.revoked && !self.has_lapsed(now)
    }
}

impl MailedCode {
    pub fn has_expired(&self, now: Moment) -> bool {
        now > self.issued_at + CODE_VALID
    }
}

impl Session {
    pub fn holds(&self, now: Moment) -> bool {
        now <= self.opened_at + SESSION_VALID
    }

    pub fn may_confirm(&self, now: Moment) -> bool {
        self.offered && self.holds(now) && now <= self.opened_at + OFFER_VALID
    }
}

impl State {
    pub fn account(&mut self, account: usize) -> &mut Account {
        Arc::make_mut(&mut self.accounts[account])
    }

    pub fn browser(&mut self, browser: usize) -> &mut Browser {
        Arc::make_mut(&mut self.browsers[browser])
    }

    /// Whether any browser anywhere holds a live skip of the account (FAQ-13).
    pub fn has_live_skip(&self, account: usize) -> bool {
        let held = self.browsers.iter().filter_map(|browser| browser.skips[account]);
        held.chain(self.accounts[account].lost.iter().copied()).any(|skip| skip.is_live(self.now))
    }

    /// The canonical form: of the two ways to name the browsers, the one whose form is the lesser.
    fn canonical(&self) -> Vec<u64> {
        self.form([0, 1]).min(self.form([1, 0]))
    }

    fn form(&self, order: [usize; BROWSERS]) -> Vec<u64> {
        let mut form = Form { now: self.now, numbers: Vec::with_capacity(128) };
        let browsers = order.map(|browser| &*self.browsers[browser]);
        form.number(self.instant);
        form.number(usize::from(self.wrong_codes_left) << 8 | usize::from(self.clearings_left));
        form.text(self.broken);
        for account in &self.accounts {
            form.account(account, browsers);
        }
        for browser in browsers {
            form.browser(browser, &self.accounts);
        }
        form.numbers
    }
}

/// A browser that has never been anywhere.
pub fn browser(name: &str) -> Browser {
    Browser { tag: BrowserTag::of(name), session: None, attempt: None, cookies: Vec::new(), skips: [None; ACCOUNTS] }
}

/// The main account, or its additional one.
pub fn account(index: usize) -> AccountState {
    let main = MainAccount { slot: slot(0), address: address(0) };
    let identity = Identity {
        slot: slot(index),
        portal: Portal::Employer,
        name: format!("事業所 {index}"),
        main: (index > 0).then_some(main),
    };
    AccountState::new(identity, address(index), Arc::from(""))
}

pub fn slot(index: usize) -> Slot {
    Slot(7 + index as u64)
}

fn address(account: usize) -> Address {
    Address::parse(&format!("{account}@example.test")).unwrap()
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        self.canonical() == other.canonical()
    }
}

impl Hash for State {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.canonical().hash(hasher);
    }
}

/// Numbers that say all of a state that can make a difference.
struct Form {
    now: Moment,
    numbers: Vec<u64>,
}

impl Form {
    fn number(&mut self, number: usize) {
        self.numbers.push(number as u64);
    }

    fn moment(&mut self, moment: Moment) {
        self.numbers.push(moment.millis() as u64);
    }

    fn text(&mut self, text: Option<&str>) {
        let folded = text
            .map_or(0, |text| text.bytes().fold(1, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(byte.into())));
        self.numbers.push(folded);
    }

    /// The browser with this property by its place; a name of its own for none, or for one from before its cookies were cleared.
    fn holder(&mut self, browsers: [&Browser; BROWSERS], is_holder: impl Fn(&Browser) -> bool) {
        self.number(browsers.into_iter().position(is_holder).unwrap_or(BROWSERS));
    }

    /// Limits of mails and wrong codes lie beyond the budgets; the number of a generation means nothing, only how far a skip is behind.
    fn account(&mut self, account: &Account, browsers: [&Browser; BROWSERS]) {
        let state = &account.state;
        self.number(account.resumes_left.into());
        if let Some(revocation) = &state.revocation {
            self.moment(revocation.at);
            self.holder(browsers, |browser| browser.tag == revocation.browser);
        }
        self.number(state.attempts.len());
        for attempt in &state.attempts {
            self.holder(browsers, |browser| browser.attempt.as_ref().is_some_and(|held| held.hash == attempt.token));
            self.holder(browsers, |browser| browser.tag == attempt.browser);
            self.moment(attempt.issued_at);
            // Of an attempt that was used nobody asks any more when it was seen last.
            self.moment(if attempt.used { attempt.issued_at } else { attempt.last_seen });
            self.number((attempt.wrong_codes as usize) << 1 | usize::from(attempt.used));
        }
        self.number(state.skips.len());
        for skip in &state.skips {
            self.holder(browsers, |browser| browser.cookies.iter().any(|(_, key)| *key == skip.key));
            self.holder(browsers, |browser| browser.tag == skip.browser);
            self.moment(skip.set_at);
            self.moment(skip.expires_at);
            self.number((state.generation - skip.generation) as usize);
        }
        for code in &account.codes {
            self.moment(code.issued_at);
            self.number(code.used.into());
        }
        self.number(account.lost.len());
        for skip in &account.lost {
            self.skip(Some(skip));
        }
    }

    fn browser(&mut self, browser: &Browser, accounts: &[Arc<Account>; ACCOUNTS]) {
        self.number(browser.cookies.len());
        for skip in &browser.skips {
            self.skip(skip.as_ref());
        }
        match &browser.session {
            None => self.number(0),
            // Of a session that has ended nobody asks any more how it began.
            Some(session) if !session.holds(self.now) => self.number(1 + session.account),
            Some(session) => {
                self.number(1 + ACCOUNTS + session.account);
                self.number((session.way as usize) << 1 | usize::from(session.may_confirm(self.now)));
                self.moment(session.opened_at);
                let known = accounts[session.account].state.session(&session.hash);
                let until = known.and_then(|known| known.skip_offered_until).filter(|until| self.now <= *until);
                self.number(usize::from(known.is_some()) << 1 | usize::from(until.is_some()));
            }
        }
        match &browser.attempt {
            None => self.number(0),
            Some(attempt) => {
                self.number(1 + attempt.account);
                self.number(attempt.code);
                self.number(attempt.refusal.map_or(0, |refusal| 1 + refusal as usize));
            }
        }
    }

    fn skip(&mut self, skip: Option<&SetSkip>) {
        match skip {
            None => self.number(0),
            Some(skip) => {
                self.number(1 + (usize::from(skip.revoked) << 1 | usize::from(skip.refused)));
                self.moment(skip.set_at);
            }
        }
    }
}
