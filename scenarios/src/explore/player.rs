//! Acts a story out over the wire: each step becomes what a person does at the target, and what is seen is told in the oracle's words.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use sekisho_simulator::account::Account;
use sekisho_simulator::browser::Cookie;
use sekisho_simulator::office::Procedure;
use sekisho_simulator::recorder::Recorder;
use sekisho_simulator::target::{Asking, Screen as Shown, Status as ShownStatus, Step, Vars};
use sekisho_simulator::world::{Household, World};
use sekisho_simulator::{Person, Seen as Answered, Trouble};

use super::post::{Came, Post};
use super::room::{Form, Forms, Room, never_seen};
use crate::moves::wrong_code;
use crate::oracle::{AccountId, Action, BrowserId, Page, Planted, Screen, Seen, Status, Typed};

/// Looks like a code, and is tried where there is none to be mistaken for.
const NO_CODE: &str = "000000";

/// How often another wrong code is thought of where one happens to be right.
const WRONG_CODES: usize = 10;

/// A story being acted out.
pub(super) struct Player {
    world: Arc<World>,
    person: Person,
    accounts: Vec<Account>,
    rooms: Vec<Room>,
    post: Post,
    /// The code of each attempt of each account; none where no mail had one.
    codes: Vec<Vec<Option<String>>>,
    /// The address that was asked for last in My Page, for each account.
    asked: Vec<Option<String>>,
    /// What the office works at for each account, and the address it is to register.
    procedures: Vec<Option<(Procedure, String)>>,
    /// A skip cookie of each account: what its name is.
    names: HashMap<AccountId, Cookie>,
    /// What came by mail while the step goes on.
    came: Came,
    /// Whether each step is given the quiet time, so that it is certain which mail it caused.
    careful: bool,
    /// Whether a code that should be wrong was equal to the right one: by chance, or because the target mails the same again.
    equal_codes: bool,
}

impl Player {
    pub(super) async fn new(
        world: &Arc<World>,
        household: &Household,
        browsers: usize,
        forms: &Arc<Forms>,
        recorder: Arc<dyn Recorder>,
        careful: bool,
    ) -> Result<Player, Trouble> {
        let person = world.person_of_household(household, recorder.clone());
        let accounts = household.accounts.clone();
        let main = accounts.first().ok_or_else(|| Trouble::Means("no account was given".to_owned()))?;
        let room = |number| Room::new(person.browser(&BrowserId(number).letter(), main), forms.clone());
        let count = accounts.len();
        Ok(Player {
            rooms: (0..browsers).map(room).collect(),
            post: Post::new(world.clone(), &accounts, recorder).await?,
            world: world.clone(),
            person,
            accounts,
            codes: vec![Vec::new(); count],
            asked: vec![None; count],
            procedures: vec![None; count],
            names: HashMap::new(),
            came: Came::default(),
            careful,
            equal_codes: false,
        })
    }

    /// The person whose story it is.
    pub(super) fn person(&self) -> &Person {
        &self.person
    }

    /// Whether the step ended at a screen that speaks of a limit.
    pub(super) fn met_a_limit(&self, action: &Action) -> bool {
        action.browser().is_some_and(|browser| self.rooms[browser.0].shows(Shown::Limited))
    }

    /// Whether the last code that was given should have been wrong and was equal to the right one.
    pub(super) fn typed_the_right_code_by_chance(&self) -> bool {
        self.equal_codes
    }

