//! How long a code is worth something (FAQ-03).

use std::time::Duration;

use super::attempt::Attempt;
use super::time::Moment;
use crate::decisions::Decisions;

/// FAQ-03: a code is valid for 30 minutes from its issue.
pub const CODE_VALID: Duration = Duration::from_secs(30 * 60);

/// Whether the attempt's code has run out.
pub(super) fn has_expired(attempt: &Attempt, now: Moment, decisions: &dyn Decisions) -> bool {
    let starts = decisions.validity_starts(attempt.issued_at, attempt.last_seen);
    !decisions.code_is_in_time(starts, now)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use super::super::testing::{Bench, MINUTE, Sent};
    use super::super::{AttemptEnd, CodeRefusal};
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[test]
    fn faq03_a_code_is_taken_up_to_its_thirtieth_minute() {
        for age in [Duration::ZERO, CODE_VALID - MILLISECOND, CODE_VALID] {
            let mut bench = Bench::new();
            let Sent { attempt, code } = bench.start("pc");
            bench.pass(age);
            assert!(bench.submit("pc", &attempt, &code, false).is_ok(), "{age:?}");
        }
    }

    #[test]
    fn faq03_b_code_is_refused_after_its_thirtieth_minute_and_stays_so() {
        let mut bench = Bench::new();
        let Sent { attempt, code } = bench.start("pc");
        bench.pass(CODE_VALID + MILLISECOND);
        for _ in 0..3 {
            assert_eq!(
                bench.submit("pc", &attempt, &code, false).unwrap_err(),
                CodeRefusal::Ended(AttemptEnd::Expired)
            );
            assert_eq!(bench.view("pc", &attempt), Err(AttemptEnd::Expired));
        }
    }

    #[test]
    fn faq03_f_looking_and_guessing_do_not_prolong_a_code() {
        let mut bench = Bench::new();
        let Sent { attempt, code } = bench.start("pc");
        for _ in 0..3 {
            bench.pass(9 * MINUTE);
            assert_eq!(bench.view("pc", &attempt), Ok(()));
            let wrong = bench.other_than(&code);
            assert_eq!(bench.submit("pc", &attempt, &wrong, false).unwrap_err(), CodeRefusal::Wrong);
        }
        bench.pass(3 * MINUTE + MILLISECOND);
        assert_eq!(bench.submit("pc", &attempt, &code, false).unwrap_err(), CodeRefusal::Ended(AttemptEnd::Expired));
    }
}
