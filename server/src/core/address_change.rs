//! Changing the registered address while signed in, confirmed by a mail to the new one (NOTICE-4).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::account::AccountState;
use super::address::Address;
use super::code::{Code, normalised};
use super::session::{NotSignedIn, Page, Visitor, admit};
use super::skip;
use super::time::Moment;
use super::token::{Token, TokenHash};
use super::{Effect, Event, Turn};
use crate::decisions::{Change, Step};

/// Policy: a confirmation number is valid for 30 minutes, as long as a code.
pub const NUMBER_VALID: Duration = Duration::from_secs(30 * 60);

/// A change of the address that waits for the number that was mailed to the new one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressChange {
    /// The session that asked for it.
    pub holder: TokenHash,
    /// The new address.
    pub address: Address,
    /// The number that was mailed; none where nothing was, because another account has the address. The screens are the
    /// same then, so that nobody learns who is registered.
    pub number: Option<Code>,
    /// When it was asked for.
    pub asked_at: Moment,
    /// How many wrong numbers were given.
    pub wrong_numbers: u32,
}

/// A signed-in user gives a new address.
pub struct AskAddressChange<'a> {
    /// Who asks.
    pub visitor: &'a Visitor,
    /// The new address.
    pub address: &'a Address,
    /// Whether no account of the portal has it.
    pub is_free: bool,
    /// Whether the mail queue has room for one more mail.
    pub mail_has_room: bool,
}

/// Why an address change was not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressRefusal {
    /// The browser is not signed in (FAQ-05 a).
    NotSignedIn,
    /// The change is not offered at this time; by the rules it always is.
    NotOffered,
    /// The address is the account's already.
    SameAsNow,
    /// The office is about to change the address.
    OfficeAtWork,
    /// Too many numbers were mailed lately.
    TooManyMails,
    /// The mail queue is full.
    MailQueueFull,
}

impl From<NotSignedIn> for AddressRefusal {
    fn from(_: NotSignedIn) -> Self {
        Self::NotSignedIn
    }
}

impl Event for AskAddressChange<'_> {
    type Answer = Result<(), AddressRefusal>;

    fn happen(self, state: &mut AccountState, turn: &mut Turn<'_>) -> Self::Answer {
        let decisions = turn.decisions;
        admit(state, self.visitor, Page::Address, turn)?;
        if !decisions.address_change_is_offered(turn.now) {
            return Err(AddressRefusal::NotOffered);
        }
        if state.office.as_deref().is_some_and(|office| office.is_open()) {
            return Err(AddressRefusal::OfficeAtWork);
        }
        if state.address == *self.address {
            return Err(AddressRefusal::SameAsNow);
        }
        if decisions.number_mails_are_used_up(state.tries_mut().number_mails.count(turn.now)) {
            return Err(AddressRefusal::TooManyMails);
        }
        if !self.mail_has_room {
            return Err(AddressRefusal::MailQueueFull);
        }
        let holder = holder(self.visitor).ok_or(AddressRefusal::NotSignedIn)?;
        // Counted whether anything is mailed or not: a limit that only free addresses reach would tell which are.
        state.tries_mut().number_mails.note(turn.now);
        if self.is_free && !decisions.address_change_is_confirmed() {
            register(state, self.address, turn);
            skip::follow(Step::AddressChanged, state, self.visitor, turn);
            return Ok(());
        }
        let number = turn.draw.code();
        state.address_change = Some(Box::new(AddressChange {
            holder,
            address: self.address.clone(),
            number: self.is_free.then_some(number),
            asked_at: turn.now,
            wrong_numbers: 0,
        }));
        if self.is_free {
            let recipients = decisions.number_recipients(state, self.address);
            let letter = decisions.number_letter(&number, state);
            turn.effect(Effect::Mail { recipients, letter });
        }
        Ok(())
    }
}

/// The screen for the confirmation number is looked at.
pub struct ViewAddressChange<'a> {
    /// Who looks.
    pub visitor: &'a Visitor,
}

/// Why a number did not confirm a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberRefusal {
    /// The browser is not signed in.
    NotSignedIn,
    /// It is not the number; another one may be given.
    Wrong,
    /// There is no such change any more: it ran out, was replaced or finished, belongs to another session, or too many
    /// wrong numbers were given.
    Ended,
}

