//! Asks every decision about a small world and writes the answers down, so that two sets of decisions can be compared.
//!
//! The world is fixed: some accounts, their attempts, skips and sessions, and the instants that matter to them.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;
use sekisho_server::core::*;
use sekisho_server::decisions::*;
use sekisho_server::{Decisions, Screen};

pub const SECOND: Duration = Duration::from_secs(1);
pub const MINUTE: Duration = Duration::from_secs(60);
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The answers by the name of the method.
pub type Answers = BTreeMap<&'static str, Vec<String>>;

/// An instant a hundred days after go-live; everything happens round it.
pub fn noon() -> Moment {
    GO_LIVE + 100 * DAY
}

pub fn before(moment: Moment, span: Duration) -> Moment {
    Moment::from_millis(moment.millis() - i64::try_from(span.as_millis()).unwrap())
}

pub fn account(number: u64, portal: Portal) -> AccountState {
    let main = MainAccount { slot: Slot(1), address: Address::parse("main@example.test").unwrap() };
    let main = (portal == Portal::Employer).then_some(main);
    let identity = Identity { slot: Slot(number), portal, name: "佐藤 花子".to_owned(), main };
    let address = Address::parse(&format!("user{number}@example.test")).unwrap();
    AccountState::new(identity, address, Arc::from(""))
}

/// An attempt with this code; its token is made of the code.
pub fn attempt(code: u32, issued_at: Moment, used: bool) -> Attempt {
    Attempt {
        token: TokenHash::of(&code.to_string()),
        browser: TokenHash::of("pc"),
        code: Code::from_value(code),
        address: Address::parse("user@example.test").unwrap(),
        issued_at,
        last_seen: issued_at,
        wrong_codes: WRONG_CODES_PER_ATTEMPT,
        used,
        delivery: if code == 4 { Delivery::Refused } else { Delivery::Accepted },
    }
}

/// A skip of a browser; its key is made of the browser's name.
pub fn skip(browser: &str, set_at: Moment, generation: u64) -> Skip {
    let key = TokenHash::of(&format!("id of {browser}"));
    Skip { key, browser: TokenHash::of(browser), set_at, expires_at: set_at + SKIP_VALID, generation }
}

fn session(opened_at: Moment) -> Session {
    Session { token: TokenHash::of("session"), browser: TokenHash::of("pc"), opened_at, skip_offered_until: None }
}

/// Nobody yet; a sign-in done and skips set; a skip about to lapse; attempts abandoned beside a skip; skips ended, and one set anew; an
/// address that was changed and is about to be again, and one that the office is to change.
fn accounts() -> Vec<AccountState> {
    let mut quiet = account(2, Portal::Seeker);
    quiet.attempts.push_back(attempt(1, before(noon(), 91 * DAY), true));
    quiet.skips = ["phone", "tablet", "pc"].map(|browser| skip(browser, before(noon(), DAY), 0)).to_vec();
    let mut lapsing = account(3, Portal::Provider);
    lapsing.skips.push(skip("pc", before(noon(), SKIP_VALID), 0));
    let mut abandoned = account(4, Portal::Seeker);
    for (minutes_ago, code) in [(70, 2), (3, 3), (2, 5), (1, 6), (0, 4)] {
        abandoned.attempts.push_back(attempt(code, before(noon(), minutes_ago * MINUTE), false));
    }
    abandoned.skips.push(skip("phone", before(noon(), DAY), 0));
    let mut revoked = account(5, Portal::Employer);
    revoked.generation = 1;
    revoked.revocation = Some(Revocation { at: before(noon(), SECOND), browser: TokenHash::of("pc") });
    revoked.sessions.push_back(session(before(noon(), MINUTE)));
    revoked.skips = ["phone", "pc"].map(|browser| skip(browser, before(noon(), DAY), 0)).to_vec();
    let mut renewed = revoked.clone();
    renewed.skips.push(skip("tablet", noon(), 1));
    let mut moving = account(7, Portal::Seeker);
    moving.former_address = Address::parse("former@example.test").ok();
    moving.attempts.push_back(attempt(8, noon(), false));
    moving.address_change = Some(Box::new(AddressChange {
        holder: TokenHash::of("session"),
        address: Address::parse("unconfirmed@example.test").unwrap(),
        number: Some(Code::from_value(123)),
        asked_at: noon(),
        wrong_numbers: 0,
    }));
    let mut at_office = account(8, Portal::Seeker);
    let new_address = Address::parse("reserved@example.test").unwrap();
    let request = OpenProcedure { new_address: &new_address, is_free: true };
    apply(&mut at_office, request, noon(), &mut draw(), &Conforming).answer.unwrap();
    vec![account(6, Portal::Provider), quiet, lapsing, abandoned, revoked, renewed, moving, at_office]
}

