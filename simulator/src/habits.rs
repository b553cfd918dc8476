//! What a person remembers of their own doings: passwords they have replaced, and when they last did what a target wants to be left alone
//! after.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use crate::account::{Account, AccountKey};
use crate::clock::ClockError;
use crate::person::Life;
use crate::target::Cooldown;
use crate::trouble::Trouble;

/// See the module.
#[derive(Default)]
pub(crate) struct Habits(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    /// By account: the password it was given with, and the one it has now.
    passwords: HashMap<AccountKey, (String, String)>,
    /// Wrong codes in a row.
    wrong_codes: u32,
    last_code_at: Option<SystemTime>,
    /// When a code was last mailed, by address.
    mailed_at: HashMap<String, SystemTime>,
    haste: Option<Haste>,
}

/// What somebody does not wait out, where the target wants to be left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Haste {
    /// The time after a wrong code (`numbers.code_cooldown`).
    WithCodes,
    /// The time after a mail (`numbers.mail_cooldown`).
    WithMails,
}

impl Life {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.habits.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The password of an account as it is now: that of the account as it was given may have been replaced by a step. Any other
    /// password, a wrong one above all, stays what it is.
    pub(crate) fn password_of(&self, account: &Account) -> String {
        match self.memory().passwords.get(&account.key) {
            Some((given, now)) if *given == account.password => now.clone(),
            _ => account.password.clone(),
        }
    }

    pub(crate) fn replace_password(&self, account: &Account, new_password: &str) {
        let mut memory = self.memory();
        let replaced = memory.passwords.entry(account.key.clone());
        replaced.or_insert_with(|| (account.password.clone(), String::new())).1 = new_password.to_owned();
    }

    /// The account goes by another name from now on, with the password it has.
    pub(crate) fn rename(&self, old: &AccountKey, new: &AccountKey) {
        let mut memory = self.memory();
        if let Some(passwords) = memory.passwords.remove(old) {
            memory.passwords.insert(new.clone(), passwords);
        }
    }

    /// A code was sent, and was right or not.
    pub(crate) fn note_code(&self, right: bool) {
        let now = self.now();
        let mut memory = self.memory();
        memory.wrong_codes = if right { 0 } else { memory.wrong_codes.saturating_add(1) };
        memory.last_code_at = Some(now);
        if right && self.world.target.numbers.mail_cooldown_ends_with_code {
            memory.mailed_at.clear();
        }
    }

    /// A code was asked for, which is mailed to this address.
    pub(crate) fn note_mail(&self, address: &str) {
        let now = self.now();
        self.memory().mailed_at.insert(address.to_ascii_lowercase(), now);
    }

    /// From now on one of the cool-downs is not waited out, or all are.
    pub(crate) fn hurry(&self, haste: Option<Haste>) {
        self.memory().haste = haste;
    }

    /// When a code may be tried again; `None` where it may at once.
    pub(crate) fn may_try_code_at(&self, cooldown: Cooldown) -> Option<SystemTime> {
        let memory = self.memory();
        if memory.haste == Some(Haste::WithCodes) {
            return None;
        }
        let last = memory.last_code_at.filter(|_| memory.wrong_codes > 0)?;
        last.checked_add(cooldown.after(memory.wrong_codes))
    }

    /// When a code may be mailed again to an address; `None` where it may at once.
    pub(crate) fn may_mail_at(&self, address: &str, cooldown: Duration) -> Option<SystemTime> {
        let memory = self.memory();
        if memory.haste == Some(Haste::WithMails) {
            return None;
        }
        memory.mailed_at.get(&address.to_ascii_lowercase())?.checked_add(cooldown)
    }

    /// Lets time pass for the target; in real time where its clock cannot be moved.
    pub(crate) async fn pass(&self, by: Duration) -> Result<(), Trouble> {
        match self.wait(by).await {
            Err(Trouble::Clock(ClockError::NoMeans | ClockError::Global)) => {
                let slept = self.world.cancel.run_until_cancelled(tokio::time::sleep(by)).await;
                slept.ok_or(Trouble::Interrupted)
            }
            outcome => outcome,
        }
    }
}
