//! The server's core as a login that stories are played against: its accounts, and browsers that keep their cookies.
//!
//! What surrounds the core in the server (finding the account, keeping cookies, delivering mail) is done here as plainly as
//! can be, without sockets. Cookies are kept longer than a browser would: after their expiry and after signing out.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use sekisho_scenarios::explore::altered;
use sekisho_scenarios::oracle::{self, AccountId, Action, BrowserId, Planted, Screen, Seen, Status, Typed};
use sekisho_server::Decisions;
use sekisho_server::core::{
    AccountState, Address, AskAddressChange, BrowserTag, CheckIdentity, Claims, Code, CodeRefusal, CompleteResume,
    ConfirmAddressChange, ConfirmSkip, Cookie, Delivery, Draw, Effect, Event, GO_LIVE, Identity, MailSettled,
    MainAccount, Moment, OpenProcedure, Page, Portal, ProcedureId, RevokeSkips, SignIn, SignInAnswer, SignOut,
    SignedIn, Slot, SubmitCode, Token, ViewCode, ViewPage, Visitor, apply,
};
use sekisho_server::decisions::{Notice, NoticeContext, Occasion};
use sekisho_server::mail::address_notice;

/// A code that is mailed to nobody: see [`Lots`].
const NEVER_MAILED: &str = "999999";

/// A login of some accounts at one portal, in process.
pub struct Login {
    accounts: Vec<AccountState>,
    browsers: Vec<Browser>,
    /// The codes mailed to each account, read from the mails.
    codes: Vec<Vec<String>>,
    now: Moment,
    lots: Lots,
    decisions: Arc<dyn Decisions>,
    /// The last confirmation number mailed for each account.
    numbers: Vec<String>,
    /// The open procedure of the office for each account.
    procedures: Vec<Option<ProcedureId>>,
    /// The recipients of all mails of the step.
    mails: Vec<Option<oracle::Address>>,
}

#[derive(Default)]
struct Browser {
    /// The identifier that the sign-in page gave it.
    id: String,
    session: Option<(AccountId, Token)>,
    attempt: Option<OpenAttempt>,
    skips: Vec<Cookie>,
    /// The last skip cookie of each account.
    kept: HashMap<AccountId, Cookie>,
}

#[derive(Clone)]
struct OpenAttempt {
    account: AccountId,
    /// Which of the account's codes belongs to it.
    code: usize,
    token: Token,
}

/// Randomness of a known seed, and codes that never repeat: multiples of ten, so that a mail with the next number is wrong too.
struct Lots {
    generator: StdRng,
    codes: u32,
}

impl Draw for Lots {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.generator.fill_bytes(bytes);
    }

    fn code(&mut self) -> Code {
        self.codes += 10;
        Code::from_value(self.codes)
    }
}

impl Login {
    /// A main account and its additional ones, at a time of all their clocks in milliseconds since the Unix epoch.
    pub fn new(decisions: Arc<dyn Decisions>, portal: Portal, accounts: usize, browsers: usize, now_ms: i64) -> Self {
        let mut lots = Lots { generator: StdRng::seed_from_u64(20_250_813), codes: 0 };
        let browsers = (0..browsers).map(|_| Browser::new(&mut lots)).collect();
        Self {
            accounts: (0..accounts).map(|index| account(portal, index)).collect(),
            browsers,
            codes: vec![Vec::new(); accounts],
            now: Moment::from_millis(now_ms),
            lots,
            decisions,
            mails: Vec::new(),
            numbers: vec![String::new(); accounts],
            procedures: vec![None; accounts],
        }
    }

    /// Takes a step of a story, and says what is to be seen of it.
    pub fn act(&mut self, action: &Action) -> Seen {
        let screen = match *action {
            Action::SignIn { browser, account, right_password } => self.sign_in(browser, account, right_password),
            Action::SubmitCode { browser, typed, tick } => self.submit(browser, typed, tick),
            Action::ConfirmSkip(browser) => self.decide(browser, true),
            Action::CancelSkip(browser) => self.decide(browser, false),
            Action::OpenResume(browser) => self.view(browser, &[Page::Resume]),
            Action::CompleteResume(browser) => self.complete_resume(browser),
            Action::Look(browser, oracle::Page::MyPage) => self.view(browser, &[Page::MyPage, Page::Settings]),
            Action::Look(browser, oracle::Page::SkipSettings) => self.status(browser),
            Action::Look(browser, oracle::Page::CodeEntry) => self.view_code(browser),
            Action::ChangeAddress(browser) => self.change_address(browser),
            Action::AskAddress(browser) => self.ask_address(browser),
            Action::ConfirmAddress { browser, right } => self.confirm_address(browser, right),
            Action::OfficeTakesRequest(account) => self.ask_office(account),
            Action::OfficeChangesAddress(account) => self.office_is_done(account),
            Action::SignOut(browser) => {
                let visitor = self.visitor(browser);
                if let Some(account) = self.session_holder(browser) {
                    self.happen(account, Some(browser), SignOut { visitor: &visitor });
                }
                Screen::Outside
            }
            Action::ForgetSession(browser) => self.forget_session(browser),
            Action::ClearCookies(browser) => {
                self.browsers[browser.0].skips.clear();
                self.forget_session(browser)
            }
            Action::PlantSkipCookie { browser, account, planted } => self.plant(browser, account, planted),
            Action::Wait(ms) => self.wait(ms),
        };
        Seen { screen, mails: std::mem::take(&mut self.mails) }
    }