    /// Takes a step and says what was seen of it. Where the office registers an address, days pass: then there are several.
    ///
    /// # Errors
    /// What keeps the step from being judged.
    pub(super) async fn act(&mut self, action: &Action) -> Result<Vec<(Action, Seen)>, Trouble> {
        self.came = Came::default();
        let mut before = Vec::new();
        let screen = match *action {
            Action::SignIn { browser, account, right_password } => {
                self.sign_in(browser, account, right_password).await?
            }
            Action::SubmitCode { browser, typed, tick } => self.submit_code(browser, typed, tick).await?,
            Action::ConfirmSkip(browser) => self.decide(browser, Step::ConfirmSkip).await?,
            Action::CancelSkip(browser) => self.decide(browser, Step::CancelSkip).await?,
            Action::OpenResume(browser) => self.open_resume(browser).await?,
            Action::CompleteResume(browser) => self.complete_resume(browser).await?,
            Action::Look(browser, page) => self.look(browser, page).await?,
            Action::ChangeAddress(browser) => self.change_address(browser).await?,
            Action::AskAddress(browser) => self.ask_address(browser).await?,
            Action::ConfirmAddress { browser, right } => self.confirm_address(browser, right).await?,
            Action::OfficeTakesRequest(account) => self.ask_the_office(account).await?,
            Action::OfficeChangesAddress(account) => self.office_works(account, &mut before).await?,
            Action::SignOut(browser) => self.sign_out(browser).await?,
            Action::ForgetSession(browser) => self.delete_cookies(browser, false),
            Action::ClearCookies(browser) => self.delete_cookies(browser, true),
            Action::PlantSkipCookie { browser, account, planted } => self.plant(browser, account, planted),
            Action::Wait(ms) => self.wait(Duration::from_millis(ms.unsigned_abs())).await?,
        };
        let mails = self.mails(action).await?;
        before.push((*action, Seen { screen, mails }));
        Ok(before)
    }

    /// Who got a mail that the step caused. What mails say of a change of the address is no business of the rules.
    async fn mails(&mut self, action: &Action) -> Result<Vec<Option<crate::oracle::Address>>, Trouble> {
        let of_an_address = match action {
            Action::ChangeAddress(_) | Action::AskAddress(_) | Action::ConfirmAddress { .. } => true,
            Action::OfficeTakesRequest(_) | Action::OfficeChangesAddress(_) => true,
            Action::Wait(_) => self.procedures.iter().any(Option::is_some),
            _ => false,
        };
        // What is mailed about a change of the address must not be taken for the doing of a later step.
        if of_an_address || self.careful {
            tokio::time::sleep(self.world.target.numbers.quiet_time.0).await;
        }
        let later = self.post.look().await?;
        self.came.add(later);
        let Came { coded, others, .. } = std::mem::take(&mut self.came);
        // A code mail is what a sign-in is to cause; what else a target then says by mail is its own business.
        let others_count = coded.is_empty() && !of_an_address;
        Ok(if others_count { others } else { coded })
    }

    /// Gives mails that should not come the quiet time, and says who got one since the last step.
    pub(super) async fn rest(&mut self) -> Result<Seen, Trouble> {
        tokio::time::sleep(self.world.target.numbers.quiet_time.0).await;
        let Came { coded, others, .. } = self.post.look().await?;
        Ok(Seen { screen: Screen::Nothing, mails: [coded, others].concat() })
    }

    async fn sign_in(
        &mut self,
        browser: BrowserId,
        account: AccountId,
        right_password: bool,
    ) -> Result<Screen, Trouble> {
        let who = self.accounts[account.0].clone();
        let password = if right_password { who.password.clone() } else { format!("not {}", who.password) };
        let room = &mut self.rooms[browser.0];
        let vars = Vars { password: &password, ..who.vars() };
        let form = Form { step: Step::SubmitPassword, on: Shown::SignIn, vars, tick: false };
        if !room.shows(Shown::SignIn) {
            let opened = room.open(Step::OpenSignIn).await?;
            if !opened.is(Shown::SignIn) {
                return Err(astray(Step::OpenSignIn, Shown::SignIn, &opened));
            }
        }
        let seen = room.send(form, Some(Step::OpenSignIn)).await?;
        if seen.asks_for_code() {
            let came = self.post.await_code().await?;
            self.codes[account.0].push(came.code.clone());
            self.came.add(came);
            self.rooms[browser.0].attempt = Some((account, self.codes[account.0].len() - 1));
        } else if seen.is_signed_in() {
            self.rooms[browser.0].session_is(Some(account));
        }
        self.note_skips(browser);
        self.told(browser, Step::SubmitPassword, &seen)
    }

