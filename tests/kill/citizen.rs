//! A person who lives on through every crash, knows what they were told, and holds the server to it.
//!
//! They do one thing at a time. What was answered, they believe; what was under way when the server was killed may have
//! happened or not, and is the only thing that may.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sekisho_simulator::account::Account;
use sekisho_simulator::browser::{Answer, Cookie, Form, Page, Press, Request, Selector};
use sekisho_simulator::mailbox::Letter;
use sekisho_simulator::recorder::Unwatched;
use sekisho_simulator::target::{Screen, Status, Step, Vars};
use sekisho_simulator::world::World;
use sekisho_simulator::{SkipBox, Started, Trouble, Visitor};
use url::Url;

/// How many browsers each has.
const DEVICES: usize = 3;
/// How often somebody has a code in hand and does not give it till the crash.
const IN_NO_HURRY: f64 = 0.05;
/// How long a confirmation number is waited for.
const MAIL_PATIENCE: Duration = Duration::from_secs(5);
/// How far the clocks are moved after each crash: the limits per hour are over by then.
pub const PAUSE: Duration = Duration::from_secs(61 * 60);
/// After so many rounds a session of twelve hours may have run out.
const SESSION_ROUNDS: u32 = 10;

/// What was acknowledged and, after a crash, still held: proof that the test has looked.
#[derive(Debug, Default, Clone, Copy)]
pub struct Tally {
    pub skips: u32,
    pub revocations: u32,
    pub codes: u32,
    pub sign_outs: u32,
    pub cut_off: u32,
    pub used_codes_refused: u32,
    pub skips_held: u32,
    pub revoked_asked: u32,
    pub ended_sessions_shut: u32,
    pub sessions_held: u32,
    pub open_codes_taken: u32,
    pub lost_mails_told: u32,
    pub addresses: u32,
    pub old_addresses_refused: u32,
}

impl Tally {
    pub fn plus(&self, other: &Tally) -> Tally {
        Tally {
            skips: self.skips + other.skips,
            revocations: self.revocations + other.revocations,
            codes: self.codes + other.codes,
            sign_outs: self.sign_outs + other.sign_outs,
            cut_off: self.cut_off + other.cut_off,
            used_codes_refused: self.used_codes_refused + other.used_codes_refused,
            skips_held: self.skips_held + other.skips_held,
            revoked_asked: self.revoked_asked + other.revoked_asked,
            ended_sessions_shut: self.ended_sessions_shut + other.ended_sessions_shut,
            sessions_held: self.sessions_held + other.sessions_held,
            open_codes_taken: self.open_codes_taken + other.open_codes_taken,
            lost_mails_told: self.lost_mails_told + other.lost_mails_told,
            addresses: self.addresses + other.addresses,
            old_addresses_refused: self.old_addresses_refused + other.old_addresses_refused,
        }
    }
}

pub struct Citizen {
    pub account: Account,
    pub tally: Tally,
    devices: Vec<Device>,
    /// The address before the last change.
    old_address: Option<String>,
    /// How many addresses there were.
    addresses: u32,
    /// What was under way when the server was killed.
    doubt: Option<Doubt>,
    /// Whether a skip may be set whose cookie no browser has.
    stray_skip: bool,
    /// What the server did against what it had said.
    broken: Vec<String>,
    lots: StdRng,
}

#[derive(Default)]
struct Device {
    cookies: Vec<Cookie>,
    /// Whether it holds a skip.
    skip: bool,
    /// Whether it held one that was revoked.
    was_revoked: bool,
    /// In which round it signed in, as long as it has not signed out.
    session: Option<u32>,
    /// Its cookies before it signed out.
    ended: Option<Vec<Cookie>>,
    /// Its cookies and its request when its last code was taken.
    spent: Option<(Vec<Cookie>, Request)>,
}

enum Doubt {
    /// A code was asked for and has not been given.
    Asked { device: usize, started: Box<Started> },
    /// A right code was under way.
    Code { device: usize, cookies: Vec<Cookie>, request: Box<Request> },
    /// A resume was under way: it ends all skips or none.
    Resume,
    /// The confirmation of another address was under way.
    Address(String),
}

impl Citizen {
    pub fn new(account: Account, seed: u64) -> Citizen {
        Citizen {
            account,
            tally: Tally::default(),
            devices: (0..DEVICES).map(|_| Device::default()).collect(),
            old_address: None,
            addresses: 1,
            doubt: None,
            stray_skip: false,
            broken: Vec::new(),
            lots: StdRng::seed_from_u64(seed),
        }
    }

