//! FAQ-03, expiry of the code: too early, too late, or not for good.

use std::time::Duration;

use sekisho_server::core::{AccountState, Attempt, CODE_VALID, Code, Moment};
use sekisho_server::{Conforming, Decisions};

use crate::Defect;
use crate::defect::defects;

pub(crate) const DEFECTS: &[Defect] = defects!["FAQ-03":
    "a", "faq03-code-dies-a-second-too-soon",
        "The code is refused in the last second of its 30 minutes." => SecondTooShort;
    "b", "faq03-code-lives-one-second-too-long",
        "The code is accepted for one second after its 30 minutes." => SecondTooLong;
    "b", "faq03-seconds-are-not-counted",
        "The code's age is counted in whole minutes, so that it lives almost 31 of them." => WholeMinutes;
    "c", "faq03-expired-code-is-revived-by-a-second-try",
        "A try after the 30 minutes is refused, but starts them anew." => SecondTryRevives;
    "d", "faq03-expired-code-spoils-the-next",
        "After a code has run out, the code of the next attempt is refused too." => ExpiredSpoilsNext;
    "e", "faq03-expired-code-works-in-the-next-attempt",
        "A code that has run out is accepted in the attempt after it." => ExpiredWorksInNext;
    "f", "faq03-looking-extends-the-30-minutes",
        "Each reload and each wrong code within the 30 minutes starts them anew." => LookingExtends;
];

const SECOND: Duration = Duration::from_secs(1);

/// Whether the code of an earlier, unfinished attempt had run out when this one began.
fn had_run_out(earlier: &Attempt, attempt: &Attempt) -> bool {
    !earlier.used && attempt.issued_at > earlier.issued_at + CODE_VALID
}

struct SecondTooShort;

impl Decisions for SecondTooShort {
    fn code_is_in_time(&self, starts: Moment, now: Moment) -> bool {
        now + SECOND < starts + CODE_VALID
    }
}

struct SecondTooLong;

impl Decisions for SecondTooLong {
    fn code_is_in_time(&self, starts: Moment, now: Moment) -> bool {
        now <= starts + CODE_VALID + SECOND
    }
}

struct WholeMinutes;

impl Decisions for WholeMinutes {
    fn code_is_in_time(&self, starts: Moment, now: Moment) -> bool {
        now.since(starts).as_secs() / 60 <= CODE_VALID.as_secs() / 60
    }
}

struct SecondTryRevives;

impl Decisions for SecondTryRevives {
    fn validity_starts(&self, issued: Moment, last_seen: Moment) -> Moment {
        if last_seen > issued + CODE_VALID { last_seen } else { issued }
    }
}

struct ExpiredSpoilsNext;

impl Decisions for ExpiredSpoilsNext {
    fn code_is_right(&self, typed: &str, attempt: &Attempt, account: &AccountState) -> bool {
        let spoilt = account.attempts.iter().any(|earlier| had_run_out(earlier, attempt));
        !spoilt && Conforming.code_is_right(typed, attempt, account)
    }
}

struct ExpiredWorksInNext;

impl Decisions for ExpiredWorksInNext {
    fn code_is_right(&self, typed: &str, attempt: &Attempt, account: &AccountState) -> bool {
        let is_of = |earlier: &Attempt| Code::parse(typed).is_some_and(|code| code.matches(&earlier.code));
        Conforming.code_is_right(typed, attempt, account)
            || account.attempts.iter().any(|earlier| had_run_out(earlier, attempt) && is_of(earlier))
    }
}

struct LookingExtends;

impl Decisions for LookingExtends {
    fn validity_starts(&self, issued: Moment, last_seen: Moment) -> Moment {
        if last_seen <= issued + CODE_VALID { last_seen } else { issued }
    }
}