    async fn submit_code(&mut self, browser: BrowserId, typed: Typed, tick: bool) -> Result<Screen, Trouble> {
        let attempt = self.rooms[browser.0].attempt;
        let (code, right) = self.code(attempt, typed);
        self.equal_codes = typed != Typed::Right && right.as_ref() == Some(&code);
        let vars = Vars { code: &code, ..Vars::default() };
        let form = Form { step: Step::SubmitCode, on: Shown::CodeEntry, vars, tick };
        let seen = match attempt {
            Some(_) => self.rooms[browser.0].send(form, Some(Step::OpenCodeEntry)).await?,
            None => self.rooms[browser.0].forge(form).await?,
        };
        if seen.is_signed_in() {
            let session = self.rooms[browser.0].session;
            let account = attempt.map(|(account, _)| account).or(session).unwrap_or(AccountId(0));
            self.rooms[browser.0].session_is(Some(account));
        }
        self.note_skips(browser);
        self.told(browser, Step::SubmitCode, &seen)
    }

    /// What is typed, and what would be right.
    fn code(&self, attempt: Option<(AccountId, usize)>, typed: Typed) -> (String, Option<String>) {
        let of = |account: AccountId, index: usize| self.codes[account.0].get(index).cloned().flatten();
        let newest = |account: AccountId| self.codes[account.0].last().cloned().flatten();
        let right = attempt.and_then(|(account, index)| of(account, index));
        let chosen = match (typed, attempt) {
            (Typed::Right, Some(_)) => right.clone(),
            // A browser without an attempt tries the newest code of the main account.
            (Typed::Right, None) => newest(AccountId(0)),
            (Typed::Earlier(back), Some((account, index))) => {
                index.checked_sub(back).filter(|_| back > 0).and_then(|earlier| of(account, earlier))
            }
            (Typed::Of(other), Some((account, _))) if other != account => newest(other),
            _ => None,
        };
        (chosen.unwrap_or_else(|| self.wrong_code(right.clone())), right)
    }

    /// A number that was mailed to nobody.
    fn wrong_code(&self, like: Option<String>) -> String {
        let mailed = |code: &String| self.codes.iter().flatten().flatten().any(|known| known == code);
        let mut code = wrong_code(like.as_deref().unwrap_or(NO_CODE));
        for _ in 0..WRONG_CODES {
            if !mailed(&code) {
                break;
            }
            code = wrong_code(&code);
        }
        code
    }

    async fn decide(&mut self, browser: BrowserId, step: Step) -> Result<Screen, Trouble> {
        let seen = self.rooms[browser.0].send(Form::plain(step, Shown::SkipConfirmation), None).await?;
        self.note_skips(browser);
        if seen.is(Shown::SkipConfirmation) {
            return Ok(Screen::Outside);
        }
        let told = self.told(browser, step, &seen)?;
        if step == Step::ConfirmSkip
            && matches!(told, Screen::Inside(_))
            && self.rooms[browser.0].visitor.skip_cookies().is_empty()
        {
            return Err(Trouble::ControlArm("a skip was confirmed, but no cookie matches `skip.cookie`".to_owned()));
        }
        Ok(told)
    }

    async fn open_resume(&mut self, browser: BrowserId) -> Result<Screen, Trouble> {
        let room = &mut self.rooms[browser.0];
        if !room.shows(Shown::SkipSettings) {
            let seen = room.open(Step::OpenSkipSettings).await?;
            if !seen.is(Shown::SkipSettings) {
                let knows = self.world.target.knows(Step::OpenResume);
                let seen = if knows { room.open(Step::OpenResume).await? } else { seen };
                return self.told(browser, Step::OpenResume, &seen);
            }
        }
        let seen = room.send(Form::plain(Step::Resume, Shown::SkipSettings), None).await?;
        self.told(browser, Step::Resume, &seen)
    }

