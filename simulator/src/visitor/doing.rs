//! How a step is done: its requests in order, what each gives to the next, and what the target wants waited for between them.

use std::time::{Duration, Instant};

use http::Method;

use super::pieces::pieces;
use super::sent::SentAt;
use super::{Seen, SkipBox, Visitor};
use crate::account::Account;
use crate::browser::{Answer, Kind, Request};
use crate::clock::ClockError;
use crate::target::{Asking, DriverError, Screen, Step, Taken, Vars};
use crate::trouble::Trouble;

/// What a step was begun with: requests that follow the one a story sends by itself put in the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Intent {
    step: Option<Step>,
    skip: bool,
    portal: &'static str,
    texts: Texts,
}

/// The texts of [`Vars`], kept.
#[derive(Debug, Clone, Default)]
struct Texts {
    address: String,
    id: String,
    password: String,
    new_password: String,
    name: String,
    code: String,
    new_address: String,
    confirmation: String,
}

impl Intent {
    fn vars(&self) -> Vars<'_> {
        let texts = &self.texts;
        Vars {
            portal: self.portal,
            address: &texts.address,
            id: &texts.id,
            password: &texts.password,
            new_password: &texts.new_password,
            name: &texts.name,
            code: &texts.code,
            new_address: &texts.new_address,
            confirmation: &texts.confirmation,
        }
    }
}

impl Visitor {
    /// Says that this story will ask for the skip with the code, for targets that want to know it when the password is sent.
    pub fn will_ask_for_skip(&mut self, will: bool) {
        self.will_skip = will;
    }

    /// Whether the profile says how a step is done in the portal that is visited.
    pub fn knows(&self, step: Step) -> bool {
        self.life.world.target.knows_in(self.portal, step)
    }

    /// Whether the page that is open was recognised as this screen.
    pub fn shows(&self, screen: Screen) -> bool {
        self.shown == Some(screen)
    }

    /// Does a step whose outcome may be anything, also a screen that the profile does not know.
    ///
    /// # Errors
    /// When nothing came back, or the step cannot be done on this page.
    pub async fn look(&mut self, step: Step, vars: Vars<'_>, tick: SkipBox) -> Result<Seen, Trouble> {
        self.cool_down(step).await?;
        self.intend(step, vars, tick)?;
        let world = self.life.world.clone();
        let way = world.target.way(self.portal, step)?;
        let places = way.acts().map(|(place, _)| place);
        self.go(step, places, None).await
    }

    /// The request that a step is about, by itself and on the page that is open, to be sent later, again, or from another browser.
    ///
    /// # Errors
    /// When the step cannot be done on this page, or begins with other requests.
    pub fn prepare(&mut self, step: Step, vars: Vars<'_>, tick: SkipBox) -> Result<Request, Trouble> {
        self.intend(step, vars, tick)?;
        Ok(self.with_asking(self.browser.current(), |asking| self.life.world.target.request(asking))?)
    }

    /// The same on a page that the browser still keeps open beside the one it shows.
    ///
    /// # Errors
    /// As [`Visitor::prepare`].
    pub fn prepare_on(&mut self, page: &Answer, step: Step, vars: Vars<'_>, tick: SkipBox) -> Result<Request, Trouble> {
        self.intend(step, vars, tick)?;
        Ok(self.with_asking(Some(page), |asking| self.life.world.target.request(asking))?)
    }

