//! Changing the registered address: by the user, signed in (NOTICE-4), or by the office (FAQ-05 c).

use super::account::AccountState;
use super::address::Address;
use super::session::{NotSignedIn, Page, Visitor, admit};
use super::skip;
use super::{Effect, Event, Turn};
use crate::decisions::Step;

/// A signed-in user registers another address. Whether another account has it is settled before.
pub struct ChangeAddress<'a> {
    /// Who asks.
    pub visitor: &'a Visitor,
    /// The new address.
    pub address: &'a Address,
}

/// Why an address was not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressRefusal {
    /// The browser is not signed in (FAQ-05 a).
    NotSignedIn,
    /// Another account of the portal has the address, or the account itself.
    Taken,
}

impl From<NotSignedIn> for AddressRefusal {
    fn from(_: NotSignedIn) -> Self {
        Self::NotSignedIn
    }
}

impl Event for ChangeAddress<'_> {
    type Answer = Result<(), AddressRefusal>;

    fn happen(self, state: &mut AccountState, turn: &mut Turn<'_>) -> Self::Answer {
        admit(state, self.visitor, Page::Address, turn)?;
        register(state, self.address, turn);
        skip::follow(Step::AddressChanged, state, self.visitor, turn);
        Ok(())
    }
}

/// The office registers another address; it has satisfied itself who asks.
pub struct MoveAddress<'a> {
    /// The new address.
    pub address: &'a Address,
}

impl Event for MoveAddress<'_> {
    type Answer = Result<(), AddressRefusal>;

    fn happen(self, state: &mut AccountState, turn: &mut Turn<'_>) -> Self::Answer {
        register(state, self.address, turn);
        Ok(())
    }
}

/// Registers the address. Open attempts end: their codes went to an address that is no longer the account's.
fn register(state: &mut AccountState, address: &Address, turn: &mut Turn<'_>) {
    state.former_address = Some(std::mem::replace(&mut state.address, address.clone()));
    for attempt in state.attempts.drain(..) {
        turn.effect(Effect::CloseToken(attempt.token));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::Bench;
    use super::*;

    fn new_address() -> Address {
        Address::parse("new@example.test").unwrap()
    }

    #[test]
    fn notice4_from_the_change_on_codes_go_to_the_new_address_only() {
        let mut bench = Bench::new();
        bench.sign_in_by_code("pc", false);
        let visitor = bench.visitor("pc");
        bench.happen(ChangeAddress { visitor: &visitor, address: &new_address() }).unwrap();
        bench.start("pc");
        assert_eq!(bench.last_recipients().unwrap().to, [new_address()]);
    }

    #[test]
    fn faq05_a_no_change_before_the_code() {
        let mut bench = Bench::new();
        let sent = bench.start("pc");
        let half = Visitor { attempt: Some(sent.attempt), ..bench.visitor("pc") };
        let answer = bench.happen(ChangeAddress { visitor: &half, address: &new_address() });
        assert_eq!(answer, Err(AddressRefusal::NotSignedIn));
        assert_ne!(bench.state.address, new_address());
    }

    #[test]
    fn an_address_change_ends_open_attempts_and_leaves_skips_alone() {
        let mut bench = Bench::new();
        bench.set_skip("home");
        let sent = bench.start("pc");
        bench.happen(MoveAddress { address: &new_address() }).unwrap();
        assert!(bench.submit("pc", &sent.attempt, &sent.code, false).is_err());
        assert!(bench.is_skipped("home"));
    }
}