    async fn complete_resume(&mut self, browser: BrowserId) -> Result<Screen, Trouble> {
        let form = Form::plain(Step::CompleteResume, Shown::ResumeConfirmation);
        let signed_in = self.rooms[browser.0].session.is_some();
        if signed_in && !self.world.target.knows(Step::OpenResume) && !self.rooms[browser.0].shows(form.on) {
            self.open_resume(browser).await?;
        }
        let reload = signed_in.then_some(Step::OpenResume);
        let seen = self.rooms[browser.0].send(form, reload).await?;
        if seen.is(Shown::ResumeConfirmation) {
            return Err(astray(Step::CompleteResume, Shown::SkipSettings, &seen));
        }
        self.told(browser, Step::CompleteResume, &seen)
    }

    async fn look(&mut self, browser: BrowserId, page: Page) -> Result<Screen, Trouble> {
        let step = match page {
            Page::MyPage => Step::OpenMyPage,
            Page::SkipSettings => Step::OpenSkipSettings,
            Page::CodeEntry => Step::OpenCodeEntry,
        };
        let mut seen = self.rooms[browser.0].open(step).await?;
        if page == Page::SkipSettings && seen.is(Shown::SkipSettings) {
            let status = match self.world.target.status_on(&seen.answer) {
                Some(ShownStatus::Some) => Status::Some,
                Some(ShownStatus::None) => Status::None,
                None => return Err(astray(step, Shown::SkipSettings, &seen)),
            };
            return Ok(Screen::SkipSettings(self.holder(browser), status));
        }
        if page == Page::MyPage
            && !matches!(self.told(browser, step, &seen)?, Screen::Inside(_))
            && self.world.target.knows(Step::OpenSettings)
        {
            // The settings are shut to whom My Page is shut to (FAQ-01e).
            let settings = self.rooms[browser.0].open(Step::OpenSettings).await?;
            if settings.is(Shown::Settings) {
                seen = settings;
            }
        }
        self.told(browser, step, &seen)
    }

    async fn change_address(&mut self, browser: BrowserId) -> Result<Screen, Trouble> {
        match self.ask_address(browser).await? {
            Screen::Inside(_) if self.world.target.confirms_addresses() => self.confirm_address(browser, true).await,
            Screen::Inside(account) => {
                self.register_asked(account);
                Ok(Screen::Inside(account))
            }
            refused => Ok(refused),
        }
    }

    async fn ask_address(&mut self, browser: BrowserId) -> Result<Screen, Trouble> {
        let account = self.holder(browser);
        let new = self.world.fresh_address();
        let vars = Vars { new_address: &new, ..Vars::default() };
        let form = Form { step: Step::SubmitAddress, on: Shown::AddressChange, vars, tick: false };
        let room = &mut self.rooms[browser.0];
        let opened = room.open(Step::OpenAddressChange).await?;
        let known =
            self.world.target.request(&Asking::on(room.portal(), form.step, vars, Some(&opened.answer))).is_ok();
        if opened.is(Shown::AddressChange) && !known {
            if !room.knows(form.step) {
                return Err(never_seen(form.step));
            }
            // The page opens, but offers no change: the office is at work.
            return Ok(Screen::Outside);
        }
        self.post.ask(account, &new);
        let seen = match opened.is(Shown::AddressChange) {
            true => room.send(form, None).await?,
            false => room.forge(form).await?,
        };
        let again = seen.is(Shown::AddressChange) && seen.answer.status >= 400;
        let screen = if again { Screen::Outside } else { self.told(browser, form.step, &seen)? };
        if matches!(screen, Screen::Inside(_)) {
            self.asked[account.0] = Some(new);
        }
        Ok(screen)
    }

