//! The steps by which somebody signed in sets a password: their own, or that of an additional account.

use super::{Seen, SkipBox, Visitor};
use crate::account::Account;
use crate::browser::Request;
use crate::target::{Screen, Step, Vars};
use crate::trouble::Trouble;

impl Visitor {
    /// The password of an account as it is now: a step of this person may have replaced the one it was given with.
    pub fn password_of(&self, account: &Account) -> String {
        self.life.password_of(account)
    }

    /// Changes the password in My Page: opens the form and sends it. The outcome may be anything.
    ///
    /// # Errors
    /// When nothing came back, or the form does not open.
    pub async fn change_password(&mut self, account: &Account, new_password: &str) -> Result<Seen, Trouble> {
        let request = self.prepare_password_change(account, new_password).await?;
        self.send(Step::SubmitPasswordChange, request).await
    }

    /// The request by which the password would be changed.
    ///
    /// # Errors
    /// When the form does not open.
    pub async fn prepare_password_change(&mut self, account: &Account, new_password: &str) -> Result<Request, Trouble> {
        self.life.recorder.secret("password", new_password);
        self.open_form(Step::SubmitPasswordChange, Step::OpenPasswordChange, Screen::PasswordChange).await?;
        let vars = Vars { password: &account.password, new_password, ..Vars::default() };
        self.prepare(Step::SubmitPasswordChange, vars, SkipBox::Unticked)
    }

    /// The request by which an additional account would be registered.
    ///
    /// # Errors
    /// When the form does not open.
    pub async fn prepare_additional_account(&mut self, account: &Account) -> Result<Request, Trouble> {
        self.life.recorder.secret("password", &account.password);
        let (submit, open) = (Step::SubmitAdditionalAccount, Step::OpenAdditionalAccounts);
        self.open_form(submit, open, Screen::AdditionalAccounts).await?;
        let (name, new_address) = (account.name.as_str(), account.key.address.as_str());
        let vars = Vars { name, new_address, new_password: &account.password, ..Vars::default() };
        self.prepare(Step::SubmitAdditionalAccount, vars, SkipBox::Unticked)
    }
}