    /// What the server did against what it had said, since this was last asked.
    pub fn broken(&mut self) -> Vec<String> {
        std::mem::take(&mut self.broken)
    }

    /// Lives till the server is killed.
    pub async fn live(&mut self, world: &Arc<World>, round: u32) {
        loop {
            let device = self.lots.random_range(0..DEVICES);
            let mut visitor = self.take(world, device);
            let outcome = match self.lots.random_range(0..10) {
                0 => self.resume(&mut visitor, device).await,
                1 => self.sign_out(&mut visitor, device).await,
                2 => self.change_address(world, &mut visitor, device).await,
                _ => self.sign_in(world, &mut visitor, device, round).await,
            };
            self.devices[device].cookies = cookies(&mut visitor);
            match outcome {
                Ok(()) => {}
                Err(Trouble::Network { .. } | Trouble::Interrupted) => {
                    self.tally.cut_off += 1;
                    return;
                }
                Err(trouble) => {
                    self.breaks(format!("under load: {trouble}"));
                    return;
                }
            }
        }
    }

    /// Takes a browser in hand, with the cookies it has kept.
    fn take(&self, world: &Arc<World>, device: usize) -> Visitor {
        self.with(world, &self.devices[device].cookies)
    }

    fn with(&self, world: &Arc<World>, cookies: &[Cookie]) -> Visitor {
        let mut visitor = world.person_of(&self.account, Arc::new(Unwatched)).browser("browser", &self.account);
        for cookie in cookies {
            visitor.plant(cookie.clone());
        }
        visitor
    }

    fn breaks(&mut self, what: String) {
        self.broken.push(format!("{}: {what}", self.account.key.address));
    }

    /// ID and password, and the code where one is asked for.
    async fn sign_in(
        &mut self,
        world: &Arc<World>,
        visitor: &mut Visitor,
        device: usize,
        round: u32,
    ) -> Result<(), Trouble> {
        let before = session(visitor);
        let begun = visitor.begin(&self.account).await;
        if begun.is_err() {
            // A skip may have let it in, and that ends the session it had.
            self.devices[device].session = (session(visitor) != before).then_some(round);
        }
        let started = begun?;
        self.judge_skip(device, &started);
        if !started.seen.asks_for_code() {
            self.devices[device].session = Some(round);
            return Ok(());
        }
        self.doubt = Some(Doubt::Asked { device, started: Box::new(started.clone()) });
        let code = visitor.mailed_code(&self.account, &started).await?.code;
        if self.lots.random_bool(IN_NO_HURRY) {
            world.cancel.cancelled().await;
            return Err(Trouble::Interrupted);
        }
        let tick = if self.lots.random_bool(0.6) { SkipBox::Ticked } else { SkipBox::Unticked };
        let request = visitor.prepare(Step::SubmitCode, typing(&code), tick)?;
        self.submit(visitor, device, request, round).await
    }

    /// Sends a right code and, where that comes next, confirms the skip.
    async fn submit(
        &mut self,
        visitor: &mut Visitor,
        device: usize,
        request: Request,
        round: u32,
    ) -> Result<(), Trouble> {
        let before = cookies(visitor);
        self.doubt = Some(Doubt::Code { device, cookies: before.clone(), request: Box::new(request.clone()) });
        let sent = visitor.send(Step::SubmitCode, request.clone()).await;
        // A session that came is an answer, even if the next page did not come any more.
        let is_taken = session(visitor) != session_in(&before);
        if is_taken {
            self.doubt = None;
            self.tally.codes += 1;
            self.devices[device].spent = Some((before, request));
            self.devices[device].session = Some(round);
        }
        let seen = sent?;
        if !is_taken || !seen.is_signed_in() {
            self.breaks(format!("a right code led to {}", seen.describe()));
        }
        if seen.is(Screen::SkipConfirmation) {
            self.stray_skip = true;
            let confirmed = visitor.confirm_skip().await;
            if !visitor.skip_cookies().is_empty()
                && !self.devices[device].skip
                && changed(visitor, &self.devices[device])
            {
                self.tally.skips += 1;
                self.devices[device].skip = true;
                self.devices[device].was_revoked = false;
            }
            confirmed?;
        }
        Ok(())
    }