/// Asks everything.
pub fn probe(decisions: &dyn Decisions) -> Answers {
    let mut book = Book { decisions, answers: Answers::new(), accounts: accounts() };
    book.signing_in();
    book.code_and_mail();
    book.attempts();
    book.sessions();
    book.pages();
    book.setting_skips();
    book.using_skips();
    book.revocation();
    book.address_and_office();
    book.accounts_and_passwords();
    book.answers
}

struct Book<'a> {
    decisions: &'a dyn Decisions,
    answers: Answers,
    accounts: Vec<AccountState>,
}

fn draw() -> StdRng {
    StdRng::seed_from_u64(20_250_813)
}

impl Book<'_> {
    fn write(&mut self, method: &'static str, answers: impl IntoIterator<Item = impl Debug>) {
        self.answers.entry(method).or_default().extend(answers.into_iter().map(|answer| format!("{answer:?}")));
    }

    fn signing_in(&mut self) {
        let decisions = self.decisions;
        for account in self.accounts.clone() {
            for now in [before(GO_LIVE, DAY), before(GO_LIVE, SECOND), GO_LIVE, GO_LIVE + DAY] {
                for signed_in_as in [None, Some(Slot(1))] {
                    let context = SignInContext { account: &account, now, go_live: GO_LIVE, signed_in_as };
                    self.write("code_is_asked", [decisions.code_is_asked(&context)]);
                }
            }
        }
        let pairs = [(false, false), (false, true), (true, false), (true, true)];
        self.write("password_is_accepted", pairs.map(|(pair, skip)| decisions.password_is_accepted(pair, skip)));
        let agents = ["Windows NT 10.0", "Linux; Android 10", "iPad; CPU OS 18_5"];
        self.write("serves_user_agent", agents.map(|agent| decisions.serves_user_agent(agent)));
        self.write("stops_without_cookies", [decisions.stops_without_cookies()]);
        self.write("status_without_cookies", [decisions.status_without_cookies()]);
        self.write("wrong_pair_text", [true, false].map(|known| decisions.wrong_pair_text(known)));
        self.write("works_on_passwords_of_unknown_ids", [decisions.works_on_passwords_of_unknown_ids()]);
        let typed = ["taro@example.test", "taro@example.test\r\nBcc: thief@example.test"];
        self.write("typed_address", typed.map(|typed| decisions.typed_address(typed)));
        let faults = [FormFault::NotText, FormFault::Twice, FormFault::TooMany];
        self.write("status_of_faulty_form", faults.map(|fault| decisions.status_of_faulty_form(fault)));
    }

    fn code_and_mail(&mut self) {
        let decisions = self.decisions;
        let previous = attempt(7, noon(), false);
        for previous in [None, Some(&previous)] {
            let code = decisions.code_for_attempt(previous, &mut draw());
            self.write("code_for_attempt", [code.as_str()]);
        }
        for account in self.accounts.clone() {
            self.write("code_recipients", [decisions.code_recipients(&account)]);
            let code = u32::try_from(account.identity.slot.0).unwrap() + 900;
            self.write("code_letter", [decisions.code_letter(&Code::from_value(code), &account)]);
            for occasion in [
                Occasion::WrongPassword,
                Occasion::UnknownId,
                Occasion::CodeMailed,
                Occasion::SignedInBySkip,
                Occasion::SignedInWithoutCode,
                Occasion::SkipSet,
                Occasion::TimePassed,
            ] {
                let address = &account.address;
                let context = NoticeContext { occasion, account: Some(&account), address, now: noon() };
                self.write("notice_on", [decisions.notice_on(&context)]);
            }
        }
        let claims = Claims {
            host: Some("claimed.example".into()),
            forwarded_host: Some("forwarded.example".into()),
            forwarded_for: Some("203.0.113.1".into()),
        };
        self.write("extra_letter_text", [decisions.extra_letter_text(&claims)]);
        self.write("code_mails_are_used_up", (0..=CODE_MAILS_PER_HOUR).map(|n| decisions.code_mails_are_used_up(n)));
    }

    fn attempts(&mut self) {
        let decisions = self.decisions;
        for offset_s in [0, 1, 1799, 1800, 1801, 1859, 1860, 3600] {
            let now = noon() + SECOND * offset_s;
            self.write("code_is_in_time", [decisions.code_is_in_time(noon(), now)]);
            self.write("validity_starts", [decisions.validity_starts(noon(), now)]);
        }
        let typed = ["000001", "000002", "000003", "000006", "000004", "000902", "999999", ""];
        for account in self.accounts.clone() {
            let newest = account.attempts.back();
            for (attempt, newest) in account.attempts.iter().zip(newest.into_iter().cycle()) {
                self.write("code_is_right", typed.map(|typed| decisions.code_is_right(typed, attempt, &account)));
                self.write("attempt_is_superseded", [decisions.attempt_is_superseded(attempt, newest)]);
                self.write("code_is_spent", [decisions.code_is_spent(attempt)]);
                self.write("refused_mail_ends_attempt", [decisions.refused_mail_ends_attempt(attempt)]);
                self.write("wrong_codes_end_attempt", [decisions.wrong_codes_end_attempt(attempt)]);
                let browsers = ["pc", "phone"].map(TokenHash::of);
                self.write(
                    "attempt_belongs_to",
                    browsers.map(|browser| decisions.attempt_belongs_to(attempt, &browser)),
                );
            }
        }
        self.write("wrong_codes_close_account", (0..60).map(|n| decisions.wrong_codes_close_account(n)));
        let typed = ["000001", " ０００００１ ", "000001\x002", "0000012", "000001'", "０００００１"];
        let read = |typed| std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| decisions.typed_code(typed))).ok();
        self.write("typed_code", typed.map(read));
        for account in self.accounts.clone() {
            for (browser, origin) in [("pc", None), ("phone", Some("203.0.113.1")), ("phone", Some("203.0.113.2"))] {
                let claims = Claims { forwarded_for: origin.map(Box::from), ..Claims::default() };
                let browser = TokenHash::of(browser);
                let visitor = Visitor { browser, session: None, attempt: None, cookies: Vec::new(), claims };
                let count = |wrong_within_the_hour| {
                    let guesses = GuessContext { account: &account, visitor: &visitor, wrong_within_the_hour };
                    decisions.wrong_codes_that_count(&guesses)
                };
                self.write("wrong_codes_that_count", [49, 50].map(count));
            }
        }
    }

    fn sessions(&mut self) {
        let decisions = self.decisions;
        let pages = [
            Page::MyPage,
            Page::Settings,
            Page::SkipSettings,
            Page::SkipConfirmation,
            Page::Resume,
            Page::Address,
            Page::Accounts,
            Page::Password,
        ];
        for page in pages {
            let standings = [Standing::Stranger, Standing::HalfSignedIn, Standing::SignedIn];
            self.write("page_opens", standings.map(|standing| decisions.page_opens(page, standing)));
        }
        let shown = Token::from("planted".to_owned());
        for shown in [None, Some(&shown)] {
            let token = decisions.session_token(shown, &mut draw());
            self.write("session_token", [token.as_str()]);
        }
        let early = session(before(GO_LIVE, SECOND));
        self.write(
            "session_holds",
            [SECOND, 13 * 60 * MINUTE].map(|span| decisions.session_holds(&early, GO_LIVE + span)),
        );
        for session in [None, Some(&early)] {
            self.write("skip_may_be_confirmed", [decisions.skip_may_be_confirmed(session, noon())]);
        }
        self.write("sign_out_ends_session", [decisions.sign_out_ends_session()]);
        let forms = [
            Posted::SignIn,
            Posted::Code,
            Posted::SkipAccepted,
            Posted::SkipDeclined,
            Posted::Resume,
            Posted::Address,
            Posted::Accounts,
            Posted::Password,
            Posted::SignOut,
            Posted::Nothing,
        ];
        for (posted, token_matches) in forms.into_iter().flat_map(|form| [(form, false), (form, true)]) {
            let posts = [false, true].map(|is_cross_site| PostContext { posted, token_matches, is_cross_site });
            self.write("accepts_form", posts.map(|post| decisions.accepts_form(&post)));
        }
    }

    fn pages(&mut self) {
        let decisions = self.decisions;
        for https in [false, true] {
            let kinds = [CookieKind::Browser, CookieKind::Attempt, CookieKind::Session, CookieKind::Skip];
            self.write("cookie_attributes", kinds.map(|kind| decisions.cookie_attributes(kind, https)));
        }
        for account in self.accounts.clone() {
            let namesake = Identity { name: "鈴木 一郎".to_owned(), ..account.identity.clone() };
            self.write("name_shown", [&account.identity, &namesake].map(|identity| decisions.name_shown(identity)));
            for screen in
                [None, Some(Screen::SignIn), Some(Screen::CodeEntry), Some(Screen::MyPage), Some(Screen::SkipSettings)]
            {
                let attempt = account.attempts.back();
                let context = PageContext { screen, account: Some(&account), attempt, session: None, now: noon() };
                self.write("cache_control", [decisions.cache_control(screen)]);
                self.write("extra_response_headers", [decisions.extra_response_headers(&context)]);
                self.write("extra_page_html", [decisions.extra_page_html(&context)]);
            }
        }
        self.write("status_after_refused_mail", [decisions.status_after_refused_mail()]);
        self.write("shows_skip_cautions", [decisions.shows_skip_cautions()]);
    }

    fn setting_skips(&mut self) {
        let decisions = self.decisions;
        let steps = [
            Step::CodeRefused { ticked: false },
            Step::CodeRefused { ticked: true },
            Step::CodeTaken { ticked: false },
            Step::CodeTaken { ticked: true },
            Step::SkipAccepted,
            Step::SkipDeclined,
            Step::ResumeOpened,
            Step::ResumeCompleted,
            Step::AddressChanged,
            Step::PasswordChanged,
            Step::SignedOut,
        ];
        self.write("sets_skip", steps.map(|step| decisions.sets_skip(step)));
        self.write("revokes_skips", steps.map(|step| decisions.revokes_skips(step)));
        self.write("skip_expiry", [decisions.skip_expiry(noon())]);
        self.write("skip_is_kept_beside", (0..100).map(|newer| decisions.skip_is_kept_beside(newer)));
        for account in self.accounts.clone() {
            let id = decisions.skip_id(&account, &mut draw());
            self.write("skip_id", [id.as_str()]);
            let id = Token::from("id".to_owned());
            self.write("skip_cookie_value", [decisions.skip_cookie_value(&id, noon(), &account)]);
            self.write("skip_cookie_name", [decisions.skip_cookie_name(&account.identity)]);
        }
        self.write("skip_cookie_key", ["id.1", "id.2", "other.1"].map(|value| decisions.skip_cookie_key(value)));
    }

    fn using_skips(&mut self) {
        let decisions = self.decisions;
        let set = skip("pc", noon(), 0);
        for offset_s in [-1, 0, 1] {
            let now = Moment::from_millis(set.expires_at.millis() + 1000 * offset_s);
            self.write("skip_is_in_time", [decisions.skip_is_in_time(&set, now)]);
        }
        self.write("skip_expiry_after_use", [decisions.skip_expiry_after_use(&set, noon() + DAY)]);
        let accounts = self.accounts.clone();
        let jars: Vec<Vec<Cookie>> = jars(decisions, &accounts);
        for account in &accounts {
            for (cookies, now) in jars.iter().flat_map(|jar| [noon(), noon() + 2 * DAY].map(|now| (jar, now))) {
                let shown = account.skips.iter().map(Some).chain([None]);
                let checks = shown.map(|skip| SkipCheck { account, cookies, skip, now });
                self.write("skip_lets_in", checks.map(|check| decisions.skip_lets_in(&check)));
            }
        }
    }

    fn revocation(&mut self) {
        let decisions = self.decisions;
        for account in self.accounts.clone() {
            let skips = account.skips.iter();
            self.write("skip_survives", skips.map(|skip| decisions.skip_survives_revocation(skip, &account)));
        }
        let main = account(1, Portal::Seeker);
        self.write("revocation_reaches", [decisions.revocation_reaches(&main.identity, &[Slot(2), Slot(3)])]);
        for live in 0..4 {
            self.write("skip_status", [false, true].map(|here| decisions.skip_status(&main, live, here)));
        }
    }

    fn address_and_office(&mut self) {
        let decisions = self.decisions;
        let instants = [before(GO_LIVE, SECOND), GO_LIVE, noon()];
        self.write("address_change_is_offered", instants.map(|now| decisions.address_change_is_offered(now)));
        self.write("address_change_is_confirmed", [decisions.address_change_is_confirmed()]);
        let new_address = Address::parse("new@example.test").unwrap();
        let number = Code::from_value(123);
        for account in self.accounts.clone() {
            self.write("number_recipients", [decisions.number_recipients(&account, &new_address)]);
            self.write("number_letter", [decisions.number_letter(&number, &account)]);
            for change in [Change::Address { former: &new_address }, Change::Password] {
                self.write("notice_of_change", [decisions.notice_of_change(&change, &account)]);
            }
        }
        for mailed in [Some(number), None] {
            let holder = TokenHash::of("session");
            let address = new_address.clone();
            let change = AddressChange { holder, address, number: mailed, asked_at: noon(), wrong_numbers: 0 };
            let typed = ["000123", "000124", "", "123456"];
            self.write("number_is_right", typed.map(|typed| decisions.number_is_right(typed, &change)));
            let holders = ["session", "another"].map(TokenHash::of);
            self.write(
                "address_change_belongs_to",
                holders.map(|holder| decisions.address_change_belongs_to(&change, &holder)),
            );
        }
        let ends = [NUMBER_VALID - SECOND, NUMBER_VALID, NUMBER_VALID + SECOND];
        self.write("number_is_in_time", ends.map(|age| decisions.number_is_in_time(before(noon(), age), noon())));
        self.write("wrong_numbers_end_change", (0..8).map(|wrong| decisions.wrong_numbers_end_change(wrong)));
        self.write("number_mails_are_used_up", (0..12).map(|mailed| decisions.number_mails_are_used_up(mailed)));
        self.write("office_is_done_at", [0, 1, 3].map(|days| decisions.office_is_done_at(noon(), days)));
        let instants = [before(noon(), DAY), before(noon(), SECOND), noon(), noon() + SECOND];
        self.write("office_change_is_in_force", instants.map(|now| decisions.office_change_is_in_force(noon(), now)));
    }

    fn accounts_and_passwords(&mut self) {
        let decisions = self.decisions;
        let identities: Vec<Identity> = self.accounts.iter().map(|account| account.identity.clone()).collect();
        for identity in identities {
            let main = Identity { main: None, ..identity.clone() };
            self.write(
                "may_have_additional",
                [identity, main].map(|identity| decisions.may_have_additional(&identity)),
            );
        }
        self.write("additional_are_used_up", (0..60).map(|count| decisions.additional_are_used_up(count)));
        self.write("refused_ids_close_adding", (0..12).map(|count| decisions.refused_ids_close_adding(count)));
        self.write("password_change_ends_the_rest", [decisions.password_change_ends_the_rest()]);
        self.write("wrong_passwords_close_change", (0..12).map(|count| decisions.wrong_passwords_close_change(count)));
    }
}

/// What browsers may show: nothing, a session and one skip, an earlier visit, the main account's skip, or another account's value
/// under each name.
fn jars(decisions: &dyn Decisions, accounts: &[AccountState]) -> Vec<Vec<Cookie>> {
    let cookie = |name: &str, value: &str| Cookie { name: name.to_owned(), value: value.to_owned() };
    let id = Token::from("id".to_owned());
    let foreign = decisions.skip_cookie_value(&id, noon() + DAY, &accounts[0]);
    let names = accounts.iter().map(|account| decisions.skip_cookie_name(&account.identity));
    let planted = names.map(|name| vec![cookie("session-seeker", "s"), cookie(&name, &foreign)]);
    let of_main = cookie("skip-0000000000000001", "main");
    let fixed = [
        vec![],
        vec![cookie("session-seeker", "s")],
        vec![cookie("browser", "pc"), cookie("session-seeker", "s")],
        vec![of_main.clone(), cookie("session-employer", "s")],
        vec![of_main, cookie("skip-0000000000000005", "own"), cookie("session-employer", "s")],
    ];
    fixed.into_iter().chain(planted).collect()
}
