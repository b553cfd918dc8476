//! What a faulty server remembers across accounts, where a decision is told of one account only.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sekisho_server::core::Slot;

/// Which account something belongs to. It grows as long as its server runs: a faulty server runs for one pass of the suite.
#[derive(Debug, Default)]
pub(crate) struct Memory(Mutex<HashMap<String, Slot>>);

impl Memory {
    /// Notes that something belongs to an account; what was noted of it before is forgotten.
    pub(crate) fn note(&self, what: impl Into<String>, account: Slot) {
        self.lock().insert(what.into(), account);
    }

    /// The account something belongs to.
    pub(crate) fn account_of(&self, what: &str) -> Option<Slot> {
        self.lock().get(what).copied()
    }

    /// Whether something belongs to another account than this one.
    pub(crate) fn is_anothers(&self, what: &str, account: Slot) -> bool {
        self.account_of(what).is_some_and(|owner| owner != account)
    }

    /// Nothing panics under the lock, so a poisoned one still guards a whole map.
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Slot>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
