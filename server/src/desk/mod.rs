//! The desk: takes what browsers bring, finds the account, lets the event happen, and sees to what follows.
//!
//! It knows neither HTTP nor HTML, and decides nothing that a rule speaks of.

mod accounts;
mod address;
mod counting;
mod office;
mod password;

pub(crate) use accounts::Listed;
pub(crate) use password::{PasswordFault, judge_password};

use std::sync::Arc;
use std::time::Instant;

use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;

use crate::core::{
    AccountState, Address, Attempt, AttemptEnd, CodeRefusal, CompleteResume, ConfirmRefusal, ConfirmSkip, Cookie,
    Delivery, Draw, Effect, Event, MailSettled, Moment, NotSignedIn, Page, PageView, Portal, RevokeSkips, SignIn,
    SignInAnswer, SignInRefusal, SignOut, SignedIn, SubmitCode, Token, TokenHash, ViewCode, ViewPage, Visitor,
};
use crate::decisions::{Decisions, Notice, NoticeContext, Occasion, Recipients};
use crate::mail::{ComposeError, DeliveryError, Letter, Mail, MailCharset, Outbox, Room, compose};
use crate::passwords::Passwords;
use crate::store::{Account, Applied, Durable, RealTime, Store};
use crate::watch::{Metrics, masked};

use counting::{MailWatch, count_facts, is_dead};

/// Everything between a request and an account.
pub(crate) struct Desk {
    pub(crate) store: Arc<Store>,
    pub(crate) decisions: Arc<dyn Decisions>,
    pub(crate) passwords: Passwords,
    pub(crate) outbox: Outbox,
    pub(crate) mail_charset: MailCharset,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) real_time: RealTime,
    pub(crate) go_live: Moment,
    /// How many business days the office needs.
    pub(crate) office_business_days: u16,
}

/// What came of an event, and the skip cookies the browser is to keep.
pub(crate) struct Done<Answer> {
    pub(crate) answer: Answer,
    pub(crate) skip_cookies: Vec<Cookie>,
}

impl Desk {
    /// ID and password. The account is the one the ID names, whatever came of it.
    pub(crate) async fn sign_in(
        &self,
        portal: Portal,
        id: &str,
        password: &str,
        visitor: &Visitor,
    ) -> (Option<Arc<Account>>, Done<Result<SignInAnswer, SignInRefusal>>) {
        let answered = self.try_sign_in(portal, id, password, visitor).await;
        self.metrics.sign_in_form(portal, (&answered.1.answer).into());
        answered
    }

    async fn try_sign_in(
        &self,
        portal: Portal,
        id: &str,
        password: &str,
        visitor: &Visitor,
    ) -> (Option<Arc<Account>>, Done<Result<SignInAnswer, SignInRefusal>>) {
        let address = Address::parse(id).ok();
        let account = address.as_ref().and_then(|address| self.store.find(portal, address));
        let stored = account.as_ref().map(|account| self.look(account, |state, _| state.password_hash.clone()));
        let refused = |refusal| Done { answer: Err(refusal), skip_cookies: Vec::new() };
        let began = Instant::now();
        let are_right = if stored.is_some() || self.decisions.works_on_passwords_of_unknown_ids() {
            self.passwords.are_right(password, stored.clone()).await
        } else {
            Ok(false)
        };
        self.metrics.password_checked(began.elapsed());
        let Ok(password_is_right) = are_right else {
            return (account, refused(SignInRefusal::PasswordsBusy));
        };
        let wrong_pair = || refused(SignInRefusal::WrongPair);
        let Some(address) = address else { return (None, wrong_pair()) };
        let Some((account, checked)) = account.zip(stored) else {
            self.notify_unknown(&address);
            return (None, wrong_pair());
        };
        let previous = self.session_holder(portal, visitor);
        let room = self.outbox.reserve();
        let event = SignIn {
            visitor,
            address: &address,
            password_is_right,
            checked: &checked,
            signed_in_as: previous.as_ref().map(|held| self.look(held, |state, _| state.identity.slot)),
            go_live: self.go_live,
            mail_has_room: room.is_some(),
        };
        let done = self.happen(&account, event, room).await;
        if let Ok(SignInAnswer::SignedIn(signed_in)) = &done.answer {
            self.end_replaced(previous, &account, visitor, signed_in).await;
        }
        (Some(account), done)
    }

