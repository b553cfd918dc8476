//! The walk itself: which steps, in which order, and what each should show.

use std::sync::Arc;

use sekisho_rules::Portal;

use super::look::name_what_was_taken;
use super::mail;
use super::notes::Notes;
use super::observe::{Observer, Plan};
use super::{Outcome, Stop, Walk, hints};
use crate::account::Account;
use crate::person::Person;
use crate::target::{Screen, Status, Step, Vars};
use crate::trouble::Trouble;
use crate::visitor::{Seen, SkipBox, Visitor};
use crate::world::{Casting, World};

/// What a code is typed as that no target has mailed.
const WRONG_CODE: &str = "000000";
/// How the walk is to be.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wish {
    /// In which portal; the first of the profile where none is given.
    pub portal: Option<Portal>,
    /// Whether the skip is asked for; where nothing is said, if the profile says how.
    pub tick: Option<bool>,
    /// Whether the target's clock is moved until a code has to run out.
    pub clock: bool,
}

/// Walks one account through every step that the profile knows.
///
/// # Errors
/// When there is no account to walk with, the mailbox cannot be read, or the run was interrupted.
pub async fn walk(world: &Arc<World>, wish: Wish) -> Result<Walk, Trouble> {
    let portal = wish.portal.or(world.target.portals.first().copied());
    let portal = portal.ok_or_else(|| Trouble::Means("the profile has no portal".to_owned()))?;
    let seat = world.seats(1, 1).await.and_then(|seats| seats.into_iter().next());
    if let Some(seat) = &seat {
        seat.begin().await;
    }
    let notes = Arc::new(Notes::default());
    let casting = Casting { running: true, seat: seat.clone(), ..Casting::default() };
    let (person, account) = world.person(portal, casting, notes.clone()).await?;
    let target = &world.target;
    let asks = [Step::SubmitPassword, Step::SubmitCode].into_iter().any(|step| target.asks_for_skip(portal, step));
    let confirms = target.knows_in(portal, Step::ConfirmSkip);
    let mut walker = Walker {
        world: world.clone(),
        person,
        account,
        portal,
        notes,
        tick: wish.tick.unwrap_or(asks || confirms),
        always_offered: confirms && !asks,
        stops: Vec::new(),
        remarks: Vec::new(),
    };
    walker.walk(wish).await?;
    if let Some(seat) = seat {
        seat.leave();
    }
    Ok(Walk {
        target: target.name.clone(),
        portal: portal.name(),
        account: walker.account.key.address.clone(),
        stops: walker.stops,
        notes: walker.remarks,
    })
}

pub(super) struct Walker {
    pub(super) world: Arc<World>,
    pub(super) person: Person,
    pub(super) account: Account,
    portal: Portal,
    pub(super) notes: Arc<Notes>,
    tick: bool,
    /// Whether the skip is a question of its own after every code.
    always_offered: bool,
    pub(super) stops: Vec<Stop>,
    pub(super) remarks: Vec<String>,
}

impl Walker {
    async fn walk(&mut self, wish: Wish) -> Result<(), Trouble> {
        self.means();
        let mut first = self.person.browser("A", &self.account);
        self.wrong_password(&mut first).await?;
        let signed_in = self.sign_in(&mut first, "with the right password", true, self.tick).await?;
        if !signed_in {
            self.not_reached("everything behind the sign-in");
            return Ok(());
        }
        self.inside(&mut first).await?;
        let skipped = if self.tick { self.skipped(&mut first).await? } else { true };
        if skipped && self.tick {
            self.resume(&mut first).await?;
        }
        self.forms_inside(&mut first).await?;
        self.sign_out(&mut first).await?;
        let mut second = self.person.browser("B", &self.account);
        if self.sign_in_again(&mut second).await? {
            self.undo_password(&mut second).await?;
            self.open_sign_in_inside(&mut second).await?;
            if wish.clock {
                self.prove_clock().await?;
            }
        } else {
            self.password_is_left();
            if wish.clock {
                self.not_reached("the clock");
            }
        }
        Ok(())
    }

