//! One account and some browsers, for the tests of the core.
#![allow(clippy::unwrap_used)]

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::decisions::Conforming;

pub const MINUTE: Duration = Duration::from_secs(60);
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An account whose clock starts a day after go-live.
pub struct Bench {
    pub state: AccountState,
    pub now: Moment,
    pub mail_has_room: bool,
    /// All effects so far.
    pub effects: Vec<Effect>,
    draw: StdRng,
    browsers: HashMap<String, Jar>,
}

#[derive(Default)]
struct Jar {
    session: Option<Token>,
    cookies: Vec<Cookie>,
}

/// An attempt whose code was mailed.
pub struct Sent {
    pub attempt: Token,
    pub code: Code,
}

impl Bench {
    pub fn new() -> Self {
        let identity = Identity { slot: Slot(7), portal: Portal::Seeker, name: "佐藤 花子".to_owned(), main: None };
        let address = Address::parse("hanako@example.test").unwrap();
        Self {
            state: AccountState::new(identity, address, Arc::from("")),
            now: GO_LIVE + DAY,
            mail_has_room: true,
            effects: Vec::new(),
            draw: StdRng::seed_from_u64(20_250_813),
            browsers: HashMap::new(),
        }
    }

    pub fn pass(&mut self, span: Duration) {
        self.now = self.now + span;
    }

    pub fn happen<E: Event>(&mut self, event: E) -> E::Answer {
        let outcome = apply(&mut self.state, event, self.now, &mut self.draw, &Conforming);
        self.effects.extend(outcome.effects);
        outcome.answer
    }

    /// Lets a browser cause an event, and lets it keep what it is told to keep.
    fn browse<E: Event>(&mut self, browser: &str, event: E) -> E::Answer {
        let before = self.effects.len();
        let answer = self.happen(event);
        let kept: Vec<Cookie> = self.effects[before..]
            .iter()
            .filter_map(|effect| if let Effect::KeepSkip(cookie) = effect { Some(cookie.clone()) } else { None })
            .collect();
        for cookie in kept {
            self.keep(browser, cookie);
        }
        answer
    }

    pub fn visitor(&self, browser: &str) -> Visitor {
        let jar = self.browsers.get(browser);
        Visitor {
            browser: BrowserTag::of(browser),
            session: jar.and_then(|jar| jar.session.clone()),
            attempt: None,
            cookies: jar.map(|jar| jar.cookies.clone()).unwrap_or_default(),
            claims: Claims::default(),
        }
    }

    fn jar(&mut self, browser: &str) -> &mut Jar {
        self.browsers.entry(browser.to_owned()).or_default()
    }

    pub fn keep(&mut self, browser: &str, cookie: Cookie) {
        let jar = self.jar(browser);
        jar.cookies.retain(|kept| kept.name != cookie.name);
        jar.cookies.push(cookie);
    }

    pub fn forget(&mut self, browser: &str) {
        *self.jar(browser) = Jar::default();
    }

    pub fn plant_session(&mut self, browser: &str, token: Token) {
        self.jar(browser).session = Some(token);
    }

    pub fn skip_cookie(&self, browser: &str) -> Option<Cookie> {
        self.browsers.get(browser)?.cookies.first().cloned()
    }

    fn give(
        &mut self,
        browser: &str,
        address: &Address,
        password_is_right: bool,
    ) -> Result<SignInAnswer, SignInRefusal> {
        let checked = self.state.password_hash.clone();
        self.give_against(browser, address, password_is_right, &checked)
    }

    /// ID and password, which was checked against this hash.
    pub fn give_against(
        &mut self,
        browser: &str,
        address: &Address,
        password_is_right: bool,
        checked: &Arc<str>,
    ) -> Result<SignInAnswer, SignInRefusal> {
        let visitor = self.visitor(browser);
        let event = SignIn {
            visitor: &visitor,
            address,
            password_is_right,
            checked,
            signed_in_as: None,
            go_live: GO_LIVE,
            mail_has_room: self.mail_has_room,
        };
        let answer = self.browse(browser, event);
        if let Ok(SignInAnswer::SignedIn(signed_in)) = &answer {
            self.plant_session(browser, signed_in.session.clone());
        }
        answer
    }

    pub fn sign_in(&mut self, browser: &str) -> Result<SignInAnswer, SignInRefusal> {
        self.sign_in_as(browser, &self.state.address.clone())
    }

    /// Signs in with this ID and the right password.
    pub fn sign_in_as(&mut self, browser: &str, address: &Address) -> Result<SignInAnswer, SignInRefusal> {
        self.give(browser, address, true)
    }

    pub fn sign_in_wrongly(&mut self, browser: &str) -> Result<SignInAnswer, SignInRefusal> {
        self.give(browser, &self.state.address.clone(), false)
    }

    /// Whether the browser signs in without a code now.
    pub fn is_skipped(&mut self, browser: &str) -> bool {
        matches!(self.sign_in(browser).unwrap(), SignInAnswer::SignedIn(_))
    }