    /// The same where other requests of the step come before it: they are sent first.
    ///
    /// # Errors
    /// When nothing came back, or the step cannot be done on the page to which they lead.
    pub async fn lead_up_to(&mut self, step: Step, vars: Vars<'_>, tick: SkipBox) -> Result<Request, Trouble> {
        self.intend(step, vars, tick)?;
        let world = self.life.world.clone();
        let way = world.target.way(self.portal, step)?;
        let (begun, mut held_back) = (Instant::now(), Duration::ZERO);
        let mut last: Option<Answer> = None;
        for (place, act) in way.acts().take_while(|(place, _)| *place <= way.main()) {
            if !act.is_due(self.intent.skip, step, last.as_ref().or(self.browser.current())) {
                continue;
            }
            let request = self.with_asking(self.browser.current(), |asking| world.target.put_together(act, asking))?;
            if place == way.main() {
                return Ok(request);
            }
            let answer = self.exchange(step, request, begun, &mut held_back).await?;
            self.learn(act.gives(&answer));
            last = Some(answer);
        }
        Err(DriverError::NothingToSend(step).into())
    }

    /// Sends a request of the story's own making under the name of a step, and then what follows it in that step. What keeps somebody
    /// signed in is this browser's own, in a header as in a cookie, whichever browser the request comes from.
    ///
    /// # Errors
    /// When nothing came back.
    pub async fn send(&mut self, step: Step, mut request: Request) -> Result<Seen, Trouble> {
        self.cool_down(step).await?;
        if self.intent.step != Some(step) {
            self.intent = Intent { step: Some(step), portal: self.portal.name(), ..Intent::default() };
        }
        let world = self.life.world.clone();
        self.with_asking(None, |asking| world.target.put_own_session_in(asking, &mut request))?;
        match world.target.way(self.portal, step) {
            // A story may make up a request of its own for a step that the profile does not name.
            Err(_) => self.go(step, std::iter::empty(), Some(request)).await,
            Ok(way) => {
                let main = way.main();
                self.go(step, way.acts().map(|(place, _)| place).filter(move |place| *place > main), Some(request))
                    .await
            }
        }
    }

    /// Sends requests of a step in order, after `first` where there is one. Those are left out that are for other pages or other
    /// stories; after an answer that says no (a status of 400 or above) only one that is meant for that very page goes on.
    async fn go(
        &mut self,
        step: Step,
        places: impl Iterator<Item = usize>,
        first: Option<Request>,
    ) -> Result<Seen, Trouble> {
        let world = self.life.world.clone();
        let begun = Instant::now();
        // What the harness held back is not the target's time.
        let mut held_back = Duration::ZERO;
        let mut led_by_script = false;
        let mut last = match first {
            None => None,
            Some(request) => {
                led_by_script = goes_by_its_answer(step, &request);
                let answer = self.exchange(step, request, begun, &mut held_back).await?;
                self.sent_at = Some(SentAt::of(&self.browser));
                if let Ok(way) = world.target.way(self.portal, step)
                    && let Some((_, act)) = way.acts().nth(way.main())
                {
                    self.learn(act.gives(&answer));
                }
                Some(answer)
            }
        };
        for place in places {
            let way = world.target.way(self.portal, step)?;
            let Some((_, act)) = way.acts().nth(place) else { continue };
            let before = last.as_ref().or(self.browser.current());
            let refused = last.as_ref().is_some_and(|answer: &Answer| answer.status >= 400);
            if (refused && !act.is_for_some_pages_only()) || !act.is_due(self.intent.skip, step, before) {
                continue;
            }
            let request = self.with_asking(self.browser.current(), |asking| world.target.put_together(act, asking))?;
            led_by_script = goes_by_its_answer(step, &request);
            let answer = self.exchange(step, request, begun, &mut held_back).await?;
            if place == way.main() {
                self.sent_at = Some(SentAt::of(&self.browser));
            }
            self.learn(act.gives(&answer));
            last = Some(answer);
        }
        let answer = last.ok_or(DriverError::NothingToSend(step))?;
        let screen = world.target.recognise(self.portal, Some(step), &answer);
        self.life.recorder.step(step, begun.elapsed().saturating_sub(held_back), screen);
        let seen = Seen { screen, answer };
        let opened =
            self.browser.current().is_some_and(|open| open.url == seen.answer.url && open.body == seen.answer.body);
        if opened || led_by_script {
            self.shown = screen;
        }
        self.note(step, &seen);
        Ok(seen)
    }