    async fn confirm_address(&mut self, browser: BrowserId, right: bool) -> Result<Screen, Trouble> {
        let account = self.holder(browser);
        let asked = self.asked[account.0].clone();
        let number = match &asked {
            Some(asked) if right && self.post.last_number(asked).is_none() => {
                let (number, came) = self.post.number_for(asked).await?;
                self.came.add(came);
                number
            }
            Some(asked) if right => self.post.last_number(asked).unwrap_or_default(),
            Some(asked) => wrong_code(self.post.last_number(asked).as_deref().unwrap_or(NO_CODE)),
            None => NO_CODE.to_owned(),
        };
        let vars = Vars { confirmation: &number, ..Vars::default() };
        let form = Form { step: Step::ConfirmAddress, on: Shown::AddressConfirmation, vars, tick: false };
        let seen = self.rooms[browser.0].send(form, None).await?;
        if seen.is(Shown::AddressConfirmation) {
            return Ok(Screen::Outside);
        }
        let screen = self.told(browser, form.step, &seen)?;
        if screen == Screen::Inside(account) {
            self.register_asked(account);
        }
        Ok(screen)
    }

    fn register_asked(&mut self, account: AccountId) {
        if let Some(new) = self.asked[account.0].take() {
            self.register(account, &new);
        }
    }

    fn register(&mut self, account: AccountId, new: &str) {
        self.post.register(account, new);
        self.accounts[account.0] = self.person.moved(&self.accounts[account.0], new);
    }

    async fn ask_the_office(&mut self, account: AccountId) -> Result<Screen, Trouble> {
        let new = self.world.fresh_address();
        match self.person.ask_the_office(&self.accounts[account.0], &new).await {
            Ok(procedure) => {
                self.post.ask(account, &new);
                self.procedures[account.0] = Some((procedure, new));
                Ok(Screen::Nothing)
            }
            // A second request beside one that is open may well be refused.
            Err(Trouble::Office(_)) if self.procedures[account.0].is_some() => Ok(Screen::Outside),
            Err(trouble) => Err(trouble),
        }
    }

    /// The office satisfies itself who asks, and the days pass that it needs.
    async fn office_works(&mut self, account: AccountId, before: &mut Vec<(Action, Seen)>) -> Result<Screen, Trouble> {
        let quietly = |screen| Seen { screen, mails: Vec::new() };
        if self.procedures[account.0].is_none() {
            let asked = self.ask_the_office(account).await?;
            before.push((Action::OfficeTakesRequest(account), quietly(asked)));
        }
        let Some((procedure, new)) = self.procedures[account.0].take() else { return Ok(Screen::Outside) };
        let done_at = self.person.prove_identity(&procedure).await?;
        if let Ok(days) = done_at.duration_since(self.person.now()) {
            self.wait(days).await?;
            let ms = i64::try_from(days.as_millis()).unwrap_or(i64::MAX);
            before.push((Action::Wait(ms), quietly(Screen::Nothing)));
        }
        self.asked[account.0] = None;
        self.register(account, &new);
        Ok(Screen::Nothing)
    }

    async fn sign_out(&mut self, browser: BrowserId) -> Result<Screen, Trouble> {
        let room = &mut self.rooms[browser.0];
        if !room.shows(Shown::MyPage) {
            let seen = room.open(Step::OpenMyPage).await?;
            if !seen.is(Shown::MyPage) {
                room.session_is(None);
                // Whoever is not signed in has what they want, whatever they are shown.
                return match self.told(browser, Step::OpenMyPage, &seen)? {
                    Screen::AsksForCode => Ok(Screen::Outside),
                    other => Ok(other),
                };
            }
        }
        let seen = room.send(Form::plain(Step::SignOut, Shown::MyPage), None).await?;
        let screen = self.told(browser, Step::SignOut, &seen)?;
        self.rooms[browser.0].session_is(None);
        Ok(if screen == Screen::AsksForCode { Screen::Outside } else { screen })
    }

