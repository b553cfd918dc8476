//! The bounded world: which steps are possible in a state, what the server's core makes of each, and which rule that breaks.
//!
//! What surrounds the core in the server (finding the account, keeping cookies, delivering mail) is done here as plainly as can be.
//! Cookies are kept for ever, so that each step that shows them replays every one that was ever set in its browser.

use std::sync::Arc;

use sekisho_server::Decisions;
use sekisho_server::core::{
    AccountState, AttemptEnd, Code, CodeRefusal, CompleteResume, ConfirmSkip, Cookie, Delivery, Draw, Effect, Event,
    GO_LIVE, MailSettled, Moment, Page, RevokeSkips, SignIn, SignInAnswer, SignOut, SignedIn, SubmitCode, TokenHash,
    ViewPage, Visitor, apply,
};
use stateright::{Model, Property};

use crate::rule;
use crate::state::{
    self, ACCOUNTS, Account, Attempt, BROWSERS, Browser, MailedCode, Refusal, Session, SetSkip, State, Way,
};
use crate::step::{Step, Typed};

/// The bounds of a world, and who decides in it.
pub struct World {
    pub decisions: Arc<dyn Decisions>,
    /// The instants, in milliseconds after go-live, and what is special about each.
    pub instants: &'static [(i64, &'static str)],
    /// What is done in it.
    pub about: About,
    /// How many codes are mailed in all; beyond that the server's queue of mails is full.
    pub code_mails: usize,
    /// How often each account completes a resume.
    pub resumes: u8,
    /// How many wrong codes are given in all.
    pub wrong_codes: u8,
    /// How often a browser's cookies are cleared.
    pub clearings: u8,
    pub sights: fn() -> Vec<Property<World>>,
}

/// What a world is about; each leaves out what the other goes into.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// Codes of every kind are given, again and again; the skip box is left alone.
    Codes,
    /// Skips are set, used and ended; codes are the right ones, in time and given once.
    Skips,
}

/// What a step may have done beside its answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum May {
    Nothing,
    SetSkip,
}

/// Tokens and codes that are distinct, and the same whenever the same story is told.
struct Lots {
    account: usize,
    drawn: u32,
}

impl Draw for Lots {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.drawn += 1;
        let number = (self.account as u64) << 32 | u64::from(self.drawn);
        for (byte, value) in bytes.iter_mut().zip(number.to_be_bytes().into_iter().cycle()) {
            *byte = value;
        }
    }

    fn code(&mut self) -> Code {
        self.drawn += 1;
        Code::from_value(self.account as u32 * 500_000 + self.drawn)
    }
}

impl Model for World {
    type State = State;
    type Action = Step;

    fn init_states(&self) -> Vec<State> {
        let now = self.instant(0);
        let account = |index| {
            Arc::new(Account {
                state: state::account(index),
                drawn: 0,
                codes: Vec::new(),
                lost: Vec::new(),
                resumes_left: self.resumes,
            })
        };
        let browser = |index: usize| Arc::new(state::browser(&format!("browser {index}")));
        vec![State {
            instant: 0,
            now,
            accounts: [account(0), account(1)],
            browsers: [browser(0), browser(1)],
            wrong_codes_left: self.wrong_codes,
            clearings_left: self.clearings,
            broken: None,
            seen: "",
        }]
    }

    fn actions(&self, state: &State, steps: &mut Vec<Step>) {
        if state.broken.is_some() {
            return;
        }
        for browser in 0..BROWSERS {
            self.steps_in(state, browser, steps);
        }
        if state.instant + 1 < self.instants.len() {
            steps.push(Step::Pass);
        }
    }

