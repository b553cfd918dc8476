//! What is written down of an account: one record of its head, and one for each session and skip.
//!
//! Which rows an event changed is found by comparing the account before and after it, so no event has to say what it changed
//! and none can forget to.

use serde::Serialize;

use super::clock::AccountClock;
use super::journal::Journal;
use crate::core::{AccountState, Session, Skip, Slot};

/// A change of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write(pub(super) Change);

/// The same, for those who carry it out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// A new account.
    Account { slot: Slot, head: String, clock: String },
    /// An account's head changed.
    Head { slot: Slot, head: String },
    /// An account's clock was moved.
    Clock { slot: Slot, clock: String },
    /// A new row of a list; rows of a list are in the order of their numbers.
    Insert { list: List, row: i64, slot: Slot, record: String },
    /// A row of a list changed.
    Update { list: List, row: i64, record: String },
    /// A row of a list is gone.
    Delete { list: List, row: i64 },
}

/// The lists of an account that are kept row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum List {
    Sessions,
    Skips,
}

/// An account as it was kept.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) state: AccountState,
    pub(super) clock: AccountClock,
    pub(super) filed: Filed,
}

/// Where an account stands in the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filed {
    /// The last event that changed it.
    pub(super) last: u64,
    /// The numbers of its sessions' rows.
    pub(super) sessions: Vec<i64>,
    /// The numbers of its skips' rows.
    pub(super) skips: Vec<i64>,
}

/// The record of a new account.
pub(super) fn new_account(state: &AccountState, clock: &AccountClock) -> Write {
    Write(Change::Account { slot: state.identity.slot, head: written(state), clock: written(clock) })
}

/// The record of a clock that was moved.
pub(super) fn moved_clock(state: &AccountState, clock: &AccountClock) -> Write {
    Write(Change::Clock { slot: state.identity.slot, clock: written(clock) })
}

/// What an event changed. That an attempt was looked at is worth no write of its own.
pub(super) fn changes(
    mut before: AccountState,
    after: &mut AccountState,
    filed: &mut Filed,
    journal: &Journal,
) -> Vec<Write> {
    let slot = after.identity.slot;
    let mut writes = Vec::new();
    let mut sessions = Compared { list: List::Sessions, slot, rows: &mut filed.sessions, journal, writes: &mut writes };
    sessions.compare(before.sessions.iter(), after.sessions.iter(), |one: &Session, other| one.token == other.token);
    let mut skips = Compared { list: List::Skips, slot, rows: &mut filed.skips, journal, writes: &mut writes };
    skips.compare(before.skips.iter(), after.skips.iter(), |one: &Skip, other| one.key == other.key);
    for (old, new) in before.attempts.iter_mut().zip(&after.attempts) {
        if old.token == new.token {
            old.last_seen = new.last_seen;
        }
    }
    // The lists are compared already; what is left of both is the head.
    let lists = (std::mem::take(&mut after.sessions), std::mem::take(&mut after.skips));
    (before.sessions, before.skips) = Default::default();
    if before != *after {
        writes.push(Write(Change::Head { slot, head: written(after) }));
    }
    (after.sessions, after.skips) = lists;
    writes
}

/// A list before and after an event.
struct Compared<'a> {
    list: List,
    slot: Slot,
    rows: &'a mut Vec<i64>,
    journal: &'a Journal,
    writes: &'a mut Vec<Write>,
}

impl Compared<'_> {
    /// Follows both lists; what is not found again in its place is deleted, and what is left of the new list comes after all
    /// that was kept. So the rows are the new list in its order, whatever was done to it.
    fn compare<'t, T: Serialize + PartialEq + 't>(
        &mut self,
        before: impl ExactSizeIterator<Item = &'t T>,
        after: impl Iterator<Item = &'t T>,
        are_the_same: fn(&T, &T) -> bool,
    ) {
        let list = self.list;
        // An event that panicked half way may have left the rows behind; then all of them are written anew.
        let in_step = before.len() == self.rows.len();
        let mut rest = after.peekable();
        let mut kept = Vec::with_capacity(self.rows.len() + 1);
        let old: Vec<(i64, Option<&T>)> = if in_step {
            self.rows.iter().copied().zip(before.map(Some)).collect()
        } else {
            self.rows.iter().map(|row| (*row, None)).collect()
        };
        for (row, old) in old {
            match old.and_then(|old| rest.next_if(|new| are_the_same(old, new)).map(|new| (old, new))) {
                Some((old, new)) => {
                    if old != new {
                        self.writes.push(Write(Change::Update { list, row, record: written(new) }));
                    }
                    kept.push(row);
                }
                None => self.writes.push(Write(Change::Delete { list, row })),
            }
        }
        for new in rest {
            let row = self.journal.next_row();
            self.writes.push(Write(Change::Insert { list, row, slot: self.slot, record: written(new) }));
            kept.push(row);
        }
        *self.rows = kept;
    }
}

fn written<T: Serialize>(record: &T) -> String {
    serde_json::to_string(record).expect("records have text as keys and write to memory")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    use super::super::testing::{Notebook, Town, step};
    use super::*;
    use crate::core::GO_LIVE;

    /// Whether no field is as it is in a new account. Every field stands here by name, so a new one must be thought of.
    fn is_lived_in(state: &AccountState) -> bool {
        let AccountState {
            identity,
            address,
            former_address,
            password_hash,
            generation,
            revocation,
            attempts,
            sessions,
            skips,
            wrong_codes,
            code_mails,
            tries,
            address_change,
            office,
        } = state;
        let new = AccountState::new(identity.clone(), address.clone(), password_hash.clone());
        former_address.is_some()
            && *generation > 0
            && revocation.is_some()
            && !attempts.is_empty()
            && !sessions.is_empty()
            && !skips.is_empty()
            && *wrong_codes != new.wrong_codes
            && *code_mails != new.code_mails
            && tries.is_some()
            && address_change.is_some()
            && office.is_some()
    }

    #[test]
    fn a_record_holds_every_field_of_an_account() {
        let mut town = Town::new(Box::new(Notebook::default()));
        let mut runner = TestRunner::deterministic();
        let steps = prop::collection::vec(step(), 50);
        let state = (0..2_000)
            .find_map(|_| {
                for step in steps.new_tree(&mut runner).unwrap().current() {
                    town.play(&step);
                    let states = town.store.all().into_iter().map(|it| it.look(GO_LIVE, |state, _| state.clone()));
                    if let Some(state) = states.into_iter().find(is_lived_in) {
                        return Some(state);
                    }
                }
                None
            })
            .expect("somebody lives through all that can happen");
        let mut read: AccountState = serde_json::from_str(&written(&state)).unwrap();
        assert!(read.sessions.is_empty() && read.skips.is_empty(), "lists are kept row by row");
        read.sessions = state.sessions.iter().map(|it| serde_json::from_str(&written(it)).unwrap()).collect();
        read.skips = state.skips.iter().map(|it| serde_json::from_str(&written(it)).unwrap()).collect();
        assert_eq!(read, state);
    }
}
