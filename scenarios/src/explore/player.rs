//! Acts a story out over the wire: each step becomes what a person does at the target, and what is seen is told in the oracle's words.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use sekisho_simulator::account::Account;
use sekisho_simulator::browser::Cookie;
use sekisho_simulator::clock::Seat;
use sekisho_simulator::office::Procedure;
use sekisho_simulator::recorder::Recorder;
use sekisho_simulator::target::{AccountSource, Screen as Shown, Status as ShownStatus, Step, Target, Vars};
use sekisho_simulator::world::{Household, World};
use sekisho_simulator::{Person, Seen as Answered, SkipBox, Trouble};

use super::post::{Came, Post};
use super::room::{Form, Forms, Room, never_seen};

mod address;
mod resume;

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
        seat: Option<Arc<Seat>>,
        careful: bool,
    ) -> Result<Player, Trouble> {
        let person = world.person_of_household(household, seat, recorder.clone());
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

    /// The target it is told at.
    pub(super) fn target(&self) -> &Target {
        &self.world.target
    }

    /// Whether the step ended at a screen that speaks of a limit.
    pub(super) fn met_a_limit(&self, action: &Action) -> bool {
        action.browser().is_some_and(|browser| self.rooms[browser.0].shows(Shown::Limited))
    }

    /// Whether the last code that was given should have been wrong and was equal to the right one.
    pub(super) fn typed_the_right_code_by_chance(&self) -> bool {
        self.equal_codes
    }

    /// Takes a step and says what was seen of it. Where the office registers an address, days pass: then there are several. `will_tick`
    /// says whether the code of a sign-in that is begun now will be sent with the skip box ticked.
    ///
    /// # Errors
    /// What keeps the step from being judged.
    pub(super) async fn act(&mut self, action: &Action, will_tick: bool) -> Result<Vec<(Action, Seen)>, Trouble> {
        self.came = Came::default();
        let action = &self.as_it_can_be_done(action);
        let mut before = Vec::new();
        let screen = match *action {
            Action::SignIn { browser, account, right_password } => {
                self.sign_in(browser, account, right_password, will_tick).await?
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

    /// The step as this target lets it be done. Where the skip is asked for with the password, that was decided when the sign-in began;
    /// where every right code leads to the question, nobody asks for it.
    fn as_it_can_be_done(&self, action: &Action) -> Action {
        let Action::SubmitCode { browser, typed, tick } = *action else { return *action };
        let (target, room) = (&self.world.target, &self.rooms[browser.0]);
        let asks_with = |step| target.asks_for_skip(room.portal(), step);
        let tick = if asks_with(Step::SubmitCode) {
            tick
        } else if asks_with(Step::SubmitPassword) {
            room.asked_for_skip
        } else {
            target.knows_in(room.portal(), Step::ConfirmSkip)
        };
        Action::SubmitCode { browser, typed, tick }
    }

    /// Who got a mail that the step caused. What mails say of a change of the address is no business of the rules.
    async fn mails(&mut self, action: &Action) -> Result<Vec<Option<crate::oracle::Address>>, Trouble> {
        let of_an_address = match action {
            Action::ChangeAddress(_) | Action::AskAddress(_) | Action::ConfirmAddress { .. } => true,
            Action::OfficeTakesRequest(_) | Action::OfficeChangesAddress(_) => true,
            // Who has another password is told so.
            Action::CompleteResume(browser) => self.resumes_by_password(*browser),
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
        will_tick: bool,
    ) -> Result<Screen, Trouble> {
        let who = self.accounts[account.0].clone();
        let room = &mut self.rooms[browser.0];
        room.visitor.signs_in_to(&who);
        room.visitor.will_ask_for_skip(will_tick);
        let password = room.visitor.password_of(&who);
        let password = if right_password { password } else { format!("not {password}") };
        let vars = Vars { password: &password, ..who.vars() };
        let form = Form { step: Step::SubmitPassword, on: Shown::SignIn, vars, tick: false };
        // A script may need what only a look at the sign-in gives it.
        if !room.shows(Shown::SignIn) || !self.world.target.needs_page(room.portal(), form.step) {
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
            self.rooms[browser.0].asked_for_skip = will_tick;
            self.rooms[browser.0].attempt_is_fresh = true;
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
        self.speak_for(browser, attempt.map(|(account, _)| account));
        self.rooms[browser.0].visitor.will_ask_for_skip(tick);
        let is_fresh = std::mem::take(&mut self.rooms[browser.0].attempt_is_fresh);
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
        let told = self.told(browser, Step::SubmitCode, &seen)?;
        if tick && typed == Typed::Right && is_fresh && matches!(told, Screen::Inside(_)) {
            self.must_hold_a_skip(browser)?;
        }
        Ok(told)
    }

    /// The account whose ID and password the browser's next step puts in, where it does.
    fn speak_for(&mut self, browser: BrowserId, account: Option<AccountId>) {
        let account = account.unwrap_or_else(|| self.holder(browser));
        let account = self.accounts[account.0].clone();
        self.rooms[browser.0].visitor.signs_in_to(&account);
    }

    /// A skip that was set is in a cookie, or the profile does not say which.
    fn must_hold_a_skip(&self, browser: BrowserId) -> Result<(), Trouble> {
        if self.rooms[browser.0].visitor.skip_cookies().is_empty() {
            return Err(Trouble::ControlArm("a skip was set, but no cookie matches `skip.cookie`".to_owned()));
        }
        Ok(())
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
        if step == Step::ConfirmSkip && matches!(told, Screen::Inside(_)) {
            self.must_hold_a_skip(browser)?;
        }
        Ok(told)
    }

    async fn look(&mut self, browser: BrowserId, page: Page) -> Result<Screen, Trouble> {
        let step = match page {
            Page::MyPage => Step::OpenMyPage,
            Page::SkipSettings => Step::OpenSkipSettings,
            Page::CodeEntry => Step::OpenCodeEntry,
        };
        let mut seen = self.rooms[browser.0].open_if_it_can(step).await?;
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
            && self.world.target.knows_in(self.rooms[browser.0].portal(), Step::OpenSettings)
        {
            // The settings are shut to whom My Page is shut to (FAQ-01e).
            let settings = self.rooms[browser.0].open(Step::OpenSettings).await?;
            if settings.is(Shown::Settings) {
                seen = settings;
            }
        }
        self.told(browser, step, &seen)
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
        // Where accounts are not ours to make, the target may call them by other names than we do, and several by the same.
        if self.world.target.accounts != AccountSource::Control {
            return None;
        }
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
