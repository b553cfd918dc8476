//! The additional accounts of an employer: made by the main account, and apart from it in everything (FAQ-15, FAQ-16).

use super::account::{AccountState, MainAccount};
use super::session::{NotSignedIn, Page, Visitor, admit};
use super::{Event, Turn};

/// Policy: a main account has at most so many additional ones.
pub const MAX_ADDITIONAL_ACCOUNTS: usize = 50;

/// The main account asks for an additional one. What it is made of lies outside: this says whether it may be made.
pub struct AddAccount<'a> {
    /// Who asks.
    pub visitor: &'a Visitor,
    /// How many additional accounts the main one has.
    pub additional: usize,
    /// Whether no account of the portal has the new one's address.
    pub is_free: bool,
}

/// Why no additional account was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddRefusal {
    /// The browser is not signed in.
    NotSignedIn,
    /// The account is none that has additional ones.
    NotMain,
    /// It has as many as it may.
    TooMany,
    /// Too many were refused lately because of their addresses.
    TooManyRefused,
    /// The address cannot be registered.
    Taken,
    /// Too many passwords wait to be hashed.
    Busy,
}

impl From<NotSignedIn> for AddRefusal {
    fn from(_: NotSignedIn) -> Self {
        Self::NotSignedIn
    }
}

impl Event for AddAccount<'_> {
    /// What the additional account knows of its main one.
    type Answer = Result<MainAccount, AddRefusal>;

    fn happen(self, state: &mut AccountState, turn: &mut Turn<'_>) -> Self::Answer {
        admit(state, self.visitor, Page::Accounts, turn)?;
        if !turn.decisions.may_have_additional(&state.identity) {
            return Err(AddRefusal::NotMain);
        }
        if turn.decisions.additional_are_used_up(self.additional) {
            return Err(AddRefusal::TooMany);
        }
        if turn.decisions.refused_ids_close_adding(state.tries_mut().refused_ids.count(turn.now)) {
            return Err(AddRefusal::TooManyRefused);
        }
        if !self.is_free {
            state.tries_mut().refused_ids.note(turn.now);
            return Err(AddRefusal::Taken);
        }
        Ok(MainAccount { slot: state.identity.slot, address: state.address.clone() })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::testing::Bench;
    use super::super::{LIMIT_WINDOW, Portal, REFUSED_IDS_PER_HOUR, Slot};
    use super::*;

    fn employer() -> Bench {
        let mut bench = Bench::new();
        bench.state.identity.portal = Portal::Employer;
        bench.sign_in_by_code("pc", false);
        bench
    }

    fn add(bench: &mut Bench, additional: usize, is_free: bool) -> Result<MainAccount, AddRefusal> {
        let visitor = bench.visitor("pc");
        bench.happen(AddAccount { visitor: &visitor, additional, is_free })
    }

    #[test]
    fn a_main_account_of_an_employer_has_up_to_fifty_additional_ones() {
        let mut bench = employer();
        let main = add(&mut bench, MAX_ADDITIONAL_ACCOUNTS - 1, true).unwrap();
        assert_eq!((main.slot, &main.address), (bench.state.identity.slot, &bench.state.address));
        assert_eq!(add(&mut bench, MAX_ADDITIONAL_ACCOUNTS, true), Err(AddRefusal::TooMany));
    }

    #[test]
    fn no_other_account_has_any() {
        let mut bench = employer();
        bench.state.identity.main = Some(MainAccount { slot: Slot(1), address: bench.state.address.clone() });
        assert_eq!(add(&mut bench, 0, true), Err(AddRefusal::NotMain));
        for portal in [Portal::Seeker, Portal::Provider] {
            let mut bench = employer();
            bench.state.identity.portal = portal;
            assert_eq!(add(&mut bench, 0, true), Err(AddRefusal::NotMain), "{portal}");
        }
    }

    #[test]
    fn only_who_is_signed_in_makes_one() {
        let mut bench = employer();
        let sent = bench.start("phone");
        let half = Visitor { attempt: Some(sent.attempt), ..bench.visitor("phone") };
        let event = AddAccount { visitor: &half, additional: 0, is_free: true };
        assert_eq!(bench.happen(event), Err(AddRefusal::NotSignedIn));
    }

    #[test]
    fn guessing_addresses_is_limited() {
        let mut bench = employer();
        for _ in 0..REFUSED_IDS_PER_HOUR {
            assert_eq!(add(&mut bench, 0, false), Err(AddRefusal::Taken));
        }
        for is_free in [true, false] {
            assert_eq!(add(&mut bench, 0, is_free), Err(AddRefusal::TooManyRefused), "alike");
        }
        bench.pass(LIMIT_WINDOW);
        add(&mut bench, 0, true).unwrap();
    }
}
