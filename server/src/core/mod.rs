//! The pure core: what happens to one account when one event reaches it.
//!
//! Everything a user does belongs to exactly one account, so an [`AccountState`] is the unit of state: whoever holds it
//! alone makes each event atomic. Here live the state, the events and their order of judgement; what a *rule* decides is
//! asked of [`Decisions`]. No I/O, no async, no clock and no generator live here: `now` and randomness are arguments.

mod account;
mod additional;
mod address;
mod address_change;
mod attempt;
mod business_day;
mod code;
mod expiry;
mod fact;
mod lean;
mod limits;
mod office;
mod password_change;
mod revocation;
mod session;
mod sign_in;
mod skip;
mod time;
mod token;

pub use account::{AccountState, Identity, MAX_NAME_BYTES, MainAccount, Portal, Tries, UnknownPortal};
pub use additional::{AddAccount, AddRefusal, MAX_ADDITIONAL_ACCOUNTS};
pub use address::{Address, AddressError, MAX_ADDRESS_BYTES};
pub use address_change::{
    AddressChange, AddressRefusal, AskAddressChange, ConfirmAddressChange, NUMBER_VALID, NumberRefusal,
    ViewAddressChange,
};
pub use attempt::{
    Attempt, AttemptEnd, CodeRefusal, Delivery, KEPT_ATTEMPTS, MailSettled, SignedIn, SubmitCode, ViewCode,
};
pub use business_day::{after_business_days, is_business_day, japanese_day};
pub use code::{CODE_DIGITS, Code, CodeError, normalised};
pub use expiry::CODE_VALID;
pub use fact::{Ending, Fact, Way};
pub use limits::{
    CODE_MAILS_PER_HOUR, LIMIT_WINDOW, NUMBER_MAILS_PER_HOUR, REFUSED_IDS_PER_HOUR, Recent, WRONG_CODES_PER_ATTEMPT,
    WRONG_CODES_PER_HOUR, WRONG_NUMBERS_PER_CHANGE, WRONG_PASSWORDS_PER_HOUR,
};
pub use office::{
    CheckIdentity, KEPT_PROCEDURES, MAX_OFFICE_BUSINESS_DAYS, OFFICE_BUSINESS_DAYS, Office, OfficeRefusal,
    OpenProcedure, Procedure, ProcedureEnd, ProcedureId, ProcedureReport, ProcedureState, Settle, ViewProcedure,
    WithdrawProcedure,
};
pub use password_change::{ChangePassword, MIN_PASSWORD_CHARACTERS, PasswordRefusal};
pub use revocation::{CompleteResume, Revocation, RevokeSkips};
pub use session::{
    Claims, MAX_SESSIONS, NotSignedIn, Page, PageView, SESSION_VALID, SKIP_OFFER_VALID, Session, SignOut, Standing,
    ViewPage, Visitor,
};
pub use sign_in::{SignIn, SignInAnswer, SignInRefusal};
pub use skip::{ConfirmRefusal, ConfirmSkip, SKIP_VALID, Skip, SkipCheck};
pub use time::{GO_LIVE, Moment};
pub use token::{BrowserTag, Cookie, Draw, Slot, Token, TokenHash};

pub(crate) use skip::cookie_name as skip_cookie_name;

use crate::decisions::{Decisions, Notice, NoticeContext, Occasion, Recipients};
use crate::mail::Letter;

/// Something that happens to one account.
pub trait Event {
    /// What the one who caused the event is told.
    type Answer;

    /// Changes the state and says what follows; effects are pushed onto the turn in their order.
    fn happen(self, state: &mut AccountState, turn: &mut Turn<'_>) -> Self::Answer;
}

/// What an event needs beside the state: the account's time, randomness and the decisions of the rules.
pub struct Turn<'a> {
    /// The account's time.
    pub now: Moment,
    /// Where codes and identifiers are drawn from.
    pub draw: &'a mut dyn Draw,
    /// Who decides what the rules decide.
    pub decisions: &'a dyn Decisions,
    effects: Vec<Effect>,
}

impl Turn<'_> {
    pub(crate) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Asks whether anything is mailed on an occasion that calls for no code.
    pub(crate) fn notify(&mut self, occasion: Occasion, state: &AccountState) {
        let context = NoticeContext { occasion, account: Some(state), address: &state.address, now: self.now };
        if let Some(notice) = self.decisions.notice_on(&context) {
            self.effect(Effect::Notify(notice));
        }
    }
}

/// What the world outside the account must do after an event.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Mail a code; room for it was promised before the event.
    MailCode {
        /// The attempt the code belongs to; its delivery is reported with [`MailSettled`].
        attempt: TokenHash,
        /// Who gets it.
        recipients: Recipients,
        /// What it says.
        letter: Letter,
    },
    /// Mail something else that was promised, and room for it with it.
    Mail {
        /// Who gets it.
        recipients: Recipients,
        /// What it says.
        letter: Letter,
    },
    /// Mail something that nobody waits for, if there is room.
    Notify(Notice),
    /// The holder of this token is to be found at this account.
    OpenToken(TokenHash),
    /// This token leads nowhere from now on.
    CloseToken(TokenHash),
    /// The account is found by this address from now on. That nobody else is was made sure of before the event.
    ClaimAddress(Address),
    /// The account is no longer found by this address.
    FreeAddress(Address),
    /// The browser is to keep this skip cookie for [`SKIP_VALID`].
    KeepSkip(Cookie),
    /// Something happened at an account of this portal that is worth counting.
    Count(Portal, Fact),
}

/// What came of an event.
#[derive(Clone, Debug)]
pub struct Outcome<Answer> {
    /// What the one who caused the event is told.
    pub answer: Answer,
    /// What must be done now, in this order.
    pub effects: Vec<Effect>,
}

/// Lets one event happen to one account at `now` of that account's time. What the office has done by then comes first.
pub fn apply<E: Event>(
    state: &mut AccountState,
    event: E,
    now: Moment,
    draw: &mut dyn Draw,
    decisions: &dyn Decisions,
) -> Outcome<E::Answer> {
    let mut turn = Turn { now, draw, decisions, effects: Vec::new() };
    office::settle(state, &mut turn);
    let answer = event.happen(state, &mut turn);
    Outcome { answer, effects: turn.effects }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod testing;