    fn sign_in(&mut self, browser: BrowserId, account: AccountId, password_is_right: bool) -> Screen {
        let visitor = self.visitor(browser);
        let AccountState { address, password_hash, .. } = self.accounts[account.0].clone();
        let previous = self.session_holder(browser);
        let event = SignIn {
            visitor: &visitor,
            address: &address,
            password_is_right,
            checked: &password_hash,
            signed_in_as: previous.map(|holder| self.accounts[holder.0].identity.slot),
            go_live: GO_LIVE,
            mail_has_room: true,
        };
        match self.happen(account, Some(browser), event) {
            Ok(SignInAnswer::SignedIn(signed_in)) => self.keep_session(browser, account, signed_in),
            Ok(SignInAnswer::CodeMailed(token)) => {
                self.happen(account, None, MailSettled { attempt: token.hash(), delivery: Delivery::Accepted });
                let code = self.codes[account.0].len() - 1;
                self.browsers[browser.0].attempt = Some(OpenAttempt { account, code, token });
                Screen::AsksForCode
            }
            Err(_) => Screen::Outside,
        }
    }

    fn submit(&mut self, browser: BrowserId, typed: Typed, ticked: bool) -> Screen {
        let Some(attempt) = self.browsers[browser.0].attempt.clone() else { return Screen::Outside };
        let code = match typed {
            Typed::Right => self.codes[attempt.account.0].get(attempt.code),
            Typed::Wrong => None,
            Typed::Earlier(back) => {
                attempt.code.checked_sub(back).and_then(|code| self.codes[attempt.account.0].get(code))
            }
            Typed::Of(other) if other != attempt.account => self.codes[other.0].last(),
            Typed::Of(_) => None,
        };
        let typed = code.cloned().unwrap_or_else(|| NEVER_MAILED.to_owned());
        let visitor = self.visitor(browser);
        match self.happen(attempt.account, Some(browser), SubmitCode { visitor: &visitor, typed: &typed, ticked }) {
            Ok(signed_in) => self.keep_session(browser, attempt.account, signed_in),
            Err(CodeRefusal::Wrong) => Screen::AsksForCode,
            Err(CodeRefusal::Ended(_)) => Screen::Outside,
        }
    }

    /// Signing in replaces the session that the browser had, at whichever account.
    fn keep_session(&mut self, browser: BrowserId, account: AccountId, signed_in: SignedIn) -> Screen {
        if let Some(previous) = self.session_holder(browser).filter(|previous| *previous != account) {
            let visitor = self.visitor(browser);
            self.happen(previous, Some(browser), SignOut { visitor: &visitor });
        }
        self.browsers[browser.0].session = Some((account, signed_in.session));
        if signed_in.skip_offered { Screen::OffersSkip(account) } else { Screen::Inside(account) }
    }

    fn decide(&mut self, browser: BrowserId, accepted: bool) -> Screen {
        let (visitor, account) = (self.visitor(browser), self.holder(browser));
        let answer = self.happen(account, Some(browser), ConfirmSkip { visitor: &visitor, accepted });
        answer.map_or(Screen::Outside, |()| Screen::Inside(account))
    }

    fn complete_resume(&mut self, browser: BrowserId) -> Screen {
        let (visitor, account) = (self.visitor(browser), self.holder(browser));
        let additional: Vec<Slot> =
            if account.0 == 0 { (1..self.accounts.len()).map(slot).collect() } else { Vec::new() };
        let Ok(others) =
            self.happen(account, Some(browser), CompleteResume { visitor: &visitor, additional: &additional })
        else {
            return Screen::Outside;
        };
        let reached: Vec<AccountId> = (0..self.accounts.len())
            .map(AccountId)
            .filter(|other| others.contains(&self.accounts[other.0].identity.slot))
            .collect();
        for other in reached {
            self.happen(other, Some(browser), RevokeSkips { visitor: &visitor });
        }
        Screen::Inside(account)
    }

