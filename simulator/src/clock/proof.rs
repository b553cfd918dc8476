//! Whether the target's time was seen to pass. A request, a program or a file may move nothing at all: then every check of an end would
//! fail, though it says nothing about the target.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use super::ClockMeans;

/// How far the target's time must be from real time before its `Date` can show that it was moved.
const TELLING: Duration = Duration::from_secs(10 * 60);

/// How far its `Date` may be from what its clock should show.
const SLACK: Duration = Duration::from_secs(60);

/// Whether the target's time was seen to pass in this run, where that is not known beforehand.
#[derive(Debug, Default)]
pub struct TimeProof {
    needed: bool,
    given: AtomicBool,
}

impl TimeProof {
    /// The proof that a means to move the clock needs: of the control listener and of real time it is known what they do.
    pub fn of(means: &ClockMeans) -> TimeProof {
        let needed = matches!(means, ClockMeans::Http(_) | ClockMeans::Command(_) | ClockMeans::File(_));
        TimeProof { needed, given: AtomicBool::new(false) }
    }

    /// Something was seen to end with time, and with nothing else.
    pub fn give(&self) {
        self.given.store(true, Ordering::Release);
    }

    /// Whether it was given so far.
    pub fn is_given(&self) -> bool {
        self.given.load(Ordering::Acquire)
    }

    /// Whether it is needed, and was not given so far.
    pub fn is_lacking(&self) -> bool {
        self.needed && !self.is_given()
    }

    /// Looks at the `Date` of an answer that came when the target's clock should show `now`. A date that goes by another clock, as that of
    /// something before the target may, says nothing.
    pub fn look_at(&self, date: Option<&str>, now: SystemTime) {
        if !self.is_lacking() || apart(now, SystemTime::now()) < TELLING {
            return;
        }
        if date.and_then(|date| httpdate::parse_http_date(date).ok()).is_some_and(|date| apart(date, now) < SLACK) {
            self.give();
        }
    }
}

fn apart(one: SystemTime, other: SystemTime) -> Duration {
    one.duration_since(other).unwrap_or_else(|earlier| earlier.duration())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(24 * 3600);

    fn needed() -> TimeProof {
        TimeProof { needed: true, ..TimeProof::default() }
    }

    #[test]
    fn a_date_that_follows_the_clock_is_a_proof_and_any_other_is_none() {
        let (real, moved) = (SystemTime::now(), SystemTime::now() + DAY);
        for (date, now, is_proof) in [
            (Some(moved), moved, true),
            // It did not follow.
            (Some(real), moved, false),
            // Nothing was moved yet: real time shows nothing.
            (Some(real), real, false),
            (None, moved, false),
        ] {
            let proof = needed();
            proof.look_at(date.map(httpdate::fmt_http_date).as_deref(), now);
            assert_eq!(!proof.is_lacking(), is_proof, "{date:?} at {now:?}");
        }
        let proof = needed();
        proof.look_at(Some("tomorrow"), moved);
        assert!(proof.is_lacking());
    }

    #[test]
    fn what_is_known_to_move_needs_no_proof() {
        assert!(!TimeProof::of(&ClockMeans::Control).is_lacking() && !TimeProof::of(&ClockMeans::None).is_lacking());
        assert!(!TimeProof::of(&ClockMeans::Wait { longest: DAY }).is_lacking());
    }
}
