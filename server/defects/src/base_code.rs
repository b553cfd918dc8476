//! BASE-CODE, misuse of the code: used twice, elsewhere, by others, or guessed.

use sekisho_server::core::{AccountState, Attempt, CODE_VALID, Code};
use sekisho_server::mail::Letter;
use sekisho_server::{Conforming, Decisions};

use crate::Defect;
use crate::defect::defects;
use crate::memory::Memory;

pub(crate) const DEFECTS: &[Defect] = defects!["BASE-CODE":
    "-1", "base-code-works-twice",
        "A code that was used signs in again." => WorksTwice;
    "-2", "base-code-of-any-open-attempt-is-taken",
        "The code of one browser's attempt is accepted in another browser's." => AnyOpenAttempt;
    "-3", "base-code-of-another-account-is-taken",
        "A code that was mailed to one account is accepted at another." => AnotherAccount::default();
    "-4", "base-code-may-be-guessed-on-and-on",
        "Wrong codes do not end the attempt." => GuessedOnAndOn;
];

struct WorksTwice;

impl Decisions for WorksTwice {
    fn code_is_spent(&self, _attempt: &Attempt) -> bool {
        false
    }
}

struct AnyOpenAttempt;

impl Decisions for AnyOpenAttempt {
    fn code_is_right(&self, typed: &str, attempt: &Attempt, account: &AccountState) -> bool {
        let is_open = |other: &Attempt| !other.used && attempt.issued_at <= other.issued_at + CODE_VALID;
        let is_of = |other: &Attempt| Code::parse(typed).is_some_and(|code| code.matches(&other.code));
        Conforming.code_is_right(typed, attempt, account)
            || account.attempts.iter().any(|other| is_open(other) && is_of(other))
    }
}

#[derive(Default)]
struct AnotherAccount {
    /// The account that each code was mailed to last.
    mailed: Memory,
}

impl Decisions for AnotherAccount {
    fn code_is_right(&self, typed: &str, attempt: &Attempt, account: &AccountState) -> bool {
        Conforming.code_is_right(typed, attempt, account) || self.mailed.is_anothers(typed, account.identity.slot)
    }

    /// Asked whenever a code is mailed: here the codes are heard.
    fn code_letter(&self, code: &Code, account: &AccountState) -> Letter {
        self.mailed.note(code.as_str(), account.identity.slot);
        Conforming.code_letter(code, account)
    }
}

struct GuessedOnAndOn;

impl Decisions for GuessedOnAndOn {
    fn wrong_codes_end_attempt(&self, _attempt: &Attempt) -> bool {
        false
    }
}
