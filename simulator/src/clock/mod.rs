//! The target's clock. Where each account has its own, a person's time is moved without disturbing anybody else's. Where the target has
//! one clock for all, a [`Timeline`] moves it as a discrete-event simulation does: each story that must wait takes a [`Seat`] and says
//! until when; when all wait, the clock jumps to the earliest instant that somebody waits for.
//!
//! What lives here knows no story and judges nothing.

mod drivers;
mod means;
mod proof;
mod seat;
mod time;
mod timeline;

pub use drivers::{Beginning, ClockFile, ClockMeans, clock_of_accounts, one_clock};
pub use means::{Clock, ClockError, GlobalClock, Immovable, Shared};
pub use proof::TimeProof;
pub use seat::Seat;
pub use time::{Offset, Time};
pub use timeline::{Pace, Timeline};

#[cfg(test)]
pub use means::{MockClock, MockGlobalClock};
