//! The target's clock, and how a person's time is moved without disturbing anybody else's.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::account::AccountKey;

/// Moves the target's clock for some of its accounts.
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

/// Why the clock was not moved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// The profile names no means.
    #[error("the profile names no means to move the target's clock")]
    NoMeans,
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

/// What time it is for a person, in the target's time: all their accounts and cookie jars go by it.
#[derive(Debug, Clone, Copy)]
pub enum PersonTime {
    /// The clock stands at this instant until it is moved.
    Frozen(SystemTime),
    /// The clock runs, this far ahead of real time.
    Running(Duration),
}

impl PersonTime {
    /// The present instant.
    pub fn now(self) -> SystemTime {
        match self {
            PersonTime::Frozen(now) => now,
            PersonTime::Running(ahead) => SystemTime::now() + ahead,
        }
    }

    /// The same clock, moved forward.
    #[must_use]
    pub fn advanced(self, by: Duration) -> PersonTime {
        match self {
            PersonTime::Frozen(now) => PersonTime::Frozen(now + by),
            PersonTime::Running(ahead) => PersonTime::Running(ahead + by),
        }
    }
}
