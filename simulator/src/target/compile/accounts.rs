//! Accounts, compiled.

use std::ops::Range;
use std::sync::Arc;

use sekisho_rules::Portal;

use super::super::profile::{self, AccountSource, Profile, Spanned};
use super::super::template::{Hole, Place, Template};
use super::account_file;
use super::{AccountMeans, Compiler, Loading, ProfileError};
use crate::account::{Numbered, NumberedAdditional};

/// More additional accounts under each would be a slip of the hand.
const MAX_ADDITIONAL: u32 = 1_000;

/// A key, where it stands if it is given, the sources that it belongs to, and these in words.
type KeyOf<'a> = (&'a str, Option<Range<usize>>, &'a [AccountSource], &'a str);

/// Where in the profile it stands how many accounts there are.
#[derive(Debug)]
pub(in crate::target) struct AccountsPlace {
    profile: String,
    line: usize,
    column: usize,
    key: String,
    remedy: &'static str,
}

impl AccountsPlace {
    /// There are not as many as a run needs.
    pub(in crate::target) fn too_few(&self, shortage: &str) -> ProfileError {
        ProfileError::Senseless {
            name: self.profile.clone(),
            line: self.line,
            column: self.column,
            key: self.key.clone(),
            message: format!("{shortage}\n\nhint: {}", self.remedy),
        }
    }
}