    /// The code entry screen is looked at.
    pub(crate) async fn view_code(&self, portal: Portal, visitor: &Visitor) -> Result<(), AttemptEnd> {
        let account = self.attempt_holder(portal, visitor).ok_or(AttemptEnd::Over)?;
        self.happen(&account, ViewCode { visitor }, None).await.answer
    }

    /// A code is given.
    pub(crate) async fn submit_code(
        &self,
        portal: Portal,
        visitor: &Visitor,
        typed: &str,
        ticked: bool,
    ) -> Done<Result<SignedIn, CodeRefusal>> {
        let done = self.try_code(portal, visitor, typed, ticked).await;
        self.metrics.code_form(portal, (&done.answer).into());
        done
    }

    async fn try_code(
        &self,
        portal: Portal,
        visitor: &Visitor,
        typed: &str,
        ticked: bool,
    ) -> Done<Result<SignedIn, CodeRefusal>> {
        let Some(account) = self.attempt_holder(portal, visitor) else {
            return Done { answer: Err(CodeRefusal::Ended(AttemptEnd::Over)), skip_cookies: Vec::new() };
        };
        let previous = self.session_holder(portal, visitor);
        let done = self.happen(&account, SubmitCode { visitor, typed, ticked }, None).await;
        if let Ok(signed_in) = &done.answer {
            self.end_replaced(previous, &account, visitor, signed_in).await;
        }
        done
    }

    /// A page behind the sign-in is looked at.
    pub(crate) async fn view_page(
        &self,
        portal: Portal,
        visitor: &Visitor,
        page: Page,
    ) -> Done<Result<PageView, NotSignedIn>> {
        match self.holder(portal, visitor) {
            Some(account) => self.happen(&account, ViewPage { visitor, page }, None).await,
            None => Done { answer: Err(NotSignedIn), skip_cookies: Vec::new() },
        }
    }

    /// ［OK］ or ［キャンセル］ on the skip confirmation screen.
    pub(crate) async fn confirm_skip(
        &self,
        portal: Portal,
        visitor: &Visitor,
        accepted: bool,
    ) -> Done<Result<(), ConfirmRefusal>> {
        match self.holder(portal, visitor) {
            Some(account) => self.happen(&account, ConfirmSkip { visitor, accepted }, None).await,
            None => Done { answer: Err(ConfirmRefusal::NotSignedIn), skip_cookies: Vec::new() },
        }
    }

    /// ［完了］ on the resume confirmation screen; says the name of the acting account's skip cookie.
    pub(crate) async fn complete_resume(&self, portal: Portal, visitor: &Visitor) -> Result<String, NotSignedIn> {
        let account = self.holder(portal, visitor).ok_or(NotSignedIn)?;
        let slot = self.look(&account, |state, _| state.identity.slot);
        let additional = self.store.additional_of(slot);
        let event = CompleteResume { visitor, additional: &additional };
        let others = self.happen(&account, event, None).await.answer?;
        for other in others.into_iter().filter_map(|slot| self.store.with_slot(slot)) {
            self.happen(&other, RevokeSkips { visitor }, None).await;
        }
        Ok(self.look(&account, |state, _| self.decisions.skip_cookie_name(&state.identity)))
    }

    /// ［ログアウト］.
    pub(crate) async fn sign_out(&self, portal: Portal, visitor: &Visitor) {
        if let Some(account) = self.session_holder(portal, visitor) {
            self.happen(&account, SignOut { visitor }, None).await;
        }
    }

    /// After a start: codes that were on their way when the server ended may have come or not, and their users cannot know.
    /// They are told that the mail failed, and start over. Says how many there were.
    pub(crate) fn give_up_lost_mail(&self) -> usize {
        let mut lost = 0;
        for account in self.store.all() {
            let pending: Vec<TokenHash> = self.look(&account, |state, _| {
                let is_lost = |attempt: &&Attempt| attempt.delivery == Delivery::Pending && !attempt.used;
                state.attempts.iter().filter(is_lost).map(|attempt| attempt.token).collect()
            });
            lost += pending.len();
            for attempt in pending {
                self.settle(&account, MailSettled { attempt, delivery: Delivery::Refused });
            }
        }
        lost
    }