    async fn resume(&mut self, visitor: &mut Visitor, device: usize) -> Result<(), Trouble> {
        if !visitor.open(Step::OpenSkipSettings).await?.is(Screen::SkipSettings) {
            return Ok(());
        }
        visitor.resume().await?;
        let held = visitor.skip_cookies().len();
        self.doubt = Some(Doubt::Resume);
        let completed = visitor.complete_resume().await;
        if completed.is_ok() || visitor.skip_cookies().len() < held {
            self.revoked();
            self.tally.revocations += 1;
            self.stray_skip = false;
        }
        let seen = completed?;
        if !seen.is(Screen::SkipSettings) {
            self.breaks(format!("the resume in browser {device} led to {}", seen.describe()));
        }
        Ok(())
    }

    fn revoked(&mut self) {
        self.doubt = None;
        for device in &mut self.devices {
            device.was_revoked |= device.skip;
            device.skip = false;
        }
    }

    async fn sign_out(&mut self, visitor: &mut Visitor, device: usize) -> Result<(), Trouble> {
        if !visitor.open(Step::OpenMyPage).await?.is(Screen::MyPage) {
            return Ok(());
        }
        let before = cookies(visitor);
        let signed_out = visitor.sign_out().await;
        self.devices[device].session = None;
        if signed_out.is_ok() || session(visitor).is_none() {
            self.tally.sign_outs += 1;
            self.devices[device].ended = Some(before);
        }
        signed_out.map(drop)
    }

    /// Registers another address, confirmed by the number that is mailed there.
    async fn change_address(
        &mut self,
        world: &Arc<World>,
        visitor: &mut Visitor,
        device: usize,
    ) -> Result<(), Trouble> {
        let mark = world.mailbox.mark().await?;
        let url = address_page(world, &self.account);
        let Some(form) = form_on(&go(world, visitor, Request::get(url)).await?, "form#address-change") else {
            return Ok(());
        };
        let (name, domain) = self.account.key.address.split_once('@').expect("an address has a domain");
        let first = name.split("-at-").next().unwrap_or(name);
        let new_address = format!("{first}-at-{}@{domain}", self.addresses);
        let asked = go(world, visitor, filled(form, "address", &new_address)).await?;
        let Some(form) = form_on(&asked, "form#address-confirmation") else {
            self.breaks(format!("asking for another address in browser {device} led to {}", asked.url.path()));
            return Ok(());
        };
        self.addresses += 1;
        let mail = world.cancel.run_until_cancelled(world.mailbox.next_for(&new_address, mark, MAIL_PATIENCE)).await;
        let mail = mail.ok_or(Trouble::Interrupted)??;
        let Some(number) = mail.and_then(|mail| number_in(&Letter::parse(&mail).text)) else {
            self.breaks(format!("no confirmation number came to {new_address}"));
            return Ok(());
        };
        self.doubt = Some(Doubt::Address(new_address.clone()));
        let confirmed = go(world, visitor, filled(form, "number", &number)).await?;
        self.doubt = None;
        let current = Page::of(&confirmed).select_text(&selector("#current-address"));
        if current.as_deref().map(str::trim) != Some(new_address.as_str()) {
            self.breaks(format!("the confirmation of {new_address} led to {}", confirmed.url.path()));
            return Ok(());
        }
        self.tally.addresses += 1;
        self.old_address = Some(std::mem::replace(&mut self.account.key.address, new_address));
        Ok(())
    }

    /// Holds what ID and password led to against what is known of the browser's skip.
    fn judge_skip(&mut self, device: usize, started: &Started) {
        let is_skipped = started.seen.is(Screen::MyPage);
        if !is_skipped && !started.seen.asks_for_code() {
            return self.breaks(format!("ID and password led to {}", started.seen.describe()));
        }
        match (is_skipped, self.devices[device].skip) {
            (true, true) => self.tally.skips_held += 1,
            (false, false) => self.tally.revoked_asked += u32::from(self.devices[device].was_revoked),
            (true, false) => self.breaks(format!("browser {device} is skipped, but its skip was revoked or never set")),
            (false, true) => {
                self.devices[device].skip = false;
                self.breaks(format!("the skip of browser {device} is lost"));
            }
        }
    }

    /// After a crash: holds the server to all that it had said, and settles what was in doubt.
    pub async fn check(&mut self, world: &Arc<World>, round: u32) {
        if let Err(trouble) = self.examine(world, round).await {
            self.breaks(format!("after the crash: {trouble}"));
        }
    }

