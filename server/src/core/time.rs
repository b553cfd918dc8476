//! Time as the core sees it: instants of an account's clock, in milliseconds.

use std::fmt;
use std::ops::Add;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// NOTICE-1: from 13 August 2025, 06:00 Japan time on, this instant included, a code is asked.
pub const GO_LIVE: Moment = Moment::from_millis(1_755_032_400_000);

/// An instant: milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Moment(i64);

impl Moment {
    /// The instant `millis` milliseconds after the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Reads an instant with its offset, as RFC 3339 writes it; what is finer than a millisecond is dropped.
    ///
    /// # Errors
    /// The text is no such instant, or lies outside the years -9999 to 9999.
    pub fn parse(text: &str) -> Result<Self, jiff::Error> {
        text.parse::<Timestamp>().map(|stamp| Self(stamp.as_millisecond()))
    }

    /// How long this instant lies after `earlier`; zero if it does not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// RFC 3339 in UTC with milliseconds; an instant beyond the year 9999 as its milliseconds.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_millisecond(self.0) {
            Ok(stamp) => write!(f, "{stamp:.3}"),
            Err(_) => write!(f, "{} ms", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn go_live_is_six_in_the_morning_of_13_august_2025_in_japan() {
        assert_eq!(Moment::parse("2025-08-13T06:00:00+09:00").unwrap(), GO_LIVE);
        assert_eq!(GO_LIVE.to_string(), "2025-08-12T21:00:00.000Z");
    }

    #[test]
    fn a_span_never_wraps_round() {
        let end = Moment::from_millis(i64::MAX);
        assert_eq!(end + Duration::MAX, end);
        assert_eq!(Moment::from_millis(0).since(end), Duration::ZERO);
        assert_eq!(end.since(Moment::from_millis(0)), Duration::from_millis(i64::MAX as u64));
    }

    #[test]
    fn what_is_written_reads_back() {
        let moment = Moment::from_millis(1_755_032_400_123);
        assert_eq!(Moment::parse(&moment.to_string()).unwrap(), moment);
        assert_eq!(moment.seconds(), 1_755_032_400);
        assert!(Moment::parse("2025-08-13T06:00:00").is_err(), "an offset is needed");
    }
}