    /// Notes what became of a mail; nobody waits for that.
    fn settle(&self, account: &Arc<Account>, event: MailSettled) {
        let applied = self.store.apply(account, event, self.real_time.now(), &mut system(), &*self.decisions);
        count_facts(&applied.effects, &self.metrics);
    }

    /// Asks, after an account's clock was moved, whether that is an occasion to mail something.
    pub(crate) fn note_time_passed(&self, account: &Account) {
        let notice = self.look(account, |state, now| {
            let (occasion, address) = (Occasion::TimePassed, state.address_at(now, &*self.decisions));
            let context = NoticeContext { occasion, account: Some(state), address, now };
            self.decisions.notice_on(&context)
        });
        self.send_notice(notice, self.store.everything());
    }

    /// Looks at an account at its own time.
    pub(crate) fn look<T>(&self, account: &Account, look: impl FnOnce(&AccountState, Moment) -> T) -> T {
        account.look(self.real_time.now(), look)
    }

    /// The account that has this ID now.
    pub(crate) fn find(&self, portal: Portal, address: &Address) -> Option<Arc<Account>> {
        let account = self.store.find(portal, address)?;
        self.look(&account, |state, now| state.address_at(now, &*self.decisions) == address).then_some(account)
    }

    /// The account the visitor is known at: by its session or else by its attempt.
    pub(crate) fn holder(&self, portal: Portal, visitor: &Visitor) -> Option<Arc<Account>> {
        self.session_holder(portal, visitor).or_else(|| self.attempt_holder(portal, visitor))
    }

    fn session_holder(&self, portal: Portal, visitor: &Visitor) -> Option<Arc<Account>> {
        visitor.session.as_ref().and_then(|token| self.of_portal(portal, &token.hash()))
    }

    /// Whether the visitor's session holds.
    pub(crate) fn is_signed_in(&self, portal: Portal, visitor: &Visitor) -> bool {
        let Some(token) = visitor.session.as_ref().map(Token::hash) else { return false };
        self.session_holder(portal, visitor).is_some_and(|account| {
            self.look(&account, |state, now| {
                state.session(&token).is_some_and(|session| self.decisions.session_holds(session, now))
            })
        })
    }

    /// The account of the visitor's attempt.
    pub(crate) fn attempt_holder(&self, portal: Portal, visitor: &Visitor) -> Option<Arc<Account>> {
        visitor.attempt.as_ref().and_then(|token| self.of_portal(portal, &token.hash()))
    }

    fn of_portal(&self, portal: Portal, token: &TokenHash) -> Option<Arc<Account>> {
        let account = self.store.with_token(token)?;
        self.look(&account, |state, _| state.identity.portal == portal).then_some(account)
    }

    /// FAQ-15: signing in replaces the browser's session at the portal, also that of another account.
    async fn end_replaced(
        &self,
        previous: Option<Arc<Account>>,
        account: &Arc<Account>,
        visitor: &Visitor,
        signed_in: &SignedIn,
    ) {
        let Some(previous) = previous else { return };
        if !Arc::ptr_eq(&previous, account) && visitor.session.as_ref() != Some(&signed_in.session) {
            self.happen(&previous, SignOut { visitor }, None).await;
        }
    }

    async fn happen<E: Event>(&self, account: &Arc<Account>, event: E, room: Option<Room>) -> Done<E::Answer> {
        self.store.room().await;
        let applied = self.store.apply(account, event, self.real_time.now(), &mut system(), &*self.decisions);
        self.follow(account, applied, room).await
    }