    async fn examine(&mut self, world: &Arc<World>, round: u32) -> Result<(), Trouble> {
        match self.doubt.take() {
            None => {}
            Some(Doubt::Asked { device, started }) => self.finish_attempt(world, device, &started, round).await?,
            Some(Doubt::Code { device, cookies, request }) => {
                self.repeat_code(world, device, cookies, *request, round).await?;
            }
            Some(Doubt::Resume) => self.find_out_about_resume(world).await?,
            Some(Doubt::Address(new)) => self.find_out_about_address(world, new).await?,
        }
        self.try_old_address(world).await?;
        for device in 0..DEVICES {
            self.replay_code(world, device).await?;
            self.replay_session(world, device).await?;
            self.use_session(world, device, round).await?;
        }
        for device in 0..DEVICES {
            let mut visitor = self.take(world, device);
            let started = visitor.begin(&self.account).await?;
            self.judge_skip(device, &started);
            if started.seen.is(Screen::MyPage) {
                self.devices[device].session = Some(round);
                self.judge_status(&mut visitor).await?;
            }
            self.devices[device].cookies = cookies(&mut visitor);
        }
        Ok(())
    }

    /// A code was promised: it is taken, or one is told that its mail was lost.
    async fn finish_attempt(
        &mut self,
        world: &Arc<World>,
        device: usize,
        started: &Started,
        round: u32,
    ) -> Result<(), Trouble> {
        let mut visitor = self.take(world, device);
        let seen = visitor.look_at(Step::OpenCodeEntry).await?;
        if seen.is(Screen::MailFailed) {
            self.tally.lost_mails_told += 1;
        } else if seen.asks_for_code() {
            let code = visitor.mailed_code(&self.account, started).await?.code;
            let request = visitor.prepare(Step::SubmitCode, typing(&code), SkipBox::Unticked)?;
            let codes = self.tally.codes;
            self.submit(&mut visitor, device, request, round).await?;
            self.tally.open_codes_taken += self.tally.codes - codes;
        } else {
            self.breaks(format!("the attempt of browser {device} was forgotten: {}", seen.describe()));
        }
        self.devices[device].cookies = cookies(&mut visitor);
        Ok(())
    }

    /// A right code was under way: it is taken now or was taken then; or its mail counts as lost.
    async fn repeat_code(
        &mut self,
        world: &Arc<World>,
        device: usize,
        before: Vec<Cookie>,
        request: Request,
        round: u32,
    ) -> Result<(), Trouble> {
        let request = moved(request, world);
        let mut visitor = self.with(world, &before);
        let seen = visitor.send(Step::SubmitCode, request.clone()).await?;
        if seen.is_signed_in() {
            self.devices[device].spent = Some((before, request));
            self.devices[device].session = Some(round);
            self.devices[device].cookies = cookies(&mut visitor);
        } else if !seen.is(Screen::AttemptOver) && !seen.is(Screen::MailFailed) {
            self.breaks(format!("a code that was under way led to {}", seen.describe()));
        } else {
            self.devices[device].session = None;
        }
        Ok(())
    }

    /// A resume was under way: the first browser with a skip tells what became of it, the others are judged by that.
    async fn find_out_about_resume(&mut self, world: &Arc<World>) -> Result<(), Trouble> {
        let Some(device) = self.devices.iter().position(|device| device.skip) else { return Ok(()) };
        let mut visitor = self.take(world, device);
        let started = visitor.begin(&self.account).await?;
        if started.seen.asks_for_code() {
            self.revoked();
        }
        self.devices[device].cookies = cookies(&mut visitor);
        Ok(())
    }

    /// The confirmation of another address was under way: one of the two is the ID, and it stays so.
    async fn find_out_about_address(&mut self, world: &Arc<World>, new: String) -> Result<(), Trouble> {
        let (mut visitor, mut account) = (self.with(world, &[]), self.account.clone());
        account.key.address.clone_from(&new);
        visitor.open_sign_in().await?;
        let old = if visitor.try_password(&account).await?.is(Screen::SignIn) {
            new
        } else {
            std::mem::replace(&mut self.account.key.address, new)
        };
        self.old_address = Some(old);
        Ok(())
    }

    async fn try_old_address(&mut self, world: &Arc<World>) -> Result<(), Trouble> {
        let Some(old) = self.old_address.clone() else { return Ok(()) };
        let (mut visitor, mut account) = (self.with(world, &[]), self.account.clone());
        account.key.address = old;
        visitor.open_sign_in().await?;
        let seen = visitor.try_password(&account).await?;
        match seen.screen {
            Some(Screen::SignIn) => self.tally.old_addresses_refused += 1,
            _ => self.breaks(format!("{} is not the address, but led to {}", account.key.address, seen.describe())),
        }
        Ok(())
    }

