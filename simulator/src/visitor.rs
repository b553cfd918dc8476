//! A person at one of their browsers: the steps of the target, one method each.
//!
//! A method either says what was seen or why nothing can be concluded. It never judges.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use sekisho_reports::exchange::Exchange;
use sekisho_rules::Portal;

use crate::account::Account;
use crate::browser::{Answer, Browser, Page, Request};
use crate::description::{describe, place, stranger};
use crate::mailbox::{Letter, Mail, Mark};
use crate::person::Life;
use crate::target::{DriverError, Screen, Status, Step, Taken, Target, Vars};
use crate::trouble::Trouble;

mod address;
mod doing;
mod kept;
mod password;
mod pieces;
mod sent;

pub use address::AskedChange;
use sent::SentAt;

/// A person at one of their browsers.
pub struct Visitor {
    life: Arc<Life>,
    browser: Browser,
    portal: Portal,
    /// The account it signs in to.
    account: Option<Account>,
    /// What the page that is open was recognised as.
    shown: Option<Screen>,
    /// What it has taken from answers.
    taken: Taken,
    /// What the present step was begun with.
    intent: doing::Intent,
    /// When the request was sent that the last step was about.
    sent_at: Option<SentAt>,
    /// Whether the story will ask for the skip.
    will_skip: bool,
    /// Whether the present step sets a password that the story did not choose.
    new_password_is_ours: bool,
    /// Whether a sign-in of this browser led inside, and nothing has ended that since.
    is_inside: bool,
}

/// What a step showed.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The screen, where the profile knows it.
    pub screen: Option<Screen>,
    /// The answer itself.
    pub answer: Answer,
}

/// A sign-in that was started: the password is sent.
#[derive(Debug, Clone)]
pub struct Started {
    /// What the password led to.
    pub seen: Seen,
    /// The mailbox's position before it.
    pub mark: Mark,
    sent_at: SentAt,
    mailed: Option<Mailed>,
}

/// A code, or the number that confirms an address, with the mail it came in.
#[derive(Debug, Clone)]
pub struct Mailed {
    /// The code or number.
    pub code: String,
    /// The mail, read.
    pub letter: Letter,
    /// The mail as it came.
    pub mail: Arc<Mail>,
}

/// Whether the skip check box is ticked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkipBox {
    /// Ticked.
    Ticked,
    /// Left alone.
    Unticked,
}

impl Seen {
    /// Whether this is what was seen.
    pub fn is(&self, screen: Screen) -> bool {
        self.screen == Some(screen)
    }

    /// Whether a code is asked for.
    pub fn asks_for_code(&self) -> bool {
        self.is(Screen::CodeEntry)
    }

    /// Whether the person is signed in by it: My Page, or the question that only follows a right code.
    pub fn is_signed_in(&self) -> bool {
        self.is(Screen::MyPage) || self.is(Screen::SkipConfirmation)
    }

    /// Whether it is one of the screens that stand for a refused code.
    pub fn refuses_code(&self) -> bool {
        matches!(
            self.screen,
            Some(Screen::CodeEntry | Screen::AttemptOver | Screen::SignIn | Screen::Limited | Screen::Refused)
        )
    }

    /// The same, for people.
    pub fn describe(&self) -> String {
        describe(self.screen, &self.answer)
    }

    /// The page as it was written, read by its own charset.
    pub fn text(&self) -> String {
        Page::of(&self.answer).html().to_owned()
    }
}

impl Visitor {
    pub(crate) fn new(life: Arc<Life>, browser: Browser, portal: Portal) -> Visitor {
        Visitor {
            life,
            browser,
            portal,
            account: None,
            shown: None,
            taken: Taken::new(),
            intent: doing::Intent::default(),
            sent_at: None,
            will_skip: false,
            new_password_is_ours: false,
            is_inside: false,
        }
    }

    /// The browser itself: its cookies, and the page that is open.
    pub fn browser(&mut self) -> &mut Browser {
        &mut self.browser
    }

