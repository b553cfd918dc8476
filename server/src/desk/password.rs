//! Passwords that users choose.

use super::Desk;
use crate::core::{ChangePassword, MIN_PASSWORD_CHARACTERS, Page, PasswordRefusal, Portal, SignedIn, Visitor};
use crate::passwords::{MAX_PASSWORD_BYTES, PasswordsBusy};

/// What is wrong with a password that somebody chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PasswordFault {
    /// The two that were typed differ.
    Differ,
    /// Fewer characters than [`MIN_PASSWORD_CHARACTERS`].
    TooShort,
    /// More bytes than [`MAX_PASSWORD_BYTES`].
    TooLong,
    /// It is the sign-in ID, or one character over and over.
    TooSimple,
}

/// Judges a password that was typed twice, for the account with this ID.
pub(crate) fn judge_password(new: &str, again: &str, id: &str) -> Result<(), PasswordFault> {
    let first = new.chars().next();
    if new != again {
        Err(PasswordFault::Differ)
    } else if new.chars().count() < MIN_PASSWORD_CHARACTERS {
        Err(PasswordFault::TooShort)
    } else if new.len() > MAX_PASSWORD_BYTES {
        Err(PasswordFault::TooLong)
    } else if new.eq_ignore_ascii_case(id) || new.chars().all(|c| Some(c) == first) {
        Err(PasswordFault::TooSimple)
    } else {
        Ok(())
    }
}

impl Desk {
    /// The user gives the current password and a new one, which was judged before.
    pub(crate) async fn change_password(
        &self,
        portal: Portal,
        visitor: &Visitor,
        current: &str,
        new: &str,
    ) -> Result<SignedIn, PasswordRefusal> {
        let admitted = self.view_page(portal, visitor, Page::Password).await.answer;
        let Some(account) = self.holder(portal, visitor).filter(|_| admitted.is_ok()) else {
            return Err(PasswordRefusal::NotSignedIn);
        };
        let checked = self.look(&account, |state, _| state.password_hash.clone());
        let current_is_right = self.passwords.are_right(current, Some(checked.clone())).await.map_err(busy)?;
        let new_hash =
            if current_is_right { self.passwords.hash_one(new).await.map_err(busy)? } else { checked.clone() };
        let event = ChangePassword { visitor, current_is_right, checked: &checked, new_hash };
        self.happen(&account, event, None).await.answer
    }
}

fn busy(_: PasswordsBusy) -> PasswordRefusal {
    PasswordRefusal::Busy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chosen_password_is_long_enough_typed_twice_and_not_the_id() {
        let id = "hanako@example.test";
        let longest = "a1".repeat(MAX_PASSWORD_BYTES / 2);
        for (new, again, expected) in [
            ("correct horse", "correct horse", Ok(())),
            ("さくらさくらさく", "さくらさくらさく", Ok(())),
            (longest.as_str(), longest.as_str(), Ok(())),
            ("correct horse", "correct Horse", Err(PasswordFault::Differ)),
            ("", "", Err(PasswordFault::TooShort)),
            ("1234567", "1234567", Err(PasswordFault::TooShort)),
            ("さくらさくらさ", "さくらさくらさ", Err(PasswordFault::TooShort)),
            ("Hanako@example.test", "Hanako@example.test", Err(PasswordFault::TooSimple)),
            ("aaaaaaaaaaaa", "aaaaaaaaaaaa", Err(PasswordFault::TooSimple)),
        ] {
            assert_eq!(judge_password(new, again, id), expected, "{new}");
        }
        let longer = format!("{longest}a");
        assert_eq!(judge_password(&longer, &longer, id), Err(PasswordFault::TooLong));
    }
}