    /// The very request whose code was taken: its form still counts, its code does not.
    async fn replay_code(&mut self, world: &Arc<World>, device: usize) -> Result<(), Trouble> {
        let Some((cookies, request)) = self.devices[device].spent.clone() else { return Ok(()) };
        let mut visitor = self.with(world, &cookies);
        let seen = visitor.send(Step::SubmitCode, moved(request, world)).await?;
        match seen.screen {
            Some(Screen::AttemptOver) => self.tally.used_codes_refused += 1,
            _ => self.breaks(format!("a used code led to {}", seen.describe())),
        }
        Ok(())
    }

    async fn replay_session(&mut self, world: &Arc<World>, device: usize) -> Result<(), Trouble> {
        let Some(cookies) = self.devices[device].ended.clone() else { return Ok(()) };
        let seen = self.with(world, &cookies).look_at(Step::OpenMyPage).await?;
        match seen.screen {
            Some(Screen::SignIn) => self.tally.ended_sessions_shut += 1,
            _ => self.breaks(format!("a session that was signed out shows {}", seen.describe())),
        }
        Ok(())
    }

    async fn use_session(&mut self, world: &Arc<World>, device: usize, round: u32) -> Result<(), Trouble> {
        if self.devices[device].session.is_none_or(|since| round - since > SESSION_ROUNDS) {
            return Ok(());
        }
        let seen = self.take(world, device).look_at(Step::OpenMyPage).await?;
        match seen.screen {
            Some(Screen::MyPage) => self.tally.sessions_held += 1,
            _ => self.breaks(format!("the session of browser {device} is lost: {}", seen.describe())),
        }
        Ok(())
    }

    async fn judge_status(&mut self, visitor: &mut Visitor) -> Result<(), Trouble> {
        let (status, _) = visitor.skip_status().await?;
        let any = self.devices.iter().any(|device| device.skip);
        if status == Status::None && any || status == Status::Some && !any && !self.stray_skip {
            self.breaks(format!("the skip settings say {status:?}"));
        }
        Ok(())
    }
}

/// Follows a request of the settings that the steps of a profile do not have.
async fn go(world: &Arc<World>, visitor: &mut Visitor, request: Request) -> Result<Answer, Trouble> {
    let step = Step::OpenSettings;
    let navigation = visitor.browser().navigate(request, step.name(), SystemTime::now());
    match world.cancel.run_until_cancelled(navigation).await {
        None => Err(Trouble::Interrupted),
        Some(answer) => answer.map_err(|error| Trouble::Network { step, error }),
    }
}

fn address_page(world: &Arc<World>, account: &Account) -> Url {
    world.target.base.join(&format!("/{}/settings/address", account.key.portal.name())).expect("a path")
}

fn selector(text: &str) -> Selector {
    Selector::parse(text).expect("a selector")
}

fn form_on(answer: &Answer, name: &str) -> Option<Form> {
    Page::of(answer).form(&selector(name)).ok()
}

fn filled(mut form: Form, field: &str, value: &str) -> Request {
    form.fill(field, value).and_then(|()| form.press(Press::Enter)).expect("the form has the field")
}

fn number_in(text: &str) -> Option<String> {
    text.lines().find_map(|line| line.strip_prefix("確認番号：")).map(|number| number.trim().to_owned())
}

fn cookies(visitor: &mut Visitor) -> Vec<Cookie> {
    visitor.browser().jar().cookies(SystemTime::now()).cloned().collect()
}

fn session(visitor: &mut Visitor) -> Option<String> {
    session_in(&cookies(visitor))
}

fn typing(code: &str) -> Vars<'_> {
    Vars { code, ..Vars::default() }
}

fn session_in(cookies: &[Cookie]) -> Option<String> {
    cookies.iter().find(|cookie| cookie.name().starts_with("session-")).map(|cookie| cookie.value().into_owned())
}

/// Whether the browser has a skip cookie that it did not have before.
fn changed(visitor: &Visitor, device: &Device) -> bool {
    let is_old =
        |cookie: &Cookie| device.cookies.iter().any(|old| old.name() == cookie.name() && old.value() == cookie.value());
    visitor.skip_cookies().iter().any(|cookie| !is_old(cookie))
}

/// The same request to where the server listens now.
fn moved(mut request: Request, world: &Arc<World>) -> Request {
    request.url.set_port(world.target.base.port()).expect("an http address has a port");
    if let sekisho_simulator::browser::Initiator::Page(page) = &mut request.initiator {
        page.set_port(world.target.base.port()).expect("an http address has a port");
    }
    request
}
