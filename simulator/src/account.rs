//! Accounts of the target, and where they come from.

mod command;
mod numbered;
mod pool;

use std::time::SystemTime;

use async_trait::async_trait;
use sekisho_rules::Portal;

pub use command::MadeAccounts;
pub(crate) use numbered::{Numbered, NumberedAdditional};
pub(crate) use pool::Listed;
pub use pool::{AccountPool, Need};

use crate::target::Vars;

/// What names an account: an address may have one in each portal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccountKey {
    /// The portal it belongs to.
    pub portal: Portal,
    /// The registered address.
    pub address: String,
}

/// An account somebody can sign in to.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Portal and address.
    pub key: AccountKey,
    /// The sign-in ID, where it is not the address; else empty.
    pub id: String,
    /// The password.
    pub password: String,
    /// The name of its owner.
    pub name: String,
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Account {
    /// What a step puts in for it.
    pub fn vars(&self) -> Vars<'_> {
        Vars { address: &self.key.address, id: &self.id, password: &self.password, ..Vars::default() }
    }

    /// What is typed to sign in.
    pub fn sign_in_id(&self) -> &str {
        if self.id.is_empty() { &self.key.address } else { &self.id }
    }

    /// The same account under another address.
    #[must_use]
    pub fn at(&self, address: &str) -> Account {
        let key = AccountKey { portal: self.key.portal, address: address.to_owned() };
        Account { key, ..self.clone() }
    }
}

/// An account that is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The account, as it shall be where it is made; where accounts exist already, only its portal counts.
    pub account: Account,
    /// The address of the main account, where an additional one is wanted (FAQ-15): of one that was given, or of one that is wanted
    /// with it.
    pub main: Option<String>,
    /// Whether an additional one will be wanted under it.
    pub with_additional: bool,
    /// When its clock shall start, where it can be chosen; else with the target's.
    pub starts_at: Option<SystemTime>,
    /// Whether its clock shall stand still until it is moved.
    pub frozen: bool,
}

/// Where accounts come from.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Gives the accounts that are wanted, in the same order; each is given once in a run.
    ///
    /// # Errors
    /// When there are no more, or the target did not make them.
    async fn provide(&self, wanted: Vec<Wanted>) -> Result<Vec<Account>, AccountError>;

    /// Whether additional accounts can be had (FAQ-15).
    fn has_additional(&self) -> bool;

    /// Whether the clock of an account can start where it is wanted.
    fn can_start_at(&self) -> bool;

    /// How many of the accounts that exist lie before the first that nobody was given, nor any after it; 0 where accounts are made.
    fn spent(&self) -> usize {
        0
    }
}

/// Why there is no account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// All accounts of the profile are used.
    #[error("the profile's accounts of `{portal}` are used up")]
    UsedUp {
        /// The portal.
        portal: Portal,
    },
    /// No main account with an additional one is left.
    #[error("the profile has no account of `{portal}` left with an additional one (FAQ-15)")]
    NoPair {
        /// The portal.
        portal: Portal,
    },
    /// What is wanted cannot be had from this source.
    #[error("the profile's accounts have no {0}")]
    NoMeans(&'static str),
    /// The target's control, or the profile's program, did not make it.
    #[error("the target did not make an account: {0}")]
    Control(String),
}
