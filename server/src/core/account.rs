//! One account: the unit of state.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::address::Address;
use super::address_change::AddressChange;
use super::attempt::Attempt;
use super::limits::Recent;
use super::office::Office;
use super::revocation::Revocation;
use super::session::Session;
use super::skip::Skip;
use super::time::Moment;
use super::token::{Slot, TokenHash};
use crate::decisions::Decisions;

/// The longest name of an account. In bytes.
pub const MAX_NAME_BYTES: usize = 256;

/// One of the three services that ask for a code (NOTICE-2). They work alike and know nothing of each other's accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Portal {
    /// For people who look for work.
    Seeker,
    /// For companies who look for people; the portal with additional accounts.
    Employer,
    /// For those who are given job information to pass on.
    Provider,
}

impl Portal {
    /// All portals, in the order of the notice.
    pub const ALL: [Self; 3] = [Self::Seeker, Self::Employer, Self::Provider];

    /// The portal's part of a path and of a cookie's name.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Seeker => "seeker",
            Self::Employer => "employer",
            Self::Provider => "provider",
        }
    }

    /// The portal's name on screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Seeker => "求職者マイページ",
            Self::Employer => "求人者マイページ",
            Self::Provider => "求人・求職情報提供サービス",
        }
    }
}

impl fmt::Display for Portal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

/// The text names no portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such portal")]
pub struct UnknownPortal;

impl FromStr for Portal {
    type Err = UnknownPortal;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|portal| portal.id() == text).ok_or(UnknownPortal)
    }
}

/// Who an account belongs to; it never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The account's own tag.
    pub slot: Slot,
    /// The portal the account is of.
    pub portal: Portal,
    /// The name that My Page shows.
    pub name: String,
    /// The main account of an additional one (FAQ-15); the two share nothing but this.
    pub main: Option<MainAccount>,
}

/// The main account, as its additional account knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MainAccount {
    /// The main account's tag.
    pub slot: Slot,
    /// The main account's address when the additional account was made.
    pub address: Address,
}

/// What was tried in the settings, where that is limited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    /// When confirmation numbers were mailed, or would have been.
    pub number_mails: Recent,
    /// When a wrong current password was given to change it.
    pub wrong_passwords: Recent,
    /// When an additional account was refused because of its address.
    pub refused_ids: Recent,
}

/// All that the server knows of one account.
///
/// Written down, it is a record of everything but the sessions and skips, of which there may be many and which a store keeps
/// one by one. A field that is added later must be readable where it is missing (`serde(default)`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AccountState {
    /// Who it belongs to.
    pub identity: Identity,
    /// The registered address: sign-in ID and where codes go (NOTICE-3). Every event first settles what the office has
    /// done meanwhile; outside of events ask [`address_at`](Self::address_at).
    pub address: Address,
    /// The address before the last change.
    pub former_address: Option<Address>,
    /// The password's hash as a PHC string.
    pub password_hash: Arc<str>,
    /// Skips of an earlier generation are revoked (FAQ-12); one increment revokes them all.
    pub generation: u64,
    /// The last revocation.
    pub revocation: Option<Revocation>,
    /// The newest attempts, the newest last; only that one can be finished.
    pub attempts: VecDeque<Attempt>,
    /// Sessions, the newest last.
    #[serde(skip)]
    pub sessions: VecDeque<Session>,
    /// Skips, the newest last; there is no limit to the live ones (FAQ-07).
    #[serde(skip)]
    pub skips: Vec<Skip>,
    /// When wrong codes were given.
    pub wrong_codes: Recent,
    /// When codes were mailed.
    pub code_mails: Recent,
    /// What was tried in the settings lately; few accounts have any of it.
    #[serde(default)]
    pub tries: Option<Box<Tries>>,
    /// The change of the address that waits for its confirmation (NOTICE-4).
    #[serde(default)]
    pub address_change: Option<Box<AddressChange>>,
    /// What the office has to do with the account (FAQ-05 c, d).
    #[serde(default)]
    pub office: Option<Box<Office>>,
}

impl AccountState {
    /// A new account: nobody signed in, no skips.
    pub fn new(identity: Identity, address: Address, password_hash: Arc<str>) -> Self {
        Self {
            identity,
            address,
            former_address: None,
            password_hash,
            generation: 0,
            revocation: None,
            attempts: VecDeque::new(),
            sessions: VecDeque::new(),
            skips: Vec::new(),
            wrong_codes: Recent::default(),
            code_mails: Recent::default(),
            tries: None,
            address_change: None,
            office: None,
        }
    }

    /// The tokens whose holders are to be found at this account: what [`OpenToken`](super::Effect::OpenToken) and
    /// [`CloseToken`](super::Effect::CloseToken) have left open.
    pub fn tokens(&self) -> impl Iterator<Item = TokenHash> {
        let attempts = self.attempts.iter().map(|attempt| attempt.token);
        attempts.chain(self.sessions.iter().map(|session| session.token))
    }

    /// The address in force at `now`: also where the office's change has come into force and no event has seen it yet.
    pub fn address_at(&self, now: Moment, decisions: &dyn Decisions) -> &Address {
        self.office.as_deref().and_then(|office| office.address_in_force(now, decisions)).unwrap_or(&self.address)
    }

    /// Whether no other account may have this address: it is this one's, or the office is about to make it so.
    pub fn holds(&self, address: &Address, now: Moment, decisions: &dyn Decisions) -> bool {
        self.address_at(now, decisions) == address || self.office.as_deref().and_then(Office::reserved) == Some(address)
    }

    /// The addresses by which the account is found: its own, and the one the office keeps for it.
    pub fn indexed_addresses(&self) -> impl Iterator<Item = &Address> {
        std::iter::once(&self.address).chain(self.office.as_deref().and_then(Office::reserved))
    }

    /// The attempt with this token, as long as it is remembered.
    pub fn attempt(&self, token: &TokenHash) -> Option<&Attempt> {
        self.attempts.iter().find(|attempt| attempt.token == *token)
    }

    pub(super) fn tries_mut(&mut self) -> &mut Tries {
        self.tries.get_or_insert_default()
    }

    pub(super) fn attempt_mut(&mut self, token: &TokenHash) -> Option<&mut Attempt> {
        self.attempts.iter_mut().find(|attempt| attempt.token == *token)
    }

    /// The session with this token, whether it still holds or not.
    pub fn session(&self, token: &TokenHash) -> Option<&Session> {
        self.sessions.iter().find(|session| session.token == *token)
    }

    pub(super) fn session_mut(&mut self, token: &TokenHash) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|session| session.token == *token)
    }
}