    fn next_state(&self, state: &State, step: Step) -> Option<State> {
        let mut next = state.clone();
        next.seen = "nothing new";
        match step {
            Step::SignIn { browser, account, right_password } => {
                self.sign_in(&mut next, browser, account, right_password)
            }
            Step::SubmitCode { browser, typed, ticked } => self.submit_code(&mut next, browser, typed, ticked),
            Step::DecideSkip { browser, accepted } => self.decide_skip(&mut next, browser, accepted),
            Step::OpenResume { browser } => self.open_resume(&mut next, browser),
            Step::CompleteResume { browser } => self.complete_resume(&mut next, browser),
            Step::ClearCookies { browser } => clear_cookies(&mut next, browser),
            Step::Pass => {
                next.instant += 1;
                next.now = self.instant(next.instant);
                next.seen = self.instants[next.instant].1;
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<World>> {
        [rule::safety(), (self.sights)()].concat()
    }
}

impl World {
    fn instant(&self, index: usize) -> Moment {
        Moment::from_millis(GO_LIVE.millis() + self.instants[index].0)
    }

    fn steps_in(&self, state: &State, browser: usize, steps: &mut Vec<Step>) {
        let Browser { session, attempt, cookies, .. } = &*state.browsers[browser];
        for account in 0..ACCOUNTS {
            steps.push(Step::SignIn { browser, account, right_password: true });
            if !cookies.is_empty() {
                steps.push(Step::SignIn { browser, account, right_password: false });
            }
        }
        match (self.about, attempt) {
            (_, None) => {}
            (About::Codes, Some(attempt)) => {
                steps.push(Step::SubmitCode { browser, typed: Typed::Own, ticked: false });
                if state.wrong_codes_left > 0 && attempt.code > 0 {
                    steps.push(Step::SubmitCode { browser, typed: Typed::Earlier, ticked: false });
                }
                if state.wrong_codes_left > 0 && !state.accounts[1 - attempt.account].codes.is_empty() {
                    steps.push(Step::SubmitCode { browser, typed: Typed::OfOther, ticked: false });
                }
            }
            (About::Skips, Some(attempt)) => {
                let code = &state.accounts[attempt.account].codes[attempt.code];
                if !code.used && !code.has_expired(state.now) {
                    steps.push(Step::SubmitCode { browser, typed: Typed::Own, ticked: false });
                    steps.push(Step::SubmitCode { browser, typed: Typed::Own, ticked: true });
                }
            }
        }
        if let (About::Skips, Some(account)) = (self.about, known_at(state, browser)) {
            steps.push(Step::DecideSkip { browser, accepted: true });
            if session.as_ref().is_some_and(|session| session.may_confirm(state.now)) {
                steps.push(Step::DecideSkip { browser, accepted: false });
            }
            if state.accounts[account].resumes_left > 0 {
                steps.push(Step::OpenResume { browser });
                steps.push(Step::CompleteResume { browser });
            }
        }
        if state.clearings_left > 0 && !cookies.is_empty() {
            steps.push(Step::ClearCookies { browser });
        }
    }

    fn sign_in(&self, next: &mut State, browser: usize, account: usize, right_password: bool) {
        let skip = next.browsers[browser].skips[account];
        let is_live = skip.is_some_and(|skip| skip.is_live(next.now));
        let is_asked = next.now >= GO_LIVE;
        let visitor = visitor(next, browser);
        let AccountState { address, password_hash, .. } = &next.accounts[account].state;
        let (address, checked) = (address.clone(), password_hash.clone());
        let previous = next.browsers[browser].session.as_ref().map(|session| state::slot(session.account));
        let event = SignIn {
            visitor: &visitor,
            address: &address,
            password_is_right: right_password,
            checked: &checked,
            signed_in_as: previous,
            go_live: GO_LIVE,
            mail_has_room: next.accounts.iter().map(|account| account.codes.len()).sum::<usize>() < self.code_mails,
        };
        let answer = self.happen(next, account, Some(browser), May::Nothing, event);
        if answer.is_ok() && !right_password {
            breaks(next, rule::PASSWORD);
        }
        match answer {
            Ok(SignInAnswer::SignedIn(signed_in)) => {
                if is_asked && !is_live {
                    breaks(next, wrongly_let_in(next, browser, account));
                }
                let way = if is_asked { Way::Skip } else { Way::BeforeGoLive };
                self.keep_session(next, browser, account, signed_in, way);
                next.seen = "My Page";
            }
            Ok(SignInAnswer::CodeMailed(token)) => {
                if !is_asked {
                    breaks(next, rule::ASKED_TOO_EARLY);
                } else if is_live {
                    breaks(next, wrongly_asked(next, browser, account, self.resumes));
                }
                let hash = token.hash();
                self.happen(
                    next,
                    account,
                    None,
                    May::Nothing,
                    MailSettled { attempt: hash, delivery: Delivery::Accepted },
                );
                let code = next.accounts[account].codes.len() - 1;
                let held = next.browser(browser);
                held.attempt = Some(Attempt { account, token, hash, code, refusal: None });
                if let Some(skip) = &mut held.skips[account] {
                    skip.refused = true;
                }
                next.seen = "a code is asked and mailed";
            }
            Err(_) => {
                if right_password && is_live {
                    breaks(next, wrongly_asked(next, browser, account, self.resumes));
                }
                next.seen = "the sign-in is refused";
            }
        }
    }

    fn submit_code(&self, next: &mut State, browser: usize, typed: Typed, ticked: bool) {
        let Some(Attempt { account, code, .. }) = next.browsers[browser].attempt.clone() else { return };
        let codes = &next.accounts[account].codes;
        let own = codes[code].clone();
        let is_newest = code + 1 == codes.len();
        let given = match typed {
            Typed::Own => own.code.clone(),
            Typed::Earlier => codes[code - 1].code.clone(),
            Typed::OfOther => next.accounts[1 - account].codes.last().map(|code| code.code.clone()).unwrap_or_default(),
        };
        let visitor = visitor(next, browser);
        let event = SubmitCode { visitor: &visitor, typed: &given, ticked };
        match self.happen(next, account, Some(browser), May::Nothing, event) {
            Ok(signed_in) => {
                match typed {
                    Typed::OfOther => breaks(next, rule::OTHERS_CODE),
                    Typed::Earlier => breaks(next, rule::OTHER_ATTEMPT),
                    Typed::Own if own.used => breaks(next, rule::TWICE),
                    Typed::Own if own.has_expired(next.now) => breaks(next, rule::EXPIRED),
                    Typed::Own if !is_newest => breaks(next, rule::SUPERSEDED),
                    Typed::Own => {}
                }
                next.account(account).codes[code].used = true;
                next.seen = if ticked { "the skip confirmation" } else { "My Page" };
                self.keep_session(next, browser, account, signed_in, Way::Code);
            }
            Err(refusal) => {
                if typed == Typed::Own && is_newest && !own.used && !own.has_expired(next.now) {
                    breaks(next, rule::RIGHT_CODE);
                }
                let refusal = match refusal {
                    CodeRefusal::Wrong => Refusal::Wrong,
                    CodeRefusal::Ended(AttemptEnd::Expired) => Refusal::Expired,
                    CodeRefusal::Ended(AttemptEnd::Used) => Refusal::Used,
                    CodeRefusal::Ended(_) => Refusal::Over,
                };
                next.wrong_codes_left -= u8::from(refusal == Refusal::Wrong && next.wrong_codes_left > 0);
                if let Some(attempt) = &mut next.browser(browser).attempt {
                    attempt.refusal = Some(refusal);
                }
                next.seen = "the code is refused";
            }
        }
    }

    /// Signing in replaces the session that the browser had, at whichever account.
    fn keep_session(&self, next: &mut State, browser: usize, account: usize, signed_in: SignedIn, way: Way) {
        let previous = next.browsers[browser].session.as_ref().map(|session| session.account);
        if let Some(previous) = previous.filter(|previous| *previous != account) {
            let visitor = visitor(next, browser);
            self.happen(next, previous, Some(browser), May::Nothing, SignOut { visitor: &visitor });
        }
        let (token, hash, opened_at) = (signed_in.session.clone(), signed_in.session.hash(), next.now);
        let session = Session { account, token, hash, way, opened_at, offered: signed_in.skip_offered };
        next.browser(browser).session = Some(session);
    }

    fn decide_skip(&self, next: &mut State, browser: usize, accepted: bool) {
        let Some(account) = known_at(next, browser) else { return };
        let counts = next.browsers[browser].session.as_ref().is_some_and(|session| session.may_confirm(next.now));
        let visitor = visitor(next, browser);
        let may = if accepted { May::SetSkip } else { May::Nothing };
        let answer = self.happen(next, account, Some(browser), may, ConfirmSkip { visitor: &visitor, accepted });
        if answer.is_ok() != counts {
            breaks(next, rule::OK_COUNTS);
        }
        next.seen = if answer.is_ok() { "My Page" } else { "it is refused" };
        if answer.is_err() {
            return;
        }
        let now = next.now;
        let held = next.browser(browser);
        if let Some(session) = &mut held.session {
            session.offered = false;
        }
        if accepted {
            held.skips[account] = Some(SetSkip { set_at: now, revoked: false, refused: false });
        }
    }

    fn open_resume(&self, next: &mut State, browser: usize) {
        let Some(account) = known_at(next, browser) else { return };
        let visitor = visitor(next, browser);
        let view = ViewPage { visitor: &visitor, page: Page::Resume };
        let opens = self.happen(next, account, Some(browser), May::Nothing, view).is_ok();
        if opens != is_signed_in(next, browser, account) {
            breaks(next, rule::RESUME_OPENS);
        }
    }

    fn complete_resume(&self, next: &mut State, browser: usize) {
        let Some(account) = known_at(next, browser) else { return };
        let visitor = visitor(next, browser);
        let additional = if account == 0 { vec![state::slot(1)] } else { Vec::new() };
        let event = CompleteResume { visitor: &visitor, additional: &additional };
        let answer = self.happen(next, account, Some(browser), May::Nothing, event);
        if answer.is_ok() != is_signed_in(next, browser, account) {
            breaks(next, rule::RESUME_OPENS);
        }
        let Ok(others) = answer else { return };
        if others.contains(&state::slot(1 - account)) {
            self.happen(next, 1 - account, Some(browser), May::Nothing, RevokeSkips { visitor: &visitor });
        }
        let held = next.account(account);
        held.resumes_left = held.resumes_left.saturating_sub(1);
        held.lost.clear();
        for browser in 0..BROWSERS {
            if let Some(skip) = &mut next.browser(browser).skips[account] {
                skip.revoked = true;
            }
        }
        next.seen = "it is done";
    }

    /// Lets an event happen to an account, notes the mails, and lets the browser keep what it is told to keep.
    fn happen<E: Event>(
        &self,
        next: &mut State,
        account: usize,
        browser: Option<usize>,
        may: May,
        event: E,
    ) -> E::Answer {
        let now = next.now;
        let held = next.account(account);
        let mut lots = Lots { account, drawn: held.drawn };
        let outcome = apply(&mut held.state, event, now, &mut lots, &*self.decisions);
        held.drawn = lots.drawn;
        for effect in outcome.effects {
            match effect {
                Effect::MailCode { recipients, letter, .. } => {
                    let nobody_else = recipients.cc.is_empty() && recipients.bcc.is_empty();
                    if recipients.to != [next.accounts[account].state.address.clone()] || !nobody_else {
                        breaks(next, rule::MAIL);
                    }
                    let code = code_in(&letter.body);
                    next.account(account).codes.push(MailedCode { code, issued_at: now, used: false });
                }
                Effect::Mail { .. } | Effect::Notify(_) => breaks(next, rule::SILENCE),
                Effect::KeepSkip(cookie) => {
                    let is_new = browser
                        .is_none_or(|browser| next.browsers[browser].cookies.iter().all(|(kept, _)| *kept != cookie));
                    if may != May::SetSkip && is_new {
                        breaks(next, rule::ONLY_OK);
                    }
                    if let Some(browser) = browser {
                        self.keep_cookie(next.browser(browser), cookie);
                    }
                }
                Effect::OpenToken(_) | Effect::CloseToken(_) | Effect::Count(..) => {}
                Effect::ClaimAddress(_) | Effect::FreeAddress(_) => {}
            }
        }
        outcome.answer
    }

    fn keep_cookie(&self, browser: &mut Browser, cookie: Cookie) {
        let key = TokenHash::of(self.decisions.skip_cookie_key(&cookie.value));
        browser.cookies.retain(|(kept, _)| kept.name != cookie.name);
        browser.cookies.push((cookie, key));
    }

    /// Whether My Page of an account opens to a browser exactly if it is signed in there.
    pub fn shuts_rightly(&self, state: &State, browser: usize, account: usize) -> bool {
        self.look(state, browser, account, Page::MyPage).is_some() == is_signed_in(state, browser, account)
    }

    /// Whether the skip settings say the truth to a browser, where they open.
    pub fn status_is_right(&self, state: &State, browser: usize) -> bool {
        let Some(session) = &state.browsers[browser].session else { return true };
        let Some(view) = self.look(state, browser, session.account, Page::SkipSettings) else { return true };
        let right = if state.has_live_skip(session.account) { "あり" } else { "なし" };
        view.as_deref() == Some(right)
    }

    fn look(&self, state: &State, browser: usize, account: usize, page: Page) -> Option<Option<String>> {
        let visitor = visitor(state, browser);
        let mut looked_at = state.accounts[account].state.clone();
        let mut lots = Lots { account, drawn: 0 };
        let event = ViewPage { visitor: &visitor, page };
        let outcome = apply(&mut looked_at, event, state.now, &mut lots, &*self.decisions);
        outcome.answer.ok().map(|view| view.skip_status)
    }
}

/// Which rule it breaks that a browser was let in without a live skip.
fn wrongly_let_in(state: &State, browser: usize, account: usize) -> &'static str {
    let skips = state.browsers[browser].skips;
    match skips[account] {
        Some(skip) if skip.revoked => rule::REVOKED,
        Some(_) => rule::LAPSED,
        None if skips[1 - account].is_some_and(|skip| skip.is_live(state.now)) => rule::OTHERS_SKIP,
        None => rule::NO_WAY_IN,
    }
}

/// Which rule it breaks that a browser with a live skip was asked for a code.
fn wrongly_asked(state: &State, browser: usize, account: usize, resumes: u8) -> &'static str {
    if state.accounts[1 - account].resumes_left < resumes {
        rule::RESUME_APART
    } else if state.browsers[browser].skips[1 - account].is_some() {
        rule::TOGETHER
    } else {
        rule::LIVE_SKIPS
    }
}

fn breaks(state: &mut State, rule: &'static str) {
    state.broken.get_or_insert(rule);
}

fn clear_cookies(next: &mut State, browser: usize) {
    let left = next.clearings_left - 1;
    next.clearings_left = left;
    let skips = next.browsers[browser].skips;
    for (account, skip) in skips.iter().enumerate() {
        next.account(account).lost.extend(skip.filter(|skip| !skip.revoked));
    }
    *next.browser(browser) = state::browser(&format!("browser {browser}, {left} clearings left"));
}

/// The account at which a browser is known: by its session, or else by its attempt.
fn known_at(state: &State, browser: usize) -> Option<usize> {
    let Browser { session, attempt, .. } = &*state.browsers[browser];
    session.as_ref().map(|session| session.account).or(attempt.as_ref().map(|attempt| attempt.account))
}

fn is_signed_in(state: &State, browser: usize, account: usize) -> bool {
    let session = state.browsers[browser].session.as_ref();
    session.is_some_and(|session| session.account == account && session.holds(state.now))
}

fn visitor(state: &State, browser: usize) -> Visitor {
    let browser = &state.browsers[browser];
    Visitor {
        browser: browser.tag,
        session: browser.session.as_ref().map(|session| session.token.clone()),
        attempt: browser.attempt.as_ref().map(|attempt| attempt.token.clone()),
        cookies: browser.cookies.iter().map(|(cookie, _)| cookie.clone()).collect(),
        claims: Default::default(),
    }
}

/// The code as a reader of the mail finds it.
fn code_in(body: &str) -> String {
    body.lines().find_map(|line| line.strip_prefix("ワンタイムパスワード：")).unwrap_or_default().to_owned()
}