    /// Which means the profile names, without trying them.
    fn means(&mut self) {
        let world = &self.world;
        let clock = match (world.timeline.is_some(), world.clock.can_move()) {
            (true, _) => "one for all accounts",
            (false, true) => "each account's own",
            (false, false) => "none: what needs time to pass is skipped",
        };
        let office = if world.office.is_some() { "can be driven" } else { "none" };
        self.remarks.push(format!("clock: {clock}; office: {office}; `--clock` tries whether a code runs out"));
        let unknown: Vec<_> = Step::ALL
            .iter()
            .filter(|step| !world.target.knows_in(self.portal, **step))
            .map(|step| step.name())
            .collect();
        if !unknown.is_empty() {
            self.remarks.push(format!("steps that the profile does not have: {}", unknown.join(", ")));
        }
        for step in [Step::SubmitAddress, Step::ConfirmAddress, Step::SubmitAdditionalAccount] {
            if world.target.knows_in(self.portal, step) {
                self.remarks.push(format!("`{step}` is not walked: it could not be undone"));
            }
        }
    }

    /// Does a step where the profile has it. `None` where it has not, or where no answer came of it.
    async fn step(
        &mut self,
        visitor: &mut Visitor,
        step: Step,
        about: &str,
        expected: &[Screen],
        vars: Vars<'_>,
        tick: SkipBox,
    ) -> Result<Option<Seen>, Trouble> {
        if !self.world.target.knows_in(self.portal, step) {
            return Ok(None);
        }
        let about = format!("browser {}{}{about}", visitor.browser().name(), if about.is_empty() { "" } else { ": " });
        let plan = Plan { step, about, expected: expected.to_vec() };
        let before: Vec<String> = visitor.taken().keys().cloned().collect();
        let open = visitor.browser().current().cloned();
        let done = match (step, vars.password.is_empty()) {
            (Step::SubmitPassword, true) => visitor.try_password(&self.account).await,
            _ => visitor.look(step, vars, tick).await,
        };
        if let Err(Trouble::Interrupted) = done {
            return Err(Trouble::Interrupted);
        }
        let open = visitor.browser().current().cloned().or(open);
        name_what_was_taken(visitor, &self.notes);
        let observer = Observer {
            target: &self.world.target,
            portal: self.portal,
            address: &self.account.key.address,
            notes: &self.notes,
        };
        let mut stop = observer.stop(&plan, done.as_ref(), open.as_ref());
        stop.taken = visitor.taken().keys().filter(|name| !before.contains(name)).cloned().collect();
        self.stops.push(stop);
        Ok(done.ok())
    }

    async fn plain(
        &mut self,
        visitor: &mut Visitor,
        step: Step,
        about: &str,
        expected: &[Screen],
    ) -> Result<Option<Seen>, Trouble> {
        self.step(visitor, step, about, expected, Vars::default(), SkipBox::Unticked).await
    }

    async fn wrong_password(&mut self, visitor: &mut Visitor) -> Result<(), Trouble> {
        self.plain(visitor, Step::OpenSignIn, "", &[Screen::SignIn]).await?;
        let mark = self.person.mark().await?;
        let wrong = format!("x{}", self.account.password);
        self.notes.hide("password", &wrong);
        let account = self.account.clone();
        let vars = Vars { password: &wrong, ..account.vars() };
        let expected = [Screen::SignIn, Screen::Refused, Screen::Limited, Screen::CodeEntry];
        let about = "with a wrong password";
        let seen = self.step(visitor, Step::SubmitPassword, about, &expected, vars, SkipBox::Unticked).await?;
        self.look_for_no_mail(seen.as_ref(), mark).await
    }