impl Compiler<'_> {
    pub(super) fn accounts(
        &self,
        profile: &Profile,
        portals: &[Portal],
        loading: &Loading,
    ) -> Result<(AccountMeans, AccountsPlace), ProfileError> {
        let accounts = &profile.accounts;
        self.keys_of_the_source(accounts)?;
        let own = accounts.offset.as_ref().map_or(0, |offset| *offset.as_ref());
        let offset = own.saturating_add(loading.account_offset);
        let source = accounts.source.as_ref();
        let exist = matches!(source, AccountSource::Numbered | AccountSource::Csv);
        if loading.account_offset > 0 && !exist {
            let message = "`--account-offset` leaves out accounts that exist already; here they are made as they are needed\n\nhint: leave the option out";
            return Err(self.source.senseless(accounts.source.span(), "accounts.source", message));
        }
        let (means, span, key, remedy) = match source {
            AccountSource::Control => (AccountMeans::Control, accounts.source.span(), "source", ""),
            AccountSource::Command => {
                let command = self.of_the_source(accounts, accounts.command.as_ref(), "command")?;
                let program = self.hook_program("accounts.command", command, Place::NewAccount)?;
                (AccountMeans::Command(Arc::new(program)), accounts.source.span(), "command", "")
            }
            AccountSource::Csv => {
                let file = self.of_the_source(accounts, accounts.file.as_ref(), "file")?;
                let read = account_file::read(&self.file(file.as_ref()), portals, offset as usize);
                let read = read.map_err(|error| error.at(self.source, file.span()))?;
                let remedy = "add accounts to the file, lower the offset, or choose fewer stories (`--only`) or users (`--users`)";
                (AccountMeans::Listed(read), file.span(), "file", remedy)
            }
            AccountSource::Numbered => {
                let last = accounts.last.as_ref().map_or_else(|| accounts.source.span(), Spanned::span);
                let remedy = "raise `last`, lower the offset, or choose fewer stories (`--only`) or users (`--users`)";
                (AccountMeans::Numbered(self.numbered(accounts, offset)?), last, "last", remedy)
            }
        };
        Ok((means, self.accounts_place(span, key, remedy)))
    }

    fn accounts_place(&self, span: Range<usize>, key: &str, remedy: &'static str) -> AccountsPlace {
        let (profile, key) = (self.source.name.to_owned(), format!("accounts.{key}"));
        let (line, column) = self.source.place(span.start);
        AccountsPlace { profile, line, column, key, remedy }
    }

    /// A key of another source is not silently passed over.
    fn keys_of_the_source(&self, accounts: &profile::Accounts) -> Result<(), ProfileError> {
        use AccountSource::{Command, Csv, Numbered};
        let text = |given: &Option<Spanned<String>>| given.as_ref().map(Spanned::span);
        let number = |given: &Option<Spanned<u32>>| given.as_ref().map(Spanned::span);
        let given: [KeyOf<'_>; 10] = [
            ("address", text(&accounts.address), &[Numbered], "`numbered`"),
            ("password", text(&accounts.password), &[Numbered], "`numbered`"),
            ("id", text(&accounts.id), &[Numbered], "`numbered`"),
            ("name", text(&accounts.name), &[Numbered], "`numbered`"),
            ("first", number(&accounts.first), &[Numbered], "`numbered`"),
            ("last", number(&accounts.last), &[Numbered], "`numbered`"),
            ("additional", accounts.additional.as_ref().map(Spanned::span), &[Numbered], "`numbered`"),
            ("file", accounts.file.as_ref().map(Spanned::span), &[Csv], "`csv`"),
            ("offset", number(&accounts.offset), &[Numbered, Csv], "`numbered` and `csv`"),
            ("command", accounts.command.as_ref().map(Spanned::span), &[Command], "`command`"),
        ];
        for (key, span, sources, belongs) in given {
            let Some(span) = span.filter(|_| !sources.contains(accounts.source.as_ref())) else { continue };
            let message = format!(
                "`{key}` is for accounts of the source {belongs}\n\nhint: leave it out, or choose another `source`"
            );
            return Err(self.source.senseless(span, format!("accounts.{key}"), message));
        }
        Ok(())
    }

    fn of_the_source<'a, T>(
        &self,
        accounts: &profile::Accounts,
        given: Option<&'a T>,
        key: &str,
    ) -> Result<&'a T, ProfileError> {
        given.ok_or_else(|| {
            let message = format!("accounts of this source need `{key}`");
            self.source.senseless(accounts.source.span(), format!("accounts.{key}"), message)
        })
    }

    fn numbered(&self, accounts: &profile::Accounts, offset: u32) -> Result<Numbered, ProfileError> {
        let (Some(address), Some(password)) = (&accounts.address, &accounts.password) else {
            let message = "numbered accounts need `address` and `password`";
            return Err(self.source.senseless(accounts.source.span(), "accounts", message));
        };
        let first = accounts.first.as_ref().map_or(1, |first| *first.as_ref());
        let last = accounts.last.as_ref().map_or(0, |last| *last.as_ref());
        if accounts.last.is_none() {
            let message = "`last` is needed: the number of the last account there is";
            return Err(self.source.senseless(accounts.source.span(), "accounts.last", message));
        }
        if last < first {
            let span = accounts.last.as_ref().map_or_else(|| accounts.source.span(), Spanned::span);
            let message = format!("`last` ({last}) lies before `first` ({first})");
            return Err(self.source.senseless(span, "accounts.last", message));
        }
        let template = self.account_template("address", address, false)?;
        if !template.has(|hole| matches!(hole, Hole::AccountNumber(_))) {
            let message = "without `{number}` every account would be the same";
            return Err(self.source.senseless(address.span(), "accounts.address", message));
        }
        let optional = |key: &str, text: &Option<Spanned<String>>| {
            text.as_ref().map(|text| self.account_template(key, text, false)).transpose()
        };
        Ok(Numbered {
            address: template,
            password: self.account_template("password", password, false)?,
            id: optional("id", &accounts.id)?,
            name: optional("name", &accounts.name)?,
            additional: accounts.additional.as_ref().map(|given| self.additional(given.as_ref())).transpose()?,
            first: first.saturating_add(offset),
            last,
        })
    }

    fn additional(&self, given: &profile::Additional) -> Result<NumberedAdditional, ProfileError> {
        let count = given.count.as_ref().map_or(1, |count| *count.as_ref());
        if let Some(given) = given.count.as_ref().filter(|_| !(1..=MAX_ADDITIONAL).contains(&count)) {
            let message = format!("each main account has from 1 to {MAX_ADDITIONAL} of them");
            return Err(self.source.senseless(given.span(), "accounts.additional.count", message));
        }
        let address = self.account_template("additional.address", &given.address, true)?;
        let tells = |wanted: fn(&Hole) -> bool| address.has(wanted);
        let apart = tells(|hole| matches!(hole, Hole::AccountNumber(_)))
            && (count == 1 || tells(|hole| *hole == Hole::AdditionalNumber));
        if !apart {
            let message =
                "without `{number}`, and `{additional}` where there are several, every account would be the same";
            return Err(self.source.senseless(given.address.span(), "accounts.additional.address", message));
        }
        let optional = |key: &str, text: &Option<Spanned<String>>| {
            text.as_ref().map(|text| self.account_template(key, text, true)).transpose()
        };
        Ok(NumberedAdditional {
            address,
            password: self.account_template("additional.password", &given.password, true)?,
            id: optional("additional.id", &given.id)?,
            name: optional("additional.name", &given.name)?,
            count,
        })
    }

    fn account_template(&self, key: &str, text: &Spanned<String>, additional: bool) -> Result<Template, ProfileError> {
        let key = format!("accounts.{key}");
        let template = self.template(&key, text, Place::Account)?;
        if !additional && template.has(|hole| *hole == Hole::AdditionalNumber) {
            let message = "`{additional}` is for the texts of `accounts.additional`: a main account has no such number";
            return Err(self.source.senseless(text.span(), key, message));
        }
        Ok(template)
    }
}