    /// Looks at pages behind the sign-in; the first that opens is what is seen.
    fn view(&mut self, browser: BrowserId, pages: &[Page]) -> Screen {
        let (visitor, account) = (self.visitor(browser), self.holder(browser));
        let mut opens = |page| self.happen(account, Some(browser), ViewPage { visitor: &visitor, page }).is_ok();
        if pages.iter().any(|page| opens(*page)) { Screen::Inside(account) } else { Screen::Outside }
    }

    fn status(&mut self, browser: BrowserId) -> Screen {
        let (visitor, account) = (self.visitor(browser), self.holder(browser));
        let view = self.happen(account, Some(browser), ViewPage { visitor: &visitor, page: Page::SkipSettings });
        match view.ok().and_then(|view| view.skip_status).as_deref() {
            Some("あり") => Screen::SkipSettings(account, Status::Some),
            Some("なし") => Screen::SkipSettings(account, Status::None),
            _ => Screen::Outside,
        }
    }

    fn view_code(&mut self, browser: BrowserId) -> Screen {
        let visitor = self.visitor(browser);
        let Some(OpenAttempt { account, .. }) = self.browsers[browser.0].attempt else { return Screen::Outside };
        let answer = self.happen(account, Some(browser), ViewCode { visitor: &visitor });
        answer.map_or(Screen::Outside, |()| Screen::AsksForCode)
    }

    fn change_address(&mut self, browser: BrowserId) -> Screen {
        match self.ask_address(browser) {
            Screen::Inside(_) => self.confirm_address(browser, true),
            refused => refused,
        }
    }

    fn ask_address(&mut self, browser: BrowserId) -> Screen {
        let (visitor, account) = (self.visitor(browser), self.holder(browser));
        let address = self.next_address(account);
        let event = AskAddressChange { visitor: &visitor, address: &address, is_free: true, mail_has_room: true };
        let answer = self.happen(account, Some(browser), event);
        answer.map_or(Screen::Outside, |()| Screen::Inside(account))
    }

    fn confirm_address(&mut self, browser: BrowserId, right: bool) -> Screen {
        let (visitor, account) = (self.visitor(browser), self.holder(browser));
        let address = self.next_address(account);
        let number = if right { self.numbers[account.0].clone() } else { NEVER_MAILED.to_owned() };
        let event = ConfirmAddressChange { visitor: &visitor, typed: &number, claim: (&address, true) };
        let answer = self.happen(account, Some(browser), event);
        answer.map_or(Screen::Outside, |()| Screen::Inside(account))
    }

    fn ask_office(&mut self, account: AccountId) -> Screen {
        let address = self.next_address(account);
        match self.happen(account, None, OpenProcedure { new_address: &address, is_free: true }) {
            Ok(id) => {
                self.procedures[account.0] = Some(id);
                Screen::Nothing
            }
            Err(_) => Screen::Outside,
        }
    }

    /// The office needs no days here: stories that let days pass do that by themselves.
    fn office_is_done(&mut self, account: AccountId) -> Screen {
        if self.procedures[account.0].is_none() {
            self.ask_office(account);
        }
        let Some(id) = self.procedures[account.0].take() else { return Screen::Outside };
        let answer = self.happen(account, None, CheckIdentity { id: &id, business_days: 0 });
        answer.map_or(Screen::Outside, |_| Screen::Nothing)
    }

    fn forget_session(&mut self, browser: BrowserId) -> Screen {
        let fresh = Browser::new(&mut self.lots);
        let browser = &mut self.browsers[browser.0];
        *browser =
            Browser { skips: std::mem::take(&mut browser.skips), kept: std::mem::take(&mut browser.kept), ..fresh };
        Screen::Nothing
    }

    fn plant(&mut self, browser: BrowserId, account: AccountId, planted: Planted) -> Screen {
        let kept = |account| self.browsers[browser.0].kept.get(&account).cloned();
        let cookie = match planted {
            Planted::Kept => kept(account),
            Planted::Altered(at) => kept(account).map(|cookie| Cookie { value: altered(&cookie.value, at), ..cookie }),
            Planted::Of(other) if other != account => kept(other).map(|cookie| {
                let name = self.decisions.skip_cookie_name(&self.accounts[account.0].identity);
                Cookie { name, ..cookie }
            }),
            Planted::Of(_) => None,
        };
        if let Some(cookie) = cookie {
            self.browsers[browser.0].keep(cookie);
        }
        Screen::Nothing
    }

    fn wait(&mut self, ms: i64) -> Screen {
        self.now = self.now + Duration::from_millis(ms.unsigned_abs());
        for account in &self.accounts {
            let occasion = Occasion::TimePassed;
            let context = NoticeContext { occasion, account: Some(account), address: &account.address, now: self.now };
            self.mails.extend(self.decisions.notice_on(&context).map(|notice| known(&notice.to)));
        }
        Screen::Nothing
    }