    /// Signs in with a code. Says whether it led inside, or to a page that the profile does not know and that may be there.
    async fn sign_in(
        &mut self,
        visitor: &mut Visitor,
        about: &str,
        with_wrong_code: bool,
        tick: bool,
    ) -> Result<bool, Trouble> {
        visitor.will_ask_for_skip(tick);
        self.plain(visitor, Step::OpenSignIn, "", &[Screen::SignIn]).await?;
        let mark = self.person.mark().await?;
        let asked = self.plain(visitor, Step::SubmitPassword, about, &[Screen::CodeEntry]).await?;
        match asked {
            None => return Ok(false),
            Some(seen) if seen.is(Screen::MyPage) => return Ok(true),
            Some(seen) if seen.is(Screen::SignIn) || seen.is(Screen::Refused) || seen.is(Screen::Limited) => {
                return Ok(false);
            }
            Some(_) => {}
        }
        let Some(code) = self.mail(mark).await? else { return Ok(false) };
        if with_wrong_code {
            self.plain(visitor, Step::OpenCodeEntry, "opened again", &[Screen::CodeEntry]).await?;
            let wrong = wrong_code(&code);
            let expected = [Screen::CodeEntry, Screen::AttemptOver, Screen::SignIn, Screen::Refused];
            let vars = Vars { code: &wrong, ..Vars::default() };
            let refused =
                self.step(visitor, Step::SubmitCode, "with a wrong code", &expected, vars, boxed(tick)).await?;
            if refused.is_none() {
                return Ok(false);
            }
        }
        let box_or_not = if tick { "with the code, the skip asked for" } else { "with the code" };
        let confirms = self.always_offered || (self.world.target.knows_in(self.portal, Step::ConfirmSkip) && tick);
        let expected = if confirms { [Screen::SkipConfirmation].as_slice() } else { &[Screen::MyPage] };
        let vars = Vars { code: &code, ..Vars::default() };
        let seen = self.step(visitor, Step::SubmitCode, box_or_not, expected, vars, boxed(tick)).await?;
        let Some(seen) = seen else { return Ok(false) };
        self.look_for_session(visitor);
        if seen.is(Screen::SkipConfirmation) {
            self.look_for_cautions(&seen);
        }
        Ok(!matches!(
            seen.screen,
            Some(Screen::CodeEntry | Screen::AttemptOver | Screen::SignIn | Screen::Refused | Screen::Limited)
        ))
    }

    /// Waits for the mail with the code, which is a stop of its own.
    async fn mail(&mut self, since: crate::mailbox::Mark) -> Result<Option<String>, Trouble> {
        let address = self.account.key.address.clone();
        let waited = mail::code(&self.world, &self.notes, &address, since).await?;
        let mut stop = Stop::of("mail", &format!("to {address}"), Outcome::AsExpected);
        if waited.code.is_none() {
            stop.outcome = Outcome::NoMail;
            match &waited.mail {
                None => {
                    stop.remarks.push(format!("no mail came within {:.1} s", waited.seconds));
                    stop.hints.push(hints::no_mail(&self.world.target.mail_arrival));
                }
                Some(_) => {
                    stop.remarks.push("a mail came, but `mail.code` finds nothing in it".to_owned());
                    stop.hints.push(
                        "make `mail.code` match the line with the code, with a group round it, e.g. `'(\\d{6})'`; `mail.part` says where it is sought".to_owned(),
                    );
                }
            }
            for other in &waited.others {
                stop.remarks.push(format!("a mail to {} came meanwhile", self.notes.shown(other)));
            }
        }
        stop.mail = waited.mail;
        self.stops.push(stop);
        Ok(waited.code)
    }

    /// The skip is confirmed, and what is behind the sign-in looked at.
    async fn inside(&mut self, visitor: &mut Visitor) -> Result<(), Trouble> {
        if self.tick {
            let offered = self.stops.last().is_some_and(|stop| stop.screen == Some(Screen::SkipConfirmation));
            let unknown = self.stops.last().is_some_and(|stop| stop.outcome == Outcome::NotRecognised);
            if self.world.target.knows_in(self.portal, Step::ConfirmSkip) && (offered || unknown) {
                self.plain(visitor, Step::ConfirmSkip, "", &[Screen::MyPage]).await?;
            }
            self.look_for_skip(visitor);
        } else if self.always_offered {
            self.plain(visitor, Step::CancelSkip, "", &[]).await?;
        }
        self.plain(visitor, Step::OpenMyPage, "", &[Screen::MyPage]).await?;
        self.plain(visitor, Step::OpenSettings, "", &[Screen::Settings]).await?;
        self.status(visitor, if self.tick { Status::Some } else { Status::None }).await
    }