    /// The portal it visits.
    pub fn portal(&self) -> Portal {
        self.portal
    }

    /// What time it is for the person.
    pub fn now(&self) -> SystemTime {
        self.life.now()
    }

    /// Keeps what is typed as a code out of every report, a wrong one too: stories make it from the right one.
    fn hide(&self, vars: &Vars<'_>) {
        let is_like_a_code =
            |typed: &&str| typed.len() >= 4 && typed.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        for typed in [vars.code, vars.confirmation].into_iter().filter(is_like_a_code) {
            self.life.recorder.secret("code", typed);
        }
    }

    /// Opens a page whose outcome may be anything.
    ///
    /// # Errors
    /// When nothing came back.
    pub async fn look_at(&mut self, step: Step) -> Result<Seen, Trouble> {
        self.look(step, Vars::default(), SkipBox::Unticked).await
    }

    /// Sends the account's ID and password on the sign-in screen; the outcome may be anything.
    ///
    /// # Errors
    /// When nothing came back.
    pub async fn try_password(&mut self, account: &Account) -> Result<Seen, Trouble> {
        self.signs_in_to(account);
        let password = self.life.password_of(account);
        self.look(Step::SubmitPassword, Vars { password: &password, ..account.vars() }, SkipBox::Unticked).await
    }

    /// Does a step; a screen that the profile does not know ends the story.
    async fn act(&mut self, step: Step, vars: Vars<'_>, tick: SkipBox) -> Result<Seen, Trouble> {
        let seen = self.look(step, vars, tick).await?;
        self.recognised(step, &seen)?;
        Ok(seen)
    }

    /// The screen of an answer.
    ///
    /// # Errors
    /// When the profile does not know it.
    pub fn recognised(&self, step: Step, seen: &Seen) -> Result<Screen, Trouble> {
        seen.screen.ok_or_else(|| {
            let place = place(&self.life.world.target, &seen.answer);
            Trouble::Unrecognised { step, seen: stranger(&seen.answer), place }
        })
    }

    async fn plain(&mut self, step: Step) -> Result<Seen, Trouble> {
        self.act(step, Vars::default(), SkipBox::Unticked).await
    }

    /// Opens the sign-in screen.
    ///
    /// # Errors
    /// As every step: nothing came back, the screen is not known, or the step cannot be done.
    pub async fn open_sign_in(&mut self) -> Result<Seen, Trouble> {
        self.plain(Step::OpenSignIn).await
    }

    /// The same for whoever may be signed in still: a target that shows them My Page in its place is told to sign out first.
    async fn open_sign_in_anew(&mut self) -> Result<Seen, Trouble> {
        let seen = self.open_sign_in().await?;
        if !seen.is(Screen::MyPage) || !self.is_inside {
            return Ok(seen);
        }
        if self.knows(Step::SignOut) {
            self.sign_out().await?;
        } else {
            self.forget_session();
        }
        self.open_sign_in().await
    }

    /// Sends the account's ID, with this password, on the sign-in screen.
    ///
    /// # Errors
    /// As every step.
    pub async fn submit_password(&mut self, account: &Account, password: &str) -> Result<Seen, Trouble> {
        self.act(Step::SubmitPassword, Vars { password, ..account.vars() }, SkipBox::Unticked).await
    }

    /// Starts a sign-in: opens the screen, sends the account's ID and password and, where a code is asked, waits for its mail. So
    /// every mail is taken by the attempt that caused it, and none can be mistaken for that of a later one.
    ///
    /// # Errors
    /// As every step, and when the mail does not come in the time the profile gives.
    pub async fn start(&mut self, account: &Account) -> Result<Started, Trouble> {
        let mut started = self.begin(account).await?;
        if started.seen.asks_for_code() {
            started.mailed = Some(self.await_code(account, &started).await?);
        }
        Ok(started)
    }