impl From<NotSignedIn> for NumberRefusal {
    fn from(_: NotSignedIn) -> Self {
        Self::NotSignedIn
    }
}

impl Event for ViewAddressChange<'_> {
    /// The address that waits.
    type Answer = Result<Address, NumberRefusal>;

    fn happen(self, state: &mut AccountState, turn: &mut Turn<'_>) -> Self::Answer {
        admit(state, self.visitor, Page::Address, turn)?;
        pending(state, self.visitor, turn).map(|change| change.address.clone())
    }
}

/// A confirmation number is given.
pub struct ConfirmAddressChange<'a> {
    /// Who gives it.
    pub visitor: &'a Visitor,
    /// What was typed.
    pub typed: &'a str,
    /// The address that is claimed, with whether no other account has it.
    pub claim: (&'a Address, bool),
}

impl Event for ConfirmAddressChange<'_> {
    type Answer = Result<(), NumberRefusal>;

    fn happen(self, state: &mut AccountState, turn: &mut Turn<'_>) -> Self::Answer {
        admit(state, self.visitor, Page::Address, turn)?;
        let change = pending(state, self.visitor, turn)?;
        let typed = normalised(self.typed);
        if !turn.decisions.number_is_right(&typed, change) {
            return Err(count_wrong(state, &typed, turn));
        }
        let (claimed, is_free) = self.claim;
        if change.address != *claimed || !is_free {
            // Somebody else was faster: who gave the right number reads the mails of that address, so this tells nobody
            // what they could not know.
            state.address_change = None;
            return Err(NumberRefusal::Ended);
        }
        register(state, claimed, turn);
        skip::follow(Step::AddressChanged, state, self.visitor, turn);
        Ok(())
    }
}

/// What cannot be a number at all guesses nothing and is not counted.
fn count_wrong(state: &mut AccountState, typed: &str, turn: &Turn<'_>) -> NumberRefusal {
    let Some(change) = state.address_change.as_deref_mut().filter(|_| Code::parse(typed).is_some()) else {
        return NumberRefusal::Wrong;
    };
    change.wrong_numbers += 1;
    if turn.decisions.wrong_numbers_end_change(change.wrong_numbers) {
        state.address_change = None;
        return NumberRefusal::Ended;
    }
    NumberRefusal::Wrong
}

/// The change that this visitor may still confirm.
fn pending<'a>(
    state: &'a AccountState,
    visitor: &Visitor,
    turn: &Turn<'_>,
) -> Result<&'a AddressChange, NumberRefusal> {
    let decisions = turn.decisions;
    let open = |change: &&AddressChange| {
        holder(visitor).is_some_and(|holder| decisions.address_change_belongs_to(change, &holder))
            && decisions.number_is_in_time(change.asked_at, turn.now)
            && !decisions.wrong_numbers_end_change(change.wrong_numbers)
    };
    state.address_change.as_deref().filter(open).ok_or(NumberRefusal::Ended)
}

/// What ties a change to its browser: the session, or where a page was opened without one, the attempt.
fn holder(visitor: &Visitor) -> Option<TokenHash> {
    visitor.session.as_ref().or(visitor.attempt.as_ref()).map(Token::hash)
}

/// Registers the address. Open attempts end: their codes went to an address that is no longer the account's.
fn register(state: &mut AccountState, address: &Address, turn: &mut Turn<'_>) {
    take_over(state, address, turn);
    if let Some(notice) = state.former_address.as_ref().and_then(|former| {
        let change = Change::Address { former };
        turn.decisions.notice_of_change(&change, state)
    }) {
        turn.effect(Effect::Notify(notice));
    }
}