    async fn status(&mut self, visitor: &mut Visitor, expected: Status) -> Result<(), Trouble> {
        let seen = self.plain(visitor, Step::OpenSkipSettings, "", &[Screen::SkipSettings]).await?;
        let Some(seen) = seen.filter(|_| self.world.target.tells_status()) else { return Ok(()) };
        let found = self.world.target.status_on(&seen.answer);
        let Some(stop) = self.stops.last_mut() else { return Ok(()) };
        let said = |status| if status == Status::Some { "some (あり)" } else { "none (なし)" };
        match found {
            None => stop.lacks(
                "`skip.status` finds neither of the two on the page",
                "look at `skip.status`: does its selector or pointer name the place, and do `some` and `none` say what stands there?",
            ),
            Some(found) if found != expected => stop.lacks(
                format!("the skip status is {}, and should be {}", said(found), said(expected)),
                "are `some` and `none` of `skip.status` the right way round? was the skip set at all?",
            ),
            Some(found) => stop.remarks.push(format!("skip status: {}", said(found))),
        }
        Ok(())
    }

    /// Signs out and in again: the skip spares the code.
    async fn skipped(&mut self, visitor: &mut Visitor) -> Result<bool, Trouble> {
        self.sign_out(visitor).await?;
        visitor.will_ask_for_skip(true);
        self.plain(visitor, Step::OpenSignIn, "", &[Screen::SignIn]).await?;
        let seen =
            self.plain(visitor, Step::SubmitPassword, "again: the skip spares the code", &[Screen::MyPage]).await?;
        let inside = seen.as_ref().is_some_and(|seen| seen.is(Screen::MyPage));
        if seen.is_some_and(|seen| seen.asks_for_code())
            && let Some(stop) = self.stops.last_mut()
        {
            stop.hints.push("a code is asked although the skip was set: look at `tick_skip` or `with_skip` of `submit-code`, at `confirm-skip`, and at the cookies above".to_owned());
        }
        Ok(inside)
    }

    async fn resume(&mut self, visitor: &mut Visitor) -> Result<(), Trouble> {
        let knows = |step| self.world.target.knows_in(self.portal, step);
        if !knows(Step::Resume) {
            return Ok(());
        }
        let confirms = knows(Step::CompleteResume);
        self.plain(visitor, Step::OpenSkipSettings, "before the resume", &[Screen::SkipSettings]).await?;
        let expected = if confirms { [Screen::ResumeConfirmation].as_slice() } else { &[] };
        self.plain(visitor, Step::Resume, "", expected).await?;
        if confirms {
            self.plain(visitor, Step::OpenResume, "", &[Screen::ResumeConfirmation]).await?;
            self.plain(visitor, Step::CompleteResume, "", &[]).await?;
        }
        self.status(visitor, Status::None).await
    }

    /// Forms that are opened; only what can be undone is sent.
    async fn forms_inside(&mut self, visitor: &mut Visitor) -> Result<(), Trouble> {
        self.plain(visitor, Step::OpenAddressChange, "only opened", &[Screen::AddressChange]).await?;
        // Only main accounts of some portals have it.
        let expected = [Screen::AdditionalAccounts, Screen::Refused];
        self.plain(visitor, Step::OpenAdditionalAccounts, "only opened", &expected).await?;
        self.plain(visitor, Step::OpenPasswordChange, "", &[Screen::PasswordChange]).await?;
        if self.world.target.knows_in(self.portal, Step::SubmitPasswordChange) {
            let expected = self.after_password_change();
            self.plain(visitor, Step::SubmitPasswordChange, "to another password", &expected).await?;
        }
        Ok(())
    }

    /// A target may have no screen of its own for it.
    fn after_password_change(&self) -> Vec<Screen> {
        let knows = self.world.target.knows_screen(self.portal, Screen::PasswordChanged);
        if knows { vec![Screen::PasswordChanged] } else { vec![Screen::MyPage, Screen::Settings, Screen::SignIn] }
    }

    async fn sign_out(&mut self, visitor: &mut Visitor) -> Result<(), Trouble> {
        if self.world.target.knows_in(self.portal, Step::SignOut) {
            self.plain(visitor, Step::OpenMyPage, "to sign out", &[Screen::MyPage]).await?;
            self.plain(visitor, Step::SignOut, "", &[]).await?;
        } else {
            visitor.forget_session();
        }
        Ok(())
    }

