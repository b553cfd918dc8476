//! How often something may happen to one account within a window of time.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::lean::Lean;
use super::time::Moment;

/// Policy: this many wrong codes end an attempt (RULES, policies of the reference server).
pub const WRONG_CODES_PER_ATTEMPT: u32 = 5;
/// Policy: after this many wrong codes within [`LIMIT_WINDOW`] the account takes no more codes till the window has passed.
pub const WRONG_CODES_PER_HOUR: usize = 50;
/// Policy: this many codes are mailed to one account within [`LIMIT_WINDOW`].
pub const CODE_MAILS_PER_HOUR: usize = 100;
/// Policy: this many confirmation numbers are mailed for one account within [`LIMIT_WINDOW`].
pub const NUMBER_MAILS_PER_HOUR: usize = 10;
/// Policy: this many wrong confirmation numbers end the change of an address.
pub const WRONG_NUMBERS_PER_CHANGE: u32 = 5;
/// Policy: after this many wrong current passwords within [`LIMIT_WINDOW`] the password is not changed till the window has
/// passed. Signing in is not touched by it.
pub const WRONG_PASSWORDS_PER_HOUR: usize = 10;
/// Policy: after this many additional accounts refused within [`LIMIT_WINDOW`] because of their addresses, no further one
/// is made till the window has passed: an employer who guesses learns little.
pub const REFUSED_IDS_PER_HOUR: usize = 10;
/// The window of the limits per account: one hour of the account's time.
pub const LIMIT_WINDOW: Duration = Duration::from_secs(60 * 60);

/// How many instants are remembered: above every limit, so that a limit is seen as reached, and bounded whatever happens.
const REMEMBERED: usize = 128;

/// The instants of the last [`LIMIT_WINDOW`] at which something happened.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent(Vec<Moment>);

impl Recent {
    /// Notes that it happened at `now`.
    pub fn note(&mut self, now: Moment) {
        if self.0.len() == REMEMBERED {
            self.0.remove(0);
        }
        self.0.add(now);
    }

    /// How often it happened within the window that ends at `now`.
    pub fn count(&mut self, now: Moment) -> usize {
        let passed = self.0.iter().take_while(|then| now.since(**then) >= LIMIT_WINDOW).count();
        self.0.drain(..passed);
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_slides() {
        let mut recent = Recent::default();
        recent.note(Moment::from_millis(0));
        recent.note(Moment::from_millis(10));
        assert_eq!(recent.count(Moment::from_millis(3_599_999)), 2);
        assert_eq!(recent.count(Moment::from_millis(3_600_000)), 1);
        assert_eq!(recent.count(Moment::from_millis(3_600_010)), 0);
    }

    #[test]
    fn memory_is_bounded_and_still_above_every_limit() {
        let mut recent = Recent::default();
        for _ in 0..10_000 {
            recent.note(Moment::from_millis(0));
        }
        let count = recent.count(Moment::from_millis(0));
        assert_eq!(count, REMEMBERED);
        assert!(count >= CODE_MAILS_PER_HOUR.max(WRONG_CODES_PER_HOUR));
    }
}
