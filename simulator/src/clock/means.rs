//! The means by which a target's clock is moved: each account's own, or one for all.

use std::time::Duration;

use async_trait::async_trait;

use super::Time;
use crate::account::AccountKey;

/// Moves the clock of some accounts of the target, and of no other.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Clock: Send + Sync {
    /// Moves the clock of these accounts forward.
    ///
    /// # Errors
    /// When there is no means, or the target did not do it.
    async fn advance(&self, accounts: &[AccountKey], by: Duration) -> Result<(), ClockError>;

    /// Whether time can be moved at all.
    fn can_move(&self) -> bool;

    /// Whether an account's clock can stand still between two moves, so that an instant can be hit exactly.
    fn can_freeze(&self) -> bool;
}

/// Moves the one clock that all accounts of the target go by.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait GlobalClock: Send + Sync {
    /// Moves it forward by `by`, so that it shows `to`: a target is told the one or the other.
    ///
    /// # Errors
    /// When the target did not do it. What its clock then shows is not known.
    async fn advance_all(&self, to: Time, by: Duration) -> Result<(), ClockError>;
}

/// Why the clock was not moved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// The profile names no means.
    #[error("the profile names no means to move the target's clock")]
    NoMeans,
    /// The clock belongs to all, and whoever asked has no seat in its order.
    #[error("the target has one clock for all accounts, and this run keeps no order in which it could be moved")]
    Global,
    /// It shows a later time already, and never runs backwards.
    #[error("the story begins at {wanted}, and the target's clock, one for all accounts, already shows {shown}")]
    Past {
        /// When the story begins.
        wanted: jiff::Timestamp,
        /// What the clock shows.
        shown: jiff::Timestamp,
    },
    /// Real time passes, and the profile lets nobody wait so long.
    #[error("the story would have to wait {} s at one go, and `clock.longest_wait` is {} s", wanted.as_secs_f64().ceil(), longest.as_secs_f64())]
    TooLong {
        /// How long it would have to wait.
        wanted: Duration,
        /// The longest that is waited.
        longest: Duration,
    },
    /// The file that says what the clock shows cannot be used.
    #[error("the clock's file `{path}`: {message}")]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// A story waited twice at once, or after its end. Our bug.
    #[error("a story waits for one instant at a time, and not after its end")]
    Seat,
    /// It was not moved in time.
    #[error("the target's clock was not moved within {seconds} s")]
    TooSlow {
        /// How long it was waited for.
        seconds: u64,
    },
    /// The target's control did not do it.
    #[error("the target's clock could not be moved: {0}")]
    Control(String),
}

/// The clock of a target that offers no means.
#[derive(Debug, Clone, Copy, Default)]
pub struct Immovable;

#[async_trait]
impl Clock for Immovable {
    async fn advance(&self, _: &[AccountKey], _: Duration) -> Result<(), ClockError> {
        Err(ClockError::NoMeans)
    }

    fn can_move(&self) -> bool {
        false
    }

    fn can_freeze(&self) -> bool {
        false
    }
}

/// What a single person can do with a clock that belongs to all: nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Shared;

#[async_trait]
impl Clock for Shared {
    async fn advance(&self, _: &[AccountKey], _: Duration) -> Result<(), ClockError> {
        Err(ClockError::Global)
    }

    fn can_move(&self) -> bool {
        false
    }

    fn can_freeze(&self) -> bool {
        false
    }
}