    /// Stories sign in again in a browser that is signed in; then the browser signs out.
    async fn open_sign_in_inside(&mut self, visitor: &mut Visitor) -> Result<(), Trouble> {
        let seen = self.plain(visitor, Step::OpenSignIn, "while signed in", &[]).await?;
        match seen.and_then(|seen| seen.screen) {
            Some(Screen::MyPage) => {
                self.remarks.push(
                    "whoever is signed in and opens the sign-in page is shown My Page: stories sign out before they sign in again"
                        .to_owned(),
                );
                self.sign_out(visitor).await
            }
            _ if self.world.target.knows_in(self.portal, Step::SignOut) => {
                // It may have ended the session.
                let expected = [Screen::MyPage, Screen::SignIn, Screen::Refused];
                let seen = self.plain(visitor, Step::OpenMyPage, "to sign out", &expected).await?;
                if seen.is_some_and(|seen| seen.is(Screen::MyPage)) {
                    self.plain(visitor, Step::SignOut, "", &[]).await?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Another browser is asked for a code; the skip is offered to it and declined.
    async fn sign_in_again(&mut self, visitor: &mut Visitor) -> Result<bool, Trouble> {
        let cancels = (self.tick || self.always_offered) && self.world.target.knows_in(self.portal, Step::CancelSkip);
        if !self.sign_in(visitor, "in another browser: a code is asked", false, self.tick && cancels).await? {
            return Ok(false);
        }
        if cancels {
            self.plain(visitor, Step::OpenSkipConfirmation, "opened again", &[Screen::SkipConfirmation]).await?;
            self.plain(visitor, Step::CancelSkip, "", &[]).await?;
        }
        self.plain(visitor, Step::OpenMyPage, "", &[Screen::MyPage]).await?;
        Ok(true)
    }

    /// Gives the account its own password back.
    async fn undo_password(&mut self, visitor: &mut Visitor) -> Result<(), Trouble> {
        if self.person.life.password_of(&self.account) == self.account.password {
            return Ok(());
        }
        if !self.world.target.knows_in(self.portal, Step::SubmitPasswordChange) {
            self.password_is_left();
            return Ok(());
        }
        self.plain(visitor, Step::OpenPasswordChange, "to undo the change", &[Screen::PasswordChange]).await?;
        let (now, own) = (self.person.life.password_of(&self.account), self.account.password.clone());
        let vars = Vars { password: &now, new_password: &own, ..Vars::default() };
        let expected = self.after_password_change();
        let about = "back to the password of the profile";
        self.step(visitor, Step::SubmitPasswordChange, about, &expected, vars, SkipBox::Unticked).await?;
        if self.stops.last().is_some_and(|stop| stop.outcome == Outcome::AsExpected) {
            self.person.life.replace_password(&self.account, &own);
        } else {
            self.password_is_left();
        }
        Ok(())
    }

    fn password_is_left(&mut self) {
        if self.person.life.password_of(&self.account) != self.account.password {
            let address = &self.account.key.address;
            self.remarks.push(format!("the account {address} was left with another password than the profile's: leave it out of later runs (`--account-offset`)"));
        }
    }

    fn not_reached(&mut self, what: &str) {
        self.stops.push(Stop::of("the rest", what, Outcome::NotReached));
    }
}

fn boxed(tick: bool) -> SkipBox {
    if tick { SkipBox::Ticked } else { SkipBox::Unticked }
}

/// A code as long as the right one, and another.
fn wrong_code(code: &str) -> String {
    let turned: String = code
        .chars()
        .map(|c| match c {
            '9' => '0',
            '0'..='8' => char::from_u32(u32::from(c) + 1).unwrap_or('0'),
            'z' => 'a',
            'Z' => 'A',
            'a'..='y' | 'A'..='Y' => char::from_u32(u32::from(c) + 1).unwrap_or('a'),
            other => other,
        })
        .collect();
    if turned == code { WRONG_CODE.to_owned() } else { turned }
}
