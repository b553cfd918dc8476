//! What a move of a clock puts into a template.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use super::super::{Offset, Time};
use crate::account::AccountKey;
use crate::target::{Fill, Hole, Since, Unit};

/// A move of the target's one clock.
pub(super) struct Moved {
    pub(super) to: Time,
    pub(super) by: Duration,
    /// Real time, now.
    pub(super) real: SystemTime,
}

impl Moved {
    pub(super) fn now(to: Time, by: Duration) -> Moved {
        Moved { to, by, real: SystemTime::now() }
    }

    /// How far it then is from real time.
    fn offset(&self) -> Offset {
        match self.to {
            Time::Running(offset) => offset,
            Time::Frozen(at) => match at.duration_since(self.real) {
                Ok(ahead) => Offset::Ahead(ahead),
                Err(earlier) => Offset::Behind(earlier.duration()),
            },
        }
    }

    fn instant(&self) -> jiff::Timestamp {
        jiff::Timestamp::try_from(self.to.now()).unwrap_or_default()
    }
}

impl Fill for Moved {
    fn value(&self, hole: &Hole) -> Option<Cow<'_, str>> {
        let text = match hole {
            Hole::Moved(Since::LastMove, unit) => whole(self.by, *unit).to_string(),
            Hole::Moved(Since::RealTime, unit) => match self.offset() {
                Offset::Ahead(ahead) => whole(ahead, *unit).to_string(),
                Offset::Behind(behind) => match whole(behind, *unit) {
                    0 => "0".to_owned(),
                    below => format!("-{below}"),
                },
            },
            Hole::Instant => {
                let instant = self.instant();
                instant.round(jiff::Unit::Millisecond).unwrap_or(instant).to_string()
            }
            Hole::LocalInstant => {
                let here = self.instant().to_zoned(jiff::tz::TimeZone::system());
                here.strftime("%Y-%m-%d %H:%M:%S").to_string()
            }
            Hole::UnixSeconds => self.instant().as_second().to_string(),
            _ => return None,
        };
        Some(Cow::Owned(text))
    }
}

/// A move of one account's clock.
pub(super) struct AccountMoved<'a> {
    pub(super) account: &'a AccountKey,
    pub(super) by: Duration,
}

impl Fill for AccountMoved<'_> {
    fn value(&self, hole: &Hole) -> Option<Cow<'_, str>> {
        match hole {
            Hole::Portal => Some(Cow::Borrowed(self.account.portal.name())),
            Hole::Address => Some(Cow::Borrowed(&self.account.address)),
            Hole::Moved(Since::LastMove, unit) => Some(Cow::Owned(whole(self.by, *unit).to_string())),
            _ => None,
        }
    }
}

/// In whole units: the moves of a clock that is told seconds are whole seconds (see [`grain`]).
fn whole(span: Duration, unit: Unit) -> u128 {
    match unit {
        Unit::Seconds => u128::from(span.as_secs()),
        Unit::Milliseconds => span.as_millis(),
    }
}

/// The finest move that what is put in can tell.
pub(super) fn grain(has: impl Fn(&dyn Fn(&Hole) -> bool) -> bool) -> Duration {
    let in_seconds =
        |hole: &Hole| matches!(hole, Hole::Moved(_, Unit::Seconds) | Hole::LocalInstant | Hole::UnixSeconds);
    if has(&in_seconds) { Duration::from_secs(1) } else { Duration::from_millis(1) }
}
