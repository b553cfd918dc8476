//! Accounts of the target, and where they come from.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use sekisho_rules::Portal;

use crate::target::{Fill, Hole, Target};

/// What names an account: an address may have one in each portal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccountKey {
    /// The portal it belongs to.
    pub portal: Portal,
    /// The sign-in ID: the registered address.
    pub address: String,
}

/// An account somebody can sign in to.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Portal and address.
    pub key: AccountKey,
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
    /// The address of the main account, where an additional one is wanted (FAQ-15).
    pub main: Option<String>,
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
}

/// Why there is no account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// All numbers of the profile are used.
    #[error("the profile's accounts of `{portal}` are used up after {last}")]
    UsedUp {
        /// The portal.
        portal: Portal,
        /// The last number.
        last: u32,
    },
    /// What is wanted cannot be had from this source.
    #[error("the profile's accounts have no {0}")]
    NoMeans(&'static str),
    /// The target's control did not make it.
    #[error("the target did not make an account: {0}")]
    Control(String),
}

/// What tells one numbered account from another.
struct Numbering {
    portal: Portal,
    number: u32,
}

impl Fill for Numbering {
    fn value(&self, hole: &Hole) -> Option<Cow<'_, str>> {
        match hole {
            Hole::Portal => Some(Cow::Borrowed(self.portal.name())),
            Hole::AccountNumber(digits) => Some(Cow::Owned(format!("{:0digits$}", self.number))),
            _ => None,
        }
    }
}

/// Accounts that exist already and are numbered.
#[derive(Debug)]
pub struct NumberedAccounts {
    unused: Mutex<Vec<(Portal, VecDeque<Account>)>>,
    last: u32,
}

impl NumberedAccounts {
    /// All accounts of the target's profile; `None` where it says that they come from elsewhere.
    pub fn of(target: &Target) -> Option<NumberedAccounts> {
        let numbered = target.numbered.as_ref()?;
        let accounts = |portal: Portal| {
            (numbered.first..=numbered.last).map(move |number| {
                let numbering = Numbering { portal, number };
                // The placeholders of both were checked when the profile was read.
                let address = numbered.address.plain(&numbering).unwrap_or_default();
                let password = numbered.password.plain(&numbering).unwrap_or_default();
                Account { key: AccountKey { portal, address }, password, name: format!("{portal} {number}") }
            })
        };
        let unused = target.portals.iter().map(|portal| (*portal, accounts(*portal).collect())).collect();
        Some(NumberedAccounts { unused: Mutex::new(unused), last: numbered.last })
    }
}

#[async_trait]
impl Accounts for NumberedAccounts {
    async fn provide(&self, wanted: Vec<Wanted>) -> Result<Vec<Account>, AccountError> {
        let mut unused = self.unused.lock().unwrap_or_else(PoisonError::into_inner);
        let mut take = |wanted: Wanted| {
            if wanted.main.is_some() {
                return Err(AccountError::NoMeans("additional accounts"));
            }
            if wanted.starts_at.is_some() {
                return Err(AccountError::NoMeans("clock that can be started at will"));
            }
            let portal = wanted.account.key.portal;
            let pool = unused.iter_mut().find(|(of, _)| *of == portal).map(|(_, pool)| pool);
            pool.and_then(VecDeque::pop_front).ok_or(AccountError::UsedUp { portal, last: self.last })
        };
        wanted.into_iter().map(&mut take).collect()
    }

    fn has_additional(&self) -> bool {
        false
    }

    fn can_start_at(&self) -> bool {
        false
    }
}
