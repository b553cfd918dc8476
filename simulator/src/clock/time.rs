//! What a clock shows.

use std::time::{Duration, SystemTime};

/// What a clock shows, in the target's time: it stands, or it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// The clock stands at this instant until it is moved.
    Frozen(SystemTime),
    /// The clock runs, this far ahead of real time, or behind it.
    Running(Offset),
}

/// How far a running clock is from real time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offset {
    /// It is ahead.
    Ahead(Duration),
    /// It is behind.
    Behind(Duration),
}

impl Time {
    /// Real time.
    pub const REAL: Time = Time::Running(Offset::Ahead(Duration::ZERO));

    /// A clock that shows this instant now, and stands or runs from there.
    pub fn starting_at(start: SystemTime, frozen: bool) -> Time {
        if frozen {
            return Time::Frozen(start);
        }
        Time::Running(match start.duration_since(SystemTime::now()) {
            Ok(ahead) => Offset::Ahead(ahead),
            Err(earlier) => Offset::Behind(earlier.duration()),
        })
    }

    /// The present instant.
    pub fn now(self) -> SystemTime {
        match self {
            Time::Frozen(now) => now,
            Time::Running(Offset::Ahead(ahead)) => SystemTime::now() + ahead,
            Time::Running(Offset::Behind(behind)) => SystemTime::now() - behind,
        }
    }

    /// Whether it stands still until it is moved.
    pub fn is_frozen(self) -> bool {
        matches!(self, Time::Frozen(_))
    }

    /// The same clock, at a whole multiple of a grain from real time, or standing at one: what is told to a target in seconds must be
    /// whole seconds.
    #[must_use]
    pub fn in_whole(self, grain: Duration) -> Time {
        let excess = |span: Duration| {
            let over = span.as_nanos() % grain.as_nanos().max(1);
            Duration::from_nanos(u64::try_from(over).unwrap_or_default())
        };
        match self {
            Time::Frozen(at) => {
                Time::Frozen(at - excess(at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()))
            }
            Time::Running(Offset::Ahead(ahead)) => Time::Running(Offset::Ahead(ahead - excess(ahead))),
            Time::Running(Offset::Behind(behind)) => Time::Running(Offset::Behind(behind - excess(behind))),
        }
    }

    /// The same clock, moved forward.
    #[must_use]
    pub fn advanced(self, by: Duration) -> Time {
        match self {
            Time::Frozen(now) => Time::Frozen(now + by),
            Time::Running(Offset::Ahead(ahead)) => Time::Running(Offset::Ahead(ahead + by)),
            Time::Running(Offset::Behind(behind)) => Time::Running(match behind.checked_sub(by) {
                Some(behind) => Offset::Behind(behind),
                None => Offset::Ahead(by - behind),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    #[test]
    fn a_clock_that_is_behind_can_be_moved_past_real_time() {
        let behind = Time::Running(Offset::Behind(DAY));
        assert_eq!(behind.advanced(DAY / 4), Time::Running(Offset::Behind(DAY / 4 * 3)));
        assert_eq!(behind.advanced(DAY), Time::Running(Offset::Behind(Duration::ZERO)));
        assert_eq!(behind.advanced(3 * DAY), Time::Running(Offset::Ahead(2 * DAY)));
    }

    #[test]
    fn a_frozen_clock_stands_where_it_was_put() {
        let start = SystemTime::UNIX_EPOCH + DAY;
        assert_eq!(Time::starting_at(start, true).advanced(DAY).now(), start + DAY);
        assert!(Time::starting_at(start, true).is_frozen() && !Time::REAL.is_frozen());
    }
}