    /// Starts a sign-in without waiting for a mail.
    ///
    /// # Errors
    /// As every step, and when the mailbox cannot be read.
    pub async fn begin(&mut self, account: &Account) -> Result<Started, Trouble> {
        self.signs_in_to(account);
        self.make_room(account).await?;
        let mark = self.life.world.mailbox.mark().await?;
        let opened = self.open_sign_in_anew().await?;
        let password = self.life.password_of(account);
        let submitted = self.submit_password(account, &password).await;
        let seen = match submitted {
            // That a page of another kind lacks the form says less than what page it is.
            Err(Trouble::Driver(DriverError::Form { .. })) if !opened.is(Screen::SignIn) => {
                let (step, wanted) = (Step::OpenSignIn, Screen::SignIn.to_string());
                return Err(Trouble::Astray { step, wanted, seen: opened.describe() });
            }
            submitted => submitted?,
        };
        Ok(Started { seen, mark, sent_at: self.sent_at.unwrap_or_else(SentAt::now), mailed: None })
    }

    /// Starts a sign-in with a request that the story alters before it is sent, without waiting for a mail; the outcome may be
    /// anything, also a screen that the profile does not know.
    ///
    /// # Errors
    /// When nothing came back, the mailbox cannot be read, or the sign-in screen has no form.
    pub async fn begin_altered(
        &mut self,
        account: &Account,
        alter: impl FnOnce(Request) -> Request,
    ) -> Result<Started, Trouble> {
        self.signs_in_to(account);
        self.make_room(account).await?;
        let mark = self.life.world.mailbox.mark().await?;
        self.open_sign_in_anew().await?;
        let request = alter(self.lead_up_to(Step::SubmitPassword, account.vars(), SkipBox::Unticked).await?);
        let seen = self.send(Step::SubmitPassword, request).await?;
        Ok(Started { seen, mark, sent_at: self.sent_at.unwrap_or_else(SentAt::now), mailed: None })
    }

    /// The code of a sign-in that was started.
    ///
    /// # Errors
    /// When it does not come in the time the profile gives.
    pub async fn mailed_code(&self, account: &Account, started: &Started) -> Result<Mailed, Trouble> {
        match &started.mailed {
            Some(mailed) => Ok(mailed.clone()),
            None => self.await_code(account, started).await,
        }
    }

    async fn await_code(&self, account: &Account, started: &Started) -> Result<Mailed, Trouble> {
        let mailed = self.first_mail_after(&account.key.address, started.mark, "code", Target::code_in);
        self.note_mail("code", started.sent_at, mailed).await
    }

    /// Waits for a mail with a secret of some kind, and lets the recorder know how that went.
    async fn note_mail(
        &self,
        kind: &'static str,
        sent_at: SentAt,
        mailed: impl Future<Output = Result<Mailed, Trouble>>,
    ) -> Result<Mailed, Trouble> {
        let recorder = &self.life.recorder;
        recorder.mail_awaited();
        let mailed = mailed.await;
        match &mailed {
            Ok(mailed) => {
                recorder.secret(kind, &mailed.code);
                self.life.note_mailed_code(&mailed.code);
                if let Some(written) = self.life.world.target.as_written(&mailed.letter, &mailed.code) {
                    recorder.secret(kind, &written);
                }
                recorder.mail_came(&mailed.mail, sent_at.until(&mailed.mail));
            }
            Err(Trouble::NoMail { .. }) => recorder.mail_never_came(),
            Err(_) => {}
        }
        mailed
    }

    /// The first mail to an address in which `find` finds something.
    async fn first_mail_after(
        &self,
        address: &str,
        mut mark: Mark,
        kind: &'static str,
        find: fn(&Target, &Letter) -> Option<String>,
    ) -> Result<Mailed, Trouble> {
        let world = &self.life.world;
        let patience = world.target.numbers.mail_patience.0;
        let begun = Instant::now();
        let mut others = 0;
        loop {
            let left = patience.saturating_sub(begun.elapsed());
            let wait = world.cancel.run_until_cancelled(world.mailbox.next_for(address, mark, left));
            let Some(mail) = wait.await.ok_or(Trouble::Interrupted)?? else {
                let (address, seconds) = (address.to_owned(), patience.as_secs_f64());
                return Err(Trouble::NoMail { kind, address, seconds, others });
            };
            let letter = Letter::parse(&mail);
            if let Some(code) = find(&world.target, &letter) {
                return Ok(Mailed { code, letter, mail });
            }
            mark = mail.mark();
            others += 1;
        }
    }