    /// Takes what an answer gives. What keeps somebody signed in is as secret as a session's cookie.
    fn learn(&mut self, given: Vec<(String, String)>) {
        for (name, value) in given {
            if self.life.world.target.session_values().contains(&name) {
                self.life.recorder.secret("session", &value);
            }
            self.taken.insert(name, value);
        }
    }

    async fn exchange(
        &mut self,
        step: Step,
        request: Request,
        begun: Instant,
        held_back: &mut Duration,
    ) -> Result<Answer, Trouble> {
        let (life, now) = (self.life.clone(), self.life.now());
        if let Some(names) = life.world.target.pieces_of_code(self.portal, step) {
            pieces(&request, &names).iter().for_each(|piece| life.recorder.secret("code", piece));
        }
        let navigation = life.world.cancel.run_until_cancelled(self.browser.navigate(request, step.name(), now));
        let outcome = navigation.await;
        *held_back += self.browser.held_back();
        match outcome {
            None => Err(Trouble::Interrupted),
            Some(Ok(answer)) => {
                life.world.time_proof.look_at(answer.header("date").as_deref(), life.now());
                Ok(answer)
            }
            Some(Err(error)) => {
                life.recorder.step(step, begun.elapsed().saturating_sub(*held_back), None);
                Err(Trouble::Network { step, error })
            }
        }
    }

    /// What came of a step, for the recorder and for what is waited for later.
    fn note(&mut self, step: Step, seen: &Seen) {
        if matches!(step, Step::SubmitPassword | Step::SubmitCode) && seen.is_signed_in() {
            self.life.recorder.signed_in();
        }
        self.is_inside = step != Step::SignOut && (self.is_inside || seen.is_signed_in());
        match step {
            Step::SubmitCode => {
                self.life.note_code(seen.is_signed_in());
                self.will_skip &= !seen.is_signed_in();
            }
            Step::SubmitPassword if seen.asks_for_code() => self.life.note_mail(&self.intent.texts.address),
            _ => {}
        }
        if self.new_password_is_ours
            && changes_password(seen)
            && let Some(account) = &self.account
        {
            self.new_password_is_ours = false;
            self.life.replace_password(account, &self.intent.texts.new_password);
        }
    }

    /// Takes down what a step is begun with, completed by what is known of the account.
    fn intend(&mut self, step: Step, vars: Vars<'_>, tick: SkipBox) -> Result<(), Trouble> {
        self.hide(&vars);
        if step == Step::SubmitCode {
            self.life.is_not_too_old(vars.code)?;
        }
        let target = &self.life.world.target;
        let asked_earlier = target.asks_for_skip(self.portal, Step::SubmitPassword)
            && !target.asks_for_skip(self.portal, Step::SubmitCode);
        let skip = match step {
            Step::OpenSignIn | Step::SubmitPassword if asked_earlier => self.will_skip,
            Step::SubmitCode if asked_earlier && (tick == SkipBox::Ticked) != self.will_skip => {
                return Err(DriverError::SkipAskedEarlier(Step::SubmitPassword).into());
            }
            _ => tick == SkipBox::Ticked,
        };
        let known = self.account.as_ref();
        let or = |given: &str, known: Option<String>| {
            if given.is_empty() { known.unwrap_or_default() } else { given.to_owned() }
        };
        let mut texts = Texts {
            address: or(vars.address, known.map(|account| account.key.address.clone())),
            // Who types an address of the story's own types no ID beside it.
            id: or(vars.id, known.filter(|_| vars.address.is_empty()).map(|account| account.id.clone())),
            password: or(vars.password, known.map(|account| self.life.password_of(account))),
            new_password: vars.new_password.to_owned(),
            name: or(vars.name, known.map(|account| account.name.clone())),
            code: vars.code.to_owned(),
            new_address: vars.new_address.to_owned(),
            confirmation: vars.confirmation.to_owned(),
        };
        self.new_password_is_ours = texts.new_password.is_empty() && target.takes_new_password(self.portal, step);
        if self.new_password_is_ours {
            texts.new_password = self.life.world.population.draw().password;
            self.life.recorder.secret("password", &texts.new_password);
        }
        self.intent = Intent { step: Some(step), skip, portal: self.portal.name(), texts };
        Ok(())
    }