    /// Sees to the effects, and returns when what happened is on disk. A code's place in the queue was taken before the event;
    /// nothing is mailed without one. Mails are handed over before the wait and wait for themselves: a browser that goes away
    /// meanwhile keeps nobody from getting theirs. If the disk fails, the answer that is returned here is never given.
    async fn follow<A>(&self, account: &Arc<Account>, applied: Applied<A>, mut room: Option<Room>) -> Done<A> {
        let Applied { answer, effects, durable } = applied;
        count_facts(&effects, &self.metrics);
        let mut skip_cookies = Vec::new();
        for effect in effects {
            match effect {
                Effect::MailCode { attempt, recipients, letter } => {
                    if let Some(room) = room.take() {
                        self.send_code(account, attempt, &recipients, &letter, room, durable.clone());
                    }
                }
                Effect::Mail { recipients, letter } => {
                    if let Some(room) = room.take() {
                        self.send(&recipients, &letter, room, durable.clone());
                    }
                }
                Effect::Notify(notice) => self.send_notice(Some(notice), durable.clone()),
                Effect::KeepSkip(cookie) => skip_cookies.push(cookie),
                Effect::OpenToken(_)
                | Effect::CloseToken(_)
                | Effect::ClaimAddress(_)
                | Effect::FreeAddress(_)
                | Effect::Count(..) => {}
            }
        }
        if let Err(error) = durable.wait().await {
            tracing::warn!(%error, "an answer is withheld");
        }
        Done { answer, skip_cookies }
    }

    fn send_code(
        &self,
        account: &Arc<Account>,
        attempt: TokenHash,
        recipients: &Recipients,
        letter: &Letter,
        room: Room,
        durable: Durable,
    ) {
        let (store, account, decisions) = (self.store.clone(), account.clone(), self.decisions.clone());
        let (real_time, watch) = (self.real_time, MailWatch::begin(self.metrics.clone()));
        let settled = move |result: Result<(), DeliveryError>| {
            watch.settled(&result, is_dead(&account, &attempt, real_time.now(), &*decisions));
            let delivery = match result {
                Ok(()) => {
                    tracing::debug!("the mail host took a code");
                    Delivery::Accepted
                }
                Err(error) => {
                    tracing::warn!(error = %masked(&error.to_string()), "a code could not be mailed");
                    Delivery::Refused
                }
            };
            let event = MailSettled { attempt, delivery };
            let applied = store.apply(&account, event, real_time.now(), &mut system(), &*decisions);
            watch.noted(&applied.effects);
        };
        match self.written(recipients, letter) {
            Ok(mail) => self.outbox.post_when(async move { durable.wait().await.is_ok() }, room, mail, settled),
            Err(error) => settled(Err(DeliveryError::Refused(error.to_string()))),
        }
    }

    fn send_notice(&self, notice: Option<Notice>, durable: Durable) {
        let Some(Notice { to, letter }) = notice else { return };
        match self.outbox.reserve() {
            Some(room) => {
                self.send(&Recipients { to: vec![to], cc: Vec::new(), bcc: Vec::new() }, &letter, room, durable)
            }
            None => tracing::warn!("a notice was not mailed: the queue is full"),
        }
    }

    /// Sends what nobody signs in with; where it cannot be delivered, the log says so.
    fn send(&self, recipients: &Recipients, letter: &Letter, room: Room, durable: Durable) {
        let settled = |result: Result<(), DeliveryError>| {
            if let Err(error) = result {
                tracing::warn!(error = %masked(&error.to_string()), "a mail could not be delivered");
            }
        };
        match self.written(recipients, letter) {
            Ok(mail) => self.outbox.post_when(async move { durable.wait().await.is_ok() }, room, mail, settled),
            Err(error) => tracing::warn!(error = %masked(&error.to_string()), "a mail could not be written"),
        }
    }

    fn notify_unknown(&self, address: &Address) {
        let context =
            NoticeContext { occasion: Occasion::UnknownId, account: None, address, now: self.real_time.now() };
        self.send_notice(self.decisions.notice_on(&context), self.store.everything());
    }

    fn written(&self, recipients: &Recipients, letter: &Letter) -> Result<Mail, ComposeError> {
        compose(recipients, letter, &system().token(), self.mail_charset)
    }
}

/// The system's own generator; it fails only where the machine has no randomness at all.
pub(crate) fn system() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}