    /// Opens the code entry screen again, as a reload does.
    ///
    /// # Errors
    /// As every step.
    pub async fn open_code_entry(&mut self) -> Result<Seen, Trouble> {
        self.plain(Step::OpenCodeEntry).await
    }

    /// Sends a code on the code entry screen.
    ///
    /// # Errors
    /// As every step.
    pub async fn submit_code(&mut self, code: &str, skip: SkipBox) -> Result<Seen, Trouble> {
        self.act(Step::SubmitCode, Vars { code, ..Vars::default() }, skip).await
    }

    /// `OK` on the skip confirmation screen.
    ///
    /// # Errors
    /// As every step.
    pub async fn confirm_skip(&mut self) -> Result<Seen, Trouble> {
        self.plain(Step::ConfirmSkip).await
    }

    /// Leaves the skip confirmation screen by its cancel button.
    ///
    /// # Errors
    /// As every step.
    pub async fn cancel_skip(&mut self) -> Result<Seen, Trouble> {
        self.plain(Step::CancelSkip).await
    }

    /// Opens a page of the target by its address: My Page, the settings, the skip settings, a confirmation.
    ///
    /// # Errors
    /// As every step.
    pub async fn open(&mut self, step: Step) -> Result<Seen, Trouble> {
        self.plain(step).await
    }

    /// Opens the skip settings screen and reads the status (FAQ-13).
    ///
    /// # Errors
    /// As every step, and when another screen comes or it says neither あり nor なし.
    pub async fn skip_status(&mut self) -> Result<(Status, Seen), Trouble> {
        let seen = self.open(Step::OpenSkipSettings).await?;
        let astray = |wanted: &str| Trouble::Astray {
            step: Step::OpenSkipSettings,
            wanted: wanted.to_owned(),
            seen: seen.describe(),
        };
        if !seen.is(Screen::SkipSettings) {
            return Err(astray("skip-settings"));
        }
        let status =
            self.life.world.target.status_on(&seen.answer).ok_or_else(|| astray("a status of あり or なし"))?;
        Ok((status, seen))
    }

    /// The first button of the resume, on the skip settings screen.
    ///
    /// # Errors
    /// As every step.
    pub async fn resume(&mut self) -> Result<Seen, Trouble> {
        self.plain(Step::Resume).await
    }

    /// `完了` on the resume confirmation screen.
    ///
    /// # Errors
    /// As every step.
    pub async fn complete_resume(&mut self) -> Result<Seen, Trouble> {
        self.plain(Step::CompleteResume).await
    }

    /// Signs out, from My Page.
    ///
    /// # Errors
    /// As every step.
    pub async fn sign_out(&mut self) -> Result<Seen, Trouble> {
        self.open(Step::OpenMyPage).await?;
        self.plain(Step::SignOut).await
    }

    /// All exchanges of the story so far, where they are kept.
    ///
    /// # Errors
    /// Where they are not kept: what was not looked at cannot be judged.
    pub fn exchanges(&self) -> Result<Vec<Exchange>, Trouble> {
        let kept = self.life.recorder.exchanges();
        kept.ok_or_else(|| Trouble::Means("this run keeps no exchanges to look into".to_owned()))
    }

    /// Waits, in real time, for mail that should not come: the quiet time of the profile (see "Absence" in the rules).
    pub async fn quiet(&self) -> Duration {
        let quiet = self.life.world.target.numbers.quiet_time.0;
        tokio::time::sleep(quiet).await;
        quiet
    }

    /// The world this person lives in.
    pub fn world(&self) -> &Arc<crate::world::World> {
        &self.life.world
    }
}