    fn with_asking<T>(&self, open: Option<&Answer>, ask: impl FnOnce(&Asking<'_>) -> T) -> T {
        let (jar, now) = (self.browser.jar(), self.life.now());
        let cookie = |name: &str| jar.get(name, now).map(|cookie| cookie.value().into_owned());
        ask(&Asking {
            portal: self.portal,
            step: self.intent.step.unwrap_or(Step::OpenSignIn),
            vars: self.intent.vars(),
            skip: self.intent.skip,
            open,
            taken: &self.taken,
            cookie: &cookie,
        })
    }

    /// Waits as long as the target wants to be left alone before this step, by its clock (`numbers.mail_cooldown` and
    /// `numbers.code_cooldown`): what came sooner would be refused in silence and would say nothing about the rule.
    async fn cool_down(&mut self, step: Step) -> Result<(), Trouble> {
        let numbers = &self.life.world.target.numbers;
        let code_at = || numbers.code_cooldown.and_then(|cooldown| self.life.may_try_code_at(cooldown));
        let mail_at = || {
            let address = self.account.as_ref().map(|account| account.key.address.as_str());
            numbers
                .mail_cooldown
                .zip(address)
                .and_then(|(cooldown, address)| self.life.may_mail_at(address, cooldown.0))
        };
        let until = match step {
            Step::SubmitCode => code_at(),
            // A target that takes no code for a while may ask for one also where a skip is set.
            Step::SubmitPassword => code_at().max(mail_at()),
            _ => None,
        };
        match until.and_then(|until| until.duration_since(self.life.now()).ok()) {
            None | Some(Duration::ZERO) => Ok(()),
            Some(left) => match self.life.pass(left).await {
                // Other browsers of the same story wait too: a race goes on as it is.
                Err(Trouble::Clock(ClockError::Seat)) => Ok(()),
                passed => passed,
            },
        }
    }

    /// Waits until the target's limits leave room for another sign-in, before it begins: its pages may not live so long.
    pub(super) async fn make_room(&self, account: &Account) -> Result<(), Trouble> {
        self.life.make_room_for_wrong_codes(1).await?;
        match self.life.make_room_for_mails(&account.key.address, 1).await {
            // A skip that holds needs no mail.
            Err(Trouble::Means(_)) if !self.skip_cookies().is_empty() => Ok(()),
            outcome => outcome,
        }
    }

    /// What this browser has taken from answers so far.
    pub fn taken(&self) -> &Taken {
        &self.taken
    }

    /// Takes over what a browser has taken, as a copy of it would have it.
    pub fn learn_from(&mut self, taken: &Taken) {
        self.taken.extend(taken.clone());
    }

    /// The account that this browser signs in to from now on, as its steps put it in.
    pub fn signs_in_to(&mut self, account: &Account) {
        self.account = Some(account.clone());
    }
}

/// Whether a script sends this and shows what the answer says. One that only looks at something leaves what the person sees as it is,
/// unless it begins anew.
fn goes_by_its_answer(step: Step, request: &Request) -> bool {
    request.kind == Kind::Fetch && (request.method != Method::GET || step == Step::OpenSignIn)
}

/// Whether a step that sets a new password did: it led on, and not back to its form or to a refusal.
fn changes_password(seen: &Seen) -> bool {
    !matches!(
        seen.screen,
        None | Some(
            Screen::Refused | Screen::Limited | Screen::PasswordChange | Screen::ResumeConfirmation | Screen::CodeEntry
        )
    )
}