    fn delete_cookies(&mut self, browser: BrowserId, skips_too: bool) -> Screen {
        self.rooms[browser.0].delete_cookies(skips_too);
        Screen::Nothing
    }

    fn plant(&mut self, browser: BrowserId, account: AccountId, planted: Planted) -> Screen {
        let room = &self.rooms[browser.0];
        let cookie = match planted {
            Planted::Kept => room.kept.get(&account).cloned(),
            Planted::Altered(at) => {
                room.kept.get(&account).cloned().map(|cookie| cookie.clone().with_value(altered(&cookie.value(), at)))
            }
            Planted::Of(other) if other != account => {
                // Where no browser was ever given a cookie of the account, there is no name to show it under.
                let named = self.names.get(&account).cloned();
                room.kept.get(&other).zip(named).map(|(other, own)| own.with_value(other.value().as_bytes()))
            }
            Planted::Of(_) => None,
        };
        if let Some(cookie) = cookie {
            self.rooms[browser.0].plant(cookie);
        }
        Screen::Nothing
    }

    /// Keeps the skip cookies that the browser was given.
    fn note_skips(&mut self, browser: BrowserId) {
        let holder = self.holder(browser);
        let room = &mut self.rooms[browser.0];
        for cookie in room.new_skips() {
            room.kept.insert(holder, cookie.clone());
            self.names.insert(holder, cookie);
        }
    }

    async fn wait(&mut self, by: Duration) -> Result<Screen, Trouble> {
        if !by.is_zero() {
            self.person.wait(by).await?;
        }
        Ok(Screen::Nothing)
    }

    /// The account the browser is known at, by its session or else by its attempt; a stranger tries the main account.
    fn holder(&self, browser: BrowserId) -> AccountId {
        let room = &self.rooms[browser.0];
        room.session.or(room.attempt.map(|(account, _)| account)).unwrap_or(AccountId(0))
    }

    /// What was seen, as coarsely as the oracle tells screens apart.
    fn told(&self, browser: BrowserId, step: Step, seen: &Answered) -> Result<Screen, Trouble> {
        let holder = self.holder(browser);
        let begins = matches!(step, Step::SubmitCode | Step::SubmitPassword);
        Ok(match seen.screen {
            Some(Shown::CodeEntry) => Screen::AsksForCode,
            Some(Shown::SkipConfirmation) if begins => Screen::OffersSkip(holder),
            Some(Shown::MyPage) => Screen::Inside(self.named_on(seen).unwrap_or(holder)),
            Some(
                Shown::SkipConfirmation
                | Shown::Settings
                | Shown::SkipSettings
                | Shown::ResumeConfirmation
                | Shown::AddressChange
                | Shown::AddressConfirmation
                | Shown::AdditionalAccounts
                | Shown::PasswordChange
                | Shown::PasswordChanged,
            ) => Screen::Inside(holder),
            Some(Shown::SignIn | Shown::AttemptOver | Shown::CookiesOff | Shown::Limited | Shown::Refused) => {
                Screen::Outside
            }
            Some(Shown::MailFailed) | None => return Err(astray(step, Shown::CodeEntry, seen)),
        })
    }

    /// The only account of the story whose name stands on a page.
    fn named_on(&self, seen: &Answered) -> Option<AccountId> {
        let text = seen.text();
        let mut named = self.accounts.iter().enumerate().filter(|(_, account)| text.contains(&account.name));
        let (account, _) = named.next()?;
        named.next().is_none().then_some(AccountId(account))
    }
}

fn astray(step: Step, wanted: Shown, seen: &Answered) -> Trouble {
    Trouble::Astray { step, wanted: wanted.to_string(), seen: seen.describe() }
}

/// The value with one of its characters changed.
pub fn altered(value: &str, at: usize) -> String {
    let at = at % value.len().max(1);
    let change = |(index, c)| {
        if index != at {
            c
        } else if c == '1' {
            '2'
        } else {
            '1'
        }
    };
    value.chars().enumerate().map(change).collect()
}
