//! One account behind its lock.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::clock::AccountClock;
use super::record::Filed;
use crate::core::{AccountState, Address, Moment, Portal};

/// An account that is to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// The portal it is of.
    pub portal: Portal,
    /// Its address, which is its sign-in ID.
    pub address: Address,
    /// The name My Page shows.
    pub name: String,
    /// Its password's hash as a PHC string.
    pub password_hash: std::sync::Arc<str>,
    /// The address of the main account whose additional account it is.
    pub main: Option<Address>,
    /// Its clock.
    pub clock: AccountClock,
}

/// An account: its state and its clock, which change only together.
#[derive(Debug)]
pub struct Account(Mutex<Held>);

/// An account in the hands of the one who may change it.
#[derive(Debug)]
pub struct Held {
    /// The state.
    pub state: AccountState,
    /// The clock.
    pub clock: AccountClock,
    /// Where it stands in the journal, if there is one.
    pub(super) filed: Option<Box<Filed>>,
}

impl Account {
    pub(super) fn new(held: Held) -> Self {
        Self(Mutex::new(held))
    }

    /// Takes hold of the account. A holder who panicked has left no half-done event behind that would be worse than
    /// shutting the account out for ever, so the lock is taken all the same.
    pub(super) fn hold(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the account.
    pub fn look<T>(&self, real: Moment, look: impl FnOnce(&AccountState, Moment) -> T) -> T {
        let held = self.hold();
        look(&held.state, held.clock.now(real))
    }

    /// The clock as it stands.
    pub fn clock(&self) -> AccountClock {
        self.hold().clock
    }
}

impl Held {
    /// Puts another clock in the place of the old one; if time has passed the new one meanwhile, not backwards.
    pub(super) fn set_clock(&mut self, clock: AccountClock, real: Moment) {
        let now = self.clock.now(real);
        self.clock = match clock {
            AccountClock::Frozen { at } => AccountClock::Frozen { at: at.max(now) },
            running if running.now(real) < now => AccountClock::Running { offset_ms: now.millis() - real.millis() },
            running => running,
        };
    }
}
