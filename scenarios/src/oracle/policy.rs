//! What the source leaves to a target, and answers that may be open.

use sekisho_rules::numbers::{CODE_VALIDITY, GO_LIVE_UNIX_MS, SKIP_VALIDITY};

/// Yes, no, or left open: by the source, by the target's declaration, or because the instant is not judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It must be so.
    Yes,
    /// It must not be so.
    No,
    /// Either is right.
    Open,
}

impl Answer {
    /// Yes only where both are; no where either is not.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::No, _) | (_, Self::No) => Self::No,
            (Self::Yes, Self::Yes) => Self::Yes,
            _ => Self::Open,
        }
    }
}

/// How long something holds, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// It must still hold before this age.
    pub at_least_ms: i64,
    /// It must no longer hold after this age; `i64::MAX` where nothing is declared.
    pub at_most_ms: i64,
}

impl Span {
    /// It holds for exactly so long.
    pub const fn exactly(ms: i64) -> Self {
        Self { at_least_ms: ms, at_most_ms: ms }
    }

    /// Nothing is declared: it holds for a minute, without which nobody could go on, and perhaps for ever.
    pub const UNDECLARED: Self = Self { at_least_ms: 60_000, at_most_ms: i64::MAX };

    /// Whether it still holds at this age. Closer to a boundary than the tolerance, and at the exact instant, it is open.
    pub(super) fn holds(self, age_ms: i64, tolerance_ms: i64) -> Answer {
        if age_ms.saturating_add(tolerance_ms) < self.at_least_ms {
            Answer::Yes
        } else if age_ms.saturating_sub(tolerance_ms) > self.at_most_ms {
            Answer::No
        } else {
            Answer::Open
        }
    }
}

/// So many within a sliding window; the next one is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many there may be.
    pub count: usize,
    /// The window in milliseconds.
    pub window_ms: i64,
}

impl Limit {
    /// Whether there is room for one more after those at `times`.
    pub(super) fn has_room(self, times: &[i64], now_ms: i64, tolerance_ms: i64) -> Answer {
        let window = Span::exactly(self.window_ms);
        let inside = |answer| times.iter().filter(|at| window.holds(now_ms - **at, tolerance_ms) == answer).count();
        let (surely, perhaps) = (inside(Answer::Yes), inside(Answer::Open));
        if surely >= self.count {
            Answer::No
        } else if surely + perhaps < self.count {
            Answer::Yes
        } else {
            Answer::Open
        }
    }
}

/// The parameters of the model: the numbers of the source, and what a target declares where the source is silent.
#[derive(Clone, Debug)]
pub struct Policy {
    /// How long a code is good for from its issue (FAQ-03), in milliseconds.
    pub code_valid_ms: i64,
    /// How long a skip is good for from \[OK\] (FAQ-08), in milliseconds.
    pub skip_valid_ms: i64,
    /// The first instant at which a code is asked (NOTICE-1), in milliseconds since the Unix epoch.
    pub go_live_ms: i64,
    /// How close to a boundary nothing is judged, in milliseconds. At 0 only the exact instant of an expiry is not.
    pub tolerance_ms: i64,
    /// The same for the end of a skip: a target may count calendar days.
    pub skip_tolerance_ms: i64,
    /// How long a session lasts.
    pub session: Span,
    /// How long after the right code \[OK\] still sets the skip.
    pub offer: Span,
    /// Whether the skip confirmation screen that was left can still be confirmed from a page kept open.
    pub offer_outlives_leaving: Answer,
    /// Whether the newest attempt ends the older ones of the account.
    pub newest_supersedes: Answer,
    /// Whether the skip that was asked for with the code is set by \[OK\] on a screen of its own; else the right code sets it.
    pub skip_is_confirmed: bool,
    /// Whether the resume is done by another password: what that does to what else is open of the account is said nowhere.
    pub resume_is_a_password: bool,
    /// Whether a browser's open attempt and its session leave each other alone: a sign-in that begins does not end the
    /// session, and signing out or being let in by a skip does not end the attempt.
    pub attempt_and_session_apart: Answer,
    /// How long the number that confirms a new address is good.
    pub confirmation: Span,
    /// Whether it is good in the session that asked for it only.
    pub confirmation_is_bound: Answer,
    /// How many wrong numbers end a change of the address; none where the target declares nothing.
    pub wrong_numbers: Option<usize>,
    /// How often an account may ask for another address; none where the target declares nothing.
    pub address_requests: Option<Limit>,
    /// Whether skips outlive a change of the address.
    pub skips_outlive_address_change: Answer,
    /// How many wrong codes end an attempt; none where the target declares nothing.
    pub wrong_codes_per_attempt: Option<usize>,
    /// How many wrong codes an account takes; none where the target declares no such limit.
    pub wrong_codes: Option<Limit>,
    /// How many codes are mailed to an account; none where the target declares no such limit.
    pub mails: Option<Limit>,
}

impl Policy {
    /// The numbers of the source, and nothing declared beside them: what every target is held to.
    pub fn undeclared() -> Self {
        Self {
            code_valid_ms: millis(CODE_VALIDITY),
            skip_valid_ms: millis(SKIP_VALIDITY),
            go_live_ms: GO_LIVE_UNIX_MS,
            tolerance_ms: 2_000,
            skip_tolerance_ms: 2_000,
            session: Span::UNDECLARED,
            offer: Span::UNDECLARED,
            offer_outlives_leaving: Answer::Open,
            newest_supersedes: Answer::Open,
            skip_is_confirmed: true,
            resume_is_a_password: false,
            attempt_and_session_apart: Answer::Open,
            confirmation: Span::UNDECLARED,
            confirmation_is_bound: Answer::Open,
            wrong_numbers: None,
            address_requests: None,
            skips_outlive_address_change: Answer::Open,
            wrong_codes_per_attempt: None,
            wrong_codes: None,
            mails: None,
        }
    }

    /// What the reference server declares. Its clock can be frozen, so all but the exact instants is judged.
    pub fn reference() -> Self {
        const MINUTE_MS: i64 = 60_000;
        const HOUR_MS: i64 = 60 * MINUTE_MS;
        Self {
            tolerance_ms: 0,
            skip_tolerance_ms: 0,
            session: Span::exactly(12 * HOUR_MS),
            offer: Span::exactly(30 * MINUTE_MS),
            offer_outlives_leaving: Answer::Yes,
            newest_supersedes: Answer::Yes,
            attempt_and_session_apart: Answer::Yes,
            confirmation: Span::exactly(30 * MINUTE_MS),
            confirmation_is_bound: Answer::Yes,
            wrong_numbers: Some(5),
            address_requests: Some(Limit { count: 10, window_ms: HOUR_MS }),
            skips_outlive_address_change: Answer::Yes,
            wrong_codes_per_attempt: Some(5),
            wrong_codes: Some(Limit { count: 50, window_ms: HOUR_MS }),
            mails: Some(Limit { count: 100, window_ms: HOUR_MS }),
            ..Self::undeclared()
        }
    }
}

fn millis(span: std::time::Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}
