//! What a person remembers of their own doings: passwords they have replaced, when they last did what a target wants to be left alone
//! after, and how much of its limits they have used up.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use crate::account::{Account, AccountKey};
use crate::clock::ClockError;
use crate::person::Life;
use crate::target::{Cooldown, Limit};
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
    /// When codes were mailed, by address.
    code_mails: HashMap<String, Vec<SystemTime>>,
    /// When codes were sent that were wrong.
    wrong_codes_at: Vec<SystemTime>,
    /// The codes that were mailed, each with whether a limit was waited out since.
    codes: HashMap<String, bool>,
    haste: Option<Haste>,
}

/// What somebody does not wait out, where the target wants to be left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Haste {
    /// The time after a wrong code (`numbers.code_cooldown`).
    WithCodes,
    /// The time after a mail (`numbers.mail_cooldown`).
    WithMails,
    /// The window of a limit (`numbers.mail_limit`, `numbers.wrong_codes_limit`); whoever does not wait out a cool-down does not wait for
    /// those either.
    BeyondLimits,
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
        if !right && self.world.target.numbers.wrong_codes_limit.is_some() {
            memory.wrong_codes_at.push(now);
        }
        if right && self.world.target.numbers.mail_cooldown_ends_with_code {
            memory.mailed_at.clear();
        }
    }

    /// A code was asked for, which is mailed to this address.
    pub(crate) fn note_mail(&self, address: &str) {
        let (now, address) = (self.now(), address.to_ascii_lowercase());
        let mut memory = self.memory();
        if self.world.target.numbers.mail_limit.is_some() {
            memory.code_mails.entry(address.clone()).or_default().push(now);
        }
        memory.mailed_at.insert(address, now);
    }

    /// A code was read.
    pub(crate) fn note_mailed_code(&self, code: &str) {
        self.memory().codes.insert(code.to_owned(), false);
    }

    /// Waits until so many more codes may be mailed to an address (`numbers.mail_limit`): what were asked for sooner would be refused, and
    /// would say nothing about the rule.
    pub(crate) async fn make_room_for_mails(&self, address: &str, needed: u32) -> Result<(), Trouble> {
        let Some(limit) = self.world.target.numbers.mail_limit else { return Ok(()) };
        let until = {
            let (now, memory) = (self.now(), self.memory());
            let mails = memory.code_mails.get(&address.to_ascii_lowercase()).filter(|_| memory.haste.is_none());
            mails.and_then(|mails| room_at(mails, needed, limit, now))
        };
        self.wait_for_room(until, limit, "code mails", "numbers.mail_limit").await
    }

    /// The same for wrong codes (`numbers.wrong_codes_limit`). All that this person has sent count, whichever account they were for.
    pub(crate) async fn make_room_for_wrong_codes(&self, needed: u32) -> Result<(), Trouble> {
        let Some(limit) = self.world.target.numbers.wrong_codes_limit else { return Ok(()) };
        let until = {
            let (now, memory) = (self.now(), self.memory());
            if memory.haste.is_some() { None } else { room_at(&memory.wrong_codes_at, needed, limit, now) }
        };
        self.wait_for_room(until, limit, "wrong codes", "numbers.wrong_codes_limit").await
    }

    async fn wait_for_room(
        &self,
        until: Option<SystemTime>,
        limit: Limit,
        what: &str,
        key: &str,
    ) -> Result<(), Trouble> {
        let numbers = &self.world.target.numbers;
        let beside = numbers.tolerance.0 + numbers.probe_room.0;
        let until = until.and_then(|until| until.checked_add(beside));
        let Some(left) = until.and_then(|until| until.duration_since(self.now()).ok()) else { return Ok(()) };
        match self.wait(left).await {
            Ok(()) => {
                self.memory().codes.values_mut().for_each(|is_old| *is_old = true);
                Ok(())
            }
            // Other browsers of the same story wait too: a race goes on as it is.
            Err(Trouble::Clock(ClockError::Seat)) => Ok(()),
            Err(trouble) if trouble.is_missing_means() => Err(Trouble::Means(format!(
                "the story needs more than the {} {what} in {} s of `{key}`, and time cannot be let pass in between: {trouble}",
                limit.count,
                limit.window.0.as_secs()
            ))),
            Err(trouble) => Err(trouble),
        }
    }

    /// Ends the story where it sends a code that grew old while a limit was waited out.
    pub(crate) fn is_not_too_old(&self, code: &str) -> Result<(), Trouble> {
        match self.memory().codes.get(code) {
            Some(true) => Err(Trouble::Means(
                "the story needs more code mails at a time than the target sends (`numbers.mail_limit`, `numbers.wrong_codes_limit`): a code \
                 that it still had to send grew old while that was waited out"
                    .to_owned(),
            )),
            _ => Ok(()),
        }
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

/// When there is room for so many more within a limit; `None` where there is now. All that were before are waited out together: it is
/// one wait for many.
fn room_at(before: &[SystemTime], needed: u32, limit: Limit, now: SystemTime) -> Option<SystemTime> {
    let end = |at: &SystemTime| at.checked_add(limit.window.0);
    let counted = before.iter().filter(|at| end(at).is_some_and(|end| now < end)).count();
    let is_full = u32::try_from(counted).unwrap_or(u32::MAX).saturating_add(needed) > limit.count;
    if is_full { before.iter().max().and_then(end) } else { None }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::target::Span;

    #[test]
    fn a_limit_is_waited_out_as_a_whole_once_it_is_reached() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let limit = Limit { count: 3, window: Span(Duration::from_secs(900)) };
        assert_eq!(room_at(&[], 1, limit, at(0)), None);
        assert_eq!(room_at(&[at(0), at(10)], 1, limit, at(20)), None);
        assert_eq!(room_at(&[at(0), at(10)], 2, limit, at(20)), Some(at(910)));
        assert_eq!(room_at(&[at(0), at(10), at(20)], 1, limit, at(30)), Some(at(920)));
        assert_eq!(room_at(&[at(0), at(10), at(20)], 1, limit, at(905)), None, "what lapsed counts no more");
    }
}
