//! What time it is for an account: real time with an offset, or an instant that stands still.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::core::Moment;

/// The latest instant a clock may be set to: the last that can be written in every zone with a year of four digits.
const LATEST: Moment = Moment::from_millis(253_402_207_200_000);

/// The machine's time, read once and carried on by a clock that never steps back.
#[derive(Clone, Copy, Debug)]
pub struct RealTime {
    started_at: Moment,
    started: Instant,
}

impl RealTime {
    /// Reads the machine's clock; one that is behind `earliest` is taken to show that.
    pub fn start(earliest: Option<Moment>) -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let shown = Moment::from_millis(0) + since_epoch;
        Self { started_at: earliest.map_or(shown, |earliest| shown.max(earliest)), started: Instant::now() }
    }

    /// The real time now.
    pub fn now(&self) -> Moment {
        self.started_at + self.started.elapsed()
    }
}

/// The clock of one account; it never goes backwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountClock {
    /// It runs, so many milliseconds ahead of real time, or behind it.
    Running {
        /// What is added to real time.
        offset_ms: i64,
    },
    /// It stands still.
    Frozen {
        /// The instant it shows.
        at: Moment,
    },
}

/// Why a clock was not moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// Clocks never run backwards.
    #[error("the clock shows {now} and cannot go back")]
    Backwards {
        /// What it shows.
        now: Moment,
    },
    /// Nobody needs a later time, and it could not be written down.
    #[error("the clock cannot go beyond the year 9999")]
    TooLate,
}

impl AccountClock {
    /// The clock of accounts that nobody moves.
    pub const REAL: Self = Self::Running { offset_ms: 0 };

    /// A clock that shows `starts_at`, when it is `real` in reality.
    ///
    /// # Errors
    /// `starts_at` lies beyond the year 9999.
    pub fn starting_at(starts_at: Moment, frozen: bool, real: Moment) -> Result<Self, ClockError> {
        if starts_at > LATEST {
            return Err(ClockError::TooLate);
        }
        Ok(if frozen {
            Self::Frozen { at: starts_at }
        } else {
            Self::Running { offset_ms: starts_at.millis().saturating_sub(real.millis()) }
        })
    }

    /// What it shows, when it is `real` in reality.
    pub fn now(&self, real: Moment) -> Moment {
        match *self {
            Self::Running { offset_ms } => Moment::from_millis(real.millis().saturating_add(offset_ms)),
            Self::Frozen { at } => at,
        }
    }

    /// Whether it stands still.
    pub fn is_frozen(&self) -> bool {
        matches!(self, Self::Frozen { .. })
    }

    /// The clock moved on by `by`, frozen or running as asked.
    ///
    /// # Errors
    /// The clock would show a time beyond the year 9999.
    pub fn advanced(&self, by: Duration, frozen: bool, real: Moment) -> Result<Self, ClockError> {
        Self::starting_at(self.now(real) + by, frozen, real)
    }

    /// The clock set to `to`, frozen or running as asked.
    ///
    /// # Errors
    /// `to` lies before what the clock shows, or beyond the year 9999.
    pub fn set(&self, to: Moment, frozen: bool, real: Moment) -> Result<Self, ClockError> {
        let now = self.now(real);
        if to < now {
            return Err(ClockError::Backwards { now });
        }
        Self::starting_at(to, frozen, real)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    const REAL: Moment = Moment::from_millis(1_000_000);

    #[test]
    fn a_frozen_clock_stands_and_a_running_one_runs() {
        let later = REAL + Duration::from_secs(5);
        let frozen = AccountClock::starting_at(Moment::from_millis(7), true, REAL).unwrap();
        assert_eq!(frozen.now(later), Moment::from_millis(7));
        let running = AccountClock::starting_at(Moment::from_millis(7), false, REAL).unwrap();
        assert_eq!(running.now(later), Moment::from_millis(5007));
        let thawed = frozen.advanced(Duration::ZERO, false, later).unwrap();
        assert_eq!(thawed.now(later + Duration::from_secs(1)), Moment::from_millis(1007));
    }

    #[test]
    fn the_servers_time_starts_where_it_is_told_to_and_else_where_the_machine_is() {
        let far = Moment::from_millis(LATEST.millis());
        assert!(RealTime::start(Some(far)).now() >= far);
        let past = Moment::from_millis(0);
        assert!(RealTime::start(Some(past)).now().since(RealTime::start(None).now()) < Duration::from_secs(60));
        assert!(RealTime::start(None).now() > past);
    }

    #[test]
    fn no_clock_goes_back_or_beyond_what_can_be_written() {
        let clock = AccountClock::REAL;
        assert_eq!(clock.set(Moment::from_millis(999_999), false, REAL), Err(ClockError::Backwards { now: REAL }));
        assert_eq!(clock.advanced(Duration::MAX, true, REAL), Err(ClockError::TooLate));
        assert_eq!(LATEST.to_string(), "9999-12-30T22:00:00.000Z");
    }

    proptest! {
        #[test]
        fn moving_a_clock_moves_it_by_just_that(offset_ms in -10_000_000i64..10_000_000, by in 0u64..10_000_000_000, frozen: bool) {
            let clock = AccountClock::Running { offset_ms };
            let moved = clock.advanced(Duration::from_millis(by), frozen, REAL).unwrap();
            prop_assert_eq!(moved.now(REAL).since(clock.now(REAL)), Duration::from_millis(by));
        }
    }
}
