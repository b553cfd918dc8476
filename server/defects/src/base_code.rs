//! BASE-CODE, misuse of the code: used twice, elsewhere, by others, or guessed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sekisho_server::core::{AccountState, Attempt, CODE_VALID, Code, TokenHash, WRONG_CODES_PER_ATTEMPT};
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
    "-5", "base-code-is-consumed-too-late",
        "Whether a code was used is read some time before its use is written, so that what arrives meanwhile signs in too." => ConsumedTooLate::default();
    "-5", "base-code-use-is-seen-by-every-second-node",
        "Every second look at a code is at a node that never heard of its use." => EverySecondNode::default();
    "-6", "base-code-guesses-at-once-count-as-one",
        "Wrong codes that are given at once are counted as one." => CountedAsOne::default();
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

/// How long a careless node takes from reading to writing. Real time: a race has no other.
const CARELESS: Duration = Duration::from_millis(20);

#[derive(Default)]
struct ConsumedTooLate {
    /// When the code of an attempt was last read as unused.
    read: Mutex<HashMap<TokenHash, Instant>>,
}

impl Decisions for ConsumedTooLate {
    fn code_is_spent(&self, attempt: &Attempt) -> bool {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let last = read.entry(attempt.token).or_insert_with(Instant::now);
        if !attempt.used {
            *last = Instant::now();
        }
        attempt.used && last.elapsed() > CARELESS
    }
}

#[derive(Default)]
struct EverySecondNode {
    looks: AtomicUsize,
}

impl Decisions for EverySecondNode {
    fn code_is_spent(&self, attempt: &Attempt) -> bool {
        attempt.used && self.looks.fetch_add(1, Ordering::Relaxed) % 2 == 1
    }
}

#[derive(Default)]
struct CountedAsOne {
    counts: Mutex<HashMap<TokenHash, Count>>,
}

/// How many wrong codes an attempt had when it was last looked at, how many of them count, and when the last came that does.
struct Count {
    seen: u32,
    counted: u32,
    at: Instant,
}

impl Decisions for CountedAsOne {
    fn wrong_codes_end_attempt(&self, attempt: &Attempt) -> bool {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(attempt.token).or_insert_with(|| Count { seen: 0, counted: 0, at: Instant::now() });
        if attempt.wrong_codes > count.seen {
            count.seen = attempt.wrong_codes;
            if count.counted == 0 || count.at.elapsed() > CARELESS {
                count.counted += 1;
                count.at = Instant::now();
            }
        }
        count.counted >= WRONG_CODES_PER_ATTEMPT
    }
}