/// Puts the address in the place of the old one, in the state and in the index.
pub(super) fn take_over(state: &mut AccountState, address: &Address, turn: &mut Turn<'_>) {
    let former = std::mem::replace(&mut state.address, address.clone());
    turn.effect(Effect::ClaimAddress(address.clone()));
    turn.effect(Effect::FreeAddress(former.clone()));
    state.former_address = Some(former);
    state.address_change = None;
    for attempt in state.attempts.drain(..) {
        turn.effect(Effect::CloseToken(attempt.token));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::{Bench, MINUTE};
    use super::super::{GO_LIVE, LIMIT_WINDOW, NUMBER_MAILS_PER_HOUR, WRONG_NUMBERS_PER_CHANGE};
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    fn new_address() -> Address {
        Address::parse("new@example.test").unwrap()
    }

    fn signed_in() -> Bench {
        let mut bench = Bench::new();
        bench.sign_in_by_code("pc", false);
        bench
    }

    #[test]
    fn notice4_the_number_goes_to_the_new_address_and_codes_to_the_old_one_till_it_is_confirmed() {
        let mut bench = signed_in();
        let old = bench.state.address.clone();
        let number = bench.ask("pc", &new_address(), true).unwrap().unwrap();
        assert_eq!(bench.last_mail().unwrap().0.to, [new_address()]);
        bench.start("phone");
        assert_eq!(bench.last_recipients().unwrap().to, std::slice::from_ref(&old));
        bench.number("pc", number.as_str()).unwrap();
        assert_eq!((&bench.state.address, bench.state.former_address.as_ref()), (&new_address(), Some(&old)));
        bench.start("phone");
        assert_eq!(bench.last_recipients().unwrap().to, [new_address()]);
    }

    #[test]
    fn the_old_address_is_told_and_the_index_follows() {
        let mut bench = signed_in();
        let old = bench.state.address.clone();
        let number = bench.ask("pc", &new_address(), true).unwrap().unwrap();
        let before = bench.effects.len();
        bench.number("pc", number.as_str()).unwrap();
        let effects = &bench.effects[before..];
        assert!(effects.iter().any(|effect| matches!(effect, Effect::Notify(notice) if notice.to == old)));
        assert!(effects.iter().any(|effect| matches!(effect, Effect::ClaimAddress(new) if *new == new_address())));
        assert!(effects.iter().any(|effect| matches!(effect, Effect::FreeAddress(freed) if *freed == old)));
    }

    #[test]
    fn notice4_it_can_be_changed_before_go_live() {
        let mut bench = Bench::new();
        bench.now = Moment::from_millis(GO_LIVE.millis() - 86_400_000);
        bench.sign_in("pc").unwrap();
        let number = bench.ask("pc", &new_address(), true).unwrap().unwrap();
        bench.number("pc", number.as_str()).unwrap();
        assert_eq!(bench.state.address, new_address());
    }

    #[test]
    fn faq05_a_no_change_before_the_code() {
        let mut bench = Bench::new();
        let sent = bench.start("pc");
        let half = Visitor { attempt: Some(sent.attempt), ..bench.visitor("pc") };
        let address = new_address();
        let ask = AskAddressChange { visitor: &half, address: &address, is_free: true, mail_has_room: true };
        assert_eq!(bench.happen(ask), Err(AddressRefusal::NotSignedIn));
        assert_eq!(bench.happen(ViewAddressChange { visitor: &half }), Err(NumberRefusal::NotSignedIn));
        let confirm = ConfirmAddressChange { visitor: &half, typed: "000000", claim: (&address, true) };
        assert_eq!(bench.happen(confirm), Err(NumberRefusal::NotSignedIn));
        assert_ne!(bench.state.address, new_address());
    }

    #[test]
    fn a_taken_address_mails_nothing_and_looks_the_same() {
        let mut bench = signed_in();
        let mails = bench.mails();
        assert_eq!(bench.ask("pc", &new_address(), false), Ok(None));
        assert_eq!(bench.mails(), mails);
        assert_eq!(bench.pending("pc"), Ok(new_address()));
        for _ in 0..WRONG_NUMBERS_PER_CHANGE - 1 {
            assert_eq!(bench.number("pc", "123456"), Err(NumberRefusal::Wrong));
        }
        assert_eq!(bench.number("pc", "123456"), Err(NumberRefusal::Ended));
        assert_ne!(bench.state.address, new_address());
    }

    #[test]
    fn an_address_taken_meanwhile_is_not_registered() {
        let mut bench = signed_in();
        let number = bench.ask("pc", &new_address(), true).unwrap().unwrap();
        let visitor = bench.visitor("pc");
        let address = new_address();
        let event = ConfirmAddressChange { visitor: &visitor, typed: number.as_str(), claim: (&address, false) };
        assert_eq!(bench.happen(event), Err(NumberRefusal::Ended));
        assert_ne!(bench.state.address, new_address());
        assert_eq!(bench.pending("pc"), Err(NumberRefusal::Ended));
    }

    #[test]
    fn a_number_is_valid_for_thirty_minutes() {
        for (age, taken) in [(NUMBER_VALID, true), (NUMBER_VALID + MILLISECOND, false)] {
            let mut bench = signed_in();
            let number = bench.ask("pc", &new_address(), true).unwrap().unwrap();
            bench.pass(age);
            assert_eq!(bench.pending("pc").is_ok(), taken, "{age:?}");
            assert_eq!(bench.number("pc", number.as_str()).is_ok(), taken, "{age:?}");
        }
    }

    #[test]
    fn the_fifth_wrong_number_ends_the_change() {
        let mut bench = signed_in();
        let number = bench.ask("pc", &new_address(), true).unwrap().unwrap();
        let wrong = bench.other_than(&number);
        for typed in ["", "12345", "abc", &"9".repeat(5000)] {
            assert_eq!(bench.number("pc", typed), Err(NumberRefusal::Wrong), "no number, not counted");
        }
        for _ in 0..4 {
            assert_eq!(bench.number("pc", wrong.as_str()), Err(NumberRefusal::Wrong));
        }
        assert_eq!(bench.number("pc", wrong.as_str()), Err(NumberRefusal::Ended));
        assert_eq!(bench.number("pc", number.as_str()), Err(NumberRefusal::Ended));
        assert_eq!(bench.pending("pc"), Err(NumberRefusal::Ended));
    }

    #[test]
    fn only_the_newest_number_of_the_session_that_asked_counts() {
        let mut bench = signed_in();
        bench.sign_in_by_code("phone", false);
        let first = bench.ask("pc", &new_address(), true).unwrap().unwrap();
        let other = Address::parse("other@example.test").unwrap();
        let second = bench.ask("pc", &other, true).unwrap().unwrap();
        assert_ne!(first, second);
        assert_eq!(bench.number("pc", first.as_str()), Err(NumberRefusal::Wrong));
        assert_eq!(bench.number("phone", second.as_str()), Err(NumberRefusal::Ended));
        assert_eq!(bench.number("pc", second.as_str()), Ok(()));
        assert_eq!(bench.state.address, other);
        assert_eq!(bench.number("pc", second.as_str()), Err(NumberRefusal::Ended), "once");
    }

    #[test]
    fn a_full_width_number_is_the_same_number() {
        let mut bench = signed_in();
        let number = bench.ask("pc", &new_address(), true).unwrap().unwrap();
        let wide: String = number.as_str().chars().filter_map(|c| char::from_u32(u32::from(c) + 0xfee0)).collect();
        bench.number("pc", &wide).unwrap();
    }

    #[test]
    fn numbers_are_limited_per_hour_whether_they_are_mailed_or_not() {
        let mut bench = signed_in();
        for round in 0..NUMBER_MAILS_PER_HOUR {
            bench.ask("pc", &new_address(), round % 2 == 0).unwrap();
        }
        assert_eq!(bench.ask("pc", &new_address(), true), Err(AddressRefusal::TooManyMails));
        bench.pass(LIMIT_WINDOW);
        bench.ask("pc", &new_address(), true).unwrap();
    }

    #[test]
    fn ones_own_address_and_a_full_queue_are_told() {
        let mut bench = signed_in();
        let own = bench.state.address.clone();
        assert_eq!(bench.ask("pc", &own, false), Err(AddressRefusal::SameAsNow));
        bench.mail_has_room = false;
        for is_free in [true, false] {
            assert_eq!(bench.ask("pc", &new_address(), is_free), Err(AddressRefusal::MailQueueFull));
        }
        assert_eq!(bench.pending("pc"), Err(NumberRefusal::Ended));
    }

    #[test]
    fn a_change_ends_open_attempts_and_leaves_skips_and_sessions_alone() {
        let mut bench = Bench::new();
        bench.set_skip("home");
        bench.sign_in_by_code("phone", false);
        let number = bench.ask("phone", &new_address(), true).unwrap().unwrap();
        let sent = bench.start("pc");
        bench.pass(MINUTE);
        bench.number("phone", number.as_str()).unwrap();
        assert!(bench.submit("pc", &sent.attempt, &sent.code, false).is_err());
        assert!(bench.page("phone", Page::MyPage).is_ok());
        assert!(bench.is_skipped("home"));
    }
}
