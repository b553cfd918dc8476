//! Where accounts are kept, and how one event at a time reaches them.
//!
//! A [`Store`] finds accounts and lets an event happen to one of them while nothing else can; what the event means is the
//! core's affair. Tokens are known here only by their hashes. It works in memory; where its state is to outlive the process, a
//! journal brings every change to disk, and [`Durable`] says what an answer must wait for.

mod account;
mod clock;
mod config;
mod error;
mod journal;
mod memory;
mod record;
mod schema;
mod shards;
mod sqlite;

#[cfg(all(test, unix))]
mod damage;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod testing;

pub use account::{Account, NewAccount};
pub use clock::{AccountClock, ClockError, RealTime};
pub use config::{StoreConfig, UnknownStore};
pub use error::StoreError;
pub use journal::{Commit, Durable, Kept, Ledger, StoreDown};
pub use memory::{AdditionalAccount, Applied, InsertError, Store};
pub use record::Write;
pub use sqlite::SqliteLedger;