    /// Lets an event happen to an account, delivers the mails, and lets the browser keep what it is told to keep.
    fn happen<E: Event>(&mut self, account: AccountId, browser: Option<BrowserId>, event: E) -> E::Answer {
        let state = &mut self.accounts[account.0];
        let outcome = apply(state, event, self.now, &mut self.lots, &*self.decisions);
        for effect in outcome.effects {
            match effect {
                Effect::MailCode { recipients, letter, .. } => {
                    self.mails.extend([recipients.to, recipients.cc, recipients.bcc].concat().iter().map(known));
                    self.codes[account.0].push(code_in(&letter.body));
                }
                // The mails of an address change are no codes; the model speaks of codes and of what nobody asked for.
                Effect::Mail { letter, .. } => self.numbers[account.0] = number_in(&letter.body),
                Effect::Notify(notice) if is_of_a_change(&notice) => {}
                Effect::Notify(notice) => self.mails.push(known(&notice.to)),
                Effect::KeepSkip(cookie) => {
                    if let Some(browser) = browser.map(|browser| &mut self.browsers[browser.0]) {
                        browser.kept.insert(account, cookie.clone());
                        browser.keep(cookie);
                    }
                }
                Effect::OpenToken(_) | Effect::CloseToken(_) | Effect::ClaimAddress(_) | Effect::FreeAddress(_) => {}
                Effect::Count(..) => {}
            }
        }
        outcome.answer
    }

    fn visitor(&self, browser: BrowserId) -> Visitor {
        let browser = &self.browsers[browser.0];
        let own = Cookie { name: "browser".to_owned(), value: browser.id.clone() };
        Visitor {
            browser: BrowserTag::of(&browser.id),
            session: browser.session.as_ref().map(|(_, token)| token.clone()),
            attempt: browser.attempt.as_ref().map(|attempt| attempt.token.clone()),
            cookies: std::iter::once(own).chain(browser.skips.iter().cloned()).collect(),
            claims: Claims::default(),
        }
    }

    /// The account at which the browser's session is known.
    fn session_holder(&self, browser: BrowserId) -> Option<AccountId> {
        let (account, token) = self.browsers[browser.0].session.as_ref()?;
        self.accounts[account.0].session(&token.hash()).map(|_| *account)
    }

    /// The account the browser is known at, by its session or else by its attempt; a stranger tries the main account.
    fn holder(&self, browser: BrowserId) -> AccountId {
        let attempt = self.browsers[browser.0].attempt.as_ref().map(|attempt| attempt.account);
        self.session_holder(browser).or(attempt).unwrap_or(AccountId(0))
    }

    fn next_address(&self, account: AccountId) -> Address {
        let changes = known(&self.accounts[account.0].address).map_or(0, |address| address.change);
        address(account, changes + 1)
    }
}

impl Browser {
    fn new(lots: &mut Lots) -> Self {
        Self { id: lots.token().as_str().to_owned(), ..Self::default() }
    }

    fn keep(&mut self, cookie: Cookie) {
        self.skips.retain(|kept| kept.name != cookie.name);
        self.skips.push(cookie);
    }
}

fn account(portal: Portal, index: usize) -> AccountState {
    let main = MainAccount { slot: slot(0), address: address(AccountId(0), 0) };
    let identity =
        Identity { slot: slot(index), portal, name: format!("事業所 {index}"), main: (index > 0).then_some(main) };
    AccountState::new(identity, address(AccountId(index), 0), Arc::from(""))
}

fn slot(index: usize) -> Slot {
    Slot(7 + index as u64)
}

fn address(account: AccountId, change: usize) -> Address {
    Address::parse(&format!("{}.{change}@example.test", account.0)).unwrap()
}

/// Whose address it is; none for that of a stranger.
fn known(address: &Address) -> Option<oracle::Address> {
    let (account, change) = address.as_str().strip_suffix("@example.test")?.split_once('.')?;
    Some(oracle::Address { account: AccountId(account.parse().ok()?), change: change.parse().ok()? })
}

/// The code as a reader of the mail finds it.
fn code_in(body: &str) -> String {
    body.lines().find_map(|line| line.strip_prefix("ワンタイムパスワード：")).unwrap_or_default().to_owned()
}

/// The confirmation number as a reader of the mail finds it.
fn number_in(body: &str) -> String {
    body.lines().find_map(|line| line.strip_prefix("確認番号：")).unwrap_or_default().to_owned()
}

fn is_of_a_change(notice: &Notice) -> bool {
    Portal::ALL.into_iter().any(|portal| notice.letter == address_notice(portal))
}
