//! Where accounts are kept, and how one event at a time reaches them.
//!
//! A [`Store`] finds accounts and lets an event happen to one of them while nothing else can; what the event means is the
//! core's affair. Tokens are known here only by their hashes.

mod account;
mod clock;
mod memory;

pub use account::{Account, NewAccount};
pub use clock::{AccountClock, ClockError, RealTime};
pub use memory::{InsertError, Store};