    /// ID and password; a code must be asked.
    pub fn start(&mut self, browser: &str) -> Sent {
        match self.sign_in(browser).unwrap() {
            SignInAnswer::CodeMailed(attempt) => Sent { attempt, code: self.state.attempts.back().unwrap().code },
            SignInAnswer::SignedIn(_) => panic!("no code was asked in {browser}"),
        }
    }

    fn with_attempt(&self, browser: &str, attempt: &Token) -> Visitor {
        Visitor { attempt: Some(attempt.clone()), ..self.visitor(browser) }
    }

    pub fn view(&mut self, browser: &str, attempt: &Token) -> Result<(), AttemptEnd> {
        let visitor = self.with_attempt(browser, attempt);
        self.browse(browser, ViewCode { visitor: &visitor })
    }

    pub fn submit(
        &mut self,
        browser: &str,
        attempt: &Token,
        typed: &dyn AsRef<str>,
        ticked: bool,
    ) -> Result<SignedIn, CodeRefusal> {
        let visitor = self.with_attempt(browser, attempt);
        let answer = self.browse(browser, SubmitCode { visitor: &visitor, typed: typed.as_ref(), ticked });
        if let Ok(signed_in) = &answer {
            self.plant_session(browser, signed_in.session.clone());
        }
        answer
    }

    pub fn sign_in_by_code(&mut self, browser: &str, ticked: bool) -> SignedIn {
        let Sent { attempt, code } = self.start(browser);
        self.submit(browser, &attempt, &code, ticked).unwrap()
    }

    pub fn confirm(&mut self, browser: &str, accepted: bool) -> Result<(), ConfirmRefusal> {
        let visitor = self.visitor(browser);
        self.browse(browser, ConfirmSkip { visitor: &visitor, accepted })
    }

    pub fn set_skip(&mut self, browser: &str) {
        self.sign_in_by_code(browser, true);
        self.confirm(browser, true).unwrap();
    }

    pub fn page(&mut self, browser: &str, page: Page) -> Result<PageView, NotSignedIn> {
        let visitor = self.visitor(browser);
        self.browse(browser, ViewPage { visitor: &visitor, page })
    }

    pub fn complete_resume(&mut self, browser: &str) -> Result<Vec<Slot>, NotSignedIn> {
        let visitor = self.visitor(browser);
        self.browse(browser, CompleteResume { visitor: &visitor, additional: &[] })
    }

    /// Asks for another address; the number, if one was mailed.
    pub fn ask(&mut self, browser: &str, address: &Address, is_free: bool) -> Result<Option<Code>, AddressRefusal> {
        let visitor = self.visitor(browser);
        let mail_has_room = self.mail_has_room;
        self.browse(browser, AskAddressChange { visitor: &visitor, address, is_free, mail_has_room })?;
        Ok(self.state.address_change.as_ref().and_then(|change| change.number))
    }

    pub fn pending(&mut self, browser: &str) -> Result<Address, NumberRefusal> {
        let visitor = self.visitor(browser);
        self.browse(browser, ViewAddressChange { visitor: &visitor })
    }

    /// Gives a confirmation number; the address is free.
    pub fn number(&mut self, browser: &str, typed: &str) -> Result<(), NumberRefusal> {
        let visitor = self.visitor(browser);
        let claimed = self.state.address_change.as_ref().map(|change| change.address.clone());
        let claimed = claimed.unwrap_or_else(|| self.state.address.clone());
        self.browse(browser, ConfirmAddressChange { visitor: &visitor, typed, claim: (&claimed, true) })
    }

    pub fn other_than(&self, code: &Code) -> Code {
        Code::from_value(code.as_str().parse::<u32>().unwrap() + 1)
    }

    pub fn last_recipients(&self) -> Option<&Recipients> {
        self.effects.iter().rev().find_map(|effect| match effect {
            Effect::MailCode { recipients, .. } => Some(recipients),
            _ => None,
        })
    }

    /// The last mail that was promised and is no code.
    pub fn last_mail(&self) -> Option<(&Recipients, &Letter)> {
        self.effects.iter().rev().find_map(|effect| match effect {
            Effect::Mail { recipients, letter } => Some((recipients, letter)),
            _ => None,
        })
    }

    /// How many mails of any kind were sent.
    pub fn mails(&self) -> usize {
        self.effects
            .iter()
            .filter(|effect| matches!(effect, Effect::MailCode { .. } | Effect::Mail { .. } | Effect::Notify(_)))
            .count()
    }

    /// How many tokens the index holds.
    pub fn open_tokens(&self) -> usize {
        let mut open = HashSet::new();
        for effect in &self.effects {
            match effect {
                Effect::OpenToken(token) => assert!(open.insert(*token), "a token is opened once"),
                Effect::CloseToken(token) => assert!(open.remove(token), "only open tokens are closed"),
                _ => {}
            }
        }
        open.len()
    }
}
