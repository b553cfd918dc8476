//! Accounts, compiled.

use super::super::profile::{AccountSource, Profile};
use super::super::template::{Hole, Place};
use super::{Compiler, Numbered, ProfileError};

impl Compiler<'_> {
    pub(super) fn numbered(&self, profile: &Profile, offset: u32) -> Result<Option<Numbered>, ProfileError> {
        let accounts = &profile.accounts;
        if accounts.source.as_ref() != &AccountSource::Numbered {
            return Ok(None);
        }
        let (Some(address), Some(password)) = (&accounts.address, &accounts.password) else {
            let message = "numbered accounts need `address` and `password`";
            return Err(self.source.senseless(accounts.source.span(), "accounts", message));
        };
        let template = self.template("accounts.address", address, Place::Account)?;
        if !template.has(|hole| matches!(hole, Hole::AccountNumber(_))) {
            let message = "without `{number}` every account would be the same";
            return Err(self.source.senseless(address.span(), "accounts.address", message));
        }
        if accounts.last < accounts.first {
            let message = format!("`last` ({}) lies before `first` ({})", accounts.last, accounts.first);
            return Err(self.source.senseless(accounts.source.span(), "accounts", message));
        }
        let first = accounts.first.saturating_add(offset);
        if accounts.last < first {
            let message = format!(
                "leaving out the first {offset} accounts leaves none: the last is {}\n\nhint: raise `last`, or lower `--account-offset`",
                accounts.last
            );
            return Err(self.source.senseless(accounts.source.span(), "accounts", message));
        }
        let password = self.template("accounts.password", password, Place::Account)?;
        Ok(Some(Numbered { address: template, password, first, last: accounts.last }))
    }
}
